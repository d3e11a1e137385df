"""The reader's day: which appointments are told, with whom, what is open, and what is not claimed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.agenda import agenda
from briefing.clients import Client, Directory, directory
from briefing.document import Agenda, Appointment
from briefing.facts import Money, Person, Ref
from briefing.items import Card, Item, Priced
from briefing.morning import Audience, Morning
from briefing.rules.view import StreamReading, facts_of
from briefing.testing import ZONE, facts_from, morning_at, readings_for

MAYA = Person(name="Maya Lindqvist", email="maya@harbourlane.example")
THURSDAY = morning_at("2026-11-19 07:00", audience=Audience(name="Maya", persons=(MAYA,)))
ME = "Maya Lindqvist <maya@harbourlane.example>"
PEOPLE = Directory(
    own_domains=frozenset({"harbourlane.example"}),
    clients=(Client(name="Acme"), Client(name="Northwind"), Client(name="Larkspur", aliases=("Spur",)), Client(name="Copperfield")),
    by_domain={"acme.example": "Acme", "northwind.example": "Northwind", "larkspur.example": "Larkspur"},
)  # fmt: skip


def day(
    table: str, at: Morning = THURSDAY, cards: Sequence[Card] = (), rest: Sequence[Priced] = (), *,
    who: Directory | None = None, status: Any = "whole", more: Iterable[StreamReading] = (),
) -> Agenda:  # fmt: skip
    """The agenda over the facts of a docstring."""
    facts = facts_from(table)
    found = [*readings_for(facts, kinds=["meeting"], status=status), *more]
    people = who or replace(PEOPLE, out_until=directory(facts, today=at.today, calendar=at.calendar).out_until)
    return agenda(facts_of(facts, readings=found, directory=people), at, cards, rest)


def lines(found: Agenda) -> list[str]:
    """The appointments as a list prints them."""
    return [line(one) for one in found.appointments]


def line(one: Appointment) -> str:
    """`10:00 Review, with Dana Ruiz. Overlaps ... Open: 3 proposal`."""
    when = "all day" if one.all_day else f"{one.starts:%H:%M}"
    parts = [f"{when} {one.title}" + (f", with {'; '.join(one.with_)}" if one.with_ else "") + ".", *one.problems]
    if one.open:
        parts.append("Open: " + "; ".join(matter.text for matter in one.open))
    if one.nothing_open:
        parts.append("Nothing open.")
    return " ".join([*parts, *one.unchecked])


def priced(name: str, **item: Any) -> Priced:
    """An item, priced."""
    ref = Ref(source="test", kind="thing", id=name)
    values = {
        "rule": "r",
        "matter": "m",
        "stage": "s",
        "about": ref,
        "headline": f"{name}.",
        "line": f"{name}.",
        "ask": "what?",
        "short": name,
    }
    zero = Decimal(0)
    return Priced(
        item=Item(**{**values, **item}), id=name, lost=zero, lost_kind="house_price",
        stake=Money(amount=zero, currency="USD"), factors=(), place=zero, place_factors=(),
    )  # fmt: skip


def cards(*members: Priced) -> list[Card]:
    """A card for each item."""
    return [Card(lead=one) for one in members]


PICTURE = f"""
meeting | 1 | uid=1 | title=Leads meeting | starts=2026-11-19T09:00 | ends=2026-11-19T09:30 | guests={ME}=accepted; Tom <tom@harbourlane.example>=accepted; Ines <ines@harbourlane.example>=accepted
meeting | 2 | uid=2 | title=Northwind quarterly review | starts=2026-11-19T10:00 | ends=2026-11-19T11:00 | guests={ME}=accepted; Dana Ruiz <dana@northwind.example>=accepted; Paul Kerr <paul@northwind.example>=none
meeting | 3 | uid=3 | title=Larkspur check-in | starts=2026-11-19T11:30 | ends=2026-11-19T12:00 | guests={ME}=accepted; Ann <ann@larkspur.example>=declined; Bo <bo@larkspur.example>=declined
meeting | 4 | uid=4 | title=Interview, developer | starts=2026-11-19T15:30 | ends=2026-11-19T16:30 | guests={ME}=accepted; Tom <tom@harbourlane.example>=accepted; Lena <lena@harbourlane.example>
meeting | 5 | uid=5 | title=Acme launch call | starts=2026-11-19T15:45 | ends=2026-11-19T16:15 | guests={ME}=accepted; Janine <janine@harbourlane.example>; Tom <tom@harbourlane.example>
meeting | 6 | uid=6 | title=Copperfield planning | starts=2026-11-20T08:30 | ends=2026-11-20T09:00
absence | a | person=Janine <janine@harbourlane.example> | first=2026-11-18 | last=2026-11-20
absence | b | person=Sam | first=2026-11-19 | last=2026-11-19
"""


def test_the_day_of_the_picture() -> None:
    tom, janine = (
        Person(name="Tom", email="tom@harbourlane.example"),
        Person(name="Janine", email="janine@harbourlane.example"),
    )
    shown = cards(
        priced("launch", client="Acme", owner=janine), priced("leads +19 %", client="Brightside", owner=Person(name="Lena", email="lena@harbourlane.example")),
        priced("proposal", client="Northwind"), priced("at risk", client="Larkspur"), priced("waits", client="Juniper"),
        priced("5 overdue tasks", people=(tom,)),
    )  # fmt: skip
    found = day(PICTURE, cards=shown, rest=[priced("October report", client="Northwind")])
    assert lines(found) == [
        "09:00 Leads meeting. Open: 6: 5 overdue tasks",
        "10:00 Northwind quarterly review, with Dana Ruiz; Paul Kerr. Open: 3 proposal; October report",
        "11:30 Larkspur check-in. Both guests declined. Open: 4 at risk",
        "15:30 Interview, developer. Open: 2 leads +19 %; 6: 5 overdue tasks",
        "15:45 Acme launch call. Overlaps Interview, developer (15:30); you accepted both. Open: 1 launch",
    ]
    assert found.summary == "5 meetings, 3 h 30 min, 30 min of it double. Longest free stretch 12:00 to 15:30."
    assert [(one.name, one.until) for one in found.away] == [
        ("Janine", date(2026, 11, 23)),
        ("Sam", date(2026, 11, 20)),
    ]
    assert found.tomorrow == "Tomorrow starts 08:30 with Copperfield."
    assert found.notes == ()


def test_without_a_calendar_there_is_no_section() -> None:
    facts = facts_from("task | t | title=x")
    assert agenda(facts_of(facts, readings=readings_for(facts)), THURSDAY, ()) == Agenda()


def test_what_is_over_is_left_out_and_counted() -> None:
    at = morning_at("2026-11-19 11:00", audience=THURSDAY.audience)
    found = day(PICTURE, at)
    assert [one.title for one in found.appointments] == [
        "Larkspur check-in",
        "Interview, developer",
        "Acme launch call",
    ]
    assert (
        found.summary == "3 meetings left, 2 h, 30 min of it double; 2 are over. Longest free stretch 12:00 to 15:30."
    )
    evening = day(PICTURE, morning_at("2026-11-19 17:30", audience=THURSDAY.audience))
    assert (evening.appointments, evening.summary) == (
        (),
        "No more meetings today; 5 are over. No free stretch of an hour.",
    )


def test_one_under_way_is_still_listed() -> None:
    found = day(PICTURE, morning_at("2026-11-19 10:30", audience=THURSDAY.audience))
    assert found.appointments[0].title == "Northwind quarterly review"
    assert found.summary.startswith("4 meetings left, 3 h, 30 min of it double; 1 is over.")


def test_what_is_declined_cancelled_free_or_all_day(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Fair | starts=2026-11-19T00:00 | ends=2026-11-20T00:00 | all_day=yes | busy=free
    meeting | 2 | uid=2 | title=Declined | starts=2026-11-19T10:00 | ends=2026-11-19T11:00 | guests=maya@harbourlane.example=declined
    meeting | 3 | uid=3 | title=Gone | starts=2026-11-19T10:00 | ends=2026-11-19T11:00 | cancelled=yes
    meeting | 4 | uid=4 | title=Office hour | starts=2026-11-19T10:30 | ends=2026-11-19T11:30 | busy=free
    meeting | 5 | uid=5 | title=Asked | starts=2026-11-19T10:45 | ends=2026-11-19T11:15 | guests=maya@harbourlane.example=none
    meeting | 6 | uid=6 | title=Perhaps | starts=2026-11-19T11:00 | ends=2026-11-19T12:00 | guests=maya@harbourlane.example=tentative
    meeting | 7 | uid=7 | title=At home | starts=2026-11-19T00:00 | ends=2026-11-20T00:00 | all_day=yes | type=place
    """
    found = day(table)
    assert lines(found) == [
        "all day Fair.",
        "10:30 Office hour. Marked as free, not counted.",
        "10:45 Asked. You have not answered.",
        "11:00 Perhaps. Overlaps Asked (10:45). You answered maybe.",
    ]
    assert found.summary == "2 meetings, 1 h 30 min, 15 min of it double. Longest free stretch 12:00 to 18:00."
    assert found.notes == ("Left out: 1 declined by you and 1 cancelled.",)


