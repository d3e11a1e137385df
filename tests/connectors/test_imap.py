"""IMAP: what a mailbox on a server states is what the same mails in files state, read without a trace."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from briefing.connector import Gone, Ignored, Mark, Skipped, Window
from briefing.demo.server.imap import Server, Talk, serving
from briefing.demo.server.imap_faults import says
from briefing.errors import MarkExpired, SourceError
from briefing.facts import Fact, Message
from briefing.meter import Meter, counting
from connectors.imap import Imap
from connectors.imap_boxes import Boxes, boxes_of, shown_name
from connectors.imap_wire import joined
from connectors.mailbox import Mailbox
from tests.connectors.reading import NOW, window

Things = list[Fact | Gone | Skipped | Ignored | Mark]
MAYA, DANA = "maya@harbourlane.example", "Dana Ruiz <dana@northwind.example>"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server(username=MAYA)) as running:
        running.folder()
        running.folder("Sent", "\\Sent")
        yield running


def imap(server: Server, **settings: Any) -> Imap:
    given = {
        "host": "127.0.0.1",
        "port": server.port,
        "tls": "none",
        "username": MAYA,
        "password": "a-word",
        **settings,
    }
    return Imap(source="mail", **given)


def things(server: Server, mark: Mark | None = None, at: Window | None = None, **settings: Any) -> Things:
    (stream,) = imap(server, **settings).streams(at or window())
    return list(stream.read(at or window(), mark))


def messages(found: Sequence[object]) -> list[Message]:
    return [thing for thing in found if isinstance(thing, Message)]


def mail(
    number: int = 1, *, author: str = DANA, to: str = MAYA, subject: str = "Launch", text: str = "Shall we go live?",
    hours: float = 24, more: str = "", body: str = "", id: str | None = None,
) -> bytes:  # fmt: skip
    """A mail written some hours before the morning."""
    at = NOW.astimezone(UTC) - timedelta(hours=hours)
    known_as = f"<{number}@northwind.example>" if id is None else id
    lines = [f"From: {author}", f"To: {to}", f"Subject: {subject}", f"Date: {format_datetime(at)}"]
    lines += [f"Message-ID: {known_as}"] if known_as else []
    return "\n".join([*lines, *more.strip().splitlines(), ""]).encode() + (body or f"\n{text}\n").encode()


def written(raw: bytes) -> datetime:
    """When a mail says it was written."""
    from email import message_from_bytes
    from email.utils import parsedate_to_datetime

    return parsedate_to_datetime(message_from_bytes(raw)["date"])


def put(server: Server, *mails: bytes, folder: str = "INBOX") -> list[int]:
    return [server.folder(folder).put(raw, written(raw)) for raw in mails]


# --- the same facts as from files ------------------------------------------------------------------------------------

PDF = base64.encodebytes(b"%PDF" + bytes(range(256)) * 600).decode()


def parts(*inside: str, kind: str = "mixed", border: str = "=_b") -> str:
    body = "".join(f"--{border}\n{part}\n" for part in inside)
    return f'Content-Type: multipart/{kind}; boundary="{border}"\n\n{body}--{border}--\n'


TEXT = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nZ=C3=BCrich, Tuesday?\n"
HTML = "Content-Type: text/html\n\n<p>In <b>HTML</b>: Tuesday?</p>\n"
FILE = f"Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\nContent-Transfer-Encoding: base64\n\n{PDF}"
INVITE = "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n"
REACTION = "Content-Type: text/vnd.google.email-reaction+json\n\n{}\n"
ATTACHED = "Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nNot the words.\n"

KINDS = {
    "plain": "",
    "html alone": HTML,
    "two forms": parts(TEXT, HTML, kind="alternative"),
    "a large file after the words": parts(TEXT, FILE),
    "a large file before the words": parts(FILE, TEXT),
    "forms within parts, and a large file": parts(parts(TEXT, HTML, kind="alternative", border="inner"), FILE),
    "a large file and no words": parts(FILE),
    "an attached text": parts(ATTACHED, TEXT, FILE),
    "an invitation": parts(parts(TEXT, INVITE, kind="alternative", border="inner"), FILE),
    "a reaction": parts(TEXT, REACTION, FILE, kind="alternative"),
    "large words": "Content-Type: text/plain\n\n" + "Tuesday? " * 20_000 + "\n",
    "base64 words in latin": "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: base64\n\n"
    + base64.encodebytes("Zürich, Dienstag?".encode("latin-1")).decode(),
    "a mail within": parts(TEXT, "Content-Type: message/rfc822\n\n" + mail(99).decode(), FILE),
    "a boundary that does not occur": 'Content-Type: multipart/mixed; boundary="nowhere"\n\nTuesday?\n',
}  # fmt: skip


def from_files(folder: Path, mails: Sequence[bytes], sent: Sequence[bytes] = ()) -> list[Message]:
    for name, some in ((folder, mails), (folder / ".Sent", sent)):
        for part in ("cur", "new"):
            (name / part).mkdir(parents=True)
        for number, raw in enumerate(some):
            (name / "cur" / f"{int(written(raw).timestamp())}.{number:05d}.x:2,S").write_bytes(raw)
    (stream,) = Mailbox(source="mail", path=str(folder), owner=MAYA).streams(window())
    return messages(list(stream.read(window(), None)))


def plain(found: Sequence[Message]) -> dict[str, Message]:
    return {fact.ref.id: replace(fact, ref=replace(fact.ref, where="")) for fact in found}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_facts_as_from_a_file(server: Server, tmp_path: Path, kind: str) -> None:
    """Whichever way the words come: whole, or part by part with the structure the server tells."""
    raw = mail(body=KINDS[kind])
    put(server, raw)
    found = plain(messages(things(server)))
    assert found == plain(from_files(tmp_path, [raw]))
    assert len(found) == 1


HEADERS = {
    "a chain": [mail(1, hours=90), mail(2, more="In-Reply-To: <1@northwind.example>", hours=80),
                mail(3, more="References: <1@northwind.example> <2@northwind.example>", hours=70)],
    "an answer to a mail of spring": [mail(1, hours=24 * 120), mail(2, more="In-Reply-To: <1@northwind.example>", hours=24 * 100),
                                      mail(3, more="In-Reply-To: <2@northwind.example>")],
    "no ids, joined by heading": [mail(id="", hours=50), mail(id="", subject="Re: Launch", author=MAYA, to=DANA, hours=40)],
    "no ids beside ids": [mail(1, hours=60), mail(id="", subject="Re: Launch", author=MAYA, to=DANA, hours=40)],
    "copies": [mail(1), mail(1), mail(2)],
    "too old and too new": [mail(1, hours=24 * 400), mail(2, hours=24 * 60), mail(3), mail(4, hours=-3)],
    "a date that cannot be": [mail(1, more="Received: from x; " + format_datetime(NOW - timedelta(days=2)), hours=-24 * 300)],
    "hostile fields": [
        mail(1, author="\x1b[31m\u202eDana\u200b <dana@northwind.example>", subject="=?utf-8?q?=1b[2J=E2=80=AEhsiloof?=", text="\x07ok?"),
        mail(2, author="unlisted-recipients:; (no To-header)", more="Sender: real@northwind.example"),
        mail(3, to="(((((((((((((((((", subject="=?charset-nobody-knows?b?////?="),
        mail(4, id="<>"), mail(5, id="<a b\tc@x>"), mail(6, more="References: " + " ".join(f"<{n}@x>" for n in range(500))),
    ],
    "machines": [mail(1, more="Auto-Submitted: auto-replied"), mail(2, more="List-Unsubscribe: <u>\nFeedback-ID: 1\nList-Id: <n>"),
                 mail(3, author="no-reply@tool.example"), mail(4, more="Return-Path: <>")],
    "a list writes for somebody": [mail(1, author="'Ann Lee' via Team <team@northwind.example>", more="Reply-To: ann@northwind.example")],
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADERS)
def test_the_same_conversations_as_from_files(server: Server, tmp_path: Path, kind: str) -> None:
    ours = [mail(77, author=MAYA, to=DANA, more="In-Reply-To: <1@northwind.example>", hours=5)]
    put(server, *HEADERS[kind])
    put(server, *ours, folder="Sent")
    found = plain(messages(things(server)))
    assert found == plain(from_files(tmp_path, HEADERS[kind], ours))
    assert len(found) > 1


def test_whose_mailbox_it_is_is_found_out(server: Server, tmp_path: Path) -> None:
    """Where the login is no address."""
    server.username = "u0412"
    mails = [mail(n, author=f"a{n}@northwind.example", hours=n) for n in range(1, 6)]
    put(server, *mails)
    put(server, mail(9, author=MAYA, to="a1@northwind.example"), folder="Sent")
    found = messages(things(server, username="u0412"))
    assert {fact.party.domain for fact in found} == {"northwind.example"}
    assert {fact.ref.id for fact in found} == {f"{n}@northwind.example" for n in (1, 2, 3, 4, 5, 9)}


# --- without a trace, and with little -------------------------------------------------------------------------------


def test_nothing_is_asked_that_changes_anything(server: Server) -> None:
    """The server refuses to give a text without PEEK; the commands are these and no others."""
    put(server, *(mail(n, body=body) for n, body in enumerate(KINDS.values())))
    put(server, mail(100, author=MAYA, to=DANA), folder="Sent")
    things(server)
    assert set(server.commands()) == {
        "CAPABILITY", "AUTHENTICATE", "ENABLE", "LIST", "NAMESPACE", "EXAMINE", "SEARCH", "FETCH", "LOGOUT",
    }  # fmt: skip
    assert not any("BODY[" in line for line in server.asked)
    assert all(not one.flags for folder in server.folders.values() for one in folder.mails.values())


def test_a_large_attachment_is_not_fetched(server: Server) -> None:
    huge = FILE.replace(PDF, "QUJD" * 1_500_000 + "\n")
    put(server, mail(body=parts(TEXT, huge)))
    with counting(Meter()) as meter:
        (found,) = messages(things(server))
    assert found.excerpt == "Zürich, Tuesday?"
    assert meter.size < 10_000


def test_a_second_reading_costs_a_fraction(server: Server) -> None:
    put(server, *(mail(n, hours=n) for n in range(1, 300)))
    put(server, mail(999, author=MAYA, to=DANA), folder="Sent")
    with counting(Meter()) as first:
        *found, mark = things(server)
    put(server, mail(1000, hours=0.5))
    with counting(Meter()) as second:
        new, _ = things(server, mark if isinstance(mark, Mark) else None)
    assert len(messages(found)) == 300
    assert isinstance(new, Message)
    assert second.calls * 1.4 < first.calls
    assert second.size * 20 < first.size


def test_folders_that_did_not_change_are_not_looked_through(server: Server) -> None:
    put(server, mail(1))
    *_, mark = things(server)
    before = len(server.asked)
    assert isinstance(mark, Mark)
    things(server, mark)
    assert server.commands(before) == [
        "CAPABILITY",
        "AUTHENTICATE",
        "CAPABILITY",
        "ENABLE",
        "LIST",
        "NAMESPACE",
        "EXAMINE",
        "EXAMINE",
        "LOGOUT",
    ]


# --- from a mark -----------------------------------------------------------------------------------------------------


class Store:
    """What the store holds after readings."""

    def __init__(self) -> None:
        self.facts: dict[str, Message] = {}
        self.mark: Mark | None = None

    def read(self, server: Server, at: Window, **settings: Any) -> bool:
        """Take a reading as the collecting does; whether it was whole."""
        try:
            found = things(server, self.mark, at, **settings)
        except MarkExpired:
            self.facts, self.mark = {}, None
            found = things(server, None, at, **settings)
        for thing in found:
            if isinstance(thing, Message):
                self.facts[thing.ref.id] = thing
            elif isinstance(thing, Gone):
                assert self.facts.pop(thing.ref.id).ref.kind == thing.ref.kind
        assert isinstance(found[-1], Mark)
        self.mark = found[-1]
        whole = not any(isinstance(thing, Skipped) for thing in found)
        assert self.mark.so_far is not whole
        return whole


def change(server: Server, draw: Random, hours: float) -> None:
    """Something happens in the mailbox."""
    inbox, sent, filed = server.folder(), server.folder("Sent", "\\Sent"), server.folder("Clients/Juniper")
    held = [(folder, uid) for folder in (inbox, sent, filed) for uid in folder.mails]
    luck = draw.random()
    if luck < 0.5 or not held:
        number, old = draw.randrange(10**6), draw.choice([0, 0, 1])
        known = [f"<{one}@northwind.example>" for one in draw.sample(range(40), 2)]
        more = draw.choice(["", f"In-Reply-To: {known[0]}", f"References: {known[0]} {known[1]}"])
        given = (
            ""
            if draw.random() < 0.04
            else f"<{draw.randrange(40) if draw.random() < 0.7 else number}@northwind.example>"
        )
        raw = mail(more=more, id=given, hours=hours + old * draw.randrange(24 * 300), subject=f"About {number % 3}")
        draw.choice([inbox, inbox, sent, filed]).put(raw, written(raw))
    elif luck < 0.7:
        folder, uid = draw.choice(held)
        gone = folder.take(uid)
        if draw.random() < 0.6:
            filed.put(gone.raw, gone.arrived)
    elif luck < 0.8:
        folder, uid = draw.choice(held)
        folder.flag(uid, draw.choice(["\\Deleted", "\\Draft", "\\Seen"]))
    elif luck < 0.82:
        inbox.validity += 100
    elif luck < 0.84 and len(server.folders) > 2:
        del server.folders["Clients/Juniper"]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("counted", [True, False])
def test_a_reading_that_goes_on_ends_where_one_from_the_beginning_does(seed: int, counted: bool) -> None:
    """Mails come, go, are filed, marked and answered while the window moves: always the very same facts."""
    draw = Random(seed)
    server = Server(username=MAYA)
    if not counted:
        server.capabilities = "IMAP4rev1 AUTH=PLAIN"
    server.folder()
    server.folder("Sent", "\\Sent")
    store = Store()
    with serving(server):
        for day in range(10):
            at = window(NOW + timedelta(days=day * 6))
            for _ in range(draw.randrange(9)):
                change(server, draw, hours=-24 * 6 * day + draw.randrange(24 * 5))
            store.read(server, at)
            assert store.facts == {fact.ref.id: fact for fact in messages(things(server, at=at))}
    assert store.facts


def test_a_mailbox_that_does_not_fit_the_time_is_read_in_several(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reading goes on where the one before ended; what is missing is told until nothing is."""
    put(server, *(mail(n, hours=n / 10) for n in range(1, 400)))
    put(server, *(mail(1000 + n, author=MAYA, to=DANA, hours=n / 10) for n in range(1, 50)), folder="Sent")
    ticks = iter(range(10**6))
    monkeypatch.setattr("connectors.imap_reading.clock", lambda: 0.0 if next(ticks) % 11 < 7 else 10**9)
    monkeypatch.setattr("connectors.imap_reading.SLIPS", 60)
    store, whole = Store(), False
    counts: list[int] = []
    while not whole and len(counts) < 60:
        whole = store.read(server, window())
        counts.append(len(store.facts))
    assert whole
    assert len(counts) > 3
    assert counts == sorted(counts)
    monkeypatch.undo()
    assert store.facts == {fact.ref.id: fact for fact in messages(things(server))}


