"""What a reader says of items, over ten workdays: folded, hidden, and back when that is due.

Five matters of a small agency. Each word is written as in a reply, and understood by the grammar.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.compile import Plan, compile_briefing
from briefing.decisions import Decision
from briefing.document import Briefing, from_json, to_json
from briefing.facts import Person
from briefing.memory import past_of
from briefing.morning import Audience, Morning
from briefing.policy import usefulness
from briefing.ranking import Order
from briefing.render import render
from briefing.rules.view import NoAdSeries
from briefing.store import Attempt, Listing, Snapshot, StreamKey, StreamRecord
from briefing.testing import facts_from, morning_at
from briefing.why_text import why
from briefing.words_of_decision import Meant, Problem, decision, subjects, understood

Status = Literal["whole", "partial", "failed"]
MAYA = Audience(name="Maya", persons=(Person(name="Maya"),))
PLAN = Plan(order=Order(floor=Decimal(1)), overrides={"milestone-no-tasks": {"days": 60}})
KINDS = ("project", "milestone", "task")
LAUNCH = """
project   | p1 | title=Acme site | party=Acme | state=open | budget=36000 USD | manager=Janine
milestone | launch | project=p1 | title=Launch | due=2026-11-18 | state=open | manager=Janine
"""
WORLD = (
    LAUNCH
    + """
project   | p2 | title=Oakline shop | party=Oakline | state=open | manager=Ines
project   | p3 | title=Hollis redesign | party=Hollis | state=open | budget=20000 USD | manager=Priya
milestone | wave | project=p3 | title=Wave 2 | due=2026-12-10 | state=open | manager=Priya
project   | p4 | title=Fenwick rebrand | party=Fenwick | state=open | budget=22000 USD | manager=Marco
milestone | kick | project=p4 | title=Kick-off | due=2026-12-11 | state=open | manager=Marco
project   | p5 | title=Quill app | party=Quill | state=open | budget=22000 USD | manager=Sam
milestone | beta | project=p5 | title=Beta | due=2026-12-14 | state=open | manager=Sam
"""
)


def late(count: int) -> str:
    """So many tasks of Tom's that were due on the first days of November."""
    row = "task | t{0} | project=p2 | title=Draw {0} | assignee=Tom | due=2026-11-0{0} | state=open\n"
    return "".join(row.format(number) for number in range(1, count + 1))


def morning(day: str, clock: str = "07:00") -> Morning:
    return replace(morning_at(f"{day} {clock}"), audience=MAYA)


def edition(
    text: str, day: str, before: Briefing | None = None, said: Sequence[Decision] = (), plan: Plan = PLAN,
    read: Mapping[str, Status] | None = None, read_on: str = "",
) -> Briefing:  # fmt: skip
    """The edition of a day at 07:00, from what was read at 06:45 (or on an earlier day)."""
    at = datetime.combine(date.fromisoformat(read_on or day), datetime.min.time(), UTC).replace(hour=5, minute=45)
    how = read or {}
    records = []
    for kind in KINDS:
        status = how.get(kind, "whole")
        one = Attempt(status=status, started=at, ended=at, rows=3, problem="refused" if status == "failed" else "")
        key = StreamKey("work", kind, (kind,))
        records.append(StreamRecord(key=key, latest=one, usable=one if status != "failed" else None))
    facts = tuple(one for one in facts_from(text, source="work") if how.get(type(one).kind) != "failed")
    listing = Listing(source="work", at=at, streams=tuple(record.key for record in records))
    snapshot = Snapshot(facts=facts, streams=tuple(records), listings=(listing,))
    past = past_of(json.loads(to_json(before))) if before else None
    return compile_briefing(snapshot, NoAdSeries(), plan, morning(day), past, said).briefing


def word(made: Briefing, about: str, text: str, number: int, *before: Decision, clock: str = "09:30") -> Decision:
    """What is said of an item after an edition, on its day."""
    name = next(one.id for one in made.traces if one.about == about)
    one = understood(f"{name} {text}", subjects(made), morning(made.date.isoformat(), clock), said=before)
    assert isinstance(one, Decision), one
    return replace(one, number=number)


