"""Mornings on which the delivery rules must speak, and on which they must stay silent."""

from __future__ import annotations

import random
from typing import Any

import pytest

from briefing.items import Item
from briefing.rules import load_all
from briefing.rules.engine import run
from briefing.rules.view import Limits, Status, facts_of
from briefing.testing import facts_from, morning_at, readings_for, run_rule
from tests.delivery_mornings import said

THURSDAY = morning_at("2026-11-19 07:00")


def without_tasks(text: str, **settings: Any) -> list[Item]:
    return run_rule("milestone-no-tasks", text, THURSDAY, kinds=["task"], **settings)


def late(text: str) -> list[Item]:
    """What both rules on overdue tasks say."""
    return [
        item
        for name in ("task-overdue", "person-overloaded")
        for item in run_rule(name, text, THURSDAY, kinds=["project"])
    ]


def test_a_milestone_three_workdays_out_without_tasks_is_named(table: str) -> None:
    """
    project   | p1 | title=Acme site | party=Acme | manager=Janine | budget=36000 USD
    milestone | m1 | project=p1 | title=Launch | due=2026-11-24
    milestone | m2 | project=p1 | title=Design | due=2026-10-01 | state=done
    milestone | m3 | project=p1 | title=Build | due=2026-11-01 | state=done
    task      | t1 | project=p1 | milestone=m2 | title=Draw | state=done
    task      | t2 | project=p1 | milestone=m3 | title=Write | state=done
    task      | t3 | project=p1 | milestone=m3 | title=Test | state=done
    task      | t4 | project=p1 | title=On the project only
    """
    (item,) = run_rule("milestone-no-tasks", table, THURSDAY)
    assert item.headline == "Acme site: Launch is 3 workdays out (Tuesday) with no tasks assigned."
    assert item.body == ("Earlier milestones had 1 to 2.", "Project fee $36,000.")
    assert item.owner is not None
    assert item.owner.name == "Janine"
    assert item.looked_in == ("test",)


@pytest.mark.parametrize(
    ("now", "due", "holidays", "words"),
    [
        ("2026-11-19 07:00", "2026-11-19", "", "due today"),
        ("2026-11-19 07:00", "2026-11-20", "", "due tomorrow"),
        ("2026-11-19 07:00", "2026-11-21", "", "1 workday out (Saturday)"),
        ("2026-11-19 07:00", "2026-11-23", "", "2 workdays out (Monday)"),
        ("2026-11-19 07:00", "2026-11-24", "2026-11-23", "2 workdays out (Tuesday)"),
        ("2026-11-20 07:00", "2026-11-21", "", "due tomorrow"),
        ("2026-11-20 07:00", "2026-11-22", "", "due Sunday"),
        ("2026-11-20 07:00", "2026-11-23", "", "1 workday out (Monday)"),
        ("2026-11-19 07:00", "2026-11-22", "2026-11-20", "due Sunday"),
    ],
)
def test_the_distance_to_a_date_is_told_as_people_say_it(now: str, due: str, holidays: str, words: str) -> None:
    from datetime import date

    free = frozenset({date.fromisoformat(holidays)} if holidays else ())
    text = f"project | p1 | title=Acme site\nmilestone | m1 | project=p1 | title=Launch | due={due}"
    (item,) = run_rule("milestone-no-tasks", text, morning_at(now, holidays=free), kinds=["task"])
    assert item.headline == f"Acme site: Launch is {words} with no tasks assigned."


