"""Answers by mail and in chat: how they are asked for, which texts are some, and which are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest

from briefing import replies
from briefing.document import ByMail
from briefing.facts import Message, Person, Ref
from briefing.morning import Audience, Morning, WorkCalendar
from briefing.page import page, safe_url
from briefing.render import HTML_LIMIT, encoded_size, render
from briefing.replies import NOT_SENT, TOO_LONG, Said
from tests.sample_briefing import working_thursday
from tests.test_render import largest

ADDRESS = "maya@harbourlane.example"
MAYA = Person(name="Maya Ortiz", email=ADDRESS)
AUDIENCE = Audience(name="Maya", persons=(Person(email=ADDRESS), Person(email="m@ortiz.example"), Person(name="Maya")))
AT = datetime(2026, 11, 19, 7, 12, tzinfo=UTC)
THURSDAY, MONDAY = date(2026, 11, 19), date(2026, 11, 23)
SUBJECT = "[briefing k7mp, Harbour Lane] "


def mail(subject: str, text: str = "", **changed: Any) -> Message:
    fields: dict[str, Any] = {
        "ref": Ref(source="gmail", kind="mail", id="1"), "thread": "1", "at": AT, "author": MAYA,
        "to": (Person(email=ADDRESS),), "place": "Sent", "sent": True, "subject": subject, "excerpt": text,
    }  # fmt: skip
    return Message(**{**fields, **changed})


def said(*mails: Message) -> list[Said]:
    return replies.in_mail(mails, AUDIENCE, "Harbour Lane")


def links(item: str = "k7mp", workspace: str = "Harbour Lane", address: str = ADDRESS) -> dict[str, str]:
    found = replies.links(item, address=address, workspace=workspace, until=MONDAY, today=THURSDAY)
    return {link.text: link.url for link in found}


# --- asking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workspace", ["Harbour Lane", 'A & B "[Ümläut]" 100 %?#\u202e\n, Ltd', "", "x" * 200])
@pytest.mark.parametrize("address", [ADDRESS, "maya+ops@harbourlane.example", "o'neil&co@harbourlane.example"])
def test_what_a_link_asks_for_is_understood_when_it_comes_back(workspace: str, address: str) -> None:
    audience = Audience(persons=(Person(email=address),))
    assert replies.address_of(audience) == address
    for url, words in zip(
        links("q2dw", workspace, address).values(), ("decide", "snooze until 2026-11-23", "not useful"), strict=True
    ):
        assert set(url) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:@?=%")
        parts = urlsplit(url)
        (subject,) = parse_qs(parts.query, strict_parsing=True)["subject"]
        person = Person(email=unquote(parts.path))
        (found,) = replies.in_mail([mail(subject, author=person, to=(person,))], audience, workspace)
        assert (found.item, found.text, found.problem) == ("q2dw", words, "")


def test_the_links_of_a_card() -> None:
    assert links() == {
        "Decide": "mailto:maya@harbourlane.example?subject=%5Bbriefing%20k7mp%2C%20Harbour%20Lane%5D%20decided%3A%20",
        "Snooze to Monday": "mailto:maya@harbourlane.example?subject="
        "%5Bbriefing%20k7mp%2C%20Harbour%20Lane%5D%20snooze%20until%202026-11-23",
        "Not useful": "mailto:maya@harbourlane.example?subject=%5Bbriefing%20k7mp%2C%20Harbour%20Lane%5D%20not%20useful",
    }
    assert all(safe_url(url) for url in links().values())


@pytest.mark.parametrize(
    ("today", "until"),
    [
        (THURSDAY, MONDAY), (date(2026, 11, 16), date(2026, 11, 18)), (date(2026, 11, 20), date(2026, 11, 24)),
        (date(2026, 12, 23), date(2026, 12, 29)),
    ],
)  # fmt: skip
def test_snooze_goes_to_the_second_workday(today: date, until: date) -> None:
    calendar = WorkCalendar(holidays=frozenset({date(2026, 12, 24), date(2026, 12, 25)}))
    zone = ZoneInfo("America/New_York")
    morning = Morning(now=datetime(today.year, today.month, today.day, 7, tzinfo=zone), zone=zone, calendar=calendar)
    assert replies.snooze_day(morning) == until


@pytest.mark.parametrize("email", ["", "maya", "ma ya@x.example", "maya@x", 'maya@x.example"><b', "mäya@x.example"])
def test_an_address_that_no_link_can_hold_has_none(email: str) -> None:
    assert replies.address_of(Audience(persons=(Person(email=email),))) == ""


def test_the_mail_has_a_line_of_links_on_each_full_card_and_other_forms_have_none() -> None:
    briefing = replace(working_thursday(), by_mail=ByMail(address=ADDRESS, until=MONDAY))
    html = render(briefing, "html")
    full = [card.id for card in briefing.cards if card.full]
    assert html.count("mailto:") == 3 * len(full)
    for card in full:
        for text, url in links(card).items():
            assert f'href="{url}"' in html
            assert f">{text}</a>" in html
    text = render(briefing, "text")
    assert "mailto:" not in text
    first = briefing.cards[0].id
    assert f'"[briefing {first}, Harbour Lane] Priya by Friday"' in " ".join(text.split())
    for form in ("md", "json"):
        assert "mailto:" not in render(briefing, form)
    assert "mailto:" not in render(working_thursday(), "html")
    assert not page(working_thursday()).by_mail


def test_a_large_morning_with_links_fits_into_a_mail() -> None:
    html = render(replace(largest(), by_mail=ByMail(address=ADDRESS, until=MONDAY)), "html")
    assert encoded_size(html) <= HTML_LIMIT
    assert html.count("mailto:") == 9


# --- reading mail ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "text", "understood"),
    [
        (f"{SUBJECT}decided:", "Priya by Friday", "decide Priya by Friday"),
        (f"{SUBJECT}decided: bill the hours", "Maya Ortiz, Operations, +1 555 0100", "decide bill the hours"),
        (f"{SUBJECT}Decide Priya", "", "decide Priya"),
        (f"{SUBJECT}", "Priya by Friday Maya Ortiz Operations", "Priya by Friday"),
        (f"{SUBJECT}decided:", "Maya Ortiz Operations", "decide"),
        (f"{SUBJECT}snooze until 2026-11-23", "Maya Ortiz", "snooze until 2026-11-23"),
        ("[Briefing K7MP] hold", "", "hold"),
        ("[briefing k7mp, HARBOUR  LANE] hold", "", "hold"),
    ],
)
def test_the_words_stand_in_the_subject_or_else_in_the_text(subject: str, text: str, understood: str) -> None:
    assert said(mail(subject, text)) == [Said(said_in="gmail:1", at=AT, via="mail", item="k7mp", text=understood)]


OTHER = Person(name="Maya Ortiz", email="maya@harbourlane-example.example")


@pytest.mark.parametrize(
    "found",
    [
        mail(f"{SUBJECT}hold", author=OTHER),
        mail(f"{SUBJECT}hold", author=Person(name="Maya")),
        mail(f"{SUBJECT}hold", to=(Person(email=ADDRESS), Person(email="dana@northwind.example"))),
        mail(f"{SUBJECT}hold", cc=(Person(email="dana@northwind.example"),)),
        mail(f"{SUBJECT}hold", to=()),
        mail(f"{SUBJECT}hold", automated=True),
        mail(f"{SUBJECT}hold", medium="chat"),
        mail(f"Automatic reply: {SUBJECT}hold"),
        mail(f"Re: {SUBJECT}hold"),
        mail("[briefing k7mp, Another Agency] hold"),
        mail("[briefing k7] hold"),
        mail("briefing k7mp hold"),
    ],
)
def test_what_is_no_answer(found: Message) -> None:
    assert said(found) == []


def test_a_mail_that_only_claims_to_be_from_the_reader_does_not_count() -> None:
    (found,) = said(mail(f"{SUBJECT}done", sent=False, place="Inbox"))
    assert found.problem == NOT_SENT
    (found,) = said(
        mail(f"{SUBJECT}done", sent=False), mail(f"{SUBJECT}done", ref=Ref(source="imap", kind="mail", id="7"))
    )
    assert (found.problem, found.said_in) == ("", "imap:7")


def test_words_that_were_cut_do_not_count() -> None:
    subject = f"{SUBJECT}{'hold ' * 50}"[:119] + "…"
    assert [one.problem for one in said(mail(subject))] == [TOO_LONG]
    assert [one.problem for one in said(mail(SUBJECT, "x" * 499 + "…"))] == [TOO_LONG]
    assert [one.problem for one in said(mail(f"{SUBJECT}hold…"))] == [""]


def test_a_mail_to_oneself_that_answers_is_kept_from_the_rules_and_others_are_not() -> None:
    assert is_answer(mail(f"{SUBJECT}I will send it by Friday"))
    assert is_answer(mail(f"{SUBJECT}x", to=(Person(email="M@Ortiz.example"),)))
    assert not is_answer(mail("I will send it by Friday"))
    assert not is_answer(mail(f"{SUBJECT}x", author=OTHER))


def test_so_is_a_chat_message_of_the_reader_that_names_an_item_first() -> None:
    assert is_answer(mail("", "k7mp: I will call Dana by Friday", medium="chat"))
    assert not is_answer(mail("", "k7mp: I will call Dana by Friday", medium="chat", author=OTHER))
    assert not is_answer(mail("", "I will call Dana by Friday, k7mp", medium="chat"))


def is_answer(message: Message) -> bool:
    return replies.is_answer(message, AUDIENCE, {"k7mp"})


def test_links_need_sent_mail_of_the_reader() -> None:
    assert replies.sends_mail([mail("x")], AUDIENCE)
    assert not replies.sends_mail([mail("x", sent=False), mail("x", author=OTHER)], AUDIENCE)


# --- reading chat ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("k7mq hold", True), ("K7MQ: hold", True), ("`k7mq` hold", True), ("[k7mq] hold", True), ("k7mq", True),
        ("thanks", False), ("Danke, mache ich bis Freitag", False), ("2222 hold", False), ("ok", False), ("", False),
        ("a4 paper", False), ("26th works for me", False), ("covid19-test tomorrow", False), ("q4-2026 numbers", False),
    ],
)  # fmt: skip
def test_what_can_be_nothing_else_than_an_id(text: str, is_one: bool) -> None:
    assert replies.begins_with_an_id(text) == is_one


def test_each_line_of_a_message_is_an_answer_of_its_own() -> None:
    text = "n4qf hold\n\n \u202e- *k7mp* Priya\x1b[31m\n2. k7mp done\n" + "x" * 2000
    found = replies.in_chat("slack:D1:2.000001", text, AT)
    assert [(one.said_in.rpartition("~")[0][-2:], one.text[:20], one.problem) for one in found] == [
        ("#1", "n4qf hold", ""), ("#3", "*k7mp* Priya[31m", ""), ("#4", "k7mp done", ""), ("#5", "x" * 20, TOO_LONG)
    ]  # fmt: skip
    assert len(replies.in_chat("slack:D1:2.000001", "k7mp done\n" * 5000, AT)) == replies.MOST_LINES
