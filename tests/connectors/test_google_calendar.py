"""Google Calendar: what an event states, which calendars are read, and how a reading goes on."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from briefing.connector import Mark
from briefing.errors import AuthError, BadAnswer, MarkExpired, SourceError
from briefing.facts import Absence, Fact, Meeting, Person
from briefing.loopback import Reply, Request, json_reply
from connectors.google_calendar import MARGIN, GoogleCalendar
from connectors.google_events import Shelf, Unreadable, event_facts
from tests.connectors.google_wire import (
    CREDENTIALS,
    MAYA,
    NOW,
    ZONE,
    Json,
    Service,
    calendar_at,
    calendar_list,
    error,
    events,
    got,
    own,
    served,
    whats,
    window,
)

DANA = "dana@northwind.example"
SHELF = Shelf(source="google", id=MAYA, name="Maya", owner=Person(email=MAYA), zone=ZONE, reader=ZONE)


def timed(start: str, end: str, zone: str = "Europe/Berlin") -> Json:
    return {"start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone}}


def days(first: str, after: str) -> Json:
    return {"start": {"date": first}, "end": {"date": after}}


def event(**more: Any) -> Json:
    """An event of half an hour with nobody else."""
    return {
        "id": "e1", "iCalUID": "e1@google.com", "status": "confirmed", "eventType": "default", "summary": "Review",
        **timed("2026-11-19T10:00:00+01:00", "2026-11-19T10:30:00+01:00"), **more,
    }  # fmt: skip


def stated(told: Json, shelf: Shelf = SHELF) -> list[Fact]:
    return list(event_facts(told, shelf))


def meeting(told: Json, shelf: Shelf = SHELF) -> Meeting:
    (found,) = [fact for fact in stated(told, shelf) if isinstance(fact, Meeting)]
    return found


def absences(told: Json, shelf: Shelf = SHELF) -> list[tuple[str, date, date]]:
    found = [fact for fact in stated(told, shelf) if isinstance(fact, Absence)]
    return [(one.person.label, one.first, one.last) for one in found]


# --- what an event states ------------------------------------------------------------------------------------------


def test_a_meeting_with_everything() -> None:
    found = meeting(
        event(
            id="abc_20261119T090000Z", recurringEventId="abc", htmlLink="https://www.google.com/calendar/event?eid=x",
            originalStartTime={"dateTime": "2026-11-18T16:00:00+01:00"}, visibility="private", location="Room 2",
            summary="Northwind\u202e review", description="Agenda: renewal and scope.",
            organizer={"email": MAYA, "self": True}, creator={"email": MAYA, "self": True},
            attendees=[
                {"email": "maya.l@harbourlane.example", "self": True, "responseStatus": "accepted", "organizer": True},
                {"email": DANA, "displayName": "Ruiz, Dana", "responseStatus": "needsAction", "optional": True},
                {"email": "ann@northwind.example", "displayName": "Ann", "responseStatus": "declined"},
                {"email": "bo@northwind.example", "responseStatus": "tentative", "additionalGuests": 2},
                {"email": "room2@resource.calendar.google.com", "displayName": "Room 2", "resource": True,
                 "responseStatus": "accepted"},
            ],
        )
    )  # fmt: skip
    assert (found.uid, found.occurrence) == ("e1@google.com", "2026-11-18T15:00:00+00:00")
    assert (found.starts, found.ends) == (NOW.replace(hour=10), NOW.replace(hour=10, minute=30))
    assert (found.title, found.place, found.agenda) == ("Northwind review", "Room 2", True)
    assert (found.organiser, found.calendar_owner) == (Person(email=MAYA), Person(email=MAYA))
    assert [(g.person.label, g.response, g.optional, g.resource) for g in found.guests] == [
        (MAYA, "accepted", False, False), ("Ruiz, Dana", "none", True, False), ("Ann", "declined", False, False),
        ("bo@northwind.example", "tentative", False, False), ("Room 2", "accepted", False, True),
    ]  # fmt: skip
    assert (found.type, found.busy, found.series, found.private) == ("meeting", "busy", True, True)
    assert found.ref.id == f"{MAYA}/abc_20261119T090000Z"
    assert found.ref.url == "https://www.google.com/calendar/event?eid=x"


GUEST = [{"email": DANA, "responseStatus": "accepted"}]


@pytest.mark.parametrize(
    ("told", "type_", "busy"),
    [
        ({}, "block", "busy"),
        ({"attendees": GUEST}, "meeting", "busy"),
        ({"organizer": {"email": DANA}}, "meeting", "busy"),
        ({"attendees": GUEST, "status": "tentative"}, "meeting", "tentative"),
        ({"transparency": "transparent"}, "block", "free"),
        ({"eventType": "focusTime"}, "focus", "busy"),
        ({"summary": "Focus time"}, "focus", "busy"),
        ({"eventType": "outOfOffice", "summary": "Dentist"}, "away", "busy"),
        ({"summary": "Out of office"}, "away", "busy"),
        ({"summary": "Out of office", "attendees": GUEST}, "meeting", "busy"),
        ({"eventType": "workingLocation", "transparency": "transparent"}, "place", "free"),
        ({"eventType": "workingLocation"}, "place", "free"),
        ({"eventType": "birthday"}, "birthday", "free"),
        ({"eventType": "fromGmail", "attendees": GUEST}, "meeting", "busy"),
        ({"eventType": "somethingNew"}, "block", "busy"),
    ],
)
def test_what_sort_of_event_it_is(told: Json, type_: str, busy: str) -> None:
    found = meeting(event(**told))
    assert (found.type, found.busy) == (type_, busy)


@pytest.mark.parametrize(
    ("told", "link", "place"),
    [
        ({"hangoutLink": "https://meet.google.com/abc"}, "https://meet.google.com/abc", ""),
        ({"conferenceData": {"entryPoints": [
            {"entryPointType": "phone", "uri": "tel:+1-555", "pin": "4711"},
            {"entryPointType": "video", "uri": "https://us02web.zoom.us/j/1", "passcode": "hush"}]}},
         "https://us02web.zoom.us/j/1", ""),
        ({"location": "https://teams.microsoft.com/l/meetup-join/19"}, "https://teams.microsoft.com/l/meetup-join/19", ""),
        ({"description": '<a href="https://meet.google.com/xyz">join</a>'}, "https://meet.google.com/xyz", ""),
        ({"hangoutLink": "javascript:alert(1)", "location": "Room 2"}, "", "Room 2"),
    ],
)  # fmt: skip
def test_where_to_join(told: Json, link: str, place: str) -> None:
    found = meeting(event(**told))
    assert (found.link, found.place) == (link, place)
    assert "4711" not in repr(found)
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    ("told", "agenda"),
    [
        ({}, False),
        ({"description": "<p>Budget and plan</p>"}, True),
        ({"description": "Join with Google Meet: https://meet.google.com/abc-defg-hij"}, False),
        ({"attachments": [{"fileUrl": "https://docs.example/1", "title": "Notes"}]}, True),
        ({"visibility": "private"}, False),
    ],
)
def test_whether_it_says_what_it_is_about(told: Json, *, agenda: bool) -> None:
    assert meeting(event(**told)).agenda is agenda


def test_a_private_event_of_a_colleague_shows_its_time_only() -> None:
    hidden = event(visibility="private")
    del hidden["summary"]
    found = meeting(hidden, replace(SHELF, owner=Person(email="sam@harbourlane.example")))
    assert (found.title, found.private, found.agenda) == ("", True, None)


def test_a_calendar_shared_as_busy_states_no_titles() -> None:
    bare = {"id": "b1", "status": "confirmed", **timed("2026-11-19T10:00:00+01:00", "2026-11-19T11:00:00+01:00")}
    found = meeting(bare, replace(SHELF, busy_only=True))
    assert (found.title, found.private, found.type, found.agenda, found.uid) == ("", True, "meeting", None, "b1")


def test_the_organiser_of_a_shared_calendar_is_who_made_the_event() -> None:
    told = event(
        organizer={"email": "c_1@group.calendar.google.com", "displayName": "Team", "self": True},
        creator={"email": DANA, "displayName": "Dana Ruiz"},
    )
    found = meeting(told, replace(SHELF, id="c_1@group.calendar.google.com", owner=None))
    assert found.organiser == Person(name="Dana Ruiz", email=DANA)


# --- when ----------------------------------------------------------------------------------------------------------


def test_times_of_another_zone_are_the_readers() -> None:
    told = event(**timed("2026-11-19T04:00:00-05:00", "2026-11-19T05:00:00-05:00", "America/New_York"))
    found = meeting(told)
    assert (found.starts.hour, found.ends.hour, found.starts.tzinfo) == (10, 11, ZONE)


def test_a_time_without_an_offset_is_in_the_zone_it_names() -> None:
    told = event(**timed("2026-11-19T04:00:00", "2026-11-19T05:00:00", "America/New_York"))
    assert meeting(told).starts.hour == 10


def test_an_all_day_event_is_days_of_its_calendar() -> None:
    tokyo = replace(SHELF, zone=ZoneInfo("Asia/Tokyo"))
    found = meeting(event(**days("2026-11-19", "2026-11-21")), tokyo)
    assert found.all_day
    assert (found.starts, found.ends) == (
        datetime(2026, 11, 19, tzinfo=ZoneInfo("Asia/Tokyo")), datetime(2026, 11, 21, tzinfo=ZoneInfo("Asia/Tokyo"))
    )  # fmt: skip


def test_an_all_day_series_is_known_by_its_day() -> None:
    told = event(recurringEventId="s", originalStartTime={"date": "2026-11-18"}, **days("2026-11-19", "2026-11-20"))
    assert meeting(told).occurrence == "2026-11-18"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"start": {}}, "has no start"),
        ({"start": {"date": "2026-13-01"}}, "has no start"),
        ({"start": {"dateTime": "soon"}}, "has no start"),
        ({"end": {}}, "has no end"),
        ({"end": {"date": "2026-11-20"}}, "has no end"),
        ({"end": {"dateTime": "2026-11-19T09:00:00+01:00"}}, "ends before it starts"),
        ({"iCalUID": 7}, "has no iCalUID"),
        ({"recurringEventId": "s"}, "which instance"),
        ({"originalStartTime": {"date": "2026-11-18"}}, "of which series"),
        ({"id": "a b"}, "has no id"),
    ],
)
def test_what_cannot_be_read_is_not_guessed(told: Json, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        stated(event(**told))


def test_an_event_without_an_end_that_says_so_has_no_length() -> None:
    found = meeting(event(end={}, endTimeUnspecified=True))
    assert found.starts == found.ends


# --- who is out ----------------------------------------------------------------------------------------------------

JANINE = replace(
    SHELF, id="janine@harbourlane.example", owner=Person(email="janine@harbourlane.example"), name="Janine",
    zone=ZoneInfo("America/New_York"),
)  # fmt: skip
OUT = {"eventType": "outOfOffice", "summary": "Vacation"}


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2026-11-18T00:00:00-05:00", "2026-11-23T00:00:00-05:00", 18, 22),
        ("2026-11-18T00:00:00-05:00", "2026-11-22T23:59:00-05:00", 18, 22),
        ("2026-11-18T12:00:00-05:00", "2026-11-23T09:00:00-05:00", 19, 22),  # from noon: the days after
        ("2026-11-18T06:00:00+01:00", "2026-11-19T06:00:00+01:00", 18, 18),  # midnight there, six here
        ("2026-11-18T13:00:00-05:00", "2026-11-18T17:00:00-05:00", None, None),
    ],
)
def test_an_absence_covers_whole_days_of_its_owner(start: str, end: str, first: int | None, last: int | None) -> None:
    wanted = [("janine@harbourlane.example", date(2026, 11, first), date(2026, 11, last))] if first and last else []
    assert absences(event(**OUT, **timed(start, end)), JANINE) == wanted


def test_an_absence_that_is_not_sure_calls_nobody_out() -> None:
    told = event(**OUT, **timed("2026-11-18T00:00:00-05:00", "2026-11-19T00:00:00-05:00"), status="tentative")
    assert absences(told, JANINE) == []


def test_the_night_the_clocks_go_back_is_a_day() -> None:
    told = event(summary="Ines: vacation", **timed("2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"))
    assert absences(told, JANINE) == [("Ines", date(2026, 11, 1), date(2026, 11, 1))]


def test_an_all_day_title_that_names_somebody_is_their_absence_and_nobodys_meeting() -> None:
    told = event(
        summary="Janine: vacation", htmlLink="https://www.google.com/calendar/event?eid=y",
        **days("2026-11-18", "2026-11-23"),
        attendees=[{"email": "janine@harbourlane.example", "displayName": "Janine Osei"}],
    )  # fmt: skip
    (found,) = stated(told)
    assert isinstance(found, Absence)
    assert found.ref.url == "https://www.google.com/calendar/event?eid=y"
    assert found.person == Person(name="Janine Osei", email="janine@harbourlane.example")
    assert (found.first, found.last) == (date(2026, 11, 18), date(2026, 11, 22))


# --- which calendars -----------------------------------------------------------------------------------------------

SAM = {"id": "sam@harbourlane.example", "summary": "Sam", "selected": True, "accessRole": "reader"}
TEAM = {"id": "c_1@group.calendar.google.com", "summary": "Team", "selected": True, "accessRole": "reader"}
HOLIDAYS = {"id": "en.usa#holiday@group.v.calendar.google.com", "summary": "Holidays", "selected": True}
ROOM = {"id": "c_2@resource.calendar.google.com", "summary": "Room", "selected": True}
HIDDEN = {"id": "c_3@group.calendar.google.com", "summary": "Old", "accessRole": "reader"}


def scopes(*entries: Json, **settings: Any) -> list[str]:
    with served(Service({"users/me/calendarList": calendar_list(*entries)})) as server:
        return [stream.scope for stream in calendar_at(server, **settings).streams(window())]


def test_what_google_shows_is_read_the_readers_own_first() -> None:
    assert scopes(TEAM, SAM, HOLIDAYS, ROOM, HIDDEN, own(selected=False)) == [MAYA, "Team", "sam@harbourlane.example"]


def test_the_settings_may_name_calendars_by_name_or_address() -> None:
    assert scopes(own(), TEAM, HIDDEN, calendars=["old", "primary", "c_1@group.calendar.google.com"]) == [
        "Old", MAYA, "Team",
    ]  # fmt: skip


def test_calendars_of_one_name_are_told_apart() -> None:
    other = {**TEAM, "id": "c_9@group.calendar.google.com"}
    assert scopes(TEAM, other) == [
        "Team (c_1@group.calendar.google.com)", "Team (c_9@group.calendar.google.com)"
    ]  # fmt: skip


def test_no_calendar_at_all_is_a_gap() -> None:
    with pytest.raises(SourceError, match="no calendar is shown"):
        scopes(HIDDEN)


def test_a_calendar_that_is_not_there_is_a_gap_of_its_own() -> None:
    answers = {"users/me/calendarList": calendar_list(own()), f"calendars/{MAYA}/events": events(event())}
    with served(Service(answers)) as server:
        connector = calendar_at(server, calendars=["primary", "Absences", "gone@harbourlane.example"])
        assert len(got(connector, MAYA).facts) == 1
        for scope in ("Absences", "gone@harbourlane.example"):
            with pytest.raises(SourceError, match=f'"{scope}" is not there, or no longer shared'):
                got(connector, scope)


def test_a_colleagues_calendar_is_theirs_and_a_named_one_the_readers() -> None:
    answers = {
        "users/me/calendarList": calendar_list(own(), SAM, TEAM),
        **{f"calendars/{one}/events": events(event()) for one in (MAYA, "sam@harbourlane.example",
                                                                  "c_1@group.calendar.google.com")},
    }  # fmt: skip
    with served(Service(answers)) as server:
        plain, mine = calendar_at(server), calendar_at(server, mine=["team"])
        found = [got(plain, scope).facts[0] for scope in (MAYA, "sam@harbourlane.example", "Team")]
        found.append(got(mine, "Team").facts[0])
    owners = [one.calendar_owner.email if one.calendar_owner else "" for one in found if isinstance(one, Meeting)]
    assert owners == [MAYA, "sam@harbourlane.example", "", MAYA]


@pytest.mark.parametrize(
    "listing",
    [
        {"items": [own()]}, {"nextSyncToken": "x"}, {"items": None, "nextSyncToken": "x"},
        calendar_list({"summary": "x"}), calendar_list(own(selected="yes")), calendar_list(own(summary=None)),
    ],
)  # fmt: skip
def test_a_list_that_is_not_whole_is_not_believed(listing: Json) -> None:
    with served(Service({"users/me/calendarList": listing})) as server, pytest.raises(BadAnswer):
        calendar_at(server).streams(window())


def test_settings_are_lists() -> None:
    with pytest.raises(ValueError, match="calendars: a list"):
        GoogleCalendar(**CREDENTIALS, calendars="primary")  # type: ignore[arg-type]


# --- how a reading goes on -----------------------------------------------------------------------------------------


class Days:
    """A calendar whose answers change from reading to reading; the questions are kept."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), list[dict[str, str]]()

    def __call__(self, request: Request) -> Any:
        self.asked.append(dict(request.query))
        return self.answers.pop(0)


