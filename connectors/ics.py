"""Calendars as .ics: one file, a folder of them, or an address at which one is published.

A file alone, and each of a few files in a folder, is a stream of its own: one that cannot be read is a gap by its name
and the others stand. A folder of many files (one event each, as calendar servers and mail programs keep them) is one
stream, in which an unreadable file is skipped and named. There the files are read together, so that an invitation and
its cancellation in two files are one event.

Occurrences lie within the window (at an address in two weeks more, so that an unchanged calendar need not be sent the
next mornings): past ones say who was met since when. Recurrence is bounded
(`briefing.reading.recurrence`); what cannot be read of a calendar is skipped by file and line.

Settings
  path       the file or folder; or
  url        the address of a published calendar (https, webcal), best as `env:` or `file:`: who knows it can read it
  name       what to call the calendar
  owner      whose calendar it is, by address
  max_bytes, max_files   more is not read
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from briefing.connector import Finding, Ignored, Mark, Recognition, Sample, Skipped, Stream, Window
from briefing.errors import FileProblem, MarkExpired
from briefing.facts import Absence, Fact, Meeting, Person
from briefing.reading.meetings import Shelf, calendar_owner, facts_of, is_address
from briefing.reading.recurrence import Outcome, Span, Text, Unread, occurrences
from briefing.reading.text import NAME, clean
from briefing.reading.vcalendar import looks_like_calendar
from connectors.ics_feed import Feed, Fetched, mark_of, validators_in
from connectors.ics_spans import span_of, whole_days, with_margin

SUFFIXES = (".ics", ".ical", ".ifb", ".icalendar")
EACH_ITS_OWN = 12
"""Up to so many files of a folder are calendars of their own; more are taken for one event each."""

KINDS: frozenset[type[Fact]] = frozenset({Meeting, Absence})
NO_MARK = Mark("", so_far=True)
"""In place of the mark from before: "as it was" must not turn a partial reading into a whole one."""


class Ics:
    """One calendar file, a folder of them, or a published calendar."""

    kinds: ClassVar[frozenset[type[Fact]]] = KINDS

    def __init__(
        self,
        *,
        source: str,
        path: str = "",
        url: str = "",
        owner: str = "",
        name: str = "",
        max_bytes: int = 64_000_000,
        max_files: int = 20_000,
    ) -> None:
        if bool(path) == bool(url):
            raise ValueError("path: is missing (or url)" if not path else "path and url: give one of them")
        if owner and not is_address(owner.strip()):
            raise ValueError(f'owner: "{clean(owner, 80)}" is not a mail address')
        self._source = source
        self._path = Path(path).expanduser()
        self._feed = Feed(source=source, url=url, max_bytes=max_bytes) if url else None
        self._owner = Person(email=owner.strip()) if owner else None
        self._name = clean(name, NAME)
        self._max_bytes = max_bytes
        self._max_files = max_files

    def streams(self, window: Window) -> Sequence[Stream]:
        """A stream per file, or one for a folder of many, or for an address. Raises FileProblem where there is no
        calendar file.
        """
        if self._feed:
            return [self._web_stream(self._feed)]
        if not self._path.is_dir():
            return [self._file_stream(self._path, self._path.name, alone=True)]
        files = calendar_files(self._path)
        if not files:
            raise FileProblem(
                f"{self._label} holds no .ics file",
                advice=f"export a calendar into it, or correct sources.{self._source}.path",
            )
        if len(files) > self._max_files:
            raise FileProblem(
                f"{self._label} holds {len(files):,} files, more than the {self._max_files:,} allowed",
                advice=f"name a folder with fewer, or raise sources.{self._source}.max_files",
            )
        if len(files) <= EACH_ITS_OWN:
            return [
                self._file_stream(file, file.relative_to(self._path).as_posix(), alone=len(files) == 1)
                for file in files
            ]
        newest = max(changed_at(file) for file in files)
        return [
            Stream(
                kinds=KINDS, read=self._read_folder, scope=self._label, as_of=newest, place=self._name or self._label
            )
        ]

    def probe(self) -> Iterator[Finding]:
        """Which calendars can be read, and how much is in them. Raises SourceError."""
        if self._feed:
            data = self._feed.fetch({}).data or b""
            texts = {self._name or clean(self._feed.address.host, NAME): data}
        else:
            files = calendar_files(self._path) if self._path.is_dir() else [self._path]
            texts = {clean(file.name, NAME): self._bytes(file, clean(file.name, NAME)) for file in files[:EACH_ITS_OWN]}
        for name, data in texts.items():
            if self._feed and not looks_like_calendar(data):
                raise self._feed.no_calendar(data)
            count = data.upper().count(b"BEGIN:VEVENT")
            yield Finding(what=f"{name}: {count:,} event{'' if count == 1 else 's'} and series.")

    def _web_stream(self, feed: Feed) -> Stream:
        label = self._name or clean(feed.address.host, NAME)
        changed: list[Fetched] = []

        def read(window: Window, mark: Mark | None) -> Iterator[Fact | Skipped | Ignored | Mark]:
            wanted = whole_days(span_of(window))
            validators = validators_in(mark, wanted)
            if mark is not None and validators is None:
                raise MarkExpired("it does not reach as far as is wanted now")
            fetched = changed.pop() if changed and mark is None else feed.fetch(validators or {})
            if mark is not None and fetched.data is None:
                yield mark
                return
            if mark is not None:
                # What came is read in the reading that follows at once: a changed calendar is stated as a whole.
                changed[:] = [fetched]
                raise MarkExpired("the calendar changed")
            assert fetched.data is not None
            yield from self._whole(feed, fetched, with_margin(wanted), label)

        return Stream(kinds=KINDS, read=read, scope=label, place=label)

    def _whole(self, feed: Feed, fetched: Fetched, span: Span, label: str) -> Iterator[Fact | Skipped | Ignored | Mark]:
        outcome = occurrences([Text(label, fetched.data or b"")], span)
        if outcome.not_calendars:
            raise feed.no_calendar(fetched.data or b"")
        yield from self._stated(outcome, "", label)
        mark = mark_of(fetched.validators, span)
        if outcome.unread:
            yield NO_MARK
        elif mark is not None:
            yield mark

    @property
    def _label(self) -> str:
        return clean(self._path.name, NAME) or clean(str(self._path), NAME)

    def _file_stream(self, file: Path, scope: str, *, alone: bool) -> Stream:
        label = clean(scope, NAME)

        def read(window: Window, mark: Mark | None) -> Iterator[Fact | Skipped | Ignored]:
            text = Text(label, self._bytes(file, label))
            outcome = occurrences([text], span_of(window))
            for problem in outcome.not_calendars:
                raise FileProblem(f"{label} {problem.why}", advice="export the calendar again as .ics")
            yield from self._stated(outcome, "" if alone else clean(file.stem, NAME), clean(file.stem, NAME))

        try:
            as_of = changed_at(file)
        except OSError:
            as_of = None  # reading it says what is wrong, as this file's gap
        return Stream(kinds=KINDS, read=read, scope=label, as_of=as_of, place=self._name or label)

    def _read_folder(self, window: Window, mark: Mark | None) -> Iterator[Fact | Skipped | Ignored]:
        texts: list[Text] = []
        size = 0
        for file in calendar_files(self._path):
            label = clean(file.relative_to(self._path).as_posix(), NAME)
            try:
                texts.append(Text(label, self._bytes(file, label)))
            except FileProblem as problem:
                yield Skipped(label, str(problem).removeprefix(f"{label} "))
                continue
            size += len(texts[-1].data)
            if size > self._max_bytes:
                raise FileProblem(
                    f"{self._label} has more than the {megabytes(self._max_bytes)} allowed",
                    advice=f"name a folder with fewer files, or raise sources.{self._source}.max_bytes",
                )
        outcome = occurrences(texts, span_of(window))
        as_one_calendar(outcome)
        yield from (Skipped(problem.text, problem.why) for problem in outcome.not_calendars)
        yield from self._stated(outcome, "", self._label)

    def _bytes(self, file: Path, label: str) -> bytes:
        """A file's content. FileProblem where it cannot be had, is no plain file or is too large."""
        try:
            if not file.is_file():
                raise FileProblem(
                    f"{label} is not there", advice=f"export the calendar, or correct sources.{self._source}.path"
                )
            with file.open("rb") as opened:
                data = opened.read(self._max_bytes + 1)
        except OSError as error:
            raise FileProblem(f"{label} cannot be read: {clean(error.strerror or str(error), 80)}") from error
        if len(data) > self._max_bytes:
            raise FileProblem(
                f"{label} has more than the {megabytes(self._max_bytes)} allowed",
                advice=f"export fewer months, or raise sources.{self._source}.max_bytes",
            )
        return data

    def _stated(self, outcome: Outcome, prefix: str, label: str) -> Iterator[Fact | Skipped | Ignored]:
        for occurrence in outcome.occurrences:
            named = occurrence.event.calendar.text("X-WR-CALNAME")
            shelf = Shelf(
                source=self._source, calendar=self._name or label, owner=self._owner or calendar_owner(named),
                prefix=prefix, where=f"{occurrence.text}:{occurrence.event.line}",
            )  # fmt: skip
            yield from facts_of(occurrence, shelf)
        yield from (Skipped(where_of(problem), problem.why) for problem in outcome.unread)
        if outcome.replies:
            yield Ignored(outcome.replies, "answers of guests to invitations")


