"""What the last reading knew, where nothing newer of a source could be read. Pure.

A rule that rests on a list that is not read today says nothing of it. What it would have said of the last reading is
told beside the gap, as that reading's, with the words that it was not checked: a date in three days does not wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date

from briefing import words
from briefing.items import Item
from briefing.morning import Morning
from briefing.rules import Rule
from briefing.rules.engine import Outcome, run, time_of
from briefing.rules.view import Facts, Limits, StreamReading

TOLD = ("milestone-no-tasks", "proposal-viewed")
"""Rules whose matters have a date or a client waiting; the others keep until the source is back."""

MOST = 3


def last_known(
    facts: Facts,
    morning: Morning,
    outcomes: Iterable[Outcome],
    rules: Mapping[str, Rule],
    limits_of: Callable[[Rule], Limits],
) -> Mapping[str, tuple[str, ...]]:
    """Per source the sentences about what its last reading knew."""
    silent = {
        (one.rule, one.source)
        for outcome in outcomes
        for one in outcome.not_run
        if one.rule in TOLD and one.rule in rules and one.blocked_by == one.source
    }
    found: dict[str, tuple[str, ...]] = {}
    for name, source in sorted(silent):
        old = [one for one in facts.readings if one.source == source and one.status == "stale"]
        when = min((at for reading in old if (at := time_of(reading))), default=None)
        if when is None:
            continue
        outcome = run(rules[name], _as_read(facts, source), morning, limits_of(rules[name]))
        items = [item for item in outcome.items if item.about.source == source]
        if items:
            day = words.day(morning.date_of(when), morning.today)
            found[source] = (*found.get(source, ()), _sentence(items, day))
    return found


def _as_read(facts: Facts, source: str) -> Facts:
    """The facts as if the old readings of a source were today's; those that had lost rows stay unusable."""

    def then(reading: StreamReading) -> StreamReading:
        old = reading.source == source and reading.status == "stale" and not reading.skipped_count
        return replace(reading, status="whole") if old else reading

    return replace(facts, readings=tuple(then(reading) for reading in facts.readings))


def _sentence(items: Iterable[Item], day: str) -> str:
    """What a reading said, such as "In Wednesday's reading: Acme site: Launch due Tuesday, no tasks. Whether ..."."""
    ordered = sorted(items, key=lambda item: (item.deadline or date.max, item.line))
    lines = [item.line.rstrip(".") for item in ordered[:MOST]]
    more = f"; {len(ordered) - MOST} more" if len(ordered) > MOST else ""
    reading = f"{day}'s reading" if day.isalpha() else f"the reading of {day}"
    return f"In {reading}: {'; '.join(lines)}{more}. Whether that holds today was not checked."
