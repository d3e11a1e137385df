"""What holds of the agency's projects, milestones, tasks and people's load on one morning, by its own state.

A sentence that looks ahead ("on course to be over") is judged by what will have happened in the end, not by anybody's
extrapolation. Whether a true matter must be told or may be is decided by what the words of the matter mean.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from briefing.demo.days import workdays_since
from briefing.demo.planted import NearMiss, Planted
from briefing.demo.work import Label, Milestone, Project, Task

if TYPE_CHECKING:
    from briefing.demo.delivery import Delivery

NEAR = 5
"""Calendar days before a milestone's date: before that nobody has to know, by the definition of the matter."""


class Holding:
    """One morning."""

    def __init__(self, delivery: Delivery, morning: date) -> None:
        self.delivery, self.morning = delivery, morning
        self.work = delivery.at(morning)
        self.projects = {project.id: project for project in self.work.projects}
        self.open = {id_: p for id_, p in self.projects.items() if p.state(morning) == "open"}
        self.running = {id_: p for id_, p in self.open.items() if p.starts <= morning}
        self.milestones = {milestone.id: milestone for milestone in self.work.milestones}
        self._tasks: dict[str, list[Task]] = defaultdict(list)
        self._tasks_of: dict[str, list[Task]] = defaultdict(list)
        for task in self.work.tasks:
            self._tasks[task.milestone].append(task)
            self._tasks_of[task.project].append(task)
        self._children: dict[str, list[Milestone]] = defaultdict(list)
        for milestone in self.work.milestones:
            self._children[milestone.parent].append(milestone)
        self._truths: Mapping[str, Callable[[str], bool]] = {
            "milestone-no-tasks": lambda id_: id_ in self.bare,
            "milestone-unassigned": lambda id_: id_ in self.lacking,
            "milestone-overdue": lambda id_: id_ in self.late_steps,
            "task-overdue": lambda id_: id_ in self._overdue_ids,
            "person-overloaded": lambda id_: len(self.load.get(id_, ())) >= 3,
            "project-overdue": lambda id_: id_ in self.running and self.running[id_].due < morning,
            "project-no-tasks": lambda id_: id_ in self.running and not self._has_open_task(id_),
            "project-no-manager": lambda id_: id_ in self.running and self._is_orphan(self.running[id_]),
            "project-stale": lambda id_: id_ in self.running and self.idle(id_) >= 5,
            "budget-burn": lambda id_: id_ in self.running and self._goes_over(id_),
        }

    def is_true(self, rule: str, id: str) -> bool | None:
        """Whether the rule's sentence about this id holds; None for a rule of another subject."""
        holds = self._truths.get(rule)
        return None if holds is None else holds(id)

    # --- milestones -------------------------------------------------------------------------------------------------

    def _is_at_work(self, milestone: Milestone) -> bool:
        return (
            milestone.project in self.running and milestone.state(self.morning) == "open"
            and milestone.starts <= self.morning
        )  # fmt: skip

    def below(self, milestone: Milestone) -> Iterator[Milestone]:
        """A milestone and everything in it."""
        yield milestone
        for child in self._children.get(milestone.id, ()):
            yield from self.below(child)

    def tasks_below(self, milestone: Milestone) -> list[Task]:
        """Open tasks on a milestone and in what is open below it."""
        here = [one for one in self.below(milestone) if one.state(self.morning) == "open"]
        return [task for one in here for task in self._tasks.get(one.id, ()) if task.state(self.morning) == "open"]

    @cached_property
    def bare(self) -> dict[str, Milestone]:
        """Milestones at work, not past, on which there is no task, by id."""
        return {
            one.id: one
            for one in self.work.milestones
            if self._is_at_work(one) and self.morning <= one.due
            if one.id not in self._tasks and one.id not in self._children
        }  # fmt: skip

    @cached_property
    def lacking(self) -> dict[str, Milestone]:
        """Milestones at work, not past, whose open tasks have nobody, or no hours left, by id."""
        found = {}
        for one in self.work.milestones:
            if self._is_at_work(one) and self.morning <= one.due and (tasks := self.tasks_below(one)):
                nobody = all(task.owner(self.morning) is None for task in tasks)
                if nobody or all(task.left(self.morning) == 0 for task in tasks):
                    found[one.id] = one
        return found

    @cached_property
    def late_steps(self) -> dict[str, Milestone]:
        """Milestones at work whose day is past, by id."""
        return {one.id: one for one in self.work.milestones if self._is_at_work(one) and one.due < self.morning}

    # --- tasks and load ---------------------------------------------------------------------------------------------

    @cached_property
    def overdue(self) -> tuple[Task, ...]:
        """Open tasks of open projects whose day is past."""
        return tuple(
            task
            for task in self.work.tasks
            if task.project in self.open and task.due < self.morning and task.state(self.morning) == "open"
        )

    @cached_property
    def _overdue_ids(self) -> frozenset[str]:
        return frozenset(task.id for task in self.overdue)

    @cached_property
    def load(self) -> dict[str, list[Task]]:
        """Overdue tasks by the name of who has them."""
        found: dict[str, list[Task]] = defaultdict(list)
        for task in self.overdue:
            if (owner := task.owner(self.morning)) is not None:
                found[owner.name].append(task)
        return found

    # --- projects ---------------------------------------------------------------------------------------------------

    def _has_open_task(self, id: str) -> bool:
        return any(task.state(self.morning) == "open" for task in self._tasks_of.get(id, ()))

    def _is_orphan(self, project: Project) -> bool:
        manager = project.manager_on(self.morning)
        return manager is None or self._has_left(project)

    def _has_left(self, project: Project) -> bool:
        manager = project.manager_on(self.morning)
        last = None if manager is None else self.delivery.people.former.get(manager)
        return last is not None and last < self.morning

    def idle(self, id: str) -> int:
        """Workdays since anybody wrote or logged anything in a listed project."""
        touched = self.delivery.touched(self.projects[id], self.morning)
        return workdays_since(touched.date(), self.morning)

    def _goes_over(self, id: str) -> bool:
        """More hours than were agreed have been logged, or will have been in the end; or they run ahead of the work."""
        hours, whole = self.delivery.hours(self.morning)[id], self.delivery.in_the_end[id]
        if not hours.agreed:
            return False
        finished = sum(
            task.minutes_in_the_end for task in self._tasks_of.get(id, ()) if task.state(self.morning) == "done"
        )
        # Of all the work that there will have been, written down or not.
        share = finished / whole if whole else 1.0
        return whole > hours.agreed * 60 or hours.used / (hours.agreed * 60) > share + 0.15

    # --- matters ----------------------------------------------------------------------------------------------------

    def matters(self) -> Iterator[Planted]:
        """What stands, planted or of itself. What nobody planted may be told; so may what is small or young."""
        for label in self.delivery.all.labels:
            if not label.kind and label.covers(self.morning) and self.is_true(label.rule, label.id):
                yield from self._planted(label)
        for name, tasks in self.load.items():
            # Three late tasks are what the matter means, whoever let them come together.
            if len(tasks) >= 3:
                yield Planted(rule="person-overloaded", id=name, since=max(task.due for task in tasks), grey=True)
        for one in (*self.lacking.values(), *self.late_steps.values()):
            rule = "milestone-overdue" if one.id in self.late_steps else "milestone-unassigned"
            yield self._about(rule, one.id, one.due, grey=True)
        for id_ in self.running:
            for rule in ("project-overdue", "project-no-tasks", "project-no-manager", "project-stale", "budget-burn"):
                if self.is_true(rule, id_):
                    yield self._about(rule, id_, self.running[id_].starts, grey=True)

    def _planted(self, label: Label) -> Iterator[Planted]:
        """A planted matter that stands."""
        if label.rule == "milestone-no-tasks":
            milestone = self.bare[label.id]
            if (milestone.due - self.morning).days <= NEAR:
                yield self._about(label.rule, label.id, milestone.known)
        elif label.rule == "milestone-unassigned":
            milestone = self.lacking[label.id]
            if (milestone.due - self.morning).days <= NEAR:
                yield self._about(label.rule, label.id, milestone.known)
        elif label.rule == "milestone-overdue":
            milestone = self.late_steps[label.id]
            yield self._about(label.rule, label.id, milestone.due, grey=workdays_since(milestone.due, self.morning) < 3)
        elif label.rule == "task-overdue":
            yield self._late_task(next(task for task in self.overdue if task.id == label.id))
        elif label.rule == "person-overloaded":
            yield Planted(rule=label.rule, id=label.id, since=max(task.due for task in self.load[label.id]))
        else:
            yield self._project(label)

    def _project(self, label: Label) -> Planted:
        project, grey = self.running[label.id], False
        first = project.starts
        if label.rule == "project-overdue":
            first = project.due
            grey = workdays_since(first, self.morning) < 3
        elif label.rule == "project-no-tasks":
            ended = [task.done for task in self._tasks_of.get(label.id, ()) if task.done and task.done < self.morning]
            first = max([project.starts, *ended])
            grey = workdays_since(first, self.morning) < 4
        elif label.rule == "project-no-manager":
            # That somebody has left stands in no list of projects: only a list of staff can say so.
            grey = self._has_left(project)
        elif label.rule == "project-stale":
            # Whoever talks with a client who has no other project may be talking about this one.
            alone = sum(one.client == project.client for one in self.running.values()) == 1
            grey = alone or self.idle(label.id) < 15
        else:
            hours = self.delivery.hours(self.morning)[label.id]
            grey = hours.used < 1.1 * hours.agreed * 60
        return self._about(label.rule, label.id, first, grey=grey, within=self._late_steps_of(label.id))

    def _late_steps_of(self, project: str) -> tuple[tuple[str, str], ...]:
        """Milestones of a project that are late themselves: one story tells both."""
        return tuple(("milestone", one.id) for one in self.late_steps.values() if one.project == project)

    def _about(
        self, rule: str, id: str, since: date, *, grey: bool = False, within: tuple[tuple[str, str], ...] = ()
    ) -> Planted:
        client = self.delivery.client_of(id) or ""
        return Planted(rule=rule, id=id, client=client, since=since, grey=grey, within=within)

    def _late_task(self, task: Task) -> Planted:
        owner, above = task.owner(self.morning), task.milestone
        within = [("person", owner.name)] if owner is not None else []
        while above:
            within.append(("milestone", above))
            above = self.milestones[above].parent
        return Planted(
            rule="task-overdue", id=task.id, client=self.projects[task.project].client, since=task.due,
            grey=workdays_since(task.due, self.morning) < 2, within=tuple(within),
        )  # fmt: skip

    # --- near misses ------------------------------------------------------------------------------------------------

    def near_misses(self) -> Iterator[NearMiss]:
        """Things that look like matters and are none."""
        for label in self.delivery.all.labels:
            if label.kind and label.covers(self.morning) and not self.is_true(label.rule, label.id):
                yield self._miss(label.rule, label.id, label.kind)
        for milestone in self.bare.values():
            if NEAR < (milestone.due - self.morning).days <= NEAR + 3:
                yield self._miss("milestone-no-tasks", milestone.id, "not due for six days or more")
        yield from self._unagreed()
        yield from self._managers_out()

    def _miss(self, rule: str, id: str, kind: str) -> NearMiss:
        return NearMiss(rule=rule, id=id, kind=kind, client=self.delivery.client_of(id) or "")

    def _unagreed(self) -> Iterator[NearMiss]:
        """Much was logged, and nothing was agreed that it could exceed; or it was closed over its hours."""
        hours = self.delivery.hours(self.morning)
        for id_, project in self.projects.items():
            known = hours[id_]
            if id_ in self.running and not known.agreed and known.used > 60 * 40:
                yield self._miss("budget-burn", id_, "no hours agreed")
            closed = project.state(self.morning) == "done" and project.closed is not None
            if closed and known.agreed and known.used > known.agreed * 60:
                yield self._miss("budget-burn", id_, "closed project")

    def _managers_out(self) -> Iterator[NearMiss]:
        """The manager is on leave, and has not left."""
        out = {
            leave.human
            for leave in self.delivery.people.own_leave
            if leave.human.role == "manager" and leave.first <= self.morning <= leave.last
        }  # fmt: skip
        found = sorted(id_ for id_, p in self.running.items() if p.manager_on(self.morning) in out)
        if found:
            yield self._miss("project-no-manager", found[0], "the manager is on leave")
