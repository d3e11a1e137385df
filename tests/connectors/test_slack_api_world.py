"""Slack's API against Slack's export of the same agency, from day to day, and a morning with Slack half read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from briefing.clients import Client
from briefing.collect import Source, collect
from briefing.compile import Compiled, Plan, compile_briefing
from briefing.connector import Window
from briefing.demo.days import ZONE_NAME, moment, plus
from briefing.demo.files_slack import slack_export
from briefing.demo.server.slack import TOKEN, SlackSite
from briefing.demo.world import World
from briefing.document import Briefing, to_json
from briefing.facts import Fact, Message, Staff
from briefing.loopback import Loopback
from briefing.morning import Audience, Morning, WorkCalendar
from briefing.store import Snapshot, Store
from briefing.store.sqlite import SqliteStore
from connectors.slack import Slack
from connectors.slack_export import SlackExport
from tests.worlds import world_of

DAY = date(2026, 11, 19)
ZONE = ZoneInfo(ZONE_NAME)
APART = ("C0GROUP", "C0PRIVATE", "C0MUTED", "U0LEFT")
"""What the export does not hold."""


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(1, DAY)


def window(day: date) -> Window:
    now = moment(day)
    return Window(now=now, since=now - timedelta(days=30), until=now, zone=ZONE)


def bare(fact: Fact) -> Fact:
    """Without where it was said: a link here, a file there."""
    return replace(fact, ref=replace(fact.ref, source="", url="", where=""))


def by_id(facts: Any) -> dict[tuple[str, str], Fact]:
    kept = (fact for fact in facts if isinstance(fact, Message | Staff) and not fact.ref.id.startswith(APART))
    return {(fact.kind, fact.ref.id): bare(fact) for fact in kept}


def exported(world: World, day: date, folder: Path) -> dict[tuple[str, str], Fact]:
    """What the export of a morning states."""
    path = folder / "export.zip"
    path.write_bytes(slack_export(world, day))
    streams = SlackExport(source="export", path=str(path)).streams(window(day))
    return by_id(thing for stream in streams for thing in stream.read(window(day), None))


@dataclass
class Agency:
    """The agency's Slack on the wire, read into a store."""

    world: World
    server: Loopback
    store: Store

    def read(self, day: date, *, site: Mapping[str, Any] | None = None, **settings: Any) -> Counter[str]:
        """Collect on a morning; gives the calls by method."""
        self.server.site = SlackSite(self.world, day, **(site or {}))
        before = len(self.server.requests)
        how: dict[str, Any] = {"budget": 1000, "pace": 0, **settings}
        connector = Slack(source="slack", base_url=self.server.url, token=TOKEN, **how)
        source = Source(name="slack", connector=connector, bound_to="same", kinds=Slack.kinds)
        collect([source], self.store, window(day), clock=lambda: moment(day))
        return Counter(request.path.removeprefix("/api/") for request in self.server.requests[before:])

    def at(self, day: date) -> Snapshot:
        return self.store.snapshot(moment(day))


@pytest.fixture
def agency(world: World, tmp_path: Path) -> Iterator[Agency]:
    store = SqliteStore(tmp_path / "readings.sqlite")
    with Loopback(SlackSite(world, DAY)) as server:
        yield Agency(world, server, store)
    store.close()


# --- the same facts -------------------------------------------------------------------------------------------------


def test_the_api_states_what_the_export_states_morning_after_morning(agency: Agency, tmp_path: Path) -> None:
    """The second and later readings go on from their marks: messages come, go out of the window, get replies."""
    for day in (DAY, plus(DAY, 1), plus(DAY, 2), plus(DAY, 5)):
        agency.read(day, threads="all")
        found, expected = by_id(agency.at(day).facts), exported(agency.world, day, tmp_path)
        assert len(expected) > 700
        assert found.keys() == expected.keys()
        assert found == expected


def test_by_default_threads_among_colleagues_are_left_out_and_nothing_else(agency: Agency, tmp_path: Path) -> None:
    agency.read(DAY)
    snapshot = agency.at(DAY)
    found, expected = by_id(snapshot.facts), exported(agency.world, DAY, tmp_path)
    missing = [fact for key, fact in expected.items() if key not in found]
    assert all(expected[key] == fact for key, fact in found.items())
    assert {fact.place for fact in missing if isinstance(fact, Message)} == {
        "#general", "#delivery", "#ads", "#random", "#sales",
    }  # fmt: skip
    mine = agency.world.people.reader.email
    threads = {fact.thread for fact in found.values() if isinstance(fact, Message)}
    assert not any(
        isinstance(fact, Message) and fact.author.email == mine and fact.thread in threads for fact in missing
    )


def test_outsiders_that_no_list_holds_are_asked_for_one_by_one(agency: Agency, tmp_path: Path) -> None:
    calls = agency.read(DAY, site={"lists_outsiders": False}, threads="all")
    assert 10 < calls["users.info"] < 80
    assert by_id(agency.at(DAY).facts) == exported(agency.world, DAY, tmp_path)
    assert agency.read(plus(DAY, 1), site={"lists_outsiders": False}, threads="all")["users.info"] <= 3


def test_without_addresses_the_sides_are_the_same(agency: Agency, tmp_path: Path) -> None:
    agency.read(DAY, site={"outsiders_email": False}, threads="all")
    found, expected = by_id(agency.at(DAY).facts), exported(agency.world, DAY, tmp_path)
    for key, fact in expected.items():
        other = found[key]
        if isinstance(fact, Message):
            assert isinstance(other, Message)
            assert (other.outside, other.party.name, other.place) == (fact.outside, fact.party.name, fact.place)
            assert not other.outside or not other.author.email