def where_of(problem: Unread) -> str:
    """`maya.ics:41`."""
    return f"{problem.text}:{problem.line}" if problem.line else problem.text


def describing(outcome: Outcome) -> set[str]:
    """The texts in which some event has a description."""
    return {occurrence.text for occurrence in outcome.occurrences if occurrence.event.calendar.describes}


def as_one_calendar(outcome: Outcome, *, describes: bool = False) -> None:
    """Texts of one event each are one calendar: where some of them have a description, the others have none.
    `describes`: a text of it that is not among these has one.
    """
    calendars = [occurrence.event.calendar for occurrence in outcome.occurrences]
    if describes or any(calendar.describes for calendar in calendars):
        for calendar in calendars:
            calendar.describes = True


def calendar_files(folder: Path) -> list[Path]:
    """The calendar files of a folder and the folders in it, sorted; hidden ones are left out, links not followed."""
    found = (
        file for file in folder.rglob("*")
        if file.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )  # fmt: skip
    return sorted(file for file in found if file.is_file())


def changed_at(file: Path) -> datetime:
    """When a file was last written."""
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def megabytes(size: int) -> str:
    """`64 MB`, `1,000 bytes`."""
    return f"{size / 1e6:,.0f} MB" if size >= 1_000_000 else f"{size:,} bytes"


def recognise(sample: Sample) -> Recognition | None:
    """A calendar file by its first lines; a folder by the names in it, most of which must be calendar files."""
    if sample.names:
        shown = [name for name in sample.names if not name.startswith(".")]
        calendars = sum(name.lower().endswith(SUFFIXES) for name in shown)
        return Recognition(use="ics", sure=calendars / len(shown)) if calendars * 2 > len(shown) else None
    return Recognition(use="ics") if looks_like_calendar(sample.head) else None
