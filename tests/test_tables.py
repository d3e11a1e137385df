"""Tables as people export them: what is read, what costs a row, what is asked, and what is refused with a cure."""

from __future__ import annotations

import gzip
import random
import time
import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from briefing.connector import Ignored, Skipped
from briefing.errors import FileProblem
from briefing.facts import Deal, Money, Person
from briefing.reading.cells import BadCell, Row, people_of, plain
from briefing.reading.currencies import currency_of, heading_parts
from briefing.reading.dates import DateColumn, month_and_day, period, stamp
from briefing.reading.forms import Form, column, match
from briefing.reading.numbers import NumberColumn, number, target_of
from briefing.reading.rows import MAX_CELL, MAX_LINE
from briefing.reading.table_settings import TableSettings
from briefing.reading.tables import Table, facts, natural_key, open_table
from briefing.reading.text import folded

ZONE = ZoneInfo("Europe/Berlin")
FORM = Form(
    name="things",
    key="name",
    needs=(("name",), ("amount", "size")),
    fields=(
        column("name", "text", "name, thing"),
        column("id", "text", "id"),
        column("owner", "text", "owner", loose="person"),
        column("due", "date", "due, due date"),
        column("seen", "moment", "seen"),
        column("done", "done", "done"),
        column("amount", "money", "amount", loose="value"),
        column("currency", "text", "currency"),
        column("size", "count", "size"),
        column("hours", "number", "hours", units="h min"),
        column("chance", "share", "chance"),
    ),
)


def opened(path: Path, data: str | bytes, **settings: object) -> Table:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    known = {"source": "things", "path": str(path), **settings}
    return open_table(TableSettings(**known).checked(FORM), FORM, ZONE)  # type: ignore[arg-type]


def rows_of(table: Table) -> list[Row]:
    return [row for row in table.rows() if isinstance(row, Row)]


def refused(path: Path, data: str | bytes, **settings: object) -> tuple[str, str]:
    with pytest.raises(FileProblem) as problem:
        list(opened(path, data, **settings).rows())
    assert "\n" not in str(problem.value)
    return str(problem.value), problem.value.advice


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "things.csv"


# --- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("1234", "1234", "1234"),
        ("1,234.56", "1234.56", None),
        ("1.234,56", None, "1234.56"),
        ("1 234,56", None, "1234.56"),
        ("1\u202f234,56", None, "1234.56"),
        ("1'234.56", "1234.56", None),
        ("1\u2019234", "1234", "1234"),
        ("1,234", "1234", "1.234"),
        ("1.234", "1.234", "1234"),
        ("1,234,567", "1234567", None),
        ("1,20,000", "120000", None),
        ("0,125", None, "0.125"),
        ("1234,567", None, "1234.567"),
        (".5", "0.5", None),
        ("-5", "-5", "-5"),
        ("\u22125", "-5", "-5"),
        ("5-", "-5", "-5"),
        ("(120)", "-120", "-120"),
        ("$(120)", "-120", "-120"),
        ("-$1,200.00", "-1200.00", None),
        ("+7", "7", "7"),
        ("0012", "12", "12"),
    ],
)
def test_numbers_have_one_reading_per_decimal_mark(text: str, point: str | None, comma: str | None) -> None:
    found = number(text)
    assert found is not None
    assert found[:2] == (point and Decimal(point), comma and Decimal(comma))


@pytest.mark.parametrize(
    "text", ["", "abc", "1,2,3", "1.2.3", "1 2", "12/13", "3:30", "1e5", "--5", "(5", "1,234 567", "2026-11-12", "1-2"]
)
def test_what_is_no_number(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [("$5", "$"), ("5 \u20ac", "\u20ac"), ("EUR 5", "EUR"), ("12 %", "%"), ("4h", "h"), ("$5 CAD", "$ CAD")],
)
def test_units_stay_beside_the_number(text: str, unit: str) -> None:
    found = number(text)
    assert found is not None
    assert found.unit == unit


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        ("1,234 1,234.50", "."),
        ("1.234 12,5", ","),
        ("12 13", "."),
        ("1,234 2,345", None),
        ("1,234.5 1.234,5", None),
        ("0,125 1,234", ","),
    ],
)
def test_a_column_is_read_where_one_mark_fits_all(cells: str, mark: str | None) -> None:
    numbers = NumberColumn()
    for line, cell in enumerate(cells.split()):
        numbers.add(line, cell)
    assert numbers.mark == mark


