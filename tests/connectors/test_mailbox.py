"""Mailboxes as they lie on disk: everything in them is a message, left out on purpose and counted, or skipped and told."""

from __future__ import annotations

import mailbox
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from briefing.connector import Recognition, Skipped
from briefing.errors import ConfigError, FileProblem
from briefing.facts import Message
from briefing.recognise import sample_of
from connectors.mailbox import Mailbox, owner_of, recognise
from tests.connectors.reading import NOW, Read, read, window

INES = "ines@agency.example"
DANA = "dana@juniper.example"


def mail(
    name: str,
    author: str = DANA,
    to: str = INES,
    *,
    at: datetime = NOW - timedelta(days=2),
    answers: str = "",
    subject: str = "Offer",
    body: str = "Hello.",
    extra: str = "",
) -> str:
    own = f"Message-ID: <{name}@x>\n" if name else ""
    link = f"In-Reply-To: <{answers}@x>\n" if answers else ""
    date = f"Date: {at:%a, %d %b %Y %H:%M:%S %z}\n"
    return f"From: {author}\nTo: {to}\n{date}{own}{link}Subject: {subject}\n{extra}\n{body}\n"


def mbox(*mails: str) -> str:
    return "".join(f"From someone@x.example Tue Nov 17 10:00:00 2026\n{one}\n" for one in mails)


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("latin-1") if isinstance(text, str) else text)
    return path


def reading(path: Path, **set_to: object) -> Read:
    return read(Mailbox(source="mail", path=str(path), **{"owner": INES, "sent": True, **set_to}))  # type: ignore[arg-type]  # any setting


def messages(found: Read) -> dict[str, Message]:
    return {fact.ref.id: fact for fact in found.facts if isinstance(fact, Message)}


def left_out(found: Read) -> dict[str, int]:
    return {each.why: each.count for each in found.ignored}


# --- mbox -----------------------------------------------------------------------------------------------------------


def test_an_mbox_is_read_with_threads_places_and_numbers(tmp_path: Path) -> None:
    path = write(
        tmp_path / "inbox.mbox", mbox(mail("1"), mail("2", INES, DANA, answers="1"), mail("3", "omar@kestrel.example"))
    )
    found = reading(path)
    one, two, three = (messages(found)[f"{n}@x"] for n in "123")
    assert one.thread == two.thread != three.thread
    assert [fact.ref.where for fact in found.facts] == ["inbox.mbox:1", "inbox.mbox:2", "inbox.mbox:3"]
    assert {one.party.domain, two.party.domain} == {"juniper.example"}
    assert (three.party.domain, three.place) == ("kestrel.example", "inbox")
    assert (found.skipped, found.ignored) == ([], [])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_that_begin_with_from_do_not_cut_a_mail(tmp_path: Path, end: str) -> None:
    body = (
        "Hi,\n\nFrom Monday on we are closed.\nFrom: no header this\n\n>From here it was quoted.\n\n"
        "From 10:30 until 2026\nwe wait.\n\nFrom Nov 2025 at 10:30 on:\nnothing"
    )
    found = reading(write(tmp_path / "a.mbox", mbox(mail("1", body=body), mail("2")).replace("\n", end)))
    assert list(messages(found)) == ["1@x", "2@x"]
    assert "From here it was quoted. From 10:30 until 2026 we wait." in messages(found)["1@x"].excerpt


@pytest.mark.parametrize(
    "line",
    [
        "From dana@juniper.example Tue Nov 17 10:00:00 2026",
        "From - Tue Nov 17 10:00:00 2026",
        "From 1785@xxx Tue Nov 17 10:00:00 +0000 2026",
        "From dana at juniper.example  Tue Nov 17 10:00:00 2026",
        'From "Dana Ruiz" Tue Nov 17 10:00:00 2026',
        "From dana@juniper.example",
        "From -",
        "From ",
    ],
)
def test_the_from_lines_of_many_programs_are_known(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "a.mbox", f"{line}\n{mail('1')}\n{line}\n{mail('2')}\n")
    assert list(messages(reading(path))) == ["1@x", "2@x"]


