"""The agency's calendars as they are published: by CalDAV, and each as an .ics at an address of its own.

CalDAV   /maya/  with the collections `maya` (the reader's), `absences` and `janine` (a colleague's, shared), one
         resource an event or series; what changed since a sync-token of the last weeks
.ics     /private-8c21f0/maya.ics, with ETag and Last-Modified; 304 where nothing changed

Both hold everything that is known on the morning, however long ago it was: nothing goes because time passes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property
from typing import Any, ClassVar
from xml.sax.saxutils import escape, quoteattr

from briefing.demo.days import moment, plus
from briefing.demo.events import Event
from briefing.demo.files_calendar import absences, written
from briefing.demo.server.pace import Pace, Wait
from briefing.demo.world import World
from briefing.loopback import Reply, Request, text_reply
from briefing.reading.xmltree import Element, NotXml, parse

D, C, CS = "DAV: ", "urn:ietf:params:xml:ns:caldav ", "http://calendarserver.org/ns/ "
SPACES = {D: "D", C: "C", CS: "S"}
HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:" '
    'xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/">'
)
NOT_VALID = '<?xml version="1.0" encoding="utf-8"?><D:error xmlns:D="DAV:"><D:valid-sync-token/></D:error>'
REMEMBERED = 28
"""Days of which a sync-token is taken."""

SECRET = "private-8c21f0"  # noqa: S105  (of the simulated agency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One event or series with its exceptions, as a calendar server keeps it."""

    name: str
    text: bytes

    @property
    def etag(self) -> str:
        """Changes with the text."""
        return f'"{hashlib.sha256(self.text).hexdigest()[:16]}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One calendar."""

    id: str
    name: str
    owner: str = "office"
    """Whose it is by the server's own word, where it is not the reader's."""

    resources: tuple[Resource, ...]

    @property
    def token(self) -> str:
        """Changes with any resource."""
        return hashlib.sha256("".join(one.name + one.etag for one in self.resources).encode()).hexdigest()[:20]


def known_on(world: World, morning: date) -> tuple[Event, ...]:
    """All events of the reader's that are in the calendar on a morning."""
    singles = (event for event in world.diary.singles if event.known is None or event.known < morning)
    return (*world.diary.series, *singles)


def calendar(world: World, morning: date) -> bytes:
    """The reader's calendar as a server keeps it."""
    reader = world.people.reader
    return written(f"{reader.first}'s calendar", known_on(world, morning), reader)


def collections_of(world: World, morning: date) -> tuple[Collection, ...]:
    """The reader's calendar, the one of absences, and a colleague's with what both of them go to, on a morning."""
    reader, janine = world.people.reader, world.people.staff_named("Janine")
    shared = [event for event in world.diary.series if any(guest == janine for guest, _ in event.guests)]
    return (
        Collection(id="maya", name=reader.name, resources=tuple(resources_in(calendar(world, morning)))),
        Collection(id="absences", name="Absences", resources=tuple(resources_in(absences(world, None)))),
        Collection(
            id="janine", name=janine.name, owner="janine",
            resources=tuple(resources_in(written(janine.name, shared, janine))),
        ),
    )  # fmt: skip


def resources_in(data: bytes) -> Iterator[Resource]:
    """An exported calendar cut into one text for each UID, without the name of the whole."""
    head, *events = re.split(rb"(?=BEGIN:VEVENT\r\n)", data.removesuffix(b"END:VCALENDAR\r\n"))
    head = re.sub(rb"X-WR-CALNAME:.*\r\n", b"", head)
    by_uid: dict[bytes, list[bytes]] = {}
    for event in events:
        named = re.search(rb"\nUID:(.*)\r\n", event)
        assert named is not None
        by_uid.setdefault(named[1], []).append(event)
    for uid, parts in by_uid.items():
        name = f"{hashlib.sha256(uid).hexdigest()[:16]}.ics"
        yield Resource(name=name, text=head + b"".join(parts) + b"END:VCALENDAR\r\n")


# --- .ics at an address --------------------------------------------------------------------------------------------


class IcsSite:
    """Two published calendars behind a secret address."""

    name: ClassVar[str] = "ics"
    pace: ClassVar[Pace] = Pace(waits=(Wait(seconds=0.3),))

    def __init__(self, world: World, morning: date) -> None:
        self.changed = moment(morning).astimezone(UTC) - timedelta(hours=9)
        self.files = {
            f"/{SECRET}/maya.ics": calendar(world, morning), f"/{SECRET}/absences.ics": absences(world, None),
        }  # fmt: skip

    @classmethod
    def source(cls, base_url: str) -> dict[str, str]:
        """What a configuration needs: the address of the calendar of absences."""
        return {"url": f"{base_url}/{SECRET}/absences.ics"}

    def __call__(self, request: Request) -> Reply:
        """A calendar, or that it is as it was."""
        data = self.files.get(request.path)
        if request.method not in {"GET", "HEAD"} or data is None:
            return text_reply("Not Found", status=404)
        etag, changed = f'"{hashlib.sha256(data).hexdigest()[:16]}"', format_datetime(self.changed, usegmt=True)
        told = (("ETag", etag), ("Last-Modified", changed))
        known = request.headers.get("if-none-match")
        if known == etag or (known is None and request.headers.get("if-modified-since") == changed):
            return Reply(status=304, headers=told)
        return Reply(headers=(("Content-Type", "text/calendar; charset=utf-8"), *told), body=data)


