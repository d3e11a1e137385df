"""Ladders: what is refused at load, when a step is due, what begins and ends a climb, what is a failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from briefing.config import parse
from briefing.decisions import Decision, Step, StepState, Word
from briefing.errors import ConfigError
from briefing.escalation import (
    Contact,
    Ladder,
    Plan,
    Rung,
    Subject,
    Today,
    contact,
    due_at,
    failures,
    open_climbs,
    opening,
    plan,
    stops_of,
)
from briefing.escalation_settings import contacts
from briefing.morning import WorkCalendar

BERLIN = ZoneInfo("Europe/Berlin")
KEY = ("waiting", "slack", "thread", "1")
JUNIPER = Subject(
    key=KEY, rule="client-waiting", id="w8cj", line="Juniper waits for a booking link since Tuesday 11:20.",
    client="Juniper",
)  # fmt: skip
WEEK = WorkCalendar(holidays=frozenset({date(2026, 11, 25)}))


def at(text: str) -> datetime:
    """A time of Berlin's."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def ladder(*steps: str, always: bool = False, name: str = "waiting") -> Ladder:
    """`Ines 0h slack`"""
    rungs = (Rung(number=n, to=to, after=when, by=by) for n, (to, when, by) in enumerate(map(str.split, steps), 1))
    return Ladder(name=name, rules=frozenset({"client-waiting"}), rungs=tuple(rungs), always=always)


TWO = ladder("Ines 0h slack", "Maya 2wd mail")


# --- what is refused -------------------------------------------------------------------------------------------------

STEP = {"to": "Ines", "after": "4h", "by": "mail"}
AROUND: dict[str, Any] = {
    "workspace": {"domains": ["harbourlane.example"]},
    "audience": [{"name": "Maya", "emails": ["maya@home.example"], "logins": ["U012AB3CD"]}],
    "clients": {"Acme": {"domains": ["acme.example"]}},
    "people": {"Ines": {"email": "ines@harbourlane.example"}, "Tom": {"slack": "U0TOM00001"}},
    "deliver": {
        "mail": {"use": "email", "host": "smtp.example.com", "from": "briefing@harbourlane.example"},
        "slack": {"use": "slack", "token": "env:TOKEN"},
        "files": {"use": "file", "folder": "editions"},
    },
}


def refused(**change: Any) -> list[str]:
    entry = {"name": "waiting", "rules": ["client-waiting"], "steps": [STEP], **change}
    try:
        parse({**AROUND, "escalate": [entry]})
    except ConfigError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, ""),
        ({"rules": ["client-waitin"]}, 'rules: there is no rule "client-waitin" (did you mean "client-waiting"?)'),
        ({"rules": []}, "rules: name rules or matters that the ladder is for"),
        ({"matters": ["milestones"]}, 'matters: there is no matter "milestones" (did you mean "milestone"?)'),
        ({"clients": ["Acne"]}, 'clients: there is no client in [clients] "Acne" (did you mean "Acme"?)'),
        ({"name": "Hand"}, 'name: "hand" is what is given to a colleague by hand'),
        ({"at": "nights"}, 'at: "nights" is none of hours, always'),
        ({"when": "x"}, "when: not a known key"),
        ({"steps": []}, "steps: write from 1 to 9"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused_at_load(change: dict[str, Any], problem: str) -> None:
    assert refused(**change) == ([f"escalate.1.{problem}"] if problem else [])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"to": "dana@acme.example"}, "to: dana@acme.example is a client's; nothing ever goes to a client"),
        ({"to": "x@else.example"}, "to: x@else.example is neither in workspace.domains nor one of an audience's emails"),
        ({"to": "maya@home.example"}, ""),
        ({"to": "any.one@HarbourLane.example"}, ""),
        ({"to": "owner"}, ""),
        ({"to": "maya"}, ""),
        ({"to": "Inez"}, 'to: "Inez" is neither in [people] nor an audience (did you mean "Ines"?)'),
        ({"to": "Tom"}, "to: Tom has no address, and mail needs one"),
        ({"to": "Ines", "by": "slack"}, "to: Ines has no member ID of Slack (slack), and slack needs one"),
        ({"to": "ines@harbourlane.example", "by": "slack"},
         "to: ines@harbourlane.example is an address, and slack is Slack; name somebody of [people]"),
        ({"to": "@"}, 'to: "@" is no mail address such as maya@agency.example'),
        ({"by": "slak"}, 'by: there is no channel "slak" in [deliver] (did you mean "slack"?)'),
        ({"by": "files"}, "by: files (file) cannot carry a message to one person; take e-mail or Slack"),
        ({"after": "soon"},
         'after: "soon" is no time such as "4h" (hours), "4wh" (working hours) or "2wd" (workdays), at most 60 days'),
        ({"bye": "x"}, 'bye: not a known key (did you mean "by"?)'),
    ],
)  # fmt: skip
def test_a_step_that_could_not_be_executed_is_refused_at_load(change: dict[str, Any], problem: str) -> None:
    assert refused(steps=[{**STEP, **change}]) == ([f"escalate.1.steps.1.{problem}"] if problem else [])


