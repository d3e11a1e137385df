"""An edition: one briefing with all its forms, frozen. What is sent of it is never made twice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from briefing.document import Briefing
from briefing.store import KeptEdition, revised

FORMS = ("html", "text", "md")
HEAD = ("workspace", "subject", "timezone")
REVISION = "revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The forms of one edition, and when it was fixed."""

    workspace: str
    audience: str
    date: date
    made_at: datetime
    """Aware, in the briefing's zone. The Date of its mails."""

    subject: str
    forms: Mapping[str, str]
    """`html`, `text`, `md` and `json`."""

    revision: int = 1
    """2 and more: a correction of the same day."""

    @property
    def run(self) -> str:
        """What names it in headers: when it was fixed."""
        return f"{self.made_at:%Y%m%dT%H%M%S%z}"


def edition_of(briefing: Briefing, made_at: datetime, *, day: date | None = None) -> Edition:
    """All forms of a briefing, laid out. `day`: whose edition it is, where collecting went on over midnight."""
    from briefing.page import cleaned
    from briefing.render import render

    forms = {form: render(briefing, form) for form in (*FORMS, "json")}
    return Edition(
        workspace=briefing.workspace, audience=briefing.audience, date=day or briefing.date,
        made_at=made_at.replace(microsecond=0), subject=cleaned(briefing).subject, forms=forms,
    )  # fmt: skip


def kept(edition: Edition, bodies: Mapping[str, bytes]) -> KeptEdition:
    """As the store keeps it, with the bytes that channels send."""
    parts = {form: edition.forms[form].encode() for form in FORMS}
    head = (edition.workspace, edition.subject, str(edition.made_at.tzinfo))
    parts |= {name: text.encode() for name, text in zip(HEAD, head, strict=True)}
    parts |= {part_name(name): body for name, body in bodies.items()}
    parts[REVISION] = str(edition.revision).encode()
    return KeptEdition(
        audience=revised(edition.audience, edition.revision), date=edition.date, compiled_at=edition.made_at,
        body=edition.forms["json"],
        parts=parts,
    )  # fmt: skip


def part_name(channel: str) -> str:
    """What a channel's bytes are kept under."""
    return f"channel {channel}"


def edition_from(found: KeptEdition) -> Edition | None:
    """The edition that the store kept; None where its bytes are gone already (two weeks)."""
    from zoneinfo import ZoneInfo

    if not {*FORMS, *HEAD} <= found.parts.keys():
        return None
    workspace, subject, zone = (found.parts[name].decode() for name in HEAD)
    forms = {form: found.parts[form].decode() for form in FORMS}
    return Edition(
        workspace=workspace, audience=found.audience.partition("\n")[0], date=found.date,
        revision=int(found.parts.get(REVISION, b"1")),
        made_at=found.compiled_at.astimezone(ZoneInfo(zone)), subject=subject, forms={**forms, "json": found.body},
    )  # fmt: skip


def message_id(edition: Edition, *to: str, domain: str, revision: int = 1) -> str:
    """The same for every try to send one edition by one channel to the same people; another for every other.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 23, 7, tzinfo=UTC)
    >>> one = Edition(workspace="Harbour Lane", audience="Maya", date=at.date(), made_at=at, subject="", forms={})
    >>> message_id(one, "mail", domain="harbourlane.example")
    '<briefing.2026-11-23.fb5c44ed7022.1@harbourlane.example>'
    """
    digest = hashlib.sha256("\0".join([edition.workspace, edition.audience, *to]).encode()).hexdigest()[:12]
    return f"<briefing.{edition.date.isoformat()}.{digest}.{revision}@{domain}>"
