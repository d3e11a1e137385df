"""What is planted in delivery: bare milestones, late tasks, people with too much, and what only looks like these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from briefing.demo import milestone_plants, names, project_plants
from briefing.demo.chance import Chance, stream, walk
from briefing.demo.days import on_workday, plus, plus_workdays
from briefing.demo.people import Human, People
from briefing.demo.plant import Place, Plant, step_of, tasks_of
from briefing.demo.work import Label, Milestone, Project, Task, Work


def plants(place: Place) -> Iterator[Work]:
    """Every plant of delivery, one after another through the world's days, each from a stream of its own."""
    for name, plant, gap in (*PLANTS, *milestone_plants.PLANTS, *project_plants.PLANTS):
        days = walk(stream(place.seed, "plant", name), (place.last - place.first).days, gap / place.scale)
        for number, after in enumerate(days, 1):
            draw = stream(place.seed, "plant", name, number)
            work = plant(place, draw, f"{name[0]}{number:04d}", on_workday(plus(place.first, after)))
            if work is not None:
                yield work


def milestone(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """A milestone whose tasks are planned late, anywhere from nine days before its date to four after it."""
    project = place.running(draw, plus(due, -14), plus(due, 10))
    if project is None:
        return None
    planned = plus(due, draw.between(-9, 4))
    ends = plus_workdays(max(planned, due), draw.between(1, 5))
    step = step_of(draw, id, project, due, known=plus(due, -draw.between(12, 40)), done=ends)
    tasks = tasks_of(draw, step, project, count=draw.between(2, 6), known=planned, due=ends, done=ends)
    return Work(milestones=(step,), tasks=tasks, labels=(Label(rule="milestone-no-tasks", id=step.id),))


def finished_tasks(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """All tasks of a near milestone are done: "all done" is not "no tasks"."""
    project = place.running(draw, plus(due, -20), plus(due, 5))
    if project is None:
        return None
    step = step_of(draw, id, project, due, known=plus(due, -20), done=plus(due, draw.between(0, 3)))
    early = plus(due, -draw.between(6, 9))
    tasks = tasks_of(draw, step, project, count=draw.between(1, 4), known=plus(due, -18), due=early, done=early)
    return Work(milestones=(step,), tasks=tasks, labels=(_bare(step, "tasks all done"),))


def child_milestone(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """The tasks hang on a milestone within the near one."""
    project = place.running(draw, plus(due, -20), plus(due, 5))
    if project is None:
        return None
    ends = plus(due, draw.between(0, 3))
    step = step_of(draw, id, project, due, known=plus(due, -20), done=ends)
    child = Milestone(
        id=f"{step.id}-1", project=project.id, title="Part 1", known=step.known, starts=step.starts,
        due=due, done=ends, parent=step.id,
    )  # fmt: skip
    tasks = tasks_of(draw, child, project, count=draw.between(2, 5), known=plus(due, -16), due=due, done=due)
    container = Label(
        rule="milestone-unassigned", id=step.id, kind="container milestone", first=plus(due, -5), last=due
    )  # fmt: skip
    return Work(
        milestones=(step, child), tasks=tasks, labels=(_bare(step, "tasks on a child milestone"), container),
    )  # fmt: skip


def paused_project(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """A project that rests: its near milestone has no tasks, its old tasks are late, and nobody minds."""
    kind, type_ = draw.one_of(names.PROJECT_KINDS)
    team = tuple(draw.some_of(place.people.with_role("delivery"), 2))
    project = Project(
        id=f"P-{id}", client=draw.one_of(place.people.clients).name, title=kind, type=type_,
        manager=draw.one_of(place.people.with_role("manager")), team=team, known=plus(due, -60),
        starts=plus(due, -50), due=plus(due, 40), fee=draw.between(8, 60) * 500,
        paused=plus(due, -draw.between(9, 16)), closed=plus(due, draw.between(12, 30)),
    )  # fmt: skip
    step = step_of(draw, id, project, due, known=plus(due, -40), done=None)
    other = Milestone(
        id=f"{step.id}-0", project=project.id, title="Concept", known=project.known, starts=project.starts,
        due=plus(due, -6),
    )  # fmt: skip
    lazy = team[0]
    tasks = tuple(
        Task(
            id=f"T-{id}-{number}", project=project.id, milestone=other.id, title=title, assignee=lazy,
            known=plus(due, -51), due=on_workday(plus(due, -draw.between(3, 8))), hours=4,
        )
        for number, title in enumerate(draw.some_of(names.TASKS, draw.between(3, 5)))
    )  # fmt: skip
    rests = {"first": plus(due, -7), "last": project.closed}
    labels = [Label(rule="task-overdue", id=task.id, kind="paused project", **rests) for task in tasks]
    load = Label(rule="person-overloaded", id=lazy.name, kind="late only in a paused project", **rests)
    past = Label(rule="milestone-overdue", id=other.id, kind="paused project", **rests)
    return Work(
        projects=(project,), milestones=(step, other), tasks=tasks,
        labels=(_bare(step, "paused project"), load, past, *labels),
    )  # fmt: skip


def not_begun(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """A short milestone that begins shortly before its date; it gets its tasks when it begins."""
    project = place.running(draw, plus(due, -20), plus(due, 6))
    if project is None:
        return None
    starts = plus(due, -draw.between(1, 3))
    step = step_of(draw, id, project, due, known=plus(due, -20), done=plus(due, 3), starts=starts)
    tasks = tasks_of(draw, step, project, count=2, known=plus(starts, -1), due=due, done=due)
    label = Label(rule="milestone-no-tasks", id=step.id, kind="not begun", first=plus(due, -5), last=plus(starts, -1))
    return Work(milestones=(step,), tasks=tasks, labels=(label,))


def done_early(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """A milestone that was never given tasks and is done before its date."""
    project = place.running(draw, plus(due, -30), plus(due, 2))
    if project is None:
        return None
    step = step_of(draw, id, project, due, known=plus(due, -30), done=plus(due, -draw.between(6, 10)))
    return Work(milestones=(step,), labels=(_bare(step, "done before its date"),))


def late_task(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """A task that is late by anything from a day to several weeks."""
    late = draw.span(6, least=1, most=25)
    ended = plus_workdays(due, late)
    work = _loose(place, draw, id, [due], draw.one_of(place.people.with_role("delivery")), ended)
    if work is None:
        return None
    (task,) = work.tasks
    after = Label(rule="task-overdue", id=task.id, kind="done yesterday", first=plus(ended, 1), last=plus(ended, 4))
    today = Label(rule="task-overdue", id=task.id, kind="due today", first=due, last=due)
    return Work(tasks=work.tasks, labels=(Label(rule="task-overdue", id=task.id), after, today))


def cancelled_task(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """A task that was called off and keeps its date."""
    project = place.running(draw, plus(due, -10), plus(due, 25))
    if project is None:
        return None
    task = Task(
        id=f"T-{id}", project=project.id, milestone="", title=draw.one_of(names.TASKS),
        assignee=draw.one_of(project.team), known=plus(due, -9), due=due, hours=4,
        cancelled=plus(due, -draw.between(1, 4)),
    )  # fmt: skip
    label = Label(rule="task-overdue", id=task.id, kind="cancelled", first=plus(due, 1), last=plus(due, 15))
    return Work(tasks=(task,), labels=(label,))


def overload(place: Place, draw: Chance, id: str, day: date) -> Work | None:
    """One person falls behind with two to seven tasks of several projects, and catches up days later."""
    who = draw.one_of(place.people.with_role("delivery"))
    ended = plus_workdays(day, draw.span(5, least=2, most=15))
    days = [plus_workdays(day, -draw.between(0, 4)) for _ in range(draw.between(2, 7))]
    work = _loose(place, draw, id, days, who, ended)
    if work is None:
        return None
    few = Label(rule="person-overloaded", id=who.name, kind="fewer than three late", first=day, last=ended)
    labels = tuple(Label(rule="task-overdue", id=task.id) for task in work.tasks)
    whole = Label(rule="person-overloaded", id=who.name, first=min(days), last=ended)
    return Work(tasks=work.tasks, labels=(whole, few, *labels))


def busy_day(place: Place, draw: Chance, id: str, day: date) -> Work | None:
    """One person has four or five tasks due on one day, and does them on it."""
    who = draw.one_of(place.people.with_role("delivery"))
    work = _loose(place, draw, id, [day] * draw.between(4, 5), who, day)
    if work is None:
        return None
    label = Label(rule="person-overloaded", id=who.name, kind="all due today", first=day, last=plus(day, 1))
    return Work(tasks=work.tasks, labels=(label,))


PLANTS: tuple[tuple[str, Plant, float], ...] = (
    ("milestone", milestone, 1.5),
    ("finished", finished_tasks, 9),
    ("child", child_milestone, 9),
    ("paused", paused_project, 8),
    ("begun", not_begun, 5),
    ("early", done_early, 11),
    ("late", late_task, 4),
    ("void", cancelled_task, 8),
    ("overload", overload, 9),
    ("queue", busy_day, 12),
)
"""Name, what it plants, and the mean days between two at scale 1. First letters differ: they make ids."""


def acme_site(people: People, today: date) -> Work:
    """The first of the three known sentences: Acme site, Launch three workdays out with no tasks assigned."""
    draw = stream("showcase", "acme")
    team = people.with_role("delivery")[:3]
    project = Project(
        id="P-ACME", client="Acme", title="Acme site", type="web", manager=people.staff_named("Janine"), team=team,
        known=plus(today, -90), starts=plus(today, -80), due=plus(today, 20), fee=36_000, hours=300,
    )  # fmt: skip
    launch = Milestone(
        id="M-ACME3", project=project.id, title="Launch", known=plus(today, -60), starts=plus(today, -20),
        due=plus_workdays(today, 3), done=plus_workdays(today, 5),
    )  # fmt: skip
    milestones, tasks = [launch], list(
        tasks_of(draw, launch, project, count=4, known=plus_workdays(today, 1), due=launch.due, done=launch.due)
    )  # fmt: skip
    for number, (title, count, ago) in enumerate((("Concept", 5, 60), ("Design", 9, 40), ("Build", 7, 14))):
        due = on_workday(plus(today, -ago))
        step = Milestone(
            id=f"M-ACME{number}", project=project.id, title=title, known=project.known,
            starts=plus(due, -20), due=due, done=due,
        )  # fmt: skip
        milestones.append(step)
        tasks += tasks_of(draw, step, project, count=count, known=step.starts, due=due, done=due)
    label = Label(rule="milestone-no-tasks", id=launch.id)
    return Work(projects=(project,), milestones=tuple(milestones), tasks=tuple(tasks), labels=(label,))


def calm(work: Work, today: date) -> Work:
    """The same without late milestones that hold up the next one: on the known morning they would stand first."""
    begins: dict[str, list[date]] = defaultdict(list)
    for one in work.milestones:
        if one.done is None or one.done >= today:
            begins[one.project].append(one.starts)
    rests = {project.id for project in work.projects if project.paused is not None and project.paused < today}
    late = {
        one.id: one.due
        for one in work.milestones
        if one.due < today and one.done is not None and one.done >= today and one.project not in rests
        if any(one.due <= starts <= plus(today, 7) for starts in begins[one.project])
    }
    return replace(
        work,
        milestones=tuple(replace(one, done=one.due) if one.id in late else one for one in work.milestones),
        tasks=tuple(
            replace(one, done=min(one.done, late[one.milestone]), known=min(one.known, late[one.milestone]))
            if one.milestone in late and one.done is not None
            else one
            for one in work.tasks
        ),
    )


def _bare(step: Milestone, kind: str) -> Label:
    return Label(rule="milestone-no-tasks", id=step.id, kind=kind, first=plus(step.due, -5), last=step.due)


def _loose(place: Place, draw: Chance, id: str, days: Sequence[date], who: Human, ended: date) -> Work | None:
    """Tasks of one person on several projects, all done on one day at the latest."""
    tasks = []
    for number, due in enumerate(days):
        project = place.running(draw, plus(min(days), -10), plus(ended, 3))
        if project is None:
            return None
        tasks.append(
            Task(
                id=f"T-{id}-{number}", project=project.id, milestone="", title=draw.one_of(names.TASKS), assignee=who,
                known=plus(due, -9), due=due, hours=draw.between(1, 10), done=max(ended, due),
            )
        )  # fmt: skip
    return Work(tasks=tuple(tasks))
