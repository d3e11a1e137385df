"""Why a cost per lead moved, as far as sums can say: which factor, and which campaign carries it.

    cost per lead = click price / leads per click,    click price = price of 1,000 impressions / (1000 x click rate)

A ratio's logarithm is the sum of its factors' (Ang 2004). A factor is named only if it holds a quarter of the move and
its own test says that it moved; that a price did not move is said only if its own test says that. No sentence here
says "because": these are parts of a sum. Pure; only the standard library. Section 8 of the method.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Literal, NamedTuple

from briefing.anomaly import MICROS, DayRow, Window
from briefing.chance import expected_leads, root_z

FactorName = Literal["cpc", "cpm", "ctr", "cvr"]
"""Click price, price of 1,000 impressions, clicks per impression, leads per click."""

LEAST_SHARE = 0.25
MOVED_Z = 2.0
UNMOVED = 0.05
"""A price within 5 % of its usual one, and not moved by its own test, is called unchanged."""

LEAST_SPREAD = 0.05
"""Prices scatter by at least this much from day to day, whatever the base says."""

LEAST_DAYS = 7
LEAST_CAMPAIGN_LEADS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One factor of the cost per lead, now and in the base."""

    name: FactorName
    now: float
    before: float
    log: float
    """Its part of ln(cost per lead ratio): positive makes leads dearer."""

    share: float
    """Of the whole move."""

    z: float | None
    """By its own test; None: too few days to say."""

    @property
    def named(self) -> bool:
        """Large enough, and its own test agrees."""
        return self.share >= LEAST_SHARE and self.z is not None and abs(self.z) >= MOVED_Z

    @property
    def unchanged(self) -> bool:
        """Its own test says that it did not move."""
        return self.z is not None and abs(self.z) < MOVED_Z and abs(self.log) <= UNMOVED


class Totals(NamedTuple):
    """Sums of some days. Spend in micros."""

    spend: float
    impressions: float
    clicks: float
    leads: float


def factors(rows: Sequence[DayRow], window: Window) -> dict[FactorName, Factor]:
    """The factors of a window's move against its base; empty where clicks are not known for all days.

    Without impressions there are `cpc` and `cvr` only.
    """
    days = _days(rows, window)
    if days is None:
        return {}
    inside, before = days
    now, then = _totals(inside), _totals(before)
    if min(now.clicks, then.clicks, then.leads, now.spend, then.spend) <= 0:
        return {}
    logs: dict[FactorName, float] = {
        "cpc": math.log((now.spend / now.clicks) / (then.spend / then.clicks)),
        "cvr": -math.log((now.leads / now.clicks) / (then.leads / then.clicks)) if now.leads else math.inf,
    }
    total = logs["cpc"] + logs["cvr"]
    if all(row.impressions for row in (*inside, *before) if row.clicks):
        logs["cpm"] = math.log((now.spend / now.impressions) / (then.spend / then.impressions))
        logs["ctr"] = -math.log((now.clicks / now.impressions) / (then.clicks / then.impressions))
    return {
        name: Factor(
            name=name, now=FORMULAS[name](now), before=FORMULAS[name](then), log=log, share=_share(log, total),
            z=_own_test(name, inside, before, window),
        )
        for name, log in logs.items()
    }  # fmt: skip


def _share(log: float, total: float) -> float:
    if math.isinf(total):
        return 1.0 if math.isinf(log) else 0.0
    return log / total if total else 0.0


FORMULAS: Mapping[FactorName, Callable[[Totals], float]] = {
    "cpc": lambda t: t.spend / MICROS / t.clicks,
    "cpm": lambda t: 1000 * t.spend / MICROS / t.impressions,
    "ctr": lambda t: t.clicks / t.impressions,
    "cvr": lambda t: t.leads / t.clicks,
}


def _days(rows: Sequence[DayRow], window: Window) -> tuple[list[DayRow], list[DayRow]] | None:
    """The usable days of the window and of its base; None where one of them lacks its clicks."""
    definition = next((row.definition for row in rows if row.day == window.last), "")
    usable = [row for row in rows if not row.partial and row.leads is not None and row.definition == definition]
    inside = [row for row in usable if window.first <= row.day <= window.last]
    before = [row for row in usable if window.base_first <= row.day <= window.base_last]
    if not inside or not before or any(row.clicks is None for row in (*inside, *before)):
        return None
    return inside, before


def _totals(rows: Sequence[DayRow]) -> Totals:
    return Totals(
        sum(row.spend for row in rows),
        sum(row.impressions or 0 for row in rows),
        sum(row.clicks or 0 for row in rows),
        sum(row.leads or 0 for row in rows),
    )


