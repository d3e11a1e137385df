"""The agency's mailboxes by IMAP, read by the connector on the real wire and held against the world and its files."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from briefing.connector import Gone, Mark, Skipped
from briefing.demo import enquiries
from briefing.demo.conversations import EXPORTED_DAYS
from briefing.demo.days import moment
from briefing.demo.files_mail import mailboxes
from briefing.demo.server.imap import Server
from briefing.demo.server.mailboxes import MailSite, listening
from briefing.demo.server.process import serving
from briefing.demo.server.router import Router
from briefing.errors import AuthError, NotReached, RateLimited, SourceError
from briefing.facts import Fact, Message
from briefing.loopback import Request
from connectors.imap import Imap
from connectors.mailbox import Mailbox
from tests.connectors.reading import NOW, window, write_bytes
from tests.demo_server.asking import MORNING, world

SHARED = enquiries.SHARED.email


@pytest.fixture
def router() -> Router:
    return Router(world(), MORNING, only=["imap"])


@pytest.fixture
def port(router: Router) -> Iterator[int]:
    with listening(router) as found:
        yield found


def connector(router: Router, **settings: Any) -> Imap:
    return Imap(source="mail", **{**router.sources("")["imap"], **settings})


def things(router: Router, mark: Mark | None = None, now: datetime = NOW, **settings: Any) -> list[Any]:
    (stream,) = connector(router, **settings).streams(window(now))
    return list(stream.read(window(now), mark))


def plain(found: list[Any]) -> dict[str, Fact]:
    """The messages, without where they lie."""
    return {one.ref.id: replace(one, ref=replace(one.ref, where="", url=""), place="")
            for one in found if isinstance(one, Message)}  # fmt: skip


def told(router: Router, method: str, path: str, **body: Any) -> int:
    """What the server itself says to a request: the status."""
    reply = router(Request(method=method, path=f"/_control/{path}", body=json.dumps(body).encode()))
    return reply.status


# --- what lies there ------------------------------------------------------------------------------------------------


@cache
def readers() -> tuple[Router, list[Any]]:
    """The reader's mailbox as a server holds it, read once."""
    router = Router(world(), MORNING, only=["imap"], settings={"imap": {"mailbox": "reader"}})
    with listening(router):
        return router, things(router)


def test_the_readers_mailbox_is_what_her_files_say(tmp_path: Path) -> None:
    """Field by field, more than a thousand mails, though one comes by FETCH and the other from two mbox files."""
    for name, data in mailboxes(world(), MORNING).items():
        write_bytes(tmp_path / name, data)
    files = Mailbox(source="mail", path=str(tmp_path), owner=world().people.reader.email)
    (stream,) = files.streams(window())
    expected, found = plain(list(stream.read(window(), None))), plain(readers()[1])
    assert len(found) > 1_000
    assert found == expected


def test_the_shared_mailbox_holds_what_is_nowhere_else(router: Router, port: int) -> None:
    found = things(router)
    messages = [one for one in found if isinstance(one, Message)]
    assert {one.ref.id.removesuffix("@mail.example") for one in messages} == {
        note.id for note in enquiries.notes(world().seed, MORNING, MORNING)
        if note.at >= NOW - timedelta(days=EXPORTED_DAYS)
    }  # fmt: skip
    assert {one.ref.id for one in messages}.isdisjoint(plain(readers()[1]))
    assert Counter(one.place for one in messages).keys() == {"Inbox", "Applications", "Sent"}
    assert all(one.author.email == SHARED for one in messages if one.place == "Sent")
    assert isinstance(found[-1], Mark)
    assert not [one for one in found if isinstance(one, Skipped)]


def test_nobody_whom_a_briefing_speaks_of_waits_in_it(router: Router, port: int) -> None:
    """Strangers only: no name and no domain of a client, a prospect or a colleague."""
    people = world().people
    every = (*people.clients, *people.prospects)
    names = {human.name for human in people.staff} | {human.name for one in every for human in one.contacts}
    others = [one.author for one in things(router) if isinstance(one, Message) and one.author.email != SHARED]
    assert not {one.name for one in others} & names
    assert not {(one.email or "").partition("@")[2] for one in others} & {one.domain for one in every}


def test_a_second_morning_brings_the_new_mails_alone(router: Router, port: int) -> None:
    """What lay there keeps its number, though the server has forgotten everything in between."""
    first = things(router)
    before = {uid for folder in site(router).folders.values() for uid in folder.mails}
    asked = router.count
    router.move_to(MORNING + timedelta(days=1))
    second = things(router, first[-1], NOW + timedelta(days=1))
    assert before < {uid for folder in site(router).folders.values() for uid in folder.mails}
    new = {note.id for note in enquiries.notes(world().seed, MORNING, MORNING + timedelta(days=1))
           if note.at >= moment(MORNING)}  # fmt: skip
    assert {name.removesuffix("@mail.example") for name in plain(second)} >= new
    assert len(plain(second)) < len(plain(first)) / 4
    assert not [one for one in second if isinstance(one, Gone) and one.ref.id in plain(first) and not old(one, first)]
    assert router.count - asked < asked


