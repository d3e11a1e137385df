"""Mornings on which something about a whole project must be told, and on which it must not."""

from __future__ import annotations

import pytest

from briefing.items import Item
from briefing.rules.view import Limits, Status
from briefing.testing import facts_from, morning_at, run_rule
from tests.delivery_mornings import ids, lines, said

OVERDUE, NO_TASKS, NO_MANAGER, STALE = "project-overdue", "project-no-tasks", "project-no-manager", "project-stale"

BUSY = """
project | z1 | title=Busy one | manager=Ann
task    | z1 | project=z1 | title=Draw
project | z2 | title=Busy two | manager=Ann
task    | z2 | project=z2 | title=Draw
"""
"""Two projects in which all is well: tasks and managers are kept in this source."""


def one(rule: str, text: str) -> Item:
    (item,) = said(rule, text)
    return item


# --- past its date ---------------------------------------------------------------------------------------------------


def test_a_project_past_its_date_says_what_is_open(table: str) -> None:
    """
    project   | p1 | title=Acme site | party=Acme | manager=Janine | budget=36000 USD | due=2026-11-16
    task      | t1 | project=p1 | title=Write
    task      | t2 | milestone=m1 | title=Draw
    milestone | m1 | project=p1 | title=Build | due=2026-11-10 | state=done
    task      | t3 | project=p1 | title=Test
    """
    item = one(OVERDUE, table)
    assert item.headline == "Acme site: the project was due Monday, 3 workdays ago; 2 tasks are open."
    assert item.line == "Acme site: project was due Monday, 2 open tasks."
    assert item.body == ("Project fee $36,000.",)
    assert (item.matter, item.stage, item.ask) == ("project", "overdue", "finish it or move the date?")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ("milestone | m1 | project=p1 | title=Build\ntask | t1 | milestone=m1 | title=Draw", "; 1 milestone is open"),
        (
            "milestone | m1 | project=p1 | title=Phase\nmilestone | m2 | project=p1 | parent=m1 | title=Build",
            "; 2 milestones are open",
        ),
        (
            "milestone | m1 | project=p1 | title=Build | state=paused\ntask | t1 | milestone=m1 | title=Draw",
            "",
        ),
        ("task | t1 | project=p1 | title=Draw | state=done", "; its tasks are all done"),
        ("task | t1 | project=p1 | title=Draw | state=paused", "; no task is open"),
        ("", "; no task is open"),
    ],
)
def test_what_is_left_in_a_late_project(parts: str, words: str) -> None:
    text = f"project | p1 | title=Acme site | due=2026-11-18\n{parts}"
    item = one(OVERDUE, text)
    assert item.headline == f"Acme site: the project was due yesterday{words}."
    assert (item.likelihood is not None) == ("all done" in words)


def test_long_rest_stands_beside_a_date_that_is_past() -> None:
    text = "project | p1 | title=Acme site | due=2026-11-18 | last_activity=2026-11-02 09:00"
    assert one(OVERDUE, text).body == ("No activity in Test since 2 November.",)
    assert one(OVERDUE, text.replace("11-02", "11-12")).body == ()


@pytest.mark.parametrize("kind", ["project", "task", "milestone"])
@pytest.mark.parametrize("status", ["partial", "stale", "missing"])
def test_rest_is_said_of_whole_lists_only(kind: str, status: Status) -> None:
    """The project, or a task or milestone that was done since, may stand in what was not read."""
    text = "project | p1 | title=Acme site | due=2026-11-18 | last_activity=2026-11-02 09:00"
    assert all(item.body == () for item in said(OVERDUE, text, read={kind: status}))


@pytest.mark.parametrize(
    ("now", "due", "holidays", "told"),
    [
        ("2026-11-19 07:00", "2026-11-19", "", False),
        ("2026-11-19 07:00", "2026-11-18", "", True),
        ("2026-11-21 09:00", "2026-11-20", "", False),
        ("2026-11-23 07:00", "2026-11-20", "", True),
        ("2026-11-20 07:00", "2026-11-19", "2026-11-20", False),
        ("2026-10-26 07:00", "2026-10-25", "", True),
    ],
)
def test_late_from_the_first_workday_after_the_date_on(now: str, due: str, holidays: str, told: bool) -> None:
    """The last one: due on the Sunday on which the clocks went back."""
    assert bool(lines(OVERDUE, f"project | p1 | title=Acme site | due={due}", now=now, holidays=holidays)) == told


