"""The command line in this process: a home of its own for each test, and what a command prints with its exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command

from briefing.cli import main
from briefing.cli.app import app

Run = Callable[..., tuple[int, str, str]]

COMMAND = get_command(app)
"""What typer makes of the commands, once: a process does it at its start, a test would at each command."""


def at_home(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Folders for data, cache and configuration, an empty folder to stand in, and a time zone."""
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"):
        patch.setenv(name, str(folder / "home" / name))
    for name in ("BRIEFING_CONFIG", "BRIEFING_AUDIENCE"):
        patch.delenv(name, raising=False)
    patch.setenv("TZ", "Europe/Berlin")
    (folder / "work").mkdir()
    patch.chdir(folder / "work")


def runner(patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; its exit code, what it printed, and what it said on stderr."""

    patch.setattr("briefing.cli.app.app", COMMAND)

    def run(*arguments: object) -> tuple[int, str, str]:
        patch.setattr(sys, "argv", ["briefing", *map(str, arguments)])
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        else:
            code = 0
        out, err = capsys.readouterr()
        return code, out, err

    return run
