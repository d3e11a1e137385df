"""What the agency's exports of a morning state, as facts: what every connector that reads them must find.

References carry no file and line. A message's words are the whole text, and whether it is automated is the agency's own
knowledge, not read from headers. Ad days are kept as a series, as the store keeps them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Literal

from briefing.demo.ads import EXPORTED_DAYS
from briefing.demo.adworld import Account
from briefing.demo.adworld import Day as AdWorldDay
from briefing.demo.days import ZONE, ZONE_NAME, moment, plus
from briefing.demo.diary import AHEAD, BACK
from briefing.demo.effort import Hours
from briefing.demo.events import Event
from briefing.demo.files import client_targets, settings
from briefing.demo.files_mail import message_id
from briefing.demo.files_slack import channel_name, stamp
from briefing.demo.people import Human
from briefing.demo.retainers import RATE, Period
from briefing.demo.talk import Note
from briefing.demo.work import Project as WorldProject
from briefing.demo.work import State
from briefing.demo.world import World
from briefing.document import Briefing
from briefing.facts import (
    Absence,
    AdAccount,
    AdChange,
    AdChangeCoverage,
    Deal,
    Fact,
    Guest,
    Measure,
    Meeting,
    Message,
    Milestone,
    Money,
    Party,
    Person,
    Project,
    Proposal,
    Ref,
    Response,
    Retainer,
    Task,
    Ticket,
    WorkState,
)
from briefing.reading.closing import closes
from briefing.rules.view import AdSeriesDay
from briefing.store import Attempt, Listing, Snapshot, StreamKey, StreamRecord

STATES: Mapping[State, WorkState] = {
    "open": "open", "planned": "open", "paused": "paused", "cancelled": "cancelled", "done": "done",
}  # fmt: skip
DEAL_FIELDS = frozenset({"name", "owner", "stage", "amount", "created", "expected_close", "last_contact",
                         "next_activity"})  # fmt: skip
ANSWERS: Mapping[str, Response] = {
    "ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative", "NEEDS-ACTION": "none",
}  # fmt: skip


def stated(world: World, morning: date) -> Iterator[Fact]:
    """Every fact of a morning but the ad days, source by source."""
    yield from _delivery(world, morning)
    yield from _sales(world, morning)
    yield from _accounts(world, morning)
    yield from _changes(world, morning)
    yield from _measures(world, morning)
    yield from _messages(world, morning)
    yield from meetings(world, morning)
    yield from _absences(world, morning)


def person(human: Human) -> Person:
    """By name, as tables name people."""
    return Person(name=human.name)


def named(human: Human | None) -> Person | None:
    """By name, where there is somebody."""
    return person(human) if human else None


def usd(amount: int | None) -> Money | None:
    """US dollars; None stays None."""
    return None if amount is None else Money(amount=Decimal(amount), currency="USD")


# --- delivery ------------------------------------------------------------------------------------------------------


def _delivery(world: World, morning: date) -> Iterator[Fact]:
    work, hours = world.delivery.at(morning), world.delivery.hours(morning)
    for project in work.projects:
        yield Project(
            ref=Ref(source="projects", kind="project", id=project.id), party=Party(name=project.client),
            title=project.title, state=STATES[project.state(morning)], manager=named(project.manager_on(morning)),
            starts=project.starts, due=project.due, budget=usd(project.fee or None), used=_used(project, hours),
            hours_planned=Decimal(project.hours) if project.hours else None,
            hours_used=Decimal(f"{hours[project.id].used / 60:.2f}"), hours_left=Decimal(hours[project.id].left),
            last_activity=world.delivery.touched(project, morning), type=project.type,
        )  # fmt: skip
    for milestone in work.milestones:
        state = milestone.state(morning)
        yield Milestone(
            ref=Ref(source="projects", kind="milestone", id=milestone.id), project=milestone.project,
            parent=milestone.parent, title=milestone.title, starts=milestone.starts, due=milestone.due,
            state=STATES[state], done_at=milestone.done if state == "done" else None,
        )  # fmt: skip
    for task in work.tasks:
        state = task.state(morning)
        yield Task(
            ref=Ref(source="projects", kind="task", id=task.id), project=task.project, milestone=task.milestone,
            title=task.title, assignee=named(task.owner(morning)), due=task.due,
            remaining=Decimal(task.left(morning)), state=STATES[state],
            done_at=task.done if state == "done" else None,
        )  # fmt: skip


def _used(project: WorldProject, hours: Mapping[str, Hours]) -> Money | None:
    """What of the fee was used, in whole dollars; nothing where there is no fee."""
    return usd(round(hours[project.id].earned)) if project.fee else None


# --- retainers and tickets -----------------------------------------------------------------------------------------


def supported(world: World, morning: date) -> Iterator[Fact]:
    """Periods of retainers that have begun, and tickets."""
    for period in world.retainers.at(morning):
        yield _retainer(period, morning)
    for ticket in world.tickets.at(morning):
        owner = ticket.assignee(morning)
        state = ticket.state(morning)
        yield Ticket(
            ref=Ref(source=SUPPORT, kind="ticket", id=ticket.id), party=Party(name=ticket.client),
            title=ticket.title, assignee=with_address(owner) if owner else None, opened=ticket.opened,
            due=ticket.due, due_at=ticket.due_at, state=state, priority=ticket.priority, type=ticket.type,
            done_at=ticket.ended if state in {"done", "cancelled"} else None,
        )  # fmt: skip


def _retainer(period: Period, morning: date) -> Retainer:
    agreement = period.agreement
    hours, value = agreement.allows == "hours", agreement.allows == "value"
    used, waiting = (Decimal(str(one)) for one in (period.used(morning), period.unapproved(morning)))
    return Retainer(
        ref=Ref(source=SUPPORT, kind="contract_period", id=period.id), party=Party(name=agreement.client),
        title=agreement.title, agreement=agreement.id, manager=with_address(agreement.manager),
        state=period.state(morning), starts=period.starts, ends=period.ends,
        hours=Decimal(agreement.hours) if hours else None, hours_used=None if value else used,
        hours_unapproved=None if value else waiting, amount=usd(agreement.amount) if value else None,
        amount_used=Money(amount=used * RATE, currency="USD") if value else None, fee=usd(agreement.fee),
        rollover=agreement.rollover, agreement_ends=agreement.ends, renews=agreement.renews,
    )  # fmt: skip


# --- sales ---------------------------------------------------------------------------------------------------------


def _sales(world: World, morning: date) -> Iterator[Fact]:
    pipe, now = world.sales.at(morning), moment(morning)
    for deal in pipe.deals:
        yield Deal(
            ref=Ref(source="deals", kind="deal", id=deal.id), party=Party(name=deal.company.name), name=deal.name,
            owner=person(deal.owner), stage=deal.stage(morning), state=deal.state(morning), amount=usd(deal.amount),
            created=moment(deal.created, 0), expected_close=deal.expected(morning),
            last_contact=_midnight(deal.contacted(morning)), next_activity=deal.next_activity(morning),
            contacts=(Person(email=deal.company.contacts[0].email),), known=DEAL_FIELDS,
        )  # fmt: skip
    for proposal in pipe.proposals:
        views = [_minute(view) for view in proposal.views if view < now]
        state = proposal.state(morning)
        yield Proposal(
            ref=Ref(source="proposals", kind="proposal", id=proposal.id),
            party=Party(name=proposal.company.name, domain=proposal.company.domain), name=proposal.name,
            owner=person(proposal.owner), state=state, native_state=state.capitalize(), amount=usd(proposal.amount),
            recipients=(Person(name=proposal.recipient.name, email=proposal.recipient.email),),
            sent=_minute(proposal.sent) if proposal.sent < now else None,
            first_viewed=min(views, default=None), last_viewed=max(views, default=None), views=len(views),
            expires=proposal.expires, deal=proposal.deal,
        )  # fmt: skip


# --- ads -----------------------------------------------------------------------------------------------------------


def account_id(account: Account | str) -> str:
    """Google writes 123-456-7890 and means 1234567890."""
    text = account if isinstance(account, str) else account.id
    return text if text.startswith("act_") else text.replace("-", "")


def _accounts(world: World, morning: date) -> Iterator[Fact]:
    elsewhere = client_targets(world)
    for account in world.ads.accounts.values():
        active = account.status(plus(morning, -1)) == "Active"
        yield AdAccount(
            ref=Ref(source="ads", kind="ad_account", id=account_id(account)), party=Party(name=account.client),
            name=account.name, platform=account.platform, currency="USD", zone=ZONE_NAME,
            status="active" if active else "unknown", owner=person(account.owner),
            target_cpl=None if account.client in elsewhere else usd(account.target),
            settling_days=account.settling,
        )  # fmt: skip


def _changes(world: World, morning: date) -> Iterator[Fact]:
    since, now = moment(plus(morning, -EXPORTED_DAYS), 0), moment(morning)
    first, seen = None, set()
    for account in world.ads.accounts.values():
        for number, edit in enumerate(world.ads.edits(account.id)):
            if since <= edit.at < now:
                first = min(first or edit.at, edit.at)
                seen.add(account.id)
                kind, operation = EDITS[edit.change]
                yield AdChange(
                    ref=Ref(source="ads", kind="ad_change", id=f"{account_id(account)}/{number}"),
                    account=account_id(account), campaign=next(c.id for c in account.campaigns if
                                                               c.name == edit.campaign),
                    at=edit.at, actor=edit.user, actor_kind="person", object_level=edit.level,
                    object_name=edit.object, change=kind, operation=operation,
                    field=edit.field, old=edit.old, new=edit.new,
                )  # fmt: skip
    for id in sorted(seen):  # noqa: A001  (an account that is not in the history may be one that it leaves out)
        yield AdChangeCoverage(
            ref=Ref(source="ads", kind="ad_change_coverage", id=account_id(id)), account=account_id(id),
            since=first.date() if first else morning, until=morning, complete=True,
        )  # fmt: skip


ChangeKind = Literal["status", "targeting", "creative", "bid", "budget", "other"]
EDITS: Mapping[str, tuple[ChangeKind, Literal["create", "update"]]] = {
    "Keyword paused": ("status", "update"), "Negative keyword added": ("targeting", "create"),
    "Ad created": ("creative", "create"), "Bid changed": ("bid", "update"), "Asset added": ("creative", "create"),
    "Budget changed": ("budget", "update"), "Campaign paused": ("status", "update"),
    "Bid strategy changed": ("bid", "update"),
}  # fmt: skip
"""What the changes of the history are, by their own words."""


@dataclass(frozen=True)
class StatedSeries:
    """The ad days of a morning, as the store gives them."""

    world: World
    morning: date

    @cached_property
    def _ids(self) -> dict[str, Account]:
        return {account_id(account): account for account in self.world.ads.accounts.values()}

    def accounts(self, source: str) -> Sequence[str]:
        """Ids of all accounts, sorted."""
        return sorted(self._ids) if source == "ads" else ()

    def campaigns(self, source: str, account: str) -> Mapping[str, str]:
        """Campaign ids with their names."""
        return {campaign.id: campaign.name for campaign in self._ids[account].campaigns}

    def days(self, source: str, account: str, *, campaign: str = "") -> Sequence[AdSeriesDay]:
        """The exported days of the account, or of one campaign."""
        known = self._ids[account]
        histories = self.world.ads.history(known.id).days
        chosen = [histories[campaign]] if campaign else list(histories.values())
        found = []
        for back in range(EXPORTED_DAYS, 0, -1):
            day = plus(self.morning, -back)
            found.append(self._day(day, [one[day] for one in chosen], back, known.definition(day)))
        return found

    def _day(self, day: date, rows: Sequence[AdWorldDay], back: int, definition: str) -> AdSeriesDay:
        return AdSeriesDay(
            day=day, spend=sum(row.spend for row in rows) * 10_000, impressions=sum(row.impressions for row in rows),
            clicks=sum(row.clicks for row in rows), leads=float(sum(row.seen(back) for row in rows)),
            definition=definition, vintage=self.morning,
        )  # fmt: skip


# --- the scorecard -------------------------------------------------------------------------------------------------


def _measures(world: World, morning: date) -> Iterator[Fact]:
    for value in world.scorecard.at(morning):
        number = value.number
        yield Measure(
            ref=Ref(source="scorecard", kind="measure", id=f"{number.name}/{value.at}"), name=number.name,
            seat=number.seat, owner=person(number.owner), target=Decimal(f"{number.target:g}"),
            direction="at_most" if number.direction == "at most" else "at_least", unit=number.unit, at=value.at,
            value=Decimal(f"{value.value:g}"), every=number.every,
        )  # fmt: skip


# --- messages ------------------------------------------------------------------------------------------------------


def _messages(world: World, morning: date) -> Iterator[Message]:
    clients = {client.channel: client for client in world.people.clients if client.channel}
    for note in world.conversations.notes(morning):
        if note.medium == "mail":
            yield _mail(note, world.people.reader)
            continue
        client = clients.get(note.channel)
        yield Message(
            ref=Ref(source="slack", kind="message", id=stamp(note)),
            party=Party(name=client.name, domain=client.domain) if client else Party(),
            thread=note.reply_to or note.id, at=note.at, author=with_address(note.author), medium="chat",
            to=tuple(with_address(human) for human in note.to),
            mentions=tuple(with_address(human) for human in note.mentions), place=_chat_place(note), automated=note.bot,
            outside=None if note.bot else bool(note.author.company),
            closes=closes(note.text) or any(name == "white_check_mark" for name, _, _ in note.reactions),
            excerpt=note.text,
        )  # fmt: skip


def _chat_place(note: Note) -> str:
    """The channel, or whose direct messages."""
    names = sorted(human.name for human in (note.author, *note.to))
    return f"the direct messages of {' and '.join(names)}" if note.to else f"#{channel_name(note.channel)}"


def with_address(human: Human) -> Person:
    """By name and address."""
    return Person(name=human.name, email=human.email, id=human.slack)


def _mail(note: Note, reader: Human) -> Message:
    def known(human: Human) -> Person:
        return Person(name=human.name, email=human.email)

    return Message(
        ref=Ref(source="mail", kind="mail", id=message_id(note)), thread=note.talk, at=note.at,
        author=known(note.author), to=tuple(known(human) for human in note.to),
        cc=tuple(known(human) for human in note.cc), place="Sent" if note.author == reader else "Inbox",
        subject=note.subject, automated=bool(note.headers or note.calendar), closes=closes(note.text),
        excerpt=note.text,
    )  # fmt: skip


# --- calendars -----------------------------------------------------------------------------------------------------


def meetings(world: World, morning: date) -> Iterator[Meeting]:
    """Every occurrence of the reader's events, from a month back to three weeks ahead."""
    reader = world.people.reader
    for event in world.diary.at(morning):
        for ahead in range(-BACK, AHEAD + 1):
            times = event.on(plus(morning, ahead))
            if times is not None:
                yield _meeting(event, times, reader)