def test_the_date_is_that_of_the_morning_s_own_zone() -> None:
    text = "project | p1 | title=Acme site | due=2026-11-18"
    assert len(lines(OVERDUE, text, now="2026-11-19 00:10", zone="Pacific/Auckland")) == 1
    assert lines(OVERDUE, text, now="2026-11-18 23:50", zone="Pacific/Honolulu") == []


def test_near_misses_of_late_projects(table: str) -> None:
    """
    project | p1 | title=Paused      | due=2026-11-10 | state=paused
    project | p2 | title=Complete    | due=2026-11-10 | state=done
    project | p3 | title=Inactive    | due=2026-11-10 | state=inactive
    project | p4 | title=Cancelled   | due=2026-11-10 | state=cancelled
    project | p5 | title=Next spring | due=2026-11-10 | starts=2026-11-20
    project | p6 | title=Without a date
    project | p7 | title=Tomorrow    | due=2026-11-20
    """
    assert lines(OVERDUE, table) == []


@pytest.mark.parametrize(
    ("read", "words"),
    [
        ({"task": "partial"}, ""),
        ({"task": "stale", "milestone": "partial"}, ""),
        ({"milestone": "partial"}, "; 1 task is open"),
        ({"project": "partial"}, "; 1 task is open"),
        ({"project": "stale"}, None),
    ],
)
def test_what_was_not_read_whole_is_not_said(read: dict[str, Status], words: str | None) -> None:
    text = "project | p1 | title=Acme site | due=2026-11-18\ntask | t1 | project=p1 | title=Draw"
    found = lines(OVERDUE, text, read=read)
    assert found == ([] if words is None else [f"Acme site: the project was due yesterday{words}."])


# --- without work ----------------------------------------------------------------------------------------------------


def test_a_project_that_never_had_a_task_and_one_whose_tasks_are_all_done(table: str) -> None:
    """
    project   | p1 | title=Acme site | starts=2026-11-02 | manager=Janine | budget=36000 USD
    project   | p2 | title=Oakline
    milestone | m1 | project=p2 | title=Wave 1 | state=done
    task      | t1 | project=p2 | title=Draw   | state=done | done_at=2026-11-03
    task      | t2 | milestone=m1 | title=Write | state=done | done_at=2026-11-10
    """
    never, done = said(NO_TASKS, table + BUSY)
    assert never.headline == "Acme site: planned from 2 November without a task, open or done, in Test."
    assert never.line == "Acme site: planned from 2 November, no tasks."
    assert never.looked_in == ("Test",)
    assert done.headline == (
        "Oakline: its tasks are all done, the last one on Tuesday 10 November, and the project is open."
    )
    assert done.line == "Oakline: tasks all done, project open."
    assert (never.ask, done.ask) == ("who plans it?", "close it or what is next?")
    assert done.likelihood is not None


def test_near_misses_of_projects_without_work(table: str) -> None:
    """
    project   | a1 | title=A task on the project only | starts=2026-11-02
    task      | a1 | project=a1 | title=Draw
    project   | a2 | title=A task on a milestone only | starts=2026-11-02
    milestone | a2 | project=a2 | title=Build
    task      | a2 | milestone=a2 | title=Draw
    project   | a3 | title=Its task is paused  | starts=2026-11-02
    task      | a3 | project=a3 | title=Draw | state=paused
    project   | a4 | title=Two workdays old    | starts=2026-11-17
    project   | a5 | title=Done the day before yesterday | starts=2026-10-02
    task      | a5 | project=a5 | title=Draw | state=done | done_at=2026-11-17
    project   | a6 | title=Nobody knows since when
    project   | a7 | title=Paused      | starts=2026-11-02 | state=paused
    project   | a8 | title=Complete    | starts=2026-11-02 | state=done
    project   | a9 | title=Inactive    | starts=2026-11-02 | state=inactive
    project   | b1 | title=Next spring | starts=2026-11-20
    project   | b2 | title=Past its date: another rule | starts=2026-11-02 | due=2026-11-16
    project   | b3 | title=Its milestone is told: near | starts=2026-11-02
    milestone | b3 | project=b3 | title=Launch | due=2026-11-24
    project   | b4 | title=Its milestone is told: late | starts=2026-11-02
    milestone | b4 | project=b4 | title=Launch | due=2026-11-16
    project   | b5 | title=Between two phases  | starts=2026-10-02
    task      | b5 | project=b5 | title=Draw | state=done | done_at=2026-11-02
    milestone | b5 | project=b5 | title=Next phase | starts=2026-11-23 | due=2026-12-23
    """
    assert ids(NO_TASKS, table + BUSY + MANY) == []


