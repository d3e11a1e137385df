"""Stops work of a foreign library after so much processor time, in whatever thread it runs.

A loop inside a library cannot be cancelled from outside: signals reach the main thread only, and a thread cannot be
killed. The interpreter's trace hook belongs to one thread and is called at every call of a Python function, so it can
end the work from within. Processor time of the thread is counted, not time on the wall: what other threads do costs
nothing.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import CO_GENERATOR
from types import FrameType

EVERY = 64
"""Calls between two looks at the clock: a look costs as much as some calls."""


class TooLong(Exception):
    """The work took more processor time than it may."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise TooLong inside the body once this thread has worked so long."""
    deadline = time.thread_time() + seconds
    calls = 0
    # Where an exception is printed and lost, and the watch with it: the garbage collector's callbacks and finalisers.
    unheard = {getattr(callback, "__code__", None) for callback in gc.callbacks}

    def watch(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += 1
        # Never where a generator is entered: it may be on its way to the bin, where an exception is printed and lost.
        code = frame.f_code
        if calls >= EVERY and not code.co_flags & CO_GENERATOR and code not in unheard and code.co_name != "__del__":
            calls = 0
            if time.thread_time() > deadline:
                raise TooLong

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        yield
    finally:
        sys.settrace(before)
