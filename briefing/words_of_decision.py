"""What somebody says of an item, understood: on the command line, in a reply to the mail or to the Slack post. Pure.

    k7mp Priya by Friday                        decided: Priya has it, the effect is to be seen by Friday
    k7mp decide bill the extra hours            decided
    k7mp done                                   said to be over
    k7mp hold until Monday, client answers then snoozed, with the reason
    k7mp snooze 3wd or worse 20% or activity    snoozed until whichever comes first
    k7mp mute / mute rule for 30d               not told for a while: the item, or its rule for its client
    k7mp useful / not useful / wrong            a mark
    k7mp undo                                   the last word about it is taken back; `undo` alone: the last of all

What is not in this list is not guessed at: a word that is understood wrongly hides something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

from briefing import words
from briefing.decisions import Decision, Key, Via, Word, counting
from briefing.document import Briefing
from briefing.morning import Morning
from briefing.reading.text import NAME, clean

MUTED = timedelta(days=30)
"""So long where nobody says how long."""

LONGEST = timedelta(days=400)
"""The furthest a date may lie: a year typed wrong would hide an item for good."""

LATELY = timedelta(days=180)
"""A day and month without a year that passed within this time is a past day, and not next year's."""

SHORTEST_ID = 4
"""Characters of an id that a reply must give; the command line takes any unique beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An item that something may be said of, as an edition told it."""

    id: str
    key: Key
    rule: str
    line: str
    client: str = ""
    stage: str = ""
    measure: Decimal | None = None
    deadline: date | None = None
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What is said, whatever it is said of."""

    word: Word
    text: str = ""
    owner: str = ""
    by_when: date | None = None
    until: date | None = None
    worse: Decimal | None = None
    activity: bool = False
    whole_rule: bool = False
    why: Literal["wrong", "unimportant", ""] = ""
    undoes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What was not understood, with the cure."""

    text: str
    cure: str
    item: str = ""
    """The id it begins with; empty where it names no item, so that it may be no word about one at all."""


HOW = "write ID done, ID decide TEXT, ID Priya by Friday, ID snooze until Monday, ID mute, ID not useful or ID undo"


# --- what may be spoken of -------------------------------------------------------------------------------------------


def subjects(briefing: Briefing) -> tuple[Subject, ...]:
    """The items of an edition, those that it folded and those that it remembers, by printed id."""
    told = (*briefing.items, *briefing.folded)
    rests = {one.id: tuple(f"{ref.source}:{ref.kind}:{ref.id}" for ref in one.evidence) for one in told}
    made = {
        trace.id: Subject(
            id=trace.id, key=trace.key, rule=trace.rule, line=trace.line, client=trace.client, stage=trace.stage,
            measure=trace.measured if trace.measured is not None else trace.measure, deadline=trace.deadline,
            rests_on=rests.get(trace.id, ()),
        )
        for trace in reversed(briefing.traces)  # today's come first, and win
    }  # fmt: skip
    return tuple(reversed(made.values()))


def found(said: str, known: Sequence[Subject]) -> Subject | Problem:
    """The item whose id begins so."""
    begins = said.lower()
    hits = [one for one in known if one.id == begins] or [one for one in known if begins and one.id.startswith(begins)]
    if len(hits) == 1:
        return hits[0]
    where = "the ids stand at the right of each card; `briefing show --all` has them all"
    if hits:
        ids = words.listed(sorted(one.id for one in hits))
        return Problem(text=f'"{said}" is the beginning of several ids: {ids}', cure=where)
    return Problem(text=f'no item has the id "{said}"', cure=where)


# --- from words to a decision ----------------------------------------------------------------------------------------


