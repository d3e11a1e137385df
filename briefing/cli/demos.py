"""`briefing demo`: the simulated agency through the same connectors and rules as anybody's.

A server on this machine speaks the vendors' APIs; what has no API yet is read from files.
"""

from __future__ import annotations

import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from briefing.cli.output import emit, progress_shown, write_private
from briefing.compile import Compiled
from briefing.document import Briefing, to_json
from briefing.workspace import MORNING, Workspace, begin_run, collect_into, compile_in, run_folder

if TYPE_CHECKING:
    from briefing.demo.server.process import Running

NOTICE = "A simulated agency: every name and number is invented."


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What was asked for."""

    day: date | None = None
    out: Path | None = None
    seed: int = 1
    faults: bool = False
    """A bad morning: one source refused, one slow, one read in part."""

    serve: bool = False
    """Keep the server up afterwards."""

    latency: str = "none"
    show_all: bool = False


def demo(asked: DemoOptions, *, now: datetime) -> Compiled:
    """Start the server, read it and the files, print the briefing and say where everything is."""
    with served(asked, now) as (running, workspace):
        compiled = read_and_compile(workspace, now)
        emit(compiled.briefing, form="", output=None, show_all=asked.show_all)
        for line in write_forms(compiled.briefing, workspace.base, asked.out):
            say(line)
        if asked.serve:
            keep_up(running, workspace.base)
    return compiled


@contextmanager
def served(asked: DemoOptions, now: datetime) -> Iterator[tuple[Running, Workspace]]:
    """The agency's server and a run over it and its files, ready to be read. The clock is 07:00 of the day there."""
    from briefing.demo.files import ZONE
    from briefing.demo.server.process import serving

    zone = ZoneInfo(ZONE)
    morning = asked.day or now.astimezone(zone).date()
    folder = (asked.out or run_folder("demo-files")).resolve() / "files"
    folder.mkdir(parents=True, exist_ok=True)
    with serving(asked.seed, morning, latency=asked.latency) as running:
        plain = written(asked, morning, morning, folder, running)
        moment = datetime.combine(morning, MORNING, zone)
        workspace = begin_run("demo", plain, now=moment, base=folder, notices=(NOTICE,))
        if asked.faults:
            workspace = go_wrong(asked, workspace, morning, folder, running)
        yield running, workspace


def written(
    asked: DemoOptions, start: date, morning: date, folder: Path, running: Running
) -> dict[str, Any]:  # fmt: skip
    """Write the agency's files of a morning and the configuration that reads them and the server."""
    from briefing.demo import live
    from briefing.demo.files import write
    from briefing.demo.world import World

    write(World(asked.seed, start), morning, folder)
    path = folder / "briefing.toml"
    plain = tomllib.loads(path.read_text(encoding="utf-8"))
    plain["sources"], secrets = live.live_sources(plain["sources"], running.sources)
    for name, content in secrets.items():
        write_private(folder / name, content)
    write_private(path, live.toml(plain))
    return plain


def go_wrong(asked: DemoOptions, workspace: Workspace, morning: date, folder: Path, running: Running) -> Workspace:
    """The workday before was read whole; then things break. What will hang gets a deadline nobody minds waiting for."""
    from briefing.demo.days import is_workday
    from briefing.demo.live import BAD_MORNING, REPLACES

    before = next(day for n in range(1, 8) if is_workday(day := morning - timedelta(days=n)))
    assert workspace.fixed_now is not None
    running.morning(before)
    written(asked, morning, before, folder, running)
    read_and_compile(replace(workspace, fixed_now=workspace.fixed_now - (morning - before)), workspace.fixed_now)
    running.morning(morning)
    written(asked, morning, morning, folder, running)
    sources = dict(workspace.settings.sources)
    for fault in BAD_MORNING:
        if fault.vendor in running.sources:
            running.fault(fault.vendor, fault.kind, **fault.how)
            name = REPLACES[fault.vendor][0]
            if fault.deadline:
                sources[name] = sources[name].model_copy(update={"deadline": fault.deadline})
    return replace(workspace, settings=workspace.settings.model_copy(update={"sources": sources}))


def read_and_compile(workspace: Workspace, now: datetime) -> Compiled:
    """Collect once with live progress, and compile."""
    moment = workspace.fixed_now or now
    store, notices = workspace.store(moment)
    try:
        with progress_shown(workspace) as show:
            collect_into(workspace, store, clock=lambda: moment, progress=show)
        return compile_in(workspace, store, moment, notices=notices)
    finally:
        store.close()


def write_forms(briefing: Briefing, files: Path, out: Path | None) -> list[str]:
    """Write the briefing beside the files and say where everything is."""
    folder = out or files.parent
    from briefing.render import render

    lines = []
    for form, name in (("html", "briefing.html"), ("md", "briefing.md"), ("json", "briefing.json")):
        text = to_json(briefing) if form == "json" else render(briefing, form)
        write_private(folder / name, text)
        lines.append(f"{form:<5} {folder / name}")
    example = next((one.id for one in briefing.items), "ID")
    return ["", *lines, f"files {files}", f"why   briefing why {example} --run demo"]


def keep_up(running: Running, folder: Path) -> None:
    """Until Ctrl-C; says how to play with it."""
    say("")
    say(f"The agency's services answer at {running.url} until you press Ctrl-C.")
    say(f"Read them yourself:  briefing --config {folder / 'briefing.toml'} --fresh")
    say(f"                     briefing doctor --config {folder / 'briefing.toml'}")
    mail = running.sources["imap"]
    say(f"Its shared mailbox:  IMAP at {mail['host']}:{mail['port']}")
    say(f"What was asked:      {running.url}/_control/requests")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        say("Ended.")


def say(line: str) -> None:
    """To stderr: the briefing alone goes to standard output."""
    print(line, file=sys.stderr)  # noqa: T201