def test_other_numbers_in_a_folder_expire_the_mark(server: Server) -> None:
    put(server, mail(1))
    *_, mark = things(server)
    server.folder().validity += 10
    with pytest.raises(MarkExpired):
        things(server, mark if isinstance(mark, Mark) else None)


@pytest.mark.parametrize("text", ["", "7", "{}", "c" * 400, "Vg{"])
def test_a_mark_that_is_none_is_expired(server: Server, text: str) -> None:
    with pytest.raises(MarkExpired):
        things(server, Mark(text))


def test_a_deleted_mail_is_gone_and_an_unmarked_one_is_back(server: Server) -> None:
    (uid,) = put(server, mail(1))
    put(server, mail(2, author=MAYA, to=DANA), folder="Sent")
    *_, mark = things(server)
    assert isinstance(mark, Mark)
    server.folder().flag(uid, "\\Deleted")
    gone, ignored, mark = things(server, mark)
    assert isinstance(gone, Gone)
    assert gone.ref.id == "1@northwind.example"
    assert ignored == Ignored(1, "deleted mails and drafts")
    server.folder().mails[uid].flags.clear()
    server.folder().modseq += 1
    assert isinstance(mark, Mark)
    assert len(messages(things(server, mark))) == 1


# --- folders -------------------------------------------------------------------------------------------------------


