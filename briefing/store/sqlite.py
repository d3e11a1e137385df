"""The store in SQLite: one file, WAL, readable by its owner only.

Facts carry the readings between which they hold (`first` up to, not including, `last`), so a morning of the last two
weeks can be compiled again. Facts on their way in lie in temporary tables: a killed process leaves whole readings.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from briefing.codec import decode_all, encode
from briefing.connector import Gone
from briefing.errors import StoreError
from briefing.facts import AdDay, Fact, Proposal
from briefing.meter import Room
from briefing.store import (
    Attempt,
    Incoming,
    KeptEdition,
    Listing,
    Opened,
    Snapshot,
    Standing,
    Store,
    StreamKey,
    StreamRecord,
)
from briefing.store.schema import MIGRATIONS, TEMPORARY
from briefing.store.series import SqliteSeries

KEEP_READINGS, KEEP_EDITIONS, KEEP_AD_DAYS, KEEP_VINTAGES = (timedelta(days=n) for n in (14, 400, 400, 100))


def open_store(path: Path, *, now: datetime) -> Opened:
    """Open or make the store. A damaged file is set aside, told, and a new one begun.

    Raises StoreError when the file cannot be used and cannot be set aside (no permission, written by a newer version).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Opened(store=SqliteStore(path))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
            raise StoreError(f"{path} cannot be opened: {error}") from error
        aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%d-%H%M%S}")
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{path}{suffix}").replace(f"{aside}{suffix}")
        notice = f"The readings file was damaged; it was set aside as {aside.name} and everything is read again."
        return Opened(store=SqliteStore(path), notices=(notice,))
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror or error}") from error


def micros(moment: datetime) -> int:
    """UTC microseconds since 1970, exactly."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """The aware UTC time of `micros`."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)