def test_a_count_settles_itself() -> None:
    counts = NumberColumn(whole=True)
    counts.add(2, "1,200")
    assert counts.mark == "."


@pytest.mark.parametrize(
    ("text", "direction", "rest"),
    [
        (">= 30 %", "at_least", "30 %"),
        ("\u226430", "at_most", "30"),
        ("<=4 h", "at_most", "4 h"),
        ("at least 1,000", "at_least", "1,000"),
        ("At most $5", "at_most", "$5"),
        ("max. 3", "at_most", "3"),
        ("30+", "at_least", "30"),
        ("3 or fewer", "at_most", "3"),
        ("under 4 h", "at_most", "4 h"),
        ("30", None, "30"),
        ("5 min", None, "5 min"),
    ],
)
def test_targets_say_which_way(text: str, direction: str | None, rest: str) -> None:
    assert target_of(text) == (direction, rest)


# --- dates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-12", "2026/11/12", "20261112", "12.11.2026", "12. 11. 2026", "12.11.26", "12 Nov 2026", "12-Nov-26",
        "Nov 12, 2026", "November 12, 2026", "Thu, Nov 12, 2026", "12. November 2026", "12th November 2026",
        "2026-11-12 10:30", "2026-11-12T10:30:00Z", "2026-11-12T10:30:00.123+02:00", "2026-11-12 10:30:00 +0000",
        "Nov 12, 2026, 4:30 PM", "12 Nov 2026 at 16:30",
    ],
)  # fmt: skip
def test_dates_with_one_reading(text: str) -> None:
    found = stamp(text)
    assert found is not None
    assert found.sure
    assert found.day(None) == date(2026, 11, 12)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "46345", "2026-13-01", "31/02/2026", "2026-11-12 25:00", "2026-11-12 10:00 CET", "12 Nov",
        "9999-12-31", "12/11", "2026-11-12 maybe", "1" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert stamp(text) is None


def test_times_keep_their_offset() -> None:
    found = stamp("Nov 12, 2026, 12:05:09 AM")
    assert found is not None
    assert str(found.clock) == "00:05:09"
    with_offset = stamp("2026-11-12 23:30 -05:00")
    assert with_offset is not None
    assert with_offset.offset is not None
    assert with_offset.offset.utcoffset(None) == timedelta(hours=-5)


@pytest.mark.parametrize(
    ("cells", "order", "asks"),
    [
        ("03/04/2026 25/04/2026", "d/m/y", False),
        ("03/04/2026 04/25/2026", "m/d/y", False),
        ("03/04/2026 05/06/2026", None, True),
        ("25/04/2026 04/25/2026", None, True),
        ("2026-04-03 2026-05-06", None, False),
        ("2026-04-03 2026-05-06 2026-05-07 03/04/2026", None, False),
        ("2026-04-03 03/04/2026", None, True),
        ("11/11/2026 12/12/2026", None, False),
        ("12.11.2026 01.02.2026", None, False),
        ("26/11/12 27/11/12", None, True),
        ("26/11/12 11/26/12", None, True),
    ],
)
def test_a_column_of_dates_is_read_where_one_order_fits_all(cells: str, order: str | None, asks: bool) -> None:
    dates = DateColumn()
    for line, cell in enumerate(cells.split()):
        dates.add(line, cell)
    assert (dates.order, dates.asks) == (order, asks)


@pytest.mark.parametrize(
    ("text", "day", "every"),
    [
        ("2026-W46", "2026-11-15", "week"),
        ("Week 46, 2026", "2026-11-15", "week"),
        ("W01 2026", "2026-01-04", "week"),
        ("2026-11", "2026-11-30", "month"),
        ("02/2024", "2024-02-29", "month"),
        ("Nov 2026", "2026-11-30", "month"),
    ],
)
def test_periods_end_on_their_last_day(text: str, day: str, every: str) -> None:
    assert period(text) == (date.fromisoformat(day), every)