def understood(
    text: str,
    known: Sequence[Subject],
    morning: Morning,
    *,
    said: Sequence[Decision] = (),
    via: Via = "mail",
    said_in: str = "",
) -> Decision | Problem:
    """What one line of text says of one item. `morning` is the moment it was said; `said`: earlier words, for `undo`.

    A Problem without an item is a text that does not begin with an id: it may be no word about an item at all.
    """
    tokens = clean(text).split()
    if not tokens:
        return Problem(text="nothing is said", cure=HOW)
    if _bare(tokens[0]) == "undo" and len(tokens) == 1:
        return taken_back(said, None, morning, via=via, said_in=said_in)
    subject, rest = _named(tokens, known)
    if isinstance(subject, Problem):
        return subject
    if _plain(" ".join(rest)) in {"undo", "take back", "take it back"}:
        return taken_back(said, subject, morning, via=via, said_in=said_in)
    meant = _meant(" ".join(rest), morning)
    if isinstance(meant, Problem):
        return replace(meant, item=subject.id)
    return decision(meant, subject, morning, via=via, said_in=said_in)


def _named(tokens: Sequence[str], known: Sequence[Subject]) -> tuple[Subject | Problem, Sequence[str]]:
    """Which item a text names, first or after a word of ours, and what it says of it."""
    first = _bare(tokens[0])
    subject = found(first, known)
    if isinstance(subject, Subject) and len(first) >= SHORTEST_ID:
        return subject, tokens[1:]
    second = _bare(tokens[1]) if len(tokens) > 1 and first in FIRST else ""
    other = found(second, known)
    if isinstance(other, Subject) and len(second) >= SHORTEST_ID:
        return other, [first, *tokens[2:]]
    if isinstance(subject, Problem):
        return replace(subject, cure=HOW), ()
    return Problem(text=f'"{first}" is too short for an id', cure=HOW), ()


def decision(
    meant: Meant, subject: Subject, morning: Morning, *, via: Via = "command", said_in: str = ""
) -> Decision | Problem:
    """The record of what is meant of an item. A Problem where it cannot be true of this one."""
    if meant.worse is not None and not subject.measure:
        cure = "snooze it until a date, or until activity"
        return Problem(text=f"nothing about {subject.id} is counted that could get worse", cure=cure, item=subject.id)
    if meant.whole_rule and not subject.client:
        cure = f"mute {subject.id} alone"
        return Problem(text=f"{subject.id} has no client to mute {subject.rule} for", cure=cure, item=subject.id)
    return Decision(
        at=morning.now, by=morning.audience.name, audience=morning.audience.name, via=via, said_in=said_in,
        word=meant.word, key=subject.key, rule=subject.rule, item=subject.id, line=subject.line,
        client=subject.client, text=clean(meant.text), owner=clean(meant.owner, NAME), by_when=meant.by_when,
        until=meant.until, worse=meant.worse, activity=meant.activity, whole_rule=meant.whole_rule, why=meant.why,
        rested_on=subject.rests_on if meant.activity else (), stage=subject.stage, measure=subject.measure,
        deadline=subject.deadline, undoes=meant.undoes,
    )  # fmt: skip


def taken_back(
    said: Iterable[Decision],
    subject: Subject | None,
    morning: Morning,
    *,
    number: int = 0,
    via: Via = "command",
    said_in: str = "",
) -> Decision | Problem:
    """The record that takes back the last word that counts: of an item, of all, or the one of a number."""
    counts = [
        one for one in counting(said)
        if (subject is None or _is_of(one, subject)) and number in (0, one.number)
    ]  # fmt: skip
    if not counts:
        of = f"word {number}" if number else f"nothing that counts was said of {subject.id}" if subject else ""
        text = f"{of} does not count or was never said" if number else of or "nothing was said that counts"
        return Problem(text=text, cure="`briefing decisions` lists what counts", item=subject.id if subject else "")
    last = max(counts, key=lambda one: one.number)
    return replace(
        last, number=0, at=morning.now, by=morning.audience.name, via=via, said_in=said_in, word="undone", text="",
        owner="", by_when=None, until=None, worse=None, activity=False, rested_on=(), why="", undoes=last.number,
    )  # fmt: skip


def _is_of(one: Decision, subject: Subject) -> bool:
    """Whether a word is about this finding, at this stage or an earlier one: another finding about the same object has
    an id of its own.
    """
    return one.key == subject.key and (one.rule == subject.rule or one.item == subject.id)


