"""IMAP on a hostile wire: each fault ends in facts or in a gap with cause and cure, in time, and tells no secret."""

from __future__ import annotations

import imaplib
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from imapclient.exceptions import LoginError

from briefing.connector import Gone, Ignored, Mark, Skipped
from briefing.demo.server.imap import Act, Server, Talk, serving
from briefing.demo.server.imap_faults import cut, cut_literal, drip, drip_lines, flood, hang, huge_literal, reset, says
from briefing.errors import AuthError, BadAnswer, MarkExpired, NotReached, RateLimited, SourceError
from briefing.facts import Fact
from briefing.http import Guards, set_testing
from briefing.log import redacted
from briefing.loopback import Loopback, Reply, Request, json_reply
from connectors.imap import Imap
from connectors.imap_wire import Server as Where
from connectors.imap_wire import explained
from tests.connectors.reading import NOW, window
from tests.connectors.test_imap import DANA, FILE, MAYA, TEXT, imap, mail, messages, parts, put, things

CANARY = "canary-9d41c7"
COMMANDS = (
    "GREETING",
    "CAPABILITY",
    "AUTHENTICATE",
    "ENABLE",
    "LIST",
    "NAMESPACE",
    "EXAMINE",
    "UID SEARCH",
    "UID FETCH",
)
SHORT = {"silence": 0.3, "budget": 1.0}
Things = list[Fact | Gone | Skipped | Ignored | Mark]


def filled() -> Server:
    """A mailbox with three mails."""
    server = Server(username=MAYA, password=CANARY)
    put(server, mail(1), mail(2, body=parts(TEXT, FILE)))
    server.folder("Sent", "\\Sent")
    put(server, mail(9, author=MAYA, to=DANA), folder="Sent")
    return server


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(filled()) as running:
        yield running


def read(server: Server, **settings: Any) -> Things:
    return things(server, password=CANARY, **{**SHORT, **settings})


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.imap.GRACE", 0.2)


# --- every fault on every command ------------------------------------------------------------------------------------

