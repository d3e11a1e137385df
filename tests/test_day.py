"""Days on which meetings collide, and days on which they only seem to."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.clients import Client, Directory
from briefing.facts import Fact, Person
from briefing.items import Item
from briefing.morning import Audience, Morning
from briefing.rules import RULES, load_all
from briefing.rules.engine import run
from briefing.rules.view import Limits, facts_of
from briefing.testing import facts_from, morning_at, readings_for, run_rule

MAYA = Person(name="Maya Lindqvist", email="maya@harbourlane.example")
READER = Audience(name="Maya", persons=(MAYA,))
THURSDAY = morning_at("2026-11-19 07:00", audience=READER)
ACCEPTED = "Maya <maya@harbourlane.example>=accepted"


def meeting(name: str, starts: str, ends: str, *more: str, guests: str = ACCEPTED, day: str = "2026-11-19") -> str:
    """One line of a table; titles are the ids unless said otherwise."""
    cells = [f"uid={name}", f"title={name}", f"starts={day}T{starts}", f"ends={day}T{ends}"]
    cells += [f"guests={guests}"] if guests else []
    values = dict(cell.split("=", 1) for cell in [*cells, *more])
    return f"meeting | {name} | " + " | ".join(f"{key}={value}" for key, value in values.items())


def conflicts(*lines: str, at: Morning = THURSDAY, directory: Directory | None = None) -> list[Item]:
    """What the rule finds in some meetings."""
    return run_rule("meeting-conflict", "\n".join(lines), at, directory=directory)


def test_two_accepted_meetings_that_share_time_are_told_once(table: str) -> None:
    """
    meeting | i | uid=i | title=Interview, developer | starts=2026-11-19T15:30 | ends=2026-11-19T16:30 | guests=Maya <maya@harbourlane.example>=accepted; Tom <tom@harbourlane.example>=accepted
    meeting | a | uid=a | title=Acme launch call | starts=2026-11-19T15:45 | ends=2026-11-19T16:15 | guests=Maya <maya@harbourlane.example>=accepted; Paul Kerr <paul@acme.example>=accepted
    """
    directory = Directory(
        own_domains=frozenset({"harbourlane.example"}), clients=(Client(name="Acme"),), by_domain={"acme.example": "Acme"}
    )  # fmt: skip
    (item,) = run_rule("meeting-conflict", table, THURSDAY, directory=directory)
    assert item.headline == "Acme launch call (15:45) overlaps Interview, developer (15:30); you accepted both."
    assert item.line == "Acme launch call overlaps Interview, developer, 15:45."
    assert item.body == ("They share 15:45 to 16:15.", "Acme launch call is with Paul Kerr.")
    assert (item.ask, item.short, item.client, item.owner) == ("which one?", "overlap", "Acme", MAYA)
    assert (item.urgency, str(item.deadline), item.measure) == ("date", "2026-11-19", Decimal(2))
    assert item.looked_in == ("test",)
    assert [one.text for one in item.evidence] == [
        "Interview, developer, 15:30, 1 h",
        "Acme launch call, 15:45, 30 min",
    ]
    assert item.about.id == "i"
    assert item.stage in RULES["meeting-conflict"].stages


@pytest.mark.parametrize(
    "other",
    [
        meeting("b", "10:30", "11:00", "cancelled=yes"),
        meeting("b", "10:30", "11:00", "busy=free"),
        meeting("b", "10:30", "11:00", guests="Maya <maya@harbourlane.example>=declined"),
        meeting("b", "10:30", "11:00", guests="Maya <maya@harbourlane.example>=none"),
        meeting("b", "10:30", "11:00", guests="Maya <maya@harbourlane.example>=tentative"),
        meeting("b", "10:30", "11:00", "busy=tentative"),
        meeting("b", "10:30", "11:00", "type=place"),
        meeting("b", "10:30", "11:00", "type=birthday"),
        meeting("b", "00:00", "23:59", "all_day=yes"),
        meeting("b", "11:00", "11:30"),
        meeting("b", "09:00", "10:00"),
        meeting("b", "10:30", "10:30"),
        meeting("b", "10:30", "11:00", day="2026-11-21"),
        meeting("b", "10:30", "11:00", day="2026-11-12"),
        meeting("b", "10:30", "11:00", "calendar_owner=tom@harbourlane.example", "source=tom"),
        meeting("b", "10:30", "11:00", "uid=a"),
        meeting("b", "10:00", "11:00", "title=A!"),
    ],
)
def test_what_only_seems_to_collide_is_silent(other: str) -> None:
    assert conflicts(meeting("a", "10:00", "11:00"), other) == []


def test_the_same_lines_without_their_excuse_do_collide() -> None:
    (item,) = conflicts(meeting("a", "10:00", "11:00"), meeting("b", "10:30", "11:00"))
    assert item.headline == "B (10:30) overlaps a (10:00); you accepted both."


def test_one_that_the_reader_organises_is_meant_though_not_answered() -> None:
    own = meeting("b", "10:30", "11:00", "organiser=maya@harbourlane.example", guests="maya@harbourlane.example=none")
    (item,) = conflicts(meeting("a", "10:00", "11:00"), own)
    assert item.headline == "B (10:30) overlaps a (10:00)."


def test_where_answers_are_not_known_nothing_is_said_of_them() -> None:
    (item,) = conflicts(meeting("a", "10:00", "11:00", guests=""), meeting("b", "10:30", "11:00", guests=""))
    assert item.headline == "B (10:30) overlaps a (10:00)."


def test_more_than_two_are_one_item_and_not_pairs() -> None:
    (item,) = conflicts(meeting("a", "10:00", "12:00"), meeting("b", "10:30", "11:00"), meeting("c", "10:45", "11:30"))
    assert item.headline == "3 meetings share time: a (10:00), b (10:30) and c (10:45); you accepted all."
    assert item.measure == Decimal(3)
    (chain,) = conflicts(meeting("a", "10:00", "11:00"), meeting("b", "10:30", "12:00"), meeting("c", "11:30", "13:00"))
    assert chain.headline.startswith("3 meetings overlap one after another: ")


def test_two_groups_of_a_day_are_two_items() -> None:
    lines = [
        meeting(n, s, e)
        for n, s, e in (
            ("a", "09:00", "10:00"),
            ("b", "09:30", "10:00"),
            ("c", "14:00", "15:00"),
            ("d", "14:30", "15:30"),
        )
    ]
    assert [item.about.id for item in conflicts(*lines)] == ["a", "c"]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-19 07:00", True), ("2026-11-19 09:50", True), ("2026-11-19 10:15", True), ("2026-11-19 10:30", False),
        ("2026-11-19 10:45", False), ("2026-11-19 11:00", False), ("2026-11-18 07:00", True), ("2026-11-17 07:00", False),
    ],
)  # fmt: skip
def test_what_is_over_or_under_way_is_not_told_as_to_come(now: str, *, told: bool) -> None:
    found = conflicts(
        meeting("a", "10:00", "11:00"), meeting("b", "10:30", "11:30"), at=morning_at(now, audience=READER)
    )
    assert bool(found) is told


def test_one_that_is_over_does_not_join_what_is_left() -> None:
    lines = (meeting("a", "08:00", "09:00"), meeting("b", "08:30", "10:30"), meeting("c", "10:00", "11:00"))
    (item,) = conflicts(*lines, at=morning_at("2026-11-19 09:30", audience=READER))
    assert item.headline == "C (10:00) overlaps b (08:30); you accepted both."


def test_tomorrow_and_over_the_weekend_up_to_the_next_workday() -> None:
    day = "2026-11-23"
    lines = (meeting("a", "10:00", "11:00", day=day), meeting("b", "10:30", "11:30", day=day))
    assert conflicts(*lines) == []
    (item,) = conflicts(*lines, at=morning_at("2026-11-20 07:00", audience=READER))
    assert item.headline == "B (Monday 10:30) overlaps a (Monday 10:00); you accepted both."
    assert str(item.deadline) == day


def test_a_meeting_over_midnight_collides_with_one_of_the_night(table: str) -> None:
    """
    meeting | a | uid=a | title=Release night | starts=2026-11-19T23:00 | ends=2026-11-20T01:00
    meeting | b | uid=b | title=Call with Tokyo | starts=2026-11-20T00:30 | ends=2026-11-20T01:30
    """
    (item,) = run_rule("meeting-conflict", table, THURSDAY)
    assert item.headline == "Call with Tokyo (tomorrow 00:30) overlaps Release night (23:00)."


@pytest.mark.parametrize(
    ("starts", "collide"),
    [("2026-10-25T02:15+02:00", True), ("2026-10-25T02:15+01:00", False)],
)
def test_in_the_night_the_clock_goes_back_the_same_hour_comes_twice(starts: str, *, collide: bool) -> None:
    table = f"""
    meeting | a | uid=a | title=a | starts=2026-10-25T02:00+02:00 | ends=2026-10-25T02:45+02:00
    meeting | b | uid=b | title=b | starts={starts} | ends={starts.replace("02:15", "02:30")}
    """
    morning = morning_at("2026-10-24 07:00", audience=READER)
    assert bool(run_rule("meeting-conflict", table, morning)) is collide


def test_in_another_zone_the_readers_clock_is_told() -> None:
    morning = morning_at("2026-11-19 03:00", zone="America/New_York", audience=READER)
    (item,) = conflicts(meeting("a", "16:00", "17:00"), meeting("b", "16:30", "17:30"), at=morning)
    assert item.headline == "B (10:30) overlaps a (10:00); you accepted both."


def test_the_same_meeting_on_two_calendars_collides_once_and_not_with_itself() -> None:
    owner = "calendar_owner=maya@harbourlane.example"
    lines = (
        meeting("a1", "10:00", "11:00", "uid=a", "source=work", owner), meeting("a2", "10:00", "11:00", "uid=a", "source=phone"),
        meeting("b1", "10:30", "11:00", "uid=b", "source=work", owner), meeting("b2", "10:30", "11:00", "uid=b", "source=phone"),
    )  # fmt: skip
    (item,) = conflicts(*lines)
    assert item.about.source == "work"


def test_calendars_of_two_sources_collide_once() -> None:
    (item,) = conflicts(meeting("a", "10:00", "11:00", "source=work"), meeting("b", "10:30", "11:30", "source=private"))
    assert item.about.source == "work"
    assert {one.ref.source for one in item.evidence} == {"work", "private"}


def test_a_calendar_that_was_not_read_today_collides_with_nothing() -> None:
    load_all()
    facts = facts_from(
        "\n".join((meeting("a", "10:00", "11:00", "source=work"), meeting("b", "10:30", "11:30", "source=old")))
    )
    for status, told in (("whole", 1), ("partial", 1), ("stale", 0), ("missing", 0)):
        readings = [*readings_for(facts[:1]), *readings_for(facts[1:], status=status)]
        outcome = run(RULES["meeting-conflict"], facts_of(facts, readings=readings), THURSDAY, Limits())
        assert len(outcome.items) == told


def test_whose_calendars_are_the_readers() -> None:
    def owned(who: str, source: str = "team") -> tuple[str, str]:
        cells = (f"calendar_owner={who}@harbourlane.example", f"source={source}")
        return (
            meeting(f"a-{who}", "10:00", "11:00", *cells, guests=""),
            meeting(f"b-{who}", "10:30", "11:00", *cells, guests=""),
        )

    assert [item.about.id for item in conflicts(*owned("maya"), *owned("tom"))] == ["a-maya"]
    assert conflicts(*owned("tom")) == []
    # Nobody said who reads: one owner of everything is the reader, of two none is.
    nobody = morning_at("2026-11-19 07:00")
    assert [item.about.id for item in conflicts(*owned("tom"), at=nobody)] == ["a-tom"]
    assert conflicts(*owned("tom"), *owned("maya"), at=nobody) == []


def test_an_accepted_meeting_with_guests_from_outside_in_ones_own_absence() -> None:
    directory = Directory(own_domains=frozenset({"harbourlane.example"}))
    away = meeting("Vacation", "00:00", "23:59", "all_day=yes", "type=away", guests="")
    client = meeting("Acme call", "10:00", "11:00", guests=f"{ACCEPTED}; Paul Kerr <paul@acme.example>")
    inside = meeting("Leads meeting", "09:00", "09:30", guests=f"{ACCEPTED}; tom@harbourlane.example=accepted")
    (item,) = conflicts(away, client, inside, directory=directory)
    assert item.headline == "Acme call (10:00) lies in your absence (Vacation); you accepted it."
    assert (item.stage, item.about.id, item.ask) == ("away-booked", "Vacation", "keep or move?")
    assert conflicts(away, inside, directory=directory) == []


def test_a_private_appointment_is_not_named() -> None:
    (item,) = conflicts(meeting("p", "10:00", "11:00", "title=Clinic", "private=yes"), meeting("b", "10:30", "11:00"))
    assert item.headline == "B (10:30) overlaps a private appointment (10:00); you accepted both."
    assert "Clinic" not in repr([item.line, item.body, item.evidence])


@given(st.permutations(range(6)), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_the_order_of_facts_and_other_peoples_meetings_change_nothing(order: Iterable[int], others: int) -> None:
    lines = [meeting(f"m{n}", f"{9 + n:02}:00", f"{9 + n + n % 3:02}:30") for n in range(6)]
    strangers = [
        meeting(f"t{n}", "09:00", "18:00", "calendar_owner=tom@harbourlane.example", "source=tom")
        for n in range(others)
    ]
    facts: list[Fact] = facts_from("\n".join([*(lines[n] for n in order), *strangers]))
    told = [item.headline for item in run_rule("meeting-conflict", facts, THURSDAY)]
    assert told == [item.headline for item in run_rule("meeting-conflict", "\n".join(lines), THURSDAY)]
    assert told
