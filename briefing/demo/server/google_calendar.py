"""Google Calendar's API (v3) as its documentation describes it, answered from the simulated agency.

The reader sees her own calendar, the shared one of absences, a colleague's with all its details, another colleague's as
free or busy only, a holiday feed and a room. Only `calendarList.list` and `events.list` are served, events only opened
into instances. A sync token names the morning it was given on: what a later morning's calendar holds differently is
what has changed since.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Literal
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from briefing.demo.days import ZONE, ZONE_NAME, moment, plus
from briefing.demo.events import Event
from briefing.demo.people import Human
from briefing.demo.server.google import Gate, GoogleSettings, failure, packed, unpacked
from briefing.demo.server.pace import Pace, Wait
from briefing.demo.world import World
from briefing.loopback import Reply, Request, json_reply

Json = dict[str, Any]

EVENT_SCOPES = ("calendar.events.readonly", "calendar.readonly", "calendar.events", "calendar")
LIST_SCOPES = ("calendar.calendarlist.readonly", "calendar.readonly", "calendar.calendarlist", "calendar")
RESPONSES = {
    "ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative", "NEEDS-ACTION": "needsAction",
}  # fmt: skip
WITHOUT_TOKEN = ("timeMin", "timeMax", "orderBy", "q", "updatedMin", "iCalUID", "privateExtendedProperty")
"""Parameters that cannot be given together with a sync token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSettings(GoogleSettings):
    """Besides the login's: what the reference leaves open, and limits."""

    page: int = 2500
    """Most events of one answer, whatever is asked for."""

    good_for: int = 28
    """Days that a sync token is taken. Open: Google says "expires" and no number."""

    reach: Literal["series", "span"] = "series"
    """What an answer to a sync token names of the time outside the first request: everything, as reports say, or
    nothing. Open: not documented."""

    gives_token: bool = True
    """Whether the last page has a sync token: some clients report that it is missing."""

    garbled: Literal["410", "400"] = "410"
    """The refusal of a sync token that cannot be read. Open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """One entry of the reader's list."""

    id: str
    summary: str
    role: str = "reader"
    override: str = ""
    primary: bool = False
    selected: bool = True
    owner: str = ""
    """`dataOwner`, of secondary calendars only."""

    entries: Callable[[date], Iterator[Json]]
    """Whole events, every instance, as known on a morning."""


