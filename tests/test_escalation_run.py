"""Ladders as they are climbed: runs and looks over days, mail and Slack on the real wire, kills, failures until handled."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from briefing.cli import decisions as cli_decisions
from briefing.cli import hand as cli_hand
from briefing.cli import schedule as schedules
from briefing.decisions import Decision, Step
from briefing.deliver import escalate
from briefing.deliver.notice import Notice
from briefing.demo.server.slack_posts import BOT, TOKEN, SlackPosts
from briefing.escalation import Subject
from briefing.loopback import Loopback
from briefing.store.ledger import Ledger
from tests.delivery_home import FILES, POST, Home, home_in
from tests.mail_server import CUT, Post, serving

BERLIN = ZoneInfo("Europe/Berlin")
LADDER = """
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
  { to = "owner", after = "0h", by = "mail" },
  { to = "Ben", after = "1wd", by = "mail" },
  { to = "Maya", after = "2wd", by = "mail" },
]
"""
DONE = FILES["tasks.csv"] + "t1,Go live,p1,m1,Janine,2026-12-24,Open\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(POST) as found:
        yield found


@pytest.fixture
def post(port: int) -> Post:
    POST.reset()
    return POST


@pytest.fixture
def home(
    tmp_path: Path, post: Post, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Home:
    made = home_in(tmp_path, port, monkeypatch, capsys)
    monkeypatch.setattr(schedules, "clock", lambda: made.now)
    monkeypatch.setattr(cli_hand, "clock", lambda: made.now)
    made.configure(more=LADDER)
    return made


def look(home: Home, at: str) -> tuple[int, str]:
    """What a scheduler starts, at a time of Berlin's."""
    home.at(datetime.fromisoformat(f"2026-11-{at}").replace(tzinfo=BERLIN))
    return home.run("--scheduled")


def told(post: Post) -> list[str]:
    """Who got a message about an item, in order; editions not counted."""
    return [
        str(mail["To"]).partition("@")[0] for mail in post.mails if str(mail["Message-ID"]).startswith("<escalation.")
    ]


def steps(home: Home) -> list[Step]:
    ledger = Ledger(home.ledger, may_begin=False)
    try:
        return list(ledger.steps())
    finally:
        ledger.close()


def states(home: Home) -> list[str]:
    return [f"{one.step} {one.state}" for one in steps(home)]


def edition(home: Home) -> str:
    return " ".join((home.folder / "editions" / "latest.md").read_text("utf-8").split())


def test_a_ladder_through_three_days(home: Home, post: Post) -> None:
    """0, 24, 48 and 72 hours, with the looks of a scheduler between."""
    assert look(home, "23 09:00") == (0, "")
    assert told(post) == ["janine"]
    assert look(home, "23 09:15") == (0, "")
    assert look(home, "24 07:00")[0] == 0, "the edition; the next step is not due yet"
    assert "Janine told by e-mail, yesterday" not in edition(home)
    assert "Janine told by e-mail, Monday 09:00, taken by the mail server." in edition(home)
    assert "Next: Ben, today 09:00." in edition(home)
    assert look(home, "24 08:45")[0] == 0
    assert told(post) == ["janine"]
    assert look(home, "24 09:00") == (0, "")
    assert look(home, "25 07:00")[0] == 0
    assert look(home, "25 09:00") == (0, "")
    assert told(post) == ["janine", "ben", "maya"]
    assert look(home, "26 07:00")[0] == 0
    assert look(home, "26 09:00") == (0, "")
    assert look(home, "26 17:45") == (0, "")
    assert told(post) == ["janine", "ben", "maya"]
    assert states(home) == ["0 began", *(f"{n} {state}" for n in (1, 2, 3) for state in ("sending", "sent"))]
    last = next(mail for mail in reversed(post.mails) if str(mail["Message-ID"]).startswith("<escalation."))
    assert str(last["Subject"]).startswith("Escalated to you: Acme site: Launch")
    text = str(last.get_content())
    assert "Told before: Janine and Ben." in text
    assert "An answer to this mail goes to maya@harbourlane.example." in text


def test_a_decision_in_between_ends_it(home: Home, post: Post) -> None:
    look(home, "23 09:00")
    (began, *_) = steps(home)
    ledger = Ledger(home.ledger, may_begin=False)
    ledger.decide(
        Decision(
            at=home.now, by="Maya", audience="Maya", word="decided", key=began.key, rule=began.rule, item=began.item,
            line=began.line, text="Janine makes them",
        )
    )  # fmt: skip
    ledger.close()
    assert look(home, "24 09:00") == (0, "")
    assert (told(post), states(home)[-1], steps(home)[-1].detail) == (["janine"], "0 ended", "decided by Maya")
    assert look(home, "25 07:00")[0] == 0
    assert "Janine told by e-mail" not in edition(home), "compared with no earlier edition"


