"""Gmail under the whole fault pack, against the demo's site with a few mails of the simulated agency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from briefing.connector import Window
from briefing.contract import ConnectorContract
from briefing.demo.days import ZONE, moment
from briefing.demo.server.gmail import GmailSite, Kept
from briefing.demo.world import World
from briefing.loopback import Fault, Site, status
from connectors.gmail import Gmail
from tests.worlds import world_of

MORNING = date(2026, 11, 19)


def world() -> World:
    return world_of(1, MORNING)


@cache
def few() -> Sequence[Kept]:
    """Mails of every sort: in threads and alone, with HTML, from machines, sent ones."""
    mails = [kept for kept in GmailSite(world(), MORNING).mails if kept.arrived > moment(MORNING) - timedelta(days=9)]
    threads = {kept.thread: [one for one in mails if one.thread == kept.thread] for kept in mails}
    several = [thread for thread in threads.values() if len(thread) > 1][:2]
    alone = [thread for thread in threads.values() if len(thread) == 1]
    html = next(thread for thread in alone if thread[0].note.html)
    notice = next(thread for thread in alone if thread[0].note.headers and not thread[0].note.html)
    return sorted((kept for thread in (*several, html, notice, alone[-1]) for kept in thread),
                  key=lambda kept: kept.arrived, reverse=True)  # fmt: skip


class Small(GmailSite):
    """The site with these mails."""

    @cached_property
    def mails(self) -> Sequence[Kept]:
        return few()


class TestGmail(ConnectorContract):
    logins, renews = r"^POST /token", True
    pages = r"/users/me/messages\?"
    posts = (r"/token$",)
    essential = frozenset({"id", "threadId", "emailAddress", "historyId"})
    may_lack = frozenset({"nextPageToken", "messages", "history"})

    def site(self) -> Site:
        return Small(world(), MORNING, client_secret=self.canary, refresh_token=self.canary, access=self.canary, page=3)

    def build(self, base_url: str) -> Gmail:
        return Gmail(
            source=self.source, client_id="harbourlane-demo.apps.googleusercontent.example", client_secret=self.canary,
            refresh_token=self.canary, base_url=base_url, units=100_000, units_per_minute=100_000,
        )  # fmt: skip

    def window(self) -> Window:
        now = moment(MORNING)
        return Window(now=now, since=now - timedelta(days=30), until=now + timedelta(days=8), zone=ZoneInfo(str(ZONE)))

    def refused(self) -> Fault:
        return status(401, '{"error": {"code": 401, "status": "UNAUTHENTICATED", "errors": [{"reason": "authError"}]}}')

    def forbidden(self) -> Fault:
        return status(403, '{"error": {"code": 403, "errors": [{"domain": "global", "reason": "forbidden"}]}}')

    def missing(self) -> Fault:
        return status(404, '{"error": {"code": 404, "errors": [{"domain": "global", "reason": "notFound"}]}}')
