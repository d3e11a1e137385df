"""The morning a briefing is for: the clock, the zone, the work calendar, the reader. Rules ask for no other time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from briefing.facts import Person

MONDAY_TO_FRIDAY = frozenset(range(5))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """Which days and hours are worked. Weekdays count from Monday = 0."""

    workdays: frozenset[int] = MONDAY_TO_FRIDAY
    holidays: frozenset[date] = frozenset()
    opens: time = time(9)
    closes: time = time(18)

    def __post_init__(self) -> None:
        """Without a workday in the week there is no next one to count to."""
        if not self.workdays & frozenset(range(7)) or self.closes <= self.opens:
            raise ValueError("a work calendar needs a workday, and hours that open before they close")

    def is_workday(self, day: date) -> bool:
        """Whether people work on this day."""
        return day.weekday() in self.workdays and day not in self.holidays

    def next_workday(self, day: date) -> date:
        """The first workday after a day."""
        day += timedelta(days=1)
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day

    def workdays_between(self, start: date, end: date) -> int:
        """Workdays after `start` up to and including `end`; negative when `end` comes first.

        From Thursday to the Tuesday after are 3: Friday, Monday, Tuesday.
        """
        if end < start:
            return -self.workdays_between(end, start)
        whole_weeks, rest = divmod((end - start).days, 7)
        count = whole_weeks * len(self.workdays)
        count += sum((start + timedelta(days=n)).weekday() in self.workdays for n in range(1, rest + 1))
        return count - sum(1 for day in self.holidays if start < day <= end and day.weekday() in self.workdays)

    def working_time(self, start: datetime, end: datetime, zone: ZoneInfo) -> timedelta:
        """Time within working hours from `start` to `end`, both aware, hours read in `zone`."""
        start, end = start.astimezone(zone), end.astimezone(zone)
        total = timedelta()
        day = start.date()
        while day <= end.date():
            if self.is_workday(day):
                opens = datetime.combine(day, self.opens, zone)
                closes = datetime.combine(day, self.closes, zone)
                # Same-zone subtraction is wall time: what people mean by a working hour on a 23-hour day too.
                total += max(min(end, closes) - max(start, opens), timedelta())
            day += timedelta(days=1)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A person the briefing is for."""

    name: str = ""
    persons: tuple[Person, ...] = ()
    """Every address, login and name the reader is known by."""

    def is_me(self, person: Person | None) -> bool:
        """Whether a source's person is the reader: same address, else same id, else same name."""
        if person is None:
            return False
        return any(_same(person, mine) for mine in self.persons)


def _same(one: Person, other: Person) -> bool:
    if one.email and other.email:
        return one.email.casefold() == other.email.casefold()
    if one.id and other.id:
        return one.id == other.id
    return bool(one.name) and one.name.casefold() == other.name.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """What rules know of the moment they run in."""

    now: datetime
    """Aware, in `zone`."""

    zone: ZoneInfo
    calendar: WorkCalendar = field(default_factory=WorkCalendar)
    audience: Audience = field(default_factory=Audience)
    reader_zone: ZoneInfo | None = None
    """The reader's, where it is another: work is dated and counted in `zone`, the edition and the reader's day here."""

    @property
    def of_reader(self) -> Morning:
        """The same moment by the reader's clock and date."""
        if self.reader_zone is None or self.reader_zone.key == self.zone.key:
            return self
        return replace(self, now=self.now.astimezone(self.reader_zone), zone=self.reader_zone)

    @property
    def today(self) -> date:
        """The date of the briefing."""
        return self.now.astimezone(self.zone).date()

    @property
    def next_edition(self) -> date:
        """The next workday: until then nobody looks again."""
        return self.calendar.next_workday(self.today)

    @property
    def days_to_next(self) -> int:
        """Calendar days until the next edition: Friday 3."""
        return (self.next_edition - self.today).days

    def date_of(self, moment: datetime) -> date:
        """The date of a moment in the workspace's zone."""
        return moment.astimezone(self.zone).date()

    def workdays_to(self, day: date) -> int:
        """Workdays from today to a date: 0 today, 1 on the next workday, negative when it is past."""
        return self.calendar.workdays_between(self.today, day)

    def working_time_since(self, moment: datetime) -> timedelta:
        """Working time from a moment until now."""
        return self.calendar.working_time(moment, self.now, self.zone)
