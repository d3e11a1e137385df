"""Projects, milestones and tasks of the simulated agency, with everything that will ever happen to them.

A record carries its whole life as dates. What is known on a morning is what happened on an earlier date: a task that
is added on Tuesday is in Wednesday's export.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from briefing.demo.chance import fixed
from briefing.demo.people import Human

State = Literal["planned", "open", "paused", "cancelled", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A job for a client."""

    id: str
    client: str
    title: str
    type: str
    manager: Human
    team: tuple[Human, ...]
    known: date
    starts: date
    due: date
    fee: int
    """US dollars."""

    hours: int = 0
    """Hours it was sold with; 0: none were agreed."""

    paused: date | None = None
    closed: date | None = None
    orphaned: date | None = None
    """The day on which nobody was its manager any more; `manager` until then."""

    handed: date | None = None
    """The day on which `successor` became its manager."""

    successor: Human | None = None
    quiet: tuple[date, date] | None = None
    """Days between which nobody wrote or logged anything, first and last included."""

    def manager_on(self, morning: date) -> Human | None:
        """Who the project list names as manager; somebody who has left is named until another one takes over."""
        if self.handed is not None and self.handed < morning:
            return self.successor
        return None if self.orphaned is not None and self.orphaned < morning else self.manager

    def state(self, morning: date) -> State:
        """What the project list says on a morning."""
        if self.closed is not None and self.closed < morning:
            return "done"
        return "paused" if self.paused is not None and self.paused < morning else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A dated step of a project."""

    id: str
    project: str
    title: str
    known: date
    starts: date
    due: date
    done: date | None = None
    parent: str = ""
    manager: Human | None = None

    def state(self, morning: date) -> State:
        """What the milestone list says on a morning."""
        return "done" if self.done is not None and self.done < morning else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of work."""

    id: str
    project: str
    milestone: str
    title: str
    assignee: Human
    """Who does it in the end."""

    known: date
    due: date
    hours: int
    done: date | None = None
    cancelled: date | None = None
    taken: date | None = None
    """The day on which the assignee took it; None: from the beginning."""

    used_up: date | None = None
    """The day on which the last of its hours was logged, though it was not done."""

    def left(self, morning: date) -> int:
        """Hours still to do, by the task list."""
        used_up = self.used_up is not None and self.used_up < morning
        return 0 if used_up or self.state(morning) != "open" else self.hours

    def owner(self, morning: date) -> Human | None:
        """Who the task list names."""
        return self.assignee if self.taken is None or self.taken < morning else None

    def stage(self, morning: date) -> Literal["pending", "accepted", "started", "complete", "inactive"]:
        """How far it has come. There is none that waits."""
        state = self.state(morning)
        if state != "open":
            return "complete" if state == "done" else "inactive"
        if self.owner(morning) is None or self.cancelled is not None:
            return "pending"  # nobody has begun what will be called off
        return ("pending", "accepted", "started")[fixed(self.id, "standing") % 3]

    def minutes(self, morning: date) -> int:
        """Minutes logged on it: of a finished task from 60 to 139 % of what was planned."""
        stage = self.stage(morning)
        if stage == "complete" or (self.used_up is not None and self.used_up < morning):
            return self.minutes_in_the_end
        some = fixed(self.id, "logged") % 5 * 30
        return min(some, self.minutes_in_the_end) if stage == "started" else 0

    @property
    def minutes_in_the_end(self) -> int:
        """Minutes logged on it when it is done."""
        return self.hours * 60 * (60 + fixed(self.id, "used") % 80) // 100

    def state(self, morning: date) -> State:
        """What the task list says on a morning."""
        if self.cancelled is not None and self.cancelled < morning:
            return "cancelled"
        return "done" if self.done is not None and self.done < morning else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Time that was logged on a project itself, and not on a task of it."""

    id: str
    project: str
    who: Human
    day: date
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What was put there on purpose: a matter, or with a `kind` something that looks like one."""

    rule: str
    id: str
    kind: str = ""
    first: date | None = None
    last: date | None = None
    """Mornings it is about; None is open."""

    def covers(self, morning: date) -> bool:
        """Whether the label is about a morning."""
        return (self.first is None or self.first <= morning) and (self.last is None or morning <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something about an ordinary project that is otherwise than it was drawn."""

    project: str
    closed: date | None = None
    due: date | None = None
    orphaned: date | None = None
    handed: date | None = None
    manager: Human | None = None
    successor: Human | None = None

    def of(self, project: Project) -> Project:
        """The project with the change."""
        names = ("closed", "due", "orphaned", "handed", "manager", "successor")
        told = {name: value for name in names if (value := getattr(self, name)) is not None}
        return replace(project, **told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Some projects with what lies in them, and what of it was planted."""

    projects: tuple[Project, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    tasks: tuple[Task, ...] = ()
    entries: tuple[Entry, ...] = ()
    changes: tuple[Change, ...] = ()
    labels: tuple[Label, ...] = ()


def together(*parts: Work) -> Work:
    """Several parts as one, with their changes made."""
    projects = {project.id: project for part in parts for project in part.projects}
    for change in (change for part in parts for change in part.changes):
        projects[change.project] = change.of(projects[change.project])
    return Work(
        projects=tuple(projects.values()),
        milestones=tuple(milestone for part in parts for milestone in part.milestones),
        tasks=tuple(task for part in parts for task in part.tasks),
        entries=tuple(entry for part in parts for entry in part.entries),
        labels=tuple(label for part in parts for label in part.labels),
    )
