"""Mails in files: mbox files, Maildir, folders of .eml and .emlx files, and folders holding several of these.

Words used throughout
  folder    what a mail program shows as one: an mbox file, a Maildir, a directory of single files
  envelope  where one mail stands in a file, before anything of it is read
  role      what a folder is for, by the names mail programs give it in several languages
"""

from __future__ import annotations

import binascii
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple, Self

from briefing.connector import Skipped
from briefing.reading.mbox import spans, starts_as_mbox
from briefing.reading.text import clean

Role = Literal["inbox", "sent", "drafts", "trash", "spam", "chat", "other"]
Kind = Literal["mbox", "single", "maildir", "files"]

DEEPEST = 8
"""Levels of folders that are looked into."""

MBOX_SUFFIXES = frozenset({".mbox", ".mbx", ".mbs"})
MAIL_SUFFIXES = frozenset({".eml", ".emlx"})

_NAMES: Mapping[Role, str] = {
    "inbox": "inbox;posteingang;boîte de réception;boite de reception;postvak in;bandeja de entrada;posta in arrivo",
    "sent": "sent;sent mail;sent items;sent messages;outbox sent;gesendet;gesendete elemente;gesendete objekte;"
    "gesendete nachrichten;envoyés;éléments envoyés;messages envoyés;verzonden;verzonden items;verzonden berichten;"
    "enviados;elementos enviados;posta inviata;skickat;sendt",
    "drafts": "drafts;draft;entwürfe;entwurf;brouillons;concepten;borradores;bozze;utkast;templates;outbox;"
    "unsent messages;postausgang;vorlagen",
    "trash": "trash;bin;deleted;deleted items;deleted messages;papierkorb;gelöscht;gelöschte elemente;corbeille;"
    "éléments supprimés;prullenbak;verwijderde items;papelera;cestino;wastebasket",
    "spam": "spam;junk;junk e-mail;junk email;junk mail;bulk mail;indésirables;courrier indésirable;"
    "ongewenste e-mail;correo no deseado;posta indesiderata;junk-e-mail;werbung",
    "chat": "chat;chats",
}
_ROLES: Mapping[str, Role] = {name: role for role, names in _NAMES.items() for name in names.split(";")}


