"""The times of one VEVENT: when it starts and ends, by which rules it repeats, in which zone it was meant."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from briefing.reading.text import clean
from briefing.reading.vcalendar import Event, Line
from briefing.reading.zones import Zones

WANTED = frozenset(
    b"UID DTSTART DTEND DURATION RECURRENCE-ID RRULE RDATE EXDATE EXRULE SEQUENCE DTSTAMP LAST-MODIFIED STATUS SUMMARY "
    b"X-MICROSOFT-CDO-ALLDAYEVENT".split()
)
"""The properties read for every event; the others are read for those that take place in the time asked for."""

DAY = timedelta(days=1)
Moment = date | datetime
Lines = dict[str, list[Line]]
"""The lines of an event by name."""

_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(Z)?)?", re.IGNORECASE)
_DURATION = re.compile(
    r"([+-])?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE
)  # fmt: skip


class Unreadable(ValueError):
    """An event or series cannot be read; the message is a clause for a reader.

    For a changed occurrence `uid` and `original` say which one it changed, where that much could be read.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.uid = ""
        self.original: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTimes:
    """Dates for all-day events, else aware datetimes in the zone they were meant in."""

    uid: str
    start: Moment | None
    """None: only says that `original`, or the whole series, does not take place."""

    end: Moment | None
    """After the last moment; equal to `start` for an event without length."""

    original: Moment | None = None
    """Of a changed occurrence: when it was to start."""

    this_and_future: bool = False
    rules: tuple[str, ...] = ()
    rdates: tuple[Moment | tuple[datetime, datetime | timedelta], ...] = ()
    exdates: tuple[Moment, ...] = ()
    sequence: int = 0
    stamp: str = ""
    zone_known: bool = True
    cancelled: bool = False
    calendar_zone: tzinfo
    without_end: str = ""
    """Why its end cannot be read; it then has no length, and nothing may be said of how long it takes."""

    @property
    def all_day(self) -> bool:
        """Dates without a time of day."""
        return not isinstance(self.start, datetime)


@dataclass(frozen=True, slots=True)
class CalendarZones:
    """What zones mean in one calendar."""

    zones: Zones
    own: tzinfo | None
    """X-WR-TIMEZONE, where it is known."""

    own_known: bool
    """False where X-WR-TIMEZONE names a zone nobody knows."""

    reader: ZoneInfo
    start: tzinfo | None = None
    """Of the event at hand: other times of it that name no zone are meant in its start's."""

    @property
    def calendar(self) -> tzinfo:
        """For all-day events."""
        return self.own or self.reader

    @property
    def default(self) -> tzinfo:
        """For times without a zone."""
        return self.start or self.calendar


def calendar_zones(event: Event, reader: ZoneInfo) -> CalendarZones:
    """The zones of an event's calendar."""
    zones = Zones(event.calendar.zones)
    name = event.calendar.text("X-WR-TIMEZONE")
    own = zones.find(name) if name else None
    return CalendarZones(zones, own, own_known=not name or own is not None, reader=reader)


def event_times(event: Event, zones: CalendarZones, *, cancelled: bool = False) -> EventTimes:
    """The times of an event. `cancelled` is what its calendar's method says; its own status is read here.

    Raises Unreadable.
    """
    lines: Lines = {}
    for line in event.lines(WANTED):
        lines.setdefault(line.name, []).append(line)
    uid = first(lines, "UID").strip() or _made_up_uid(lines)
    cancelled = cancelled or first(lines, "STATUS").strip().upper() == "CANCELLED"
    original: Moment | None = None
    zones = replace(zones, start=_start_zone(lines, zones))
    try:
        original, future = _recurrence_id(lines.get("RECURRENCE-ID", []), zones)
        if "DTSTART" not in lines and cancelled:
            return _withdrawal(uid, original, lines, zones)
        return _times(uid, original, future, lines, zones, cancelled=cancelled)
    except Unreadable as problem:
        problem.uid, problem.original = uid, original
        raise


