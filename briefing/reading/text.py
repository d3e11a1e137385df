"""Text from outside, made safe to carry: the first thing every connector does with a title, name or excerpt."""

from __future__ import annotations

import re
import unicodedata

NAME, SUBJECT, EXCERPT = 80, 120, 500
"""Limits in characters for names, titles and subjects, and excerpts."""


def clean(text: str, limit: int = EXCERPT) -> str:
    r"""Text in one line: no control, format or bidirectional characters, white space folded, cut to a limit.

    Zero-width joiners of emoji go with the rest (Unicode categories C*): terminals, mails and Slack all can be fooled
    by them, and Rich lets escape sequences through.

    >>> clean("Acme \x1b[31mred\x1b[0m\u202e\nsite")
    'Acme [31mred[0m site'
    """
    text = text[: limit * 4]
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    kept = re.sub(r"\s+", " ", kept).strip()
    return kept if len(kept) <= limit else kept[: limit - 1].rstrip() + "…"
