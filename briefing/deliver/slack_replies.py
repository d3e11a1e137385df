"""What the reader wrote to the bot in Slack: replies in the threads of its posts, and messages beside them.

Nobody else writes in a direct message, and what a bot wrote there is left out: an answer is what has the reader's
member ID, and no bot's. Slack gives an edited message as it is now, and a deleted one not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from briefing.deliver.slack_api import Api, Later
from briefing.reading.slacktext import plain
from briefing.replies import Said, in_chat

KINDS = frozenset({"", "thread_broadcast", "file_share", "me_message"})
"""Subtypes of what people write; all others are Slack speaking of itself."""

PAGE, MOST_PAGES = 200, 20
MOST_THREADS = 40

Row = Mapping[str, Any]


def answers_in(api: Api, conversation: str, user: str, since: datetime) -> list[Said]:
    """Lines that the reader wrote since a moment, oldest first. Raises Refused, Later, InDoubt."""
    oldest = f"{since.timestamp():.6f}"
    top = list(_rows(api, "conversations.history", channel=conversation, oldest=oldest))
    begun = [row for row in top if _text(row, "latest_reply") > oldest][:MOST_THREADS]
    rows = [*top, *(row for one in begun for row in _rows(
        api, "conversations.replies", channel=conversation, ts=_text(one, "ts"), oldest=oldest
    ))]  # fmt: skip
    found = {_text(row, "ts"): row for row in rows if _is_of(row, user)}  # a reply may stand in both
    return [
        one
        for ts, row in sorted(found.items())
        for one in in_chat(f"slack:{conversation}:{ts}", plain(_text(row, "text"), _unnamed), _moment(ts))
    ]


def _unnamed(member: str) -> str:
    """The id: names are looked up where people are known."""
    return member


def _is_of(row: Row, user: str) -> bool:
    stamped = re.fullmatch(r"\d{9,11}\.\d{1,6}", _text(row, "ts"))
    by_a_bot = row.get("bot_id") or row.get("app_id")
    return bool(stamped) and _text(row, "user") == user and not by_a_bot and _text(row, "subtype") in KINDS


def _rows(api: Api, method: str, **params: Any) -> Iterator[Row]:
    """Every row. Raises Later where they do not end."""
    cursor = ""
    for _ in range(MOST_PAGES):
        data = api.call(method, limit=PAGE, **params, **({"cursor": cursor} if cursor else {})).data
        rows = data.get("messages")
        if not isinstance(rows, list):
            raise Later(f"Slack answers {method} without messages")
        yield from (row for row in rows if isinstance(row, Mapping))
        told = data.get("response_metadata")
        cursor = _text(told, "next_cursor") if isinstance(told, Mapping) else ""
        if not cursor:
            if data.get("has_more") is True:
                raise Later(f"Slack says that there is more in {method}, and not where")
            return
    raise Later(f"{method} does not end")


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
