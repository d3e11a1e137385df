"""What `briefing rules` and `briefing sources` print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from briefing import words
from briefing.compile import Compiled
from briefing.coverage import KIND_WORDS, left_out
from briefing.rules import Need, Rule
from briefing.rules.view import StreamReading
from briefing.workspace import Workspace


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


def source_rows(compiled: Compiled, workspace: Workspace) -> list[dict[str, Any]]:
    """Streams as plain values, in the order of sources; a source that was never read has a row too."""
    now = compiled.briefing.compiled_at
    rows = [_row(reading, now) for reading in compiled.facts.readings]
    known = {row["source"] for row in rows}
    rows += [
        {"source": name, "scope": "", "kinds": [], "status": "never read", "problem": "", "cure": "briefing collect"}
        for name in workspace.settings.sources
        if name not in known
    ]
    return sorted(rows, key=lambda row: (row["source"], row["scope"]))


def _row(reading: StreamReading, now: datetime) -> dict[str, Any]:
    return {
        "source": reading.source,
        "scope": reading.scope,
        "kinds": sorted({KIND_WORDS.get(kind, kind) for kind in reading.kinds}),
        "status": reading.status,
        "place": reading.place,
        "as_of": reading.as_of.astimezone(now.tzinfo).isoformat(timespec="seconds") if reading.as_of else None,
        "read_at": reading.fetched_at.astimezone(now.tzinfo).isoformat(timespec="seconds")
        if reading.fetched_at
        else None,
        "age": words.age(now - (reading.as_of or reading.fetched_at or now)),
        "rows": reading.rows,
        "skipped": reading.skipped_count,
        "skipped_rows": [f"{where}: {why}" for where, why in reading.skipped],
        "left_out": [left_out(count, why) for count, why in reading.ignored],
        "milliseconds": reading.milliseconds,
        "problem": reading.problem,
        "cure": reading.cure,
    }


def sources_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The streams as a table, each problem, skipped row and left-out count below its stream."""
    if not rows:
        return "No source is set up."
    lines = [f"{'source':<14} {'what':<34} {'status':<8} {'age':>7} {'rows':>8} {'skipped':>8} {'ms':>6}"]
    for row in rows:
        what = ", ".join(row["kinds"]) or row["scope"]
        if row["scope"] and row["kinds"]:
            what = f"{row['scope']}: {what}"
        lines.append(
            f"{row['source']:<14.14} {what:<34.34} {row['status']:<8.10} {row.get('age', ''):>7} "
            f"{row.get('rows', 0):>8,} {row.get('skipped', 0):>8,} {row.get('milliseconds', 0):>6}"
        )
        details = [row["problem"], f"cure: {row['cure']}" if row["cure"] else ""]
        details += list(row.get("skipped_rows", []))[:20]
        hidden = row.get("skipped", 0) - len(list(row.get("skipped_rows", []))[:20])
        details += [f"and {hidden:,} more"] if hidden > 0 else []
        details += [
            f"note: {text}" if not text[:1].isdigit() else f"left out: {text}" for text in row.get("left_out", [])
        ]
        lines += [f"  {text}" for text in details if text]
    return "\n".join(lines)
