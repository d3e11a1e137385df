"""Google's sites of the demo server, as tests ask for them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from briefing.connector import Window
from briefing.demo.days import ZONE, moment, plus
from briefing.demo.server.gmail import GmailSite
from briefing.demo.server.google_calendar import GoogleCalendarSite
from briefing.demo.world import World
from tests.worlds import world_of

MORNING = date(2026, 11, 19)
NEXT = plus(MORNING, 1)
Json = dict[str, Any]


def world() -> World:
    return world_of(1, MORNING)


def window(morning: date = MORNING, back: int = 30) -> Window:
    now = moment(morning)
    return Window(now=now, since=now - timedelta(days=back), until=now + timedelta(days=8), zone=ZONE)


def calendar_site(morning: date = MORNING, **settings: Any) -> GoogleCalendarSite:
    return GoogleCalendarSite(world(), morning, **settings)


def gmail_site(morning: date = MORNING, **settings: Any) -> GmailSite:
    return GmailSite(world(), morning, **settings)
