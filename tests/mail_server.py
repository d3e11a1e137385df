"""A mail server on this machine (aiosmtpd) that answers as a test wants, on the real wire."""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

CERTIFICATE = Path(__file__).parent / "data" / "loopback.pem"
"""Of 127.0.0.1 and of nothing else, with its key: it vouches for itself, to tests alone."""

CUT, HANG = "cut", "hang"


class Post:
    """What the server was given, and how it is to answer. `rcpt` by address; "cut" and "hang" instead of a reply."""

    def __init__(self) -> None:
        self.taken: list[tuple[tuple[str, ...], bytes]] = []
        self.asked = 0
        self.logins: list[tuple[str, str]] = []
        self.reset()

    def reset(self) -> None:
        self.taken.clear()
        self.logins.clear()
        self.asked = 0
        self.greeting_ok = True
        self.mail = ""
        self.rcpt: dict[str, str] = {}
        self.data: list[str] = []
        """Replies to the contents, one mail after the other; then 250."""
        self.pause = 0.0
        """Seconds before the reply to the contents."""

        self.password = "right-password"
        self.refusal = "535 5.7.8 Authentication credentials invalid"

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(body, policy=POLICY) for _, body in self.taken]

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.asked += 1
        if self.mail:
            return self.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        reply = self.rcpt.get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        reply = self.data.pop(0) if self.data else "250 2.0.0 queued"
        if reply == "450 cut before":
            server.transport.abort()
            return reply
        if reply[:1] not in "45":
            self.taken.append((tuple(envelope.rcpt_tos), envelope.content))
        await asyncio.sleep(self.pause)
        if reply == CUT:
            server.transport.abort()
        elif reply == HANG:
            await asyncio.sleep(30)
        return reply

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        good = data.password.decode() == self.password
        return AuthResult(success=good, handled=good or self._refused(server))

    def _refused(self, server: Any) -> bool:
        task = asyncio.ensure_future(server.push(self.refusal))
        server.pending = task  # kept until it is done
        return True

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        user, token, *_ = base64.b64decode(args[1]).decode().split("\x01")
        self.logins.append((user.removeprefix("user="), token.removeprefix("auth=Bearer ")))
        if self.logins[-1][1] == self.password:
            return AuthResult(success=True)
        await server.push("334 eyJzdGF0dXMiOiI0MDEifQ==")
        await server._reader.readline()
        await server.push(self.refusal)
        return AuthResult(success=False, handled=True)


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


@contextmanager
def serving(post: Post, *, tls: str = "none") -> Iterator[int]:
    """The port it listens on."""
    started = tls == "starttls"
    loop = asyncio.new_event_loop()

    def talk() -> SMTP:
        return SMTP(
            post, hostname="loopback.example", authenticator=post.authenticate, auth_require_tls=False, loop=loop,
            tls_context=_context() if started else None,
        )  # fmt: skip

    async def listen() -> asyncio.Server:
        return await loop.create_server(talk, "127.0.0.1", 0, ssl=_context() if tls == "tls" else None)

    async def end() -> None:
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await loop.shutdown_default_executor()

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
