"""From iCalendar text to what takes place within a stretch of time. Knows nothing of files, facts or the network.

Words used throughout
  text        one iCalendar text with a name to tell it by: a file, an answer of a CalDAV server, a mail's attachment
  event       one VEVENT as it stands in a text: a single event, the master of a series, or one changed occurrence
  series      all events with one UID
  occurrence  what takes place at one time

One series that cannot be read costs that series and is counted; so does a text that is no calendar. Expansion is
bounded: rules that repeat by the second or minute are refused, the rest has a limit on steps, on occurrences and on
processor time. Every datetime is made aware first: times without a zone are read in the calendar's (X-WR-TIMEZONE),
else in the reader's zone. UTC times of a calendar with X-WR-TIMEZONE are repeated in that zone's local time.

The rules themselves are expanded by recurring-ical-events, over events that hold times and rules only.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from briefing.reading.cpu import TooLong, cpu_limit
from briefing.reading.eventtimes import (
    CalendarZones,
    EventTimes,
    Moment,
    Unreadable,
    calendar_zones,
    event_times,
    withdrawn,
)
from briefing.reading.rrules import comes_surely, refusal
from briefing.reading.vcalendar import Event, NotACalendar, walk

DAY = timedelta(days=1)
REPLIES = frozenset({"REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"})
"""Methods (RFC 5546) by which guests answer; they state no event."""

_WARNINGS = Lock()
"""Silencing warnings changes the whole process; one series at a time does it."""


@dataclass(frozen=True, slots=True)
class Text:
    """One iCalendar text."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The stretch of time asked for, from `start` to before `end`, both aware."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    """The reader's: for times without a zone, and for all-day events of calendars without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much work a reading may be."""

    series_occurrences: int = 2_000
    """Within the span; 24 a day over twelve weeks."""

    occurrences: int = 50_000
    series_seconds: float = 1.0
    """Processor time; a daily series of 50 years takes a twentieth of it."""

    seconds: float = 20.0
    """Processor time for expanding all series together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One event at one time, with the lines of the VEVENT that describes it."""

    uid: str
    original: str
    """When it was to start before anybody moved it (ISO, UTC; a date for all-day series); empty outside series."""

    starts: datetime
    ends: datetime
    """In the reader's zone; for all-day events midnight to midnight in the calendar's."""

    all_day: bool
    zone_known: bool
    series: bool
    cancelled: bool
    event: Event
    text: str
    """The name of the text it stands in."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read."""

    text: str
    line: int
    """Where it begins; 0 for a whole text."""

    why: str
    """A clause: `has no start (DTSTART)`."""

    partly: bool = False
    """The rest of the event was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found, and what was not read."""

    occurrences: tuple[Occurrence, ...]
    """By start, then UID."""

    unread: tuple[Unread, ...] = ()
    """Events, series and ends of texts."""

    not_calendars: tuple[Unread, ...] = ()
    """Texts of which nothing was read."""

    events: int = 0
    """VEVENTs in all texts, read or not."""

    replies: int = 0
    """Events left out because they are guests' answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An event with its times understood."""

    text: str
    event: Event
    times: EventTimes
    twin: bool = False
    """Its UID belongs to another event of the same calendar too."""

    @property
    def order(self) -> tuple[int, str]:
        """The newest version of an event is the greatest."""
        return (self.times.sequence, self.times.stamp)


@dataclass(slots=True)
class _Work:
    """What a reading gathers while it goes on."""

    span: Span
    bounds: Bounds
    series: dict[tuple[str, str], list[Part]] = field(default_factory=lambda: defaultdict(list))
    """By the calendar's name and the UID."""

    found: list[Occurrence] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    not_calendars: list[Unread] = field(default_factory=list)
    events: int = 0
    replies: int = 0
    spent: float = 0.0


def occurrences(texts: Iterable[Text], span: Span, bounds: Bounds | None = None) -> Outcome:
    """Everything that touches the span. Texts are read together: an event's newest version counts, whichever holds it.

    The order of the texts changes nothing.
    """
    work = _Work(span, bounds or Bounds())
    for text in texts:
        _gather(text, work)
    for (_, uid), parts in sorted(work.series.items()):
        found: list[Occurrence] = []
        for members in _identities(parts):
            stated = {(occurrence.starts, occurrence.ends) for occurrence in found}
            found += [o for o in _take_place(uid, members, work) if (o.starts, o.ends) not in stated]
        work.found += found
    return Outcome(
        occurrences=tuple(sorted(work.found, key=lambda o: (o.starts, o.uid, o.original, o.text, o.event.line))),
        unread=tuple(sorted(work.unread, key=lambda u: (u.text, u.line, u.why))),
        not_calendars=tuple(work.not_calendars),
        events=work.events,
        replies=work.replies,
    )


