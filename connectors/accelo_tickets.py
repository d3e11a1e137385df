"""Accelo's issues as tickets: everything that is not resolved, closed or inactive (accelo.md sections 8.8 and 9.i)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Literal

from briefing.facts import Party, Ref, Ticket
from briefing.reading.text import NAME
from connectors.accelo_api import Api, Listing
from connectors.accelo_facts import Shapes, against_of, needed_id, party_of, state_of, title_of
from connectors.accelo_filters import Filters, standing_not
from connectors.accelo_values import Row, field, inside, ref, text, ts
from connectors.accelo_work import PERSON, Things, stated

State = Literal["new", "open", "done", "paused", "cancelled"]

STATES: Mapping[str, State] = {
    "submitted": "new", "pending": "new", "open": "open", "active": "open", "paused": "paused", "resolved": "done",
    "closed": "done", "inactive": "cancelled",
}  # fmt: skip
"""Standings of tickets; `pending`, `active` and `paused` are words of other objects that can mean one thing."""

FIELDS = (
    "title", "standing", "against_type", "against_id", f"assignee{PERSON}", "date_submitted", "date_opened", "date_due",
    "date_last_interacted", "company(name)", "contract",
)  # fmt: skip
SPARE = ("affiliation(company(name))", "issue_type(title)", "issue_priority(title)")

DATE_ONLY = frozenset({time(0), time(12)})
"""Times of day that stand for a date: midnight, as tickets are seen to have it, and noon, as everything else has."""


def tickets(api: Api, shapes: Shapes) -> Things:
    """Every ticket that somebody still has to do something about."""
    listing = Listing(
        resource="issues", fields=FIELDS, spare=SPARE, spare_words="types and priorities of tickets",
        filters=Filters((standing_not("resolved", "closed", "inactive"),)), telling=("assignee", "date_due"),
    )  # fmt: skip
    return stated(api.rows(listing), lambda row: ticket(shapes, row), "ticket")


def ticket(shapes: Shapes, row: Row) -> Ticket:
    """An issue. Its due date may have a time of day, which then is the very time it is late at; in a zone that nobody
    said, midnight looks like one.
    """
    key = field(row, "id", needed_id)
    due = field(row, "date_due", ts, shapes.zone)
    kind, target = against_of(row)
    party = party_of(row)
    opened = shapes.past(row, "date_submitted") or shapes.past(row, "date_opened")
    return Ticket(
        ref=Ref(source=shapes.source, kind="ticket", id=key, url=shapes.url("view_issue", key)),
        party=Party(id=target) if not party.id and kind == "company" else party,
        title=title_of(row),
        assignee=shapes.person(row, "assignee"),
        opened=opened,
        due=due.date() if due else None,
        due_at=due if due and due.time() not in DATE_ONLY and not shapes.zone_guessed else None,
        state=state_of(row, STATES),
        priority=field(inside(row.get("issue_priority")), "title", text, NAME),
        type=field(inside(row.get("issue_type")), "title", text, NAME),
        project=target if kind == "job" else "",
        agreement=field(row, "contract", ref)[0] or "",
        last_activity=shapes.past(row, "date_last_interacted"),
    )
