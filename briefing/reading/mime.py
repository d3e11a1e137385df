"""The text of a mail's body: which part it stands in, decoded. Attachments are passed over undecoded.

Python's parser goes through a mail line by line and holds every attachment as text; here boundaries are found by one
search each, so a mail of 30 MB costs what its text costs.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from briefing.reading.headers import Headers, decoded, from_base64, read_headers, split

MOST_TEXT = 128 * 1024
"""Bytes of one text part that are decoded: an excerpt needs its beginning only."""

MOST_PARTS, MOST_BOUNDARIES, DEEPEST = 200, 10_000, 10

_PARAMETER = re.compile(r';\s*([\w-]+)(\*\d+)?\*?\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One part that holds no others."""

    type: str
    """`text/plain`, lower-case."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    attached: bool = False
    start: int
    end: int
    closed: bool = True
    """Whether the boundary that ends it was found."""


def leaves(raw: bytes, headers: Headers, start: int, end: int | None = None) -> list[Leaf]:
    """The parts of a mail in their order. A multipart without a boundary that occurs is one piece of plain text."""
    found: list[Leaf] = []
    for leaf in _walk(raw, headers, start, len(raw) if end is None else end, 0):
        found.append(leaf)
        if len(found) >= MOST_PARTS:
            break
    return found


def _walk(raw: bytes, headers: Headers, start: int, end: int, depth: int, *, closed: bool = True) -> Iterator[Leaf]:
    kind, parameters = content_type(headers)
    boundary = parameters.get("boundary", "")
    if depth >= DEEPEST:
        return
    if kind.startswith("multipart/") and boundary:
        inside = list(_segments(raw, boundary, start, end))
        for begin, stop, ended in inside:
            block, body = split(raw[begin : min(stop, begin + 64 * 1024)])
            at = min(begin + body, stop)
            yield from _walk(raw, read_headers(block), at, stop, depth + 1, closed=ended)
        if inside:
            return
    if kind.startswith("multipart/"):
        kind = "text/plain"
    yield Leaf(
        type=kind,
        parameters=parameters,
        encoding=headers.text("content-transfer-encoding").lower(),
        attached=headers.text("content-disposition").lower().startswith("attachment"),
        start=start,
        end=end,
        closed=closed,
    )


def content_type(headers: Headers) -> tuple[str, dict[str, str]]:
    """The type and its parameters by lower-case name; plain text where it is missing or garbage."""
    text = headers.text("content-type")[:4000]
    kind = text.partition(";")[0].strip().lower()
    parameters: dict[str, str] = {}
    for name, piece, value in _PARAMETER.findall(text):
        plain = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        key = name.lower()
        parameters[key] = parameters.get(key, "") + plain if piece else plain  # RFC 2231 cuts long values
    return (kind if re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind) else "text/plain"), parameters


def _segments(raw: bytes, boundary: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """The stretches between a multipart's boundaries; the last is open where its end is missing."""
    begin = -1
    for at, after, is_last in _boundaries(raw, boundary, start, end):
        if begin >= 0:
            yield begin, max(at, begin), True
        begin = after
        if is_last:
            return
    if begin >= 0:
        yield begin, end, False


def _boundaries(raw: bytes, boundary: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Each boundary line: where it starts, where the next line starts, whether it is the closing one."""
    mark = b"\n--" + boundary.encode("utf-8", "replace")
    at = start - 1 if raw.startswith(mark[1:], start) else raw.find(mark, start, end)
    for _ in range(MOST_BOUNDARIES):
        if at < 0:
            return
        after = at + len(mark)
        rest, line_end, _ = raw[after : min(after + 80, end)].partition(b"\n")
        if rest.strip() in {b"", b"--"}:
            yield at + 1, min(after + len(rest) + len(line_end), end), rest.strip() == b"--"
        at = raw.find(mark, after - 1, end)


def is_open(raw: bytes, headers: Headers) -> bool:
    """Whether a multipart's closing boundary is missing from the end of what is there."""
    kind, parameters = content_type(headers)
    boundary = parameters.get("boundary", "")
    if not kind.startswith("multipart/") or not boundary:
        return False
    return not any(is_last for _, _, is_last in _boundaries(raw, boundary, 0, len(raw)))


def leaf_text(raw: bytes, leaf: Leaf) -> str:
    """The text of a part, decoded by what it says and leniently where that is wrong."""
    data = raw[leaf.start : min(leaf.end, leaf.start + MOST_TEXT)]
    if leaf.encoding == "base64":
        data = from_base64(data)
    elif leaf.encoding == "quoted-printable":
        data = binascii.a2b_qp(data)
    return decoded(data, leaf.parameters.get("charset", "")).replace("\r\n", "\n").replace("\x00", "")
