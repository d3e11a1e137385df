"""CalDAV against a real Radicale: the agency's calendars put there by its own protocol, read back event by event."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from briefing.collect import Source, collect
from briefing.connector import Mark, Skipped, Window
from briefing.demo.files_calendar import absences, calendar
from briefing.demo.server.calendars import resources_in
from briefing.demo.world import World
from briefing.errors import AuthError, MarkExpired, SourceError
from briefing.facts import Absence, Fact, Meeting
from briefing.http import Client
from briefing.meter import Meter, counting
from briefing.store.sqlite import SqliteStore
from connectors.caldav import CalDav
from connectors.caldav_marks import kept_in
from connectors.ics import Ics
from connectors.ics_spans import span_of
from tests.connectors.reading import NOW, window, write_bytes
from tests.system.dovecot import free_ports, listening

pytestmark = pytest.mark.system

MORNING = date(2026, 11, 19)
USER, PASSWORD = "maya", "a-w\u00f6rd of 7"

CONF = """\
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {base}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {base}/collections
[logging]
level = warning
"""

MAKE = """<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<D:displayname>{name}</D:displayname><C:supported-calendar-component-set><C:comp name="{kind}"/>
</C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>"""


@cache
def world() -> World:
    return World(7, MORNING)


@dataclass
class Radicale:
    """A running server."""

    port: int

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "text/calendar; charset=utf-8") -> int:
        """As a calendar program writes; the status."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        connection.request(method, path, body, {"Authorization": f"Basic {login}", "Content-Type": kind})
        status = connection.getresponse().status
        connection.close()
        return status

    def make(self, path: str, name: str, kind: str = "VEVENT") -> None:
        assert self.ask("MKCALENDAR", path, MAKE.format(name=name, kind=kind).encode(), "application/xml") == 201

    def fill(self, path: str, data: bytes) -> None:
        for one in resources_in(data):
            assert self.ask("PUT", path + one.name, one.text) == 201

    def connector(self, path: str = "/", **settings: Any) -> CalDav:
        given = {"username": USER, "password": PASSWORD, **settings}
        return CalDav(source="dav", base_url=f"http://127.0.0.1:{self.port}{path}", **given)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Radicale]:
    (port,) = free_ports(1)
    (tmp_path / "users").write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
    (tmp_path / "radicale.conf").write_text(CONF.format(port=port, base=tmp_path), encoding="utf-8")
    log = (tmp_path / "radicale.log").open("wb")
    process = subprocess.Popen(
        [shutil.which("radicale") or "/usr/bin/radicale", "--config", str(tmp_path / "radicale.conf")],
        stdout=log, stderr=log, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"},
    )  # fmt: skip
    try:
        listening([port], process, tmp_path / "radicale.log")
        yield Radicale(port)
    finally:
        process.terminate()
        process.wait(10)
        log.close()


@pytest.fixture
def full(server: Radicale) -> Radicale:
    """With the agency's two calendars, and a list of tasks."""
    server.make("/maya/work/", "Maya\u2019s work")
    server.make("/maya/absences/", "Absences")
    server.make("/maya/todo/", "To do", "VTODO")
    server.fill("/maya/work/", calendar(world(), MORNING))
    server.fill("/maya/absences/", absences(world(), MORNING))
    return server


def read(built: CalDav, scope: str, mark: Mark | None = None, at: Window | None = None) -> list[Any]:
    (stream,) = [stream for stream in built.streams(at or window()) if stream.scope == scope]
    return list(stream.read(at or window(), mark))


def plain(fact: Meeting) -> Meeting:
    """Without where it stands and what the calendar is called there."""
    return replace(fact, ref=replace(fact.ref, id="", where=""), calendar="")


def test_the_readers_calendar_is_what_its_file_says(full: Radicale, tmp_path: Path) -> None:
    """Event by event: series, moved and left-out ones, other zones, all days; by four requests."""
    path = write_bytes(tmp_path / "exported.ics", calendar(world(), MORNING))
    (stream,) = Ics(source="dav", path=path, owner=world().people.reader.email).streams(window())
    expected = [plain(fact) for fact in stream.read(window(), None) if isinstance(fact, Meeting)]
    with counting(Meter()) as meter:
        found = read(full.connector(owner=world().people.reader.email), "Maya\u2019s work")
    assert meter.calls == 4
    assert not [thing for thing in found if isinstance(thing, Skipped)]
    states = [plain(fact) for fact in found if isinstance(fact, Meeting)]
    assert len(expected) > 60
    assert [fact for fact in expected if fact not in states] == []
    span = span_of(window())  # whole days are read of a server
    assert all(not span.start <= fact.starts < span.end for fact in states if fact not in expected)


