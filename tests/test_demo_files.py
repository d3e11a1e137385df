"""The agency's files: the same bytes every time, read by the connectors to the very facts that the agency states."""

from __future__ import annotations

import re
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from briefing.config import parse
from briefing.connector import Ignored, Skipped, Window, load
from briefing.demo import texts
from briefing.demo.days import ZONE, moment, plus
from briefing.demo.files import contents, settings, write
from briefing.demo.stated import STREAMS, StatedSeries, account_id, snapshot, stated
from briefing.demo.world import World
from briefing.facts import (
    Absence,
    AdAccount,
    AdChange,
    AdChangeCoverage,
    AdDay,
    Deal,
    Fact,
    Measure,
    Meeting,
    Message,
    Milestone,
    Project,
    Proposal,
    Task,
)
from briefing.recognise import look
from tests.worlds import world_of

MORNING = date(2026, 11, 19)
WINDOW = Window(
    now=moment(MORNING), since=moment(plus(MORNING, -45)), until=moment(plus(MORNING, 8)), zone=ZONE
)  # fmt: skip


def world() -> World:
    return world_of(1, MORNING)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("agency")
    write(world(), MORNING, path)
    return path


@pytest.fixture(scope="module")
def read(folder: Path) -> Mapping[str, list[Any]]:
    """Everything that the configured connectors read, by kind; nothing may be left out as unreadable."""
    found: dict[str, list[Any]] = {}
    for name, section in parse(tomllib.loads(settings(world()))).sources.items():
        paths = {"path", "projects", "milestones", "tasks", "days", "changes", "accounts"}
        given = {key: str(folder / str(value)) if key in paths else value for key, value in section.settings.items()}
        connector = load(section.use, {**given, "source": name})
        for stream in connector.streams(WINDOW):
            for thing in stream.read(WINDOW, None):
                assert not isinstance(thing, Skipped), thing
                if isinstance(thing, Fact):
                    found.setdefault(type(thing).kind, []).append(thing)
                else:
                    assert isinstance(thing, Ignored)
    return found


@cache
def said() -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for fact in stated(world(), MORNING):
        found.setdefault(type(fact).kind, []).append(fact)
    return found


def by_id(facts: Iterable[Any]) -> dict[str, Any]:
    return {fact.ref.id: fact for fact in facts}


def bare(fact: Any) -> Any:
    """Without what only a file knows: the line it stands in, links."""
    return replace(fact, ref=replace(fact.ref, where="", url=""))


# --- the same fields -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Project, Milestone, Task, AdAccount])
def test_tables_are_read_to_the_stated_facts(kind: type[Fact], read: Mapping[str, list[Any]]) -> None:
    ours, theirs = by_id(said()[kind.kind]), by_id(read[kind.kind])
    assert ours.keys() == theirs.keys()
    for name, fact in ours.items():
        assert bare(theirs[name]) == fact


def test_deals_are_read_to_the_stated_facts(read: Mapping[str, list[Deal]]) -> None:
    ours, theirs = by_id(said()["deal"]), by_id(read["deal"])
    assert ours.keys() == theirs.keys()
    for name, fact in ours.items():
        assert replace(bare(theirs[name]), known=fact.known, party=fact.party) == fact
        assert theirs[name].party.name == fact.party.name
        assert {"last_contact", "next_activity"} <= theirs[name].known


def test_proposals_are_read_to_the_stated_facts(read: Mapping[str, list[Proposal]]) -> None:
    ours, theirs = by_id(said()["proposal"]), by_id(read["proposal"])
    assert ours.keys() == theirs.keys()
    for name, fact in ours.items():
        same = replace(bare(theirs[name]), state_since=None, since_quality="unknown")
        assert same == fact


def test_ad_days_are_read_to_the_stated_series(read: Mapping[str, list[AdDay]]) -> None:
    series = StatedSeries(world(), MORNING)
    found = {(day.account, day.campaign, day.day): day for day in read["ad_day"]}
    count = 0
    for account in series.accounts("ads"):
        for campaign in ("", *series.campaigns("ads", account)):
            for day in series.days("ads", account, campaign=campaign):
                theirs = found[account, campaign, day.day]
                assert (theirs.spend, theirs.impressions, theirs.clicks, theirs.leads) == (
                    day.spend, day.impressions, day.clicks, day.leads,
                )  # fmt: skip
                assert (theirs.vintage, theirs.partial, theirs.currency) == (MORNING, False, "USD")
                count += 1
    assert count == len(found)


