"""Workdays, working hours, and who the reader is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.facts import Person
from briefing.morning import Audience, WorkCalendar
from briefing.testing import morning_at

BERLIN = ZoneInfo("Europe/Berlin")
THURSDAY = date(2026, 11, 19)
CALENDARS = st.builds(
    WorkCalendar,
    workdays=st.frozensets(st.integers(0, 6), min_size=1),
    holidays=st.frozensets(st.dates(date(2026, 11, 1), date(2026, 12, 31)), max_size=8),
)
DAYS = st.dates(date(2026, 11, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("end", "workdays"),
    [
        ("2026-11-19", 0), ("2026-11-20", 1), ("2026-11-21", 1), ("2026-11-22", 1), ("2026-11-23", 2),
        ("2026-11-24", 3), ("2026-12-03", 10), ("2026-11-18", -1), ("2026-11-16", -3), ("2026-11-14", -4),
    ],
)  # fmt: skip
def test_workdays_between(end: str, workdays: int) -> None:
    assert WorkCalendar().workdays_between(THURSDAY, date.fromisoformat(end)) == workdays


@given(CALENDARS, DAYS, DAYS)
def test_workdays_between_are_those_one_counts(calendar: WorkCalendar, start: date, end: date) -> None:
    early, late = sorted((start, end))
    one_by_one = sum(calendar.is_workday(early + timedelta(days=n)) for n in range(1, (late - early).days + 1))
    assert calendar.workdays_between(early, late) == one_by_one
    assert calendar.workdays_between(late, early) == -one_by_one


@given(CALENDARS, DAYS)
def test_the_next_workday_is_one_workday_away(calendar: WorkCalendar, day: date) -> None:
    following = calendar.next_workday(day)
    assert calendar.is_workday(following)
    assert calendar.workdays_between(day, following) == 1


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-17 11:20", "2026-11-19 07:00", 6 + 40 / 60 + 9),
        ("2026-11-20 17:00", "2026-11-23 11:00", 3),
        ("2026-11-20 19:00", "2026-11-23 08:59", 0),
        ("2026-11-21 10:00", "2026-11-22 20:00", 0),
        ("2026-11-19 10:00", "2026-11-19 10:45", 0.75),
        ("2026-11-19 12:00", "2026-11-19 10:00", 0),
        ("2026-10-23 17:00", "2026-10-26 10:00", 2),  # the clocks go back on the Sunday between
    ],
)
def test_working_time(start: str, end: str, hours: float) -> None:
    moments = [datetime.fromisoformat(text).replace(tzinfo=BERLIN) for text in (start, end)]
    found = WorkCalendar().working_time(moments[0], moments[1], BERLIN)
    assert found == timedelta(hours=hours)
    in_utc = [moment.astimezone(UTC) for moment in moments]
    assert WorkCalendar().working_time(in_utc[0], in_utc[1], BERLIN) == found


@given(
    CALENDARS,
    st.lists(st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 31)), min_size=3, max_size=3),  # noqa: DTZ001
)
def test_working_time_adds_up(calendar: WorkCalendar, moments: list[datetime]) -> None:
    start, middle, end = (moment.replace(tzinfo=BERLIN) for moment in sorted(moments))
    parts = calendar.working_time(start, middle, BERLIN) + calendar.working_time(middle, end, BERLIN)
    assert calendar.working_time(start, end, BERLIN) == parts


def test_a_calendar_without_workdays_or_hours_is_refused() -> None:
    for wrong in ({"workdays": frozenset[int]()}, {"workdays": frozenset({7})}, {"opens": time(18), "closes": time(9)}):
        with pytest.raises(ValueError, match="needs a workday"):
            WorkCalendar(**wrong)


def test_today_and_the_next_edition_are_the_workspace_s() -> None:
    late = morning_at("2026-11-19 23:30", zone="America/New_York")
    assert late.today == THURSDAY
    assert late.date_of(datetime(2026, 11, 20, 3, 0, tzinfo=UTC)) == THURSDAY
    friday = morning_at("2026-11-20 07:00")
    assert (friday.next_edition, friday.days_to_next) == (date(2026, 11, 23), 3)


@pytest.mark.parametrize(
    ("person", "me"),
    [
        (Person(email="MAYA@harbour.example"), True),
        (Person(name="Maya Lindqvist", email="maya@other.example"), False),
        (Person(name="maya lindqvist"), True),
        (Person(id="U1"), True),
        (Person(name="Maya", id="U2"), False),
        (Person(), False),
        (None, False),
    ],
)
def test_who_is_the_reader(person: Person | None, me: bool) -> None:
    maya = Audience(
        name="Maya", persons=(Person(name="Maya Lindqvist", email="maya@harbour.example"), Person(id="U1", name="Maya"))
    )
    assert maya.is_me(person) is me