FAULTS: dict[str, Act] = {
    "hangs": hang, "drips": drip, "drips lines": drip_lines, "is cut": cut, "is cut within a text": cut_literal,
    "is reset": reset, "floods": flood(60), "sends a line without end": flood(60, b"x" * 1000),
    "announces 5 GB": huge_literal(5_000_000_000), "announces a text of 40 digits": says("* 1 FETCH (BODY[] {%s}" % ("9" * 40)),
    "says NO": says("TAG NO no such luck"), "says BAD": says("TAG BAD syntax"), "says BYE": says("* BYE shutting down"),
    "says BYE and alerts": says("* BYE [ALERT] come back on Monday"), "answers as a web server": says("HTTP/1.1 400 Bad Request"),
    "answers to another": says("zz99 OK done"), "says nothing true": says('* 1 FETCH (UID "x" BODY ((((((( {3}\nTAG OK'),
    "says rubbish": says("* SEARCH a b c\n* LIST x\n* NAMESPACE 7 7 7\n* OK [UIDVALIDITY x] y\n* ENABLED {1}\nTAG OK done"),
    "nests": says("* 1 FETCH (UID 1 BODYSTRUCTURE " + "(" * 5000 + ")" * 5000 + ")\nTAG OK done"),
    "sends control characters": says("TAG NO \x1b[2J\x1b]0;evil\x07 \u202egnp"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_any_command_is_told_with_cause_and_cure(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    """In time, without the password, and without what a terminal would obey. All commands side by side."""
    caplog.set_level(logging.DEBUG)
    with ThreadPoolExecutor(len(COMMANDS)) as pool:
        complaints = list(pool.map(lambda command: _complaints(FAULTS[fault], command), COMMANDS))
    assert dict(zip(COMMANDS, complaints, strict=True)) == dict.fromkeys(COMMANDS, "")
    assert CANARY not in redacted(caplog.text)


def _complaints(fault: Act, command: str) -> str:
    """What is wrong about reading under a fault; empty where all is as it should be."""
    began = time.monotonic()
    found: Things = []
    told = []
    with serving(filled()) as server, server.faulty(command, fault):
        try:
            found = read(server)
        except SourceError as error:
            told = [str(error), error.advice]
            if isinstance(error, MarkExpired) or not all(text.strip() for text in told):
                return f"no gap with cause and cure: {error!r}"
        except BaseException as error:  # noqa: BLE001  (whatever is raised is the finding)
            return f"raised {error!r}"
    # Some commands may fail at no cost; what makes the reading partial is told.
    if not told and len(messages(found)) != 3 and not any(isinstance(thing, Skipped) for thing in found):
        return f"only {len(messages(found))} mails, and nothing says so"
    told += [f"{thing.where} {thing.why}" for thing in found if isinstance(thing, Skipped)]
    if bad := [text for text in told if not text.isprintable() or CANARY in text]:
        return f"told: {bad!r}"
    return "" if time.monotonic() - began < 10 else "took too long"


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("hangs", NotReached, "did not answer in time"), ("drips", NotReached, "did not answer in time"),
        ("drips lines", NotReached, "did not answer in time"), ("is cut", SourceError, "cut the connection"),
        ("is cut within a text", SourceError, "cut the connection"), ("floods", BadAnswer, "more than is taken"),
        ("announces 5 GB", BadAnswer, "more than is taken"), ("says BYE", SourceError, "ended the connection: shutting down"),
        ("says NO", SourceError, "no such luck"), ("answers as a web server", BadAnswer, "does not answer as an IMAP server"),
    ],
)  # fmt: skip
def test_what_is_told_of_a_fault_in_the_middle(server: Server, fault: str, kind: type[SourceError], words: str) -> None:
    with server.faulty("UID FETCH", FAULTS[fault]), pytest.raises(kind, match=words):
        read(server, budget=20.0 if kind is BadAnswer else 1.0)  # no hurry where not the time is the point


def test_a_fault_later_on_leaves_no_half_a_reading(server: Server) -> None:
    """The first mails came; the rest did not: the reading fails, and no mark is given."""
    found: Things = []
    (stream,) = imap(server, password=CANARY, **SHORT).streams(window())
    with server.faulty(r"UID FETCH \S+ \(BODY", cut_literal, after=1), pytest.raises(SourceError):
        found.extend(stream.read(window(), None))
    assert not any(isinstance(thing, Mark) for thing in found)


def test_no_answer_fills_the_memory(server: Server) -> None:
    """A text of 5 GB is refused where it is announced, a line without end after so many megabytes."""
    import tracemalloc

    tracemalloc.start()
    try:
        for fault in ("announces 5 GB", "sends a line without end"):
            with server.faulty("UID FETCH", FAULTS[fault]), pytest.raises(SourceError):
                read(server, budget=20.0, silence=5.0)
        assert tracemalloc.get_traced_memory()[1] < 80_000_000
    finally:
        tracemalloc.stop()


def test_a_structure_that_cannot_be_read_costs_nothing(server: Server) -> None:
    """The mail's beginning serves in its place."""

    def nests(talk: Talk, command: str) -> bool:
        talk.say("* 2 FETCH (UID 2 BODYSTRUCTURE " + "(" * 40 + ")")
        talk.skip = talk.ok()
        return False

    with server.faulty(".*BODYSTRUCTURE", nests):
        found = messages(read(server))
    assert {fact.ref.id: fact.excerpt for fact in found}["2@northwind.example"] == "Zürich, Tuesday?"


def test_untagged_news_in_between_is_no_harm(server: Server) -> None:
    """Other mail programs are at work: counts, flags and expunges of other mails come at any time."""

    def news(talk: Talk, command: str) -> bool:
        talk.wfile.write(
            b"* 7 EXISTS\r\n* 3 EXPUNGE\r\n* 4 FETCH (FLAGS (\\Seen) UID 4)\r\n* OK [ALERT] disk nearly full\r\n"
        )
        return False

    with server.faulty("UID", news):
        assert len(messages(read(server))) == 3


# --- logins ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "kind", "cause", "cure"),
    [
        ("[AUTHENTICATIONFAILED] Invalid credentials (Failure)", AuthError, "refused the login", "app password"),
        ("LOGIN failed.", AuthError, "refused the login", "app password"),
        ("[ALERT] Application-specific password required: see the help (Failure)", AuthError, "wants an app password", "make an app password"),
        ("[AUTHORIZATIONFAILED] App password needed", AuthError, "wants an app password", "make an app password"),
        ("[WEBALERT https://accounts.example/x] Web login required.", AuthError, "wants a login in the browser", "in the browser"),
        ("[ALERT] Please log in via your web browser: https://x.example (Failure)", AuthError, "in the browser", "in the browser"),
        ("[PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure connections.", AuthError, "private", 'tls = "tls"'),
        ("[EXPIRED] The password has expired", AuthError, "has expired", "set a new one"),
        ("[ALERT] Your account is not enabled for IMAP use. Please visit your settings", AuthError, "no such login by IMAP", "refresh_token"),
        ("LogonDenied-BasicAuthBlocked-1", AuthError, "no such login by IMAP", "refresh_token"),
        ("[LIMIT] Too many simultaneous connections. (Failure)", RateLimited, "allows no more", "close other mail programs"),
        ("[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", RateLimited, "allows no more", "less often"),
        ("[UNAVAILABLE] Temporary authentication failure.", SourceError, "takes no login at the moment", "try later"),
        ("[INUSE] Mailbox locked", SourceError, "takes no login at the moment", "try later"),
    ],
)  # fmt: skip
def test_a_refused_login_says_what_to_do(
    server: Server, words: str, kind: type[SourceError], cause: str, cure: str
) -> None:
    def refuses(talk: Talk, command: str) -> None:
        talk.say("+ ")
        talk.rfile.readline()
        talk.no(words)

    with server.faulty("AUTHENTICATE", refuses), pytest.raises(kind, match=cause) as found:
        read(server)
    assert type(found.value) is kind
    assert cure in found.value.advice


