"""The scorecards: readable, judged by tier, complete for every connector, and true as far as a machine can tell."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import re
import subprocess
import sys
import typing
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, distribution
from pathlib import Path

import pytest

from briefing.cli.scorecards import COLUMNS, card_in_full, cards_text
from briefing.errors import ConfigError
from briefing.quality import BY_NAME, REQUIREMENTS, TIERS, Answer, Scorecard, file_of, load, parse
from tests.commandline import Run, at_home, runner

ROOT = Path(__file__).parent.parent
CARDS = load()
ENTRIES = {
    entry.name: entry
    for entry in distribution("morning-briefing").entry_points
    if entry.group == "briefing.connectors"
}  # fmt: skip
SECRETS = re.compile(r"(token|secret|password|api_key|refresh_token)$")


# --- reading and judging -------------------------------------------------------------------------------------------


def card(**answers: Answer) -> Scorecard:
    return Scorecard(connector="x", answers={one.name: Answer(state="done") for one in REQUIREMENTS} | answers)


TODO = Answer(state="todo", why="later")


def test_the_tier_is_the_highest_below_which_nothing_is_left() -> None:
    assert card().tier == "proven"
    assert card(links_back=Answer(state="exempt", why="none to have")).tier == "proven"
    assert card(real_counterpart=TODO).tier == "complete"
    assert card(unique_ids=TODO).tier == ""
    assert card(contract=TODO, real_counterpart=TODO).tier == "true"
    assert Scorecard(connector="x", answers={}).tier == ""


def test_every_requirement_has_a_tier_and_every_tier_requirements() -> None:
    assert {one.tier for one in REQUIREMENTS} == set(TIERS)
    assert [one.tier for one in REQUIREMENTS] == sorted((one.tier for one in REQUIREMENTS), key=list(TIERS).index)
    assert len(BY_NAME) == len(REQUIREMENTS)


def test_a_file_is_read_with_all_its_problems_at_once() -> None:
    text = """
    slack = "done"
    [accelo]
    unique_ids = "done"
    unique_id = "done"
    zones_handled = "yes"
    links_back = { exempt = "" }
    marks = { todo = "all of it", exempt = "or not" }
    probe = { todo = "scopes" }
    """
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "slack", "accelo.unique_id", "accelo.zones_handled", "accelo.links_back", "accelo.marks"
    ]  # fmt: skip
    assert 'did you mean "unique_ids"?' in str(caught.value)
    with pytest.raises(ConfigError, match="not TOML"):
        parse("[accelo")
    cards = parse('[accelo]\nprobe = { todo = "scopes" }\nmarks = { exempt = "no such thing" }\nunique_ids = "done"\n')
    assert cards["accelo"].answers == {
        "probe": Answer(state="todo", why="scopes"), "marks": Answer(state="exempt", why="no such thing"),
        "unique_ids": Answer(state="done"),
    }  # fmt: skip
    assert cards["accelo"].answer("links_back") == Answer(state="todo", why="not answered")


# --- where the file lies -------------------------------------------------------------------------------------------


def test_a_package_written_elsewhere_brings_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "acme_briefing" / "inner"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('nobody imports this')", encoding="utf-8")
    (package.parent / "quality.toml").write_text('[acme]\nprobe = "done"\n', encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint(name="acme", value="acme_briefing.inner:Acme", group="briefing.connectors")
    assert file_of(entry) == package.parent / "quality.toml"
    for nowhere in ("no_such_package:X", "json:X", "sys:X"):
        assert file_of(EntryPoint(name="x", value=nowhere, group="briefing.connectors")) is None


def test_the_file_is_found_in_the_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from briefing import quality\n"
        "from importlib.metadata import entry_points\n"
        "print(quality.__file__)\n"
        "print({str(quality.file_of(e)) for e in entry_points(group='briefing.connectors') if e.dist.name == 'morning-briefing'})\n"
        "print(quality.load()['mailbox'].tier)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "installed")], capture_output=True, text=True, timeout=60, check=True,
        cwd=tmp_path,
    )  # fmt: skip
    module, files, tier = done.stdout.splitlines()
    assert module == str(tmp_path / "installed" / "briefing" / "quality.py")
    assert files == str({str(tmp_path / "installed" / "connectors" / "quality.toml")})
    assert tier == CARDS["mailbox"].tier


# --- what it prints ------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)


@pytest.fixture
def briefing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


def test_the_scorecard_is_shown_without_any_configuration(briefing: Run) -> None:
    code, out, err = briefing("sources", "--quality")
    assert (code, err) == (0, "")
    assert all(name in out for name in ENTRIES)
    assert all(len(line) <= COLUMNS for line in out.splitlines())
    code, out, _ = briefing("sources", "mailbox", "--quality")
    assert "exempt  limits_respected       asks no service" in out
    code, out, _ = briefing("sources", "mailbox", "--quality", "--json")
    (row,) = json.loads(out)
    assert (row["tier"], row["requirements"].keys()) == (CARDS["mailbox"].tier, BY_NAME.keys())
    code, _, err = briefing("sources", "mailbx", "--quality")
    assert (code, 'no connector is called "mailbx"' in err) == (2, True)


def test_long_reasons_fit() -> None:
    long = Scorecard(connector="a" * 60, answers={"probe": Answer(state="todo", why="word " * 90)})
    text = card_in_full(long) + "\n" + cards_text({"a" * 60: long})
    assert all(len(line) <= COLUMNS for line in text.splitlines())


# --- is it true? ---------------------------------------------------------------------------------------------------


def test_every_connector_has_a_scorecard_and_every_scorecard_a_connector() -> None:
    told = parse((ROOT / "connectors" / "quality.toml").read_text(encoding="utf-8"))
    assert list(told) == sorted(ENTRIES)
    assert {name: sorted(BY_NAME.keys() - card.answers.keys()) for name, card in told.items()} == {
        name: [] for name in ENTRIES
    }


there = pytest.mark.parametrize(
    "name", sorted(name for name, entry in ENTRIES.items() if (ROOT / f"{entry.module.replace('.', '/')}.py").exists())
)


def state(name: str, requirement: str) -> str:
    return CARDS[name].answer(requirement).state


@cache
def connector(name: str) -> type:
    found: type = ENTRIES[name].load()
    return found


@cache
def modules(name: str, beyond: str = "connectors") -> dict[str, ast.Module]:
    """A connector's module and, of the packages given, all that it rests on."""
    found: dict[str, ast.Module] = {}
    waiting = [ENTRIES[name].module]
    while waiting:
        module = waiting.pop()
        spec = importlib.util.find_spec(module)
        if module in found or spec is None or not spec.origin or spec.origin.endswith("__init__.py"):
            continue
        found[module] = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        waiting += [one for one in imported(found[module]) if re.match(rf"({beyond})\.", one)]
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "connectors")
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def calls(name: str, beyond: str = "connectors") -> Iterator[tuple[str, ast.Call]]:
    """Every call by the last part of what is called."""
    for tree in modules(name, beyond).values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func
                yield called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", ""), node