def test_all_problems_are_told_at_once() -> None:
    wrong = {**STEP, "by": "slak", "to": "x@else.example"}
    assert refused(rules=["nothing-such"], steps=[STEP, {**STEP, "after": "2h"}, wrong]) == [
        'escalate.1.rules: there is no rule "nothing-such"',
        'escalate.1.steps.3.by: there is no channel "slak" in [deliver] (did you mean "slack"?)',
        "escalate.1.steps.3.to: x@else.example is neither in workspace.domains nor one of an audience's emails",
        "escalate.1.steps.2.after: 2h is before the step above; all count from the beginning",
    ]


def test_people_are_of_the_organisation() -> None:
    people = {"Dana": {"email": "dana@acme.example"}, "Owner": {}, "Ben": {"slack": "general"}}
    with pytest.raises(ConfigError) as caught:
        parse({**AROUND, "people": people})
    assert sorted(caught.value.problems) == [
        "people.Ben.slack: write a member ID of Slack such as U012AB3CD",
        "people.Dana.email: dana@acme.example is a client's; nothing ever goes to a client",
        "people.Owner: this word means the item's owner",
    ]


def test_without_domains_only_the_audience_is_known_to_be_ours() -> None:
    with pytest.raises(ConfigError) as caught:
        parse({**AROUND, "workspace": {}, "escalate": [{"name": "w", "matters": ["deal"], "steps": [STEP]}]})
    assert list(caught.value.problems) == [
        "people.Ines.email: ines@harbourlane.example is neither in workspace.domains nor one of an audience's emails"
    ]


def test_an_audience_can_be_told_by_its_name_and_two_of_one_name_are_nobody() -> None:
    settings = parse(AROUND)
    known = contacts(settings.people, settings.audience)
    assert contact(known, "u012ab3cd") == Contact(
        name="Maya", email="maya@home.example", slack="U012AB3CD",
        known_as=frozenset({"maya@home.example", "U012AB3CD"}),
    )  # fmt: skip
    two = [Contact(name="Ines Vogel", known_as=frozenset({"Ines"})), Contact(name="Ines")]
    assert contact(two, "Ines") is None
    assert contact(two, "", "ines vogel") == two[0]


# --- when ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("began", "after", "due"),
    [
        ("2026-11-18 11:05", "0h", "2026-11-18 11:05"),
        ("2026-11-18 11:05", "2wd", "2026-11-20 11:05"),
        ("2026-11-20 17:00", "4h", "2026-11-23 09:00"),
        ("2026-11-20 17:00", "4wh", "2026-11-23 12:00"),
        ("2026-11-20 17:00", "24h", "2026-11-23 09:00"),
        ("2026-11-23 06:30", "4h", "2026-11-23 10:30"),
        ("2026-11-23 06:30", "4wh", "2026-11-23 13:00"),
        ("2026-11-24 17:00", "1wd", "2026-11-26 17:00"),  # Wednesday is a holiday
        ("2026-11-24 17:00", "1wh", "2026-11-26 09:00"),
        ("2026-11-21 12:00", "0h", "2026-11-23 09:00"),
        ("2026-11-20 23:00", "1wd", "2026-11-24 09:00"),
    ],
)
def test_a_step_is_due(began: str, after: str, due: str) -> None:
    found = due_at(ladder(f"Ines {after} slack"), 1, at(began), WEEK, BERLIN)
    # The end of one working hour is the beginning of the next.
    assert found == opening(at(due), WEEK, BERLIN)


