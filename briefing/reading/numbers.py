"""Numbers as files write them, read only where a whole column allows exactly one reading.

`1,234` is one thousand or one and a bit: a cell has up to two readings, by its decimal mark. A column is settled by the
cells that allow one reading only; where none does, the file is not read and the user is asked.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal, NamedTuple

Mark = Literal[".", ","]

NOTHING = frozenset(
    {"", "-", "--", "---", "\u2013", "\u2014", "n/a", "na", "#n/a", "null", "none", "nil", "(blank)", "unknown"}
)
"""What exporters write for an empty cell (Google Ads: ` --`, reference ads.md section 9), folded to lower case."""

_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(\.(?:\d{1,2}|\d{4,}))?")
_CORE = re.compile(r"[.,]\d+|\d(?:[\d.,'\u2019 \u00a0\u202f\u2009]*\d)?")
_SPACES = re.compile(r"[\u00a0\u202f\u2009]")
_LAKH = r"|[1-9]\d?(?:,\d{2})+,\d{3}"  # Indian grouping, which nobody writes with points
_POINT = re.compile(r"(?:\d+|[1-9]\d{0,2}([, '])\d{3}(?:\1\d{3})*" + _LAKH + r")?(?:\.\d+)?")
_COMMA = re.compile(r"(?:\d+|[1-9]\d{0,2}([. '])\d{3}(?:\1\d{3})*)?(?:,\d+)?")
_GROUPS = {".": re.compile(r"[, ']"), ",": re.compile(r"[. ']")}


LONGEST, LONGEST_UNIT = 24, 12
"""Longer runs of digits are no number that anybody counted; longer units are a sentence."""


class Number(NamedTuple):
    """One cell's number under either decimal mark; None where the cell cannot be read so."""

    point: Decimal | None
    comma: Decimal | None
    unit: str = ""
    """What stands around the digits: `$`, `EUR`, `%`, `h`; parts are separated by one space."""

    def value(self, mark: Mark) -> Decimal | None:
        """The number under a decimal mark."""
        return self.point if mark == "." else self.comma


def number(text: str) -> Number | None:
    """A cell's number, or None when there is none.

    >>> number("1.234,56").comma
    Decimal('1234.56')
    >>> number("(120)").point
    Decimal('-120')
    >>> number("12 %").unit
    '%'
    """
    if len(text) <= LONGEST and (found := _PLAIN.fullmatch(text)):
        value = Decimal(text)
        return Number(value, None if found[1] else value)
    core = _CORE.search(text)
    if core is None or len(core[0]) > LONGEST:
        return None
    sides = _sides(text[: core.start()], text[core.end() :])
    if sides is None:
        return None
    sign, unit = sides
    digits = _SPACES.sub(" ", core[0]).replace("\u2019", "'")
    point = sign * _value(digits, ".") if _POINT.fullmatch(digits) else None
    comma = sign * _value(digits, ",") if _COMMA.fullmatch(digits) else None
    return None if point is None and comma is None else Number(point, comma, unit)


def _value(digits: str, mark: Mark) -> Decimal:
    return Decimal(_GROUPS[mark].sub("", digits).replace(",", "."))


def _sides(before: str, after: str) -> tuple[int, str] | None:
    """Sign and unit of what stands around the digits; None when it is not a sign and a unit."""
    before, after = _SPACES.sub(" ", before).strip(), _SPACES.sub(" ", after).strip()
    negative = 0
    if "(" in before and after.endswith(")"):
        before, after, negative = before.replace("(", "", 1), after[:-1], 1
    for mark in "-\u2212":
        if mark in before:
            before, negative = before.replace(mark, "", 1), negative + 1
        if after.endswith(mark):
            after, negative = after[:-1], negative + 1
    before = before.replace("+", "", 1)
    unit = " ".join(f"{before} {after}".split())
    if negative > 1 or len(unit) > LONGEST_UNIT or any(c.isdigit() or c in "-+()/" for c in unit):
        return None
    return (-1 if negative else 1), unit


Direction = Literal["at_least", "at_most"]
_DIRECTIONS: tuple[tuple[Direction, str], ...] = (
    ("at_least", r"=?>=?|\u2265|at least|minimum|min\b\.?|no less than|not less than|more than|over|above"),
    (
        "at_most",
        r"=?<=?|\u2264|at most|maximum|max\b\.?|no more than|not more than|less than|fewer than|under|below|up to",
    ),
)
_AFTER: tuple[tuple[Direction, str], ...] = (
    ("at_least", r"\+|or more|or higher|and more|minimum"),
    ("at_most", r"or less|or fewer|or lower|maximum|max\.?"),
)


def target_of(text: str) -> tuple[Direction | None, str]:
    """Which way a target goes, and the number's text: `>= 30 %`, `at most 4 h`, `30 or more`. None: it does not say.

    >>> target_of("at least 30 %")
    ('at_least', '30 %')
    """
    if len(text) > LONGEST + 40:
        return None, text
    for direction, words in _DIRECTIONS:
        if found := re.match(rf"\s*(?:{words})\s*", text, re.IGNORECASE):
            return direction, text[found.end() :].strip()
    for direction, words in _AFTER:
        if found := re.search(rf"\s*(?:{words})\s*$", text, re.IGNORECASE):
            return direction, text[: found.start()].strip()
    return None, text.strip()


PLAIN = Number(Decimal(0), Decimal(0))
"""Stands for a cell of digits only, where its value does not matter."""


class NumberColumn:
    """What a whole column of numbers allows. Feed every cell once, then ask for the mark."""

    def __init__(self, *, whole: bool = False) -> None:
        self.whole = whole
        """Counts: a decimal part of three digits can only be a group."""

        self.read = 0
        self.settled: dict[Mark, tuple[int, str]] = {}
        """First line and text of a cell that allows only this mark."""

        self.doubtful: list[tuple[int, str]] = []
        """The first two cells that could be either."""

    def add(self, line: int, text: str) -> Number | None:
        """Take one cell into account; the number it holds (for digits only, `PLAIN`), or None."""
        if len(text) <= LONGEST and text.isdecimal() and text.isascii():
            self.read += 1
            return PLAIN  # most cells; every mark reads them alike
        found = number(text)
        if found is None:
            return None
        self.read += 1
        point, comma = found.point, found.comma
        if self.whole:
            point, comma = _counts(point), _counts(comma)
        if point == comma:
            return found
        if point is None or comma is None:
            self.settled.setdefault("," if point is None else ".", (line, text))
        elif len(self.doubtful) < 2 and text not in {seen for _, seen in self.doubtful}:
            self.doubtful.append((line, text))
        return found

    @property
    def mark(self) -> Mark | None:
        """The decimal mark of the column; None when the cells do not say, or contradict each other."""
        if len(self.settled) == 1:
            return next(iter(self.settled))
        return "." if not self.settled and not self.doubtful else None


def _counts(value: Decimal | None) -> Decimal | None:
    """A count has no decimals, but may be written `12.0` or `12.00`."""
    if value is None:
        return None
    places = -int(value.as_tuple().exponent)
    return value if places <= 2 and value == value.to_integral_value() else None
