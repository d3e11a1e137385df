"""Mornings on which the sales rules must speak, and on which they must stay silent."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from briefing.clients import Client, directory
from briefing.facts import Deal, Money, Person, Proposal
from briefing.items import Item
from briefing.morning import Audience
from briefing.ranking import Prices, price
from briefing.rules import load_all
from briefing.rules.engine import run
from briefing.rules.sales import linked_deal
from briefing.rules.view import Limits, facts_of
from briefing.testing import facts_from, morning_at, readings_for

MAYA = Audience(name="Maya", persons=(Person(name="Maya", email="maya@harbour.example"),))
THURSDAY = morning_at("2026-11-19 07:00", audience=MAYA)
PLACES = {"docs": "PandaDoc", "crm": "HubSpot", "chat": "Slack", "mail": "your inbox"}
CLIENTS = (Client(name="Northwind", domains=("northwind.example",)), Client(name="Fenwick"))


def view_of(text: str, now: Any = THURSDAY, status: str = "whole", empty: tuple[str, ...] = ()) -> Any:
    facts = facts_from(text)
    readings = [
        replace(reading, place=PLACES.get(reading.source, reading.source))
        for reading in readings_for(facts, kinds=empty, status=status)
    ]
    known = directory(facts, clients=CLIENTS, own_domains=("harbour.example",), today=now.today)
    return facts_of(facts, readings=readings, directory=known)


def told(name: str, text: str, now: Any = THURSDAY, empty: tuple[str, ...] = (), **settings: Any) -> list[Item]:
    rule = load_all()[name]
    limits = Limits(defaults=rule.limits, overrides=settings)
    return list(run(rule, view_of(text, now, empty=empty), now, limits).items)


def viewed(text: str, now: Any = THURSDAY, **settings: Any) -> list[Item]:
    """What `proposal-viewed` says where mail and chat were read whole."""
    return told("proposal-viewed", text, now, ("mail:message", "chat:message"), **settings)


NORTHWIND = (
    "proposal | q1 | source=docs | name=Northwind retainer proposal | party=Northwind | state=viewed "
    "| amount=48000 USD | sent=2026-11-11 09:00 | first_viewed=2026-11-13 10:12 | owner=Marco "
    "| recipients=Dana Ruiz <dana@northwind.example>"
)


def test_a_proposal_viewed_six_days_ago(table: str) -> None:
    """
    proposal | q1 | source=docs | name=Northwind retainer proposal | party=Northwind | state=viewed | amount=48000 USD | first_viewed=2026-11-13 10:12 | views=4 | last_viewed=2026-11-17 16:20 | owner=Marco | deal=D-7
    deal     | D-7 | source=crm | name=Northwind retainer | party=Northwind | last_contact=2026-11-05 10:00
    meeting  | m   | source=cal | uid=m | starts=2026-11-19 10:00 | ends=2026-11-19 11:00 | guests=Dana Ruiz <dana@northwind.example>=accepted
    message  | 1   | source=mail | thread=1 | at=2026-11-12 10:00 | author=dana@northwind.example | to=maya@harbour.example | excerpt=Looking forward to it.
    """
    (item,) = viewed(table)
    assert item.headline == "Northwind retainer proposal: viewed 6 days ago, no answer. $48,000."
    assert item.line == "Northwind retainer proposal: viewed 6 days ago, no answer; $48,000."
    assert item.body == ("No reply in PandaDoc, HubSpot, Slack, your inbox.", "Meeting 10:00.")
    assert (item.stage, item.ask) == ("urgent", "follow up or hold?")
    assert item.stake.key == "deal:crm:D-7"
    assert item.root is not None
    assert item.root.id == "D-7"
    priced = price(item, load_all()["proposal-viewed"], THURSDAY, Prices())
    assert priced.lost == 120
    assert [factor.value for factor in priced.factors] == [Decimal("0.25"), Decimal("0.01")]


@pytest.mark.parametrize(
    ("since", "stage"),
    [
        ("2026-11-18 10:00", ""),
        ("2026-11-17 23:50", "watch"),
        ("2026-11-16 10:00", "watch"),
        ("2026-11-15 10:00", "act"),
        ("2026-11-13 23:59", "urgent"),
        ("2026-08-01 10:00", ""),
        ("2026-11-20 10:00", ""),
    ],
)
def test_the_stages_of_silence(since: str, stage: str) -> None:
    text = f"proposal | q1 | source=docs | name=Offer | state=viewed | first_viewed={since}"
    assert "".join(item.stage for item in viewed(text)) == stage


def test_a_view_before_a_weekend_is_no_matter_on_monday_and_tuesday_it_is() -> None:
    text = "proposal | q1 | source=docs | name=Offer | state=viewed | first_viewed=2026-11-20 10:00"
    assert viewed(text, morning_at("2026-11-23 07:00")) == []
    (item,) = viewed(text, morning_at("2026-11-24 07:00"))
    assert item.headline == "Offer: viewed 4 days ago, no answer."


def test_the_day_of_the_view_is_that_of_the_workspace() -> None:
    # 23:30 in New York on the 12th is the 13th in Berlin.
    text = "proposal | q1 | source=docs | name=Offer | state=viewed | first_viewed=2026-11-12T23:30:00-05:00"
    (item,) = viewed(text)
    assert "viewed 6 days ago" in item.headline
    (item,) = viewed(text, morning_at("2026-11-19 07:00", zone="America/New_York"))
    assert "viewed 7 days ago" in item.headline


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("state_since=2026-11-13 10:00 | since_quality=exact", "viewed 6 days ago"),
        ("state_since=2026-11-13 10:00 | since_quality=at_latest", "viewed on 13 November or earlier"),
        ("state_since=2026-11-13 10:00 | since_quality=observed", "viewed on 13 November or earlier"),
        ("state_since=2026-11-13 10:00", ""),
        ("last_viewed=2026-11-13 10:00", ""),
        ("sent=2026-11-10 10:00", ""),
    ],
)
def test_since_when_it_is_viewed(fields: str, words: str) -> None:
    found = viewed(f"proposal | q1 | source=docs | name=Offer | state=viewed | {fields}")
    assert [item.headline for item in found] == ([f"Offer: {words}, no answer."] if words else [])


def test_in_review() -> None:
    review = "proposal | q1 | source=docs | name=Offer | state=in_review | state_since=2026-11-13 10:00 | since_quality=exact"
    (item,) = viewed(review)
    assert item.headline == "Offer: in review for 6 days, no answer."
    (item,) = viewed(f"{review} | first_viewed=2026-11-12 10:00")
    assert item.headline == "Offer: viewed 7 days ago, no answer."


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("a mail of the recipient", "message | 1 | source=mail | thread=1 | at=2026-11-16 10:00 | author=dana@northwind.example"),
        ("a mail of a colleague of hers", "message | 1 | source=mail | thread=1 | at=2026-11-16 10:00 | author=paul@northwind.example"),
        ("in Slack, by name", "message | 1 | source=chat | medium=chat | thread=1 | at=2026-11-16 10:00 | author=Dana Ruiz | outside=yes"),
        ("in the client's channel", "message | 1 | source=chat | medium=chat | thread=1 | party=Northwind | at=2026-11-16 10:00 | author=Kim | outside=yes"),
        ("with the proposal's name", "message | 1 | source=mail | thread=1 | at=2026-11-16 10:00 | author=kim@law.example | subject=Re: Northwind retainer proposal"),
        ("a meeting since", "meeting | m | source=cal | uid=m | starts=2026-11-16 10:00 | ends=2026-11-16 11:00 | guests=dana@northwind.example=accepted"),
        ("a contact in the deal", "deal | d | source=crm | name=Northwind retainer | party=Northwind | owner=Marco | last_contact=2026-11-16 10:00"),
        ("the deal is won", "deal | d | source=crm | name=Northwind retainer proposal | state=won"),
    ],
)  # fmt: skip
def test_what_counts_as_an_answer(kind: str, line: str) -> None:
    assert viewed(f"{NORTHWIND}\n{line}") == [], kind


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("before the view", "message | 1 | source=mail | thread=1 | at=2026-11-13 10:11 | author=dana@northwind.example"),
        ("an automatic reply", "message | 1 | source=mail | thread=1 | at=2026-11-16 10:00 | author=dana@northwind.example | automated=yes"),
        ("of ours", "message | 1 | source=mail | thread=1 | at=2026-11-16 10:00 | author=marco@harbour.example | to=dana@northwind.example"),
        ("of ours, in the client's channel", "message | 1 | source=chat | medium=chat | thread=1 | party=Northwind | at=2026-11-16 10:00 | author=marco@harbour.example"),
        ("of ours, by name", "message | 1 | source=mail | thread=1 | at=2026-11-16 10:00 | author=Marco <marco@harbour.example> | subject=Northwind retainer proposal"),
        ("of another client", "message | 1 | source=mail | thread=1 | at=2026-11-16 10:00 | author=kim@oakline.example"),
        ("later than now", "message | 1 | source=mail | thread=1 | at=2026-11-19 10:00 | author=dana@northwind.example"),
        ("a meeting she declined", "meeting | m | source=cal | uid=m | starts=2026-11-16 10:00 | ends=2026-11-16 11:00 | guests=dana@northwind.example=declined"),
        ("a cancelled meeting", "meeting | m | source=cal | uid=m | starts=2026-11-16 10:00 | ends=2026-11-16 11:00 | guests=dana@northwind.example=accepted | cancelled=yes"),
        ("a contact before the view", "deal | d | source=crm | name=Northwind retainer | party=Northwind | owner=Marco | last_contact=2026-11-13 09:00"),
        ("a contact in another deal", "deal | d | source=crm | name=Fenwick rebrand | party=Fenwick | owner=Marco | last_contact=2026-11-16 10:00"),
    ],
)  # fmt: skip
def test_what_does_not_count_as_an_answer(kind: str, line: str) -> None:
    assert len(viewed(f"{NORTHWIND}\n{line}")) == 1, kind


def test_near_misses_of_viewed_proposals(table: str) -> None:
    """
    proposal | q1 | source=docs | name=Sent, not opened | state=sent     | sent=2026-11-11 09:00
    proposal | q2 | source=docs | name=Signed           | state=accepted | first_viewed=2026-11-11 09:00
    proposal | q3 | source=docs | name=Turned down      | state=declined | first_viewed=2026-11-11 09:00
    proposal | q4 | source=docs | name=Draft            | state=draft
    proposal | q5 | source=docs | name=Expired          | state=expired  | first_viewed=2026-11-11 09:00
    """
    assert viewed(table) == []


def test_where_the_view_may_be_earlier_an_earlier_answer_counts() -> None:
    text = NORTHWIND.replace("first_viewed=2026-11-13 10:12", "state_since=2026-11-13 10:12 | since_quality=observed")
    between = "message | 1 | source=mail | thread=1 | at=2026-11-12 10:00 | author=dana@northwind.example"
    assert len(viewed(text)) == 1
    assert viewed(f"{text}\n{between}") == []


def test_dates_without_a_time_of_day() -> None:
    text = NORTHWIND.replace("10:12", "00:00").replace("09:00", "00:00") + " | day_only=yes | deal=D-7"
    deal = "deal | D-7 | source=crm | name=Northwind | last_contact={}"
    same_day = "message | 1 | source=mail | thread=1 | at=2026-11-13 08:00 | author=dana@northwind.example"
    assert len(viewed(f"{text}\n{deal.format('2026-11-12')}")) == 1
    assert viewed(f"{text}\n{deal.format('2026-11-13')}") == [], (
        "a contact on the day of the view, sent two days before"
    )
    sent = text.replace("sent=2026-11-11", "sent=2026-11-13")
    assert len(viewed(f"{sent}\n{deal.format('2026-11-13')}")) == 1, "the contact was the sending"
    assert viewed(f"{text}\n{same_day}") == [], "nobody knows which came first"
    noon = text.replace("first_viewed=2026-11-13 00:00", "first_viewed=2026-11-13 12:00")
    assert viewed(f"{noon}\n{same_day}") == [], "a date is a date, whatever its time says"


def test_a_date_of_expiry_that_is_near_is_told() -> None:
    (item,) = viewed(f"{NORTHWIND} | expires=2026-11-20")
    assert item.body[-1] == "Expires tomorrow."
    (item,) = viewed(f"{NORTHWIND} | expires=2026-12-20")
    assert item.body == ("No reply in PandaDoc, Slack, your inbox.",)


def test_messages_read_in_part_silence_the_rule() -> None:
    facts = facts_from(NORTHWIND)
    rule = load_all()["proposal-viewed"]
    for status, count in (("whole", 1), ("partial", 0), ("stale", 0), ("missing", 0)):
        readings = [*readings_for(facts), *readings_for([], kinds=["mail:message"], status=status)]
        found = run(rule, facts_of(facts, readings=readings), THURSDAY, Limits(defaults=rule.limits))
        assert len(found.items) == count


def test_without_mail_and_chat_fewer_places_are_named() -> None:
    (item,) = told("proposal-viewed", NORTHWIND)
    assert item.body == ("No reply in PandaDoc.",)


def test_a_proposal_finds_its_deal_or_none(table: str) -> None:
    """
    proposal | q1 | name=A | party=Acme | owner=Marco | state=viewed | deal=d1
    proposal | q2 | name=B | party=Acme | owner=Marco | state=viewed | deal=Acme shop
    proposal | q3 | name=C | party=Acme | owner=Marco | state=viewed
    proposal | q4 | name=D | party=Oakline | owner=Marco | state=viewed
    proposal | q5 | name=Oakline, shop! | party=Oakline | owner=Ann | state=viewed
    proposal | q6 | name=F | party=Acme | owner=Marco | state=viewed | deal=not read
    deal | d1 | name=Acme site    | party=Acme    | owner=Marco
    deal | d2 | name=Acme shop    | party=Acme    | owner=Marco
    deal | d3 | name=Oakline site | party=Oakline | owner=Marco
    deal | d4 | name=Oakline shop | party=Oakline | owner=Ben
    """
    view = view_of(table)
    proposals = list(view.of(Proposal))
    found = [linked_deal(proposal, view.of(Deal), view) for proposal in proposals]
    assert [deal.ref.id if deal else "" for deal in found] == ["d1", "d2", "", "d3", "d4", ""]


# --- deals ---------------------------------------------------------------------------------------------------------


def idle(text: str, **settings: Any) -> list[Item]:
    return told("deal-idle", text, empty=("mail:message",), **settings)


FENWICK = "deal | d1 | source=crm | name=Fenwick rebrand | party=Fenwick | amount=22000 USD | owner=Marco"


def test_a_deal_nobody_was_in_touch_about() -> None:
    (item,) = idle(f"{FENWICK} | last_contact=2026-11-03 | probability=0.4")
    assert item.headline == "Fenwick rebrand: no contact for 16 days. $22,000."
    assert item.line == "Fenwick rebrand: no contact for 16 days; $22,000."
    assert item.body == ("Nothing since Tuesday 3 November in HubSpot or your inbox.",)
    assert item.likelihood is not None
    assert (item.likelihood.value, item.likelihood.kind) == (Decimal("0.40"), "estimate")
    assert item.stake.amount == Money(amount=Decimal(22000), currency="USD")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("last_contact=2026-11-05", "no contact for 14 days"),
        ("last_contact=2026-11-06", ""),
        ("last_contact=2026-11-03 | last_activity=2026-11-05", "no activity for 14 days"),
        ("last_contact=2026-11-03 | last_activity=2026-11-06", ""),
        ("last_activity=2026-11-05", "no activity for 14 days"),
        ("", ""),
        ("last_contact=2026-11-25", ""),
        ("last_contact=2026-11-03 | next_activity=2026-11-19", ""),
        ("last_contact=2026-11-03 | next_activity=2026-11-18", "no contact for 16 days"),
        ("last_contact=2026-11-03 | state=won", ""),
        ("last_contact=2026-11-03 | state=lost", ""),
        ("last_contact=2026-11-03 | idle_limit=17", ""),
        ("last_contact=2026-11-13 | idle_limit=6", "no contact for 6 days"),
    ],
)
def test_when_a_deal_is_idle(fields: str, words: str) -> None:
    found = idle(f"deal | d1 | source=crm | name=Fenwick rebrand{' | ' + fields if fields else ''}")
    assert [item.headline for item in found] == ([f"Fenwick rebrand: {words}."] if words else [])


def test_the_limit_goes_by_the_part_of_the_pipeline(table: str) -> None:
    """
    deal | early  | source=crm | name=Early  | stage=New       | stage_order=0 | last_contact=2026-11-07
    deal | middle | source=crm | name=Middle | stage=Qualified | stage_order=1 | last_contact=2026-11-09
    deal | fresh  | source=crm | name=Fresh  | stage=Qualified | stage_order=1 | last_contact=2026-11-10
    deal | late   | source=crm | name=Late   | stage=Proposal  | stage_order=2 | last_contact=2026-11-12
    deal | later  | source=crm | name=Later  | stage=Signing   | stage_order=3 | last_contact=2026-11-12
    deal | busy   | source=crm | name=Busy   | stage=Signing   | stage_order=3 | last_contact=2026-11-13
    deal | other  | source=crm | name=Other  | stage=Proposal  | last_contact=2026-11-12
    deal | else   | source=crm | name=Else   | stage=Third     | stage_order=3 | last_contact=2026-11-07 | pipeline=without such a name
    """
    assert sorted(item.about.id for item in idle(table)) == ["else", "late", "later", "middle"]


@pytest.mark.parametrize(
    "line",
    [
        "message | 1 | source=mail | thread=1 | at=2026-11-16 10:00 | author=kim@fenwick.example | to=maya@harbour.example",
        "message | 1 | source=mail | thread=1 | at=2026-11-16 10:00 | author=maya@harbour.example | to=kim@fenwick.example",
        "message | 1 | source=mail | thread=1 | at=2026-11-16 10:00 | author=kim@home.example | subject=Re: Fenwick rebrand",
        "meeting | m | source=cal | uid=m | starts=2026-11-16 10:00 | ends=2026-11-16 11:00 | guests=kim@fenwick.example",
        "meeting | m | source=cal | uid=m | starts=2026-11-26 10:00 | ends=2026-11-26 11:00 | guests=kim@fenwick.example",
    ],
)
def test_contact_that_the_deals_do_not_show(line: str) -> None:
    assert idle(f"{FENWICK} | last_contact=2026-11-03\n{line}") == []


def test_an_old_deal_is_worth_less() -> None:
    (old,) = idle(f"{FENWICK} | last_contact=2026-01-03")
    assert old.likelihood is not None
    assert old.likelihood.value == Decimal("0.02")
    assert old.likelihood.kind == "setting"


@pytest.mark.parametrize(
    ("fields", "stage"),
    [
        ("expected_close=2026-11-19", ""),
        ("expected_close=2026-11-18", "close-passed-lately"),
        ("expected_close=2026-11-16", "close-passed"),
        ("expected_close=2026-11-16 | probability=0.5", "close-passed-long"),
        ("expected_close=2026-11-18 | probability=0.9", "close-passed-lately"),
        ("expected_close=2026-11-05", "close-passed-long"),
        ("expected_close=2026-11-05 | state=won", ""),
        ("expected_close=2026-11-05 | state=lost", ""),
        ("", ""),
    ],
)
def test_close_dates(fields: str, stage: str) -> None:
    found = told("deal-close-passed", f"{FENWICK}{' | ' + fields if fields else ''}")
    assert "".join(item.stage for item in found) == stage


def test_a_passed_close_date_in_words() -> None:
    (item,) = told("deal-close-passed", f"{FENWICK} | expected_close=2026-11-14")
    assert item.headline == "Fenwick rebrand: close date 14 November passed 5 days ago, still open. $22,000."
    assert item.line == "Fenwick rebrand: close date 14 November passed 5 days ago, still open; $22,000."


def test_both_findings_of_one_deal_are_stages_of_one_matter() -> None:
    text = f"{FENWICK} | last_contact=2026-11-03 | expected_close=2026-11-14"
    (rests,), (passed,) = idle(text), told("deal-close-passed", text)
    assert rests.key == passed.key
    assert rests.stake.key == passed.stake.key
    stages = load_all()["deal-idle"].stages
    assert stages == load_all()["deal-close-passed"].stages
    assert {rests.stage, passed.stage} <= set(stages)


def test_an_amount_that_is_missing_or_nothing_is_not_printed() -> None:
    for amount in ("", " | amount=0 USD", " | amount=-5 USD"):
        (item,) = told("deal-close-passed", f"deal | d1 | name=Fenwick rebrand | expected_close=2026-11-05{amount}")
        assert item.headline.endswith("still open.")
        assert item.stake.amount is None


def test_the_order_of_facts_changes_nothing() -> None:
    chance = random.Random(3)
    rows = [
        f"deal | d{n} | source=crm | name=Deal {n % 9} | party=Client {n % 7} | owner=Marco | last_contact=2026-11-0{n % 9 + 1} "
        f"| expected_close=2026-11-{10 + n % 15} | stage=S{n % 4} | stage_order={n % 4}"
        for n in range(30)
    ] + [
        f"proposal | q{n} | source=docs | name=Offer {n} | party=Client {n % 7} | state=viewed | owner=Marco "
        f"| first_viewed=2026-11-{1 + n:02} 10:00"
        for n in range(18)
    ]
    rules = ("proposal-viewed", "deal-idle", "deal-close-passed")
    before = [item for name in rules for item in told(name, "\n".join(rows))]
    assert len(before) > 20
    chance.shuffle(rows)
    assert [item for name in rules for item in told(name, "\n".join(rows))] == before