@pytest.mark.parametrize("text", ["2026-W54", "2026-13", "Foo 2026", "46", "2026-11-12", "W46"])
def test_what_is_no_period(text: str) -> None:
    assert period(text) is None


def test_headings_without_a_year() -> None:
    assert month_and_day("16 Nov") == month_and_day("November 16") == (11, 16)
    assert month_and_day("16 Nov 2026") is None
    assert month_and_day("Marco 5") is None


# --- currencies and headings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "parts"),
    [
        ("Amount (USD)", ("Amount", "USD")),
        ("Amount in EUR", ("Amount", "EUR")),
        ("Amount [in EUR]", ("Amount", "EUR")),
        ("Cost GBP", ("Cost", "GBP")),
        ("Budget (\u20ac)", ("Budget", "\u20ac")),
        ("Remaining (h)", ("Remaining", "h")),
        ("Spend in total", ("Spend in total", "")),
        ("Top ALL", ("Top", "ALL")),
        ("(USD)", ("(USD)", "")),
    ],
)
def test_headings_carry_their_unit(heading: str, parts: tuple[str, str]) -> None:
    assert heading_parts(heading) == parts


def test_a_dollar_sign_is_settled_by_a_code() -> None:
    dollar, both = currency_of("$"), currency_of("$ CAD")
    assert dollar is not None
    assert dollar.usual == "USD"
    assert both is not None
    assert both.usual == "CAD"
    assert currency_of("$ EUR") is None
    assert currency_of("h") is None


@pytest.mark.parametrize("spelling", ["Due date", "DUE DATE", "due_date", " Due-Date ", "Due date (UTC)"])
def test_headings_are_compared_folded(spelling: str) -> None:
    assert match(FORM, ["Name", spelling, "Amount"]).columns["due"].index == 1


@pytest.mark.parametrize("heading", ["Amount (\u20ac)", "Amount [EUR]", "Amount in \u20ac"])
def test_a_unit_in_a_heading_is_kept(heading: str) -> None:
    unit = match(FORM, ["Name", heading]).columns["amount"].unit
    found = currency_of(unit)
    assert found is not None
    assert found.usual == "EUR"


def test_a_budget_of_hours_is_no_money() -> None:
    assert match(FORM, ["Name", "Amount (h)", "Hours (h)", "Size (all)"]).columns.keys() == {"name", "hours", "size"}


def test_an_own_heading_wins_over_a_loose_one() -> None:
    assert match(FORM, ["Name", "Person", "Owner", "Size"]).columns["owner"].heading == "Owner"
    assert match(FORM, ["Name", "Person", "Size"]).columns["owner"].heading == "Person"


def test_a_mapping_wins_over_everything(file: Path) -> None:
    table = opened(
        file, "Name,Owner,F\u00e4llig am,Due,Size\nA,Ann,2026-11-12,2026-11-13,3\n", columns={"due": "f\u00e4llig am"}
    )
    assert [row.day("due") for row in rows_of(table)] == [date(2026, 11, 12)]


def test_a_mapping_to_nothing_leaves_the_column_out(file: Path) -> None:
    (row,) = rows_of(opened(file, "Name,Due,Size\nA,whenever,3\n", columns={"due": ""}))
    assert row.day("due") is None


def test_a_missing_column_is_asked_with_a_mapping_to_paste(file: Path) -> None:
    problem, advice = refused(file, "Name;Besitzer;Betrag\nA;Ann;12,50 \u20ac\nB;Bob;9,00 \u20ac\n")
    assert problem == (
        "things.csv: it has no column for amount or size. "
        'Its headings: "Name", "Besitzer", "Betrag". Recognised: name = "Name".'
    )
    assert advice == 'under [sources.things] write columns = { amount = "Betrag" }'


def test_two_columns_for_one_field_are_asked(file: Path) -> None:
    problem, advice = refused(file, "Name,Amount (USD),Amount (EUR)\nA,1,2\n")
    assert "amount" not in match(FORM, ["Name", "Amount (USD)", "Amount (EUR)"]).columns
    assert 'it has 2 columns for amount: "Amount (USD)", "Amount (EUR)"' in problem
    assert advice == 'under [sources.things] write columns = { amount = "Amount (USD)" }'


