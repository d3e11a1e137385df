"""The simulated agency, drawn once for all tests of a process: a world is a function of its arguments and never changes."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from briefing.demo.world import World

MORNING = date(2026, 11, 19)
"""A Thursday."""


@lru_cache(maxsize=6)  # the few that many tests share stay; those of one test each go again
def world_of(seed: int = 1, start: date = MORNING, *, scale: int = 1, showcase: bool = True) -> World:
    """A world, which a test must not take for its own: who compares two draws builds them."""
    return World(seed, start, scale=scale, showcase=showcase)
