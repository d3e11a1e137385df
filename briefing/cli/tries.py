"""`briefing try`: from files to a run with settings of its own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from briefing import words
from briefing.cli.asked import TryOptions, machine_zone, parsed_date
from briefing.clients import FREE_MAIL, domain_of
from briefing.errors import UsageError
from briefing.reading.text import clean
from briefing.recognise import Found, look
from briefing.workspace import MORNING, Workspace, accepts, begin_run


def begin_try(files: list[Path], asked: TryOptions, *, now: datetime) -> tuple[Workspace, tuple[str, ...]]:
    """A run over the files that are recognised, and what has to be asked about the others.

    Raises UsageError when no file is recognised.
    """
    zone_name = asked.tz or machine_zone()
    try:
        zone = ZoneInfo(zone_name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f'"{zone_name}" is not a time zone', advice="write one such as Europe/Berlin") from error
    day = parsed_date(asked.day)
    moment = datetime.combine(day, MORNING, zone) if day else now.astimezone(zone)
    found = look(files)
    if not found.sources:
        raise UsageError(
            "\n".join(["no file is recognised", *found.asks, *unknown_lines(found)]),
            advice="docs/files.md lists what can be read, with the headings each needs",
        )
    plain = settings_for(found, asked, zone_name)
    workspace = begin_run("try", plain, now=moment, base=Path.cwd(), notices=notices(found, asked, zone_name))
    return workspace, (*found.asks, *unknown_lines(found))


def unknown_lines(found: Found) -> list[str]:
    """One line for the files that nobody reads."""
    names = [clean(path.name, 60) for path in found.unknown]
    return [f"not recognised, not read: {words.some(names, 6)}"] if names else []


def notices(found: Found, asked: TryOptions, zone: str) -> tuple[str, ...]:
    """What the briefing itself says about how it was made."""
    lines = ["Files are taken as exported, whenever that was."]
    if not asked.tz:
        lines.append(f"Time zone {zone}, this machine's.")
    if found.asks:
        lines.append(f"{words.count(len(found.asks), 'file')} not read: needs a word from you.")
    if found.broken:
        lines.append(f"Cannot be imported, so their files are not read: {', '.join(found.broken)}.")
    names = [clean(path.name, 60) for path in found.unknown]
    if names:
        lines.append(f"Not recognised and not read: {words.some(names, 6)}.")
    return tuple(lines)


def settings_for(found: Found, asked: TryOptions, zone: str) -> dict[str, Any]:
    """A configuration for the run: sources as recognised, whose they are, the currency."""
    me = asked.me or mailbox_owner(found)
    domains = list(asked.domains)
    if not domains and domain_of(me) and domain_of(me) not in FREE_MAIL:
        domains = [domain_of(me)]
    sources: dict[str, Any] = {}
    for name, table in found.sources.items():
        settings = dict(table)
        for key in ("currency", "dates", "decimal"):
            if getattr(asked, key) and accepts(table["use"], key):
                settings.setdefault(key, getattr(asked, key))
        if me and table["use"] == "mailbox":
            settings.setdefault("owner", me)
        sources[name] = settings
    plain: dict[str, Any] = {
        "workspace": {"name": "Your files", "timezone": zone, "domains": domains},
        "sources": sources,
    }
    if me:
        plain["audience"] = [{"name": "", "emails": [me]}]
    return plain


def mailbox_owner(found: Found) -> str:
    """Whose mailbox it is, by whom most messages are from or to; empty when nobody stands out."""
    from importlib.metadata import entry_points

    for entry in entry_points(group="briefing.owners"):
        for table in found.sources.values():
            if table["use"] == entry.name:
                owner: str = entry.load()(table["path"])
                if owner:
                    return owner
    return ""
