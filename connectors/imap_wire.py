"""A connection to an IMAP server on a guarded socket: it opens folders for reading only, and never waits without end.

What it guards
  time      every wait is cut to the server's silence limit and to what is left of the reading's deadline; a server that
            drips is stopped by the latter
  size      announced literals and lines have limits, and so has everything that one command is answered with
  marks     folders are opened by EXAMINE and texts asked for by BODY.PEEK: nothing becomes read
  private   TLS with a checked certificate, from the start or by STARTTLS before the login

Whatever goes wrong becomes a SourceError with cause and cure; what the server said is quoted, cleaned.
"""

from __future__ import annotations

import imaplib
import logging
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import imapclient
from imapclient.exceptions import LoginError, ProtocolError

from briefing import meter
from briefing.errors import AuthError, BadAnswer, NotReached, RateLimited, SourceError
from briefing.log import redacted
from briefing.reading.text import clean

log = logging.getLogger(__name__)

Tls = Literal["tls", "starttls", "none"]
Got = TypeVar("Got")

LINES = 4_000_000
"""Bytes of lines in the answer to one command; they are read byte by byte, 3 s for all of them."""

LITERALS = 32_000_000
"""Bytes of texts in the answer to one command."""

MOST_LINES = 20_000
CONNECT = 15.0
GOODBYE = 2.0
"""Seconds that a LOGOUT may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to connect, and how privately."""

    source: str
    host: str
    port: int
    tls: Tls
    ca_file: str = ""
    silence: float = 30.0
    """Seconds between two bytes."""

    @property
    def at(self) -> str:
        """The setting to look at."""
        return f"sources.{self.source}"


class OutOfTime(Exception):
    """Longer than a server is waited for."""


class TooMuch(Exception):
    """More than an answer may be."""


class _Socket:
    """The guarded way in and out."""

    def __init__(self, server: Server, until: float) -> None:
        self.server, self.until = server, until
        self.raw: socket.socket = socket.create_connection((server.host, server.port), self.patience(CONNECT))
        # The library sends a command in pieces; each would wait for the word that the one before has arrived.
        self.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.renew()

    def renew(self) -> None:
        """A new command begins: its answer has the full allowance."""
        self.lines, self.literals, self.count = LINES, LITERALS, MOST_LINES

    def patience(self, most: float = float("inf")) -> float:
        """Seconds until the next byte must be there. Raises OutOfTime."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise OutOfTime
        return min(left, self.server.silence, most)

    def secure(self) -> None:
        """TLS from here on. What came before it in plain text must not be taken for private."""
        if self.buffer:
            raise TooMuch
        try:
            context = ssl.create_default_context(cafile=self.server.ca_file or None)
        except OSError as error:  # ssl.SSLError too: a file that holds no certificate
            raise SourceError(
                f"ca_file cannot be read ({clean(error.strerror or str(error), 80)})",
                advice=f"name a file with a certificate in {self.server.at}.ca_file",
            ) from error
        self.raw.settimeout(self.patience())
        self.raw = context.wrap_socket(self.raw, server_hostname=self.server.host)

    def more(self) -> bool:
        """Take what has come; False at the end."""
        self.raw.settimeout(self.patience())
        try:
            data = self.raw.recv(65_536)
        except TimeoutError as error:
            raise OutOfTime from error
        meter.running().size += len(data)
        self.buffer += data
        return bool(data)

    def send(self, data: bytes) -> None:
        self.raw.settimeout(self.patience())
        try:
            self.raw.sendall(data)
        except TimeoutError as error:
            raise OutOfTime from error

    def line(self) -> bytes:
        """One line with its end; shorter at the end of the connection."""
        searched = 0
        while (at := self.buffer.find(b"\n", searched)) < 0:
            searched = len(self.buffer)
            if searched > self.lines:
                raise TooMuch
            if not self.more():
                at = len(self.buffer) - 1
                break
        found = bytes(self.buffer[: at + 1])
        del self.buffer[: at + 1]
        self.lines -= len(found)
        self.count -= 1
        if self.lines < 0 or self.count < 0:
            raise TooMuch
        return found

    def literal(self, size: int) -> bytes:
        """So many bytes; fewer at the end of the connection."""
        self.literals -= size
        if self.literals < 0:
            raise TooMuch
        while len(self.buffer) < size and self.more():
            pass
        found = bytes(self.buffer[:size])
        del self.buffer[:size]
        return found


class _Protocol(imaplib.IMAP4):
    """Python's protocol machine on such a socket."""

    def __init__(self, server: Server, until: float) -> None:
        self.server, self.until = server, until
        super().__init__(server.host, server.port)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self.guarded = _Socket(self.server, self.until)
        self.sock = self.guarded.raw
        if self.server.tls == "tls":
            try:
                self.guarded.secure()
            except BaseException:
                self.guarded.raw.close()
                raise
            self.sock = self.guarded.raw

    def read(self, size: int) -> bytes:
        found = self.guarded.literal(size)
        if len(found) < size:
            raise self.abort("socket error: EOF")
        return found

    def readline(self) -> bytes:
        return self.guarded.line()

    def send(self, data: Any) -> None:
        self.guarded.send(bytes(data))

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """Ask for TLS and begin it; what was told before is asked for again."""
        kind, data = self._simple_command("STARTTLS")
        if kind == "OK":
            self.guarded.secure()
            self.sock = self.guarded.raw
            self.untagged_responses: dict[str, Any] = {}
            self._get_capabilities()
        return kind, data

    def shutdown(self) -> None:
        with suppress(OSError):
            self.guarded.raw.shutdown(socket.SHUT_RDWR)
        self.guarded.raw.close()

    def _new_tag(self) -> Any:
        """A command begins."""
        self.guarded.renew()
        meter.running().calls += 1
        return super()._new_tag()  # type: ignore[misc]


