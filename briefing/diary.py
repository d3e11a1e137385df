"""The reader's meetings: which are theirs, how much of the day each takes, whom and which client each is with.

Whose   a calendar is the reader's when its owner is, or when its source names no owner at all
hard    takes its time: the reader is meant to be there
soft    may take it: not answered, tentative, or an all-day entry that is no absence
free    takes none: cancelled, marked free, declined, a place of work, a birthday
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from briefing.clients import domain_of
from briefing.facts import Guest, Meeting, Person, Response
from briefing.morning import Audience, Morning
from briefing.reading.text import folded
from briefing.rules.view import Facts

Weight = Literal["hard", "soft", "free"]

SHORTEST_NAME = 4
"""Letters of a client's name that a meeting's title may be known by."""


def reader_of(facts: Facts, morning: Morning) -> Audience:
    """Who reads; where nobody said so, the one owner of all calendars."""
    if morning.audience.persons:
        return morning.audience
    owners = {_key(m.calendar_owner): m.calendar_owner for m in facts.of(Meeting) if m.calendar_owner}
    return Audience(persons=tuple(owners.values())) if len(owners) == 1 else morning.audience


def own_meetings(facts: Facts, reader: Audience) -> tuple[Meeting, ...]:
    """The reader's meetings by start, each once, from every calendar that was read.

    Two copies are one meeting by UID and original start; entries of the same title and times are too (a calendar
    copied into another has UIDs of its own).
    """
    owned = {m.ref.source for m in facts.of(Meeting) if m.calendar_owner}
    mine = [
        m for m in facts.of(Meeting)
        if (reader.is_me(m.calendar_owner) if m.calendar_owner else m.ref.source not in owned)
    ]  # fmt: skip
    best: dict[tuple[str, ...], Meeting] = {}
    for meeting in sorted(mine, key=lambda m: _preference(m, reader)):
        best.setdefault((meeting.uid, meeting.occurrence), meeting)
    once: dict[tuple[object, ...], Meeting] = {}
    for meeting in best.values():
        same = folded(meeting.title) or f"{meeting.uid}/{meeting.occurrence}"
        once.setdefault((same, meeting.starts, meeting.ends, meeting.cancelled), meeting)
    return tuple(sorted(once.values(), key=lambda m: (m.starts, m.ends, m.title, m.uid, m.occurrence)))


def _preference(meeting: Meeting, reader: Audience) -> tuple[object, ...]:
    """Of two copies the one that knows more: the reader's own, one with their answer, one with guests."""
    ref = (meeting.ref.source, meeting.ref.id)
    return (not reader.is_me(meeting.calendar_owner), not answer(meeting, reader), -len(meeting.guests), ref)


def _key(person: Person | None) -> str:
    return (person.email or person.id or person.name).casefold() if person else ""


# --- how much of the day -------------------------------------------------------------------------------------------


def answer(meeting: Meeting, reader: Audience) -> Response:
    """What the reader answered, as their guest entry says; empty where it is not known."""
    return next((guest.response for guest in meeting.guests if reader.is_me(guest.person)), "")


def weight(meeting: Meeting, reader: Audience) -> Weight:
    """How a meeting takes the reader's time."""
    response = answer(meeting, reader)
    if meeting.cancelled or meeting.busy == "free" or meeting.type in ("place", "birthday") or response == "declined":
        return "free"
    unanswered = response == "none" and not reader.is_me(meeting.organiser)
    if unanswered or response == "tentative" or meeting.busy == "tentative":
        return "soft"
    return "soft" if meeting.all_day and meeting.type != "away" else "hard"


def length(meeting: Meeting) -> timedelta:
    """How long it takes. Counted in UTC: two times of one zone are subtracted as if no clock were ever changed."""
    return meeting.ends.astimezone(UTC) - meeting.starts.astimezone(UTC)


