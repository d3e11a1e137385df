"""Slack's threads by its API: they are not in the history, and which of them are read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.slack_wire import Row, Workspace, agency, channel, direct, read_slack, said, stamp

COLLEAGUES = "messages in threads among colleagues that you are not in"


def colleagues(start: Row, *replies: Row, **settings: Any) -> tuple[list[str], int]:
    """What is stated of a thread in a channel of our own, and how many messages are counted as left alone."""
    workspace = Workspace(channels=[channel("C2", "general")])
    workspace.thread("C2", start, *replies)
    got = read_slack(workspace, **settings)
    return got.texts, got.ignored.get(COLLEAGUES, 0)


REPLY = said("b", "UINES", 50)


@pytest.mark.parametrize(
    ("start", "reply", "is_read"),
    [
        (said("a", "UTOM", 60), REPLY, False),
        (said("a", "UMAYA", 60), REPLY, True),
        (said("a", "UTOM", 60), said("b", "UMAYA", 50), True),
        (said("a", "UTOM", 60, subscribed=True), REPLY, True),
        (said("a <@UMAYA>", "UTOM", 60), REPLY, True),
        (said("a <!subteam^S1>", "UTOM", 60), REPLY, True),
        (said("a <!subteam^S2>", "UTOM", 60), REPLY, False),
        (said("a", "UDANA", 60), REPLY, True),
        (said("a", "UTOM", 60), said("b", "UGUEST", 50), True),
        (said("a", "UTOM", 60), said("b", "UNKNOWN", 50), True),
    ],
)  # fmt: skip
def test_threads_among_colleagues_are_read_where_they_concern_the_person(start: Row, reply: Row, is_read: bool) -> None:
    groups = [{"id": "S1", "handle": "ops", "users": ["UMAYA"]}, {"id": "S2", "handle": "design", "users": ["UINES"]}]
    workspace = Workspace(channels=[channel("C2", "general")], groups=groups)
    workspace.thread("C2", dict(start), reply)
    workspace.history["C2"].append(said("floor", "UTOM", 70))
    got = read_slack(workspace)
    assert ("b" in got.texts) is is_read
    assert "floor" in got.texts
    assert got.ignored.get(COLLEAGUES, 0) == (0 if is_read else 2)
    assert workspace.counts["conversations.replies"] == is_read


def test_all_threads_are_read_where_asked_for() -> None:
    assert colleagues(said("a", "UTOM", 60), REPLY, threads="all") == (["a", "b"], 0)


def test_a_sample_of_who_replied_does_not_rule_anybody_out() -> None:
    workspace = Workspace(channels=[channel("C2", "general")])
    start = workspace.thread("C2", said("a", "UTOM", 60), said("b", "UINES", 50), said("c", "UMAYA", 40))
    start["reply_users"] = ["UINES"]
    assert read_slack(workspace).texts == ["a", "b", "c"]


def test_threads_of_direct_and_client_conversations_are_read_whoever_is_in_them() -> None:
    workspace = Workspace(channels=[channel("C1", "client-juniper"), direct("D1", "UTOM")])
    for place in ("C1", "D1"):
        workspace.thread(place, said(f"a {place}", "UTOM", 60), said(f"b {place}", "UTOM", 50))
    assert sorted(read_slack(workspace).texts) == ["a C1", "a D1", "b C1", "b D1"]


def test_a_thread_that_began_before_the_window_shows_its_new_replies() -> None:
    workspace = Workspace()
    workspace.thread(
        "C1", said("old question", hours=24 * 40), said("old answer", "UTOM", 24 * 39), said("new", hours=3)
    )
    workspace.thread("C1", said("older", hours=24 * 41), said("all old", "UTOM", 24 * 38))
    got = read_slack(workspace)
    assert got.texts == ["new"]
    assert got.messages[0].thread == f"C1:{stamp(24 * 40)}"
    assert workspace.counts["conversations.replies"] == 1


def test_a_reply_sent_to_the_channel_too_leads_to_its_thread_and_is_stated_once() -> None:
    workspace = Workspace()
    start = said("very old", hours=24 * 60)
    workspace.thread("C1", start, said("also here", "UTOM", 20), said("and here", hours=10))
    workspace.history["C1"] = [start, said("also here", "UTOM", 20, subtype="thread_broadcast", thread_ts=start["ts"])]
    got = read_slack(workspace)
    assert got.texts == ["also here", "and here"]
    assert {message.thread for message in got.messages} == {f"C1:{start['ts']}"}
    assert "messages that stand there twice" not in got.ignored


def test_a_deleted_start_keeps_its_thread() -> None:
    workspace = Workspace()
    start = said("This message was deleted.", "USLACKBOT", 60, subtype="tombstone")
    workspace.thread("C1", start, said("still here", hours=50))
    assert read_slack(workspace).texts == ["still here"]


def test_a_thread_that_is_not_there_any_more_has_no_replies() -> None:
    workspace = Workspace()
    workspace.thread("C1", said("a", hours=60), said("b", hours=50))
    workspace.refuse["conversations.replies"] = {"ok": False, "error": "thread_not_found"}
    got = read_slack(workspace)
    assert (got.texts, got.errors) == (["a"], {})


def test_replies_that_are_told_of_and_not_shown_are_no_silence() -> None:
    workspace = Workspace()
    workspace.thread("C1", said("a", hours=60), said("b", hours=50))
    workspace.refuse["conversations.replies"] = {"ok": True, "messages": [], "has_more": False}
    assert "tells of replies (1) and shows none" in str(read_slack(workspace).errors["#client-juniper"])


def test_old_threads_with_new_life_are_found_by_search() -> None:
    workspace = Workspace(channels=[channel("C2", "general")])
    workspace.scopes += " search:read"
    old, other = said("very old", "UTOM", 24 * 90), said("among us", "UTOM", 60)
    workspace.thread("C2", old, said("<@UMAYA> what now?", "UINES", 5))
    workspace.thread("C2", other, said("<@UMAYA> look", "UINES", 4))
    link = "https://agency.slack.com/archives/C2/p1?thread_ts={}&cid=C2"
    workspace.matches = [
        {"ts": stamp(5), "channel": {"id": "C2"}, "permalink": link.format(old["ts"])},
        {"ts": stamp(4), "channel": {"id": "C2"}, "permalink": link.format(other["ts"])},
        {"ts": stamp(3), "channel": {"id": "C2"}, "permalink": "https://agency.slack.com/archives/C2/p2"}, "odd", {},
    ]  # fmt: skip
    got = read_slack(workspace)
    assert got.texts == ["among us", "@Maya Lind what now?", "@Maya Lind look"]
    queries = [asked["query"] for method, asked in workspace.calls if method == "search.messages"]
    assert queries == ["<@UMAYA>", "from:<@UMAYA> is:thread"]
    workspace.calls.clear()
    assert read_slack(workspace, search=False).texts == []
    assert workspace.counts["search.messages"] == 0


def test_a_search_that_fails_is_noted_and_costs_nothing_else() -> None:
    workspace = agency()
    workspace.scopes += " search:read"
    workspace.refuse["search.messages"] = {"ok": False, "error": "not_allowed_token_type"}
    got = read_slack(workspace)
    assert (
        "old threads were not searched for: Slack does not allow search.messages (not_allowed_token_type)"
        in got.ignored
    )
    assert got.errors == {}
