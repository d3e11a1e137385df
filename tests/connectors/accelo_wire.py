"""A small Accelo on loopback for the connector's tests: lists by hand, filters, pages, logins. No simulated agency."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from briefing.connector import Ignored, Skipped, Window
from briefing.facts import Fact
from briefing.http import Guards
from briefing.loopback import Loopback, Reply, Request, json_reply
from connectors.accelo import Accelo

GUARDS = Guards(connect=5, silence=10, total=10, first_wait=0.01, longest_wait=0.2, largest=4_000_000)
"""Nothing here is to fail by time."""

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2025, 11, 18, 7, tzinfo=ZONE)
"""The reference's "today"."""

YESTERDAY = "1763413360"

MORNING = date(2026, 11, 19)
"""That of the simulated agency."""

OK = {
    "status": "ok",
    "message": "Everything executed as expected.",
    "more_info": "https://api.accelo.com/docs/#status-codes",
}
SECRET = "canary-secret-51c"


@dataclass
class Deployment:
    """What one deployment holds, and how it behaves."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    locale: Any = field(default_factory=lambda: {"timezone": "America/New_York", "currency_symbol": "$"})
    account: Any = None
    """`account_details` of the token's answer; None: with the locale."""

    keeps_filters: bool = True
    keeps_order: bool = True
    most: int = 100
    """Rows of a page, whatever is asked for."""

    knows_pages: bool = True
    wrap: Callable[[list[Any]], Any] = lambda rows: rows
    ignored_values: frozenset[str] = frozenset()
    """Arguments of filters that do not count."""

    flat_periods: str = "400"
    """How the list of all periods is answered: `rows`, `wrapped`, or a status. They are the rows of `periods`."""

    room: int = 4943
    """Calls that are left in this hour."""

    bad_tokens: set[str] = field(default_factory=set)
    tokens: int = 0

    def __call__(self, request: Request) -> Reply:
        if request.path == "/oauth2/v0/token":
            return self._log_in(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token or token in self.bad_tokens:
            return json_reply({"response": None, "meta": {"status": "invalid_client", "message": "no"}}, status=401)
        path = request.path.removeprefix("/api/v0/")
        if path == "tokeninfo":
            return self._single({"email": "ops@northlight.example", "expiry_date": "1766057400", "firstname": "Ops",
                                 "surname": "Robot", "deployment": "northlight", "locale": self.locale})  # fmt: skip
        if path == "staff/whoami":
            return self._single({"id": "37", "standing": "active", "financial_level": "all"})
        resource, _, rest = path.partition("/")
        if resource == "contracts" and rest.endswith("periods"):
            return self._periods(rest.removesuffix("periods").strip("/"), request)
        if rest == "statuses":
            return self._single(self.rows.get(path, [{"id": "1", "title": "Pending", "standing": "pending"}]))
        if resource not in self.rows:
            return json_reply(
                {"response": None, "meta": {"status": "invalid_request", "message": "unknown"}}, status=400
            )
        found = self._kept(self.rows[resource], request)
        if rest == "count":
            return self._single({"count": str(len(found))})
        return self._single(self.wrap(self._paged(found, request)))

    def _kept(self, rows: Sequence[Any], request: Request) -> list[Any]:
        filters = parsed(request.param("_filters")) if self.keeps_filters else []
        tests = [filtering(*each, self.ignored_values) for each in filters]
        found = [row for row in rows if all(test(row) for test in tests)]
        for name, by in filters:
            if name == "order_by_desc" and self.keeps_order:
                found.sort(key=lambda row: int(row.get(by) or 0), reverse=True)
        return found

    def _paged(self, found: list[Any], request: Request) -> list[Any]:
        size = min(int(request.param("_limit", "10")), self.most)
        first = int(request.param("_page", "0")) * size if self.knows_pages else 0
        return found[first : first + size]

    def _periods(self, of: str, request: Request) -> Reply:
        rows = self.rows.get("periods", [])
        if of:
            found = self._kept([row for row in rows if row["contract_id"] == of], request)
            return self._single({"periods": self._paged(found, request)})
        if self.flat_periods.isdecimal():
            code = int(self.flat_periods)
            told = {"response": None, "meta": {"status": "invalid_request", "message": "unknown"}}
            return json_reply(told, status=code)
        found = self._paged(self._kept(rows, request), request)
        return self._single(found if self.flat_periods == "rows" else {"periods": found})

    def _single(self, response: Any) -> Reply:
        headers = {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": str(self.room),
            "X-RateLimit-Reset": "1763467200",
        }
        return json_reply({"meta": OK, "response": response}, headers=headers)

    def _log_in(self, request: Request) -> Reply:
        self.tokens += 1
        account = {"firstname": "Ops", "surname": "Robot", "email": "ops@northlight.example", "locale": self.locale}
        return json_reply({
            "access_token": f"token-{self.tokens}", "expires_in": "2592000", "token_type": "Bearer",
            "deployment": "northlight", "deployment_name": "Northlight Agency", "account_id": "4",
            "account_details": account if self.account is None else self.account,
        })  # fmt: skip


def parsed(text: str) -> list[tuple[str, str]]:
    """Filters by name, with what stands in their brackets; of a name that comes twice the last counts."""
    found, depth, begin = [], 0, 0
    for at, char in enumerate(f"{text},"):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            name, _, inside = text[begin:at].partition("(")
            found.append((name, inside.removesuffix(")")))
            begin = at + 1
    return list(dict(found).items())


def filtering(name: str, inside: str, ignored: AbstractSet[str]) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a row keeps a filter as Accelo's documentation describes it; unknown ones are ignored."""
    if name == "_OR":
        parts = [filtering(*part, ignored) for part in parsed(inside)]
        return lambda row: any(part(row) for part in parts)
    values = set(re.findall(r"\w+", inside)) - ignored
    if name == "standing":
        return lambda row: row["standing"] in values
    if name == "standing_not":
        return lambda row: row["standing"] not in values
    if name == "contract":
        return lambda row: str(row.get("contract_id")) in values
    if name.endswith("_after"):
        field, limit = name.removesuffix("_after"), int(inside)
        return lambda row: int(row.get(field) or 0) > limit if str(row.get(field) or 0).isdecimal() else True
    if name in {"job", "id", "parent"}:
        return lambda row: plain_id(row.get(name)) in values
    if name == "against":
        return lambda row: kind_of(row) in values and row["against_id"] in values
    return lambda _: True


def kind_of(row: Mapping[str, Any]) -> Any:
    """What a row hangs on: the older word for a milestone is kept in rows, and known to filters."""
    return "milestone" if row["against_type"] == "component" else row["against_type"]


def plain_id(value: Any) -> str:
    """An id that may stand in an object."""
    return str(value["id"] if isinstance(value, dict) else value)


@dataclass
class Read:
    """What one stream yielded."""

    facts: list[Fact] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)

    @property
    def whys(self) -> list[str]:
        """Where and why of what was skipped."""
        return [f"{each.where}: {each.why}" for each in self.skipped]

    @property
    def left_out(self) -> dict[str, int]:
        """What was left out on purpose."""
        counted: dict[str, int] = {}
        for each in self.ignored:
            counted[each.why] = counted.get(each.why, 0) + each.count
        return counted

    @property
    def ids(self) -> list[str]:
        """Ids of the facts in their order."""
        return [fact.ref.id for fact in self.facts]


