"""Slack's Web API for one person of the agency, as far as a reader of it needs.

Every method takes GET and POST, a form or JSON, and answers 200 with `ok`. Nothing can be written: other methods do not
exist here. What the reference leaves open is a setting (`SlackSettings`). A bot that posts has a token and a site of
its own (`slack_posts`).
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar

from briefing.demo.days import moment
from briefing.demo.files_slack import text_of
from briefing.demo.server.pace import Pace, Wait
from briefing.demo.server.slack_rows import AGENCY, TEAM, URL, Place, Row, SlackRows, stamp
from briefing.demo.talk import Note
from briefing.demo.world import World
from briefing.loopback import Reply, Request, json_reply

if TYPE_CHECKING:
    from briefing.demo.server.slack_posts import SlackPosts

TOKEN = "xoxp-demo-0000-harbourlane"  # noqa: S105  (the demo's)
BOT_TOKEN = "xoxb-demo-0000-briefing"  # noqa: S105  (the demo's)
SCOPES = (
    "channels:read groups:read im:read mpim:read channels:history groups:history im:history mpim:history users:read "
    "users:read.email usergroups:read search:read"
)
TIERS: Mapping[str, int] = {
    "users.conversations": 50, "conversations.list": 20, "conversations.info": 50, "conversations.members": 100,
    "conversations.history": 50, "conversations.replies": 50, "search.messages": 20, "users.list": 20,
    "users.info": 100, "usergroups.list": 20, "team.info": 50,
}  # fmt: skip
"""Calls a minute."""

FAMILIES: Mapping[str, str] = {
    "public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """Whom the site knows, and what it does where the reference leaves it open."""

    token: str = TOKEN
    scopes: str = SCOPES
    tells_scopes: bool = True
    limited: bool = False
    """Whether Slack's limits hold."""

    per_minute: Mapping[str, int] = field(default_factory=dict)
    """Other limits than Slack's own, by method."""

    minute: float = 60.0
    """Seconds of a limit's minute."""

    distributed: bool = False
    """An app that is sold and not in the Marketplace: history and replies once a minute, 15 messages."""

    pages: Mapping[str, int] = field(default_factory=dict)
    """The most rows of a page by method, whatever is asked for. Slack promises no full pages."""

    lists_outsiders: bool = True
    """Whether the list of people holds those of other organisations. Open: it does not hold all."""

    outsiders_email: bool = True
    """Whether their addresses show. Usually not."""

    knows_muted: bool = True
    """Whether `exclude_muted` leaves anything out. Open: not known for every kind of token."""

    asides: bool = True
    """Whether there is more than the channels that the world tells of."""

    only: Sequence[str] = ()
    """Names of the conversations there are; empty: all."""

    search_lag: float = 1.0
    """Hours until a message can be found."""

    refuse: Mapping[str, str] = field(default_factory=dict)
    """Errors of single conversations, by id or name."""

    expires_in: int = 0
    """Seconds until the token ends; 0: it does not."""

    bot_token: str = BOT_TOKEN
    bot: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the bot's side (`PostSettings`)."""


class Refusal(Exception):
    """An answer with `ok: false`."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.body = {"ok": False, "error": error, **more}


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the API."""

    act: Callable[[SlackSite, Mapping[str, str]], Row]
    scopes: tuple[str, ...] = ()
    """Any one of them."""


