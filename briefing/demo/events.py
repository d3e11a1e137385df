"""Events of the simulated agency's calendars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from briefing.demo.days import ZONE, ZONE_NAME
from briefing.demo.people import Human

Response = Literal["ACCEPTED", "DECLINED", "TENTATIVE", "NEEDS-ACTION"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event, or a series of them."""

    uid: str
    title: str
    starts: datetime
    minutes: int
    organiser: Human
    guests: tuple[tuple[Human, Response], ...] = ()
    answer: Response = "ACCEPTED"
    """The reader's own."""

    known: date | None = None
    """Since when it is in the calendar; None: always."""

    weekdays: tuple[int, ...] = ()
    """A weekly series on these days; empty: a single event."""

    zone: str = ZONE_NAME
    free: bool = False
    all_day: bool = False
    cancelled: bool = False
    without: tuple[date, ...] = ()
    """Days on which the series does not take place."""

    moved: tuple[tuple[date, datetime], ...] = ()
    """Days of the series that take place at another time."""

    note: str = ""
    place: str = ""

    @property
    def ends(self) -> datetime:
        """When the first one ends."""
        return self.starts + timedelta(minutes=self.minutes)

    def on(self, day: date) -> tuple[datetime, datetime] | None:
        """When it takes place on a day of the agency's zone."""
        for _, new in self.moved:
            if new.astimezone(ZONE).date() == day:
                return new, new + timedelta(minutes=self.minutes)
        if not self.weekdays:
            return (self.starts, self.ends) if self.starts.astimezone(ZONE).date() == day else None
        if day.weekday() not in self.weekdays or day < self.starts.date() or day in self.without:
            return None
        if any(original == day for original, _ in self.moved):
            return None
        local = self.starts.astimezone(ZoneInfo(self.zone))
        # The same hour in the series' own zone, also while only one of the two zones has summer time.
        starts = datetime(day.year, day.month, day.day, local.hour, local.minute, tzinfo=ZoneInfo(self.zone))
        return starts, starts + timedelta(minutes=self.minutes)

    @property
    def taken(self) -> bool:
        """Whether the reader is meant to be there."""
        return self.answer == "ACCEPTED" and not (self.free or self.all_day or self.cancelled)
