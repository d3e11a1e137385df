"""What a reader's words do to today's items: a verdict for each, with its reason. Pure.

The last word about an item counts. It holds for what stands there, whatever stage its matter is at, and not for a
later occurrence: what was found resolved since and is found again is told again (a mute holds for both).

decided, handed   folded. Back when it is worse than it was then (its stage, its measure by the rule's step), or when a
                  reading from after the date that was given still has it; without a date after 5 workdays
done              folded. Back when it is worse, or when a reading of two workdays later still has it
snoozed           hidden until its date, its measure has grown by the share, or something happened: a fact it rests on
                  is new or bears a later time, its measure or its stage moved. Whichever comes first
muted             hidden until its date; the item, or its rule for its client

A word that is spent stays so: what came back is told until something new is said of it. What was not found and not
looked at today is neither back nor resolved: it stays folded, and that is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from briefing import words
from briefing.decisions import Decision, counting
from briefing.document import RuleCount, Trace
from briefing.facts import Ref
from briefing.items import Factor, Item, Priced
from briefing.memory import Compared, Comparison
from briefing.morning import Morning
from briefing.ranking import cents
from briefing.rules import Rule
from briefing.rules.view import Facts
from briefing.since import on
from briefing.words_of_decision import conditions

FOLDING = frozenset({"decided", "done", "handed", "snoozed", "muted"})
SAID = frozenset({"decided", "done", "handed"})
"""Folded, and told under "Decided"; what is snoozed or muted is counted."""

STILL = 2
"""Workdays after which what was marked done must be gone."""

UNDATED = 5
"""Workdays after which a decision without a date is looked at again."""

LATER = ("at", "last_activity", "last_contact", "last_viewed", "state_since", "stage_since", "done_at")
"""Times of a fact that say when something happened to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of one item."""

    kind: Literal["folded", "back"]
    word: Decision
    reason: str
    """Sentences: what was said, and what the source shows."""

    rule: str = ""
    """Of what was not looked at: the rule that told it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the reader's words do today."""

    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    """Of today's items, by printed id."""

    unseen: Mapping[str, Verdict] = field(default_factory=dict)
    """Of what is folded and was not looked at today, by printed id."""

    spent: Mapping[str, int] = field(default_factory=dict)
    """Up to which number words about an item do not count any more, by its printed id."""

    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """How often useful and how often noise, by rule."""

    rules: tuple[Decision, ...] = ()
    """Words that mute a rule for a client today."""

    def folded(self, name: str) -> Decision | None:
        """The word that folds an item of today; None where it is told."""
        verdict = self.verdicts.get(name)
        return verdict.word if verdict is not None and verdict.kind == "folded" else None

    @property
    def muted(self) -> frozenset[str]:
        """Ids of what is muted."""
        return frozenset(name for name in self.verdicts if (word := self.folded(name)) and word.word == "muted")

    def back(self, name: str) -> Verdict | None:
        """Why an item is told again; None where no word held it."""
        verdict = self.verdicts.get(name)
        return verdict if verdict is not None and verdict.kind == "back" else None


def judge(
    said: Sequence[Decision],
    found: Sequence[Priced],
    compared: Comparison | None,
    rules: Mapping[str, Rule],
    facts: Facts,
    morning: Morning,
) -> Policy:
    """The verdicts on today's items. `said`: all that the audience ever said, in any order; what was said after the
    morning does not count in it.
    """
    counts = counting(one for one in said if one.at <= morning.now)
    folding = [one for one in counts if one.word in FOLDING]
    marks = _marks(counts)
    if not folding and not any(trace.folded for trace in (compared.past.traces if compared else ())):
        return Policy(marks=marks)
    judge = _Judge(folding, compared, rules, facts, morning)
    verdicts, spent = {}, {}
    for one in found:
        verdict, used = judge.verdict(one)
        if verdict is not None:
            verdicts[one.id] = verdict
        if used:
            spent[one.id] = used
    unseen = {
        trace.id: verdict for trace in (compared.unchecked if compared else ()) if (verdict := judge.unseen(trace))
    }
    muted = tuple(one for one in folding if one.whole_rule and one.until is not None and morning.today < one.until)
    return Policy(verdicts=verdicts, unseen=unseen, spent=spent, marks=marks, rules=muted)


def _marks(counts: Iterable[Decision]) -> dict[str, tuple[int, int]]:
    """One mark for each item, the last."""
    last = {(one.key, one.rule): one.word for one in counts if one.word in {"useful", "noise"}}
    useful = Counter(rule for (_, rule), word in last.items() if word == "useful")
    noise = Counter(rule for (_, rule), word in last.items() if word == "noise")
    return {rule: (useful[rule], noise[rule]) for rule in sorted({*useful, *noise})}