def test_changes_are_read_to_the_stated_facts(read: Mapping[str, list[AdChange]]) -> None:
    def key(change: AdChange) -> tuple[object, ...]:
        return (
            change.account, change.campaign, change.at, change.actor, change.actor_kind, change.object_level,
            change.object_name, change.change, change.operation, change.field, change.old, change.new,
        )  # fmt: skip

    assert Counter(map(key, read["ad_change"])) == Counter(map(key, said()["ad_change"]))


def test_the_change_history_is_whole_for_every_account(read: Mapping[str, list[AdChangeCoverage]]) -> None:
    ours, theirs = said()["ad_change_coverage"], read["ad_change_coverage"]
    assert {one.account for one in theirs} == {one.account for one in ours}
    assert all(one.complete for one in theirs)
    assert {one.since for one in theirs} == {one.since for one in ours}


def test_measures_are_read_to_the_stated_facts(read: Mapping[str, list[Measure]]) -> None:
    def key(one: Measure) -> tuple[object, ...]:
        return (one.name, one.seat, one.owner, one.target, one.direction, one.unit, one.at, one.value, one.every)

    assert Counter(map(key, read["measure"])) == Counter(map(key, said()["measure"]))


def test_mails_are_read_to_the_stated_facts(read: Mapping[str, list[Message]]) -> None:
    ours = {fact.ref.id: fact for fact in said()["message"] if fact.medium == "mail"}
    theirs = {fact.ref.id: fact for fact in read["message"] if fact.medium == "mail"}
    assert ours.keys() == theirs.keys()
    for name, fact in ours.items():
        other = theirs[name]
        for field in ("at", "author", "to", "cc", "subject", "automated", "place", "closes"):
            assert getattr(other, field) == getattr(fact, field), (name, field)
        assert other.excerpt.startswith(re.sub(r"\s+", " ", fact.excerpt)[:80])


def test_mails_of_one_talk_are_one_thread(read: Mapping[str, list[Message]]) -> None:
    talks: dict[str, set[str]] = {}
    for fact in read["message"]:
        if fact.medium == "mail":
            talks.setdefault(fact.ref.id.rpartition(".")[0].rpartition(".")[0], set()).add(fact.thread)
    assert all(len(threads) == 1 for threads in talks.values())
    assert len({thread for threads in talks.values() for thread in threads}) == len(talks)


def test_posts_are_read_to_the_stated_facts(read: Mapping[str, list[Message]]) -> None:
    ours = {fact.ref.id: fact for fact in said()["message"] if fact.medium == "chat"}
    theirs = {fact.ref.id.rpartition(":")[2]: fact for fact in read["message"] if fact.medium == "chat"}
    assert ours.keys() == theirs.keys()
    for name, fact in ours.items():
        other = theirs[name]
        for field in ("place", "automated", "closes", "excerpt"):
            assert getattr(other, field) == getattr(fact, field), (name, field)
        assert abs(other.at - fact.at) < timedelta(seconds=1)
        if not fact.automated:
            assert (other.author, other.outside) == (fact.author, fact.outside)
            assert (other.to, other.mentions) == (fact.to, fact.mentions)


def test_threads_of_posts_are_those_of_the_agency(read: Mapping[str, list[Message]]) -> None:
    ours = {fact.ref.id: fact.thread for fact in said()["message"] if fact.medium == "chat"}
    theirs = {fact.ref.id.rpartition(":")[2]: fact.thread for fact in read["message"] if fact.medium == "chat"}
    assert groups(ours) == groups(theirs)


def groups(threads: Mapping[str, str]) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, thread in threads.items():
        found.setdefault(thread, set()).add(name)
    return {frozenset(names) for names in found.values()}


def test_meetings_are_read_to_the_stated_facts(read: Mapping[str, list[Meeting]]) -> None:
    """Series, moved and cancelled occurrences, a series in another zone: as the agency means them."""

    def key(one: Meeting) -> tuple[object, ...]:
        guests = frozenset((guest.person.email, guest.response) for guest in one.guests)
        return (one.uid, one.starts.astimezone(ZONE), one.ends.astimezone(ZONE), one.all_day, one.title, guests,
                one.busy, one.cancelled, one.series)  # fmt: skip

    inside = [one for one in said()["meeting"] if WINDOW.since < one.starts < WINDOW.until - timedelta(days=1)]
    calendar = [one for one in read["meeting"] if one.ref.source == "calendar"]
    theirs = {key(one) for one in calendar}
    assert {key(one) for one in inside} <= theirs
    since = moment(plus(MORNING, -29))
    late = {key(one) for one in calendar if since < one.starts < WINDOW.until - timedelta(days=1)}
    assert late <= {key(one) for one in inside}


