"""Rules about the reader's next meetings: who has not said yes, who has said no, what the invitation lacks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal

from briefing import diary, words
from briefing.facts import Guest, Meeting
from briefing.items import Figure, Item, Stake
from briefing.morning import Audience, Morning
from briefing.rules import Need, rule
from briefing.rules.day import is_read
from briefing.rules.view import Facts, Limits

NEEDS = (Need(Meeting),)


@rule("invite-unanswered", matter="meeting", stages=("unanswered",), needs=NEEDS, price=20, limits={"workdays": 2})
def invite_unanswered(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A meeting within two workdays waits for the reader's yes or no; of a series only the next one is told.

    Silent where the reader organises it, has answered (maybe is an answer), where nobody is named who invited, and on
    all-day entries, private ones and what is cancelled or everybody else has declined.
    """
    reader = diary.reader_of(facts, morning)
    ahead = limits.number("workdays")
    told: set[str] = set()
    for meeting in _ahead(facts, morning, reader):
        invited = meeting.organiser is not None and not reader.is_me(meeting.organiser)
        open_ = diary.answer(meeting, reader) == "none" and not _all_declined(diary.others(meeting, reader))
        near = morning.workdays_to(morning.date_of(meeting.starts)) <= ahead
        if not (invited and open_ and near) or meeting.uid in told:
            continue
        told.add(meeting.uid)
        if meeting.ref.source == facts.source:
            yield _unanswered(facts, morning, reader, meeting)


