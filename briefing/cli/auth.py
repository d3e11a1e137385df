"""`briefing auth SOURCE`: log in at the terminal, or say where a source's credential is set and try it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import typer

from briefing.cli import fail
from briefing.cli.doctor import checks_text, try_sources
from briefing.collect import told_problem
from briefing.errors import ConfigError, UsageError
from briefing.reading.text import clean
from briefing.secrets import is_reference
from briefing.workspace import Workspace


class Terminal:
    """The person at the terminal. What is asked for as a secret is not echoed and, like everything typed here, goes to
    the connector alone.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def say(self, text: str) -> None:
        """Print lines; an address is never broken across two."""
        for line in text.splitlines() or [""]:
            typer.echo(clean(line, 4000))

    def ask(self, question: str, *, secret: bool = False) -> str:
        """Ask for a line; Enter alone is an answer, but for a secret. Raises UsageError for an empty secret, and where
        there is nobody to ask.
        """
        asked = clean(question, 300).rstrip(" :")
        if not sys.stdin.isatty():
            raise UsageError(
                f"{self._source} asks for: {asked}; there is no terminal to type it at",
                advice=f"run briefing auth {self._source} in a terminal",
            )
        answer: str | None = None
        with suppress(EOFError):
            answer = self._secret(asked) if secret else input(f"{asked}: ")
        if answer is None or (secret and not answer.strip()):
            raise UsageError(f"nothing was entered for: {asked}", advice=f"run briefing auth {self._source} again")
        return answer.strip()

    @staticmethod
    def _secret(question: str) -> str:
        import getpass

        return getpass.getpass(f"{question} (not shown): ")


def log_in(workspace: Workspace, name: str, *, clock: Callable[[], datetime]) -> int:
    """Log a source in, or try the credential that is set for it. The exit code: 1 where it is not let in.

    Raises ConfigError where the connector cannot be built.
    """
    connector, _ = workspace.built(name)
    if connector is None or not hasattr(connector, "login"):
        return _tried(workspace, name, clock)
    try:
        whom = connector.login(Terminal(name))
    except (UsageError, ConfigError):
        raise
    except Exception as error:  # noqa: BLE001  (foreign code: whatever it raises is told by cause and cure)
        fail(f"{name}: {told_problem(error)[0]}", told_problem(error)[1])
        return 1
    typer.echo(f"{name}: logged in as {clean(whom, 200)}." if whom else f"{name}: logged in.")
    _forget_marks(workspace, name, clock())
    typer.echo(f"Try every list of it: briefing doctor {name}")
    return 0


def _forget_marks(workspace: Workspace, name: str, now: datetime) -> None:
    """Whoever logged in now may be somebody else: the next reading begins anew instead of going on with the last."""
    store, _ = workspace.store(now)
    try:
        for key in store.standings():
            if key.source == name:
                store.bind(key, "")
    finally:
        store.close()


def _tried(workspace: Workspace, name: str, clock: Callable[[], datetime]) -> int:
    for line in credential_lines(workspace, name):
        typer.echo(line)
    checks = try_sources(workspace, [name], clock=clock, most=1)
    typer.echo(checks_text(checks))
    return int(any(not check.ok for check in checks))


def credential_lines(workspace: Workspace, name: str) -> list[str]:
    """Where the credential of a source without a login is set."""
    section = workspace.settings.sources[name]
    references = {key: value for key, value in section.settings.items() if is_reference(value)}
    if not references:
        return [f"{name} ({section.use}) needs no login: it takes no credential."]
    lines = [f"{name} ({section.use}) has no login of its own. Its credential is set in briefing.toml:"]
    for key, value in references.items():
        scheme, _, rest = str(value).partition(":")
        where = f"the environment variable {rest}" if scheme == "env" else f"the file {rest}"
        lines.append(f"  {key} is taken from {where}")
    return [*lines, "To renew it, change it there. One page with it:"]
