"""WebDAV as far as calendars need it: what is asked, and what a multi-status answers (RFC 4918, 4791, 5397, 6578)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from xml.sax.saxutils import escape

from briefing.reading.recurrence import Span
from briefing.reading.xmltree import Element, NotXml, parse

D, C, CS = "DAV: ", "urn:ietf:params:xml:ns:caldav ", "http://calendarserver.org/ns/ "
_SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"'
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'

ABOUT = (
    "D:resourcetype D:displayname D:owner D:current-user-principal D:sync-token C:calendar-home-set "
    "C:calendar-user-address-set C:supported-calendar-component-set S:getctag"
)
"""Everything that is ever asked about a place: one question finds a calendar, a home, a principal, or who one is."""

FLOATING = timedelta(days=1)
"""Servers read times without a zone in their own: asked for this much more, cut to the span by ourselves."""


def propfind() -> bytes:
    """What a place is."""
    names = "".join(f"<{name}/>" for name in ABOUT.split())
    return f"{_HEAD}<D:propfind {_SPACES}><D:prop>{names}</D:prop></D:propfind>".encode()


def calendar_query(span: Span) -> bytes:
    """Every event that touches a stretch of time, whole series included."""
    start, end = (f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in _wider(span))
    return (
        f"{_HEAD}<C:calendar-query {_SPACES}><D:prop><D:getetag/><C:calendar-data/></D:prop><C:filter><C:comp-filter "
        f'name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="{start}" end="{end}"/></C:comp-filter>'
        f"</C:comp-filter></C:filter></C:calendar-query>"
    ).encode()


def sync_collection(token: str) -> bytes:
    """What came, changed and went since a token (RFC 6578), events with their texts."""
    return (
        f"{_HEAD}<D:sync-collection {_SPACES}><D:sync-token>{escape(token)}</D:sync-token><D:sync-level>1"
        f"</D:sync-level><D:prop><D:getetag/><C:calendar-data/></D:prop></D:sync-collection>"
    ).encode()


def _wider(span: Span) -> tuple[datetime, datetime]:
    return span.start - FLOATING, span.end + FLOATING


@dataclass(frozen=True, slots=True)
class Resource:
    """What an answer says of one place."""

    href: str
    status: int
    """Of the place itself, where it has one in place of properties; else 0."""

    properties: Mapping[str, Element]
    """Those that were given."""

    refused: Mapping[str, int]
    """Status of those that were not."""

    def is_a(self, type: str) -> bool:
        """Whether its resourcetype names a type."""
        found = self.properties.get(f"{D}resourcetype")
        return found is not None and found.first(type) is not None

    def text(self, name: str) -> str:
        """A property's text; empty where it was not given."""
        return self.properties[name].text if name in self.properties else ""

    def hrefs(self, name: str) -> list[Element]:
        """The addresses in a property."""
        return [href for href in self.properties[name].all(f"{D}href") if href.text] if name in self.properties else []

    def href_in(self, name: str) -> str:
        """The first address in a property; empty where there is none."""
        return next((href.text for href in self.hrefs(name)), "")

    @property
    def holds_events(self) -> bool:
        """Whether it is a calendar with events in it; one that does not say is taken for one."""
        kinds = self.properties.get(f"{C}supported-calendar-component-set")
        named = {part.attributes.get("name", "").upper() for part in kinds.all(f"{C}comp")} if kinds else set()
        return self.is_a(f"{C}calendar") and (not named or "VEVENT" in named)

    @property
    def withheld(self) -> int:
        """The status with which a server keeps to itself what it is; 0 where it says so, and where nothing is there."""
        status = self.status if self.status >= 300 else self.refused.get(f"{D}resourcetype", 0)
        return 0 if status < 300 or status in {404, 410} else status


def multistatus(data: bytes) -> list[Resource]:
    """The places that an answer tells of. Raises NotXml."""
    return changes_in(data)[0]


def changes_in(data: bytes) -> tuple[list[Resource], str]:
    """The same, and the token that names the state after these changes; empty where the answer has none."""
    root = parse(data)
    if root.name != f"{D}multistatus":
        raise NotXml("is no multi-status answer")
    return [_resource(response) for response in root.all(f"{D}response")], root.text_of(f"{D}sync-token")


def _resource(response: Element) -> Resource:
    given: dict[str, Element] = {}
    refused: dict[str, int] = {}
    for propstat in response.all(f"{D}propstat"):
        status = _status(propstat.text_of(f"{D}status"))
        for prop in propstat.all(f"{D}prop"):
            for child in prop.children:
                if 200 <= status < 300:
                    given[child.name] = child
                else:
                    refused[child.name] = status
    return Resource(response.text_of(f"{D}href"), _status(response.text_of(f"{D}status")), given, refused)


def _status(line: str) -> int:
    """`HTTP/1.1 200 OK`; 0 for what is none."""
    found = re.match(r"HTTP/\S{1,9} (\d{3})(?:\s|$)", line)
    return int(found[1]) if found else 0


def addresses_of(principal: Resource) -> Iterator[str]:
    """The mail addresses of who is logged in, the preferred one first."""
    hrefs = principal.hrefs(f"{C}calendar-user-address-set")
    for href in sorted(hrefs, key=lambda href: href.attributes.get("preferred") != "1"):
        if href.text[:7].lower() == "mailto:":
            yield unquote(href.text[7:])
