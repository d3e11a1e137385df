"""Text from outside, made safe to carry: the first thing every connector does with a title, name or excerpt."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

NAME, SUBJECT, EXCERPT = 80, 120, 500
"""Limits in characters for names, titles and subjects, and excerpts."""


def clean(text: str, limit: int = EXCERPT) -> str:
    r"""Text in one line: no control, format or bidirectional characters, white space folded, cut to a limit.

    Zero-width joiners of emoji go with the rest (Unicode categories C*): terminals, mails and Slack all can be fooled
    by them, and Rich lets escape sequences through.

    >>> clean("Acme \x1b[31mred\x1b[0m\u202e\nsite")
    'Acme [31mred[0m site'
    """
    kept = " ".join(text[: limit * 4].split())
    if not kept.isprintable():  # has characters of categories C*
        kept = " ".join("".join(c for c in kept if unicodedata.category(c)[0] != "C").split())
    return kept if len(kept) <= limit else kept[: limit - 1].rstrip() + "…"


@lru_cache(maxsize=16384)
def folded(text: str) -> str:
    """A name or heading for comparison only: NFKC, casefold, punctuation and spaces.

    >>> folded("ACME, GmbH.") == folded("Acme  GmbH")
    True
    >>> folded("Acme GmbH") == folded("Acme Ltd")
    False
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in text).split())
