"""Which mails belong to one conversation: union-find over what they call themselves and what they answer.

Servers and libraries disagree by a factor of ten on where a thread ends; joining everything that is linked by
Message-ID, In-Reply-To or References gives the same threads as notmuch, on any machine and in any order of reading.
A subject joins only mails that have none of the three (sent mail exported from Outlook): all else would join every
month's "Report".

Words used throughout
  id      what a mail calls itself, without brackets
  loose   a mail that answers nothing by id
  orphan  a loose mail that has no id of its own either
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

_PREFIX = re.compile(
    r"^\s*(?:(?:re|fwd?|aw|wg|antw|sv|vs|tr|rv|res|enc|odp|ynt|ref|r|i)(?:\[\d+\])?\s*:|\[(?:external|extern|ext)\])\s*",
    re.IGNORECASE,
)


def base_subject(subject: str) -> tuple[str, bool]:
    """A subject for comparison, and whether it was marked as an answer.

    >>> base_subject("Re: AW:  [EXTERNAL] Launch date")
    ('launch date', True)
    """
    marked = False
    while found := _PREFIX.match(subject):
        subject, marked = subject[found.end() :], True
    return " ".join(subject.casefold().split()), marked


class _Heading(NamedTuple):
    """What a mail can be joined by when ids are missing."""

    at: float
    id: str
    people: frozenset[str]
    orphan: bool
    answers: bool


class Threads:
    """Conversations of one mailbox. First `add` every mail, then ask `of`."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._first: dict[str, tuple[float, str]] = {}
        """By the set's representative: the earliest mail's time, and the id that mail names as the first of all."""

        self._headings: dict[str, list[_Heading]] = defaultdict(list)
        self._joined = True

    def __len__(self) -> int:
        """How many ids are known, those of mails that are only referred to included."""
        return len(self._parent)

    def add(self, id: str, links: Sequence[str], at: datetime | None) -> None:
        """A mail by its id and the ids it answers, the thread's first one first."""
        moment = at.timestamp() if at else float("inf")
        claim = (moment, links[0] if links else id)
        root = self._find(id)
        self._first[root] = min(self._first.get(root, claim), claim)
        for link in links:
            self._union(id, link)

    def add_heading(
        self, id: str, subject: str, people: frozenset[str], at: datetime, *, loose: bool, orphan: bool
    ) -> None:
        """What else a mail is known by; only those that answer nothing by id are ever joined through it."""
        base, marked = base_subject(subject)
        if base:
            heading = _Heading(at.timestamp(), id, people, orphan, loose and marked)
            self._headings[base].append(heading)
            self._joined = False

    def of(self, id: str) -> str:
        """The name of a mail's conversation: of its first mail's id, so that later mails do not change it."""
        if not self._joined:
            self._join_orphans()
            self._joined = True
        root = self._find(id)
        _, first = self._first.get(root, (0.0, root))
        return hashlib.sha256(first.encode("utf-8", "replace")).hexdigest()[:20]

    def _join_orphans(self) -> None:
        """Join each orphan to the latest earlier mail of its subject and people, and loose answers to orphans."""
        for headings in self._headings.values():
            if not any(heading.orphan for heading in headings):
                continue
            ordered = sorted(headings, key=lambda h: (h.at, h.id))
            for place, heading in enumerate(ordered):
                if not (heading.orphan or heading.answers):
                    continue
                for earlier in reversed(ordered[max(0, place - 200) : place]):
                    if (heading.orphan or earlier.orphan) and _same_talk(heading.people, earlier.people):
                        self._union(heading.id, earlier.id)
                        break

    def _find(self, id: str) -> str:
        parent = self._parent
        root = parent.setdefault(id, id)
        while parent[root] != root:
            parent[root] = parent[parent[root]]
            root = parent[root]
        return root

    def _union(self, one: str, other: str) -> None:
        a, b = self._find(one), self._find(other)
        if a == b:
            return
        self._parent[b] = a
        if b in self._first:
            claim = self._first.pop(b)
            self._first[a] = min(self._first.get(a, claim), claim)


def _same_talk(one: frozenset[str], other: frozenset[str]) -> bool:
    """Two people in common: who wrote and whom it was written to. A note to oneself has one."""
    return len(one & other) >= min(2, len(one), len(other)) > 0
