"""How reading a connector went, and what is wrong with that: the judgement every test of the contract shares.

outcome     a listing and the readings of its streams, read as the collecting does it: on daemon threads
complaint   one sentence about an outcome that breaks the contract; no complaints, no failure
"""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from briefing.codec import encode
from briefing.connector import Connector, Gone, Ignored, Mark, Skipped, Stream, Window
from briefing.errors import MarkExpired, SourceError
from briefing.facts import Fact

Key = tuple[str, tuple[str, ...]]
"""Scope and kinds: what a stream is known by from day to day."""


class DoesNotEndError(Exception):
    """Stands for the error of what was still reading when patience ended."""


@dataclass(slots=True, kw_only=True)
class Read:
    """How reading one stream went."""

    key: Key
    facts: list[Fact] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    after_mark: int = 0
    """Things stated after the mark."""

    error: BaseException | None = None

    @property
    def name(self) -> str:
        """As complaints call it."""
        scope, kinds = self.key
        return f"stream {scope!r} ({', '.join(kinds)})"

    @property
    def said(self) -> frozenset[str]:
        """The facts in a form that compares: as JSON, without the port of the server of this test."""
        return frozenset(said(fact) for fact in self.facts)

    def tells_more_than(self, plain: Read) -> bool:
        """Whether it says that something is missing which is not missing when all is well."""
        return self.error is not None or self.left_out > plain.left_out

    @property
    def left_out(self) -> int:
        """Rows that it says it did not state."""
        return len(self.skipped) + sum(ignored.count for ignored in self.ignored)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """How reading a whole connector went."""

    listing: BaseException | None = None
    """Why the streams could not be listed."""

    reads: list[Read] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def by_key(self) -> Mapping[Key, Read]:
        """The readings by stream."""
        return {read.key: read for read in self.reads}

    @property
    def errors(self) -> list[tuple[str, BaseException]]:
        """What failed: where, and how."""
        listing = [("listing the streams", self.listing)] if self.listing else []
        return [*listing, *((read.name, read.error) for read in self.reads if read.error)]


def said(fact: Fact) -> str:
    """A fact as it compares between two servers."""
    return re.sub(r"127\.0\.0\.1:\d+", "HOST", f"{fact.kind} {encode(fact)}")


def key_of(stream: Stream) -> Key:
    """What a stream is known by."""
    return stream.scope, tuple(sorted(kind.kind for kind in stream.kinds))


# --- reading -------------------------------------------------------------------------------------------------------


def read_all(
    connector: Connector,
    window: Window,
    *,
    only: Collection[Key] | None = None,
    mark: Mark | None = None,
    patience: float = 10.0,
    side_by_side: bool = False,
) -> Outcome:
    """List the streams and read them all (or `only` some), one after the other or side by side."""
    began = time.monotonic()
    outcome = Outcome(listing=DoesNotEndError())
    offered: list[Stream] = []

    def listing() -> None:
        try:
            offered.extend(connector.streams(window))
        except BaseException as error:  # noqa: BLE001  (foreign code: whatever it raises is judged)
            outcome.listing = error
        else:
            outcome.listing = None

    until = began + patience
    _run([listing], until)
    works = []
    for stream in offered:
        if only is None or key_of(stream) in only:
            read = Read(key=key_of(stream), error=DoesNotEndError())
            outcome.reads.append(read)
            works.append(_reading(stream, window, mark, read))
    if side_by_side:
        _run(works, until)
    else:
        _run([lambda: [work() for work in works]], until)
    # What hangs goes on when the server is stopped; it is judged by what it was when patience ended.
    return replace(outcome, reads=[replace(read) for read in outcome.reads], seconds=time.monotonic() - began)


