"""Two runs at once, and runs that are killed: never two mails, never none unsaid. Mail goes over the real wire."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from briefing.deliver.outbox import Pace
from briefing.deliver.policy import standings
from briefing.deliver.run import Asked, Hands
from briefing.deliver.run import run as run_once
from briefing.errors import Busy
from briefing.store import Store
from briefing.store.ledger import Ledger
from briefing.workspace import collect_into, configured
from tests.delivery_home import POST, Home, home_in
from tests.delivery_killed import MAYA, NOW, STEPS, outbox
from tests.mail_server import Post, serving

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(POST) as found:
        yield found


@pytest.fixture
def post(port: int) -> Post:
    POST.reset()
    return POST


@pytest.fixture
def home(
    tmp_path: Path, post: Post, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Home:
    return home_in(tmp_path, port, monkeypatch, capsys)


# --- two at once ---------------------------------------------------------------------------------------------------


def hands(home: Home, said: list[str]) -> Hands:
    workspace = configured(home.folder / "briefing.toml")

    def collect(store: Store) -> None:
        collect_into(workspace, store, clock=lambda: home.now)

    return Hands(pace=Pace(now=lambda: home.now), collect=collect, say=said.append, warn=said.append)


def test_two_runs_at_once_ten_times_one_delivery_each(home: Home, post: Post) -> None:
    """The one that comes second finds the lock held, or the edition settled."""
    workspace = configured(home.folder / "briefing.toml")
    for number in range(1, 11):
        codes: list[int] = []
        start = threading.Barrier(2)

        def run(codes: list[int] = codes, start: threading.Barrier = start) -> None:
            start.wait(10)
            try:
                codes.append(run_once(workspace, Asked(), hands(home, [])))
            except Busy as busy:
                codes.append(busy.exit_code)

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(codes) in ([0, 0], [0, 75])
        assert len(post.mails) == number
        home.next_day()
        while home.now.weekday() > 4:
            home.next_day()


def start(home: Home, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "briefing", "run", "--config", str(home.folder / "briefing.toml"), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_real_processes_at_once(home: Home, post: Post) -> None:
    home.for_processes()
    both = [start(home), start(home)]
    outs = [process.communicate(timeout=100)[0] for process in both]
    assert sorted(process.returncode for process in both) in ([0, 0], [0, 75]), outs
    assert len(post.mails) == 1


# --- kills ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_step_never_twice_and_never_none_unsaid(
    tmp_path: Path, port: int, post: Post, step: str
) -> None:
    _, mails, state = STEPS[step]
    path = tmp_path / "ledger.sqlite"
    done = subprocess.run(
        [sys.executable, "-m", "tests.delivery_killed", str(path), str(port), step], cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    until = time.monotonic() + 10
    while len(post.taken) < mails and time.monotonic() < until:
        threading.Event().wait(0.01)  # the server reads what the dead process had sent
    for _ in range(2):
        ledger = Ledger(path, may_begin=True)
        box, channel = outbox(ledger, port)
        box.deliver([channel])
        found = standings(ledger.entries("Maya", NOW.date()))["mail", MAYA]
        ledger.close()
        assert found.state == state
    assert len(post.taken) == (1 if state == "sent" else mails)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_kills_of_a_real_run(home: Home, post: Post) -> None:
    """Half of them at any moment, half around the sending, each in a workspace of its own; the next run brings it to an
    end or says what is not known.
    """
    dice = random.Random(7)
    seen = {"sent": 0, "uncertain": 0, "killed": 0}
    for number in range(200):
        home.for_processes()
        post.reset()
        post.pause = 0.2
        for path in home.data.glob("*.sqlite*") if home.data.exists() else ():
            path.unlink()
        process = start(home)
        while number % 2 and not post.asked and process.poll() is None:
            time.sleep(0.002)
        began, wait = time.monotonic(), dice.uniform(0.0, 0.4 if number % 2 else 2.0)
        while time.monotonic() - began < wait and process.poll() is None:
            time.sleep(0.002)
        process.kill()
        process.communicate()
        seen["killed"] += process.returncode == -signal.SIGKILL
        last = start(home)
        out = last.communicate(timeout=60)[0]
        db = sqlite3.connect(home.ledger)
        (state,) = db.execute("select state from entry where channel = 'mail' order by id desc limit 1").fetchone()
        db.close()
        seen[state] += 1
        assert last.returncode == (1 if state == "uncertain" else 0), out
        assert len(post.taken) <= 1, number
        assert post.taken or state == "uncertain", out
    print(seen)  # noqa: T201
    assert seen["killed"] >= 100
    assert seen["uncertain"] >= 20
