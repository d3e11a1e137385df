"""The demo's Google: its answers held against the reference and Google's own schemas."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from briefing.demo.days import plus
from briefing.demo.server.gmail import GmailSite
from briefing.demo.server.google_calendar import ABSENCES, GoogleCalendarSite
from briefing.loopback import Reply, Request
from tests.demo_server.google_sites import MORNING, NEXT, Json, calendar_site, gmail_site, world

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
