"""The sentences that rules print: fact, comparison, money, since when, owner, question; nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import briefing.rules

FOLDER = Path(briefing.rules.__file__).parent

REFUSED = {
    "\N{EM DASH}": "no em dashes",
    "!": "no exclamation marks",
    r"\bsignificant\w*": "a number with what is usual beside it says more",
    r"\bbecause\b": 'a coincidence is told with "after"',
    r"\bplease\b": "it describes and asks",
    r"\b(should|must|recommend\w*|consider)\b": "it does not advise",
    r"\b(might|maybe|perhaps|probably|possibly|likely)\b": 'hedging; chance is "could still be chance"',
    r"\b(just|simply|very|unfortunately|obviously)\b": "filler",
    r"\bscores?\b": "no scores",
    r"\d%": "a space before the percent sign",
}  # fmt: skip

NAMELESS = re.compile(r"\bno (answer|reply)\b(?!.* in )", re.IGNORECASE)
"""A sentence about an answer that is absent names where was looked, in the same text: `No reply in Slack`."""

ALLOWED = {
    ("sales.py", "{}: {}, no answer.{}"): "the card's next sentence names every place that was looked in",
    ("sales.py", "{}: {}, no answer{}."): "one line of a list; `briefing why` names every place that was looked in",
    ("agenda.py", "You answered maybe."): "the calendar's own word for that answer, not a hedge",
}
"""Texts that may stay as they are, with the reason."""

WRITERS = ("ad_changes", "agenda", "causes", "compile", "coverage", "page", "why_not", "why_text")
"""Modules beside the rules that write sentences of the page."""

READERS = {"asks.py", "promised.py", "turns.py"}
"""Patterns and word lists that read messages from outside; they print nothing."""


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Every string literal with its line, f-strings with `{}` for what is filled in; of docstrings only the first
    sentence of functions marked `@rule`, which `briefing rules` and `briefing why` print."""
    tree = ast.parse(source)
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            docstring = node.body[0] if node.body else None
            if isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant):
                inner.add(id(docstring.value))
            if isinstance(node, ast.FunctionDef) and any("rule" in ast.unparse(mark) for mark in node.decorator_list):
                yield node.lineno, (ast.get_docstring(node) or "").split("\n\n")[0]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            inner |= {id(part) for part in node.values}
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.lineno, node.value


def problems(name: str, source: str) -> list[str]:
    found = []
    for line, text in texts(source):
        if (name, text) in ALLOWED:
            continue
        if re.search(r"[^\W\d_]", text.replace("{}", "")):  # a cell such as `+19%` is no sentence
            found += [
                f"{name}:{line}: {why}: {text!r}"
                for pattern, why in REFUSED.items()
                if re.search(pattern, text, re.IGNORECASE)
            ]
        if NAMELESS.search(text):
            found.append(f"{name}:{line}: says nothing of where was looked: {text!r}")
    return found


def paths() -> list[Path]:
    beside = (FOLDER.parent / f"{name}.py" for name in WRITERS)
    return [*sorted(FOLDER.glob("*.py")), *(path for path in beside if path.exists())]


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.name)
def test_the_texts_of_rules(path: Path) -> None:
    if path.name in READERS:
        assert "Item(" not in path.read_text("utf-8"), "a rule's texts are read"
        return
    assert problems(path.name, path.read_text("utf-8")) == []


def test_every_exception_is_still_needed() -> None:
    said = {(path.name, text) for path in paths() for _, text in texts(path.read_text("utf-8"))}
    assert set(ALLOWED) <= said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('x = "Acme \N{EM DASH} late."', "no em dashes"),
        ('x = "Late!"', "no exclamation marks"),
        ('x = f"{name} moved significantly."', "what is usual"),
        ('x = f"{name}: down because of {edits}."', "coincidence"),
        ('x = ("One. "\n "Please look.")', "describes"),
        ('x = "You should look."', "advise"),
        ('x = "Might be late."', "hedging"),
        ('x = "Just a task."', "filler"),
        ('x = f"Score {value}."', "no scores"),
        ('x = f"{name}: 19% more."', "percent"),
        ('x = f"{name}: viewed, no answer."', "where was looked"),
        ('x = "No reply."', "where was looked"),
        ('@rule("a")\ndef f():\n    """Should be done.\n\n    More."""', "advise"),
    ],
)
def test_the_lint_sees(source: str, said: str) -> None:
    assert any(said in problem for problem in problems("some.py", source))


@pytest.mark.parametrize(
    "source",
    [
        '"""A module that should, might and must explain itself!"""',
        'def f():\n    """It should just work!"""',
        'x = 1\n"""Said of x; it must be one!"""',
        'x = f"No reply in {places}."',
        'x = f"{name}: no answer from {who} in Slack."',
        'x = "the scorecard"',
        'x = "adjusted"',
        'x = f"{value:+}%"',
        'x = "19 % more"',
        '@rule("a")\ndef f():\n    """A task is late.\n\n    It must be open!"""',
    ],
)
def test_the_lint_lets_pass(source: str) -> None:
    assert problems("some.py", source) == []