def listed(text: str) -> list[tuple[frozenset[bytes], bytes, bytes]]:
    """Folders from lines: a name, and flags after it."""
    rows = [line.strip().split("  ") for line in text.strip().splitlines()]
    return [
        (frozenset(flag.lower().encode() for flag in " ".join(row[1:]).split()), b"/", row[0].encode()) for row in rows
    ]


def shown(found: Boxes) -> list[str]:
    return [box.shown for box in found.read]


GMAIL = """
INBOX
[Gmail]  \\Noselect
[Gmail]/All Mail  \\All
[Gmail]/Drafts  \\Drafts
[Gmail]/Important  \\Important
[Gmail]/Sent Mail  \\Sent
[Gmail]/Spam  \\Junk
[Gmail]/Starred  \\Flagged
[Gmail]/Trash  \\Trash
Juniper
"""
PLAIN = """
Archive  \\Archive
Clients
Clients/Juniper
Drafts
Entw&APw-rfe
INBOX
Junk E-mail
Papierkorb
Gesendet
Other/ann/INBOX
"""


def test_which_folders_are_read() -> None:
    """Sent mail second; all mail in one folder makes the others needless; other people's are not read."""
    gmail = boxes_of(listed(GMAIL), b"", ())
    assert shown(gmail) == ["Inbox", "Sent Mail", "All Mail"]
    assert gmail.left_out == 3
    usual = boxes_of(listed(PLAIN), b"", (b"Other/",))
    assert shown(usual) == ["Inbox", "Gesendet", "Archive", "Clients", "Clients/Juniper"]
    assert [box.role for box in usual.read[:2]] == ["inbox", "sent"]
    assert usual.left_out == 5


