"""A cron daemon of one's own for a test: Debian's, on a clock that the test sets, and nothing of the machine's touched.

It runs in a mount and a process namespace of its own, with an empty spool, an empty /etc/cron.d and a `sendmail` that
keeps what cron mails. libfaketime moves the clock: the daemon's through its environment, the jobs' through lines that
stand in the crontab before `briefing schedule install` adds its own. All read one file with the distance to the real
clock, so every process shows the same moment, and the clock runs on at its ordinary speed.

A minute need not last a minute: `Clock.until` moves the file from one minute to the next and wakes the daemon by a
SIGCHLD, which its sleep is interrupted by. It sees every minute come, as on a machine that is awake. Only `asleep`
leaves minutes out.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tests.system.alone import Alone, alone

LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"
MINUTE = timedelta(minutes=1)

SETUP = """\
mount -t tmpfs -o mode=1730 tmpfs /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /etc/cron.d
mount --bind {base}/empty /etc/crontab
mount --bind {base}/sendmail /usr/sbin/sendmail
exec env -i {clock} TZ={zone} /usr/sbin/cron -f
"""
"""The daemon's own /etc/crontab and cron.d would start the machine's nightly jobs."""

SENDMAIL = """\
#!/bin/sh
exec cat > "$(mktemp {base}/mailed/XXXXXX)"
"""

SLEEP = """\
import select
import time
time.sleep = lambda seconds: select.select((), (), (), seconds)[3:]
"""
"""Python sleeps until a moment of the monotonic clock, which libfaketime 0.9.10 moves into the past (EINVAL)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """The daemon, its clock and its user."""

    base: Path
    inside: Alone
    zone: str
    """Of the machine. It reaches the daemon and, by the crontab, the jobs."""

    @property
    def home(self) -> Path:
        """Where the user's things lie; the password file's own home is left alone."""
        return self.base / "home"

    @property
    def settings(self) -> dict[str, str]:
        """What the user's crontab sets: the home and the zone, which the machine would, and the clock."""
        here = {"HOME": str(self.home), "TZ": self.zone, "PYTHONPATH": str(self.base / "python")}
        return here | _clock(self.base)

    def crontab(self) -> str:
        """The user's crontab."""
        return self.run("crontab", "-l")

    def run(self, *command: object, given: str = "") -> str:
        """What a command prints, started by the user in a terminal of this machine, on its clock."""
        environment = {"PATH": "/usr/bin:/bin", **self.settings}
        return self.inside.run(*command, given=given, folder=self.base, env=environment)

    def mailed(self) -> list[str]:
        """What cron mailed to the user."""
        return sorted(one.read_text() for one in (self.base / "mailed").iterdir())

    # --- the clock ----------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """What the machine's clock shows."""
        return datetime.now(UTC) + timedelta(seconds=float((self.base / "clock").read_text()))

    def set(self, moment: datetime) -> None:
        """Put the clock to a moment, and wake the daemon."""
        aside = self.base / "clock.new"
        aside.write_text(f"{(moment - datetime.now(UTC)).total_seconds():+.3f}\n")
        aside.replace(self.base / "clock")  # a process that starts now reads the one or the other
        os.kill(self.inside.daemon, signal.SIGCHLD)

    def asleep(self, until: datetime) -> None:
        """The machine sleeps, or is off: the clock has moved when the daemon runs again."""
        self.set(until)

    def awake(self, until: datetime, looked: Sequence[Callable[[], datetime | None]]) -> list[datetime]:
        """Every minute comes, up to a moment. The quarters of an hour at which each entry was seen to look.

        `looked` says when each last did. A look is waited for, and for the end of its job.
        """
        seen = []
        minute = self.now().replace(second=0, microsecond=0) + MINUTE
        while minute <= until:
            self._passes(minute)
            if minute.minute % 15 == 0:
                for one in looked:
                    self._until(partial(_since, one, minute))
                self._until(lambda: not self._jobs())
                seen.append(minute)
            minute += MINUTE
        return seen

    def _passes(self, minute: datetime) -> None:
        before = self._rounds()
        self.set(minute)
        self._until(lambda: self._rounds() > before)

    def _rounds(self) -> int:
        """How often the daemon went to sleep."""
        status = Path(f"/proc/{self.inside.daemon}/status").read_text()
        return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])

    def _jobs(self) -> list[str]:
        daemon = self.inside.daemon
        return Path(f"/proc/{daemon}/task/{daemon}/children").read_text().split()

    def _until(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not done():
            assert time.monotonic() < end, f"cron did not go on at {self.now():%F %T} UTC: {self.mailed()}"
            os.kill(self.inside.daemon, signal.SIGCHLD)  # one that came while it was awake was no help
            time.sleep(0.02)


def _clock(base: Path) -> dict[str, str]:
    """What has a process see the test's clock, whose file it reads anew each time; spans are measured by the real one."""
    library = next(Path("/").glob(LIBRARY.lstrip("/")), None)
    assert library, "libfaketime is missing: make test-system installs it"
    return {
        "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(base / "clock"), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip


@contextmanager
def cron(base: Path, *, zone: str, at: datetime) -> Iterator[Cron]:
    """A machine in a zone, switched on at a moment, with an empty crontab but for its clock."""
    for needed in ("/usr/sbin/cron", "/usr/sbin/sendmail"):
        assert Path(needed).exists(), f"{needed} is missing: make test-system installs it"
    for folder in ("home", "mailed", "python"):
        (base / folder).mkdir(parents=True)
    (base / "empty").touch()
    (base / "sendmail").write_text(SENDMAIL.format(base=base))
    (base / "sendmail").chmod(0o755)
    (base / "clock").write_text(f"{(at - datetime.now(UTC)).total_seconds():+.3f}\n")
    (base / "python" / "sitecustomize.py").write_text(SLEEP)
    clock = " ".join(f"{name}={value}" for name, value in _clock(base).items())
    with alone(SETUP.format(base=base, clock=clock, zone=zone), base / "daemon.log") as inside:
        made = Cron(base=base, inside=inside, zone=zone)
        inside.until(lambda: _name(inside.daemon) == "cron" and made._rounds() > 0)
        lines = [f"{name}={value}\n" for name, value in made.settings.items()]
        made.run("crontab", "-", given="# the user's own\n" + "".join(lines))
        yield made


def _name(process: int) -> str:
    return Path(f"/proc/{process}/comm").read_text().strip()


def _since(looked: Callable[[], datetime | None], moment: datetime) -> bool:
    last = looked()
    return last is not None and last >= moment


def last_look(data: Path) -> datetime | None:
    """When an entry last looked, as it notes itself at its end."""
    try:
        return datetime.fromisoformat(json.loads((data / "scheduled.json").read_text())["looked"])
    except (OSError, ValueError):
        return None
