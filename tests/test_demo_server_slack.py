"""The demo's Slack held against the reference sheet: shapes field by field, pages, errors, limits, and what is open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest

from briefing.connector import Window
from briefing.demo.days import ZONE, moment
from briefing.demo.server.slack import BOT_TOKEN, METHODS, SCOPES, TIERS, TOKEN, SlackSite
from briefing.demo.server.slack_rows import URL, SlackRows
from briefing.facts import Message
from briefing.loopback import Loopback, Reply, Request
from connectors.slack import Slack
from tests.worlds import world_of

DAY = date(2026, 11, 19)
Row = dict[str, Any]


@cache
def rows() -> SlackRows:
    return SlackRows(world_of(1, DAY), DAY)


def site(**settings: Any) -> SlackSite:
    return SlackSite(rows().world, DAY, rows=rows(), **settings)


def answer(at: SlackSite, method: str, *, token: str = f"Bearer {TOKEN}", **asked: Any) -> Reply:
    headers = {"content-type": "application/x-www-form-urlencoded", **({"authorization": token} if token else {})}
    return at(Request(method="POST", path=f"/api/{method}", headers=headers, body=urlencode(asked).encode()))


def told(at: SlackSite, method: str, **asked: Any) -> Row:
    reply = answer(at, method, **asked)
    assert isinstance(reply.body, bytes)
    found = json.loads(reply.body)
    assert isinstance(found, dict)
    return found


def pages(at: SlackSite, method: str, name: str, **asked: Any) -> list[list[Any]]:
    found, cursor = [], ""
    while True:
        page = told(at, method, **asked, **({"cursor": cursor} if cursor else {}))
        found.append(page[name])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return found


# --- shapes: the fields of the reference, section 2, 6 and 7 ---------------------------------------------------------

AUTH = "url team team_id user user_id is_enterprise_install".split()
CHANNEL = (
    "id name name_normalized is_channel is_group is_im is_mpim is_private is_archived is_general is_shared is_ext_shared "
    "is_org_shared is_pending_ext_shared pending_shared shared_team_ids connected_team_ids internal_team_ids "
    "pending_connected_team_ids conversation_host_id context_team_id created updated creator topic purpose previous_names "
    "properties parent_conversation unlinked"
).split()
DIRECT = (
    "id is_im is_archived is_org_shared context_team_id created updated user is_user_deleted is_open priority".split()
)
USER = (
    "id team_id name deleted real_name tz tz_label tz_offset is_bot is_app_user is_admin is_owner is_restricted "
    "is_ultra_restricted updated profile"
).split()
USER_MAY = "is_workflow_bot is_stranger is_invited_user enterprise_user color is_primary_owner is_email_confirmed who_can_share_contact_card".split()
PROFILE = (
    "display_name real_name first_name last_name title phone status_text status_emoji status_expiration team"
).split()
PROFILE_MAY = "email bot_id api_app_id skype avatar_hash real_name_normalized display_name_normalized".split()
PLAIN = "type ts user text team client_msg_id blocks".split()
"""A plain message of a person has these seven keys."""

START = "thread_ts reply_count reply_users_count latest_reply reply_users is_locked subscribed".split()
REPLY = "thread_ts parent_user_id".split()
BOT = "type ts text subtype bot_id app_id username icons".split()
JOIN = "type ts user text subtype".split()
MATCH = "iid team channel type user username ts text permalink blocks score".split()
GROUP = "id handle name users user_count team_id is_usergroup description".split()


def lacks(row: Row, must: Sequence[str], may: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Fields that are missing, and fields that the reference does not know."""
    return sorted(set(must) - set(row)), sorted(set(row) - set(must) - set(may))


def test_auth_test() -> None:
    found = told(site(), "auth.test")
    assert lacks(found, ["ok", *AUTH]) == ([], [])
    assert found["url"].endswith("/")
    assert told(site(token="xoxb-1"), "auth.test", token="Bearer xoxb-1")["bot_id"]
    assert told(site(expires_in=43200), "auth.test")["expires_in"] == 43200


@pytest.mark.parametrize(
    ("method", "more"), [("users.conversations", []), ("conversations.list", ["is_member", "num_members"])]
)
def test_conversations_as_lists_show_them(method: str, more: list[str]) -> None:
    found = told(site(), method, types="public_channel,private_channel,mpim,im", limit=999)["channels"]
    kinds: dict[str, list[Row]] = {"im": [], "other": []}
    for row in found:
        kinds["im" if row.get("is_im") else "other"].append(row)
    assert len(kinds["im"]) > 5
    for row in kinds["im"]:
        assert lacks(row, [*DIRECT, *more]) == ([], [])
    for row in kinds["other"]:
        assert lacks(row, [*CHANNEL, *more]) == ([], [])
        assert row["updated"] > 10**12 > row["created"]
    shared = [row for row in kinds["other"] if row["is_ext_shared"]]
    assert all(row["connected_team_ids"] and row["is_shared"] for row in shared)
    assert {row["name"].startswith("client-") for row in shared} == {True}


