"""The demo's Google: its answers held against the reference and Google's own schemas, its facts against the files'."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from briefing.connector import Connector, Gone, Mark, Skipped, Window
from briefing.demo.days import ZONE, moment, plus
from briefing.demo.files_calendar import absences, calendar
from briefing.demo.files_mail import mailboxes
from briefing.demo.server.gmail import GmailSite
from briefing.demo.server.google_calendar import ABSENCES, GoogleCalendarSite
from briefing.demo.world import World
from briefing.facts import Absence, Fact, Meeting, Message
from briefing.loopback import Loopback, Reply, Request
from briefing.meter import Meter, counting
from connectors.gmail import Gmail
from connectors.gmail_box import UNITS
from connectors.google_calendar import GoogleCalendar
from connectors.ics import Ics
from connectors.mailbox import Mailbox

MORNING = date(2026, 11, 19)
NEXT = plus(MORNING, 1)
Json = dict[str, Any]


@cache
def world() -> World:
    return World(1, MORNING)


def window(morning: date = MORNING, back: int = 30) -> Window:
    now = moment(morning)
    return Window(now=now, since=now - timedelta(days=back), until=now + timedelta(days=8), zone=ZONE)


# --- asking the sites ----------------------------------------------------------------------------------------------


def ask(site: Callable[[Request], Reply], path: str, *, login: str = "", **query: Any) -> tuple[int, Json]:
    """What a site answers to a GET with a good token (or with another one)."""
    token = login or logged_in(site)
    pairs = tuple(
        (name, one) for name, value in query.items() for one in (value if isinstance(value, list) else [value])
    )
    reply = site(Request(method="GET", path=path, query=pairs, headers={"authorization": f"Bearer {token}"}))
    assert isinstance(reply.body, bytes)
    return reply.status, json.loads(reply.body)


def logged_in(site: Callable[[Request], Reply]) -> str:
    form = (
        "grant_type=refresh_token&refresh_token=1//demo-refresh-token&client_secret=demo-client-secret"
        "&client_id=harbourlane-demo.apps.googleusercontent.example"
    )
    reply = site(Request(method="POST", path="/token", body=form.encode()))
    assert isinstance(reply.body, bytes)
    return str(json.loads(reply.body)["access_token"])


def reason(told: Json) -> str:
    return str(told["error"]["errors"][0]["reason"])


CALENDAR = "/calendar/v3/users/me/calendarList"
ME = "/gmail/v1/users/me"


def events_of(site: GoogleCalendarSite, id: str = "primary", **query: Any) -> tuple[int, Json]:
    return ask(site, f"/calendar/v3/calendars/{id}/events", singleEvents="true", **query)


def calendar_site(morning: date = MORNING, **settings: Any) -> GoogleCalendarSite:
    return GoogleCalendarSite(world(), morning, **settings)


def gmail_site(morning: date = MORNING, **settings: Any) -> GmailSite:
    return GmailSite(world(), morning, **settings)


SPAN = {"timeMin": "2026-11-01T00:00:00Z", "timeMax": "2026-12-01T00:00:00Z"}


# --- field by field ------------------------------------------------------------------------------------------------


@cache
def schemas(name: str) -> Mapping[str, Any]:
    """What the fields of an API's answers are, from the discovery document that Google's client brings along."""
    import googleapiclient

    path = Path(str(googleapiclient.__file__)).parent / "discovery_cache" / "documents" / name
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["schemas"]
    return found


def unlike(value: Any, schema: Mapping[str, Any], all_: Mapping[str, Any], where: str) -> Iterator[str]:
    """Where a value is not what Google's schema says."""
    schema = all_[schema["$ref"]] if "$ref" in schema else schema
    kinds = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict, "any": object}
    if not isinstance(value, kinds[schema.get("type", "any")]):
        yield f"{where}: {value!r} is no {schema['type']}"
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from unlike(one, schema["items"], all_, f"{where}[{number}]")
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        for name, one in value.items():
            if name in known:
                yield from unlike(one, known[name], all_, f"{where}.{name}")
            elif "additionalProperties" not in schema:
                yield f"{where}.{name} is no field of Google's"
    elif schema.get("format") in {"uint64", "int64"} and not re.fullmatch(r"\d+", str(value)):
        yield f"{where}: {value!r} is no number"


