"""Is this cost per lead unusual, against what, and what does it cost: numbers in, verdict with reasons out.

Spend is a fact; cost per lead divides a fact by a small random count. So a rise is judged by evidence: the leads of
the last 1, 3 and 7 closed days against what their spend would have bought at the price of the 28 days before.

    E    expected leads = spend x (leads before + 0.5) / spend before
    phi  dispersion: the variance of daily leads over their mean, half from the account's own days, half from a line
         a + b x (leads a day) fitted over all accounts of the platform
    z    2 (sqrt(L + 3/8) - sqrt(E + 1/8)) / sqrt(phi (1 + E/L0)), a variance-stabilised count test (Anscombe 1948)
    p    its normal tail; below ten expected leads the exact tail of a negative binomial, half of the value seen counted
    p15  the same with Student's t of 15 degrees of freedom (Wallace's approximation), because phi is estimated too

An account's p is twice the smallest of its three windows, which overlap. Accounts of one morning are judged together
(Benjamini and Hochberg 1995), so that 40 quiet accounts do not make news by their number. Money is in units of the
account's currency, spend comes in micros. Pure: no clock, no file; only the standard library, plain lists for speed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Literal, NamedTuple, Protocol

from briefing.chance import (
    Prior,
    Rank,
    benjamini_hochberg,
    dispersion,
    expected_leads,
    fit_prior,
    leads_test,
    t_tail_of,
)

MICROS = 1_000_000
SHEET = Prior()
"""The line of the reference sheet, before there is data."""

ONE_SIDED_5_PERCENT = 1.645

Direction = Literal["up", "down"]
"""Of the cost per lead: `up` is fewer leads than the money should buy."""

Verdict = Literal["news", "watch", "usual", "learning", "unknown"]
Why = Literal[
    "", "short history", "few leads", "no spend", "not tracked", "definition", "incomplete day", "no rows", "not read"
]
"""Why an account is `learning` or `unknown`."""


class DayRow(Protocol):
    """One account on one day of its own zone, the newest reading; `briefing.rules.view.AdSeriesDay` is one."""

    @property
    def day(self) -> date:
        """The day."""

    @property
    def spend(self) -> int:
        """Micros of the account's currency."""

    @property
    def impressions(self) -> int | None:
        """None: not known."""

    @property
    def clicks(self) -> int | None:
        """None: not known."""

    @property
    def leads(self) -> float | None:
        """None: not tracked. 0: tracked, and none came."""

    @property
    def definition(self) -> str:
        """Which actions count as a lead."""

    @property
    def partial(self) -> bool:
        """Read before the day was over."""

    @property
    def vintage(self) -> date:
        """The day of the read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """The parameters, with the defaults of the reference sheet (section 14)."""

    base_days: int = 28
    """Whole weeks, so that weekdays balance."""

    windows: tuple[int, ...] = (1, 3, 7)
    median_days: int = 30
    least_days: int = 14
    """Days with spend or leads in the base, else the account is still being learned."""

    least_days_after_shift: int = 7
    least_expected: float = 3.0
    least_base_leads: float = 10.0
    exact_below: float = 10.0
    """Expected leads under which the exact tail is used."""

    prior_days: int = 28
    """Days' worth of weight that the platform's line has in an account's dispersion."""

    prior_accounts: int = 10
    """Accounts with over a lead a day needed before the line is fitted."""

    q: float = 0.10
    """Share of false items accepted."""

    watch_p: float = 0.01
    t_tail_up_to: int = 500
    """Accounts in a morning up to which the t tail goes into Benjamini-Hochberg, the normal one above."""

    agree_ratio: float = 0.10
    agree_count: int = 2
    money_share: float = 0.05
    """Of the usual daily spend: a smaller loss a day is not told."""

    silent_days: int = 3
    """An account whose last usable day lies further back than its settling time and these is not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One account as the method sees it."""

    key: str
    rows: Sequence[DayRow]
    """In the order of days, one row a day."""

    today: date
    """In the account's zone: days before it are closed."""

    platform: str = ""
    settling_days: int = 1
    """Whole days that must lie between a day and its reading before its leads are tested."""

    money_floor: float = 25.0
    """The least loss a day worth telling, in the account's currency: about 25 EUR."""

    densify: bool = True
    """A day without a row is a day without activity. False where rows were lost on the way: such a day is unknown."""

    base_from: date | None = None
    """The first day after a large change: the base starts there if a week or more is left."""


