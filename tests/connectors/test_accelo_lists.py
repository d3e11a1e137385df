"""Accelo's lists: pages, filters that are kept or ignored, nested milestones, which tasks are read, what is refused."""

from __future__ import annotations

import json
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from briefing import loopback
from briefing.collect import Source, collect, told_problem
from briefing.errors import AuthError, BadAnswer, RateLimited, SourceError
from briefing.facts import Milestone, Task
from briefing.http import set_testing
from briefing.loopback import Fault, Loopback, changed_json, status
from briefing.store.sqlite import SqliteStore
from connectors.accelo_api import Listing
from connectors.accelo_filters import BY_ID, Filters, chunks, on_milestones, one_of, standing_not
from tests.connectors.accelo_wire import (
    GUARDS,
    NOW,
    SECRET,
    job,
    milestone,
    read,
    serving,
    small,
    task,
    window,
)


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


def asked(server: Loopback, path: str) -> list[str]:
    """The requests for one list."""
    return [line for line in server.lines() if f"/api/v0/{path}?" in line]


# --- pages -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "most", "pages"),
    [
        (0, 100, 1), (1, 100, 1), (99, 100, 1), (100, 100, 2), (101, 100, 2), (199, 100, 2), (200, 100, 3),
        (250, 50, 6), (50, 100, 2), (10, 100, 2), (35, 10, 4), (11, 100, 1),
    ],
)  # fmt: skip
def test_a_list_is_read_to_its_end(count: int, most: int, pages: int) -> None:
    """A short page ends it; a first page of exactly 10 or 50 may be cut by a smaller limit than was asked for."""
    deployment = small([job(n) for n in range(1, count + 1)])
    deployment.most = most
    with serving(deployment) as (accelo, server):
        found = read(accelo, "projects")
        assert found.ids == [str(n) for n in range(1, count + 1)]
        assert [line.partition("_page=")[2].partition("&")[0] for line in asked(server, "jobs")] == [
            str(page) for page in range(pages)
        ]
        assert all("_limit=100" in line for line in asked(server, "jobs"))
    assert (found.skipped, found.ignored) == ([], [])


@pytest.mark.parametrize("wrap", [lambda rows: {"jobs": rows}, lambda rows: rows or None], ids=["an object", "null"])
def test_a_list_is_unwrapped_by_its_shape(wrap: Any) -> None:
    for count in (0, 3):
        deployment = small([job(n) for n in range(1, count + 1)])
        deployment.wrap = wrap
        with serving(deployment) as (accelo, _):
            assert len(read(accelo, "projects").facts) == count


def test_nothing_in_the_place_of_a_list_is_believed_when_the_count_says_the_same() -> None:
    nothing = status(200, '{"response": null, "meta": {"status": "ok"}}')
    with (
        serving(small([job(1)], [milestone(1, 1)], [task(1, 1)])) as (accelo, server),
        server.faulty(nothing, r"/tasks\?.*against\(milestone"),
        pytest.raises(BadAnswer, match="for tasks with nothing, and counts some"),
    ):
        read(accelo, "tasks")


@pytest.mark.parametrize("body", ["[]", "7", "null", '"x"', "{}", '{"meta": {"status": "ok"}}', '{"response": "x"}'])
def test_an_answer_that_is_no_list_is_no_empty_list(body: str) -> None:
    with (
        serving(small([job(1)])) as (accelo, server),
        server.faulty(status(200, body), "/jobs"),
        pytest.raises(BadAnswer, match="projects"),
    ):
        read(accelo, "projects")


def test_an_error_in_a_good_answer_is_no_empty_list() -> None:
    body = '{"response": null, "meta": {"status": "server_error"}}'
    with (
        serving(small([job(1)])) as (accelo, server),
        server.faulty(status(200, body), "/jobs"),
        pytest.raises(BadAnswer, match="projects with server_error"),
    ):
        read(accelo, "projects")


def test_rows_that_are_none_are_told() -> None:
    deployment = small([job(1)])
    deployment.wrap = lambda rows: [*rows, 7, None, [], {"title": "x"}]
    with serving(deployment) as (accelo, _):
        found = read(accelo, "projects")
    assert found.ids == ["1"]
    assert found.whys == [
        *(f"projects, page 1, row {n}: it is not an object" for n in (2, 3, 4)), "projects, page 1, row 5: it has no id",
    ]  # fmt: skip