def _withdrawal(uid: str, original: Moment | None, lines: Lines, zones: CalendarZones) -> EventTimes:
    return EventTimes(
        uid=uid, start=None, end=None, original=original, cancelled=True, sequence=_sequence(lines),
        stamp=_stamp(lines), calendar_zone=zones.calendar,
    )  # fmt: skip


def withdrawn(problem: Unreadable, zones: CalendarZones) -> EventTimes | None:
    """What remains of a changed occurrence that cannot be read: that it is not where the series would put it."""
    if problem.original is None:
        return None
    return EventTimes(uid=problem.uid, start=None, end=None, original=problem.original, calendar_zone=zones.calendar)


def _times(
    uid: str, original: Moment | None, future: bool, lines: Lines, zones: CalendarZones, *, cancelled: bool
) -> EventTimes:  # fmt: skip
    if "EXRULE" in lines:
        raise Unreadable("leaves out days by a rule (EXRULE), which is not read")
    start, known = _start(lines, zones)
    try:
        end, without_end = _end(start, lines, zones), ""
    except Unreadable as problem:
        end, without_end = start if isinstance(start, datetime) else start + DAY, str(problem)
    flagged = first(lines, "X-MICROSOFT-CDO-ALLDAYEVENT").strip().upper() == "TRUE"
    if flagged:
        start, end = _whole_days(start, end)
    return EventTimes(
        uid=uid, start=start, end=end, original=original, this_and_future=future,
        rules=tuple(line.value.strip().upper().strip(";") for line in lines.get("RRULE", []) if line.value.strip()),
        rdates=tuple(_rdates(lines.get("RDATE", []), zones)),
        exdates=tuple(_dates(lines.get("EXDATE", []), zones)),
        sequence=_sequence(lines), stamp=_stamp(lines), zone_known=known, cancelled=cancelled,
        calendar_zone=zones.calendar, without_end=without_end,
    )  # fmt: skip


def _whole_days(start: Moment, end: Moment) -> tuple[Moment, Moment]:
    """Times from midnight to midnight that Outlook marks as all day, as dates."""
    if isinstance(start, datetime) and isinstance(end, datetime) and start.time() == end.time() == time():
        return start.date(), max(end.date(), start.date() + DAY)
    return start, end


def first(lines: Lines, name: str) -> str:
    """The value of the first line of a name, empty where there is none."""
    return lines[name][0].value if name in lines else ""


def _made_up_uid(lines: Lines) -> str:
    """An identity for an event without one: what it is and when."""
    text = "\n".join(first(lines, name) for name in ("SUMMARY", "DTSTART", "RRULE"))
    return "none-" + hashlib.sha256(text.encode()).hexdigest()[:20]


def _sequence(lines: Lines) -> int:
    text = first(lines, "SEQUENCE").strip()[:9]
    return int(text) if text.isascii() and text.isdigit() else 0


def _stamp(lines: Lines) -> str:
    return (first(lines, "DTSTAMP") or first(lines, "LAST-MODIFIED")).strip()[:20]


def _recurrence_id(lines: Sequence[Line], zones: CalendarZones) -> tuple[Moment | None, bool]:
    if not lines:
        return None, False
    moment, _ = moment_of(lines[0], zones)
    return moment, lines[0].parameters.get("RANGE", "").upper() == "THISANDFUTURE"


def _one(lines: Lines, name: str, word: str) -> Line | None:
    """The only line of a name; the same line twice counts once."""
    found = lines.get(name, [])
    if len({(line.value.strip(), line.parameters.get("TZID")) for line in found}) > 1:
        raise Unreadable(f"has two {word}s ({name})")
    return found[0] if found else None


def _start_zone(lines: Lines, zones: CalendarZones) -> tzinfo | None:
    try:
        start, _ = _start(lines, zones)
    except Unreadable:
        return None
    return start.tzinfo if isinstance(start, datetime) else None


def _start(lines: Lines, zones: CalendarZones) -> tuple[Moment, bool]:
    line = _one(lines, "DTSTART", "start")
    if line is None:
        raise Unreadable("has no start (DTSTART)")
    return moment_of(line, zones)


