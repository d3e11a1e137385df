"""What was read, when, and how it went; and the editions made from it. One protocol, one SQLite form.

stream key   (source, scope, kinds): what a reading belongs to
attempt      one try to read a stream, successful or not
whole        the materialised facts of the last reading that brought any; rules see nothing else
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from briefing.connector import Gone
    from briefing.facts import Fact
    from briefing.meter import Room
    from briefing.rules.view import AdSeries


@dataclass(frozen=True, slots=True, order=True)
class StreamKey:
    """What identifies a stream from day to day."""

    source: str
    scope: str
    kinds: tuple[str, ...]
    """Sorted names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one try to read a stream went."""

    status: Literal["whole", "partial", "failed"]
    started: datetime
    ended: datetime
    as_of: datetime | None = None
    place: str = ""
    rows: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    """(where, why), at most 100."""

    skipped_count: int = 0
    ignored: tuple[tuple[int, str], ...] = ()
    problem: str = ""
    cure: str = ""
    milliseconds: int = 0
    calls: int = 0
    pages: int = 0
    room: Room | None = None
    """What the service said last about its rate limit."""

    emptied: bool = False
    """It had rows before and is suddenly empty: believed on the second day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The streams a source offered, or why it could not say."""

    source: str
    at: datetime
    streams: tuple[StreamKey, ...] = ()
    problem: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRecord:
    """What the store knows of one stream at a moment."""

    key: StreamKey
    latest: Attempt | None
    """The latest try; None if it was listed and never tried."""

    usable: Attempt | None
    """The latest try that brought facts, whole or partial."""

    broken: datetime | None = None
    """When the first try ended that was not whole since the last that was; None: it is whole, or not known any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Since when a stream is whole, or is not. Known for as long as the stream is, however old its tries are."""

    whole: datetime | None = None
    """When its last whole reading ended; None: there never was one."""

    broken: datetime | None = None
    """When the first try since then ended that was not whole, or whose listing failed; None: it is whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything readable at a moment."""

    facts: tuple[Fact, ...] = ()
    streams: tuple[StreamRecord, ...] = ()
    listings: tuple[Listing, ...] = ()
    """The latest listing of each source."""

    unknown_kinds: int = 0
    """Facts of kinds this version does not know: written by a newer one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEdition:
    """An edition as it was fixed, before anything of it was sent."""

    audience: str
    date: date
    compiled_at: datetime
    body: str
    """The frozen JSON."""

    parts: Mapping[str, bytes] = field(default_factory=dict)
    """The very bytes that channels send, by name. Kept for two weeks; the JSON outlives them."""


class Incoming(Protocol):
    """One stream's reading on its way in: nothing is visible until `finish`, and `drop` leaves no trace."""

    def add(self, facts: Iterable[Fact | Gone]) -> None:
        """Take further facts."""

    @property
    def rows(self) -> int:
        """Distinct facts taken so far."""

    @property
    def repeated(self) -> int:
        """Facts taken again unchanged."""

    @property
    def contradicted(self) -> Sequence[str]:
        """`where` of facts that were stated twice with different contents; the first stands."""

    def finish(self, attempt: Attempt, *, mark: str = "", continued: bool = False, so_far: bool = False) -> None:
        """Apply everything in one transaction. `continued`: only what changed since the mark was stated. The mark of a
        partial reading is kept only where it says what is missing (`so_far`).
        """

    def drop(self) -> None:
        """Forget what was taken."""


class Store(Protocol):
    """Readings, ad days and editions of one workspace. Times are aware; two processes at once are safe."""

    def listed(self, listing: Listing) -> None:
        """Record what a source offered, or that it could not say."""

    def receive(self, key: StreamKey) -> Incoming:
        """Begin to take a reading."""

    def failed(self, key: StreamKey, attempt: Attempt) -> None:
        """Record a try that brought nothing; what was read before stays."""

    def mark(self, key: StreamKey, bound_to: str) -> str:
        """Where the next reading may go on; empty when there is none for these settings."""

    def bind(self, key: StreamKey, bound_to: str) -> None:
        """Bind the mark to settings, credential and connector version."""

    def record(self, key: StreamKey) -> StreamRecord:
        """What is known of one stream now."""

    def snapshot(self, at: datetime, sources: Sequence[str] | None = None) -> Snapshot:
        """Everything as it was known at a moment, of the given sources (all by default)."""

    def last_attempt(self, at: datetime) -> datetime | None:
        """When the newest try of any stream ended, up to a moment."""

    def standings(self) -> Mapping[StreamKey, Standing]:
        """Since when each stream is whole or not, as known now. A source that could never list its streams stands as
        one stream without scope and kinds.
        """

    def asked(self) -> Mapping[str, datetime]:
        """When each source was last asked for its streams and then for each of them, whether it answered or not. A
        collect that was killed in between has not asked.
        """

    def series(self, at: datetime) -> AdSeries:
        """Daily ad rows as known at a moment."""

    def keep(self, edition: KeptEdition) -> KeptEdition:
        """Keep an edition. One of the same audience and date that is there already stands; the one that stands."""

    def edition(self, audience: str, day: date) -> KeptEdition | None:
        """A kept edition."""

    def has_editions(self) -> bool:
        """Whether any edition was ever fixed here."""

    def forget(self, now: datetime) -> None:
        """Remove what is older than it is kept for."""

    def close(self) -> None:
        """Close the files."""


def bound_to(settings: Mapping[str, object], version: str) -> str:
    """A fingerprint of what a mark depends on. Secrets enter only through the hash."""
    plain = {key: str(value) if isinstance(value, str) else value for key, value in settings.items()}
    text = "\n".join(f"{key}={plain[key]!r}" for key in sorted(plain))  # a Secret's own repr would hide a change
    return hashlib.sha256(f"{version}\n{text}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A store, and what had to be done to open it."""

    store: Store
    notices: tuple[str, ...] = field(default=())


def revised(audience: str, revision: int) -> str:
    """What a correction is kept under, beside the first edition of its date: no audience has a line break in its name.

    >>> revised("Maya", 1), revised("Maya", 2)
    ('Maya', 'Maya\\n2')
    """
    return audience if revision == 1 else f"{audience}\n{revision}"


def last_kept(store: Store, audience: str, day: date) -> KeptEdition | None:
    """What is kept of a date: its edition, or the last correction of it."""
    return next(iter(all_kept(store, audience, day)), None)


def all_kept(store: Store, audience: str, day: date) -> list[KeptEdition]:
    """The edition of a date and its corrections, the newest first."""
    found: list[KeptEdition] = []
    while (one := store.edition(revised(audience, len(found) + 1), day)) is not None:
        found.insert(0, one)
    return found
