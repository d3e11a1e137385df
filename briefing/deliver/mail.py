"""The mail of an edition: headers and two forms of one page, as bytes. Pure: the same edition gives the same bytes.

What each header is for stands in docs/delivery.md. Subjects hold names from outside: they are cleaned, and the `email`
package refuses a line break in a header besides, but for those of encoded words (`plain_words`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from briefing.deliver.edition import Edition, message_id
from briefing.reading.text import clean

LONGEST_SUBJECT = 110
"""Characters. Lists of mails show 40 to 70 on a phone and up to 140 beside it; the count and the top matter come
first, the date stands last and is never cut.
"""

DATE_AT_THE_END = re.compile(r" \(\w{3} \d{1,2} \w{3}\)$")
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
SIMPLE = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{LABEL}(?:\.{LABEL})*")
"""What every server takes: letters and digits of ASCII, no quoted parts, no address literals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who writes to whom, from the configuration."""

    channel: str
    sender: Address
    to: tuple[Address, ...]
    reply_to: Address | None = None


def address(text: str) -> Address:
    """`Maya Ortiz <maya@harbourlane.example>`, or the address alone. Raises ValueError for anything else.

    >>> address("Maya <maya@harbourlane.example>").addr_spec
    'maya@harbourlane.example'
    """
    found = re.fullmatch(r'\s*(?:"?(?P<name>[^<>"]*?)"?\s*<(?P<in>[^<>\s]+)>|(?P<alone>[^<>\s]+))\s*', text)
    spec = found and (found["in"] or found["alone"])
    if not found or not spec or not SIMPLE.fullmatch(spec) or ".." in spec or len(spec) > 254:
        raise ValueError(f'"{clean(text, 80)}" is no mail address such as maya@agency.example')
    return Address(display_name=plain_words(clean(found["name"] or "", 80)), addr_spec=spec)


def plain_words(text: str) -> str:
    """Text for a header that nothing decodes: `email` reads an encoded word (RFC 2047) in what a header is set to, and
    a line break in one, `=?utf-8?q?=0D=0ABcc:...?=`, would begin a header of its own.

    >>> plain_words("=?utf-8?q?=0D=0ABcc?=")
    '= ?utf-8?q?=0D=0ABcc?='
    """
    return text.replace("=?", "= ?")


def subject_of(edition: Edition) -> str:
    """The subject in one line, shortened before its date; of a correction it says so."""
    text = ("Correction: " if edition.revision > 1 else "") + plain_words(clean(edition.subject, 1000))
    dated = DATE_AT_THE_END.search(text)
    end = dated[0] if dated else ""
    start = text.removesuffix(end)
    if len(start) + len(end) > LONGEST_SUBJECT:
        start = start[: LONGEST_SUBJECT - len(end) - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
    return start + end


def message(edition: Edition, envelope: Envelope) -> bytes:
    """The whole mail, lines ended as SMTP wants them; printable ASCII, so that every server takes it as it is."""
    mail = EmailMessage(policy=SMTP)
    domain = envelope.sender.domain
    whom = (envelope.channel, *(one.addr_spec for one in envelope.to))
    stable = message_id(edition, *whom, domain=domain, revision=edition.revision)
    first = message_id(edition, *whom, domain=domain) if edition.revision > 1 else None
    headers: list[tuple[str, object]] = [
        ("From", envelope.sender), ("To", envelope.to), ("Reply-To", envelope.reply_to),
        ("Subject", subject_of(edition)), ("Date", edition.made_at), ("Message-ID", stable),
        ("In-Reply-To", first), ("References", first),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),  # not All: that would keep bounces from us
        ("List-Id", f"<briefing.{domain}>"),
        ("List-Unsubscribe", f"<mailto:{(envelope.reply_to or envelope.sender).addr_spec}?subject=unsubscribe>"),
        ("X-Briefing-Date", edition.date.isoformat()), ("X-Briefing-Run", edition.run),
    ]  # fmt: skip
    for name, value in headers:
        if value is not None:
            mail[name] = value
    mail.set_content(edition.forms["text"], cte="quoted-printable")
    mail.add_alternative(edition.forms["html"], subtype="html", cte="quoted-printable")
    mail["Content-Language"] = "en"  # last: setting the content drops what is said of it
    mail.set_boundary(f"=_{stable[1:-1].partition('@')[0].replace('.', '_')}_=")  # else random
    return as_sent(mail, subject_of(edition))


def as_sent(mail: EmailMessage, subject: str) -> bytes:
    """A mail as bytes, its subject as `Header` folds it.

    The policy of Python 3.11 may lose the blank before an encoded word that begins a line, and may leave the first line
    of a subject empty.
    """
    charset = "us-ascii" if subject.isascii() else "utf-8"
    folded = b"Subject: " + Header(subject, charset, header_name="Subject").encode(linesep="\r\n").encode() + b"\r\n"
    return re.sub(rb"^Subject:.*\r\n(?:[ \t].*\r\n)*", lambda _: folded, mail.as_bytes(), count=1, flags=re.MULTILINE)


def in_short(body: bytes) -> Sequence[str]:
    """The headers that a reader sees, and the size."""
    from email import message_from_bytes

    found = message_from_bytes(body, policy=SMTP)
    shown = [f"{name + ':':<9} {found[name]}" for name in ("From", "To", "Reply-To", "Subject") if found[name]]
    return [*shown, f"Size:     {round(len(body) / 1000)} KB"]


def goes_to(body: bytes) -> tuple[str, ...]:
    """From whom to whom a mail says that it goes; empty where the bytes are no mail."""
    from email import message_from_bytes

    if not id_of(body):
        return ()
    found = message_from_bytes(body, policy=SMTP)
    return tuple(str(found[name] or "") for name in ("From", "To", "Reply-To"))


def id_of(body: bytes) -> str:
    """A mail's Message-ID; empty where the bytes are no mail."""
    found = re.match(rb"(?:[^\r\n]+\r\n)*?Message-ID: ([^\r\n]+)\r\n", body)
    return found[1].decode() if found else ""
