"""`[deliver.NAME] use = "slack"`: what is refused at load, and `briefing run` as its user meets it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from briefing.cli import commands
from briefing.cli import run as cli_run
from briefing.config import parse
from briefing.deliver.channels import channels
from briefing.deliver.slack_journal import Journal
from briefing.demo.server.slack_posts import TOKEN, SlackPosts
from briefing.errors import ConfigError
from briefing.loopback import Loopback, status
from briefing.workspace import configured
from tests.commandline import at_home, runner
from tests.mail_server import CUT, Post, serving

MAYA, TOM = "U0MAYA0001", "U00TOM0001"
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
SLACK = {"use": "slack", "token": "env:SLACK_BOT"}
CONFIG = """
[workspace]
name = "Harbour Lane"
timezone = "Europe/Berlin"
[[audience]]
name = "Maya"
logins = ["maya", "{user}"]
[sources.work]
use = "projects_csv"
projects = "projects.csv"
[deliver.slack]
use = "slack"
token = "env:SLACK_BOT"
base_url = "{url}"
patience = 0
"""
PROJECTS = "Project ID,Project,Client,Status,Manager,Start date,Due date\np1,Acme site,<!channel>,Active,Janine,2026-09-01,2026-11-20\n"  # fmt: skip
Home = Callable[..., tuple[int, str]]


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "logins", "problem"),
    [
        ({"token": "xoxb-secret"}, [MAYA], "token: write a reference such as env:NAME"),
        ({"token": ""}, [MAYA], "token: write a reference such as env:NAME"),
        ({"to": "C0CLIENT01"}, [MAYA], "to: a channel is read by others; the briefing goes to a person"),
        ({"to": "#general"}, [MAYA], "to: a channel is read by others; the briefing goes to a person"),
        ({"to": "maya"}, [MAYA], "to: write a member ID of Slack such as U012AB3CD"),
        ({"to": "U0CLIENT01"}, [MAYA], "to: U0CLIENT01 is none of the audience's logins; add it there"),
        ({}, ["maya"], "to: is missing, and the audience has no login of Slack (a member ID such as U012AB3CD)"),
        ({"base_url": "http://slack.com"}, [MAYA], "base_url: write an address that begins with https://"),
        ({"chanel": "x"}, [MAYA], "chanel: not a known key"),
    ],
)
def test_what_cannot_be_is_refused_at_load(change: dict[str, Any], logins: list[str], problem: str) -> None:
    with pytest.raises(ConfigError) as told:
        parse({"audience": [{"logins": logins}], "deliver": {"slack": {**SLACK, **change}}})
    (found,) = told.value.problems
    assert found.startswith(f"deliver.slack.{problem}")
    assert "xoxb-secret" not in found


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("", "deliver.slack.token: the environment variable SLACK_BOT is not set"),
        ("xoxp-1", "deliver.slack.token: is no bot token; it begins with xoxb-"),
        ("xoxb-1\n", "deliver.slack.token: is no bot token; it begins with xoxb-"),
    ],
)
def test_a_token_that_cannot_post_costs_its_channel_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, problem: str
) -> None:
    monkeypatch.setenv("SLACK_BOT", token)
    settings = parse({"audience": [{"logins": [MAYA]}], "deliver": {"slack": SLACK}})
    (one,) = channels(settings, base=tmp_path, folder=tmp_path)
    assert (one.tried().detail, one.kind, one.recipients) == (problem, "Slack", (f"@{MAYA}",))


# --- a run -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def site() -> SlackPosts:
    return SlackPosts(people={MAYA: {}, TOM: {}}, clock=lambda: NOW)


@pytest.fixture
def server(site: SlackPosts) -> Iterator[Loopback]:
    with Loopback(site) as found:
        yield found


@pytest.fixture
def briefing(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Home:
    at_home(tmp_path, monkeypatch)
    monkeypatch.setenv("SLACK_BOT", TOKEN)
    for module in (cli_run, commands):
        monkeypatch.setattr(module, "clock", lambda: NOW)
    Path("briefing.toml").write_text(CONFIG.format(user=MAYA, url=server.url), encoding="utf-8")
    Path("projects.csv").write_text(PROJECTS, encoding="utf-8")
    os.utime("projects.csv", (NOW.timestamp() - 3600,) * 2)
    run = runner(monkeypatch, capsys)

    def asked(*arguments: str) -> tuple[int, str]:
        code, out, err = run(*arguments)
        return code, out + err

    return asked


def test_a_morning_in_slack(briefing: Home, site: SlackPosts) -> None:
    assert briefing("run", "--dry-run")[1].splitlines()[:2] == ["slack (Slack)", f"  @{MAYA}: would be sent"]
    assert site.calls == []
    assert briefing("run") == (0, f"slack: sent to @{MAYA}, 07:00.\n")
    (place,) = site.messages
    first, *replies = site.messages[place]
    header = first["blocks"][0]["text"]["text"]
    assert header.startswith("Monday 23 November: ")
    assert "<!" not in first["text"]
    assert {row["thread_ts"] for row in replies} == {first["ts"]}
    count = len(site.messages[place])
    code, said = briefing("run")
    assert (code, said.splitlines()[0]) == (
        0, "Today's edition (Monday 23 November 2026) is settled; nothing is sent twice."
    )  # fmt: skip
    assert briefing("run", "--resend", "slack")[0] == 0
    assert len(site.messages[place]) == count
    assert "edited" in site.messages[place][0]
    assert "Last delivered: the edition of Monday 23 November 2026." in briefing("status")[1]


def test_a_morning_without_slack_is_told(briefing: Home, site: SlackPosts, server: Loopback) -> None:
    with server.faulty(status(503, "<html>"), r"conversations\.open"):
        code, said = briefing("run")
    assert code == 1
    assert f"slack: not sent to @{MAYA}: Slack answers 503 to conversations.open" in said
    assert briefing("run") == (0, f"slack: sent to @{MAYA}, 07:00.\n")
    assert sum("thread_ts" not in row for row in site.messages["D00MAYA0001"]) == 1


def test_a_source_that_comes_back_is_shown_in_the_post_and_nobody_is_notified(
    briefing: Home, site: SlackPosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tables; one is missing in the morning. Reading it later edits the post, once, and posts nothing."""
    at = [NOW]
    for module in (cli_run, commands):
        monkeypatch.setattr(module, "clock", lambda: at[0])
    text = Path("briefing.toml").read_text(encoding="utf-8")
    Path("briefing.toml").write_text(
        f'{text}\n[sources.deals]\nuse = "deals_csv"\npath = "deals.csv"\n', encoding="utf-8"
    )
    assert briefing("run") == (0, f"slack: sent to @{MAYA}, 07:00.\n")
    (place,) = site.messages
    count, posts = len(site.messages[place]), site.calls.count("chat.postMessage")
    assert "deals" in str(site.messages[place])
    assert briefing("run")[0] == 0
    assert not any("edited" in row for row in site.messages[place])  # still missing

    Path("deals.csv").write_text("Deal ID,Deal,Stage,Amount,Currency\nd1,Site,Open,9,USD\n", encoding="utf-8")
    os.utime("deals.csv", (NOW.timestamp(),) * 2)
    at[0] = NOW + timedelta(hours=3)
    code, said = briefing("run")
    assert (code, said.splitlines()[-1]) == (0, "slack: brought up to date, deals read since.")
    assert (len(site.messages[place]), site.calls.count("chat.postMessage")) == (count, posts)
    assert "edited" in site.messages[place][0]
    assert "Brought up to date at 10:00: deals read since." in str(site.messages[place])
    edits = site.calls.count("chat.update")
    at[0] += timedelta(minutes=5)
    assert briefing("run")[0] == 0
    assert site.calls.count("chat.update") == edits
    assert briefing("run", "--resend", "slack")[0] == 0  # the kept page, and at once the newer one again
    assert "Brought up to date at 10:05: deals read since." in str(site.messages[place])


