"""Google Calendar under the whole fault pack, against the demo's site with few events on each page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from briefing.connector import Window
from briefing.contract import ConnectorContract
from briefing.demo.days import ZONE, moment
from briefing.demo.server.google_calendar import Calendar, GoogleCalendarSite
from briefing.demo.world import World
from briefing.loopback import Fault, Site, status
from connectors.google_calendar import GoogleCalendar
from tests.worlds import world_of

MORNING = date(2026, 11, 19)


def world() -> World:
    return world_of(1, MORNING)


class Small(GoogleCalendarSite):
    """The reader's calendar and a colleague's, put together once."""

    kept: ClassVar[dict[tuple[object, ...], list[dict[str, Any]]]] = {}

    @cached_property
    def calendars(self) -> tuple[Calendar, ...]:
        reader, absences, janine, *_, room = super().calendars
        return (reader, replace(absences, selected=False), janine, room)

    def _within(self, calendar: Calendar, morning: date, span: Mapping[str, str | None]) -> list[dict[str, Any]]:
        key = (calendar.id, morning, *span.values())
        if key not in self.kept:
            found = super()._within(calendar, morning, span)
            series = [item for item in found if "recurringEventId" in item]
            self.kept[key] = [*series[:6], *(item for item in found if item not in series)][:16]
        return self.kept[key]


class TestGoogleCalendar(ConnectorContract):
    logins, renews = r"^POST /token", True
    lists = r"/users/me/calendarList"
    pages = r"/events\?"
    posts = (r"/token$",)
    essential = frozenset({"id", "start", "end", "recurringEventId", "originalStartTime"})
    may_lack = frozenset({"primary", "selected", "summaryOverride", "originalStartTime"})

    def site(self) -> Site:
        return Small(world(), MORNING, client_secret=self.canary, refresh_token=self.canary, access=self.canary, page=6)

    def build(self, base_url: str) -> GoogleCalendar:
        return GoogleCalendar(
            source=self.source, client_id="harbourlane-demo.apps.googleusercontent.example", client_secret=self.canary,
            refresh_token=self.canary, base_url=base_url,
        )  # fmt: skip

    def window(self) -> Window:
        """Some days: with them all series, exceptions and absences that the site has come into play."""
        now = moment(MORNING)
        return Window(now=now, since=now - timedelta(days=2), until=now + timedelta(days=1), zone=ZoneInfo(str(ZONE)))

    def refused(self) -> Fault:
        return status(401, '{"error": {"code": 401, "status": "UNAUTHENTICATED", "errors": [{"reason": "authError"}]}}')

    def forbidden(self) -> Fault:
        return status(403, '{"error": {"code": 403, "errors": [{"domain": "global", "reason": "forbidden"}]}}')

    def missing(self) -> Fault:
        return status(404, '{"error": {"code": 404, "errors": [{"domain": "global", "reason": "notFound"}]}}')