def test_what_was_decided_and_taken_back_goes_on_where_it_was(
    home: Home, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_decisions, "clock", lambda: home.now)
    look(home, "23 09:00")
    item = steps(home)[0].item
    assert home.briefing("decide", item, "moved")[0] == 0
    assert look(home, "23 09:15") == (0, "")
    home.at(home.now + timedelta(minutes=5))
    assert home.briefing("undo")[0] == 0
    assert look(home, "23 09:30") == (0, "")
    assert told(post) == ["janine"], "nobody is told twice of one climb"
    assert look(home, "24 09:00") == (0, "")
    assert told(post) == ["janine", "ben"]


def test_a_climb_that_a_wrong_clock_dated_does_not_wait_for_that_date(home: Home, post: Post) -> None:
    home.at(datetime(2027, 3, 1, 9, tzinfo=BERLIN))
    home.run("--scheduled")
    assert look(home, "23 09:00")[0] == 0
    assert look(home, "24 09:00")[0] == 0
    assert told(post)[-1] == "ben"
    assert "it began at a time that has not come" in [one.detail for one in steps(home)]


def test_what_is_resolved_ends_it(home: Home, post: Post) -> None:
    look(home, "23 09:00")
    home.write("tasks.csv", DONE)
    assert look(home, "24 09:15") == (0, "")
    assert (told(post), steps(home)[-1].detail) == (["janine"], "no longer found in work")


def test_a_failing_executor_is_told_every_time_and_on_top_of_the_edition_until_it_is_handled(
    home: Home, post: Post
) -> None:
    post.rcpt = {"janine@harbourlane.example": "550 5.1.1 no such user"}
    code, said = look(home, "23 09:00")
    assert code == 1
    assert "briefing: escalation failed: Acme site: Launch due tomorrow, no tasks. Janine not told, today 09:00" in said
    (item,) = {one.item for one in steps(home)}
    assert f"550 5.1.1 no such user. To tell somebody: briefing hand {item} NAME" in said
    assert look(home, "23 09:15") == (1, ""), "told once a day, and never well"
    code, said = look(home, "24 07:00")
    assert code == 1
    assert "escalation failed" in said
    mail = post.mails[-1]
    assert str(mail["Subject"]).startswith("1 escalation failed, ")
    page = edition(home)
    assert (
        page.index("1 escalation failed: Acme site") < page.index("Janine not told") < page.index("Launch is due today")
    )
    assert "Janine not told, Monday 09:00: 550 5.1.1 no such user." in page
    code, out, err = home.briefing("status")
    assert code == 1
    assert "Escalations:" in out
    assert "escalation failed: Acme site" in err
    code, out, err = home.briefing("hand", item, "Ben", "please look")
    assert (code, err) == (0, "")
    assert out.startswith("Ben told by hand by e-mail, today 07:00, taken by the mail server. Acme site")
    text = str(post.mails[-1].get_content())
    assert text.startswith("Maya: please look")
    assert home.briefing("status")[0] == 0
    assert look(home, "24 09:00") == (0, ""), "the ladder goes on"
    assert told(post) == ["ben", "ben"]


def test_no_line_of_yesterday_is_told_as_today(home: Home, post: Post) -> None:
    """On Tuesday nothing is "due tomorrow" that is due on Tuesday, whoever was told so on Monday."""
    post.rcpt = {"janine@harbourlane.example": "550 5.1.1 no such user"}
    look(home, "23 09:00")
    look(home, "24 07:00")
    assert "due tomorrow" not in edition(home)
    assert "1 escalation failed: Acme site: Launch due today, no tasks." in edition(home)
    as_of = "Acme site: Launch due tomorrow, no tasks (as of Monday 09:00)."
    _, out, err = home.briefing("status")
    assert as_of in out
    assert as_of in err


def test_status_calls_nothing_next_that_is_past(home: Home, post: Post) -> None:
    look(home, "23 09:00")
    home.at(home.now + timedelta(days=1, hours=1))
    assert "Step 2 (Ben) is due since today 09:00; no run executed it yet." in home.briefing("status")[1]
    assert "Next: Ben" not in home.briefing("status")[1]


def test_what_is_put_off_is_tried_again_and_nothing_is_sent_twice(home: Home, post: Post) -> None:
    post.rcpt = {"janine@harbourlane.example": "450 4.2.0 later"}
    assert look(home, "23 09:00")[0] == 1
    assert look(home, "23 09:15")[0] == 1
    post.rcpt = {}
    assert look(home, "23 09:30") == (0, "")
    assert look(home, "23 09:45") == (0, "")
    assert told(post) == ["janine"]


