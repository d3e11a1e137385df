"""The simulated agency with live sources: which files a vendor's API takes the place of, and a bad morning. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REPLACES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "accelo": ("accelo", "accelo", ("projects",)),
    "slack": ("slack", "slack", ("slack",)),
    "google_calendar": ("calendar", "google_calendar", ("calendar",)),
    "gmail": ("inbox", "gmail", ("mail",)),
    "ics": ("absences", "ics", ("absences",)),
    "imap": ("team-inbox", "imap", ()),
}
"""Per site of the server: the source's name, its connector, and the sources of files that it replaces.

The team's shared mailbox replaces none: it holds what is nowhere else.
"""

BESIDES: Mapping[str, Mapping[str, Any]] = {"accelo": {"currency": "USD", "modules": ["tickets", "retainers"]}}
"""Settings of the source that the service itself cannot tell. Sales and proposals are those of other sources."""

SECRETS = frozenset({"client_secret", "token", "password", "refresh_token", "key"})
"""Settings that are kept in files of their own and stand in the configuration as `file:`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong at one vendor on the bad morning; the arguments are those of the server's control."""

    vendor: str
    kind: str
    how: Mapping[str, Any]
    deadline: float = 0.0
    """A shorter deadline for the source, in seconds, so that the demo need not wait for the usual one."""


BAD_MORNING: tuple[Fault, ...] = (
    # Refused, slow, and read in part: two channels fail, and a folder of mail.
    Fault(
        vendor="accelo", kind="status",
        how={"code": 401, "route": "/oauth2/v0/token", "body": '{"error": "invalid_client"}'},
    ),
    Fault(vendor="google_calendar", kind="hang", how={}, deadline=4.0),
    Fault(
        vendor="slack", kind="status",
        how={"code": 500, "route": r"conversations\.history.*channel=C0EXT000(01|13)\b"},
    ),
    Fault(vendor="imap", kind="status", how={"code": 403, "route": r"EXAMINE /Applications$"}),
)  # fmt: skip


def live_sources(
    files: Mapping[str, Any], running: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The `[sources]` of a configuration with live ones in place of files, and the secrets: file name to content."""
    sources, secrets = dict(files), {}
    for site, settings in running.items():
        if site not in REPLACES:
            continue
        name, use, instead = REPLACES[site]
        for gone in instead:
            sources.pop(gone, None)
        told: dict[str, Any] = {"use": use, **BESIDES.get(site, {})}
        for key, value in settings.items():
            if key in SECRETS and value:
                secrets[f"secrets/{name}-{key}"] = str(value)
                told[key] = f"file:secrets/{name}-{key}"
            else:
                told[key] = value
        sources[name] = told
    return sources, secrets


def toml(plain: Mapping[str, Any]) -> str:
    """A configuration as a file: tables of scalars and lists, written as JSON writes them, which TOML reads alike."""
    lines = [f"{key} = {_quoted(value)}" for key, value in plain.items() if _is_plain(value)]
    for key, value in plain.items():
        if isinstance(value, Mapping):
            lines += _table(key, value)
        elif not _is_plain(value):
            for part in value:
                lines += ["", f"[[{key}]]", *_pairs(part)]
    return "\n".join(lines) + "\n"


def _table(path: str, table: Mapping[str, Any]) -> list[str]:
    pairs = _pairs({key: value for key, value in table.items() if not isinstance(value, Mapping)})
    lines = ["", f"[{path}]", *pairs] if pairs else []
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _table(f"{path}.{_quoted(key)}", value)
    return lines


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_quoted(value)}" for key, value in table.items()]


def _is_plain(value: Any) -> bool:
    tables = isinstance(value, list | tuple) and any(isinstance(part, Mapping) for part in value)
    return not isinstance(value, Mapping) and not tables


def _quoted(value: Any) -> str:
    """As JSON, with the one control character escaped that JSON leaves as it is and TOML refuses."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
