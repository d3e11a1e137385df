"""Deals from CSV: what the headings say, won and lost, what is known."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from briefing.codec import decode, encode
from briefing.errors import FileProblem
from briefing.facts import Deal, Money, Party, Person
from connectors.deals_csv import DEALS, DealsCsv, recognise
from connectors.proposals_csv import PROPOSALS
from tests.connectors.reading import ZONE, Read, read, recognised, write

HEADINGS = (
    "Deal name,Company,Stage,Stage order,Status,Amount,Close date,Owner,Owner email,Last contacted,Probability,"
    "Next step,Next activity,Contact,Contact email,Stage since,Deal ID,URL"
)
ROW = (
    "Retainer,Northwind,Proposal sent,3,Open,$48000.00,2026-11-30,Marco,marco@us.example,2026-11-12 10:00,50 %,"
    "Call Dana,2026-11-20,Dana Ruiz,dana@northwind.example,2026-11-01,D1,https://crm.example/d/1"
)


def deals(folder: Path, text: str, **settings: Any) -> Read:
    return read(DealsCsv(source="deals", path=write(folder / "deals.csv", text), **settings))


def test_a_whole_row(tmp_path: Path) -> None:
    (deal,) = deals(tmp_path, f"{HEADINGS}\n{ROW}\n").facts
    assert isinstance(deal, Deal)
    assert deal.party == Party(name="Northwind")
    assert deal.owner == Person(name="Marco", email="marco@us.example")
    assert (deal.stage, deal.stage_order, deal.state) == ("Proposal sent", 3, "open")
    assert deal.amount == Money(amount=Decimal("48000.00"), currency="USD")
    assert deal.expected_close == date(2026, 11, 30)
    assert deal.last_contact == datetime(2026, 11, 12, 10, tzinfo=ZONE)
    assert deal.stage_since == datetime(2026, 11, 1, tzinfo=ZONE)
    assert (deal.probability, deal.next_step, deal.next_activity) == (Decimal("0.5"), "Call Dana", date(2026, 11, 20))
    assert deal.contacts == (Person(name="Dana Ruiz", email="dana@northwind.example"),)
    assert (deal.ref.id, deal.ref.url, deal.ref.where) == ("D1", "https://crm.example/d/1", "deals.csv:2")
    assert deal.known == {
        "name", "stage", "stage_order", "state", "amount", "expected_close", "owner", "last_contact", "probability",
        "next_step", "next_activity", "contacts", "stage_since",
    }  # fmt: skip
    assert decode("deal", encode(deal)) == deal


def test_the_plainest_sheet_is_enough(tmp_path: Path) -> None:
    (deal,) = deals(tmp_path, "Deal;Stage\nRetainer;Proposal\n").facts
    assert isinstance(deal, Deal)
    assert (deal.ref.id, deal.amount, deal.owner) == ("retainer", None, None)
    assert deal.known == {"name", "stage"}


def test_the_last_edit_is_no_contact(tmp_path: Path) -> None:
    (deal,) = deals(tmp_path, "Deal,Stage,Last modified date\nRetainer,Proposal,2026-11-12\n").facts
    assert isinstance(deal, Deal)
    assert deal.last_contact is None
    assert deal.last_activity is None


@pytest.mark.parametrize(
    ("stage", "status", "state"),
    [
        ("Proposal", "", "open"),
        ("Closing call", "", "open"),
        ("Closed Won", "", "won"),
        ("closedlost", "", "lost"),
        ("Closed won - retainer", "", "won"),
        ("Won", "", "won"),
        ("Proposal", "Lost", "lost"),
        ("Closed", "Won", "won"),
        ("", "open", "open"),
    ],
)
def test_won_and_lost(tmp_path: Path, stage: str, status: str, state: str) -> None:
    (deal,) = deals(tmp_path, f"Deal,Stage,Status\nRetainer,{stage},{status}\n").facts
    assert isinstance(deal, Deal)
    assert deal.state == state


def test_status_and_stage_that_contradict_each_other(tmp_path: Path) -> None:
    found = deals(tmp_path, "Deal,Stage,Status\nRetainer,Closed won,Open\nOther,Closing,Active\nThird,Closed,Open\n")
    assert len(found.facts) == 2
    assert found.whys == ['deals.csv:2 state "Open" contradicts stage "Closed won"']


@pytest.mark.parametrize("stage", ["Closed", "Archived", "Verloren", "Lost to a friend"])
def test_a_stage_that_only_sounds_closed_is_asked(tmp_path: Path, stage: str) -> None:
    text = f"Deal,Stage\nRetainer,{stage}\n"
    assert deals(tmp_path, text).whys == [
        f'deals.csv:2 stage "{stage}" is not known: write states = {{ "{stage}" = ... }} with one of open, won, lost'
    ]
    (deal,) = deals(tmp_path, text, states={stage: "lost"}).facts
    assert isinstance(deal, Deal)
    assert deal.state == "lost"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("Retainer,Proposal,abc,2026-11-30", 'amount "abc" is not a number'),
        ("Retainer,Proposal,$5,46345", 'expected close "46345" is Excel\'s serial number, not a date'),
        (",Proposal,$5,", "it has no name"),
        ("Retainer,,$5,", "it has no stage"),
        ("Retainer,Proposal,$5000000000000,", 'amount "$5000000000000" is too large'),
    ],
)
def test_one_bad_cell_costs_one_row(tmp_path: Path, row: str, why: str) -> None:
    found = deals(tmp_path, f"Deal,Stage,Amount,Close date\nGood,Proposal,$7,2026-11-30\n{row}\n")
    assert len(found.facts) == 1
    assert found.whys == [f"deals.csv:3 {why}"]


def test_the_whole_file_may_belong_to_one_client(tmp_path: Path) -> None:
    (deal,) = deals(tmp_path, "Deal,Stage\nRetainer,Proposal\n", client="Northwind").facts
    assert deal.party == Party(name="Northwind")


def test_equal_names_of_one_client_are_told_with_both_lines(tmp_path: Path) -> None:
    found = deals(tmp_path, "Deal,Client,Stage\nSite,Acme,Proposal\nSite,Beta,Proposal\nSite,ACME,Won\n")
    assert [fact.ref.id for fact in found.facts] == ["acme | site", "beta | site"]
    assert found.whys == ["deals.csv:4 the same deal as in line 2, with other contents"]


def test_no_heading_says_two_fields() -> None:
    for form in (DEALS, PROPOSALS):
        own = [heading for field in form.fields for heading in field.headings]
        assert len(own) == len(set(own))


@pytest.mark.parametrize(
    ("headings", "sure"),
    [
        ("Deal name,Stage,Amount,Close date,Owner,Last contacted", True),
        ("Name;Deal stage;Value;Expected close date", True),
        ("Opportunity name\tStage\tAmount", True),
        ("Proposal,Status,Amount,Sent", False),
        ("Name,Status,Amount", False),
        ("Project,Status,Due", False),
    ],
)
def test_deals_are_recognised(tmp_path: Path, headings: str, sure: bool) -> None:
    found = recognised(recognise, tmp_path / "list.csv", f"Export\n{headings}\n")
    assert bool(found and found.sure >= 0.7 and not found.ask) is sure


def test_a_near_match_is_asked_ready_to_paste(tmp_path: Path) -> None:
    found = recognised(recognise, tmp_path / "crm.csv", "Deal;Phase;Betrag\nSite;Angebot;12,50 \u20ac\n")
    assert found is not None
    assert found.ask == (
        'crm.csv: it has no column for stage or state. Its headings: "Deal", "Phase", "Betrag". '
        'Recognised: name = "Deal". Write into briefing.toml, with the right headings:\n'
        '[sources.deals]\nuse = "deals_csv"\npath = "crm.csv"\ncolumns = { stage = "Phase" }'
    )


# --- properties ----------------------------------------------------------------------------------------------------

WORDS = st.text("abcXYZ \u00e4\u00f6\u20ac,;\t\"'", min_size=1, max_size=12).filter(
    lambda text: bool(text.strip(" \t\"',;\u20ac"))
)
DEAL_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Deal name": WORDS,
            "Company": WORDS,
            "Stage": st.sampled_from(["New", "Proposal", "Closed won", "Closed", ""]),
            "Amount": st.sampled_from(["$1200.50", "$7.25", "", "--", "abc", "\u20ac5.00"]),
            "Close date": st.dates(date(2025, 1, 1), date(2027, 12, 31)).map(str) | st.sampled_from(["", "soon"]),
        }
    ),
    max_size=8,
)


def _written(rows: list[dict[str, str]], order: list[str], delimiter: str, quoting: Any, end: str) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, order, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=DEAL_ROWS,
    order=st.permutations(["Deal name", "Company", "Stage", "Amount", "Close date"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_writing_a_table_in_another_way_changes_nothing(
    tmp_path: Path, rows: list[dict[str, str]], order: list[str], delimiter: str, quoting: Any, encoding: str, end: str
) -> None:
    """Separator, quoting, encoding, line ends and the order of columns: same facts, and every row accounted for."""

    def outcome(text: str, code: str) -> tuple[list[Any], list[str], int]:
        path = write(tmp_path / "deals.csv", text, encoding=code)
        try:
            found = read(DealsCsv(source="deals", path=path))
        except FileProblem as problem:
            return [], [str(problem).split(": ", 1)[-1].split(" (")[0]], len(rows)
        return found.facts, found.whys, found.count

    plain = _written(rows, list(rows[0]) if rows else order, ",", csv.QUOTE_ALL, "\n")
    other = _written(rows, order, delimiter, quoting, end)
    first, second = outcome(plain, "utf-8"), outcome(other, encoding)
    assert second[0] == first[0]
    assert first[2] == second[2] == len(rows)
    assert sorted(first[1]) == sorted(second[1]) or not first[0]
