"""A calendar at an address: the same facts as from a file, nothing read twice, and an address that is never told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from briefing.connector import Connector, Gone, Ignored, Mark, Skipped, Stream, Window
from briefing.contract import ConnectorContract
from briefing.demo.files_calendar import calendar
from briefing.errors import AuthError, BadAnswer, MarkExpired, SourceError
from briefing.facts import Fact, Meeting
from briefing.log import redacted
from briefing.loopback import Fault, Loopback, Reply, Request, Site, redirect, text_reply
from connectors.ics import Ics
from connectors.ics_spans import MARGIN, span_of, whole_days, with_margin
from tests.connectors.reading import NOW, read, window, write_bytes
from tests.worlds import world_of

SECRET = "/calendar/private-5e9canary71/basic.ics"
EVENT = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:{uid}
DTSTART:20261120T090000Z
DTEND:20261120T100000Z
SUMMARY:{title}
END:VEVENT
END:VCALENDAR
"""


class Publisher:
    """A site that publishes one calendar, with or without validators."""

    def __init__(self, data: bytes, *, etag: str = '"1"', modified: str = "") -> None:
        self.data, self.etag, self.modified = data, etag, modified
        self.status, self.sent = 200, 0

    def __call__(self, request: Request) -> Reply:
        if request.path != SECRET:
            return text_reply("no", status=404)
        told = (("ETag", self.etag), ("Last-Modified", self.modified))
        headers = tuple((name, value) for name, value in told if value)
        same = bool(self.etag) and request.headers.get("if-none-match") == self.etag
        same |= bool(self.modified) and request.headers.get("if-modified-since") == self.modified
        if self.status == 200 and same:
            return Reply(status=304, headers=headers)
        self.sent += 1
        return Reply(status=self.status, headers=(("Content-Type", "text/calendar"), *headers), body=self.data)


@dataclass
class At:
    """A server, and how one stream of it reads."""

    server: Loopback
    site: Publisher

    def connector(self, *, name: str = "") -> Ics:
        return Ics(source="calendar", url=f"{self.server.url}{SECRET}", name=name)

    def stream(self) -> Stream:
        (stream,) = self.connector().streams(window())
        return stream

    def things(
        self, mark: Mark | None = None, at: Window | None = None
    ) -> list[Fact | Gone | Skipped | Ignored | Mark]:
        return list(self.stream().read(at or window(), mark))


def event(uid: str, title: str = "Review") -> bytes:
    return EVENT.format(uid=uid, title=title).encode()


@pytest.fixture
def at() -> Iterator[At]:
    site = Publisher(event("a"))
    with Loopback(site) as server:
        yield At(server, site)


# --- facts ---------------------------------------------------------------------------------------------------------


def test_an_address_states_what_the_file_states(at: At, tmp_path: Path) -> None:
    """But for where it stands; and what takes place to midnight and in the two weeks after."""
    at.site.data = calendar(world_of(7, NOW.date()), NOW.date())
    file = read(Ics(source="calendar", path=write_bytes(tmp_path / "maya.ics", at.site.data)), "maya.ics").facts
    web = [thing for thing in at.things() if isinstance(thing, Fact)]
    plain = {fact.ref.id: replace(fact, ref=replace(fact.ref, where="")) for fact in web if isinstance(fact, Meeting)}
    assert len(file) > 60
    for fact in file:
        assert isinstance(fact, Meeting)
        assert plain.pop(fact.ref.id) == replace(fact, ref=replace(fact.ref, where=""))
    span = span_of(window())
    assert all(not (span.start <= fact.starts < span.end) for fact in plain.values())
    reach = with_margin(whole_days(span))
    assert all(reach.start < fact.ends and fact.starts < reach.end for fact in plain.values())


def test_one_of_path_and_url() -> None:
    with pytest.raises(ValueError, match=r"path: is missing \(or url\)"):
        Ics(source="calendar")
    with pytest.raises(ValueError, match="give one of them"):
        Ics(source="calendar", path="a.ics", url="https://calendar.example/a.ics")


