"""A real cron on a clock that the test sets: the expected mails with the expected dates, and no others.

Debian's daemon reads the crontab that `briefing schedule install` wrote, and starts the installed `briefing run
--scheduled` with the bare environment that cron gives, plus the lines of the clock (tests/system/cron.py). The mails go
over SMTP into a Maildir. Around the critical hours every minute comes; what lies between is a machine that sleeps.
"""

from __future__ import annotations

import mailbox
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from briefing.workspace import folder_of
from tests.mail_server import Post, serving
from tests.system.cron import Cron, cron, last_look

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

BERLIN = ZoneInfo("Europe/Berlin")
PROGRAM = Path(sys.executable).with_name("briefing")

CONFIG = """
[workspace]
name = "{name}"
timezone = "Europe/Berlin"
workdays = [{days}]
holidays = ["DE-BE"]
[[audience]]
name = "Maya"
emails = ["maya@harbourlane.example"]
[schedule]
time = "{time}"
catch_up = "4h"
[sources.plan]
use = "projects_csv"
milestones = "milestones.csv"
[deliver.mail]
use = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "briefing@harbourlane.example"
patience = 0
"""
MILESTONES = "Project,Milestone,Due,Owner,Status\nAcme site,Launch,2026-12-18,Janine,open\n"
WEEK = '"mon", "tue", "wed", "thu", "fri"'
EVERY_DAY = f'{WEEK}, "sat", "sun"'


class Mailroom(Post):
    """A mail server that puts what it takes into a Maildir; while it is away it takes nothing for now."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.box = mailbox.Maildir(folder)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        reply = await super().handle_DATA(server, session, envelope)
        if reply.startswith("250"):
            self.box.add(envelope.content)
        return reply

    def arrived(self) -> list[tuple[str, str]]:
        """Each mail in the box: the date of its edition as its subject has it, and when it was made, in Berlin."""
        return [(_edition(mail), f"{_made(mail):%Y-%m-%d %H:%M %Z}") for mail in self._mails()]

    def latest(self) -> str:
        """The latest mail's text in one line."""
        return _text(self._mails()[-1])

    def _mails(self) -> list[EmailMessage]:
        found = [message_from_bytes(self.box.get_bytes(key), policy=SMTP) for key in self.box.iterkeys()]
        return sorted(found, key=_made)


def _made(mail: EmailMessage) -> datetime:
    return parsedate_to_datetime(mail["Date"]).astimezone(BERLIN)


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


def _edition(mail: EmailMessage) -> str:
    """`Fri 27 Mar`, which the subject, the header for finding it again and the page itself agree on."""
    day = datetime.fromisoformat(mail["X-Briefing-Date"])
    assert _text(mail).startswith(f"{day:%A} {day.day} {day:%B} {day.year}, ")
    assert mail["Subject"].endswith(f"({day:%a} {day.day} {day:%b})")
    return f"{day:%a} {day.day} {day:%b}"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A machine with cron, a mail server, and the configurations that are scheduled on it."""

    machine: Cron
    post: Mailroom
    port: int
    scheduled: list[Path] = field(default_factory=list)

    def schedule(self, name: str, *, time: str, days: str) -> Path:
        """Write a configuration and have it come by itself."""
        folder = self.machine.home / name
        folder.mkdir()
        (folder / "milestones.csv").write_text(MILESTONES)
        path = folder / "briefing.toml"
        path.write_text(CONFIG.format(name=name, time=time, days=days, port=self.port))
        before = self.machine.crontab()
        said = self.machine.run(PROGRAM, "schedule", "install", "--yes", "--config", path)
        assert "Scheduled by cron." in said
        assert self.machine.crontab().startswith(before)
        self.scheduled.append(path)
        return path

    def unschedule(self, name: str) -> None:
        """Take a configuration's lines out again, and no others."""
        (path,) = [one for one in self.scheduled if one.parent.name == name]
        before = self.machine.crontab()
        self.briefing("schedule", "remove", "--yes", "--config", path)
        assert self.machine.crontab().count("\n") == before.count("\n") - 3
        self.scheduled.remove(path)

    def awake(self, until: str) -> list[str]:
        """Every minute up to one of the machine's clock. When each entry has looked."""
        zone = ZoneInfo(self.machine.zone)
        ends = self._moment(until)
        seen = self.machine.awake(ends, [partial(last_look, self._data(path)) for path in self.scheduled])
        return [f"{one.astimezone(zone):%H:%M}" for one in seen]

    def asleep(self, until: str) -> None:
        """The machine wakes at a moment of its clock."""
        self.machine.asleep(self._moment(until))

    def _moment(self, text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(self.machine.zone)).astimezone(UTC)

    def _data(self, config: Path) -> Path:
        return self.machine.home / ".local" / "share" / "briefing" / "workspaces" / folder_of(config).name

    def briefing(self, *command: object) -> str:
        """What a command says, by hand."""
        return self.machine.run(PROGRAM, *command)


