"""Why something is not shown: asked with a rule's name, a client's, or words of a title."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from briefing import words
from briefing.compile import Compiled
from briefing.document import ItemDoc
from briefing.facts import Fact, Project
from briefing.reading.text import folded
from briefing.rules import load_all
from briefing.rules.engine import NotRun, Outcome


def why_not(compiled: Compiled, asked: str) -> list[str]:
    """Lines that say what the rules know of a rule, a client or a title, and why there is no item."""
    rules = load_all()
    if asked in rules:
        return _of_rule(compiled, asked)
    shown = _about(compiled.briefing.items, asked)
    away = _about(compiled.briefing.folded, asked)
    facts = _facts_about(compiled, asked)
    lines = [f"{asked}: {words.count(len(facts), 'fact')}, {words.count(len(shown), 'item')} in this briefing."]
    lines += [f"  shown: [{one.id}] {one.headline}" for one in shown]
    lines += [f"  not shown: [{one.id}] {one.headline} {one.said}" for one in away]
    if not facts:
        lines.append("  No fact of any source read names it. Looked in: " + _places(compiled) + ".")
        return lines
    for kind in sorted({type(fact).kind for fact in facts}):
        lines += _rules_over(compiled, kind, {one.rule for one in (*shown, *away)})
    lines.append("A rule's conditions and thresholds: briefing rules NAME")
    return lines


def _of_rule(compiled: Compiled, name: str) -> list[str]:
    outcome = next((one for one in compiled.outcomes if one.rule == name), None)
    if outcome is None:
        return [f"{name} is switched off in [rules.{name}]."]
    lines = [f"{name}: {load_all()[name].doc.partition(chr(10))[0] or name}"]
    if outcome.ran_on:
        items = words.count(len(outcome.items), "item")
        lines.append(f"  Ran on {words.listed(outcome.ran_on)} and found {items}.")
    lines += [f"  {_not_run(one)}" for one in outcome.not_run]
    if not outcome.ran_on and not outcome.not_run:
        lines.append("  No source states what it needs.")
    return lines


def _not_run(one: NotRun) -> str:
    if one.blocked_by and one.blocked_by != one.source:
        return f"Did not run on {one.source}: {one.blocked_by} lacks {one.need} ({one.why})."
    return f"Did not run on {one.source}: {one.need}, {one.why}."


def _rules_over(compiled: Compiled, kind: str, found: Collection[str]) -> list[str]:
    rules = load_all()
    lines = []
    for outcome in compiled.outcomes:
        rule = rules[outcome.rule]
        if rule.needs[0].kind.kind == kind:
            told = "ran; it found what stands above" if outcome.rule in found else _state(outcome)
            lines.append(f"  {outcome.rule}: {told}")
    return lines


def _state(outcome: Outcome) -> str:
    if outcome.not_run:
        return " ".join(_not_run(one) for one in outcome.not_run)
    return "ran; its conditions do not hold here" if outcome.ran_on else "no source states what it needs"


def _about(items: Iterable[ItemDoc], asked: str) -> list[ItemDoc]:
    wanted = folded(asked)
    return [one for one in items if wanted in folded(one.client) or wanted in folded(one.headline) or one.id == asked]


def _facts_about(compiled: Compiled, asked: str) -> list[Fact]:
    """Facts that name it, and those of the projects that do: a milestone seldom names its client."""
    everything = [fact for kind in compiled.facts.by_kind.values() for fact in kind]
    named = [fact for fact in everything if _is_about(compiled, fact, asked)]
    chosen = {id(fact) for fact in named}
    projects = {(fact.ref.source, fact.ref.id) for fact in named if isinstance(fact, Project)}
    return [
        fact
        for fact in everything
        if id(fact) in chosen or (fact.ref.source, getattr(fact, "project", None)) in projects
    ]


def _is_about(compiled: Compiled, fact: Fact, asked: str) -> bool:
    wanted = folded(asked)
    texts = [compiled.facts.client(fact), fact.party.name]
    texts += [str(getattr(fact, name, "")) for name in ("title", "name", "subject")]
    return any(wanted and wanted in folded(text) for text in texts)


def _places(compiled: Compiled) -> str:
    places = dict.fromkeys(r.place or r.source for r in compiled.facts.readings if r.status in {"whole", "partial"})
    return words.some(list(places), 8) or "nothing"
