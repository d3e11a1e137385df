"""`briefing doctor`: everything that could go wrong at six in the morning, tried by hand.

Ours first (configuration, clock, folder, store), then every source: can it be built, does it list its streams, does one
page of each come, and what does the connector itself find (`probe`). Sources are tried side by side through the same
collecting that reads them, under its deadlines, into a store that is thrown away: nothing that is read is kept.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from briefing import layout, words
from briefing.cli.sources import stream_name
from briefing.collect import Progress, Source, collect
from briefing.config import Settings
from briefing.connector import Connector, Finding, Gone, Ignored, Mark, Skipped, Stream, Window
from briefing.coverage import KIND_WORDS
from briefing.errors import BriefingError
from briefing.facts import Fact
from briefing.reading.text import clean
from briefing.store import StreamKey, StreamRecord
from briefing.store.sqlite import SqliteStore
from briefing.workspace import Workspace

LONGEST = 30.0
"""Seconds a source is waited for here, where its own deadline is longer."""

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""Older than this program: a clock that shows less has never been set."""

MOST_ALIKE = 20
"""Lists of the same kinds (channels, calendars) that are tried of a source, unless it is asked for by name."""

TOLD = 6
"""Lists of the same kinds that are told one by one where they are well; more are told in one line."""

PROBE = "probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was tried."""

    about: str
    """`clock`, or a source's name."""

    what: str
    ok: bool = True
    cure: str = ""
    stream: str = ""
    milliseconds: int | None = None


# --- ours ----------------------------------------------------------------------------------------------------------


def of_configuration(workspace: Workspace, path: Path) -> Iterator[Check]:
    """The configuration, which could be read, and secrets that stand in it."""
    settings = workspace.settings
    yield Check(
        about="configuration",
        what=f"{path.name}: {words.count(len(settings.sources), 'source')}, "
        f"{words.count(len(settings.clients), 'client')}",
    )
    if not settings.sources:
        yield Check(about="configuration", what="no source is set up", ok=False, cure="docs/configuration.md shows one")
    for place in plain_secrets(settings):
        yield Check(
            about="configuration", what=f"{place}: looks like a secret itself", ok=False,
            cure='write where it lies: "env:NAME", or "file:PATH" to a file only you can read',
        )  # fmt: skip


SECRET_NAMES = ("token", "secret", "password", "api_key", "refresh_token", "access_token")


def plain_secrets(settings: Settings) -> list[str]:
    """Settings whose names say that they are secrets and whose values are no references."""
    from briefing.secrets import is_reference

    return [
        f"sources.{source}.{name}"
        for source, section in settings.sources.items()
        for name, value in section.settings.items()
        if name.endswith(SECRET_NAMES) and isinstance(value, str) and value and not is_reference(value)
    ]


def of_clock(settings: Settings, now: datetime, last: datetime | None, machine: str) -> Iterator[Check]:
    """The clock against this program's age and the last reading; the time zone that is set."""
    local = now.astimezone(settings.zone)
    told = f"{words.full_day(local.date())}, {words.clock(local)}"
    if now < EARLIEST:
        yield Check(about="clock", what=f"it says {told}", ok=False, cure="set the machine's clock")
    elif last is not None and last > now + timedelta(minutes=5):
        read = last.astimezone(settings.zone)
        yield Check(
            about="clock", ok=False, cure="set the machine's clock",
            what=f"it says {told}, and the last reading was made {words.full_day(read.date())}, {words.clock(read)}",
        )  # fmt: skip
    elif "timezone" not in settings.workspace.model_fields_set and machine != "UTC":
        yield Check(
            about="clock", what=f"no time zone is set: dates are read in UTC, this machine is in {machine}", ok=False,
            cure=f'timezone = "{machine}" under [workspace]',
        )  # fmt: skip
    else:
        yield Check(about="clock", what=f"{told}, {settings.workspace.timezone}")


def of_folder(folder: Path) -> Iterator[Check]:
    """The workspace's folder and what lies in it can be read by nobody else."""
    if not folder.exists():
        yield Check(about="folder", what=f"{folder} is made at the first collect")
        return
    kept = [folder, *folder.glob("*.sqlite*"), *folder.glob("log.jsonl*")]
    kept += [folder / "tokens", *folder.glob("tokens/*.json")]
    open_ones = [path for path in kept if path.exists() and path.stat().st_mode & 0o077]
    for path in open_ones:
        mode = "700" if path.is_dir() else "600"
        yield Check(about="folder", what=f"others can read {path}", ok=False, cure=f"chmod {mode} {path}")
    if not open_ones:
        yield Check(about="folder", what=f"{folder}, yours alone")


def of_channels(workspace: Workspace) -> Iterator[Check]:
    """Every channel of `briefing run`, tried without sending anything: mail servers answer and let us in."""
    from briefing.deliver.channels import channels
    from briefing.deliver.outbox import tried

    found = [
        channel for one in workspace.each()
        for channel in channels(one.settings, base=workspace.base, folder=workspace.folder)
    ]  # fmt: skip
    for channel, outcome in tried(found, longest=LONGEST):
        good = outcome.result == "sent"
        cure = "" if good else f"correct deliver.{channel.name}, or the server; then briefing doctor again"
        yield Check(about=f"deliver {channel.name}", what=outcome.detail, ok=good, cure=cure)
    yield from of_ping(workspace)


