"""The stretch of time that a calendar is read for, and for how long what was read of it serves.

A calendar that did not change has other occurrences in the next morning's window. So a live one is read for `MARGIN`
more than is wanted: until that is over, an unchanged calendar need not be read again, and what changed is held against
the stretch of the first reading.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from briefing.connector import Window
from briefing.reading.recurrence import Span

MARGIN = timedelta(days=14)
"""How much further ahead than wanted a live calendar is read; as Google Calendar's connector does."""


def span_of(window: Window) -> Span:
    """The window: meetings that took place say who was spoken with. At least from the day before the morning, so that
    a night's meeting is known to be over.
    """
    today = window.now.astimezone(window.zone).date()
    day_before = datetime.combine(today - timedelta(days=1), time(), window.zone)
    return Span(start=min(window.since, day_before), end=window.until, zone=window.zone)


def whole_days(span: Span) -> Span:
    """The same, widened to whole days of its zone: readings of one day are then of the same stretch of time."""
    first, last = (moment.astimezone(span.zone).date() for moment in (span.start, span.end))
    return Span(
        start=datetime.combine(first, time(), span.zone),
        end=datetime.combine(last + timedelta(days=1), time(), span.zone),
        zone=span.zone,
    )


def with_margin(span: Span) -> Span:
    """The same, and `MARGIN` more ahead."""
    return Span(start=span.start, end=span.end + MARGIN, zone=span.zone)


def covers(read: Span, wanted: Span) -> bool:
    """Whether what was read of one stretch of time serves for another."""
    return read.zone.key == wanted.zone.key and read.start <= wanted.start and wanted.end <= read.end


def told(span: Span) -> list[str]:
    """A stretch of time as marks keep it."""
    return [span.start.isoformat(), span.end.isoformat(), span.zone.key]


def span_in(value: object) -> Span:
    """The stretch of time that a mark keeps. Raises ValueError or TypeError for what is none."""
    if not isinstance(value, list):
        raise TypeError("no stretch of time")
    start, end, key = value
    try:
        zone = ZoneInfo(key)
    except (KeyError, OSError) as error:
        raise ValueError("no zone") from error
    moments = [datetime.fromisoformat(moment) for moment in (start, end)]
    if any(moment.tzinfo is None for moment in moments):
        raise ValueError("a time without a zone")
    return Span(start=moments[0].astimezone(zone), end=moments[1].astimezone(zone), zone=zone)