def test_equal_headings_are_told_apart_by_number(file: Path) -> None:
    text = "Name,Size,Size\nA,1,2\n"
    assert refused(file, text)[1] == 'under [sources.things] write columns = { size = "Size [1]" }'
    assert [row.count("size") for row in rows_of(opened(file, text, columns={"size": "Size [2]"}))] == [2]


def test_a_mapped_heading_that_is_not_there_is_named(file: Path) -> None:
    problem, _ = refused(file, "Name,Size\nA,1\n", columns={"due": "Deadlin"})
    assert 'it has no column "Deadlin" (due)' in problem


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"dates": "dd/mm"}, 'dates: "dd/mm" is none of d/m/y, m/d/y, y/m/d'),
        ({"decimal": ";"}, "decimal"),
        ({"currency": "Dollar"}, "currency"),
        ({"encoding": "klingon"}, "encoding"),
        ({"encoding": "base64"}, "encoding"),
        ({"max_mb": 0}, "max_mb"),
        ({"columns": {"dew": "Due"}}, "columns.dew: no such field (there are name, id"),
    ],
)
def test_settings_that_cannot_be_meant(file: Path, settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=r".") as problem:
        opened(file, "Name,Size\nA,1\n", **settings)
    assert told in str(problem.value)


# --- what is asked -------------------------------------------------------------------------------------------------


def test_dates_with_two_readings_are_asked(file: Path) -> None:
    text = "Name,Size,Due\nA,1,03/04/2026\nB,2,05/06/2026\n"
    problem, advice = refused(file, text)
    assert problem == (
        'things.csv: column "Due" can be read in more than one order ("03/04/2026" in line 2, "05/06/2026" in line 3)'
    )
    assert advice == 'under [sources.things] write dates = "d/m/y" (or "m/d/y")'
    assert [row.day("due") for row in rows_of(opened(file, text, dates="m/d/y"))] == [
        date(2026, 3, 4),
        date(2026, 5, 6),
    ]


def test_another_column_gives_the_first_guess_only(file: Path) -> None:
    _, advice = refused(file, "Name,Size,Due,Seen\nA,1,03/04/2026,04/25/2026\n")
    assert 'dates = "m/d/y" (or "d/m/y")' in advice


def test_a_setting_that_the_column_contradicts_is_told(file: Path) -> None:
    problem, advice = refused(file, "Name,Size,Due\nA,1,25/04/2026\nB,2,05/06/2026\n", dates="m/d/y")
    assert 'is not m/d/y as the setting says ("25/04/2026" in line 2)' in problem
    assert 'dates = "d/m/y"' in advice


def test_numbers_with_two_readings_are_asked_with_all_other_questions(file: Path) -> None:
    problem, advice = refused(file, 'Name,Amount,Due\nA,"1,234",03/04/2026\nB,"2,345",05/06/2026\n')
    assert 'column "Amount" can be read with decimal point or comma ("1,234" in line 2, "2,345" in line 3)' in problem
    assert 'column "Amount" has amounts without a currency ("1,234" in line 2)' in problem
    assert advice == (
        'under [sources.things] write dates = "d/m/y" (or "m/d/y") and decimal = "." (or ",") '
        'and currency = "EUR", or another code'
    )


def test_a_setting_answers_the_question_about_numbers(file: Path) -> None:
    text = 'Name,Amount\nA,"1,234"\n'
    (row,) = rows_of(opened(file, text, decimal=".", currency="USD"))
    assert row.money("amount") == Money(amount=Decimal(1234), currency="USD")
    (row,) = rows_of(opened(file, text, decimal=",", currency="USD"))
    assert row.money("amount") == Money(amount=Decimal("1.234"), currency="USD")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Name,Size,Due\nA,1,46345\nB,2,46346\n",
            'column "Due" holds Excel\'s serial numbers ("46345" in line 2), not dates',
        ),
        ("Name,Size,Due\nA,1,soon\nB,2,later\n", 'column "Due" holds no dates ("soon" in line 2)'),
        ("Name,Amount\nA,12 h\nB,4 h\n", 'column "Amount" holds no amounts of money ("12 h" in line 2)'),
        ("Name,Size\nA,big\n", 'column "Size" holds no numbers ("big" in line 2)'),
    ],
)
def test_a_column_without_one_readable_cell_is_asked(file: Path, text: str, told: str) -> None:
    assert told in refused(file, text)[0]


