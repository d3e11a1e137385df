"""The agency's calendars as .ics: the reader's own, and the one of absences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from briefing.demo.days import plus
from briefing.demo.diary import AHEAD, BACK
from briefing.demo.events import Event
from briefing.demo.people import Human
from briefing.demo.world import World

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
STAMP = "20260101T000000Z"
"""DTSTAMP of everything: the same export gives the same bytes."""


def calendar(world: World, morning: date) -> bytes:
    """The reader's calendar: series with their exceptions, single events from a month back to three weeks ahead."""
    reader = world.people.reader
    return written(f"{reader.first}'s calendar", world.diary.at(morning), reader)


def written(name: str, events: Iterable[Event], owner: Human) -> bytes:
    """Events as they stand in somebody's calendar."""
    return folded([*_head(name), *_events(events, owner), "END:VCALENDAR"])


def absences(world: World, morning: date | None) -> bytes:
    """Who is out: all-day events, one a person and stretch. Without a morning all that are known, as a server keeps
    them.
    """
    lines = list(_head("Absences"))
    for number, leave in enumerate(world.leaves):
        if morning is None or (plus(morning, -BACK) <= leave.last and leave.first <= plus(morning, AHEAD)):
            human = leave.human
            lines += [
                "BEGIN:VEVENT", f"UID:leave-{number}@harbourlane.example", f"DTSTAMP:{STAMP}",
                f"DTSTART;VALUE=DATE:{leave.first:%Y%m%d}", f"DTEND;VALUE=DATE:{plus(leave.last, 1):%Y%m%d}",
                f"SUMMARY:{_text(f'{human.name}: {leave.word}')}", f"ORGANIZER;CN={human.name}:mailto:{human.email}",
                f"ATTENDEE;CN={human.name};PARTSTAT=ACCEPTED:mailto:{human.email}",
                "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "TRANSP:OPAQUE", "END:VEVENT",
            ]  # fmt: skip
    return folded([*lines, "END:VCALENDAR"])


def _head(name: str) -> tuple[str, ...]:
    return (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Harbour Lane//Calendar//EN", "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(name)}",
    )  # fmt: skip


def _events(events: Iterable[Event], reader: Human) -> Iterator[str]:
    for event in events:
        yield from _event(event, event.starts, reader, _recurrence(event))
        for original, new in event.moved:
            yield from _event(event, new, reader, (f"RECURRENCE-ID;TZID={event.zone}:{_local(event, original)}",))


def _recurrence(event: Event) -> tuple[str, ...]:
    if not event.weekdays:
        return ()
    days = ",".join(WEEKDAYS[day] for day in event.weekdays)
    gone = tuple(f"EXDATE;TZID={event.zone}:{_local(event, day)}" for day in event.without)
    return (f"RRULE:FREQ=WEEKLY;BYDAY={days}", *gone)


def _local(event: Event, day: date) -> str:
    """The usual start of a series on a day, in its own zone."""
    return f"{day:%Y%m%d}T{event.starts.astimezone(ZoneInfo(event.zone)):%H%M%S}"


def _event(event: Event, starts: datetime, reader: Human, extra: tuple[str, ...]) -> Iterator[str]:
    zone = ZoneInfo(event.zone)
    yield from ("BEGIN:VEVENT", f"UID:{event.uid}", f"DTSTAMP:{STAMP}")
    if event.all_day:
        day = starts.date()
        yield from (f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{plus(day, 1):%Y%m%d}")
    else:
        ends = (starts.astimezone(UTC) + timedelta(minutes=event.minutes)).astimezone(zone)
        yield f"DTSTART;TZID={event.zone}:{starts.astimezone(zone):%Y%m%dT%H%M%S}"
        yield f"DTEND;TZID={event.zone}:{ends:%Y%m%dT%H%M%S}"
    yield from extra
    yield f"SUMMARY:{_text(event.title)}"
    yield f"ORGANIZER;CN={event.organiser.name}:mailto:{event.organiser.email}"
    for human, answer in event.guests:
        yield f"ATTENDEE;CN={human.name};PARTSTAT={answer}:mailto:{human.email}"
    if not event.guests or all(human.email != reader.email for human, _ in event.guests):
        yield f"ATTENDEE;CN={reader.name};PARTSTAT={event.answer}:mailto:{reader.email}"
    if event.note:
        yield f"DESCRIPTION:{_text(event.note)}"
    if event.place:
        yield f"LOCATION:{_text(event.place)}"
    yield f"TRANSP:{'TRANSPARENT' if event.free or event.all_day else 'OPAQUE'}"
    yield f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}"
    yield "END:VEVENT"


def _text(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def folded(lines: Iterable[str]) -> bytes:
    """Lines of at most 75 bytes, broken between characters (RFC 5545, 3.1)."""
    out = []
    for line in lines:
        raw, limit = line.encode(), 75
        while len(raw) > limit:
            cut = limit
            while raw[cut] & 0xC0 == 0x80:
                cut -= 1
            out.append(raw[:cut])
            raw = b" " + raw[cut:]
        out.append(raw)
    return b"\r\n".join(out) + b"\r\n"