def test_named_folders_are_read_with_the_sent_mail() -> None:
    assert shown(boxes_of(listed(PLAIN), b"", (), named=["clients/juniper"])) == ["Gesendet", "Clients/Juniper"]
    found = boxes_of(listed(PLAIN), b"", (), named=["Inbox"], sent="Clients")
    assert [(box.shown, box.role) for box in found.read][:2] == [("Inbox", "inbox"), ("Clients", "sent")]
    with pytest.raises(LookupError, match="Wrong, Other"):
        boxes_of(listed(PLAIN), b"", (), named=["Wrong", "Inbox"], sent="Other")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"INBOX.Sent", "Sent"), (b"INBOX.Kunden.Z&APw-rich", "Kunden/Zürich"), (b"INBOX.A&-B", "A&B"),
        (b"inbox", "Inbox"), (b"INBOX.&broken", "&broken"), (b"INBOX.caf\xc3\xa9", "café"), (b"INBOX.\x1b[31m", "[31m"),
        (b"INBOX.&2D3eHA-", "\U0001f61c"), (b"INBOX.&2D0-", "&2D0-"), (b"INBOX.", "(no name)"),
    ],
)  # fmt: skip
def test_names_in_modified_utf_7(name: bytes, expected: str) -> None:
    """And what only pretends to be: it is shown somehow, and asked for as the server wrote it."""
    assert shown_name(name, b".", b"INBOX.") == expected


