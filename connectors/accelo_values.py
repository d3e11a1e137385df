"""Accelo's scalars, coerced at the edge (accelo.md sections 4, 6 and 12).

Nearly everything is a JSON string, some of it an int; what is unset is null in some places and "", "0" or 0 in others.
A value that is neither set nor unset in a known way raises BadValue: its row is told as skipped, nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from briefing.reading.text import clean

Row = Mapping[str, Any]
P = ParamSpec("P")
T = TypeVar("T")

_ID = re.compile(r"[1-9][0-9]{0,19}")
UNSET: tuple[object, ...] = (None, "", "0", 0, [], {})
LAST_SECOND = 253_402_300_799
"""The end of the year 9999: Python's dates go no further."""


class BadValue(ValueError):
    """A row cannot become a fact; says why in one clause."""


def shown(value: object) -> str:
    """A value from outside as a message may quote it."""
    return f'"{clean(str(value), 40)}"'


def plain(value: object) -> str:
    """A scalar as text, empty where it is unset. Raises BadValue for lists, objects and true or false."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadValue(f"{shown(value)} is not a plain value")
    return str(value).strip()


def text(value: object, limit: int) -> str:
    """A text made safe to carry; empty where it is unset."""
    return clean(plain(value), limit)


def sid(value: object) -> str | None:
    """An id; None where there is none (null, "", "0", 0). Raises BadValue for what is not a whole number.

    Only digits pass, so that an id can stand in a filter and in a link.
    """
    found = plain(value)
    if found in {"", "0"}:
        return None
    if not _ID.fullmatch(found):
        raise BadValue(f"{shown(found)} is not an id")
    return found


def number(value: object) -> Decimal | None:
    """A number; None where it is unset, which is not zero."""
    found = plain(value)
    if not found:
        return None
    try:
        amount = Decimal(found)
    except InvalidOperation as error:
        raise BadValue(f"{shown(found)} is not a number") from error
    if not amount.is_finite() or abs(amount) >= 10**15:
        raise BadValue(f"{shown(found)} is not a number")
    return amount


def money(value: object) -> Decimal | None:
    """An amount, whose currency Accelo does not say; None where it is unset or hidden from this user."""
    return number(value)


def secs(value: object) -> int | None:
    """A duration in whole seconds; None where it is unset."""
    found = number(value)
    return None if found is None else int(found)


def hours(value: object) -> Decimal | None:
    """Seconds as hours, to two places; None where it is unset, or negative (more was logged than was planned)."""
    found = secs(value)
    return None if found is None or found < 0 else (Decimal(found) / 3600).quantize(Decimal("0.01"))


def remainder(value: object) -> Decimal | None:
    """Seconds that are left, as hours: none where more was logged than was planned; None where it is unset."""
    found = secs(value)
    return None if found is None else hours(str(max(found, 0)))


def flag(value: object) -> bool | None:
    """Yes or no, of which Accelo has several forms; None where it is unset."""
    if isinstance(value, bool):
        return value
    found = plain(value).lower()
    if found in {"1", "yes", "true"}:
        return True
    if found in {"0", "no", "false"}:
        return False
    if not found:
        return None
    raise BadValue(f"{shown(found)} is neither yes nor no")


def ts(value: object, zone: ZoneInfo) -> datetime | None:
    """A moment from unix seconds, in a zone; None where it is unset (null, "", "0", 0)."""
    found = number(value)
    if not found:
        return None
    if not 0 < found <= LAST_SECOND:
        raise BadValue(f"{shown(value)} is not a time")
    return datetime.fromtimestamp(int(found), zone)


def day(value: object, zone: ZoneInfo) -> date | None:
    """A calendar date in the deployment's zone; None where it is unset.

    Dates are stamped with noon or midnight of that zone (section 6), so any other zone may be a day off.
    """
    found = ts(value, zone)
    return found.date() if found else None


def ref(value: object) -> tuple[str | None, Row]:
    """A reference that is an id, or an object when its fields were asked for: the id, and the object's fields.

    None for no id. Raises BadValue for an object that says something and has no id: whom it means cannot be said.
    """
    if isinstance(value, Mapping):
        found = sid(value.get("id"))
        if found is None and any(inner not in UNSET for name, inner in value.items() if name != "id"):
            raise BadValue("a reference without id")
        return found, value
    if value == []:  # how some servers write an empty object
        return None, {}
    return sid(value), {}


def inside(value: object) -> Row:
    """The fields of an object whose own id is of no use here; none where it is not an object."""
    return value if isinstance(value, Mapping) else {}


def field(row: Row, name: str, read: Callable[Concatenate[object, P], T], *how: P.args, **named: P.kwargs) -> T:
    """One field of a row, read by one of the functions above. Raises BadValue with the field's name."""
    try:
        return read(row.get(name), *how, **named)
    except BadValue as error:
        raise BadValue(f"{name}: {error}") from error