class _Judge:
    def __init__(
        self, folding: Sequence[Decision], compared: Comparison | None, rules: Mapping[str, Rule], facts: Facts,
        morning: Morning,
    ) -> None:  # fmt: skip
        self.folding, self.compared, self.rules, self.facts, self.morning = folding, compared, rules, facts, morning

    # --- which word --------------------------------------------------------------------------------------------------

    def verdict(self, one: Priced) -> tuple[Verdict | None, int]:
        """What becomes of an item, and the number of a word about it that is spent."""
        now = self.compared.items[one.id] if self.compared else None
        was = now.was if now is not None and now.was is not None and now.was.key == one.item.key else None
        word = self.word(one, now)
        spent = was.spent if was is not None and was.state != "resolved" else 0
        if word is None or word.number <= spent:
            again = was is not None and was.folded and was.state != "resolved"
            return (self._again(was) if was is not None and again else None), spent
        if word.word == "muted" and not (was is not None and was.folded) and not self._runs(word):
            return None, spent  # it ended before this item came
        verdict = self._weighed(one, word)
        return verdict, word.number if verdict.kind == "back" else spent

    def _again(self, was: Trace) -> Verdict:
        """It was folded, and nothing that counts says so any more: the word was taken back."""
        reason = "What you said of it does not count any more."
        return Verdict(kind="back", word=_nobody(was, self.morning), reason=reason)

    def _runs(self, word: Decision) -> bool:
        return word.until is None or self.morning.today < word.until

    def word(self, one: Priced, now: Compared | None) -> Decision | None:
        """The last word about an item that holds for what stands there now."""
        item = one.item
        about = [
            word for word in self.folding
            if _mutes(word, item) or (
                word.key == item.key and self.is_stage(word, item)
                and (word.word == "muted" or self.is_of_now(word, now))
            )
        ]  # fmt: skip
        return about[-1] if about else None

    def is_stage(self, word: Decision, item: Item) -> bool:
        """The same matter, at this stage or another."""
        return word.rule == item.rule or {word.stage, item.stage} <= set(self.rules[item.rule].stages)

    def is_of_now(self, word: Decision, now: Compared | None) -> bool:
        """Whether it was said of what stands there, and not of what was resolved since."""
        if now is None or self.compared is None or word.at > self.compared.past.compiled_at:
            return True
        if now.was is None or now.was.state == "resolved":
            return False
        return self.morning.date_of(word.at) >= now.first

    # --- what it does ------------------------------------------------------------------------------------------------

    def _weighed(self, one: Priced, word: Decision) -> Verdict:
        back = self._back(one, word)
        if back:
            return Verdict(kind="back", word=word, reason=back)
        return Verdict(kind="folded", word=word, reason=self._shown(one, word))

    def _back(self, one: Priced, word: Decision) -> str:
        """Why it is told again; empty where it stays folded."""
        today, said = self.morning.today, self.said(word)
        if word.word in {"snoozed", "muted"}:
            return f"{said}{self._met(one.item, word)}" if self._met(one.item, word) is not None else ""
        if self.is_worse(one.item, word):
            return f"{said}. Worse since. Then: {word.line}"
        read = self.read_at(one.item)
        if read is None:
            return ""
        read_day = self.morning.date_of(read)
        if word.word == "done":
            late = self.morning.calendar.workdays_between(self.morning.date_of(word.at), read_day) >= STILL
            return f"{said}, still so{self.in_source(one.item, read)}." if late else ""
        due = due_of(word, self.morning)
        return f"{said}. {self.shown(one.item, word, read)}" if today > due and read_day > due else ""

    def _met(self, item: Item, word: Decision) -> str | None:
        """The condition that ends a snooze or a mute, as the end of its sentence; None while there is none."""
        if not self._runs(word):
            return "."
        if word.worse is not None and (self._grown(item, word, word.worse) or self._later_stage(item, word)):
            return f". Then: {word.line}"
        if word.activity and self.has_happened(item, word):
            return "; something happened there."
        return None

    def is_worse(self, item: Item, word: Decision) -> bool:
        """At a later stage than it was then, or counted higher by the rule's step."""
        grown = (
            word.rule == item.rule and item.measure is not None and word.measure is not None
            and item.measure - word.measure >= self.rules[item.rule].step
        )  # fmt: skip
        return grown or self._later_stage(item, word)

    @staticmethod
    def _grown(item: Item, word: Decision, share: Decimal) -> bool:
        both = item.measure is not None and word.measure and word.rule == item.rule
        return bool(both) and (item.measure or 0) >= (word.measure or 0) * (1 + share)

    def _later_stage(self, item: Item, word: Decision) -> bool:
        stages = self.rules[item.rule].stages
        return {word.stage, item.stage} <= set(stages) and stages.index(item.stage) > stages.index(word.stage)

    def has_happened(self, item: Item, word: Decision) -> bool:
        """Something new in what an item rests on."""
        refs = {_name(one.ref) for one in item.evidence}
        new = word.rested_on and refs - set(
            word.rested_on
        )  # of what was not looked at then nobody knows what it rested on
        if new or item.measure != word.measure or item.stage != word.stage:
            return True
        kinds = {one.ref.kind for one in item.evidence}
        times = (
            getattr(fact, name, None)
            for kind in sorted(kinds) for fact in self.facts.by_kind.get(kind, ()) if _name(fact.ref) in refs
            for name in LATER
        )  # fmt: skip
        return any(isinstance(when, datetime) and word.at < when <= self.morning.now for when in times)

    # --- what is said of it ------------------------------------------------------------------------------------------

    def said(self, word: Decision, *, listed: bool = False) -> str:
        """`Decided by you on Tuesday: "bill the extra hours", Priya by today`; `Snoozed until today by you`.

        `listed`: it stands under "Decided", which need not be said again.
        """
        you = "you" if word.by == self.morning.audience.name else word.by
        text = f' ("{word.text}")' if word.text else ""
        if word.word == "done":
            return f"Marked done by {you} {self._day(word.at)}{text}"
        if word.word in {"snoozed", "muted"}:
            whole = f" with every {word.rule} of {word.client}" if word.whole_rule else ""
            return f"{word.word.capitalize()}{whole} {self._until(word)} by {you}{text}"
        what = [f'"{word.text}"'] if word.text else []
        if word.owner or word.by_when:
            owner = "you" if word.owner.casefold() == self.morning.audience.name.casefold() else word.owner
            by = f"by {self.named(word.by_when)}" if word.by_when else ""
            what.append(f"{owner} {by}".strip())
        verb = "Handed on by" if word.word == "handed" else "By" if listed else "Decided by"
        return f"{verb} {you} {self._day(word.at)}{': ' if what else ''}{', '.join(what)}"

    def _until(self, word: Decision) -> str:
        if word.until is not None and word.worse is None and not word.activity:
            return f"until {self.named(word.until)}"
        return conditions(word, self.morning.today)

    def _shown(self, one: Priced, word: Decision) -> str:
        """What is told of something folded: what was said, and what its source shows of it."""
        if word.word not in SAID:
            return f"{self.said(word)}."
        read = self.read_at(one.item)
        if read is None or read <= word.at:
            known = f"The reading of {self._place(one.item)} is older than that."
        else:
            known = self.shown(one.item, word, read)
        return f"{self.said(word, listed=True)}. {known}"

    def shown(self, item: Item, word: Decision, read: datetime) -> str:
        """`Still so in Accelo at 06:43.`; where its stage, measure or date moved, that it is open. That nothing changed
        is not said: its owner may have.
        """
        same = (item.rule, item.stage, item.measure, item.deadline) == (
            word.rule, word.stage, word.measure, word.deadline
        )  # fmt: skip
        if not same:
            return f"Still open{self.in_source(item, read)}."
        return f"Still so{self.in_source(item, read)}."

    def in_source(self, item: Item, read: datetime) -> str:
        """` in Accelo at 06:43`."""
        return f" in {self._place(item)}{self._time(read)}"

    def unseen(self, trace: Trace) -> Verdict | None:
        """Of what is not looked at today: whether it stays folded."""
        about = [
            one for one in self.folding
            if (one.key == trace.key and one.rule == trace.rule) or _mutes(one, trace)
        ]  # fmt: skip
        word = about[-1] if about else None
        if word is None or word.number <= trace.spent:
            return None
        if word.word != "muted" and self.morning.date_of(word.at) < trace.first:
            return None
        if word.word not in SAID and not self._runs(word):
            return None
        reason = f"{self.said(word, listed=True)}. Not checked today."
        return Verdict(kind="folded", word=word, reason=reason, rule=trace.rule)

    # --- when it was read --------------------------------------------------------------------------------------------

    def read_at(self, item: Item) -> datetime | None:
        """As of when the list is known that the item was found in."""
        kind = self.rules[item.rule].needs[0].kind.kind
        times = [
            when for one in self.facts.readings
            if one.source == item.about.source and kind in one.kinds and (when := one.as_of or one.fetched_at)
        ]  # fmt: skip
        return min(times, default=None)

    def _place(self, item: Item) -> str:
        kind = self.rules[item.rule].needs[0].kind.kind
        places = [
            one.place for one in self.facts.readings if one.source == item.about.source and kind in one.kinds
        ]  # fmt: skip
        name = next((place for place in places if place), item.about.source)
        return name[:1].upper() + name[1:] if name == item.about.source else name

    def _time(self, read: datetime) -> str:
        local = read.astimezone(self.morning.zone)
        day = "" if local.date() == self.morning.today else f"{self._day(local)} "
        return f" {day}at {words.clock(local)}"

    def named(self, day: date) -> str:
        """`today`, `Monday`, `Monday 30 November`."""
        near = abs((day - self.morning.today).days) <= 1
        return words.day(day, self.morning.today) if near else on(day, self.morning.today)

    def _day(self, moment: datetime) -> str:
        """`today`, `on Tuesday`."""
        named = self.named(self.morning.date_of(moment))
        return named if named in {"today", "yesterday"} else f"on {named}"


