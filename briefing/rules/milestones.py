"""Rules about milestones: is this one ready for its date, and was it kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from briefing import words
from briefing.facts import Milestone, Project, Staff, Task
from briefing.items import Evidence, Factor, Figure, Item, Stake
from briefing.morning import Morning
from briefing.rules import Need, rule
from briefing.rules.view import Facts, Limits
from briefing.rules.work import (
    Left,
    Tree,
    distance,
    fee_sentence,
    is_running,
    names_of,
    nobody,
    project_key,
    running,
    short,
    was_due,
    with_client,
)

STAGES = ("no-hours", "unassigned", "no-tasks", "overdue")
"""Of the matter `milestone`, from the mildest to the worst."""

LATE_WORK, LATE_TICK = Decimal("0.2"), Decimal("0.05")
"""Parts of the price of a late milestone that holds nothing up: with work left in it, and with nothing but its own
state to change. Settings: an agency has some of these every morning, and only one that holds up another costs a day of
that one, too. Both stay below the floor of a full card."""

MANNED = Decimal("0.5")
"""Part of the price where only hours lack: somebody is assigned and knows. A setting."""

MOST_NAMED = 8
"""Tasks that stand under a milestone as evidence."""


@rule(
    "milestone-no-tasks",
    matter="milestone",
    stages=STAGES,
    needs=(Need(Milestone), Need(Project), Need(Task, whole=True)),
    price=1500,
    limits={"days": 5},
)
def milestone_no_tasks(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A milestone is near and no task is on it, open or done.

    Silent on milestones that are done, paused or not begun, and on projects that are. A milestone that others name as
    their parent holds its tasks through them: it speaks only where nothing below it has a task, something below is
    open, and nothing below speaks for itself.
    """
    projects = {project.ref.id: project for project in facts.here(Project)}
    tree = Tree(facts)
    near = {
        milestone.ref.id
        for milestone in facts.here(Milestone)
        if (project := projects.get(milestone.project)) is not None
        and _is_near(
            milestone, project, morning, limits.number("days", client=facts.client(project), type=project.type)
        )
        and not tree.tasks_below(milestone)
        and not tree.may_be_incomplete(milestone)
        and not tree.is_stopped_above(milestone)
    }
    for milestone in _speakers(facts, tree, near):
        below = tree.below(milestone)
        if not below or any(child.state == "open" for child in below):
            yield _without_tasks(facts, morning, milestone, projects[milestone.project], tree)


def _speakers(facts: Facts, tree: Tree, found: Iterable[str]) -> Iterator[Milestone]:
    """Those of the found milestones below which no other was found: what lies deepest speaks."""
    ids = frozenset(found)
    for milestone in facts.here(Milestone):
        if milestone.ref.id in ids and not any(child.ref.id in ids for child in tree.below(milestone)):
            yield milestone


def _is_near(milestone: Milestone, project: Project, morning: Morning, days: float) -> bool:
    if milestone.due is None or not is_running(milestone, morning.today) or not is_running(project, morning.today):
        return False
    return 0 <= (milestone.due - morning.today).days <= days


def _without_tasks(facts: Facts, morning: Morning, milestone: Milestone, project: Project, tree: Tree) -> Item:
    assert milestone.due is not None
    when = words.day(milestone.due, morning.today)
    name = with_client(facts, project)
    return Item(
        rule="milestone-no-tasks",
        matter="milestone",
        stage="no-tasks",
        about=milestone.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{name}: {short(milestone)} is {distance(milestone.due, morning)} with no tasks assigned.",
        line=f"{name}: {short(milestone)} due {when}, no tasks.",
        body=(*_earlier(facts, milestone, tree), *fee_sentence(project)),
        ask="who takes it?",
        owner=milestone.manager or project.manager,
        stake=Stake(key=project_key(project)),
        urgency="date",
        deadline=milestone.due,
        short=short(milestone),
        evidence=(
            facts.evidence(milestone, f"{milestone.title}, due {words.dated_day(milestone.due, morning.today)}"),
            facts.evidence(project, f"{project.title}, {project.state}"),
        ),
        figures=(Figure(name="tasks on the milestone, open or done", value="0"),),
        looked_in=facts.looked_in(Task, source=facts.source),
        gone_when="a task on the milestone, another date, or a decision of yours",
    )