def shown(made: Briefing) -> dict[str, str]:
    """Each card by what it is about, as `worse 3 full`."""
    by_id = {item.id: item for item in made.items}
    return {
        by_id[card.id].about.id: f"{card.state} {card.day} {'full' if card.full else 'line'}" for card in made.cards
    }


def texts(made: Briefing, kind: str) -> list[str]:
    lines = made.decided if kind == "decided" else getattr(made.changes, kind)
    return [line.text for line in lines]


# day of November, Tom's late tasks, how tasks were read, the cards, what is hidden, what is said after it
DAYS: Sequence[tuple[int, int, Status, dict[str, str], str, Sequence[tuple[str, str]]]] = (
    (9, 5, "whole", {"tom": "first 1 full", "launch": "first 1 full", "wave": "first 1 line", "kick": "first 1 line",
                     "beta": "first 1 line"}, "",
     (("wave", "decide bill the extra hours, Priya by Wednesday"), ("kick", "done, kicked off by phone"),
      ("tom", "snooze until 20% worse"))),
    (10, 5, "whole", {"launch": "unchanged 2 line", "beta": "unchanged 2 line"}, "Snoozed 1 (until 20 % worse).", ()),
    (11, 5, "whole", {"launch": "unchanged 3 line", "kick": "back 3 line", "beta": "unchanged 3 line"},
     "Snoozed 1 (until 20 % worse).", (("beta", "hold until Monday, client answers then"),)),
    (12, 6, "whole", {"tom": "back 4 full", "launch": "unchanged 4 line", "wave": "back 4 line",
                      "kick": "unchanged 4 line"}, "Snoozed 1 (back Monday).", (("launch", "done"),)),
    (13, 6, "failed", {}, "Snoozed 1 (back Monday).", (("kick", "mute for 1w"),)),
    (16, 6, "whole", {"launch": "back 6 full", "tom": "unchanged 6 line", "wave": "unchanged 6 line",
                      "beta": "back 6 line"}, "Muted 1 item (milestone-no-tasks 1).", ()),
    (17, 6, "whole", {"launch": "worse 7 full", "tom": "unchanged 7 line", "wave": "unchanged 7 line",
                      "beta": "unchanged 7 line"}, "Muted 1 item (milestone-no-tasks 1).", (("kick", "undo"),)),
    (18, 6, "whole", {"launch": "worse 8 full", "tom": "unchanged 8 line", "kick": "back 8 line",
                      "wave": "unchanged 8 line", "beta": "unchanged 8 line"}, "", ()),
    (19, 6, "whole", {"launch": "worse 9 full", "tom": "unchanged 9 line", "wave": "unchanged 9 line",
                      "kick": "unchanged 9 line", "beta": "unchanged 9 line"}, "", ()),
    (20, 6, "whole", {"tom": "unchanged 10 line", "launch": "unchanged 10 line", "kick": "unchanged 10 line",
                      "beta": "unchanged 10 line"}, "", ()),
)  # fmt: skip


@pytest.fixture(scope="module")
def fortnight() -> tuple[list[Briefing], list[Decision]]:
    """Two weeks, and all that was said in them."""
    made: list[Briefing] = []
    said: list[Decision] = []
    for day, count, read, _, _, words in DAYS:
        before = made[-1] if made else None
        made.append(edition(WORLD + late(count), f"2026-11-{day:02}", before, said, read={"task": read}))
        for about, text in words:
            said.append(word(made[-1], about, text, len(said) + 1, *said))
    return made, said


@pytest.mark.parametrize("number", range(len(DAYS)))
def test_ten_workdays(fortnight: tuple[list[Briefing], list[Decision]], number: int) -> None:
    made = fortnight[0][number]
    day, _, _, cards, hidden, _ = DAYS[number]
    assert made.date == date(2026, 11, day)
    assert (shown(made), made.hidden_line) == (cards, hidden)


