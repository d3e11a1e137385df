"""One mail as bytes made into a Message: who wrote to whom, when, in which words, and whether a person wrote it.

Knows nothing of files or servers: mailboxes, IMAP and Gmail hand in the bytes and say where they had them from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from briefing.connector import Skipped
from briefing.facts import NOBODY, Message, Party, Person, Ref
from briefing.reading.closing import closes
from briefing.reading.headers import (
    Headers,
    addresses,
    decode_words,
    domain_of,
    email_in,
    message_id,
    read_headers,
    sent_at,
    split,
)
from briefing.reading.markup import words_of
from briefing.reading.mime import Leaf, content_type, leaf_text, leaves
from briefing.reading.quoting import newest
from briefing.reading.text import EXCERPT, SUBJECT, clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a mail was read, and what its container knows of it."""

    source: str
    where: str
    """`inbox.mbox:17`, or an id the server gave."""

    zone: tzinfo
    """For dates without an offset."""

    place: str = ""
    """The folder, as a reader would call it."""

    sent: bool = False
    """The container says that it was sent from this mailbox."""

    arrived: datetime | None = None
    """When the container says it came; serves where the mail has no date of its own."""

    own_domain: str = ""
    """The domain of whoever's mailbox it is: the party is the first domain that is another one."""

    escaped_from: bool = False
    """Lines beginning `From ` were written `>From `, as in an mbox."""


def read_mail(
    raw: bytes,
    origin: Origin,
    *,
    thread: str = "",
    at: datetime | None = None,
    whole: Callable[[], bytes] | None = None,
    parts: Sequence[Leaf] | None = None,
) -> Message | Skipped:
    """The message, or why it cannot be one. Never raises, whatever the bytes.

    `at` is its time where that was read before. `raw` may be the beginning of a long mail; `whole` then gives all of
    it, and is asked only where the text has not been reached. `parts` say where the parts stand in `raw`, where a
    server told it.
    """
    block, start = split(raw)
    headers = read_headers(block)
    if not headers:
        return Skipped(origin.where, "has no mail header")
    at = at or sent_at(headers, origin.zone) or origin.arrived
    if at is None:
        return Skipped(origin.where, "has no date that can be read")
    author = author_of(headers)
    if author is None:
        return Skipped(origin.where, "says nobody as its author")
    parts = leaves(raw, headers, start) if parts is None else parts
    text = body_text(raw, parts, escaped_from=origin.escaped_from)
    if not text and whole is not None:
        raw = whole()
        parts = leaves(raw, headers, start)
        text = body_text(raw, parts, escaped_from=origin.escaped_from)
    to, cc = (_people(headers, name) for name in ("to", "cc"))
    return Message(
        ref=Ref(source=origin.source, kind="mail", id=identity(headers, at), where=origin.where),
        party=party_of(author, (*to, *cc), origin.own_domain),
        thread=thread,
        at=at,
        author=author,
        to=to,
        cc=cc,
        medium="mail",
        place=origin.place,
        sent=origin.sent,
        subject=subject_of(headers),
        automated=is_automated(headers, parts, author, raw[start:]),
        closes=closes(text) or any(leaf.type == "text/vnd.google.email-reaction+json" for leaf in parts),
        excerpt=clean(text, EXCERPT),
    )


def identity(headers: Headers, at: datetime) -> str:
    """The Message-ID; where there is none a hash of what a copy in another folder has as well."""
    if known := message_id(headers):
        return known
    said = [at.isoformat(), *(headers.text(name).strip().lower() for name in ("from", "to", "subject"))]
    return "no-id-" + hashlib.sha256("\n".join(said).encode()).hexdigest()[:20]


def subject_of(headers: Headers) -> str:
    """The subject in plain words."""
    return clean(decode_words(headers.text("subject")[:2000]), SUBJECT)


def body_text(raw: bytes, parts: Sequence[Leaf], *, escaped_from: bool = False) -> str:
    """The newest unquoted words: of the first plain text that says anything, else of the first HTML."""
    for kind in ("text/plain", "text/html"):
        for leaf in parts:
            if leaf.type != kind or leaf.attached:
                continue
            text = leaf_text(raw, leaf)
            if kind == "text/html":
                text = words_of(text)
            elif escaped_from and ">From " in text:
                text = re.sub(r"^>(>*From )", r"\1", text, flags=re.MULTILINE)
            if text.strip():
                return newest(text)
    return ""


# --- people ---------------------------------------------------------------------------------------------------------

_VIA = re.compile(r"^'?(.+?)'? (?:via|über) .+$")


def author_of(headers: Headers) -> Person | None:
    """Who wrote it. A list that puts its own address there (`Ann via Team`) tells the writer in another field."""
    found = next(
        (people[0] for name in ("from", "sender", "reply-to", "return-path") if (people := _people(headers, name))),
        None,
    )
    if found is None or not (via := _VIA.match(found.name)):
        return found
    for name in ("x-original-from", "x-original-sender", "reply-to"):
        for other in _people(headers, name):
            if other.email not in ("", found.email):
                return Person(name=other.name or via[1], email=other.email)
    return found


