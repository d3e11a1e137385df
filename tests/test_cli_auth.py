"""`briefing auth SOURCE`: at a real terminal, without one, refused, and where a source has no login of its own."""

from __future__ import annotations

import json
import os
import pty
import select
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from briefing.loopback import Loopback, Reply, Request, status
from briefing.store import Attempt, Listing, StreamKey
from briefing.workspace import configured
from tests.commandline import Run, at_home, runner
from tests.tiny import TinySite, install


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)


@pytest.fixture
def briefing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def site() -> TinySite:
    return TinySite()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: TinySite) -> Iterator[Loopback]:
    install(tmp_path, monkeypatch)
    with Loopback(site) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, server: Loopback) -> Path:
    path = tmp_path / "briefing.toml"
    path.write_text(
        f'[sources.robot]\nuse = "tiny_login"\nbase_url = "{server.url}"\n'
        f'[sources.fixed]\nuse = "tiny"\nbase_url = "{server.url}"\ntoken = "env:TINY_TOKEN"\n'
        '[sources.files]\nuse = "deals_csv"\npath = "deals.csv"\n',
        encoding="utf-8",
    )
    return path


def typing(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Somebody sits at the terminal and types this."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("getpass.getpass", lambda _: answer)


def token_file(config: Path) -> Path:
    return configured(config).token_file("robot")


# A process whose standard input becomes its controlling terminal, as in a terminal window.
AT_TERMINAL = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.executable, [sys.executable, '-m', 'briefing', *sys.argv[1:]])\n"
)


