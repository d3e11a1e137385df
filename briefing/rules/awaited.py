"""Rules about turns that are awaited: what we promised to write, what a client was asked and has not answered.

Whatever is missing may lie in an inbox that nobody reads for us: mails of colleagues count only where their inbox is
read, and what they write in chat is told with the inbox that was not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from briefing import words
from briefing.facts import PROPOSAL_OPEN, Deal, Meeting, Message, Person, Proposal
from briefing.items import Figure, Item
from briefing.morning import Morning
from briefing.reading.closing import closes
from briefing.rules import rule
from briefing.rules.asked import open_asks, silent_after
from briefing.rules.asks import chases, is_request, only_points, refers, sentences, withdrawn
from briefing.rules.promised import Promise, promise
from briefing.rules.said import looked_for, quote, when, where
from briefing.rules.talks import NEEDS, Talks, speaks_for_all, talks_of
from briefing.rules.turns import MANY, SAME_TURN, Exchange, are_similar
from briefing.rules.view import Facts, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A promise of ours whose day has passed."""

    message: Message
    promise: Promise
    to: tuple[Person, ...]
    exchange: Exchange
    client: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of ours that is the last turn of an exchange with a client."""

    ask: Message
    sentence: str
    to: tuple[Person, ...]
    client: str
    exchange: Exchange
    times: int
    """How often it was asked before."""


# --- promises ------------------------------------------------------------------------------------------------------


@rule("promise-overdue", matter="conversation", stages=("promised",), needs=NEEDS, price=80, share="0.3",
      limits={"workdays": 10})  # fmt: skip
def promise_overdue(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """The reader, or one of ours to a client in chat, promised to write by a day that has passed, and wrote no more.

    Silent on promises with a condition or without a day, on any later turn towards those it was made to, in any place,
    and ten workdays after the day.
    """
    if not speaks_for_all(facts):
        return
    talks = talks_of(facts, morning)
    for one in broken(talks):
        if morning.calendar.workdays_between(one.promise.due, morning.today) <= limits.number("workdays"):
            silent = silent_after(one.promise.due, limits.number("workdays"), morning)
            yield replace(_promise_item(talks, one), silent_from=silent)


def broken(talks: Talks) -> Sequence[Promised]:
    """Promises of ours whose day has passed, the latest of an exchange."""
    asked = {ask.wait.exchange.first.ref for ask in open_asks(talks)} if talks.morning.audience.persons else set()
    found: list[Promised] = []
    for exchange in talks.exchanges:
        if talks.client_waits_in(exchange) or exchange.first.ref in asked:
            continue
        own = [message for message in reversed(exchange.messages) if talks.stands_in(message, exchange)]
        one = next((one for message in own if (one := _promised(talks, message, exchange))), None)
        if one is not None and not any(other.message.ref == one.message.ref for other in found):
            found.append(one)
    return found


def _promised(talks: Talks, message: Message, exchange: Exchange) -> Promised | None:
    """A message that promises, where its day has passed and nothing was written since."""
    mine = talks.morning.audience.is_me(message.author)
    client = talks.facts.client(message) or _client_among(talks, message.to)
    if talks.sides.of(message) != "ours" or not (mine or (message.medium == "chat" and client)):
        return None
    # Said in the evening of one zone it may be the next day in another: the later one.
    said = max(message.at.date(), talks.morning.date_of(message.at))
    given = promise(message.excerpt, said)
    if given is None or _last_workday(given.due, talks.morning) >= talks.morning.today:
        return None
    to = _told(talks, message, exchange)
    if not to or (not mine and not _client_among(talks, to)) or _is_kept(talks, message, given, to, exchange):
        return None
    return Promised(message=message, promise=given, to=to, exchange=exchange, client=client)


def _last_workday(due: date, morning: Morning) -> date:
    """The day itself, or the first workday after it."""
    return due if morning.calendar.is_workday(due) else morning.calendar.next_workday(due)


def _client_among(talks: Talks, people: Sequence[Person]) -> str:
    clients = {talks.facts.directory.client_of_person(person) for person in people} - {""}
    return next(iter(clients)) if len(clients) == 1 else ""


def _told(talks: Talks, message: Message, exchange: Exchange) -> tuple[Person, ...]:
    """Those to whom a message speaks: recipients, who is mentioned, else who wrote before it in its thread or talk."""
    if message.to or message.mentions:
        return tuple(person for person in (*message.to, *message.mentions) if person != message.author)
    before = [
        one
        for one in exchange.messages
        if one.at < message.at and not talks.sides.same(one.author, message.author)
        and message.at - one.at <= timedelta(days=3)
    ]  # fmt: skip
    return (before[-1].author,) if before else ()


def _is_kept(talks: Talks, message: Message, given: Promise, to: Sequence[Person], exchange: Exchange) -> bool:
    """Whether the promise may be kept: a later turn of the same person, or a word that closes it."""
    after = message.at + SAME_TURN
    same = talks.sides.same
    for one in exchange.messages:
        if one.at > message.at and withdrawn(one.excerpt):
            return True
        if one.at > after and same(one.author, message.author):
            return True
        is_closing = one.closes or closes(one.excerpt)
        if one.at > after and is_closing and talks.morning.date_of(one.at) >= given.due:
            return True
    if message.closes:
        return True
    return any(
        one.at > after
        and same(one.author, message.author)
        and any(same(person, other) for person in (*one.to, *one.cc, *one.mentions) for other in to)
        for one in talks.human
    )


def _promise_item(talks: Talks, one: Promised) -> Item:
    facts, morning, message = talks.facts, talks.morning, one.message
    mine = morning.audience.is_me(message.author)
    who = "you" if mine else facts.name(message.author)
    whom = one.client or words.some([facts.name(person) for person in one.to], 2)
    due = _by(one.promise.due, morning.today)
    wrote = f"{who[:1].upper()}{who[1:]} wrote {where(message)} {when(message.at, morning, on=True)}"
    unread = () if mine else _unread(talks, message.author)
    return Item(
        rule="promise-overdue",
        matter="conversation",
        stage="promised",
        about=message.ref,
        client=one.client,
        headline=f"{whom}: {who} promised to write by {due}, and nothing has come since.",
        line=f"{whom}: promised for {due} by {who}, nothing since.",
        body=(
            f'{wrote}: "{quote(message, one.promise.sentence)}"',
            f"Nothing later in {looked_for(facts, message)}{_not_read(unread)}.",
        ),
        ask="send it, or name another day?",
        owner=message.author,
        since=one.promise.due,
        measure=Decimal(1),
        short="promise",
        people=one.to,
        evidence=(facts.evidence(message, f"written {when(message.at, morning, on=True)}"),),
        figures=(Figure(name="promised for", value=words.full_day(one.promise.due)),),
        looked_in=facts.looked_in(Message),
        not_in=unread,
        gone_when="a later word of the same person to them, or a closing word of theirs",
    )  # fmt: skip


def _by(due: date, today: date) -> str:
    """`Friday`, `12 November`; the weekday of yesterday, too."""
    return f"{due:%A}" if (today - due).days <= 6 else words.long_day(due, today)


# --- questions to clients ------------------------------------------------------------------------------------------


@rule("waiting-on-them", matter="conversation", stages=("theirs",), needs=NEEDS, price=30, share="0.2",
      limits={"workdays": 3, "most": 15})  # fmt: skip
def waiting_on_them(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A question of ours to a client has been the last turn for three workdays.

    Silent where the client answered in another place or was met since, where a promise of ours is told, where a
    proposal is open with that client or a deal with that person, and after fifteen workdays.
    """
    if not speaks_for_all(facts):
        return
    talks = talks_of(facts, morning)
    promised = {one.exchange.first.ref for one in broken(talks)}
    told: list[Question] = []
    for one in questions(talks):
        days = morning.calendar.workdays_between(morning.date_of(one.ask.at), morning.today)
        if not limits.number("workdays", client=one.client) <= days <= limits.number("most", client=one.client):
            continue
        if one.exchange.first.ref in promised or _is_sold(facts, one) or _may_be_answered(talks, one):
            continue
        if not any(other.client == one.client and are_similar(other.ask, one.ask) for other in told):
            told.append(one)
            asked, most = morning.date_of(one.ask.at), limits.number("most", client=one.client)
            yield replace(_question_item(talks, one, days), silent_from=silent_after(asked, most, morning))


