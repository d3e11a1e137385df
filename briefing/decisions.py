"""What a person said of an item, as it is kept: one record per word, none is ever changed.

An item is named by its key (matter, source, kind, id), which lasts from day to day, and by its rule. `undo` is a record
too. `counting` leaves out what was taken back; what the others do to the page is decided in `briefing.policy`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Key = tuple[str, str, str, str]
"""(matter, source, kind, id of what it is about)."""

Word = Literal["decided", "done", "snoozed", "muted", "useful", "noise", "handed", "undone"]
"""
decided   somebody settled what happens: text, owner, by when
done      it is said to be over
snoozed   not before a date, a change for the worse, or activity
muted     the item, or its rule for its client, is not told for a while
useful    it was worth its place
noise     it was not: wrong, or unimportant
handed    it was given to a colleague, who was told
undone    an earlier word does not count any more
"""

Via = Literal["command", "mail", "slack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One word of one person about one item."""

    number: int = 0
    """Its place among all of them, given by the ledger; 0 before it is kept."""

    at: datetime
    by: str
    """Who said it: the audience's name."""

    audience: str
    via: Via = "command"
    said_in: str = ""
    """The message it was said in, as `source:id`; the same message is never understood twice."""

    word: Word
    key: Key
    rule: str
    item: str
    """The printed id, as it was said."""

    line: str
    """The item's line when it was said."""

    client: str = ""
    text: str = ""
    """The person's own words."""

    owner: str = ""
    by_when: date | None = None
    """`--by`: when the effect is to be seen."""

    until: date | None = None
    """Snoozed or muted until this date, which is the first on which it is told again."""

    worse: Decimal | None = None
    """Snoozed until its measure has grown by this share: 0.20 is 20 %."""

    activity: bool = False
    """Snoozed until something happens there."""

    rested_on: tuple[str, ...] = ()
    """Snoozed until activity: what the item rested on when it was said, as `source:kind:id`."""

    whole_rule: bool = False
    """Muted: the rule for this client, not this item alone."""

    why: Literal["wrong", "unimportant", ""] = ""
    """Of noise."""

    stage: str = ""
    measure: Decimal | None = None
    deadline: date | None = None
    """What the item was when it was said: what it is compared with."""

    undoes: int = 0
    """The number of the word that is taken back."""


def is_heard(one: Decision, me: str) -> bool:
    """Whether a word ends a climb of the reader's: the reader's own, and of anybody that it is settled.

    What another reader snoozes or mutes is that reader's page alone.
    """
    return one.audience.casefold() == me.casefold() or one.word in {"decided", "done", "handed", "undone"}


def counting(said: Iterable[Decision]) -> tuple[Decision, ...]:
    """The words that were not taken back, in the order in which they were said; `undone` itself is none of them.

    Taking back can be taken back: then the first word counts again.
    """
    back: set[int] = set()
    left: list[Decision] = []
    for one in sorted(said, key=lambda one: one.number, reverse=True):
        if one.number in back:
            continue
        if one.word == "undone":
            back.add(one.undoes)
        else:
            left.append(one)
    return tuple(sorted(left, key=lambda one: (one.at, one.number)))


StepState = Literal["sending", "sent", "refused", "deferred", "uncertain", "skipped", "began", "ended"]
"""`began` and `ended` are of the climb itself (step 0); the others as in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry about one step of a ladder for one item: that it was begun, and how it ended."""

    at: datetime
    run: str
    ladder: str
    """The ladder's name in the configuration; `hand` for a step by hand."""

    step: int
    """1 for the first."""

    began: datetime
    """When the item began to wait, by which the ladder counts: another beginning is another climb."""

    key: Key
    rule: str
    item: str
    line: str
    person: str
    """Whom it goes to, as in the configuration."""

    channel: str
    recipient: str
    state: StepState
    message_id: str = ""
    detail: str = ""
    silent_from: date | None = None
    """From this day on its rule does not tell the item any more, by its age alone."""
