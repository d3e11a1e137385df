"""Slack's Web API for a bot that posts: its direct messages with people, their threads, and what Slack refuses.

A token of its own, apart from the reader's; a site of its own, which needs no world. Limits, errors and the shape of
answers are those of the documented methods; what the reference leaves open is a setting (`PostSettings`).
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from briefing.demo.server.slack import BOT_TOKEN, Refusal, cursor_of, number_in, offset_in
from briefing.demo.server.slack_rows import TEAM
from briefing.loopback import Reply, Request, json_reply

Row = dict[str, Any]
TOKEN = BOT_TOKEN
SCOPES = "chat:write im:write im:history"
BOT, BOT_ID, APP_ID = "U0BRIEFBOT", "B0BRIEFBOT", "A0BRIEFING"
CREATED = 1700000000

MOST_BLOCKS, LONGEST_BLOCKS, LONGEST_TEXT, LONGEST_EDIT = 50, 12_000, 40_000, 4_000
LEAVES: Mapping[str, str] = {
    "text": "text", "link": "url", "user": "user_id", "usergroup": "usergroup_id", "channel": "channel_id",
    "broadcast": "range", "emoji": "name",
}  # fmt: skip
"""Elements of rich text, each with the field that it must have."""


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSettings:
    """Whom the site knows, and what it does where the reference leaves it open."""

    token: str = TOKEN
    scopes: str = SCOPES
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By id, as `users.info` shows them; only `deleted` is looked at."""

    channels: tuple[str, ...] = ()
    """Channels there are; the bot is in none."""

    clock: Callable[[], datetime] = _utc
    per_minute: Mapping[str, int] = field(default_factory=dict)
    """Limits by method; none: no limit."""

    keeps_metadata: bool = True
    refuses_blocks: str = ""
    """An error that every message with blocks gets."""

    refuse: Mapping[str, str] = field(default_factory=dict)
    """Errors by method."""

    pages: int = 1000
    """The most rows of a page, whatever is asked for."""