def test_a_server_that_numbers_its_refusals_is_told_of_once_a_day(home: Home, post: Post) -> None:
    post.rcpt = {"janine@harbourlane.example": "450 4.2.0 later, 4Xy7Q1 gsmtp"}
    assert "450 4.2.0 later" in look(home, "23 09:00")[1]
    post.rcpt = {"janine@harbourlane.example": "450 4.2.0 later, 4Xz9R2 gsmtp"}
    assert look(home, "23 09:15") == (1, "")
    post.rcpt = {"janine@harbourlane.example": "452 4.2.2 mailbox full"}
    assert "mailbox full" in look(home, "23 09:30")[1]


def test_an_answer_that_never_came_is_uncertain_and_not_repeated(home: Home, post: Post) -> None:
    post.data = [CUT]
    code, said = look(home, "23 09:00")
    assert code == 1
    assert "Whether Janine was told is not known, today 09:00: no answer to the mail" in said
    assert [look(home, f"23 {hour}:00")[0] for hour in (10, 11, 12)] == [1, 1, 1]
    assert told(post) == ["janine"]


def test_an_owner_whom_nobody_knows_is_told_and_reached_once_he_is_known(home: Home, post: Post) -> None:
    home.configure(more=LADDER.replace("[people.Janine]", "[people.Jan]"))
    code, said = look(home, "23 09:00")
    assert code == 1
    assert "the owner Janine has no way by mail in [people]" in said
    assert look(home, "23 09:15")[0] == 1
    assert states(home) == ["0 began", "1 deferred"], "the same reason is noted once"
    home.configure(more=LADDER)
    assert look(home, "23 09:30") == (0, "")
    assert told(post) == ["janine"]


def test_what_was_not_read_is_no_ground_for_a_step(home: Home, post: Post) -> None:
    look(home, "23 09:00")
    (home.folder / "milestones.csv").write_text("no,heading,that,is,known\n1,2,3,4,5\n", encoding="utf-8")
    code, said = look(home, "24 09:15")
    assert code == 1
    assert "Ben not told, today 09:15: not checked: work was not read whole; tried again at the next run." in said
    assert told(post) == ["janine"]
    home.write("milestones.csv", FILES["milestones.csv"])
    assert look(home, "24 12:00") == (0, "")
    assert told(post) == ["janine", "ben"]


