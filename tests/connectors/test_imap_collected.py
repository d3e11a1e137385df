"""Live mail and calendars through the collecting into a real store: after each collect it holds what the server holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from briefing.collect import Source, collect
from briefing.connector import Connector
from briefing.demo.server.imap import Server, serving
from briefing.demo.server.imap_faults import says
from briefing.facts import Fact, Message
from briefing.loopback import Loopback
from briefing.store.sqlite import SqliteStore
from connectors.ics import Ics
from tests.connectors.reading import NOW, window
from tests.connectors.test_ics_url import SECRET, Publisher, event
from tests.connectors.test_imap import MAYA, change, imap, mail, messages, put, things


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "readings.sqlite")
    yield made
    made.close()


def collected(store: SqliteStore, connector: Connector, hours: float) -> tuple[str, dict[str, Fact]]:
    """Collect at a moment: how the stream stands, and what the store holds."""
    at = NOW + timedelta(hours=hours)
    collect([Source(name="mail", connector=connector, bound_to="1")], store, window(at), clock=lambda: at)
    snapshot = store.snapshot(at)
    (record,) = snapshot.streams
    assert record.latest is not None
    return record.latest.status, {fact.ref.id: fact for fact in snapshot.facts}


@pytest.mark.parametrize("seed", range(4))
def test_the_store_holds_what_the_mailbox_holds(store: SqliteStore, seed: int) -> None:
    """Whatever happens there, whole or in part: no mail stays that is gone, none is missing that is there."""
    draw = Random(seed)
    server = Server(username=MAYA)
    server.folder()
    put(server, mail(10**6, author=MAYA, to="x@x.example"), folder="Sent")
    with serving(server):
        for day in range(8):
            for _ in range(draw.randrange(10)):
                change(server, draw, hours=-72 * day + draw.randrange(60))
            server.withheld = {draw.randrange(1, 20)} if draw.random() < 0.3 else set()
            status, held = collected(store, imap(server), 72 * day)
            fresh = things(server, at=window(NOW + timedelta(hours=72 * day)))
            assert held == {fact.ref.id: fact for fact in messages(fresh)}
            assert status in {"whole", "partial"}


def test_a_failed_collect_leaves_the_mail_and_the_mark(store: SqliteStore) -> None:
    server = Server(username=MAYA)
    put(server, mail(1))
    put(server, mail(9, author=MAYA, to="x@x.example"), folder="Sent")
    with serving(server):
        assert collected(store, imap(server), 0)[0] == "whole"
        put(server, mail(2, hours=-1))
        with server.faulty("UID FETCH", says("* BYE good night")):
            status, held = collected(store, imap(server, silence=1.0), 2)
        assert (status, len(held)) == ("failed", 2)
        status, held = collected(store, imap(server), 3)
    assert (status, len(held)) == ("whole", 3)
    assert all(isinstance(fact, Message) for fact in held.values())


def test_an_unchanged_calendar_stands_and_a_changed_one_replaces_it(store: SqliteStore) -> None:
    """304 adds nothing and takes nothing away; a partial one is never made whole by it."""
    site = Publisher(event("a") + event("b"))
    with Loopback(site) as server:
        built: Any = Ics(source="mail", url=f"{server.url}{SECRET}")
        assert [len(collected(store, built, hours)[1]) for hours in (0, 1, 2)] == [2, 2, 2]
        assert site.sent == 1
        site.data, site.etag = event("b") + event("c").replace(b"DTSTART", b"DTSTARTLED"), '"2"'
        status, held = collected(store, built, 3)
        assert (status, [fact.ref.id for fact in held.values()]) == ("partial", ["b"])
        site.data, site.etag = event("a") + event("b"), '"1"'  # as it was the first time
        status, held = collected(store, built, 4)
        assert (status, len(held)) == ("whole", 2)
