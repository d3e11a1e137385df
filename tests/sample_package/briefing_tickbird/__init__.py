"""Tickbird, an invented service for tickets: its tickets as tasks, its customers as companies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from briefing.connector import Mark, Skipped, Stream, Window
from briefing.errors import BadAnswer
from briefing.facts import Company, Fact, Party, Person, Ref, Task, WorkState
from briefing.http import Bearer, Client
from briefing.reading.text import NAME, SUBJECT, clean

STATES: Mapping[str, WorkState] = {"open": "open", "waiting": "paused", "solved": "done", "cancelled": "cancelled"}


class Tickbird:
    """One Tickbird account."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Task, Company})

    def __init__(self, *, source: str, token: str, base_url: str = "https://api.tickbird.example") -> None:
        self._source = source
        self._client = Client(base_url, source=source, vendor="Tickbird", credential=Bearer(token))

    def streams(self, window: Window) -> Sequence[Stream]:
        """Tickets and customers; nothing is asked for yet."""
        return [
            self._stream("tickets", Task, self._task),
            self._stream("customers", Company, self._company),
        ]

    def _stream(self, name: str, kind: type[Fact], fact: Callable[[Any], Fact]) -> Stream:
        def read(window: Window, mark: Mark | None) -> Iterator[Fact | Skipped]:
            for row in self._rows(name):
                try:
                    yield fact(row)
                except (KeyError, TypeError, ValueError, ArithmeticError) as problem:
                    found = row.get("id") if isinstance(row, dict) else None
                    yield Skipped(f"{name}/{clean(str(found), NAME)}", clean(f"cannot be read: {problem!r}", SUBJECT))

        return Stream(kinds=frozenset({kind}), read=read, scope=name, place="Tickbird")

    def _rows(self, name: str) -> Iterator[Any]:
        """The rows of all pages, one page at a time."""
        paging, cursor = self._client.paging(name), None
        while True:
            page = self._client.json(f"/v1/{name}", {"limit": 50, "cursor": cursor})
            rows, cursor = (page.get("items"), page.get("next", "")) if isinstance(page, dict) else (None, "")
            if not isinstance(rows, list) or not (cursor is None or (isinstance(cursor, str) and cursor)):
                raise BadAnswer(f"{name}: a page without items or without a word on the next one")
            paging.page(cursor=cursor, rows=[str(row) for row in rows])
            yield from rows
            if cursor is None:
                return

    def _task(self, row: Mapping[str, Any]) -> Task:
        customer, agent, due, left = row["customer"], row["assignee"], row["due"], row["hours_left"]
        return Task(
            ref=self._ref("ticket", row), title=clean(text(row["title"]), SUBJECT),
            state=STATES[row["state"]],
            party=Party(id=text(customer["id"]), name=clean(text(customer["name"]), NAME)),
            assignee=None if agent is None else Person(id=text(agent["id"]), name=clean(text(agent["name"]), NAME)),
            due=None if due is None else date.fromisoformat(due),
            remaining=None if left is None else Decimal(left),
        )  # fmt: skip

    def _company(self, row: Mapping[str, Any]) -> Company:
        return Company(
            ref=self._ref("customer", row), name=clean(text(row["name"]), NAME),
            domains=tuple(clean(text(domain), NAME) for domain in row["domains"]),
        )  # fmt: skip

    def _ref(self, kind: str, row: Mapping[str, Any]) -> Ref:
        return Ref(source=self._source, kind=kind, id=text(row["id"]), url=clean(text(row["url"])))


def text(value: object) -> str:
    """A text that is there. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"a text is missing, there is {type(value).__name__}")
    return value
