"""Each guard of the product is taken away by itself, under a connector that keeps the contract: a named test misses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from briefing import collect, http, tokens
from briefing.errors import SourceError
from briefing.http import Answer
from tests.contract_shop import Shop, ShopContract


class QuotesTheService(Shop):
    """Tells what the service says of a refusal; what the service echoes of our secrets is taken out of it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.client.explain = self.quoted

    def quoted(self, answer: Answer) -> SourceError | None:
        if answer.status != 400:
            return None
        told = answer.json()
        return SourceError(f"Shop says: {str(told.get('message'))[:500]}", advice="see Shop's status page")


class Removed(NamedTuple):
    """A guard that is replaced by nothing, and the tests that are to miss it."""

    owner: object
    name: str
    by: object
    missed: tuple[str, ...]
    connector: type[Shop] = Shop


def whatever(self: object, **_: Any) -> None:
    """Checks nothing."""


def without_limit(unpacked: Callable[..., bytes]) -> Callable[..., bytes]:
    return lambda pieces, encoding, largest: unpacked(pieces, encoding, 2**40)


GUARDS: Mapping[str, Removed] = {
    "total deadline": Removed(
        http, "_left", lambda timeout, over: timeout, ("a_body_that_drips_is_a_gap", "headers_that_drip_are_a_gap")
    ),
    "size limit": Removed(
        http, "unpacked", without_limit(http.unpacked), ("a_body_of_200_megabytes_is_refused", "a_gzip_bomb_is_refused")
    ),
    "cursor guard": Removed(
        http.Paging, "page", whatever,
        ("the_same_page_for_ever_ends_by_itself", "pages_that_go_round_in_a_circle_end_by_themselves"),
    ),
    "redirects stay within the host": Removed(
        http.Client, "_is_ours", lambda self, url: True, ("a_redirect_takes_no_credential_to_another_host",)
    ),
    "repetition": Removed(
        http, "worth_another_try", lambda error: False,
        (
            "a_fault_that_passes_is_not_noticed", "a_rate_limit_without_a_time_is_tried_again",
            "an_answer_that_is_cut_once_is_asked_for_again", "a_connection_that_is_reset_once_is_tried_again",
        ),
    ),
    "Retry-After": Removed(
        http, "retry_after", lambda headers, now: None,
        ("a_short_rate_limit_is_waited_for", "a_long_rate_limit_is_a_gap_at_once"),
    ),
    "a refused login is remembered": Removed(
        tokens.Renewed, "_refused", property(lambda self: None, lambda self, error: None),
        ("a_refused_login_is_told_with_its_cure_and_not_tried_again",),
    ),
    "renewal after a 401": Removed(
        tokens.Renewed, "renew", lambda self, refused: False, ("an_expired_token_is_renewed_once",)
    ),
    "redaction": Removed(
        collect, "redacted", lambda text: text, ("no_secret_appears_anywhere",), QuotesTheService
    ),
    "emptiness is read again": Removed(
        collect._Collect, "_suddenly_empty", lambda self, job: False,
        ("sudden_emptiness_is_not_believed_on_the_first_day",),
    ),
}  # fmt: skip


def contract_of(connector: type[Shop]) -> ShopContract:
    settings = {"connector": connector, "flood": 48}
    contract: ShopContract = type("Contract", (ShopContract,), settings)()
    return contract


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_is_removed_is_missed(guard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, by, missed, connector = GUARDS[guard]
    contract = contract_of(connector)
    contract.plain()
    monkeypatch.setattr(type(contract), "patience", 1.5)
    monkeypatch.setattr(owner, name, by, raising=name != "_refused")
    for test in missed:
        with pytest.raises(AssertionError):
            getattr(contract, f"test_{test}")()


def test_with_redaction_the_same_connector_passes() -> None:
    """It is no plain Shop, which is held to the whole contract elsewhere."""
    contract_of(QuotesTheService).test_no_secret_appears_anywhere()