def test_what_is_said_of_them(fortnight: tuple[list[Briefing], list[Decision]]) -> None:
    by_day = {made.date.day: made for made in fortnight[0]}
    wave, kick = (
        "Hollis redesign: Wave 2 due 10 December, no tasks.",
        "Fenwick rebrand: Kick-off due 11 December, no tasks.",
    )
    assert texts(by_day[10], "decided") == [
        f'{kick} Marked done by you yesterday ("kicked off by phone"). Still so in Work at 06:45.',
        f'{wave} By you yesterday: "bill the extra hours", Priya by tomorrow. Still so in Work at 06:45.',
    ]
    assert texts(by_day[11], "back") == [
        f'{kick} Marked done by you on Monday ("kicked off by phone"), still so in Work at 06:45.'
    ]
    tom = "Tom has 6 overdue tasks on 1 project. Snoozed until 20 % worse by you. "
    assert texts(by_day[12], "back") == [
        f"{tom}Then: Tom has 5 overdue tasks on 1 project.",
        f'{wave} Decided by you on Monday: "bill the extra hours", Priya by yesterday. Still so in Work at 06:45.',
    ]
    assert texts(by_day[16], "back") == [
        "Acme site: Launch due Wednesday, no tasks. Marked done by you on Thursday, still so in Work at 06:45.",
        'Quill app: Beta due 14 December, no tasks. Snoozed until today by you ("client answers then").',
    ]
    assert texts(by_day[18], "back") == [f"{kick} What you said of it does not count any more."]
    assert [made.changes.summary for made in fortnight[0]][3] == "0 new, 0 worse, 2 back, 2 unchanged, 0 resolved"


def test_through_a_gap_nothing_is_back_and_nothing_resolved(
    fortnight: tuple[list[Briefing], list[Decision]],
) -> None:
    gap = fortnight[0][4]
    assert not gap.resolved
    assert not gap.changes.back
    assert gap.changes.summary == "3 items not checked"
    assert texts(gap, "decided") == [
        "Acme site: Launch due Wednesday, no tasks. Marked done by you yesterday. Not checked today."
    ]


def test_every_form_tells_what_is_folded_and_json_keeps_it(fortnight: tuple[list[Briefing], list[Decision]]) -> None:
    made = fortnight[0][1]
    for form in ("md", "html", "text"):
        text = " ".join(render(made, form).replace("&nbsp;", " ").split())
        assert "bill the extra hours" in text, form
        assert "Snoozed 1 (until 20 % worse)." in text, form
    again = from_json(to_json(made))
    assert again == made
    assert {one.about.id for one in again.folded} == {"tom", "wave", "kick"}
    assert {one.about: one.folded for one in again.traces if one.folded} == {
        "tom": "snoozed", "wave": "decided", "kick": "done",
    }  # fmt: skip
    assert not {one.id for one in again.folded} & {one.id for one in again.items}
    lines = why(made, made.folded[0].id)
    assert any("folded by what you said" in line for line in lines)


# --- one word at a time ----------------------------------------------------------------------------------------------


def launch(text: str = "", tasks: str = "") -> str:
    return LAUNCH.replace("2026-11-18", "2026-12-18") + text + tasks


def run(words: str, *days: str, worlds: Sequence[str] = (), about: str = "launch") -> list[Briefing]:
    """Editions of some days, the word said after the first."""
    first = edition(worlds[0] if worlds else launch(), days[0])
    said = [word(first, about, words, 1)]
    made = [first]
    for number, day in enumerate(days[1:], 1):
        made.append(edition(worlds[number] if worlds else launch(), day, made[-1], said))
    return made


def test_a_decision_with_an_effect_is_resolved_as_ever() -> None:
    task = "task | t1 | project=p1 | milestone=launch | title=Plan | assignee=Janine | state=open\n"
    made = run("Priya by Friday", "2026-11-09", "2026-11-10", worlds=(launch(), launch(task)))
    assert not made[-1].decided
    assert [line.text for line in made[-1].resolved] == [
        "Acme site: Launch due 18 December, no tasks. So on Monday; no longer found in work at 06:45."
    ]
    assert made[-1].verified_quiet


