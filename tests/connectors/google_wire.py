"""What tests of Google's connectors share: a service of a few lines, and one reading of one stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from briefing.connector import Connector, Finding, Gone, Ignored, Mark, Skipped, Window
from briefing.facts import Fact
from briefing.http import Guards, set_testing
from briefing.loopback import Loopback, Reply, Request, json_reply
from connectors.gmail import Gmail
from connectors.google_calendar import GoogleCalendar

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 19, 7, tzinfo=ZONE)
MAYA = "maya@harbourlane.example"
GUARDS = Guards(connect=5, silence=5, total=5, first_wait=0.01, longest_wait=0.1)
CREDENTIALS = {"source": "google", "client_id": "c", "client_secret": "s3cret", "refresh_token": "1//refresh"}

Json = dict[str, Any]


def window(now: datetime = NOW, *, back: int = 30, ahead: int = 8) -> Window:
    return Window(now=now, since=now - timedelta(days=back), until=now + timedelta(days=ahead), zone=ZONE)


@dataclass
class Service:
    """Answers by path; a value, or a function of the request."""

    answers: dict[str, Any]
    scope: str = "https://www.googleapis.com/auth/calendar.readonly https://mail.google.com/"

    def __call__(self, request: Request) -> Reply:
        if request.path == "/token":
            return json_reply({"access_token": "ya29.x", "expires_in": 3599, "scope": self.scope})
        path = request.path.removeprefix("/calendar/v3/").removeprefix("/gmail/v1/users/me/")
        if path not in self.answers:
            return json_reply({"error": {"code": 404, "errors": [{"reason": "notFound"}]}}, status=404)
        told = self.answers[path]
        found = told(request) if callable(told) else told
        return found if isinstance(found, Reply) else json_reply(found)


def calendar_list(*entries: Json) -> Json:
    """A whole calendar list."""
    return {"items": list(entries), "nextSyncToken": "list"}


def own(**more: Any) -> Json:
    """The reader's own calendar."""
    return {"id": MAYA, "summary": MAYA, "primary": True, "selected": True, "accessRole": "owner", **more}


def events(*items: Json, token: str = "t1", **more: Any) -> Json:
    """The last page of a list of events."""
    return {
        "items": list(items), "timeZone": "Europe/Berlin", "accessRole": "owner", "nextSyncToken": token, **more
    }  # fmt: skip


@contextmanager
def served(service: Callable[[Request], Reply]) -> Iterator[Loopback]:
    """A service on the wire, with short deadlines for the clients made meanwhile."""
    set_testing(GUARDS)
    try:
        with Loopback(service) as server:
            yield server
    finally:
        set_testing(None)


def calendar_at(server: Loopback, **settings: Any) -> GoogleCalendar:
    return GoogleCalendar(base_url=server.url, **{**CREDENTIALS, **settings})


def gmail_at(server: Loopback, **settings: Any) -> Gmail:
    return Gmail(base_url=server.url, **{**CREDENTIALS, "units_per_minute": 1_000_000, **settings})


@dataclass
class Got:
    """What one reading of one stream yielded."""

    facts: list[Fact] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    mark: Mark | None = None


def got(connector: Connector, scope: str = "", *, mark: Mark | None = None, at: Window | None = None) -> Got:
    """Read one stream, by its scope where there are several."""
    wanted = at or window()
    streams = list(connector.streams(wanted))
    (stream,) = [one for one in streams if one.scope == scope] if scope else streams
    found = Got()
    for thing in stream.read(wanted, mark):
        if isinstance(thing, Fact):
            found.facts.append(thing)
        elif isinstance(thing, Gone):
            found.gone.append(f"{thing.ref.kind} {thing.ref.id}")
        elif isinstance(thing, Skipped):
            found.skipped.append(thing)
        elif isinstance(thing, Ignored):
            found.ignored.append(thing)
        else:
            found.mark = thing
    return found


def whats(findings: Sequence[Finding] | Iterator[Finding]) -> list[str]:
    """What a probe tells."""
    return [finding.what for finding in findings]


def error(code: int, reason: str, **more: Any) -> Mapping[str, Any]:
    """The body of a refusal."""
    return {"error": {"code": code, "message": "m", "errors": [{"domain": "global", "reason": reason}], **more}}
