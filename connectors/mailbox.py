"""A mailbox from files: an mbox file, a Maildir, a folder of .eml files, or a folder holding several of these.

Settings
  path       the file or folder
  sent_path  the sent mail, where it lies in another file
  owner      whose mailbox it is, by address; found out from the mails where it is not given
  sent       true: answers are known to be in it; false: they are known not to be; not given: looked for
  max_bytes  mailboxes larger than this are not read

A mailbox is read twice. The survey goes through every header once, joins the threads and counts; then only the mails
within the window are read in full. Mails of the half year before the window are read for their ids alone, because an
answer that names just the mail before it can only be joined through that older mail; of still older ones the date is
read and nothing else, which is what makes an archive of many years cheap.

A mailbox without sent mail cannot show that nobody answered: its reading is partial, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple

from briefing.connector import Ignored, Mark, Recognition, Sample, Skipped, Stream, Window
from briefing.errors import FileProblem
from briefing.facts import Fact, Message
from briefing.reading.headers import (
    HEADER_LIMIT,
    Headers,
    decode_words,
    domain_of,
    email_in,
    read_date,
    read_headers,
    sent_at,
    split,
)
from briefing.reading.mail import Origin, read_mail
from briefing.reading.mailfiles import (
    MAIL_SUFFIXES,
    MBOX_SUFFIXES,
    Envelope,
    Files,
    Folder,
    Found,
    Role,
    changed_at,
    envelopes,
    find,
    kind_of,
    role_of,
    without_from_line,
)
from briefing.reading.mailsurvey import KEPT_OUT, Parties, Sorting, is_from, kept_out, slip_of
from briefing.reading.mime import is_open
from briefing.reading.text import clean

FIRST_READ = 8 * 1024
"""Bytes in which nearly every header ends."""

TEXT_READ = 256 * 1024
WHOLE_READ = 64 * 1024 * 1024
"""Bytes of one mail in which its text is looked for: at first, and where attachments come before it."""

OWNER_SAMPLE = 3_000
"""Mails of each folder that are looked at to find out whose mailbox it is."""

NOT_SENT = (
    "holds no mail of its owner, so answers are not in it; name the sent mail's file in sent_path, or say sent = true"
)
NO_OWNER = 'does not show whose mailbox it is; say owner = "name@your-domain" so that answers are known'


class Mailbox:
    """One person's mailbox, or a shared one."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Message})

    def __init__(
        self,
        *,
        source: str,
        path: str = "",
        sent_path: str = "",
        owner: str = "",
        sent: bool | None = None,
        max_bytes: int = 4_000_000_000,
    ) -> None:
        if not path and not sent_path:
            raise ValueError("path: is missing")
        if owner and not email_in(owner):
            raise ValueError(f'owner: "{clean(owner, 80)}" is not a mail address')
        self._source = source
        self._paths = tuple(Path(one).expanduser() for one in (path, sent_path) if one)
        self._sent_path = Path(sent_path).expanduser() if sent_path else None
        self._owner = email_in(owner)
        self._sent = sent
        self._max_bytes = max_bytes

    @property
    def _name(self) -> str:
        return " and ".join(clean(path.name, 80) for path in self._paths)

    def streams(self, window: Window) -> Sequence[Stream]:
        """One stream: threads need all folders together. Raises FileProblem where there is no mailbox."""
        folders = [folder for found in self._look() for folder in found.folders]
        return [
            Stream(kinds=frozenset({Message}), read=self._read, as_of=changed_at(folders), place=self._name),
        ]

    def _look(self) -> list[Found]:
        """What lies at each path. FileProblem where that is no mailbox, or too large."""
        looked = [mailbox_at(path) for path in self._paths]
        files = (folder.path for found in looked for folder in found.folders if folder.kind in {"mbox", "single"})
        size = sum(path.stat().st_size for path in files)
        if size > self._max_bytes:
            allowed = f"{self._max_bytes / 1e6:,.0f} MB"
            raise FileProblem(
                f"{self._name} has {size / 1e6:,.0f} MB, more than the {allowed} allowed",
                advice=f"export the last months only, or raise sources.{self._source}.max_bytes",
            )
        return looked

    def _read(self, window: Window, mark: Mark | None) -> Iterator[Message | Skipped | Ignored]:
        looked = self._look()
        folders = [folder for found in looked for folder in found.folders]
        for found in looked:
            yield from found.bad
            if found.others:
                yield Ignored(found.others, "files that are not mail")
        survey = Survey(window, owner=self._owner or owner_in(folders), has_sent=self._sent is True)
        with Files() as files:
            for folder in folders:
                sent = folder.role == "sent" or folder.path == self._sent_path
                survey.has_sent |= sent
                yield from survey.go_through(folder, files, sent=sent)
            yield from survey.in_full(self._source, files)
        if survey.wanted and (self._sent is False or not survey.has_sent):
            yield Skipped(self._name, NOT_SENT if survey.owner or self._sent is False else NO_OWNER)
        for why, count in sorted(survey.left_out.items()):
            yield Ignored(count, why)


