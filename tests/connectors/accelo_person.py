"""Accelo with consents, for the connector's tests: a deployment whose login is the demo's, and a person with a browser."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine

from briefing.collect import told_problem
from briefing.demo.server.accelo_auth import Gate
from briefing.demo.server.accelo_settings import AcceloSettings
from briefing.errors import SourceError
from briefing.loopback import Loopback, Reply, Request
from connectors.accelo import Accelo
from tests.connectors.accelo_wire import SECRET, connector, job, read, small

CLIENT = "5ba17c78ao@northlight.accelo.com"
DAY = 86_400.0
BROWSER = httpx.Client(verify=False, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
NOT_FOUND = "400 invalid_grant: Grant was not found (possibly expired)."
ACCOUNT = {
    "deployment": "northlight", "deployment_name": "Northlight Agency", "account_id": "4",
    "account_details": {
        "firstname": "Ops", "surname": "Robot", "email": "ops@northlight.example",
        "user_defined_titles": {"job": {"singular": "Job", "plural": "Jobs"}, "task": {"plural": "Tasks"}},
        "locale": {"timezone": "America/New_York", "currency_symbol": "$"},
    },
}  # fmt: skip


class Site:
    """The demo's login before a deployment with one project."""

    def __init__(self, application: Any = "web", **settings: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.here = f"http://127.0.0.1:{free.getsockname()[1]}/accelo"
        uris = settings.pop("redirect_uris", [self.here])
        own = AcceloSettings(
            application=application,
            deployment="northlight", client_id=CLIENT, client_secret=SECRET, redirect_uris=uris, **settings,
        )  # fmt: skip
        self.gate = Gate(own, time.time)
        self.rows = small([job(1)])
        self.told: dict[str, Any] = ACCOUNT
        self.down = 0

    def __call__(self, request: Request) -> Reply:
        if locked := self.gate.locked():
            return locked
        if login := re.fullmatch(r"/oauth2/v0/(\w+)", request.path):
            if self.down:
                return Reply(status=self.down)
            return self.gate.login(login[1], request, self.told)
        if request.path == "/together":
            return Reply()
        grant = self.gate.grant(request)
        return grant if isinstance(grant, Reply) else self.rows(request)

    def connector(self, server: Loopback, file: Path | str = "", **settings: Any) -> Accelo:
        kind = self.gate.settings.application
        redirect = {"redirect_uri": self.here} if kind == "web" else {}
        return connector(server, **{"application": kind, **redirect, "token_file": str(file), **settings})


class Person:
    """Somebody at the terminal, with a browser that does as told."""

    def __init__(self, browser: Callable[[str], str]) -> None:
        self.browser, self.said = browser, list[str]()

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, question: str, *, secret: bool = False) -> str:
        assert not secret
        self.said.append(question)
        return self.browser(next(line for line in self.said if line.startswith("http")))


def agree(url: str) -> str:
    """Sign in and agree in a browser of this machine, which follows to the listener; then press Enter."""
    page = BROWSER.get(url, follow_redirects=True)
    assert page.text == "Done: back to the terminal."
    return ""


def agree_elsewhere(url: str) -> str:
    """The browser runs on another machine: it ends at an address that it cannot reach, and that is pasted."""
    page = BROWSER.get(url)
    return BROWSER.get(str(page.next_request.url)).headers["Location"] if page.next_request else "nowhere"


def type_number(url: str) -> str:
    (pin,) = re.findall(r"<b>(\d+)</b>", BROWSER.get(url, follow_redirects=True).text)
    return f" {pin[:3]} {pin[3:]} "


@contextmanager
def logged_in(file: Path, site: Site | None = None) -> Iterator[tuple[Site, Loopback]]:
    """A deployment that somebody has consented to read."""
    site = site or Site()
    with Loopback(site) as server:
        site.connector(server, file).login(Person(agree if site.gate.settings.application == "web" else type_number))
        server.requests.clear()
        yield site, server


def kept(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def tokens(server: Loopback) -> list[str]:
    """How tokens were asked for."""
    return [request.form()["grant_type"] for request in server.requests if request.path == "/oauth2/v0/token"]


def later(days: float) -> time_machine.travel:
    return time_machine.travel(time.time() + days * DAY)


def gap(accelo: Accelo) -> tuple[str, str]:
    """What a reader is told of projects that cannot be read: the problem and its cure."""
    with pytest.raises(SourceError) as told:
        read(accelo, "projects")
    return told_problem(told.value)
