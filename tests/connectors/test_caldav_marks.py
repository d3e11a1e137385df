"""CalDAV from morning to morning: one question where nothing changed, and never other facts than a reading anew states."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from briefing.collect import Source, collect
from briefing.connector import Mark, Stream
from briefing.contract.rig import PATIENT, short
from briefing.demo.server.calendars import CalDavSite, Collection, Resource, sync_token
from briefing.demo.world import World
from briefing.errors import MarkExpired
from briefing.facts import Fact, Meeting
from briefing.loopback import Loopback, Reply, Request
from briefing.store.sqlite import SqliteStore
from connectors.caldav import CalDav
from connectors.caldav_marks import STANDS, account_in, kept_in, uids_in
from connectors.ics_spans import MARGIN
from tests.connectors.reading import NOW, window
from tests.worlds import world_of

DAY = timedelta(days=1)


def world() -> World:
    return world_of(7, NOW.date())


class Server(CalDavSite):
    """The demo's site with calendars of a test's own, kept in all states they had."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(world(), NOW.date(), **settings)
        self.texts: dict[str, bytes] = {}
        self.states: dict[str, Mapping[str, Resource]] = {}
        self.rewrite: Callable[[Request, Reply], Reply] = lambda _, reply: reply

    @property
    def collections(self) -> tuple[Collection, ...]:
        """One calendar that changes and one that does not."""
        mine = Collection(
            id="maya", name="Mine", resources=tuple(Resource(name=n, text=t) for n, t in sorted(self.texts.items()))
        )
        still = Collection(id="still", name="Still", resources=(Resource(name="s.ics", text=event("still")),))
        self.states[sync_token(mine)] = {one.name: one for one in mine.resources}
        self.states[sync_token(still)] = {one.name: one for one in still.resources}
        return (mine, still)

    def _at(self, id: str, token: str) -> Mapping[str, Resource]:
        return self.states[token]

    def __call__(self, request: Request) -> Reply:
        return self.rewrite(request, super().__call__(request))


