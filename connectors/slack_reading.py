"""One conversation of Slack: its history, the replies that the history does not show, and what is gone since.

The history comes newest first. It is read some weeks further back than messages are wanted, as the line of an old
message may tell of new replies. A reading that goes on from a mark reads the last weeks again and states them anew:
what is not there any more is gone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from briefing.connector import Gone, Ignored, Mark, Skipped, Window
from briefing.errors import BadAnswer, MarkExpired
from briefing.facts import NOBODY, Message, Ref
from briefing.reading.slackfacts import Channel, Telling, moment, party_of, word
from briefing.reading.slacktext import mentions
from connectors.slack_calls import Calls, NotThere
from connectors.slack_marks import Kept, Thread, kept_of, stamp_of
from connectors.slack_plan import Conversation, Plan, look_up
from connectors.slack_threads import LOOKBACK, Line, Row, Threads, start_of

HISTORY_PAGE, REPLIES_PAGE, MEMBERS_PAGE = 999, 1000, 999
THREAD_REACH = timedelta(days=14)
"""How much older than the window a thread's start may be and still show that somebody replied to it."""

STRANGERS = 10
"""Members outside the list that are asked for: enough to see whose channel it is."""

Thing = Message | Gone | Skipped | Ignored | Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """The settings of reading."""

    source: str
    all_threads: bool = False
    done: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    workspace_url: str = ""


