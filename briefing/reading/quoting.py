"""The newest words of a mail: without what it quotes, the signature and the phone's footer.

Words used throughout
  attribution   the line above a quotation: `On Thu, 19 Nov 2026 at 10:00, Ann wrote:`, in the languages seen in mail
  banner        what opens a quotation that has no marks: Outlook's block of fields, `-----Original Message-----`
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_CHARACTERS = 100_000
MOST_LINES = 2_000
"""What is looked at: the newest words stand on top, or between quotations of what they answer."""

ENOUGH = 1_000
"""Characters after which nothing more is looked for: two excerpts."""

_VERBS = (
    r"wrote|writes|schrieb|geschrieben|a écrit|schreef|geschreven|escribió|ha scritto|escreveu|skrev|napisał|napisała|"
    r"kirjoitti"
)
_ATTRIBUTION = re.compile(
    rf"^(?:on|am|le|op|el|il|em|den|dnia|w dniu|på)\b(?=.*\d).{{4,300}}?\b(?:{_VERBS})\b.{{0,200}}:$", re.IGNORECASE
)
_FIRST_WORDS = frozenset("on am le op el il em den dnia w på".split())
_SOMEBODY_WROTE = re.compile(rf"^\S.{{0,150}}\b(?:{_VERBS})\b.{{0,150}}:$|^quoting\b.{{1,200}}:$", re.IGNORECASE)
"""Without a date it is an attribution only above a marked quotation."""

_BANNER = re.compile(
    r"^[-_*\s>]*(?:original message|ursprüngliche nachricht|originalnachricht|message d'origine|message original|"
    r"oorspronkelijk bericht|messaggio originale|mensaje original|forwarded message|weitergeleitete nachricht|"
    r"message transféré|doorgestuurd bericht|begin forwarded message)[-_*:\s]*$",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"^\W{0,3}(?P<name>from|sent|date|to|cc|subject|reply-to|von|gesendet|datum|an|betreff|de|envoyé|objet|à|van|verzonden|"
    r"aan|onderwerp|para|enviado|asunto|assunto|da|inviato|a|oggetto|fra|från|skickat|till|ämne)\s?\*{0,2}:\*{0,2}(?:\s|$)",
    re.IGNORECASE,
)
_FIRST_FIELDS = frozenset({"from", "von", "de", "van", "da", "fra", "från"})
_RULE = re.compile(r"^[_=*-]{10,}$")
_SIGNATURE = re.compile(r"^--\s?$|^—\s?$")
_FOOTER = re.compile(
    r"^(?:sent (?:from|via|with) (?:my |outlook|yahoo|mobile|proton|samsung|iphone|mail)|get outlook for |"
    r"von meinem .{2,40} gesendet|gesendet (?:von|mit|über) |diese nachricht wurde von meinem |"
    r"envoyé (?:de mon|depuis|à partir)|verzonden (?:vanaf|met|via|vanuit) |enviado (?:desde|do) |inviato da|"
    r"skickat från|download outlook )",
    re.IGNORECASE,
)


def newest(text: str) -> str:
    r"""The newest words of a mail's text, in lines.

    >>> newest("Yes, Tuesday.\n\nOn Mon, 16 Nov 2026 at 09:00, Ann <ann@x.example> wrote:\n> Tuesday?\n")
    'Yes, Tuesday.'
    """
    lines = text[:MOST_CHARACTERS].splitlines()[:MOST_LINES]
    near_colon = {n - back for n, line in enumerate(lines) if line.rstrip()[-1:] == ":" for back in (0, 1, 2)}
    kept: list[str] = []
    at = characters = 0
    while at < len(lines) and characters < ENOUGH:
        line = lines[at].strip()
        if line[:1] == ">":
            at += 1
            continue
        stands_out = _stands_out(line)
        if stands_out and (_SIGNATURE.match(line) or _opens_quotation(lines, at)):
            break
        if line and at in near_colon and (length := _attribution(lines, at)):
            at += length
            if not _marked(lines, at):
                break  # a quotation without marks goes on to the end
            continue
        if not (stands_out and _FOOTER.match(line)):
            kept.append(line)
            characters += len(line)
        at += 1
    return "\n".join(kept).strip()


_MARKS = frozenset("-_=*>\N{EM DASH}")
_FOOTER_WORDS = ("sent", "get ", "von ", "gese", "dies", "envo", "verz", "envi", "invi", "skic", "down")


def _stands_out(line: str) -> bool:
    """Whether a line can be more than words: most are not, and are spared the expressions below."""
    return line[:1] in _MARKS or ":" in line or line[:4].lower().startswith(_FOOTER_WORDS)


def _opens_quotation(lines: Sequence[str], at: int) -> bool:
    """Whether everything from here on is an older mail."""
    line = lines[at].strip()
    if len(line) < 100 and _BANNER.match(line):
        return True
    if len(set(line)) == 1 and _RULE.match(line):  # above Outlook's fields, and above the footer of a mailing list
        return "_" in line or _is_field_block(lines, _next_words(lines, at + 1))
    return _is_field_block(lines, at)


def _is_field_block(lines: Sequence[str], at: int) -> bool:
    """Outlook's block: a line that says from whom, and at least two more fields directly below."""
    if at >= len(lines):
        return False
    first = _FIELD.match(lines[at].strip())
    if not first or first["name"].lower() not in _FIRST_FIELDS:
        return False
    below = [line.strip() for line in lines[at + 1 : at + 7] if line.strip()]
    return sum(1 for line in below[:4] if _FIELD.match(line)) >= 2


def _attribution(lines: Sequence[str], at: int) -> int:
    """How many lines an attribution takes from here; 0 where there is none. Mailers wrap it anywhere."""
    for length in (1, 2, 3):
        joined = " ".join(line.strip() for line in lines[at : at + length])
        if not joined or len(joined) > 500:
            return 0
        if joined.endswith(":") and _ATTRIBUTION.match(joined):
            return length
        if length < 3 and _SOMEBODY_WROTE.match(joined) and _marked(lines, at + length):
            return length
    return 0


def _marked(lines: Sequence[str], at: int) -> bool:
    """Whether the next words are quoted by marks."""
    at = _next_words(lines, at)
    return at < len(lines) and lines[at].lstrip().startswith(">")


def _next_words(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at