def test_always_means_at_night_too_and_no_step_comes_before_the_one_above() -> None:
    one = ladder("Ines 3wd slack", "Maya 4h mail", always=True)
    assert due_at(one, 1, at("2026-11-20 23:00"), WEEK, BERLIN) == at("2026-11-26 23:00")
    assert due_at(one, 2, at("2026-11-20 23:00"), WEEK, BERLIN) == at("2026-11-26 23:00")
    assert due_at(ladder("a 1h m", always=True), 1, at("2026-10-25 02:30"), WEEK, BERLIN) == at(
        "2026-10-25 02:30"
    ).astimezone(UTC) + timedelta(hours=1)


# --- climbing --------------------------------------------------------------------------------------------------------


class Climbing:
    """Runs, one after another, with what they note."""

    def __init__(self, *ladders: Ladder) -> None:
        self.ladders, self.steps, self.decisions = ladders, list[Step](), list[Decision]()
        self.absent = "no longer found"

    def run(
        self, now: str, found: Sequence[Subject] = (JUNIPER,), *, state: StepState | None = "sent"
    ) -> tuple[list[str], Plan]:
        """What was told, and the plan; `state` is what becomes of it, None: the process dies first."""
        moment = at(now)
        today = Today(
            now=moment, zone=BERLIN, calendar=WEEK, found=found, absent=lambda *_: self.absent,
            stops=stops_of(self.decisions, moment.date()),
        )  # fmt: skip
        made = plan(self.ladders, self.steps, today)
        self.steps += [climb.first for climb in made.begun]
        self.steps += [
            replace(climb.last, at=moment, step=0, state="ended", detail=why) for climb, why in made.over
        ]  # fmt: skip
        for due in made.due if state else ():
            entry = replace(due.climb.first, at=moment, step=due.rung.number, person=due.rung.to)
            self.steps += [replace(entry, state="sending"), replace(entry, state=state or "sent")]
        return [f"{due.rung.number} {due.rung.to}" for due in made.due], made

    def says(self, word: Word, now: str, **more: Any) -> None:
        number = len(self.decisions) + 1
        self.decisions.append(
            Decision(
                number=number, at=at(now), by="Maya", audience="Maya", word=word, key=KEY, rule=JUNIPER.rule,
                item="w8cj", line=JUNIPER.line, **more,
            )
        )  # fmt: skip

    @property
    def ends(self) -> list[str]:
        return [one.detail for one in self.steps if one.state == "ended"]


def test_a_ladder_through_three_days() -> None:
    one = Climbing(ladder("Ines 0h slack", "Tom 1wd slack", "Maya 2wd mail", "Ben 3wd mail"))
    told = [one.run(day)[0] for day in ("2026-11-17 11:05", "2026-11-17 11:20", "2026-11-18 11:00", "2026-11-18 11:05")]
    assert told == [["1 Ines"], [], [], ["2 Tom"]]
    told = [one.run(day)[0] for day in ("2026-11-19 11:05", "2026-11-20 11:05", "2026-11-23 11:05")]
    assert told == [["3 Maya"], ["4 Ben"], []]


def test_after_a_machine_was_off_everybody_whose_time_came_is_told_once() -> None:
    one = Climbing(TWO, ladder("Ben 2wd mail", name="other"))
    assert one.run("2026-11-17 11:05")[0] == ["1 Ines"]
    assert one.run("2026-11-24 09:00")[0] == ["2 Maya", "1 Ben"]
    assert one.run("2026-11-24 09:15")[0] == []


def test_outside_working_hours_nothing_is_due() -> None:
    one = Climbing(TWO)
    assert one.run("2026-11-20 19:00")[0] == []
    assert one.run("2026-11-22 12:00")[0] == []
    assert one.run("2026-11-23 09:00")[0] == ["1 Ines"]


