"""The mail: headers, both forms, its size as encoded, and nothing that a name from outside could put into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from briefing.deliver.edition import Edition, edition_from, edition_of, kept
from briefing.deliver.mail import LONGEST_SUBJECT, Envelope, address, as_sent, id_of, in_short, message, subject_of
from briefing.deliver.notice import Notice, as_mail
from briefing.document import Line
from briefing.escalation import Subject
from briefing.render import HTML_LIMIT
from tests.sample_briefing import ZONE, at, bad_thursday, working_thursday

ENVELOPE = Envelope(
    channel="mail", sender=address("Morning briefing <briefing@harbourlane.example>"),
    to=(address("Maya Ortíz <maya@harbourlane.example>"),), reply_to=address("ops@harbourlane.example"),
)  # fmt: skip


@pytest.fixture(scope="module")
def edition() -> Edition:
    return edition_of(working_thursday(), at("07:00"))


def read(body: bytes) -> EmailMessage:
    return message_from_bytes(body, policy=SMTP)


def text_of(mail: EmailMessage, form: str) -> str:
    part = mail.get_body((form,))
    assert part is not None
    return cast(str, part.get_content()).replace("\r\n", "\n")


def test_the_headers(edition: Edition) -> None:
    mail = read(message(edition, ENVELOPE))
    assert mail.items()[:13] == [
        ("From", "Morning briefing <briefing@harbourlane.example>"),
        ("To", "Maya Ortíz <maya@harbourlane.example>"),
        ("Reply-To", "ops@harbourlane.example"),
        ("Subject", "3 to decide: Acme launch Tuesday has no tasks (Thu 19 Nov)"),
        ("Date", "Thu, 19 Nov 2026 07:00:00 -0500"),
        ("Message-ID", id_of(message(edition, ENVELOPE))),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("List-Id", "<briefing.harbourlane.example>"),
        ("List-Unsubscribe", "<mailto:ops@harbourlane.example?subject=unsubscribe>"),
        ("X-Briefing-Date", "2026-11-19"),
        ("X-Briefing-Run", "20261119T070000-0500"),
        ("MIME-Version", "1.0"),
    ]
    assert mail["Content-Language"] == "en"
    assert mail["Message-ID"].startswith("<briefing.2026-11-19.")
    assert mail["Message-ID"].endswith(".1@harbourlane.example>")
    assert in_short(message(edition, ENVELOPE))[3].startswith("Subject:  3 to decide")


def test_two_forms_of_one_page(edition: Edition) -> None:
    mail = read(message(edition, ENVELOPE))
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert text_of(mail, "plain") == edition.forms["text"]
    assert text_of(mail, "html") == edition.forms["html"]
    assert max(len(line) for line in edition.forms["text"].splitlines()) <= 78


def test_the_same_edition_is_the_same_bytes(edition: Edition) -> None:
    body = message(edition, ENVELOPE)
    assert body == message(edition, ENVELOPE)
    assert body.isascii()
    assert all(len(line) <= 998 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
    again = edition_from(kept(edition, {"mail": body}))
    assert again == edition
    assert message(again, ENVELOPE) == body


@pytest.mark.parametrize(
    "other",
    [
        {"date": datetime(2026, 11, 20).date()}, {"audience": "Bo"}, {"workspace": "Other"},  # noqa: DTZ001
    ],
    ids=str,
)  # fmt: skip
def test_another_edition_has_another_id(edition: Edition, other: dict[str, object]) -> None:
    ids = {id_of(message(one, ENVELOPE)) for one in (edition, replace(edition, **other))}  # type: ignore[arg-type]
    ids.add(id_of(message(edition, replace(ENVELOPE, channel="second"))))
    assert len(ids) == 3


def test_the_largest_page_stays_below_what_gmail_cuts() -> None:
    lines = tuple(Line(text=f"Täsk {number}: done = Wednesday; checked, counted, closed.") for number in range(600))
    mail = read(message(edition_of(replace(working_thursday(), resolved=lines), at("07:00")), ENVELOPE))
    sizes = {part.get_content_type(): len(part.as_bytes()) for part in mail.iter_parts()}
    assert 40_000 < sizes["text/html"] <= HTML_LIMIT + 200  # the part's own headers


def test_what_is_newly_missing_stands_in_the_subject() -> None:
    assert subject_of(edition_of(bad_thursday(), at("07:00"))).startswith("Accelo and Meta not read, 2 to decide")


def test_a_long_subject_is_cut_before_its_date(edition: Edition) -> None:
    subject = subject_of(replace(edition, subject=f"3 to decide: {'very ' * 60}long (Thu 19 Nov)"))
    assert subject.startswith("3 to decide: very very")
    assert subject.endswith("very… (Thu 19 Nov)")
    assert len(subject) <= LONGEST_SUBJECT


HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(["=?utf-8?q?", "=?utf-8?b?", "?=", "=0D=0A", "DQpCY2M6IHg=", "Bcc:_x@evil.example", " "]),
        st.text(
            st.one_of(st.sampled_from("\r\n\0\x1b\u202e\u2028\u200d\x85<>\"'\\,;:=?_ @é漢\ud800"), st.characters()),
            max_size=60,
        ),
    ),
    max_size=8,
).map("".join)


@settings(max_examples=60, deadline=None)
@example("=?utf-8?q?=0D=0ABcc:_everyone@evil.example?=", "Maya")
@given(HOSTILE, HOSTILE)
def test_nothing_from_outside_becomes_a_header(subject: str, name: str) -> None:
    """Line breaks, controls, encoded words, half characters: one subject, and no header more than without them."""
    plain = Edition(
        workspace="W", audience=name, date=at("07:00").date(), made_at=at("07:00"), subject=subject,
        forms={"text": "t", "html": "<p>t</p>"},
    )  # fmt: skip
    calm = read(message(replace(plain, subject="calm"), ENVELOPE))
    body = message(plain, ENVELOPE)
    mail = read(body)
    assert [name for name, _ in mail.items()] == [name for name, _ in calm.items()]
    assert mail["Subject"].split() == subject_of(plain).split()
    assert body.isascii()


def test_an_injected_header_stays_in_the_subject(edition: Edition) -> None:
    attack = "Acme\r\nBcc: everyone@evil.example\r\n\r\n<script>1</script>"
    mail = read(message(replace(edition, subject=attack), ENVELOPE))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Acme Bcc: everyone@evil.example <script>1</script>"


@pytest.mark.parametrize(
    ("text", "spec", "name"),
    [
        ("maya@a.example", "maya@a.example", ""),
        ("Maya <maya@a.example>", "maya@a.example", "Maya"),
        ('"Ortiz, Maya" <maya@a.example>', "maya@a.example", "Ortiz, Maya"),
        ("root@localhost", "root@localhost", ""),
        ("a+b.c@sub.a.example", "a+b.c@sub.a.example", ""),
    ],
)
def test_an_address(text: str, spec: str, name: str) -> None:
    found = address(text)
    assert (found.addr_spec, found.display_name) == (spec, name)


@pytest.mark.parametrize(
    "text",
    [
        "", "maya", "maya@", "@a.example", "a@b@c", "Evil, <x@y.example>, <z@y.example>", "a@b.example\nBcc: x@y.example",
        "a b@c.example", "a@-b.example", "a..b@c.example", "a@b..example", "mäya@a.example", "a@ä.example", "<a@b.example",
        f"a@{'a' * 200}!",
    ],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is no mail address"):
        address(text)


def test_the_zone_of_the_sample() -> None:
    assert at("07:00").tzinfo == ZONE


@pytest.mark.parametrize("line", ["=?utf-8?q?=0D=0ABcc:_everyone@evil.example?=", "Acme\r\nBcc: everyone@evil.example"])
def test_the_title_of_an_item_becomes_no_header_of_an_escalation(line: str) -> None:
    about = Subject(key=("milestone", "work", "milestone", "m1"), rule="milestone-overdue", id="abcd", line=line)
    notice = Notice(workspace="Harbour Lane", at=at("07:00"), reader="Maya", subjects=(about,))
    body, _ = as_mail(notice, ENVELOPE, address("ben@harbourlane.example"))
    headers = read(body).keys()
    assert "Bcc" not in headers
    assert headers.count("Subject") == 1


WORDS = [
    "Köhler",
    "&",
    "Söhne",
    "is",
    "3",
    "workdays",
    "out",
    "no",
    "tasks:",
    "Señor",
    "(Wednesday)",
    "naïve",
    "Übergabe",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join))
@example("Söhne out 3 Köhler Übergabe Señor (Wednesday) no Söhne Señor (Wednesday) naïve naïve Köhler &")
@example("Escalated to you: Acme site: Launch due Wednesday, no tasks and 1 more")
def test_a_long_subject_arrives_with_all_its_blanks(subject: str) -> None:
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject
    mail.set_content("Subject: another\n")
    sent = as_sent(mail, subject)
    first = sent.split(b"\r\n", 1)[0]
    assert str(message_from_bytes(sent, policy=SMTP)["Subject"]) == subject
    assert first != b"Subject:"
    assert len(first) <= 78
    assert sent.endswith(b"Subject: another\r\n")
