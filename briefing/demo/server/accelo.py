"""Accelo's REST API (v0) as its documentation and its users describe it, answered from the simulated agency.

    site = AcceloSite(world, morning, unset="zero")
    with Loopback(site) as server: ...

Where the reference could not verify something there is a setting (`accelo_settings.OPEN`). Only reading is served: any
other verb, `_method=delete` on a GET too, is refused with 403.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from briefing.demo import names
from briefing.demo.days import ZONE_NAME
from briefing.demo.server import accelo_tables as offers
from briefing.demo.server.accelo_auth import Gate, Granted, api_reply
from briefing.demo.server.accelo_ids import Numbers
from briefing.demo.server.accelo_query import Cell, Link, Query, Refused, Row, Spec, Term, page, query, terms
from briefing.demo.server.accelo_rows import tables_of
from briefing.demo.server.accelo_settings import AcceloSettings
from briefing.demo.server.accelo_shared import Table
from briefing.demo.server.pace import Pace, Wait
from briefing.demo.world import World
from briefing.loopback import Reply, Request, text_reply

NOT_FOUND = "<!DOCTYPE html><html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>"
OBJECTS = {
    "job": "Project", "milestone": "Milestone", "task": "Task", "company": "Client", "issue": "Ticket",
    "contract": "Retainer", "prospect": "Sale", "quote": "Quote",
}  # fmt: skip
"""What the deployment calls the kinds of object."""

PLURAL = {"company": "companies"}
"""Resources that are not their object with an s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for rows, however it was put."""

    fields: str
    filters: str
    search: str
    pages: Mapping[str, str]


class AcceloSite:
    """One deployment on one morning. Serves many threads."""

    name: ClassVar[str] = "accelo"
    pace: ClassVar[Pace] = Pace(
        waits=(Wait(seconds=0.25, where=r"/oauth2/|tokeninfo|/count|/statuses|whoami"), Wait(seconds=0.45)), at_once=4
    )
    """Clients in the field report hundreds of milliseconds to seconds, and three or four requests at a time as fair."""

    def __init__(self, world: World, morning: date, *, clock: Callable[[], float] = time.time, **settings: Any) -> None:
        """`settings` are those of AcceloSettings. `clock` gives unix seconds: for expiry of tokens and the hourly
        limit, which are of the real day and not of the simulated one. Raises TypeError for a setting that is not known.
        """
        self.settings = AcceloSettings(**settings)
        self.world, self.morning = world, morning
        self.numbers = Numbers(world)
        self.gate = Gate(self.settings, clock)

    @classmethod
    def credentials(cls, settings: Mapping[str, Any]) -> dict[str, str]:
        """What a source needs besides the address. Raises TypeError for a setting that is not known."""
        own = AcceloSettings(**settings)
        known = {"deployment": own.deployment, "client_id": own.client_id, "client_secret": own.client_secret}
        return known | own.of_source

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """Every resource of this morning."""
        tables = tables_of(self.world, self.morning, self.settings)
        return self._seen(tables) if self.settings.unseen else tables

    def _seen(self, tables: Mapping[str, Table]) -> Mapping[str, Table]:
        """The same without the projects of other teams and what lies in them."""
        others = {Link("staff", self.numbers.number("staff", email)) for email in self.settings.unseen}
        hidden = {str(row["id"]) for row in tables["jobs"].rows if row["manager"] in others}
        keep: Mapping[str, Callable[[Row], bool]] = {
            "jobs": lambda row: str(row["id"]) not in hidden,
            "milestones": lambda row: not any(_of_job(row, job) for job in hidden),
            "tasks": lambda row: str(row["child_of_job"]) not in hidden,
        }
        return {
            name: Table(table.spec, filter(keep[name], table.rows)) if name in keep else table
            for name, table in tables.items()
        }

    # --- a request ----------------------------------------------------------------------------------------------------

    def __call__(self, request: Request) -> Reply:
        """Accelo's answer, with the headers of its limit."""
        api = re.fullmatch(r"/api/([^/]+)/(.+?)(?:\.json)?/?", request.path)
        login = re.fullmatch(r"/oauth2/v0/(token|revoke|authorize|consent)", request.path)
        if not api and not login:
            return text_reply(NOT_FOUND, status=404, type="text/html; charset=utf-8")
        room, headers = self.gate.limit(counts=api is not None)
        if locked := self.gate.locked():
            reply = locked
        elif not room:
            reply = self.gate.over_limit()
        elif login:
            reply = self.gate.login(login[1], request, self._account)
        else:
            assert api is not None
            reply = self._api(request, api[1], api[2])
        return replace(reply, headers=(*reply.headers, *headers))

    def _api(self, request: Request, version: str, path: str) -> Reply:
        grant = self.gate.grant(request)
        if isinstance(grant, Reply):
            return grant
        try:
            asked, method = _asked(request)
            if method != "GET":
                return api_reply(None, status="invalid_permission", code=403)
            if version != "v0":
                return _refused()
            return self._resource(path.split("/"), asked, grant)
        except Refused as error:
            return _refused(str(error))

    def _resource(self, path: Sequence[str], asked: Asked, grant: Granted) -> Reply:
        alone = {"tokeninfo": self._tokeninfo, "user": self._user, "staff/whoami": self._whoami}
        if act := alone.get("/".join(path)):
            return act(asked, grant)
        if not grant.allows(path[0]) or path[0] in self.settings.refused:
            return api_reply(None, status="invalid_permission", code=403)
        name = "/".join(path)
        if name == offers.PERIODS.name and self.settings.flat_periods != "list":
            return self._flat_periods(asked)
        if name in self.tables and name not in offers.UNLISTED:
            return self._list(self.tables[name], self.tables[name].rows, asked)
        if path[0] not in self.tables or path[0] in offers.UNLISTED:
            return _refused()
        return self._below(path, asked)

    def _below(self, path: Sequence[str], asked: Asked) -> Reply:
        """What lies under a resource: its count, one row, and the rows of one row."""
        table = self.tables[path[0]]
        if path[1:] == ["count"]:
            return self._count(table, asked)
        if path == ["activities", "allocations"]:
            return self._allocations(table, asked)
        if path[0] == "contracts" and path[1] == "periods":
            table, path = self.tables[offers.PERIODS.name], path[1:]
        if len(path) < 2 or path[1] not in table.by_id:
            return _refused()
        if len(path) == 2:
            return api_reply(self._shown(table.spec, table.by_id[path[1]], terms(asked.fields)))
        if (path[0], *path[2:]) == ("jobs", "milestones"):
            milestones = self.tables["milestones"]
            return self._list(milestones, [row for row in milestones.rows if _of_job(row, path[1])], asked)
        if (path[0], *path[2:]) == ("contracts", "periods"):
            periods = self.tables[offers.PERIODS.name]
            return self._list(
                periods, [row for row in periods.rows if row["contract_id"] == path[1]], asked, wraps=True
            )
        return _refused()

    def _flat_periods(self, asked: Asked) -> Reply:
        """The list of all periods, which one client knows and no documentation."""
        table = self.tables[offers.PERIODS.name]
        if self.settings.flat_periods == "wrapped":
            return self._list(table, table.rows, asked, wraps=True)
        if self.settings.flat_periods == "missing":
            return text_reply(NOT_FOUND, status=404, type="text/html; charset=utf-8")
        return _refused()

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _query(self, spec: Spec, asked: Asked) -> Query:
        return query(spec, asked.filters, asked.search, self.settings)

    def _list(self, table: Table, rows: Sequence[Row], asked: Asked, *, wraps: bool | None = None) -> Reply:
        """A page of rows. `wraps` None: as the resource does it when it stands alone."""
        wanted = terms(asked.fields)
        found = page(self._query(table.spec, asked).of(rows), asked.pages, self.settings.default_limit)
        shown = [self._shown(table.spec, row, wanted) for row in found]
        told = shown if shown or self.settings.empty_list == "list" else None
        alone = table.spec.within if table.spec is not offers.PERIODS else ""
        within = table.spec.within if wraps else alone
        return api_reply({within: told} if within else told)

    def _count(self, table: Table, asked: Asked) -> Reply:
        count = str(len(self._query(table.spec, asked).of(table.rows)))
        return api_reply(count if table.spec.name in self.settings.bare_counts else {"count": count})

    def _allocations(self, table: Table, asked: Asked) -> Reply:
        """The time of the activities that pass, in seconds, and what it is worth."""
        rows = self._query(table.spec, asked).of(table.rows)
        billable, other = (sum(int(str(row[name])) for row in rows) for name in ("billable", "nonbillable"))
        told = {"billable": str(billable), "nonbillable": str(other), "charged": f"{billable / 3600 * 150:.2f}"}
        return api_reply([told] if self.settings.allocations == "list" else told)

    def _shown(self, spec: Spec, row: Row, wanted: Sequence[Term], depth: int = 0) -> dict[str, Any]:
        """A row with its default fields and those asked for. Raises Refused for fields that break the request."""
        shown = {name: self._cell(spec, row, Term(name, None), depth) for name in spec.default}
        for term in wanted:
            if term.name == "_ALL" and spec.takes_all:
                names_ = [name for name in spec.every if name not in spec.secret]
                shown |= {name: self._cell(spec, row, Term(name, None), depth) for name in names_}
            elif spec.twins.get(term.name, term.name) in self._has(spec):
                shown[term.name] = self._cell(spec, row, term, depth)
            elif self._breaks(spec, term.name):
                raise Refused(f"Unknown field {term.name}.")
        if self.settings.financial_level != "all":
            shown = {name: value for name, value in shown.items() if name not in spec.money}
        return shown

    def _has(self, spec: Spec) -> Sequence[str]:
        if spec is offers.PERIODS and self.settings.period_fields != "all":
            return [name for name in spec.every if name not in offers.OLDER]
        return spec.every

    def _breaks(self, spec: Spec, name: str) -> bool:
        if spec is offers.PERIODS and self.settings.period_fields == "refused" and name in offers.OLDER:
            return True
        if self.settings.unknown_field == "staff":
            return spec is offers.JOBS and name == "staff"
        return self.settings.unknown_field == "refused" and name != "_ALL"

    def _cell(self, spec: Spec, row: Row, term: Term, depth: int) -> Any:
        value: Cell = row[spec.twins.get(term.name, term.name)]
        if isinstance(value, Link):
            return self._linked(value, term, depth, row)
        if isinstance(value, tuple):
            return list(value)
        if isinstance(value, Mapping):
            return dict(value)
        if term.name == "against_type" and value == "milestone":
            return self.settings.against_milestone
        unset_date = value is None and term.name.startswith("date_") and self.settings.unset_dates == "zero"
        return "0" if unset_date else value

    def _linked(self, link: Link, term: Term, depth: int, row: Row) -> Any:
        if link.id is None:
            even = int(str(row["id"])) % 2 == 0
            return {"null": None, "zero": "0", "empty": "", "mixed": "0" if even else None}[self.settings.unset]
        table = self.tables.get(link.table)
        if term.inside is None or table is None or depth >= self.settings.nests:
            return link.id
        if link.id not in table.by_id:
            return None
        return self._shown(table.spec, table.by_id[link.id], term.parts, depth + 1)

    # --- who is asking ------------------------------------------------------------------------------------------------

    @cached_property
    def _me(self) -> Row:
        """The user that the service application acts as."""
        number = self.numbers.number("staff", self.world.people.reader.email)
        return {**self.tables["staff"].by_id[number], "financial_level": self.settings.financial_level}

    @property
    def _locale(self) -> dict[str, Any]:
        zone: dict[str, dict[str, Any]] = {
            "timezone": {"timezone": ZONE_NAME}, "zone": {"time_zone_name": ZONE_NAME},
            "deep": {"zone": {"name": ZONE_NAME}}, "absent": {},
        }  # fmt: skip
        return {**zone[self.settings.locale], "currency_symbol": "$"}

    @property
    def _rights(self) -> dict[str, Any]:
        return {
            kind: {
                "view": "0" if PLURAL.get(kind, f"{kind}s") in self.settings.refused else "1",
                "add": "0", "manage": "0", "admin": "0",
            }
            for kind in OBJECTS
        }  # fmt: skip

    @property
    def _titles(self) -> dict[str, Any]:
        titles = {**OBJECTS, **dict(self.settings.titles)}
        return {kind: {"singular": title, "plural": f"{title}s"} for kind, title in titles.items()}

    @property
    def _account(self) -> dict[str, Any]:
        """What the answer with the token says besides."""
        me = self._me
        return {
            "deployment": self.settings.deployment, "deployment_name": names.AGENCY,
            "deployment_uri": f"https://{self.settings.deployment}.accelo.com", "account_id": me["id"],
            "account_details": {
                "firstname": me["firstname"], "surname": me["surname"], "email": me["email"],
                "user_access": self._rights, "user_defined_titles": self._titles, "locale": self._locale,
            },
        }  # fmt: skip

    def _tokeninfo(self, asked: Asked, grant: Granted) -> Reply:
        me = self._me
        return api_reply(
            {
                "email": me["email"], "expiry_date": str(int(grant.expires)), "firstname": me["firstname"],
                "surname": me["surname"], "deployment": self.settings.deployment, "staff_id": me["id"],
                "locale": self._locale,
            }
        )  # fmt: skip

    def _whoami(self, asked: Asked, grant: Granted) -> Reply:
        return api_reply(self._shown(offers.STAFF, self._me, terms(asked.fields)))

    def _user(self, asked: Asked, grant: Granted) -> Reply:
        shown = self._shown(offers.STAFF, self._me, terms(asked.fields))
        return api_reply({**shown, "user_titles": self._titles, "user_access": self._rights, "locale": self._locale})