class _Client(imapclient.IMAPClient):  # type: ignore[misc]
    """IMAPClient on that machine. Folder names stay as the server writes them, times keep their zone."""

    def __init__(self, server: Server, until: float) -> None:
        self._server, self._until = server, until
        super().__init__(server.host, server.port, ssl=server.tls == "tls", timeout=None)
        self._imap.debug = 0  # else every line is formatted for a log that nobody reads
        self.normalise_times = self.folder_encode = False

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802  (IMAPClient's own seam)
        return _Protocol(self._server, self._until)

    def _set_read_timeout(self) -> None:
        """Every read has its own."""


LogIn = Callable[[Any, Sequence[bytes]], None]
"""Logs in on an IMAPClient with these capabilities."""


class Session:
    """One connection, logged in. For one thread."""

    def __init__(self, server: Server, log_in: LogIn, *, until: float) -> None:
        """Connects and logs in. `until` is the moment of `time.monotonic` when everything must be over. Raises
        SourceError.
        """
        self.server = server
        self._client: Any = None
        self._broken = False
        with self._told("connecting"):
            self._client = _Client(server, until)
        try:
            if server.tls == "starttls":
                self._start_tls()
            if self._client._imap.state == "NONAUTH":  # noqa: SLF001  (a connection may begin logged in)
                with self._told("the login"):
                    log_in(self._client, tuple(self._client.capabilities()))
            with self._told("the login"):
                self.capabilities = frozenset(self._client.capabilities())
                self._count_changes()
        except BaseException:
            self._drop()
            raise

    def _start_tls(self) -> None:
        with self._told("starting TLS"):
            offered = self._client.has_capability("STARTTLS")
            if offered and self._client._imap.state == "NONAUTH":  # noqa: SLF001
                self._client.starttls()
                return
        raise SourceError(
            f"{self.server.host} offers no STARTTLS, and a login does not go in plain text",
            advice=f'write tls = "tls" and port = 993 in {self.server.at}, or ask the provider',
        )

    def _count_changes(self) -> None:
        """Ask that changes be counted (RFC 7162): an unchanged folder then need not be looked through."""
        if self.can("ENABLE") and (self.can("CONDSTORE") or self.can("QRESYNC")):
            try:
                self._client.enable("CONDSTORE")
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:
                return  # it goes without

    def can(self, capability: str) -> bool:
        """Whether the server says so."""
        return capability.encode() in self.capabilities

    def close(self) -> None:
        """Say goodbye, shortly; not where something went wrong."""
        if not self._broken:
            with suppress(Exception):  # whatever comes of it, the reading is over
                guarded = self._client._imap.guarded  # noqa: SLF001
                guarded.until = min(guarded.until, time.monotonic() + GOODBYE)
                self._client.logout()
        self._drop()

    def _drop(self) -> None:
        with suppress(Exception):  # half-open connections fail in many ways
            self._client.shutdown()

    # --- commands ----------------------------------------------------------------------------------------------------

    def folders(self) -> list[tuple[frozenset[bytes], bytes, bytes]]:
        """Flags, delimiter and name of every folder, as the server writes them. Raises SourceError."""
        with self._told("listing folders"):
            return [
                (frozenset(flag.lower() for flag in flags if isinstance(flag, bytes)), _bytes(between), _bytes(name))
                for flags, between, name in self._client.list_folders()
            ]

    def namespaces(self) -> tuple[bytes, tuple[bytes, ...]]:
        """What the names of one's own folders begin with (`INBOX.` at some servers), and those of other people's."""
        if not self.can("NAMESPACE"):
            return b"", ()
        with self._told("asking for namespaces"):
            own, others, shared = self._client.namespace()
            foreign = tuple(_bytes(prefix) for prefix, _ in (*(others or ()), *(shared or ())) if prefix)
            return next((_bytes(prefix) for prefix, _ in own or ()), b""), foreign

    def examine(self, name: bytes) -> Mapping[bytes, Any] | str:
        """Open a folder for reading: EXISTS, UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ where told; or the server's words for
        why not. Raises SourceError.
        """
        with self._told("opening a folder"):
            try:
                found: Mapping[bytes, Any] = self._client.select_folder(name, readonly=True)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                return _words(error)
            except UnicodeDecodeError:
                return "its name cannot be asked for"
            return found

    def search(self, *criteria: Any) -> list[int]:
        """UIDs in the open folder, rising. Raises SourceError."""
        with self._told("searching"):
            return sorted({uid for uid in self._client.search(list(criteria)) if uid > 0})

    def fetch(self, uids: Sequence[int], *items: str) -> dict[int, Mapping[bytes, Any]]:
        """What the server gives of some mails; those that are gone meanwhile are not in it. Raises SourceError."""
        with self._told("reading mails"):
            return dict(self._client.fetch(list(uids), list(items)))

    def structures(self, uids: Sequence[int], *items: str) -> dict[int, Mapping[bytes, Any]] | None:
        """The same with the structure of each mail; None where the structure of one is beyond reading."""
        with self._told("reading mails"):
            try:
                return dict(self._client.fetch(list(uids), ["BODYSTRUCTURE", *items]))
            except (ProtocolError, RecursionError, AttributeError, IndexError, TypeError, ValueError):
                return None  # the answer was taken whole before it was read: the connection stands

    # --- what goes wrong ---------------------------------------------------------------------------------------------

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except SourceError:
            self._broken = True
            raise
        except Exception as error:  # two libraries read a hostile wire here and raise what they like
            self._broken = True
            raise explained(error, self.server, doing) from error


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else b"" if value is None else str(value).encode()


def explained(error: Exception, server: Server, doing: str) -> SourceError:
    """What went wrong, in a reader's words."""
    host = server.host
    if isinstance(error, OutOfTime | TimeoutError):
        return NotReached(
            f"{host} did not answer in time ({doing})", advice=f"try again: briefing collect {server.source}"
        )
    if isinstance(error, TooMuch):
        return BadAnswer(f"{host} answered more than is taken ({doing})", advice="try again; if it stays so, report it")
    if isinstance(error, ssl.SSLCertVerificationError):
        return SourceError(
            f"the certificate of {host} is not valid: {clean(error.verify_message, 120)}",
            advice=f"check host in {server.at}; a certificate of your own needs its authority's file in ca_file",
        )
    if isinstance(error, ssl.SSLError):
        return SourceError(
            f"{host} makes no private connection ({clean(error.reason or type(error).__name__, 60)})",
            advice=f'check port and tls in {server.at}: 993 takes "tls", 143 "starttls"',
        )
    if isinstance(error, LoginError) and not isinstance(error.__context__, imaplib.IMAP4.abort):
        return refused_login(_words(error), server)
    if isinstance(error, imaplib.IMAP4.error) and not isinstance(error, ProtocolError):
        return _protocol_fault(error.__context__ if isinstance(error, LoginError) else error, server, doing)
    if isinstance(error, socket.gaierror):
        return SourceError(f"{host} is not known", advice=f"check host in {server.at}, and the network")
    if isinstance(error, OSError):
        return SourceError(
            f"{host}:{server.port} cannot be reached ({clean(error.strerror or type(error).__name__, 60)})",
            advice=f"check host and port in {server.at}, and the network",
        )
    log.info("an answer of %s that cannot be read", host, exc_info=error)
    return BadAnswer(
        f"an answer of {host} that cannot be read ({doing}: {type(error).__name__})",
        advice="try again; if it stays so, report it with the log",
    )


def _protocol_fault(error: BaseException | None, server: Server, doing: str) -> SourceError:
    host, words = server.host, _words(error)
    again = f"try again: briefing collect {server.source}"
    if isinstance(error, imaplib.IMAP4.abort):
        if "socket error" in words:
            return SourceError(f"{host} cut the connection ({doing})", advice=again)
        if "unexpected" in words:
            return BadAnswer(f"{host} does not answer as an IMAP server ({doing})", advice=f"check {server.at}")
        if limited := _limit(words, server):
            return limited
        return SourceError(f"{host} ended the connection: {words}", advice=again)
    if limited := _limit(words, server):
        return limited
    if "not IMAP4 compliant" in words or doing == "connecting":
        return SourceError(f"{host} does not take connections: {words}", advice=again)
    return SourceError(f"{host} refused {doing}: {words}", advice=again)


_LIMIT = re.compile(
    r"too many|simultaneous|\[limit\]|maximum number of connections|\[overquota\]|bandwidth|rate limit|throttl",
    re.IGNORECASE,
)


def _limit(words: str, server: Server) -> SourceError | None:
    if not _LIMIT.search(words):
        return None
    return RateLimited(
        f"{server.host} allows no more at the moment: {words}",
        advice="close other mail programs, or collect later and less often",
    )


_REFUSALS: tuple[tuple[str, str, str], ...] = (
    (r"app(?:lication)?[- ]?specific|app[- ]password|InvalidSecondFactor",
     "wants an app password", "make an app password at the provider and give it in {at}.password"),
    (r"webalert|web browser|web login|log ?in via",
     "wants a login in the browser first", "log in once in the browser, then: briefing collect {source}"),
    (r"privacyrequired|plaintext auth|logindisabled|cleartext",
     "takes logins only over a private connection", 'write tls = "tls" or "starttls" in {at}'),
    (r"\[expired\]|password (?:has |is )?expired",
     "says that the password has expired", "set a new one at the provider and give it in {at}.password"),
    (r"imap (?:access )?is (?:disabled|not enabled)|not enabled for imap|imap use|basicauthblocked|basic auth",
     "allows no such login by IMAP for this account",
     "switch IMAP on at the provider; Microsoft 365 and Google Workspace may want a refresh_token, no password"),
)  # fmt: skip


def refused_login(words: str, server: Server) -> SourceError:
    """A refused login by what the server says of it."""
    told = f": {words}" if words else ""
    if limited := _limit(words, server):
        return limited
    if re.search(r"\[(?:unavailable|inuse|contactadmin)\]|temporar", words, re.IGNORECASE):
        return SourceError(
            f"{server.host} takes no login at the moment{told}", advice=f"try later: briefing collect {server.source}"
        )
    for pattern, cause, cure in _REFUSALS:
        if re.search(pattern, words, re.IGNORECASE):
            return AuthError(
                f"{server.host} {cause}{told}", advice=cure.format(at=server.at, source=server.source)
            )  # fmt: skip
    return AuthError(
        f"{server.host} refused the login{told}",
        advice=f"check username and password in {server.at}; with two-step login make an app password at the provider",
    )


def _words(error: BaseException | None) -> str:
    """What the server said, without what the libraries put around it."""
    text = re.sub(r"^command: \w+ => |^\w+ (?:failed|command error): ", "", str(error))
    text = re.sub(r"^(?:NO|BAD) \[b['\"](.*)['\"]\]$", r"\1", text)
    text = re.sub(r"^b['\"](.*)['\"]$", r"\1", text).removeprefix("* ")
    return redacted(clean(text, 200)).strip().rstrip(".")


def joined(uids: Iterable[int]) -> str:
    """UIDs as ranges: `1:4,7`."""
    found: list[str] = []
    start = last = 0
    for uid in (*sorted(uids), 0):
        if last and uid == last + 1:
            last = uid
            continue
        if last:
            found.append(str(start) if start == last else f"{start}:{last}")
        start = last = uid
    return ",".join(found)
