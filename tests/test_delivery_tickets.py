"""Mornings on which a ticket must be told, and on which it must not."""

from __future__ import annotations

import pytest

from briefing.items import Item
from briefing.rules.view import Limits, Status
from tests.delivery_mornings import ids, lines, said

LATE, UNASSIGNED = "ticket-late", "ticket-unassigned"

TAKEN = "ticket | z1 | title=Somebody has this one | assignee=Tom | opened=2026-11-02 09:00\n"
"""Tickets are assigned in this source."""


def one(rule: str, text: str) -> Item:
    (item,) = said(rule, text)
    return item


# --- late ------------------------------------------------------------------------------------------------------------


def test_a_ticket_past_its_day(table: str) -> None:
    """
    ticket | k1 | title=Contact form does not send | party=Oakline | assignee=Tom | due=2026-11-16 | priority=High
    """
    item = one(LATE, table)
    assert item.headline == 'Oakline: ticket "Contact form does not send" was due Monday, 3 workdays ago.'
    assert item.line == 'Oakline: ticket "Contact form does not send" was due Monday.'
    assert item.body == ("Priority High.",)
    assert one(LATE, table.replace("High", "None")).body == ()
    assert (item.matter, item.stage) == ("ticket", "late")
    assert item.owner is not None
    assert item.owner.name == "Tom"


def test_a_late_ticket_that_nobody_has_says_so(table: str) -> None:
    """
    staff  | s1 | person=Tom | active=no
    ticket | k1 | title=Login | due_at=2026-11-19 06:30 | state=new
    ticket | k2 | title=A "quoted" title | due_at=2026-11-17 16:00 | assignee=Tom
    """
    old, fresh = said(LATE, table)
    assert old.headline == "Ticket \"A 'quoted' title\" was due Tuesday 16:00, 2 workdays ago."
    assert old.body == ("Tom is no longer active.",)
    assert fresh.headline == 'Ticket "Login" was due today 06:30.'
    assert fresh.body == ("Nobody is assigned.",)


@pytest.mark.parametrize(
    ("now", "zone", "due", "holidays", "told"),
    [
        ("2026-11-19 07:00", "Europe/Berlin", "due=2026-11-18", "", True),
        ("2026-11-19 07:00", "Europe/Berlin", "due=2026-11-19", "", False),
        ("2026-11-19 07:00", "Europe/Berlin", "due_at=2026-11-19 06:59", "", True),
        ("2026-11-19 07:00", "Europe/Berlin", "due_at=2026-11-19 07:01", "", False),
        ("2026-11-21 09:00", "Europe/Berlin", "due=2026-11-20", "", False),
        ("2026-11-20 09:00", "Europe/Berlin", "due_at=2026-11-19 16:00", "2026-11-20", False),
        ("2026-11-23 07:00", "Europe/Berlin", "due=2026-11-20", "", True),
        ("2026-11-19 00:30", "Pacific/Auckland", "due=2026-11-18", "", True),
        ("2026-11-18 20:00", "Pacific/Honolulu", "due=2026-11-18", "", False),
        ("2026-10-25 02:30", "Europe/Berlin", "due_at=2026-10-25T01:00:00+00:00", "", False),
        ("2026-10-25 03:30", "Europe/Berlin", "due_at=2026-10-25T01:00:00+00:00", "", True),
    ],
)
def test_a_time_counts_to_the_minute_and_a_day_in_workdays(
    now: str, zone: str, due: str, holidays: str, told: bool
) -> None:
    """The last two: the hour that came twice when the clocks went back."""
    text = f"ticket | k1 | title=Login | assignee=Tom | {due}"
    assert bool(lines(LATE, text, now=now, zone=zone, holidays=holidays)) == told


