"""What the reader answered, understood and kept: each message once, whatever is read again. No network.

An answer is about an edition that its reader had: ids are looked up in those that were made before it was written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from briefing import replies
from briefing.decisions import Decision
from briefing.document import Briefing, from_json
from briefing.facts import Fact, Message
from briefing.morning import Morning
from briefing.replies import Said, Unclear
from briefing.store import Store, all_kept
from briefing.store.ledger import Ledger
from briefing.words_of_decision import Problem, Subject, subjects, understood

REACH = timedelta(days=14)
"""How far back answers are looked for, and editions that they may be about."""

MOST = 200
"""Answers that are kept at once; the next run goes on."""

CHANGED = Problem(text="it was changed after it was counted", cure="say it again in a new message")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of answers."""

    kept: tuple[Decision, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    left: int = 0
    """Answers that the next run goes on with."""


def by_mail(facts: Iterable[Fact], morning: Morning, workspace: str) -> list[Said]:
    """The reader's answers by mail of the last two weeks."""
    mails = (one for one in facts if isinstance(one, Message) and morning.now - one.at <= REACH)
    return replies.in_mail(mails, morning.audience, workspace)


def named(said: Iterable[Said], facts: Iterable[Fact]) -> list[Said]:
    """The same with names in place of members' ids, where a source knows them: `@U0PRIYA001 by Friday`."""
    said = list(said)
    if not any("@" in one.text for one in said):
        return said
    names: dict[str, str] = {}
    for fact in facts:
        if isinstance(fact, Message):
            names |= {one.id: one.name for one in (fact.author, *fact.mentions, *fact.to) if one.id and one.name}
    return [replace(one, text=_named(one.text, names)) for one in said]


def _named(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"@([UW][A-Z0-9]{5,20})\b", lambda found: names.get(found[1], found[0]), text)


def keep(said: Sequence[Said], store: Store, ledger: Ledger, morning: Morning) -> Heard:
    """Understand what is new and note it in the ledger, oldest first. Raises StoreError where it cannot be written."""
    before = list(ledger.decisions(morning.audience.name))
    seen = _Seen(before)
    new = sorted((one for one in said if not seen.has(one)), key=lambda one: (one.at, one.said_in))
    if not new:
        return Heard()
    editions = _editions(store, ledger, morning)
    kept: list[Decision] = []
    unclear: list[Unclear] = []
    for one in new:
        if len(kept) == MOST:
            return Heard(kept=tuple(kept), unclear=tuple(unclear), left=len(new) - len(kept) - len(unclear))
        then = replace(morning, now=min(one.at, morning.now).astimezone(morning.zone))
        found = _understood(one, _known(editions, then.now), then, before)
        if found is not None and seen.changed(one):
            found = CHANGED
        if isinstance(found, Decision):
            noted = ledger.decide(found)
            before += [noted] if noted else []
            kept += [noted] if noted else []
        elif found is not None:
            unclear.append(Unclear(said_in=one.said_in, at=one.at, via=one.via, text=one.shown, why=_why(found)))
    return Heard(kept=tuple(kept), unclear=tuple(unclear))


def _understood(
    one: Said, known: Sequence[Subject], then: Morning, before: Sequence[Decision]
) -> Decision | Problem | None:
    """None where it is no word about an item."""
    if one.problem:
        return Problem(text=one.problem, cure="say it again in a new message", item=one.item)
    earlier = [word for word in before if word.at <= then.now]  # what `undo` can mean
    found = understood(one.line, known, then, said=earlier, via=one.via, said_in=one.said_in)
    if isinstance(found, Problem) and not found.item and not one.item and not replies.begins_with_an_id(one.text):
        return None
    return found


def _why(found: Problem) -> str:
    """The problem where the words alone do not show it, and the cure."""
    told = "" if found.text.endswith("was not understood") else f"{found.text[:1].upper()}{found.text[1:]}. "
    return f"{told}{found.cure[:1].upper()}{found.cure[1:]}."


class _Seen:
    """Which messages were counted before. Chat messages are told apart by line and by words, for they can be edited."""

    def __init__(self, before: Sequence[Decision]) -> None:
        self._mails = frozenset((one.at, one.item) for one in before if one.via == "mail")
        names = [one.said_in for one in before if one.said_in]
        self._whole = frozenset(names)
        self._lines = frozenset(name.rpartition("~")[0] for name in names if "~" in name)
        self._words = frozenset(_words(name) for name in names if "~" in name)

    def has(self, one: Said) -> bool:
        """The same words of the same message, in whatever line they stand now; the same mail in whatever mailbox."""
        if one.via == "mail" and (one.at, one.item) in self._mails:
            return True
        return one.said_in in self._whole or ("~" in one.said_in and _words(one.said_in) in self._words)

    def changed(self, one: Said) -> bool:
        """Other words in a line that was counted."""
        return "~" in one.said_in and one.said_in.rpartition("~")[0] in self._lines


def _words(said_in: str) -> tuple[str, str]:
    message, _, rest = said_in.rpartition("#")
    return message, rest.rpartition("~")[2]


# --- the editions ----------------------------------------------------------------------------------------------------


def _editions(store: Store, ledger: Ledger, morning: Morning) -> list[tuple[datetime, tuple[Subject, ...]]]:
    """When each edition of the last weeks was made, and its items, the newest first."""
    name, today = morning.audience.name, morning.today
    days = [day for day in (today, *ledger.days(name, today)) if today - day <= 2 * REACH]
    found = []
    for day in days:
        found += [
            (kept.compiled_at, subjects(briefing))
            for kept in all_kept(store, name, day)
            if (briefing := _document(kept.body))
        ]
    return found


def _document(body: str) -> Briefing | None:
    try:
        return from_json(body)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, json.JSONDecodeError):
        return None


def _known(editions: Sequence[tuple[datetime, tuple[Subject, ...]]], then: datetime) -> list[Subject]:
    """Items by id as the newest edition of before a moment had them."""
    found: dict[str, Subject] = {}
    for made, items in editions:
        if made <= then:
            found = {**{one.id: one for one in items}, **found}
    return list(found.values())