def test_a_page_that_comes_again_is_an_error_and_no_fact() -> None:
    first: list[loopback.Reply] = []

    def same(_: loopback.Request, reply: loopback.Reply) -> loopback.Reply:
        first.append(reply)
        return first[0]

    with serving(small([job(n) for n in range(1, 151)])) as (accelo, server):
        with server.faulty(Fault(change=same), "/jobs"), pytest.raises(BadAnswer, match="same as an earlier one"):
            read(accelo, "projects")
        assert len(asked(server, "jobs")) == 2


def test_a_row_that_moved_to_the_next_page_is_one_fact_and_counted(tmp_path: Any) -> None:
    """Alike it is counted, otherwise it is told; the store decides, as for every source."""
    rows = [job(n) for n in range(1, 103)]
    alike, other = [*rows[:100], *rows[99:]], [*rows[:100], {**rows[99], "title": "Renamed"}, *rows[100:]]
    for given, expected in ((alike, ("whole", 0)), (other, ("partial", 1))):
        store = SqliteStore(tmp_path / f"{len(given)}{expected[0]}.sqlite")
        with serving(small(given)) as (accelo, _):
            source = Source(name="accelo", connector=accelo, kinds=accelo.kinds)
            collect([source], store, window(), clock=lambda: NOW)
        (record,) = [one for one in store.snapshot(NOW).streams if one.key.scope == "projects"]
        assert record.latest is not None
        assert (record.latest.status, record.latest.skipped_count, record.latest.rows) == (*expected, 102)
        assert record.latest.ignored == (() if expected[1] else ((1, "rows stated twice alike"),))
        store.close()


# --- filters -----------------------------------------------------------------------------------------------------------


def test_filters_are_put_as_documented() -> None:
    terms = (standing_not("complete", "inactive"), one_of("job", ["1", "22"]), on_milestones(["5", "6"]), BY_ID)
    assert Filters(terms).text == "standing_not(complete,inactive),job(1,22),against(milestone(5,6)),order_by_asc(id)"


def test_a_filter_that_would_be_lost_cannot_be_made() -> None:
    """Of a name that comes twice only the last counts."""
    with pytest.raises(ValueError, match="comes twice"):
        Filters((standing_not("complete"), standing_not("inactive")))


@pytest.mark.parametrize("value", ["", "a,b", "a(b", "a)", "a b", "a\n"])
def test_a_value_that_would_break_out_cannot_be_sent(value: str) -> None:
    with pytest.raises(ValueError, match="cannot carry"):
        standing_not(value)
    with pytest.raises(ValueError, match="cannot carry"):
        one_of("id", [value])
    with pytest.raises(ValueError, match="cannot carry"):
        on_milestones([value])
    with pytest.raises(ValueError, match="cannot carry"):
        one_of("id", [])


@pytest.mark.parametrize(
    ("resource", "which"),
    [("jobs", one_of("job", ["1"])), ("staff", BY_ID), ("milestones", on_milestones(["1"])), ("companies", BY_ID)],
)
def test_a_filter_that_a_list_does_not_know_cannot_be_sent(resource: str, which: Any) -> None:
    """It would be ignored, and the whole deployment would come back."""
    with pytest.raises(ValueError, match=f"{resource} cannot be filtered by {which.name}"):
        Listing(resource=resource, fields=("title",), filters=Filters((which,)))


@pytest.mark.parametrize("name", ["_method", "_bearer_token", "_offset", "standing", "_Page"])
def test_no_other_parameter_can_be_sent(name: str) -> None:
    with serving(small([job(1)])) as (accelo, server):
        with pytest.raises(ValueError, match=f"{name} is not a parameter"):
            accelo._api.ask("jobs", {name: "delete"})
        assert server.requests == []


def test_only_reads_and_the_login_leave() -> None:
    with serving(small([job(1)], [milestone(1, 1)], [task(1, 1)])) as (accelo, server):
        for scope in ("projects", "milestones", "tasks", "staff", "companies"):
            read(accelo, scope)
        assert [line for line in server.lines() if not line.startswith("GET /api/v0/")] == ["POST /oauth2/v0/token"]
        with pytest.raises(ValueError, match="not declared as a read"):
            accelo._api.client.request("POST", "/oauth2/v0/token")