@contextmanager
def desk(base: Path, *, zone: str, at: str) -> Iterator[Desk]:
    post = Mailroom(base / "Maildir")
    begin = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone))
    with serving(post) as port, cron(base / "machine", zone=zone, at=begin) as machine:
        yield Desk(machine=machine, post=post, port=port)


def test_the_night_that_loses_an_hour(tmp_path: Path) -> None:
    """Friday, the weekend with the night of 29 March, and Monday, on a machine in the reader's zone.

    In the night the clock goes from 01:59 to 03:00. An edition at 02:30 is due when that hour is over, at 03:00; one
    at 06:30 comes on Friday and Monday at the same hour of the reader's clock, and not on the two days between.
    """
    friday, night = ("Fri 27 Mar", "2026-03-27 06:30 CET"), ("Sun 29 Mar", "2026-03-29 03:00 CEST")
    monday = ("Mon 30 Mar", "2026-03-30 06:30 CEST")
    with desk(tmp_path, zone="Europe/Berlin", at="2026-03-27T06:10") as one:
        day = one.schedule("day", time="06:30", days=WEEK)
        assert one.awake("2026-03-27T06:50") == ["06:15", "06:30", "06:45"]
        assert one.post.arrived() == [friday]
        one.asleep("2026-03-28T06:20")
        assert one.awake("2026-03-28T06:35") == ["06:30"]
        one.schedule("night", time="02:30", days=EVERY_DAY)
        one.asleep("2026-03-29T01:50")
        assert one.awake("2026-03-29T03:20") == ["03:00", "03:15"]
        assert one.post.arrived() == [friday, night]
        one.unschedule("night")
        one.asleep("2026-03-30T06:20")
        assert one.awake("2026-03-30T06:50") == ["06:30", "06:45"]
        assert one.post.arrived() == [friday, night, monday]
        assert one.machine.mailed() == []
        said = one.briefing("schedule", "--config", day)
        assert "It last looked on Monday 30 March 2026 at 06:45." in said


def test_the_night_that_repeats_an_hour(tmp_path: Path) -> None:
    """25 October: the clock goes from 02:59 back to 02:00. cron starts every job of that hour twice; an edition at
    02:30 comes with the first. On Monday one at 06:30 comes by winter's clock.
    """
    night, monday = ("Sun 25 Oct", "2026-10-25 02:30 CEST"), ("Mon 26 Oct", "2026-10-26 06:30 CET")
    with desk(tmp_path, zone="Europe/Berlin", at="2026-10-25T01:50") as one:
        one.schedule("night", time="02:30", days=EVERY_DAY)
        hour = ["02:00", "02:15", "02:30", "02:45"]
        assert one.awake("2026-10-25T03:05") == [*hour, *hour, "03:00"]
        assert one.post.arrived() == [night]
        one.unschedule("night")
        one.asleep("2026-10-26T06:20")
        one.schedule("day", time="06:30", days=WEEK)
        assert one.awake("2026-10-26T06:50") == ["06:30", "06:45"]
        assert one.post.arrived() == [night, monday]
        assert one.machine.mailed() == []