def test_what_is_decided_and_open_is_counted_beside_nothing_needs_you() -> None:
    made = run("Priya by Friday", "2026-11-09", "2026-11-10")[-1]
    assert made.verified_quiet
    assert made.second_line.startswith("Nothing needs you. 1 of 1 source whole, ")
    assert made.second_line.endswith(" ran. Still open: 1 decided.")


def test_a_decision_without_a_date_is_looked_at_again_after_five_workdays() -> None:
    days = ["2026-11-09", "2026-11-10", "2026-11-16", "2026-11-17"]
    assert [shown(made) for made in run("decide ask twice", *days)[1:]] == [{}, {}, {"launch": "back 7 line"}]


@pytest.mark.parametrize("words", ["Priya by Friday 4 December", "done"])
def test_what_gets_worse_is_back_before_its_date(words: str) -> None:
    first = edition(WORLD + late(4), "2026-11-09")
    said = [word(first, "tom", words, 1)]
    same = edition(WORLD + late(4), "2026-11-10", first, said)
    assert "tom" not in shown(same)
    more = edition(WORLD + late(5), "2026-11-10", first, said)
    assert shown(more)["tom"] == "back 2 full"
    assert texts(more, "back")[0].endswith("Worse since. Then: Tom has 4 overdue tasks on 1 project.")
    card = next(card for card in more.cards if card.headline.startswith("Tom"))
    assert any("Worse since." in sentence for sentence in card.body)


def test_a_later_stage_of_the_matter_is_the_same_matter_and_worse() -> None:
    made = run("Priya by Thursday 31 December", "2026-12-17", "2026-12-18", "2026-12-21")
    assert shown(made[1]) == {}
    assert shown(made[2]) == {"launch": "back 3 full"}
    assert made[2].items[0].rule != made[1].folded[0].rule or made[2].items[0].stage != made[1].folded[0].stage


def test_what_was_not_read_since_is_not_back() -> None:
    first = edition(launch(), "2026-11-09")
    said = [word(first, "launch", "done", 1)]
    old = edition(launch(), "2026-11-11", first, said, read_on="2026-11-09")
    assert shown(old) == {}
    assert not old.changes.back


def test_snoozed_until_something_happens() -> None:
    task = "task | t9 | project=p1 | title=Other | assignee=Tom | due=2026-11-03 | state=open\n"
    still = run("snooze until activity", "2026-11-09", "2026-11-10", "2026-11-25")
    assert [shown(made) for made in still[1:]] == [{}, {}]
    first = edition(WORLD + late(3) + task, "2026-11-09")
    said = [word(first, "tom", "snooze until activity", 1)]
    another = WORLD + late(3) + task + task.replace("t9", "t8")
    made = edition(another, "2026-11-10", first, said)
    assert texts(made, "back")[0].endswith("Snoozed until activity by you; something happened there.")


def test_snoozed_until_whichever_comes_first() -> None:
    first = edition(WORLD + late(5), "2026-11-09")
    said = [word(first, "tom", "snooze until Friday or worse 20%", 1)]
    assert "tom" not in shown(edition(WORLD + late(5), "2026-11-12", first, said))
    assert shown(edition(WORLD + late(6), "2026-11-12", first, said))["tom"] == "back 4 full"
    assert shown(edition(WORLD + late(5), "2026-11-13", first, said))["tom"] == "back 5 full"