def test_one_conversation_alone_tells_how_far_it_was_read() -> None:
    at = site()
    channel = told(at, "conversations.info", channel="C0OWN00000", include_num_members="1")["channel"]
    assert lacks(channel, [*CHANNEL, "last_read", "num_members"]) == ([], [])
    (person, *_) = [place for place in rows().places.values() if place.family == "im" and place.notes]
    direct = told(at, "conversations.info", channel=person.id)["channel"]
    assert lacks(direct, [*DIRECT, "last_read", "latest", "unread_count", "unread_count_display"]) == ([], [])


def test_people() -> None:
    members = told(site(), "users.list", limit=1000)["members"]
    for row in members:
        assert lacks(row, USER, USER_MAY) == ([], [])
        assert lacks(row["profile"], PROFILE, PROFILE_MAY) == ([], [])
    by_id = {row["id"]: row for row in members}
    assert (by_id["USLACKBOT"]["is_bot"], by_id["U0APP00001"]["is_bot"], by_id["U0LEFT0001"]["deleted"]) == (
        False,
        True,
        True,
    )
    outside = [row for row in members if row["team_id"] != "T0HARBOUR"]
    assert {row["is_stranger"] for row in outside} == {False}
    assert told(site(), "users.info", user=outside[0]["id"])["user"] == outside[0]


def test_messages_of_every_kind() -> None:
    at = site()
    found: dict[str, Row] = {}
    for place in rows().places.values():
        if rows().me.slack in place.members:
            for row in told(at, "conversations.history", channel=place.id, limit=999)["messages"]:
                kind = row.get("subtype") or ("start" if "reply_count" in row else "plain")
                found[kind] = row
                must = {"bot_message": BOT, "channel_join": JOIN, "start": [*PLAIN, *START], "plain": PLAIN}[kind]
                assert lacks(row, must, ["reactions"]) == ([], []), kind
                for reaction in row.get("reactions", []):
                    assert lacks(reaction, ["name", "users", "count"]) == ([], [])
                    assert ":" not in reaction["name"]
    assert set(found) == {"plain", "start", "bot_message", "channel_join"}
    start = found["start"]
    assert start["thread_ts"] == start["ts"] < start["latest_reply"]
    assert len(start["reply_users"]) <= 5
    assert start["blocks"][0]["type"] == "rich_text"
    assert start["blocks"][0]["elements"][0]["type"] == "rich_text_section"


def a_thread(at: SlackSite, least: int = 2) -> tuple[str, Row]:
    """A conversation and the start of one of its threads."""
    for place in rows().places.values():
        for row in told(at, "conversations.history", channel=place.id, limit=999).get("messages", []):
            if row.get("reply_count", 0) >= least:
                return place.id, row
    raise AssertionError("no thread")


def test_a_thread_is_its_start_and_its_replies_the_oldest_first() -> None:
    at = site()
    channel, start = a_thread(at)
    found = told(at, "conversations.replies", channel=channel, ts=start["ts"])
    first, *replies = found["messages"]
    assert first["ts"] == start["ts"]
    assert lacks(first, [*PLAIN, *START], ["reactions", "last_read", "unread_count"]) == ([], [])
    for row in replies:
        assert lacks(row, [*PLAIN, *REPLY], ["reactions"]) == ([], [])
        assert row["thread_ts"] == start["ts"]
    assert [row["ts"] for row in replies] == sorted(row["ts"] for row in replies)
    assert (len(replies), replies[-1]["ts"]) == (start["reply_count"], start["latest_reply"])
    assert found["has_more"] is False
    alone = told(at, "conversations.replies", channel=channel, ts=replies[0]["ts"])["messages"]
    assert [row["ts"] for row in alone] == [replies[0]["ts"]]
    assert told(at, "conversations.replies", channel=channel, ts="1.000000")["error"] == "thread_not_found"


def test_replies_are_not_in_the_history() -> None:
    at = site()
    history = told(at, "conversations.history", channel="C0OWN00000", limit=999)["messages"]
    assert not [row for row in history if row.get("thread_ts", row["ts"]) != row["ts"]]


