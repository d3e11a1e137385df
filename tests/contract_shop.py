"""An invented vendor and its connector: a good one, taken apart in tests/test_connector_contract.py."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from briefing.connector import Gone, Ignored, Mark, Skipped, Stream, Window
from briefing.errors import AuthError, BadAnswer, MarkExpired
from briefing.facts import Deal, Fact, Message, Money, Person, Ref, Task, WorkState
from briefing.http import Client
from briefing.loopback import Reply, Request, Site, json_reply
from briefing.reading.text import SUBJECT, clean
from briefing.testing import ConnectorContract
from briefing.tokens import Renewed, Token, TokenFile, fingerprint

Things = Iterator[Fact | Gone | Skipped | Ignored | Mark]
STATES: Mapping[str, WorkState] = {"open": "open", "closed": "done"}

UNNAMED = "7qz_dlo"[::-1]
"""A field whose name stands in nobody's text."""

TASKS = [
    {"id": f"t{number}", "title": f"Task {number}", "state": "open" if number else "closed",
     "due": f"2026-11-{20 + number}", "done": not number, UNNAMED: f"note {number}"}
    for number in range(6)
]  # fmt: skip
DEALS = [
    {"id": f"d{number}", "name": f"Deal {number}", "amount": f"{number}000.50", "currency": "USD"}
    for number in range(1, 5)
]  # fmt: skip
MESSAGES = [
    {"id": f"m{number}", "at": f"2026-11-18T0{number}:00:00+00:00", "from": "Ann", "text": f"Hello {number}"}
    for number in range(1, 4)
] + [{"id": "m9", "at": "2026-11-19T06:30:00+00:00", "from": "Ann", "text": "From the future"}]  # fmt: skip


# --- the vendor ----------------------------------------------------------------------------------------------------


def shop(secret: str) -> Site:
    """OAuth with tokens that are told apart, cursors, a search by POST, and a sync mark."""
    count, good = itertools.count(1), set[str]()

    def answer(request: Request) -> Reply:
        if request.line == "POST /oauth/token":
            if request.form().get("client_secret") != secret:
                return json_reply({"error": "invalid_client"}, status=401)
            token = f"{secret}-access-{next(count)}"
            good.add(f"Bearer {token}")
            return json_reply({"access_token": token, "expires_in": 3600})
        if request.headers.get("authorization") not in good:
            return json_reply({"error": "unauthorized"}, status=401)
        if request.line.startswith("GET /tasks"):
            return page(TASKS, request.param("cursor"), 2)
        if request.line == "POST /deals/search":
            return page(DEALS, request.json().get("cursor", ""), 2)
        if request.line.startswith("GET /messages"):
            return messages(request)
        return json_reply({"error": "not found"}, status=404)

    return answer


def page(rows: Sequence[Any], cursor: str, size: int) -> Reply:
    start = int(cursor.removeprefix("after-") or 0)
    end = start + size
    return json_reply({"items": rows[start:end], "next": f"after-{end}" if end < len(rows) else None})


def messages(request: Request) -> Reply:
    since = request.param("since")
    if since not in {"", "sync-1"}:
        return json_reply({"error": "sync mark expired"}, status=410)
    return json_reply({"items": [] if since else MESSAGES, "sync": "sync-1"})


# --- the connector -------------------------------------------------------------------------------------------------


