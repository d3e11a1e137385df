"""Where a briefing goes: the terminal, standard output, or a file. Progress goes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.document import Briefing
from briefing.errors import UsageError
from briefing.workspace import Workspace

if TYPE_CHECKING:
    from briefing.collect import Progress

FORMS = ("terminal", "md", "html", "text", "json")
BY_SUFFIX = {".md": "md", ".html": "html", ".htm": "html", ".txt": "text", ".json": "json"}


def emit(briefing: Briefing, *, form: str, output: Path | None, show_all: bool) -> None:
    """Print or write a briefing. Without a form: by the file's name, else for the terminal."""
    form = form or (BY_SUFFIX.get(output.suffix.lower(), "md") if output else "terminal")
    form = {"markdown": "md", "txt": "text"}.get(form, form)
    if form not in FORMS:
        raise UsageError(f'there is no form "{form}"', advice=f"forms are {', '.join(FORMS)}")
    if form == "terminal":
        _to_terminal(briefing, output, show_all=show_all)
        return
    from briefing.render import render

    text = render(briefing, form, all_items=show_all)
    if output is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    else:
        write_private(output, text)


def _to_terminal(briefing: Briefing, output: Path | None, *, show_all: bool) -> None:
    from rich.console import Console

    from briefing.terminal import print_briefing

    if output is None:
        print_briefing(briefing, Console(), all_items=show_all)
        return
    with output.open("w", encoding="utf-8") as file:
        output.chmod(0o600)
        print_briefing(briefing, Console(file=file, width=80), all_items=show_all)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


@contextmanager
def progress_shown(workspace: Workspace) -> Iterator[Callable[[Progress], None]]:
    """A live line per source on stderr, where that is a terminal; nothing where it is not."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    states: dict[str, dict[str, tuple[str, int]]] = {name: {} for name in workspace.settings.sources}

    def lines() -> Text:
        text = Text()
        for name, scopes in states.items():
            rows = sum(count for _, count in scopes.values())
            steps = {step for step, _ in scopes.values()}
            word = "failed" if "failed" in steps else "reading" if steps & {"started", "rows", "listed"} else "read"
            text.append(f"{name:<16.16} {word if scopes else 'waiting':<8} {rows:>8,}\n")
        return text

    console = Console(stderr=True)
    with Live(lines(), console=console, transient=True, refresh_per_second=8) as live:

        def show(step: Progress) -> None:
            scopes = states.setdefault(step.source, {})
            if step.step != "listed":
                scopes[step.scope] = (step.step, step.rows)
            elif not scopes:
                scopes[""] = ("done", 0)
            live.update(lines())

        yield show
