"""Rules about delivery: milestones, tasks and people's load."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from briefing import words
from briefing.facts import Milestone, Project, Task
from briefing.items import Figure, Item, Stake
from briefing.morning import Morning
from briefing.rules import Need, rule
from briefing.rules.view import Facts, Limits

MILESTONE_STAGES = ("unassigned", "no-tasks", "overdue")


@rule(
    "milestone-no-tasks",
    matter="milestone",
    stages=MILESTONE_STAGES,
    needs=(Need(Milestone), Need(Project), Need(Task, whole=True)),
    price=1500,
    limits={"days": 5},
)
def milestone_no_tasks(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A milestone is near and no task is on it, open or done.

    Silent on milestones that are done, paused or not begun, on projects that are, and on containers: a milestone that
    others name as their parent holds its tasks through them.
    """
    projects = {project.ref.id: project for project in facts.here(Project)}
    with_tasks = {task.milestone for task in facts.here(Task) if task.milestone}
    containers = {milestone.parent for milestone in facts.here(Milestone) if milestone.parent}
    for milestone in facts.here(Milestone):
        project = projects.get(milestone.project)
        if project is None or milestone.due is None or milestone.ref.id in with_tasks | containers:
            continue
        if not is_running(milestone, morning.today) or not is_running(project, morning.today):
            continue
        days = (milestone.due - morning.today).days
        if 0 <= days <= limits.number("days", client=facts.client(project), type=project.type):
            yield _without_tasks(facts, morning, milestone, project)


def is_running(work: Project | Milestone, today: date) -> bool:
    """Open, and begun: work that starts later is not late in having no tasks."""
    return work.state == "open" and (work.starts is None or work.starts <= today)


def _without_tasks(facts: Facts, morning: Morning, milestone: Milestone, project: Project) -> Item:
    assert milestone.due is not None
    left = morning.workdays_to(milestone.due)
    when = words.day(milestone.due, morning.today)
    name = _with_client(facts, project)
    distance = f"due {when}" if left <= 1 and when in {"today", "tomorrow"} else f"{words.workdays(left)} out ({when})"
    owner = milestone.manager or project.manager
    return Item(
        rule="milestone-no-tasks",
        matter="milestone",
        stage="no-tasks",
        about=milestone.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{name}: {milestone.title} is {distance} with no tasks assigned.",
        line=f"{name}: {milestone.title} due {when}, no tasks.",
        body=(
            *_earlier(facts, milestone, project),
            *((f"Project fee {words.money(project.budget)}.",) if project.budget else ()),
        ),
        ask="who takes it?",
        owner=owner,
        stake=Stake(key=f"project:{project.ref.source}:{project.ref.id}"),
        urgency="date",
        deadline=milestone.due,
        short=milestone.title,
        evidence=(
            facts.evidence(milestone, f"{milestone.title}, due {words.day(milestone.due, morning.today)}"),
            facts.evidence(project, f"{project.title}, {project.state}"),
        ),
        figures=(Figure(name="tasks on the milestone, open or done", value="0"),),
        looked_in=facts.looked_in(Task, source=facts.source),
        gone_when="a task on the milestone, another date, or a decision of yours",
    )


def _with_client(facts: Facts, project: Project) -> str:
    """`Acme site`: the project's title, with the client before it unless the title says it already."""
    client = facts.client_or_name(project)
    return project.title if not client or client.casefold() in project.title.casefold() else f"{client} {project.title}"


def _earlier(facts: Facts, milestone: Milestone, project: Project) -> tuple[str, ...]:
    """How many tasks the project's earlier milestones had: says whether none is unusual here."""
    assert milestone.due is not None
    earlier = {
        other.ref.id
        for other in facts.here(Milestone)
        if other.project == project.ref.id and other.due is not None and other.due < milestone.due
    }
    counts = dict.fromkeys(earlier, 0)
    for task in facts.here(Task):
        if task.milestone in counts:
            counts[task.milestone] += 1
    some = sorted(number for number in counts.values() if number)
    if len(some) < 2:
        return ()
    low, high = some[0], some[-1]
    return (f"Earlier milestones had {low}." if low == high else f"Earlier milestones had {low} to {high}.",)
