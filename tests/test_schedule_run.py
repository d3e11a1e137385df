"""`briefing run --scheduled`, as a scheduler starts it every quarter of an hour: what it sends, and when it is silent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.main import get_command

from briefing.cli import run as cli_run
from briefing.cli import schedule as schedules
from briefing.cli.app import app
from briefing.deliver.run import alone
from briefing.store.ledger import Entry, Ledger
from briefing.workspace import folder_of
from tests.commandline import Run, at_home, runner

CONFIG = """
[workspace]
timezone = "Europe/Berlin"
holidays = ["2026-11-25"]
[[audience]]
name = "Maya"
emails = ["maya@harbourlane.example"]
[schedule]
time = "06:30"
days_off = ["2026-11-26"]
catch_up = "2h"
[deliver.archive]
use = "file"
folder = "editions"
forms = ["md"]
"""
MAIL = """
[deliver.mail]
use = "email"
host = "127.0.0.1"
port = 1
tls = "none"
from = "briefing@harbourlane.example"
patience = 0
"""


class Home:
    """A machine whose clock the test sets, and a scheduler that looks."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.folder, self.briefing, self.now = folder, run, datetime(2026, 11, 23, tzinfo=UTC)
        self.config = folder / "briefing.toml"
        self.config.write_text(CONFIG, encoding="utf-8")

    @property
    def data(self) -> Path:
        return folder_of(self.config)

    def look(self, at: str) -> tuple[int, str, str]:
        """At a time of Berlin's winter."""
        self.now = datetime.fromisoformat(f"{at}+01:00")
        return self.briefing("run", "--scheduled", "--config", self.config)

    def looks(self, first: str, last: str) -> list[tuple[str, int, str]]:
        """All looks from one time to another at which anything was delivered, told or not well."""
        found, at = [], datetime.fromisoformat(first)
        while at <= datetime.fromisoformat(last):
            before = self.editions()
            code, out, err = self.look(at.isoformat())
            assert out == ""  # cron would mail it
            if new := self.editions() - before:
                err += f"sent {', '.join(sorted(new))}"
            if code or err:
                found.append((f"{at:%d %H:%M}", code, err))
            at += timedelta(minutes=15)
        return found

    def editions(self) -> set[str]:
        folder = self.folder / "editions"
        return {one.stem for one in folder.iterdir()} - {"latest"} if folder.exists() else set()


