"""What a reading of a mailbox knew at its end, and what its history says has happened since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from briefing.connector import Mark, Window
from briefing.errors import MarkExpired
from connectors.gmail_mail import KEPT_OUT, labels_of
from connectors.google_client import Json, object_of, rows_of, text_of

VERSION = 1
"""Of a mark's form and of how mails are stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a mark holds."""

    me: str
    """Whose mailbox it was."""

    history: str
    """Where its history stood when the reading began."""

    since: datetime
    """How far back was read."""

    known: Mapping[str, int]
    """Mails that were stated, by id, with the minute (of unix time) at which they came."""

    pending: Mapping[str, str]
    """Mails still to be read, by id, with their threads, in their order."""

    def text(self) -> str:
        """As a mark's value."""
        told = {
            "v": VERSION, "me": self.me, "history": self.history, "since": self.since.astimezone(UTC).isoformat(),
            "known": dict(self.known), "pending": dict(self.pending),
        }  # fmt: skip
        return json.dumps(told, separators=(",", ":"))


def kept_in(mark: Mark, window: Window) -> Kept:
    """What a mark holds. Raises MarkExpired for one that is not of this version, and where more is wanted than was
    read.
    """
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        told = json.loads(mark.value)
        since = datetime.fromisoformat(told["since"])
        if told["v"] == VERSION and since <= window.since:
            return Kept(
                me=str(told["me"]), history=str(told["history"]), since=since,
                known={str(name): int(at) for name, at in told["known"].items()},
                pending={str(name): str(thread) for name, thread in told["pending"].items()},
            )  # fmt: skip
    raise MarkExpired("the mark is of another version, or of a shorter time")


@dataclass(slots=True, kw_only=True)
class Changes:
    """What a stretch of history comes to: of each mail only what became of it in the end."""

    came: dict[str, str] = field(default_factory=dict)
    """Mails that are there now, with their threads."""

    gone: set[str] = field(default_factory=set)

    def take(self, record: Json) -> None:
        """One record; records come in the order of time."""
        for row in rows_of(record, "messagesAdded"):
            message = object_of(row, "message")
            self._note(message, is_there=not labels_of(message) & KEPT_OUT)
        for row in rows_of(record, "messagesDeleted"):
            self._note(object_of(row, "message"), is_there=False)
        for row in rows_of(record, "labelsAdded"):
            if labels_of(row) & KEPT_OUT:
                self._note(object_of(row, "message"), is_there=False)
        for row in rows_of(record, "labelsRemoved"):
            if labels_of(row) & KEPT_OUT:  # a deleted mail that was taken out of the bin, a draft that was sent
                message = object_of(row, "message")
                self._note(message, is_there=not labels_of(message) & KEPT_OUT)

    def _note(self, message: Json, *, is_there: bool) -> None:
        name, thread = text_of(message, "id"), text_of(message, "threadId")
        if is_there and name and thread:
            self.came[name] = thread
            self.gone.discard(name)
        elif name:
            self.came.pop(name, None)
            self.gone.add(name)


__all__ = ["VERSION", "Changes", "Kept", "kept_in"]
