"""Rules about the scorecard: numbers that miss their target, and numbers that did not come.

A value for a period that is not over says nothing yet. A number that is overdue is told as late and not also as off
target: the old value is not today's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median_low
from typing import Literal

from briefing import words
from briefing.document import ScorecardTable
from briefing.facts import Measure, Person, Ref
from briefing.items import Figure, Item
from briefing.morning import Morning, WorkCalendar
from briefing.reading.text import folded
from briefing.rules import Need, rule
from briefing.rules.view import Facts, Limits

MEASURE_STAGES = ("late", "off-target")

Cadence = Literal["day", "week", "month", ""]
ADVERBS: Mapping[str, str] = {"day": "daily", "week": "weekly", "month": "monthly"}

GRACE: Mapping[str, int] = {"day": 2, "week": 2, "month": 5}
"""Workdays after a number was due before it is late. No threshold to configure: what is late is not also off target,
and both rules must agree on it."""

LONGEST_GAP: Mapping[str, int] = {"week": 10, "month": 45}
"""Days between two values that still follow each other."""

USUAL_GAP: Mapping[str, tuple[int, int]] = {"week": (6, 8), "month": (27, 32)}
"""Days between values from which a cadence is read where nobody states one."""

STILL_CURRENT = 45
"""Days for which a value counts as the present one where no cadence is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """The known values of one measure by now, in the order of days; at least one."""

    id: str
    values: tuple[Measure, ...]
    every: Cadence
    labelled_by_first: bool
    """Every value stands on the first of a month: it is the month that follows, not one that ended that day."""

    @property
    def last(self) -> Measure:
        """The newest value."""
        return self.values[-1]

    @property
    def value(self) -> Decimal:
        """What the newest value is."""
        assert self.last.value is not None
        return self.last.value

    @property
    def name(self) -> str:
        """As a sentence begins."""
        return self.last.name[:1].upper() + self.last.name[1:]

    def ends(self, measure: Measure) -> date:
        """The last day of a value's period."""
        return _month_end(measure.at) if self.labelled_by_first else measure.at