def test_user_groups_with_and_without_members() -> None:
    for row in told(site(), "usergroups.list", include_users="1")["usergroups"]:
        assert lacks(row, GROUP, set(row)) == ([], [])  # type: ignore[arg-type]  # a set serves
        assert row["user_count"] == len(row["users"]) > 0
    assert all("users" not in row for row in told(site(), "usergroups.list")["usergroups"])


def test_what_a_search_finds() -> None:
    at = site()
    me = rows().me.slack
    found = told(at, "search.messages", query=f"from:<@{me}> is:thread", sort="timestamp", sort_dir="desc", count=5)
    assert lacks(found["messages"], ["matches", "total", "paging", "pagination"]) == ([], [])
    assert lacks(found["messages"]["paging"], ["count", "total", "page", "pages"]) == ([], [])
    for row in found["messages"]["matches"]:
        assert lacks(row, MATCH) == ([], [])
        assert "thread_ts" not in row
        assert "?thread_ts=" in row["permalink"]
        assert row["user"] == me
    times = [row["ts"] for row in found["messages"]["matches"]]
    assert times == sorted(times, reverse=True)
    named = told(at, "search.messages", query=f"<@{me}>", sort="timestamp", count=100)["messages"]
    assert named["total"] > 0
    assert all(f"<@{me}>" in row["text"] for row in named["matches"])
    fresh = told(site(search_lag=24.0), "search.messages", query=f"from:<@{me}>", sort="timestamp", count=100)[
        "messages"
    ]
    assert float(fresh["matches"][0]["ts"]) <= (moment(DAY) - timedelta(hours=24)).timestamp()
    assert told(at, "search.messages")["error"] == "no_query"


def test_links_are_those_that_the_connector_makes_without_asking() -> None:
    at = site()
    window = Window(now=moment(DAY), since=moment(DAY) - timedelta(days=9), until=moment(DAY), zone=ZONE)
    with Loopback(at) as server:
        connector = Slack(
            source="slack", base_url=server.url, token=TOKEN, pace=0, channels=["client-*"], types=["public"]
        )
        streams = connector.streams(window)
        messages = [thing for stream in streams for thing in stream.read(window, None) if isinstance(thing, Message)]
    replies = [message for message in messages if "thread_ts" in message.ref.url]
    assert len(replies) > 2
    for message in (*replies[:3], *(one for one in messages if one not in replies)):
        channel, stamp = message.ref.id.split(":")
        assert told(at, "chat.getPermalink", channel=channel, message_ts=stamp)["permalink"] == message.ref.url
    assert all(message.ref.url.startswith(f"{URL}archives/") for message in messages)


# --- pages and windows ----------------------------------------------------------------------------------------------


def test_history_comes_newest_first_and_says_nothing_after_the_last_page() -> None:
    at = site()
    whole = told(at, "conversations.history", channel="C0OWN00000", limit=999)
    times = [row["ts"] for row in whole["messages"]]
    assert times == sorted(times, reverse=True)
    assert whole["has_more"] is False
    assert "response_metadata" not in whole
    parts = pages(at, "conversations.history", "messages", channel="C0OWN00000", limit=7)
    assert [row["ts"] for part in parts for row in part] == times
    assert {len(part) for part in parts[:-1]} == {7}


@pytest.mark.parametrize(
    ("method", "name"),
    [("users.list", "members"), ("users.conversations", "channels"), ("conversations.members", "members")],
)
def test_lists_send_an_empty_cursor_at_their_end(method: str, name: str) -> None:
    at = site()
    asked = {"channel": "C0OWN00000"} if "members" in method else {}
    whole = told(at, method, limit=999, **asked)
    assert whole["response_metadata"] == {"next_cursor": ""}
    assert [row for part in pages(at, method, name, limit=4, **asked) for row in part] == whole[name]
    assert told(at, method, cursor="bm90aGluZw==", limit=4, **asked)["error"] == "invalid_cursor"


def test_a_page_may_hold_fewer_rows_than_asked_for() -> None:
    at = site(pages={"conversations.history": 3})
    assert {
        len(part) for part in pages(at, "conversations.history", "messages", channel="C0EXT00008", limit=200)[:-1]
    } == {3}


def test_the_ends_of_a_window_are_left_out_unless_inclusive() -> None:
    at = site()
    times = [row["ts"] for row in told(at, "conversations.history", channel="C0OWN00000", limit=5)["messages"]]
    between = {"channel": "C0OWN00000", "oldest": times[3], "latest": times[1]}
    assert [row["ts"] for row in told(at, "conversations.history", **between)["messages"]] == times[2:3]
    both = told(at, "conversations.history", **between, inclusive="1")["messages"]
    assert [row["ts"] for row in both] == times[1:4]


