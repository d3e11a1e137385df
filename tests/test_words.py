"""Numbers, dates and plurals as the briefing writes them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing import words
from briefing.facts import Money

THURSDAY = date(2026, 11, 19)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("2026-11-19", "today"),
        ("2026-11-20", "tomorrow"),
        ("2026-11-18", "yesterday"),
        ("2026-11-24", "Tuesday"),
        ("2026-11-25", "Wednesday"),
        ("2026-11-26", "26 November"),
        ("2026-11-13", "Friday"),
        ("2026-11-12", "12 November"),
        ("2027-01-04", "4 January 2027"),
    ],
)
def test_a_date_as_people_say_it(when: str, text: str) -> None:
    assert words.day(date.fromisoformat(when), THURSDAY) == text


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(-300, 300), st.integers(-300, 300))
def test_two_dates_on_one_side_of_today_never_read_the_same(today: date, one: int, other: int) -> None:
    if one != other and (one < 0) == (other < 0):
        told = [words.day(today + timedelta(days=distance), today) for distance in (one, other)]
        assert told[0] != told[1]


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("48000", "USD", "$48,000"),
        ("48000.40", "USD", "$48,000"),
        ("8.4", "USD", "$8.40"),
        ("900", "CHF", "CHF 900"),
        ("1234.5", "EUR", "€1,235"),
        ("-12.5", "GBP", "-£12.50"),
        ("-0.2", "JPY", "¥0"),
        ("999.995", "USD", "$1,000.00"),
        ("-900", "CHF", "-CHF 900"),
        ("5", "", "5"),
        ("-5", "", "-5"),
    ],
)
def test_money(amount: str, currency: str, text: str) -> None:
    assert words.money(Money(amount=Decimal(amount), currency=currency)) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("27", "%", "27 %"),
        ("27.34567", "%", "27.35 %"),
        ("127.34567", "", "127.3"),
        ("1176.4", "", "1,176"),
        ("0.00412", "", "0.0041"),
        ("0", "h", "0 h"),
        ("4.50", "h", "4.5 h"),
        ("1200", "USD", "$1,200"),
        ("-3.25", "", "-3.25"),
        ("1E+3", "", "1,000"),
    ],
)
def test_a_value_with_its_unit(value: str, unit: str, text: str) -> None:
    assert words.measured(Decimal(value), unit) == text


def test_ordinals() -> None:
    told = [words.ordinal(n) for n in (1, 2, 10, 11, 12, 13, 21, 22, 23, 24, 111, 113, 121)]
    assert told == [
        "first", "second", "tenth", "11th", "12th", "13th", "21st", "22nd", "23rd", "24th", "111th", "113th", "121st",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "down", "text"),
    [("268.8", False, "270"), ("158.9", True, "150"), ("9.99", False, "10"), ("0.4", False, "0"), ("0", True, "0")],
)
def test_two_digits(value: str, down: bool, text: str) -> None:
    assert words.number(words.two_digits(Decimal(value), down=down)) == text


@given(st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=2))
def test_a_lower_bound_is_never_rounded_up(value: Decimal) -> None:
    assert words.two_digits(value, down=True) <= value


def test_plurals_lists_and_spans() -> None:
    assert [words.count(n, "task") for n in (0, 1, 2, 1204)] == ["0 tasks", "1 task", "2 tasks", "1,204 tasks"]
    assert words.count(2, "inbox", "inboxes") == "2 inboxes"
    assert [words.listed(names) for names in ([], ["A"], ["A", "B"], ["A", "B", "C"])] == [
        "",
        "A",
        "A and B",
        "A, B and C",
    ]
    assert words.some(["A", "B", "C", "D"], 2) == "A, B and 2 more"
    assert [words.workdays(n) for n in (0, 1, 3)] == ["0 workdays", "1 workday", "3 workdays"]
    assert [words.hours(timedelta(minutes=m)) for m in (45, 60, 210, 59.7)] == ["45 min", "1 h", "3 h 30 min", "1 h"]
    assert [words.age(timedelta(minutes=m)) for m in (5, 89, 90, 47 * 60, 72 * 60)] == [
        "5 min", "89 min", "2 h", "47 h", "3 days",
    ]  # fmt: skip
    assert [words.percent(Decimal(share)) for share in ("0.19", "-0.085", "1.284")] == ["19 %", "9 %", "128 %"]


@pytest.mark.parametrize(("number", "text"), [(1, "once"), (2, "twice"), (3, "3 times"), (1200, "1,200 times")])
def test_how_often(number: int, text: str) -> None:
    assert words.times(number) == text
