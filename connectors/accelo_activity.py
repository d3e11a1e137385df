"""When something last happened in a project (accelo.md section 9.e).

A project's own date of the last interaction may or may not move with what happens on its milestones: nobody has
verified it. Where it is recent, that hardly matters. Where it is old, the activities on the project and its milestones
since then are asked for; where they cannot be seen, the date is not known, and nothing is said to be quiet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from briefing.connector import Ignored, Skipped
from briefing.errors import SourceError
from briefing.facts import Project
from connectors.accelo_api import Api, Listing, TooMany
from connectors.accelo_facts import Shapes, against_of, project_of
from connectors.accelo_filters import BY_ID, MOST_IDS, NEWEST, Filters, after, against, chunks, one_of
from connectors.accelo_values import BadValue, Row, plain, ref, sid, ts
from connectors.accelo_values import field as part
from connectors.accelo_work import Steps, Things, stated

RECENT = timedelta(days=7)
"""A date that is younger needs no second look: nobody calls that quiet."""

BACK = timedelta(days=400)
"""Nobody looks further back: what was quiet for so long is as quiet as can be."""

MOST_PAGES = 5
"""Of a hundred activities, for two hundred projects and milestones. There are more only where the project's own date
does not move, or the filter is not kept."""

UNREAD = "an activity cannot be read"

FIELDS = (
    "against_type", "against_id", "date_logged", "date_created", "medium", "owner_type", "staff",
)  # fmt: skip


def last_seen(
    api: Api, shapes: Shapes, projects: Sequence[Project], known: Callable[[], Steps | None]
) -> Things:  # fmt: skip
    """The projects, with the newest of what happened on them and on their milestones. `known` are the milestones that
    another list has read.
    """
    doubtful = [one for one in projects if _is_doubtful(one, shapes.now)]
    look = _Look(api, shapes)
    if doubtful:
        try:
            milestones, unread = _milestones(api, [one.ref.id for one in doubtful], known)
        except SourceError as error:
            look.lose((one.ref.id for one in doubtful), str(error))
            yield Skipped("projects", f"last activity of {len(doubtful)}: {error}")
        else:
            yield from unread
            if unread:  # each may be of any of them, and something may have happened on it
                look.lose((one.ref.id for one in doubtful), "a milestone cannot be read")
            else:
                yield from look.at(doubtful, milestones)
            yield from look.told()
    for one in projects:
        yield look.applied(one)


def _is_doubtful(project: Project, now: datetime) -> bool:
    """Whether its own date, if it were not moved by everything, could make it look quiet."""
    return project.state == "open" and (project.last_activity is None or project.last_activity < now - RECENT)


def _milestones(
    api: Api, jobs: Sequence[str], known: Callable[[], Steps | None]
) -> tuple[dict[str, list[str]], list[Skipped]]:
    """The milestones of some projects, and what may be one more of any of them. Raises SourceError."""
    pairs: list[tuple[str, str]] = []
    unread: list[Skipped] = []
    if (steps := known()) is not None:
        pairs, unread = list(steps.projects.items()), steps.unplaced
    else:
        for some in chunks(jobs):
            listing = Listing(resource="milestones", fields=("job",), filters=Filters((one_of("job", some), BY_ID)))
            for thing in stated(api.rows(listing), _placed, "milestone"):
                if isinstance(thing, Skipped):
                    unread.append(thing)
                elif not isinstance(thing, Ignored):
                    pairs.append(thing)
    found: dict[str, list[str]] = {job: [] for job in jobs}
    for step, job in pairs:
        if job in found:
            found[job].append(step)
    return found, unread


def _placed(row: Row) -> tuple[str, str]:
    """A milestone and its project."""
    project = project_of(row)
    if project is None:
        raise BadValue("it names no project")
    return str(sid(row["id"])), project


@dataclass
class _Look:
    """What is found out about projects whose own date is old."""

    api: Api
    shapes: Shapes
    newest: dict[str, datetime] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    """Projects of which it cannot be said, and why."""

    def lose(self, jobs: Iterable[str], why: str) -> None:
        """Of these it cannot be said; the first reason stands."""
        for job in jobs:
            self.lost.setdefault(job, why)

    def told(self) -> Iterator[Ignored]:
        """Of how many it cannot be said, by reason."""
        for why, count in sorted(Counter(self.lost.values()).items()):
            yield Ignored(count, f"projects whose last activity is not known: {why}")

    def applied(self, project: Project) -> Project:
        """A project with what was found."""
        if project.ref.id in self.lost:
            return replace(project, last_activity=None)
        times = [at for at in (project.last_activity, self.newest.get(project.ref.id)) if at is not None]
        return replace(project, last_activity=max(times, default=None))

    def at(self, projects: Sequence[Project], milestones: dict[str, list[str]]) -> Iterator[Skipped | Ignored]:
        """Look at the activities of some projects; tells what could not be seen."""
        long_ago = self.shapes.now - BACK
        since = {one.ref.id: max(one.last_activity or long_ago, long_ago) for one in projects}
        # Those of about the same age together, so that few look far back.
        ordered = sorted(since, key=lambda job: (since[job], job), reverse=True)
        pairs = [
            (kind, one, job)
            for job in ordered
            for kind, one in (("job", job), *(("milestone", step) for step in milestones[job]))
        ]
        try:
            self.api.leave_room(self.shapes.zone, len(pairs) // MOST_IDS + 1)
            for start in range(0, len(pairs), MOST_IDS):
                yield from self._some(pairs[start : start + MOST_IDS], since)
        except SourceError as error:
            self.lost = dict.fromkeys(since, str(error))

    def _some(self, pairs: Sequence[tuple[str, str, str]], since: dict[str, datetime]) -> Iterator[Skipped | Ignored]:
        owner = {(kind, one): job for kind, one, job in pairs}
        which = against(
            job=[one for kind, one, _ in pairs if kind == "job"],
            milestone=[one for kind, one, _ in pairs if kind == "milestone"],
        )
        oldest = int(min(since[job] for job in owner.values()).timestamp())
        listing = Listing(
            resource="activities", fields=FIELDS, filters=Filters((which, after("date_logged", oldest), NEWEST))
        )
        entered: list[datetime] = []
        try:
            for row in self.api.rows(listing, most_pages=MOST_PAGES):
                if isinstance(row, Skipped | Ignored):
                    yield row
                    if isinstance(row, Skipped):
                        self.lose(owner.values(), UNREAD)
                    continue
                try:
                    self._note(row, owner, entered)
                except BadValue as error:
                    yield Skipped(f"activity {row['id']}", str(error))
                    self.lose(_may_concern(row, owner), UNREAD)
        except TooMany:
            in_order = entered == sorted(entered, reverse=True)
            horizon = entered[-1] if entered and in_order else self.shapes.now - RECENT
            seen = {job for job, at in self.newest.items() if at >= horizon}
            self.lose(set(owner.values()) - seen, "there are too many to read")

    def _note(self, row: Row, owner: dict[tuple[str, str], str], entered: list[datetime]) -> None:
        created = part(row, "date_created", ts, self.shapes.zone)
        at = part(row, "date_logged", ts, self.shapes.zone) or created
        if created:
            entered.append(created)
        job = owner.get(against_of(row))
        if at is None:
            raise BadValue("it does not say when it was")
        if job is None or at > self.shapes.now or _is_by_the_system(row):
            return
        self.newest[job] = max(at, self.newest.get(job, at))


def _may_concern(row: Row, owner: dict[tuple[str, str], str]) -> set[str]:
    """The projects that an activity may be of: that which it hangs on, and any where it does not say."""
    try:
        job = owner.get(against_of(row))
    except BadValue:
        return set(owner.values())
    return set() if job is None else {job}


def _is_by_the_system(row: Row) -> bool:
    """An entry that no person made. A client's mail has no staff either, and counts."""
    if part(row, "medium", plain) == "event_log":
        return True
    return part(row, "owner_type", plain) == "staff" and "staff" in row and part(row, "staff", ref)[0] is None
