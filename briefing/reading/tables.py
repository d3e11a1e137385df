"""A table read in two passes: the first finds out what the columns allow, the second yields rows. Memory stays flat.

Nothing is guessed: a column of dates or numbers is read only where the whole column allows exactly one reading, or the
user said which; otherwise FileProblem carries the question with what to write. A row with a cell that fits nothing is
`Skipped` with its line number; totals and repeated headings are counted as `Ignored`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from briefing.connector import Ignored, Read, Skipped, Stream
from briefing.errors import FileProblem
from briefing.facts import Fact
from briefing.reading.cells import NO_TEXT, BadCell, Formats, Row
from briefing.reading.forms import Form, Matching, match, question, toml_table
from briefing.reading.rows import (
    DELIMITERS,
    HEAD_BYTES,
    RawRow,
    TextFile,
    first_rows,
    head_text,
    modified_at,
    open_text,
    raw_rows,
)
from briefing.reading.survey import Survey
from briefing.reading.table_settings import TableSettings
from briefing.reading.text import NAME, clean, folded

HEADER_WITHIN = 20
"""The headings stand among the first so many rows; Google Ads puts two title lines before them (ads.md section 9)."""

_TOTAL = re.compile(r"\s*(?:grand\s+|sub-?\s*)?totals?\s*(?:[:(-].*)?|\s*(?:gesamt\w*|summe)\s*(?::.*)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the headings are and what they are."""

    delimiter: str
    line: int
    """Line of the headings."""

    matching: Matching
    headings: tuple[str, ...]
    """As they stand in the file."""

    titles: tuple[str, ...] = ()
    """Texts above the headings."""

    samples: tuple[tuple[str, ...], ...] = ()
    """The first rows below."""


def lay_out(text: str, form: Form, mapping: Mapping[str, str] | None = None) -> Layout | None:
    """Find separator and headings in a file's beginning: where most fields are recognised. None without any row."""
    best: tuple[tuple[int, int, int], str, list[RawRow], int, Matching] | None = None
    stated = re.match(r"\ufeff?\s*sep=([,;\t|])\r?\n", text)  # a line that tells Excel the separator
    for delimiter in (stated[1],) if stated else DELIMITERS:
        rows = first_rows(text, delimiter)
        for index, row in enumerate(rows[:HEADER_WITHIN]):
            found = match(form, row.cells, mapping)
            filled = sum(1 for cell in row.cells if cell.strip())
            score = (len(found.columns) + len(found.doubled), filled, -index)
            if best is None or score > best[0]:
                best = (score, delimiter, rows, index, found)
    if best is None:
        return None
    _, delimiter, rows, index, found = best
    return Layout(
        delimiter=delimiter, line=rows[index].line, matching=found, headings=tuple(rows[index].cells),
        titles=tuple(clean(" ".join(row.cells)) for row in rows[:index]),
        samples=tuple(tuple(row.cells) for row in rows[index + 1 :]),
    )  # fmt: skip


class Table:
    """A file that was looked through and can be read, several times over. Built by `open_table`."""

    def __init__(self, file: TextFile, layout: Layout, formats: Formats) -> None:
        self.file, self.layout, self.formats = file, layout, formats
        self.width = len(layout.headings)
        self._key = formats.columns.get(formats.form.key)
        self._others = [
            place.index
            for name, place in formats.columns.items()
            if formats.form.by_name[name].kind == "text" and name not in (formats.form.key, "currency")
        ]

    def has(self, *names: str) -> bool:
        """Whether the file has a column for one of some fields."""
        return any(name in self.formats.columns for name in names)

    def rows(self) -> Iterator[Row | Skipped | Ignored]:
        """Every row in the order of the file. Raises FileProblem when the file changed meanwhile."""
        ignored: dict[str, int] = {}
        for raw in self._below():
            if broken := raw.broken or self._too_wide(raw.cells):
                yield Skipped(f"{self.file.name}:{raw.line}", broken)
            elif unwanted := self._unwanted(raw.cells):
                ignored[unwanted] = ignored.get(unwanted, 0) + 1
            else:
                yield Row(self.formats, raw.line, raw.cells)
        self.file.check_unchanged()
        yield from (Ignored(count, why) for why, count in ignored.items())
        if self.file.note:
            yield Ignored(0, f"characters replaced; {self.file.note}")

    def usable(self) -> Iterator[RawRow]:
        """The rows that `rows` will yield, as they stand."""
        for raw in self._below():
            if not (raw.broken or self._too_wide(raw.cells) or self._unwanted(raw.cells)):
                yield raw

    def _below(self) -> Iterator[RawRow]:
        """The rows below the headings, blank ones left out, short ones filled up: many exports leave out empty ends.

        Raises FileProblem where the last row is the first short one and has no line end: the file was cut there.
        """
        width, short, last = self.width, 0, RawRow(0, [])
        last_width = width
        for raw in raw_rows(self.file, self.layout.delimiter):
            if raw.line <= self.layout.line or not (raw.broken or "".join(raw.cells).strip()):
                continue
            short += last_width < width
            last, last_width = raw, width if raw.broken else len(raw.cells)
            if last_width < width:
                raw.cells.extend([""] * (width - last_width))
            yield raw
        if last_width < width and self.file.ends_open and not short and not self._unwanted(last.cells):
            raise FileProblem(f"{self.file.name} is cut in the middle of row {last.line}", advice="export it again")

    def _too_wide(self, cells: Sequence[str]) -> str:
        if len(cells) > self.width and any(cells[self.width :]):
            return f"it has {len(cells)} cells, the headings {self.width}"
        return ""

    def _unwanted(self, cells: Sequence[str]) -> str:
        """Why a row is no data: it repeats the headings or sums the others up; empty when it is data."""
        if cells[0] == self.layout.headings[0] and tuple(cells) == self.layout.headings:
            return "repeated headings"
        return "totals rows" if self._is_total(cells) else ""

    def _is_total(self, cells: Sequence[str]) -> bool:
        """It says so, and its key is empty or is what says so; a deal named Total with an owner is a deal."""
        key = cells[self._key.index].strip() if self._key else ""
        if key.lower() in NO_TEXT:
            return any(_TOTAL.fullmatch(cell) for cell in cells if cell and cell[0] in "tTgGsS ")
        if key[0] not in "tTgGsS" or not _TOTAL.fullmatch(key):
            return False
        others = [cells[index].strip() for index in self._others]
        return all(text.lower() in NO_TEXT or _TOTAL.fullmatch(text) for text in others)