def test_pythons_own_mbox_is_read_alike(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "a.mbox")
    for n in range(30):
        box.add(
            mail(str(n), body="From the start\n\nFrom a@b.example Tue Nov 17 10:00:00 2026\nSubject: inner\n\nrest")
        )
    box.close()
    assert len(messages(reading(tmp_path / "a.mbox"))) == 30


def test_mails_across_the_borders_of_the_reads_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.mbox", mbox(*(mail(str(n), body="x" * (n * 37 % 900)) for n in range(200))))
    whole = messages(reading(path))
    for chunk in (1, 7, 61, 4096):
        monkeypatch.setattr("briefing.reading.mbox.CHUNK", chunk)
        assert messages(reading(path)) == whole
    assert len(whole) == 200


def test_the_window_decides_and_the_rest_is_counted(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.mbox",
        mbox(
            mail("old", at=NOW - timedelta(days=40)),
            mail("new"),
            mail("later", at=NOW + timedelta(minutes=1)),
            mail("now", at=NOW),
        ),
    )
    found = reading(path)
    assert list(messages(found)) == ["new@x", "now@x"]
    assert left_out(found) == {
        "mails from before Tuesday 20 October 2026 07:00": 1,
        "mails later than Thursday 19 November 2026 07:00": 1,
    }


def test_an_older_mail_outside_the_window_still_joins_its_answers(tmp_path: Path) -> None:
    old = NOW - timedelta(days=50)
    path = write(
        tmp_path / "a.mbox",
        mbox(
            mail("1", at=old), mail("2", INES, at=old, answers="1"), mail("3", at=old, answers="1"), mail("4", answers="2"),
            mail("5", answers="3"),
        ),
    )  # fmt: skip
    found = messages(reading(path))
    assert found["4@x"].thread == found["5@x"].thread


def test_a_mail_without_a_date_takes_the_one_of_its_from_line(tmp_path: Path) -> None:
    text = mbox(mail("1")).replace("Date: ", "X-Date: ")
    (message,) = messages(reading(write(tmp_path / "a.mbox", text))).values()
    assert f"{message.at:%Y-%m-%d %H:%M}" == "2026-11-17 09:00"  # the line has no zone: the workspace's


def test_an_answer_without_any_id_is_joined_by_subject(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.mbox",
        mbox(mail("1", subject="Link"), mail("", INES, DANA, at=NOW - timedelta(days=1), subject="Re: Link")),
    )
    assert len({message.thread for message in messages(reading(path)).values()}) == 1


# --- what is wrong with a file --------------------------------------------------------------------------------------


def test_an_empty_file_is_an_empty_mailbox(tmp_path: Path) -> None:
    assert reading(write(tmp_path / "a.mbox", ""), sent=None) == Read()


@pytest.mark.parametrize(
    "text", ["name,amount\na,1\n", "\x00\x01\x02", "Dear all,\n\nhello\n", "PK\x03\x04zip", "<html>"]
)
def test_what_is_no_mailbox_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "a.mbox", text)
    with pytest.raises(
        FileProblem, match=r'^a.mbox is not a mailbox: it does not begin with a "From " line'
    ) as problem:
        reading(path)
    assert problem.value.advice


def test_utf16_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="is not a mailbox"):
        reading(write(tmp_path / "a.mbox", mbox(mail("1")).encode("utf-16")))


def test_a_missing_path_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="there is no such file"):
        reading(tmp_path / "none.mbox")
    with pytest.raises(FileProblem, match="no mail lies in it"):
        reading(tmp_path)


CUT = {
    "in a line": ("hello wor", "ends within a line"),
    "in a multipart": ("--b\nContent-Type: text/plain\n\nwords\n", "ends before its last part"),
}


