"""The cells of one row, asked by field and read by the formats that the whole column allows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from briefing.facts import NOBODY, Money, Party, Person, Ref
from briefing.reading.currencies import both, currency_of
from briefing.reading.dates import Every, Order, Stamp, is_serial, moment_of, period, stamp
from briefing.reading.forms import Column, Form
from briefing.reading.numbers import NOTHING, Direction, Mark, number, target_of
from briefing.reading.table_settings import TableSettings
from briefing.reading.text import NAME, clean

YES = frozenset({"yes", "y", "true", "x", "done", "complete", "completed", "1", "\u2713", "\u2714", "100%", "100 %"})
NO = frozenset({"no", "n", "false", "0", "0%", "0 %", "open", "not done"})
NO_TEXT = frozenset({"", "-", "--", "\u2013", "\u2014", "n/a", "#n/a", "null", "(blank)"})
NO_ONE = NO_TEXT | {"none", "nobody", "no one", "no owner", "unassigned", "not assigned", "unknown"}
_LINK = re.compile(r"https://[^\s<>\"'\\^`{|}\x00-\x20\x7f]{1,2000}")


class BadCell(Exception):
    """A row cannot become a fact; says why in one clause."""


@dataclass(kw_only=True)
class Formats:
    """How the cells of one file are read: settled once by a look at all of them."""

    form: Form
    name: str
    """The file's, made safe to print."""

    columns: Mapping[str, Column]
    settings: TableSettings
    zone: ZoneInfo
    orders: dict[str, Order | None] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    timed: frozenset[str] = frozenset()
    """Date fields of which some cell has a time of day."""

    hundreds: dict[str, bool | None] = field(default_factory=dict)
    """Share fields: whether 50 means a half; None when the cells do not say."""

    _currencies: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def currency(self, name: str, unit: str, cells: Sequence[str]) -> str:
        """The currency of one amount: its cell, the row's currency column and the heading together, else the setting.

        Empty when nothing says it. Raises BadCell for contradictions and for what is no currency.
        """
        place = self.columns.get("currency")
        stated = cells[place.index].strip() if place else ""
        key = (name, unit, stated)
        if key not in self._currencies:
            self._currencies[key] = self._currency(name, unit, "" if stated.lower() in NO_TEXT else stated)
        return self._currencies[key]

    def _currency(self, name: str, unit: str, stated: str) -> str:
        found = None
        said = ""
        for part in (unit, stated, self.columns[name].unit):
            if not part:
                continue
            one = currency_of(part)
            if one is None:
                raise BadCell(f'"{clean(part, 20)}" is not a currency')
            found = one if found is None else both(found, one)
            if found is None:
                raise BadCell(f'its currency is "{said}" in one place and "{clean(part, 20)}" in another')
            said = clean(part, 20)
        setting = self.settings.currency
        if found is None:
            return setting
        return setting if setting in found.possible else found.usual


def plain(cell: str) -> str:
    """A cell without the marks that keep a spreadsheet from calculating: `="00123"`, `'=1+1`. Nothing is evaluated."""
    cell = cell.strip()
    if cell[:2] == '="' and cell.endswith('"') and len(cell) > 2:
        return cell[2:-1].strip()
    if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@"):
        return cell[1:].strip()
    return cell


LARGEST = Decimal(10**12)
"""Numbers beyond are typing errors; in millionths they still fit 64 bits."""


def _text(cell: str, limit: int) -> str:
    return _short_text(cell, limit) if len(cell) <= 400 else clean(plain(cell), limit)


@lru_cache(maxsize=8192)
def _short_text(cell: str, limit: int) -> str:
    found = clean(plain(cell), limit)
    return "" if found.lower() in NO_TEXT else found