def test_what_was_put_off_is_tried_again_and_what_was_refused_is_not() -> None:
    one = Climbing(TWO)
    assert one.run("2026-11-17 11:05", state="deferred")[0] == ["1 Ines"]
    assert len(failures(one.steps)) == 1
    assert one.run("2026-11-17 11:20")[0] == ["1 Ines"]
    assert failures(one.steps) == []
    for state in ("refused", "uncertain"):
        other = Climbing(TWO)
        other.run("2026-11-17 11:05", state=state)
        assert other.run("2026-11-17 11:20")[0] == []
        assert [step.state for step in failures(other.steps)] == [state]
        assert other.run("2026-11-19 11:05")[0] == ["2 Maya"], "the next one is told all the same"
        assert [step.state for step in failures(other.steps)] == [state], "until somebody handles it"


@pytest.mark.parametrize(
    ("word", "more", "until"),
    [
        ("decided", {}, ""),
        ("decided", {"by_when": date(2026, 11, 18)}, "2026-11-19 11:00"),
        ("done", {}, ""),
        ("snoozed", {"until": date(2026, 11, 20)}, "2026-11-20 11:00"),
        ("muted", {"until": date(2026, 11, 24)}, "2026-11-24 11:00"),
    ],
)
def test_a_word_ends_the_climb_and_when_it_counts_no_more_another_begins(
    word: Word, more: dict[str, Any], until: str
) -> None:
    one = Climbing(TWO)
    one.run("2026-11-17 11:05", state="refused")
    one.says(word, "2026-11-17 12:00", **more)
    assert one.run("2026-11-17 12:15")[0] == []
    assert one.ends == [f"{ {'done': 'marked done'}.get(word, word) } by Maya"]
    assert (open_climbs(one.steps), failures(one.steps)) == ({}, []), "and handles what failed"
    if until:
        assert one.run(until)[0] == ["1 Ines"]
    else:
        assert one.run("2027-02-01 11:00")[0] == []


def test_a_word_that_is_taken_back_does_not_count() -> None:
    one = Climbing(TWO)
    one.run("2026-11-17 11:05")
    one.says("done", "2026-11-17 12:00")
    one.says("undone", "2026-11-17 12:05", undoes=1)
    one.run("2026-11-17 12:15")
    assert one.ends == []


def test_handing_it_over_handles_a_failure_and_does_not_stop_the_ladder() -> None:
    one = Climbing(TWO)
    one.run("2026-11-17 11:05", state="uncertain")
    one.says("handed", "2026-11-17 12:00")
    assert failures(one.steps, one.decisions) == []
    assert one.run("2026-11-19 11:05")[0] == ["2 Maya"]


def test_what_is_resolved_ends_and_what_comes_back_climbs_anew() -> None:
    one = Climbing(TWO)
    one.run("2026-11-17 11:05")
    assert one.run("2026-11-18 11:05", [])[0] == []
    assert one.ends == ["no longer found"]
    assert one.run("2026-11-20 11:05")[0] == ["1 Ines"]


def test_what_was_not_checked_ends_nothing_and_is_no_ground_for_a_step() -> None:
    one = Climbing(TWO)
    one.absent = ""
    one.run("2026-11-17 11:05")
    told, made = one.run("2026-11-19 11:05", [])
    assert (told, one.ends) == ([], [])
    assert [due.rung.number for due in made.unread] == [2]
    assert one.run("2026-11-19 11:20")[0] == ["2 Maya"]


def test_a_ladder_that_is_gone_and_an_item_that_is_another_now_end_the_climb() -> None:
    one = Climbing(TWO)
    one.run("2026-11-17 11:05")
    one.run("2026-11-17 12:05", [replace(JUNIPER, rule="client-answered")])
    assert one.ends == ["the ladder is not for what it is now"]
    one.run("2026-11-17 13:05")
    one.ladders = (replace(TWO, name="renamed"),)
    assert one.run("2026-11-17 14:05")[0] == ["1 Ines"]
    assert one.ends[1:] == ["there is no ladder waiting any more"]


def test_a_ladder_for_a_client_or_a_matter() -> None:
    assert replace(TWO, clients=frozenset({"Juniper"})).is_for(JUNIPER)
    assert not replace(TWO, clients=frozenset({"Acme"})).is_for(JUNIPER)
    assert replace(TWO, rules=frozenset(), matters=frozenset({"waiting"})).is_for(JUNIPER)
    assert not replace(TWO, rules=frozenset(), matters=frozenset({"deal"})).is_for(JUNIPER)
