"""Memory: what an edition compares with, and what state each item has against it. Pure.

An edition carries its own memory: the traces of its items and of those it still remembers. So one earlier edition, the
last that was delivered, is all there is to compare with: after a week away there is one comparison.

new        it did not stand there: another finding about the same object, without stages in common, is another item
worse      its measure moved by the rule's step, its stage changed, or its date came within 3, 1 or 0 workdays
better     the same the other way
unchanged  none of these, on day n since it first stood
back       an edition had said that it was resolved
resolved   it stood there and is no longer found, where every list it rests on was read whole
unchecked  it stood there, and these lists were not read whole: nothing is resolved through a gap. Where they were read
           in part and did not have it any more that is told once: a list that is never whole would repeat it for ever
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from briefing.document import Gap, SourceCoverage, Trace
from briefing.items import Factor, Item, Priced
from briefing.morning import Morning
from briefing.ranking import cents
from briefing.rules import Rule
from briefing.rules.engine import Outcome
from briefing.rules.view import Facts, Limits

Key = tuple[str, str, str, str]
Moved = Literal["new", "worse", "better"]
Why = Literal["stage", "measure", "date"]
STRONGEST: tuple[Moved, ...] = ("worse", "new", "better")

KEPT = timedelta(days=30)
"""For so long an edition remembers what is resolved, and what nobody could look at."""

CHANGED = "its threshold was changed"

NEARER = (3, 1, 0)
"""Workdays to a date at which it is a change that the date is near."""

FADING = Decimal("0.90")
FAINTEST = Decimal("0.50")
"""What stays as it is takes a tenth less of its place per workday, down to half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The last delivered edition, as far as it is compared with."""

    date: date
    compiled_at: datetime
    traces: tuple[Trace, ...] = ()
    gaps: frozenset[tuple[str, str, str]] = frozenset()
    """Source, stream and scope of what it said was not read."""

    unread: frozenset[str] = frozenset()
    """Sources that it said were missing or old."""

    answers: tuple[str, ...] = ()
    """Answers of the reader that were told as not understood."""

    heard: int = 0
    """The number of the last word of the reader that it knew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What today's items and their absence rest on."""

    rules: Mapping[str, Rule]
    outcomes: Mapping[str, Outcome]
    facts: Facts
    reach: timedelta
    """How far back messages and changes are read."""

    limits: Mapping[str, str] = field(default_factory=dict)
    """A mark of each rule's thresholds, by its name."""

    over: frozenset[str] = frozenset()
    """Meetings that have been, as `source:kind:id`: what was to be said of them is not resolved, it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One of today's items beside what it was."""

    was: Trace | None
    state: Literal["new", "worse", "better", "unchanged", "back"]
    why: tuple[Why, ...] = ()
    day: int = 1
    first: date
    moved: date
    measure: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Today against an earlier edition."""

    past: Past
    items: Mapping[str, Compared] = field(default_factory=dict)
    """By printed id."""

    resolved: tuple[Trace, ...] = ()
    """As they stood last."""

    unchecked: tuple[Trace, ...] = ()
    kept: tuple[Trace, ...] = ()
    """What is remembered for later: resolved before, part of another item now, or told as doubtful before."""

    silent: tuple[Trace, ...] = ()
    """Older today than their rules tell: nobody knows that they are done."""

    let_go: tuple[tuple[str, int], ...] = ()
    """How many are not looked for any more, and why."""

    @property
    def is_left_open(self) -> bool:
        """Something is not told today that nobody found done."""
        return bool(self.silent) or any(why == CHANGED for why, _ in self.let_go)


def past_of(document: Mapping[str, Any]) -> Past | None:
    """What an edition's JSON tells of itself; None where it was written before editions had a memory, or is damaged."""
    from briefing.codec import build

    try:
        sources = document["coverage"]
        return Past(
            date=date.fromisoformat(document["date"]), compiled_at=datetime.fromisoformat(document["compiled_at"]),
            traces=tuple(build(Trace, trace) for trace in document["traces"]),
            gaps=frozenset((one["source"], gap["stream"], gap["scope"]) for one in sources for gap in one["gaps"]),
            unread=frozenset(one["source"] for one in sources if one["status"] in UNREAD),
            answers=tuple(document.get("answers", ())), heard=int(document.get("heard", 0)),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        return None


UNREAD = frozenset({"missing", "stale"})


# --- today's items ---------------------------------------------------------------------------------------------------


def compare(past: Past, found: Sequence[Priced], ground: Ground, morning: Morning) -> Comparison:
    """The states of today's items, which have their printed ids, and what became of the others."""
    before = _matched(past.traces, found, ground.rules)
    items = {one.id: _compared(one, before.get(one.id), ground.rules, morning) for one in found}
    return _gone(past, found, ground, morning, items)


def _matched(traces: Iterable[Trace], found: Sequence[Priced], rules: Mapping[str, Rule]) -> dict[str, Trace]:
    """What each item was, by printed id: the same finding; else another stage of the same matter on the same object;
    else a part of what was told as one.
    """
    old: dict[Key, dict[str, Trace]] = defaultdict(dict)
    for trace in traces:
        old[trace.key][trace.rule] = trace
    before: dict[str, Trace] = {}
    today = sorted(found, key=lambda one: (one.item.key, one.item.rule, one.id))
    for one in today:
        if one.item.rule in old.get(one.item.key, {}):
            before[one.id] = old[one.item.key].pop(one.item.rule)
    for one in today:
        others = [
            trace for _, trace in sorted(old.get(one.item.key, {}).items())
            if trace.state != "resolved" and _is_stage_of(trace, one.item, rules)
        ]  # fmt: skip
        if one.id not in before and others:
            before[one.id] = old[one.item.key].pop(others[0].rule)
    wholes = {part: trace for trace in traces if trace.state != "resolved" for part in trace.parts}
    for one in today:
        whole = wholes.get(_named(one.item)) if one.id not in before else None
        if whole is not None and (whole.kind == "person" or whole.matter == one.item.matter):
            before[one.id] = whole
    return before


def _is_stage_of(trace: Trace, item: Item, rules: Mapping[str, Rule]) -> bool:
    """The same matter at another stage: two findings that share their object alone are two."""
    both = {trace.stage, item.stage}
    return trace.rule == item.rule or (both <= set(rules[item.rule].stages))


def _named(item: Item) -> str:
    return f"{item.about.source}:{item.about.kind}:{item.about.id}"


def _compared(one: Priced, was: Trace | None, rules: Mapping[str, Rule], morning: Morning) -> Compared:
    today, item = morning.today, one.item
    if was is None or was.state == "resolved":
        state: Literal["new", "back"] = "new" if was is None else "back"
        return Compared(was=was, state=state, first=today, moved=today, measure=item.measure)
    day = max(morning.calendar.workdays_between(was.first, today), 0) + 1
    if was.key != item.key:  # one of several that were told as one: known, whatever is said of it alone
        return Compared(
            was=None, state="unchanged", day=day, first=was.first, moved=was.moved, measure=item.measure
        )  # fmt: skip
    moves = _moves(one, was, rules[item.rule], morning)
    state_now = next((state for state in STRONGEST if state in moves.values()), None)
    renewed = "measure" in moves or was.measure is None or was.rule != item.rule
    return Compared(
        was=was, state=state_now or "unchanged", day=day, first=was.first, moved=today if moves else was.moved,
        why=tuple(why for why, moved in moves.items() if moved == state_now),
        measure=item.measure if renewed else was.measure,
    )  # fmt: skip


def _moves(one: Priced, was: Trace, rule: Rule, morning: Morning) -> dict[Why, Moved]:
    """What moved, and which way."""
    item = one.item
    moves: dict[Why, Moved] = {}
    if was.stage != item.stage and {was.stage, item.stage} <= set(rule.stages):
        later = rule.stages.index(item.stage) > rule.stages.index(was.stage)
        moves["stage"] = "worse" if later else "better"
    if was.rule == item.rule and item.measure is not None and was.measure is not None:
        grown = item.measure - was.measure
        if abs(grown) >= rule.step:
            moves["measure"] = "worse" if grown > 0 else "better"
    if item.deadline is not None and was.deadline is not None:
        then = _nearness(morning.calendar.workdays_between(was.stood, was.deadline))
        now = _nearness(morning.workdays_to(item.deadline))
        if now != then:
            moves["date"] = "worse" if now > then else "better"
    return moves


def _nearness(left: int) -> int:
    """How many of the 3, 1 and 0 workdays to a date are reached."""
    return sum(left <= mark for mark in NEARER)


def mark(limits: Limits) -> str:
    """A short mark of a rule's thresholds as they count, the same for the same values."""
    own = {**limits.defaults, **limits.overrides}
    told = json.dumps([own, limits.by_client, limits.by_type], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


# --- what is no longer there -----------------------------------------------------------------------------------------


def _gone(
    past: Past, found: Sequence[Priced], ground: Ground, morning: Morning, items: Mapping[str, Compared]
) -> Comparison:
    parts = {part for one in found for part in parts_of(one.item)}
    resolved: list[Trace] = []
    unchecked: list[Trace] = []
    kept: list[Trace] = []
    silent: list[Trace] = []
    let_go = Counter[str]()
    for trace in _not_here(past.traces, found, ground.rules):
        age = morning.today - trace.stood
        if trace.state == "resolved":
            kept += [trace] if age <= KEPT else []
        elif f"{trace.source}:{trace.kind}:{trace.about}" in parts:
            kept.append(replace(trace, state="within"))
        elif why := _not_looked_for(trace, ground, age):
            let_go[why] += 1
        elif f"{trace.source}:{trace.kind}:{trace.about}" in ground.over:
            continue
        elif trace.silent_from is not None and morning.today >= trace.silent_from:
            silent.append(trace)
        elif not checked(trace.rule, trace.source, ground):
            ran = trace.source in ground.outcomes[trace.rule].ran_on
            told = ran and trace.state == "doubtful"
            (kept if told else unchecked).append(replace(trace, state="doubtful" if ran else "unchecked"))
        elif _out_of_reach(trace, ground, morning):
            let_go[f"older than the {ground.reach.days} days that are read"] += 1
        else:
            resolved.append(trace)
    return Comparison(
        past=past, items=items, resolved=_in_order(resolved), unchecked=_in_order(unchecked), kept=_in_order(kept),
        silent=_in_order(silent), let_go=tuple(sorted(let_go.items())),
    )  # fmt: skip


def _not_here(traces: Iterable[Trace], found: Sequence[Priced], rules: Mapping[str, Rule]) -> list[Trace]:
    """What is neither found today nor told at another stage."""
    here: dict[Key, list[Item]] = defaultdict(list)
    for one in found:
        here[one.item.key].append(one.item)
    return [one for one in traces if not any(_is_stage_of(one, item, rules) for item in here.get(one.key, ()))]


def _in_order(traces: Iterable[Trace]) -> tuple[Trace, ...]:
    """The dearest first."""
    return tuple(sorted(traces, key=lambda trace: (-trace.lost, trace.key, trace.rule)))


def _not_looked_for(trace: Trace, ground: Ground, age: timedelta) -> str:
    """Why nobody looks for it any more; empty where somebody does."""
    if trace.rule not in ground.rules:
        return f"{trace.rule} is switched off"
    if trace.source not in {reading.source for reading in ground.facts.readings}:
        return f"{trace.source} is no source any more"
    if trace.limits and ground.limits.get(trace.rule, trace.limits) != trace.limits:
        return CHANGED
    return f"not read for {KEPT.days} days" if trace.state in {"unchecked", "doubtful"} and age > KEPT else ""


def checked(name: str, source: str, ground: Ground) -> bool:
    """Whether a rule looked at a source, with every list whole that it may use, or may say that something is absent in.

    A list that nobody states is no hindrance; a source that never could say what it states is one where every source
    of a kind counts.
    """
    return source in ground.outcomes[name].ran_on and not not_whole(name, source, ground)


def not_whole(name: str, source: str, ground: Ground) -> list[str]:
    """Sources of which a rule lacks a list that it may use, or may say that something is absent in."""
    found = {
        reading.source
        for need in ground.rules[name].needs
        for reading in ground.facts.readings
        if (need.kind.kind in reading.kinds or not reading.kinds) and (need.every_source or reading.source == source)
        if reading.status != "whole" or reading.problem
    }
    return sorted(found)


def _out_of_reach(trace: Trace, ground: Ground, morning: Morning) -> bool:
    """It may rest on a message or a change that is older than what is read."""
    reached = any(need.kind.kind in {"message", "ad_change"} for need in ground.rules[trace.rule].needs)
    return reached and trace.since is not None and morning.today - trace.since >= ground.reach


def parts_of(item: Item) -> frozenset[str]:
    """What an item speaks of besides its own object: what it counts, and several things of one kind it rests on."""
    refs = [(one.ref.source, one.ref.kind, one.ref.id) for one in item.evidence]
    several = Counter(kind for _, kind, _ in dict.fromkeys(refs))
    named = {ref for ref in refs if several[ref[1]] > 1} | {(ref.source, ref.kind, ref.id) for ref in item.tells}
    return frozenset(":".join(ref) for ref in named) - {_named(item)}


# --- what follows from it --------------------------------------------------------------------------------------------


def applied(found: Sequence[Priced], comparison: Comparison, morning: Morning) -> list[Priced]:
    """The items with their states, days and places: what is new, worse or back keeps its place, the rest fades."""
    return [_applied(one, comparison.items[one.id], morning) for one in found]


def _applied(one: Priced, now: Compared, morning: Morning) -> Priced:
    fresh = now.state not in {"unchanged", "better"}
    still = max(morning.calendar.workdays_between(now.moved, morning.today), 1)
    value = Decimal("1.00") if fresh else max(cents(FADING**still), FAINTEST)
    source = "new, worse and back count in full" if fresh else f"a tenth less per workday, not below {FAINTEST}"
    factor = Factor(name=f"{now.state}, day {now.day}", value=value, kind="setting", source=source)
    return replace(
        one, state=now.state, day=now.day, place=cents(one.lost * value), place_factors=(factor,),
        stood=now.was is not None and now.was.full and now.was.state != "resolved",
    )  # fmt: skip


def traces(
    found: Sequence[Priced],
    in_full: frozenset[str],
    comparison: Comparison | None,
    today: date,
    limits: Mapping[str, str] | None = None,
) -> tuple[Trace, ...]:
    """What today's edition leaves for the next. `in_full`: ids of what stands in full; `limits`: rules' marks."""
    made = [
        replace(
            _trace(one, one.id in in_full, comparison.items[one.id] if comparison else None, today),
            limits=(limits or {}).get(one.item.rule, ""),
        ) for one in found
    ]  # fmt: skip
    if comparison is None:
        return tuple(made)
    resolved = [replace(trace, state="resolved", stood=today, full=False) for trace in comparison.resolved]
    return (*made, *comparison.unchecked, *resolved, *comparison.kept)


def _trace(one: Priced, full: bool, now: Compared | None, today: date) -> Trace:
    item = one.item
    return Trace(
        id=one.id, rule=item.rule, matter=item.matter, stage=item.stage, source=item.about.source,
        kind=item.about.kind, about=item.about.id, client=item.client, line=item.line, short=item.short,
        since=item.since, deadline=item.deadline, lost=one.lost, stood=today, first=now.first if now else today,
        moved=now.moved if now else today, measure=now.measure if now else item.measure, full=full,
        measured=item.measure, silent_from=item.silent_from, parts=tuple(sorted(parts_of(item))),
    )  # fmt: skip


def with_told(covered: Sequence[SourceCoverage], past: Past | None) -> tuple[SourceCoverage, ...]:
    """Coverage with gaps new or known to the reader: what broke after the last edition was made is new in this one,
    whatever its day.
    """
    if past is None:
        return tuple(covered)
    return tuple(
        replace(
            one, told=one.source in past.unread, gaps=tuple(_gap(gap, one.source, past) for gap in one.gaps)
        )
        for one in covered
    )  # fmt: skip


def _gap(gap: Gap, source: str, past: Past) -> Gap:
    told = gap.day > 1 and (source, gap.stream, gap.scope) in past.gaps
    return replace(gap, state="known" if told else "new")


def unresolved(comparison: Comparison) -> tuple[str, ...]:
    """Sources of which nothing is called resolved today, because something of theirs could not be checked."""
    return tuple(sorted({one.source for one in comparison.unchecked} - {one.source for one in comparison.resolved}))
