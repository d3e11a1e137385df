"""Contracts with their periods, tickets and requests of the simulated agency, as Accelo keeps them on one morning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, partial

from briefing.demo.chance import fixed
from briefing.demo.days import moment, plus
from briefing.demo.people import Company
from briefing.demo.retainers import RATE, Agreement, Period
from briefing.demo.server import accelo_tables as offers
from briefing.demo.server.accelo_query import Cell, Link, Row
from briefing.demo.server.accelo_shared import Make, Shared, titled
from briefing.demo.tickets import PRIORITIES, TYPES, Ticket

HOUR = 3600
COLORS = ("grey", "blue", "yellow", "orange", "red")
CONTRACT_TYPES = ("Retainer", "Hosting")


class SupportRows(Shared):
    """What clients buy by the month, and what they ask for."""

    def makes(self) -> Iterator[Make]:
        """Each resource with how its rows are made."""
        yield offers.CONTRACTS, lambda: map(self._contract, self._agreements)
        yield offers.PERIODS, lambda: map(self._period, self._periods)
        yield offers.CONTRACT_BUDGETS, lambda: map(self._budget, self._periods)
        yield offers.types("contracts", within="types"), lambda: titled(CONTRACT_TYPES)
        yield offers.ISSUES, lambda: map(self._issue, self.world.tickets.at(self.morning))
        yield offers.types("issues"), lambda: titled(TYPES)
        yield offers.ISSUE_PRIORITIES, _priorities
        yield offers.REQUESTS, self._requests
        yield offers.types("requests", within="request_types"), partial(titled, ("E-mail", "Web form"))

    # --- contracts ----------------------------------------------------------------------------------------------------

    @cached_property
    def _agreements(self) -> list[Agreement]:
        return [one for one in self.world.retainers.agreements if one.known < self.morning]

    @cached_property
    def _periods(self) -> list[Period]:
        """All that have begun; the next one is there some days before."""
        soon = plus(self.morning, 3)
        return [one for one in self.world.retainers.periods.values() if one.starts <= soon]

    def _client(self, name: str) -> Company:
        return self.world.people.client_named(name)

    def _contract(self, agreement: Agreement) -> Row:
        company = self._client(agreement.client)
        client, number = self.id("company", company.id), self.id("contract", agreement.id)
        standing = {"pending": "pending", "active": "active", "expired": "cancelled"}[agreement.state(self.morning)]
        status, word = self.status("contracts", standing)
        last = max((one.ends for one in self._periods if one.agreement is agreement), default=None)
        contact = Link("affiliations", self.id("affiliation", company.contacts[0].email))
        return {
            "id": number, "title": agreement.title, "period_template_id": str(fixed(agreement.id, "template") % 5 + 1),
            "date_created": self.at(agreement.known, agreement.id, "created"),
            "date_started": self.noon(agreement.starts), "date_expires": self.noon(agreement.ends),
            "date_period_expires": self.noon(last), "against_type": "company", "against_id": client,
            "against": f"companies/{client}", "value": f"{12 * agreement.fee}.00",
            "auto_renew": "yes" if agreement.renews else "no", "renew_days": "0", "send_invoice": "no", "notes": "",
            "owner_affiliation": contact, "billable_affiliation": contact,
            "contract_type": Link("contracts/types", "1"), "manager": self.human(agreement.manager),
            "status": status, "standing": word, "job": Link("jobs", None),
            "company": Link("companies", client),
            "date_last_interacted": self.at(agreement.known, agreement.id, "interacted"),
            "breadcrumbs": ({"id": client, "table": "company", "title": company.name},),
        }  # fmt: skip

    def _period(self, period: Period) -> Row:
        agreement, number = period.agreement, self.id("period", period.id)
        contract = self.id("contract", agreement.id)
        closed = period.state(self.morning) == "closed"
        word = {"hours": "fixed_hours", "value": "fixed_value", "unlimited": "unlimited_hours"}[agreement.allows]
        return {
            "id": number, "contract": f"contracts/{contract}", "contract_id": contract,
            "standing": "closed" if closed else "opened", "budget_type": "pre-paid",
            "allowance_type": word.replace("_", self.settings.allowance_words),
            "duration_type": "fixed", "rollover": "yes" if agreement.rollover else "no", "rate_type": "object",
            "rate_id": "18", "service_item_id": "381",
            "date_created": self.at(plus(period.starts, -4), period.id, "created"),
            "date_commenced": self.noon(period.starts), "date_expires": self.noon(period.ends),
            "date_closed": self.at(period.closed, period.id, "closed") if closed else None,
            "contract_budget": Link("contract_budgets", number), **self._older(period),
        }  # fmt: skip

    def _older(self, period: Period) -> Mapping[str, Cell]:
        """What only the older documentation has: what is allowed, what was used of it."""
        agreement = period.agreement
        used, open_ = period.used(self.morning), period.unapproved(self.morning)
        value = agreement.allows == "value"
        unit = RATE if value else HOUR
        counts = {"wiki": ("time", "currency"), "live": ("hours", "value")}[self.settings.period_types][value]
        limit = 0 if agreement.allows == "unlimited" else agreement.hours
        share = used / limit if limit else 0.0
        text = _money if value else _seconds
        return {
            "allowance": {
                "billable": _seconds(0 if value else limit * HOUR), "charged": _money(limit * RATE if value else 0),
            },
            "budget": {"type": counts, "value": text(limit * unit)},
            "budget_used": {"type": counts, "value": text(used * unit)},
            "unapproved_budget_used": text(open_ * unit), "on_budget": int(not limit or used <= limit),
            "overflow": _money(max(used - limit, 0) * RATE if limit else 0),
            "usage": f"{share:.4f}" if self.settings.usage == "share" else f"{100 * share:.2f}",
            "total": _money(agreement.fee), "price": _money(agreement.fee),
        }  # fmt: skip

    def _budget(self, period: Period) -> Row:
        agreement, used = period.agreement, period.used(self.morning)
        number = self.id("period", period.id)
        return {
            "id": number, "against_type": "contract_period", "against_id": number, "value": _money(agreement.fee),
            "time": _seconds(used * HOUR), "time_charged": _money(used * RATE), "product_charged": _money(0),
        }  # fmt: skip

    # --- tickets ------------------------------------------------------------------------------------------------------

    def _issue(self, ticket: Ticket) -> Row:
        company, state = self._client(ticket.client), ticket.state(self.morning)
        ended = state in {"done", "cancelled"}
        done = "resolved" if fixed(ticket.id, "end") < 5_000 else "closed"
        standing = {"new": "submitted", "open": "open", "done": done, "cancelled": "inactive"}[state]
        status, word = self.status("issues", standing)
        client, submitted = self.id("company", company.id), self.instant(ticket.opened)
        due = str(int(ticket.due_at.timestamp())) if ticket.due_at else self.midnight(ticket.due)
        factor = dict(PRIORITIES)[ticket.priority]
        asked = Link("affiliations", self.id("affiliation", ticket.contact.email))
        end = self.instant(ticket.ended) if ended else None
        touched = end or self.instant(ticket.taken) or submitted
        return {
            "id": self.id("issue", ticket.id), "title": ticket.title, "custom_id": None, "description": "",
            "against_type": "company", "against_id": client, "against": f"companies/{client}",
            "issue_type": Link("issues/types", str(TYPES.index(ticket.type) + 1)), "affiliation": asked,
            "class": Link("issues/classes", None), "issue_priority": Link("issues/priorities", str(6 - factor)),
            "resolution": Link("issues/resolutions", None), "resolution_detail": None, "status": status,
            "standing": word, "date_submitted": submitted, "submitted_by": Link("staff", None),
            "date_opened": self.instant(ticket.taken) if state != "new" else None,
            "opened_by": self.human(ticket.assignee(self.morning)),
            "date_started": self.midnight(ticket.opened.date()), "date_due": due,
            "date_resolved": end if standing == "resolved" else None, "resolved_by": Link("staff", None),
            "date_closed": end if standing == "closed" else None, "closed_by": Link("staff", None),
            "date_last_interacted": touched, "date_modified": touched, "referrer_type": None, "referrer_id": None,
            "billable_seconds": str(fixed(ticket.id, "billed") % 12 * 900 if ended else 0),
            "company": Link("companies", client), "assignee": self.human(ticket.assignee(self.morning)),
            "contract": Link("contracts", self._contracts.get(ticket.client)),
            "issue_object_budget": Link("object_budgets", None),
            "breadcrumbs": ({"id": client, "table": "company", "title": company.name},),
        }  # fmt: skip

    @cached_property
    def _contracts(self) -> dict[str, str]:
        """One running contract of each client that has one."""
        running = [one for one in self._agreements if one.state(self.morning) == "active"]
        return {one.client: self.id("contract", one.id) for one in running}

    def _requests(self) -> Iterator[Row]:
        """What came in since yesterday and is no ticket yet: one of each dozen."""
        since = moment(plus(self.morning, -1))
        new = [one for one in self.world.tickets.at(self.morning) if one.opened >= since]
        for number, ticket in enumerate(one for one in new if fixed(one.id, "request") < 2_500):
            yield {
                "id": str(1201 + number), "title": ticket.title, "body": "", "standing": "pending",
                "date_created": self.instant(ticket.opened), "date_modified": self.instant(ticket.opened),
                "request_type": Link("requests/types", "1"), "request_priority": Link("requests/priorities", None),
                "claimer": Link("staff", None), "source": "email", "lead_id": "0",
                "affiliation": Link("affiliations", self.id("affiliation", ticket.contact.email)),
            }  # fmt: skip


def _priorities() -> Iterator[Row]:
    for title, factor in reversed(PRIORITIES):
        yield {"id": str(6 - factor), "title": title, "color": COLORS[factor - 1], "factor": str(factor)}


def _seconds(value: float) -> str:
    return str(round(value))


def _money(value: float) -> str:
    return f"{value:.2f}"