class Row:
    """One row. Every question may raise BadCell with the reason to skip the row."""

    __slots__ = ("cells", "formats", "line")

    def __init__(self, formats: Formats, line: int, cells: list[str]) -> None:
        self.formats, self.line, self.cells = formats, line, cells

    @property
    def where(self) -> str:
        """`deals.csv:14`."""
        return f"{self.formats.name}:{self.line}"

    def cell(self, name: str) -> str:
        """A field's cell without white space and guards around it; empty where there is no column."""
        place = self.formats.columns.get(name)
        return plain(self.cells[place.index]) if place else ""

    def text(self, name: str, limit: int = NAME) -> str:
        """A field's text, made safe; empty for what exporters write for nothing."""
        place = self.formats.columns.get(name)
        return _text(self.cells[place.index], limit) if place else ""

    def needed(self, name: str, limit: int = NAME) -> str:
        """A text that the row cannot do without."""
        if found := self.text(name, limit):
            return found
        raise self.missing(name)

    def missing(self, name: str) -> BadCell:
        """Why a row without a field is skipped."""
        return BadCell(f"it has no {self.word(name)}")

    def word(self, name: str) -> str:
        """What a sentence calls a field."""
        return self.formats.form.by_name[name].word

    def bad(self, name: str, what: str) -> BadCell:
        """Why a field's cell cannot be read."""
        text = self.cell(name)
        if what == "date" and is_serial(text):
            return BadCell(f'{self.word(name)} "{clean(text, 40)}" is Excel\'s serial number, not a date')
        return BadCell(f'{self.word(name)} "{clean(text, 40)}" is not a {what}')

    def _stamped(self, name: str) -> tuple[date, Stamp] | None:
        text = self.cell(name)
        if text.lower() in NOTHING:
            return None
        found = stamp(text)
        order = self.formats.orders.get(name)
        day = found.day(order) if found else None
        if found is None or day is None:
            if found and order is None:
                raise BadCell(f'{self.word(name)} "{clean(text, 40)}" can be read in two ways')
            raise self.bad(name, "date")
        return day, found

    def day(self, name: str) -> date | None:
        """A field's day, in the workspace's zone where the cell has an offset."""
        found = self._stamped(name)
        if found is None or found[1].offset is None:
            return found[0] if found else None
        return moment_of(found[1], found[0], self.formats.zone).astimezone(self.formats.zone).date()

    def moment(self, name: str) -> datetime | None:
        """A field's moment, aware; midnight where the cell has no time."""
        found = self._stamped(name)
        return moment_of(found[1], found[0], self.formats.zone) if found else None

    def done(self, name: str) -> date | bool | None:
        """A field that says when something was done, or only whether."""
        text = self.cell(name).lower()
        return True if text in YES else False if text in NO else self.day(name)

    def period(self, name: str) -> tuple[date, Every | Literal[""]] | None:
        """A field's day, or the last day of the week or month that it names, and which it was."""
        if found := period(self.cell(name)):
            return found
        day = self.day(name)
        return (day, "") if day else None

    def target(self, name: str) -> tuple[Decimal, str, Direction | None] | None:
        """A field's number, its unit, and which way it goes where the cell says so."""
        direction, text = target_of(self.cell(name))
        found = self._number(name, text)
        return (*found, direction) if found else None

    def quantity(self, name: str) -> tuple[Decimal, str] | None:
        """A field's number with whatever unit its cell has."""
        return self._number(name)

    def _number(self, name: str, text: str | None = None) -> tuple[Decimal, str] | None:
        text = self.cell(name) if text is None else text
        found = number(text)
        value = found.value(self.formats.marks.get(name, ".")) if found else None
        if found is None or value is None:
            if text.lower() in NOTHING:
                return None
            raise self.bad(name, "number")
        if abs(value) >= LARGEST:
            raise BadCell(f'{self.word(name)} "{clean(text, 40)}" is too large')
        return value, found.unit

    def number(self, name: str) -> Decimal | None:
        """A field's number; a unit that the field does not know is refused."""
        found = self._number(name)
        if found is None:
            return None
        if found[1] and found[1].lower() not in self.formats.form.by_name[name].units:
            raise self.bad(name, "number")
        return found[0]

    def unit(self, name: str) -> str:
        """The unit of a field's number: the cell's, else the heading's; lower case."""
        found = self._number(name)
        place = self.formats.columns.get(name)
        return ((found[1] if found else "") or (place.unit if place else "")).lower()

    def count(self, name: str) -> int | None:
        """A whole number."""
        found = self.number(name)
        if found is not None and (found != found.to_integral_value() or found < 0):
            raise self.bad(name, "count")
        return None if found is None else int(found)

    def share(self, name: str) -> Decimal | None:
        """A part of one; None also where the whole column does not say whether 1 is one or a hundredth."""
        found = self._number(name)
        hundreds = self.formats.hundreds.get(name)
        if found is None or hundreds is None:
            return None
        value = found[0] / 100 if hundreds else found[0]
        if not 0 <= value <= 1 or found[1] not in ("", "%"):
            raise self.bad(name, "probability")
        return value

    def money(self, name: str) -> Money | None:
        """An amount with its currency."""
        found = self._number(name)
        if found is None:
            return None
        try:
            currency = self.formats.currency(name, found[1], self.cells)
        except BadCell as error:
            raise BadCell(f'{self.word(name)} "{clean(self.cell(name), 40)}": {error}') from error
        if not currency:
            raise BadCell(f'{self.word(name)} "{clean(self.cell(name), 40)}" has no currency')
        return Money(amount=found[0], currency=currency)

    def link(self, name: str = "url") -> str:
        """A link a person can open safely; empty otherwise."""
        text = self.cell(name)
        return text if _LINK.fullmatch(text) else ""

    def party(self, name: str = "client") -> Party:
        """Whom the row belongs to: its client column, else the client of the whole file."""
        client = self.text(name) or clean(self.formats.settings.client, NAME)
        return Party(name=client) if client else NOBODY

    def people(self, name: str, email: str = "") -> tuple[Person, ...]:
        """Every person a field names, with the addresses of another field."""
        return people_of(self.text(name, 400), self.text(email, 400) if email else "")

    def person(self, name: str, email: str = "") -> Person | None:
        """The first person a field names."""
        return next(iter(self.people(name, email)), None)

    def ref(self, kind: str, id: str) -> Ref:
        """Where this row says so."""
        return Ref(source=self.formats.settings.source, kind=kind, id=id, url=self.link(), where=self.where)


@lru_cache(maxsize=1024)
def people_of(names: str, emails: str = "") -> tuple[Person, ...]:
    """Persons from `Ann Lee`, `ann@x.example`, `Ann Lee <ann@x.example>`; several are separated by semicolons.

    Commas separate addresses only: `Lee, Ann` is one person.
    """
    listed = [_person(part) for part in _split(names)]
    addresses = [_person(part).email for part in _split(emails)]
    if len(listed) == len(addresses):
        pairs = zip(listed, addresses, strict=True)
        return tuple(Person(name=one.name, email=one.email or address) for one, address in pairs)
    return tuple(listed) or tuple(Person(email=address) for address in addresses if address)


def _split(text: str) -> list[str]:
    parts = re.split(r"[;|]", text)
    if len(parts) == 1 and text.count("@") > 1:
        parts = text.split(",")
    return [part.strip() for part in parts if part.strip().lower() not in NO_ONE]


def _person(text: str) -> Person:
    if found := re.fullmatch(r"(.*?)\s*[<(]([^\s<>()]+@[^\s<>()]+)[>)]", text):
        return Person(name=clean(found[1].strip("\"' "), NAME), email=found[2].lower())
    return Person(email=clean(text, 254).lower()) if "@" in text and " " not in text else Person(name=clean(text, NAME))
