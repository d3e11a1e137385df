"""`briefing schedule`: what is written for cron, systemd and launchd, byte for byte, and taken out again.

The schedulers' own commands are stood in for by scripts that behave as crontab(1) of Debian 12, systemctl(1) and
launchctl(1) do, and note how they were called.
"""

from __future__ import annotations

import io
import json
import os
import plistlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.main import get_command

from briefing.cli import run as cli_run
from briefing.cli import schedule as schedules
from briefing.cli.app import app
from briefing.errors import UsageError
from briefing.schedulers import Job, ScheduleError, agent, cron_block, service_unit, timer_unit, with_block
from briefing.workspace import folder_of
from tests.commandline import Run, at_home, runner

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CRONTAB = """#!/bin/sh
if [ -f "$FAKES/refuses" ]; then cat "$FAKES/refuses" >&2; exit 1; fi
echo "$@" >> "$FAKES/called"
case "$1" in
-l) if [ ! -f "$FAKES/spool" ]; then echo "no crontab for maya" >&2; exit 1; fi; cat "$FAKES/spool" ;;
-r) rm "$FAKES/spool" ;;
-) cat > "$FAKES/new"
   if [ "$(tail -c 1 "$FAKES/new" | wc -l)" = 0 ]; then
     echo "new crontab file is missing newline before EOF, can't install." >&2; exit 1
   fi
   if [ -f "$FAKES/forgets" ]; then exit 0; fi
   mv "$FAKES/new" "$FAKES/spool" ;;
esac
"""
SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$FAKES/called"
if [ -f "$FAKES/refuses" ] && [ "$2" = "$(cat "$FAKES/refuses")" ]; then echo "Failed to connect to bus" >&2; exit 1; fi
case "$2" in
restart) touch "$FAKES/active" ;;
disable) rm -f "$FAKES/active" ;;
is-active) test -f "$FAKES/active" ;;
esac
"""
LAUNCHCTL = """#!/bin/sh
echo "$@" >> "$FAKES/called"
case "$1" in
bootstrap) if [ -f "$FAKES/refuses" ] || [ ! -f "$3" ]; then echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; fi
  touch "$FAKES/loaded" ;;
bootout) if [ ! -f "$FAKES/loaded" ]; then echo "Boot-out failed: 3: No such process" >&2; exit 3; fi
  rm "$FAKES/loaded" ;;
print) if [ ! -f "$FAKES/loaded" ]; then exit 113; fi ;;
esac
"""
CONFIG = """
[workspace]
timezone = "Europe/Berlin"
holidays = ["2026-11-24"]
[schedule]
time = "06:40"
[deliver.archive]
use = "file"
folder = "editions"
"""


class Machine:
    """A home with a configuration in a folder of an unhandy name, and stand-ins for a machine's commands."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, run: Run) -> None:
        self.patch, self.run = patch, run
        self.fakes, self.bin = folder / "fakes", folder / "bin"
        self.home = folder / "home" / "maya"
        for one in (self.fakes, self.bin, self.home, folder / "100% o'clock"):
            one.mkdir(parents=True)
        self.config = folder / "100% o'clock" / "briefing.toml"
        self.config.write_text(CONFIG, encoding="utf-8")
        patch.setenv("FAKES", str(self.fakes))
        patch.setenv("HOME", str(self.home))
        patch.delenv("XDG_CONFIG_HOME")
        self.at(NOW)
        for tool in ("cat", "tail", "wc", "mv", "rm", "touch"):
            (self.bin / tool).symlink_to(Path("/bin") / tool)
        patch.setenv("PATH", str(self.bin))

    def at(self, now: datetime) -> None:
        for module in (schedules, cli_run):
            self.patch.setattr(module, "clock", lambda: now)

    def has(self, **commands: str) -> None:
        for name, text in commands.items():
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)

    def schedule(self, *arguments: object) -> tuple[int, str, str]:
        return self.run("schedule", *arguments, "--config", self.config)

    @property
    def spool(self) -> Path:
        return self.fakes / "spool"

    @property
    def name(self) -> str:
        return folder_of(self.config).name

    def called(self) -> list[str]:
        path = self.fakes / "called"
        found = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    def refuses(self, text: str) -> None:
        (self.fakes / "refuses").write_text(text)

    def answers(self, *answers: str) -> None:
        stdin = io.StringIO("".join(f"{one}\n" for one in answers))
        self.patch.setattr(stdin, "isatty", lambda: True, raising=False)
        self.patch.setattr(sys, "stdin", stdin)


