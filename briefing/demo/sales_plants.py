"""What is planted in sales: silent proposals, idle deals, passed closing dates, and what only looks like these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from briefing.demo import names
from briefing.demo.chance import Chance, stream, walk
from briefing.demo.days import later, moment, on_workday, plus, plus_workdays
from briefing.demo.people import Company, People
from briefing.demo.pipeline import Deal, Extra, Pipe, Proposal, Quiet
from briefing.demo.work import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something can be planted."""

    seed: int
    people: People
    first: date
    last: date
    scale: int

    def companies(self, draw: Chance, *, channel: bool = False) -> list[Company]:
        """Firms of which nothing else is told in these days, in random order: prospects kept for this, and clients."""
        clients = [c for c in self.people.clients if c.part == "sales" and c.name != "Northwind"]
        if channel:
            return draw.some_of([client for client in clients if client.channel], 99)
        prospects = self.people.prospects[len(self.people.prospects) // 2 :]
        return draw.some_of([*clients, *prospects], 999)


Plant = Callable[[Place, Chance, str, Company, date], Pipe]


def plants(place: Place) -> Iterator[Pipe]:
    """Every plant of sales, one after another through the world's days, each with a firm that has no other then."""
    busy: dict[str, list[Quiet]] = {}
    for name, plant, gap in PLANTS:
        days = walk(stream(place.seed, "plant", name), (place.last - place.first).days, gap / place.scale)
        for number, after in enumerate(days, 1):
            day = on_workday(plus(place.first, after))
            firms = place.companies(stream(place.seed, "firm", name, number), channel=name == "slack")
            for company in firms[:25]:
                draw = stream(place.seed, "plant", name, number)
                pipe = plant(place, draw, f"{name[:2].upper()}{number:03d}", company, day)
                if not any(overlaps(one, other) for one in pipe.quiet for other in busy.get(one.company, ())):
                    busy.setdefault(company.name, []).extend(pipe.quiet)
                    yield pipe
                    break


def overlaps(one: Quiet, other: Quiet) -> bool:
    """Whether two stretches share a day."""
    return one.first <= other.last and other.first <= one.last


def contacts(draw: Chance, created: date, ended: date) -> Iterator[date]:
    """Days on which the seller was in touch: every workday or every second one."""
    day = created
    while day < ended:
        yield day
        day = plus_workdays(day, draw.between(1, 2))


# --- proposals -----------------------------------------------------------------------------------------------------


def silent(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """Viewed, and then silence for anything from a day to several weeks."""
    return _proposal(draw, id, company, day, silence=draw.span(7, least=1, most=24))


def answered_by_mail(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """Somebody of the client wrote, from another address than the recipient's where there is one."""
    pipe = _proposal(draw, id, company, day, silence=draw.between(7, 14), kind="answered by mail")
    return _with_answer(pipe, draw, "mail")


def answered_in_slack(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """The answer stands in the client's channel."""
    pipe = _proposal(draw, id, company, day, silence=draw.between(7, 14), kind="answered in Slack")
    return _with_answer(pipe, draw, "slack" if company.channel else "mail")


def met_since(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """There was a meeting with the recipient after the view."""
    pipe = _proposal(draw, id, company, day, silence=draw.between(7, 14), kind="a meeting since")
    return _with_answer(pipe, draw, "meeting")


def called_since(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """The sales tool has a contact after the view."""
    pipe = _proposal(draw, id, company, day, silence=draw.between(7, 14), kind="contact logged since")
    (proposal,), (deal,) = pipe.proposals, pipe.deals
    called = plus_workdays(day, 1)
    answered = replace(proposal, answers=(moment(called, 12), *proposal.answers))
    return replace(pipe, proposals=(answered,), deals=(replace(deal, contacts=(*deal.contacts, called)),))


def expired(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """Viewed and run out: it is no longer open."""
    pipe = _proposal(draw, id, company, day, silence=draw.between(2, 4), kind="expired")
    (proposal,) = pipe.proposals
    assert proposal.ended is not None
    gone = replace(proposal, end="expired", expires=proposal.ended.date(), answers=())
    first = plus(proposal.ended.date(), 1)
    label = Label(rule="proposal-viewed", id=proposal.id, kind="expired", first=first, last=plus(first, 12))
    return replace(pipe, proposals=(gone,), labels=(label,))


def accepted(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """Viewed and accepted days ago."""
    pipe = _proposal(draw, id, company, day, silence=1, kind="accepted")
    (proposal,) = pipe.proposals
    first = plus(day, 2)
    label = Label(rule="proposal-viewed", id=proposal.id, kind="accepted", first=first, last=plus(first, 12))
    return replace(pipe, proposals=(replace(proposal, end="accepted"),), labels=(label,))


def _proposal(draw: Chance, id: str, company: Company, viewed: date, *, silence: int, kind: str = "") -> Pipe:
    """A proposal first viewed on a day, with its deal, ended some days of silence later."""
    ended = later(moment(plus(viewed, silence), draw.between(9, 17), draw.between(0, 59)), 0)
    sent = moment(plus_workdays(viewed, -draw.between(1, 4)), 15, draw.between(0, 59))
    opened = moment(viewed, draw.between(8, 18), draw.between(0, 59))
    again = [opened + timedelta(hours=draw.between(1, 60)) for _ in range(draw.between(0, 3))]
    service = draw.one_of(names.SERVICES)
    proposal = Proposal(
        id=f"Q-{id}", name=f"{company.name} {service} proposal", company=company, owner=company.owner,
        amount=draw.between(6, 140) * 500, recipient=company.contacts[0], created=plus(sent.date(), -5), sent=sent,
        expires=plus(viewed, 40), deal=f"D-{id}", views=tuple(sorted([opened, *again])), answers=(ended,),
        ended=ended, end="accepted" if draw.chance(0.5) else "declined",
    )  # fmt: skip
    begun = plus_workdays(viewed, -12)
    deal = Deal(
        id=f"D-{id}", name=f"{company.name} {service}", company=company, owner=company.owner, created=begun,
        amount=proposal.amount, stages=((begun, "Proposal"),), closes=((begun, plus(ended.date(), 20)),),
        contacts=(plus_workdays(viewed, -8), on_workday(sent.date())),
        # The seller has a date to follow up: the silence is the proposal's matter, not the deal's.
        planned=((begun, plus(ended.date(), 2)),), ended=plus(ended.date(), 1), won=proposal.end == "accepted",
    )  # fmt: skip
    label = Label(
        rule="proposal-viewed", id=proposal.id, kind=kind,
        first=plus(viewed, 2) if kind else None, last=ended.date() if kind else None,
    )  # fmt: skip
    return Pipe(
        proposals=(proposal,), deals=(deal,), labels=(label,),
        quiet=(Quiet(company=company.name, first=plus(viewed, -1), last=plus(ended.date(), 3)),),
    )  # fmt: skip


ANSWERS = (
    "We looked at the proposal, thank you. We would like to talk about phase two before we sign, next week?",
    "Thanks for sending this over. Our board meets on the 12th, you will hear from us after that.",
    "The numbers look fine. Could the second part start a month later?",
    "We have read it. Two questions on the scope, I will send them on Monday.",
)


def _with_answer(pipe: Pipe, draw: Chance, medium: Literal["mail", "slack", "meeting"]) -> Pipe:
    (proposal,) = pipe.proposals
    viewed = proposal.views[0]
    at = later(viewed, draw.between(200, 560))
    if medium == "meeting":
        at = moment(plus_workdays(viewed.date(), 1), 14)
    company = proposal.company
    outside = company.contacts[-1] if medium == "mail" else proposal.recipient
    extra = Extra(
        medium=medium, company=company, outside=outside, inside=proposal.owner, at=at,
        text=draw.one_of(ANSWERS), subject=f"Re: {proposal.name}",
    )  # fmt: skip
    answered = replace(proposal, answers=(at, *proposal.answers))
    return replace(pipe, proposals=(answered,), extras=(extra,))


# --- deals ---------------------------------------------------------------------------------------------------------


def idle(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """Nobody is in touch any more, for anything from days to weeks, and nothing is planned."""
    ended = plus(day, draw.span(16, least=3, most=50))
    deal = _deal(draw, id, company, day, ended, closes=plus(ended, 25))
    return _one(deal, Label(rule="deal-idle", id=deal.id), day, ended)


def planned(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """Nobody is in touch, because both agreed on a later date that stands in the tool."""
    ended = plus(day, draw.between(16, 30))
    deal = _deal(draw, id, company, day, ended, closes=plus(ended, 25))
    deal = replace(deal, planned=((day, on_workday(plus(ended, 1))),))
    return _one(deal, Label(rule="deal-idle", id=deal.id, kind="next activity planned", first=plus(day, 5)), day, ended)


def mailed(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """The tool has no contact for weeks; the mailbox has one every few days."""
    ended = plus(day, draw.between(18, 28))
    deal = _deal(draw, id, company, day, ended, closes=plus(ended, 25))
    extras = tuple(_unlogged(draw, deal, day, ended))
    deal = replace(deal, unlogged=tuple(extra.at for extra in extras))
    label = Label(rule="deal-idle", id=deal.id, kind="contact by mail", first=plus(day, 6), last=ended)
    return replace(_one(deal, label, day, ended), extras=extras)


def lost(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """Silent and closed; its closing date is past as well."""
    ended = plus(day, 2)
    deal = _deal(draw, id, company, day, ended, closes=plus(day, 5))
    deal = replace(deal, won=draw.chance(0.5))
    first, last = plus(day, 8), plus(day, 30)
    labels = tuple(
        Label(rule=rule, id=deal.id, kind="won or lost", first=first, last=last)
        for rule in ("deal-idle", "deal-close-passed")
    )
    return replace(_one(deal, labels[0], day, ended), labels=labels)


def passed(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """The closing date passes, for anything from a day to weeks, while the seller is in touch."""
    ended = plus(day, draw.span(8, least=1, most=30))
    deal = _deal(draw, id, company, plus(ended, 12), plus(ended, 14), closes=day, created=plus(day, -30))
    deal = replace(deal, closes=(*deal.closes, (ended, plus(ended, 30))))
    today = Label(rule="deal-close-passed", id=deal.id, kind="closes today", first=day, last=day)
    moved = Label(rule="deal-close-passed", id=deal.id, kind="date moved", first=plus(ended, 1), last=plus(ended, 5))
    pipe = _one(deal, Label(rule="deal-close-passed", id=deal.id), day, ended)
    return replace(pipe, labels=(*pipe.labels, today, moved))


def undated(place: Place, draw: Chance, id: str, company: Company, day: date) -> Pipe:
    """No closing date at all."""
    ended = plus(day, 20)
    deal = _deal(draw, id, company, ended, ended, closes=None, created=plus(day, -5))
    return _one(deal, Label(rule="deal-close-passed", id=deal.id, kind="no closing date"), day, ended)


def _deal(
    draw: Chance, id: str, company: Company, quiet_from: date, ended: date, *, closes: date | None,
    created: date | None = None,
) -> Deal:  # fmt: skip
    """A deal with contacts up to a day and none from then on."""
    created = created or plus(quiet_from, -draw.between(15, 40))
    logged = [day for day in contacts(draw, on_workday(created), quiet_from) if day < quiet_from]
    stage = draw.one_of(("Qualified", "Proposal", "Negotiation"))
    return Deal(
        id=f"D-{id}", name=f"{company.name} {draw.one_of(names.SERVICES)}", company=company, owner=company.owner,
        created=created, amount=draw.between(8, 160) * 500, stages=((created, stage),), closes=((created, closes),),
        contacts=(*logged, quiet_from), ended=ended,
    )  # fmt: skip


def _one(deal: Deal, label: Label, first: date, last: date) -> Pipe:
    quiet = Quiet(company=deal.company.name, first=plus(first, -2), last=plus(last, 3))
    return Pipe(deals=(deal,), labels=(label,), quiet=(quiet,))


def _unlogged(draw: Chance, deal: Deal, day: date, ended: date) -> Iterator[Extra]:
    at = plus_workdays(day, 2)
    while at <= ended:
        yield Extra(
            medium="mail", company=deal.company, outside=deal.company.contacts[0], inside=deal.owner,
            at=moment(at, draw.between(9, 16), draw.between(0, 59)), subject=f"Re: {deal.name}",
            text=draw.one_of(TALK),
        )  # fmt: skip
        at = plus_workdays(at, draw.between(1, 2))


TALK = (
    "Thanks, we are still with our legal people. They want to see the second version first.",
    "We will decide in the new quarter, everything as discussed.",
    "Our side has signed off on the scope. The budget round is next.",
    "I spoke with our director today, she likes the second option.",
)

PLANTS: tuple[tuple[str, Plant, float], ...] = (
    ("viewed", silent, 3.5),
    ("mail", answered_by_mail, 12),
    ("slack", answered_in_slack, 12),
    ("met", met_since, 14),
    ("called", called_since, 14),
    ("expired", expired, 16),
    ("accepted", accepted, 14),
    ("idle", idle, 5),
    ("planned", planned, 18),
    ("by mail", mailed, 16),
    ("lost", lost, 12),
    ("passed", passed, 6),
    ("undated", undated, 30),
)
"""Name, what it plants, mean days between two at scale 1. First two letters differ: they make ids."""


def smaller(pipe: Pipe) -> Pipe:
    """The same with no proposal above 30,000: on the known morning Northwind's is the largest."""
    return replace(pipe, proposals=tuple(replace(one, amount=min(one.amount, 30_000)) for one in pipe.proposals))


def northwind(people: People, today: date) -> Pipe:
    """The third of the known sentences: Northwind retainer proposal, viewed six days ago, no answer, $48,000."""
    company, owner = people.client_named("Northwind"), people.staff_named("Marco")
    viewed, ended = plus(today, -6), plus(today, 9)
    opened = moment(viewed, 10, 12)
    proposal = Proposal(
        id="Q-NORTHWIND", name="Northwind retainer proposal", company=company, owner=owner, amount=48_000,
        recipient=company.contacts[0], created=plus(viewed, -9), sent=moment(plus(viewed, -2), 15, 40),
        expires=plus(today, 25), deal="D-NORTHWIND", views=(*_views(opened, today),), answers=(moment(ended, 15),),
        ended=moment(ended, 15, 5),
    )  # fmt: skip
    begun = plus(viewed, -25)
    deal = Deal(
        id="D-NORTHWIND", name="Northwind retainer", company=company, owner=owner, created=begun, amount=48_000,
        stages=((begun, "Qualified"), (plus(viewed, -9), "Proposal")), closes=((begun, plus(today, 30)),),
        contacts=(plus(viewed, -12), plus(viewed, -2)), planned=((begun, plus(today, 10)),), ended=ended, won=True,
    )  # fmt: skip
    label = Label(rule="proposal-viewed", id=proposal.id)
    quiet = Quiet(company=company.name, first=plus(viewed, -1), last=plus(ended, 2))
    return Pipe(proposals=(proposal,), deals=(deal,), labels=(label,), quiet=(quiet,))


def _views(opened: datetime, today: date) -> Iterator[datetime]:
    yield opened
    yield opened + timedelta(hours=5)
    yield moment(plus(today, -4), 9, 30)
    yield moment(plus(today, -2), 16, 20)