def test_near_misses_of_late_tickets(table: str) -> None:
    """
    project  | p1 | title=Runs
    project  | p2 | title=Paused      | state=paused
    project  | p3 | title=Complete    | state=done
    project  | p4 | title=Next spring | starts=2026-11-20
    retainer | r1 | title=Support     | agreement=7 | state=paused
    retainer | r2 | title=Care        | agreement=8 | state=closed
    ticket | k1 | title=Resolved  | due=2026-11-10 | state=done
    ticket | k2 | title=Paused    | due=2026-11-10 | state=paused
    ticket | k3 | title=Cancelled | due=2026-11-10 | state=cancelled
    ticket | k4 | title=Without a date
    ticket | k5 | title=On a paused project   | due=2026-11-10 | project=p2
    ticket | k6 | title=On a closed project   | due=2026-11-10 | project=p3
    ticket | k7 | title=On a future project   | due=2026-11-10 | project=p4
    ticket | k8 | title=On a project not read | due=2026-11-10 | project=p9
    ticket | k9 | title=Of a paused agreement | due=2026-11-10 | agreement=7
    ticket | l1 | title=Of a closed agreement | due=2026-11-10 | agreement=8
    """
    assert ids(LATE, table) == []


def test_a_ticket_is_part_of_its_project_s_story_where_that_is_known(table: str) -> None:
    """
    project | p1 | title=Oakline site | party=Oakline
    ticket  | k1 | title=Login  | party=Oakline | due=2026-11-10 | project=p1 | type=Bug
    """
    item = one(LATE, table)
    assert item.root is not None
    assert item.root.id == "p1"
    helpdesk = one(LATE, "ticket | k1 | title=Login | due=2026-11-10 | project=of-another-tool")
    assert helpdesk.root is None
    assert lines(LATE, table, limits=Limits(defaults={"workdays": 1}, by_type={"Bug": {"workdays": 10}})) == []


def test_three_late_tickets_of_one_client_are_one_item(table: str) -> None:
    """
    ticket | k1 | title=Login | party=Oakline | due=2026-11-17 | assignee=Tom
    ticket | k2 | title=Form  | party=Oakline | due=2026-11-02 | assignee=Ann
    ticket | k3 | title=Photo | party=Oakline | due_at=2026-11-18 12:00
    ticket | k4 | title=Photo | party=Acme    | due=2026-11-17 | assignee=Tom
    ticket | k5 | title=Logo  | party=Acme    | due=2026-11-17 | assignee=Tom
    """
    *singles, group = said(LATE, table)
    assert [item.about.id for item in singles] == ["k4", "k5"]
    assert group.headline == (
        'Oakline: 3 tickets past their date; the first, "Form", was due 2 November, 13 workdays ago.'
    )
    assert group.line == "Oakline: 3 tickets past their date."
    assert group.body == ("1 of them with nobody assigned.",)
    assert [line.ref.id for line in group.evidence] == ["k2", "k1", "k3"]
    assert group.measure == 3
    unnamed = "\n".join(f"ticket | k{n} | title=Login | due=2026-11-17" for n in range(4))
    assert len(said(LATE, unnamed)) == 4, "of nobody known, nothing joins them"


@pytest.mark.parametrize("rule", [LATE, UNASSIGNED])
@pytest.mark.parametrize(("status", "count"), [("partial", 1), ("stale", 0)])
def test_what_is_there_in_part_is_enough_and_what_is_old_is_not(rule: str, status: Status, count: int) -> None:
    text = TAKEN + f"ticket | k1 | title=Login | opened=2026-11-02 09:00{' | due=2026-11-10' if rule == LATE else ''}"
    assert len(lines(rule, text, read={"ticket": status})) == count


# --- nobody assigned -------------------------------------------------------------------------------------------------


def test_a_ticket_that_nobody_has(table: str) -> None:
    """
    ticket | k1 | title=Login | party=Oakline | opened=2026-11-17 16:40 | state=new
    """
    item = one(UNASSIGNED, TAKEN + table)
    assert item.headline == 'Oakline: ticket "Login" has nobody assigned; opened Tuesday 16:40, 10 working hours ago.'
    assert item.line == 'Oakline: ticket "Login" has nobody assigned; opened Tuesday 16:40.'
    assert (item.stage, item.ask, item.owner, item.looked_in) == ("unassigned", "who takes it?", None, ("Test",))


