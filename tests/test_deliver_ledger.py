"""The ledger: append-only, its owner's alone, one sender at a time; and what it means for the next run."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.deliver import Begin, NotAllowed, Outcome
from briefing.deliver.edition import Edition
from briefing.deliver.outbox import Outbox, Outgoing, Pace, note_interrupted
from briefing.deliver.policy import missed, standings, verdict, waits
from briefing.deliver.report import Day, line, of_the_one_before
from briefing.errors import StoreError
from briefing.morning import WorkCalendar
from briefing.store.ledger import Entry, Ledger, LedgerError, State, set_aside

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
MONDAY = NOW.date()
STATES: tuple[State, ...] = ("sending", "sent", "refused", "deferred", "uncertain", "skipped")


def entry(
    state: State, *, channel: str = "mail", to: str = "maya@a.example", at: datetime = NOW, detail: str = ""
) -> Entry:
    return Entry(
        at=at, run="1", audience="Maya", date=MONDAY, channel=channel, recipient=to, state=state, detail=detail
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "in" / "ledger.sqlite", may_begin=True)
    yield made
    made.close()


def test_it_is_its_owners_alone_and_waits_for_the_disk(ledger: Ledger) -> None:
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ledger.path.parent.stat().st_mode) == 0o700
    assert ledger._db.execute("pragma synchronous").fetchone() == (3,)  # extra: full, and the folder too


def test_it_only_grows(ledger: Ledger) -> None:
    ledger.record([entry("sending"), entry("sent")])
    db = sqlite3.connect(ledger.path)
    for change in ("update entry set state = 'deferred'", "delete from entry"):
        with pytest.raises(sqlite3.DatabaseError, match="the ledger only grows"):
            db.execute(change)
    db.close()
    assert [one.state for one in ledger.entries("Maya", MONDAY)] == ["sending", "sent"]
    assert ledger.entries("Maya", MONDAY)[0] == entry("sending")


@pytest.mark.parametrize(
    ("before", "by_itself", "asked"),
    [
        ((), True, True),
        (("sending",), False, False),
        (("sending", "deferred"), True, True),
        (("deferred",), True, True),
        (("sending", "sent"), False, True),
        (("sending", "uncertain"), False, True),
        (("refused",), False, True),
        (("skipped",), False, True),
        (("sending", "sent", "sending", "deferred"), False, True),
    ],
)
def test_who_may_begin(ledger: Ledger, before: tuple[State, ...], *, by_itself: bool, asked: bool) -> None:
    ledger.record([entry(state) for state in before])
    for again, allowed in ((False, by_itself), (True, asked)):
        count = len(ledger.entries("Maya", MONDAY))
        assert ledger.begin([entry("sending")], again=again) is allowed
        assert len(ledger.entries("Maya", MONDAY)) - count == allowed
        if allowed:
            ledger.record([entry("deferred")])


def test_one_of_several_in_the_way_stops_all(ledger: Ledger) -> None:
    ledger.record([entry("sent", to="bo@a.example")])
    assert not ledger.begin([entry("sending"), entry("sending", to="bo@a.example")])
    assert [one.state for one in ledger.entries("Maya", MONDAY)] == ["sent"]


def test_of_ten_that_begin_at_once_one_may(ledger: Ledger) -> None:
    allowed: list[bool] = []
    start = threading.Barrier(10)

    def run() -> None:
        mine = Ledger(ledger.path, may_begin=False)
        start.wait(10)
        allowed.append(mine.begin([entry("sending")]))
        mine.close()

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(allowed) == [False] * 9 + [True]


@pytest.mark.parametrize("damage", ["noise", "cut", "empty", "gone", "other"])
def test_what_cannot_be_read_stops_and_is_set_aside_when_asked(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "ledger.sqlite"
    made = Ledger(path, may_begin=True)
    made.record([entry("sent", to=f"{n}@a.example") for n in range(400)])
    made.close()
    whole = path.read_bytes()
    if damage == "noise":
        path.write_bytes(b"\0not a database" * 400)
    elif damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "gone":
        path.unlink()
    else:
        db = sqlite3.connect(path)
        db.execute("drop table entry")
        db.commit()
        db.close()
    for _ in range(2):  # looking does not mend it
        with pytest.raises(LedgerError, match="ledger"):
            Ledger(path, may_begin=False).close()
    aside = set_aside(path, now=NOW)
    assert aside == (None if damage == "gone" else tmp_path / "ledger.sqlite.damaged-20261123-060000")
    fresh = Ledger(path, may_begin=True)
    assert fresh.entries("Maya", MONDAY) == ()
    fresh.close()


def test_one_of_a_newer_version_is_left_alone(ledger: Ledger) -> None:
    ledger._db.execute("pragma user_version = 99")
    with pytest.raises(StoreError, match="newer version"):
        Ledger(ledger.path, may_begin=True)


def test_where_it_cannot_be_written_nothing_begins(ledger: Ledger) -> None:
    ledger._db.execute("pragma query_only = 1")
    with pytest.raises(StoreError, match="cannot be written"):
        ledger.begin([entry("sending")])


# --- what it means -------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(STATES), max_size=8))
def test_nobody_is_sent_it_twice_by_itself(states: list[State]) -> None:
    """Whatever stands in the ledger: with a delivery, a doubt, a refusal or a word of the reader's in it, never."""
    found = standings(entry(state) for state in states).get(("mail", "maya@a.example"))
    by_itself = verdict(found) == "send"
    assert by_itself == (not states or ({"sending", "deferred"}.issuperset(states) and states[-1] == "deferred"))
    if found is not None:
        assert found.state == states[-1]
        assert bool(found.delivered) == ("sent" in states)
    if found is None or not found.good:
        assert verdict(found, repeatable=True) == "send"


