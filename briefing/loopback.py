"""A web server on this machine, for the demo and for tests: sites answer requests, faults are put on the real wire.

    def site(request: Request) -> Reply:
        return json_reply({"items": []})

    with Loopback(site) as server:
        connector = MyVendor(base_url=server.url, token="t")

It binds to 127.0.0.1 only, speaks HTTP/1.1 with kept connections, serves every connection in a thread, and records
each request. A fault is a function from the reply the site would give to the reply that is sent; `Reply.manner` says
how it goes over the wire (dripping, cut, never). `briefing.testing.ConnectorContract` throws the whole pack at a
connector.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came over the wire."""

    method: str
    path: str
    """Decoded, without the query."""

    query: tuple[tuple[str, str], ...] = ()
    """In their order; a name may come twice."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    body: bytes = b""

    def param(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return dict(self.query).get(name, default)

    def form(self) -> dict[str, str]:
        """The body as a form; of a name that comes twice the last."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)

    @property
    def line(self) -> str:
        """`GET /jobs?_page=0`, as faults and tests match it."""
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{self.method} {self.path}" + (f"?{query}" if query else "")


Manner = Literal["whole", "hang", "drip", "drip_headers", "cut", "reset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Iterable[bytes] = b""
    """An iterable is sent piece by piece, without a length."""

    manner: Manner = "whole"
    """`hang` never answers, `drip` sends a byte at a time, `cut` half of what it announced, `reset` closes at once."""


def json_reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON answer."""
    told = (("Content-Type", "application/json; charset=utf-8"), *(headers or {}).items())
    return Reply(status=status, headers=told, body=json.dumps(value, ensure_ascii=False).encode())


def text_reply(text: str, *, status: int = 200, type: str = "text/plain; charset=utf-8") -> Reply:
    """A text or HTML answer."""
    return Reply(status=status, headers=(("Content-Type", type),), body=text.encode())


Site = Callable[[Request], Reply]


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something that goes wrong on the wire."""

    change: Callable[[Request, Reply], Reply]
    where: str = ""
    """A regular expression searched in `GET /path?query`, and in the same with a form's body after a space; empty:
    everywhere.
    """

    times: int | None = None
    """How often; None: always."""

    after: int = 0
    """So many matching requests are answered rightly first."""

    seen: int = 0

    def takes(self, request: Request) -> bool:
        """Whether it strikes this request; counts."""
        with_body = f"{request.line} {request.body[:4096].decode('utf-8', 'replace')}"
        if not (re.search(self.where, request.line) or (request.body and re.search(self.where, with_body))):
            return False
        self.seen += 1
        number = self.seen - self.after
        return number > 0 and (self.times is None or number <= self.times)


def status(code: int, body: str = "", *, type: str = "application/json", **headers: str) -> Fault:
    """Another status; header names are written with underscores."""
    told = [("Content-Type", type), *((name.replace("_", "-"), value) for name, value in headers.items())]
    return Fault(change=lambda _, __: Reply(status=code, headers=tuple(told), body=body.encode()))


def manner(how: Manner) -> Fault:
    """The right answer, badly transported."""
    return Fault(change=lambda _, reply: replace(reply, manner=how))


def huge(megabytes: int = 200) -> Fault:
    """A body without end, or nearly."""

    def change(_: Request, reply: Reply) -> Reply:
        return replace(reply, body=(b'{"pad": "' if not n else b"x" * 65_536 for n in range(megabytes * 16)))

    return Fault(change=change)


def bomb(megabytes: int = 600) -> Fault:
    """A few hundred kilobytes of gzip that unpack to very much."""
    packed = gzip.compress(b" " * (megabytes * 1_000_000), compresslevel=9)
    headers = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
    return Fault(change=lambda _, __: Reply(headers=headers, body=packed))


def redirect(url: str) -> Fault:
    """To another place."""
    return Fault(change=lambda _, __: Reply(status=302, headers=(("Location", url),)))


def changed_json(change: Callable[[Any], Any]) -> Fault:
    """The right answer with other contents; what is not JSON stays as it is."""

    def changed(_: Request, reply: Reply) -> Reply:
        try:
            value = json.loads(reply.body) if isinstance(reply.body, bytes) else None
        except ValueError:
            return reply
        return reply if value is None else replace(reply, body=json.dumps(change(value)).encode())

    return Fault(change=changed)


class Loopback:
    """A server for one site; a context manager. Several threads may use it."""

    def __init__(
        self, site: Site, *, latency: Callable[[Request], float] = lambda _: 0.0, port: int = 0, host: str = "127.0.0.1"
    ) -> None:
        self.site, self.latency = site, latency
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.stopping = threading.Event()
        self._guard = threading.Lock()
        self._server = _Server((host, port), _Handler)
        self._server.loopback = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{self._server.server_address[0]!s}:{self.port}"

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it; requests that hang are let go."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @contextmanager
    def faulty(self, fault: Fault, where: str = "", *, times: int | None = None, after: int = 0) -> Iterator[Self]:
        """With a fault for a while."""
        one = replace(fault, where=where or fault.where, times=times, after=after, seen=0)
        self.faults.append(one)
        try:
            yield self
        finally:
            self.faults.remove(one)

    def answer(self, request: Request) -> Reply:
        """The site's reply with the first fault that strikes. A site that raises answers 500 and the fault's name."""
        with self._guard:
            self.requests.append(request)
            fault = next((fault for fault in self.faults if fault.takes(request)), None)
        if wait := self.latency(request):
            self.stopping.wait(wait)
        try:
            reply = self.site(request)
        except Exception as error:  # noqa: BLE001  (a bug in a site must be seen by the test, not end the thread)
            return text_reply(f"the site raised {error!r}", status=500)
        return fault.change(request, reply) if fault else reply

    def lines(self, since: int = 0) -> Sequence[str]:
        """What was asked, as `GET /path?query`."""
        with self._guard:
            return [request.line for request in self.requests[since:]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    loopback: Loopback

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remembers the connection: a server that is stopped hangs up."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Ends the connections that are still open; their threads then end by themselves."""
        for request in list(self._open):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = self._chunks() if "chunked" in self.headers.get("Transfer-Encoding", "") else self.rfile.read(size)
        request = Request(
            method=self.command, path=unquote(parts.path),
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()}, body=body,
        )  # fmt: skip
        reply = self.server.loopback.answer(request)
        try:
            self._send(reply)
        except OSError:
            self.close_connection = True

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _send(self, reply: Reply) -> None:
        stopping = self.server.loopback.stopping
        if reply.manner == "hang":
            stopping.wait(120)
        if reply.manner in {"hang", "reset"}:
            self.close_connection = True
            return
        body = reply.body if isinstance(reply.body, bytes) else None
        head = self._head(reply, body)
        if reply.manner == "drip_headers":
            self._drip(head + (body or b""), stopping)
        elif reply.manner == "drip":
            self.wfile.write(head)
            self._drip(body or b"", stopping)
        elif reply.manner == "cut":
            self.wfile.write(head + (body or b"")[: len(body or b"") // 2])
        elif body is not None:
            self.wfile.write(head + body)
        else:
            self.wfile.write(head)
            assert not isinstance(reply.body, bytes)
            for piece in reply.body:
                self.wfile.write(piece)
        if reply.manner != "whole" or body is None:
            self.close_connection = True

    def _head(self, reply: Reply, body: bytes | None) -> bytes:
        phrase = HTTPStatus(reply.status).phrase if reply.status in HTTPStatus._value2member_map_ else ""
        lines = [f"HTTP/1.1 {reply.status} {phrase}"]
        if not any(name.lower() == "date" for name, _ in reply.headers):
            lines.append(f"Date: {self.date_time_string()}")
        lines += [f"{name}: {value}" for name, value in reply.headers]
        lines.append(f"Content-Length: {len(body)}" if body is not None else "Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _drip(self, data: bytes, stopping: threading.Event) -> None:
        began = time.monotonic()
        for at in range(len(data)):
            self.wfile.write(data[at : at + 1])
            if stopping.wait(0.05) or time.monotonic() - began > 120:
                return


__all__ = [
    "Fault", "Loopback", "Reply", "Request", "Site", "bomb", "changed_json", "huge", "json_reply", "manner",
    "redirect", "status", "text_reply",
]  # fmt: skip
