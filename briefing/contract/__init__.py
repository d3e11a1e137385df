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


OF_JSON = (
    "an_unknown_field_changes_nothing", "json_of_another_shape_is_told", "a_missing_field_is_told",
    "a_field_that_is_gone_everywhere_is_told", "a_null_is_told", "a_value_of_another_type_is_told",
    "a_value_without_sense_is_told", "hostile_text_is_cleaned", "a_row_on_two_pages_is_one_fact",
)  # fmt: skip
OF_PAGES = (
    "the_same_page_for_ever_ends_by_itself", "pages_that_go_round_in_a_circle_end_by_themselves",
    "a_lost_page_makes_nothing_whole", "a_row_on_two_pages_is_one_fact",
)  # fmt: skip


def not_asked(contract: type[ConnectorContract]) -> frozenset[str]:
    """Names of the tests that do not apply by what a contract declares. They skip with that reason; a project that
    allows no skips leaves them out when it collects, as this one does in `tests/conftest.py`.
    """
    names: list[str] = []
    if not contract.json:
        names += OF_JSON
        if contract.emptied is ContractBase.emptied:
            names.append("sudden_emptiness_is_not_believed_on_the_first_day")
    if not contract.pages:
        names += OF_PAGES
    if not contract.renews:
        names.append("an_expired_token_is_renewed_once")
    if not contract.logins:
        names.append("a_login_that_answers_nonsense_is_a_gap")
    if not contract.alone:
        names.append("a_forbidden_stream_fails_alone")
    return frozenset(f"test_{name}" for name in names)


__all__ = ["NOW", "ConnectorContract", "ContractBase", "Rig", "not_asked"]
