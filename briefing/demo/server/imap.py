"""IMAP on this machine: mailboxes in memory, and anything may be made to go wrong on the wire.

    server = Server(username="maya@harbourlane.example")
    server.folder("INBOX").put(raw, arrived)
    with serving(server):
        connector = Imap(host="127.0.0.1", port=server.port, tls="none", ...)

It binds to 127.0.0.1 only, serves every connection in a thread, and speaks as much of RFC 3501 as a reader asks for:
capabilities, a login by password or XOAUTH2, folders with their special use (RFC 6154), namespaces, EXAMINE with
UIDVALIDITY and HIGHESTMODSEQ (RFC 7162), SEARCH and FETCH by UID. Whatever would change something is refused. It keeps
what was asked, without logins. A fault is a function from a command to what happens in place of the answer
(`briefing.demo.server.imap_faults`). The agency's mailboxes stand in `briefing.demo.server.mailboxes`.
"""

from __future__ import annotations

import base64
import re
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
    """Its special use, such as `\\Sent`; empty without one."""

    validity: int = 7
    """UIDVALIDITY: another one means that all UIDs are new."""

    next: int = 1
    """UIDNEXT: greater than every UID so far."""

    modseq: int = 1
    """HIGHESTMODSEQ: grows with every change."""

    mails: dict[int, Mail] = field(default_factory=dict)
    """By UID, in their order."""

    def put(self, raw: bytes, arrived: datetime, uid: int = 0) -> int:
        """A mail comes, under the next UID or one beyond it. Its lines end as on the wire."""
        uid = max(uid, self.next)
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
    """Folders of one mailbox, and who may see them."""

    folders: dict[str, Folder] = field(default_factory=dict)
    username: str = "maya"
    password: str = field(default="a-word")
    tokens: set[str] = field(default_factory=set)
    """What XOAUTH2 takes in place of the password."""

    capabilities: str = CAPABILITIES
    greeting: str = "* OK ready"
    between: str = "/"
    namespaces: str = '(("" "/")) NIL NIL'
    faults: list[Fault] = field(default_factory=list)
    withheld: set[int] = field(default_factory=set)
    """UIDs that are never given, though they are there."""

    asked: list[str] = field(default_factory=list)
    """Commands that came, without their tags and without what logs in."""

    sent: int = 0
    """Bytes of answers."""

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
    tag = "*"
    skip = False
    """A fault has given the answer already."""

    def handle(self) -> None:
        """Greet, then answer command by command until somebody leaves."""
        self.mailbox: Server = self.server.find()
        self.stopping: threading.Event = self.server.stopping
        self.folder = Folder()
        try:
            if self.struck("GREETING"):
                return
            self.say(self.mailbox.greeting)
            while line := self.rfile.readline():
                tag, _, rest = line.decode("latin-1").rstrip("\r\n").partition(" ")
                self.tag = tag
                self.mailbox.asked.append("LOGIN" if rest.upper().startswith("LOGIN ") else rest)
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
        self.give(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def give(self, data: bytes) -> None:
        """Bytes of an answer."""
        self.mailbox.sent += len(data)
        self.wfile.write(data)

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
        """What is spoken here."""
        self.say(f"* CAPABILITY {self.mailbox.capabilities}")
        return self.ok()

    def authenticate(self, rest: str) -> bool:
        """A login by SASL PLAIN or XOAUTH2."""
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
        """A login by name and password."""
        good = rest == f'LOGIN "{self.mailbox.username}" "{self.mailbox.password}"'
        return self.ok() if good else self.no("LOGIN failed.")

    def list(self, rest: str) -> bool:
        """Every folder with its special use."""
        for name, folder in self.mailbox.folders.items():
            self.say(f'* LIST ({folder.flags}) "{self.mailbox.between}" {quoted(name)}')
        return self.ok()

    def namespace(self, rest: str) -> bool:
        """Where own and other people's folders lie."""
        self.say(f"* NAMESPACE {self.mailbox.namespaces}")
        return self.ok()

    def enable(self, rest: str) -> bool:
        """CONDSTORE is on."""
        self.say("* ENABLED CONDSTORE")
        return self.ok()

    def examine(self, rest: str) -> bool:
        """Open a folder without changing it: its UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ."""
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
        """UIDs since a day of arrival, not deleted, or among some."""
        wanted = list(self.folder.mails)
        if since := re.search(r"SINCE (\d+)-(\w{3})-(\d{4})", rest):
            day = date(int(since[3]), MONTHS.index(since[2]) + 1, int(since[1]))
            wanted = [uid for uid in wanted if self.folder.mails[uid].arrived.date() >= day]
        if "UNDELETED" in rest:
            wanted = [uid for uid in wanted if not self.folder.mails[uid].flags & {"\\Deleted", "\\Draft"}]
        if some := re.search(r"UID ([\d:,]+)$", rest):
            named = numbers(some[1])
            wanted = [uid for uid in wanted if named(uid)]
        self.say("* SEARCH" + "".join(f" {uid}" for uid in wanted))
        return self.ok()

    def fetch(self, rest: str) -> bool:
        """Fields, words or the structure of mails. Raises AssertionError for an item that would mark them as read."""
        found = re.match(r"UID FETCH ([\d:,]+) \((.*)\)$", rest)
        assert found is not None
        items = re.findall(r"BODY\.PEEK\[[^\]]*\](?:<\d+\.\d+>)?|\S+", found[2])
        named = numbers(found[1])
        for number, (uid, mail) in enumerate(self.folder.mails.items(), 1):
            if named(uid) and uid not in self.mailbox.withheld:
                parts = [b"UID %d" % uid, *(told(item, mail) for item in items)]
                self.give(b"* %d FETCH (" % number + b" ".join(parts) + b")\r\n")
        return self.ok()

    def logout(self, rest: str) -> bool:
        """The end."""
        self.say("* BYE come again")
        self.ok()
        return False


def quoted(name: str) -> str:
    """A folder's name on the wire."""
    plain = encode(name).decode().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def numbers(text: str) -> Callable[[int], bool]:
    """Whether a UID is one of `1:3,7`."""
    spans = [(int(first), int(last or first)) for first, _, last in (part.partition(":") for part in text.split(","))]
    single, wide = {first for first, last in spans if first == last}, [one for one in spans if one[0] != one[1]]
    return lambda uid: uid in single or any(first <= uid <= last for first, last in wide)


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

    def __init__(self, find: Callable[[], Server], port: int) -> None:
        self.find, self.stopping = find, threading.Event()
        super().__init__(("127.0.0.1", port), Talk)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours."""


class Post:
    """Listens on a port of this machine, each connection in a thread of its own."""

    def __init__(self, find: Callable[[], Server], port: int = 0) -> None:
        """`find` gives the mailbox that a new connection is about. Raises OSError where the port is taken."""
        self._listener = _Listener(find, port)
        self.port: int = self._listener.server_address[1]

    def start(self) -> Post:
        """Take connections from now on."""
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Take no more; what hangs on purpose is let go."""
        self._listener.stopping.set()
        self._listener.shutdown()
        self._listener.server_close()


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """One mailbox on a port of this machine."""
    post = Post(lambda: server).start()
    server.port = post.port
    try:
        yield server
    finally:
        post.stop()