COMMAND = get_command(app)
"""Built once: Typer builds the whole tree anew at each call, which is two thirds of the time of a short command."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    at_home(tmp_path, monkeypatch)
    monkeypatch.setattr("briefing.cli.app.app", COMMAND)
    made = Home(tmp_path / "work", runner(monkeypatch, capsys))
    for module in (schedules, cli_run):
        monkeypatch.setattr(module, "clock", lambda: made.now)
    return made


def test_a_week_of_looks_sends_each_edition_once_and_says_nothing(home: Home) -> None:
    """Tuesday asleep, Wednesday a holiday, Thursday a day off, then the weekend."""
    assert home.looks("2026-11-23T06:15", "2026-11-23T06:45") == [("23 06:30", 0, "sent 2026-11-23")]
    said = "not sent, and too late since 08:30. To send it all the same: briefing run"
    too_late = f"briefing: Tuesday 24 November 2026: {said}\n"
    assert home.looks("2026-11-24T08:30", "2026-11-24T09:00") == [("24 08:30", 1, too_late)]
    assert home.looks("2026-11-25T06:30", "2026-11-25T06:45") == []
    assert home.looks("2026-11-26T06:30", "2026-11-26T06:45") == []
    assert home.looks("2026-11-27T08:10", "2026-11-27T08:25") == [("27 08:10", 0, "sent 2026-11-27")]
    text = " ".join((home.folder / "editions" / "2026-11-27.md").read_text(encoding="utf-8").split())
    assert "- No edition on Tuesday 24 November. -" in text
    assert home.looks("2026-11-28T06:30", "2026-11-28T06:45") == []


def test_by_hand_it_comes_at_any_time_and_then_not_by_schedule(home: Home) -> None:
    home.now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    assert home.briefing("run", "--config", home.config)[0] == 0
    assert home.editions() == {"2026-11-23"}
    assert home.looks("2026-11-23T06:30", "2026-11-23T07:00") == []


def test_a_failure_is_told_once_a_day_and_tried_again_until_the_window_ends(home: Home) -> None:
    home.config.write_text(CONFIG + MAIL, encoding="utf-8")
    found = home.looks("2026-11-23T08:00", "2026-11-23T08:30")
    at, code, said = found[0]
    assert (at, code) == ("23 08:00", 1)
    assert "briefing: mail: not sent to maya@harbourlane.example: 127.0.0.1:1 cannot be reached" in said
    assert [(at, code) for at, code, _ in found] == [("23 08:00", 1), ("23 08:15", 1), ("23 08:30", 1)]
    assert (found[1][2], "not tried any more since 08:30: briefing status" in found[2][2]) == ("", True)
    ledger = Ledger(home.data / "ledger.sqlite", may_begin=False)
    states = [one.state for one in ledger.entries("Maya", home.now.date()) if one.channel == "mail"]
    ledger.close()
    assert states == ["deferred"] * 2
    (_, _, tomorrow), *_ = home.looks("2026-11-24T06:30", "2026-11-24T06:30")
    assert "cannot be reached" in tomorrow


def test_what_only_a_person_can_settle_is_not_well_and_not_told_again(home: Home) -> None:
    """A refused login was told by the run that met it; a scheduler sees the exit code at each look."""
    home.look("2026-11-23T06:30")
    home.config.write_text(CONFIG + MAIL, encoding="utf-8")
    ledger = Ledger(home.data / "ledger.sqlite", may_begin=False)
    refused = Entry(
        at=home.now, run="r", audience="Maya", date=home.now.date(), channel="mail",
        recipient="maya@harbourlane.example", state="refused",
    )  # fmt: skip
    ledger.record([refused])
    ledger.close()
    assert home.look("2026-11-23T06:45") == (1, "", "")
    code, _, said = home.look("2026-11-23T08:30")
    told = (
        "Monday 23 November 2026: not delivered by every channel, and not tried any more since 08:30: briefing status"
    )
    assert (code, said) == (1, f"briefing: {told}\n")
    assert home.look("2026-11-23T08:45") == (0, "", "")  # once


def test_a_configuration_that_cannot_be_read_is_told_once_a_day(home: Home) -> None:
    home.config.write_text("nonsense", encoding="utf-8")
    codes = [home.look(f"2026-11-23T{at}")[0::2] for at in ("03:00", "03:15", "06:30")]
    assert [code for code, _ in codes] == [2, 2, 2]
    assert [bool(err) for _, err in codes] == [True, False, False]
    assert "it is not TOML" in codes[0][1]
    assert "it is not TOML" in home.look("2026-11-24T03:00")[2]


def test_another_run_at_work_is_no_news_until_it_takes_too_long(home: Home) -> None:
    with alone(home.data):
        assert home.look("2026-11-23T06:45") == (75, "", "")
        code, _, err = home.look("2026-11-23T08:29")
        assert (code, err) == (75, "")
    home.config.write_text(CONFIG.replace('"2h"', '"6h"'), encoding="utf-8")
    with alone(home.data):
        code, _, err = home.look("2026-11-23T08:45")
        assert code == 75
        assert "another `briefing run` is at work here" in err
        assert home.look("2026-11-23T09:00") == (75, "", "")
    assert home.look("2026-11-23T09:15") == (0, "", "")
    assert home.editions() == {"2026-11-23"}


def test_a_clock_that_lost_its_date_sends_nothing(home: Home) -> None:
    home.look("2026-11-23T06:30")
    code, _, err = home.look("2020-01-02T06:30")
    assert (code, home.editions()) == (1, {"2026-11-23"})
    assert "The clock shows Thursday 2 January 2020, which is before the last edition" in err


def test_a_ledger_that_cannot_be_read_stops_it_and_is_told_once(home: Home) -> None:
    home.look("2026-11-23T06:30")
    (home.data / "ledger.sqlite").write_bytes(b"nonsense")
    code, _, err = home.look("2026-11-24T06:30")
    assert (code, home.editions()) == (1, {"2026-11-23"})
    assert "nothing is sent by itself until you say how to go on" in err
    assert home.look("2026-11-24T06:45") == (1, "", "")


def test_each_look_leaves_its_time(home: Home) -> None:
    home.look("2026-11-28T06:15")
    kept = home.data / "scheduled.json"
    assert json.loads(kept.read_text())["looked"] == "2026-11-28T06:15:00+01:00"
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_text("[nonsense")
    assert home.look("2026-11-28T06:30") == (0, "", "")
    assert json.loads(kept.read_text())["looked"] == "2026-11-28T06:30:00+01:00"


def test_status_says_when_the_next_is_due_where_a_schedule_looks(home: Home) -> None:
    home.now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    home.briefing("run", "--config", home.config)
    assert "The next is" not in home.briefing("status", "--config", home.config)[1]
    home.look("2026-11-23T06:30")
    out = home.briefing("status", "--config", home.config)[1]
    assert out.splitlines()[-1] == "The next is due on Tuesday 24 November 2026 at 06:30."
    home.now += timedelta(days=3)
    out = home.briefing("status", "--config", home.config)[1]
    assert out.splitlines()[-1] == "No schedule has looked for 3 days: briefing schedule"


def test_scheduled_stands_alone(home: Home) -> None:
    for more in ("--dry-run", "--resend", "--skip-today", "archive"):
        code, _, err = home.briefing("run", "--scheduled", more, "--config", home.config)
        assert code == 2
        assert "--scheduled stands alone" in " ".join(err.split())
