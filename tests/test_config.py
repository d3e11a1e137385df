"""The configuration: every problem at once, each with its path and the nearest known key; secrets by reference."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest

from briefing import log, secrets
from briefing.config import parse, read
from briefing.errors import ConfigError
from briefing.facts import Money, Person

FULL = """
version = 1

[workspace]
name = "Harbour Lane"
timezone = "Europe/Berlin"
workdays = ["mon", "tue", "wed", "thu"]
hours = "08:30-17:00"
holidays = ["DE-BY", "2026-11-20"]
domains = ["harbourlane.example"]

[currency]
base = "USD"
rates = { EUR = 1.08 }
as_of = 2026-11-01

[[audience]]
name = "Maya"
emails = ["maya@harbourlane.example"]
logins = ["U024BE7LH"]

[sources.deals]
use = "deals_csv"
path = "deals.csv"

[clients."Northwind Dental"]
aliases = ["NW Dental"]
domains = ["northwind.example"]
monthly_fee = "4200 USD"

[rules.milestone-no-tasks]
days = 7
[rules.milestone-no-tasks.clients."Northwind Dental"]
days = 10

[prices]
milestone-no-tasks = 2000
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "briefing.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(write(folder, text))
    return caught.value.problems


def test_a_full_file_is_read(tmp_path: Path) -> None:
    settings = read(write(tmp_path, FULL))
    calendar = settings.calendar(2026)
    assert calendar.workdays == {0, 1, 2, 3}
    assert (calendar.opens, calendar.closes) == (time(8, 30), time(17))
    assert {date(2026, 11, 20), date(2026, 12, 25), date(2027, 1, 1)} <= calendar.holidays
    assert settings.sources["deals"].settings == {"path": "deals.csv"}
    assert settings.clients["Northwind Dental"].monthly_fee == Money(amount=Decimal(4200), currency="USD")
    assert settings.reader().is_me(Person(email="MAYA@harbourlane.example"))
    assert settings.reader().is_me(Person(id="U024BE7LH"))