def _end(start: Moment, lines: Lines, zones: CalendarZones) -> Moment:
    """DTEND, else DURATION, else the day for a date and no length for a time (RFC 5545, 3.6.1)."""
    stated, length = _one(lines, "DTEND", "end"), _one(lines, "DURATION", "length")
    try:
        if stated is not None and stated.value.strip():
            end, _ = moment_of(stated, zones)
        elif length is not None and length.value.strip():
            end = start + _length(start, duration(length.value))
        else:
            return start if isinstance(start, datetime) else start + DAY
        end = _same_kind(start, end)
    except OverflowError as problem:
        raise Unreadable("ends after the end of time") from problem
    if end < start:
        raise Unreadable("ends before it starts")
    return start + DAY if end == start and not isinstance(start, datetime) else end


def _length(start: Moment, length: timedelta) -> timedelta:
    """Of an all-day event: whole days, rounded up."""
    return length if isinstance(start, datetime) else -(-length // DAY) * DAY


def _same_kind(start: Moment, end: Moment) -> Moment:
    """An end as a date for an all-day event, else with a time of day."""
    if isinstance(start, datetime):
        return end if isinstance(end, datetime) else max(datetime.combine(end, time(), start.tzinfo), start)
    if isinstance(end, datetime):
        return end.date() if end.time() == time() else end.date() + DAY
    return end


def moment_of(line: Line, zones: CalendarZones, value: str | None = None) -> tuple[Moment, bool]:
    """A date, or an aware time; and whether its zone is known.

    Raises Unreadable for what is neither.
    """
    text = (line.value if value is None else value).strip()
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise Unreadable(f'{line.name} "{clean(text, 40)}" is not a date or time')
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        if found[4] is None or line.parameters.get("VALUE", "").upper() == "DATE":
            return day, True
        clock = time(int(found[4]), int(found[5]), min(int(found[6] or 0), 59))
    except ValueError as problem:
        raise Unreadable(f'{line.name} "{clean(text, 40)}" is not a date or time') from problem
    zone, known = _zone(line, zones, utc=bool(found[7]))
    moment = datetime.combine(day, clock, zone)
    try:
        moment.astimezone(UTC)
        return (moment.astimezone(zones.own) if found[7] and zones.own else moment), known
    except OverflowError as problem:
        raise Unreadable(f'{line.name} "{clean(text, 40)}" lies at the end of time') from problem


def _zone(line: Line, zones: CalendarZones, *, utc: bool) -> tuple[tzinfo, bool]:
    if utc:
        return UTC, True
    if name := line.parameters.get("TZID", "").strip():
        found = zones.zones.find(name)
        return found or zones.default, found is not None
    return zones.default, zones.own_known


def _dates(lines: Sequence[Line], zones: CalendarZones) -> Iterator[Moment]:
    for line in lines:
        for value in line.value.split(","):
            if value.strip():
                yield moment_of(line, zones, value.partition("/")[0])[0]


def _rdates(lines: Sequence[Line], zones: CalendarZones) -> Iterator[Moment | tuple[datetime, datetime | timedelta]]:
    """Further dates; a period is its start with its end or length."""
    for line in lines:
        for value in line.value.split(","):
            begin, slash, rest = value.strip().partition("/")
            if not begin:
                continue
            moment, _ = moment_of(line, zones, begin)
            if not slash or not isinstance(moment, datetime):
                yield moment
                continue
            until = duration(rest) if rest[:1].upper() in "P+-" else moment_of(line, zones, rest)[0]
            if isinstance(until, datetime | timedelta):
                yield (moment, until)


def duration(text: str) -> timedelta:
    """A length of time as RFC 5545 writes it: `PT1H30M`, `P1D`, `P2W`. Raises Unreadable."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()[1:]):
        raise Unreadable(f'DURATION "{clean(text, 40)}" is not a length of time')
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    try:
        length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as problem:
        raise Unreadable(f'DURATION "{clean(text, 40)}" is longer than time') from problem
    return -length if found[1] == "-" else length
