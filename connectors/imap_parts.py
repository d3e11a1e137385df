"""Where the words of a mail stand, by the structure a server tells: attachments are never asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from briefing.reading.mime import DEEPEST, MOST_PARTS, MOST_TEXT, Leaf

MOST_TEXTS = 4
"""Text parts that are asked for: an HTML form beside the plain one, and a footer or two of mailing lists."""


class Section(NamedTuple):
    """One part that holds no others."""

    number: str
    """`1.2`, as it is asked for."""

    type: str
    parameters: Mapping[str, str]
    encoding: str
    attached: bool


def sections(structure: Any) -> list[Section]:
    """The parts of a BODYSTRUCTURE in their order. What is not as it should be is passed over; a mail of which nothing
    is told is taken for plain text.
    """
    found: list[Section] = []
    for section in _walk(structure, "", 0):
        found.append(section)
        if len(found) >= MOST_PARTS:
            break
    return found or [Section("1", "text/plain", {}, "", False)]


def _walk(part: Any, number: str, depth: int) -> Iterator[Section]:
    if not isinstance(part, tuple) or not part or depth >= DEEPEST:
        return
    if isinstance(part[0], list):
        for count, inner in enumerate(part[0], 1):
            yield from _walk(inner, f"{number}.{count}" if number else str(count), depth + 1)
        return
    if len(part) < 7:
        return
    kind = f"{_word(part[0])}/{_word(part[1])}"
    yield Section(number or "1", kind, _pairs(part[2]), _word(part[5]), _is_attached(part))


def _is_attached(part: Sequence[Any]) -> bool:
    """A disposition is a word with its parameters; it stands at another place for texts and for mails in mails."""
    return any(
        isinstance(field, tuple) and len(field) == 2 and _word(field[0]) == "attachment"
        and (field[1] is None or isinstance(field[1], tuple))
        for field in part[7:]
    )  # fmt: skip


def _pairs(value: Any) -> dict[str, str]:
    if not isinstance(value, tuple):
        return {}
    return {_word(name): _plain(told) for name, told in zip(value[::2], value[1::2], strict=False)}


def _word(value: Any) -> str:
    return _plain(value).strip().lower()


def _plain(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else "" if value is None else str(value)


def wanted(found: Sequence[Section]) -> tuple[str, ...]:
    """The numbers of the parts with words in them."""
    texts = [one.number for one in found if one.type in {"text/plain", "text/html"} and not one.attached]
    return tuple(texts[:MOST_TEXTS])


def item(number: str) -> str:
    """What is asked for."""
    return f"BODY.PEEK[{number}]<0.{MOST_TEXT}>"


def put_together(header: bytes, found: Sequence[Section], texts: Mapping[str, bytes]) -> tuple[bytes, list[Leaf]]:
    """A mail of its header and its words, and where they stand in it; other parts are known and empty."""
    raw = bytearray(header if header.endswith((b"\n\n", b"\n\r\n")) else header + b"\r\n\r\n")
    leaves = []
    for one in found:
        start = len(raw)
        raw += texts.get(one.number, b"")
        leaves.append(
            Leaf(
                type=one.type,
                parameters=one.parameters,
                encoding=one.encoding,
                attached=one.attached,
                start=start,
                end=len(raw),
            )
        )
        raw += b"\r\n"
    return bytes(raw), leaves
