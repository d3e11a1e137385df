"""A Slack of a few rows for tests: what each method answers is put together by hand, and each call is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from briefing.connector import Connector, Gone, Ignored, Mark, Skipped
from briefing.errors import SourceError
from briefing.facts import Fact, Message
from briefing.loopback import Loopback, Reply, Request, json_reply
from connectors.slack import Slack
from tests.connectors.reading import NOW, window

Row = dict[str, Any]
TOKEN = "xoxp-test-token"
SCOPES = (
    "channels:read groups:read im:read mpim:read channels:history groups:history im:history mpim:history users:read "
    "users:read.email usergroups:read"
)


def stamp(hours: float = 48, micro: int = 0) -> str:
    return f"{int((NOW - timedelta(hours=hours)).timestamp())}.{micro:06d}"


def user(id: str, name: str, email: str = "", **more: Any) -> Row:
    profile = {"real_name": name, "display_name": name.split(maxsplit=1)[0], "email": email}
    return {"id": id, "name": name.lower().replace(" ", "."), "team_id": "T1", "profile": profile, **more}


def said(text: str, by: str = "UDANA", hours: float = 48, **more: Any) -> Row:
    return {"type": "message", "user": by, "text": text, "ts": stamp(hours), **more}


def channel(id: str, name: str, **more: Any) -> Row:
    return {"id": id, "name": name, "is_channel": True, "is_im": False, "is_mpim": False, "is_private": False, **more}


def direct(id: str, other: str, **more: Any) -> Row:
    return {"id": id, "is_im": True, "user": other, **more}


USERS = [
    user("UMAYA", "Maya Lind", "maya@agency.example"),
    user("UINES", "Ines Carvalho", "ines@agency.example"),
    user("UTOM", "Tom Reed", "tom@agency.example"),
    user("UDANA", "Dana Ruiz", "dana@juniper.example", team_id="T2"),
    user("UGUEST", "Gus Free", "gus@free.example", is_restricted=True),
    user("UBOT", "Standup", is_bot=True),
    user("USLACKBOT", "Slackbot"),
]


@dataclass
class Workspace:
    """What there is; tests change it between two readings."""

    users: list[Row] = field(default_factory=lambda: [dict(row) for row in USERS])
    hidden_users: list[Row] = field(default_factory=list)
    """Shown by users.info only."""

    channels: list[Row] = field(default_factory=lambda: [channel("C1", "client-juniper", is_ext_shared=True)])
    members: dict[str, list[str]] = field(default_factory=dict)
    history: dict[str, list[Row]] = field(default_factory=dict)
    """Newest first or not: it is sorted."""

    replies: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    """By conversation and start, without the start."""

    groups: list[Row] = field(default_factory=list)
    matches: list[Any] = field(default_factory=list)
    muted: set[str] = field(default_factory=set)
    scopes: str = SCOPES
    page: int = 1000
    who: Row = field(default_factory=dict)
    refuse: dict[str, Row] = field(default_factory=dict)
    """By `method`, or `method channel`: what is answered instead."""

    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def thread(self, channel: str, start: Row, *replies: Row) -> Row:
        """Put a thread there; gives its start with the line that tells of it."""
        rows = [{**row, "thread_ts": start["ts"], "parent_user_id": start.get("user")} for row in replies]
        users = list(dict.fromkeys(str(row.get("user")) for row in rows))
        self.replies[channel, start["ts"]] = rows
        start |= {"thread_ts": start["ts"], "reply_count": len(rows), "latest_reply": max(row["ts"] for row in rows),
                  "reply_users": users, "reply_users_count": len(users)}  # fmt: skip
        self.history.setdefault(channel, [])
        self.history[channel] = [row for row in self.history[channel] if row["ts"] != start["ts"]] + [start]
        return start

    # --- answering ---

    def __call__(self, request: Request) -> Reply:
        method = request.path.removeprefix("/api/")
        asked = request.form() if b"=" in request.body else {}
        self.calls.append((method, asked))
        headers = {"x-oauth-scopes": self.scopes.replace(" ", ",")}
        key = f"{method} {asked.get('channel', '')}"
        refusal = self.refuse.get(key) or self.refuse.get(method)
        told = refusal or {"ok": True, **getattr(self, "on_" + method.replace(".", "_"))(asked)}
        return json_reply(told, headers=headers)

    @property
    def counts(self) -> Counter[str]:
        return Counter(method for method, _ in self.calls)

    def on_auth_test(self, asked: Mapping[str, str]) -> Row:
        return {"url": "https://agency.slack.com/", "team": "Agency", "user": "maya", "team_id": "T1",
                "user_id": "UMAYA", **self.who}  # fmt: skip

    def on_users_list(self, asked: Mapping[str, str]) -> Row:
        return self._paged("members", self.users, asked)

    def on_users_info(self, asked: Mapping[str, str]) -> Row:
        found = [row for row in (*self.users, *self.hidden_users) if row["id"] == asked["user"]]
        return {"user": found[0]} if found else {"ok": False, "error": "user_not_found"}

    def on_usergroups_list(self, asked: Mapping[str, str]) -> Row:
        return {"usergroups": self.groups}

    def on_users_conversations(self, asked: Mapping[str, str]) -> Row:
        families = {"im": "is_im", "mpim": "is_mpim", "private_channel": "is_private"}
        wanted = asked["types"].split(",")
        rows = []
        for row in self.channels:
            family = next((name for name, flag in families.items() if row.get(flag)), "public_channel")
            is_loud = "exclude_muted" not in asked or row.get("id") not in self.muted
            if family in wanted and is_loud and not (row.get("is_archived") and asked.get("exclude_archived") == "1"):
                rows.append(row)
        return self._paged("channels", rows, asked)

    def on_conversations_members(self, asked: Mapping[str, str]) -> Row:
        return self._paged("members", self.members.get(asked["channel"], ["UMAYA"]), asked)

    def on_conversations_history(self, asked: Mapping[str, str]) -> Row:
        rows = sorted(self.history.get(asked["channel"], []), key=lambda row: str(row["ts"]), reverse=True)
        return self._paged("messages", [row for row in rows if self._within(row, asked)], asked, tells_more=True)

    def on_conversations_replies(self, asked: Mapping[str, str]) -> Row:
        key = asked["channel"], asked["ts"]
        starts = [row for row in self.history.get(asked["channel"], []) if row["ts"] == asked["ts"]]
        if key not in self.replies and not starts:
            return {"ok": False, "error": "thread_not_found"}
        rows = [row for row in self.replies.get(key, []) if self._within(row, asked)]
        return self._paged("messages", [*starts, *rows], asked, tells_more=True)

    def on_search_messages(self, asked: Mapping[str, str]) -> Row:
        return {"messages": {"matches": self.matches, "paging": {"pages": 1, "page": 1}}}

    def _within(self, row: Row, asked: Mapping[str, str]) -> bool:
        assert asked["inclusive"] == "1"
        return asked["oldest"] <= str(row["ts"]) <= asked["latest"]

    def _paged(self, name: str, rows: Sequence[Any], asked: Mapping[str, str], *, tells_more: bool = False) -> Row:
        begin = int(asked.get("cursor", "at:0").removeprefix("at:"))
        end = begin + min(self.page, int(asked["limit"]))
        more = end < len(rows)
        told: Row = {name: list(rows[begin:end])}
        if tells_more:
            told["has_more"] = more
        if more or not tells_more:
            told["response_metadata"] = {"next_cursor": f"at:{end}" if more else ""}
        return told


def agency() -> Workspace:
    """Conversations of every kind, in an order that means nothing."""
    workspace = Workspace(
        channels=[
            channel("C9", "general"), direct("D9", "UTOM"), channel("C8", "kestrel", is_shared=True, is_ext_shared=True),
            {"id": "G1", "name": "mpdm-maya.lind--ines.carvalho--tom.reed-1", "is_mpim": True, "is_private": True},
            direct("D8", "UDANA"), channel("C1", "client-juniper"), channel("C7", "leads", is_private=True),
            direct("D7", "USLACKBOT"), direct("D6", "UBOT"), direct("D5", "UMAYA"), direct("D4", "UINES", is_user_deleted=True),
            channel("C6", "old-site", is_archived=True), channel("C5", "both-offices", is_shared=True, is_org_shared=True),
        ],
        members={"G1": ["UTOM", "UMAYA", "UINES"], "C1": ["UMAYA", "UDANA"]},
    )  # fmt: skip
    workspace.history = {row["id"]: [said(f"in {row['id']}", "UTOM")] for row in workspace.channels}
    return workspace


@dataclass
class Got:
    """What one reading of all conversations yielded, by scope."""

    things: dict[str, list[Any]] = field(default_factory=dict)
    errors: dict[str, SourceError] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    @property
    def messages(self) -> list[Message]:
        found = [thing for things in self.things.values() for thing in things if isinstance(thing, Message)]
        return sorted(found, key=lambda message: message.ref.id)

    @property
    def texts(self) -> list[str]:
        return [message.excerpt for message in sorted(self.messages, key=lambda message: message.at)]

    def of(self, kind: type[Any], scope: str = "") -> list[Any]:
        return [
            thing
            for name, things in self.things.items() if scope in {"", name}
            for thing in things if isinstance(thing, kind)
        ]  # fmt: skip

    @property
    def gone(self) -> list[str]:
        return sorted(gone.ref.id for gone in self.of(Gone))

    @property
    def ignored(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for one in self.of(Ignored):
            counts[one.why] += one.count
        return dict(counts)

    @property
    def skipped(self) -> list[str]:
        return [f"{one.where}: {one.why}" for one in self.of(Skipped)]

    def mark(self, scope: str = "#client-juniper") -> Mark:
        (found,) = self.of(Mark, scope)
        assert isinstance(found, Mark)
        return found


def read_all(connector: Connector, marks: Mapping[str, Mark] | None = None, now: datetime = NOW) -> Got:
    """Read every stream once, each from its mark."""
    got = Got()
    for stream in connector.streams(window(now)):
        got.places[stream.scope] = stream.place
        got.things[stream.scope] = []
        try:
            for thing in stream.read(window(now), (marks or {}).get(stream.scope)):
                assert not isinstance(thing, Fact) or type(thing) in stream.kinds
                got.things[stream.scope].append(thing)
        except SourceError as error:
            got.errors[stream.scope] = error
            got.things[stream.scope] = []
    return got


@contextmanager
def on_the_wire(workspace: Workspace, **settings: Any) -> Iterator[Slack]:
    """A connector on a server for the workspace."""
    with Loopback(workspace) as server:
        yield Slack(**{"source": "slack", "base_url": server.url, "token": TOKEN, "pace": 0, **settings})


def read_slack(
    workspace: Workspace, *, marks: Mapping[str, Mark] | None = None, now: datetime = NOW, **settings: Any
) -> Got:
    """One reading of a workspace."""
    with on_the_wire(workspace, **settings) as connector:
        return read_all(connector, marks, now)
