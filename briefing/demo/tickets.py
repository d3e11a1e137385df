"""Tickets of the simulated agency: what clients ask support for, who took it when, and when it was resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Literal

from briefing.demo.chance import Chance, stream, walk
from briefing.demo.days import is_workday, later, moment, on_workday, plus, plus_workdays, workdays_since, working_hours
from briefing.demo.people import Human, People
from briefing.demo.planted import NearMiss, Planted

TITLES = (
    "Contact form does not send", "Tracking pixel missing on booking page", "Change opening hours", "New staff photo",
    "Broken link in footer", "Newsletter template shifts on phones", "Cookie banner comes back",
    "Login for a colleague", "Wrong price on product page", "Page loads slowly", "Swap hero image",
    "Redirect old campaign page", "Invoice address in shop", "Search finds nothing", "Certificate warning",
    "Calendar embed is empty",
)  # fmt: skip
TYPES = ("Bug", "Change request", "Question")
PRIORITIES = (("None", 1), ("Low", 2), ("Medium", 3), ("High", 4), ("Extreme", 5))
"""Words of a ticket's urgency with Accelo's factor."""

KEPT = 30
"""Days for which closed tickets are still listed."""

GAP = 0.3
"""Days between two tickets at scale 1: some 30 are open at once."""

TicketState = Literal["new", "open", "done", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A request for support."""

    id: str
    client: str
    contact: Human
    title: str
    type: str
    priority: str
    opened: datetime
    due: date | None
    due_at: datetime | None
    """The very time, where an agreement on service says so."""

    owner: Human | None
    """Who takes it in the end; None: nobody ever does."""

    taken: datetime
    """When somebody takes it."""

    ended: datetime
    end: Literal["done", "cancelled"] = "done"
    kind: str = ""
    """What it was planted as; empty for ordinary ones."""

    def state(self, morning: date) -> TicketState:
        """What the list of tickets says on a morning."""
        now = moment(morning)
        if self.ended < now:
            return self.end
        return "open" if self.taken < now and self.owner is not None else "new"

    def assignee(self, morning: date) -> Human | None:
        """Who has it on a morning."""
        return self.owner if self.taken < moment(morning) else None

    def is_open(self, morning: date) -> bool:
        """Whether it was opened and is not resolved."""
        return self.opened < moment(morning) <= self.ended

    def is_late(self, morning: date) -> bool:
        """Open, and its day is past, or its very time."""
        if not self.is_open(morning):
            return False
        if self.due_at is not None:
            return self.due_at < moment(morning)
        return self.due is not None and self.due < morning


