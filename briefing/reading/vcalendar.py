"""The structure of iCalendar text (RFC 5545): calendars, their events line by line, and where a text was cut.

Nothing is understood here: an event is its own content lines, so that one that cannot be read costs itself and no
other. Folded lines are joined before they are decoded (a fold may lie inside a character), each line by itself is read
as UTF-8, else as Windows-1252 or Latin-1.
"""

from __future__ import annotations

import io
import quopri
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

LINE_BYTES = 32_768
"""A longer line (an attached file) is cut; lists of dates are kept whole."""

_NAME = re.compile(r"\s*(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)\s*(?=[;:])")
_PARAMETER = re.compile(r'\s*;\s*([A-Za-z0-9-]+)\s*(?:=\s*((?:"[^"]*"|[^";:])*))?')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CARET = re.compile(r"\^(['n^])")


class NotACalendar(ValueError):
    """The text holds neither a calendar nor an event."""


@dataclass(frozen=True, slots=True)
class Line:
    """One content line: `DTSTART;TZID=Europe/Berlin:20261119T090000`."""

    name: str
    """In capitals."""

    parameters: Mapping[str, str]
    """Names in capitals, values without quotes."""

    value: str
    """As it stands, still escaped."""

    @property
    def text(self) -> str:
        """The value of a text property, unescaped."""
        return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)


@dataclass(slots=True)
class Calendar:
    """What a calendar says of itself. Filled while its text is walked, complete afterwards."""

    properties: dict[str, Line] = field(default_factory=dict)
    """The first line of each name."""

    zones: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The lines of each VTIMEZONE, BEGIN and END included, by its TZID."""

    describes: bool = False
    """Some event in it has a description: then an event without one has none."""

    def text(self, name: str) -> str:
        """A text property, empty where there is none."""
        line = self.properties.get(name)
        return line.text.strip() if line else ""


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One VEVENT as it stands in a text."""

    calendar: Calendar
    number: int
    """Counted from 1 in its text."""

    line: int
    """The line of its BEGIN, from 1."""

    raw: tuple[bytes, ...]
    """Its own content lines, without those of alarms and other components inside it."""

    def lines(self, wanted: frozenset[bytes] | None = None) -> Iterator[Line]:
        """Its content lines, or only those of some names (in capitals); lines that are none are left out."""
        for raw in self.raw:
            if wanted is None or name_of(raw) in wanted:
                line = content_line(decoded(raw))
                if line is not None:
                    yield line


@dataclass(frozen=True, slots=True)
class Cut:
    """A text that ends, or goes on with something else, before it should."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Walked:
    """What a text holds."""

    events: tuple[Event, ...]
    cuts: tuple[Cut, ...] = ()


def looks_like_calendar(head: bytes) -> bool:
    """Whether a calendar begins within the first 1,024 bytes."""
    lines = as_utf8(head[:4096])[:1024].upper().splitlines()
    return any(line.strip() in (b"BEGIN:VCALENDAR", b"BEGIN:VEVENT") for line in lines)


def walk(data: bytes) -> Walked:
    """The events of a text, whole ones only, and where it was cut.

    Raises NotACalendar for a text without a calendar in it.
    """
    walker = _Walker()
    for number, raw in logical_lines(as_utf8(data)):
        walker.take(number, raw)
    walker.finish()
    if not walker.calendars:
        raise NotACalendar("is empty" if not data.strip() else "is not a calendar (no BEGIN:VCALENDAR in it)")
    return Walked(events=tuple(walker.events), cuts=tuple(walker.cuts))


class _Walker:
    """Follows BEGIN and END. Alarms and unknown components inside an event are stepped over."""

    def __init__(self) -> None:
        self.calendars: list[Calendar] = []
        self.events: list[Event] = []
        self.cuts: list[Cut] = []
        self.open: list[str] = []
        self.begun = 0
        self.line = 0
        self.own: list[bytes] = []
        self.zone: list[bytes] | None = None
        """The lines of the time zone that is open."""

    def take(self, number: int, raw: bytes) -> None:
        """One unfolded line."""
        word, _, what = raw.partition(b":")
        word = word.strip().upper()
        if word == b"BEGIN":
            self.begin(number, what.strip().upper().decode("ascii", "replace"))
        elif word == b"END":
            self.end(number, what.strip().upper().decode("ascii", "replace"))
        elif not self.open:
            return
        elif self.open[-1] == "VEVENT":
            self.own.append(raw)
        elif self.open[-1] == "VCALENDAR":
            line = content_line(decoded(raw))
            if line is not None:
                self.calendars[-1].properties.setdefault(line.name, line)
        if self.zone is not None:
            self.zone.append(raw)

    def begin(self, number: int, name: str) -> None:
        """A component opens. A calendar or an event that opens inside an event shows that the event was cut."""
        if name in ("VCALENDAR", "VEVENT") and "VEVENT" in self.open:
            self.cut_event(number)
        if name == "VCALENDAR" or (name == "VEVENT" and "VCALENDAR" not in self.open):
            if name == "VCALENDAR" and "VCALENDAR" in self.open:
                self.cuts.append(Cut(number, "a calendar begins before the one before it ended"))
                self.open.clear()
            self.calendars.append(Calendar())
        if name == "VEVENT":
            self.begun += 1
            self.line, self.own = number, []
        if name == "VTIMEZONE" and self.zone is None and self.calendars:
            self.zone = []
        self.open.append(name)

    def end(self, number: int, name: str) -> None:
        """A component closes, and with it what was left open inside it."""
        if name not in self.open:
            return
        if name == "VCALENDAR" and "VEVENT" in self.open:
            self.cut_event(number)
        while self.open.pop() != name:
            pass
        if name == "VEVENT":
            self.keep_event()
        elif name == "VTIMEZONE" and self.zone is not None:
            self.keep_zone(self.zone)

    def keep_event(self) -> None:
        """A whole event."""
        calendar = self.calendars[-1]
        calendar.describes = calendar.describes or any(name_of(raw) == b"DESCRIPTION" for raw in self.own)
        self.events.append(Event(calendar, self.begun, self.line, tuple(self.own)))

    def keep_zone(self, raw: Iterable[bytes]) -> None:
        """A time zone's definition, BEGIN and END included."""
        lines = tuple(decoded(line) for line in (*raw, b"END:VTIMEZONE"))
        self.zone = None
        names = (line.text.strip() for text in lines if (line := content_line(text)) and line.name == "TZID")
        self.calendars[-1].zones.setdefault(next(names, ""), lines)

    def cut_event(self, number: int) -> None:
        """The event that is open was not ended."""
        self.cuts.append(Cut(number, f"cut in event {self.begun} (line {self.line}): it has no END:VEVENT"))
        while self.open.pop() != "VEVENT":
            pass

    def finish(self) -> None:
        """The text is over."""
        if "VEVENT" in self.open:
            self.cut_event(self.line)
        elif "VCALENDAR" in self.open:
            after = f"after event {self.begun}" if self.begun else "before any event"
            self.cuts.append(Cut(self.line, f"cut {after}: it has no END:VCALENDAR"))


