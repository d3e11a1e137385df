"""Two mornings as the user meets them: an edition, answers by its own links, in Slack and from a forger, the next one."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from briefing.cli import commands
from briefing.cli import run as cli_run
from briefing.demo.server.slack_posts import TOKEN, SlackPosts
from briefing.loopback import Loopback
from tests.commandline import Run, at_home, runner

MAYA, ADDRESS = "U0MAYA0001", "maya@harbourlane.example"
CONFIG = """
[workspace]
name = "Harbour Lane"
timezone = "Europe/Berlin"
domains = ["harbourlane.example"]
[[audience]]
name = "Maya"
emails = ["{address}"]
logins = ["{user}"]
[sources.work]
use = "projects_csv"
projects = "projects.csv"
[sources.inbox]
use = "mailbox"
path = "mail"
[deliver.slack]
use = "slack"
token = "env:SLACK_BOT"
base_url = "{url}"
patience = 0
[deliver.files]
use = "file"
folder = "editions"
forms = ["html", "md"]
"""
PROJECTS = "Project ID,Project,Client,Status,Manager,Start date,Due date\n" + "".join(
    f"p{n},{name} site,{name},Active,Janine,2026-09-01,2026-11-{20 - n}\n"
    for n, name in enumerate(("Acme", "Kestrel", "Oakline"))
)


class Agency:
    """A workspace in a home of its own, a Slack, a Maildir and a clock."""

    def __init__(self, run: Run) -> None:
        self.now = datetime(2026, 11, 23, 6, tzinfo=UTC)
        self.asked, self.site = run, SlackPosts(people={MAYA: {}}, clock=lambda: self.now)

    def mail(self, folder: str, name: str, subject: str, text: str = "") -> None:
        """A mail that claims to be from Maya to herself."""
        mail = EmailMessage()
        mail["From"], mail["To"] = f"Maya Ortiz <{ADDRESS}>", ADDRESS
        mail["Subject"], mail["Message-ID"] = subject, f"<{name}@harbourlane.example>"
        mail["Date"] = format_datetime(self.now)
        mail.set_content(text)
        path = Path("mail", folder, "cur", f"{name}:2,S")
        path.parent.mkdir(parents=True, exist_ok=True)
        for other in ("new", "tmp"):
            (path.parent.parent / other).mkdir(exist_ok=True)
        path.write_bytes(mail.as_bytes())

    def run(self, *arguments: str) -> str:
        os.utime("projects.csv", (self.now.timestamp() - 60,) * 2)
        code, out, err = self.asked(*(arguments or ("run",)))
        assert code == 0, out + err
        return out + err

    def edition(self, form: str = "md") -> str:
        return Path("editions", f"{self.now:%Y-%m-%d}.{form}").read_text(encoding="utf-8")


@pytest.fixture
def agency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Agency]:
    at_home(tmp_path, monkeypatch)
    monkeypatch.setenv("SLACK_BOT", TOKEN)
    found = Agency(runner(monkeypatch, capsys))
    for module in (cli_run, commands):
        monkeypatch.setattr(module, "clock", lambda: found.now)
    with Loopback(found.site) as server:
        config = CONFIG.format(user=MAYA, address=ADDRESS, url=server.url)
        Path("briefing.toml").write_text(config, encoding="utf-8")
        Path("projects.csv").write_text(PROJECTS, encoding="utf-8")
        found.mail(".Sent", "0", "Lunch?", "At noon.")
        yield found


def test_answers_of_one_day_stand_in_the_edition_of_the_next(agency: Agency) -> None:
    agency.run()
    cards = re.findall(r'href="(mailto:[^"]+)"[^>]*>([^<]+)</a>', agency.edition("html"))
    assert [text for _, text in cards[:3]] == ["Decide", "Snooze to Wednesday", "Not useful"]
    url = urlsplit(html.unescape(cards[1][0]))
    assert unquote(url.path) == ADDRESS
    (snooze,) = parse_qs(url.query)["subject"]
    ids = list(dict.fromkeys(re.findall(r"briefing%20(\w+)%2C", agency.edition("html"))))
    first, second = ids[:2]

    agency.now += timedelta(hours=2)
    agency.mail(".Sent", "1", snooze, "Maya Ortiz | Operations")
    agency.mail("", "2", f"[briefing {second}, Harbour Lane] done")
    (place,) = agency.site.messages
    post = agency.site.messages[place][0]["ts"]
    agency.site.says(MAYA, f"{second} Priya by Friday\nthanks\n{second} bla\nq7zz done", thread=post)
    assert f"Understood: {first} snoozed until Wednesday 25 November" in agency.run("collect")
    assert "Understood" not in agency.run("collect")

    agency.now += timedelta(hours=22)
    agency.run()
    page = agency.edition()
    assert f"- **Understood** Snoozed until Wednesday 25 November (your mail, Monday 09:00). `{first}`" in page
    assert f"Decided, Priya by Friday 27 November (your reply in Slack, Monday 09:00). `{second}`" in page
    assert f'- **Not understood** "{second} done" (your mail, Monday 09:00). It does not lie in your sent mail.' in page
    assert f'"{second} bla" (your reply in Slack, Monday 09:00).' in page
    assert '"q7zz done" (your reply in Slack, Monday 09:00). No item has the id "q7zz".' in page
    assert "thanks" not in page
    assert "briefing" not in page.partition("## Today")[0].partition("**Understood**")[0].casefold()

    agency.now += timedelta(days=1)
    agency.run()
    assert "nderstood" not in agency.edition()


def test_a_slack_that_cannot_be_read_is_told_and_the_edition_comes(agency: Agency) -> None:
    agency.run()
    agency.now += timedelta(days=1)
    object.__setattr__(agency.site.settings, "refuse", {"conversations.history": "internal_error"})
    agency.asked("run", "files")  # the edition is fixed with it, for Slack as well
    assert "Replies in Slack were not read" in agency.edition()
    agency.now += timedelta(days=1)
    agency.asked("run")
    told = agency.edition().replace("\\", "")
    assert "Replies in Slack were not read (Slack answers internal_error to conversations.history)." in told


def test_a_post_that_is_brought_up_to_date_still_tells_what_was_not_understood(agency: Agency) -> None:
    config = Path("briefing.toml")
    config.write_text(config.read_text("utf-8") + '[sources.deals]\nuse = "deals_csv"\npath = "deals.csv"\n', "utf-8")
    agency.asked("run")
    (place,) = agency.site.messages
    agency.site.says(MAYA, "q7zz done", thread=agency.site.messages[place][0]["ts"])
    agency.now += timedelta(days=1)
    agency.asked("run")
    before = str(agency.site.messages[place]).count("No item has the id")
    Path("deals.csv").write_text("Deal ID,Deal,Stage,Amount,Currency\nd1,Site,Open,9,USD\n", encoding="utf-8")
    agency.now += timedelta(hours=3)
    os.utime("deals.csv", (agency.now.timestamp(),) * 2)
    assert "slack: brought up to date" in agency.run()
    assert before
    assert str(agency.site.messages[place]).count("No item has the id") == before


def test_a_day_is_meant_by_the_readers_clock(agency: Agency) -> None:
    config = Path("briefing.toml")
    config.write_text(config.read_text("utf-8").replace("logins =", 'timezone = "America/New_York"\nlogins ='), "utf-8")
    agency.now += timedelta(hours=8)
    agency.run()
    item = re.findall(r"briefing%20(\w+)%2C", agency.edition("html"))[0]
    agency.now += timedelta(hours=11)  # Monday 20:00 for Maya, Tuesday at work
    agency.mail(".Sent", "1", f"[briefing {item}] snooze until Tuesday")
    assert f"Understood: {item} snoozed until Tuesday 24 November:" in agency.run("collect")


def test_without_sent_mail_there_are_no_links(agency: Agency) -> None:
    Path("mail/.Sent/cur/0:2,S").rename("mail/cur-0")
    agency.mail("", "9", "Lunch?")
    Path("mail/cur-0").unlink()
    agency.run()
    assert "mailto:" not in agency.edition("html")
