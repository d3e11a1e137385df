"""How the Accelo site lets in with a person's consent: codes, numbers, and refresh tokens that are good once."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest

from briefing.demo.server.accelo import AcceloSite
from briefing.demo.server.accelo_auth import Gate, Granted
from briefing.demo.server.accelo_grants import CODE_LIVES, MONTH, OPEN_LOGINS
from briefing.demo.server.accelo_settings import AcceloSettings
from briefing.loopback import Reply, Request
from tests.demo_server.asking import Clock, body_of

HERE = "http://127.0.0.1:8733/accelo"
NO_GRANT = {"error": "invalid_grant", "error_description": "Grant was not found (possibly expired)."}


class Site:
    """The login alone, without an agency behind it."""

    def __init__(self, application: Any = "web", **settings: Any) -> None:
        self.clock = Clock()
        self.settings = AcceloSettings(application=application, **settings)
        self.gate = Gate(self.settings, self.clock)

    def get(self, url: str) -> Reply:
        parts = urlsplit(url)
        query = tuple((name, values[-1]) for name, values in parse_qs(parts.query).items())
        return self.gate.login(parts.path.rpartition("/")[2], Request(method="GET", path=parts.path, query=query), {})

    def authorize(self, **asked: str) -> Reply:
        redirect = {"redirect_uri": HERE} if self.settings.application == "web" else {}
        given = {"client_id": self.settings.client_id, "response_type": "code", **redirect, **asked}
        return self.get("/oauth2/v0/authorize?" + urlencode({name: value for name, value in given.items() if value}))

    def consent(self, **asked: str) -> Reply:
        """What the browser gets after the page of consent."""
        page = self.authorize(**asked)
        assert page.status == 302
        return self.get(urljoin("/oauth2/v0/authorize", location(page)))

    def code(self, **asked: str) -> str:
        return parse_qs(urlsplit(location(self.consent(**asked))).query)["code"][0]

    def token(self, **form: str) -> Reply:
        sent = {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret, **form}
        return self.gate.login("token", Request(method="POST", path="/t", body=urlencode(sent).encode()), {"who": "me"})

    def redeem(self, code: str, redirect: str = HERE, **form: str) -> Reply:
        uri = {"redirect_uri": redirect} if redirect else {}
        return self.token(grant_type="authorization_code", code=code, **uri, **form)

    def refresh(self, refresh: str) -> Reply:
        return self.token(grant_type="refresh_token", refresh_token=refresh)

    def takes(self, access: str) -> bool:
        bearer = {"authorization": f"Bearer {access}"}
        return isinstance(self.gate.grant(Request(method="GET", path="/", headers=bearer)), Granted)


def location(reply: Reply) -> str:
    return dict(reply.headers)["Location"]


def refused(reply: Reply) -> bool:
    return (reply.status, body_of(reply)) == (400, NO_GRANT)


# --- consent -------------------------------------------------------------------------------------------------------


def test_the_browser_comes_back_with_a_code_and_the_state() -> None:
    site = Site()
    back = location(site.consent(state="s t"))
    assert back.startswith(f"{HERE}?")
    assert set(parse_qs(urlsplit(back).query)) == {"code", "state"}
    assert parse_qs(urlsplit(back).query)["state"] == ["s t"]
    told = body_of(site.redeem(site.code()))
    assert {"access_token", "refresh_token", "expires_in", "token_type", "who"} == set(told)
    assert told["expires_in"] == str(MONTH)
    assert site.takes(told["access_token"])


def test_consent_may_be_asked_for_with_post() -> None:
    site = Site()
    form = urlencode({"client_id": site.settings.client_id, "response_type": "code", "redirect_uri": HERE})
    reply = site.gate.login("authorize", Request(method="POST", path="/a", body=form.encode()), {})
    assert reply.status == 302


@pytest.mark.parametrize("tells", [True, False])
def test_who_denies_sends_the_browser_back_with_an_error(tells: bool) -> None:
    back = location(Site(consent="denies", denial_tells_state=tells).consent(state="abc"))
    found = parse_qs(urlsplit(back).query)
    assert found["error"] == ["access_denied"]
    assert found["error_description"]
    assert ("state" in found) is tells
    assert "code" not in found


@pytest.mark.parametrize(
    ("application", "asked", "status", "error"),
    [
        ("web", {"redirect_uri": "http://127.0.0.1:8733/"}, 400, "invalid_grant"),
        ("web", {"redirect_uri": ""}, 400, "invalid_grant"), ("installed", {"redirect_uri": HERE}, 400, "invalid_grant"),
        ("web", {"client_id": "another"}, 401, "invalid_client"), ("web", {"scope": "all"}, 400, "invalid_scope"),
        ("web", {"response_type": "token"}, 400, "invalid_request"),
        ("service", {}, 401, "unauthorized client"),
    ],
)  # fmt: skip
def test_what_is_not_asked_rightly_never_reaches_the_person(
    application: str, asked: dict[str, str], status: int, error: str
) -> None:
    reply = Site(application).authorize(**asked)
    assert (reply.status, body_of(reply)["error"]) == (status, error)


def test_the_page_of_consent_is_good_once() -> None:
    site = Site()
    page = urljoin("/oauth2/v0/authorize", location(site.authorize()))
    assert site.get(page).status == 302
    assert site.get(page).status == 400


def test_the_page_lies_beside_wherever_the_deployment_is() -> None:
    page = location(Site().authorize())
    assert urljoin("http://h:1/accelo/oauth2/v0/authorize", page).startswith("http://h:1/accelo/oauth2/v0/consent?")


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("service", {}),
        ("web", {"application": "web", "redirect_uri": HERE}),
        ("installed", {"application": "installed"}),
    ],
)
def test_a_source_is_told_its_kind(kind: str, more: dict[str, str]) -> None:
    known = AcceloSite.credentials({"application": kind})
    assert {name: value for name, value in known.items() if name in {"application", "redirect_uri"}} == more


# --- codes ---------------------------------------------------------------------------------------------------------


def test_a_code_is_good_once() -> None:
    site = Site()
    code = site.code()
    assert site.redeem(code).status == 200
    assert refused(site.redeem(code))


def test_a_code_is_good_for_the_address_it_was_sent_to() -> None:
    site = Site(redirect_uris=[HERE, "https://agency.example/done"])
    assert refused(site.redeem(site.code(), "https://agency.example/done"))
    assert refused(site.redeem(site.code(), ""))


def test_a_code_ends() -> None:
    site = Site()
    code = site.code()
    site.clock.now += CODE_LIVES
    assert refused(site.redeem(code))


def test_a_code_gives_what_was_agreed_to() -> None:
    site = Site()
    access = body_of(site.redeem(site.code(scope="read(jobs)"), expires_in="600"))["access_token"]
    found = site.gate.grant(Request(method="GET", path="/", headers={"authorization": f"Bearer {access}"}))
    assert isinstance(found, Granted)
    assert (found.allows("jobs"), found.allows("tasks")) == (True, False)
    site.clock.now += 600
    assert not site.takes(access)


def test_an_installed_application_shows_a_number() -> None:
    site = Site("installed")
    page = site.consent()
    assert page.status == 200
    assert isinstance(page.body, bytes)
    (pin,) = re.findall(r"\b\d{6}\b", page.body.decode())
    assert site.redeem(pin, "").status == 200
    assert refused(site.redeem(pin, ""))
    assert "<b>" not in str(Site("installed", consent="denies").consent().body)


# --- renewing ------------------------------------------------------------------------------------------------------


def logged_in(**settings: Any) -> tuple[Site, str, str]:
    site = Site(**settings)
    told = body_of(site.redeem(site.code()))
    return site, told["access_token"], told["refresh_token"]


def test_a_refresh_token_is_good_once_and_the_answer_has_the_next() -> None:
    site, access, refresh = logged_in()
    told = body_of(site.refresh(refresh))
    assert site.takes(told["access_token"])
    assert site.takes(access), "the token before serves on"
    assert told["refresh_token"] != refresh
    assert refused(site.refresh(refresh))
    assert site.refresh(told["refresh_token"]).status == 200


def test_it_is_renewed_only_while_it_lasts() -> None:
    site, _, refresh = logged_in()
    site.clock.now += MONTH
    assert refused(site.refresh(refresh))
    site, _, refresh = logged_in(refresh_after_end=True)
    site.clock.now += MONTH
    assert site.refresh(refresh).status == 200


def test_what_is_open_about_renewing() -> None:
    site, access, refresh = logged_in(refresh_rotates=False, refresh_ends_token=True)
    assert site.refresh(refresh).status == 200
    assert not site.takes(access)
    assert refused(site.refresh(refresh)), "its token has ended"
    site, _, refresh = logged_in(refresh_rotates=False)
    assert [site.refresh(refresh).status for _ in range(2)] == [200, 200]
    for settings in OPEN_LOGINS.values():
        AcceloSettings(**settings)


def test_an_application_that_was_taken_away_renews_nothing() -> None:
    site, _, refresh = logged_in()
    site.gate.grants.forget()
    assert refused(site.refresh(refresh))
    told = body_of((other := Site(gives_refresh=False)).redeem(other.code()))
    assert "refresh_token" not in told


def test_refused_grants_lock_out_too() -> None:
    site = Site()
    for _ in range(101):
        assert site.gate.locked() is None
        site.refresh("nonsense")
    assert site.gate.locked() is not None


def test_a_web_application_has_no_credentials_of_its_own() -> None:
    reply = Site().token(grant_type="client_credentials")
    assert (reply.status, body_of(reply)["error"]) == (401, "unauthorized client")
