"""What one reading costs a service: calls, pages, bytes, and how much room its rate limit leaves.

The collecting begins a meter in the worker's thread; `briefing.http` counts into it. A connector does nothing for it,
as long as it asks from the thread that its stream is read in.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a service said last about its limit."""

    left: int
    of: int | None = None
    until: datetime | None = None
    """When the count starts again."""


@dataclass(slots=True)
class Meter:
    """Counts of one reading; written by the thread that reads."""

    calls: int = 0
    """Requests on the wire, repeated ones included."""

    pages: int = 0
    size: int = 0
    """Bytes as received."""

    room: Room | None = None


class _Running(threading.local):
    meter: Meter | None = None


_running = _Running()


def running() -> Meter:
    """The meter of this thread's reading; a fresh one that nobody reads where none was begun."""
    return _running.meter or Meter()


@contextmanager
def counting(meter: Meter) -> Iterator[Meter]:
    """Count what this thread asks for into a meter."""
    before = _running.meter
    _running.meter = meter
    try:
        yield meter
    finally:
        _running.meter = before