def test_a_machine_in_another_zone_than_the_reader(tmp_path: Path) -> None:
    """New York has had its summer since 8 March. Berlin's 06:30 is 01:30 there on Friday 27 March and 00:30 on Monday."""
    friday, monday = ("Fri 27 Mar", "2026-03-27 06:30 CET"), ("Mon 30 Mar", "2026-03-30 06:30 CEST")
    with desk(tmp_path, zone="America/New_York", at="2026-03-27T00:20") as one:
        one.schedule("day", time="06:30", days=WEEK)
        assert one.awake("2026-03-27T00:35") == ["00:30"]
        assert one.post.arrived() == []
        one.asleep("2026-03-27T01:20")
        assert one.awake("2026-03-27T01:35") == ["01:30"]
        assert one.post.arrived() == [friday]
        one.asleep("2026-03-30T00:20")
        assert one.awake("2026-03-30T00:35") == ["00:30"]
        assert one.post.arrived() == [friday, monday]
        one.asleep("2026-03-30T01:20")
        assert one.awake("2026-03-30T01:35") == ["01:30"]
        assert one.post.arrived() == [friday, monday]
        assert one.machine.mailed() == []


def test_sleeps_a_holiday_weekend_and_a_mail_server_that_is_away(tmp_path: Path) -> None:
    """From the Monday before Easter to the Monday after: what comes, and what cron mails of it.

    | when           | the machine                                   | mail                                          |
    | Mon 30 Mar     | on                                            | 06:30                                         |
    | Thu 2 Apr      | wakes at 09:10 after three days               | 09:15, which names the two that did not come  |
    | Fri 3 Apr      | on, a public holiday                          | none                                          |
    | Sat 4 Apr      | on, weekend                                   | none                                          |
    | Mon 6 Apr      | on, a public holiday                          | none                                          |
    | Tue 7 Apr      | on; the mail server says "later" at 06:30     | made 06:30, taken 06:45; cron mails one line  |
    | Fri 10 Apr     | wakes at 11:10, after the four hours          | none; cron mails that it is too late          |
    | Mon 13 Apr     | on                                            | 06:30, which names the three                  |
    """
    with desk(tmp_path, zone="Europe/Berlin", at="2026-03-30T06:20") as one:
        one.schedule("day", time="06:30", days=WEEK)
        assert one.awake("2026-03-30T06:35") == ["06:30"]
        one.asleep("2026-04-02T09:10")
        assert one.awake("2026-04-02T09:20") == ["09:15"]
        assert "No edition on Tuesday 31 March and Wednesday 1 April." in one.post.latest()
        for day in ("2026-04-03", "2026-04-04", "2026-04-06"):
            one.asleep(f"{day}T06:20")
            assert one.awake(f"{day}T06:35") == ["06:30"]
        one.asleep("2026-04-07T06:20")
        one.post.mail = "451 4.3.2 not now"
        assert one.awake("2026-04-07T06:35") == ["06:30"]
        expected = [("Mon 30 Mar", "2026-03-30 06:30 CEST"), ("Thu 2 Apr", "2026-04-02 09:15 CEST")]
        assert one.post.arrived() == expected
        one.post.mail = ""
        assert one.awake("2026-04-07T06:50") == ["06:45"]
        (told,) = one.machine.mailed()
        assert "briefing: mail: not sent to maya@harbourlane.example: 451 4.3.2 not now" in told
        one.asleep("2026-04-10T11:10")
        assert one.awake("2026-04-10T11:20") == ["11:15"]
        (late,) = {*one.machine.mailed()} - {told}
        assert "briefing: Friday 10 April 2026: not sent, and too late since 10:30." in late
        one.asleep("2026-04-13T06:20")
        assert one.awake("2026-04-13T06:35") == ["06:30"]
        assert "No edition from Wednesday 8 April to Friday 10 April (3 workdays)." in one.post.latest()
        expected += [("Tue 7 Apr", "2026-04-07 06:30 CEST"), ("Mon 13 Apr", "2026-04-13 06:30 CEST")]
        assert one.post.arrived() == expected
        assert {*one.machine.mailed()} == {told, late}
