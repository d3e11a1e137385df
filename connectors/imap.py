"""Mail of any IMAP server, read without a trace: no mail becomes read, no flag is set, nothing moves.

Settings
  host, port, tls   tls = "tls" (the usual one, port 993), "starttls" (143), or "none" (on this machine only)
  ca_file    the authority of a certificate of your own
  username   with one of password, access_token, refresh_token (with client_id, client_secret, token_url: an address,
             "google" or "microsoft")
  owner      whose mailbox it is, by address; the username where that is one, else found out from the mails
  folders    names of the folders to read, besides the sent mail; not given: all but drafts, deleted mail and spam
  sent_folder   the folder of sent mail, where the server does not say and no usual name does
  sent       true: answers are known to be in what is read; false: they are known not to be
  name       what to call the mailbox
  silence, budget   seconds without a byte; seconds for one reading (keep it below the source's deadline)

One stream over one connection: conversations need all folders together. A reading asks every folder which mails it
holds, reads the few fields of new ones that decide where they belong (of half a year before the window too: answers
refer to them), and then the words of those within the window: small mails whole, of large ones the text parts by the
structure that the server tells. Attachments are never asked for. What does not fit into the budget is left for the next
reading, newest mails first.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, ClassVar, cast

from briefing.connector import Finding, Gone, Ignored, Mark, Skipped, Stream, Window
from briefing.errors import AuthError, SourceError
from briefing.facts import Fact, Message
from briefing.reading.headers import email_in
from briefing.reading.text import NAME, clean
from connectors.imap_token import Logins, Proof

if TYPE_CHECKING:  # the protocol's library is imported where the network is asked
    from connectors.imap_boxes import Boxes
    from connectors.imap_wire import Session, Tls

PORTS = {"tls": 993, "starttls": 143, "none": 143}
HERE = frozenset({"127.0.0.1", "::1", "localhost"})
GRACE = 15.0
"""Seconds after the budget in which a reading must have ended, whatever the server does."""


class Imap:
    """One person's mailbox, or a shared one. Serves many threads."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Message})

    def __init__(
        self,
        *,
        source: str,
        host: str,
        username: str,
        password: str = "",
        access_token: str = "",
        refresh_token: str = "",
        client_id: str = "",
        client_secret: str = "",
        token_url: str = "",
        token_file: str = "",
        port: int = 0,
        tls: str = "tls",
        ca_file: str = "",
        owner: str = "",
        folders: Sequence[str] = (),
        sent_folder: str = "",
        sent: bool | None = None,
        name: str = "",
        silence: float = 30.0,
        budget: float = 100.0,
    ) -> None:
        if tls not in PORTS:
            raise ValueError('tls: write "tls", "starttls" or "none"')
        if tls == "none" and host not in HERE:
            raise ValueError('tls: "none" is for a server on this machine; a login goes nowhere in plain text')
        if not host.strip() or any(c.isspace() or c in "/@" for c in host):
            raise ValueError(f'host: "{clean(host, 80)}" is not a host such as imap.example.com')
        if owner and not email_in(owner):
            raise ValueError(f'owner: "{clean(owner, 80)}" is not a mail address')
        if isinstance(folders, str):
            raise ValueError('folders: write a list such as ["INBOX"]')  # noqa: TRY004  (a setting's problem)
        proof = Proof(
            source=source, username=username, password=password, access_token=access_token,
            refresh_token=refresh_token, client_id=client_id, client_secret=client_secret, token_url=token_url,
            token_file=token_file,
        )  # fmt: skip
        self.source, self.host = source, host
        self._tls, self._port, self._ca_file = tls, port or PORTS[tls], ca_file
        self._logins = Logins(proof)
        self.owner = email_in(owner or username)
        self.sent = sent
        self._folders = tuple("Inbox" if one.upper() == "INBOX" else one for one in folders)
        self._sent_folder = sent_folder
        self.place = clean(name, NAME) or clean(username, NAME)
        self._silence, self.budget = silence, budget

    def streams(self, window: Window) -> Sequence[Stream]:
        """One stream; nothing is asked before it is read."""
        return [Stream(kinds=frozenset({Message}), read=self._read, place=self.place)]

    def probe(self) -> Iterator[Finding]:
        """Who is logged in, and which folders are read. Raises SourceError."""
        session = self._session(time.monotonic() + self.budget)
        with closing(session):
            boxes = self.boxes(session)
        shown = ", ".join(box.shown for box in boxes.read[:12]) + (", ..." if len(boxes.read) > 12 else "")
        yield Finding(what=f"Logged in on {self.host} as {self.place}; folders read: {shown}.")
        if self.sent is not True and not any(box.role == "sent" for box in boxes.read):
            yield Finding(
                what="No folder of sent mail is known: nothing will be said of unanswered mail.", ok=False,
                cure=f"name it in sources.{self.source}.sent_folder",
            )  # fmt: skip

    def _read(self, window: Window, mark: Mark | None) -> Iterator[Message | Gone | Skipped | Ignored | Mark]:
        from connectors.imap_reading import Reading

        began = time.monotonic()
        session = self._session(began + self.budget + GRACE)
        with closing(session):
            yield from Reading(self, session, window, until=began + self.budget).run(mark)

    def _session(self, until: float) -> Session:
        """A connection, logged in; with a renewed token where the old one was refused. Raises SourceError."""
        from connectors.imap_wire import Server, Session

        self._logins.stop_if_refused()
        server = Server(
            source=self.source, host=self.host, port=self._port, tls=cast("Tls", self._tls), ca_file=self._ca_file,
            silence=self._silence,
        )  # fmt: skip
        try:
            return Session(server, self._logins.log_in, until=until)
        except AuthError as error:
            if not self._logins.note(error):
                raise
        try:
            return Session(server, self._logins.log_in, until=until)
        except AuthError as error:
            self._logins.refuse(error)
            raise

    def boxes(self, session: Session) -> Boxes:
        """The folders to read. Raises SourceError."""
        from connectors.imap_boxes import boxes_of

        listed = session.folders()
        own, foreign = session.namespaces()
        try:
            found = boxes_of(listed, own, foreign, named=self._folders, sent=self._sent_folder)
        except LookupError as error:
            every = boxes_of(listed, own, foreign).read
            raise SourceError(
                f"{self.host} has no folder {clean(str(error), 200)}",
                advice=f"correct sources.{self.source}; there are {', '.join(box.shown for box in every[:20])}",
            ) from error
        if not found.read:
            raise SourceError(f"{self.host} shows no folder", advice=f"check the login of sources.{self.source}")
        return found
