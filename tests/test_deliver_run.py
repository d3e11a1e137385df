"""`briefing run` and `briefing status` as their user meets them. Mail goes over the real wire."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from briefing.cli import commands
from briefing.deliver.folder import Files
from briefing.deliver.outbox import Pace
from briefing.deliver.run import Asked, Hands
from briefing.deliver.run import run as run_once
from briefing.deliver.smtp import Email
from briefing.errors import Busy
from briefing.store import Store
from briefing.store.ledger import Entry, Ledger
from briefing.workspace import configured
from tests.delivery_home import EVERY_DAY, FILES, MONDAY, POST, Home, home_in
from tests.delivery_killed import MAYA
from tests.mail_server import CUT, Post, serving


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
    return home_in(tmp_path, port, monkeypatch, capsys)


def test_the_first_run_delivers_and_the_second_says_so(home: Home, post: Post) -> None:
    code, said = home.run()
    assert code == 0
    assert said.splitlines() == [
        "mail: sent to maya@harbourlane.example, 07:00.",
        f"archive: written to {home.folder / 'editions'}, 07:00.",
    ]
    assert home.run() == (
        0, "Today's edition (Monday 23 November 2026) is settled; nothing is sent twice.\n" + said
    )  # fmt: skip
    (mail,) = post.mails
    assert mail["To"] == "maya@harbourlane.example"
    assert mail["Subject"] == "1 to decide: Acme site: Launch due tomorrow, no tasks (Mon 23 Nov)"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "1  Acme site: Launch is due tomorrow with no tasks assigned." in text.get_content()
    assert "Compared with no earlier edition.\r\n" in text.get_content()
    folder = home.folder / "editions"
    assert sorted(path.name for path in folder.iterdir()) == [
        "2026-11-23.html", "2026-11-23.md", "latest.html", "latest.md"
    ]  # fmt: skip
    assert (folder / "latest.md").readlink() == Path("2026-11-23.md")
    assert "Launch is due tomorrow" in (folder / "latest.md").read_text("utf-8")
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_the_next_day_is_another_edition_and_speaks_of_the_one_before(home: Home, post: Post) -> None:
    home.run()
    home.next_day()
    assert home.run()[0] == 0
    home.next_day(3)
    post.data = [CUT]
    assert home.run()[0] == 1
    home.next_day(3)
    home.run()
    texts = [str(mail.get_body(("plain",)).get_content()) for mail in post.mails]  # type: ignore[union-attr]
    assert "edition:" not in texts[0]
    assert "Monday's edition: mail 07:00, archive 07:00." in texts[1]
    assert "No edition on" not in texts[1]
    assert "Tuesday's edition: mail 07:00, archive 07:00. " in " ".join(texts[2].split()) + " "
    assert "No edition on Wednesday 25 November and Thursday 26 November." in " ".join(texts[2].split())
    assert "Friday's edition: archive 07:00." in texts[3]
    assert (
        "Friday's edition by mail to maya@harbourlane.example: whether it arrived is not known: no answer to the mail"
    ) in " ".join(texts[3].split())
    assert len({mail["Message-ID"] for mail in post.mails}) == 4
    assert (home.folder / "editions" / "latest.md").readlink() == Path("2026-11-30.md")


def test_one_channel_that_fails_leaves_the_other_and_is_tried_again_with_the_same_mail(home: Home, post: Post) -> None:
    home.configure(port=1)
    code, said = home.run()
    assert code == 1
    assert "briefing: mail: not sent to maya@harbourlane.example: 127.0.0.1:1 cannot be reached" in said
    assert "archive: written to" in said
    kept = (home.folder / "editions" / "2026-11-23.html").read_text("utf-8")
    home.configure()
    home.write("tasks.csv", FILES["tasks.csv"] + "t1,Go live,p1,m1,Janine,2026-11-24,Open\n")
    home.now += timedelta(hours=3)
    code, said = home.run()
    assert (code, said.splitlines()[0]) == (0, "mail: sent to maya@harbourlane.example, 10:00.")
    html = post.mails[0].get_body(("html",))
    assert html is not None
    assert str(html.get_content()).replace("\r\n", "\n") == kept
    assert post.mails[0]["Date"] == "Mon, 23 Nov 2026 07:00:00 +0100"


def test_what_is_uncertain_is_not_sent_again_until_the_reader_says_so(home: Home, post: Post) -> None:
    post.data = [CUT]
    code, said = home.run()
    assert code == 1
    assert "mail: whether it reached maya@harbourlane.example is not known: no answer to the mail" in said
    assert home.run()[0] == 1
    assert len(post.mails) == 1
    code, said = home.run("--resend")
    assert (code, said.splitlines()[0]) == (0, "mail: sent to maya@harbourlane.example, 07:00.")
    assert len(post.mails) == 2
    assert post.taken[0] == post.taken[1]
    assert home.run()[0] == 0
    code, said = home.run("--resend")
    assert code == 2
    assert "to send it once more name the channel: briefing run --resend mail" in said
    assert home.run("--resend", "mail")[0] == 0
    assert len(post.mails) == 3
    assert home.states().count("archive sent") == 1
    db = sqlite3.connect(home.ledger)
    noted = db.execute("select distinct message_id from entry where channel = 'mail'").fetchall()
    db.close()
    assert noted == [(post.mails[0]["Message-ID"],)]


def test_to_send_again_is_to_send_to_those_who_may_not_have_it(home: Home, post: Post) -> None:
    both = ("maya@harbourlane.example", "bo@harbourlane.example")
    home.configure(mail=f"to = {list(both)}")
    post.rcpt = {both[1]: "550 5.1.1 no such user"}
    assert home.run()[0] == 1
    post.rcpt = {}
    assert home.run()[0] == 1
    assert home.run("--resend")[0] == 0
    assert [to for to, _ in post.taken] == [both[:1], both[1:]]
    assert home.run("--resend", "mail")[0] == 0
    assert post.taken[-1][0] == both


@pytest.mark.parametrize("between", [(), ("--skip-today",)])
def test_what_a_kill_left_on_an_earlier_day_is_told_and_never_sent_by_itself(
    home: Home, post: Post, between: tuple[str, ...]
) -> None:
    home.run()
    home.next_day()
    ledger = Ledger(home.ledger, may_begin=False)
    ledger.record(
        [
            Entry(
                at=home.now, run="killed", audience="Maya", date=home.now.date(), channel="mail", recipient=MAYA,
                state="sending",
            )
        ]
    )  # fmt: skip
    ledger.close()
    home.next_day()
    if between:
        home.run(*between)
        home.next_day()
    assert home.briefing("status")[0] == 1
    assert home.run()[0] == 0
    assert len(post.mails) == 2
    text = post.mails[-1].get_body(("plain",))
    assert text is not None
    assert (
        f"Tuesday's edition by mail to {MAYA}: whether it arrived is not known: the run ended before the answer came."
    ) in " ".join(text.get_content().split())
    assert home.briefing("status")[0] == 0


def test_nothing_read_while_another_collects_fixes_no_edition(home: Home, post: Post) -> None:
    def busy(_: Store) -> None:
        raise Busy("another collect is at work here")

    workspace, said = configured(home.folder / "briefing.toml"), list[str]()
    hands = Hands(pace=Pace(now=lambda: MONDAY), collect=busy, say=said.append, warn=said.append)
    with pytest.raises(Busy):
        run_once(workspace, Asked(), hands)
    assert (post.mails, home.states()) == ([], [])
    assert home.run()[0] == 0


def test_a_page_that_rests_on_no_reading_is_told(home: Home, post: Post) -> None:
    workspace, said = configured(home.folder / "briefing.toml"), list[str]()
    hands = Hands(pace=Pace(now=lambda: MONDAY), collect=lambda _: None, say=said.append, warn=said.append)
    assert run_once(workspace, Asked(), hands) == 1
    assert "no source was ever read; the briefing rests on nothing" in said


def test_readings_dated_after_the_clock_are_old(home: Home) -> None:
    home.run("--dry-run")
    home.at(home.now - timedelta(days=3))
    workspace = configured(home.folder / "briefing.toml")
    store, _ = workspace.store(home.now)
    assert commands.is_old(workspace, store)
    store.close()


def test_a_dry_run_on_a_day_off_says_so_first(home: Home) -> None:
    home.at(MONDAY - timedelta(days=1))
    code, said = home.run("--dry-run")
    assert (code, said.splitlines()[0]) == (
        0, "Sunday 22 November 2026 is no workday: nothing is sent. To send it all the same: briefing run --resend"
    )  # fmt: skip


def test_skip_today_settles_it(home: Home, post: Post) -> None:
    post.rcpt = {MAYA: "550 5.1.1 no such user"}
    code, said = home.run()
    assert code == 1
    assert "550 5.1.1 no such user. Once that is put right: briefing run --resend mail" in said
    assert home.run("--skip-today") == (
        0, "Monday 23 November 2026: skipped for mail to maya@harbourlane.example.\n"
    )  # fmt: skip
    post.rcpt = {}
    assert home.run()[0] == 0
    assert post.mails == []
    home.next_day()
    assert home.run()[0] == 0
    assert len(post.mails) == 1


@pytest.mark.parametrize("damage", ["noise", "gone"])
@pytest.mark.parametrize("then", ["--resend", "--skip-today"])
def test_without_a_ledger_nothing_is_sent_by_itself(home: Home, post: Post, damage: str, then: str) -> None:
    home.run()
    home.next_day()
    if damage == "gone":
        home.ledger.unlink()
    else:
        home.ledger.write_bytes(b"\0no database" * 500)
    for _ in range(2):
        code, said = home.run()
        assert code == 1
        assert "the ledger" in said
        assert "`briefing run --resend` sends today's edition, `briefing run --skip-today` goes on" in said
    assert home.briefing("status")[0] == 1
    assert home.run("--dry-run")[0] == 1
    assert len(post.mails) == 1
    code, said = home.run(then)
    assert code == 0
    assert "a new one begins" in said
    assert len(post.mails) == (2 if then == "--resend" else 1)
    assert (damage == "gone") != any("damaged" in path.name for path in home.data.iterdir())
    assert home.run()[0] == 0
    assert len(post.mails) == (2 if then == "--resend" else 1)


def test_a_dry_run_shows_it_and_leaves_no_trace(home: Home, post: Post) -> None:
    for _ in range(2):
        code, out, _ = home.briefing("run", "--dry-run")
        assert code == 0
    assert out.splitlines() == [
        "mail (e-mail)",
        "  maya@harbourlane.example: would be sent",
        "  From:     Morning briefing <briefing@harbourlane.example>",
        "  To:       maya@harbourlane.example",
        "  Subject:  1 to decide: Acme site: Launch due tomorrow, no tasks (Mon 23 Nov)",
        out.splitlines()[5],
        f"  By:       127.0.0.1:{home.port}, plain text, on this machine",
        "archive (files)",
        f"  {home.folder / 'editions'}: would be sent",
        f"  File:     {home.folder / 'editions' / '2026-11-23.html'}",
        f"  File:     {home.folder / 'editions' / '2026-11-23.md'}",
        "Nothing was sent or noted.",
    ]
    assert post.mails == []
    assert not home.ledger.exists()
    assert not (home.folder / "editions").exists()
    store, _ = configured(home.folder / "briefing.toml").store(home.now)
    assert not store.has_editions()
    store.close()
    home.run()
    assert "  maya@harbourlane.example: has it" in home.run("--dry-run")[1]


def test_a_day_off_is_left_alone(home: Home, post: Post) -> None:
    home.configure(workspace='holidays = ["2026-11-23"]')
    assert home.run() == (
        0,
        "Monday 23 November 2026 is no workday: nothing is sent. To send it all the same: briefing run --resend\n",
    )
    assert post.mails == []
    assert home.run("--resend")[0] == 0
    assert len(post.mails) == 1
    assert "is settled" in home.run()[1]


def test_standard_output_holds_the_briefing_and_nothing_else(home: Home) -> None:
    home.configure(more='[deliver.pipe]\nuse = "stdout"\nform = "md"\n')
    code, out, err = home.briefing("run")
    assert code == 0
    assert out.startswith("# Monday 23 November 2026, 07:00\n")
    assert "pipe: printed, 07:00." in err
    code, out, err = home.briefing("run")
    assert (code, out) == (0, "")
    assert "settled" in err


@pytest.mark.parametrize(
    ("stdout", "says"),
    [(">&-", "there is no standard output"), (">/dev/full", "it was not read to its end: No space left on device")],
)
def test_a_standard_output_that_takes_nothing_is_told(home: Home, stdout: str, says: str) -> None:
    (home.folder / "briefing.toml").write_text(
        f'[workspace]\n{EVERY_DAY}\n[deliver.pipe]\nuse = "stdout"\n', encoding="utf-8"
    )
    done = subprocess.run(
        f"{sys.executable} -m briefing run {stdout}",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_a_source_that_cannot_be_read_is_delivered_as_such(home: Home, post: Post) -> None:
    for name in FILES:
        (home.folder / name).unlink()
    code, said = home.run()
    assert code == 1
    assert "no list of any source was read whole; the briefing says so" in said
    assert post.mails[0]["Subject"].startswith("Work not read, nothing to decide in what was read")


def test_a_secret_that_cannot_be_had_costs_its_channel_alone(home: Home, post: Post) -> None:
    home.configure(mail='username = "u"\npassword = "env:NOT_SET_ANYWHERE"')
    code, said = home.run()
    assert code == 1
    assert (
        "deliver.mail.password: the environment variable NOT_SET_ANYWHERE is not set. To try again: briefing run"
        in said
    )
    assert "archive: written to" in said
    code, out, err = home.briefing("config")
    assert (code, err) == (2, "briefing: deliver.mail.password: the environment variable NOT_SET_ANYWHERE is not set\n")
    assert "1 source, 0 clients, 2 channels, time zone Europe/Berlin." in out
    home.configure()
    assert home.run()[0] == 0
    assert len(post.mails) == 1
    assert home.briefing("config")[0] == 0


def test_a_mail_that_cannot_be_made_costs_its_channel_alone(
    home: Home, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fixed(*_: object) -> bytes:
        raise IndexError("the email package")

    with monkeypatch.context() as broken:
        broken.setattr(Email, "fixed", fixed)
        code, said = home.run()
    assert code == 1
    assert "mail: not sent to maya@harbourlane.example: a fault of ours (IndexError); the log has the details" in said
    assert "archive: written to" in said
    assert home.run()[0] == 0
    assert post.mails[0]["Subject"].startswith("1 to decide")


def test_a_clock_that_is_set_back_sends_nothing_again(home: Home, post: Post) -> None:
    home.run()
    home.next_day()
    home.run()
    home.now -= timedelta(days=1)
    assert home.run()[0] == 0
    assert len(post.mails) == 2


def test_a_password_is_nowhere(home: Home, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "canary-password-1")
    home.configure(mail='username = "u"\npassword = "env:MAIL_PASSWORD"')
    post.refusal = "535 no: canary-password-1"
    code, said = home.run()
    assert code == 1
    assert "login refused: 535. " in said
    _, status, _ = home.briefing("status", "--json")
    kept = b"".join(path.read_bytes() for path in home.data.rglob("*") if path.is_file())
    assert b"canary" not in kept + status.encode() + said.encode()


def test_status(home: Home, post: Post) -> None:
    assert home.briefing("status")[:2] == (
        0, "No edition has been delivered yet: briefing run\nToday (Monday 23 November 2026): nothing yet.\n"
    )  # fmt: skip
    assert list(home.folder.parent.rglob("ledger.sqlite")) == []
    home.run()
    home.next_day()
    post.data = [CUT]
    home.run()
    home.next_day()
    code, out, _ = home.briefing("status")
    assert code == 1
    assert out.splitlines() == [
        "Last delivered: the edition of Tuesday 24 November 2026.",
        "  mail: whether it reached maya@harbourlane.example is not known: no answer to the mail: Connection unexpectedly closed. It is not sent any more; the next edition says so.",
        f"  archive: written to {home.folder / 'editions'}, 07:00.",
        "Today (Wednesday 25 November 2026): nothing yet.",
    ]
    code, out, _ = home.briefing("status", "--json")
    plain = json.loads(out)
    assert [edition["date"] for edition in plain["editions"]] == ["2026-11-24", "2026-11-23"]
    assert {one["channel"]: one["state"] for one in plain["editions"][0]["channels"]} == {
        "mail": "uncertain", "archive": "sent"
    }  # fmt: skip


def test_status_of_today_says_what_a_run_does(home: Home, post: Post) -> None:
    """Files are written again by any run, what was put off is tried again, and only a doubtful mail needs a look."""
    (home.folder / "editions").write_text("in the way", encoding="utf-8")
    home.configure(port=1)
    code, said = home.run()
    assert code == 1
    for text in (said, home.briefing("status")[1]):
        assert re.search(r"archive: refused for .*\. Once that is put right: briefing run\n", text)
        assert re.search(r"mail: not sent to .*\. To try again: briefing run\n", text)
    (home.folder / "editions").unlink()
    home.configure()
    post.data = [CUT]
    home.run()
    out = home.briefing("status")[1]
    assert "Look there; then briefing run --resend mail, or briefing run --skip-today\n" in out
    assert "archive: written to" in out


def test_status_does_not_forget_a_ledger_that_was_set_aside(home: Home) -> None:
    home.run()
    home.ledger.write_bytes(b"nonsense")
    home.next_day(5)  # a Saturday
    home.run("--skip-today")
    (home.data / "ledger.sqlite").unlink()
    Ledger(home.ledger, may_begin=True).close()
    code, out, _ = home.briefing("status")
    aside = "ledger.sqlite.damaged-20261128-060000"
    first = f"No edition stands in the ledger; the one before could not be read and lies beside it as {aside}."
    assert (code, out) == (0, f"{first}\nToday (Saturday 28 November 2026): no workday, nothing is due.\n")


def test_status_is_not_well_where_editions_were_missed(home: Home) -> None:
    home.run()
    home.next_day(3)
    code, out, _ = home.briefing("status")
    assert code == 1
    told = "Without an edition since that of Monday 23 November 2026: Tuesday 24 November and Wednesday 25 November."
    assert out.splitlines()[-1] == told
    home.run()
    assert home.briefing("status")[0] == 0


def test_a_folder_that_cannot_be_written_is_told_with_its_cure(home: Home) -> None:
    """Something else stands where the log should be: the same for root, who may write everywhere."""
    (home.data / "log.jsonl").mkdir(parents=True)
    for command in ("status", "run"):
        code, out, err = home.briefing(command)
        assert (code, out) == (2, "")
        assert "cannot be written: " in err
        assert f"make it writable for you, such as with chmod u+rwx {home.data}" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody",), 'no channel is called "nobody"'),
        (("--resend", "--skip-today"), "exclude each other"),
    ],
)
def test_what_cannot_be_asked(home: Home, arguments: tuple[str, ...], says: str) -> None:
    code, said = home.run(*arguments)
    assert code == 2
    assert says in said


def test_without_a_channel_it_says_how_to_get_one(home: Home) -> None:
    (home.folder / "briefing.toml").write_text("", encoding="utf-8")
    code, said = home.run()
    assert code == 2
    assert "no channel is set up" in said
    assert home.briefing("status")[1] == "No channel is set up: docs/delivery.md shows how.\n"


def test_a_second_run_at_work_is_told(home: Home) -> None:
    from briefing.deliver.run import alone

    with alone(home.data):
        code, said = home.run()
    assert (home.data / "run.lock").stat().st_mode & 0o777 == 0o600
    assert code == 75
    assert "another `briefing run` is at work here" in said


def test_a_fault_of_one_channel_stops_no_other(home: Home, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Files.__init__

    def endless(self: Files, *arguments: object, **more: object) -> None:
        made(self, *arguments, **{**more, "deadline": float("inf")})  # type: ignore[arg-type]

    monkeypatch.setattr(Files, "__init__", endless)
    code, said = home.run()
    assert code == 1
    assert f"mail: sent to {MAYA}" in said
    assert "a fault of ours (OverflowError)" in said


def test_a_corrected_address_gets_a_mail_of_its_own(home: Home, post: Post) -> None:
    """The first recipient is wrong: the kept mail is not sent to the right one with the wrong To."""
    home.configure(mail='to = ["mya@harbourlane.example"]')
    post.rcpt = {"mya@harbourlane.example": "550 5.1.1 no such user"}
    assert home.run()[0] == 1
    home.configure(mail=f'to = ["{MAYA}", "bo@harbourlane.example"]\nreply_to = "ops@harbourlane.example"')
    home.now += timedelta(hours=1)
    assert home.run()[0] == 0
    assert [to for to, _ in post.taken] == [(MAYA, "bo@harbourlane.example")]
    (mail,) = post.mails
    assert (mail["To"], mail["Reply-To"]) == (f"{MAYA}, bo@harbourlane.example", "ops@harbourlane.example")
    assert mail["Date"] == "Mon, 23 Nov 2026 07:00:00 +0100"
    home.configure(mail=f'to = ["{MAYA}", "bo@harbourlane.example", "cy@harbourlane.example"]')
    assert home.run()[0] == 0
    assert [to for to, _ in post.taken[1:]] == [("cy@harbourlane.example",)]
    assert post.mails[1]["Message-ID"] != mail["Message-ID"]
    assert "mya@" not in str(post.mails)
    assert home.run()[0] == 0
    assert len(post.taken) == 2


def test_a_correction_answers_the_first_mail_and_is_what_further_tries_send(home: Home, post: Post) -> None:
    assert home.run("--correct") == (
        2, "briefing: there is no edition of today to correct\n  briefing run\n"
    )  # fmt: skip
    assert home.run()[0] == 0
    home.write("tasks.csv", FILES["tasks.csv"] + "t1,Go live,p1,m1,Janine,2026-11-24,Open\n")
    home.now += timedelta(hours=3)
    post.data = ["451 4.3.0 later"]
    code, said = home.run("--correct")
    assert code == 1
    assert f"mail: not sent to {MAYA}: 451 4.3.0 later. To try again: briefing run --resend mail\n" in said
    assert home.run("--resend", "mail")[0] == 0
    first, second = post.mails
    assert second["Subject"].startswith("Correction: ")
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert second["Message-ID"] == first["Message-ID"].replace(".1@", ".2@")
    assert second["Date"] == "Mon, 23 Nov 2026 10:00:00 +0100"
    assert "no tasks assigned" in str(first.get_body(("plain",)))
    assert "no tasks assigned" not in str(second.get_body(("plain",)))
    assert "no tasks assigned" not in (home.folder / "editions" / "2026-11-23.md").read_text("utf-8")
    assert home.run()[0] == 0
    assert home.run("--correct")[0] == 0
    assert post.mails[2]["Message-ID"] == first["Message-ID"].replace(".1@", ".3@")
    assert post.mails[2]["In-Reply-To"] == first["Message-ID"]
    assert len(post.mails) == 3
    home.next_day()
    assert home.run()[0] == 0
    assert not post.mails[3]["Subject"].startswith("Correction")
    assert post.mails[3]["In-Reply-To"] is None
    text = " ".join(str(post.mails[3].get_body(("plain",))).split())
    assert "not found any more" not in text


def test_whoever_has_nothing_yet_is_not_sent_a_correction(home: Home, post: Post) -> None:
    home.configure(port=1)
    assert home.run()[0] == 1
    assert home.run("--correct", "archive")[0] == 0
    home.configure()
    assert home.run()[0] == 0
    (mail,) = post.mails
    assert (mail["Subject"].startswith("Correction"), mail["In-Reply-To"]) == (False, None)
    assert ".1@" in mail["Message-ID"]
