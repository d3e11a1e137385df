"""The command line as a user meets it: files dropped, wrong files, pipes, past days, why."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path

import pytest

from tests.commandline import Run, at_home, runner

PROJECTS = """Project ID,Project,Client,Status,Manager,Start date,Due date,Budget,Currency
p1,Acme site,Acme,Active,Janine,2026-09-01,2026-12-18,36000,USD
p2,Quill relaunch,Quill,Active,Priya,2026-09-01,2026-12-18,12000,USD
"""
MILESTONES = """Milestone ID,Milestone,Project ID,Due date,Status
m1,Launch,p1,2026-11-24,Open
m2,Kick-off,p2,2026-11-23,Open
"""
TASKS = """Task ID,Task,Project ID,Milestone ID,Assignee,Due date,Status
t1,Invite,p2,m2,Tom,2026-11-20,Open
"""
LAUNCH = "Acme site: Launch is 3 workdays out (Tuesday) with no tasks assigned."


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)


@pytest.fixture
def briefing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    for name, text in (("projects.csv", PROJECTS), ("milestones.csv", MILESTONES), ("tasks.csv", TASKS)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_try_finds_the_first_sentence(briefing: Run, files: Path) -> None:
    code, out, err = briefing("try", files, "--date", "2026-11-19")
    assert code == 0, err
    assert LAUNCH in out
    assert "Kick-off" not in out
    assert "Time zone Europe/Berlin, this machine's." in out
    assert "briefing why" in err


def test_without_tasks_nothing_is_said_of_tasks(briefing: Run, files: Path) -> None:
    (files / "tasks.csv").unlink()
    code, out, _ = briefing("try", files, "--date", "2026-11-19")
    assert code == 0
    assert "no tasks" not in out


def test_tasks_read_in_part_say_nothing_absent_and_are_a_gap(briefing: Run, files: Path) -> None:
    with (files / "tasks.csv").open("a", encoding="utf-8") as file:
        file.write("t2,Draw,p1,m1,Tom,the day after,Open\nt3,Write,p2,m2,Tom,2026-11-20,Open\n")
    code, out, _ = briefing("try", files, "--date", "2026-11-19")
    assert code == 0
    assert "no tasks assigned" not in out
    assert re.search(r"1 row not read \(tasks.csv:3: .*the day after", " ".join(out.split()))
    assert re.search(r"Nothing is said today about [^.]*milestones without tasks", " ".join(out.split()))
    assert "Nothing needs you" not in out


def test_why_leads_to_file_and_row(briefing: Run, files: Path) -> None:
    briefing("try", files, "--date", "2026-11-19")
    _, out, _ = briefing("show", "--run", "try", "--format", "json")
    document = json.loads(out)
    for item in document["items"]:
        code, out, err = briefing("why", item["id"], "--run", "try")
        assert code == 0, err
        assert item["headline"].split(":")[0] in out
    launch = next(item for item in document["items"] if item["rule"] == "milestone-no-tasks")
    _, out, _ = briefing("why", launch["id"], "--run", "try")
    assert "milestones.csv:2" in out
    assert "tasks.csv" in out


def test_why_not(briefing: Run, files: Path) -> None:
    briefing("try", files, "--date", "2026-11-19")
    _, out, _ = briefing("why", "--not", "Quill", "--run", "try")
    assert "milestone-no-tasks: ran; its conditions do not hold here" in out
    _, out, _ = briefing("why", "--not", "milestone-no-tasks", "--run", "try")
    assert "Ran on projects and found 1 item." in out
    _, out, _ = briefing("why", "--not", "Unheard of", "--run", "try")
    assert "No fact of any source read names it. Looked in: " in out


def test_the_same_run_gives_the_same_bytes_in_all_forms(briefing: Run, files: Path) -> None:
    briefing("try", files, "--date", "2026-11-19")
    for form in ("terminal", "md", "html", "text", "json"):
        first = briefing("show", "--run", "try", "--format", form)
        assert first == briefing("show", "--run", "try", "--format", form)
        assert "Launch is 3 workdays out" in " ".join(first[1].split())


def test_the_form_follows_the_files_name(briefing: Run, files: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    code, out, err = briefing("try", files, "--date", "2026-11-19", "--output", page)
    assert (code, out, err) == (0, "", "")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert oct(page.stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["why", "zzzz"], "no briefing.toml here"),
        ([], "no briefing.toml here"),
        (["show", "--run", "try"], 'there is no run "try"'),
        (["show", "--run", "nothing"], 'there is no run "nothing"'),
        (["try", "nothing.csv"], "nothing.csv"),
        (["rules", "milestone-no-task"], "did you mean milestone-no-tasks?"),
        (["try", ".", "--date", "yesterday"], '"yesterday" is not a date'),
        (["try", ".", "--tz", "Mars/Olympus"], '"Mars/Olympus" is not a time zone'),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_what_is_asked_wrongly_is_one_clear_line_and_exit_2(briefing: Run, arguments: list[str], message: str) -> None:
    code, out, err = briefing(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_an_unknown_id_and_an_ambiguous_one(briefing: Run, files: Path) -> None:
    briefing("try", files, "--date", "2026-11-19")
    code, _, err = briefing("why", "0000", "--run", "try")
    assert (code, 'no item has the id "0000"' in err) == (2, True)


def test_no_stream_whole_is_exit_1(briefing: Run, files: Path) -> None:
    cut = (files / "tasks.csv").read_text(encoding="utf-8").rstrip()[:-12] + '"'
    for name in ("projects.csv", "milestones.csv"):
        (files / name).unlink()
    (files / "tasks.csv").write_text(cut, encoding="utf-8")
    code, out, err = briefing("try", files, "--date", "2026-11-19")
    assert code == 1
    assert "tasks.csv is cut" in " ".join(out.split())
    assert "why" not in err


def test_files_that_nobody_reads_are_named(briefing: Run, files: Path) -> None:
    (files / "notes.txt").write_text("call Dana", encoding="utf-8")
    (files / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    code, out, err = briefing("try", files, "--date", "2026-11-19")
    assert code == 0
    assert "not recognised, not read: logo.png and notes.txt" in err
    assert "Not recognised and not read: logo.png and notes.txt." in " ".join(out.split())


def test_hostile_names_stay_text(briefing: Run, files: Path) -> None:
    hostile = "[/red] <script>alert(1)</script> \x1b]0;owned\x07\u202e"
    text = MILESTONES.replace("Launch", f'"{hostile}"')
    (files / "milestones.csv").write_text(text, encoding="utf-8")
    code, _, err = briefing("try", files, "--date", "2026-11-19")
    assert code == 0, err
    for form in ("terminal", "md", "html", "text", "json"):
        _, out, _ = briefing("show", "--run", "try", "--format", form)
        assert "\x1b" not in out
        assert "\u202e" not in out
        if form == "html":
            assert "<script" not in out


CONFIG = """
[workspace]
name = "Harbour Lane"
timezone = "Europe/Berlin"
[sources.work]
use = "projects_csv"
projects = "projects.csv"
milestones = "milestones.csv"
tasks = "tasks.csv"
"""


def test_a_configured_workspace_is_collected_shown_and_explained(briefing: Run, files: Path) -> None:
    (files / "briefing.toml").write_text(CONFIG, encoding="utf-8")
    code, out, err = briefing("--config", files / "briefing.toml")
    assert code == 0, err
    assert "Harbour Lane" in out
    code, out, _ = briefing("sources", "--config", files / "briefing.toml", "--json")
    assert {row["status"] for row in json.loads(out)} == {"whole"}
    assert sum(row["rows"] for row in json.loads(out)) == 5
    code, out, _ = briefing("collect", "--config", files / "briefing.toml")
    assert (code, "5 facts in" in out) == (0, True)
    code, out, _ = briefing("config", files / "briefing.toml")
    assert (code, "1 source, 0 clients, time zone Europe/Berlin." in out) == (0, True)


def test_a_source_that_is_gone_is_a_gap_and_the_rest_stands(briefing: Run, files: Path) -> None:
    (files / "briefing.toml").write_text(CONFIG, encoding="utf-8")
    (files / "tasks.csv").unlink()
    code, out, _ = briefing("--config", files / "briefing.toml")
    assert code == 0
    assert "no tasks" not in out
    assert "tasks.csv" in out
    assert "Nothing needs you" not in out


def test_old_files_are_old(briefing: Run, files: Path) -> None:
    (files / "briefing.toml").write_text(CONFIG, encoding="utf-8")
    old = time.time() - 3 * 24 * 3600
    os.utime(files / "tasks.csv", (old, old))
    _, out, _ = briefing("--config", files / "briefing.toml")
    told = " ".join(out.split())
    assert "Work is from" in told
    assert "3 days ago (limit 26 h)" in told
    assert "no tasks assigned" not in told


def test_a_past_day_is_compiled_from_what_was_known_then(briefing: Run, files: Path) -> None:
    (files / "briefing.toml").write_text(CONFIG, encoding="utf-8")
    briefing("--config", files / "briefing.toml")
    today = datetime.now().astimezone().date().isoformat()
    code, out, _ = briefing("show", "--config", files / "briefing.toml", "--date", today, "--format", "json")
    assert (code, json.loads(out)["date"]) == (0, today)
    code, out, _ = briefing("show", "--config", files / "briefing.toml", "--date", "2026-01-02", "--format", "json")
    assert json.loads(out)["items"] == []
    code, _, err = briefing("show", "--config", files / "briefing.toml", "--date", "2999-01-01")
    assert (code, "is not over yet" in err) == (2, True)


def test_rules_are_listed_and_explained(briefing: Run) -> None:
    _, out, _ = briefing("rules")
    assert "milestone-no-tasks  (days = 5)" in out
    _, out, _ = briefing("rules", "milestone-no-tasks")
    assert "tasks, whole" in out
    _, out, _ = briefing("rules", "--json")
    assert {"name", "needs", "limits", "price"} <= json.loads(out)[0].keys()


def test_help_loads_nothing_heavy() -> None:
    """The exact list of modules that `--help` must not load."""
    heavy = ["httpx", "pydantic", "slack_sdk", "googleapiclient", "jinja2", "holidays", "sqlite3", "icalendar", "rich"]
    code = (
        "import sys\n"
        "sys.argv = ['briefing', '--help']\n"
        "from briefing.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip() == "[]"


def test_a_reader_that_closes_the_pipe_is_no_fault(files: Path) -> None:
    command = f"{sys.executable} -m briefing try {files} --date 2026-11-19 --format json | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr


def test_a_source_that_cannot_be_built_keeps_absence_from_being_said(briefing: Run, files: Path) -> None:
    viewed = (datetime.now().astimezone() - timedelta(days=9)).date().isoformat()
    text = f"Proposal,Client,Status,Viewed at,Amount,Currency\nRetainer,Acme,Viewed,{viewed},48000,USD\n"
    (files / "proposals.csv").write_text(text, encoding="utf-8")
    proposals = '[sources.proposals]\nuse = "proposals_csv"\npath = "proposals.csv"\n'
    (files / "briefing.toml").write_text(proposals, encoding="utf-8")
    _, out, _ = briefing("--config", files / "briefing.toml")
    assert "no answer" in " ".join(out.split())
    broken = '[sources.slack]\nuse = "slack_export"\npath = "slack.zip"\nchanels = "all"\n'
    (files / "briefing.toml").write_text(proposals + broken, encoding="utf-8")
    _, out, _ = briefing("--config", files / "briefing.toml", "--fresh")
    told = " ".join(out.split())
    assert "no answer" not in told
    assert "Nothing is said today about" in told
    assert "clients who wait" in told
    assert "proposals without an answer" in told


def test_the_version_is_the_installed_one(briefing: Run) -> None:
    assert briefing("--version") == (0, f"briefing {metadata.version('morning-briefing')}\n", "")