def days_of(meeting: Meeting, morning: Morning) -> tuple[date, date]:
    """First and last day. Those of an all-day event are its own calendar's, others the reader's."""
    if meeting.all_day:
        return meeting.starts.date(), max((meeting.ends - timedelta(minutes=1)).date(), meeting.starts.date())
    last = meeting.ends - timedelta(microseconds=1) if meeting.ends > meeting.starts else meeting.ends
    return morning.date_of(meeting.starts), morning.date_of(last)


def is_on(meeting: Meeting, day: date, morning: Morning) -> bool:
    """Whether it touches a day."""
    first, last = days_of(meeting, morning)
    return first <= day <= last


def overlap(one: Meeting, other: Meeting) -> tuple[datetime, datetime] | None:
    """The time two meetings share, half-open: touching ends share none, nor does an entry without length."""
    start, end = max(one.starts, other.starts), min(one.ends, other.ends)
    return (start, end) if start < end else None


# --- with whom -----------------------------------------------------------------------------------------------------


def others(meeting: Meeting, reader: Audience) -> tuple[Guest, ...]:
    """Everybody but the reader and rooms, once each; the organiser among them."""
    found = {_key(g.person): g for g in meeting.guests if not g.resource and not reader.is_me(g.person)}
    organiser = meeting.organiser
    if organiser and not reader.is_me(organiser) and _key(organiser) not in found:
        found[_key(organiser)] = Guest(person=organiser)
    return tuple(found.values())


def is_outside(person: Person, facts: Facts, reader: Audience) -> bool:
    """Whether somebody is not of our organisation: by our domains, else by a client's, else by the reader's own."""
    known = facts.directory.outside(person)
    if known is not None:
        return known
    if facts.directory.client_of_person(person):
        return True
    domain = domain_of(person.email)
    own = {domain_of(one.email) for one in reader.persons if one.email}
    return bool(domain and own) and domain not in own


def clients_of(meeting: Meeting, facts: Facts, reader: Audience) -> tuple[str, ...]:
    """The clients whose people are there; where nobody is, the one client whose name the title holds."""
    by_guest = {facts.directory.client_of_person(guest.person): None for guest in others(meeting, reader)}
    by_guest.pop("", None)
    if by_guest:
        return tuple(sorted(by_guest))
    named = titled(meeting.title, facts)
    return (named,) if named and not meeting.private else ()


def titled(title: str, facts: Facts) -> str:
    """The client whose name, or another name of theirs, stands in a title as whole words; empty for none or several."""
    words = f" {folded(title)} "
    found = {
        client.name for client in facts.directory.clients for name in (client.name, *client.aliases)
        if len(folded(name)) >= SHORTEST_NAME and f" {folded(name)} " in words
    }  # fmt: skip
    return next(iter(found)) if len(found) == 1 else ""


def name_of(meeting: Meeting) -> str:
    """What to call a meeting in a sentence; a private one is not named."""
    return "a private appointment" if meeting.private else meeting.title or "an appointment without a title"


# --- what shares its time ------------------------------------------------------------------------------------------


def collisions(meetings: Iterable[Meeting]) -> list[tuple[Meeting, ...]]:
    """Groups of timed meetings in which each shares time with at least one other."""
    groups: list[list[Meeting]] = []
    end: datetime | None = None
    timed = [m for m in meetings if not m.all_day and m.starts < m.ends]
    for meeting in sorted(timed, key=lambda m: (m.starts, m.ends, m.uid)):
        if end is None or meeting.starts >= end:
            groups.append([])
            end = meeting.ends
        groups[-1].append(meeting)
        end = max(end, meeting.ends)
    return [tuple(group) for group in groups if len(group) > 1]


def union(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Stretches of time covered by any span, in order, each counted once."""
    covered: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if covered and start <= covered[-1][1]:
            covered[-1] = (covered[-1][0], max(covered[-1][1], end))
        elif start < end:
            covered.append((start, end))
    return covered


def total(spans: Sequence[tuple[datetime, datetime]]) -> timedelta:
    """The length of spans together, in UTC."""
    return sum((end.astimezone(UTC) - start.astimezone(UTC) for start, end in spans), timedelta())
