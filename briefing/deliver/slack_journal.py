"""What the Slack channel remembers of its own posts: where each part of an edition stands, and what was begun.

The ledger says whether an edition went out; this says which message it is, so that a second run edits it. Where the
file is lost or damaged, Slack itself is asked by the metadata of its messages.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from briefing.deliver.folder import write

MOST_KEPT = 30
"""Editions."""


@dataclass(slots=True, kw_only=True)
class Record:
    """One edition."""

    user: str = ""
    """Whose direct message it is; empty in what was written before there were several readers."""

    conversation: str = ""
    parts: dict[str, str] = field(default_factory=dict)
    """The `ts` of each part that is there."""

    begun: dict[str, str] = field(default_factory=dict)
    """Parts that were begun and of which nobody knows the end: Slack's time before, in ISO form, or empty."""


class Journal:
    """One channel's file. To be used with the run's lock held."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _read(self) -> dict[str, Any]:
        try:
            value = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def is_there(self) -> bool:
        """Whether it can be read; where not, nothing that it does not know of is surely new."""
        return bool(self._read())

    @property
    def can_look_up(self) -> bool:
        """Whether Slack, last asked, could tell what it has. Not known is no."""
        return self._read().get("can_look_up") is True

    def conversation(self, user: str) -> str:
        """Where this reader's last edition was posted; empty where none was."""
        editions = self._read().get("editions")
        known = [one for one in editions.values() if isinstance(one, dict)] if isinstance(editions, dict) else []
        return next(
            (str(one.get("conversation", "")) for one in reversed(known) if one.get("user") in {user, "", None}), ""
        )

    def record(self, key: str) -> Record:
        """What is known of an edition."""
        editions = self._read().get("editions")
        found = editions.get(key) if isinstance(editions, dict) else None
        if not isinstance(found, dict):
            return Record()
        parts, begun = found.get("parts"), found.get("begun")
        return Record(
            user=str(found.get("user", "")), conversation=str(found.get("conversation", "")), parts=_texts(parts),
            begun=_texts(begun),
        )  # fmt: skip

    def keep(self, key: str, record: Record, *, can_look_up: bool) -> None:
        """Write it, for this user alone. Raises OSError."""
        old = self._read().get("editions")
        editions = {name: one for name, one in old.items() if name != key} if isinstance(old, dict) else {}
        editions[key] = asdict(record)
        kept = dict(list(editions.items())[-MOST_KEPT:])
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write(self._path, json.dumps({"can_look_up": can_look_up, "editions": kept}, indent=1) + "\n")


def _texts(value: object) -> dict[str, str]:
    return {str(name): str(one) for name, one in value.items()} if isinstance(value, dict) else {}
