"""Files: the edition as dated HTML and Markdown, and under a name that stays.

    2026-11-23.html  2026-11-23.md   latest.html  latest.md

Each is there whole or not at all, for its owner alone. `latest` is a link where the folder takes one, else a copy.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from briefing.deliver import Begin, NotAllowed, Outcome
from briefing.deliver.edition import Edition

LATEST = "latest"


class Files:
    """A channel: a folder of editions. Writing the same again leaves the same."""

    kind = "files"
    repeatable = True

    def __init__(
        self, name: str, folder: Path, forms: Sequence[str], *, latest: str = "link", deadline: float = 30.0
    ) -> None:
        self.name, self.deadline, self.patience = name, deadline, 0.0
        self.recipients = (str(folder),)
        self._folder, self._forms, self._latest = folder, tuple(forms), latest

    def fixed(self, edition: Edition) -> bytes:
        """The edition's own forms are written."""
        return b""

    def shown(self, edition: Edition, body: bytes) -> str:
        """The files."""
        return "\n".join(f"File:     {self._folder / name}" for name in self._names(edition))

    def _names(self, edition: Edition) -> dict[str, str]:
        return {f"{edition.date.isoformat()}.{form}": form for form in self._forms}

    def tried(self) -> Outcome:
        """Whether the folder, or the nearest one above it that is there, can be written."""
        there = next(one for one in (self._folder, *self._folder.parents) if one.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            return Outcome(result="refused", detail=f"{there} cannot be written")
        return Outcome(result="sent", detail=f"{self._folder}, {', '.join(self._forms)}")

    def send(self, edition: Edition, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        """Write the files."""
        if not begin(recipients):
            raise NotAllowed
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for name, form in self._names(edition).items():
                write(self._folder / name, edition.forms[form])
                self._point(name, form)
        except OSError as error:
            return dict.fromkeys(
                recipients, Outcome(result="refused", detail=f"cannot be written: {error.strerror or error}")
            )
        return dict.fromkeys(recipients, Outcome(result="sent"))

    def _point(self, name: str, form: str) -> None:
        """`latest` to the newest edition there is: yesterday's, sent again, is not the latest."""
        newest = max((found.name for found in self._folder.glob(f"????-??-??.{form}")), default=name)
        if newest > name:
            return
        latest = self._folder / f"{LATEST}.{form}"
        draft = _draft(latest)
        if self._latest == "link":
            try:
                draft.unlink(missing_ok=True)
                draft.symlink_to(name)
                draft.replace(latest)
            except OSError:  # a file system without links
                draft.unlink(missing_ok=True)
            else:
                return
        write(latest, (self._folder / name).read_text("utf-8"))


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def write(path: Path, text: str) -> None:
    """A file in place of the one before, whole or not at all, for its owner alone."""
    draft = _draft(path)
    try:
        draft.unlink(missing_ok=True)  # of a killed run, or a link that somebody put there
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
