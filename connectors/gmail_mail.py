"""A message of Gmail's API as the mail it was, so that it is read as every other mail is.

The API gives headers and parts apart, encoded words and transfer encodings taken off, and texts in UTF-8 whatever the
part's own header says. They are put together again as bytes: headers as they came, each text in its own words, of all
else the place only.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import quote

from briefing.connector import Skipped
from briefing.facts import Message, Ref
from briefing.reading.headers import domain_of, from_base64, read_headers, sent_at
from briefing.reading.mail import Origin, read_mail
from briefing.reading.mime import DEEPEST, MOST_PARTS, content_type
from connectors.google_client import Json, object_of, rows_of, text_of

KEPT_OUT = frozenset({"DRAFT", "SPAM", "TRASH", "CHAT"})
"""Labels of what is no mail that was sent or received, or that the reader threw away."""

MAILINGS = frozenset({"CATEGORY_PROMOTIONS", "CATEGORY_SOCIAL"})
"""Gmail's own opinion. With the headers of a mailing it is proof; updates and forums hold clients' tools and groups."""

WANTED_HEADERS = (
    "From", "To", "Cc", "Reply-To", "Sender", "Date", "Subject", "Message-ID", "In-Reply-To", "References", "List-Id",
    "List-Unsubscribe", "List-Unsubscribe-Post", "List-Post", "Precedence", "Auto-Submitted", "X-Autoreply",
    "X-Autorespond", "X-Auto-Response-Suppress", "Return-Path", "Feedback-ID", "Content-Type", "Received",
    "X-Original-From", "X-Original-Sender",
)  # fmt: skip
"""Asked for where bodies stay unread: all that tells people from machines."""

DAY = timedelta(days=1)
_NAME = re.compile(r"[!-9;-~]{1,100}")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_OURS = frozenset({"content-type", "content-transfer-encoding"})
_ESCAPE = b"\x1b"
_THREAD = re.compile(r"[0-9a-f]{1,32}")


def stated(message: Json, thread: str, *, source: str, me: str, zone: tzinfo) -> Message | Skipped:
    """The fact that a message states, or why it states none. Never raises, whatever the answer holds."""
    name, labels = text_of(message, "id"), labels_of(message)
    where = f"mail {name}"
    origin = Origin(
        source=source, where=where, zone=zone, place="Sent" if "SENT" in labels else "Inbox", sent="SENT" in labels,
        arrived=arrived_at(message), own_domain=domain_of(me),
    )  # fmt: skip
    raw = as_mail(message)
    headers = read_headers(raw.partition(b"\n\n")[0])
    at = sent_at(headers, zone)
    if at is not None and origin.arrived is not None and at - origin.arrived > DAY:
        at = origin.arrived  # a clock that runs ahead
    found = read_mail(raw, origin, thread=thread, at=at)
    if isinstance(found, Skipped):
        return found
    mailing = bool(labels & MAILINGS) and ("list-unsubscribe" in headers or "list-id" in headers)
    ref = Ref(source=source, kind="mail", id=name, url=permalink(me, thread), where=where)
    return replace(found, ref=ref, automated=found.automated or mailing)


def permalink(me: str, thread: str) -> str:
    """Where a person opens a thread, in the account it belongs to; archived or not."""
    if not _THREAD.fullmatch(thread):
        return ""
    return f"https://mail.google.com/mail/?authuser={quote(me, safe='@')}#all/{thread}"


def labels_of(message: Json) -> frozenset[str]:
    """The ids of a message's labels."""
    value = message.get("labelIds")
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) else frozenset()


def arrived_at(message: Json) -> datetime | None:
    """When Google took it; None where that is not said."""
    told = text_of(message, "internalDate")
    if not re.fullmatch(r"\d{1,14}", told):
        return None
    return datetime.fromtimestamp(int(told) / 1000, UTC)


# --- the mail as bytes ---------------------------------------------------------------------------------------------


def as_mail(message: Json) -> bytes:
    """Headers and body. Where bodies stay unread the body is Gmail's snippet."""
    payload = object_of(message, "payload")
    head = "".join(_headers(payload))
    content = _content(payload, "0", html.unescape(text_of(message, "snippet")))
    return head.encode("utf-8", "replace") + content


def _headers(part: Json) -> Iterator[str]:
    for row in rows_of(part, "headers"):
        name, value = text_of(row, "name"), text_of(row, "value")
        if _NAME.fullmatch(name) and name.lower() not in _OURS:
            yield f"{name}: {' '.join(value.split())}\n"


def _header(part: Json, name: str) -> str:
    found = (text_of(row, "value") for row in rows_of(part, "headers") if text_of(row, "name").lower() == name)
    return " ".join(next(found, "").split())


def _content(part: Json, path: str, otherwise: str = "") -> bytes:
    """The lines that say what a part is, and the part. `otherwise` is its text where it has neither text nor parts."""
    kind, parameters = _kind(part)
    children = rows_of(part, "parts")[:MOST_PARTS] if kind.startswith("multipart/") else []
    if children and path.count(".") < DEEPEST:
        inside = [_content(child, f"{path}.{number}") for number, child in enumerate(children)]
        # No text can hold a boundary that is made of all of them.
        boundary = f"=_{hashlib.sha256(b''.join(inside)).hexdigest()[:32]}"
        body = b"".join(f"--{boundary}\n".encode() + one + b"\n" for one in inside) + f"--{boundary}--\n".encode()
        return _described(kind, {**parameters, "boundary": boundary}, part) + body
    text, charset = _text(part) if kind.startswith("text/") else (b"", "")
    if not text and otherwise:
        text, charset = otherwise.encode("utf-8", "replace"), "utf-8"
    parameters.pop("boundary", None)
    return _described(kind, {**parameters, **({"charset": charset} if charset else {})}, part) + text


def _described(kind: str, parameters: dict[str, str], part: Json) -> bytes:
    written = "".join(f'; {name}="{_quoted(value)}"' for name, value in parameters.items())
    lines = [f"Content-Type: {kind}{written}", "Content-Transfer-Encoding: 8bit"]
    if disposition := _header(part, "content-disposition"):
        lines.append(f"Content-Disposition: {disposition}")
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


def _quoted(value: str) -> str:
    return " ".join(value.replace("\\", "\\\\").replace('"', '\\"').split())


def _kind(part: Json) -> tuple[str, dict[str, str]]:
    """A part's type and its parameters, as its own header has them; the type from the API where that is missing."""
    own = _header(part, "content-type")
    if own:
        return content_type(read_headers(f"Content-Type: {own}".encode("utf-8", "replace")))
    told = text_of(part, "mimeType").lower()
    return (told if _TYPE.fullmatch(told) else "text/plain"), {}


def _text(part: Json) -> tuple[bytes, str]:
    """A text's bytes, and the charset that they are really in.

    Gmail gives UTF-8 and leaves the declared charset in the header. Where a text is none it is as it was sent; the
    only charsets that look like UTF-8 without being it switch by escapes.
    """
    told = text_of(object_of(part, "body"), "data").translate(_URL_SAFE)
    data = from_base64(told.encode("ascii", "ignore"))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data, ""
    return data, "" if _ESCAPE in data else "utf-8"


_URL_SAFE = str.maketrans("-_", "+/")


__all__ = ["KEPT_OUT", "WANTED_HEADERS", "arrived_at", "as_mail", "labels_of", "permalink", "stated"]
