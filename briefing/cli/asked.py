"""What a user says on the command line, as values: dates, the options of `try`, the machine's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer


@dataclass(frozen=True, slots=True, kw_only=True)
class TryOptions:
    """What the user said beside the files."""

    day: str = ""
    tz: str = ""
    me: str = ""
    domains: tuple[str, ...] = ()
    currency: str = ""
    dates: str = ""
    decimal: str = ""


def parsed_date(text: str) -> date | None:
    """A date option's value; None when it was not given."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  (a date alone)
    except ValueError as error:
        raise typer.BadParameter(f'"{text}" is not a date; write YYYY-MM-DD') from error


def machine_zone() -> str:
    """The machine's time zone by its IANA name; UTC where nobody says."""
    import os

    named = os.environ.get("TZ", "").lstrip(":")
    candidates: list[Any] = [named] if named else []
    local = Path("/etc/localtime")
    if local.is_symlink():
        target = str(local.resolve())
        candidates.append(target.partition("zoneinfo/")[2])
    etc = Path("/etc/timezone")
    if etc.is_file():
        candidates.append(etc.read_text(encoding="utf-8").strip())
    from zoneinfo import ZoneInfo

    for name in candidates:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue
        return str(name)
    return "UTC"
