"""What the reader answers to an edition by mail or in chat: how answers are asked for, and which texts are some. Pure.

tag    how the subject of a mail to oneself begins, so that it is known among thousands: `[briefing k7mp, Harbour Lane]`
said   one line that the reader wrote: an item's id and words

Only the reader's own words count. A mail counts where the mailbox itself says that it was sent from there: anybody can
write the reader's address into a header. What the words mean is not decided here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from briefing import words
from briefing.decisions import Decision, Via
from briefing.document import Briefing, Line, Link
from briefing.facts import Fact, Message
from briefing.morning import Audience, Morning
from briefing.reading.text import EXCERPT, SUBJECT, clean, folded
from briefing.words_of_decision import passed_meanwhile, said_of

if TYPE_CHECKING:  # memory knows the rules, which a look at the clock does not load
    from briefing.memory import Past

ID = r"[a-z2-7]{4,16}"
"""An item's printed id: base32."""

_TAG = re.compile(rf"\s*\[briefing (?P<id>{ID})(?:, (?P<of>[^\[\]]{{1,80}}))?\]\s*(?P<rest>.*)", re.IGNORECASE)
_DECIDE = re.compile(r"(?:decided?|decision)\s*:?\s*(?P<rest>.*)", re.IGNORECASE)
_BULLET = re.compile(r"^(?:[\s>•·*\N{EN DASH}-]+(?=\s|[`\[(])|\d{1,2}[.)]\s)\s*")
_MIXED = re.compile(r"[`\[(*_]*(?!\d+[a-z]+\b)(?=[a-z2-7]*\d)(?=[a-z2-7]*[a-z])[a-z2-7]{4,6}(?![\w-])", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)

LONGEST_NAME = 40
"""Characters of the workspace's name in a tag."""

SHOWN = 80
"""Characters of an answer that is quoted."""

MOST_LINES = 50
"""Lines of one chat message that are read."""

MOST_TOLD = 20
"""Answers that an edition prints; the rest is counted."""

MOST_REMEMBERED = 5_000
"""Answers of which an edition remembers that they were told."""

TOLD = timedelta(days=14)
"""An answer that is older is not printed any more where no edition is known that printed it."""

