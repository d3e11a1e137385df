"""The reader's mailbox as two mbox files: what came in, and what she sent."""

from __future__ import annotations

from datetime import date, datetime
from email.header import Header
from email.utils import format_datetime

from briefing.demo.people import Human
from briefing.demo.talk import Note
from briefing.demo.world import World


def mailboxes(world: World, morning: date) -> dict[str, bytes]:
    """`Inbox.mbox` and `Sent.mbox`, the last 30 days."""
    reader = world.people.reader
    boxes: dict[str, list[str]] = {"Inbox.mbox": [], "Sent.mbox": []}
    for note in world.conversations.notes(morning):
        if note.medium == "mail":
            name = "Sent.mbox" if note.author.email == reader.email else "Inbox.mbox"
            boxes[name].append(as_mail(note))
    return {name: "".join(mails).encode() for name, mails in boxes.items()}


def message_id(note: Note | str) -> str:
    """The Message-ID of a note, without brackets."""
    return f"{note if isinstance(note, str) else note.id}@mail.example"


def as_mail(note: Note) -> str:
    """One mail with its mbox line."""
    headers = [
        ("From", _address(note.author)),
        ("To", ", ".join(_address(human) for human in note.to) or _address(note.author)),
        *((("Cc", ", ".join(_address(human) for human in note.cc)),) if note.cc else ()),
        ("Subject", _encoded(note.subject)),
        ("Date", format_datetime(note.at)),
        ("Message-ID", f"<{message_id(note)}>"),
    ]
    if note.reply_to:
        headers += [("In-Reply-To", f"<{message_id(note.reply_to)}>"), ("References", _references(note))]
    headers += [*note.headers, ("MIME-Version", "1.0")]
    kind, body = _body(note)
    headers.append(("Content-Type", kind))
    if not kind.startswith("multipart"):
        headers.append(("Content-Transfer-Encoding", "8bit"))
    head = "\n".join(f"{name}: {value}" for name, value in headers)
    quoted = "\n".join(f">{line}" if line.lstrip(">").startswith("From ") else line for line in body.split("\n"))
    return f"From {note.author.email} {_unix_date(note.at)}\n{head}\n\n{quoted}\n\n"


def _references(note: Note) -> str:
    """Every earlier mail of the thread, oldest first; ids of a talk count up."""
    talk, _, number = note.id.rpartition(".")
    return " ".join(f"<{message_id(f'{talk}.{n}')}>" for n in range(int(number)))


def _body(note: Note) -> tuple[str, str]:
    """Content type and body."""
    lines = [note.text, ""]
    if not note.headers:
        lines += ["Best", note.author.first, ""]
    if note.quoted:
        head, _, rest = note.quoted.partition("\n")
        lines += [f"On {note.at:%d %b %Y}, {head}", *(f"> {line}" for line in rest.split("\n")), ""]
    text = "\n".join(lines)
    if note.calendar:
        invitation = _calendar_part(note)
        return _multipart("alternative", (("text/plain; charset=utf-8", text), invitation))
    if note.html:
        html = f"<html><body><p>{note.text}</p><p><a href='https://news.example/u'>Unsubscribe</a></p></body></html>"
        return _multipart("alternative", (("text/plain; charset=utf-8", text), ("text/html; charset=utf-8", html)))
    return "text/plain; charset=utf-8", text


def _calendar_part(note: Note) -> tuple[str, str]:
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", f"METHOD:{note.calendar}", "BEGIN:VEVENT", f"UID:call-{note.id}@mail.example",
        f"DTSTART:{note.at:%Y%m%d}T150000Z", f"SUMMARY:{note.subject}", "END:VEVENT", "END:VCALENDAR",
    )  # fmt: skip
    return f"text/calendar; method={note.calendar}; charset=utf-8", "\n".join(lines)


def _multipart(kind: str, parts: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    boundary = "=_harbour_part"
    body = "".join(
        f"--{boundary}\nContent-Type: {type_}\nContent-Transfer-Encoding: 8bit\n\n{text}\n" for type_, text in parts
    )
    return f'multipart/{kind}; boundary="{boundary}"', f"{body}--{boundary}--\n"


def _address(human: Human) -> str:
    if not human.name:
        return human.email
    plain = human.name.isascii() and human.name.replace(" ", "").isalnum()
    name = human.name if plain else f'"{human.name}"' if human.name.isascii() else _encoded(human.name)
    return f"{name} <{human.email}>"


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8").encode()


def _unix_date(at: datetime) -> str:
    return f"{at:%a %b} {at.day:2d} {at:%H:%M:%S %Y}"