def _meeting(event: Event, times: tuple[datetime, datetime], reader: Human) -> Meeting:
    guests = tuple(
        Guest(person=Person(name=human.name, email=human.email), response=ANSWERS[answer])
        for human, answer in event.guests
    )
    return Meeting(
        ref=Ref(source="calendar", kind="meeting", id=f"{event.uid}/{times[0]:%Y%m%d}"), uid=event.uid,
        occurrence=f"{times[0]:%Y%m%d}" if event.weekdays else "", calendar=f"{reader.first}'s calendar",
        starts=times[0], ends=times[1], all_day=event.all_day, title=event.title,
        organiser=Person(name=event.organiser.name, email=event.organiser.email), guests=guests,
        busy="free" if event.free or event.all_day else "busy", place=event.place, cancelled=event.cancelled,
        series=bool(event.weekdays), agenda=bool(event.note),
    )  # fmt: skip


def _absences(world: World, morning: date) -> Iterator[Fact]:
    for number, leave in enumerate(world.leaves):
        if plus(morning, -BACK) <= leave.last and leave.first <= plus(morning, AHEAD):
            yield Absence(
                ref=Ref(source="absences", kind="absence", id=f"leave-{number}"),
                person=Person(name=leave.human.name, email=leave.human.email), first=leave.first, last=leave.last,
            )  # fmt: skip


