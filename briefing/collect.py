"""Reads all streams side by side within deadlines, and puts them in the store; what fails becomes a gap.

Threads are daemons and hand batches over through one queue, so a hung source costs its own deadline and nothing else,
and the process can end at once. Only the calling thread writes the store. A stream's deadline starts when it starts;
what has not started by the total deadline is the gap "not reached"; answers that come late are thrown away.
"""

from __future__ import annotations

import fcntl
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from briefing.connector import Connector, Gone, Ignored, Mark, Skipped, Stream, Window
from briefing.errors import BriefingError, Busy, MarkExpired, NotReached, SourceError
from briefing.facts import Fact
from briefing.log import redacted
from briefing.meter import Meter, counting
from briefing.store import Attempt, Incoming, Listing, Store, StreamKey

BATCH = 200
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A configured connector, built or not."""

    name: str
    connector: Connector | None
    problem: SourceError | None = None
    """Why it could not be built; its streams are then gaps."""

    kinds: frozenset[type[Fact]] = frozenset()
    """What it can state, where it says so: missing when it cannot even list its streams."""

    bound_to: str = ""
    deadline: float = 120.0
    """Seconds for one stream, and for the listing."""

    cap: int = 4
    """Streams read side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step of the collecting, for a display."""

    source: str
    scope: str
    step: Literal["listed", "started", "rows", "done", "failed"]
    rows: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a collect did."""

    whole: int = 0
    partial: int = 0
    failed: int = 0
    rows: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class _Job:
    """One stream on its way. Owned by the main thread but for `cancelled`."""

    source: Source
    stream: Stream
    key: StreamKey
    mark: str
    incoming: Incoming
    again: bool = False
    """Second reading of a stream that is suddenly empty."""

    started: datetime | None = None
    began: float = 0.0
    cancelled: threading.Event = field(default_factory=threading.Event)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    skipped_count: int = 0
    ignored: dict[str, int] = field(default_factory=dict)
    new_mark: Mark | None = None
    meter: Meter = field(default_factory=Meter)


@dataclass(frozen=True, slots=True)
class _Message:
    """What a worker hands over."""

    job: object
    kind: Literal["listed", "batch", "end"]
    batch: Sequence[Fact | Gone | Skipped | Ignored | Mark] = ()
    streams: Sequence[Stream] = ()
    error: BaseException | None = None


