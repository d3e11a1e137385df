"""What runs, what lies below what, and who has left: what the rules on delivery ask of projects and their parts.

What is not running says nothing: a paused, finished or future project, and what hangs on it, is silent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from briefing import words
from briefing.clients import person_keys
from briefing.facts import Fact, Milestone, Person, Project, Retainer, Staff, Task
from briefing.morning import Morning
from briefing.reading.text import clean, folded
from briefing.rules.view import Facts

TITLE = 60
"""Characters of a title that a headline or a line quotes. Evidence has all of it."""


def short(work: Project | Milestone | Task | Retainer) -> str:
    """A title as a headline or a line says it."""
    return clean(work.title, TITLE)


def is_running(work: Project | Milestone, today: date) -> bool:
    """Open, and begun: work that starts later is not late in having no tasks."""
    return work.state == "open" and (work.starts is None or work.starts <= today)


def running(facts: Facts, today: date) -> Mapping[str, Project]:
    """The projects of the source under judgement that run, by id."""
    return {project.ref.id: project for project in facts.here(Project) if is_running(project, today)}


def with_client(facts: Facts, project: Project) -> str:
    """`Acme site`: the project's title, with the client before it unless the title says it already."""
    return titled(facts, project, project.title)


def titled(facts: Facts, fact: Fact, title: str) -> str:
    """A title, cut, with the client of its fact before it, unless the title says it already."""
    client, title = facts.client_or_name(fact), clean(title, TITLE)
    return title if not client or client.casefold() in title.casefold() else f"{client} {title}"


def distance(due: date, morning: Morning) -> str:
    """`3 workdays out (Tuesday)`; the day alone where it is today, tomorrow, or before the next workday."""
    left, when = morning.workdays_to(due), words.day(due, morning.today)
    if left == 0 or when == "tomorrow":
        return f"due {when}"
    return f"{words.workdays(left)} out ({when})"


def was_due(due: date, morning: Morning) -> str:
    """`was due Monday, 3 workdays ago`; the day alone where it was yesterday, or no workday has passed since."""
    when, ago = words.day(due, morning.today), -morning.workdays_to(due)
    return f"was due {when}" + (f", {words.workdays(ago)} ago" if ago and when != "yesterday" else "")


def project_key(project: Project) -> str:
    """The stake key of what has no money of its own: several late things of one project are one loss."""
    return f"project:{project.ref.source}:{project.ref.id}"


def fee_sentence(project: Project) -> tuple[str, ...]:
    """The project's fee, where its source gives one above zero."""
    fee = project.budget
    return (f"Project fee {words.money(fee)}.",) if fee and fee.amount > 0 and fee.currency else ()


class Tree:
    """The milestones of the source under judgement with what lies below each, and the tasks on them."""

    def __init__(self, facts: Facts) -> None:
        self.milestones = {milestone.ref.id: milestone for milestone in facts.here(Milestone)}
        self.children: Mapping[str, list[Milestone]] = defaultdict(list)
        for milestone in self.milestones.values():
            self.children[milestone.parent].append(milestone)
        self.tasks: Mapping[str, list[Task]] = defaultdict(list)
        self.strays: set[str] = set()
        """Projects with tasks on a milestone that was not read. Where some were not, it may lie below any other."""
        complete = facts.whole(Milestone, source=facts.source)
        for task in facts.here(Task):
            self.tasks[task.milestone].append(task)
            if not complete and task.milestone and task.milestone not in self.milestones:
                self.strays.add(task.project)

    def below(self, milestone: Milestone) -> Sequence[Milestone]:
        """Everything under a milestone, each once even where the source names a circle."""
        found: dict[str, Milestone] = {}
        waiting = [milestone.ref.id]
        while waiting:
            for child in self.children.get(waiting.pop(), ()):
                if child.ref.id not in found and child.ref.id != milestone.ref.id:
                    found[child.ref.id] = child
                    waiting.append(child.ref.id)
        return tuple(found.values())

    def is_stopped_above(self, milestone: Milestone) -> bool:
        """Whether a milestone that it lies in is paused, done or cancelled."""
        seen = {milestone.ref.id}
        while (above := self.milestones.get(milestone.parent)) is not None and above.ref.id not in seen:
            if above.state != "open":
                return True
            seen.add(above.ref.id)
            milestone = above
        return False

    def tasks_below(self, milestone: Milestone) -> Sequence[Task]:
        """Tasks on a milestone and on all below it, open or done."""
        return [task for one in (milestone, *self.below(milestone)) for task in self.tasks.get(one.ref.id, ())]

    def open_tasks(self, milestone: Milestone) -> Sequence[Task]:
        """Open tasks on a milestone and on what is open below it; what hangs on a stopped one does not count."""
        return [task for task in self.tasks_below(milestone) if task.state == "open" and self._runs(task)]

    def _runs(self, task: Task) -> bool:
        milestone = self.milestones.get(task.milestone)
        return milestone is not None and milestone.state == "open" and not self.is_stopped_above(milestone)

    def may_be_incomplete(self, milestone: Milestone) -> bool:
        """Whether a task may lie below it through a milestone that was not read."""
        return milestone.project in self.strays or "" in self.strays

    def late(self, milestone: Milestone, today: date) -> bool:
        """Open, at work and past its date: told as late (`milestone-overdue`)."""
        past = milestone.due is not None and milestone.due < today
        return past and is_running(milestone, today) and not self.is_stopped_above(milestone)

    def project_of(self, task: Task) -> str:
        """The id of a task's project, by its milestone where it names none itself; empty where nobody knows."""
        milestone = self.milestones.get(task.milestone) if task.milestone else None
        return task.project or (milestone.project if milestone else "")


class Left:
    """Who is no longer active, by lists of staff that were read whole. Whom none speaks of is taken to be here."""

    def __init__(self, facts: Facts) -> None:
        self._here: set[str] = set()
        self._gone: set[str] = set()
        for staff in facts.of(Staff):
            if facts.whole(Staff, source=staff.ref.source):
                (self._here if staff.active else self._gone).update(person_keys(staff.person))

    def __call__(self, person: Person | None) -> bool:
        """Whether a person has left: by address, else by id, else by name; somebody of the same name is active."""
        if person is None:
            return False
        for key in person_keys(person):
            if key in self._here or key in self._gone:
                return key in self._gone and key not in self._here
        return False


def who(facts: Facts, person: Person) -> str:
    """A key by which a person's things are grouped: the printed name, or the surest key where two may be called so."""
    name = facts.name(person)
    known, key = facts.directory.people_by_key, f"n:{folded(name)}"
    alone = not known or known.get(key) == name
    return folded(name) if alone else next(iter(person_keys(person)), "")


def left_sentence(facts: Facts, person: Person | None, left: Left) -> tuple[str, ...]:
    """That somebody has left, where that is so."""
    return (f"{facts.name(person)} is no longer active.",) if left(person) else ()


def nobody(person: Person | None, left: Left) -> bool:
    """Whether nobody who is here has a thing."""
    return person is None or left(person)


def names_of(facts: Facts, people: Sequence[Person | None]) -> Iterator[str]:
    """What to call people, each once, in a fixed order."""
    yield from sorted({name for person in people if (name := facts.name(person))})