def test_ignored_filters_give_the_same_facts_and_are_told() -> None:
    """The whole deployment comes back; every row is held against what was asked."""
    jobs = [job(1), job(2, standing="complete"), job(3, standing="inactive"), job(4, standing="paused")]
    milestones = [milestone(1, 1), milestone(2, 2), milestone(3, 4, standing="complete"), milestone(4, 99)]
    tasks = [
        task(1, 1),
        task(2, 2),
        task(3, 3, standing="complete"),
        task(4, 4, standing="complete"),
        task(5, 1, "job"),
    ]
    told: dict[bool, Any] = {}
    for kept in (True, False):
        deployment = small(jobs, milestones, tasks)
        deployment.keeps_filters = kept
        with serving(deployment) as (accelo, _):
            found = {scope: read(accelo, scope) for scope in ("projects", "milestones", "tasks")}
        told[kept] = {scope: (one.facts, one.skipped) for scope, one in found.items()}
        left = {scope: one.left_out for scope, one in found.items()}
        if kept:
            assert left == {"projects": {}, "milestones": {}, "tasks": {}}
        else:
            words = "left out here, because Accelo did not keep the filter"
            assert left == {
                "projects": {f"projects {words}": 2}, "milestones": {f"milestones {words}": 2}, "tasks": {f"tasks {words}": 5},
            }  # fmt: skip
    assert told[True] == told[False]
    assert [fact.ref.id for fact in told[True]["tasks"][0]] == ["1", "3", "5"]


def test_a_stray_row_is_counted_without_blaming_the_filter() -> None:
    deployment = small([job(n) for n in range(1, 60)])
    deployment.wrap = lambda rows: [*rows, job(99, standing="complete")]
    with serving(deployment) as (accelo, _):
        found = read(accelo, "projects")
    assert len(found.facts) == 59
    assert found.left_out == {"projects that were not asked for": 1}


def test_fields_that_are_refused_are_done_without() -> None:
    refused = status(400, json.dumps({"response": None, "meta": {"status": "invalid_request", "message": "no"}}))
    with serving(small([job(1)])) as (accelo, server), server.faulty(refused, "job_object_budget"):
        found = read(accelo, "projects")
        assert "job_object_budget" not in server.lines()[-1]
    assert (found.ids, found.left_out) == (["1"], {"budgets and types not read: Accelo refuses the fields": 0})


def test_a_field_that_no_row_has_is_not_empty_but_untold() -> None:
    rows = [{name: value for name, value in task(n, 1).items() if name != "assignee"} for n in range(1, 12)]
    with serving(small([job(1)], [milestone(1, 1)], rows)) as (accelo, _):
        found = read(accelo, "tasks")
    assert found.whys == ["tasks: Accelo tells assignee of none of them"]


# --- milestones --------------------------------------------------------------------------------------------------------


def test_every_milestone_of_what_is_not_over_is_read() -> None:
    """Parts that are done belong to a milestone that is open, and earlier ones say what is usual."""
    jobs = [job(1), job(2, standing="complete"), job(3, standing="paused"), job(4, standing="pending")]
    milestones = [
        milestone(1, 1), milestone(2, 1, standing="complete", date_completed="1763413360"), milestone(3, 2),
        milestone(4, 3, standing="inactive"), milestone(5, 4, standing="paused"), milestone(6, 1, standing="Active"),
    ]  # fmt: skip
    with serving(small(jobs, milestones)) as (accelo, _):
        found = read(accelo, "milestones")
    states = {fact.ref.id: fact.state for fact in found.facts if isinstance(fact, Milestone)}
    assert states == {"1": "open", "2": "done", "4": "cancelled", "5": "paused", "6": "open"}


