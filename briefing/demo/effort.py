"""Effort in the simulated agency's projects: what was logged, what is left, when somebody last did anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from briefing.demo.chance import fixed
from briefing.demo.days import is_workday, plus
from briefing.demo.work import Project, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Of one project on one morning."""

    agreed: int
    """Hours it was sold with; 0: none."""

    planned: int
    """Hours of all its tasks that are written down."""

    used: int
    """Minutes logged on it and on its tasks."""

    own: int
    """Minutes of these on the project itself."""

    left: int
    """Hours that its open tasks have left."""

    fee: int

    @property
    def earned(self) -> float:
        """US dollars of the fee that the logged time is worth."""
        return self.fee * self.used / (self.agreed * 60) if self.agreed else 0.0


def used_by(work: Work, morning: date) -> dict[str, Hours]:
    """Hours of every project by its id."""
    used: dict[str, int] = defaultdict(int)
    own: dict[str, int] = defaultdict(int)
    planned: dict[str, int] = defaultdict(int)
    left: dict[str, int] = defaultdict(int)
    for task in work.tasks:
        used[task.project] += task.minutes(morning)
        planned[task.project] += task.hours
        left[task.project] += task.left(morning)
    for entry in work.entries:
        if entry.day < morning:
            own[entry.project] += entry.minutes
    return {
        project.id: Hours(
            agreed=project.hours, planned=planned[project.id], used=used[project.id] + own[project.id],
            own=own[project.id], left=left[project.id], fee=project.fee,
        )
        for project in work.projects
    }  # fmt: skip


def minutes_in_the_end(work: Work) -> dict[str, int]:
    """Minutes that every project will have used when everything of it is done, by its id."""
    whole: dict[str, int] = defaultdict(int)
    for task in work.tasks:
        if task.cancelled is None:
            whole[task.project] += task.minutes_in_the_end
    for entry in work.entries:
        whole[entry.project] += entry.minutes
    return whole


def last_days(work: Work, morning: date) -> dict[str, date]:
    """The last day before a morning on which something happened in each project, by its id."""
    found: dict[str, date] = {}

    def met(project: str, *days: date | None) -> None:
        for day in days:
            if day is not None and day < morning and day > found.get(project, date.min):
                found[project] = day

    for project in work.projects:
        met(project.id, project.known, project.closed, project.paused, project.orphaned, project.handed)
        met(project.id, next(notes(project, morning), None))
    for milestone in work.milestones:
        met(milestone.project, milestone.known, milestone.done)
    for task in work.tasks:
        met(task.project, task.known, task.done, task.cancelled, task.taken, task.used_up)
    for entry in work.entries:
        met(entry.project, entry.day)
    return found


def notes(project: Project, morning: date) -> Iterator[date]:
    """Days on which somebody wrote a note in a project, the last before a morning first: every few days, unless it
    rests or nobody has anything to say.
    """
    day = min(morning, project.closed or morning)
    while day > project.known:
        day = plus(day, -1)
        if not is_workday(day) or (project.paused is not None and day > project.paused):
            continue
        if project.quiet is not None and project.quiet[0] <= day <= project.quiet[1]:
            continue
        if day.toordinal() % 5 == fixed(project.id, "notes") % 5:
            yield day
