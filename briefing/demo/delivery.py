"""Delivery in the simulated agency: ordinary projects, and what holds of milestones, tasks and people's load."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cached_property, lru_cache

from briefing.demo import delivery_plants, names
from briefing.demo.chance import Chance, stream
from briefing.demo.days import on_workday, plus, plus_workdays, workdays_since
from briefing.demo.people import Human, People
from briefing.demo.planted import NearMiss, Planted
from briefing.demo.work import Label, Milestone, Project, Task, Work, together

KEPT_AFTER_CLOSE = 45
"""Days for which the export still lists a closed project."""


class Delivery:
    """All projects of one world."""

    def __init__(
        self, seed: int, people: People, first: date, last: date, scale: int = 1, showcase: date | None = None
    ) -> None:
        self.seed, self.people, self.first, self.last, self.scale = seed, people, first, last, scale
        self.showcase = showcase

    @cached_property
    def ordinary(self) -> Work:
        """54 running projects at scale 1, each followed by another one, with nothing planted in them."""
        return together(*(part for slot in range(54 * self.scale) for part in self._slot(slot)))

    @cached_property
    def all(self) -> Work:
        """Ordinary work and what was planted."""
        place = delivery_plants.Place(
            seed=self.seed, people=self.people, first=self.first, last=self.last, scale=self.scale,
            projects=self.ordinary.projects,
        )  # fmt: skip
        parts = [self.ordinary, *delivery_plants.plants(place)]
        if self.showcase is not None:
            parts = [part for part in parts if not self._rivals(part, self.showcase)]
            parts.append(delivery_plants.acme_site(self.people, self.showcase))
        return together(*parts)

    @staticmethod
    def _rivals(part: Work, today: date) -> bool:
        """Whether a plant is a bare milestone as near as the known one: on its morning the launch stands first."""
        planted = {label.id for label in part.labels if label.rule == "milestone-no-tasks" and not label.kind}
        near = [m for m in part.milestones if m.id in planted and today <= m.due <= plus_workdays(today, 3)]
        return bool(near)

    @cached_property
    def by_id(self) -> dict[str, Project | Milestone | Task]:
        """Every record by its id."""
        work = self.all
        found: dict[str, Project | Milestone | Task] = {project.id: project for project in work.projects}
        found |= {milestone.id: milestone for milestone in work.milestones}
        return found | {task.id: task for task in work.tasks}

    @lru_cache(maxsize=4)  # noqa: B019  (a world lives as long as its process)
    def at(self, morning: date) -> Work:
        """What the project tool lists on a morning; closed projects drop out some weeks later."""
        work = self.all
        projects = tuple(
            project
            for project in work.projects
            if project.known < morning and (project.closed is None or morning <= plus(project.closed, KEPT_AFTER_CLOSE))
        )
        listed = {project.id for project in projects}
        return Work(
            projects=projects,
            milestones=tuple(m for m in work.milestones if m.project in listed and m.known < morning),
            tasks=tuple(t for t in work.tasks if t.project in listed and t.known < morning),
        )

    # --- what holds -------------------------------------------------------------------------------------------------

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether the rule's sentence about this id holds on a morning; None for a rule of another subject."""
        if rule == "milestone-no-tasks":
            return id in self.without_tasks(morning)
        if rule == "task-overdue":
            return id in {task.id for task in self.overdue(morning)}
        if rule == "person-overloaded":
            return len(self.overdue_of(morning).get(id, ())) >= 3
        return None

    def without_tasks(self, morning: date) -> dict[str, Milestone]:
        """Open milestones of running projects, begun and not past, on which there is no task, by id."""
        work = self.at(morning)
        running = {p.id for p in work.projects if p.state(morning) == "open" and p.starts <= morning}
        holding = {task.milestone for task in work.tasks} | {milestone.parent for milestone in work.milestones}
        return {
            m.id: m
            for m in work.milestones
            if m.project in running and m.id not in holding and m.state(morning) == "open"
            if m.starts <= morning <= m.due
        }  # fmt: skip

    @lru_cache(maxsize=4)  # noqa: B019  (a world lives as long as its process)
    def overdue(self, morning: date) -> tuple[Task, ...]:
        """Open tasks of running projects whose day is past."""
        work = self.at(morning)
        running = {project.id for project in work.projects if project.state(morning) == "open"}
        return tuple(t for t in work.tasks if t.project in running and t.due < morning and t.state(morning) == "open")

    def overdue_of(self, morning: date) -> dict[str, list[Task]]:
        """Overdue tasks by the assignee's name."""
        found: dict[str, list[Task]] = defaultdict(list)
        for task in self.overdue(morning):
            found[task.assignee.name].append(task)
        return found

    def matters(self, morning: date) -> Iterator[Planted]:
        """Planted matters that stand on a morning."""
        without, overdue = self.without_tasks(morning), {task.id: task for task in self.overdue(morning)}
        load = self.overdue_of(morning)
        for label in self.all.labels:
            if label.kind or not label.covers(morning):
                continue
            if label.rule == "milestone-no-tasks" and label.id in without:
                # "Near" is, by the definition of the matter, five calendar days: before that nobody has to know.
                if (without[label.id].due - morning).days <= 5:
                    yield self._near_milestone(without[label.id], label)
            elif label.rule == "task-overdue" and label.id in overdue:
                yield self._late_task(overdue[label.id], label, morning)
            elif label.rule == "person-overloaded" and len(load.get(label.id, ())) >= 3:
                yield Planted(rule=label.rule, id=label.id, since=max(task.due for task in load[label.id]))
        for name, tasks in load.items():
            # Three late tasks are what the matter means, whoever let them come together.
            if len(tasks) >= 3:
                yield Planted(rule="person-overloaded", id=name, since=max(task.due for task in tasks), grey=True)

    def near_misses(self, morning: date) -> Iterator[NearMiss]:
        """Things that look like matters on a morning and are none."""
        for label in self.all.labels:
            if label.kind and label.covers(morning) and not self.is_true(label.rule, label.id, morning):
                yield NearMiss(rule=label.rule, id=label.id, kind=label.kind, client=self._client(label))
        for milestone in self.without_tasks(morning).values():
            if 5 < (milestone.due - morning).days <= 8:
                yield NearMiss(
                    rule="milestone-no-tasks", id=milestone.id, kind="not due for six days or more",
                    client=self._project(milestone.project).client,
                )  # fmt: skip

    def _near_milestone(self, milestone: Milestone, label: Label) -> Planted:
        client = self._project(milestone.project).client
        return Planted(rule=label.rule, id=milestone.id, client=client, since=milestone.known)

    def _late_task(self, task: Task, label: Label, morning: date) -> Planted:
        return Planted(
            rule=label.rule, id=task.id, client=self._project(task.project).client, since=task.due,
            grey=workdays_since(task.due, morning) < 2, within=(("person", task.assignee.name),),
        )  # fmt: skip

    def _project(self, id: str) -> Project:
        project = self.by_id[id]
        assert isinstance(project, Project)
        return project

    def client_of(self, id: str) -> str | None:
        """The client of a milestone or task; None where there is none of that id."""
        record = self.by_id.get(id)
        return self._project(record.project).client if isinstance(record, Milestone | Task) else None

    def _client(self, label: Label) -> str:
        return self.client_of(label.id) or ""

    # --- ordinary projects ------------------------------------------------------------------------------------------

    def _slot(self, slot: int) -> Iterator[Work]:
        draw = stream(self.seed, "projects", slot)
        starts, number = plus(self.first, -draw.between(0, 100)), 0
        while starts < self.last:
            work = self._ordinary(f"P-{1000 + slot * 10 + number}", starts, draw)
            yield work
            closed = work.projects[0].closed
            assert closed is not None
            starts, number = plus(closed, draw.between(0, 4)), number + 1

    def _ordinary(self, id: str, starts: date, draw: Chance) -> Work:
        title, type_ = draw.one_of(names.PROJECT_KINDS)
        days, steps = draw.between(48, 120), draw.between(3, 5)
        project = Project(
            id=id, client=draw.one_of(self.people.clients).name, title=title, type=type_,
            manager=draw.one_of(self.people.with_role("manager")),
            team=tuple(draw.some_of(self.people.with_role("delivery"), 3)),
            known=plus(starts, -draw.between(3, 20)), starts=starts, due=on_workday(plus(starts, days)),
            fee=draw.between(8, 110) * 500,
        )  # fmt: skip
        titles = sorted(draw.some_of(names.MILESTONES, steps), key=names.MILESTONES.index)
        milestones, tasks = [], []
        for step, name in enumerate(titles):
            milestone = Milestone(
                id=f"M-{id[2:]}{step}", project=id, title=name, known=project.known,
                starts=plus(starts, days * step // steps), due=on_workday(plus(starts, days * (step + 1) // steps)),
            )  # fmt: skip
            mine = list(self._tasks(project, milestone, draw))
            ended = max(task.done for task in mine if task.done)
            milestones.append(replace(milestone, done=max(ended, plus(milestone.due, -draw.between(0, 3)))))
            tasks += mine
        closed = max(milestone.done for milestone in milestones if milestone.done)
        project = replace(project, closed=plus_workdays(closed, draw.between(1, 3)))
        return Work(projects=(project,), milestones=tuple(milestones), tasks=tuple(tasks))

    def _tasks(self, project: Project, milestone: Milestone, draw: Chance) -> Iterator[Task]:
        # Planned nine days ahead at the latest: an ordinary milestone is never bare when it is near.
        planned = min(plus(milestone.starts, -draw.between(0, 6)), plus(milestone.due, -9))
        length = (milestone.due - milestone.starts).days
        for number, title in enumerate(draw.some_of(names.TASKS, draw.between(3, 8))):
            due = on_workday(plus(milestone.starts, draw.between(length // 3, length)))
            luck = draw.random()
            late = draw.between(3, 6) if luck < 0.01 else draw.between(1, 2) if luck < 0.05 else -draw.between(0, 3)
            yield Task(
                id=f"T-{milestone.id[2:]}{number}", project=project.id, milestone=milestone.id, title=title,
                assignee=assignee(draw, project), known=planned, due=due, hours=draw.between(1, 16),
                done=max(plus_workdays(due, late), plus(planned, 1)),
            )  # fmt: skip


def assignee(draw: Chance, project: Project) -> Human:
    """Somebody of the project's team."""
    return draw.one_of(project.team)
