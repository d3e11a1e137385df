"""The judge of simulated mornings sees what a briefing gets wrong: each kind of fault is put in on purpose."""

from __future__ import annotations

import math
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
from tests.worlds import world_of

MORNING = date(2026, 11, 19)


def world() -> World:
    return world_of(DEMO_SEED, MORNING)


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
    full = [card.headline for card in briefing_of(world_of(DEMO_SEED, morning), morning).cards if card.full]
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


@cache
def whole() -> Briefing:
    """With retainers and tickets, on a morning with nothing but the agency's own life."""
    return briefing_of(agency(), MORNING, support=True)


def agency() -> World:
    return world_of(3, MORNING, showcase=False)


def verdict_in(rule: str, about: str, headline: str) -> str:
    """What is thought of a sentence about something."""
    some = next(one for one in whole().items if one.rule.startswith(("milestone", "task", "project")))
    told = replace(some, rule=rule, about=replace(some.about, id=about), headline=headline, body=(), client="")
    return Judge(agency(), MORNING).verdict(told, full=False).kind


def test_nothing_of_delivery_is_false_or_missed_on_a_morning_of_its_own() -> None:
    found = Judge(agency(), MORNING).judge(whole())
    assert not [v for v in found.verdicts if v.kind in {"untrue", "near miss"}]
    assert not misses(found)
    assert not [v for v in found.verdicts if v.wrong_client]


def test_what_was_not_looked_at_is_no_miss() -> None:
    """Retainers and tickets stand in no file: a briefing without their source says nothing of them."""
    subjects = {one.matter[0] for one in agency().truth(MORNING).planted}
    assert "ticket" in subjects
    found = Judge(agency(), MORNING).judge(briefing_of(agency(), MORNING))
    assert not {miss.planted.matter[0] for miss in found.misses} & {"ticket", "retainer"}


@pytest.mark.parametrize(
    "rule",
    [
        "milestone-overdue", "milestone-unassigned", "project-overdue", "project-no-tasks", "project-no-manager",
        "project-stale", "budget-burn", "retainer-over", "retainer-unused", "ticket-late", "ticket-unassigned",
    ],
)  # fmt: skip
def test_each_rule_of_delivery_is_judged_by_the_state_of_the_agency(rule: str) -> None:
    """A matter that stands is right; what only looks so, and what is not known at all, is false."""
    mornings = [MORNING, date(2026, 11, 24), date(2026, 12, 1), date(2026, 12, 28)]  # a world remembers four
    truths = [agency().truth(day) for day in mornings]
    stands = [(t.morning, one) for t in truths for one in (*t.planted, *t.grey) if one.rule == rule]
    looks = [(t.morning, one) for t in truths for one in t.near_misses if one.rule == rule]
    assert stands
    assert looks
    some = next(one for one in whole().items if one.rule.startswith(("milestone", "task", "project")))

    def kind(day: date, id_: str) -> str:
        told = replace(some, rule=rule, about=replace(some.about, id=id_), headline="It is so.", body=(), client="")
        return Judge(agency(), day).verdict(told, full=False).kind

    assert {kind(day, one.id) for day, one in stands} <= {"planted", "grey"}
    assert {kind(day, one.id) for day, one in looks} == {"near miss"}
    assert kind(MORNING, "P-none") == "untrue"


def test_numbers_of_milestones_and_budgets_are_checked() -> None:
    holding = agency().delivery.holding(MORNING)
    late, hours = next(iter(holding.late_steps)), agency().delivery.hours(MORNING)
    tasks = len(holding.tasks_below(holding.milestones[late]))
    assert verdict_in("milestone-overdue", late, f"Kick-off was due Monday; {tasks} tasks are open.") == "grey"
    assert verdict_in("milestone-overdue", late, f"Kick-off was due Monday; {tasks + 1} tasks are open.") == "untrue"
    over = next(id_ for id_ in holding.running if holding.is_true("budget-burn", id_))
    share = math.floor(100 * hours[over].used / (60 * hours[over].agreed) + 0.5)
    right, wrong = (f"{told} % of its budget is used." for told in (share, share + 1))
    assert verdict_in("budget-burn", over, right) != "untrue"
    assert verdict_in("budget-burn", over, wrong) == "untrue"


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
