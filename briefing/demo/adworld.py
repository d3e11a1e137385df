"""Ad accounts of the simulated agency: what their days are made of, and what happens to them.

Leads are overdispersed counts (negative binomial), each account with its own dispersion; volumes have a weekday shape
and drift slowly; some platforms report a part of the leads days late. An effect changes what a visitor or a click is
worth from one day to another: that, and not the numbers it happens to give, is what the truth goes by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from briefing.demo.chance import Chance, stream
from briefing.demo.days import plus
from briefing.demo.people import Human

MICROS = 1_000_000
Kind = Literal["rise", "better", "luck", "bad day", "definition", "paused", "dear", "just under"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something that happens to an account from one day to another."""

    kind: Kind
    first: date
    last: date
    visitors: float = 1.0
    """What the share of visitors who become leads is multiplied with."""

    clicks: float = 1.0
    """What the price of a click is multiplied with."""

    even: bool = False
    """The counts of these days are set, without chance of their own: for what must look like luck and no more."""

    ramp: bool = False
    """It comes over its days, not at once."""

    def strength(self, day: date) -> float:
        """0 to 1: how much of it there is on a day."""
        if not self.first <= day <= self.last:
            return 0.0
        return min(1.0, ((day - self.first).days + 1) / 21) if self.ramp else 1.0

    @property
    def price(self) -> float:
        """What a lead's price is multiplied with at full strength."""
        return self.clicks / self.visitors


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A part of an account with a share of its spend."""

    id: str
    name: str
    share: float
    price: float
    """Its price per lead against the account's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One entry of an account's change history."""

    account: str
    campaign: str
    at: datetime
    user: str
    level: str
    object: str
    change: str
    """The action in words: `Keyword paused`."""

    field: str
    old: str
    new: str
    heavy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An ad account with the constants of its days."""

    id: str
    name: str
    client: str
    platform: Literal["google", "meta"]
    owner: Human
    leads: float
    """On an average day."""

    price: float
    """Of a lead, in US dollars."""

    click_price: float
    click_rate: float
    """Clicks per impression."""

    dispersion: float
    weekend: float
    """Volume of a weekend day against a weekday."""

    weekend_value: float
    """What a visitor of a weekend day is worth against one of a weekday."""

    drift: float
    phase: float
    late: float
    """Share of a day's leads that come in a day late."""

    target: int | None
    campaigns: tuple[Campaign, ...]
    effects: tuple[Effect, ...] = ()
    edits_a_week: float = 1.0

    @property
    def settling(self) -> int:
        """Mornings that a day's leads need before all of them are counted."""
        return 2 if self.late else 0

    def status(self, day: date) -> str:
        """Active or paused on a day."""
        return "Paused" if any(e.kind == "paused" and e.first <= day <= e.last for e in self.effects) else "Active"

    def definition(self, day: date) -> str:
        """Which actions count as a lead."""
        changed = any(e.kind == "definition" and e.first <= day for e in self.effects)
        return "form sent, qualified" if changed else "form sent"

    def spend(self, day: date) -> float:
        """Dollars expected on a day."""
        if self.status(day) == "Paused":
            return 0.0
        volume = self.weekend if day.weekday() >= 5 else (7 - 2 * self.weekend) / 5
        return self.leads * self.price * volume * (1 + self.drift * math.sin(day.toordinal() / 23 + self.phase))

    def click_cost(self, day: date) -> float:
        """Dollars per click on a day."""
        cost = self.click_price
        for effect in self.effects:
            cost *= 1 + (effect.clicks - 1) * effect.strength(day)
        return cost

    def value(self, day: date) -> float:
        """Leads per dollar spent on a day, as the world means it."""
        weekly = (5 + 2 * self.weekend_value) / 7
        value = (self.weekend_value if day.weekday() >= 5 else 1.0) / weekly / self.price
        value *= 1 + self.drift * math.sin(day.toordinal() / 31 + 2 * self.phase)
        for effect in self.effects:
            strength = effect.strength(day)
            value *= (1 + (effect.visitors - 1) * strength) / (1 + (effect.clicks - 1) * strength)
        return value

    def expected(self, day: date) -> float:
        """Leads expected on a day."""
        return self.spend(day) * self.value(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What one campaign did on one day, in the end."""

    spend: int
    """Cents."""

    impressions: int
    clicks: int
    leads: int
    late: int = 0
    """Leads of this day that were not yet counted on the next morning; half of them a morning later."""

    def seen(self, age: int) -> int:
        """Leads as they are reported so many mornings later; 1 is the next one."""
        return self.leads - (self.late if age <= 1 else self.late // 2 if age == 2 else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All days of one account, by campaign and date."""

    account: Account
    days: Mapping[str, Mapping[date, Day]] = field(default_factory=dict)

    def total(self, day: date, age: int) -> tuple[int, int]:
        """Cents and leads of the account on one day as seen so many mornings later."""
        rows = [days[day] for days in self.days.values() if day in days]
        return sum(row.spend for row in rows), sum(row.seen(age) for row in rows)

    def price(self, morning: date, days: int = 7, *, skip: int = 0) -> tuple[float, int] | None:
        """Dollars per lead over closed days before a morning, with the leads; None without a lead."""
        cents = leads = 0
        for back in range(1 + skip, days + 1 + skip):
            more_cents, more_leads = self.total(plus(morning, -back), back)
            cents, leads = cents + more_cents, leads + more_leads
        return (cents / 100 / leads, leads) if leads else None


def history(seed: int, account: Account, first: date, last: date) -> History:
    """Draw an account's days, each campaign from a stream of its own."""
    found: dict[str, dict[date, Day]] = {}
    weights = sum(campaign.share / campaign.price for campaign in account.campaigns)
    for campaign in account.campaigns:
        draw = stream(seed, "days", account.id, campaign.id)
        days, day = {}, first
        while day <= last:
            days[day] = _day(draw, account, campaign, day, weights)
            day = plus(day, 1)
        found[campaign.id] = days
    return History(account=account, days=found)


def _day(draw: Chance, account: Account, campaign: Campaign, day: date, weights: float) -> Day:
    spend = account.spend(day) * campaign.share
    if spend == 0:
        return Day(spend=0, impressions=0, clicks=0, leads=0)
    even = any(effect.even and effect.strength(day) for effect in account.effects)
    spend *= math.exp(draw.gauss(0, 0.02 if even else 0.07))
    clicks = draw.overdispersed(spend / account.click_cost(day), 1.0 if even else 1.6)
    mean = spend * account.value(day) / campaign.price / weights
    leads = _rounded(draw, mean) if even else draw.overdispersed(mean, account.dispersion)
    impressions = max(clicks, round(clicks / account.click_rate * math.exp(draw.gauss(0, 0.05))))
    return Day(
        spend=round(spend * 100), impressions=impressions, clicks=max(clicks, leads), leads=leads,
        late=draw.thinned(leads, account.late) if account.late else 0,
    )  # fmt: skip


def _rounded(draw: Chance, mean: float) -> int:
    """The mean as a count, its fraction by chance."""
    whole = int(mean)
    return whole + draw.chance(mean - whole)


def exactly(days: Mapping[date, Day], chosen: list[date], cents: int, leads: int) -> dict[date, Day]:
    """The same days with the chosen ones scaled to exact totals; what rounding leaves goes to the largest day."""
    some = {day: days[day] for day in chosen}
    all_cents, all_leads = sum(row.spend for row in some.values()), sum(row.leads for row in some.values())
    some = {
        day: replace(row, spend=row.spend * cents // all_cents, leads=row.leads * leads // all_leads)
        for day, row in some.items()
    }
    largest = max(some, key=lambda day: (some[day].leads, day))
    row = some[largest]
    some[largest] = replace(
        row, spend=row.spend + cents - sum(one.spend for one in some.values()),
        leads=row.leads + leads - sum(one.leads for one in some.values()),
    )  # fmt: skip
    return {**days, **some}
