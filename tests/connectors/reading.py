"""What tests of file connectors share: a window, files on disk, and what one stream yields."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from briefing.connector import Connector, Ignored, Recognise, Recognition, Sample, Skipped, Window
from briefing.facts import Fact

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 19, 7, tzinfo=ZONE)
"""Thursday, a morning in winter."""


def window(now: datetime = NOW) -> Window:
    """A window around a moment."""
    return Window(now=now, since=now - timedelta(days=30), until=now + timedelta(days=30), zone=ZONE)


def write(path: Path, text: str, *, encoding: str = "utf-8", at: datetime = NOW) -> str:
    """A file with a text, last changed at a moment."""
    return write_bytes(path, text.encode(encoding), at=at)


def write_bytes(path: Path, data: bytes, *, at: datetime = NOW) -> str:
    """A file with bytes, last changed at a moment."""
    path.write_bytes(data)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return str(path)


@dataclass
class Read:
    """What a stream yielded, by kind."""

    facts: list[Fact] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Rows accounted for, where every fact is a row."""
        return len(self.facts) + len(self.skipped) + sum(each.count for each in self.ignored)

    @property
    def whys(self) -> list[str]:
        """Where and why of what was skipped."""
        return [f"{each.where} {each.why}" for each in self.skipped]


def read(connector: Connector, scope: str = "", now: datetime = NOW) -> Read:
    """Read one stream of a connector."""
    (stream,) = [stream for stream in connector.streams(window(now)) if stream.scope == scope]
    found = Read()
    for thing in stream.read(window(now), None):
        if isinstance(thing, Fact):
            assert type(thing) in stream.kinds
            found.facts.append(thing)
        elif isinstance(thing, Skipped):
            found.skipped.append(thing)
        else:
            assert isinstance(thing, Ignored)
            found.ignored.append(thing)
    return found


def recognised(recognise: Recognise, path: Path, rows: Sequence[str] | str) -> Recognition | None:
    """What a recogniser says of a file."""
    text = rows if isinstance(rows, str) else "\n".join(rows)
    return recognise(Sample(path=path, head=text.encode()[: 64 * 1024]))
