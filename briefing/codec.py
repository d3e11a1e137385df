"""Facts to JSON and back. Each kind carries its version; unknown fields are ignored, missing ones default.

Every field is written in one way by its type: dates and times in ISO form, Decimal as a string, records as objects,
tuples and frozensets as arrays. Empty fields are left out.
"""

from __future__ import annotations

import json
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from briefing.facts import KINDS, Fact, Money, Party, Person

Plain = Any
"""What json reads and writes."""

Decoder = Callable[[Plain], Any]


def encode(fact: Fact) -> str:
    """One fact as compact JSON, the same bytes for the same fact."""
    return json.dumps(
        {"v": type(fact).version, **_plain_record(fact)}, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )


def decode(kind: str, text: str) -> Fact | None:
    """A fact from its JSON; None for a kind this version does not know."""
    return next(decode_all([(kind, text)]))


def decode_all(rows: Sequence[tuple[str, str]]) -> Iterator[Fact | None]:
    """Facts from (kind, JSON) rows. Parsed as one array: thousands of small calls cost half the time."""
    for (kind, _), plain in zip(rows, json.loads(f"[{','.join(text for _, text in rows)}]"), strict=True):
        cls = KINDS.get(kind)
        plain.pop("v", None)
        yield None if cls is None else typing.cast(Fact, build(cls, plain))


def build(cls: type, plain: dict[str, Plain]) -> Any:
    """A record from plain values, which are used up; unknown keys are ignored."""
    special, known = _reading_plan(cls)
    for name, read in special:
        if name in plain:
            plain[name] = read(plain[name])
    if not plain.keys() <= known:
        plain = {name: value for name, value in plain.items() if name in known}
    return cls(**plain)


@cache
def _reading_plan(cls: type) -> tuple[tuple[tuple[str, Decoder], ...], frozenset[str]]:
    """The fields whose values JSON does not give as they are, with how they are read; and all fields."""
    hints = typing.get_type_hints(cls, vars(sys.modules[cls.__module__]))
    names = [field.name for field in fields(cls)]
    read = {name: _decoder(hints[name]) for name in names}
    return tuple((name, one) for name, one in read.items() if one is not _as_is), frozenset(names)


def _small(cls: type) -> Decoder:
    """Persons, parties and amounts recur by the thousand: each is made once."""
    made: dict[tuple[tuple[str, Plain], ...], Any] = {}

    def read(value: dict[str, Plain]) -> Any:
        key = tuple(value.items())
        found = made.get(key)
        if found is None:
            found = made[key] = build(cls, value)
        return found

    return read


def _as_is(value: Plain) -> Plain:
    return value


def _decoder(hint: Any) -> Decoder:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType or origin is typing.Union:
        (inner,) = (argument for argument in arguments if argument is not type(None))
        read = _decoder(inner)
        if read is _as_is:
            return _as_is
        return lambda value: None if value is None else read(value)
    if origin in (tuple, frozenset):
        read = _decoder(arguments[0])
        make: Callable[[Iterable[Any]], Any] = origin
        if read is _as_is:
            return make
        return lambda value: make(read(part) for part in value)
    if hint is datetime:
        return datetime.fromisoformat
    if hint is date:
        return date.fromisoformat
    if hint is Decimal:
        return Decimal
    if hint in (Person, Party, Money):
        return _small(hint)
    if is_dataclass(hint):
        return lambda value: build(typing.cast(type, hint), value)
    return _as_is


def _plain_record(record: object) -> dict[str, Plain]:
    plain = {}
    for field in fields(typing.cast(Any, record)):
        value = getattr(record, field.name)
        if field.default is not MISSING and value == field.default:
            continue
        plain[field.name] = _plain(value)
    return plain


def _plain(value: object) -> Plain:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(_plain(part) for part in value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return _plain_record(value)
