"""Accelo's query language: `_fields`, `_filters`, `_search`, ordering and pages, on rows that lie in memory.

What makes it special is kept: unknown filters and filters of other resources are ignored without a word, of a name that
comes twice the last one counts, and dates compare strictly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from briefing.demo.server.accelo_settings import AcceloSettings


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to a row of another table; without an id to none."""

    table: str
    id: str | None


Crumbs = tuple[Mapping[str, str], ...]
Cell = str | int | Link | Crumbs | Mapping[str, str] | None
"""Most values are text; a few are numbers, and some fields of periods are small objects."""

Row = Mapping[str, Cell]


class Refused(Exception):
    """The request cannot be interpreted: 400 `invalid_request`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What one resource offers, as the reference lists it."""

    name: str
    default: tuple[str, ...]
    """Fields that always come."""

    fields: tuple[str, ...] = ()
    """Further ones."""

    twins: Mapping[str, str] = field(default_factory=dict)
    """Deprecated names of fields."""

    filters: Mapping[str, str] = field(default_factory=dict)
    """Basic filters: name, and the field it looks at."""

    objects: tuple[str, ...] = ()
    """Filters by type and id, such as `against`."""

    dates: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    takes_all: bool = True
    """Whether `_ALL` works."""

    empty: tuple[str, ...] = ()
    """What `empty(...)` may name."""

    secret: tuple[str, ...] = ()
    """Fields that `_ALL` never includes."""

    money: frozenset[str] = frozenset()
    """Fields that need full financial access."""

    within: str = ""
    """Lists of this resource do not stand alone: `periods` of `response`."""

    @property
    def every(self) -> tuple[str, ...]:
        """All fields."""
        return (*self.default, *self.fields)


# --- the grammar ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Term:
    """`name` or `name(inside)`."""

    name: str
    inside: str | None

    @property
    def parts(self) -> tuple[Term, ...]:
        """What stands between the brackets, as terms."""
        return terms(self.inside or "")

    @property
    def args(self) -> tuple[str, ...]:
        """What stands between the brackets, as words."""
        return tuple(part.strip() for part in (self.inside or "").split(",") if part.strip())


@lru_cache(maxsize=1024)
def terms(text: str) -> tuple[Term, ...]:
    """`a,b(c,d(e))` as terms. Raises Refused for brackets that do not close."""
    found, depth, begin = [], 0, 0
    for at, char in enumerate(f"{text},"):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth < 0:
            raise Refused("The brackets do not match.")
        if char == "," and depth == 0:
            if piece := text[begin:at].strip():
                found.append(_term(piece))
            begin = at + 1
    if depth:
        raise Refused("The brackets do not match.")
    return tuple(found)


def _term(piece: str) -> Term:
    match = re.fullmatch(r"([^()]*)\((.*)\)", piece, re.DOTALL)
    return Term(match[1].strip(), match[2]) if match else Term(piece, None)


# --- filters ----------------------------------------------------------------------------------------------------------

Test = Callable[[Row], bool]
Order = tuple[str, bool]
"""A field, and whether it descends."""


def value_of(cell: Cell) -> str | None:
    """What filters and orders look at: of a reference its id."""
    if isinstance(cell, Link):
        return cell.id
    return str(cell) if isinstance(cell, str | int) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which rows, in which order."""

    tests: tuple[Test, ...]
    orders: tuple[Order, ...]
    unset_last: bool

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that pass, ordered; without an order as they come, which is by ascending id."""
        found = [row for row in rows if all(test(row) for test in self.tests)]
        for name, descends in reversed(self.orders):
            found.sort(key=lambda row: self._key(name, row), reverse=descends)
        return found

    def _key(self, name: str, row: Row) -> tuple[int, int, str]:
        value = value_of(row[name])
        if value is None:
            return (2 if self.unset_last else 0, 0, "")
        return (1, int(value), "") if value.isdecimal() else (1, 0, value.casefold())


def query(spec: Spec, filters: str, search: str, ways: AcceloSettings) -> Query:
    """Read `_filters` and `_search`. Raises Refused for brackets that do not match and numbers that are none."""
    last = {term.name: term for term in terms(filters)}
    orders = [
        (spec.twins.get(field_, field_), term.name.endswith("_desc"))
        for term in last.values() if term.name in {"order_by_asc", "order_by_desc"}
        for field_ in term.args if field_ in spec.orders
    ]  # fmt: skip
    tests = [test for term in last.values() if (test := _test(spec, term, ways)) is not None]
    if words := search.casefold().split():
        tests += [test] if (test := _searched(spec, words)) else []
    return Query(tests=tuple(tests), orders=tuple(orders), unset_last=ways.unset_last)