COMMAND = get_command(app)
"""Built once: Typer builds the whole tree anew at each call, which is two thirds of the time of a short command."""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Machine:
    at_home(tmp_path, monkeypatch)
    monkeypatch.setattr("briefing.cli.app.app", COMMAND)
    return Machine(tmp_path, monkeypatch, runner(monkeypatch, capsys))


def job(**given: object) -> Job:
    values: dict[str, object] = {
        "name": "1a2b3c4d5e6f",
        "command": (
            "/opt/my tools/briefing",
            "run",
            "--scheduled",
            "--config",
            "/home/maya/100% o'clock/briefing.toml",
        ),
        "config": Path("/home/maya/100% o'clock/briefing.toml"),
        "minutes": (10, 25, 40, 55),
        "log": Path("/home/maya/schedule.log"),
    }
    return Job(**{**values, **given})  # type: ignore[arg-type]


# --- byte for byte -------------------------------------------------------------------------------------------------------


def test_the_lines_of_a_crontab() -> None:
    assert cron_block(job()).decode() == (
        "# >>> briefing 1a2b3c4d5e6f for /home/maya/100% o'clock/briefing.toml; "
        "briefing schedule remove takes these lines out\n"
        "10,25,40,55 * * * * '/opt/my tools/briefing' run --scheduled --config "
        "'/home/maya/100\\% o'\"'\"'clock/briefing.toml'\n"
        "# <<< briefing 1a2b3c4d5e6f\n"
    )
    with_folder = cron_block(job(environment={"XDG_DATA_HOME": "/mnt/my data"})).decode().splitlines()[1]
    assert with_folder.startswith(
        "10,25,40,55 * * * * /usr/bin/env 'XDG_DATA_HOME=/mnt/my data' '/opt/my tools/briefing' run"
    )


def test_the_units_of_systemd() -> None:
    assert (
        service_unit(job(environment={"XDG_DATA_HOME": "/mnt/my $data"})).decode()
        == """\
# Written by `briefing schedule install`; `briefing schedule remove` takes it out.
[Unit]
Description=Morning briefing of /home/maya/100%% o'clock/briefing.toml

[Service]
Type=oneshot
Environment="XDG_DATA_HOME=/mnt/my $data"
ExecStart="/opt/my tools/briefing" "run" "--scheduled" "--config" "/home/maya/100%% o'clock/briefing.toml"
SuccessExitStatus=75
TimeoutStartSec=12h
UMask=0077
"""
    )
    assert (
        timer_unit(job()).decode()
        == """\
# Written by `briefing schedule install`; `briefing schedule remove` takes it out.
[Unit]
Description=Looks whether the morning briefing of /home/maya/100%% o'clock/briefing.toml is due

[Timer]
OnCalendar=*-*-* *:10,25,40,55:00
Persistent=true

[Install]
WantedBy=timers.target
"""
    )
    assert b'"/a/$$x \\"y\\".toml"' in service_unit(job(command=("/bin/briefing", '/a/$x "y".toml')))


