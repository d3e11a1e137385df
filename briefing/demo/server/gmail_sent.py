"""Gmail's `messages.send` as its documentation describes it, and the mails that went out by it.

The message comes as base64url in `raw`; whom it goes to stands in its headers. Gmail gives it an id of its own and, as
clients have seen, a Message-ID of its own; other headers stay. Sent mails are listed and shown with their headers.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any

from briefing.demo.server.google import Gate, failure
from briefing.loopback import Reply, Request, json_reply

Json = dict[str, Any]

SENDING = ("gmail.send", "gmail.compose", "gmail.modify", "https://mail.google.com/")
UNITS = 100
LARGEST = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A mail that went out."""

    id: str
    raw: bytes
    """As it was handed in."""

    to: tuple[str, ...]
    message_id: str
    """As its readers see it."""

    @property
    def mail(self) -> EmailMessage:
        """As its readers see it."""
        found = message_from_bytes(self.raw, policy=SMTP)
        del found["Message-ID"]
        found["Message-ID"] = self.message_id
        return found

    @property
    def brief(self) -> Json:
        """As lists name it."""
        return {"id": self.id, "threadId": self.id}

    def shown(self, wanted: set[str]) -> Json:
        """With its headers alone."""
        rows = [{"name": name, "value": str(value)} for name, value in self.mail.items()]
        headers = [row for row in rows if not wanted or row["name"].lower() in wanted]
        return {
            **self.brief, "labelIds": ["SENT"], "sizeEstimate": len(self.raw),
            "payload": {"mimeType": self.mail.get_content_type(), "headers": headers},
        }  # fmt: skip


class Outbox:
    """Takes mails. Serves many threads."""

    def __init__(self, gate: Gate, clock: Callable[[], float], *, keeps_message_id: bool = False) -> None:
        """`keeps_message_id`: open since 2022, when clients saw it replaced."""
        self.sent: list[Sent] = []
        self._gate, self._clock, self._keeps = gate, clock, keeps_message_id
        self._guard = threading.Lock()

    def send(self, request: Request) -> Reply:
        """Google's answer to a POST."""
        if (refused := self._gate.refusal(request, SENDING) or self._gate.over_quota(UNITS)) is not None:
            return refused
        try:
            raw = request.json()["raw"]
            body = base64.b64decode(raw.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            message = "'raw' RFC822 payload message string or uploading message via /upload/* URL required"
            return failure(400, "invalidArgument", message, status="INVALID_ARGUMENT")
        if len(body) > LARGEST:
            return failure(413, "uploadTooLarge", "Request Entity Too Large")
        mail = message_from_bytes(body, policy=SMTP)
        rows = [str(value) for name in ("To", "Cc", "Bcc") for value in mail.get_all(name, [])]
        to = tuple(address for _, address in getaddresses(rows) if "@" in address)
        if not to:
            return failure(400, "invalidArgument", "Recipient address required", status="INVALID_ARGUMENT")
        with self._guard:
            number = f"{int(self._clock() * 1000) << 20 | len(self.sent):x}"
            own = str(mail["Message-ID"] or "") if self._keeps else f"<CADemo{number}@mail.gmail.com>"
            one = Sent(id=number, raw=body, to=to, message_id=own)
            self.sent.append(one)
        return json_reply({**one.brief, "labelIds": ["SENT"]})

    def found(self, name: str) -> Sent | None:
        """A sent mail by its id."""
        with self._guard:
            return next((one for one in self.sent if one.id == name), None)

    def listed(self) -> list[Json]:
        """The newest first."""
        with self._guard:
            return [one.brief for one in reversed(self.sent)]
