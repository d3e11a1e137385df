"""Asking sites without a socket, for the tests of the server."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import Any

from briefing.demo.server.accelo import AcceloSite
from briefing.demo.world import World
from briefing.loopback import Reply, Request
from tests.worlds import world_of

MORNING = date(2026, 11, 19)


def world(seed: int = 3, *, scale: int = 1) -> World:
    return world_of(seed, MORNING, scale=scale)


@cache
def shared_site() -> AcceloSite:
    """With default settings; for tests that change nothing in it."""
    return AcceloSite(world(), MORNING)


class Clock:
    """Unix seconds that stand still until told."""

    def __init__(self, now: float = 1_795_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Asker:
    """Somebody with a token."""

    def __init__(self, site: AcceloSite | None = None) -> None:
        self.site = site or shared_site()
        self.token = self.site.gate.issue()

    def reply(self, path: str, *, method: str = "GET", body: bytes = b"", headers: dict[str, str] | None = None,
              **params: object) -> Reply:  # fmt: skip
        query = tuple((name, str(value)) for name, value in params.items())
        told = {"authorization": f"Bearer {self.token}", **(headers or {})}
        return self.site(Request(method=method, path=f"/api/v0/{path}", query=query, headers=told, body=body))

    def whole(self, path: str, **params: Any) -> Any:
        """The body of a good answer."""
        reply = self.reply(path, **params)
        assert reply.status == 200, reply.body
        return body_of(reply)

    def rows(self, path: str, filters: str = "", fields: str = "", **params: Any) -> list[dict[str, Any]]:
        """All rows, page by page, also where they are wrapped."""
        found: list[dict[str, Any]] = []
        for number in range(1000):
            page = self.whole(path, _limit=100, _page=number, _filters=filters, _fields=fields, **params)["response"]
            if isinstance(page, dict):
                (page,) = page.values()
            found += page or []
            if len(page or []) < 100:
                return found
        raise AssertionError(path)

    def ids(self, path: str, filters: str = "", **params: Any) -> list[str]:
        return [row["id"] for row in self.rows(path, filters, **params)]


def body_of(reply: Reply) -> Any:
    assert isinstance(reply.body, bytes)
    return json.loads(reply.body)


def accelo(**settings: Any) -> Asker:
    return Asker(AcceloSite(world(), MORNING, **settings))