def _refused(message: str = "") -> Reply:
    return api_reply(None, status="invalid_request", code=400, message=message)


def _of_job(row: Row, job: str) -> bool:
    return isinstance(link := row["job"], Link) and link.id == job


def _asked(request: Request) -> tuple[Asked, str]:
    """What is asked for, and the verb that counts: `_method` turns any request into another. Raises Refused.

    A JSON body may carry `_fields` as text or list and `_filters` as text or object; pages stand in the address.
    """
    params, body = dict(request.query), _body(request)
    method = str(body.get("_method") or params.get("_method") or request.method).upper()
    fields, filters = body.get("_fields", params.get("_fields", "")), body.get("_filters", params.get("_filters", ""))
    if isinstance(fields, list):
        fields = ",".join(map(str, fields))
    if isinstance(filters, dict):
        filters = ",".join(f"{name}({_arguments(value)})" for name, value in filters.items())
    search = str(body.get("_search", params.get("_search", "")))
    return Asked(fields=str(fields), filters=str(filters), search=search, pages=params), method


def _arguments(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _body(request: Request) -> dict[str, Any]:
    if not request.body or "json" not in request.headers.get("content-type", ""):
        return dict(request.form()) if request.body else {}
    try:
        value = request.json()
    except json.JSONDecodeError:
        raise Refused("The body is not JSON.") from None
    return value if isinstance(value, dict) else {}
