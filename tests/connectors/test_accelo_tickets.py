"""Accelo's issues become tickets: the reference's sample, due dates with and without a time of day, what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from briefing.facts import Party, Person, Ref, Ticket
from briefing.http import set_testing
from tests.connectors.accelo_wire import GUARDS, NOW, ZONE, Deployment, read, serving, small, ticket

HARBOR = {"id": "88", "name": "Harbor Dental Group"}
SAMPLE: dict[str, Any] = {
    "id": "6604", "title": "Tracking pixel missing on booking page", "standing": "open",
    "status": {"id": "2", "title": "Open"}, "assignee": None,
    "issue_priority": {"id": "1", "title": "Extreme", "factor": "5"}, "custom_id": None,
    "date_submitted": "1763127690", "date_opened": "1763127690", "date_started": "1763096400", "date_due": "1763388000",
    "date_last_interacted": "1763127690", "date_closed": None, "against_type": "company", "against_id": "88",
    "company": HARBOR, "contract": "33", "billable_seconds": "0",
}  # fmt: skip
"""The reference's, section 10."""


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


def with_tickets(*rows: dict[str, Any]) -> Deployment:
    deployment = small()
    deployment.rows["issues"] = list(rows)
    return deployment


def ticket_of(**changes: Any) -> Any:
    """What one ticket becomes."""
    with serving(with_tickets(ticket(5, **changes)), modules=["tickets"]) as (accelo, _):
        found = read(accelo, "tickets")
    things: list[Any] = [*found.facts, *found.whys, *found.left_out]
    (thing,) = things
    return thing


def test_the_sample() -> None:
    with serving(with_tickets(SAMPLE), modules=["tickets"]) as (accelo, server):
        found = read(accelo, "tickets")
        assert "standing_not(resolved,closed,inactive)" in server.lines()[-1]
    at = datetime.fromtimestamp(1763127690, ZONE)
    assert found.facts == [
        Ticket(
            ref=Ref(source="accelo", kind="ticket", id="6604",
                    url="https://northlight.accelo.com/?action=view_issue&id=6604"),
            party=Party(name="Harbor Dental Group", id="88"), title="Tracking pixel missing on booking page",
            opened=at, due=date(2025, 11, 17), due_at=datetime(2025, 11, 17, 9, tzinfo=ZONE), state="open",
            priority="Extreme", agreement="33", last_activity=at,
        )
    ]  # fmt: skip
    assert (found.skipped, found.ignored) == ([], [])


@pytest.mark.parametrize(
    ("due", "day", "time"),
    [
        (None, None, ""), ("0", None, ""), ("", None, ""),
        ("1763355600", date(2025, 11, 17), ""),  # midnight: the end of that day counts
        ("1763398800", date(2025, 11, 17), ""),  # noon, as other dates are stamped
        ("1763388000", date(2025, 11, 17), "09:00"), ("1763441999", date(2025, 11, 17), "23:59"),
        ("1762059600", date(2025, 11, 2), "00:00"),  # summer time ends: one in the morning, which is not midnight
    ],
)  # fmt: skip
def test_when_it_is_due(due: Any, day: date | None, time: str) -> None:
    found = ticket_of(date_due=due)
    if time == "00:00":
        time = f"{found.due_at:%H:%M}"
        assert time != "00:00"
    assert (found.due, f"{found.due_at:%H:%M}" if found.due_at else "") == (day, time)


def test_the_time_of_day_in_a_zone_that_nobody_said_is_none() -> None:
    """Midnight in Melbourne is no time of day that a ticket in Berlin is late at."""
    deployment = with_tickets(ticket(5, date_due="1763384400"))
    deployment.locale = {}
    with serving(deployment, modules=["tickets"]) as (accelo, _):
        (found,) = read(accelo, "tickets").facts
    assert isinstance(found, Ticket)
    assert (found.due, found.due_at) == (date(2025, 11, 17), None)


@pytest.mark.parametrize(
    ("standing", "state"),
    [("submitted", "new"), ("open", "open"), ("Open", "open"), ("pending", "new"), ("paused", "paused")],
)
def test_standings(standing: str, state: str) -> None:
    assert ticket_of(standing=standing).state == state


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"standing": "dreaming"}, 'ticket 5: standing "dreaming" is not known'),
        ({"standing": ""}, "ticket 5: it has no standing"),
        ({"title": None}, "ticket 5: it has no title"),
        ({"against_id": "0"}, "ticket 5: it does not say what it hangs on"),
        ({"date_due": "soon"}, 'ticket 5: date_due: "soon" is not a number'),
        ({"contract": "n/a"}, 'ticket 5: contract: "n/a" is not an id'),
        ({"assignee": {"firstname": "Mia"}}, "ticket 5: assignee: a reference without id"),
    ],
)
def test_a_ticket_that_cannot_be_read_is_told(changes: dict[str, Any], why: str) -> None:
    assert ticket_of(**changes) == why


@pytest.mark.parametrize(
    ("changes", "party", "project"),
    [
        ({}, Party(name="Harbor Dental Group", id="88"), ""),
        ({"company": None}, Party(id="88"), ""),
        ({"company": None, "affiliation": {"id": "301", "company": HARBOR}},
         Party(name="Harbor Dental Group", id="88"), ""),
        ({"against_type": "job", "against_id": "412", "company": None}, Party(), "412"),
        ({"against_type": "jobs", "against_id": 412}, Party(name="Harbor Dental Group", id="88"), "412"),
        ({"against_type": "affiliation", "against_id": "301", "company": "0"}, Party(), ""),
    ],
)  # fmt: skip
def test_whose_it_is(changes: dict[str, Any], party: Party, project: str) -> None:
    found = ticket_of(**changes)
    assert (found.party, found.project) == (party, project)


def test_who_has_it_and_since_when() -> None:
    mia = {"id": 12, "firstname": "Mia", "surname": "Lund"}
    late = str(int(NOW.timestamp()) + 60)
    found = ticket_of(assignee=mia, date_submitted="1763127690", date_opened="1763200000", date_last_interacted=late)
    assert found.assignee == Person(name="Mia Lund", id="accelo/staff/12")
    assert found.opened == datetime.fromtimestamp(1763127690, ZONE)
    assert found.last_activity is None, "later than the morning"
    assert ticket_of(date_opened="1763200000").opened == datetime.fromtimestamp(1763200000, ZONE)


def test_closed_tickets_stay_out_where_the_filter_is_not_kept() -> None:
    rows = [ticket(n, standing=word) for n, word in enumerate(("open", "resolved", "closed", "inactive", "submitted"))]
    rows[0]["id"] = "9"
    deployment = with_tickets(*rows)
    deployment.keeps_filters = False
    with serving(deployment, modules=["tickets"]) as (accelo, _):
        found = read(accelo, "tickets")
    assert found.ids == ["9", "4"]
    assert found.left_out == {"tickets left out here, because Accelo did not keep the filter": 3}


def test_assignees_that_nobody_is_told_are_not_nobody() -> None:
    rows = [ticket(n) for n in range(1, 12)]
    for row in rows:
        del row["assignee"]
    with serving(with_tickets(*rows), modules=["tickets"]) as (accelo, _):
        assert read(accelo, "tickets").whys == ["tickets: Accelo tells assignee of none of them"]
