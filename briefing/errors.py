"""What can go wrong, by what the reader can do about it.

BriefingError
  ConfigError        fix the file; lists every problem at once                       exit 2
  UsageError         fix the command; an unknown id, no file recognised              exit 2
  SourceError        a source did not answer as agreed; becomes a gap, the briefing goes on
    AuthError        renew the credentials
    FileProblem      a file that cannot be read as what it should be
    NotReached       a deadline passed first
    RateLimited      the source's limit is used up
    BadAnswer        an answer that cannot be what was asked for
    MarkExpired      the mark is too old: everything is read again, no gap
  StoreError         the store cannot be used                                        exit 70
  Busy               another briefing is at work here                                exit 75

Each carries one piece of advice: what to do next, as a sentence that can be printed.
"""

from __future__ import annotations

from collections.abc import Sequence


class BriefingError(Exception):
    """Anything we can tell the reader in one line. `advice` says what to do; it may be empty."""

    exit_code = 70
    advice = ""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        if advice:
            self.advice = advice


class ConfigError(BriefingError):
    """The configuration cannot be used. `problems` lists all of them, each with its path."""

    exit_code = 2

    def __init__(self, problems: Sequence[str], *, where: str = "configuration") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{where} has {count} problem{'' if count == 1 else 's'}:"
        super().__init__("\n  ".join([head, *self.problems]))


class UsageError(BriefingError):
    """The command asks for something that is not there."""

    exit_code = 2


class SourceError(BriefingError):
    """A source did not answer as agreed. The message is the cause, the advice is the cure."""


class AuthError(SourceError):
    """The source refused the credentials."""


class FileProblem(SourceError):
    """A file cannot be read as what it should be; names the file and, where there is one, the row."""


class NotReached(SourceError):
    """The deadline passed before the source was done."""

    advice = "run `briefing collect` again, or raise the source's deadline"


class RateLimited(SourceError):
    """The source's limit is used up, and it asks for a longer wait than is allowed."""

    advice = "run `briefing collect` later, or lower how often it is read"


class BadAnswer(SourceError):
    """An answer that cannot be what was asked for: broken, too large, going round in a circle."""

    advice = "try again; if it stays so, report it with the log"


class MarkExpired(SourceError):
    """The source no longer knows the mark: read everything again."""


class StoreError(BriefingError):
    """The store cannot be opened or written."""


class Busy(BriefingError):
    """Another process holds the workspace."""

    exit_code = 75