def test_a_refused_login_is_not_tried_again(server: Server) -> None:
    """Each try may lock the account: by all threads of an instance together it is tried once."""
    built = imap(server, password="wrong-3", **SHORT)
    for _ in range(3):
        with pytest.raises(AuthError):
            list(built.streams(window())[0].read(window(), None))
    assert server.commands().count("AUTHENTICATE") == 1


def test_a_connection_cut_during_the_login_is_no_refusal(server: Server) -> None:
    with server.faulty("AUTHENTICATE", cut), pytest.raises(SourceError, match="cut the connection") as found:
        read(server)
    assert not isinstance(found.value, AuthError)


def test_too_many_connections_are_told_by_the_greeting(server: Server) -> None:
    server.greeting = "* BYE Maximum number of connections from user+IP exceeded"
    with pytest.raises(RateLimited, match="Maximum number of connections"):
        read(server)


def test_passwords_of_any_letters(server: Server) -> None:
    """By PLAIN; by LOGIN where there is no other way and the letters allow it."""
    server.password = 'p\u00e4ss "w\\ord {3}'
    assert len(messages(things(server, password=server.password))) == 3
    server.capabilities = "IMAP4rev1"
    with pytest.raises(AuthError, match="only letters of ASCII"):
        things(server, password=server.password)
    server.password = "plain word"
    assert len(messages(things(server, password=server.password))) == 3
    server.capabilities = "IMAP4rev1 LOGINDISABLED STARTTLS"
    with pytest.raises(AuthError, match="LOGINDISABLED"):
        things(server, password=server.password)


def test_a_token_by_xoauth2(server: Server) -> None:
    """Refused, the server's reason is answered with nothing, as the mechanism wants it."""
    server.tokens = {"token-4711"}
    assert len(messages(things(server, password="", access_token="token-4711"))) == 3
    with pytest.raises(AuthError, match=r"Invalid credentials$"):
        things(server, password="", access_token="token-old-1")


class Tokens:
    """A token service."""

    def __init__(self, server: Server) -> None:
        self.server, self.count, self.status = server, 0, 200
        self.body: Any = None

    def __call__(self, request: Request) -> Reply:
        form = request.form()
        assert (request.method, request.path) == ("POST", "/token")
        assert (form["grant_type"], form["client_id"]) == ("refresh_token", "client")
        self.count += 1
        self.server.tokens = {f"access-{self.count}"}
        body = self.body or {"access_token": f"access-{self.count}", "expires_in": 3600}
        return json_reply(body, status=self.status)


@pytest.fixture
def tokens(server: Server) -> Iterator[tuple[Tokens, str]]:
    site = Tokens(server)
    set_testing(Guards(total=2, first_wait=0.01, tries=2))
    with Loopback(site) as running:
        yield site, f"{running.url}/token"
    set_testing(None)


def renewing(server: Server, url: str, path: str = "") -> Imap:
    return imap(
        server, password="", refresh_token=CANARY, client_id="client", client_secret="canary-secret", token_url=url,
        token_file=path, **SHORT,
    )  # fmt: skip


def test_a_token_is_renewed_and_kept(server: Server, tokens: tuple[Tokens, str], tmp_path: Any) -> None:
    """Asked for once, by every instance of the source; anew where the server refuses it."""
    site, url = tokens
    for _ in range(2):
        built = renewing(server, url, str(tmp_path / "token.json"))
        assert len(messages(list(built.streams(window())[0].read(window(), None)))) == 3
    assert site.count == 1
    server.tokens = {"another"}
    built = renewing(server, url, str(tmp_path / "token.json"))
    assert len(messages(list(built.streams(window())[0].read(window(), None)))) == 3
    assert site.count == 2


