"""A rule about clients who have stopped writing: a regular rhythm of their own words, and then none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from statistics import median_high

from briefing import words
from briefing.facts import (
    PROPOSAL_OPEN,
    AdAccount,
    Company,
    Deal,
    Meeting,
    Message,
    Money,
    Person,
    Project,
    Proposal,
)
from briefing.items import Figure, Item, Stake
from briefing.morning import Morning
from briefing.reading.text import folded
from briefing.rules import rule
from briefing.rules.asks import asking
from briefing.rules.awaited import questions
from briefing.rules.said import when, where
from briefing.rules.talks import NEEDS, Talks, speaks_for_all, talks_of
from briefing.rules.view import Facts, Limits

TOLD_AS_QUESTION = 15
"""Workdays for which a question to a client is told as one (`waiting-on-them`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a client writes, in workdays, several messages of a day being one."""

    last: Message
    silent: int
    """Workdays since the last message, counted as every distance: from Thursday to the Tuesday after are 3."""

    gaps: tuple[int, ...]
    """Workdays from one day of writing to the next, in order of time."""

    @property
    def usual(self) -> int:
        """The median gap, the higher of two."""
        return median_high(self.gaps)

    @property
    def longest(self) -> int:
        """The longest gap before the present one."""
        return max(self.gaps)


@rule("client-quiet", matter="client", stages=("quiet",), needs=NEEDS, price=80,
      limits={"workdays": 5, "times": 3, "gaps": 10, "young_days": 30, "fee_share": 0.02})  # fmt: skip
def client_quiet(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A client who wrote regularly has written nothing for longer than five workdays, three usual gaps, or any before.

    Over mail and chat together, what machines write left out, and only where ten gaps were read. Silent where we met
    since, where they wait for us or we asked last, while a proposal is open, where all their projects are done or
    paused, on clients of less than thirty days, and where a message may be theirs under an address nobody knows.
    """
    if not speaks_for_all(facts):
        return
    quiet = _Quiet(talks_of(facts, morning), limits)
    for client in sorted(quiet.written):
        rhythm = quiet.rhythm(client)
        if rhythm is not None and not quiet.is_told_or_explained(client, rhythm):
            yield _item(facts, morning, limits, quiet, client, rhythm)


@dataclass(frozen=True)
class _Quiet:
    """What every client wrote, and what else may explain that they write no more."""

    talks: Talks
    limits: Limits

    @cached_property
    def written(self) -> Mapping[str, Sequence[Message]]:
        """What people of each client wrote, in order of time."""
        found: dict[str, list[Message]] = defaultdict(list)
        for message in self.talks.human:
            client = self.talks.client_of(message)
            if client and self._is_theirs(message):
                found[client].append(message)
        return {
            client: sorted(messages, key=lambda one: (one.at, one.ref.source, one.ref.id))
            for client, messages in found.items()
        }

    def _is_theirs(self, message: Message) -> bool:
        directory = self.talks.facts.directory
        if self.talks.morning.audience.is_me(message.author):
            return False
        return bool(directory.client_of_person(message.author)) or self.talks.sides.of(message) == "theirs"

    @cached_property
    def _reach(self) -> Mapping[str, datetime]:
        """The earliest message that was read of each source."""
        found: dict[str, datetime] = {}
        for message in self.talks.facts.of(Message):
            found[message.ref.source] = min(message.at, found.get(message.ref.source, message.at))
        return found

    def rhythm(self, client: str) -> Rhythm | None:
        """A client's rhythm, where there is one and the present silence breaks it."""
        limits, morning = self.limits, self.talks.morning
        wrote = self.written[client]
        days = sorted({morning.date_of(one.at) for one in wrote})
        silent = morning.calendar.workdays_between(days[-1], morning.today)
        gaps = tuple(gap for one, other in pairwise(days) if (gap := morning.calendar.workdays_between(one, other)))
        if silent <= limits.number("workdays", client=client) or len(gaps) < limits.number("gaps", client=client):
            return None
        rhythm = Rhythm(last=wrote[-1], silent=silent, gaps=gaps)
        if silent <= max(limits.number("times", client=client) * rhythm.usual, rhythm.longest):
            return None
        return None if self._is_young(client, days[0], rhythm) else rhythm

    def _is_young(self, client: str, first: date, rhythm: Rhythm) -> bool:
        """Whether they began to write lately, and not only the list that was read begins there."""
        morning, source = self.talks.morning, self.written[client][0].ref.source
        if morning.today - first >= timedelta(days=self.limits.number("young_days", client=client)):
            return False
        before = morning.calendar.workdays_between(morning.date_of(self._reach[source]), first)
        return before > rhythm.longest

    def is_told_or_explained(self, client: str, rhythm: Rhythm) -> bool:
        """Whether another rule speaks of it, or the silence has a reason that is known."""
        talks, last = self.talks, rhythm.last
        return (
            _may_be_prospect(talks.facts, client)
            or _has_no_work(talks.facts, client)
            or _is_sold(talks.facts, client)
            or self._met_since(client, last.at)
            or any(talks.client_of(wait.ask) == client for wait in talks.waits)
            or self._asked_since(client, last.at)
            or self._may_have_written(client, last.at)
        )

    def _met_since(self, client: str, since: datetime) -> bool:
        facts, now = self.talks.facts, self.talks.morning.now
        return any(
            since <= meeting.starts <= now and not meeting.cancelled and self._takes_part(meeting, client)
            for meeting in facts.of(Meeting)
        )

    def _takes_part(self, meeting: Meeting, client: str) -> bool:
        coming = [guest.person for guest in meeting.guests if guest.response != "declined" and not guest.resource]
        directory = self.talks.facts.directory
        return self.talks.facts.client(meeting) == client or any(
            directory.client_of_person(person) == client for person in coming
        )

    def _asked_since(self, client: str, since: datetime) -> bool:
        """Whether a question of ours is the last word: the answer may be missing, or lie in an inbox nobody reads."""
        talks = self.talks
        asked = (
            message for message in talks.human
            if message.at > since and talks.sides.of(message) == "ours" and self._concerns(message, client)
        )  # fmt: skip
        if any(asking(message.excerpt) for message in asked):
            return True
        days = talks.morning.calendar.workdays_between
        return any(
            one.client == client and days(talks.morning.date_of(one.ask.at), talks.morning.today) <= TOLD_AS_QUESTION
            for one in questions(talks)
        )

    def _concerns(self, message: Message, client: str) -> bool:
        """Whether a message stands in a client's place or goes to one of theirs."""
        directory = self.talks.facts.directory
        people = (*message.to, *message.cc, *message.mentions)
        return self.talks.facts.client(message) == client or any(
            directory.client_of_person(person) == client for person in people
        )

    def _may_have_written(self, client: str, since: datetime) -> bool:
        """Whether somebody nobody knows wrote in a thread or place of theirs, or under the name of one of theirs."""
        talks = self.talks
        wrote = self.written[client]
        own = {one.ref for one in wrote}
        threads = {(one.ref.source, one.thread) for one in talks.human if one.ref in own or self._concerns(one, client)}
        names = {talks.sides.known_as(one.author) for one in wrote} - {""}
        return any(
            message.at > since and not talks.facts.directory.client_of_person(message.author)
            and talks.sides.of(message) != "ours"
            and ((message.ref.source, message.thread) in threads or talks.facts.client(message) == client
                 or talks.sides.known_as(message.author) in names)
            for message in talks.human
        )  # fmt: skip


def _may_be_prospect(facts: Facts, client: str) -> bool:
    """Whether nothing but a list of companies, a deal or a proposal names them: prospects stand there, too."""
    record = facts.directory.client_named(client)
    if record is None:
        return True
    if record.monthly_fee is not None or record.owner is not None or record.target_cpl is not None:
        return False
    work = (*facts.of(Project), *facts.of(AdAccount))
    listed = [one.name for one in facts.of(Company)]
    listed += [one.party.name for one in (*facts.of(Deal), *facts.of(Proposal))]
    is_listed = folded(client) in {folded(name) for name in listed}
    return is_listed and not any(facts.client(one) == client for one in work)


def _has_no_work(facts: Facts, client: str) -> bool:
    """Whether their projects are known, and none is open."""
    states = {project.state for project in facts.of(Project) if facts.client(project) == client}
    return bool(states) and "open" not in states


def _is_sold(facts: Facts, client: str) -> bool:
    """Whether a proposal is open with them: its own rules tell of the silence."""
    return any(one.state in PROPOSAL_OPEN and facts.client(one) == client for one in facts.of(Proposal))


# --- the sentences -------------------------------------------------------------------------------------------------


def _item(
    facts: Facts, morning: Morning, limits: Limits, quiet: _Quiet, client: str, rhythm: Rhythm
) -> Item:  # fmt: skip
    last, owner = rhythm.last, _owner(facts, client)
    since = morning.date_of(last.at)
    day = words.dated_day(since, morning.today)
    every = "workday" if rhythm.usual == 1 else str(rhythm.usual)
    usually = f"usually every {every if rhythm.usual == 1 else words.workdays(rhythm.usual)}"
    pause = f"the longest pause before it was {words.workdays(rhythm.longest)}"
    unread = _unread(quiet.talks, owner)
    missing = f"; {words.listed(unread)} was not read" if unread else ""
    return Item(
        rule="client-quiet",
        matter="client",
        stage="quiet",
        about=last.ref,
        client=client,
        headline=f"{client} has written nothing since {day} ({words.workdays(rhythm.silent)}; usually every {every}).",
        line=f"{client} has written nothing since {day}, {usually}.",
        body=(
            f"Nothing from them in {words.listed(facts.looked_in(Message), 'or')}{missing}.",
            f"The last word was {facts.name(last.author)}'s, {where(last)}; {pause}.",
            *_fee(facts, client),
        ),
        ask="call or leave?",
        owner=owner,
        since=since,
        stake=_stake(facts, client, limits),
        # How long it lasts makes nothing worse by itself.
        measure=Decimal(1),
        short="silence",
        people=(last.author,),
        evidence=(facts.evidence(last, f"written {when(last.at, morning, on=True)}"),),
        figures=(
            Figure(name="workdays since they wrote", value=str(rhythm.silent)),
            Figure(name="usual workdays from one day of writing to the next", value=str(rhythm.usual)),
            Figure(name="the most before", value=str(rhythm.longest)),
            Figure(name="gaps that were read", value=str(len(rhythm.gaps))),
        ),
        looked_in=facts.looked_in(Message),
        not_in=unread,
        gone_when="a word of theirs, a meeting with them, or a rhythm that lies too far back to be read",
    )


def _unread(talks: Talks, owner: Person | None) -> tuple[str, ...]:
    """The inbox of who looks after them, where it is no source: it would show mails that the reader had no part in."""
    me = talks.morning.audience.is_me
    if owner is None or me(owner):
        return ()
    seen = any(
        message.medium == "mail"
        and talks.sides.same(message.author, owner)
        and not any(me(one) for one in (*message.to, *message.cc))
        for message in talks.human
    )
    return () if seen else (f"{talks.facts.name(owner)}'s inbox",)


def _fee(facts: Facts, client: str) -> tuple[str, ...]:
    record = facts.directory.client_named(client)
    return (f"Fee {words.money(record.monthly_fee)} a month.",) if record and record.monthly_fee else ()


def _stake(facts: Facts, client: str, limits: Limits) -> Stake:
    """A small share of the monthly fee, the same money as of whoever waits there; else the house price."""
    record, key = facts.directory.client_named(client), f"fee:{client}"
    if record is None or record.monthly_fee is None:
        return Stake(key=key)
    fee, share = record.monthly_fee, Decimal(str(limits.number("fee_share", client=client)))
    return Stake(
        amount=Money(amount=fee.amount * share, currency=fee.currency), kind="estimate", key=key,
        source=f"{words.percent(share)} of the monthly fee of {words.money(fee)}, a setting",
    )  # fmt: skip


def _owner(facts: Facts, client: str) -> Person | None:
    """Who looks after a client: as configured, else the one manager of its open projects."""
    record = facts.directory.client_named(client)
    if record is not None and record.owner is not None:
        return record.owner
    managers = {
        facts.name(project.manager): project.manager
        for project in facts.of(Project)
        if project.manager and project.state == "open" and facts.client(project) == client
    }
    return next(iter(managers.values())) if len(managers) == 1 else None