def test_folders_of_any_name_are_opened(server: Server) -> None:
    """Quotes, spaces, letters of other scripts, names that are numbers."""
    for number, name in enumerate(['A "quoted" one', "Kunden/Zürich", "日本", "2024", "a\\b"], 1):
        put(server, mail(number), folder=name)
    put(server, mail(9, author=MAYA, to=DANA), folder="Sent")
    found = things(server)
    assert not [thing for thing in found if isinstance(thing, Skipped)]
    assert {fact.place for fact in messages(found)} >= {"Kunden/Zürich", "日本", "2024"}
    assert len(messages(found)) == 6


def test_a_folder_that_does_not_open_makes_the_reading_partial_and_loses_nothing(server: Server) -> None:
    """Its mails of the last reading stand; the inbox is another matter."""
    put(server, mail(1))
    put(server, mail(2), folder="Clients")
    put(server, mail(9, author=MAYA, to=DANA), folder="Sent")
    *_, mark = things(server)
    with server.faulty('EXAMINE "Clients"', says("TAG NO [NOPERM] not today")):
        found = things(server, mark if isinstance(mark, Mark) else None)
        assert next((thing.where, thing.why) for thing in found if isinstance(thing, Skipped)) == (
            "Clients",
            "cannot be opened: [NOPERM] not today",
        )
        assert not [thing for thing in found if isinstance(thing, Gone)]
    with (
        server.faulty('EXAMINE "INBOX"', says("TAG NO not today")),
        pytest.raises(SourceError, match="does not open the inbox"),
    ):
        things(server)


