"""IMAP against a real Dovecot: the same facts as from its Maildirs, and nothing there changes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from briefing.connector import Connector, Gone, Mark, Skipped, Window
from briefing.demo.files_mail import mailboxes
from briefing.demo.world import World
from briefing.errors import AuthError, MarkExpired, RateLimited, SourceError
from briefing.facts import Fact, Message
from briefing.loopback import Loopback, Reply, Request, json_reply
from briefing.meter import Meter, counting
from connectors.imap import Imap
from connectors.mailbox import Mailbox
from tests.connectors.reading import NOW, window
from tests.connectors.test_imap import FILE, PDF, TEXT, mail, parts
from tests.system.dovecot import PASSWORD, USER, Dovecot, dovecot

pytestmark = pytest.mark.system

MORNING = date(2026, 11, 19)


@cache
def world() -> World:
    return World(7, MORNING)


def mails_in(box: bytes) -> list[bytes]:
    """The mails of an mbox file, as a server delivers them."""
    found = re.split(rb"^From \S+ \w{3} \w{3} .*\n", box, flags=re.MULTILINE)[1:]
    return [re.sub(rb"^>(>*From )", rb"\1", one.rstrip(b"\n") + b"\n", flags=re.MULTILINE) for one in found]


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def full(server: Dovecot) -> Dovecot:
    """With the agency's mail: what came, what was sent, and some of it filed."""
    boxes = mailboxes(world(), MORNING)
    inbox, sent = mails_in(boxes["Inbox.mbox"]), mails_in(boxes["Sent.mbox"])
    server.put(inbox[::2])
    server.put(inbox[1::4], "Clients.Z&APw-rich")
    server.put(inbox[3::4], "Archive")
    server.put(sent, "Sent")
    return server


def imap(server: Dovecot, **settings: Any) -> Imap:
    given = {"port": server.port, "tls": "none", "password": PASSWORD, "owner": world().people.reader.email, **settings}
    return Imap(source="mail", host=given.pop("host", "127.0.0.1"), username=USER, **given)


def read(built: Connector, mark: Mark | None = None, at: Window | None = None) -> list[Any]:
    (stream,) = built.streams(at or window())
    return list(stream.read(at or window(), mark))


def plain(found: list[Any]) -> dict[str, Fact]:
    """The messages, without where they lie."""
    return {fact.ref.id: replace(fact, ref=replace(fact.ref, where="")) for fact in found if isinstance(fact, Message)}


def from_files(server: Dovecot) -> dict[str, Fact]:
    return plain(read(Mailbox(source="mail", path=str(server.base / "mail" / USER), owner=world().people.reader.email)))


# --- facts ---------------------------------------------------------------------------------------------------------


def test_the_agencys_mail_is_what_its_files_say(full: Dovecot) -> None:
    """Message by message: more than a thousand, in four folders."""
    found = read(imap(full))
    assert plain(found) == from_files(full)
    assert len(plain(found)) > 1_000
    assert {fact.place for fact in found if isinstance(fact, Message)} == {"Inbox", "Sent", "Archive", "Clients/Zürich"}
    assert not [thing for thing in found if isinstance(thing, Skipped)]


def test_nothing_on_the_server_changes(full: Dovecot) -> None:
    """No flag, no name of a file, nothing moved out of `new`."""
    new = [mail(n, hours=n) for n in (1, 2)]
    for number, raw in enumerate(new):
        (full.maildir() / "new" / f"1795000{number:03d}.M{number}.briefing").write_bytes(raw)
    full.own()
    before = full.flags()
    assert any("/new/" in path for path in before)
    found = read(imap(full))
    assert isinstance(found[-1], Mark)
    assert {"1@northwind.example", "2@northwind.example"} <= plain(found).keys()
    read(imap(full), found[-1])
    assert full.flags() == before