def _people(headers: Headers, name: str) -> tuple[Person, ...]:
    return tuple(person for text in headers.texts(name)[:20] for person in addresses(text))


def party_of(author: Person, recipients: Sequence[Person], own_domain: str) -> Party:
    """The other side: the author's domain, or of our own mail the first recipient's of another domain."""
    if not own_domain:
        return NOBODY
    for person in (author, *recipients):
        domain = domain_of(person.email)
        if domain and not is_within(domain, own_domain):
            return Party(domain=domain)
    return NOBODY


def is_within(domain: str, own: str) -> bool:
    """Whether a domain is ours or below ours."""
    return domain == own or domain.endswith("." + own)


# --- by a person or by a machine ------------------------------------------------------------------------------------

_MACHINE = re.compile(
    r"^(?:(?:no|do[._-]?not|not|dont|nicht|ne[._-]?pas)[._-]?(?:reply|antworten|repondre)|mailer[._-]?daemon|postmaster|"
    r"bounces?|auto(?:mated|mailer|responder|[._-]?reply))(?:[._+-].*)?@"
)
_MAILING = re.compile(
    r"^(?:news(?:letter)?s?|notifications?|notify|notifier|alerts?|updates?|mailings?|marketing|digest|reminders?|"
    r"announcements?|newsletters?|offers|promo(?:tions)?|deals|mailer|robot|bot)(?:[._+-].*)?@"
)
_SENDERS = re.compile(
    rb"\n(?:x-(?:mc-user|mailgun-sid|sg-eid|ses-outgoing|mandrill-user|campaign(?:-?id)?|csa-complaints|report-abuse|"
    rb"sfmc-stack|hubspot-campaign-id|pm-message-id|mailer-recptid|mailin-campaign|job|rpcampaign|listmember|"
    rb"github-reason|jira-fingerprint|slack-message)|feedback-id):"
)
"""Fields that mass mailers and notifying services add to what they send."""

_UNSUBSCRIBE = re.compile(
    rb"unsubscribe|opt[ -]?out|newsletter abbestellen|abmelden|d=C3=A9sabonne|uitschrijven", re.IGNORECASE
)
_AWAY = re.compile(
    r"^(?:automatic reply|auto(?:-|matic )?reply|out of office(?: autoreply)?|automatische antwort|abwesenheitsnotiz|"
    r"réponse automatique|automatisch antwoord|respuesta automática|risposta automatica|autosvar)\s*:",
    re.IGNORECASE,
)


def is_automated(headers: Headers, parts: Sequence[Leaf], author: Person, raw: bytes = b"") -> bool:
    """Whether a machine wrote it: one sign that proves it, or two of different kinds that only point to it.

    That a mail came over a list proves nothing: group addresses carry `List-Id` and `Precedence: list` or `bulk`, and
    hold real requests (on one public list 2,241 of 4,200 mails say `bulk`, all written by people).
    """
    if _is_proven(headers, parts, author):
        return True
    hints = _hints(headers, author)
    return len(hints) >= 2 or ("list" in hints and bool(_UNSUBSCRIBE.search(raw)))


def _is_proven(headers: Headers, parts: Sequence[Leaf], author: Person) -> bool:
    auto = headers.text("auto-submitted").strip().lower()
    kind, _ = content_type(headers)
    precedence = headers.text("precedence").strip().lower()
    return (
        (auto != "" and not auto.startswith("no"))
        or headers.text("return-path").replace(" ", "") == "<>"
        or kind in {"multipart/report", "text/calendar"}
        or any(leaf.type == "text/calendar" and not leaf.attached and "method" in leaf.parameters for leaf in parts)
        or precedence == "auto_reply"
        or any(name in headers for name in ("x-autoreply", "x-autorespond", "x-autogenerated"))
        or bool(_MACHINE.match(author.email))
        or bool(_AWAY.match(subject_of(headers)))
        or _is_bulk(headers)
    )


def _is_bulk(headers: Headers) -> bool:
    """Marked as large receivers ask of mass mailers (RFC 8058). A list that takes posts may be marked so as well."""
    marked = "list-unsubscribe-post" in headers or "feedback-id" in headers
    return "list-unsubscribe" in headers and marked and "list-post" not in headers


def _hints(headers: Headers, author: Person) -> set[str]:
    """Kinds of sign that point to a machine without proving it."""
    hints = set()
    precedence = headers.text("precedence").strip().lower()
    is_talk = any(name in headers for name in ("list-post", "mailing-list", "in-reply-to", "references"))
    if not is_talk and (
        "list-unsubscribe" in headers or "list-id" in headers or precedence in {"list", "bulk", "junk"}
    ):
        hints.add("list")
    if _SENDERS.search(headers.low):
        hints.add("mass mailer")
    if _MAILING.match(author.email):
        hints.add("sender")
    if headers.text("x-auto-response-suppress").strip().lower() in {"all", "oof", "autoreply"}:
        hints.add("asks for no automatic answer")
    bounces = email_in(headers.text("return-path"))
    if not is_talk and "list" not in hints and re.match(r"^(?:bounces?|return|b|prvs|verp)[._+=-]|.*=.*@", bounces):
        hints.add("returned to a machine")
    return hints