MANY = "\n".join(f"project | y{n} | title=Busy {n}\ntask | y{n} | project=y{n} | title=Draw" for n in range(6))
IDLE = "project | p1 | title=Acme site | party=Acme | type=Website | starts=2026-11-02\n"


def test_where_tasks_are_not_kept_nothing_is_missed() -> None:
    others = "\n".join(f"project | x{n} | title=Other {n} | starts=2026-11-02" for n in range(3))
    assert lines(NO_TASKS, IDLE) == []
    assert lines(NO_TASKS, IDLE + others + BUSY) == []
    assert len(lines(NO_TASKS, IDLE + BUSY)) == 1


@pytest.mark.parametrize(
    ("read", "count"),
    [
        ({}, 1),
        ({"task": "partial"}, 0),
        ({"task": "stale"}, 0),
        ({"project": "partial"}, 1),
        ({"project": "stale"}, 0),
        ({"milestone": "partial"}, 1),
    ],
)
def test_a_list_that_may_lack_a_task_gives_no_sentence(read: dict[str, Status], count: int) -> None:
    assert len(lines(NO_TASKS, IDLE + BUSY, read=read)) == count


def test_a_task_of_nobody_knows_which_project_may_be_of_this_one() -> None:
    assert lines(NO_TASKS, IDLE + BUSY + "task | t9 | milestone=skipped | title=Draw") == []
    assert len(lines(NO_TASKS, IDLE + BUSY + "task | t9 | title=Of no project at all")) == 1


@pytest.mark.parametrize(
    ("now", "holidays", "told"),
    [("2026-11-04 07:00", "", False), ("2026-11-05 07:00", "", True), ("2026-11-05 07:00", "2026-11-04", False)],
)
def test_three_workdays_are_time_to_plan(now: str, holidays: str, told: bool) -> None:
    assert bool(lines(NO_TASKS, IDLE + BUSY, now=now, holidays=holidays)) == told
    by_type = Limits(defaults={"workdays": 3}, by_type={"Website": {"workdays": 0}})
    assert len(lines(NO_TASKS, IDLE + BUSY, now=now, limits=by_type)) == 1


# --- without a manager -----------------------------------------------------------------------------------------------


def test_a_project_without_a_manager_and_one_whose_manager_has_left(table: str) -> None:
    """
    staff   | s1 | person=Tom Vale <tom@agency.example> | active=no
    project | p1 | title=Acme site | budget=36000 USD
    project | p2 | title=Oakline   | manager=Tom Vale <tom@agency.example>
    project | p3 | title=Hollis    | manager=Ann
    """
    alone, gone = said(NO_MANAGER, table)
    assert alone.headline == "Acme site: the project has no manager."
    assert alone.body == ("Project fee $36,000.",)
    assert gone.headline == "Oakline: the manager, Tom Vale, is no longer active."
    assert gone.line == "Oakline: manager Tom Vale no longer active."
    assert (alone.owner, gone.owner) == (None, None)


def test_three_projects_of_one_who_has_left_are_one_item(table: str) -> None:
    """
    staff   | s1 | person=Tom Vale | active=no
    project | p1 | title=Acme site | manager=Tom Vale
    project | p2 | title=Oakline   | manager=Tom Vale
    project | p3 | title=Hollis    | manager=Tom Vale
    project | p4 | title=Paused    | manager=Tom Vale | state=paused
    """
    item = one(NO_MANAGER, table)
    assert item.headline == "Tom Vale is no longer active and manages 3 projects."
    assert item.body == ("They are Acme site, Oakline and Hollis.",)
    assert [line.ref.id for line in item.evidence] == ["p1", "p2", "p3"]


def test_two_who_have_left_with_one_name_are_two(table: str) -> None:
    """
    staff   | s1 | person=Tom Lee <tom.lee@agency.example> | active=no
    staff   | s2 | person=Tom Lee <tlee@agency.example>    | active=no
    project | p1 | title=Acme site | manager=Tom Lee <tom.lee@agency.example>
    project | p2 | title=Oakline   | manager=Tom Lee <tlee@agency.example>
    project | p3 | title=Hollis    | manager=Tom Lee <tlee@agency.example>
    """
    assert sorted(lines(NO_MANAGER, table, named=True)) == [
        "Acme site: the manager, Tom Lee, is no longer active.",
        "Hollis: the manager, Tom Lee, is no longer active.",
        "Oakline: the manager, Tom Lee, is no longer active.",
    ]


