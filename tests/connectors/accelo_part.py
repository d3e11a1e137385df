"""The demo's Accelo with a few projects only: quick enough to be read some hundred times."""

from __future__ import annotations

from collections.abc import Mapping

from briefing.demo.server.accelo_query import Link, Row
from briefing.demo.server.accelo_rows import Table
from briefing.demo.world import World
from tests.connectors.accelo_wire import MORNING
from tests.worlds import world_of

PAGE, TASKS, EACH = 12, 37, 14
"""Pages of twelve rows, so that few projects have a list of several; at least so many tasks, about so many of each
project.
"""


def world() -> World:
    """The agency of all these tests."""
    return world_of(1, MORNING)


def part_of(tables: Mapping[str, Table]) -> Mapping[str, Table]:
    """The tables with a few running projects, everything that lies in them, and whom that names."""
    of: dict[str, list[Row]] = {
        str(row["id"]): [] for row in tables["jobs"].rows if row["standing"] in {"active", "pending", "setup"}
    }
    for row in tables["tasks"].rows:
        if str(row["child_of_job"]) in of:
            of[str(row["child_of_job"])].append(row)
    jobs: dict[str, Row] = {}
    tasks: list[Row] = []
    for number, own in sorted(of.items(), key=lambda pair: abs(len(pair[1]) - EACH)):
        if len(tasks) < TASKS:
            jobs[number] = tables["jobs"].by_id[number]
            tasks += own
    milestones = [row for row in tables["milestones"].rows if isinstance(row["job"], Link) and row["job"].id in jobs]
    cells = [row.get(name) for row in (*jobs.values(), *milestones, *tasks) for name in ("manager", "assignee")]
    named = {cell.id for cell in cells if isinstance(cell, Link)}
    reader = world().people.reader.email
    staff = [row for row in tables["staff"].rows if row["id"] in named or row["email"] == reader]
    kept = {"jobs": list(jobs.values()), "milestones": milestones, "tasks": tasks, "staff": staff}
    return {name: Table(table.spec, kept.get(name, table.rows)) for name, table in tables.items()}