def test_a_mail_that_may_have_failed_is_told_below_the_post_once(briefing: Home, site: SlackPosts) -> None:
    text = Path("briefing.toml").read_text(encoding="utf-8")
    text = text.replace('name = "Maya"', 'name = "Maya"\nemails = ["m@a.example"]')
    mail = '[deliver.mail]\nuse = "email"\nhost = "127.0.0.1"\ntls = "none"\npatience = 0\nfrom = "b@a.example"\n'
    post = Post()
    post.data = [CUT]
    with serving(post) as port:
        Path("briefing.toml").write_text(f"{text}\n{mail}port = {port}\n", encoding="utf-8")
        assert briefing("run")[0] == 1
    (place,) = site.messages
    *before, last = site.messages[place]
    assert "mail: whether it reached m@a.example is not known" in str(last)
    assert last["thread_ts"] == before[0]["ts"]
    count = len(before) + 1
    assert briefing("run")[0] == 1
    assert len(site.messages[place]) == count


def test_a_correction_edits_the_post(briefing: Home, site: SlackPosts) -> None:
    assert briefing("run")[0] == 0
    (place,) = site.messages
    count = len(site.messages[place])
    Path("projects.csv").write_text(PROJECTS.replace("Acme site", "Borrowed site"), encoding="utf-8")
    os.utime("projects.csv", (NOW.timestamp() - 60,) * 2)
    assert briefing("collect")[0] == 0
    assert briefing("run", "--correct") == (0, f"slack: sent to @{MAYA}, 07:00.\n")
    assert len(site.messages[place]) == count
    assert "Borrowed site" in str(site.messages[place])
    assert "Acme site" not in str(site.messages[place])


def test_each_reader_is_heard_in_a_direct_message_of_its_own(
    briefing: Home, site: SlackPosts, server: Loopback
) -> None:
    """Two audiences share the channel: the last post was Tom's, and Maya's answers are still read in hers."""
    config = Path("briefing.toml")
    tom = f'[[audience]]\nname = "Tom"\nlogins = ["{TOM}"]\n[sources.work]'
    config.write_text(CONFIG.format(user=MAYA, url=server.url).replace("[sources.work]", tom), encoding="utf-8")
    assert briefing("run")[0] == 0
    (path,) = (configured(config).folder / "posts").iterdir()
    places = [Journal(path).conversation(who) for who in (MAYA, TOM)]
    assert places == list(site.messages)
    assert Journal(path).conversation("U00ZOE0001") == ""