@contextmanager
def serving(deployment: Deployment, **settings: Any) -> Iterator[tuple[Accelo, Loopback]]:
    """A deployment on loopback and a connector that reads it."""
    with Loopback(deployment) as server:
        yield connector(server, **settings), server


def connector(server: Loopback, **settings: Any) -> Accelo:
    """A connector for a server."""
    given: dict[str, Any] = {
        "source": "accelo", "deployment": "northlight", "client_id": "5ba17c78ao@northlight.accelo.com",
        "client_secret": SECRET, "base_url": server.url, "currency": "USD", "modules": (),
    }  # fmt: skip
    return Accelo(**{**given, **settings})


def window(now: datetime = NOW, zone: str = "Europe/Berlin") -> Window:
    """A window whose zone is not the deployment's."""
    return Window(now=now, since=now, until=now, zone=ZoneInfo(zone))


def read(accelo: Accelo, scope: str, at: Window | None = None) -> Read:
    """Read one stream."""
    at = at or window()
    (stream,) = [stream for stream in accelo.streams(at) if stream.scope == scope]
    found = Read()
    for thing in stream.read(at, None):
        if isinstance(thing, Fact):
            assert type(thing) in stream.kinds
            found.facts.append(thing)
        elif isinstance(thing, Skipped):
            found.skipped.append(thing)
        else:
            assert isinstance(thing, Ignored)
            found.ignored.append(thing)
    return found