class Window(NamedTuple):
    """One tested window against its base. Spend is in micros."""

    days: int
    last: date
    spend: int
    leads: float
    base_first: date
    base_days: int
    """Days of the base that had spend or leads."""

    base_spend: int
    base_leads: float
    expected: float
    raw: float
    """Dispersion of the base's own days."""

    phi: float
    z: float
    fewer: float
    more: float

    @property
    def first(self) -> date:
        """The window's first day."""
        return self.last - timedelta(days=self.days - 1)

    @property
    def base_last(self) -> date:
        """The day before the window."""
        return self.last - timedelta(days=self.days)

    @property
    def cpl(self) -> float | None:
        """Cost per lead in units of the currency; None without a lead."""
        return self.spend / MICROS / self.leads if self.leads else None

    @property
    def cpl_before(self) -> float:
        """Cost per lead of the base."""
        return self.base_spend / MICROS / self.base_leads

    @property
    def change(self) -> float | None:
        """Cost per lead against the base's, as ratio - 1; None without a lead."""
        return self.cpl / self.cpl_before - 1 if self.cpl is not None else None

    def p(self, direction: Direction) -> float:
        """Chance alone would go so far this way."""
        return self.fewer if direction == "up" else self.more

    def cost_a_day(self, direction: Direction) -> float:
        """Money a day beyond what these leads used to cost (or saved), at the base's price."""
        missing = self.expected - self.leads if direction == "up" else self.leads - self.expected
        return missing * self.cpl_before / self.days

    def cost_at_least(self, direction: Direction) -> float:
        """The lower end of `cost_a_day`: in 19 of 20 cases it is more. May be below 0."""
        spread = math.sqrt(self.phi * self.expected * (1 + self.expected / self.base_leads))
        return self.cost_a_day(direction) - ONE_SIDED_5_PERCENT * spread * self.cpl_before / self.days

    @property
    def usual_daily_spend(self) -> float:
        """Of the base's days that had any, in units of the currency."""
        return self.base_spend / MICROS / self.base_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """Cost per lead of one day against three others. `inf` is spend without a lead, None is nothing to compare."""

    day: date
    cpl: float | None
    day_before: float | None
    week_before: float | None
    median: float | None

    def change(self, other: float | None) -> float | None:
        """As ratio - 1; infinite for a day without a lead against one with; None where there is no ratio."""
        if self.cpl is None or not other or math.isinf(other):
            return None
        return self.cpl / other - 1

    def agreeing(self, direction: Direction, least: float = 0.10) -> int:
        """How many of the three moved the same way by at least this much."""
        changes = (self.change(other) for other in (self.day_before, self.week_before, self.median))
        sign = 1 if direction == "up" else -1
        return sum(change is not None and change * sign >= least for change in changes)


