"""Gmail: the mails of one mailbox, incoming and sent, within Google's units a minute.

Settings
  client_id, client_secret  of a "Desktop app" in the organisation's own Cloud project
  token_file, refresh_token the login: kept by `briefing auth`, or given
  bodies            false: ask for headers only; questions are then read in Gmail's snippet
  units             quota units that one reading may use; more than fits is read by the next ones, newest first
  units_per_minute  what Google allows the login (6,000 in projects of May 2026 and later)
  base_url, auth_url, token_url, port   where Google is, and where the browser's answer is waited for

A first reading lists the mails of the time wanted and reads them, newest first: a thread of several at once (40 units),
a mail alone by itself (20). Its mark holds which mails were stated and where the mailbox's history stood; the next
readings ask that history (2 units) which mails came, went to the bin or came back, and read those only. Where Google no
longer knows that point (404: after about a week, sometimes hours) the mails are listed again and held against those
that were stated, which costs a list and no mail.

Drafts, spam, deleted mails and chats are left out. Labels are read for that alone, and for what Gmail itself takes for
a mailing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import accumulate
from typing import ClassVar

from briefing.connector import Finding, Gone, Ignored, Mark, Skipped, Stream, Talk, Window
from briefing.errors import MarkExpired, RateLimited
from briefing.facts import Fact, Message, Ref
from briefing.http import Client
from connectors.gmail_box import A_MINUTE, UNITS, Mailbox, Pace, Question, cost_of
from connectors.gmail_mail import KEPT_OUT, arrived_at, labels_of, stated
from connectors.gmail_marks import Kept, kept_in
from connectors.google_client import Api, Json, explained, text_of
from connectors.google_login import AUTH_URL, TOKEN_URL, App, Login
from connectors.side_by_side import side_by_side

BASE_URL = "https://gmail.googleapis.com"
A_READING = 10_000
"""Units of one reading: two minutes' worth, the first of which is spent at once, so it ends within a stream's 120 s."""

AT_ONCE = 4
"""Mails and threads asked for side by side."""


class Gmail:
    """One mailbox."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Message})

    def __init__(
        self,
        *,
        source: str,
        client_id: str,
        client_secret: str,
        token_file: str = "",
        refresh_token: str = "",
        bodies: bool = True,
        units: int = A_READING,
        units_per_minute: int = A_MINUTE,
        base_url: str = BASE_URL,
        auth_url: str = AUTH_URL,
        token_url: str = "",
        port: int = 0,
    ) -> None:
        if units < 200 or units_per_minute < 200:
            raise ValueError("units, units_per_minute: at least 200, a mail costs 20")
        self._source, self._bodies, self._units = source, bodies, units
        app = App(
            source=source, client_id=client_id, client_secret=client_secret, auth_url=auth_url, port=port,
            scopes=("gmail.readonly",) if bodies else ("gmail.metadata",),
            token_url=token_url or (TOKEN_URL if base_url == BASE_URL else f"{base_url.rstrip('/')}/token"),
        )  # fmt: skip
        self._login = Login(app, token_file=token_file, refresh_token=refresh_token)
        client = Client(
            base_url, source=source, vendor="Gmail", credential=self._login.credential,
            explain=explained("gmail", source),
        )  # fmt: skip
        self._box = Mailbox(Api("gmail", "v1", client), Pace(units_per_minute), bodies=bodies)

    def streams(self, window: Window) -> Sequence[Stream]:
        """One stream: threads need incoming and sent mail together."""
        place = "Gmail" if self._source.casefold() in {"gmail", "inbox", "mail"} else f"Gmail ({self._source})"
        return [Stream(kinds=self.kinds, read=self._read, place=place)]

    def login(self, talk: Talk) -> str:
        """Sign in by the browser and keep the login; says as whom."""
        return self._login.login(talk, lambda: self._box.profile()[0])

    def probe(self) -> Iterator[Finding]:
        """Whose mailbox, what the login may do, as whom else mail is sent, what a reading may cost."""
        yield from self._login.findings()
        me, _ = self._box.profile()
        yield Finding(what=f"Reads the mail of {me}{'' if self._bodies else ', headers only'}.")
        if others := [address for address in self._box.sends_as() if address != me] if self._bodies else []:
            yield Finding(what=f"{me} also sends as {', '.join(others[:10])}: name these in emails of [[audience]].")
        mails = self._units // UNITS["mail"]
        yield Finding(what=f"One reading takes up to {self._units:,} quota units, at most {mails:,} mails; "
                           f"Google allows {self._box.pace.per_minute:,} a minute.")  # fmt: skip

    def _read(self, window: Window, mark: Mark | None) -> Iterator[Message | Gone | Skipped | Ignored | Mark]:
        kept = kept_in(mark, window) if mark else None
        yield from _Reading(self._box, self._source, self._units, window, kept).run()


