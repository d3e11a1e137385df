"""The scorecard of the simulated agency: 18 numbers that somebody answers for, off target or late now and then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from briefing.demo.chance import Chance, stream
from briefing.demo.days import plus, workdays, workdays_since
from briefing.demo.people import Human, People
from briefing.demo.planted import NearMiss, Planted

Every = Literal["day", "week", "month"]

MEASURES: tuple[tuple[str, str, str, Every, float, str, int], ...] = (
    ("appointments kept", "call centre", "%", "week", 30, "at least", 1),
    ("billable share", "delivery", "%", "week", 72, "at least", 1),
    ("cold replies", "outreach", "", "day", 12, "at least", 2),
    ("new leads", "marketing", "", "week", 25, "at least", 3),
    ("proposals sent", "sales", "", "week", 4, "at least", 4),
    ("calls made", "call centre", "", "day", 60, "at least", 5),
    ("cash collected", "finance", "USD", "week", 90000, "at least", 6),
    ("overdue invoices", "finance", "USD", "week", 25000, "at most", 7),
    ("open tickets", "support", "", "day", 40, "at most", 8),
    ("first answer", "support", "h", "week", 4, "at most", 9),
    ("client score", "account", "", "month", 8.5, "at least", 10),
    ("staff score", "people", "", "month", 7.5, "at least", 11),
    ("hours booked", "delivery", "h", "week", 640, "at least", 12),
    ("rework share", "delivery", "%", "week", 6, "at most", 13),
    ("site uptime", "web", "%", "week", 99.5, "at least", 14),
    ("posts published", "social", "", "week", 18, "at least", 15),
    ("bounce share", "email", "%", "week", 3, "at most", 16),
    ("demo bookings", "outreach", "", "day", 5, "at least", 17),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One measure with who answers for it."""

    name: str
    seat: str
    owner: Human
    unit: str
    every: Every
    target: float
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What was entered for one day or for the period that ends on it."""

    number: Number
    at: date
    entered: date
    value: float

    @property
    def misses(self) -> bool:
        """Whether it is off its target; the target itself is met."""
        number = self.number
        return self.value > number.target if number.direction == "at most" else self.value < number.target


class Scorecard:
    """All values of one world."""

    def __init__(self, seed: int, people: People, first: date, last: date) -> None:
        self.seed, self.people, self.first, self.last = seed, people, first, last

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """The 18 measures."""
        staff = self.people.staff
        return tuple(
            Number(
                name=name, seat=seat, owner=staff[owner % len(staff)], unit=unit, every=every, target=target,
                direction=direction,
            )
            for name, seat, unit, every, target, direction, owner in MEASURES
        )  # fmt: skip

    @cached_property
    def values(self) -> dict[str, tuple[Value, ...]]:
        """Every value by measure, in order of days. A value that nobody enters is not there."""
        return {number.name: tuple(self._values(number)) for number in self.numbers}

    def at(self, morning: date) -> list[Value]:
        """What the sheet holds on a morning."""
        return [value for values in self.values.values() for value in values if value.entered < morning]

    def last_of(self, name: str, morning: date) -> Value | None:
        """The newest value of a measure on a morning."""
        return max((value for value in self.values[name] if value.entered < morning), key=lambda v: v.at, default=None)

    # --- what holds -------------------------------------------------------------------------------------------------

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether the rule's sentence about this measure holds on a morning; None for a rule of another subject."""
        if rule == "measure-off-target":
            last = self.last_of(id, morning) if id in self.values else None
            return last is not None and last.misses
        if rule == "measure-late":
            return id in self.values and self.missing(id, morning) > 0
        return None

    def missing(self, name: str, morning: date) -> int:
        """Workdays since a number was due and is still not there; 0 when nothing is due."""
        last = self.last_of(name, morning)
        if last is None:
            return 0
        due = next((day for day in _ends(last.number.every, plus(last.at, 1), plus(morning, 40))), None)
        # A number is entered on the day it is for, a monthly one within three workdays.
        entered = plus(due, 5) if due and last.number.every == "month" else due
        return workdays_since(entered, morning) if entered and entered < morning else 0

    def matters(self, morning: date) -> Iterator[Planted]:
        """What stands on a morning."""
        for number in self.numbers:
            last = self.last_of(number.name, morning)
            if last is None:
                continue
            missing = self.missing(number.name, morning)
            if missing:
                few = 4 if number.every == "week" else 3
                yield Planted(rule="measure-late", id=number.name, since=last.at, grey=missing < few)
            if last.misses:
                yield Planted(rule="measure-off-target", id=number.name, since=last.at, grey=missing > 0)

    def near_misses(self, morning: date) -> Iterator[NearMiss]:
        """What looks off or late and is not."""
        for number in self.numbers:
            known = [value for value in self.values[number.name] if value.entered < morning]
            if len(known) < 2 or self.missing(number.name, morning):
                continue
            last, before = known[-1], known[-2]
            if last.misses:
                continue
            if before.misses:
                yield NearMiss(rule="measure-off-target", id=number.name, kind="back on target")
            if last.value == number.target:
                yield NearMiss(rule="measure-off-target", id=number.name, kind="exactly on target")
            if number.every == "week" and (morning - last.at).days >= 6:
                yield NearMiss(rule="measure-late", id=number.name, kind="weekly number, six days old")
            if number.every == "day" and morning.weekday() == 0:
                yield NearMiss(rule="measure-late", id=number.name, kind="Friday's number on Monday")
            if number.every == "month" and (morning - last.at).days >= 20:
                yield NearMiss(rule="measure-late", id=number.name, kind="monthly number, weeks old")

    # --- values -----------------------------------------------------------------------------------------------------

    def _values(self, number: Number) -> Iterator[Value]:
        draw = stream(self.seed, "measure", number.name)
        off = silent = 0
        for at in _ends(number.every, self.first, self.last):
            value = _good(draw, number)
            if off == 0 and draw.chance(0.05 if number.every == "day" else 0.09):
                off = draw.span(2, least=1, most=6)
            if silent == 0 and draw.chance(0.03 if number.every == "day" else 0.05):
                silent = draw.span(3 if number.every == "day" else 1, least=1, most=8)
            if off:
                off, value = off - 1, _bad(draw, number)
            if silent:
                silent -= 1
                continue
            entered = plus(at, draw.between(1, 3)) if number.every == "month" else at
            yield Value(number=number, at=at, entered=entered, value=value)