def test_every_answer_of_the_calendar_is_of_googles_schema() -> None:
    site, all_ = calendar_site(), schemas("calendar.v3.json")
    _, listing = ask(site, CALENDAR)
    assert list(unlike(listing, {"$ref": "CalendarList"}, all_, "list")) == []
    for entry in listing["items"]:
        _, found = events_of(site, entry["id"], **SPAN)
        assert list(unlike(found, {"$ref": "Events"}, all_, entry["summary"])) == []
    _, token = events_of(site, **SPAN)
    _, changed = events_of(calendar_site(NEXT), syncToken=token["nextSyncToken"])
    assert list(unlike(changed, {"$ref": "Events"}, all_, "changes")) == []


def test_every_answer_of_the_mailbox_is_of_googles_schema() -> None:
    site, all_ = gmail_site(), schemas("gmail.v1.json")
    _, listing = ask(site, f"{ME}/messages", maxResults="50")
    name, thread = listing["messages"][0]["id"], listing["messages"][0]["threadId"]
    answers = {
        "Profile": ask(site, f"{ME}/profile"), "ListMessagesResponse": (200, listing),
        "Message": ask(site, f"{ME}/messages/{name}", format="full"), "Thread": ask(site, f"{ME}/threads/{thread}"),
        "ListSendAsResponse": ask(site, f"{ME}/settings/sendAs"),
        "ListHistoryResponse": ask(site, f"{ME}/history", startHistoryId=history_before(site, 2)),
    }  # fmt: skip
    for schema, (status, told) in answers.items():
        assert status == 200
        assert list(unlike(told, {"$ref": schema}, all_, schema)) == []
    for name in (kept.id for kept in site.mails[:60]):
        _, told = ask(site, f"{ME}/messages/{name}")
        assert list(unlike(told, {"$ref": "Message"}, all_, name)) == []


def history_before(site: GmailSite, days: float) -> str:
    _, told = ask(site, f"{ME}/profile")
    return str(int(told["historyId"]) - int(days * 86400))


def test_a_calendar_entry_has_the_fields_of_the_reference() -> None:
    """calendar-inbox.md 3.2; one's own name for a calendar, and the owner of a secondary one."""
    _, told = ask(calendar_site(), CALENDAR)
    primary, shared, colleague, busy, feed, room = told["items"]
    assert set(told) == {"kind", "etag", "items", "nextSyncToken"}
    wanted = {"id", "summary", "selected", "accessRole", "timeZone", "backgroundColor"}
    assert all(wanted - {"selected"} <= set(entry) for entry in told["items"])
    assert (primary["primary"], primary["summaryOverride"], primary["accessRole"]) == (True, "Maya's calendar", "owner")
    assert "dataOwner" not in primary
    assert shared["dataOwner"].endswith("@harbourlane.example")
    assert [entry["accessRole"] for entry in (colleague, busy)] == ["reader", "freeBusyReader"]
    assert "selected" not in busy
    assert feed["id"].endswith("@group.v.calendar.google.com")
    assert room["id"].endswith("@resource.calendar.google.com")


def of(site: GoogleCalendarSite, id: str, **wanted: str) -> Json:
    """The first event with such fields."""
    _, told = events_of(site, id, maxResults="2500", **SPAN)
    return next(item for item in told["items"] if all(item.get(name) == value for name, value in wanted.items()))


def test_a_single_event_field_by_field() -> None:
    """calendar-inbox.md 3.4: identity, times with offset and zone, people with `self` and answers."""
    reader = world().people.reader
    found = of(calendar_site(), "primary", iCalUID="northwind-review@harbourlane.example")
    assert set(found) == {
        "kind", "etag", "id", "status", "htmlLink", "created", "updated", "iCalUID", "sequence", "reminders",
        "eventType", "summary", "creator", "organizer", "start", "end", "attendees", "description", "location",
    }  # fmt: skip
    assert (found["kind"], found["status"], found["eventType"]) == ("calendar#event", "confirmed", "default")
    assert re.fullmatch(r"[a-v0-9]{5,1024}", found["id"])
    assert re.fullmatch(r'"\d+"', found["etag"])
    assert found["htmlLink"].startswith("https://www.google.com/calendar/event?eid=")
    assert set(found["start"]) == {"dateTime", "timeZone"}
    assert re.fullmatch(r"2026-11-19T\d\d:00:00-05:00", found["start"]["dateTime"])
    assert found["organizer"] == {"email": reader.email, "displayName": reader.name, "self": True}
    first = found["attendees"][0]
    assert first == {**found["organizer"], "organizer": True, "responseStatus": "accepted"}
    assert {guest["responseStatus"] for guest in found["attendees"]} == {"accepted"}
    assert all("self" not in guest for guest in found["attendees"][1:])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", found["updated"])