def test_the_agent_of_launchd() -> None:
    found = agent(job(minutes=(0,), environment={"XDG_DATA_HOME": "/mnt/d"})).decode()
    assert (
        found
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
\t<key>EnvironmentVariables</key>
\t<dict>
\t\t<key>XDG_DATA_HOME</key>
\t\t<string>/mnt/d</string>
\t</dict>
\t<key>Label</key>
\t<string>briefing.1a2b3c4d5e6f</string>
\t<key>ProgramArguments</key>
\t<array>
\t\t<string>/opt/my tools/briefing</string>
\t\t<string>run</string>
\t\t<string>--scheduled</string>
\t\t<string>--config</string>
\t\t<string>/home/maya/100% o'clock/briefing.toml</string>
\t</array>
\t<key>StandardErrorPath</key>
\t<string>/home/maya/schedule.log</string>
\t<key>StandardOutPath</key>
\t<string>/home/maya/schedule.log</string>
\t<key>StartCalendarInterval</key>
\t<array>
\t\t<dict>
\t\t\t<key>Minute</key>
\t\t\t<integer>0</integer>
\t\t</dict>
\t</array>
\t<key>Umask</key>
\t<integer>63</integer>
</dict>
</plist>
"""
    )
    assert [one["Minute"] for one in plistlib.loads(agent(job()))["StartCalendarInterval"]] == [10, 25, 40, 55]


def as_cron_runs_it(line: str) -> list[str]:
    """What a command of a crontab gets as arguments: `%` and its backslash as in cron's do_command, then /bin/sh."""
    command, kept, escaped = line.split(None, 5)[5], "", False
    for letter in command:
        if escaped:
            kept = kept[:-1] + letter if letter in "%\\" else kept + letter
            escaped = False
        elif letter == "%":
            break
        else:
            kept += letter
            escaped = letter == "\\"
    bare = {"HOME": "/", "LOGNAME": "maya", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
    done = subprocess.run(["/bin/sh", "-c", kept], capture_output=True, check=True, env=bare)
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    "name", ["100% o'clock", 'a "b" c', "$HOME `id` $(id)", "%", "%%d", "größer & co; #1", "~ *", "-x"]
)
def test_cron_gives_the_program_the_path_as_it_is(name: str) -> None:
    command = ("/usr/bin/printf", "%s\\0", "run", "--config", f"/home/{name}/briefing.toml")
    # printf's own format has a backslash, which a Job refuses: it is written by hand here.
    line = cron_block(job(command=("/usr/bin/printf", "FORMAT", *command[2:]))).decode().splitlines()[1]
    assert as_cron_runs_it(line.replace("FORMAT", "'\\%s\\000'")) == ["run", "--config", f"/home/{name}/briefing.toml"]


@pytest.mark.parametrize(
    "path", ["/home/a\\b/briefing.toml", "/home/a\nb/briefing.toml", "/home/a\u202eb/briefing.toml"]
)
def test_what_a_scheduler_reads_in_its_own_way_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="cannot be written for a scheduler"):
        job(config=Path(path))


# --- the block in a crontab ----------------------------------------------------------------------------------------------

LINES = st.lists(st.binary(max_size=12).filter(lambda one: b"briefing" not in one), max_size=6).map(b"\n".join)
BLOCK, OTHER = cron_block(job()), cron_block(job(minutes=(0,)))
NAME = job().name


@settings(max_examples=25, deadline=None)
@given(LINES, LINES)
def test_every_other_byte_of_a_crontab_stays(before: bytes, after: bytes) -> None:
    """Not UTF-8, carriage returns, no last newline: ours goes in once, is replaced in its place, and goes."""
    before += b"\n" if before else b""
    assert with_block(before, NAME, BLOCK) == before + BLOCK
    there = before + BLOCK + after
    assert with_block(there, NAME, BLOCK) == there
    assert with_block(there, NAME, OTHER) == before + OTHER + after
    assert with_block(there, NAME, None) == before + after
    assert with_block(there + (b"\n" if after else b"") + BLOCK, NAME, None).rstrip(b"\n") == (before + after).rstrip(
        b"\n"
    )
    assert with_block(there, "another", None) == there


def test_a_crontab_without_a_last_newline_gets_one() -> None:
    assert with_block(b"0 1 * * * backup", NAME, BLOCK) == b"0 1 * * * backup\n" + BLOCK


@pytest.mark.parametrize("gone", [0, 2])
def test_a_mark_that_is_missing_is_no_leave_to_guess(gone: int) -> None:
    lines = BLOCK.splitlines(keepends=True)
    del lines[gone]
    crontab = b"0 1 * * * backup\n" + b"".join(lines) + b"0 2 * * * mine\n"
    for block in (BLOCK, None):
        with pytest.raises(ScheduleError, match=r"line [23] of your crontab is one of briefing's marks without"):
            with_block(crontab, NAME, block)


# --- the commands, with cron ---------------------------------------------------------------------------------------------


