"""Projects, milestones and tasks from CSV exports: up to three files, each with its own stream.

Milestones and tasks name their project by id or by name, tasks their milestone by id or by project and name. A
reference that resolves to nothing costs its row: a task whose milestone is not known could be on any of them, and then
"no tasks" would be unsafe. Headings are plain words; states are plain English and those of Accelo (accelo.md section
8.13).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from briefing.connector import Ignored, Mark, Recognition, Sample, Skipped, Stream, Window
from briefing.facts import Fact, Milestone, Project, Task, WorkState
from briefing.reading.cells import BadCell, Row
from briefing.reading.forms import Form, column
from briefing.reading.recognising import recognise_table
from briefing.reading.states import States
from briefing.reading.table_settings import MAX_MB, TableSettings
from briefing.reading.tables import Table, facts, natural_key, open_table, table_stream
from briefing.reading.text import SUBJECT, clean, folded

STATE_WORDS: Mapping[WorkState, str] = {
    "open": "open,active,in progress,in work,ongoing,pending,started,not started,new,to do,todo,doing,planned,"
    "scheduled,accepted,assigned,submitted,current,running,live,in review,review,on track,at risk,behind,late,"
    "overdue,delayed,blocked,backlog",
    "done": "done,complete,completed,closed,finished,delivered,resolved",
    "paused": "paused,on hold,hold,suspended,parked",
    "inactive": "inactive,archived,template",
    "cancelled": "cancelled,canceled,abandoned,dropped,won't do",
}

_URL = column("url", "text", "url, link, web link, project url, project link, task url, task link, milestone url")
_DUE = column(
    "due",
    "date",
    "due, due date, due on, date due, deadline",
    loose="end, ends, end date, date end, finish, finish date",
)
_STARTS = column("starts", "date", "start, starts, start date, starts on, date started, begin, begins, begin date")
_DONE = column(
    "done", "done", "completed, completed on, completed at, date completed, done, done on, done at, finished on"
)
_CLIENT = column(
    "client",
    "text",
    "client, client name, customer, customer name",
    loose="company, company name, account, account name",
)
_PROJECT = column("project", "text", "project, project name, project title, job, job name")
_HOURS = "h hr hrs hour hours min mins minute minutes"
_PROJECT_ID = column(
    "project_id",
    "text",
    "project id, project number, project no, project key, project code, job id, job number, job no",
)

PROJECTS = Form(
    name="projects",
    prefixes=("project",),
    key="title",
    needs=(("title",), ("state",)),
    fields=(
        column("title", "text", ",".join(_PROJECT.headings), loose="name, title"),
        column("id", "text", ",".join(_PROJECT_ID.headings), loose="id, number, key"),
        _CLIENT,
        column("state", "text", "status, state, project status, project state, job status, standing"),
        column(
            "manager", "text",
            "manager, project manager, job manager, pm, project lead, project owner",
            loose="owner, lead, responsible",
        ),
        column("manager_email", "text", "manager email, project manager email, owner email"),
        _STARTS,
        _DUE,
        column(
            "budget", "money",
            "budget, fee, project fee, project budget, total budget, project value, contract value, budget amount",
            loose="value, amount, price",
        ),
        column("used", "money", "used, spent, budget used, budget spent, amount used, amount spent"),
        column(
            "hours_planned", "number",
            "planned hours, hours planned, budgeted hours, budget hours, hours budgeted, hours budget, "
            "estimated hours, hours estimated, sold hours, hours sold",
            units=_HOURS,
        ),
        column(
            "hours_used", "number",
            "used hours, hours used, logged hours, hours logged, actual hours, hours spent, tracked hours, "
            "hours tracked, worked hours, hours worked",
            units=_HOURS,
        ),
        column("hours_left", "number", "remaining hours, hours remaining, hours left, hours to do", units=_HOURS),
        column("currency", "text", "currency, currency code"),
        column(
            "last_activity", "moment",
            "last activity, last activity date, last interaction, last interacted, date last interacted",
        ),
        column("type", "text", "type, project type, job type", loose="category, kind"),
        _URL,
    ),
    telling=frozenset({"title"}),
    unless=(
        "task", "task name", "task title", "milestone", "milestone name", "milestone title", "assignee", "assigned to",
        "deal name", "proposal name",
    ),
    hints=("project", "projects", "job", "jobs"),
)  # fmt: skip

MILESTONES = Form(
    name="milestones",
    prefixes=("milestone",),
    key="title",
    needs=(("title",), ("project", "project_id"), ("state", "done")),
    fields=(
        column("title", "text", "milestone, milestone name, milestone title", loose="name, title"),
        column("id", "text", "milestone id, milestone number", loose="id, number, key"),
        _PROJECT,
        _PROJECT_ID,
        column("client", "text", ",".join((*_CLIENT.headings, *_CLIENT.loose))),
        column("parent", "text", "parent, parent milestone, parent id, parent milestone id"),
        column("state", "text", "status, state, milestone status, milestone state, standing"),
        column("manager", "text", "manager, milestone manager, milestone owner", loose="owner, lead, responsible"),
        column("manager_email", "text", "manager email, owner email"),
        _STARTS,
        _DUE,
        _DONE,
        _URL,
    ),
    telling=frozenset({"title"}),
    unless=("task", "task name", "task title", "task id", "assignee", "assigned to"),
    hints=("milestone", "milestones"),
)

TASKS = Form(
    name="tasks",
    prefixes=("task",),
    key="title",
    needs=(("title",), ("state", "done")),
    fields=(
        column("title", "text", "task, task name, task title", loose="name, title, summary, subject"),
        column("id", "text", "task id, task number, task key", loose="id, number, key, issue key"),
        _PROJECT,
        _PROJECT_ID,
        column("milestone", "text", "milestone, milestone name, milestone title"),
        column("milestone_id", "text", "milestone id, milestone number"),
        column("client", "text", ",".join((*_CLIENT.headings, *_CLIENT.loose))),
        column(
            "assignee",
            "text",
            "assignee, assigned to, assignee name, assigned",
            loose="owner, task owner, responsible, resource",
        ),
        column("assignee_email", "text", "assignee email, assigned to email, owner email"),
        column("state", "text", "status, state, task status, task state, standing"),
        _DUE,
        column(
            "remaining",
            "number",
            "remaining, remaining hours, hours remaining, remaining time, time remaining, hours left",
            units=_HOURS,
        ),
        _DONE,
        _URL,
    ),
    telling=frozenset({"title", "assignee"}),
    unless=("deal name", "proposal name"),
    hints=("task", "tasks", "todo", "todos"),
)

FORMS = {"projects": PROJECTS, "milestones": MILESTONES, "tasks": TASKS}


def recognise(sample: Sample) -> Recognition | None:
    """Whether a file is a list of projects, milestones or tasks."""
    return recognise_table(sample, "projects_csv", FORMS)


class ProjectsCsv:
    """Up to three files of one project tool; at least one."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Milestone, Project, Task})

    def __init__(
        self,
        *,
        source: str,
        projects: str = "",
        milestones: str = "",
        tasks: str = "",
        columns: Mapping[str, Mapping[str, str]] | None = None,
        states: Mapping[str, str] | None = None,
        dates: str = "",
        decimal: str = "",
        currency: str = "",
        encoding: str = "",
        client: str = "",
        max_mb: int = MAX_MB,
    ) -> None:
        paths = {"projects": projects, "milestones": milestones, "tasks": tasks}
        if not any(paths.values()):
            raise ValueError("one of projects, milestones, tasks must name a file")
        for name, mapping in (columns or {}).items():
            if name not in FORMS or not isinstance(mapping, Mapping):
                raise ValueError(
                    f"columns.{name}: write columns.projects, columns.milestones or columns.tasks = {{ ... }}"
                )
        self._forms = {**FORMS, "tasks": _tasks_form(projects=bool(projects), milestones=bool(milestones))}
        self._states: States[WorkState] = States(STATE_WORDS, states)
        self._files = {
            name: TableSettings(
                source=source, path=path, table=name, columns=(columns or {}).get(name, {}), dates=dates,
                decimal=decimal, currency=currency, encoding=encoding, client=client, max_mb=max_mb,
            ).checked(self._forms[name])
            for name, path in paths.items()
            if path
        }  # fmt: skip

    def streams(self, window: Window) -> Sequence[Stream]:
        """One stream per file."""
        kinds: Mapping[str, tuple[type[Fact], Reader]] = {
            "projects": (Project, self._read_projects),
            "milestones": (Milestone, self._read_milestones),
            "tasks": (Task, self._read_tasks),
        }
        return [
            table_stream(settings, [kinds[name][0]], _stream_read(kinds[name][1]), name)
            for name, settings in self._files.items()
        ]

    def _table(self, name: str, zone: ZoneInfo) -> Table:
        return open_table(self._files[name], self._forms[name], zone)

    def _read_projects(self, zone: ZoneInfo) -> Iterator[Fact | Skipped | Ignored]:
        table = self._table("projects", zone)
        return facts(table, self._project)

    def _read_milestones(self, zone: ZoneInfo) -> Iterator[Fact | Skipped | Ignored]:
        table = self._table("milestones", zone)
        milestones = self._milestones(table, self._projects(zone))
        return facts(table, lambda row: self._milestone(row, milestones))

    def _read_tasks(self, zone: ZoneInfo) -> Iterator[Fact | Skipped | Ignored]:
        table = self._table("tasks", zone)
        projects = self._projects(zone)
        milestones = (
            self._milestones(self._table("milestones", zone), projects) if "milestones" in self._files else None
        )
        places = Places(projects, milestones)
        repeated = _repeated(table, lambda row: natural_key(*places.of(row), row.needed("title", SUBJECT)))
        return facts(table, lambda row: self._task(row, places, repeated))

    def _projects(self, zone: ZoneInfo) -> Projects | None:
        """What the projects file names, for the others to refer to; None without one."""
        if "projects" not in self._files:
            return None
        table = self._table("projects", zone)
        return Projects.of(table)

    def _milestones(self, table: Table, projects: Projects | None) -> Milestones:
        return Milestones.of(table, projects)

    def _project(self, row: Row) -> Project:
        return Project(
            ref=row.ref("project", project_id(row)),
            party=row.party(),
            title=row.needed("title", SUBJECT),
            state=self._states.read(row, "state") or "open",
            manager=row.person("manager", "manager_email"),
            starts=row.day("starts"),
            due=row.day("due"),
            budget=row.money("budget"),
            used=row.money("used"),
            hours_planned=_hours(row, "hours_planned") or None,
            hours_used=_hours(row, "hours_used"),
            hours_left=_left(row),
            last_activity=row.moment("last_activity"),
            type=row.text("type"),
        )

    def _milestone(self, row: Row, milestones: Milestones) -> Milestone:
        project = milestones.project(row)
        state, done_at = self._state(row)
        return Milestone(
            ref=row.ref("milestone", milestones.id_of(row)),
            party=row.party(),
            project=project,
            parent=milestones.find(project, row.text("parent", SUBJECT), "parent") if row.text("parent") else "",
            title=row.needed("title", SUBJECT),
            manager=row.person("manager", "manager_email"),
            starts=row.day("starts"),
            due=row.day("due"),
            state=state,
            done_at=done_at,
        )

    def _task(self, row: Row, places: Places, repeated: frozenset[str]) -> Task:
        project, milestone = places.of(row)
        title = row.needed("title", SUBJECT)
        assignee = row.person("assignee", "assignee_email")
        due = row.day("due")
        key = natural_key(project, milestone, title)
        if key in repeated:
            key = natural_key(key, str(due or ""), assignee.label if assignee else "")
        state, done_at = self._state(row)
        return Task(
            ref=row.ref("task", row.text("id", SUBJECT) or key),
            party=row.party(),
            project=project,
            milestone=milestone,
            title=title,
            assignee=assignee,
            due=due,
            remaining=_hours(row, "remaining"),
            state=state,
            done_at=done_at,
        )

    def _state(self, row: Row) -> tuple[WorkState, date | None]:
        """The state and, for what is done, since when. A column of states rules over one that says when it was done."""
        done = row.done("done")
        stated = self._states.read(row, "state")
        state: WorkState = stated or ("done" if done else "open")
        return state, done if state == "done" and isinstance(done, date) else None


