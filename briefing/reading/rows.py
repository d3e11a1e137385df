"""A text file of rows: from bytes to cells with their line numbers, or one clear sentence why not.

Reads comma, semicolon and tab separated files in UTF-8, UTF-16 and UTF-32 with a byte order mark, and Windows-1252
where the bytes are nothing else. A file that is not text, is cut, is damaged or changes while it is read is refused
with the line and the cure; a single row whose quotation marks are broken costs that row only.
"""

from __future__ import annotations

import codecs
import csv
import io
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from briefing.errors import FileProblem
from briefing.reading.text import NAME, clean

HEAD_BYTES = 64 * 1024
MAX_BYTES = 256 * 1024 * 1024
"""Larger files are refused unless the setting says otherwise: an export of 400,000 rows has about 60 MB."""

MAX_CELL = 131_072
"""The limit of Python's csv module; a cell of Excel holds 32,767 characters."""

MAX_LINE = 4 * 1024 * 1024
DELIMITERS = (",", ";", "\t")
SAVE_AS_CSV = "save it as CSV and name that file"

FALLBACK = "cp1252"
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a word processor's file"),
    (b"7z\xbc\xaf", "an archive"),
    (b"Rar!", "an archive"),
    (b"PAR1", "a Parquet file"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A file that was found to be readable text, and when."""

    path: Path
    name: str
    """Made safe to print."""

    encoding: str
    """A codec that decodes the whole file."""

    size: int
    modified_ns: int
    empty: bool
    ends_open: bool
    """The last line has no line end."""

    @property
    def note(self) -> str:
        """What a reader should know about how the text was read; mostly empty."""
        return "read as Windows-1252, because it is not UTF-8" if self.encoding == FALLBACK else ""

    def check_unchanged(self) -> None:
        """Raise FileProblem if the file was written since it was first looked at: its rows would be of two exports."""
        try:
            now = self.path.stat()
        except OSError as error:
            raise self.changed() from error
        if (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns):
            raise self.changed()

    def changed(self) -> FileProblem:
        """Why what was read cannot be used."""
        return FileProblem(f"{self.name} changed while it was being read", advice="run again when the export is done")


class RawRow(NamedTuple):
    """One row as it stands in the file."""

    line: int
    """Its first line, as an editor shows it."""

    cells: list[str]
    broken: str = ""
    """Why the cells could not be told apart; `cells` is then empty."""


def modified_at(path: str | Path) -> datetime | None:
    """When a file was last written, in UTC; None when there is none."""
    try:
        return datetime.fromtimestamp(Path(path).stat().st_mtime, UTC)
    except OSError:
        return None


def open_text(path: str | Path, *, encoding: str = "", max_bytes: int = MAX_BYTES) -> TextFile:
    """Look a file through once: that it is text, in which encoding, whole and undamaged. Raises FileProblem."""
    path = Path(path)
    name = clean(path.name, NAME)
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise FileProblem(f"{name} is not a file", advice="name the CSV file itself")
        if state.st_size > max_bytes:
            raise FileProblem(
                f"{name} has {state.st_size / 1_048_576:,.0f} MB, the limit is {max_bytes / 1_048_576:,.0f} MB",
                advice="export a shorter time, or set max_mb",
            )
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        if kind := kind_of(head):
            raise FileProblem(f"{name} is {kind}, not a table of text", advice=SAVE_AS_CSV)
        found, last = _decodable(path, name, encoding or bom_of(head), given=bool(encoding))
    except OSError as error:
        why = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise FileProblem(f"{name} {why}", advice="correct the path, or export it again") from error
    return TextFile(
        path=path, name=name, encoding=found, size=state.st_size, modified_ns=state.st_mtime_ns,
        empty=not last, ends_open=bool(last) and last not in "\r\n",
    )  # fmt: skip


def kind_of(head: bytes) -> str:
    """What a file is, where its first bytes say it is no table of text: `a PDF`; empty otherwise."""
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(head)
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()[:200].lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if text.startswith((b"<?xml", b"<workbook")):
        return "an XML file"
    return "a JSON file" if text.startswith((b'{"', b"[{", b"{\n", b"{\r\n", b"[\n", b"[\r\n")) else ""


def _kind_of_zip(head: bytes) -> str:
    if b"xl/" in head or b"[Content_Types].xml" in head:
        return "an Excel workbook" if b"word/" not in head else "a Word file"
    if b"opendocument.spreadsheet" in head:
        return "an OpenDocument sheet"
    return "a Numbers sheet" if b".iwa" in head else "a ZIP archive"


def bom_of(head: bytes) -> str:
    """The codec that a byte order mark names; empty without one."""
    return next((codec for bom, codec in BOMS if head.startswith(bom)), "")


def head_text(head: bytes, encoding: str = "") -> str:
    """The first bytes of a file as text, for a look at its headings; a character cut at the end is left out."""
    if codec := encoding or bom_of(head):
        return codecs.getincrementaldecoder(codec)("replace").decode(head)
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return head.decode(FALLBACK, "replace")


def _decodable(path: Path, name: str, codec: str, *, given: bool) -> tuple[str, str]:
    """A codec that decodes the whole file, and the file's last character. Raises FileProblem when there is none."""
    first = codec or "utf-8"
    try:
        return first, _last_character(path, name, first)
    except _Undecodable as problem:
        if problem.at_end:
            raise FileProblem(
                f"{name} is cut in the middle of line {problem.line}", advice="export it again"
            ) from problem
        if codec:
            said = "as the setting says" if given else "as its first bytes say"
            raise FileProblem(
                f"{name} is not {codec} {said} (line {problem.line})", advice='export it as "CSV UTF-8"'
            ) from problem
        return FALLBACK, _fallback(path, name, problem)


def _fallback(path: Path, name: str, problem: _Undecodable) -> str:
    """Decode as Windows-1252, unless the file is damaged UTF-8 or that does not fit either."""
    if _mostly_utf8(path):
        raise FileProblem(
            f"{name} is UTF-8 with a damaged character in line {problem.line}", advice="export it again"
        ) from problem
    try:
        return _last_character(path, name, FALLBACK)
    except _Undecodable as error:
        raise FileProblem(
            f"{name} is neither UTF-8 nor Windows-1252 (line {error.line})",
            advice='export it as "CSV UTF-8", or set encoding',
        ) from error


class _Undecodable(Exception):
    """Bytes that a codec does not know."""

    def __init__(self, line: int, *, at_end: bool) -> None:
        super().__init__(line)
        self.line, self.at_end = line, at_end


def _last_character(path: Path, name: str, codec: str) -> str:
    decoder = codecs.getincrementaldecoder(codec)()
    line, last = 1, ""
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(1 << 20)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                at_end = not chunk or (error.reason == "unexpected end of data")
                raise _Undecodable(line + error.object[: error.start].count(b"\n"), at_end=at_end) from error
            if "\0" in text:
                raise _nul_problem(name, line + text[: text.index("\0")].count("\n"), stream.name)
            last = text[-1:] or last
            line += text.count("\n")
            if not chunk:
                return "" if last == "\ufeff" else last


def _nul_problem(name: str, line: int, path: str) -> FileProblem:
    with Path(path).open("rb") as stream:
        head = stream.read(512)
    for codec, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if zeros and zeros.count(0) > 0.6 * len(zeros):
            return FileProblem(
                f"{name} looks like UTF-16 without its first mark", advice=f'set encoding = "{codec}", or export UTF-8'
            )
    return FileProblem(f"{name} has zero bytes from line {line} on: it is damaged", advice="export it again")


def _mostly_utf8(path: Path) -> bool:
    """Whether there are more valid characters beyond ASCII than invalid bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    valid = invalid = 0
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            text = decoder.decode(chunk)
            bad = text.count("\ufffd")
            invalid += bad
            valid += sum(1 for c in text if c > "\x7f") - bad
    return valid > invalid


def raw_rows(file: TextFile, delimiter: str) -> Iterator[RawRow]:
    """Every row with a cell, titles and headings too. Raises FileProblem for a file that is cut or changes."""
    try:
        yield from _raw_rows(file, delimiter)
    except (OSError, UnicodeDecodeError) as error:
        raise file.changed() from error


def _raw_rows(file: TextFile, delimiter: str) -> Iterator[RawRow]:
    with file.path.open(encoding=file.encoding, newline="") as stream:
        lines = _Lines(stream, file.name)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            line = lines.count + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield RawRow(line, [], _broken(str(error), file.name, line))
                continue
            if line == 1 and cells:
                cells[0] = cells[0].removeprefix("\ufeff")
            if cells:
                yield RawRow(line, cells)


def _broken(error: str, name: str, line: int) -> str:
    """Why a row cannot be taken apart; raises when what follows cannot either."""
    if "unexpected end" in error:
        raise FileProblem(f"{name} is cut in the middle of row {line}", advice="export it again")
    if "field limit" in error:
        raise FileProblem(
            f"{name}: row {line} has a cell of more than {MAX_CELL:,} characters",
            advice="look there for a quotation mark that is not closed",
        )
    return "a quotation mark within a cell is not doubled"


class _Lines:
    """The physical lines of a file, counted; a line without end is refused before it fills the memory."""

    def __init__(self, stream: io.TextIOWrapper, name: str) -> None:
        self._read, self._name, self.count = stream.readline, name, 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._read(MAX_LINE)
        if not line:
            raise StopIteration
        self.count += 1
        if len(line) == MAX_LINE:
            raise FileProblem(
                f"{self._name}: line {self.count} has more than {MAX_LINE:,} characters",
                advice="it is no table of rows; export it again as CSV",
            )
        return line


def first_rows(text: str, delimiter: str, most: int = 40) -> list[RawRow]:
    """The first rows of a text, read leniently; the last one may be cut."""
    rows: list[RawRow] = []
    lines = _Lines(io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "replace")), "utf-8", newline=""), "")
    reader = csv.reader(lines, delimiter=delimiter)
    while len(rows) < most:
        line = lines.count + 1
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):
            break
        if "".join(cells).strip():
            rows.append(RawRow(line, cells))
    return rows
