"""What was checked and how fresh it is: readings with their status, and what is not said today because of gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from briefing import words
from briefing.document import Gap, SourceCoverage
from briefing.morning import Morning
from briefing.rules.engine import NotRun
from briefing.rules.view import Status, StreamReading
from briefing.store import Attempt, Listing, Snapshot, StreamRecord

KIND_WORDS: Mapping[str, str] = {
    "message": "messages", "meeting": "meetings", "absence": "absences", "project": "projects",
    "milestone": "milestones", "task": "tasks", "deal": "deals", "proposal": "proposals", "ad_account": "ad accounts",
    "ad_day": "daily ad rows", "ad_change": "ad changes", "ad_change_coverage": "ad changes", "measure": "scorecard",
    "company": "companies", "staff": "staff", "retainer": "retainers", "ticket": "tickets",
}  # fmt: skip

RULE_WORDS: Mapping[str, str] = {
    "milestone-no-tasks": "milestones without tasks", "milestone-unassigned": "milestones that nobody has",
    "milestone-overdue": "late milestones", "project-overdue": "late projects",
    "project-no-tasks": "projects without work", "project-no-manager": "projects without a manager",
    "project-stale": "projects without movement", "budget-burn": "budgets",
    "retainer-over": "retainers over their use", "retainer-unused": "retainers under their use",
    "ticket-late": "late tickets", "ticket-unassigned": "tickets that nobody has", "task-overdue": "overdue tasks",
    "person-overloaded": "people's load", "proposal-viewed": "proposals without an answer",
    "deal-idle": "idle deals", "deal-close-passed": "passed close dates", "cpl-up": "cost per lead",
    "cpl-over-target": "cost per lead against target", "client-waiting": "clients who wait",
    "mention-unanswered": "colleagues who ask you", "dm-unanswered": "direct messages",
    "thread-mine": "questions in your threads", "waiting-on-them": "questions to clients",
    "promise-overdue": "promises", "client-quiet": "clients who write no more",
    "meeting-conflict": "overlapping meetings", "invite-unanswered": "unanswered invitations",
    "guest-declined": "declined meetings", "meeting-bare": "invitations without link or agenda",
    "measure-off-target": "the scorecard", "measure-late": "late scorecard numbers",
}  # fmt: skip
"""What a rule speaks of, where the briefing says that it does not."""

WHOLE_SUBJECTS: Mapping[str, frozenset[str]] = {
    "milestones": frozenset({"milestone-no-tasks", "milestone-unassigned", "milestone-overdue"}),
    "projects": frozenset({"project-overdue", "project-no-tasks", "project-no-manager", "project-stale"}),
    "retainers": frozenset({"retainer-over", "retainer-unused"}),
    "tickets": frozenset({"ticket-late", "ticket-unassigned"}),
}
"""Where all these rules are silent, nothing is said of the subject at all, and one word tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old a reading may be before it is stale."""

    service: timedelta = timedelta(hours=18)
    file: timedelta = timedelta(hours=26)
    """By the file's modification time."""

    apart: timedelta = timedelta(minutes=60)
    """How much older than the list that is judged a list may be in which something is missed."""

    as_exported: bool = False
    """Files are taken as of the morning, whenever they were exported (`briefing try`)."""


def readings(snapshot: Snapshot, now: datetime, limits: Freshness) -> tuple[StreamReading, ...]:
    """Every stream's reading with its status. A source that never could list its streams has one without kinds."""
    problems = {listing.source: listing for listing in snapshot.listings if listing.problem}
    found = [_reading(record, now, limits, problems.get(record.key.source)) for record in snapshot.streams]
    told = {reading.source for reading in found}
    found += [
        StreamReading(
            source=source, kinds=frozenset(), status="missing", problem=listing.problem, cure=listing.cure,
            fetched_at=listing.at,
        )
        for source, listing in sorted(problems.items())
        if source not in told
    ]  # fmt: skip
    return tuple(found)


