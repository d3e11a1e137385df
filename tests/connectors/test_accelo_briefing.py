"""From Accelo to the page: what is said of milestones, and what is not said where one of its lists was refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from briefing.demo.days import moment
from briefing.demo.server.accelo import AcceloSite
from briefing.document import Briefing
from briefing.http import set_testing
from briefing.loopback import Fault, Loopback, manner, status
from briefing.render import render
from briefing.workspace import collect_into, compile_in, configured
from tests.connectors.accelo_part import world
from tests.connectors.accelo_wire import GUARDS, MORNING

CONFIG = """
version = 1
[workspace]
name = "Harbour Lane"
timezone = "America/New_York"
[[audience]]
name = "Maya"
[sources.accelo]
use = "accelo"
deployment = "harbourlane"
client_id = "5ba17c78ao@harbourlane.accelo.com"
client_secret = "env:ACCELO_SECRET"
base_url = "{url}"
currency = "USD"
"""
LAUNCH = "Acme site: Launch is 3 workdays out (Tuesday) with no tasks assigned."
NOW = moment(MORNING)
FORBIDDEN = status(403, json.dumps({"response": None, "meta": {"status": "invalid_permission", "message": "no"}}))

Compile = Callable[..., Briefing]


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Compile]:
    """Collects from the demo's Accelo under faults and compiles: a configuration, a store, the real connector."""
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("ACCELO_SECRET", "kept-for-the-demo-only")
    set_testing(GUARDS)
    site = AcceloSite(world(), MORNING)
    with Loopback(site) as server:
        path = tmp_path / "briefing.toml"
        path.write_text(CONFIG.format(url=server.url), encoding="utf-8")
        workspace = configured(path)

        def compile_one(fault: Fault | None = None, where: str = "", hours: float = 0) -> Briefing:
            now = NOW + timedelta(hours=hours)
            store, _ = workspace.store(now)
            faulty: AbstractContextManager[Any] = server.faulty(fault, where) if fault else nullcontext()
            with faulty:
                collect_into(workspace, store, clock=lambda: now)
            made = compile_in(workspace, store, now).briefing
            store.close()
            return made

        yield compile_one
    set_testing(None)


def told(made: Briefing) -> str:
    """Everything that is printed, in one line."""
    return " ".join(str(render(made, "text")).split())


def test_the_first_sentence_comes_from_the_real_connector(compiled: Compile) -> None:
    made = compiled()
    (launch,) = [item for item in made.items if item.headline == LAUNCH]
    assert launch.looked_in == ("Accelo",)
    assert launch.about.url.startswith("https://harbourlane.accelo.com/?action=view_job&id=")
    assert "Earlier milestones had" in told(made)
    assert made.coverage_lines == ()


def test_without_tasks_no_milestone_is_called_bare(compiled: Compile) -> None:
    """Milestones are readable, tasks are refused: that is a gap with cause and cure, and never "no tasks"."""
    made = compiled(FORBIDDEN, "/api/v0/tasks")
    text = told(made)
    assert [item for item in made.items if item.rule == "milestone-no-tasks"] == []
    assert "no tasks" not in text
    assert LAUNCH not in text
    (source,) = made.coverage
    assert source.status == "partial"
    ((name, sentences),) = made.coverage_lines
    assert name == "accelo"
    assert sentences[0] == (
        "Accelo does not show tasks to the user of this login (403). Cure: in Accelo, give the user of the application "
        "the right to view tasks, then briefing collect accelo."
    )
    assert "milestones without tasks" in sentences[-1]
    assert not made.verified_quiet
    assert "Nothing needs you" not in text


def test_tasks_refused_today_are_not_those_of_yesterday(compiled: Compile) -> None:
    """The launch was bare an hour ago. Whether it still is was not looked at."""
    assert LAUNCH in told(compiled())
    made = compiled(FORBIDDEN, "/api/v0/tasks", hours=20)
    assert LAUNCH not in told(made)
    assert not made.verified_quiet
    assert any("does not show tasks" in sentence for _, sentences in made.coverage_lines for sentence in sentences)


@pytest.mark.parametrize(
    ("fault", "where", "cause"),
    [
        (status(401, '{"error": "invalid_client"}'), "/oauth2/", "Login refused (401 invalid_client)"),
        (status(500, "{}"), "", "Accelo answers 500 to the login"),
        (manner("reset"), "", "cut the connection"),
    ],
)  # fmt: skip
def test_where_nothing_can_be_read_nothing_is_quiet(fault: Fault, where: str, cause: str, compiled: Compile) -> None:
    made = compiled(fault, where)
    text = told(made)
    assert made.items == ()
    assert cause in text
    assert "Cure:" in text
    assert not made.verified_quiet
    assert "Nothing needs you" not in text
    assert "accelo" in made.subject.casefold()


def test_a_page_of_tasks_that_is_lost_makes_no_milestone_bare(compiled: Compile) -> None:
    made = compiled(status(502, "<html>", type="text/html"), r"/api/v0/tasks\?.*_page=3")
    assert [item for item in made.items if item.rule == "milestone-no-tasks"] == []
    assert not made.verified_quiet