def role_of(name: str) -> Role:
    """What a folder is for, by the last part of its name."""
    last = re.split(r"[/\\]", name.strip().casefold())[-1].strip("[]. ")
    return _ROLES.get(re.sub(r"[_\s]+", " ", last), "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One folder of a mailbox."""

    name: str
    """As a reader would call it: `Inbox`, `Clients/Juniper`."""

    kind: Kind
    path: Path
    shown: str
    """The path as printed, from the folder that was named: `Mail/Inbox`."""

    @property
    def role(self) -> Role:
        """What it is for."""
        return role_of(self.name)


class Envelope(NamedTuple):
    """Where one mail stands."""

    path: Path
    start: int
    end: int
    where: str
    """`inbox.mbox:17`, or the file's name."""

    last: bool = False
    """Whether the file ends with it."""

    flags: str = ""
    """Maildir's letters: T trashed, D draft."""

    arrived: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The folders under a path, those with incoming mail first, and what else lies there."""

    folders: tuple[Folder, ...] = ()
    others: int = 0
    """Files that are not mail."""

    bad: tuple[Skipped, ...] = ()
    """Files that are named as mailboxes and are none, or cannot be opened."""


def find(path: Path) -> Found:
    """Every mail folder at or under a path. Links to directories are not followed, and only plain files are opened."""
    if path.is_file():
        kind = kind_of(path)
        named = Folder(name=_stem(path.name), kind=kind or "mbox", path=path, shown=clean(path.name))
        return Found(folders=(named,) if kind else ())
    found: list[Folder] = []
    bad: list[Skipped] = []
    others = 0
    for directory, inside, names in os.walk(path):
        here = Path(directory)
        relative = here.relative_to(path)
        inside[:] = sorted(inside) if len(relative.parts) < DEEPEST else []
        if {"cur", "new"} <= set(inside):
            inside[:] = [name for name in inside if name not in {"cur", "new", "tmp"}]
            found.append(Folder(name=_name(relative) or "Inbox", kind="maildir", path=here, shown=_shown(path, here)))
        if any(Path(name).suffix.lower() in MAIL_SUFFIXES for name in names):
            found.append(Folder(name=_name(relative) or path.name, kind="files", path=here, shown=_shown(path, here)))
        for name in sorted(names):
            suffix = Path(name).suffix.lower()
            if suffix in MAIL_SUFFIXES:
                continue
            kind = kind_of(here / name) if suffix in MBOX_SUFFIXES or "." not in name else None
            if kind == "mbox":
                inner = relative if name == "mbox" and relative.parts else relative / name
                found.append(Folder(name=_name(inner), kind="mbox", path=here / name, shown=_shown(path, here / name)))
            elif suffix in MBOX_SUFFIXES:
                bad.append(Skipped(_shown(path, here / name), "is named as a mailbox and is none"))
            else:
                others += not name.startswith(".")
    return Found(folders=tuple(sorted(found, key=_rank)), others=others, bad=tuple(bad))


def _rank(folder: Folder) -> tuple[int, str]:
    """Incoming mail first: of a mail that lies in two folders the first copy is told."""
    return ({"inbox": 0, "sent": 1, "other": 2}.get(folder.role, 3), folder.shown)


def kind_of(path: Path) -> Kind | None:
    """What a file is by its first bytes; None where it is no mail. An empty file is an empty mailbox."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            head = file.read(8192)
    except OSError:
        return None
    if path.suffix.lower() in MAIL_SUFFIXES:
        return "single"
    if not head.strip() or starts_as_mbox(head):
        return "mbox"
    return "single" if looks_like_mail(head) else None


_MAIL_FIELDS = re.compile(
    rb"^(?:from|date|received|message-id|return-path|delivered-to|to|subject|mime-version)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)


def looks_like_mail(head: bytes) -> bool:
    """Whether bytes begin with a mail's header: only fields up to the first empty line, three of them a mail's."""
    block = re.split(rb"\r?\n\r?\n", head.lstrip(b"\xef\xbb\xbf\r\n"), maxsplit=1)[0]
    first = re.match(rb"[!-9;-~]+[ \t]*:", block)
    return bool(first) and len({found.lower() for found in _MAIL_FIELDS.findall(block)}) >= 3


def _stem(name: str) -> str:
    path = Path(name)
    return clean(path.stem if path.suffix.lower() in MBOX_SUFFIXES | MAIL_SUFFIXES | {".txt"} else name, 80)


def _name(relative: Path) -> str:
    """A folder's name from its path: Thunderbird's `.sbd`, Apple's `.mbox` and Maildir's leading dots left out."""
    parts: list[str] = []
    for part in relative.parts:
        plain = re.sub(r"\.(?:sbd|mbox|mbx|mbs)$", "", part, flags=re.IGNORECASE)
        parts += unshifted(plain).lstrip(".").split(".") if plain.startswith(".") else [plain]
    return clean("/".join(part for part in parts if part), 80)


def unshifted(name: str) -> str:
    """A folder's name as IMAP servers write it, in modified UTF-7 (RFC 3501, 5.1.3): in Maildirs too. What is none
    stays as it is.

    >>> unshifted(".Kunden.Z&APw-rich &- Bern")
    '.Kunden.Zürich & Bern'
    """
    return re.sub(r"&([A-Za-z0-9+,]*)-", _shifted, name)


def _shifted(found: re.Match[str]) -> str:
    text = found[1].replace(",", "/")
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4)).decode("utf-16-be") if text else "&"
    except (binascii.Error, UnicodeDecodeError):
        return found[0]


def _shown(root: Path, path: Path) -> str:
    return clean("/".join((root.name, *path.relative_to(root).parts)), 200)


# --- envelopes ------------------------------------------------------------------------------------------------------