def read_twice(first: Any, second: Any, *, at: datetime = NOW + timedelta(days=1)) -> tuple[Any, Any, Days]:
    calendar = Days(first, second)
    answers = {"users/me/calendarList": calendar_list(own()), f"calendars/{MAYA}/events": calendar}
    with served(Service(answers)) as server:
        before = got(calendar_at(server))
        after = got(calendar_at(server), mark=before.mark, at=window(at))
    return before, after, calendar


def test_a_first_reading_asks_for_the_time_and_a_second_for_what_changed() -> None:
    before, after, calendar = read_twice(events(event(), token="t1"), events(token="t2"))
    assert calendar.asked[0]["timeMin"] == "2026-10-20T07:00:00+02:00"
    assert calendar.asked[0]["timeMax"] == (NOW + timedelta(days=8) + MARGIN).isoformat()
    assert calendar.asked[1]["syncToken"] == "t1"
    assert not {"timeMin", "timeMax", "orderBy", "q", "updatedMin", "showDeleted"} & set(calendar.asked[1])
    same = {"singleEvents", "maxResults"}
    assert [{k: v for k, v in asked.items() if k in same} for asked in calendar.asked] == [
        {"singleEvents": "true", "maxResults": "1000"}
    ] * 2
    assert len(before.facts) == 1
    assert (after.facts, after.gone, after.skipped) == ([], [], [])
    assert '"t2"' in after.mark.value