@dataclass(kw_only=True)
class ConversationReading:
    """One reading of one conversation."""

    calls: Calls
    plan: Plan
    how: How
    conversation: Conversation
    window: Window
    found: Mapping[str, str] = field(default_factory=dict)
    """Starts of threads that a search found, with the time of what it found."""

    until: float = float("inf")
    """By the steady clock: no further thread is begun after it."""

    problems: list[Skipped] = field(default_factory=list)
    strangers: set[str] = field(default_factory=set)
    """People in it whom the list lacks."""

    def __post_init__(self) -> None:
        self.channel: Channel = self.conversation.channel
        self.telling = Telling(
            source=self.how.source, people=self.plan.people, window=self.window, done=self.how.done, seen=self.how.seen
        )

    def read(self, mark: Mark | None) -> Iterator[Thing]:
        """Messages, what is gone, what was left out, and a mark. Raises SourceError; then nothing counts."""
        me = f"{self.plan.me.team}/{self.plan.me.user}"
        kept = kept_of(mark, self.window, me=me, channel=self.channel.id) if mark else None
        self._remember(kept)
        rows, covered = self._history(kept)
        threads = Threads(
            plan=self.plan, all_are_ours=self.how.all_threads or self._is_outward, since=self.window.since,
            alive_since=self.window.now - LOOKBACK, before=kept.threads if kept else {}, found=self.found,
        )  # fmt: skip
        threads.sort(rows, covered)
        told: set[str] = set()
        for message in self._of_history(rows, threads):
            told.add(_stamp(message))
            yield message
        read, left = dict(threads.unchanged), 0
        for start, line in sorted(threads.to_read.items(), key=lambda one: one[1].latest or "~", reverse=True):
            if time.monotonic() > self.until or not self.calls.budget.has():
                left += 1
                if start in threads.before:
                    read[start] = threads.before[start]  # as its line differs, it is read the next time
                continue
            replies = self._replies(start, line)
            read[start] = line.read(replies)
            yield from (message for message in replies if _stamp(message) not in told)
        yield from self._end(kept, self._now(kept, me, told, read, covered), left)

    # --- who is in it ---

    def _remember(self, kept: Kept | None) -> None:
        """A group's members, to call it by; a channel's outside members, to know whose it is."""
        channel, people = self.channel, self.plan.people
        if kept is not None:
            for key, user in kept.people.items():
                people.users.setdefault(key, user)
            self.strangers |= set(kept.people)
            self.channel = replace(channel, members=kept.members)
        elif channel.kind != "direct":
            what = f"members of {self.conversation.scope}"
            pages = self.calls.pages("conversations.members", "members", what, channel=channel.id, limit=MEMBERS_PAGE)
            members = sorted({word(one) for page in pages for one in page["members"]} - {""})
            self._meet([one for one in members if one not in people.users][:STRANGERS])
            if channel.kind == "channel":
                members = [one for one in members if one in people.users and people.side(one) != "ours"]
            self.channel = replace(channel, members=tuple(members))

    def _meet(self, ids: Sequence[str]) -> None:
        """Know everybody who is named, by a question for each whom nobody knows yet."""
        look_up(self.calls, self.plan.people, ids)
        self.strangers |= {one for one in ids if one in self.plan.people.users and one not in self.plan.listed}

    @property
    def _is_outward(self) -> bool:
        """Whether people from outside may be in it; direct conversations are always the person's own."""
        channel = self.channel
        return channel.kind != "channel" or channel.shared or party_of(channel, self.plan.people) != NOBODY

    # --- the history ---

    def _history(self, kept: Kept | None) -> tuple[dict[str, Row], datetime]:
        """Messages by their time, and since when they are all there."""
        far = self.window.since - THREAD_REACH
        border = max(far, min(kept.until, self.window.now - LOOKBACK)) if kept else far
        rows: dict[str, Row] = {}
        covered = far
        pages = self.calls.pages(
            "conversations.history", "messages", self.conversation.scope, channel=self.channel.id,
            oldest=stamp_of(far), latest=stamp_of(self.window.now), inclusive=True, limit=HISTORY_PAGE,
        )  # fmt: skip
        for page in pages:
            for stamp, row in self._readable(page["messages"]):
                rows.setdefault(stamp, row)  # while pages are read, what is added moves rows to the next page
            oldest = min(map(_when, rows), default=self.window.now)
            if page.get("has_more") is True and oldest < border:
                covered = oldest
                break
        if kept and not rows and any(_when(stamp) >= self.window.since for stamp in kept.told):
            raise MarkExpired("it is suddenly empty")
        return rows, covered

    def _readable(self, rows: Sequence[Any]) -> Iterator[tuple[str, Row]]:
        """Messages by their time; of the others it is told why they cannot be read."""
        for row in rows:
            why = _wrong(row)
            if why:
                self.problems.append(Skipped(f"a message in {self.conversation.scope}", why))
            else:
                yield word(row["ts"]), row

    def _of_history(self, rows: Mapping[str, Row], threads: Threads) -> Iterator[Message]:
        """What was written in the conversation itself; the threads that are not read are counted with their start."""
        wanted = []
        left_out = sum(threads.left_alone.values())
        for stamp, row in rows.items():
            if _when(stamp) < self.window.since:
                continue  # read for the line of its thread only
            if threads.is_left_alone(row):
                left_out += 1
            elif self.telling.is_wanted(self.channel, row, _when(stamp)):
                wanted.append(row)
        if left_out:
            self.telling.left_out["messages in threads among colleagues that you are not in"] += left_out
        yield from self._stated(wanted)

    def _stated(self, rows: Sequence[Row]) -> Iterator[Message]:
        """Messages as facts, once everybody in them is known."""
        self._meet(sorted({one for row in rows for one in _named_in(row)}))
        for row in rows:
            stamp, start = word(row["ts"]), start_of(row)
            in_thread = {**row, "thread_ts": start or stamp}
            yield self.telling.message(self.channel, in_thread, _when(stamp), url=self._link(stamp, start))

    def _link(self, stamp: str, start: str) -> str:
        """A message's own address: Slack makes it of the conversation and the time."""
        root = self.how.workspace_url or self.plan.me.url
        if not re.fullmatch(r"https?://[\w.-]+(?::\d+)?/?", root, re.ASCII):
            return ""
        link = f"{root.rstrip('/')}/archives/{self.channel.id}/p{stamp.replace('.', '')}"
        return f"{link}?thread_ts={start}&cid={self.channel.id}" if start else link

    # --- threads ---

    def _replies(self, start: str, line: Line) -> list[Message]:
        """One thread's replies within the window, those told before too. None where it is no longer there."""
        what = f"a thread in {self.conversation.scope}"
        rows: dict[str, Row] = {}
        try:
            for page in self.calls.pages(
                "conversations.replies", "messages", what, paid=True, channel=self.channel.id, ts=start,
                oldest=stamp_of(self.window.since), latest=stamp_of(self.window.now), inclusive=True,
                limit=REPLIES_PAGE,
            ):  # fmt: skip
                rows.update(self._readable(page["messages"]))
        except NotThere:
            return []
        if line.count and not rows and not self.problems:
            raise BadAnswer(f"{what}: Slack tells of replies ({line.count}) and shows none")
        wanted = []
        for stamp, row in rows.items():
            is_told = (self.channel.id, stamp) in self.telling.told
            if stamp != start and (is_told or self.telling.is_wanted(self.channel, row, _when(stamp))):
                wanted.append({key: value for key, value in row.items() if key != "reply_count"} | {"thread_ts": start})
        return list(self._stated(wanted))

    # --- the end ---

    def _now(self, kept: Kept | None, me: str, told: set[str], read: Mapping[str, Thread], covered: datetime) -> Kept:
        """What is known now, for the next mark: of what was not read again, what is still wanted."""
        since = self.window.since
        fresh = kept or Kept(me=me, whole_at=self.window.now.astimezone(UTC).date(), since=since, until=since)
        old = {stamp for stamp in fresh.told if since <= _when(stamp) < covered}
        threads = {}
        for start, thread in read.items():
            replies = tuple(stamp for stamp in thread.replies if _when(stamp) >= since)
            if replies or thread.count:
                threads[start] = replace(thread, replies=replies)
        users = self.plan.people.users
        return replace(
            fresh, until=self.window.now, told=frozenset(told | old), threads=threads, members=self.channel.members,
            people={one: users[one] for one in sorted(self.strangers)},
        )  # fmt: skip

    def _end(self, kept: Kept | None, now: Kept, left: int) -> Iterator[Thing]:
        """What is gone, what was not read, and the mark. Threads that were not reached are read the next time; after
        anything else that could not be read the mark stays where it was.
        """
        if kept is not None:
            for stamp in sorted(set(kept.everything()) - set(now.everything())):
                yield Gone(Ref(source=self.how.source, kind="chat", id=f"{self.channel.id}:{stamp}"))
        yield from self.problems
        for why, count in sorted(self.telling.left_out.items()):
            yield Ignored(count, why)
        if left:
            threads = "1 thread" if left == 1 else f"{left:,} threads"
            yield Skipped(self.conversation.scope, f"{threads} not reached; the next reading goes on with them")
        yield Mark(now.mark().value, so_far=left > 0 and not self.problems)


def _wrong(row: Any) -> str:
    """Why a message cannot be read; empty where it can."""
    if not isinstance(row, dict):
        return "is not a message"
    if moment(row.get("ts")) is None:
        return "has no time"
    is_bots = row.get("bot_id") or row.get("subtype") == "bot_message"
    if not is_bots and not re.fullmatch(r"[UWB][A-Z0-9]+", word(row.get("user"))):
        return "has no author"
    return ""


def _named_in(row: Row) -> Iterator[str]:
    """Who wrote a message and whom it mentions."""
    yield word(row.get("user"))
    for one, _ in mentions(row):
        yield one


def _stamp(message: Message) -> str:
    return message.ref.id.rpartition(":")[2]


def _when(stamp: str) -> datetime:
    """The moment of a time that was checked."""
    at = moment(stamp)
    assert at is not None
    return at
