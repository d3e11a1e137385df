"""From an edition to its reader, once.

edition      one briefing for one audience on one local date, fixed with all its bytes before anything is sent
channel      a way to the reader: `[deliver.NAME]`
recipient    whom a channel reaches: an address, a folder, standard output
ledger       what was sent to whom, by which channel, with what result (`briefing/store/ledger.py`)
outbox       asks the ledger, sends, and tells the ledger

`policy.py`, `edition.py`, `mail.py` and `slack_post.py` are pure; `smtp.py`, `gmail.py`, `slack.py`, `folder.py` and
`output.py` are edges, each with one `send`; `outbox.py` stands between them. A new channel is one more edge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from briefing.deliver.edition import Edition
    from briefing.replies import Said

Result = Literal["sent", "refused", "deferred", "uncertain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one try ended for one recipient."""

    result: Result
    detail: str = ""
    """The other side's own words, in one line; secrets never."""


Begin = Callable[[Sequence[str]], bool]
"""Says that something is about to go to these recipients. False: it may not, and nothing must be sent."""


class NotAllowed(Exception):
    """Raised by a channel when `begin` said no: the ledger has it as sent by another."""


class Unanswered(Exception):
    """Raised by a channel that could not read what its reader wrote back."""


@runtime_checkable
class Answerable(Protocol):
    """A channel whose reader can write back. On a thread of its own, as `send`."""

    def answers(self, since: datetime) -> Sequence[Said]:
        """What the reader wrote back since a moment, line by line. Raises Unanswered."""


class Channel(Protocol):
    """A way to the reader. `send` runs on a thread of its own and may hang: the outbox has the deadline."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""

    @property
    def kind(self) -> str:
        """`e-mail`, `files`, `standard output`: for a reader."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Whom it reaches."""

    @property
    def deadline(self) -> float:
        """Seconds for one try."""

    @property
    def patience(self) -> float:
        """Seconds within which a channel that puts us off is tried again in the same run."""

    @property
    def repeatable(self) -> bool:
        """Doing it twice leaves the same as doing it once: a try whose end nobody knows is simply done again."""

    def fixed(self, edition: Edition) -> bytes:
        """The bytes to send, fixed with the edition. Empty where the edition's own forms are sent."""

    def send(self, edition: Edition, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        """Send to these recipients. Calls `begin` once, right before anything can arrive, and raises NotAllowed where
        it says no. Whatever else is raised after that leaves it uncertain, and before that puts it off.
        """

    def shown(self, edition: Edition, body: bytes) -> str:
        """What would be sent, in a few lines (`briefing run --dry-run`)."""

    def tried(self) -> Outcome:
        """Whether it would go, without sending anything (`briefing doctor`): `sent` where it would."""


@runtime_checkable
class Edited(Protocol):
    """What a channel can do besides where it edits what is there, without a notification."""

    def renewed(self, edition: Edition, body: bytes) -> bytes:
        """A newer page of the same date in the place of the bytes that were sent."""

    def noted(self, body: bytes, text: str) -> bytes:
        """The same bytes with a few words more, below everything else."""