def test_a_muted_rule_hides_what_comes_later_for_that_client_alone() -> None:
    second = "milestone | beta1 | project=p1 | title=Beta | due=2026-12-21 | state=open | manager=Janine\n"
    other = WORLD.partition("project   | p2")[2]
    world = launch(second) + "project   | p2" + other
    made = run("mute rule", "2026-11-09", "2026-11-10", worlds=(launch(), world))[-1]
    assert {"wave", "kick", "beta"} == set(shown(made))
    assert made.hidden_line == "Muted 1 rule (milestone-no-tasks, 2 items)."
    assert (made.muted_count, [(one.rule, one.count) for one in made.muted_by_rule]) == (2, [("milestone-no-tasks", 2)])
    nothing = run("mute rule", "2026-11-09", "2026-11-10", worlds=(launch(), "project | p9 | title=Other"))[-1]
    assert nothing.hidden_line == "Muted 1 rule (milestone-no-tasks, 0 items)."
    over = run("mute rule for 3d", "2026-11-09", "2026-11-10", "2026-11-12")[-1]
    assert texts(over, "back")[0].endswith("Muted with every milestone-no-tasks of Acme until today by you.")


def test_a_word_holds_for_what_stood_there_and_not_for_the_next_time() -> None:
    task = "task | t1 | project=p1 | milestone=launch | title=Plan | assignee=Janine | state=open\n"
    days = ("2026-11-09", "2026-11-10", "2026-11-11", "2026-11-12")
    made = run("decide ask twice", *days, worlds=(launch(), launch(task), launch(), launch()))
    assert [shown(one) for one in made[1:]] == [{}, {"launch": "back 1 line"}, {"launch": "unchanged 2 line"}]


def test_a_muted_rule_hides_what_is_found_again_whatever_was_said_of_it_the_first_time() -> None:
    task = "task | t1 | project=p1 | milestone=launch | title=Plan | assignee=Janine | state=open\n"
    first = edition(launch(), "2026-11-09")
    muted = word(first, "launch", "mute rule", 1)
    said = [muted, word(first, "launch", "done", 2)]
    gone = edition(launch(task), "2026-11-10", first, said)
    again = edition(launch(), "2026-11-11", gone, said)
    assert (shown(again), again.hidden_line) == ({}, "Muted 1 rule (milestone-no-tasks, 1 item).")


def test_nothing_is_said_to_be_unchanged_where_its_owner_changed() -> None:
    made = run("Priya by Friday", "2026-11-09", "2026-11-10", worlds=(launch(), launch().replace("Janine", "Priya")))
    assert made[-1].folded[0].owner != made[0].items[0].owner
    assert made[-1].decided[0].text.endswith("By you yesterday: Priya by Friday. Still so in Work at 06:45.")


def test_what_is_folded_or_was_not_looked_at_can_be_snoozed_until_something_happens() -> None:
    first = edition(launch(), "2026-11-09")
    said = [word(first, "launch", "Priya by Friday", 1)]
    folded = edition(launch(), "2026-11-10", first, said)
    said.append(word(folded, "launch", "snooze until activity", 2, *said))
    assert shown(edition(launch(), "2026-11-11", folded, said)) == {}
    unread = edition(launch(), "2026-11-10", first, read={"milestone": "failed"})
    said = [word(unread, "launch", "snooze until activity", 1)]
    assert shown(edition(launch(), "2026-11-11", unread, said)) == {}


def test_what_is_snoozed_until_a_day_off_is_back_on_the_next_workday() -> None:
    made = run("snooze until 14 November", "2026-11-09", "2026-11-13", "2026-11-16")
    assert made[1].hidden_line == "Snoozed 1 (back Monday)."
    assert shown(made[2]) == {"launch": "back 6 line"}


def test_what_a_reason_of_a_card_was_told_again_for_stands_behind_that_reason() -> None:
    second = "milestone | beta1 | project=p1 | title=Beta | due=2026-12-19 | state=open | manager=Janine\n"
    first = edition(LAUNCH + second, "2026-11-09")
    said = [word(first, "beta1", "done", 1)]
    made = edition(LAUNCH + second, "2026-11-11", first, said)
    (card,) = made.cards
    assert card.headline.startswith("Acme site: Launch")
    assert "Back: Beta due 19 December, no tasks. Marked done by you on Monday, still so in Work at 06:45." in card.body