Reader = Callable[[ZoneInfo], Iterable[Fact | Skipped | Ignored]]


def _stream_read(read: Reader) -> Callable[[Window, Mark | None], Iterable[Fact | Skipped | Ignored]]:
    def whole(window: Window, _: Mark | None) -> Iterable[Fact | Skipped | Ignored]:
        return read(window.zone)

    return whole


def _tasks_form(*, projects: bool, milestones: bool) -> Form:
    """Tasks beside milestones must say which milestone they are on, else each of those would seem to have none."""
    needs = list(TASKS.needs)
    if milestones:
        needs.append(("milestone", "milestone_id"))
    elif projects:
        needs.append(("project", "project_id"))
    return replace(TASKS, needs=tuple(needs))


def project_id(row: Row) -> str:
    """The id column, else client and title."""
    return row.text("id", SUBJECT) or natural_key(row.text("client"), row.needed("title", SUBJECT))


def _hours(row: Row, name: str) -> Decimal | None:
    """A column of hours, or of minutes where its heading or its cells say so."""
    hours = row.number(name)
    return hours / 60 if hours is not None and row.unit(name).startswith("min") else hours


def _left(row: Row) -> Decimal | None:
    """Hours still to do. Fewer than none is what was used beyond a plan, and says nothing of what is left."""
    hours = _hours(row, "hours_left")
    return None if hours is not None and hours < 0 else hours


