"""CalDAV: from an address to calendars and their events, whatever the server's habits; nothing asked twice."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from briefing.connector import Connector, Gone, Ignored, Mark, Skipped, Window
from briefing.contract import ConnectorContract
from briefing.demo.files_calendar import calendar
from briefing.demo.server.calendars import CalDavSite
from briefing.demo.world import World
from briefing.errors import AuthError, BadAnswer, MarkExpired, SourceError
from briefing.facts import Absence, Fact, Meeting, Person
from briefing.loopback import Fault, Loopback, Reply, Request, Site
from connectors.caldav import CalDav, may_go
from connectors.caldav_dav import multistatus
from connectors.ics import Ics
from connectors.ics_spans import span_of
from tests.connectors.reading import NOW, read, window, write_bytes
from tests.worlds import world_of

Things = list[Fact | Gone | Skipped | Ignored | Mark]


def world() -> World:
    return world_of(7, NOW.date())


def site(**settings: object) -> CalDavSite:
    return CalDavSite(world(), NOW.date(), **settings)  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(site()) as running:
        yield running


def connector(server: Loopback, path: str = "", **settings: object) -> CalDav:
    given = {"username": "maya", "password": "demo-caldav", **settings}
    return CalDav(source="dav", base_url=server.url + path, **given)  # type: ignore[arg-type]


def things(built: CalDav, scope: str = "Absences", mark: Mark | None = None, at: Window | None = None) -> Things:
    (stream,) = [stream for stream in built.streams(at or window()) if stream.scope == scope]
    return list(stream.read(at or window(), mark))


def scopes(built: CalDav) -> list[str]:
    return [stream.scope for stream in built.streams(window())]


# --- facts ---------------------------------------------------------------------------------------------------------


def test_a_calendar_on_a_server_states_what_the_exported_file_states(server: Loopback, tmp_path: Path) -> None:
    """But for where it stands, what it is called, and whole days at either end."""
    path = write_bytes(tmp_path / "maya.ics", calendar(world(), NOW.date()))
    file = read(Ics(source="dav", path=path, owner=world().people.reader.email), "maya.ics").facts
    name = world().people.reader.name
    web = {fact.ref.id: plain(fact) for fact in things(connector(server), name) if isinstance(fact, Meeting)}
    assert len(file) > 60
    for fact in file:
        assert isinstance(fact, Meeting)
        found = web.pop(f"maya/maya/{fact.ref.id}")
        assert found == plain(fact)
    span = span_of(window())
    assert all(not (span.start <= fact.starts < span.end) for fact in web.values())


def plain(fact: Meeting) -> Meeting:
    """Without where it stands."""
    return replace(fact, ref=replace(fact.ref, id="", where=""), calendar="")


def test_several_calendars_are_scopes_with_their_owners(server: Loopback) -> None:
    """The calendars of absences and of a colleague have other owners; the reader's address is the server's word."""
    built = connector(server)
    name = world().people.reader.name
    assert scopes(built) == ["Absences", "Janine Osei", name]
    theirs = [fact for fact in things(built, "Janine Osei") if isinstance(fact, Meeting)]
    assert {fact.calendar_owner for fact in theirs} == {None}
    (mine, *_) = (fact for fact in things(built, name) if isinstance(fact, Meeting))
    assert mine.calendar_owner == Person(email=world().people.reader.email)
    away = [fact for fact in things(built) if isinstance(fact, Absence)]
    assert away
    assert not any(isinstance(fact, Meeting) for fact in things(built))


def test_four_requests_and_no_more(server: Loopback) -> None:
    """Who, where, which, what."""
    built = connector(server)
    for stream in built.streams(window()):
        list(stream.read(window(), None))
    assert [line.split("?")[0] for line in server.lines()] == [
        "PROPFIND /", "PROPFIND /maya/", "PROPFIND /maya/", "REPORT /maya/absences/", "REPORT /maya/janine/", "REPORT /maya/maya/",
    ]  # fmt: skip
    asked = server.requests[-1].body.decode()
    assert 'start="20261018T220000Z"' in asked  # midnight in Berlin 31 days back: a day for times without a zone
    assert [request.headers["depth"] for request in server.requests] == ["0", "0", "1", "1", "1", "1"]


# --- finding the calendars -------------------------------------------------------------------------------------------


def test_one_calendars_own_address_is_enough(server: Loopback) -> None:
    assert scopes(connector(server, "/maya/absences/")) == ["Absences"]
    assert server.lines() == ["PROPFIND /maya/absences/"]


def test_a_page_in_front_leads_to_the_well_known_address() -> None:
    """The address of the web mail: PROPFIND is not understood there."""
    dav = site()

    def front(request: Request) -> Reply:
        inner = request.path.removeprefix("/dav")
        if request.path == "/.well-known/caldav":
            return Reply(status=301, headers=(("Location", "/dav/"),))
        if not request.path.startswith("/dav"):
            return Reply(status=405)
        return dav(replace(request, path=inner or "/", headers={**request.headers, "x-forwarded-prefix": "/dav"}))

    with Loopback(front) as server:
        assert len(scopes(connector(server))) == 3
        assert server.lines()[:3] == ["PROPFIND /", "PROPFIND /.well-known/caldav", "PROPFIND /dav/"]


def test_a_server_behind_a_proxy_names_itself_by_http(server: Loopback) -> None:
    """Whole addresses of the same host with another scheme or port are asked where base_url says."""

    def absolute(request: Request, reply: Reply) -> Reply:
        assert isinstance(reply.body, bytes)
        return replace(reply, body=reply.body.replace(b"<D:href>/", b"<D:href>http://127.0.0.1/"))

    with server.faulty(Fault(change=absolute)):
        assert len(scopes(connector(server))) == 3


@pytest.mark.parametrize(
    "href",
    [
        "https://other.example/maya/",
        "//other.example/maya/",
        "http://[/",
        "http://127.0.0.1:x/",
        "/a b",
        "/" + "a" * 9_000,
        "/\u2028\x7f",
    ],
)
def test_a_login_goes_to_no_other_host(server: Loopback, href: str) -> None:
    def elsewhere(request: Request, reply: Reply) -> Reply:
        assert isinstance(reply.body, bytes)
        return replace(
            reply,
            body=reply.body.replace(
                b"<D:href>/maya/</D:href></D:current", f"<D:href>{href}</D:href></D:current".encode()
            ),
        )

    with (
        server.faulty(Fault(change=elsewhere)),
        pytest.raises(BadAnswer, match=r"another host|address that is none") as found,
    ):
        scopes(connector(server))
    assert found.value.advice
    assert len(server.requests) == 1


def test_where_services_part_their_users() -> None:
    icloud = "https://caldav.icloud.com"
    assert may_go(icloud, "https://p42-caldav.icloud.com/1/calendars/")
    for url in (
        "http://p42-caldav.icloud.com/",
        "https://icloud.com.example/",
        "https://xicloud.com/",
        "https://p1.icloud.com:8443/",
    ):
        assert not may_go(icloud, url)
    assert not may_go("https://dav.example.com", "https://other.example.com/")


def test_only_the_named_calendars(server: Loopback) -> None:
    assert scopes(connector(server, calendars=["Absences"])) == ["Absences"]
    with pytest.raises(SourceError, match="has no calendar Work") as found:
        scopes(connector(server, calendars=["Work", "Absences"]))
    assert "there are Absences" in found.value.advice


def test_more_calendars_than_are_read_are_never_left_out_quietly(server: Loopback) -> None:
    def many(request: Request, reply: Reply) -> Reply:
        assert isinstance(reply.body, bytes)
        one = re.findall(rb"<D:response>(?:(?!</D:response>).)*<C:calendar/>.*?</D:response>", reply.body, re.DOTALL)
        more = [one[0].replace(b"</D:href>", b"%d/</D:href>" % n, 1) for n in range(100)] if one else []
        return replace(reply, body=reply.body.replace(b"</D:multistatus>", b"".join(more) + b"</D:multistatus>"))

    with server.faulty(Fault(change=many)):
        with pytest.raises(SourceError, match="shows 103 calendars, and at most 100 are read") as found:
            scopes(connector(server))
        assert "calendars" in found.value.advice
        assert scopes(connector(server, calendars=["Janine Osei"])) == ["Janine Osei"]


def changed(old: str, new: str, where: str = "") -> Fault:
    def change(request: Request, reply: Reply) -> Reply:
        return (
            replace(reply, body=reply.body.replace(old.encode(), new.encode()))
            if isinstance(reply.body, bytes)
            else reply
        )

    return Fault(change=change, where=where)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('<C:comp name="VEVENT"/>', '<C:comp name="VTODO"/>', None),
        ('<C:comp name="VEVENT"/>', '<C:comp name="VTODO"/><C:comp name="VEVENT"/>', 3),
        ('<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>', "", 3),
        ("<C:calendar/>", "<S:subscribed/>", None),
        ("</D:multistatus>", ("<D:response><D:href>/maya/gone/</D:href><D:status>HTTP/1.1 404 Not Found</D:status>"
         "</D:response></D:multistatus>"), 3),
    ],
)  # fmt: skip
def test_what_is_a_calendar_with_events(server: Loopback, old: str, new: str, expected: int | None) -> None:
    with server.faulty(changed(old, new)):
        if expected is None:
            with pytest.raises(SourceError, match="no calendar with events"):
                scopes(connector(server))
        else:
            assert len(scopes(connector(server))) == expected


def listed(href: str, inside: str) -> str:
    """One more place in the list of the calendars."""
    return f"<D:response><D:href>{href}</D:href>{inside}</D:response></D:multistatus>"


REFUSED_TYPE = "<D:propstat><D:prop><D:resourcetype/>{}</D:prop><D:status>HTTP/1.1 {}</D:status></D:propstat>"


@pytest.mark.parametrize(
    ("inside", "name", "why"),
    [
        ("<D:status>HTTP/1.1 403 Forbidden</D:status>", "team", "does not allow reading a calendar (403)"),
        ("<D:status>HTTP/1.1 500 Oops</D:status>", "team", "lists something there without saying what it is (500)"),
        ("<D:status>HTTP/1.1 507 Full</D:status>", "team", "lists something there without saying what it is (507)"),
        (REFUSED_TYPE.format("<D:displayname/>", "403 Forbidden"), "team", "does not allow reading a calendar (403)"),
        (REFUSED_TYPE.format("", "500 Oops") + "<D:propstat><D:prop><D:displayname>Team</D:displayname></D:prop>"
         "<D:status>HTTP/1.1 200 OK</D:status></D:propstat>", "Team", "(500)"),
        (REFUSED_TYPE.format("", "404 Not Found"), "", ""),  # it has no type: it is no calendar
        ("<D:status>HTTP/1.1 410 Gone</D:status>", "", ""),
    ],
)  # fmt: skip
def test_a_calendar_that_is_refused_in_the_list_is_a_gap_and_not_absent(
    server: Loopback, inside: str, name: str, why: str
) -> None:
    """Whatever stands there: nobody can tell, and the others are read."""
    with server.faulty(changed("</D:multistatus>", listed("/maya/team/", inside))):
        built = connector(server)
        others = ["Absences", "Janine Osei", world().people.reader.name]
        assert sorted(scopes(built)) == sorted([*others, *([name] if name else [])])
        assert any(isinstance(thing, Absence) for thing in things(built))
        if name:
            streams = {stream.scope: stream for stream in built.streams(window())}
            asked = len(server.requests)
            with pytest.raises(SourceError) as found:
                list(streams[name].read(window(), None))
            assert len(server.requests) == asked
            assert why in str(found.value)
            assert found.value.advice
            assert [finding.ok for finding in built.probe()] == [True, False]
            assert scopes(connector(server, calendars=["Absences"])) == ["Absences"]


def test_a_calendar_that_is_refused_later_keeps_its_scope(server: Loopback) -> None:
    """The list does not give its name then: it is known by the mark, and what was read of it stays behind its gap."""
    built = connector(server)
    marks = {
        stream.scope: thing
        for stream in built.streams(window()) for thing in stream.read(window(), None) if isinstance(thing, Mark)
    }  # fmt: skip
    told = rb"<D:response><D:href>/maya/absences/</D:href>.*?</D:response>"
    refused = b"<D:response><D:href>/maya/absences/</D:href><D:status>HTTP/1.1 403 Forbidden</D:status></D:response>"

    def change(request: Request, reply: Reply) -> Reply:
        assert isinstance(reply.body, bytes)
        return replace(reply, body=re.sub(told, refused, reply.body, flags=re.DOTALL))

    with server.faulty(Fault(change=change)):
        assert "absences" in scopes(built)  # as it is called by its address, where no mark says better
        streams = {stream.scope: stream for stream in built.streams_after(window(), marks)}
        with pytest.raises(AuthError, match="403"):
            list(streams["Absences"].read(window(), marks["Absences"]))
    assert sorted(streams) == sorted(marks)


def test_calendars_of_one_name_are_told_apart(server: Loopback) -> None:
    with server.faulty(changed(f">{world().people.reader.name}<", ">Absences<")):
        assert scopes(connector(server)) == ["Absences (absences)", "Janine Osei", "Absences (maya)"]


def test_a_name_is_hostile_text(server: Loopback) -> None:
    with server.faulty(changed(">Absences<", ">\u202eAbs&#10;ences&#9;\u200b<")):
        assert scopes(connector(server))[0] == "Abs ences"


# --- what cannot be read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("END:VEVENT", "", "cut in event 1"),
        ("DTSTART;VALUE=DATE:", "DTSTART;VALUE=DATE:x", "is not a date or time"),
        ("BEGIN:V", "BEGIN:X", "is not a calendar"),
        ("</D:multistatus>", ("<D:response><D:href>/maya/absences/</D:href><D:status>HTTP/1.1 507 Insufficient Storage"
         "</D:status></D:response></D:multistatus>"), "left out further events (507)"),
        ("</D:multistatus>", ("<D:response><D:href>/maya/absences/x.ics</D:href><D:status>HTTP/1.1 403 Forbidden"
         "</D:status></D:response></D:multistatus>"), "was not given (403)"),
        ("</D:multistatus>", ("<D:response><D:href>/maya/absences/x.ics</D:href><D:propstat><D:prop><C:calendar-data/>"
         "</D:prop><D:status>HTTP/1.1 403 Forbidden</D:status></D:propstat></D:response></D:multistatus>"),
         "was not given (403)"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_of_a_calendar_makes_it_partial(server: Loopback, old: str, new: str, why: str) -> None:
    """And is not gone on from: "as it was" would make it whole. Where the calendars lie is remembered."""
    with server.faulty(changed(old, new, "REPORT")):
        found = things(connector(server))
    skipped = [thing.why for thing in found if isinstance(thing, Skipped)]
    assert any(why in each for each in skipped)
    mark = found[-1]
    assert isinstance(mark, Mark)
    assert mark.so_far
    with pytest.raises(MarkExpired):
        things(connector(server), mark=mark)
    assert "REPORT" not in server.lines()[-1]


def test_a_calendar_may_say_that_it_is_no_event_of_itself(server: Loopback) -> None:
    extra = (
        "<D:response><D:href>/maya/absences/</D:href><D:propstat><D:prop><C:calendar-data/></D:prop>"
        "<D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response></D:multistatus>"
    )
    with server.faulty(changed("</D:multistatus>", extra, "REPORT")):
        assert not any(isinstance(thing, Skipped) for thing in things(connector(server)))


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<D:multistatus xmlns:D="DAV:"><D:response><D:href>&b;</D:href></D:response></D:multistatus>'
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (LAUGHS, "declares a document type"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "declares a document type"),
        ("<a>" * 200 + "</a>" * 200, "more elements"),
        ("<D:multistatus xmlns:D='DAV:'>", "is not XML"),
        ("", "is not XML"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "is not"),
        ("<html><body>Sign in</body></html>", "no multi-status"),
    ],
)
def test_hostile_answers_are_gaps(body: str, words: str) -> None:
    def hostile(request: Request) -> Reply:
        return Reply(status=207, headers=(("Content-Type", "application/xml"),), body=body.encode())

    with Loopback(hostile) as server, pytest.raises(BadAnswer, match=words) as found:
        scopes(connector(server))
    assert found.value.advice


def test_an_answer_says_status_by_property() -> None:
    (found,) = multistatus(
        b'<m:multistatus xmlns:m="DAV:"><m:response><m:href> /a </m:href>'
        b"<m:propstat><m:prop><m:displayname>A</m:displayname></m:prop><m:status>HTTP/1.1 200 OK</m:status></m:propstat>"
        b"<m:propstat><m:prop><m:owner/></m:prop><m:status>HTTP/1.1 404 Not Found</m:status></m:propstat>"
        b"<m:propstat><m:prop><m:getetag/></m:prop><m:status>nonsense</m:status></m:propstat>"
        b"</m:response></m:multistatus>"
    )
    assert (found.href, found.text("DAV: displayname")) == ("/a", "A")
    assert found.refused == {"DAV: owner": 404, "DAV: getetag": 0}


def test_a_refused_login_says_what_to_do(server: Loopback) -> None:
    for settings, cure in (
        ({"password": "wrong-1"}, "app password"),
        ({"username": "", "password": "", "token": "old-token"}, "new token"),
    ):
        with pytest.raises(AuthError, match="refused the login") as found:
            scopes(connector(server, **settings))
        assert cure in found.value.advice


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "dav.example.com"}, {"base_url": "https://a:b@dav.example.com"}, {"token": "t"}, {"calendars": "Work"},
        {"owner": "maya"}, {"username": "", "password": ""},
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(settings: dict[str, str]) -> None:
    given = {"base_url": "https://dav.example.com", "username": "maya", "password": "word", **settings}
    with pytest.raises(ValueError, match=r"^\w+: "):
        CalDav(source="dav", **given)  # type: ignore[arg-type]


def test_the_doctor_is_told_which_calendars_there_are(server: Loopback) -> None:
    (finding,) = connector(server).probe()
    assert finding.ok
    assert "Absences" in finding.what


def test_a_calendar_of_three_thousand_events() -> None:
    """With two hundred series: some seconds, and every one of them stated."""
    began = time.monotonic()
    single = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:{0}\nDTSTART:202611{1:02d}T{2:02d}0000Z\nDURATION:PT1H\n{3}SUMMARY:Talk {0}\nEND:VEVENT\nEND:VCALENDAR\n"
    series = "RRULE:FREQ=WEEKLY;COUNT=40\n"
    texts = [single.format(n, n % 28 + 1, n % 24, series if n % 15 == 0 else "") for n in range(3_000)]
    rows = "".join(
        f"<D:response><D:href>/maya/maya/{n}.ics</D:href><D:propstat><D:prop><C:calendar-data>{text}</C:calendar-data>"
        f"</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        for n, text in enumerate(texts)
    )
    body = f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{rows}</D:multistatus>'.encode()
    full = Fault(change=lambda _, __: Reply(status=207, body=body), where="REPORT")
    with Loopback(site()) as server, server.faulty(full):
        found = things(connector(server), world().people.reader.name)
    assert len([fact for fact in found if isinstance(fact, Meeting)]) > 3_000
    assert not [thing for thing in found if isinstance(thing, Skipped)]
    assert time.monotonic() - began < 20


class TestContract(ConnectorContract):
    """The fault pack on the wire."""

    lists = "PROPFIND"
    methods = ("PROPFIND", "REPORT")
    json = False

    def site(self) -> Site:
        return site(password=self.canary)

    def build(self, base_url: str) -> Connector:
        return CalDav(source=self.source, base_url=base_url, username="maya", password=self.canary)

    def window(self) -> Window:
        return window()

    def emptied(self) -> Fault:
        empty = Reply(status=207, body=b'<multistatus xmlns="DAV:"/>')
        return Fault(change=lambda request, reply: empty if request.method == "REPORT" else reply)
