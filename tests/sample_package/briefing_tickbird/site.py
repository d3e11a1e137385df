"""Tickbird as a server on this machine: for the contract test, and as a subject for measuring.

python -m briefing_tickbird.site --latency 0.2 --tickets 400
"""

from __future__ import annotations

import argparse
import random
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from briefing.loopback import Loopback, Reply, Request, Site, json_reply

PAGE = 50
STATES = ("open", "waiting", "solved", "cancelled")
CUSTOMERS = ("Acme", "Brightside", "Juniper & Co", "Northwind")


def tickets(count: int) -> list[dict[str, Any]]:
    """Rows as the service writes them."""
    rows = []
    for number in range(1, count + 1):
        customer = number % len(CUSTOMERS)
        rows.append(
            {
                "id": f"T{number}", "title": f"Ticket {number}", "state": STATES[number % len(STATES)],
                "customer": {"id": f"C{customer + 1}", "name": CUSTOMERS[customer]},
                "assignee": None if number % 5 == 0 else {"id": f"A{number % 3}", "name": f"Agent {number % 3}"},
                "due": None if number % 7 == 0 else f"2026-11-{number % 28 + 1:02}",
                "hours_left": f"{number % 9}.5", "url": f"https://tickbird.example/t/{number}",
            }
        )  # fmt: skip
    return rows


def customers() -> list[dict[str, Any]]:
    """Rows as the service writes them."""
    return [
        {"id": f"C{number}", "name": name, "domains": [f"{name.split()[0].lower()}.example"],
         "url": f"https://tickbird.example/c/{number}"}
        for number, name in enumerate(CUSTOMERS, 1)
    ]  # fmt: skip


def tickbird(token: str, *, page: int = PAGE, count: int = 120, per_second: float = 0.0) -> Site:
    """The service for one account: cursors, a token, and a rate limit where one is asked for."""
    lists: Mapping[str, Sequence[Any]] = {"/v1/tickets": tickets(count), "/v1/customers": customers()}
    limit = Limit(per_second)

    def answer(request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {token}":
            return json_reply({"error": "unauthorized"}, status=401)
        if request.path not in lists:
            return json_reply({"error": "not found"}, status=404)
        if wait := limit.wait():
            return json_reply({"error": "slow down"}, status=429, headers={"Retry-After": f"{wait:.2f}"})
        start = int(request.param("cursor", "p0").removeprefix("p"))
        end = start + min(page, int(request.param("limit", "50")))
        more = f"p{end}" if end < len(lists[request.path]) else None
        return json_reply({"items": lists[request.path][start:end], "next": more})

    return answer


class Limit:
    """So many requests in a second, counted by the second."""

    def __init__(self, per_second: float) -> None:
        self._most, self._lock, self._second, self._count = per_second, threading.Lock(), 0, 0

    def wait(self) -> float:
        """Seconds until a request is taken; 0: it is."""
        if not self._most:
            return 0.0
        with self._lock:
            now = time.monotonic()
            if int(now) != self._second:
                self._second, self._count = int(now), 0
            self._count += 1
            return 0.0 if self._count <= self._most else 1 - now % 1


def main() -> None:
    """Serve until the input ends; the first line printed is the address."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="tickbird-token")
    parser.add_argument("--latency", type=float, default=0.0, help="median seconds of an answer")
    parser.add_argument("--tickets", type=int, default=120)
    parser.add_argument("--per-second", type=float, default=0.0)
    told = parser.parse_args()
    chance = random.Random(7)
    site = tickbird(told.token, count=told.tickets, per_second=told.per_second)
    with Loopback(site, latency=lambda _: told.latency * chance.uniform(0.7, 1.6), port=told.port) as server:
        print(server.url, flush=True)  # noqa: T201
        input()


if __name__ == "__main__":
    main()