# --- the grammar -----------------------------------------------------------------------------------------------------

SNOOZES = frozenset("snooze snoozed hold wait later".split())
DONE = frozenset("done finished".split())
DECIDES = frozenset("decide decided".split())
MARKS: dict[str, Literal["wrong", "unimportant", ""]] = {
    "noise": "", "not useful": "", "wrong": "wrong", "noise wrong": "wrong", "not true": "wrong",
    "unimportant": "unimportant", "not important": "unimportant", "noise unimportant": "unimportant",
}  # fmt: skip
FIRST = SNOOZES | DONE | DECIDES | {"mute", "useful", "noise", "undo"}
"""Words that may stand before the id as well: `snooze k7mp to Monday`."""

CONDITION = re.compile(
    r"(?:until |till |to |for )?(?:it is |it gets )?(?:(?P<worse>worse)(?: by)? (?P<share>\d{1,3}) ?%|"
    r"(?P<more>\d{1,3}) ?% worse|(?P<activity>activity|something happens)|(?P<day>.+))",
    re.IGNORECASE,
)


def _bare(token: str) -> str:
    """An id as people and mail programs write it: `[k7mp]`, `k7mp:`, `*k7mp*`."""
    return token.strip("[](){}<>*_`\"',.:;!#|").lower()


def _plain(text: str) -> str:
    return text.strip(" .!,;:").casefold()


def _meant(text: str, morning: Morning) -> Meant | Problem:
    """What stands after the id."""
    first, _, rest = text.strip().partition(" ")
    verb, rest, plain = _plain(first), rest.strip(), _plain(text)
    if plain == "useful":
        return Meant(word="useful")
    if plain in MARKS:
        return Meant(word="noise", why=MARKS[plain])
    if verb in DONE or plain.startswith("is done"):
        return _done(rest if verb in DONE else rest[len("done") :].strip(" ,.;:"), text, morning)
    if verb in DECIDES:
        return decided(rest, morning) if rest else Problem(text="what is decided was not said", cure=HOW)
    if verb == "hold" and not rest:
        return Meant(word="decided", text="hold")
    if verb in SNOOZES:
        return _snoozed(rest, morning)
    if verb == "mute":
        return _muted(rest, morning)
    return _owned(text, morning) or Problem(text=f'"{clean(text, 60)}" was not understood', cure=HOW)


def _done(reason: str, text: str, morning: Morning) -> Meant | Problem:
    """`done`, with a reason. `done by Friday` says when it will be, not that it is."""
    when = re.sub(r"^(by|on|until|till|before|in|next) ", "", _plain(re.split(r"[,:;]", reason)[0]))
    if when != "today" and not isinstance(day_said(when, morning), Problem):
        return Problem(text=f'"{clean(text, 60)}" was not understood', cure=HOW)
    return Meant(word="done", text=reason)


OWNED = re.compile(r"(?P<owner>[^,;:?]{1,60}?),? by (?P<day>[^,;:]+?)[.!]?(?:[,;:] ?(?P<text>.*))?")


def _owned(text: str, morning: Morning) -> Meant | Problem | None:
    """`Priya by Friday`; None where it is nothing of the kind."""
    hit = OWNED.fullmatch(text.strip())
    if hit is None or len(hit["owner"].split()) > 3:
        return None
    day = day_said(hit["day"], morning)
    if isinstance(day, Problem):
        return day
    return Meant(word="decided", owner=hit["owner"].strip(), by_when=day, text=(hit["text"] or "").strip())


def decided(text: str, morning: Morning) -> Meant | Problem:
    """A decision in a person's own words; `..., Priya by Friday` at its end says who and by when, `by Friday` when."""
    body, comma, tail = text.rpartition(",")
    if comma and (owned := _owned(tail, morning)) and isinstance(owned, Meant):
        return replace(owned, text=clean(body))
    whole = _owned(text, morning)
    if isinstance(whole, Meant) and whole.owner[:1].isupper() and len(whole.owner.split()) == 1:
        return whole
    _, by, last = text.rpartition(" by ")
    day = day_said(last.strip(" .!"), morning) if by else None
    return Meant(word="decided", text=clean(text), by_when=day if isinstance(day, date) else None)


