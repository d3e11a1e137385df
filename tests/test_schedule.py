"""When an edition is due: mornings in tables, and what holds on any of them."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.config import parse
from briefing.deliver.policy import Standing
from briefing.errors import ConfigError
from briefing.morning import WorkCalendar
from briefing.schedule import (
    EVERY,
    Progress,
    Timetable,
    clock_time,
    dates,
    first_moment,
    missed,
    next_due,
    progress_of,
    said,
    verdict,
)
from briefing.store.ledger import State

EVERY_DAY = frozenset(range(7))


def timetable(
    at: str = "06:30",
    zone: str = "Europe/Berlin",
    *,
    workdays: frozenset[int] = frozenset(range(5)),
    holidays: str = "",
    off: str = "",
    catch_up: float = 6,
) -> Timetable:
    calendar = WorkCalendar(workdays=workdays, holidays=dates(holidays.split()))
    return Timetable(
        at=clock_time(at), zone=ZoneInfo(zone), calendar=calendar, days_off=dates(off.split()),
        catch_up=timedelta(hours=catch_up),
    )  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(moment: datetime | None, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}" if moment else "none"


def test_a_week_of_looks(table: str) -> None:
    """
    2026-11-23 06:29 | none    | early      | due at 06:30
    2026-11-23 06:30 | none    | due        | due since 06:30
    2026-11-23 06:45 | open    | due        | due since 06:30
    2026-11-23 06:45 | settled | delivered  | settled
    2026-11-23 06:45 | stuck   | stuck      | not settled, and nothing goes on by itself: briefing status
    2026-11-23 07:01 | none    | late       | due since 06:30, caught up until 12:30
    2026-11-23 12:29 | open    | late       | due since 06:30, caught up until 12:30
    2026-11-23 12:30 | none    | passed     | not sent, and too late since 12:30
    2026-11-23 12:30 | stuck   | passed     | not sent, and too late since 12:30
    2026-11-23 23:59 | settled | delivered  | settled
    2026-11-24 06:30 | none    | holiday    | Tuesday 24 November 2026 is a holiday
    2026-11-25 06:30 | none    | day off    | Wednesday 25 November 2026 is a day off
    2026-11-25 09:00 | settled | delivered  | settled
    2026-11-26 06:30 | none    | due        | due since 06:30
    2026-11-28 06:30 | none    | no workday | Saturday 28 November 2026 is no workday
    2026-11-29 12:00 | none    | no workday | Sunday 29 November 2026 is no workday
    """
    berlin = timetable(holidays="2026-11-24", off="2026-11-25")
    for line in table.splitlines():
        at, progress, outcome, sentence = (part.strip() for part in line.split("|"))
        now = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        found = verdict(berlin, now.astimezone(UTC), progress=cast(Progress, progress))
        assert found.outcome == outcome, line
        assert found.wanted == (outcome in {"due", "late"}), line
        assert sentence in said(berlin, found), line


@pytest.mark.parametrize(
    ("zone", "at", "day", "due"),
    [
        ("Europe/Berlin", "06:30", "2026-11-23", "2026-11-23 05:30"),
        ("Europe/Berlin", "06:30", "2026-07-01", "2026-07-01 04:30"),
        ("Asia/Kolkata", "06:30", "2026-11-23", "2026-11-23 01:00"),
        ("Asia/Kathmandu", "06:40", "2026-11-23", "2026-11-23 00:55"),
        # 02:30 does not exist: at the end of the gap. On the evening before nothing has changed.
        ("America/New_York", "02:30", "2026-03-08", "2026-03-08 07:00"),
        ("America/New_York", "03:00", "2026-03-08", "2026-03-08 07:00"),
        ("America/New_York", "01:59", "2026-03-08", "2026-03-08 06:59"),
        ("Europe/Berlin", "02:30", "2026-03-29", "2026-03-29 01:00"),
        # 01:30 and 02:30 exist twice: the first.
        ("America/New_York", "01:30", "2026-11-01", "2026-11-01 05:30"),
        ("America/New_York", "02:00", "2026-11-01", "2026-11-01 07:00"),
        ("Europe/Berlin", "02:30", "2026-10-25", "2026-10-25 00:30"),
        # Midnight does not exist in Cairo on this day; half an hour is skipped on Lord Howe.
        ("Africa/Cairo", "00:00", "2026-04-24", "2026-04-23 22:00"),
        ("Australia/Lord_Howe", "02:10", "2026-10-04", "2026-10-03 15:30"),
    ],
)  # fmt: skip
def test_when_an_edition_is_due(zone: str, at: str, day: str, due: str) -> None:
    assert timetable(at, zone).due(date.fromisoformat(day)) == utc(due)


def test_a_date_that_a_zone_skipped_has_no_edition() -> None:
    samoa = timetable("06:30", "Pacific/Apia")
    assert samoa.due(date(2011, 12, 30)) is None
    assert samoa.until(date(2011, 12, 30)) is None
    found = next_due(samoa, utc("2011-12-30 09:00"))  # Thursday the 29th, 23:00
    assert local(found, "Pacific/Apia").startswith("2012-01-02")  # Friday was skipped


@pytest.mark.parametrize(
    ("zone", "at", "night", "sent"),
    [
        ("America/New_York", "02:30", "2026-03-08 04:00", "2026-03-08 03:00 EDT"),
        ("America/New_York", "01:30", "2026-11-01 04:00", "2026-11-01 01:30 EDT"),
        ("Europe/Berlin", "02:30", "2026-03-28 22:00", "2026-03-29 03:00 CEST"),
        ("Europe/Berlin", "02:30", "2026-10-24 22:00", "2026-10-25 02:30 CEST"),
        ("Europe/Berlin", "06:30", "2026-10-24 22:00", "2026-10-25 06:30 CET"),
    ],
)
def test_a_night_of_looks_when_the_clock_changes_sends_once(zone: str, at: str, night: str, sent: str) -> None:
    found = looked(timetable(at, zone, workdays=EVERY_DAY), utc(night), hours=23)
    assert [local(moment, zone) for moment, _ in found] == [sent]


def test_the_window_is_measured_in_hours_that_pass() -> None:
    """01:30 and six hours end at 06:30 where an hour comes twice, at 08:30 where one is left out."""
    autumn, spring = (
        timetable("01:30", "America/New_York").until(day) for day in (date(2026, 11, 1), date(2026, 3, 8))
    )
    assert (local(autumn, "America/New_York"), local(spring, "America/New_York")) == (
        "2026-11-01 06:30 EST", "2026-03-08 08:30 EDT",
    )  # fmt: skip


def test_no_edition_goes_out_after_its_date() -> None:
    late = timetable("22:00")
    assert local(late.until(date(2026, 11, 23)), "Europe/Berlin") == "2026-11-24 00:00 CET"
    assert verdict(late, utc("2026-11-23 22:59")).outcome == "late"
    assert verdict(late, utc("2026-11-23 23:00")).outcome == "early"  # of Tuesday's


def looked(
    table: Timetable, start: datetime, *, hours: float, asleep: tuple[datetime, datetime] | None = None
) -> list[tuple[datetime, date]]:
    """What a scheduler that looks every quarter of an hour sends, and when."""
    sent: list[tuple[datetime, date]] = []
    for number in range(int(hours * 60) // EVERY + 1):
        now = start + timedelta(minutes=EVERY * number)
        if asleep and asleep[0] <= now < asleep[1]:
            continue
        found = verdict(table, now, progress=progress(sent, table, now), last=sent[-1][1] if sent else None)
        if found.wanted:
            sent.append((now, found.date))
    return sent


def progress(sent: list[tuple[datetime, date]], table: Timetable, now: datetime) -> Progress:
    return "settled" if table.today(now) in {day for _, day in sent} else "none"


def test_after_a_sleep_of_three_days() -> None:
    """Asleep from Monday 18:00 to Thursday 09:10: Thursday's is caught up, Tuesday's and Wednesday's were missed."""
    asleep = (utc("2026-11-23 17:00"), utc("2026-11-26 08:10"))
    found = looked(timetable(), utc("2026-11-23 00:00"), hours=24 * 5 - 1, asleep=asleep)
    assert [local(at, "Europe/Berlin") for at, _ in found] == [
        "2026-11-23 06:30 CET", "2026-11-26 09:15 CET", "2026-11-27 06:30 CET",
    ]  # fmt: skip
    assert missed(timetable(), utc("2026-11-26 08:15"), date(2026, 11, 23)) == [date(2026, 11, 24), date(2026, 11, 25)]


