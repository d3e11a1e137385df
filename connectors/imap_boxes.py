"""Which folders of an account are read, and what they are called.

Incoming mail, sent mail and everything that is filed by hand or by rule: an answer may lie anywhere. Not read are
drafts, deleted mail, spam and chats, folders of other people, and what only shows mails again (flagged, important).
Where one folder holds all mail (`\\All`), that, incoming and sent mail are enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from briefing.reading.mailfiles import Role, role_of, unshifted
from briefing.reading.text import clean

MOST_FOLDERS = 300
LONGEST = 80
_BY_FLAG: dict[bytes, Role] = {
    b"\\inbox": "inbox", b"\\sent": "sent", b"\\drafts": "drafts", b"\\trash": "trash", b"\\junk": "spam",
}  # fmt: skip
_AGAIN = frozenset({b"\\flagged", b"\\important"})
_NO_FOLDER = frozenset({b"\\noselect", b"\\nonexistent"})
_LEFT_OUT: frozenset[Role] = frozenset({"drafts", "trash", "spam", "chat"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One folder on the server."""

    name: bytes
    """As the server writes it."""

    shown: str
    role: Role
    all_mail: bool = False

    @property
    def rank(self) -> tuple[int, str]:
        """Incoming mail first: of a mail that lies in two folders the first copy is told."""
        return ({"inbox": 0, "sent": 1}.get(self.role, 3 if self.all_mail else 2), self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """What is read of an account."""

    read: tuple[Box, ...]
    left_out: int = 0
    """Folders of drafts, deleted mail, spam and chats, and other people's."""

    unread: tuple[str, ...] = ()
    """Folders beyond the most that are read."""


def boxes_of(
    listed: Iterable[tuple[frozenset[bytes], bytes, bytes]], own: bytes, foreign: Sequence[bytes], *,
    named: Sequence[str] = (), sent: str = "",
) -> Boxes:  # fmt: skip
    """The folders to read. With `named` those of these names and the sent mail; `sent` names the folder of sent mail.
    Raises LookupError with the names that are not there.
    """
    every = [
        (_box(flags, between, name, own, sent), any(name.startswith(prefix) for prefix in foreign), flags & _AGAIN)
        for flags, between, name in listed
        if not flags & _NO_FOLDER and name
    ]
    there = {box.shown.casefold() for box, _, _ in every}
    if missing := [name for name in (*named, sent) if name and name.casefold() not in there]:
        raise LookupError(", ".join(missing))
    ours = [box for box, others, again in every if not others and not again and box.role not in _LEFT_OUT]
    if named:
        wanted = {name.casefold() for name in named}
        ours = [box for box, _, _ in every if box.shown.casefold() in wanted or (box.role == "sent" and box in ours)]
    elif any(box.all_mail for box in ours):
        ours = [box for box in ours if box.all_mail or box.role in {"inbox", "sent"}]
    left_out = 0 if named else sum(others or box.role in _LEFT_OUT for box, others, _ in every)
    ordered = sorted({box.name: box for box in ours}.values(), key=lambda box: box.rank)
    return Boxes(
        read=tuple(ordered[:MOST_FOLDERS]), left_out=left_out,
        unread=tuple(box.shown for box in ordered[MOST_FOLDERS:]),
    )  # fmt: skip


def _box(flags: frozenset[bytes], between: bytes, name: bytes, own: bytes, sent: str) -> Box:
    shown = shown_name(name, between, own)
    role = next((role for flag, role in _BY_FLAG.items() if flag in flags), None)
    if sent and shown.casefold() == sent.casefold():
        role = "sent"
    if role is None:
        role = "inbox" if name.upper() == b"INBOX" else role_of(shown)
        if role == "inbox" and name.upper() != b"INBOX":
            role = "other"  # there is one, and its name is fixed (RFC 3501, 5.1)
    return Box(name=name, shown=shown, role=role, all_mail=b"\\all" in flags)


def shown_name(name: bytes, between: bytes, own: bytes) -> str:
    """A folder's name as a reader would call it: `Clients/Juniper`."""
    if name.upper() == b"INBOX":
        return "Inbox"
    for prefix in (own, b"[Gmail]" + between, b"[Google Mail]" + between):
        if prefix and name.startswith(prefix):
            name = name[len(prefix) :]
    text = unshifted(name.decode("utf-8", "replace"))
    mark = between.decode("ascii", "ignore")
    return clean(text.replace(mark, "/") if mark else text, LONGEST) or "(no name)"