def _midnight(day: date | None) -> datetime | None:
    return moment(day, 0) if day else None


def _minute(at: datetime) -> datetime:
    return at.astimezone(ZONE).replace(second=0, microsecond=0)


# --- as if read ----------------------------------------------------------------------------------------------------

SUPPORT = "support"
"""The source of what no export has: retainers and tickets, as a tool with an API states them."""

SUPPORT_STREAMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (SUPPORT, "contracts", ("retainer",)),
    (SUPPORT, "issues", ("ticket",)),
)
STREAMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("projects", "projects.csv", ("project",)),
    ("projects", "milestones.csv", ("milestone",)),
    ("projects", "tasks.csv", ("task",)),
    ("deals", "deals.csv", ("deal",)),
    ("proposals", "proposals.csv", ("proposal",)),
    ("ads", "ads-daily.csv", ("ad_day",)),
    ("ads", "ad-accounts.csv", ("ad_account",)),
    ("ads", "ads-changes.csv", ("ad_change", "ad_change_coverage")),
    ("scorecard", "scorecard.csv", ("measure",)),
    ("calendar", "calendar.ics", ("absence", "meeting")),
    ("absences", "absences.ics", ("absence", "meeting")),
    ("mail", "mail", ("message",)),
    ("slack", "slack-export.zip", ("message",)),
)
"""Source, file and kinds of every stream."""


