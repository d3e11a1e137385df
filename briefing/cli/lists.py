"""What `briefing rules` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from briefing import words
from briefing.coverage import KIND_WORDS
from briefing.rules import Need, Rule


def need_words(need: Need) -> str:
    """`tasks, read whole`."""
    kind = KIND_WORDS.get(need.kind.kind, need.kind.kind)
    where = " of every source" if need.every_source else ""
    return f"{kind}{where}, where there are any" if need.optional else f"{kind}{where}" + ", whole" * need.whole


def rule_rows(rules: Mapping[str, Rule]) -> list[dict[str, Any]]:
    """Rules as plain values."""
    return [
        {
            "name": rule.name,
            "matter": rule.matter,
            "stages": list(rule.stages),
            "needs": [need_words(need) for need in rule.needs],
            "limits": dict(rule.limits),
            "price": str(rule.price),
            "share_per_workday": str(rule.share),
            "says": rule.doc.partition("\n")[0],
        }
        for rule in rules.values()
    ]


def rules_table(rules: Mapping[str, Rule]) -> str:
    """One rule a paragraph: name, what it says, thresholds."""
    lines = []
    for rule in rules.values():
        limits = ", ".join(f"{name} = {value}" for name, value in rule.limits.items())
        lines.append(f"{rule.name}{f'  ({limits})' if limits else ''}")
        lines.append(f"  {rule.doc.partition(chr(10))[0]}")
    lines += ["", "One in full: briefing rules NAME. Change thresholds under [rules.NAME], prices under [prices]."]
    return "\n".join(lines)


def rule_in_full(rule: Rule) -> str:
    """Everything a reader may want to know of one rule."""
    lines = [rule.name, "", rule.doc, "", f"Matter    {rule.matter}"]
    if len(rule.stages) > 1:
        lines.append(f"Stages    {', '.join(rule.stages)}")
    lines.append(f"Needs     {'; '.join(need_words(need) for need in rule.needs)}")
    lines += [f"Limit     {name} = {value}" for name, value in rule.limits.items()]
    lines.append(f"Price     {words.number(rule.price)}, where a matter has no money of its own")
    lines.append(f"Share     {words.number(rule.share)} of the stake goes per workday, where it waits")
    return "\n".join(lines)
