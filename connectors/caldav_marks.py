"""What is known of a CalDAV account from one reading to the next: where its calendars lie, and what each stated.

A server tells which resources of a calendar changed and which are gone; what a resource stated before it does not say.
So the mark keeps of each resource which facts it stated (their ids alone) and which UIDs stand in it. Where resources
cannot be told apart by that, a changed calendar is read anew.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from briefing.connector import Mark
from briefing.errors import MarkExpired
from briefing.reading.recurrence import Span, Text
from connectors.ics_spans import span_in, told

VERSION = 1
"""Of a mark's form and of how events are stated."""

LARGEST = 64_000_000
"""Bytes of a mark when unpacked."""

STANDS = timedelta(days=14)
"""For so long nobody asks again where an account's calendars lie, unless they are not found there."""

StatedId = tuple[str, str]
"""Kind and id of a fact's reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the calendars of who is logged in lie."""

    homes: tuple[str, ...]
    """Addresses of the folders of calendars; none where one calendar's own address was given."""

    me: str
    """The path of who is logged in; empty where the server does not say."""

    address: str
    """Their mail address; empty where nobody says."""

    on: date
    """When that was found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One resource of a calendar: an event, or a series with its exceptions."""

    uids: frozenset[str]
    """Hashes of the UIDs in it."""

    stated: tuple[StatedId, ...]
    describes: bool
    """An event in it has a description: then events of the calendar without one have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a mark holds."""

    token: str
    """Of the calendar's contents when they were read; empty where they were not read whole or the server has none."""

    span: Span
    bound_to: str
    """A fingerprint of what the facts rest on besides the contents."""

    account: Account
    members: Mapping[str, Member] | None
    """The resources by name; None where a changed calendar is to be read anew."""

    def mark(self, *, so_far: bool = False) -> Mark:
        """As a mark."""
        account, members = self.account, self.members
        body = {
            "v": VERSION, "token": self.token, "span": told(self.span), "for": self.bound_to,
            "account": [list(account.homes), account.me, account.address, account.on.isoformat()],
            "members": None if members is None else {
                name: [sorted(one.uids), one.stated, one.describes] for name, one in sorted(members.items())
            },
        }  # fmt: skip
        packed = zlib.compress(json.dumps(body, separators=(",", ":")).encode(), 6)
        return Mark(base64.b85encode(packed).decode(), so_far=so_far)


def kept_in(mark: Mark) -> Kept:
    """What a mark holds. Raises MarkExpired for one that is not of this version."""
    try:
        body = json.loads(zlib.decompressobj().decompress(base64.b85decode(mark.value.encode("ascii")), LARGEST))
        if body["v"] != VERSION:
            raise MarkExpired("the mark is of another version")
        homes, me, address, on = body["account"]
        members = body["members"]
        return Kept(
            token=str(body["token"]), span=span_in(body["span"]), bound_to=str(body["for"]),
            account=Account(
                homes=tuple(str(home) for home in homes), me=str(me), address=str(address), on=date.fromisoformat(on)
            ),
            members=None if members is None else {str(name): _member(*row) for name, row in members.items()},
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, zlib.error) as error:
        raise MarkExpired("the mark cannot be read") from error


def _member(uids: Iterable[Any], stated: Iterable[Any], describes: object) -> Member:
    ids = tuple((str(kind), str(name)) for kind, name in stated)
    return Member(uids=frozenset(str(uid) for uid in uids), stated=ids, describes=bool(describes))


def account_in(marks: Iterable[Mark], today: date) -> Account | None:
    """Where the calendars lay lately by the marks of an account; None where that is to be found out."""
    found: list[Account] = []
    for mark in marks:
        with suppress(MarkExpired):
            found.append(kept_in(mark).account)
    known = [account for account in found if account.homes and timedelta() <= today - account.on < STANDS]
    return max(known, key=lambda account: account.on, default=None)


# --- resources -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a reading stated, by the names of the texts it stands in."""

    ids: dict[str, list[StatedId]] = field(default_factory=dict)
    describing: set[str] = field(default_factory=set)
    """Texts with an event that has a description."""


def members_of(found: Sequence[tuple[str, Text]], stated: Stated) -> Mapping[str, Member] | None:
    """What each resource stated, from their names with their texts; None where they cannot be told apart: two of one
    name, or one UID in two. Of such an event the newest version counts, whichever text holds it.
    """
    members = {
        name: Member(
            uids=uids_in(text.data), stated=tuple(dict.fromkeys(stated.ids.get(text.name, ()))),
            describes=text.name in stated.describing,
        )
        for name, text in found
    }  # fmt: skip
    often = Counter(uid for member in members.values() for uid in member.uids)
    apart = len(members) == len({text.name for _, text in found}) == len(found) and max(often.values(), default=1) == 1
    return members if apart else None


def uids_in(data: bytes) -> frozenset[str]:
    """Hashes of the UIDs in a calendar text, alarms' included."""
    unfolded = re.sub(rb"\r?\n[ \t]", b"", data)
    found = re.findall(rb"(?im)^UID(?:;[^:\r\n]*)?:([^\r\n]*)", unfolded)
    return frozenset(hashlib.sha256(uid.strip()).hexdigest()[:12] for uid in found)


def merged(
    before: Mapping[str, Member], touched: Collection[str], now: Mapping[str, Member] | None
) -> Mapping[str, Member]:
    """The resources after a change of some. Raises MarkExpired where an event of theirs stands in another too."""
    rest = {name: member for name, member in before.items() if name not in touched}
    others = {uid for member in rest.values() for uid in member.uids}
    if now is None or any(others & member.uids for member in now.values()):
        raise MarkExpired("one event stands in several places of the calendar")
    return {**rest, **now}


def describes(members: Mapping[str, Member]) -> bool:
    """Whether an event of some resources has a description."""
    return any(member.describes for member in members.values())


def no_longer(before: Mapping[str, Member], touched: Collection[str], stated: Stated) -> list[StatedId]:
    """What the changed resources stated before and none of them states now."""
    now = {one for ids in stated.ids.values() for one in ids}
    were = (one for name in touched if name in before for one in before[name].stated)
    return [one for one in dict.fromkeys(were) if one not in now]