class SqliteStore:
    """`Store` in one SQLite file. Used by one thread; any number of processes."""

    def __init__(self, path: Path) -> None:
        fresh = not path.exists()
        if fresh:
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
        try:
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = normal")
            self._db.execute("pragma temp_store = file")
            self._migrate(path)
        except BaseException:
            self._db.close()
            raise
        self._staging = False
        self._tickets = 0

    def _migrate(self, path: Path) -> None:
        (version,) = self._db.execute("pragma user_version").fetchone()
        if version > len(MIGRATIONS):
            raise StoreError(f"{path} was written by a newer version", advice="update morning-briefing")
        if version < len(MIGRATIONS):
            # Two processes may both find an old file: the lock is taken first, then the version is asked again.
            self._db.execute("begin immediate")
            (version,) = self._db.execute("pragma user_version").fetchone()
            for number in range(version, len(MIGRATIONS)):
                for statement in MIGRATIONS[number].split(";\n"):
                    if statement.strip():
                        self._db.execute(statement)
            self._db.execute(f"pragma user_version = {len(MIGRATIONS)}")
            self._db.execute("commit")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- writing ---------------------------------------------------------------------------------------------------

    def listed(self, listing: Listing) -> None:
        """Record what a source offered, or that it could not say."""
        streams = json.dumps([[key.scope, list(key.kinds)] for key in sorted(listing.streams)])
        with self._transaction():
            self._db.execute(
                "insert into listing values (?, ?, ?, ?, ?)",
                (listing.source, micros(listing.at), streams, listing.problem, listing.cure),
            )
            self._stand(listing)

    def _stand(self, listing: Listing) -> None:
        """A failed listing breaks every stream of its source, and those it is said to have. A good one mends what has
        no other existence.
        """
        if not listing.problem:
            self._db.execute(
                "update stream set broken_at = null where source = ? "
                "and not exists (select 1 from attempt where attempt.stream = stream.id)",
                (listing.source,),
            )
            return
        for key in listing.streams:
            self._stream(key)
        values = (micros(listing.at), listing.source)
        if not self._db.execute(
            "update stream set broken_at = coalesce(broken_at, ?) where source = ?", values
        ).rowcount:
            self._stream(StreamKey(listing.source, "", ()))
            self._db.execute("update stream set broken_at = ? where source = ?", values)

    def receive(self, key: StreamKey) -> Incoming:
        """Begin to take a reading."""
        if not self._staging:
            self._db.executescript(TEMPORARY)
            self._staging = True
        self._tickets += 1
        return _Incoming(self, key, self._tickets)

    def failed(self, key: StreamKey, attempt: Attempt) -> None:
        """Record a try that brought nothing."""
        with self._transaction():
            self._attempt(self._stream(key), attempt)

    def mark(self, key: StreamKey, bound_to: str) -> str:
        """Where the next reading may go on."""
        row = self._db.execute(
            "select mark from stream where source = ? and scope = ? and kinds = ? and bound_to = ?",
            (key.source, key.scope, " ".join(key.kinds), bound_to),
        ).fetchone()
        return row[0] if row else ""

    def bind(self, key: StreamKey, bound_to: str) -> None:
        """Bind the mark to settings; a mark bound to others is dropped."""
        with self._transaction():
            self._db.execute(
                "update stream set mark = case when bound_to = ? then mark else '' end, bound_to = ? where id = ?",
                (bound_to, bound_to, self._stream(key)),
            )

    def keep(self, edition: KeptEdition) -> KeptEdition:
        """Keep an edition; one that is there already stands."""
        key, at = (edition.audience, edition.date.isoformat()), micros(edition.compiled_at)
        with self._transaction():
            new = self._db.execute("insert or ignore into edition values (?, ?, ?, ?)", (*key, at, edition.body))
            if new.rowcount:
                self._db.executemany(
                    "insert into edition_part values (?, ?, ?, ?, ?)",
                    [(*key, name, at, body) for name, body in edition.parts.items()],
                )
        kept = self.edition(edition.audience, edition.date)
        assert kept is not None
        return kept

    def forget(self, now: datetime) -> None:
        """Remove what is older than it is kept for; the last usable reading of a stream stays."""
        oldest = micros(now - KEEP_READINGS)
        with self._transaction():
            self._db.execute(
                "delete from attempt where ended < ? and id not in (select max(id) from attempt "
                "where status != 'failed' group by stream) and id not in (select max(id) from attempt group by stream)",
                (oldest,),
            )
            self._db.execute(
                "delete from fact where last <= "
                "(select min(id) from attempt where attempt.stream = fact.stream and status != 'failed')"
            )
            self._db.execute(
                "delete from listing where at < ? and at not in "
                "(select max(at) from listing as l where l.source = listing.source)",
                (oldest,),
            )
            self._db.execute("delete from edition where compiled_at < ?", (micros(now - KEEP_EDITIONS),))
            self._db.execute("delete from edition_part where made_at < ?", (oldest,))
            self._db.execute("delete from ad_day where day < ?", ((now - KEEP_AD_DAYS).date().isoformat(),))
            self._db.execute(
                "delete from ad_day where vintage < ? and exists (select 1 from ad_day as newer where "
                "newer.stream = ad_day.stream and newer.account = ad_day.account and newer.campaign = ad_day.campaign "
                "and newer.day = ad_day.day and newer.vintage > ad_day.vintage)",
                ((now - KEEP_VINTAGES).date().isoformat(),),
            )

    # --- reading ---------------------------------------------------------------------------------------------------

    def record(self, key: StreamKey) -> StreamRecord:
        """What is known of one stream now."""
        row = self._db.execute(
            "select id from stream where source = ? and scope = ? and kinds = ?",
            (key.source, key.scope, " ".join(key.kinds)),
        ).fetchone()
        if row is None:
            return StreamRecord(key=key, latest=None, usable=None)
        latest, usable, _ = self._attempts(row[0], None)
        return StreamRecord(key=key, latest=latest, usable=usable)

    def snapshot(self, at: datetime, sources: Sequence[str] | None = None) -> Snapshot:
        """Everything as it was known at a moment."""
        facts: list[Fact] = []
        records: list[StreamRecord] = []
        unknown = 0
        wanted = None if sources is None else set(sources)
        listings = [listing for listing in self._listings(at) if wanted is None or listing.source in wanted]
        offered = {key for listing in listings for key in listing.streams}
        rows = self._db.execute("select id, source, scope, kinds, broken_at from stream").fetchall()
        for number, source, scope, kinds, broken_at in rows:
            key = StreamKey(source, scope, tuple(kinds.split()))
            if key not in offered:
                continue
            latest, usable, reading = self._attempts(number, at)
            broken = None if broken_at is None or moment(broken_at) > at else moment(broken_at)
            records.append(StreamRecord(key=key, latest=latest, usable=usable, broken=broken))
            offered.discard(key)
            if reading is None:
                continue
            for fact in self._facts(number, reading):
                if fact is None:
                    unknown += 1
                else:
                    facts.append(self._observed(fact, at))
        records += [StreamRecord(key=key, latest=None, usable=None) for key in offered]
        return Snapshot(
            facts=tuple(facts), streams=tuple(sorted(records, key=lambda record: record.key)),
            listings=tuple(listings), unknown_kinds=unknown,
        )  # fmt: skip

    def last_attempt(self, at: datetime) -> datetime | None:
        """When the newest try of any stream ended, up to a moment."""
        (value,) = self._db.execute("select max(ended) from attempt where ended <= ?", (micros(at),)).fetchone()
        return None if value is None else moment(value)

    def standings(self) -> Mapping[StreamKey, Standing]:
        """Since when each stream is whole or not."""
        rows = self._db.execute("select source, scope, kinds, whole_at, broken_at from stream").fetchall()
        return {
            StreamKey(source, scope, tuple(kinds.split())): Standing(
                whole=None if whole is None else moment(whole), broken=None if broken is None else moment(broken)
            )
            for source, scope, kinds, whole, broken in rows
        }

    def asked(self) -> Mapping[str, datetime]:
        """When each source was last asked, to the end."""
        tried = {
            (source, scope, kinds): ended
            for source, scope, kinds, ended in self._db.execute(
                "select source, scope, kinds, max(ended) from stream join attempt on attempt.stream = stream.id "
                "group by stream.id"
            )
        }
        found: dict[str, datetime] = {}
        for source, at, streams, problem in self._db.execute(
            "select source, at, streams, problem from listing order by at desc"
        ):
            if source not in found and (
                problem
                or all(tried.get((source, scope, " ".join(kinds)), 0) >= at for scope, kinds in json.loads(streams))
            ):
                found[source] = moment(at)
        return found

    def series(self, at: datetime) -> SqliteSeries:
        """Daily ad rows as known at a moment."""
        return SqliteSeries(self._db, at)

    def edition(self, audience: str, day: date) -> KeptEdition | None:
        """A kept edition."""
        names = self._db.execute("select audience from edition where date = ?", (day.isoformat(),)).fetchall()
        kept_as = next((name for (name,) in names if name.casefold() == audience.casefold()), audience)
        row = self._db.execute(
            "select compiled_at, body from edition where audience = ? and date = ?", (kept_as, day.isoformat())
        ).fetchone()
        if row is None:
            return None
        parts = self._db.execute(
            "select name, body from edition_part where audience = ? and date = ?", (kept_as, day.isoformat())
        ).fetchall()
        return KeptEdition(audience=audience, date=day, compiled_at=moment(row[0]), body=row[1], parts=dict(parts))

    def has_editions(self) -> bool:
        """Whether any edition was ever fixed here."""
        return self._db.execute("select 1 from edition limit 1").fetchone() is not None

    # --- inside ----------------------------------------------------------------------------------------------------

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)

    def _stream(self, key: StreamKey) -> int:
        values = (key.source, key.scope, " ".join(key.kinds))
        self._db.execute("insert or ignore into stream (source, scope, kinds) values (?, ?, ?)", values)
        (number,) = self._db.execute(
            "select id from stream where source = ? and scope = ? and kinds = ?", values
        ).fetchone()
        return int(number)

    def _attempt(self, stream: int, attempt: Attempt) -> int:
        body = {
            "as_of": attempt.as_of and micros(attempt.as_of), "place": attempt.place, "rows": attempt.rows,
            "skipped": attempt.skipped[:100], "skipped_count": attempt.skipped_count, "ignored": attempt.ignored,
            "problem": attempt.problem, "cure": attempt.cure, "ms": attempt.milliseconds, "emptied": attempt.emptied,
            "calls": attempt.calls, "pages": attempt.pages, "room": _room_body(attempt.room),
        }  # fmt: skip
        cursor = self._db.execute(
            "insert into attempt (stream, status, started, ended, body) values (?, ?, ?, ?, ?)",
            (stream, attempt.status, micros(attempt.started), micros(attempt.ended), json.dumps(body)),
        )
        assert cursor.lastrowid is not None
        whole, ended = attempt.status == "whole", micros(attempt.ended)
        change = "whole_at = ?, broken_at = null" if whole else "broken_at = coalesce(broken_at, ?)"
        self._db.execute(f"update stream set {change} where id = ?", (ended, stream))
        return cursor.lastrowid

    def _attempts(self, stream: int, at: datetime | None) -> tuple[Attempt | None, Attempt | None, int | None]:
        """The latest try, the latest usable one, and the latter's number."""
        until = micros(at) if at else 2**62
        latest = self._db.execute(
            "select id, status, started, ended, body from attempt where stream = ? and ended <= ? "
            "order by ended desc, id desc limit 1",
            (stream, until),
        ).fetchone()
        if latest is None:
            return None, None, None
        usable = latest
        if latest[1] == "failed":
            usable = self._db.execute(
                "select id, status, started, ended, body from attempt where stream = ? and ended <= ? "
                "and status != 'failed' order by ended desc, id desc limit 1",
                (stream, until),
            ).fetchone()
        return _attempt_from(latest), usable and _attempt_from(usable), usable and usable[0]

    def _facts(self, stream: int, reading: int) -> Iterable[Fact | None]:
        rows = self._db.execute(
            "select kind, body from fact where stream = ? and first <= ? and last is null union all "
            "select kind, body from fact where stream = ? and first <= ? and last > ?",
            (stream, reading, stream, reading, reading),
        )
        return decode_all(rows.fetchall())

    def _listings(self, at: datetime) -> list[Listing]:
        """Each source's latest listing; where that failed, the streams of the last good one with its problem."""
        found: dict[str, Listing] = {}
        for source, when, streams, problem, cure in self._db.execute(
            "select source, at, streams, problem, cure from listing where at <= ? order by at", (micros(at),)
        ):
            keys = tuple(StreamKey(source, scope, tuple(kinds)) for scope, kinds in json.loads(streams))
            before = found.get(source)
            if problem and before is not None and before.streams:
                keys = before.streams
            found[source] = Listing(source=source, at=moment(when), streams=keys, problem=problem, cure=cure)
        return [found[source] for source in sorted(found)]

    def _observed(self, fact: Fact, at: datetime) -> Fact:
        """A proposal that does not say since when it is in its state: the store knows when it was first seen so."""
        if not isinstance(fact, Proposal) or fact.state_since is not None:
            return fact
        row = self._db.execute(
            "select at, initial from first_seen where source = ? and kind = 'proposal' and ref_id = ? and value = ? "
            "and at <= ? order by at desc limit 1",
            (fact.ref.source, fact.ref.id, fact.state, micros(at)),
        ).fetchone()
        if row is None:
            return fact
        return replace(fact, state_since=moment(row[0]), since_quality="at_latest" if row[1] else "observed")