def test_an_instance_of_a_series_names_its_original_start() -> None:
    """One that was moved keeps it; all share the uid and the series' id."""
    _, told = events_of(calendar_site(), maxResults="2500", **SPAN)
    rounds = [item for item in told["items"] if item["iCalUID"] == "ops-round@harbourlane.example"]
    assert len({item["recurringEventId"] for item in rounds}) == 1
    assert len({item["id"] for item in rounds}) == len(rounds) > 2
    assert all(item["id"].startswith(item["recurringEventId"] + "_") for item in rounds)
    moved = [item for item in rounds if item["start"] != item["originalStartTime"]]
    assert {item["originalStartTime"]["dateTime"][11:16] for item in moved} == {"10:00"}
    assert {item["start"]["dateTime"][11:16] for item in moved} == {"11:30"}


def test_all_day_events_are_dates_with_an_exclusive_end() -> None:
    found = of(calendar_site(), ABSENCES, eventType="default")
    assert set(found["start"]) == {"date"}
    assert found["end"]["date"] > found["start"]["date"]
    assert found["organizer"] == {"email": ABSENCES, "displayName": "Absences", "self": True}


def test_what_google_says_of_time_that_is_no_meeting() -> None:
    """Out of office from midnight to midnight, focus time, a working location; a secret shows its time only."""
    site, janine = calendar_site(), "janine.osei@harbourlane.example"
    away = of(site, janine, eventType="outOfOffice")
    assert away["start"]["dateTime"][11:19] == away["end"]["dateTime"][11:19] == "00:00:00"
    assert set(away["outOfOfficeProperties"]) == {"autoDeclineMode", "declineMessage"}
    focus = of(site, janine, eventType="focusTime")
    assert set(focus["focusTimeProperties"]) == {"autoDeclineMode", "chatStatus"}
    place = of(site, janine, eventType="workingLocation")
    assert (place["workingLocationProperties"]["type"], place["transparency"]) == ("homeOffice", "transparent")
    secret = of(site, janine, visibility="private")
    assert not {"summary", "description", "attendees", "location"} & set(secret)


def test_a_calendar_shared_as_busy_has_no_details() -> None:
    _, told = events_of(calendar_site(), world().people.staff_named("Sam").email, **SPAN)
    assert told["accessRole"] == "freeBusyReader"
    assert {frozenset(item) for item in told["items"]} == {frozenset({"kind", "etag", "id", "status", "start", "end"})}


def test_a_list_of_events_field_by_field() -> None:
    """calendar-inbox.md 3.3: pages by token, the sync token on the last, `timeMin` against the end of an event."""
    site = calendar_site()
    _, first = events_of(site, maxResults="10", **SPAN)
    assert set(first) == {
        "kind", "etag", "summary", "description", "updated", "timeZone", "accessRole", "defaultReminders", "items",
        "nextPageToken",
    }  # fmt: skip
    pages = [first]
    while "nextPageToken" in pages[-1]:
        pages.append(events_of(site, maxResults="10", pageToken=pages[-1]["nextPageToken"], **SPAN)[1])
    assert "nextSyncToken" in pages[-1]
    ids = [item["id"] for page in pages for item in page["items"]]
    assert len(ids) == len(set(ids))
    _, whole = events_of(site, maxResults="2500", **SPAN)
    assert [item["id"] for item in whole["items"]] == ids
    starts = [item["start"].get("dateTime", "") for item in whole["items"]]
    assert starts != sorted(starts), "the order says nothing"
    running = of(site, "primary", iCalUID="northwind-review@harbourlane.example")
    start, end = running["start"]["dateTime"], running["end"]["dateTime"]
    assert running in events_of(site, timeMin=start.replace(":00:00", ":30:00"), timeMax=end)[1]["items"]
    assert running not in events_of(site, timeMin=end, timeMax="2026-12-01T00:00:00Z")[1]["items"]
    long = {"timeMin": "2026-08-20T00:00:00Z", "timeMax": SPAN["timeMax"], "maxResults": "2500"}
    shown, all_ = (events_of(site, **long, **more)[1]["items"] for more in ({}, {"showDeleted": "true"}))
    assert {item["status"] for item in shown} == {"confirmed"}
    assert {item["status"] for item in all_} == {"confirmed", "cancelled"}


