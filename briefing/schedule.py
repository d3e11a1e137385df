"""When an edition is due. Pure: the clock, the work calendar, the reader's zone and what was delivered come in.

cron knows neither the reader's zone nor holidays. A job with `*` in its time it leaves out in the hour that spring
skips and runs twice in the hour that autumn repeats; what a long sleep missed it forgets (tried with Debian's 3.0pl1).
So each scheduler fires every quarter of an hour, and what is due is decided here, the same under all of them.

One edition belongs to one date of the reader's. It is due from the first moment at which the clock of that date shows
the time, or a later one: once where the time exists twice, at the end of the gap where it does not exist. It is sent
within the catch-up window, never after the date has ended. Only today's is ever due: a week away is one edition.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from briefing import words
from briefing.deliver.policy import Key, Standing
from briefing.deliver.policy import verdict as by_itself
from briefing.morning import WorkCalendar

EVERY = 15
"""Minutes between two looks. All zones in use differ by whole quarters of an hour, so that a look falls on the minute
that is asked for in every zone: for 06:40 they are 10, 25, 40 and 55 past."""

ON_TIME = timedelta(minutes=2 * EVERY)
"""An edition that begins later than this after its time is a catch-up."""

SHORTEST = timedelta(minutes=2 * EVERY)
"""A catch-up window below this could fall between two looks."""

DAYS_AHEAD = 800
"""How far the next edition is looked for."""

MOST_MISSED = 60

Free = Literal["no workday", "holiday", "day off"]
Outcome = Literal[
    "due", "late", "delivered", "stuck", "early", "passed", "no workday", "holiday", "day off", "set back"
]
Progress = Literal["none", "open", "settled", "stuck"]
"""Of today's edition: not begun; a run has something to do; all is done; only a person can go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """`[schedule]` with the work calendar: on which dates there is an edition, and when."""

    at: time
    zone: ZoneInfo
    """The reader's."""

    calendar: WorkCalendar
    """Workdays and public holidays of the workspace."""

    days_off: frozenset[date] = frozenset()
    """The reader's own."""

    catch_up: timedelta = timedelta(hours=6)

    @property
    def editions(self) -> WorkCalendar:
        """The calendar whose workdays are the dates of editions."""
        return replace(self.calendar, holidays=self.calendar.holidays | self.days_off)

    def today(self, now: datetime) -> date:
        """The reader's date."""
        return now.astimezone(self.zone).date()

    def free(self, day: date) -> Free | None:
        """Why there is no edition of a date; None where there is one."""
        if day.weekday() not in self.calendar.workdays:
            return "no workday"
        if day in self.calendar.holidays:
            return "holiday"
        return "day off" if day in self.days_off else None

    def due(self, day: date) -> datetime | None:
        """From when on the edition of a date is due, in UTC: two moments of one zone compare by their wall clocks.

        None where that date has no such moment (Samoa had no 30 December 2011).
        """
        moment = first_moment(day, self.at, self.zone)
        return moment if self.today(moment) == day else None

    def until(self, day: date) -> datetime | None:
        """When it is too late for the edition of a date, in UTC: after the window, and when the date ends."""
        due = self.due(day)
        return due and min(due + self.catch_up, first_moment(day + timedelta(days=1), time(0), self.zone))

    def minutes(self) -> tuple[int, ...]:
        """The minutes of every hour at which a scheduler has to look."""
        return tuple(range(self.at.minute % EVERY, 60, EVERY))


def first_moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first moment, in UTC, at which a zone's clock shows this date and time or a later one."""
    wall = datetime.combine(day, at)

    def shown(moment: datetime) -> datetime:
        return moment.astimezone(zone).replace(tzinfo=None, fold=0)

    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if shown(moment) == wall:
        return moment
    # In a gap fold=0 reads the time with the offset before it, which is after the gap's end, and fold=1 the other way
    # round (PEP 495): the clock jumps between the two.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    seconds = range(int((moment - before).total_seconds()))
    jump = bisect_left(seconds, wall, key=lambda second: shown(before + timedelta(seconds=second)))
    return before + timedelta(seconds=jump)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be done at a moment."""

    outcome: Outcome
    date: date
    """The reader's date."""

    due: datetime | None = None
    """When the edition of that date is or was due; None on a date without one."""

    until: datetime | None = None

    @property
    def wanted(self) -> bool:
        """Whether today's edition is to be sent now."""
        return self.outcome in {"due", "late"}


def verdict(timetable: Timetable, now: datetime, *, progress: Progress = "none", last: date | None = None) -> Verdict:
    """What is due now. `progress` is that of today's edition, `last` the date of the latest edition that was begun."""
    today = timetable.today(now)
    due, until = (None, None) if timetable.free(today) else (timetable.due(today), timetable.until(today))
    outcome = _outcome(timetable, now, due, until, progress, last)
    return Verdict(outcome=outcome, date=today, due=due, until=until)


