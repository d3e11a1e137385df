"""The message to a colleague: what stays, since when, the question, who sends it, the link. Pure; nothing is parsed.

Lines of items hold names and titles from outside. They are cleaned, a mail's headers refuse a line break besides, and
Slack gets them as rich text, which it does not parse.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from briefing import words
from briefing.deliver.mail import LONGEST_SUBJECT, Envelope, as_sent, plain_words
from briefing.deliver.slack_post import note_of
from briefing.escalation import Subject
from briefing.page import safe_url
from briefing.reading.text import clean

LONGEST_LINE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What one person is told in one message."""

    workspace: str
    at: datetime
    """In the workspace's zone."""

    reader: str
    """Whose briefing it is; whom an answer goes to."""

    reply_to: str = ""
    text: str = ""
    """The sender's own words, where it is given by hand."""

    by_hand: bool = False
    to_reader: bool = False
    """Whether it goes to the reader: to anybody else "you" is somebody else."""

    subjects: tuple[Subject, ...]
    ladders: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    """Who was told before."""

    @property
    def title(self) -> str:
        """What stands in the subject and in the notification."""
        first = clean(self.subjects[0].line, LONGEST_LINE).rstrip(".")
        more = f" and {len(self.subjects) - 1} more" if len(self.subjects) > 1 else ""
        return f"{'For you' if self.by_hand else 'Escalated to you'}: {first}{more}"

    @property
    def lines(self) -> list[list[tuple[str, str]]]:
        """Everything below the title, each piece with its link."""
        found: list[list[tuple[str, str]]] = []
        if self.text:
            found += [[(f"{self._sender}: {clean(self.text, LONGEST_LINE)}", "")], [("", "")]]
        for one in self.subjects:
            found += [[(text, "")] for text in self._about(one)]
            link = safe_url(one.url)
            found.append([("Open it", link), (f"  {one.id}", "")] if link else [(one.id, "")])
            found.append([("", "")])
        return [*found, *([(text, "")] for text in self._foot())]

    @property
    def _sender(self) -> str:
        return clean(self.reader, 80) or "Your colleague"

    def _about(self, one: Subject) -> list[str]:
        today = self.at.date()
        since = f"Since {words.dated_day(one.since, today)}." if one.since else ""
        owner = f"Owner {clean(one.owner_name, 80)}." if one.owner_name else "No owner."
        read = f"Read: {clean(one.read, 80)}." if one.read else ""
        asked = f"Question: {clean(one.ask, LONGEST_LINE)}" if one.ask else ""
        line = clean(one.line, LONGEST_LINE)
        speaks = re.search(r"\byou(rs?)?\b", f"{line} {asked}", re.IGNORECASE) and not self.to_reader
        whom = f'"You" is {self._sender} here.' if speaks else ""
        return [text for text in (line, words.sentence(since, owner, read), asked, whom) if text]

    def _foot(self) -> list[str]:
        when = f"{words.full_day(self.at.date())}, {words.clock(self.at)}"
        how = f"given to you by {self._sender}" if self.by_hand else f"escalation {words.listed(self.ladders)}"
        first = f"From the morning briefing of {clean(self.workspace, 80)}, {how}, {when}."
        told = f"Told before: {words.listed(self.told)}." if self.told else ""
        return [words.sentence(first, told), f"Nobody reads answers to this message; {self._sender} has the matter."]


def as_mail(notice: Notice, envelope: Envelope, to: Address) -> tuple[bytes, str]:
    """The mail, and its Message-ID: the same for the same message."""
    mail = EmailMessage(policy=SMTP)
    title = plain_words(notice.title)
    if len(title) > LONGEST_SUBJECT:
        title = title[: LONGEST_SUBJECT - 1].rstrip(" ,;:.") + "…"
    key = "\0".join([notice.at.isoformat(), to.addr_spec, *(one.id for one in notice.subjects)])
    stable = f"<escalation.{hashlib.sha256(key.encode()).hexdigest()[:20]}@{envelope.sender.domain}>"
    for name, value in (
        ("From", envelope.sender), ("To", to), ("Reply-To", notice.reply_to), ("Subject", title), ("Date", notice.at),
        ("Message-ID", stable), ("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "OOF, AutoReply"),
    ):  # fmt: skip
        if value:
            mail[name] = value
    foot = f"An answer to this mail goes to {notice.reply_to}." if notice.reply_to else ""
    mail.set_content(f"{_text(notice, foot)}\n", cte="quoted-printable")
    return as_sent(mail, title), stable


def as_post(notice: Notice) -> bytes:
    """The same for Slack."""
    return note_of(notice.title, notice.lines)


def _text(notice: Notice, foot: str) -> str:
    lines = ["".join(f"{text}: {url}" if url else text for text, url in line) for line in notice.lines]
    return "\n".join([*lines[:-1], foot or lines[-1]]).strip()
