"""The bot's side of the demo's Slack held against the documented methods: fields, errors, limits. No world is built."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from briefing.demo.server.slack_posts import BOT, BOT_ID, TOKEN, SlackPosts
from briefing.loopback import Reply, Request

MAYA, TOM = "U0MAYA0001", "U0TOM00001"
NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*one*"}}
Row = dict[str, Any]


def site(**settings: Any) -> SlackPosts:
    return SlackPosts(
        people={MAYA: {}, TOM: {"deleted": True}}, channels=("C0GENERAL1",), clock=lambda: NOW, **settings
    )


def answer(at: SlackPosts, method: str, *, token: str = TOKEN, form: bool = False, **asked: Any) -> Reply:
    """Asked as slack-sdk asks: JSON for what posts, a form for what reads."""
    body = urlencode(asked).encode() if form else json.dumps(asked).encode()
    kind = "application/x-www-form-urlencoded" if form else "application/json;charset=utf-8"
    headers = {"content-type": kind, **({"authorization": f"Bearer {token}"} if token else {})}
    return at(Request(method="POST", path=f"/api/{method}", headers=headers, body=body))


def told(at: SlackPosts, method: str, **asked: Any) -> Row:
    reply = answer(at, method, **asked)
    assert isinstance(reply.body, bytes)
    found = json.loads(reply.body)
    assert isinstance(found, dict)
    return found


def posted(at: SlackPosts, **asked: Any) -> Row:
    return told(at, "chat.postMessage", channel=MAYA, **{"text": "one", **asked})


def test_a_message_has_the_documented_fields() -> None:
    at = site()
    found = posted(at, blocks=[SECTION], metadata={"event_type": "e", "event_payload": {"n": 1}})
    assert set(found) == {"ok", "channel", "ts", "message"}
    assert set(found["message"]) >= {"type", "ts", "user", "bot_id", "app_id", "team", "text", "blocks", "metadata"}
    assert (found["channel"], found["message"]["user"], found["message"]["bot_id"]) == ("D00MAYA0001", BOT, BOT_ID)
    reply = posted(at, thread_ts=found["ts"])["message"]
    assert (reply["thread_ts"], reply["parent_user_id"]) == (found["ts"], BOT)
    assert found["ts"] < reply["ts"]
    start, *_ = told(at, "conversations.replies", channel="D00MAYA0001", ts=found["ts"])["messages"]
    assert {"reply_count", "reply_users", "reply_users_count", "latest_reply", "is_locked", "subscribed"} <= set(start)


def test_an_edit_has_the_documented_fields() -> None:
    at = site()
    first = posted(at, metadata={"event_type": "e", "event_payload": {"n": 1}})
    found = told(at, "chat.update", channel=first["channel"], ts=first["ts"], text="two")
    assert set(found) == {"ok", "channel", "ts", "text", "message"}
    assert (found["ts"], found["text"], found["message"]["edited"]["user"]) == (first["ts"], "two", BOT)
    assert found["message"]["metadata"] == {"event_type": "e", "event_payload": {"n": 1}}


def test_a_direct_message_is_opened_once() -> None:
    at = site()
    assert told(at, "conversations.open", users=MAYA, form=True) == {"ok": True, "channel": {"id": "D00MAYA0001"}}
    found = told(at, "conversations.open", users=MAYA, return_im=True)
    assert (found["already_open"], found["channel"]["user"], found["channel"]["is_im"]) == (True, MAYA, True)
    assert told(at, "conversations.open", channel="D00MAYA0001")["channel"] == {"id": "D00MAYA0001"}


def test_history_shows_metadata_where_it_is_asked_for_and_no_replies() -> None:
    at = site(pages=1)
    metadata = {"event_type": "e", "event_payload": {"n": 1}}
    first = posted(at, metadata=metadata)
    posted(at, thread_ts=first["ts"])
    at.says(MAYA, "thanks")
    page = told(at, "conversations.history", channel=first["channel"], include_all_metadata=1, form=True)
    assert (page["messages"][0]["user"], page["has_more"], page["pin_count"]) == (MAYA, True, 0)
    cursor = page["response_metadata"]["next_cursor"]
    how = {"channel": first["channel"], "cursor": cursor, "form": True}
    (whole,) = told(at, "conversations.history", include_all_metadata="true", **how)["messages"]
    assert (whole["ts"], whole["metadata"]) == (first["ts"], metadata)
    (short,) = told(at, "conversations.history", **how)["messages"]
    assert short["metadata"] == {"event_type": "e"}
    assert "metadata" not in posted(site(keeps_metadata=False), metadata=metadata)["message"]


@pytest.mark.parametrize(
    ("method", "asked", "error"),
    [
        ("chat.postMessage", {"channel": "C0GENERAL1", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0NOWHERE1", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": MAYA}, "no_text"),
        ("chat.postMessage", {"channel": TOM, "text": "x"}, "user_disabled"),
        ("chat.postMessage", {"channel": MAYA, "text": "x", "thread_ts": "1.000001"}, "cannot_reply_to_message"),
        ("chat.postMessage", {"channel": MAYA, "text": "x", "metadata": "x"}, "invalid_metadata_format"),
        ("chat.postMessage", {"channel": MAYA, "text": "x", "metadata": {"n": 1}}, "invalid_metadata_schema"),
        ("chat.postMessage", {"channel": MAYA, "blocks": "x"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": MAYA, "blocks": [SECTION] * 51}, "invalid_blocks"),
        ("chat.postMessage", {"channel": MAYA, "blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ("chat.update", {"channel": MAYA, "ts": "1.000001", "text": "x"}, "channel_not_found"),
        ("chat.update", {"channel": "D00MAYA0001", "ts": "1.000001", "text": "x"}, "message_not_found"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("conversations.open", {"users": "U0NOBODY01"}, "user_not_found"),
        ("conversations.open", {"users": f"{MAYA},{TOM}"}, "missing_scope"),
        ("conversations.history", {"channel": "C0GENERAL1"}, "not_in_channel"),
        ("conversations.history", {"channel": "D00MAYA0001", "limit": 1000}, "invalid_limit"),
        ("conversations.replies", {"channel": "D00MAYA0001", "ts": "1.000001"}, "thread_not_found"),
        ("conversations.replies", {"channel": "D00MAYA0001"}, "missing_argument"),
        ("chat.delete", {}, "unknown_method"),
    ],
)
def test_what_is_refused(method: str, asked: Row, error: str) -> None:
    at = site()
    posted(at)
    assert told(at, method, **asked)["error"] == error


@pytest.mark.parametrize(
    ("block", "is_taken"),
    [
        ({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}, True),
        ({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}, False),
        ({"type": "header", "text": {"type": "plain_text", "text": "x" * 150}}, True),
        ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, False),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, False),
        ({"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}, False),
        ({"type": "divider"}, True),
        ({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text"}]}]}, False),
        ({"type": "rich_text", "elements": []}, False),
    ],
)  # fmt: skip
def test_limits_of_blocks(block: Row, is_taken: bool) -> None:
    assert posted(site(), blocks=[block]).get("error", "") == ("" if is_taken else "invalid_blocks")


def test_limits_of_text() -> None:
    at = site()
    many = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2500}}] * 5
    assert posted(at, blocks=many)["error"] == "msg_blocks_too_long"
    found = posted(at, text="x" * 40_001)
    assert len(found["message"]["text"]) == 40_000
    assert found["response_metadata"]["warnings"] == ["message_truncated"]
    edit = {"channel": found["channel"], "ts": found["ts"]}
    assert told(at, "chat.update", text="x" * 4_001, **edit)["error"] == "msg_too_long"
    at.says(MAYA, "mine")
    theirs = at.messages["D00MAYA0001"][-1]["ts"]
    assert told(at, "chat.update", channel=found["channel"], ts=theirs, text="x")["error"] == "cant_update_message"


def test_rich_text_is_not_replaced_by_other_blocks() -> None:
    at = site()
    text = {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}
    found = posted(at, blocks=[{"type": "rich_text", "elements": [text]}])
    edit = {"channel": found["channel"], "ts": found["ts"], "text": "x"}
    assert told(at, "chat.update", blocks=[SECTION], **edit)["error"] == "block_mismatch"


def test_who_may() -> None:
    at = site(scopes="chat:write im:write")
    found = told(at, "conversations.history", channel="D00MAYA0001")
    assert (found["error"], found["needed"], found["provided"]) == (
        "missing_scope",
        "im:history",
        "chat:write,im:write",
    )
    assert told(at, "auth.test", token="")["error"] == "not_authed"
    assert told(at, "auth.test", token="xoxp-1")["error"] == "invalid_auth"
    reply = answer(at, "auth.test")
    assert dict(reply.headers)["x-oauth-scopes"] == "chat:write,im:write"
    assert {"url", "team", "user", "team_id", "user_id", "bot_id"} <= set(told(at, "auth.test"))


def test_one_call_too_many() -> None:
    at = site(per_minute={"chat.postMessage": 1})
    posted(at)
    reply = answer(at, "chat.postMessage", channel=MAYA, text="two")
    assert (reply.status, 1 <= int(dict(reply.headers)["Retry-After"]) <= 60) == (429, True)
    assert b'"ratelimited"' in (reply.body if isinstance(reply.body, bytes) else b"")
    assert told(at, "conversations.open", users=MAYA)["ok"] is True
