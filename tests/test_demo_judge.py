"""The judge of simulated mornings sees what a briefing gets wrong: each kind of fault is put in on purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from briefing.demo.judge import Judge, Judged
from briefing.demo.planted import NearMiss
from briefing.demo.stated import briefing_of
from briefing.demo.world import DEMO_SEED, World
from briefing.document import Briefing, ItemDoc
from briefing.rules import load_all

MORNING = date(2026, 11, 19)


@cache
def world() -> World:
    return World(DEMO_SEED, MORNING)


@cache
def briefing() -> Briefing:
    return briefing_of(world(), MORNING)


def judged(changed: Briefing | None = None) -> Judged:
    return Judge(world(), MORNING).judge(changed or briefing())


def misses(found: Judged) -> list[str]:
    """Of rules that there are: the agency also has matters of rules to come."""
    there = load_all()
    return [miss.planted.id for miss in found.misses if miss.planted.rule in there]


def item(rule: str) -> ItemDoc:
    return next(item for item in briefing().items if item.rule == rule)


def instead(old: ItemDoc, new: ItemDoc) -> Briefing:
    return replace(briefing(), items=tuple(new if one is old else one for one in briefing().items))


def verdict_of(changed: Briefing, name: str) -> str:
    found = Judge(world(), MORNING).judge(changed)
    return next(v.kind for v, one in zip(found.verdicts, changed.items, strict=True) if one.id == name)


@pytest.mark.parametrize("morning", [MORNING, date(2026, 3, 6), date(2026, 5, 16), date(2027, 1, 3), date(2026, 8, 31)])
def test_the_known_sentences_are_the_cards_of_any_day(morning: date) -> None:
    """A Thursday, a Friday, a Saturday, a Sunday, a Monday."""
    full = [card.headline for card in briefing_of(World(DEMO_SEED, morning), morning).cards if card.full]
    assert len(full) == 3
    assert sum("Acme site: Launch is 3 workdays out" in line for line in full) == 1
    assert "Brightside: leads cost 19 % more than usual ($10.00 against $8.40, 7 days)." in full
    assert "Northwind retainer proposal: viewed 6 days ago, no answer. $48,000." in full


def test_nothing_is_false_and_nothing_is_missed_on_the_known_morning() -> None:
    found = judged()
    assert not [v for v in found.verdicts if v.kind in {"untrue", "near miss", "chance"} and not v.watch]
    assert not misses(found)
    assert found.full == 3


def test_an_item_that_is_left_out_is_a_miss() -> None:
    gone = next(one for one in briefing().items if one.about.id == "M-ACME3")
    found = judged(replace(briefing(), items=tuple(one for one in briefing().items if one is not gone)))
    assert misses(found) == ["M-ACME3"]


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("proposal-viewed", "6 days ago", "5 days ago"),
        ("milestone-no-tasks", "3 workdays", "2 workdays"),
        ("cpl-up", "$10.00", "$11.00"),
    ],
)
def test_a_wrong_number_is_untrue(rule: str, old: str, new: str) -> None:
    right = next(one for one in briefing().items if one.rule == rule and old in one.headline)
    wrong = replace(right, headline=right.headline.replace(old, new))
    assert verdict_of(instead(right, wrong), wrong.id) == "untrue"


def test_words_about_edits_are_checked() -> None:
    right = next(one for one in briefing().items if "Brightside" in one.headline)
    wrong = replace(right, body=("Nothing was changed in the account since 12 November.",))
    assert verdict_of(instead(right, wrong), wrong.id) == "untrue"


def test_the_wrong_client_is_a_wrong_merge() -> None:
    right = next(one for one in briefing().items if one.about.id == "M-ACME3")
    found = judged(instead(right, replace(right, client="Acme GmbH")))
    assert [v.wrong_client for v in found.verdicts if v.wrong_client] == ["Acme GmbH"]


def test_a_near_miss_that_is_told_is_one() -> None:
    near: NearMiss = next(m for m in world().truth(MORNING).near_misses if m.rule == "proposal-viewed")
    right = item("proposal-viewed")
    wrong = replace(right, about=replace(right.about, id=near.id), headline="It was viewed.")
    assert verdict_of(instead(right, wrong), wrong.id) == "near miss"


def test_what_does_not_hold_in_the_agency_is_untrue() -> None:
    closed = next(deal.id for deal in world().sales.at(MORNING).deals if deal.state(MORNING) == "won")
    right = item("proposal-viewed")
    wrong = replace(right, rule="deal-idle", about=replace(right.about, id=closed), headline="It rests.")
    assert verdict_of(instead(right, wrong), wrong.id) in {"untrue", "near miss"}
