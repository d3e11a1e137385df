"""Accelo's milestones and tasks: which of them are read, and that no list is asked for twice (accelo.md section 9).

The bare list of projects that are not over is read once for all lists that need their ids. Milestones are every one of
those projects, whatever its standing, and the milestones they lie in, to the end.

Tasks are every one of those milestones, whatever its standing ("all done" is not "no tasks"); of those on the projects
themselves the open ones and what was done lately; of a project in which nothing is open and nothing was done lately
the last that was done, so that "never had a task" and "the last one in May" are true; and the latest open ones of all,
as a check on what the list by milestone left out.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from briefing.connector import Ignored, Skipped
from briefing.errors import RateLimited
from briefing.facts import Fact, Milestone, Task
from connectors.accelo_api import Api, Listing, NotShown, TooMany
from connectors.accelo_facts import CLOSED, Elsewhere, Shapes, parent_of, project_of
from connectors.accelo_filters import (
    BY_ID,
    LAST_DONE,
    NEWEST,
    Filter,
    Filters,
    after,
    chunks,
    either,
    on_milestones,
    on_projects,
    one_of,
    standing_not,
)
from connectors.accelo_values import BadValue, Row, sid

Things = Iterator[Fact | Skipped | Ignored]
T = TypeVar("T")

PERSON = "(firstname,surname,email)"
MILESTONES = (
    "title", "standing", "parent", "job", "date_started", "date_due", "date_completed", f"manager{PERSON}",
)  # fmt: skip
BARE = ("title", "standing", "parent", "job")
TASKS = (
    "title", "standing", "against_type", "against_id", "milestone(job)", f"assignee{PERSON}", "date_due",
    "date_completed", "remaining",
)  # fmt: skip
TELLING = ("assignee", "date_due")

OPEN = standing_not(*CLOSED)
"""The positive form would lose what has a standing nobody has heard of."""

NOT_CANCELLED = standing_not("inactive")
"""Where nothing is open, that leaves what was done. A cancelled task may have a date on which it ended."""

LAST_PAGES = 40
"""Of a hundred tasks, for two hundred projects on which nothing is open and nothing was done lately."""

LATELY = timedelta(days=60)
"""What was done on a project so long ago or less is read, as well as what is open."""

FEW = 5
"""So many tasks may come to known milestones while the lists are read."""


def stated(
    rows: Iterable[Row | Skipped | Ignored], read: Callable[[Row], T], word: str
) -> Iterator[T | Skipped | Ignored]:
    """Each row as what it states, or why it cannot be read."""
    for row in rows:
        if isinstance(row, Skipped | Ignored):
            yield row
            continue
        try:
            yield read(row)
        except BadValue as error:
            yield Skipped(f"{word} {row['id']}", str(error))


class Once(Generic[T]):
    """Something that several lists of one reading need, read once for them; a list that is read again reads it anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None
        self._readers: set[str] = set()

    def fresh(self, reader: str, load: Callable[[], T]) -> T:
        """Read now, each time it is asked for, for itself and for others."""
        with self._lock:
            self._value = None
            self._value, self._readers = load(), {reader}
            return self._value

    def shared(self, reader: str, load: Callable[[], T]) -> T:
        """What another list of this reading has read, else read now for all."""
        with self._lock:
            if self._value is None or reader in self._readers:
                self._value = None
                self._value, self._readers = load(), set()
            self._readers.add(reader)
            return self._value

    def known(self) -> T | None:
        """What was read, waiting for what is being read; None where there is nothing."""
        with self._lock:
            return self._value


@dataclass
class Steps:
    """The milestones of one reading."""

    things: list[Milestone | Skipped | Ignored] = field(default_factory=list)
    lost: list[Skipped] = field(default_factory=list)
    """What may be a milestone nobody knows the id of: its tasks are missing with it."""

    unplaced: list[Skipped] = field(default_factory=list)
    """What may be a milestone of any project."""

    jobs: list[str] = field(default_factory=list)
    """The projects whose milestones were asked for."""

    projects: dict[str, str] = field(default_factory=dict)
    """Of every milestone that was listed, also of one that could not be read: its project."""

    parents: dict[str, str] = field(default_factory=dict)
    """Of every milestone that is named as a parent: one that lies in it."""

    def everything(self) -> Things:
        """What the stream of milestones states."""
        yield from self.things
        yield from self.lost

    def of(self, jobs: Iterable[str]) -> list[str]:
        """The milestones of some projects."""
        wanted = set(jobs)
        return [step for step, job in self.projects.items() if job in wanted]


