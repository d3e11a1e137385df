"""What the Accelo site tells is what the world holds on that morning, no more and nothing of the future."""

from __future__ import annotations

import time
import timeit
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from briefing.demo.days import moment, plus
from briefing.demo.server.accelo import AcceloSite
from briefing.demo.server.accelo_ids import FIRST, Numbers
from briefing.demo.world import World
from tests.demo_server.asking import MORNING, Asker, accelo, world

NEW_YORK = ZoneInfo("America/New_York")
DATES = "date_created,date_modified,date_started,date_commenced,date_due,date_completed"
MORNINGS = [plus(MORNING, days) for days in (0, 1, 4, 26, 61)]


@cache
def site(morning: date) -> AcceloSite:
    return AcceloSite(world(), morning)


def day(stamp: str) -> date:
    return datetime.fromtimestamp(int(stamp), NEW_YORK).date()


def ids(kind: str, numbers: Any) -> set[str]:
    return {Numbers(world()).record(kind, number) for number in numbers}


# --- numbers -------------------------------------------------------------------------------------------------------


def test_numbers_lead_there_and_back() -> None:
    numbers, work, people = Numbers(world()), world().delivery.all, world().people
    for kind, known in (
        ("project", [one.id for one in work.projects]), ("milestone", [one.id for one in work.milestones]),
        ("task", [one.id for one in work.tasks]), ("client", [one.id for one in people.clients]),
        ("person", [one.email for one in people.staff]),
    ):  # fmt: skip
        given = [numbers.number(kind, one) for one in known]
        assert len(set(given)) == len(given)
        assert all(number.isdigit() for number in given)
        assert [numbers.record(kind, number) for number in given] == known
    with pytest.raises(KeyError):
        numbers.record("milestone", "9999999")


def test_numbers_grow_with_creation_and_are_the_same_on_every_morning() -> None:
    numbers = Numbers(World(3, MORNING))
    steps = sorted(world().delivery.all.milestones, key=lambda one: int(numbers.number("milestone", one.id)))
    assert [one.known for one in steps] == sorted(one.known for one in steps)
    assert numbers.number("milestone", steps[0].id) == str(FIRST["milestone"])
    early, late = (Asker(site(morning)).rows("jobs") for morning in (MORNINGS[0], MORNINGS[1]))
    titles = {row["id"]: row["title"] for row in late}
    assert len([row for row in early if titles.get(row["id"]) == row["title"]]) > 50


# --- what holds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("morning", MORNINGS)
def test_every_project_milestone_and_task_is_there(morning: date) -> None:
    asker, work = Asker(site(morning)), world().delivery.at(morning)
    assert ids("job", asker.ids("jobs")) == {one.id for one in work.projects}
    assert ids("milestone", asker.ids("milestones")) == {one.id for one in work.milestones}
    assert ids("task", asker.ids("tasks")) == {one.id for one in work.tasks}


@pytest.mark.parametrize("morning", MORNINGS)
def test_near_milestones_without_tasks_are_those_of_the_world(morning: date) -> None:
    """As the reference finds them: open ones by date, their children, and tasks of any standing."""
    asker = Asker(site(morning))
    begin, end = int(moment(morning, 0).timestamp()) - 1, int(moment(plus(morning, 6), 0).timestamp())
    near = asker.rows(
        "milestones", f"standing_not(complete,inactive),date_due_after({begin}),date_due_before({end})",
        "date_started,job(standing)",
    )  # fmt: skip
    running = {row["id"] for row in near if row["job"]["standing"] == "active" and day(row["date_started"]) <= morning}
    parents = {row["parent"] for row in asker.rows("milestones", f"parent({','.join(running)})", "parent")}
    holding = {row["against_id"] for row in asker.rows("tasks", f"against(milestone({','.join(running)}))",
                                                       "against_id")}  # fmt: skip
    bare = world().delivery.without_tasks(morning)
    assert ids("milestone", running - parents - holding) == {
        one.id for one in bare.values() if (one.due - morning).days <= 5
    }