def test_patience_adds_up() -> None:
    assert sum(waits(1200)) == 1200
    assert list(waits(0)) == []
    assert max(waits(1200)) <= 900  # greylisting wants a try between 5 and 15 minutes after another


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, []),
        (date(2026, 11, 20), []),  # a weekend between
        (date(2026, 11, 19), [date(2026, 11, 20)]),
        (date(2026, 11, 16), [date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 20)]),
        (MONDAY, []),
    ],
)
def test_missed_workdays(last: date | None, expected: list[date]) -> None:
    """Thursday 19 November is a holiday here."""
    calendar = WorkCalendar(holidays=frozenset({date(2026, 11, 19)}) if last and last.day == 16 else frozenset())
    assert missed(last, MONDAY, calendar) == expected


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([entry("sent")], "mail: sent to maya@a.example, 06:00."),
        ([entry("skipped")], "mail: maya@a.example skipped by you, 06:00."),
        (
            [entry("deferred", detail="450 greylisted")],
            "mail: not sent to maya@a.example: 450 greylisted. To try again: briefing run",
        ),
        (
            [entry("sent"), entry("deferred", detail="450 greylisted")],
            "mail: not sent to maya@a.example: 450 greylisted. To try again: briefing run --resend mail",
        ),
        (
            [entry("refused", detail="550 no such user")],
            "mail: refused for maya@a.example: 550 no such user. Once that is put right: briefing run --resend mail",
        ),
        (
            [entry("uncertain", detail="the run ended before the answer came")],
            "mail: whether it reached maya@a.example is not known: the run ended before the answer came. Look there; then briefing run --resend mail, or briefing run --skip-today",
        ),
        ([], "mail: not sent to maya@a.example; the ledger could not be written, and without it nothing is sent."),
    ],
)
def test_each_state_is_a_sentence_with_its_cure(entries: list[Entry], says: str) -> None:
    key = ("mail", "maya@a.example")
    assert line(key, standings(entries).get(key), UTC) == says


@pytest.mark.parametrize(
    ("days_ago", "entries", "says"),
    [
        (3, [entry("sent"), entry("sent", channel="archive", to="/a")], ["Friday's edition: mail 06:00, archive 06:00."]),
        (
            3, [entry("sent", channel="archive", to="/a"), entry("uncertain", detail="the answer never came")],
            [
                "Friday's edition: archive 06:00.",
                "Friday's edition by mail to maya@a.example: whether it arrived is not known: the answer never came.",
            ],
        ),
        (3, [entry("skipped")], ["Friday's edition: skipped by you."]),
        (4, [entry("sent")], ["Thursday's edition: mail 06:00.", "No edition on Friday 20 November."]),
        (
            10, [entry("refused", detail="550 no")],
            [
                "Friday 13 November's edition by mail to maya@a.example: not delivered: 550 no.",
                "No edition from Monday 16 November to Friday 20 November (5 workdays).",
            ],
        ),
    ],
)  # fmt: skip
def test_an_edition_speaks_of_the_one_before(days_ago: int, entries: list[Entry], says: list[str]) -> None:
    day = MONDAY - timedelta(days=days_ago)
    told = [Day(date=day, standings=standings(replace(one, date=day) for one in entries))]
    assert of_the_one_before(told, MONDAY, WorkCalendar(), UTC) == says
    assert of_the_one_before([], MONDAY, WorkCalendar(), UTC) == []