class _Transaction:
    """Begins at once, then commits or rolls back; sqlite3's own context manager does not begin."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("begin immediate")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("rollback" if kind else "commit")


def _room_body(room: Room | None) -> list[int | None] | None:
    return None if room is None else [room.left, room.of, None if room.until is None else micros(room.until)]


def _room_from(body: list[int] | None) -> Room | None:
    if body is None:
        return None
    left, of, until = body
    return Room(left=left, of=of, until=None if until is None else moment(until))


def _attempt_from(row: Sequence[Any]) -> Attempt:
    _, status, started, ended, text = row
    body = json.loads(text)
    return Attempt(
        status=status, started=moment(started), ended=moment(ended),
        as_of=moment(body["as_of"]) if body["as_of"] is not None else None,
        place=body["place"], rows=body["rows"], skipped=tuple((where, why) for where, why in body["skipped"]),
        skipped_count=body["skipped_count"], ignored=tuple((count, why) for count, why in body["ignored"]),
        problem=body["problem"], cure=body["cure"], milliseconds=body["ms"], emptied=body["emptied"],
        calls=body.get("calls", 0), pages=body.get("pages", 0), room=_room_from(body.get("room")),
    )  # fmt: skip


class _Incoming:
    """Facts on their way in, in temporary tables."""

    def __init__(self, store: SqliteStore, key: StreamKey, ticket: int) -> None:
        self._store = store
        self._db = store._db  # noqa: SLF001  (one class in two parts)
        self._key = key
        self._ticket = ticket
        self.rows = 0
        self.repeated = 0
        self.contradicted: list[str] = []

    def add(self, facts: Iterable[Fact | Gone]) -> None:
        """Take further facts; the first of two with the same reference stands."""
        for fact in facts:
            new = self._add_ad_day(fact) if isinstance(fact, AdDay) else self._add(fact)
            if new:
                self.rows += 1

    def _add(self, fact: Fact | Gone) -> bool:
        if isinstance(fact, Gone):
            values = ("", fact.ref.kind, fact.ref.id, "", 1)
        else:
            values = (type(fact).kind, fact.ref.kind, fact.ref.id, encode(fact), 0)
        cursor = self._db.execute("insert or ignore into incoming values (?, ?, ?, ?, ?, ?)", (self._ticket, *values))
        if cursor.rowcount:
            return True
        (body,) = self._db.execute(
            "select body from incoming where ticket = ? and kind = ? and ref_kind = ? and ref_id = ?",
            (self._ticket, *values[:3]),
        ).fetchone()
        self._again(fact, same=body == values[3])
        return False

    def _add_ad_day(self, fact: AdDay) -> bool:
        values = (
            fact.account, fact.campaign, fact.day.isoformat(), fact.vintage.isoformat(), fact.campaign_name,
            fact.currency, fact.spend, fact.impressions, fact.clicks, fact.leads, fact.definition, int(fact.partial),
        )  # fmt: skip
        cursor = self._db.execute(
            "insert or ignore into incoming_ad values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (self._ticket, *values)
        )
        if cursor.rowcount:
            return True
        row = self._db.execute(
            "select spend, impressions, clicks, leads from incoming_ad "
            "where ticket = ? and account = ? and campaign = ? and day = ?",
            (self._ticket, *values[:3]),
        ).fetchone()
        self._again(fact, same=row == (fact.spend, fact.impressions, fact.clicks, fact.leads))
        return False

    def _again(self, fact: Fact | Gone, *, same: bool) -> None:
        if same:
            self.repeated += 1
        else:
            self.contradicted.append(fact.ref.where or f"{fact.ref.kind} {fact.ref.id}")

    def finish(self, attempt: Attempt, *, mark: str = "", continued: bool = False, so_far: bool = False) -> None:
        """Apply everything in one transaction."""
        with self._store._transaction():  # noqa: SLF001
            stream = self._store._stream(self._key)  # noqa: SLF001
            initial = not self._db.execute(
                "select 1 from attempt where stream = ? and status != 'failed' limit 1", (stream,)
            ).fetchone()
            reading = self._store._attempt(stream, attempt)  # noqa: SLF001
            self._merge_facts(stream, reading, continued=continued)
            self._merge_ad_days(stream, continued=continued)
            self._merge_first_seen(stream, reading, attempt, initial=initial)
            if attempt.status == "whole" or so_far:
                self._db.execute("update stream set mark = ? where id = ?", (mark, stream))
        self.drop()

    def _merge_facts(self, stream: int, reading: int, *, continued: bool) -> None:
        same_key = "i.ticket = ? and i.kind = fact.kind and i.ref_kind = fact.ref_kind and i.ref_id = fact.ref_id"
        ended = [f"exists (select 1 from incoming as i where {same_key} and i.gone = 0 and i.body != fact.body)"]
        arguments: list[int] = [self._ticket]
        if continued:
            ended.append(
                "exists (select 1 from incoming as i where i.ticket = ? and i.gone = 1 "
                "and i.ref_kind = fact.ref_kind and i.ref_id = fact.ref_id)"
            )
        else:
            ended.append(f"not exists (select 1 from incoming as i where {same_key})")
        arguments.append(self._ticket)
        self._db.execute(
            f"update fact set last = ? where stream = ? and last is null and ({' or '.join(ended)})",
            (reading, stream, *arguments),
        )
        self._db.execute(
            "insert into fact select ?, kind, ref_kind, ref_id, ?, null, body from incoming as i "
            "where i.ticket = ? and i.gone = 0 and not exists (select 1 from fact where fact.stream = ? "
            "and fact.last is null and fact.kind = i.kind and fact.ref_kind = i.ref_kind and fact.ref_id = i.ref_id)",
            (stream, reading, self._ticket, stream),
        )

    def _merge_ad_days(self, stream: int, *, continued: bool) -> None:
        """Keep a new vintage only where figures differ, else note that they were confirmed; days that a whole reading
        no longer states go.
        """
        if not continued:
            self._db.execute(
                "delete from ad_day where stream = :stream and exists (select 1 from incoming_ad as i "
                "where i.ticket = :ticket "
                "and i.account = ad_day.account and i.campaign = ad_day.campaign group by i.account "
                "having ad_day.day between min(i.day) and max(i.day)) and not exists (select 1 from incoming_ad as i "
                "where i.ticket = :ticket and i.account = ad_day.account and i.campaign = ad_day.campaign "
                "and i.day = ad_day.day)",
                {"stream": stream, "ticket": self._ticket},
            )
        figures = (
            "old.account = i.account and old.campaign = i.campaign and old.day = i.day and old.spend = i.spend "
            "and old.impressions is i.impressions and old.clicks is i.clicks and old.leads is i.leads "
            "and old.definition = i.definition and old.partial = i.partial and i.ticket = :ticket"
        )
        self._db.execute(
            f"update ad_day as old set confirmed = (select i.vintage from incoming_ad as i where {figures}) "
            f"where stream = :stream and exists (select 1 from incoming_ad as i where {figures} "
            "and i.vintage > coalesce(old.confirmed, old.vintage)) and vintage = (select max(vintage) from ad_day as "
            "n where n.stream = old.stream and n.account = old.account and n.campaign = old.campaign "
            "and n.day = old.day)",
            {"stream": stream, "ticket": self._ticket},
        )
        self._db.execute(
            "insert or replace into ad_day select :stream, account, campaign, day, vintage, campaign_name, currency, "
            "spend, impressions, clicks, leads, definition, partial, null from incoming_ad as i "
            "where ticket = :ticket and not exists ("
            "select 1 from ad_day as old where old.stream = :stream and old.account = i.account "
            "and old.campaign = i.campaign and old.day = i.day and old.vintage < i.vintage "
            "and old.spend = i.spend and old.impressions is i.impressions and old.clicks is i.clicks "
            "and old.leads is i.leads and old.definition = i.definition and old.partial = i.partial "
            "and old.vintage = (select max(vintage) from ad_day as newest where newest.stream = :stream "
            "and newest.account = i.account and newest.campaign = i.campaign and newest.day = i.day))",
            {"stream": stream, "ticket": self._ticket},
        )

    def _merge_first_seen(self, stream: int, reading: int, attempt: Attempt, *, initial: bool) -> None:
        """When each proposal was first seen in its state."""
        rows = self._db.execute(
            "select ref_id, body from fact where stream = ? and kind = 'proposal' and first = ? and last is null",
            (stream, reading),
        ).fetchall()
        for ref_id, body in rows:
            state = json.loads(body)["state"]
            before = self._db.execute(
                "select value from first_seen where source = ? and kind = 'proposal' and ref_id = ? "
                "order by at desc limit 1",
                (self._key.source, ref_id),
            ).fetchone()
            if before is None or before[0] != state:
                self._db.execute(
                    "insert or ignore into first_seen values (?, 'proposal', ?, ?, ?, ?)",
                    (self._key.source, ref_id, state, micros(attempt.ended), int(initial)),
                )

    def drop(self) -> None:
        """Forget what was taken."""
        self._db.execute("delete from incoming where ticket = ?", (self._ticket,))
        self._db.execute("delete from incoming_ad where ticket = ?", (self._ticket,))


def _conforms(store: SqliteStore) -> Store:
    """For the type checker: the class keeps the protocol."""
    return store