def test_a_second_morning_costs_a_fraction(full: Dovecot) -> None:
    with counting(Meter()) as first:
        found = read(imap(full))
    tomorrow = window(NOW + timedelta(days=1))
    full.put([mail(n, hours=-n) for n in range(1, 9)])
    with counting(Meter()) as second:
        new = read(imap(full), found[-1], tomorrow)
    assert {f"{n}@northwind.example" for n in range(1, 9)} <= plain(new).keys()
    assert len(plain(new)) < 20  # and what was dated later than the first morning
    assert any(isinstance(thing, Gone) for thing in new)  # the oldest day left the window
    assert second.calls * 3 <= first.calls
    assert second.size * 20 < first.size


def test_from_a_mark_and_from_the_beginning_are_the_same(full: Dovecot) -> None:
    """Mail comes, goes, is filed, answered and flagged by another program, over several mornings."""
    held: dict[str, Fact] = {}
    mark: Mark | None = None
    for day in range(4):
        at = window(NOW + timedelta(days=2 * day))
        inbox = sorted((full.maildir() / "cur").glob("*.briefing:2,*"))
        if day:
            inbox[0].unlink()
            inbox[5].rename(full.maildir("Archive") / "cur" / inbox[5].name)
            inbox[9].rename(inbox[9].with_name(inbox[9].name + "T"))
            full.put([mail(100 + day, hours=-48 * day, more="In-Reply-To: <1@northwind.example>")])
        found = read(imap(full), mark, at)
        for thing in found:
            if isinstance(thing, Gone):
                del held[thing.ref.id]
        held |= {fact.ref.id: fact for fact in found if isinstance(fact, Message)}
        fresh = {fact.ref.id: fact for fact in read(imap(full), None, at) if isinstance(fact, Message)}
        assert held == fresh
        mark = found[-1]


def test_folders_numbered_anew_expire_the_mark(full: Dovecot) -> None:
    found = read(imap(full))
    shutil.rmtree(full.base / "index" / USER)
    for path in (full.base / "mail").rglob("dovecot*"):
        path.unlink()
    for path in (full.maildir() / "cur").iterdir():
        os.utime(path)
    with pytest.raises(MarkExpired):
        read(imap(full), found[-1])


def test_an_attachment_of_50_mb_is_not_fetched(server: Dovecot) -> None:
    huge = FILE.replace(PDF, ("QUJD" * 19 + "\n") * 660_000)
    server.put([mail(1, body=parts(TEXT, huge)), mail(2, body=parts(huge, TEXT))])
    server.put([mail(9, author=world().people.reader.email)], "Sent")
    with counting(Meter()) as meter:
        found = plain(read(imap(server)))
    assert {fact.excerpt for fact in found.values() if isinstance(fact, Message)} == {
        "Zürich, Tuesday?",
        "Shall we go live?",
    }
    assert meter.size < 50_000


CHILD = """
import resource, sys, time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
from briefing.connector import Mark, Window
from briefing.facts import Message
from connectors.imap import Imap
import connectors.imap_reading
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
now = datetime(2026, 11, 19, 7, tzinfo=ZoneInfo("Europe/Berlin"))
window = Window(now=now, since=now - timedelta(days=45), until=now, zone=now.tzinfo)
imap = Imap(source="m", host="127.0.0.1", port=int(sys.argv[1]), tls="none", username=sys.argv[2], password=sys.argv[3])
before, mark = peak(), None
for _ in range(2):
    began, mails = time.monotonic(), 0
    for thing in imap.streams(window)[0].read(window, mark):
        mails += isinstance(thing, Message)
        new = thing
    mark = new
    print(mails, round(time.monotonic() - began, 1), len(mark.value), peak() - before)
"""


def test_a_mailbox_of_ten_thousand_mails(server: Dovecot) -> None:
    """Half a year of fifty a day: the first reading within the budget, the second within seconds; memory and mark
    stay small.
    """
    body = parts(TEXT, "Content-Type: text/html\n\n<p>" + "Tuesday? " * 400 + "</p>\n", kind="alternative")
    more = "In-Reply-To: <{}@northwind.example>\nX-Padding: " + "x" * 1500
    server.put([mail(n, hours=n * 0.5, more=more.format(n - 1) if n % 3 else "", body=body) for n in range(1, 10_000)])
    server.put([mail(10**6, author=USER)], "Sent")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", CHILD, str(server.port), USER, PASSWORD]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=110, check=True)
    first, second = ([float(word) for word in line.split()] for line in done.stdout.splitlines())
    assert first[0] > 2_000
    assert second[0] == 0
    assert first[1] < 90
    assert second[1] < 15
    assert first[2] < 300_000
    assert second[3] < 100  # megabytes