def envelopes(folder: Folder) -> Iterator[Envelope | Skipped]:
    """Every mail of a folder in a fixed order; what cannot be opened is told."""
    try:
        if folder.kind == "mbox":
            yield from _in_mbox(folder)
        elif folder.kind == "single":
            yield _single(folder.path, folder.shown)
        elif folder.kind == "maildir":
            for part in ("cur", "new"):
                yield from _in_directory(folder.path / part, folder.shown, maildir=True)
        else:
            yield from _in_directory(folder.path, folder.shown, maildir=False)
    except OSError as error:
        yield Skipped(folder.shown, f"cannot be read: {error.strerror or error}")


def _in_mbox(folder: Folder) -> Iterator[Envelope]:
    with folder.path.open("rb") as file:
        before: Envelope | None = None
        for number, (start, end) in enumerate(spans(file), 1):
            if before:
                yield before
            before = Envelope(folder.path, start, end, f"{folder.shown}:{number}")
        if before:
            yield before._replace(last=True)


def _in_directory(path: Path, shown: str, *, maildir: bool) -> Iterator[Envelope | Skipped]:
    for file in sorted(path.iterdir()):
        name = file.name
        if name.startswith(".") or not (maildir or file.suffix.lower() in MAIL_SUFFIXES):
            continue
        where = f"{shown}/{clean(name, 120)}"
        try:
            if not file.is_file():
                continue
            yield _single(file, where, maildir=maildir)
        except OSError as error:
            yield Skipped(where, f"cannot be read: {error.strerror or error}")


def _single(path: Path, where: str, *, maildir: bool = False) -> Envelope:
    size = path.stat().st_size
    if maildir:
        return Envelope(path, 0, size, where, last=True, flags=_flags(path.name), arrived=_delivered(path.name))
    if path.suffix.lower() == ".emlx":
        return _emlx(path, size, where)
    return Envelope(path, 0, size, where, last=True)


def _flags(name: str) -> str:
    found = re.search(r"[:!;]2,([A-Za-z]*)$", name)
    return found[1] if found else ""


def _delivered(name: str) -> datetime | None:
    """Maildir names begin with the second of delivery."""
    found = re.match(r"(\d{9,10})\.", name)
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


def _emlx(path: Path, size: int, where: str) -> Envelope:
    """Apple Mail: the mail's length in bytes, the mail, then a list of properties; flags: bit 1 deleted, 6 draft."""
    with path.open("rb") as file:
        first = file.readline(40)
        length = int(first) if first.strip().isdigit() else -1
        if length < 0:
            return Envelope(path, 0, size, where, last=True)
        file.seek(min(len(first) + length, size))
        found = re.search(rb"<key>flags</key>\s*<integer>(\d{1,18})</integer>", file.read(64 * 1024))
    bits = int(found[1]) if found else 0
    flags = ("T" if bits & 2 else "") + ("D" if bits & 64 else "")
    return Envelope(path, len(first), min(len(first) + length, size), where, last=True, flags=flags)


class Files:
    """Bytes of envelopes; keeps the file open that was read last, as mails of one mbox follow each other."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._file: io.FileIO | None = None

    def read(self, envelope: Envelope, most: int) -> bytes:
        """The beginning of a mail, at most so many bytes. Raises OSError."""
        if self._file is None or self._path != envelope.path:
            self.close()
            self._file = envelope.path.open("rb", buffering=0)
            self._path = envelope.path
        self._file.seek(envelope.start)
        return self._file.read(min(most, envelope.end - envelope.start)) or b""

    def close(self) -> None:
        """Close what is open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def without_from_line(raw: bytes) -> tuple[str, bytes]:
    """An mbox's `From ` line, and the mail after it; other mails as they are."""
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if not raw.startswith((b"From ", b">From ")):
        return "", raw
    line, _, rest = raw.partition(b"\n")
    return line[5:300].decode("latin-1").strip(), rest


def changed_at(folders: Iterable[Folder]) -> datetime | None:
    """When the newest folder was last written."""
    times = []
    for folder in folders:
        paths = (folder.path / "cur", folder.path / "new") if folder.kind == "maildir" else (folder.path,)
        times += [path.stat().st_mtime for path in paths if path.exists()]
    return datetime.fromtimestamp(max(times), UTC) if times else None
