"""The reader's next meetings: unanswered, declined by everybody else, without a place to go."""

from __future__ import annotations

import pytest

from briefing.clients import Client, Directory
from briefing.facts import Person
from briefing.items import Item
from briefing.morning import Audience
from briefing.testing import morning_at, run_rule

MAYA = Person(name="Maya Lindqvist", email="maya@harbourlane.example")
READER = Audience(name="Maya", persons=(MAYA,))
THURSDAY = morning_at("2026-11-19 07:00", audience=READER)
DIRECTORY = Directory(
    own_domains=frozenset({"harbourlane.example"}), clients=(Client(name="Acme"),), by_domain={"acme.example": "Acme"}
)  # fmt: skip

ME, TOM, PAUL, EVA = (
    "Maya <maya@harbourlane.example>", "Tom <tom@harbourlane.example>", "Paul Kerr <paul@acme.example>",
    "Eva Roth <eva@acme.example>",
)  # fmt: skip


def meeting(*cells: str, guests: str, id: str = "m") -> str:
    """One line: tomorrow 10:00, called Acme review, unless a cell says otherwise."""
    values = {
        "uid": id, "title": "Acme review", "starts": "2026-11-20T10:00", "ends": "2026-11-20T11:00", "agenda": "yes",
        "place": "Room 2", "guests": guests,
    }  # fmt: skip
    values |= dict(cell.split("=", 1) for cell in cells)
    return f"meeting | {id} | " + " | ".join(f"{name}={value}" for name, value in values.items() if value)


def told(rule: str, *lines: str, at: object = THURSDAY) -> list[Item]:
    return run_rule(rule, "\n".join(lines), at, directory=DIRECTORY)  # type: ignore[arg-type]


# --- not answered --------------------------------------------------------------------------------------------------

ASKED = f"{ME}=none; {PAUL}=accepted; {EVA}=none"


def test_an_unanswered_invitation() -> None:
    (item,) = told("invite-unanswered", meeting(f"organiser={PAUL}", guests=ASKED))
    assert item.headline == "Acme review (tomorrow 10:00): Paul Kerr asked you, you have not answered."
    assert item.line == "Acme review (tomorrow 10:00): not answered, asked by Paul Kerr."
    assert (item.ask, item.client, item.owner, item.looked_in) == ("go or decline?", "Acme", MAYA, ("test",))
    assert item.deadline is None, "an invitation is no reason for a card in full"


def test_who_else_comes_is_said() -> None:
    (item,) = told("invite-unanswered", meeting(f"organiser={TOM}", guests=ASKED))
    assert item.body == ("Paul Kerr accepted.",)


@pytest.mark.parametrize(
    "line",
    [
        meeting(f"organiser={ME}", guests=ASKED),
        meeting("organiser=", guests=ASKED),
        meeting(f"organiser={PAUL}", guests=f"{ME}=tentative; {PAUL}=accepted"),
        meeting(f"organiser={PAUL}", guests=f"{ME}=declined; {PAUL}=accepted"),
        meeting(f"organiser={PAUL}", guests=f"{ME}=accepted; {PAUL}=accepted"),
        meeting(f"organiser={PAUL}", guests=f"{PAUL}=accepted"),
        meeting(f"organiser={PAUL}", guests=f"{ME}=none; {PAUL}=declined"),
        meeting(f"organiser={PAUL}", "cancelled=yes", guests=ASKED),
        meeting(f"organiser={PAUL}", "private=yes", guests=ASKED),
        meeting(f"organiser={PAUL}", "all_day=yes", guests=ASKED),
        meeting(f"organiser={PAUL}", "type=focus", guests=ASKED),
        meeting(f"organiser={PAUL}", "starts=2026-11-19T06:30", "ends=2026-11-19T07:30", guests=ASKED),
        meeting(f"organiser={PAUL}", "starts=2026-11-24T10:00", "ends=2026-11-24T11:00", guests=ASKED),
        meeting(f"organiser={PAUL}", "calendar_owner=tom@harbourlane.example", guests=ASKED),
    ],
)
def test_what_waits_for_no_answer(line: str) -> None:
    assert told("invite-unanswered", line) == []


def test_two_workdays_reach_over_a_weekend() -> None:
    monday = meeting(f"organiser={PAUL}", "starts=2026-11-23T10:00", "ends=2026-11-23T11:00", guests=ASKED)
    (item,) = told("invite-unanswered", monday)
    assert item.line.startswith("Acme review (Monday 10:00)")


