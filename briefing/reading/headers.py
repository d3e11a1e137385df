"""Mail headers, read from bytes without a parser that raises.

Python's `email` raises AttributeError, IndexError, LookupError and ValueError on headers of real mail (groups without
an address, `Message-ID: <>`, unknown charsets), and its address parser recurses on nested comments. Here a header is
cut into fields by one expression and each value is read leniently: what cannot be read is empty, never an exception.

Words used throughout
  block   the header as bytes, up to the first empty line
  field   one `Name: value`, continuation lines included
"""

from __future__ import annotations

import binascii
import codecs
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from briefing.facts import Person
from briefing.reading.text import NAME, clean

HEADER_LIMIT = 256 * 1024
"""Bytes of a header that are looked at."""

MOST_ADDRESSES = 200
"""Addresses kept of one field: a mail to more people than that is a mailing, whoever is in it."""

MOST_CHARACTERS = 32 * 1024
"""Of one address field: room for these many; beyond, hostile punctuation would cost seconds."""

MOST_LINKS = 50
"""Ids kept of one mail's references: the oldest and the newest; clients themselves cut long chains."""

EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
"""Mail dated outside is dated wrongly: broken clocks say 1970, mailings say 2137 to stay on top."""

_LOOSE_NAME = re.compile(rb"\n([A-Za-z-]{2,40})[ \t]+:")
_FIELD = re.compile(rb"^[!-9;-~]{1,100}:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Headers:
    """One header. Fields are looked for by name when they are asked for: of forty, ten are ever needed."""

    block: bytes
    """Line ends as `\\n`, and one before the first field."""

    low: bytes
    """The same in lower case."""

    _texts: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    """What was asked for once is asked for again."""

    def raw(self, name: str) -> bytes:
        """The first field of a name, unread; empty where there is none."""
        mark = b"\n" + name.encode() + b":"
        at = self.low.find(mark)
        return self._value(at + len(mark)) if at >= 0 else b""

    def text(self, name: str) -> str:
        """The first field of a name on one line, encoded words not yet read."""
        text = self._texts.get(name)
        if text is None:
            text = self._texts[name] = unfolded(self.raw(name))
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """Every field of a name, each on one line; at most 100."""
        mark = b"\n" + name.encode() + b":"
        found: list[str] = []
        at = self.low.find(mark)
        while at >= 0 and len(found) < 100:
            found.append(unfolded(self._value(at + len(mark))))
            at = self.low.find(mark, at + len(mark))
        return tuple(found)

    def _value(self, start: int) -> bytes:
        """From a colon to the end of the field's last line."""
        end = self.block.find(b"\n", start)
        while end >= 0 and self.block[end + 1 : end + 2] in {b" ", b"\t"}:
            end = self.block.find(b"\n", end + 1)
        return self.block[start:end] if end >= 0 else self.block[start:]

    def __contains__(self, name: str) -> bool:
        return b"\n" + name.encode() + b":" in self.low

    def __bool__(self) -> bool:
        return _FIELD.search(self.low) is not None


def split(raw: bytes) -> tuple[bytes, int]:
    """The header block and where the body begins; a mail without an empty line is all header."""
    if raw[:1] == b"\n" or raw[:2] == b"\r\n":
        return b"", 1 if raw[:1] == b"\n" else 2
    end = raw.find(b"\n\n", 0, HEADER_LIMIT)
    other = raw.find(b"\n\r\n", 0, end if end >= 0 else HEADER_LIMIT)
    if other >= 0:
        return raw[:other], other + 3
    return (raw[:end], end + 2) if end >= 0 else (raw[:HEADER_LIMIT], len(raw))


def read_headers(block: bytes) -> Headers:
    """A block made ready to look fields up in."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    block = b"\n" + block
    if b" :" in block or b"\t:" in block:
        block = _LOOSE_NAME.sub(rb"\n\1:", block)  # RFC 822 allowed a space there
    return Headers(block, block.lower())


def unfolded(value: bytes) -> str:
    """A field's value on one line; 8-bit bytes as UTF-8 where they are, else as Latin-1."""
    value = value.strip()
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.replace("\n", " ") if "\n" in text else text


# --- encoded words (RFC 2047) and charsets --------------------------------------------------------------------------

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_COSTLY = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
"""Codecs of Python's that are no charset of mail; the first two take quadratic time."""


def decoded(value: bytes, charset: str) -> str:
    """Bytes in a charset that may be wrong, unknown or no charset at all: then UTF-8, then Windows-1252."""
    try:
        codec = codecs.lookup(charset.strip(" '\"")).name
        if codec not in _COSTLY and codec != "ascii":
            return value.decode(codec, "replace")
    except (LookupError, ValueError, UnicodeError):
        pass  # none, `DEFAULT_CHARSET`, `unknown-8bit`, `base64`: read on without
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_within_a_character = error.start >= len(value) - 3
        return value.decode("utf-8", "ignore") if cut_within_a_character else value.decode("cp1252", "replace")


def from_base64(value: bytes) -> bytes:
    """Lenient base64: what is not of its alphabet is passed over, a cut end dropped."""
    value = _NOT_BASE64.sub(b"", value)
    return binascii.a2b_base64(value[: len(value) - len(value) % 4] + _tail(value))


def _tail(value: bytes) -> bytes:
    rest = value[len(value) - len(value) % 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def decode_words(text: str) -> str:
    """Text with its encoded words read. Neighbours in one charset are joined first: senders cut within a character."""
    if "=?" not in text:
        return text
    out: list[str] = []
    run: list[bytes] = []
    charset, end = "", 0
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        name = found[1].partition("*")[0].lower()
        if run and (between.strip() or name != charset):
            out.append(decoded(b"".join(run), charset))
            run = []
        if between.strip() or not end:
            out.append(between)
        charset, end = name, found.end()
        run.append(_word_bytes(found[2], found[3]))
    out.append(decoded(b"".join(run), charset) if run else "")
    return "".join(out) + text[end:]


def _word_bytes(encoding: str, payload: str) -> bytes:
    raw = payload.encode("ascii", "ignore")
    return from_base64(raw) if encoding in "bB" else binascii.a2b_qp(raw, header=True)


# --- addresses ------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.){0,200})"|\(((?:[^()\\]|\\.){0,200})\)|<([^<>]*)>|([,;:])|([^",;:()<>]+)|.', re.DOTALL
)
_ADDRESS = re.compile(r"[^\s@<>\",;:()]{1,64}@[^\s@<>\"',;:()]{1,255}")
_OBSCURED = re.compile(r"^([\w.+-]{1,64}) at ([\w-]+(?:\.[\w-]+)+)$")


def addresses(value: str) -> tuple[Person, ...]:
    """Everybody an address field names, in its order; groups are opened, comments and garbage passed over.

    >>> [person.label for person in addresses('Team: "Ruiz, Dana" <Dana@x.example>, p@x.example; (none)')]
    ['Ruiz, Dana', 'p@x.example']
    """
    return _short(value) if len(value) < 400 else _addresses(value)


@lru_cache(maxsize=4096)
def _short(value: str) -> tuple[Person, ...]:
    """The same few people write nearly all mail: read once, held once."""
    return _addresses(value)


def _addresses(value: str) -> tuple[Person, ...]:
    people: list[Person] = []
    words: list[str] = []
    comment = angle = ""
    for token in _TOKEN.finditer(value[:MOST_CHARACTERS]):
        quoted, remark, inner, mark, plain = token.groups()
        if mark == ":" and not angle:
            words = []  # what stood before was a group's name, or `mailto`
        elif mark in {",", ";"}:
            people += _person(words, comment, angle)
            words, comment, angle = [], "", ""
        elif inner is not None:
            angle = inner
        elif quoted is not None:
            words.append(re.sub(r"\\(.)", r"\1", quoted))
        elif remark is not None:
            comment = remark
        elif plain and plain.strip():
            words.append(plain.strip())
        if len(people) >= MOST_ADDRESSES:
            break
    people += _person(words, comment, angle)
    return tuple(dict.fromkeys(people[:MOST_ADDRESSES]))


def _person(words: list[str], comment: str, angle: str) -> list[Person]:
    """The person of one entry, or nobody."""
    text = " ".join(words)
    email = email_in(angle) or ("" if angle else email_in(text))
    name = text if angle else comment if email else text
    name = clean(decode_words(name), NAME).strip(" '\"")
    if name.lower() == email:
        name = ""
    return [Person(name=name, email=email)] if name or email else []


def email_in(text: str) -> str:
    """The first address within a text, lower-case; empty where there is none."""
    if obscured := _OBSCURED.match(text.strip()):
        return f"{obscured[1]}@{obscured[2]}".lower()
    found = _ADDRESS.search(text)
    return _plain(found[0]).strip(".'").lower() if found else ""


def domain_of(email: str) -> str:
    """The domain of an address."""
    return email.rpartition("@")[2]


# --- dates ----------------------------------------------------------------------------------------------------------

_MONTHS = {name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "cet": 60, "mez": 60, "met": 60, "cest": 120, "mesz": 120,
    "bst": 60, "eet": 120, "eest": 180, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420, "jst": 540,
}  # fmt: skip
"""Minutes east of Greenwich of the zone names seen in mail (RFC 5322 section 4.3 and European habit)."""

_CLOCK = r"(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2}))?"
_OFFSET = r"([+-]\d{2}:?\d{2}|[A-Za-z]{1,5})?"
_RFC = re.compile(rf"(\d{{1,2}})[ \t-]+([A-Za-z]{{3}})[a-z]*\.?,?[ \t-]+(\d{{2,4}}),?[ \t]+{_CLOCK}[ \t]*{_OFFSET}")
_CTIME = re.compile(rf"([A-Za-z]{{3}})[a-z]*[ \t]+(\d{{1,2}})[ \t]+{_CLOCK}[ \t]+{_OFFSET}[ \t]*(\d{{4}})")
_ISO = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}})[ T]{_CLOCK}(?:\.\d+)?[ \t]*{_OFFSET}")