def _rows(table: Table) -> Iterator[Row]:
    return (row for row in table.rows() if isinstance(row, Row))


def _repeated(table: Table, key: Callable[[Row], str]) -> frozenset[str]:
    """Natural keys that stand in the file more than once; none where there is a column of ids."""
    if table.has("id"):
        return frozenset()
    counts: Counter[str] = Counter()
    for row in _rows(table):
        try:
            counts[key(row)] += 1
        except BadCell:
            continue  # told when the row is read
    return frozenset(name for name, count in counts.items() if count > 1)


@dataclass(frozen=True)
class Projects:
    """The projects of the projects file, to be found by id or by name. Rows that cannot be read count too."""

    file: str
    ids: frozenset[str]
    named: Mapping[str, Mapping[str, str]]
    """Folded title to the ids of that title, each with its client, folded."""

    @classmethod
    def of(cls, table: Table) -> Projects:
        """Read the names of a projects file."""
        named: dict[str, dict[str, str]] = {}
        ids = set()
        for row in _rows(table):
            title = row.text("title", SUBJECT)
            if title or row.text("id", SUBJECT):
                ids.add(project_id(row))
                named.setdefault(folded(title), {})[project_id(row)] = folded(row.text("client"))
        return cls(table.file.name, frozenset(ids), named)

    def find(self, text: str, client: str, word: str) -> str:
        """The id of the project that a cell names. Raises BadCell where it names none, or several."""
        if text in self.ids:
            return text
        found = dict(self.named.get(folded(text), {}))
        if len(found) > 1 and client:
            found = {known: theirs for known, theirs in found.items() if theirs == folded(client)}
        if len(found) == 1:
            return next(iter(found))
        what = f"is {len(found)} projects" if found else "is not"
        raise BadCell(f'{word} "{clean(text, 60)}" {what} in {self.file}')


