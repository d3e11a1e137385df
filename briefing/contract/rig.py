"""What an author provides to `ConnectorContract`, and the bench that reads a connector under a fault."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import ClassVar
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import pytest

from briefing.connector import Connector, Mark, Window
from briefing.contract.fields import source_of
from briefing.contract.outcomes import Key, Outcome, listed, read_all, untold
from briefing.contract.wire import Asked, Strike, asked, emptied, one_of, route_of, strike
from briefing.http import Guards, set_testing
from briefing.loopback import Fault, Loopback, Reply, Request, Site, changed_json, status

NOW = datetime(2026, 11, 19, 6, tzinfo=UTC)
PATIENT = Guards(
    connect=5, silence=10, total=10, first_wait=0.01, longest_wait=0.5, largest=4_000_000, most_pages=40
)  # fmt: skip
"""For everything that is to succeed: a busy machine makes no test red."""

QUICK = replace(PATIENT, connect=0.25, silence=0.3, total=0.5, tries=2)
"""For what is to fail by time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """How reading goes when all is well."""

    outcome: Outcome
    listing: tuple[Request, ...]
    """What listing asks for, logins apart."""

    asked_by: Mapping[Key, tuple[Request, ...]]
    """What each stream asks for when it is read alone, listing and logins apart."""

    logins: tuple[Request, ...]
    replies: Mapping[Asked, Reply]
    source: str
    """The connector's own text."""

    @property
    def routes(self) -> Mapping[str, tuple[Asked, ...]]:
        """Requests by where they go, in their order; logins apart."""
        return by_route((*self.listing, *(one for requests in self.asked_by.values() for one in requests)))

    @property
    def login_routes(self) -> Mapping[str, tuple[Asked, ...]]:
        """Those that log in."""
        return by_route(self.logins)

    def only(self, keys: Collection[Key]) -> Outcome:
        """The outcome of some streams."""
        return Outcome(reads=[read for read in self.outcome.reads if read.key in keys])

    def readers(self, requests: Collection[Asked]) -> frozenset[Key]:
        """The streams that ask for one of these; all of them where listing or a login does."""
        wanted = frozenset(requests)
        if any(asked(request) in wanted for request in (*self.listing, *self.logins)):
            return frozenset(self.asked_by)
        return frozenset(
            key for key, own in self.asked_by.items() if any(asked(request) in wanted for request in own)
        )  # fmt: skip


def by_route(requests: Iterable[Request]) -> Mapping[str, tuple[Asked, ...]]:
    """Requests by where they go, each once, in their order."""
    found: dict[str, dict[Asked, None]] = {}
    for request in requests:
        found.setdefault(route_of(request), {})[asked(request)] = None
    return {route: tuple(asked_for) for route, asked_for in found.items()}


@dataclass(slots=True, kw_only=True)
class Rig:
    """A server with a connector on it."""

    server: Loopback
    contract: ContractBase
    connector: Connector
    arrivals: list[tuple[float, Request]] = field(default_factory=list)
    """Seconds of a steady clock, and what came."""

    def read(self, only: Collection[Key] | None = None, *, mark: Mark | None = None, aside: bool = False) -> Outcome:
        """Read the connector; `aside`: all streams side by side."""
        contract = self.contract
        return read_all(
            self.connector, contract.window(), only=only, mark=mark, patience=contract.patience, side_by_side=aside
        )

    @property
    def logins(self) -> list[Request]:
        """Requests that log in."""
        return [request for request in list(self.server.requests) if self.contract.is_login(request)]

    @property
    def data(self) -> list[Request]:
        """All other requests."""
        return [request for request in list(self.server.requests) if not self.contract.is_login(request)]