@pytest.mark.parametrize("name", CUT)
def test_a_file_cut_in_its_last_mail_is_told(tmp_path: Path, name: str) -> None:
    body, why = CUT[name]
    last = mail("2", extra="Content-Type: multipart/mixed; boundary=b\n")
    text = mbox(mail("1"), last).replace("Hello.\n\n", body) if name == "in a multipart" else mbox(mail("1"))[:-2]
    found = reading(write(tmp_path / "a.mbox", text))
    (skipped,) = found.skipped
    assert why in skipped.why
    assert skipped.where.startswith("a.mbox:")


def test_a_file_cut_in_a_header_is_told(tmp_path: Path) -> None:
    text = mbox(mail("1")) + "From a@b.example Tue Nov 17 10:00:00 2026\nFrom: a@b.example\nSubject: cut\n"
    found = reading(write(tmp_path / "a.mbox", text))
    assert found.whys == ["a.mbox:2 is cut: the file ends within its header; later mails may be missing"]
    assert list(messages(found)) == ["1@x"]


def test_a_whole_multipart_at_the_end_is_not_called_cut(tmp_path: Path) -> None:
    body = "--b\nContent-Type: text/plain\n\nwords\n--b--\n"
    found = reading(
        write(tmp_path / "a.mbox", mbox(mail("1", body=body, extra="Content-Type: multipart/mixed; boundary=b\n")))
    )
    assert (found.skipped, messages(found)["1@x"].excerpt) == ([], "words")


@given(cut=st.integers(0, 2000))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_file_cut_anywhere_is_told_or_whole(tmp_path: Path, cut: int) -> None:
    """Wherever it is cut: no exception, every mail accounted for, and told unless the cut is between two mails."""
    parts = "Content-Type: multipart/mixed; boundary=b\n"
    body = "--b\nContent-Type: text/plain\n\nwords\n--b\nContent-Type: image/png\n\nxxxx\nyyyy\n--b--\n"
    whole = [mail(str(n), body=body, extra=parts) for n in range(4)]
    text = mbox(*whole)[:cut]
    path = write(tmp_path / "a.mbox", text)
    try:
        found = reading(path)
    except FileProblem:
        assert "\n" not in text  # not even one line
        return
    started = text.count("From someone@")
    assert found.count in {started, started - 1}  # a cut "From " line begins no mail
    ends = not text or (text.endswith("\n") and text.rstrip("\n").endswith("--b--"))
    assert bool(found.skipped) != ends


def test_a_mailbox_larger_than_allowed_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"has 0 MB, more than the 0 MB allowed") as problem:
        reading(write(tmp_path / "a.mbox", mbox(mail("1"))), max_bytes=10)
    assert "max_bytes" in problem.value.advice


def test_a_mailbox_written_to_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mbox", mbox(mail("1")) + "From -\nX: without a date\n\n\n")
    (stream,) = Mailbox(source="mail", path=str(path), owner=INES, sent=True).streams(window())
    things = iter(stream.read(window(), None))
    assert isinstance(next(things), Skipped)  # in the survey
    with path.open("a") as file:
        file.write(mbox(mail("2")))
    with pytest.raises(FileProblem, match="changed while it was read"):
        list(things)


def test_names_from_outside_are_cleaned_before_they_are_printed(tmp_path: Path) -> None:
    path = write(tmp_path / "in\x1b[31m\u202ebox[red].mbox", mbox("X: nothing\n\nbody\n"))
    (skipped,) = reading(path).skipped
    assert skipped.where == "in[31mbox[red].mbox:1"


# --- Maildir, .eml, several folders ---------------------------------------------------------------------------------


