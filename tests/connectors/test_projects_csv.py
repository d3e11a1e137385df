"""Projects, milestones and tasks from CSV: references, states, what is asked."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from briefing.connector import Ignored, Sample
from briefing.errors import FileProblem
from briefing.facts import Milestone, Money, Party, Person, Project, Task
from connectors.projects_csv import ProjectsCsv, recognise
from tests.connectors.reading import NOW, Read, read, recognised, window, write

PROJECTS = """Project ID,Project,Client,Status,Manager,Manager email,Start date,Due date,Fee,Type,Link
P1,Acme site,Acme,Active,Janine,janine@us.example,2026-09-01,2026-12-01,"$36,000.00",Web,https://tool.example/p/1
P2,Website,Beta,On hold,Tom,,,,,,javascript:alert(1)
P3,Website,Gamma,In progress,,,,,,,
"""
MILESTONES = """Milestone ID,Milestone,Project ID,Due,Status,Completed on,Parent
M1,Launch,P1,2026-11-24,Pending,,
M2,Design,P1,2026-10-01,Complete,2026-10-02,
M3,Page,P1,2026-11-20,Active,,M1
"""
TASKS = """Task,Project,Milestone,Assignee,Due,Status,Remaining (min)
Draw,Acme site,Design,Tom,2026-09-20,Done,0
Write,Acme site,Launch,Ann <ann@us.example>; Bob,2026-11-20,To do,90
Call,P1,,,,Open,
"""

MAPPING = 'write states = { "Waiting" = ... } with one of open, done, paused, inactive, cancelled'


def source(folder: Path, **settings: Any) -> ProjectsCsv:
    """A connector; texts become files, everything else is a setting."""
    files: dict[str, Any] = {
        name: write(folder / f"{name}.csv", settings.pop(name))
        for name in ("projects", "milestones", "tasks")
        if name in settings
    }
    return ProjectsCsv(source="work", **files, **settings)


def test_the_hours_of_a_project(tmp_path: Path) -> None:
    """In hours or in minutes; a plan of none is none, and fewer than none are not left."""
    text = """Project,Status,Planned hours,Hours used (min),Hours left
