"""What a connector is: the whole contract on one screen.

Words used throughout
  connector  code that reads one vendor or one kind of file, found by its entry point in `briefing.connectors`
  source     a configured connector: `[sources.NAME] use = "slack"`
  stream     facts that are had together or not at all
  scope      what may fail alone: an ad account, a channel, the tasks of a project tool
  reading    the outcome of reading one stream: whole, partial or failed
  gap        what could not be read, why, and the cure

A connector is any class whose constructor takes its settings as typed keyword parameters and that has a `streams`
method; nothing is inherited. One instance serves many threads. It raises `briefing.errors.SourceError` (or a subclass)
for what a reader can do something about.

Files dropped on `briefing try` are offered to every function registered under `briefing.files`; it looks at a sample
and answers with a `Recognition`, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from briefing.errors import ConfigError
from briefing.facts import Fact, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The stretch of time a reading is about; the only clock a connector may read."""

    now: datetime
    """Aware. Nothing later than this is stated as having happened; meetings and due dates may lie later."""

    since: datetime
    """How far back messages and changes are wanted. State lists (projects, deals) come whole whatever this says."""

    until: datetime
    """How far ahead meetings are wanted."""

    zone: ZoneInfo
    """The workspace's zone: for dates and times that a source gives without one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the next reading may go on; opaque, and the last thing a stream yields."""

    value: str
    so_far: bool = False
    """This reading is not whole, and the mark says what is missing: the next one goes on with that. Where a service
    allows less at a time than there is to read. Any other reading that is not whole leaves the mark before it.
    """


@dataclass(frozen=True, slots=True)
class Gone:
    """A fact stated earlier is no longer there (only for streams that continue from a mark)."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that could not be read as a fact: makes the reading partial. Counted and shown, never silent."""

    where: str
    """`deals.csv:14`, a message id."""

    why: str
    """One clause: `amount "abc" is not a number`."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Rows left out on purpose that do not make the reading partial: later than the window, a totals row."""

    count: int
    why: str
    """Completes "12 ...": `messages later than Thursday 07:00`."""


Read = Callable[[Window, Mark | None], Iterable[Fact | Gone | Skipped | Ignored | Mark]]


@dataclass(frozen=True)
class Stream:
    """Facts that are had together or not at all. `read` is lazy and may be called from any thread."""

    kinds: frozenset[type[Fact]]
    read: Read
    scope: str = ""
    as_of: datetime | None = None
    """When the source last knew, where that is not the time of reading: a file's modification time."""

    place: str = ""
    """What to call it where a briefing says where was looked: `deals.csv`, `Slack`, `Maya's inbox`."""


class Connector(Protocol):
    """A source of facts.

    A connector may name in a class attribute `kinds` (a frozenset of fact types) what it can state. Where it fails
    before it could list its streams even once, these kinds are what is missing, instead of nobody knows what. Another,
    `deadline`, says how many seconds one of its streams needs where the configuration does not.
    """

    def streams(self, window: Window) -> Sequence[Stream]:
        """The streams on offer. May ask the network or look at files; runs under its own deadline."""


class GoesOn(Protocol):
    """What a connector may offer beside `streams`, where finding its streams takes calls that the last readings have
    made already.
    """

    def streams_after(self, window: Window, marks: Mapping[str, Mark]) -> Sequence[Stream]:
        """What `streams` would list now; asked in its place where there are marks. `marks` are those of the last
        readings by their scopes, of scopes no longer listed too. Nothing that stands in them is believed to hold still:
        a place that has moved is looked for anew, as without marks.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that `briefing doctor` tells of a source."""

    what: str
    """`Logged in as Ops Robot; the token ends Friday 12 December.`"""

    ok: bool = True
    cure: str = ""


class Probes(Protocol):
    """What a connector may offer besides `streams`: scopes, limits and permissions, tried by hand and not at six in the
    morning.
    """

    def probe(self) -> Iterable[Finding]:
        """May take some calls. Raises SourceError where nothing works at all."""


class Talk(Protocol):
    """The person at the terminal, for `briefing auth`."""

    def say(self, text: str) -> None:
        """Print a line."""

    def ask(self, question: str, *, secret: bool = False) -> str:
        """Ask for a line; a secret one is not echoed."""


class LogsIn(Protocol):
    """What a connector may offer for `briefing auth SOURCE`. A connector whose constructor takes `token_file` is given
    a path of its own in the user's data folder; `briefing.tokens` keeps it.
    """

    def login(self, talk: Talk) -> str:
        """Get a token that works and keep it; says as whom. Raises SourceError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a file recogniser may look at."""

    path: Path
    head: bytes
    """The first 64 KiB of a file; empty for a folder."""

    names: tuple[str, ...] = ()
    """For a folder: the names directly in it, sorted, at most 1,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """A file is what a connector reads."""

    use: str
    """The connector's entry point name."""

    setting: str = "path"
    """Which constructor parameter takes the path. Recognitions of one connector with different settings (projects,
    tasks) in one folder make one source."""

    sure: float = 1.0
    """0 to 1: the best offer wins; two equal best offers are told as a question."""

    settings: Mapping[str, object] = field(default_factory=dict)
    """Further settings found out from the file, such as a column mapping."""

    ask: str = ""
    """What the file cannot say and the user must: the file is then not read, and this is printed (it ends with what
    to write, ready to paste)."""


Recognise = Callable[[Sample], Recognition | None]


def load(name: str, settings: Mapping[str, object], *, where: str = "") -> Connector:
    """Build the connector registered under a name.

    Raises ConfigError for an unknown name, and for settings its constructor does not take.
    """
    from importlib.metadata import entry_points

    path = where or f"sources.{name}"
    found = tuple(entry_points(group="briefing.connectors", name=name))
    if not found:
        known = ", ".join(sorted({entry.name for entry in entry_points(group="briefing.connectors")}))
        raise ConfigError([f'{path}.use: no connector "{name}" is installed (there are {known})'])
    try:
        build = found[0].load()
    except Exception as error:  # a broken package must cost its own source only
        raise ConfigError([f'{path}: connector "{name}" cannot be imported: {error}']) from error
    connector: Connector = checked_call(build, settings, path)
    return connector


def declared_kinds(name: str) -> frozenset[type[Fact]]:
    """What the connector registered under a name says it can state; empty where it does not say or cannot be loaded."""
    from importlib.metadata import entry_points

    for entry in entry_points(group="briefing.connectors", name=name):
        try:
            return frozenset(getattr(entry.load(), "kinds", frozenset()))
        except Exception:  # noqa: BLE001  (a broken package must cost its own source only)
            return frozenset()
    return frozenset()


def checked_call(build: Callable[..., Connector], settings: Mapping[str, object], path: str) -> Connector:
    """Call a constructor with settings from a file, naming every setting that does not fit."""
    import difflib
    import inspect

    parameters = inspect.signature(build).parameters
    problems = []
    for key in settings:
        if key not in parameters:
            near = difflib.get_close_matches(key, parameters, n=1)
            hint = f' (did you mean "{near[0]}"?)' if near else ""
            problems.append(f"{path}.{key}: not a setting of this connector{hint}")
    problems += [
        f"{path}.{name}: is missing"
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty and name not in settings and parameter.kind is parameter.KEYWORD_ONLY
    ]
    if problems:
        raise ConfigError(problems)
    try:
        return build(**settings)
    except (TypeError, ValueError) as error:
        raise ConfigError([f"{path}: {error}"]) from error