def test_of_a_series_the_next_is_told() -> None:
    lines = [
        meeting(
            f"organiser={PAUL}", "uid=s", f"occurrence={day}", f"starts=2026-11-{day}T10:00",
            f"ends=2026-11-{day}T11:00", guests=ASKED, id=f"s{day}",
        )
        for day in (19, 20, 23)
    ]  # fmt: skip
    (item,) = told("invite-unanswered", *lines)
    assert item.about.id == "s19"


# --- declined ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guests", "headline"),
    [
        (f"{ME}=accepted; {PAUL}=declined", "Acme review (tomorrow 10:00): Paul Kerr declined."),
        (f"{ME}=accepted; {PAUL}=declined; {EVA}=declined",
         "Acme review (tomorrow 10:00): both guests declined, Paul Kerr and Eva Roth."),
        (f"{ME}=accepted; {TOM}=accepted; {PAUL}=declined", "Acme review (tomorrow 10:00): Paul Kerr declined."),
        (f"{ME}=accepted; {TOM}=declined", "Acme review (tomorrow 10:00): Tom declined."),
    ],
)  # fmt: skip
def test_nobody_comes(guests: str, headline: str) -> None:
    (item,) = told("guest-declined", meeting(f"organiser={ME}", guests=guests))
    assert item.headline == headline


@pytest.mark.parametrize(
    "line",
    [
        meeting(f"organiser={ME}", guests=f"{ME}=accepted; {PAUL}=declined; {EVA}=accepted"),
        meeting(f"organiser={ME}", guests=f"{ME}=accepted; {PAUL}=declined; {EVA}=none"),
        meeting(f"organiser={ME}", guests=f"{ME}=accepted; {PAUL}=tentative"),
        meeting(f"organiser={TOM}", guests=f"{ME}=declined; {PAUL}=declined"),
        meeting(f"organiser={ME}", guests=f"{ME}=accepted"),
        meeting(f"organiser={ME}", "busy=free", guests=f"{ME}=accepted; {PAUL}=declined"),
        meeting(f"organiser={ME}", "cancelled=yes", guests=f"{ME}=accepted; {PAUL}=declined"),
        meeting(f"organiser={ME}", "starts=2026-11-23T10:00", "ends=2026-11-23T11:00", guests=f"{PAUL}=declined"),
    ],
)
def test_somebody_may_come_or_it_is_far(line: str) -> None:
    assert told("guest-declined", line) == []


# --- bare ----------------------------------------------------------------------------------------------------------

COMING = f"{ME}=accepted; {PAUL}=accepted"


@pytest.mark.parametrize(
    ("cells", "lacks"),
    [
        ([f"organiser={ME}", "agenda=no"], "no agenda"),
        ([f"organiser={ME}", "place="], "no link and no place"),
        ([f"organiser={PAUL}", "place="], "no link and no place"),
        ([f"organiser={PAUL}", "place=", "agenda=no"], "no link, no place and no agenda"),
    ],
)
def test_what_an_invitation_lacks(cells: list[str], lacks: str) -> None:
    (item,) = told("meeting-bare", meeting(*cells, guests=COMING))
    assert item.headline == f"Acme review (tomorrow 10:00) with Paul Kerr: {lacks} in the invitation."


@pytest.mark.parametrize(
    "line",
    [
        meeting(f"organiser={ME}", guests=COMING),
        meeting(f"organiser={ME}", "place=", "link=https://meet.example/x", guests=COMING),
        meeting(f"organiser={PAUL}", "agenda=no", guests=COMING),
        meeting(f"organiser={ME}", "place=", "agenda=unknown", guests=COMING),
        meeting(f"organiser={ME}", "place=", "private=yes", guests=COMING),
        meeting(f"organiser={ME}", "place=", guests=f"{ME}=accepted; {TOM}=accepted"),
        meeting(f"organiser={ME}", "place=", guests=f"{ME}=accepted; {PAUL}=declined"),
        meeting(f"organiser={PAUL}", "place=", guests=f"{ME}=declined; {PAUL}=accepted"),
        meeting(f"organiser={ME}", "place=", "starts=2026-11-24T10:00", "ends=2026-11-24T11:00", guests=COMING),
    ],
)
def test_what_lacks_nothing_or_concerns_nobody(line: str) -> None:
    assert told("meeting-bare", line) == []


def test_a_meeting_of_two_calendars_is_told_once() -> None:
    lines = [
        meeting(f"organiser={ME}", "place=", f"source={name}", "calendar_owner=maya@harbourlane.example", guests=COMING)
        for name in ("google", "outlook")
    ]
    assert len(told("meeting-bare", *lines)) == 1