class Shop:
    """Keeps the contract."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Task, Deal, Message})
    again: ClassVar[bool] = True

    def __init__(self, *, source: str, base_url: str, secret: str) -> None:
        self.source, self.base_url, self.secret = source, base_url, secret
        self.door = Client(base_url, source=source, vendor="Shop", posts=(r"^/oauth/token$",))
        self.client = Client(
            base_url, source=source, vendor="Shop", posts=(r"^/deals/search$", r"^/seen$"),
            credential=Renewed(self.fetch, TokenFile(), fingerprint(secret)),
        )  # fmt: skip

    def fetch(self, last: Token | None) -> Token:
        body = f"grant_type=client_credentials&client_secret={self.secret}".encode()
        told = self.door.get("/oauth/token", method="POST", content=body, again=False).json()
        token = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(token, str):
            raise AuthError("the login gave no token", advice=f"briefing auth {self.source}")
        return Token(access=token)

    def streams(self, window: Window) -> Sequence[Stream]:
        def stream(scope: str, kind: type[Fact], read: Callable[[Window, Mark | None], Things]) -> Stream:
            return Stream(kinds=frozenset({kind}), read=read, scope=scope, place="Shop")

        return [
            stream("tasks", Task, self.tasks), stream("deals", Deal, self.deals),
            stream("messages", Message, self.messages),
        ]  # fmt: skip

    # --- streams ---

    def tasks(self, window: Window, mark: Mark | None) -> Things:
        yield from self.stated(self.pages("tasks"), self.task)

    def deals(self, window: Window, mark: Mark | None) -> Things:
        yield from self.stated(self.pages("deals"), self.deal)

    def messages(self, window: Window, mark: Mark | None) -> Things:
        answer = self.client.request("GET", "/messages", params={"since": mark.value if mark else None})
        if answer.status == 410:
            raise MarkExpired("the sync mark is too old")
        told = answer.json() if answer.status == 200 else None
        if answer.status != 200:
            raise self.client.refusal(answer)
        rows, sync = self.page_of(told, "sync")
        if not isinstance(sync, str):
            raise BadAnswer("messages without a sync mark")
        late = 0
        for thing in self.stated(rows, self.message):
            if isinstance(thing, Message) and thing.at > window.now:
                late += 1
            else:
                yield thing
        if late:
            yield Ignored(late, "messages later than now")
        yield Mark(sync)

    # --- the wire ---

    def ask(self, name: str, cursor: str | None) -> Any:
        if name == "deals":
            body = json.dumps({"cursor": cursor or ""}).encode()
            return self.client.json("/deals/search", method="POST", content=body, again=self.again)
        return self.client.json(f"/{name}", {"cursor": cursor}, again=self.again)

    def pages(self, name: str) -> Iterator[Any]:
        paging, cursor = self.client.paging(name), None
        while True:
            rows, cursor = self.page_of(self.ask(name, cursor), "next")
            paging.page(cursor=cursor, rows=[str(row) for row in rows])
            yield from rows
            if cursor is None:
                return

    def page_of(self, told: Any, after: str) -> tuple[list[Any], str | None]:
        rows = told.get("items") if isinstance(told, dict) else None
        cursor = told.get(after, "") if isinstance(told, dict) else ""
        if not isinstance(rows, list) or not (cursor is None or (isinstance(cursor, str) and cursor)):
            raise BadAnswer("a page without items, or without a word on the next one")
        return rows, cursor

    # --- rows ---

    def stated(self, rows: Any, fact: Callable[[Any], Fact]) -> Things:
        for row in rows:
            try:
                yield fact(row)
            except (KeyError, TypeError, ValueError, ArithmeticError) as problem:
                yield Skipped("a row", clean(f"cannot be read: {problem!r}"))

    def task(self, row: Any) -> Fact:
        if not isinstance(row["done"], bool):
            raise TypeError("done is neither true nor false")
        return Task(
            ref=self.ref("task", row), title=self.text(row["title"]), state=STATES[row["state"]],
            due=None if row["due"] is None else date.fromisoformat(row["due"]),
        )  # fmt: skip

    def deal(self, row: Any) -> Fact:
        amount = Decimal(self.text(row["amount"]))
        if not amount.is_finite() or self.text(row["currency"]) not in {"USD", "EUR"}:
            raise ValueError("no amount of money")
        money = Money(amount=amount, currency=row["currency"])
        return Deal(ref=self.ref("deal", row), name=self.text(row["name"]), amount=money)

    def message(self, row: Any) -> Fact:
        at = datetime.fromisoformat(row["at"])
        if at.utcoffset() is None:
            raise ValueError("a time without a zone")
        text, author = self.text(row["text"]), Person(name=self.text(row["from"]))
        return Message(ref=self.ref("message", row), thread="t", at=at, author=author, excerpt=text)

    def ref(self, kind: str, row: Any) -> Ref:
        return Ref(source=self.source, kind=kind, id=self.text(row["id"]))

    def text(self, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise TypeError("no text")
        return clean(value, SUBJECT)


# --- its contract --------------------------------------------------------------------------------------------------


class ShopContract(ConnectorContract):
    """Inherited by `TestShop`, and by what tries bad connectors."""

    connector: ClassVar[type[Shop]] = Shop
    logins = r"^POST /oauth/token"
    renews = True
    pages = r"^(GET /tasks|POST /deals)"
    posts = (r"^/deals/search$",)
    nullable = frozenset({"next", "due"})
    essential = frozenset({"state", "due", "amount"})

    def site(self) -> Site:
        return shop(self.canary)

    def build(self, base_url: str) -> Shop:
        return self.connector(source=self.source, base_url=base_url, secret=self.canary)
