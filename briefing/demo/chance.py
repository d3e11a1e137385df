"""Chance for the simulated agency: one stream of random numbers per subject, the same on every machine.

Every subject (a project, an account, a client's talk on one day) draws from a stream named after it. A subject that is
added, or that draws more, shifts no other one's numbers.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance(random.Random):
    """A stream of random numbers with the few distributions that the agency needs."""

    def chance(self, probability: float) -> bool:
        """True with a probability from 0 to 1."""
        return self.random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.random() * (high - low + 1))

    def one_of(self, options: Sequence[T]) -> T:
        """One of several, each as likely."""
        return options[int(self.random() * len(options))]

    def some_of(self, options: Sequence[T], count: int) -> list[T]:
        """A number of different ones, in random order; all of them if there are not so many."""
        return self.sample(list(options), min(count, len(options)))

    def span(self, mean: float, least: int = 0, most: int = 10_000) -> int:
        """A whole number of days or hours with a long tail: exponential above `least`, cut at `most`."""
        return min(least + int(self.expovariate(1 / mean)), most)

    def poisson(self, mean: float) -> int:
        """A count with this mean and the same variance. Knuth's product below 30, rounded normal above."""
        if mean <= 0:
            return 0
        if mean > 30:
            return max(0, round(self.gauss(mean, math.sqrt(mean))))
        limit, product, count = math.exp(-mean), self.random(), 0
        while product > limit:
            product *= self.random()
            count += 1
        return count

    def overdispersed(self, mean: float, dispersion: float) -> int:
        """A count with this mean and `dispersion` times its variance: negative binomial, a Poisson of a gamma."""
        if mean <= 0:
            return 0
        if dispersion <= 1:
            return self.poisson(mean)
        shape = mean / (dispersion - 1)
        return self.poisson(self.gammavariate(shape, mean / shape))

    def thinned(self, count: int, share: float) -> int:
        """How many of `count` things happen, each with probability `share`: binomial, by a normal above 60."""
        if count > 60:
            spread = math.sqrt(count * share * (1 - share))
            return min(count, max(0, round(self.gauss(count * share, spread))))
        return sum(self.random() < share for _ in range(count))


def walk(name: Chance, days: int, gap: float) -> Iterator[int]:
    """Numbers of days from 0 on, `gap` apart in the mean, up to a last one; several may fall on one day."""
    at = name.expovariate(1 / gap)
    while at < days:
        yield int(at)
        at += name.expovariate(1 / gap)


def stream(*subject: object) -> Chance:
    """The stream of one subject: `stream(seed, "project", "P-12")`. Equal names give equal numbers."""
    return Chance("/".join(str(part) for part in subject))


def fixed(id: str, what: str) -> int:
    """A number from 0 to 9,999 that belongs to a record for good: what is made up beside it is the same every day."""
    return zlib.crc32(f"{id}/{what}".encode()) % 10_000
