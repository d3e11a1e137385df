"""A calendar at an address of a real web server: nginx, with what it makes of ETag, gzip, logins and redirects."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from briefing.connector import Mark
from briefing.demo.files_calendar import calendar
from briefing.demo.world import World
from briefing.errors import AuthError, BadAnswer, MarkExpired, SourceError
from briefing.facts import Fact, Meeting
from briefing.meter import Meter, counting
from connectors.ics import Ics
from connectors.ics_spans import span_of
from tests.connectors.reading import window, write_bytes
from tests.system.dovecot import free_ports, listening

pytestmark = pytest.mark.system

MORNING = date(2026, 11, 19)
SECRET = "private-7d10canary2"

CONF = """\
daemon off;
{user}
pid {base}/nginx.pid;
error_log {base}/error.log;
events {{}}
http {{
  access_log {base}/access.log;
  client_body_temp_path {base}/t1; proxy_temp_path {base}/t2; fastcgi_temp_path {base}/t3;
  uwsgi_temp_path {base}/t4; scgi_temp_path {base}/t5;
  types {{ text/calendar ics; text/html html; }}
  server {{
    listen 127.0.0.1:{port};
    root {base}/www;
    gzip on; gzip_types text/calendar; gzip_min_length 1;
    location /plain/ {{ alias {base}/www/; gzip off; etag off; }}
    location /login/ {{ alias {base}/www/; auth_basic "calendars"; auth_basic_user_file {base}/users; }}
    location /moved/ {{ rewrite ^/moved/(.*)$ /$1 redirect; }}
    location /away/ {{ return 302 http://calendar.other.example/x.ics; }}
  }}
}}
"""


@dataclass
class Nginx:
    """A running server."""

    port: int
    www: Path
    base: Path

    def read(self, path: str, mark: Mark | None = None, **settings: Any) -> list[Any]:
        """Read the calendar at a path."""
        login = settings.pop("login", "")
        built = Ics(source="calendar", url=f"http://{login}127.0.0.1:{self.port}{path}", **settings)
        (stream,) = built.streams(window())
        return list(stream.read(window(), mark))

    @property
    def answers(self) -> list[str]:
        """Status and bytes of each answer so far."""
        return [line.split('" ')[1] for line in (self.base / "access.log").read_text().splitlines()]


@cache
def exported() -> bytes:
    return calendar(World(7, MORNING), MORNING)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Nginx]:
    (port,) = free_ports(1)
    www = tmp_path / "www"
    (www / SECRET).mkdir(parents=True)
    write_bytes(www / SECRET / "maya.ics", exported())
    (www / "page.html").write_text("<!doctype html><title>Sign in</title>")
    (tmp_path / "users").write_text("maya:{PLAIN}a-word-77\n")
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(CONF.format(port=port, base=tmp_path, user=user))
    process = subprocess.Popen(
        [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        listening([port], process, tmp_path / "error.log")
        yield Nginx(port, www, tmp_path)
    finally:
        process.terminate()
        process.wait(10)


def test_the_agencys_calendar_is_what_its_file_says(server: Nginx) -> None:
    """As it is, packed, behind a login, and after a redirect on the same host: the same facts."""
    (stream,) = Ics(source="calendar", path=str(server.www / SECRET / "maya.ics")).streams(window())
    expected = {fact.ref.id for fact in stream.read(window(), None) if isinstance(fact, Meeting)}
    span = span_of(window())
    for path, login in (
        (f"/{SECRET}", ""),
        (f"/plain/{SECRET}", ""),
        (f"/login/{SECRET}", "maya:a-word-77@"),
        (f"/moved/{SECRET}", ""),
    ):
        found = server.read(f"{path}/maya.ics", login=login)
        assert {
            fact.ref.id
            for fact in found
            if isinstance(fact, Meeting) and fact.starts < span.end and fact.ends > span.start
        } == expected
    assert len(expected) > 60
    sizes = [int(answer.split()[1]) for answer in server.answers]
    assert sizes[0] * 3 < sizes[1] == len(exported())  # it came packed, and was unpacked


@pytest.mark.parametrize("path", ["", "/plain"])
def test_an_unchanged_calendar_is_not_sent_again(server: Nginx, path: str) -> None:
    """By ETag (which nginx makes weak where it packs) and by Last-Modified alone."""
    where = f"{path}/{SECRET}/maya.ics"
    *_, mark = server.read(where)
    assert isinstance(mark, Mark)
    with counting(Meter()) as meter:
        assert server.read(where, mark) == [mark]
    assert (meter.calls, meter.size) == (1, 0)
    assert server.answers[-1].startswith("304 0")
    write_bytes(server.www / SECRET / "maya.ics", exported().replace(b"Leads meeting", b"Leads, weekly"))
    os.utime(server.www / SECRET / "maya.ics", (1_795_000_000, 1_795_000_000))
    with pytest.raises(MarkExpired):
        server.read(where, mark)
    assert any(isinstance(fact, Meeting) and fact.title == "Leads, weekly" for fact in server.read(where))


@pytest.mark.parametrize(
    ("path", "login", "kind", "words"),
    [
        (f"/{SECRET}/other.ics", "", SourceError, "has no calendar at that address"),
        (f"/{SECRET}/", "", AuthError, "refuses the calendar"),
        (f"/login/{SECRET}/maya.ics", "maya:wrong-word-1@", AuthError, "refuses the calendar"),
        ("/page.html", "", BadAnswer, "a web page and no calendar"),
        ("/away/x.ics", "", BadAnswer, "redirects to another host"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_without_the_address(
    server: Nginx, path: str, login: str, kind: type[SourceError], words: str
) -> None:
    with pytest.raises(kind, match=words) as found:
        server.read(path, login=login)
    assert found.value.advice
    assert "canary" not in f"{found.value} {found.value.advice}"


def test_a_calendar_larger_than_allowed(server: Nginx) -> None:
    """Packed it would be small enough."""
    with pytest.raises(BadAnswer, match="more than"):
        server.read(f"/{SECRET}/maya.ics", max_bytes=len(exported()) // 2)
    assert len([fact for fact in server.read(f"/{SECRET}/maya.ics") if isinstance(fact, Fact)]) > 60