def _outcome(
    timetable: Timetable, now: datetime, due: datetime | None, until: datetime | None, progress: Progress,
    last: date | None,
) -> Outcome:  # fmt: skip
    today = timetable.today(now)
    if last is not None and last > today:
        return "set back"  # a clock that has lost its date would send an edition of the past
    if progress == "settled":
        return "delivered"
    if free := timetable.free(today):
        return free
    now = now.astimezone(UTC)
    if due is None or until is None or now < due:
        return "early"
    if now >= until:
        return "passed"
    if progress == "stuck":
        return "stuck"
    return "late" if now - due > ON_TIME else "due"


def progress_of(keys: Iterable[Key], standings: Mapping[Key, Standing], repeatable: Iterable[str]) -> Progress:
    """How far today's edition is, from the channels that are set up and what the ledger says of each."""
    keys, again = list(keys), set(repeatable)
    if not standings:
        return "none"
    found = [standings.get(key) for key in keys]
    if all(one is not None and one.good for one in found):
        return "settled"
    # `sending` is a run at work or one that was killed: the lock tells the next run which, and it notes it.
    open_ones = (
        by_itself(one, repeatable=key[0] in again) == "send" or (one is not None and one.state == "sending")
        for key, one in zip(keys, found, strict=True)
    )
    return "open" if any(open_ones) else "stuck"


def missed(timetable: Timetable, now: datetime, last: date | None) -> list[date]:
    """Dates of editions that were not sent since the last one, today's too once its window has passed; at most 60.

    Without a last one nothing was missed: nobody has waited for it yet.
    """
    days: list[date] = []
    today, editions = timetable.today(now), timetable.editions
    if last is None or last >= today:
        return days
    day = editions.next_workday(last)
    while day <= today and len(days) < MOST_MISSED:
        until = timetable.until(day)
        if until is not None and until <= now.astimezone(UTC):
            days.append(day)
        day = editions.next_workday(day)
    return days


def next_due(timetable: Timetable, now: datetime) -> datetime | None:
    """When the next edition is due, after now, in the reader's zone; None where none is within two years."""
    day = timetable.today(now)
    for _ in range(DAYS_AHEAD):
        due = None if timetable.free(day) else timetable.due(day)
        if due is not None and due > now.astimezone(UTC):
            return due.astimezone(timetable.zone)
        day += timedelta(days=1)
    return None


def clock_time(text: str) -> time:
    """A time as `[schedule]` has it: `06:30`. Raises ValueError."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
        msg = 'write a time such as "06:30"'
        raise ValueError(msg)
    return time.fromisoformat(text)


def span(text: str) -> timedelta:
    """How late an edition may be: `30m` to `24h`. Raises ValueError.

    What is shorter than two looks of a scheduler could fall between them.
    """
    found = re.fullmatch(r"(\d{1,4})\s*([mh])", text.strip(), re.ASCII)
    late = timedelta(minutes=int(found[1]) * (60 if found[2] == "h" else 1)) if found else timedelta()
    if not SHORTEST <= late <= timedelta(days=1):
        msg = 'write a time from "30m" to "24h"'
        raise ValueError(msg)
    return late


def dates(entries: Iterable[str]) -> frozenset[date]:
    """Days off as `[schedule]` has them: `2026-12-28`, `2026-12-28..2027-01-02`. Raises ValueError."""
    return frozenset[date]().union(*map(_dates, entries))


def _dates(text: str) -> frozenset[date]:
    """A date, or the dates from one to another."""
    first, _, last = text.partition("..")
    try:
        start = date.fromisoformat(first.strip())
        days = (date.fromisoformat(last.strip()) - start).days if ".." in text else 0
    except ValueError as error:
        msg = f'"{text}": write a date such as "2026-12-28", or two such as "2026-12-28..2027-01-02"'
        raise ValueError(msg) from error
    if not 0 <= days <= 366:
        msg = f'"{text}": the second date comes at most a year after the first'
        raise ValueError(msg)
    return frozenset(start + timedelta(days=number) for number in range(days + 1))


def said(timetable: Timetable, found: Verdict) -> str:
    """A verdict in a sentence."""
    name = words.full_day(found.date)
    due, until = (words.clock(one.astimezone(timetable.zone)) if one else "" for one in (found.due, found.until))
    return {
        "due": f"{name}: due since {due}.",
        "late": f"{name}: due since {due}, caught up until {until}.",
        "delivered": f"{name}: settled.",
        "stuck": f"{name}: not settled, and nothing goes on by itself: briefing status",
        "early": f"{name}: due at {due}." if due else f"{name}: the clock skips {timetable.at:%H:%M} on this date.",
        "passed": f"{name}: not sent, and too late since {until}. To send it all the same: briefing run",
        "no workday": f"{name} is no workday.",
        "holiday": f"{name} is a holiday.",
        "day off": f"{name} is a day off.",
        "set back": f"The clock shows {name}, which is before the last edition; nothing is sent until it is set.",
    }[found.outcome]
