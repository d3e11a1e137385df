"""What was edited in an ad account around a move, and in which words.

Every edit weighs 0 (cosmetic) to 3 (large); weights count where the money is, by the campaign's share of the spend;
edits made together count once. Their sum decides between "minimal", "no more than usual" and naming the largest.
"After", never "because": an edit before a move is a coincidence in time. That nothing, or hardly anything, was
changed is said only where the change history of the whole stretch was read and has no blind spots.
Section 9 of the method.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from statistics import median
from typing import Literal
from zoneinfo import ZoneInfo

from briefing import words
from briefing.facts import AdChange, AdChangeCoverage

TOGETHER = timedelta(minutes=10)
"""Edits of one kind by one actor within this time are one piece of work."""

SMALL_LEVELS = frozenset({"keyword", "negative", "negative keyword", "ad", "asset"})
MANY_SMALL = 10
"""From so many on, edits of keywords, ads or assets touch their campaign as a whole; nobody knows how much of the
spend hangs on fewer."""

USUAL_DAYS = 30
WEEK = 7
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

ActivityKind = Literal[
    "nothing",
    "minimal",
    "usual",
    "after",
    "afterwards",
    "busy",
    "automatic",
    "seen in part",
    "unread in part",
    "unread",
]
"""The row of the table that holds. The last three: the history does not show everything."""

LEVELS = {
    "adset": "ad group", "ad set": "ad group", "ad_set": "ad group", "ad_group": "ad group", "adgroup": "ad group",
    "campaign_budget": "budget", "campaign group": "campaign", "negative keyword": "negative keyword",
}  # fmt: skip
"""The vendors' words for the same thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The days whose edits are told: from some days before the move to the last closed day."""

    first: date
    start: date
    """The first day of the move."""

    last: date

    @classmethod
    def around(cls, start: date, last: date, *, window_days: int) -> Stretch:
        """Three days before the start, seven for a window of seven."""
        before = WEEK if window_days >= WEEK else 3
        return cls(first=start - timedelta(days=before), start=start, last=last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Where an account's money goes."""

    shares: Mapping[str, float]
    """Campaign id to its share of the account's spend; empty: not known, every campaign counts in full."""

    names: Mapping[str, str]
    """Campaign id to its name."""

    carrier: str = ""
    """The campaign that carries the move, if one does."""

    def share(self, campaign: str) -> float:
        """Of the account's spend; edits of the account itself touch all of it."""
        return 1.0 if not campaign or not self.shares else self.shares.get(campaign, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Edits of one kind by one actor within ten minutes: one piece of work."""

    changes: tuple[AdChange, ...]
    day: date
    weight: int
    value: float
    """The weight where the money is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What was edited around a move."""

    kind: ActivityKind
    sentence: str
    edits: tuple[Edit, ...]
    total: float
    """The sum of the edits' values."""

    usual: float | None
    """The account's own median of seven days; None where the history is too short for it."""


# --- weights ---------------------------------------------------------------------------------------------------------


def level_of(change: AdChange) -> str:
    """The object's level in our words."""
    level = change.object_level.strip().casefold()
    return LEVELS.get(level, level)


def weight(change: AdChange) -> int:
    """0 cosmetic, 1 small, 2 notable, 3 large."""
    level, field = level_of(change), change.field.casefold()
    if change.change == "billing" or field in {"name", "label", "labels", "status_label"} or "draft" in level:
        return 0
    if any(word in field for word in ("final_url", "final url", "landing", "link_url", "tracking_url")):
        return 3
    if change.change == "budget":
        return _by_size(ratio(change), large=(0.67, 1.5), notable=(0.83, 1.2))
    if change.change == "bid":
        return _bid(change, level, field)
    if change.change == "tracking":
        return 3
    if change.change == "targeting":
        return _targeting(change, level)
    if change.change in {"status", "structure"} or change.operation in {"create", "remove"}:
        return 3 if level in {"campaign", "account"} else 1 if level in SMALL_LEVELS else 2
    return 1 if level in SMALL_LEVELS or change.change == "policy" else 2


def _bid(change: AdChange, level: str, field: str) -> int:
    """A strategy or a target weighs by how far it moved; the bid of one keyword is small."""
    by = ratio(change)
    if "strateg" in field or "target" in field or "goal" in field or level in {"campaign", "account"}:
        return 3 if by is None else _by_size(by, large=(0.8, 1.2), notable=(0.95, 1.05))
    return 1 if level in SMALL_LEVELS else _by_size(by, large=(0.0, float("inf")), notable=(0.8, 1.2))


def _targeting(change: AdChange, level: str) -> int:
    if level in SMALL_LEVELS:
        return 1
    return 3 if level in {"campaign", "account"} and change.operation != "create" else 2


def _by_size(by: float | None, *, large: tuple[float, float], notable: tuple[float, float]) -> int:
    """3 outside `large`, 2 outside `notable`, else 1. A change of unknown size is notable, never small."""
    if by is None:
        return 2
    if by <= large[0] or by >= large[1]:
        return 3
    return 2 if by <= notable[0] or by >= notable[1] else 1


def ratio(change: AdChange) -> float | None:
    """New over old where both are positive numbers written the same plain way."""
    old, new = _number(change.old), _number(change.new)
    return float(new / old) if old and new else None


def _number(text: str) -> Decimal | None:
    """A positive number with at most a currency beside it; None for one that could be read in two ways (`1,234`)."""
    found = re.fullmatch(r"[^\d.,-]*(\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+\.\d+)[^\d.,]*", text.strip())
    if found is None or re.fullmatch(r"\d{1,3}\.\d{3}", found[1]):
        return None
    return Decimal(found[1].replace(",", "")) or None


# --- edits -----------------------------------------------------------------------------------------------------------


def day_of(change: AdChange, zone: ZoneInfo) -> date:
    """The day of an edit in the account's zone; a date without a time stays what it says."""
    return change.at.date() if change.day_only else change.at.astimezone(zone).date()


def edits_of(changes: Iterable[AdChange], spending: Spending, zone: ZoneInfo) -> tuple[Edit, ...]:
    """Changes gathered into pieces of work, in the order of time."""
    ordered = sorted(changes, key=lambda one: (_kind(one), one.at, one.ref.id))
    found = []
    for _, some in groupby(ordered, key=_kind):
        found += [_edit(bulk, spending, zone) for bulk in _bulks(some)]
    return tuple(sorted(found, key=lambda edit: (edit.changes[0].at, edit.changes[0].ref.id)))


def _kind(change: AdChange) -> tuple[str, ...]:
    return (change.actor_kind, change.actor, change.change, level_of(change), action(change))


def _bulks(changes: Iterable[AdChange]) -> Iterator[list[AdChange]]:
    bulk: list[AdChange] = []
    for change in changes:
        if bulk and change.at - bulk[0].at > TOGETHER:
            yield bulk
            bulk = []
        bulk.append(change)
    if bulk:
        yield bulk


def _edit(changes: Sequence[AdChange], spending: Spending, zone: ZoneInfo) -> Edit:
    """Once with the largest weight, plus 1 if it touched over half of the spend; weight 3 counts at least 1."""
    heaviest = max(weight(change) for change in changes)
    campaigns = {change.campaign for change in changes}
    share = min(1.0, sum(spending.share(campaign) for campaign in campaigns))
    whole = len(changes) >= MANY_SMALL or any(level_of(change) not in SMALL_LEVELS for change in changes)
    largest = heaviest + 1 if heaviest and len(changes) > 1 and whole and share > 0.5 else heaviest
    value = largest * share
    return Edit(
        changes=tuple(changes), day=day_of(changes[0], zone), weight=heaviest,
        value=max(value, 1.0) if heaviest == 3 else value,
    )  # fmt: skip


def usual_week(edits: Sequence[Edit], last: date) -> float:
    """The median of the account's own sums over seven days, in the 30 days up to a day."""
    sums = []
    for back in range(USUAL_DAYS - WEEK + 1):
        to = last - timedelta(days=back)
        sums.append(sum(edit.value for edit in edits if to - timedelta(days=WEEK) < edit.day <= to))
    return median(sums)


def covered(coverage: Iterable[AdChangeCoverage], first: date, last: date) -> bool:
    """Whether complete histories without blind spots cover every day of a stretch."""
    at = first
    for one in sorted((c for c in coverage if c.complete and not c.blind_spots), key=lambda c: (c.since, c.until)):
        if one.since <= at <= one.until:
            at = one.until + timedelta(days=1)
    return at > last


# --- words -----------------------------------------------------------------------------------------------------------


def action(change: AdChange) -> str:
    """What was done, as a participle: `paused`, `raised 50 %`."""
    new = change.new.casefold()
    if change.operation == "remove" or change.change == "status":
        done = _status(new)
        if done or change.operation == "remove":
            return done or "removed"
    if change.operation == "create":
        return "added"
    by = ratio(change) if change.change in {"budget", "bid"} else None
    if by is not None and words.percent(by - 1) != "0 %":
        return f"{'raised' if by > 1 else 'cut'} {words.percent(by - 1)}"
    return "changed"


def _status(new: str) -> str:
    if new.startswith(("inactiv", "disabl", "off")):
        return "switched off"
    marks = {"paus": "paused", "enabl": "switched on", "activ": "switched on", "remov": "removed", "delet": "removed"}
    return next((done for mark, done in marks.items() if new.startswith(mark)), "")


def object_of(change: AdChange, names: Mapping[str, str]) -> tuple[str, str]:
    """(what, of which): `("keyword", "")`, `("budget", "Generic")`, `("campaign", "Generic")`."""
    level = level_of(change)
    name = names.get(change.campaign, "") or change.object_name
    if change.operation in {"create", "remove"} and level not in {"", "account", "campaign"}:
        return level, ""
    if change.change == "bid" and level not in {"", "account", "campaign"}:
        return f"{level} bid", ""
    if level in SMALL_LEVELS:
        return level, ""
    if change.change in {"budget", "targeting", "tracking"} or change.change == "bid":
        what = {"budget": "budget", "targeting": "targeting", "tracking": "conversion tracking", "bid": "bidding"}
        return what[change.change], name
    if level == "campaign":
        return "campaign", change.object_name or name
    return "setting" if level in {"", "account"} else level, ""


def named(edits: Sequence[Edit], names: Mapping[str, str], today: date) -> list[str]:
    """Edits in words, the same thing of the same day told once: `two keywords paused Tuesday`."""
    counted: dict[tuple[date, str, str, str], int] = {}
    for edit in edits:
        for change in edit.changes:
            what, which = object_of(change, names)
            key = (edit.day, what, which, action(change))
            counted[key] = counted.get(key, 0) + 1
    return [_phrase(what, which, done, number, _on(day, today))
            for (day, what, which, done), number in counted.items()]  # fmt: skip


def _on(day: date, today: date) -> str:
    """`Tuesday`, `on 10 November`."""
    when = words.day(day, today)
    return f"on {when}" if when[0].isdigit() else when


def _phrase(what: str, which: str, done: str, number: int, when: str) -> str:
    if what == "campaign" and which and number == 1:
        return f"campaign {which} {done} {when}"
    if which or what in {"budget", "targeting", "conversion tracking", "bidding"}:
        return f"{what}{f' of {which}' if which else ''} {done} {when}"
    count = NUMBERS[number] if number < len(NUMBERS) else f"{number:,}"
    return f"{count} {what if number == 1 else what + 's'} {done} {when}"


def describe(
    changes: Iterable[AdChange],
    coverage: Sequence[AdChangeCoverage],
    stretch: Stretch,
    spending: Spending,
    *,
    today: date,
    zone: ZoneInfo,
) -> Activity:
    """What was edited in one account around a move, by the rows of the table in section 9.

    `changes` and `coverage` are the account's own; more days than the stretch do no harm. Blind spots or missing days
    of history: what is seen is told as what is seen, and nothing is called minimal.
    """
    counted = [change for change in changes if change.change != "billing"]
    edits = edits_of(counted, spending, zone)
    inside = tuple(edit for edit in edits if stretch.first <= edit.day <= stretch.last)
    total = sum(edit.value for edit in inside)
    month = stretch.last - timedelta(days=USUAL_DAYS - 1)
    usual = usual_week(edits, stretch.last) if covered(coverage, month, stretch.last) else None
    complete = covered(coverage, stretch.first, stretch.last)
    kind, sentence = (
        _with_whole_history(inside, total, usual, stretch, spending, today)
        if complete
        else _with_part_of_it(inside, coverage, stretch, spending, today)
    )
    return Activity(kind=kind, sentence=sentence, edits=inside, total=total, usual=usual)


def _with_whole_history(
    edits: Sequence[Edit], total: float, usual: float | None, stretch: Stretch, spending: Spending, today: date
) -> tuple[ActivityKind, str]:
    """The first row of the table that holds. An edit on the first day counts as before it."""
    since = words.day(stretch.first, today)
    if not edits:
        return "nothing", f"Nothing was changed in the account since {since}."
    if all(change.actor_kind in {"automation", "platform"} for edit in edits for change in edit.changes):
        return "automatic", f"Changes only by automatic rules: {_some(edits, spending, today)}."
    if total <= 1 and all(edit.weight < 3 for edit in edits):
        return "minimal", f"Ad changes were minimal: {_few(edits, spending, today)}."
    before = [edit for edit in edits if edit.day <= stretch.start]
    large = [edit for edit in before if edit.weight == 3 and _carries(edit, spending)]
    if large:
        return "after", f"It came after an edit: {_largest(large, spending, today)}."
    if not before:
        return "afterwards", f"Changes were made afterwards: {_some(edits, spending, today)}."
    days = (stretch.last - stretch.first).days + 1
    if usual is not None and total / days <= usual / WEEK:
        return "usual", "No more ad changes than usual."
    number = words.count(sum(len(edit.changes) for edit in edits), "ad change")
    phrases = named(_heaviest(edits), spending.names, today)
    what = f": {words.listed(phrases)}" if len(phrases) <= 2 else f", the largest: {phrases[0]}"
    return "busy", f"{number} since {since}{what}."


def _carries(edit: Edit, spending: Spending) -> bool:
    """The edit is in the campaign that carries the move, or in the whole account."""
    return any(change.campaign in {"", spending.carrier} for change in edit.changes)


def _with_part_of_it(
    edits: Sequence[Edit], coverage: Sequence[AdChangeCoverage], stretch: Stretch, spending: Spending, today: date
) -> tuple[ActivityKind, str]:
    """The history does not show all: say what is seen, and what cannot be."""
    if not coverage and not edits:
        return "unread", "What was changed in the account was not read."
    blind = sorted({spot for one in coverage for spot in one.blind_spots})
    since, until = min((c.since for c in coverage), default=None), max((c.until for c in coverage), default=None)
    limit = ""
    if blind:
        limit = f"which does not show {words.listed(blind, 'or')}"
    elif since is not None and since > stretch.first:
        limit = f"which begins {words.day(since, today)}"
    elif until is not None and until < stretch.last:
        limit = f"which ends {words.day(until, today)}"
    history = f"the history we can read, {limit}" if limit else "the part of the history we can read"
    if not edits:
        return "unread in part", f"No changes in {history}."
    return "seen in part", f"In {history}: {_some(edits, spending, today)}."


def _few(edits: Sequence[Edit], spending: Spending, today: date) -> str:
    """Small edits: named if they are one or two things, else counted. Cosmetic ones are not worth their names."""
    weighing = [edit for edit in edits if edit.weight]
    if not weighing:
        return "names and labels only"
    phrases = named(weighing, spending.names, today)
    if len(phrases) <= 2:
        return words.listed(phrases)
    number = words.count(sum(len(edit.changes) for edit in weighing), "small edit")
    return f"{number}, the last {words.day(max(edit.day for edit in weighing), today)}"


def _some(edits: Sequence[Edit], spending: Spending, today: date) -> str:
    """The heaviest two of some edits, and how many more there are."""
    return words.some(named(_heaviest(edits), spending.names, today), 2)


def _largest(edits: Sequence[Edit], spending: Spending, today: date) -> str:
    return named(_heaviest(edits)[:1], spending.names, today)[0]


def _heaviest(edits: Sequence[Edit]) -> list[Edit]:
    return sorted(edits, key=lambda edit: (-edit.value, -edit.weight, edit.day))


def count_in_week(changes: Iterable[AdChange], last: date, zone: ZoneInfo) -> int:
    """Single changes that weigh anything, in the seven days up to a day."""
    first = last - timedelta(days=WEEK - 1)
    return sum(first <= day_of(change, zone) <= last for change in changes if weight(change))