class SlackSite:
    """The Slack of one world on one morning. Serves many threads."""

    name: ClassVar[str] = "slack"
    pace: ClassVar[Pace] = Pace(waits=(Wait(seconds=0.35, where=r"\.(history|replies|messages)"), Wait(seconds=0.2)))

    def __init__(self, world: World, morning: date, *, rows: SlackRows | None = None, **settings: Any) -> None:
        """`rows` of another site of the same world and morning save the time of making them."""
        self.settings = SlackSettings(**settings)
        self.rows = rows or SlackRows(
            world, morning, outsiders_email=self.settings.outsiders_email, asides=self.settings.asides
        )
        self.now = moment(morning)
        self.refused: list[str] = []
        """Methods that were asked for and that do not read."""
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._guard = threading.Lock()
        _ = self.rows.places, self.rows.replies, self.rows.users  # built once, before several threads ask
        self.posts = self._posts()

    def _posts(self) -> SlackPosts:
        from briefing.demo.server.slack_posts import SlackPosts

        began = time.monotonic()
        told: dict[str, Any] = {
            "token": self.settings.bot_token, "people": self.rows.users,
            "channels": tuple(place.id for place in self.rows.places.values() if place.family != "im"),
            "clock": lambda: self.now + timedelta(seconds=time.monotonic() - began),
        }  # fmt: skip
        return SlackPosts(**{**told, **self.settings.bot})

    @classmethod
    def credentials(cls, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a configuration needs. Where no limits hold, nobody has to wait for them."""
        limits = settings.get("limited") or settings.get("distributed") or settings.get("per_minute")
        return {"token": settings.get("token", TOKEN), **({} if limits else {"pace": 0})}

    def __call__(self, request: Request) -> Reply:
        """The answer to one request."""
        if request.headers.get("authorization") == f"Bearer {self.settings.bot_token}":
            return self.posts(request)
        found = re.fullmatch(r"/api/([A-Za-z.]+)", request.path)
        if not found or request.method not in {"GET", "POST"}:
            return json_reply({"ok": False, "error": "unknown_method", "req_method": request.path[5:60]})
        name = found[1]
        method = METHODS.get(name)
        if method is None:
            self.refused.append(name)
            return json_reply({"ok": False, "error": "unknown_method", "req_method": name})
        headers = {"x-slack-req-id": "demo", "Vary": "Accept-Encoding"}
        try:
            self._log_in(request)
            if self.settings.tells_scopes:
                headers["x-oauth-scopes"] = ",".join(self._granted)
                headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
            if wait := self._wait(name):
                headers["Retry-After"] = str(wait)
                return json_reply({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
            self._need_one(method.scopes)
            return json_reply({"ok": True, **method.act(self, arguments(request))}, headers=headers)
        except Refusal as refusal:
            return json_reply(refusal.body, headers=headers)

    # --- before a method --------------------------------------------------------------------------------------------

    @property
    def _granted(self) -> tuple[str, ...]:
        return tuple(self.settings.scopes.split())

    def _log_in(self, request: Request) -> None:
        """The scheme's case matters; without any login the error is another one."""
        told = request.headers.get("authorization", "")
        if not told:
            raise Refusal("not_authed")
        if told != f"Bearer {self.settings.token}":
            raise Refusal("invalid_auth")

    def _need_one(self, scopes: Sequence[str]) -> None:
        if scopes and not {*scopes} & {*self._granted}:
            raise Refusal("missing_scope", needed=scopes[0], provided=",".join(self._granted))

    def _wait(self, method: str) -> int:
        """Seconds to wait for another call of a method; 0: it may go on."""
        settings = self.settings
        allowed = settings.per_minute.get(method, TIERS.get(method, 0) if settings.limited else 0)
        if settings.distributed and method in {"conversations.history", "conversations.replies"}:
            allowed = 1
        if not allowed:
            return 0
        now = time.monotonic()
        with self._guard:
            calls = self._calls[method]
            while calls and now - calls[0] >= settings.minute:
                calls.popleft()
            if len(calls) >= allowed:
                return max(1, round(settings.minute - (now - calls[0])))
            calls.append(now)
        return 0

    # --- pages ------------------------------------------------------------------------------------------------------

    def _page(
        self, method: str, rows: Sequence[Any], asked: Mapping[str, str], *, usual: int, most: int
    ) -> tuple[Sequence[Any], str]:
        """The rows of the page that is asked for, and the cursor of the next."""
        limit = number_in(asked.get("limit", ""), usual)
        if limit < 1 or limit > most:
            raise Refusal("invalid_limit")
        begin = 0
        if cursor := asked.get("cursor", ""):
            begin = offset_in(cursor)
        size = min(limit, self.settings.pages.get(method, limit))
        end = begin + size
        return rows[begin:end], cursor_of(end) if end < len(rows) else ""

    # --- who --------------------------------------------------------------------------------------------------------

    def auth_test(self, asked: Mapping[str, str]) -> Row:
        """Whose token it is."""
        me = self.rows.me
        told: Row = {
            "url": URL, "team": AGENCY, "user": self.rows.users[me.slack]["name"], "team_id": TEAM,
            "user_id": me.slack, "is_enterprise_install": False,
        }  # fmt: skip
        if self.settings.expires_in:
            told["expires_in"] = self.settings.expires_in
        return told | {"bot_id": "B0DEMO"} if self.settings.token.startswith("xoxb-") else told

    def users_list(self, asked: Mapping[str, str]) -> Row:
        """People by pages; without a limit a big workspace refuses."""
        rows = [
            self._shown(row)
            for one, row in self.rows.users.items()
            if (self.settings.lists_outsiders or one not in self.rows.outsiders) and self._is_shown(one)
        ]
        if "limit" not in asked and len(rows) > 1000:
            raise Refusal("limit_required")
        found, cursor = self._page("users.list", rows, asked, usual=1000, most=1000)
        return {"members": found, "cache_ts": int(self.now.timestamp()), "response_metadata": {"next_cursor": cursor}}

    def _is_shown(self, user: str) -> bool:
        """Whether somebody is in one of the conversations there are."""
        return not self.settings.only or any(user in place.members for place in self._places)

    def users_info(self, asked: Mapping[str, str]) -> Row:
        """One person, of another organisation too."""
        row = self.rows.users.get(asked.get("user", ""))
        if row is None:
            raise Refusal("user_not_found")
        return {"user": self._shown(row)}

    def _shown(self, row: Row) -> Row:
        """A person as the token may see them: the address needs a scope of its own."""
        if "users:read.email" in self._granted:
            return row
        profile = {key: value for key, value in row["profile"].items() if key != "email"}
        return {**row, "profile": profile}

    def usergroups_list(self, asked: Mapping[str, str]) -> Row:
        """User groups, with their members where asked for."""
        with_users = asked.get("include_users") in {"1", "true"}
        hidden = set() if with_users else {"users"}
        return {"usergroups": [{k: v for k, v in row.items() if k not in hidden} for row in self.rows.groups]}

    def team_info(self, asked: Mapping[str, str]) -> Row:
        """Our own workspace."""
        domain = URL.removeprefix("https://").partition(".")[0]
        return {"team": {"id": TEAM, "name": AGENCY, "domain": domain, "email_domain": "harbourlane.example"}}

    @property
    def _places(self) -> list[Place]:
        only = self.settings.only
        return [place for place in self.rows.places.values() if not only or place.row.get("name") in only]

    # --- conversations ----------------------------------------------------------------------------------------------

    def conversations(self, asked: Mapping[str, str]) -> Row:
        """The person's own conversations of the types asked for, which are public channels where none is named."""
        me, muted = self.rows.me.slack, asked.get("exclude_muted") in {"1", "true"} and self.settings.knows_muted
        rows = [
            place.row
            for place in self._of_types(asked)
            if me in place.members and not (muted and place.muted)
        ]  # fmt: skip
        found, cursor = self._page("users.conversations", rows, asked, usual=100, most=999)
        return {"channels": found, "response_metadata": {"next_cursor": cursor}}

    def conversations_list(self, asked: Mapping[str, str]) -> Row:
        """All public channels and what else the person is in."""
        me = self.rows.me.slack
        rows = [
            {**place.row, "is_member": me in place.members, "num_members": len(place.members)}
            for place in self._of_types(asked)
            if me in place.members or place.family == "public_channel"
        ]
        found, cursor = self._page("conversations.list", rows, asked, usual=100, most=999)
        return {"channels": found, "response_metadata": {"next_cursor": cursor}}

    def _of_types(self, asked: Mapping[str, str]) -> list[Place]:
        types = asked.get("types", "") or "public_channel"
        wanted = [one.strip() for one in types.split(",")]
        if unknown := [one for one in wanted if one not in FAMILIES]:
            raise Refusal("invalid_types", response_metadata={"messages": [f"[ERROR] unknown {unknown[0]}"]})
        for one in wanted:
            self._need_one([f"{FAMILIES[one]}:read"])
        archived = asked.get("exclude_archived") in {"1", "true"}
        return [
            place for place in self._places if place.family in wanted and not (archived and place.row["is_archived"])
        ]

    def _place(self, asked: Mapping[str, str], what: str) -> Place:
        """The conversation asked for, where the person may see it."""
        place = self.rows.places.get(asked.get("channel", ""))
        if place is None or (self.rows.me.slack not in place.members and place.family != "public_channel"):
            raise Refusal("channel_not_found")
        refuse = self.settings.refuse
        if error := refuse.get(place.id) or refuse.get(str(place.row.get("name", ""))):
            raise Refusal(error)
        self._need_one([f"{FAMILIES[place.family]}:{what}"])
        return place

    def info(self, asked: Mapping[str, str]) -> Row:
        """One conversation, with how far the person has read."""
        place = self._place(asked, "read")
        told: Row = {**place.row, "last_read": stamp(place.notes[-1]) if place.notes else "0000000000.000000"}
        if asked.get("include_num_members") in {"1", "true"}:
            told["num_members"] = len(place.members)
        if place.family == "im":
            latest = [self.rows.message(note) for note in place.notes[-1:]]
            told |= {"latest": latest[0] if latest else None, "unread_count": 0, "unread_count_display": 0}
        return {"channel": told}

    def members(self, asked: Mapping[str, str]) -> Row:
        """Ids of a conversation's members."""
        place = self._place(asked, "read")
        found, cursor = self._page("conversations.members", place.members, asked, usual=100, most=1000)
        return {"members": found, "response_metadata": {"next_cursor": cursor}}

    # --- messages ---------------------------------------------------------------------------------------------------

    def history(self, asked: Mapping[str, str]) -> Row:
        """What stands in the conversation itself, newest first. The last page says nothing of a next one."""
        place = self._place(asked, "history")
        notes = [note for note in reversed(place.notes) if not self.rows.is_reply(note)]
        notes = [note for note in notes if between(note, asked)]
        usual, most = (15, 15) if self.settings.distributed else (100, 999)
        if self.settings.distributed:
            asked = {**asked, "limit": str(min(number_in(asked.get("limit", ""), 15), 15))}
        found, cursor = self._page("conversations.history", notes, asked, usual=usual, most=most)
        told: Row = {
            "messages": [self.rows.message(note) for note in found], "has_more": bool(cursor), "pin_count": 0,
            "channel_actions_ts": None, "channel_actions_count": 0,
        }  # fmt: skip
        return told | {"response_metadata": {"next_cursor": cursor}} if cursor else told

    def thread(self, asked: Mapping[str, str]) -> Row:
        """A thread, oldest first, its start before all. The time of a reply gives that reply alone."""
        place = self._place(asked, "history")
        if "ts" not in asked:
            raise Refusal("missing_argument")
        note = next((note for note in place.notes if stamp(note) == asked["ts"]), None)
        if note is None:
            raise Refusal("thread_not_found")
        replies = [] if self.rows.is_reply(note) else self.rows.replies.get(note.id, [])
        notes = [reply for reply in replies if between(reply, asked)]
        if self.settings.distributed:
            asked = {**asked, "limit": str(min(number_in(asked.get("limit", ""), 15), 15))}
        found, cursor = self._page("conversations.replies", notes, asked, usual=1000, most=1000)
        shown = [*([] if asked.get("cursor") else [note]), *found]
        told: Row = {"messages": [self.rows.message(one, in_thread=True) for one in shown], "has_more": bool(cursor)}
        return told | {"response_metadata": {"next_cursor": cursor}} if cursor else told

    def search(self, asked: Mapping[str, str]) -> Row:
        """Messages that mention somebody, or of somebody; newest first where sorted by time."""
        if not asked.get("query"):
            raise Refusal("no_query")
        count, number = number_in(asked.get("count", ""), 20), number_in(asked.get("page", ""), 1)
        hits = [
            (note, place)
            for place in self._places
            if self.rows.me.slack in place.members
            for note in place.notes
            if self._fits(note, asked["query"])
        ]
        hits.sort(key=lambda hit: stamp(hit[0]), reverse=asked.get("sort_dir", "desc") == "desc")
        shown = hits[(number - 1) * count : number * count]
        pages = -(-len(hits) // count)
        first = (number - 1) * count + 1
        return {
            "query": asked["query"],
            "messages": {
                "total": len(hits),
                "pagination": {
                    "total_count": len(hits), "page": number, "per_page": count, "page_count": pages, "first": first,
                    "last": first + len(shown) - 1,
                },
                "paging": {"count": count, "total": len(hits), "page": number, "pages": pages},
                "matches": [self._match(note, place) for note, place in shown],
            },
        }  # fmt: skip

    def _fits(self, note: Note, query: str) -> bool:
        """Whether a message is found: mentions, `from:<@U>` and `is:thread` are known, nothing else is."""
        if (self.now - note.at).total_seconds() < self.settings.search_lag * 3600:
            return False
        for part in query.split():
            if (found := re.fullmatch(r"from:<@(\w+)>", part)) and note.author.slack != found[1]:
                return False
            is_start = bool(self.rows.replies.get(note.id))
            if part == "is:thread" and not (is_start or self.rows.is_reply(note)):
                return False
            if part.startswith("<@") and part not in text_of(note):
                return False
        return True

    def _match(self, note: Note, place: Place) -> Row:
        row = self.rows.message(note)
        channel = {key: place.row.get(key, False) for key in ("id", "name", "is_private", "is_mpim", "is_ext_shared")}
        return {
            "iid": f"{place.id}-{stamp(note)}", "team": TEAM, "score": 0, "channel": channel, "type": "message",
            "user": row.get("user", ""), "username": row.get("username", note.author.name), "ts": row["ts"],
            "text": row["text"], "permalink": self._link(note, place), "blocks": row.get("blocks", []),
        }  # fmt: skip

    def _link(self, note: Note, place: Place) -> str:
        link = f"{URL}archives/{place.id}/p{stamp(note).replace('.', '')}"
        if self.rows.is_reply(note):
            return f"{link}?thread_ts={stamp(self.rows.start_of(note))}"
        return f"{link}?thread_ts={stamp(note)}" if self.rows.replies.get(note.id) else link

    def permalink(self, asked: Mapping[str, str]) -> Row:
        """A message's address."""
        place = self._place(asked, "read")
        note = next((note for note in place.notes if stamp(note) == asked.get("message_ts")), None)
        if note is None:
            raise Refusal("message_not_found")
        link = f"{URL}archives/{place.id}/p{stamp(note).replace('.', '')}"
        if self.rows.is_reply(note):
            link += f"?thread_ts={stamp(self.rows.start_of(note))}&cid={place.id}"
        return {"channel": place.id, "permalink": link}


_READ = tuple(f"{half}:read" for half in FAMILIES.values())
_HISTORY = tuple(f"{half}:history" for half in FAMILIES.values())
METHODS: Mapping[str, Method] = {
    "auth.test": Method(SlackSite.auth_test),
    "users.conversations": Method(SlackSite.conversations, _READ),
    "conversations.list": Method(SlackSite.conversations_list, _READ),
    "conversations.info": Method(SlackSite.info, _READ),
    "conversations.members": Method(SlackSite.members, _READ),
    "conversations.history": Method(SlackSite.history, _HISTORY),
    "conversations.replies": Method(SlackSite.thread, _HISTORY),
    "search.messages": Method(SlackSite.search, ("search:read",)),
    "users.list": Method(SlackSite.users_list, ("users:read",)),
    "users.info": Method(SlackSite.users_info, ("users:read",)),
    "usergroups.list": Method(SlackSite.usergroups_list, ("usergroups:read",)),
    "team.info": Method(SlackSite.team_info, ("team:read",)),
    "chat.getPermalink": Method(SlackSite.permalink),
}


def arguments(request: Request) -> dict[str, str]:
    """The arguments of a call, wherever they stand: query, form or JSON."""
    found = dict(request.query)
    if "json" in request.headers.get("content-type", ""):
        try:
            value = request.json() if request.body else {}
        except ValueError:
            raise Refusal("invalid_json") from None
        if not isinstance(value, dict):
            raise Refusal("json_not_object")
        return found | {str(name): one if isinstance(one, str) else json.dumps(one) for name, one in value.items()}
    return found | request.form()


def between(note: Note, asked: Mapping[str, str]) -> bool:
    """Whether a message lies within `oldest` and `latest`, which are left out unless `inclusive`."""
    at = Decimal(stamp(note))
    try:
        oldest, latest = Decimal(asked.get("oldest") or 0), Decimal(asked.get("latest") or 10**11)
    except InvalidOperation:
        raise Refusal("invalid_ts_oldest") from None
    if asked.get("inclusive") in {"1", "true"}:
        return oldest <= at <= latest
    return oldest < at < latest


def number_in(text: str, usual: int) -> int:
    """A whole number among the arguments."""
    if not text:
        return usual
    if not re.fullmatch(r"\d{1,9}", text):
        raise Refusal("invalid_arguments")
    return int(text)


def cursor_of(offset: int) -> str:
    """An opaque place in a list."""
    return base64.b64encode(f"bmV4dF9:{offset}".encode()).decode()


def offset_in(cursor: str) -> int:
    """The place that a cursor of ours means."""
    try:
        head, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
        if head != "bmV4dF9":
            raise Refusal("invalid_cursor")
        return int(number)
    except ValueError:
        raise Refusal("invalid_cursor") from None


__all__ = ["BOT_TOKEN", "METHODS", "SCOPES", "TOKEN", "SlackSettings", "SlackSite"]
