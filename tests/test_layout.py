"""Lines of a fixed width."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from briefing import layout
from briefing.document import AdsTable
from tests.sample_briefing import ADS


@pytest.mark.parametrize(
    ("text", "cells"),
    [("", 0), ("abc", 3), ("äöü", 3), ("界", 2), ("ａ", 2), ("e\u0301", 1), ("…", 1), ("한글", 4), ("😀", 2)],
)
def test_cells(text: str, cells: int) -> None:
    assert layout.width(text) == cells == cell_len(text)


words = st.lists(st.text("abc界é", min_size=1, max_size=30), max_size=12)


@given(words, st.integers(2, 40), st.integers(0, 5))
def test_wrapped_lines_fit_and_lose_nothing(parts: list[str], columns: int, first: int) -> None:
    lines = layout.wrap(" ".join(parts), columns, first=min(first, columns - 2))
    assert all(layout.width(line) <= columns for line in lines)
    assert layout.width(lines[0]) <= columns - min(first, columns - 2)
    assert "".join(lines).replace(" ", "") == "".join(parts)


def test_a_percent_sign_stays_at_its_number() -> None:
    assert layout.wrap("a lead costs 19 % more", 15) == ["a lead costs", "19 % more"]


def test_a_number_too_long_for_a_line_leaves_no_space_behind() -> None:
    assert layout.wrap("123456789 % more", 10) == ["123456789", "% more"]


def test_short_sentences_are_not_broken() -> None:
    told = (
        "Earlier milestones had 5 to 9.",
        "Owner Janine, out until Monday.",
        "A sentence that is longer than forty cells is broken.",
    )
    assert layout.wrap_sentences(told, 50) == [
        "Earlier milestones had 5 to 9.", "Owner Janine, out until Monday. A sentence that is", "longer than forty cells is broken.",
    ]  # fmt: skip


def test_an_id_stands_at_the_right_of_the_last_line() -> None:
    assert layout.entry("one two three", "k7mp", 20) == ["one two three   k7mp"]
    assert layout.entry("one two three four", "k7mp", 20) == ["one two three", "four            k7mp"]
    assert layout.entry("one two", "", 20) == ["one two"]
    assert layout.entry("x" * 38, "k7mp", 20) == ["x" * 15, "x" * 15, "x" * 8 + "        k7mp"]


def test_a_heading_goes_on_below() -> None:
    assert layout.heading("Today", "5 meetings, 3 h", 16) == ["TODAY  5", "       meetings,", "       3 h"]
    assert layout.heading("Held", "", 16) == ["HELD"]
    assert layout.heading("Since Wednesday 07:00", "4 new", 30) == ["SINCE WEDNESDAY 07:00", "       4 new"]


@pytest.mark.parametrize("columns", [30, 60, 70, 76, 80, 100])
def test_the_table_of_accounts_fits(columns: int) -> None:
    lines = layout.ads_table(ADS, "Wednesday", "Tue", columns)
    assert all(layout.width(line) <= columns for line in lines)
    told = " ".join(" ".join(lines).split())
    for row in ADS.rows:
        for value in (row.cpl, row.cpl_usual, row.leads, row.leads_usual, row.day_before, row.week_before, row.median):
            assert value in told


def test_a_long_account_goes_on_below_its_name() -> None:
    row = replace(ADS.rows[0], account="Brightside Google Search Leads Northern Region")
    head, below, first, *more = layout.ads_table(AdsTable(rows=(row,)), "Wednesday", "Tue", 80)
    assert first.startswith(" worse Brightside")
    assert first.endswith("+19%     2")
    assert " ".join(line[7:28].strip() for line in (first, *more)) == row.account
    assert all(layout.width(line) <= 80 for line in (head, below, first, *more))
