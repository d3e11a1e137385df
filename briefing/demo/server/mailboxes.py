"""The agency's mailboxes by IMAP: the team's shared one, which is read nowhere else, and the reader's own.

    router = Router(world, morning, only=["imap"])
    with listening(router):
        connector = Imap(**router.sources("")["imap"])

A connection gets the mailbox of the morning that the router serves. A mail's UID is the second in which it arrived, so
it is the same on every morning and in every process. What the router is told holds here too: commands are remembered as
`FETCH /INBOX`, take their time, and faults strike them; a status becomes a NO, or the way in which an answer is cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from briefing.demo import enquiries
from briefing.demo.conversations import EXPORTED_DAYS
from briefing.demo.days import moment, plus
from briefing.demo.files_mail import as_mail
from briefing.demo.server.imap import Act, Fault, Post, Server, Talk
from briefing.demo.server.imap_faults import cut, drip, drip_lines, hang, reset
from briefing.demo.server.pace import Pace, Wait
from briefing.demo.server.sites import MAIL
from briefing.demo.talk import Note
from briefing.demo.world import World
from briefing.loopback import Reply, Request, text_reply

if TYPE_CHECKING:
    from briefing.demo.server.router import Router

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
"""UIDs are seconds since then: they grow with time and fit into 32 bits until 2156."""

SPECIAL = {"Sent": "\\Sent", "Drafts": "\\Drafts", "Junk": "\\Junk", "Trash": "\\Trash"}
MANNERS: Mapping[str, Act] = {"hang": hang, "drip": drip, "drip_headers": drip_lines, "cut": cut, "reset": reset}
REFUSALS = {401: "[AUTHENTICATIONFAILED] Invalid credentials", 403: "[NOPERM] Not permitted",
            404: "[NONEXISTENT] No such folder", 429: "[LIMIT] Too many commands"}  # fmt: skip
UNAVAILABLE = "[UNAVAILABLE] Try again later"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings:
    """Whose mailbox it is, and the login."""

    mailbox: Literal["shared", "reader"] = "shared"
    password: str = "harbour-7c1e"  # noqa: S105  (of the simulated agency)


class MailSite:
    """One mailbox on one morning."""

    name: ClassVar[str] = MAIL
    pace: ClassVar[Pace] = Pace(waits=(Wait(seconds=0.04),))

    def __init__(self, world: World, morning: date, **settings: Any) -> None:
        """`settings` are those of ImapSettings."""
        self.world, self.morning, self.settings = world, morning, ImapSettings(**settings)

    def __call__(self, request: Request) -> Reply:
        """Over HTTP there is nothing to be had."""
        return text_reply("IMAP is spoken on a port of its own", status=404)

    @property
    def owner(self) -> str:
        """Whose mailbox it is, by address, which is the login too."""
        return (
            enquiries.SHARED.email if self.settings.mailbox == "shared" else self.world.people.reader.email
        )  # fmt: skip

    def source(self, port: int) -> dict[str, Any]:
        """What a configuration needs."""
        told = {"host": "127.0.0.1", "port": port, "tls": "none", "username": self.owner}
        told["password"] = self.settings.password
        return {**told, "name": "Team inbox"} if self.settings.mailbox == "shared" else told

    @cached_property
    def server(self) -> Server:
        """The folders, as large mail services have them."""
        made = Server(username=self.owner, password=self.settings.password)
        filed = {"Applications": ""} if self.settings.mailbox == "shared" else {}
        for name, use in {"INBOX": "", **filed, **SPECIAL}.items():
            made.folder(name, use)
        for note in self.notes():
            at = note.at + timedelta(seconds=3)
            uid = int((at - BEGAN).total_seconds())
            made.folder(self._folder(note)).put(as_mail(note).partition("\n")[2].encode(), at, uid)
        return made

    def notes(self) -> list[Note]:
        """Every mail, oldest first: what once lay there stays."""
        start, morning = self.world.start, self.morning
        if self.settings.mailbox == "shared":
            return enquiries.notes(self.world.seed, start, morning)
        days = {start, *(plus(morning, -back) for back in range(0, (morning - start).days + 1, EXPORTED_DAYS))}
        every = {note.id: note for day in days for note in self.world.conversations.notes(day)}
        found = [note for note in every.values() if note.medium == "mail" and note.at < moment(morning)]
        return sorted(found, key=lambda note: (note.at, note.id))

    def _folder(self, note: Note) -> str:
        if note.author.email == self.owner:
            return "Sent"
        return "Applications" if note.talk.startswith(enquiries.APPLICATIONS) else "INBOX"


@contextmanager
def listening(router: Router, port: int = 0) -> Iterator[int]:
    """The mailbox that a router serves, on a port of this machine. Raises OSError where it is taken."""
    post = listen(router, port)
    try:
        yield post.port
    finally:
        post.stop()
        router.mail_port = 0


def listen(router: Router, port: int = 0) -> Post:
    """The same until it is stopped."""
    told = Fault("", as_told(router))

    def find() -> Server:
        site = router.site(MAIL)
        assert isinstance(site, MailSite)
        if told not in site.server.faults:
            site.server.faults.append(told)
        return site.server

    post = Post(find, port).start()
    router.mail_port = post.port
    return post


def as_told(router: Router) -> Act:
    """A command comes: it is remembered and takes its time, and the first fault of the router's strikes it."""

    def act(talk: Talk, command: str) -> bool | None:
        request = request_of(talk, command)
        with router.taken(MAIL, request) as fault:
            reply = fault.change(request, Reply()) if fault else Reply()
        if reply.manner in MANNERS:
            MANNERS[reply.manner](talk, command)
            return None
        if reply.status >= 400:
            if command == "GREETING":
                talk.say(f"* BYE {UNAVAILABLE}")
                return None
            talk.no(REFUSALS.get(reply.status, UNAVAILABLE))
            talk.skip = True
        return False

    return act


def request_of(talk: Talk, command: str) -> Request:
    """`FETCH /INBOX`: a command with the folder it is about, and nothing else that was said."""
    words = command.removeprefix("UID ").split()
    name = words[0].upper() if words else ""
    if name == "EXAMINE":
        return Request(method=name, path="/" + re.sub(r'^"|"$', "", command.partition(" ")[2]))
    folder = next((own for own, one in talk.mailbox.folders.items() if one is talk.folder), "")
    return Request(method=name, path=f"/{folder}")
