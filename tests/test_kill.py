"""A real `briefing collect` that is killed at any moment, meets another one, or has a source that never answers.

The sources are a small vendor's lists over HTTP, served by this process, and lists in files; every row carries the
version of its list, so that a mixture of two readings would be seen.
"""

from __future__ import annotations

import fcntl
import json
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from briefing.facts import Deal, Milestone, Project, Task
from briefing.loopback import Loopback, manner
from briefing.store.sqlite import SqliteStore
from briefing.workspace import collect_into, configured
from tests.commandline import at_home
from tests.tiny import TinySite, install

FAR = datetime(2100, 1, 1, tzinfo=UTC)
LATENCY = 0.012
"""Of one page, in seconds: collecting is mostly waiting, as it is with real services."""


@dataclass
class World:
    """A configuration whose sources all state the same version."""

    folder: Path
    server: Loopback
    site: TinySite
    rows: int = 400
    deals: int = 400

    @property
    def config(self) -> Path:
        return self.folder / "briefing.toml"

    @property
    def data(self) -> Path:
        return configured(self.config).folder

    def begin(self, more: str = "") -> None:
        self.config.write_text(
            f'[sources.tiny]\nuse = "tiny"\nbase_url = "{self.server.url}"\n'
            f'[sources.deals]\nuse = "deals_csv"\npath = "deals.csv"\n{more}',
            encoding="utf-8",
        )
        self.state(1)

    def state(self, version: int) -> None:
        """From now on every list is of this version, and as long as it makes it."""
        self.site.version, self.site.rows = version, self.rows + version
        lines = ["Deal ID,Deal,Stage,Amount,Currency"]
        lines += [f"d{n},v{version} deal {n},Open,{n},USD" for n in range(self.deals + version)]
        fresh = self.folder / "deals.new"
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fresh.replace(self.folder / "deals.csv")

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "briefing", "collect", "--config", str(self.config)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def collected(self) -> str:
        """One collect to its end."""
        process = self.start()
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out
        return out

    def collected_here(self) -> None:
        """The same in this process, where there is no interpreter to start."""
        workspace = configured(self.config)
        store, notices = workspace.store(datetime.now(UTC))
        try:
            report = collect_into(workspace, store, clock=lambda: datetime.now(UTC), wait=5)
        finally:
            store.close()
        assert notices == ()
        assert report is not None
        assert (report.whole, report.partial, report.failed) == (4, 0, 0)

    def wait_for_requests(self, beyond: int, process: subprocess.Popen[str]) -> float:
        """When the first request after so many came."""
        until = time.monotonic() + 30
        while len(self.server.requests) <= beyond:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.001)
        return time.monotonic()

    def visible(self) -> Mapping[str, Counter[int]]:
        """Of each list how many rows of which version the store shows."""
        store = SqliteStore(self.data / "readings.sqlite")
        found: dict[str, Counter[int]] = {name: Counter() for name in ("projects", "milestones", "tasks", "deals")}
        names = {Project: "projects", Milestone: "milestones", Task: "tasks", Deal: "deals"}
        try:
            for fact in store.snapshot(FAR, ["tiny", "deals"]).facts:
                title = getattr(fact, "title", "") or getattr(fact, "name", "")
                found[names[type(fact)]][int(title.split()[0].removeprefix("v"))] += 1
        finally:
            store.close()
        return found

    def check_whole(self, *allowed: int) -> set[int]:
        """Every list is of one of these versions, and all of it. Which there are."""
        seen = set()
        for name, versions in self.visible().items():
            (version,) = versions
            assert version in allowed, (name, versions)
            assert versions[version] == (self.deals if name == "deals" else self.rows) + version, name
            seen.add(version)
        return seen


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    at_home(tmp_path, monkeypatch)
    install(tmp_path, monkeypatch)
    site = TinySite(size=50)
    with Loopback(site, latency=lambda _: LATENCY) as server:
        made = World(tmp_path, server, site)
        made.begin()
        yield made


def undamaged(path: Path) -> bool:
    db = sqlite3.connect(path)
    try:
        return list(db.execute("pragma integrity_check")) == [("ok",)]
    finally:
        db.close()


