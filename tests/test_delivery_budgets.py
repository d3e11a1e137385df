"""Mornings on which a budget that runs ahead of the work must be told, and on which it must not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from briefing.facts import Money, Project
from briefing.items import Item
from briefing.rules.view import Limits, Status
from briefing.testing import facts_from, morning_at, run_rule
from tests.delivery_mornings import ids, lines, said

BURN = "budget-burn"


def one(text: str, *, now: str = "2026-11-19 07:00", holidays: str = "") -> Item:
    (item,) = said(BURN, text, now=now, holidays=holidays)
    return item


def test_hours_over_with_work_left(table: str) -> None:
    """
    project | p1 | title=Acme site | party=Acme | manager=Janine | budget=36000 USD | hours_planned=100 | hours_used=118 | hours_left=23
    """
    item = one(table)
    assert item.headline == "Acme site: 118 % of its hours are used (118 of 100 h), 23 h still to do."
    assert item.line == "Acme site: 118 % of its hours used, 23 h still to do."
    assert item.body == ("Project fee $36,000.",)
    assert (item.stage, item.matter) == ("over", "budget")
    assert item.stake.amount == Money(amount=Decimal(14760), currency="USD"), "41 h over at $360"
    assert item.stake.kind == "estimate"
    assert item.measure == Decimal(118)


def test_money_over_is_a_fact(table: str) -> None:
    """
    project | p1 | title=Acme site | budget=50000 USD | used=59000 USD | hours_planned=100 | hours_used=70
    """
    item = one(table)
    assert item.headline == "Acme site: 118 % of its budget is used ($59,000 of $50,000)."
    assert item.body == ("Of its hours 70 % are used (70 of 100 h).",)
    assert item.stake.amount == Money(amount=Decimal(9000), currency="USD")
    assert item.stake.kind == "fact"


def test_an_amount_without_a_currency_is_no_amount() -> None:
    (project,) = facts_from("project | p1 | title=Acme site | hours_planned=100 | hours_used=118")
    assert isinstance(project, Project)
    budget, used = (Money(amount=Decimal(amount), currency="") for amount in (50000, 90000))
    (item,) = run_rule(BURN, [replace(project, budget=budget, used=used)], morning_at("2026-11-19 07:00"))
    assert item.headline == "Acme site: 118 % of its hours are used (118 of 100 h)."
    assert (item.body, item.stake.amount) == ((), None)


def test_what_is_over_with_nothing_open_is_asked_for_otherwise() -> None:
    text = "project | p1 | title=Acme site | hours_planned=100 | hours_used=118\ntask | t1 | project=p1 | title=Draw"
    assert one(text).ask == "more budget, less work, or leave it?"
    assert one(text + " | state=done").ask == "bill what is over or leave it?"


def test_on_course_to_be_over_with_the_day_it_runs_out(table: str) -> None:
    """
    project | p1 | title=Acme site | starts=2026-10-26 | due=2026-12-18 | hours_planned=100 | hours_used=72 | hours_left=58
    """
    item = one(table)
    assert item.headline == "Acme site: on course for 130 of its 100 h (72 used, 58 still to do)."
    (pace,) = item.body
    assert pace.startswith("At the pace since its start the hours are used up about Friday 27 November, 15 workdays")
    assert item.stage == "ahead"
    assert item.likelihood is not None


@pytest.mark.parametrize(
    ("now", "holidays", "day"),
    [
        ("2026-11-19 07:00", "", "Friday 27 November, 15 workdays"),
        ("2026-11-19 07:00", "2026-11-20", "Monday 30 November, 14 workdays"),
        ("2026-11-21 09:00", "", "Wednesday 2 December, 12 workdays"),
    ],
)
def test_the_day_it_runs_out_is_counted_in_workdays(now: str, holidays: str, day: str) -> None:
    """18 workdays made 72 hours, so 28 hours last 7 more, a holiday not counted; by Saturday 20 made them. The clocks
    went back the day before the start."""
    text = (
        "project | p1 | title=Acme site | starts=2026-10-26 | due=2026-12-18 | hours_planned=100 | hours_used=72"
        " | hours_left=58"
    )
    assert one(text, now=now, holidays=holidays).body == (
        f"At the pace since its start the hours are used up about {day} before the project's date.",
    )


@pytest.mark.parametrize("instead", ["due=2026-11-27", "due=2026-11-13", "starts=2026-11-16"])
def test_no_day_is_told_after_the_project_s_own_or_without_a_pace(instead: str) -> None:
    """The hours last as long as the project, it is past its date, or three days make no pace."""
    text = "project | p1 | title=Acme site | starts=2026-10-26 | hours_planned=100 | hours_used=72 | hours_left=58"
    text = text.replace("starts=2026-10-26", instead) if "starts" in instead else f"{text} | {instead}"
    assert one(text).body == ()


def test_tasks_tell_the_work_done_where_no_hours_are_counted(table: str) -> None:
    """
    project | p1 | title=Acme site | budget=50000 USD | used=40000 USD
    milestone | m1 | project=p1 | title=Build
    task | t1 | project=p1 | title=One   | state=done
    task | t2 | project=p1 | title=Two   | state=done
    task | t3 | milestone=m1 | title=Three
    task | t4 | project=p1 | title=Four
    task | t5 | project=p1 | title=Five
    task | t6 | project=p1 | title=Six   | state=cancelled
    """
    assert lines(BURN, table) == ["Acme site: 80 % of its budget is used ($40,000 of $50,000) with 2 of 5 tasks done."]
    assert lines(BURN, table, read={"task": "partial"}) == [], "a task that was not read may be done"
    assert lines(BURN, table.replace("used=40000", "used=30000")) == [], "60 % used and 40 % done is no distance"
    paused = table + "".join(f"\ntask | p{n} | project=p1 | title=Paused | state=paused" for n in range(2))
    assert lines(BURN, paused) == ["Acme site: 80 % of its budget is used ($40,000 of $50,000) with 2 of 7 tasks done."]
    assert lines(BURN, table.replace("=done", "=open")) == [], "a list without done tasks may not hold them"


def test_near_misses_of_budgets(table: str) -> None:
    """
    project | a1 | title=Nothing planned      | hours_used=400 | used=90000 USD
    project | a2 | title=Planned with nothing | hours_planned=0 | hours_used=400 | budget=0 USD | used=90000 USD
    project | a3 | title=Used is not known    | hours_planned=100 | budget=90000 USD
    project | a4 | title=Two currencies       | budget=50000 EUR | used=90000 USD
    project | a5 | title=A rounding over      | hours_planned=100 | hours_used=104
    project | a6 | title=An hour over         | hours_planned=10 | hours_used=11
    project | a7 | title=Ahead, and so is the work | hours_planned=100 | hours_used=90 | hours_left=10 | starts=2026-11-02 | due=2027-03-01
    project | a8 | title=A little more to do  | hours_planned=100 | hours_used=60 | hours_left=50
    project | a9 | title=Early                | hours_planned=100 | hours_used=40 | hours_left=100
    project | b1 | title=Paused      | hours_planned=100 | hours_used=150 | state=paused
    project | b2 | title=Complete    | hours_planned=100 | hours_used=150 | state=done
    project | b3 | title=Inactive    | hours_planned=100 | hours_used=150 | state=inactive
    project | b4 | title=Next spring | hours_planned=100 | hours_used=150 | starts=2026-11-20
    project | b5 | title=All of it exactly | hours_planned=100 | hours_used=100 | budget=50000 USD | used=50000 USD
    """
    assert lines(BURN, table) == []


def test_hours_that_nobody_planned_are_not_taken_for_none_left(table: str) -> None:
    """
    project | p1 | title=Acme site | hours_planned=100 | hours_used=90 | hours_left=0
    task | t1 | project=p1 | title=One   | state=done
    task | t2 | project=p1 | title=Two   | state=done
    task | t3 | project=p1 | title=Three
    task | t4 | project=p1 | title=Four
    task | t5 | project=p1 | title=Five
    """
    assert lines(BURN, table) == []
    unknown = table.replace(" | hours_left=0", "")
    assert lines(BURN, unknown) == [], "where hours are planned, tasks are no measure of the work"
    money = unknown.replace("hours_planned=100 | hours_used=90", "budget=50000 USD | used=45000 USD")
    assert lines(BURN, money) == ["Acme site: 90 % of its budget is used ($45,000 of $50,000) with 2 of 5 tasks done."]


@pytest.mark.parametrize(("kind", "status", "count"), [("project", "partial", 1), ("project", "stale", 0)])
def test_what_is_there_in_part_is_enough_and_what_is_old_is_not(kind: str, status: Status, count: int) -> None:
    text = "project | p1 | title=Acme site | hours_planned=100 | hours_used=118"
    assert len(lines(BURN, text, read={kind: status})) == count


def test_a_client_and_a_type_have_thresholds_of_their_own(table: str) -> None:
    """
    project | p1 | title=Site    | party=Acme | type=Website | hours_planned=100 | hours_used=112
    project | p2 | title=Ads     | party=Hollis | type=Ads   | hours_planned=100 | hours_used=112
    """
    plain = {"over": 0.05, "ahead": 0.15, "used": 0.5, "apart": 0.25, "hours": 2}
    assert ids(BURN, table) == ["p1", "p2"]
    assert ids(BURN, table, limits=Limits(defaults=plain, by_type={"Website": {"over": 0.2}})) == ["p2"]
    assert ids(BURN, table, limits=Limits(defaults=plain, by_client={"Hollis": {"over": 0.2}}), named=True) == ["p1"]
