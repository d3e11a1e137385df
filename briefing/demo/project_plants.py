"""What is planted about whole projects and what they use up, and what only looks so.

Ordinary projects are changed where one field is enough; a project of its own is made where its whole life is another.
Sizes and lengths are drawn with long tails, without a look at any rule's threshold.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from briefing.demo import names
from briefing.demo.chance import Chance
from briefing.demo.days import on_workday, plus, plus_workdays, workdays
from briefing.demo.plant import Place, Plant, step_of, tasks_of
from briefing.demo.work import Change, Entry, Label, Project, Task, Work


def orphan(place: Place, draw: Chance, id: str, day: date) -> Work | None:
    """A project loses its manager: taken off it, or gone from the agency. Somebody takes over days later."""
    gone = draw.one_of(list(place.people.former.items())) if draw.chance(0.3) else None
    since = gone[1] if gone else day
    handed = plus_workdays(since, draw.span(6, least=1, most=25))
    project = place.running(draw, plus(since, -10), plus(handed, 8))
    if project is None:
        return None
    others = [one for one in place.people.with_role("manager") if one != project.manager]
    change = Change(
        project=project.id, handed=handed, successor=draw.one_of(others),
        manager=gone[0] if gone else None, orphaned=None if gone else since,
    )  # fmt: skip
    rule = "project-no-manager"
    new = Label(rule=rule, id=project.id, kind="handed over yesterday", first=plus(handed, 1), last=plus(handed, 4))
    here = Label(rule=rule, id=project.id, kind="manager still here", first=plus(since, -5), last=since)
    return Work(changes=(change,), labels=(Label(rule=rule, id=project.id), new, *((here,) if gone else ())))


def dragging(place: Place, draw: Chance, id: str, day: date) -> Work | None:
    """A project is not closed on its day: something on the project itself is still open."""
    project = place.ending(draw, day)
    if project is None or project.closed is None:
        return None
    closed = plus_workdays(max(project.due, project.closed), draw.span(6, least=1, most=30))
    task = Task(
        id=f"T-{id}", project=project.id, milestone="", title=draw.one_of(names.TASKS),
        assignee=draw.one_of(project.team), known=plus(project.due, -4), due=plus(closed, 2),
        hours=draw.between(1, 9), done=closed,
    )  # fmt: skip
    rule = "project-overdue"
    labels = (
        Label(rule=rule, id=project.id),
        Label(rule=rule, id=project.id, kind="due today", first=project.due, last=project.due),
        Label(rule=rule, id=project.id, kind="closed yesterday", first=plus(closed, 1), last=plus(closed, 4)),
    )
    return Work(changes=(Change(project=project.id, closed=closed),), tasks=(task,), labels=labels)


def tail(place: Place, draw: Chance, id: str, day: date) -> Work | None:
    """Everything in a project is done, and nobody closes it; its date has been moved."""
    project = place.ending(draw, day)
    if project is None or project.closed is None:
        return None
    closed = plus_workdays(project.closed, draw.span(7, least=1, most=30))
    change = Change(project=project.id, closed=closed, due=plus(closed, 10))
    rule = "project-no-tasks"
    after = Label(rule=rule, id=project.id, kind="closed yesterday", first=plus(closed, 1), last=plus(closed, 4))
    return Work(changes=(change,), labels=(Label(rule=rule, id=project.id), after))


def unplanned(place: Place, draw: Chance, id: str, day: date) -> Work:
    """A project begins, and its tasks are written down only later."""
    planned = plus_workdays(day, draw.span(5, least=0, most=20))
    ends = plus(planned, 25)
    project = own(place, draw, id, starts=day, due=plus(ends, 4), closed=plus(ends, 3))
    step = step_of(draw, id, project, plus(ends, 2), known=planned, done=ends)
    tasks = tasks_of(draw, step, project, count=3, known=planned, due=ends, done=ends)
    rule = "project-no-tasks"
    early = Label(rule=rule, id=project.id, kind="not begun", first=plus(project.known, 1), last=plus(day, -1))
    return Work(
        projects=(project,), milestones=(step,), tasks=tasks, labels=(Label(rule=rule, id=project.id), early),
    )  # fmt: skip


def without_milestones(place: Place, draw: Chance, id: str, day: date) -> Work:
    """A small project whose tasks hang on the project itself: its one milestone has none."""
    ends = plus(day, 20)
    project = own(place, draw, id, starts=day, due=plus(ends, 6), closed=ends)
    step = step_of(draw, id, project, plus(ends, 5), known=project.known, done=ends)
    tasks = tuple(
        Task(
            id=f"T-{id}-{number}", project=project.id, milestone="", title=title, assignee=draw.one_of(project.team),
            known=project.known, due=on_workday(ends), hours=draw.between(2, 9), done=plus(ends, -number),
        )
        for number, title in enumerate(draw.some_of(names.TASKS, 3))
    )  # fmt: skip
    kind = "tasks on the project only"
    label = Label(rule="project-no-tasks", id=project.id, kind=kind, first=plus(day, 1), last=plus(ends, -1))
    return Work(projects=(project,), milestones=(step,), tasks=tasks, labels=(label,))


def stale(place: Place, draw: Chance, id: str, day: date) -> Work:
    """A project in which nothing happens for a while: a task is open, and nobody writes or logs anything."""
    begun = plus(day, -8)
    until = plus_workdays(day, draw.span(11, least=2, most=40))
    ends = plus(until, 9)
    project = own(
        place, draw, id, starts=begun, due=plus(ends, 12), closed=plus(ends, 2), quiet=(plus(day, 1), until)
    )  # fmt: skip
    step = step_of(draw, id, project, plus(ends, 10), known=project.known, done=ends)
    first = tasks_of(draw, step, project, count=2, known=project.known, due=day, done=day)
    late = Task(
        id=f"T-{id}-9", project=project.id, milestone=step.id, title=names.TASKS[0], assignee=project.team[0],
        known=begun, due=on_workday(ends), hours=6, done=ends,
    )  # fmt: skip
    rule = "project-stale"
    again = Label(rule=rule, id=project.id, kind="written yesterday", first=plus(until, 2), last=plus(until, 5))
    return Work(
        projects=(project,), milestones=(step,), tasks=(*first, late), labels=(Label(rule=rule, id=project.id), again),
    )  # fmt: skip


def spend(place: Place, draw: Chance, id: str, day: date) -> Work | None:
    """Time that nobody planned is logged on a project: meetings, changes, one more round."""
    project = place.running(draw, day, plus(day, 10))
    if project is None or not project.hours:
        return None
    days = workdays(day, plus(day, draw.between(8, 35)))
    # From a twentieth of the budget to nearly all of it again.
    whole = round(project.hours * 60 * (0.05 + 0.9 * draw.random()))
    entries = tuple(
        Entry(
            id=f"E-{id}-{number}", project=project.id, who=draw.one_of(project.team), day=at,
            minutes=max(15, whole // len(days) // 15 * 15),
        )
        for number, at in enumerate(days)
    )  # fmt: skip
    return Work(entries=entries, labels=(Label(rule="budget-burn", id=project.id),))


def rush(place: Place, draw: Chance, id: str, day: date) -> Work:
    """Most of a project's work is done in its first weeks, and within what was planned for it."""
    ends = plus(day, 45)
    project = own(place, draw, id, starts=day, due=plus(ends, 6), closed=plus(ends, 1))
    early = step_of(draw, f"{id}-1", project, on_workday(plus(day, 12)), known=project.known, done=plus(day, 11))
    late = step_of(draw, id, project, on_workday(plus(ends, 2)), known=project.known, done=ends, starts=plus(day, 12))
    tasks = (
        *tasks_of(draw, early, project, count=9, known=project.known, due=early.due, done=plus(day, 10)),
        *tasks_of(draw, late, project, count=2, known=project.known, due=late.due, done=ends),
    )
    whole = sum(task.minutes_in_the_end for task in tasks)
    project = replace(project, hours=round(whole / 60 * 1.08) + 1)
    kind = "ahead of the calendar, and so is the work"
    label = Label(rule="budget-burn", id=project.id, kind=kind, first=plus(day, 13), last=plus(day, 35))
    return Work(projects=(project,), milestones=(early, late), tasks=tasks, labels=(label,))