# --- amounts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "cell", "currency", "money"),
    [
        ("Amount (USD)", "12.50", "", "12.50 USD"),
        ("Amount", "\u20ac12.50", "", "12.50 EUR"),
        ("Amount", "12.50 CHF", "", "12.50 CHF"),
        ("Amount", "$12.50", "", "12.50 USD"),
        ("Amount", "$12.50", "CAD", "12.50 CAD"),
        ("Amount", "$12.50", "EUR", "12.50 USD"),
        ("Amount", "12.50", "EUR", "12.50 EUR"),
        ("Amount (CAD)", "$12.50", "", "12.50 CAD"),
        ("Amount", "\u00a512", "CNY", "12 CNY"),
    ],
)
def test_currencies_come_from_cell_heading_or_setting(
    file: Path, heading: str, cell: str, currency: str, money: str
) -> None:
    (row,) = rows_of(opened(file, f"Name,{heading}\nA,{cell}\n", currency=currency))
    amount, code = money.split()
    assert row.money("amount") == Money(amount=Decimal(amount), currency=code)


def test_two_currencies_are_fine_where_each_row_says_its_own(file: Path) -> None:
    rows = rows_of(opened(file, "Name,Amount,Currency\nA,5,USD\nB,5,EUR\nC,,\n"))
    assert [row.money("amount") for row in rows] == [
        Money(amount=Decimal(5), currency="USD"),
        Money(amount=Decimal(5), currency="EUR"),
        None,
    ]


def test_two_currencies_are_asked_where_a_row_does_not_say(file: Path) -> None:
    problem, advice = refused(file, "Name,Amount,Currency\nA,5,USD\nB,5,EUR\nC,7,\n")
    assert 'amounts without a currency ("7" in line 4)' in problem
    assert "currency = " in advice


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("B,\u20ac5,USD", 'amount "\u20ac5": its currency is "\u20ac" in one place and "USD" in another'),
        ("B,5,Dollars", 'amount "5": "Dollars" is not a currency'),
        ("B,abc,USD", 'amount "abc" is not a number'),
    ],
)
def test_a_currency_that_cannot_be_told_costs_the_row(file: Path, row: str, why: str) -> None:
    table = opened(file, f"Name,Amount,Currency\nA,5,USD\n{row}\n")
    *_, last = rows_of(table)
    with pytest.raises(BadCell) as bad:
        last.money("amount")
    assert str(bad.value) == why


def test_shares_are_read_by_the_whole_column(file: Path) -> None:
    def shares(cells: str, heading: str = "Chance") -> list[Decimal | None]:
        text = f"Name,Size,{heading}\n" + "".join(f"A,1,{cell}\n" for cell in cells.split())
        return [row.share("chance") for row in rows_of(opened(file, text))]

    assert shares("25% 1%") == [Decimal("0.25"), Decimal("0.01")]
    assert shares("25 1") == [Decimal("0.25"), Decimal("0.01")]
    assert shares("0.25 1") == [Decimal("0.25"), Decimal(1)]
    assert shares("0 1") == [None, None], "one hundredth or certain: not said"
    assert shares("0 1", "Chance (%)") == [Decimal(0), Decimal("0.01")]


# --- rows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends(file: Path, delimiter: str, encoding: str, end: str) -> None:
    lines = [["Name", "Size", "Owner"], ["Caf\u00e9", "3", "J\u00fcrgen"], ["B\u00f6rse", "4", ""]]
    table = opened(file, (end.join(delimiter.join(line) for line in lines) + end).encode(encoding))
    assert [(row.text("name"), row.count("size"), row.line) for row in rows_of(table)] == [
        ("Caf\u00e9", 3, 2),
        ("B\u00f6rse", 4, 3),
    ]


def test_windows_1252_is_said(file: Path) -> None:
    table = opened(file, "Name,Size\nCaf\u00e9,3\n".encode("cp1252"))
    assert list(table.rows())[-1] == Ignored(0, "characters replaced; read as Windows-1252, because it is not UTF-8")


