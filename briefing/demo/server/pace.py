"""How fast a vendor answers, and how many at a time: settings of the server, the same for the same request."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from statistics import NormalDist

from briefing.loopback import Request

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long some requests take."""

    seconds: float
    """The median."""

    spread: float = 0.35
    """Standard deviation of the logarithm: 0.35 is half as long again one time in eight. 0: always the same."""

    where: str = ""
    """A regular expression searched in the vendor's own `GET /path?query`; empty: everywhere."""

    def of(self, request: Request) -> float:
        """Seconds for this request, at most four times the median: drawn from its line, so that runs repeat."""
        if not self.spread or not self.seconds:
            return self.seconds
        digest = hashlib.blake2b(request.line.encode(), digest_size=8).digest()
        share = (int.from_bytes(digest, "big") + 0.5) / 2**64
        return min(self.seconds * math.exp(self.spread * _NORMAL.inv_cdf(share)), 4 * self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One vendor's speed."""

    waits: tuple[Wait, ...] = (Wait(seconds=0.25),)
    """The first that matches holds; none that matches: no wait."""

    at_once: int = 0
    """So many requests are answered side by side, the others queue; 0 is no limit."""

    def seconds(self, request: Request) -> float:
        """How long a request takes once it is its turn."""
        return next((wait.of(request) for wait in self.waits if re.search(wait.where, request.line)), 0.0)


AT_ONCE = Pace(waits=())
"""No waiting at all."""


def steady(seconds: float) -> Pace:
    """Every request takes the same time."""
    return Pace(waits=(Wait(seconds=seconds, spread=0),))
