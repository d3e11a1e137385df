"""A connector from elsewhere: built as a wheel, installed into a folder, found, and held to the contract from there.

And the package that `briefing sources new` writes, which is to pass before its author has changed a line.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from briefing.cli.skeleton import write_skeleton
from briefing.errors import UsageError

ROOT = Path(__file__).parent.parent
SAMPLE = Path(__file__).parent / "sample_package"

FIND = """
import json
from briefing.connector import declared_kinds, load
from briefing.quality import load as cards
connector = load("{name}", {{"source": "desk", "token": "secret-token", "base_url": "http://127.0.0.1:9"}})
print(json.dumps([type(connector).__name__, sorted(kind.kind for kind in declared_kinds("{name}")), cards()["{name}"].tier]))
"""


def run(*command: str, elsewhere: Path | None = None, cwd: Path | None = None) -> str:
    """What a command prints. Without network beyond this machine, with packages from elsewhere where one is named."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    if elsewhere:
        environment["PYTHONPATH"] = str(elsewhere)
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=110, env=environment, cwd=cwd, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def installed(package: Path, tmp: Path) -> Path:
    """Build a package's wheel and install it into a folder of its own."""
    pip = (sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--no-input", "--quiet")
    run(*pip, "wheel", "--no-index", "--no-build-isolation", "--no-deps", "-w", str(tmp / "dist"), str(package))
    (wheel,) = (tmp / "dist").glob("*.whl")
    run(*pip, "install", "--no-index", "--no-deps", "--target", str(tmp / "site"), str(wheel))
    return tmp / "site"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The sample package, copied and installed: where its source lies, and where it was installed."""
    tmp = tmp_path_factory.mktemp("sample")
    source = tmp / "source"
    shutil.copytree(SAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", "conftest.py"))
    yield source, installed(source, tmp)
    shutil.rmtree(tmp, ignore_errors=True)


def contract(tests: Path, elsewhere: Path) -> str:
    """The summary of a contract test that is run in its own process, from its own folder, without our settings."""
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-W", "error")
    return run(*command, str(tests), f"--rootdir={tests.parent}", elsewhere=elsewhere, cwd=tests.parent)


@pytest.mark.timeout(300)
def test_the_installed_package_keeps_the_contract(sample: tuple[Path, Path]) -> None:
    source, elsewhere = sample
    shutil.rmtree(source / "briefing_tickbird")  # only what was installed is left
    summary = contract(source / "tests", elsewhere)
    passed = re.search(r"(\d+) passed, (\d+) skipped", summary)
    assert passed, summary
    assert int(passed[1]) >= 50, summary
    assert int(passed[2]) == 2, "what it skips is that it has no login to renew or to answer nonsense"


def test_it_is_found_by_its_name(sample: tuple[Path, Path]) -> None:
    found = run(sys.executable, "-c", FIND.format(name="tickbird"), elsewhere=sample[1])
    assert json.loads(found) == ["Tickbird", ["company", "task"], "steady"]


def test_its_site_serves_with_latency(sample: tuple[Path, Path]) -> None:
    """The bench reads ten of them from a process of their own."""
    command = (sys.executable, "-m", "briefing_tickbird.site", "--latency", "0.1", "--tickets", "60")
    environment = {**os.environ, "PYTHONPATH": str(sample[1])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as server:  # fmt: skip
        assert server.stdout
        assert server.stdin
        url = server.stdout.readline().strip()
        code = (
            "import sys, time; from briefing_tickbird import Tickbird; from briefing.contract import ContractBase\n"
            f"began = time.monotonic(); tool = Tickbird(source='t', token='tickbird-token', base_url='{url}')\n"
            "window = ContractBase().window()\n"
            "print(sum(1 for stream in tool.streams(window) for _ in stream.read(window, None)))\n"
            "print(time.monotonic() - began)"
        )
        rows, seconds = run(sys.executable, "-c", code, elsewhere=sample[1]).split()
        server.stdin.close()
        server.wait(10)
    assert int(rows) == 64
    assert float(seconds) > 0.2, "three requests of 0.1 s or so"


def test_the_documentation_shows_the_package_as_it_is() -> None:
    text = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
    for file in ("briefing_tickbird/__init__.py", "tests/test_tickbird.py"):
        code = re.sub(r"  # (?:fmt: skip|type: ignore.*)$", "", (SAMPLE / file).read_text("utf-8"), flags=re.MULTILINE)
        assert f"```python\n{code}```\n" in text, f"docs/connectors.md shows another {file}"


# --- briefing sources new ------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_a_new_connector_keeps_the_contract_from_its_first_minute(tmp_path: Path) -> None:
    written = write_skeleton("acme_desk", tmp_path)
    assert [file.relative_to(tmp_path).as_posix() for file in written] == [
        "briefing-acme-desk/briefing_acme_desk/__init__.py", "briefing-acme-desk/tests/test_acme_desk.py",
        "briefing-acme-desk/briefing_acme_desk/quality.toml", "briefing-acme-desk/pyproject.toml",
    ]  # fmt: skip
    package = tmp_path / "briefing-acme-desk"
    elsewhere = installed(package, tmp_path)
    found = run(sys.executable, "-c", FIND.format(name="acme_desk"), elsewhere=elsewhere)
    assert json.loads(found) == ["AcmeDesk", ["task"], ""]
    summary = contract(package / "tests", elsewhere)
    assert re.search(r"(\d\d) passed, \d+ skipped", summary), summary


def test_a_new_connector_is_in_the_house_style(tmp_path: Path) -> None:
    package = write_skeleton("tickets", tmp_path)[-1].parent
    settings = ("--config", str(ROOT / "pyproject.toml"), "--no-cache")
    quiet = "--extend-ignore=D10,S101,INP001,I001,E501"
    run(sys.executable, "-m", "ruff", "check", *settings, quiet, str(package))
    run(sys.executable, "-m", "mypy", str(package / "briefing_tickets"), cwd=ROOT)  # with what `make lint` has learnt


@pytest.mark.parametrize("name", ["", "Acme", "7up", "a-b", "a__b", "x/../y", "é", "a" * 41])
def test_a_name_that_no_module_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the name"):
        write_skeleton(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    first = write_skeleton("tickets", tmp_path)
    first[0].write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is there already"):
        write_skeleton("tickets", tmp_path)
    assert first[0].read_text(encoding="utf-8") == "mine"
