"""Where the mails of an mbox file begin, found by streaming: the file is never held, whatever its size.

A mail begins at a line `From somebody ... date` that a header follows, or an empty line precedes where it is written as
C's `asctime` writes dates. Writers are to put `>` before such lines in bodies and often do not, so a line that only
starts with the word is none. The lengths some writers state are not used:
they are wrong wherever a file was edited (and Python's `mailbox` splits at every `From `).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

CHUNK = 1 << 20
_LOOK = 4096
"""Bytes that must be there after a candidate to judge it: its line and the beginning of the next."""

_NEXT = rb"\r?\n(?=[!-9;-~]{1,100}[ \t]*:|>?From |$)"
_LINE = re.compile(rb"From [^\r\n]{0,500}" + _NEXT)
_ASCTIME = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d"
)
"""Enough without a header: a mail whose header is destroyed must not vanish in the one before."""

_PLAIN = re.compile(rb"From (?:- ?[^\r\n]{0,60}|[^\s@]{1,100}@[^\s@]{1,255}[ \t]*|[ \t]*)" + _NEXT)
"""Without a date (some exporters) it must stand after an empty line."""

_DATE = tuple(
    re.compile(part)
    for part in (rb"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b", rb"\d:\d\d\b", rb"\b(?:19|20)\d\d\b")
)
"""What C's `asctime` writes, looked for part by part: one expression for all would be slow in a hostile line."""


def starts_as_mbox(head: bytes) -> bool:
    """Whether a file begins with such a line, leaving out a byte order mark and empty lines."""
    return _is_separator(b"\n\n" + head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"), 2)


def spans(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Offsets of each mail's `From ` line and of what follows the mail, in the file's order."""
    begin = -1
    for at in _separators(file):
        if begin >= 0:
            yield begin, at
        begin = at
    if begin >= 0:
        yield begin, file.seek(0, 2)


def _separators(file: BinaryIO) -> Iterator[int]:
    file.seek(0)
    head = file.read(_LOOK)
    data = b"\n\n" + head  # so that the first line has lines before it like any other
    base = -2
    if head.startswith(b"\xef\xbb\xbf"):
        data = b"\n\n" + b"\n" * 3 + head[3:]
    start = 0
    while True:
        more = file.read(CHUNK)
        data += more
        limit = len(data) - _LOOK if more else len(data)
        at = data.find(b"\nFrom ", start)
        while 0 <= at < limit:
            if _is_separator(data, at + 1):
                yield base + at + 1
            at = data.find(b"\nFrom ", at + 1)
        if not more:
            return
        keep = max(limit - 2, 0)  # what stands before the next candidate is looked at too
        start = limit - keep
        base += keep
        data = data[keep:]


def _is_separator(data: bytes, at: int) -> bool:
    line = _LINE.match(data, at)
    if line and all(part.search(line[0]) for part in _DATE):
        return True
    if not (data[at - 2 : at - 1] == b"\n" or data[at - 3 : at - 1] == b"\n\r"):
        return False
    return bool(_PLAIN.match(data, at)) or bool(_ASCTIME.search(_first_line(data, at)))


def _first_line(data: bytes, at: int) -> bytes:
    end = data.find(b"\n", at, at + 500)
    return data[at:end] if end >= 0 else b""