def test_what_was_cancelled_deleted_or_moved_away_is_gone() -> None:
    changed = events(
        {"id": "a_1", "status": "cancelled", "recurringEventId": "a", "originalStartTime": {"date": "2026-11-20"}},
        event(id="far", iCalUID="far", **timed("2027-06-19T10:00:00+02:00", "2027-06-19T11:00:00+02:00")),
        event(id="moved", **timed("2026-11-20T15:00:00+01:00", "2026-11-20T16:00:00+01:00")),
    )
    _, after, _ = read_twice(events(event()), changed)
    assert [fact.ref.id for fact in after.facts] == [f"{MAYA}/moved"]
    assert after.gone == [
        f"event {MAYA}/a_1", f"absence {MAYA}/a_1", f"event {MAYA}/far", f"absence {MAYA}/far",
        f"absence {MAYA}/moved",
    ]  # fmt: skip


def test_a_meeting_that_becomes_an_absence_is_no_meeting_any_more() -> None:
    changed = events(event(summary="Janine: vacation", **days("2026-11-19", "2026-11-20")))
    _, after, _ = read_twice(events(event()), changed)
    assert [fact.ref.kind for fact in after.facts] == ["absence"]
    assert after.gone == [f"event {MAYA}/e1"]


def test_what_changed_and_cannot_be_read_is_not_told_as_it_was() -> None:
    _, after, _ = read_twice(events(event()), events(event(start={})))
    assert after.gone == [f"event {MAYA}/e1", f"absence {MAYA}/e1"]
    assert [one.why for one in after.skipped] == ["has no start that can be read"]