def _reading(record: StreamRecord, now: datetime, limits: Freshness, listing: Listing | None) -> StreamReading:
    latest, usable = record.latest, record.usable
    problem, cure = (listing.problem, listing.cure) if listing else _problem(latest)
    key = record.key
    tried = _cost(
        StreamReading(
            source=key.source,
            scope=key.scope,
            kinds=frozenset(key.kinds),
            status="missing",
            cure=cure,
            broken=record.broken,
        ),
        latest,
    )
    if usable is None:
        return replace(tried, place=latest.place if latest else "", problem=problem or "not read yet")
    status: Status = "whole" if usable.status == "whole" else "partial"
    refused_since = bool(problem) and not is_of_today(usable, now)
    if is_stale(usable, now, limits) or (refused_since and not limits.as_exported):
        status = "stale"
    return replace(
        tried, status=status, place=usable.place, as_of=usable.as_of, fetched_at=usable.ended, rows=usable.rows,
        skipped=usable.skipped, skipped_count=usable.skipped_count, ignored=usable.ignored,
        problem=problem or ("it had rows before and is suddenly empty" if usable.emptied else ""),
    )  # fmt: skip


def _cost(reading: StreamReading, latest: Attempt | None) -> StreamReading:
    """With what the latest try cost."""
    if latest is None:
        return reading
    return replace(
        reading, tried_at=latest.ended, milliseconds=latest.milliseconds, calls=latest.calls, pages=latest.pages,
        room=latest.room,
    )  # fmt: skip


def _problem(latest: Attempt | None) -> tuple[str, str]:
    return (latest.problem, latest.cure) if latest and latest.status == "failed" else ("", "")


def day_of(broken: datetime | None, morning: Morning) -> int:
    """On which workday in a row a stream is not whole: 1 on the first, 0 where it is whole. A weekend adds nothing."""
    if broken is None:
        return 0
    first = morning.date_of(broken)
    return max(morning.calendar.workdays_between(first - timedelta(days=1), morning.today), 1)


def is_stale(attempt: Attempt, now: datetime, limits: Freshness) -> bool:
    """Older than its limit: a file by its modification time, a service by the time of reading."""
    if attempt.as_of is not None:
        return not limits.as_exported and now - attempt.as_of > limits.file
    return now - attempt.ended > limits.service


def is_of_today(attempt: Attempt, now: datetime) -> bool:
    """Read on the morning's own date: an earlier reading is not today's where today's was refused, however young."""
    return attempt.ended.astimezone(now.tzinfo).date() >= now.date()


def of_sources(
    found: Sequence[StreamReading],
    not_run: Iterable[NotRun],
    morning: Morning,
) -> tuple[SourceCoverage, ...]:
    """Coverage per source, in the order of their names."""
    silent: dict[str, set[str]] = {}
    for one in not_run:
        if one.blocked_by:
            silent.setdefault(one.blocked_by, set()).add(one.rule)
    sources: dict[str, list[StreamReading]] = {}
    for reading in found:
        sources.setdefault(reading.source, []).append(reading)
    return tuple(
        _source(name, streams, subjects_of(silent.get(name, set())), morning)
        for name, streams in sorted(sources.items())
    )


def subjects_of(rules: AbstractSet[str]) -> list[str]:
    """What nothing is said about where these rules are silent.

    >>> subjects_of({"retainer-over", "retainer-unused", "ticket-late"})
    ['late tickets', 'retainers']
    """
    whole = {word: members for word, members in WHOLE_SUBJECTS.items() if members <= rules}
    rest = rules - frozenset[str]().union(*whole.values())
    return sorted({*whole, *(RULE_WORDS.get(name, name) for name in rest)})


def _source(name: str, streams: Sequence[StreamReading], silent: Sequence[str], morning: Morning) -> SourceCoverage:
    statuses = {reading.status for reading in streams}
    status: Status = "partial"
    if len(statuses) == 1:
        (status,) = statuses
    elif statuses == {"whole", "stale"} and not any(r.problem for r in streams if r.status == "stale"):
        status = "stale"  # written or read at different times; where one was refused today, it is read in part
    times = [reading.as_of or reading.fetched_at for reading in streams if reading.rows or reading.status == "whole"]
    fetched = [reading.fetched_at for reading in streams if reading.fetched_at]
    return SourceCoverage(
        source=name,
        status=status,
        as_of=min((time for time in times if time), default=None),
        fetched_at=max(fetched, default=None),
        rows=sum(reading.rows for reading in streams),
        skipped=sum(reading.skipped_count for reading in streams),
        place=words.some(list(dict.fromkeys(r.place for r in streams if r.place)), 3),
        kinds=tuple(sorted({KIND_WORDS.get(kind, kind) for reading in streams for kind in reading.kinds})),
        gaps=tuple(_gap(reading, morning) for reading in streams if reading.problem or reading.skipped_count),
        ignored=_ignored(streams),
        silent_rules=tuple(silent),
    )


