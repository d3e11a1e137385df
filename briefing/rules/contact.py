"""Who was in touch about a matter: mail, chat and meetings that may concern a proposal or a deal.

A match here silences a sentence ("no answer") and merges nobody, so it is wider than identity: a person, the client,
the company's name as a domain, the matter's name in a subject.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from briefing.clients import FREE_MAIL, domain_of
from briefing.facts import Deal, Meeting, Message, Person, Proposal
from briefing.morning import Morning
from briefing.reading.text import folded
from briefing.rules.turns import Sides
from briefing.rules.view import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that a person wrote, with what is asked of it again and again."""

    message: Message
    ours: bool
    client: str
    """Of the channel or folder it stands in."""

    subject: str
    """Folded."""


class Post:
    """Everything people wrote by now, in the order of time."""

    def __init__(self, facts: Facts, morning: Morning, sides: Sides) -> None:
        self._facts, self._sides = facts, sides
        self._messages = [one for one in facts.of(Message) if not one.automated and one.at <= morning.now]
        self._messages.sort(key=lambda one: (one.at, one.ref.source, one.ref.id))
        self._times = [one.at for one in self._messages]
        self._letters: dict[int, Letter] = {}

    def since(self, start: datetime) -> Iterator[Letter]:
        """What was written from a moment on."""
        for number in range(bisect_left(self._times, start), len(self._messages)):
            if number not in self._letters:
                self._letters[number] = self._letter(self._messages[number])
            yield self._letters[number]

    def _letter(self, message: Message) -> Letter:
        return Letter(
            message=message, ours=self._sides.of(message) == "ours", client=self._facts.client(message),
            subject=folded(message.subject),
        )  # fmt: skip


@dataclass(frozen=True)
class Concern:
    """What tells that somebody on the other side was in touch: people, the client, names."""

    facts: Facts
    sides: Sides
    client: str
    people: tuple[Person, ...]
    names: tuple[str, ...]
    """Folded names of the matter and the company: in a subject, or as a domain's own label."""

    _known: dict[Person, bool] = field(default_factory=dict)

    def person(self, person: Person) -> bool:
        """Whether somebody is, or may be, of the other side in this matter."""
        if person not in self._known:
            self._known[person] = self._is_theirs(person)
        return self._known[person]

    def _is_theirs(self, person: Person) -> bool:
        if self.sides.of_person(person) == "ours":
            return False
        if any(self.sides.same(person, one) for one in self.people):
            return True
        domain = domain_of(person.email)
        if not domain or domain in FREE_MAIL:
            return False
        if any(domain == domain_of(one.email) for one in self.people):
            return True
        if self.client and self.facts.directory.client_of_person(person) == self.client:
            return True
        label = domain.split(".")[0].replace("-", "")
        return len(label) >= 4 and any(label == name.replace(" ", "") for name in self.names)

    def wrote(self, letter: Letter) -> bool:
        """Whether the other side wrote this."""
        if letter.ours:
            return False
        if self.person(letter.message.author) or (self.client and letter.client == self.client):
            return True
        return any(len(name) >= 6 and name in letter.subject for name in self.names)

    def took_part(self, letter: Letter) -> bool:
        """Whether the other side wrote this or was written to."""
        message = letter.message
        return self.wrote(letter) or any(self.person(one) for one in (*message.to, *message.cc, *message.mentions))

    def met(self, meeting: Meeting) -> bool:
        """Whether somebody of the other side is in a meeting and has not declined."""
        if meeting.cancelled:
            return False
        guests = (guest.person for guest in meeting.guests if guest.response != "declined" and not guest.resource)
        return any(self.person(person) for person in guests)


def concern_of(facts: Facts, sides: Sides, fact: Proposal | Deal, people: Sequence[Person]) -> Concern:
    """What is known of the other side of a proposal or a deal."""
    client = facts.client(fact)
    names = {folded(fact.name), folded(fact.party.name), folded(client)} - {""}
    return Concern(facts, sides, client, tuple(people), tuple(sorted(names)))
