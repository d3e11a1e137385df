"""Messages of the simulated agency: mails in the reader's mailbox and posts in Slack, grouped into talks.

A talk is one exchange about one thing. It knows who asked and when somebody of the agency answered, wherever that was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from briefing.demo.chance import Chance
from briefing.demo.days import later
from briefing.demo.people import Company, Human

Medium = Literal["mail", "slack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One message."""

    id: str
    """Unique in the world; the mail's Message-ID is made of it."""

    talk: str
    medium: Medium
    at: datetime
    author: Human
    text: str
    to: tuple[Human, ...] = ()
    """Slack: the other members of a direct conversation; empty in a channel."""

    cc: tuple[Human, ...] = ()
    subject: str = ""
    channel: str = ""
    mentions: tuple[Human, ...] = ()
    """Slack: who is mentioned; the text has their names after an @."""

    reply_to: str = ""
    """Mail: the note it answers. Slack: the note that started the thread; empty in the channel itself."""

    quoted: str = ""
    """Mail: the text below the answer."""

    headers: tuple[tuple[str, str], ...] = ()
    html: bool = False
    calendar: str = ""
    """Mail: the method of a calendar part, such as REPLY."""

    reactions: tuple[tuple[str, Human, datetime], ...] = ()
    """Slack: name, who, and when."""

    bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One exchange."""

    id: str
    notes: tuple[Note, ...]
    company: str = ""
    asked: datetime | None = None
    """When somebody outside asked something, where they did."""

    answered: datetime | None = None
    """When somebody of the agency answered, anywhere; None: never in this world."""

    kind: str = ""
    """Why it looks like somebody waits and nobody does; empty for ordinary talk and for what is planted."""

    planted: bool = False
    seen_whole: bool = True
    """False where an answer could lie where the agency's files do not show it."""

    def waiting(self, now: datetime) -> bool:
        """Whether somebody waits for an answer at a moment."""
        return self.asked is not None and self.asked < now and (self.answered is None or self.answered > now)


@dataclass(slots=True, kw_only=True)
class Writer:
    """Builds the notes of one talk in order."""

    talk: str
    medium: Medium
    reader: Human
    channel: str = ""
    threaded: bool = False
    subject: str = ""
    notes: list[Note] = field(default_factory=list)

    def write(
        self, author: Human, at: datetime, text: str, to: Sequence[Human] = (), *, cc: Sequence[Human] = (),
        headers: tuple[tuple[str, str], ...] = (), reactions: tuple[tuple[str, Human, datetime], ...] = (),
    ) -> Note:  # fmt: skip
        """Add a note. In mail the reader is always among those who get it, or writes it."""
        before = self.notes[-1] if self.notes else None
        if self.medium == "slack":
            reply_to = self.notes[0].id if self.threaded and before else ""
            note = Note(
                id=f"{self.talk}.{len(self.notes)}", talk=self.talk, medium="slack", at=at, author=author, text=text,
                channel=self.channel, reply_to=reply_to, reactions=reactions,
            )  # fmt: skip
        else:
            known = {human.email for human in (*to, *cc, author)}
            copies = tuple(cc) if self.reader.email in known else (*cc, self.reader)
            note = Note(
                id=f"{self.talk}.{len(self.notes)}", talk=self.talk, medium="mail", at=at, author=author, text=text,
                to=tuple(to), cc=copies, subject=self.subject if before is None else f"Re: {self.subject}",
                reply_to=before.id if before else "", quoted=f"{before.author.name} wrote:\n{before.text}"
                if before else "", headers=headers,
            )  # fmt: skip
        self.notes.append(note)
        return note


def exchange(
    draw: Chance, writer: Writer, company: Company, start: datetime, lines: Sequence[tuple[bool, str]], *,
    to_reader: bool = False, pace: tuple[int, int] = (5, 150),
) -> list[Note]:  # fmt: skip
    """Write lines in turn, True for the client's, each some working minutes after the one before."""
    contact, ours = draw.one_of(company.contacts), writer.reader if to_reader else company.owner
    at = start
    for number, (theirs, text) in enumerate(lines):
        if number:
            at = later(at, draw.between(*pace)) + timedelta(seconds=draw.between(0, 59))
        author, other = (contact, ours) if theirs else (ours, contact)
        writer.write(author, at, text, (other,))
    return writer.notes