def test_installed_twice_is_installed_once_and_removed_leaves_the_rest(machine: Machine) -> None:
    machine.has(crontab=CRONTAB)
    mine = b"MAILTO=maya\xe9\n0 1 * * * backup --all > /dev/null\n"
    machine.spool.write_bytes(mine)
    code, out, err = machine.schedule("install", "--yes")
    assert (code, err) == (0, "")
    first, *added, last = out.splitlines()
    assert first == "your crontab changes:"
    assert [line[:4] for line in added] == ["  + "] * 3
    assert last == (
        "Scheduled by cron. Monday, Tuesday, Wednesday, Thursday and Friday at 06:40 Europe/Berlin, caught up until 12:40. "
        "The next is due on Wednesday 25 November 2026 at 06:40."
    )
    written = machine.spool.read_bytes()
    assert written.startswith(mine + f"# >>> briefing {machine.name} for ".encode())
    assert "\n".join(line[4:] for line in added).encode() + b"\n" == written.removeprefix(mine)
    assert b"backup" not in out.encode()
    assert "-" in machine.called()
    code, out, err = machine.schedule("install", "--yes")
    assert (code, out.partition(".")[0], err) == (0, "As it was: scheduled by cron", "")
    assert machine.spool.read_bytes() == written
    assert "-" not in machine.called()
    assert machine.schedule("remove", "--yes")[0] == 0
    assert machine.spool.read_bytes() == mine
    assert machine.schedule("remove", "--yes")[:2] == (0, "Nothing is scheduled for this configuration.\n")


def test_a_user_without_a_crontab_has_none_afterwards(machine: Machine) -> None:
    machine.has(crontab=CRONTAB)
    assert machine.schedule("install", "--yes")[1].startswith("your crontab is new:\n")
    assert machine.spool.exists()
    assert machine.schedule("remove", "--yes")[1].startswith("your crontab is removed:\n")
    assert not machine.spool.exists()


def test_two_configurations_have_a_block_each(machine: Machine) -> None:
    machine.has(crontab=CRONTAB)
    machine.schedule("install", "--yes")
    first, machine.config = machine.spool.read_bytes(), machine.config.rename(machine.config.with_name("other.toml"))
    machine.schedule("install", "--yes")
    assert machine.spool.read_bytes().startswith(first)
    assert machine.spool.read_bytes().count(b"# >>> briefing") == 2
    machine.schedule("remove", "--yes")
    assert machine.spool.read_bytes() == first


def test_nothing_is_written_before_somebody_said_yes(machine: Machine) -> None:
    machine.has(crontab=CRONTAB)
    machine.spool.write_bytes(b"0 1 * * * backup\n")
    machine.patch.setattr(sys, "stdin", io.StringIO())
    code, out, err = machine.schedule("install")
    assert code == 2
    assert "your crontab changes:" in out
    assert err == "briefing: there is no terminal to ask at; nothing was written\n  to agree beforehand: --yes\n"
    for answer in ("", "yesterday"):
        machine.answers(answer)
        code, out, _ = machine.schedule("install")
        assert (code, out.splitlines()[-1]) == (0, "Write this? [y/N] Nothing was written.")
    assert machine.spool.read_bytes() == b"0 1 * * * backup\n"
    machine.answers("Y")
    assert "Scheduled by cron." in machine.schedule("install")[1]
    written = machine.spool.read_bytes()
    machine.answers("n")
    assert "Nothing was removed." in machine.schedule("remove")[1]
    assert machine.spool.read_bytes() == written


def test_a_crontab_that_changes_while_we_ask_is_left_alone(machine: Machine) -> None:
    machine.has(crontab=CRONTAB)

    def edited(question: str) -> str:
        machine.spool.write_bytes(b"0 1 * * * new\n")
        return "y"

    machine.answers("")
    machine.patch.setattr("builtins.input", edited)
    code, _, err = machine.schedule("install")
    assert (code, err) == (1, "briefing: your crontab has changed meanwhile; nothing was written\n  run it again\n")
    assert machine.spool.read_bytes() == b"0 1 * * * new\n"


