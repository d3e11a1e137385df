"""The one HTTP client of every connector: no answer is waited for without end, none fills the memory, none is believed
twice.

    client = Client(base_url, source="accelo", vendor="Accelo", credential=Bearer(token))
    rows = client.json("/jobs", {"_page": 0})

What it guards
  time         connect and silence time-outs, and a total deadline for a request with its whole answer. httpx's own
               time-outs are per read, so a server that drips would be waited for without end: every wait on the socket
               is cut to what is left.
  size         the decoded body is limited while it is unpacked; only gzip and deflate are asked for.
  repetition   one decision (`worth_another_try`) for what is safe to repeat: cut connections, 429, 500 and 502 to 504.
               Retry-After is kept up to a cap; above it the limit is a gap at once.
  load         so many requests at a time per host, at most so many a second; a 429 makes all threads wait.
  place        only reads leave: GET, HEAD, and what the connector declared. Redirects stay within the host.
  secrets      known secrets are taken out of every message; queries are never logged.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import ssl
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol

import httpcore
import httpx
import stamina

from briefing import meter
from briefing.errors import AuthError, BadAnswer, NotReached, RateLimited, SourceError
from briefing.log import never_print, redacted

log = logging.getLogger(__name__)
stamina.instrumentation.set_on_retry_hooks([])  # its own log would print arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """Limits of one client, in seconds and bytes."""

    connect: float = 10.0
    silence: float = 30.0
    """Between two bytes."""

    total: float = 60.0
    """One request with its whole answer, repetitions apart."""

    largest: int = 32 * 1024 * 1024
    """Decoded bytes of one answer."""

    tries: int = 3
    first_wait: float = 0.5
    """Before the second try; doubles, with as much again by chance."""

    longest_wait: float = 30.0
    """The most that a Retry-After is obeyed."""

    at_once: int = 4
    per_second: float = 0.0
    """Requests started per second; 0 is no limit."""

    most_pages: int = 2000
    redirects: int = 3


_testing: Guards | None = None


def set_testing(guards: Guards | None) -> None:
    """Use these guards in every client made from now on, whatever it asks for; None ends it. For tests only."""
    global _testing  # noqa: PLW0603  (as stamina does it: one switch for a test run)
    _testing = guards


# --- credentials ---------------------------------------------------------------------------------------------------


class Credential(Protocol):
    """What is sent to be let in. Serves many threads."""

    def headers(self) -> Mapping[str, str]:
        """Headers of a request; may ask the service for a token first."""

    def renew(self, refused: Mapping[str, str]) -> bool:
        """After a 401 to these headers: whether there are other ones now, worth one more try."""


class Bearer:
    """A fixed token."""

    def __init__(self, token: str, *, header: str = "Authorization", prefix: str = "Bearer ") -> None:
        never_print(token)
        self._headers = {header: prefix + token}

    def headers(self) -> Mapping[str, str]:
        """The token."""
        return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Never: a fixed token stays refused."""
        return False


