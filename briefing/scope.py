"""What one audience is told of what was found: the matters of its clients. Pure.

A scope narrows the page, not what is read: nothing is hidden by it, and what is left out is counted. What must not be
known by others is a personal source (`briefing/audiences.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from briefing import words
from briefing.facts import AdAccount
from briefing.items import Priced
from briefing.memory import Past
from briefing.morning import Audience
from briefing.rules.view import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The clients of an audience, and its own sources. Without clients everything is told."""

    clients: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()
    """Sources that are this audience's alone: what they say concerns it, whatever the client."""

    def told(self, found: Sequence[Priced], reader: Audience) -> list[Priced]:
        """What is of these clients, the reader's own, in the reader's calendar, or from the reader's own sources."""
        return [
            one
            for one in found
            if not self.clients
            or one.item.client in self.clients
            or one.item.matter == "meeting"
            or one.item.about.source in self.personal
            or reader.is_me(one.item.owner)
        ]

    def facts(self, facts: Facts) -> Facts:
        """For the table of ads: the accounts of these clients."""
        if not self.clients:
            return facts
        accounts = tuple(one for one in facts.of(AdAccount) if facts.client(one) in self.clients)
        return replace(facts, by_kind={**facts.by_kind, AdAccount.kind: accounts})

    def notice(self, left_out: int) -> tuple[str, ...]:
        """How much is left out."""
        if not left_out:
            return ()
        whose = f"{words.listed(sorted(self.clients), 'or')}"
        return (
            f"Left out: {words.count(left_out, 'item')} that {'is' if left_out == 1 else 'are'} not about {whose}.",
        )


def still_found(past: Past | None, left_out: Collection[Priced]) -> Past | None:
    """The last edition without what is found today and left out: it is not resolved."""
    keys = {one.item.key for one in left_out}
    if past is None or not keys:
        return past
    return replace(past, traces=tuple(one for one in past.traces if one.key not in keys))


def without(past: Past | None, sources: Collection[str]) -> Past | None:
    """The last edition without what it had of these sources, which are personal to somebody else by now."""
    if past is None or not sources:
        return past
    return replace(
        past, traces=tuple(one for one in past.traces if one.source not in sources),
        gaps=frozenset(gap for gap in past.gaps if gap[0] not in sources), unread=past.unread - set(sources),
    )  # fmt: skip
