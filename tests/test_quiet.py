"""Clients who have stopped writing, and silences that say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from briefing.clients import Client, directory
from briefing.facts import Money, Person
from briefing.items import Item
from briefing.morning import Audience, Morning
from briefing.ranking import Order, Prices, price
from briefing.rules import load_all
from briefing.rules.engine import run
from briefing.rules.view import Limits, facts_of
from briefing.testing import facts_from, morning_at, readings_for

MAYA = Audience(name="Maya", persons=(Person(name="Maya Lind", email="maya@harbour.example"),))
THURSDAY = morning_at("2026-11-19 07:00", audience=MAYA)
LAST = date(2026, 11, 9)
"""A Monday, eight workdays before."""

JUNIPER = Client(
    name="Juniper", domains=("juniper.example",), monthly_fee=Money(amount=Decimal(4500), currency="USD"),
    owner=Person(name="Ines Roth", email="ines@harbour.example"),
)  # fmt: skip
FIRST = "message | 0 | source=mail | thread=0 | at=2026-10-01 10:00 | author=news@shop.example | automated=yes | excerpt=News."
"""The inbox was read from the first of October on."""

SLACK = "message | s | source=chat | medium=chat | place=#d | thread=s | at=2026-11-18 10:00 | author=tom@harbour.example | excerpt=Morning."


def told(text: str, *, morning: Morning = THURSDAY, client: Client = JUNIPER, status: str = "whole") -> list[Item]:
    facts = facts_from(f"{FIRST}\n{text}")
    names = {"chat": "Slack", "mail": "your inbox"}
    readings = [
        replace(reading, place=names.get(reading.source, reading.source))
        for reading in readings_for(facts, status=status)
    ]
    known = directory(facts, clients=(client,), own_domains=("harbour.example",), today=morning.today)
    view = facts_of(facts, readings=readings, directory=known)
    rule = load_all()["client-quiet"]
    return list(run(rule, view, morning, Limits(rule.limits)).items)


def mails(days: Iterable[date], *, author: str = "Dana Ruiz <dana@juniper.example>", more: str = "") -> str:
    """One mail of theirs on each day."""
    return "\n".join(
        f"message | m{day:%m%d} | source=mail | thread=t{day:%m%d} | subject=Shop | at={day} 11:00 | author={author} "
        f"| to=Ines Roth <ines@harbour.example> | excerpt=The photos are in the folder.{more}"
        for day in days
    )


def workdays(count: int, *, every: int = 1, last: date = LAST) -> Sequence[date]:
    """So many workdays up to the last one, each `every` apart."""
    found, day = [last], last
    while len(found) < count:
        for _ in range(every):
            day = before(day)
        found.append(day)
    return found[::-1]


def before(day: date) -> date:
    """The workday before a day."""
    day -= timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day


REGULAR = f"{mails(workdays(20))}\n{SLACK}"


# --- the sentence ----------------------------------------------------------------------------------------------------


def test_a_client_who_wrote_every_day_and_stopped() -> None:
    (item,) = told(REGULAR)
    assert item.headline == "Juniper has written nothing since Monday 9 November (8 workdays; usually every workday)."
    assert item.line == "Juniper has written nothing since Monday 9 November, usually every workday."
    assert item.body == (
        "Nothing from them in Slack or your inbox; Ines Roth's inbox was not read.",
        'The last word was Dana Ruiz\'s, by mail ("Shop"); the longest pause before it was 1 workday.',
        "Fee $4,500 a month.",
    )
    assert item.ask == "call or leave?"
    assert (item.client, item.matter, item.about.id) == ("Juniper", "client", "m1109")
    assert item.looked_in == ("Slack", "your inbox")
    assert item.not_in == ("Ines Roth's inbox",)


def test_a_client_who_wrote_every_second_day() -> None:
    (item,) = told(mails(workdays(12, every=2)))
    assert "(8 workdays; usually every 2)." in item.headline
    assert item.line.endswith("usually every 2 workdays.")
    assert "the longest pause before it was 2 workdays." in item.body[1]


def test_an_inbox_that_was_read_is_not_named_as_unread() -> None:
    own = "message | o | source=mail | thread=o | at=2026-11-05 10:00 | author=ines@harbour.example | to=tom@harbour.example | excerpt=Done."
    (item,) = told(f"{REGULAR}\n{own}")
    assert item.not_in == ()
    assert item.body[0] == "Nothing from them in Slack or your inbox."


def test_its_price_lies_below_a_card_in_full() -> None:
    for client in (JUNIPER, replace(JUNIPER, monthly_fee=None)):
        (item,) = told(REGULAR, client=client)
        priced = price(item, load_all()["client-quiet"], THURSDAY, Prices())
        assert Decimal(0) < priced.lost < Order().floor


def test_its_key_stays_from_day_to_day() -> None:
    (today,) = told(REGULAR)
    (tomorrow,) = told(REGULAR, morning=morning_at("2026-11-20 07:00", audience=MAYA))
    assert today.key == tomorrow.key
    assert today.measure == tomorrow.measure
    assert "(9 workdays;" in tomorrow.headline


def test_mail_and_chat_are_counted_together_and_told_once() -> None:
    days = workdays(20)
    chat = mails(days[1::2]).replace("source=mail", "source=chat | medium=chat | place=#juniper | party=Juniper")
    (item,) = told(f"{mails(days[::2])}\n{chat}")
    assert "8 workdays; usually every workday" in item.headline
    assert item.body[1].startswith("The last word was Dana Ruiz's, in #juniper;")


def test_several_messages_of_a_day_are_one() -> None:
    again = mails(workdays(20)).replace("message | m", "message | n").replace("11:00", "15:00")
    (item,) = told(f"{REGULAR}\n{again}")
    assert "usually every workday" in item.headline
    assert told(f"{mails(workdays(8))}\n{mails(workdays(8)).replace('| m', '| n').replace('11:00', '15:00')}") == []


# --- the limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "every", "is_told"),
    [
        (date(2026, 11, 11), 1, True),
        (date(2026, 11, 12), 1, False),
        (date(2026, 11, 11), 2, False),
        (date(2026, 11, 10), 2, True),
        (date(2026, 11, 9), 3, False),
    ],
)
def test_longer_than_five_workdays_and_three_usual_gaps(last: date, every: int, is_told: bool) -> None:
    assert bool(told(mails(workdays(18 if every == 1 else 12, every=every, last=last)))) is is_told


def test_ten_gaps_are_needed() -> None:
    assert told(mails(workdays(11, every=2)))
    assert not told(mails(workdays(10, every=2)))


def test_an_irregular_client_who_was_silent_as_long_before() -> None:
    days = workdays(20)
    assert told(mails((*days[:6], *days[12:]))) != []
    assert told(mails((*days[:6], *days[13:]))) == []


def test_a_holiday_week_is_no_silence() -> None:
    week = frozenset(date(2026, 11, day) for day in range(9, 14))
    at = morning_at("2026-11-19 07:00", audience=MAYA, holidays=week)
    text = mails(workdays(20, last=date(2026, 11, 6)))
    assert told(text, morning=at) == []
    assert len(told(text)) == 1


def test_a_young_client() -> None:
    assert told(mails(workdays(13, last=date(2026, 11, 10)))) == []
    # Where the list begins there as well, nothing says that they are young.
    begins = "2026-10-22"
    text = mails(workdays(13, last=date(2026, 11, 10)))
    facts = text.replace("source=mail", "source=other")
    other = f"message | b | source=other | thread=b | at={begins} 10:00 | author=news@shop.example | automated=yes"
    assert len(told(f"{facts}\n{other}")) == 1


def test_weekends_are_no_gaps() -> None:
    saturdays = [day + timedelta(days=1) for day in workdays(20) if day.weekday() == 4]
    (item,) = told(f"{REGULAR}\n{mails(saturdays)}")
    assert "8 workdays; usually every workday" in item.headline


# --- what explains a silence -----------------------------------------------------------------------------------------

MEETING = "meeting | k | uid=k | starts=2026-11-12 10:00 | ends=2026-11-12 11:00 | guests=dana@juniper.example=accepted"
ASKED = "message | q | source=mail | thread=q | at=2026-11-12 10:00 | author=ines@harbour.example | to=dana@juniper.example; maya@harbour.example | excerpt=Which of the two photos do you want on the front page?"


@pytest.mark.parametrize(
    "line",
    [
        MEETING,
        ASKED,
        ASKED.replace("author=ines@harbour.example | to=dana@juniper.example; maya@harbour.example", "author=maya@harbour.example | to=dana@juniper.example").replace("11-12", "11-06"),
        "message | w | source=mail | thread=w | at=2026-11-09 12:00 | author=dana@juniper.example | to=maya@harbour.example | excerpt=Could you send us the invoice of October?",
        "message | p | source=mail | thread=p | at=2026-11-13 12:00 | author=paul@juniper.example | to=maya@harbour.example | excerpt=The fair went well.",
        "message | p | source=chat | medium=chat | place=#juniper | party=Juniper | thread=p | at=2026-11-13 12:00 | author=Guest | outside=yes | excerpt=The fair went well.",
        "message | p | source=chat | medium=chat | place=#juniper | party=Juniper | thread=p | at=2026-11-13 12:00 | author=Guest | excerpt=The fair went well.",
        "message | p | source=mail | thread=t1109 | at=2026-11-13 12:00 | author=dana.at.home@gmail.com | to=maya@harbour.example | excerpt=From my phone.",
        "message | p | source=mail | thread=p | at=2026-11-13 12:00 | author=Dana Ruiz <dr@home.example> | to=maya@harbour.example | excerpt=From my phone.",
        "proposal | p | name=Film | party=Juniper | state=sent",
        "project | p | title=Shop | party=Juniper | state=done",
        "project | p | title=Shop | party=Juniper | state=paused\nproject | o | title=Fair | party=Juniper | state=done",
    ],
)  # fmt: skip
def test_a_silence_that_is_told_elsewhere_or_has_a_reason(line: str) -> None:
    assert told(f"{REGULAR}\n{line}") == []


@pytest.mark.parametrize(
    "line",
    [
        MEETING.replace("11-12", "11-05"),
        MEETING.replace("accepted", "declined"),
        f"{MEETING} | cancelled=yes",
        MEETING.replace("11-12", "11-20"),
        ASKED.replace("Which of the two photos do you want on the front page?", "The film is cut."),
        "message | p | source=mail | thread=p | at=2026-11-13 12:00 | author=paul@juniper.example | to=maya@harbour.example | automated=yes | excerpt=I am out of the office.",
        "message | p | source=mail | thread=p | at=2026-11-13 12:00 | author=paul@alder.example | to=maya@harbour.example | excerpt=The fair went well.",
        "message | p | source=chat | medium=chat | place=#juniper | party=Juniper | thread=p | at=2026-11-13 12:00 | author=ines@harbour.example | excerpt=We are back.",
        "proposal | p | name=Film | party=Juniper | state=accepted",
        "project | p | title=Shop | party=Juniper | state=done\nproject | o | title=Fair | party=Juniper | state=open",
    ],
)  # fmt: skip
def test_what_explains_nothing(line: str) -> None:
    assert len(told(f"{REGULAR}\n{line}")) == 1


def test_firms_that_are_no_clients() -> None:
    alder = mails(workdays(20)).replace("juniper.example", "alder.example")
    assert told(alder) == []
    company = "company | c | name=Alder | domains=alder.example"
    assert told(f"{alder}\n{company}") == []
    assert told(f"{alder}\ndeal | d | name=Shop | party=Alder | state=open\n{company}") == []
    (item,) = told(f"{alder}\n{company}\nproject | p | title=Shop | party=Alder")
    assert item.client == "Alder"


@pytest.mark.parametrize("status", ["partial", "stale", "missing"])
def test_a_source_that_was_not_read_whole_silences_it(status: str) -> None:
    assert told(REGULAR, status=status) == []


def test_the_order_of_messages_changes_nothing() -> None:
    assert told("\n".join(reversed(REGULAR.splitlines()))) == told(REGULAR)
