"""Rules about what colleagues ask of the reader: by mention, by name in a mail, in direct messages, in threads.

What clients ask is `client-waiting`'s. Here an answer is a later turn of the reader in that exchange, something they
wrote to the asker in another place that may well be the answer, or, where several were asked, a turn of any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from briefing import words
from briefing.facts import Message, Person
from briefing.items import Factor, Figure, Item
from briefing.morning import Morning
from briefing.reading.closing import closes
from briefing.rules import rule
from briefing.rules.asks import asking, chases, is_request, refers, sentences, withdrawn
from briefing.rules.promised import says_later
from briefing.rules.said import looked_for, quote, when, where
from briefing.rules.talks import NEEDS, Talks, speaks_for_all, talks_of
from briefing.rules.turns import NEW_TURN, SAME_TURN, Exchange, Wait, are_similar, one_matter
from briefing.rules.view import Facts, Limits

Way = Literal["mention", "direct", "thread"]

FEW = 5
"""A mail to more people than this asks nobody by name; slack and mail alike rank one of few above one of many."""

FEW_MENTIONED = 3
"""Who mentions more people than this tells them something, or asks a group."""

CALLED = r"(?:^|\n|[^\w\s,;:-]\s*|\b(?:hi|hey|hello|dear)\s+)"
"""What stands before the name of somebody who is spoken to: nothing, an end mark, an @, a greeting."""

SPOKEN_TO = re.compile(r"^\W*(?:(?:[Hh]i|[Hh]ey|[Hh]ello|[Dd]ear)\s+)?([A-Z][\w'-]+)[,:]")
"""A text that begins with a name."""

NO_NAMES = frozenset(
    "hi hey hello dear morning afternoon yes no ok okay great good super perfect thanks sorry also so and but well "
    "quick one first btw fyi today tomorrow yesterday monday tuesday wednesday thursday friday".split()
)
"""Words that stand with a comma at the beginning as names do."""

STAGES = ("waiting", "chased")
LOOKED_AT = Decimal("0.5")
"""A reaction of ours shows that it was read: half as urgent, not answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Something a colleague asked of the reader, once, in however many places."""

    way: Way
    wait: Wait
    elsewhere: list[Asked] = field(default_factory=list)
    """The same matter in other places, later."""

    @property
    def times(self) -> int:
        """How often it was asked again, in any place."""
        return len(self.wait.again) + sum(1 + len(other.wait.again) for other in self.elsewhere)


@rule("mention-unanswered", matter="conversation", stages=STAGES, needs=NEEDS, price=40, share="0.3",
      limits={"hours": 8, "workdays": 10})  # fmt: skip
def mention_unanswered(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A colleague asked the reader by a mention in chat or by name in a mail, and waits for eight working hours.

    Silent on what the reader answered, there or in another place, or marked as done, on what another
    one of those who were asked took up, and after ten workdays.
    """
    yield from _told(facts, morning, limits, "mention-unanswered", "mention")


@rule("dm-unanswered", matter="conversation", stages=STAGES, needs=NEEDS, price=50, share="0.3",
      limits={"hours": 8, "workdays": 10})  # fmt: skip