def mailbox_at(path: Path) -> Found:
    """The mail folders at a path. Raises FileProblem where there are none."""
    name = clean(path.name, 80)
    if not path.exists():
        raise FileProblem(f"{name}: there is no such file or folder", advice="check the path in the configuration")
    found = find(path)
    if found.folders:
        return found
    try:
        if path.is_file():
            path.open("rb").close()
    except OSError as error:
        raise FileProblem(
            f"{name} cannot be opened: {error.strerror}", advice="allow this account to read it"
        ) from error
    what = 'it does not begin with a "From " line or a mail header' if path.is_file() else "no mail lies in it"
    raise FileProblem(f"{name} is not a mailbox: {what}", advice="export the mail as mbox, Maildir or .eml files")


# --- the survey -----------------------------------------------------------------------------------------------------


class _Wanted(NamedTuple):
    """A mail within the window, to be read in full."""

    envelope: Envelope
    id: str
    at: datetime
    place: str
    in_mbox: bool
    sent: bool
    """It lies in a folder of sent mail. A label in its own header proves nothing: whoever wrote it may have set it."""


class Survey:
    """One pass over all headers, and what it found out."""

    def __init__(self, window: Window, *, owner: str, has_sent: bool) -> None:
        self.window, self.owner = window, owner
        self.has_sent = has_sent
        """Whether there is mail that the owner wrote."""

        self.sorting = Sorting(window)
        self.left_out = self.sorting.left_out
        self.wanted: dict[str, _Wanted] = {}
        self._states: dict[Path, tuple[int, int]] = {}

    def go_through(self, folder: Folder, files: Files, *, sent: bool) -> Iterator[Skipped]:
        """Every header of a folder, perhaps of sent mail. Each mail ends up wanted, left out or skipped."""
        if folder.kind == "mbox":
            self._states[folder.path] = _state(folder.path)
        why_not = KEPT_OUT.get(folder.role)
        for envelope in envelopes(folder):
            if isinstance(envelope, Skipped):
                yield envelope
                continue
            if why_not:
                self.left_out[why_not] += 1
                continue
            try:
                line, headers, ended = read_header(files, envelope)
                why = _cut(files, envelope, headers, ended=ended) if folder.kind == "mbox" and envelope.last else ""
            except OSError as error:
                yield Skipped(envelope.where, f"cannot be read: {error.strerror or error}")
                continue
            why = why or ("" if headers else "has no mail header")
            why = why or self._place(folder, envelope, headers, line, sent=sent)
            if why:
                yield Skipped(envelope.where, why)

    def _place(self, folder: Folder, envelope: Envelope, headers: Headers, line: str, *, sent: bool) -> str:
        """Put a mail where it belongs, or say why it can be put nowhere."""
        zone, since = self.window.zone, self.window.since
        at = sent_at(headers, zone, before=since) or envelope.arrived or read_date(line, zone)
        if at is not None and self.sorting.is_beyond(at) and self.has_sent:
            self.left_out[self.sorting.older] += 1
            return ""
        labels = _labels(headers)
        if why_not := kept_out((*labels, *_marked_as(envelope, headers))):
            self.left_out[why_not] += 1
            return ""
        if at is None:
            return "has no date that can be read"
        self.has_sent = self.has_sent or "sent" in labels or is_from(headers, self.owner)
        slip = slip_of(headers, at)
        first = self.wanted.get(slip.id)
        # Of a mail to oneself the sent copy is told: the other one may have been put there by anybody.
        own_copy = first is not None and sent and not first.sent and is_from(headers, self.owner)
        if self.sorting.take(slip) or own_copy:
            place = "Inbox" if "inbox" in labels else "Sent" if "sent" in labels else folder.name
            self.wanted[slip.id] = _Wanted(envelope, slip.id, at, place, folder.kind == "mbox", sent)
        return ""

    def _know_headings(self, files: Files) -> None:
        for wanted in self.wanted.values():
            with suppress(OSError):
                _, headers, _ = read_header(files, wanted.envelope)
                self.sorting.add_heading(wanted.id, headers, wanted.at)

    def in_full(self, source: str, files: Files) -> Iterator[Message | Skipped]:
        """The wanted mails with their text. Raises FileProblem where an mbox was written to in the meantime."""
        for path, before in self._states.items():
            if _state(path) != before:
                raise FileProblem(
                    f"{clean(path.name, 80)} changed while it was read", advice="close the mail program and run again"
                )
        if self.sorting.orphans:
            self._know_headings(files)
        for envelope, known_as, at, place, in_mbox, sent in self.wanted.values():
            try:
                _, raw = without_from_line(files.read(envelope, TEXT_READ))
                origin = Origin(
                    source=source, where=envelope.where, zone=self.window.zone, place=place, sent=sent,
                    escaped_from=in_mbox, own_domain=domain_of(self.owner),
                )  # fmt: skip
                yield read_mail(
                    raw, origin, thread=self.sorting.threads.of(known_as), at=at, whole=_all_of(files, envelope)
                )
            except OSError as error:
                yield Skipped(envelope.where, f"cannot be read: {error.strerror or error}")


