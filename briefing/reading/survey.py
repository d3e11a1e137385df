"""The first pass over a table: what each column of dates, numbers and money allows, over the whole file.

Where a column allows more than one reading nothing is read: every question of the file is put at once, with what to
write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from briefing.errors import FileProblem
from briefing.reading.cells import NO, YES, BadCell, Formats, plain
from briefing.reading.dates import DateColumn, Order, is_serial, period
from briefing.reading.forms import DATES, NUMBERS, Field, toml_table
from briefing.reading.numbers import NOTHING, Mark, NumberColumn, number, target_of
from briefing.reading.rows import RawRow
from briefing.reading.text import clean


class Survey:
    """Collects what the columns allow, then settles the formats."""

    def __init__(self, formats: Formats) -> None:
        self.formats, self.settings = formats, formats.settings
        fields = [formats.form.by_name[name] for name in formats.columns]
        self.dates = {each.name: DateColumn() for each in fields if each.kind in DATES}
        groups: dict[str, NumberColumn] = {}
        self.numbers = {
            each.name: groups.setdefault(each.group or each.name, NumberColumn(whole=each.kind == "count"))
            for each in fields
            if each.kind in NUMBERS
        }
        self.shares: dict[str, set[str]] = {each.name: set() for each in fields if each.kind == "share"}
        self.odd: dict[str, tuple[int, str]] = {}
        """First cell of a column that cannot be read."""

        self.amounts: set[str] = set()
        """Money columns with at least one amount that could be one."""

        self.no_currency: tuple[str, int, str] | None = None
        self.shown: list[list[tuple[int, str]]] = []
        """Doubtful numbers already asked about: columns of one group are asked once."""

        self.problems: list[str] = []
        self.lines: dict[str, str] = {}

    def run(self, rows: Iterable[RawRow]) -> None:
        """Look at every row and settle the formats. Raises FileProblem with every question at once."""
        places = [
            (self.formats.columns[name].index, self.formats.form.by_name[name]) for name in (*self.dates, *self.numbers)
        ]
        for line, cells, _ in rows:
            for index, each in places:
                if cell := cells[index]:
                    text = plain(cell)
                    if each.kind in DATES:
                        self._add_date(each, line, text)
                    else:
                        self._add_number(each, line, text, cells)
        self._settle()

    def _add_date(self, each: Field, line: int, text: str) -> None:
        if (each.kind == "done" and text.lower() in YES | NO) or (each.kind == "period" and period(text)):
            return
        if self.dates[each.name].add(line, text) is None and text.lower() not in NOTHING:
            self.odd.setdefault(each.name, (line, text))

    def _add_number(self, each: Field, line: int, text: str, cells: Sequence[str]) -> None:
        found = self.numbers[each.name].add(line, target_of(text)[1] if each.kind == "target" else text)
        if found is None:
            if text.lower() not in NOTHING:
                self.odd.setdefault(each.name, (line, text))
        elif each.kind == "money":
            self._add_amount(each.name, line, text, found.unit, cells)
        elif each.kind == "share":
            self.shares[each.name].add(_share_kind(text))

    def _add_amount(self, name: str, line: int, text: str, unit: str, cells: Sequence[str]) -> None:
        try:
            currency = self.formats.currency(name, unit, cells)
        except BadCell:
            self.odd.setdefault(name, (line, text))  # told with its row, unless the whole column is so
            return
        self.amounts.add(name)
        if not currency and self.no_currency is None:
            self.no_currency = (name, line, text)

    def _settle(self) -> None:
        for name, dates in self.dates.items():
            self.formats.orders[name] = self._order(name, dates)
        for name, numbers in self.numbers.items():
            self.formats.marks[name] = self._mark(name, numbers)
        for name, seen in self.shares.items():
            percent = self.formats.columns[name].unit == "%" or "percent" in seen
            self.formats.hundreds[name] = True if percent else False if "fraction" in seen else None
        self.formats.timed = frozenset(name for name, dates in self.dates.items() if dates.timed)
        if self.no_currency:
            name, line, text = self.no_currency
            self._ask(name, f'has amounts without a currency ("{clean(text, 30)}" in line {line})')
            self.lines["currency"] = '"EUR", or another code'
        if self.problems:
            advice = "format the column as dates and export again"
            raise FileProblem(
                f"{self.formats.name}: {'; '.join(self.problems)}",
                advice=self.settings.to_write(self.lines) if self.lines else advice,
            )

    def _ask(self, name: str, what: str) -> None:
        self.problems.append(f'column "{self.formats.columns[name].heading}" {what}')

    def _order(self, name: str, dates: DateColumn) -> Order | None:
        setting = cast(Order, self.settings.dates) if self.settings.dates else None
        if not dates.read and name in self.odd:
            self._unreadable(name, "dates")
        elif setting and dates.possible and setting not in dates.possible:
            line, text = next(cell for allowed, cell in dates.examples.items() if setting not in allowed)
            self._ask(name, f'is not {setting} as the setting says ("{clean(text, 30)}" in line {line})')
            self.lines["dates"] = f'"{dates.order or "y/m/d"}"'
        elif not setting and dates.asks:
            self._ask(name, f"can be read in more than one order ({_shown(dates.shown)})")
            others = [each.order for each in self.dates.values() if each.order]
            self.lines.setdefault("dates", _either(*others[:1], "d/m/y", "m/d/y"))
        return setting or dates.order

    def _mark(self, name: str, numbers: NumberColumn) -> Mark:
        setting = cast(Mark, self.settings.decimal) if self.settings.decimal else None
        money = self.formats.form.by_name[name].kind == "money"
        if name in self.odd and not (name in self.amounts if money else numbers.read):
            self._unreadable(name, "amounts of money" if money else "numbers")
        elif setting and numbers.settled and setting not in numbers.settled:
            mark, (line, text) = next(iter(numbers.settled.items()))
            self._ask(name, f'has no decimal "{setting}" as the setting says ("{clean(text, 30)}" in line {line})')
            self.lines["decimal"] = f'"{mark}"'
        elif not setting and numbers.mark is None:
            shown = list(numbers.settled.values()) if len(numbers.settled) > 1 else numbers.doubtful
            if shown not in self.shown:
                self._ask(name, f"can be read with decimal point or comma ({_shown(shown)})")
                self.shown.append(shown)
            others = [each.mark for each in self.numbers.values() if each.settled and each.mark]
            self.lines.setdefault("decimal", _either(*others[:1], ".", ","))
        return setting or numbers.mark or "."

    def _unreadable(self, name: str, what: str) -> None:
        line, text = self.odd[name]
        if what == "dates" and is_serial(text):
            self._ask(name, f'holds Excel\'s serial numbers ("{text}" in line {line}), not dates')
            return
        self._ask(name, f'holds no {what} ("{clean(text, 30)}" in line {line})')
        self.lines[self.settings.columns_key] = toml_table({**self.settings.columns, name: ""})


def _share_kind(text: str) -> str:
    """Whether a cell shows how a column of shares is written: `percent`, `fraction`, or empty."""
    found = number(text)
    value = (found.comma if found.point is None else found.point) if found else None
    if found is None or value is None:
        return ""
    return "percent" if found.unit == "%" or value > 1 else "fraction" if value not in (0, 1) else ""


def _shown(cells: Sequence[tuple[int, str]]) -> str:
    return ", ".join(f'"{clean(text, 30)}" in line {line}' for line, text in cells[:2])


def _either(*choices: str) -> str:
    first, second = list(dict.fromkeys(choices))[:2]
    return f'"{first}" (or "{second}")'