def test_a_maildir_with_its_flags_and_folders(tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    for folder in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Trash/cur", ".Trash/new"):
        (box / folder).mkdir(parents=True)
    write(box / "cur/1795000001.a.host:2,S", mail("1"))
    write(box / "cur/1795000002.a.host:2,ST", mail("trashed"))
    write(box / "cur/1795000003.a.host:2,D", mail("draft"))
    write(box / "new/1795000004.a.host", mail("2"))
    write(box / "tmp/1795000005.a.host", mail("arriving"))
    write(box / ".Sent/cur/1795000006.a.host:2,S", mail("3", INES, DANA, answers="1"))
    write(box / ".Trash/cur/1795000007.a.host:2,S", mail("gone"))
    found = reading(box, sent=None)
    assert {name: message.place for name, message in messages(found).items()} == {
        "1@x": "Inbox", "2@x": "Inbox", "3@x": "Sent"
    }  # fmt: skip
    assert left_out(found) == {"deleted mails": 2, "drafts": 1}
    assert found.skipped == []


def test_of_a_mail_to_oneself_the_sent_copy_is_told_and_a_claimed_one_is_not_sent(tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    for folder in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new"):
        (box / folder).mkdir(parents=True)
    own = mail("1", INES, INES, body="Hold.")
    write(box / "cur/1795000001.a.host:2,S", own.replace("Hold.", "Forged under the same id."))
    write(box / "cur/1795000002.a.host:2,S", mail("2", INES, INES, extra="X-Gmail-Labels: Sent\n"))
    write(box / "new/1795000003.a.host", mail("3"))
    write(box / ".Sent/cur/1795000004.a.host:2,S", own)
    found = messages(reading(box))
    assert {name: (message.sent, message.excerpt) for name, message in found.items()} == {
        "1@x": (True, "Hold."), "2@x": (False, "Hello."), "3@x": (False, "Hello.")
    }  # fmt: skip


def test_a_folder_of_single_mails_in_several_folders(tmp_path: Path) -> None:
    write(tmp_path / "mail/a.eml", mail("1"))
    write(tmp_path / "mail/Clients/Juniper/b.eml", mail("2", answers="1"))
    write(tmp_path / "mail/Entwürfe/c.eml", mail("3"))
    write(tmp_path / "mail/notes.html", "<p>")
    found = reading(tmp_path / "mail")
    assert {name: message.place for name, message in messages(found).items()} == {
        "1@x": "mail",
        "2@x": "Clients/Juniper",
    }
    assert left_out(found) == {"files that are not mail": 1, "drafts": 1}
    assert messages(found)["2@x"].ref.where == "mail/Clients/Juniper/b.eml"


def test_apples_files_are_read_without_their_property_list(tmp_path: Path) -> None:
    for name, flags in (("1", 1), ("2", 1 | 2), ("3", 64)):
        text = mail(name).encode()
        plist = f"<plist><dict><key>flags</key>\n<integer>{flags}</integer></dict></plist>".encode()
        write(tmp_path / f"{name}.emlx", str(len(text)).encode() + b"      \n" + text + plist)
    found = reading(tmp_path)
    assert [message.excerpt for message in messages(found).values()] == ["Hello."]
    assert left_out(found) == {"deleted mails": 1, "drafts": 1}


def test_several_mbox_files_are_the_folders_of_one_mailbox(tmp_path: Path) -> None:
    write(tmp_path / "mail/Inbox", mbox(mail("1"), mail("2")))
    write(tmp_path / "mail/Sent.mbox", mbox(mail("3", INES, DANA, answers="1"), mail("2")))
    write(tmp_path / "mail/Junk", mbox(mail("4")))
    write(tmp_path / "mail/Inbox.msf", "index")
    write(tmp_path / "mail/Archives.sbd/2026", mbox(mail("5", answers="3")))
    write(tmp_path / "mail/broken.mbox", "no mail")
    found = reading(tmp_path / "mail", sent=None)
    assert {name: message.place for name, message in messages(found).items()} == {
        "1@x": "Inbox", "2@x": "Inbox", "3@x": "Sent", "5@x": "Archives/2026"
    }  # fmt: skip
    assert len({messages(found)[f"{n}@x"].thread for n in "135"}) == 1
    assert left_out(found) == {
        "repeated mails": 1, "mails in the spam folder": 1, "files that are not mail": 1
    }  # fmt: skip
    assert found.whys == ["mail/broken.mbox is named as a mailbox and is none"]


def test_inbox_and_sent_may_lie_in_two_files(tmp_path: Path) -> None:
    write(tmp_path / "in.mbox", mbox(mail("1")))
    write(tmp_path / "out.mbox", mbox(mail("2", INES, DANA, answers="1")))
    connector = Mailbox(source="mail", path=str(tmp_path / "in.mbox"), sent_path=str(tmp_path / "out.mbox"))
    found = read(connector)
    assert (len(found.facts), found.skipped) == (2, [])
    assert connector.streams(window())[0].place == "in.mbox and out.mbox"


GMAIL = {
    "1": "X-Gmail-Labels: Inbox,Important\n", "2": "X-Gmail-Labels: =?UTF-8?Q?Gesendet,Ge=C3=B6ffnet?=\n",
    "3": "X-Gmail-Labels: Trash\n", "4": "X-Gmail-Labels: Spam,Unread\n", "5": "X-Gmail-Labels: Chat\n",
    "6": "X-Gmail-Labels: Clients/Juniper\n",
}  # fmt: skip


def test_gmails_export_tells_folders_by_labels(tmp_path: Path) -> None:
    found = reading(
        write(tmp_path / "All mail.mbox", mbox(*(mail(n, extra=extra) for n, extra in GMAIL.items()))), sent=None
    )
    assert {n: message.place for n, message in messages(found).items()} == {
        "1@x": "Inbox", "2@x": "Sent", "6@x": "All mail"
    }  # fmt: skip
    assert left_out(found) == {"chats": 1, "deleted mails": 1, "mails in the spam folder": 1}


def test_marks_that_mail_programs_leave_in_an_mbox_count(tmp_path: Path) -> None:
    marks = {
        "1": "X-Mozilla-Status: 0001",
        "2": "X-Mozilla-Status: 0009",
        "3": "X-Status: AD",
        "4": "X-Status: T",
        "5": "X-Status: AF",
    }
    found = reading(write(tmp_path / "a.mbox", mbox(*(mail(n, extra=f"{mark}\n") for n, mark in marks.items()))))
    assert list(messages(found)) == ["1@x", "5@x"]
    assert left_out(found) == {"deleted mails": 2, "drafts": 1}


def test_links_to_other_places_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere/b.eml", mail("2"))
    write(tmp_path / "mail/a.eml", mail("1"))
    (tmp_path / "mail/more").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "mail/pipe.eml")
    assert list(messages(reading(tmp_path / "mail"))) == ["1@x"]


# --- whose it is, and whether answers are in it ---------------------------------------------------------------------


def test_without_sent_mail_the_reading_is_partial_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "inbox.mbox", mbox(mail("1"), mail("2", "omar@kestrel.example")))
    (skipped,) = reading(path, sent=None).skipped
    assert skipped.where == "inbox.mbox"
    assert skipped.why.startswith("holds no mail of its owner, so answers are not in it")
    assert reading(path, sent=True).skipped == []


