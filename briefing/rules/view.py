"""What a rule sees: the usable facts of one morning, who they belong to, and where was looked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple, Protocol, TypeVar, cast

from briefing.clients import Client, Directory
from briefing.facts import Fact, Person
from briefing.items import Evidence
from briefing.meter import Room

F = TypeVar("F", bound=Fact)
Status = Literal["whole", "partial", "stale", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReading:
    """How the latest reading of one stream went, and what of it is usable."""

    source: str
    scope: str = ""
    kinds: frozenset[str]
    """Names of the kinds of fact it states."""

    status: Status
    place: str = ""
    """What to call it where a sentence says where was looked."""

    as_of: datetime | None = None
    """When the source last knew (a file's modification time)."""

    fetched_at: datetime | None = None
    """When the last usable reading was made."""

    rows: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    """(where, why) of what could not be read; at most 100 are kept, `skipped_count` counts all."""

    skipped_count: int = 0
    ignored: tuple[tuple[int, str], ...] = ()
    problem: str = ""
    """Why the latest try failed."""

    cure: str = ""
    broken: datetime | None = None
    """Since when it is not whole, where that is known."""

    tried_at: datetime | None = None
    """When the latest try ended, usable or not."""

    milliseconds: int = 0
    """What the latest try took; `calls` and `pages` what it asked for."""

    calls: int = 0
    pages: int = 0
    room: Room | None = None
    """What the service said last about its rate limit."""


class AdSeriesDay(NamedTuple):
    """One closed day of one account or campaign, the newest vintage. A tuple: there are hundreds of thousands."""

    day: date
    spend: int
    """Micros."""

    impressions: int | None
    clicks: int | None
    leads: float | None
    vintage: date
    definition: str = ""
    partial: bool = False


class AdSeries(Protocol):
    """Daily rows of ad accounts, one account at a time; the store answers it from indexed columns."""

    def accounts(self, source: str) -> Sequence[str]:
        """Ids of the accounts that have rows, sorted."""

    def days(self, source: str, account: str, *, campaign: str = "") -> Sequence[AdSeriesDay]:
        """Account rows (or one campaign's) in the order of days, the newest vintage of each day."""

    def campaigns(self, source: str, account: str) -> Mapping[str, str]:
        """Campaign ids with their names."""


class NoAdSeries:
    """A store without ad days."""

    def accounts(self, source: str) -> Sequence[str]:
        """None."""
        return ()

    def days(self, source: str, account: str, *, campaign: str = "") -> Sequence[AdSeriesDay]:
        """None."""
        return ()

    def campaigns(self, source: str, account: str) -> Mapping[str, str]:
        """None."""
        return {}


@dataclass(frozen=True, slots=True)
class OnlyOf:
    """Daily rows of some sources; of others there are none."""

    inner: AdSeries
    sources: frozenset[str]

    def accounts(self, source: str) -> Sequence[str]:
        """Ids of the accounts that have rows, sorted."""
        return self.inner.accounts(source) if source in self.sources else ()

    def days(self, source: str, account: str, *, campaign: str = "") -> Sequence[AdSeriesDay]:
        """Account rows (or one campaign's) in the order of days."""
        return self.inner.days(source, account, campaign=campaign) if source in self.sources else ()

    def campaigns(self, source: str, account: str) -> Mapping[str, str]:
        """Campaign ids with their names."""
        return self.inner.campaigns(source, account) if source in self.sources else {}


@dataclass(frozen=True)
class Facts:
    """All usable facts, indexed by kind; `source` narrows `here` to the source under judgement."""

    by_kind: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    readings: tuple[StreamReading, ...] = ()
    directory: Directory = field(default_factory=Directory)
    series: AdSeries = field(default_factory=NoAdSeries)
    source: str = ""
    apart: timedelta | None = None
    """How much older than the list that is judged a list may be in which something is missed; None: no matter."""

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """Every usable fact of a kind, from every source, in a fixed order."""
        return cast(tuple[F, ...], self.by_kind.get(kind.kind, ()))

    def here(self, kind: type[F]) -> tuple[F, ...]:
        """Those of the source under judgement: ids of projects and tasks mean something only within it."""
        return tuple(fact for fact in self.of(kind) if fact.ref.source == self.source)

    def at(self, source: str) -> Facts:
        """The same facts with another source under judgement."""
        return replace(self, source=source)

    def whole(self, kind: type[Fact], *, source: str = "") -> bool:
        """Whether every stream that states a kind (of one source) was read whole, lately; False if none does."""
        found = [r for r in self.readings if kind.kind in r.kinds and source in ("", r.source)]
        return bool(found) and all(r.status == "whole" for r in found)

    def looked_in(self, *kinds: type[Fact], source: str = "") -> tuple[str, ...]:
        """Places whose lists of these kinds were read whole, in a fixed order, as a sentence calls them."""
        places = {
            r.place or r.source: None
            for kind in kinds
            for r in self.readings
            if kind.kind in r.kinds and r.status == "whole" and source in ("", r.source)
        }
        return tuple(places)

    def client(self, fact: Fact) -> str:
        """The resolved client's name of a fact; empty when nobody knows."""
        return self.directory.client(fact.party)

    def client_record(self, fact: Fact) -> Client | None:
        """The client's record, with its fee and targets."""
        name = self.client(fact)
        return self.directory.client_named(name) if name else None

    def client_or_name(self, fact: Fact) -> str:
        """How a sentence calls whom a fact is about: the client, else the name the source gives."""
        return self.client(fact) or fact.party.name

    def evidence(self, fact: Fact, text: str) -> Evidence:
        """One fact as evidence, with the time its source last knew."""
        for reading in self.readings:
            if reading.source == fact.ref.source and type(fact).kind in reading.kinds:
                return Evidence(ref=fact.ref, text=text, as_of=reading.as_of or reading.fetched_at)
        return Evidence(ref=fact.ref, text=text)

    def name(self, person: Person | None) -> str:
        """What to call a person."""
        return self.directory.name(person)


def facts_of(
    facts: Iterable[Fact],
    *,
    readings: Sequence[StreamReading] = (),
    directory: Directory | None = None,
    series: AdSeries | None = None,
    source: str = "",
    apart: timedelta | None = None,
) -> Facts:
    """Index facts by kind, each kind sorted by its reference, so that the order of reading changes nothing."""
    kinds: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        kinds[type(fact).kind].append(fact)
    return Facts(
        by_kind={
            kind: tuple(sorted(found, key=lambda f: (f.ref.source, f.ref.kind, f.ref.id)))
            for kind, found in sorted(kinds.items())
        },
        readings=tuple(sorted(readings, key=lambda r: (r.source, r.scope, sorted(r.kinds)))),
        directory=directory or Directory(),
        series=series or NoAdSeries(),
        source=source,
        apart=apart,
    )


@dataclass(frozen=True)
class Limits:
    """Thresholds of one rule: its defaults, overridden for all, for a client or for a type of project."""

    defaults: Mapping[str, object] = field(default_factory=dict)
    overrides: Mapping[str, object] = field(default_factory=dict)
    by_client: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    by_type: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def number(self, name: str, *, client: str = "", type: str = "") -> float:
        """A threshold; the client's own wins over the project type's, that over the rule's."""
        for layer in (self.by_client.get(client, {}), self.by_type.get(type, {}), self.overrides, self.defaults):
            if name in layer:
                return float(cast(float, layer[name]))
        raise KeyError(name)
