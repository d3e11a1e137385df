"""E-mail over SMTP submission: TLS from the first byte (465), STARTTLS (587), plain text to this machine only.

One try is one conversation. Nothing can arrive before the server has answered 354 to DATA; `begin` is asked right
there, so a try that fails earlier was surely not sent. What a reply means (email-and-delivery.md, section 6): 2xx sent,
4xx later, 5xx never again; a conversation that ends between our last byte and the server's reply is uncertain.
"""

from __future__ import annotations

import base64
import hmac
import re
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from briefing import words
from briefing.deliver import Begin, NotAllowed, Outcome, Result
from briefing.deliver.edition import Edition
from briefing.deliver.mail import Envelope, in_short, message
from briefing.errors import BriefingError
from briefing.log import never_print, redacted
from briefing.reading.text import clean

Tls = Literal["tls", "starttls", "none"]
PORTS: Mapping[Tls, int] = {"tls": 465, "starttls": 587, "none": 25}
LONGEST_REPLY = 200
ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
"""A status code of RFC 3463 at the beginning of a reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed in, and how we log in there."""

    host: str
    port: int
    tls: Tls
    username: str = ""
    password: str = ""
    token: Callable[[], str] | None = None
    """An access token (SASL XOAUTH2), in the password's place. May ask the network; raises BriefingError."""

    renewed: Callable[[str], str] | None = None
    """Another access token in place of a refused one; None where there is no way to one. As `token` otherwise."""

    ca_file: Path | None = None


class Refused(Exception):
    """The conversation cannot go on, and trying the same again would not help."""


class Later(Exception):
    """The conversation cannot go on now."""


