"""Accelo under the whole fault pack, against the demo's site: a part of the simulated agency, so that it stays quick."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from briefing.connector import Window
from briefing.contract import ConnectorContract
from briefing.demo.days import ZONE, moment
from briefing.demo.server.accelo import AcceloSite
from briefing.demo.server.accelo_rows import Table
from briefing.loopback import Fault, Reply, Request, Site, status
from connectors.accelo import Accelo
from tests.connectors.accelo_part import PAGE, part_of, world
from tests.connectors.accelo_wire import MORNING


class Small(AcceloSite):
    """A few running projects with everything in them; tokens that can be found again."""

    def __init__(self, secret: str) -> None:
        super().__init__(world(), MORNING, client_secret=secret)
        self.secret = secret
        self.tables = part()

    def __call__(self, request: Request) -> Reply:
        headers = {**request.headers}
        if (told := headers.get("authorization", "")).startswith("Bearer "):
            headers["authorization"] = told.replace(f"{self.secret}-", "")
        reply = super().__call__(replace(request, headers=headers))
        if request.path != "/oauth2/v0/token" or reply.status != 200:
            return reply
        assert isinstance(reply.body, bytes)
        body = json.loads(reply.body)
        body["access_token"] = f"{self.secret}-{body['access_token']}"
        return replace(reply, body=json.dumps(body).encode())

    # One kind of object says as much as five.

    @property
    def _rights(self) -> dict[str, Any]:
        return {"job": {"view": "1"}}

    @property
    def _titles(self) -> dict[str, Any]:
        return {"job": {"singular": "Project"}}


@cache
def part() -> Mapping[str, Table]:
    """Made once for all sites."""
    return part_of(AcceloSite(world(), MORNING).tables)


class TestAccelo(ConnectorContract):
    logins, renews = r"^POST /oauth2/v0/token", True
    pages = r"^GET /api/v0/tasks\?"
    posts = (r"/oauth2/v0/token$",)
    essential = frozenset({"id", "standing", "against_type", "against_id", "response"})
    nullable = frozenset({"response"})

    @pytest.fixture(autouse=True)
    def _short_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("connectors.accelo_api.LIMIT", PAGE)

    def site(self) -> Site:
        return Small(self.canary)

    def build(self, base_url: str) -> Accelo:
        return Accelo(
            source=self.source, deployment="harbourlane", client_id="5ba17c78ao@harbourlane.accelo.com",
            client_secret=self.canary, base_url=base_url, currency="USD",
        )  # fmt: skip

    def window(self) -> Window:
        now = moment(MORNING)
        return Window(now=now, since=now - timedelta(days=30), until=now + timedelta(days=8), zone=ZoneInfo(str(ZONE)))

    def refused(self) -> Fault:
        return status(401, '{"response": null, "meta": {"status": "invalid_client", "message": "no"}}')

    def forbidden(self) -> Fault:
        return status(403, '{"response": null, "meta": {"status": "invalid_permission", "message": "no"}}')

    def missing(self) -> Fault:
        return status(404, "<html>Not Found</html>", type="text/html")
