"""Mornings on which a colleague waits for the reader's answer, and on which nobody does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from briefing.clients import Client, directory
from briefing.facts import Person
from briefing.items import Item
from briefing.morning import Audience
from briefing.rules import load_all
from briefing.rules.engine import run
from briefing.rules.view import Limits, facts_of
from briefing.testing import facts_from, morning_at, readings_for

MAYA = Audience(name="Maya", persons=(Person(name="Maya Lind", email="maya@harbour.example", id="U1"),))
THURSDAY = morning_at("2026-11-19 07:00", audience=MAYA)
JUNIPER = Client(name="Juniper", domains=("juniper.example",))
WHO = {
    "tom": "Tom Ek <tom@harbour.example>",
    "ines": "Ines Roth <ines@harbour.example>",
    "me": "Maya Lind <maya@harbour.example>",
    "dana": "Dana Ruiz <dana@juniper.example>",
    "kim": "Kim Vos <kim@prospect.example>",
}
RULES = ("mention-unanswered", "dm-unanswered", "thread-mine", "client-waiting")


def told(text: str, *, status: str = "whole", **settings: object) -> list[Item]:
    """What the rules about open questions say, each source read so."""
    facts = facts_from(text)
    names = {"chat": "Slack", "mail": "your inbox"}
    readings = [
        replace(reading, place=names.get(reading.source, reading.source))
        for reading in readings_for(facts, status=status)
    ]
    known = directory(facts, clients=(JUNIPER,), own_domains=("harbour.example",), today=THURSDAY.today)
    view = facts_of(facts, readings=readings, directory=known)
    rules = [load_all()[name] for name in RULES]
    return [item for rule in rules for item in run(rule, view, THURSDAY, Limits(rule.limits, settings)).items]


def chat(*lines: str) -> str:
    """Lines such as `17 11:20 tom #delivery/t @me text`; `/t` is a thread, `dm:tom` a direct conversation.

    `closes` and `seen` behind the place are marks of ours.
    """
    rows = []
    for number, line in enumerate(lines):
        day, at, who, place, text = line.split(" ", 4)
        place, *marks = place.split(",")
        place, _, thread = place.partition("/")
        to = ""
        if place.startswith("dm:"):
            names = place.removeprefix("dm:").split("+")
            to = f"| to={';'.join(WHO[name] for name in (*names, 'me') if name != who)}"
            place = f"the direct messages of {' and '.join(names)}"
        mentions = [WHO[name] for name in WHO if f"@{name} " in text]
        for name, full in WHO.items():
            text = text.replace(f"@{name} ", f"@{full.partition(' <')[0]} ")
        rows.append(
            f"message | {number} | source=chat | medium=chat | thread={thread or f'own{number}'} | place={place} {to} "
            f"| at=2026-11-{day} {at} | author={WHO[who]} | mentions={';'.join(mentions)} "
            f"| closes={'yes' if 'closes' in marks else 'no'} | seen={'yes' if 'seen' in marks else 'no'} "
            f"| excerpt={text}"
        )
    return "\n".join(rows)


def mail(number: int, head: str, text: str) -> str:
    """A mail; the head is such as `17 09:30 tom > me;ines`, `cc` behind a slash."""
    when, _, people = head.rpartition(" > ")
    at, _, author = when.rpartition(" ")
    to, _, copied = people.partition("/")
    subject, _, text = text.partition(": ")
    return (
        f"message | m{number} | source=mail | thread={subject.removeprefix('Re ')} | subject={subject} "
        f"| at=2026-11-{at} | author={WHO[author]} | to={';'.join(WHO.get(one, one) for one in to.split(';'))} "
        f"| cc={';'.join(WHO[one] for one in copied.split(';') if one)} | excerpt={text}"
    )


def test_a_mention_in_a_channel() -> None:
    talk = chat(
        "17 11:20 tom #delivery @me can you approve the invoice of our freelancer?", "18 09:00 ines #random Hello"
    )
    (item,) = told(f"{talk}\n{mail(1, '16 09:00 ines > me', 'Lunch: At noon.')}")
    assert item.rule == "mention-unanswered"
    assert item.headline == "Tom Ek waits for your answer since Tuesday 11:20 (16 working hours)."
    assert item.body == (
        'Tom Ek asked in #delivery: "can you approve the invoice of our freelancer?"',
        "No answer of yours in #delivery (Slack) or your inbox.",
    )
    assert item.stage == "waiting"
    assert item.owner == MAYA.persons[0]


def test_a_mail_to_the_reader_chased() -> None:
    talk = (mail(1, "17 09:30 tom > me", "Lease: Can you sign it?"), mail(2, "18 10:00 tom > me", "Lease: Any news?"))
    (item,) = told("\n".join(talk))
    assert (item.rule, item.stage) == ("mention-unanswered", "chased")
    assert item.line == "Tom Ek waits for your answer since Tuesday 09:30, chased once."
    assert "Asked again yesterday 10:00." in item.body


@pytest.mark.parametrize(
    "lines",
    [
        ["17 11:20 tom #d @me can you approve it?", "17 15:00 me #d Yes."],
        ["17 11:20 tom #d/t @me can you approve it?", "17 15:00 me #d/t Yes."],
        ["17 11:20 tom #d @me can you approve it?", "17 15:00 me #other @tom done, by the way."],
        ["17 11:20 tom #d @me can you approve it?", "17 15:00 me dm:tom All right."],
        ["17 11:20 tom #d @me can you approve it?", "17 15:00 tom #d Never mind, found it."],
        ["17 11:20 tom #d,closes @me can you approve it?"],
        ["17 11:20 tom #d @me the invoice is paid."],
        ["17 11:20 tom #d @ines can you approve it?"],
        ["17 11:20 tom #d Can somebody approve it?"],
        ["17 11:20 tom #d @me @ines can you approve it?", "17 12:00 ines #d Yes."],
        ["17 11:20 tom #d/t @me can you approve it?", "17 12:00 ines #d/t I did."],
        ["18 16:00 tom #d @me can you approve it?"],
        ["02 11:20 tom #d @me can you approve it?"],
        ["17 11:20 tom dm:tom Can you approve it?", "17 12:00 me dm:tom Yes."],
        ["17 11:20 tom dm:tom,closes Can you approve it?"],
        ["17 11:20 me dm:tom Can you approve it?"],
        ["17 11:20 tom dm:tom The invoice is paid."],
        ["17 11:20 tom dm:tom Can you approve it?", "17 12:00 tom dm:tom Thanks, got it"],
        ["17 11:20 tom dm:tom+ines Can somebody approve it?", "17 12:00 ines dm:tom+ines Yes."],
        ["17 11:20 tom dm:tom+ines @ines can you approve it?"],
        ["17 11:20 tom dm:tom+ines Ines, can you approve it?"],
        ["17 11:00 me #d/t The draft.", "17 11:20 tom #d/t Can I share it?", "17 12:00 ines #d/t Yes."],
        ["17 11:00 me #d/t The draft.", "17 11:20 tom #d/t @ines can you share it?"],
        ["17 11:00 me #d/t The draft.", "17 11:20 tom #d/t Ines, can you share it?"],
        ["17 11:00 ines #d/t The draft.", "17 11:20 tom #d/t Can I share it?"],
        ["17 11:00 me #d/t The draft.", "17 11:20 tom #d/t Looks good."],
    ],
)  # fmt: skip
def test_chats_in_which_nobody_waits_for_the_reader(lines: list[str]) -> None:
    assert told(chat(*lines)) == []


@pytest.mark.parametrize(
    "mails",
    [
        [("17 09:30 tom > me", "Lease: Can you sign it?"), ("17 12:00 me > tom", "Lease: Done.")],
        [
            ("17 09:30 tom > me", "Lease: Can you sign it?"),
            ("17 12:00 me > tom", "Re Lease of the office: As you asked."),
        ],
        [("17 09:30 tom > ines/me", "Lease: Can you sign it?")],
        [("17 09:30 tom > me;ines", "Lease: Ines, can you sign it?")],
        [("17 09:30 tom > me;ines", "Lease: Can you sign it?"), ("17 12:00 ines > tom/me", "Lease: Done.")],
        [("17 09:30 tom > me;ines;dana;kim;x@y.example;z@y.example", "Party: Can you come?")],
        [("17 09:30 kim > me", "Offer: Can we talk?")],
        [("17 09:30 tom > me", "Lease: It is signed.")],
        [("17 09:30 tom > me", "Lease: Give me some time, I will get back to you on Friday.")],
    ],
)
def test_mails_in_which_nobody_waits_for_the_reader(mails: list[tuple[str, str]]) -> None:
    assert told("\n".join(mail(number, head, text) for number, (head, text) in enumerate(mails))) == []


def test_a_bot_asks_nothing() -> None:
    line = chat("17 11:20 tom #d @me can you approve it?")
    assert len(told(line)) == 1
    assert told(f"{line} | automated=yes".replace("| excerpt", "| automated=yes | excerpt")) == []


def test_direct_messages() -> None:
    (item,) = told(chat("17 11:20 tom dm:tom,seen Can you approve it?"))
    assert item.rule == "dm-unanswered"
    assert item.headline == "Tom Ek waits for your answer since Tuesday 11:20 (16 working hours)."
    assert item.body[-1] == "No answer of yours in the direct messages of tom (Slack)."
    assert item.likelihood is not None
    assert item.likelihood.value * 2 == 1


def test_somebody_unknown_in_direct_messages_and_a_client_there() -> None:
    assert [item.rule for item in told(chat("17 11:20 kim dm:kim Can we talk?"))] == ["dm-unanswered"]
    assert [item.rule for item in told(chat("17 11:20 dana dm:dana Can we talk?"))] == ["client-waiting"]


def test_a_direct_conversation_that_the_reader_is_not_in() -> None:
    rows = chat("17 11:20 tom dm:tom Can you approve it?").replace(
        "to=Maya Lind <maya@harbour.example>", f"to={WHO['ines']}"
    )
    assert told(rows) == []


def test_a_thread_the_reader_wrote_in() -> None:
    (item,) = told(chat("17 11:00 me #d/t The draft.", "17 11:20 tom #d/t Can I share it?"))
    assert item.rule == "thread-mine"
    assert item.headline == "Tom Ek waits in a thread of yours since Tuesday 11:20 (16 working hours)."
    assert item.body[-1] == "No answer in #d (Slack)."


def test_one_matter_in_mail_and_chat_is_one_item() -> None:
    asked = mail(1, "16 09:30 tom > me", "Lease of the printer: Can you sign the lease of the printer?")
    (item,) = told(f"{asked}\n{chat('17 11:20 tom #d @me did you see my mail on the lease of the printer?')}")
    assert item.body[1] == "Asked in #d too, on Tuesday 11:20."
    assert item.stage == "chased"


def test_what_was_asked_after_an_answer_in_another_place() -> None:
    asked = (
        mail(1, "16 09:30 tom > me", "Lease: Can you sign it?"),
        mail(2, "17 16:00 tom > me", "Lease: Can you stamp it?"),
    )
    (item,) = told("\n".join((*asked, chat("17 11:00 me dm:tom Signed."))))
    assert item.headline == "Tom Ek waits for your answer since Tuesday 16:00 (11 working hours)."


def test_where_a_client_waits_the_colleague_who_passes_it_on_is_not_told_too() -> None:
    asked = mail(1, "17 09:30 dana > me;tom", "Access: Can you give me access?")
    passed = mail(2, "17 09:50 tom > me", "Access: Can you do that?")
    items = told(f"{asked}\n{passed}")
    assert [item.rule for item in items] == ["client-waiting"]


def test_a_source_read_in_part_silences_all() -> None:
    assert told(chat("17 11:20 tom #d @me can you approve it?"), status="partial") == []


def test_the_order_of_messages_changes_nothing() -> None:
    rows = chat(
        "16 11:20 tom #d @me can you approve it?", "16 12:00 ines dm:ines Can you look?", "16 13:00 me #e/t The draft.",
        "16 14:00 ines #e/t Can I share it?", "17 09:00 tom #d Any news?",
    )  # fmt: skip
    items = told(rows)
    assert len(items) == 3
    assert told("\n".join(reversed(rows.splitlines()))) == items
