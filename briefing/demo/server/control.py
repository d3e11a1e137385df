"""What the server itself is asked and told, under `/_control/`; none of it counts as a vendor's traffic.

    GET    /_control/requests[?vendor=accelo&since=12]    what came: counts per vendor and route, and each request
    POST   /_control/faults   {"vendor": "accelo", "kind": "status", "code": 500, "route": "/jobs", "times": 1}
    DELETE /_control/faults                               the wire is well again
    POST   /_control/latency  {"vendor": "accelo", "route": "/tasks", "seconds": 2}
    POST   /_control/morning  {"date": "2026-11-20"}      another morning of the same world
    POST   /_control/reset    {"what": ["requests"]}      as it began; without `what`: everything
    GET    /_control/sources                              what a configuration needs, as printed at the start

Headers and bodies of requests are never told: they carry logins. Nor are the values of parameters that name one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from briefing import loopback
from briefing.demo.server.sites import MAIL
from briefing.loopback import Fault, Reply, Request, json_reply

if TYPE_CHECKING:
    from briefing.demo.server.router import Router, Seen


class Control:
    """Answers for the router itself."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def __call__(self, request: Request) -> Reply:
        """What was asked, or 400 with what is wrong about it."""
        acts: dict[str, Callable[[Request], Any]] = {
            "GET /requests": self._requests, "GET /sources": self._sources, "POST /faults": self._fault,
            "DELETE /faults": self._no_faults, "POST /latency": self._latency, "POST /morning": self._morning,
            "POST /reset": self._reset,
        }  # fmt: skip
        act = acts.get(f"{request.method} {request.path}")
        if act is None:
            return json_reply({"error": f"no {request.method} {request.path}", "known": sorted(acts)}, status=404)
        try:
            return json_reply(act(request))
        except (KeyError, TypeError, ValueError, re.error) as error:
            return json_reply({"error": f"{type(error).__name__}: {error}"}, status=400)

    def _requests(self, request: Request) -> dict[str, Any]:
        router = self._router
        seen = router.seen(request.param("vendor"), int(request.param("since", "0")))
        vendors: dict[str, dict[str, Any]] = {}
        for name, count in Counter(one.vendor for one in seen).items():
            routes = Counter(route_of(one.request) for one in seen if one.vendor == name)
            vendors[name] = {"total": count, "routes": dict(sorted(routes.items()))}
        return {"count": router.count, "vendors": vendors, "requests": [_told(one) for one in seen]}

    def _sources(self, request: Request) -> dict[str, Any]:
        return self._router.sources(f"http://{request.headers.get('host', '127.0.0.1')}")

    def _fault(self, request: Request) -> dict[str, Any]:
        asked = _object(request)
        vendor, where = str(asked.pop("vendor")), str(asked.pop("route", ""))
        times, after = asked.pop("times", None), int(asked.pop("after", 0))
        kind = str(asked.pop("kind"))
        if vendor == MAIL and kind not in {"status", *MANNERS}:
            raise ValueError(f"no fault {kind!r} of IMAP (there are status, {', '.join(MANNERS)})")
        fault = named_fault(kind, asked)
        one = replace(fault, where=where, times=None if times is None else int(times), after=after)
        self._router.add_fault(vendor, one)
        return {"ok": True}

    def _no_faults(self, request: Request) -> dict[str, Any]:
        self._router.reset("faults")
        return {"ok": True}

    def _latency(self, request: Request) -> dict[str, Any]:
        asked = _object(request)
        self._router.slow(str(asked.get("vendor", "")), float(asked["seconds"]), str(asked.get("route", "")))
        return {"ok": True}

    def _morning(self, request: Request) -> dict[str, Any]:
        self._router.move_to(date.fromisoformat(_object(request)["date"]))
        return {"ok": True}

    def _reset(self, request: Request) -> dict[str, Any]:
        self._router.reset(*map(str, _object(request).get("what", ())))
        return {"ok": True}


def _object(request: Request) -> dict[str, Any]:
    value = request.json() if request.body else {}
    if not isinstance(value, dict):
        raise TypeError("an object is wanted")
    return value


def _told(one: Seen) -> dict[str, str]:
    query = "&".join(f"{name}={_hidden(name, value)}" for name, value in one.request.query)
    return {"vendor": one.vendor, "method": one.request.method, "path": one.request.path, "query": query}


def _hidden(name: str, value: str) -> str:
    return "***" if re.search(r"token|secret|password|key|^code$", name, re.IGNORECASE) else value


def route_of(request: Request) -> str:
    """`GET /api/v0/jobs/{id}`: numbers in the path are taken for ids."""
    return f"{request.method} " + re.sub(r"(?<=/)\d+(?=/|$)", "{id}", request.path)


# --- faults by name ---------------------------------------------------------------------------------------------------

MANNERS = ("hang", "drip", "drip_headers", "cut", "reset")


def named_fault(kind: str, how: Mapping[str, Any]) -> Fault:
    """A fault by its name: `status` (code, body, type, headers), one of MANNERS, `huge` and `bomb` (megabytes),
    `redirect` (url), `empty` (every list is), `rows` (field, value, count: the first rows get another value; without
    value they lose the field). Raises ValueError for another name, TypeError and KeyError for wrong arguments.
    """
    given = dict(how)
    if kind in MANNERS:
        fault = loopback.manner(kind)  # type: ignore[arg-type]  # one of MANNERS
    elif kind == "status":
        headers = {str(name): str(value) for name, value in given.pop("headers", {}).items()}
        type_ = str(given.pop("type", "application/json"))
        fault = loopback.status(int(given.pop("code")), str(given.pop("body", "")), type=type_, **headers)
    elif kind == "redirect":
        fault = loopback.redirect(str(given.pop("url")))
    elif kind in {"huge", "bomb"}:
        make = loopback.huge if kind == "huge" else loopback.bomb
        fault = make(int(given.pop("megabytes", 100)))
    elif kind == "empty":
        fault = loopback.changed_json(_emptied)
    elif kind == "rows":
        fault = loopback.changed_json(_spoiler(given))
    else:
        raise ValueError(
            f"no fault {kind!r} (there are status, redirect, huge, bomb, empty, rows, {', '.join(MANNERS)})"
        )
    if given:
        raise ValueError(f"{kind} does not take {', '.join(given)}")
    return fault


def _emptied(value: Any) -> Any:
    if isinstance(value, list):
        return []
    return {name: _emptied(part) for name, part in value.items()} if isinstance(value, dict) else value


def _spoiler(given: dict[str, Any]) -> Callable[[Any], Any]:
    """Changes a field in the first rows of the first list that has it."""
    name, count = str(given.pop("field")), int(given.pop("count", 1))
    loses, new = "value" not in given, given.pop("value", None)

    def spoiled(row: Any) -> Any:
        if not isinstance(row, dict):
            return row
        return {field: value for field, value in row.items() if field != name} if loses else {**row, name: new}

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [spoiled(row) for row in value[:count]] + value[count:]
        return {field: change(part) for field, part in value.items()} if isinstance(value, dict) else value

    return change