def test_parents_are_followed_to_the_end() -> None:
    """Into other projects, through what is over, round in circles; what is not shown is told."""
    milestones = [
        milestone(1, 1, parent="2"), milestone(2, 1, parent=3), milestone(3, 1, parent={"id": "4"}),
        milestone(4, 9, parent="5", standing="complete"), milestone(5, 9, parent="6"), milestone(6, 9, parent="4"),
        milestone(7, 1, parent="77"), milestone(8, 1, parent="0"), milestone(10, 1, parent=None),
    ]  # fmt: skip
    with serving(small([job(1), job(9, standing="complete")], milestones)) as (accelo, server):
        found = read(accelo, "milestones")
        assert [line.partition("_filters=")[2] for line in asked(server, "milestones")] == [
            "job(1),order_by_asc(id)", "id(4,77),order_by_asc(id)", "id(5),order_by_asc(id)", "id(6),order_by_asc(id)",
        ]  # fmt: skip
    parents = {fact.ref.id: fact.parent for fact in found.facts if isinstance(fact, Milestone)}
    assert parents == {"1": "2", "2": "3", "3": "4", "7": "77", "8": "", "10": "", "4": "5", "5": "6", "6": "4"}
    assert found.whys == ["milestone 77: milestone 7 lies in it, and Accelo does not show it"]


def test_without_projects_there_is_nothing_to_ask_for() -> None:
    with serving(small()) as (accelo, server):
        assert read(accelo, "milestones").facts == []
        assert asked(server, "milestones") == []


def test_more_than_two_hundred_ids_are_asked_for_in_parts() -> None:
    jobs = [job(n) for n in range(1, 451)]
    milestones = [milestone(n + 1000, n) for n in range(1, 451)]
    tasks = [task(n, n + 1000, standing="complete") for n in range(1, 451)]
    with serving(small(jobs, milestones, tasks)) as (accelo, server):
        assert len(read(accelo, "milestones").facts) == 450
        sizes = [line.partition("job(")[2].partition(")")[0].count(",") + 1 for line in asked(server, "milestones")]
        # Two full pages and an empty one, twice; 50 rows may be cut, so one more page is asked for.
        assert sizes == [200] * 6 + [50] * 2
        found = read(accelo, "tasks")
        assert sorted(map(int, found.ids)) == list(range(1, 451))
        assert max(len(line) for line in server.lines()) < 6000
    assert [len(some) for some in chunks(str(n) for n in range(1, 451))] == [200, 200, 50]
    assert next(chunks(["10", "9", "100", "9"])) == ["9", "10", "100"]


# --- tasks -------------------------------------------------------------------------------------------------------------


def test_which_tasks_are_read() -> None:
    """All of the milestones that are stated, done or not; on projects that are not over the open ones."""
    jobs = [job(1), job(2, standing="complete")]
    milestones = [
        milestone(1, 1), milestone(2, 1, standing="complete"), milestone(3, 1, parent="1", standing="complete"),
        milestone(4, 2),
    ]  # fmt: skip
    tasks = [
        task(10, 1, standing="complete"), task(11, 1), task(12, 1, standing="inactive"),
        task(13, 2, standing="complete"), task(14, 3, standing="complete"),
        task(15, 4, milestone={"id": "4", "job": "2"}), task(16, 4, standing="complete"),
        task(17, 1, "job"), task(18, 1, "job", standing="complete"),
        task(19, 5, "issue"), task(20, 6, "issues"), task(21, 7, "contract_period", standing="dreaming"),
    ]  # fmt: skip
    with serving(small(jobs, milestones, tasks)) as (accelo, _):
        found = read(accelo, "tasks")
    kept = {f.ref.id: (f.project, f.milestone, f.state) for f in found.facts if isinstance(f, Task)}
    assert kept == {
        "10": ("1", "1", "done"), "11": ("1", "1", "open"), "12": ("1", "1", "cancelled"), "13": ("1", "2", "done"),
        "14": ("1", "3", "done"), "17": ("1", "", "open"),
    }  # fmt: skip
    assert (found.skipped, found.ignored) == ([], [])


def day(days: float) -> str:
    """Unix seconds of so many days before the reference's today."""
    return str(int((NOW - timedelta(days=days)).timestamp()))


def done(number: int, on: int, days: float, kind: str = "job") -> dict[str, Any]:
    return task(number, on, kind, standing="complete", date_completed=day(days))


