"""What people write about an item, understood or refused; on Thursday 19 November 2026."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.decisions import Decision, counting
from briefing.testing import morning_at
from briefing.words_of_decision import Problem, Subject, passed_meanwhile, told, understood

MORNING = morning_at("2026-11-19 09:30")
NORTHWIND = Subject(
    id="n4qf", key=("proposal", "docs", "proposal", "p1"), rule="proposal-viewed", line="Northwind: no answer.",
    client="Northwind", stage="open", measure=Decimal(5), rests_on=("docs:proposal:p1",),
)  # fmt: skip
ACME = Subject(id="k7mp", key=("milestone", "work", "milestone", "m1"), rule="milestone-no-tasks", line="Acme: none.")
KNOWN = (NORTHWIND, ACME)


def said(text: str, *before: Decision) -> Decision | Problem:
    return understood(text, KNOWN, MORNING, said=before)


def meant(text: str) -> dict[str, Any]:
    """What a text says of n4qf, without what the item is."""
    one = said(text)
    assert isinstance(one, Decision), one
    assert (one.item, one.key, one.at) == ("n4qf", NORTHWIND.key, MORNING.now)
    names = ("word", "text", "owner", "by_when", "until", "worse", "activity", "whole_rule", "why")
    return {name: value for name in names if (value := getattr(one, name)) not in ("", None, False)}


MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n4qf hold until Monday", {"word": "snoozed", "until": MONDAY}),
        ("n4qf snooze to Monday", {"word": "snoozed", "until": MONDAY}),
        ("*n4qf*: Snooze until Monday, client answers then.",
         {"word": "snoozed", "until": MONDAY, "text": "client answers then."}),
        ("snooze n4qf 3wd", {"word": "snoozed", "until": date(2026, 11, 24)}),
        ("n4qf snooze for 2w", {"word": "snoozed", "until": date(2026, 12, 3)}),
        ("n4qf snooze until 2026-11-23", {"word": "snoozed", "until": MONDAY}),
        ("n4qf snooze until Monday 23 November", {"word": "snoozed", "until": MONDAY}),
        ("n4qf snooze until 2 Jan", {"word": "snoozed", "until": date(2027, 1, 2)}),
        ("n4qf snooze until Thursday", {"word": "snoozed", "until": date(2026, 11, 26)}),
        ("n4qf snooze until 20% worse", {"word": "snoozed", "worse": Decimal("0.2")}),
        ("n4qf snooze 3wd or worse 20% or activity",
         {"word": "snoozed", "until": date(2026, 11, 24), "worse": Decimal("0.2"), "activity": True}),
        ("[n4qf] Priya by Friday", {"word": "decided", "owner": "Priya", "by_when": FRIDAY}),
        ("n4qf Priya Nair, by today", {"word": "decided", "owner": "Priya Nair", "by_when": date(2026, 11, 19)}),
        ("n4qf decide bill the extra hours", {"word": "decided", "text": "bill the extra hours"}),
        ("n4qf decide bill the extra hours, Priya by Friday",
         {"word": "decided", "text": "bill the extra hours", "owner": "Priya", "by_when": FRIDAY}),
        ("n4qf decided: Marco by tomorrow", {"word": "decided", "owner": "Marco", "by_when": FRIDAY}),
        ("n4qf decide follow up by Friday", {"word": "decided", "text": "follow up by Friday", "by_when": FRIDAY}),
        ("n4qf hold", {"word": "decided", "text": "hold"}),
        ("n4qf done", {"word": "done"}),
        ("N4QF is done.", {"word": "done"}),
        ("n4qf done, signed on the phone", {"word": "done", "text": "signed on the phone"}),
        ("n4qf useful", {"word": "useful"}),
        ("n4qf not useful", {"word": "noise"}),
        ("n4qf noise wrong", {"word": "noise", "why": "wrong"}),
        ("n4qf wrong", {"word": "noise", "why": "wrong"}),
        ("n4qf unimportant", {"word": "noise", "why": "unimportant"}),
        ("n4qf mute", {"word": "muted", "until": date(2026, 12, 19)}),
        ("n4qf mute rule for 2w", {"word": "muted", "whole_rule": True, "until": date(2026, 12, 3)}),
    ],
)  # fmt: skip
def test_understood(text: str, expected: dict[str, Any]) -> None:
    assert meant(text) == expected


@pytest.mark.parametrize(
    ("text", "problem", "item"),
    [
        ("", "nothing is said", ""),
        ("thanks, see you tomorrow", 'no item has the id "thanks"', ""),
        ("n4 done", '"n4" is too short for an id', ""),
        ("n4qf", '"" was not understood', "n4qf"),
        ("n4qf what is this?", '"what is this?" was not understood', "n4qf"),
        ("n4qf why is it there by chance?", '"why is it there by chance?" was not understood', "n4qf"),
        ("n4qf Priya by yesterday", '"yesterday" is no date', "n4qf"),
        ("n4qf done by Friday", '"done by Friday" was not understood', "n4qf"),
        ("n4qf is done tomorrow, Priya says", '"is done tomorrow, Priya says" was not understood', "n4qf"),
        ("n4qf snooze", "until when was not said", "n4qf"),
        ("n4qf snooze until the client answers", '"the client answers" is no date', "n4qf"),
        ("n4qf snooze until 2026-11-18", "Wednesday 18 November is past", "n4qf"),
        ("n4qf snooze until 18 November", "Wednesday 18 November is past", "n4qf"),
        ("n4qf snooze until today", "until today is no while", "n4qf"),
        ("n4qf snooze until 2126-11-18", "Monday 18 November 2126 is more than 400 days away", "n4qf"),
        ("n4qf snooze until 0% worse", '"0" is no share from 1 % to 500 %', "n4qf"),
        ("n4qf decide", "what is decided was not said", "n4qf"),
        ("k7mp snooze until 20% worse", "nothing about k7mp is counted that could get worse", "k7mp"),
        ("k7mp mute rule", "k7mp has no client to mute milestone-no-tasks for", "k7mp"),
        ("k7mp undo", "nothing that counts was said of k7mp", "k7mp"),
        ("undo", "nothing was said that counts", ""),
    ],
)  # fmt: skip
def test_refused(text: str, problem: str, item: str) -> None:
    one = said(text)
    assert isinstance(one, Problem), one
    assert (one.text, one.item) == (problem, item)
    assert one.cure


def numbered(text: str, number: int, *before: Decision) -> Decision:
    one = said(text, *before)
    assert isinstance(one, Decision), one
    return replace(one, number=number)


def test_undo_takes_back_the_last_word_and_itself_can_be_taken_back() -> None:
    first = numbered("n4qf done", 1)
    second = numbered("k7mp hold until Monday", 2)
    of_one = numbered("n4qf undo", 3, first, second)
    assert (of_one.word, of_one.undoes, of_one.key) == ("undone", 1, first.key)
    assert counting([of_one, second, first]) == (second,)
    last = numbered("undo", 4, first, second, of_one)
    assert last.undoes == 2
    again = replace(of_one, number=5, undoes=3)
    assert counting([first, second, of_one, last, again]) == (first,)


def test_undo_of_an_item_leaves_what_was_said_of_another_finding_about_the_same_object() -> None:
    other = replace(NORTHWIND, id="x2yz", rule="proposal-expiring")
    first = numbered("n4qf done", 1)
    one = understood("x2yz undo", (*KNOWN, other), MORNING, said=[first])
    assert isinstance(one, Problem)
    later_stage = replace(NORTHWIND, rule="proposal-stuck")  # it keeps its id
    same = understood("n4qf undo", (later_stage,), MORNING, said=[first])
    assert isinstance(same, Decision)
    assert same.undoes == 1
    assert told(replace(same, number=2), MORNING.today) == "n4qf word 1 is taken back: Northwind: no answer."


def test_what_is_hidden_beyond_its_date_is_said() -> None:
    launch = replace(ACME, deadline=date(2026, 11, 24))
    passed = [
        passed_meanwhile(one, MORNING.today)
        for text in ("k7mp snooze until 25 November", "k7mp mute", "k7mp snooze until 24 November", "k7mp done")
        if isinstance(one := understood(text, (launch,), MORNING), Decision)
    ]
    assert passed == ["Its date, Tuesday 24 November, is before that."] * 2 + ["", ""]


def test_what_was_understood_is_said_in_one_line() -> None:
    today = MORNING.today
    lines = [
        told(numbered(text, 7), today)
        for text in (
            "n4qf hold until Monday, client answers",
            "n4qf snooze 3wd or worse 20% or activity",
            "k7mp decide ask twice, Priya by Friday",
            "n4qf mute rule",
            "n4qf wrong",
        )
    ]
    assert lines == [
        'n4qf snoozed until Monday 23 November ("client answers"): Northwind: no answer.',
        "n4qf snoozed until Tuesday 24 November or 20 % worse or activity: Northwind: no answer.",
        'k7mp decided, Priya by Friday 20 November ("ask twice"): Acme: none.',
        "n4qf muted with every proposal-viewed of Northwind until Saturday 19 December: Northwind: no answer.",
        "n4qf marked as noise, wrong: Northwind: no answer.",
    ]


@given(st.text(max_size=60))
def test_no_text_raises_and_none_without_an_id_is_a_decision(text: str) -> None:
    one = understood(text, KNOWN, MORNING)
    assert isinstance(one, Problem) or one.item in text.lower()
    after = understood(f"n4qf {text}", KNOWN, MORNING)
    assert isinstance(after, Decision) or after.item in {"n4qf", ""}
