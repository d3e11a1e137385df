"""Retainers of the simulated agency: agreements by the month, what each period allows, and what was used by a morning.

How much of a period will be used in the end is drawn once, and how it spreads over the period's workdays. A sentence
such as "on course to be over" is judged by that end, not by anybody's extrapolation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Literal

from briefing.demo.chance import Chance, stream
from briefing.demo.days import plus, workdays
from briefing.demo.people import Human, People
from briefing.demo.planted import NearMiss, Planted

Allowance = Literal["hours", "value", "unlimited"]
TITLES = ("care plan", "growth retainer", "support hours", "content retainer", "SEO retainer", "ads management")
PER_CLIENT = 0.8
"""Agreements for each client."""

QUARTERS = 4
"""Time is logged in quarters of an hour."""

RATE = 120
"""US dollars an hour, where an agreement allows value."""

APPROVED_AFTER = 2
"""Workdays after which logged time is approved, where it has to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What a client buys each month."""

    id: str
    client: str
    title: str
    manager: Human
    known: date
    starts: date
    ends: date | None
    """The last day; None goes on."""

    renews: bool
    allows: Allowance
    hours: int
    """Of one period; with `value` what its money buys, with `unlimited` what is usual."""

    rollover: bool
    approves: bool
    """Whether logged time counts only when it is approved; what is bought by value counts at once."""

    @property
    def amount(self) -> int:
        """US dollars that one period allows; 0 where it allows hours."""
        return self.hours * RATE if self.allows == "value" else 0

    @property
    def fee(self) -> int:
        """US dollars for one period."""
        return self.hours * RATE

    def state(self, morning: date) -> Literal["pending", "active", "expired"]:
        """What the list of agreements says on a morning."""
        if self.starts > morning:
            return "pending"
        return "expired" if self.ends is not None and self.ends < morning else "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One month of an agreement, with everything that will be used of it."""

    id: str
    agreement: Agreement
    starts: date
    ends: date
    """The last day, included."""

    closed: date
    days: tuple[date, ...]
    """Its workdays."""

    quarters: tuple[int, ...]
    """Quarters of an hour used up to and including each of them."""

    early: bool = False
    """Much of it is used within the first days, and little later."""

    @property
    def share(self) -> float:
        """What will have been used in the end, of what is allowed."""
        return self.quarters[-1] / QUARTERS / self.agreement.hours

    def state(self, morning: date) -> Literal["open", "closed"]:
        """A period is closed some days after its end."""
        return "closed" if self.closed < morning else "open"

    def worked(self, morning: date) -> float:
        """Hours logged before a morning, approved or not."""
        return self._until(sum(day < morning for day in self.days))

    def used(self, morning: date) -> float:
        """Hours that count by a morning."""
        gone = sum(day < morning for day in self.days)
        wait = self.agreement.approves and self.ends >= plus(morning, -4)
        return self._until(max(gone - APPROVED_AFTER, 0) if wait else gone)

    def unapproved(self, morning: date) -> float:
        """Hours logged that do not count yet."""
        return self.worked(morning) - self.used(morning)

    def runs(self, morning: date) -> bool:
        """Whether a morning lies within it, and it is open."""
        return self.starts <= morning <= self.ends and self.state(morning) == "open"

    def _until(self, count: int) -> float:
        return self.quarters[count - 1] / QUARTERS if count else 0.0


