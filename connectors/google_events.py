"""What one event of Google Calendar states: a meeting, and who is out.

The facts are those that an .ics export of the same event gives, with the same identity (`uid`, `occurrence`): only
where Google says more (out of office, focus time, a working location, a birthday) it is taken at its word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from briefing.facts import Absence, Fact, Guest, Meeting, Person, Ref, Response
from briefing.reading.absences import absent_person, is_absence_calendar, own_absence
from briefing.reading.joining import https, meeting_link, says_something
from briefing.reading.meetings import MOST_GUESTS, Busy, Type, is_address, is_alone, named_person, short_uid
from briefing.reading.text import NAME, SUBJECT, clean
from connectors.google_client import Json, object_of, rows_of, text_of

DAY = timedelta(days=1)
ALMOST = timedelta(minutes=1)
"""Some write the end of a day as 23:59."""

_ID = re.compile(r"[\w@.=+~-]{1,1100}", re.ASCII)
"""Google's own are of base32hex and at most 1,024 long; imported ones have more characters."""

NOT_PEOPLE = "calendar.google.com"
"""Addresses below it are calendars and rooms: `...@group.calendar.google.com`, `...@resource.calendar.google.com`."""

RESPONSES: dict[str, Response] = {
    "accepted": "accepted", "declined": "declined", "tentative": "tentative", "needsAction": "none",
}  # fmt: skip
TYPES: dict[str, Type] = {
    "outOfOffice": "away", "focusTime": "focus", "workingLocation": "place", "birthday": "birthday",
}  # fmt: skip
"""Google's `eventType`; `default`, `fromGmail` and what is new are told by who takes part."""


