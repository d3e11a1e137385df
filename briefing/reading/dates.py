"""Dates as files write them, read only where a whole column allows exactly one reading.

`03/04/2026` is in March or in April: a cell has up to three readings, by the order of day, month and year. ISO dates
and dates with a month's name have one. A column is settled by the cells that allow one order only; where none does, the
file is not read and the user is asked. Excel's serial numbers are refused: whether they count from 1900 or 1904 is not
said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from itertools import product
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

Order = Literal["d/m/y", "m/d/y", "y/m/d"]
ORDERS: tuple[Order, ...] = ("d/m/y", "m/d/y", "y/m/d")
YEARS = range(1970, 2101)
"""A year outside is a typing error or a stand-in for "never"."""

MONTHS = {
    name[:length]: number
    for number, name in enumerate(
        "january february march april may june july august september october november december".split(), 1
    )
    for length in (3, 4, 9)
}
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_SEPARATED = re.compile(r"(\d{1,4})([/.-])\s?(\d{1,2})\2\s?(\d{1,4})")
_COMPACT = re.compile(r"(20\d{2})([01]\d)([0-3]\d)")
_DAY_FIRST = re.compile(_WEEKDAY + r"(\d{1,2})(?:st|nd|rd|th)?\.?[\s/-]*([a-z]{3,9})\.?,?[\s/-]*(\d{4}|\d{2})?")
_MONTH_FIRST = re.compile(_WEEKDAY + r"([a-z]{3,9})\.?\s*(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?")
_TIME = re.compile(
    r"(?:[t,\s]|\bat\b)*(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap])?\.?(?:(?<=[ap.])m)?\.?"
    r"\s*(?P<zone>z|utc|gmt|(?:utc|gmt)?[+-]\d{2}:?\d{2})?",
)
_SERIAL = re.compile(r"[3-6]\d{4}(?:[.,]\d+)?")


class Stamp(NamedTuple):
    """One cell's date under each order, and its time where it has one."""

    days: tuple[date | None, date | None, date | None]
    """In the order of `ORDERS`; the same three times where the cell allows one reading."""

    clock: time | None = None
    offset: timezone | None = None

    @property
    def sure(self) -> bool:
        """Whether the cell means one date whatever the order."""
        return self.days[0] is not None and self.days[0] == self.days[1] == self.days[2]

    def day(self, order: Order | None) -> date | None:
        """The date under an order; without one, only a cell that can mean one date has a date."""
        if order is not None:
            return self.days[ORDERS.index(order)]
        meant = {day for day in self.days if day is not None}
        return meant.pop() if len(meant) == 1 else None


def is_serial(text: str) -> bool:
    """Whether a cell looks like Excel's inner number of a day between 1982 and 2091."""
    return _SERIAL.fullmatch(text) is not None


LONGEST = 48
"""No date with a time and a weekday is longer, in characters."""


def stamp(text: str) -> Stamp | None:
    """A cell's date, or None when there is none.

    >>> stamp("12 Nov 2026").days[0]
    datetime.date(2026, 11, 12)
    >>> stamp("03/04/2026").sure
    False
    """
    return _stamp(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=16_384)
def _stamp(text: str) -> Stamp | None:
    text = text.strip().lower()
    for shape, read in _SHAPES.items():
        if found := shape.match(text):
            days = read(found)
            rest = text[found.end() :].strip()
            if days is None or not any(days):
                continue
            if not rest:
                return Stamp(days)
            clock = _clock(rest)
            return Stamp(days, *clock) if clock else None
    return None


def _clock(text: str) -> tuple[time, timezone | None] | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour = int(found["h"])
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    try:
        return time(hour, int(found["m"]), int(found["s"] or 0)), _offset(found["zone"])
    except ValueError:
        return None


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    digits = re.sub(r"[^\d]", "", text)
    if not digits:
        return UTC
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if "-" in text else span)


Days = tuple[date | None, date | None, date | None]


def _separated(found: re.Match[str]) -> Days | None:
    first, mark, second, third = found[1], found[2], found[3], found[4]
    if len(first) == 4:
        return _surely(_date(first, second, third)) if len(third) <= 2 else None
    if len(third) == 4:
        day_first = _date(third, second, first)
        # Points are written day first wherever they are written at all.
        return _surely(day_first) if mark == "." else (day_first, _date(third, first, second), None)
    if len(first) > 2 or len(third) != 2:
        return None
    if mark == ".":
        return _surely(_date(third, second, first))
    return _date(third, second, first), _date(third, first, second), _date(first, second, third)


def _compact(found: re.Match[str]) -> Days | None:
    return _surely(_date(found[1], found[2], found[3]))


def _day_first(found: re.Match[str]) -> Days | None:
    month = MONTHS.get(found[2]) or MONTHS.get(found[2][:4] if found[2] == "sept" else "")
    return _surely(_date(found[3], str(month), found[1])) if month and found[3] else None