def resting(place: Place, draw: Chance, id: str, day: date) -> Work:
    """A paused project with everything wrong about it: no manager, no open task, over its day and its hours."""
    begun, paused, until = plus(day, -40), plus(day, -2), plus(day, draw.between(15, 30))
    project = own(
        place, draw, id, starts=begun, due=day, closed=until, paused=paused, quiet=(plus(day, -12), until),
        orphaned=plus(day, -3),
    )  # fmt: skip
    step = step_of(draw, id, project, plus(day, -10), known=project.known, done=None)
    tasks = tasks_of(draw, step, project, count=3, known=project.known, due=plus(day, -14), done=plus(day, -14))
    entry = Entry(id=f"E-{id}", project=project.id, who=project.team[0], day=plus(day, -13), minutes=project.hours * 70)
    labels = tuple(
        Label(rule=rule, id=project.id, kind="paused project", first=plus(day, 1), last=until)
        for rule in ("project-no-manager", "project-overdue", "project-no-tasks", "project-stale", "budget-burn")
    )
    milestone = Label(
        rule="milestone-overdue", id=step.id, kind="paused project", first=plus(day, 1), last=until
    )  # fmt: skip
    return Work(
        projects=(project,), milestones=(step,), tasks=tasks, entries=(entry,), labels=(*labels, milestone),
    )  # fmt: skip


PLANTS: tuple[tuple[str, Plant, float], ...] = (
    ("adrift", orphan, 8),
    ("drag", dragging, 7),
    ("tail", tail, 14),
    ("gap", unplanned, 16),
    ("xtra", without_milestones, 18),
    ("idle", stale, 14),
    ("spend", spend, 12),
    ("rush", rush, 24),
    ("yet", resting, 22),
)
"""Name, what it plants, and the mean days between two at scale 1. First letters differ from all others: they make ids.
"""


def own(
    place: Place, draw: Chance, id: str, *, starts: date, due: date, closed: date, paused: date | None = None,
    quiet: tuple[date, date] | None = None, orphaned: date | None = None,
) -> Project:  # fmt: skip
    """A small project of its own."""
    title, type_ = draw.one_of(names.PROJECT_KINDS)
    return Project(
        id=f"P-{id}", client=draw.one_of(place.people.clients).name, title=title, type=type_,
        manager=draw.one_of(place.people.with_role("manager")),
        team=tuple(draw.some_of(place.people.with_role("delivery"), 2)), known=plus(starts, -draw.between(4, 12)),
        starts=starts, due=on_workday(due), fee=draw.between(4, 20) * 500, hours=draw.between(8, 16) * 10,
        paused=paused, closed=closed, quiet=quiet, orphaned=orphaned,
    )  # fmt: skip
