"""A process that sends one edition and kills itself at a given step: `main(ledger, port, step)`."""

from __future__ import annotations

import os
import signal
import smtplib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from briefing.deliver.edition import Edition
from briefing.deliver.mail import Envelope, address
from briefing.deliver.outbox import Outbox, Outgoing, Pace
from briefing.deliver.smtp import Email, Server
from briefing.store.ledger import Ledger

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
MAYA = "maya@harbourlane.example"
EDITION = Edition(
    workspace="Harbour Lane", audience="Maya", date=NOW.date(), made_at=NOW, subject="1 to decide (Mon 23 Nov)",
    forms={"text": "Good morning.\n" * 400, "html": "<p>Good morning.</p>\n" * 400, "md": "", "json": ""},
)  # fmt: skip


def outbox(ledger: Ledger, port: int) -> tuple[Outbox, Email]:
    """What the process does when nobody kills it."""
    envelope = Envelope(channel="mail", sender=address("briefing@harbourlane.example"), to=(address(MAYA),))
    channel = Email("mail", envelope, Server(host="127.0.0.1", port=port, tls="none"), deadline=20.0, patience=0.0)
    outgoing = Outgoing(edition=EDITION, bodies={"mail": channel.fixed(EDITION)})
    return Outbox(ledger, outgoing, run="1", pace=Pace(now=lambda: NOW)), channel


def die(*_: object, **__: object) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(cls: type, name: str) -> None:
    setattr(cls, name, die)


def _after(cls: type, name: str, when: Callable[..., bool] = lambda *_: True) -> None:
    real = getattr(cls, name)

    def then(self: Any, *given: Any, **more: Any) -> Any:
        done = real(self, *given, **more)
        return die() if when(*given) else done

    setattr(cls, name, then)


def _cut(keep: Callable[[bytes], bytes]) -> None:
    """Die when only a part of the contents is in the server's hands."""
    real = smtplib.SMTP.send

    def send(self: Any, text: Any) -> None:
        if len(text) > 1000:
            real(self, keep(text))
            die()
        real(self, text)

    smtplib.SMTP.send = send  # type: ignore[method-assign,assignment]


def _in_transaction(entries: int) -> None:
    """Die with the nth entry written and not committed."""
    real = Ledger._add
    seen = [0]

    def add(self: Any, given: Any) -> None:
        real(self, given)
        seen[0] += bool(given)
        if seen[0] == entries:
            die()

    Ledger._add = add  # type: ignore[method-assign,assignment]


STEPS: dict[str, tuple[Callable[[], None], int, str]] = {
    "before connecting": (lambda: _before(smtplib.SMTP, "connect"), 0, "sent"),
    "connected": (lambda: _after(smtplib.SMTP, "connect"), 0, "sent"),
    "before sending is noted": (lambda: _before(Ledger, "begin"), 0, "sent"),
    "while sending is noted": (lambda: _in_transaction(1), 0, "sent"),
    "sending is noted": (lambda: _after(Ledger, "begin"), 0, "uncertain"),
    "half is sent": (lambda: _cut(lambda text: text[: len(text) // 2]), 0, "uncertain"),
    "all but the end is sent": (lambda: _cut(lambda text: text[:-3]), 0, "uncertain"),
    "all is sent": (lambda: _cut(lambda text: text), 1, "uncertain"),
    "while sent is noted": (lambda: _in_transaction(2), 1, "uncertain"),
    "sent is noted": (lambda: _after(Ledger, "record", bool), 1, "sent"),
}
"""How to die there, the mails that the server then has, and what the ledger says after the next run."""


def main() -> None:
    path, port, step = sys.argv[1:]
    STEPS[step][0]()
    ledger = Ledger(Path(path), may_begin=True)
    box, channel = outbox(ledger, int(port))
    box.deliver([channel])


if __name__ == "__main__":
    main()