def questions(talks: Talks) -> Iterator[Question]:
    """Exchanges whose last turn is ours and asks a client."""
    for exchange in talks.exchanges:
        one = _question(talks, exchange)
        if one is not None and talks.stands_in(one.ask, exchange):
            yield one


def _question(talks: Talks, exchange: Exchange) -> Question | None:
    ours: list[Message] = []
    for message in reversed(exchange.messages):
        if talks.sides.of(message) != "ours":
            break
        ours.append(message)
    if not ours or any(message.closes for message in ours):
        return None
    # The last turn: what its author wrote within half an hour.
    turn = [one for one in ours if one.author == ours[0].author and ours[0].at - one.at <= SAME_TURN]
    for message in reversed(turn):
        sentence = _question_in(message)
        to = _clients_asked(talks, message, exchange)
        client = _client_among(talks, to)
        if sentence and client and (message.medium == "chat" or _is_read(talks, message.author)):
            earlier = sum(bool(_question_in(one)) for one in ours if one not in turn)
            return Question(ask=message, sentence=sentence, to=to, client=client, exchange=exchange, times=earlier)
    return None


def _question_in(message: Message) -> str:
    """The sentence that asks, or the whole of a message that asks again; empty where it only shows what was done."""
    found = next((one for one in sentences(message.excerpt) if is_request(one) and not only_points(one)), "")
    return found or (message.excerpt if chases(message.excerpt) else "")


