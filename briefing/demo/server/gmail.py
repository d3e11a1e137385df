"""Gmail's API (v1) as its documentation describes it, answered from the simulated agency: the reader's mailbox.

Served are `getProfile`, `messages.list` and `messages.get`, `threads.get`, `history.list`, `settings.sendAs.list`, and
`messages.send` (`gmail_sent.py`).
Some threads hold a draft that was never sent, as mailboxes do. The mailbox's history is its time: an id is a second.
"""

from __future__ import annotations

import base64
import email
import hashlib
import html
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.header import decode_header, make_header
from email.message import Message as Mail
from functools import cached_property
from typing import Any, ClassVar, Literal

from briefing.demo.conversations import EXPORTED_DAYS
from briefing.demo.days import moment, plus
from briefing.demo.files_mail import as_mail
from briefing.demo.server.gmail_sent import Outbox
from briefing.demo.server.google import Gate, GoogleSettings, failure, packed, unpacked
from briefing.demo.server.pace import Pace, Wait
from briefing.demo.talk import Note
from briefing.demo.world import World
from briefing.loopback import Reply, Request, json_reply

Json = dict[str, Any]

SCOPES = ("gmail.readonly", "gmail.modify", "https://mail.google.com/")
HEADERS_ONLY = "gmail.metadata"
UNITS = {"messages.get": 20, "threads.get": 40, "messages.list": 5, "history.list": 2}
KEPT_OUT = frozenset({"DRAFT", "SPAM", "TRASH", "CHAT"})
HISTORY_BEGINS = 1_500_000_000
TYPES = {
    "messageAdded": "messagesAdded", "messageDeleted": "messagesDeleted", "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GmailSettings(GoogleSettings):
    """Besides the login's: what the reference leaves open, and limits."""

    days: int = EXPORTED_DAYS
    """How far back the mailbox reaches: as far as the agency's files, or some months."""

    page: int = 500
    """Most mails of one answer, whatever is asked for."""

    history_days: int = 7
    """How far back the history is known: Google says a week at least, in rare cases hours."""

    encoded_headers: bool = False
    """Whether header values keep their encoded words (RFC 2047). Open: clients see them decoded."""

    declared_charset: bool = False
    """Whether texts come in the charset that their part declares. Open: clients see UTF-8 whatever it declares."""

    binned: tuple[str, ...] = ()
    """Notes of the world that were thrown away an hour before the morning."""

    with_drafts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One message of the mailbox."""

    note: Note
    labels: tuple[str, ...]
    root: str
    """The note that began its thread."""

    @property
    def id(self) -> str:
        """Grows with time, as Gmail's do."""
        within = int(hashlib.sha1(self.note.id.encode(), usedforsecurity=False).hexdigest()[:5], 16)
        return f"{(int(self.note.at.timestamp() * 1000) << 20) | within:x}"

    @property
    def thread(self) -> str:
        """The same for all that answer each other."""
        return f"19{hashlib.sha1(self.root.encode(), usedforsecurity=False).hexdigest()[:14]}"

    @property
    def arrived(self) -> datetime:
        """Google takes a mail some seconds after it was written."""
        return self.note.at + timedelta(seconds=3)

    @property
    def brief(self) -> Json:
        """As lists and histories name it."""
        return {"id": self.id, "threadId": self.thread}


class GmailSite:
    """The reader's mailbox on one morning. Serves many threads."""

    name: ClassVar[str] = "gmail"
    pace: ClassVar[Pace] = Pace(waits=(Wait(seconds=0.12, where=r"/token"), Wait(seconds=0.15)))

    def __init__(self, world: World, morning: date, *, clock: Callable[[], float] = time.time, **settings: Any) -> None:
        """`settings` are those of GmailSettings; `clock` gives unix seconds, for tokens and the quota."""
        self.settings = GmailSettings(**settings)
        self.world, self.morning, self.now = world, morning, moment(morning)
        self.gate = Gate(self.settings, ("gmail.readonly", "gmail.send"), "gmail", clock)
        self.outbox = Outbox(self.gate, clock)

    @classmethod
    def credentials(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What a source needs besides the address. The demo's mailbox has no quota, so none is kept."""
        own = GmailSettings(**settings)
        return {
            "client_id": own.client_id, "client_secret": own.client_secret, "refresh_token": own.refresh_token,
            "units": 1_000_000, "units_per_minute": 1_000_000,
        }  # fmt: skip

    def __call__(self, request: Request) -> Reply:
        """Google's answer."""
        if (reply := self.gate.login(request)) is not None:
            return reply
        path = request.path.removeprefix("/gmail/v1/users/me/")
        if path == "messages/send" and request.method == "POST":
            return self.outbox.send(request)
        one = re.fullmatch(r"(messages|threads)/([0-9a-f]+)", path)
        method = f"{one[1]}.get" if one else {"messages": "messages.list", "history": "history.list"}.get(path, path)
        if request.method != "GET" or not (one or path in {"messages", "history", "profile", "settings/sendAs"}):
            return failure(404, "notFound", "Not Found", status="NOT_FOUND")
        refused = self.gate.refusal(request, (*SCOPES, HEADERS_ONLY)) or self.gate.over_quota(UNITS.get(method, 1))
        if refused is not None:
            return refused
        if one and (sent := self.outbox.found(one[2])):
            return json_reply(sent.shown({value.lower() for key, value in request.query if key == "metadataHeaders"}))
        if one:
            return self._one(request, one[1], one[2])
        acts = {
            "messages": self._list, "history": self._history, "profile": self._profile,
            "settings/sendAs": self._aliases,
        }  # fmt: skip
        return acts[path](request)

    # --- what lies in the mailbox -------------------------------------------------------------------------------------

    @cached_property
    def mails(self) -> Sequence[Kept]:
        """Every message, newest first, and drafts among them."""
        notes: dict[str, Note] = {}
        for back in range(0, self.settings.days, EXPORTED_DAYS):
            notes |= {note.id: note for note in self.world.conversations.notes(plus(self.morning, -back))}
        found = [
            Kept(note=note, labels=self._labels(note), root=root_of(note, notes))
            for note in notes.values()
            if note.medium == "mail"
        ]
        if self.settings.with_drafts:
            found += self._drafts(found)
        return sorted(found, key=lambda kept: (kept.note.at, kept.id), reverse=True)

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], Sequence[Kept]]:
        """Messages by their own id and by their thread's, newest first."""
        found: dict[tuple[str, str], list[Kept]] = {}
        for kept in self.mails:
            found.setdefault(("messages", kept.id), []).append(kept)
            found.setdefault(("threads", kept.thread), []).append(kept)
        return found

    def _labels(self, note: Note) -> tuple[str, ...]:
        if note.id in self.settings.binned:
            return ("TRASH",)
        if note.author.email == self.world.people.reader.email:
            return ("SENT",)
        names = {name for name, _ in note.headers}
        category = "PROMOTIONS" if "List-Unsubscribe" in names else "UPDATES" if names else "PERSONAL"
        unread = ("UNREAD",) if self._read_at(note) >= self.now else ()
        important = ("IMPORTANT",) if note.author.company else ()
        return ("INBOX", *unread, *important, f"CATEGORY_{category}")

    @staticmethod
    def _read_at(note: Note) -> datetime:
        """When the reader opened a mail: on the next morning at five past eight."""
        return moment(plus(note.at.date(), 1), 8, 5)

    def _drafts(self, mails: Sequence[Kept]) -> Iterator[Kept]:
        """An answer that was begun and never sent, in one thread of sixteen."""
        for kept in mails:
            note = kept.note
            if kept.id.endswith("a") and "INBOX" in kept.labels and note.author.company:
                talk, _, number = note.id.rpartition(".")
                draft = replace(
                    note, id=f"{talk}.{int(number) + 50}", at=note.at + timedelta(minutes=20), reply_to=note.id,
                    author=self.world.people.reader, to=(note.author,), cc=(), text="Thanks, I will look into",
                    quoted="", headers=(),
                )  # fmt: skip
                if draft.at < self.now:
                    yield Kept(note=draft, labels=("DRAFT",), root=kept.root)

    # --- the methods --------------------------------------------------------------------------------------------------

    def _profile(self, request: Request) -> Reply:
        return json_reply(
            {
                "emailAddress": self.world.people.reader.email, "messagesTotal": len(self.mails),
                "threadsTotal": len({kept.thread for kept in self.mails}), "historyId": history_id(self.now),
            }
        )  # fmt: skip

    def _aliases(self, request: Request) -> Reply:
        reader = self.world.people.reader
        own = {"sendAsEmail": reader.email, "displayName": "", "replyToAddress": "", "signature": "", "isPrimary": True,
               "isDefault": True}  # fmt: skip
        other = {"sendAsEmail": "operations@harbourlane.example", "displayName": "Operations", "replyToAddress": "",
                 "signature": "", "treatAsAlias": True, "verificationStatus": "accepted"}  # fmt: skip
        return json_reply({"sendAs": [own, other]})

    def _list(self, request: Request) -> Reply:
        asked = dict(request.query)
        if "q" in asked and self._is_headers_only(request):
            return failure(
                403, "forbidden", "Metadata scope does not support 'q' parameter", status="PERMISSION_DENIED"
            )
        try:
            wanted = query(asked.get("q", ""))
        except ValueError as error:
            return failure(400, "invalidArgument", f"Invalid query: {error}", status="INVALID_ARGUMENT")
        label = asked.get("labelIds", "")
        found = [
            kept for kept in self.mails
            if not set(kept.labels) & {"SPAM", "TRASH"} and wanted(kept) and (not label or label in kept.labels)
        ]  # fmt: skip
        size = min(int(asked.get("maxResults", "100")), self.settings.page, 500)
        start = unpacked(asked["pageToken"])["at"] if "pageToken" in asked else 0
        told: Json = {"resultSizeEstimate": min(len(found), 201)}
        ours = self.outbox.listed() if label == "SENT" and not start else []
        if ours or found[start:]:
            told["messages"] = [*ours, *(kept.brief for kept in found[start:][:size])][:size]
        if start + size < len(found):
            told["nextPageToken"] = packed({"at": start + size})
        return json_reply(told)

    def _one(self, request: Request, kind: str, name: str) -> Reply:
        form, wanted = request.param("format", "full"), {value for key, value in request.query
                                                         if key == "metadataHeaders"}  # fmt: skip
        if form == "full" and self._is_headers_only(request):
            message = "Metadata scope doesn't allow format FULL"
            return failure(403, "forbidden", message, status="PERMISSION_DENIED")
        found = self._by_name.get((kind, name), [])
        if not found:
            return failure(404, "notFound", "Requested entity was not found.", status="NOT_FOUND")
        shown = [self._shown(kept, form, wanted) for kept in reversed(found)]
        if kind == "messages":
            return json_reply(shown[0])
        return json_reply({"id": name, "historyId": shown[-1]["historyId"], "messages": shown})

    def _history(self, request: Request) -> Reply:
        start = request.param("startHistoryId")
        oldest = history_id(self.now - timedelta(days=self.settings.history_days))
        if not start.isdigit() or int(start) < int(oldest):
            return failure(404, "notFound", "Requested entity was not found.", status="NOT_FOUND")
        wanted = {TYPES[value] for key, value in request.query if key == "historyTypes"} or set(TYPES.values())
        found = [record for record in self._records(int(start)) if wanted & set(record)]
        size = min(int(request.param("maxResults", "100")), self.settings.page, 500)
        at = unpacked(request.param("pageToken"))["at"] if request.param("pageToken") else 0
        told: Json = {"historyId": history_id(self.now)}
        if found[at:]:
            told["history"] = found[at:][:size]
        if at + size < len(found):
            told["nextPageToken"] = packed({"at": at + size})
        return json_reply(told)

    def _records(self, start: int) -> list[Json]:
        """What happened after a point: mails came, were opened, were thrown away."""
        found: list[tuple[datetime, str, Kept, tuple[str, ...]]] = []
        for kept in self.mails:
            found.append((kept.arrived, "messagesAdded", kept, ()))
            if "INBOX" in kept.labels:
                found.append((self._read_at(kept.note), "labelsRemoved", kept, ("UNREAD",)))
            if "TRASH" in kept.labels:
                found.append((self.now - timedelta(hours=1), "labelsAdded", kept, ("TRASH",)))
        records = []
        for at, kind, kept, labels in sorted(found, key=lambda one: (one[0], one[2].id)):
            if start < int(history_id(at)) <= int(history_id(self.now)):
                change: Json = {"message": {**kept.brief, "labelIds": list(kept.labels)}}
                if labels:
                    change["labelIds"] = list(labels)
                records.append({"id": history_id(at), "messages": [kept.brief], kind: [change]})
        return records

    def _is_headers_only(self, request: Request) -> bool:
        return self.gate.refusal(request, SCOPES) is not None

    # --- one message --------------------------------------------------------------------------------------------------

    def _shown(self, kept: Kept, form: str, wanted: set[str]) -> Json:
        note = kept.note
        raw = as_mail(note).partition("\n")[2].encode()
        shown: Json = {
            **kept.brief, "labelIds": list(kept.labels), "snippet": html.escape(" ".join(note.text.split())[:200]),
            "historyId": history_id(kept.arrived), "internalDate": str(int(kept.arrived.timestamp() * 1000)),
            "sizeEstimate": len(raw),
        }  # fmt: skip
        if form == "minimal":
            return shown
        payload = self._part(email.message_from_bytes(raw), "")
        if form == "metadata":
            low = {name.lower() for name in wanted}
            told = [row for row in payload["headers"] if not low or row["name"].lower() in low]
            payload = {"mimeType": payload["mimeType"], "headers": told}
        return {**shown, "payload": payload}

    def _part(self, part: Mail, path: str) -> Json:
        told: Json = {
            "partId": path, "mimeType": part.get_content_type(), "filename": part.get_filename() or "",
            "headers": [{"name": name, "value": self._value(str(value))} for name, value in part.items()],
        }  # fmt: skip
        if part.is_multipart():
            inside = [one for one in part.get_payload() if isinstance(one, Mail)]
            below = [f"{path}.{number}" if path else str(number) for number in range(len(inside))]
            told["body"] = {"size": 0}
            told["parts"] = [self._part(child, where) for child, where in zip(inside, below, strict=True)]
            return told
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        charset = part.get_content_charset() or "utf-8"
        if part.get_content_maintype() == "text" and not self.settings.declared_charset:
            data = data.decode(charset, "replace").encode()
        told["body"] = {"size": len(data), "data": base64.urlsafe_b64encode(data).decode()}
        return told

    def _value(self, value: str) -> str:
        """A header's value on one line."""
        plain = " ".join(value.split())
        return plain if self.settings.encoded_headers else str(make_header(decode_header(plain)))


