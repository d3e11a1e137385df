"""Secrets by reference: a setting says where a secret lies, never what it is.

`env:NAME` is an environment variable, `file:PATH` a file of the user's that others cannot read.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from briefing.errors import ConfigError
from briefing.log import never_print

SCHEMES = ("env:", "file:")


class Secret(str):
    """A secret's text that does not print itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(...)"


def is_reference(value: object) -> bool:
    """Whether a setting is a reference to a secret."""
    return isinstance(value, str) and value.startswith(SCHEMES)


def resolve(reference: str, *, where: str, base: Path) -> Secret:
    """The secret a reference points at. Raises ConfigError naming the setting, never the contents."""
    scheme, _, rest = reference.partition(":")
    if scheme == "env":
        value = os.environ.get(rest, "")
        if not value:
            raise ConfigError([f"{where}: the environment variable {rest} is not set"])
        never_print(value)
        return Secret(value)
    path = (base / Path(rest).expanduser()).resolve()
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{where}: {rest} cannot be read ({getattr(error, 'strerror', None) or error})"]) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError([f"{where}: {rest} can be read by others; run: chmod 600 {rest}"])
    if not text:
        raise ConfigError([f"{where}: {rest} is empty"])
    never_print(text)
    return Secret(text)
