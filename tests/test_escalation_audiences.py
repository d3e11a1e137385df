"""Ladders where there are several readers: climbed whoever's edition is due, on what is personal to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from briefing.cli import decisions as cli_decisions
from briefing.cli import hand as cli_hand
from briefing.cli import schedule as schedules
from briefing.config import parse
from briefing.errors import ConfigError
from tests.delivery_home import FILES, Home, home_in
from tests.mail_server import Post, serving
from tests.test_escalation_run import BERLIN, look, states, steps, told

POST = Post()
TWO = """
[[audience]]
name = "Tom"
emails = ["tom@harbourlane.example"]
channels = ["toms"]
time = "12:00"
[sources.own]
use = "projects_csv"
projects = "own-projects.csv"
milestones = "own-milestones.csv"
tasks = "tasks.csv"
personal_to = "Maya"
[deliver.toms]
use = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "briefing@harbourlane.example"
patience = 0
[people.Janine]
email = "janine@harbourlane.example"
[people.Ben]
email = "ben@harbourlane.example"
[schedule]
time = "07:00"
catch_up = "30m"
[[escalate]]
name = "milestones"
matters = ["milestone"]
steps = [
  {{ to = "owner", after = "0h", by = "mail" }},
  {{ to = "Ben", after = "1wd", by = "toms" }},
]
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(POST) as found:
        yield found


@pytest.fixture
def home(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    POST.reset()
    made = home_in(tmp_path, port, monkeypatch, capsys)
    for module in (schedules, cli_hand, cli_decisions):
        monkeypatch.setattr(module, "clock", lambda: made.now)
    made.configure(more=TWO.format(port=port))
    made.write("own-projects.csv", FILES["projects.csv"].replace("Acme", "Zyx").replace("p1", "z1"))
    made.write("own-milestones.csv", FILES["milestones.csv"].replace("Launch", "Zyx").replace("p1", "z1"))
    return made


def go(home: Home, day: str, *arguments: str) -> tuple[int, str]:
    home.at(datetime.fromisoformat(f"2026-11-{day}").replace(tzinfo=BERLIN))
    return home.run(*arguments)


def test_a_run_for_another_audience_climbs_and_uses_any_channel(home: Home) -> None:
    assert go(home, "23 09:00", "--audience", "Tom")[0] == 0
    assert told(POST) == ["janine"]
    code, said = go(home, "24 09:00", "--audience", "Tom")
    assert code == 0, said
    assert "escalation: Ben told by e-mail, today 09:00, taken by the mail server." in said
    assert told(POST) == ["janine", "ben"]


def test_a_look_that_delivers_another_edition_climbs(home: Home) -> None:
    assert look(home, "23 07:00")[0] == 0
    assert look(home, "24 07:00")[0] == 0
    assert look(home, "24 12:00")[0] == 0
    assert told(POST) == ["janine", "ben"]


def test_what_is_personal_to_the_reader_is_told_to_nobody_else_and_that_is_said(home: Home) -> None:
    code, said = go(home, "23 09:00", "--audience", "Maya")
    assert code == 0, said
    assert {one.key[1] for one in steps(home)} == {"work"}
    assert "which rests on a source personal to Maya." in said
    notes = [mail for mail in POST.mails if str(mail["Message-ID"]).startswith("<escalation.")]
    assert not any("Zyx" in str(mail.get_content()) for mail in notes)
    (item,) = {
        word.rstrip(",") for line in said.splitlines() for word in line.split() if "no ladder" in line and "," in word
    }
    before = len(POST.mails)
    code, _, err = home.briefing("hand", item, "Ben")
    assert (code, len(POST.mails)) == (2, before)
    assert err.startswith(f"briefing: {item} rests on a source that is personal; nobody else is told of it")


def test_another_readers_decision_ends_the_climb_and_another_readers_snooze_does_not(home: Home) -> None:
    assert go(home, "23 09:00")[0] == 0
    item = steps(home)[0].item
    assert home.briefing("snooze", item, "--for", "5wd", "--audience", "Tom")[0] == 0
    assert go(home, "23 10:00")[0] == 0
    assert states(home)[-1] == "1 sent"
    assert home.briefing("decide", item, "moved", "--audience", "Tom")[0] == 0
    assert go(home, "24 09:00")[0] == 0
    assert (told(POST), steps(home)[-1].detail) == (["janine"], "decided by Tom")


def test_what_was_not_checked_can_be_handed_as_the_failure_says(home: Home) -> None:
    assert go(home, "23 09:00")[0] == 0
    item = steps(home)[0].item
    (home.folder / "milestones.csv").write_text("no,heading,that,is,known\n1,2,3,4,5\n", encoding="utf-8")
    code, said = go(home, "24 12:00")
    assert code == 1
    assert f"briefing hand {item} NAME" in said
    code, _, err = home.briefing("hand", item, "ben@harbourlane.example")
    assert (code, err) == (0, ""), err
    assert "Read: not today." in str(POST.mails[-1].get_content())
    home.write("milestones.csv", FILES["milestones.csv"])
    home.write("tasks.csv", FILES["tasks.csv"] + "t1,Go live,p1,m1,Janine,2026-12-24,Open\n")
    assert go(home, "24 15:00")[0] == 0
    code, _, err = home.briefing("hand", item, "Ben")
    assert code == 2
    assert f"{item} is not there any more: no longer found in work" in err


def test_ladders_on_personal_sources_alone_are_refused_at_load() -> None:
    plain = {
        "audience": [{"name": "Maya", "emails": ["m@x.example"]}],
        "sources": {"own": {"use": "ics", "path": "a.ics", "personal_to": "Maya"}},
        "deliver": {"mail": {"use": "email", "host": "127.0.0.1", "from": "b@x.example", "tls": "none"}},
        "escalate": [
            {"name": "a", "rules": ["client-waiting"], "steps": [{"to": "Maya", "after": "0h", "by": "mail"}]}
        ],
    }
    with pytest.raises(ConfigError, match="every source is personal to somebody"):
        parse(plain)
