"""What the last reading of a conversation knew, so that the next one asks for little and nothing is missed.

A reading that goes on reads the history of the last weeks again (most often one call) and the replies of those threads
only that changed. What was stated before and is no longer there is gone; so the mark lists what was stated.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from briefing.connector import Mark, Window
from briefing.errors import MarkExpired
from briefing.facts import Person
from briefing.reading.slackfacts import User

VERSION = 1
DAYS, SPREAD = 7, 4
"""After so many days, and up to three more, everything is read again: an edit of an old reply changes nothing that
shows. Each conversation has its own day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A thread as it was read."""

    count: int
    """Replies, as the thread's start told."""

    latest: str
    """The time of the latest reply, as told."""

    is_open: bool
    """The last to speak was not one of ours: a reaction may have come since, and nothing tells."""

    replies: tuple[str, ...]
    """Times of what was stated of it."""

    def is_as(self, count: int, latest: str) -> bool:
        """Whether its start still tells the same."""
        return (self.count, self.latest) == (count, latest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a reading knew at its end."""

    me: str
    """Whose token it was, and of which workspace."""

    whole_at: date
    """When everything was read."""

    since: datetime
    """How far back that went."""

    until: datetime
    """When the last reading was made."""

    told: frozenset[str] = frozenset()
    """Times of the messages stated from the history."""

    threads: Mapping[str, Thread] = field(default_factory=dict)
    """By the time of their start."""

    members: tuple[str, ...] = ()
    """Of a group all; of a channel those that are not ours."""

    people: Mapping[str, User] = field(default_factory=dict)
    """People the list lacks."""

    def everything(self) -> Iterator[str]:
        """Times of all that was stated."""
        yield from self.told
        for thread in self.threads.values():
            yield from thread.replies

    def mark(self) -> Mark:
        """As text."""
        plain: dict[str, Any] = {
            "v": VERSION, "me": self.me, "whole_at": self.whole_at.isoformat(), "since": self.since.isoformat(),
            "until": self.until.isoformat(), "told": sorted(self.told), "members": list(self.members),
            "threads": {
                start: [thread.count, thread.latest, int(thread.is_open), list(thread.replies)]
                for start, thread in sorted(self.threads.items())
            },
            "people": {
                key: [
                    user.person.name, user.person.email, user.handle, user.team, user.enterprise,
                    [user.bot, user.guest, user.stranger, user.deleted],
                ]
                for key, user in sorted(self.people.items())
            },
        }  # fmt: skip
        return Mark(json.dumps(plain, ensure_ascii=False, separators=(",", ":")))


def kept_of(mark: Mark, window: Window, *, me: str, channel: str) -> Kept:
    """What a mark says. Raises MarkExpired where it does not serve this reading."""
    try:
        kept = _from(json.loads(mark.value))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MarkExpired("the mark cannot be read") from error
    age = (window.now.astimezone(UTC).date() - kept.whole_at).days
    if kept.me != me:
        raise MarkExpired("the mark is another person's")
    if age >= DAYS + zlib.crc32(channel.encode()) % SPREAD or window.now < kept.until or window.since < kept.since:
        raise MarkExpired("everything is read again")
    return kept


def _from(plain: Any) -> Kept:
    if plain["v"] != VERSION:
        raise ValueError("another version")
    return Kept(
        me=str(plain["me"]),
        whole_at=date.fromisoformat(plain["whole_at"]),
        since=_aware(plain["since"]),
        until=_aware(plain["until"]),
        told=frozenset(map(str, plain["told"])),
        threads={
            str(start): Thread(count=int(count), latest=str(latest), is_open=bool(is_open), replies=tuple(replies))
            for start, (count, latest, is_open, replies) in plain["threads"].items()
        },
        members=tuple(map(str, plain["members"])),
        people={str(key): _user(str(key), values) for key, values in plain["people"].items()},
    )


def _aware(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("a time without zone")
    return found


def _user(key: str, values: Any) -> User:
    name, email, handle, team, enterprise, (bot, guest, stranger, deleted) = values
    return User(
        person=Person(id=key, name=str(name), email=str(email)), handle=str(handle), team=str(team),
        enterprise=str(enterprise), bot=bool(bot), guest=bool(guest), stranger=bool(stranger), deleted=bool(deleted),
    )  # fmt: skip


def stamp_of(at: datetime) -> str:
    """A moment as Slack writes it: seconds and six digits."""
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return f"{since // timedelta(seconds=1)}.{since % timedelta(seconds=1) // timedelta(microseconds=1):06d}"