def unlocked(folder: Path) -> bool:
    with (folder / "collect.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def kill_at_random_moments(world: World, moments: int) -> None:
    """Kill as many collects, spread over how long one takes from its first request until it says what it read."""
    lasts = []
    for _ in range(2):
        beyond, process = len(world.server.requests), world.start()
        began = world.wait_for_requests(beyond, process)
        assert process.stdout is not None
        assert " facts in " in process.stdout.readline()
        lasts.append(time.monotonic() - began)
        process.communicate(timeout=60)
    last = statistics.mean(lasts)
    chance = random.Random(20261119)
    version, found = 1, Counter[str]()
    for part in chance.sample(range(moments), moments):
        version += 1
        world.state(version)
        beyond, process = len(world.server.requests), world.start()
        began = world.wait_for_requests(beyond, process)
        time.sleep(max(began + last * (part + chance.random()) / moments - time.monotonic(), 0))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        found["ended before" if process.returncode == 0 else "killed"] += 1
        assert undamaged(world.data / "readings.sqlite")
        seen = world.check_whole(version - 1, version)
        found[f"{len(seen)} versions side by side, each whole" if len(seen) > 1 else
              "all new" if seen == {version} else "all old"] += 1  # fmt: skip
        assert unlocked(world.data)
        world.collected_here()
        world.check_whole(version)
    assert found["killed"] >= moments * 0.8, found
    print(f"{moments} moments over {last:.2f} s of collecting: {dict(found)}")  # noqa: T201


def test_killed_at_ten_random_moments_of_collecting(world: World) -> None:
    kill_at_random_moments(world, 10)


@pytest.mark.soak
def test_killed_at_fifty_random_moments_of_collecting(world: World) -> None:
    kill_at_random_moments(world, 50)


# --- together ------------------------------------------------------------------------------------------------------

READER = """
import json, sys, time
from datetime import UTC, datetime
from pathlib import Path
from briefing.store.sqlite import SqliteStore

while True:
    began = time.perf_counter()
    store = SqliteStore(Path(sys.argv[1]))
    facts = store.snapshot(datetime(2100, 1, 1, tzinfo=UTC)).facts
    store.close()
    words = [(getattr(fact, "title", "") or getattr(fact, "name", "")).split()[:2] for fact in facts]
    print(json.dumps([time.perf_counter() - began, len(set(map(tuple, words)))]), flush=True)
    time.sleep(0.03)
"""


class Reader:
    """A process that reads all facts again and again and tells how long each time took."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", READER, str(path)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._process.stdout.readline()  # imports and the first look are not counted

    def times(self) -> list[float]:
        """End it; the seconds of each read. Every read showed one version of each of the four lists."""
        self._process.terminate()
        out, _ = self._process.communicate(timeout=30)
        rows = [json.loads(line) for line in out.splitlines() if line.endswith("]")]
        assert {versions for _, versions in rows} == {4}
        return [seconds for seconds, _ in rows]


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def test_two_collectors_and_a_reader_do_not_fail_or_block_each_other(world: World) -> None:
    """A second reader reads a copy that nobody writes, at the same time: it has as little of the processor, so what
    the first one takes longer is what it waits for the collectors.
    """
    world.collected()
    copy = world.folder / "copy.sqlite"
    shutil.copy(world.data / "readings.sqlite", copy)
    world.state(2)
    # So slow that the second is there before the first is done, however long a busy machine takes to start it.
    world.server.latency = lambda _: 0.3
    before = len(world.server.requests)
    readers = [Reader(world.data / "readings.sqlite"), Reader(copy)]
    began = time.monotonic()
    both = [world.start(), world.start()]
    outs = [process.communicate(timeout=60)[0] for process in both]
    lasted = time.monotonic() - began
    beside, control = (reader.times() for reader in readers)
    assert [process.returncode for process in both] == [0, 0], outs
    assert sum("Another briefing collected meanwhile; its readings serve." in out for out in outs) == 1, outs
    assert len(world.server.requests) - before == 3 * -(-world.site.rows // world.site.size)
    world.check_whole(2)
    assert min(len(beside), len(control)) >= 10
    assert p95(beside) < 3 * p95(control) + 0.2
    assert max(beside) < max(control) + 1
    print(  # noqa: T201
        f"reader p95 {p95(beside) * 1000:.0f} ms beside two collectors ({len(beside)} reads), "
        f"{p95(control) * 1000:.0f} ms on a copy that nobody writes ({len(control)} reads); "
        f"both collectors ended after {lasted:.2f} s"
    )


# --- one that hangs ------------------------------------------------------------------------------------------------


def test_a_source_that_hangs_costs_its_own_deadline_and_the_process_exits_at_once(world: World) -> None:
    """The client itself would wait thirty seconds for the next byte."""
    deadline = 1.0
    with Loopback(TinySite()) as other, other.faulty(manner("hang")):
        world.begin(f'[sources.hung]\nuse = "tiny"\nbase_url = "{other.url}"\ndeadline = {deadline}\n')
        process = world.start()
        while not other.requests:
            assert process.poll() is None
            time.sleep(0.001)
        began = time.monotonic()
        out, _ = process.communicate(timeout=60)
        took = time.monotonic() - began
    assert process.returncode == 0, out
    assert "4 whole, 0 in part, 3 not read" in out
    assert "hung: No answer within 1 s." in out
    world.check_whole(1)
    assert deadline * 0.8 < took < deadline + 3
    print(f"the process ended {took:.2f} s after the first request that hung, deadline {deadline} s")  # noqa: T201
