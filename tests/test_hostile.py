"""Hostile subjects and names through every channel. The forms of the page, one by one: test_render.py."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from briefing.deliver.edition import Edition, edition_of
from briefing.deliver.folder import Files
from briefing.deliver.mail import Envelope, address, in_short, message
from briefing.deliver.output import Output
from briefing.deliver.policy import Standing
from briefing.deliver.report import line
from briefing.deliver.slack_post import post_of
from briefing.deliver.smtp import _said
from briefing.demo.server.slack_posts import check_blocks, leaves
from tests.generated_briefing import with_text
from tests.hostile import CONTROL, LONG, MARKUP, PINGS, TOGETHER
from tests.hostile import HOSTILE as SHORT
from tests.sample_briefing import at, working_thursday

ENVELOPE = Envelope(
    channel="mail", sender=address("briefing@harbourlane.example"), to=(address("maya@harbourlane.example"),)
)
HOSTILE = [*SHORT, *LONG]
NAMED = [ascii(text)[1:24] for text in HOSTILE]
ALL = " ".join(HOSTILE)


def edition(text: str) -> Edition:
    """An edition whose every name is hostile; its forms are of the harmless page."""
    usual = EDITION
    name = text.encode("utf-8", "replace").decode()  # of the configuration, which holds no half characters
    return replace(usual, workspace=name, audience=name, subject=f"{text} (Thu 19 Nov)")


EDITION = replace(edition_of(working_thursday(), at("07:00")), forms={"text": "Good morning.", "html": "<p>Good.</p>"})
CALM = message_from_bytes(message(EDITION, ENVELOPE), policy=SMTP)
URLS = [
    leaf["url"]
    for one in json.loads(post_of(working_thursday()))["messages"]
    for block in one["blocks"][1:]
    for leaf in leaves(block)
    if "url" in leaf
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=NAMED)
def test_a_mail_has_the_same_headers_and_parts(hostile: str) -> None:
    body = message(edition(hostile), ENVELOPE)
    mail, calm = message_from_bytes(body, policy=SMTP), CALM
    assert [name for name, _ in mail.items()] == [name for name, _ in calm.items()]
    assert [part.get_content_type() for part in mail.walk()] == [part.get_content_type() for part in calm.walk()]
    for name in ("From", "To", "Date", "List-Id", "X-Briefing-Date"):
        assert mail[name] == calm[name]
    assert mail["Subject"].isprintable()
    assert mail["Subject"].endswith("(Thu 19 Nov)")
    assert mail["Message-ID"].count("@") == mail["Message-ID"].count(">") == 1
    assert all(one.isprintable() for one in in_short(body))
    assert body.isascii()
    assert b"\n" not in body.replace(b"\r\n", b"")


def test_a_mail_with_hostile_text_all_over_ends_where_it_should() -> None:
    """Every text of the page: the parts are two, and none holds a control or the other's boundary."""
    bad = edition_of(with_text(working_thursday(), lambda text: f"{ALL} {text}"[:400]), at("07:00"))
    mail = message_from_bytes(message(bad, ENVELOPE), policy=SMTP)
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert mail.defects == []
    for form, kind in (("plain", "text"), ("html", "html")):
        part = mail.get_body((form,))
        assert part is not None
        text = part.get_content().replace("\r\n", "\n")
        assert text == bad.forms[kind]
        assert not CONTROL.search(text)


@pytest.mark.parametrize("hostile", [" ".join(MARKUP), *PINGS, *TOGETHER], ids=lambda text: ascii(text)[1:24])
def test_a_post_pings_nobody_and_links_nowhere(hostile: str) -> None:
    bad = with_text(working_thursday(), lambda text: f"{hostile} {text}")
    messages = json.loads(post_of(bad))["messages"]
    for one in messages:
        check_blocks(one["blocks"])
        for text in (one["text"], *one["plain"]):
            assert not {"<", ">"} & {*text}  # what Slack parses begins with one
            assert not {"@here", "@everyone", "@channel"} & {*text.split()}
            assert not CONTROL.search(text.replace("@\N{WORD JOINER}", "@"))
        for block in one["blocks"][1:]:
            for leaf in leaves(block):
                assert leaf["type"] in {"text", "link"}
                assert leaf.get("url", URLS[0]) in URLS


def test_files_are_named_by_the_date_alone(tmp_path: Path) -> None:
    files = Files("archive", tmp_path / "editions", ("html", "text"))
    for hostile in HOSTILE:
        files.send(edition(hostile), b"", files.recipients, lambda _: True)
    assert {one.name for one in tmp_path.rglob("*") if one.is_file()} == {
        "2026-11-19.html", "2026-11-19.text", "latest.html", "latest.text",
    }  # fmt: skip


def test_what_is_printed_holds_no_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    bad = edition_of(with_text(working_thursday(), lambda text: f"{ALL} {text}"[:700]), at("07:00"))
    for form in ("text", "md", "html", "json"):
        Output("out", form).send(bad, b"", ("standard output",), lambda _: True)
        assert not CONTROL.search(capsys.readouterr().out)


def test_what_a_server_says_stays_one_line_of_status() -> None:
    """The reply goes into the ledger, and from there to `status`, to cron's mail and into the next edition."""
    now = datetime(2026, 11, 19, 6, tzinfo=UTC)
    for hostile in HOSTILE:
        said = _said(550, hostile.encode("utf-8", "replace"))
        standing = Standing(state="refused", at=now, since=now, detail=said)
        shown = line(("mail", "maya@harbourlane.example"), standing, UTC)
        assert shown.isprintable()
        assert len(shown) < 400
