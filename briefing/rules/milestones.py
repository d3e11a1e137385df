"""Rules about milestones: is this one ready for its date, and was it kept."""

from __future__ import annotations

from collections.abc import Iterator

from briefing import words
from briefing.facts import Milestone, Project, Task
from briefing.items import Figure, Item, Stake
from briefing.morning import Morning
from briefing.rules import Need, rule
from briefing.rules.view import Facts, Limits
from briefing.rules.work import Tree, distance, fee_sentence, is_running, project_key, with_client

STAGES = ("unassigned", "no-tasks", "overdue")


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
    for milestone in facts.here(Milestone):
        below = tree.below(milestone)
        spoken_for = any(child.ref.id in near for child in below)
        finished = bool(below) and not any(child.state == "open" for child in below)
        if milestone.ref.id in near and not spoken_for and not finished:
            yield _without_tasks(facts, morning, milestone, projects[milestone.project], tree)


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
        headline=f"{name}: {milestone.title} is {distance(milestone.due, morning)} with no tasks assigned.",
        line=f"{name}: {milestone.title} due {when}, no tasks.",
        body=(*_earlier(facts, milestone, tree), *fee_sentence(project)),
        ask="who takes it?",
        owner=milestone.manager or project.manager,
        stake=Stake(key=project_key(project)),
        urgency="date",
        deadline=milestone.due,
        short=milestone.title,
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