def test_a_fault_of_ours_stops_no_edition_and_is_told(home: Home, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    look(home, "23 09:00")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(escalate, "as_mail", broken)
    code, said = look(home, "24 09:00")
    assert code == 1
    assert "Ben not told, today 09:00: a fault of ours (RuntimeError)" in said
    monkeypatch.setattr(escalate, "plan", broken)
    code, said = look(home, "25 07:00")
    assert (code, len([one for one in post.mails if "to decide" in str(one["Subject"])])) == (1, 1)
    assert "escalation failed: a fault of ours (RuntimeError); the log has the details" in said


def test_a_machine_that_was_off_tells_everybody_whose_time_came(home: Home, post: Post) -> None:
    look(home, "23 09:00")
    assert look(home, "26 09:30") == (0, "")
    assert told(post) == ["janine", "ben", "maya"]


def test_without_a_scheduler_the_daily_run_climbs(home: Home, post: Post) -> None:
    for day in (23, 24, 25, 26, 27):
        home.at(datetime(2026, 11, day, 6, 0, tzinfo=UTC))
        assert home.run()[0] == 0
    assert told(post) == ["janine", "ben", "maya"]


def test_several_items_for_one_person_are_one_message(home: Home, post: Post) -> None:
    home.write("milestones.csv", FILES["milestones.csv"] + "m2,Beta,p1,2026-11-25,Open\n")
    assert look(home, "23 09:00") == (0, "")
    assert told(post) == ["janine"]
    assert "and 1 more" in str(post.mails[0]["Subject"])
    assert states(home).count("1 sent") == 2


def test_a_look_outside_hours_and_a_day_off_tell_nobody(home: Home, post: Post) -> None:
    assert [look(home, at) for at in ("21 12:00", "23 03:00", "23 20:00")] == [(0, "")] * 3
    assert told(post) == []


def test_a_dry_run_shows_it_and_notes_nothing(home: Home, post: Post) -> None:
    look(home, "23 09:00")
    home.at(home.now + timedelta(days=1))
    before = steps(home)
    code, said = home.run("--dry-run")
    assert code == 0
    assert "milestones, step 2: Ben would be told by mail: Acme site: Launch" in said
    assert (told(post), steps(home)) == (["janine"], before)


# --- Slack -----------------------------------------------------------------------------------------------------------

SLACK = """
[people.Janine]
slack = "U0JANINE01"
[deliver.slack]
use = "slack"
token = "file:token"
to = "U0MAYA0001"
base_url = "{url}"
patience = 0
[[escalate]]
name = "milestones"
matters = ["milestone"]
at = "always"
steps = [{{ to = "owner", after = "0h", by = "slack" }}]
"""
MAYA_TOO = 'emails = ["maya@harbourlane.example"]\nlogins = ["U0MAYA0001"]'


def test_a_direct_message_in_slack_that_pings_nobody_else(home: Home) -> None:
    site = SlackPosts(people={"U0MAYA0001": {}, "U0JANINE01": {}})
    with Loopback(site) as server:
        home.configure(more=SLACK.format(url=server.url))
        config = home.folder / "briefing.toml"
        config.write_text(config.read_text().replace('emails = ["maya@harbourlane.example"]', MAYA_TOO))
        home.write("token", TOKEN)
        (home.folder / "token").chmod(0o600)
        hostile = FILES["milestones.csv"].replace("Launch", "<!channel> <@U0MAYA0001>")
        home.write("milestones.csv", hostile)
        home.at(home.now)
        code, said = home.run()
        assert code == 0, said
        assert "escalation: Janine told in Slack, today 07:00, delivered." in said
        home.next_day()
        assert home.run()[0] == 0
        (row,) = [one for one in site.messages["D00JANINE01"] if one["user"] == BOT]
        assert "<!channel>" not in row["text"]
        assert "&lt;!channel&gt;" in row["text"]
        assert row["metadata"]["event_type"] == "morning_briefing"
        assert "Janine told in Slack, Monday 07:00, delivered." in edition(home)


def test_a_colleague_is_told_who_you_is() -> None:
    """Sentences speak to the reader of the briefing; a colleague would take them for his own."""
    promised = Subject(key=("conversation", "s", "message", "1"), rule="r", id="abcd", line="Acme: promised by you.")
    notice = Notice(workspace="H", at=datetime(2026, 11, 23, 9, tzinfo=UTC), reader="Maya", subjects=(promised,))
    assert [('"You" is Maya here.', "")] in notice.lines
    other = replace(notice, subjects=(replace(promised, line="Acme: promised by Tom."),))
    assert not any("Maya here" in text for line in other.lines for text, _ in line)
    mine = replace(notice, subjects=(promised,), to_reader=True)
    assert not any("Maya here" in text for line in mine.lines for text, _ in line)


# --- kills -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "mails", "then"),
    [("before", 0, "1 sent"), ("noted", 0, "1 uncertain"), ("sent", 1, "1 uncertain"), ("ended", 1, "1 sent")],
)
def test_killed_at_a_step_it_is_never_told_twice(
    home: Home, post: Post, monkeypatch: pytest.MonkeyPatch, moment: str, mails: int, then: str
) -> None:
    """SIGKILL in a process of its own: before *sending* is noted, after it, after the mail, after the result."""
    home.at(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    child = os.fork()
    if child == 0:
        try:
            _dying(moment)
            home.run("--scheduled")
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(told(post)) == mails
    code, said = look(home, "23 09:15")
    assert (states(home)[-1], code) == (then, int(then != "1 sent"))
    assert ("Whether Janine was told is not known" in said) == (code == 1)
    look(home, "23 09:30")
    assert len(told(post)) == (1 if then == "1 sent" else mails)


def _dying(moment: str) -> None:
    real = Ledger.note_steps

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def note(self: Ledger, given: list[Step]) -> None:
        if (moment, given[0].state) in {("before", "sending"), ("sent", "sent")}:
            die()
        real(self, given)
        if (moment, given[0].state) in {("noted", "sending"), ("ended", "sent")}:
            die()

    Ledger.note_steps = note  # type: ignore[method-assign,assignment]


# --- by hand ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "more", "says"),
    [
        ("Inez", (), '"Inez" is not one of [people] or an audience'),
        (
            "dana@client.example",
            (),
            "dana@client.example is neither in workspace.domains nor one of an audience's emails",
        ),
        ("Ben", ("--by", "archive"), '"archive" is no channel that carries a message to one person'),
    ],
)
def test_nobody_outside_is_told_by_hand(home: Home, post: Post, person: str, more: tuple[str, ...], says: str) -> None:
    home.run()
    before = len(post.mails)
    code, _, err = home.briefing("hand", steps(home)[0].item, person, *more)
    assert (code, len(post.mails)) == (2, before)
    assert says in err


def test_by_hand_what_is_refused_is_no_decision(home: Home, post: Post) -> None:
    home.run()
    post.rcpt = {"ben@harbourlane.example": "550 5.1.1 no such user"}
    code, _, err = home.briefing("hand", steps(home)[0].item, "ben@harbourlane.example")
    assert code == 1
    assert "not told by hand, today 07:00: 550 5.1.1 no such user" in err
    ledger = Ledger(home.ledger, may_begin=False)
    assert ledger.decisions() == ()
    ledger.close()