def _gather(text: Text, work: _Work) -> None:
    """The events of one text, sorted to their series."""
    try:
        walked = walk(text.data)
    except NotACalendar as problem:
        work.not_calendars.append(Unread(text.name, 0, str(problem)))
        return
    work.unread += [Unread(text.name, cut.line, cut.why) for cut in walked.cuts]
    work.events += len(walked.events)
    zones: dict[int, CalendarZones] = {}
    for event in walked.events:
        method = event.calendar.text("METHOD").upper()
        if method in REPLIES:
            work.replies += 1
            continue
        known = zones.get(id(event.calendar)) or calendar_zones(event, work.span.zone)
        zones[id(event.calendar)] = known
        times = _understood(text, event, known, work, cancelled=method == "CANCEL")
        if times is not None:
            key = (event.calendar.text("X-WR-CALNAME"), times.uid)
            work.series[key].append(Part(text=text.name, event=event, times=times))


def _understood(
    text: Text, event: Event, zones: CalendarZones, work: _Work, *, cancelled: bool
) -> EventTimes | None:  # fmt: skip
    try:
        times = event_times(event, zones, cancelled=cancelled)
    except Unreadable as problem:
        work.unread.append(Unread(text.name, event.line, str(problem)))
        # A changed occurrence must not be stated by its series at the old time, as if nothing had changed.
        return withdrawn(problem, zones)
    if times.without_end:
        work.unread.append(Unread(text.name, event.line, f"{times.without_end}: its end is not read", partly=True))
    return times