@pytest.mark.parametrize("morning", MORNINGS)
def test_overdue_tasks_are_those_of_the_world(morning: date) -> None:
    asker = Asker(site(morning))
    today = int(moment(morning, 0).timestamp())
    rows = asker.rows(
        "tasks",
        f"standing(pending,accepted,started,paused),date_due_after(1),date_due_before({today})",
        "assignee(firstname,surname),date_due,task_job(standing),milestone(job(standing))",
    )
    live = [row for row in rows if (row["task_job"] or row["milestone"]["job"])["standing"] in {"active", "pending"}]
    told = {
        (Numbers(world()).record("task", row["id"]), day(row["date_due"]),
         f"{row['assignee']['firstname']} {row['assignee']['surname']}") for row in live
    }  # fmt: skip
    assert told == {(one.id, one.due, one.assignee.name) for one in world().delivery.overdue(morning)}


def test_the_known_launch_is_there() -> None:
    """Acme site: Launch, three workdays out, with a manager and no task."""
    asker = Asker()
    (job,) = asker.rows("jobs", "search(acme site)", f"{DATES},manager(firstname),company(name),standing,"
                                                     "job_object_budget(service_price_subtotal_estimate)")  # fmt: skip
    assert (job["company"]["name"], job["manager"]["firstname"], job["standing"]) == ("Acme", "Janine", "active")
    assert job["job_object_budget"]["service_price_subtotal_estimate"] == "36000.00"
    (launch,) = asker.rows("milestones", f"job({job['id']}),search(launch)", DATES)
    assert day(launch["date_due"]) == date(2026, 11, 24)
    assert asker.ids("tasks", f"against(milestone({launch['id']}))") == []


def test_a_date_is_noon_of_the_deployment() -> None:
    asker, work = Asker(), {one.id: one for one in world().delivery.at(MORNING).milestones}
    for row in asker.rows("milestones", fields="date_due,date_started"):
        known = work[Numbers(world()).record("milestone", row["id"])]
        for name, due in (("date_due", known.due), ("date_started", known.starts)):
            stamp = datetime.fromtimestamp(int(row[name]), NEW_YORK)
            assert (stamp.date(), stamp.hour, stamp.minute) == (due, 12, 0)


@pytest.mark.parametrize("morning", MORNINGS)
def test_nothing_of_the_future_has_happened(morning: date) -> None:
    asker, now = Asker(site(morning)), moment(morning).astimezone(UTC).timestamp()
    happened = ("date_created", "date_modified", "date_commenced", "date_completed", "date_last_interacted",
                "date_accepted")  # fmt: skip
    for path in ("jobs", "milestones", "tasks"):
        for row in asker.rows(path, fields="standing," + ",".join(happened)):
            stamps = {name: int(row[name]) for name in happened if row.get(name)}
            assert all(stamp < now for stamp in stamps.values()), row
            assert ("date_completed" in stamps) == (row["standing"] == "complete"), row


def test_budgets_add_up() -> None:
    asker = Asker()
    for row in asker.rows("jobs", fields="job_object_budget(_ALL)"):
        told = {name: value for name, value in row["job_object_budget"].items() if name.endswith("_subtotal")}
        assert int(told["billable_subtotal"]) + int(told["nonbillable_subtotal"]) == int(told["logged_subtotal"])
        tasks = asker.rows("tasks", f"child_of_job({row['id']})", "logged,remaining")
        on_itself = int(row["job_object_budget"]["logged"])
        assert int(told["logged_subtotal"]) == on_itself + sum(int(task["logged"]) for task in tasks)
        assert int(told["remaining_subtotal"]) == sum(int(task["remaining"]) for task in tasks)


def test_companies_are_the_clients_and_the_prospects() -> None:
    told = {row["name"]: row["website"] for row in Asker().rows("companies", "standing(active)", "website")}
    assert told == {client.name: client.domain for client in world().people.clients}
    leads = {row["name"] for row in Asker().rows("companies", "standing(pending)")}
    assert leads == {prospect.name for prospect in world().people.prospects}
    with_own = accelo(own_company=True).rows("companies", "standing(active)", "website")
    assert with_own[0] == {"id": "1", "name": "Harbour Lane", "website": "harbourlane.example"}
    assert len(with_own) == len(told) + 1