def expired() -> Any:
    return json_reply(error(410, "fullSyncRequired"), status=410)


@pytest.mark.parametrize(
    "second",
    [
        expired(), json_reply(error(400, "invalid"), status=400), events(timeZone="Asia/Tokyo"),
        events(accessRole="freeBusyReader"),
    ],
)  # fmt: skip
def test_a_mark_ends_with_what_it_rests_on(second: Any) -> None:
    """Google's token has expired or is not taken, the zone of all-day events is another, details are hidden."""
    with pytest.raises(MarkExpired):
        read_twice(events(event()), second)


def test_a_mark_ends_when_the_time_wanted_leaves_its_span() -> None:
    last = NOW + MARGIN
    read_twice(events(event()), events(), at=last)
    with pytest.raises(MarkExpired):
        read_twice(events(event()), events(), at=last + timedelta(minutes=1))


@pytest.mark.parametrize("value", ["zz", "{}", '{"v": 99}', "[]", '{"v": 1, "span": ["2026-11-19", "2026-11-20"]}'])
def test_a_mark_of_another_form_is_not_gone_on_from(value: str) -> None:
    answers = {"users/me/calendarList": calendar_list(own()), f"calendars/{MAYA}/events": events()}
    with served(Service(answers)) as server, pytest.raises(MarkExpired):
        got(calendar_at(server), mark=Mark(value))