def test_a_message_field_by_field() -> None:
    """calendar-inbox.md 4.2 and 4.5: ids and numbers as texts, base64url, an escaped snippet, parts with their own."""
    site = gmail_site()
    kept = next(one for one in site.mails if one.note.html)
    _, told = ask(site, f"{ME}/messages/{kept.id}", format="full")
    assert set(told) == {
        "id", "threadId", "labelIds", "snippet", "historyId", "internalDate", "sizeEstimate", "payload"
    }  # fmt: skip
    assert re.fullmatch(r"[0-9a-f]{16}", told["id"])
    assert abs(int(told["internalDate"]) / 1000 - kept.note.at.timestamp()) < 5
    payload = told["payload"]
    assert set(payload) == {"partId", "mimeType", "filename", "headers", "body", "parts"}
    assert (payload["mimeType"], payload["body"]) == ("multipart/alternative", {"size": 0})
    assert [part["partId"] for part in payload["parts"]] == ["0", "1"]
    assert [part["mimeType"] for part in payload["parts"]] == ["text/plain", "text/html"]
    names = [row["name"] for row in payload["headers"]]
    assert {"From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe"} <= set(names)
    assert {"INBOX", "CATEGORY_PROMOTIONS"} <= set(told["labelIds"])


def test_formats_hold_less() -> None:
    site = gmail_site()
    name = site.mails[0].id
    _, minimal = ask(site, f"{ME}/messages/{name}", format="minimal")
    assert "payload" not in minimal
    _, some = ask(site, f"{ME}/messages/{name}", format="metadata", metadataHeaders=["from", "Subject"])
    assert {row["name"] for row in some["payload"]["headers"]} == {"From", "Subject"}
    assert not {"parts", "body"} & set(some["payload"])


def test_lists_of_mails_and_threads_field_by_field() -> None:
    site = gmail_site()
    _, first = ask(site, f"{ME}/messages", maxResults="500")
    assert set(first) == {"messages", "nextPageToken", "resultSizeEstimate"}
    assert set(first["messages"][0]) == {"id", "threadId"}
    times = [int(row["id"], 16) for row in first["messages"]]
    assert times == sorted(times, reverse=True), "newest first"
    _, nothing = ask(site, f"{ME}/messages", q="after:1999999999")
    assert nothing == {"resultSizeEstimate": 0}
    thread = next(name for name, count in Counter(kept.thread for kept in site.mails).items() if count > 2)
    _, told = ask(site, f"{ME}/threads/{thread}")
    assert set(told) == {"id", "historyId", "messages"}
    assert [one["internalDate"] for one in told["messages"]] == sorted(one["internalDate"] for one in told["messages"])


def test_a_thread_may_hold_a_draft_that_no_list_of_ours_names() -> None:
    site = gmail_site()
    draft = next(kept for kept in site.mails if "DRAFT" in kept.labels)
    _, thread = ask(site, f"{ME}/threads/{draft.thread}")
    assert draft.id in [one["id"] for one in thread["messages"]]
    _, told = ask(site, f"{ME}/messages", q=f"after:{int(draft.arrived.timestamp()) - 1} -in:drafts", maxResults="500")
    assert draft.id not in [row["id"] for row in told["messages"]]


def test_the_history_tells_what_came_was_read_and_was_thrown_away() -> None:
    binned = next(kept for kept in gmail_site().mails if kept.note.author.company).note.id
    site = gmail_site(binned=(binned,))
    _, told = ask(site, f"{ME}/history", startHistoryId=history_before(site, 1), maxResults="500")
    kinds = {kind for record in told["history"] for kind in record if kind not in {"id", "messages"}}
    assert kinds == {"messagesAdded", "labelsRemoved", "labelsAdded"}
    ids = [int(record["id"]) for record in told["history"]]
    assert ids == sorted(ids)
    _, some = ask(site, f"{ME}/history", startHistoryId=history_before(site, 1), historyTypes=["labelAdded"])
    (record,) = some["history"]
    assert record["labelsAdded"][0]["labelIds"] == ["TRASH"]


