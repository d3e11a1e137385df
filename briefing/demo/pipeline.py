"""Deals and proposals of the simulated agency, each with its whole life.

What is known on a morning is what happened before it. The sales tool shows the last contact that somebody logged; the
truth also knows contacts that nobody logged: a mail, a word in Slack, a meeting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from briefing.demo.days import moment
from briefing.demo.people import Company, Human
from briefing.demo.work import Label

STAGES = ("Lead", "Qualified", "Proposal", "Negotiation")
DealState = Literal["open", "won", "lost"]
ProposalState = Literal["draft", "sent", "viewed", "accepted", "declined", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """An opportunity."""

    id: str
    name: str
    company: Company
    owner: Human
    created: date
    amount: int | None
    """US dollars; None is not filled in."""

    stages: tuple[tuple[date, str], ...]
    """From when it is in which stage."""

    closes: tuple[tuple[date, date | None], ...]
    """From when the seller names which closing date."""

    contacts: tuple[date, ...]
    """Logged contacts, in order."""

    planned: tuple[tuple[date, date | None], ...] = ()
    """From when which next activity is in the tool."""

    unlogged: tuple[datetime, ...] = ()
    """Contacts that only mails, Slack or a calendar know."""

    ended: date | None = None
    won: bool = False

    def state(self, morning: date) -> DealState:
        """Open, won or lost."""
        if self.ended is None or self.ended >= morning:
            return "open"
        return "won" if self.won else "lost"

    def stage(self, morning: date) -> str:
        """The stage it was in the day before."""
        state = self.state(morning)
        if state != "open":
            return "Closed won" if state == "won" else "Closed lost"
        return [stage for since, stage in self.stages if since < morning][-1]

    def expected(self, morning: date) -> date | None:
        """The closing date that the seller names."""
        return [day for since, day in self.closes if since < morning][-1]

    def contacted(self, morning: date) -> date | None:
        """The last logged contact."""
        return max((day for day in self.contacts if day < morning), default=None)

    def next_activity(self, morning: date) -> date | None:
        """What is planned, if it is in the tool and not past."""
        named = [day for since, day in self.planned if since < morning]
        return named[-1] if named and named[-1] is not None and named[-1] >= morning else None

    def touched(self, morning: date) -> date:
        """The last contact, logged or not."""
        now = moment(morning)
        days = [day for day in self.contacts if day < morning] + [at.date() for at in self.unlogged if at < now]
        return max([self.created, *days])


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A document that somebody is to accept."""

    id: str
    name: str
    company: Company
    owner: Human
    amount: int
    recipient: Human
    created: date
    sent: datetime
    expires: date
    deal: str = ""
    views: tuple[datetime, ...] = ()
    answers: tuple[datetime, ...] = ()
    """When the client answered, anywhere."""

    ended: datetime | None = None
    end: ProposalState = "accepted"

    def state(self, morning: date) -> ProposalState:
        """What the proposal tool says."""
        now = moment(morning)
        if self.ended is not None and self.ended < now:
            return self.end
        if any(view < now for view in self.views):
            return "viewed"
        return "sent" if self.sent < now else "draft"

    def viewed(self, morning: date) -> datetime | None:
        """The first view, if there was one."""
        now = moment(morning)
        return min((view for view in self.views if view < now), default=None)

    def unanswered(self, morning: date) -> bool:
        """Viewed, open, and not a word since."""
        now = moment(morning)
        return self.state(morning) == "viewed" and not any(at < now for at in self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """Something in the mailbox, in Slack or in the calendar that a matter of sales depends on."""

    medium: Literal["mail", "slack", "meeting"]
    company: Company
    outside: Human
    inside: Human
    at: datetime
    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Days in which a company is silent but for the extras: nobody may take another word for the answer."""

    company: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """Some deals and proposals, and what of it was planted."""

    deals: tuple[Deal, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    labels: tuple[Label, ...] = ()
    extras: tuple[Extra, ...] = ()
    quiet: tuple[Quiet, ...] = ()


def joined(*parts: Pipe) -> Pipe:
    """Several parts as one."""
    return Pipe(
        deals=tuple(deal for part in parts for deal in part.deals),
        proposals=tuple(proposal for part in parts for proposal in part.proposals),
        labels=tuple(label for part in parts for label in part.labels),
        extras=tuple(extra for part in parts for extra in part.extras),
        quiet=tuple(quiet for part in parts for quiet in part.quiet),
    )
