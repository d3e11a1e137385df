"""Standard output: for a pipe, a terminal, or the mail that cron makes of what a job prints."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from briefing.deliver import Begin, NotAllowed, Outcome
from briefing.deliver.edition import Edition

HERE = "standard output"


class Output:
    """A channel: the edition printed."""

    kind = "standard output"
    repeatable = False

    def __init__(self, name: str, form: str, *, deadline: float = 60.0) -> None:
        self.name, self.deadline, self.patience = name, deadline, 0.0
        self.recipients = (HERE,)
        self._form = form

    def fixed(self, edition: Edition) -> bytes:
        """The edition's own form is printed."""
        return b""

    def shown(self, edition: Edition, body: bytes) -> str:
        """The form."""
        return f"Form:     {self._form}, on standard output"

    def tried(self) -> Outcome:
        """There is nothing to try."""
        return Outcome(result="sent", detail=f"{HERE}, {self._form}")

    def send(self, edition: Edition, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        """Print it."""
        if sys.stdout is None:  # closed by who started us
            return dict.fromkeys(recipients, Outcome(result="refused", detail="there is no standard output"))
        if not begin(recipients):
            raise NotAllowed
        text = edition.forms[self._form]
        try:
            sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
            sys.stdout.flush()
        except OSError as error:  # whoever reads the pipe knows how far; there is no mailbox to look into
            detail = f"it was not read to its end: {error.strerror or error}"
            return dict.fromkeys(recipients, Outcome(result="refused", detail=detail))
        return dict.fromkeys(recipients, Outcome(result="sent"))
