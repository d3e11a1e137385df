"""The texts and values of a fact, one by one, with the field they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from briefing.codec import decode, encode
from briefing.facts import AdChange, Fact, Message, Money
from briefing.reading.text import EXCERPT

IDS = frozenset("id thread project milestone parent uid occurrence account campaign deal".split())
"""Fields that hold a vendor's id as it is; they are compared, and never printed as they stand."""


def values_of(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value within a record, with the names that lead to it."""
    if is_dataclass(value):
        for field in fields(value):
            yield from values_of(getattr(value, field.name), f"{at}.{field.name}" if at else field.name)
    elif isinstance(value, tuple | frozenset | list):
        for one in value:
            yield from values_of(one, at)
    else:
        yield at, value
    if isinstance(value, Money):
        yield at, value


def texts_of(fact: Fact) -> Iterator[tuple[str, str]]:
    """Every text that may be printed."""
    for where, value in values_of(fact):
        if isinstance(value, str) and where.rpartition(".")[2] not in IDS:
            yield f"{fact.kind}.{where}", value


def breaches(fact: Fact, source: str, now: datetime) -> Iterator[str]:
    """Complaints about one fact."""
    what = f"{fact.kind} {fact.ref.kind}/{fact.ref.id!r}"
    if fact.ref.source != source:
        yield f"{what}: ref.source is {fact.ref.source!r}, the source is called {source!r}"
    if not (isinstance(fact.ref.id, str) and fact.ref.id and fact.ref.kind):
        yield f"{what}: ref.id and ref.kind are texts that say something"
    for where, value in values_of(fact):
        yield from _odd(f"{what}: {where}", value)
    for where, text in texts_of(fact):
        if where.endswith(".excerpt") and len(text) > EXCERPT:
            yield f"{what}: an excerpt of {len(text)} characters, {EXCERPT} at most"
    try:
        again = decode(fact.kind, encode(fact))
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        yield f"{what}: a field has a value of another type than it says ({error})"
    else:
        if again != fact:
            yield f"{what}: a field has a value of another type than it says: {_unlike(fact, again)}"
    if isinstance(fact, Message | AdChange) and fact.at.utcoffset() is not None and fact.at > now:
        yield f"{what}: stated as having happened at {fact.at}, later than the window's now"


def _odd(what: str, value: object) -> Iterator[str]:
    if isinstance(value, datetime) and value.utcoffset() is None:
        yield f"{what} is a time without a zone"
    if isinstance(value, Decimal) and not value.is_finite():
        yield f"{what} is {value}"
    if isinstance(value, Money):
        yield from _money(what, value)


def _money(what: str, money: Money) -> Iterator[str]:
    amount: object = money.amount
    if not isinstance(amount, Decimal):
        yield f"{what}: an amount is {type(amount).__name__}, not Decimal"
    if not re.fullmatch(r"[A-Z]{3}", str(money.currency)):
        yield f"{what}: {money.currency!r} is no ISO currency"


def _unlike(fact: Fact, again: object) -> str:
    return ", ".join(
        f"{field.name}={getattr(fact, field.name)!r}"
        for field in fields(fact)
        if getattr(fact, field.name) != getattr(again, field.name, None)
    )