@rule("guest-declined", matter="meeting", stages=("declined",), needs=NEEDS, price=30)
def guest_declined(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """Nobody else comes to a meeting of today or the next workday: all guests from outside declined, or all there are.

    Silent on private ones, on what the reader declined, and while one of them has not declined.
    """
    reader = diary.reader_of(facts, morning)
    for meeting in _ahead(facts, morning, reader):
        judged = _who_matters(facts, reader, meeting)
        soon = morning.date_of(meeting.starts) <= morning.next_edition
        hard = diary.weight(meeting, reader) == "hard"
        if soon and hard and meeting.ref.source == facts.source and _all_declined(judged):
            yield _declined(facts, morning, reader, meeting, judged)


@rule("meeting-bare", matter="meeting", stages=("no-agenda", "no-place"), needs=NEEDS, price=15)
def meeting_bare(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """The invitation of a meeting with guests from outside has no link and no place, or no agenda where we sent it.

    Of today and the next workday. Silent where the source does not show descriptions, on private ones, and where all
    guests declined.
    """
    reader = diary.reader_of(facts, morning)
    for meeting in _ahead(facts, morning, reader):
        outside = [g for g in diary.others(meeting, reader) if diary.is_outside(g.person, facts, reader)]
        coming = [guest for guest in outside if guest.response != "declined"]
        soon = morning.date_of(meeting.starts) <= morning.next_edition
        if not (soon and coming and meeting.ref.source == facts.source and diary.weight(meeting, reader) == "hard"):
            continue
        lacks = _lacks(meeting, reader)
        if lacks:
            yield _bare(facts, morning, reader, meeting, coming, lacks)


def _ahead(facts: Facts, morning: Morning, reader: Audience) -> Iterator[Meeting]:
    """The reader's meetings that have not begun, within four weeks, by start."""
    end = datetime.combine(morning.today + timedelta(days=28), time(), morning.zone)
    for meeting in diary.own_meetings(facts, reader):
        usable = meeting.type == "meeting" and not (meeting.all_day or meeting.cancelled or meeting.private)
        if usable and morning.now < meeting.starts < end and is_read(meeting.ref.source, facts):
            yield meeting


def _who_matters(facts: Facts, reader: Audience, meeting: Meeting) -> list[Guest]:
    """The guests from outside; without any, all of them."""
    guests = list(diary.others(meeting, reader))
    return [guest for guest in guests if diary.is_outside(guest.person, facts, reader)] or guests


def _all_declined(guests: list[Guest] | tuple[Guest, ...]) -> bool:
    return bool(guests) and all(guest.response == "declined" for guest in guests)


def _lacks(meeting: Meeting, reader: Audience) -> list[str]:
    """What an invitation does not hold, by what its source shows of it."""
    if meeting.agenda is None:
        return []
    found = [] if meeting.link or meeting.place else ["link", "place"]
    if not meeting.agenda and (found or reader.is_me(meeting.organiser)):
        found.append("agenda")
    return found


def _at(meeting: Meeting, morning: Morning) -> str:
    """`Acme launch call (15:45)`, `Acme launch call (tomorrow 15:45)`."""
    start = meeting.starts.astimezone(morning.zone)
    day = words.day(start.date(), morning.today)
    when = words.clock(start) if day == "today" else f"{day} {words.clock(start)}"
    name = diary.name_of(meeting)
    return f"{name[:1].upper()}{name[1:]} ({when})"


def _unanswered(facts: Facts, morning: Morning, reader: Audience, meeting: Meeting) -> Item:
    organiser = facts.name(meeting.organiser)
    others = [
        facts.name(guest.person)
        for guest in diary.others(meeting, reader)
        if guest.person != meeting.organiser and guest.response == "accepted"
    ]
    body = [f"{words.some(others, 2)} accepted."] if others else []
    return _item(
        facts, morning, reader, "invite-unanswered", "unanswered", meeting,
        headline=f"{_at(meeting, morning)}: {organiser} asked you, you have not answered.",
        line=f"{_at(meeting, morning)}: not answered, asked by {organiser}.",
        body=tuple(body), ask="go or decline?", short="invitation", gone_when="answered, moved away or cancelled",
        figures=(Figure(name="your answer", value="none"),),
    )  # fmt: skip


def _declined(facts: Facts, morning: Morning, reader: Audience, meeting: Meeting, judged: list[Guest]) -> Item:
    names = [facts.name(guest.person) for guest in judged]
    who = f"{names[0]} declined" if len(names) == 1 else (
        f"both guests declined, {words.listed(names)}" if len(names) == 2 else f"all {len(names)} guests declined"
    )  # fmt: skip
    return _item(
        facts, morning, reader, "guest-declined", "declined", meeting,
        headline=f"{_at(meeting, morning)}: {who}.",
        line=f"{_at(meeting, morning)}: {'declined' if len(names) == 1 else 'all guests declined'}.",
        body=(), ask="keep, move or drop it?", short="guests declined",
        gone_when="one of them accepts, or it is moved or cancelled",
        figures=(Figure(name="guests who declined", value=str(len(names))),),
    )  # fmt: skip


def _bare(
    facts: Facts, morning: Morning, reader: Audience, meeting: Meeting, coming: list[Guest], lacks: list[str]
) -> Item:
    missing = words.listed([f"no {what}" for what in lacks])
    guests = words.some([facts.name(guest.person) for guest in coming], 2)
    return _item(
        facts, morning, reader, "meeting-bare", "no-place" if "link" in lacks else "no-agenda", meeting,
        headline=f"{_at(meeting, morning)} with {guests}: {missing} in the invitation.",
        line=f"{_at(meeting, morning)}: {missing} in the invitation.",
        body=(), ask="add it, or leave it?", short=f"no {lacks[0]}",
        gone_when="the invitation holds it, or the meeting is moved or cancelled",
        figures=(Figure(name="missing in the invitation", value=words.listed(lacks)),),
    )  # fmt: skip


def _item(
    facts: Facts, morning: Morning, reader: Audience, rule_name: str, stage: str, meeting: Meeting,
    *, headline: str, line: str, body: tuple[str, ...], ask: str, short: str, gone_when: str,
    figures: tuple[Figure, ...],
) -> Item:  # fmt: skip
    clients = diary.clients_of(meeting, facts, reader)
    start = meeting.starts.astimezone(morning.zone)
    said = f"{diary.name_of(meeting)}, {words.day(start.date(), morning.today)} {words.clock(start)}"
    return Item(
        rule=rule_name, matter="meeting", stage=stage, about=meeting.ref,
        client=clients[0] if len(clients) == 1 else "",
        headline=headline, line=line, body=body, ask=ask, owner=next(iter(reader.persons), None), stake=Stake(),
        urgency="waiting", measure=Decimal(1), short=short,
        evidence=(facts.evidence(meeting, said),), figures=figures, looked_in=facts.looked_in(Meeting),
        gone_when=gone_when,
    )  # fmt: skip
