"""What a calendar's occurrence states: a meeting, and who is out. Shared by everything that reads iCalendar."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from briefing.facts import Absence, Fact, Guest, Meeting, Person, Ref, Response
from briefing.reading.absences import absent_person, is_absence_calendar, own_absence
from briefing.reading.joining import https, meeting_link, says_something
from briefing.reading.recurrence import Occurrence
from briefing.reading.text import NAME, SUBJECT, clean
from briefing.reading.vcalendar import Line

MOST_GUESTS = 1_000
RESPONSES: Mapping[str, Response] = {
    "ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative", "NEEDS-ACTION": "none",
}  # fmt: skip
"""PARTSTAT (RFC 5545, 3.2.12); DELEGATED and what is missing are not known."""

_ROOMS = frozenset({"ROOM", "RESOURCE"})
_PRIVATE = frozenset({"PRIVATE", "CONFIDENTIAL"})

Busy = Literal["busy", "tentative", "free"]
Type = Literal["meeting", "block", "focus", "away", "place", "birthday"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where an occurrence was found."""

    source: str
    calendar: str = ""
    """What to call the calendar where it does not name itself."""

    owner: Person | None = None
    prefix: str = ""
    """Tells apart the ids of calendars that hold the same event."""

    where: str = ""
    """`maya.ics:41`."""


class Details:
    """An event's properties, read once."""

    def __init__(self, occurrence: Occurrence) -> None:
        self.lines: dict[str, list[Line]] = defaultdict(list)
        for line in occurrence.event.lines():
            self.lines[line.name].append(line)

    def text(self, name: str) -> str:
        """The first value of a property, unescaped."""
        return self.lines[name][0].text.strip() if name in self.lines else ""

    def word(self, name: str) -> str:
        """The same in capitals."""
        return self.text(name).upper()

    def texts(self, *names: str) -> Iterator[str]:
        """Every value of some properties."""
        for name in names:
            yield from (line.text for line in self.lines.get(name, ()))


def facts_of(occurrence: Occurrence, shelf: Shelf) -> Iterator[Fact]:
    """The facts an occurrence states.

    An all-day event that says somebody else is out ("Janine: vacation") is that person's absence and no meeting of
    anybody's. An absence of the calendar's owner is both.
    """
    details = Details(occurrence)
    title = clean(details.text("SUMMARY"), NAME)
    named = clean(occurrence.event.calendar.text("X-WR-CALNAME"), NAME) or shelf.calendar
    people = tuple(guests_of(details))
    organiser = person_of(details.lines["ORGANIZER"][0]) if "ORGANIZER" in details.lines else None
    other = absent_person(title, in_absence_calendar=is_absence_calendar(named)) if whole_days(occurrence) else ""
    if other:
        if is_certain(occurrence, details):
            known = (*(guest.person for guest in people), *((organiser,) if organiser else ()))
            yield _absence(occurrence, shelf, named_person(other, known))
        return
    meeting = _meeting(occurrence, shelf, details, title, named, people, organiser)
    yield meeting
    if meeting.type == "away" and shelf.owner and whole_days(occurrence) and is_certain(occurrence, details):
        yield _absence(occurrence, shelf, shelf.owner)


def calendar_owner(name: str) -> Person | None:
    """Whose calendar it is, where its name is a mail address."""
    name = clean(name, NAME)
    return Person(email=name) if is_address(name) else None


def is_address(text: str) -> bool:
    """Whether a text is a mail address and nothing else."""
    local, at, domain = text.partition("@")
    return bool(local and at and "." in domain and "@" not in domain and not any(c.isspace() for c in text))


def _meeting(
    occurrence: Occurrence, shelf: Shelf, details: Details, title: str, calendar: str, guests: tuple[Guest, ...],
    organiser: Person | None,
) -> Meeting:  # fmt: skip
    place = clean(details.text("LOCATION"), NAME)
    kind = type_of(details, title, guests, organiser, shelf.owner, all_day=occurrence.all_day)
    return Meeting(
        ref=_ref(occurrence, shelf, "event", url=https(details.text("URL"))),
        uid=short_uid(occurrence.uid), occurrence=occurrence.original, calendar=calendar, calendar_owner=shelf.owner,
        starts=occurrence.starts, ends=occurrence.ends, all_day=occurrence.all_day, zone_known=occurrence.zone_known,
        title=title, organiser=organiser, guests=guests, busy=busy_of(details, kind), type=kind,
        place="" if https(details.text("LOCATION")) else place, link=link_of(details),
        agenda=agenda_of(occurrence, details),
        cancelled=occurrence.cancelled, series=occurrence.series, private=details.word("CLASS") in _PRIVATE,
    )  # fmt: skip


def _ref(occurrence: Occurrence, shelf: Shelf, kind: str, url: str = "") -> Ref:
    identity = "/".join(part for part in (shelf.prefix, short_uid(occurrence.uid), occurrence.original) if part)
    return Ref(source=shelf.source, kind=kind, id=identity, url=url, where=shelf.where)


def short_uid(uid: str) -> str:
    """A UID that is fit to be an id: long or hostile ones by their hash."""
    text = clean(uid, SUBJECT)
    return text if text == uid else hashlib.sha256(uid.encode("utf-8", "replace")).hexdigest()[:40]