# --- support and sales ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("morning", MORNINGS[:3])
def test_open_tickets_are_those_of_the_world(morning: date) -> None:
    asker, tickets = Asker(site(morning)), {one.id: one for one in world().tickets.at(morning)}
    rows = asker.rows("issues", "standing(submitted,open)", "standing,assignee,date_due,date_opened,date_submitted")
    assert ids("issue", (row["id"] for row in rows)) == {one.id for one in tickets.values() if one.is_open(morning)}
    nobody = 0
    for row in rows:
        known = tickets[Numbers(world()).record("issue", row["id"])]
        assert int(row["date_submitted"]) == int(known.opened.timestamp())
        assert (row["standing"] == "submitted") == (known.state(morning) == "new") == (row["date_opened"] is None)
        assert (row["assignee"] is None) == (known.assignee(morning) is None)
        nobody += row["assignee"] is None
        if known.due_at is None and known.due is not None:
            stamp = datetime.fromtimestamp(int(row["date_due"]), NEW_YORK)
            assert (stamp.date(), stamp.hour) == (known.due, 0)
    assert nobody
    closed = asker.rows("issues", "standing(resolved,closed)", "date_resolved,date_closed")
    assert closed
    assert all((row["date_resolved"] is None) != (row["date_closed"] is None) for row in closed)


@pytest.mark.parametrize("morning", MORNINGS[:3])
def test_periods_hold_what_was_used_by_then(morning: date) -> None:
    asker, periods = Asker(site(morning)), world().retainers.periods
    running = 0
    for contract in asker.ids("contracts", "standing(active)"):
        fields = "contract_id,date_commenced,date_expires,allowance_type,allowance,budget_used,unapproved_budget_used"
        for row in asker.rows(f"contracts/{contract}/periods", "standing(opened)", fields):
            period = periods[Numbers(world()).record("period", row["id"])]
            assert Numbers(world()).record("contract", row["contract_id"]) == period.agreement.id
            assert (day(row["date_commenced"]), day(row["date_expires"])) == (period.starts, period.ends)
            running += period.runs(morning)
            if row["allowance_type"] == "fixed_hours":
                hours = (int(row["budget_used"]["value"]) + int(row["unapproved_budget_used"])) / 3600
                assert hours == period.worked(morning)
                assert int(row["allowance"]["billable"]) == period.agreement.hours * 3600
    assert running >= 15


def test_sales_and_quotes_are_those_of_the_world() -> None:
    asker, pipe = Asker(), world().sales.at(MORNING)
    deals = {one.id: one for one in pipe.deals}
    rows = asker.rows("prospects", "standing(unassigned,active)", "value,date_due,affiliation(company(name))")
    assert ids("prospect", (row["id"] for row in rows)) == {
        one.id for one in deals.values() if one.state(MORNING) == "open"
    }
    for row in rows:
        deal = deals[Numbers(world()).record("prospect", row["id"])]
        assert row["affiliation"]["company"]["name"] == deal.company.name
        assert (day(row["date_due"]) if row["date_due"] else None) == deal.expected(MORNING)
    sent = ids("quote", asker.ids("quotes", "standing(published)"))
    assert sent == {one.id for one in pipe.proposals if one.state(MORNING) in {"sent", "viewed"}}


def test_activities_reach_back_some_weeks_and_never_forward() -> None:
    asker = Asker()
    rows = asker.rows("activities", fields="date_logged,medium,staff,against_type,against_id,task,billable,nonbillable")
    stamps = [int(row["date_logged"]) for row in rows]
    assert moment(plus(MORNING, -60), 0).timestamp() <= min(stamps)
    assert max(stamps) < moment(MORNING).timestamp()
    assert {row["medium"] for row in rows} == {"note", "email", "event_log"}
    assert {row["against_type"] for row in rows} == {"job", "milestone", "prospect"}
    assert all(row["staff"] == "0" for row in rows if row["medium"] == "event_log")
    logged = [row for row in rows if row["task"] != "0"]
    assert logged
    assert {row["against_type"] for row in logged} <= {"job", "milestone"}, "time on a task is its parent's"
    assert asker.ids("activities", "against_type(task)") == []


