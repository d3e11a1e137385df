"""Accelo under the whole fault pack, against the demo's site: a part of the simulated agency, and a row or two of each
module, so that it stays quick.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
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
from connectors.accelo_modules import RESOURCES
from tests.connectors.accelo_part import PAGE, part_of, world
from tests.connectors.accelo_wire import (
    MORNING,
    Deployment,
    activity,
    period,
    quote,
    retainer,
    sale,
    small,
    ticket,
)

MODULES = re.compile(r"/api/v0/(issues|contracts|quotes|prospects|activities)(/|$)")
DAY = 86_400


class Small(AcceloSite):
    """A few running projects with everything in them; tokens that can be found again."""

    def __init__(self, secret: str) -> None:
        super().__init__(world(), MORNING, client_secret=secret)
        self.secret = secret
        self.tables = part()
        self.beside = beside(self.tables["jobs"].by_id)

    def __call__(self, request: Request) -> Reply:
        headers = {**request.headers}
        if (told := headers.get("authorization", "")).startswith("Bearer "):
            headers["authorization"] = told.replace(f"{self.secret}-", "")
        request = replace(request, headers=headers)
        if MODULES.match(request.path):
            reply = super().__call__(replace(request, path="/api/v0/staff/whoami", query=()))
            return self.beside(request) if reply.status == 200 else reply
        reply = super().__call__(request)
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


def beside(jobs: Iterable[str]) -> Deployment:
    """What the modules hold, by hand: the periods of retainers come one by one, as documented."""
    now = int(moment(MORNING).timestamp())
    person = {"id": "3", "firstname": "Mia", "surname": "Lund", "email": "mia@harbourlane.example"}
    client = {"id": "301", "email": "pat@harbordental.example", "company": {"id": "88", "name": "Harbor Dental Group"},
              "contact": {"id": "240", "firstname": "Pat", "surname": "Reyes"}}  # fmt: skip
    due, runs = str(now + 3 * DAY), {"date_commenced": str(now - 9 * DAY), "date_expires": str(now + 9 * DAY)}
    found = small()
    found.flat_periods = "404"
    found.rows |= {
        "issues": [ticket(1, assignee=person, date_due=due, date_submitted=str(now - DAY), contract="1",
                          issue_type={"id": "1", "title": "Fault"}, issue_priority={"id": "1", "title": "Extreme"}),
                   ticket(2, against_type="job", against_id="7", standing="submitted")],
        "contracts": [retainer(n, manager=person, date_period_expires=due, date_expires=due, auto_renew="no", job="7")
                      for n in (1,)],
        "periods": [period(10 + n, n, **runs, rollover="no", unapproved_budget_used="7200") for n in (1,)],
        "quotes": [quote(n, against_id="1", manager=person, affiliation=client, date_expiry=due,
                         status={"id": "2", "title": "Sent"}) for n in (1,)],
        "prospects": [sale(n, manager=person, affiliation=client, date_due=due, date_created=str(now - DAY),
                           date_last_interacted=str(now - DAY), status={"id": "5", "title": "Quoted", "ordering": "3"},
                           prospect_type={"id": "1", "title": "New"},
                           prospect_probability={"id": "1", "value": "0.6"}) for n in (1,)],
        "activities": [activity(n, job, date_logged=str(now - 2 * DAY), date_created=str(now - 2 * DAY))
                       for n, job in enumerate(jobs, 1)],
    }  # fmt: skip
    return found


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
    optional = r"^GET /api/v0/activities"

    @pytest.fixture(autouse=True)
    def _short_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("connectors.accelo_api.LIMIT", PAGE)

    def site(self) -> Site:
        return Small(self.canary)

    def build(self, base_url: str) -> Accelo:
        return Accelo(
            source=self.source, deployment="harbourlane", client_id="5ba17c78ao@harbourlane.accelo.com",
            client_secret=self.canary, base_url=base_url, currency="USD", modules=list(RESOURCES),
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