def _month_first(found: re.Match[str]) -> Days | None:
    month = MONTHS.get(found[1])
    return _surely(_date(found[3], str(month), found[2])) if month and found[3] else None


_SHAPES: Mapping[re.Pattern[str], Callable[[re.Match[str]], Days | None]] = {
    _SEPARATED: _separated, _COMPACT: _compact, _DAY_FIRST: _day_first, _MONTH_FIRST: _month_first,
}  # fmt: skip


def _surely(day: date | None) -> Days | None:
    return None if day is None else (day, day, day)


def _date(year: str, month: str, day: str) -> date | None:
    number = int(year) + (2000 if len(year) <= 2 else 0)
    if number not in YEARS:
        return None
    try:
        return date(number, int(month), int(day))
    except ValueError:
        return None


def moment_of(found: Stamp, day: date, zone: ZoneInfo) -> datetime:
    """The moment a cell means: its own offset, else the zone; midnight where it has no time."""
    return datetime.combine(day, found.clock or time(0), found.offset or zone)


def month_and_day(text: str) -> tuple[int, int] | None:
    """Month and day of a heading without a year, such as `16 Nov` or `November 16`."""
    text = text[: LONGEST + 1].strip().lower()
    for shape, month_at, day_at in ((_DAY_FIRST, 2, 1), (_MONTH_FIRST, 1, 2)):
        found = shape.fullmatch(text)
        if found and not found[3] and (month := MONTHS.get(found[month_at])) and 1 <= int(found[day_at]) <= 31:
            return month, int(found[day_at])
    return None


Every = Literal["week", "month"]
_WEEK = re.compile(r"(20\d\d)[\s/-]*(?:w|week|kw)\s?(\d{1,2})|(?:w|week|kw)\s?(\d{1,2})[\s,/-]+(20\d\d)")
_MONTH = re.compile(r"(20\d\d)[/-](\d{1,2})|(\d{1,2})[/.-](20\d\d)|([a-z]{3,9})\.?[\s,-]+(20\d\d)")


def period(text: str) -> tuple[date, Every] | None:
    """The last day of a week or month and which it is: `2026-W46`, `Week 46, 2026`, `2026-11`, `Nov 2026`."""
    text = text[: LONGEST + 1].strip().lower()
    if found := _WEEK.fullmatch(text):
        try:
            return date.fromisocalendar(int(found[1] or found[4]), int(found[2] or found[3]), 7), "week"
        except ValueError:
            return None
    if found := _MONTH.fullmatch(text):
        month = MONTHS.get(found[5], 0) if found[5] else int(found[2] or found[3])
        if 1 <= month <= 12:
            return last_of_month(date(int(found[1] or found[4] or found[6]), month, 1)), "month"
    return None


def last_of_month(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


class DateColumn:
    """What a whole column of dates allows. Feed every cell once, then ask for the order."""

    def __init__(self) -> None:
        self.read = 0
        self.sure = 0
        self.timed = False
        """Some cell has a time of day other than midnight."""

        self.possible: frozenset[Order] = frozenset(ORDERS)
        """Orders that every cell allows."""

        self.examples: dict[frozenset[Order], tuple[int, str]] = {}
        """First line and text of a cell that allows only these orders."""

        self.doubtful: list[tuple[int, str]] = []
        """The first two cells that mean different dates in different orders."""

    def add(self, line: int, text: str) -> Stamp | None:
        """Take one cell into account; the date it holds, or None."""
        found = stamp(text)
        if found is None:
            return None
        self.read += 1
        self.timed = self.timed or bool(found.clock and found.clock != time(0))
        if found.sure:
            self.sure += 1
            return found
        allowed = _ALLOWED[tuple(day is not None for day in found.days)]
        self.possible &= allowed
        self.examples.setdefault(allowed, (line, text))
        if found.day(None) is None and len(self.doubtful) < 2 and text not in {seen for _, seen in self.doubtful}:
            self.doubtful.append((line, text))
        return found

    @property
    def order(self) -> Order | None:
        """The order of the column; None when it needs none, or the cells do not say, or contradict each other."""
        return next(iter(self.possible)) if len(self.possible) == 1 else None

    @property
    def asks(self) -> bool:
        """Whether the user must say the order. Where ISO dates rule, an odd cell costs its own row only."""
        return not self.possible or bool(self.doubtful and self.order is None and self.sure * 2 <= self.read)

    @property
    def shown(self) -> list[tuple[int, str]]:
        """Two cells that show why the user must say: two that contradict each other, else two doubtful ones."""
        for one, first in self.examples.items():
            for other, second in self.examples.items():
                if not one & other:
                    return [first, second]
        return self.doubtful


_ALLOWED: Mapping[tuple[bool, ...], frozenset[Order]] = {
    flags: frozenset(order for order, flag in zip(ORDERS, flags, strict=True) if flag)
    for flags in product((False, True), repeat=3)
}