def read_header(files: Files, envelope: Envelope) -> tuple[str, Headers, bool]:
    """An mbox's `From ` line, the header, and whether the header came to its end."""
    for most in (FIRST_READ, HEADER_LIMIT):
        line, raw = without_from_line(files.read(envelope, most))
        block, body = split(raw)
        if body < len(raw) or envelope.end - envelope.start <= most:
            break
    return line, read_headers(block), raw[:body].endswith((b"\n\n", b"\n\r\n"))


def _cut(files: Files, envelope: Envelope, headers: Headers, *, ended: bool) -> str:
    """Why the last mail of an mbox shows that the file was cut: later mails may be missing then."""
    if envelope.end - envelope.start > WHOLE_READ:
        return ""
    _, raw = without_from_line(files.read(envelope, WHOLE_READ))
    if not raw.endswith(b"\n"):
        return "is cut: the file ends within a line; later mails may be missing"
    if not ended:
        return "is cut: the file ends within its header; later mails may be missing"
    if is_open(raw, headers):
        return "is cut: the file ends before its last part; later mails may be missing"
    return ""


def _all_of(files: Files, envelope: Envelope) -> Callable[[], bytes] | None:
    """Reads the rest of a long mail, where the text comes after attachments."""
    if envelope.end - envelope.start <= TEXT_READ:
        return None
    return lambda: without_from_line(files.read(envelope, WHOLE_READ))[1]