# --- refusals, and what the reference leaves open --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "status", "why"),
    [
        ({"timeMin": SPAN["timeMax"], "timeMax": SPAN["timeMin"]}, 400, "timeRangeEmpty"),
        ({"timeMin": "2026-11-01T00:00:00", "timeMax": SPAN["timeMax"]}, 400, "badRequest"),
        ({"syncToken": "x", **SPAN}, 400, "invalid"),
        ({"syncToken": "x", "orderBy": "startTime"}, 400, "invalid"),
        ({"syncToken": "x"}, 410, "fullSyncRequired"),
    ],
)
def test_questions_that_the_calendar_does_not_take(query: Json, status: int, why: str) -> None:
    code, told = events_of(calendar_site(), **query)
    assert (code, reason(told)) == (status, why)
    assert set(told["error"]) >= {"code", "message", "errors"}


def test_a_sync_token_ends() -> None:
    _, told = events_of(calendar_site(), **SPAN)
    token = told["nextSyncToken"]
    code, expired = events_of(calendar_site(plus(MORNING, 29)), syncToken=token)
    assert (code, reason(expired)) == (410, "fullSyncRequired")
    code, _ = events_of(calendar_site(), "janine.osei@harbourlane.example", syncToken=token)
    assert code == 410
    code, _ = events_of(calendar_site(garbled="400"), syncToken="x")
    assert code == 400
    assert "nextSyncToken" not in events_of(calendar_site(gives_token=False), **SPAN)[1]


@pytest.mark.parametrize(("reach", "beyond"), [("series", True), ("span", False)])
def test_what_a_sync_token_names_outside_its_span_is_open(reach: str, *, beyond: bool) -> None:
    _, told = events_of(calendar_site(), **SPAN)
    _, changed = events_of(calendar_site(NEXT, reach=reach), syncToken=told["nextSyncToken"], maxResults="2500")
    late = [item for item in changed["items"] if item.get("start", {}).get("dateTime", "") > "2026-12-02"]
    assert bool(late) is beyond
    assert changed["items"]


