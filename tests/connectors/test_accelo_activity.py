"""When something last happened in a project, whether or not Accelo's own date of it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from briefing.connector import Ignored, Skipped
from briefing.facts import Project
from briefing.http import set_testing
from briefing.loopback import Fault, changed_json, status
from tests.connectors.accelo_wire import (
    GUARDS,
    NOW,
    Deployment,
    Read,
    activity,
    job,
    milestone,
    read,
    serving,
    small,
    window,
)


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


def ago(days: float) -> str:
    return str(int((NOW - timedelta(days=days)).timestamp()))


def quiet(number: int, days: float | None, **changes: Any) -> dict[str, Any]:
    """A project whose own date is so old."""
    return job(number, date_last_interacted=None if days is None else ago(days), **changes)


def logged(number: int, on: int, days: float, kind: str = "milestone", **changes: Any) -> dict[str, Any]:
    return activity(number, on, kind, **{"date_logged": ago(days), "date_created": ago(days), **changes})


def holding(jobs: list[Any], milestones: list[Any], activities: list[Any]) -> Deployment:
    deployment = small(jobs, milestones)
    deployment.rows["activities"] = activities
    return deployment


def days_of(found: Read) -> dict[str, float | None]:
    """How many days ago something last happened, by project; None where it is not known."""
    return {
        fact.ref.id: None if fact.last_activity is None else (NOW - fact.last_activity) / timedelta(days=1)
        for fact in found.facts
        if isinstance(fact, Project)
    }


def test_a_recent_date_is_believed_without_a_call() -> None:
    with serving(small([quiet(1, 6), quiet(2, 90, standing="paused")])) as (accelo, server):
        assert days_of(read(accelo, "projects")) == {"1": 6, "2": 90}
        assert not any("/activities" in line for line in server.lines())


@pytest.mark.parametrize(
    ("own", "activities", "days"),
    [
        (30, [], 30), (None, [], None),
        (30, [logged(1, 7, 3)], 3), (30, [logged(1, 7, 3), logged(2, 7, 12), logged(3, 7, 1)], 1),
        (30, [logged(1, 1, 4, "job")], 4), (30, [logged(1, 7, 3, "component")], 3), (None, [logged(1, 7, 3)], 3),
        (30, [logged(1, 7, 40)], 30),  # older than what the project says itself
        (30, [logged(1, 7, -1)], 30),  # planned
        (30, [logged(1, 8, 3)], 30), (30, [logged(1, 1, 3, "issue")], 30),  # of something else
        (30, [logged(1, 7, 3, medium="event_log")], 30), (30, [logged(1, 7, 3, staff="0")], 30),
        (30, [logged(1, 7, 3, staff=None)], 30),  # entries that the system made
        (30, [logged(1, 7, 3, owner_type="affiliation", staff="0", medium="email")], 3),  # a client's mail
        (30, [logged(1, 7, 3, staff={"id": "12"})], 3),
    ],
)  # fmt: skip
def test_an_old_date_is_held_against_what_happened_since(own: float | None, activities: Any, days: Any) -> None:
    jobs, milestones = [quiet(1, own), quiet(2, 1)], [milestone(7, 1), milestone(8, 2)]
    for kept in (True, False):
        deployment = holding(jobs, milestones, activities)
        deployment.keeps_filters = kept
        with serving(deployment) as (accelo, server):
            found = read(accelo, "projects")
            (line,) = [line for line in server.lines() if "/activities" in line]
        assert days_of(found) == {"1": days, "2": 1}, kept
        assert found.skipped == []
        assert "against(milestone(7),job(1)),date_logged_after(" in line
        assert "order_by_desc(date_created)" in line


def test_milestones_that_another_list_has_read_are_not_asked_for_again() -> None:
    with serving(holding([quiet(1, 30)], [milestone(7, 1)], [logged(1, 7, 3)])) as (accelo, server):
        streams = {stream.scope: stream for stream in accelo.streams(window())}
        list(streams["milestones"].read(window(), None))
        before = len([line for line in server.lines() if "/milestones" in line])
        (project,) = streams["projects"].read(window(), None)
        assert len([line for line in server.lines() if "/milestones" in line]) == before
    assert isinstance(project, Project)
    assert project.last_activity == NOW - timedelta(days=3)


@pytest.mark.parametrize("code", [400, 403, 404, 500])
def test_activities_that_cannot_be_seen_are_not_quiet(code: int) -> None:
    """The date is not known then, and coverage says so; what is recent by its own date stands."""
    refused = status(code, '{"response": null, "meta": {"status": "x", "message": "no"}}')
    with (
        serving(holding([quiet(1, 30), quiet(2, 2)], [], [])) as (accelo, server),
        server.faulty(refused, "/activities"),
    ):
        found = read(accelo, "projects")
    assert days_of(found) == {"1": None, "2": 2}
    assert found.skipped == []
    ((why, count),) = found.left_out.items()
    assert count == 1
    assert why.startswith("projects whose last activity is not known: Accelo ")


def test_milestones_that_cannot_be_seen_hide_what_happened_on_them() -> None:
    refused = status(403, '{"response": null, "meta": {"status": "invalid_permission"}}')
    with (
        serving(holding([quiet(1, 30)], [milestone(7, 1)], [])) as (accelo, server),
        server.faulty(refused, "/milestones"),
    ):
        found = read(accelo, "projects")
    assert days_of(found) == {"1": None}
    assert found.whys == [
        "projects: last activity of 1: Accelo does not show milestones to the user of this login (403)"
    ]


@pytest.mark.parametrize(
    ("row", "why", "days"),
    [
        (logged(1, 7, 3, date_logged="soon"), 'activity 1: date_logged: "soon" is not a number', {"1": None, "2": 30}),
        (logged(1, 7, 3, against_id=None), "activity 1: it does not say what it hangs on", {"1": None, "2": None}),
        ({"title": "x"}, "activities, page 1, row 1: it has no id", {"1": None, "2": None}),
        (logged(1, 7, 3, medium=[]), "activity 1: medium: ", {"1": None, "2": 30}),
    ],
)
def test_of_what_an_activity_that_cannot_be_read_may_concern_nothing_is_known(row: Any, why: str, days: Any) -> None:
    """It may be the newest: nobody calls that project quiet, and the reading says so."""
    deployment = holding([quiet(1, 30), quiet(2, 30)], [milestone(7, 1), milestone(8, 2)], [])
    odd = changed_json(lambda body: {**body, "response": [row, logged(2, 7, 10)]})
    with serving(deployment) as (accelo, server), server.faulty(odd, "/activities"):
        found = read(accelo, "projects")
    assert days_of(found) == days
    (told,) = found.whys
    assert told.startswith(why)
    unknown = sum(one is None for one in days.values())
    assert found.left_out == {"projects whose last activity is not known: an activity cannot be read": unknown}


@pytest.mark.parametrize("known", [True, False], ids=["read before", "asked for"])
@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"title": "x"}, "milestones, page 1, row 1: it has no id"),
        (milestone(9, 0, job=None), "milestone 9: it names no project"),
        (milestone(9, 0, job=[1]), "milestone 9: job: "),
    ],
)
def test_on_a_milestone_that_cannot_be_read_something_may_have_happened(row: Any, why: str, known: bool) -> None:
    deployment = holding([quiet(1, 30), quiet(2, 3)], [], [])
    odd = changed_json(lambda body: {**body, "response": [row]})
    with serving(deployment) as (accelo, server), server.faulty(odd, "/milestones"):
        streams = {stream.scope: stream for stream in accelo.streams(window())}
        if known:
            list(streams["milestones"].read(window(), None))
        things = list(streams["projects"].read(window(), None))
        assert not any("/activities" in line for line in server.lines())
    found = Read(facts=[one for one in things if isinstance(one, Project)])
    found.skipped = [one for one in things if isinstance(one, Skipped)]
    assert days_of(found) == {"1": None, "2": 3}
    (told,) = found.whys
    assert told.startswith(why)
    assert Ignored(1, "projects whose last activity is not known: a milestone cannot be read") in things


def test_where_there_is_more_than_is_read_the_newest_are_enough() -> None:
    """Whose activity was not met is not known; whose was, by the newest first, is."""
    rows = [logged(n, 7, 1 + n / 100) for n in range(1, 601)] + [logged(999, 8, 25)]
    deployment = holding([quiet(1, 30), quiet(2, 30)], [milestone(7, 1), milestone(8, 2)], rows)
    with serving(deployment) as (accelo, server):
        found = read(accelo, "projects")
        assert len([line for line in server.lines() if "/activities" in line]) == 5
    days = days_of(found)
    assert days["2"] is None
    assert days["1"] == pytest.approx(1.01, abs=0.001)
    assert found.left_out == {"projects whose last activity is not known: there are too many to read": 1}


def test_without_the_order_nothing_that_was_met_is_the_newest() -> None:
    rows = [logged(n, 7, 29 - n / 100) for n in range(1, 601)]
    deployment = holding([quiet(1, 30)], [milestone(7, 1)], rows)
    mixed = Fault(change=lambda request, reply: deployment._single(deployment._paged(rows, request)))
    with serving(deployment) as (accelo, server), server.faulty(mixed, "/activities"):
        found = read(accelo, "projects")
    assert days_of(found) == {"1": None}


def test_many_projects_are_asked_for_in_parts() -> None:
    jobs = [quiet(n, 10 + n / 10) for n in range(1, 251)]
    with serving(holding(jobs, [], [logged(5, 250, 2, "job")])) as (accelo, server):
        found = read(accelo, "projects")
        lines = [line for line in server.lines() if "/activities" in line]
    assert len(lines) == 2
    assert days_of(found)["250"] == 2
    # Those of about one age together: the first part need not look back as far as the second.
    since = [int(line.partition("date_logged_after(")[2].partition(")")[0]) for line in lines]
    assert since == sorted(since, reverse=True)
    assert datetime.fromtimestamp(since[0], NOW.tzinfo) > NOW - timedelta(days=31)


def test_the_samples_activities() -> None:
    """The reference's, section 10: a note on a milestone counts for its project, a mail on a sale for none."""
    rows: list[Any] = [
        {"id": "88121", "subject": "Ad set QA", "confidential": 0, "medium": "note", "against_type": "milestone",
         "against_id": "2207", "task": "9120", "owner_type": "staff", "owner_id": "12", "staff": "12",
         "billable": "5400", "nonbillable": "0", "rate_charged": "150.00", "date_logged": "1763150400",
         "date_started": "1763150400", "date_created": "1763153300", "standing": "unapproved", "thread_id": "88121",
         "visibility": "all"},
        {"id": "88140", "subject": "Re: creative round 2", "confidential": 0, "medium": "email",
         "against_type": "prospect", "against_id": "530", "task": "0", "owner_type": "affiliation", "owner_id": "301",
         "staff": "0", "billable": "0", "nonbillable": "0", "date_logged": "1762898744", "date_started": None,
         "date_created": "1762898744", "standing": "", "thread_id": "88090", "visibility": "all"},
    ]  # fmt: skip
    deployment = holding([quiet(412, 30), quiet(530, 30)], [milestone(2207, 412)], rows)
    with serving(deployment) as (accelo, _):
        found = {
            fact.ref.id: fact.last_activity for fact in read(accelo, "projects").facts if isinstance(fact, Project)
        }
    assert found == {"412": datetime.fromtimestamp(1763150400, NOW.tzinfo), "530": NOW - timedelta(days=30)}