def of_ping(workspace: Workspace) -> Iterator[Check]:
    """Whether the dead-man's switch has an address; no sign is given."""
    from briefing.cli.run import ping_in

    problems: list[str] = []
    if ping_in(workspace, problems.append):
        yield Check(about="ping", what="the address can be read; no sign was given")
    for problem in problems:
        yield Check(about="ping", what=problem, ok=False, cure="put it right, then briefing doctor again")


def of_store(workspace: Workspace, now: datetime) -> tuple[list[Check], datetime | None]:
    """Whether the store opens, and when the last reading in it was made."""
    try:
        store, notices = workspace.store(now)
    except BriefingError as error:
        return [Check(about="store", what=str(error), ok=False, cure=error.advice)], None
    try:
        last = store.last_attempt(datetime.max.replace(tzinfo=UTC))
    finally:
        store.close()
    checks = [Check(about="store", what=notice, ok=False, cure="briefing collect") for notice in notices]
    told = "nothing read yet" if last is None else f"last reading {words.age(max(now - last, timedelta()))} ago"
    return checks or [Check(about="store", what=f"opens; {told}")], last


# --- sources -------------------------------------------------------------------------------------------------------


class FirstPages:
    """A connector whose streams are read up to their first fact, which is then dropped. Streams are lazy, so this
    takes one page of each.
    """

    def __init__(self, connector: Connector, most: int | None = None, alike: int | None = None) -> None:
        self.connector, self.most, self.alike = connector, most, alike
        self.listed = 0
        self.first: dict[tuple[str, frozenset[type[Fact]]], object] = {}

    def streams(self, window: Window) -> Sequence[Stream]:
        """The same streams, or the first few of them, and of those with the same kinds."""
        found = list(self.connector.streams(window))
        self.listed = len(found)
        seen: Counter[frozenset[type[Fact]]] = Counter()
        tried = []
        for stream in found[: self.most]:
            seen[stream.kinds] += 1
            if self.alike is None or seen[stream.kinds] <= self.alike:
                tried.append(replace(stream, read=self._reads(stream)))
        return tried

    def _reads(
        self, stream: Stream
    ) -> Callable[[Window, Mark | None], Iterable[Fact | Gone | Skipped | Ignored | Mark]]:
        def read(window: Window, mark: Mark | None) -> Iterable[Fact]:
            things = iter(stream.read(window, None))
            self.first[stream.scope, stream.kinds] = next(things, None)
            if hasattr(things, "close"):
                things.close()
            return ()

        return read


class Probing:
    """A connector's `probe` as a stream, so that the same deadline holds for it."""

    def __init__(self, connector: Connector) -> None:
        self.connector = connector
        self.findings: tuple[Finding, ...] = ()

    def streams(self, window: Window) -> Sequence[Stream]:
        """One."""

        def read(window: Window, mark: Mark | None) -> Iterable[Fact]:
            self.findings = tuple(self.connector.probe())  # type: ignore[attr-defined]
            return ()

        return [Stream(kinds=frozenset(), read=read, scope=PROBE)]


def try_sources(
    workspace: Workspace,
    names: Collection[str],
    *,
    clock: Callable[[], datetime],
    progress: Callable[[Progress], None] = lambda _: None,
    longest: float = LONGEST,
    most: int | None = None,
) -> list[Check]:
    """Build, list and try the sources, side by side: all, each up to some alike streams; or those named, all of each or
    the first `most`.
    """
    pages: dict[str, FirstPages] = {}
    probes: dict[str, Probing] = {}
    trials: list[Source] = []
    for source in workspace.sources(names):
        limited = replace(source, deadline=min(source.deadline, longest))
        if source.connector is None:
            trials.append(limited)
            continue
        pages[source.name] = FirstPages(source.connector, most, None if names else MOST_ALIKE)
        trials.append(replace(limited, connector=pages[source.name]))
        if hasattr(source.connector, "probe") and most is None:
            probes[source.name] = Probing(source.connector)
            trials.append(replace(limited, name=_probe_name(source.name), connector=probes[source.name]))
    with tempfile.TemporaryDirectory(prefix="briefing-doctor-") as folder:
        store = SqliteStore(Path(folder) / "tried.sqlite")
        try:
            total = (20 if names else 4) * longest
            collect(trials, store, workspace.window(clock()), clock=clock, total=total, progress=progress)
            snapshot = store.snapshot(clock())
        finally:
            store.close()
    refused = {listing.source: listing for listing in snapshot.listings if listing.problem}
    checks: list[Check] = []
    for name in (source.name for source in trials if not source.name.endswith(_probe_name(""))):
        records = [record for record in snapshot.streams if record.key.source == name]
        if name in refused:
            checks.append(_problem(name, "", refused[name].problem, refused[name].cure))
        else:
            checks.append(_listed(name, pages[name], len(records), most))
            checks += [_of_stream(record, pages[name]) for record in records]
        if name in probes:
            checks += _of_probe(name, probes[name], [r for r in snapshot.streams if r.key.source == _probe_name(name)])
    return checks