class Tickets:
    """All tickets of one world."""

    def __init__(self, seed: int, people: People, first: date, last: date, scale: int = 1) -> None:
        self.seed, self.people, self.first, self.last, self.scale = seed, people, first, last, scale

    @cached_property
    def all(self) -> tuple[Ticket, ...]:
        """Every ticket by the time it was opened."""
        days = (self.last - self.first).days
        ordinary = [
            self._ordinary(f"K-{number:05d}", plus(self.first, day))
            for number, day in enumerate(walk(stream(self.seed, "tickets"), days, GAP / self.scale), 1)
        ]
        planted = [
            self._planted(name, f"K-{name[0]}{number:04d}", plus(self.first, day))
            for name, gap in PLANTS
            for number, day in enumerate(walk(stream(self.seed, "tickets", name), days, gap / self.scale), 1)
        ]
        return tuple(sorted([*ordinary, *planted], key=lambda one: (one.opened, one.id)))

    @cached_property
    def by_id(self) -> dict[str, Ticket]:
        """Every ticket by its id."""
        return {ticket.id: ticket for ticket in self.all}

    @lru_cache(maxsize=4)  # noqa: B019  (a world lives as long as its process)
    def at(self, morning: date) -> tuple[Ticket, ...]:
        """What the list holds on a morning: open ones, and those that ended lately."""
        now, kept = moment(morning), moment(plus(morning, -KEPT))
        return tuple(one for one in self.all if one.opened < now and one.ended >= kept)

    # --- what holds -------------------------------------------------------------------------------------------------

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether the rule's sentence about a ticket holds on a morning; None for a rule of another subject."""
        if rule not in {"ticket-late", "ticket-unassigned"}:
            return None
        ticket = self.by_id.get(id)
        if ticket is None or not ticket.is_open(morning):
            return False
        if rule == "ticket-late":
            return ticket.is_late(morning)
        return ticket.assignee(morning) is None and working_hours(ticket.opened, moment(morning)) > 0

    def matters(self, morning: date) -> Iterator[Planted]:
        """Tickets that somebody must look at; young ones may be told."""
        for ticket in self.at(morning):
            if ticket.is_late(morning):
                # A day late happens every day; three workdays is what nobody calls on time.
                late = workdays_since(_due(ticket), morning)
                yield self._matter("ticket-late", ticket, _due(ticket), grey=late < 3)
            elif self.is_true("ticket-unassigned", ticket.id, morning):
                waited = working_hours(ticket.opened, moment(morning))
                yield self._matter("ticket-unassigned", ticket, ticket.opened.date(), grey=waited < 18)

    def near_misses(self, morning: date) -> Iterator[NearMiss]:
        """Tickets that look so on a morning and are not."""
        for ticket in self.at(morning):
            for rule, kind in self._looks(ticket, morning):
                if not self.is_true(rule, ticket.id, morning):
                    yield NearMiss(rule=rule, id=ticket.id, kind=kind, client=ticket.client)

    @staticmethod
    def _looks(ticket: Ticket, morning: date) -> Iterator[tuple[str, str]]:
        yesterday = plus_workdays(morning, -1)
        if ticket.is_open(morning):
            if ticket.due_at is not None and ticket.due_at.date() == morning:
                yield "ticket-late", "due later today"
            elif ticket.due == morning:
                yield "ticket-late", "due today"
            if ticket.taken.date() >= yesterday and ticket.assignee(morning):
                yield "ticket-unassigned", "taken yesterday"
            if ticket.assignee(morning) is None and working_hours(ticket.opened, moment(morning)) == 0:
                yield "ticket-unassigned", "came in after hours"
        elif ticket.kind or (ticket.due and ticket.due < plus(ticket.ended.date(), -1)):
            if ticket.ended.date() >= yesterday:
                yield "ticket-late", "resolved yesterday" if ticket.end == "done" else "cancelled"
            if ticket.kind == "unowned" and ticket.ended.date() >= plus(morning, -5):
                yield "ticket-unassigned", "closed without an owner"

    @staticmethod
    def _matter(rule: str, ticket: Ticket, since: date, *, grey: bool) -> Planted:
        return Planted(
            rule=rule, id=ticket.id, client=ticket.client, since=since, grey=grey, card=ticket.kind != "", within=(),
        )  # fmt: skip

    def client_of(self, id: str) -> str | None:
        """The client of a ticket; None where there is none of that id."""
        ticket = self.by_id.get(id)
        return None if ticket is None else ticket.client

    # --- tickets ----------------------------------------------------------------------------------------------------

    def _ordinary(self, id: str, day: date) -> Ticket:
        """One that is taken within hours and resolved before its day, or a day after it."""
        draw = stream(self.seed, "ticket", id)
        opened = _opened(draw, day)
        taken = later(opened, draw.between(5, 400))
        due = plus_workdays(taken.date(), draw.between(5, 9)) if draw.chance(0.7) else None
        luck = draw.random()
        late = draw.between(1, 2) if luck < 0.02 else -draw.between(0, 3)
        ended = later(taken, draw.between(60, 540 * 7))
        if due is not None:
            ended = max(later(taken, 30), moment(plus_workdays(due, late), 11, draw.between(0, 59)))
        return self._ticket(draw, id, opened, due=due, taken=taken, ended=ended)

    def _planted(self, name: str, id: str, day: date) -> Ticket:
        draw = stream(self.seed, "ticket", name, id)
        opened = _opened(draw, day)
        taken = later(opened, draw.between(5, 240))
        due = plus_workdays(opened.date(), draw.between(2, 6))
        if name == "late":
            ended = moment(plus_workdays(due, draw.span(6, least=1, most=25)), 15)
            return self._ticket(draw, id, opened, due=due, taken=taken, ended=ended, kind=name)
        if name == "cancelled":
            ended = moment(plus_workdays(due, draw.between(0, 2)), 12)
            return self._ticket(draw, id, opened, due=due, taken=taken, ended=ended, kind=name, end="cancelled")
        waits = later(opened, 540 * draw.span(4, least=0, most=15) + draw.between(60, 400))
        due = plus_workdays(waits.date(), draw.between(1, 6))
        return self._ticket(
            draw, id, opened, due=due, taken=waits, ended=later(waits, draw.between(30, 900)), kind=name,
            owned=draw.chance(0.6),
        )  # fmt: skip

    def _ticket(
        self, draw: Chance, id: str, opened: datetime, *, due: date | None, taken: datetime, ended: datetime,
        kind: str = "", end: Literal["done", "cancelled"] = "done", owned: bool = True,
    ) -> Ticket:  # fmt: skip
        client = draw.one_of(self.people.clients)
        timed = due is not None and draw.chance(0.4)
        return Ticket(
            id=id, client=client.name, contact=client.contacts[0], title=draw.one_of(TITLES), type=draw.one_of(TYPES),
            priority=draw.one_of(PRIORITIES)[0], opened=opened, due=due,
            due_at=moment(due, 9 + draw.between(0, 8)) if timed and due is not None else None,
            owner=draw.one_of(self.people.with_role("delivery")) if owned else None, taken=taken, ended=ended, end=end,
            kind=kind,
        )  # fmt: skip


PLANTS = (("late", 5.0), ("unowned", 4.0), ("cancelled", 9.0))
"""Name, and the mean days between two at scale 1."""


def _opened(draw: Chance, day: date) -> datetime:
    """Some are written in the evening or at the weekend; most while the agency works."""
    if draw.chance(0.12):
        return moment(day, 18 + draw.between(0, 5), draw.between(0, 59))
    at = day if is_workday(day) else on_workday(plus(day, -draw.between(2, 6)))
    return moment(at, 9 + draw.between(0, 8), draw.between(0, 59))


def _due(ticket: Ticket) -> date:
    assert ticket.due is not None
    return ticket.due
