"""Mail over SMTP on the real wire: every reply of the reference's table, and what the ledger makes of it."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from briefing.deliver import Begin, NotAllowed, Outcome
from briefing.deliver.edition import Edition
from briefing.deliver.mail import Envelope, address
from briefing.deliver.outbox import Outbox, Outgoing, Pace
from briefing.deliver.policy import Standing, standings
from briefing.deliver.smtp import Email, Server, Tls
from briefing.errors import AuthError
from briefing.log import redacted
from briefing.store.ledger import Ledger
from tests.mail_server import CERTIFICATE, CUT, HANG, Post, serving

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
MAYA, BO = "maya@harbourlane.example", "bo@harbourlane.example"
EDITION = Edition(
    workspace="Harbour Lane", audience="Maya", date=NOW.date(), made_at=NOW, subject="1 to decide (Mon 23 Nov)",
    forms={"text": "Good morning.\n.a line with a full stop\n", "html": "<p>Good morning.</p>\n", "md": "", "json": ""},
)  # fmt: skip


@pytest.fixture(scope="module")
def ports() -> Iterator[Mapping[str, int]]:
    with serving(POST) as plain, serving(POST, tls="tls") as tls, serving(POST, tls="starttls") as starttls:
        yield {"none": plain, "tls": tls, "starttls": starttls}


POST = Post()


@pytest.fixture
def post(ports: Mapping[str, int]) -> Post:
    POST.reset()
    return POST


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "ledger.sqlite", may_begin=True)
    yield made
    made.close()


class Wire:
    """A channel and its outbox."""

    def __init__(
        self, ledger: Ledger, port: int, tls: Tls = "none", *, to: Sequence[str] = (MAYA,), **more: object
    ) -> None:
        self.ledger = ledger
        deadline, patience = more.pop("deadline", 5.0), more.pop("patience", 0.0)
        assert isinstance(deadline, float)
        assert isinstance(patience, float)
        server = Server(host="127.0.0.1", port=port, tls=tls, **{"ca_file": CERTIFICATE, **more})  # type: ignore[arg-type]
        envelope = Envelope(
            channel="mail", sender=address("Briefing <briefing@harbourlane.example>"), to=tuple(map(address, to))
        )
        self.channel = Email("mail", envelope, server, deadline=deadline, patience=patience)
        self.slept: list[float] = []

    def send(self, *, again: bool = False, run: str = "1") -> dict[str, Standing]:
        body = self.channel.fixed(EDITION)
        outgoing = Outgoing(edition=EDITION, bodies={"mail": body})
        outbox = Outbox(self.ledger, outgoing, run=run, pace=Pace(now=lambda: NOW, sleep=self.slept.append))
        return {
            to: one
            for (_, to), one in outbox.deliver(
                [self.channel], again={("mail", to) for to in self.channel.recipients} if again else ()
            ).items()
        }

    def states(self) -> list[tuple[str, str]]:
        return [(one.recipient.partition("@")[0], one.state) for one in self.ledger.entries("Maya", NOW.date())]


@pytest.mark.parametrize(
    ("answers", "result", "detail", "automatic"),
    [
        ({}, "sent", "250 2.0.0 queued", "none"),
        ({"mail": "451 later"}, "deferred", "451 later", "sent"),
        ({"mail": "550 not from you"}, "refused", "550 not from you", "none"),
        ({"mail": "530 5.7.0 log in first"}, "refused", "530 5.7.0 log in first", "none"),
        ({"rcpt": "450 greylisted"}, "deferred", "450 greylisted", "sent"),
        ({"rcpt": "550 5.1.1 no such user"}, "refused", "550 5.1.1 no such user", "none"),
        ({"rcpt": "421 closing"}, "deferred", "421 closing", "sent"),
        ({"data": "451 try later"}, "deferred", "451 try later", "sent"),
        ({"data": "421 going down"}, "deferred", "421 going down", "sent"),
        ({"data": "552 5.2.2 mailbox full"}, "refused", "552 5.2.2 mailbox full", "none"),
        ({"data": CUT}, "uncertain", "no answer to the mail: Connection unexpectedly closed", "none"),
        ({"data": HANG}, "uncertain", "no answer", "none"),
    ],
    ids=str,
)
def test_what_a_reply_means(
    ledger: Ledger,
    ports: Mapping[str, int],
    post: Post,
    answers: Mapping[str, str],
    result: str,
    detail: str,
    automatic: str,
) -> None:
    """And what the next run does by itself: a second mail only where the first was put off for certain."""
    post.mail = answers.get("mail", "")
    post.rcpt = {MAYA: answers["rcpt"]} if "rcpt" in answers else {}
    post.data = [answers["data"]] if "data" in answers else []
    wire = Wire(ledger, ports["none"], deadline=1.5 if answers.get("data") == HANG else 5.0)
    found = wire.send()[MAYA]
    assert found.state == result
    assert detail in found.detail
    before, asked = len(post.taken), post.asked
    post.mail, post.rcpt = "", {}
    again = wire.send(run="2")[MAYA]
    assert len(post.taken) - before == (1 if automatic == "sent" else 0)
    assert again.state == ("sent" if automatic == "sent" else result)
    assert (post.asked > asked) == (automatic == "sent")


def test_one_of_several_is_refused_and_the_others_have_it(ledger: Ledger, ports: Mapping[str, int], post: Post) -> None:
    post.rcpt = {BO: "550 5.1.1 no such user"}
    found = Wire(ledger, ports["none"], to=(MAYA, BO)).send()
    assert {to: one.state for to, one in found.items()} == {MAYA: "sent", BO: "refused"}
    assert [to for to, _ in post.taken] == [(MAYA,)]


@pytest.mark.parametrize("second", ["450 greylisted", "421 closing", "550 5.1.1 no such user"])
def test_all_of_several_are_refused_each_by_its_own_reply(
    ledger: Ledger, ports: Mapping[str, int], post: Post, second: str
) -> None:
    """smtplib has one exception for the three; whoever was put off alone is tried again."""
    post.rcpt = {MAYA: "550 5.1.1 no such user", BO: second}
    found = Wire(ledger, ports["none"], to=(MAYA, BO)).send()
    later = second.startswith("4")
    assert {to: one.state for to, one in found.items()} == {MAYA: "refused", BO: "deferred" if later else "refused"}
    post.rcpt = {}
    Wire(ledger, ports["none"], to=(MAYA, BO)).send(run="2")
    assert [to for to, _ in post.taken] == [(BO,)] * later


def test_one_of_several_is_put_off_and_alone_tried_again_with_the_same_bytes(
    ledger: Ledger, ports: Mapping[str, int], post: Post
) -> None:
    post.rcpt = {BO: "450 greylisted"}
    wire = Wire(ledger, ports["none"], to=(MAYA, BO))
    assert {to: one.state for to, one in wire.send().items()} == {MAYA: "sent", BO: "deferred"}
    post.rcpt = {}
    assert {to: one.state for to, one in wire.send().items()} == {MAYA: "sent", BO: "sent"}
    assert [to for to, _ in post.taken] == [(MAYA,), (BO,)]
    assert post.taken[0][1] == post.taken[1][1]


def test_patience_is_bounded(ledger: Ledger, ports: Mapping[str, int], post: Post) -> None:
    """Greylisted at 0, 1, 3 and 8 minutes: the fifth try, at 20, is the last."""
    post.rcpt = {MAYA: "450 greylisted"}
    wire = Wire(ledger, ports["none"], patience=1200.0)
    assert wire.send()[MAYA].state == "deferred"
    assert post.asked == 5
    assert [round(one / 60) for one in wire.slept] == [1, 3, 8, 20]  # from the start: this clock stands still


def test_patience_ends_with_the_first_yes(ledger: Ledger, ports: Mapping[str, int], post: Post) -> None:
    post.data = ["451 later", "451 later"]
    wire = Wire(ledger, ports["none"], patience=1200.0)
    assert wire.send()[MAYA].state == "sent"
    assert (len(post.taken), len(wire.slept)) == (1, 2)
    assert wire.states() == [("maya", state) for state in "sending deferred sending deferred sending sent".split()]


def test_the_reader_may_send_again_and_it_is_the_same_mail(
    ledger: Ledger, ports: Mapping[str, int], post: Post
) -> None:
    post.data = [CUT]
    wire = Wire(ledger, ports["none"])
    assert wire.send()[MAYA].state == "uncertain"
    assert wire.send(again=True)[MAYA].state == "sent"
    first, second = post.taken
    assert first == second
    assert post.mails[0]["Message-ID"] == post.mails[1]["Message-ID"]


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_private_connection_with_a_password(ledger: Ledger, ports: Mapping[str, int], post: Post, tls: Tls) -> None:
    wire = Wire(ledger, ports[tls], tls, username="briefing", password="right-password")
    assert wire.send()[MAYA].state == "sent"
    assert post.logins == [("briefing", "right-password")]
    text = post.mails[0].get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["Good morning.", ".a line with a full stop"]


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_login(
    ledger: Ledger, ports: Mapping[str, int], post: Post, tls: Tls
) -> None:
    wire = Wire(ledger, ports[tls], tls, username="briefing", password="right-password", ca_file=None)
    found = wire.send()[MAYA]
    assert found.state == "deferred"
    assert "the certificate of 127.0.0.1 is not valid" in found.detail
    assert post.logins == []


def test_nothing_is_sent_in_plain_text_where_starttls_is_missing(
    ledger: Ledger, ports: Mapping[str, int], post: Post
) -> None:
    wire = Wire(ledger, ports["none"], "starttls", username="briefing", password="right-password")
    found = wire.send()[MAYA]
    assert (found.state, found.detail) == ("refused", "the server offers no STARTTLS; nothing is sent in plain text")
    assert post.logins == []


@pytest.mark.parametrize("how", ["password", "token"])
def test_a_refused_login_is_asked_once_and_never_again_by_itself(
    ledger: Ledger, ports: Mapping[str, int], post: Post, how: str
) -> None:
    """Trying again may lock the account."""
    proof = {"password": "wrong-password"} if how == "password" else {"token": lambda: "stale-token"}
    wire = Wire(ledger, ports["none"], username="briefing", patience=1200.0, **proof)
    found = wire.send()[MAYA]
    assert (found.state, found.detail) == ("refused", "login refused: 535 5.7.8")
    assert wire.send()[MAYA].state == "refused"
    assert len(post.logins) == 1
    assert post.asked == 0


@pytest.mark.parametrize("how", ["password", "token"])
@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("500", "login refused: 500"),
        ("530 5.7.0", "login refused: 530 5.7.0"),
        ("535 5.7.8", "login refused: 535 5.7.8"),
        ("454 4.7.0", "login put off: 454 4.7.0"),
    ],
)
def test_a_server_that_quotes_the_login_shows_nobody_the_password(
    ledger: Ledger, ports: Mapping[str, int], post: Post, how: str, code: str, detail: str
) -> None:
    """On the wire it is coded, and whoever has that has the password. A later reply may quote it too."""
    proof = {"password": "quoted-password"} if how == "password" else {"token": lambda: "quoted-password"}
    plain = {"password": "\0briefing\0quoted-password", "token": "user=briefing\x01auth=Bearer quoted-password\x01\x01"}
    coded = base64.b64encode(plain[how].encode()).decode()
    post.refusal = f'{code} Command unrecognized: "AUTH {coded}"'
    assert Wire(ledger, ports["none"], username="briefing", **proof).send()[MAYA].detail == detail
    assert redacted(f"seen before: AUTH {coded}") == "seen before: AUTH [removed]"


def test_a_token_logs_in(ledger: Ledger, ports: Mapping[str, int], post: Post) -> None:
    post.password = "access-1"
    wire = Wire(ledger, ports["tls"], "tls", username="maya", token=lambda: "access-1")
    assert wire.send()[MAYA].state == "sent"
    assert post.logins == [("maya", "access-1")]


def test_a_token_that_cannot_be_had_puts_off(ledger: Ledger, ports: Mapping[str, int], post: Post) -> None:
    def token() -> str:
        raise AuthError("the service gives no new token")

    found = Wire(ledger, ports["none"], username="maya", token=token).send()[MAYA]
    assert (found.state, found.detail) == ("deferred", "no token for the login: the service gives no new token")


def test_a_server_that_is_not_there_puts_off(ledger: Ledger) -> None:
    found = Wire(ledger, 1).send()[MAYA]
    assert found.state == "deferred"
    assert "127.0.0.1:1 cannot be reached" in found.detail


def test_what_may_not_begin_is_not_sent_and_not_waited_for(
    ledger: Ledger, ports: Mapping[str, int], post: Post
) -> None:
    """The server waits for the mail and must not take our good-bye for it."""
    channel = Wire(ledger, ports["none"]).channel
    began = time.monotonic()
    with pytest.raises(NotAllowed):
        channel.send(EDITION, channel.fixed(EDITION), [MAYA], lambda _: False)
    assert time.monotonic() - began < 4
    assert (post.asked, post.taken) == (1, [])


class Slow:
    """A channel that hangs before or after it asks, and then goes on."""

    name, kind, recipients, patience, repeatable = "slow", "e-mail", (MAYA,), 0.0, False

    def __init__(self, *, asks_first: bool) -> None:
        self.asks_first = asks_first
        self.deadline = 1.5 if asks_first else 0.05  # a busy machine must have come to the question
        self.goes_on, self.ended = threading.Event(), threading.Event()
        self.sent = False

    def fixed(self, edition: Edition) -> bytes:
        return b""

    def shown(self, edition: Edition, body: bytes) -> str:
        return ""

    def tried(self) -> Outcome:
        return Outcome(result="sent")

    def send(self, edition: Edition, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        allowed = self.asks_first and begin(recipients)
        self.goes_on.wait(10)
        self.sent = allowed or begin(recipients)
        self.ended.set()
        return dict.fromkeys(recipients, Outcome(result="sent"))


@pytest.mark.parametrize(("asks_first", "state"), [(True, "uncertain"), (False, "deferred")])
def test_a_channel_that_hangs_costs_its_deadline(ledger: Ledger, *, asks_first: bool, state: str) -> None:
    """What it had not begun by then it may not begin later; what it had begun nobody knows."""
    channel = Slow(asks_first=asks_first)
    outbox = Outbox(ledger, Outgoing(edition=EDITION, bodies={}), run="1", pace=Pace(now=lambda: NOW))
    found = outbox.deliver([channel])["slow", MAYA]
    assert (found.state, found.detail) == (state, f"no answer within {channel.deadline:g} s")
    channel.goes_on.set()
    assert channel.ended.wait(10)
    assert channel.sent == asks_first
    assert standings(ledger.entries("Maya", NOW.date()))["slow", MAYA] == found


def test_a_failing_channel_does_not_stop_the_others(ledger: Ledger, ports: Mapping[str, int], post: Post) -> None:
    class Wrong(Slow):
        def send(self, *_: object) -> Mapping[str, Outcome]:
            raise RuntimeError("a fault")

    mail = Wire(ledger, ports["none"]).channel
    outgoing = Outgoing(edition=EDITION, bodies={"mail": mail.fixed(EDITION)})
    outbox = Outbox(ledger, outgoing, run="1", pace=Pace(now=lambda: NOW))
    found = outbox.deliver([Wrong(asks_first=True), mail])
    assert found["slow", MAYA].state == "deferred"
    assert found["slow", MAYA].detail == "a fault of ours (RuntimeError)"
    assert found["mail", MAYA].state == "sent"