def test_blocks_of_ones_own_are_appointments_and_no_meetings(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Dentist | starts=2026-11-19T09:00 | ends=2026-11-19T10:00 | type=block
    meeting | 2 | uid=2 | title=Leads | starts=2026-11-19T14:00 | ends=2026-11-19T15:00
    """
    assert day(table).summary == "2 appointments, 2 h. Longest free stretch 10:00 to 14:00."


def test_a_meeting_over_midnight_counts_with_its_part_of_the_day(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Release night | starts=2026-11-18T22:00 | ends=2026-11-19T09:30
    meeting | 2 | uid=2 | title=Late call | starts=2026-11-19T23:00 | ends=2026-11-20T01:00
    """
    found = day(table)
    assert [one.title for one in found.appointments] == ["Release night", "Late call"]
    assert found.summary == "2 meetings, 10 h 30 min. Longest free stretch 09:30 to 18:00."


@pytest.mark.parametrize(
    ("today", "starts", "ends", "length"),
    [
        ("2026-03-29", "01:00", "04:00", "2 h"),
        ("2026-10-25", "01:00", "04:00", "4 h"),
        ("2026-11-19", "01:00", "04:00", "3 h"),
    ],
)
def test_in_the_nights_the_clock_changes_lengths_are_true(today: str, starts: str, ends: str, length: str) -> None:
    times = (datetime.fromisoformat(f"{today}T{t}").replace(tzinfo=ZONE).isoformat() for t in (starts, ends))
    table = "meeting | 1 | uid=1 | title=Move | starts={} | ends={}".format(*times)
    assert day(table, morning_at(f"{today} 00:30")).summary.startswith(f"1 meeting, {length}.")


def test_all_day_events_are_on_the_days_of_their_own_calendar(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Fair in Boston | starts=2026-11-18T00:00-05:00 | ends=2026-11-19T00:00-05:00 | all_day=yes
    meeting | 2 | uid=2 | title=Fair in Tokyo | starts=2026-11-19T00:00+09:00 | ends=2026-11-20T00:00+09:00 | all_day=yes
    """
    assert lines(day(table)) == ["all day Fair in Tokyo."]
    assert lines(day(table, morning_at("2026-11-18 07:00"))) == ["all day Fair in Boston."]


def test_the_readers_own_zone_is_told(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Call | starts=2026-11-19T16:00 | ends=2026-11-19T17:00
    """
    assert lines(day(table, morning_at("2026-11-19 07:00", zone="America/New_York"))) == ["10:00 Call."]


def test_no_day_off_has_a_free_stretch_and_no_absence_either(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Out of office | starts=2026-11-19T00:00 | ends=2026-11-21T00:00 | all_day=yes | type=away
    meeting | 2 | uid=2 | title=Leads | starts=2026-11-19T09:00 | ends=2026-11-19T10:00
    """
    found = day(table)
    assert (lines(found), found.summary) == (["09:00 Leads."], "1 meeting, 1 h.")
    assert [(one.name, one.until) for one in found.away] == [("Maya Lindqvist", date(2026, 11, 23))]
    assert day(table.replace("2026-11-19", "2026-11-22"), morning_at("2026-11-22 07:00")).summary == "1 meeting, 1 h."


def test_two_absences_with_a_weekend_between_are_one(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Leads | starts=2026-11-19T09:00 | ends=2026-11-19T10:00
    absence | a | person=Janine | first=2026-11-16 | last=2026-11-20
    absence | b | person=Janine | first=2026-11-23 | last=2026-11-24
    absence | c | person=Tom | first=2026-11-23 | last=2026-11-24
    """
    assert [(one.name, one.until) for one in day(table).away] == [("Janine", date(2026, 11, 25))]


# --- with whom, and what is open ------------------------------------------------------------------------------------


def test_colleagues_are_named_only_where_it_is_the_two_of_you(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Budget | starts=2026-11-19T09:00 | ends=2026-11-19T09:30 | guests=Tom Berg <tom@harbourlane.example>=accepted; Room 2 <room@harbourlane.example>
    meeting | 2 | uid=2 | title=One to one with Tom | starts=2026-11-19T10:00 | ends=2026-11-19T10:30 | guests=Tom Berg <tom@harbourlane.example>=accepted
    meeting | 3 | uid=3 | title=Round | starts=2026-11-19T11:00 | ends=2026-11-19T11:30 | guests=Tom Berg <tom@harbourlane.example>; Ines <ines@harbourlane.example>; Dana Ruiz <dana@northwind.example>=tentative
    meeting | 4 | uid=4 | title=Pitch | starts=2026-11-19T12:00 | ends=2026-11-19T12:30 | organiser=Zoe <zoe@stranger.example>
    meeting | 5 | uid=5 | title=Check | starts=2026-11-19T13:00 | ends=2026-11-19T13:30 | guests=Tom Berg <tom@harbourlane.example>=declined
    """
    assert lines(day(table)) == [
        "09:00 Budget.",
        "10:00 One to one with Tom.",
        "11:00 Round, with Dana Ruiz.",
        "12:00 Pitch, with Zoe.",
        "13:00 Check. Tom Berg declined.",
    ]


def test_outside_is_told_from_inside_by_the_readers_own_domain_where_ours_are_not_known(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Budget | starts=2026-11-19T09:00 | ends=2026-11-19T09:30 | guests=Tom <tom@harbourlane.example>; Ines <ines@harbourlane.example>; Dana <dana@northwind.example>
    """
    assert lines(day(table, who=Directory())) == ["09:00 Budget, with Dana."]


def test_the_client_is_known_by_its_people_else_by_one_name_in_the_title(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Acme and Northwind | starts=2026-11-19T09:00 | ends=2026-11-19T09:30
    meeting | 2 | uid=2 | title=Budget for SPUR, 2027 | starts=2026-11-19T10:00 | ends=2026-11-19T10:30
    meeting | 3 | uid=3 | title=Acmeology | starts=2026-11-19T11:00 | ends=2026-11-19T11:30
    meeting | 4 | uid=4 | title=Northwind call | starts=2026-11-19T12:00 | ends=2026-11-19T12:30 | guests=Al <al@acme.example>
    meeting | 5 | uid=5 | title=Fair | starts=2026-11-19T13:00 | ends=2026-11-19T13:30 | guests=Al <al@acme.example>; Bo <bo@northwind.example>
    """
    items = [priced("a", client="Acme"), priced("n", client="Northwind"), priced("l", client="Larkspur"), priced("-")]
    found = day(table, rest=items)
    assert [(one.client, [m.text for m in one.open]) for one in found.appointments] == [
        ("", []), ("Larkspur", ["l"]), ("", []), ("Acme", ["a"]), ("", ["a", "n"]),
    ]  # fmt: skip


def test_what_concerns_a_guest_is_open_with_them_whatever_the_client(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Pitch | starts=2026-11-19T12:00 | ends=2026-11-19T12:30 | guests=Zoe <zoe@stranger.example>
    """
    items = [priced("reply owed", people=(Person(email="ZOE@stranger.example", name="Zoe"),)), priced("another")]
    assert lines(day(table, rest=items)) == ["12:00 Pitch, with Zoe. Open: reply owed"]


def test_among_colleagues_what_they_own_in_small_rounds_and_what_concerns_them_in_all(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Two | starts=2026-11-19T09:00 | ends=2026-11-19T09:30 | guests=t <t@harbourlane.example>; a <a@harbourlane.example>
    meeting | 2 | uid=2 | title=Five | starts=2026-11-19T10:00 | ends=2026-11-19T10:30 | guests=t <t@harbourlane.example>; a <a@harbourlane.example>; b <b@harbourlane.example>; c <c@harbourlane.example>; d <d@harbourlane.example>
    """
    t = Person(name="t", email="t@harbourlane.example")
    items = [
        priced("owns client's", owner=t, client="Acme"),
        priced("load", people=(t,)),
        priced("owns", owner=t),
        priced("mine", owner=MAYA),
    ]
    assert lines(day(table, rest=items)) == [
        "09:00 Two. Open: owns client's; load; owns",
        "10:00 Five. Open: load; owns",
    ]


def test_more_than_five_open_matters_are_counted_and_overlaps_are_not_open_matters(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Acme call | starts=2026-11-19T09:00 | ends=2026-11-19T09:30
    """
    items = [priced(f"m{n}", client="Acme") for n in range(7)] + [priced("overlap", client="Acme", matter="meeting")]
    assert lines(day(table, rest=items)) == ["09:00 Acme call. 2 further matters open. Open: m0; m1; m2; m3; m4"]


def test_nothing_is_called_open_only_where_all_was_read(table: str) -> None:
    """
    meeting | 1 | uid=1 | title=Check-in | starts=2026-11-19T09:00 | ends=2026-11-19T09:30 | guests=Al <al@acme.example>=accepted
    meeting | 2 | uid=2 | title=Acme internal | starts=2026-11-19T10:00 | ends=2026-11-19T10:30 | guests=Tom <tom@harbourlane.example>
    meeting | 3 | uid=3 | title=Pitch | starts=2026-11-19T11:00 | ends=2026-11-19T11:30 | guests=Zoe <zoe@stranger.example>
    """
    plain = ["09:00 Check-in, with Al.", "10:00 Acme internal, with Tom.", "11:00 Pitch, with Zoe."]
    projects = StreamReading(source="accelo", kinds=frozenset({"task"}), status="whole", place="Accelo")
    assert lines(day(table)) == plain
    assert lines(day(table, more=[projects])) == [plain[0] + " Nothing open.", *plain[1:]]
    assert lines(day(table, more=[projects], rest=[priced("x", client="Acme")]))[0] == plain[0] + " Open: x"
    assert lines(day(table, more=[replace(projects, status="partial")])) == plain
    assert lines(day(table, more=[projects], status="partial")) == plain
    unread = [one + " Accelo: not checked today." for one in plain[:2]]
    assert lines(day(table, more=[replace(projects, status="missing", problem="no")])) == [*unread, plain[2]]
    unloaded = replace(projects, status="missing", kinds=frozenset(), problem="no such connector")
    tasks = replace(projects, source="tracker", place="Tracker")
    assert lines(day(table, more=[tasks, unloaded])) == [*unread, plain[2]]


# --- what could not be read ------------------------------------------------------------------------------------------

ONE = "meeting | 1 | uid=1 | title=Leads | starts=2026-11-19T09:00 | ends=2026-11-19T10:00"


@pytest.mark.parametrize(
    ("reading", "note"),
    [
        ({"status": "missing", "problem": "tom.ics is empty"}, "tom.ics was not read: tom.ics is empty."),
        ({"status": "partial", "skipped_count": 1}, "tom.ics: 1 entry could not be read."),
        ({"status": "stale", "as_of": datetime(2026, 11, 17, 6, 47, tzinfo=ZONE)}, "tom.ics is of Tuesday 06:47."),
    ],
)
def test_a_calendar_that_was_not_read_whole_is_named_and_no_free_time_claimed(
    reading: dict[str, Any], note: str
) -> None:
    other = StreamReading(source="calendar", scope="tom.ics", place="tom.ics", kinds=frozenset({"meeting"}), **reading)
    found = day(ONE, more=[other])
    assert found.summary == "1 meeting, 1 h in what was read."
    assert found.notes == (note,)
    empty = day(ONE.replace("11-19", "11-18"), more=[other])
    assert empty.summary == "No meetings today in what was read."


def test_a_time_in_an_unknown_zone_is_said_and_makes_free_time_uncertain() -> None:
    found = day(ONE + " | zone_known=no")
    assert lines(found) == ["09:00 Leads. Its time zone is not known; read as yours."]
    assert found.summary == "1 meeting, 1 h."


def test_other_peoples_calendars_are_not_the_readers_day() -> None:
    found = day(ONE + " | calendar_owner=Tom <tom@harbourlane.example>")
    assert (found.appointments, found.summary, found.tomorrow) == ((), "", "")
    assert found.notes == ("No calendar that was read is yours; they are of Tom.",)


def test_a_calendar_of_absences_alone_does_not_say_that_there_are_no_meetings() -> None:
    found = day("absence | a | person=Sam | first=2026-11-19 | last=2026-11-19")
    assert (found.known, found.summary, [one.name for one in found.away]) == (True, "", ["Sam"])


def test_the_same_meeting_on_two_calendars_is_told_once_with_what_is_known(table: str) -> None:
    """
    meeting | 1 | uid=x | title=Review | starts=2026-11-19T09:00 | ends=2026-11-19T10:00 | source=phone
    meeting | 2 | uid=x | title=Review | starts=2026-11-19T09:00 | ends=2026-11-19T10:00 | source=work | guests=maya@harbourlane.example=none; Dana <dana@northwind.example>
    meeting | 3 | uid=y | title=review! | starts=2026-11-19T09:00 | ends=2026-11-19T10:00 | source=phone
    """
    assert lines(day(table)) == ["09:00 Review, with Dana. You have not answered."]


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ("2026-11-23T08:30 | title=Leads", "Monday starts 08:30: Leads."),
        ("2026-11-23T08:30 | title=Acme call", "Monday starts 08:30 with Acme."),
        ("2026-11-23T08:30 | title=Clinic | private=yes", "Monday starts 08:30: a private appointment."),
        ("2026-11-23T08:30 | title=x | cancelled=yes", ""),
        ("2026-11-23T00:00 | title=x | all_day=yes", ""),
        ("2026-11-24T08:30 | title=x", ""),
        ("2026-11-21T08:30 | title=x", ""),
    ],
)
def test_how_the_next_workday_starts(first: str, told: str) -> None:
    ends = first.split("T", maxsplit=1)[0] + "T23:59"
    table = f"meeting | 1 | uid=1 | ends={ends} | starts={first}"
    assert day(table, morning_at("2026-11-20 07:00")).tomorrow == told


def test_a_private_appointment_gives_its_time_only() -> None:
    found = day(ONE.replace("Leads", "Acme clinic") + " | private=yes | place=Ward 3 | guests=Dana <dana@acme.example>=declined",
                rest=[priced("x", client="Acme", people=(Person(email="dana@acme.example", name="Dana"),))])  # fmt: skip
    assert lines(found) == ["09:00 Private appointment."]
    assert (found.appointments[0].client, found.appointments[0].place) == ("", "")


def test_a_hostile_title_stands_as_it_is() -> None:
    found = day(
        ONE.replace("Leads", "[/red] <script> *x* _y_") + "\n" + ONE.replace("1 |", "2 |").replace("uid=1", "uid=2")
    )
    assert lines(found) == [
        "09:00 Leads.", "09:00 [/red] <script> *x* _y_. Overlaps Leads (09:00).",
    ]  # fmt: skip


@given(st.permutations(PICTURE.strip().splitlines()))
@settings(max_examples=20, deadline=None)
def test_the_order_of_facts_changes_nothing(table: list[str]) -> None:
    assert day("\n".join(table)) == day(PICTURE)


@given(st.lists(st.tuples(st.integers(0, 95), st.integers(1, 20)), max_size=8))
@settings(max_examples=60, deadline=None)
def test_the_free_stretch_is_free(spans: list[tuple[int, int]]) -> None:
    """Times in quarters of an hour."""

    def clock(quarter: int) -> str:
        return f"2026-11-{19 + quarter // 96}T{quarter % 96 // 4:02}:{quarter % 4 * 15:02}"

    table = "\n".join(
        f"meeting | {n} | uid={n} | title=m{n} | starts={clock(start)} | ends={clock(start + length)}"
        for n, (start, length) in enumerate(spans)
    )
    busy = {quarter for start, length in spans for quarter in range(start, start + length)}
    working = range(9 * 4, 18 * 4)
    longest, run = 0, 0
    for quarter in working:
        run = 0 if quarter in busy else run + 1
        longest = max(longest, run)
    summary = day(table).summary
    if not spans:
        assert summary == ""
    elif longest < 4:
        assert summary.endswith("No free stretch of an hour.")
    else:
        start, end = summary.split("Longest free stretch ")[1].rstrip(".").split(" to ")
        quarters = [int(t[:2]) * 4 + int(t[3:]) // 15 for t in (start, end)]
        assert quarters[1] - quarters[0] == longest
        assert not busy & set(range(*quarters))
