"""The words of an HTML mail as lines, without what it quotes and what it hides.

Not by Python's `html.parser`: its time grows with the square of what is left open (64 KB of `<a ` take it two minutes
in 3.11). Here markup is cut into tags and words by one expression that never looks back.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

MOST_MARKUP = 512 * 1024
"""Characters of an HTML text that are looked at."""

_TAG = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9:]{0,30}|[!?])([^<>]*)>")
_ATTRIBUTE = re.compile(r"""\b(class|id|style)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_NOT_WORDS = ("<!--", "-->"), ("<style", "</style"), ("<script", "</script")
_LINES = frozenset("p div br tr li h1 h2 h3 h4 h5 h6 table ul ol pre hr section article header footer dd dt".split())
_SILENT = frozenset("blockquote style script title template svg noscript select textarea".split())
_VOID = frozenset("br img hr input meta link area base col embed source track wbr".split())
_QUOTES = re.compile(
    r"gmail_quote|yahoo_quoted|moz-cite|protonmail_quote|zmail_extra|OutlookMessageHeader", re.IGNORECASE
)
_QUOTE_IDS = re.compile(r"divRplyFwdMsg|appendonsend|reply-intro|mail-editor-reference", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt)?\s*(?:;|$)", re.IGNORECASE)


def words_of(markup: str) -> str:
    """The visible, unquoted words of an HTML text, in lines. Whatever the markup, this ends with text."""
    markup = _without_comments(markup[:MOST_MARKUP])
    reader = _Words()
    at = 0
    for found in _TAG.finditer(markup):
        reader.words(markup[at : found.start()])
        reader.tag(found[1], found[2])
        at = found.end()
    reader.words(markup[at:])
    lines = [re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(reader.pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_comments(markup: str) -> str:
    """Markup without comments, styles, scripts and its head: newsletters carry more of them than words."""
    low = markup.lower()
    if len(low) != len(markup):  # a few letters grow when lowered; places would not agree
        return markup
    for opening, closing in _NOT_WORDS:
        kept, at = [], 0
        while (begin := low.find(opening, at)) >= 0:
            stop = low.find(closing, begin)
            if stop < 0:
                break
            kept.append((at, begin))
            end = low.find(">", stop)
            at = len(low) if end < 0 else end + 1
        kept.append((at, len(low)))
        markup, low = ("".join(text[a:b] for a, b in kept) for text in (markup, low))
    return markup


class _Words:
    """Collects words; inside a quotation or something hidden it counts the depth of that tag until it is closed."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._within = ""
        self._depth = 0
        self._over = False
        self._preformatted = False

    def words(self, text: str) -> None:
        if text and not self._within and not self._over:
            text = html.unescape(text)
            self.pieces.append(text if self._preformatted else text.replace("\n", " "))

    def tag(self, name: str, attributes: str) -> None:
        name = name.lower()
        if self._over:
            return
        if name.startswith("/"):
            self._close(name[1:])
        elif self._within:
            self._depth += name == self._within
        else:
            self._open(name, {key.lower(): "".join(value) for key, *value in _ATTRIBUTE.findall(attributes)})

    def _open(self, name: str, values: Mapping[str, str]) -> None:
        if _QUOTE_IDS.search(values.get("id", "")):
            self._over = True  # Outlook opens no element around what it quotes
            return
        if name not in _VOID and (name in _SILENT or _is_aside(values)):
            self._within, self._depth = name, 1
        self._preformatted |= name == "pre"
        if name in _LINES or self._within:
            self.pieces.append("\n")

    def _close(self, name: str) -> None:
        if self._within:
            self._depth -= name == self._within
            if not self._depth:
                self._within = ""
        elif name in _LINES:
            self._preformatted &= name != "pre"
            self.pieces.append("\n")


def _is_aside(values: Mapping[str, str]) -> bool:
    """Whether an element holds a quotation, or what the reader does not see."""
    return bool(_QUOTES.search(values.get("class", "")) or _HIDDEN.search(values.get("style", "")))
