"""Promises that were not kept, questions that clients have not answered, and what only looks like either."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from briefing.clients import Client, directory
from briefing.facts import Person
from briefing.items import Item
from briefing.morning import Audience
from briefing.rules import load_all
from briefing.rules.engine import run
from briefing.rules.promised import promise
from briefing.rules.view import Limits, facts_of
from briefing.testing import facts_from, morning_at, readings_for

MAYA = Audience(name="Maya", persons=(Person(name="Maya Lind", email="maya@harbour.example"),))
THURSDAY = morning_at("2026-11-19 07:00", audience=MAYA)
TUESDAY = date(2026, 11, 17)
JUNIPER = Client(name="Juniper", domains=("juniper.example",))


def told(text: str, *, status: str = "whole") -> list[Item]:
    facts = facts_from(text)
    names = {"chat": "Slack", "mail": "your inbox"}
    readings = [
        replace(reading, place=names.get(reading.source, reading.source))
        for reading in readings_for(facts, status=status)
    ]
    known = directory(facts, clients=(JUNIPER,), own_domains=("harbour.example",), today=THURSDAY.today)
    view = facts_of(facts, readings=readings, directory=known)
    names_of_rules = ("promise-overdue", "waiting-on-them", "client-waiting", "mention-unanswered", "dm-unanswered")
    rules = [load_all()[name] for name in names_of_rules]
    return [item for rule in rules for item in run(rule, view, THURSDAY, Limits(rule.limits)).items]


# --- what promises, and by when --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("I'll send you the plan by Friday.", date(2026, 11, 20)),
        ("Thanks for the call. I will get back to you tomorrow.", date(2026, 11, 18)),
        ("We'll share the numbers by the end of the week.", date(2026, 11, 20)),
        ("I’ll let you know next week.", date(2026, 11, 27)),
        ("I'll send it on Tuesday.", date(2026, 11, 24)),
        ("I'll send it by next Thursday.", date(2026, 11, 26)),
        ("I will reply by 25 November.", date(2026, 11, 25)),
        ("I will reply by Nov 25th.", date(2026, 11, 25)),
        ("I will reply by the 25th.", date(2026, 11, 25)),
        ("I'll forward it by 2026-12-01.", date(2026, 12, 1)),
        ("I'll send it today.", TUESDAY),
        ("I'll send it by the end of the month.", date(2026, 11, 30)),
        ("I'll send Monday's numbers tomorrow.", date(2026, 11, 23)),
        ("I'll get it to you within two weeks.", date(2026, 12, 1)),
    ],
)
def test_a_promise_and_the_last_day_of_it(text: str, due: date) -> None:
    found = promise(text, TUESDAY)
    assert found is not None
    assert found.due == due


@pytest.mark.parametrize(
    "text",
    [
        "I'll send it tomorrow if the printer is done.",
        "I'll send it once legal has signed on Friday.",
        "I'll try to send it by Friday.",
        "I will not send it before Friday.",
        "Will I send it by Friday?",
        "I'll send it soon.",
        "I'll fix it by Friday.",
        "I'll call you tomorrow.",
        "He will send it by Friday.",
        "You said you will send it by Friday.",
        "I sent it on Friday.",
        "I'll send it by 31 February.",
        "I'll send the report of 3 March by 4 March.",
        "It will be ready on Thursday.",
        "",
    ],
)
def test_no_promise_that_is_sure(text: str) -> None:
    assert promise(text, TUESDAY) is None


@pytest.mark.timeout(5)
def test_hostile_text_costs_nothing() -> None:
    for text in ("i will " * 70, "I'll send " + "in 1 " * 100, "9" * 500, "I'll send it by " + "next " * 100):
        assert promise(text, TUESDAY) is None


# --- promises --------------------------------------------------------------------------------------------------------

PROMISE = """
message | 1 | source=mail | thread=1 | subject=Cost plan | at=2026-11-12 10:00 | author=Tom Ek <tom@harbour.example> | to=maya@harbour.example | excerpt=Where do we stand with the plan?
message | 2 | source=mail | thread=1 | subject=Re: Cost plan | at=2026-11-12 11:00 | author=maya@harbour.example | to=Tom Ek <tom@harbour.example> | excerpt=I'll send you the cost plan by Monday.
"""


def test_a_promise_of_the_reader_whose_day_has_passed() -> None:
    (item,) = told(PROMISE)
    assert item.rule == "promise-overdue"
    assert item.headline == "Tom Ek: you promised to write by Monday, and nothing has come since."
    assert item.body == (
        'You wrote by mail ("Re: Cost plan") on 12 November 11:00: "I\'ll send you the cost plan by Monday."',
        "Nothing later in your inbox.",
    )


@pytest.mark.parametrize(
    "line",
    [
        "thread=1 | at=2026-11-18 10:00 | author=maya@harbour.example | to=tom@harbour.example | excerpt=Here it is.",
        "thread=2 | at=2026-11-13 10:00 | author=maya@harbour.example | to=tom@harbour.example | excerpt=The plan.",
        "thread=2 | medium=chat | place=#d | at=2026-11-13 10:00 | author=maya@harbour.example | mentions=tom@harbour.example | excerpt=See the folder.",
        "thread=1 | at=2026-11-17 10:00 | author=tom@harbour.example | to=maya@harbour.example | excerpt=Thanks, got it.",
        "thread=1 | at=2026-11-13 10:00 | author=tom@harbour.example | to=maya@harbour.example | excerpt=Never mind, I found it.",
    ],
)
def test_a_promise_that_may_be_kept(line: str) -> None:
    assert told(f"{PROMISE}message | 3 | source=mail | {line}") == []


def test_thanks_for_the_promise_keep_it_open_and_a_chaser_is_told_as_such() -> None:
    thanks = "message | 3 | source=mail | thread=1 | at=2026-11-12 12:00 | author=tom@harbour.example | to=maya@harbour.example | excerpt=Thanks!"
    assert [item.rule for item in told(f"{PROMISE}{thanks}")] == ["promise-overdue"]
    chaser = thanks.replace("11-12", "11-17").replace("Thanks!", "Any news on the plan?")
    assert [item.rule for item in told(f"{PROMISE}{chaser}")] == ["mention-unanswered"]


@pytest.mark.parametrize("text", ["by Thursday", "by Friday", "next week", "soon"])
def test_a_promise_whose_day_has_not_passed(text: str) -> None:
    assert told(PROMISE.replace("2026-11-12", "2026-11-17").replace("by Monday", text)) == []


def test_a_promise_for_a_weekend_has_until_the_workday_after_it() -> None:
    text = PROMISE.replace("2026-11-12", "2026-11-13").replace("by Monday", "by Saturday")
    assert len(told(text)) == 1
    assert "by Saturday" in told(text)[0].headline


def test_a_colleague_s_promise_to_a_client_in_chat_names_the_inbox_that_was_not_read(table: str) -> None:
    """
    message | 1 | source=chat | medium=chat | place=#juniper | thread=t | party=Juniper | at=2026-11-12 10:00 | author=Dana Ruiz <dana@juniper.example> | excerpt=We need the photos.
    message | 2 | source=chat | medium=chat | place=#juniper | thread=t | party=Juniper | at=2026-11-12 11:00 | author=Ines Roth <ines@harbour.example> | excerpt=I'll share the photos tomorrow.
    """
    (item,) = told(table)
    assert item.headline == "Juniper: Ines Roth promised to write by Friday, and nothing has come since."
    assert item.body[-1] == "Nothing later in #juniper (Slack); Ines Roth's inbox was not read."
    assert item.client == "Juniper"
    by_mail = table.replace("source=chat | medium=chat", "source=mail").replace(
        "thread=t", "thread=t | to=maya@harbour.example"
    )
    assert [one.rule for one in told(by_mail)] != ["promise-overdue"]


# --- questions to clients ----------------------------------------------------------------------------------------------

QUESTION = """
message | 5 | source=mail | thread=5 | subject=Brand film | at=2026-11-13 10:00 | author=maya@harbour.example | to=Dana Ruiz <dana@juniper.example> | excerpt=Which of the two tracks do you want under the brand film?
message | 9 | source=chat | medium=chat | place=#d | thread=9 | at=2026-11-18 10:00 | author=tom@harbour.example | excerpt=Morning.
"""


def test_a_question_to_a_client() -> None:
    (item,) = told(QUESTION)
    assert item.rule == "waiting-on-them"
    assert item.headline == "Juniper has not answered your question of Friday (4 workdays)."
    assert item.body == (
        'You asked Dana Ruiz by mail ("Brand film"): "Which of the two tracks do you want under the brand film?"',
        "No answer in your inbox or Slack.",
    )
    assert item.ask == "chase or wait?"


@pytest.mark.parametrize(
    "line",
    [
        "message | 2 | source=mail | thread=5 | at=2026-11-16 10:00 | author=dana@juniper.example | to=maya@harbour.example | excerpt=The second.",
        "message | 2 | source=mail | thread=2 | subject=Tracks | at=2026-11-16 10:00 | author=paul@juniper.example | to=maya@harbour.example | excerpt=The second of the two tracks for the brand film.",
        "message | 2 | source=chat | medium=chat | place=#juniper | party=Juniper | thread=2 | at=2026-11-16 10:00 | author=dana@juniper.example | excerpt=On your mail: the second.",
        "message | 2 | source=mail | thread=5 | at=2026-11-16 10:00 | author=maya@harbour.example | to=dana@juniper.example | excerpt=Settled by phone, we take the second.",
        "meeting | m | uid=m | starts=2026-11-16 10:00 | ends=2026-11-16 10:30 | guests=dana@juniper.example=accepted",
        "proposal | p | name=Film | party=Juniper | state=sent",
        "deal | d | name=Film | state=open | contacts=dana@juniper.example",
    ],
)
def test_a_question_that_is_answered_settled_or_told_elsewhere(line: str) -> None:
    assert told(f"{QUESTION}{line}") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-11-13", "2026-11-17"),
        ("2026-11-13", "2026-10-20"),
        ("Which of the two tracks do you want under the brand film?", "The brand film is cut."),
        ("Which of the two tracks do you want under the brand film?", "Done, please have a look."),
        ("Which of the two tracks do you want under the brand film?", "Both tracks are up, please check them out."),
        ("dana@juniper.example", "dana@stranger.example"),
        ("author=maya@harbour.example", "author=ines@harbour.example | cc=maya@harbour.example"),
    ],
)
def test_no_question_to_be_told(old: str, new: str) -> None:
    assert told(QUESTION.replace(old, new)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Could you have a look?",
        "Both are up. Please have a look and tell us which one you want.",
        "Please have a look whether the music fits.",
        "Have a look at the film. Which of the tracks do you want?",
    ],
)
def test_a_look_with_a_question(text: str) -> None:
    (item,) = told(QUESTION.replace("Which of the two tracks do you want under the brand film?", text))
    assert item.rule == "waiting-on-them"


def test_an_automatic_reply_is_no_answer_and_a_chaser_begins_anew() -> None:
    auto = "message | 2 | source=mail | thread=5 | at=2026-11-13 10:01 | author=dana@juniper.example | to=maya@harbour.example | automated=yes | excerpt=I am out."
    assert len(told(f"{QUESTION}{auto}")) == 1
    again = "message | 3 | source=mail | thread=5 | at=2026-11-18 10:01 | author=maya@harbour.example | to=dana@juniper.example | excerpt=Any news on this?"
    assert told(f"{QUESTION}{again}") == []


def test_a_question_in_a_thread_of_a_client_s_channel(table: str) -> None:
    """
    message | 1 | source=chat | medium=chat | place=#juniper | thread=t | party=Juniper | at=2026-11-12 10:00 | author=Dana Ruiz <dana@juniper.example> | excerpt=The photos are up.
    message | 2 | source=chat | medium=chat | place=#juniper | thread=t | party=Juniper | at=2026-11-12 11:00 | author=Ines Roth <ines@harbour.example> | excerpt=Which of them may we crop?
    """
    (item,) = told(table)
    assert item.headline == "Juniper has not answered Ines Roth's question of 12 November (5 workdays)."
    assert item.not_in == ("Ines Roth's inbox",)
    inside = "message | 3 | source=chat | medium=chat | place=#juniper | thread=u | party=Juniper | at=2026-11-12 12:00 | author=ines@harbour.example | excerpt=Tom, can you crop them?"
    assert len(told(f"{table}\n{inside}")) == 1


def test_a_source_read_in_part_silences_both() -> None:
    assert told(PROMISE, status="partial") == told(QUESTION, status="partial") == []


def test_the_order_of_messages_changes_nothing() -> None:
    items = told(PROMISE + QUESTION)
    assert {item.rule for item in items} == {"promise-overdue", "waiting-on-them"}
    assert told("\n".join(reversed((PROMISE + QUESTION).splitlines()))) == items
