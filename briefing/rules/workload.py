"""Rules about overdue tasks and people's load: each overdue task is told once, alone, as load, or as nobody's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from briefing import words
from briefing.facts import Project, Ref, Staff, Task
from briefing.items import Evidence, Figure, Item
from briefing.morning import Morning
from briefing.rules import Need, rule
from briefing.rules.view import Facts, Limits
from briefing.rules.work import Left, Tree, is_running, left_sentence, short, was_due, who, with_client

OVERLOADED = 3
"""So many overdue tasks of one person (or of nobody, on one project) are one item. No threshold to configure: both
rules must agree on it, or a task would be told twice or not at all."""


@dataclass(frozen=True, slots=True)
class _Overdue:
    """An open task past its date, on a project that runs or on none."""

    task: Task
    due: date
    project: Project | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Overdues:
    """Every overdue task once: alone, with others of one person, or with others of nobody on one project."""

    alone: tuple[_Overdue, ...]
    of_person: Mapping[str, tuple[_Overdue, ...]]
    """By person: two of one name are two."""

    of_nobody: Mapping[str, tuple[_Overdue, ...]]
    """By the project's id."""

    counts: Mapping[str, int]
    """Overdue tasks of every person with open work, zero included: the team."""


@rule(
    "task-overdue",
    matter="task",
    stages=("overdue",),
    needs=(Need(Task), Need(Project), Need(Staff, optional=True)),
    price=60,
    share="0.25",
)
def task_overdue(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """An open task is past its date on a project that runs.

    Three or more of one person are told as that person's load, three or more of nobody on one project as one item.
    """
    found = _overdues(facts, morning)
    for one in found.alone:
        yield _overdue_task(facts, morning, one)
    for group in found.of_nobody.values():
        yield _unassigned_tasks(facts, morning, group)


@rule(
    "person-overloaded",
    matter="load",
    stages=("overdue",),
    needs=(Need(Task, whole=True), Need(Project, whole=True), Need(Staff, optional=True)),
    price=200,
    share="0.25",
)
def person_overloaded(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """Three or more overdue tasks of one person, told as load beside the team's median."""
    found = _overdues(facts, morning)
    for key, group in found.of_person.items():
        yield _load(facts, morning, key, group, found.counts)


def _overdues(facts: Facts, morning: Morning) -> _Overdues:
    """Group overdue tasks, in one place, so that the two rules tell each of them once.

    Where tasks or projects were not read whole, a count would be wrong: each task then stands alone.
    """
    counts: dict[str, int] = {}
    of_person: dict[str, list[_Overdue]] = defaultdict(list)
    of_nobody: dict[str, list[_Overdue]] = defaultdict(list)
    alone: list[_Overdue] = []
    countable = facts.whole(Task, source=facts.source) and facts.whole(Project, source=facts.source)
    for task, project in _running_tasks(facts, morning.today):
        name = who(facts, task.assignee) if task.assignee else ""
        late = task.due is not None and task.due < morning.today
        if name:
            counts[name] = counts.get(name, 0) + late
        if task.due is None or not late:
            continue
        group = of_person[name] if name else of_nobody[project.ref.id] if project else alone
        (group if countable else alone).append(_Overdue(task=task, due=task.due, project=project))
    for groups in (of_person, of_nobody):
        for key in [key for key, members in groups.items() if len(members) < OVERLOADED]:
            alone += groups.pop(key)
    return _Overdues(
        alone=tuple(sorted(alone, key=_by_due)),
        of_person={key: tuple(sorted(group, key=_by_due)) for key, group in sorted(of_person.items())},
        of_nobody={key: tuple(sorted(group, key=_by_due)) for key, group in sorted(of_nobody.items())},
        counts=counts,
    )


def _by_due(one: _Overdue) -> tuple[date, str]:
    return (one.due, one.task.ref.id)


def _running_tasks(facts: Facts, today: date) -> Iterator[tuple[Task, Project | None]]:
    """Open tasks with their projects, but for those whose project is not running, or a milestone that they lie in.

    A project that a task names and that was not read may be paused or done: the task is then left out.
    """
    projects = {project.ref.id: project for project in facts.here(Project)}
    tree = Tree(facts)
    for task in facts.here(Task):
        milestone = tree.milestones.get(task.milestone) if task.milestone else None
        project = projects.get(tree.project_of(task))
        stopped = milestone is not None and (milestone.state != "open" or tree.is_stopped_above(milestone))
        if task.state != "open" or stopped:
            continue
        if project is None and (task.project or task.milestone):
            continue
        if project is None or is_running(project, today):
            yield task, project


def _overdue_task(facts: Facts, morning: Morning, one: _Overdue) -> Item:
    task, project = one.task, one.project
    name = f"{with_client(facts, project)}: {short(task)}" if project else short(task)
    when = words.day(one.due, morning.today)
    return Item(
        rule="task-overdue",
        matter="task",
        stage="overdue",
        about=task.ref,
        root=project.ref if project else None,
        client=facts.client(project) if project else facts.client(task),
        headline=f"{name} {was_due(one.due, morning)}.",
        line=f"{name} was due {when}.",
        body=left_sentence(facts, task.assignee, Left(facts)) if task.assignee else ("Nobody is assigned.",),
        ask="finish it or move the date?",
        owner=task.assignee or (project.manager if project else None),
        since=one.due,
        short="overdue task",
        evidence=(
            facts.evidence(task, f"{task.title}, due {words.dated_day(one.due, morning.today)}, {task.state}"),
            *((facts.evidence(project, f"{project.title}, {project.state}"),) if project else ()),
        ),
        gone_when="the task done or paused, another date, or a decision of yours",
    )


def _unassigned_tasks(facts: Facts, morning: Morning, group: Sequence[_Overdue]) -> Item:
    project = group[0].project
    assert project is not None
    name = with_client(facts, project)
    return Item(
        rule="task-overdue",
        matter="task",
        stage="overdue",
        about=project.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{name} has {words.count(len(group), 'overdue task')} with nobody assigned.",
        line=f"{name}: {words.count(len(group), 'overdue task')}, nobody assigned.",
        body=(_longest(facts, morning, group, with_project=False),),
        ask="who takes them?",
        owner=project.manager,
        since=group[0].due,
        measure=Decimal(len(group)),
        short=f"{len(group)} overdue tasks",
        evidence=_evidence(facts, morning, group),
        gone_when=f"fewer than {OVERLOADED} of them open and late, or a decision of yours",
    )


def _load(
    facts: Facts, morning: Morning, key: str, group: Sequence[_Overdue], counts: Mapping[str, int]
) -> Item:  # fmt: skip
    projects = {one.project.ref.id for one in group if one.project}
    middle = Decimal(str(median(counts.values())))
    team = f"; team median {words.number(middle)}" if len(counts) >= 3 else ""
    where = f" on {words.count(len(projects), 'project')}" if all(one.project for one in group) else ""
    sentence = f"{facts.name(group[0].task.assignee)} has {words.count(len(group), 'overdue task')}{where}{team}."
    return Item(
        rule="person-overloaded",
        matter="load",
        stage="overdue",
        about=Ref(source=facts.source, kind="person", id=key, where=group[0].task.ref.where),
        headline=sentence,
        line=sentence,
        body=(
            *left_sentence(facts, group[0].task.assignee, Left(facts)),
            _longest(facts, morning, group, with_project=True),
        ),
        ask="move work or leave it?",
        owner=group[0].task.assignee,
        since=group[0].due,
        measure=Decimal(len(group)),
        short=f"{len(group)} overdue tasks",
        evidence=_evidence(facts, morning, group),
        figures=(
            Figure(name="people with open tasks", value=str(len(counts))),
            Figure(name="overdue tasks per person, median", value=words.number(middle)),
        ),
        gone_when=f"fewer than {OVERLOADED} of the tasks open and late, or a decision of yours",
    )


def _longest(facts: Facts, morning: Morning, group: Sequence[_Overdue], *, with_project: bool) -> str:
    """The three that are late the longest, such as `Draw (Acme site, 2 November)`."""
    named = []
    for one in group[:3]:
        details = [words.day(one.due, morning.today)]
        if with_project and one.project:
            details.insert(0, with_client(facts, one.project))
        named.append(f"{short(one.task)} ({', '.join(details)})")
    return f"Overdue longest: {words.listed(named)}."


def _evidence(facts: Facts, morning: Morning, group: Sequence[_Overdue]) -> tuple[Evidence, ...]:
    return tuple(
        facts.evidence(one.task, f"{one.task.title}, due {words.dated_day(one.due, morning.today)}") for one in group
    )