def test_near_misses_of_projects_without_a_manager(table: str) -> None:
    """
    staff   | s1 | person=Ann | active=yes
    staff   | s2 | person=Cid <cid@agency.example> | active=no
    staff   | s3 | person=Cid <cid2@agency.example> | active=yes
    absence | a1 | person=Ann | first=2026-11-01 | last=2026-12-01
    project | p1 | title=Manager is away       | manager=Ann
    project | p2 | title=Nobody speaks of him  | manager=Bo
    project | p3 | title=Two of the same name  | manager=Cid
    project | p4 | title=Paused      | state=paused
    project | p5 | title=Complete    | state=done
    project | p6 | title=Inactive    | state=inactive
    project | p7 | title=Next spring | starts=2026-11-20
    """
    assert lines(NO_MANAGER, table) == []


@pytest.mark.parametrize(
    ("read", "count"),
    [
        ({}, 1),
        ({"staff": "stale"}, 0),
        ({"staff": "partial"}, 0),
        ({"project": "partial"}, 1),
        ({"project": "stale"}, 0),
    ],
)
def test_who_has_left_is_known_from_a_whole_list_only(read: dict[str, Status], count: int) -> None:
    text = "staff | s1 | person=Tom | active=no\nproject | p1 | title=Acme site | manager=Tom"
    assert len(lines(NO_MANAGER, text, read=read)) == count


def test_a_source_that_names_no_manager_says_nothing_of_them() -> None:
    assert lines(NO_MANAGER, "project | p1 | title=Acme site\nproject | p2 | title=Oakline") == []


# --- without movement ------------------------------------------------------------------------------------------------

RESTS = "project | p1 | title=Acme site | party=Acme | type=Website | last_activity=2026-11-04 16:00\n"
OPEN_TASK = "task | t1 | project=p1 | title=Draw\n"


def test_ten_workdays_without_activity(table: str) -> None:
    """
    project | p1 | title=Acme site | manager=Janine | budget=36000 USD | last_activity=2026-11-05 16:00 | starts=2026-09-01
    task    | t1 | project=p1 | title=Draw  | due=2026-11-10
    task    | t2 | project=p1 | title=Write | due=2026-12-10
    """
    item = one(STALE, table)
    assert item.headline == "Acme site: no activity in Test for 10 workdays, since Thursday 5 November."
    assert item.line == "Acme site: no activity in Test for 10 workdays."
    assert item.body == ("2 tasks are open in it.", "Project fee $36,000.")
    assert (item.stage, item.ask) == ("stale", "go on with it or pause it?")
    assert item.measure == 1, "overdue tasks, not days"


@pytest.mark.parametrize(
    ("now", "zone", "holidays", "told"),
    [
        ("2026-11-18 07:00", "Europe/Berlin", "", True),
        ("2026-11-17 07:00", "Europe/Berlin", "", False),
        ("2026-11-18 07:00", "Europe/Berlin", "2026-11-11", False),
        ("2026-11-22 09:00", "Europe/Berlin", "2026-11-11", True),
        ("2026-11-18 07:00", "Pacific/Auckland", "", False),
        ("2026-11-19 07:00", "Pacific/Auckland", "", True),
    ],
)
def test_workdays_are_counted_in_the_morning_s_own_zone(now: str, zone: str, holidays: str, told: bool) -> None:
    """16:00 in Berlin is already the next day in Auckland."""
    assert bool(lines(STALE, RESTS + OPEN_TASK, now=now, zone=zone, holidays=holidays)) == told


def test_the_change_of_the_clocks_costs_no_day() -> None:
    text = RESTS.replace("2026-11-04 16:00", "2026-10-16 23:30") + OPEN_TASK
    assert len(lines(STALE, text, now="2026-10-30 07:00")) == 1
    assert lines(STALE, text, now="2026-10-29 07:00") == []