def test_an_edition_speaks_of_all_back_to_the_last_delivered() -> None:
    """A day on which one was skipped or failed hides neither those before it nor the workdays without one."""
    entries: dict[int, State] = {3: "skipped", 5: "sending", 6: "refused", 11: "sent", 12: "refused"}
    told = [
        Day(date=MONDAY - timedelta(days=days), standings=standings([entry(state)])) for days, state in entries.items()
    ]
    assert of_the_one_before(told, MONDAY, WorkCalendar(), UTC) == [
        "Friday's edition: skipped by you.",
        "Wednesday's edition by mail to maya@a.example: whether it arrived is not known.",
        "Tuesday's edition by mail to maya@a.example: not delivered.",
        "Thursday 12 November's edition: mail 06:00.",
        "No edition on 3 workdays from Friday 13 November to Thursday 19 November.",
    ]


def test_of_many_failed_editions_the_older_are_counted() -> None:
    told = [Day(date=MONDAY - timedelta(days=days), standings=standings([entry("refused")])) for days in range(1, 10)]
    said = of_the_one_before(told, MONDAY, WorkCalendar(), UTC)
    assert (len(said), said[-1]) == (6, "4 editions before, from Saturday 14 November on: not delivered for certain.")


# --- whatever happens ----------------------------------------------------------------------------------------------

Event = Literal["taken", "put off", "refused", "cut before", "cut after", "killed before", "killed after", "hidden"]
EVENTS: tuple[Event, ...] = get_args(Event)


class Killed(BaseException):
    """Stands for SIGKILL: nothing that comes later in the process happens."""


class Fate:
    """A channel to which a given thing happens at each try; counts what the other side took."""

    name, kind, recipients, deadline, patience, repeatable = "mail", "e-mail", ("maya@a.example",), 5.0, 0.0, False

    def __init__(self, events: list[Event]) -> None:
        self.events, self.taken = events, 0

    def fixed(self, edition: Edition) -> bytes:
        return b""

    def shown(self, edition: Edition, body: bytes) -> str:
        return ""

    def tried(self) -> Outcome:
        return Outcome(result="sent")

    def send(self, edition: Edition, body: bytes, recipients: Sequence[str], begin: Begin) -> dict[str, Outcome]:
        event = self.events.pop(0)
        if event == "refused":
            return dict.fromkeys(recipients, Outcome(result="refused"))
        if event == "put off":
            return dict.fromkeys(recipients, Outcome(result="deferred"))
        if event == "cut before":
            raise OSError("the line is dead")
        if not begin(recipients):
            raise NotAllowed
        self.taken += event in {"taken", "cut after", "hidden"}
        if event.startswith("cut"):
            raise OSError("the line is dead")
        return dict.fromkeys(recipients, Outcome(result="uncertain" if event == "hidden" else "sent"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=6), st.sampled_from(["begin", "record"]))
def test_whatever_happens_it_arrives_at_most_once_by_itself_and_never_silently(events: list[Event], where: str) -> None:
    """Run after run, each with its own fate and some killed: one delivery at most, and no other end than a delivery,
    a word from the server, or a doubt that is told."""
    edition = Edition(workspace="W", audience="Maya", date=MONDAY, made_at=NOW, subject="", forms={})
    channel = Fate([])
    with TemporaryDirectory() as folder:
        for event in events:
            ledger = Ledger(Path(folder) / "ledger.sqlite", may_begin=True)
            channel.events = ["taken" if event.startswith("killed") else event]
            box = Outbox(ledger, Outgoing(edition=edition, bodies={}), run="1", pace=Pace(now=lambda: NOW))
            if event.startswith("killed"):
                _kill(ledger, where if event == "killed before" else "record")
            with suppress(Killed):
                box.deliver([channel])
            ledger.close()
        ledger = Ledger(Path(folder) / "ledger.sqlite", may_begin=False)
        note_interrupted(ledger, "Maya", MONDAY, run="2", now=NOW)
        found = standings(ledger.entries("Maya", MONDAY)).get(("mail", "maya@a.example"))
        ledger.close()
    assert channel.taken <= 1
    if channel.taken:
        assert found is not None
        assert found.state in {"sent", "uncertain"}
        assert verdict(found) != "send"
    else:
        assert found is None or found.state in {"deferred", "refused", "uncertain"}


def _kill(ledger: Ledger, where: str) -> None:
    """The process ends before the ledger is written: before it may send, or after the answer came."""

    def dead(entries: Sequence[Entry], **_: object) -> bool:
        if not entries:
            return True
        raise Killed

    setattr(ledger, where, dead)
