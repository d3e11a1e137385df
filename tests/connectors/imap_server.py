"""A small IMAP server in a thread: folders in memory, and anything may be made to go wrong on the wire.

It speaks as much of RFC 3501 as the connector asks for, counts what was asked, and refuses whatever would change
something. A fault is a function from a command to what happens in place of the answer.
"""

from __future__ import annotations

import base64
import re
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import Message as Parsed
from typing import Any

from imapclient.imap_utf7 import encode

CAPABILITIES = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 NAMESPACE ENABLE CONDSTORE SPECIAL-USE"
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass
class Mail:
    """One mail in a folder."""

    raw: bytes
    arrived: datetime
    flags: set[str] = field(default_factory=set)


@dataclass
class Folder:
    """One folder."""

    flags: str = ""
    validity: int = 7
    next: int = 1
    modseq: int = 1
    mails: dict[int, Mail] = field(default_factory=dict)

    def put(self, raw: bytes, arrived: datetime) -> int:
        """A mail comes."""
        uid = self.next
        self.mails[uid] = Mail(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), arrived)
        self.next, self.modseq = uid + 1, self.modseq + 1
        return uid

    def take(self, uid: int) -> Mail:
        """A mail goes."""
        self.modseq += 1
        return self.mails.pop(uid)

    def flag(self, uid: int, flag: str) -> None:
        """A mail is marked."""
        self.modseq += 1
        self.mails[uid].flags.add(flag)


Act = Callable[["Talk", str], bool | None]
"""What happens in place of an answer; False: the answer follows."""


@dataclass
class Fault:
    """What happens in place of the answer to commands that match."""

    where: str
    act: Act
    after: int = 0


@dataclass
class Server:
    """Folders, and who may see them."""

    folders: dict[str, Folder] = field(default_factory=dict)
    username: str = "maya"
    password: str = "a-word"
    tokens: set[str] = field(default_factory=set)
    capabilities: str = CAPABILITIES
    greeting: str = "* OK ready"
    between: str = "/"
    namespaces: str = '(("" "/")) NIL NIL'
    faults: list[Fault] = field(default_factory=list)
    withheld: set[int] = field(default_factory=set)
    """UIDs that are never given, though they are there."""

    asked: list[str] = field(default_factory=list)
    port: int = 0
    made: int = 0
    """Folders so far: a folder that is made again has other numbers."""

    def folder(self, name: str = "INBOX", flags: str = "") -> Folder:
        """A folder, made when first asked for."""
        if name not in self.folders:
            self.made += 1
            self.folders[name] = Folder(flags, validity=self.made)
        return self.folders[name]

    def commands(self, since: int = 0) -> list[str]:
        """The first words of what was asked."""
        return [line.split()[1 if line.startswith("UID") else 0] for line in self.asked[since:]]

    @contextmanager
    def faulty(self, where: str, act: Act, *, after: int = 0) -> Iterator[None]:
        """With a fault for a while."""
        fault = Fault(where, act, after)
        self.faults.append(fault)
        try:
            yield
        finally:
            self.faults.remove(fault)