class Side(NamedTuple):
    """One direction's evidence for an account, and its place among all accounts of the morning."""

    direction: Direction
    window: Window
    """The one that goes furthest."""

    place: Rank = Rank()
    """Among the accounts of the morning."""

    @property
    def p(self) -> float:
        """Twice the smallest of the windows: they overlap, so twice and not three times."""
        return min(1.0, 2 * self.window.p(self.direction))

    @property
    def p15(self) -> float:
        """The same with the t tail."""
        return min(1.0, 2 * t_tail_of(self.window.p(self.direction)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is said of one account, with every figure behind it."""

    key: str
    verdict: Verdict
    why: Why = ""
    direction: Direction | None = None
    """Which way, for `news` and `watch`."""

    tested_to: date | None = None
    """The last day whose leads are complete."""

    windows: tuple[Window, ...] = ()
    up: Side | None = None
    down: Side | None = None
    prior: Prior = SHEET
    tested: int = 0
    """Accounts judged together."""

    t_tail: bool = True
    """Whether p15 or p went into Benjamini-Hochberg."""

    comparisons: Comparisons | None = None
    money_limit: float = 0.0

    @property
    def side(self) -> Side | None:
        """The evidence of the direction that is told."""
        return self.down if self.direction == "down" else self.up

    @property
    def fired(self) -> Window | None:
        """The window that is told; None where nothing is."""
        return self.side.window if self.direction is not None and self.side is not None else None

    def window(self, days: int) -> Window | None:
        """The tested window of so many days."""
        return next((window for window in self.windows if window.days == days), None)


# --- preparing the series --------------------------------------------------------------------------------------------


class _Base(NamedTuple):
    """What a window is held against: its first position in the prepared lists, sums, and the days' own scatter."""

    start: int
    days: int
    spend: int
    leads: float
    raw: float


@dataclass(slots=True)
class _Prepared:
    """The last five weeks of an account as plain lists that end on the last usable day. Rows are let go."""

    key: str
    platform: str
    money_floor: float
    base_from: date | None
    start: int
    """The ordinal of the first day."""

    spend: list[int]
    leads: list[float]
    squares: list[float]
    """Leads squared over spend: sums of it give the dispersion of any stretch without going through its days."""

    blocked: list[Why]
    """Why a day may not be used; empty for a usable one."""

    smallest: int = 0
    """The least spend of a day that had any; 0 where a day had leads, or money back, without spend."""

    base: _Base | None = None
    """Of the longest window."""

    def day(self, position: int) -> date:
        """The date of a position in the lists."""
        return date.fromordinal(self.start + position)


def _prepare(series: Series, method: Method) -> _Prepared | Why:
    """Lay the rows out by day; a day without a row lies between two that have one, and is a day without activity."""
    last = _last_usable(series)
    if last is None or (series.today - last.day).days > series.settling_days + 1 + method.silent_days:
        return "no rows"
    if last.leads is None:
        return "not tracked"
    horizon = method.base_days + max(method.windows)
    end = last.day.toordinal()
    size = min(horizon, end - series.rows[0].day.toordinal() + 1)
    prepared = _Prepared(
        series.key, series.platform, series.money_floor, series.base_from, end - size + 1, [0] * size, [0.0] * size,
        [0.0] * size, [""] * size if series.densify else ["incomplete day"] * size,
    )  # fmt: skip
    _lay_out(series.rows[-(horizon + (series.today - last.day).days + 1) :], prepared, last.definition)
    return prepared


def _lay_out(rows: Sequence[DayRow], prepared: _Prepared, definition: str) -> None:
    """Put each row in its place. Goes once through every day of every account, hence plain."""
    spend, leads, blocked = prepared.spend, prepared.leads, prepared.blocked
    start, size = prepared.start, len(spend)
    for row in rows:
        position = row.day.toordinal() - start
        if not 0 <= position < size:
            continue
        count = row.leads
        if count is None or count < 0 or row.partial:
            blocked[position] = "incomplete day"
        elif row.definition != definition:
            blocked[position] = "definition"
        else:
            blocked[position] = ""
            spend[position] = row.spend
            leads[position] = count
    spent = [money for money in spend if money > 0]
    odd = len(spent) < size and any(money <= 0 and (money or count) for money, count in zip(spend, leads, strict=True))
    prepared.smallest = 0 if odd else min(spent, default=0)
    prepared.squares = [count * count / money if money > 0 else 0.0 for money, count in zip(spend, leads, strict=True)]


def _last_usable(series: Series) -> DayRow | None:
    """The last closed day that was read after it was over and whose leads had time to come in."""
    for row in reversed(series.rows):
        if row.day < series.today and not row.partial and (row.vintage - row.day).days > series.settling_days:
            return row
    return None


def _base(prepared: _Prepared, start: int, method: Method) -> _Base | None:
    """The base that ends before a window; None when nothing was spent or no lead came in it."""
    low = max(0, start - method.base_days)
    if prepared.base_from is not None:
        shift = prepared.base_from.toordinal() - prepared.start
        weeks = (start - shift) // 7
        if low < shift and weeks >= 1:
            after = _summed(prepared, max(low, start - 7 * weeks), start)
            if after is not None and after.days >= method.least_days_after_shift:
                return after
    return _summed(prepared, low, start)


def _summed(prepared: _Prepared, start: int, stop: int) -> _Base | None:
    """Sums of a stretch, and the scatter of its days: sum of (L - E)^2 / max(E, 0.3), over days less one.

    Where every day's E is over 0.3, the sum is that of L^2 / E, less the leads: no need to go through the days.
    """
    spend, leads = prepared.spend[start:stop], prepared.leads[start:stop]
    base_spend, base_leads = sum(spend), sum(leads)
    if base_spend <= 0 or base_leads <= 0:
        return None
    price = base_leads / base_spend
    if price * prepared.smallest >= 0.3:
        days = len(spend) - spend.count(0)
        scatter = sum(prepared.squares[start:stop]) / price - base_leads
    else:
        pairs = [(price * money, count) for money, count in zip(spend, leads, strict=True) if money or count]
        days = len(pairs)
        scatter = sum((count - expected) ** 2 / max(expected, 0.3) for expected, count in pairs)
    return _Base(start, days, base_spend, base_leads, scatter / (days - 1) if days > 1 else 1.0)


def _untestable(prepared: _Prepared, method: Method) -> tuple[Verdict, Why] | None:
    """Whether the longest window allows a judgement at all; sets its base."""
    longest = max(method.windows)
    start = len(prepared.spend) - longest
    if start <= 0:
        return "learning", "short history"
    for why in prepared.blocked[start:]:
        if why:
            return "unknown", why
    prepared.base = base = _base(prepared, start, method)
    if not any(prepared.spend[start:]):
        return "learning", "no spend"
    days = base.days if base else sum(map(bool, prepared.spend[:start]))
    shifted = base is not None and start - base.start < min(start, method.base_days)
    if days < (method.least_days_after_shift if shifted else method.least_days):
        changed = "definition" in prepared.blocked[max(0, start - method.base_days) : start]
        return ("unknown", "definition") if changed else ("learning", "short history")
    if base is None or base.leads < method.least_base_leads:
        return "learning", "few leads"
    if expected_leads(sum(prepared.spend[start:]), base.spend, base.leads) < method.least_expected:
        return "learning", "few leads"
    return None


def _windows(prepared: _Prepared, prior: Prior, method: Method) -> tuple[Window, ...]:
    """Every window that can be tested, the shortest first."""
    tested = []
    size = len(prepared.spend)
    last = prepared.day(size - 1)
    for days in method.windows:
        start = size - days
        base = prepared.base if days == max(method.windows) else _base(prepared, start, method)
        if base is None or base.leads < method.least_base_leads:
            continue
        spend, leads = sum(prepared.spend[start:]), sum(prepared.leads[start:])
        expected = expected_leads(spend, base.spend, base.leads)
        if expected < method.least_expected:
            continue
        phi = dispersion(base.raw, base.days, prior.at(base.leads / base.days), method.prior_days)
        z, fewer, more = leads_test(leads, expected, base.leads, phi, exact_below=method.exact_below)
        tested.append(
            Window(
                days, last, spend, leads, prepared.day(base.start), base.days, base.spend, base.leads, expected,
                base.raw, phi, z, fewer, more,
            )
        )  # fmt: skip
    return tuple(tested)


# --- the three comparisons -------------------------------------------------------------------------------------------


def _comparisons(prepared: _Prepared, method: Method) -> Comparisons:
    """The last day's cost per lead against the day before, the weekday of a week before, the median of 30 days."""
    last = len(prepared.spend) - 1
    return Comparisons(
        day=prepared.day(last),
        cpl=_cpl(prepared, last),
        day_before=_cpl(prepared, last - 1),
        week_before=_cpl(prepared, last - 7),
        median=_median_cpl(prepared, max(0, last - method.median_days), last),
    )


def _cpl(prepared: _Prepared, position: int) -> float | None:
    """A day's cost per lead: infinite for spend without a lead, None for a day unknown or without spend."""
    if position < 0 or prepared.blocked[position] or prepared.spend[position] <= 0:
        return None
    leads = prepared.leads[position]
    return prepared.spend[position] / MICROS / leads if leads else math.inf


def _median_cpl(prepared: _Prepared, start: int, stop: int) -> float | None:
    """The median of the daily values; under five leads a day those are too coarse, and the whole stretch is taken."""
    days = [i for i in range(start, stop) if prepared.spend[i] > 0]
    leads = sum(prepared.leads[start:stop])
    if not days or leads <= 0:
        return None
    if leads / len(days) < 5:
        return sum(prepared.spend[start:stop]) / MICROS / leads
    return median(cpl for i in days if (cpl := _cpl(prepared, i)) is not None)


# --- the verdict -----------------------------------------------------------------------------------------------------


class _Case(NamedTuple):
    """An account under judgement."""

    prepared: _Prepared
    windows: tuple[Window, ...]
    prior: Prior
    up: Side
    down: Side


def judge(accounts: Iterable[Series], method: Method = Method()) -> list[Judgement]:
    """Judge all accounts of a morning together, in the order given."""
    found: list[Judgement | _Prepared] = []
    points: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for series in accounts:
        prepared = _prepare(series, method)
        if isinstance(prepared, str):
            found.append(Judgement(key=series.key, verdict="unknown", why=prepared))
            continue
        untestable = _untestable(prepared, method)
        base = prepared.base
        if base is not None and base.days >= method.least_days_after_shift:
            points[series.platform].append((base.leads / base.days, base.raw, base.days))
        if untestable is not None:
            verdict, why = untestable
            last = prepared.day(len(prepared.spend) - 1)
            found.append(Judgement(key=series.key, verdict=verdict, why=why, tested_to=last))
            continue
        found.append(prepared)
    priors = {platform: fit_prior(some, method.prior_accounts) for platform, some in points.items()}
    cases = [_case(one, priors, method) for one in found if isinstance(one, _Prepared)]
    verdicts = iter(_verdicts(cases, method))
    return [one if isinstance(one, Judgement) else next(verdicts) for one in found]


def _case(prepared: _Prepared, priors: Mapping[str, Prior], method: Method) -> _Case:
    prior = priors[prepared.platform]
    windows = _windows(prepared, prior, method)
    up = min(windows, key=lambda window: window.fewer)
    down = min(windows, key=lambda window: window.more)
    return _Case(prepared, windows, prior, Side("up", up), Side("down", down))


def _verdicts(cases: Sequence[_Case], method: Method) -> list[Judgement]:
    """Rank both directions over all accounts, then decide each."""
    t_tail = len(cases) <= method.t_tail_up_to
    ups = benjamini_hochberg([case.up.p15 if t_tail else case.up.p for case in cases], method.q)
    downs = benjamini_hochberg([case.down.p15 if t_tail else case.down.p for case in cases], method.q)
    return [
        _verdict(case, up, down, len(cases), method, t_tail=t_tail)
        for case, up, down in zip(cases, ups, downs, strict=True)
    ]


def _verdict(case: _Case, up: Rank, down: Rank, tested: int, method: Method, *, t_tail: bool) -> Judgement:
    prepared = case.prepared
    sides = Side("up", case.up.window, up), Side("down", case.down.window, down)
    side = sides[case.up.window.fewer > case.down.window.more]
    direction, accepted, p = side.direction, side.place.accepted, side.p
    limit = max(prepared.money_floor, method.money_share * side.window.usual_daily_spend)
    verdict: Verdict = "usual"
    comparisons = None
    if (accepted or p <= method.watch_p) and side.window.cost_a_day(direction) >= limit:
        comparisons = _comparisons(prepared, method)
        agrees = comparisons.agreeing(direction, method.agree_ratio) >= method.agree_count
        verdict = "news" if accepted and agrees else "watch" if p <= method.watch_p else "usual"
    return Judgement(
        key=prepared.key, verdict=verdict, direction=direction if verdict != "usual" else None,
        tested_to=prepared.day(len(prepared.spend) - 1), windows=case.windows, up=sides[0], down=sides[1],
        prior=case.prior, tested=tested, t_tail=t_tail, comparisons=comparisons, money_limit=limit,
    )  # fmt: skip
