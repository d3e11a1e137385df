"""Mornings on which somebody waits for an answer, and on which nobody does."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from briefing.clients import Client, directory
from briefing.facts import Money, Person
from briefing.items import Item
from briefing.morning import Audience
from briefing.rules import load_all
from briefing.rules.engine import run
from briefing.rules.view import Limits, facts_of
from briefing.testing import facts_from, morning_at, readings_for

MAYA = Audience(name="Maya", persons=(Person(name="Maya Lindqvist", email="maya@harbour.example"),))
THURSDAY = morning_at("2026-11-19 07:00", audience=MAYA)
JUNIPER = Client(
    name="Juniper", domains=("juniper.example",), monthly_fee=Money(amount=Decimal(4200), currency="USD")
)  # fmt: skip
OAKLINE = Client(name="Oakline", domains=("oakline.example",))


def waits(text: str, *, now: Any = THURSDAY, places: dict[str, str] | None = None, **settings: Any) -> list[Item]:
    """What `client-waiting` says; sources are called as in `places`, and each was read whole."""
    from dataclasses import replace

    facts = facts_from(text)
    rule = load_all()["client-waiting"]
    names = {"chat": "Slack export", "mail": "your inbox", **(places or {})}
    readings = [replace(reading, place=names.get(reading.source, reading.source)) for reading in readings_for(facts)]
    known = directory(facts, clients=(JUNIPER, OAKLINE), own_domains=("harbour.example",), today=now.today)
    view = facts_of(facts, readings=readings, directory=known)
    return list(run(rule, view, now, Limits(defaults=rule.limits, overrides=settings)).items)


def test_a_client_who_asked_in_a_channel_and_was_not_answered(table: str) -> None:
    """
    message | 1 | source=chat | thread=1 | medium=chat | place=#juniper | at=2026-11-17 11:20 | author=Dana Ruiz <dana@juniper.example> | excerpt=Morning! Could you send us the booking link?
    message | 2 | source=chat | thread=2 | medium=chat | place=#juniper | at=2026-11-18 16:10 | author=Dana Ruiz <dana@juniper.example> | excerpt=Any news on this?
    message | 3 | source=mail | thread=3 | subject=Lunch | at=2026-11-18 10:00 | author=Tom <tom@harbour.example> | to=maya@harbour.example | excerpt=Lunch at noon?
    project | p1 | source=tool | party=Juniper | title=Care | manager=Ines
    """
    (item,) = waits(table)
    assert item.headline == "Juniper waits for an answer since Tuesday 11:20 (16 working hours)."
    assert item.line == "Juniper waits for an answer since Tuesday 11:20, chased once."
    assert item.body == (
        'Dana Ruiz asked in #juniper: "Could you send us the booking link?"',
        "Chased yesterday 16:10.",
        "No answer in #juniper (Slack export) or your inbox.",
        "Fee $4,200 a month.",
    )
    assert item.stage == "chased"
    assert item.owner is not None
    assert item.owner.name == "Ines"
    assert item.stake.amount == Money(amount=Decimal(210), currency="USD")
    assert item.measure == 1


def test_a_mail_to_one_of_ours(table: str) -> None:
    """
    message | 1 | source=mail | thread=1 | subject=October invoice | at=2026-11-18 09:30 | author=Omar Haddad <omar@oakline.example> | to=Maya Lindqvist <maya@harbour.example> | excerpt=The second line is not ours. Please correct it.
    """
    (item,) = waits(table)
    assert item.headline == "Oakline waits for an answer since yesterday 09:30 (8 working hours)."
    assert item.body == (
        'Omar Haddad asked by mail ("October invoice"): "The second line is not ours. Please correct it."',
        "No answer in your inbox.",
    )
    assert item.stage == "waiting"
    assert item.owner is not None
    assert item.owner.name == "Maya Lindqvist"
    assert item.stake.amount is None


def test_a_friday_evening_question_is_one_hour_old_on_monday() -> None:
    text = (
        "message | 1 | thread=1 | at=2026-11-20 17:00 | author=dana@juniper.example | to=maya@harbour.example "
        "| excerpt=Can you send the link?"
    )
    assert waits(text, now=morning_at("2026-11-23 09:00", audience=MAYA)) == []
    (item,) = waits(text, now=morning_at("2026-11-23 12:00", audience=MAYA))
    assert "(4 working hours)" in item.headline


CHAT = "thread={id} | medium=chat | place=#juniper | at=2026-11-17 {at} | author={who} | excerpt={text}"


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("answered in the channel", ["11:20 dana Can you send the link?", "15:00 ours Here it is"]),
        ("thanked", ["11:20 dana Thanks, great!"]),
        ("told in passing", ["11:20 dana Uploaded the new photos."]),
        ("taken back", ["11:20 dana Can you send the link?", "12:40 dana never mind, found it"]),
        ("closed later", ["11:20 dana Can you send the link?", "16:40 dana Thanks, got it"]),
        ("asked nothing of us", ["11:20 dana See https://juniper.example/?a=b"]),
        ("polite closing", ["11:20 dana Signed form attached. Let me know if you have any questions."]),
        ("only said hello", ["11:20 dana Hi all, how are you?"]),
    ],
)
def test_near_misses_in_a_channel(kind: str, lines: list[str]) -> None:
    people = {"dana": "Dana <dana@juniper.example>", "ours": "Tom <tom@harbour.example>"}
    rows = []
    for number, line in enumerate(lines):
        at, who, text = line.split(" ", 2)
        rows.append(f"message | {number} | {CHAT.format(id=number, at=at, who=people[who], text=text)}")
    assert waits("\n".join(rows)) == [], kind


def test_near_misses_in_mail(table: str) -> None:
    """
    message | 1 | thread=1 | subject=Answered | at=2026-11-16 09:30 | author=omar@oakline.example | to=maya@harbour.example | excerpt=Can you confirm?
    message | 2 | thread=1 | subject=Re: Answered | at=2026-11-16 11:30 | author=maya@harbour.example | to=omar@oakline.example | excerpt=Yes.
    message | 3 | thread=3 | subject=Newsletter | at=2026-11-16 09:30 | author=news@oakline.example | to=maya@harbour.example | automated=yes | excerpt=Can you afford to miss this?
    message | 4 | thread=4 | subject=Sales | at=2026-11-16 09:30 | author=sam@vendor.example | to=maya@harbour.example | excerpt=Could we talk on Friday?
    message | 5 | thread=5 | subject=Among them | at=2026-11-16 09:30 | author=omar@oakline.example | to=lea@oakline.example | cc=maya@harbour.example | excerpt=Lea, can you send the files?
    message | 6 | thread=6 | subject=To many | at=2026-11-16 09:30 | author=omar@oakline.example | to=maya@harbour.example;a@x.example;b@x.example;c@x.example;d@x.example;e@x.example;f@x.example;g@x.example;h@x.example;i@x.example;j@x.example | excerpt=Who joins us for the opening?
    message | 7 | thread=7 | subject=Nobody named | at=2026-11-16 09:30 | author=omar@oakline.example | excerpt=Can you confirm?
    message | 8 | thread=8 | subject=Marked as done | at=2026-11-16 09:30 | author=omar@oakline.example | to=maya@harbour.example | closes=yes | excerpt=Can you confirm?
    message | 9 | thread=9 | subject=Long ago | at=2026-09-16 09:30 | author=omar@oakline.example | to=maya@harbour.example | excerpt=Can you confirm?
    message | 10 | thread=10 | subject=Ours to ours | at=2026-11-16 09:30 | author=tom@harbour.example | to=maya@harbour.example | excerpt=Can you confirm?
    message | 11 | thread=11 | subject=Side unknown | at=2026-11-16 09:30 | author=Omar | to=maya@harbour.example | excerpt=Can you confirm?
    message | 12 | thread=12 | subject=Later than now | at=2026-11-19 09:30 | author=omar@oakline.example | to=maya@harbour.example | excerpt=Can you confirm?
    message | 13 | thread=13 | subject=Who knows who answered | at=2026-11-16 09:30 | author=omar@oakline.example | to=maya@harbour.example | excerpt=Can you confirm?
    message | 14 | thread=13 | subject=Re: Who knows who answered | at=2026-11-16 09:50 | author=Ines | to=omar@oakline.example | excerpt=Yes.
    """
    assert waits(table) == []


def test_an_automatic_reply_and_a_note_among_ourselves_are_no_answer(table: str) -> None:
    """
    message | 1 | thread=1 | subject=Access | at=2026-11-17 09:30 | author=omar@oakline.example | to=maya@harbour.example | excerpt=Can you give me access?
    message | 2 | thread=1 | subject=Re: Access | at=2026-11-17 09:31 | author=maya@harbour.example | to=omar@oakline.example | automated=yes | excerpt=I am out of the office.
    message | 3 | thread=1 | subject=Fwd: Access | at=2026-11-17 10:30 | author=maya@harbour.example | to=tom@harbour.example | excerpt=Tom, please do.
    """
    (item,) = waits(table)
    assert item.headline.startswith("Oakline waits for an answer since Tuesday 09:30")


def test_in_copy_only_when_named_or_chased(table: str) -> None:
    """
    message | 1 | thread=1 | subject=Files | at=2026-11-17 09:30 | author=omar@oakline.example | to=lea@oakline.example | cc=Maya Lindqvist <maya@harbour.example> | excerpt=Lea sent them. Maya, can you check the sizes?
    message | 2 | thread=2 | subject=Banner | at=2026-11-17 10:30 | author=omar@oakline.example | to=lea@oakline.example | cc=maya@harbour.example | excerpt=Any news on the banner?
    message | 3 | thread=3 | subject=Menu | at=2026-11-17 10:30 | author=omar@oakline.example | to=lea@oakline.example | cc=maya@harbour.example | excerpt=Can you translate it?
    """
    assert [item.about.id for item in waits(table)] == ["1", "2"]


def test_where_a_colleague_was_asked_and_his_inbox_is_not_read(table: str) -> None:
    """
    message | 1 | source=mail | thread=1 | subject=Access | at=2026-11-18 09:30 | author=omar@oakline.example | to=Tom Ek <tom@harbour.example> | cc=maya@harbour.example | excerpt=Tom, can you give me access?
    message | 2 | source=mail | thread=2 | subject=Menu   | at=2026-11-13 09:30 | author=dana@juniper.example | to=Tom Ek <tom@harbour.example> | cc=maya@harbour.example | excerpt=Tom, can you change the menu?
    """
    (item,) = waits(table)
    assert item.about.id == "2"
    assert "No answer in your inbox; Tom Ek's inbox was not read." in item.body
    assert item.not_in == ("Tom Ek's inbox",)
    seen = "message | 3 | source=mail | thread=3 | at=2026-11-02 09:30 | author=tom@harbour.example | to=lea@oakline.example"
    assert [one.about.id for one in waits(f"{table}\n{seen}")] == ["2", "1"]


def test_an_answer_in_another_place_is_an_answer(table: str) -> None:
    """
    message | 1 | source=chat | thread=1 | medium=chat | place=#juniper | at=2026-11-17 11:20 | author=Dana Ruiz | outside=yes | party=Juniper | excerpt=Could you send us the booking link?
    message | 2 | source=mail | thread=2 | subject=As promised | at=2026-11-17 15:20 | author=Ines <ines@harbour.example> | to=Dana Ruiz <dana@juniper.example> | excerpt=Attached.
    message | 3 | source=mail | thread=3 | subject=Holiday banner | at=2026-11-17 11:20 | author=Omar <omar@oakline.example> | to=maya@harbour.example | excerpt=Could you swap the holiday banner?
    message | 4 | source=mail | thread=4 | subject=New holiday banner | at=2026-11-17 15:20 | author=Ines <ines@harbour.example> | to=Omar <omar@oakline.example> | excerpt=The banner for the holiday is in.
    message | 5 | source=mail | thread=5 | subject=Opening hours | at=2026-11-17 16:20 | author=Lea <lea@oakline.example> | to=maya@harbour.example | excerpt=Could you change the opening hours on the map?
    message | 6 | source=chat | thread=6 | medium=chat | place=#oakline | at=2026-11-17 17:00 | author=Tom <tom@harbour.example> | mentions=Lea <lea@oakline.example> | excerpt=Done!
    """
    assert waits(table) == []


def test_another_mail_on_another_subject_is_no_answer(table: str) -> None:
    """
    message | 1 | thread=1 | subject=Holiday banner | at=2026-11-17 11:20 | author=omar@oakline.example | to=maya@harbour.example | excerpt=Could you swap the holiday banner?
    message | 2 | thread=2 | subject=October report | at=2026-11-17 15:20 | author=ines@harbour.example | to=omar@oakline.example | excerpt=Attached.
    """
    assert len(waits(table)) == 1


def test_the_same_matter_in_mail_and_chat_is_one_item(table: str) -> None:
    """
    message | 1 | source=chat | thread=1 | medium=chat | place=#juniper | at=2026-11-17 11:20 | author=Dana Ruiz | outside=yes | party=Juniper | excerpt=Could you send us the booking link for the winter course?
    message | 2 | source=mail | thread=2 | subject=Booking link winter course | at=2026-11-18 09:20 | author=Dana Ruiz <dana@juniper.example> | to=maya@harbour.example | excerpt=Could you send it today?
    message | 3 | source=mail | thread=3 | subject=Invoice address | at=2026-11-18 09:40 | author=Dana Ruiz <dana@juniper.example> | to=maya@harbour.example | excerpt=Could you change it to our new office?
    """
    link, invoice = waits(table)
    assert link.body[1:3] == (
        'Asked by mail ("Booking link winter course") too, yesterday 09:20.',
        "No answer in #juniper (Slack export) or your inbox.",
    )
    assert link.stage == "chased"
    assert invoice.about.id == "3"


def test_one_mail_in_two_inboxes_is_one_wait_and_answered_in_either(table: str) -> None:
    """
    message | 1 | source=ines | thread=7 | subject=Access | at=2026-11-17 09:30 | author=omar@oakline.example | to=maya@harbour.example;ines@harbour.example | excerpt=Can I have access?
    message | 1 | source=mail | thread=1 | subject=Access | at=2026-11-17 09:30 | author=omar@oakline.example | to=maya@harbour.example;ines@harbour.example | excerpt=Can I have access?
    message | 2 | source=ines | thread=8 | subject=Menu | at=2026-11-17 09:30 | author=omar@oakline.example | to=maya@harbour.example;ines@harbour.example | excerpt=Can you send the menu?
    message | 2 | source=mail | thread=2 | subject=Menu | at=2026-11-17 09:30 | author=omar@oakline.example | to=maya@harbour.example;ines@harbour.example | excerpt=Can you send the menu?
    message | 4 | source=ines | thread=9 | subject=Logo | at=2026-11-17 09:30 | author=omar@oakline.example | to=maya@harbour.example;ines@harbour.example | excerpt=Can you send the logo?
    message | 4 | source=mail | thread=4 | subject=Logo | at=2026-11-17 09:30 | author=omar@oakline.example | to=maya@harbour.example;ines@harbour.example | excerpt=Can you send the logo?
    message | 5 | source=mail | thread=4 | subject=Files | at=2026-11-17 10:30 | author=maya@harbour.example | to=omar@oakline.example | excerpt=Attached.
    message | 3 | source=ines | thread=8 | subject=Re: Menu | at=2026-11-17 10:30 | author=ines@harbour.example | to=omar@oakline.example | excerpt=Attached.
    """
    (item,) = waits(table)
    assert item.evidence[0].text == "asked on Tuesday 09:30"
    assert item.about.id == "1"


def test_a_meeting_since_may_have_answered_it(table: str) -> None:
    """
    message | 1 | thread=1 | subject=Access | at=2026-11-17 09:30 | author=omar@oakline.example | to=maya@harbour.example | excerpt=Can I have access?
    meeting | m | uid=m | starts=2026-11-18 10:00 | ends=2026-11-18 10:30 | guests=omar@oakline.example=accepted
    """
    assert waits(table) == []
    assert len(waits(table.replace("=accepted", "=declined"))) == 1
    assert (
        len(
            waits(table.replace("starts=2026-11-18", "starts=2026-11-16").replace("ends=2026-11-18", "ends=2026-11-16"))
        )
        == 1
    )
    chased = "message | 2 | thread=1 | at=2026-11-18 16:00 | author=omar@oakline.example | to=maya@harbour.example | excerpt=Any news?"
    assert len(waits(f"{table}\n{chased}")) == 1


def test_a_stranger_who_wrote_back_to_us_waits_too_but_counts_less(table: str) -> None:
    """
    message | 1 | thread=1 | subject=Our talk | at=2026-11-16 09:30 | author=maya@harbour.example | to=Kim Vos <kim@prospect.example> | excerpt=Good to meet you.
    message | 2 | thread=1 | subject=Re: Our talk | at=2026-11-17 09:30 | author=Kim Vos <kim@prospect.example> | to=maya@harbour.example | excerpt=Likewise. What would a redesign cost?
    """
    (item,) = waits(table)
    assert item.headline.startswith("Kim Vos waits for an answer since Tuesday 09:30")
    assert item.client == ""
    assert item.likelihood is not None
    assert item.likelihood.value == Decimal("0.125")


def test_hostile_words_are_quoted_short_and_without_quotation_marks(table: str) -> None:
    """
    message | 1 | thread=1 | subject=x | at=2026-11-17 09:30 | author=omar@oakline.example | to=maya@harbour.example | excerpt=placeholder
    """
    text = 'Can you "click" on ' + "very " * 60 + "bad?"
    (item,) = waits(table.replace("placeholder", text))
    assert item.body[0].count('"') == 4
    assert len(item.body[0]) < 220
    assert item.body[0].endswith('…"')


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Can you send it? Thanks a lot for that. Can you send it?", "Can you send it?"),
        ("Hello! Can you send it?", "Can you send it?"),
        (
            "The map shows the old address. Is that going to change?",
            "The map shows the old address. Is that going to change?",
        ),
        ("The map shows " + "much " * 30 + "more. Is that going to change?", "Is that going to change?"),
    ],
)
def test_what_is_quoted(text: str, quote: str) -> None:
    (item,) = waits(
        "message | 1 | thread=1 | subject=Map | at=2026-11-17 09:30 | author=Omar <omar@oakline.example> "
        f"| to=maya@harbour.example | excerpt={text}"
    )
    assert item.body[0] == f'Omar asked by mail ("Map"): "{quote}"'


def test_severe_after_three_working_days_and_by_the_client_s_own_limit(table: str) -> None:
    """
    message | 1 | thread=1 | subject=Access | at=2026-11-16 09:30 | author=omar@oakline.example | to=maya@harbour.example | excerpt=Can I have access?
    """
    (item,) = waits(table)
    assert item.stage == "severe"
    assert waits(table, hours=30) == []


def test_one_inbox_read_in_part_silences_the_rule() -> None:
    text = (
        "message | 1 | source=mail | thread=1 | at=2026-11-16 09:30 | author=omar@oakline.example "
        "| to=maya@harbour.example | excerpt=Can I have access?"
    )
    facts = facts_from(text)
    rule = load_all()["client-waiting"]
    other = readings_for([], kinds=["chat:message"], status="partial")
    view = facts_of(facts, readings=[*readings_for(facts), *other])
    outcome = run(rule, view, THURSDAY, Limits(defaults=rule.limits))
    assert outcome.items == ()
    assert {one.blocked_by for one in outcome.not_run} == {"chat"}


def test_the_order_of_messages_changes_nothing() -> None:
    people = ["dana@juniper.example", "omar@oakline.example", "tom@harbour.example", "maya@harbour.example"]
    chance = random.Random(7)
    rows = [
        f"message | {n} | source={chance.choice(['mail', 'chat'])} | thread={n % 17} | place=#{n % 3} "
        f"| medium={'chat' if n % 2 else 'mail'} | subject=Matter {n % 17} | at=2026-11-{10 + n % 8} {8 + n % 9:02}:{n % 60:02} "
        f"| author={chance.choice(people)} | to={chance.choice(people)} "
        f"| excerpt={chance.choice(['Can you send it?', 'Thanks!', 'Here it is.', 'Any news?'])}"
        for n in range(120)
    ]
    told = waits("\n".join(rows))
    assert told
    chance.shuffle(rows)
    assert waits("\n".join(rows)) == told