class GoogleCalendarSite:
    """The reader's Google Calendar on one morning. Serves many threads."""

    name: ClassVar[str] = "google_calendar"
    pace: ClassVar[Pace] = Pace(waits=(Wait(seconds=0.12, where=r"/token"), Wait(seconds=0.3)))

    def __init__(self, world: World, morning: date, *, clock: Callable[[], float] = time.time, **settings: Any) -> None:
        """`settings` are those of CalendarSettings; `clock` gives unix seconds, for the expiry of tokens."""
        self.settings = CalendarSettings(**settings)
        self.world, self.morning = world, morning
        scopes = ("calendar.events.readonly", "calendar.calendarlist.readonly")
        self.gate = Gate(self.settings, scopes, "calendar", clock)

    @classmethod
    def credentials(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What a source needs besides the address."""
        own = CalendarSettings(**settings)
        return {
            "client_id": own.client_id, "client_secret": own.client_secret, "refresh_token": own.refresh_token,
        }  # fmt: skip

    def __call__(self, request: Request) -> Reply:
        """Google's answer."""
        if (reply := self.gate.login(request)) is not None:
            return reply
        path = request.path.removeprefix("/calendar/v3")
        events = re.fullmatch(r"/calendars/([^/]+)/events", path)
        if request.method != "GET" or not (events or path == "/users/me/calendarList"):
            return failure(404, "notFound", "Not Found")
        refused = self.gate.refusal(request, EVENT_SCOPES if events else LIST_SCOPES) or self.gate.over_quota(1)
        if refused is not None:
            return refused
        return self._events(request, unquote(events[1])) if events else self._list(request)

    # --- calendarList.list --------------------------------------------------------------------------------------------

    @cached_property
    def calendars(self) -> tuple[Calendar, ...]:
        """The reader's list."""
        people = self.world.people
        reader, janine, sam = people.reader, people.staff_named("Janine"), people.staff_named("Sam")
        return (
            Calendar(
                id=reader.email, summary=reader.name, override=f"{reader.first}'s calendar", role="owner", primary=True,
                entries=self._readers,
            ),
            Calendar(id=ABSENCES, summary="Absences", owner=janine.email, entries=self._absences),
            Calendar(id=janine.email, summary=janine.name, entries=lambda morning: self._colleagues(janine, morning)),
            Calendar(
                id=sam.email, summary=sam.name, role="freeBusyReader", selected=False,
                entries=lambda morning: self._colleagues(sam, morning),
            ),
            Calendar(
                id="en.usa#holiday@group.v.calendar.google.com", summary="Holidays in United States",
                entries=lambda _: iter(()),
            ),
            Calendar(
                id="c_188fhg2room2@resource.calendar.google.com", summary="Harbour-2-Room 2 (8)", selected=False,
                entries=lambda _: iter(()),
            ),
        )  # fmt: skip

    def _list(self, request: Request) -> Reply:
        size = int(request.param("maxResults", "100"))
        if not 1 <= size <= 250:
            return failure(400, "invalid", "Invalid value for maxResults")
        start = unpacked(request.param("pageToken"))["at"] if request.param("pageToken") else 0
        items = [_calendar_entry(calendar) for calendar in self.calendars]
        told: Json = {
            "kind": "calendar#calendarList", "etag": _etag(self.morning.isoformat()), "items": items[start:][:size],
        }  # fmt: skip
        if start + size < len(items):
            told["nextPageToken"] = packed({"at": start + size})
        else:
            told["nextSyncToken"] = packed({"list": self.morning.isoformat()})
        return json_reply(told)

    # --- events.list --------------------------------------------------------------------------------------------------

    def _events(self, request: Request, id: str) -> Reply:
        calendar = next((one for one in self.calendars if one.id == id or (id == "primary" and one.primary)), None)
        if calendar is None:
            return failure(404, "notFound", "Not Found")
        asked = dict(request.query)
        if asked.get("singleEvents") != "true":
            return failure(501, "notImplemented", "this demo opens every series: ask with singleEvents=true")
        if "syncToken" in asked and any(name in asked for name in WITHOUT_TOKEN):
            return failure(400, "invalid", "Sync token cannot be used with this set of query restrictions.")
        if "syncToken" in asked:
            return self._changes(calendar, asked)
        since, until = (_moment(asked.get(name)) for name in ("timeMin", "timeMax"))
        if any(name in asked and found is None for name, found in (("timeMin", since), ("timeMax", until))):
            return failure(400, "badRequest", "Bad Request")
        if since and until and since >= until:
            return failure(400, "timeRangeEmpty", "The specified time range is empty.")
        span: Json = {"min": since and since.isoformat(), "max": until and until.isoformat()}
        items = self._within(calendar, self.morning, span)
        if asked.get("showDeleted") != "true":
            items = [item for item in items if item["status"] != "cancelled"]
        return self._paged(calendar, items, asked, span)

    def _changes(self, calendar: Calendar, asked: Mapping[str, str]) -> Reply:
        """What differs between the token's morning and this one, the deleted as bare cancellations."""
        try:
            token = unpacked(asked["syncToken"])
            given, span = date.fromisoformat(token["on"]), token["span"]
            fits = token["calendar"] == calendar.id
        except (ValueError, KeyError, TypeError):
            fits, given, span = False, self.morning, {}
        if not fits and self.settings.garbled == "400":
            return failure(400, "invalid", "Invalid sync token value.")
        if not fits or (self.morning - given).days > self.settings.good_for:
            return failure(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
        looked = span if self.settings.reach == "span" else {"min": None, "max": None}
        before = {item["id"]: item for item in self._within(calendar, given, looked)}
        after = {item["id"]: item for item in self._within(calendar, self.morning, looked)}
        items = [item for name, item in after.items() if before.get(name) != item]
        items += [_cancelled(item) for name, item in before.items() if name not in after]
        return self._paged(calendar, items, asked, span)

    def _within(self, calendar: Calendar, morning: date, span: Mapping[str, str | None]) -> list[Json]:
        """Events that overlap a span, in an order that says nothing."""
        since, until = _moment(span.get("min")), _moment(span.get("max"))
        found = [
            item for item in calendar.entries(morning)
            if (since is None or _edge(item, "end") > since) and (until is None or _edge(item, "start") < until)
        ]  # fmt: skip
        if calendar.role == "freeBusyReader":
            found = [_busy_only(item) for item in found]
        return sorted(found, key=lambda item: str(item["etag"]))

    def _paged(self, calendar: Calendar, items: list[Json], asked: Mapping[str, str], span: Json) -> Reply:
        size = min(int(asked.get("maxResults", "250")), self.settings.page, 2500)
        start = unpacked(asked["pageToken"])["at"] if "pageToken" in asked else 0
        told: Json = {
            "kind": "calendar#events", "etag": _etag(calendar.id), "summary": calendar.summary, "description": "",
            "updated": _stamp(moment(self.morning, 6)), "timeZone": ZONE_NAME, "accessRole": calendar.role,
            "defaultReminders": [], "items": items[start:][:size],
        }  # fmt: skip
        if start + size < len(items):
            told["nextPageToken"] = packed({"at": start + size})
        elif self.settings.gives_token:
            told["nextSyncToken"] = packed({"on": self.morning.isoformat(), "calendar": calendar.id, "span": span})
        return json_reply(told)

    # --- what the calendars hold --------------------------------------------------------------------------------------

    def _readers(self, morning: date) -> Iterator[Json]:
        yield from self._of(self.world.people.reader, (*self.world.diary.series, *self.world.diary.singles), morning)

    def _of(self, owner: Human, events: tuple[Event, ...], morning: date) -> Iterator[Json]:
        """Everybody's events as they stand in one person's calendar."""
        first, last = plus(self.world.first, -7), plus(morning, 365)
        reader = self.world.people.reader
        for event in events:
            if event.known is not None and event.known >= morning:
                continue
            days = (event.starts.astimezone(ZONE).date(),) if not event.weekdays else (
                plus(first, n) for n in range((last - first).days)
            )  # fmt: skip
            for day in days:
                if times := event.on(day):
                    yield _event(event, day, times, owner, reader)

    def _absences(self, morning: date) -> Iterator[Json]:
        for number, leave in enumerate(self.world.leaves):
            yield {
                **_base(f"leave-{number}@harbourlane.example", leave.first, ""),
                "summary": f"{leave.human.name}: {leave.word}",
                "creator": {"email": leave.human.email, "displayName": leave.human.name},
                "organizer": {"email": ABSENCES, "displayName": "Absences", "self": True},
                "start": {"date": leave.first.isoformat()}, "end": {"date": plus(leave.last, 1).isoformat()},
                "attendees": [
                    {"email": leave.human.email, "displayName": leave.human.name, "responseStatus": "accepted"}
                ],
            }  # fmt: skip

    def _colleagues(self, human: Human, morning: date) -> Iterator[Json]:
        """What a colleague shares: series with the reader, her absences, focus time, where she works, and a secret."""
        shared = tuple(event for event in self.world.diary.series if any(guest == human for guest, _ in event.guests))
        yield from self._of(human, shared, morning)
        mine: Json = {
            "creator": {"email": human.email, "self": True}, "organizer": {"email": human.email, "self": True},
        }  # fmt: skip
        for number, leave in enumerate(one for one in self.world.leaves if one.human == human):
            properties = {"autoDeclineMode": "declineOnlyNewConflictingInvitations", "declineMessage": "Declined"}
            yield {
                **_base(f"ooo-{number}-{human.email}", leave.first, ""), **mine, "summary": "Out of office",
                **_timed(moment(leave.first, 0), moment(plus(leave.last, 1), 0)), "eventType": "outOfOffice",
                "visibility": "public", "outOfOfficeProperties": properties,
            }  # fmt: skip
        monday = plus(self.world.first, -self.world.first.weekday())
        for week in range(52):
            day = plus(monday, 7 * week)
            yield from _weekly(human, mine, day)


ABSENCES = "c_4f1c0aabsences@group.calendar.google.com"


def _weekly(human: Human, mine: Json, monday: date) -> Iterator[Json]:
    """A working location on Monday, focus time on Tuesday, on Friday something private."""
    place = {"type": "homeOffice", "homeOffice": {}}
    yield {
        **_base(f"place-{human.email}", monday, f"{monday:%Y%m%d}"), **mine, "summary": "Home",
        "start": {"date": monday.isoformat()}, "end": {"date": plus(monday, 1).isoformat()},
        "originalStartTime": {"date": monday.isoformat()}, "transparency": "transparent", "visibility": "public",
        "eventType": "workingLocation", "workingLocationProperties": place,
    }  # fmt: skip
    start = moment(plus(monday, 1), 9)
    yield {
        **_base(f"focus-{human.email}", plus(monday, 1), f"{start.astimezone(UTC):%Y%m%dT%H%M%SZ}"), **mine,
        "summary": "Focus time", **_timed(start, start + timedelta(hours=2)),
        "originalStartTime": _timed(start, start)["start"], "eventType": "focusTime",
        "focusTimeProperties": {"autoDeclineMode": "declineNone", "chatStatus": "doNotDisturb"},
    }  # fmt: skip
    start = moment(plus(monday, 4), 12)
    yield {
        **_base(f"private-{monday:%Y%m%d}-{human.email}", plus(monday, 4), ""), **mine, "visibility": "private",
        **_timed(start, start + timedelta(minutes=45)),
    }  # fmt: skip


# --- one event -----------------------------------------------------------------------------------------------------


def _base(uid: str, known: date, instance: str) -> Json:
    """What every event has. An instance of a series has the series' id and its original start as id."""
    series = hashlib.sha1(uid.encode(), usedforsecurity=False).hexdigest()[:26]
    name = f"{series}_{instance}" if instance else series
    created = moment(plus(known, -1), 11)
    base: Json = {
        "kind": "calendar#event", "etag": _etag(name), "id": name, "status": "confirmed",
        "htmlLink": f"https://www.google.com/calendar/event?eid={name}", "created": _stamp(created),
        "updated": _stamp(created), "iCalUID": uid, "sequence": 0, "reminders": {"useDefault": True},
        "eventType": "default",
    }  # fmt: skip
    if instance:
        base["recurringEventId"] = series
    return base


def _event(event: Event, day: date, times: tuple[datetime, datetime], owner: Human, reader: Human) -> Json:
    """An event of the world as it stands in somebody's calendar."""
    original = _original(event, day) if event.weekdays else None
    instance = f"{original.astimezone(UTC):%Y%m%dT%H%M%SZ}" if original else ""
    item = _base(event.uid, event.known or plus(day, -60), instance)
    organiser = _party(event.organiser, owner)
    item |= {"summary": event.title, "creator": organiser, "organizer": organiser}
    if event.cancelled:
        item["status"] = "cancelled"
    if event.all_day:
        item |= {"start": {"date": day.isoformat()}, "end": {"date": plus(day, 1).isoformat()}}
    else:
        item |= _timed(*times, zone=event.zone)
    if original:
        item["originalStartTime"] = _timed(original, original, zone=event.zone)["start"]
    guests = list(event.guests)
    if all(human.email != reader.email for human, _ in guests):
        guests.append((reader, event.answer))
    item["attendees"] = [
        {
            **_party(human, owner), **({"organizer": True} if human == event.organiser else {}),
            "responseStatus": RESPONSES[answer],
        }
        for human, answer in guests
    ]  # fmt: skip
    if event.note:
        item["description"] = event.note
    if event.place:
        item["location"] = event.place
    if event.free or event.all_day:
        item["transparency"] = "transparent"
    return item


def _original(event: Event, day: date) -> datetime:
    """The usual start of a series' instance that takes place on a day, in the series' own zone."""
    meant = next((original for original, new in event.moved if new.astimezone(ZONE).date() == day), day)
    zone = ZoneInfo(event.zone)
    local = event.starts.astimezone(zone)
    return datetime(meant.year, meant.month, meant.day, local.hour, local.minute, tzinfo=zone)


def _party(human: Human, owner: Human) -> Json:
    return {
        "email": human.email, "displayName": human.name, **({"self": True} if human.email == owner.email else {}),
    }  # fmt: skip


def _timed(starts: datetime, ends: datetime, *, zone: str = ZONE_NAME) -> Json:
    """Start and end in the calendar's zone; `timeZone` names the one it was made in."""
    return {
        name: {"dateTime": at.astimezone(ZONE).isoformat(), "timeZone": zone}
        for name, at in (("start", starts), ("end", ends))
    }


def _cancelled(item: Json) -> Json:
    """What is left of a deleted event: of an instance also which one it was."""
    kept = ("kind", "etag", "id", "recurringEventId", "originalStartTime")
    return {**{name: item[name] for name in kept if name in item}, "status": "cancelled"}


def _busy_only(item: Json) -> Json:
    return {name: item[name] for name in ("kind", "etag", "id", "status", "start", "end")}


def _edge(item: Json, name: str) -> datetime:
    told = item[name]
    if "date" in told:
        return moment(date.fromisoformat(told["date"]), 0)
    return datetime.fromisoformat(told["dateTime"])


def _calendar_entry(calendar: Calendar) -> Json:
    """An entry of calendarList."""
    entry: Json = {
        "kind": "calendar#calendarListEntry", "etag": _etag(calendar.id), "id": calendar.id,
        "summary": calendar.summary, "timeZone": ZONE_NAME, "colorId": "14", "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000", "accessRole": calendar.role, "defaultReminders": [],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }  # fmt: skip
    told = {
        "summaryOverride": calendar.override, "primary": calendar.primary, "selected": calendar.selected,
        "dataOwner": calendar.owner,
    }  # fmt: skip
    return entry | {name: value for name, value in told.items() if value}


def _etag(text: str) -> str:
    return f'"{int(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:12], 16)}"'


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"


def _moment(text: str | None) -> datetime | None:
    """A time with its offset; None for anything else."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


__all__ = ["CalendarSettings", "GoogleCalendarSite"]
