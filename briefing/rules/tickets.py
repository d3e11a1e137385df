"""Rules about tickets: past what was agreed, or with nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from briefing import words
from briefing.facts import Project, Ref, Retainer, Staff, Ticket
from briefing.items import Item
from briefing.morning import Morning
from briefing.reading.text import clean, folded
from briefing.rules import Need, rule
from briefing.rules.said import when
from briefing.rules.view import Facts, Limits
from briefing.rules.work import Left, is_running, nobody, was_due

STAGES = ("unassigned", "late")

TOGETHER = 3
"""So many tickets of one client in one stage are one item. No threshold to configure: each ticket is told once."""

TITLE = 60
"""Characters of a ticket's title that are quoted."""

NEEDS = (Need(Ticket), Need(Project, optional=True), Need(Retainer, optional=True), Need(Staff, optional=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A ticket that is told, and how."""

    ticket: Ticket
    since: datetime | date
    """Since when it is so."""

    text: str
    """For the headline, after its title: `was due Monday, 3 workdays ago`."""

    short: str
    """For a line: `was due Monday`."""

    first: str
    """Of the first of several: `was due Monday, 3 workdays ago`."""


@rule("ticket-late", matter="ticket", stages=STAGES, needs=NEEDS, price=80, share="0.25", limits={"workdays": 1})
def ticket_late(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A ticket is open past its time, or its day.

    A time counts to the minute, a day from the first workday after it on. Three or more of one client are one item.
    Silent on what is resolved, paused or cancelled, and on tickets of a project or agreement that does not run.
    """
    found = [one for ticket in _open(facts, morning) if (one := _late(facts, morning, limits, ticket)) is not None]
    yield from _items(facts, morning, found, stage="late")


@rule("ticket-unassigned", matter="ticket", stages=STAGES, needs=NEEDS, price=60, share="0.25", limits={"hours": 8})
def ticket_unassigned(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A ticket was opened eight working hours ago or more, and has nobody assigned, or somebody who has left.

    Since when it has nobody is not known, and not said. Late ones are told as late. Three or more of one client are
    one item. Silent where nobody says when it was opened, and in a source that assigns no ticket at all.
    """
    if not any(ticket.assignee for ticket in facts.here(Ticket)):
        return
    left, found = Left(facts), []
    for ticket in _open(facts, morning):
        if ticket.opened is None or not nobody(ticket.assignee, left) or _is_late(morning, ticket, workdays=1):
            continue
        hours = int(morning.working_time_since(ticket.opened).total_seconds() // 3600)
        if hours >= limits.number("hours", client=facts.client(ticket), type=ticket.type):
            gone = f"is with {facts.name(ticket.assignee)}, who is no longer active"
            who = gone if ticket.assignee else "has nobody assigned"
            opened = f"opened {when(ticket.opened, morning)}"
            ago = f"{opened}, {words.count(hours, 'working hour')} ago"
            found.append(
                _Told(
                    ticket=ticket, since=ticket.opened, text=f"{who}; {ago}", short=f"{who}; {opened}",
                    first=f"was {ago}",
                )
            )  # fmt: skip
    yield from _items(facts, morning, found, stage="unassigned")


def _open(facts: Facts, morning: Morning) -> Iterator[Ticket]:
    """Open tickets whose project and agreement run, as far as the source lists such.

    One on a project that a list of projects does not have may be on a closed one.
    """
    projects = {project.ref.id: project for project in facts.here(Project)}
    states: Mapping[str, set[str]] = defaultdict(set)
    for period in facts.here(Retainer):
        states[period.agreement].add(period.state)
    for ticket in facts.here(Ticket):
        project, agreed = projects.get(ticket.project), states.get(ticket.agreement) if ticket.agreement else None
        stopped = bool(ticket.project and projects) and (project is None or not is_running(project, morning.today))
        if ticket.state in {"new", "open"} and not stopped and (agreed is None or "open" in agreed):
            yield ticket


def _is_late(morning: Morning, ticket: Ticket, *, workdays: float) -> bool:
    """Past its time, or so many workdays past its day."""
    if ticket.due_at is not None:
        day = morning.date_of(ticket.due_at)
        return ticket.due_at < morning.now and (day == morning.today or -morning.workdays_to(day) >= workdays)
    return ticket.due is not None and -morning.workdays_to(ticket.due) >= workdays


def _late(facts: Facts, morning: Morning, limits: Limits, ticket: Ticket) -> _Told | None:
    workdays = limits.number("workdays", client=facts.client(ticket), type=ticket.type)
    if not _is_late(morning, ticket, workdays=workdays):
        return None
    if ticket.due_at is None:
        assert ticket.due is not None
        text = was_due(ticket.due, morning)
        day = words.day(ticket.due, morning.today)
        return _Told(ticket=ticket, since=ticket.due, text=text, short=f"was due {day}", first=text)
    ago = -morning.workdays_to(morning.date_of(ticket.due_at))
    at = f"was due {when(ticket.due_at, morning)}"
    text = f"{at}, {words.workdays(ago)} ago" if ago > 1 else at
    return _Told(ticket=ticket, since=ticket.due_at, text=text, short=at, first=text)


def _items(facts: Facts, morning: Morning, found: Sequence[_Told], *, stage: str) -> Iterator[Item]:
    """Each ticket once: alone, or with the others of its client."""
    of_client: dict[str, list[_Told]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (_day(one, morning), one.ticket.ref.id)):
        of_client[facts.client_or_name(one.ticket)].append(one)
    for client, group in sorted(of_client.items()):
        if client and len(group) >= TOGETHER:
            yield _group(facts, morning, client, group, stage=stage)
        else:
            yield from (_alone(facts, morning, one, stage=stage) for one in group)


def _alone(facts: Facts, morning: Morning, one: _Told, *, stage: str) -> Item:
    ticket, late = one.ticket, stage == "late"
    client = facts.client_or_name(ticket)
    name = f"{client}: ticket {_quoted(ticket)}" if client else f"Ticket {_quoted(ticket)}"
    project = next((one for one in facts.here(Project) if one.ref.id == ticket.project), None)
    return Item(
        rule=f"ticket-{stage}",
        matter="ticket",
        stage=stage,
        about=ticket.ref,
        root=project.ref if project else None,
        client=facts.client(ticket),
        headline=f"{name} {one.text}.",
        line=f"{name} {one.short}.",
        body=(*(_nobody(facts, [ticket], late=late) if late else ()), *_priority(ticket)),
        ask="who answers, and by when?" if late else "who takes it?",
        owner=ticket.assignee if late else None,
        since=_day(one, morning),
        short="ticket",
        unowned=ticket.assignee is None or not late,
        evidence=(facts.evidence(ticket, f"{clean(ticket.title, TITLE)}, {one.short}"),),
        looked_in=() if late else facts.looked_in(Ticket, source=facts.source),
        gone_when="the ticket resolved, another date, or a decision of yours"
        if late
        else "somebody on the ticket, the ticket resolved, or a decision of yours",
    )


def _group(facts: Facts, morning: Morning, client: str, group: Sequence[_Told], *, stage: str) -> Item:
    late, many = stage == "late", words.count(len(group), "ticket")
    first = group[0]
    active = "active " if any(one.ticket.assignee for one in group) else ""
    what = "past their date" if late else f"with nobody {active}assigned"
    return Item(
        rule=f"ticket-{stage}",
        matter="ticket",
        stage=stage,
        about=Ref(
            source=facts.source, kind=f"{stage} tickets", id=folded(client), where=first.ticket.ref.where
        ),
        client=facts.client(first.ticket),
        headline=f"{client}: {many} {what}; the first, {_quoted(first.ticket)}, {first.first}.",
        line=f"{client}: {many} {what}.",
        body=_nobody(facts, [one.ticket for one in group], late=late),
        ask="who answers, and by when?" if late else "who takes them?",
        since=_day(first, morning),
        measure=Decimal(len(group)),
        short=many,
        unowned=not late,
        evidence=tuple(
            facts.evidence(one.ticket, f"{clean(one.ticket.title, TITLE)}, {one.short}") for one in group
        ),
        looked_in=() if late else facts.looked_in(Ticket, source=facts.source),
        gone_when=f"fewer than {TOGETHER} of them so, or a decision of yours",
    )  # fmt: skip


def _nobody(facts: Facts, tickets: Iterable[Ticket], *, late: bool) -> tuple[str, ...]:
    """That a late ticket has nobody, or that who has it has left."""
    left, tickets = Left(facts), list(tickets)
    gone = sorted({facts.name(ticket.assignee) for ticket in tickets if left(ticket.assignee)})
    free = sum(ticket.assignee is None for ticket in tickets)
    verb = "is" if len(gone) == 1 else "are"
    told = (f"{words.listed(gone)} {verb} no longer active.",) if gone else ()
    if late and free:
        who = "Nobody is assigned." if len(tickets) == 1 else f"{free} of them with nobody assigned."
        return (who, *told)
    return told


def _priority(ticket: Ticket) -> tuple[str, ...]:
    """The source's own word, unless it is the one for having none."""
    return (f"Priority {ticket.priority}.",) if ticket.priority and folded(ticket.priority) != "none" else ()


def _quoted(ticket: Ticket) -> str:
    title = clean(ticket.title, TITLE).replace('"', "'")
    return f'"{title}"'


def _day(one: _Told, morning: Morning) -> date:
    return morning.date_of(one.since) if isinstance(one.since, datetime) else one.since