def due_of(word: Decision, morning: Morning) -> date:
    """The last day on which a decision's effect is awaited."""
    if word.by_when is not None:
        return word.by_when
    day = morning.date_of(word.at)
    for _ in range(UNDATED):
        day = morning.calendar.next_workday(day)
    return day


def _mutes(word: Decision, item: Item | Trace) -> bool:
    return word.whole_rule and word.rule == item.rule and word.client == item.client


def _name(ref: Ref) -> str:
    return f"{ref.source}:{ref.kind}:{ref.id}"


def _nobody(was: Trace, morning: Morning) -> Decision:
    """The place of a word that was taken back."""
    return Decision(
        at=morning.now, by=morning.audience.name, audience=morning.audience.name, word="undone", key=was.key,
        rule=was.rule, item=was.id, line=was.line,
    )  # fmt: skip


# --- what follows from it --------------------------------------------------------------------------------------------


def remembered(compared: Comparison, policy: Policy, morning: Morning) -> Comparison:
    """The comparison with what is back by a word's end."""
    items = {name: _state(one, policy.verdicts.get(name), morning) for name, one in compared.items.items()}
    return replace(compared, items=items)


def _state(one: Compared, verdict: Verdict | None, morning: Morning) -> Compared:
    if verdict is None:
        return one
    said = morning.date_of(verdict.word.at)
    first = one.first if verdict.word.word == "muted" else min(one.first, said)
    if verdict.kind == "folded":
        return replace(one, first=first)
    return replace(one, state="back", first=first, moved=morning.today)