def test_what_was_done_on_a_project_lately_is_read() -> None:
    """A rule counts it as movement; what was done long ago only where nothing newer is known of the project."""
    jobs, milestones = [job(n) for n in range(1, 6)], [milestone(1, 2), milestone(2, 3)]
    tasks = [
        task(10, 1, "job"), done(11, 1, 3), done(12, 1, 59), done(13, 1, 61),  # open ones and newer ones are there
        done(20, 2, 200), done(21, 2, 100), done(22, 1, 90, "milestone"), done(23, 2, 70),  # the last one is on it
        done(30, 3, 300), done(31, 2, 5, "milestone"),  # the last one is on its milestone
        done(40, 4, 400), done(41, 4, 80), task(42, 4, "job", standing="inactive"),
    ]  # fmt: skip
    with serving(small(jobs, milestones, tasks)) as (accelo, server):
        found = read(accelo, "tasks")
        lines = [line for line in asked(server, "tasks") if "against(job" in line]
    last: dict[str, Any] = {}
    for fact in found.facts:
        assert isinstance(fact, Task)
        last[fact.project] = max(fact.done_at or date.min, last.get(fact.project, date.min))
    assert last == {
        one: (NOW - timedelta(days=days)).date() for one, days in (("1", 3), ("2", 70), ("3", 5), ("4", 80))
    }
    assert {"11", "12"} <= set(found.ids)
    assert "13" not in found.ids
    assert "_OR(standing_not(complete,inactive),date_completed_after(" in lines[0]
    last_done = "against(job(2,4,5)),standing_not(inactive),order_by_desc(date_completed)"
    assert [last_done in line for line in lines] == [False, True]
    assert (found.skipped, found.ignored) == ([], [])


@pytest.mark.parametrize("kept", ["both", "no filter", "no order"])
def test_the_last_that_was_done_is_the_last_however_many_there_are(kept: str) -> None:
    """A page at a time, newest first; where filter or order are not kept the whole list is read."""
    jobs = [job(1), job(2), job(3)]
    tasks = [done(n, 1, 70 + n / 10) for n in range(1, 151)] + [done(200 + n, 2, 300 - n / 10) for n in range(120)]
    deployment = small(jobs, [], tasks)
    deployment.keeps_filters, deployment.keeps_order = kept != "no filter", kept != "no order"
    with serving(deployment) as (accelo, server):
        found = read(accelo, "tasks")
        calls = len(asked(server, "tasks"))
    last: dict[str, Any] = {}
    for fact in found.facts:
        assert isinstance(fact, Task)
        last[fact.project] = max(fact.done_at or date.min, last.get(fact.project, date.min))
    ends = {"1": NOW - timedelta(days=70.1), "2": NOW - timedelta(days=288.1)}
    assert last == {one: at.date() for one, at in ends.items()}
    assert "3" not in last
    if kept == "both":
        assert calls <= 7


def test_a_task_that_was_cancelled_is_not_the_last_that_was_done() -> None:
    """It has the date on which it was, and would come first: the project is looked for on."""
    rows = [task(1, 1, "job", standing="inactive", date_completed=day(70)), done(2, 1, 140)]
    tasks = [*rows, *(done(100 + n, 2, 90 + n / 10) for n in range(150))]
    with serving(small([job(1), job(2)], [], tasks)) as (accelo, _):
        found = read(accelo, "tasks")
    assert {fact.state for fact in found.facts if isinstance(fact, Task)} == {"done"}
    assert {"2", "100"} <= set(found.ids)
    assert (found.skipped, found.ignored) == ([], [])


@pytest.mark.parametrize(
    ("room", "ordered", "why"),
    [
        (4_943, True, "on 2 projects is not known: there are too many to read"),
        (4_943, False, "on 4 projects is not known: Accelo has more than 100 tasks in answer to this"),
        (200, True, ("on 4 projects is not known: of the 200 calls that Accelo allows until 07:00, 200 are left for "
         "what else uses the deployment, and this would take 1")),
    ],
)  # fmt: skip
def test_the_last_that_was_done_takes_so_many_calls_and_no_more(
    monkeypatch: pytest.MonkeyPatch, room: int, ordered: bool, why: str
) -> None:
    """What was not met is told: nothing is said of these projects, nor that they never had a task."""
    monkeypatch.setattr("connectors.accelo_work.LAST_PAGES", 2)
    tasks = [done(1000 * on + n, on, 90 + 50 * on - n / 10) for on in range(1, 5) for n in range(100)]
    deployment = small([job(on) for on in range(1, 5)], [milestone(9, 1)], [task(5, 9, standing="complete"), *tasks])
    deployment.room, deployment.keeps_order = room, ordered
    with serving(deployment) as (accelo, server):
        found = read(accelo, "tasks")
        assert sum("order_by_desc(date_completed)" in line for line in server.lines()) == (2 if room > 200 else 0)
    assert found.whys == [f"tasks of projects: the last that was done {why}"]
    assert "5" in found.ids
    if ordered and room > 200:
        assert {fact.project for fact in found.facts if isinstance(fact, Task)} == {"1", "2"}


