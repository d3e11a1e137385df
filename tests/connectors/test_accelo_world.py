"""What is read from the demo's Accelo is what the simulated agency holds, however the site answers what is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from briefing.connector import Ignored, Skipped, Window
from briefing.demo.days import ZONE, moment
from briefing.demo.server.accelo import AcceloSite
from briefing.demo.server.accelo_settings import OPEN
from briefing.demo.stated import stated as said_by
from briefing.facts import Company, Fact, Milestone, Money, Person, Project, Staff, Task
from briefing.http import set_testing
from briefing.loopback import Loopback
from briefing.meter import Meter, counting
from connectors.accelo import Accelo
from tests.connectors.accelo_part import part_of, world
from tests.connectors.accelo_wire import GUARDS, MORNING

MORNINGS = [MORNING + timedelta(days=days) for days in (0, 4, 26)]
OVER = {"done", "cancelled"}


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


class Found:
    """Everything that is read of one morning."""

    def __init__(self, morning: date, *, part: bool = False, **settings: Any) -> None:
        site = AcceloSite(world(), morning, **settings)
        if part:
            site.tables = part_of(site.tables)
        self.projects = {site.numbers.record("job", number) for number in site.tables["jobs"].by_id}
        """Those that the site has, by the world's own ids."""

        now = moment(morning)
        window = Window(now=now, since=now, until=now, zone=ZONE)
        self.facts: list[Fact] = []
        self.skipped: list[Skipped] = []
        self.ignored: list[Ignored] = []
        self.meter = Meter()
        with Loopback(site) as server, counting(self.meter):
            accelo = Accelo(
                source="projects", deployment="harbourlane", client_id=site.settings.client_id,
                client_secret=site.settings.client_secret, base_url=server.url, currency="USD", modules=(),
            )  # fmt: skip
            for stream in accelo.streams(window):
                for thing in stream.read(window, None):
                    if isinstance(thing, Fact):
                        self.facts.append(thing)
                    elif isinstance(thing, Skipped):
                        self.skipped.append(thing)
                    elif isinstance(thing, Ignored):
                        self.ignored.append(thing)
            self.lines = server.lines()
        self.record = site.numbers.record

    def of(self, kind: type[Fact]) -> dict[str, Any]:
        """Facts of one kind by the world's own id."""
        word = {Project: "job", Milestone: "milestone", Task: "task", Company: "company", Staff: "staff"}[kind]
        found = [fact for fact in self.facts if isinstance(fact, kind)]
        assert len({fact.ref.id for fact in found}) == len(found)
        return {self.record(word, fact.ref.id): fact for fact in found}


def name(person: Person | None) -> str:
    return person.name if person else ""


def above_zero(budget: Money | None) -> Money | None:
    """A budget of nothing is none in Accelo."""
    return budget if budget and budget.amount else None


@cache
def expected(morning: date) -> tuple[dict[str, Project], dict[str, Milestone], dict[str, Task]]:
    """What the world states of what is not over: running projects, all their milestones, all tasks of those, and the
    open tasks on the projects themselves.
    """
    facts = list(said_by(world(), morning))
    projects = {f.ref.id: f for f in facts if isinstance(f, Project) and f.state not in OVER}
    milestones = {f.ref.id: f for f in facts if isinstance(f, Milestone) and f.project in projects}
    tasks = {
        f.ref.id: f for f in facts if isinstance(f, Task)
        and (f.milestone in milestones or (not f.milestone and f.project in projects and f.state not in OVER))
    }  # fmt: skip
    return projects, milestones, tasks


def assert_is_the_world(found: Found, morning: date) -> None:
    projects, milestones, tasks = expected(morning)
    projects = {key: fact for key, fact in projects.items() if key in found.projects}
    milestones = {key: fact for key, fact in milestones.items() if fact.project in found.projects}
    tasks = {key: fact for key, fact in tasks.items() if fact.project in found.projects}
    assert min(len(projects), len(milestones), len(tasks)) > 2
    assert {
        key: (f.title, f.state, name(f.manager), f.starts, f.due, f.budget, f.party.name)
        for key, f in found.of(Project).items()
    } == {
        key: (f.title, f.state, name(f.manager), f.starts, f.due, above_zero(f.budget), f.party.name)
        for key, f in projects.items()
    }
    assert {
        key: (f.title, f.state, f.starts, f.due, f.done_at, found.record("job", f.project),
              found.record("milestone", f.parent) if f.parent else "")
        for key, f in found.of(Milestone).items()
    } == {key: (f.title, f.state, f.starts, f.due, f.done_at, f.project, f.parent) for key, f in milestones.items()}  # fmt: skip
    assert {
        key: (f.title, f.state, name(f.assignee), f.due, f.remaining, f.done_at,
              found.record("milestone", f.milestone) if f.milestone else "", found.record("job", f.project))
        for key, f in found.of(Task).items()
    } == {
        key: (f.title, f.state, name(f.assignee), f.due, f.remaining, f.done_at, f.milestone, f.project)
        for key, f in tasks.items()
    }  # fmt: skip
    assert found.skipped == []


@pytest.mark.parametrize("morning", MORNINGS)
def test_what_is_read_is_what_the_agency_holds(morning: date) -> None:
    found = Found(morning)
    assert_is_the_world(found, morning)
    assert found.ignored == []
    projects, _, _ = expected(morning)
    people = world().people
    assert {fact.name for fact in found.of(Company).values()} == {fact.party.name for fact in projects.values()}
    assert {key: fact.domains for key, fact in found.of(Company).items()} == {
        one.id: (one.domain,) for one in people.clients if one.name in {f.party.name for f in projects.values()}
    }
    assert {key: (fact.person.name, fact.active) for key, fact in found.of(Staff).items()} == {
        **{one.email: (one.name, True) for one in people.staff},
        **{one.email: (one.name, last >= morning) for one, last in people.former.items()},
    }


def test_the_world_has_what_makes_it_hard() -> None:
    """Nested milestones, some done, tasks on projects, bare milestones: or the test above would say little."""
    projects, milestones, tasks = expected(MORNING)
    assert len(projects) > 50
    assert any(milestone.parent for milestone in milestones.values())
    assert {milestone.state for milestone in milestones.values()} >= {"open", "done"}
    assert {task.state for task in tasks.values()} >= {"open", "done"}
    assert any(not task.milestone for task in tasks.values())
    assert {milestone for milestone in milestones if milestone not in {task.milestone for task in tasks.values()}}
    assert len(tasks) > 700


@pytest.mark.parametrize("way", sorted(OPEN))
def test_whatever_the_documentation_leaves_open(way: str) -> None:
    """The same facts, whichever way the real service answers where nobody could verify it."""
    found = Found(MORNING, part=True, **OPEN[way])
    assert_is_the_world(found, MORNING)
    allowed = {
        "not takes the first": {"tasks left out here, because Accelo did not keep the filter"},
        "no locale": {"dates read in America/New_York, because Accelo does not say its time zone"},
    }
    assert {ignored.why for ignored in found.ignored} <= allowed.get(way, set())


def test_our_own_company_has_no_domain_to_be_known_by() -> None:
    found = Found(MORNING, own_company=True)
    own = world().people.reader.email.partition("@")[2]
    assert all(own not in fact.domains for fact in found.facts if isinstance(fact, Company))


def test_what_an_agency_of_fifty_projects_costs() -> None:
    """About one call per hundred rows; the hourly limit is 5,000 for all."""
    found = Found(MORNING)
    assert found.meter.calls == len(found.lines)
    assert found.meter.calls <= 40
    assert found.meter.room is not None