def test_absences_are_read_to_the_stated_facts(read: Mapping[str, list[Absence]]) -> None:
    def key(one: Absence) -> tuple[object, ...]:
        return (one.person.name, one.first, one.last)

    wanted = {key(one) for one in said()["absence"] if one.last >= MORNING and one.first <= WINDOW.until.date()}
    assert wanted <= {key(one) for one in read["absence"]} <= {key(one) for one in said()["absence"]}


def test_the_snapshot_has_the_streams_that_the_files_have(folder: Path) -> None:
    places = {record.usable.place for record in snapshot(world(), MORNING).streams if record.usable}
    assert all((folder / place).exists() for place in places)
    assert len(places) == len(STREAMS)


# --- the files -----------------------------------------------------------------------------------------------------


def test_the_same_bytes_every_time() -> None:
    assert dict(contents(World(4, MORNING), MORNING)) == dict(contents(World(4, MORNING), MORNING))


def test_the_next_morning_differs_and_replaces(tmp_path: Path) -> None:
    one = write(world(), MORNING, tmp_path)
    before = {path: path.read_bytes() for path in one}
    other = write(world(), plus(MORNING, 1), tmp_path)
    assert one == other
    changed = {path.name for path in other if path.read_bytes() != before[path]}
    assert {"tasks.csv", "deals.csv", "ads-daily.csv", "Inbox.mbox", "slack-export.zip"} <= changed
    assert "briefing.toml" not in changed


def test_files_are_of_the_morning_before_seven(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            assert moment(MORNING, 6) < _changed(path) < moment(MORNING)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, ZONE)


def test_every_file_is_recognised_for_what_it_is(folder: Path) -> None:
    found = look([folder])
    assert not found.unknown
    assert not found.asks
    assert {table["use"] for table in found.sources.values()} == {
        "projects_csv", "deals_csv", "proposals_csv", "ads_csv", "scorecard_csv", "mailbox", "slack_export", "ics",
    }  # fmt: skip


def test_the_settings_name_every_client_with_domain_fee_and_owner() -> None:
    parsed = parse(tomllib.loads(settings(world())))
    assert parsed.workspace.name == "Harbour Lane"
    assert len(parsed.clients) == 25
    assert all(client.domains and client.monthly_fee and client.owner for client in parsed.clients.values())


def test_accounts_are_named_as_each_platform_writes_them() -> None:
    ids = list(world().ads.accounts)
    assert any(re.fullmatch(r"\d{3}-\d{3}-\d{4}", name) for name in ids)
    assert any(name.startswith("act_") for name in ids)
    assert all("-" not in account_id(name) for name in ids)


DOMAIN = re.compile(rb"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|de|io|co|uk|eu|example)\b")


def test_no_domain_is_anybodys(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        blobs = [path.read_bytes()]
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                blobs = [archive.read(name) for name in archive.namelist()]
        for blob in blobs:
            for found in DOMAIN.findall(blob):
                assert found.endswith(b".example"), (path.name, found)


def test_texts_carry_no_address_and_no_link() -> None:
    for words in (texts.ANSWERS, texts.CLOSERS, texts.CHATTER, texts.CHASERS):
        assert not any("@" in text or "http" in text for text in words)


def test_a_tampered_row_is_noticed(tmp_path: Path) -> None:
    """The comparison can fail: a task that moves to another milestone is not the stated one."""
    write(world(), MORNING, tmp_path)
    path = tmp_path / "tasks.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Proofread brochure", "Proofread leaflet", 1), encoding="utf-8")
    connector = load("projects_csv", {
        "source": "projects", "projects": str(tmp_path / "projects.csv"),
        "milestones": str(tmp_path / "milestones.csv"), "tasks": str(path),
    })  # fmt: skip
    tasks = [t for s in connector.streams(WINDOW) for t in s.read(WINDOW, None) if isinstance(t, Task)]
    ours = by_id(said()["task"])
    assert sum(bare(task) != ours[task.ref.id] for task in tasks) == 1
