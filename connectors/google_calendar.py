"""Google Calendar: what the day holds, and who is out. One stream per calendar.

Settings
  client_id, client_secret  of a "Desktop app" in the organisation's own Cloud project
  token_file, refresh_token the login: kept by `briefing auth`, or given
  calendars  names or ids of the calendars to read; without it those that are shown in Google's own list. A colleague's
             calendar that is shared but not in the list is named by its address
  mine       names or ids of further calendars of the reader's own: what lies in them takes the reader's time
  base_url, auth_url, token_url, port   where Google is, and where the browser's answer is waited for

A first reading asks for the time wanted and `MARGIN` more, series opened into instances. Its mark holds Google's sync
token, and the next readings ask for what changed since. A token cannot be given a time to look at, and of a series it
names every instance to the end of time, so each entry is held against the span of the first reading; when the time
wanted leaves that span, or anything that the facts rest on has changed (the calendar's name, zone, share), everything
is read anew. Google itself ends a token with 410.

What is cancelled or deleted is gone. A declined meeting stays, with the answer at the reader's guest entry.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from briefing.connector import Finding, Gone, Ignored, Mark, Skipped, Stream, Talk, Window
from briefing.errors import BadAnswer, MarkExpired, SourceError
from briefing.facts import Absence, Fact, Meeting, Person
from briefing.http import Client
from briefing.reading.meetings import is_address
from briefing.reading.text import NAME, clean, folded
from briefing.tokens import fingerprint
from connectors.google_client import Api, Json, NotTaken, NotThere, Outdated, explained, text_of
from connectors.google_events import NOT_PEOPLE, Shelf, Unreadable, event_facts, event_id, zone_named
from connectors.google_login import AUTH_URL, TOKEN_URL, App, Login

BASE_URL = "https://www.googleapis.com"
SCOPES = ("calendar.events.readonly", "calendar.calendarlist.readonly")
PAGE = 1000
"""Events of one answer: some megabytes. Google takes up to 2,500."""

MARGIN = timedelta(days=14)
"""How much further ahead than wanted a first reading looks, so that its token serves so many mornings."""

CALENDAR_LIST = "the list of calendars"
VERSION = 1
"""Of a mark's form and of how events are stated."""

A_MINUTE = 600
"""Requests a minute that Google allows a user and project (Calendar API quotas, read in November 2026)."""