def test_after_a_sleep_past_the_window_the_next_workday_has_the_edition() -> None:
    asleep = (utc("2026-11-27 00:00"), utc("2026-11-27 12:00"))
    found = looked(timetable(), utc("2026-11-26 12:00"), hours=24 * 5, asleep=asleep)
    assert [f"{day:%A}" for _, day in found] == ["Monday", "Tuesday"]
    assert missed(timetable(), utc("2026-11-27 11:00"), date(2026, 11, 26)) == []  # until 12:30 it may still come
    assert missed(timetable(), utc("2026-11-27 11:30"), date(2026, 11, 26)) == [date(2026, 11, 27)]


def test_after_a_week_away_there_is_one_edition() -> None:
    asleep = (utc("2026-11-13 12:00"), utc("2026-11-23 06:00"))
    found = looked(timetable(), utc("2026-11-13 00:00"), hours=24 * 11, asleep=asleep)
    assert [day for _, day in found] == [date(2026, 11, 13), date(2026, 11, 23)]
    away = timetable(off="2026-11-16..2026-11-20")
    assert missed(away, utc("2026-11-23 06:00"), date(2026, 11, 13)) == []
    assert len(missed(timetable(), utc("2026-11-23 06:00"), date(2026, 11, 13))) == 5


def test_a_clock_that_was_set_back_sends_nothing_of_the_past() -> None:
    now, lost = utc("2026-11-24 05:30"), utc("2020-01-01 05:30")
    assert verdict(timetable(), now, last=date(2026, 11, 23)).wanted
    assert verdict(timetable(), now, last=date(2026, 11, 24)).wanted  # begun: what is open of it goes on
    found = verdict(timetable(), lost, last=date(2026, 11, 23))
    assert found.outcome == "set back"
    assert "before the last edition" in said(timetable(), found)
    assert missed(timetable(), lost, date(2026, 11, 23)) == []


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-23 05:29", "2026-11-23 06:30 CET"),
        ("2026-11-23 05:30", "2026-11-24 06:30 CET"),
        ("2026-11-27 08:00", "2026-11-30 06:30 CET"),
        ("2026-12-23 08:00", "2027-01-04 06:30 CET"),
    ],
)
def test_when_the_next_is_due(now: str, due: str) -> None:
    winter = timetable(holidays="2026-12-24 2026-12-25 2027-01-01", off="2026-12-28..2026-12-31")
    assert local(next_due(winter, utc(now)), "Europe/Berlin") == due