def test_near_misses_of_resting_projects(table: str) -> None:
    """
    project   | a1 | title=Last activity is not known
    project   | a2 | title=Nine workdays        | last_activity=2026-11-06 09:00
    project   | a3 | title=A clock that is wrong | last_activity=2027-01-06 09:00
    project   | a4 | title=A task done since    | last_activity=2026-10-01 09:00
    task      | a4 | project=a4 | title=Draw | state=done | done_at=2026-11-12
    task      | b4 | project=a4 | title=Write
    project   | a5 | title=A milestone done since | last_activity=2026-10-01 09:00
    milestone | a5 | project=a5 | title=Build | state=done | done_at=2026-11-12
    task      | a5 | project=a5 | title=Write
    project   | a6 | title=Begun since          | last_activity=2026-10-01 09:00 | starts=2026-11-12
    task      | a6 | project=a6 | title=Write
    project   | a7 | title=Paused      | last_activity=2026-10-01 09:00 | state=paused
    project   | a8 | title=Complete    | last_activity=2026-10-01 09:00 | state=done
    project   | a9 | title=Inactive    | last_activity=2026-10-01 09:00 | state=inactive
    project   | b1 | title=Next spring | last_activity=2026-10-01 09:00 | starts=2026-11-20
    project   | b2 | title=Past its date: another rule | last_activity=2026-10-01 09:00 | due=2026-11-16
    task      | b2 | project=b2 | title=Write
    project   | b3 | title=Without work: another rule  | last_activity=2026-10-01 09:00 | starts=2026-09-01
    project   | b5 | title=Between two phases   | last_activity=2026-10-01 09:00
    task      | b5 | project=b5 | title=Write
    milestone | b5 | project=b5 | title=Next phase | starts=2026-11-23
    """
    assert ids(STALE, table + BUSY + MANY) == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("message | m1 | source=mail | thread=1 | at=2026-11-10 09:00 | author=ann@acme.example | party=Acme", False),
        ("message | m1 | source=mail | thread=1 | at=2026-11-03 09:00 | author=ann@acme.example | party=Acme", True),
        ("message | m1 | source=mail | thread=1 | at=2026-11-10 09:00 | author=x@y.example | subject=Acme Site: texts", False),
        ("message | m1 | source=mail | thread=1 | at=2026-11-10 09:00 | author=x@y.example | subject=Oakline", True),
        ("message | m1 | source=mail | thread=1 | at=2026-11-10 09:00 | author=ann@acme.example | party=Acme | automated=yes", True),
        ("meeting | g1 | source=diary | uid=1 | starts=2026-11-10 09:00 | ends=2026-11-10 10:00 | title=Acme site review", False),
        ("meeting | g1 | source=diary | uid=1 | starts=2026-11-20 09:00 | ends=2026-11-20 10:00 | title=Acme site review", True),
    ],
)  # fmt: skip
def test_messages_and_meetings_show_movement(more: str, told: bool) -> None:
    assert len(said_with_clients(RESTS + OPEN_TASK + more)) == told


def test_what_is_said_with_a_client_of_two_projects_may_be_about_the_other() -> None:
    other = "project | p2 | title=Acme shop | party=Acme\ntask | t2 | project=p2 | title=Draw\n"
    said_ = "message | m1 | source=mail | thread=1 | at=2026-11-10 09:00 | author=ann@acme.example | party=Acme"
    assert len(said_with_clients(RESTS + OPEN_TASK + other + said_)) == 1
    assert said_with_clients(RESTS + OPEN_TASK + other + said_ + " | excerpt=the acme site texts") == []


@pytest.mark.parametrize(
    ("read", "count"),
    [
        ({}, 1),
        ({"mail:message": "partial"}, 0),
        ({"mail:message": "stale"}, 0),
        ({"task": "partial"}, 0),
        ({"project": "stale"}, 0),
        ({"project": "partial"}, 0),
        ({"milestone": "partial"}, 0),
        ({"milestone": "stale"}, 0),
        ({"milestone": "missing"}, 0),
    ],
)
def test_where_movement_may_not_have_been_read_nothing_is_said(read: dict[str, Status], count: int) -> None:
    assert len(lines(STALE, RESTS + OPEN_TASK, read=read, also=("mail:message",))) == count


def test_a_source_that_keeps_no_milestones_is_judged() -> None:
    facts = facts_from(RESTS + OPEN_TASK)
    (item,) = run_rule(STALE, facts, morning_at("2026-11-19 07:00"))
    assert item.about.id == "p1"


def said_with_clients(text: str) -> list[Item]:
    """With messages and meetings read whole, and clients resolved."""
    return said(STALE, text, also=("mail:message", "diary:meeting"), named=True)