def _own_test(
    name: FactorName, inside: Sequence[DayRow], before: Sequence[DayRow], window: Window
) -> float | None:  # fmt: skip
    now, then = _totals(inside), _totals(before)
    if name == "cvr":  # counts against counts: the test of the cost per lead, with clicks in the place of money
        return root_z(now.leads, expected_leads(now.clicks, then.clicks, then.leads), then.leads, window.phi)
    formula = FORMULAS[name]
    daily = [(row.day, value) for row in before if (value := _value(formula, row)) is not None]
    return level_z(formula(now), daily, [row.day for row in inside])


def _value(formula: Callable[[Totals], float], row: DayRow) -> float | None:
    """A day's value; None where it has none, or none that has a logarithm."""
    totals = _totals([row])
    if totals.clicks <= 0 or totals.spend <= 0:
        return None
    return formula(totals)


def level_z(now: float, daily: Sequence[tuple[date, float]], days: Sequence[date]) -> float | None:
    """How far a price over some days lies from its usual level, in its own day-to-day spread.

    The usual level is the weekday-adjusted median of the base; the spread is the median absolute deviation of the
    logarithms, over the square root of the number of days, at least 5 %. None with under seven days to go by.
    """
    if len(daily) < LEAST_DAYS or not days or now <= 0:
        return None
    index = weekday_index(daily)
    centre = median(value / index[day.weekday()] for day, value in daily)
    off = median(abs(math.log(value / (centre * index[day.weekday()]))) for day, value in daily)
    expected = centre * sum(index[day.weekday()] for day in days) / len(days)
    return distance(now, expected, max(1.4826 * off / math.sqrt(len(days)), LEAST_SPREAD))


def distance(now: float, expected: float, spread: float) -> float:
    """ln(now / expected) in units of its spread."""
    return math.log(now / expected) / spread


def weekday_index(daily: Sequence[tuple[date, float]]) -> list[float]:
    """Each weekday against its week, Monday first: the median over up to six weeks, shrunk half-way to 1."""
    last = max(day for day, _ in daily)
    weeks: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for day, value in daily:
        weeks[(last - day).days // 7].append((day.weekday(), value))
    ratios: dict[int, list[float]] = defaultdict(list)
    for number, week in weeks.items():
        mean = sum(value for _, value in week) / len(week)
        if number < 6 and len(week) >= 5 and mean > 0:
            for weekday, value in week:
                ratios[weekday].append(value / mean)
    return [(1 + median(ratios[weekday])) / 2 if len(ratios[weekday]) >= 2 else 1.0 for weekday in range(7)]


class CampaignSums(NamedTuple):
    """A campaign in the window and in its base. Spend in any one unit."""

    spend: float
    leads: float
    base_spend: float
    base_leads: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The account's missing leads as a sum over campaigns."""

    total: float
    """Expected less seen."""

    efficiency: Mapping[str, float]
    """Leads a campaign misses at its own price of the base."""

    mix: Mapping[str, float]
    """Leads missed because money went to a dearer campaign."""

    @property
    def carrier(self) -> str | None:
        """The campaign that holds at least half of the move."""
        if not self.efficiency or not self.total:
            return None
        key = max(self.efficiency, key=lambda one: (self.efficiency[one] / self.total, one))
        return key if self.efficiency[key] / self.total >= 0.5 else None

    @property
    def by_mix(self) -> bool:
        """At least half of the move is money that moved between campaigns."""
        return bool(self.total) and sum(self.mix.values()) / self.total >= 0.5

    @property
    def everywhere(self) -> bool:
        """Three campaigns or more, each got dearer, none holds half."""
        same_way = all(part * self.total > 0 for part in self.efficiency.values())
        return len(self.efficiency) >= 3 and same_way and self.carrier is None and not self.by_mix


def campaign_parts(campaigns: Mapping[str, CampaignSums], *, scale: float) -> Parts:
    """Split the missing leads into what each campaign lost at its own price, and what moving money cost.

    `scale` is the window's length over the base's. Campaigns with under five leads in the base have no price of their
    own: the account's serves.
    """
    base_spend = sum(one.base_spend for one in campaigns.values())
    base_leads = sum(one.base_leads for one in campaigns.values())
    if base_spend <= 0 or base_leads <= 0:
        return Parts(total=0.0, efficiency={}, mix={})
    account = base_spend / base_leads
    efficiency, mix = {}, {}
    for key, one in campaigns.items():
        own = one.base_spend / one.base_leads if one.base_leads >= LEAST_CAMPAIGN_LEADS else account
        own = own if own > 0 else account
        before = one.base_spend * scale
        efficiency[key] = one.spend / own - one.leads
        mix[key] = (one.spend - before) / account - (one.spend - before) / own
    return Parts(total=sum(efficiency.values()) + sum(mix.values()), efficiency=efficiency, mix=mix)