def _test(spec: Spec, term: Term, ways: AcceloSettings, *, within: str = "") -> Test | None:
    """One filter; None for what is ignored."""
    if term.name in {"_OR", "_AND"}:
        if within != ("" if term.name == "_OR" else "_OR"):
            raise Refused(f"{term.name} cannot stand here.")
        last = {part.name: part for part in term.parts}
        tests = [test for part in last.values() if (test := _test(spec, part, ways, within=term.name)) is not None]
        return _either(tests) if term.name == "_OR" else _both(tests)
    if term.inside is None or term.name in ways.ignores:
        return None
    if term.name == "search":
        return _searched(spec, term.inside.casefold().split())
    if term.name == "empty":
        unset = [name for name in term.args if name in spec.empty]
        return (lambda row: all(value_of(row[name]) is None for name in unset)) if unset else None
    return _positive(spec, term, ways) or _negated(spec, term, ways) or _dated(spec, term, ways) or _ranged(spec, term)


def _either(tests: Sequence[Test]) -> Test | None:
    return (lambda row: any(test(row) for test in tests)) if tests else None


def _both(tests: Sequence[Test]) -> Test | None:
    return (lambda row: all(test(row) for test in tests)) if tests else None


def _searched(spec: Spec, words: Sequence[str]) -> Test | None:
    """All words occur; ignored where the resource cannot be searched."""
    if not spec.search:
        return None
    return lambda row: all(
        word in " ".join(value_of(row[name]) or "" for name in spec.search).casefold() for word in words
    )


def _positive(spec: Spec, term: Term, ways: AcceloSettings) -> Test | None:
    if term.name in spec.objects:
        pairs = {(part.name, number) for part in term.parts for number in part.args}
        type_, id_ = f"{term.name}_type", f"{term.name}_id"
        return lambda row: (value_of(row[type_]), value_of(row[id_])) in pairs
    if term.name not in spec.filters:
        return None
    name, wanted = spec.filters[term.name], set(term.args)
    if term.name == "child_of_job" and ways.children_of == "first":
        wanted = set(term.args[:1])
    if "0" in wanted and ways.zero_finds_unset:
        return lambda row: (value_of(row[name]) or "0") in wanted
    return lambda row: value_of(row[name]) in wanted


def _negated(spec: Spec, term: Term, ways: AcceloSettings) -> Test | None:
    if not term.name.endswith("_not"):
        return None
    inside = term.inside if ways.not_takes == "all" else ",".join(term.args[:1])
    test = _positive(spec, Term(term.name.removesuffix("_not"), inside), ways)
    return (lambda row: not test(row)) if test else None


def _dated(spec: Spec, term: Term, ways: AcceloSettings) -> Test | None:
    name, _, side = term.name.rpartition("_")
    if name not in spec.dates or side not in {"before", "after"}:
        return None
    limit = _number(term.inside or "")

    def test(row: Row) -> bool:
        value = value_of(row[name])
        if value is None:
            return side == "before" and ways.before_takes_unset
        return int(value) < limit if side == "before" else int(value) > limit

    return test


_COMPARED: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "_greater_than_or_equal": lambda value, limit: value >= limit,
    "_less_than_or_equal": lambda value, limit: value <= limit,
    "_greater_than": lambda value, limit: value > limit,
    "_less_than": lambda value, limit: value < limit,
}


def _ranged(spec: Spec, term: Term) -> Test | None:
    for ending, compared in _COMPARED.items():
        name = term.name.removesuffix(ending)
        if name != term.name and name in spec.ranges:
            limit = _number(term.inside or "")
            return lambda row: compared(Decimal(value_of(row[name]) or "0"), limit)
    return None


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise Refused(f'"{text}" is not a number.') from None


# --- pages ------------------------------------------------------------------------------------------------------------

MOST = 100


def page(rows: Sequence[Row], params: Mapping[str, str], default: int) -> Sequence[Row]:
    """One page by `_limit`, and `_page` or `_offset`. More than 100 are cut to 100. Raises Refused."""
    limit = min(_whole(params, "_limit", default, least=1), MOST)
    first = _whole(params, "_page", 0) * limit if "_page" in params else _whole(params, "_offset", 0)
    return rows[first : first + limit]


def _whole(params: Mapping[str, str], name: str, default: int, *, least: int = 0) -> int:
    text = params.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < least:
        raise Refused(f"{name} is not valid.")
    return int(text)
