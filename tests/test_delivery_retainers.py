"""Mornings on which a retainer's use must be told, and on which it must not.

November 2026 has 21 workdays from Monday to Friday; on the 19th 13 of them are gone and 8 are left.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from briefing.facts import Money, Retainer
from briefing.items import Item
from briefing.rules.view import Limits, Status
from briefing.testing import facts_from, morning_at, run_rule
from tests.delivery_mornings import ids, lines, said

OVER, UNUSED = "retainer-over", "retainer-unused"
MONTH = "retainer | r1 | title=Oakline retainer | party=Oakline | starts=2026-11-01 | ends=2026-11-30"
MORNING = morning_at("2026-11-19 07:00")
LAST_WEEK = "2026-11-25 07:00"


def one(rule: str, text: str, now: str = "2026-11-19 07:00") -> Item:
    (item,) = said(rule, text, now=now)
    return item


def test_a_period_that_is_over_with_its_days_left_and_its_overrun_at_stake() -> None:
    used = "hours=50 | hours_used=59 | hours_unapproved=6 | rollover=no | fee=6000 USD | manager=Priya"
    item = one(OVER, f"{MONTH} | {used}")
    assert item.headline == "Oakline retainer: 118 % of its hours used (59 of 50 h), 8 workdays left."
    assert item.line == "Oakline retainer: 118 % of its hours used, 8 workdays left."
    assert item.body == ("6 h are not yet approved.", "The period's fee is $6,000.")
    assert (item.stage, item.matter) == ("over", "retainer")
    assert item.stake.amount == Money(amount=Decimal(1080), currency="USD"), "9 h at $120"
    assert item.stake.kind == "estimate"


@pytest.mark.parametrize(
    ("use", "body"),
    [
        ("hours_used=39 | hours_unapproved=2 | rollover=no", None),
        ("hours_used=43 | hours_unapproved=2 | rollover=no", ("2 h are not yet approved.",)),
        ("hours_used=43 | hours_unapproved=1 | rollover=no", ("1 h is not yet approved.",)),
        ("hours_used=43 | hours_unapproved=0.03 | rollover=no", ()),
        ("hours_used=43 | rollover=yes", ("Hours carried over are not counted.",)),
        ("hours_used=43", ("Hours carried over are not counted.",)),
    ],
)
def test_hours_that_may_not_count_are_told_and_not_counted(use: str, body: tuple[str, ...] | None) -> None:
    """Whether the used hours hold those not yet approved, and whether something was carried over, nothing proves."""
    found = said(OVER, f"{MONTH} | hours=40 | {use}", now="2026-11-30 07:00")
    assert [item.body for item in found] == ([] if body is None else [body])
    assert all("108 % of its hours used (43 of 40 h)" in item.headline for item in found)


def test_what_may_be_carried_over_is_no_money_lost() -> None:
    text = f"{MONTH} | amount=5000 USD | amount_used=6200 USD"
    item = one(OVER, f"{text} | rollover=yes")
    assert item.body == ("Value carried over is not counted.",)
    assert item.stake.amount is None
    assert one(OVER, f"{text} | rollover=no").body == ()


def test_an_amount_without_a_currency_is_no_amount() -> None:
    (retainer,) = facts_from(f"{MONTH} | rollover=no | hours=50 | hours_used=59")
    assert isinstance(retainer, Retainer)
    bare = Money(amount=Decimal(5000), currency="")
    used = Money(amount=Decimal(5900), currency="")
    (item,) = run_rule(OVER, [replace(retainer, fee=bare)], MORNING)
    assert (item.body, item.stake.amount) == ((), None)
    money = replace(retainer, hours=None, amount=bare, amount_used=used)
    assert run_rule(OVER, [money], MORNING) == []


def test_value_that_is_over_is_a_fact() -> None:
    item = one(OVER, f"{MONTH} | amount=5000 USD | amount_used=6200 USD")
    assert item.headline == "Oakline retainer: 124 % of its budget used ($6,200 of $5,000), 8 workdays left."
    assert item.stake.amount == Money(amount=Decimal(1200), currency="USD")
    assert item.stake.kind == "fact"


def test_on_course_to_be_over() -> None:
    item = one(OVER, f"{MONTH} | hours=50 | hours_used=45 | fee=6000 USD")
    assert item.headline == "Oakline retainer: 45 of 50 h used with 62 % of the period gone, on course for 73 h."
    assert item.line == "Oakline retainer: 45 of 50 h used, on course for 73 h, 8 workdays left."
    assert item.stage == "on-course"
    assert item.likelihood is not None
    assert item.stake.kind == "estimate"


@pytest.mark.parametrize(
    ("now", "used", "told"),
    [
        ("2026-11-12 07:00", 30, False),
        ("2026-11-17 07:00", 30, False),
        ("2026-11-17 07:00", 37, True),
        ("2026-11-27 07:00", 44, False),
        ("2026-11-27 07:00", 49, True),
        ("2026-11-28 09:00", 48, False),
        ("2026-11-30 07:00", 53, True),
    ],
)
def test_a_pace_says_little_early_and_much_late(now: str, used: int, told: bool) -> None:
    """Before half-time nothing; at half-time a third beyond the allowance; two days before the end a tenth."""
    assert len(lines(OVER, f"{MONTH} | hours=50 | hours_used={used}", now=now)) == told


@pytest.mark.parametrize(
    ("now", "holidays", "zone", "left"),
    [
        ("2026-11-19 07:00", "", "Europe/Berlin", "8 workdays left"),
        ("2026-11-19 07:00", "2026-11-26 2026-11-27", "Europe/Berlin", "6 workdays left"),
        ("2026-11-30 07:00", "", "Europe/Berlin", "1 workday left"),
        ("2026-11-19 07:00", "", "Pacific/Auckland", "8 workdays left"),
    ],
)
def test_days_left_are_workdays_today_among_them(now: str, holidays: str, zone: str, left: str) -> None:
    (line,) = lines(OVER, f"{MONTH} | hours=50 | hours_used=59", now=now, holidays=holidays, zone=zone)
    assert line == f"Oakline retainer: 118 % of its hours used (59 of 50 h), {left}."


def test_a_period_that_ends_on_a_weekend_names_the_day() -> None:
    text = "retainer | r1 | title=Care plan | starts=2026-10-26 | ends=2026-11-22 | hours=50 | hours_used=59"
    (line,) = lines(OVER, text, now="2026-11-21 09:00")
    assert line == "Care plan: 118 % of its hours used (59 of 50 h), ends tomorrow."
    endless = "retainer | r1 | title=Care plan | hours=50 | hours_used=59"
    assert lines(OVER, endless) == ["Care plan: 118 % of its hours used (59 of 50 h)."]


def test_near_misses_of_retainers_over(table: str) -> None:
    """
    project  | p1 | title=Paused   | state=paused
    project  | p2 | title=Complete | state=done
    retainer | a1 | title=Unlimited         | starts=2026-11-01 | ends=2026-11-30 | hours_used=400
    retainer | a2 | title=Allows nothing    | starts=2026-11-01 | ends=2026-11-30 | hours_used=400 | hours=0
    retainer | a3 | title=Use is not known  | starts=2026-11-01 | ends=2026-11-30 | hours=50 | amount=5000 USD
    retainer | a4 | title=Two currencies    | starts=2026-11-01 | ends=2026-11-30 | amount=500 EUR | amount_used=900 USD
    retainer | a5 | title=Closed            | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=90 | state=closed
    retainer | a6 | title=Paused            | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=90 | state=paused
    retainer | a7 | title=Last month, left open | starts=2026-10-01 | ends=2026-10-31 | hours=50 | hours_used=90
    retainer | a8 | title=Next month        | starts=2026-12-01 | ends=2026-12-31 | hours=50 | hours_used=90
    retainer | a9 | title=Agreement is over | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=90 | agreement_ends=2026-11-18
    retainer | b1 | title=Half an hour more | starts=2026-11-01 | ends=2026-11-30 | hours=2  | hours_used=1.6
    retainer | b2 | title=In step           | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=33
    retainer | b3 | title=Its project rests | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=90 | project=p1
    retainer | b4 | title=Its project ended | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=90 | project=p2
    retainer | c1 | title=Two at once       | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=90 | agreement=7
    retainer | c2 | title=Two at once       | starts=2026-11-09 | ends=2026-12-08 | hours=50 | hours_used=5  | agreement=7
    """
    assert ids(OVER, table) == []


@pytest.mark.parametrize("rule", [OVER, UNUSED])
@pytest.mark.parametrize(("status", "count"), [("partial", 1), ("stale", 0)])
def test_what_is_there_in_part_is_enough_and_what_is_old_is_not(rule: str, status: Status, count: int) -> None:
    used = 90 if rule == OVER else 5
    text = f"{MONTH} | hours=50 | hours_used={used}"
    assert len(lines(rule, text, now=LAST_WEEK, read={"retainer": status})) == count


def test_a_retainer_of_a_project_is_part_of_its_story(table: str) -> None:
    """
    project  | p1 | title=Oakline care | type=Care
    retainer | r1 | title=Oakline retainer | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=56 | project=p1
    """
    item = one(OVER, table)
    assert item.root is not None
    assert item.root.id == "p1"
    settled = {"over": 0.05, "elapsed": 0.5, "margin": 0.7, "hours": 1}
    tolerant = {"Care": {"over": 0.2, "margin": 9}}
    assert lines(OVER, table, limits=Limits(defaults=settled, by_type=tolerant)) == []


def test_hours_that_are_far_from_used_near_the_end() -> None:
    item = one(
        UNUSED, f"{MONTH} | hours=50 | hours_used=15 | hours_unapproved=3 | rollover=no | fee=6000 USD", LAST_WEEK
    )
    assert item.headline == "Oakline retainer: 15 of 50 h used with 4 workdays left."
    assert item.line == "Oakline retainer: 70 % of its hours unused, 4 workdays left."
    assert item.body == (
        "3 h are not yet approved.",
        "What is left does not go over into the next period.",
        "The period's fee is $6,000.",
    )
    assert item.measure == Decimal(70)
    value = one(UNUSED, f"{MONTH} | amount=5000 USD | amount_used=1200 USD", LAST_WEEK)
    assert value.headline == "Oakline retainer: $1,200 of $5,000 used with 4 workdays left."


@pytest.mark.parametrize(
    ("now", "holidays", "told"),
    [
        ("2026-11-23 07:00", "", False),
        ("2026-11-24 07:00", "", True),
        ("2026-11-23 07:00", "2026-11-26", True),
        ("2026-11-30 07:00", "", True),
        ("2026-12-01 07:00", "", False),
    ],
)
def test_near_the_end_is_five_workdays(now: str, holidays: str, told: bool) -> None:
    assert len(lines(UNUSED, f"{MONTH} | hours=50 | hours_used=12", now=now, holidays=holidays)) == told


def test_near_misses_of_unused_retainers(table: str) -> None:
    """
    project  | p1 | title=Paused | state=paused
    retainer | a1 | title=Goes over         | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=5 | rollover=yes
    retainer | a2 | title=Mostly used       | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=26
    retainer | a3 | title=Waits for approval | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=10 | hours_unapproved=20
    retainer | a4 | title=Three hours       | starts=2026-11-01 | ends=2026-11-30 | hours=4  | hours_used=1
    retainer | a5 | title=Unlimited         | starts=2026-11-01 | ends=2026-11-30 | hours_used=1
    retainer | a6 | title=Closed            | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=5 | state=closed
    retainer | a7 | title=A week long, new  | starts=2026-11-25 | ends=2026-12-01 | hours=50 | hours_used=0
    retainer | a8 | title=Begin not known   | ends=2026-11-30 | hours=50 | hours_used=5
    retainer | a9 | title=Without an end    | starts=2026-11-01 | hours=50 | hours_used=5
    retainer | b1 | title=Its project rests | starts=2026-11-01 | ends=2026-11-30 | hours=50 | hours_used=5 | project=p1
    retainer | b2 | title=Use is not known  | starts=2026-11-01 | ends=2026-11-30 | hours=50
    """
    assert ids(UNUSED, table, now=LAST_WEEK) == []


def test_without_a_workday_left_there_is_nothing_to_decide() -> None:
    text = MONTH.replace("ends=2026-11-30", "ends=2026-11-29") + " | hours=50 | hours_used=12"
    assert len(lines(UNUSED, text, now="2026-11-27 07:00")) == 1
    assert lines(UNUSED, text, now="2026-11-28 09:00") == []
