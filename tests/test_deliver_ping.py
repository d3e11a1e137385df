"""Signs of life to a dead-man's switch on this machine: what it is sent, and that a run neither waits nor fails for it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from briefing.cli import commands
from briefing.cli import run as cli_run
from briefing.cli import schedule as schedules
from briefing.deliver import ping as pings
from briefing.deliver.ping import LARGEST, Ping, body_of
from briefing.deliver.run import alone
from briefing.http import with_guards
from briefing.log import never_print
from briefing.loopback import Fault, Loopback, Reply, manner, status, text_reply
from briefing.workspace import folder_of
from tests.commandline import Run, at_home, runner
from tests.mail_server import Post, serving

START = datetime(2026, 11, 23, tzinfo=UTC)
KEY = "0f9c2b1e-5d0c-4b7e-9d5a-000000000001"
CONFIG = """
[workspace]
timezone = "Europe/Berlin"
holidays = ["2026-11-25"]
[ping]
url = "env:PING_URL"
[schedule]
time = "06:30"
catch_up = "2h"
[deliver.archive]
use = "file"
folder = "editions"
forms = ["md"]
"""
BROKEN_MAIL = """
[[audience]]
emails = ["maya@harbourlane.example"]
[deliver.mail]
use = "email"
host = "127.0.0.1"
port = 1
tls = "none"
from = "briefing@harbourlane.example"
patience = 0
"""


@pytest.fixture(scope="module")
def switch() -> Iterator[Loopback]:
    with Loopback(lambda _: text_reply("OK")) as server:
        yield server


@contextmanager
def refusing() -> Iterator[int]:
    """A mail server that knows nobody."""
    post = Post()
    with serving(post) as port:
        post.rcpt = {"maya@harbourlane.example": "550 5.1.1 no such user"}
        yield port


class Home:
    """A machine whose clock the test sets, and its switch."""

    def __init__(self, folder: Path, run: Run, switch: Loopback) -> None:
        self.config, self.briefing, self.switch, self.now = folder / "briefing.toml", run, switch, START
        self.config.write_text(CONFIG, encoding="utf-8")

    def at(self, when: str, *arguments: str) -> tuple[int, str, str]:
        self.now = datetime.fromisoformat(f"{when}+01:00")
        self.switch.requests.clear()
        return self.briefing("run", "--config", self.config, *arguments)

    @property
    def signs(self) -> list[str]:
        """`/start`, and so on, of one run."""
        runs = {one.param("rid") for one in self.switch.requests}
        assert len(runs) <= 1
        assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", run) for run in runs)
        return [f"{one.method} {one.path.removeprefix(f'/{KEY}')}".strip() for one in self.switch.requests]

    @property
    def told(self) -> str:
        return self.switch.requests[-1].body.decode()


@pytest.fixture
def home(tmp_path: Path, switch: Loopback, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    at_home(tmp_path, monkeypatch)
    monkeypatch.setenv("PING_URL", f"{switch.url}/{KEY}")
    made = Home(tmp_path / "work", runner(monkeypatch, capsys), switch)
    for module in (schedules, cli_run, commands):
        monkeypatch.setattr(module, "clock", lambda: made.now)
    return made


def test_a_run_says_that_it_began_and_after_delivery_that_it_went_well(home: Home) -> None:
    assert home.at("2026-11-23T06:30")[0] == 0
    assert home.signs == ["POST /start", "POST"]
    assert re.fullmatch(r"archive: written to .*editions, 06:30\.\n", home.told)
    assert home.at("2026-11-23T07:00")[0] == 0
    assert home.signs == ["POST /start", "POST"]
    assert "is settled; nothing is sent twice." in home.told


def test_what_is_not_delivered_is_a_failure_with_its_code(home: Home) -> None:
    home.config.write_text(CONFIG + BROKEN_MAIL, encoding="utf-8")
    assert home.at("2026-11-23T06:30")[0] == 1
    assert home.signs == ["POST /start", "POST /1"]
    assert "mail: not sent to maya@harbourlane.example" in home.told
    (folder_of(home.config) / "ledger.sqlite").write_bytes(b"nonsense")
    assert home.at("2026-11-24T06:30")[0] == 1
    assert home.signs == ["POST /start", "POST /1"]
    assert "cannot be read" in home.told


def test_no_sign_of_what_is_not_the_whole_delivery(home: Home) -> None:
    """A dry run, one channel alone, and a run beside another that gives its own."""
    assert home.at("2026-11-23T06:30", "--dry-run")[0] == 0
    assert home.signs == []
    with alone(folder_of(home.config)):
        assert home.at("2026-11-23T06:30")[0] == 75
    assert home.signs == []
    assert home.at("2026-11-23T06:30", "archive")[0] == 0
    assert home.signs == []


def test_what_is_wrong_for_one_audience_is_no_success(home: Home) -> None:
    """Maya's mail is refused at 06:30; Tom's files are there, at the next look too, and at 07:15 Ben's come."""
    more = (
        BROKEN_MAIL.replace("emails", 'name = "Maya"\nchannels = ["mail"]\nemails')
        + "".join(
            f'[[audience]]\nname = "{name}"\ntime = "{at}"\nchannels = ["{name}"]\n'
            for name, at in (("Tom", "06:30"), ("Ben", "07:15"))
        )
        + '[deliver.Tom]\nuse = "file"\nfolder = "tom"\n[deliver.Ben]\nuse = "file"\nfolder = "ben"\n'
    )
    home.config.write_text(CONFIG.partition("[deliver.archive]")[0] + more, encoding="utf-8")
    with refusing() as port:
        home.config.write_text(home.config.read_text("utf-8").replace("port = 1\n", f"port = {port}\n"), "utf-8")
        for when, signs in (
            ("2026-11-23T06:30", ["POST /start", "POST /1"]), ("2026-11-23T06:45", []),
            ("2026-11-23T07:15", ["POST /start", "POST /1"]), ("2026-11-23T07:30", []),
        ):  # fmt: skip
            assert (home.at(when, "--scheduled")[0], home.signs) == (1, signs), when


