"""Rules about whole projects: past their date, without work, without a manager, without movement.

The first three stages of the matter `project` are told once each morning, the worst alone: a project past its date
is not told as one that rests, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from briefing import words
from briefing.facts import Meeting, Message, Milestone, Project, Ref, Staff, Task
from briefing.items import Factor, Figure, Item, Stake
from briefing.morning import Morning
from briefing.reading.text import folded
from briefing.rules import Need, rule
from briefing.rules.view import Facts, Limits
from briefing.rules.work import Left, Tree, fee_sentence, project_key, running, was_due, who, with_client

STAGES = ("stale", "no-tasks", "overdue")

TICK = Decimal("0.2")
"""Part of the price of a project that has only to be closed. A setting."""

NEAR = 5
"""Days in which a milestone without tasks is told as that (`milestone-no-tasks`), and its project not besides."""

REST = 10
"""Workdays without activity that are told beside something worse."""

LEAVERS = 3
"""So many projects of one who has left are one item. No threshold to configure: each project is told once."""


@dataclass(frozen=True)
class _Works:
    """Projects that run, with what is in each."""

    facts: Facts
    morning: Morning

    @cached_property
    def projects(self) -> Mapping[str, Project]:
        """Those that run, by id."""
        return running(self.facts, self.morning.today)

    @cached_property
    def tree(self) -> Tree:
        """Milestones and their tasks."""
        return Tree(self.facts)

    @cached_property
    def tasks(self) -> Mapping[str, Sequence[Task]]:
        """Tasks of every project, its milestones' among them; under the empty id those of nobody knows which."""
        found: dict[str, list[Task]] = defaultdict(list)
        for task in self.facts.here(Task):
            found[self.tree.project_of(task)].append(task)
        return found

    @cached_property
    def milestones(self) -> Mapping[str, Sequence[Milestone]]:
        """Milestones of every project."""
        found: dict[str, list[Milestone]] = defaultdict(list)
        for milestone in self.facts.here(Milestone):
            found[milestone.project].append(milestone)
        return found

    @property
    def counted(self) -> bool:
        """Whether every task is known, and whose it is."""
        return self.facts.whole(Task, source=self.facts.source) and not any(
            task.milestone for task in self.tasks.get("", ())
        )

    def open_tasks(self, project: Project) -> Sequence[Task]:
        """A project's open tasks, but those on a milestone that is stopped."""
        return [
            task
            for task in self.tasks.get(project.ref.id, ())
            if task.state == "open" and (task.milestone not in self.tree.milestones or self._on_open(task))
        ]

    def _on_open(self, task: Task) -> bool:
        milestone = self.tree.milestones[task.milestone]
        return milestone.state == "open" and not self.tree.is_stopped_above(milestone)

    def open_milestones(self, project: Project) -> Sequence[Milestone]:
        """A project's open milestones that are no container and not stopped from above."""
        return [
            one
            for one in self.milestones.get(project.ref.id, ())
            if one.state == "open" and not self.tree.children.get(one.ref.id) and not self.tree.is_stopped_above(one)
        ]

    def all_done(self, project: Project) -> bool:
        """Whether there were tasks and milestones, or one of both, and each is done."""
        states = {task.state for task in self.tasks.get(project.ref.id, ())}
        states |= {milestone.state for milestone in self.milestones.get(project.ref.id, ())}
        return bool(states) and states <= {"done", "cancelled"} and "done" in states

    def late_by(self, project: Project) -> int:
        """Workdays since its date; 0 or less where it is not past."""
        return 0 if project.due is None else -self.morning.workdays_to(project.due)

    def is_between_phases(self, project: Project) -> bool:
        """Whether every milestone that is left begins later."""
        ahead = self.open_milestones(project)
        return bool(ahead) and all(one.starts is not None and one.starts > self.morning.today for one in ahead)

    @cached_property
    def without_work(self) -> Mapping[str, date | None]:
        """Running projects in which nothing is to do, with the day since when that is known.

        Not those past their date, between two phases, or with a paused task; nor where a milestone is told for it.
        None at all where fewer than half of the running projects have a task: tasks are not kept there.
        """
        having = sum(1 for id_ in self.projects if self.tasks.get(id_))
        if not self.counted or having * 2 < len(self.projects) or not having:
            return {}
        found: dict[str, date | None] = {}
        for id_, project in self.projects.items():
            busy = any(task.state in {"open", "paused"} for task in self.tasks.get(id_, ()))
            if busy or self.late_by(project) > 0 or self.is_between_phases(project) or self._told_by_milestone(project):
                continue
            ended = [task.done_at for task in self.tasks.get(id_, ()) if task.done_at is not None]
            found[id_] = max([*([project.starts] if project.starts else []), *ended], default=None)
        return found

    def _told_by_milestone(self, project: Project) -> bool:
        today = self.morning.today
        return any(
            self.tree.late(one, today)
            or (one.due is not None and 0 <= (one.due - today).days <= NEAR and not self.tree.tasks_below(one))
            for one in self.open_milestones(project)
        )

    @cached_property
    def _shows_rest(self) -> bool:
        """Whether nothing that moved may be missing: each list was read whole. A source may keep no milestones."""
        here = self.facts.source
        steps = any(one.source == here and Milestone.kind in one.kinds for one in self.facts.readings)
        lists = (Project, Task, Milestone) if steps else (Project, Task)
        return all(self.facts.whole(kind, source=here) for kind in lists)

    def rests_since(self, project: Project) -> date | None:
        """The last day of movement: logged activity, a task or milestone done, its start; None where not known."""
        if project.last_activity is None or not self._shows_rest:
            return None
        ended = [task.done_at for task in self.tasks.get(project.ref.id, ())]
        ended += [milestone.done_at for milestone in self.milestones.get(project.ref.id, ())]
        done = [day for day in ended if day is not None and day <= self.morning.today]
        starts = [project.starts] if project.starts else []
        return max([self.morning.date_of(project.last_activity), *done, *starts])

    def resting(self, project: Project) -> int:
        """Workdays without movement; 0 where that is not known."""
        since = self.rests_since(project)
        return 0 if since is None else -self.morning.workdays_to(since)


