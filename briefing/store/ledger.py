"""The ledger: what was sent to whom, by which channel, with what result. Append-only, a file of its own, kept for good.

An entry stands on the disk before the act that it is about goes on (`synchronous = extra`, which also syncs the folder
when SQLite removes its journal), so after a kill or a power cut it says at least that something was begun. Nothing is
changed or removed: triggers refuse it. Two processes at once are safe: whether something may be sent is asked and
noted in one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, cast

from briefing.codec import build
from briefing.decisions import Decision, Step
from briefing.document import plain
from briefing.errors import BriefingError, Busy, StoreError
from briefing.store.sqlite import micros, moment

FILE_NAME = "ledger.sqlite"
BUSY_SECONDS = 30.0

State = Literal["sending", "sent", "refused", "deferred", "uncertain", "skipped"]
"""
sending     begun: from here on it may arrive
sent        the other side took it
refused     it was not taken, and the same will not be taken later
deferred    it was not taken, and may be later
uncertain   it was begun and nobody knows how it ended
skipped     the reader settled it (`briefing run --skip-today`)
"""

LEDGER = """
create table entry (
  id integer primary key autoincrement, at integer not null, run text not null, audience text not null,
  date text not null, channel text not null, recipient text not null, state text not null, message_id text not null,
  detail text not null);
create index entry_by_date on entry (audience, date);
create trigger entry_stays_as_it_is before update on entry begin select raise(abort, 'the ledger only grows'); end;
create trigger entry_stays before delete on entry begin select raise(abort, 'the ledger only grows'); end;
"""
DECISIONS = """
create table decision (
  id integer primary key autoincrement, at integer not null, audience text not null, matter text not null,
  source text not null, kind text not null, about text not null, said_in text not null, body text not null);
create index decision_by_audience on decision (audience, id);
create unique index decision_said_once on decision (audience, said_in) where said_in != '';
create trigger decision_stays_as_it_is before update on decision
  begin select raise(abort, 'the ledger only grows'); end;
create trigger decision_stays before delete on decision begin select raise(abort, 'the ledger only grows'); end;
create table step (
  id integer primary key autoincrement, at integer not null, ladder text not null, step integer not null,
  began integer not null, matter text not null, source text not null, kind text not null, about text not null,
  recipient text not null, channel text not null, state text not null, body text not null);
create index step_by_item on step (matter, source, kind, about, id);
create trigger step_stays_as_it_is before update on step begin select raise(abort, 'the ledger only grows'); end;
create trigger step_stays before delete on step begin select raise(abort, 'the ledger only grows'); end;
"""
"""What people said of items, and what became of each step of a ladder; the whole record is the body, as JSON."""

MIGRATIONS: tuple[str, ...] = (LEDGER, DECISIONS)


class LedgerError(BriefingError):
    """The ledger cannot be read: nothing is sent by itself until the reader says how to go on."""

    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger."""

    at: datetime
    run: str
    """Which run wrote it."""

    audience: str
    date: date
    channel: str
    recipient: str
    """An address, or the folder of a channel that has none."""

    state: State
    message_id: str = ""
    detail: str = ""
    """The server's own words, or what became of it."""


