"""Mornings on which a number must be told as off or late, and on which it must not."""

from __future__ import annotations

import random
from typing import Any

import pytest

from briefing.document import ScorecardTable
from briefing.items import Item
from briefing.rules.scorecard import scorecard_table
from briefing.rules.view import facts_of
from briefing.testing import facts_from, morning_at, readings_for, run_rule

THURSDAY = morning_at("2026-11-19 07:00")


def off(text: str, now: Any = THURSDAY) -> list[Item]:
    return run_rule("measure-off-target", text, now)


def late(text: str, now: Any = THURSDAY) -> list[Item]:
    return run_rule("measure-late", text, now)


def table_of(text: str, status: str = "whole") -> ScorecardTable:
    facts = facts_from(text)
    return scorecard_table(facts_of(facts, readings=readings_for(facts, status=status)), THURSDAY)


def series(values: str, fields: str, name: str = "Calls") -> str:
    """Rows from `11-06=27 11-13=31`."""
    rows = []
    for number, pair in enumerate(values.split()):
        day, _, value = pair.partition("=")
        rows.append(
            f"measure | {name}{number} | name={name} | at=2026-{day} | {fields}{f' | value={value}' if value else ''}"
        )
    return "\n".join(rows)


WEEKLY = "every=week | target=30 | unit=%"


def test_a_number_off_target_for_the_second_week(table: str) -> None:
    """
    measure | 1 | name=appointments kept | seat=call centre | owner=Renee | unit=% | target=30 | every=week | at=2026-10-30 | value=31
    measure | 2 | name=appointments kept | seat=call centre | owner=Renee | unit=% | target=30 | every=week | at=2026-11-06 | value=29
    measure | 3 | name=appointments kept | seat=call centre | owner=Renee | unit=% | target=30 | every=week | at=2026-11-13 | value=27
    """
    (item,) = off(table)
    assert item.headline == "Appointments kept: 27 %, target 30 %, second week."
    assert item.body == ("Week to Friday 13 November.", "Call centre.")
    assert item.about.id == "appointments kept"
    assert item.client == ""
    assert item.measure == 10
    assert table_of(table) == ScorecardTable(
        title="0 of 1 on target.", off=("appointments kept 27 %, target 30 %, second week (call centre, Renee)",)
    )


@pytest.mark.parametrize(
    ("values", "fields", "words"),
    [
        ("11-13=27", WEEKLY, "27 %, target 30 %, first week"),
        ("10-30=20 11-06=20 11-13=20", WEEKLY, "20 %, target 30 %, third week"),
        ("10-23=20 11-06=20 11-13=20", WEEKLY, "20 %, target 30 %, second week"),
        ("10-30=20 11-06=31 11-13=20", WEEKLY, "20 %, target 30 %, first week"),
        ("10-30=20 11-06 11-13=20", WEEKLY, "20 %, target 30 %, first week"),
        (
            "11-13=31 11-17=52 11-18=52",
            "every=day | target=40 | direction=at_most",
            "52, target at most 40, second day",
        ),
        ("11-13=52 11-16=52", "every=day | target=40 | direction=at_most", ""),
        ("11-17=52 11-18=40", "every=day | target=40 | direction=at_most", ""),
        ("11-13=30", WEEKLY, ""),
        ("11-06=27 11-13=30", WEEKLY, ""),
        ("11-06=31 11-20=27", WEEKLY, ""),
        ("11-13=27", "every=week", ""),
        ("08-31=7 09-30=7 10-31=7", "every=month | target=8.5", "7, target 8.5, third month"),
        ("10-01=9 11-01=2", "every=month | target=8.5", ""),
        ("10-01=2 11-01=9", "every=month | target=8.5", "2, target 8.5, first month"),
        ("11-13=29.999", WEEKLY, "29.999 %, target 30 %, first week"),
        ("11-13=27.34567", WEEKLY, "27.35 %, target 30 %, first week"),
        ("11-13=80000", "every=week | target=90000 | unit=USD", "$80,000, target $90,000, first week"),
        ("10-23=2 10-30=2 11-06=2 11-13=2", "target=3", "2, target 3, fourth week"),
        ("10-30=2 11-16=2", "target=3", "2, target 3, second time"),
        ("06-30=2", "target=3", ""),
        ("11-13=2 11-13=40", WEEKLY, ""),
    ],
)
def test_off_target(values: str, fields: str, words: str) -> None:
    assert [item.headline for item in off(series(values, fields))] == ([f"Calls: {words}."] if words else [])


