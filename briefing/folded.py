"""What the page says of the items that the reader's words keep off it: sentences and counts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from briefing import words
from briefing.decisions import Decision
from briefing.document import Line, RuleCount, Trace
from briefing.items import Priced
from briefing.morning import Morning
from briefing.policy import SAID, Policy, muted
from briefing.since import on
from briefing.words_of_decision import conditions


def decided(found: Sequence[Priced], unseen: Sequence[Trace], policy: Policy) -> tuple[Line, ...]:
    """What was decided, handed on or marked done, with what its source shows; then what was not looked at."""
    lines = [
        Line(text=f"{one.item.line} {policy.verdicts[one.id].reason}", item=one.id)
        for one in found
        if (word := policy.folded(one.id)) is not None and word.word in SAID
    ]
    lines += [
        Line(text=f"{trace.line} {policy.unseen[trace.id].reason}")
        for trace in unseen
        if policy.unseen[trace.id].word.word in SAID
    ]
    return tuple(lines)


def snoozed(found: Sequence[Priced], policy: Policy) -> list[Decision]:
    """The words that hide an item for a while."""
    seen = [policy.folded(one.id) for one in found]
    unseen = [one.word for one in policy.unseen.values()]
    return [one for one in (*seen, *unseen) if one is not None and one.word == "snoozed"]


def hidden_line(found: Sequence[Priced], policy: Policy, morning: Morning) -> str:
    """`Snoozed 2 (next back Monday). Muted 1 rule (deal-incomplete, 4 items) and 1 item (proposal-viewed).`."""
    away = snoozed(found, policy)
    asleep = f"Snoozed {len(away)} ({_next(away, morning)})." if away else ""
    return words.sentence(asleep, _muted(muted(found, policy), policy))


def _next(away: Sequence[Decision], morning: Morning) -> str:
    """`back Monday`, `next back Monday`; without a date `until 20 % worse`, `until something changes there`."""
    days = sorted(one.until for one in away if one.until is not None)
    only = len(away) == 1
    if not days:
        return conditions(away[0], morning.today) if only else "until something changes there"
    sooner = any(one.activity or one.worse is not None for one in away)
    back = on(_told_on(days[0], morning), morning.today)
    return f"{'' if only else 'next '}back {back}{' at the latest' if sooner else ''}"


def _told_on(day: date, morning: Morning) -> date:
    """The first workday from a day on, which has an edition."""
    return morning.calendar.next_workday(day - timedelta(days=1))


def _muted(counts: Sequence[RuleCount], policy: Policy) -> str:
    whole = Counter(one.rule for one in policy.rules)
    rules = [f"{one.rule}, {words.count(one.count, 'item')}" for one in counts if one.rule in whole]
    single = [one for one in counts if one.rule not in whole]
    parts = [f"{words.count(len(rules), 'rule')} ({'; '.join(rules)})"] if rules else []
    if single:
        total = sum(one.count for one in single)
        parts.append(f"{words.count(total, 'item')} ({', '.join(f'{one.rule} {one.count}' for one in single)})")
    return f"Muted {' and '.join(parts)}." if parts else ""


def still_open(found: Sequence[Priced], policy: Policy) -> str:
    """`1 decided, 2 snoozed, 4 muted`: what stands and is not told; empty where there is nothing of the kind."""
    kinds = [word.word for one in found if (word := policy.folded(one.id)) is not None]
    counts = Counter[str]("decided" if kind in {"decided", "handed"} else kind for kind in kinds)
    names: Mapping[str, str] = {"decided": "decided", "done": "marked done", "snoozed": "snoozed", "muted": "muted"}
    return ", ".join(f"{counts[kind]} {name}" for kind, name in names.items() if counts[kind])
