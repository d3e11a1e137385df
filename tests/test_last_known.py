"""What is told of a source that was not read today: the gap once, its day, and what its last reading knew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from briefing.coverage import Freshness, not_checked, of_sources
from briefing.last_known import last_known
from briefing.rules import load_all
from briefing.rules.engine import NotRun, Outcome
from briefing.rules.view import Facts, Limits, StreamReading, facts_of
from briefing.testing import facts_from, morning_at, readings_for

THURSDAY = morning_at("2026-11-19 07:00")


def blocked(rule: str, source: str) -> Outcome:
    one = NotRun(rule=rule, source=source, need="tasks", why="refused", blocked_by=source)
    return Outcome(rule=rule, not_run=(one,))


def old(text: str, *, days: int = 1) -> Facts:
    """Facts of a source whose reading is of an earlier day."""
    at = THURSDAY.now - timedelta(days=days)
    readings = [replace(one, status="stale", as_of=None, fetched_at=at) for one in readings_for(facts_from(text))]
    return facts_of(facts_from(text), readings=readings)


def told(facts: Facts, *outcomes: Outcome) -> object:
    rules = load_all()
    return last_known(facts, THURSDAY, outcomes, rules, lambda rule: Limits(defaults=rule.limits))


def test_what_the_rule_would_have_said_of_the_last_reading(table: str) -> None:
    """
    project   | p | title=Acme site
    milestone | a | project=p | title=Launch | due=2026-11-24
    milestone | b | project=p | title=Review | due=2026-11-23
    milestone | c | project=p | title=Staffed | due=2026-11-23
    milestone | e | project=p | title=Past | due=2026-11-18
    task      | t | project=p | milestone=c | title=Copy
    """
    lines = "Acme site: Review due Monday, no tasks; Acme site: Launch due Tuesday, no tasks"
    said = f"In yesterday's reading: {lines}. Whether that holds today was not checked."
    assert told(old(table), blocked("milestone-no-tasks", "test")) == {"test": (said,)}


def test_nothing_is_told_of_what_was_read_or_of_rules_that_ran(table: str) -> None:
    """
    project   | p | title=Acme site
    milestone | a | project=p | title=Launch | due=2026-11-24
    task      | t | project=p | title=Copy
    """
    assert told(old(table)) == {}
    assert told(old(table), blocked("task-overdue", "test")) == {}
    fresh = facts_of(facts_from(table), readings=readings_for(facts_from(table)))
    assert told(fresh, blocked("milestone-no-tasks", "test")) == {}


def test_an_old_reading_that_had_lost_rows_knows_nothing_of_what_is_absent(table: str) -> None:
    """
    project   | p | title=Acme site
    milestone | a | project=p | title=Launch | due=2026-11-24
    task      | t | project=p | title=Copy
    """
    facts = old(table)
    torn = replace(facts, readings=tuple(replace(one, skipped_count=1) for one in facts.readings))
    assert told(torn, blocked("milestone-no-tasks", "test")) == {}


def reading(scope: str, problem: str = "login refused", **how: object) -> StreamReading:
    plain = StreamReading(
        source="accelo", scope=scope, kinds=frozenset({scope}), status="missing", problem=problem, cure="briefing auth"
    )
    return replace(plain, **how)  # type: ignore[arg-type]


def lines(*readings: StreamReading) -> tuple[str, ...]:
    covered = of_sources(readings, [], THURSDAY)
    return dict(not_checked(covered, readings, THURSDAY, Freshness())).get("accelo", ())


def test_one_cause_of_all_streams_is_told_once() -> None:
    assert lines(reading("task"), reading("project"), reading("milestone")) == ("Login refused. Cure: briefing auth.",)


def test_a_cause_of_some_streams_names_them() -> None:
    told = lines(reading("task", "no right"), reading("project", "no right"), reading("staff", "", status="whole"))
    assert told == ("task and project: no right. Cure: briefing auth.",)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (date(2026, 11, 19), "Login refused. Cure: briefing auth."),
        (date(2026, 11, 17), "Login refused, day 3. Cure: briefing auth."),
        (date(2026, 11, 13), "Login refused, day 5. Cure: briefing auth."),
    ],
)
def test_a_known_gap_has_its_day_counted_in_workdays(broken: date, said: str) -> None:
    at = datetime.combine(broken, THURSDAY.now.timetz())
    assert lines(reading("task", broken=at), reading("project", broken=at)) == (said,)


def test_many_scopes_are_counted() -> None:
    many = [reading(f"#c{number}") for number in range(20)] + [reading("people", "", status="whole")]
    (told,) = lines(*many)
    assert told.startswith("#c0, #c1, #c2, #c3, #c4, #c5 and 14 more: login refused.")