def test_types_are_public_channels_where_none_is_named() -> None:
    at = site()
    found = told(at, "users.conversations", limit=999)["channels"]
    assert {row["is_private"] for row in found} == {False}
    assert told(at, "users.conversations", types="public")["error"] == "invalid_types"
    archived = {row["name"] for row in found if row["is_archived"]}
    kept = told(at, "users.conversations", limit=999, exclude_archived="1")["channels"]
    assert archived == {"old-website"}
    assert archived.isdisjoint(row["name"] for row in kept)


# --- who may what ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("Bearer xoxp-wrong", "invalid_auth"), (f"bearer {TOKEN}", "invalid_auth"), (TOKEN, "invalid_auth")],
)  # fmt: skip
def test_logins_are_checked_before_arguments(token: str, error: str) -> None:
    found = told(site(), "conversations.history", token=token, channel="nonsense")
    assert (found["ok"], found["error"]) == (False, error)


def test_every_answer_tells_the_scopes() -> None:
    headers = {name.lower(): value for name, value in answer(site(), "users.list", limit=5).headers}
    assert headers["x-oauth-scopes"].split(",") == SCOPES.split()
    assert headers["x-accepted-oauth-scopes"] == "users:read"
    silent = {name.lower() for name, _ in answer(site(tells_scopes=False), "users.list", limit=5).headers}
    assert "x-oauth-scopes" not in silent


@pytest.mark.parametrize(
    ("method", "asked", "needed"),
    [
        ("users.list", {}, "users:read"), ("usergroups.list", {}, "usergroups:read"),
        ("search.messages", {"query": "x"}, "search:read"), ("users.conversations", {"types": "public_channel,im"}, "im:read"),
        ("conversations.history", {"channel": "C0PRIVATE1"}, "groups:history"),
    ],
)  # fmt: skip
def test_a_missing_scope_is_named(method: str, asked: Row, needed: str) -> None:
    scopes = [scope for scope in SCOPES.split() if scope != needed]
    found = told(site(scopes=" ".join(scopes)), method, **asked)
    assert (found["error"], found["needed"]) == ("missing_scope", needed)
    assert found["provided"].split(",") == scopes
    assert told(site(), method, **asked)["ok"]


