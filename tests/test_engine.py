"""Where a rule runs, and what is said where it does not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from briefing.facts import Fact, Meeting, Message, Milestone, Project, Task
from briefing.items import Item
from briefing.morning import Morning
from briefing.rules import Need, Rule, load_all
from briefing.rules.engine import run, sources_of
from briefing.rules.view import Facts, Limits, StreamReading, facts_of
from briefing.testing import facts_from, morning_at, readings_for

THURSDAY = morning_at("2026-11-19 07:00")


def rule_with(*needs: Need) -> Rule:
    """A rule that says one thing for each fact of the kind under judgement."""

    def tell(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
        for fact in facts.here(needs[0].kind):
            yield Item(
                rule="any", matter="any", stage="open", about=fact.ref, headline="It is.", line="It is.", ask="is it?",
                since=date(2026, 11, 19),
            )  # fmt: skip

    from decimal import Decimal

    return Rule(name="any", matter="any", stages=("open",), needs=needs, price=Decimal(1), run=tell)


def reading(
    source: str, kind: type[Fact], status: Any = "whole", *, scope: str = "", problem: str = ""
) -> StreamReading:
    return StreamReading(source=source, scope=scope, kinds=frozenset({kind.kind}), status=status, problem=problem)


TASKS = "task | 1 | source=accelo | title=A\ntask | 1 | source=plan | title=A"


def where(needs: tuple[Need, ...], *readings: StreamReading) -> tuple[tuple[str, ...], set[tuple[str, str]]]:
    """Where a rule ran, and (source under judgement, what blocked it) elsewhere."""
    outcome = run(rule_with(*needs), facts_of(facts_from(TASKS), readings=readings), THURSDAY, Limits())
    assert {item.about.source for item in outcome.items} <= set(outcome.ran_on)
    return outcome.ran_on, {(one.source, one.blocked_by) for one in outcome.not_run}


@pytest.mark.parametrize(
    ("status", "runs", "runs_on_absence"),
    [("whole", True, True), ("partial", True, False), ("stale", False, False), ("missing", False, False)],
)
def test_what_a_need_takes(status: str, runs: bool, runs_on_absence: bool) -> None:
    for need, expected in ((Need(Task), runs), (Need(Task, whole=True), runs_on_absence)):
        ran, blocked = where((need,), reading("accelo", Task, status), reading("plan", Task))
        assert ran == (("accelo", "plan") if expected else ("plan",))
        assert blocked == (set() if expected else {("accelo", "accelo")})


def test_a_source_without_a_list_the_rule_needs() -> None:
    ran, blocked = where(
        (Need(Task), Need(Project)), reading("accelo", Task), reading("accelo", Project), reading("plan", Task)
    )
    assert ran == ("accelo",)
    assert blocked == {("plan", "")}


def test_one_scope_that_is_not_read_blocks_what_rests_on_the_whole_list() -> None:
    readings = (reading("plan", Task), reading("plan", Task, "missing", scope="archive"))
    assert where((Need(Task, whole=True),), *readings) == ((), {("plan", "plan")})


def test_every_source_of_a_kind_blocks_and_none_is_no_hindrance() -> None:
    needs = (Need(Task), Need(Message, whole=True, every_source=True))
    assert where(needs, reading("plan", Task)) == (("plan",), set())
    assert where(needs, reading("plan", Task), reading("slack", Message, "partial")) == ((), {("plan", "slack")})


def test_an_optional_need_never_blocks() -> None:
    needs = (Need(Task), Need(Meeting, every_source=True, optional=True), Need(Milestone, whole=True, optional=True))
    assert where(needs, reading("plan", Task), reading("calendar", Meeting, "missing")) == (("plan",), set())


def test_why_a_rule_did_not_run() -> None:
    view = facts_of((), readings=[reading("plan", Task, "missing", problem="login refused")])
    (told,) = run(rule_with(Need(Task)), view, THURSDAY, Limits()).not_run
    assert (told.rule, told.need, told.why) == ("any", "task", "login refused")


def test_sources_are_those_that_state_a_kind_read_or_not() -> None:
    view = facts_of((), readings=[reading("b", Task, "missing"), reading("a", Task), reading("c", Message)])
    assert sources_of(Task, view) == ("a", "b")


def test_facts_of_another_source_are_not_judged() -> None:
    outcome = run(
        rule_with(Need(Task)),
        facts_of(facts_from(TASKS), readings=[reading("accelo", Task), reading("plan", Task, "stale")]),
        THURSDAY,
        Limits(),
    )
    assert [item.about.source for item in outcome.items] == ["accelo"]


def test_places_are_only_those_read_whole() -> None:
    view = facts_of((), readings=[reading("a", Task), reading("b", Task, "partial"), reading("c", Message)])
    assert view.looked_in(Task, Message) == ("a", "c")
    assert [view.whole(kind) for kind in (Task, Message, Meeting)] == [False, True, False]
    assert view.whole(Task, source="a")


def test_limits_the_client_s_own_first() -> None:
    limits = Limits(
        defaults={"days": 5}, overrides={"days": 4}, by_client={"Acme": {"days": 1}}, by_type={"site": {"days": 2}}
    )
    assert limits.number("days") == 4
    assert limits.number("days", type="site") == 2
    assert limits.number("days", client="Acme", type="site") == 1
    assert limits.number("days", client="Oakline") == 4
    with pytest.raises(KeyError):
        limits.number("hours")


WORLD = """
project   | p1 | source=tool | title=Acme site | party=Acme | manager=Janine
milestone | m1 | source=tool | project=p1 | title=Launch | due=2026-11-24
task      | t1 | source=tool | project=p1 | title=Draw  | assignee=Tom | due=2026-11-10
task      | t2 | source=tool | project=p1 | title=Write | assignee=Tom | due=2026-11-11
task      | t3 | source=tool | project=p1 | title=Check | assignee=Tom | due=2026-11-12
task      | t4 | source=tool | project=p1 | title=Send  | assignee=Ann | due=2026-11-12
deal      | d1 | source=crm  | name=Acme shop | party=Acme | last_contact=2026-10-12 | expected_close=2026-11-10
proposal  | q1 | source=docs | name=Acme shop | party=Acme | state=viewed | first_viewed=2026-11-12 10:00
measure   | v1 | source=card | name=Calls | target=10 | every=week | at=2026-11-13 | value=9
measure   | v2 | source=card | name=Leads | target=10 | every=week | at=2026-11-06 | value=9
message   | 1  | source=mail | thread=1 | at=2026-11-10 10:00 | author=Dana <dana@oakline.example> | to=ann@ours.example | outside=yes | party=Oakline | excerpt=Can you call?
"""


def test_every_sentence_of_every_rule_is_written_as_agreed() -> None:
    from briefing.clients import Client, directory

    facts = facts_from(WORLD)
    known = directory(
        facts,
        clients=(Client(name="Acme"), Client(name="Oakline")),
        own_domains=("ours.example",),
        today=THURSDAY.today,
    )
    rules = load_all()
    told = []
    order = list(facts)
    for seed in range(3):
        random.Random(seed).shuffle(order)
        view = facts_of(order, readings=readings_for(order), directory=known)
        told.append(
            [item for rule in rules.values() for item in run(rule, view, THURSDAY, Limits(defaults=rule.limits)).items]
        )
    assert told[0] == told[1] == told[2]
    assert {item.rule for item in told[0]} >= {
        "milestone-no-tasks", "task-overdue", "person-overloaded", "deal-idle", "deal-close-passed", "proposal-viewed",
        "measure-off-target", "measure-late", "client-waiting",
    }  # fmt: skip
    for item in told[0]:
        rule = rules[item.rule]
        assert (item.matter, item.stage in rule.stages) == (rule.matter, True), item.rule
        sentences = [item.headline, item.line, *item.body]
        assert all(one[0] == one[0].upper() and one[-1] in '."' for one in sentences), sentences
        assert item.ask.endswith("?")
        text = " ".join(sentences)
        assert not any(mark in text for mark in ("!", "—", "significant", "because", "  ", " ,", "None", "1 days")), (
            text
        )
        for absent in ("no answer", "No answer", "No reply", "no contact", "Nothing"):
            assert absent not in text or item.looked_in, text
        assert item.evidence
        assert item.gone_when


def test_a_moment_in_any_zone_is_the_same_morning() -> None:
    elsewhere = Morning(now=datetime.fromisoformat("2026-11-18T23:00:00-07:00"), zone=THURSDAY.zone)
    assert elsewhere.today == THURSDAY.today
