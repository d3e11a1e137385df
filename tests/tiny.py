"""A small vendor that only tests know: a connector over HTTP, installed for one test by a folder on the path, and the
site it reads. Processes find it through PYTHONPATH; nothing is registered for anybody else.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.loopback import Reply, Request, json_reply, text_reply

MODULE = '''
"""Three lists over HTTP; one class logs in, the other takes a token."""

from briefing.connector import Finding, Stream
from briefing.errors import AuthError
from briefing.facts import Milestone, Party, Person, Project, Ref, Task
from briefing.http import Bearer, Client
from briefing.tokens import Renewed, Token, TokenFile, fingerprint

KINDS = {"projects": Project, "milestones": Milestone, "tasks": Task}


class Tiny:
    kinds = frozenset(KINDS.values())

    def __init__(self, *, source, base_url, token="t-0000"):
        self.source = source
        self.client = Client(base_url, source=source, vendor="Tiny", credential=Bearer(token))

    def streams(self, window):
        return [
            Stream(kinds=frozenset({kind}), read=self._reads(name, kind), place="Tiny") for name, kind in KINDS.items()
        ]

    def _reads(self, name, kind):
        def read(window, mark):
            paging = self.client.paging(name)
            page, more = 0, True
            while more:
                answer = self.client.json(f"/{name}", {"page": page})
                paging.page(rows=[row["id"] for row in answer["rows"]])
                for row in answer["rows"]:
                    yield self._fact(kind, row)
                page, more = page + 1, answer["more"]

        return read

    def _fact(self, kind, row):
        ref = Ref(source=self.source, kind=kind.kind, id=row["id"], url=f"https://tiny.example/{kind.kind}/{row['id']}")
        more = {"state": "active", "party": Party(name="Acme")} if kind is Project else {"project": "1"}
        return kind(ref=ref, title=row["title"], **more)


class TinyLogin(Tiny):
    def __init__(self, *, source, base_url, token_file="", login_name="robot"):
        super().__init__(source=source, base_url=base_url)
        self.file = TokenFile(token_file)
        self.password = ""
        self.client = Client(base_url, source=source, vendor="Tiny", posts=[r"^/token$"])
        self.credential = Renewed(self._fetch, self.file, fingerprint(base_url, login_name))
        self.reading = Client(base_url, source=source, vendor="Tiny", credential=self.credential)
        self.asking, self.client = self.client, self.reading

    def _fetch(self, last):
        if not self.password:
            raise AuthError("not logged in yet", advice=f"briefing auth {self.source}")
        answer = self.asking.request("POST", "/token", content=self.password.encode(), again=False)
        if answer.status != 200:
            raise AuthError("the password was refused (401)", advice="look it up under Settings, API")
        return Token(access=answer.json()["access"], told={"as": answer.json()["as"]})

    def login(self, talk):
        talk.say("Find the password under Settings, API.")
        self.password = talk.ask("Password: ", secret=True)
        self.credential.forget()
        return self.credential.token().told["as"]

    def probe(self):
        yield Finding(what="may read projects")
        yield Finding(what="may not read invoices", ok=False, cure="grant invoices:read")
'''

ENTRY_POINTS = "[briefing.connectors]\ntiny = tiny_vendor:Tiny\ntiny_login = tiny_vendor:TinyLogin\n"


def install(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Put the connector where this process and those it starts find it, for the length of a test."""
    packages = folder / "packages"
    info = packages / "tiny_vendor-1.0.dist-info"
    info.mkdir(parents=True)
    (packages / "tiny_vendor.py").write_text(MODULE, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-vendor\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    patch.syspath_prepend(packages)
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(packages), os.environ.get("PYTHONPATH")])))
    sys.modules.pop("tiny_vendor", None)
    importlib.invalidate_caches()
    return packages


class TinySite:
    """Three lists of rows whose titles carry a version, in pages."""

    def __init__(self, rows: int = 250, size: int = 100) -> None:
        self.rows, self.size, self.version = rows, size, 1
        self.password = "right-password-77"
        self.broken: Callable[[Request], Reply | None] = lambda _: None

    def __call__(self, request: Request) -> Reply:
        if reply := self.broken(request):
            return reply
        if request.path == "/token":
            if request.body.decode() != self.password:
                return text_reply("no", status=401)
            return json_reply({"access": "token-from-tiny-1", "as": "Ops Robot\x1b[31m"})
        name = request.path.removeprefix("/")
        if name not in {"projects", "milestones", "tasks"}:
            return text_reply("there is no such list", status=404)
        page = int(request.param("page", "0"))
        numbers = range(self.rows)[page * self.size : (page + 1) * self.size]
        rows = [{"id": str(number), "title": f"v{self.version} {name} {number}"} for number in numbers]
        headers = {
            "X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": str(4000 - page),
            "X-RateLimit-Reset": str(int(time.time()) + 1800),
        }  # fmt: skip
        return json_reply({"rows": rows, "more": (page + 1) * self.size < self.rows}, headers=headers)
