"""Projects, milestones and tasks of the simulated agency, with everything that will ever happen to them.

A record carries its whole life as dates. What is known on a morning is what happened on an earlier date: a task that
is added on Tuesday is in Wednesday's export.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

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

    paused: date | None = None
    closed: date | None = None

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
    known: date
    due: date
    hours: int
    done: date | None = None
    cancelled: date | None = None

    def state(self, morning: date) -> State:
        """What the task list says on a morning."""
        if self.cancelled is not None and self.cancelled < morning:
            return "cancelled"
        return "done" if self.done is not None and self.done < morning else "open"


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
class Work:
    """Some projects with what lies in them, and what of it was planted."""

    projects: tuple[Project, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    tasks: tuple[Task, ...] = ()
    labels: tuple[Label, ...] = ()


def together(*parts: Work) -> Work:
    """Several parts as one."""
    return Work(
        projects=tuple(project for part in parts for project in part.projects),
        milestones=tuple(milestone for part in parts for milestone in part.milestones),
        tasks=tuple(task for part in parts for task in part.tasks),
        labels=tuple(label for part in parts for label in part.labels),
    )