def _identities(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """One series, or several where one calendar gave the same UID to different events.

    Two masters in one calendar with one sequence number and different starts are two events of a careless writer; in
    all other cases the newest version is the event.
    """
    newest_first = sorted(parts, key=lambda part: (part.text, part.event.line))
    newest_first.sort(key=lambda part: part.order, reverse=True)
    masters = [part for part in newest_first if part.times.original is None]
    twins = {}
    for part in masters[1:]:
        first = masters[0]
        same = part.event.calendar is first.event.calendar and part.times.sequence == first.times.sequence
        if same and None is not part.times.start != first.times.start is not None:
            twins[id(part)] = part
    yield [part for part in newest_first if id(part) not in twins]
    for part in twins.values():
        yield [replace(part, twin=True)]


def _take_place(uid: str, parts: Sequence[Part], work: _Work) -> list[Occurrence]:
    """The occurrences of one series, or the reason why there are none."""
    first = parts[0]
    most = work.bounds.occurrences
    if len(work.found) >= most:
        why = f"left out: more than {most:,} events in the time asked for"
        work.unread.append(Unread(first.text, first.event.line, why))
        return []
    try:
        return _expanded(uid, parts, work) if needs_expansion(parts) else _single(uid, first, work.span)
    except Unreadable as problem:
        work.unread.append(Unread(first.text, first.event.line, str(problem)))
        return []


def needs_expansion(parts: Sequence[Part]) -> bool:
    """Whether a series is more than one event at one time."""
    times = parts[0].times
    return len(parts) > 1 or bool(times.rules or times.rdates or times.exdates) or times.this_and_future


def _single(uid: str, part: Part, span: Span) -> list[Occurrence]:
    times = part.times
    if times.start is None or times.end is None:
        return []
    original = times.original if times.original is not None else times.start if part.twin else None
    return _within(
        _occurrence(uid, part, times.start, times.end, original, span, series=times.original is not None), span
    )


def _expanded(uid: str, parts: Sequence[Part], work: _Work) -> list[Occurrence]:
    """The occurrences of a series by recurring-ical-events, within its limits."""
    span, bounds = work.span, work.bounds
    for part in parts:
        for rule in part.times.rules:
            if why := refusal(rule, part.times.start, span.end + DAY):
                raise Unreadable(why)
    parts = _aligned(parts)
    surely = all(comes_surely(rule) for part in parts for rule in part.times.rules)
    left = min(bounds.series_seconds, bounds.seconds - work.spent)
    if left <= 0:
        raise Unreadable(f"not expanded: all series together took more than {bounds.seconds:g} s")
    before = _thread_time()
    try:
        components = _between(parts, span.start - DAY, span.end + DAY, None if surely else left)
    except TooLong as problem:
        raise Unreadable(f"its rule took more than {bounds.series_seconds:g} s to expand") from problem
    finally:
        work.spent += _thread_time() - before
    found: list[Occurrence] = []
    seen: set[str] = set()
    for component in components:
        part = parts[int(component["X-PART"])]
        start, end = component["DTSTART"].dt, component["DTEND"].dt
        original = _original(part, start, component["RECURRENCE-ID"].dt)
        occurrence = _occurrence(uid, part, start, end, original, span, series=True)
        if occurrence.original not in seen:
            found += _within(occurrence, span)
            seen.add(occurrence.original)
    if len(found) > bounds.series_occurrences:
        raise Unreadable(f"takes place {len(found):,} times in the time asked for, which is not expanded")
    return found


def _aligned(parts: Sequence[Part]) -> list[Part]:
    """Changed occurrences named by the day, where the series has a time of day; and the other way round."""
    start = next((part.times.start for part in parts if part.times.original is None), None)
    if start is None:
        return list(parts)
    return [
        part if part.times.original is None
        else replace(part, times=replace(part.times, original=_like(part.times.original, start)))
        for part in parts
    ]  # fmt: skip


def _like(original: Moment, start: Moment) -> Moment:
    if isinstance(start, datetime):
        return original if isinstance(original, datetime) else datetime.combine(original, start.timetz())
    if not isinstance(original, datetime):
        return original
    # Midnight in UTC is how some write the day of an all-day event, whatever their zone.
    utc = original.astimezone(UTC)
    return utc.date() if utc.time() == time() else original.date()


def _thread_time() -> float:
    import time as clock

    return clock.thread_time()


def _between(parts: Sequence[Part], start: datetime, end: datetime, seconds: float | None) -> list[Any]:
    """Components with DTSTART, DTEND, RECURRENCE-ID and the number of the part they are made from.

    Raises TooLong, and Unreadable for whatever the libraries make of a hostile rule.
    """
    from icalendar import Calendar
    from recurring_ical_events import CalendarQuery  # type: ignore[import-untyped]

    calendar = Calendar()
    masters = [part for part in parts if part.times.original is None]
    if masters and masters[0].times.start is None:
        return []  # the whole series was cancelled by a message that names no time
    gone = [part.times.original for part in parts if part.times.start is None and part.times.original is not None]
    for number, part in enumerate(parts):
        if part.times.start is not None:
            calendar.add_component(_component(number, part, gone))
    if not calendar.subcomponents:
        return []
    try:
        with _WARNINGS, warnings.catch_warnings(), cpu_limit(seconds) if seconds else nullcontext():
            warnings.simplefilter("ignore")
            found: list[Any] = CalendarQuery(calendar).between(start, end)
    except TooLong:
        raise
    except Exception as problem:  # three libraries read hostile rules here and raise what they like
        raise Unreadable(f"its recurrence cannot be read ({type(problem).__name__})") from problem
    return found


def _component(number: int, part: Part, gone: Iterable[Moment]) -> Any:
    """An event for the library: times and rules, and where it came from."""
    from icalendar import Event as Component
    from icalendar.prop import vDDDLists, vDDDTypes, vRecur

    times = part.times
    assert times.start is not None
    assert times.end is not None
    component = Component()
    component["UID"] = "series"
    component["X-PART"] = str(number)
    component["SEQUENCE"] = times.sequence
    component["DTSTART"], component["DTEND"] = vDDDTypes(times.start), vDDDTypes(times.end)
    if times.original is not None:
        component["RECURRENCE-ID"] = vDDDTypes(times.original)
        if times.this_and_future:
            component["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
        return component
    try:
        component["RRULE"] = [vRecur.from_ical(rule) for rule in times.rules]
    except Exception as problem:  # the library raises several kinds for a rule that is none
        raise Unreadable(f"its recurrence cannot be read ({type(problem).__name__})") from problem
    if times.rdates:
        component["RDATE"] = vDDDLists(list(times.rdates))
    if exdates := [*times.exdates, *gone]:
        component["EXDATE"] = vDDDLists(exdates)
    return component


def _original(part: Part, start: Moment, stated: Moment) -> Moment:
    """When an occurrence was to start.

    After a change of "this and all following" the library states the first one's time for every following one: there
    the shift is taken back.
    """
    times = part.times
    if not times.this_and_future or times.original is None or times.start is None or start == times.start:
        return stated
    return start - (_aware(times.start) - _aware(times.original))


def _aware(moment: Moment) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


def _occurrence(
    uid: str, part: Part, start: Moment, end: Moment, original: Moment | None, span: Span,
    *, series: bool,
) -> Occurrence:  # fmt: skip
    times = part.times
    all_day = times.all_day
    zone: tzinfo = times.calendar_zone if all_day else span.zone
    try:
        starts, ends = (_placed(moment, zone) for moment in (start, end))
        stated = "" if original is None else iso(original)
    except OverflowError as problem:
        raise Unreadable("lies at the end of time") from problem
    return Occurrence(
        uid=uid, original=stated, starts=starts, ends=ends, all_day=all_day, zone_known=times.zone_known,
        series=series, cancelled=times.cancelled, event=part.event, text=part.text,
    )  # fmt: skip


def _placed(moment: Moment, zone: tzinfo) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(zone)
    return datetime.combine(moment, time(), zone)


def iso(moment: Moment) -> str:
    """A moment as it identifies an occurrence: `2026-11-19T08:00:00+00:00`, or the date."""
    return moment.astimezone(UTC).isoformat() if isinstance(moment, datetime) else moment.isoformat()


def _within(occurrence: Occurrence, span: Span) -> list[Occurrence]:
    """The occurrence if it touches the span; one without length counts where it starts."""
    touches = occurrence.starts < span.end and (occurrence.ends > span.start or occurrence.starts >= span.start)
    return [occurrence] if touches else []


def by_text(unread: Iterable[Unread]) -> Mapping[str, int]:
    """How many problems each text has."""
    counts: dict[str, int] = defaultdict(int)
    for problem in unread:
        counts[problem.text] += 1
    return counts