def _ignored(streams: Sequence[StreamReading]) -> tuple[str, ...]:
    """What was left out on purpose, counted over all streams: of one cause there may be hundreds."""
    counts: dict[str, int] = {}
    for reading in streams:
        for count, why in reading.ignored:
            counts[why] = counts.get(why, 0) + count
    return tuple(left_out(count, why) for why, count in counts.items())


def left_out(count: int, why: str) -> str:
    """What was left out on purpose; a count of zero is a note about the reading."""
    return f"{count:,} {why}" if count else why


def _gap(reading: StreamReading, morning: Morning) -> Gap:
    kinds = words.listed(sorted({KIND_WORDS.get(kind, kind) for kind in reading.kinds}))
    problem = reading.problem
    if not problem:
        shown = [f"{where}: {why}" for where, why in reading.skipped[:2]]
        more = reading.skipped_count - len(shown)
        problem = f"{words.count(reading.skipped_count, 'row')} not read ({'; '.join(shown)}"
        problem += f"; {more:,} more)" if more > 0 else ")"
    day = max(day_of(reading.broken, morning), 1)
    return Gap(
        stream=kinds, scope=reading.scope, problem=problem, cure=reading.cure, state="new" if day == 1 else "known",
        day=day,
    )  # fmt: skip


def not_checked(
    coverage: Sequence[SourceCoverage],
    found: Sequence[StreamReading],
    morning: Morning,
    limits: Freshness,
    known: Mapping[str, Sequence[str]] | None = None,
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The section of that name: per source what could not be read, the cure, and what is not said because of it.

    `known` holds per source what an old reading still tells of the coming days.
    """
    lines = []
    for source in coverage:
        streams = sum(reading.source == source.source for reading in found)
        sentences = [_gap_sentence(gap) for gap in _alike(source.gaps, streams)]
        old = [r for r in found if r.source == source.source and r.status == "stale"]
        if old:
            sentences.append(_stale_sentence(old, morning, limits, tried=bool(sentences)))
        if sentences and source.silent_rules:
            sentences.append(f"Nothing is said today about {words.listed(source.silent_rules)}.")
        if sentences:
            lines.append((source.source, (*sentences, *(known or {}).get(source.source, ()))))
    return tuple(lines)


def _alike(gaps: Sequence[Gap], streams: int) -> list[Gap]:
    """Gaps of one cause told once: without scopes where it is every stream of the source, else with some of them."""
    causes: dict[tuple[str, str, int], list[Gap]] = {}
    for gap in gaps:
        causes.setdefault((gap.problem, gap.cure, gap.day), []).append(gap)
    told = []
    for group in causes.values():
        scopes = [gap.scope for gap in group if gap.scope]
        every = len(group) == streams and streams > 1
        told.append(replace(group[0], scope="" if every else words.some(scopes, MOST_SCOPES)))
    return told


MOST_SCOPES = 6
"""Scopes that share a cause and are told by name; the others are counted (`briefing sources` has them all)."""


def _gap_sentence(gap: Gap) -> str:
    where = f"{gap.scope}: " if gap.scope and gap.scope not in gap.problem else ""
    problem = gap.problem.rstrip(".")
    cure = f" Cure: {gap.cure.rstrip('.')}." if gap.cure else ""
    first = problem.partition(" ")[0]
    if not where and first.isalpha():  # a file's name keeps its case
        problem = problem[:1].upper() + problem[1:]
    day = f", day {gap.day}" if gap.day > 1 else ""
    return f"{where}{problem}{day}.{cure}"


def _stale_sentence(old: Sequence[StreamReading], morning: Morning, limits: Freshness, *, tried: bool) -> str:
    reading = min(old, key=lambda r: r.as_of or r.fetched_at or morning.now)
    when = reading.as_of or reading.fetched_at
    assert when is not None
    local = when.astimezone(morning.zone)
    limit = limits.file if reading.as_of else limits.service
    verb = "written" if reading.as_of else "read"
    begins = f"Last {verb}" if tried else f"{reading.place or reading.source} is old: {verb}"
    day, age = words.day(local.date(), morning.today), words.age(morning.now - when)
    over = f" (limit {words.age(limit)})" if morning.now - when > limit else ""
    return f"{begins} {day} {words.clock(local)}, {age} ago{over}."