def test_an_expired_page_without_a_mark_is_a_gap_and_no_circle() -> None:
    answers = {"users/me/calendarList": calendar_list(own()), f"calendars/{MAYA}/events": expired()}
    with served(Service(answers)) as server, pytest.raises(SourceError) as told:
        got(calendar_at(server))
    assert not isinstance(told.value, MarkExpired)
    assert told.value.advice


def test_pages_are_read_by_their_token_though_one_is_empty() -> None:
    calendar = Days(
        {**events(event(id="a")), "nextPageToken": "p2"}, {**events(), "nextPageToken": "p3"}, events(event(id="b")),
    )  # fmt: skip
    answers = {"users/me/calendarList": calendar_list(own()), f"calendars/{MAYA}/events": calendar}
    with served(Service(answers)) as server:
        found = got(calendar_at(server))
    assert [fact.ref.id for fact in found.facts] == [f"{MAYA}/a", f"{MAYA}/b"]
    assert [asked.get("pageToken", "") for asked in calendar.asked] == ["", "p2", "p3"]
    assert all("timeMin" in asked for asked in calendar.asked), "every page asks for the same"


def test_a_list_without_the_mark_of_its_end_is_not_whole() -> None:
    answers = {
        "users/me/calendarList": calendar_list(own()), f"calendars/{MAYA}/events": {"items": [event()]},
    }  # fmt: skip
    with served(Service(answers)) as server:
        found = got(calendar_at(server))
    assert len(found.facts) == 1
    assert found.mark is None
    assert "without the mark of its end" in found.skipped[0].why


