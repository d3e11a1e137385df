"""The agency's calendars behind the demo server's address, as the connectors read them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from briefing.connector import Connector, Window, load
from briefing.demo.days import ZONE
from briefing.demo.server.router import Router
from briefing.facts import Absence, Fact, Meeting
from briefing.loopback import Loopback
from tests.worlds import world_of

MORNING = date(2026, 11, 19)


def facts(name: str, **settings: Any) -> dict[str, list[Fact]]:
    """What a connector reads of a site, by scope."""
    now = datetime(2026, 11, 19, 7, tzinfo=ZONE)
    window = Window(now=now, since=now - timedelta(days=45), until=now + timedelta(days=8), zone=ZONE)
    router = Router(world_of(1, MORNING), MORNING, settings={name: settings} if settings else None)
    with Loopback(router) as server:
        connector: Connector = load(name, {"source": name, **router.sources(server.url)[name]})
        return {
            stream.scope: [thing for thing in stream.read(window, None) if isinstance(thing, Fact)]
            for stream in connector.streams(window)
        }


def test_the_agencys_calendars_by_caldav_and_at_an_address() -> None:
    """The reader's meetings; and who is out, both ways the same."""
    dav, (web,) = facts("caldav"), facts("ics").values()
    away, mine = dav["Absences"], dav["Maya Lindqvist"]
    assert len([fact for fact in mine if isinstance(fact, Meeting)]) > 100
    assert {(f.person, f.first, f.last) for f in away if isinstance(f, Absence)} == {
        (f.person, f.first, f.last) for f in web if isinstance(f, Absence)
    }
    assert away
    assert all(isinstance(fact, Absence) for fact in away)


def test_a_server_may_have_another_login_and_tell_no_tokens() -> None:
    assert set(facts("caldav", username="ops", password="another-word", tokens=False)) == {
        "Absences", "Janine Osei", "Maya Lindqvist",
    }  # fmt: skip
