"""What `briefing sources new NAME` writes: a package with a connector that works, for a service that does not exist.

Its contract test is green from the first minute; the author puts the real service in the place of the invented one,
address by address and field by field, and keeps it green.
"""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from briefing.errors import UsageError

NAME = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*"


def write_skeleton(name: str, folder: Path) -> list[Path]:
    """Write the package `briefing-NAME` into a folder; the files that were written, in the order to read them.

    Raises UsageError for a name that no module can have, and where something is there already: nothing is overwritten.
    """
    if not re.fullmatch(NAME, name) or len(name) > 40:
        raise UsageError(
            f'"{name[:40]}" cannot be the name of a connector',
            advice="take small letters, digits and single underscores, beginning with a letter: acme_tickets",
        )
    target = folder / f"briefing-{name.replace('_', '-')}"
    if target.exists():
        raise UsageError(f"{target} is there already", advice="remove it, or take another name")
    from briefing.quality import FILE_NAME, REQUIREMENTS

    words = {
        "name": name, "dashed": name.replace("_", "-"), "upper": name.upper(),
        "cls": "".join(part.capitalize() for part in name.split("_")), "title": name.replace("_", " ").capitalize(),
    }  # fmt: skip
    written = []
    card = [f"# What each of these means: briefing sources --quality {name}", "", f"[{name}]"]
    card += [f'{one.name} = {{ todo = "not looked at yet" }}  # {one.says}' for one in REQUIREMENTS]
    files = {**FILES, f"briefing_$name/{FILE_NAME}": "\n".join(card) + "\n", "pyproject.toml": PACKAGE}
    for path, text in files.items():
        file = target / Template(path).substitute(words)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(text).substitute(words), encoding="utf-8")
        written.append(file)
    return written


CONNECTOR = '''\
"""Tasks of $title.

    [sources.$name]
    use = "$name"
    token = "env:${upper}_TOKEN"

The token lies where the reference says, never in the configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from briefing.connector import Mark, Skipped, Stream, Window
from briefing.errors import BadAnswer
from briefing.facts import Fact, Party, Person, Ref, Task, WorkState
from briefing.http import Bearer, Client
from briefing.reading.text import NAME, SUBJECT, clean

# The vendor's words and ours; a state that is not here makes its row Skipped, and is never guessed.
STATES: Mapping[str, WorkState] = {"open": "open", "done": "done"}


class $cls:
    """One account. The parameters are the settings of `[sources.NAME]`; a secret arrives as its text."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Task})

    def __init__(self, *, source: str, token: str, base_url: str = "https://api.$dashed.example") -> None:
        self._source = source
        self._client = Client(base_url, source=source, vendor="$title", credential=Bearer(token))

    def streams(self, window: Window) -> Sequence[Stream]:
        """What is had together or not at all; nothing is asked for yet."""
        return [Stream(kinds=frozenset({Task}), read=self._tasks, scope="tasks", place="$title")]

    def _tasks(self, window: Window, mark: Mark | None) -> Iterator[Fact | Skipped]:
        for row in self._rows("/v1/tasks"):
            try:
                yield self._task(row)
            except (KeyError, TypeError, ValueError) as problem:
                found = row.get("id") if isinstance(row, dict) else None
                yield Skipped(f"task {clean(str(found), NAME)}", clean(f"cannot be read: {problem!r}", SUBJECT))

    def _rows(self, path: str) -> Iterator[Any]:
        """The rows of all pages, one page at a time."""
        paging, cursor = self._client.paging(path), None
        while True:
            page = self._client.json(path, {"cursor": cursor})
            rows, cursor = (page.get("items"), page.get("next", "")) if isinstance(page, dict) else (None, "")
            if not isinstance(rows, list) or not (cursor is None or (isinstance(cursor, str) and cursor)):
                raise BadAnswer(f"{path}: a page without items, or without a word on the next one")
            paging.page(cursor=cursor, rows=[str(row) for row in rows])
            yield from rows
            if cursor is None:
                return

    def _task(self, row: Mapping[str, Any]) -> Task:
        due, assignee = row["due"], row["assignee"]
        return Task(
            ref=Ref(source=self._source, kind="task", id=text(row["id"]), url=clean(text(row["url"]))),
            party=Party(name=clean(text(row["client"]), NAME)),
            title=clean(text(row["title"]), SUBJECT),
            state=STATES[row["state"]],
            due=None if due is None else date.fromisoformat(due),
            assignee=None if assignee is None else Person(name=clean(text(assignee), NAME)),
        )


def text(value: object) -> str:
    """A text that is there. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"a text is missing, there is {type(value).__name__}")
    return value
'''

TEST = '''\
"""$title keeps the contract: the fault pack is inherited, the service is played by `site`."""

from __future__ import annotations

from typing import Any

from briefing.connector import Connector
from briefing.loopback import Reply, Request, Site, json_reply
from briefing.testing import ConnectorContract
from briefing_$name import $cls


def task(number: int, **other: Any) -> dict[str, Any]:
    """A row as the vendor's documentation shows it."""
    row = {
        "id": f"t{number}", "title": f"Task {number}", "client": "Acme", "state": "open", "due": "2026-11-24",
        "assignee": "Ann", "url": f"https://app.$dashed.example/t/{number}",
    }
    return {**row, **other}


# The first row shows what must not get lost: a state that is not the usual one.
TASKS = [task(1, state="done"), task(2, assignee=None), task(3, due=None), task(4)]


class Test$cls(ConnectorContract):
    pages = r"^GET /v1/tasks"
    nullable = frozenset({"next", "due", "assignee"})
    essential = frozenset({"state", "assignee", "due"})

    def site(self) -> Site:
        """The service when all is well, with two pages."""

        def answer(request: Request) -> Reply:
            if request.headers.get("authorization") != f"Bearer {self.canary}":
                return json_reply({"error": "unauthorized"}, status=401)
            if request.path != "/v1/tasks":
                return json_reply({"error": "not found"}, status=404)
            if request.param("cursor") == "p2":
                return json_reply({"items": TASKS[2:], "next": None})
            return json_reply({"items": TASKS[:2], "next": "p2"})

        return answer

    def build(self, base_url: str) -> Connector:
        """The connector on that service, with the canary as its secret."""
        return $cls(source=self.source, base_url=base_url, token=self.canary)
'''

PACKAGE = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "briefing-$dashed"
version = "0.1.0"
description = "$title in the morning briefing"
requires-python = ">=3.11"
dependencies = ["morning-briefing"]

[project.optional-dependencies]
dev = ["pytest>=8.3"]

[project.entry-points."briefing.connectors"]
$name = "briefing_$name:$cls"

[tool.hatch.build.targets.wheel]
packages = ["briefing_$name"]
"""

FILES = {
    "briefing_$name/__init__.py": CONNECTOR,
    "tests/test_$name.py": TEST,
}
"""Path below the package's folder, and contents, both as templates."""