def dm_unanswered(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """Somebody asked the reader in direct messages and waits for eight working hours.

    Silent on what the reader answered, there or in another place, or marked as done, on what another member of a
    conversation of several took up, and after ten workdays.
    """
    yield from _told(facts, morning, limits, "dm-unanswered", "direct")


@rule("thread-mine", matter="conversation", stages=STAGES, needs=NEEDS, price=25, share="0.2",
      limits={"hours": 8, "workdays": 10})  # fmt: skip
def thread_mine(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A colleague asked in a chat thread that the reader wrote in, and nobody has answered for eight working hours.

    Silent on what names or mentions somebody else, and after ten workdays.
    """
    yield from _told(facts, morning, limits, "thread-mine", "thread")


def _told(facts: Facts, morning: Morning, limits: Limits, name: str, way: Way) -> Iterator[Item]:
    if not morning.audience.persons or not speaks_for_all(facts):
        return
    talks = talks_of(facts, morning)
    needed = timedelta(hours=limits.number("hours"))
    for one in open_asks(talks):
        last = morning.date_of(one.wait.last)
        is_young = morning.calendar.workdays_between(last, morning.today) <= limits.number("workdays")
        worked = morning.working_time_since(one.wait.ask.at)
        if one.way == way and is_young and worked >= needed:
            silent = silent_after(last, limits.number("workdays"), morning)
            yield replace(_item(talks, name, one, worked), silent_from=silent)


def silent_after(start: date, most: float, morning: Morning) -> date | None:
    """The first day that is more than so many workdays after another; None where that is beyond a year."""
    days = (start + timedelta(days=n) for n in range(1, 367))
    return next((day for day in days if morning.calendar.workdays_between(start, day) > most), None)


# --- who asked the reader ------------------------------------------------------------------------------------------


def open_asks(talks: Talks) -> Sequence[Asked]:
    """What the reader owes an answer to, the same matter once, the longest wait first."""
    found: dict[str, Asked] = {}
    for exchange in talks.exchanges:
        if talks.client_waits_in(exchange):
            continue
        for one in _Turns(talks, exchange).open():
            found.setdefault(f"{one.wait.ask.ref.source}/{one.wait.ask.ref.id}", one)
    told: list[Asked] = []
    for one in sorted(found.values(), key=lambda one: (one.wait.ask.at, one.wait.ask.ref.source, one.wait.ask.ref.id)):
        same = next((other for other in told if one_matter(other.wait, one.wait, talks.sides)), None)
        if same is None:
            told.append(one)
        else:
            same.elsewhere.append(one)
    return told


@dataclass(slots=True)
class _Open:
    """What one person asked, while nobody has answered."""

    way: Way
    ask: Message
    sentence: str
    shared: bool
    """Anybody else's turn answers it too."""

    again: list[Message] = field(default_factory=list)
    last: Message | None = None
    """The asker's latest message."""


class _Turns:
    """One walk through an exchange, in the order of time."""

    def __init__(self, talks: Talks, exchange: Exchange) -> None:
        self.talks, self.exchange, self.sides = talks, exchange, talks.sides
        self.is_me = talks.morning.audience.is_me
        self.is_thread = all(talks.in_thread(message) for message in exchange.messages) and (
            len({message.thread for message in exchange.messages}) == 1
        )
        self.took_part = False
        self.asked: dict[str, _Open] = {}

    def open(self) -> Iterator[Asked]:
        """What is open at the end of the walk and was not answered in another place."""
        for message in self.exchange.messages:
            if self.is_me(message.author):
                self.took_part = True
                self.asked.clear()
            elif message.medium == "mail" or self.is_thread or not self.talks.in_thread(message):
                self._take(message)
        for one in self.asked.values():
            asks = [(one.ask, one.sentence), *((message, self._sentence(message)) for message in one.again)]
            answered = self._answered_elsewhere(one.ask)
            asks = [ask for ask in asks if answered is None or ask[0].at > answered]
            if asks:
                again = tuple(message for message, _ in asks[1:])
                wait = Wait(ask=asks[0][0], sentence=asks[0][1], again=again, exchange=self.exchange)
                yield Asked(way=one.way, wait=wait)

    def _take(self, message: Message) -> None:
        """A turn of somebody else: an answer to what others asked, and the end or the beginning of an ask of theirs."""
        who = self.sides.known_as(message.author) or message.author.label
        for name in [name for name, one in self.asked.items() if name != who and one.shared]:
            del self.asked[name]
        mine = self.asked.get(who)
        if mine is not None and self._takes_back(message, mine):
            del self.asked[who]
            return
        way, sentence = self._way(message), self._sentence(message)
        if mine is None:
            if way and sentence and not message.closes:
                shared = self._is_shared(message, way)
                self.asked[who] = _Open(way=way, ask=message, sentence=sentence, shared=shared, last=message)
            return
        if mine.last is not None and message.at - mine.last.at >= NEW_TURN and sentence:
            mine.again.append(message)
        mine.last = message

    def _takes_back(self, message: Message, mine: _Open) -> bool:
        """A closing word of the asker, or a mark of ours that says done; a thanks at once is thanks in advance."""
        if withdrawn(message.excerpt) and not asking(message.excerpt):
            return True
        if closes(message.excerpt):
            return mine.last is None or message.at - mine.last.at > SAME_TURN
        return message.closes

    def _way(self, message: Message) -> Way | None:
        """How a message addresses the reader; None where it does not."""
        if message.medium == "chat" and message.to:
            return self._direct(message)
        if self.sides.of(message) != "ours":
            return None
        if message.medium == "mail":
            named = any(self.is_me(person) for person in message.to) and len(message.to) <= FEW
            return "mention" if named and not self._calls_another(message, (*message.to, *message.cc)) else None
        if message.mentions:
            few = len(message.mentions) <= FEW_MENTIONED
            return "mention" if few and any(self.is_me(person) for person in message.mentions) else None
        others = [one.author for one in self.exchange.messages]
        mine = self.is_thread and self.took_part and not self._calls_another(message, others)
        return "thread" if mine else None

    def _direct(self, message: Message) -> Way | None:
        """A direct conversation that the reader is in; a client's question there is told as every client's."""
        if self.sides.of(message) == "theirs" and self.talks.client_of(message):
            return None
        if not any(self.is_me(person) for person in message.to):
            return None
        if message.mentions and not any(self.is_me(person) for person in message.mentions):
            return None
        others = message.to if len(message.to) > 1 else ()
        return None if self._calls_another(message, others) else "direct"

    def _calls_another(self, message: Message, people: Sequence[Person]) -> bool:
        """Whether it speaks to somebody else by first name ("Tom, can you ...") and not to the reader."""
        called = {
            first
            for person in people
            if person != message.author and len(first := self._first(person)) > 2
            and re.search(rf"{CALLED}{re.escape(first)}\b", message.excerpt, re.IGNORECASE)
        }  # fmt: skip
        if len(people) > 1 and (found := SPOKEN_TO.match(message.excerpt)):
            called |= {found[1].casefold()} - NO_NAMES
        return bool(called) and not called & {self._first(person) for person in self.talks.morning.audience.persons}

    def _first(self, person: Person) -> str:
        name = self.talks.facts.name(person).split(" ")[0]
        return "" if "@" in name else name.casefold()

    def _is_shared(self, message: Message, way: Way) -> bool:
        """Whether a turn of somebody else may be the answer: several were asked, or it stands in a thread."""
        if message.medium == "chat" and not message.to:
            return self.is_thread or len(message.mentions) > 1
        return way == "thread" or len(message.to) > 1

    def _sentence(self, message: Message) -> str:
        """What asks or chases, without the mention before it."""
        text = message.excerpt
        for person in message.mentions:
            for name in {self.talks.facts.name(person), person.name} - {""}:
                text = re.sub(rf"@{re.escape(name)}[,:]?\s*", "", text)
        asks = (one for one in sentences(text) if is_request(one) and not says_later(one))
        return next(asks, "") or (text if chases(text) else "")

    def _answered_elsewhere(self, ask: Message) -> datetime | None:
        """When the reader last wrote to the asker in another place since, so that it may well be the answer."""
        own = {message.ref for message in self.exchange.messages}
        return max(
            (
                message.at
                for message in self.talks.own
                if message.at > ask.at and message.ref not in own and self._is_answer(message, ask)
            ),
            default=None,
        )

    def _is_answer(self, message: Message, ask: Message) -> bool:
        if message.medium == "chat":
            here = (message.ref.source, message.place) == (ask.ref.source, ask.place)
            if here and not self.talks.in_thread(message):
                return True
            return any(self.sides.same(person, ask.author) for person in (*message.mentions, *message.to))
        told = any(self.sides.same(person, ask.author) for person in (*message.to, *message.cc))
        return told and (are_similar(message, ask) or refers(message.excerpt))


# --- the sentences -------------------------------------------------------------------------------------------------


def _item(talks: Talks, name: str, one: Asked, worked: timedelta) -> Item:
    facts, morning, ask = talks.facts, talks.morning, one.wait.ask
    who, since = facts.name(ask.author), when(ask.at, morning)
    hours = round(worked / timedelta(hours=1))
    place = "in a thread of yours" if one.way == "thread" else "for your answer"
    return Item(
        rule=name,
        matter="conversation",
        stage="chased" if one.times else "waiting",
        about=ask.ref,
        client=facts.client(ask),
        headline=f"{who} waits {place} since {since} ({words.count(hours, 'working hour')}).",
        line=f"{who} waits {place} since {since}{f', chased {words.times(one.times)}' if one.times else ''}.",
        body=(
            f'{who} asked {where(ask)}: "{quote(ask, one.wait.sentence)}"',
            *(f"Asked again {when(message.at, morning, on=True)}." for message in one.wait.again[-1:]),
            *(
                f"Asked {where(other.wait.ask)} too, {when(other.wait.ask.at, morning, on=True)}."
                for other in one.elsewhere
            ),
            _no_answer(one, looked_for(facts, ask)),
        ),
        ask="answer, or hand it on?",
        owner=next(iter(morning.audience.persons), None),
        since=morning.date_of(ask.at),
        likelihood=_likelihood(one),
        measure=Decimal(one.times),
        short="unanswered question",
        people=(ask.author,),
        evidence=tuple(
            facts.evidence(message, f"asked {when(message.at, morning, on=True)}")
            for message in (ask, *one.wait.again, *(other.wait.ask for other in one.elsewhere))
        ),
        figures=(
            Figure(name="working hours since it was asked", value=str(hours)),
            Figure(name="asked again", value=words.count(one.times, "time")),
        ),
        looked_in=facts.looked_in(Message),
        gone_when="an answer of yours, a mark that says done, a closing word of theirs, or ten workdays",
    )


def _no_answer(one: Asked, places: str) -> str:
    """In a thread anybody's answer would do."""
    return f"No answer in {places}." if one.way == "thread" else f"No answer of yours in {places}."


def _likelihood(one: Asked) -> Factor | None:
    if not one.wait.ask.seen or one.times:
        return None
    return Factor(name="seen", value=LOOKED_AT, kind="setting", source="a reaction of ours shows that it was read")