@pytest.mark.parametrize(
    ("values", "fields", "words"),
    [
        ("11-09=12", "every=week", "Monday 9 November, weekly"),
        ("11-16=12", "every=day", "Monday 16 November, daily"),
        ("11-17=12", "every=day", ""),
        ("11-12=12", "every=week", ""),
        ("11-13=12", "every=week", ""),
        ("11-06=12", "every=week", "Friday 6 November, weekly"),
        ("11-06=12 11-13", "every=week", "Friday 6 November, weekly"),
        ("09-30=12", "every=month", "Wednesday 30 September, monthly"),
        ("10-31=12", "every=month", ""),
        ("09-01=12 10-01=12", "every=month", ""),
        ("08-01=12 09-01=12", "every=month", "Tuesday 1 September, monthly"),
        ("10-12=1 10-13=1 10-14=1 10-15=1 10-16=1 10-19=1", "target=1", "Monday 19 October, daily"),
        ("10-16=1 10-23=1 10-30=1 11-06=1", "target=1", "Friday 6 November, weekly"),
        ("10-16=1 10-23=1 10-30=1", "target=1", ""),
        ("09-03=1 09-20=1 10-02=1 10-30=1", "target=1", ""),
        ("", "every=week", ""),
    ],
)
def test_late(values: str, fields: str, words: str) -> None:
    assert [item.headline for item in late(series(values, fields))] == (
        [f"Calls: last number {words}."] if words else []
    )


def test_friday_s_number_is_not_late_on_monday_nor_after_a_holiday() -> None:
    from datetime import date

    text = series("11-20=12", "every=day")
    assert late(text, morning_at("2026-11-23 07:00")) == []
    assert late(text, morning_at("2026-11-24 07:00")) == []
    assert len(late(text, morning_at("2026-11-25 07:00"))) == 1
    free = frozenset({date(2026, 11, 24)})
    assert late(text, morning_at("2026-11-25 07:00", holidays=free)) == []


def test_a_late_number_is_not_also_off_target(table: str) -> None:
    """
    measure | 1 | name=cold replies | owner=Marco | target=12 | every=week | at=2026-11-06 | value=9
    """
    assert off(table) == []
    (item,) = late(table)
    assert item.headline == "Cold replies: last number Friday 6 November, weekly."
    assert item.body == ("It was 9, target 12.", "Nothing later in test.")
    assert item.looked_in == ("test",)


def test_the_table_counts_what_it_knows(table: str) -> None:
    """
    measure | 1 | name=a | target=10 | every=week | at=2026-11-13 | value=10
    measure | 2 | name=b | target=10 | every=week | at=2026-11-13 | value=11
    measure | 3 | name=c | target=10 | every=week | at=2026-11-13 | value=9
    measure | 4 | name=d | target=10 | every=week | at=2026-11-06 | value=9 | seat=outreach | owner=Marco
    measure | 5 | name=e | every=week | at=2026-11-13 | value=9
    measure | 6 | name=a | target=10 | every=week | at=2026-11-13 | value=8 | source=other
    """
    found = table_of(table)
    assert found.title == "2 of 5 on target."
    assert found.off == ("a 8, target 10, first week", "c 9, target 10, first week")
    assert found.late == ("d: last number Friday 6 November, weekly (outreach, Marco)",)
    assert table_of(table, status="partial").late == ()
    assert table_of(table, status="partial").title == "2 of 4 on target."
    assert table_of("") == ScorecardTable()


def test_an_incomplete_scorecard_says_nothing_about_late_numbers() -> None:
    from briefing.rules import load_all
    from briefing.rules.engine import run
    from briefing.rules.view import Limits

    facts = facts_from(series("11-06=12", "every=week"))
    view = facts_of(facts, readings=readings_for(facts, status="partial"))
    assert run(load_all()["measure-late"], view, THURSDAY, Limits()).items == ()


def test_one_name_in_two_seats_is_two_measures(table: str) -> None:
    """
    measure | 1 | name=Calls | seat=North | target=10 | every=week | at=2026-11-13 | value=9
    measure | 2 | name=Calls | seat=South | target=10 | every=week | at=2026-11-13 | value=8
    """
    assert [item.about.id for item in off(table)] == ["calls/north", "calls/south"]


def test_of_two_values_for_one_day_the_lower_row_counts(table: str) -> None:
    """
    measure | 1 | name=Calls | target=10 | every=week | at=2026-11-13 | value=9 | where=card.csv:10
    measure | 2 | name=Calls | target=10 | every=week | at=2026-11-13 | value=8 | where=card.csv:9
    """
    assert [item.headline for item in off(table)] == ["Calls: 9, target 10, first week."]


def test_the_order_of_rows_changes_nothing() -> None:
    days = " ".join(f"10-{day:02}={day % 5}" for day in range(1, 31))
    rows = [row for name in "ABCDE" for row in series(days, "every=day | target=3", name).splitlines()]
    before = off("\n".join(rows)) + late("\n".join(rows))
    assert before
    random.Random(5).shuffle(rows)
    assert off("\n".join(rows)) + late("\n".join(rows)) == before