@rule(
    "measure-off-target",
    matter="measure",
    stages=MEASURE_STAGES,
    needs=(Need(Measure),),
    price=120,
    share="0.25",
    step="5",
)
def measure_off_target(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """The newest number of a measure misses its target."""
    for series in _all_series(facts, morning):
        if is_off(series.last) and _is_current(series, morning):
            yield _off_target(facts, morning, series)


@rule(
    "measure-late",
    matter="measure",
    stages=MEASURE_STAGES,
    needs=(Need(Measure, whole=True),),
    price=30,
    share="0.25",
)
def measure_late(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A number that comes daily, weekly or monthly has not come."""
    for series in _all_series(facts, morning):
        if _is_late(series, morning):
            yield _late(facts, morning, series)


def scorecard_table(facts: Facts, morning: Morning) -> ScorecardTable:
    """The scorecard section, over all sources: how many are on target, which are not, which did not come."""
    on, off, late, missing = 0, [], [], 0
    for source in sorted({measure.ref.source for measure in facts.of(Measure)}):
        here = facts.at(source)
        for series in _all_series(here, morning):
            who = _who(facts, series)
            if _is_late(series, morning):
                if facts.whole(Measure, source=source):
                    late.append(f"{series.last.name}: {_last_number(series, morning)}{who}")
                    missing += series.last.target is not None
            elif series.last.target is not None and _is_current(series, morning):
                on += not is_off(series.last)
                if is_off(series.last):
                    off.append(f"{series.last.name} {_against_target(series, morning)}{who}")
    total = on + len(off) + missing
    title = f"{on} of {total} on target." if total else ""
    return ScorecardTable(title=title, off=tuple(sorted(off)), late=tuple(sorted(late)))


# --- values and their periods --------------------------------------------------------------------------------------


def is_off(measure: Measure) -> bool:
    """Whether a value misses its own target; the target itself is met."""
    if measure.value is None or measure.target is None:
        return False
    return measure.value > measure.target if measure.direction == "at_most" else measure.value < measure.target


def _all_series(facts: Facts, morning: Morning) -> Sequence[_Series]:
    """Measures of the source under judgement by name, or by name and seat where several seats carry the name."""
    groups: dict[tuple[str, str], list[Measure]] = defaultdict(list)
    for measure in facts.here(Measure):
        groups[folded(measure.name), folded(measure.seat)].append(measure)
    names = [name for name, _ in groups]
    found = []
    for (name, seat), measures in sorted(groups.items()):
        # Of two values for one day the one further down counts: people correct by adding a row.
        by_day = {m.at: m for m in sorted(measures, key=_as_written) if m.value is not None}
        known = list(by_day.values())
        by_first = len(known) > 1 and all(measure.at.day == 1 for measure in known)
        over = [m for m in known if (_month_end(m.at) if by_first else m.at) <= morning.today]
        if over:
            every = over[-1].every or _usual(list(by_day), morning.calendar)
            key = name if names.count(name) == 1 else f"{name}/{seat}"
            found.append(_Series(id=key, values=tuple(over), every=every, labelled_by_first=by_first))
    return found


def _as_written(measure: Measure) -> tuple[date, int, str]:
    """By day, then by the line of the file."""
    line = measure.ref.where.rpartition(":")[2]
    return (measure.at, int(line) if line.isdecimal() else 0, measure.ref.id)


def _usual(days: Sequence[date], calendar: WorkCalendar) -> Cadence:
    """How often values come, read from at least four of them, two thirds of which agree."""
    gaps = [(later - day).days for day, later in pairwise(days)]
    if len(gaps) < 3:
        return ""
    if sum(calendar.workdays_between(day, later) == 1 for day, later in pairwise(days)) * 3 >= len(gaps) * 2:
        return "day"
    cadences: tuple[Cadence, ...] = ("week", "month")
    for every in cadences:
        low, high = USUAL_GAP[every]
        if low <= median_low(gaps) <= high and sum(low <= gap <= high for gap in gaps) * 3 >= len(gaps) * 2:
            return every
    return ""


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _due(series: _Series, calendar: WorkCalendar) -> date | None:
    """The last day of the period whose number comes next; None where no cadence is known."""
    last = series.ends(series.last)
    if series.every == "day":
        return calendar.next_workday(last)
    if series.every == "week":
        return last + timedelta(days=7)
    return _month_later(last) if series.every == "month" else None


def _month_later(day: date) -> date:
    """The same day a month later; the last day of a month is followed by the last of the next."""
    end = _month_end(_month_end(day) + timedelta(days=1))
    return end if day == _month_end(day) else end.replace(day=min(day.day, end.day))


def _is_late(series: _Series, morning: Morning) -> bool:
    due = _due(series, morning.calendar)
    return due is not None and due < morning.today and -morning.workdays_to(due) >= GRACE[series.every]


def _is_current(series: _Series, morning: Morning) -> bool:
    """Whether the newest value is the present one."""
    if series.every:
        return not _is_late(series, morning)
    return (morning.today - series.ends(series.last)).days <= STILL_CURRENT


def _periods_off(series: _Series, calendar: WorkCalendar) -> int:
    """How many periods in a row are off target, the newest counted; a missing period ends the row."""
    count = 1
    for before, after in reversed(list(pairwise(series.values))):
        if series.every == "day":
            follows = calendar.workdays_between(before.at, after.at) <= 1
        else:
            follows = (after.at - before.at).days <= LONGEST_GAP.get(series.every, STILL_CURRENT)
        if not follows or not is_off(before):
            break
        count += 1
    return count


# --- the sentences -------------------------------------------------------------------------------------------------


def _off_target(facts: Facts, morning: Morning, series: _Series) -> Item:
    last = series.last
    assert last.target is not None
    sentence = f"{series.name}: {_against_target(series, morning)}."
    gap = abs(series.value - last.target)
    return Item(
        rule="measure-off-target",
        matter="measure",
        stage="off-target",
        about=_about(facts, series),
        headline=sentence,
        line=sentence,
        body=(_period(series, morning), *((f"{last.seat[:1].upper()}{last.seat[1:]}.",) if last.seat else ())),
        ask="discuss or wait?",
        owner=last.owner,
        since=series.ends(series.values[-_periods_off(series, morning.calendar)]),
        # Percent of the target, so that a count and a share get worse by the same step.
        measure=(gap / abs(last.target) * 100).quantize(Decimal("0.1")) if last.target else gap,
        short=last.name,
        people=_people(last),
        evidence=(facts.evidence(last, f"{_told(last)} on {words.dated_day(last.at, morning.today)}"),),
        figures=_history(series, morning),
        gone_when="a value on target, another target, or a decision of yours",
    )


def _late(facts: Facts, morning: Morning, series: _Series) -> Item:
    last = series.last
    sentence = f"{series.name}: {_last_number(series, morning)}."
    places = facts.looked_in(Measure, source=facts.source)
    target = f", target {_target(last)}" if last.target is not None else ""
    return Item(
        rule="measure-late",
        matter="measure",
        stage="late",
        about=_about(facts, series),
        headline=sentence,
        line=sentence,
        body=(f"It was {_told(last)}{target}.", f"Nothing later in {words.listed(places, 'or')}."),
        ask="ask for it or drop it?",
        owner=last.owner,
        since=_due(series, morning.calendar),
        short=last.name,
        people=_people(last),
        evidence=(facts.evidence(last, f"{_told(last)} on {words.dated_day(last.at, morning.today)}"),),
        figures=_history(series, morning),
        looked_in=places,
        gone_when="a newer number, or a decision of yours",
    )


def _about(facts: Facts, series: _Series) -> Ref:
    ref = series.last.ref
    return Ref(source=facts.source, kind="measure", id=series.id, url=ref.url, where=ref.where)


def _against_target(series: _Series, morning: Morning) -> str:
    """`27 %, target 30 %, second week`."""
    periods = words.ordinal(_periods_off(series, morning.calendar))
    return f"{_told(series.last)}, target {_target(series.last)}, {periods} {series.every or 'time'}"


def _told(measure: Measure) -> str:
    """The value, rounded unless that would make it its target."""
    assert measure.value is not None
    told = words.measured(measure.value, measure.unit)
    if (
        measure.target is not None
        and measure.value != measure.target
        and told == words.measured(measure.target, measure.unit)
    ):
        return f"{words.number(measure.value)} {measure.unit}".strip()
    return told


def _target(measure: Measure) -> str:
    assert measure.target is not None
    return f"{'at most ' if measure.direction == 'at_most' else ''}{words.measured(measure.target, measure.unit)}"


def _last_number(series: _Series, morning: Morning) -> str:
    """`last number Monday 9 November, weekly`."""
    return f"last number {words.dated_day(series.last.at, morning.today)}, {ADVERBS[series.every]}"


def _period(series: _Series, morning: Morning) -> str:
    """What the value is for, such as `Week to Friday 13 November.`, as a sentence."""
    day = words.dated_day(series.ends(series.last), morning.today)
    return f"{series.every.capitalize()} to {day}." if series.every in {"week", "month"} else f"Number of {day}."


def _who(facts: Facts, series: _Series) -> str:
    """` (call centre, Renee)`."""
    named = [part for part in (series.last.seat, facts.name(series.last.owner)) if part]
    return f" ({', '.join(named)})" if named else ""


def _people(measure: Measure) -> tuple[Person, ...]:
    return (measure.owner,) if measure.owner else ()


def _history(series: _Series, morning: Morning) -> tuple[Figure, ...]:
    """The last five values."""
    return tuple(
        Figure(name=words.dated_day(measure.at, morning.today), value=_told(measure)) for measure in series.values[-5:]
    )
