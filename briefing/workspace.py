"""One workspace: its settings, its folder, its store; collecting and compiling in it.

A workspace is either configured (`briefing.toml`) or a run (`try`, `demo`): then its settings and clock stand in
`run.json` beside its store, so that `why --run try` compiles the very same briefing again.
"""

from __future__ import annotations

import gc
import hashlib
import inspect
import json
import re
import shlex
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from briefing import secrets, words
from briefing.config import Settings, parse, read
from briefing.errors import BriefingError, SourceError, UsageError
from briefing.facts import Money, Person
from briefing.morning import Morning

if TYPE_CHECKING:
    # Collecting, compiling and the store are imported where they are used: showing a briefing is timed from a cold
    # start, and a scheduled look that finds nothing due happens 96 times a day.
    from briefing.collect import Progress, Report, Source
    from briefing.compile import Compiled, Plan
    from briefing.connector import Connector, Window
    from briefing.memory import Past
    from briefing.replies import Unclear
    from briefing.rules.view import StreamReading
    from briefing.store import Snapshot, Store

MORNING = time(7)
"""The clock of a briefing asked for by date alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Settings with the folder their store lies in."""

    settings: Settings
    folder: Path
    base: Path
    """What relative paths in the settings are relative to."""

    fixed_now: datetime | None = None
    """The clock of a run; None: the caller's."""

    as_exported: bool = False
    notices: tuple[str, ...] = ()
    run: str = ""
    """`try` or `demo`."""

    whole: Settings | None = None
    """Where the settings are one audience's: those of all."""

    of_ladders: bool = False
    """What is compiled is for ladders, not for a page."""

    def for_audience(self, name: str = "") -> Workspace:
        """The workspace as one audience has it, by default the first; as it is where it is one audience's already.

        Raises UsageError where there is no such audience.
        """
        if self.whole is not None and not name:
            return self
        whole = self.whole or self.settings
        return replace(self, settings=whole.narrowed(name), whole=whole)

    def each(self, names: Collection[str] = ()) -> list[Workspace]:
        """One workspace per audience, all or those named, in the order of the file; one where there is none.

        Raises UsageError where there is no such audience.
        """
        everybody = [one.name for one in (self.whole or self.settings).audience] or [""]
        return [self.for_audience(one) for one in names or everybody]

    def for_ladders(self, *, personal: bool = False) -> Workspace:
        """The workspace as ladders have it, whoever's edition is made. `personal`: with the reader's own sources."""
        whole = self.whole or self.settings
        return replace(self, settings=whole.for_ladders(personal=personal), whole=whole, of_ladders=True)

    @property
    def who(self) -> str:
        """The audience's name where there are several, to tell them apart; else empty."""
        several = len((self.whole or self.settings).audience) > 1
        return self.settings.audience[0].name if several else ""

    @property
    def hidden(self) -> frozenset[str]:
        """Sources that are personal to somebody else."""
        sources = (self.whole or self.settings).sources
        return frozenset(name for name, one in sources.items() if one.personal_to and name not in self.settings.sources)

    def today(self, now: datetime) -> date:
        """The date of the edition: the reader's."""
        return self.morning(now).of_reader.today

    def morning(self, now: datetime) -> Morning:
        """The morning at a moment, or at the run's own."""
        zone = self.settings.zone
        local = (self.fixed_now or now).astimezone(zone)
        return Morning(
            now=local, zone=zone, calendar=self.settings.calendar(local.year), audience=self.settings.reader(),
            reader_zone=self.settings.reader_zone,
        )  # fmt: skip

    def window(self, now: datetime) -> Window:
        """What a collect at a moment asks for."""
        from briefing.compile import WINDOW_AHEAD, WINDOW_BACK
        from briefing.connector import Window

        local = (self.fixed_now or now).astimezone(self.settings.zone)
        return Window(now=local, since=local - WINDOW_BACK, until=local + WINDOW_AHEAD, zone=self.settings.zone)

    def store(self, now: datetime) -> tuple[Store, tuple[str, ...]]:
        """The opened store, and what had to be done to open it."""
        from briefing.store.sqlite import open_store

        opened = open_store(self.folder / "readings.sqlite", now=now)
        return opened.store, opened.notices

    def sources(self, names: Collection[str] = ()) -> list[Source]:
        """Configured connectors, all or those named; one that cannot be built is a source whose streams are gaps."""
        return [self._source(name) for name in self.settings.sources if not names or name in names]

    def _source(self, name: str) -> Source:
        from briefing.collect import Source
        from briefing.connector import declared_kinds
        from briefing.store import bound_to

        section = self.settings.sources[name]
        try:
            connector, settings = self.built(name)
            problem = None
        except BriefingError as error:
            connector, settings = None, {}
            text = "; ".join(getattr(error, "problems", ())) or str(error)
            problem = SourceError(text, advice=error.advice or "correct briefing.toml")
        deadline = section.deadline
        if "deadline" not in section.model_fields_set:
            deadline = float(getattr(connector, "deadline", deadline))
        return Source(
            name=name, connector=connector, problem=problem, deadline=deadline, cap=section.cap,
            kinds=declared_kinds(section.use), bound_to=bound_to(settings, f"{section.use} {version_of(section.use)}"),
        )  # fmt: skip

    def built(self, name: str) -> tuple[Connector | None, dict[str, object]]:
        """A source's connector, and the settings it was built with. Raises ConfigError.

        The path of its token file is not among these settings: a mark does not depend on it.
        """
        from briefing.connector import load

        section = self.settings.sources[name]
        settings = self._resolved(name, section.settings)
        given = dict(settings)
        if "token_file" not in settings and accepts(section.use, "token_file"):
            given["token_file"] = str(self.token_file(name))
        return load(section.use, given, where=f"sources.{name}"), settings

    def token_file(self, name: str) -> Path:
        """Where a source's token is kept, where its connector keeps one: never outside the workspace's folder."""
        plain = re.fullmatch(r"[A-Za-z0-9][\w.-]{0,60}", name, re.ASCII)
        file = name if plain else f"_{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        return self.folder / "tokens" / f"{file}.json"

    def _resolved(self, name: str, settings: Mapping[str, object]) -> dict[str, object]:
        """Settings with secrets in place of references and paths relative to the configuration."""
        resolved: dict[str, object] = {}
        for key, value in settings.items():
            resolved[key] = value
            if secrets.is_reference(value):
                resolved[key] = secrets.resolve(str(value), where=f"sources.{name}.{key}", base=self.base)
            elif key in PATH_SETTINGS and isinstance(value, str):
                resolved[key] = str(self.base / Path(value).expanduser())
        resolved["source"] = name
        return resolved

    @property
    def _suffix(self) -> str:
        """What a command needs to mean this page: the run, or the audience where it is not the first."""
        if self.run:
            return f" --run {self.run}"
        who = self.who
        return (
            f" --audience {shlex.quote(who)}" if who and who != (self.whole or self.settings).audience[0].name else ""
        )

    def plan(self) -> Plan:
        """What compiling needs of the settings."""
        from briefing.clients import Client
        from briefing.compile import Plan
        from briefing.coverage import Freshness
        from briefing.ranking import Order, Prices
        from briefing.scope import Scope

        settings = self.settings
        clients = tuple(
            Client(
                name=name, aliases=section.aliases, domains=section.domains,
                monthly_fee=cast(Money | None, section.monthly_fee), target_cpl=cast(Money | None, section.target_cpl),
                owner=Person(name=section.owner) if section.owner else None,
            )
            for name, section in settings.clients.items()
        )  # fmt: skip
        currency, order = settings.currency, settings.order
        return Plan(
            workspace=settings.workspace.name, clients=clients, own_domains=settings.workspace.domains,
            disabled=frozenset(name for name, table in settings.rules.items() if table.get("enabled") is False),
            overrides={
                name: {key: value for key, value in table.items() if key != "enabled"}
                for name, table in settings.rules.items()
            },
            prices=Prices(
                base=currency.base, rates=currency.rates, as_of=currency.as_of, house=dict(settings.prices)
            ),
            order=Order(floor=order.floor, full=order.full, lines=order.lines, use_marks=order.use_marks),
            freshness=Freshness(as_exported=self.as_exported), notices=self.notices,
            answered=not self.run, why_suffix=self._suffix,
            scope=Scope(
                clients=frozenset(one for reader in settings.audience[:1] for one in reader.clients),
                personal=frozenset(name for name, section in settings.sources.items() if section.personal_to),
            ),
        )  # fmt: skip