def job(number: int | str, **changes: Any) -> dict[str, Any]:
    """A project's row."""
    return {"id": str(number), "title": f"Project {number}", "standing": "active", "date_due": None, "manager": None,
            "date_last_interacted": YESTERDAY, "company": {"id": "88", "name": "Harbor Dental Group"}, **changes}  # fmt: skip


def milestone(number: int | str, of: int | str, **changes: Any) -> dict[str, Any]:
    """A milestone's row."""
    return {"id": str(number), "title": f"Milestone {number}", "standing": "pending", "parent": "0", "job": str(of),
            "date_due": None, "manager": None, **changes}  # fmt: skip


def task(number: int | str, on: int | str, kind: str = "milestone", **changes: Any) -> dict[str, Any]:
    """A task's row."""
    return {"id": str(number), "title": f"Task {number}", "standing": "pending", "against_type": kind,
            "against_id": str(on), "assignee": None, "date_due": None, **changes}  # fmt: skip


def ticket(number: int | str, **changes: Any) -> dict[str, Any]:
    """A ticket's row."""
    return {"id": str(number), "title": f"Ticket {number}", "standing": "open", "assignee": None, "date_due": None,
            "against_type": "company", "against_id": "88", "company": {"id": "88", "name": "Harbor Dental Group"},
            **changes}  # fmt: skip


def retainer(number: int | str, **changes: Any) -> dict[str, Any]:
    """A retainer's row."""
    return {"id": str(number), "title": f"Care plan {number}", "standing": "active", "date_expires": None,
            "date_period_expires": None, "manager": None, "company": {"id": "88", "name": "Harbor Dental Group"},
            **changes}  # fmt: skip


def period(number: int | str, of: int | str, **changes: Any) -> dict[str, Any]:
    """The row of an open period of November 2025, of 40 hours, 36.5 of them used."""
    return {"id": str(number), "contract_id": str(of), "contract": f"contracts/{of}", "standing": "opened",
            "allowance_type": "fixed_hours", "date_commenced": "1762012800", "date_expires": "1764522000",
            "allowance": {"billable": "144000", "charged": "0.00"}, "budget": {"type": "time", "value": "144000"},
            "budget_used": {"type": "time", "value": "131400"}, "contract_budget": {"id": "281", "time": "131400"},
            **changes}  # fmt: skip


def quote(number: int | str, **changes: Any) -> dict[str, Any]:
    """A quote's row."""
    return {"id": str(number), "title": f"Quote {number}", "standing": "published", "against_type": "prospect",
            "against_id": "530", "date_expiry": None, "total_price": "1000.00", "manager": None, **changes}  # fmt: skip


def sale(number: int | str, **changes: Any) -> dict[str, Any]:
    """A sale's row."""
    return {"id": str(number), "title": f"Sale {number}", "standing": "active", "value": "1000.00", "date_due": None,
            "date_last_interacted": YESTERDAY, "manager": None, **changes}  # fmt: skip


def activity(number: int | str, on: int | str, kind: str = "job", **changes: Any) -> dict[str, Any]:
    """An activity's row: a note of somebody."""
    return {"id": str(number), "against_type": kind, "against_id": str(on), "date_logged": "1763150400",
            "date_created": "1763150400", "medium": "note", "owner_type": "staff", "staff": "12", **changes}  # fmt: skip


def small(jobs: Sequence[Any] = (), milestones: Sequence[Any] = (), tasks: Sequence[Any] = ()) -> Deployment:
    """A deployment with some rows."""
    return Deployment(
        rows={
            "jobs": list(jobs),
            "milestones": list(milestones),
            "tasks": list(tasks),
            "staff": [],
            "companies": [],
            "issues": [],
            "contracts": [],
            "quotes": [],
            "prospects": [],
            "activities": [],
        }
    )
