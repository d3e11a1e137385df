"""The server in a process of its own, for as long as somebody needs it.

    with serving(seed=1, date=date(2026, 11, 19)) as running:
        print(running.url, running.sources["accelo"])

It ends with the block, and with this process however that ends: its standard input is a pipe of ours, and when the pipe
closes it goes.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

import briefing
from briefing.errors import BriefingError


class NotStarted(BriefingError):
    """The server of the simulated agency does not run."""

    advice = "free the port or choose another one, then start it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that listens."""

    url: str
    sources: Mapping[str, Mapping[str, Any]]
    """Per vendor the settings of a source that reads it: `base_url` and credentials."""

    pid: int

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the server itself (`briefing.demo.server.control`). Raises ValueError with its words, OSError."""
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, f"/_control/{path}", content)
            answer = connection.getresponse()
            value = json.loads(answer.read())
        except HTTPException as error:
            raise OSError(f"no answer from {self.url}: {error!r}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(value.get("error", f"status {answer.status}"))
        return value

    def requests(self, vendor: str = "", since: int = 0) -> Any:
        """What came: `count`, `vendors` with counts per route, `requests`."""
        return self.control("GET", "requests?" + urlencode({"vendor": vendor, "since": since}))

    def fault(self, vendor: str, kind: str, **how: Any) -> None:
        """Something goes wrong from now on: `fault("accelo", "status", code=500, route="/jobs", times=2)`."""
        self.control("POST", "faults", {"vendor": vendor, "kind": kind, **how})

    def latency(self, vendor: str, seconds: float, route: str = "") -> None:
        """Some requests of a vendor take this long from now on."""
        self.control("POST", "latency", {"vendor": vendor, "seconds": seconds, "route": route})

    def morning(self, day: date) -> None:
        """Serve another morning of the same world."""
        self.control("POST", "morning", {"date": day.isoformat()})

    def reset(self, *what: str) -> None:
        """As it began, or only `requests`, `faults`, `latency`, `sites`."""
        self.control("POST", "reset", {"what": what})


@contextmanager
def serving(
    seed: int,
    date: date,
    *,
    start: date | None = None,
    scale: int = 1,
    showcase: bool = True,
    port: int = 0,
    latency: str | float = "none",
    only: Sequence[str] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    deadline: float = 20.0,
) -> Iterator[Running]:
    """A server for the morning `date` of the world (seed, start); `start` is that morning where it is not given.

    `latency` is `realistic`, `none` or seconds. Raises NotStarted with the cause where it does not listen within
    `deadline` seconds.
    """
    command = [
        sys.executable, "-P", "-m", "briefing.demo.server", "--seed", str(seed), "--date", date.isoformat(),
        "--start", (start or date).isoformat(), "--scale", str(scale), "--port", str(port), "--latency", str(latency),
        "--only", ",".join(only), "--settings", json.dumps(settings or {}), *(() if showcase else ("--no-showcase",)),
    ]  # fmt: skip
    # Where this package is imported from, the child shall find it too, installed or not.
    root = str(Path(briefing.__file__).parent.parent)
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603  (our own interpreter, our own module)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints,
            env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip
        try:
            told = json.loads(_first_line(process, complaints, deadline))
            yield Running(url=told["url"], sources=told["sources"], pid=process.pid)
        finally:
            _end(process)


def _first_line(process: subprocess.Popen[bytes], complaints: IO[bytes], deadline: float) -> bytes:
    lines: queue.Queue[bytes] = queue.Queue()
    assert process.stdout is not None
    read = process.stdout.readline
    threading.Thread(target=lambda: lines.put(read()), daemon=True).start()
    try:
        line = lines.get(timeout=deadline)
    except queue.Empty:
        raise NotStarted(f"the demo server does not listen after {deadline:g} s") from None
    if line:
        return line
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    complaints.seek(0)
    words = complaints.read().decode("utf-8", "replace").strip().splitlines()
    raise NotStarted(f"the demo server ended at once: {words[-1] if words else f'exit {process.poll()}'}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask by closing its input, then tell, then make."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(OSError):
        process.stdin.close()
    for last in (process.terminate, process.kill, None):
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            if last is None:
                break
            last()
        else:
            break
    process.stdout.close()