def test_a_scheduler_gives_one_sign_of_success_a_day_on_free_days_too(home: Home) -> None:
    """Sent by hand before its time on Tuesday; Wednesday is a holiday, Saturday no workday."""
    for when, signs in (
        ("2026-11-23T06:15", []), ("2026-11-23T06:30", ["POST /start", "POST"]), ("2026-11-23T06:45", []),
        ("2026-11-25T06:15", []), ("2026-11-25T06:30", ["POST"]), ("2026-11-25T06:45", []),
        ("2026-11-28T08:15", ["POST"]), ("2026-11-29T08:30", []),
    ):  # fmt: skip
        assert (home.at(when, "--scheduled"), home.signs) == ((0, "", ""), signs), when
        if when == "2026-11-25T06:30":
            assert home.told == "Wednesday 25 November 2026 is a holiday.\n"
    home.at("2026-11-24T05:00")
    home.at("2026-11-24T06:30", "--scheduled")
    assert home.signs == ["POST"]


def test_a_sign_that_was_not_taken_is_given_at_the_next_look(home: Home) -> None:
    with home.switch.faulty(status(500)):
        assert home.at("2026-11-25T06:30", "--scheduled") == (0, "", "")
    assert home.signs == ["POST", "POST"]  # two tries
    assert home.at("2026-11-25T06:45", "--scheduled") == (0, "", "")
    assert home.signs == ["POST"]


@pytest.mark.parametrize("fault", [manner("hang"), manner("reset"), manner("cut"), manner("drip_headers"), status(404)])
def test_a_switch_that_does_not_answer_neither_holds_up_nor_fails_a_run(
    home: Home, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pings, "GUARDS", with_guards(pings.GUARDS, total=0.2, silence=0.2, first_wait=0.01))
    monkeypatch.setattr(Ping.__init__, "__kwdefaults__", {"guards": pings.GUARDS, "longest": 1.0})
    began = time.monotonic()
    with home.switch.faulty(fault):
        assert home.at("2026-11-23T06:30")[0] == 0
    assert time.monotonic() - began < 10
    assert 2 <= len(home.signs) <= 4  # start and end, each tried twice at most
    log = (folder_of(home.config) / "log.jsonl").read_text(encoding="utf-8")
    assert "ping/start: " in log
    assert KEY not in log


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "ping.url: the environment variable PING_URL is not set"),
        ("http://hc.example/x", "ping.url: is no address that begins with https://"),
        ("ftp://127.0.0.1/x", "ping.url: is no address that begins with https://"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_and_stops_nothing(
    home: Home, url: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PING_URL", url)
    code, _, err = home.at("2026-11-23T06:30")
    assert (code, err) == (0, f"briefing: {says}\n")
    code, out, _ = home.briefing("doctor", "--config", home.config)
    assert says in " ".join(out.split())


def test_the_address_is_a_reference(home: Home) -> None:
    home.config.write_text(CONFIG.replace("env:PING_URL", "https://hc.example/x"), encoding="utf-8")
    code, _, err = home.at("2026-11-23T06:30")
    assert code == 2
    assert "ping.url: write a reference such as env:NAME or file:PATH" in err


def test_what_goes_along_holds_no_secret_and_has_an_end() -> None:
    never_print("hunter2hunter2")
    assert body_of(["login hunter2hunter2\n refused"]) == b"login [removed] refused\n"
    assert len(body_of(["x" * 99] * 1000)) == LARGEST


def test_a_query_of_the_address_stays(switch: Loopback) -> None:
    switch.requests.clear()
    assert Ping(f"{switch.url}/key/morning/?create=1").ended(300, ())
    (request,) = switch.requests
    assert (request.path, request.param("create")) == ("/key/morning/255", "1")


def test_an_answer_that_is_a_redirect_is_not_followed(switch: Loopback) -> None:
    away = Fault(change=lambda *_: Reply(status=302, headers=(("Location", "http://other.example/"),)))
    with switch.faulty(away):
        assert not Ping(f"{switch.url}/key").ended(0, ())
