"""Signing in at Google, keeping the login, and what refusals mean to a reader."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from briefing.consent import answer_in
from briefing.demo.server.google import Gate, GoogleSettings
from briefing.errors import AuthError, BadAnswer, RateLimited, SourceError
from briefing.http import Answer
from briefing.loopback import Loopback, Reply, Request, json_reply
from connectors import google_login
from connectors.google_calendar import GoogleCalendar
from connectors.google_client import NotTaken, NotThere, Outdated, TooFast, explained
from connectors.google_login import missing
from tests.connectors.google_wire import MAYA, calendar_list, error, own, served, whats, window


class Site:
    """Google's consent, tokens and a calendar list, as the demo's site has them."""

    def __init__(self, **settings: Any) -> None:
        own_settings = GoogleSettings(client_id="c", client_secret="s3cret", refresh_token="1//first", **settings)
        scopes = ("calendar.events.readonly", "calendar.calendarlist.readonly")
        self.gate = Gate(own_settings, scopes, "calendar", time.time)
        self.tokens: list[dict[str, str]] = []

    def __call__(self, request: Request) -> Reply:
        if request.path == "/token":
            self.tokens.append(request.form())
        found = self.gate.login(request)
        if found is None:
            found = self.gate.refusal(request, ("calendar.calendarlist.readonly",))
        return found or json_reply(calendar_list(own()))


class Person:
    """Somebody at the terminal, with a browser that does as told."""

    def __init__(self, browser: Callable[[str], str]) -> None:
        self.browser, self.said = browser, list[str]()

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, question: str, *, secret: bool = False) -> str:
        self.said.append(question)
        return self.browser(next(line for line in self.said if line.startswith("http")))


def agree(url: str) -> str:
    """Consent in a browser of this machine, which follows to the listener."""
    with urllib.request.urlopen(url) as page:
        assert page.read() == b"Done: back to the terminal."
    return ""


class Stay(urllib.request.HTTPRedirectHandler):
    """A browser elsewhere: it ends at an address that it cannot reach."""

    def redirect_request(self, *_: Any) -> None:
        return None


def agree_elsewhere(url: str) -> str:
    try:
        urllib.request.build_opener(Stay).open(url)
    except urllib.error.HTTPError as end:
        with end:
            return str(end.headers["Location"])
    raise AssertionError("no redirect")


@contextmanager
def calendar(site: Callable[[Request], Reply], **settings: Any) -> Iterator[tuple[GoogleCalendar, Loopback]]:
    with served(site) as server:
        yield GoogleCalendar(
            **{"source": "gcal", "client_id": "c", "client_secret": "s3cret", "base_url": server.url,
               "auth_url": f"{server.url}/o/oauth2/v2/auth", **settings}
        ), server  # fmt: skip


# --- signing in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("browser", [agree, agree_elsewhere])
def test_a_consent_is_kept_and_used(tmp_path: Path, browser: Callable[[str], str]) -> None:
    kept, site, person = tmp_path / "token.json", Site(), Person(browser)
    with calendar(site, token_file=str(kept)) as (connector, _):
        assert connector.login(person) == f"Logged in as {MAYA}."
        assert [stream.scope for stream in connector.streams(window())] == [MAYA]
    (exchange,) = site.tokens
    assert exchange["grant_type"] == "authorization_code"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text())["refresh"].startswith("1//")
    assert not any("s3cret" in line or "ya29" in line for line in person.said)


def test_what_is_asked_for_is_reading_only(tmp_path: Path) -> None:
    person = Person(agree)
    with calendar(Site(), token_file=str(tmp_path / "t")) as (connector, _):
        connector.login(person)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(person.said[1]).query).items()}
    assert asked["scope"].split() == [
        "https://www.googleapis.com/auth/calendar.events.readonly",
        "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
    ]
    assert (asked["access_type"], asked["prompt"], asked["response_type"]) == ("offline", "consent", "code")
    assert asked["code_challenge_method"] == "S256"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", asked["redirect_uri"])


def test_the_next_process_asks_for_no_consent(tmp_path: Path) -> None:
    """It refreshes; a login that another process has refreshed is taken from the file."""
    site, kept = Site(lives=1), tmp_path / "token.json"
    with calendar(site, token_file=str(kept)) as (connector, server):
        connector.login(Person(agree))
        for _ in range(2):
            GoogleCalendar(
                source="gcal", client_id="c", client_secret="s3cret", base_url=server.url, token_file=str(kept)
            ).streams(window())
    assert [form["grant_type"] for form in site.tokens] == [
        "authorization_code", "refresh_token", "refresh_token", "refresh_token",
    ]  # fmt: skip
    assert all("scope" not in form for form in site.tokens), "a scope that was never granted would be refused"


def test_a_new_refresh_token_takes_the_place_of_the_old(tmp_path: Path) -> None:
    site, kept = Site(lives=1, new_refresh=True), tmp_path / "token.json"
    with calendar(site, token_file=str(kept), refresh_token="1//first") as (connector, _):
        connector.streams(window())
        assert json.loads(kept.read_text())["refresh"] not in {"", "1//first"}


def refuse(url: str) -> str:
    asked = parse_qs(urlsplit(url).query)
    return f"{asked['redirect_uri'][0]}/?error=access_denied&state={asked['state'][0]}"


def lie(url: str) -> str:
    return f"{parse_qs(urlsplit(url).query)['redirect_uri'][0]}/?code=4/0stolen&state=another"


@pytest.mark.parametrize(
    ("browser", "settings", "told"),
    [
        (refuse, {}, "Google did not agree: access_denied"),
        (lie, {}, "that is not the answer to this question"),
        (lambda _: "4/0invented", {}, "the login has ended: Malformed auth code."),
        (lambda _: "", {}, "the browser has not answered"),
        (agree, {"keeps_silent": True}, "Google gave no refresh token"),
        (agree, {"scopes": "calendar.events.readonly"}, 'does not allow to "see the list of your calendars"'),
    ],
)  # fmt: skip
def test_a_login_that_comes_to_nothing_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Callable[[str], str], settings: dict[str, Any], told: str
) -> None:
    monkeypatch.setattr(google_login, "PATIENCE", 0.05)
    with (
        calendar(Site(**settings), token_file=str(tmp_path / "t")) as (connector, _),
        pytest.raises(AuthError) as error_,
    ):
        connector.login(Person(browser))
    assert told in str(error_.value)
    assert error_.value.advice


def test_a_port_that_is_taken_is_told() -> None:
    taken = "port .* of this machine is taken"
    with (
        Loopback(Site()) as other,
        calendar(Site(), port=other.port) as (connector, _),
        pytest.raises(SourceError, match=taken),
    ):
        connector.login(Person(agree))


def test_what_a_person_may_paste() -> None:
    assert answer_in(" http://127.0.0.1:8080/?state=a&code=4/x&scope=b ") == {"state": "a", "code": "4/x", "scope": "b"}
    assert answer_in("4/0Aabc") == {"code": "4/0Aabc"}
    assert answer_in("?code=4/x") == {"code": "4/x"}


# --- a login that ends ---------------------------------------------------------------------------------------------


def test_without_a_login_the_cure_is_named() -> None:
    with calendar(Site()) as (connector, server), pytest.raises(AuthError) as told:
        connector.streams(window())
    assert (str(told.value), told.value.advice) == ("there is no login yet", "briefing auth gcal")
    assert server.requests == [], "nothing was asked"


@pytest.mark.parametrize(("days", "testing"), [(1, False), (6.8, True), (7.2, True), (30, False)])
def test_a_dead_login_is_explained_by_its_age(tmp_path: Path, days: float, *, testing: bool) -> None:
    """An app in Testing loses its logins after 7 days; at any other age nobody can tell why."""
    site, kept = Site(), tmp_path / "token.json"
    with calendar(site, token_file=str(kept)) as (connector, server):
        connector.login(Person(agree))
        told = json.loads(kept.read_text())
        told["expires_at"], told["told"]["since"] = 1.0, time.time() - days * 86400
        kept.write_text(json.dumps(told))
        site.gate._refresh.clear()
        fresh = GoogleCalendar(
            source="gcal", client_id="c", client_secret="s3cret", base_url=server.url, token_file=str(kept)
        )
        with pytest.raises(AuthError) as ended:
            fresh.streams(window())
    assert str(ended.value).startswith("the login has ended")
    assert ended.value.advice.startswith("briefing auth gcal")
    assert ("Testing" in ended.value.advice) is testing


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (400, {"error": "invalid_grant", "error_description": "Bad\u202e Request"}, AuthError, "the login has ended: Bad Request"),
        (401, {"error": "invalid_client", "error_description": "not found"}, AuthError, "does not accept the client_id"),
        (401, {"error": "unauthorized_client"}, AuthError, "does not accept the client_id"),
        (400, {"error": "invalid_scope"}, AuthError, "Google gave no access: invalid_scope"),
        (403, {"error": {"code": 403, "message": "no"}}, AuthError, "Google gave no access: no"),
        (400, "<html>", AuthError, "Google gave no access: answer 400"),
        (503, "<html>", SourceError, "Google answers 503"),
        (200, {"expires_in": 3599}, BadAnswer, "without an access token"),
        (200, "<html>", BadAnswer, "not JSON"),
    ],
)  # fmt: skip
def test_what_the_token_endpoint_refuses(status: int, body: Any, kind: type[Exception], told: str) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    site = lambda _: Reply(status=status, body=raw)  # noqa: E731
    with calendar(site, refresh_token="1//first") as (connector, _), pytest.raises(kind, match=re.escape(told)):
        connector.streams(window())


def test_a_probe_names_what_a_login_may_write() -> None:
    site = Site(scopes="calendar.readonly gmail.modify gmail.readonly calendar.events")
    with calendar(site, refresh_token="1//first") as (connector, _):
        found = list(connector._login.findings())
    assert whats(found) == [
        "The login may read: calendar.events, calendar.readonly, gmail.modify, gmail.readonly.",
        "It may also write: calendar.events, gmail.modify.",
    ]
    assert [one.ok for one in found] == [True, False]


@pytest.mark.parametrize(
    ("granted", "lacking"),
    [
        ("", ()),
        ("https://www.googleapis.com/auth/calendar.readonly", ("gmail.readonly",)),
        ("https://mail.google.com/ https://www.googleapis.com/auth/calendar.events",
         ("calendar.calendarlist.readonly",)),
        ("https://www.googleapis.com/auth/gmail.metadata",
         ("calendar.events.readonly", "calendar.calendarlist.readonly", "gmail.readonly")),
    ],
)  # fmt: skip
def test_wider_scopes_hold_narrower_ones(granted: str, lacking: tuple[str, ...]) -> None:
    wanted = ("calendar.events.readonly", "calendar.calendarlist.readonly", "gmail.readonly")
    assert missing(wanted, granted) == lacking


# --- what the API refuses ------------------------------------------------------------------------------------------

DETAIL = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]


@pytest.mark.parametrize(
    ("status", "body", "kind", "told", "advice"),
    [
        (401, error(401, "authError"), AuthError, "refused the login", "briefing auth mail"),
        (403, error(403, "insufficientPermissions"), AuthError, "does not allow reading", "every box ticked"),
        (403, error(403, "forbidden", details=DETAIL), AuthError, "does not allow reading", "every box ticked"),
        (403, error(403, "accessNotConfigured"), SourceError, "Gmail API is not switched on", "Cloud console"),
        (403, {"error": {"code": 403, "details": [{"reason": "SERVICE_DISABLED"}]}}, SourceError, "not switched on", ""),
        (403, error(403, "domainPolicy"), AuthError, "does not allow this app", "administrator"),
        (403, error(403, "rateLimitExceeded"), TooFast, "limit of a minute", ""),
        (403, error(403, "userRateLimitExceeded"), TooFast, "limit of a minute", ""),
        (403, {"error": {"code": 403, "status": "RESOURCE_EXHAUSTED"}}, TooFast, "limit of a minute", ""),
        (403, error(403, "quotaExceeded", status="RESOURCE_EXHAUSTED"), RateLimited, "usage limit", "tomorrow"),
        (403, error(403, "forbidden"), AuthError, "not allowed to read this (403: m)", "share it"),
        (403, "<html>no</html>", AuthError, "not allowed to read this (403)", "share it"),
        (404, error(404, "notFound"), NotThere, "does not find it", "briefing auth mail"),
        (410, error(410, "fullSyncRequired"), Outdated, "no longer knows", "try again"),
        (400, error(400, "failedPrecondition"), SourceError, "cannot be read by the Gmail API: m", "check"),
        (400, error(400, "timeRangeEmpty"), NotTaken, "400: m", ""),
        (400, "[", NotTaken, "no reason given", ""),
    ],
)  # fmt: skip
def test_a_refusal_has_a_cause_and_a_cure(
    status: int, body: Any, kind: type[SourceError], told: str, advice: str
) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    answer = Answer(status=status, headers=httpx.Headers(), content=raw, url="http://x/gmail")
    found = explained("gmail", "mail")(answer)
    assert type(found) is kind
    assert told in str(found)
    assert found is not None
    assert advice in found.advice
    assert found.advice


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_every_service_refuses_alike_is_left_to_the_client(status: int) -> None:
    answer = Answer(status=status, headers=httpx.Headers(), content=b"", url="http://x")
    assert explained("calendar", "cal")(answer) is None
