"""What `briefing sources` prints: how the last reading of each stream went, and since when one is not whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from briefing import layout, words
from briefing.coverage import KIND_WORDS, day_of, left_out
from briefing.meter import Room
from briefing.morning import Morning
from briefing.reading.text import clean
from briefing.rules.view import StreamReading
from briefing.store import Standing, StreamKey

Row = Mapping[str, Any]
COLUMNS = 100
SHOWN = 3
"""Skipped rows shown below a stream in the table; `briefing sources NAME` shows all that are kept."""


def source_rows(
    readings: Sequence[StreamReading],
    standings: Mapping[StreamKey, Standing],
    configured: Sequence[str],
    morning: Morning,
) -> list[dict[str, Any]]:
    """Streams as plain values, in the order of sources; a source that was never read has a row too."""
    rows = [_row(reading, standings.get(_key(reading), Standing()), morning) for reading in readings]
    known = {row["source"] for row in rows}
    rows += [
        {
            **_row(StreamReading(source=name, kinds=frozenset(), status="missing"), Standing(), morning),
            "status": "never read",
            "cure": f"briefing collect {name}",
        }
        for name in configured
        if name not in known
    ]
    return sorted(rows, key=lambda row: (row["source"], row["scope"], row["kinds"]))


def _key(reading: StreamReading) -> StreamKey:
    return StreamKey(reading.source, reading.scope, tuple(sorted(reading.kinds)))


def _row(reading: StreamReading, standing: Standing, morning: Morning) -> dict[str, Any]:
    known_at = reading.as_of or reading.fetched_at
    return {
        "source": reading.source,
        "scope": _safe(reading.scope),
        "kinds": sorted({KIND_WORDS.get(kind, kind) for kind in reading.kinds}),
        "status": reading.status,
        "place": _safe(reading.place),
        "as_of": _iso(reading.as_of, morning),
        "read_at": _iso(reading.fetched_at, morning),
        "tried_at": _iso(reading.tried_at, morning),
        "last_whole": _iso(standing.whole, morning),
        "not_whole_since": _iso(standing.broken, morning),
        "day": day_of(standing.broken, morning),
        "age": words.age(morning.now - known_at) if known_at else "",
        "rows": reading.rows,
        "skipped": reading.skipped_count,
        "skipped_rows": [_safe(f"{where}: {why}") for where, why in reading.skipped],
        "left_out": [_safe(left_out(count, why)) for count, why in reading.ignored],
        "pages": reading.pages,
        "calls": reading.calls,
        "milliseconds": reading.milliseconds,
        "limit": _limit(reading.room, morning),
        "problem": _safe(reading.problem),
        "cure": _safe(reading.cure),
    }


def _safe(text: str) -> str:
    """Names and messages of services, in one line and without control characters."""
    return clean(text, 1000)


def _iso(moment: datetime | None, morning: Morning) -> str | None:
    return None if moment is None else moment.astimezone(morning.zone).isoformat(timespec="seconds")


def _limit(room: Room | None, morning: Morning) -> dict[str, Any] | None:
    return None if room is None else {"left": room.left, "of": room.of, "until": _iso(room.until, morning)}


# --- the table -----------------------------------------------------------------------------------------------------

HEADS = ("source", "stream", "status", "last whole", "age", "rows", "skipped", "pages", "calls", "ms")
LEFT = frozenset({"source", "stream", "status", "last whole"})


def sources_text(rows: Sequence[Row], morning: Morning) -> str:
    """All streams as a table of at most 100 columns; below each its problem, cure, skipped rows and what was left out
    on purpose.
    """
    if not rows:
        return "No source is set up.\n\nSources are named in briefing.toml: docs/configuration.md shows how."
    cells = [_cells(row, morning) for row in rows]
    widths = [max(layout.width(line[at]) for line in [HEADS, *cells]) for at in range(len(HEADS))]
    widths[0] = min(widths[0], 14)
    widths[1] = min(widths[1], COLUMNS - sum(widths) + widths[1] - 2 * (len(HEADS) - 1))
    lines = [_line(HEADS, widths)]
    before = ""
    for row, line in zip(rows, cells, strict=True):
        again = row["source"] == before
        lines.append(_line(("" if again else line[0], *line[1:]), widths))
        lines += [f"  {part}" for text in _notes(row, morning) for part in layout.wrap(text, COLUMNS - 2)]
        before = row["source"]
    lines += ["", *_limits(rows, morning)]
    if any(row["status"] == "never read" for row in rows):
        lines.append("Read what was never read: briefing collect.")
    lines.append("One in full: briefing sources NAME. Try them now: briefing doctor.")
    return "\n".join(lines)


def stream_words(row: Row) -> str:
    """What a stream is called."""
    return stream_name(row["scope"], row["kinds"])


def stream_name(scope: str, kinds: Sequence[str]) -> str:
    """`Q3 launch: tasks`; a scope that says what the kinds say stands alone."""
    told = ", ".join(kinds)
    return scope or told if not told or scope == told else f"{scope}: {told}" if scope else told


def _cells(row: Row, morning: Morning) -> tuple[str, ...]:
    status = {"never read": "never"}.get(row["status"], row["status"])
    counts = (row["rows"], row["skipped"], row["pages"], row["calls"], row["milliseconds"])
    tried = row["status"] != "never read"
    return (
        row["source"], stream_words(row), status, _short(row["last_whole"], morning), row["age"],
        *(f"{count:,}" if count or (tried and at == 0) else "" for at, count in enumerate(counts)),
    )  # fmt: skip


def _short(iso: str | None, morning: Morning) -> str:
    """A past time in few characters: `06:43` today, `Wed 06:43` within six days, else `12 Nov`."""
    if iso is None:
        return "never"
    when = datetime.fromisoformat(iso)
    days = (morning.today - when.date()).days
    return (
        words.clock(when) if days == 0 else f"{when:%a} {words.clock(when)}" if days <= 6 else f"{when.day} {when:%b}"
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for head, cell, columns in zip(HEADS, cells, widths, strict=True):
        text = cell if layout.width(cell) <= columns else _cut(cell, columns - 1) + "…"
        parts.append(layout.left(text, columns) if head in LEFT else layout.right(text, columns))
    return "  ".join(parts).rstrip()


def _cut(text: str, columns: int) -> str:
    """The beginning of a text that fits."""
    while layout.width(text) > columns:
        text = text[:-1]
    return text.rstrip()


def _notes(row: Row, morning: Morning) -> list[str]:
    """What stands below a stream."""
    notes = [_told_problem(row)] if _told_problem(row) else []
    if row["cure"] and row["status"] != "never read":
        notes.append(f"cure: {row['cure']}")
    notes += row["skipped_rows"][:SHOWN]
    hidden = row["skipped"] - len(row["skipped_rows"][:SHOWN])
    if hidden > 0:
        notes.append(f"and {hidden:,} more: briefing sources {row['source']}")
    return notes + [told_left_out(text) for text in row["left_out"]]


def _told_problem(row: Row) -> str:
    problem = row["problem"]
    if not problem and row["skipped"]:
        problem = f"{words.count(row['skipped'], 'row')} not read"
    if not problem and row["day"]:
        problem = "not whole"
    return f"day {row['day']}: {problem}" if problem and row["day"] else problem


def told_left_out(text: str) -> str:
    """A count left out on purpose, or a note about the reading."""
    return f"left out: {text}" if text[:1].isdigit() else f"note: {text}"


def _limits(rows: Sequence[Row], morning: Morning) -> list[str]:
    """One line per source whose service told of its limit, by the reading that left least room."""
    least: dict[str, Row] = {}
    for row in rows:
        known = least.get(row["source"])
        if row["limit"] and (known is None or row["limit"]["left"] < known["limit"]["left"]):
            least[row["source"]] = row
    lines = [f"{source}: {limit_words(row['limit'], morning)}" for source, row in least.items()]
    return [*lines, ""] if lines else []


def limit_words(limit: Mapping[str, Any], morning: Morning) -> str:
    """`rate limit 4,812 of 5,000 left until 07:00`, as the service said it last."""
    text = f"rate limit {limit['left']:,}" + (f" of {limit['of']:,} left" if limit["of"] else " left")
    if limit["until"] is None:
        return text
    until = datetime.fromisoformat(limit["until"])
    day = "" if until.date() == morning.today else f" {words.dated_day(until.date(), morning.today)}"
    return f"{text} until{day} {words.clock(until)}"


# --- one in full ---------------------------------------------------------------------------------------------------


def source_in_full(rows: Sequence[Row], use: str, morning: Morning) -> str:
    """Everything known of the readings of one source."""
    lines = [f"{rows[0]['source']}, read by {use}" if use else rows[0]["source"]]
    for row in rows:
        lines += ["", stream_words(row) or "streams not known"]
        for name, texts in _facts(row, morning).items():
            for at, text in enumerate(texts):
                wrapped = layout.wrap(text, COLUMNS - 15)
                first = f"  {name if not at else '':<12} "
                lines += [first + wrapped[0], *(" " * 15 + part for part in wrapped[1:])]
    lines += ["", f"Try it now: briefing doctor {rows[0]['source']}"]
    return "\n".join(lines)


def _facts(row: Row, morning: Morning) -> dict[str, list[str]]:
    """Names and texts of what there is to tell of one stream."""
    cost = [words.count(row[name], name[:-1]) for name in ("pages", "calls") if row[name]]
    cost.append(f"{row['milliseconds']:,} ms")
    found = {
        "status": [row["status"]],
        "place": [row["place"]],
        "last whole": [_long(row["last_whole"], morning) or "never"],
        "rows": [f"{row['rows']:,}" + _apart(row, "read_at", "last_whole", morning)] if row["read_at"] else [],
        "written": [_long(row["as_of"], morning)],
        "last try": [_long(row["tried_at"], morning)] if row["tried_at"] != row["read_at"] else [],
        "it cost": [", ".join(cost)] if row["tried_at"] else [],
        "limit": [limit_words(row["limit"], morning).removeprefix("rate limit ")] if row["limit"] else [],
        "problem": [_told_problem(row)],
        "since": [_long(row["not_whole_since"], morning)],
        "cure": [row["cure"]],
        "not read": [*row["skipped_rows"]],
        "left out": list(row["left_out"]),
    }
    hidden = row["skipped"] - len(row["skipped_rows"])
    if hidden > 0:
        found["not read"].append(f"and {hidden:,} more, which are counted and not kept")
    return {name: [text for text in texts if text] for name, texts in found.items() if any(texts)}


def _apart(row: Row, name: str, other: str, morning: Morning) -> str:
    """A time where it is another than the one told already."""
    return "" if row[name] == row[other] else f", read {_long(row[name], morning)}"


def _long(iso: str | None, morning: Morning) -> str:
    if iso is None:
        return ""
    when = datetime.fromisoformat(iso)
    day = words.dated_day(when.date(), morning.today)
    return f"{day} {words.clock(when)}, {words.age(morning.now - when)} ago"