def _project_of(row: Row, projects: Projects | None) -> str:
    """The project that a milestone's or task's row names; empty where it names none."""
    for name in ("project_id", "project"):
        if text := row.text(name, SUBJECT):
            if projects is None:
                return text if name == "project_id" else natural_key(text)
            return projects.find(text, row.text("client"), row.word(name))
    return ""


@dataclass(frozen=True)
class Milestones:
    """The milestones of the milestones file, to be found by id or by project and name."""

    file: str
    projects: Projects | None
    repeated: frozenset[str]
    project_of: dict[str, str]
    """Id to project."""

    named: dict[str, set[str]]
    """Folded title to ids."""

    @classmethod
    def of(cls, table: Table, projects: Projects | None) -> Milestones:
        """Read the names of a milestones file."""
        repeated = _repeated(table, lambda row: natural_key(_project_of(row, projects), row.needed("title", SUBJECT)))
        found = cls(table.file.name, projects, repeated, {}, {})
        for row in _rows(table):
            try:
                known = found.id_of(row)
                found.project_of[known] = found.project(row)
            except BadCell:
                continue  # told when the row is read; what refers to it cannot be read either
            found.named.setdefault(folded(row.text("title", SUBJECT)), set()).add(known)
        return found

    def project(self, row: Row) -> str:
        """The project of a milestone's row."""
        if project := _project_of(row, self.projects):
            return project
        raise BadCell("it has no project")

    def id_of(self, row: Row) -> str:
        """The id of a milestone's row: the id column, else project and title, with the date where those repeat."""
        if stated := row.text("id", SUBJECT):
            return stated
        key = natural_key(self.project(row), row.needed("title", SUBJECT))
        return natural_key(key, str(row.day("due") or "")) if key in self.repeated else key

    def find(self, project: str, text: str, word: str) -> str:
        """The id of the milestone that a cell names, within a project where that is known. Raises BadCell."""
        if text in self.project_of:
            if project not in ("", self.project_of[text]):
                raise BadCell(f'{word} "{clean(text, 60)}" is of another project in {self.file}')
            return text
        ids = {known for known in self.named.get(folded(text), ()) if project in ("", self.project_of[known])}
        if len(ids) == 1:
            return ids.pop()
        what = f"is {len(ids)} milestones" if ids else "is not"
        raise BadCell(f'{word} "{clean(text, 60)}" {what} in {self.file}')


@dataclass(frozen=True)
class Places:
    """Where tasks belong."""

    projects: Projects | None
    milestones: Milestones | None

    def of(self, row: Row) -> tuple[str, str]:
        """Project and milestone of a task's row, each empty where the row names none."""
        project = _project_of(row, self.projects)
        name = next((name for name in ("milestone_id", "milestone") if row.text(name)), "")
        if not name:
            return project, ""
        text = row.text(name, SUBJECT)
        if self.milestones is None:
            return project, text if name == "milestone_id" else natural_key(project, text)
        milestone = self.milestones.find(project, text, row.word(name))
        return project or self.milestones.project_of[milestone], milestone
