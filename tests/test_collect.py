"""The collector: deadlines, gaps, daemon threads, one collect per workspace. Sources are real objects on real threads."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from briefing.collect import Source, collect, one_at_a_time
from briefing.connector import Gone, Ignored, Mark, Skipped, Stream, Window
from briefing.errors import AuthError, Busy, MarkExpired, SourceError
from briefing.facts import Fact, Milestone, Task
from briefing.log import never_print
from briefing.store import Attempt, Listing, Store, StreamKey, StreamRecord
from briefing.store.sqlite import SqliteStore
from briefing.testing import facts_from

NOW = datetime(2026, 11, 19, 6, tzinfo=UTC)
WINDOW = Window(now=NOW, since=NOW - timedelta(days=30), until=NOW + timedelta(days=8), zone=ZoneInfo("UTC"))
Things = Iterable[Fact | Gone | Skipped | Ignored | Mark]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = SqliteStore(tmp_path / "readings.sqlite")
    yield made
    made.close()


class Tool:
    """A connector whose streams are given as functions."""

    def __init__(self, **reads: Callable[[Window, Mark | None], Things]) -> None:
        self.reads = reads

    def streams(self, window: Window) -> Sequence[Stream]:
        kinds = frozenset({Task})
        return [Stream(kinds=kinds, read=read, scope=scope, place=scope) for scope, read in self.reads.items()]


def tasks(*titles: str) -> list[Fact]:
    return facts_from("\n".join(f"task | {title} | title={title}" for title in titles), source="tool")


def run(
    store: Store, connector: object, *, at: datetime = NOW, total: float = 20, **how: float
) -> dict[str, StreamRecord]:
    source = Source(name="tool", connector=connector, **how)  # type: ignore[arg-type]
    collect([source], store, WINDOW, clock=lambda: at, total=total)
    return {record.key.scope: record for record in store.snapshot(at).streams}


def status(record: StreamRecord) -> str:
    assert record.latest is not None
    return record.latest.status


def problem(record: StreamRecord) -> str:
    assert record.latest is not None
    return record.latest.problem


def test_streams_come_whole(store: Store) -> None:
    found = run(store, Tool(a=lambda w, m: tasks("x", "y"), b=lambda w, m: tasks("z")))
    assert {scope: status(record) for scope, record in found.items()} == {"a": "whole", "b": "whole"}
    assert len(store.snapshot(NOW).facts) == 3


def test_what_fails_is_a_gap_and_the_others_stand(store: Store) -> None:
    def refused(window: Window, mark: Mark | None) -> Things:
        yield from tasks("x")
        raise AuthError("token revoked", advice="briefing auth tool")

    def broken(window: Window, mark: Mark | None) -> Things:
        raise ZeroDivisionError

    found = run(store, Tool(a=refused, b=broken, c=lambda w, m: tasks("z")))
    assert problem(found["a"]) == "token revoked"
    assert problem(found["b"]) == "a fault in the connector (ZeroDivisionError)"
    assert status(found["c"]) == "whole"
    assert [fact.ref.id for fact in store.snapshot(NOW).facts] == ["z"]


def test_what_was_skipped_makes_it_partial_and_what_was_ignored_does_not(store: Store) -> None:
    found = run(
        store,
        Tool(
            a=lambda w, m: [*tasks("x"), Skipped("tool.csv:3", "no title")],
            b=lambda w, m: [*tasks("y"), Ignored(2, "rows later than now"), Ignored(1, "rows later than now")],
        ),
    )
    assert (status(found["a"]), status(found["b"])) == ("partial", "whole")
    assert found["a"].latest is not None
    assert found["b"].latest is not None
    assert found["a"].latest.skipped == (("tool.csv:3", "no title"),)
    assert found["b"].latest.ignored == ((3, "rows later than now"),)


def test_a_reading_too_long_for_one_time_goes_on_the_next(store: Store) -> None:
    """Each time the next letter; what was read before stays, and it is partial until the last."""
    asked: list[str | None] = []

    def read(window: Window, mark: Mark | None) -> Things:
        asked.append(mark.value if mark else None)
        done = len(asked)
        yield from tasks("abc"[done - 1])
        if done < 3:
            yield Skipped("tool", "the rest is left for the next reading")
        yield Mark("abc"[:done], so_far=done < 3)

    states = [status(run(store, Tool(a=read))["a"]) for _ in range(3)]
    assert (asked, states) == ([None, "a", "ab"], ["partial", "partial", "whole"])
    assert [fact.ref.id for fact in store.snapshot(NOW).facts] == ["a", "b", "c"]


def test_a_listing_goes_on_from_the_marks_of_the_last_readings(store: Store) -> None:
    """By their scopes, of these settings only; without any it begins as others do."""
    given: list[dict[str, str]] = []

    class Going(Tool):
        def streams_after(self, window: Window, marks: Mapping[str, Mark]) -> Sequence[Stream]:
            given.append({scope: mark.value for scope, mark in marks.items()})
            return self.streams(window)

    tool = Going(a=lambda w, m: [*tasks("x"), Mark("1")], b=lambda w, m: tasks("y"), c=lambda w, m: [Mark("3")])
    store.listed(Listing(source="other", at=NOW, streams=(key := StreamKey("other", "z", ("task",)),)))
    store.receive(key).finish(Attempt(status="whole", started=NOW, ended=NOW), mark="9")
    for bound_to in ("s1", "s1", "s2"):
        collect([Source(name="tool", connector=tool, bound_to=bound_to)], store, WINDOW, clock=lambda: NOW)
    assert given == [{"a": "1", "c": "3"}]


def test_a_hung_stream_costs_its_own_deadline(store: Store) -> None:
    ended = threading.Event()

    def hung(window: Window, mark: Mark | None) -> Things:
        yield from tasks("x")
        ended.wait(30)

    began = time.monotonic()
    found = run(store, Tool(a=hung, b=lambda w, m: tasks("z")), deadline=0.3)
    assert time.monotonic() - began < 5
    ended.set()
    assert problem(found["a"]).startswith("no answer within")
    assert status(found["b"]) == "whole"
    assert [fact.ref.id for fact in store.snapshot(NOW).facts] == ["z"]


def test_a_hung_listing_is_a_gap(store: Store) -> None:
    ended = threading.Event()

    class Hung:
        def streams(self, window: Window) -> Sequence[Stream]:
            ended.wait(30)
            return []

    run(store, Hung(), deadline=0.3)
    ended.set()
    assert [listing.problem for listing in store.snapshot(NOW).listings] == ["no answer within 0.3 s"]


def test_what_is_not_started_by_the_total_deadline_is_not_reached(store: Store) -> None:
    ended = threading.Event()

    def hung(window: Window, mark: Mark | None) -> Things:
        ended.wait(30)
        return []

    found = run(store, Tool(a=hung, b=lambda w, m: tasks("z")), total=0.3, cap=1)
    ended.set()
    assert problem(found["b"]) == "not reached in the time for all sources"


def test_no_more_than_the_cap_run_side_by_side(store: Store) -> None:
    lock, running, most = threading.Lock(), [0], [0]

    def counted(window: Window, mark: Mark | None) -> Things:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.03)
        with lock:
            running[0] -= 1
        return []

    run(store, Tool(**{f"s{n}": counted for n in range(9)}), cap=3)
    assert most[0] == 3


def test_a_source_that_cannot_be_built_is_a_gap(store: Store) -> None:
    broken = Source(name="tool", connector=None, problem=SourceError("no token", advice="briefing auth tool"))
    collect([broken], store, WINDOW, clock=lambda: NOW)
    (listing,) = store.snapshot(NOW).listings
    assert (listing.problem, listing.cure) == ("no token", "briefing auth tool")


def test_what_a_source_could_state_is_missing_when_it_never_listed_anything(store: Store) -> None:
    broken = Source(name="tool", connector=None, problem=SourceError("no token"), kinds=frozenset({Task}))
    collect([broken], store, WINDOW, clock=lambda: NOW)
    (record,) = store.snapshot(NOW).streams
    assert (record.key.kinds, record.latest) == (("task",), None)


def test_a_sudden_emptiness_is_believed_on_the_second_day(store: Store) -> None:
    asked: list[int] = []

    def empty(window: Window, mark: Mark | None) -> Things:
        asked.append(1)
        return []

    run(store, Tool(a=lambda w, m: tasks("x")))
    next_day = run(store, Tool(a=empty), at=NOW + timedelta(days=1))
    assert len(asked) == 2
    assert status(next_day["a"]) == "partial"
    assert len(store.snapshot(NOW + timedelta(days=1)).facts) == 1
    again = run(store, Tool(a=empty), at=NOW + timedelta(days=1, hours=2))
    assert status(again["a"]) == "partial"
    second = run(store, Tool(a=empty), at=NOW + timedelta(days=2))
    assert status(second["a"]) == "whole"
    assert store.snapshot(NOW + timedelta(days=2)).facts == ()


def test_a_mark_is_handed_on_and_an_expired_one_reads_all_again(store: Store) -> None:
    marks: list[str] = []

    def reads(window: Window, mark: Mark | None) -> Things:
        marks.append(mark.value if mark else "")
        if mark is not None and mark.value == "1" and len(marks) == 3:
            raise MarkExpired("too old")
        yield from tasks("x") if mark is None else []
        yield Mark("1")

    for day in range(3):
        found = run(store, Tool(a=reads), at=NOW + timedelta(days=day))
        assert status(found["a"]) == "whole"
    assert marks == ["", "1", "1", ""]


def clock_at(at: datetime) -> Callable[[], datetime]:
    return lambda: at


def test_the_first_mark_serves_already_and_other_settings_do_without_it(store: Store) -> None:
    marks: list[str] = []

    def reads(window: Window, mark: Mark | None) -> Things:
        marks.append(mark.value if mark else "")
        yield Mark(str(len(marks)))

    for day, bound_to in enumerate(("one", "one", "other", "other")):
        at = NOW + timedelta(days=day)
        source = Source(name="tool", connector=Tool(a=reads), bound_to=bound_to)
        collect([source], store, WINDOW, clock=clock_at(at))
    assert marks == ["", "1", "", "3"]


def test_a_kind_may_have_several_streams(store: Store) -> None:
    class Two:
        def streams(self, window: Window) -> Sequence[Stream]:
            milestones = facts_from("milestone | m | project=p | title=M", source="tool")
            return [
                Stream(kinds=frozenset({Task}), read=lambda w, m: tasks("x")),
                Stream(kinds=frozenset({Milestone}), read=lambda w, m: milestones),
            ]

    run(store, Two())
    assert sorted(type(fact).kind for fact in store.snapshot(NOW).facts) == ["milestone", "task"]


def test_a_second_collect_waits_for_the_first(tmp_path: Path) -> None:
    with one_at_a_time(tmp_path, wait=1) as first, pytest.raises(Busy), one_at_a_time(tmp_path, wait=0.2):
        pass
    assert first
    with one_at_a_time(tmp_path, wait=1) as again:
        assert again


HANGS = """
import sys, threading
sys.path.insert(0, sys.argv[2])
from test_collect import Tool, WINDOW, NOW
from pathlib import Path
from briefing.collect import Source, collect
from briefing.store.sqlite import SqliteStore

def hung(window, mark):
    threading.Event().wait()

collect([Source(name="tool", connector=Tool(a=hung), deadline=0.2)], SqliteStore(Path(sys.argv[1])), WINDOW, clock=lambda: NOW)
print("done")
"""


def test_the_process_ends_though_a_source_hangs(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", HANGS, str(tmp_path / "r.sqlite"), here]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr


def test_a_secret_that_a_service_says_back_is_not_kept(store: Store) -> None:
    """What a service answers goes into causes, and from there into store and page."""
    never_print("canary-7c1d9")

    def reads(window: Window, mark: Mark | None) -> Things:
        yield from ()
        raise SourceError("no such token: canary-7c1d9", advice="ask canary-7c1d9")

    collect([Source(name="tool", connector=Tool(a=reads))], store, WINDOW, clock=clock_at(NOW))
    (record,) = store.snapshot(NOW + timedelta(minutes=1)).streams
    assert record.latest is not None
    assert (record.latest.problem, record.latest.cure) == ("no such token: [removed]", "ask [removed]")
