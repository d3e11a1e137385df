"""What the reader answers to an edition by mail or in chat: how answers are asked for, and which texts are some. Pure.

tag    how the subject of a mail to oneself begins, so that it is known among thousands: `[briefing k7mp, Harbour Lane]`
said   one line that the reader wrote: an item's id, then words

Only the reader's own words count. A mail counts where the mailbox itself says that it was sent from there: anybody can
write the reader's address into a header. What the words mean is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from briefing.decisions import Via
from briefing.document import Link
from briefing.facts import Fact, Message
from briefing.morning import Audience, Morning
from briefing.reading.text import EXCERPT, SUBJECT, clean, folded
from briefing.words import day as day_of

ID = r"[a-z2-7]{4,16}"
"""An item's printed id: base32."""

_TAG = re.compile(rf"\s*\[briefing (?P<id>{ID})(?:, (?P<of>[^\[\]]{{1,80}}))?\]\s*(?P<rest>.*)", re.IGNORECASE)
_DECIDE = re.compile(r"(?:decided?|decision)\s*:?\s*(?P<rest>.*)", re.IGNORECASE)
_LINE = re.compile(
    rf"[\s`*_~•·>(\[-]*(?:\d{{1,2}}[.)]\s+)?"
    rf"(?P<id>{ID})[`*_~)\]]*(?:\s*[:,.]|\s*[-\N{{EN DASH}}]\s|\s+|$)\s*(?P<rest>.*)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)

LONGEST_NAME = 40
"""Characters of the workspace's name in a tag."""

CUT = "…"
NOT_SENT = "it does not lie in your sent mail"
TOO_LONG = "it is longer than what is read of a mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One line of the reader's about one item."""

    said_in: str
    """The message, as `source:id`; of several lines in one message `source:id#2`."""

    at: datetime
    via: Via
    item: str
    """The id it names, in small letters."""

    text: str
    """The words behind the id, in one line."""

    problem: str = ""
    """Why it cannot count, whatever it says."""


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
        f"Snooze to {day_of(until, today)}": f"snooze until {until.isoformat()}",
        "Not useful": "not useful",
    }
    return tuple(
        # RFC 6068: everything but the @ is percent-encoded, spaces as %20.
        Link(text=text, url=f"mailto:{quote(address, safe='@')}?subject={quote(f'{mark} {words}', safe='')}")
        for text, words in asked.items()
    )


def how_by_mail(item: str, *, address: str, workspace: str, until: date) -> str:
    """The same for a form without links, in one sentence."""
    return (
        f'By mail: write to {address} with the subject "{tag(item, workspace)} Priya by Friday"; '
        f'in place of the last words also "snooze until {until.isoformat()}" or "not useful".'
    )


# --- reading mail ----------------------------------------------------------------------------------------------------


def is_asked_for(fact: Fact, audience: Audience) -> bool:
    """Whether a fact is a mail of the reader to themselves that answers an edition: no rule is to see it."""
    return isinstance(fact, Message) and _TAG.match(fact.subject) is not None and _is_own(fact, audience)


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
    words = decide["rest"] if decide else rest
    problem = ""
    if words.strip():
        # What stands below is left alone: it may be a signature.
        problem = TOO_LONG if words.endswith(CUT) and len(one.subject) >= SUBJECT - 1 else ""
    else:
        words = _unsigned(one.excerpt, one.author.name)
        problem = TOO_LONG if words.endswith(CUT) and len(one.excerpt) >= EXCERPT - 1 else ""
    return Said(
        said_in=f"{one.ref.source}:{one.ref.id}", at=one.at, via="mail", item=item.casefold(), text=words.strip(),
        problem=problem if one.sent else NOT_SENT,
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


def in_chat(text: str, known: Iterable[str]) -> tuple[str, str] | None:
    """The id that a line names, and the words behind it; None where it names none.

    `known` are the ids of the last editions. What is none of them is taken for a mistyped one only where it has letters
    and figures: "thanks" is a word.

    >>> in_chat("n4qf hold until Monday", {"n4qf"})
    ('n4qf', 'hold until Monday')
    >>> in_chat("thanks, will do", {"n4qf"}) is None
    True
    """
    found = _LINE.match(text[: EXCERPT * 4])
    if found is None:
        return None
    item = found["id"].casefold()
    mixed = len(item) <= 6 and re.search(r"\d", item) and re.search(r"[a-z]", item)
    return (item, found["rest"].strip()) if item in frozenset(known) or mixed else None


def lines_of(text: str) -> Sequence[tuple[int, str]]:
    """The lines of a chat message that say something, each with its number from 1 on."""
    return [(number, clean(line, EXCERPT)) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