_FEEDS = ("@group.v.calendar.google.com", "@resource.calendar.google.com")
"""Holidays and birthdays that Google keeps, and rooms: nobody's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One calendar of the reader's list."""

    id: str
    name: str
    primary: bool = False
    shown: bool = False
    there: bool = True
    """False where the settings name a calendar that the list does not hold and that is no address."""

    @property
    def is_persons(self) -> bool:
        """Whether it is somebody's own, known by their address; others have ids that say nothing."""
        return is_address(self.id) and not self.id.endswith(NOT_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time that a series of readings is about."""

    start: datetime
    end: datetime

    def touches(self, fact: Fact) -> bool:
        """Whether a fact lies in it; an absence is held against its days."""
        if isinstance(fact, Absence):
            return self.start.date() <= fact.last and fact.first <= self.end.date()
        assert isinstance(fact, Meeting)
        return fact.starts < self.end and (fact.ends > self.start or fact.starts >= self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a mark holds."""

    token: str
    span: Span
    bound_to: str
    """A fingerprint of what the facts rest on."""

    def text(self) -> str:
        """As a mark's value."""
        span = [moment.astimezone(UTC).isoformat() for moment in (self.span.start, self.span.end)]
        return json.dumps({"v": VERSION, "token": self.token, "for": self.bound_to, "span": span})


class GoogleCalendar:
    """The calendars that a login may see."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Meeting, Absence})

    def __init__(
        self,
        *,
        source: str,
        client_id: str,
        client_secret: str,
        token_file: str = "",
        refresh_token: str = "",
        calendars: Sequence[str] = (),
        mine: Sequence[str] = (),
        base_url: str = BASE_URL,
        auth_url: str = AUTH_URL,
        token_url: str = "",
        port: int = 0,
    ) -> None:
        for name, value in (("calendars", calendars), ("mine", mine)):
            if isinstance(value, str) or not all(isinstance(one, str) and one.strip() for one in value):
                raise ValueError(f"{name}: a list of names or addresses is wanted")
        self._source = source
        self._wanted, self._mine = tuple(calendars), frozenset(folded(one) for one in mine)
        app = App(
            source=source, client_id=client_id, client_secret=client_secret, scopes=SCOPES, auth_url=auth_url,
            token_url=token_url or (TOKEN_URL if base_url == BASE_URL else f"{base_url.rstrip('/')}/token"), port=port,
        )  # fmt: skip
        self._login = Login(app, token_file=token_file, refresh_token=refresh_token)
        self._api = Api(
            "calendar", "v3",
            Client(
                base_url, source=source, vendor="Google Calendar", credential=self._login.credential,
                explain=explained("calendar", source),
            ),
            "calendar/v3/",
        )  # fmt: skip

    # --- the contract -----------------------------------------------------------------------------------------------

    def streams(self, window: Window) -> Sequence[Stream]:
        """A stream per calendar. Raises SourceError where the list cannot be had or shows none."""
        listed = self._listed()
        chosen = self._chosen(listed)
        if not chosen:
            raise SourceError(
                "no calendar is shown in Google's list",
                advice=f"tick one at calendar.google.com, or name it in sources.{self._source}.calendars",
            )
        reader = next((Person(email=entry.id) for entry in listed if entry.primary and entry.is_persons), None)
        return [self._stream(entry, reader, window.zone) for entry in with_names_of_their_own(chosen)]

    def login(self, talk: Talk) -> str:
        """Sign in by the browser and keep the login; says as whom."""
        return self._login.login(talk, self._who)

    def probe(self) -> Iterator[Finding]:
        """Whose login it is, what it may do, which calendars are read, what a reading costs."""
        yield from self._login.findings()
        listed = self._listed()
        yield Finding(what=f"Logged in as {next((one.id for one in listed if one.primary), 'nobody known')}.")
        chosen = self._chosen(listed)
        for entry in chosen:
            cure = "" if entry.there else f"correct sources.{self._source}.calendars"
            what = f'Reads "{entry.name}".' if entry.there else f'No calendar is called "{entry.name}".'
            yield Finding(what=what, ok=entry.there, cure=cure)
        if others := [entry.name for entry in listed if entry not in chosen]:
            yield Finding(what=f"Does not read {', '.join(others[:10])}: add to calendars to read them.")
        yield Finding(what=f"A reading asks {len(chosen) + 1} times or little more; Google allows {A_MINUTE} a minute.")

    # --- which calendars --------------------------------------------------------------------------------------------

    def _who(self) -> str:
        return next((entry.id for entry in self._listed() if entry.primary), "a user without a calendar")

    def _listed(self) -> list[Entry]:
        """The reader's own list. Raises BadAnswer for one that is not whole."""
        found: list[Entry] = []
        page: Json = {}
        for page in self._api.pages(
            self._api.resource("calendarList").list, "items", what=CALENDAR_LIST, maxResults=250
        ):
            found += [entry_of(row) for row in page["items"]]
        if not text_of(page, "nextSyncToken"):
            raise BadAnswer(f"{CALENDAR_LIST}: an answer without the mark of its end")
        return found

    def _chosen(self, listed: Sequence[Entry]) -> list[Entry]:
        """Those that the settings name, in their order; else what Google's own list shows, the reader's own first."""
        if not self._wanted:
            own = [entry for entry in listed if entry.primary]
            shown = [entry for entry in listed if entry.shown and not entry.primary]
            return [*own, *(entry for entry in shown if not entry.id.endswith(_FEEDS))]
        return [self._named(name, listed) for name in dict.fromkeys(self._wanted)]

    def _named(self, name: str, listed: Sequence[Entry]) -> Entry:
        """The calendar that a setting means: by id, else by name; an address may be shared without being listed."""
        for entry in listed:
            if name in {entry.id, "primary" if entry.primary else entry.id}:
                return entry
        same = [entry for entry in listed if folded(entry.name) == folded(name)]
        if len(same) == 1:
            return same[0]
        return Entry(id=name, name=clean(name, NAME), there=is_address(name))

    # --- one calendar -----------------------------------------------------------------------------------------------

    def _stream(self, entry: Entry, reader: Person | None, zone: ZoneInfo) -> Stream:
        own = entry.primary or bool({folded(entry.id), folded(entry.name)} & self._mine)
        owner = reader if own else Person(email=entry.id) if entry.is_persons else None
        shelf = Shelf(source=self._source, id=entry.id, name=entry.name, owner=owner, zone=zone, reader=zone)

        def read(window: Window, mark: Mark | None) -> Iterator[Fact | Gone | Skipped | Ignored | Mark]:
            if not entry.there:
                raise self._not_there(entry.name)
            try:
                yield from _Reading(self._api, shelf, window, mark).run()
            except NotThere as error:
                raise self._not_there(entry.name) from error

        # A name may change from day to day, an address does not.
        return Stream(kinds=self.kinds, read=read, scope=entry.id if entry.is_persons else entry.name, place=entry.name)

    def _not_there(self, name: str) -> SourceError:
        return SourceError(
            f'the calendar "{name}" is not there, or no longer shared with this login',
            advice=f"ask its owner to share it, or correct sources.{self._source}.calendars",
        )


def entry_of(row: object) -> Entry:
    """One entry of the list. Raises BadAnswer for what is none."""
    name, told = text_of(row, "id"), row if isinstance(row, dict) else {}
    if "@" not in name or name != clean(name, 1024):
        raise BadAnswer(f"{CALENDAR_LIST} has an entry without an id")
    flags = [told.get(flag, False) for flag in ("primary", "selected")]
    titles = [told.get("summaryOverride", ""), told.get("summary")]
    if not all(isinstance(flag, bool) for flag in flags) or not all(isinstance(title, str) for title in titles):
        raise BadAnswer(f"{CALENDAR_LIST} does not say what {clean(name, NAME)} is")
    title = next((clean(title, NAME) for title in titles if clean(title, NAME)), clean(name, NAME))
    return Entry(id=name, name=title, primary=flags[0], shown=flags[1])


def with_names_of_their_own(entries: Sequence[Entry]) -> list[Entry]:
    """Calendars of one name told apart by their ids."""
    names = [entry.name for entry in entries]
    return [
        entry if names.count(entry.name) == 1 else replace(entry, name=f"{entry.name} ({clean(entry.id, NAME)})")
        for entry in entries
    ]


class _Reading:
    """One reading of one calendar."""

    def __init__(self, api: Api, shelf: Shelf, window: Window, mark: Mark | None) -> None:
        self._api, self._shelf = api, shelf
        self._kept = kept_in(mark) if mark else None
        wanted = span_of(window)
        if self._kept and not (self._kept.span.start <= wanted.start and wanted.end <= self._kept.span.end):
            raise MarkExpired("the time wanted is not the one that the mark is about")
        self._span = self._kept.span if self._kept else Span(start=wanted.start, end=wanted.end + MARGIN)
        self._left_out = 0
        self._token = ""

    def run(self) -> Iterator[Fact | Gone | Skipped | Ignored | Mark]:
        """Everything of the span, or what changed in it since the mark. Raises MarkExpired, SourceError."""
        for page in self._pages():
            shelf = self._as_shown(page)
            for event in page["items"]:
                yield from self._stated(event, shelf)
        if self._left_out:
            yield Ignored(self._left_out, "cancelled events, and events outside the time asked for")
        if not self._token:
            yield Skipped(self._shelf.name, "the list of events ends without the mark of its end: more may be missing")
        else:
            yield Mark(Kept(token=self._token, span=self._span, bound_to=self._bound_to).text())

    def _pages(self) -> Iterator[Json]:
        asked: dict[str, Any] = {"calendarId": self._shelf.id, "singleEvents": True, "maxResults": PAGE}
        if self._kept:
            asked["syncToken"] = self._kept.token
        else:
            asked |= {"timeMin": self._span.start.isoformat(), "timeMax": self._span.end.isoformat()}
        try:
            for page in self._api.pages(
                self._api.resource("events").list, "items", what=f'the events of "{self._shelf.name}"', **asked
            ):
                self._token = text_of(page, "nextSyncToken")
                yield page
        except (NotTaken, Outdated) as error:
            if self._kept:
                raise MarkExpired("Google does not take the mark") from error
            raise

    def _as_shown(self, page: Json) -> Shelf:
        """The calendar as an answer shows it. Raises MarkExpired where that is not as it was."""
        shelf = replace(
            self._shelf, zone=zone_named(text_of(page, "timeZone"), self._shelf.zone),
            busy_only=text_of(page, "accessRole") == "freeBusyReader",
        )  # fmt: skip
        owner = shelf.owner.email if shelf.owner else ""
        self._bound_to = fingerprint(
            shelf.id, shelf.name, owner, shelf.zone.key, shelf.reader.key, str(shelf.busy_only)
        )
        if self._kept and self._kept.bound_to != self._bound_to:
            raise MarkExpired("the calendar is not shown as it was")
        return shelf

    def _stated(self, event: Json, shelf: Shelf) -> Iterator[Fact | Gone | Skipped]:
        """What an entry states; in a reading that goes on also what it states no longer."""
        facts: list[Fact] = []
        name = ""
        try:
            name = event_id(event)
            cancelled = text_of(event, "status") == "cancelled"
            facts = [] if cancelled else [fact for fact in event_facts(event, shelf) if self._span.touches(fact)]
            self._left_out += not facts and not (cancelled and self._kept)
        except Unreadable as problem:
            yield Skipped(f"{shelf.name}: {clean(name, NAME) or 'an entry'}", str(problem))
        yield from facts
        if self._kept and name:
            kinds = {fact.ref.kind for fact in facts}
            yield from (Gone(shelf.ref(kind, name)) for kind in ("event", "absence") if kind not in kinds)


def span_of(window: Window) -> Span:
    """The time wanted, at least from the day before, so that a night's meeting is known to be over."""
    today = window.now.astimezone(window.zone).date()
    return Span(start=min(window.since, _midnight(today - timedelta(days=1), window.zone)), end=window.until)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def kept_in(mark: Mark) -> Kept:
    """What a mark holds. Raises MarkExpired for one that is not of this version."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        told = json.loads(mark.value)
        start, end = (datetime.fromisoformat(moment) for moment in told["span"])
        if told["v"] == VERSION and start.tzinfo and end.tzinfo:
            return Kept(token=str(told["token"]), span=Span(start=start, end=end), bound_to=str(told["for"]))
    raise MarkExpired("the mark is of another version")


__all__ = ["GoogleCalendar"]