class Ledger:
    """One workspace's ledger. Used by one thread; any number of processes."""

    def __init__(self, path: Path, *, may_begin: bool) -> None:
        """Open it, or where there is none and `may_begin`, make it.

        Raises LedgerError where it cannot be read or is gone, StoreError where a newer version wrote it.
        """
        self.path, self._may_begin = path, may_begin
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                if not may_begin:
                    raise LedgerError(f"the ledger {path} is gone, and editions were made")
                path.touch(mode=0o600)
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._unreadable(error) from error
        try:
            # One file, no -wal beside it that a copy or a clean-up could part from it.
            self._db.execute("pragma journal_mode = delete")
            self._db.execute("pragma synchronous = extra")
            (found,) = self._db.execute("pragma quick_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found)  # noqa: TRY301  (told like every other damage)
            self._migrate()
            self._db.execute("select * from entry limit 1").fetchone()
        except sqlite3.Error as error:
            self._db.close()
            raise self._unreadable(error) from error
        except BaseException:
            self._db.close()
            raise

    def _unreadable(self, error: Exception) -> BriefingError:
        if _is_locked(error):
            return Busy(f"{self.path.name} is held by another process", advice="wait for it")
        return LedgerError(f"the ledger {self.path} cannot be read ({error})")

    def _migrate(self) -> None:
        (version,) = self._db.execute("pragma user_version").fetchone()
        if version > len(MIGRATIONS):
            raise StoreError(f"{self.path} was written by a newer version", advice="update morning-briefing")
        if version == 0 and not self._may_begin:
            raise LedgerError(f"the ledger {self.path} is empty, and editions were made")
        if version < len(MIGRATIONS):
            with self._transaction():
                (version,) = self._db.execute("pragma user_version").fetchone()
                for number in range(version, len(MIGRATIONS)):
                    for statement in MIGRATIONS[number].split(";\n"):
                        if statement.strip():
                            self._db.execute(statement)
                self._db.execute(f"pragma user_version = {len(MIGRATIONS)}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def record(self, entries: Sequence[Entry]) -> None:
        """Add entries, all or none. Raises StoreError where they cannot be written."""
        with self._writing():
            self._add(entries)

    def begin(self, entries: Sequence[Entry], *, again: bool = False) -> bool:
        """Add `sending` entries if all of them may be sent by themselves, and say whether they were added.

        May be sent by itself: what was never begun, and what each time was only put off (`deferred`). `again` is the
        reader's own word: then only what is being sent at this moment is in the way. Raises StoreError where they
        cannot be written.
        """
        with self._writing():
            if any(self._in_the_way(entry, again=again) for entry in entries):
                return False
            self._add(entries)
            return True

    def _in_the_way(self, entry: Entry, *, again: bool) -> bool:
        where, names = self._called(entry.audience)
        rows = self._db.execute(
            f"select state from entry where {where} and date = ? and channel = ? and recipient = ? order by id",
            (*names, entry.date.isoformat(), entry.channel, entry.recipient),
        ).fetchall()
        states = [state for (state,) in rows]
        if states and states[-1] == "sending":
            return True
        return not again and not {"sending", "deferred"}.issuperset(states)

    def entries(self, audience: str, day: date) -> tuple[Entry, ...]:
        """What was noted of one edition, in order."""
        where, names = self._called(audience)
        return self._select(f"where {where} and date = ?", (*names, day.isoformat()))

    def of_date(self, day: date) -> tuple[Entry, ...]:
        """What was noted of the editions of one date, whoever they are for, in order."""
        return self._select("where date = ?", (day.isoformat(),))

    def _called(self, audience: str, table: str = "entry") -> tuple[str, tuple[str, ...]]:
        """A condition on the audience, and its values: its name in whatever case it was written then."""
        rows = self._db.execute(f"select distinct audience from {table}").fetchall()
        names = {name for (name,) in rows if name.casefold() == audience.casefold()} | {audience}
        return f"audience in ({', '.join('?' * len(names))})", tuple(sorted(names))

    def days(self, audience: str, before: date) -> tuple[date, ...]:
        """The dates before a day of which anything was noted, the latest first, at most 60."""
        where, names = self._called(audience)
        rows = self._db.execute(
            f"select distinct date from entry where {where} and date < ? order by date desc limit 60",
            (*names, before.isoformat()),
        ).fetchall()
        return tuple(date.fromisoformat(day) for (day,) in rows)

    # --- decisions and steps ---

    def decide(self, decision: Decision) -> Decision | None:
        """Keep a decision; with its number. None where the message it was said in was understood before.

        Raises StoreError where it cannot be written.
        """
        with self._writing():
            where, names = self._called(decision.audience, "decision")
            given = self._db.execute(
                f"select 1 from decision where {where} and said_in = ? and said_in != ''", (*names, decision.said_in)
            )
            if given.fetchone():
                return None
            row = self._db.execute(
                "insert into decision (at, audience, matter, source, kind, about, said_in, body) "
                "values (?, ?, ?, ?, ?, ?, ?, ?)",
                (micros(decision.at), decision.audience, *decision.key, decision.said_in, _body(decision)),
            )
            return replace(decision, number=int(row.lastrowid or 0))

    def decisions(self, audience: str | None = None) -> tuple[Decision, ...]:
        """What this audience said, or everybody, in order."""
        where, names = self._called(audience, "decision") if audience is not None else ("true", ())
        rows = self._db.execute(f"select id, body from decision where {where} order by id", names).fetchall()
        return tuple(replace(build(Decision, json.loads(body)), number=number) for number, body in rows)

    def note_steps(self, steps: Sequence[Step]) -> None:
        """Keep entries about steps, all or none. Raises StoreError where they cannot be written."""
        with self._writing():
            self._db.executemany(
                "insert into step "
                "(at, ladder, step, began, matter, source, kind, about, recipient, channel, state, body) "
                "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        micros(one.at), one.ladder, one.step, micros(one.began), *one.key, one.recipient, one.channel,
                        one.state, _body(one),
                    )
                    for one in steps
                ],
            )  # fmt: skip

    def steps(self) -> tuple[Step, ...]:
        """What was noted of all ladders, in order."""
        rows = self._db.execute("select body from step order by id").fetchall()
        return tuple(build(Step, json.loads(body)) for (body,) in rows)

    def _select(self, where: str, values: tuple[object, ...]) -> tuple[Entry, ...]:
        rows = self._db.execute(
            "select at, run, audience, date, channel, recipient, state, message_id, detail "
            f"from entry {where} order by id",
            values,
        ).fetchall()
        return tuple(_entry(row) for row in rows)

    def _add(self, entries: Sequence[Entry]) -> None:
        self._db.executemany(
            "insert into entry (at, run, audience, date, channel, recipient, state, message_id, detail) "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    micros(one.at), one.run, one.audience, one.date.isoformat(), one.channel, one.recipient, one.state,
                    one.message_id, one.detail,
                )
                for one in entries
            ],
        )  # fmt: skip

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with self._transaction():
                yield
        except sqlite3.Error as error:
            if _is_locked(error):
                raise Busy(f"{self.path.name} is held by another process", advice="wait for it") from error
            raise StoreError(f"{self.path} cannot be written: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
            self._db.execute("commit")
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk has rolled back by itself
                self._db.execute("rollback")
            raise


def _is_locked(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _body(record: Decision | Step) -> str:
    return json.dumps(plain(record), ensure_ascii=False)


def _entry(row: Sequence[Any]) -> Entry:
    at, run, audience, day, channel, recipient, state, message_id, detail = row
    return Entry(
        at=moment(at), run=run, audience=audience, date=date.fromisoformat(day), channel=channel, recipient=recipient,
        state=cast(State, state), message_id=message_id, detail=detail,
    )  # fmt: skip


def set_aside(path: Path, *, now: datetime) -> Path | None:
    """Put a ledger that cannot be read beside itself, so that a new one begins; where it is now, None without one.

    Raises StoreError where that cannot be done.
    """
    aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%d-%H%M%S}")
    try:
        for suffix in ("-journal", ""):
            with suppress(FileNotFoundError):
                Path(f"{path}{suffix}").replace(f"{aside}{suffix}")
    except OSError as error:
        raise StoreError(f"{path} cannot be set aside: {error.strerror or error}") from error
    return aside if aside.exists() else None