A,Active,120,6360,34 h
B,Active,0,,-3
C,Active,,0,
"""
    found = read(source(tmp_path, projects=text), "projects")
    assert [(f.hours_planned, f.hours_used, f.hours_left) for f in found.facts if isinstance(f, Project)] == [
        (Decimal(120), Decimal(106), Decimal(34)), (None, None, None), (None, Decimal(0), None),
    ]  # fmt: skip


def tasks(folder: Path, text: str, **settings: Any) -> Read:
    return read(source(folder, projects=PROJECTS, milestones=MILESTONES, tasks=text, **settings), "tasks")


def test_a_whole_set_of_files(tmp_path: Path) -> None:
    connector = source(tmp_path, projects=PROJECTS, milestones=MILESTONES, tasks=TASKS)
    assert [(stream.scope, stream.place, stream.as_of) for stream in connector.streams(window())] == [
        ("projects", "projects.csv", NOW), ("milestones", "milestones.csv", NOW), ("tasks", "tasks.csv", NOW),
    ]  # fmt: skip
    first, second, third = read(connector, "projects").facts
    assert isinstance(first, Project)
    assert (first.title, first.state, first.party) == ("Acme site", "open", Party(name="Acme"))
    assert first.manager == Person(name="Janine", email="janine@us.example")
    assert first.budget == Money(amount=Decimal("36000.00"), currency="USD")
    assert (first.starts, first.due, first.type) == (date(2026, 9, 1), date(2026, 12, 1), "Web")
    assert (first.ref.id, first.ref.url, first.ref.where) == ("P1", "https://tool.example/p/1", "projects.csv:2")
    assert isinstance(second, Project)
    assert (second.state, second.ref.url, second.budget, third.ref.id) == ("paused", "", None, "P3")


def test_milestones_belong_to_projects_and_to_each_other(tmp_path: Path) -> None:
    found = read(source(tmp_path, projects=PROJECTS, milestones=MILESTONES), "milestones")
    assert [
        (m.ref.id, m.project, m.parent, m.state, m.done_at) for m in found.facts if isinstance(m, Milestone)
    ] == [
        ("M1", "P1", "", "open", None),
        ("M2", "P1", "", "done", date(2026, 10, 2)),
        ("M3", "P1", "M1", "open", None),
    ]  # fmt: skip


def test_tasks_find_project_and_milestone_by_name(tmp_path: Path) -> None:
    found = tasks(tmp_path, TASKS)
    assert not found.skipped
    draw, write_, call = (task for task in found.facts if isinstance(task, Task))
    assert (draw.project, draw.milestone, draw.state) == ("P1", "M2", "done")
    assert (write_.milestone, write_.assignee, write_.remaining) == (
        "M1", Person(name="Ann", email="ann@us.example"), Decimal("1.5"),
    )  # fmt: skip
    assert (call.project, call.milestone, call.assignee) == ("P1", "", None)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("X,Acme site,Lunch,,,Open,", 'tasks.csv:2 milestone "Lunch" is not in milestones.csv'),
        ("X,Acme,,,,Open,", 'tasks.csv:2 project "Acme" is not in projects.csv'),
        ("X,Website,,,,Open,", 'tasks.csv:2 project "Website" is 2 projects in projects.csv'),
        ("X,P2,M1,,,Open,", 'tasks.csv:2 milestone "M1" is of another project in milestones.csv'),
        ("X,P2,Launch,,,Open,", 'tasks.csv:2 milestone "Launch" is not in milestones.csv'),
        (",Acme site,,,,Open,", "tasks.csv:2 it has no title"),
        ("X,Acme site,,,soon,Open,", 'column "Due" holds no dates'),
        ("X,Acme site,,,,Waiting,", f'tasks.csv:2 state "Waiting" is not known: {MAPPING}'),
    ],
)
def test_what_cannot_be_resolved_costs_its_row(tmp_path: Path, row: str, why: str) -> None:
    text = TASKS.splitlines()[0] + "\n" + row + "\n"
    if "holds no" in why:
        with pytest.raises(FileProblem, match=why):
            tasks(tmp_path, text)
    else:
        assert tasks(tmp_path, text).whys == [why]


def test_a_client_tells_projects_of_one_name_apart(tmp_path: Path) -> None:
    found = tasks(tmp_path, "Task,Project,Client,Milestone,Status\nX,Website,Gamma,,Open\nY,Website,Delta,,Open\n")
    assert [task.project for task in found.facts if isinstance(task, Task)] == ["P3"]
    assert found.whys == ['tasks.csv:3 project "Website" is not in projects.csv']


def test_a_milestone_gives_its_project(tmp_path: Path) -> None:
    (task,) = tasks(tmp_path, "Task,Milestone,Status\nX,Launch,Open\n").facts
    assert isinstance(task, Task)
    assert (task.project, task.milestone) == ("P1", "M1")


def test_a_project_whose_row_cannot_be_read_is_still_found(tmp_path: Path) -> None:
    broken = PROJECTS.replace("On hold", "Somehow")
    connector = source(
        tmp_path, projects=broken, milestones=MILESTONES, tasks="Task,Project,Milestone,Status\nX,P2,,Open\n"
    )
    assert read(connector, "projects").whys[0].startswith('projects.csv:3 state "Somehow" is not known')
    assert not read(connector, "tasks").skipped


def test_states_of_ones_own_are_mapped(tmp_path: Path) -> None:
    text = "Task,Project,Milestone,Status\nX,P1,,Waiting for Client\nY,P1,,Done\n"
    found = tasks(tmp_path, text, states={"waiting for client": "paused", "Done": "open"})
    assert [task.state for task in found.facts if isinstance(task, Task)] == ["paused", "open"]
    with pytest.raises(ValueError, match='states: "asleep" is none of open, done, paused, inactive, cancelled'):
        source(tmp_path, tasks=text, states={"x": "asleep"})


@pytest.mark.parametrize(
    ("cells", "state", "done_at"),
    [("yes", "done", None), ("no", "open", None), ("2026-11-02", "done", date(2026, 11, 2)), ("", "open", None)],
)
def test_a_column_that_says_when_it_was_done_stands_for_states(
    tmp_path: Path, cells: str, state: str, done_at: date | None
) -> None:
    (task,) = read(source(tmp_path, tasks=f"Task,Completed\nX,{cells}\n"), "tasks").facts
    assert isinstance(task, Task)
    assert (task.state, task.done_at) == (state, done_at)


def test_tasks_beside_milestones_must_say_which(tmp_path: Path) -> None:
    """Without that column every milestone would seem to have no tasks."""
    with pytest.raises(FileProblem, match="it has no column for milestone or milestone id") as problem:
        tasks(tmp_path, "Task,Project,Phase,Status\nX,P1,Launch,Open\n")
    assert problem.value.advice == 'under [sources.work] write columns.tasks = { milestone = "Phase" }'


def test_states_must_be_there_or_be_given_up(tmp_path: Path) -> None:
    text = "Task,Assignee\nX,Tom\n"
    with pytest.raises(FileProblem, match="no column for state or done"):
        read(source(tmp_path, tasks=text), "tasks")
    (task,) = read(source(tmp_path, tasks=text, columns={"tasks": {"state": ""}}), "tasks").facts
    assert isinstance(task, Task)
    assert task.state == "open"


def test_ids_come_from_names_where_there_are_none(tmp_path: Path) -> None:
    connector = source(
        tmp_path,
        projects="Project,Client,Status\nSite,ACME GmbH,Active\n",
        milestones="Milestone,Project,Due,Status\nPost,Site,2026-11-01,Done\nPost,Site,2026-12-01,Open\n",
        tasks="Task,Project,Milestone,Due,Assignee,Status\nDraw,site,,,Tom,Open\nDraw,Site,,,Ann,Open\nDraw,SITE,,,Ann,Open\n",
    )
    assert [fact.ref.id for fact in read(connector, "projects").facts] == ["acme gmbh | site"]
    assert [fact.ref.id for fact in read(connector, "milestones").facts] == [
        "acme gmbh | site | post | 2026 11 01", "acme gmbh | site | post | 2026 12 01",
    ]  # fmt: skip
    found = read(connector, "tasks")
    assert [fact.ref.id for fact in found.facts] == ["acme gmbh | site | draw | tom", "acme gmbh | site | draw | ann"]
    assert found.whys == ["tasks.csv:4 the same task as in line 3, with other contents"]


def test_equal_rows_count_once(tmp_path: Path) -> None:
    found = read(source(tmp_path, tasks="Task,Status\nX,Open\nX,Open\n"), "tasks")
    assert (len(found.facts), found.ignored) == (1, [Ignored(1, "repeated rows")])


def test_one_missing_file_costs_its_stream(tmp_path: Path) -> None:
    connector = ProjectsCsv(source="work", projects=write(tmp_path / "p.csv", PROJECTS), tasks=str(tmp_path / "t.csv"))
    assert len(connector.streams(window())) == 2
    assert len(read(connector, "projects").facts) == 3
    with pytest.raises(FileProblem, match=r"t\.csv does not exist"):
        read(connector, "tasks")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "one of projects, milestones, tasks must name a file"),
        ({"tasks": "x", "columns": {"due": "Due"}}, "columns.due: write columns.projects"),
        ({"tasks": "x", "columns": {"tasks": {"dew": "Due"}}}, "columns.tasks.dew: no such field"),
    ],
)
def test_settings_that_cannot_be_meant(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        ProjectsCsv(source="work", **settings)


@pytest.mark.parametrize(
    ("name", "headings", "setting"),
    [
        ("a.csv", "Project,Client,Status,Manager,Due date", "projects"),
        ("a.csv", "Project name;Customer;State;Deadline", "projects"),
        ("a.csv", "Milestone,Project,Due,Status", "milestones"),
        ("a.csv", "Task,Project,Milestone,Assignee,Due,Status", "tasks"),
        ("a.csv", "Title,Project,Milestone,Assignee,Due,Status", "tasks"),
        ("tasks.csv", "Name,Project,Owner,Due,Status", "tasks"),
        ("milestones.csv", "Name,Project,Owner,Due,Status", "milestones"),
        ("a.tsv", "Project\tStatus\tDue", "projects"),
        ("a.csv", "Name,Status", None),
        ("a.csv", "Deal name,Stage,Amount,Close date", None),
        ("a.xlsx", "Project,Status", None),
        ("a.json", "Project,Status", None),
    ],
)
def test_files_are_recognised_by_their_headings(tmp_path: Path, name: str, headings: str, setting: str | None) -> None:
    found = recognised(recognise, tmp_path / name, headings + "\n")
    assert (found.setting if found else None) == setting
    if found:
        assert not found.ask
        assert found.sure >= 0.7
        assert not found.settings


@pytest.mark.parametrize(
    ("name", "head", "told"),
    [
        ("a.csv", b"", "a.csv is empty: export it again"),
        ("a.csv", b"%PDF-1.7", "a.csv is a PDF, not a table of text: save it as CSV and name that file"),
        ("a.xlsx", b"PK\x03\x04 xl/workbook.xml", "a.xlsx is an Excel workbook, which is not read: save it as CSV"),
        ("a.csv", "Project,Status\n".encode("utf-16-le"), "a.csv has zero bytes"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_told(tmp_path: Path, name: str, head: bytes, told: str) -> None:
    found = recognise(Sample(path=tmp_path / name, head=head))
    assert found is not None
    assert found.ask.startswith(told)
    assert found.sure < 0.1
    assert recognise(Sample(path=tmp_path / "photo.png", head=b"\x89PNG")) is None
    assert recognise(Sample(path=tmp_path / "folder.csv", head=b"", names=("a",))) is None


def test_a_file_that_nearly_fits_is_asked(tmp_path: Path) -> None:
    found = recognised(recognise, tmp_path / "p.csv", "Project,Kunde,Projektstatus\nSite,Acme,Aktiv\n")
    assert found is not None
    assert found.sure < 0.7
    assert found.ask.endswith(
        '[sources.projects]\nuse = "projects_csv"\nprojects = "p.csv"\ncolumns.projects = { state = "Projektstatus" }'
    )
