"""The server in a process of its own: it starts, answers, is told things, and ends for sure."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from briefing.demo.server.process import NotStarted, Running, serving
from tests.demo_server.asking import MORNING


@contextmanager
def held(url: str) -> Iterator[socket.socket]:
    """An open connection: it ends when the process does, however that ends."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(b"GET /_control/sources HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1)
        yield connection


def ended(connection: socket.socket) -> bool:
    try:
        while connection.recv(65_536):
            pass
    except ConnectionResetError:
        pass
    return True


def jobs(running: Running) -> httpx.Response:
    """As a connector would: a token, then a page."""
    source = running.sources["accelo"]
    with httpx.Client(base_url=source["base_url"], trust_env=False, timeout=20) as client:
        form = {"grant_type": "client_credentials"}
        told = client.post("/oauth2/v0/token", auth=(source["client_id"], source["client_secret"]), data=form)
        token = told.raise_for_status().json()["access_token"]
        return client.get("/api/v0/jobs", headers={"Authorization": f"Bearer {token}"})


def test_it_starts_soon_answers_and_is_told_things() -> None:
    began = time.monotonic()
    with serving(3, MORNING, only=["accelo"], settings={"accelo": {"default_limit": 4}}) as running:
        assert time.monotonic() - began < 5, "1.5 s on a machine that has nothing else to do"
        assert urlsplit(running.url).hostname == "127.0.0.1"
        assert len(jobs(running).json()["response"]) == 4
        told = running.requests("accelo")
        assert told["vendors"]["accelo"]["routes"] == {"GET /api/v0/jobs": 1, "POST /oauth2/v0/token": 1}
        assert running.requests(since=told["count"])["requests"] == []

        running.fault("accelo", "status", code=503, route="/jobs", times=1)
        assert [jobs(running).status_code for _ in range(2)] == [503, 200]
        running.latency("accelo", 0.3, "/jobs")
        began = time.monotonic()
        jobs(running)
        assert time.monotonic() - began >= 0.3
        running.reset()
        running.morning(date(2026, 11, 20))
        assert jobs(running).status_code == 200
        with pytest.raises(ValueError, match="earthquake"):
            running.fault("accelo", "earthquake")
        with held(running.url) as connection:
            pid = running.pid
            os.kill(pid, 0)
            outside = connection.dup()
    with outside:
        assert ended(outside)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_ends_at_once_though_a_request_hangs() -> None:
    with serving(3, MORNING, only=["accelo"]) as running:
        running.fault("accelo", "hang")
        parts = urlsplit(running.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
            connection.sendall(b"GET /accelo/api/v0/jobs HTTP/1.1\r\nHost: x\r\n\r\n")
            while not running.requests()["count"]:
                pass
            hanging = connection.dup()
        began = time.monotonic()
    with hanging:
        assert ended(hanging)
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told(number: signal.Signals) -> None:
    with serving(3, MORNING, only=["accelo"]) as running, held(running.url) as connection:
        os.kill(running.pid, number)
        assert ended(connection)


def test_it_starts_again_on_its_port() -> None:
    with serving(3, MORNING, only=["accelo"]) as first:
        port = urlsplit(first.url).port
        assert jobs(first).status_code == 200
    assert port is not None
    with serving(3, MORNING, only=["accelo"], port=port) as second:
        assert second.url == first.url
        assert jobs(second).status_code == 200


def test_it_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        textwrap.dedent("""
        import json, sys
        from datetime import date
        from briefing.demo.server.process import serving
        with serving(3, date(2026, 11, 19), only=["accelo"]) as running:
            print(json.dumps({"url": running.url}), flush=True)
            sys.stdin.read()
        """)
    )
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, str(parent)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with held(url) as connection:
            process.kill()
            assert ended(connection)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(NotStarted, match=f"cannot serve on port {port}") as told, serving(3, MORNING, port=port):
            pass
    assert told.value.advice


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"only": ["nobody"]}, "no vendor nobody"), ({"settings": {"accelo": {"colour": 1}}}, "colour"),
        ({"latency": "slow"}, "latency"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(how: dict[str, object], words: str) -> None:
    with pytest.raises(NotStarted, match=words), serving(3, MORNING, **how):  # type: ignore[arg-type]  # on purpose
        pass


def test_one_that_never_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\nread line\n")
    silent.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(silent))
    with pytest.raises(NotStarted, match=r"does not listen after 0\.2 s"), serving(3, MORNING, deadline=0.2):
        pass
