"""Sales in the simulated agency: the ordinary pipeline, and what holds of deals and proposals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property, lru_cache

from briefing.demo import names, sales_plants
from briefing.demo.chance import Chance, stream
from briefing.demo.days import later, moment, on_workday, plus, plus_workdays, workdays_since
from briefing.demo.people import Company, People
from briefing.demo.pipeline import STAGES, Deal, Pipe, Proposal, joined
from briefing.demo.planted import NearMiss, Planted
from briefing.demo.work import Label

DEALS_KEPT, PROPOSALS_KEPT = 40, 14
"""Days for which the two exports still list what is closed."""

DEAL_SLOTS, PROPOSAL_SLOTS = 9, 5


class Sales:
    """The whole pipeline of one world."""

    def __init__(
        self, seed: int, people: People, first: date, last: date, scale: int = 1, showcase: date | None = None
    ) -> None:
        self.seed, self.people, self.first, self.last, self.scale = seed, people, first, last, scale
        self.showcase = showcase

    @cached_property
    def all(self) -> Pipe:
        """Ordinary deals and proposals, and what was planted."""
        deals = tuple(deal for slot in range(DEAL_SLOTS * self.scale) for deal in self._deals(slot))
        proposals = tuple(p for slot in range(PROPOSAL_SLOTS * self.scale) for p in self._proposals(slot))
        place = sales_plants.Place(
            seed=self.seed, people=self.people, first=self.first, last=self.last, scale=self.scale
        )
        parts = [Pipe(deals=deals, proposals=proposals), *sales_plants.plants(place)]
        if self.showcase is not None:
            parts = [sales_plants.smaller(part) for part in parts]
            parts.append(sales_plants.northwind(self.people, self.showcase))
        return joined(*parts)

    @cached_property
    def deals(self) -> dict[str, Deal]:
        """Every deal by its id."""
        return {deal.id: deal for deal in self.all.deals}

    @cached_property
    def proposals(self) -> dict[str, Proposal]:
        """Every proposal by its id."""
        return {proposal.id: proposal for proposal in self.all.proposals}

    @lru_cache(maxsize=4)  # noqa: B019  (a world lives as long as its process)
    def at(self, morning: date) -> Pipe:
        """What the two tools list on a morning."""
        deals_from, proposals_from = plus(morning, -DEALS_KEPT), plus(morning, -PROPOSALS_KEPT)
        return Pipe(
            deals=tuple(
                deal
                for deal in self.all.deals
                if deal.created < morning and not (deal.ended and deal.ended < deals_from)
            ),
            proposals=tuple(
                proposal
                for proposal in self.all.proposals
                if proposal.created < morning and not (proposal.ended and proposal.ended.date() < proposals_from)
            ),
        )

    # --- what holds -------------------------------------------------------------------------------------------------

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether the rule's sentence about this id holds on a morning; None for a rule of another subject."""
        if rule == "proposal-viewed":
            proposal = self.proposals.get(id)
            return proposal is not None and proposal.created < morning and proposal.unanswered(morning)
        deal = self.deals.get(id)
        listed = deal is not None and deal.created < morning and deal.state(morning) == "open"
        if rule == "deal-idle":
            return deal is not None and listed and self.idle(deal, morning) >= 5 and not deal.next_activity(morning)
        if rule == "deal-close-passed":
            return deal is not None and listed and self.overrun(deal, morning) > 0
        return None

    @staticmethod
    def idle(deal: Deal, morning: date) -> int:
        """Days since anybody was in touch."""
        return (morning - deal.touched(morning)).days

    @staticmethod
    def overrun(deal: Deal, morning: date) -> int:
        """Days since the closing date passed; 0 when it did not."""
        expected = deal.expected(morning)
        return max((morning - expected).days, 0) if expected else 0

    def matters(self, morning: date) -> Iterator[Planted]:
        """What stands on a morning: silent proposals, whoever planted them, and planted deals."""
        for proposal in self.at(morning).proposals:
            viewed = proposal.viewed(morning)
            if viewed and proposal.unanswered(morning) and (morning - viewed.date()).days >= 2:
                yield self._viewed(proposal, morning)
        for label in self.all.labels:
            planted = not label.kind and label.covers(morning) and label.id in self.deals
            if not planted or not self.is_true(label.rule, label.id, morning):
                continue
            deal = self.deals[label.id]
            if label.rule == "deal-idle":
                # Nobody agrees when silence begins; after two weeks everybody does.
                yield _about(label, deal, since=deal.touched(morning), grey=self.idle(deal, morning) < 15)
            else:
                passed = deal.expected(morning)
                assert passed is not None
                yield _about(label, deal, since=passed, grey=workdays_since(passed, morning) < 2)

    def near_misses(self, morning: date) -> Iterator[NearMiss]:
        """Things that look like matters on a morning and are none."""
        pipe = self.at(morning)
        listed = {deal.id for deal in pipe.deals} | {proposal.id for proposal in pipe.proposals}
        for label in self.all.labels:
            if not label.kind or not label.covers(morning) or label.id not in listed:
                continue
            if not self.is_true(label.rule, label.id, morning):
                yield NearMiss(rule=label.rule, id=label.id, kind=label.kind, client=self._company(label.id))
        for proposal in pipe.proposals:
            viewed = proposal.viewed(morning)
            if viewed and proposal.state(morning) == "viewed" and (morning - viewed.date()).days <= 1:
                yield NearMiss(
                    rule="proposal-viewed", id=proposal.id, kind="viewed yesterday", client=proposal.company.name
                )

    def _viewed(self, proposal: Proposal, morning: date) -> Planted:
        viewed = proposal.viewed(morning)
        assert viewed is not None
        # Four days is what the agency calls long; a day or two is no matter, between them it may be told.
        days = (morning - viewed.date()).days
        return Planted(
            rule="proposal-viewed", id=proposal.id, client=proposal.company.name, since=viewed.date(), grey=days < 4
        )

    def _company(self, id: str) -> str:
        record = self.deals.get(id) or self.proposals[id]
        return record.company.name

    # --- the ordinary pipeline --------------------------------------------------------------------------------------

    def _company_of(self, number: int) -> Company:
        # The second half of the prospects is kept for what is planted.
        usable = len(self.people.prospects) // 2
        return self.people.prospects[number % usable]

    def _deals(self, slot: int) -> Iterator[Deal]:
        draw = stream(self.seed, "deals", slot)
        created, number = plus(self.first, -draw.between(0, 60)), 0
        while created < self.last:
            deal = self._deal(f"D-{2000 + slot * 10 + number}", self._company_of(slot + number * 11), created, draw)
            yield deal
            assert deal.ended is not None
            created, number = plus(deal.ended, draw.between(1, 5)), number + 1

    def _deal(self, id: str, company: Company, created: date, draw: Chance) -> Deal:
        created = on_workday(created)
        ended = on_workday(plus(created, draw.between(24, 70)))
        contacts = list(sales_plants.contacts(draw, created, ended))
        pace = (ended - created).days // len(STAGES)
        dated, tidy = not draw.chance(0.08), draw.chance(0.7)
        return Deal(
            id=id, name=f"{company.name} {draw.one_of(names.SERVICES)}", company=company, owner=company.owner,
            created=plus(created, -1), amount=None if draw.chance(0.15) else draw.between(6, 160) * 500,
            stages=tuple((plus(created, step * pace - 1), stage) for step, stage in enumerate(STAGES)),
            closes=tuple(_closing_dates(draw, created, ended)) if dated else ((plus(created, -1), None),),
            contacts=tuple(contacts),
            planned=tuple((contact, after) for contact, after in zip(contacts, [*contacts[1:], ended], strict=True))
            if tidy
            else (),
            ended=ended, won=draw.chance(0.4),
        )  # fmt: skip

    def _proposals(self, slot: int) -> Iterator[Proposal]:
        draw = stream(self.seed, "proposals", slot)
        created, number = plus(self.first, -draw.between(0, 20)), 0
        while created < self.last:
            proposal = self._proposal(f"Q-{500 + slot * 20 + number}", created, draw, slot * 3 + number)
            yield proposal
            assert proposal.ended is not None
            created, number = plus(proposal.ended.date(), draw.between(1, 6)), number + 1

    def _proposal(self, id: str, created: date, draw: Chance, number: int) -> Proposal:
        """Written in some days, opened some days after it was sent, answered within a workday of the first view."""
        company = self._company_of(number)
        written = plus_workdays(created, draw.between(2, 6))
        sent = moment(written, draw.between(9, 17), draw.between(0, 59))
        opened = later(sent, draw.between(60, 1900))
        ended = later(opened, draw.between(5, 400))
        return Proposal(
            id=id, name=f"{company.name} {draw.one_of(names.SERVICES)} proposal", company=company,
            owner=company.owner, amount=draw.between(6, 120) * 500, recipient=company.contacts[0], created=created,
            sent=sent, expires=plus(written, 30), views=(opened,), answers=(ended,), ended=ended,
            end="accepted" if draw.chance(0.6) else "declined",
        )  # fmt: skip


def _closing_dates(draw: Chance, created: date, ended: date) -> Iterator[tuple[date, date | None]]:
    """A seller who moves the date before it passes."""
    expected, since = plus(created, draw.between(18, 50)), plus(created, -1)
    yield since, expected
    while expected <= ended:
        since = plus(expected, -draw.between(2, 4))
        expected = plus(expected, draw.between(8, 30))
        yield since, expected


def _about(label: Label, deal: Deal, *, since: date, grey: bool) -> Planted:
    return Planted(rule=label.rule, id=label.id, client=deal.company.name, since=since, grey=grey)
