"""A login by consent is renewed while it lasts, by one of many; what is told when it is not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from briefing.demo.server.accelo_grants import MONTH, OPEN_LOGINS
from briefing.http import set_testing
from briefing.loopback import Fault, Loopback, Reply, Request, manner, status
from briefing.tokens import LockedOut
from connectors import accelo_consent
from tests.connectors.accelo_person import (
    CLIENT,
    DAY,
    NOT_FOUND,
    Person,
    Site,
    agree,
    gap,
    kept,
    later,
    logged_in,
    tokens,
)
from tests.connectors.accelo_wire import GUARDS, SECRET, read


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    set_testing(GUARDS)
    monkeypatch.setattr(accelo_consent, "PATIENCE", 0.05)
    yield
    set_testing(None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens" / "accelo.json"


# --- renewing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("application", ["web", "installed"])
def test_a_login_is_renewed_at_half_its_life(file: Path, application: str) -> None:
    """Long before its end: a fortnight in which nobody reads anything is then no end of it."""
    with logged_in(file, Site(application)) as (site, server):
        first = kept(file)
        with later(14.9):
            read(site.connector(server, file), "projects")
            assert tokens(server) == []
        with later(15.1):
            site.told = {}
            accelo = site.connector(server, file)
            assert [read(accelo, scope).ids for scope in ("projects", "staff")] == [["1"], []]
            assert tokens(server) == ["refresh_token"]
            second = kept(file)
            assert second["access"] != first["access"]
            assert second["refresh"] != first["refresh"]
            assert server.requests[-1].headers["authorization"] == f"Bearer {second['access']}"
            unchanged = ("who", "email", "zone", "titles", "deployment")
            assert [second["told"][name] for name in unchanged] == [first["told"][name] for name in unchanged]
        with later(29):
            read(site.connector(server, file), "projects")
        with later(31):
            assert read(site.connector(server, file), "projects").left_out == {}
        assert tokens(server) == ["refresh_token", "refresh_token"]


def test_the_new_login_lies_on_disk_before_it_is_used(file: Path) -> None:
    with logged_in(file) as (site, server), later(16):
        used: list[bool] = []

        def look(request: Request, reply: Reply) -> Reply:
            used.append(request.headers["authorization"] == f"Bearer {kept(file)['access']}")
            return reply

        with server.faulty(Fault(change=look), "/api/v0"):
            read(site.connector(server, file), "projects")
    assert used
    assert all(used)


def test_one_of_many_threads_renews(file: Path) -> None:
    with logged_in(file) as (site, server), later(16):
        accelo = site.connector(server, file)
        threads = [threading.Thread(target=read, args=(accelo, "projects")) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert tokens(server) == ["refresh_token"]


@pytest.mark.parametrize("name", OPEN_LOGINS)
def test_what_nobody_could_verify_changes_nothing_while_it_lasts(file: Path, name: str) -> None:
    with logged_in(file, Site(**OPEN_LOGINS[name])) as (site, server):
        for days in (16, 31.5, 47):
            with later(days):
                assert read(site.connector(server, file), "projects").ids == ["1"]
        assert len(tokens(server)) == 3


def test_a_login_nobody_used_for_a_month_is_tried_once_and_told(file: Path) -> None:
    with logged_in(file) as (site, server):
        ends = datetime.fromtimestamp(kept(file)["told"]["ends"], ZoneInfo("America/New_York"))
        with later(31):
            accelo = site.connector(server, file)
            day = f"{ends:%A} {ends.day} {ends:%B %Y}"
            expected = f"the login ended {day}, and Accelo does not renew it ({NOT_FOUND})"
            assert [gap(accelo), gap(accelo)] == [(expected, "briefing auth accelo")] * 2
            assert tokens(server) == ["refresh_token"]
            assert not any(request.path.startswith("/api") for request in server.requests)
            site.connector(server, file).login(Person(agree))
            assert read(site.connector(server, file), "projects").ids == ["1"]
    with logged_in(file, Site(refresh_after_end=True)) as (site, server), later(31):
        assert read(site.connector(server, file), "projects").ids == ["1"]


# --- what goes wrong meanwhile -------------------------------------------------------------------------------------


def test_a_login_that_is_not_renewed_serves_to_its_end_and_says_so(file: Path) -> None:
    with logged_in(file) as (site, server):
        site.gate.grants.forget()
        with later(16):
            for _ in range(2):
                found = read(site.connector(server, file), "projects")
                assert found.ids == ["1"]
                (note,) = found.left_out
                assert re.fullmatch(
                    r"the login ends \w+day \d+ \w+ 20\d\d, and Accelo does not renew it "
                    rf"\({re.escape(NOT_FOUND)}\): briefing auth accelo",
                    note,
                )
            assert tokens(server) == ["refresh_token"], "once a day"
        with later(17.1):
            read(site.connector(server, file), "projects")
            assert tokens(server) == ["refresh_token"] * 2
        with later(30.1):
            assert gap(site.connector(server, file))[1] == "briefing auth accelo"


def test_the_doctor_says_when_a_login_ends(file: Path) -> None:
    with logged_in(file) as (site, server):
        site.gate.grants.forget()
        with later(16):
            problems = [finding for finding in site.connector(server, file).probe() if not finding.ok]
            (told,) = [finding for finding in problems if "login" in finding.what]
            assert told.what.startswith("The login ends ")
            assert told.what.endswith(f", and Accelo does not renew it ({NOT_FOUND}).")
            assert told.cure == "briefing auth accelo"
            assert tokens(server) == ["refresh_token"]


@pytest.mark.parametrize("code", [500, 503, 404])
def test_a_login_that_cannot_be_renewed_for_once_serves_on(file: Path, code: int) -> None:
    with logged_in(file) as (site, server), later(16):
        site.down = code
        for _ in range(2):
            found = read(site.connector(server, file), "projects")
            assert (found.ids, found.left_out) == (["1"], {})
        assert tokens(server) == ["refresh_token"], "once, and once an hour"
        site.down = 0
        with later(0.05):
            read(site.connector(server, file), "projects")
            assert tokens(server) == ["refresh_token"] * 2
            assert kept(file)["expires_at"] > time.time() + 14 * DAY


def test_an_answer_that_is_lost_is_no_end_before_the_end(file: Path) -> None:
    """Accelo gave another login that never came here: the one before serves on, and the reader hears of it."""
    with logged_in(file) as (site, server), later(16):
        with server.faulty(manner("cut"), "/token"):
            assert read(site.connector(server, file), "projects").left_out == {}
        with later(0.05):
            found = read(site.connector(server, file), "projects")
            assert (found.ids, len(found.left_out)) == (["1"], 1)
        assert tokens(server) == ["refresh_token"] * 2


def test_a_token_that_is_refused_before_its_end_is_renewed_once(file: Path) -> None:
    with logged_in(file) as (site, server):
        first = kept(file)["access"]
        site.rows.bad_tokens.add(first)
        assert read(site.connector(server, file), "projects").ids == ["1"]
        assert tokens(server) == ["refresh_token"]
        site.rows.bad_tokens.add(kept(file)["access"])
        site.gate.grants.forget()
        accelo = site.connector(server, file)
        expected = f"the login is no longer valid, and Accelo does not renew it ({NOT_FOUND})"
        assert [gap(accelo), gap(accelo)] == [(expected, "briefing auth accelo")] * 2
        assert tokens(server) == ["refresh_token"] * 2


def test_an_application_whose_secret_was_changed(file: Path) -> None:
    """Renewing is refused for another reason: the cure is another."""
    with logged_in(file) as (site, server), later(31):
        object.__setattr__(site.gate.settings, "client_secret", "another")
        problem, cure = gap(site.connector(server, file))
        assert "does not renew it (401 invalid_client" in problem
        assert cure.startswith("check client_id and client_secret of sources.accelo")


def test_a_consent_without_anything_to_renew_it_with(file: Path) -> None:
    person, site = Person(agree), Site(gives_refresh=False)
    with Loopback(site) as server:
        site.connector(server, file).login(person)
        assert re.fullmatch(r"Accelo gave nothing to renew the login with: it ends \w+day .* 20\d\d\.", person.said[-1])
        with later(16):
            (note,) = read(site.connector(server, file), "projects").left_out
            assert note.endswith("and Accelo gave nothing to renew it with: briefing auth accelo")
        with later(31):
            problem, cure = gap(site.connector(server, file))
            assert problem.endswith("and Accelo gave nothing to renew it with")
            assert cure == "briefing auth accelo"
        assert tokens(server) == ["authorization_code"]


def test_while_locked_out_nobody_is_asked_to_consent(file: Path) -> None:
    with logged_in(file) as (site, server), later(16):
        with server.faulty(status(429, json.dumps({"status": "too_many_failed_logins"}), Retry_After="240"), "/token"):
            assert "locked this address out for 4 min" in gap(site.connector(server, file))[0]
        asked = len(server.requests)
        with pytest.raises(LockedOut):
            site.connector(server, file).login(Person(agree))
        assert "login not tried" in gap(site.connector(server, file))[0]
        assert len(server.requests) == asked
        with later(0.01):
            assert read(site.connector(server, file), "projects").ids == ["1"]


# --- other processes -----------------------------------------------------------------------------------------------

READS = """
import json, os, signal, sys, urllib.request
from briefing import tokens
from briefing.connector import Window
from connectors.accelo import Accelo
settings, kill = json.loads(sys.argv[1]), sys.argv[2]
write = tokens.TokenFile.write
def dies(self, value):
    if kill == "after":
        write(self, value)
    os.kill(os.getpid(), signal.SIGKILL)
