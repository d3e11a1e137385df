"""A calendar at an address: one GET, and none of its bytes where nothing changed.

The address of a published calendar is often its only key ("secret address"), so it is treated as a secret: it stands in
no message, no reference and no log line; the host is told, nothing after it. A login within the address
(`https://maya:word@host/...`) is taken out of it and sent as Basic.

What was read stands when the service says so (304). That holds for the stretch of time that was read only, because a
calendar that did not change has other occurrences in a later window: the mark names both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from briefing.connector import Mark
from briefing.errors import AuthError, BadAnswer, SourceError
from briefing.log import never_print
from briefing.reading.recurrence import Span
from connectors.ics_spans import covers, span_in, told

if TYPE_CHECKING:  # httpx is imported where the network is asked: settings are checked without it
    from briefing.http import Answer, Client

LONGEST_VALIDATOR = 1_000
"""Characters of an ETag that are kept."""

ACCEPT = "text/calendar, text/plain;q=0.5, */*;q=0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a calendar is published."""

    base: str
    """`https://host:port`."""

    rest: str
    """Path and query."""

    host: str
    login: tuple[str, str] | None = None


def address_of(url: str) -> Address:
    """An address in its parts; from then on what is secret in it is never printed. `webcal` is https.

    Raises ValueError, without the address in its words.
    """
    text = re.sub(r"^webcals?://", "https://", url.strip(), flags=re.IGNORECASE)
    never_print(url.strip())
    never_print(text)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("url: is not an address such as https://calendar.example.com/maya.ics") from None
    if parts.scheme.lower() not in {"http", "https"} or not host or re.search(r"\s", text):
        raise ValueError("url: is not an address such as https://calendar.example.com/maya.ics")
    rest = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    for secret in (rest, parts.path, parts.query):
        if len(secret) >= 8:
            never_print(secret)
    for word in re.split(r"[/&=?]", rest):
        if len(word) >= 8 and re.search(r"\d", word):  # keys have digits; `calendar` and `ical` are words
            never_print(word)
    login = None
    if parts.username is not None:
        login = unquote(parts.username), unquote(parts.password or "")
        never_print(login[1])
    shown = f"[{host}]" if ":" in host else host
    return Address(
        base=f"{parts.scheme.lower()}://{shown}" + (f":{port}" if port else ""), rest=rest, host=host, login=login
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came."""

    data: bytes | None
    """None: what was read before stands."""

    validators: Mapping[str, str]
    """What says next time whether it changed; empty where the service gives nothing of the kind."""


class Feed:
    """One published calendar. Serves many threads; made without touching the network."""

    def __init__(self, *, source: str, url: str, max_bytes: int) -> None:
        self.address = address_of(url)
        self._source, self._max_bytes = source, max_bytes
        self._client: Client | None = None

    def fetch(self, validators: Mapping[str, str]) -> Fetched:
        """The calendar, unless it is as it was. Raises SourceError with a cause that does not name the address."""
        names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
        headers = {names[name]: value for name, value in validators.items() if name in names}
        try:
            answer = self._opened().request("GET", self.address.rest, headers=headers)
        except BadAnswer as error:
            raise BadAnswer(str(error), advice=self._look(error)) from error
        if answer.status == 304 and headers:
            return Fetched(data=None, validators=validators)
        if answer.status != 200:
            raise self._opened().refusal(answer)
        return Fetched(data=answer.content, validators=_validators(answer.headers))

    def no_calendar(self, data: bytes) -> SourceError:
        """What it means that a good answer holds no calendar."""
        host = self.address.host
        if re.search(rb"<(?:!doctype )?html", data[:2000], re.IGNORECASE):
            return BadAnswer(
                f"{host} answered a web page and no calendar",
                advice=f"copy the address that ends in .ics into sources.{self._source}.url; a page cannot be read",
            )
        what = "nothing" if not data.strip() else "something that is not a calendar (no BEGIN:VCALENDAR in it)"
        return BadAnswer(f"{host} answered {what}", advice=f"check sources.{self._source}.url, or try again later")

    def _opened(self) -> Client:
        from briefing.http import Basic, Client, Guards

        if self._client is None:
            address = self.address
            self._client = Client(
                address.base, source=self._source, vendor=address.host,
                credential=Basic(*address.login) if address.login else None,
                guards=Guards(largest=self._max_bytes), headers={"Accept": ACCEPT}, explain=self._refusal,
            )  # fmt: skip
        return self._client

    def _refusal(self, answer: Answer) -> SourceError | None:
        host, status, setting = self.address.host, answer.status, f"sources.{self._source}.url"
        if status in {401, 403}:
            return AuthError(
                f"{host} refuses the calendar ({status})",
                advice=f"copy the calendar's address into {setting} again: it may have been reset",
            )
        if status in {404, 410}:
            return SourceError(
                f"{host} has no calendar at that address ({status})",
                advice=f"copy the calendar's address into {setting} again: it may have been reset",
            )
        if status == 429:
            return None
        if status >= 500:
            return SourceError(
                f"{host} answers {status}", advice=f"try later: briefing collect {self._source}"
            )  # fmt: skip
        return BadAnswer(f"{host} answers {status} in place of the calendar", advice=f"check {setting}")

    def _look(self, error: BadAnswer) -> str:
        if "redirects" in str(error):
            return f"write the address that it leads to in sources.{self._source}.url"
        return error.advice


def _validators(headers: Mapping[str, str]) -> Mapping[str, str]:
    found = {"etag": headers.get("ETag", "").strip(), "modified": headers.get("Last-Modified", "").strip()}
    return {name: value for name, value in found.items() if 0 < len(value) <= LONGEST_VALIDATOR}


def mark_of(validators: Mapping[str, str], span: Span) -> Mark | None:
    """What says next time whether a reading of a stretch of time still stands; None where nothing can."""
    if not validators:
        return None
    return Mark(json.dumps({"span": told(span), **validators}, sort_keys=True))


def validators_in(mark: Mark | None, wanted: Span) -> Mapping[str, str] | None:
    """The validators of a mark; None where there is none, or the stretch of time that was read is not all that is
    wanted.
    """
    try:
        value = json.loads(mark.value) if mark else None
        if not isinstance(value, dict) or not covers(span_in(value.get("span")), wanted):
            return None
    except (ValueError, TypeError, RecursionError):
        return None
    return {name: value[name] for name in ("etag", "modified") if isinstance(value.get(name), str)} or None
