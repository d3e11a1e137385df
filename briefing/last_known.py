"""What an old reading still tells of the coming days, where nothing newer could be read. Pure.

A rule that rests on a list that is not read today says nothing; the dates and answers of its last reading are told
beside the gap, with what was not checked of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from briefing import words
from briefing.facts import Fact, Milestone, Project, Proposal
from briefing.morning import Morning
from briefing.rules.engine import Outcome
from briefing.rules.view import Facts

AHEAD = 5
"""Days to a milestone's date from which on its lack of tasks would be told."""

MOST = 4


def last_known(facts: Facts, morning: Morning, outcomes: Iterable[Outcome]) -> Mapping[str, tuple[str, ...]]:
    """Per source the sentences about what its last reading knew."""
    silent = {
        (one.rule, one.blocked_by) for outcome in outcomes for one in outcome.not_run if one.blocked_by
    }  # fmt: skip
    found: dict[str, tuple[str, ...]] = {}
    for source in sorted({reading.source for reading in facts.readings if reading.status == "stale"}):
        sentences = []
        if ("milestone-no-tasks", source) in silent:
            sentences += _due(facts, morning, source)
        if ("proposal-viewed", source) in silent:
            sentences += _viewed(facts, morning, source)
        if sentences:
            found[source] = tuple(sentences)
    return found


def _reading_of(facts: Facts, morning: Morning, source: str, kind: type[Fact]) -> str:
    """`Wednesday's reading`; empty where the list is not an old one."""
    for reading in facts.readings:
        when = reading.as_of or reading.fetched_at
        if reading.source == source and kind.kind in reading.kinds and reading.status == "stale" and when:
            day = words.day(morning.date_of(when), morning.today)
            return f"{day}'s reading" if day.isalpha() else f"the reading of {day}"
    return ""


def _due(facts: Facts, morning: Morning, source: str) -> list[str]:
    reading = _reading_of(facts, morning, source, Milestone)
    titles = {project.ref.id: project.title for project in facts.of(Project) if project.ref.source == source}
    due: list[tuple[date, str]] = sorted(
        (one.due, f"{titles.get(one.project, '')} {one.title}".strip())
        for one in facts.of(Milestone)
        if one.ref.source == source and one.state == "open" and one.due is not None
        and 0 <= (one.due - morning.today).days <= AHEAD
    )  # fmt: skip
    if not reading or not due:
        return []
    names = words.some([f"{title} ({words.day(day, morning.today)})" for day, title in due], MOST)
    last = words.day(due[-1][0], morning.today)
    verb = "it has" if len(due) == 1 else "they have"
    return [f"Due by {last} in {reading}: {names}. Whether {verb} tasks was not checked."]


def _viewed(facts: Facts, morning: Morning, source: str) -> list[str]:
    reading = _reading_of(facts, morning, source, Proposal)
    names: Sequence[str] = sorted(
        one.name for one in facts.of(Proposal) if one.ref.source == source and one.state == "viewed"
    )
    if not reading or not names:
        return []
    verb = "it has" if len(names) == 1 else "they have"
    return [f"Viewed in {reading}: {words.some(names, MOST)}. Whether {verb} an answer now was not checked."]