def read_date(text: str, zone: tzinfo) -> datetime | None:
    """A moment from a `Date` field, a `From ` line or the end of `Received`; None where there is none that can be true.

    Without an offset it is read in `zone`; `-0000` is UTC of a sender who does not tell his own (RFC 5322, 3.3).
    """
    text = text[:200]
    if found := _RFC.search(text):
        day, month, year, *clock, offset = found.groups()
    elif found := _CTIME.search(text):
        month, day, *clock, offset, year = found.groups()
    elif found := _ISO.search(text):
        year, month, day, *clock, offset = found.groups()
    else:
        return None
    number = int(month) if month.isdigit() else _MONTHS.get(month.lower(), 0)
    return _moment((_year(year), number, int(day)), [int(part or 0) for part in clock], _offset(offset, zone))


def _year(text: str) -> int:
    """Two and three digits by RFC 5322 section 4.3."""
    year = int(text)
    return year + (2000 if year < 50 else 1900) if year < 1000 else year


@lru_cache(maxsize=256)
def _offset(text: str | None, zone: tzinfo) -> tzinfo:
    if not text:
        return zone
    if text[0] not in "+-":
        minutes = _ZONES.get(text.lower())
        return zone if minutes is None else timezone(timedelta(minutes=minutes))
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    if minutes > 15 * 60:  # no zone lies further from Greenwich
        return zone
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _moment(day: tuple[int, int, int], clock: list[int], offset: tzinfo) -> datetime | None:
    if not EARLIEST_YEAR <= day[0] <= LATEST_YEAR:
        return None
    try:
        return datetime(*day, clock[0], clock[1], min(clock[2], 59), tzinfo=offset).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def sent_at(headers: Headers, zone: tzinfo, *, before: datetime | None = None) -> datetime | None:
    """When a mail was written: its `Date`, unless that is missing, absurd or later than its arrival by over a day.

    The topmost `Received` says when it arrived. A `Date` earlier than `before` is taken as it is: an arrival could make
    it earlier only. None where neither can be read.
    """
    stated = read_date(headers.text("date"), zone)
    if stated is not None and before is not None and stated < before:
        return stated
    received = read_date(headers.text("received").rpartition(";")[2], zone) if "received" in headers else None
    if stated is not None and (received is None or stated - received <= timedelta(days=1)):
        return stated
    return received


