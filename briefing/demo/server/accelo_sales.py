"""Prospects and quotes of the simulated agency, as a deployment that does its sales in Accelo keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from briefing.demo.pipeline import STAGES, Deal, Pipe, Proposal
from briefing.demo.server import accelo_tables as offers
from briefing.demo.server.accelo_query import Link, Row
from briefing.demo.server.accelo_shared import Make, Shared, titled

SHARES = (0.1, 0.25, 0.6, 0.8)
"""How far a sale has come in each stage."""

TITLES: Mapping[str, tuple[str, str]] = {
    "Lead": ("unassigned", "New"), "Qualified": ("active", "Qualified"), "Proposal": ("active", "Quoted"),
    "Negotiation": ("active", "Negotiating"), "Closed won": ("won", "Won"), "Closed lost": ("lost", "Lost"),
}  # fmt: skip
"""Standing and status of each stage of the agency's pipeline. A lead has an owner all the same: titles are free."""

QUOTES: Mapping[str, str] = {
    "draft": "draft", "sent": "published", "viewed": "published", "accepted": "accepted", "declined": "declined",
    "expired": "inactive",
}  # fmt: skip
"""Accelo does not know whether a quote was looked at."""


class SalesRows(Shared):
    """What may become work."""

    def makes(self) -> Iterator[Make]:
        """Each resource with how its rows are made."""
        yield offers.PROSPECTS, lambda: map(self._prospect, self._pipe.deals)
        yield offers.types("prospects"), lambda: titled(("New business", "Existing client"))
        yield offers.PROBABILITIES, _probabilities
        yield offers.QUOTES, lambda: map(self._quote, self._pipe.proposals)
        yield offers.HISTORY, self._history

    @property
    def _pipe(self) -> Pipe:
        return self.world.sales.at(self.morning)

    def _prospect(self, deal: Deal) -> Row:
        stage = deal.stage(self.morning)
        status, word = self.status("prospects", *TITLES[stage])
        level = STAGES.index(stage) if stage in STAGES else 3
        share = SHARES[level] if stage in STAGES else 1.0 if stage == "Closed won" else 0.0
        contact = deal.company.contacts[0]
        touched = max([deal.created, *(day for day in deal.contacts if day < self.morning)])
        amount = deal.amount or 0
        owner = self.human(deal.owner)
        ended = {"Closed won": "won_by_id", "Closed lost": "cancelled_by_id"}.get(stage, "")
        return {
            "id": self.id("prospect", deal.id), "title": deal.name, "standing": word, "status": status,
            "date_created": self.at(deal.created, deal.id, "created"),
            "date_actioned": self.midnight(deal.ended) if stage not in STAGES else None,
            "date_due": self.midnight(deal.expected(self.morning)),
            "date_last_interacted": self.at(touched, deal.id, "interacted"),
            "date_modified": self.at(touched, deal.id, "modified"), "weighting": str(level + 1),
            "value": f"{amount:.2f}", "success": "yes" if stage == "Closed won" else "no", "comments": "",
            "progress": f"{share:.4f}", "value_weighted": f"{amount * share:.2f}", "staff_bookmarked": "0",
            **{name: owner.id if name == ended else None for name in offers.ENDINGS},
            "contact": Link("contacts", self.id("contact", contact.email)), "manager": owner,
            "prospect_type": Link("prospects/types", "2" if deal.company.is_client else "1"),
            "prospect_probability": Link("prospects/probabilities", str(level + 1)),
            "affiliation": Link("affiliations", self.id("affiliation", contact.email)),
            "company": Link("companies", self.id("company", deal.company.id)),
        }  # fmt: skip

    def _quote(self, proposal: Proposal) -> Row:
        status, word = self.status("quotes", QUOTES[proposal.state(self.morning)])
        company = self.id("company", proposal.company.id)
        against = ("prospect", self.id("prospect", proposal.deal)) if proposal.deal else ("company", company)
        owner = self.human(proposal.owner)
        asked = Link("affiliations", self.id("affiliation", proposal.recipient.email))
        price = f"{proposal.amount:.2f}"
        return {
            "id": self.id("quote", proposal.id), "title": proposal.name, "standing": word, "status": status,
            "status_id": status.id, "against_type": against[0], "against_id": against[1],
            "against": f"{against[0]}s/{against[1]}", "notes": "", "portal_access": "0" if word == "draft" else "1",
            "affiliation": asked, "affiliation_id": asked.id,
            "date_created": self.at(proposal.created, proposal.id, "created"),
            "date_expiry": self.noon(proposal.expires), "manager": owner, "manager_id": owner.id, "created_by": owner,
            "created_by_staff_id": owner.id, "introduction": "", "conclusion": "", "terms": "",
            "service_price_total": price, "service_time_total": "0", "material_price_total": "0.00",
            "total_price": price,
        }  # fmt: skip

    def _history(self) -> Iterator[Row]:
        """When which sale came to which status; quotes have no such history."""
        moved = [
            (since, stage, deal)
            for deal in self._pipe.deals
            for since, stage in deal.stages
            if since < self.morning
        ]  # fmt: skip
        for number, (since, stage, deal) in enumerate(sorted(moved, key=lambda one: (one[0], one[2].id, one[1]))):
            status, _ = self.status("prospects", *TITLES[stage])
            yield {
                "id": str(40_101 + number), "to_id": status.id, "to_title": TITLES[stage][1],
                "against_type": "prospect", "against_id": self.id("prospect", deal.id),
                "modified_by": self.human(deal.owner), "date_modified": self.at(since, deal.id, stage),
            }  # fmt: skip


def _probabilities() -> Iterator[Row]:
    for place, share in enumerate(SHARES, 1):
        yield {"id": str(place), "title": f"{share:.0%}", "value": f"{share:.4f}"}
