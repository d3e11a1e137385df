"""The login of a service application: one request, kept, remembered where it is refused, and never a storm."""

from __future__ import annotations

import base64
import json
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from briefing.collect import told_problem
from briefing.errors import AuthError, BadAnswer, SourceError
from briefing.http import set_testing
from briefing.loopback import Fault, Loopback, Request, json_reply, status
from briefing.tokens import LockedOut
from connectors.accelo import Accelo
from connectors.accelo_login import who
from tests.connectors.accelo_wire import GUARDS, SECRET, connector, job, read, serving, small, window


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


def logins(server: Loopback) -> list[Request]:
    return [request for request in server.requests if request.path == "/oauth2/v0/token"]


def read_everything(accelo: Accelo) -> list[BaseException]:
    """What reading all streams side by side raised."""
    errors: list[BaseException] = []

    def work(stream: Any) -> None:
        try:
            list(stream.read(window(), None))
        except SourceError as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(stream,)) for stream in accelo.streams(window())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


# --- the request -------------------------------------------------------------------------------------------------------


def test_the_request_is_as_documented() -> None:
    with serving(small([job(1)])) as (accelo, server):
        read(accelo, "projects")
    (login,) = logins(server)
    assert login.method == "POST"
    assert login.form() == {"grant_type": "client_credentials", "scope": "read(all)"}
    assert login.headers["content-type"] == "application/x-www-form-urlencoded"
    basic = base64.b64decode(login.headers["authorization"].removeprefix("Basic ")).decode()
    assert basic == f"5ba17c78ao@northlight.accelo.com:{SECRET}"
    data = [request for request in server.requests if request is not login]
    assert {request.headers["authorization"] for request in data} == {"Bearer token-1"}
    assert {request.headers["accept"] for request in data} == {"application/json"}


def test_a_token_serves_all_streams_and_the_next_process(tmp_path: Path) -> None:
    file = tmp_path / "tokens" / "accelo.json"
    with Loopback(small([job(1)])) as server:
        assert read_everything(connector(server, token_file=str(file))) == []
        assert read_everything(connector(server, token_file=str(file))) == []
        assert len(logins(server)) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = json.loads(file.read_text())
    assert SECRET not in file.read_text()
    assert (kept["access"], kept["told"]["zone"]) == ("token-1", "America/New_York")
    assert time.time() + 28 * 86_400 < kept["expires_at"] < time.time() + 29 * 86_400 + 60


def test_a_token_is_bound_to_its_secret_and_deployment(tmp_path: Path) -> None:
    file = str(tmp_path / "accelo.json")
    with Loopback(small([job(1)])) as server:
        for settings in ({}, {"client_secret": "another-one"}, {"client_id": "x@northlight.accelo.com"}):
            read(connector(server, token_file=file, **settings), "projects")
        assert len(logins(server)) == 3


@pytest.mark.parametrize(
    ("answer", "lasts"),
    [
        ({"expires_in": "2592000"}, 29 * 86_400), ({"expires_in": 2592000}, 29 * 86_400),
        ({"expires in": "2592000"}, 29 * 86_400), ({"expires_in": 600}, 540), ({"expires_in": "soon"}, None),
        ({}, None), ({"expires_in": None}, None), ({"expires_in": "-5"}, None), ({"expires_in": []}, None),
    ],
)  # fmt: skip
def test_how_long_a_token_lasts(answer: dict[str, Any], lasts: float | None, tmp_path: Path) -> None:
    """A day less than is said; a tenth less where that is shorter; what is not said lasts until it is refused."""
    file = tmp_path / "accelo.json"
    reply = json_reply({"access_token": "abc", "token_tpye": "bearer", **answer})
    with Loopback(small([job(1)])) as server, server.faulty(Fault(change=lambda _, __: reply), "/token"):
        read(connector(server, token_file=str(file)), "projects")
        read(connector(server, token_file=str(file)), "projects")
        assert len(logins(server)) == 1
    expires = json.loads(file.read_text())["expires_at"]
    assert expires == 0 if lasts is None else abs(expires - time.time() - lasts) < 30


def test_a_token_near_its_end_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "accelo.json"
    with Loopback(small([job(1)])) as server:
        read(connector(server, token_file=str(file)), "projects")
        file.write_text(json.dumps({**json.loads(file.read_text()), "expires_at": time.time() - 1}))
        read(connector(server, token_file=str(file)), "projects")
        assert len(logins(server)) == 2


# --- refusals ----------------------------------------------------------------------------------------------------------

WRONG = status(401, json.dumps({"error": "invalid_client", "error_description": "Invalid client authentication."}))