class _Reading:
    """One reading of a mailbox."""

    def __init__(self, box: Mailbox, source: str, units: int, window: Window, kept: Kept | None) -> None:
        self._box, self._source, self._units, self._window, self._kept = box, source, units, window, kept
        self._known = dict(kept.known) if kept else {}
        self._pending: dict[str, str] = {}
        """What the next reading is to read: what did not fit, what came later than the window, what was unreadable."""
        self._left_out: Counter[str] = Counter()
        self._is_whole = True

    def run(self) -> Iterator[Message | Gone | Skipped | Ignored | Mark]:
        """Every mail of the time wanted, or what changed since the mark. Raises SourceError, MarkExpired."""
        me, history = self._box.profile()
        if self._kept is not None and self._kept.me != me:
            raise MarkExpired("the mark is of another mailbox")
        wanted, gone = self._changed(self._kept) if self._kept else (self._box.listed(self._window.since), set())
        for name in sorted(gone):
            self._known.pop(name, None)
            yield Gone(Ref(source=self._source, kind="mail", id=name))
        yield from self._read(wanted, me)
        for why, count in sorted(self._left_out.items()):
            yield Ignored(count, why)
        kept = Kept(me=me, history=history, since=self._window.since, known=self._known, pending=self._pending)
        yield Mark(kept.text(), so_far=not self._is_whole)

    def _changed(self, kept: Kept) -> tuple[dict[str, str], set[str]]:
        """Mails to be read, newest first, and mails that were stated and are no longer there, or too old."""
        oldest = self._window.since.timestamp() // 60
        gone = {name for name, minute in kept.known.items() if minute < oldest}
        changes = self._box.changes(kept.history)
        if changes is None:
            listed = self._box.listed(self._window.since)
            came = {name: thread for name, thread in listed.items() if name not in kept.known}
            return came, gone | (kept.known.keys() - listed)
        came = {name: changes.came[name] for name in reversed(changes.came) if name not in kept.known}
        left = {name: thread for name, thread in kept.pending.items() if name not in changes.gone}
        return {**came, **left}, gone | (changes.gone & kept.known.keys())

    def _read(self, wanted: Mapping[str, str], me: str) -> Iterator[Message | Skipped]:
        """The wanted mails, as far as one reading's units reach; the rest is left for the next one."""
        threads: dict[str, list[str]] = {}
        for name, thread in wanted.items():
            threads.setdefault(thread, []).append(name)
        groups = list(threads.items())
        costs = accumulate(cost_of(names) for _, names in groups)
        fits = sum(cost <= self._units for cost in costs)
        why = f"one reading takes {self._units:,} quota units" if fits < len(groups) else ""
        done = 0
        # Asked in this thread's words, sent side by side: one of Google's objects for each thread that reads.
        questions = [self._box.question(thread, names) for thread, names in groups[:fits]]
        with closing(side_by_side(self._box.mails, questions, AT_ONCE)) as results:
            for question, found in results:
                if isinstance(found, RateLimited) and self._known:
                    why = str(found)
                    break
                if isinstance(found, BaseException):
                    raise found
                yield from self._thread(question, found, me)
                done += 1
        left = {name: thread for thread, names in groups[done:] for name in names}
        self._pending |= left
        if left:
            self._is_whole = False
            yield Skipped("Gmail", f"{len(left):,} mails are left for the next reading: {why}")

    def _thread(self, question: Question, mails: Sequence[Json], me: str) -> Iterator[Message | Skipped]:
        """The wanted mails of one thread."""
        found = {text_of(mail, "id"): mail for mail in mails}
        for name in question.names:
            if name in found:
                yield from self._mail(name, question.thread, found[name], me)
            else:
                self._is_whole = False
                yield Skipped(f"mail {name}", "was listed and is not there")

    def _mail(self, name: str, thread: str, mail: Json, me: str) -> Iterator[Message | Skipped]:
        window = self._window
        if labels_of(mail) & KEPT_OUT:
            self._left_out["drafts, spam, deleted mails and chats"] += 1
            return
        found = stated(mail, thread, source=self._source, me=me, zone=window.zone)
        if isinstance(found, Skipped):
            self._pending[name] = thread
            self._is_whole = False
            yield found
            return
        arrived = arrived_at(mail) or found.at
        if arrived < window.since:
            self._left_out["mails from before the time wanted"] += 1
        elif max(arrived, found.at) > window.now:
            self._left_out["mails later than the morning"] += 1
            self._pending[name] = thread
        else:
            self._known[name] = int(arrived.timestamp() // 60)
            yield found


__all__ = ["Gmail"]
