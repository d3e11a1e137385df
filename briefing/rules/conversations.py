"""Rules about conversations: clients who wait for an answer, in mail and chat alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from briefing import words
from briefing.facts import Meeting, Message, Money, Person, Project
from briefing.items import Factor, Figure, Item, Stake
from briefing.morning import Morning
from briefing.rules import rule
from briefing.rules.said import looked_for, quote, when, where
from briefing.rules.talks import NEEDS, speaks_for_all, talks_of
from briefing.rules.turns import Exchange, Sides, Wait, one_matter
from briefing.rules.view import Facts, Limits

WAIT_STAGES = ("waiting", "chased", "severe")
GROWING = {"waiting": Decimal("0.5"), "chased": Decimal("0.8"), "severe": Decimal(1)}
"""How much of the stake each stage puts at risk: settings, shown in `why`."""

STRANGER = Decimal("0.25")
"""Somebody who wrote back to us and belongs to no client counts for a quarter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """Somebody who waits, once, in however many places they asked."""

    wait: Wait
    client: str
    worked: timedelta
    """Working time since it was first asked."""

    elsewhere: list[Wait] = field(default_factory=list)
    """The same matter in other places, later."""

    unread: tuple[str, ...] = ()
    """Inboxes in which an answer could lie that are no source."""

    @property
    def hours(self) -> int:
        """The working time in hours, rounded as it is told."""
        return round(self.worked / timedelta(hours=1))

    @property
    def times(self) -> int:
        """How often it was asked again, in any place."""
        return len(self.wait.again) + sum(1 + len(other.again) for other in self.elsewhere)