def test_a_wrong_secret_is_tried_once() -> None:
    with serving(small([job(1)])) as (accelo, server), server.faulty(WRONG, "/token"):
        errors = [*read_everything(accelo), *read_everything(accelo)]
        assert len(server.requests) == 1
    assert len(errors) == 10
    assert {type(error) for error in errors} == {AuthError}
    assert str(errors[0]) == "login refused (401 invalid_client: Invalid client authentication.)"
    assert isinstance(errors[0], AuthError)
    assert errors[0].advice == (
        "check client_id and client_secret of sources.accelo, and from which addresses the application may log in; "
        "then briefing auth accelo"
    )


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (400, "invalid_grant"),
        (400, "invalid_scope"),
        (400, "unsupported_grant_type"),
        (401, "unauthorized client"),
        (403, "x"),
    ],
)
def test_other_refusals_of_the_login_are_permanent_too(code: int, word: str) -> None:
    refused = status(code, json.dumps({"error": word}))
    with serving(small([job(1)])) as (accelo, server), server.faulty(refused, "/token"):
        errors = read_everything(accelo)
        assert len(server.requests) == 1
    assert {str(error) for error in errors} == {f"login refused ({code} {word})"}


def test_a_refusal_that_repeats_the_secret_does_not_tell_it() -> None:
    secret = "canary-of-this-test-77"
    echo = status(401, json.dumps({"error": "invalid_client", "error_description": f"{secret} is wrong"}))
    with serving(small([job(1)]), client_secret=secret) as (accelo, server), server.faulty(echo, "/token"):
        errors = read_everything(accelo)
    assert told_problem(errors[0])[0] == "login refused (401 invalid_client: [removed] is wrong)"


@pytest.mark.parametrize("code", [500, 502, 503, 404])
def test_a_deployment_that_is_not_there_is_a_matter_of_its_name(code: int) -> None:
    """Accelo answers 500 where it finds no deployment. Five streams do not make five times as many requests."""
    body = json.dumps({"meta": {"status": "server_error", "message": "The deployment can't be found."}})
    with serving(small([job(1)])) as (accelo, server), server.faulty(status(code, body), "/token"):
        errors = read_everything(accelo)
        assert len(server.requests) == (1 if code == 404 else GUARDS.tries)
    assert len(errors) == 5
    assert isinstance(errors[0], SourceError)
    assert not isinstance(errors[0], AuthError)
    assert str(errors[0]) == f"Accelo answers {code} to the login (server_error: The deployment can't be found.)"
    assert errors[0].advice.startswith('check the deployment name of sources.accelo ("northlight")')


def test_a_fault_of_the_login_that_passes_is_not_noticed() -> None:
    with serving(small([job(1)])) as (accelo, server), server.faulty(status(500, "{}"), "/token", times=1):
        assert read(accelo, "projects").ids == ["1"]


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "null", "[]", "{}", '{"access_token": null}', '{"access_token": ""}', '{"access_token": "a\\nb"}'],
)
def test_a_login_without_a_token(body: str) -> None:
    with serving(small([job(1)])) as (accelo, server), server.faulty(status(200, body), "/token"):
        errors = read_everything(accelo)
        assert len(server.requests) == 1
    assert {type(error) for error in errors} == {BadAnswer}


def test_a_refused_token_is_replaced_once_and_the_request_repeated(tmp_path: Path) -> None:
    deployment, file = small([job(1)]), tmp_path / "accelo.json"
    with Loopback(deployment) as server:
        read(connector(server, token_file=str(file)), "projects")
        deployment.bad_tokens.add("token-1")
        before = len(server.requests)
        assert read(connector(server, token_file=str(file)), "projects").ids == ["1"]
        assert [request.path for request in server.requests[before:]] == [
            "/api/v0/jobs", "/oauth2/v0/token", "/api/v0/jobs",
        ]  # fmt: skip
    assert json.loads(file.read_text())["access"] == "token-2"


def test_tokens_that_never_work_are_not_asked_for_again_and_again() -> None:
    deployment = small([job(1)])
    deployment.bad_tokens |= {f"token-{n}" for n in range(50)}
    with serving(deployment) as (accelo, server):
        errors = [*read_everything(accelo), *read_everything(accelo)]
        assert len(logins(server)) == 2
        assert len(server.requests) <= 2 + 2 * 10
    assert len(errors) == 10
    assert {str(error) for error in errors} == {"login refused (401 invalid_client: no)"}
    assert isinstance(errors[0], AuthError)
    assert (
        errors[0].advice
        == "see in Accelo whether the application and its user are still active, then briefing collect accelo"
    )


# --- the lock ----------------------------------------------------------------------------------------------------------

LOCK = {
    "more_info": "https://api.accelo.com/docs/#status-codes", "status": "too_many_failed_logins",
    "message": "User is locked out by their IP due to too many failed authentication attempts.",
}  # fmt: skip