class Talk(socketserver.StreamRequestHandler):
    """One connection."""

    disable_nagle_algorithm = True
    server: Any
    skip = False
    """A fault has given the answer already."""

    def handle(self) -> None:
        self.mailbox: Server = self.server.mailbox
        self.stopping: threading.Event = self.server.stopping
        self.folder = Folder()
        try:
            if self.struck("GREETING"):
                return
            self.say(self.mailbox.greeting)
            while line := self.rfile.readline():
                tag, _, rest = line.decode("latin-1").rstrip("\r\n").partition(" ")
                self.tag = tag
                self.mailbox.asked.append(rest)
                self.skip = False
                if self.struck(rest):
                    return
                if not self.skip and not self.answer(rest):
                    return
        except OSError:
            return

    def struck(self, command: str) -> bool:
        """Whether a fault happened and the connection is over."""
        for fault in self.mailbox.faults:
            if re.match(fault.where, command):
                fault.after -= 1
                if fault.after < 0 and fault.act(self, command) is not False:
                    self.request.close()
                    return True
        return False

    def say(self, text: str) -> None:
        """A line."""
        self.wfile.write(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def ok(self, text: str = "done") -> bool:
        """The end of an answer."""
        self.say(f"{self.tag} OK {text}")
        return True

    def no(self, text: str = "not allowed") -> bool:
        """A refusal."""
        self.say(f"{self.tag} NO {text}")
        return True

    def answer(self, rest: str) -> bool:
        """The answer when all is well; False ends the connection."""
        name = rest.split()[1 if rest.startswith("UID ") else 0].upper()
        known: dict[str, Callable[[str], bool]] = {
            "CAPABILITY": self.capability, "AUTHENTICATE": self.authenticate, "LOGIN": self.login, "LIST": self.list,
            "NAMESPACE": self.namespace, "ENABLE": self.enable, "EXAMINE": self.examine, "SEARCH": self.search,
            "FETCH": self.fetch, "LOGOUT": self.logout, "NOOP": lambda _: self.ok(),
        }  # fmt: skip
        act = known.get(name)
        if act is None:
            self.say(f"{self.tag} BAD {name} is not served here")
            return True
        return bool(act(rest))

    def capability(self, rest: str) -> bool:
        self.say(f"* CAPABILITY {self.mailbox.capabilities}")
        return self.ok()

    def authenticate(self, rest: str) -> bool:
        self.say("+ ")
        told = base64.b64decode(self.rfile.readline().strip()).decode()
        if "XOAUTH2" in rest.upper():
            found = re.fullmatch("user=(.*)\x01auth=Bearer (.*)\x01\x01", told)
            if found and found[1] == self.mailbox.username and found[2] in self.mailbox.tokens:
                return self.ok()
            self.say("+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode())
            empty = self.rfile.readline().strip()
            return self.no(f"[AUTHENTICATIONFAILED] Invalid credentials{'' if empty == b'' else ' (and talk)'}")
        good = told == f"\0{self.mailbox.username}\0{self.mailbox.password}"
        return self.ok() if good else self.no("[AUTHENTICATIONFAILED] Invalid credentials (Failure)")

    def login(self, rest: str) -> bool:
        good = rest == f'LOGIN "{self.mailbox.username}" "{self.mailbox.password}"'
        return self.ok() if good else self.no("LOGIN failed.")

    def list(self, rest: str) -> bool:
        for name, folder in self.mailbox.folders.items():
            self.say(f'* LIST ({folder.flags}) "{self.mailbox.between}" {quoted(name)}')
        return self.ok()

    def namespace(self, rest: str) -> bool:
        self.say(f"* NAMESPACE {self.mailbox.namespaces}")
        return self.ok()

    def enable(self, rest: str) -> bool:
        self.say("* ENABLED CONDSTORE")
        return self.ok()

    def examine(self, rest: str) -> bool:
        name = rest.partition(" ")[2]
        found = next((one for own, one in self.mailbox.folders.items() if quoted(own) == name), None)
        if found is None:
            return self.no("[NONEXISTENT] no such folder")
        self.folder = found
        self.say(f"* {len(found.mails)} EXISTS")
        self.say("* 0 RECENT")
        self.say(f"* OK [UIDVALIDITY {found.validity}] valid")
        self.say(f"* OK [UIDNEXT {found.next}] next")
        if "CONDSTORE" in self.mailbox.capabilities:
            self.say(f"* OK [HIGHESTMODSEQ {found.modseq}] highest")
        return self.ok("[READ-ONLY] examined")

    def search(self, rest: str) -> bool:
        wanted = list(self.folder.mails)
        if since := re.search(r"SINCE (\d+)-(\w{3})-(\d{4})", rest):
            day = date(int(since[3]), MONTHS.index(since[2]) + 1, int(since[1]))
            wanted = [uid for uid in wanted if self.folder.mails[uid].arrived.date() >= day]
        if "UNDELETED" in rest:
            wanted = [uid for uid in wanted if not self.folder.mails[uid].flags & {"\\Deleted", "\\Draft"}]
        if some := re.search(r"UID ([\d:,]+)$", rest):
            wanted = [uid for uid in wanted if uid in numbers(some[1])]
        self.say("* SEARCH" + "".join(f" {uid}" for uid in wanted))
        return self.ok()

    def fetch(self, rest: str) -> bool:
        found = re.match(r"UID FETCH ([\d:,]+) \((.*)\)$", rest)
        assert found is not None
        items = re.findall(r"BODY\.PEEK\[[^\]]*\](?:<\d+\.\d+>)?|\S+", found[2])
        for number, (uid, mail) in enumerate(self.folder.mails.items(), 1):
            if uid in numbers(found[1]) - self.mailbox.withheld:
                parts = [b"UID %d" % uid, *(told(item, mail) for item in items)]
                self.wfile.write(b"* %d FETCH (" % number + b" ".join(parts) + b")\r\n")
        return self.ok()

    def logout(self, rest: str) -> bool:
        self.say("* BYE come again")
        self.ok()
        return False


def quoted(name: str) -> str:
    """A folder's name on the wire."""
    plain = encode(name).decode().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def numbers(text: str) -> set[int]:
    """UIDs of `1:3,7`."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition(":")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def told(item: str, mail: Mail) -> bytes:
    """One item of a FETCH answer."""
    if item == "INTERNALDATE":
        at = mail.arrived.astimezone(UTC)
        return f'INTERNALDATE "{at.day:2d}-{MONTHS[at.month - 1]}-{at:%Y %H:%M:%S} +0000"'.encode()
    if item == "RFC822.SIZE":
        return b"RFC822.SIZE %d" % len(mail.raw)
    if item == "BODYSTRUCTURE":
        return b"BODYSTRUCTURE " + structure(message_from_bytes(mail.raw)).encode()
    found = re.fullmatch(r"BODY\.PEEK\[(.*)\](?:<0\.(\d+)>)?", item)
    assert found is not None, f"{item} would mark mails as read"
    data = section(mail.raw, found[1])
    if found[2]:
        data = data[: int(found[2])]
    name = f"BODY[{found[1]}]" + ("<0>" if found[2] else "")
    return name.encode() + b" {%d}\r\n" % len(data) + data


def section(raw: bytes, name: str) -> bytes:
    """A part of a mail by its name."""
    head, _, body = raw.partition(b"\r\n\r\n")
    if not name:
        return raw
    if name == "HEADER":
        return head + b"\r\n\r\n"
    if fields := re.fullmatch(r"HEADER\.FIELDS \((.*)\)", name):
        wanted = {field.lower() for field in fields[1].split()}
        lines = re.findall(rb"[^\r\n]+\r?\n(?:[ \t]+[^\r\n]*\r?\n)*", head + b"\r\n")
        kept = [line for line in lines if line.partition(b":")[0].strip().lower().decode("latin-1") in wanted]
        return b"".join(kept) + b"\r\n"
    part: Parsed = message_from_bytes(raw)
    if not part.is_multipart():
        return body
    for number in name.split("."):
        inside = part.get_payload()
        assert isinstance(inside, list)
        found = inside[int(number) - 1]
        assert isinstance(found, Parsed)
        part = found
    text = part.get_payload()
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else part.as_bytes()


def structure(part: Parsed) -> str:
    """A BODYSTRUCTURE."""
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        inside = part.get_payload()
        assert isinstance(inside, list)
        return (
            "("
            + "".join(structure(one) for one in inside if isinstance(one, Parsed))
            + (f' "{part.get_content_subtype()}" ("boundary" "x") NIL NIL)')
        )
    pairs = [(name, value) for name, value in (part.get_params() or [])[1:] if value]
    params = "(" + " ".join(f'"{name}" "{value}"' for name, value in pairs) + ")" if pairs else "NIL"
    held = part.get_content_disposition()
    disposition = f'("{held}" ("filename" "x"))' if held else "NIL"
    lines = " 3" if part.get_content_maintype() == "text" else ""
    encoding = part.get("Content-Transfer-Encoding", "7bit")
    size = len(str(part.get_payload()))
    return (
        f'("{part.get_content_maintype()}" "{part.get_content_subtype()}" {params} NIL NIL "{encoding}" {size}{lines} '
        f"NIL {disposition} NIL NIL)"
    )


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False
    mailbox: Server
    stopping: threading.Event

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours."""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """The server on a port of this machine."""
    with _Listener(("127.0.0.1", 0), Talk) as listener:
        listener.mailbox, listener.stopping = server, threading.Event()
        server.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.stopping.set()
            listener.shutdown()


# --- what can go wrong ---------------------------------------------------------------------------------------------


def hang(talk: Talk, command: str) -> None:
    """No answer."""
    talk.stopping.wait(30)


def drip(talk: Talk, command: str) -> None:
    """Signs of life for ever, and no answer."""
    while not talk.stopping.wait(0.02):
        talk.wfile.write(b"*")


def drip_lines(talk: Talk, command: str) -> None:
    """The same, in whole lines."""
    while not talk.stopping.wait(0.02):
        talk.say("* OK still here")


def cut(talk: Talk, command: str) -> None:
    """The connection ends in the middle of a line."""
    talk.wfile.write(b"* 1 FET")


def cut_literal(talk: Talk, command: str) -> None:
    """The connection ends in the middle of a text."""
    talk.wfile.write(b"* 1 FETCH (UID 1 BODY[] {500}\r\nFrom: a@")


def reset(talk: Talk, command: str) -> None:
    """The connection is cut hard."""
    talk.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def says(text: str) -> Act:
    """Some words in place of the answer; `TAG` is the command's."""

    def act(talk: Talk, command: str) -> None:
        tag = getattr(talk, "tag", "*")
        talk.wfile.write(text.replace("TAG", tag).replace("\n", "\r\n").encode() + b"\r\n")
        talk.stopping.wait(2)

    return act


def flood(megabytes: int, line: bytes = b"* 1 EXISTS\r\n") -> Act:
    """More than anybody takes."""

    def act(talk: Talk, command: str) -> None:
        block = line * (65_536 // len(line) + 1)
        for _ in range(megabytes * 16):
            talk.wfile.write(block)

    return act


def huge_literal(size: int) -> Act:
    """A text of a size that nobody takes, and many of its bytes."""

    def act(talk: Talk, command: str) -> None:
        talk.wfile.write(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % size)
        for _ in range(1000):
            talk.wfile.write(b"x" * 65_536)

    return act
