"""cron, systemd and launchd: the entry that lets `briefing run --scheduled` look every quarter of an hour.

Each scheduler says what it would change (`changes`), which can be shown before anything is written, and writes exactly
that (`apply`), unless what it would change has changed meanwhile. Facts on them: systemd.timer(5), systemd.service(5),
crontab(1) and crontab(5) of Debian 12, launchd.plist(5).
"""

from __future__ import annotations

import difflib
import os
import plistlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Protocol

from briefing.errors import BriefingError, UsageError

SECONDS = 30
"""For one command of a scheduler."""


class ScheduleError(BriefingError):
    """The scheduler refused, or something stands where the entry would go."""

    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be run, and how often."""

    name: str
    """Of the workspace's folder: one entry for each configuration."""

    command: tuple[str, ...]
    config: Path
    minutes: tuple[int, ...]
    """Of every hour."""

    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path
    """Where launchd writes what the others mail or keep in a journal."""

    def __post_init__(self) -> None:
        """A backslash, a line break: each scheduler reads them in its own way, cron in none that can be relied on."""
        for text in (*self.command, *self.environment.values(), str(self.config), str(self.log)):
            if not text.isprintable() or "\\" in text:
                raise UsageError(
                    f"{text!a} cannot be written for a scheduler: it has a backslash or what cannot be shown",
                    advice="give the file or folder another name",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file, or the crontab, as it is and as it shall be; None: there is none."""

    where: str
    before: bytes | None
    after: bytes | None

    def shown(self) -> list[str]:
        """The lines that go and come; no other line of the user's is printed."""
        before, after = (_lines(text or b"") for text in (self.before, self.after))
        verb = "is removed" if self.after is None else "is new" if self.before is None else "changes"
        told = [f"{self.where} {verb}:"]
        lines = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
        told += [f"  {line[0]} {line[1:]}".rstrip() for line in lines if not line.startswith("@@")]
        return ["".join(one if one.isprintable() else "?" for one in line) for line in told]


def _lines(text: bytes) -> list[str]:
    return text.decode("utf-8", "replace").rstrip("\n").split("\n") if text else []


class Scheduler(Protocol):
    """One way to have a command run."""

    name: str

    def available(self) -> bool:
        """Whether this machine has it."""
        ...

    def changes(self, job: Job, *, remove: bool = False) -> list[Change]:
        """What installing or removing the entry would change, which may be nothing. Raises ScheduleError."""
        ...

    def installed(self, job: Job) -> bool:
        """Whether an entry for this configuration is there. Raises ScheduleError."""
        ...

    def apply(self, job: Job, changes: Sequence[Change], *, remove: bool = False) -> None:
        """Write what was shown, and let the scheduler know. Raises ScheduleError; what it wrote it takes back then."""
        ...

    def problems(self, job: Job) -> list[str]:
        """Why an entry that is there does not run."""
        ...


def command(*arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a scheduler's own command, messages in English. Raises ScheduleError where it cannot be run or hangs."""
    program = shutil.which(arguments[0])
    if program is None:
        raise ScheduleError(f"there is no {arguments[0]} on this machine")
    try:
        return subprocess.run(  # noqa: S603  (a program of the user's own PATH; no shell)
            [program, *arguments[1:]], input=given, stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True, timeout=SECONDS, check=False, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScheduleError(f"{arguments[0]} cannot be run: {error}") from error


def demanded(*arguments: str, given: bytes | None = None) -> None:
    """Run a command that has to succeed. Raises ScheduleError with its own words."""
    done = command(*arguments, given=given)
    if done.returncode:
        raise ScheduleError(f"{' '.join(arguments[:3])} failed: {_words(done)}")


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    said = (done.stderr or done.stdout).decode("utf-8", "replace").split()
    text = "".join(one if one.isprintable() else "?" for one in " ".join(said))[:300]
    return text or f"exit code {done.returncode}"


# --- cron -------------------------------------------------------------------------------------------------------------


class Cron:
    """A marked block in the user's crontab; every other byte stays as it is."""

    name = "cron"

    def available(self) -> bool:
        """Whether there is a crontab command."""
        return shutil.which("crontab") is not None

    def changes(self, job: Job, *, remove: bool = False) -> list[Change]:
        """The crontab with the block in it, or without. Raises ScheduleError where it cannot be read."""
        before = self._read()
        after = with_block(before or b"", job.name, None if remove else cron_block(job))
        return [] if after == (before or b"") else [Change(where="your crontab", before=before, after=after or None)]

    def installed(self, job: Job) -> bool:
        """Whether the crontab has our block."""
        if not self.available():
            return False
        before = self._read() or b""
        return with_block(before, job.name, None) != before

    def apply(self, job: Job, changes: Sequence[Change], *, remove: bool = False) -> None:
        """Write the crontab, and read whether it is there."""
        for change in changes:
            if self._read() != change.before:
                raise ScheduleError("your crontab has changed meanwhile; nothing was written", advice="run it again")
            if change.after:
                demanded("crontab", "-", given=change.after)
            else:
                demanded("crontab", "-r")  # nothing but our block was in it
            if self.changes(job, remove=remove):
                raise ScheduleError(
                    "crontab reported success, but what stands there now is something else", advice="look: crontab -l"
                )

    def problems(self, job: Job) -> list[str]:
        """None that a user may look up: whether the daemon runs shows in when it last looked."""
        return []

    @staticmethod
    def _read() -> bytes | None:
        """The user's crontab; None where there is none. Any other failure must not pass for an empty one."""
        done = command("crontab", "-l")
        if not done.returncode:
            return done.stdout
        said = done.stderr.decode("utf-8", "replace")
        # "no crontab for maya": Debian, cronie, macOS; busybox names the file that is not there.
        if not done.stdout and ("no crontab for" in said or "No such file or directory" in said):
            return None
        raise ScheduleError(f"your crontab cannot be read: {_words(done)}")


def cron_block(job: Job) -> bytes:
    """The lines for one configuration, between marks.

    In a command `%` ends it and begins its standard input unless a backslash stands before it, inside quotes, too.
    `env` sets variables in whatever shell the crontab has chosen.
    """
    setting = [f"{name}={value}" for name, value in sorted(job.environment.items())]
    words = [*(["/usr/bin/env", *setting] if setting else []), *job.command]
    line = f"{','.join(map(str, job.minutes))} * * * * {' '.join(map(quote, words))}".replace("%", "\\%")
    head = f"{_begin(job.name)} for {job.config}; briefing schedule remove takes these lines out"
    return f"{head}\n{line}\n{_end(job.name)}\n".encode()


def _begin(name: str) -> str:
    return f"# >>> briefing {name}"


def _end(name: str) -> str:
    return f"# <<< briefing {name}"


def with_block(text: bytes, name: str, block: bytes | None) -> bytes:
    """A crontab with our block in place of the one that is there, else at its end; without one where it is None.

    Raises ScheduleError where a mark is missing: lines between could be the user's.
    """
    begin, end = f"{_begin(name)} ".encode(), _end(name).encode()
    kept: list[bytes] = []
    place: int | None = None
    inside = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        mark = line.strip()
        if mark.startswith(begin) and not inside:
            inside = number
            place = len(kept) if place is None else place
        elif mark == end and inside:
            inside = 0
        elif mark == end or mark.startswith(begin):
            raise _unpaired(number)
        elif not inside:
            kept.append(line)
    if inside:
        raise _unpaired(inside)
    if block is not None:
        if place is None and kept and not kept[-1].endswith(b"\n"):
            kept[-1] += b"\n"
        kept.insert(len(kept) if place is None else place, block)
    return b"".join(kept)


def _unpaired(number: int) -> ScheduleError:
    return ScheduleError(
        f"line {number} of your crontab is one of briefing's marks without its other one; nothing was written",
        advice="with crontab -e take out the lines that begin with # >>> briefing and # <<< briefing",
    )


# --- files of an own: systemd, launchd --------------------------------------------------------------------------------


def _contents(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ScheduleError(f"{path} cannot be read: {error.strerror or error}") from error


def _file_changes(files: Mapping[Path, bytes | None]) -> list[Change]:
    found = [Change(where=str(path), before=_contents(path), after=text) for path, text in files.items()]
    return [one for one in found if one.before != one.after]


def _write(path: Path, text: bytes | None) -> None:
    """A file whole or not at all; None: no file. Raises ScheduleError."""
    try:
        if text is None:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.part")
        draft.write_bytes(text)
        draft.chmod(0o644)  # launchd refuses a file that others may write
        draft.replace(path)
    except OSError as error:
        raise ScheduleError(f"{path} cannot be written: {error.strerror or error}") from error


def _unchanged(changes: Sequence[Change]) -> None:
    """Raises ScheduleError where something else stands there than what was shown."""
    for change in changes:
        if _contents(Path(change.where)) != change.before:
            raise ScheduleError(f"{change.where} has changed meanwhile; nothing was written", advice="run it again")


def _write_all(changes: Sequence[Change]) -> None:
    """All files, or as it was. Raises ScheduleError."""
    try:
        for change in changes:
            _write(Path(change.where), change.after)
    except ScheduleError:
        _take_back(changes)
        raise


def _take_back(changes: Sequence[Change]) -> None:
    for change in changes:
        with suppress(ScheduleError):
            _write(Path(change.where), change.before)


class Systemd:
    """A timer and a service of the user's own manager."""

    name = "systemd"

    def available(self) -> bool:
        """Whether the user's manager answers."""
        return shutil.which("systemctl") is not None and not _user("show-environment").returncode

    def changes(self, job: Job, *, remove: bool = False) -> list[Change]:
        """Both units."""
        units = {self._path(job, "service"): service_unit(job), self._path(job, "timer"): timer_unit(job)}
        return _file_changes({path: None if remove else text for path, text in units.items()})

    def installed(self, job: Job) -> bool:
        """Whether a unit is there."""
        return any(_contents(self._path(job, kind)) is not None for kind in ("service", "timer"))

    def apply(self, job: Job, changes: Sequence[Change], *, remove: bool = False) -> None:
        """Write or remove the units and let the manager know."""
        timer = _unit(job, "timer")
        _unchanged(changes)
        if remove and _contents(self._path(job, "timer")) is not None:
            # Before the files go: without them systemd does not know what to stop.
            demanded("systemctl", "--user", "disable", "--now", timer)
        _write_all(changes)
        try:
            demanded("systemctl", "--user", "daemon-reload")
            if not remove:
                demanded("systemctl", "--user", "enable", timer)
                demanded("systemctl", "--user", "restart", timer)  # starts it, too; a changed time counts from now on
        except ScheduleError:
            _take_back(changes)
            with suppress(ScheduleError):
                _user("daemon-reload")
            raise

    def problems(self, job: Job) -> list[str]:
        """A timer that does not run, or only while somebody is logged in."""
        found = []
        if _user("is-active", _unit(job, "timer")).returncode:
            found.append(f"the timer is not active: systemctl --user restart {_unit(job, 'timer')}")
        if shutil.which("loginctl"):
            done = command("loginctl", "show-user", _login(), "--property=Linger", "--value")
            if done.stdout.strip() == b"no":
                found.append("it runs only while you are logged in; for always: loginctl enable-linger")
        return found

    @staticmethod
    def _path(job: Job, kind: str) -> Path:
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        return folder / "systemd" / "user" / _unit(job, kind)


def _user(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return command("systemctl", "--user", *arguments)


def _login() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _unit(job: Job, kind: str) -> str:
    return f"briefing-{job.name}.{kind}"


def _systemd_word(text: str, *, variables: bool = False) -> str:
    """A quoted word: `%` begins a specifier, and in the arguments of ExecStart `$` a variable."""
    text = text.replace('"', '\\"').replace("%", "%%")
    return f'"{text.replace("$", "$$") if variables else text}"'


def service_unit(job: Job) -> bytes:
    """What is started. 75 is no failure: another run is at work.

    A run ends by itself. Twelve hours are longer than the longest patience of a channel, and over before the next day.
    """
    words = [_systemd_word(word, variables=number > 0) for number, word in enumerate(job.command)]
    settings = [f"Environment={_systemd_word(f'{name}={value}')}" for name, value in sorted(job.environment.items())]
    return "\n".join([
        "# Written by `briefing schedule install`; `briefing schedule remove` takes it out.",
        "[Unit]",
        f"Description=Morning briefing of {str(job.config).replace('%', '%%')}",
        "",
        "[Service]",
        "Type=oneshot",
        *settings,
        f"ExecStart={' '.join(words)}",
        "SuccessExitStatus=75",
        "TimeoutStartSec=12h",
        "UMask=0077",
        "",
    ]).encode()  # fmt: skip


def timer_unit(job: Job) -> bytes:
    """When: Persistent looks once at once after the machine was off or asleep."""
    return "\n".join([
        "# Written by `briefing schedule install`; `briefing schedule remove` takes it out.",
        "[Unit]",
        f"Description=Looks whether the morning briefing of {str(job.config).replace('%', '%%')} is due",
        "",
        "[Timer]",
        f"OnCalendar=*-*-* *:{','.join(f'{minute:02}' for minute in job.minutes)}:00",
        "Persistent=true",
        "",
        "[Install]",
        "WantedBy=timers.target",
        "",
    ]).encode()  # fmt: skip


class Launchd:
    """An agent in the user's session. What was missed asleep runs once on waking, by launchd itself."""

    name = "launchd"

    def available(self) -> bool:
        """Whether this is a Mac."""
        return shutil.which("launchctl") is not None

    def changes(self, job: Job, *, remove: bool = False) -> list[Change]:
        """The agent's property list."""
        return _file_changes({self._path(job): None if remove else agent(job)})

    def installed(self, job: Job) -> bool:
        """Whether the property list is there."""
        return _contents(self._path(job)) is not None

    def apply(self, job: Job, changes: Sequence[Change], *, remove: bool = False) -> None:
        """Write or remove the property list and let launchd know."""
        _unchanged(changes)
        command("launchctl", "bootout", f"{_domain()}/{_label(job)}")  # fails where it is not loaded, which is well
        _write_all(changes)
        if not remove:
            try:
                demanded("launchctl", "bootstrap", _domain(), str(self._path(job)))
            except ScheduleError:
                _take_back(changes)
                if _contents(self._path(job)) is not None:
                    command("launchctl", "bootstrap", _domain(), str(self._path(job)))
                raise

    def problems(self, job: Job) -> list[str]:
        """An agent that is not loaded."""
        if command("launchctl", "print", f"{_domain()}/{_label(job)}").returncode:
            return ["launchd does not know it: briefing schedule install"]
        return []

    @staticmethod
    def _path(job: Job) -> Path:
        return Path.home() / "Library" / "LaunchAgents" / f"{_label(job)}.plist"


def _domain() -> str:
    return f"gui/{os.getuid()}"


def _label(job: Job) -> str:
    return f"briefing.{job.name}"


def agent(job: Job) -> bytes:
    """The property list; its arguments reach the program as they are, and no shell reads them."""
    content: dict[str, object] = {
        "Label": _label(job),
        "ProgramArguments": list(job.command),
        "StartCalendarInterval": [{"Minute": minute} for minute in job.minutes],
        "StandardOutPath": str(job.log),
        "StandardErrorPath": str(job.log),
        "Umask": 0o077,
    }
    if job.environment:
        content["EnvironmentVariables"] = dict(job.environment)
    return plistlib.dumps(content)


def known() -> list[Scheduler]:
    """All of them, the one to take first: cron looks without a session, too; a Mac has its own."""
    return [Launchd(), Cron(), Systemd()]