# --- what it takes of the day --------------------------------------------------------------------------------------


def busy_of(details: Details, kind: Type) -> Busy:
    """How much of its time an event takes. The writer's own word for free wins over all others."""
    state = details.word("X-MICROSOFT-CDO-BUSYSTATUS")
    if details.word("TRANSP") == "TRANSPARENT" or state == "FREE" or kind == "place":
        return "free"
    return "tentative" if state == "TENTATIVE" or details.word("STATUS") == "TENTATIVE" else "busy"


def type_of(
    details: Details, title: str, guests: Iterable[Guest], organiser: Person | None, owner: Person | None,
    *, all_day: bool,
) -> Type:  # fmt: skip
    """What sort of event it is: away and focus only where the calendar says so."""
    state = details.word("X-MICROSOFT-CDO-BUSYSTATUS")
    alone = is_alone(tuple(guests), organiser, owner)
    if state == "OOF" or (alone and own_absence(title)):
        return "away"
    if alone and state == "WORKINGELSEWHERE" and all_day:
        return "place"
    if alone and title.casefold() in {"focus time", "focus"}:
        return "focus"
    return "block" if alone else "meeting"


def is_alone(guests: Sequence[Guest], organiser: Person | None, owner: Person | None) -> bool:
    """Whether nobody but the calendar's owner is in an event; without an owner, whether it names one person at most."""
    people = {(p.email or p.name).casefold() for p in (*(g.person for g in guests if not g.resource), organiser) if p}
    others = people - ({owner.email.casefold()} if owner else set())
    return len(others) < (1 if owner else 2) and (bool(guests) or organiser is None or owner is not None)


def whole_days(occurrence: Occurrence) -> bool:
    """All day, or from midnight to midnight."""
    times = (occurrence.starts, occurrence.ends)
    long = occurrence.ends - occurrence.starts >= timedelta(hours=23)  # 23: the night the clocks go forward
    return occurrence.all_day or (long and all(t.hour == t.minute == 0 for t in times))


def is_certain(occurrence: Occurrence, details: Details) -> bool:
    """Neither cancelled nor tentative: only then is somebody called out."""
    tentative = "TENTATIVE" in (details.word("STATUS"), details.word("X-MICROSOFT-CDO-BUSYSTATUS"))
    return not occurrence.cancelled and not tentative


def _absence(occurrence: Occurrence, shelf: Shelf, person: Person) -> Absence:
    last = (occurrence.ends - timedelta(minutes=1)).date()
    return Absence(
        ref=_ref(occurrence, shelf, "absence"), person=person, first=occurrence.starts.date(),
        last=max(last, occurrence.starts.date()),
    )  # fmt: skip


def named_person(name: str, known: Iterable[Person]) -> Person:
    """The person a title names: with the address of the one guest or organiser who is called so, if there is one."""
    first = name.casefold()
    same = {
        person.email.casefold(): person for person in known
        if person.email and (person.name.casefold() == first or person.name.casefold().split(" ")[0] == first)
    }  # fmt: skip
    return next(iter(same.values())) if len(same) == 1 else Person(name=clean(name, NAME))


# --- who and where -------------------------------------------------------------------------------------------------


def person_of(line: Line) -> Person | None:
    """Whom an ATTENDEE or ORGANIZER names; None where it names nobody.

    The value is `mailto:` in any case, or another kind of address (`urn:uuid:`, a path) that is no mail address.
    """
    value = line.value.strip()
    address = value[7:] if value[:7].lower() == "mailto:" else line.parameters.get("EMAIL", "") or value
    email = clean(address, SUBJECT)
    email = email if is_address(email) else ""
    name = clean(line.parameters.get("CN", ""), NAME)
    name = "" if name.casefold() == email.casefold() else name
    return Person(name=name, email=email) if name or email else None


def guests_of(details: Details) -> Iterator[Guest]:
    """Everybody who is invited, once each: with several lines for one address the last answer counts."""
    found: dict[str, Guest] = {}
    for line in details.lines.get("ATTENDEE", [])[:MOST_GUESTS]:
        person = person_of(line)
        if person is None:
            continue
        role = line.parameters.get("ROLE", "").upper()
        found[(person.email or person.name).casefold()] = Guest(
            person=person,
            response=RESPONSES.get(line.parameters.get("PARTSTAT", "").upper(), ""),
            optional=role in ("OPT-PARTICIPANT", "NON-PARTICIPANT"),
            resource=line.parameters.get("CUTYPE", "").upper() in _ROOMS,
        )
    yield from found.values()


def link_of(details: Details) -> str:
    """Where to join: the vendor's own field, a meeting's host in the text, a link as the place."""
    for stated in details.texts("X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "CONFERENCE"):
        if url := https(stated):
            return url
    return meeting_link(details.texts("LOCATION", "URL", "DESCRIPTION", "X-ALT-DESC")) or https(
        details.text("LOCATION")
    )


def agenda_of(occurrence: Occurrence, details: Details) -> bool | None:
    """Whether it says what it is about. None in a calendar that shows no description of any event."""
    if "ATTACH" in details.lines or any(says_something(text) for text in details.texts("DESCRIPTION", "X-ALT-DESC")):
        return True
    return False if occurrence.event.calendar.describes else None