CUT = "…"
NOT_SENT = "it does not lie in your sent mail"
TOO_LONG = "it is longer than what is read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One line that the reader wrote."""

    said_in: str
    """The message, as `source:id`; of several lines in one message `source:id#2`."""

    at: datetime
    via: Via
    item: str = ""
    """The id that a mail's subject names; in chat it stands in the text."""

    text: str
    """The words, in one line."""

    problem: str = ""
    """Why it cannot count, whatever it says."""

    @property
    def line(self) -> str:
        """As one line: `k7mp Priya by Friday`."""
        return f"{self.item} {self.text}".strip()

    @property
    def shown(self) -> str:
        """As it is quoted where it was not understood."""
        return clean(self.line, SHOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """An answer that was not understood, or cannot count."""

    said_in: str
    at: datetime
    via: Via
    text: str
    why: str
    """Whole sentences: the problem and the cure."""


# --- asking by mail --------------------------------------------------------------------------------------------------


def tag(item: str, workspace: str) -> str:
    """How the subject of an answer begins: `[briefing k7mp, Harbour Lane]`."""
    name = _name(workspace)
    return f"[briefing {item}, {name}]" if name else f"[briefing {item}]"


def _name(workspace: str) -> str:
    return clean(re.sub(r"[\[\]]", " ", workspace), LONGEST_NAME)


def address_of(audience: Audience) -> str:
    """Where the reader's answers go: the first address of their own that a link can hold; empty without one."""
    return next((one.email for one in audience.persons if _ADDRESS.fullmatch(one.email)), "")


def snooze_day(morning: Morning) -> date:
    """The second workday from today: on Thursday Monday. On the next one nothing unchanged stands in full anyway."""
    return morning.calendar.next_workday(morning.next_edition)


def links(item: str, *, address: str, workspace: str, until: date, today: date) -> tuple[Link, ...]:
    """What a card's reader may answer by a tap: a mail to the reader's own address, with nothing in it from outside."""
    mark = tag(item, workspace)
    asked = {
        "Decide": "decided: ",
        f"Snooze to {words.day(until, today)}": f"snooze until {until.isoformat()}",
        "Not useful": "not useful",
    }
    return tuple(
        # RFC 6068: everything but the @ is percent-encoded, spaces as %20.
        Link(text=text, url=f"mailto:{quote(address, safe='@')}?subject={quote(f'{mark} {said}', safe='')}")
        for text, said in asked.items()
    )


def how_by_mail(item: str, *, address: str, workspace: str, until: date) -> str:
    """The same for a form without links, in one sentence."""
    return (
        f'By mail: write to {address} with the subject "{tag(item, workspace)} Priya by Friday"; '
        f'in place of the last words also "snooze until {until.isoformat()}" or "not useful".'
    )


# --- reading mail ----------------------------------------------------------------------------------------------------


def is_answer(fact: Fact, audience: Audience, known: Collection[str]) -> bool:
    """Whether a fact is an answer of the reader to an edition, which no rule is to see: a mail to themselves, or a chat
    message of theirs that begins with one of the ids of the last edition.
    """
    if not isinstance(fact, Message):
        return False
    if fact.medium == "mail":
        return _TAG.match(fact.subject) is not None and _is_own(fact, audience)
    first = fact.excerpt.partition(" ")[0].strip("`*_[]().,:").casefold()
    return first in known and audience.is_me(fact.author)


def sends_mail(facts: Iterable[Fact], audience: Audience) -> bool:
    """Whether the reader's own sent mail is read: else an answer by mail would reach nobody."""
    own = _own(audience)
    return any(isinstance(one, Message) and one.sent and one.author.email.casefold() in own for one in facts)


def in_mail(messages: Iterable[Message], audience: Audience, workspace: str) -> list[Said]:
    """The reader's answers by mail, oldest first, each mail once in however many mailboxes it lies."""
    found: dict[tuple[datetime, str], Said] = {}
    for one in sorted(messages, key=lambda one: (one.at, not one.sent, one.ref.source, one.ref.id)):
        tagged = _TAG.match(one.subject)
        if tagged is None or one.automated or not _is_own(one, audience):
            continue
        if tagged["of"] and folded(tagged["of"]) != folded(_name(workspace)):
            continue  # an answer to another workspace's briefing
        found.setdefault((one.at, folded(one.subject)), _said(one, tagged["id"], tagged["rest"]))
    return list(found.values())


def _said(one: Message, item: str, rest: str) -> Said:
    decide = _DECIDE.fullmatch(rest.strip())
    text = (decide["rest"] if decide else rest).strip()
    if text:
        # What stands below is left alone: it may be a signature.
        cut = text.endswith(CUT) and len(one.subject) >= SUBJECT - 1
    else:
        text = _unsigned(one.excerpt, one.author.name).strip()
        cut = text.endswith(CUT) and len(one.excerpt) >= EXCERPT - 1
    problem = NOT_SENT if not one.sent else TOO_LONG if cut else ""
    return Said(
        said_in=f"{one.ref.source}:{one.ref.id}", at=one.at, via="mail", item=item.casefold(),
        text=f"decide {text}".strip() if decide else text, problem=problem,
    )  # fmt: skip


def _unsigned(text: str, name: str) -> str:
    """A text without the signature that a mail program put below it unmarked: from the writer's full name on."""
    at = text.casefold().find(name.casefold()) if len(name.split()) > 1 else -1
    return text if at < 0 else text[:at].rstrip(" ,;-|")


def _own(audience: Audience) -> frozenset[str]:
    return frozenset(one.email.casefold() for one in audience.persons if one.email)


def _is_own(one: Message, audience: Audience) -> bool:
    """From the reader's own address to addresses of their own alone; a name proves nothing."""
    own = _own(audience)
    people = [one.author, *one.to, *one.cc]
    return one.medium == "mail" and bool(one.to) and all(each.email.casefold() in own for each in people)


# --- reading chat ----------------------------------------------------------------------------------------------------


def in_chat(message: str, text: str, at: datetime) -> list[Said]:
    """What a chat message says, line by line. Its lines are named by their words too, for they may be edited later."""
    found = []
    for number, line in enumerate(text.splitlines()[:MOST_LINES], 1):
        words = _BULLET.sub("", clean(line, EXCERPT)).strip()
        if words:
            mark = hashlib.sha256(words.encode()).hexdigest()[:8]
            problem = TOO_LONG if words.endswith(CUT) and len(words) >= EXCERPT - 1 else ""
            found.append(Said(said_in=f"{message}#{number}~{mark}", at=at, via="slack", text=words, problem=problem))
    return found


def begins_with_an_id(text: str) -> bool:
    """Whether a text begins with what can be nothing else than an id, perhaps a mistyped one: letters and figures.

    >>> begins_with_an_id("k7mq hold"), begins_with_an_id("thanks, will do")
    (True, False)
    """
    return _MIXED.match(text) is not None


# --- what is told of them --------------------------------------------------------------------------------------------


def with_answers(
    briefing: Briefing, said: Sequence[Decision], unclear: Iterable[Unclear], past: Past | None, morning: Morning
) -> Briefing:
    """An edition that prints what was understood of answers since the one before, and what was not, each once."""
    after, told = (past.heard, past.answers) if past else (0, ())
    unclear = tuple(unclear)
    now = tuple(one.said_in for one in unclear)
    return replace(
        briefing,
        understood=_understood(said, after, morning), not_understood=_not_understood(unclear, told, morning),
        answers=tuple(dict.fromkeys((*told, *now)))[-MOST_REMEMBERED:],
        heard=max((one.number for one in said), default=0),
    )  # fmt: skip


def _understood(said: Iterable[Decision], after: int, morning: Morning) -> tuple[Line, ...]:
    new = [one for one in said if one.via != "command" and one.number > after and morning.now - one.at <= TOLD]
    told = [
        Line(text=words.sentence(_heard(one, morning), passed_meanwhile(one, morning.today)), item=one.item)
        for one in new[:MOST_TOLD]
    ]
    rest = len(new) - len(told)
    more = Line(text=f"{words.count(rest, 'more answer')}: briefing decisions")
    return (*told, *((more,) if rest else ()))


def _heard(one: Decision, morning: Morning) -> str:
    return f"{_capital(said_of(one, morning.today))} ({_where(one.via, one.at, morning)})."


def _not_understood(unclear: Iterable[Unclear], told: Iterable[str], morning: Morning) -> tuple[Line, ...]:
    before = frozenset(told)
    new = [one for one in unclear if one.said_in not in before]
    lines = [Line(text=f'"{one.text}" ({_where(one.via, one.at, morning)}). {one.why}') for one in new[:MOST_TOLD]]
    rest = len(new) - len(lines)
    return (*lines, *((Line(text=f"{words.count(rest, 'more answer')}."),) if rest else ()))


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _where(via: Via, at: datetime, morning: Morning) -> str:
    """`your reply in Slack, Thursday 08:12`."""
    local = at.astimezone(morning.zone)
    how = {"mail": "your mail", "slack": "your reply in Slack", "command": "your command"}[via]
    day = "" if local.date() == morning.today else f"{_day(local.date(), morning.today)} "
    return f"{how}, {day}{words.clock(local)}"


def _day(day: date, today: date) -> str:
    return f"{day:%A}" if abs((today - day).days) <= 6 else words.dated_day(day, today)