def test_sent_mail_of_any_time_shows_that_answers_are_kept_here(tmp_path: Path) -> None:
    old = mail("0", INES, DANA, at=NOW - timedelta(days=90))
    assert reading(write(tmp_path / "a.mbox", mbox(old, mail("1"))), sent=None).skipped == []


def test_an_owner_nobody_can_tell_is_asked_for(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.mbox", mbox(mail("1", "a@x.example", "b@y.example"), mail("2", "c@x.example", "d@y.example"))
    )
    (skipped,) = reading(path, sent=None, owner="").skipped
    assert "say owner =" in skipped.why
    assert all(message.party.domain == "" for message in messages(reading(path, sent=None, owner="")).values())


def test_the_owner_is_a_party_to_most_mails(tmp_path: Path) -> None:
    mails = [mail(str(n), f"p{n}@x{n}.example", f"{INES}, team@agency.example") for n in range(6)]
    mails += [
        mail("s", INES, "p1@x1.example"),
        mail("t", "a@b.example", "c@d.example"),
        mail("u", INES, "p2@x2.example"),
    ]
    assert owner_of(str(write(tmp_path / "a.mbox", mbox(*mails)))) == INES


def test_a_list_or_one_of_two_people_is_no_owner(tmp_path: Path) -> None:
    posts = [
        mail(str(n), f"p{n}@x.example", "list@x.example", extra="List-Post: <mailto:list@x.example>\n")
        for n in range(5)
    ]
    assert owner_of(str(write(tmp_path / "list.mbox", mbox(*posts)))) == ""
    assert owner_of(str(write(tmp_path / "two.mbox", mbox(mail("1"), mail("2", INES, DANA))))) == ""
    delivered = [mail(str(n), extra=f"Delivered-To: {INES}\n") for n in range(3)]
    assert owner_of(str(write(tmp_path / "delivered.mbox", mbox(*delivered)))) == INES
    assert owner_of(str(tmp_path / "none")) == ""


