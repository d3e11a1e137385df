"""Web and installed applications: a person's consent in a browser, and what is told where there is none."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from briefing.errors import AuthError, SourceError
from briefing.http import set_testing
from briefing.loopback import Loopback
from connectors import accelo_consent
from connectors.accelo import Accelo
from tests.commandline import at_home
from tests.connectors.accelo_person import (
    BROWSER,
    CLIENT,
    NOT_FOUND,
    Person,
    Site,
    agree,
    agree_elsewhere,
    gap,
    kept,
    logged_in,
    type_number,
)
from tests.connectors.accelo_wire import GUARDS, SECRET, connector, read
from tests.test_cli_auth import at_terminal


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    set_testing(GUARDS)
    monkeypatch.setattr(accelo_consent, "PATIENCE", 0.05)
    yield
    set_testing(None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens" / "accelo.json"


# --- consent -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("browser", [agree, agree_elsewhere])
def test_a_consent_is_redeemed_kept_and_used(file: Path, browser: Callable[[str], str]) -> None:
    site, person = Site(), Person(browser)
    with Loopback(site) as server:
        accelo = site.connector(server, file)
        assert accelo.login(person) == "Ops Robot, Accelo deployment northlight"
        assert read(accelo, "projects").ids == ["1"]
        assert read(site.connector(server, file), "projects").ids == ["1"], "the next process asks nobody"
        (exchange,) = [request for request in server.requests if request.path == "/oauth2/v0/token"]
    form = exchange.form()
    assert (form.pop("code")[:5], form) == ("code-", {"grant_type": "authorization_code", "redirect_uri": site.here})
    assert exchange.headers["authorization"].startswith("Basic ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = kept(file)
    assert (found["told"]["who"], found["told"]["titles"]) == ("Ops Robot", {"projects": "Jobs", "tasks": "Tasks"})
    assert not any(word in line for line in person.said for word in (SECRET, found["access"], found["refresh"]))


def test_what_is_asked_for_is_reading_only(file: Path) -> None:
    site, person = Site(), Person(agree)
    with Loopback(site) as server:
        site.connector(server, file).login(person)
        address = urlsplit(person.said[1])
        assert f"{address.scheme}://{address.netloc}{address.path}" == f"{server.url}/oauth2/v0/authorize"
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert len(asked.pop("state")) >= 24
    assert asked == {
        "client_id": CLIENT, "response_type": "code", "scope": "read(all)", "redirect_uri": site.here,
    }  # fmt: skip


def test_a_number_is_typed_where_nothing_can_be_sent_back(file: Path) -> None:
    site, person = Site("installed"), Person(type_number)
    with Loopback(site) as server:
        accelo = site.connector(server, file)
        assert accelo.login(person) == "Ops Robot, Accelo deployment northlight"
        assert read(accelo, "projects").ids == ["1"]
    assert person.said[-1] == "The number that Accelo shows then"
    assert "redirect_uri" not in person.said[1]


def test_an_address_that_is_not_of_this_machine_is_pasted(file: Path) -> None:
    away, person = "https://agency.example/done", Person(agree_elsewhere)
    site = Site(redirect_uris=[away])
    with Loopback(site) as server:
        site.connector(server, file, redirect_uri=away).login(person)
    assert person.said[-1] == "Paste the address that the browser ended at"


def with_state(url: str, **answer: str) -> str:
    """An answer to this very question."""
    asked = parse_qs(urlsplit(url).query)
    return f"{asked['redirect_uri'][0]}?{'&'.join(f'{k}={v}' for k, v in answer.items())}&state={asked['state'][0]}"


def strange(url: str) -> str:
    """Another page of this machine's browser sends an answer of its own."""
    assert BROWSER.get(f"{parse_qs(urlsplit(url).query)['redirect_uri'][0]}?code=stolen&state=x").status_code == 404
    return ""


ANOTHER = "that is not the answer to this question"


@pytest.mark.parametrize(
    ("browser", "settings", "told", "cure"),
    [
        (lambda url: with_state(url, code="c").replace("state=", "state=x"), {}, ANOTHER, "paste the whole address"),
        (lambda _: "http://127.0.0.1/?code=c", {}, ANOTHER, "paste the whole address"),
        (lambda _: "code-2", {}, ANOTHER, "paste the whole address"),
        (lambda _: "http://[?code=c", {}, ANOTHER, "paste the whole address"),
        (strange, {}, ANOTHER, "briefing auth accelo"),
        (lambda _: "", {}, "the browser has not answered", "briefing auth accelo, and paste the address it ended at"),
        (agree, {"consent": "denies"}, "Accelo did not agree: access_denied: The user denied the request.", ""),
        (agree, {"consent": "denies", "denial_tells_state": False}, "Accelo did not agree: access_denied", ""),
        (lambda url: with_state(url, code="made-up"), {}, f"login refused ({NOT_FOUND})", 'the redirect URI "http://127'),
    ],
)  # fmt: skip
def test_a_login_that_comes_to_nothing_says_why(
    file: Path, browser: Callable[[str], str], settings: dict[str, Any], told: str, cure: str
) -> None:
    with logged_in(file) as (site, server):
        before = file.read_text()
        other = Site(**settings, redirect_uris=[site.here])
        other.here = site.here
        with Loopback(other) as refusing, pytest.raises(AuthError) as error:
            other.connector(refusing, file).login(Person(browser))
        assert told in str(error.value)
        assert cure in error.value.advice
        assert "briefing auth accelo" in error.value.advice
        assert file.read_text() == before, "the login before stays"
        assert read(site.connector(server, file), "projects").ids == ["1"]


