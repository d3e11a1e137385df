"""What is wrong with `briefing.toml`, each in a line that says what to write."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_origin

from pydantic import BaseModel

from briefing.deliver.channel_settings import CHANNELS, PingSection
from briefing.escalation_settings import EscalateSection, PersonSection, StepSection
from briefing.sections import (
    AudienceSection,
    ClientSection,
    CurrencySection,
    OrderSection,
    ScheduleSection,
    SourceSection,
    WorkspaceSection,
)

SECTIONS: Mapping[str, type[BaseModel]] = {
    "workspace": WorkspaceSection, "currency": CurrencySection, "audience": AudienceSection,
    "clients": ClientSection, "order": OrderSection, "schedule": ScheduleSection, "ping": PingSection,
    "sources": SourceSection,    "people": PersonSection, "escalate": EscalateSection,
}  # fmt: skip

NAMED = frozenset({"sources", "clients", "deliver", "rules", "people"})
"""Tables that hold tables of the user's naming."""

TABLES = frozenset({"model_type", "model_attributes_type", "dict_type", "mapping_type"})
NUMBERS = frozenset({"int_type", "int_parsing", "int_from_float"})
AMOUNTS = frozenset({"decimal_type", "decimal_parsing", "float_type", "float_parsing"})
LIMITS = {"less_than": "less than {lt}", "less_than_equal": "at most {le}"}
LIMITS |= {"greater_than": "more than {gt}", "greater_than_equal": "at least {ge}"}


def said(detail: Any) -> str:
    """One problem that pydantic found, as path and cure."""
    location = detail["loc"]
    # pydantic names the channel's kind in the path, where the file has none.
    shown = (*location[:2], *location[3:]) if location[:1] == ("deliver",) else location
    path = ".".join(str(part + 1 if isinstance(part, int) else part) for part in shown)
    if detail["type"] == "extra_forbidden":
        return f"{path}: not a known key{nearest(str(location[-1]), _fields(location[:-1]))}"
    if detail["type"] == "union_tag_invalid":
        known = ", ".join(CHANNELS)
        return f'{path}.use: "{detail["ctx"]["tag"]}" is none of {known}{nearest(detail["ctx"]["tag"], CHANNELS)}'
    if detail["type"] == "union_tag_not_found":
        return f"{path}.use: is missing; write one of {', '.join(CHANNELS)}"
    return f"{path}: {_cure(detail, location, path)}"


def _cure(detail: Any, location: tuple[str | int, ...], path: str) -> str:
    kind, given = detail["type"], detail["input"]
    cures = {
        "missing": "is missing",
        "string_type": f"write it in quotes{_such_as(location)}",
        "string_too_short": "is empty",
        "date_from_datetime_parsing": "write a date such as 2026-11-01",
    }
    if kind in TABLES or (kind == "tuple_type" and len(location) == 1):
        return f"write a table: {_table(location, path)}, with its keys below it"
    if kind == "tuple_type":
        return 'write a list such as ["one", "two"]'
    if kind == "literal_error":
        known = re.findall(r"'([^']+)'", detail["ctx"]["expected"])
        return f'"{given}" is none of {", ".join(known)}{nearest(str(given), known)}'
    if kind in NUMBERS | AMOUNTS:
        return "write a whole number" if kind in NUMBERS else "write a number"
    if kind in LIMITS:
        return f"write {LIMITS[kind].format(**detail['ctx'])}"
    message = str(detail["msg"]).removeprefix("Value error, ")
    return cures.get(kind, f"{message[0].lower()}{message[1:]}")


def _table(location: tuple[str | int, ...], path: str) -> str:
    """How the head of a table is written."""
    if get_origin(getattr(_fields(()).get(str(location[0])), "annotation", None)) is tuple:
        return f"[[{location[0]}]]"
    return f"[{path}.NAME]" if path in NAMED else f"[{path}]"


def _such_as(location: tuple[str | int, ...]) -> str:
    """The default of the key shows how it is written."""
    field = _fields(location[:-1]).get(str(location[-1]))
    usual = getattr(field, "default", None)
    return f', such as "{usual}"' if isinstance(usual, str) and usual else ""


def _fields(location: tuple[str | int, ...]) -> Mapping[str, object]:
    """The keys of a table."""
    from briefing.config import Settings

    section = SECTIONS.get(str(location[0]), Settings) if location else Settings
    if location[:1] == ("deliver",) and len(location) > 2:
        section = CHANNELS[str(location[2])]
    if location[:1] == ("escalate",) and "steps" in location:
        section = StepSection
    return {field.alias or name: field for name, field in section.model_fields.items()}


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean "this"?)`, where one of those known is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""
