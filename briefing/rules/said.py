"""How a rule tells of a conversation: when, where, in whose words, and where an answer was looked for."""

from __future__ import annotations

from datetime import datetime

from briefing import words
from briefing.facts import Message
from briefing.morning import Morning
from briefing.reading.text import clean
from briefing.rules.asks import sentences
from briefing.rules.view import Facts

QUOTE = 140
"""Characters of somebody's words that are quoted."""


def when(moment: datetime, morning: Morning, *, on: bool = False) -> str:
    """`Tuesday 11:20`; with `on`: `on Tuesday 11:20`, `yesterday 16:10`."""
    day = words.day(morning.date_of(moment), morning.today)
    before = "on " if on and day not in {"today", "yesterday"} else ""
    return f"{before}{day} {words.clock(moment.astimezone(morning.zone))}"


def where(message: Message) -> str:
    """`by mail ("October invoice")`, `in #juniper`."""
    if message.medium == "mail":
        subject = clean(message.subject, 60).replace('"', "'")
        return f'by mail ("{subject}")' if subject else "by mail"
    return f"in {message.place}" if message.place else "in chat"


def quote(message: Message, sentence: str) -> str:
    """A sentence of a message with its end mark, cut, and without quotation marks of its own."""
    told = clean(_with_what_precedes(message, sentence), QUOTE).replace('"', "'")
    return told if told.endswith((".", "?", "!", "…")) else f"{told}."


def _with_what_precedes(message: Message, sentence: str) -> str:
    """A sentence after the one before it where both fit: "Is that right?" alone says little."""
    said = sentences(message.excerpt)
    place = said.index(sentence) if sentence in said else 0
    before = said[place - 1] if place else ""
    both = f"{before} {sentence}"
    return both if len(before.split()) >= 4 and len(both) <= QUOTE else sentence


def looked_for(facts: Facts, message: Message) -> str:
    """Where an answer to a message was looked for: `#juniper (Slack export) or your inbox`, its own place first."""
    here = facts.looked_in(Message, source=message.ref.source)
    others = tuple(place for place in facts.looked_in(Message) if place not in here)
    if message.medium == "chat" and message.place:
        here = (f"{message.place} ({words.listed(here)})",)
    return words.listed((*here, *others), "or")