@pytest.mark.parametrize(
    "url", ["calendar.example/a.ics", "ftp://calendar.example/a", "https://", "https://a b/c", "https://[::1/a"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="is not an address") as refused:
        Ics(source="calendar", url=url)
    assert url == "https://" or url not in str(refused.value)


def test_webcal_is_https() -> None:
    from connectors.ics_feed import address_of

    assert address_of("webcal://calendar.example:8443/a.ics?x=1").base == "https://calendar.example:8443"
    found = address_of("https://maya:se%3Acret@calendar.example/a.ics")
    assert (found.base, found.login) == ("https://calendar.example", ("maya", "se:cret"))


def test_a_login_within_the_address_is_sent_as_basic(at: At) -> None:
    host = at.server.url.removeprefix("http://")
    connector = Ics(source="calendar", url=f"http://maya:canary-8f1@{host}{SECRET}")
    list(connector.streams(window())[0].read(window(), None))
    (asked,) = at.server.requests
    assert asked.headers["authorization"].startswith("Basic ")
    assert "canary-8f1" not in asked.line


# --- what was read stands --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("etag", "modified"), [('W/"7"', ""), ("", "Wed, 18 Nov 2026 20:00:00 GMT")])
def test_an_unchanged_calendar_yields_its_mark_and_nothing_else(at: At, etag: str, modified: str) -> None:
    at.site.etag, at.site.modified = etag, modified
    *facts, mark = at.things()
    assert len(facts) == 1
    assert isinstance(mark, Mark)
    assert at.things(mark, window(NOW + timedelta(hours=5))) == [mark]
    assert at.site.sent == 1


def test_a_changed_calendar_is_read_anew_and_fetched_once(at: At) -> None:
    """The mark is expired: what is no longer there would stay if the new facts were only added."""
    *_, mark = at.things()
    assert isinstance(mark, Mark)
    at.site.data, at.site.etag = event("b"), '"2"'
    stream = at.stream()
    with pytest.raises(MarkExpired):
        list(stream.read(window(), mark))
    fact, fresh = stream.read(window(), None)
    assert isinstance(fact, Meeting)
    assert (fact.uid, at.site.sent) == ("b", 2)
    assert list(stream.read(window(), fresh if isinstance(fresh, Mark) else None)) == [fresh]


def test_the_next_mornings_are_served_by_what_was_read(at: At) -> None:
    """Two weeks further than wanted: so long none of an unchanged calendar's bytes come again. Then it is read anew,
    because occurrences of the time wanted were never stated.
    """
    at.site.data = event("a").replace(b"SUMMARY", b"RRULE:FREQ=DAILY\r\nSUMMARY")
    *first, mark = at.things()
    assert isinstance(mark, Mark)
    for days in (1, 13, MARGIN // timedelta(days=1)):
        later = window(NOW + timedelta(days=days))
        assert at.things(mark, later) == [mark]
        wanted = {
            fact.ref.id for fact in at.things(at=later) if isinstance(fact, Meeting) and fact.starts < later.until
        }
        assert wanted <= {fact.ref.id for fact in first if isinstance(fact, Meeting)}
    before = len(at.server.requests)
    with pytest.raises(MarkExpired):
        at.things(mark, window(NOW + MARGIN + timedelta(days=1)))
    assert len(at.server.requests) == before  # no conditional request whose answer could not be used


def test_a_mark_is_of_one_zone(at: At) -> None:
    """Times without a zone are read in the reader's."""
    *_, mark = at.things()
    assert isinstance(mark, Mark)
    with pytest.raises(MarkExpired):
        at.things(mark, replace(window(), zone=ZoneInfo("Europe/Paris")))


def test_a_partial_reading_gives_no_mark(at: At) -> None:
    """Else "as it was" would make it whole."""
    at.site.data = event("a").replace(b"END:VCALENDAR", b"BEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT\r\nEND:VCALENDAR")
    *things, mark = at.things()
    assert [type(thing).__name__ for thing in things] == ["Meeting", "Skipped"]
    assert mark == Mark("", so_far=True)  # in place of an older one


def test_without_validators_there_is_no_mark(at: At) -> None:
    at.site.etag = ""
    assert [type(thing).__name__ for thing in at.things()] == ["Meeting"]


@pytest.mark.parametrize(
    "text",
    ["", "7", "null", "[]", '{"span": 3}', "{" * 3000, '{"etag": "\\"1\\""}',
     '{"etag": "1", "span": ["2026-01-01", "2027-01-01", "Europe/Berlin"]}', '{"etag": "1", "span": ["a", "b", "Europe"]}',
     '{"etag": "1", "span": ["2026-01-01T00:00+00:00", "2027-01-01T00:00+00:00", "No/Where"]}'],
)  # fmt: skip
def test_a_mark_that_is_none_is_expired(at: At, text: str) -> None:
    with pytest.raises(MarkExpired):
        at.things(Mark(text))


# --- refusals, and what they tell ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, AuthError, "refuses the calendar"), (403, AuthError, "refuses the calendar"),
        (404, SourceError, "has no calendar at that address"), (410, SourceError, "has no calendar at that address"),
        (204, BadAnswer, "answers 204"), (500, SourceError, "answers 500"), (304, BadAnswer, "answers 304"),
    ],
)  # fmt: skip
def test_a_refusal_tells_the_host_and_a_cure_and_no_address(
    at: At, status: int, kind: type[SourceError], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="briefing")
    at.site.status = status
    with pytest.raises(kind, match=words) as refused:
        at.things()
    assert refused.value.advice
    told = f"{refused.value} {refused.value.advice} {caplog.text}"
    assert "127.0.0.1" in told
    assert "canary" not in told


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"<!DOCTYPE html><title>Sign in</title>", "a web page"), (b"", "nothing"), (b"\x00\x01junk", "not a calendar")],
)
def test_what_is_no_calendar(at: At, body: bytes, words: str) -> None:
    at.site.data = body
    with pytest.raises(BadAnswer, match=words) as refused:
        at.things()
    assert refused.value.advice


