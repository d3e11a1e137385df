"""Runs rules where their needs are met, and says where they are not."""

from __future__ import annotations

from dataclasses import dataclass

from briefing.facts import Fact
from briefing.items import Item
from briefing.morning import Morning
from briefing.rules import Need, Rule
from briefing.rules.view import Facts, Limits, StreamReading


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRun:
    """A rule did not run on one source, and which reading kept it from it."""

    rule: str
    source: str
    need: str
    """The kind of fact that was missing."""

    why: str
    blocked_by: str = ""
    """The source whose reading was missing, which may be another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one rule found, over every source under judgement."""

    rule: str
    items: tuple[Item, ...] = ()
    ran_on: tuple[str, ...] = ()
    not_run: tuple[NotRun, ...] = ()


def run(rule: Rule, facts: Facts, morning: Morning, limits: Limits) -> Outcome:
    """Run a rule on every source that states the kind under judgement. The order of facts changes nothing."""
    items: list[Item] = []
    ran_on: list[str] = []
    not_run: list[NotRun] = []
    for source in sources_of(rule.needs[0].kind, facts):
        missing = [problem for need in rule.needs if (problem := unmet(rule, need, source, facts))]
        if missing:
            not_run += missing
            continue
        ran_on.append(source)
        items += rule.run(facts.at(source), morning, limits)
    return Outcome(rule=rule.name, items=tuple(items), ran_on=tuple(ran_on), not_run=tuple(not_run))


def sources_of(kind: type[Fact], facts: Facts) -> tuple[str, ...]:
    """Sources that state a kind, read or not, sorted."""
    return tuple(sorted({reading.source for reading in facts.readings if kind.kind in reading.kinds}))


def unmet(rule: Rule, need: Need, source: str, facts: Facts) -> NotRun | None:
    """Why a need is not met for a source under judgement; None when it is."""
    if need.optional:
        return None
    found = [
        r for r in facts.readings if need.kind.kind in r.kinds and (need.every_source or r.source == source)
    ]  # fmt: skip
    if not found:
        if need.every_source:
            return None
        return NotRun(rule=rule.name, source=source, need=need.kind.kind, why="no such list in this source")
    for reading in found:
        if not enough(reading, need):
            return NotRun(
                rule=rule.name, source=source, need=need.kind.kind, why=reading.problem or reading.status,
                blocked_by=reading.source,
            )  # fmt: skip
    return None


def enough(reading: StreamReading, need: Need) -> bool:
    """A sentence about something absent needs a whole, fresh list; any other needs rows that are not stale."""
    return reading.status == "whole" or (reading.status == "partial" and not need.whole)
