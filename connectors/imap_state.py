"""What is known of a mailbox from one reading to the next: which mails lie where, and how they are joined.

A server says which UIDs a folder holds; it does not say what a vanished one was, nor which conversation an answer to a
mail of last spring belongs to. So the mark carries a slip of every mail that matters (ids, time, folder; no subject and
no word of its text but where mails without ids must be joined by heading). What a reading states is worked out of these
slips alone: the difference between what they say now and what they said before is what is new, changed and gone, and a
reading that goes on states exactly what a reading from the beginning would.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from briefing.connector import Mark, Window
from briefing.errors import MarkExpired
from briefing.reading.mailsurvey import Slip, Sorting

VERSION = 1
LARGEST = 64_000_000
"""Bytes of a mark when unpacked."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """One mail in one folder."""

    uid: int
    slip: Slip
    bad: str = ""
    """Why nothing can be stated of it. Its slip has no id where not even that could be read."""

    mine: bool = False
    """Written by the owner of the mailbox."""

    pending: bool = False
    """Not read yet: the time was over."""

    subject: str = ""
    people: tuple[str, ...] = ()
    """What mails without ids are joined by; known for mails of the window."""


@dataclass(slots=True, kw_only=True)
class Known:
    """One folder."""

    validity: int = 0
    next: int = 0
    exists: int = 0
    modseq: int = 0
    """0 where the server has none."""

    hidden: int = 0
    """Deleted mails and drafts in it."""

    entries: dict[int, Entry] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class State:
    """A mailbox."""

    owner: str
    since: datetime
    now: datetime
    boxes: dict[str, Known] = field(default_factory=dict)
    """By the name the server gives them."""


class Place(NamedTuple):
    """Where a mail that is stated lies, and in which conversation."""

    box: str
    uid: int
    thread: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a state says is to be stated."""

    places: Mapping[str, Place]
    """By the mail's id, newest first."""

    sorting: Sorting
    entries: Mapping[str, Entry]


def planned(state: State, names: Iterable[tuple[str, str]], window: Window) -> Plan:
    """What is stated of a mailbox; `names` are its folders in their order, each with what it is called."""
    sorting = Sorting(window)
    found: list[tuple[Entry, str, str]] = []
    for name, shown in names:
        known = state.boxes.get(name)
        for uid in sorted(known.entries) if known else ():
            entry = known.entries[uid] if known else None
            if entry and entry.slip.id and sorting.take(entry.slip):
                found.append((entry, name, shown))
    if sorting.orphans:
        for entry, _, _ in found:
            slip = entry.slip
            loose = not slip.links
            sorting.threads.add_heading(
                slip.id, entry.subject, frozenset(entry.people), slip.at, loose=loose, orphan=loose and not slip.has_id
            )
    found.sort(key=lambda each: (each[0].slip.at, each[0].slip.id), reverse=True)
    return Plan(
        places={
            entry.slip.id: Place(name, entry.uid, sorting.threads.of(entry.slip.id), shown)
            for entry, name, shown in found
        },
        sorting=sorting,
        entries={entry.slip.id: entry for entry, _, _ in found},
    )


# --- the mark ------------------------------------------------------------------------------------------------------


def mark_of(state: State, names: Iterable[tuple[str, str]], *, so_far: bool, headings: bool) -> Mark:
    """A state as a mark. `headings`: with what mails without ids are joined by."""
    ids: dict[str, int] = {}
    told = {
        "version": VERSION, "owner": state.owner, "since": state.since.isoformat(), "now": state.now.isoformat(),
        "names": list(names),
        "headings": headings,
        "boxes": {
            name: [
                known.validity, known.next, known.exists, known.modseq, known.hidden,
                [_row(entry, ids, headings=headings) for entry in known.entries.values()],
            ]
            for name, known in state.boxes.items()
        },
    }  # fmt: skip
    told["ids"] = list(ids)
    packed = zlib.compress(json.dumps(told, separators=(",", ":")).encode(), 6)
    return Mark(base64.b85encode(packed).decode(), so_far=so_far)


def _row(entry: Entry, ids: dict[str, int], *, headings: bool) -> list[Any]:
    slip = entry.slip
    flags = entry.mine | entry.pending << 1 | slip.has_id << 2
    own, *links = (ids.setdefault(one, len(ids)) for one in (slip.id, *slip.links))
    row: list[Any] = [entry.uid, int(slip.at.timestamp()), flags, own, links, entry.bad]
    return [*row, entry.subject, entry.people] if headings else row


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a mark says."""

    state: State
    names: tuple[tuple[str, str], ...]
    headings: bool


def before(mark: Mark) -> Before:
    """The state in a mark. Raises MarkExpired for what is none of ours."""
    try:
        packed = base64.b85decode(mark.value.encode("ascii"))
        told = json.loads(zlib.decompressobj().decompress(packed, LARGEST))
        if told["version"] != VERSION:
            raise MarkExpired("of another version")
        state = State(
            owner=str(told["owner"]), since=datetime.fromisoformat(told["since"]),
            now=datetime.fromisoformat(told["now"]),
            boxes={name: _known(row, told["ids"]) for name, row in told["boxes"].items()},
        )  # fmt: skip
        names = tuple((str(name), str(shown)) for name, shown in told["names"])
        return Before(state=state, names=names, headings=bool(told["headings"]))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, zlib.error) as error:
        raise MarkExpired("it cannot be read") from error


def _known(row: list[Any], ids: list[str]) -> Known:
    validity, next_, exists, modseq, hidden, rows = row
    return Known(
        validity=validity, next=next_, exists=exists, modseq=modseq, hidden=hidden,
        entries={entry.uid: entry for entry in _entries(rows, ids)},
    )  # fmt: skip


def _entries(rows: list[Any], ids: list[str]) -> Iterator[Entry]:
    for uid, at, flags, own, links, bad, *heading in rows:
        slip = Slip(ids[own], tuple(ids[link] for link in links), datetime.fromtimestamp(at, UTC), bool(flags & 4))
        subject, people = heading or ("", ())
        yield Entry(
            uid=int(uid), slip=slip, bad=str(bad), mine=bool(flags & 1), pending=bool(flags & 2), subject=subject,
            people=tuple(people),
        )  # fmt: skip