def collect(
    sources: Iterable[Source],
    store: Store,
    window: Window,
    *,
    clock: Callable[[], datetime],
    total: float = 600.0,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Report:
    """Read every stream of every source once. Never raises for a source; interrupts pass through."""
    return _Collect(store, window, clock, total, progress).run(list(sources))


class _Collect:
    """One run of collecting: the main thread's books."""

    def __init__(
        self,
        store: Store,
        window: Window,
        clock: Callable[[], datetime],
        total: float,
        progress: Callable[[Progress], None],
    ) -> None:
        self.store, self.window, self.clock, self.progress = store, window, clock, progress
        self.messages: queue.Queue[_Message] = queue.Queue(maxsize=32)
        self.began = time.monotonic()
        self.until = self.began + total
        self.listing: dict[str, tuple[Source, float]] = {}
        self.waiting: dict[str, deque[_Job]] = {}
        self.running: dict[int, _Job] = {}
        self.counts = {"whole": 0, "partial": 0, "failed": 0}
        self.rows = 0

    def run(self, sources: list[Source]) -> Report:
        for source in sources:
            self._list(source)
        try:
            while self.listing or self.running or any(self.waiting.values()):
                self._step()
        finally:
            for job in self.running.values():
                job.cancelled.set()
        return Report(**self.counts, rows=self.rows, seconds=time.monotonic() - self.began)

    # --- listing ---------------------------------------------------------------------------------------------------

    def _list(self, source: Source) -> None:
        if source.connector is None:
            self._listed(source, (), source.problem or SourceError("it could not be built"))
            return
        self.listing[source.name] = (source, min(time.monotonic() + source.deadline, self.until))
        connector, marks = source.connector, self._marks(source)

        def work() -> None:
            try:
                streams = tuple(_offered(connector, self.window, marks))
            except BaseException as error:  # noqa: BLE001  (foreign code: whatever it raises is this source's gap)
                self._hand(_Message(source, "listed", error=error), None)
            else:
                self._hand(_Message(source, "listed", streams=streams), None)

        threading.Thread(target=work, name=f"list {source.name}", daemon=True).start()

    def _marks(self, source: Source) -> Mapping[str, Mark]:
        """Where the readings of a source may go on, by scope; none for a connector that lists without them."""
        if not hasattr(source.connector, "streams_after"):
            return {}
        keys = sorted(key for key in self.store.standings() if key.source == source.name)
        marks = ((key.scope, self.store.mark(key, source.bound_to)) for key in keys)
        return {scope: Mark(text) for scope, text in marks if text}

    def _listed(self, source: Source, streams: Sequence[Stream], error: BaseException | None) -> None:
        self.listing.pop(source.name, None)
        keys = tuple(sorted(_key(source, stream) for stream in streams))
        if error and source.kinds:
            keys = (StreamKey(source.name, "", tuple(sorted(kind.kind for kind in source.kinds))),)
        told = told_problem(error) if error else ("", "")
        self.store.listed(Listing(source=source.name, at=self.clock(), streams=keys, problem=told[0], cure=told[1]))
        if error:
            self.counts["failed"] += 1
            self.progress(Progress(source=source.name, scope="", step="failed", text=told[0]))
            return
        self.progress(Progress(source=source.name, scope="", step="listed", rows=len(streams)))
        self.waiting[source.name] = deque(self._job(source, stream) for stream in streams)
        self._start(source)

    def _job(self, source: Source, stream: Stream, *, again: bool = False, fresh: bool = False) -> _Job:
        key = _key(source, stream)
        mark = "" if fresh else self.store.mark(key, source.bound_to)
        return _Job(source, stream, key, mark, self.store.receive(key), again=again)

    def _start(self, source: Source) -> None:
        """Start waiting streams of a source up to its cap."""
        waiting = self.waiting.get(source.name, deque())
        while waiting and sum(job.source.name == source.name for job in self.running.values()) < source.cap:
            job = waiting.popleft()
            job.started, job.began = self.clock(), time.monotonic()
            self.running[id(job)] = job
            self.progress(Progress(source=source.name, scope=job.key.scope, step="started"))
            name = f"read {source.name} {job.key.scope}"
            threading.Thread(target=self._read, args=(job,), name=name, daemon=True).start()

    # --- in the worker's thread ------------------------------------------------------------------------------------

    def _read(self, job: _Job) -> None:
        with counting(job.meter):
            self._read_counted(job)

    def _read_counted(self, job: _Job) -> None:
        batch: list[Fact | Gone | Skipped | Ignored | Mark] = []
        try:
            for thing in job.stream.read(self.window, Mark(job.mark) if job.mark else None):
                batch.append(thing)
                if len(batch) >= BATCH:
                    self._hand(_Message(job, "batch", batch), job.cancelled)
                    batch = []
                if job.cancelled.is_set():
                    return
        except BaseException as error:  # noqa: BLE001  (foreign code: whatever it raises is this stream's gap)
            self._hand(_Message(job, "end", batch, error=error), job.cancelled)
        else:
            self._hand(_Message(job, "end", batch), job.cancelled)

    def _hand(self, message: _Message, cancelled: threading.Event | None) -> None:
        """Put a message where the main thread finds it; give up when nobody waits for it any more."""
        while cancelled is None or not cancelled.is_set():
            try:
                self.messages.put(message, timeout=0.5)
            except queue.Full:
                if time.monotonic() > self.until + 60:
                    return
            else:
                return

    # --- in the main thread ----------------------------------------------------------------------------------------

    def _step(self) -> None:
        """Take one message, or let what is overdue fail."""
        now = time.monotonic()
        self._give_up(now)
        deadlines = [until for _, until in self.listing.values()]
        deadlines += [min(job.began + job.source.deadline, self.until) for job in self.running.values()]
        if not deadlines:
            return
        try:
            message = self.messages.get(timeout=max(min(deadlines) - now, 0) + 0.001)
        except queue.Empty:
            return
        if message.kind == "listed":
            assert isinstance(message.job, Source)
            if message.job.name in self.listing:
                self._listed(message.job, message.streams, message.error)
            return
        job = message.job
        if isinstance(job, _Job) and id(job) in self.running:
            self._take(job, message.batch)
            if message.kind == "end":
                self._end(job, message.error)

    def _give_up(self, now: float) -> None:
        # First what has not started, so that a place that becomes free below is not taken any more.
        if now >= self.until:
            for waiting in self.waiting.values():
                while waiting:
                    job = waiting.popleft()
                    job.started = self.clock()
                    self._fail(job, NotReached("not reached in the time for all sources"))
        for source, until in list(self.listing.values()):
            if now >= until:
                self._listed(source, (), NotReached(f"no answer within {source.deadline:g} s"))
        for job in list(self.running.values()):
            if now >= min(job.began + job.source.deadline, self.until):
                job.cancelled.set()
                self._end(job, NotReached(f"no answer within {min(now - job.began, job.source.deadline):.0f} s"))

    def _take(self, job: _Job, batch: Sequence[Fact | Gone | Skipped | Ignored | Mark]) -> None:
        facts: list[Fact | Gone] = []
        for thing in batch:
            if isinstance(thing, Skipped):
                job.skipped_count += 1
                if len(job.skipped) < 100:
                    job.skipped.append((thing.where, thing.why))
            elif isinstance(thing, Ignored):
                job.ignored[thing.why] = job.ignored.get(thing.why, 0) + thing.count
            elif isinstance(thing, Mark):
                job.new_mark = thing
            else:
                facts.append(thing)
        job.incoming.add(facts)
        self.progress(Progress(source=job.source.name, scope=job.key.scope, step="rows", rows=job.incoming.rows))

    def _end(self, job: _Job, error: BaseException | None) -> None:
        self.running.pop(id(job), None)
        if isinstance(error, MarkExpired) and job.mark:
            job.incoming.drop()
            self.waiting[job.source.name].appendleft(self._job(job.source, job.stream, fresh=True))
        elif error is not None:
            self._fail(job, error)
        else:
            self._succeed(job)
        self._start(job.source)

    def _fail(self, job: _Job, error: BaseException) -> None:
        job.incoming.drop()
        problem, cure = told_problem(error)
        self.store.failed(job.key, self._attempt(job, "failed", problem=problem, cure=cure))
        self.counts["failed"] += 1
        self.progress(Progress(source=job.source.name, scope=job.key.scope, step="failed", text=problem))

    def _succeed(self, job: _Job) -> None:
        if job.incoming.repeated:
            job.ignored["rows stated twice alike"] = job.incoming.repeated
        for where in job.incoming.contradicted:
            job.skipped_count += 1
            job.skipped.append((where, "stated before with other contents; the first stands"))
        emptied = self._suddenly_empty(job)
        if emptied and not job.again:
            # Read once more before an empty list is believed: services answer so while they restart.
            job.incoming.drop()
            self.waiting[job.source.name].appendleft(self._job(job.source, job.stream, again=True, fresh=True))
            return
        status: Literal["whole", "partial"] = "partial" if job.skipped_count or emptied else "whole"
        rows = job.incoming.rows
        attempt = self._attempt(job, status, emptied=emptied)
        mark = job.new_mark or Mark("")
        # First: binding to other settings drops the mark that is there, which must not be the new one.
        self.store.bind(job.key, job.source.bound_to)
        job.incoming.finish(attempt, mark=mark.value, continued=bool(job.mark) or emptied, so_far=mark.so_far)
        self.counts[status] += 1
        self.rows += rows
        self.progress(Progress(source=job.source.name, scope=job.key.scope, step="done", rows=rows))

    def _suddenly_empty(self, job: _Job) -> bool:
        """It had rows, has none now, and was not already found empty on an earlier day."""
        if job.incoming.rows or job.mark:
            return False
        usable = self.store.record(job.key).usable
        if usable is None:
            return False
        if usable.emptied:
            return usable.ended.date() == self.clock().date()
        return usable.rows > 0

    def _attempt(
        self, job: _Job, status: Literal["whole", "partial", "failed"], *, problem: str = "", cure: str = "",
        emptied: bool = False,
    ) -> Attempt:  # fmt: skip
        now = self.clock()
        return Attempt(
            status=status, started=job.started or now, ended=now, as_of=job.stream.as_of, place=job.stream.place,
            rows=job.incoming.rows, skipped=tuple(job.skipped[:100]), skipped_count=job.skipped_count,
            ignored=tuple((count, why) for why, count in sorted(job.ignored.items())), problem=problem, cure=cure,
            milliseconds=round((time.monotonic() - job.began) * 1000) if job.began else 0, emptied=emptied,
            calls=job.meter.calls, pages=job.meter.pages, room=job.meter.room,
        )  # fmt: skip


def _offered(connector: Connector, window: Window, marks: Mapping[str, Mark]) -> Sequence[Stream]:
    """The streams of a connector, found from the last readings where it offers that (`GoesOn`)."""
    after: Callable[[Window, Mapping[str, Mark]], Sequence[Stream]] | None = getattr(connector, "streams_after", None)
    return after(window, marks) if after and marks else connector.streams(window)


def _key(source: Source, stream: Stream) -> StreamKey:
    return StreamKey(source.name, stream.scope, tuple(sorted(kind.kind for kind in stream.kinds)))


def told_problem(error: BaseException) -> tuple[str, str]:
    """Cause and cure in a reader's words; what we did not foresee is logged whole and told by its kind."""
    if isinstance(error, BriefingError):
        return redacted(str(error)), redacted(error.advice)
    log.error("unforeseen fault in a connector", exc_info=error)
    return f"a fault in the connector ({type(error).__name__})", "the log has the details; report it"


@contextmanager
def one_at_a_time(folder: Path, *, wait: float, poll: float = 0.1) -> Iterator[bool]:
    """Hold the workspace's collecting lock. Yields True when nobody else held it, False after waiting for another.

    The lock ends with the process, however that ends. Raises Busy after `wait` seconds.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    first = True
    (folder / "collect.lock").touch(mode=0o600)
    with (folder / "collect.lock").open("w") as handle:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                first = False
                if time.monotonic() > until:
                    raise Busy("another briefing is collecting here", advice="wait for it, or use --cached") from error
                time.sleep(poll)
            else:
                break
        yield first