def test_a_crontab_that_cannot_be_read_is_not_an_empty_one(machine: Machine) -> None:
    machine.has(crontab=CRONTAB)
    machine.spool.write_bytes(b"0 1 * * * backup\n")
    machine.refuses("You (maya) are not allowed to use this program (crontab)\n")
    problem = "your crontab cannot be read: You (maya) are not allowed to use this program (crontab)"
    for action in ("install", "remove", "status"):
        code, _, err = machine.schedule(action, "--yes")
        assert (code, problem in err) == (1, True), action
    assert machine.spool.read_bytes() == b"0 1 * * * backup\n"


def test_a_crontab_command_that_writes_nothing_is_found_out(machine: Machine) -> None:
    machine.has(crontab=CRONTAB)
    (machine.fakes / "forgets").touch()
    code, out, err = machine.schedule("install", "--yes")
    assert code == 1
    assert "what stands there now is something else" in err
    assert "Scheduled" not in out


def test_status_of_a_schedule(machine: Machine) -> None:
    machine.has(crontab=CRONTAB)
    code, out, err = machine.schedule()
    assert (code, err) == (1, "briefing: nothing is scheduled for this configuration: briefing schedule install\n")
    assert "Monday 23 November 2026: due since 06:40, caught up until 12:40." in out
    machine.schedule("install", "--yes")
    code, out, err = machine.schedule("status")
    assert code == 1
    assert "cron has not looked yet; it does so every 15 minutes while the machine is awake" in err
    assert machine.run("run", "--scheduled", "--config", machine.config)[0] == 0
    code, out, err = machine.schedule("status")
    assert (code, err) == (0, "")
    assert out == (
        "Scheduled by cron, which looks every 15 minutes.\n"
        "It last looked on Monday 23 November 2026 at 09:00.\n"
        "Monday, Tuesday, Wednesday, Thursday and Friday at 06:40 Europe/Berlin, caught up until 12:40. "
        "The next is due on Wednesday 25 November 2026 at 06:40.\n"
        "Monday 23 November 2026: settled.\n"
    )
    machine.at(NOW + timedelta(days=3, hours=9))
    code, out, err = machine.schedule("status")
    assert "the last look was 3 days ago: since then the machine slept, or cron does not run it" in err
    assert "Thursday 26 November 2026: not sent, and too late since 12:40. To send it all the same: briefing run" in out
    assert (
        "Without an edition since that of Monday 23 November 2026: Wednesday 25 November and Thursday 26 November."
        in out
    )
    machine.at(NOW)
    machine.config.write_text(CONFIG.replace("06:40", "06:30"), encoding="utf-8")
    code, out, err = machine.schedule("status", "--json")
    plain = json.loads(out)
    assert (code, plain["scheduled_by"], plain["next"]) == (1, ["cron"], "2026-11-25T06:30:00+01:00")
    (problem,) = plain["problems"]
    assert problem.startswith(
        "the entry of cron is not what install writes now, after a change of the time or of a path"
    )
    assert plain["today"]["outcome"] == "delivered"


# --- systemd and launchd -------------------------------------------------------------------------------------------------


def test_a_timer_of_systemd(machine: Machine) -> None:
    machine.has(systemctl=SYSTEMCTL, loginctl="#!/bin/sh\necho no\n")
    units = machine.home / ".config" / "systemd" / "user"
    timer = f"briefing-{machine.name}.timer"
    code, out, err = machine.schedule("install", "--yes")
    assert (code, err) == (
        0, "briefing: it runs only while you are logged in; for always: loginctl enable-linger\n"
    )  # fmt: skip
    assert f"{units / timer} is new:" in out
    assert "  + OnCalendar=*-*-* *:10,25,40,55:00" in out
    assert sorted(path.name for path in units.iterdir()) == [timer.replace("timer", "service"), timer]
    assert machine.called()[-4:] == [
        "--user daemon-reload", f"--user enable {timer}", f"--user restart {timer}", f"--user is-active {timer}"
    ]  # fmt: skip
    kept = (units / timer).read_bytes()
    assert machine.schedule("install", "--yes")[1].startswith("As it was: scheduled by systemd.")
    assert (units / timer).read_bytes() == kept
    (machine.fakes / "active").unlink()
    assert "the timer is not active: systemctl --user restart" in machine.schedule("status")[2]
    machine.called()
    assert machine.schedule("remove", "--yes")[0] == 0
    assert list(units.iterdir()) == []
    assert machine.called() == [f"--user disable --now {timer}", "--user daemon-reload"]


