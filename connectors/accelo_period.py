"""What one period of a retainer allows and what of it is used (accelo.md section 8.9).

Documented today are the kind of allowance and `contract_budget`, whose `time` is in seconds. `allowance`, `budget` and
`budget_used` stand in the older documentation only: their units and the words of `type` are not certain. So the kind is
decided by `allowance_type` first, and where two of them contradict each other, or what would be seconds cannot be meant
as such, the period is not read and told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from connectors.accelo_values import BadValue, Row, field, hours, inside, money, number, plain, shown

Kind = Literal["hours", "value", "unlimited"]

KINDS: dict[str, Kind] = {
    "fixedhours": "hours", "hours": "hours", "fixedtime": "hours", "fixedvalue": "value", "value": "value",
    "fixedamount": "value", "unlimitedhours": "unlimited", "unlimited": "unlimited", "unlimitedvalue": "unlimited",
}  # fmt: skip
"""Kinds of allowance without their separators: `fixed_hours`, `fixed-hours` and "fixed hours" were all seen."""

TYPES: dict[str, Kind] = {
    "time": "hours", "hours": "hours", "hour": "hours", "seconds": "hours", "currency": "value", "money": "value",
    "value": "value", "price": "value", "amount": "value",
}  # fmt: skip
"""What `type` of a budget may be called; none is certain."""

LEAST = 3600
"""Seconds: nobody sells less than an hour, so less is a number of hours or minutes."""

APART = 30
"""Times that two figures of one thing may differ; units differ sixtyfold at least."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """Allowance and use."""

    kind: Kind
    hours: Decimal | None = None
    hours_used: Decimal | None = None
    hours_unapproved: Decimal | None = None
    amount: Decimal | None = None
    amount_used: Decimal | None = None
    fee: Decimal | None = None
    told: bool = True
    """Whether Accelo says what it allows; an allowance of zero is none."""


def period_of(row: Row) -> Period:
    """A period's row. Raises BadValue."""
    cost = inside(row.get("contract_budget"))
    kind, fee = kind_of(row), field(cost, "value", money)
    told = any(isinstance(row.get(name), dict) for name in ("allowance", "budget"))
    if kind == "value":
        amount = _first(_inner(row, "allowance", "charged"), _typed(row, "budget", "value"), fee)
        charged = [_inner(row, "contract_budget", name) for name in ("time_charged", "product_charged")]
        summed = None if None in charged else sum((one for one in charged if one is not None), Decimal())
        used = _typed(row, "budget_used", "value")
        return Period(
            kind=kind, amount=amount, amount_used=summed if used is None else used, fee=fee,
            told=told or amount is not None,
        )  # fmt: skip
    used_seconds = _used(row)
    if kind == "unlimited":
        return Period(kind=kind, hours_used=_hours(used_seconds), fee=fee)
    return Period(
        kind=kind, hours=_hours(_allowed(row)), hours_used=_hours(used_seconds), hours_unapproved=_unapproved(row),
        fee=fee, told=told,
    )  # fmt: skip


def kind_of(row: Row) -> Kind:
    """By hours, by value, or without end. Raises BadValue for what nobody knows."""
    word = field(row, "allowance_type", plain)
    if known := KINDS.get(re.sub(r"[-_\s]", "", word.lower())):
        return known
    told = _type(row, "budget")
    if told is None:
        raise BadValue(f"allowance_type: {shown(word)} is not known")
    return told


def _allowed(row: Row) -> Decimal | None:
    """Seconds; None for none."""
    by_allowance, by_budget = _inner(row, "allowance", "billable"), _typed(row, "budget", "hours")
    if by_allowance and by_budget and by_allowance != by_budget:
        raise BadValue(f"its allowance is {by_allowance} and its budget {by_budget}: one of them is not in seconds")
    allowed = by_allowance or by_budget
    if allowed and (allowed < LEAST or allowed % 1):
        raise BadValue(f"its allowance of {allowed} cannot be in seconds")
    return allowed or None


def _used(row: Row) -> Decimal | None:
    """Seconds. What was counted against the budget comes first; documented is the time spent."""
    counted, spent = _typed(row, "budget_used", "hours"), _inner(row, "contract_budget", "time")
    if counted and (counted % 1 or counted < 60):
        raise BadValue(f"its budget used, {counted}, cannot be in seconds")
    if counted and spent and max(counted, spent) > APART * min(counted, spent):
        raise BadValue(f"its budget used is {counted} and its time {spent}: one of them is not in seconds")
    return spent if counted is None else counted


def _unapproved(row: Row) -> Decimal | None:
    seconds = field(row, "unapproved_budget_used", number)
    return _hours(seconds) if seconds is None or not (seconds % 1 or 0 < seconds < 60) else None


def _type(row: Row, name: str) -> Kind | None:
    return TYPES.get(field(inside(row.get(name)), "type", plain).lower())


def _typed(row: Row, name: str, kind: Kind) -> Decimal | None:
    """The value of a budget, but for one that says it counts something else."""
    told = _type(row, name)
    return _inner(row, name, "value") if told in {kind, None} else None


def _inner(row: Row, outer: str, name: str) -> Decimal | None:
    try:
        return field(inside(row.get(outer)), name, number)
    except BadValue as error:
        raise BadValue(f"{outer}: {error}") from error


def _first(*amounts: Decimal | None) -> Decimal | None:
    """The first that is more than nothing."""
    return next((amount for amount in amounts if amount), None)


def _hours(seconds: Decimal | None) -> Decimal | None:
    return None if seconds is None else hours(str(seconds))