# --- ids ------------------------------------------------------------------------------------------------------------

_BRACKETED = re.compile(r"<([^<>]{1,1000})>")


def message_id(headers: Headers) -> str:
    """The Message-ID without its brackets; empty where there is none worth the name."""
    text = headers.text("message-id")
    found = _BRACKETED.search(text)
    return _plain_id(found[1] if found else text if " " not in text and "<" not in text else "")


def links(headers: Headers) -> tuple[str, ...]:
    """Ids of the mails this one answers, the thread's first mail first.

    Both fields are read: many clients fill only one. An address in angle brackets (`Your message, <ann@x>`) is no id.
    """
    found = [_plain_id(one) for one in _ids_in(headers.text("references"))]
    answered = [one for text in _ids_in(headers.text("in-reply-to")) if (one := _plain_id(text)) not in found]
    if answered:
        people = b" ".join(headers.raw(name) for name in ("from", "to", "cc", "reply-to", "sender")).lower()
        found += [one for one in answered if one.lower().encode("utf-8", "replace") not in people]
    unique = [one for one in dict.fromkeys(found) if one]
    return tuple(unique if len(unique) <= MOST_LINKS else unique[:5] + unique[5 - MOST_LINKS :])


def _ids_in(text: str) -> list[str]:
    found = _BRACKETED.findall(text)
    return found or [word for word in text.split() if "@" in word and word.count("@") == 1]


def _plain_id(text: str) -> str:
    return _plain(text)[:250]


def _plain(text: str) -> str:
    """Without white space and characters that do not print."""
    text = "".join(text.split())
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())