PATH_SETTINGS = frozenset(
    "path projects milestones tasks days changes accounts folder file token_file ca_file sent_path".split()
)
"""Names of connector settings that are paths: relative ones are relative to the configuration."""


def configured(path: Path) -> Workspace:
    """The workspace of a configuration file; its store lies in the user's data folder."""
    return Workspace(settings=read(path), folder=folder_of(path), base=path.resolve().parent)


def folder_of(path: Path) -> Path:
    """Where the store of a configuration file lies, whatever stands in the file."""
    import platformdirs

    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    return Path(platformdirs.user_data_dir("briefing")) / "workspaces" / name


def run_folder(name: str) -> Path:
    """Where a run's store and settings lie: in the cache, made again by the next run."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("briefing")) / "runs" / name


def begin_run(
    name: str, plain: Mapping[str, Any], *, now: datetime, base: Path, notices: tuple[str, ...] = ()
) -> Workspace:
    """A new run in place of the last one of that name. Raises ConfigError for settings that cannot be used."""
    folder = run_folder(name)
    parse(plain, where=f"the settings of {name}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    record = {"config": plain, "now": now.isoformat(), "base": str(base), "notices": notices}
    path = folder / "run.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(record, indent=1, default=str), encoding="utf-8")
    return open_run(name)


def open_run(name: str) -> Workspace:
    """The last run of that name. Raises UsageError when there was none."""
    folder = run_folder(name)
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f'there is no run "{name}"', advice=f"run `briefing {name}` first") from error
    settings = parse(record["config"], where=f"the settings of {name}")
    return Workspace(
        settings=settings, folder=folder, base=Path(record["base"]),
        fixed_now=datetime.fromisoformat(record["now"]).astimezone(settings.zone), as_exported=True,
        notices=tuple(record["notices"]), run=name,
    )  # fmt: skip


def collect_into(
    workspace: Workspace,
    store: Store,
    *,
    clock: Callable[[], datetime],
    progress: Callable[[Progress], None] = lambda _: None,
    wait: float = 120,
    names: Collection[str] = (),
) -> Report | None:
    """Collect once, every source or those named. None when another process just collected while this one waited for
    it; a named source is read all the same. Raises Busy when the other takes too long.
    """
    from briefing.collect import collect, one_at_a_time

    asked = clock()
    frozen = workspace.fixed_now
    with one_at_a_time(workspace.folder, wait=wait) as first:
        last = store.last_attempt(clock())
        if not first and not names and last is not None and last >= asked:
            return None
        report = collect(
            workspace.sources(names), store, workspace.window(clock()), clock=(lambda: frozen) if frozen else clock,
            progress=progress,
        )  # fmt: skip
        store.forget(clock())
    return report


def compile_in(
    workspace: Workspace,
    store: Store,
    now: datetime,
    *,
    notices: tuple[str, ...] = (),
    unclear: tuple[Unclear, ...] = (),
) -> Compiled:
    """The briefing of a moment, from the store alone. `unclear`: answers of the reader that were not understood."""
    with no_garbage_collection():
        return _compile_in(workspace, store, now, notices, unclear)


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Thousands of records are made and all of them kept: looking for garbage among them costs a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _compile_in(
    workspace: Workspace, store: Store, now: datetime, notices: tuple[str, ...], unclear: tuple[Unclear, ...]
) -> Compiled:
    from briefing.compile import compile_briefing
    from briefing.decisions import is_heard
    from briefing.last_edition import said_before
    from briefing.replies import with_answers
    from briefing.rules.view import OnlyOf

    workspace = workspace.for_audience()  # nothing is ever compiled from everybody's sources
    morning = workspace.morning(now)
    at = max(morning.now, now) if workspace.run else now
    snapshot = store.snapshot(at, list(workspace.settings.sources))
    plan = workspace.plan()
    if morning.of_reader.today != morning.today:
        where = f"Work is dated in {morning.zone.key}, where it is {words.full_day(morning.today)}."
        plan = replace(plan, notices=(*plan.notices, where))
    compares = not workspace.run  # `try` and `demo` deliver nothing
    past, told = _past(workspace, store, morning) if compares else (None, ())
    me = morning.audience.name
    whose = None if workspace.of_ladders else me
    said, unread = said_before(workspace.folder, store, whose) if compares else ((), ())
    hidden = workspace.hidden
    said = tuple(one for one in said if one.key[1] not in hidden and is_heard(one, me))
    plan = replace(plan, notices=(*notices, *told, *unread, *plan.notices))
    if not plan.own_domains:
        plan = _with_domains(plan, snapshot)
    series = OnlyOf(store.series(at), frozenset(workspace.settings.sources))
    compiled = compile_briefing(snapshot, series, plan, morning, past, said)
    compiled = replace(compiled, briefing=with_answers(compiled.briefing, said, unclear, past, morning.of_reader))
    return compiled if workspace.run or workspace.of_ladders else _with_ladders(workspace, store, compiled, now, past)


def _past(workspace: Workspace, store: Store, morning: Morning) -> tuple[Past | None, tuple[str, ...]]:
    """What today is compared with, without what has become personal to somebody else since."""
    from briefing.last_edition import last_edition
    from briefing.scope import without

    past, told = last_edition(workspace.folder, store, morning.audience.name, morning.of_reader.today)
    return without(past, workspace.hidden), told


def climbed_on(
    workspace: Workspace, store: Store, now: datetime, page: Compiled | None = None
) -> tuple[Compiled, Compiled | None]:
    """What ladders are climbed on: what is personal to nobody; and the same with what the reader alone reads, where
    there is such: it may hold a step back, and never is the ground for one. `page`: serves where it is the same.
    """
    shared, own = workspace.for_ladders(), workspace.for_ladders(personal=True)
    reads_all = not (workspace.settings.audience and workspace.settings.audience[0].clients)
    several = len((workspace.whole or workspace.settings).audience) > 1

    def compiled(one: Workspace) -> Compiled:
        same = page is not None and not several and reads_all and one.settings.sources == workspace.settings.sources
        return page if same and page is not None else compile_in(one, store, now)

    return compiled(shared), compiled(own) if own.settings.sources != shared.settings.sources else None


def _with_ladders(workspace: Workspace, store: Store, compiled: Compiled, now: datetime, past: Past | None) -> Compiled:
    """What the ledger says of ladders, on the page. Where it cannot be read the page says so already."""
    from briefing.escalated import today_of, told_of, with_ladders
    from briefing.store.ledger import FILE_NAME, Ledger, LedgerError

    path = workspace.folder / FILE_NAME
    # Ladders are the first audience's; what another one does not see would seem resolved to it.
    first = next(iter(workspace.each())).settings.reader().name
    if not path.exists() or workspace.settings.reader().name != first:
        return compiled
    try:
        ledger = Ledger(path, may_begin=False)
    except LedgerError:
        return compiled
    try:
        steps, decisions = ledger.steps(), ledger.decisions()
    finally:
        ledger.close()
    if not steps:
        return compiled
    ladders = [one.ladder for one in workspace.settings.escalate]
    morning = workspace.morning(now)
    today = today_of(*climbed_on(workspace, store, now, compiled), morning, decisions)
    told = told_of(ladders, steps, decisions, today, morning, past.compiled_at if past else None)
    return replace(compiled, briefing=with_ladders(compiled.briefing, told))


def readings_in(workspace: Workspace, store: Store, now: datetime) -> tuple[StreamReading, ...]:
    """How the last reading of each stream of the configured sources went."""
    from briefing.coverage import readings

    morning = workspace.morning(now)
    at = max(morning.now, now) if workspace.run else now
    snapshot = store.snapshot(at, list(workspace.settings.sources))
    return readings(snapshot, morning.now, workspace.plan().freshness)


def _with_domains(plan: Plan, snapshot: Snapshot) -> Plan:
    """Our own domains where nobody stated them: those of the people who own work here."""
    from briefing.clients import inferred_domains

    domains = inferred_domains(snapshot.facts)
    if not domains:
        return plan
    return replace(plan, own_domains=domains, notices=(*plan.notices, f"Taken as ours: {', '.join(domains)}."))


def moment_of(day: date, store: Store, zone: ZoneInfo) -> datetime:
    """The clock for a briefing of a past day: 07:00, or the last reading of that day when it came later."""
    midnight = datetime.combine(day + timedelta(days=1), time(0), zone)
    seven = datetime.combine(day, MORNING, zone)
    last = store.last_attempt(midnight - timedelta(microseconds=1))
    return max(seven, last.astimezone(zone)) if last else seven


def accepts(use: str, setting: str) -> bool:
    """Whether a connector's constructor takes a setting; False where it cannot be imported."""
    from importlib.metadata import entry_points

    try:
        return any(
            setting in inspect.signature(entry.load()).parameters
            for entry in entry_points(group="briefing.connectors", name=use)
        )
    except Exception:  # noqa: BLE001  (a broken package must cost its own source only)
        return False


def version_of(use: str) -> str:
    """The version of the package a connector comes with."""
    from importlib.metadata import entry_points

    versions = [entry.dist.version for entry in entry_points(group="briefing.connectors", name=use) if entry.dist]
    return versions[0] if versions else ""
