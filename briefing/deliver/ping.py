"""A sign to a dead-man's switch (healthchecks.io and its copies) when a run begins and how it ended.

The switch rings when no sign of success comes in time, whatever the reason: so it tells of a machine that is off, too.
A run never waits for it longer than a few seconds and never fails by it: whatever goes wrong is logged.
"""

from __future__ import annotations

import logging
import re
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from briefing import secrets
from briefing.deliver.channel_settings import PingSection, is_here
from briefing.errors import ConfigError
from briefing.http import Client, Guards, with_guards
from briefing.log import never_print, redacted

log = logging.getLogger(__name__)

GUARDS = Guards(
    connect=2.0, silence=2.0, total=3.0, largest=64 * 1024, tries=2, first_wait=0.2, longest_wait=1.0, redirects=0
)
LONGEST = 8.0
"""Seconds that one sign may hold up a run: two tries, and the look-up of a name, which has no time-out of its own."""

LARGEST = 10_000
"""Bytes of what a run says that go with its end."""


class Ping:
    """The signs of one run."""

    def __init__(self, url: str, *, guards: Guards = GUARDS, longest: float = LONGEST) -> None:
        """Raises ValueError for an address that is none."""
        parts = urlsplit(url.strip())
        if not parts.hostname or not (parts.scheme == "https" or is_here(url.strip())):
            msg = "is no address that begins with https://"
            raise ValueError(msg)
        for piece in parts.path.split("/"):
            never_print(piece)
        self._parts, self._guards, self._longest = parts, guards, longest
        self._run = str(uuid.uuid4())

    def began(self) -> None:
        """The run is at work."""
        self._sign("/start", ())

    def ended(self, code: int, lines: Sequence[str]) -> bool:
        """The run is over, with an exit code; whether the switch took it. 0 alone is success."""
        return self._sign(f"/{min(max(code, 1), 255)}" if code else "", lines)

    def _sign(self, suffix: str, lines: Sequence[str]) -> bool:
        """On a thread of its own, which may hang for ever."""
        taken: list[bool] = []

        def work() -> None:
            try:
                taken.append(self._posted(suffix, body_of(lines)))
            except Exception as error:  # noqa: BLE001  (a sign of life is never what a run dies of)
                log.warning("ping%s: %s", suffix, redacted(str(error)))

        thread = threading.Thread(target=work, daemon=True, name="ping")
        thread.start()
        thread.join(self._longest)
        if thread.is_alive():
            log.warning("ping%s: no answer within %g s", suffix, self._longest)
        return taken == [True]

    def _posted(self, suffix: str, body: bytes) -> bool:
        scheme, host, path, query, _ = self._parts
        base = urlunsplit((scheme, host, "", "", ""))
        client = Client(base, source="ping", vendor=self._parts.hostname or "", guards=self._guards, posts=("",))
        client.guards = with_guards(self._guards)  # whatever a test run sets
        asked = "&".join(part for part in (query, f"rid={self._run}") if part)
        try:
            answer = client.request(
                "POST", urlunsplit((scheme, host, path.rstrip("/") + suffix, asked, "")), content=body,
                headers={"Content-Type": "text/plain; charset=utf-8"},
            )  # fmt: skip
        finally:
            client.close()
        if not 200 <= answer.status <= 299:
            log.warning("ping%s: answered %d", suffix, answer.status)
        return 200 <= answer.status <= 299


def body_of(lines: Sequence[str]) -> bytes:
    """What a run said, without secrets, cut at a line.

    >>> body_of(["mail: sent to maya@harbourlane.example, 07:00.", "token=abc"])
    b'mail: sent to maya@harbourlane.example, 07:00.\\ntoken=[removed]\\n'
    """
    kept = b""
    for line in lines:
        more = (redacted(re.sub(r"\s*\n\s*", " ", line)) + "\n").encode()
        if len(kept) + len(more) > LARGEST:
            break
        kept += more
    return kept


def ping_of(section: PingSection, *, base: Path) -> Ping | None:
    """The signs of a run that begins now; None where none are wanted. Raises ConfigError."""
    if not section.url:
        return None
    url = secrets.resolve(section.url, where="ping.url", base=base)
    try:
        return Ping(url)
    except ValueError as error:
        raise ConfigError([f"ping.url: {error}"]) from error
