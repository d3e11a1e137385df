"""Which modules are read: what is chosen, what answers, what never answered, and what is left for others to use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from briefing.collect import Source, collect
from briefing.errors import AuthError, RateLimited
from briefing.facts import Ticket
from briefing.http import set_testing
from briefing.loopback import Fault, Loopback, status
from briefing.store.sqlite import SqliteStore
from connectors.accelo_modules import chosen
from tests.connectors.accelo_wire import (
    GUARDS,
    NOW,
    Deployment,
    activity,
    connector,
    job,
    period,
    quote,
    read,
    retainer,
    sale,
    serving,
    small,
    ticket,
    window,
)

CORE = ["projects", "milestones", "tasks", "staff", "companies"]
REFUSED = status(403, '{"response": null, "meta": {"status": "invalid_permission", "message": "no"}}')
UNKNOWN = status(400, '{"response": null, "meta": {"status": "invalid_request", "message": "no"}}')


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


def whole() -> Deployment:
    """A deployment that uses every module."""
    deployment = small([job(1)])
    deployment.rows |= {
        "issues": [ticket(1)], "contracts": [retainer(1)], "periods": [period(1, 1)], "quotes": [quote(1)],
        "prospects": [sale(1)],
    }  # fmt: skip
    return deployment


def scopes(accelo: Any) -> list[str]:
    return [stream.scope for stream in accelo.streams(window())]


def test_what_can_be_chosen() -> None:
    assert chosen(None) is None
    assert chosen([]) == ()
    assert chosen([" Sales", "TICKETS", "sales"]) == ("tickets", "sales")
    with pytest.raises(ValueError, match='"invoices" is none of tickets, retainers, quotes, sales'):
        chosen(["invoices"])


def test_what_is_chosen_is_read_and_nothing_else_is_asked() -> None:
    """An agency whose CRM is another does not want its sales twice."""
    with serving(whole(), modules=["tickets", "retainers"]) as (accelo, server):
        assert scopes(accelo) == [*CORE, "tickets", "retainers"]
        assert server.requests == [], "nobody needs to be asked"
        for scope in scopes(accelo):
            read(accelo, scope)
        assert not any("/quotes" in line or "/prospects" in line for line in server.lines())


def test_without_a_choice_what_answers_is_read_and_remembered(tmp_path: Path) -> None:
    """One try of each, once: the next process needs none."""
    token = str(tmp_path / "accelo.json")
    with Loopback(whole()) as server:
        first = connector(server, modules=None, token_file=token)
        assert scopes(first) == [*CORE, "tickets", "retainers", "quotes", "sales"]
        assert len([line for line in server.lines() if "_limit=1&" in line]) == 4
        second = connector(server, modules=None, token_file=token)
        before = len(server.requests)
        assert scopes(second) == [*CORE, "tickets", "retainers", "quotes", "sales"]
        assert len(server.requests) == before
        other = connector(server, modules=None, token_file=token, deployment="southlight")
        scopes(other)
        assert len(server.requests) > before, "what was learned is of one deployment"


@pytest.mark.parametrize("fault", [REFUSED, UNKNOWN, status(404, "<html>", type="text/html")])
def test_a_module_that_never_answered_is_not_offered_and_that_is_said(fault: Fault) -> None:
    """No gap each morning, and nothing called absent in it; and it is tried again."""
    with serving(whole(), modules=None) as (accelo, server):
        with server.faulty(fault, "/issues|/prospects"):
            for _ in range(2):
                assert scopes(accelo) == [*CORE, "retainers", "quotes"]
            (note,) = read(accelo, "projects").left_out
        assert note.startswith("not read: tickets and sales. Accelo ")
        assert not note.endswith(".")
        assert scopes(accelo) == [*CORE, "tickets", "retainers", "quotes", "sales"]
        assert read(accelo, "projects").left_out == {}


def test_a_module_that_once_answered_and_is_refused_is_a_gap() -> None:
    """A right that was taken away is no module that nobody uses."""
    with serving(whole(), modules=None) as (accelo, server):
        scopes(accelo)
        with server.faulty(REFUSED, "/issues"):
            assert "tickets" in scopes(accelo)
            with pytest.raises(AuthError) as told:
                read(accelo, "tickets")
    assert str(told.value) == "Accelo does not show tickets to the user of this login (403)"
    assert told.value.advice == (
        "in Accelo, give the user of the application the right to view tickets, then briefing collect accelo; "
        'if tickets are not wanted, leave "tickets" out of modules in sources.accelo'
    )


def test_a_chosen_module_that_is_refused_is_a_gap() -> None:
    with serving(whole(), modules=["sales"]) as (accelo, server), server.faulty(REFUSED, "/prospects"):
        assert scopes(accelo) == [*CORE, "sales"]
        with pytest.raises(AuthError, match="does not show sales"):
            read(accelo, "sales")


@pytest.mark.parametrize("code", [500, 502])
def test_what_fails_for_a_moment_is_offered(code: int) -> None:
    with serving(whole(), modules=None) as (accelo, server), server.faulty(status(code, "{}"), "/quotes"):
        assert "quotes" in scopes(accelo)


def test_a_refused_login_is_told_by_the_lists_and_tried_once() -> None:
    refused = status(401, '{"error": "invalid_client"}')
    with serving(whole(), modules=None) as (accelo, server), server.faulty(refused, "/oauth2/"):
        assert len(scopes(accelo)) == 9
        assert len(server.requests) == 1
        with pytest.raises(AuthError):
            read(accelo, "tickets")
        assert len(server.requests) == 1


def test_what_was_learned_is_no_condition(tmp_path: Path) -> None:
    """A file that cannot be read or written costs the tries again, and nothing else."""
    (tmp_path / "accelo.learned.json").mkdir()
    with Loopback(whole()) as server:
        accelo = connector(server, modules=None, token_file=str(tmp_path / "accelo.json"))
        assert len(scopes(accelo)) == 9
        assert len(scopes(accelo)) == 9
        assert read(accelo, "retainers").ids == ["1"]
        assert len([line for line in server.lines() if "_limit=1&" in line]) == 12


def test_an_empty_module_is_whole_and_quiet(tmp_path: Path) -> None:
    """Nobody uses it: that is no gap, today or tomorrow."""
    store = SqliteStore(tmp_path / "readings.sqlite")
    with serving(small([job(1)]), modules=None) as (accelo, _):
        for _ in range(2):
            collect([Source(name="accelo", connector=accelo, kinds=accelo.kinds)], store, window(), clock=lambda: NOW)
    found = {one.key.scope: one.latest for one in store.snapshot(NOW).streams}
    store.close()
    for scope in ("tickets", "retainers", "quotes", "sales"):
        latest = found[scope]
        assert latest is not None
        assert (latest.status, latest.rows, latest.ignored) == ("whole", 0, ())


# --- the hourly limit --------------------------------------------------------------------------------------------------


def test_what_others_need_of_the_hour_is_left_to_them() -> None:
    """Below the reserve the work itself is read, and what a briefing can do without is a gap that says so."""
    deployment = whole()
    deployment.room = 150
    with serving(deployment, modules=["tickets", "retainers"]) as (accelo, server):
        assert read(accelo, "projects").ids == ["1"]
        before = len(server.requests)
        with pytest.raises(RateLimited) as told:
            read(accelo, "tickets")
        assert len(server.requests) == before
    assert str(told.value) == (
        "of the 150 calls that Accelo allows until 07:00, 200 are left for what else uses the deployment, "
        "and this would take 1"
    )
    assert told.value.advice


def test_a_call_for_each_retainer_is_counted_before_the_first() -> None:
    deployment = small()
    deployment.rows["contracts"] = [retainer(n) for n in range(1, 61)]
    deployment.rows["periods"] = [period(100 + n, n) for n in range(1, 61)]
    deployment.room = 250
    with serving(deployment, modules=["retainers"]) as (accelo, server):
        with pytest.raises(RateLimited, match="this would take 60"):
            read(accelo, "retainers")
        assert not any("/contracts/1/" in line for line in server.lines())
        deployment.flat_periods = "rows"
        assert len(read(connector(server, modules=["retainers"]), "retainers").facts) == 60


def test_a_second_look_at_quiet_projects_can_wait() -> None:
    deployment = small([job(1, date_last_interacted="1760000000")])
    deployment.rows["activities"] = [activity(1, 1)]
    deployment.room = 120
    with serving(deployment) as (accelo, server):
        found = read(accelo, "projects")
        assert not any("/activities" in line for line in server.lines())
    ((why, count),) = found.left_out.items()
    assert (count, "200 are left for what else uses the deployment" in why) == (1, True)


def test_each_module_is_read_alone() -> None:
    """One that fails leaves the others whole."""
    with serving(whole(), modules=["tickets", "retainers", "quotes", "sales"]) as (accelo, server):
        for path, scope in (("/issues", "tickets"), ("/contracts", "retainers"), ("/quotes", "quotes")):
            with server.faulty(status(500, "{}"), path):
                left = {one: read(accelo, one) for one in ("tickets", "retainers", "quotes", "sales") if one != scope}
            assert all(found.ids == ["1"] and not found.skipped for found in left.values())
        assert isinstance(read(accelo, "tickets").facts[0], Ticket)