def test_tasks_that_the_list_by_milestone_leaves_out_are_told() -> None:
    """A filter that finds nothing would make milestones look empty: the list of open tasks knows better."""
    empty = changed_json(lambda body: {**body, "response": []})
    for count, told in (
        (5, []),
        (6, ["tasks of milestones: asked by milestone, Accelo left out 6 that it listed as open"]),
    ):
        deployment = small([job(1)], [milestone(1, 1)], [task(n, 1) for n in range(1, count + 1)])
        with serving(deployment) as (accelo, server), server.faulty(empty, r"/tasks\?.*against\(milestone"):
            found = read(accelo, "tasks")
        assert (len(found.facts), found.whys) == (count, told)


def test_both_lists_of_milestones_are_one_where_both_are_read() -> None:
    """The tasks are those of the very milestones that are stated."""
    deployment = small([job(1)], [milestone(1, 1)], [task(1, 1, standing="complete")])
    with serving(deployment) as (accelo, server):
        streams = {stream.scope: stream for stream in accelo.streams(window())}
        (stated,) = streams["milestones"].read(window(), None)
        deployment.rows["jobs"][0]["standing"] = "complete"  # finished in between
        (done,) = streams["tasks"].read(window(), None)
        assert isinstance(stated, Milestone)
        assert isinstance(done, Task)
        assert len(asked(server, "milestones")) == 1
        assert list(streams["milestones"].read(window(), None)) == [], "read a second time, it is read anew"


def test_streams_side_by_side_wait_for_each_other() -> None:
    deployment = small([job(1)], [milestone(1, 1)], [task(1, 1, standing="complete")])
    with serving(deployment) as (accelo, server):
        streams = {stream.scope: stream for stream in accelo.streams(window())}
        found: dict[str, list[Any]] = {}

        def work(scope: str) -> None:
            found[scope] = list(streams[scope].read(window(), None))

        threads = [threading.Thread(target=work, args=(scope,)) for scope in streams]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts = {scope: len(things) for scope, things in found.items()}
        assert counts == {"projects": 1, "milestones": 1, "tasks": 1, "staff": 0, "companies": 1}
        assert len([line for line in server.lines() if "/token" in line]) == 1


@pytest.mark.timeout(60)
def test_a_large_agency_in_time_calls_and_memory() -> None:
    """150 projects, 1,200 milestones, 6,000 tasks: about a call per hundred rows, and each row once in memory."""
    jobs = [job(n) for n in range(1, 151)]
    milestones = [milestone(n, n % 150 + 1) for n in range(1, 1201)]
    tasks = [task(n, n % 1200 + 1, standing="pending" if n % 6 == 0 else "complete") for n in range(1, 6001)]
    tracemalloc.start()
    with serving(small(jobs, milestones, tasks)) as (accelo, server):
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        counts = {
            stream.scope: sum(1 for _ in stream.read(window(), None))
            for stream in accelo.streams(window())
            if stream.scope in {"projects", "milestones", "tasks"}
        }
        peak = tracemalloc.get_traced_memory()[1] - before
        tracemalloc.stop()
        assert counts == {"projects": 150, "milestones": 1200, "tasks": 6000}
        assert len(server.requests) <= 110
    assert peak < 25_000_000


# --- refusals ----------------------------------------------------------------------------------------------------------


def error_of(fault: Fault, scope: str = "tasks", where: str = "/api/v0/tasks") -> SourceError:
    with (
        serving(small([job(1)], [milestone(1, 1)], [task(1, 1)])) as (accelo, server),
        server.faulty(fault, where),
        pytest.raises(SourceError) as told,
    ):
        read(accelo, scope)
    assert told.value.advice, "a gap has a cure"
    return told.value


