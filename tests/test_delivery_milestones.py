"""Mornings on which a milestone that nobody has, or that is late, must be told, and on which it must not."""

from __future__ import annotations

import pytest

from briefing.items import Item
from briefing.rules.view import Limits, Status
from tests.delivery_mornings import ids, lines, said

UNASSIGNED, OVERDUE = "milestone-unassigned", "milestone-overdue"


def one(rule: str, text: str) -> Item:
    (item,) = said(rule, text)
    return item


# --- nobody assigned, no hours left ----------------------------------------------------------------------------------


def test_a_near_milestone_whose_open_tasks_have_nobody_is_told(table: str) -> None:
    """
    project   | p1 | title=Acme site | party=Acme | manager=Janine | budget=36000 USD
    milestone | m1 | project=p1 | title=Launch | due=2026-11-24
    task      | t1 | project=p1 | milestone=m1 | title=Check
    task      | t2 | project=p1 | milestone=m1 | title=Publish
    task      | t3 | project=p1 | milestone=m1 | title=Draw | state=done | assignee=Tom
    """
    item = one(UNASSIGNED, table)
    assert item.headline == "Acme site: Launch is 3 workdays out (Tuesday) with 2 open tasks and nobody assigned."
    assert item.line == "Acme site: Launch due Tuesday, 2 open tasks, nobody assigned."
    assert item.body == ("Project fee $36,000.",)
    assert (item.stage, item.matter, item.looked_in) == ("unassigned", "milestone", ("Test",))
    assert [ref.id for ref in item.tells] == ["t1", "t2"]
    assert item.owner is not None
    assert item.owner.name == "Janine"


def test_whoever_has_left_is_nobody(table: str) -> None:
    """
    staff     | s1 | person=Tom Vale <tom@agency.example> | active=no
    staff     | s2 | person=Ann Lee  | active=yes
    staff     | s3 | person=Cid Ray  | active=no
    staff     | s4 | person=Cid Ray <cid@agency.example> | active=yes
    project   | p1 | title=Acme site
    milestone | m1 | project=p1 | title=Launch | due=2026-11-24
    task      | t1 | project=p1 | milestone=m1 | title=Publish | assignee=Tom <tom@agency.example>
    milestone | m2 | project=p1 | title=Build  | due=2026-11-24
    task      | t2 | project=p1 | milestone=m2 | title=Publish | assignee=Ann Lee
    milestone | m3 | project=p1 | title=Design | due=2026-11-24
    task      | t3 | project=p1 | milestone=m3 | title=Publish | assignee=Cid Ray
    """
    item = one(UNASSIGNED, table)
    assert item.headline == "Acme site: Launch is 3 workdays out (Tuesday) with 1 open task and nobody active assigned."
    assert item.body == ("Tom is no longer active.",)