def test_names_below_a_prefix() -> None:
    """As Courier and old Cyrus have them: `INBOX.Sent` is called Sent."""
    with dovecot(prefix="INBOX.", separator=".") as other:
        other.put([mail(1)])
        other.put([mail(2)], "Clients.Juniper")
        other.put([mail(9, author=world().people.reader.email)], "Sent")
        found = read(imap(other))
    assert {fact.place for fact in found if isinstance(fact, Message)} == {"Inbox", "Clients/Juniper", "Sent"}
    assert not [thing for thing in found if isinstance(thing, Skipped)]


# --- logins ----------------------------------------------------------------------------------------------------------


def test_a_wrong_password(server: Dovecot) -> None:
    with pytest.raises(AuthError, match=r"refused the login: \[AUTHENTICATIONFAILED\] Authentication failed") as found:
        read(imap(server, password="wrong"))
    assert "app password" in found.value.advice


@pytest.mark.parametrize(("tls", "which"), [("tls", "tls_port"), ("starttls", "port")])
def test_a_private_connection_with_a_checked_certificate(server: Dovecot, tls: str, which: str) -> None:
    """From the start and by STARTTLS; a certificate that nobody vouches for is refused before the login."""
    server.put([mail(1)])
    port = getattr(server, which)
    assert len(plain(read(imap(server, tls=tls, port=port, ca_file=str(server.authority))))) == 1
    before = server.log.count("Login:")
    with pytest.raises(SourceError, match=r"certificate of 127\.0\.0\.1 is not valid") as found:
        read(imap(server, tls=tls, port=port))
    assert "ca_file" in found.value.advice
    assert server.log.count("Login:") == before


def test_a_certificate_of_another_host() -> None:
    with dovecot(subject="DNS:imap.other.example") as other, pytest.raises(SourceError, match="is not valid"):
        read(imap(other, tls="tls", port=other.tls_port, ca_file=str(other.authority)))


def test_tls_where_the_port_speaks_none(server: Dovecot) -> None:
    with pytest.raises(SourceError, match="makes no private connection") as found:
        read(imap(server, tls="tls", port=server.port, ca_file=str(server.authority)))
    assert "993" in found.value.advice


def test_too_many_connections() -> None:
    with dovecot(connections=1) as server:
        server.put([mail(1)])
        held = imap(server)
        (stream,) = held.streams(window())
        reading = iter(stream.read(window(), None))
        next(reading)
        with pytest.raises(RateLimited, match="Maximum number of connections"):
            read(imap(server))
        del reading


def test_a_token_by_xoauth2(tmp_path: Path) -> None:
    """Dovecot asks a token service of ours whose token it is."""

    def service(request: Request) -> Reply:
        good = "token-good-1" in request.body.decode() + request.line
        return json_reply({"active": good, "username": USER} if good else {"active": False})

    with Loopback(service) as tokens:
        conf = tmp_path / "oauth2.conf"
        conf.write_text(
            f"introspection_mode = post\nintrospection_url = {tokens.url}/introspect\nusername_attribute = username\n"
            "active_attribute = active\nactive_value = true\n"
        )
        public = Path(shutil.copy(conf, f"/tmp/briefing-oauth2-{os.getpid()}.conf"))
        public.chmod(0o644)  # Dovecot's own user reads it
        extra = f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {public}\n}}\n"
        try:
            with dovecot(mechanisms="plain xoauth2 oauthbearer", extra=extra) as server:
                server.put([mail(1)])
                assert len(plain(read(imap(server, password="", access_token="token-good-1")))) == 1
                with pytest.raises(AuthError, match="refused the login"):
                    read(imap(server, password="", access_token="token-bad-1"))
        finally:
            public.unlink()