class Unreadable(ValueError):
    """An event cannot be stated; the message is a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The calendar that an event lies in."""

    source: str
    id: str
    name: str
    owner: Person | None
    zone: ZoneInfo
    """The calendar's own: its all-day events are days there."""

    reader: ZoneInfo
    busy_only: bool = False
    """Shared as free or busy: no titles, no guests."""

    def ref(self, kind: str, event: str, url: str = "") -> Ref:
        """The reference of what an event states: `event` for the meeting, `absence` for who is out."""
        return Ref(source=self.source, kind=kind, id=f"{self.id}/{event}", url=url, where="" if url else self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When an event is."""

    starts: datetime
    ends: datetime
    all_day: bool
    days: tuple[date, date] | None
    """First and last day that it takes whole, in the calendar's zone; None: none."""


def event_facts(event: Json, shelf: Shelf) -> Iterator[Fact]:
    """The facts of an event that is not cancelled. Raises Unreadable.

    An event of whole days that says somebody else is out ("Janine: vacation") is that person's absence and no meeting
    of anybody's. The owner's own absence is both.
    """
    times = times_of(event, shelf)
    title = clean(text_of(event, "summary"), NAME)
    guests = tuple(guests_of(event, shelf))
    organiser = organiser_of(event, shelf)
    whole = times.days if is_whole_days(times) else None
    other = absent_person(title, in_absence_calendar=is_absence_calendar(shelf.name)) if whole else ""
    certain = text_of(event, "status") != "tentative"
    if other and text_of(event, "eventType") in {"", "default"}:
        if certain and whole:
            known = (*(guest.person for guest in guests), *((organiser,) if organiser else ()))
            yield _absence(event, shelf, named_person(other, known), whole)
        return
    meeting = _meeting(event, shelf, times, title, guests, organiser)
    yield meeting
    if meeting.type == "away" and shelf.owner and times.days and certain:
        yield _absence(event, shelf, shelf.owner, times.days)


def event_id(event: Json) -> str:
    """An event's id within its calendar, its own for each instance of a series. Raises Unreadable."""
    found = text_of(event, "id")
    if not _ID.fullmatch(found):
        raise Unreadable("has no id")
    return found


def _meeting(
    event: Json, shelf: Shelf, times: Times, title: str, guests: tuple[Guest, ...], organiser: Person | None
) -> Meeting:
    uid = text_of(event, "iCalUID")
    if not uid and not shelf.busy_only:
        raise Unreadable("has no iCalUID")
    original = original_of(event)
    kind = type_of(event, title, guests, organiser, shelf)
    location = text_of(event, "location")
    return Meeting(
        ref=shelf.ref("event", event_id(event), https(text_of(event, "htmlLink"))),
        uid=short_uid(uid or event_id(event)), occurrence=original, calendar=shelf.name, calendar_owner=shelf.owner,
        starts=times.starts, ends=times.ends, all_day=times.all_day, title=title, organiser=organiser, guests=guests,
        busy=busy_of(event, kind), type=kind, place="" if https(location) else clean(location, NAME),
        link=link_of(event), agenda=agenda_of(event, shelf), series=bool(text_of(event, "recurringEventId")),
        private=shelf.busy_only or text_of(event, "visibility") in {"private", "confidential"},
    )  # fmt: skip


def _absence(event: Json, shelf: Shelf, person: Person, days: tuple[date, date]) -> Absence:
    url = https(text_of(event, "htmlLink"))
    return Absence(ref=shelf.ref("absence", event_id(event), url), person=person, first=days[0], last=days[1])


# --- when ----------------------------------------------------------------------------------------------------------


def times_of(event: Json, shelf: Shelf) -> Times:
    """Start and end, which Google gives as dates or as times with their offset. Raises Unreadable."""
    first, last = (moment_of(object_of(event, name), shelf.zone) for name in ("start", "end"))
    if first is None:
        raise Unreadable("has no start that can be read")
    if last is None and event.get("endTimeUnspecified") is True:
        last = first
    if last is None or isinstance(last, datetime) != isinstance(first, datetime):
        raise Unreadable("has no end that can be read")
    if not isinstance(first, datetime):
        after = max(last, first + DAY)
        starts, ends = (datetime.combine(day, time(), shelf.zone) for day in (first, after))
        return Times(starts=starts, ends=ends, all_day=True, days=(first, after - DAY))
    assert isinstance(last, datetime)
    if last < first:
        raise Unreadable("ends before it starts")
    return Times(
        starts=first.astimezone(shelf.reader), ends=last.astimezone(shelf.reader), all_day=False,
        days=days_within(first.astimezone(shelf.zone), last.astimezone(shelf.zone)),
    )  # fmt: skip


def moment_of(stated: Json, zone: ZoneInfo) -> date | datetime | None:
    """A date, or an aware time; None where neither can be read. A time without an offset is in its `timeZone`."""
    try:
        if day := text_of(stated, "date"):
            return date.fromisoformat(day)
        moment = datetime.fromisoformat(text_of(stated, "dateTime"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone_named(text_of(stated, "timeZone"), zone))
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment


def zone_named(name: str, otherwise: ZoneInfo) -> ZoneInfo:
    """A zone by its IANA name, or another one where nobody knows it."""
    from briefing.reading.zones import named

    return (named(name) if name else None) or otherwise


def original_of(event: Json) -> str:
    """When an instance of a series was to start before anybody moved it (ISO, UTC; a date for all-day series)."""
    if not text_of(event, "recurringEventId") and "originalStartTime" not in event:
        return ""
    if not text_of(event, "recurringEventId"):
        raise Unreadable("does not say of which series it is")
    moment = moment_of(object_of(event, "originalStartTime"), ZoneInfo("UTC"))
    if moment is None:
        raise Unreadable("does not say which instance of its series it is")
    return moment.astimezone(UTC).isoformat() if isinstance(moment, datetime) else moment.isoformat()


def days_within(starts: datetime, ends: datetime) -> tuple[date, date] | None:
    """The days that lie whole between two times of one zone; None: none.

    Google states an absence of whole days as times from midnight to midnight. One from Wednesday noon to Monday
    morning takes Thursday to Sunday.
    """
    first = starts.date() if starts.time() == time() else starts.date() + DAY
    last = (ends + ALMOST).date() - DAY
    return (first, last) if first <= last else None


def is_whole_days(times: Times) -> bool:
    """All day, or from midnight to midnight."""
    if times.all_day or times.days is None:
        return times.all_day
    first, last = times.days
    return times.ends - times.starts <= (last - first + DAY) + timedelta(hours=1)  # the night the clocks go back


# --- what it takes of the day --------------------------------------------------------------------------------------


def busy_of(event: Json, kind: Type) -> Busy:
    """How much of its time an event takes."""
    if text_of(event, "transparency") == "transparent" or kind in {"place", "birthday"}:
        return "free"
    return "tentative" if text_of(event, "status") == "tentative" else "busy"


def type_of(event: Json, title: str, guests: tuple[Guest, ...], organiser: Person | None, shelf: Shelf) -> Type:
    """What sort of event it is; shared as free or busy, nobody knows, so it is taken for a meeting."""
    if stated := TYPES.get(text_of(event, "eventType")):
        return stated
    if shelf.busy_only or not is_alone(guests, organiser, shelf.owner):
        return "meeting"
    if own_absence(title):
        return "away"
    return "focus" if title.casefold() in {"focus time", "focus"} else "block"


def agenda_of(event: Json, shelf: Shelf) -> bool | None:
    """Whether it says what it is about; None where the event is not shown whole."""
    if rows_of(event, "attachments") or says_something(text_of(event, "description")):
        return True
    hidden = shelf.busy_only or ("summary" not in event and text_of(event, "visibility") not in {"", "default"})
    return None if hidden else False


# --- who and where -------------------------------------------------------------------------------------------------


def person_in(row: Json, shelf: Shelf) -> Person | None:
    """Whom an attendee, organiser or creator is; `self` is the calendar's owner, by whatever address invited."""
    email = clean(text_of(row, "email"), SUBJECT)
    email = email if is_address(email) else ""
    if row.get("self") is True and shelf.owner is not None:
        email = shelf.owner.email
    name = clean(text_of(row, "displayName"), NAME)
    name = "" if name.casefold() == email.casefold() else name
    return Person(name=name, email=email) if name or email else None


def guests_of(event: Json, shelf: Shelf) -> Iterator[Guest]:
    """Everybody who is invited, once each."""
    found: dict[str, Guest] = {}
    for row in rows_of(event, "attendees")[:MOST_GUESTS]:
        person = person_in(row, shelf)
        if person is not None:
            found[(person.email or person.name).casefold()] = Guest(
                person=person, response=RESPONSES.get(text_of(row, "responseStatus"), ""),
                optional=row.get("optional") is True, resource=row.get("resource") is True,
            )  # fmt: skip
    yield from found.values()


def organiser_of(event: Json, shelf: Shelf) -> Person | None:
    """Who called it. The organiser of what was made in a shared calendar is that calendar: then who made it."""
    for name in ("organizer", "creator"):
        person = person_in(object_of(event, name), shelf)
        if person is not None and not person.email.endswith(NOT_PEOPLE):
            return person
    return None


def link_of(event: Json) -> str:
    """Where to join: the conference's video entry, then a meeting's host in the text, a link as the place.

    Codes and passwords of a conference stand in fields of their own and are not read.
    """
    entries = rows_of(object_of(event, "conferenceData"), "entryPoints")
    stated = [text_of(event, "hangoutLink")]
    stated += [text_of(entry, "uri") for entry in entries if text_of(entry, "entryPointType") == "video"]
    for url in stated:
        if found := https(url):
            return found
    location = text_of(event, "location")
    return meeting_link((location, text_of(event, "description"))) or https(location)


__all__ = ["Shelf", "Unreadable", "event_facts", "event_id"]
