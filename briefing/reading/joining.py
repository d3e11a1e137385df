"""Where to join a meeting, and whether its description says anything besides."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

MOST = 500
"""Characters of a link; longer ones are no links to a meeting."""

HOSTS = (
    "zoom.us zoomgov.com meet.google.com teams.microsoft.com teams.live.com webex.com whereby.com gotomeeting.com "
    "meet.goto.com bluejeans.com meet.jit.si 8x8.vc chime.aws v.ringcentral.com facetime.apple.com"
).split()
"""Hosts whose links lead into a meeting; a subdomain counts (`us02web.zoom.us`)."""

_URL = re.compile(r"https://[^\s<>\"'\\]+", re.IGNORECASE)
_FENCES = (
    re.compile(r"-::~[:~-]*::-.*?(?:-::~[:~-]*::-|\Z)", re.DOTALL),  # Google puts its join block between two such lines
    re.compile(r"_{10,}(?=.{0,400}?(?:teams|webex|zoom)).*?(?:_{10,}|\Z)", re.DOTALL | re.IGNORECASE),
)
_BOILERPLATE = re.compile(
    r"\b(?:inviting you to a|join (?:with|the|on|zoom|microsoft|webex|google|by|from|via|meeting|online|hangouts)|"
    r"to join|click here to join|(?:meeting|conference|webinar|access|phone) (?:id|number|code|key|password|link)\b|"
    r"pass(?:code|word)|\bpin\b|one tap mobile|dial(?:-| )?in|dial by|find (?:your|a) local number|toll|"
    r"more phone numbers|learn more|meeting options|need help|this event has a video call|view your event|"
    r"please do not edit this section|system reference|zoom meeting|teams meeting)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]{0,2000}>")


def meeting_link(texts: Iterable[str]) -> str:
    """The first link in some texts whose host is known for meetings; empty where there is none."""
    for text in texts:
        for found in _URL.finditer(text[:20_000]):
            url = https(found[0].rstrip(".,;:)>]"))
            host = (urlsplit(url).hostname or "") if url else ""
            if any(host == known or host.endswith("." + known) for known in HOSTS):
                return url
    return ""


def https(text: str) -> str:
    """A link that may be printed: https, a host, nobody's name in front of it, no white space. Empty for any other.

    >>> https("https://meet.google.com/abc"), https("http://meet.google.com/abc"), https("https://zoom.us@evil.example/")
    ('https://meet.google.com/abc', '', '')
    """
    text = text.strip()
    if len(text) > MOST or not text.isascii() or not text.isprintable() or re.search(r"[\s<>\"'\\`|^{}]", text):
        return ""
    try:
        parts = urlsplit(text)
        plain = parts.scheme.lower() == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return ""
    return text if plain else ""


def says_something(description: str) -> bool:
    """Whether a description says what the meeting is about, beyond how to join it.

    >>> says_something("Join with Google Meet: https://meet.google.com/abc-defg-hij"), says_something("Budget and plan")
    (False, True)
    """
    text = html.unescape(_TAG.sub("\n", description[:20_000]))
    for fence in _FENCES:
        text = fence.sub("\n", text)
    kept = (line for line in text.splitlines() if not _BOILERPLATE.search(line))
    letters = sum(character.isalpha() for line in kept for character in _URL.sub("", line))
    return letters >= 8