def test_near_misses_of_milestones_without_tasks(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | m1 | project=p1 | title=Has an open task         | due=2026-11-24
    milestone | m2 | project=p1 | title=All its tasks are done   | due=2026-11-24
    milestone | m3 | project=p1 | title=Six days out             | due=2026-11-25
    milestone | m4 | project=p1 | title=Overdue: another rule    | due=2026-11-18
    milestone | m5 | project=p1 | title=Finished                 | due=2026-11-24 | state=done
    milestone | m6 | project=p1 | title=Not begun                | due=2026-11-24 | starts=2026-11-20
    milestone | m7 | project=p1 | title=Without a date
    milestone | m8 | project=p1 | title=Paused                   | due=2026-11-24 | state=paused
    task      | t1 | project=p1 | milestone=m1 | title=Draw
    task      | t2 | project=p1 | milestone=m2 | title=Write | state=done
    project   | p2 | title=Paused      | state=paused
    project   | p3 | title=Finished    | state=done
    project   | p4 | title=Inactive    | state=inactive
    project   | p5 | title=Next spring | starts=2026-11-20
    milestone | n2 | project=p2 | title=Launch | due=2026-11-24
    milestone | n3 | project=p3 | title=Launch | due=2026-11-24
    milestone | n4 | project=p4 | title=Launch | due=2026-11-24
    milestone | n5 | project=p5 | title=Launch | due=2026-11-24
    milestone | n6 | project=p9 | title=Project not read | due=2026-11-24
    project   | p9 | title=The same id elsewhere | source=other
    """
    assert without_tasks(table) == []


def test_tasks_below_a_container_are_its_own(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | c1 | project=p1 | title=Phase with a task deep below | due=2026-11-23
    milestone | c2 | project=p1 | title=Part   | parent=c1
    milestone | c3 | project=p1 | title=Detail | parent=c2
    task      | t1 | project=p1 | milestone=c3 | title=Draw
    """
    assert without_tasks(table) == []


def test_a_container_with_nothing_below_it_speaks_once(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | c1 | project=p1 | title=Phase two | due=2026-11-24
    milestone | c2 | project=p1 | title=Design    | parent=c1
    milestone | d1 | project=p1 | title=Phase three | due=2026-11-24
    milestone | d2 | project=p1 | title=Launch      | parent=d1 | due=2026-11-23
    milestone | e1 | project=p1 | title=Only to be ticked off | due=2026-11-24
    milestone | e2 | project=p1 | title=Kick-off | parent=e1 | due=2026-11-10 | state=done
    milestone | f1 | project=p1 | title=On hold  | due=2026-12-24 | state=paused
    milestone | f2 | project=p1 | title=Below it | parent=f1 | due=2026-11-23
    """
    assert sorted(item.short for item in without_tasks(table)) == ["Launch", "Phase two"]


def test_milestones_that_contain_each_other_do_not_hang(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | a  | project=p1 | title=One   | parent=b | due=2026-11-24
    milestone | b  | project=p1 | title=Two   | parent=a
    milestone | c  | project=p1 | title=Three | parent=c | due=2026-11-24
    """
    assert sorted(item.short for item in without_tasks(table)) == ["One", "Three"]


def test_earlier_milestones_are_told_with_those_that_had_none(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | m1 | project=p1 | title=Launch | due=2026-11-24
    milestone | m2 | project=p1 | title=Design | due=2026-10-01 | state=done
    milestone | m3 | project=p1 | title=Build  | due=2026-11-01 | state=done
    task      | t2 | project=p1 | milestone=m3 | title=Write | state=done
    """
    (item,) = without_tasks(table)
    assert item.body == ("Earlier milestones had 0 to 1.",)


def test_where_milestones_were_skipped_a_task_may_lie_below_this_one() -> None:
    text = """
    project   | p1 | title=Acme site
    milestone | m1 | project=p1 | title=Launch | due=2026-11-24
    task      | t1 | project=p1 | milestone=skipped | title=Draw
    project   | p2 | title=Oakline
    milestone | m2 | project=p2 | title=Wave 2 | due=2026-11-24
    """
    facts = facts_from(text)
    rule = load_all()["milestone-no-tasks"]
    for status, expected in (("whole", ["Launch", "Wave 2"]), ("partial", ["Wave 2"])):
        readings = [
            *readings_for([fact for fact in facts if type(fact).kind == "milestone"], status=status),
            *readings_for([fact for fact in facts if type(fact).kind != "milestone"]),
        ]
        found = run(rule, facts_of(facts, readings=readings), THURSDAY, Limits(defaults=rule.limits))
        assert [item.short for item in found.items] == expected


@pytest.mark.parametrize(
    ("now", "zone", "told"),
    [
        ("2026-11-19 00:10", "Pacific/Auckland", True),
        ("2026-11-18 23:50", "Pacific/Honolulu", False),
        ("2026-11-24 23:59", "Europe/Berlin", True),
        ("2026-11-25 00:01", "Europe/Berlin", False),
    ],
)
def test_a_milestone_is_near_by_the_dates_of_the_morning_s_own_zone(now: str, zone: str, told: bool) -> None:
    text = "project | p1 | title=Acme\nmilestone | m1 | project=p1 | title=Launch | due=2026-11-24"
    assert bool(run_rule("milestone-no-tasks", text, morning_at(now, zone=zone), kinds=["task"])) == told


def test_the_change_of_the_clocks_moves_no_milestone() -> None:
    text = "project | p1 | title=Acme\nmilestone | m1 | project=p1 | title=Launch | due=2026-10-27"
    (item,) = run_rule("milestone-no-tasks", text, morning_at("2026-10-22 07:00"), kinds=["task"])
    assert item.headline == "Acme: Launch is 3 workdays out (Tuesday) with no tasks assigned."
    assert run_rule("milestone-no-tasks", text, morning_at("2026-10-21 07:00"), kinds=["task"]) == []


@pytest.mark.parametrize("status", ["partial", "stale"])
def test_tasks_that_were_not_read_whole_and_today_are_not_missed(status: Status) -> None:
    text = "project | p1 | title=Acme\nmilestone | m1 | project=p1 | title=Launch | due=2026-11-24"
    assert len(said("milestone-no-tasks", text)) == 1
    assert said("milestone-no-tasks", text, read={"task": status}) == []


def test_days_are_a_setting() -> None:
    text = "project | p1 | title=Acme\nmilestone | m1 | project=p1 | title=Launch | due=2026-11-27"
    assert without_tasks(text) == []
    assert len(without_tasks(text, days=8)) == 1


# --- overdue tasks and load ----------------------------------------------------------------------------------------


def test_a_task_past_its_date_is_told_with_its_project(table: str) -> None:
    """
    project | p1 | title=Site | party=Acme | manager=Janine
    task    | t1 | project=p1 | title=Draw the map | assignee=Tom | due=2026-11-16
    """
    (item,) = late(table)
    assert item.headline == "Acme Site: Draw the map was due Monday, 3 workdays ago."
    assert item.rule == "task-overdue"
    assert item.owner is not None
    assert item.owner.name == "Tom"


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2026-11-18", "was due yesterday."),
        ("2026-11-13", "was due Friday, 4 workdays ago."),
        ("2026-11-02", "was due 2 November, 13 workdays ago."),
    ],
)
def test_how_long_ago_a_task_was_due(due: str, words: str) -> None:
    (item,) = late(f"task | t1 | title=Draw | due={due} | assignee=Tom")
    assert item.headline == f"Draw {words}"


def test_near_misses_of_overdue_tasks(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | m1 | project=p1 | title=Design | state=done
    task | t1 | project=p1 | title=Due today          | due=2026-11-19
    task | t2 | project=p1 | title=Done               | due=2026-11-16 | state=done
    task | t3 | project=p1 | title=Paused             | due=2026-11-16 | state=paused
    task | t4 | project=p1 | title=Milestone is done  | due=2026-11-16 | milestone=m1
    task | t5 | project=p1 | title=No date
    project | p2 | title=Paused project | state=paused
    task | t6 | project=p2 | title=On a paused project | due=2026-11-16
    task | t7 | project=p9 | title=Project not read    | due=2026-11-16
    project | p3 | title=Inactive    | state=inactive
    project | p4 | title=Complete    | state=done
    project | p5 | title=Next spring | starts=2026-11-20
    task | u3 | project=p3 | title=On an inactive project | due=2026-11-16
    task | u4 | project=p4 | title=On a complete project  | due=2026-11-16
    task | u5 | project=p5 | title=On a future project    | due=2026-11-16
    milestone | m2 | project=p1 | title=Paused phase | state=paused
    milestone | m3 | project=p1 | title=Part of it   | parent=m2
    task | u6 | milestone=m3 | title=Its parent's parent is paused | due=2026-11-16
    task | t8 | milestone=m9 | title=Milestone not read | due=2026-11-16
    """
    assert late(table) == []


def test_three_late_tasks_of_one_person_are_one_item_beside_the_team(table: str) -> None:
    """
    project | p1 | title=Acme site
    project | p2 | title=Oakline retainer
    task | t1 | project=p1 | title=Draw  | assignee=Tom | due=2026-11-02
    task | t2 | project=p1 | title=Write | assignee=Tom | due=2026-11-16
    task | t3 | project=p2 | title=Check | assignee=Tom | due=2026-11-17
    task | t4 | project=p2 | title=Send  | assignee=Tom | due=2026-11-18
    task | t5 | project=p1 | title=Plan  | assignee=Ann | due=2026-11-18
    task | t6 | project=p1 | title=Later | assignee=Bea | due=2026-12-01
    task | t7 | project=p1 | title=Later | assignee=Cid | due=2026-12-01
    """
    single, load = late(table)
    assert load.headline == "Tom has 4 overdue tasks on 2 projects; team median 0.5."
    assert load.body == (
        "Overdue longest: Draw (Acme site, 2 November), Write (Acme site, Monday) and Check (Oakline retainer, Tuesday).",
    )
    assert load.measure == 4
    assert single.headline == "Acme site: Plan was due yesterday."


def test_who_has_left_is_said_of_late_tasks(table: str) -> None:
    """
    staff   | s1 | person=Tom | active=no
    staff   | s2 | person=Ann
    project | p1 | title=Acme site
    task | t1 | project=p1 | title=Draw  | assignee=Tom | due=2026-11-02
    task | t2 | project=p1 | title=Plan  | assignee=Ann | due=2026-11-16
    """
    gone, here = late(table)
    assert gone.body == ("Tom is no longer active.",)
    assert here.body == ()
    more = "".join(f"\ntask | u{n} | project=p1 | title=Write | assignee=Tom | due=2026-11-16" for n in range(2))
    _, load = late(table + more)
    assert load.headline == "Tom has 3 overdue tasks on 1 project."
    assert load.body[0] == "Tom is no longer active."


def test_two_people_of_one_name_have_two_loads(table: str) -> None:
    """
    staff   | s1 | person=Tom Lee <tom.lee@agency.example>
    staff   | s2 | person=Tom Lee <tlee@agency.example>
    project | p1 | title=Acme site
    task | t1 | project=p1 | title=Draw  | assignee=Tom Lee <tom.lee@agency.example> | due=2026-11-10
    task | t2 | project=p1 | title=Write | assignee=Tom Lee <tlee@agency.example>    | due=2026-11-11
    task | t3 | project=p1 | title=Check | assignee=Tom Lee <tlee@agency.example>    | due=2026-11-12
    """
    assert said("person-overloaded", table, named=True) == []
    assert len(said("task-overdue", table, named=True)) == 3
    fourth = "\ntask | t4 | project=p1 | title=Send | assignee=Tom Lee <tlee@agency.example> | due=2026-11-12"
    (load,) = said("person-overloaded", table + fourth, named=True)
    assert load.headline == "Tom Lee has 3 overdue tasks on 1 project."


def test_projects_are_counted_where_every_task_has_one(table: str) -> None:
    """
    project | p1 | title=Acme site
    task | t1 | project=p1 | title=Draw  | assignee=Tom | due=2026-11-02
    task | t2 | project=p1 | title=Write | assignee=Tom | due=2026-11-16
    task | t3 | project=p1 | title=Check | assignee=Tom | due=2026-11-17
    """
    assert [item.headline for item in late(table)] == ["Tom has 3 overdue tasks on 1 project."]
    loose = table.replace("project=p1 | title=Check", "title=Check")
    assert [item.headline for item in late(loose)] == ["Tom has 3 overdue tasks."]


@pytest.mark.parametrize(
    ("now", "zone", "count"),
    [
        ("2026-11-19 00:10", "Pacific/Auckland", 1),
        ("2026-11-18 23:50", "Pacific/Honolulu", 0),
        ("2026-11-18 23:59", "Europe/Berlin", 0),
        ("2026-11-19 00:01", "Europe/Berlin", 1),
    ],
)
def test_a_task_is_late_by_the_dates_of_the_morning_s_own_zone(now: str, zone: str, count: int) -> None:
    text = "task | t1 | title=Draw | due=2026-11-18 | assignee=Tom"
    assert len(run_rule("task-overdue", text, morning_at(now, zone=zone), kinds=["project"])) == count


def test_the_change_of_the_clocks_makes_no_day_late() -> None:
    text = "task | t1 | title=Draw | due=2026-10-25 | assignee=Tom"
    assert run_rule("task-overdue", text, morning_at("2026-10-25 23:30"), kinds=["project"]) == []
    assert len(run_rule("task-overdue", text, morning_at("2026-10-26 00:30"), kinds=["project"])) == 1


def test_near_misses_of_a_load(table: str) -> None:
    """
    project | p1 | title=Acme site
    project | p2 | title=On hold | state=paused
    task | t1 | project=p1 | title=Draw  | assignee=Tom | due=2026-11-17
    task | t2 | project=p1 | title=Write | assignee=Tom | due=2026-11-18
    task | t3 | project=p1 | title=Check | assignee=Tom | due=2026-11-19
    task | t4 | project=p2 | title=Send  | assignee=Tom | due=2026-11-16
    task | t5 | project=p1 | title=Plan  | assignee=Ann | due=2026-11-17
    task | t6 | project=p1 | title=Sign  | assignee=Ann | due=2026-11-17
    task | t7 | project=p1 | title=Sent  | assignee=Ann | due=2026-11-17 | state=done
    """
    assert {item.rule for item in late(table)} == {"task-overdue"}


def test_late_tasks_of_nobody_are_one_item_per_project(table: str) -> None:
    """
    project | p1 | title=Acme site | manager=Janine
    task | t1 | project=p1 | title=Draw  | due=2026-11-16
    task | t2 | project=p1 | title=Write | due=2026-11-17
    task | t3 | project=p1 | title=Check | due=2026-11-18
    """
    (item,) = late(table)
    assert item.headline == "Acme site has 3 overdue tasks with nobody assigned."


def test_an_incomplete_list_gives_no_counts() -> None:
    text = "project | p1 | title=Acme site\n" + "\n".join(
        f"task | t{n} | project=p1 | title=Task {n} | assignee=Tom | due=2026-11-16" for n in range(4)
    )
    facts = facts_from(text)
    view = facts_of(facts, readings=readings_for(facts, status="partial"))
    found = {
        name: len(run(load_all()[name], view, THURSDAY, Limits()).items)
        for name in ("task-overdue", "person-overloaded")
    }
    assert found == {"task-overdue": 4, "person-overloaded": 0}


def test_every_overdue_task_is_told_exactly_once_in_any_order() -> None:
    lines = [f"project | p{n} | title=Project {n}" for n in range(3)]
    lines += [
        f"task | t{n} | project=p{n % 3} | title=Task {n} | due=2026-11-1{n % 9} | assignee={'Tom Ann Bea Cid'.split()[n % 7 % 4]}"
        for n in range(23)
    ]
    told = None
    for seed in range(5):
        random.Random(seed).shuffle(lines)
        items = late("\n".join(lines))
        tasks = sorted(one.ref.id for item in items for one in item.evidence if one.ref.kind == "task")
        assert tasks == sorted(f"t{n}" for n in range(23))
        assert told in (None, items)
        told = items