def locked(code: int, **headers: str) -> Fault:
    return status(code, json.dumps(LOCK), **headers)


@pytest.mark.parametrize("code", [401, 403, 429, 400])
def test_a_lock_is_remembered_by_every_process(code: int, tmp_path: Path) -> None:
    file = tmp_path / "accelo.json"
    with Loopback(small([job(1)])) as server, server.faulty(locked(code, Retry_After="240"), "/token"):
        errors = read_everything(connector(server, token_file=str(file)))
        assert len(server.requests) == 1
        errors += read_everything(connector(server, token_file=str(file)))
        assert len(server.requests) == 1, "another process does not try either"
    assert {type(error) for error in errors} == {LockedOut}
    assert str(errors[0]) == "Accelo locked this address out for 4 min after too many failed logins"
    assert "login not tried: the service locked it for another 4 min" in {str(error) for error in errors}
    assert 200 < json.loads(file.read_text())["locked_out_until"] - time.time() <= 240


def test_a_lock_without_a_time_is_five_minutes(tmp_path: Path) -> None:
    file = tmp_path / "accelo.json"
    with Loopback(small([job(1)])) as server, server.faulty(locked(401), "/token"):
        read_everything(connector(server, token_file=str(file)))
    assert 290 < json.loads(file.read_text())["locked_out_until"] - time.time() <= 300


def test_after_the_lock_it_is_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "accelo.json"
    file.write_text(json.dumps({"locked_out_until": time.time() - 1}))
    with Loopback(small([job(1)])) as server:
        assert read(connector(server, token_file=str(file)), "projects").ids == ["1"]


@pytest.mark.parametrize("code", [401, 403, 429])
def test_a_lock_met_with_a_good_token_stops_everything_too(code: int, tmp_path: Path) -> None:
    """Data is refused because of the address: the lock is kept, the token as well, and nobody asks before it ends."""
    file = tmp_path / "accelo.json"
    with Loopback(small([job(1)])) as server:
        accelo = connector(server, token_file=str(file))
        read(accelo, "staff")
        before = len(server.requests)
        with server.faulty(locked(code, Retry_After="240"), "/api/v0|/token"):
            with pytest.raises(LockedOut):
                read(accelo, "projects")
            tried = len(server.requests) - before
            assert read_everything(accelo)
            assert read_everything(connector(server, token_file=str(file)))
        assert len(server.requests) - before == tried <= 2
    kept = json.loads(file.read_text())
    assert kept["locked_out_until"] > time.time() + 200


# --- briefing auth and doctor ------------------------------------------------------------------------------------------


class Terminal:
    def say(self, text: str) -> None:
        """Nothing is said."""

    def ask(self, question: str, *, secret: bool = False) -> str:
        raise AssertionError("everything stands in the settings")


def test_logging_in_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "accelo.json"
    with Loopback(small([job(1)])) as server:
        read(connector(server, token_file=str(file)), "projects")
        accelo = connector(server, token_file=str(file))
        assert accelo.login(Terminal()) == "Ops Robot, Accelo deployment northlight"
        assert len(logins(server)) == 2, "a fresh token, whatever is kept"
        assert json.loads(file.read_text())["access"] == "token-2"
        file.write_text(json.dumps({"locked_out_until": time.time() + 100}))
        with pytest.raises(LockedOut):
            connector(server, token_file=str(file)).login(Terminal())
        assert len(logins(server)) == 2, "a lock is not prolonged"


def test_logging_in_with_a_wrong_secret() -> None:
    with serving(small([job(1)])) as (accelo, server), server.faulty(WRONG, "/token"):
        for _ in range(2):
            with pytest.raises(AuthError, match="login refused"):
                accelo.login(Terminal())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"who": "", "email": "", "deployment": "", "zone": "", "currency": ""}),
        ({"account_details": []}, {"who": ""}),
        ({"firstname": "Ann", "surname": {"x": 1}, "locale": []}, {"who": "Ann"}),
        ({"email": "OPS@Northlight.example"}, {"who": "OPS@Northlight.example", "email": "ops@northlight.example"}),
        ({"locale": {"currency_symbol": "€", "timezone": "../../etc/passwd"}}, {"zone": "", "currency": "EUR"}),
        ({"locale": {"currency": "usd", "a/b": "x/y"}}, {"currency": "USD", "zone": ""}),
        ({"locale": {"symbol": "€€€" * 99, "zone": "Europe/" * 99}}, {"zone": "", "currency": ""}),
        ({"deployment": "n\x1b[0m", "deployment_name": "N\nA"}, {"deployment": "N A"}),
    ],
)  # fmt: skip
def test_what_is_said_beside_a_token(body: dict[str, Any], expected: dict[str, str]) -> None:
    assert who(body).items() >= expected.items()
