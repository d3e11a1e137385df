"""Several requests of one stream side by side, their results in order.

On daemon threads, because a pool of `concurrent.futures` would keep the process alive behind one that hangs. What they
cost is counted into the reading they belong to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from briefing.meter import Meter, counting, running

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(
    work: Callable[[T], R], items: Sequence[T], at_once: int
) -> Generator[tuple[T, R | BaseException], None, None]:
    """Each item with what the work made of it, or raised, in the order of the items; when closed it begins no more."""
    numbers = iter(range(len(items)))
    done: dict[int, tuple[R | BaseException, Meter]] = {}
    ready, stopped = threading.Condition(), threading.Event()

    def labour() -> None:
        while True:
            with ready:
                number = None if stopped.is_set() else next(numbers, None)
            if number is None:
                return
            own = Meter()
            try:
                with counting(own):
                    result: R | BaseException = work(items[number])
            except BaseException as error:  # noqa: BLE001  (handed over: the thread that reads raises it)
                result = error
            with ready:
                done[number] = (result, own)
                ready.notify_all()

    for _ in range(min(at_once, len(items))):
        threading.Thread(target=labour, daemon=True).start()
    try:
        for number, item in enumerate(items):
            with ready:
                while number not in done:
                    ready.wait()
                result, own = done.pop(number)
            meter = running()
            meter.calls, meter.size, meter.room = meter.calls + own.calls, meter.size + own.size, own.room or meter.room
            yield item, result
    finally:
        stopped.set()


__all__ = ["side_by_side"]
