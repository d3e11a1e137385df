"""Accelo's quotes become proposals and its prospects deals: samples, and what Accelo does not know stays empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from briefing.collect import Source, collect
from briefing.facts import Deal, Money, Party, Person, Proposal, Ref
from briefing.http import set_testing
from briefing.loopback import status
from briefing.store.sqlite import SqliteStore
from tests.connectors.accelo_wire import (
    GUARDS,
    NOW,
    ZONE,
    Deployment,
    quote,
    read,
    sale,
    serving,
    small,
    window,
)

AFFILIATION = {
    "id": "301", "email": "Pat@harbordental.example", "mobile": None,
    "company": {"id": "88", "name": "Harbor Dental Group"},
    "contact": {"id": "240", "firstname": "Pat", "surname": "Reyes", "mobile": None, "email": "other@harbor.example"},
}  # fmt: skip
DANA = {"id": "7", "firstname": "Dana", "surname": "Okafor", "standing": "active"}
PROSPECT: dict[str, Any] = {
    "id": "530", "title": "Harbor Dental: 2026 retainer", "standing": "active", "value": "96000.00", "weighting": "4",
    "progress": "0.6000", "success": "no", "status": {"id": "59", "title": "Quoted", "ordering": "3"},
    "date_due": "1764306000", "date_created": "1760968803", "date_last_interacted": "1762898744", "manager": DANA,
    "affiliation": AFFILIATION,
}  # fmt: skip
QUOTE: dict[str, Any] = {
    "id": "77", "title": "2026 growth retainer", "standing": "published", "status": {"id": "2", "title": "Sent to client"},
    "against_type": "prospect", "against_id": "530", "portal_access": "1", "date_created": "1762802529",
    "date_expiry": "1765386000", "total_price": "96000.00", "manager": DANA, "affiliation": AFFILIATION,
}  # fmt: skip
"""The reference's, section 10; the order of the status and the contact's other address are ours."""

PAT = Person(name="Pat Reyes", email="pat@harbordental.example", id="accelo/affiliation/301")
EVERY = ("quotes", "sales")


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


def selling(quotes: list[dict[str, Any]], sales: list[dict[str, Any]]) -> Deployment:
    deployment = small()
    deployment.rows |= {"quotes": quotes, "prospects": sales}
    return deployment


def identity(at: datetime) -> datetime:
    return at


def one(scope: str, **changes: Any) -> Any:
    """What one quote or sale becomes."""
    deployment = selling([quote(5, **changes)], []) if scope == "quotes" else selling([], [sale(5, **changes)])
    with serving(deployment, modules=EVERY) as (accelo, _):
        found = read(accelo, scope)
    things: list[Any] = [*found.facts, *found.whys, *found.left_out]
    (thing,) = things
    return thing


def test_the_samples_quote() -> None:
    """Nothing says when it was sent or whether it was viewed; and no address leads to it."""
    with serving(selling([QUOTE], [PROSPECT]), modules=EVERY) as (accelo, _):
        found = read(accelo, "quotes")
    assert found.facts == [
        Proposal(
            ref=Ref(source="accelo", kind="quote", id="77"), party=Party(name="Harbor Dental Group", id="88"),
            name="2026 growth retainer", owner=Person(name="Dana Okafor", id="accelo/staff/7"), state="sent",
            native_state="Sent to client", amount=Money(amount=Decimal(96000), currency="USD"), recipients=(PAT,),
            expires=date(2025, 12, 10), deal="530", sent=None, state_since=None, since_quality="unknown",
            first_viewed=None, views=None,
        )
    ]  # fmt: skip
    assert (found.skipped, found.ignored) == ([], [])


def test_the_samples_sale() -> None:
    with serving(selling([], [PROSPECT]), modules=EVERY) as (accelo, _):
        found = read(accelo, "sales")
    assert found.facts == [
        Deal(
            ref=Ref(source="accelo", kind="sale", id="530"), party=Party(name="Harbor Dental Group", id="88"),
            name="Harbor Dental: 2026 retainer", owner=Person(name="Dana Okafor", id="accelo/staff/7"), stage="Quoted",
            stage_order=3, state="open", amount=Money(amount=Decimal(96000), currency="USD"),
            created=datetime.fromtimestamp(1760968803, ZONE), expected_close=date(2025, 11, 28),
            last_activity=datetime.fromtimestamp(1762898744, ZONE), contacts=(PAT,),
            known=frozenset({"name", "owner", "state", "created", "expected_close", "last_activity", "contacts",
                             "amount", "stage", "stage_order"}),
        )
    ]  # fmt: skip
    assert (found.skipped, found.ignored) == ([], [])


def test_since_when_a_quote_is_out_is_what_the_store_first_saw(tmp_path: Path) -> None:
    deployment = selling([quote(5, standing="draft")], [])
    store = SqliteStore(tmp_path / "readings.sqlite")
    with serving(deployment, modules=["quotes"]) as (accelo, _):
        for hours, standing in ((0, "draft"), (24, "published"), (48, "published")):
            deployment.rows["quotes"][0]["standing"] = standing
            at = NOW + timedelta(hours=hours)
            source = Source(name="accelo", connector=accelo, kinds=accelo.kinds)
            collect([source], store, window(at), clock=partial(identity, at))
    (found,) = [fact for fact in store.snapshot(at).facts if isinstance(fact, Proposal)]
    store.close()
    assert (found.state, found.since_quality, found.state_since) == ("sent", "observed", NOW + timedelta(hours=24))


@pytest.mark.parametrize(
    ("standing", "state"), [("draft", "draft"), ("published", "sent"), ("Published", "sent")]
)  # fmt: skip
def test_standings_of_quotes(standing: str, state: str) -> None:
    found = one("quotes", standing=standing)
    assert (found.state, found.native_state) == (state, standing.lower())


@pytest.mark.parametrize(("standing", "state"), [("unassigned", "open"), ("active", "open"), ("pending", "open")])
def test_standings_of_sales(standing: str, state: str) -> None:
    assert one("sales", standing=standing).state == state


@pytest.mark.parametrize(
    ("scope", "changes", "why"),
    [
        ("quotes", {"standing": "sent"}, 'quote 5: standing "sent" is not known'),
        ("quotes", {"title": " "}, "quote 5: it has no title"),
        ("quotes", {"against_type": None}, "quote 5: it does not say what it hangs on"),
        ("quotes", {"total_price": "much"}, 'quote 5: total_price: "much" is not a number'),
        ("quotes", {"affiliation": {"email": "x@y.example"}}, "quote 5: affiliation: a reference without id"),
        ("quotes", {"against_type": "gadget"}, 'quote 5: it hangs on "gadget", which is not known'),
        ("sales", {"standing": "dreaming"}, 'sale 5: standing "dreaming" is not known'),
        ("sales", {"date_due": "2025-11-28"}, 'sale 5: date_due: "2025-11-28" is not a number'),
        ("sales", {"value": "NaN"}, 'sale 5: value: "NaN" is not a number'),
    ],
)
def test_what_cannot_be_read_is_told(scope: str, changes: dict[str, Any], why: str) -> None:
    assert one(scope, **changes) == why


@pytest.mark.parametrize("kept", [True, False])
def test_what_is_over_stays_out(kept: bool) -> None:
    """Also where the filter is not kept."""
    quotes = ["draft", "published", "accepted", "declined", "converted", "inactive"]
    sales = ["unassigned", "active", "won", "lost", "cancelled", "abandoned"]
    deployment = selling(
        [quote(n, standing=word, against_id="2") for n, word in enumerate(quotes, 1)],
        [sale(n, standing=word) for n, word in enumerate(sales, 1)],
    )
    deployment.keeps_filters = kept
    with serving(deployment, modules=EVERY) as (accelo, _):
        found = {scope: read(accelo, scope) for scope in EVERY}
    assert {scope: one.ids for scope, one in found.items()} == {"quotes": ["1", "2"], "sales": ["1", "2"]}
    words = "left out here, because Accelo did not keep the filter"
    assert [one.left_out for one in found.values()] == (
        [{}, {}] if kept else [{f"quotes {words}": 4}, {f"sales {words}": 4}]
    )


def test_a_quote_whose_sale_is_over_waits_for_no_answer() -> None:
    quotes = [
        quote(1, against_id="10"), quote(2, against_id="11"), quote(3, against_type="job", against_id="10"),
        quote(4, against_id="99"),
    ]  # fmt: skip
    deployment = selling(quotes, [sale(10, standing="won"), sale(11)])
    with serving(deployment, modules=["quotes"]) as (accelo, server):
        found = read(accelo, "quotes")
        assert "id(10,11,99)" in server.lines()[-1]
        refused = status(403, '{"response": null, "meta": {"status": "invalid_permission"}}')
        with server.faulty(refused, "/prospects"):
            blind = read(accelo, "quotes")
    assert sorted(found.ids) == ["2", "3", "4"]
    assert found.left_out == {"quotes of sales that are over": 1}
    assert sorted(blind.ids) == ["1", "2", "3", "4"]
    why = "Accelo does not show sales to the user of this login (403)"
    assert blind.whys == [f"quotes: whether their sales are still open is not known: {why}"]


@pytest.mark.parametrize(
    ("told", "probability"),
    [
        (None, None), ("3", None), ({"id": "3"}, None), ({"id": "3", "value": "0.6000"}, Decimal("0.6")),
        ({"id": "3", "value": "60"}, Decimal("0.6")), ({"id": "3", "value": 0}, Decimal(0)),
        ({"id": "3", "value": "1"}, None), ({"id": "3", "value": "100"}, Decimal(1)),
        ({"id": "3", "value": "250"}, None), ({"id": "3", "value": "-1"}, None),
    ],
)  # fmt: skip
def test_a_probability_is_a_share_or_a_percentage(told: Any, probability: Decimal | None) -> None:
    """1 may be either: it is not taken for certain."""
    assert one("sales", prospect_probability=told).probability == probability


def test_what_is_not_filled_in_is_not_zero() -> None:
    assert one("sales", value="0.00").amount is None
    assert one("sales", value=None).amount is None
    assert one("quotes", total_price="0.00").amount is None
    assert "amount" in one("sales", value="0.00").known


def test_what_accelo_could_show_depends_on_rights_and_settings() -> None:
    hidden = sale(5)
    del hidden["value"]
    with serving(selling([], [hidden]), modules=EVERY) as (accelo, _):
        (found,) = read(accelo, "sales").facts
    assert isinstance(found, Deal)
    assert "amount" not in found.known
    with serving(selling([quote(5)], [sale(5)]), modules=EVERY, currency="") as (accelo, _):
        sales, quotes = read(accelo, "sales"), read(accelo, "quotes")
    (found,) = sales.facts
    assert isinstance(found, Deal)
    assert (found.amount, "amount" in found.known) == (None, False)
    cure = '(write currency = "..." in sources.accelo)'
    assert sales.left_out == {f"amounts of sales without a currency {cure}": 1}
    assert quotes.left_out == {f"amounts of quotes without a currency {cure}": 1}


def test_stages_that_are_refused_are_not_known() -> None:
    refused = status(400, '{"response": null, "meta": {"status": "invalid_request", "message": "no"}}')
    with serving(selling([], [PROSPECT]), modules=EVERY) as (accelo, server), server.faulty(refused, "probability"):
        found = read(accelo, "sales")
    assert found.left_out == {"stages and probabilities of sales not read: Accelo refuses the fields": 0}