class SlackPosts:
    """One workspace as a bot sees it. Serves many threads."""

    def __init__(self, **settings: Any) -> None:
        self.settings = PostSettings(**settings)
        self.messages: dict[str, list[Row]] = defaultdict(list)
        """By conversation, in the order of time."""

        self.calls: list[str] = []
        self._opened: dict[str, str] = {}
        self._times: dict[str, deque[float]] = defaultdict(deque)
        self._guard = threading.RLock()
        self._last = Decimal(0)

    def __call__(self, request: Request) -> Reply:
        """The answer to one request."""
        name = request.path.removeprefix("/api/")
        headers = {
            "x-slack-req-id": "demo",
            "Date": format_datetime(self.settings.clock().astimezone(UTC), usegmt=True),
        }
        with self._guard:
            self.calls.append(name)
            try:
                return json_reply({"ok": True, **self._act(name, request, headers)}, headers=headers)
            except _Limited as limited:
                headers["Retry-After"] = str(limited.seconds)
                return json_reply({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
            except Refusal as refusal:
                return json_reply(refusal.body, headers=headers)

    def _act(self, name: str, request: Request, headers: dict[str, str]) -> Row:
        method = METHODS.get(name)
        if method is None or request.method not in {"GET", "POST"}:
            raise Refusal("unknown_method", req_method=name[:60])
        act, scope = method
        self._log_in(request)
        headers |= {"x-oauth-scopes": ",".join(self.settings.scopes.split()), "x-accepted-oauth-scopes": scope}
        self._wait(name)
        if scope and scope not in self.settings.scopes.split():
            raise Refusal("missing_scope", needed=scope, provided=",".join(self.settings.scopes.split()))
        if error := self.settings.refuse.get(name):
            raise Refusal(error)
        return act(self, given(request))

    def _log_in(self, request: Request) -> None:
        told = request.headers.get("authorization", "")
        if not told:
            raise Refusal("not_authed")
        if told != f"Bearer {self.settings.token}":
            raise Refusal("invalid_auth")

    def _wait(self, name: str) -> None:
        """Raises _Limited for a call too many in a minute."""
        allowed = self.settings.per_minute.get(name)
        if allowed is None:
            return
        now, calls = time.monotonic(), self._times[name]
        while calls and now - calls[0] >= 60:
            calls.popleft()
        if len(calls) >= allowed:
            raise _Limited(max(1, round(60 - (now - calls[0]))) if calls else 60)
        calls.append(now)

    # --- methods -----------------------------------------------------------------------------------------------------

    def auth_test(self, asked: Row) -> Row:
        """Whose token it is."""
        return {
            "url": "https://harbourlane.slack.com/", "team": "Harbour Lane", "user": "briefing", "team_id": TEAM,
            "user_id": BOT, "bot_id": BOT_ID, "is_enterprise_install": False,
        }  # fmt: skip

    def open(self, asked: Row) -> Row:
        """The direct message with one person."""
        if (channel := asked.get("channel")) in self._opened.values():
            return {"channel": {"id": channel}}
        if channel:
            raise Refusal("channel_not_found")
        users = [one for one in str(asked.get("users", "")).split(",") if one]
        if not users:
            raise Refusal("users_list_not_supplied")
        if len(users) > 1:
            raise Refusal("missing_scope", needed="mpim:write", provided=",".join(self.settings.scopes.split()))
        was_open = users[0] in self._opened
        place = self._direct(users[0])
        if str(asked.get("return_im", "")).lower() not in {"1", "true"}:
            return {"channel": {"id": place}}
        latest = self.messages[place][-1] if self.messages[place] else None
        whole = {
            "id": place, "created": CREATED, "is_im": True, "is_org_shared": False, "user": users[0],
            "last_read": "0000000000.000000", "latest": latest, "unread_count": 0, "unread_count_display": 0,
            "is_open": True, "priority": 0,
        }  # fmt: skip
        return {"no_op": was_open, "already_open": was_open, "channel": whole}

    def _direct(self, user: str) -> str:
        person = self.settings.people.get(user)
        if person is None:
            raise Refusal("user_not_found")
        if person.get("deleted"):
            raise Refusal("user_disabled")
        return self._opened.setdefault(user, f"D0{user[1:]}")

    def post(self, asked: Row) -> Row:
        """A new message, or a reply."""
        place = self._place(str(asked.get("channel", "")))
        text, blocks = self._content(asked)
        row: Row = {
            "user": BOT, "type": "message", "ts": self._stamp(), "bot_id": BOT_ID, "app_id": APP_ID, "text": text,
            "team": TEAM, "bot_profile": {"id": BOT_ID, "name": "briefing", "app_id": APP_ID, "deleted": False},
        }  # fmt: skip
        if thread := asked.get("thread_ts"):
            start = self._found(place, str(thread), "cannot_reply_to_message")
            row |= {"thread_ts": start["ts"], "parent_user_id": start["user"]}
        if blocks:
            row["blocks"] = blocks
        metadata = _metadata(asked)
        if metadata and self.settings.keeps_metadata:
            row["metadata"] = metadata
        self.messages[place].append(row)
        told: Row = {"channel": place, "ts": row["ts"], "message": dict(row)}
        if len(str(asked.get("text", ""))) > LONGEST_TEXT:
            told |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
        return told

    def update(self, asked: Row) -> Row:
        """Another content for a message of the bot."""
        place = str(asked.get("channel", ""))
        if place not in self._opened.values():  # a person's id is none either
            raise Refusal("channel_not_found")
        row = self._found(place, str(asked.get("ts", "")), "message_not_found")
        if row.get("bot_id") != BOT_ID:
            raise Refusal("cant_update_message")
        if len(str(asked.get("text", ""))) > LONGEST_EDIT:
            raise Refusal("msg_too_long")
        text, blocks = self._content(asked)
        kinds = [{one.get("type") for one in some} for some in (row.get("blocks", []), blocks)]
        if blocks and "rich_text" in kinds[0] and "rich_text" not in kinds[1]:
            raise Refusal("block_mismatch")
        row |= {"text": text, "edited": {"user": BOT, "ts": self._stamp()}}
        if "blocks" in asked:
            row["blocks"] = blocks
        if (metadata := _metadata(asked)) is not None and self.settings.keeps_metadata:
            row["metadata"] = metadata
        return {"channel": place, "ts": row["ts"], "text": text, "message": dict(row)}

    def history(self, asked: Row) -> Row:
        """A direct message, newest first, without replies."""
        place = self._readable(asked)
        oldest, latest = _span(asked)
        rows = [
            row
            for row in reversed(self.messages[place])
            if row.get("thread_ts", row["ts"]) == row["ts"] and oldest < Decimal(row["ts"]) < latest
        ]
        found = self._page([self._start(place, row) for row in rows], asked, usual=100, most=999)
        return found | {"pin_count": 0, "channel_actions_ts": None, "channel_actions_count": 0}

    def replies(self, asked: Row) -> Row:
        """A thread, oldest first, its start before all."""
        place = self._readable(asked)
        if "ts" not in asked:
            raise Refusal("missing_argument")
        start = self._found(place, str(asked["ts"]), "thread_not_found")
        oldest, latest = _span(asked)
        rows = [
            row
            for row in self.messages[place]
            if row.get("thread_ts") == start["ts"] and row is not start and oldest < Decimal(row["ts"]) < latest
        ]
        return self._page([self._start(place, start), *rows], asked, usual=1000, most=1000)

    # --- parts -------------------------------------------------------------------------------------------------------

    def _place(self, channel: str) -> str:
        """The conversation that a message goes to; a person's id means the direct message."""
        if channel in self.settings.channels:
            raise Refusal("not_in_channel")
        if channel in self._opened.values():
            return channel
        if channel in self.settings.people:
            return self._direct(channel)
        raise Refusal("channel_not_found")

    def _readable(self, asked: Row) -> str:
        channel = str(asked.get("channel", ""))
        if channel in self.settings.channels:
            raise Refusal("not_in_channel")
        if channel not in self._opened.values():
            raise Refusal("channel_not_found")
        return channel

    def _found(self, place: str, ts: str, error: str) -> Row:
        found = next((row for row in self.messages[place] if row["ts"] == ts), None)
        if found is None:
            raise Refusal(error)
        return found

    def _content(self, asked: Row) -> tuple[str, list[Row]]:
        blocks = asked.get("blocks") or []
        if not isinstance(blocks, list):
            raise Refusal("invalid_blocks_format")
        if blocks and self.settings.refuses_blocks:
            raise Refusal(self.settings.refuses_blocks)
        check_blocks(blocks)
        text = str(asked.get("text") or "")
        if not text and not blocks:
            raise Refusal("no_text")
        return text[:LONGEST_TEXT], blocks

    def _stamp(self) -> str:
        """A time of its own for every message."""
        self._last = max(self._last + Decimal("0.000001"), Decimal(f"{self.settings.clock().timestamp():.6f}"))
        return f"{self._last:.6f}"

    def _start(self, place: str, row: Row) -> Row:
        """A message with what is told of its thread."""
        replies = [one for one in self.messages[place] if one.get("thread_ts") == row["ts"] and one is not row]
        if not replies:
            return row
        authors = list(dict.fromkeys(str(one["user"]) for one in replies))
        return {
            **row, "thread_ts": row["ts"], "reply_count": len(replies), "reply_users_count": len(authors),
            "reply_users": authors[:5], "latest_reply": replies[-1]["ts"], "is_locked": False, "subscribed": True,
        }  # fmt: skip

    def _page(self, rows: Sequence[Row], asked: Row, *, usual: int, most: int) -> Row:
        limit = number_in(str(asked.get("limit", "")), usual)
        if limit < 1 or limit > most:
            raise Refusal("invalid_limit")
        begin = offset_in(str(asked["cursor"])) if asked.get("cursor") else 0
        end = begin + min(limit, self.settings.pages)
        whole = str(asked.get("include_all_metadata", "")).lower() in {"1", "true"}
        told: Row = {"messages": [_shown(row, whole=whole) for row in rows[begin:end]], "has_more": end < len(rows)}
        return told | {"response_metadata": {"next_cursor": cursor_of(end)}} if end < len(rows) else told

    def says(self, user: str, text: str, *, thread: str = "") -> Row:
        """A person writes to the bot, perhaps in the thread of a message."""
        with self._guard:
            place = self._direct(user)
            row: Row = {"user": user, "type": "message", "ts": self._stamp(), "text": text, "team": TEAM}
            if thread:
                start = self._found(place, thread, "thread_not_found")
                row |= {"thread_ts": start["ts"], "parent_user_id": start["user"]}
            self.messages[place].append(row)
            return row


class _Limited(Exception):
    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def _span(asked: Row) -> tuple[Decimal, Decimal]:
    """What lies between `oldest` and `latest` is asked for, both left out."""
    return Decimal(str(asked.get("oldest") or 0)), Decimal(str(asked.get("latest") or 10**11))


def _shown(row: Row, *, whole: bool) -> Row:
    """Without `include_all_metadata` only what kind of event it is."""
    if whole or "metadata" not in row:
        return row
    return {**row, "metadata": {"event_type": row["metadata"]["event_type"]}}


def _metadata(asked: Row) -> Row | None:
    found = asked.get("metadata")
    if found is None:
        return None
    if not isinstance(found, dict):
        raise Refusal("invalid_metadata_format")
    if found and not (isinstance(found.get("event_type"), str) and isinstance(found.get("event_payload"), dict)):
        raise Refusal("invalid_metadata_schema")
    return found


def given(request: Request) -> Row:
    """The arguments of a call: query, form or JSON; `blocks` and `metadata` may be JSON in a form."""
    found: Row = dict(request.query)
    if "json" in request.headers.get("content-type", ""):
        try:
            value = request.json() if request.body else {}
        except ValueError:
            raise Refusal("invalid_json") from None
        if not isinstance(value, dict):
            raise Refusal("json_not_object")
        return found | value
    found |= request.form()
    for name, error in (("blocks", "invalid_blocks_format"), ("metadata", "invalid_metadata_format")):
        if isinstance(found.get(name), str):
            try:
                found[name] = json.loads(found[name])
            except ValueError:
                raise Refusal(error) from None
    return found


# --- blocks ----------------------------------------------------------------------------------------------------------


def check_blocks(blocks: Sequence[Any]) -> None:
    """Raise Refusal for blocks that Slack refuses."""
    if len(blocks) > MOST_BLOCKS:
        raise _bad(f"no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]")
    total = 0
    for number, block in enumerate(blocks):
        kind = block.get("type") if isinstance(block, dict) else None
        check = CHECKS.get(str(kind))
        if check is None:
            raise _bad(f"unsupported type: {kind} [json-pointer:/blocks/{number}/type]")
        total += check(block)
    if total > LONGEST_BLOCKS:
        raise Refusal("msg_blocks_too_long")


def _bad(words: str) -> Refusal:
    return Refusal("invalid_blocks", errors=[words], response_metadata={"messages": [f"[ERROR] {words}"]})


def _text_object(value: Any, kinds: set[str], longest: int) -> int:
    if not isinstance(value, dict) or value.get("type") not in kinds:
        raise _bad("a text object is missing")
    text = value.get("text")
    if not isinstance(text, str) or not text or len(text) > longest:
        raise _bad(f"must be 1 to {longest} characters")
    return len(text)


def _header(block: Row) -> int:
    return _text_object(block.get("text"), {"plain_text"}, 150)


def _section(block: Row) -> int:
    return _text_object(block.get("text"), {"plain_text", "mrkdwn"}, 3000)


def _context(block: Row) -> int:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
        raise _bad("1 to 10 elements")
    return sum(_text_object(one, {"plain_text", "mrkdwn"}, 3000) for one in elements)


def _divider(_: Row) -> int:
    return 0


def _rich_text(block: Row) -> int:
    size = 0
    for leaf in leaves(block):
        must = LEAVES.get(str(leaf.get("type")))
        if must is None or not isinstance(leaf.get(must), str) or not leaf[must]:
            raise _bad(f"an element of rich text without {must}")
        if unknown := set(leaf.get("style", {})) - {"bold", "italic", "strike", "code"}:
            raise _bad(f"an unknown style {unknown}")
        size += len(str(leaf.get("text", leaf[must])))
    return size


CHECKS: Mapping[str, Callable[[Row], int]] = {
    "header": _header, "section": _section, "context": _context, "divider": _divider, "rich_text": _rich_text,
}  # fmt: skip
"""The kinds of block that render everywhere; each counts its characters."""


def leaves(block: Row) -> Iterator[Row]:
    """The elements of a rich text, however deep. Raises Refusal."""
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        raise _bad("elements are missing")
    for one in elements:
        kind = one.get("type") if isinstance(one, dict) else None
        if kind == "rich_text_list":
            yield from leaves(one)
        elif kind in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
            parts = one.get("elements")
            if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
                raise _bad("elements are missing")
            yield from parts
        else:
            raise _bad(f"unsupported element {kind}")


METHODS: Mapping[str, tuple[Callable[[SlackPosts, Row], Row], str]] = {
    "auth.test": (SlackPosts.auth_test, ""),
    "conversations.open": (SlackPosts.open, "im:write"),
    "conversations.history": (SlackPosts.history, "im:history"),
    "conversations.replies": (SlackPosts.replies, "im:history"),
    "chat.postMessage": (SlackPosts.post, "chat:write"),
    "chat.update": (SlackPosts.update, "chat:write"),
}
"""Each with the scope that it needs."""