def look_at(settings: TableSettings, form: Form) -> tuple[TextFile, Layout]:
    """A file that is readable text, and its headings, whether or not they are those of the form. Raises FileProblem."""
    file = open_text(settings.path, encoding=settings.encoding, max_bytes=settings.max_mb * 1_048_576)
    with file.path.open("rb") as stream:
        text = head_text(stream.read(HEAD_BYTES), file.encoding)
    layout = lay_out(text, form, settings.columns)
    if file.empty or layout is None:
        raise FileProblem(f"{file.name} is empty", advice="export it again")
    return file, layout


def open_table(settings: TableSettings, form: Form, zone: ZoneInfo) -> Table:
    """Look a file through. Raises FileProblem with what is wrong, or with what to ask and what to write."""
    file, layout = look_at(settings, form)
    if not layout.matching.clear:
        asked, guessed = question(layout.matching, file.name, layout.samples[:10])
        mapping = toml_table({**settings.columns, **guessed})
        raise FileProblem(asked, advice=settings.to_write({settings.columns_key: mapping}))
    formats = Formats(form=form, name=file.name, columns=layout.matching.columns, settings=settings, zone=zone)
    table = Table(file, layout, formats)
    Survey(formats).run(table.usable())
    return table


def table_stream(settings: TableSettings, kinds: Iterable[type[Fact]], read: Read, scope: str = "") -> Stream:
    """The stream of one file, as of its last change. The file is opened when the stream is read, not before."""
    return Stream(
        kinds=frozenset(kinds), read=read, scope=scope, as_of=modified_at(settings.path),
        place=clean(Path(settings.path).name, NAME),
    )  # fmt: skip


@lru_cache(maxsize=8192)
def natural_key(*parts: str) -> str:
    """An id for a row without one: what names it, folded. The same for every order of rows and place of the file.

    >>> natural_key(natural_key("ACME, Inc.", "Web-Site"), "Launch")
    'acme inc | web site | launch'
    """
    return " | ".join(key for part in parts for one in part.split(" | ") if (key := folded(one)))


def facts(table: Table, build: Callable[[Row], Fact | Ignored]) -> Iterator[Fact | Skipped | Ignored]:
    """Each row as a fact, or the reason why not: rows of the file are facts, skipped and ignored together."""
    seen: dict[str, tuple[int, int]] = {}
    ignored: Counter[str] = Counter()
    for row in table.rows():
        if not isinstance(row, Row):
            yield row
            continue
        try:
            fact = build(row)
        except BadCell as error:
            yield Skipped(row.where, str(error))
            continue
        if isinstance(fact, Ignored):
            ignored[fact.why] += fact.count
            continue
        contents = hash(tuple(row.cells))
        line, before = seen.setdefault(fact.ref.id, (row.line, contents))
        if line == row.line:
            yield fact
        elif before == contents:
            ignored["repeated rows"] += 1
        else:
            yield Skipped(row.where, f"the same {fact.ref.kind} as in line {line}, with other contents")
    yield from (Ignored(count, why) for why, count in sorted(ignored.items()))