def _earlier(facts: Facts, milestone: Milestone, tree: Tree) -> tuple[str, ...]:
    """How many tasks the project's earlier milestones had: says whether none is unusual here."""
    assert milestone.due is not None
    counts = sorted(
        len(tree.tasks_below(other))
        for other in facts.here(Milestone)
        if other.project == milestone.project
        and other.due is not None
        and other.due < milestone.due
        and not tree.children.get(other.ref.id)
    )
    if len(counts) < 2:
        return ()
    low, high = counts[0], counts[-1]
    if high == 0:
        return ("Earlier milestones had none.",)
    return (f"Earlier milestones had {low} each." if low == high else f"Earlier milestones had {low} to {high}.",)


# --- nobody on it, or no hours left ---------------------------------------------------------------------------------


@rule(
    "milestone-unassigned",
    matter="milestone",
    stages=STAGES,
    needs=(Need(Milestone), Need(Project), Need(Task, whole=True), Need(Staff, optional=True)),
    price=800,
    limits={"days": 5},
)
def milestone_unassigned(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A milestone is near, and its open tasks have nobody, or no hours left.

    One task with somebody who is here is enough for silence; whom the source calls inactive is not here. Silent in a
    source that assigns no task at all; of hours, in one that plans them for fewer than half of its other open tasks.
    Stopped, done and future milestones and projects say nothing, and a container only what nothing in it says.
    """
    projects, tree, left = running(facts, morning.today), Tree(facts), Left(facts)
    habits, stages = _Habits.of(facts.here(Task)), dict[str, str]()
    for milestone in facts.here(Milestone):
        project = projects.get(milestone.project)
        if project is None or tree.may_be_incomplete(milestone):
            continue
        days = limits.number("days", client=facts.client(project), type=project.type)
        near = _is_near(milestone, project, morning, days)
        if near and (stage := _lacking(tree.open_tasks(milestone), left, habits)):
            stages[milestone.ref.id] = stage
    for milestone in _speakers(facts, tree, stages):
        project, tasks = projects[milestone.project], tree.open_tasks(milestone)
        if stages[milestone.ref.id] == "unassigned":
            yield _unassigned(facts, morning, milestone, project, tasks)
        else:
            yield _without_hours(facts, morning, milestone, project, tasks)


@dataclass(frozen=True, slots=True)
class _Habits:
    """What a source keeps of its tasks: whether it assigns them, and for how many open ones it plans hours."""

    assigns: bool
    open: int
    planned: int

    @classmethod
    def of(cls, tasks: Sequence[Task]) -> _Habits:
        """Those of all tasks of a source."""
        still_open = [task for task in tasks if task.state == "open"]
        return cls(
            any(task.assignee for task in tasks), len(still_open), sum(bool(one.remaining) for one in still_open)
        )


def _lacking(tasks: Sequence[Task], left: Left, habits: _Habits) -> str:
    """What the open tasks of a milestone lack, as a stage; empty for nothing, and where no task is open."""
    if tasks and habits.assigns and all(nobody(task.assignee, left) for task in tasks):
        return "unassigned"
    if tasks and all(task.remaining == 0 for task in tasks):
        elsewhere = habits.open - len(tasks)
        return "no-hours" if habits.planned and habits.planned * 2 >= elsewhere else ""
    return ""


def _unassigned(
    facts: Facts, morning: Morning, milestone: Milestone, project: Project, tasks: Sequence[Task]
) -> Item:  # fmt: skip
    assert milestone.due is not None
    gone = tuple(names_of(facts, [task.assignee for task in tasks]))
    verb = "is" if len(gone) == 1 else "are"
    has = f"{words.count(len(tasks), 'open task')} and nobody {'active ' if gone else ''}assigned"
    name, when = with_client(facts, project), words.day(milestone.due, morning.today)
    return Item(
        rule="milestone-unassigned",
        matter="milestone",
        stage="unassigned",
        about=milestone.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{name}: {short(milestone)} is {distance(milestone.due, morning)} with {has}.",
        line=f"{name}: {short(milestone)} due {when}, {has.replace(' and', ',')}.",
        body=(*((f"{words.listed(gone)} {verb} no longer active.",) if gone else ()), *fee_sentence(project)),
        ask="who takes them?" if len(tasks) > 1 else "who takes it?",
        owner=milestone.manager or project.manager,
        stake=Stake(key=project_key(project)),
        urgency="date",
        deadline=milestone.due,
        measure=Decimal(len(tasks)),
        short=short(milestone),
        tells=tuple(task.ref for task in tasks),
        evidence=_evidence(facts, morning, milestone, project, tasks),
        figures=(Figure(name="open tasks on the milestone", value=str(len(tasks))),),
        looked_in=facts.looked_in(Task, source=facts.source),
        gone_when="somebody on one of the tasks, another date, or a decision of yours",
    )


def _without_hours(
    facts: Facts, morning: Morning, milestone: Milestone, project: Project, tasks: Sequence[Task]
) -> Item:  # fmt: skip
    assert milestone.due is not None
    has = f"{words.count(len(tasks), 'open task')} and no hours left on {'them' if len(tasks) > 1 else 'it'}"
    name, when = with_client(facts, project), words.day(milestone.due, morning.today)
    return Item(
        rule="milestone-unassigned",
        matter="milestone",
        stage="no-hours",
        about=milestone.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{name}: {short(milestone)} is {distance(milestone.due, morning)} with {has}.",
        line=f"{name}: {short(milestone)} due {when}, {has.replace(' and', ',')}.",
        body=fee_sentence(project),
        ask="add hours, or finish without?",
        owner=milestone.manager or project.manager,
        stake=Stake(key=project_key(project)),
        likelihood=Factor(
            name="people are on it", value=MANNED, kind="setting", source="hours lack, and somebody is assigned"
        ),
        urgency="date",
        deadline=milestone.due,
        measure=Decimal(len(tasks)),
        short=short(milestone),
        tells=tuple(task.ref for task in tasks),
        evidence=_evidence(facts, morning, milestone, project, tasks),
        figures=(Figure(name="hours left on the open tasks", value="0"),),
        looked_in=facts.looked_in(Task, source=facts.source),
        gone_when="hours on one of the tasks, the tasks done, another date, or a decision of yours",
    )


def _evidence(
    facts: Facts, morning: Morning, milestone: Milestone, project: Project, tasks: Sequence[Task]
) -> tuple[Evidence, ...]:
    assert milestone.due is not None
    return (
        facts.evidence(milestone, f"{milestone.title}, due {words.dated_day(milestone.due, morning.today)}"),
        *(
            facts.evidence(task, f"{task.title}, {facts.name(task.assignee) or 'nobody'}")
            for task in tasks[:MOST_NAMED]
        ),
        facts.evidence(project, f"{project.title}, {project.state}"),
    )


# --- past its date --------------------------------------------------------------------------------------------------


@rule(
    "milestone-overdue",
    matter="milestone",
    stages=STAGES,
    needs=(Need(Milestone), Need(Project), Need(Task, optional=True)),
    price=120,
    limits={"workdays": 1},
)
def milestone_overdue(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """An open milestone of a project that runs is past its date.

    Says how many tasks are open where tasks were read whole, and which milestone is planned to begin before this one
    is done. From the first workday after the date on; a container only where nothing in it is late itself. What holds
    nothing up, and what has only to be ticked off, comes far down.
    """
    projects, tree = running(facts, morning.today), Tree(facts)
    late = {
        milestone.ref.id
        for milestone in facts.here(Milestone)
        if (project := projects.get(milestone.project)) is not None
        and milestone.due is not None
        and is_running(milestone, morning.today)
        and not tree.is_stopped_above(milestone)
        and -morning.workdays_to(milestone.due)
        >= limits.number("workdays", client=facts.client(project), type=project.type)
    }
    for milestone in _speakers(facts, tree, late):
        yield _overdue(facts, morning, milestone, projects[milestone.project], tree)


def _overdue(facts: Facts, morning: Morning, milestone: Milestone, project: Project, tree: Tree) -> Item:
    assert milestone.due is not None
    left = _standing(facts, tree, milestone)
    held = _held_up(facts, morning, milestone, milestone.due)
    name, when = with_client(facts, project), words.day(milestone.due, morning.today)
    return Item(
        rule="milestone-overdue",
        matter="milestone",
        stage="overdue",
        about=milestone.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{name}: {short(milestone)} {was_due(milestone.due, morning)}{left.text and f'; {left.text}'}.",
        line=f"{name}: {short(milestone)} was due {when}{f', {left.short}' if left.short else ''}.",
        body=(*_next_sentence(held, morning), *fee_sentence(project)),
        ask="close it or keep it open?" if left.finished else "finish it or move the date?",
        owner=milestone.manager or project.manager,
        since=milestone.due,
        stake=Stake(key=project_key(project)),
        likelihood=_weight(held, finished=left.finished),
        urgency="date",
        deadline=milestone.due,
        measure=Decimal(len(held)),
        short=short(milestone),
        tells=tuple(task.ref for task in left.tasks),
        evidence=(
            *_evidence(facts, morning, milestone, project, left.tasks),
            *(facts.evidence(one, f"{one.title}, planned from {_starts(one, morning)}") for one in held[:1]),
        ),
        figures=(Figure(name="milestones planned to begin by now, after this one", value=str(len(held))),),
        looked_in=facts.looked_in(Task, source=facts.source) if left.text else (),
        gone_when="the milestone done or paused, another date, or a decision of yours",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What is left in a late milestone, as far as its tasks are known."""

    tasks: Sequence[Task] = ()
    """The open ones."""

    text: str = ""
    """For a sentence: `2 tasks are open`; empty where tasks were not read whole."""

    short: str = ""
    """For a line: `2 open tasks`."""

    finished: bool = False
    """Nothing but the milestone's own state is left."""


def _standing(facts: Facts, tree: Tree, milestone: Milestone) -> _Standing:
    """Nothing is said of tasks where their list may lack some; that no task is open needs the whole list.

    Nor where a task is open on a stopped milestone below this one: it does not count, and it is open.
    """
    if not facts.whole(Task, source=facts.source) or tree.may_be_incomplete(milestone):
        return _Standing()
    tasks, every, below = tree.open_tasks(milestone), tree.tasks_below(milestone), tree.below(milestone)
    if tasks:
        many = words.count(len(tasks), "task is", "tasks are")
        return _Standing(tasks=tasks, text=f"{many} open", short=words.count(len(tasks), "open task"))
    done = {one.state for one in every} | {one.state for one in below} == {"done"}
    if every and done:
        return _Standing(text="its tasks are all done", short="tasks all done", finished=True)
    if any(task.state == "open" for task in every):
        return _Standing()
    return _Standing(text="no task is open on it", short="no open task", finished=done)


def _held_up(facts: Facts, morning: Morning, milestone: Milestone, due: date) -> Sequence[Milestone]:
    """Open milestones beside this one that were planned after it and to begin by the next edition, the first first.

    One that overlaps it by plan is not held up by its being late.
    """
    beside = [
        (other.starts, other)
        for other in facts.here(Milestone)
        if other.project == milestone.project
        and other.parent == milestone.parent
        and other.ref.id != milestone.ref.id
        and other.state == "open"
        and other.starts is not None
        and due <= other.starts <= morning.next_edition
    ]
    return [other for _, other in sorted(beside, key=lambda pair: (pair[0], pair[1].ref.id))]


def _next_sentence(held: Sequence[Milestone], morning: Morning) -> tuple[str, ...]:
    if not held:
        return ()
    verb = "was" if held[0].starts and held[0].starts < morning.today else "is"
    return (f"A later milestone, {short(held[0])}, {verb} planned from {_starts(held[0], morning)}.",)


def _starts(milestone: Milestone, morning: Morning) -> str:
    assert milestone.starts is not None
    return words.day(milestone.starts, morning.today)


def _weight(held: Sequence[Milestone], *, finished: bool) -> Factor | None:
    """How much of the price a late milestone is worth."""
    if finished:
        return Factor(name="nothing open in it", value=LATE_TICK, kind="setting", source="it has only to be closed")
    if held:
        return None
    return Factor(name="holds nothing up", value=LATE_WORK, kind="setting", source="no milestone planned to begin yet")