def test_who_is_out_is_what_the_file_says(full: Radicale, tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "exported.ics", absences(world(), MORNING))
    (stream,) = Ics(source="dav", path=path).streams(window())
    expected = {(f.person, f.first, f.last) for f in stream.read(window(), None) if isinstance(f, Absence)}
    found = {(f.person, f.first, f.last) for f in read(full.connector(), "Absences") if isinstance(f, Absence)}
    assert found >= expected
    assert expected


def test_lists_of_tasks_are_no_calendars(full: Radicale) -> None:
    assert [stream.scope for stream in full.connector().streams(window())] == ["Absences", "Maya\u2019s work"]


@dataclass
class Morning:
    """What a collect on a morning cost, and what the store then holds."""

    asked: list[str]
    states: Mapping[str, str]
    held: Mapping[str, Fact]


def collected(full: Radicale, store: SqliteStore, days: int, monkeypatch: pytest.MonkeyPatch) -> Morning:
    """Collect as a new process does, counting what goes over the wire."""
    asked: list[str] = []
    plain = Client.request

    def counted(client: Client, method: str, path: str, **how: Any) -> Any:
        asked.append("changes" if b"sync-collection" in (how.get("content") or b"") else method)
        return plain(client, method, path, **how)

    at = NOW + timedelta(days=days)
    with monkeypatch.context() as patch:
        patch.setattr(Client, "request", counted)
        collect([Source(name="dav", connector=full.connector(), bound_to="1")], store, window(at), clock=lambda: at)
    snapshot = store.snapshot(at)
    states = {one.key.scope: one.latest.status for one in snapshot.streams if one.latest}
    return Morning(asked, states, {fact.ref.id: fact for fact in snapshot.facts})


def test_the_next_mornings_ask_once_and_for_changes(
    full: Radicale, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request where nothing changed, two where one calendar did; then the store holds what a reading anew states."""
    store = SqliteStore(tmp_path / "readings.sqlite")
    first = collected(full, store, 0, monkeypatch)
    assert first.asked == [*["PROPFIND"] * 3, *["REPORT"] * 2]
    assert len(first.held) > 60
    second = collected(full, store, 1, monkeypatch)
    assert (second.asked, second.held) == (["PROPFIND"], first.held)
    assert second.states == {"Absences": "whole", "Maya\u2019s work": "whole"}
    one, two, *_ = (one for one in resources_in(calendar(world(), MORNING)) if b"RRULE" in one.text)
    assert full.ask("DELETE", f"/maya/work/{one.name}") == 200
    assert full.ask("PUT", f"/maya/work/{two.name}", two.text.replace(b"SUMMARY:", b"SUMMARY:Moved ")) == 201
    assert full.ask("PUT", "/maya/work/new.ics", two.text.replace(b"\nUID:", b"\nUID:new-")) == 201
    third = collected(full, store, 2, monkeypatch)
    assert third.asked == ["PROPFIND", "changes"]
    assert third.states == second.states
    anew = SqliteStore(tmp_path / "anew.sqlite")
    assert third.held == collected(full, anew, 0, monkeypatch).held
    assert len(set(first.held) - set(third.held)) > 5
    assert len(set(third.held) - set(first.held)) > 5
    assert collected(full, store, 3, monkeypatch).asked == ["PROPFIND"]
    for used in (store, anew):
        used.close()


def test_a_token_that_radicale_does_not_know_is_read_anew(full: Radicale) -> None:
    *_, mark = read(full.connector(), "Absences")
    assert isinstance(mark, Mark)
    old = replace(kept_in(mark), token="http://radicale.org/ns/sync/" + "0" * 64).mark()
    with pytest.raises(MarkExpired):
        read(full.connector(), "Absences", old)


def test_from_the_users_address_and_from_one_calendars(full: Radicale) -> None:
    assert len(full.connector("/maya/").streams(window())) == 2
    (stream,) = full.connector("/maya/absences/").streams(window())
    assert stream.scope == "Absences"


def test_a_wrong_password(full: Radicale) -> None:
    with pytest.raises(AuthError, match="refused the login of maya") as found:
        full.connector(password="wrong").streams(window())
    assert "app password" in found.value.advice


def test_an_account_without_calendars(server: Radicale) -> None:
    with pytest.raises(SourceError, match="shows no calendar with events"):
        server.connector().streams(window())