def _state(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _labels(headers: Headers) -> set[Role]:
    """What Gmail's export says of a mail: all its folders lie in one file, in the account's language."""
    if "x-gmail-labels" not in headers:
        return set()
    text = decode_words(headers.text("x-gmail-labels")[:2000])
    return {role_of(label.strip(' "')) for label in text.split(",")} - {"other"}


def _marked_as(envelope: Envelope, headers: Headers) -> Iterator[Role]:
    """What the marks that mail programs put on a mail make of it."""
    marks = headers.text("x-status").strip().upper()
    mozilla = headers.text("x-mozilla-status").strip()
    if "T" in envelope.flags or (marks and re.fullmatch(r"[AFT]*D[AFT]*", marks)) or _is_expunged(mozilla):
        yield "trash"
    if "D" in envelope.flags or (marks and re.fullmatch(r"[ADF]*T[ADF]*", marks)):
        yield "drafts"


def _is_expunged(mozilla: str) -> bool:
    """Thunderbird leaves deleted mails in the file until it is compacted, with bit 3 of their status set."""
    return bool(re.fullmatch(r"[0-9a-fA-F]{4}", mozilla)) and bool(int(mozilla, 16) & 0x0008)


# --- whose mailbox --------------------------------------------------------------------------------------------------


def owner_of(path: str) -> str:
    """Whose mailbox a file or folder is: the address that is a party to most mails; empty where none stands out."""
    try:
        return owner_in(mailbox_at(Path(path).expanduser()).folders)
    except FileProblem:
        return ""


def owner_in(folders: Iterable[Folder]) -> str:
    """The same for folders that were found."""
    parties = Parties()
    for folder, headers in _sample(folders):
        parties.add(headers, sent=folder.role == "sent" or "sent" in _labels(headers))
    return parties.owner()


def _sample(folders: Iterable[Folder]) -> Iterator[tuple[Folder, Headers]]:
    """The first headers of every folder a person keeps."""
    with Files() as files:
        for folder in folders:
            if folder.role in KEPT_OUT:
                continue
            for envelope in islice(envelopes(folder), OWNER_SAMPLE):
                with suppress(OSError):
                    if isinstance(envelope, Envelope):
                        yield folder, read_header(files, envelope)[1]


# --- recognition ----------------------------------------------------------------------------------------------------


def recognise(sample: Sample) -> Recognition | None:
    """An mbox file, a mail, a Maildir, or a folder that holds mail and nothing else."""
    if sample.path.is_dir():
        return Recognition(use="mailbox") if _is_mail_folder(sample.path, sample.names) else None
    suffix = sample.path.suffix.lower()
    kind = kind_of(sample.path) if sample.head or suffix in MBOX_SUFFIXES else None
    if kind is None or (not sample.head.strip() and suffix not in MBOX_SUFFIXES):
        # Named as a mailbox and none: reading it says so in one line.
        return Recognition(use="mailbox", sure=0.5) if suffix in MBOX_SUFFIXES else None
    setting = "sent_path" if role_of(sample.path.stem) == "sent" else "path"
    return Recognition(use="mailbox", setting=setting, sure=1.0 if kind == "mbox" else 0.9)


_COMPANIONS = re.compile(
    r"^(?:\..*|.*\.(?:msf|sbd|dat|plist|html?)|mbox|table_of_contents|tmp|maildirsize)$", re.IGNORECASE
)
"""What mail programs lay beside mail."""


def _is_mail_folder(path: Path, names: Sequence[str], depth: int = 0) -> bool:
    """A Maildir; or mail files and nothing else; or folders of these, one of them for incoming or sent mail."""
    if {"cur", "new"} <= set(names):
        return True
    rest = [name for name in names if not _COMPANIONS.match(name) and Path(name).suffix.lower() not in MAIL_SUFFIXES]
    mails = any(Path(name).suffix.lower() in MAIL_SUFFIXES for name in names) or "mbox" in names
    inside = [name for name in rest if (path / name).is_dir()]
    files = [name for name in rest if name not in inside]
    if any(kind_of(path / name) != "mbox" or not _is_named_so(path / name) for name in files[:50]):
        return False
    if depth < 2 and not all(
        _is_mail_folder(path / n, sorted(e.name for e in (path / n).iterdir()), depth + 1) for n in inside
    ):
        return False
    named = any(role_of(Path(name).stem) in {"inbox", "sent"} for name in inside)
    return mails or bool(files) or named


def _is_named_so(path: Path) -> bool:
    return path.suffix.lower() in MBOX_SUFFIXES or "." not in path.name