@cache
def under_contract() -> frozenset[str]:
    """Modules of connectors that a test file with a class on ConnectorContract imports."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        bases = {ast.unparse(base) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for base in node.bases}
        if "ConnectorContract" in bases:
            found |= set(imported(tree))
    return frozenset(found)


@there
def test_contract(name: str) -> None:
    tested = ENTRIES[name].module in under_contract()
    assert state(name, "contract") in ({"done", "todo"} if tested else {"exempt", "todo"})
    if state(name, "contract") == "exempt":
        assert "briefing.http" not in {one for tree in modules(name).values() for one in imported(tree)}


@there
def test_kinds_named(name: str) -> None:
    kinds: frozenset[type] = getattr(connector(name), "kinds", frozenset())
    assert (state(name, "kinds_named") == "done") <= (isinstance(kinds, frozenset) and bool(kinds))


WRITES = frozenset({"write_text", "write_bytes", "unlink", "rmtree", "mkdir", "touch", "rename", "symlink_to", "chmod"})
OTHER_WAYS = frozenset(
    {"smtplib", "requests", "urllib.request", "http.client", "subprocess", "httpx", "urllib3", "ftplib"}
)


@there
def test_reads_only(name: str) -> None:
    if state(name, "reads_only") != "done":
        return
    assert not {one for tree in modules(name).values() for one in imported(tree)} & OTHER_WAYS
    for called, call in calls(name):
        assert called not in WRITES, f"{called} in line {call.lineno}"
        modes = [
            ast.literal_eval(one.value)
            for one in call.keywords
            if one.arg == "mode" and isinstance(one.value, ast.Constant)
        ]
        modes += [one.value for one in call.args if called == "open" and isinstance(one, ast.Constant)]
        assert not [mode for mode in modes if isinstance(mode, str) and set(mode) & set("wax+") and len(mode) < 4]
        if called == "select_folder":
            assert "readonly=True" in ast.unparse(call)


@there
def test_links_back(name: str) -> None:
    refs = [call for called, call in calls(name, "connectors|briefing.reading") if called == "Ref"]
    leads = any({"url", "where"} & {one.arg for one in call.keywords} or len(call.args) > 3 for call in refs)
    assert (state(name, "links_back") == "done") <= leads


@there
def test_marks(name: str) -> None:
    goes_on = any(called == "Mark" for called, _ in calls(name))
    assert state(name, "marks") in ({"done", "todo"} if goes_on else {"exempt", "todo"})


@there
def test_probe(name: str) -> None:
    offers = callable(getattr(connector(name), "probe", None))
    assert state(name, "probe") in ({"done", "todo"} if offers else {"exempt", "todo"})


@there
def test_credentials_and_secrets(name: str) -> None:
    takes = [one for one in inspect.signature(connector(name)).parameters if SECRETS.search(one)]
    tried = {"probe", "login"} & set(dir(connector(name)))
    for requirement in ("credentials_checked", "secrets_kept"):
        assert (state(name, requirement) == "exempt") <= (not takes), takes
    assert (state(name, "credentials_checked") == "done") <= bool(tried)


@there
def test_limits_and_pages(name: str) -> None:
    asks = "briefing.http" in {one for tree in modules(name).values() for one in imported(tree)}
    assert (state(name, "limits_respected") == "exempt") <= (not asks)


@there
def test_amounts_have_currency(name: str) -> None:
    kinds: frozenset[type] = getattr(connector(name), "kinds", frozenset())
    money = {
        kind.__name__
        for kind in kinds
        for field, hint in typing.get_type_hints(kind).items()
        if "Money" in str(hint) or field in {"currency", "unit"}
    }
    assert (state(name, "amounts_have_currency") == "exempt") <= (not money), money


@there
def test_documented(name: str) -> None:
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    told = re.search(rf'use = "{name}"|`{name}`', pages)
    assert (state(name, "documented") == "done") <= bool(told)


@there
def test_in_the_demo(name: str) -> None:
    from briefing.demo.files import SOURCES
    from briefing.demo.live import REPLACES

    uses = set(re.findall(r'use = "(\w+)"', "\n".join(SOURCES))) | {use for _, use, _ in REPLACES.values()}
    assert state(name, "in_the_demo") in ({"done", "todo"} if name in uses else {"exempt", "todo"})