# --- CalDAV --------------------------------------------------------------------------------------------------------


class CalDavSite:
    """One account on a CalDAV server. Serves many threads; only reading is served."""

    name: ClassVar[str] = "caldav"
    pace: ClassVar[Pace] = Pace(waits=(Wait(seconds=0.15, where="PROPFIND"), Wait(seconds=0.4)), at_once=4)

    def __init__(
        self,
        world: World,
        morning: date,
        *,
        username: str = "maya",
        password: str = "demo-caldav",  # noqa: S107  (of the simulated agency)
        tokens: bool = True,
        changes: bool = True,
        texts_with_changes: bool = True,
    ) -> None:
        """`tokens` False: a server that tells neither sync-token nor ctag. `changes` False: one without RFC 6578, which
        tells a ctag. `texts_with_changes` False: one that names what changed and gives no events with it.
        """
        self.world, self.morning, self.tokens = world, morning, tokens
        self.changes, self.texts_with_changes = changes, texts_with_changes
        self.username = username
        self._login = base64.b64encode(f"{username}:{password}".encode()).decode()

    @classmethod
    def credentials(cls, settings: Mapping[str, Any]) -> dict[str, str]:
        """What a source needs besides the address."""
        known = {"username": "maya", "password": "demo-caldav"}
        return {**known, **{name: str(value) for name, value in settings.items() if name in known}}

    @cached_property
    def collections(self) -> tuple[Collection, ...]:
        """The calendars of this morning."""
        return collections_of(self.world, self.morning)

    def __call__(self, request: Request) -> Reply:
        """What a CalDAV server answers."""
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        if not hmac.compare_digest(given, self._login):
            return Reply(status=401, headers=(("WWW-Authenticate", 'Basic realm="calendars"'),))
        prefix = request.headers.get("x-forwarded-prefix", "")
        if request.path == "/.well-known/caldav":
            return Reply(status=301, headers=(("Location", f"{prefix}/"),))
        if request.method not in {"PROPFIND", "REPORT"}:
            return Reply(status=405, headers=(("Allow", "PROPFIND, REPORT"),))
        if "xml" not in request.headers.get("content-type", ""):
            return Reply(status=415)
        try:
            asked = parse(request.body)
        except NotXml:
            return Reply(status=400)
        try:
            found = self._found(request, asked, prefix)
        except LookupError:
            return Reply(status=403, body=NOT_VALID.encode())
        if found is None:
            return Reply(status=404)
        body = HEAD + "".join(found) + "</D:multistatus>"
        return Reply(status=207, headers=(("Content-Type", "application/xml; charset=utf-8"),), body=body.encode())

    def _found(self, request: Request, asked: Element, prefix: str) -> list[str] | None:
        parts = [part for part in request.path.split("/") if part]
        home = f"{prefix}/{self.username}/"
        collection = next((one for one in self.collections if parts[1:] == [one.id]), None)
        if parts and parts[0] != self.username:
            return None
        if request.method == "REPORT":
            return None if collection is None else list(self._report(f"{home}{collection.id}/", collection, asked))
        names = [child.name for prop in asked.all(f"{D}prop") for child in prop.children]
        if collection is not None:
            return [self._collection(home, collection, names)]
        if len(parts) > 1:
            return None
        place = "<D:collection/>" + ("<D:principal/>" if parts else "")
        first = _response(home if parts else f"{prefix}/", self._account(home, place, principal=bool(parts)), names)
        deeper = request.headers.get("depth") == "1" and bool(parts)
        return [first, *(self._collection(home, one, names) for one in self.collections if deeper)]

    def _account(self, home: str, place: str, *, principal: bool) -> dict[str, str]:
        told = {f"{D}resourcetype": place, f"{D}current-user-principal": f"<D:href>{home}</D:href>"}
        if principal:
            email = self.world.people.reader.email
            told |= {
                f"{C}calendar-home-set": f"<D:href>{home}</D:href>",
                f"{C}calendar-user-address-set": f"<D:href>mailto:{email}</D:href><D:href>{home}</D:href>",
                f"{D}displayname": escape(self.username),
            }  # fmt: skip
        return told

    def _collection(self, home: str, one: Collection, names: Iterable[str]) -> str:
        told = {
            f"{D}resourcetype": "<D:collection/><C:calendar/>", f"{D}displayname": escape(one.name),
            f"{D}owner": f"<D:href>{home if one.id == 'maya' else home.replace(self.username, one.owner)}</D:href>",
            f"{D}current-user-principal": f"<D:href>{home}</D:href>",
            f"{C}supported-calendar-component-set": '<C:comp name="VEVENT"/>',
        }  # fmt: skip
        if self.tokens:
            told |= {f"{CS}getctag": one.token} | ({f"{D}sync-token": sync_token(one)} if self.changes else {})
        return _response(f"{home}{one.id}/", told, names)

    def _report(self, base: str, one: Collection, asked: Element) -> Iterator[str]:
        """Events that touch the time asked for, of a series every one, as far as this server looks; or what changed
        since a token. Raises LookupError for a token of no calendar of the last weeks.
        """
        if asked.name == f"{D}sync-collection" and self.changes:
            yield from self._changes(base, one, asked.text_of(f"{D}sync-token"))
            return
        if asked.name != f"{C}calendar-query":
            return
        limits = asked.first(f"{C}filter", f"{C}comp-filter", f"{C}comp-filter", f"{C}time-range")
        stretch = limits.attributes if limits is not None else {}
        first, last = (_moment(stretch.get(name, "")) for name in ("start", "end"))
        for resource in one.resources:
            if _touches(resource.text, first, last):
                text = escape(resource.text.decode().replace("\r\n", "\n"))
                told = {f"{D}getetag": escape(resource.etag), f"{C}calendar-data": text}
                yield _response(base + resource.name, told, told)

    def _changes(self, base: str, one: Collection, token: str) -> Iterator[str]:
        """What is not as it was when the token was given: the resources that changed, and those that are gone."""
        before = self._at(one.id, token)
        now = {resource.name: resource for resource in one.resources}
        for name in sorted(now):
            if name not in before or before[name].etag != now[name].etag:
                told = {f"{D}getetag": escape(now[name].etag)}
                text = {f"{C}calendar-data": escape(now[name].text.decode().replace("\r\n", "\n"))}
                yield _response(
                    base + name, told | (text if self.texts_with_changes else {}), (f"{D}getetag", f"{C}calendar-data")
                )
        for name in sorted(before.keys() - now.keys()):
            href = f"<D:href>{escape(base + name)}</D:href>"
            yield f"<D:response>{href}<D:status>HTTP/1.1 404 Not Found</D:status></D:response>"
        yield f"<D:sync-token>{sync_token(one)}</D:sync-token>"

    def _at(self, id: str, token: str) -> Mapping[str, Resource]:
        """The resources of a calendar when a token was given. Raises LookupError for one that is too old, or none."""
        for days in range(REMEMBERED):
            past = collections_of(self.world, plus(self.morning, -days)) if days else self.collections
            one = next(each for each in past if each.id == id)
            if sync_token(one) == token:
                return {resource.name: resource for resource in one.resources}
        raise LookupError(token)


