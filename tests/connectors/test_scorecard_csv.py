"""Scorecards from CSV: long and wide, targets, periods."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from briefing.connector import Ignored
from briefing.errors import FileProblem
from briefing.facts import Measure, Person
from connectors.scorecard_csv import ScorecardCsv, recognise
from tests.connectors.reading import NOW, ZONE, Read, read, recognised, write


def scorecard(folder: Path, text: str, now: datetime = NOW, **settings: Any) -> Read:
    return read(ScorecardCsv(source="scorecard", path=write(folder / "score.csv", text), **settings), now=now)


def measures(found: Read) -> list[Measure]:
    return [fact for fact in found.facts if isinstance(fact, Measure)]


def test_a_whole_row(tmp_path: Path) -> None:
    text = "Measure,Seat,Owner,Target,Date,Value,Frequency\nAppointments kept,Call centre,Renee,>= 30 %,2026-11-13,27 %,Weekly\n"
    (found,) = measures(scorecard(tmp_path, text))
    assert (found.name, found.seat, found.owner) == ("Appointments kept", "Call centre", Person(name="Renee"))
    assert (found.target, found.direction, found.unit) == (Decimal(30), "at_least", "%")
    assert (found.at, found.value, found.every) == (date(2026, 11, 13), Decimal(27), "week")
    assert (found.ref.id, found.ref.where) == ("call centre | appointments kept/2026-11-13", "score.csv:2")


@pytest.mark.parametrize(
    ("heading", "cell", "at", "every"),
    [
        ("Week", "2026-W46", "2026-11-15", "week"),
        ("Week ending", "2026-11-15", "2026-11-15", "week"),
        ("Week of", "2026-11-09", "2026-11-15", "week"),
        ("Month", "Oct 2026", "2026-10-31", "month"),
        ("Month", "2026-10-01", "2026-10-31", "month"),
        ("Date", "13.11.2026", "2026-11-13", ""),
    ],
)
def test_a_period_counts_to_its_last_day(tmp_path: Path, heading: str, cell: str, at: str, every: str) -> None:
    (found,) = measures(scorecard(tmp_path, f"Metric,{heading},Value\nCalls,{cell},5\n"))
    assert (str(found.at), found.every) == (at, every)


@pytest.mark.parametrize(
    ("target", "value", "direction", "number", "unit"),
    [
        ("<= 4 h", "3.5 hours", "at_most", "4", "h"),
        ("at least $10,000.00", "$9,000.50", "at_least", "10000.00", "USD"),
        ("max 3", "2", "at_most", "3", ""),
        ("30+", "31", "at_least", "30", ""),
    ],
)
def test_targets(tmp_path: Path, target: str, value: str, direction: str, number: str, unit: str) -> None:
    (found,) = measures(scorecard(tmp_path, f'KPI,Goal,Date,Actual\nX,"{target}",2026-11-13,"{value}"\n'))
    assert (found.direction, found.target, found.unit) == (direction, Decimal(number), unit)


def test_a_target_that_does_not_say_which_way_is_asked(tmp_path: Path) -> None:
    text = "KPI,Target,Date,Value\nX,30,2026-11-13,27\n"
    assert scorecard(tmp_path, text).whys == [
        'score.csv:2 target "30" does not say at least or at most: write so, or set targets = "at_least"'
    ]
    (found,) = measures(scorecard(tmp_path, text, targets="at_most"))
    assert found.direction == "at_most"
    (found,) = measures(scorecard(tmp_path, "KPI,Target,Direction,Date,Value\nX,30,lower is better,2026-11-13,27\n"))
    assert found.direction == "at_most"
    with pytest.raises(ValueError, match="targets"):
        scorecard(tmp_path, text, targets="more")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("X,>= 30 %,2026-11-13,0.27", 'value "0.27" may be 27 % or 0.27 %: write the sign'),
        ("X,<= 4 h,2026-11-13,30 min", 'value "30 min" is in min, the target in h'),
        ("X,>= 4,2026-11-13,many", 'value "many" is not a number'),
        ("X,>= 4,,5", "it has no at"),
        (",>= 4,2026-11-13,5", "it has no measure"),
        ("X,lots,2026-11-13,5", 'target "lots" is not a number'),
    ],
)
def test_what_cannot_be_read_costs_its_row(tmp_path: Path, row: str, why: str) -> None:
    found = scorecard(tmp_path, f"Measure,Target,Date,Value\nGood,>= 1,2026-11-13,2\n{row}\n")
    assert len(found.facts) == 1
    assert found.whys == [f"score.csv:3 {why}"]


def test_values_of_days_to_come_are_left_out(tmp_path: Path) -> None:
    found = scorecard(tmp_path, "Measure,Week,Value\nCalls,2026-W46,5\nCalls,2026-W47,2\n")
    assert [str(each.at) for each in measures(found)] == ["2026-11-15"]
    assert found.ignored == [Ignored(1, "values later than Thursday 19 November")]


def test_a_row_without_a_value_says_that_there_is_none(tmp_path: Path) -> None:
    (found,) = measures(scorecard(tmp_path, "Measure,Date,Value\nCalls,2026-11-13,n/a\n"))
    assert found.value is None


def test_one_measure_of_two_people_is_two_measures(tmp_path: Path) -> None:
    found = scorecard(
        tmp_path, "Measure,Owner,Date,Value\nCalls,Ann,2026-11-13,5\nCalls,Bob,2026-11-13,6\nCalls,Bob,2026-11-13,7\n"
    )
    assert [each.ref.id for each in found.facts] == ["calls | ann/2026-11-13", "calls | bob/2026-11-13"]
    assert found.whys == ["score.csv:4 the same number and day as in line 3, with other contents"]


WIDE = """Measure;Owner;Target;{}
Appointments kept;Renee;>= 30 %;31 %;29,5 %;27 %;
Revenue;Tom;at least $10.000;$9.000;$12.000,50;;
Never;Tom;max 3;;n/a;;
"""


@pytest.mark.parametrize(
    ("headings", "days", "every"),
    [
        ("2026-W44;2026-W45;2026-W46;2026-W47", ["2026-11-01", "2026-11-08", "2026-11-15"], "week"),
        ("W44;W45;W46;W47", ["2026-11-01", "2026-11-08", "2026-11-15"], "week"),
        ("2026-11-02;2026-11-09;2026-11-16;2026-11-23", ["2026-11-02", "2026-11-09", "2026-11-16"], ""),
        ("2 Nov;9 Nov;16 Nov;23 Nov", ["2026-11-02", "2026-11-09", "2026-11-16"], ""),
        (
            "Week of 26 Oct;Week of 2 Nov;Week of 9 Nov;Week of 16 Nov",
            ["2026-11-01", "2026-11-08", "2026-11-15"],
            "week",
        ),
        ("02/11/2026;09/11/2026;16/11/2026;23/11/2026", ["2026-11-02", "2026-11-09", "2026-11-16"], ""),
        ("Aug 2026;Sep 2026;Oct 2026;Nov 2026", ["2026-08-31", "2026-09-30", "2026-10-31"], "month"),
    ],
)
def test_a_column_for_each_period(tmp_path: Path, headings: str, days: list[str], every: str) -> None:
    found = scorecard(tmp_path, WIDE.format(headings))
    assert not found.skipped
    by_name = {
        name: [each for each in measures(found) if each.name == name] for name in ("Appointments kept", "Revenue")
    }
    assert [str(each.at) for each in by_name["Appointments kept"]] == days
    assert [each.value for each in by_name["Appointments kept"]] == [Decimal(31), Decimal("29.5"), Decimal(27)]
    assert [each.value for each in by_name["Revenue"]] == [Decimal(9000), Decimal("12000.50")]
    assert {each.every for each in measures(found)} == {every}
    (never,) = (each for each in measures(found) if each.name == "Never")
    assert (never.value, str(never.at)) == (None, days[-1]), "a number that never came is stated as missing"


def test_headings_without_a_year_run_over_new_year(tmp_path: Path) -> None:
    text = "Measure,14 Dec,28 Dec,4 Jan,11 Jan\nCalls,1,2,3,\n"
    found = scorecard(tmp_path, text, now=datetime(2027, 1, 7, 7, tzinfo=ZONE))
    assert [str(each.at) for each in measures(found)] == ["2026-12-14", "2026-12-28", "2027-01-04"]
    backwards = scorecard(
        tmp_path, "Measure,11 Jan,4 Jan,28 Dec,14 Dec\nCalls,,3,2,1\n", now=datetime(2027, 1, 7, 7, tzinfo=ZONE)
    )
    assert [str(each.at) for each in measures(backwards)] == ["2027-01-04", "2026-12-28", "2026-12-14"]


def test_a_bad_cell_costs_its_value_only(tmp_path: Path) -> None:
    found = scorecard(tmp_path, "Measure,2026-11-09,2026-11-16\nCalls,5,many\n")
    assert [each.value for each in measures(found)] == [Decimal(5)]
    assert found.whys == ['score.csv:2 value of 2026-11-16 "many" is not a number']


def test_what_the_headings_do_not_say_is_asked(tmp_path: Path) -> None:
    text = "Measure,02/11/2026,09/11/2026\nCalls,5,6\n"
    with pytest.raises(FileProblem, match='heading "02/11/2026" can be read in more than one order') as problem:
        scorecard(tmp_path, text)
    assert problem.value.advice == 'under [sources.scorecard] write dates = "d/m/y" (or "m/d/y")'
    assert len(scorecard(tmp_path, text, dates="d/m/y").facts) == 2
    with pytest.raises(FileProblem, match="two columns for the value of 16 Nov"):
        scorecard(tmp_path, "Measure,16 Nov,16 Nov\nCalls,5,6\n")
    with pytest.raises(FileProblem, match="it has no column for at; it has no column for value"):
        scorecard(tmp_path, "Measure,Notes\nCalls,5\n")


@pytest.mark.parametrize(
    ("headings", "sure"),
    [
        ("Measure,Owner,Target,Date,Value", True),
        ("Metric;Owner;Goal;2 Nov;9 Nov;16 Nov", True),
        ("KPI\t2026-W45\t2026-W46", True),
        ("Date,Account,Spend", False),
        ("Task,Due,Status", False),
        ("Name,Status", False),
    ],
)
def test_scorecards_are_recognised(tmp_path: Path, headings: str, sure: bool) -> None:
    found = recognised(recognise, tmp_path / "x.csv", headings + "\n")
    assert bool(found and found.sure >= 0.7 and not found.ask) is sure