def _ends(every: Every, first: date, last: date) -> Iterator[date]:
    """Days that values are for: workdays, Fridays, last days of months."""
    if every == "day":
        yield from workdays(first, last)
        return
    day = first
    while day <= last:
        if day.weekday() == 4 if every == "week" else plus(day, 1).day == 1:
            yield day
        day = plus(day, 1)


def _good(draw: Chance, number: Number) -> float:
    """On target: up to a fifth better, now and then exactly on it."""
    if draw.chance(0.06):
        return number.target
    share = draw.uniform(0.0, 0.2)
    return _clean(number, number.target * (1 - share if number.direction == "at most" else 1 + share))


def _bad(draw: Chance, number: Number) -> float:
    """Off target by two to thirty per cent; a share of days in service cannot be that far off."""
    share = draw.uniform(0.02, 0.3) * (0.1 if number.target > 99 and number.unit == "%" else 1)
    value = _clean(number, number.target * (1 + share if number.direction == "at most" else 1 - share))
    if value != number.target:
        return value
    return number.target + (1 if number.direction == "at most" else -1)


def _clean(number: Number, value: float) -> float:
    """As people write it: whole counts, one decimal for small ones, no share above 100."""
    if number.unit == "%":
        value = min(value, 100.0)
    return float(round(value)) if number.target >= 10 and number.target != 99.5 else round(value, 1)