def _listed(name: str, pages: FirstPages, tried: int, most: int | None) -> Check:
    what = f"lists {words.count(pages.listed, 'stream')}"
    if tried < pages.listed and most is None:
        what += f", {tried} of them tried; every one: briefing doctor {name}"
    return Check(about=name, what=what)


def _probe_name(source: str) -> str:
    return f"{source} \N{MIDDLE DOT} {PROBE}"


def _problem(about: str, stream: str, problem: str, cure: str, milliseconds: int | None = None) -> Check:
    return Check(
        about=about, stream=stream, what=clean(problem, 600), ok=False, cure=clean(cure, 300),
        milliseconds=milliseconds,
    )  # fmt: skip


def kinds_of(key: StreamKey) -> list[str]:
    """The kinds of a stream in a reader's words."""
    return sorted({KIND_WORDS.get(kind, kind) for kind in key.kinds})


def _of_stream(record: StreamRecord, pages: FirstPages) -> Check:
    key, latest = record.key, record.latest
    name = stream_name(clean(key.scope, 80), kinds_of(key))
    if latest is None:
        return _problem(key.source, name, "not tried", "run it again")
    if latest.status == "failed":
        return _problem(key.source, name, latest.problem, latest.cure, latest.milliseconds)
    firsts = [
        first for (scope, kinds), first in pages.first.items() if StreamKey(key.source, scope, _names(kinds)) == key
    ]
    first = firsts[0] if firsts else None
    what = "nothing in it" if first is None else "answers"
    if isinstance(first, Skipped):
        what = clean(f"answers; the first row cannot be read ({first.where}: {first.why})", 300)
    return Check(about=key.source, stream=name, what=what, milliseconds=latest.milliseconds)


def _names(kinds: frozenset[type[Fact]]) -> tuple[str, ...]:
    return tuple(sorted(kind.kind for kind in kinds))


def _of_probe(name: str, probe: Probing, records: Sequence[StreamRecord]) -> Iterator[Check]:
    for finding in probe.findings:
        yield Check(about=name, what=clean(finding.what, 600), ok=finding.ok, cure=clean(finding.cure, 300))
    for record in records:
        if record.latest is not None and record.latest.status == "failed":
            yield _problem(name, "", record.latest.problem, record.latest.cure)


# --- telling -------------------------------------------------------------------------------------------------------


def checks_text(checks: Sequence[Check], columns: int = 100) -> str:
    """A line per check, the cure below a problem, and how many problems there are."""
    about = min(max((layout.width(check.about) for check in checks), default=0), 20)
    indent = 9 + about + 2
    lines = []
    told = list(folded(checks))
    for check in told:
        name = layout.wrap(check.about, about)[0]
        took = f", {check.milliseconds:,} ms" if check.milliseconds is not None and check.ok else ""
        text = f"{check.stream}: {check.what}{took}" if check.stream else check.what
        first, *more = layout.wrap(text, columns - indent)
        lines.append(f"{'ok' if check.ok else 'problem':<9}{layout.left(name, about)}  {first}")
        cure = layout.wrap(f"cure: {check.cure}", columns - indent) if check.cure and not check.ok else []
        lines += [" " * indent + part for part in [*more, *cure]]
    problems = sum(not check.ok for check in told)
    total = words.count(len(checks), "check")
    lines += ["", f"{total}, {words.count(problems, 'problem') if problems else 'no problem'}."]
    return "\n".join(lines)


def folded(checks: Sequence[Check]) -> Iterator[Check]:
    """Of one source, many lists that are all well as one line, and problems of one cause and cure as one; each where
    the first of them stood.
    """
    well = Counter(check.about for check in checks if check.stream and check.ok)
    told: set[tuple[str, ...]] = set()
    for check in checks:
        many = check.ok and bool(check.stream) and well[check.about] > TOLD
        key = (check.about,) if many else (check.about, check.what, check.cure)
        if check.ok and not many:
            yield check
        elif key not in told:
            told.add(key)
            alike = [one for one in checks if (one.about, one.what, one.cure) == key]
            yield _well(check, checks, well[check.about]) if many else _ill(check, alike)


def _well(check: Check, checks: Sequence[Check], count: int) -> Check:
    longest = max(one.milliseconds or 0 for one in checks if one.about == check.about)
    return Check(about=check.about, what=f"{count} streams answer, within {longest:,} ms")


def _ill(check: Check, alike: Sequence[Check]) -> Check:
    return replace(check, stream=words.some([one.stream for one in alike if one.stream], TOLD))


def checks_plain(checks: Sequence[Check]) -> dict[str, Any]:
    """The same for programs."""
    return {"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]}
