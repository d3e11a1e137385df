"""What every connector keeps, as a pytest class to inherit: the fault pack on the real wire.

    class TestTickbird(ConnectorContract):
        logins, renews = r"^POST /oauth/token", True
        pages = r"^GET /tickets"
        essential = frozenset({"state"})

        def site(self) -> Site:
            return tickbird_site(token=self.canary)

        def build(self, base_url: str) -> Connector:
            return Tickbird(source=self.source, base_url=base_url, token=self.canary)

`docs/connectors.md` tells what each declaration means; every test says in its name which guard is gone when it is red.
"""

from __future__ import annotations

from briefing.contract.conduct import Conduct
from briefing.contract.contents import Contents
from briefing.contract.refusals import Refusals
from briefing.contract.rig import NOW, ContractBase, Rig
from briefing.contract.transport import Transport


class ConnectorContract(Conduct, Refusals, Transport, Contents):
    """What every connector keeps. Inherit it, provide `site` and `build`, and declare what the vendor does."""


__all__ = ["NOW", "ConnectorContract", "ContractBase", "Rig"]
