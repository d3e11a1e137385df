"""A morning's conversations, read once for all rules about them: exchanges, sides, and who of the clients waits.

Seven rules look at the same messages; each exchange is told by one of them at most. Where a client waits in an exchange
it is `client-waiting` that tells it, and every other rule is silent there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from briefing.clients import Directory
from briefing.facts import Fact, Message
from briefing.morning import Morning
from briefing.rules import Need
from briefing.rules.turns import Elsewhere, Exchange, Sides, Wait, exchanges
from briefing.rules.view import Facts

NEEDS = (Need(Message, whole=True, every_source=True),)
"""An answer may lie anywhere: every source of messages, read whole."""


@dataclass(frozen=True)
class Talks:
    """What was written, as exchanges."""

    facts: Facts
    morning: Morning

    @cached_property
    def sides(self) -> Sides:
        """Whose side somebody is on."""
        return Sides(self.facts.directory, self.morning.audience)

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every exchange, in a fixed order."""
        return tuple(exchanges(self.facts.of(Message), self.sides, self.morning.now))

    @cached_property
    def elsewhere(self) -> Elsewhere:
        """Answers in other places."""
        return Elsewhere(self.exchanges, self.sides)

    @cached_property
    def human(self) -> tuple[Message, ...]:
        """What people wrote by now."""
        now = self.morning.now
        return tuple(one for one in self.facts.of(Message) if not one.automated and one.at <= now)

    @cached_property
    def own(self) -> tuple[Message, ...]:
        """What the reader wrote, in any place."""
        return tuple(message for message in self.human if self.morning.audience.is_me(message.author))

    @cached_property
    def _sizes(self) -> Counter[tuple[str, str]]:
        return Counter((message.ref.source, message.thread) for message in self.human if message.medium == "chat")

    def in_thread(self, message: Message) -> bool:
        """Whether a chat message stands in a thread of two and more; what does not stands on the floor of its place."""
        return self._sizes[message.ref.source, message.thread] > 1

    def stands_in(self, message: Message, exchange: Exchange) -> bool:
        """Whether an exchange is a message's own: what of a thread is shown on the floor belongs to the thread."""
        is_thread = message.medium == "mail" or len({one.thread for one in exchange.messages}) == 1
        return is_thread or not self.in_thread(message)

    @cached_property
    def waits(self) -> tuple[Wait, ...]:
        """Who from outside waits, client or not, however short; at most one an exchange."""
        found = (self.elsewhere.still_waiting(exchange) for exchange in self.exchanges)
        return tuple(wait for wait in found if wait is not None)

    def client_waits_in(self, exchange: Exchange) -> bool:
        """Whether a client waits for an answer of ours in an exchange."""
        return exchange.first.ref in self._waiting

    @cached_property
    def _waiting(self) -> frozenset[object]:
        return frozenset(wait.exchange.first.ref for wait in self.waits if self.client_of(wait.ask))

    def client_of(self, message: Message) -> str:
        """The client that an author writes for, or that a channel belongs to."""
        return self.facts.directory.client_of_person(message.author) or self.facts.client(message)


_LAST: list[tuple[Mapping[str, tuple[Fact, ...]], Directory, Morning, Talks]] = []
"""The last ones that were read, known by identity: every rule of a morning asks for the same."""


def talks_of(facts: Facts, morning: Morning) -> Talks:
    """The conversations of a morning; what one rule has worked out serves the next."""
    if _LAST:
        by_kind, directory, then, talks = _LAST[0]
        if by_kind is facts.by_kind and directory is facts.directory and then == morning:
            return talks
    talks = Talks(facts, morning)
    _LAST[:] = [(facts.by_kind, facts.directory, morning, talks)]
    return talks


def speaks_for_all(facts: Facts) -> bool:
    """One matter may lie in several sources, and all of them are read whole: the first speaks for all."""
    return facts.source == min(reading.source for reading in facts.readings if Message.kind in reading.kinds)
