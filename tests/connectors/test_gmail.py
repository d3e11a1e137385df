"""Gmail: what a message states, what is left out, and how readings go on within Google's units."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from briefing.connector import Skipped
from briefing.facts import Message
from connectors.gmail_mail import permalink, stated
from tests.connectors.gmail_wire import data, headers, message, plain
from tests.connectors.google_wire import (
    MAYA,
    NOW,
    ZONE,
    Json,
)


def fact(told: Json) -> Message:
    found = stated(told, told["threadId"], source="gmail", me=MAYA, zone=ZONE)
    assert isinstance(found, Message), found
    return found


# --- what a message states -----------------------------------------------------------------------------------------


def test_a_mail_with_everything() -> None:
    found = fact(
        message(
            thread="19a", Subject="Launch date", Cc="Ann <ann@northwind.example>, ines@harbourlane.example",
            part=plain("Could you send the report?\r\n\r\nOn Mon, 16 Nov 2026, Maya wrote:\r\n> Which one?\r\n"),
        )
    )  # fmt: skip
    assert (found.ref.source, found.ref.kind, found.ref.id) == ("gmail", "mail", "a1")
    assert found.ref.url == f"https://mail.google.com/mail/?authuser={MAYA}#all/19a"
    assert (found.thread, found.at) == ("19a", NOW - timedelta(hours=20))
    assert (found.author.name, found.author.email) == ("Dana Ruiz", "dana@northwind.example")
    assert [one.email for one in found.to] == [MAYA]
    assert [one.email for one in found.cc] == ["ann@northwind.example", "ines@harbourlane.example"]
    assert (found.subject, found.excerpt) == ("Launch date", "Could you send the report?")
    assert (found.party.domain, found.place, found.automated) == ("northwind.example", "Inbox", False)


def test_what_was_sent_from_the_mailbox_is_known_by_its_label_alone() -> None:
    assert fact(message(labels=["SENT", "INBOX"], From=MAYA, To=MAYA)).sent
    assert not fact(message(labels=["INBOX"], From=MAYA, To=MAYA)).sent


@pytest.mark.parametrize(
    ("part", "excerpt"),
    [
        (plain("Grüße"), "Grüße"),
        (plain("Grüße", "text/plain; charset=iso-8859-1"), "Grüße"),  # UTF-8 whatever the header declares
        (plain("Grüße".encode("latin-1"), "text/plain; charset=iso-8859-1"), "Grüße"),  # as it was sent
        (plain("会議".encode("iso-2022-jp"), "text/plain; charset=iso-2022-jp"), "会議"),
        (plain("会議", "text/plain; charset=iso-2022-jp"), "会議"),
        ({"mimeType": "text/html", "headers": [], "body": data("<p>Yes, <b>Tuesday</b></p>")}, "Yes, Tuesday"),
        ({"mimeType": "multipart/mixed", "headers": headers(Content_Type='multipart/mixed; boundary="b"'), "parts": [
            {"mimeType": "multipart/alternative", "headers": [], "parts": [
                plain("The words."), {"mimeType": "text/html", "headers": [], "body": data("<p>Markup.</p>")}]},
            {"mimeType": "application/pdf", "filename": "a.pdf", "headers": headers(
                Content_Disposition='attachment; filename="a.pdf"'), "body": {"size": 9, "attachmentId": "ANGj"}}]},
         "The words."),
        ({"mimeType": "multipart/mixed", "headers": [], "parts": [
            {**plain("attached notes"), "headers": headers(Content_Type="text/plain", Content_Disposition="attachment")},
            plain("The words.")]}, "The words."),
        ({"mimeType": "multipart/mixed", "headers": [], "parts": [
            {"mimeType": "message/rfc822", "headers": [], "parts": [plain("forwarded")]}, plain("See below.")]},
         "See below."),
        ({"mimeType": "text/plain", "headers": []}, "Could you send"),  # nothing but the snippet
    ],
)  # fmt: skip
def test_the_words_of_a_mail(part: Json, excerpt: str) -> None:
    assert fact(message(part=part)).excerpt == excerpt


def test_a_snippet_is_not_markup() -> None:
    told = message(part={"mimeType": "text/plain", "headers": []})
    told["snippet"] = "Tom &amp; Jerry&#39;s &lt;b&gt;"
    assert fact(told).excerpt == "Tom & Jerry's <b>"


def test_an_excerpt_is_short_and_clean() -> None:
    found = fact(message(part=plain("\u202ehello \x1b[31m" + "x" * 900)))
    assert len(found.excerpt) == 500
    assert found.excerpt.isprintable()


def test_a_text_cannot_close_its_own_part() -> None:
    boundary = "--=_0000\nContent-Type: text/plain\n\nI was never written.\n--=_0000--"
    part = {"mimeType": "multipart/alternative", "headers": [], "parts": [plain(boundary), plain("Other.")]}
    assert fact(message(part=part)).excerpt.startswith("--=_0000 Content-Type")


def test_a_header_cannot_bring_another() -> None:
    found = fact(message(Subject="x\r\nAuto-Submitted: auto-replied"))
    assert (found.subject, found.automated) == ("x Auto-Submitted: auto-replied", False)


INVITATION = {
    "mimeType": "multipart/alternative", "headers": [],
    "parts": [plain("Accepted."), {"mimeType": "text/calendar", "headers": headers(
        Content_Type='text/calendar; charset="UTF-8"; method=REPLY'), "body": data("BEGIN:VCALENDAR")}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "automated"),
    [
        ({}, False),
        ({"List_Id": "<clients.northwind.example>", "Precedence": "list", "List_Post": "<mailto:x@y.example>"}, False),
        ({"Auto_Submitted": "auto-replied"}, True),
        ({"List_Unsubscribe": "<https://x.example>", "List_Unsubscribe_Post": "List-Unsubscribe=One-Click"}, True),
        ({"List_Unsubscribe": "<https://x.example>"}, False),
        ({"List_Unsubscribe": "<https://x.example>", "labels": ("INBOX", "CATEGORY_PROMOTIONS")}, True),
        ({"List_Unsubscribe": "<https://x.example>", "labels": ("INBOX", "CATEGORY_UPDATES")}, False),
        ({"labels": ("INBOX", "CATEGORY_PROMOTIONS")}, False),  # Gmail's opinion alone is none
        ({"From": "no-reply@taskboard.example"}, True),
        ({"part": INVITATION}, True),
    ],
)
def test_a_machine_is_known_by_several_signs(more: dict[str, Any], *, automated: bool) -> None:
    assert fact(message(**more)).automated is automated


def test_a_reaction_asks_nothing_further() -> None:
    part = {"mimeType": "multipart/alternative", "headers": [], "parts": [
        plain("Dana reacted via Gmail"),
        {"mimeType": "text/vnd.google.email-reaction+json", "headers": [], "body": data('{"emoji":"+1"}')}]}  # fmt: skip
    assert fact(message(part=part)).closes


def test_a_clock_that_runs_ahead_is_not_believed() -> None:
    told = message(Date="Thu, 19 Nov 2037 10:00:00 +0000")
    assert fact(told).at == NOW - timedelta(hours=20)
    assert fact(message(Date="yesterday")).at == NOW - timedelta(hours=20)


def test_what_is_no_mail_is_skipped() -> None:
    for told in ({"id": "a"}, {"id": "a", "payload": None}, {"id": "a", "payload": {"headers": [7, {"name": 3}]}}):
        assert isinstance(stated(told, "t", source="g", me=MAYA, zone=ZONE), Skipped)


def test_a_link_is_made_of_what_google_gives_only() -> None:
    assert permalink(MAYA, "javascript:alert(1)") == ""
    assert (
        permalink("a b&x=1@c.example", "19a")
        == "https://mail.google.com/mail/?authuser=a%20b%26x%3D1@c.example#all/19a"
    )