class Email:
    """A channel: the mail of an edition to one or several people, in one conversation."""

    kind = "e-mail"
    repeatable = False

    def __init__(
        self, name: str, envelope: Envelope, server: Server, *, deadline: float = 60.0, patience: float = 1200.0
    ) -> None:
        self.name, self.deadline, self.patience = name, deadline, patience
        self.recipients = tuple(one.addr_spec for one in envelope.to)
        self._envelope, self._server = envelope, server

    @property
    def envelope(self) -> Envelope:
        """Who writes to whom."""
        return self._envelope

    def fixed(self, edition: Edition) -> bytes:
        """The mail."""
        return message(edition, self._envelope)

    def shown(self, edition: Edition, body: bytes) -> str:
        """Its headers, and the way it takes."""
        way = {"tls": "TLS", "starttls": "STARTTLS", "none": "plain text, on this machine"}[self._server.tls]
        return "\n".join([*in_short(body), f"By:       {self._server.host}:{self._server.port}, {way}"])

    def tried(self) -> Outcome:
        """Connect and log in; no mail is begun."""
        server = self._server
        try:
            with _Conversation(server, self._envelope.sender.domain, self.deadline) as talk:
                talk.log_in()
        except (Refused, Later) as error:
            return Outcome(result="refused" if isinstance(error, Refused) else "deferred", detail=str(error))
        login = f", logged in as {server.username}" if server.username else ", without a login"
        return Outcome(
            result="sent", detail=f"{server.host}:{server.port} answers{login}; for {words.listed(self.recipients)}"
        )

    def send(self, edition: Edition, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        """The mail of an edition."""
        return self.hand_in(body, recipients, begin)

    def hand_in(self, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        """Any mail, in one conversation with the server."""
        outcomes: dict[str, Outcome] = {}
        try:
            with _Conversation(self._server, self._envelope.sender.domain, self.deadline) as talk:
                talk.log_in()
                talk.sender(self._envelope.sender.addr_spec)
                for one in recipients:
                    if (answer := talk.recipient(one)) is not None:
                        outcomes[one] = answer
                taken = [one for one in recipients if one not in outcomes]
                if taken and (answer := talk.announce()) is not None:
                    outcomes |= dict.fromkeys(taken, answer)
                elif taken:
                    if not begin(taken):
                        raise NotAllowed
                    outcomes |= dict.fromkeys(taken, talk.contents(body))
        except (Refused, Later) as error:
            result: Result = "refused" if isinstance(error, Refused) else "deferred"
            end = Outcome(result=result, detail=str(error))
            return {one: outcomes.get(one, end) for one in recipients}
        return outcomes


class _Conversation:
    """One connection. Every failure is `Refused` or `Later`, up to the moment when the contents go out."""

    def __init__(self, server: Server, own_name: str, silence: float) -> None:
        self._server, self._own_name, self._silence = server, own_name, silence
        self._smtp: smtplib.SMTP | None = None
        self._in_contents = False
        """The server takes whatever comes as the mail: no good-bye can be said; without its end it keeps nothing."""

    def __enter__(self) -> Self:
        server, where = self._server, f"{self._server.host}:{self._server.port}"
        context = None if server.tls == "none" else _context(server.ca_file)
        try:
            self._smtp = self._connected(context)
            self._hello()
            if server.tls == "starttls" and context is not None:
                self._start_tls(context)
        except smtplib.SMTPConnectError as error:
            raise _of_code(error.smtp_code, error.smtp_error) from error
        except (Refused, Later):
            self._close()
            raise
        except ssl.SSLCertVerificationError as error:
            self._close()
            raise Later(f"the certificate of {server.host} is not valid: {error.verify_message}") from error
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            raise Later(f"{where} cannot be reached: {_words(error)}") from error
        return self

    def _connected(self, context: ssl.SSLContext | None) -> smtplib.SMTP:
        # Our name is told, or smtplib would ask the network for it.
        host, port, name, silence = self._server.host, self._server.port, self._own_name, self._silence
        if self._server.tls == "tls":
            return smtplib.SMTP_SSL(host, port, local_hostname=name, timeout=silence, context=context)
        return smtplib.SMTP(host, port, local_hostname=name, timeout=silence)

    def __exit__(self, *_: object) -> None:
        # The mail is in the server's hands, or not; what it says to our good-bye changes nothing.
        smtp = self._smtp
        if smtp is not None and smtp.sock is not None and not self._in_contents:
            with suppress(OSError, smtplib.SMTPException):
                smtp.sock.settimeout(min(self._silence, 5.0))
                smtp.quit()
        self._close()

    def _close(self) -> None:
        if self._smtp is not None:
            self._smtp.close()

    def _hello(self) -> None:
        smtp = self._open
        if not 200 <= smtp.ehlo()[0] <= 299:
            code, reply = smtp.helo()
            if not 200 <= code <= 299:
                raise _of_code(code, reply)

    def _start_tls(self, context: ssl.SSLContext) -> None:
        if not self._open.has_extn("starttls"):
            raise Refused("the server offers no STARTTLS; nothing is sent in plain text")
        try:
            self._open.starttls(context=context)
        except smtplib.SMTPResponseException as error:
            raise _of_code(error.smtp_code, error.smtp_error) from error
        self._hello()

    @property
    def _open(self) -> smtplib.SMTP:
        assert self._smtp is not None
        return self._smtp

    # --- the login -------------------------------------------------------------------------------------------------

    def log_in(self) -> None:
        """Once, one way: a wrong password that is tried again may lock the account."""
        server = self._server
        if not server.username:
            return
        if not self._open.has_extn("auth"):
            raise Refused(f"{server.host} offers no login here; take username out, or another port or tls")
        offered = self._open.esmtp_features["auth"].upper().split()
        if server.token is not None:
            self._by_token(server.token, offered)
        else:
            self._by_password(offered)

    def _by_token(self, token: Callable[[], str], offered: Sequence[str]) -> None:
        if "XOAUTH2" not in offered:
            raise Refused(f"{self._server.host} takes no token (XOAUTH2); give a password")
        renewed = self._server.renewed
        try:
            access = token()
            code, reply = self._shown(access)
            if 500 <= code <= 599 and renewed is not None:  # it ended early: another one, once
                code, reply = self._shown(renewed(access))
        except BriefingError as error:
            raise Later(f"no token for the login: {redacted(str(error))}") from error
        self._logged_in(code, reply)

    def _shown(self, access: str) -> tuple[int, bytes]:
        code, reply = self._asked(f"AUTH XOAUTH2 {_coded(f'user={self._server.username}', f'auth=Bearer {access}')}")
        # The reason of a refusal stands in a challenge; an empty answer ends it.
        return self._asked("") if code == 334 else (code, reply)

    def _by_password(self, offered: Sequence[str]) -> None:
        username, password = self._server.username, self._server.password
        if "PLAIN" in offered:
            coded = _hidden(f"\0{username}\0{password}")
            self._logged_in(*self._asked(f"AUTH PLAIN {coded}"))
        elif "LOGIN" in offered:
            code, reply = self._asked("AUTH LOGIN")
            for text in (username, password):
                if code == 334:
                    code, reply = self._asked(_hidden(text))
            self._logged_in(code, reply)
        elif "CRAM-MD5" in offered:
            code, reply = self._asked("AUTH CRAM-MD5")
            if code == 334:
                digest = hmac.new(password.encode(), base64.b64decode(reply), "md5").hexdigest()
                code, reply = self._asked(_hidden(f"{username} {digest}"))
            self._logged_in(code, reply)
        else:
            raise Refused(f"{self._server.host} takes no password, only {', '.join(offered) or 'nothing we know'}")

    def _logged_in(self, code: int, reply: bytes) -> None:
        if code in {235, 503}:
            return
        # The codes alone: a server may quote what it was sent, and that was the password.
        found = ENHANCED.match(reply.decode("ascii", "replace"))
        codes = f"{code} {found[0]}" if found else str(code) if code > 0 else "an answer that is none"
        if 400 <= code <= 499:
            raise Later(f"login put off: {codes}")
        raise Refused(f"login refused: {codes}")

    # --- the mail --------------------------------------------------------------------------------------------------

    def sender(self, address: str) -> None:
        """Raises Refused or Later where the server takes no mail from us."""
        code, reply = self._asked(f"MAIL FROM:<{address}>")
        if code != 250:
            raise _of_code(code, reply)

    def recipient(self, address: str) -> Outcome | None:
        """None: it will be taken for this one."""
        code, reply = self._asked(f"RCPT TO:<{address}>")
        return None if 200 <= code <= 299 else _outcome(code, reply, otherwise="deferred")

    def announce(self) -> Outcome | None:
        """None: the server waits for the contents."""
        code, reply = self._asked("DATA")
        self._in_contents = code == 354
        return None if code == 354 else _outcome(code, reply, otherwise="deferred")

    def contents(self, body: bytes) -> Outcome:
        """From the first byte on, an end without a reply is uncertain."""
        try:
            self._open.send(_stuffed(body) + b".\r\n")
            code, reply = self._open.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(result="uncertain", detail=f"no answer to the mail: {_words(error)}")
        self._in_contents = False
        return _outcome(code, reply, otherwise="uncertain")

    def _asked(self, line: str) -> tuple[int, bytes]:
        try:
            self._open.send(f"{line}\r\n".encode("ascii"))
            return self._open.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Later(f"{self._server.host} ended the conversation: {_words(error)}") from error


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Refused(f"ca_file {ca_file} cannot be read: {_words(error)}") from error


def _stuffed(body: bytes) -> bytes:
    """Lines that begin with a full stop get another; the last one ends (RFC 5321, 4.5.2)."""
    ended = body if body.endswith(b"\r\n") else body + b"\r\n"
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in ended.split(b"\r\n"))


def _coded(*parts: str) -> str:
    return _hidden("".join(f"{part}\x01" for part in (*parts, "")))


def _hidden(text: str) -> str:
    """A secret as it goes over the wire; in this form too it is printed nowhere."""
    coded = base64.b64encode(text.encode()).decode()
    never_print(coded)
    return coded


def _said(code: int, reply: bytes) -> str:
    """A server's reply in one line: `550 5.1.1 no such user`."""
    text = clean(redacted(reply.decode("utf-8", "replace")), LONGEST_REPLY)
    return f"{code} {text}".strip() if code > 0 else f"an answer that is none: {text}"


def _words(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or getattr(error, "smtp_error", b"") or str(error) or type(error).__name__
    return clean(redacted(text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)), LONGEST_REPLY)


def _outcome(code: int, reply: bytes, *, otherwise: Result) -> Outcome:
    """By the first figure of the reply; what is no reply at all is `otherwise`."""
    results: Mapping[int, Result] = {2: "sent", 4: "deferred", 5: "refused"}
    result = results.get(code // 100 if code > 0 else 0, otherwise)
    return Outcome(
        result=otherwise if result == "sent" and otherwise == "deferred" else result, detail=_said(code, reply)
    )


def _of_code(code: int, reply: bytes | str) -> Refused | Later:
    said = _said(code, reply.encode() if isinstance(reply, str) else reply)
    return Refused(said) if 500 <= code <= 599 else Later(said)
