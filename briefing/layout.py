"""Lines of a fixed width: what the plain text, the terminal and `briefing why` share. Widths count terminal cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from briefing.document import AdRow, AdsTable

GLUED = 40
"""Sentences up to this many cells are not broken across lines, so that an owner's line is read at one glance."""


def width(text: str) -> int:
    """Cells a text takes: 2 for East Asian wide characters, 0 for combining marks, else 1."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


@cache
def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrap(text: str, columns: int, *, first: int = 0) -> list[str]:
    """A text in lines of at most `columns` cells; the first line has `first` fewer. Never an empty list."""
    return fill(_pieces(text), columns, first=first)


def wrap_sentences(sentences: Iterable[str], columns: int) -> list[str]:
    """Sentences one after the other, the short ones never broken across lines."""
    pieces: list[str] = []
    for sentence in sentences:
        short = width(sentence) <= min(GLUED, columns)
        pieces.extend([sentence] if short and sentence else _pieces(sentence))
    return fill(pieces, columns)


def _pieces(text: str) -> list[str]:
    """What a line may be broken between: words, with the "%" of "19 %" kept at its number."""
    return re.split(r"\s+(?!%)", text.strip())


def fill(pieces: Iterable[str], columns: int, *, first: int = 0) -> list[str]:
    """Pieces put into lines with single spaces; a piece longer than a line is cut into several."""
    columns = max(columns, 1)
    lines: list[str] = []
    line: list[str] = []
    used, room = 0, max(columns - first, 1)
    for piece in pieces:
        cells = width(piece)
        if line and used + 1 + cells > room:
            lines.append(" ".join(line))
            line, used, room = [], 0, columns
        if cells > room:
            *whole, piece = _cut(piece, room, columns)  # noqa: PLW2901  (the rest of the piece goes on)
            lines += [part.rstrip() for part in whole]
            room, cells = columns, width(piece)
        used += cells + (1 if line else 0)
        line.append(piece)
    return [*lines, " ".join(line)] if line or not lines else lines


def _cut(text: str, room: int, columns: int) -> list[str]:
    """A text without spaces cut into lines: the first of `room` cells, the others of `columns`."""
    if text.isascii():
        starts = range(room, len(text), columns)
        return [text[:room], *(text[start : start + columns] for start in starts)]
    parts, start, used = [], 0, 0
    for position, character in enumerate(text):
        cells = _cells(character)
        if used + cells > room and position > start:
            parts.append(text[start:position])
            start, used, room = position, 0, columns
        used += cells
    return [*parts, text[start:]]


def left(text: str, columns: int) -> str:
    """Padded with spaces on the right."""
    return text + " " * (columns - width(text))


def right(text: str, columns: int) -> str:
    """Padded with spaces on the left."""
    return " " * (columns - width(text)) + text


def apart(start: str, end: str, columns: int, *, gap: int = 2) -> str | None:
    """Two texts at both ends of one line; None where they do not fit beside each other."""
    space = columns - width(start) - width(end)
    return start + " " * space + end if space >= gap else None


def beside(one: Sequence[str], other: Sequence[str], columns: int) -> list[str]:
    """Two blocks of lines side by side, the second beginning at `columns`."""
    rows = max(len(one), len(other))
    one, other = [*one, *[""] * (rows - len(one))], [*other, *[""] * (rows - len(other))]
    return [(left(a, columns) + b).rstrip() for a, b in zip(one, other, strict=True)]


def entry(text: str, item: str, columns: int) -> list[str]:
    """A text with its id at the right end of its last line."""
    lines = wrap(text, columns)
    if not item:
        return lines
    if apart(lines[-1], item, columns, gap=1) is None:
        lines = wrap(text, columns - width(item) - 1)
    return [*lines[:-1], apart(lines[-1], item, columns, gap=1) or f"{lines[-1]} {item}"]


def heading(name: str, summary: str, columns: int, *, indent: int = 7) -> list[str]:
    """`TODAY  5 meetings, 3 h 30 min.`, going on under an indent."""
    if not summary:
        return wrap(name.upper(), columns)
    first = name.upper() + "  "
    if width(first) > columns // 2:
        return [*wrap(name.upper(), columns), *(" " * indent + line for line in wrap(summary, columns - indent))]
    lines = wrap(summary, columns - indent, first=width(first) - indent)
    return [first + lines[0], *(" " * indent + line for line in lines[1:])]


# --- the table of ad accounts --------------------------------------------------------------------------------------

GROUPS = (("cost per lead", 2), ("leads", 2), ("", 3), ("edits", 1))
"""The first line of the table's head: texts over so many columns; the empty one is the day that is compared."""

SHORTEST_NAME = 12
"""Cells an account's name needs at least; longer names go on below."""


def ads_table(ads: AdsTable, day: str, before: str, columns: int) -> list[str]:
    """The table of ad accounts; every account in sentences where there is no room for columns."""
    heads = ("7 days", "usual", "7 days", "usual", before, "week", "median", "7 d")
    cells = [_cells_of(row) for row in ads.rows]
    verdicts = max(width(row.verdict) for row in ads.rows)
    names = max(width(row.account) for row in ads.rows)
    for gap in (2, 1):
        widths = [max(width(text) for text in column) for column in zip(heads, *cells, strict=True)]
        over = _over(day, widths, gap)
        room = columns - (1 + verdicts + gap) - sum(widths) - gap * len(widths)
        if room >= names:
            break
    if room < min(names, SHORTEST_NAME):
        return [line for row in ads.rows for line in _as_sentences(row, day, before, columns)]
    names = min(room, names)
    blank = " " * (1 + verdicts + gap + names)
    lines = [blank + over, blank + _numbers(heads, widths, gap)]
    for row, numbers in zip(ads.rows, cells, strict=True):
        account = wrap(row.account, names)
        start = f" {left(row.verdict, verdicts)}{' ' * gap}"
        lines.append(start + left(account[0], names) + _numbers(numbers, widths, gap))
        lines += [" " * len(start) + more for more in account[1:]]
    return lines


def _cells_of(row: AdRow) -> tuple[str, ...]:
    return (
        row.cpl, row.cpl_usual, row.leads, row.leads_usual, row.day_before, row.week_before, row.median, row.edits
    )  # fmt: skip


def _over(day: str, widths: list[int], gap: int) -> str:
    """The first line of the head. Widens the first column under a text that is longer than its columns."""
    line, start = "", 0
    for text, span in ((text or f"{day} against", span) for text, span in GROUPS):
        room = sum(widths[start : start + span]) + gap * (span - 1)
        widths[start] += max(width(text) - room, 0)
        line += " " * gap + right(text, max(room, width(text)))
        start += span
    return line


def _numbers(cells: Sequence[str], widths: Sequence[int], gap: int) -> str:
    return "".join(" " * gap + right(cell, column) for cell, column in zip(cells, widths, strict=True))


def _as_sentences(row: AdRow, day: str, before: str, columns: int) -> list[str]:
    text = (
        f"{row.account}: {row.cpl} a lead, usual {row.cpl_usual}; {row.leads} leads, usual {row.leads_usual}; "
        f"{day} against {before} {row.day_before}, week {row.week_before}, median {row.median}; edits {row.edits}."
    )
    lines = wrap(text, columns - 8)
    return [f" {left(row.verdict, 6)} {lines[0]}", *(" " * 8 + line for line in lines[1:])]