def test_every_problem_is_told_at_once_with_its_path(tmp_path: Path) -> None:
    text = """
        version = 2
        [workspace]
        timezone = "Europe/Berln"
        workdys = ["mon"]
        holidays = ["DE-XX"]
        [clients.Acme]
        monthly_fee = "lots"
        [sources.deals]
        path = "deals.csv"
        [rules.milestone-no-task]
        days = 3
        [rules.milestone-no-tasks]
        day = 3
        [prices]
        nothing = 4
    """
    assert problems(tmp_path, text) == (
        "version: 2 is not known; this program reads version 1",
        'workspace.timezone: "Europe/Berln" is not a time zone; write one such as Europe/Berlin',
        'workspace.holidays: "DE-XX": DE has no part XX',
        'workspace.workdys: not a known key (did you mean "workdays"?)',
        "sources.deals.use: is missing",
        'clients.Acme.monthly_fee: write an amount and a currency, such as "4200 USD"',
        'rules.milestone-no-task: there is no such rule (did you mean "milestone-no-tasks"?)',
        'rules.milestone-no-tasks.day: not a threshold of this rule (did you mean "days"?)',
        "prices.nothing: there is no such rule",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = [", "it is not TOML: Invalid value (at end of document)"),
        ("[workspace]\nhours = '18-9'", 'workspace.hours: write working hours such as "09:00-18:00"'),
        ("[workspace]\nhours = '18:00-09:00'", "workspace.hours: the day must open before it closes"),
        ("[workspace]\nworkdays = ['t']", 'workspace.workdays: "t" is not a weekday'),
        ("[rules.milestone-no-tasks]\ndays = 'five'", "rules.milestone-no-tasks.days: write a number"),
        ("[rules.milestone-no-tasks]\nenabled = 1", "rules.milestone-no-tasks.enabled: write true or false"),
    ],
)
def test_one_problem(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == (problem,)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[schedule]\ncatch_up = 6", 'schedule.catch_up: write it in quotes, such as "6h"'),
        ("[sources.a]\nuse = 3", "sources.a.use: write it in quotes"),
        ('version = "1"', "version: write 1, without quotes"),
        ('deliver.mail = "x"', "deliver.mail: write a table: [deliver.mail], with its keys below it"),
        ('deliver = "x"', "deliver: write a table: [deliver.NAME], with its keys below it"),
        ('workspace = "x"', "workspace: write a table: [workspace], with its keys below it"),
        ('[audience]\nname = "Maya"', "audience: write a table: [[audience]], with its keys below it"),
        ('audience = ["Maya"]', "audience.1: write a table: [[audience]], with its keys below it"),
        ("[clients.Acme]\naliases = 5", 'clients.Acme.aliases: write a list such as ["one", "two"]'),
        ('[order]\nfull = "three"', "order.full: write a whole number"),
        ("[order]\nfull = 50", "order.full: write at most 10"),
        ('[order]\nfloor = "x"', "order.floor: write a number"),
        ('[currency]\nas_of = "x"', "currency.as_of: write a date such as 2026-11-01"),
        (
            '[deliver.a]\nuse = "file"\nfolder = "x"\nforms = "htm"',
            'deliver.a.forms.1: "htm" is none of html, md, text, json (did you mean "html"?)',
        ),
        ('[deliver.a]\nuse = "file"\nfolder = ""', "deliver.a.folder: is empty"),
        (
            '[deliver.a]\nuse = "emial"',
            'deliver.a.use: "emial" is none of email, gmail, slack, file, stdout (did you mean "email"?)',
        ),
    ],
)
def test_a_problem_says_what_to_write(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == (problem,)


def test_what_is_clear_is_taken(tmp_path: Path) -> None:
    """Dates and times without quotes, and one value where several may stand."""
    text = """
        [workspace]
        holidays = [2026-12-24, "DE-BE"]
        domains = "harbourlane.example"
        [schedule]
        time = 06:45:00
        days_off = 2026-11-27
        [[audience]]
        emails = "maya@harbourlane.example"
        [deliver.files]
        use = "file"
        folder = "out"
        forms = "md"
    """
    settings = read(write(tmp_path, text))
    timetable = settings.timetable(2026)
    assert date(2026, 12, 24) in settings.calendar(2026).holidays
    assert (timetable.at, timetable.days_off) == (time(6, 45), frozenset({date(2026, 11, 27)}))
    assert settings.workspace.domains == ("harbourlane.example",)
    assert settings.audience[0].emails == ("maya@harbourlane.example",)
    assert getattr(settings.deliver["files"], "forms", None) == ("md",)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        read(tmp_path / "nothing.toml")


def test_an_empty_file_is_a_workspace_without_sources() -> None:
    assert parse({}).sources == {}


def test_secrets_are_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "canary-1")
    (tmp_path / "token").write_text("canary-2\n", encoding="utf-8")
    (tmp_path / "token").chmod(0o600)
    assert secrets.resolve("env:TOKEN", where="sources.a.token", base=tmp_path) == "canary-1"
    assert secrets.resolve("file:token", where="sources.a.token", base=tmp_path) == "canary-2"
    assert repr(secrets.resolve("file:token", where="", base=tmp_path)) == "Secret(...)"


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("env:NOT_SET_ANYWHERE", "the environment variable NOT_SET_ANYWHERE is not set"),
        ("file:nothing", "nothing cannot be read"),
        ("file:open", "open can be read by others; run: chmod 600 open"),
        ("file:empty", "empty is empty"),
    ],
)
def test_a_secret_that_cannot_be_had_is_told_by_its_setting(tmp_path: Path, reference: str, problem: str) -> None:
    (tmp_path / "open").write_text("canary", encoding="utf-8")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "empty").touch(mode=0o600)
    with pytest.raises(ConfigError) as caught:
        secrets.resolve(reference, where="sources.a.token", base=tmp_path)
    assert problem in str(caught.value)
    assert "canary" not in str(caught.value)


def test_the_log_holds_no_secrets() -> None:
    log.never_print("canary-3")
    line = log.redacted("GET /x?token=abc&y=1 Bearer abc.def canary-3 xoxp-12-34")
    assert line == "GET /x?token=[removed]&y=1 Bearer [removed] [removed] [removed]"