def _clients_asked(talks: Talks, message: Message, exchange: Exchange) -> tuple[Person, ...]:
    """Who of a client is asked: in To among few; in chat who is mentioned, or wrote in that thread."""
    if message.medium == "mail":
        people: Sequence[Person] = message.to if len(message.to) <= MANY else ()
    elif message.mentions or message.to:
        people = message.mentions or message.to
    elif talks.in_thread(message):
        people = tuple(dict.fromkeys(one.author for one in exchange.messages if one.at < message.at))
    else:
        return ()
    if message.mentions and any(talks.sides.of_person(person) == "ours" for person in message.mentions):
        return ()
    return tuple(person for person in people if talks.facts.directory.client_of_person(person))


def _is_sold(facts: Facts, one: Question) -> bool:
    """Whether a proposal or a deal is open that tells of the same silence by its own rules."""
    is_client = one.client
    if any(p.state in PROPOSAL_OPEN and facts.client(p) == is_client for p in facts.of(Proposal)):
        return True
    people = {person.email.casefold() for person in one.to}
    return any(
        deal.state == "open" and people & {person.email.casefold() for person in deal.contacts if person.email}
        for deal in facts.of(Deal)
    )


def _may_be_answered(talks: Talks, one: Question) -> bool:
    """Whether the client wrote on the subject elsewhere since, or was in a meeting."""
    for message in talks.human:
        if message.at <= one.ask.at or talks.sides.of(message) == "ours" or talks.client_of(message) != one.client:
            continue
        if are_similar(message, one.ask) or refers(message.excerpt):
            return True
    return any(
        meeting.starts >= one.ask.at and meeting.ends <= talks.morning.now and not meeting.cancelled
        and any(
            guest.response != "declined" and talks.facts.directory.client_of_person(guest.person) == one.client
            for guest in meeting.guests
        )
        for meeting in talks.facts.of(Meeting)
    )  # fmt: skip


def _is_read(talks: Talks, author: Person) -> bool:
    """Whether answers to somebody's mails would be seen: the reader's own, or where that inbox is read."""
    return talks.morning.audience.is_me(author) or not _unread(talks, author)


def _unread(talks: Talks, person: Person) -> tuple[str, ...]:
    """The inbox of somebody of ours, where it is no source: it would show mails that the reader had no part in."""
    me = talks.morning.audience.is_me
    seen = any(
        message.medium == "mail"
        and talks.sides.same(message.author, person)
        and not any(me(one) for one in (*message.to, *message.cc))
        for message in talks.human
    )
    return () if seen else (f"{talks.facts.name(person)}'s inbox",)


def _not_read(places: Sequence[str]) -> str:
    return f"; {words.listed(places)} was not read" if places else ""


def _question_item(talks: Talks, one: Question, days: int) -> Item:
    facts, morning, ask = talks.facts, talks.morning, one.ask
    mine = morning.audience.is_me(ask.author)
    name = facts.name(ask.author)
    day = words.day(morning.date_of(ask.at), morning.today)
    whose = "your" if mine else f"{name}'s"
    asked = f"{'You' if mine else name} asked {words.some([facts.name(person) for person in one.to], 2)} {where(ask)}"
    unread = () if mine or ask.medium == "mail" else _unread(talks, ask.author)
    return Item(
        rule="waiting-on-them",
        matter="conversation",
        stage="theirs",
        about=ask.ref,
        client=one.client,
        headline=f"{one.client} has not answered {whose} question of {day} ({words.workdays(days)}).",
        line=f"{one.client} has not answered {whose} question of {day}.",
        body=(
            f'{asked}: "{quote(ask, one.sentence)}"',
            f"No answer in {looked_for(facts, ask)}{_not_read(unread)}.",
        ),
        ask="chase or wait?",
        owner=ask.author,
        since=morning.date_of(ask.at),
        measure=Decimal(one.times),
        short="question to them",
        people=one.to,
        evidence=(facts.evidence(ask, f"asked {when(ask.at, morning, on=True)}"),),
        figures=(
            Figure(name="workdays since it was asked", value=str(days)),
            Figure(name="asked before", value=words.count(one.times, "time")),
        ),
        looked_in=facts.looked_in(Message),
        not_in=unread,
        gone_when="an answer of theirs, a meeting with them, or fifteen workdays",
    )