def without_folded(compared: Comparison, policy: Policy) -> Comparison:
    """The comparison of what is told."""
    items = {name: one for name, one in compared.items.items() if policy.folded(name) is None}
    return replace(compared, items=items, unchecked=tuple(t for t in compared.unchecked if t.id not in policy.unseen))


def marked(traces: Iterable[Trace], policy: Policy) -> tuple[Trace, ...]:
    """Traces with what folds them, and which word about them is spent."""
    return tuple(_marked(trace, policy) for trace in traces)


def _marked(trace: Trace, policy: Policy) -> Trace:
    if trace.state == "open":
        word = policy.folded(trace.id)
        return replace(trace, folded=word.word if word else "", spent=policy.spent.get(trace.id, 0))
    if trace.state == "unchecked" and trace.id in policy.unseen:
        return replace(trace, folded=policy.unseen[trace.id].word.word)
    return trace


def weighed(found: Sequence[Priced], policy: Policy) -> list[Priced]:
    """The items with the factor of the reader's marks on their rule, where there are any."""
    return [_weighed(one, *policy.marks.get(one.item.rule, (0, 0))) for one in found]


def _weighed(one: Priced, useful: int, noise: int) -> Priced:
    if not useful + noise:
        return one
    value = usefulness(useful, noise)
    factor = Factor(name="your marks", value=value, kind="setting", source=f"{useful} useful, {noise} noise")
    place = one.lost
    for other in (*one.place_factors, factor):
        place *= other.value
    return replace(one, place=cents(place), place_factors=(*one.place_factors, factor))


def usefulness(useful: int, noise: int) -> Decimal:
    """min(1.25, 1.5 (useful + 2) / (useful + noise + 3)), rounded to 0.01: 1 without a mark."""
    return min(Decimal("1.25"), cents(Decimal("1.5") * (useful + 2) / (useful + noise + 3)))


def muted(found: Sequence[Priced], policy: Policy) -> tuple[RuleCount, ...]:
    """How many of today's items are muted, and of those that were not looked at, by rule; a rule that is muted for a
    client counts with 0, too.
    """
    hidden = Counter(
        one.item.rule for one in found if (word := policy.folded(one.id)) is not None and word.word == "muted"
    )
    hidden.update(one.rule for one in policy.unseen.values() if one.word.word == "muted")
    names = {*hidden, *(one.rule for one in policy.rules)}
    return tuple(RuleCount(rule=name, count=hidden[name]) for name in sorted(names))