class Work:
    """The lists of one listing of streams."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._jobs: Once[list[Row | Skipped]] = Once()
        self.steps: Once[Steps] = Once()

    def jobs(self, reader: str) -> list[Row | Skipped]:
        """Projects that are not over, for their ids; what was left out of them is told with the projects."""
        return self._jobs.shared(reader, self._list_jobs)

    def _list_jobs(self) -> list[Row | Skipped]:
        listing = Listing(
            resource="jobs", fields=("standing", "company"), spare=("affiliation(company)",),
            filters=Filters((OPEN, BY_ID)),
        )  # fmt: skip
        return [row for row in self._api.rows(listing) if not isinstance(row, Ignored)]

    # --- milestones ---

    def milestones(self, shapes: Callable[[], Shapes]) -> Things:
        """What the stream of milestones states. `shapes` may ask for something: others wait meanwhile."""
        return self.steps.fresh("milestones", lambda: self._load(shapes(), MILESTONES, "milestones")).everything()

    def _load(self, shapes: Shapes, fields: tuple[str, ...], reader: str) -> Steps:
        """Every milestone of the projects that are not over, and the parents they name, to the end."""
        steps = Steps()
        for job in self.jobs(reader):
            if isinstance(job, Skipped):
                steps.lost.append(job)
            else:
                steps.jobs.append(str(sid(job["id"])))
        for some in chunks(steps.jobs):
            self._add(shapes, steps, one_of("job", some), fields)
        asked: set[str] = set()
        while missing := steps.parents.keys() - steps.projects.keys() - asked:
            asked |= missing
            for some in chunks(missing):
                self._add(shapes, steps, one_of("id", some), fields)
        steps.lost += [
            Skipped(f"milestone {parent}", f"milestone {steps.parents[parent]} lies in it, and Accelo does not show it")
            for parent in sorted(asked - steps.projects.keys())
        ]
        return steps

    def _add(self, shapes: Shapes, steps: Steps, which: Filter, fields: tuple[str, ...]) -> None:
        telling = tuple(name for name in ("date_due", "parent") if name in fields)
        listing = Listing(resource="milestones", fields=fields, filters=Filters((which, BY_ID)), telling=telling)

        def noted(row: Row) -> Milestone:
            own = str(row["id"])
            steps.projects[own] = ""
            steps.projects[own] = project_of(row) or ""
            if parent := parent_of(row):
                steps.parents.setdefault(parent, own)
            return shapes.milestone(row)

        for row in self._api.rows(listing):
            if isinstance(row, Skipped):
                steps.lost.append(row)
                steps.unplaced.append(row)
                continue
            for thing in stated([row], noted, "milestone"):
                steps.things.append(thing)
                if isinstance(thing, Skipped) and not isinstance(row, Ignored) and not steps.projects[str(row["id"])]:
                    steps.unplaced.append(thing)

    # --- tasks ---

    def tasks(self, shapes: Shapes) -> Things:
        """What the stream of tasks states."""
        try:
            # Those of the very milestones that are stated, where these are read as well.
            steps = self.steps.known() or self._load(shapes, BARE, "tasks")
        except NotShown as error:
            yield from self._open_tasks(shapes)
            yield Skipped("tasks of milestones", f"the list of milestones was not read: {error}")
            return
        yield from _Tasks(self._api, shapes, steps).everything()

    def _open_tasks(self, shapes: Shapes) -> Things:
        """Every open task, where nobody knows which milestones there are."""
        elsewhere: Counter[str] = Counter()
        rows = self._api.rows(_tasks_listing(OPEN, BY_ID))
        for thing in stated(rows, lambda row: shapes.task(row, {}), "task"):
            if isinstance(thing, Elsewhere):
                elsewhere[thing.what] += 1
            else:
                yield thing
        for what, count in sorted(elsewhere.items()):
            yield Ignored(count, f"open tasks on {what}, not on a project")


def _tasks_listing(*terms: Filter) -> Listing:
    return Listing(resource="tasks", fields=TASKS, filters=Filters(terms), telling=TELLING)


def _newest_first(found: Iterable[Fact | Skipped | Ignored]) -> bool:
    """Whether tasks come in the order in which they were done, the last one first."""
    days = [one.done_at for one in found if isinstance(one, Task) and one.done_at is not None]
    return days == sorted(days, reverse=True)


class _Tasks:
    """The tasks of known milestones and projects."""

    def __init__(self, api: Api, shapes: Shapes, steps: Steps) -> None:
        self._api, self._shapes, self._steps = api, shapes, steps
        self._seen: set[str] = set()
        self._since = shapes.now - LATELY
        self._known: set[str] = set()
        """Projects with something open, or with something done lately."""

    def everything(self) -> Things:
        """Each task once."""
        for some in chunks(self._steps.projects):
            yield from self._stated(self._api.rows(_tasks_listing(on_milestones(some), BY_ID), already=self._seen))
        lately = either(OPEN, after("date_completed", int(self._since.timestamp())))
        for some in chunks(self._steps.jobs):
            listing = _tasks_listing(on_projects(some), lately, BY_ID)
            yield from self._stated(self._api.rows(listing, already=self._seen))
        yield from self._last_done()
        yield from self._left_out()
        yield from self._steps.lost

    def _stated(self, rows: Iterable[Row | Skipped | Ignored]) -> Things:
        for thing in stated(rows, self._task, "task"):
            if isinstance(thing, Elsewhere):
                continue  # what nobody asked for
            if isinstance(thing, Task) and (
                thing.state in {"open", "paused"} or (thing.done_at and thing.done_at > self._since.date())
            ):
                self._known.add(thing.project)
            yield thing

    def _task(self, row: Row) -> Task | Elsewhere:
        return self._shapes.task(row, self._steps.projects)

    def _last_done(self) -> Things:
        """The last tasks that were done on projects of which nothing newer is known, and of how many that was too much
        to ask.
        """
        idle = set(self._steps.jobs) - self._known
        try:
            for some in chunks(idle):
                yield from self._last_done_on(some, idle)
        except TooMany as error:
            yield Skipped("tasks of projects", f"the last that was done on {len(idle)} projects is not known: {error}")

    def _last_done_on(self, some: list[str], idle: set[str]) -> Things:
        """A page at a time, until each project has one or has none; `idle` loses those. Raises TooMany."""
        left = some
        for asked in range(LAST_PAGES):
            self._leave_room(1)
            listing = _tasks_listing(on_projects(left), NOT_CANCELLED, LAST_DONE)
            rows, more = self._api.first_page(listing, self._seen)
            found = list(self._stated(rows))
            yield from found
            met = {one.project for one in found if isinstance(one, Task) and one.state == "done"}
            if more and (met.isdisjoint(left) or not _newest_first(found)):
                # A filter or an order that is not kept: the whole list knows.
                pages = LAST_PAGES - asked - 1 or 1
                self._leave_room(pages)
                yield from self._stated(self._api.rows(listing, already=self._seen, most_pages=pages))
                more = False
            idle.difference_update(met if more else some)
            left = [job for job in left if job not in met]
            if not left or not more:
                return
        raise TooMany("there are too many to read")

    def _leave_room(self, calls: int) -> None:
        """Raises TooMany where so many more calls would take what is left for others."""
        try:
            self._api.leave_room(self._shapes.zone, calls)
        except RateLimited as error:
            raise TooMany(str(error)) from error

    def _left_out(self) -> Things:
        """The latest open tasks: where some are on known milestones and were not listed by these, more are missing."""
        if not self._steps.projects:
            return
        rows, _ = self._api.first_page(_tasks_listing(OPEN, NEWEST), self._seen)
        late = unasked = 0
        for row in rows:
            for thing in self._stated([row]):
                known = isinstance(thing, Task) and thing.milestone in self._steps.projects
                late += known
                unasked += known and not isinstance(row, Skipped) and row.get("against_type") != "milestone"
                if known or isinstance(thing, Skipped):
                    yield thing
        if late > FEW or unasked:  # the filter may not know the older word for a milestone
            yield Skipped("tasks of milestones", f"asked by milestone, Accelo left out {late} that it listed as open")
