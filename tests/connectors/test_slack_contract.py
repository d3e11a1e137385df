"""Slack keeps the connector contract: the fault pack on the real wire."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import ClassVar
from zoneinfo import ZoneInfo

from briefing.connector import Connector, Window
from briefing.contract import ConnectorContract
from briefing.demo.days import ZONE_NAME, moment
from briefing.demo.server.slack import SCOPES, SlackSite
from briefing.demo.server.slack_rows import SlackRows
from briefing.loopback import Fault, Site, status
from connectors.slack import Slack
from tests.worlds import world_of

DAY = date(2026, 11, 19)


@cache
def rows() -> SlackRows:
    return SlackRows(world_of(1, DAY), DAY)


class TestSlack(ConnectorContract):
    """Two channels: one shared with a client, a private one of our own. Direct conversations are called by people's
    names, which nonsense would change without anybody being able to notice, and user groups and search only add to what
    the lists tell: `test_slack_api` has all of those.
    """

    lists: ClassVar[str] = r"/(auth\.test|users\.list|users\.conversations)$"
    pages: ClassVar[str] = r"/(users\.list|users\.conversations|conversations\.history)$"
    posts: ClassVar[tuple[str, ...]] = (
        r"^/api/(auth\.test|users\.(list|info|conversations)|usergroups\.list|search\.messages)$",
        r"^/api/conversations\.(members|history|replies)$",
    )
    methods: ClassVar[tuple[str, ...]] = ()
    optional: ClassVar[str] = r"/usergroups\.list$"
    essential: ClassVar[frozenset[str]] = frozenset({"ts", "thread_ts", "reply_count", "latest_reply"})
    # Slack leaves these out, or empty, after the last page.
    may_lack: ClassVar[frozenset[str]] = frozenset({"response_metadata", "next_cursor", "has_more"})
    alone: ClassVar[bool] = False  # the people come with the list that everything needs

    def site(self) -> Site:
        return SlackSite(
            rows().world, DAY, rows=rows(), token=f"xoxp-{self.canary}", only=("client-acme-gmbh", "leadership"),
            pages={"users.list": 4, "users.conversations": 1, "conversations.history": 4},
            scopes=SCOPES.replace("usergroups:read search:read", ""),
        )  # fmt: skip

    def build(self, base_url: str) -> Connector:
        return Slack(source=self.source, base_url=base_url, token=f"xoxp-{self.canary}", pace=0)

    def window(self) -> Window:
        now = moment(DAY)
        return Window(now=now, since=now - timedelta(days=6), until=now, zone=ZoneInfo(ZONE_NAME))

    def refused(self) -> Fault:
        return status(200, '{"ok": false, "error": "invalid_auth"}')

    def forbidden(self) -> Fault:
        return status(200, '{"ok": false, "error": "missing_scope", "needed": "channels:history", "provided": ""}')

    def missing(self) -> Fault:
        return status(200, '{"ok": false, "error": "channel_not_found"}')

    def limited(self, seconds: float | None) -> Fault:
        headers = {} if seconds is None else {"Retry_After": f"{seconds:g}"}
        return status(429, '{"ok": false, "error": "ratelimited"}', **headers)