def test_near_misses_of_milestones_without_anybody(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | a1 | project=p1 | title=One of two has somebody  | due=2026-11-24
    task      | t1 | project=p1 | milestone=a1 | title=Draw
    task      | t2 | project=p1 | milestone=a1 | title=Write | assignee=Tom
    milestone | a2 | project=p1 | title=All done: another rule   | due=2026-11-24
    task      | t3 | project=p1 | milestone=a2 | title=Draw | state=done
    milestone | a3 | project=p1 | title=No tasks: another rule   | due=2026-11-24
    milestone | a4 | project=p1 | title=Six days out             | due=2026-11-25
    task      | t4 | project=p1 | milestone=a4 | title=Draw
    milestone | a5 | project=p1 | title=Past: another rule       | due=2026-11-18
    task      | t5 | project=p1 | milestone=a5 | title=Draw
    milestone | a6 | project=p1 | title=Paused                   | due=2026-11-24 | state=paused
    task      | t6 | project=p1 | milestone=a6 | title=Draw
    milestone | a7 | project=p1 | title=Complete                 | due=2026-11-24 | state=done
    task      | t7 | project=p1 | milestone=a7 | title=Draw
    milestone | a8 | project=p1 | title=Begins tomorrow          | due=2026-11-24 | starts=2026-11-20
    task      | t8 | project=p1 | milestone=a8 | title=Draw
    milestone | a9 | project=p1 | title=Tasks on the project only | due=2026-11-24
    task      | t9 | project=p1 | title=Draw
    milestone | b1 | project=p1 | title=Paused parent            | state=paused
    milestone | b2 | project=p1 | title=Below it                 | parent=b1 | due=2026-11-24
    task      | u1 | project=p1 | milestone=b2 | title=Draw
    milestone | b3 | project=p1 | title=Its task is paused       | due=2026-11-24
    task      | u2 | project=p1 | milestone=b3 | title=Draw | state=paused
    milestone | b4 | project=p1 | title=Only a stopped part has an open task | due=2026-11-24
    milestone | b5 | project=p1 | title=Stopped part             | parent=b4 | state=done
    task      | u3 | project=p1 | milestone=b5 | title=Draw
    project   | p2 | title=Paused      | state=paused
    project   | p3 | title=Complete    | state=done
    project   | p4 | title=Inactive    | state=inactive
    project   | p5 | title=Next spring | starts=2026-11-20
    milestone | c2 | project=p2 | title=Launch | due=2026-11-24
    milestone | c3 | project=p3 | title=Launch | due=2026-11-24
    milestone | c4 | project=p4 | title=Launch | due=2026-11-24
    milestone | c5 | project=p5 | title=Launch | due=2026-11-24
    milestone | c9 | project=p9 | title=Project not read | due=2026-11-24
    task      | v2 | project=p2 | milestone=c2 | title=Draw
    task      | v3 | project=p3 | milestone=c3 | title=Draw
    task      | v4 | project=p4 | milestone=c4 | title=Draw
    task      | v5 | project=p5 | milestone=c5 | title=Draw
    task      | v9 | project=p9 | milestone=c9 | title=Draw
    """
    assert lines(UNASSIGNED, table) == []


LAUNCH = """
project   | p1 | title=Acme site | party=Acme | type=Website
milestone | m1 | project=p1 | title=Launch | due=2026-11-24
task      | t1 | project=p1 | milestone=m1 | title=Publish
task      | t2 | project=p1 | title=Elsewhere | assignee=Tom
"""


def test_a_source_that_assigns_no_task_at_all_says_nothing_of_it() -> None:
    assert len(lines(UNASSIGNED, LAUNCH)) == 1
    assert lines(UNASSIGNED, LAUNCH.replace(" | assignee=Tom", "")) == []


@pytest.mark.parametrize(("kind", "status"), [("task", "partial"), ("task", "stale"), ("milestone", "stale")])
def test_lists_that_may_lack_a_task_or_are_old_give_no_sentence(kind: str, status: Status) -> None:
    assert lines(UNASSIGNED, LAUNCH, read={kind: status}) == []


def test_where_milestones_were_skipped_somebody_may_be_below_this_one() -> None:
    text = LAUNCH + "task | t9 | project=p1 | milestone=skipped | title=Draw | assignee=Ann"
    assert lines(UNASSIGNED, text, read={"milestone": "partial"}) == []
    assert len(lines(UNASSIGNED, LAUNCH, read={"milestone": "partial"})) == 1


def test_of_a_container_and_what_lies_in_it_the_deepest_speaks(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | c1 | project=p1 | title=Phase two | due=2026-11-24
    milestone | c2 | project=p1 | title=Launch    | due=2026-11-23 | parent=c1
    task      | t1 | project=p1 | milestone=c2 | title=Publish
    milestone | d1 | project=p1 | title=Phase three | due=2026-11-24
    milestone | d2 | project=p1 | title=Later part  | parent=d1
    task      | t2 | project=p1 | milestone=d2 | title=Publish
    task      | t3 | project=p1 | title=Elsewhere | assignee=Tom
    """
    assert ids(UNASSIGNED, table) == ["c2", "d1"]


@pytest.mark.parametrize(
    ("now", "zone", "days"),
    [
        ("2026-11-18 23:30", "Europe/Berlin", 6),
        ("2026-11-19 00:30", "Europe/Berlin", 5),
        ("2026-11-19 07:00", "Pacific/Auckland", 5),
        ("2026-10-25 07:00", "Europe/Berlin", 30),
    ],
)
def test_days_are_dates_in_the_morning_s_own_zone_and_a_setting(now: str, zone: str, days: int) -> None:
    """The last one: clocks went back in the night."""
    assert len(lines(UNASSIGNED, LAUNCH, now=now, zone=zone, days=days)) == 1
    assert lines(UNASSIGNED, LAUNCH, now=now, zone=zone, days=days - 1) == []


@pytest.mark.parametrize(
    "limits",
    [
        Limits(defaults={"days": 5}, by_client={"Acme": {"days": 2}}),
        Limits(defaults={"days": 5}, by_type={"Website": {"days": 2}}),
    ],
)
def test_a_client_and_a_type_of_project_have_thresholds_of_their_own(limits: Limits) -> None:
    assert lines(UNASSIGNED, LAUNCH, limits=limits, named=True) == []
    elsewhere = LAUNCH.replace("party=Acme | type=Website", "party=Hollis | type=Ads")
    assert len(lines(UNASSIGNED, elsewhere, limits=limits, named=True)) == 1


def test_no_hours_left_is_told_where_hours_are_planned(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | m1 | project=p1 | title=Launch | due=2026-11-23
    task      | t1 | project=p1 | milestone=m1 | title=Publish | assignee=Tom | remaining=0
    task      | t2 | project=p1 | milestone=m1 | title=Check   | assignee=Ann | remaining=0
    milestone | m2 | project=p1 | title=Build  | due=2026-11-23
    task      | t3 | project=p1 | milestone=m2 | title=Draw    | assignee=Ann | remaining=0
    task      | t4 | project=p1 | milestone=m2 | title=Write   | assignee=Ann | remaining=2
    milestone | m3 | project=p1 | title=Text   | due=2026-11-23
    task      | t5 | project=p1 | milestone=m3 | title=Not known | assignee=Ann
    task      | t6 | project=p1 | milestone=m3 | title=Write   | assignee=Ann | remaining=4
    """
    item = one(UNASSIGNED, table)
    assert item.headline == (
        "Acme site: Launch is 2 workdays out (Monday) with 2 open tasks and no hours left on them."
    )
    assert item.stage == "no-hours"
    unplanned = table.replace("remaining=4", "remaining=0")
    assert lines(UNASSIGNED, unplanned) == []


# --- past its date ---------------------------------------------------------------------------------------------------


def test_a_late_milestone_says_what_is_open_and_what_it_holds_up(table: str) -> None:
    """
    project   | p1 | title=Acme site | party=Acme | manager=Janine | budget=36000 USD
    milestone | m1 | project=p1 | title=Build   | due=2026-11-16 | starts=2026-11-02
    milestone | m2 | project=p1 | title=Launch  | due=2026-11-24 | starts=2026-11-17
    milestone | m3 | project=p1 | title=Overlaps by plan | due=2026-11-24 | starts=2026-11-09
    milestone | m4 | project=p1 | title=Later   | due=2026-12-24 | starts=2026-11-23
    milestone | m5 | project=p1 | title=Stopped | due=2026-12-24 | starts=2026-11-17 | state=paused
    task      | t1 | project=p1 | milestone=m1 | title=Write
    task      | t2 | project=p1 | milestone=m1 | title=Draw | state=done
    """
    item = one(OVERDUE, table)
    assert item.headline == "Acme site: Build was due Monday, 3 workdays ago; 1 task is open."
    assert item.line == "Acme site: Build was due Monday, 1 open task."
    assert item.body == ("A later milestone, Launch, was planned from Tuesday.", "Project fee $36,000.")
    assert item.stage == "overdue"
    assert item.measure == 1
    assert item.likelihood is None
    assert [ref.id for ref in item.tells] == ["t1"]


@pytest.mark.parametrize(
    ("tasks", "words", "weight"),
    [
        ("", "no task is open on it", "0.2"),
        ("task | t1 | project=p1 | milestone=m1 | title=Write | state=done", "its tasks are all done", "0.05"),
        ("task | t1 | project=p1 | milestone=m1 | title=Write | state=paused", "no task is open on it", "0.2"),
        ("task | t1 | project=p1 | title=On the project only", "no task is open on it", "0.2"),
        ("task | t1 | milestone=m1 | title=Names no project", "1 task is open", "0.2"),
        ("milestone | c | project=p1 | parent=m1 | title=Part | state=done", "no task is open on it", "0.05"),
        ("milestone | c | project=p1 | parent=m1 | title=Part", "no task is open on it", "0.2"),
    ],
)
def test_what_is_left_in_a_late_milestone(tasks: str, words: str, weight: str) -> None:
    item = one(
        OVERDUE, f"project | p1 | title=Acme site\nmilestone | m1 | project=p1 | title=Build | due=2026-11-16\n{tasks}"
    )
    assert item.headline == f"Acme site: Build was due Monday, 3 workdays ago; {words}."
    assert item.likelihood is not None
    assert str(item.likelihood.value) == weight


def test_of_a_task_that_is_open_on_a_stopped_part_nothing_is_said() -> None:
    text = BUILD.format(due="2026-11-16") + "\nmilestone | c | project=p1 | parent=m1 | title=Part | state=paused"
    assert lines(OVERDUE, text) == ["Acme site: Build was due Monday, 3 workdays ago; no task is open on it."]
    task = "\ntask | t1 | project=p1 | milestone=c | title=Write"
    assert lines(OVERDUE, text + task) == ["Acme site: Build was due Monday, 3 workdays ago."]


BUILD = "project | p1 | title=Acme site\nmilestone | m1 | project=p1 | title=Build | due={due}"


@pytest.mark.parametrize(
    ("now", "due", "holidays", "words"),
    [
        ("2026-11-19 07:00", "2026-11-18", "", "was due yesterday"),
        ("2026-11-19 07:00", "2026-11-19", "", ""),
        ("2026-11-23 07:00", "2026-11-20", "", "was due Friday, 1 workday ago"),
        ("2026-11-23 07:00", "2026-11-21", "", "was due Saturday, 1 workday ago"),
        ("2026-11-21 07:00", "2026-11-20", "", ""),
        ("2026-11-20 07:00", "2026-11-19", "2026-11-20", ""),
        ("2026-11-23 07:00", "2026-11-19", "2026-11-20", "was due Thursday, 1 workday ago"),
        ("2026-10-26 07:00", "2026-10-23", "", "was due Friday, 1 workday ago"),
    ],
)
def test_late_is_told_from_the_first_workday_after_the_date_on(now: str, due: str, holidays: str, words: str) -> None:
    """On the day itself, on a weekend and on a holiday after it nobody could have finished it since. In the last case
    the clocks went back."""
    found = lines(OVERDUE, BUILD.format(due=due), now=now, holidays=holidays)
    assert found == ([f"Acme site: Build {words}; no task is open on it."] if words else [])


def test_the_date_is_that_of_the_morning_s_own_zone() -> None:
    text = BUILD.format(due="2026-11-18")
    assert lines(OVERDUE, text, now="2026-11-19 00:10", zone="Pacific/Auckland") != []
    assert lines(OVERDUE, text, now="2026-11-18 23:50", zone="Pacific/Honolulu") == []


def test_near_misses_of_late_milestones(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | m1 | project=p1 | title=Complete        | due=2026-11-10 | state=done
    milestone | m2 | project=p1 | title=Paused          | due=2026-11-10 | state=paused
    milestone | m3 | project=p1 | title=Cancelled       | due=2026-11-10 | state=cancelled
    milestone | m4 | project=p1 | title=Without a date
    milestone | m5 | project=p1 | title=Paused parent   | state=paused
    milestone | m6 | project=p1 | title=Below it        | due=2026-11-10 | parent=m5
    milestone | m7 | project=p1 | title=Begins tomorrow | due=2026-11-10 | starts=2026-11-20
    project   | p2 | title=Paused      | state=paused
    project   | p3 | title=Complete    | state=done
    project   | p4 | title=Inactive    | state=inactive
    project   | p5 | title=Next spring | starts=2026-11-20
    milestone | n2 | project=p2 | title=Launch | due=2026-11-10
    milestone | n3 | project=p3 | title=Launch | due=2026-11-10
    milestone | n4 | project=p4 | title=Launch | due=2026-11-10
    milestone | n5 | project=p5 | title=Launch | due=2026-11-10
    milestone | n9 | project=p9 | title=Project not read | due=2026-11-10
    """
    assert lines(OVERDUE, table) == []


def test_a_late_container_speaks_where_nothing_in_it_is_late(table: str) -> None:
    """
    project   | p1 | title=Acme site
    milestone | c1 | project=p1 | title=Phase one | due=2026-11-13
    milestone | c2 | project=p1 | title=Design    | due=2026-11-12 | parent=c1
    milestone | d1 | project=p1 | title=Phase two | due=2026-11-13
    milestone | d2 | project=p1 | title=Build     | due=2026-12-12 | parent=d1
    task      | t1 | project=p1 | milestone=d2 | title=Write
    """
    assert lines(OVERDUE, table) == [
        "Acme site: Design was due 12 November, 5 workdays ago; no task is open on it.",
        "Acme site: Phase two was due Friday, 4 workdays ago; 1 task is open.",
    ]


@pytest.mark.parametrize(
    ("read", "said_of_tasks"),
    [
        ({"task": "partial"}, ""),
        ({"task": "stale"}, ""),
        ({"milestone": "partial"}, "; 1 task is open"),
        ({"milestone": "stale"}, None),
        ({"project": "stale"}, None),
    ],
)
def test_what_was_not_read_whole_is_not_said(read: dict[str, Status], said_of_tasks: str | None) -> None:
    text = BUILD.format(due="2026-11-18") + "\ntask | t1 | project=p1 | milestone=m1 | title=Write"
    found = lines(OVERDUE, text, read=read)
    assert found == ([] if said_of_tasks is None else [f"Acme site: Build was due yesterday{said_of_tasks}."])