def old(gone: Gone, found: list[Any]) -> bool:
    """Whether a mail has left the window."""
    at = next(one.at for one in found if isinstance(one, Message) and one.ref.id == gone.ref.id)
    return bool(at < NOW - timedelta(days=29))


def site(router: Router) -> Server:
    one = router.site("imap")
    assert isinstance(one, MailSite)
    return one.server


# --- as every other vendor ------------------------------------------------------------------------------------------


def test_commands_are_remembered_by_folder_and_without_logins(router: Router, port: int) -> None:
    things(router)
    routes = Counter(router.lines("imap"))
    assert routes["EXAMINE /INBOX"] == 2
    assert routes["AUTHENTICATE /"] == 1
    assert {"FETCH /INBOX", "FETCH /Sent", "FETCH /Applications", "SEARCH /INBOX", "LIST /"} <= routes.keys()
    assert not {line for line in routes if "Drafts" in line or "Junk" in line or "Trash" in line}
    everything = repr(router.seen()) + repr(site(router).asked)
    assert router.sources("")["imap"]["password"] not in everything


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "code": 401, "route": "AUTHENTICATE"}, AuthError),
        ({"kind": "status", "code": 429, "route": "SEARCH"}, RateLimited),
        ({"kind": "status", "code": 503, "route": "^GREETING"}, SourceError),
        ({"kind": "hang", "route": "FETCH /Sent"}, NotReached),
        ({"kind": "cut", "route": "FETCH"}, SourceError),
        ({"kind": "reset"}, SourceError),
    ],
    ids=lambda value: value.get("kind", "") + str(value.get("code", "")) if isinstance(value, dict) else None,
)  # fmt: skip
def test_what_the_server_is_told_goes_wrong(
    router: Router, port: int, fault: dict[str, Any], error: type[SourceError]
) -> None:
    assert told(router, "POST", "faults", vendor="imap", **fault) == 200
    with pytest.raises(error):
        things(router, silence=0.5 if fault["kind"] == "hang" else 10.0)
    assert told(router, "DELETE", "faults") == 200
    assert len(plain(things(router))) > 100


def test_a_folder_that_is_refused_is_told(router: Router, port: int) -> None:
    told(router, "POST", "faults", vendor="imap", kind="status", code=403, route="EXAMINE /Applications")
    (skipped,) = [one for one in things(router) if isinstance(one, Skipped)]
    assert "Applications" in skipped.where + skipped.why


def test_faults_that_mail_does_not_know(router: Router, port: int) -> None:
    assert told(router, "POST", "faults", vendor="imap", kind="rows", field="x") == 400
    assert router.site("imap")(Request(method="GET", path="/")).status == 404


def test_it_changes_nothing_and_is_heard_on_this_machine_only(router: Router, port: int) -> None:
    assert router.sources("")["imap"] == {
        "host": "127.0.0.1", "port": port, "tls": "none", "username": SHARED, "password": "harbour-7c1e",
        "name": "Team inbox",
    }  # fmt: skip
    with socket.create_connection(("127.0.0.1", port), timeout=5) as talk:
        lines = talk.makefile("rwb")
        lines.readline()
        for command in ("SELECT INBOX", "STORE 1 +FLAGS (\\Seen)", "APPEND INBOX {1}", "EXPUNGE"):
            lines.write(f"a {command}\r\n".encode())
            lines.flush()
            assert lines.readline().startswith(b"a BAD")
        lines.write(b"a LOGOUT\r\n")
        lines.flush()
        lines.close()


def test_without_a_listener_no_source_is_told(router: Router) -> None:
    assert "imap" not in router.sources("http://127.0.0.1:1")


def test_it_runs_beside_the_other_vendors() -> None:
    """In the server's own process; with another morning it holds another day's mail, and it ends with it."""
    with serving(3, MORNING, only=["imap", "ics"]) as running:
        assert set(running.sources) == {"imap", "ics"}
        told = running.sources["imap"]
        built = Imap(source="mail", **told)
        (stream,) = built.streams(window())
        first = plain(list(stream.read(window(), None)))
        assert running.requests("imap")["vendors"]["imap"]["routes"]["EXAMINE /Sent"] == 2
        running.morning(date(2026, 11, 20))
        later = window(NOW + timedelta(days=1))
        assert set(plain(list(stream.read(later, None)))) - set(first)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", told["port"]), timeout=5)