def test_an_answer_of_somebody_else_is_waited_on_past(file: Path) -> None:
    def both(url: str) -> str:
        strange(url)
        return agree(url)

    site = Site()
    with Loopback(site) as server:
        assert site.connector(server, file).login(Person(both)).startswith("Ops Robot")


@pytest.mark.parametrize("typed", ["", "12 345é", "999999"])
def test_a_number_that_is_none(file: Path, typed: str) -> None:
    site = Site("installed")
    with Loopback(site) as server, pytest.raises(AuthError) as error:
        site.connector(server, file).login(Person(lambda _: typed))
    assert str(error.value) == (f"login refused ({NOT_FOUND})" if typed == "999999" else "no number was typed")
    assert error.value.advice.startswith("briefing auth accelo, and ")
    assert not file.exists() or "access" not in kept(file)


def test_a_port_that_is_taken_is_told(file: Path) -> None:
    site = Site()
    with (
        Loopback(site) as server,
        pytest.raises(SourceError, match=f"port {server.port} of this machine is taken") as error,
    ):
        site.connector(server, file, redirect_uri=f"http://localhost:{server.port}/x").login(Person(agree))
    assert "name it as redirect_uri of sources.accelo" in error.value.advice


def test_without_a_login_the_cure_is_named_and_nothing_asked(file: Path) -> None:
    site = Site()
    with Loopback(site) as server:
        assert gap(site.connector(server, file)) == ("there is no login yet", "briefing auth accelo")
        assert server.requests == []


@pytest.mark.parametrize(("kind", "registered"), [("service", "web"), ("service", "installed"), ("web", "service")])
def test_an_application_of_another_kind(file: Path, kind: str, registered: str) -> None:
    site = Site(registered)
    with Loopback(site) as server:
        accelo = connector(server, application=kind, token_file=str(file), **(
            {"redirect_uri": site.here} if kind == "web" else {}
        ))  # fmt: skip
        if kind == "service":
            problem, cure = gap(accelo)
            assert problem.startswith("login refused (401 unauthorized client")
            assert cure.startswith('check that application = "service" of sources.accelo is its kind in Accelo')
        else:
            with pytest.raises(AuthError, match="has not answered"):
                accelo.login(Person(lambda url: BROWSER.get(url).text and ""))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"application": "desktop"}, 'application: "desktop" is none of "service", "web" and "installed"'),
        ({"redirect_uri": "http://127.0.0.1:1/"}, 'only application = "web" has one, not "service"'),
        ({"application": "web", "redirect_uri": "http://agency.example/"}, "must begin with https, or lead to this"),
        ({"application": "web", "redirect_uri": "127.0.0.1:8733"}, "is not an address such as"),
        ({"application": "web", "redirect_uri": "http://127.0.0.1:port"}, "is not an address such as"),
        ({"application": "web", "redirect_uri": "https://agency.example/#x"}, "is not an address such as"),
    ],
)
def test_settings_that_no_application_has(settings: dict[str, str], told: str) -> None:
    given = {"source": "accelo", "deployment": "northlight", "client_id": "x", "client_secret": SECRET, **settings}
    with pytest.raises(ValueError, match=re.escape(told)):
        Accelo(**given)


def test_at_a_real_terminal_enter_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)
    monkeypatch.setenv("ACCELO_SECRET", SECRET)
    site, config = Site(), tmp_path / "briefing.toml"

    def agreed(seen: str) -> str:
        (url,) = re.findall(r"http\S+authorize\S+", seen)
        return agree(url)

    with Loopback(site) as server:
        config.write_text(
            f'[sources.accelo]\nuse = "accelo"\ndeployment = "northlight"\napplication = "web"\n'
            f'redirect_uri = "{site.here}"\nclient_id = "{CLIENT}"\nclient_secret = "env:ACCELO_SECRET"\n'
            f'base_url = "{server.url}"\n',
            encoding="utf-8",
        )
        code, seen = at_terminal(["auth", "accelo", "--config", str(config)], {"browser ended at: ": agreed})
    assert (code, "accelo: logged in as Ops Robot, Accelo deployment northlight." in seen) == (0, True), seen
    assert SECRET not in seen
    assert "refresh-" not in seen
