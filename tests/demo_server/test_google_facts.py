"""The demo's Google: its facts are those of the files, and the second morning costs little."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from briefing.connector import Connector, Gone, Mark, Skipped, Window
from briefing.demo.days import plus
from briefing.demo.files_calendar import absences, calendar
from briefing.demo.files_mail import mailboxes
from briefing.demo.server.gmail import GmailSite
from briefing.demo.server.google_calendar import GoogleCalendarSite
from briefing.facts import Absence, Fact, Meeting, Message
from briefing.loopback import Loopback, Reply, Request
from briefing.meter import Meter, counting
from connectors.gmail import Gmail
from connectors.gmail_box import UNITS
from connectors.google_calendar import GoogleCalendar
from connectors.ics import Ics
from connectors.mailbox import Mailbox
from tests.demo_server.google_sites import MORNING, NEXT, Json, calendar_site, gmail_site, window, world

# --- the same facts as from files ------------------------------------------------------------------------------------


def read(
    connector: Connector, at: Window, marks: Mapping[str, Mark] | None = None
) -> tuple[list[Any], dict[str, Mark]]:
    """Everything that all streams yield; nothing may be unreadable."""
    things: list[Any] = []
    left: dict[str, Mark] = {}
    for stream in connector.streams(at):
        for thing in stream.read(at, (marks or {}).get(stream.scope)):
            assert not isinstance(thing, Skipped), thing
            if isinstance(thing, Mark):
                left[stream.scope] = thing
            things.append(thing)
    return things, left


def from_google(
    morning: date, marks: Mapping[str, Mark] | None = None, **how: Any
) -> tuple[list[Any], dict[str, Mark]]:
    with Loopback(calendar_site(morning)) as server:
        connector = GoogleCalendar(source="c", base_url=server.url, **GoogleCalendarSite.credentials({}), **how)
        return read(connector, window(morning), marks)


def from_gmail(morning: date, *, days: int = 30) -> list[Any]:
    with Loopback(gmail_site(morning, days=60)) as server:
        things, _ = read(Gmail(source="m", base_url=server.url, **GmailSite.credentials({})), window(morning, days))
        return things


def known(things: list[Any]) -> dict[tuple[str, ...], Fact]:
    """Facts as a store keeps them, with what is gone taken out."""
    found: dict[tuple[str, ...], Fact] = {}
    for thing in things:
        if isinstance(thing, Fact):
            found[thing.kind, thing.ref.kind, thing.ref.id] = thing
        elif isinstance(thing, Gone):
            for kind in ("meeting", "absence", "message"):
                found.pop((kind, thing.ref.kind, thing.ref.id), None)
    return found


def bare(meeting: Meeting) -> Meeting:
    """A meeting without what names the calendar it was read from."""
    return replace(meeting, ref=replace(meeting.ref, id="", url="", where=""), calendar="", calendar_owner=None)


def test_the_same_meetings_as_the_export_of_the_calendar(tmp_path: Path) -> None:
    """By identity and field by field, for all of the time that both hold; what is cancelled Google does not show."""
    (tmp_path / "calendar.ics").write_bytes(calendar(world(), MORNING))
    things, _ = read(Ics(source="c", path=str(tmp_path / "calendar.ics")), window())
    found, _ = from_google(MORNING, calendars=["primary"])
    at = window()
    files = {(m.uid, m.occurrence): bare(m) for m in things if isinstance(m, Meeting) and not m.cancelled}
    live = {(m.uid, m.occurrence): bare(m) for m in found if isinstance(m, Meeting)}
    assert len(files) > 100
    assert files.keys() - live.keys() == set()
    beyond = [
        live[key] for key in live.keys() - files.keys() if live[key].starts < at.until and live[key].ends > at.since
    ]
    assert beyond == []
    assert {key for key in files if files[key] != live[key]} == set()


def test_the_same_absences_as_the_export(tmp_path: Path) -> None:
    (tmp_path / "absences.ics").write_bytes(absences(world(), MORNING))
    things, _ = read(Ics(source="c", path=str(tmp_path / "absences.ics")), window())
    found, _ = from_google(MORNING, calendars=["Absences"])
    files = {(one.person, one.first, one.last) for one in things if isinstance(one, Absence)}
    live = {(one.person, one.first, one.last) for one in found if isinstance(one, Absence)}
    assert files
    assert files <= live
    assert all(first > window().until.date() for _, first, _ in live - files)


def test_a_colleague_is_out_by_her_own_calendar_too() -> None:
    found, _ = from_google(MORNING, calendars=["janine.osei@harbourlane.example"])
    own = {(one.first, one.last) for one in found if isinstance(one, Absence)}
    told = {
        (leave.first, leave.last) for leave in world().leaves
        if leave.human.first == "Janine" and leave.last >= plus(MORNING, -30) and leave.first <= plus(MORNING, 8)
    }  # fmt: skip
    assert told <= own
    types = Counter(one.type for one in found if isinstance(one, Meeting))
    assert set(types) == {"meeting", "away", "focus", "place", "block"}
    assert [one.title for one in found if isinstance(one, Meeting) and one.private] == [""] * types["block"]


def test_one_meeting_in_two_calendars_is_one() -> None:
    mine, _ = from_google(MORNING, calendars=["primary"])
    hers, _ = from_google(MORNING, calendars=["janine.osei@harbourlane.example"])
    identities = [{(m.uid, m.occurrence) for m in found if isinstance(m, Meeting)} for found in (mine, hers)]
    shared = identities[0] & identities[1]
    assert {uid for uid, _ in shared} == {"one-janine@harbourlane.example"}
    assert len(shared) > 4


def test_the_same_mails_and_threads_as_the_mailbox(tmp_path: Path) -> None:
    """Author, people, time, subject, words, side, by a machine or not: equal; and the same mails in one thread."""
    (tmp_path / "mail").mkdir()
    for name, content in mailboxes(world(), MORNING).items():
        (tmp_path / "mail" / name).write_bytes(content)
    things, _ = read(Mailbox(source="m", path=str(tmp_path / "mail")), window(back=15))
    files, live = by_words(things), by_words(from_gmail(MORNING, days=15))
    assert len(files) > 500
    assert {key: replace(one, thread="") for key, one in files.items()} == {
        key: replace(one, thread="") for key, one in live.items()
    }
    assert threads(files) == threads(live)


def by_words(things: list[Any]) -> dict[tuple[Any, ...], Message]:
    """Mails by what tells them apart, without what names the container they were read from."""
    found = {}
    for one in things:
        if isinstance(one, Message):
            key = (one.author.email, one.at, one.subject, one.excerpt)
            found[key] = replace(one, ref=replace(one.ref, id="", url="", where=""))
    return found


def threads(mails: Mapping[tuple[Any, ...], Message]) -> set[frozenset[tuple[Any, ...]]]:
    found: dict[str, set[tuple[Any, ...]]] = {}
    for key, one in mails.items():
        found.setdefault(one.thread, set()).add(key)
    return {frozenset(keys) for keys in found.values()}


# --- from one morning to the next ------------------------------------------------------------------------------------


def test_the_second_morning_of_the_mailbox_costs_little() -> None:
    """Calls and units with a mark are less than a third of those without, and the facts are those of a fresh reading."""
    given = GmailSite.credentials({})
    facts, marks, first = measured(Gmail, "m", gmail_site(days=60), given, window(back=10))
    changes, _, second = measured(Gmail, "m", gmail_site(NEXT, days=60), given, window(NEXT, 10), marks)
    assert known([*facts, *changes]) == known(from_gmail(NEXT, days=10))
    assert second.calls * 3 <= first.calls
    assert units(second.lines) * 3 <= units(first.lines)
    assert units(second.lines) < 2000, "a third of what one minute allows"


def test_the_second_morning_of_the_calendars_asks_for_changes_only() -> None:
    """As many questions, for a list of calendars and each of them; a tenth of the answers' size, and the same facts."""
    given = GoogleCalendarSite.credentials({})
    facts, marks, first = measured(GoogleCalendar, "c", calendar_site(), given, window())
    changes, _, second = measured(GoogleCalendar, "c", calendar_site(NEXT), given, window(NEXT), marks)
    fresh, _ = from_google(NEXT)
    after, wanted = known([*facts, *changes]), window(NEXT)
    for key, fact in known(fresh).items():
        near = isinstance(fact, Meeting) and fact.starts < wanted.until
        assert after.get(key) == fact or not near
    assert {key for key, fact in after.items() if isinstance(fact, Meeting) and fact.ends > wanted.now} <= known(
        fresh
    ).keys()
    assert second.calls <= first.calls == 5
    assert second.size * 10 <= first.size


class Cost:
    """What a reading cost."""

    def __init__(self, meter: Meter, lines: list[str]) -> None:
        self.calls, self.size, self.lines = meter.calls, meter.size, lines


def measured(
    build: Any, source: str, site: Callable[[Request], Reply], given: Json, at: Window,
    marks: Mapping[str, Mark] | None = None,
) -> tuple[list[Any], dict[str, Mark], Cost]:  # fmt: skip
    with Loopback(site) as server, counting(Meter()) as meter:
        things, left = read(build(source=source, base_url=server.url, **given), at, marks)
        assert meter.calls == len(server.requests)
        return things, left, Cost(meter, list(server.lines()))


def units(lines: list[str]) -> int:
    """Google's units for requests."""
    routes = {r"/threads/": "thread", r"/messages/": "mail", r"/messages\?": "list", r"/history": "history"}
    return sum(
        UNITS[next((name for route, name in routes.items() if re.search(route, line)), "profile")]
        for line in lines if "/token" not in line
    )  # fmt: skip


def test_clocks_are_passed_in() -> None:
    assert gmail_site(clock=time.time).name == "gmail"
    with pytest.raises(TypeError):
        gmail_site(no_such_setting=1)
