"""The SQLite store keeps the contract, survives kills and damage, and is its owner's alone."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from briefing.errors import StoreError
from briefing.store import Attempt, Listing, Standing, Store, StreamKey
from briefing.store.schema import MIGRATIONS
from briefing.store.sqlite import SqliteStore, micros, moment, open_store
from briefing.testing import StoreContract, facts_from

NOW = datetime(2026, 11, 19, 6, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = SqliteStore(tmp_path / "readings.sqlite")
    yield made
    made.close()


class TestSqliteStore(StoreContract):
    """All of the contract."""


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    open_store(tmp_path / "in" / "readings.sqlite", now=NOW).store.close()
    assert stat.S_IMODE((tmp_path / "in" / "readings.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "in").stat().st_mode) == 0o700


def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path) -> None:
    path = tmp_path / "readings.sqlite"
    path.write_bytes(b"this is not a database at all, but long enough to be one" * 40)
    opened = open_store(path, now=NOW)
    assert opened.store.snapshot(NOW).facts == ()
    (notice,) = opened.notices
    assert notice == (
        "The readings file was damaged; it was set aside as readings.sqlite.damaged-20261119-060000 "
        "and everything is read again."
    )
    assert (tmp_path / "readings.sqlite.damaged-20261119-060000").exists()
    opened.store.close()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "readings.sqlite"
    db = sqlite3.connect(path)
    db.execute("pragma user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer version"):
        open_store(path, now=NOW)


def test_a_file_of_an_older_version_is_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "readings.sqlite"
    db = sqlite3.connect(path)
    db.executescript(MIGRATIONS[0])
    db.execute("insert into stream (source, scope, kinds) values ('tool', '', 'task'), ('other', '', 'task')")
    body = '{"as_of": null, "place": "", "rows": 0, "skipped": [], "skipped_count": 0, "ignored": [], "problem": "", '
    body += '"cure": "", "ms": 0, "emptied": false}'
    for stream, status, ended in ((1, "whole", 1), (1, "failed", 2), (1, "partial", 3), (2, "failed", 4)):
        db.execute("insert into attempt values (null, ?, ?, ?, ?, ?)", (stream, status, ended, ended, body))
    db.execute("pragma user_version = 1")
    db.commit()
    db.close()
    store = SqliteStore(path)
    tool, other = StreamKey("tool", "", ("task",)), StreamKey("other", "", ("task",))
    assert store.standings() == {
        tool: Standing(whole=moment(1), broken=moment(2)), other: Standing(broken=moment(4))
    }  # fmt: skip
    latest = store.record(tool).latest
    assert latest is not None
    assert (latest.calls, latest.pages, latest.room) == (0, 0, None)
    store.close()


def test_what_no_kept_reading_shows_is_removed(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "readings.sqlite")
    contract = StoreContract()
    for day in range(30):
        contract.put(store, contract.tasks(f"a{day}"), f"2026-11-{day + 1:02} 06:00")
        store.forget(datetime(2026, 11, day + 1, 6, tzinfo=UTC))
    db = sqlite3.connect(tmp_path / "readings.sqlite")
    assert db.execute("select count(*) from fact").fetchone() == db.execute("select count(*) from attempt").fetchone()
    db.close()
    assert contract.titles(store, "2026-11-16 12:00") == ["a15"]
    store.close()


def test_times_are_exact_to_the_microsecond() -> None:
    exact = datetime(2026, 11, 19, 6, 41, 7, 123457, tzinfo=UTC)
    assert moment(micros(exact)) == exact


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from briefing.store import Attempt, Listing, StreamKey
from briefing.store.sqlite import SqliteStore
from briefing.testing import facts_from

store = SqliteStore(Path(sys.argv[1]))
key = StreamKey("tool", "", ("task",))
for number in range(1, 10_000):
    at = datetime(2026, 11, 19, 6, 0, 0, number, tzinfo=UTC)
    incoming = store.receive(key)
    text = "\\n".join(f"task | {n} | title=reading {number}" for n in range(40))
    incoming.add(facts_from(text, source="tool"))
    store.listed(Listing(source="tool", at=at, streams=(key,)))
    incoming.finish(Attempt(status="whole", started=at, ended=at, rows=incoming.rows))
    print(number, flush=True)
"""


@pytest.mark.parametrize("after", range(1, 11))
def test_killed_at_any_moment_the_store_holds_whole_readings(tmp_path: Path, after: int) -> None:
    path = tmp_path / "readings.sqlite"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(after):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = SqliteStore(path)
    snapshot = store.snapshot(datetime(2027, 1, 1, tzinfo=UTC))
    titles = {getattr(fact, "title", "") for fact in snapshot.facts}
    assert (len(snapshot.facts), len(titles)) == (40, 1)
    store.close()


def test_a_reader_and_two_writers_do_not_fail_each_other(tmp_path: Path) -> None:
    path = tmp_path / "readings.sqlite"
    SqliteStore(path).close()
    short = WRITER.replace("10_000", "25")
    writers = [subprocess.Popen([sys.executable, "-c", short, str(path)], stdout=subprocess.DEVNULL) for _ in range(2)]
    store = SqliteStore(path)
    while any(writer.poll() is None for writer in writers):
        snapshot = store.snapshot(datetime(2027, 1, 1, tzinfo=UTC))
        assert len(snapshot.facts) in {0, 40}
    assert [writer.returncode for writer in writers] == [0, 0]
    store.close()


def test_a_partial_reading_does_not_move_the_mark(store: Store) -> None:
    key = StreamKey("tool", "", ("task",))
    for status, mark in (("whole", "1"), ("partial", "2")):
        incoming = store.receive(key)
        incoming.add(facts_from("task | a | title=a", source="tool"))
        store.listed(Listing(source="tool", at=NOW, streams=(key,)))
        incoming.finish(Attempt(status=status, started=NOW, ended=NOW), mark=mark)  # type: ignore[arg-type]
        store.bind(key, "settings")
        if status == "whole":
            incoming = store.receive(key)
            incoming.finish(Attempt(status="whole", started=NOW, ended=NOW), mark="1")
    assert store.mark(key, "settings") == "1"


def test_the_umask_does_not_matter(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        SqliteStore(tmp_path / "readings.sqlite").close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "readings.sqlite").stat().st_mode) == 0o600
