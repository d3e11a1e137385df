"""Which threads of a conversation are read, and their replies.

Slack's history shows a thread on the line of its start only: how many replies, and when the latest came. Where that
line lies further back than the history is read, other signs of life serve: a reply that was sent to the channel too,
what a search found, and that it was alive lately.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from briefing.facts import Message
from briefing.reading.slackfacts import moment, word
from briefing.reading.slacktext import mentions
from connectors.slack_marks import Thread
from connectors.slack_plan import Plan

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is known of a thread that is to be read."""

    count: int
    """Replies, as its start tells; 0 where nothing told."""

    latest: str
    """The time of the latest sign of life; empty where nothing told."""

    def read(self, replies: Sequence[Message]) -> Thread:
        """The thread, once it was read: what it told, and what was stated of it."""
        stamps = tuple(sorted(message.ref.id.rpartition(":")[2] for message in replies))
        people = [message for message in replies if not message.automated]
        last = max(people, key=lambda message: message.at, default=None)
        return Thread(
            count=self.count,
            latest=self.latest or max(stamps, default=""),
            is_open=last is not None and last.outside is not False and not last.closes,
            replies=stamps,
        )


def line_of(row: Row) -> Line | None:
    """What a message tells of the thread that it starts; None where it starts none."""
    stamp, count = word(row.get("ts")), row.get("reply_count")
    counts = isinstance(count, int) and not isinstance(count, bool) and count > 0
    if not counts and word(row.get("thread_ts")) != stamp:
        return None
    latest = word(row.get("latest_reply"))
    return Line(count=count if counts and isinstance(count, int) else 0, latest=latest if moment(latest) else "")


def start_of(row: Row) -> str:
    """The start of the thread that a message stands in; empty where it stands in none or starts it."""
    stamp, start = word(row.get("ts")), word(row.get("thread_ts"))
    return start if start != stamp and line_of(row) is None and moment(start) is not None else ""


@dataclass(kw_only=True)
class Threads:
    """The threads of one reading of one conversation."""

    plan: Plan
    all_are_ours: bool
    """Each is read: people from outside may be in it, or the settings want all."""

    since: datetime
    """From when on messages are wanted."""

    alive_since: datetime
    """A hidden thread that had a reply since then is asked again."""

    before: Mapping[str, Thread]
    """As they were in the last reading, by their start."""

    found: Mapping[str, str]
    """Starts of threads that a search found, with the time of what it found."""

    unchanged: dict[str, Thread] = field(default_factory=dict)
    to_read: dict[str, Line] = field(default_factory=dict)
    left_alone: dict[str, int] = field(default_factory=dict)
    """Starts of those that are not read, with their replies."""

    def sort(self, rows: Mapping[str, Row], covered: datetime) -> None:
        """Decide for each thread of which there is a sign. `rows` are all messages from `covered` on."""
        lines = {stamp: line for stamp, row in rows.items() if (line := line_of(row)) is not None}
        for start, line in lines.items():
            known = self.before.get(start)
            if known is None and not self._concerns_us(start, rows[start]):
                self.left_alone[start] = line.count
            elif known is not None and not known.is_open and (known.count, known.latest) == (line.count, line.latest):
                self.unchanged[start] = known
            elif known is not None or not line.latest or _when(line.latest) >= self.since:
                self.to_read[start] = line
        for start, sign in self._hidden(rows, covered):
            known = self.before.get(start)
            if known is not None and sign and sign <= known.latest and not known.is_open:
                self.unchanged[start] = known
            elif known is not None or not sign or _when(sign) >= self.since:
                self.to_read[start] = Line(count=known.count if known else 0, latest=sign)
        for start, known in self.before.items():
            if _when(start) < covered:
                self.unchanged.setdefault(start, known)
        self.unchanged = {start: thread for start, thread in self.unchanged.items() if start not in self.to_read}

    def _hidden(self, rows: Mapping[str, Row], covered: datetime) -> Iterator[tuple[str, str]]:
        """Threads whose start was not seen, with the time of the latest sign of life; empty: it is not known."""
        signs = dict(self.found)
        for stamp, row in rows.items():
            if start := start_of(row):
                signs[start] = max(stamp, signs.get(start, ""))
        for start, thread in self.before.items():
            if _when(start) < covered and _when(thread.latest or start) >= self.alive_since:
                signs[start] = ""
        for start, sign in sorted(signs.items()):
            if start not in rows and moment(start) is not None:
                yield start, sign

    def _concerns_us(self, start: str, row: Row) -> bool:
        """Whether a thread among colleagues is read: the person is in it, follows it or is named in it, or it is not
        sure that all are colleagues.
        """
        if self.all_are_ours or start in self.found:
            return True
        me, people = self.plan.me.user, self.plan.people
        listed, count = row.get("reply_users"), row.get("reply_users_count")
        users = [word(one) for one in listed] if isinstance(listed, list) else []
        if not users or (isinstance(count, int) and count > len(users)):
            return True  # Slack lists only a few of those who replied
        everybody = {word(row.get("user")), *users} - {""}
        if me in everybody or row.get("subscribed") is True or any(people.side(one) != "ours" for one in everybody):
            return True
        return any(one == me or one in self.plan.groups_of_mine for one, _ in mentions(row))

    def is_left_alone(self, row: Row) -> bool:
        """Whether a message of the history belongs to a thread that is not read."""
        return (start_of(row) or word(row.get("ts"))) in self.left_alone


LOOKBACK = timedelta(days=14)
"""How far back a reading that goes on looks at least: for edits, deletions, reactions and replies to older messages."""


def _when(stamp: str) -> datetime:
    """The moment of a time that was checked."""
    at = moment(stamp)
    assert at is not None
    return at
