"""Delivery through OpenSMTPD on this machine: "sent" means queued there, and its queue outlives it and a "later"."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from briefing.cli import run as cli_run
from briefing.deliver.edition import part_name
from briefing.workspace import configured
from tests.commandline import at_home, runner
from tests.mail_server import Post, serving
from tests.system.alone import Alone, alone
from tests.system.dovecot import free_ports

pytestmark = pytest.mark.system

SETUP = """\
mount --bind {base}/spool /var/spool
mount -t tmpfs tmpfs /run
exec /usr/sbin/smtpd -d -f {base}/smtpd.conf
"""
"""The paths of its queue and of its socket are fixed."""

CONF = """\
listen on 127.0.0.1 port {port}
action "on" relay host smtp+notls://127.0.0.1:{onward}
match from any for any action "on"
"""
BRIEFING = """
[workspace]
timezone = "Europe/Berlin"
[[audience]]
name = "Maya"
emails = ["maya@harbourlane.example"]
[deliver.mail]
use = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "briefing@harbourlane.example"
"""


@contextmanager
def opensmtpd(base: Path, port: int) -> Iterator[Alone]:
    """An instance of its own, with the queue that the last one left."""
    with alone(SETUP.format(base=base), base / "smtpd.log") as made:
        made.until(lambda: _answers(port))
        yield made


def _answers(port: int) -> bool:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="here.example", timeout=5) as talk:
        return talk.noop()[0] == 250


def queue(server: Alone) -> Sequence[str]:
    """What waits, one recipient in a line."""
    return server.run("smtpctl", "show", "queue", env={"PATH": "/usr/sbin:/usr/bin"}).splitlines()


def test_one_mail_arrives_through_a_queue_that_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home(tmp_path, monkeypatch)
    briefing, now = runner(monkeypatch, capsys), datetime(2026, 11, 23, 6, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    monkeypatch.setattr(cli_run, "clock", lambda: now)
    base, (port,) = tmp_path / "smtpd", free_ports(1)
    (base / "spool").mkdir(parents=True)
    config = tmp_path / "work" / "briefing.toml"
    config.write_text(BRIEFING.format(port=port))
    post = Post()
    with serving(post) as onward:
        (base / "smtpd.conf").write_text(CONF.format(port=port, onward=onward))
        post.data = ["451 4.3.2 not now"]
        with opensmtpd(base, port) as server:
            code, said, err = briefing("run", "--config", config)
            assert (code, err) == (0, "")
            assert "maya@harbourlane.example" in said
            server.until(lambda: "|451 4.3.2 not now" in "".join(queue(server)))
            assert (post.asked, post.taken) == (1, [])
            server.kill()
        with opensmtpd(base, port) as server:
            assert len(queue(server)) == 1
            server.run("smtpctl", "schedule", "all", env={"PATH": "/usr/sbin:/usr/bin"})  # else after minutes
            server.until(lambda: not queue(server))
            assert briefing("run", "--config", config)[0] == 0
            assert queue(server) == []
    ((to, body),) = post.taken
    assert to == ("maya@harbourlane.example",)
    fixed = kept_mail(config, now)
    received, _, rest = body.partition(b"\r\nFrom: ")
    assert re.match(rb"Received: from harbourlane\.example .*OpenSMTPD", received, re.DOTALL)
    assert b"From: " + rest == fixed
    assert message_from_bytes(body, policy=SMTP)["Message-ID"].startswith("<briefing.2")


def kept_mail(config: Path, now: datetime) -> bytes:
    """The bytes of the mail that the edition was fixed with."""
    store, _ = configured(config).store(now)
    found = store.edition("Maya", now.date())
    store.close()
    assert found is not None
    return found.parts[part_name("mail")]