def test_a_token_that_is_never_right_is_no_storm(server: Server, tokens: tuple[Tokens, str]) -> None:
    site, url = tokens
    site.body = {"access_token": "never-right"}
    built = renewing(server, url)
    threads = [threading.Thread(target=_quietly, args=(built,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert site.count <= 5
    before = site.count, server.commands().count("AUTHENTICATE")
    _quietly(built)
    assert (site.count, server.commands().count("AUTHENTICATE")) == before


def _quietly(built: Imap) -> None:
    with pytest.raises(AuthError):
        list(built.streams(window())[0].read(window(), None))


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, AuthError, "expired or revoked"),
        (401, {"error": "invalid_client"}, AuthError, "invalid_client"),
        (200, {"error": "odd"}, BadAnswer, "without a token"), (200, [], BadAnswer, "without a token"),
        (503, {}, SourceError, "answers 503"),
    ],
)  # fmt: skip
def test_a_token_service_that_gives_none(
    server: Server, tokens: tuple[Tokens, str], status: int, body: Any, kind: type[SourceError], words: str
) -> None:
    site, url = tokens
    site.status, site.body = status, body or [1]
    with pytest.raises(kind, match=words) as found:
        list(renewing(server, url).streams(window())[0].read(window(), None))
    assert found.value.advice
    assert "canary" not in f"{found.value} {found.value.advice}"
    assert not server.asked[1:]


# --- privacy ---------------------------------------------------------------------------------------------------------


def test_a_login_never_goes_in_plain_text(server: Server) -> None:
    """STARTTLS that is not offered, or that somebody in between has taken out of the offer."""
    with pytest.raises(SourceError, match="offers no STARTTLS"):
        read(server, tls="starttls")
    assert "AUTHENTICATE" not in server.commands()


def test_words_before_tls_are_not_taken_for_private(server: Server) -> None:
    """A server, or somebody in between, that sends on after saying yes to STARTTLS."""
    server.capabilities += " STARTTLS"
    with server.faulty("STARTTLS", says("TAG OK begin\n* CAPABILITY IMAP4rev1 AUTH=PLAIN")), pytest.raises(SourceError):
        read(server, tls="starttls")
    assert "AUTHENTICATE" not in server.commands()


def test_a_connection_that_begins_logged_in_is_not_taken_for_private(server: Server) -> None:
    server.greeting, server.capabilities = "* PREAUTH welcome", server.capabilities + " STARTTLS"
    with pytest.raises(SourceError, match="offers no STARTTLS"):
        read(server, tls="starttls")


def test_tls_on_a_port_that_speaks_none(server: Server) -> None:
    with pytest.raises(SourceError, match=r"no private connection|did not answer|cut|reached") as found:
        read(server, tls="tls")
    assert found.value.advice


def test_an_authority_that_cannot_be_read(server: Server, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    for path in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        with pytest.raises(SourceError, match="ca_file cannot be read"):
            read(server, tls="tls", ca_file=str(path))


def test_nobody_listens() -> None:
    built = Imap(source="mail", host="127.0.0.1", port=1, tls="none", username=MAYA, password="word", **SHORT)  # type: ignore[arg-type]
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:1 cannot be reached"):
        list(built.streams(window())[0].read(window(), None))


def test_an_unknown_host() -> None:
    import socket

    error = explained(
        socket.gaierror(-2, "Name or service not known"),
        Where(source="mail", host="imap.example", port=993, tls="tls"),
        "connecting",
    )
    assert "imap.example is not known" in str(error)


def test_what_libraries_raise_becomes_words() -> None:
    """Whatever it is: a cause and a cure."""
    where = Where(source="mail", host="imap.example", port=993, tls="tls")
    for error in (
        ValueError("x"), RecursionError(), IndexError(), AttributeError("y"), UnicodeDecodeError("ascii", b"", 0, 1, "z"),
        LoginError("no"), imaplib.IMAP4.error(b"* BYE bye"), imaplib.IMAP4.abort("socket error: EOF"), OSError(113, "No route"),
        imaplib.IMAP4.readonly("mailbox"), KeyError("k"), TimeoutError(),
    ):  # fmt: skip
        found = explained(error, where, "searching")
        assert str(found)
        assert found.advice


# --- clocks ----------------------------------------------------------------------------------------------------------


def test_a_clock_that_is_off_states_nothing_of_the_future(server: Server) -> None:
    """The server's clock is two hours ahead: what it dates later than now is counted, and told the next time."""
    put(server, mail(5, hours=-2))
    found = read(server)
    assert "5@northwind.example" not in {fact.ref.id for fact in messages(found)}
    assert [thing.count for thing in found if isinstance(thing, Ignored) and "later than" in thing.why] == [1]
    assert isinstance(found[-1], Mark)
    later = things(server, found[-1], window(NOW + timedelta(hours=3)), password=CANARY)
    assert [fact.ref.id for fact in messages(later)] == ["5@northwind.example"]
