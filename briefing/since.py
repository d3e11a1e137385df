"""What a page says of the time since the edition before: the section "Since Wednesday 07:00", in sentences. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from briefing import words
from briefing.document import Changes, Line, Trace
from briefing.items import Card, Item, Priced
from briefing.memory import Compared, Comparison, Past, unresolved
from briefing.morning import Morning
from briefing.rules import Rule
from briefing.rules.view import Facts

LINES = 4
"""What was not checked is told by name where it stood in full, and the dearest besides; the summary counts all."""


def name_of(past: Past, morning: Morning) -> str:
    """`Wednesday 07:00`."""
    return f"{on(past.date, morning.today)} {words.clock(past.compiled_at.astimezone(morning.zone))}"


def on(day: date, today: date) -> str:
    """`Wednesday`; with its date where it is more than six days away."""
    return f"{day:%A}" if abs((today - day).days) <= 6 else words.dated_day(day, today)


def changes(
    comparison: Comparison, found: Sequence[Priced], morning: Morning, again: Mapping[str, str] | None = None
) -> Changes:
    """What moved. `found` are today's items in order; `again`: why some are told again, by id."""
    ended = again or {}

    def of(state: str) -> list[Priced]:
        return [one for one in found if comparison.items[one.id].state == state]

    def told(state: str) -> tuple[Line, ...]:
        return tuple(
            Line(text=_moved(one, comparison.items[one.id], morning, ended.get(one.id, "")), item=one.id)
            for one in of(state)
        )

    unchecked = [one for n, one in enumerate(comparison.unchecked) if one.full or n < LINES]
    return Changes(
        summary=_summary(comparison), worse=told("worse"), better=told("better"), back=told("back"),
        unchanged=_unchanged(of("unchanged")),
        unchecked=tuple(Line(text=_not_seen(trace, morning)) for trace in unchecked),
        notes=_notes(comparison, morning),
    )  # fmt: skip


def _not_seen(trace: Trace, morning: Morning) -> str:
    doubtful = "not found today, and not all that it rests on was read."
    how = doubtful if trace.state == "doubtful" else "not checked today."
    return f"{trace.line} So on {on(trace.stood, morning.today)}; {how}"


def _summary(comparison: Comparison) -> str:
    """`4 new, 3 worse, 1 back, 10 unchanged, 3 resolved`; where something was not checked, without zeros."""
    counts = Counter(one.state for one in comparison.items.values())
    named = [
        (counts[state], state) for state in ("new", "worse", "better", "back", "unchanged")
        if counts[state] or state != "better"
    ]  # fmt: skip
    named.append((len(comparison.resolved), "resolved"))
    missing = len(comparison.unchecked)
    told = ", ".join(f"{count:,} {state}" for count, state in named if count or not missing)
    left = f"{words.count(missing, 'item')} not checked" if missing else ""
    return "; ".join(part for part in (told, left) if part)


def _moved(one: Priced, now: Compared, morning: Morning, again: str = "") -> str:
    """The item's line, with what it was; or with why it is told again."""
    item, was = one.item, now.was
    if again:
        return f"{item.line} {again}"
    if was is None:
        return item.line
    when = on(was.stood, morning.today)
    if now.state == "back":
        return f"{item.line} Not found on {when}."
    whole = f"{when}: {was.line}" if was.line != item.line else ""
    if "stage" in now.why:
        return words.sentence(item.line, whole)
    figures = was.short != item.short and any(letter.isdigit() for letter in was.short)
    counted = f"{when}: {was.short}." if figures else whole
    before = counted if "measure" in now.why else ""
    return words.sentence(item.line, before, _date(item, morning) if "date" in now.why else "")


def _date(item: Item, morning: Morning) -> str:
    """`3 workdays to its date (Tuesday).`, where the line does not say so itself."""
    if item.deadline is None:
        return ""
    left, day = morning.workdays_to(item.deadline), words.day(item.deadline, morning.today)
    if day in item.line or words.workdays(left) in item.line:
        return ""
    return f"{words.workdays(left)} to its date ({day})." if left > 0 else f"Its date: {day}."


def _unchanged(found: Sequence[Priced]) -> tuple[Line, ...]:
    """Such as "10 items, day 2 to day 9, first of them Larkspur (day 4)."."""
    if not found:
        return ()
    first = found[0]
    if len(found) == 1:
        return (Line(text=f"{first.item.line} Day {first.day}.", item=first.id),)
    days = sorted({one.day for one in found})
    span = f"day {days[0]}" if len(days) == 1 else f"day {days[0]} to day {days[-1]}"
    name = first.item.client or first.item.line.rstrip(".")
    return (Line(text=f"{len(found)} items, {span}, first of them {name} (day {first.day}).", item=first.id),)


def _too_old(comparison: Comparison, morning: Morning) -> tuple[str, ...]:
    """What no rule tells any more by its age alone: it may be as it was."""
    named, rest = comparison.silent[:LINES], comparison.silent[LINES:]
    said = tuple(
        f"{one.line} So on {on(one.stood, morning.today)}; older than what is told, and not looked for any more."
        for one in named
    )
    return said + ((f"{words.count(len(rest), 'more item')} older than what is told.",) if rest else ())


def _notes(comparison: Comparison, morning: Morning) -> tuple[str, ...]:
    sources = unresolved(comparison)
    named = words.listed([one[:1].upper() + one[1:] for one in sources], "or")
    silent = (f"Nothing is called resolved in {named} today.",) if sources else ()
    return (
        silent
        + _too_old(comparison, morning)
        + tuple(f"{words.count(count, 'item')} not looked for any more: {why}." for why, count in comparison.let_go)
    )


def resolved(comparison: Comparison, rules: Mapping[str, Rule], facts: Facts, morning: Morning) -> tuple[Line, ...]:
    """Such as "Acme site: Launch has no tasks. So on Wednesday; no longer found in Accelo at 06:43."."""
    lines = []
    for one in comparison.resolved:
        where = _where(one, rules, facts, morning)
        lines.append(Line(text=f"{one.line} So on {on(one.stood, morning.today)}; no longer found in {where}."))
    return tuple(lines)


def _where(one: Trace, rules: Mapping[str, Rule], facts: Facts, morning: Morning) -> str:
    """The list under judgement, and when it was read: `Accelo at 06:43`, `tasks.csv on Wednesday at 18:00`."""
    kind = rules[one.rule].needs[0].kind.kind
    reading = min(
        (r for r in facts.readings if r.source == one.source and kind in r.kinds),
        key=lambda r: (r.as_of or r.fetched_at or morning.now, r.scope),
    )
    at = (reading.as_of or reading.fetched_at or morning.now).astimezone(morning.zone)
    day = "" if at.date() == morning.today else f" on {on(at.date(), morning.today)}"
    return f"{reading.place or one.source}{day} at {words.clock(at)}"


def state_sentence(card: Card) -> str:
    """`New.`, `Worse, day 3.`; nothing where there was no edition to compare with."""
    state, day = card.lead.state, card.lead.day
    if state == "first":
        return ""
    return f"{state.capitalize()}." if state in {"new", "back"} else f"{state.capitalize()}, day {day}."