def snapshot(world: World, morning: date, *, support: bool = False) -> Snapshot:
    """The same as a store holds after reading the files of a morning whole; with `support` what is in no file too."""
    facts = (*stated(world, morning), *(supported(world, morning) if support else ()))
    streams = (*STREAMS, *(SUPPORT_STREAMS if support else ()))
    read = moment(morning, 6, 50)
    attempt = Attempt(status="whole", started=read, ended=read, as_of=moment(morning, 6, 40))
    keys = [(StreamKey(source, "", kinds), place) for source, place, kinds in streams]
    records = tuple(StreamRecord(key=key, latest=done, usable=done) for key, place in keys
                    for done in (replace(attempt, place=place),))  # fmt: skip
    sources = sorted({source for source, _, _ in streams})
    listings = tuple(
        Listing(source=source, at=read, streams=tuple(key for key, _ in keys if key.source == source))
        for source in sources
    )
    return Snapshot(facts=facts, streams=records, listings=listings)


def briefing_of(world: World, morning: date, *, support: bool = False) -> Briefing:
    """The briefing of a morning from the stated facts, without writing and reading files."""
    from briefing.compile import compile_briefing
    from briefing.config import parse
    from briefing.workspace import Workspace

    now = moment(morning)
    parsed = parse(tomllib.loads(settings(world)))
    workspace = Workspace(settings=parsed, folder=Path(), base=Path(), fixed_now=now)
    series, taken = StatedSeries(world, morning), snapshot(world, morning, support=support)
    return compile_briefing(taken, series, workspace.plan(), workspace.morning(now)).briefing