@pytest.mark.parametrize("step", ["daemon-reload", "enable", "restart"])
def test_units_that_systemd_refuses_are_taken_back(machine: Machine, step: str) -> None:
    machine.has(systemctl=SYSTEMCTL)
    machine.refuses(step)
    code, _, err = machine.schedule("install", "--yes", "--by", "systemd")
    assert (code, err) == (1, f"briefing: systemctl --user {step} failed: Failed to connect to bus\n")
    assert list((machine.home / ".config" / "systemd" / "user").iterdir()) == []


def test_an_agent_of_launchd(machine: Machine) -> None:
    machine.has(launchctl=LAUNCHCTL, crontab=CRONTAB)
    label, domain = f"briefing.{machine.name}", f"gui/{os.getuid()}"
    path = machine.home / "Library" / "LaunchAgents" / f"{label}.plist"
    machine.refuses("")
    assert machine.schedule("install", "--yes")[0] == 1
    assert not path.exists()
    (machine.fakes / "refuses").unlink()
    machine.called()
    assert machine.schedule("install", "--yes")[::2] == (0, "")
    assert machine.called() == [
        "-l", f"bootout {domain}/{label}", f"bootstrap {domain} {path}", f"print {domain}/{label}"
    ]  # fmt: skip
    arguments = plistlib.loads(path.read_bytes())["ProgramArguments"]
    assert Path(arguments[0]).is_absolute()
    assert arguments[1:] == ["run", "--scheduled", "--config", str(machine.config)]
    assert path.stat().st_mode & 0o777 == 0o644
    (machine.fakes / "loaded").unlink()
    assert "launchd does not know it: briefing schedule install" in machine.schedule()[2]
    assert machine.schedule("remove", "--yes")[0] == 0
    assert not path.exists()


def test_one_scheduler_at_a_time(machine: Machine) -> None:
    machine.has(crontab=CRONTAB, systemctl=SYSTEMCTL)
    machine.schedule("install", "--yes", "--by", "systemd")
    assert machine.schedule("install", "--yes", "--by", "cron")[::2] == (
        2, "briefing: this briefing is scheduled by systemd already\n  first: briefing schedule remove\n"
    )  # fmt: skip
    assert machine.schedule("install", "--yes")[1].startswith("As it was: scheduled by systemd.")
    assert not machine.spool.exists()


# --- what would not work -------------------------------------------------------------------------------------------------


def test_what_cannot_be_scheduled(machine: Machine) -> None:
    code, _, err = machine.schedule("install", "--yes")
    assert (code, err.splitlines()[0]) == (2, "briefing: this machine has none of launchd, cron and systemd")
    assert machine.schedule("install", "--yes", "--by", "cron")[::2] == (
        1, "briefing: there is no crontab on this machine\n"
    )  # fmt: skip
    assert "take launchd, cron or systemd" in machine.schedule("install", "--by", "at")[2]
    assert 'briefing schedule does not know "uninstall"' in machine.schedule("uninstall")[2]
    machine.config.write_text('[workspace]\nname = "Harbour Lane"\n', encoding="utf-8")
    assert "no channel is set up: nothing would be delivered" in machine.schedule("install", "--yes")[2]


def test_secrets_that_a_scheduled_run_does_not_have_are_told(machine: Machine) -> None:
    machine.has(crontab=CRONTAB)
    more = (
        '[[audience]]\nname = "Maya"\nemails = ["maya@harbourlane.example"]\n'
        '[sources.work]\nuse = "accelo"\nclient_secret = "env:ACCELO_SECRET"\n'
        '[deliver.mail]\nuse = "email"\nhost = "127.0.0.1"\nfrom = "b@harbourlane.example"\n'
        'username = "b"\npassword = "env:SMTP_PASSWORD"\n'
    )
    machine.config.write_text(CONFIG + more, encoding="utf-8")
    code, _, err = machine.schedule("install", "--yes")
    assert code == 0
    assert [line.partition(",")[0] for line in err.splitlines()] == [
        "briefing: sources.work.client_secret is read from the variable ACCELO_SECRET",
        "briefing: deliver.mail.password is read from the variable SMTP_PASSWORD",
    ]
