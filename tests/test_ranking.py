"""The cost of delay: what is printed multiplies out, ties break by key, the same money counts once."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from briefing.facts import Money, Ref
from briefing.items import Factor, Item, Stake
from briefing.ranking import Order, Prices, cards, cents, in_order, price, printed_ids, with_ids
from briefing.rules import Rule
from briefing.testing import morning_at

MORNING = morning_at("2026-11-19 07:00")
FRIDAY = morning_at("2026-11-20 07:00")
RULE = Rule(
    name="r", matter="m", stages=("open",), needs=(), price=Decimal(400), share=Decimal("0.05"), run=lambda *_: iter(())
)
PRICES = Prices(base="USD", rates={"EUR": Decimal("1.10")})


def item(number: int = 1, amount: str = "", currency: str = "USD", **fields: Any) -> Item:
    about = Ref(source="s", kind="k", id=str(number))
    stake = Stake(amount=Money(amount=Decimal(amount), currency=currency), kind="fact") if amount else Stake()
    plain = Item(rule="r", matter="m", stage="open", about=about, headline="H.", line="L.", ask="?", stake=stake)
    return replace(plain, **fields)


def test_a_date_halves_the_loss_for_each_workday_left() -> None:
    due = {0: date(2026, 11, 19), 1: date(2026, 11, 20), 3: date(2026, 11, 24), -2: date(2026, 11, 17)}
    lost = {
        left: price(item(amount="1500", urgency="date", deadline=day), RULE, MORNING, PRICES).lost
        for left, day in due.items()
    }
    assert lost == {0: 1500, 1: 750, 3: Decimal("195.00"), -2: 1500}


def test_a_flow_goes_whole_and_waiting_a_share_a_workday() -> None:
    assert price(item(amount="150", urgency="flow"), RULE, MORNING, PRICES).lost == 150
    assert price(item(amount="1000"), RULE, MORNING, PRICES).lost == 50
    assert price(item(amount="1000"), RULE, FRIDAY, PRICES).lost == 50


def test_without_money_the_house_price_serves_and_a_missing_rate_says_so() -> None:
    assert price(item(), RULE, MORNING, PRICES).lost_kind == "house_price"
    assert price(item(amount="100", currency="EUR", urgency="flow"), RULE, MORNING, PRICES).lost == 110
    swiss = price(item(amount="100", currency="CHF", urgency="flow"), RULE, MORNING, PRICES)
    assert swiss.lost == 400
    assert swiss.lost_kind == "house_price"
    assert "no rate for CHF: the house price serves" in swiss.notes
    assert price(item(), RULE, MORNING, replace(PRICES, house={"r": Decimal(7)})).stake.amount == 7


def test_a_negative_amount_is_no_gain() -> None:
    assert price(item(amount="-500", urgency="flow"), RULE, MORNING, PRICES).lost == 0


amounts = st.decimals(0, 10_000_000, places=2, allow_nan=False).map(str)


@given(amounts, st.decimals(0, 1, places=6), st.sampled_from(["flow", "waiting"]))
def test_the_printed_factors_multiply_to_the_printed_figure(amount: str, likelihood: Decimal, urgency: str) -> None:
    factor = Factor(name="signed in the end", value=likelihood, kind="setting", source="")
    priced = price(item(amount=amount, likelihood=factor, urgency=urgency), RULE, MORNING, PRICES)
    product = priced.stake.amount
    for one in priced.factors:
        assert one.value == cents(one.value)
        product *= one.value
    assert priced.lost == cents(product)
    for one in priced.place_factors:
        product = cents(product) * one.value
    assert priced.place == cents(product)


def test_the_same_money_counts_once_in_a_story() -> None:
    root = Ref(source="s", kind="deal", id="9")
    story: dict[str, Any] = {"client": "Acme", "root": root, "urgency": "flow"}
    money = {name: Stake(amount=Money(amount=Decimal(n), currency="USD"), kind="fact", key=key)
             for name, n, key in (("a", 100, "deal:9"), ("b", 80, "deal:9"), ("c", 30, "fee"))}  # fmt: skip
    priced = with_ids(
        [price(item(n, stake=stake, **story), RULE, MORNING, PRICES) for n, stake in enumerate(money.values())]
    )
    (card,) = cards(priced, MORNING, Order())
    assert card.amount == 130
    assert sorted(part.amount for part in card.parts) == [30, 100]
    assert len(card.members) == 3


def test_one_full_card_per_client_and_none_below_the_floor() -> None:
    priced = with_ids(
        [
            price(item(1, amount="900", urgency="flow", client="Acme"), RULE, MORNING, PRICES),
            price(item(2, amount="800", urgency="flow", client="Acme"), RULE, MORNING, PRICES),
            price(item(3, amount="700", urgency="flow", client="Quill"), RULE, MORNING, PRICES),
            price(item(4, amount="10", urgency="flow", client="Larkspur"), RULE, MORNING, PRICES),
            price(item(5, amount="1", urgency="date", deadline=date(2026, 11, 20)), RULE, MORNING, PRICES),
        ]
    )
    deck = cards(priced, MORNING, Order())
    assert [(card.lead.item.about.id, card.full) for card in deck] == [
        ("1", True), ("3", True), ("5", True), ("2", False), ("4", False),
    ]  # fmt: skip


@given(st.lists(st.integers(0, 500), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_shuffling_changes_nothing(lost: list[int], rng: random.Random) -> None:
    items = [item(n, amount=str(value), urgency="flow", client=f"C{n % 4}") for n, value in enumerate(lost)]

    def ordered() -> list[tuple[str, bool]]:
        priced = with_ids([price(one, RULE, MORNING, PRICES) for one in items])
        return [(card.lead.id, card.full) for card in cards(in_order(priced), MORNING, Order())]

    expected = ordered()
    rng.shuffle(items)
    assert ordered() == expected


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), unique=True, max_size=300))
def test_ids_are_unique_and_no_id_begins_another(keys: list[tuple[str, str]]) -> None:
    ids = list(printed_ids(keys).values())
    assert len(set(ids)) == len(ids)
    assert all(len(one) >= 4 for one in ids)
    assert not any(a != b and b.startswith(a) for a in ids for b in ids)


def test_stages_of_one_matter_have_ids_of_their_own() -> None:
    two = [
        price(item(1, amount="5"), RULE, MORNING, PRICES),
        price(item(1, rule="q", amount="9"), RULE, MORNING, PRICES),
    ]
    first, second = with_ids(two)
    assert first.id != second.id
    (card,) = cards([first, second], MORNING, Order())
    assert card.lead.item.rule == "q"
