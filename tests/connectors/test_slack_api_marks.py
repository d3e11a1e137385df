"""Slack from day to day: a reading that goes on asks for little, misses nothing, and tells what is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from briefing.connector import Gone, Mark
from briefing.errors import MarkExpired, NotReached
from briefing.facts import Message
from connectors.slack_marks import Kept, Thread, kept_of, stamp_of
from tests.connectors.reading import NOW, window
from tests.connectors.slack_wire import (
    Got,
    Row,
    Workspace,
    channel,
    on_the_wire,
    read_all,
    read_slack,
    said,
    stamp,
    user,
)

C1 = "#client-juniper"


def marks_of(got: Got) -> dict[str, Mark]:
    return {scope: got.mark(scope) for scope in got.places if got.of(Mark, scope)}


def again(workspace: Workspace, before: Got, now: datetime = NOW, **how: Any) -> Got:
    """The next reading; only its own calls are kept."""
    workspace.calls.clear()
    return read_slack(workspace, marks=marks_of(before), now=now, **how)


def with_thread() -> tuple[Workspace, Row]:
    """A channel with some words and a thread that one of ours answered."""
    workspace = Workspace()
    workspace.history["C1"] = [said("one", hours=70), said("two", "UTOM", 65)]
    start = workspace.thread("C1", said("start", hours=60), said("asked", hours=55), said("answered", "UTOM", 50))
    return workspace, start


# --- what it asks for -----------------------------------------------------------------------------------------------


def test_where_nothing_happened_the_history_is_asked_for_and_no_more() -> None:
    workspace, _ = with_thread()
    first = read_slack(workspace)
    assert workspace.counts["conversations.replies"] == 1
    got = again(workspace, first)
    own = {method: count for method, count in workspace.counts.items() if method.startswith("conversations.")}
    assert own == {"conversations.history": 1}
    assert (got.gone, got.mark()) == ([], first.mark())
    assert got.texts == ["one", "two", "start"]


def test_a_new_reply_costs_its_thread_only() -> None:
    workspace, start = with_thread()
    workspace.thread("C1", said("other", hours=45), said("noted", "UTOM", 44))
    first = read_slack(workspace)
    workspace.thread("C1", start, said("asked", hours=55), said("answered", "UTOM", 50), said("and now?", hours=2))
    got = again(workspace, first)
    assert [asked["ts"] for method, asked in workspace.calls if method == "conversations.replies"] == [start["ts"]]
    assert "and now?" in got.texts
    assert got.gone == []


def test_people_and_members_that_are_known_are_not_asked_for_again() -> None:
    workspace = Workspace(
        members={"C1": ["UMAYA", "UNEW"]}, hidden_users=[user("UNEW", "Nia New", "nia@juniper.example")]
    )
    workspace.hidden_users[0]["team_id"] = "T7"
    workspace.history["C1"] = [said("Hi", "UNEW")]
    first = read_slack(workspace)
    got = again(workspace, first)
    assert workspace.counts["users.info"] == workspace.counts["conversations.members"] == 0
    assert got.messages == first.messages
    assert got.messages[0].party.domain == "juniper.example"


def test_a_thread_where_somebody_waits_is_read_again_for_reactions() -> None:
    """Nothing on its start tells of a reaction to a reply."""
    workspace = Workspace()
    start = workspace.thread("C1", said("start", "UTOM", 60), said("can you?", hours=55))
    first = read_slack(workspace)
    reply = workspace.replies["C1", start["ts"]][0]
    reply["reactions"] = [{"name": "white_check_mark", "users": ["UMAYA"], "count": 1}]
    got = again(workspace, first)
    assert [message.closes for message in got.messages if message.excerpt == "can you?"] == [True]
    again(workspace, got)
    assert workspace.counts["conversations.replies"] == 0  # done: it is left alone from now on


def test_a_busy_conversation_is_read_back_to_two_weeks() -> None:
    workspace = Workspace(page=10)
    workspace.history["C1"] = [said(f"m{n}", hours=12 * n + 1) for n in range(59)]
    first = read_slack(workspace)
    assert workspace.counts["conversations.history"] == 6
    workspace.history["C1"].append(said("new", hours=0.5))
    got = again(workspace, first)
    assert workspace.counts["conversations.history"] == 3
    assert (got.gone, len(got.messages)) == ([], 30)
    kept = json.loads(got.mark().value)
    assert len(kept["told"]) == 60


def test_a_thread_beyond_what_is_read_again_is_asked_for_while_it_lives() -> None:
    workspace = Workspace(page=10)
    workspace.history["C1"] = [said(f"m{n}", "UTOM", 12 * n + 1) for n in range(50)]
    start = workspace.thread("C1", said("start", hours=24 * 24.6), said("r1", "UTOM", 24 * 3))
    first = read_slack(workspace)
    workspace.replies["C1", start["ts"]].append({**said("r2", hours=2), "thread_ts": start["ts"]})
    got = again(workspace, first)
    assert "r2" in got.texts
    assert workspace.counts["conversations.replies"] == 1
    assert workspace.counts["conversations.history"] == 3


def test_a_quiet_thread_beyond_what_is_read_again_stays_as_it_was() -> None:
    workspace = Workspace(page=10)
    workspace.history["C1"] = [said(f"m{n}", "UTOM", 12 * n + 1) for n in range(50)]
    workspace.thread("C1", said("start", hours=24 * 24.6), said("r1", "UTOM", 24 * 20))
    first = read_slack(workspace)
    got = again(workspace, first)
    assert got.gone == []
    assert workspace.counts["conversations.replies"] == 0
    assert again(workspace, got).gone == []


# --- what is gone ---------------------------------------------------------------------------------------------------


def test_a_deleted_message_is_gone() -> None:
    workspace, _ = with_thread()
    first = read_slack(workspace)
    workspace.history["C1"] = [row for row in workspace.history["C1"] if row["text"] != "two"]
    assert again(workspace, first).gone == [f"C1:{stamp(65)}"]


def test_a_deleted_reply_is_gone() -> None:
    workspace, start = with_thread()
    first = read_slack(workspace)
    workspace.thread("C1", start, said("asked", hours=55))
    got = again(workspace, first)
    assert got.gone == [f"C1:{stamp(50)}"]
    assert again(workspace, got).gone == []


def test_a_thread_deleted_as_a_whole_is_gone() -> None:
    workspace, _ = with_thread()
    first = read_slack(workspace)
    workspace.history["C1"] = [row for row in workspace.history["C1"] if row["text"] != "start"]
    assert again(workspace, first).gone == [f"C1:{stamp(hours)}" for hours in (60, 55, 50)]


def test_what_falls_out_of_the_window_is_gone() -> None:
    workspace, _ = with_thread()
    first = read_slack(workspace)
    later = NOW + timedelta(days=27, hours=13)
    marks = {C1: Mark(first.mark().value.replace("2026-11-19", "2026-12-14", 1))}  # not to be read anew for its age
    assert '"whole_at":"2026-12-14"' in marks[C1].value
    got = read_slack(workspace, marks=marks, now=later)
    assert got.gone == [f"C1:{stamp(hours)}" for hours in (70, 65, 60)]
    assert got.texts == []


def test_an_edit_and_a_reaction_are_stated_anew() -> None:
    workspace, _ = with_thread()
    first = read_slack(workspace)
    workspace.history["C1"][0] |= {
        "text": "other words",
        "reactions": [{"name": "eyes", "users": ["UINES"], "count": 1}],
    }
    got = again(workspace, first)
    (message,) = (message for message in got.messages if message.at == NOW - timedelta(hours=70))
    assert (message.excerpt, message.seen) == ("other words", True)


def test_sudden_emptiness_is_read_again_as_a_whole() -> None:
    workspace, _ = with_thread()
    first = read_slack(workspace)
    workspace.history, workspace.replies = {}, {}
    with on_the_wire(workspace) as connector:
        (stream,) = (stream for stream in connector.streams(window()) if stream.scope == C1)
        with pytest.raises(MarkExpired):
            list(stream.read(window(), first.mark()))


# --- marks that do not serve ----------------------------------------------------------------------------------------

KEPT = Kept(
    me="T1/UMAYA", whole_at=NOW.date(), since=window().since, until=NOW, told=frozenset({stamp(3)}), members=("U1",),
    threads={stamp(9): Thread(count=1, latest=stamp(8), is_open=True, replies=(stamp(8),))},
)  # fmt: skip


def kept_again(mark: Mark, days: float = 0.0) -> Kept:
    now = NOW + timedelta(days=days)
    return kept_of(mark, window(now), me="T1/UMAYA", channel="C1")


def test_a_mark_says_what_it_was_told() -> None:
    assert kept_again(KEPT.mark()) == KEPT
    assert sorted(KEPT.everything()) == sorted((stamp(3), stamp(8)))


@pytest.mark.parametrize(
    "value",
    ["", "zz", "7", "[]", "{}", "null", '{"v":1}', KEPT.mark().value.replace('"v":1', '"v":99'), KEPT.mark().value[:-9],
     KEPT.mark().value.replace(":00+01:00", ":00")],
)  # fmt: skip
def test_a_mark_that_cannot_be_read_is_expired(value: str) -> None:
    with pytest.raises(MarkExpired):
        kept_again(Mark(value))


def test_a_mark_of_somebody_else_is_expired() -> None:
    with pytest.raises(MarkExpired, match="another person's"):
        kept_again(replace(KEPT, me="T1/UTOM").mark())


def test_everything_is_read_again_after_a_week_or_so_each_on_its_own_day() -> None:
    def lives(channel: str) -> int:
        for days in range(20):
            try:
                kept_of(KEPT.mark(), window(NOW + timedelta(days=days)), me="T1/UMAYA", channel=channel)
            except MarkExpired:
                return days
        return 20

    assert {lives(f"C{number}") for number in range(40)} == {7, 8, 9, 10}


def test_a_mark_from_later_or_of_a_shorter_window_is_expired() -> None:
    with pytest.raises(MarkExpired):
        kept_again(KEPT.mark(), days=-1)
    with pytest.raises(MarkExpired):
        kept_of(KEPT.mark(), replace(window(), since=NOW - timedelta(days=45)), me="T1/UMAYA", channel="C1")


@given(st.datetimes(min_value=datetime(2001, 9, 10), max_value=datetime(2090, 1, 1)))  # noqa: DTZ001  (made aware below)
def test_a_moment_is_written_with_every_digit(at: datetime) -> None:
    from briefing.reading.slackfacts import moment

    aware = at.replace(tzinfo=NOW.tzinfo)
    assert moment(stamp_of(aware)) == aware


# --- too much for one time ------------------------------------------------------------------------------------------


def many_threads(count: int) -> Workspace:
    workspace = Workspace()
    for number in range(count):
        workspace.thread(
            "C1", said(f"start {number}", hours=100 + number), said(f"reply {number}", "UTOM", 50 + number)
        )
    return workspace


@pytest.mark.parametrize("how", [{"budget": 9}, {"patience": 0.0}])
def test_threads_beyond_the_budget_or_the_time_are_named_and_read_the_next_time(how: dict[str, Any]) -> None:
    """Six calls go before the first thread: so the budget leaves three."""
    workspace = many_threads(5)
    got = read_slack(workspace, **how)
    left = 5 - workspace.counts["conversations.replies"]
    assert left == (2 if "budget" in how else 5)
    assert got.skipped == [f"{C1}: {left} threads not reached; the next reading goes on with them"]
    assert got.mark().so_far
    assert len(got.messages) == 10 - left
    after = again(workspace, got)
    assert workspace.counts["conversations.replies"] == left
    assert (after.skipped, after.mark().so_far) == ([], False)
    known = {message.ref.id for message in (*got.messages, *after.messages)}
    assert len(known) == 10
    again(workspace, after)
    assert workspace.counts["conversations.replies"] == 0


def test_the_latest_threads_are_read_first() -> None:
    workspace = many_threads(5)
    got = read_slack(workspace, budget=8)
    assert [text for text in got.texts if text.startswith("reply")] == ["reply 1", "reply 0"]


def test_a_thread_that_was_not_reached_keeps_what_was_read_of_it() -> None:
    workspace = many_threads(3)
    first = read_slack(workspace)
    for number in range(3):
        start = next(row for row in workspace.history["C1"] if row["text"] == f"start {number}")
        old = workspace.replies["C1", start["ts"]]
        workspace.thread("C1", start, *old, said(f"more {number}", hours=5 + number))
    got = again(workspace, first, patience=0.0)
    assert (got.gone, len(got.skipped), got.mark().so_far) == ([], 1, True)
    after = again(workspace, got)
    assert [text for text in after.texts if text.startswith("more")] == ["more 2", "more 1", "more 0"]


def test_conversations_beyond_the_budget_are_gaps_by_name() -> None:
    workspace = Workspace(channels=[channel("C1", "client-juniper"), channel("C2", "general"), channel("C3", "random")])
    got = read_slack(workspace, budget=6)
    assert {scope: str(error) for scope, error in got.errors.items()} == {
        "#general": "not reached, the budget of 6 calls was used up",
        "#random": "not reached, the budget of 6 calls was used up",
    }  # fmt: skip
    assert all(isinstance(error, NotReached) for error in got.errors.values())
    assert "raise `budget` of sources.slack" in got.errors["#general"].advice


def test_after_a_row_that_cannot_be_read_the_mark_does_not_go_on() -> None:
    workspace = many_threads(3)
    workspace.history["C1"].append({"ts": stamp(1), "text": "by nobody"})
    got = read_slack(workspace, patience=0.0)
    assert len(got.skipped) == 2
    assert not got.mark().so_far


# --- whatever happens, going on gives what reading anew gives -----------------------------------------------------------


def evolve(workspace: Workspace, random: Random, hours: float) -> None:
    """Something happens that Slack shows on a later reading: words, replies, edits, reactions, deletions."""
    floor = workspace.history.setdefault("C1", [])
    starts = [row for row in floor if row.get("reply_count")]
    plain = [row for row in floor if not row.get("reply_count")]
    by = random.choice(["UDANA", "UTOM", "UMAYA", "UGUEST", "UBOT"])
    what = random.choice(["say", "say", "reply", "reply", "reply", "edit", "react", "delete", "delete reply"])
    if what == "reply" and floor:
        start = random.choice(floor)
        old = workspace.replies.get(("C1", start["ts"]), [])
        workspace.thread("C1", start, *old, said(f"reply {hours}", by, hours))
    elif what == "edit" and floor:
        random.choice(floor)["text"] = f"edited {hours}"
    elif what == "react" and floor:
        random.choice(floor)["reactions"] = [{"name": "white_check_mark", "users": ["UMAYA"], "count": 1}]
    elif what == "delete" and plain:
        floor.remove(random.choice(plain))
    elif what == "delete reply" and starts:
        start = random.choice(starts)
        old = workspace.replies["C1", start["ts"]]
        if len(old) > 1:
            workspace.thread("C1", start, *[row for row in old if row is not old[-1]])
    else:
        floor.append(said(f"said {hours}", by, hours))


def applied(known: Mapping[str, Message], got: Got) -> dict[str, Message]:
    """What the store holds after a reading that went on."""
    gone = {one.ref.id for one in got.of(Gone)}
    found = {key: message for key, message in known.items() if key not in gone}
    return found | {message.ref.id: message for message in got.messages}


@given(seed=st.integers(0, 10**9), page=st.sampled_from([3, 7, 1000]))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_going_on_for_days_gives_what_reading_anew_gives(seed: int, page: int) -> None:
    random, workspace = Random(seed), Workspace(page=page)
    known: dict[str, Message] = {}
    marks: dict[str, Mark] = {}
    hours = 6 * 24.0
    with on_the_wire(workspace) as connector:
        for day in range(6):
            now = NOW - timedelta(days=5 - day)
            while hours > (5 - day) * 24:
                evolve(workspace, random, round(hours, 2))
                hours -= random.uniform(0.5, 9)
            got = read_all(connector, marks, now)
            known, marks = applied(known, got), marks_of(got)
            assert known == {message.ref.id: message for message in read_all(connector, now=now).messages}