accelo = Accelo(**settings)
if kill in {"before", "after"}:
    tokens.TokenFile.write = dies
if kill == "together":
    urllib.request.urlopen(settings["base_url"] + "/together").close()
print(accelo._api.one("tokeninfo")["firstname"])
"""


def reads(site: Site, server: Loopback, file: Path, kill: str) -> subprocess.Popen[str]:
    """Another process that asks who it is."""
    settings = {
        "source": "accelo", "deployment": "northlight", "client_id": CLIENT, "client_secret": SECRET,
        "application": "web", "redirect_uri": site.here, "base_url": server.url, "token_file": str(file),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", READS, json.dumps(settings), kill], stdout=subprocess.PIPE, text=True
    )


def half_over(file: Path) -> None:
    file.write_text(json.dumps({**kept(file), "expires_at": time.time() - 1}))


def test_two_processes_renew_once(file: Path) -> None:
    with logged_in(file) as (site, server):
        half_over(file)
        both, never = threading.Barrier(2), threading.Event()

        def slowly(request: Request, reply: Reply) -> Reply:
            if request.path == "/together":
                both.wait(60)
            never.wait(0.3)
            return reply

        with server.faulty(Fault(change=slowly), "/to"):
            started = [reads(site, server, file, "together") for _ in range(2)]
            told = [process.communicate(timeout=60)[0] for process in started]
        assert told == ["Ops\n", "Ops\n"]
        assert tokens(server) == ["refresh_token"]


@pytest.mark.parametrize(
    ("kill", "settings", "works", "renewals"),
    [("after", {"refresh_ends_token": True}, True, 1), ("before", {}, True, 2),
     ("before", {"refresh_ends_token": True}, False, 3)],
)  # fmt: skip
def test_a_kill_around_storing(file: Path, kill: str, settings: dict[str, Any], works: bool, renewals: int) -> None:
    """After it nothing is lost. Before it the new login is, and the last one serves on where Accelo lets it."""
    with logged_in(file, Site(**settings)) as (site, server):
        half_over(file)
        killed = reads(site, server, file, kill)
        assert (killed.communicate(timeout=60)[0], killed.returncode) == ("", -9)
        accelo = site.connector(server, file)
        if works:
            found = read(accelo, "projects")
            assert found.ids == ["1"]
            assert bool(found.left_out) is (kill == "before")
        else:
            problem, cure = gap(accelo)
            assert problem.startswith("the login is no longer valid, and Accelo does not renew it (400 invalid_grant")
            assert cure == "briefing auth accelo"
        assert tokens(server) == ["refresh_token"] * renewals


def test_the_life_of_these_tests_is_that_of_the_server() -> None:
    assert MONTH == 30 * DAY