def test_whoever_has_left_is_nobody() -> None:
    text = "staff | s1 | person=Bo | active=no\nticket | k1 | title=Login | assignee=Bo | opened=2026-11-09 09:00"
    item = one(UNASSIGNED, text)
    assert item.headline == (
        'Ticket "Login" is with Bo, who is no longer active; opened 9 November 09:00, 72 working hours ago.'
    )
    assert item.line == 'Ticket "Login" is with Bo, who is no longer active; opened 9 November 09:00.'
    assert (item.body, item.owner, item.unowned) == ((), None, True)
    assert lines(UNASSIGNED, text, read={"staff": "stale"}) == []


@pytest.mark.parametrize(
    ("now", "zone", "holidays", "told"),
    [
        ("2026-11-18 15:00", "Europe/Berlin", "", False),
        ("2026-11-18 16:00", "Europe/Berlin", "", True),
        ("2026-11-19 07:00", "Europe/Berlin", "2026-11-18", False),
        ("2026-11-19 07:00", "Europe/Berlin", "", True),
        ("2026-11-18 20:00", "America/Los_Angeles", "", True),
        ("2026-11-18 12:00", "America/Los_Angeles", "", False),
    ],
)
def test_eight_working_hours(now: str, zone: str, holidays: str, told: bool) -> None:
    """Opened on Tuesday at 17:00 in Berlin, which is 08:00 on the same day in Los Angeles."""
    text = TAKEN + "ticket | k1 | title=Login | opened=2026-11-17 17:00"
    if zone == "America/Los_Angeles":
        text = text.replace("2026-11-17 17:00", "2026-11-18 17:00")
    assert bool(lines(UNASSIGNED, text, now=now, zone=zone, holidays=holidays)) == told


def test_near_misses_of_tickets_without_anybody(table: str) -> None:
    """
    project | p1 | title=Runs
    project | p2 | title=Paused | state=paused
    ticket | k1 | title=Somebody has it    | opened=2026-11-09 09:00 | assignee=Tom
    ticket | k2 | title=Nobody says when   | state=new
    ticket | k3 | title=Late: another rule | opened=2026-11-09 09:00 | due=2026-11-17
    ticket | k4 | title=Resolved           | opened=2026-11-09 09:00 | state=done
    ticket | k5 | title=Paused             | opened=2026-11-09 09:00 | state=paused
    ticket | k6 | title=On a paused project | opened=2026-11-09 09:00 | project=p2
    ticket | k7 | title=Came in the evening | opened=2026-11-18 22:00
    """
    assert ids(UNASSIGNED, table) == []


def test_a_source_that_assigns_no_ticket_says_nothing_of_it() -> None:
    assert lines(UNASSIGNED, "ticket | k1 | title=Login | opened=2026-11-09 09:00") == []


def test_three_of_one_client_without_anybody_are_one_item() -> None:
    text = TAKEN + "\n".join(
        f"ticket | k{n} | title=Login {n} | party=Oakline | opened=2026-11-1{n} 10:00" for n in range(3)
    )
    item = one(UNASSIGNED, text)
    assert item.headline == (
        'Oakline: 3 tickets with nobody assigned; the first, "Login 0", '
        "was opened 10 November 10:00, 62 working hours ago."
    )
    assert item.line == "Oakline: 3 tickets with nobody assigned."
    assert item.body == ()


def test_who_has_left_is_not_called_nobody_in_a_group_either(table: str) -> None:
    """
    staff  | s1 | person=Tom | active=no
    ticket | k1 | title=Login | party=Oakline | opened=2026-11-16 09:00 | assignee=Tom
    ticket | k2 | title=Form  | party=Oakline | opened=2026-11-17 09:00
    ticket | k3 | title=Photo | party=Oakline | opened=2026-11-17 09:00
    """
    item = one(UNASSIGNED, table)
    assert item.headline == (
        'Oakline: 3 tickets with nobody active assigned; the first, "Login", '
        "was opened Monday 09:00, 27 working hours ago."
    )
    assert item.body == ("Tom is no longer active.",)
