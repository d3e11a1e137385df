"""What is asked of Gmail, and what it costs: Google counts units a minute for each user, not calls."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from briefing.errors import BadAnswer
from briefing.reading.headers import email_in
from connectors.gmail_mail import WANTED_HEADERS, arrived_at
from connectors.gmail_marks import Changes
from connectors.google_client import Api, Json, NotThere, rows_of, text_of

UNITS = {"thread": 40, "mail": 20, "list": 5, "history": 2, "profile": 1}
"""What a call costs (Gmail API quotas of 1 May 2026)."""

A_MINUTE = 6_000
"""Units a minute of one user in projects of that day and later; older ones have 15,000, and cheaper calls."""

_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
PAGE, PAGE_WITHOUT_QUERY, PAGE_OF_HISTORY = 500, 100, 500
HISTORY = ("messageAdded", "messageDeleted", "labelAdded", "labelRemoved")


class Pace:
    """So many units in any minute. Serves many threads."""

    def __init__(
        self, per_minute: int, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.per_minute, self._clock, self._sleep = per_minute, clock, sleep
        self._lock = threading.Lock()
        self._spent: list[tuple[float, int]] = []

    def wait(self, units: int) -> None:
        """Wait until so many units fit into the minute, and spend them."""
        with self._lock:
            while (pause := self._pause(units)) > 0:
                self._sleep(pause)
            self._spent.append((self._clock(), units))

    def _pause(self, units: int) -> float:
        """Seconds until enough of what was spent lies a minute back."""
        now = self._clock()
        self._spent = [(at, cost) for at, cost in self._spent if at > now - 60]
        over = sum(cost for _, cost in self._spent) + units - self.per_minute
        for at, cost in self._spent:
            if over <= 0:
                break
            over -= cost
            if over <= 0:
                return at + 60 - now
        return 0.0


def cost_of(names: Sequence[str]) -> int:
    """Units that reading some mails of one thread takes: one by itself, several with their thread."""
    return UNITS["mail"] if len(names) == 1 else UNITS["thread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request for some mails of one thread."""

    thread: str
    names: tuple[str, ...]
    request: Any


class Mailbox:
    """One mailbox behind the API. Serves many threads."""

    def __init__(self, api: Api, pace: Pace, *, bodies: bool) -> None:
        self._api, self.pace, self._bodies = api, pace, bodies

    def profile(self) -> tuple[str, str]:
        """Whose mailbox it is, and where its history stands. Raises SourceError."""
        self.pace.wait(UNITS["profile"])
        found = self._api.ask(self._api.resource("users").getProfile(userId="me"))
        me, history = email_in(text_of(found, "emailAddress")), text_of(found, "historyId")
        if not me or not history.isdigit():
            raise BadAnswer("Gmail does not say whose mailbox it is")
        return me, history

    def sends_as(self) -> list[str]:
        """Addresses that the mailbox sends as."""
        self.pace.wait(UNITS["profile"])
        found = self._api.ask(self._api.resource("users", "settings", "sendAs").list(userId="me"))
        return [email for row in rows_of(found, "sendAs") if (email := email_in(text_of(row, "sendAsEmail")))]

    def listed(self, since: datetime) -> dict[str, str]:
        """Ids of mails that came since a moment, newest first, each with its thread.

        The scope for headers only allows no query: the list then ends with the first page that goes further back.
        """
        asked: dict[str, Any] = {"q": f"after:{int(since.timestamp())} -in:chats -in:drafts", "maxResults": PAGE}
        if not self._bodies:
            asked = {"maxResults": PAGE_WITHOUT_QUERY}
        found: dict[str, str] = {}
        for page in self._pages(
            self._api.resource("users", "messages").list,
            "messages",
            what="the list of mails",
            optional="resultSizeEstimate",
            **asked,
        ):
            told = rows_of(page, "messages")
            rows = {text_of(row, "id"): text_of(row, "threadId") for row in told}
            if not all(map(_ID.fullmatch, (*rows, *rows.values()))) or len(told) < len(page.get("messages", [])):
                raise BadAnswer("the list of mails has entries without an id")
            found |= rows
            if not self._bodies and rows and self._is_before([*rows][-1], since):
                break
        return found

    def changes(self, history: str) -> Changes | None:
        """What happened since a point of the history; None where Gmail no longer knows it."""
        found = Changes()
        try:
            for page in self._pages(
                self._api.resource("users", "history").list, "history", what="the mailbox's history",
                optional="historyId", startHistoryId=history, historyTypes=list(HISTORY), maxResults=PAGE_OF_HISTORY,
            ):  # fmt: skip
                for record in rows_of(page, "history"):
                    found.take(record)
        except NotThere:
            return None
        return found

    def question(self, thread: str, names: Sequence[str]) -> Question:
        """What to ask for some mails of one thread. Asks nothing yet."""
        how: dict[str, Any] = {"format": "full"}
        if not self._bodies:
            how = {"format": "metadata", "metadataHeaders": list(WANTED_HEADERS)}
        alone = len(names) == 1
        method = self._api.resource("users", "messages" if alone else "threads").get
        request = method(userId="me", id=names[0] if alone else thread, **how)
        return Question(thread=thread, names=tuple(names), request=request)

    def mails(self, question: Question) -> Sequence[Json]:
        """The mails asked for, as Gmail gives them; none where they are not there. May run in any thread."""
        self.pace.wait(cost_of(question.names))
        try:
            found = self._api.ask(question.request)
        except NotThere:
            return ()
        if len(question.names) == 1:
            return [found]
        return [row for row in rows_of(found, "messages") if text_of(row, "id") in question.names]

    def _is_before(self, name: str, since: datetime) -> bool:
        self.pace.wait(UNITS["mail"])
        arrived = arrived_at(
            self._api.ask(self._api.resource("users", "messages").get(userId="me", id=name, format="minimal"))
        )
        return arrived is not None and arrived < since

    def _pages(self, method: Callable[..., Any], rows: str, **asked: Any) -> Iterator[Json]:
        units = UNITS["history" if rows == "history" else "list"]

        def paced(**how: Any) -> Any:
            self.pace.wait(units)
            return method(**how)

        return self._api.pages(paced, rows, userId="me", **asked)


__all__ = ["A_MINUTE", "UNITS", "Mailbox", "Pace", "Question", "cost_of"]