def meta(code: int, word: str, message: str = "m", **headers: str) -> Fault:
    return status(code, json.dumps({"response": None, "meta": {"status": word, "message": message}}), **headers)


def test_refusals_in_the_products_words() -> None:
    refused = error_of(meta(403, "invalid_permission"))
    assert str(refused) == "Accelo does not show tasks to the user of this login (403)"
    assert refused.advice == (
        "in Accelo, give the user of the application the right to view tasks, then briefing collect accelo"
    )
    assert isinstance(refused, AuthError)
    bad = error_of(meta(400, "invalid_request", "The \x1b[31mrequest"))
    assert str(bad) == "Accelo refuses the question for tasks (400 invalid_request: The [31mrequest)"
    page = error_of(status(404, "<html>x", type="text/html"))
    assert str(page) == "Accelo has no list of tasks at this address (404)"
    gateway = error_of(status(502, "<html>bad gateway", type="text/html"))
    assert str(gateway) == "Accelo answers 502 on /api/v0/tasks"
    odd = error_of(status(200, "<html>", type="text/html"))
    assert "not JSON" in str(odd)


@pytest.mark.parametrize("wrapped", [True, False])
def test_the_limit_of_the_hour(wrapped: bool) -> None:
    inner = {"status": "too_many_requests", "message": "Rate limit exceeded for northlight.api.accelo.com"}
    body = json.dumps({"meta": inner} if wrapped else inner)
    told = error_of(status(429, body, Retry_After="1500"))
    assert isinstance(told, RateLimited)
    assert str(told) == (
        "Accelo's limit of calls, shared by all that use the deployment, is used up (429; free again in 25 min)"
    )


@pytest.mark.parametrize("code", [500, 502, 503])
def test_what_passes_is_asked_again(code: int) -> None:
    passing = status(code, "<html>", type="text/html")
    with (
        serving(small([job(1)], [milestone(1, 1)], [task(1, 1)])) as (accelo, server),
        server.faulty(passing, "/api/v0/", times=2),
    ):
        assert len(read(accelo, "tasks").facts) == 1


def test_tasks_without_milestones_are_read_in_part() -> None:
    tasks = [task(1, 1), task(2, 1, standing="complete"), task(3, 1, "job")]
    refused = meta(403, "invalid_permission")
    with (
        serving(small([job(1)], [milestone(1, 1)], tasks)) as (accelo, server),
        server.faulty(refused, "/api/v0/milestones"),
    ):
        found = read(accelo, "tasks")
        with pytest.raises(AuthError):
            read(accelo, "milestones")
    assert found.ids == ["1", "3"]
    why = "Accelo does not show milestones to the user of this login (403)"
    assert found.whys == [f"tasks of milestones: the list of milestones was not read: {why}"]


def test_milestones_stand_whole_where_tasks_are_refused() -> None:
    refused = meta(403, "invalid_permission")
    with (
        serving(small([job(1)], [milestone(1, 1)], [task(1, 1)])) as (accelo, server),
        server.faulty(refused, "/api/v0/tasks"),
    ):
        found = read(accelo, "milestones")
        assert (found.ids, found.skipped, found.ignored) == (["1"], [], [])
        with pytest.raises(AuthError, match="does not show tasks"):
            read(accelo, "tasks")


def test_a_milestone_without_id_is_told_with_its_tasks_too() -> None:
    deployment = small([job(1)], [milestone(1, 1)], [task(1, 1)])
    with serving(deployment) as (accelo, server):
        drop = changed_json(lambda body: {**body, "response": [*body["response"], {"title": "x"}]})
        with server.faulty(drop, "/api/v0/milestones"):
            for scope in ("milestones", "tasks"):
                assert read(accelo, scope).whys == ["milestones, page 1, row 2: it has no id"]


def test_no_secret_is_told() -> None:
    echo = Fault(
        change=lambda request, _: loopback.json_reply(
            {"meta": {"status": "invalid_request", "message": str(request.headers)}}, status=400
        )
    )
    told = error_of(echo)
    assert SECRET not in " ".join(told_problem(told))
    assert "token-1" not in " ".join(told_problem(told))
