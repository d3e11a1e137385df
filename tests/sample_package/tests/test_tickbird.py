"""The connector keeps the contract: every test is inherited."""

from __future__ import annotations

from briefing_tickbird import Tickbird  # type: ignore[import-not-found]
from briefing_tickbird.site import tickbird  # type: ignore[import-not-found]

from briefing.connector import Connector
from briefing.loopback import Site
from briefing.testing import ConnectorContract


class TestTickbird(ConnectorContract):
    pages = r"^GET /v1/(tickets|customers)"
    nullable = frozenset({"next", "assignee"})
    essential = frozenset({"state", "assignee"})

    def site(self) -> Site:
        site: Site = tickbird(self.canary, page=3, count=8)
        return site

    def build(self, base_url: str) -> Connector:
        connector: Connector = Tickbird(source=self.source, base_url=base_url, token=self.canary)
        return connector