def test_line_numbers_are_those_of_an_editor(file: Path) -> None:
    table = opened(file, 'sep=;\n\nExport of\n"12; Nov"\nName;Size\n"two\nlines";1\n\nB;2\n')
    assert [(row.text("name"), row.where) for row in rows_of(table)] == [
        ("two lines", "things.csv:6"),
        ("B", "things.csv:9"),
    ]
    assert table.layout.titles == ("sep=", "Export of", "12; Nov")


def test_titles_totals_and_repeated_headings_are_no_rows(file: Path) -> None:
    text = "Report,,\n2026,,\nName,Owner,Size\nA,Ann,1\nName,Owner,Size\nTotal wine,Bob,2\nTotal: all,--,3\n,,3\nTOTAL,Ann,1\n"
    things = list(opened(file, text + "Grand total,,9\n,total,9\n").rows())
    assert [thing.text("name") for thing in things if isinstance(thing, Row)] == ["A", "Total wine", "", "TOTAL"]
    assert [thing for thing in things if isinstance(thing, Ignored)] == [
        Ignored(1, "repeated headings"),
        Ignored(3, "totals rows"),
    ]


def test_short_rows_are_filled_and_long_ones_skipped(file: Path) -> None:
    things = list(opened(file, "Name,Size,Owner\nA,1\nB,2,Ann,\nC,3,Lee, Ann\n").rows())
    assert [thing.text("owner") for thing in things if isinstance(thing, Row)] == ["", "Ann"]
    assert things[-1] == Skipped("things.csv:4", "it has 4 cells, the headings 3")


def test_broken_quotation_marks_cost_their_row(file: Path) -> None:
    things = list(opened(file, 'Name,Size\nA,1\n"he said "hi"",2\nB,3\n').rows())
    assert [thing.text("name") for thing in things if isinstance(thing, Row)] == ["A", "B"]
    assert things[1] == Skipped("things.csv:3", "a quotation mark within a cell is not doubled")


@pytest.mark.parametrize(
    ("cell", "text"),
    [('="00123"', "00123"), ("'=1+1", "=1+1"), ("'-5", "-5"), ("=1+1", "=1+1"), ("'tis", "'tis"), (" x ", "x")],
)
def test_guards_against_formulas_are_taken_off(cell: str, text: str) -> None:
    assert plain(cell) == text


def test_hostile_text_is_made_safe(file: Path) -> None:
    (row,) = rows_of(opened(file, "Name,Size,Owner\n[/red]\x1b[31m\u202e<script>,1,=cmd()\n"))
    assert row.text("name") == "[/red][31m<script>"
    assert row.text("owner") == "=cmd()"


@pytest.mark.parametrize(
    ("cell", "link"),
    [
        ("https://x.example/a?b=1", "https://x.example/a?b=1"),
        ("http://x.example", ""),
        ("javascript:alert(1)", ""),
        ('https://x.example/"onclick', ""),
        ("https://x.example/a b", ""),
    ],
)
def test_only_safe_links_are_carried(file: Path, cell: str, link: str) -> None:
    form = Form(
        name="t", key="name", needs=(("name",),), fields=(column("name", "text", "name"), column("url", "text", "url"))
    )
    file.write_text('Name,URL\nA,"{}"\n'.format(cell.replace('"', '""')))
    table = open_table(TableSettings(source="t", path=str(file)), form, ZONE)
    assert [row.link() for row in table.rows() if isinstance(row, Row)] == [link]


def test_people() -> None:
    assert people_of("Ann Lee") == (Person(name="Ann Lee"),)
    assert people_of("Lee, Ann") == (Person(name="Lee, Ann"),)
    assert people_of("ANN@x.example") == (Person(email="ann@x.example"),)
    assert people_of("Ann <ann@x.example>; Bob") == (Person(name="Ann", email="ann@x.example"), Person(name="Bob"))
    assert people_of("a@x.example, b@x.example") == (Person(email="a@x.example"), Person(email="b@x.example"))
    assert people_of("Ann", "ann@x.example") == (Person(name="Ann", email="ann@x.example"),)
    assert people_of("Unassigned") == people_of("--") == ()