class Retainers:
    """All agreements of one world."""

    def __init__(self, seed: int, people: People, first: date, last: date, scale: int = 1) -> None:
        self.seed, self.people, self.first, self.last, self.scale = seed, people, first, last, scale

    @cached_property
    def agreements(self) -> tuple[Agreement, ...]:
        """20 at scale 1."""
        return tuple(self._agreement(number) for number in range(round(len(self.people.clients) * PER_CLIENT)))

    @cached_property
    def periods(self) -> dict[str, Period]:
        """Every period of the world's days by its id."""
        found = (period for agreement in self.agreements for period in self._periods(agreement))
        return {period.id: period for period in found}

    @lru_cache(maxsize=4)  # noqa: B019  (a world lives as long as its process)
    def at(self, morning: date) -> tuple[Period, ...]:
        """Periods that have begun, and the last closed one: what a list of open and recent periods holds."""
        oldest = plus(morning, -60)
        return tuple(one for one in self.periods.values() if one.starts <= morning and one.ends >= oldest)

    # --- what holds -------------------------------------------------------------------------------------------------

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether the rule's sentence about a period holds on a morning; None for a rule of another subject."""
        if rule not in {"retainer-over", "retainer-unused"}:
            return None
        period = self.periods.get(id)
        if period is None or period.starts > morning or period.state(morning) == "closed":
            return False
        agreement = period.agreement
        if agreement.allows == "unlimited":
            return False
        if rule == "retainer-over":
            # What is over stays so; what is said to be on its way must get there.
            return period.share > 1.0
        return period.runs(morning) and not agreement.rollover and period.share < 0.85

    def matters(self, morning: date) -> Iterator[Planted]:
        """Periods that stand out on a morning."""
        for period in self.at(morning):
            if not period.runs(morning):
                continue
            if self.is_true("retainer-over", period.id, morning):
                yield self._planted("retainer-over", period, not self._is_over(period, morning))
            elif self.is_true("retainer-unused", period.id, morning):
                yield self._planted("retainer-unused", period, not self._is_lost(period, morning))

    def near_misses(self, morning: date) -> Iterator[NearMiss]:
        """Periods that look so on a morning and are not."""
        for period in self.at(morning):
            for rule, kind in self._looks(period, morning):
                if not self.is_true(rule, period.id, morning):
                    yield NearMiss(rule=rule, id=period.id, kind=kind, client=period.agreement.client)

    @staticmethod
    def _is_over(period: Period, morning: date) -> bool:
        """More is used than is allowed, by more than a rounding; or far too little is left for the last third."""
        gone = sum(day < morning for day in period.days) / len(period.days)
        allowed = period.agreement.hours
        return period.used(morning) > 1.05 * allowed or (gone >= 0.65 and period.share >= 1.3)

    @staticmethod
    def _is_lost(period: Period, morning: date) -> bool:
        """Within the last five workdays most of it is left, and most of that will be lost."""
        left = sum(day >= morning for day in period.days)
        return 1 <= left <= 5 and period.share < 0.5

    @staticmethod
    def _looks(period: Period, morning: date) -> Iterator[tuple[str, str]]:
        agreement, worked = period.agreement, period.worked(morning)
        gone, left = sum(day < morning for day in period.days), sum(day >= morning for day in period.days)
        if period.runs(morning):
            if agreement.allows == "unlimited" and worked > agreement.hours * gone / len(period.days):
                yield "retainer-over", "unlimited hours"
            if agreement.allows == "unlimited" and left <= 5 and worked < agreement.hours * 0.8:
                yield "retainer-unused", "unlimited hours"
            if period.early and 1 <= gone <= 5:
                yield "retainer-over", "busy first days"
            if agreement.rollover and left <= 5 and period.share < 0.85:
                yield "retainer-unused", "what is left goes over"
            if gone <= 4 and worked < 0.1 * agreement.hours:
                yield "retainer-unused", "has just begun"
        elif period.state(morning) == "closed" and period.share > 1.0:
            yield "retainer-over", "closed period"
        elif period.state(morning) == "closed" and period.share < 0.6:
            yield "retainer-unused", "closed period"

    @staticmethod
    def _planted(rule: str, period: Period, grey: bool) -> Planted:
        return Planted(rule=rule, id=period.id, client=period.agreement.client, since=period.starts, grey=grey)

    def client_of(self, id: str) -> str | None:
        """The client of a period; None where there is none of that id."""
        period = self.periods.get(id)
        return None if period is None else period.agreement.client

    # --- agreements -------------------------------------------------------------------------------------------------

    def _agreement(self, number: int) -> Agreement:
        draw = stream(self.seed, "agreement", number)
        # Every client is met before one has two.
        client = self.people.clients[number * 7 % len(self.people.clients)]
        kind = draw.random()
        by_value = 0.15 <= kind < 0.35
        starts = _month(plus(self.first, -draw.between(0, 200)))
        ends = plus(_month(plus(starts, 366)), -1) if draw.chance(0.5) else None
        renews = ends is not None and draw.chance(0.7)
        return Agreement(
            id=f"R-{number + 1:04d}", client=client.name, title=f"{client.name}: {draw.one_of(TITLES)}",
            manager=draw.one_of(self.people.with_role("manager", "account")), known=plus(starts, -draw.between(2, 30)),
            starts=starts, ends=None if renews else ends, renews=renews,
            allows="unlimited" if kind < 0.15 else "value" if by_value else "hours",
            hours=draw.between(4, 30) * 2, rollover=draw.chance(0.25), approves=draw.chance(0.5) and not by_value,
        )  # fmt: skip

    def _periods(self, agreement: Agreement) -> Iterator[Period]:
        starts = max(agreement.starts, _month(self.first))
        last = min(agreement.ends or self.last, self.last)
        while starts <= last:
            after = _month(plus(starts, 32))
            yield self._period(agreement, starts, plus(after, -1))
            starts = after

    def _period(self, agreement: Agreement, starts: date, ends: date) -> Period:
        id_ = f"{agreement.id}-{starts:%Y%m}"
        draw = stream(self.seed, "period", id_)
        share, early = _share(draw)
        days = workdays(starts, ends)
        weights = [0.5 + draw.random() for _ in days]
        if early:
            # A third of the month's work on the first three days.
            weights = [weight * (3.2 if place < 3 else 1.0) for place, weight in enumerate(weights)]
        whole = round(share * agreement.hours * QUARTERS)
        total = sum(weights)
        return Period(
            id=id_, agreement=agreement, starts=starts, ends=ends, closed=plus(ends, draw.between(1, 9)),
            days=tuple(days), quarters=tuple(round(whole * sum_ / total) for sum_ in accumulate(weights)), early=early,
        )  # fmt: skip


def _share(draw: Chance) -> tuple[float, bool]:
    """What will have been used in the end, of what is allowed, and whether much of it at once."""
    luck = draw.random()
    if luck < 0.17:
        return 1.0 + min(draw.expovariate(1 / 0.35), 1.5), False
    if luck < 0.31:
        return 0.05 + 0.75 * draw.random(), False
    return 0.86 + 0.11 * draw.random(), luck < 0.41


def _month(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)
