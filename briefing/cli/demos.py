"""`briefing demo`: the simulated agency through the same connectors and rules as anybody's files."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from briefing.cli.output import write_private
from briefing.document import Briefing, to_json
from briefing.workspace import MORNING, Workspace, begin_run, run_folder


def begin_demo(day: date | None, out: Path | None, seed: int, *, now: datetime) -> tuple[Workspace, Path]:
    """Write the agency's files for a morning and begin a run over them. The clock is 07:00 of the day there."""
    from briefing.demo.files import ZONE, write
    from briefing.demo.world import World

    zone = ZoneInfo(ZONE)
    wanted = day or now.astimezone(zone).date()
    moment = datetime.combine(wanted, MORNING, zone)
    folder = (out or run_folder("demo-files")).resolve() / "files"
    folder.mkdir(parents=True, exist_ok=True)
    write(World(seed, wanted), wanted, folder)
    plain = tomllib.loads((folder / "briefing.toml").read_text(encoding="utf-8"))
    notice = "A simulated agency: every name and number is invented."
    return begin_run("demo", plain, now=moment, base=folder, notices=(notice,)), folder


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
