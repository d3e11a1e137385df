"""A daemon in a mount and a process namespace of its own: what it has fixed paths for is a test's, and it dies with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """The process that holds the namespaces; the daemon is its child."""

    holder: subprocess.Popen[bytes]
    log: Path

    @property
    def daemon(self) -> int:
        """The daemon's number outside its namespace."""
        return int(Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()[0])

    def run(self, *command: object, given: str = "", folder: Path = Path("/"), env: Mapping[str, str]) -> str:
        """What a command prints that sees the daemon's files."""
        inside = ["nsenter", "--target", str(self.daemon), "--mount", f"--wd={folder}", *map(str, command)]
        done = subprocess.run(
            inside, input=given, env=dict(env), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def kill(self) -> None:
        """All of it, at once."""
        self.holder.kill()
        self.holder.wait(10)

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait for the daemon to be ready, as `ready` says; it may raise OSError as long as nothing is there."""
        end = time.monotonic() + 30
        while True:
            said = self.log.read_text(errors="replace")
            assert self.holder.poll() is None, (
                f"it ended, or nobody may make a namespace (unshare --mount --pid): {said}"
            )
            try:
                if ready():
                    return
            except (OSError, IndexError):
                pass
            assert time.monotonic() < end, f"it did not start: {said}"
            time.sleep(0.02)


@contextmanager
def alone(script: str, log: Path) -> Iterator[Alone]:
    """Run a script of the shell, which mounts what it needs and ends with `exec DAEMON`."""
    assert os.geteuid() == 0, "a namespace of its own needs root: run the system tests as root, in a container"
    unshare = [shutil.which("unshare") or "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    with log.open("ab") as said:
        holder = subprocess.Popen([*unshare, "sh", "-ec", script], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    made = Alone(holder=holder, log=log)
    try:
        yield made
    finally:
        made.kill()