def event(uid: str, day: int = 0, *, extra: str = "", title: str = "Review", calendar: str = "") -> bytes:
    """One resource with one event, so many days after the morning."""
    start = NOW + day * DAY
    return (
        f"BEGIN:VCALENDAR\r\n{calendar}BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:{start:%Y%m%dT090000Z}\r\n"
        f"DTEND:{start:%Y%m%dT100000Z}\r\nSUMMARY:{title}\r\n{extra}END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


@dataclass
class Account:
    """A server, and what a workspace's store holds of it."""

    site: Server
    server: Loopback
    store: SqliteStore
    settings: dict[str, Any] = field(default_factory=dict)

    def connector(self) -> CalDav:
        """As a new process builds it."""
        return CalDav(source="dav", base_url=self.server.url, username="maya", password="demo-caldav", **self.settings)

    def collected(self, days: float = 0) -> dict[str, Fact]:
        """Collect on a morning: what the store then holds by id."""
        at = NOW + days * DAY
        collect(
            [Source(name="dav", connector=self.connector(), bound_to="1")], self.store, window(at), clock=lambda: at
        )
        snapshot = self.store.snapshot(at)
        self.status = {
            record.key.scope: record.latest.status if record.latest else "" for record in snapshot.streams
        }  # fmt: skip
        self.problems = [listing.problem for listing in snapshot.listings]
        return {fact.ref.id: fact for fact in snapshot.facts}

    def asked(self, since: int) -> list[str]:
        """What came since a request: method and path, `changes` for a sync-collection."""
        return [
            "changes" if b"sync-collection" in one.body else one.line.split("?")[0]
            for one in self.server.requests[since:]
        ]

    def morning(self, days: float) -> tuple[list[str], dict[str, Fact]]:
        """The requests of a morning's collect, and what the store then holds."""
        before = len(self.server.requests)
        held = self.collected(days)
        return self.asked(before), held

    def anew(self, days: float) -> dict[str, Fact]:
        """What a reading without marks states."""
        at = window(NOW + days * DAY)
        return {
            thing.ref.id: thing
            for stream in self.connector().streams(at)
            for thing in stream.read(at, None)
            if isinstance(thing, Fact)
        }


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    site, store = Server(), SqliteStore(tmp_path / "readings.sqlite")
    site.texts = {"a.ics": event("a", 1), "b.ics": event("b", 2), "w.ics": event("w", extra="RRULE:FREQ=DAILY\r\n")}
    with short(PATIENT), Loopback(site) as server:
        yield Account(site, server, store)
    store.close()


HOME = "PROPFIND /maya/"
FIRST = ["PROPFIND /", HOME, HOME, "REPORT /maya/maya/", "REPORT /maya/still/"]


# --- how little is asked ---------------------------------------------------------------------------------------------


def test_where_nothing_changed_one_request_says_so(account: Account) -> None:
    """However many calendars there are, and on the next mornings too; what was read stands whole and fresh."""
    asked, held = account.morning(0)
    assert sorted(asked) == sorted(FIRST)
    for days in (0.1, 1, 7, 13):
        assert account.morning(days) == ([HOME], held)
        assert account.status == {"Mine": "whole", "Still": "whole"}


def test_of_a_changed_calendar_the_changes_are_asked_for(account: Account) -> None:
    before = account.collected(0)
    account.site.texts |= {"c.ics": event("c", 3), "a.ics": event("a", 4)}
    del account.site.texts["b.ics"]
    asked, held = account.morning(1)
    assert asked == [HOME, "changes"]
    assert held == {**account.anew(0)}
    assert set(before) - set(held) == {"maya/maya/b"}
    assert set(held) - set(before) == {"maya/maya/c"}
    assert held["maya/maya/a"] != before["maya/maya/a"]
    assert account.morning(2) == ([HOME], held)


def test_when_the_stretch_of_time_is_over_all_is_read_anew(account: Account) -> None:
    """A series goes on in it. And where the calendars lie is asked again."""
    account.collected(0)
    days = MARGIN // DAY + 1
    asked, held = account.morning(days)
    assert STANDS == MARGIN
    assert sorted(asked) == sorted(FIRST)
    assert held == account.anew(days)
    assert max(fact.starts for fact in held.values() if isinstance(fact, Meeting)) > NOW + (30 + days) * DAY


def test_with_a_ctag_alone_a_changed_calendar_is_read_whole(account: Account) -> None:
    account.site.changes = False
    account.collected(0)
    assert account.morning(1)[0] == [HOME]
    del account.site.texts["b.ics"]
    asked, held = account.morning(2)
    assert asked == [HOME, "REPORT /maya/maya/"]
    assert held == account.anew(2)


def test_without_tokens_each_calendar_is_read_and_none_is_looked_for(account: Account) -> None:
    account.site.tokens = False
    account.collected(0)
    del account.site.texts["b.ics"]
    asked, held = account.morning(1)
    assert sorted(asked) == sorted([HOME, "REPORT /maya/maya/", "REPORT /maya/still/"])
    assert held == account.anew(1)


def test_one_calendars_own_address_takes_one_request_anyway(account: Account) -> None:
    site, server = account.site, account.server
    built = CalDav(source="dav", base_url=f"{server.url}/maya/maya/", username="maya", password="demo-caldav")
    (stream,) = built.streams(window())
    *_, mark = stream.read(window(), None)
    assert isinstance(mark, Mark)
    before = len(server.requests)
    (again,) = built.streams_after(window(), {"Mine": mark})
    assert list(again.read(window(), mark)) == [mark]
    assert account.asked(before) == ["PROPFIND /maya/maya/"]
    site.tokens = False
    assert not [thing for thing in built.streams(window())[0].read(window(), None) if isinstance(thing, Mark)]


# --- never other facts than a reading anew ---------------------------------------------------------------------------


def changed(site: Server, draw: Random, number: int) -> None:
    """Something happens in the calendar, as programs do it; now and then something odd, which stays a while."""
    ordinary = [name for name in sorted(site.texts) if not name.startswith("odd")]
    name = draw.choice(ordinary) if ordinary and draw.random() < 0.6 else f"n{number}.ics"
    extra = draw.choice(
        ["", "", "RRULE:FREQ=WEEKLY\r\n", "RRULE:FREQ=DAILY;COUNT=3\r\n", "STATUS:CANCELLED\r\n", "DESCRIPTION:Points\r\n",
         f"RECURRENCE-ID:{NOW + 2 * DAY:%Y%m%dT090000Z}\r\n", "TRANSP:TRANSPARENT\r\n"]
    )  # fmt: skip
    kind, uid, day = draw.randrange(9), name.partition(".")[0], draw.randrange(-9, 25)
    if kind == 0:
        site.texts.pop(name, None)
    elif kind == 1 and name in site.texts:
        site.texts[f"moved{number}.ics"] = site.texts.pop(name)
    elif kind == 2:
        site.texts[name] = event(uid, draw.randrange(-400, 400))
    elif kind == 3 and draw.random() < 0.4:
        site.texts[f"odd{number}.ics"] = event(draw.choice(["a", "b", "w"]), day, extra=extra, title="Twice")
    elif kind == 4 and draw.random() < 0.4:
        site.texts[f"odd{number}.ics"] = event("odd", day).replace(b"DTSTART", b"DTSTARTLED")
    else:
        site.texts[name] = event(uid, day, extra=extra, title=f"T{number}")


@pytest.mark.parametrize("seed", range(3))
def test_after_any_change_the_store_holds_what_a_reading_anew_states(account: Account, seed: int) -> None:
    """UIDs in several places, series that come and go, moved resources, what cannot be read: on every morning the same
    meetings of the time wanted, each as a reading anew states it.
    """
    draw = Random(seed)
    alone = 0
    for day in range(9):
        if draw.random() < 0.5:
            account.site.texts = {n: t for n, t in account.site.texts.items() if not n.startswith("odd")}
        for number in range(draw.randrange(4)):
            changed(account.site, draw, 10 * day + number)
        asked, held = account.morning(day)
        alone += asked == [HOME, "changes"]
        since, until = NOW + (day - 30) * DAY, NOW + (day + 30) * DAY
        told, wanted = (
            {n: f for n, f in facts.items() if isinstance(f, Meeting) and f.starts < until and f.ends > since}
            for facts in (held, account.anew(day))
        )
        assert told == wanted
    assert alone  # mornings that were told by changes


@pytest.mark.parametrize(
    ("texts", "change"),
    [
        # One event in two resources: which of them counts is not known from the changed one alone.
        ({"x.ics": event("x", 1)}, {"y.ics": event("x", 2, extra="SEQUENCE:2\r\n")}),
        ({"x.ics": event("x", 1), "y.ics": event("x", 2, extra="SEQUENCE:2\r\n")}, {"y.ics": None}),
        ({"x.ics": event("x", extra="RRULE:FREQ=DAILY\r\n")},
         {"y.ics": event("x", 3, extra=f"RECURRENCE-ID:{NOW + 2 * DAY:%Y%m%dT090000Z}\r\n")}),
        # The first description says that all others have none; after the last nobody knows.
        ({"x.ics": event("x", 1)}, {"y.ics": event("y", 2, extra="DESCRIPTION:Points\r\n")}),
        ({"x.ics": event("x", 1), "y.ics": event("y", 2, extra="DESCRIPTION:Points\r\n")}, {"y.ics": None}),
    ],
)  # fmt: skip
def test_what_a_change_means_for_others_is_read_anew(
    account: Account, texts: dict[str, bytes], change: dict[str, bytes | None]
) -> None:
    account.site.texts = dict(texts)
    account.collected(0)
    account.site.texts = {n: t for n, t in {**texts, **change}.items() if t is not None}
    asked, held = account.morning(1)
    assert asked[-1] == "REPORT /maya/maya/"
    assert held == account.anew(1)


def test_a_change_that_cannot_be_read_makes_the_calendar_partial(account: Account) -> None:
    """Until it can: meanwhile all is read each time, and nothing is called as it was."""
    account.collected(0)
    account.site.texts["a.ics"] = event("a").replace(b"DTSTART", b"DTSTARTLED")
    for days in (1, 2):
        held = account.collected(days)
        assert (account.status["Mine"], account.status["Still"]) == ("partial", "whole")
        assert "maya/maya/a" not in held
    account.site.texts["a.ics"] = event("a", 1)
    assert "maya/maya/a" in account.collected(3)
    assert account.status["Mine"] == "whole"


def swap(old: str, new: str, status: int = 0, where: bytes = b"sync-collection") -> Callable[[Request, Reply], Reply]:
    """An answer to some question, changed."""

    def change(request: Request, reply: Reply) -> Reply:
        if where not in request.body or not isinstance(reply.body, bytes):
            return reply
        return replace(reply, status=status or reply.status, body=re.sub(old.encode(), new.encode(), reply.body))

    return change


@pytest.mark.parametrize(
    "rewrite",
    [
        swap("", "", 403), swap("", "", 409), swap("", "", 501), swap("", "", 404), swap("", "", 400),
        swap("(?s).*", ""), swap("(?s).*", "<html/>"), swap("<D:sync-token>.*</D:sync-token>", ""),
        swap("<D:sync-token>.*</D:sync-token>", f"<D:sync-token>{'x' * 3000}</D:sync-token>"),
        swap("<C:calendar-data>(?s:.*?)</C:calendar-data>", ""),
        swap("</D:multistatus>", "<D:response><D:href>/maya/maya/</D:href><D:status>HTTP/1.1 507 Insufficient Storage"
             "</D:status></D:response></D:multistatus>"),
        swap("</D:multistatus>", "<D:response><D:href>/maya/maya/</D:href><D:status>HTTP/1.1 404 Not Found"
             "</D:status></D:response></D:multistatus>"),
        swap("</D:multistatus>", "<D:response><D:href>/maya/maya/c.ics</D:href><D:status>HTTP/1.1 403 Forbidden"
             "</D:status></D:response></D:multistatus>"),
    ],
)  # fmt: skip
def test_a_server_that_does_not_say_clearly_what_changed_is_read_anew(
    account: Account, rewrite: Callable[[Request, Reply], Reply]
) -> None:
    """A refused token, no such report, no events with the changes, an answer that was cut short."""
    account.collected(0)
    account.site.texts["c.ics"] = event("c", 3)
    account.site.rewrite = rewrite
    asked, held = account.morning(1)
    assert asked == [HOME, "changes", "REPORT /maya/maya/"]
    assert held == account.anew(1)
    assert account.status == {"Mine": "whole", "Still": "whole"}


def test_a_token_that_the_server_has_forgotten(account: Account) -> None:
    account.collected(0)
    account.site.texts["c.ics"] = event("c", 3)
    account.site.states.clear()
    asked, held = account.morning(1)
    assert asked == [HOME, "changes", "REPORT /maya/maya/"]
    assert held == account.anew(1)


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_a_server_that_refuses_or_fails_is_a_gap(account: Account, status: int) -> None:
    """What was read stands, the mark too."""
    before = account.collected(0)
    account.site.texts["c.ics"] = event("c", 3)
    account.site.rewrite = lambda request, reply: (
        Reply(status=status, headers=(("Retry-After", "99"),)) if b"sync-coll" in request.body else reply
    )
    assert account.collected(1) == before
    assert account.status == {"Mine": "failed", "Still": "whole"}
    account.site.rewrite = lambda _, reply: reply
    assert account.morning(2)[0] == [HOME, "changes"]


# --- where the calendars lie -----------------------------------------------------------------------------------------


def test_a_new_calendar_and_one_that_is_gone_are_seen_at_once(account: Account) -> None:
    account.collected(0)
    site = account.site
    site.rewrite = lambda _, reply: (
        replace(reply, body=reply.body.replace(b">Still<", b">Renamed<")) if isinstance(reply.body, bytes) else reply
    )
    asked, held = account.morning(1)
    assert asked == [HOME, "REPORT /maya/still/"]
    assert set(account.status) == {"Mine", "Renamed"}
    assert {fact.calendar for fact in held.values() if isinstance(fact, Meeting)} == {"Mine", "Renamed"}


def test_another_owner_is_read_anew(account: Account) -> None:
    """The same name, the same contents: whose calendar it is stands in every fact."""
    before = account.collected(0)
    account.site.rewrite = lambda _, reply: (
        replace(reply, body=reply.body.replace(b"/office/", b"/maya/")) if isinstance(reply.body, bytes) else reply
    )
    asked, held = account.morning(1)
    assert asked == [HOME, "REPORT /maya/still/"]
    assert held["maya/still/still"] != before["maya/still/still"]


@pytest.mark.parametrize("status", [403, 404, 405, 410, 207, 301])
def test_where_they_no_longer_lie_they_are_looked_for_anew(account: Account, status: int) -> None:
    """An account that moved: the old place is gone, empty or leads elsewhere."""
    account.collected(0)

    def elsewhere(request: Request, reply: Reply) -> Reply:
        if request.path.startswith("/maya/"):
            headers = (("Location", "https://other.example/"),) if status == 301 else ()
            return Reply(status=status, headers=headers, body=b'<m xmlns="DAV:"/>' if status != 207 else EMPTY)
        inner = replace(request, path=request.path.removeprefix("/people"))
        found = CalDavSite.__call__(account.site, inner)
        assert isinstance(found.body, bytes)
        return replace(found, body=found.body.replace(b">/maya/", b">/people/maya/"))

    account.site.rewrite = elsewhere
    asked, held = account.morning(1)
    assert asked[:4] == [HOME, "PROPFIND /", "PROPFIND /people/maya/", "PROPFIND /people/maya/"]
    assert held == account.anew(1)
    assert account.morning(2)[0] == ["PROPFIND /people/maya/"]


EMPTY = b'<D:multistatus xmlns:D="DAV:"/>'


def test_a_refused_login_is_told_at_once(account: Account) -> None:
    account.collected(0)
    account.site.rewrite = lambda *_: Reply(status=401)
    asked, _ = account.morning(1)
    assert asked == [HOME]
    assert account.problems == ["127.0.0.1 refused the login of maya (401)"]


def test_a_remembered_place_on_another_host_is_not_asked(account: Account) -> None:
    """A mark is ours, and still the login goes nowhere else."""
    (stream, _) = account.connector().streams(window())
    *_, mark = stream.read(window(), None)
    assert isinstance(mark, Mark)
    kept = kept_in(mark)
    evil = replace(kept, account=replace(kept.account, homes=("https://other.example/maya/",))).mark()
    before = len(account.server.requests)
    assert len(account.connector().streams_after(window(), {"Mine": evil})) == 2
    assert account.asked(before)[0] == "PROPFIND /"


# --- the mark --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "7", "zz-unknown", "\u00e4", "c$", "{" * 3000])
def test_a_mark_that_is_none_is_expired(account: Account, text: str) -> None:
    stream: Stream = account.connector().streams_after(window(), {"Mine": Mark(text)})[0]
    with pytest.raises(MarkExpired):
        list(stream.read(window(), Mark(text)))


def test_the_newest_knowledge_of_an_account_counts_and_none_of_the_future(account: Account) -> None:
    (stream, _) = account.connector().streams(window())
    *_, mark = stream.read(window(), None)
    assert isinstance(mark, Mark)
    kept = kept_in(mark)
    today: date = NOW.date()

    def found_on(day: date, address: str) -> Mark:
        return replace(kept, account=replace(kept.account, on=day, address=address)).mark()

    marks = [found_on(today - DAY, "old@x.example"), found_on(today, "new@x.example"), Mark("x")]
    newest = account_in(marks, today)
    assert newest is not None
    assert newest.address == "new@x.example"
    assert account_in([found_on(today + DAY, "")], today) is None
    assert account_in([found_on(today - STANDS, "")], today) is None


def test_uids_are_found_in_whatever_form_they_are_written() -> None:
    long = "x" * 70
    for text in (f"UID:{long}", f"uid:{long[:40]}\r\n {long[40:]}", f"UID;X-A=b:{long}\r", f"\nUID:{long}\n"):
        assert uids_in(text.encode()) == uids_in(f"UID:{long}\r\n".encode())
    assert uids_in(b"XUID:a\r\nRELATED-UID:b") == frozenset()