def test_a_muted_item_is_counted_though_nobody_looked_and_the_next_may_be_back_sooner() -> None:
    first = edition(WORLD, "2026-11-09")
    said = [
        word(first, "launch", "mute", 1), word(first, "wave", "snooze until Friday", 2),
        word(first, "kick", "snooze until activity", 3),
    ]  # fmt: skip
    gap = edition(WORLD, "2026-11-10", first, said, read={"milestone": "failed"})
    assert gap.hidden_line == "Snoozed 2 (next back Friday at the latest). Muted 1 item (milestone-no-tasks 1)."
    assert gap.muted_count == 1


def test_marks_count_in_the_order_where_the_reader_agreed() -> None:
    first = edition(WORLD, "2026-11-09")
    said = [word(first, about, "not useful", number) for number, about in enumerate(("wave", "kick", "beta"), 1)]
    plain = edition(WORLD, "2026-11-10", first, said)
    assert {len(one.place.factors) for one in plain.items} == {1}
    agreed = replace(PLAN, order=replace(PLAN.order, use_marks=True))
    marked = edition(WORLD, "2026-11-10", first, said, agreed)
    for one in marked.items:
        assert [(factor.name, factor.value, factor.source) for factor in one.place.factors[1:]] == [
            ("your marks", Decimal("0.50"), "0 useful, 3 noise")
        ]
        product = one.lost.amount
        for factor in one.place.factors:
            product *= factor.value
        assert abs(product - one.place.value) <= Decimal("0.005")
    assert [usefulness(0, 0), usefulness(7, 1), usefulness(1, 7)] == [Decimal(1), Decimal("1.23"), Decimal("0.41")]


# --- nothing else changes --------------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(st.permutations(range(7)))
def test_the_order_in_which_words_are_given_changes_nothing(
    fortnight: tuple[list[Briefing], list[Decision]], order: list[int]
) -> None:
    made, said = fortnight
    number = 5 + order[0] % 4
    shuffled = [said[one % len(said)] for one in order]
    once = list({one.number: one for one in [*shuffled, *said]}.values())
    day, count, read, _, _, _ = DAYS[number]
    again = edition(WORLD + late(count), f"2026-11-{day:02}", made[number - 1], once, read={"task": read})
    assert to_json(again) == to_json(made[number])


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(["tom", "kick", "beta"]), st.sampled_from(["done", "decide x", "hold until 2026-11-30", "mute"]))
def test_a_word_about_another_item_changes_nothing_else(
    fortnight: tuple[list[Briefing], list[Decision]], about: str, text: str
) -> None:
    first = fortnight[0][0]
    wave = word(first, "wave", "Priya by Friday", 1)
    other = word(first, about, text, 2)
    alone = edition(WORLD + late(5), "2026-11-10", first, [wave])
    both = edition(WORLD + late(5), "2026-11-10", first, [wave, other])
    left = {one.about.id: one for one in alone.items if one.about.id != about}
    assert {one.about.id: one for one in both.items} == left
    assert [line for line in both.decided if line.item == wave.item] == list(alone.decided)
    assert {one.about: one for one in alone.traces if one.about not in {about, *shown(alone)}} == {
        one.about: one for one in both.traces if one.about not in {about, *shown(alone)}
    }


def test_a_problem_where_the_word_cannot_be_true() -> None:
    first = edition(launch(), "2026-11-09")
    subject = subjects(first)[0]
    meant = Meant(word="muted", whole_rule=True)
    assert isinstance(decision(meant, replace(subject, client=""), morning("2026-11-09")), Problem)


def test_a_word_is_compared_with_what_the_edition_counted_and_not_with_its_anchor() -> None:
    first = edition(WORLD + late(5), "2026-11-09")
    (tom,) = (one for one in first.traces if one.about == "tom")
    assert tom.measured == 5
    climbed = replace(first, traces=(replace(tom, measured=Decimal(6)),))
    assert word(climbed, "tom", "done", 1).measure == 6