def _snoozed(text: str, morning: Morning) -> Meant | Problem:
    """`until Monday`, `3wd`, `worse 20% or activity`, with a reason after a comma or colon."""
    conditions, _, reason = _parted(text)
    if not conditions:
        return Problem(text="until when was not said", cure="write ID snooze until Monday, or ID snooze 3wd")
    meant = Meant(word="snoozed", text=reason)
    for one in re.split(r"\s+or\s+", conditions):
        hit = CONDITION.fullmatch(one.strip(" .!"))
        if hit is None:
            return Problem(text=f'"{clean(one, 60)}" was not understood', cure=HOW)
        if hit["activity"]:
            meant = replace(meant, activity=True)
        elif share := hit["share"] or hit["more"]:
            worse = share_said(share)
            if isinstance(worse, Problem):
                return worse
            meant = replace(meant, worse=worse)
        else:
            day = later_day(hit["day"], morning)
            if isinstance(day, Problem):
                return day
            meant = replace(meant, until=min(day, meant.until or day))
    return meant


def _muted(text: str, morning: Morning) -> Meant | Problem:
    """`rule`, `for 30d`, both, or nothing; with a reason after a comma or colon."""
    words_said, _, reason = _parted(text)
    whole = bool(re.match(r"rule\b", words_said, re.IGNORECASE))
    rest = re.sub(r"^rule\b", "", words_said, flags=re.IGNORECASE).strip(" .!")
    day = later_day(re.sub(r"^(for|until|till|to) ", "", rest, flags=re.IGNORECASE), morning) if rest else None
    if isinstance(day, Problem):
        return day
    return Meant(word="muted", whole_rule=whole, until=day or morning.today + MUTED, text=reason)


def _parted(text: str) -> tuple[str, str, str]:
    """What is said, and the reason after the first comma, colon or semicolon."""
    hit = re.search(r"[,:;]", text)
    if hit is None:
        return text.strip(), "", ""
    return text[: hit.start()].strip(), hit[0], text[hit.end() :].strip()


# --- dates and shares ------------------------------------------------------------------------------------------------

WEEKDAYS = tuple("monday tuesday wednesday thursday friday saturday sunday".split())
MONTHS = tuple("january february march april may june july august september october november december".split())
DATES = "write 2026-11-23, Monday, tomorrow, 23 November, 3wd (workdays), 5d or 2w"


def day_said(text: str, morning: Morning) -> date | Problem:
    """A date from today on, at most 400 days away. A weekday is the next one, never today."""
    day = _day(text.strip().casefold(), morning)
    if day is None:
        return Problem(text=f'"{clean(text, 40)}" is no date', cure=DATES)
    if day < morning.today:
        return Problem(text=f"{words.dated_day(day, morning.today)} is past", cure=DATES)
    if day - morning.today > LONGEST:
        return Problem(text=f"{words.full_day(day)} is more than {LONGEST.days} days away", cure=DATES)
    return day


def later_day(text: str, morning: Morning) -> date | Problem:
    """The same, but not today: until today is no while."""
    day = day_said(text, morning)
    return Problem(text="until today is no while", cure=DATES) if day == morning.today else day


def _day(text: str, morning: Morning) -> date | None:
    today = morning.today
    if text in {"today", "tomorrow"}:
        return today + timedelta(days=text == "tomorrow")
    if len(text) >= 3 and (hits := [n for n, name in enumerate(WEEKDAYS) if name.startswith(text)]):
        return today + timedelta(days=(hits[0] - today.weekday() - 1) % 7 + 1)
    if span := re.fullmatch(r"(\d{1,3}) ?(wd|workdays?|d|days?|w|weeks?)", text):
        return _in(int(span[1]), span[2], morning)
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  (a date alone)
    except ValueError:
        return _day_of_month(text, today)