def root_of(note: Note, notes: Mapping[str, Note]) -> str:
    """The note that began a thread; of one that reaches further back than the mailbox the talk's first."""
    while note.reply_to:
        if note.reply_to not in notes:
            return f"{note.talk}.0"
        note = notes[note.reply_to]
    return note.id


def history_id(at: datetime) -> str:
    """Where the history stands at a moment."""
    return str(int(at.timestamp()) - HISTORY_BEGINS)


def query(text: str) -> Callable[[Kept], bool]:
    """What a search means: `after:` and `before:` in unix seconds, `in:` and `-in:`. Raises ValueError for others."""
    tests: list[Callable[[Kept], bool]] = []
    for term in text.split():
        date_ = re.fullmatch(r"(after|before):(\d{9,11})", term)
        place = re.fullmatch(r"(-?)in:(chats|drafts|inbox|sent)", term)
        if date_:
            tests.append(_by_time(date_[1] == "after", int(date_[2])))
        elif place:
            label: Literal["CHAT", "DRAFT", "INBOX", "SENT"] = LABELS[place[2]]
            tests.append(_by_label(label, wanted=not place[1]))
        else:
            raise ValueError(term)
    return lambda kept: all(test(kept) for test in tests)


LABELS: Mapping[str, Literal["CHAT", "DRAFT", "INBOX", "SENT"]] = {
    "chats": "CHAT", "drafts": "DRAFT", "inbox": "INBOX", "sent": "SENT",
}  # fmt: skip


def _by_time(after: bool, seconds: int) -> Callable[[Kept], bool]:
    return lambda kept: (kept.arrived.timestamp() >= seconds) == after


def _by_label(label: str, *, wanted: bool) -> Callable[[Kept], bool]:
    return lambda kept: (label in kept.labels) == wanted


__all__ = ["GmailSettings", "GmailSite"]