def as_utf8(data: bytes) -> bytes:
    """The bytes without a byte order mark, UTF-16 turned into UTF-8."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[2:].decode(encoding, "replace").encode()
    for start, encoding in ((b"B\0E\0", "utf-16-le"), (b"\0B\0E", "utf-16-be")):
        if data.startswith(start):
            return data.decode(encoding, "replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def logical_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Unfolded lines, each with the number of its first physical line.

    A line that begins with a space or tab continues the one before (RFC 5545, 3.1); so does the line after a
    quoted-printable one that ends with "=" (vCalendar 1.0).
    """
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    number, printable = 0, False
    parts: list[bytes] = []
    for at, physical in enumerate(io.BytesIO(data), start=1):
        raw = physical.rstrip(b"\r\n")
        if parts and (raw[:1] in (b" ", b"\t") or printable):
            parts.append(raw if printable else raw[1:])
        elif not raw.strip():
            continue
        else:
            if parts:
                yield number, limited(parts)
            number, parts = at, [raw]
            printable = b"QUOTED-PRINTABLE" in raw.upper()
        if printable:
            printable = raw.endswith(b"=")
            parts[-1] = parts[-1].removesuffix(b"=") if printable else parts[-1]
    if parts:
        yield number, limited(parts)


def limited(parts: Iterable[bytes]) -> bytes:
    """A joined line, cut where it is longer than anything we read."""
    line = b"".join(parts)
    return line if len(line) <= LINE_BYTES or name_of(line) in (b"RDATE", b"EXDATE") else line[:LINE_BYTES]


def name_of(raw: bytes) -> bytes:
    """The property's name, in capitals, without parsing the line."""
    return raw.partition(b":")[0].partition(b";")[0].strip().upper()


def decoded(raw: bytes) -> str:
    """Text of one line: UTF-8, else Windows-1252, else Latin-1."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def content_line(text: str) -> Line | None:
    r"""A content line in its parts; None where the text is none.

    A parameter that breaks the rules (quotes inside, a colon outside quotes) costs the parameters after it, not the
    line: the value begins after the next colon.

    >>> content_line('ATTENDEE;CN="Ruiz; Dana";PARTSTAT=ACCEPTED:mailto:dana@northwind.example').parameters
    {'CN': 'Ruiz; Dana', 'PARTSTAT': 'ACCEPTED'}
    """
    name = _NAME.match(text)
    if name is None:
        return None
    at = name.end()
    parameters: dict[str, str] = {}
    while (found := _PARAMETER.match(text, at)) and found.end() > at:
        value = _CARET.sub(lambda mark: {"'": '"', "n": " ", "^": "^"}[mark[1]], (found[2] or "").replace('"', ""))
        parameters.setdefault(found[1].upper(), value.strip())
        at = found.end()
    colon = text.find(":", at)
    if colon < 0:
        return None
    value = text[colon + 1 :]
    if "QUOTED-PRINTABLE" in parameters or parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        value = decoded(quopri.decodestring(value.encode("utf-8", "replace")))
    return Line(name[1].upper(), parameters, value)