def sync_token(one: Collection) -> str:
    """What names the state of a calendar (RFC 6578)."""
    return f"urn:sync:{one.token}"


def _response(href: str, told: Mapping[str, str], names: Iterable[str]) -> str:
    """One place: what is known of what was asked, and what is not."""
    asked = list(names)
    known = "".join(_tag(name, told[name]) for name in asked if name in told)
    unknown = "".join(_tag(name, "") for name in asked if name not in told)
    parts = [(known, "200 OK"), (unknown, "404 Not Found")]
    stats = "".join(
        f"<D:propstat><D:prop>{props}</D:prop><D:status>HTTP/1.1 {status}</D:status></D:propstat>"
        for props, status in parts if props
    )  # fmt: skip
    return f"<D:response><D:href>{escape(href)}</D:href>{stats}</D:response>"


def _tag(name: str, inner: str) -> str:
    space, _, local = name.rpartition(" ")
    short = SPACES.get(f"{space} ")
    if short:
        return f"<{short}:{local}>{inner}</{short}:{local}>"
    return f"<x:{local} xmlns:x={quoteattr(space)}>{inner}</x:{local}>"


def _moment(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if text else None


def _touches(text: bytes, first: datetime | None, last: datetime | None) -> bool:
    """By the days an event names: a series always, a single one with a day to either side for its zone."""
    if b"\nRRULE:" in text or first is None or last is None:
        return True
    days = [
        datetime.strptime(day.decode(), "%Y%m%d").replace(tzinfo=UTC)
        for day in re.findall(rb"\nDT(?:START|END)[^:]*:(\d{8})", text)
    ]
    return bool(days) and min(days) - timedelta(days=1) < last and max(days) + timedelta(days=2) > first