class ContractBase:
    """What the author of a connector says about it. Regular expressions are searched in `GET /path?query`."""

    source: ClassVar[str] = "contract"
    """To be given to the connector as its `source`."""

    logins: ClassVar[str] = ""
    """Requests that log in; empty: the token is fixed."""

    renews: ClassVar[bool] = False
    """An expired token is renewed once, unseen by the reader."""

    lists: ClassVar[str] = ""
    """Requests that `streams()` may make besides logins: a list of accounts or channels."""

    pages: ClassVar[str] = ""
    """Requests that are answered page by page; the site shows at least two pages of one. Empty: the vendor has no
    pages."""

    optional: ClassVar[str] = ""
    """Requests without which facts lack only what no rule rests on (a link): their loss need not be told."""

    posts: ClassVar[tuple[str, ...]] = ()
    """Paths (regular expressions) whose POST is documented as a read."""

    methods: ClassVar[tuple[str, ...]] = ("GET", "HEAD")
    """Methods that read."""

    essential: ClassVar[frozenset[str]] = frozenset()
    """Names of fields whose loss is never silent: without them a fact would be false rather than poor."""

    may_lack: ClassVar[frozenset[str]] = frozenset()
    """Names of fields whose absence has a meaning by the vendor's documentation: a cursor after the last page, a list
    that is left out when it is empty. Taking them away, or null in their place, is no fault that could be noticed."""

    nullable: ClassVar[frozenset[str]] = frozenset()
    """Names of fields where null has a meaning by the vendor's documentation: nobody, no further page."""

    json: ClassVar[bool] = True
    """Answers are JSON: fields are taken away, changed and emptied one by one. False: those tests do not apply."""

    alone: ClassVar[bool] = True
    """Each stream has requests of its own and fails alone. False: the vendor gives everything with one request."""

    patience: ClassVar[float] = 30.0
    """Seconds after which a reading counts as hung; far more than any deadline of these tests."""

    # --- to provide ---

    def site(self) -> Site:
        """The vendor when all is well, fresh with each call. What it gives as access tokens contains `self.canary`."""
        raise TypeError("a contract test provides site()")

    def build(self, base_url: str) -> Connector:
        """The connector for a server, with `source=self.source`, and `self.canary` for every secret it takes."""
        raise TypeError("a contract test provides build()")

    def window(self) -> Window:
        """The window that the site's answers are for."""
        return Window(now=NOW, since=NOW - timedelta(days=30), until=NOW + timedelta(days=8), zone=ZoneInfo("UTC"))

    # --- the vendor's own ways; these are the usual ones ---

    def refused(self) -> Fault:
        """How a login or a token is refused."""
        return status(401, '{"error": "invalid_token"}')

    def forbidden(self) -> Fault:
        """How something is refused that the token's owner may not read."""
        return status(403, '{"error": "forbidden"}')

    def missing(self) -> Fault:
        """How something is answered that is not there."""
        return status(404, '{"error": "not_found"}')

    def limited(self, seconds: float | None) -> Fault:
        """How a used-up rate limit is told, with the seconds to wait or without."""
        return status(429, '{"error": "rate_limited"}', **({} if seconds is None else {"Retry_After": f"{seconds:g}"}))

    def emptied(self) -> Fault:
        """How the vendor answers when there is nothing: for JSON with every list of objects empty."""
        return changed_json(emptied)

    # --- the bench ---

    @cached_property
    def canary(self) -> str:
        """A secret that must appear nowhere; another one for each test."""
        return f"canary{secrets.token_hex(8)}"

    def is_login(self, request: Request) -> bool:
        """Whether a request logs in."""
        return bool(self.logins and re.search(self.logins, request.line))

    def is_data(self, request: Request) -> bool:
        """Whether it does not."""
        return not self.is_login(request)

    def is_read(self, request: Request) -> bool:
        """Whether a request is one that reads."""
        posts = request.method == "POST" and any(re.search(post, request.path) for post in self.posts)
        return posts or request.method in self.methods

    def adorns(self, requests: Collection[Asked]) -> bool:
        """Whether the loss of these requests need not be told."""
        lines = [f"{method} {path}" for method, path, *_ in requests]
        return bool(self.optional) and all(re.search(self.optional, line) for line in lines)

    def is_page(self, request: Request) -> bool:
        """Whether a request is answered page by page."""
        return bool(self.pages and self.is_data(request) and re.search(self.pages, request.line))

    @contextmanager
    def served(
        self, *faults: Strike, guards: Guards = PATIENT, url: str = "", latency: Iterable[float] = (0.0,)
    ) -> Iterator[Rig]:
        """A fresh site on the wire with faults, and a fresh connector on it (or on another address). `latency` are the
        seconds that answers take, in turns.
        """
        site, waits = self.site(), itertools.cycle(latency)
        arrivals: list[tuple[float, Request]] = []

        def timed(request: Request) -> Reply:
            arrivals.append((time.monotonic(), request))
            return site(request)

        with Loopback(timed, latency=lambda _: next(waits)) as server, short(guards):
            server.faults.extend(faults)
            yield Rig(server=server, contract=self, connector=self.build(url or server.url), arrivals=arrivals)

    def under(
        self, *faults: Strike, only: Collection[Key] | None = None, guards: Guards = PATIENT, aside: bool = False
    ) -> Outcome:
        """The outcome of reading under faults."""
        with self.served(*faults, guards=guards) as rig:
            return rig.read(only, aside=aside)

    def under_at(self, fault: Fault, requests: Collection[Asked]) -> Outcome:
        """The outcome of reading with a fault on some requests."""
        return self.under(strike(fault, one_of(requests)))

    def plain(self) -> Plain:
        """How reading goes when all is well; found once per class."""
        cls = type(self)
        if cls not in _plain:
            _plain[cls] = self._found_plain()
        return _plain[cls]

    def _found_plain(self) -> Plain:
        with self.served() as rig:
            outcome = rig.read()
        listed(untold(outcome), "when all is well, reading fails")
        listed((f"{where}: {error}" for where, error in outcome.errors), "when all is well, reading fails")
        replies: dict[Asked, Reply] = {}

        def keeping(request: Request, reply: Reply) -> Reply:
            replies[asked(request)] = reply
            return reply

        by: dict[Key, tuple[Request, ...]] = {}
        listing: tuple[Request, ...] = ()
        logins: tuple[Request, ...] = ()
        for key in outcome.by_key:
            with self.served(Strike(change=keeping)) as rig:
                rig.connector.streams(self.window())
                listing = tuple(rig.data)
            with self.served(Strike(change=keeping)) as rig:
                rig.read([key])
                by[key] = tuple(rig.data)[len(listing) :]
                logins = (*logins, *rig.logins)
        return Plain(
            outcome=outcome,
            listing=listing,
            asked_by=by,
            logins=logins,
            replies=replies,
            source=source_of(rig.connector),
        )

    @pytest.fixture(autouse=True)
    def _short_deadlines(self) -> Iterator[None]:
        """A connector that a test of its own builds waits no longer than those of the contract."""
        with short(PATIENT):
            yield


@contextmanager
def short(guards: Guards) -> Iterator[None]:
    """Every client made meanwhile has these guards."""
    set_testing(guards)
    try:
        yield
    finally:
        set_testing(None)


_plain: WeakKeyDictionary[type, Plain] = WeakKeyDictionary()
