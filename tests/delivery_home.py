"""A configured workspace whose mail goes to a server on this machine, and the command line in it at a fixed clock."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from briefing.cli import commands
from briefing.cli import run as cli_run
from briefing.store.ledger import Ledger
from briefing.workspace import configured
from tests.commandline import Run, at_home, runner
from tests.mail_server import Post

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
POST = Post()
FILES = {
    "projects.csv": "Project ID,Project,Client,Status,Manager,Start date,Due date,Budget,Currency\n"
    "p1,Acme site,Acme,Active,Janine,2026-09-01,2026-12-18,36000,USD\n",
    "milestones.csv": "Milestone ID,Milestone,Project ID,Due date,Status\nm1,Launch,p1,2026-11-24,Open\n",
    "tasks.csv": "Task ID,Task,Project ID,Milestone ID,Assignee,Due date,Status\n",
}
CONFIG = """
[workspace]
name = "Harbour Lane"
timezone = "Europe/Berlin"
domains = ["harbourlane.example"]
{workspace}
[[audience]]
name = "Maya"
emails = ["maya@harbourlane.example"]
[sources.work]
use = "projects_csv"
projects = "projects.csv"
milestones = "milestones.csv"
tasks = "tasks.csv"
[deliver.mail]
use = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "Morning briefing <briefing@harbourlane.example>"
patience = 0
{mail}
[deliver.archive]
use = "file"
folder = "editions"
"""

EVERY_DAY = 'workdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'


class Home:
    """A configured workspace at a fixed clock, and the command line in it."""

    def __init__(self, folder: Path, port: int, run: Run) -> None:
        self.folder, self.port, self.briefing, self.now = folder, port, run, MONDAY
        self.configure()
        for name, text in FILES.items():
            self.write(name, text)

    def configure(self, *, mail: str = "", workspace: str = "", more: str = "", port: int = 0) -> None:
        text = CONFIG.format(port=port or self.port, mail=mail, workspace=workspace) + more
        (self.folder / "briefing.toml").write_text(text, encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")
        os.utime(self.folder / name, (self.now.timestamp() - 3600,) * 2)

    @property
    def data(self) -> Path:
        return configured(self.folder / "briefing.toml").folder

    @property
    def ledger(self) -> Path:
        return self.data / "ledger.sqlite"

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and everything that was said."""
        code, out, err = self.briefing("run", *arguments)
        return code, out + err

    def next_day(self, days: int = 1) -> None:
        self.at(self.now + timedelta(days=days))

    def at(self, now: datetime) -> None:
        """Files are an hour old."""
        self.now = now
        for name in FILES:
            os.utime(self.folder / name, (self.now.timestamp() - 3600,) * 2)

    def for_processes(self) -> None:
        """The machine's own clock, on which every day is a workday."""
        self.at(datetime.now(UTC))
        self.configure(workspace=EVERY_DAY)

    def states(self) -> list[str]:
        ledger = Ledger(self.ledger, may_begin=False)
        try:
            return [f"{one.channel} {one.state}" for one in ledger.entries("Maya", self.now.date())]
        finally:
            ledger.close()


def home_in(folder: Path, port: int, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    """A home in a folder; its clock stands still until the test moves it."""
    at_home(folder, patch)
    made = Home(folder / "work", port, runner(patch, capsys))
    patch.setattr(cli_run, "clock", lambda: made.now)
    patch.setattr(commands, "clock", lambda: made.now)
    return made