def test_small_pages_change_nothing(agency: Agency, tmp_path: Path) -> None:
    pages = {"conversations.history": 20, "conversations.replies": 2, "conversations.members": 3, "users.list": 9}
    agency.read(DAY, site={"pages": {**pages, "users.conversations": 4}}, threads="all")
    assert by_id(agency.at(DAY).facts) == exported(agency.world, DAY, tmp_path)


# --- what it costs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", ["mine", "all"])
def test_the_second_morning_takes_at_most_a_third_of_the_calls(agency: Agency, threads: str) -> None:
    first = agency.read(DAY, threads=threads)
    second = agency.read(plus(DAY, 1), threads=threads)
    assert first.total() <= 400, "the budget of a first reading"
    assert second.total() * 3 <= first.total(), f"{second.total()} after {first.total()}"
    conversations = second["conversations.history"]
    assert conversations == first["conversations.history"] > 25
    assert second.total() <= conversations + 8 + second["conversations.replies"]


def test_limits_are_kept_by_waiting_and_not_by_trying(agency: Agency) -> None:
    """The site counts as Slack does; a minute is short here, and the pace is what its reference allows."""
    told: list[int] = []

    class Counting(SlackSite):
        def _wait(self, method: str) -> int:
            wait = super()._wait(method)
            told.append(wait)
            return wait

    agency.server.site = Counting(agency.world, DAY, limited=True, only=("client-acme-gmbh", "leadership"))
    connector = Slack(source="slack", base_url=agency.server.url, token=TOKEN)
    for stream in connector.streams(window(DAY)):
        list(stream.read(window(DAY), None))
    assert len(told) > 12
    assert not any(told)


# --- half read ------------------------------------------------------------------------------------------------------


def morning(day: date) -> Morning:
    return Morning(now=moment(day), zone=ZONE, calendar=WorkCalendar(), audience=Audience())


def compiled(agency: Agency, day: date) -> Compiled:
    clients = tuple(
        Client(name=one.name, domains=(one.domain,), aliases=(one.channel,) if one.channel else ())
        for one in agency.world.people.clients
    )
    plan = Plan(clients=clients, own_domains=("harbourlane.example",))
    return compile_briefing(agency.at(day), agency.store.series(moment(day)), plan, morning(day))


def unread(briefing: Briefing) -> str:
    (lines,) = (lines for name, lines in briefing.coverage_lines if name == "slack")
    return " ".join(lines)


def waits(found: Compiled) -> list[str]:
    return [item.client for item in found.briefing.items if item.rule == "client-waiting"]


def test_read_whole_slack_names_who_waits(agency: Agency) -> None:
    agency.read(DAY)
    found = compiled(agency, DAY)
    assert waits(found)
    assert not found.briefing.coverage_lines
    (item,) = [item for item in found.briefing.items if item.client == waits(found)[0]][:1]
    assert item.evidence[0].url.startswith("https://harbourlane.slack.com/archives/C0EXT")


HALF: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], Sequence[str]]] = {
    "a channel is refused": ({"refuse": {"client-oakline": "channel_not_found"}}, {}, ["#client-oakline"]),
    "two are refused": (
        {"refuse": {"client-oakline": "channel_not_found", "general": "internal_error"}}, {}, ["#client-oakline", "#general"],
    ),
    "the budget ends": ({}, {"budget": 45}, ["#sales", "#general"]),
    "the time ends": ({}, {"patience": 0.0}, ["#client-oakline", "threads not reached"]),
    "a family may not be read": (
        {"scopes": "channels:read channels:history users:read im:read"}, {},
        ["direct messages", "private channels", "im:history", "groups:history"],
    ),
    "the method is limited": ({"per_minute": {"conversations.history": 3}}, {}, ["#general", "the rate limit of Slack"]),
    "the app is throttled": ({"distributed": True}, {}, ["#general", "the rate limit of Slack"]),
}  # fmt: skip


@pytest.mark.parametrize("name", HALF)
def test_half_read_slack_names_what_was_not_checked_and_claims_nothing(agency: Agency, name: str) -> None:
    site, settings, names = HALF[name]
    agency.read(DAY, site=site, **settings)
    found = compiled(agency, DAY)
    told = unread(found.briefing)
    (coverage,) = found.briefing.coverage
    gaps = " ".join(f"{gap.scope}: {gap.problem}." for gap in coverage.gaps)
    for one in names:
        assert one in gaps
    assert any(gap.scope in told for gap in coverage.gaps)
    assert "Nothing is said today about" in told
    assert "clients who wait" in told
    assert not waits(found), "who waits is only said where every answer would have been seen"
    assert not found.briefing.verified_quiet
    assert "Nothing needs you" not in to_json(found.briefing)
    assert coverage.status == "partial"


def test_a_gap_today_after_a_whole_morning_keeps_the_marks(agency: Agency) -> None:
    """The conversation that failed is read on its own the next time; the others go on."""
    agency.read(DAY)
    agency.read(plus(DAY, 1), site={"refuse": {"client-oakline": "channel_not_found"}})
    calls = agency.read(plus(DAY, 2))
    assert calls["conversations.members"] == 0
    found = compiled(agency, plus(DAY, 2))
    assert not found.briefing.coverage_lines


def test_unread_conversations_are_named_in_the_data_each(agency: Agency) -> None:
    agency.read(DAY, budget=45)
    (coverage,) = compiled(agency, DAY).briefing.coverage
    gaps = [gap for gap in coverage.gaps if "budget" in gap.problem]
    assert len(gaps) > 5
    assert all(gap.scope.startswith(("#", "the direct messages of ")) for gap in gaps)
    assert {gap.problem for gap in gaps} == {"not reached, the budget of 45 calls was used up"}
