"""The documentation is complete and true."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from briefing.config import parse
from briefing.rules import load_all

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def test_the_rules_page_is_what_the_rules_say() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from write_docs import rules_page  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    assert (DOCS / "rules.md").read_text(encoding="utf-8") == rules_page(), "run: make docs"


@pytest.mark.parametrize("name", sorted(load_all()))
def test_a_rule_explains_itself(name: str) -> None:
    rule = load_all()[name]
    first = rule.doc.partition("\n")[0]
    assert first.endswith("."), f"{name}: its docstring begins with a sentence"


def test_the_example_configuration_is_valid() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    settings = parse(tomllib.loads(example))
    sections = type(settings).model_fields
    missing = [name for name in sections if name not in example]
    assert missing == []


def test_every_command_of_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`briefing ([a-z]+)", readme)) - {"toml"}
    done = subprocess.run(
        [sys.executable, "-m", "briefing", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    known = set(re.findall(r"^\s+([a-z]+)  ", done.stdout, re.MULTILINE))
    assert told <= known
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", readme)) <= targets


def test_architecture_names_every_module() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    own = [p.name for p in (ROOT / "briefing").iterdir() if p.suffix == ".py" and not p.name.startswith("_")]
    folders = [p.name for p in (ROOT / "briefing").iterdir() if p.is_dir() and (p / "__init__.py").exists()]
    missing = [name for name in own if name not in text] + [name for name in folders if f"briefing/{name}/" not in text]
    assert missing == []
