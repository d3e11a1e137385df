"""Decisions and steps in the ledger: kept whole, once per message, never changed; an older file gets their tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from briefing.decisions import Decision, Step
from briefing.store.ledger import LEDGER, Ledger

AT = datetime(2026, 11, 19, 8, 30, tzinfo=UTC)
SAID = Decision(
    at=AT, by="Maya", audience="Maya", via="mail", said_in="inbox:<1@a.example>", word="snoozed",
    key=("proposal", "deals", "proposal", "77"), rule="proposal-viewed", item="n4qf",
    line="Northwind: viewed 6 days ago.", text="until Monday", until=date(2026, 11, 23), worse=Decimal("0.20"),
    measure=Decimal(6), deadline=date(2026, 12, 1),
)  # fmt: skip
STEP = Step(
    at=AT, run="r1", ladder="waiting", step=1, began=AT, key=SAID.key, rule=SAID.rule, item="n4qf", line=SAID.line,
    person="Ines", channel="slack", recipient="U0INES", state="sending",
)  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    one = Ledger(tmp_path / "ledger.sqlite", may_begin=True)
    yield one
    one.close()


def test_what_was_said_comes_back_whole_and_in_order(ledger: Ledger) -> None:
    first, second = (
        ledger.decide(SAID),
        ledger.decide(replace(SAID, said_in="", audience="Ben", word="undone", undoes=1)),
    )
    assert (first, second) == (replace(SAID, number=1), ledger.decisions("Ben")[0])
    assert [one.number for one in ledger.decisions()] == [1, 2]
    assert ledger.decisions("Maya") == (first,)


def test_one_message_is_understood_once(ledger: Ledger) -> None:
    assert ledger.decide(SAID)
    assert ledger.decide(replace(SAID, word="done")) is None
    assert ledger.decide(replace(SAID, audience="MAYA")) is None, "another case is the same audience"
    assert ledger.decide(replace(SAID, said_in="")), "what was typed may be said again"
    assert [one.word for one in ledger.decisions()] == ["snoozed", "snoozed"]


def test_steps_come_back_whole_and_in_order(ledger: Ledger) -> None:
    ledger.note_steps([STEP, replace(STEP, state="sent")])
    assert ledger.steps() == (STEP, replace(STEP, state="sent"))


@pytest.mark.parametrize("table", ["decision", "step"])
@pytest.mark.parametrize("change", ["update {} set body = '{{}}'", "delete from {}"])
def test_neither_is_ever_changed(ledger: Ledger, table: str, change: str) -> None:
    ledger.decide(SAID)
    ledger.note_steps([STEP])
    with sqlite3.connect(ledger.path) as db, pytest.raises(sqlite3.IntegrityError, match="only grows"):
        db.execute(change.format(table))
    db.close()


def test_a_ledger_without_their_tables_gets_them(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(LEDGER + "pragma user_version = 1;")
    db.close()
    one = Ledger(path, may_begin=False)
    assert one.decide(SAID)
    assert one.steps() == ()
    one.close()