@rule(
    "client-waiting",
    matter="conversation",
    stages=WAIT_STAGES,
    needs=NEEDS,
    price=200,
    share="0.5",
    limits={"hours": 4, "severe_hours": 24, "days": 30, "fee_share": 0.05},
)
def client_waiting(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A client asked something and nobody of ours has answered for four working hours.

    Silent on thanks, newsletters and notes in passing, on people nobody knows (unless they wrote back to us), on what
    was answered in another place, and on what was asked before a meeting with the asker that has taken place since.
    """
    if speaks_for_all(facts):
        for one in _all_waiting(facts, morning, limits):
            yield replace(_item(facts, morning, limits, one), silent_from=_silent_from(one, morning, limits))


def _silent_from(one: _Waiting, morning: Morning, limits: Limits) -> date | None:
    """The day on which the wait becomes older than is told; None beyond a year, which nobody reads back."""
    days = limits.number("days", client=one.client)
    return morning.date_of(one.wait.last + timedelta(days=days)) if days <= 366 else None


def _all_waiting(facts: Facts, morning: Morning, limits: Limits) -> Sequence[_Waiting]:
    """Who waits in any source, the same matter once, those who wait longest first."""
    talks = talks_of(facts, morning)
    sides, found = talks.sides, talks.exchanges
    meetings = [one for one in facts.of(Meeting) if not one.cancelled and one.ends <= morning.now]
    told: list[_Waiting] = []
    for wait in sorted(talks.waits, key=lambda wait: (wait.ask.at, wait.ask.ref.source, wait.ask.ref.id)):
        client = facts.directory.client_of_person(wait.ask.author) or facts.client(wait.ask)
        if not client and not _wrote_back(wait, sides):
            continue
        if morning.now - wait.last > timedelta(days=limits.number("days", client=client)):
            continue
        if _met_since(wait, meetings, sides):
            continue
        same = next((one for one in told if one.client == client and one_matter(one.wait, wait, sides)), None)
        if same is not None:
            same.elsewhere.append(wait)
            continue
        told.append(
            _Waiting(
                wait=wait, client=client, worked=morning.working_time_since(wait.ask.at),
                unread=_unread(wait, found, sides, facts),
            )
        )  # fmt: skip
    return [one for one in told if one.worked >= _needed(one, limits)]


def _needed(one: _Waiting, limits: Limits) -> timedelta:
    """Working time before it is told: longer where an answer could lie in an inbox that nobody reads for us."""
    name = "severe_hours" if one.unread and not one.times else "hours"
    return timedelta(hours=limits.number(name, client=one.client))


def _wrote_back(wait: Wait, sides: Sides) -> bool:
    """Whether we began it: what strangers begin is mostly selling."""
    return wait.ask.medium == "mail" and sides.of(wait.exchange.first) == "ours"


def _met_since(wait: Wait, meetings: Sequence[Meeting], sides: Sides) -> bool:
    """Whether the asker was in a meeting after asking last: the answer may have been given there."""
    return any(
        meeting.starts >= wait.last
        and any(sides.same(guest.person, wait.ask.author) for guest in meeting.guests if guest.response != "declined")
        for meeting in meetings
    )


def _unread(wait: Wait, found: Sequence[Exchange], sides: Sides, facts: Facts) -> tuple[str, ...]:
    """Inboxes of those who were asked by mail, where the reader was not: their answers show only in copy.

    An inbox counts as read where it shows a mail of its owner's that the reader had no part in.
    """
    ask, me = wait.ask, sides.audience.is_me
    if ask.medium != "mail" or not sides.audience.persons or any(me(person) for person in ask.to):
        return ()
    asked = [person for person in ask.to if sides.of_person(person) == "ours"]
    seen = [
        message
        for exchange in found
        for message in exchange.messages
        if message.medium == "mail" and not any(me(one) for one in (message.author, *message.to, *message.cc))
    ]
    if not asked or any(sides.same(message.author, person) for message in seen for person in asked):
        return ()
    return tuple(f"{facts.name(person)}'s inbox" for person in asked)


# --- the sentences -------------------------------------------------------------------------------------------------


def _item(facts: Facts, morning: Morning, limits: Limits, one: _Waiting) -> Item:
    wait, ask = one.wait, one.wait.ask
    who = one.client or facts.name(ask.author)
    since = when(ask.at, morning)
    stage = _stage(one, limits)
    again = f", chased {words.times(one.times)}" if one.times else ""
    return Item(
        rule="client-waiting",
        matter="conversation",
        stage=stage,
        about=ask.ref,
        client=one.client,
        headline=f"{who} waits for an answer since {since} ({words.count(one.hours, 'working hour')}).",
        line=f"{who} waits for an answer since {since}{again}.",
        body=(
            _quoted(facts, wait),
            *_chased(wait, morning),
            *(f"Asked {where(other.ask)} too, {when(other.ask.at, morning, on=True)}." for other in one.elsewhere),
            _no_answer(facts, one),
            *_fee(facts, one.client),
        ),
        ask="who answers?",
        owner=_owner(facts, wait, one.client, Sides(facts.directory, morning.audience)),
        since=morning.date_of(ask.at),
        stake=_stake(facts, one.client, limits),
        likelihood=_likelihood(stage, one.client),
        measure=Decimal(one.times),
        short="unanswered question",
        people=(ask.author,),
        evidence=(
            facts.evidence(ask, f"asked {when(ask.at, morning, on=True)}"),
            *(facts.evidence(message, f"asked again {when(message.at, morning, on=True)}") for message in wait.again),
            *(facts.evidence(other.ask, f"asked {when(other.ask.at, morning, on=True)}") for other in one.elsewhere),
        ),
        figures=(
            Figure(name="working hours since it was asked", value=str(one.hours)),
            Figure(name="asked again", value=words.count(one.times, "time")),
        ),
        looked_in=facts.looked_in(Message),
        not_in=one.unread,
        gone_when="an answer of ours, a closing word of theirs, or a decision of yours",
    )


def _stage(one: _Waiting, limits: Limits) -> str:
    severe = timedelta(hours=limits.number("severe_hours", client=one.client))
    if one.worked >= severe or one.times >= 2:
        return "severe"
    return "chased" if one.times else "waiting"


def _quoted(facts: Facts, wait: Wait) -> str:
    """Who asked what, where, in their own words."""
    return f'{facts.name(wait.ask.author)} asked {where(wait.ask)}: "{quote(wait.ask, wait.sentence)}"'


def _chased(wait: Wait, morning: Morning) -> tuple[str, ...]:
    if not wait.again:
        return ()
    last = when(wait.again[-1].at, morning, on=True)
    return (f"Chased {last}.",) if len(wait.again) == 1 else (f"Chased {words.times(len(wait.again))}, last {last}.",)


def _no_answer(facts: Facts, one: _Waiting) -> str:
    """Where was looked: the place of asking first, then every other one."""
    unread = f"; {words.listed(one.unread)} {'was' if len(one.unread) == 1 else 'were'} not read" if one.unread else ""
    return f"No answer in {looked_for(facts, one.wait.ask)}{unread}."


def _fee(facts: Facts, client: str) -> tuple[str, ...]:
    record = facts.directory.client_named(client)
    return (f"Fee {words.money(record.monthly_fee)} a month.",) if record and record.monthly_fee else ()


# --- money and owner -----------------------------------------------------------------------------------------------


def _stake(facts: Facts, client: str, limits: Limits) -> Stake:
    """A share of the client's monthly fee, the same money for all of a client's waiting; else the house price."""
    record = facts.directory.client_named(client)
    key = f"fee:{client}" if client else ""
    if record is None or record.monthly_fee is None:
        return Stake(key=key)
    share = Decimal(str(limits.number("fee_share", client=client)))
    fee = record.monthly_fee
    return Stake(
        amount=Money(amount=fee.amount * share, currency=fee.currency),
        kind="estimate",
        key=key,
        source=f"{words.percent(share)} of the monthly fee of {words.money(fee)}, a setting",
    )


def _likelihood(stage: str, client: str) -> Factor:
    value = GROWING[stage] * (1 if client else STRANGER)
    source = f"prices: client-waiting, {stage}" + ("" if client else ", not a known client")
    return Factor(name="at risk at this stage", value=value, kind="setting", source=source)


def _owner(facts: Facts, wait: Wait, client: str, sides: Sides) -> Person | None:
    """Who owes the answer: the one person of ours who was asked, else the client's owner, else its one manager."""
    ask = wait.ask
    asked = [person for person in ask.to if sides.of_person(person) == "ours"]
    if ask.medium == "chat":
        asked = [person for person in ask.mentions if sides.of_person(person) != "theirs"]
    if len(asked) == 1 and "@" not in facts.name(asked[0]):
        return asked[0]
    record = facts.directory.client_named(client) if client else None
    if record is not None and record.owner is not None:
        return record.owner
    managers = {
        facts.name(project.manager): project.manager
        for project in facts.of(Project)
        if client and project.manager and project.state == "open" and facts.client(project) == client
    }
    return next(iter(managers.values())) if len(managers) == 1 else None
