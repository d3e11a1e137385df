"""Which mails of a mailbox are told, and in which conversation: decided by headers, before any text is read.

Shared by everything that reads mail, so that the same mails state the same facts wherever they lie. Mails within the
window are told. Those of the half year before it are known by their ids alone, because an answer that names just the
mail before it can only be joined through that older mail.

Words used throughout
  slip    what one mail's header says that the whole mailbox needs
  orphan  a mail that has no id and names none
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from briefing.connector import Window
from briefing.errors import FileProblem
from briefing.reading.headers import Headers, addresses, email_in, links, message_id
from briefing.reading.mail import identity, subject_of
from briefing.reading.mailfiles import Role
from briefing.reading.threads import Threads

JOINED_THROUGH = timedelta(days=180)
"""How far before the window mails are read for their ids."""

MOST_IDS = 2_000_000
"""Message-IDs that are held at once: 270 MB. A mailbox of 500 MB names about 90,000."""

OWNER_SHARE = 0.6
"""The owner is a party to most mails of his mailbox."""

KEPT_OUT: dict[Role, str] = {
    "drafts": "drafts", "trash": "deleted mails", "spam": "mails in the spam folder", "chat": "chats",
}  # fmt: skip
"""Folders of which nothing is told, and what is said of them."""


class Slip(NamedTuple):
    """One mail as the survey needs it."""

    id: str
    """What it is known by: its Message-ID, else a hash of what a copy in another folder has as well."""

    links: tuple[str, ...]
    at: datetime
    has_id: bool = True


def slip_of(headers: Headers, at: datetime) -> Slip:
    """A mail's slip; `at` is when it was written."""
    own = message_id(headers)
    return Slip(own or identity(headers, at), links(headers), at, bool(own))


class Sorting:
    """Sorts the mails of one mailbox; afterwards it knows their conversations."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.threads = Threads()
        self.left_out: Counter[str] = Counter()
        """Mails left out on purpose, by why."""

        self.orphans = False
        """Whether a mail that is told is an orphan: then headings must be known (`add_heading`)."""

        self._seen: set[str] = set()
        self._later = f"mails later than {_clock(window.now, window.zone)}"
        self.older = f"mails from before {_clock(window.since, window.zone)}"
        self._oldest = window.since - JOINED_THROUGH

    def is_beyond(self, at: datetime) -> bool:
        """Whether a mail is too old to matter in any way."""
        return at < self._oldest

    def take(self, slip: Slip) -> bool:
        """Whether a mail is told; of copies the first is. Raises FileProblem beyond MOST_IDS."""
        at, since = slip.at, self.window.since
        if at > self.window.now or at < self._oldest:
            self.left_out[self._later if at > since else self.older] += 1
            return False
        if slip.id in self._seen:
            self.left_out["repeated mails"] += 1
            return False
        self._seen.add(slip.id)
        self.threads.add(slip.id, slip.links, at)
        if len(self.threads) > MOST_IDS:
            raise FileProblem(
                f"the mailbox names more than {MOST_IDS:,} mails", advice="export the last months of it only"
            )
        if at < since:
            self.left_out[self.older] += 1
            return False
        self.orphans |= not slip.has_id and not slip.links
        return True

    def add_heading(self, id: str, headers: Headers, at: datetime) -> None:
        """Subject and people of a mail that is told: needed only where there are orphans."""
        people = (
            person.email or person.name.casefold()
            for name in ("from", "to", "cc")
            for person in addresses(headers.text(name))
        )
        loose = not links(headers)
        self.threads.add_heading(
            id, subject_of(headers), frozenset(people), at, loose=loose, orphan=loose and not message_id(headers)
        )


class Parties:
    """Whose mailbox it is, by who is a party to its mails."""

    _FIELDS = ("from", "to", "cc", "bcc", "delivered-to", "x-original-to", "envelope-to")
    _DELIVERED = ("delivered-to", "x-original-to", "envelope-to")

    def __init__(self) -> None:
        self._parties: Counter[str] = Counter()
        self._owned: Counter[str] = Counter()
        self._lists: set[str] = set()
        self._total = 0

    def add(self, headers: Headers, *, sent: bool) -> None:
        """One mail; `sent`: it lies where the owner's own mail lies."""
        self._total += 1
        found = {name: {p.email for text in headers.texts(name) for p in addresses(text)} for name in self._FIELDS}
        self._parties.update(set().union(*found.values()))
        for name in (*self._DELIVERED, *(("from",) if sent else ())):
            self._owned.update(found[name])
        self._lists.add(email_in(headers.text("list-post")))

    def owner(self) -> str:
        """The address that is a party to at least 60 % of the mails, and no list's; empty where none stands out.

        Where two stand out alike (mails of two people), the one that mail was delivered to or that wrote the sent mail.
        """
        often = [
            (count, self._owned[email], email)
            for email, count in self._parties.items()
            if email and email not in self._lists and count >= self._total * OWNER_SHARE
        ]
        often.sort(reverse=True)
        if not often or (len(often) > 1 and often[0][:2] == often[1][:2]):
            return ""
        return often[0][2]


def is_from(headers: Headers, owner: str) -> bool:
    """Whether the owner wrote it."""
    return owner != "" and owner in headers.text("from").lower()


def kept_out(roles: Iterable[Role]) -> str:
    """What is said of a mail with these roles that is not told; empty where it is told."""
    found = set(roles)
    return next((why for role, why in KEPT_OUT.items() if role in found), "")


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y %H:%M}"