class Basic:
    """A login and a password, or a key in the place of either."""

    def __init__(self, login: str, password: str) -> None:
        never_print(password)
        encoded = httpx.BasicAuth(login, password)._auth_header  # noqa: SLF001  (the one place that encodes it)
        never_print(encoded.removeprefix("Basic "))
        self._headers = {"Authorization": encoded}

    def headers(self) -> Mapping[str, str]:
        """Both."""
        return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Never."""
        return False


# --- answers -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer, unpacked."""

    status: int
    headers: httpx.Headers
    content: bytes
    url: str
    """Without its query."""

    def json(self) -> Any:
        """The body as JSON, numbers with a point as Decimal. Raises BadAnswer."""
        try:
            return json.loads(self.content, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            kind = self.headers.get("Content-Type", "").partition(";")[0] or "no type"
            raise BadAnswer(f"{self.url} answered something that is not JSON ({kind})") from error

    @property
    def text(self) -> str:
        """The body as text, by its declared charset, else UTF-8; what cannot be decoded is marked."""
        charset = re.search(r"charset=\"?([\w-]+)", self.headers.get("Content-Type", ""))
        try:
            return self.content.decode(charset[1] if charset else "utf-8", "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")


Explain = Callable[[Answer], SourceError | None]
"""A vendor's own reading of a refusal; None where it has none."""


class _TryAgain(Exception):
    """An answer worth another try."""

    def __init__(self, answer: Answer, wait: float | None) -> None:
        super().__init__(f"status {answer.status}")
        self.answer, self.wait = answer, wait


def worth_another_try(error: Exception) -> bool | float:
    """The one decision what is asked again, and after how many seconds if the server said so."""
    if isinstance(error, _TryAgain):
        return True if error.wait is None else error.wait
    if isinstance(error, httpx.TimeoutException):
        return isinstance(error, httpx.ConnectTimeout)  # a server that hangs has had its time
    return isinstance(error, httpx.TransportError)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by `Retry-After` (seconds or a date), or by a reset time in unix seconds; None where not said."""
    told = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(?:\.\d+)?", told):
        return float(told)
    with contextlib.suppress(ValueError, TypeError):
        return max((parsedate_to_datetime(told) - now).total_seconds(), 0.0)
    reset = headers.get("X-RateLimit-Reset", "").strip()
    if headers.get("X-RateLimit-Remaining", "").strip() == "0" and re.fullmatch(r"\d{9,11}", reset):
        return max(int(reset) - now.timestamp(), 0.0)
    return None


def room_of(headers: Mapping[str, str]) -> meter.Room | None:
    """What rate-limit headers say."""
    left, of = headers.get("X-RateLimit-Remaining", ""), headers.get("X-RateLimit-Limit", "")
    if not re.fullmatch(r"\d{1,9}", left):
        return None
    reset = headers.get("X-RateLimit-Reset", "")
    until = datetime.fromtimestamp(int(reset), UTC) if re.fullmatch(r"\d{9,11}", reset) else None
    return meter.Room(left=int(left), of=int(of) if re.fullmatch(r"\d{1,9}", of) else None, until=until)


# --- the socket under a deadline -----------------------------------------------------------------------------------


class _Deadline(threading.local):
    until: float = float("inf")


_deadline = _Deadline()


def _left(timeout: float | None, over: type[Exception]) -> float:
    left = _deadline.until - time.monotonic()
    if left <= 0:
        raise over("the total deadline has passed")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait is cut to what is left of the request's deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens such connections."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are believed; read once, as reading them takes 30 ms."""
    return httpx.create_ssl_context()


def _guarded_httpx(guards: Guards) -> httpx.Client:
    """An httpx client, proxies from the environment included, on guarded sockets.

    httpx has no public way to its network backend; the version is pinned and a test drips at it.
    """
    client = httpx.Client(
        verify=_trusted(),
        timeout=httpx.Timeout(guards.silence, connect=guards.connect, pool=guards.total),
        limits=httpx.Limits(max_connections=guards.at_once, max_keepalive_connections=guards.at_once),
        follow_redirects=False,
        headers={"User-Agent": "morning-briefing", "Accept-Encoding": "gzip, deflate"},
    )
    backend = _Backend()
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        if transport is not None:
            pool: Any = transport._pool  # type: ignore[attr-defined]  # noqa: SLF001
            assert hasattr(pool, "_network_backend")
            pool._network_backend = backend  # noqa: SLF001
    return client


class _Gate:
    """So many at a time, so many a second, and all wait when the server says so."""

    def __init__(self, guards: Guards) -> None:
        self._places = threading.BoundedSemaphore(guards.at_once)
        self._between = 1 / guards.per_second if guards.per_second else 0.0
        self._lock = threading.Lock()
        self._next = 0.0

    def hold(self, seconds: float) -> None:
        """Nobody starts before so many seconds have passed."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    @contextlib.contextmanager
    def through(self) -> Iterator[None]:
        """Wait for a place and a moment."""
        with self._places:
            with self._lock:
                now = time.monotonic()
                at = max(self._next, now)
                if self._between:
                    self._next = at + self._between
            if at > now:
                time.sleep(at - now)
            yield


def unpacked(pieces: Iterable[bytes], encoding: str, largest: int) -> bytes:
    """A body unpacked piece by piece. Raises BadAnswer when it grows beyond the limit or cannot be unpacked."""
    decoder = _decoder(encoding)
    found = bytearray()
    for piece in pieces:
        meter.running().size += len(piece)
        rest = piece
        while rest:
            if decoder is None:
                found += rest
                rest = b""
            else:
                try:
                    found += decoder.decompress(rest, largest + 1 - len(found))
                except zlib.error as error:
                    raise BadAnswer("an answer that cannot be unpacked") from error
                rest = decoder.unconsumed_tail
            if len(found) > largest:
                found.clear()  # whoever keeps the error keeps this frame
                raise BadAnswer(f"an answer of more than {largest // 1_048_576} MB")
    if decoder is not None and not decoder.eof:
        raise BadAnswer("an answer that was cut off")
    return bytes(found)


def _decoder(encoding: str) -> Any:
    if encoding in {"gzip", "x-gzip"}:
        return zlib.decompressobj(31)
    if encoding == "deflate":
        return zlib.decompressobj(15)
    if encoding in {"", "identity"}:
        return None
    raise BadAnswer(f"an answer packed in a way that was not asked for ({encoding[:20]})")


# --- the client ----------------------------------------------------------------------------------------------------


class Client:
    """One service. Serves many threads; made without touching the network."""

    def __init__(
        self,
        base_url: str,
        *,
        source: str,
        vendor: str,
        credential: Credential | None = None,
        guards: Guards | None = None,
        headers: Mapping[str, str] | None = None,
        methods: Iterable[str] = ("GET", "HEAD"),
        posts: Iterable[str] = (),
        explain: Explain = lambda _: None,
    ) -> None:
        """`source` is the configured name (for cures), `vendor` what messages call the service. `methods` are those
        that read (CalDAV adds PROPFIND and REPORT), `posts` regular expressions of paths whose POST is a documented
        read. Raises ValueError for an address that is not http or https.
        """
        self.base = httpx.URL(base_url.rstrip("/"))
        if self.base.scheme not in {"http", "https"} or not self.base.host:
            raise ValueError(f'base_url: "{base_url}" is not an address such as https://api.example.com')
        self.source, self.vendor, self.credential, self.explain = source, vendor, credential, explain
        self.guards = _testing or guards or Guards()
        self._headers = dict(headers or {})
        self._methods, self._posts = frozenset(methods), tuple(re.compile(post) for post in posts)
        self._gate = _Gate(self.guards)
        self._httpx = _guarded_httpx(self.guards)
        # Connectors are never told that they are done with: the connections close with the client.
        weakref.finalize(self, self._httpx.close)

    # --- asking ---

    def json(self, path: str, params: Mapping[str, object] | None = None, **how: Any) -> Any:
        """The JSON of a GET (or of `method=`). Raises SourceError for everything else."""
        return self.get(path, params, **how).json()

    def get(self, path: str, params: Mapping[str, object] | None = None, *, method: str = "GET", **how: Any) -> Answer:
        """A good answer (2xx). Raises SourceError with cause and cure for everything else."""
        answer = self.request(method, path, params=params, **how)
        if 200 <= answer.status < 300:
            return answer
        raise self.refusal(answer)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        again: bool = True,
    ) -> Answer:
        """Whatever the service answers in the end, a refusal too: renewed once after a 401, repeated where that helps.

        `path` is below the base address, or an absolute address on the same host. `again` False asks once.
        Raises SourceError where there is no answer; ValueError for a request that is not a read.
        """
        asked = self._asked(method, path, params, headers, content)
        sent = self.credential.headers() if self.credential else {}
        answer = self._redirected(asked, sent, again)
        if answer.status == 401 and self.credential and self.credential.renew(sent):
            answer = self._redirected(asked, self.credential.headers(), again)
        return answer

    def refusal(self, answer: Answer) -> SourceError:
        """What an answer that is not good means to the reader."""
        told = self.explain(answer)
        if told is not None:
            return told
        where = answer.url.removeprefix(str(self.base)) or "/"
        cure = f"briefing auth {self.source}"
        if answer.status == 401:
            return AuthError("login refused (401)", advice=cure)
        if answer.status == 403:
            return AuthError(f"not allowed to read {where} (403)", advice=f"grant the read scope for it, then {cure}")
        if answer.status == 429:
            return RateLimited(self._limit_words(answer))
        if answer.status == 404:
            return SourceError(f"{where} is not there (404)", advice=f"check the settings of sources.{self.source}")
        if answer.status >= 500:
            return SourceError(
                f"{self.vendor} answers {answer.status} on {where}", advice=f"try later: briefing collect {self.source}"
            )
        return BadAnswer(f"{self.vendor} answers {answer.status} on {where}")

    def paging(self, what: str) -> Paging:
        """The guard of one loop over pages."""
        return Paging(what, self.guards.most_pages)

    def close(self) -> None:
        """Close the connections."""
        self._httpx.close()

    # --- one request ---

    def _asked(
        self, method: str, path: str, params: Mapping[str, object] | None, headers: Mapping[str, str] | None,
        content: bytes | None,
    ) -> httpx.Request:  # fmt: skip
        url = httpx.URL(path) if path.startswith(("http://", "https://")) else httpx.URL(f"{self.base}{path}")
        if not self._is_ours(url):
            raise BadAnswer(f"{self.vendor} points to another host ({url.host})")
        if method not in self._methods and not (
            method == "POST" and any(post.search(url.path) for post in self._posts)
        ):
            raise ValueError(f"{method} {url.path} is not declared as a read")
        plain: Any = {name: value for name, value in (params or {}).items() if value is not None}
        told = {**self._headers, **(headers or {})}
        return self._httpx.build_request(method, url, params=plain or None, content=content, headers=told)

    def _is_ours(self, url: httpx.URL) -> bool:
        return (url.scheme, url.host, url.port) == (self.base.scheme, self.base.host, self.base.port)

    def _redirected(self, asked: httpx.Request, credential: Mapping[str, str], again: bool) -> Answer:
        request = asked
        for _ in range(self.guards.redirects + 1):
            answer = self._tried(request, credential, again)
            target = answer.headers.get("Location")
            if answer.status not in {301, 302, 303, 307, 308} or not target:
                return answer
            url = request.url.join(target)
            if not self._is_ours(url):
                raise BadAnswer(
                    f"{self.vendor} redirects to another host ({url.host or url.scheme}); the login was not sent there",
                    advice=f"check base_url of sources.{self.source}",
                )
            headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
            request = self._httpx.build_request(request.method, url, headers=headers, content=request.content)
        raise BadAnswer(f"{self.vendor} redirects without end")

    def _tried(self, request: httpx.Request, credential: Mapping[str, str], again: bool) -> Answer:
        guards = self.guards
        try:
            for attempt in stamina.retry_context(
                on=worth_another_try if again else (lambda _: False), attempts=guards.tries, timeout=None,
                wait_initial=guards.first_wait, wait_max=guards.longest_wait, wait_jitter=guards.first_wait,
            ):  # fmt: skip
                with attempt:
                    return self._once(request, credential)
        except _TryAgain as error:
            return error.answer
        except httpx.TimeoutException as error:
            raise NotReached(self._time_words(error, request), advice="try again, or raise the deadline") from error
        except httpx.HTTPError as error:
            where = f"{request.url.host}:{request.url.port}" if request.url.port else request.url.host
            what = "cut the connection" if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError) else (
                "cannot be reached"
            )  # fmt: skip
            raise SourceError(
                redacted(f"{where} {what} ({type(error).__name__})"), advice="check the network, then try again"
            ) from error
        raise AssertionError("unreachable")

    def _once(self, request: httpx.Request, credential: Mapping[str, str]) -> Answer:
        guards, began = self.guards, time.monotonic()
        with self._gate.through():
            _deadline.until = time.monotonic() + guards.total
            # A request object is sent once only; its content is small and kept.
            sent = httpx.Request(
                request.method, request.url, headers=request.headers, content=request.content,
                extensions=request.extensions,
            )  # fmt: skip
            sent.headers.update(credential)
            try:
                meter.running().calls += 1
                response = self._httpx.send(sent, stream=True)
                try:
                    encoding = response.headers.get("Content-Encoding", "").strip().lower()
                    content = unpacked(response.iter_raw(), encoding, guards.largest)
                finally:
                    response.close()
            finally:
                _deadline.until = float("inf")
        url = redacted(str(request.url.copy_with(query=None)))  # a secret may stand in a path
        log.info("%s %s: %d, %d bytes, %.0f ms", request.method, url, response.status_code, len(content),
                 (time.monotonic() - began) * 1000)  # fmt: skip
        answer = Answer(status=response.status_code, headers=response.headers, content=content, url=url)
        meter.running().room = room_of(answer.headers) or meter.running().room
        if answer.status in {429, 500, 502, 503, 504}:
            self._again(answer)
        return answer

    def _again(self, answer: Answer) -> None:
        """Raise _TryAgain unless the server asks for a longer wait than is allowed."""
        wait = retry_after(answer.headers, datetime.now(UTC)) if answer.status in {429, 503} else None
        if wait is not None and wait > self.guards.longest_wait:
            return
        if wait is not None and answer.status == 429:
            self._gate.hold(wait)
        raise _TryAgain(answer, wait)

    def _limit_words(self, answer: Answer) -> str:
        wait = retry_after(answer.headers, datetime.now(UTC))
        asks = f", asks to wait {wait:,.0f} s" if wait else ""
        return f"the rate limit of {self.vendor} is used up (429{asks})"

    def _time_words(self, error: httpx.TimeoutException, request: httpx.Request) -> str:
        guards = self.guards
        if isinstance(error, httpx.ConnectTimeout):
            return f"{request.url.host} does not take connections within {guards.connect:g} s"
        return f"no answer from {request.url.host} within {min(guards.silence, guards.total):g} s"


class Paging:
    """Guards one loop over pages: a page that comes again, and pages without end, are errors and not facts."""

    def __init__(self, what: str, most: int) -> None:
        self.what, self.most, self.count = what, most, 0
        self._cursors: set[Hashable] = set()
        self._contents: set[int] = set()

    def page(self, *, cursor: Hashable = None, rows: Iterable[Hashable] = ()) -> None:
        """Note a page that came: the cursor of the next one (None: there is none, or it is a number counted by us) and
        what identifies its rows. Raises BadAnswer.
        """
        self.count += 1
        meter.running().pages += 1
        if self.count > self.most:
            raise BadAnswer(f"{self.what}: more than {self.most:,} pages")
        if cursor is not None and cursor in self._cursors:
            raise BadAnswer(f"{self.what}: page {self.count} leads back to an earlier one")
        self._cursors.add(cursor)
        found = hash(tuple(rows))
        if found != _EMPTY and found in self._contents:
            raise BadAnswer(f"{self.what}: page {self.count} is the same as an earlier one")
        self._contents.add(found)


_EMPTY = hash(())


def with_guards(guards: Guards, **changes: Any) -> Guards:
    """Guards with other values."""
    return replace(guards, **changes)