def _run(works: Iterable[Callable[[], object]], until: float) -> None:
    """Run on daemon threads, and wait no longer than told."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0.001))


def _reading(stream: Stream, window: Window, mark: Mark | None, read: Read) -> Callable[[], None]:
    def work() -> None:
        try:
            for thing in stream.read(window, mark):
                _note(thing, read)
        except BaseException as error:  # noqa: BLE001  (foreign code: whatever it raises is judged)
            read.error = error
        else:
            read.error = None

    return work


def _note(thing: object, read: Read) -> None:
    read.after_mark += bool(read.marks)
    if isinstance(thing, Fact):
        read.facts.append(thing)
    elif isinstance(thing, Gone):
        read.gone.append(thing)
    elif isinstance(thing, Skipped):
        read.skipped.append(thing)
    elif isinstance(thing, Ignored):
        read.ignored.append(thing)
    elif isinstance(thing, Mark):
        read.marks.append(thing)
    else:
        raise TypeError(f"a stream stated {type(thing).__name__}, which is no fact, Gone, Skipped, Ignored or Mark")


# --- judging -------------------------------------------------------------------------------------------------------


def silences(outcome: Outcome, plain: Outcome, *, exact: Iterable[Key] = ()) -> Iterator[str]:
    """Complaints about anything but facts or a gap with cause and cure, and about facts that are missing silently.

    A stream in `exact` is to state the very same facts, or to say that it is not whole.
    """
    yield from untold(outcome)
    if outcome.listing:
        return
    found, exact = outcome.by_key, frozenset(exact)
    for key, before in plain.by_key.items():
        now = found.get(key)
        if now is None:
            if not any(read.tells_more_than(plain.by_key.get(read.key, before)) for read in outcome.reads):
                yield f"{before.name} is no longer listed, and nothing says so"
        elif now.tells_more_than(before):
            if key in exact and not now.error and len(now.skipped) <= len(before.skipped):
                yield f"{now.name} lacks something and stands whole: what is missing is Ignored, not Skipped"
        elif len(now.said) < len(before.said):
            yield f"{now.name} states {len(now.said)} facts in place of {len(before.said)}, and nothing says so"
        elif key in exact and now.said != before.said:
            yield f"{now.name} states other facts than it should, and nothing says so: {_difference(now, before)}"


def differences(outcome: Outcome, plain: Outcome, keys: Iterable[Key] | None = None) -> Iterator[str]:
    """Complaints about every stream (or some) that does not state the very same facts, whole. About none of them there
    are none, whatever became of the listing.
    """
    keys = None if keys is None else list(keys)
    if keys == []:
        return
    if outcome.listing:
        yield f"listing the streams failed: {_kind(outcome.listing)}"
        return
    found = outcome.by_key
    for key in plain.by_key if keys is None else keys:
        before, now = plain.by_key[key], found.get(key)
        if now is None:
            yield f"{before.name} is no longer listed"
        elif now.error is not None:
            yield f"{now.name} failed: {_kind(now.error)}"
        elif now.left_out > before.left_out:
            yield f"{now.name} left out {now.left_out} rows in place of {before.left_out}: {now.skipped[:1]}"
        elif now.said != before.said:
            yield f"{now.name} states other facts: {_difference(now, before)}"


def untold(outcome: Outcome) -> Iterator[str]:
    """Complaints about failures that are not a gap with a cause and a cure."""
    for where, error in outcome.errors:
        if isinstance(error, DoesNotEndError):
            yield f"{where} does not end: no deadline"
        elif not isinstance(error, SourceError) or isinstance(error, MarkExpired):
            yield f"{where} raised {_kind(error)}, which is no SourceError"
        elif not str(error).strip():
            yield f"{where} raised {type(error).__name__} that names no cause"
        elif not error.advice.strip():
            yield f"{where} names no cure: {_kind(error)}"


def not_failed(outcome: Outcome, kind: type[SourceError] = SourceError, *, plain: Outcome | None = None) -> list[str]:
    """Complaints about every stream that did not fail with a kind of error. A listing fails for all streams. With
    `plain`, a stream may also stand as partial.
    """
    if outcome.listing:
        wrong = not isinstance(outcome.listing, kind)
        return [f"listing the streams raised {_kind(outcome.listing)}, not {kind.__name__}"] if wrong else []
    partial = {
        read.key for read in outcome.reads
        if plain is not None and read.error is None and read.key in plain.by_key
        and len(read.skipped) > len(plain.by_key[read.key].skipped)
    }  # fmt: skip
    return [
        f"{read.name} {f'raised {_kind(read.error)}' if read.error else 'did not fail'}, not {kind.__name__}"
        for read in outcome.reads
        if read.key not in partial and not isinstance(read.error, kind)
    ]


def told_texts(outcome: Outcome) -> Iterator[str]:
    """Every text that a reader could get to see of what was not read: causes, cures, skipped and ignored rows."""
    for _, error in outcome.errors:
        yield str(error)
        yield repr(error)
        yield getattr(error, "advice", "")
    for read in outcome.reads:
        for skipped in read.skipped:
            yield from (skipped.where, skipped.why)
        yield from (ignored.why for ignored in read.ignored)


def hostile(text: str) -> str:
    """The characters of a text that no fact carries: control, format and bidirectional ones."""
    return "".join(sorted({character for character in text if unicodedata.category(character)[0] == "C"}))


def _kind(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"


def _difference(now: Read, before: Read) -> str:
    less, more = sorted(before.said - now.said), sorted(now.said - before.said)
    return f"{len(less)} missing, {len(more)} added; first {(less or more)[0][:300]}"


def listed(complaints: Sequence[str] | Iterable[str], head: str) -> None:
    """Fail with the complaints, where there are any."""
    found = list(dict.fromkeys(complaints))
    if found:
        more = f"\n  and {len(found) - 20} more" if len(found) > 20 else ""
        raise AssertionError("\n  ".join([f"{head}:", *found[:20]]) + more)
