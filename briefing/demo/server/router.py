"""One address for all vendors: the first segment of the path says whose API is asked.

The router keeps what the server is told for a while: faults, latencies, and which requests came. Faults and latencies
name a vendor and a regular expression that is searched in the vendor's own request line (`GET /api/v0/jobs?_page=0`).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from briefing.demo.server.control import Control
from briefing.demo.server.pace import AT_ONCE, Pace, Wait
from briefing.demo.server.sites import MAIL, SITES, VendorSite, pace_of, site_class, source_of
from briefing.demo.world import World
from briefing.loopback import Fault, Reply, Request, json_reply

if TYPE_CHECKING:
    from briefing.demo.server.mailboxes import MailSite

CONTROL = "_control"
MOST_KEPT = 20_000
"""Requests remembered; the oldest are forgotten first, and the counts go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that came for a vendor, as the vendor sees it."""

    vendor: str
    request: Request


class Router:
    """All vendors of one world on one morning: the site of a `Loopback`. Sites are built when first asked."""

    def __init__(
        self,
        world: World,
        morning: date,
        *,
        only: Sequence[str] = (),
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        pace: Pace | Mapping[str, Pace] | None = AT_ONCE,
    ) -> None:
        """`only` names the vendors to serve (empty: all), `settings` are each site's own. `pace` is one for all, one
        per vendor (others do not wait), or None: each vendor's realistic one. Raises ValueError for unknown vendors.
        """
        self.world, self.morning = world, morning
        self.names = tuple(only) or tuple(SITES)
        self.settings = {name: dict(own) for name, own in (settings or {}).items()}
        if unknown := sorted({*self.names, *self.settings} - set(SITES)):
            raise ValueError(f"no vendor {', '.join(unknown)} (there are {', '.join(SITES)})")
        self._pace = pace
        self._guard = threading.Lock()
        self._building = {name: threading.Lock() for name in self.names}
        self._control = Control(self)
        self._never = threading.Event()
        self.mail_port = 0
        """Where the agency's mail answers by IMAP (`mailboxes.listening`); 0 while it does not."""

        self.reset()

    # --- state --------------------------------------------------------------------------------------------------------

    def reset(self, *what: str) -> None:
        """As when it began: all of it, or `requests`, `faults`, `latency`, `sites`. Raises ValueError for others."""
        parts = what or ("requests", "faults", "latency", "sites")
        if unknown := set(parts) - {"requests", "faults", "latency", "sites"}:
            raise ValueError(f"cannot reset {', '.join(sorted(unknown))}")
        with self._guard:
            if "requests" in parts:
                self._seen: list[Seen] = []
                self._forgotten = 0
            if "faults" in parts:
                self._faults: list[tuple[str, Fault]] = []
            if "latency" in parts:
                self._waits: list[tuple[str, Wait]] = []
                self._paces = {name: self._own_pace(name) for name in self.names}
                self._places = {
                    name: threading.BoundedSemaphore(pace.at_once)
                    for name, pace in self._paces.items() if pace.at_once
                }  # fmt: skip
            if "sites" in parts:
                self._sites: dict[str, VendorSite] = {}

    def _own_pace(self, name: str) -> Pace:
        if self._pace is None:
            return pace_of(name)
        return self._pace if isinstance(self._pace, Pace) else self._pace.get(name, AT_ONCE)

    def move_to(self, morning: date) -> None:
        """Serve another morning of the same world; every site begins anew, its logins too."""
        with self._guard:
            self.morning, self._sites = morning, {}

    def site(self, name: str) -> VendorSite:
        """A vendor's site, built when first asked. Raises KeyError for a vendor that is not served."""
        with self._building[name]:
            with self._guard:
                found, morning = self._sites.get(name), self.morning
            if found is None:
                found = site_class(name)(self.world, morning, **self.settings.get(name, {}))
                with self._guard:
                    self._sites[name] = found
            return found

    def sources(self, url: str) -> dict[str, dict[str, Any]]:
        """What a configuration needs for each vendor, with this server's address; mail only while it is served."""
        told = {name: source_of(name, f"{url}/{name}", self.settings.get(name, {})) for name in self.names
                if name != MAIL}  # fmt: skip
        if self.mail_port:
            told[MAIL] = cast("MailSite", self.site(MAIL)).source(self.mail_port)
        return told

    # --- what it is told ----------------------------------------------------------------------------------------------

    def add_fault(self, vendor: str, fault: Fault) -> None:
        """From now on; of several that match the first holds. Raises KeyError for a vendor that is not served."""
        re.compile(fault.where)
        with self._guard:
            _ = self._building[vendor]
            self._faults.append((vendor, fault))

    @contextmanager
    def faulty(
        self, vendor: str, fault: Fault, where: str = "", *, times: int | None = None, after: int = 0
    ) -> Iterator[None]:
        """With a fault for a while; `where` is searched in the vendor's own request line."""
        one = replace(fault, where=where or fault.where, times=times, after=after, seen=0)
        self.add_fault(vendor, one)
        try:
            yield
        finally:
            with self._guard:
                self._faults = [(name, other) for name, other in self._faults if other is not one]

    def slow(self, vendor: str, seconds: float, where: str = "") -> None:
        """Some requests of a vendor take this long from now on; what was said last holds. Empty vendor: all."""
        re.compile(where)
        with self._guard:
            if vendor:
                _ = self._building[vendor]
            self._waits.insert(0, (vendor, Wait(seconds=seconds, spread=0, where=where)))

    def seen(self, vendor: str = "", since: int = 0) -> Sequence[Seen]:
        """Requests that came, in their order, from number `since` on; of one vendor, or of all."""
        with self._guard:
            kept = self._seen[max(since - self._forgotten, 0) :]
        return [one for one in kept if vendor in {"", one.vendor}]

    def lines(self, vendor: str = "", since: int = 0) -> Sequence[str]:
        """The same as `GET /path?query`, as the vendor sees them."""
        return [one.request.line for one in self.seen(vendor, since)]

    @property
    def count(self) -> int:
        """Requests that came since the beginning."""
        with self._guard:
            return self._forgotten + len(self._seen)

    # --- a request ----------------------------------------------------------------------------------------------------

    def __call__(self, request: Request) -> Reply:
        """The vendor's answer, in its time, with the first fault that strikes."""
        vendor, _, rest = request.path.lstrip("/").partition("/")
        if vendor == CONTROL:
            return self._control(replace(request, path=f"/{rest}"))
        if vendor not in self._building:
            return json_reply({"error": f"no vendor {vendor!r}", "vendors": list(self.names)}, status=404)
        headers = {**request.headers, "x-forwarded-prefix": f"/{vendor}"}
        inner = replace(request, path=f"/{rest}", headers=headers)
        with self.taken(vendor, inner) as fault:
            reply = self.site(vendor)(inner)
            return fault.change(inner, reply) if fault else reply

    @contextmanager
    def taken(self, vendor: str, request: Request) -> Iterator[Fault | None]:
        """A vendor's request: remembered, and begun at its turn and after its time. The fault that strikes."""
        with self._guard:
            self._remember(Seen(vendor=vendor, request=request))
            fault = next((fault for name, fault in self._faults if name == vendor and fault.takes(request)), None)
            told = next((wait for name, wait in self._waits if name in {"", vendor} and _meets(wait, request)), None)
            place = self._places.get(vendor)
            pace = self._paces[vendor]
        seconds = told.of(request) if told else pace.seconds(request)
        with place or nullcontext():
            if seconds:
                self._never.wait(seconds)
            yield fault

    def _remember(self, one: Seen) -> None:
        self._seen.append(one)
        if len(self._seen) > MOST_KEPT:
            spare = MOST_KEPT // 2
            del self._seen[:spare]
            self._forgotten += spare


def _meets(wait: Wait, request: Request) -> bool:
    return re.search(wait.where, request.line) is not None
