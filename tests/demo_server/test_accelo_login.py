"""How the Accelo site lets in: tokens, scopes, the lock-out, the hourly limit, rights."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest

from briefing.demo.server.accelo import AcceloSite
from briefing.loopback import Reply, Request
from tests.demo_server.accelo_samples import LOCKED_OUT
from tests.demo_server.asking import Asker, Clock, accelo, body_of

GOOD = ("5ba17c78ao@harbourlane.accelo.com", "kept-for-the-demo-only")


def log_in(site: AcceloSite, *, secret: str = GOOD[1], basic: bool = True, **form: str) -> Reply:
    sent = {"grant_type": "client_credentials", "scope": "read(all)", **form}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    if basic:
        headers["authorization"] = "Basic " + base64.b64encode(f"{GOOD[0]}:{secret}".encode()).decode()
    else:
        sent |= {"client_id": GOOD[0], "client_secret": secret}
    body = urlencode({name: value for name, value in sent.items() if value}).encode()
    return site(Request(method="POST", path="/oauth2/v0/token", headers=headers, body=body))


def with_token(site: AcceloSite, token: str) -> Asker:
    asker = Asker(site)
    asker.token = token
    return asker


@pytest.mark.parametrize("basic", [True, False])
def test_a_token_is_given_and_works(basic: bool) -> None:
    site = accelo().site
    reply = log_in(site, basic=basic)
    assert reply.status == 200
    assert with_token(site, body_of(reply)["access_token"]).reply("jobs").status == 200


def test_a_token_ends() -> None:
    clock = Clock()
    site = accelo(clock=clock).site
    told = body_of(log_in(site, expires_in="600"))
    assert told["expires_in"] == "600"
    asker = with_token(site, told["access_token"])
    clock.now += 599
    assert asker.reply("jobs").status == 200
    clock.now += 1
    reply = asker.reply("jobs")
    assert reply.status == 401
    assert body_of(reply)["response"] is None
    assert body_of(reply)["meta"]["status"] == "invalid_client"


def test_a_wrong_or_missing_token_is_refused() -> None:
    site = accelo().site
    assert with_token(site, "nonsense").reply("jobs").status == 401
    assert site(Request(method="GET", path="/api/v0/jobs")).status == 401


def test_a_token_in_the_address_works_but_not_with_a_header() -> None:
    asker = accelo()
    alone = Request(method="GET", path="/api/v0/jobs", query=(("_bearer_token", asker.token),))
    assert asker.site(alone).status == 200
    assert asker.reply("jobs", _bearer_token=asker.token).status == 400


def test_a_revoked_token_is_gone() -> None:
    asker = accelo()
    body = urlencode({"token": asker.token, "client_id": GOOD[0], "client_secret": GOOD[1]}).encode()
    assert asker.site(Request(method="POST", path="/oauth2/v0/revoke", body=body)).status == 200
    assert asker.reply("jobs").status == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"), ({"grant_type": ""}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_grant"), ({"grant_type": "authorization_code"}, "invalid_grant"),
        ({"scope": "everything"}, "invalid_scope"), ({"expires_in": "soon"}, "invalid_request"),
    ],
)  # fmt: skip
def test_what_a_service_application_cannot_ask(form: dict[str, Any], error: str) -> None:
    """There is no refresh token for it."""
    reply = log_in(accelo().site, **form)
    assert (reply.status, body_of(reply)["error"]) == (400, error)
    assert set(body_of(reply)) == {"error", "error_description"}


def test_a_scope_holds() -> None:
    site = accelo().site
    asker = with_token(site, body_of(log_in(site, scope="read(jobs,staff), write(companies)"))["access_token"])
    assert asker.reply("jobs").status == 200
    assert asker.reply("companies").status == 200
    assert asker.reply("tokeninfo").status == 200
    reply = asker.reply("tasks")
    assert (reply.status, body_of(reply)["meta"]["status"]) == (403, "invalid_permission")


def test_what_the_user_may_not_see_is_refused() -> None:
    asker = accelo(refused=["tasks"])
    for path in ("tasks", "tasks/count", "tasks/statuses"):
        assert asker.reply(path).status == 403
    assert asker.reply("milestones").status == 200


def test_without_full_financial_access_there_is_no_money() -> None:
    fields = "job_object_budget(logged_subtotal,charged_subtotal,service_price_subtotal_estimate)"
    everything = Asker().rows("jobs", fields=fields)[0]["job_object_budget"]
    assert set(everything) == {"id", "logged_subtotal", "charged_subtotal", "service_price_subtotal_estimate"}
    assert set(accelo(financial_level="time").rows("jobs", fields=fields)[0]["job_object_budget"]) == {
        "id", "logged_subtotal"
    }  # fmt: skip


# --- the lock-out --------------------------------------------------------------------------------------------------


def locked_out(clock: Clock, **settings: Any) -> AcceloSite:
    site = accelo(clock=clock, **settings).site
    for number in range(101):
        reply = log_in(site, secret="wrong") if number % 2 else with_token(site, "wrong").reply("jobs")
        assert reply.status == 401
    return site


@pytest.mark.parametrize("status", [429, 401, 403])
def test_a_hundred_failed_logins_in_five_minutes_are_enough(status: int) -> None:
    site = locked_out(Clock(), lockout_status=status)
    reply = log_in(site)
    assert (reply.status, body_of(reply)) == (status, LOCKED_OUT)
    assert dict(reply.headers)["Retry-After"] == "300"
    assert Asker(site).reply("jobs").status == status


def test_trying_again_keeps_the_lock() -> None:
    clock = Clock()
    site = locked_out(clock)
    for _ in range(3):
        clock.now += 299
        assert log_in(site).status == 429
    clock.now += 300
    assert log_in(site).status == 200


def test_failures_are_forgotten_after_five_minutes() -> None:
    clock = Clock()
    site = accelo(clock=clock).site
    for _ in range(3):
        for _ in range(100):
            assert log_in(site, secret="wrong").status == 401
        clock.now += 300
    assert log_in(site).status == 200


# --- the hourly limit ----------------------------------------------------------------------------------------------


def test_requests_are_counted_by_the_hour() -> None:
    clock = Clock(now=1_795_000_000 // 3600 * 3600 + 1000)
    asker = accelo(clock=clock, hourly=5, used=2)
    left = [dict(asker.reply("jobs").headers)["X-RateLimit-Remaining"] for _ in range(4)]
    assert left == ["2", "1", "0", "0"]
    reply = asker.reply("jobs")
    assert reply.status == 429
    reset = int(dict(reply.headers)["X-RateLimit-Reset"])
    assert reset == clock.now + 2600
    clock.now = reset
    assert asker.reply("jobs").status == 200


def test_logins_are_free() -> None:
    asker = accelo(hourly=5, used=4)
    for _ in range(3):
        reply = log_in(asker.site)
        assert (reply.status, dict(reply.headers)["X-RateLimit-Remaining"]) == (200, "1")
    assert asker.reply("jobs").status == 200
    assert asker.reply("jobs").status == 429
    assert log_in(asker.site).status == 200


# --- only reading --------------------------------------------------------------------------------------------------


def test_nothing_can_be_written() -> None:
    asker = Asker()
    before = asker.ids("tasks")
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert asker.reply(f"tasks/{before[0]}", method=method).status == 403
    assert asker.reply(f"tasks/{before[0]}", _method="delete").status == 403, "a GET that is turned into a delete"
    assert asker.ids("tasks") == before


def test_a_wrong_path_is_html() -> None:
    reply = Asker().site(Request(method="GET", path="/api"))
    assert reply.status == 404
    assert dict(reply.headers)["Content-Type"].startswith("text/html")
    assert b"<html>" in (reply.body if isinstance(reply.body, bytes) else b"")


def test_another_version_and_the_suffix() -> None:
    asker = accelo()
    headers = {"authorization": f"Bearer {asker.token}"}
    assert asker.site(Request(method="GET", path="/api/v1/jobs", headers=headers)).status == 400
    assert asker.reply("jobs.json").status == 200
