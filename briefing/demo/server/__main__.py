"""`python -m briefing.demo.server --seed 1 --date 2026-11-19`: listens on this machine until its standard input closes.

When it listens it prints one line of JSON: `{"url": ..., "sources": {vendor: settings}}`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any, NoReturn

from briefing.demo.server.pace import AT_ONCE, Pace, steady
from briefing.demo.server.router import Router
from briefing.demo.server.sites import MAIL
from briefing.demo.world import DEMO_SEED, World
from briefing.loopback import Loopback


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to end."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    asked = _arguments(arguments)
    world = World(asked.seed, asked.start or asked.date, scale=asked.scale, showcase=asked.showcase)
    only = [name for name in asked.only.split(",") if name]
    try:
        router = Router(world, asked.date, only=only, settings=asked.settings, pace=asked.latency)
        server = Loopback(router, port=asked.port).start()
        if MAIL in router.names:
            from briefing.demo.server.mailboxes import listen

            listen(router)
        told = {"url": server.url, "sources": router.sources(server.url)}
    except (OSError, OverflowError) as error:
        sys.exit(f"cannot serve on port {asked.port}: {error}")
    except (TypeError, ValueError) as error:
        sys.exit(f"cannot serve this: {error}")
    print(json.dumps(told), flush=True)  # noqa: T201  (what the parent waits for)
    while os.read(0, 4096):
        pass
    _leave()


def _leave(*_: object) -> NoReturn:
    """End at once: nothing here is worth keeping, and no request that hangs shall hold it."""
    os._exit(0)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m briefing.demo.server", description=__doc__)
    parser.add_argument("--seed", type=int, default=DEMO_SEED)
    parser.add_argument("--date", type=date.fromisoformat, required=True, help="the morning that is served")
    parser.add_argument("--start", type=date.fromisoformat, help="the start of the world (default: the morning)")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--no-showcase", dest="showcase", action="store_false")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--latency", type=_latency, default=AT_ONCE, help="realistic, none (default) or seconds")
    parser.add_argument("--only", default="", help="vendors, separated by commas (default: all)")
    parser.add_argument("--settings", type=_settings, default={}, help='JSON: {"accelo": {"hourly": 100}}')
    return parser.parse_args(arguments)


def _latency(word: str) -> Pace | None:
    if word == "realistic":
        return None
    seconds = 0.0 if word == "none" else float(word)
    return steady(seconds) if seconds else AT_ONCE


def _settings(text: str) -> dict[str, dict[str, Any]]:
    value = json.loads(text)
    if not isinstance(value, dict) or not all(isinstance(own, dict) for own in value.values()):
        raise ValueError("an object of objects is wanted")
    return value


if __name__ == "__main__":
    main()
