"""Runs rules where their needs are met, and says where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
    blocking = _blocking(found, need) or _too_old_beside(rule, need, found, source, facts)
    if blocking is None:
        return None
    reading, why = blocking
    return NotRun(rule=rule.name, source=source, need=need.kind.kind, why=why, blocked_by=reading.source)


def _blocking(found: Sequence[StreamReading], need: Need) -> tuple[StreamReading, str] | None:
    """The reading that a need cannot do without. Of several scopes (ad accounts) one that is missing costs itself only,
    unless the rule says that something is absent; old rows would be told as today's, so they block.
    """
    for reading in found:
        if not enough(reading, need) and (need.whole or reading.status == "stale"):
            return reading, reading.problem or reading.status
    if any(enough(reading, need) for reading in found):
        return None
    return found[0], found[0].problem or found[0].status


def _too_old_beside(
    rule: Rule, need: Need, found: Sequence[StreamReading], source: str, facts: Facts
) -> tuple[StreamReading, str] | None:
    """A list in which something is missed must not be older than the list of what is judged: a milestone made since
    would be without tasks in it.
    """
    if not need.whole or facts.apart is None:
        return None
    judged = [
        t for r in facts.readings if r.source == source and rule.needs[0].kind.kind in r.kinds if (t := time_of(r))
    ]
    for reading in found:
        at = time_of(reading)
        if at is not None and judged and max(judged) - at > facts.apart:
            return reading, "read too long before the list that is judged"
    return None


def time_of(reading: StreamReading) -> datetime | None:
    """What a reading tells the state of: a file's modification time, else when it was read."""
    return reading.as_of or reading.fetched_at


def enough(reading: StreamReading, need: Need) -> bool:
    """A sentence about something absent needs a whole, fresh list; any other needs rows that are not stale."""
    return reading.status == "whole" or (reading.status == "partial" and not need.whole)