# --- past its date --------------------------------------------------------------------------------------------------


@rule(
    "project-overdue",
    matter="project",
    stages=STAGES,
    needs=(Need(Project), Need(Task, optional=True), Need(Milestone, optional=True)),
    price=40,
    limits={"workdays": 1},
)
def project_overdue(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A running project is past its date.

    From the first workday after it on. Says what is open where that was read whole; one that has only to be closed
    comes far down.
    """
    works = _Works(facts, morning)
    for project in works.projects.values():
        least = limits.number("workdays", client=facts.client(project), type=project.type)
        if project.due is not None and works.late_by(project) >= least:
            yield _overdue(works, project, project.due)


def _overdue(works: _Works, project: Project, due: date) -> Item:
    facts, morning = works.facts, works.morning
    name, text = with_client(facts, project), _left_open(works, project)
    finished = works.counted and works.all_done(project)
    rests = works.rests_since(project) if works.resting(project) >= REST else None
    return Item(
        rule="project-overdue",
        matter="project",
        stage="overdue",
        about=project.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{name}: the project {was_due(due, morning)}{f'; {text[0]}' if text else ''}.",
        line=f"{name}: project was due {words.day(due, morning.today)}{f', {text[1]}' if text else ''}.",
        body=(
            *((f"No activity in {_place(facts)} since {words.day(rests, morning.today)}.",) if rests else ()),
            *fee_sentence(project),
        ),
        ask="close it or keep it open?" if finished else "finish it or move the date?",
        owner=project.manager,
        since=due,
        stake=Stake(key=project_key(project)),
        likelihood=Factor(name="nothing open in it", value=TICK, kind="setting", source="it has only to be closed")
        if finished
        else None,
        urgency="date",
        deadline=due,
        measure=Decimal(len(works.open_tasks(project))) if works.counted else None,
        short="project end",
        evidence=(facts.evidence(project, f"{project.title}, due {words.dated_day(due, morning.today)}"),),
        looked_in=facts.looked_in(Task, Milestone, source=facts.source) if text else (),
        gone_when="the project done or paused, another date, or a decision of yours",
    )


def _left_open(works: _Works, project: Project) -> tuple[str, str] | None:
    """What is open in a project, for a sentence and for a line: milestones, else tasks; None where it is not known.

    Every open milestone counts, as a person counts them in the source, those above and below another among them.

    A late milestone stands on the same card with its own tasks, so these are not counted here besides.
    """
    milestones = [one for one in works.milestones.get(project.ref.id, ()) if one.state == "open"]
    tasks = works.open_tasks(project)
    if milestones and works.facts.whole(Milestone, source=works.facts.source):
        many = len(milestones)
        return f"{words.count(many, 'milestone is', 'milestones are')} open", words.count(many, "open milestone")
    if not works.counted:
        return None
    if tasks:
        many = len(tasks)
        return f"{words.count(many, 'task is', 'tasks are')} open", words.count(many, "open task")
    if works.all_done(project) and works.tasks.get(project.ref.id):
        return "its tasks are all done", "tasks all done"
    if any(task.state == "open" for task in works.tasks.get(project.ref.id, ())):
        return None
    return "no task is open", "no open task"


def _place(facts: Facts) -> str:
    """The project list, which was read whole, as a sentence calls it."""
    return words.listed(facts.looked_in(Project, source=facts.source))


# --- without work ---------------------------------------------------------------------------------------------------


@rule(
    "project-no-tasks",
    matter="project",
    stages=STAGES,
    needs=(Need(Project), Need(Task, whole=True), Need(Milestone, optional=True)),
    price=90,
    share="0.25",
    limits={"workdays": 3},
)
def project_no_tasks(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A running project has no open task: all are done and it is not closed, or it never had one.

    From three workdays after its start or its last task on; of a project that never had a task and says no start,
    nothing. Silent where a late or near milestone is told for it, between two phases, on projects past their date, and
    in a source where fewer than half of the running projects have tasks.
    """
    works = _Works(facts, morning)
    for id_, since in works.without_work.items():
        project = works.projects[id_]
        done = any(task.state == "done" for task in works.tasks.get(id_, ()))
        young = since is not None and -morning.workdays_to(since) < limits.number(
            "workdays", client=facts.client(project), type=project.type
        )
        if not young and (done or project.starts is not None):
            yield _idle(works, project, since, done=done)


def _idle(works: _Works, project: Project, since: date | None, *, done: bool) -> Item:
    facts, morning = works.facts, works.morning
    name, place = with_client(facts, project), words.listed(facts.looked_in(Task, source=facts.source))
    when = words.day(since, morning.today) if since else ""
    last = [task.done_at for task in works.tasks.get(project.ref.id, ()) if task.done_at is not None]
    if done:
        ended = f", the last one on {words.dated_day(max(last), morning.today)}" if last else ""
        text, short = f"its tasks are all done{ended}, and the project is open", "tasks all done, project open"
    else:
        text, short = f"planned from {when} without a task, open or done, in {place}", f"planned from {when}, no tasks"
    return Item(
        rule="project-no-tasks",
        matter="project",
        stage="no-tasks",
        about=project.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{name}: {text}.",
        line=f"{name}: {short}.",
        body=fee_sentence(project),
        ask="close it or what is next?" if done else "who plans it?",
        owner=project.manager,
        since=since,
        stake=Stake(key=project_key(project)),
        likelihood=Factor(name="nothing open in it", value=TICK, kind="setting", source="it has only to be closed")
        if done
        else None,
        short="no tasks",
        evidence=(facts.evidence(project, f"{project.title}, {project.state}"),),
        figures=(Figure(name="open tasks of the project and its milestones", value="0"),),
        looked_in=facts.looked_in(Task, source=facts.source),
        gone_when="an open task, the project done or paused, or a decision of yours",
    )


# --- without a manager ----------------------------------------------------------------------------------------------


@rule(
    "project-no-manager",
    matter="project manager",
    stages=("no-manager",),
    needs=(Need(Project), Need(Staff, optional=True)),
    price=90,
    share="0.25",
)
def project_no_manager(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A running project has no manager, or one who is no longer active.

    Three or more projects of one who has left are one item. Silent in a source that names no manager at all, and on
    managers who are away: only a list of staff says that somebody has left.
    """
    projects, left = running(facts, morning.today), Left(facts)
    if not any(project.manager for project in facts.here(Project)):
        return
    of_leaver: dict[str, list[Project]] = defaultdict(list)
    for project in projects.values():
        if project.manager is None:
            yield _unmanaged(facts, project, "")
        elif left(project.manager):
            of_leaver[who(facts, project.manager)].append(project)
    for key, group in sorted(of_leaver.items()):
        name = facts.name(group[0].manager)
        if len(group) >= LEAVERS:
            yield _of_leaver(facts, key, name, group)
        else:
            yield from (_unmanaged(facts, project, name) for project in group)


def _unmanaged(facts: Facts, project: Project, gone: str) -> Item:
    name = with_client(facts, project)
    return Item(
        rule="project-no-manager",
        matter="project manager",
        stage="no-manager",
        about=project.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{name}: the manager, {gone}, is no longer active."
        if gone
        else f"{name}: the project has no manager.",
        line=f"{name}: manager {gone} no longer active." if gone else f"{name}: no manager.",
        body=fee_sentence(project),
        ask="who takes it?",
        stake=Stake(key=project_key(project)),
        short="no manager",
        unowned=True,
        evidence=(facts.evidence(project, f"{project.title}, manager {gone or 'not set'}"),),
        looked_in=facts.looked_in(Staff if gone else Project),
        gone_when="a manager who is active, the project done or paused, or a decision of yours",
    )


def _of_leaver(facts: Facts, key: str, name: str, group: Sequence[Project]) -> Item:
    titles = words.some([with_client(facts, project) for project in group], 3)
    sentence = f"{name} is no longer active and manages {words.count(len(group), 'project')}."
    return Item(
        rule="project-no-manager",
        matter="project manager",
        stage="no-manager",
        about=Ref(source=facts.source, kind="person", id=key, where=group[0].ref.where),
        headline=sentence,
        line=sentence,
        body=(f"They are {titles}.",),
        ask="who takes them?",
        measure=Decimal(len(group)),
        short="no manager",
        unowned=True,
        evidence=tuple(facts.evidence(project, f"{project.title}, manager {name}") for project in group),
        looked_in=facts.looked_in(Staff),
        gone_when=f"fewer than {LEAVERS} running projects with this manager, or a decision of yours",
    )


# --- without movement -----------------------------------------------------------------------------------------------


@rule(
    "project-stale",
    matter="project",
    stages=STAGES,
    needs=(
        Need(Project, whole=True),
        Need(Task, whole=True),
        Need(Milestone, optional=True),
        Need(Message, whole=True, every_source=True),
        Need(Meeting, every_source=True, optional=True),
    ),
    price=80,
    share="0.25",
    limits={"workdays": 10},
)
def project_stale(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A running project has seen no activity for ten workdays.

    Only where the source says when the last was, and no task or milestone was done since. A message or meeting that
    names the project is movement, and any with a client who has no other running project. Silent between two phases,
    on projects past their date or without work, which is told, and where milestones were not read whole.
    """
    works = _Works(facts, morning)
    movement = _Movement(works)
    for id_, project in works.projects.items():
        least = limits.number("workdays", client=facts.client(project), type=project.type)
        since, days = works.rests_since(project), works.resting(project)
        if since is None or days < least or works.late_by(project) > 0 or id_ in works.without_work:
            continue
        if not works.is_between_phases(project) and not movement.since(project, since):
            yield _stale(works, project, since, days)


class _Movement:
    """Messages and meetings that may be about a project."""

    def __init__(self, works: _Works) -> None:
        self._works, facts, now = works, works.facts, works.morning.now
        self._said: list[tuple[date, str, str]] = [
            (works.morning.date_of(one.at), facts.client(one) or facts.directory.client_of_person(one.author),
             folded(f"{one.subject} {one.place} {one.excerpt}"))
            for one in facts.of(Message)
            if not one.automated and one.at <= now
        ]  # fmt: skip
        for meeting in facts.of(Meeting):
            if not meeting.cancelled and meeting.ends <= now:
                clients = {facts.directory.client_of_person(guest.person) for guest in meeting.guests}
                day = works.morning.date_of(meeting.starts)
                self._said += [(day, client, folded(meeting.title)) for client in clients or {""}]
        self._running: dict[str, int] = defaultdict(int)
        for project in works.projects.values():
            self._running[facts.client(project)] += 1

    def since(self, project: Project, day: date) -> bool:
        """Whether one was, after a day, that names the project or is of a client with no other."""
        client = self._works.facts.client(project)
        names = {folded(project.title), folded(with_client(self._works.facts, project))} - {""}
        only = bool(client) and self._running[client] == 1
        return any(
            (only and whose == client) or _names(text, names, mine=whose in {"", client})
            for when, whose, text in self._said
            if when > day
        )


def _names(text: str, names: Iterable[str], *, mine: bool) -> bool:
    """Whether a text of this client or of nobody known has a project's name in it."""
    return mine and any(name in text for name in names)


def _stale(works: _Works, project: Project, since: date, days: int) -> Item:
    facts, morning = works.facts, works.morning
    tasks = works.open_tasks(project)
    late = [task for task in tasks if task.due is not None and task.due < morning.today]
    sentence = f"{with_client(facts, project)}: no activity in {_place(facts)} for {words.workdays(days)}"
    return Item(
        rule="project-stale",
        matter="project",
        stage="stale",
        about=project.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{sentence}, since {words.dated_day(since, morning.today)}.",
        line=f"{sentence}.",
        body=(
            *((f"{words.count(len(tasks), 'task is', 'tasks are')} open in it.",) if tasks else ()),
            *fee_sentence(project),
        ),
        ask="go on with it or pause it?",
        owner=project.manager,
        since=since,
        stake=Stake(key=project_key(project)),
        measure=Decimal(len(late)),
        short="no activity",
        evidence=(facts.evidence(project, f"{project.title}, last activity {words.dated_day(since, morning.today)}"),),
        figures=(Figure(name="overdue tasks in it", value=str(len(late))),),
        looked_in=(*facts.looked_in(Project, Task, source=facts.source), *facts.looked_in(Message)),
        gone_when="activity, the project done or paused, or a decision of yours",
    )