def test_a_year_off_has_a_next_edition_and_a_life_off_has_none() -> None:
    assert next_due(timetable(off="2026-01-01..2026-12-31"), utc("2026-01-01 00:00")) is not None
    holidays = frozenset(date(2026, 1, 1) + timedelta(days=number) for number in range(900))
    never = Timetable(at=time(6), zone=ZoneInfo("UTC"), calendar=WorkCalendar(holidays=holidays))
    assert next_due(never, utc("2026-01-01 00:00")) is None


ZONES = st.sampled_from(
    [
        "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia",
        "America/St_Johns", "Pacific/Chatham", "America/Sao_Paulo", "UTC",
    ]
)  # fmt: skip
TIMETABLES = st.builds(
    Timetable,
    at=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    zone=ZONES.map(ZoneInfo),
    calendar=st.builds(
        WorkCalendar,
        workdays=st.frozensets(st.integers(0, 6), min_size=1),
        holidays=st.frozensets(st.dates(date(2011, 12, 20), date(2012, 1, 10)), max_size=5),
    ),
    days_off=st.frozensets(st.dates(date(2011, 12, 20), date(2012, 1, 10)), max_size=5),
    catch_up=st.integers(30, 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
)
STARTS = st.sampled_from([utc("2011-12-20 00:00"), utc("2026-03-01 00:00"), utc("2026-09-20 00:00")])
MOMENTS = st.builds(lambda start, seconds: start + timedelta(seconds=seconds), STARTS, st.integers(0, 50 * 86400))


@settings(max_examples=25, deadline=None)
@given(TIMETABLES, MOMENTS)
def test_the_next_edition_is_in_the_future_and_on_a_workday(table: Timetable, now: datetime) -> None:
    found = next_due(table, now)
    assert found is not None
    assert found.astimezone(UTC) > now
    assert table.editions.is_workday(found.date())
    assert found.replace(tzinfo=None).time() >= table.at
    assert verdict(table, found).wanted
    before = verdict(table, found.astimezone(UTC) - timedelta(seconds=1))
    assert not before.wanted or before.date < found.date()


@settings(max_examples=25, deadline=None)
@given(ZONES, st.times(), MOMENTS)
def test_the_first_moment_is_the_first(zone: str, at: time, moment: datetime) -> None:
    """The clock shows the time or a later one then, and did not on this date before."""
    where, at = ZoneInfo(zone), at.replace(microsecond=0)
    wall = datetime.combine(moment.date(), at)
    found = first_moment(moment.date(), at, where)
    shown = found.astimezone(where).replace(tzinfo=None, fold=0)
    assert shown >= wall
    for seconds in (1, 60, 1800, 3600):
        before = (found - timedelta(seconds=seconds)).astimezone(where).replace(tzinfo=None, fold=0)
        assert before < wall


@settings(max_examples=25, deadline=None)
@given(TIMETABLES, MOMENTS, st.lists(st.integers(-3 * 24 * 60, 4 * 24 * 60), min_size=1, max_size=40))
def test_no_date_has_two_editions_whatever_the_clock_does(table: Timetable, now: datetime, steps: list[int]) -> None:
    sent: list[tuple[datetime, date]] = []
    for minutes in [0, *itertools.chain.from_iterable((step, 1) for step in steps)]:
        now += timedelta(minutes=minutes)
        found = verdict(table, now, progress=progress(sent, table, now), last=sent[-1][1] if sent else None)
        if found.wanted:
            assert found.due is not None
            assert found.until is not None
            assert found.due <= now < found.until
            sent.append((now, found.date))
    days = [day for _, day in sent]
    assert days == sorted(set(days))
    assert all(table.editions.is_workday(day) for day in days)


@settings(max_examples=25, deadline=None)
@given(TIMETABLES, MOMENTS, st.integers(0, 30))
def test_what_was_missed_was_a_workday_that_is_over(table: Timetable, now: datetime, back: int) -> None:
    last = table.today(now) - timedelta(days=back)
    for day in missed(table, now, last):
        until = table.until(day)
        assert last < day <= table.today(now)
        assert table.editions.is_workday(day)
        assert until is not None
        assert until <= now


@settings(max_examples=25, deadline=None)
@given(TIMETABLES, MOMENTS)
def test_looks_fall_on_the_minute_in_every_zone(table: Timetable, now: datetime) -> None:
    found = next_due(table, now)
    assert found is not None
    if found.replace(tzinfo=None).time() == table.at:  # not moved by a gap
        assert found.astimezone(UTC).minute in table.minutes()


def standing(state: State, *, put_off: bool = False) -> Standing:
    at = utc("2026-11-23 05:30")
    return Standing(state=state, at=at, since=at, detail="", put_off=put_off)


def test_how_far_todays_edition_is(table: str) -> None:
    """
    none     | none     | none
    sent     | sent     | settled
    sent     | skipped  | settled
    sent     | none     | open
    sent     | putoff   | open
    sent     | sending  | open
    sent     | refused  | stuck
    sent     | uncertain| stuck
    refused  | putoff   | open
    """
    for line in table.splitlines():
        mail, chat, expected = (part.strip() for part in line.split("|"))
        known = {
            (name, "maya@harbourlane.example"): standing("deferred", put_off=True)
            if state == "putoff"
            else standing(cast(State, state))
            for name, state in (("mail", mail), ("chat", chat))
            if state != "none"
        }
        keys = [("mail", "maya@harbourlane.example"), ("chat", "maya@harbourlane.example")]
        assert progress_of(keys, known, ()) == expected, line
    assert progress_of(keys, {keys[0]: standing("sent"), keys[1]: standing("refused")}, ["chat"]) == "open"


# --- the configuration ------------------------------------------------------------------------------------------------


def test_the_schedule_of_a_configuration() -> None:
    found = parse(
        {
            "workspace": {"timezone": "Europe/Berlin", "workdays": ["mon", "tue"], "holidays": ["DE-BE", "2026-12-24"]},
            "schedule": {"time": "07:10", "days_off": ["2026-11-24", "2026-12-28..2027-01-02"], "catch_up": "90m"},
        }
    ).timetable(2026)  # fmt: skip
    assert (found.at, found.catch_up, found.zone.key) == (time(7, 10), timedelta(minutes=90), "Europe/Berlin")
    assert found.minutes() == (10, 25, 40, 55)
    why = {day: found.free(date.fromisoformat(day)) for day in ("2026-11-23", "2026-11-24", "2026-11-25", "2026-12-24")}
    assert list(why.values()) == [None, "day off", "no workday", "no workday"]
    assert (found.free(date(2027, 1, 1)), found.free(date(2026, 12, 29))) == ("no workday", "day off")
    assert parse({}).timetable(2026).at == time(6, 30)


def test_the_readers_own_zone() -> None:
    plain = {"workspace": {"timezone": "Europe/Berlin"}, "schedule": {"timezone": "America/New_York"}}
    assert local(parse(plain).timetable(2026).due(date(2026, 11, 23)), "UTC") == "2026-11-23 11:30 UTC"


@pytest.mark.parametrize(
    ("given_", "problem"),
    [
        ({"time": "6:30"}, 'schedule.time: write a time such as "06:30"'),
        ({"time": "24:00"}, 'schedule.time: write a time such as "06:30"'),
        ({"timezone": "Berlin"}, 'schedule.timezone: "Berlin" is not a time zone'),
        ({"days_off": ["Christmas"]}, 'schedule.days_off: "Christmas": write a date'),
        ({"days_off": ["2026-12-28..2026-12-01"]}, "the second date comes at most a year after the first"),
        ({"days_off": ["2026-01-01..2099-01-01"]}, "the second date comes at most a year after the first"),
        ({"catch_up": "10m"}, 'schedule.catch_up: write a time from "30m" to "24h"'),
        ({"catch_up": "2d"}, 'schedule.catch_up: write a time from "30m" to "24h"'),
        ({"catchup": "2h"}, 'schedule.catchup: not a known key (did you mean "catch_up"?)'),
    ],
)  # fmt: skip
def test_a_schedule_that_cannot_be_read(given_: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"schedule": given_})
    assert problem in str(caught.value)
