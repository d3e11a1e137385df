"""Delivery in the simulated agency: its ordinary projects, and those with something planted in them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property, lru_cache

from briefing.demo import delivery_plants, names
from briefing.demo.chance import Chance, fixed, stream
from briefing.demo.days import moment, on_workday, plus, plus_workdays
from briefing.demo.delivery_truth import Holding
from briefing.demo.effort import Hours, last_days, minutes_in_the_end, used_by
from briefing.demo.people import Human, People
from briefing.demo.plant import Place
from briefing.demo.planted import NearMiss, Planted
from briefing.demo.work import Milestone, Project, Task, Work, together

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
        """48 running projects at scale 1, each followed by another one, with nothing planted in them."""
        return together(*(part for slot in range(48 * self.scale) for part in self._slot(slot)))

    @cached_property
    def all(self) -> Work:
        """Ordinary work and what was planted."""
        place = Place(
            seed=self.seed, people=self.people, first=self.first, last=self.last, scale=self.scale,
            projects=self.ordinary.projects,
        )  # fmt: skip
        parts = [self.ordinary, *delivery_plants.plants(place)]
        if self.showcase is not None:
            parts = [part for part in parts if not self._rivals(part, self.showcase)]
            parts.append(delivery_plants.acme_site(self.people, self.showcase))
        work = together(*parts)
        return self._with_hours(work if self.showcase is None else delivery_plants.calm(work, self.showcase))

    def _with_hours(self, work: Work) -> Work:
        """Ordinary projects are sold with what all their tasks take, and some room: mostly much, sometimes none."""
        whole: dict[str, int] = defaultdict(int)
        for task in work.tasks:
            whole[task.project] += task.hours
        ordinary = {project.id for project in self.ordinary.projects if project.hours}
        projects = tuple(
            replace(one, hours=round(whole[one.id] * (0.98 + 0.5 * stream(self.seed, "room", one.id).random())))
            if one.id in ordinary
            else one
            for one in work.projects
        )
        work = replace(work, projects=projects)
        if self.showcase is None:
            return work
        used = used_by(work, self.showcase)
        return replace(work, projects=tuple(smaller(one, used[one.id].used / 60) for one in work.projects))

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
            entries=tuple(e for e in work.entries if e.project in listed and e.day < morning),
        )

    # --- what was used and touched ----------------------------------------------------------------------------------

    @lru_cache(maxsize=4)  # noqa: B019  (a world lives as long as its process)
    def hours(self, morning: date) -> Mapping[str, Hours]:
        """What every listed project has used by a morning, and what its tasks have left, by id."""
        return used_by(self.at(morning), morning)

    @cached_property
    def in_the_end(self) -> Mapping[str, int]:
        """Minutes that every project will have used in the end, by id."""
        return minutes_in_the_end(self.all)

    def touched(self, project: Project, morning: date) -> datetime:
        """When somebody last wrote or logged anything in a listed project."""
        day = self._days_of(morning)[project.id]
        at = fixed(project.id, f"touched {day}") % 480
        return moment(day, 9 + at // 60, at % 60)

    @lru_cache(maxsize=4)  # noqa: B019  (a world lives as long as its process)
    def _days_of(self, morning: date) -> Mapping[str, date]:
        return last_days(self.at(morning), morning)

    # --- what holds -------------------------------------------------------------------------------------------------

    @lru_cache(maxsize=4)  # noqa: B019  (a world lives as long as its process)
    def holding(self, morning: date) -> Holding:
        """What holds on a morning."""
        return Holding(self, morning)

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether the rule's sentence about this id holds on a morning; None for a rule of another subject."""
        return self.holding(morning).is_true(rule, id)

    def matters(self, morning: date) -> Iterator[Planted]:
        """Matters that stand on a morning, planted or of themselves."""
        return self.holding(morning).matters()

    def near_misses(self, morning: date) -> Iterator[NearMiss]:
        """Things that look like matters on a morning and are none."""
        return self.holding(morning).near_misses()

    def without_tasks(self, morning: date) -> dict[str, Milestone]:
        """Open milestones of running projects, begun and not past, on which there is no task, by id."""
        return self.holding(morning).bare

    def overdue(self, morning: date) -> tuple[Task, ...]:
        """Open tasks of running projects whose day is past."""
        return self.holding(morning).overdue

    def overdue_of(self, morning: date) -> dict[str, list[Task]]:
        """Overdue tasks by the name of who has them."""
        return self.holding(morning).load

    def project(self, id: str) -> Project:
        """A project by its id. Raises KeyError."""
        project = self.by_id[id]
        if not isinstance(project, Project):
            raise KeyError(id)
        return project

    def client_of(self, id: str) -> str | None:
        """The client of a project, milestone or task; None where there is none of that id."""
        record = self.by_id.get(id)
        if isinstance(record, Project):
            return record.client
        return self.project(record.project).client if record is not None else None

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
        # One in fifteen is done without hours or a fee agreed.
        agreed = not stream(self.seed, "agreed", id).chance(0.07)
        project = replace(
            project, closed=plus_workdays(closed, draw.between(1, 3)), fee=project.fee if agreed else 0,
            hours=sum(task.hours for task in tasks) if agreed else 0,
        )  # fmt: skip
        return Work(projects=(project,), milestones=tuple(milestones), tasks=tuple(tasks))

    def _tasks(self, project: Project, milestone: Milestone, draw: Chance) -> Iterator[Task]:
        # Planned ten days ahead at the latest: an ordinary milestone is never bare when it is near, and its project has
        # open tasks until the end.
        planned = max(min(plus(milestone.starts, -10 - draw.between(0, 6)), plus(milestone.due, -9)), project.known)
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


SMALL = 4_000
"""US dollars: by more no project of the known morning is over its fee, or it would stand before the known sentences."""


def smaller(project: Project, used: float) -> Project:
    """A project with so many hours that what is used of them now is not over by much."""
    if not project.hours or project.fee * (used / project.hours - 1) <= SMALL:
        return project
    return replace(project, hours=math.ceil(used / (1 + SMALL / project.fee)))


def assignee(draw: Chance, project: Project) -> Human:
    """Somebody of the project's team."""
    return draw.one_of(project.team)