def test_of_a_mail_to_oneself_the_sent_copy_is_told(server: Server) -> None:
    put(server, mail(1, author=MAYA, to=MAYA, text="Forged under the same id."))
    put(server, mail(1, author=MAYA, to=MAYA, text="Hold."), folder="Sent")
    put(server, mail(2, author=MAYA, to=MAYA))
    found = {fact.excerpt: fact.sent for fact in messages(things(server))}
    assert found == {"Hold.": True, "Shall we go live?": False}


def test_without_sent_mail_the_reading_is_partial(server: Server) -> None:
    """Nobody can say that nobody answered."""
    del server.folders["Sent"]
    put(server, mail(1))
    (skipped,) = [thing for thing in things(server) if isinstance(thing, Skipped)]
    assert "shows no sent mail" in skipped.why
    assert not any(isinstance(thing, Skipped) for thing in things(server, sent=True))
    put(server, mail(2, author=MAYA, to=DANA), folder="Clients")
    assert not any(isinstance(thing, Skipped) for thing in things(server))
    assert any(isinstance(thing, Skipped) for thing in things(server, sent=False))


@pytest.mark.parametrize("item", ["BODY.PEEK[HEADER.FIELDS", "BODY.PEEK[]"])
def test_what_the_server_does_not_give_is_told(server: Server, item: str) -> None:
    """A mail that is there and never comes is no silence; one that was deleted in between is."""
    put(server, mail(1), mail(2), mail(3))
    put(server, mail(9, author=MAYA, to=DANA), folder="Sent")

    def forgets(talk: Talk, command: str) -> bool:
        talk.mailbox.withheld = {2, 3} if item in command else set()
        if item in command:
            talk.mailbox.folder().mails.pop(3, None)
        return False

    with server.faulty("UID FETCH", forgets):
        found = things(server)
    assert {fact.ref.id for fact in messages(found)} == {"1@northwind.example", "9@northwind.example"}
    assert [(thing.where, thing.why) for thing in found if isinstance(thing, Skipped)] == [
        ("Inbox:2", "was not given by the server")
    ]
    assert isinstance(found[-1], Mark)
    server.withheld = set()
    again = things(server, found[-1])
    if "HEADER" not in item:
        assert [fact.ref.id for fact in messages(again)] == ["2@northwind.example"]


def test_the_doctor_is_told_what_is_read(server: Server) -> None:
    (finding,) = imap(server).probe()
    assert finding.ok
    assert "folders read: Inbox, Sent." in finding.what
    del server.folders["Sent"]
    _, missing = imap(server).probe()
    assert not missing.ok
    assert "sent_folder" in missing.cure


def test_numbers_in_ranges() -> None:
    assert joined([5, 1, 2, 3, 9]) == "1:3,5,9"
    assert joined([]) == ""


@pytest.mark.parametrize(
    "settings",
    [
        {"tls": "ssl"}, {"tls": "none"}, {"host": "https://imap.example.com/"}, {"password": ""}, {"access_token": "x"},
        {"username": ""}, {"username": "a\r\nb"}, {"password": "", "refresh_token": "x"}, {"folders": "INBOX"},
        {"owner": "maya"}, {"password": "", "refresh_token": "x", "client_id": "y", "token_url": "http://tokens.example"},
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(settings: dict[str, Any]) -> None:
    given = {"host": "imap.example.com", "username": MAYA, "password": "a-word", **settings}
    with pytest.raises(ValueError, match=r"^\w+: "):
        Imap(source="mail", **given)