def _in(number: int, unit: str, morning: Morning) -> date:
    if unit in {"wd", "workday", "workdays"}:
        day = morning.today
        for _ in range(number):
            day = morning.calendar.next_workday(day)
        return day
    return morning.today + timedelta(days=number * (7 if unit[0] == "w" else 1))


def _day_of_month(text: str, today: date) -> date | None:
    """`23 November`, `Monday 23 Nov 2026`, `November 23`. Where no year is given the next such day; one that passed
    within half a year is meant as the past day that it is, and not as next year's.
    """
    text = re.sub(rf"^({'|'.join(WEEKDAYS)}),? ", "", text)
    hit = re.fullmatch(r"(\d{1,2})\.? ([a-z]{3,9})\.?(?:,? (\d{4}))?", text)
    other = re.fullmatch(r"([a-z]{3,9})\.? (\d{1,2})(?:,? (\d{4}))?", text)
    if hit is None and other is None:
        return None
    number, name, year = (hit[1], hit[2], hit[3]) if hit else (other[2], other[1], other[3]) if other else ("", "", "")
    months = [n for n, month in enumerate(MONTHS, 1) if month.startswith(name)]
    years = [int(year)] if year else [today.year, today.year + 1]
    for one in years if len(months) == 1 else ():
        try:
            day = date(one, months[0], int(number))
        except ValueError:
            continue
        if year or today - day <= LATELY:
            return day
    return None


def share_said(text: str) -> Decimal | Problem:
    """`20%` or `20`: a share from 1 to 500 %."""
    try:
        share = Decimal(text.strip().removesuffix("%").strip()) / 100
    except InvalidOperation:
        share = Decimal(0)
    if not Decimal("0.01") <= share <= 5:
        return Problem(text=f'"{clean(text, 20)}" is no share from 1 % to 500 %', cure="write 20%")
    return share


# --- what was understood ---------------------------------------------------------------------------------------------


def told(one: Decision, today: date) -> str:
    """What a word does, with the item's line, such as "n4qf snoozed until Monday 23 November: Acme has no tasks."."""
    return f"{one.item} {said_of(one, today)}: {one.line}"


def said_of(one: Decision, today: date) -> str:
    """`decided, Priya by Friday 20 November ("bill the extra hours")`, `muted until Tuesday 22 December`."""
    until = conditions(one, today)
    if one.word in {"decided", "handed"}:
        who = f"handed to {one.owner}" if one.word == "handed" else f"decided{f', {one.owner}' if one.owner else ''}"
        by = f" by {words.dated_day(one.by_when, today)}" if one.by_when else ""
        return f"{who}{by}{_quoted(one.text)}"
    if one.word == "muted":
        what = f"muted with every {one.rule} of {one.client}" if one.whole_rule else "muted"
        return f"{what} {until}{_quoted(one.text)}"
    if one.word == "snoozed":
        return f"snoozed {until}{_quoted(one.text)}"
    if one.word == "noise":
        return f"marked as noise{f', {one.why}' if one.why else ''}"
    if one.word == "undone":
        return f"word {one.undoes} is taken back"
    return {"done": "marked done", "useful": "marked as useful"}[one.word] + _quoted(one.text)


def passed_meanwhile(one: Decision, today: date) -> str:
    """`Its date, Tuesday 24 November, is before that.`: of what is hidden beyond its date; else empty."""
    hidden = one.word in {"snoozed", "muted"} and not one.whole_rule
    if not hidden or one.until is None or one.deadline is None or not today <= one.deadline < one.until:
        return ""
    return f"Its date, {words.dated_day(one.deadline, today)}, is before that."


def conditions(one: Decision, today: date) -> str:
    """`until Monday 23 November or 20 % worse or activity`."""
    parts = [words.dated_day(one.until, today)] if one.until else []
    parts += [f"{words.percent(one.worse)} worse"] if one.worse is not None else []
    parts += ["activity"] if one.activity else []
    return f"until {' or '.join(parts)}" if parts else ""


def _quoted(text: str) -> str:
    return f' ("{text}")' if text else ""
