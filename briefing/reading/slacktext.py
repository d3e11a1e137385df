"""What a Slack message says, in plain words: its text grammar, its blocks, its mentions.

Shared by the export and by Slack's API. Tokens in angle brackets are read first and entities after that: a
`&lt;@U1&gt;` typed by somebody is no mention.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

MOST_CHARACTERS = 40_000
"""Slack's own limit for a message."""

Name = Callable[[str], str]
"""A user's printed name by id, or a group's with its @; empty where nobody knows."""

_TOKEN = re.compile(r"<([@#!]?)([^<>|]{1,3000})(?:\|([^<>]*))?>")
_EMOJI = dict(
    zip(
        "+1 thumbsup thumbsup_all white_check_mark heavy_check_mark tada raised_hands pray ok_hand clap heart 100 "
        "slightly_smiling_face smile blush smiley sparkles handshake".split(),
        "👍 👍 👍 ✅ ✅ 🎉 🙌 🙏 👌 👏 ❤ 💯 🙂 😀 😊 😃 ✨ 🤝".split(),
        strict=True,
    )
)
"""Those that can close a conversation; others stay as their short codes."""

_SHORTCODE = re.compile(r":([a-z0-9_+'-]{1,50})(?:::skin-tone-\d)?:")
_STYLE = re.compile(r"(?<![\w*_~])([*_~])(?=\S)([^\n*_~]{1,500}?)(?<=\S)\1(?![\w*_~])")
_QUOTE = re.compile(r"^\s*(?:&gt;|>)")


def plain(text: str, name: Name) -> str:
    """Slack's text as a reader would see it, quotations left out, in lines.

    >>> plain("Hi <@U1>, see <https://x.example|the draft> &amp; tell <#C1|design> :+1:", lambda id: "Ines")
    'Hi @Ines, see the draft & tell #design 👍'
    """
    text = text[:MOST_CHARACTERS]
    lines = [line for line in text.split("\n") if not _QUOTE.match(line)]
    text = _TOKEN.sub(lambda found: _token(found, name), "\n".join(lines))
    text = _SHORTCODE.sub(lambda found: _EMOJI.get(found[1], found[0]), text)
    text = _STYLE.sub(r"\2", text.replace("```", "").replace("`", ""))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _token(found: re.Match[str], name: Name) -> str:
    mark, inner, label = found.groups()
    if mark == "@":
        return "@" + (name(inner) or label or inner)
    if mark == "#":
        return "#" + (label or "private-channel" if label is not None else inner)
    if mark == "!":
        word, _, rest = inner.partition("^")
        if word == "subteam":
            return label or name(rest) or "@group"
        return label or {"date": ""}.get(word, "@" + word)
    return label or inner.removeprefix("mailto:").removeprefix("tel:")


def mentions(message: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Users and groups named in the author's own words, each as id and label.

    Blocks tell which names stand in a quotation or in code; the text alone does not.
    """
    text = message.get("text")
    labels = dict(_named_in_text(text if isinstance(text, str) else ""))
    blocks = [block for block in _objects(message.get("blocks"), 0) if block.get("type") == "rich_text"]
    if not blocks:
        return tuple(labels.items())
    return tuple((named, labels.get(named, "")) for named in dict.fromkeys(_named_in(blocks, 0)))


def _named_in_text(text: str) -> Iterator[tuple[str, str]]:
    for line in text[:MOST_CHARACTERS].split("\n"):
        if _QUOTE.match(line):
            continue
        for mark, inner, label in _TOKEN.findall(line):
            if mark == "@":
                yield inner, label
            elif mark == "!" and inner.startswith("subteam^"):
                yield inner.removeprefix("subteam^"), label


_QUOTED = frozenset({"rich_text_quote", "rich_text_preformatted"})


def _named_in(elements: Sequence[Any], depth: int) -> Iterator[str]:
    for element in _objects(elements, depth):
        kind = _text(element.get("type"))
        if kind in _QUOTED:
            continue
        named = element.get("user_id" if kind == "user" else "usergroup_id")
        if kind in {"user", "usergroup"} and isinstance(named, str):
            yield named
        yield from _named_in(_inside(element), depth + 1)


def shown_text(message: Mapping[str, Any]) -> str:
    """The message's text; of bots, whose text is often empty, what blocks, attachments or files say."""
    text = message.get("text")
    if isinstance(text, str) and text.strip():
        return text
    pieces = list(_texts_in(_inside({"elements": message.get("blocks")}), 0))
    for attachment in _objects(message.get("attachments"), 0):
        pieces += [value for key in ("pretext", "title", "text", "fallback") if (value := _text(attachment.get(key)))][
            :2
        ]
    if not pieces:
        pieces = [
            value
            for file in _objects(message.get("files"), 0)
            if (value := _text(file.get("title") or file.get("name")))
        ]
    return " ".join(pieces)[:MOST_CHARACTERS]


def _texts_in(elements: Sequence[Any], depth: int) -> Iterator[str]:
    for element in _objects(elements, depth):
        text = element.get("text")
        if isinstance(text, str) and _text(element.get("type")) not in _QUOTED:
            yield text
        elif isinstance(text, dict) and isinstance(text.get("text"), str):
            yield text["text"]
        yield from _texts_in(_inside(element), depth + 1)


def _inside(element: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = []
    for key in ("elements", "fields"):
        value = element.get(key)
        found += value if isinstance(value, list) else []
    return found


def _objects(elements: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """The objects of a list, as deep as Slack nests them."""
    if isinstance(elements, list) and depth < 8:
        yield from (element for element in elements[:500] if isinstance(element, dict))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