def test_moments_are_read_in_the_zone_of_the_workspace(file: Path) -> None:
    text = "Name,Size,Seen,Due\nA,1,2026-11-12 10:00,2026-11-12T23:30:00Z\nB,1,2026-11-12T10:00:00Z,2026-11-12\n"
    table = opened(file, text)
    first, second = rows_of(table)
    assert first.moment("seen") == datetime(2026, 11, 12, 10, tzinfo=ZONE)
    assert second.moment("seen") == datetime(2026, 11, 12, 11, tzinfo=ZONE)
    assert first.day("due") == date(2026, 11, 13), "half past midnight in Berlin"
    assert table.formats.timed == {"seen", "due"}


def test_done_may_be_a_date_or_yes(file: Path) -> None:
    rows = rows_of(opened(file, "Name,Size,Done\nA,1,yes\nB,1,no\nC,1,2026-11-12\nD,1,\n"))
    assert [row.done("done") for row in rows] == [True, False, date(2026, 11, 12), None]


def test_a_cell_that_fits_nothing_costs_its_row(file: Path) -> None:
    rows = rows_of(opened(file, "Name,Size,Due,Hours\nA,1.5,2026-11-12,4 h\nB,-1,46345,4 km\nC,x,2026-11-13,4\n"))
    asked = [("count", "size"), ("day", "due"), ("number", "hours")]

    def why(row: Row, method: str, name: str) -> str:
        try:
            getattr(row, method)(name)
        except BadCell as error:
            return str(error)
        return ""

    assert [[why(row, *each) for each in asked] for row in rows] == [
        ['size "1.5" is not a count', "", ""],
        [
            'size "-1" is not a count',
            'due "46345" is Excel\'s serial number, not a date',
            'hours "4 km" is not a number',
        ],
        ['size "x" is not a number', "", ""],
    ]


def test_an_odd_date_among_iso_dates_costs_its_row(file: Path) -> None:
    *_, odd = rows_of(opened(file, "Name,Size,Due\nA,1,2026-11-12\nB,1,2026-11-13\nC,1,03/04/2026\n"))
    with pytest.raises(BadCell, match="can be read in two ways"):
        odd.day("due")


# --- files that cannot be read -------------------------------------------------------------------------------------


def _zip(name: str) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(name, "x")
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "told", "cure"),
    [
        (b"", "things.csv is empty", "export it again"),
        (b"\n \n", "things.csv is empty", "export it again"),
        (b"\xef\xbb\xbf", "things.csv is empty", "export it again"),
        (b"%PDF-1.7 x", "things.csv is a PDF, not a table of text", "save it as CSV and name that file"),
        (_zip("xl/workbook.xml"), "things.csv is an Excel workbook", "save it as CSV"),
        (_zip("data.csv"), "things.csv is a ZIP archive", "save it as CSV"),
        (_zip("Index/Document.iwa"), "things.csv is a Numbers sheet", "save it as CSV"),
        (b"\x89PNG\r\n", "things.csv is an image", "save it as CSV"),
        (gzip.compress(b"x"), "things.csv is a gzip archive", "save it as CSV"),
        (b"<!DOCTYPE html><p>Sign in", "things.csv is a web page", "save it as CSV"),
        (b'{"deals": []}', "things.csv is a JSON file", "save it as CSV"),
        (b"Name,Size\nA,1\n\0\0\0\0", "things.csv has zero bytes from line 3 on: it is damaged", "export it again"),
        (
            "Name,Size\nA,1\n".encode("utf-16-le"),
            "looks like UTF-16 without its first mark",
            'set encoding = "utf-16-le"',
        ),
        (b"Name,Size\nA\x81,1\n", "is neither UTF-8 nor Windows-1252 (line 2)", 'export it as "CSV UTF-8"'),
        (
            "Name,Size\n\u00fc\u00fc,1\n".encode() + b"\xff,2\n",
            "is UTF-8 with a damaged character in line 3",
            "export it again",
        ),
        ("Name,Size\nA,1\n\u00fc".encode()[:-1], "is cut in the middle of line 3", "export it again"),
        ("Name,Size\nA,1\n".encode("utf-16")[:-1], "is cut in the middle of line", "export it again"),
        (b'Name,Size\nA,1\nB,"2', "things.csv is cut in the middle of row 3", "export it again"),
        (b"Name,Owner,Size\nA,Ann,1\nB,Be", "things.csv is cut in the middle of row 3", "export it again"),
        (b'Name,Size\nA,"' + b"x" * (MAX_CELL + 1) + b'"\n', "row 2 has a cell of more than 131,072", "quotation mark"),
        (
            b"Name,Size\nA,1\n" + b"x" * (MAX_LINE + 1),
            "line 3 has more than 4,194,304 characters",
            "export it again as CSV",
        ),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value[:40],
)
def test_a_file_that_is_no_table_is_refused_with_a_cure(file: Path, data: bytes, told: str, cure: str) -> None:
    problem, advice = refused(file, data)
    assert told in problem
    assert cure in advice