def test_addresses_need_a_scope_of_their_own() -> None:
    rows_without = told(site(scopes="users:read"), "users.list", limit=999)["members"]
    assert not [row for row in rows_without if "email" in row["profile"]]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"channel": "C9"}, "channel_not_found"), ({}, "channel_not_found"), ({"channel": "C0OWN00000", "limit": 1000}, "invalid_limit"),
        ({"channel": "C0OWN00000", "limit": "many"}, "invalid_arguments"), ({"channel": "C0OWN00000", "oldest": "x"}, "invalid_ts_oldest"),
        ({"channel": "C0EXT00006"}, "is_archived"), ({"channel": "C0EXT00008"}, "not_in_channel"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(asked: Row, error: str) -> None:
    at = site(refuse={"client-oakline": "is_archived", "C0EXT00008": "not_in_channel"})
    assert told(at, "conversations.history", **asked)["error"] == error


@pytest.mark.parametrize(
    "method", ["chat.postMessage", "conversations.mark", "reactions.add", "users.profile.set", "nothing.at.all"]
)
def test_there_is_nothing_to_write_with(method: str) -> None:
    at = site()
    assert told(at, method, channel="C0OWN00000", text="no")["error"] == "unknown_method"
    assert at.refused == [method]


def test_get_post_form_and_json_are_the_same() -> None:
    at = site()
    login = {"authorization": f"Bearer {TOKEN}"}
    asked = {"channel": "C0OWN00000", "limit": "3"}
    path = "/api/conversations.history"
    as_json = {**login, "content-type": "application/json;charset=utf-8"}
    requests = [
        Request(method="GET", path=path, query=tuple(asked.items()), headers=login),
        Request(method="POST", path=path, headers=login, body=urlencode(asked).encode()),
        Request(method="POST", path=path, headers=as_json, body=json.dumps({**asked, "limit": 3}).encode()),
    ]
    assert len({at(request).body for request in requests}) == 1
    empty = Request(method="POST", path="/api/auth.test", headers=as_json, body=b"")
    assert b'"ok": true' in at(empty).body
    for body, error in ((b"{", b"invalid_json"), (b"[]", b"json_not_object")):
        assert error in at(Request(method="POST", path=path, headers=as_json, body=body)).body


# --- limits ---------------------------------------------------------------------------------------------------------


def statuses(at: SlackSite, method: str, times: int, **asked: Any) -> list[int]:
    return [answer(at, method, **asked).status for _ in range(times)]


@pytest.mark.parametrize("method", ["users.list", "conversations.history", "users.info"])
def test_limits_are_counted_per_method(method: str) -> None:
    at = site(limited=True)
    asked: dict[str, Any] = {"channel": "C0OWN00000", "user": "USLACKBOT", "limit": 1}
    assert statuses(at, method, TIERS[method] + 2, **asked) == [200] * TIERS[method] + [429] * 2
    reply = answer(at, method, **asked)
    assert isinstance(reply.body, bytes)
    assert json.loads(reply.body) == {"ok": False, "error": "ratelimited"}
    assert 50 <= int(dict(reply.headers)["Retry-After"]) <= 60
    assert answer(at, "usergroups.list").status == 200


def test_a_limit_ends_with_its_minute() -> None:
    at = site(per_minute={"users.info": 2}, minute=0.0)
    assert statuses(at, "users.info", 9, user="USLACKBOT") == [200] * 9


def test_a_distributed_app_gets_fifteen_rows_a_minute() -> None:
    at = site(distributed=True)
    first = told(at, "conversations.history", channel="C0OWN00000", limit=999)
    assert (len(first["messages"]), first["has_more"]) == (15, True)
    assert answer(at, "conversations.history", channel="C0OWN00001").status == 429
    assert answer(at, "users.list", limit=5).status == 200


# --- what is open is a setting --------------------------------------------------------------------------------------


def test_people_of_others_are_in_the_list_or_not() -> None:
    everybody = {row["id"] for row in told(site(), "users.list", limit=999)["members"]}
    ours = {row["id"] for row in told(site(lists_outsiders=False), "users.list", limit=999)["members"]}
    assert everybody - ours == rows().outsiders
    one = min(rows().outsiders)
    assert told(site(lists_outsiders=False), "users.info", user=one)["user"]["id"] == one
    assert told(site(), "users.info", user="U0NOBODY")["error"] == "user_not_found"


def test_muted_channels_are_left_out_or_not() -> None:
    def names(at: SlackSite, **asked: Any) -> set[str]:
        return {row["name"] for row in told(at, "users.conversations", limit=999, **asked)["channels"]}

    assert names(site()) - names(site(), exclude_muted="1") == {"lunch"}
    assert names(site(knows_muted=False), exclude_muted="1") == names(site())


def test_without_asides_there_is_what_the_world_tells() -> None:
    plain = SlackRows(rows().world, DAY, asides=False)
    assert {place.id[:5] for place in plain.places.values()} == {"C0OWN", "C0EXT", "D0STA"}
    assert not [note for place in plain.places.values() for note in place.notes if note.talk == "join"]


def test_nobody_has_to_wait_where_no_limit_holds() -> None:
    assert SlackSite.credentials({}) == {"token": TOKEN, "pace": 0}
    assert SlackSite.credentials({"limited": True}) == {"token": TOKEN}
    assert set(TIERS) | {"auth.test", "chat.getPermalink"} == set(METHODS)


def test_a_note_is_the_same_message_on_every_morning() -> None:
    """Only what happens changes it: new replies, new reactions."""
    later = SlackRows(rows().world, date(2026, 11, 20))
    now, then = rows().places["C0EXT00008"], later.places["C0EXT00008"]
    kept = {note.id: note for note in then.notes}
    same = [note for note in now.notes if note.id in kept and not rows().replies.get(note.id)]
    assert len(same) > 10
    assert [rows().message(note) for note in same] == [later.message(kept[note.id]) for note in same]


def test_a_bot_posts_to_the_reader_and_the_readers_own_token_cannot() -> None:
    at = site()
    asked = {"channel": rows().me.slack, "text": "Good morning."}
    assert told(at, "chat.postMessage", **asked)["error"] == "unknown_method"
    bot = answer(at, "chat.postMessage", token=f"Bearer {BOT_TOKEN}", **asked)
    assert isinstance(bot.body, bytes)
    found = json.loads(bot.body)
    assert (found["ok"], found["message"]["text"]) == (True, "Good morning.")
    general = next(place.id for place in rows().places.values() if place.row.get("name") == "general")
    elsewhere = answer(at, "chat.postMessage", token=f"Bearer {BOT_TOKEN}", **{**asked, "channel": general})
    assert b"not_in_channel" in (elsewhere.body if isinstance(elsewhere.body, bytes) else b"")