def test_what_is_no_event_is_counted() -> None:
    answers = {
        "users/me/calendarList": calendar_list(own()),
        f"calendars/{MAYA}/events": {**events(event(), event(id="x", status="cancelled")), "items": [
            None, event(), event(id="x", status="cancelled"), event(id="broken", end=7),
        ]},
    }  # fmt: skip
    with served(Service(answers)) as server:
        found = got(calendar_at(server))
    assert len(found.facts) == 1
    assert [(one.where, one.why) for one in found.skipped] == [
        (f"{MAYA}: an entry", "has no id"), (f"{MAYA}: broken", "has no end that can be read"),
    ]  # fmt: skip
    assert [one.count for one in found.ignored] == [1]


# --- for a person --------------------------------------------------------------------------------------------------


def test_a_probe_tells_scopes_identity_calendars_and_the_limit() -> None:
    answers = {"users/me/calendarList": calendar_list(own(), TEAM, HIDDEN)}
    with served(Service(answers)) as server:
        told = whats(calendar_at(server, calendars=["Team", "Nowhere"]).probe())
    assert told == [
        "The login may read: calendar.readonly, https://mail.google.com/.",
        "It may also write: https://mail.google.com/.",
        f"Logged in as {MAYA}.",
        'Reads "Team".',
        'No calendar is called "Nowhere".',
        f"Does not read {MAYA}, Old: add to calendars to read them.",
        "A reading asks 3 times or little more; Google allows 600 a minute.",
    ]


def test_a_login_for_less_is_told_with_what_it_lacks() -> None:
    service = Service({}, scope="https://www.googleapis.com/auth/calendar.events.readonly")
    with served(service) as server, pytest.raises(AuthError) as told:
        calendar_at(server).streams(window())
    assert str(told.value) == 'the login does not allow to "see the list of your calendars"'
    assert told.value.advice == "briefing auth google, and tick every box"


def test_five_thousand_events_are_read_in_seconds() -> None:
    """The largest calendar it is meant for: a hundred events a day, twenty guests each, in pages of a thousand."""
    guests = [{"email": f"g{number}@northwind.example", "responseStatus": "accepted"} for number in range(20)]
    pages = [
        {**events(*(event(id=f"e{page}x{n}", attendees=guests) for n in range(1000))), "nextPageToken": str(page + 1)}
        for page in range(5)
    ]  # fmt: skip
    del pages[-1]["nextPageToken"]
    raw = [json.dumps(page).encode() for page in pages]
    calendar = lambda request: Reply(body=raw[int(request.param("pageToken") or 0)])  # noqa: E731
    answers = {"users/me/calendarList": calendar_list(own()), f"calendars/{MAYA}/events": calendar}
    began = time.thread_time()
    with served(Service(answers)) as server:
        (stream,) = calendar_at(server).streams(window())
        assert sum(isinstance(thing, Meeting) for thing in stream.read(window(), None)) == 5_000
    assert time.thread_time() - began < 10