def test_a_large_calendar_is_not_taken(at: At) -> None:
    at.site.data = event("a") + b"X" * 3_000_000
    connector = Ics(source="calendar", url=f"{at.server.url}{SECRET}", max_bytes=2_000_000)
    with pytest.raises(BadAnswer, match="more than"):
        list(connector.streams(window())[0].read(window(), None))


def test_a_redirect_elsewhere_is_not_followed(at: At) -> None:
    with at.server.faulty(redirect("https://other.example/canary.ics")), pytest.raises(BadAnswer) as refused:
        at.things()
    assert "other.example" in str(refused.value)
    assert "sources.calendar.url" in refused.value.advice
    assert "canary" not in f"{refused.value} {refused.value.advice}"


def test_an_address_is_a_secret_from_the_start(at: At) -> None:
    """Whoever prints it, and whichever part of it."""
    url = f"{at.server.url}{SECRET}?token=canary-77777"
    Ics(source="calendar", url=url)
    for text in (url, url.removeprefix("http://"), SECRET, "private-5e9canary71", "canary-77777"):
        assert "canary" not in redacted(f"failed at {text}")


def test_refs_and_places_do_not_name_it(at: At) -> None:
    connector = at.connector()
    (stream,) = connector.streams(window())
    told = repr(stream) + "".join(map(repr, stream.read(window(), None)))
    assert "canary" not in told
    assert stream.place == "127.0.0.1"
    assert at.connector(name="Maya").streams(window())[0].place == "Maya"


def test_the_doctor_is_told_what_is_there(at: At, tmp_path: Path) -> None:
    at.site.data = event("a") + event("b")
    (finding,) = at.connector(name="Maya").probe()
    assert finding.what == "Maya: 2 events and series."
    at.site.data = b"<html>"
    with pytest.raises(BadAnswer):
        list(at.connector().probe())
    path = write_bytes(tmp_path / "a.ics", event("a"))
    assert [one.what for one in Ics(source="calendar", path=path).probe()] == ["a.ics: 1 event and series."]


class TestContract(ConnectorContract):
    """The fault pack on the wire. Its secret is the login; that the path is one too is shown above."""

    json = False

    def site(self) -> Site:
        away = event("b", "Janine: vacation").replace(b"T090000Z", b"").replace(b"20T100000Z", b"21")
        return Publisher(event("a") + away)

    def build(self, base_url: str) -> Connector:
        return Ics(source=self.source, url=base_url.replace("//", f"//maya:{self.canary}@") + SECRET)

    def window(self) -> Window:
        return window()

    def emptied(self) -> Fault:
        return Fault(change=lambda _, __: Reply(body=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"))
