"""The order: the cost of delay, and the place it gives.

    lost before the next edition = stake x likelihood x urgency            money
    place                        = that x freshness x usefulness           no unit

Factors are rounded to 0.01 before they are multiplied, and products to cents, so that what `briefing why` prints
multiplies out.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from briefing import words
from briefing.facts import Money
from briefing.items import Card, Factor, Item, Part, Priced, StakeKind
from briefing.morning import Morning
from briefing.rules import Rule

CENT = Decimal("0.01")
ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """How amounts are compared."""

    base: str = "USD"
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    as_of: date | None = None
    house: Mapping[str, Decimal] = field(default_factory=dict)
    """House prices the user changed, per rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How many cards, and from what loss on."""

    floor: Decimal = Decimal(25)
    full: int = 3
    lines: int = 4
    use_marks: bool = False
    """The reader's marks (useful, noise) count in the order."""


def cents(value: Decimal) -> Decimal:
    """Rounded half up to 0.01."""
    return value.quantize(CENT, ROUND_HALF_UP)


def price(item: Item, rule: Rule, morning: Morning, prices: Prices) -> Priced:
    """An item with its cost of delay; its printed id comes with the whole list (`with_ids`)."""
    stake, kind, source, notes = _stake(item, rule, prices)
    factors = [item.likelihood] if item.likelihood is not None else []
    factors.append(urgency(item, rule, morning))
    factors = [replace(factor, value=cents(factor.value)) for factor in factors]
    lost = stake.amount
    for factor in factors:
        lost *= factor.value
    lost = cents(lost)
    freshness = Factor(name="first edition", value=Decimal("1.00"), kind="setting", source="nothing to compare with")
    return Priced(
        item=item, id="", lost=lost, lost_kind=_kind_of_loss(kind, factors), stake=stake, stake_kind=kind,
        factors=tuple(factors),
        place=cents(lost * freshness.value), place_factors=(freshness,),
        notes=(*((source,) if source else ()), *notes),
    )  # fmt: skip


def _kind_of_loss(stake: StakeKind, factors: Sequence[Factor]) -> StakeKind:
    """A loss is a fact only where everything that makes it is."""
    if stake != "fact" or all(factor.kind == "fact" for factor in factors):
        return stake
    return "estimate"


def _stake(item: Item, rule: Rule, prices: Prices) -> tuple[Money, StakeKind, str, tuple[str, ...]]:
    """The stake in the base currency, what kind of number it is, where it comes from, and notes."""
    house = prices.house.get(rule.name, rule.price)
    amount = item.stake.amount
    if amount is None:
        source = f"prices: {rule.name}, " + ("yours" if rule.name in prices.house else "the house's")
        return Money(amount=cents(house), currency=prices.base), "house_price", source, ()
    value = max(amount.amount, Decimal(0))
    if amount.currency == prices.base:
        return Money(amount=cents(value), currency=prices.base), item.stake.kind, item.stake.source, ()
    rate = prices.rates.get(amount.currency)
    if rate is None:
        note = f"no rate for {amount.currency}: the house price serves"
        return Money(amount=cents(house), currency=prices.base), "house_price", f"prices: {rule.name}", (note,)
    when = f" of {prices.as_of.isoformat()}" if prices.as_of else ""
    note = f"{words.money(amount)} at {words.number(rate)}{when}"
    return Money(amount=cents(value * rate), currency=prices.base), item.stake.kind, item.stake.source, (note,)


def urgency(item: Item, rule: Rule, morning: Morning) -> Factor:
    """The share of the stake that goes between now and the next edition."""
    if item.urgency == "flow":
        return Factor(name="urgency", value=ONE, kind="fact", source="goes day by day")
    if item.urgency == "date" and item.deadline is not None:
        left = max(morning.workdays_to(item.deadline), 0)
        value = cents(Decimal("0.5") ** left)
        return Factor(
            name="gone by the next edition", value=value, kind="setting",
            source=f"half for each workday left, {words.count(left, 'workday')}" if left else "due or overdue",
        )  # fmt: skip
    days = max(morning.workdays_to(morning.next_edition), 1)
    return Factor(
        name="gone per workday", value=min(rule.share * days, ONE), kind="setting", source=f"prices: {rule.name}"
    )


def printed_ids(keys: Iterable[tuple[str, ...]], shortest: int = 4) -> dict[tuple[str, ...], str]:
    """Base32 of a hash of each key: 4 characters, longer for those that would collide."""
    full = {key: _hash(key) for key in keys}
    ids = {}
    for key, text in full.items():
        length = shortest
        while any(other != text and other.startswith(text[:length]) for other in full.values()):
            length += 1
        ids[key] = text[:length]
    return ids


def _hash(key: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\x1f".join(key).encode()).digest()
    return base64.b32encode(digest).decode().lower().rstrip("=")


def with_ids(priced: Sequence[Priced]) -> list[Priced]:
    """The same with printed ids. Several findings of one key (stages of a matter) are told apart by their rule."""
    by_key: dict[tuple[str, ...], list[Priced]] = defaultdict(list)
    for one in priced:
        by_key[one.item.key].append(one)
    keys = {}
    for key, found in by_key.items():
        for number, one in enumerate(sorted(found, key=_order)):
            keys[id(one)] = key if number == 0 else (*key, one.item.rule)
    ids = printed_ids(keys.values())
    return [replace(one, id=ids[keys[id(one)]]) for one in priced]


def _order(one: Priced) -> tuple[Decimal, tuple[str, ...], str]:
    return (-one.place, one.item.key, one.item.rule)


def in_order(priced: Iterable[Priced]) -> list[Priced]:
    """The dearest first; ties by key."""
    return sorted(priced, key=_order)


def cards(priced: Sequence[Priced], morning: Morning, order: Order) -> list[Card]:
    """Stories in order, those that stand in full marked.

    A full card needs the floor or a date within one workday, and something new, worse or back; at most one per
    client, at most `order.full`.
    """
    stories: dict[tuple[str, ...], list[Priced]] = defaultdict(list)
    for one in in_order(priced):
        stories[one.item.story].append(one)
    made = sorted((_card(members) for members in stories.values()), key=lambda c: (-c.place, c.lead.item.key))
    full: list[Card] = []
    clients: set[str] = set()
    for card in made:
        client = card.lead.item.client
        if len(full) < order.full and client not in clients and card.fresh and deserves_full(card, morning, order):
            full.append(card)
            if client:
                clients.add(client)
    chosen = {id(card) for card in full}
    rest = [card for card in made if id(card) not in chosen]
    return [replace(card, full=True) for card in full] + rest


def _card(members: list[Priced]) -> Card:
    largest: dict[str, Part] = {}
    for one in members:
        key = one.item.stake.key or ":".join(one.item.key)
        if key not in largest or one.lost > largest[key].amount:
            largest[key] = Part(item=one.id, stake_key=key, amount=one.lost)
    parts = tuple(largest[key] for key in sorted(largest))
    places = {part.item: next(one.place for one in members if one.id == part.item) for part in parts}
    return Card(lead=members[0], reasons=tuple(members[1:]), parts=parts, place=sum(places.values(), Decimal(0)))


def deserves_full(card: Card, morning: Morning, order: Order) -> bool:
    """Large or near enough to stand in full when there is something new to it."""
    if card.amount >= order.floor:
        return True
    deadline = card.lead.item.deadline
    return deadline is not None and 0 <= morning.workdays_to(deadline) <= 1
