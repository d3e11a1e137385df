"""Days and working hours of the simulated agency. On purpose not the product's own arithmetic: it judges that one.

The agency works from Monday to Friday, nine to six, in one zone. A morning is seven o'clock. What happened on a date
is known on the next morning.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE_NAME = "America/New_York"
ZONE = ZoneInfo(ZONE_NAME)
OPENS, CLOSES = time(9), time(18)
ONE_DAY = timedelta(days=1)


def moment(day: date, hour: int = 7, minute: int = 0) -> datetime:
    """A moment of a day in the agency's zone."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def plus(day: date, days: int) -> date:
    """A date some calendar days later."""
    return day + timedelta(days=days)


def is_workday(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() < 5


def on_workday(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day if is_workday(day) else plus(day, 4 - day.weekday())


def plus_workdays(day: date, count: int) -> date:
    """The workday that lies `count` workdays after (or before) a day. Zero gives the day itself."""
    step = ONE_DAY if count > 0 else -ONE_DAY
    for _ in range(abs(count)):
        day += step
        while not is_workday(day):
            day += step
    return day


def workdays_since(start: date, end: date) -> int:
    """Workdays after `start` up to and including `end`; 0 when `end` is not later."""
    return sum(is_workday(plus(start, n)) for n in range(1, (end - start).days + 1))


def workdays(first: date, last: date) -> list[date]:
    """Every workday from the first to the last date, both included."""
    return [plus(first, n) for n in range((last - first).days + 1) if is_workday(plus(first, n))]


def working_hours(start: datetime, end: datetime) -> float:
    """Hours within nine to six on workdays between two moments."""
    start, end = start.astimezone(ZONE), end.astimezone(ZONE)
    total, day = 0.0, start.date()
    while day <= end.date():
        if is_workday(day):
            opens = max(start, moment(day, OPENS.hour))
            closes = min(end, moment(day, CLOSES.hour))
            total += max((closes - opens).total_seconds(), 0.0)
        day += ONE_DAY
    return total / 3600


def later(start: datetime, minutes: int) -> datetime:
    """The moment after so many working minutes."""
    here = start.astimezone(ZONE)
    while True:
        day = here.date()
        opens, closes = moment(day, OPENS.hour), moment(day, CLOSES.hour)
        if not is_workday(day) or here >= closes:
            here = moment(plus(day, 1), OPENS.hour)
            continue
        here = max(here, opens)
        left = int((closes - here).total_seconds() // 60)
        if minutes < left:
            return here + timedelta(minutes=minutes)
        minutes -= left
        here = moment(plus(day, 1), OPENS.hour)