def test_logins_and_rights_are_asked_for() -> None:
    site = calendar_site(scopes="calendar.events.readonly")
    code, told = ask(site, CALENDAR, login="stolen")
    assert (code, reason(told), told["error"]["status"]) == (401, "authError", "UNAUTHENTICATED")
    code, told = ask(site, CALENDAR)
    assert (code, reason(told)) == (403, "insufficientPermissions")
    assert told["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    code, told = ask(calendar_site(off=True), CALENDAR)
    assert (reason(told), told["error"]["details"][0]["reason"]) == ("accessNotConfigured", "SERVICE_DISABLED")
    code, told = events_of(calendar_site(), "nobody@harbourlane.example")
    assert (code, reason(told)) == (404, "notFound")


def test_a_scope_for_headers_takes_neither_query_nor_bodies() -> None:
    site = gmail_site(scopes="gmail.metadata")
    name = site.mails[0].id
    assert ask(site, f"{ME}/messages", q="after:1795000000")[0] == 403
    assert ask(site, f"{ME}/messages/{name}", format="full")[0] == 403
    assert ask(site, f"{ME}/messages/{name}", format="metadata")[0] == 200
    assert ask(gmail_site(), f"{ME}/messages", q="from:dana")[0] == 400, "an unknown search is no empty mailbox"


@pytest.mark.parametrize(("form", "code"), [("403", 403), ("429", 429)])
def test_units_of_a_minute_are_counted(form: str, code: int) -> None:
    clock = [1000.0]
    site = gmail_site(per_minute=45, quota_form=form, clock=lambda: clock[0])
    name, login = site.mails[0].id, logged_in(site)
    assert [ask(site, f"{ME}/messages/{name}", login=login)[0] for _ in range(3)] == [200, 200, code]
    _, told = ask(site, f"{ME}/messages/{name}", login=login)
    assert reason(told) == "rateLimitExceeded"
    clock[0] += 61
    assert ask(site, f"{ME}/messages/{name}", login=login)[0] == 200


def test_tokens_end() -> None:
    clock = [1000.0]
    site = calendar_site(lives=60, clock=lambda: clock[0])
    login = logged_in(site)
    assert ask(site, CALENDAR, login=login)[0] == 200
    clock[0] += 61
    assert ask(site, CALENDAR, login=login)[0] == 401


# --- the same facts as from files ------------------------------------------------------------------------------------


def read(
    connector: Connector, at: Window, marks: Mapping[str, Mark] | None = None
) -> tuple[list[Any], dict[str, Mark]]:
    """Everything that all streams yield; nothing may be unreadable."""
    things: list[Any] = []
    left: dict[str, Mark] = {}
    for stream in connector.streams(at):
        for thing in stream.read(at, (marks or {}).get(stream.scope)):
            assert not isinstance(thing, Skipped), thing
            if isinstance(thing, Mark):
                left[stream.scope] = thing
            things.append(thing)
    return things, left


def from_google(
    morning: date, marks: Mapping[str, Mark] | None = None, **how: Any
) -> tuple[list[Any], dict[str, Mark]]:
    with Loopback(calendar_site(morning)) as server:
        connector = GoogleCalendar(source="c", base_url=server.url, **GoogleCalendarSite.credentials({}), **how)
        return read(connector, window(morning), marks)


def from_gmail(morning: date, *, days: int = 30) -> list[Any]:
    with Loopback(gmail_site(morning, days=60)) as server:
        things, _ = read(Gmail(source="m", base_url=server.url, **GmailSite.credentials({})), window(morning, days))
        return things


def known(things: list[Any]) -> dict[tuple[str, ...], Fact]:
    """Facts as a store keeps them, with what is gone taken out."""
    found: dict[tuple[str, ...], Fact] = {}
    for thing in things:
        if isinstance(thing, Fact):
            found[thing.kind, thing.ref.kind, thing.ref.id] = thing
        elif isinstance(thing, Gone):
            for kind in ("meeting", "absence", "message"):
                found.pop((kind, thing.ref.kind, thing.ref.id), None)
    return found


def bare(meeting: Meeting) -> Meeting:
    """A meeting without what names the calendar it was read from."""
    return replace(meeting, ref=replace(meeting.ref, id="", url="", where=""), calendar="", calendar_owner=None)


def test_the_same_meetings_as_the_export_of_the_calendar(tmp_path: Path) -> None:
    """By identity and field by field, for all of the time that both hold; what is cancelled Google does not show."""
    (tmp_path / "calendar.ics").write_bytes(calendar(world(), MORNING))
    things, _ = read(Ics(source="c", path=str(tmp_path / "calendar.ics")), window())
    found, _ = from_google(MORNING, calendars=["primary"])
    at = window()
    files = {(m.uid, m.occurrence): bare(m) for m in things if isinstance(m, Meeting) and not m.cancelled}
    live = {(m.uid, m.occurrence): bare(m) for m in found if isinstance(m, Meeting)}
    assert len(files) > 100
    assert files.keys() - live.keys() == set()
    beyond = [
        live[key] for key in live.keys() - files.keys() if live[key].starts < at.until and live[key].ends > at.since
    ]
    assert beyond == []
    assert {key for key in files if files[key] != live[key]} == set()


def test_the_same_absences_as_the_export(tmp_path: Path) -> None:
    (tmp_path / "absences.ics").write_bytes(absences(world(), MORNING))
    things, _ = read(Ics(source="c", path=str(tmp_path / "absences.ics")), window())
    found, _ = from_google(MORNING, calendars=["Absences"])
    files = {(one.person, one.first, one.last) for one in things if isinstance(one, Absence)}
    live = {(one.person, one.first, one.last) for one in found if isinstance(one, Absence)}
    assert files
    assert files <= live
    assert all(first > window().until.date() for _, first, _ in live - files)


def test_a_colleague_is_out_by_her_own_calendar_too() -> None:
    found, _ = from_google(MORNING, calendars=["janine.osei@harbourlane.example"])
    own = {(one.first, one.last) for one in found if isinstance(one, Absence)}
    told = {
        (leave.first, leave.last) for leave in world().leaves
        if leave.human.first == "Janine" and leave.last >= plus(MORNING, -30) and leave.first <= plus(MORNING, 8)
    }  # fmt: skip
    assert told <= own
    types = Counter(one.type for one in found if isinstance(one, Meeting))
    assert set(types) == {"meeting", "away", "focus", "place", "block"}
    assert [one.title for one in found if isinstance(one, Meeting) and one.private] == [""] * types["block"]


def test_one_meeting_in_two_calendars_is_one() -> None:
    mine, _ = from_google(MORNING, calendars=["primary"])
    hers, _ = from_google(MORNING, calendars=["janine.osei@harbourlane.example"])
    identities = [{(m.uid, m.occurrence) for m in found if isinstance(m, Meeting)} for found in (mine, hers)]
    shared = identities[0] & identities[1]
    assert {uid for uid, _ in shared} == {"one-janine@harbourlane.example"}
    assert len(shared) > 4


def test_the_same_mails_and_threads_as_the_mailbox(tmp_path: Path) -> None:
    """Author, people, time, subject, words, side, by a machine or not: equal; and the same mails in one thread."""
    (tmp_path / "mail").mkdir()
    for name, content in mailboxes(world(), MORNING).items():
        (tmp_path / "mail" / name).write_bytes(content)
    things, _ = read(Mailbox(source="m", path=str(tmp_path / "mail")), window(back=15))
    files, live = by_words(things), by_words(from_gmail(MORNING, days=15))
    assert len(files) > 500
    assert {key: replace(one, thread="") for key, one in files.items()} == {
        key: replace(one, thread="") for key, one in live.items()
    }
    assert threads(files) == threads(live)


def by_words(things: list[Any]) -> dict[tuple[Any, ...], Message]:
    """Mails by what tells them apart, without what names the container they were read from."""
    found = {}
    for one in things:
        if isinstance(one, Message):
            key = (one.author.email, one.at, one.subject, one.excerpt)
            found[key] = replace(one, ref=replace(one.ref, id="", url="", where=""))
    return found


def threads(mails: Mapping[tuple[Any, ...], Message]) -> set[frozenset[tuple[Any, ...]]]:
    found: dict[str, set[tuple[Any, ...]]] = {}
    for key, one in mails.items():
        found.setdefault(one.thread, set()).add(key)
    return {frozenset(keys) for keys in found.values()}


# --- from one morning to the next ------------------------------------------------------------------------------------


def test_the_second_morning_of_the_mailbox_costs_little() -> None:
    """Calls and units with a mark are less than a third of those without, and the facts are those of a fresh reading."""
    given = GmailSite.credentials({})
    facts, marks, first = measured(Gmail, "m", gmail_site(days=60), given, window(back=10))
    changes, _, second = measured(Gmail, "m", gmail_site(NEXT, days=60), given, window(NEXT, 10), marks)
    assert known([*facts, *changes]) == known(from_gmail(NEXT, days=10))
    assert second.calls * 3 <= first.calls
    assert units(second.lines) * 3 <= units(first.lines)
    assert units(second.lines) < 2000, "a third of what one minute allows"


def test_the_second_morning_of_the_calendars_asks_for_changes_only() -> None:
    """As many questions, for a list of calendars and each of them; a tenth of the answers' size, and the same facts."""
    given = GoogleCalendarSite.credentials({})
    facts, marks, first = measured(GoogleCalendar, "c", calendar_site(), given, window())
    changes, _, second = measured(GoogleCalendar, "c", calendar_site(NEXT), given, window(NEXT), marks)
    fresh, _ = from_google(NEXT)
    after, wanted = known([*facts, *changes]), window(NEXT)
    for key, fact in known(fresh).items():
        near = isinstance(fact, Meeting) and fact.starts < wanted.until
        assert after.get(key) == fact or not near
    assert {key for key, fact in after.items() if isinstance(fact, Meeting) and fact.ends > wanted.now} <= known(
        fresh
    ).keys()
    assert second.calls <= first.calls == 5
    assert second.size * 10 <= first.size


class Cost:
    """What a reading cost."""

    def __init__(self, meter: Meter, lines: list[str]) -> None:
        self.calls, self.size, self.lines = meter.calls, meter.size, lines


def measured(
    build: Any, source: str, site: Callable[[Request], Reply], given: Json, at: Window,
    marks: Mapping[str, Mark] | None = None,
) -> tuple[list[Any], dict[str, Mark], Cost]:  # fmt: skip
    with Loopback(site) as server, counting(Meter()) as meter:
        things, left = read(build(source=source, base_url=server.url, **given), at, marks)
        assert meter.calls == len(server.requests)
        return things, left, Cost(meter, list(server.lines()))


def units(lines: list[str]) -> int:
    """Google's units for requests."""
    routes = {r"/threads/": "thread", r"/messages/": "mail", r"/messages\?": "list", r"/history": "history"}
    return sum(
        UNITS[next((name for route, name in routes.items() if re.search(route, line)), "profile")]
        for line in lines if "/token" not in line
    )  # fmt: skip


def test_clocks_are_passed_in() -> None:
    assert gmail_site(clock=time.time).name == "gmail"
    with pytest.raises(TypeError):
        gmail_site(no_such_setting=1)