def at_terminal(arguments: list[str], answers: dict[str, str | Callable[[str], str]]) -> tuple[int, str]:
    """Run a command at a real terminal: what was seen there, each answer typed once its question stood there. An answer
    may be made of what was seen so far.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", AT_TERMINAL, *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    seen, until = "", time.monotonic() + 30
    left = dict(answers)
    while time.monotonic() < until:
        if select.select([ours], [], [], 0.05)[0]:
            try:
                seen += os.read(ours, 4096).decode()
            except OSError:  # the other end is closed: it has ended
                break
        for question in [question for question in left if question in seen]:
            answer = left.pop(question)
            os.write(ours, f"{answer(seen) if callable(answer) else answer}\n".encode())
    os.close(ours)
    return process.wait(timeout=10), seen


def test_a_password_typed_at_a_terminal_is_not_shown_and_its_token_is_kept_privately(config: Path) -> None:
    code, seen = at_terminal(["auth", "robot", "--config", str(config)], {"(not shown): ": "right-password-77"})
    assert code == 0, seen
    assert "Find the password under Settings, API." in seen
    assert "robot: logged in as Ops Robot[31m." in seen
    assert "Password (not shown): " in seen
    assert "right-password-77" not in seen
    path = token_file(config)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    kept = path.read_text(encoding="utf-8")
    assert json.loads(kept)["access"] == "token-from-tiny-1"
    assert "right-password-77" not in kept


def test_the_token_lies_on_disk_before_it_is_used(
    briefing: Run, config: Path, site: TinySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []

    def look(request: Request) -> Reply | None:
        if request.path != "/token":
            assert request.headers["authorization"] == "Bearer token-from-tiny-1"
            kept.append(token_file(config).read_text(encoding="utf-8"))
        return None

    site.broken = look
    typing(monkeypatch, "right-password-77")
    assert briefing("auth", "robot", "--config", config)[0] == 0
    assert kept == []
    assert briefing("collect", "robot", "--config", config)[0] == 0
    assert len(kept) == 9
    assert all("token-from-tiny-1" in text for text in kept)


def test_without_a_terminal_nothing_is_asked(briefing: Run, config: Path, server: Loopback) -> None:
    code, _, err = briefing("auth", "robot", "--config", config)
    assert code == 2
    assert "robot asks for: Password; there is no terminal to type it at" in err
    assert "run briefing auth robot in a terminal" in err
    assert server.requests == []
    done = subprocess.run(
        [sys.executable, "-m", "briefing", "auth", "robot", "--config", str(config)],
        input="right-password-77\n", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert server.requests == []


@pytest.mark.parametrize("answer", ["", "  "])
def test_an_empty_answer_is_no_answer(
    briefing: Run, config: Path, monkeypatch: pytest.MonkeyPatch, server: Loopback, answer: str
) -> None:
    typing(monkeypatch, answer)
    code, _, err = briefing("auth", "robot", "--config", config)
    assert (code, "nothing was entered for: Password" in err) == (2, True)
    assert server.requests == []


def test_a_refused_login_is_exit_1_with_cause_and_cure(
    briefing: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typing(monkeypatch, "wrong-password-1")
    code, out, err = briefing("auth", "robot", "--config", config)
    assert code == 1
    assert err == "briefing: robot: the password was refused (401)\n  look it up under Settings, API\n"
    assert "wrong-password-1" not in out + err
    assert "access" not in token_file(config).read_text(encoding="utf-8")


def test_a_fault_in_a_connector_is_told_by_its_kind(
    briefing: Run, config: Path, monkeypatch: pytest.MonkeyPatch, site: TinySite
) -> None:
    site.broken = lambda _: Reply(body=b'{"unforeseen": true}')
    typing(monkeypatch, "right-password-77")
    code, _, err = briefing("auth", "robot", "--config", config)
    assert (code, "robot: a fault in the connector (KeyError)" in err) == (1, True)
    assert "Traceback" not in err


def test_whoever_logs_in_does_not_go_on_where_somebody_else_ended(
    briefing: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = configured(config)
    now = datetime(2026, 11, 19, 6, tzinfo=UTC)
    key, other = StreamKey("robot", "", ("task",)), StreamKey("files", "", ("deal",))
    store, _ = workspace.store(now)
    for one in (key, other):
        store.listed(Listing(source=one.source, at=now, streams=(one,)))
        store.receive(one).finish(Attempt(status="whole", started=now, ended=now), mark="7")
        store.bind(one, "settings")
        store.receive(one).finish(Attempt(status="whole", started=now, ended=now), mark="7")
    assert (store.mark(key, "settings"), store.mark(other, "settings")) == ("7", "7")
    typing(monkeypatch, "right-password-77")
    assert briefing("auth", "robot", "--config", config)[0] == 0
    assert (store.mark(key, "settings"), store.mark(other, "settings")) == ("", "7")
    store.close()


# --- sources without a login of their own --------------------------------------------------------------------------


def test_a_fixed_credential_is_told_where_it_is_set_and_tried_with_one_page(
    briefing: Run, config: Path, monkeypatch: pytest.MonkeyPatch, server: Loopback
) -> None:
    monkeypatch.setenv("TINY_TOKEN", "canary-token-55")
    code, out, err = briefing("auth", "fixed", "--config", config)
    assert code == 0, err
    assert "token is taken from the environment variable TINY_TOKEN" in out
    assert "projects: answers" in out
    assert server.lines() == ["GET /projects?page=0"]
    assert server.requests[0].headers["authorization"] == "Bearer canary-token-55"
    assert "canary-token-55" not in out + err


def test_a_fixed_credential_that_is_refused_is_exit_1(
    briefing: Run, config: Path, monkeypatch: pytest.MonkeyPatch, server: Loopback
) -> None:
    monkeypatch.setenv("TINY_TOKEN", "canary-token-55")
    with server.faulty(status(401)):
        code, out, _ = briefing("auth", "fixed", "--config", config)
    assert code == 1
    assert "login refused (401)" in out
    assert "cure: briefing auth fixed" in out


def test_a_credential_that_is_not_there_is_a_problem_of_the_configuration(briefing: Run, config: Path) -> None:
    code, _, err = briefing("auth", "fixed", "--config", config)
    assert code == 2
    assert "sources.fixed.token: the environment variable TINY_TOKEN is not set" in err


def test_files_need_no_login(briefing: Run, config: Path) -> None:
    config.with_name("deals.csv").write_text("Deal,Stage,Amount,Currency\nOne,Open,5,USD\n", encoding="utf-8")
    code, out, err = briefing("auth", "files", "--config", config)
    assert code == 0, err + out
    assert "files (deals_csv) needs no login: it takes no credential." in out
