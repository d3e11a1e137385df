"""What is planted about milestones that have tasks: nobody on them, no hours left, their date past."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from briefing.demo.chance import Chance
from briefing.demo.days import on_workday, plus, plus_workdays
from briefing.demo.plant import Place, Plant, step_of, tasks_of
from briefing.demo.work import Label, Work

UNASSIGNED, OVERDUE = "milestone-unassigned", "milestone-overdue"


def nobody(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """The tasks of a milestone are written down, and somebody takes them late, anywhere around its date."""
    project = place.running(draw, plus(due, -14), plus(due, 12))
    if project is None:
        return None
    taken = plus(due, draw.between(-9, 3))
    ends = plus_workdays(max(taken, due), draw.between(1, 5))
    step = step_of(draw, id, project, due, known=plus(due, -20), done=ends)
    tasks = tasks_of(draw, step, project, count=draw.between(1, 6), known=plus(due, -12), due=ends, done=ends)
    new = Label(
        rule=UNASSIGNED, id=step.id, kind="taken yesterday", first=plus(taken, 1), last=min(due, plus(taken, 3))
    )
    return Work(
        milestones=(step,), tasks=tuple(replace(task, taken=taken) for task in tasks),
        labels=(Label(rule=UNASSIGNED, id=step.id), new),
    )  # fmt: skip


def half(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """Some tasks of a near milestone have nobody, and one has; or those that have nobody are done."""
    project = place.running(draw, plus(due, -14), plus(due, 8))
    if project is None:
        return None
    ends = plus(due, draw.between(0, 2))
    step = step_of(draw, id, project, due, known=plus(due, -20), done=ends)
    first, *others = tasks_of(draw, step, project, count=draw.between(2, 5), known=plus(due, -15), due=ends, done=ends)
    done = draw.chance(0.4)
    if done:
        others = [replace(task, done=plus(due, -7), due=on_workday(plus(due, -7))) for task in others]
    waiting = tuple(replace(task, taken=plus(ends, -1)) for task in others)
    kind = "what nobody has is done" if done else "one task has an owner"
    label = Label(rule=UNASSIGNED, id=step.id, kind=kind, first=plus(due, -5), last=plus(due, -1))
    return Work(milestones=(step,), tasks=(first, *waiting), labels=(label,))


def used_up(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """The hours of a milestone's tasks are all logged, and the tasks are open."""
    project = place.running(draw, plus(due, -14), plus(due, 12))
    if project is None:
        return None
    ends = plus_workdays(due, draw.between(1, 4))
    step = step_of(draw, id, project, due, known=plus(due, -20), done=ends)
    tasks = tasks_of(draw, step, project, count=draw.between(1, 4), known=plus(due, -12), due=ends, done=ends)
    spent = plus(due, -draw.between(0, 7))
    return Work(
        milestones=(step,), tasks=tuple(replace(task, used_up=spent) for task in tasks),
        labels=(Label(rule=UNASSIGNED, id=step.id),),
    )  # fmt: skip


def kept_open(place: Place, draw: Chance, id: str, due: date) -> Work | None:
    """A milestone is past its day and not done: with open tasks, or with none and nobody closes it."""
    late = draw.span(5, least=1, most=25)
    ends = plus_workdays(due, late)
    project = place.running(draw, plus(due, -14), plus(ends, 3))
    if project is None:
        return None
    step = step_of(draw, id, project, due, known=plus(due, -20), done=ends)
    finished = draw.chance(0.3)
    last = plus(due, -2) if finished else ends
    tasks = tasks_of(draw, step, project, count=draw.between(1, 4), known=plus(due, -15), due=plus(ends, 1), done=last)
    labels = (
        Label(rule=OVERDUE, id=step.id),
        Label(rule=OVERDUE, id=step.id, kind="due today", first=due, last=due),
        Label(rule=OVERDUE, id=step.id, kind="done yesterday", first=plus(ends, 1), last=plus(ends, 4)),
    )
    return Work(milestones=(step,), tasks=tasks, labels=labels)


PLANTS: tuple[tuple[str, Plant, float], ...] = (
    ("nobody", nobody, 5),
    ("half", half, 8),
    ("used", used_up, 9),
    ("kept", kept_open, 7),
)
"""Name, what it plants, and the mean days between two at scale 1. First letters differ from all others: they make ids.
"""
