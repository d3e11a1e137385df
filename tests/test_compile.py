"""From facts to a briefing: pure, in any order of facts the same bytes, and honest about what was not read."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Literal

import pytest

from briefing.compile import Compiled, Plan, compile_briefing
from briefing.coverage import KIND_WORDS, RULE_WORDS, WHOLE_SUBJECTS, Freshness, subjects_of
from briefing.demo.stated import StatedSeries, snapshot
from briefing.document import Briefing, to_json
from briefing.facts import KINDS
from briefing.render import render
from briefing.rules import load_all
from briefing.rules.view import NoAdSeries
from briefing.store import Attempt, Listing, Snapshot, StreamKey, StreamRecord
from briefing.testing import facts_from, morning_at
from tests.worlds import world_of

DAY = date(2026, 11, 19)
MORNING = morning_at("2026-11-19 07:00")
AT = datetime(2026, 11, 19, 5, 45, tzinfo=UTC)
Status = Literal["whole", "partial", "failed"]


@cache
def agency() -> tuple[Snapshot, StatedSeries]:
    world = world_of(1, DAY)
    return snapshot(world, DAY), StatedSeries(world, DAY)


def attempt(status: Status = "whole", at: datetime = AT, **fields: object) -> Attempt:
    plain = Attempt(status=status, started=at, ended=at, rows=3)
    return replace(plain, **fields)  # type: ignore[arg-type]


def of(text: str, **streams: Attempt | None) -> Snapshot:
    """A snapshot of one source `work` whose streams (by kind) went as told; None was listed and never read."""
    keys = {kind: StreamKey("work", kind, (kind,)) for kind in streams}
    records = [
        StreamRecord(key=keys[kind], latest=one, usable=one if one and one.status != "failed" else None)
        for kind, one in streams.items()
    ]
    listing = Listing(source="work", at=AT, streams=tuple(keys.values()))
    return Snapshot(facts=tuple(facts_from(text, source="work")), streams=tuple(records), listings=(listing,))


def compiled(taken: Snapshot, plan: Plan | None = None) -> Compiled:
    return compile_briefing(taken, NoAdSeries(), plan or Plan(), MORNING)


def briefing_of(taken: Snapshot, plan: Plan | None = None) -> Briefing:
    return compiled(taken, plan).briefing


LAUNCH = """
project   | p1 | title=Acme site | party=Acme | manager=Janine | budget=36000 USD
milestone | m1 | project=p1 | title=Launch | due=2026-11-24
"""
WHOLE = {"project": attempt(), "milestone": attempt(), "task": attempt(rows=0)}


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_facts_changes_nothing(seed: int) -> None:
    taken, series = agency()
    facts = list(taken.facts)
    random.Random(seed).shuffle(facts)
    expected = compile_briefing(taken, series, Plan(), MORNING).briefing
    shuffled = compile_briefing(replace(taken, facts=tuple(facts)), series, Plan(), MORNING).briefing
    assert to_json(shuffled) == to_json(expected)
    for form in ("md", "html", "text"):
        assert render(shuffled, form) == render(expected, form)


def test_the_printed_factors_of_a_whole_agency_multiply_out() -> None:
    taken, series = agency()
    made = compile_briefing(taken, series, Plan(), MORNING).briefing
    assert len(made.items) > 5
    for item in made.items:
        product = item.lost.stake
        for factor in item.lost.factors:
            product *= factor.value
        assert abs(product - item.lost.amount) < 0.005
    for card in made.cards:
        assert card.amount.amount == sum(part.amount for part in card.parts)


def test_the_first_sentence() -> None:
    made = briefing_of(of(LAUNCH, **WHOLE))
    (card,) = made.cards
    assert card.headline == "Acme site: Launch is 3 workdays out (Tuesday) with no tasks assigned."
    assert card.full
    assert made.second_line == "1 to decide. 1 of 1 source whole."
    assert made.subject == "1 to decide: Acme site: Launch due Tuesday, no tasks (Thu 19 Nov)"


@pytest.mark.parametrize(
    ("tasks", "told"),
    [
        (attempt("failed", problem="refused", cure="renew the token"), "Task: refused. Cure: renew the token."),
        (attempt("partial", skipped=(("t.csv:3", "no title"),), skipped_count=1), "task: 1 row not read (t.csv:3: no title)."),
        (attempt(at=AT - timedelta(hours=20)), "work is old: read yesterday 10:45, 20 h ago (limit 18 h)."),
        (None, "task: not read yet."),
    ],
)  # fmt: skip
def test_no_milestone_sentence_without_the_whole_list_of_tasks(tasks: Attempt | None, told: str) -> None:
    made = briefing_of(of(LAUNCH, **{**WHOLE, "task": tasks}))
    assert made.items == ()
    assert not made.verified_quiet
    (line,) = made.coverage_lines
    assert line[1][0].lower() == told.lower()
    assert "milestones without tasks" in line[1][-1]


def test_quiet_is_verified_only_where_all_was_read() -> None:
    calm = "project | p1 | title=Acme site | party=Acme"
    quiet = briefing_of(of(calm, **WHOLE))
    assert quiet.verified_quiet
    assert quiet.second_line.startswith("Nothing needs you. 1 of 1 source whole")
    for broken in ("project", "milestone", "task"):
        made = briefing_of(of(calm, **{**WHOLE, broken: attempt("failed", problem="refused")}))
        assert not made.verified_quiet
        assert "Nothing needs you" not in made.second_line + made.subject


def test_without_any_source_nothing_is_called_quiet() -> None:
    made = briefing_of(Snapshot())
    assert (made.verified_quiet, made.second_line) == (False, "No source was read.")


def test_where_no_rule_ran_nothing_is_called_quiet() -> None:
    """One list of tasks, and no rule that makes do with it."""
    made = briefing_of(of("task | t1 | title=Draw | due=2026-11-18", task=attempt()))
    assert not made.verified_quiet
    assert made.second_line.startswith("Nothing was looked for: no source has what one of")
    assert "Nothing needs you" not in made.subject


def test_a_file_is_old_by_its_own_time_and_taken_as_exported_in_a_try() -> None:
    old = {kind: attempt(as_of=AT - timedelta(days=3)) for kind in WHOLE}
    assert briefing_of(of(LAUNCH, **old)).items == ()
    exported = Plan(freshness=Freshness(as_exported=True))
    assert len(briefing_of(of(LAUNCH, **old), exported).items) == 1


def test_a_rule_can_be_switched_off_and_its_limits_changed() -> None:
    taken = of(LAUNCH, **WHOLE)
    assert briefing_of(taken, Plan(disabled=frozenset({"milestone-no-tasks"}))).items == ()
    assert briefing_of(taken, Plan(overrides={"milestone-no-tasks": {"days": 2}})).items == ()
    for_acme = Plan(overrides={"milestone-no-tasks": {"days": 2, "clients": {"Acme": {"days": 9}}}})
    assert len(briefing_of(taken, for_acme).items) == 1


def test_an_owner_who_is_away_is_marked() -> None:
    text = LAUNCH + "absence | a | person=Janine | first=2026-11-18 | last=2026-11-20"
    (card,) = briefing_of(of(text, **WHOLE, absence=attempt())).cards
    assert "Owner Janine, out until Monday." in card.body


def test_the_currency_is_the_most_frequent_one() -> None:
    assert briefing_of(of(LAUNCH.replace("USD", "EUR"), **WHOLE)).currency == "EUR"


def test_a_list_of_tasks_older_than_the_milestones_says_nothing_absent() -> None:
    early = attempt(at=AT - timedelta(minutes=61))
    made = briefing_of(of(LAUNCH, **{**WHOLE, "task": early}))
    assert made.items == ()
    assert not made.verified_quiet
    close = attempt(at=AT - timedelta(minutes=59))
    assert len(briefing_of(of(LAUNCH, **{**WHOLE, "task": close})).items) == 1
    later = attempt(at=AT + timedelta(minutes=70))
    assert len(briefing_of(of(LAUNCH, **{**WHOLE, "task": later})).items) == 1


def test_a_fault_of_ours_costs_its_rule_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    rules = dict(load_all())
    rules["task-overdue"] = replace(rules["task-overdue"], run=broken)  # type: ignore[arg-type]
    monkeypatch.setattr("briefing.compile.load_all", lambda: rules)
    made = briefing_of(of(LAUNCH, **WHOLE))
    assert len(made.items) == 1
    assert "A fault of ours: task-overdue did not run. The log has the details." in made.notices
    assert not briefing_of(of("", **WHOLE)).verified_quiet


def test_no_rule_fails_on_the_agency() -> None:
    taken, series = agency()
    made = compile_briefing(taken, series, Plan(), MORNING).briefing
    assert not any("fault" in notice for notice in made.notices)


def test_every_kind_and_every_rule_has_words() -> None:
    assert KIND_WORDS.keys() == KINDS.keys()
    assert RULE_WORDS.keys() == load_all().keys()


def test_what_no_source_states_is_named_and_not_every_rule() -> None:
    """Thirty names of rules are no sentence."""
    (line,) = [one for one in briefing_of(of(LAUNCH, **WHOLE)).notices if one.startswith("No source for")]
    assert line == (
        "No source for ads, deals, meetings, messages, proposals, retainers, scorecard and tickets: "
        f"22 of {len(load_all())} rules did not run."
    )
    none = {"project": attempt(), "milestone": attempt()}
    apart = StreamRecord(key=StreamKey("other", "task", ("task",)), latest=attempt(), usable=attempt())
    taken = of(LAUNCH, **none)
    (line,) = [
        one
        for one in briefing_of(replace(taken, streams=(*taken.streams, apart))).notices
        if one.startswith("No source for")
    ]
    assert line.endswith(f"No one source has all that 6 of {len(load_all())} rules need.")


def test_one_word_where_nothing_is_said_of_a_subject_at_all() -> None:
    milestones = {"milestone-no-tasks", "milestone-unassigned", "milestone-overdue"}
    assert subjects_of({*milestones, "budget-burn"}) == ["budgets", "milestones"]
    assert subjects_of(milestones - {"milestone-overdue"}) == ["milestones that nobody has", "milestones without tasks"]
    assert set().union(*WHOLE_SUBJECTS.values()) <= load_all().keys()


def test_yesterdays_lists_are_not_todays_where_today_was_refused() -> None:
    """Fourteen hours old is within the limit; that the login was refused since is not nothing."""
    refused = attempt("failed", problem="login refused (401)", cure="briefing auth work")
    before = attempt(at=AT - timedelta(hours=14))
    taken = of("project | p1 | title=Acme site | party=Acme", **WHOLE)
    streams = tuple(replace(one, latest=refused, usable=before) for one in taken.streams)
    made = briefing_of(replace(taken, streams=streams))
    assert not made.verified_quiet
    assert made.second_line.startswith("Work was not read, new today.")
    assert "whole" not in made.subject
    ((_, sentences),) = made.coverage_lines
    assert sentences[:2] == (
        "Login refused (401). Cure: briefing auth work.",
        "Last read yesterday 16:45, 14 h ago.",
    )
    again = tuple(replace(one, latest=refused, usable=attempt()) for one in taken.streams)
    made = briefing_of(replace(taken, streams=again))
    assert made.coverage[0].status == "whole"
    assert not made.verified_quiet
