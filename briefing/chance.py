"""How far chance goes: tests on counts whose days scatter more than coin flips, and many tests at once.

Words used throughout
  expected    leads that a window's spend would have bought at the price of the base
  phi         dispersion: the variance of daily leads over their mean; 1 is pure chance, ad accounts have 2 to 3 or more
  tail        how rarely chance goes as far as what was seen

Numbers in, numbers out; only the standard library. The formulas are those of the method in `briefing.anomaly`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

ROOT_2 = math.sqrt(2)
NORMAL = NormalDist()


class Prior(NamedTuple):
    """The usual dispersion of a platform's accounts: a + b x (leads a day)."""

    a: float = 2.0
    b: float = 0.03
    accounts: int = 0
    """How many accounts it was fitted over; 0: the sheet's own line, there were too few."""

    def at(self, leads_a_day: float) -> float:
        """The dispersion to be expected; never under 1, which is pure chance."""
        return max(1.0, self.a + self.b * leads_a_day)


class Tails(NamedTuple):
    """How far a count lies from what was expected, and how rarely chance goes that far."""

    z: float
    fewer: float
    """Chance of so few or fewer."""

    more: float


def tail(z: float) -> float:
    """Share of a normal distribution below z."""
    return math.erfc(-z / ROOT_2) / 2


def tail15(z: float) -> float:
    """Share of Student's t with 15 degrees of freedom below z, by Wallace's approximation (1959)."""
    return tail(math.copysign(math.sqrt(15 * math.log1p(z * z / 15)) * 121 / 123, z))


def t_tail_of(p: float) -> float:
    """The t tail that belongs to a normal tail: what is left of the evidence when the spread is only estimated."""
    return tail15(NORMAL.inv_cdf(p)) if 1e-300 < p < 1 else p


def expected_leads(spend: float, base_spend: float, base_leads: float, *, maturity: float = 1.0) -> float:
    """Leads that a spend would have bought at the base's price.

    `maturity` is the share of the final count reported by now: what is expected is made smaller, what was seen is
    never blown up.
    """
    return spend * maturity * (base_leads + 0.5) / base_spend


def root_z(leads: float, expected: float, base_leads: float, phi: float) -> float:
    """Distance of a count from its expectation in standard deviations, on the square-root scale."""
    return 2 * (math.sqrt(leads + 0.375) - math.sqrt(expected + 0.125)) / math.sqrt(phi * (1 + expected / base_leads))


def chance_of_fewer(leads: float, expected: float, phi: float) -> float:
    """Mid-p of a negative binomial (mean `expected`, variance phi x mean): P(fewer) + half of P(exactly so many).

    Leads may be fractional (data-driven attribution): then between the whole counts around them.
    """
    whole = math.floor(leads)
    below, here, above = _cumulated(whole, expected, phi)
    return below + here / 2 + (leads - whole) * (here + above) / 2


def _cumulated(count: int, expected: float, phi: float) -> tuple[float, float, float]:
    """P(fewer than count), P(count), P(count + 1)."""
    poisson = phi < 1 + 1e-9
    r = 0.0 if poisson else expected / (phi - 1)
    chance = math.exp(-expected) if poisson else math.exp(-r * math.log(phi))
    below = 0.0
    for k in range(count + 1):
        step = expected if poisson else (r + k) * (1 - 1 / phi)
        following = chance * step / (k + 1)
        if k == count:
            return below, chance, following
        below += chance
        chance = following
    return below, chance, 0.0


def leads_test(leads: float, expected: float, base_leads: float, phi: float, *, exact_below: float = 10.0) -> Tails:
    """How unusual a count of leads is; the base's own uncertainty widens the spread."""
    z = root_z(leads, expected, base_leads, phi)
    fewer = (
        chance_of_fewer(leads, expected, phi * (1 + expected / base_leads)) if expected < exact_below else tail(z)
    )  # fmt: skip
    return Tails(z, fewer, 1 - fewer if expected < exact_below else tail(-z))


def dispersion(raw: float, days: int, prior: float, prior_days: int = 28) -> float:
    """The account's own dispersion drawn towards its platform's; never under 1, which is pure chance."""
    return max(1.0, (days * raw + prior_days * prior) / (days + prior_days))


def fit_prior(points: Sequence[tuple[float, float, int]], least: int = 10) -> Prior:
    """The line a + b x (leads a day) through the accounts' own dispersions, by weighted least squares.

    Points are (leads a day, dispersion, days). A dispersion estimated from n days scatters with its own size, so
    weights are n / fit^2, found in a few rounds; an account at more than four times the line (an incident in its
    base) counts as four times. Too few accounts over one lead a day: the sheet's own line.
    """
    points = [point for point in points if point[0] > 1]
    if len(points) < least:
        return Prior()
    a, b = _line([(x, y, float(n)) for x, y, n in points])
    for _ in range(3):
        weighted = []
        for x, y, n in points:
            fit = max(1.0, a + b * x)
            weighted.append((x, min(y, 4 * fit), n / (fit * fit)))
        a, b = _line(weighted)
    return Prior(a, b, len(points))


def _line(points: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Weighted least squares with a >= 1 and b >= 0: busier accounts are never steadier than chance."""
    total = sum(w for _, _, w in points)
    mean_x = sum(w * x for x, _, w in points) / total
    mean_y = sum(w * y for _, y, w in points) / total
    spread = sum(w * (x - mean_x) ** 2 for x, _, w in points)
    b = max(0.0, sum(w * (x - mean_x) * (y - mean_y) for x, y, w in points) / spread) if spread > 1e-9 else 0.0
    a = mean_y - b * mean_x
    if a >= 1:
        return a, b
    return 1.0, max(0.0, sum(w * x * (y - 1) for x, y, w in points) / sum(w * x * x for x, _, w in points))


class Rank(NamedTuple):
    """A p-value's place among those of the morning."""

    rank: int = 0
    limit: float = 0.0
    """What p may be at this rank."""

    accepted: bool = False


def benjamini_hochberg(ps: Sequence[float], q: float = 0.10) -> list[Rank]:
    """Which of many tests to believe so that at most a share q of those believed is false, in the order given."""
    order = sorted(range(len(ps)), key=ps.__getitem__)
    limits = [q * rank / len(ps) for rank in range(1, len(ps) + 1)]
    last = max((i for i, index in enumerate(order) if ps[index] <= limits[i]), default=-1)
    ranks = [Rank()] * len(ps)
    for i, index in enumerate(order):
        ranks[index] = Rank(i + 1, limits[i], accepted=i <= last)
    return ranks