@pytest.mark.parametrize("set_to", [{}, {"path": "x", "owner": "Ines"}])
def test_settings_that_cannot_be_are_refused(set_to: dict[str, str]) -> None:
    from briefing.connector import checked_call

    with pytest.raises(ConfigError, match=r"mail: (path: is missing|owner:)"):
        checked_call(Mailbox, {"source": "mail", **set_to}, "mail")


# --- every mail is accounted for, in any order ----------------------------------------------------------------------

BAD = [
    "X: nothing\n\nbody\n",
    "Subject: no date\nFrom: a@b.example\n\nbody\n",
    "\x00\xff\n\nbody\n",
    "Date: never\n\n\n",
]


def some_mail(random: Random, n: int) -> str:
    if random.random() < 0.2:
        return random.choice(BAD)
    at = NOW - timedelta(days=random.randint(-3, 50), minutes=n)
    answers = str(random.randint(0, 30)) if random.random() < 0.5 else ""
    name = str(random.randint(0, 30)) if random.random() < 0.9 else ""
    extra = random.choice(["", "X-Gmail-Labels: Spam\n", "X-Status: D\n"])
    return mail(name, random.choice([INES, DANA, "", "undisclosed:;"]), at=at, answers=answers, extra=extra)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_mail_is_a_fact_skipped_or_left_out(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    count = random.randint(0, 25)
    path = write(tmp_path / "a.mbox", mbox(*(some_mail(random, n) for n in range(count))))
    assert reading(path).count == count


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_order_of_mails_changes_nothing(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    mails = [mail(str(n), at=NOW - timedelta(hours=n), answers=str(random.randint(0, 20))) for n in range(12)]
    first = reading(write(tmp_path / "a.mbox", mbox(*mails)))
    random.shuffle(mails)
    second = reading(write(tmp_path / "a.mbox", mbox(*mails)))
    assert _by_id(first.facts) == _by_id(second.facts)


def _by_id(facts: Sequence[object]) -> dict[str, tuple[object, ...]]:
    return {fact.ref.id: (fact.thread, fact.at, fact.excerpt) for fact in facts if isinstance(fact, Message)}


# --- recognition ----------------------------------------------------------------------------------------------------


def test_files_and_folders_are_recognised(tmp_path: Path) -> None:
    inbox = write(tmp_path / "mixed/inbox.mbox", mbox(mail("1")))
    sent = write(tmp_path / "mixed/Sent", mbox(mail("2")))
    write(tmp_path / "mixed/deals.csv", "Deal,Amount\n")
    one = write(tmp_path / "mixed/a.eml", mail("3"))
    write(tmp_path / "eml/a.eml", mail("3"))
    write(tmp_path / "boxes/Inbox", mbox(mail("1")))
    write(tmp_path / "boxes/Inbox.msf", "")
    write(tmp_path / "export/Inbox/a.eml", mail("3"))
    write(tmp_path / "export/Sent/b.eml", mail("4"))
    write(tmp_path / "two/maya/Inbox/a.eml", mail("3"))
    write(tmp_path / "two/tom/Inbox/a.eml", mail("3"))
    (tmp_path / "maildir/cur").mkdir(parents=True)
    (tmp_path / "maildir/new").mkdir()
    whole = Recognition(use="mailbox")
    assert recognise(sample_of(inbox)) == whole
    assert recognise(sample_of(sent)) == Recognition(use="mailbox", setting="sent_path")
    assert recognise(sample_of(one)) is not None
    assert recognise(sample_of(tmp_path / "mixed")) is None
    assert [recognise(sample_of(tmp_path / name)) for name in ("eml", "boxes", "export", "maildir")] == [whole] * 4
    assert recognise(sample_of(tmp_path / "two")) is None


@pytest.mark.parametrize("text", ["", "Deal,Amount\n", "From here on\n", "PK\x03\x04"])
def test_other_files_are_not_recognised(tmp_path: Path, text: str) -> None:
    assert recognise(sample_of(write(tmp_path / "a.txt", text))) is None


def test_an_empty_or_broken_mailbox_is_recognised_by_its_name(tmp_path: Path) -> None:
    assert recognise(sample_of(write(tmp_path / "a.mbox", ""))) == Recognition(use="mailbox")
    assert recognise(sample_of(write(tmp_path / "b.mbox", "no mail"))) == Recognition(use="mailbox", sure=0.5)


# --- a large one ----------------------------------------------------------------------------------------------------

MEASURED = """
import resource, sys, time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
from briefing.connector import Ignored, Skipped, Window
from connectors.mailbox import Mailbox

zone = ZoneInfo("Europe/Berlin")
now = datetime(2026, 11, 19, 7, tzinfo=zone)
window = Window(now=now, since=now - timedelta(days=60), until=now, zone=zone)
start = time.perf_counter()
(stream,) = Mailbox(source="mail", path=sys.argv[1]).streams(window)
held = list(stream.read(window, None))
left_out = sum(thing.count for thing in held if isinstance(thing, Ignored))
skipped = sum(isinstance(thing, Skipped) for thing in held)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(len(held) - sum(isinstance(t, Ignored) for t in held) - skipped, skipped, left_out, time.perf_counter() - start, peak)
"""


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("count", "size", "days"), [(26_000, 20_000, 2000), (26_000, 20_000, 50), (84_000, 6_600, 2000)]
)
def test_500_mb_within_a_minute_and_300_mb(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, size: int, days: int
) -> None:
    """Mails with attachments over five years; all of them within the window; small mails over five years."""
    path = tmp_path / "large.mbox"
    with path.open("w") as file:
        for n in range(count):
            file.write(mbox(_large_mail(n, size, NOW - timedelta(days=days * (1 - n / count), seconds=1))))
    assert path.stat().st_size > 480_000_000
    run = subprocess.run([sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True)
    facts, skipped, left_out, seconds, peak = (float(word) for word in run.stdout.split())
    with capsys.disabled():
        sys.stdout.write(f"\n{facts:.0f} facts, {left_out:.0f} left out: {seconds:.1f} s, {peak:.0f} MB\n")
    assert facts + left_out == count
    assert skipped == 0
    assert seconds < 60
    assert peak < 300


def _large_mail(n: int, size: int, at: datetime) -> str:
    """Every fifth is the owner's, every third answers the one before; the text, then an attachment that fills it up."""
    author, to = (
        (INES, f"p{n % 97}@client{n % 40}.example") if n % 5 == 0 else (f"p{n % 97}@client{n % 40}.example", INES)
    )
    text = "\n".join(f"A line of words number {line} of mail {n}, as people write them." for line in range(25))
    quoted = "On Mon, 16 Nov 2026 at 09:00, Somebody <s@x.example> wrote:\n" + "> quoted words\n" * 20
    attached = ("QUJD" * 19 + "\n") * max((size - len(text) - len(quoted) - 900) // 77, 0)
    body = (
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\n{quoted}\n--b\nContent-Type: image/png\n"
        f"Content-Transfer-Encoding: base64\n\n{attached}\n--b--\n"
    )
    received = "".join(
        f"Received: from h{hop} by h{hop + 1} with ESMTPS id {n}; {at:%a, %d %b %Y %H:%M:%S %z}\n" for hop in range(3)
    )
    extra = f"{received}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n"
    return mail(str(n), author, to, at=at, answers=str(n - 1) if n % 3 else "", body=body, extra=extra)