def test_a_missing_file_a_folder_and_a_large_file(tmp_path: Path, file: Path) -> None:
    for path, told in ((tmp_path / "none.csv", "none.csv does not exist"), (tmp_path, "is not a file")):
        with pytest.raises(FileProblem, match=told):
            open_table(TableSettings(source="t", path=str(path)), FORM, ZONE)
    assert "has 2 MB, the limit is 1 MB" in refused(file, "x\n" * 1_048_576, max_mb=1)[0]


def test_cells_made_to_slow_the_reader_down(file: Path) -> None:
    spaces, digits = " " * 60_000, "9" * 60_000
    text = f"Name{spaces}x,Size,Due,Seen\nA{spaces}(,1,{spaces}1,\nB,{digits},{digits},12{spaces}Nov\nC,2,2026-11-12,2026-11-12\n"
    started = time.process_time()
    rows = rows_of(opened(file, text, columns={"name": f"Name{spaces}x"}))
    assert [row.text("name") for row in rows] == ["A", "B", "C"]
    for ask in (lambda: rows[1].count("size"), lambda: rows[1].day("due"), lambda: rows[1].moment("seen")):
        with pytest.raises(BadCell):
            ask()
    assert target_of(f"1{spaces}2") == (None, f"1{spaces}2")
    assert time.process_time() - started < 20


def test_headings_without_rows_are_a_whole_table(file: Path) -> None:
    assert list(opened(file, "Name,Size,Due,Amount").rows()) == []


def test_a_file_that_changes_meanwhile_is_refused(file: Path) -> None:
    table = opened(file, "Name,Size\nA,1\nB,2\n")
    rows = table.rows()
    next(rows)
    file.write_text("Name,Size\nA,1\nB,2\nC,3\n")
    with pytest.raises(FileProblem, match="changed while it was being read"):
        list(rows)
    file.unlink()
    with pytest.raises(FileProblem, match="changed while it was being read"):
        list(table.rows())


def test_random_bytes_end_in_facts_or_one_clear_line(file: Path) -> None:
    chance = random.Random(7)
    base = b'Name,Amount,Due\n"A ""x""",$1.50,2026-11-12\nB,,\n'
    for _ in range(300):
        data = bytearray(base)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            told = [str(thing) for thing in opened(file, bytes(data)).rows()]
        except FileProblem as problem:
            told = [str(problem), problem.advice]
        assert all(told)


# --- facts ---------------------------------------------------------------------------------------------------------


def _deal(row: Row) -> Deal:
    name = row.needed("name")
    return Deal(ref=row.ref("deal", row.text("id") or natural_key(name)), name=name, expected_close=row.day("due"))


def test_repeated_rows_count_once_and_contradictions_are_told(file: Path) -> None:
    text = "ID,Name,Size,Due\n1,A,1,2026-11-12\n1,A,1,2026-11-12\n1,B,1,\n2,,1,\n3,C,1,x\n"
    things = list(facts(opened(file, text), _deal))
    assert [thing.ref.id for thing in things if isinstance(thing, Deal)] == ["1"]
    assert [thing for thing in things if not isinstance(thing, Deal)] == [
        Skipped("things.csv:4", "the same deal as in line 2, with other contents"),
        Skipped("things.csv:5", "it has no name"),
        Skipped("things.csv:6", 'due "x" is not a date'),
        Ignored(1, "repeated rows"),
    ]


def test_natural_keys_are_folded() -> None:
    assert natural_key("ACME, Inc.", "", "Web-Site") == natural_key("acme inc", "web site") == "acme inc | web site"
    assert folded("\u00c4b") == folded("\u00e4B")
