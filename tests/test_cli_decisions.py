"""What the reader says on the command line: understood in one line, kept, folded in the next page, taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from briefing.cli import commands
from briefing.cli import decisions as cli_decisions
from briefing.cli import run as cli_run
from briefing.words_of_decision import Subject
from briefing.workspace import configured
from tests.commandline import at_home, runner
from tests.test_memory import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    at_home(tmp_path, monkeypatch)
    made = Home(tmp_path / "work", runner(monkeypatch, capsys))
    for module in (cli_run, commands, cli_decisions):
        monkeypatch.setattr(module, "clock", lambda: made.now)
    return made


def top(home: Home) -> str:
    return str(json.loads(home.says("show", "--format", "json"))["cards"][0]["id"])


def test_said_understood_folded_and_taken_back(home: Home) -> None:
    home.morning(9, 3)
    home.says("collect")
    item = top(home)  # nothing was ever delivered: it is looked up in what `show` compiles
    line = "Tom has 3 overdue tasks on 1 project."
    said = home.says("decide", item[:3], "ask Ines", "--owner", "Ines", "--by", "Friday")
    assert said == (
        f'{item} decided, Ines by Friday 13 November ("ask Ines"): {line} '
        "Back after Friday 13 November if it is still there. Take it back: briefing undo 1"
    )
    page = home.says("show")
    assert "DECIDED" in page
    assert f'{line} By you today: "ask Ines", Ines by Friday.' in page
    assert "The reading of tasks.csv is older than that." in page  # the file is older than the word
    assert home.says("why", item).startswith(f"{line[:-1]}")
    why_not = home.says("why", "--not", "Tom")
    assert f"Tom: 0 facts, 0 items in this briefing. not shown: [{item}] {line} By you today" in why_not
    assert home.says("undo") == f"{item} word 1 is taken back: {line}"
    assert "By you today" not in home.says("show")
    assert home.says("decisions") == "Nothing that was said counts; --all shows it."
    assert "(taken back)" in home.says("decisions", "--all")


def test_words_in_turn_on_a_delivered_edition(home: Home) -> None:
    home.morning(9, 3)
    home.says("run")
    item = top(home)
    home.now = datetime(2026, 11, 9, 8, 30, tzinfo=UTC)
    assert "done (" not in home.says("done", item)
    assert "snoozed until Monday 16 November or 20 % worse" in home.says(
        "snooze", item, "--until", "Monday", "--worse", "20%", "--why", "Ines is back then"
    )
    assert "snoozed until Thursday 12 November or activity" in home.says("snooze", item, "--for", "3wd", "--activity")
    assert "marked as useful" in home.says("useful", item)
    assert "marked as noise, wrong" in home.says("noise", item, "--wrong")
    assert "muted until Monday 23 November" in home.says("mute", item, "--for", "2w")
    rows = json.loads(home.says("decisions", "--json"))
    assert [(row["number"], row["word"], row["counts"]) for row in rows] == [
        (6, "muted", True), (5, "noise", True), (4, "useful", True), (3, "snoozed", True), (2, "snoozed", True),
        (1, "done", True),
    ]  # fmt: skip
    home.says("undo", item)
    home.says("undo", "2")
    left = home.says("decisions")
    assert "muted" not in left
    assert "20 % worse" not in left
    home.morning(10, 3)
    home.says("run")
    assert "Snoozed 1 (back Thursday at the latest)." in (home.folder / "editions" / "latest.md").read_text("utf-8")


def test_the_beginning_of_several_ids_of_today_names_none_though_an_older_edition_has_one_alone(
    monkeypatch: pytest.MonkeyPatch, home: Home
) -> None:
    home.morning(9, 3)
    home.says("run")
    item = top(home)
    older = Subject(id=item, key=("load", "x", "person", "tom"), rule="person-overloaded", line="Tom.")
    today = replace(older, id=f"{item[:2]}zz", key=("load", "x", "person", "ann"))
    known = iter([[older, today], [older]])
    monkeypatch.setattr(cli_decisions, "_of", lambda _: next(known))
    code, _, err = home.briefing("done", item[:2])
    assert code == 2
    assert "is the beginning of several ids" in err


REFUSED = [
    (("done", "zzzz"), 'no item has the id "zzzz"', "the ids stand at the right of each card"),
    (("snooze", "ITEM"), "until when was not said", "add --until Monday"),
    (("snooze", "ITEM", "--until", "someday"), '"someday" is no date', "write 2026-11-23, Monday"),
    (("snooze", "ITEM", "--worse", "much"), '"much" is no share from 1 % to 500 %', "write 20%"),
    (("decide", "ITEM", "x", "--by", "2026-11-01"), "Sunday 1 November is past", "write 2026-11-23"),
    (("noise", "ITEM"), "why it is noise was not said", "add --wrong or --unimportant"),
    (("mute", "ITEM", "--rule"), "has no client to mute person-overloaded for", "mute ITEM alone"),
    (("undo", "7"), 'nothing was said of an item "7"', "`briefing decisions` lists all"),
    (("undo",), "nothing was said that counts", "`briefing decisions` lists what counts"),
]


def test_refused_with_the_cure(home: Home) -> None:
    home.morning(9, 3)
    home.says("collect")
    item = top(home)
    for arguments, problem, cure in REFUSED:
        code, out, err = home.briefing(*(item if one == "ITEM" else one for one in arguments))
        assert (code, out) == (2, ""), arguments
        assert problem in err.splitlines()[0], err
        assert err.splitlines()[1].strip().startswith(cure.replace("ITEM", item)), err
        assert len(err.splitlines()) == 2, err
    assert home.says("decisions") == "Nothing was said of an item."


def test_a_ledger_that_cannot_be_read_is_told_and_nothing_is_folded(home: Home) -> None:
    home.morning(9, 3)
    home.says("run")
    home.says("done", top(home))
    (configured(home.folder / "briefing.toml").folder / "ledger.sqlite").write_bytes(b"no database" * 500)
    assert "What you said of items cannot be read: nothing is folded, snoozed or muted." in home.says("show")
    code, _, err = home.briefing("done", "k7mp")
    assert code == 1
    assert "briefing run --resend" in err
