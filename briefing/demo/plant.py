"""Where something can be planted in delivery, and the parts that plants are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from briefing.demo import names
from briefing.demo.chance import Chance
from briefing.demo.days import plus
from briefing.demo.people import People
from briefing.demo.work import Milestone, Project, Task, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something can be planted."""

    seed: int
    people: People
    first: date
    last: date
    scale: int
    projects: Sequence[Project]

    def running(self, draw: Chance, start: date, end: date) -> Project | None:
        """A project that is open all the time between two dates."""
        found = [
            project
            for project in self.projects
            if project.starts < start and project.due > end and project.closed is not None and project.closed > end
        ]
        return draw.one_of(found) if found else None

    def ending(self, draw: Chance, day: date) -> Project | None:
        """A project whose day comes within the week after a date."""
        found = [
            project
            for project in self.projects
            if day <= project.due <= plus(day, 6) and project.closed is not None and project.starts < day
        ]
        return draw.one_of(found) if found else None


Plant = Callable[[Place, Chance, str, date], Work | None]


def step_of(
    draw: Chance, id: str, project: Project, due: date, *, known: date, done: date | None, starts: date | None = None
) -> Milestone:
    """A milestone with one of the usual titles."""
    return Milestone(
        id=f"M-{id}", project=project.id, title=draw.one_of(names.LATE_MILESTONES), known=known,
        starts=starts or known, due=due, done=done,
    )  # fmt: skip


def tasks_of(
    draw: Chance, step: Milestone, project: Project, *, count: int, known: date, due: date, done: date
) -> tuple[Task, ...]:
    """Tasks of a milestone, each somebody's of the project's team."""
    return tuple(
        Task(
            id=f"T-{step.id[2:]}-{number}", project=project.id, milestone=step.id, title=title,
            assignee=draw.one_of(project.team), known=known, due=due, hours=draw.between(1, 12), done=done,
        )
        for number, title in enumerate(draw.some_of(names.TASKS, count))
    )  # fmt: skip
