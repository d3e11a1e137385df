"""How good a connector is, in words that two people would answer alike: a scorecard beside each connector's code.

`quality.toml` lies in the package that the connector comes with (ours: `connectors/`), found through the connector's
entry point, so that a package written elsewhere brings its own:

    [slack]
    pages_to_the_end = "done"
    amounts_have_currency = { exempt = "states no amounts" }
    marks = { todo = "reads thirty days of every channel each morning" }

A connector stands on the highest tier of which, and of all tiers below, nothing is left to do. The idea is that of Home
Assistant's integration quality scale; the requirements are ours.
"""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal

from briefing.errors import ConfigError

FILE_NAME = "quality.toml"

TIERS: Mapping[str, str] = {
    "true": "what it states is so, and what it does not state is told",
    "steady": "a bad morning costs its own part and nothing else",
    "complete": "links, marks, diagnostics and documentation leave nothing to ask",
    "proven": "held against what the vendor, or a program of the real world, really sends",
}
"""From the lowest to the highest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing that a connector keeps."""

    name: str
    tier: str
    says: str


def _of(tier: str, **says: str) -> tuple[Requirement, ...]:
    return tuple(Requirement(name=name, tier=tier, says=text) for name, text in says.items())


REQUIREMENTS: tuple[Requirement, ...] = (
    *_of(
        "true",
        unique_ids="ids are the vendor's own, or made of the row itself; the same thing has the same id tomorrow",
        zones_handled="times are aware; one without a zone is read in the account's or the workspace's",
        amounts_have_currency="an amount carries its currency",
        pages_to_the_end="a list is read to its last page, or the stream fails; the first page is never the whole",
        losses_told="each row that cannot be read is counted with its place and reason",
        text_cleaned="names and texts pass through briefing.reading.text.clean when they enter",
        kinds_named="it names the kinds of fact it can state, so that a refused login says what is missing",
        reads_only="it asks with reads and read scopes only, and leaves no trace: no mail is marked as read",
    ),
    *_of(
        "steady",
        contract="its test inherits ConnectorContract and is green",
        scopes_fail_alone="what may fail alone is a stream of its own",
        limits_respected="rate limits are kept: the wait that is asked for, requests at a time and a second",
        credentials_checked="a refused login names the cure, and can be tried before the morning",
        errors_say_what_to_do="each refusal that the vendor documents has a cause and a cure in words",
        secrets_kept="no secret stands in a message, in the log or in the store",
    ),
    *_of(
        "complete",
        links_back="a fact leads to a link, or to file and row",
        marks="it goes on from where the last reading ended, where the vendor offers that",
        probe="doctor is told scopes, limits and permissions",
        documented="the documentation names its settings, scopes and limits",
        in_the_demo="the demo reads the simulated agency through it",
    ),
    *_of(
        "proven",
        reference_payloads="held against sample answers or files that the vendor publishes, field by field",
        real_counterpart="tried with a real counterpart: a server, an account, or files that real programs wrote",
        large_inputs="time and memory at the largest size it is meant for are known by a test",
    ),
)
BY_NAME: Mapping[str, Requirement] = {one.name: one for one in REQUIREMENTS}

State = Literal["done", "exempt", "todo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a scorecard says of one requirement."""

    state: State
    why: str = ""
    """Why it is exempt, or what is still to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """One connector's answers. Empty: nobody has answered yet."""

    connector: str
    answers: Mapping[str, Answer]

    @property
    def tier(self) -> str:
        """The highest tier reached; empty: none."""
        reached = ""
        for tier in TIERS:
            if any(self.answer(one.name).state == "todo" for one in REQUIREMENTS if one.tier == tier):
                break
            reached = tier
        return reached

    def answer(self, requirement: str) -> Answer:
        """What is said of a requirement; what is not answered is still to do."""
        return self.answers.get(requirement, Answer(state="todo", why="not answered"))

    def count(self, state: State) -> int:
        """How many requirements are in a state."""
        return sum(self.answer(one.name).state == state for one in REQUIREMENTS)


def load() -> dict[str, Scorecard]:
    """The scorecard of every connector that is installed, by its name. Raises ConfigError for a file that cannot be
    understood.
    """
    read: dict[Path, dict[str, Scorecard]] = {}
    found = {}
    for entry in sorted(entry_points(group="briefing.connectors"), key=lambda one: one.name):
        path = file_of(entry)
        if path is not None and path not in read:
            read[path] = parse(path.read_text(encoding="utf-8"), where=str(path))
        cards = read[path] if path is not None else {}
        found[entry.name] = cards.get(entry.name, Scorecard(connector=entry.name, answers={}))
    return found


def file_of(entry: EntryPoint) -> Path | None:
    """The scorecard file in the package a connector comes with; None where there is none. Imports nothing."""
    try:
        spec = importlib.util.find_spec(entry.module.partition(".")[0])
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(folder) / FILE_NAME).is_file():
            return Path(folder) / FILE_NAME
    return None


def parse(text: str, *, where: str = FILE_NAME) -> dict[str, Scorecard]:
    """Scorecards from the text of a file. Raises ConfigError with every problem."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"it is not TOML: {error}"], where=where) from error
    problems: list[str] = []
    cards = {name: _card(name, table, problems) for name, table in tables.items()}
    if problems:
        raise ConfigError(problems, where=where)
    return cards


def _card(connector: str, table: object, problems: list[str]) -> Scorecard:
    answers: dict[str, Answer] = {}
    if not isinstance(table, Mapping):
        problems.append(f"{connector}: write a table of requirements")
        return Scorecard(connector=connector, answers=answers)
    for name, value in table.items():
        if name not in BY_NAME:
            problems.append(f"{connector}.{name}: there is no such requirement{_nearest(name, BY_NAME)}")
        elif (answer := _answer(value)) is None:
            problems.append(f'{connector}.{name}: write "done", {{ exempt = "why" }} or {{ todo = "what" }}')
        else:
            answers[name] = answer
    return Scorecard(connector=connector, answers=answers)


def _answer(value: object) -> Answer | None:
    if value == "done":
        return Answer(state="done")
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((state, why),) = value.items()
    if state not in {"exempt", "todo"} or not isinstance(why, str) or not why.strip():
        return None
    return Answer(state=state, why=why.strip())


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""