def test_the_last_activity_of_a_job_is_its_last_interaction_or_before_it() -> None:
    asker = Asker()
    own = accelo(interacted="own")
    seen = {row["id"]: int(row["date_last_interacted"]) for row in asker.rows("jobs", fields="date_last_interacted")}
    less = {row["id"]: int(row["date_last_interacted"]) for row in own.rows("jobs", fields="date_last_interacted")}
    assert all(less[id_] <= seen[id_] + 86_400 for id_ in seen)
    assert sum(less[id_] < seen[id_] - 86_400 for id_ in seen) > len(seen) / 2
    for row in asker.rows("activities", "against_type(job),staff_not(0)", "against_id,date_logged"):
        assert int(row["date_logged"]) <= seen[row["against_id"]]


def test_allocations_are_sums_of_what_passes() -> None:
    asker = Asker()
    rows = asker.rows("activities", "medium(note)", "billable,nonbillable")
    told = asker.whole("activities/allocations", _filters="medium(note)")["response"]
    assert int(told["billable"]) == sum(int(row["billable"]) for row in rows) > 0
    assert int(told["nonbillable"]) == sum(int(row["nonbillable"]) for row in rows)
    assert set(told) == {"billable", "nonbillable", "charged"}
    as_list = accelo(allocations="list").whole("activities/allocations", _filters="medium(note)")["response"]
    assert as_list == [told]


def test_a_project_of_another_team_is_simply_absent() -> None:
    theirs = world().people.staff_named("Priya")
    hidden = {one.id for one in world().delivery.at(MORNING).projects if one.manager_on(MORNING) == theirs}
    asker = accelo(unseen=[theirs.email])
    assert hidden
    assert ids("job", asker.ids("jobs")) == ids("job", Asker().ids("jobs")) - hidden
    work = world().delivery.at(MORNING)
    assert ids("milestone", asker.ids("milestones")) == {m.id for m in work.milestones if m.project not in hidden}
    assert ids("task", asker.ids("tasks")) == {task.id for task in work.tasks if task.project not in hidden}
    number = Numbers(world()).number("job", min(hidden))
    assert asker.reply(f"jobs/{number}").status == 400


def test_a_filter_that_is_ignored_lets_everything_in() -> None:
    asker = accelo(ignores=("standing", "date_due_before"))
    assert asker.ids("issues", "standing(open)") == Asker().ids("issues")
    assert len(asker.ids("tasks", "date_due_before(1),id_not(0)")) == len(Asker().ids("tasks"))


def test_contracts_without_an_end() -> None:
    asker = Asker()
    rows = {row["id"]: row["date_expires"] for row in asker.rows("contracts", fields="date_expires")}
    assert asker.ids("contracts", "empty(date_expires)") == [id_ for id_, ends in rows.items() if ends is None]
    assert None in rows.values()


def test_the_same_world_tells_the_same() -> None:
    fields = f"{DATES},standing,assignee(),logged,remaining,task_priority(title)"
    fresh = AcceloSite(World(3, MORNING), MORNING)
    assert Asker(fresh).rows("tasks", fields=fields) == Asker().rows("tasks", fields=fields)


# --- speed ---------------------------------------------------------------------------------------------------------


def test_a_page_of_a_hundred_is_made_in_a_moment() -> None:
    """Ten milliseconds of processor as a rule; the limit finds what grows with the size of the table."""
    asker = Asker()

    def page() -> None:
        asker.reply(
            "tasks", _limit=100, _page=2, _filters="standing_not(inactive),order_by_asc(date_due)",
            _fields="title,standing,against_type,milestone(title,job(title,company(name))),assignee(firstname,surname)",
        )  # fmt: skip

    page()
    assert min(timeit.repeat(page, number=1, repeat=30, timer=time.thread_time)) < 0.15
