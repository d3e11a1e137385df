"""Memory: ten workdays of a small agency, each against the edition before; gaps, absences, the same bytes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.cli import commands
from briefing.cli import run as cli_run
from briefing.compile import Plan, compile_briefing
from briefing.document import Briefing, Trace, to_json
from briefing.facts import Money, Ref
from briefing.items import Evidence, Item, Priced
from briefing.memory import Comparison, Ground, Past, applied, compare, parts_of, past_of, traces, with_told
from briefing.ranking import Order
from briefing.render import render
from briefing.rules import RULES, load_all
from briefing.rules.asked import silent_after
from briefing.rules.engine import Outcome
from briefing.rules.view import Facts, NoAdSeries, StreamReading
from briefing.since import changes
from briefing.store import Attempt, Listing, Snapshot, StreamKey, StreamRecord
from briefing.testing import facts_from, morning_at
from briefing.workspace import configured
from tests.commandline import at_home, runner

KINDS = ("project", "milestone", "task")
PLAN = Plan(order=Order(floor=Decimal(1)), overrides={"milestone-no-tasks": {"days": 8}})
Status = Literal["whole", "partial", "failed"]

PROJECTS = """
project   | p1 | title=Acme site | party=Acme | state=open | budget=36000 USD | manager=Janine
milestone | m1 | project=p1 | title=Launch | due=2026-11-18 | state=open | manager=Janine
project   | p2 | title=Oakline shop | party=Oakline | state=open | manager=Ines
"""


def tasks(count: int) -> str:
    """So many tasks of Tom's that were due on the first days of November."""
    row = "task | t{0} | project=p2 | title=Draw {0} | assignee=Tom | due=2026-11-0{0} | state=open\n"
    return "".join(row.format(number) for number in range(1, count + 1))


def taken(text: str, day: date, read: Mapping[str, Status]) -> Snapshot:
    """What a project tool says on a morning at 06:45; a list that failed was never read."""
    at = datetime(day.year, day.month, day.day, 5, 45, tzinfo=UTC)
    records = []
    for kind in KINDS:
        status = read.get(kind, "whole")
        one = Attempt(status=status, started=at, ended=at, rows=3, problem="refused" if status == "failed" else "")
        key = StreamKey("work", kind, (kind,))
        records.append(StreamRecord(key=key, latest=one, usable=one if status != "failed" else None))
    facts = tuple(one for one in facts_from(text, source="work") if read.get(type(one).kind) != "failed")
    listing = Listing(source="work", at=at, streams=tuple(record.key for record in records))
    return Snapshot(facts=facts, streams=tuple(records), listings=(listing,))


def edition(text: str, day: str, before: Briefing | None = None, plan: Plan = PLAN, **read: Status) -> Briefing:
    """The edition of a day, compared with an earlier one as it was kept."""
    past = past_of(json.loads(to_json(before))) if before else None
    snapshot = taken(text, date.fromisoformat(day), read)
    return compile_briefing(snapshot, NoAdSeries(), plan, morning_at(f"{day} 07:00"), past).briefing


def shown(made: Briefing) -> dict[str, str]:
    """Each card by what it is about, as `worse 3 full`."""
    by_id = {item.id: item for item in made.items}
    return {
        by_id[card.id].about.id: f"{card.state} {card.day} {'full' if card.full else 'line'}" for card in made.cards
    }


def told(made: Briefing) -> str:
    """The section about the time since the edition before, in one line."""
    text = " ".join(render(made, "text").split())
    return text[text.index("SINCE") : text.index("NOTES")]


# day of November, Tom's late tasks, how the tasks were read, the cards, the summary
DAYS: Sequence[tuple[int, int, Status, dict[str, str], str]] = (
    (9, 3, "whole", {"tom": "first 1 full"}, ""),
    (10, 3, "whole", {"tom": "unchanged 2 line", "m1": "new 1 full"},
     "1 new, 0 worse, 0 back, 1 unchanged, 0 resolved"),
    (11, 5, "whole", {"tom": "worse 3 full", "m1": "unchanged 2 line"},
     "0 new, 1 worse, 0 back, 1 unchanged, 0 resolved"),
    (12, 0, "failed", {}, "2 items not checked"),
    (13, 4, "whole", {"tom": "better 5 line", "m1": "worse 4 full"},
     "0 new, 1 worse, 1 better, 0 back, 0 unchanged, 0 resolved"),
    (16, 0, "whole", {"m1": "unchanged 5 line"}, "0 new, 0 worse, 0 back, 1 unchanged, 1 resolved"),
    (17, 3, "whole", {"m1": "worse 6 full", "tom": "back 1 full"}, "0 new, 1 worse, 1 back, 0 unchanged, 0 resolved"),
    (18, 3, "whole", {"m1": "worse 7 full", "tom": "unchanged 2 line"},
     "0 new, 1 worse, 0 back, 1 unchanged, 0 resolved"),
    (19, 3, "whole", {"m1": "worse 8 full", "tom": "unchanged 3 line"},
     "0 new, 1 worse, 0 back, 1 unchanged, 0 resolved"),
    (20, 3, "whole", {"m1": "unchanged 9 line", "tom": "unchanged 4 line"},
     "0 new, 0 worse, 0 back, 2 unchanged, 0 resolved"),
)  # fmt: skip


@pytest.fixture(scope="module")
def editions() -> list[Briefing]:
    """Two weeks: the launch is due on the second Wednesday, with no tasks from 5 workdays before on."""
    made: list[Briefing] = []
    for day, count, read, _, _ in DAYS:
        made.append(edition(PROJECTS + tasks(count), f"2026-11-{day:02}", made[-1] if made else None, task=read))
    return made


@pytest.mark.parametrize("number", range(len(DAYS)))
def test_ten_workdays(editions: list[Briefing], number: int) -> None:
    made = editions[number]
    day, _, _, cards, summary = DAYS[number]
    assert made.date == date(2026, 11, day)
    assert shown(made) == cards
    assert made.changes.summary == summary


def test_what_is_said_of_them(editions: list[Briefing]) -> None:
    said = [told(made) for made in editions[1:]]
    assert editions[0].compared_with == ""
    assert "Compared with no earlier edition." in editions[0].notices
    assert not any("Compared with" in notice for made in editions[1:] for notice in made.notices)
    for number, day, line in (
        (10, "MONDAY", "Unchanged Tom has 3 overdue tasks on 1 project. Day 2."),
        (11, "TUESDAY", "Worse Tom has 5 overdue tasks on 1 project. Tuesday: 3 overdue tasks."),
        (12, "WEDNESDAY", "So on Wednesday; not checked today."),
        (12, "WEDNESDAY", "Nothing is called resolved in Work today."),
        (13, "THURSDAY", "Better Tom has 4 overdue tasks on 1 project. Wednesday: 5 overdue tasks."),
        (
            16,
            "FRIDAY",
            "Resolved Tom has 4 overdue tasks on 1 project. So on Friday; no longer found in work at 06:45.",
        ),
        (17, "MONDAY", "Back Tom has 3 overdue tasks on 1 project. Not found on Monday."),
        (20, "THURSDAY", "Unchanged 2 items, day 4 to day 9"),
    ):
        index = [day for day, *_ in DAYS].index(number) - 1
        assert said[index].startswith(f"SINCE {day} 07:00 ")
        assert line in said[index], (number, said[index])
    assert " ".join(editions[2].cards[0].body).endswith("Worse, day 3. Owner Tom.")
    assert " New. Owner Janine." in " ".join(editions[1].cards[0].body)
    assert editions[5].second_line.startswith("Nothing new to decide; 1 matter still open.")
    assert editions[5].subject == "Nothing new to decide, 1 still open (Mon 16 Nov)"


def test_what_stood_in_full_keeps_a_line_and_the_rest_is_counted() -> None:
    """Even where others are dearer and there is room for no line at all."""
    narrow = replace(PLAN, order=Order(floor=Decimal(1), full=1, lines=0))
    first = edition(PROJECTS + tasks(3), "2026-11-13", plan=narrow)
    assert shown(first) == {"m1": "first 1 full"}
    second = edition(PROJECTS + tasks(3), "2026-11-16", first, plan=narrow)
    assert shown(second) == {"m1": "unchanged 2 line"}
    assert second.more_line == "1 more: 1 without a client."
    third = edition(PROJECTS + tasks(5), "2026-11-16", first, plan=narrow)
    assert shown(third) == {"tom": "worse 2 full", "m1": "unchanged 2 line"}


def test_after_a_week_away_there_is_one_comparison() -> None:
    before = edition(PROJECTS + tasks(3), "2026-11-06")
    made = edition(PROJECTS + tasks(5), "2026-11-16", before)
    assert made.compared_with == "Friday 6 November 07:00"
    assert shown(made) == {"tom": "worse 7 full", "m1": "new 1 full"}
    assert "Friday 6 November: 3 overdue tasks." in told(made)


def test_a_date_that_came_nearer_while_nobody_read_is_told_once() -> None:
    """From 4 workdays to 2: it passed 3, and stands in full on a day that is none of 3, 1, 0."""
    before = edition(PROJECTS, "2026-11-12")
    made = edition(PROJECTS, "2026-11-16", before)
    assert shown(made) == {"m1": "worse 3 full"}
    assert "Worse Acme site: Launch due Wednesday, no tasks." in told(made)
    assert shown(edition(PROJECTS.replace("11-18", "11-20"), "2026-11-16", made)) == {"m1": "better 3 line"}


def test_what_moved_stands_beside_what_it_was() -> None:
    """In the words of the edition before: its count where that says a number, else its line."""
    now = morning_at("2026-11-19 07:00")
    for short, line, said in (
        ("3 overdue tasks", "Tom has 3.", "1 is late. Wednesday: 3 overdue tasks."),
        ("hours", "112 % used.", "1 is late. Wednesday: 112 % used."),
        ("hours", "1 is late.", "1 is late."),
    ):
        (was,) = past_of_one(measure="3").traces
        one = priced(measure="5", short="5 overdue tasks" if "3" in short else "hours")
        seen = compared(past_with([replace(was, short=short, line=line)], date(2026, 11, 18)), [one])
        assert [line.text for line in changes(seen, [one], now).worse] == [said]


def test_a_slow_climb_adds_up() -> None:
    """Each day less than a step; told when the sum is one."""
    states = []
    past: Past | None = None
    for day, used in zip(range(9, 14), ("112", "115", "118", "116", "119"), strict=True):
        one = priced(rule="budget-burn", measure=used)
        seen = compared(past, [one], f"2026-11-{day:02}") if past else None
        states.append(seen.items["aaaa"].state if seen else "first")
        past = past_with(traces([one], frozenset(), seen, date(2026, 11, day)), date(2026, 11, day))
    assert states == ["first", "unchanged", "worse", "unchanged", "unchanged"]


def priced(rule: str = "task-overdue", about: str = "1", kind: str = "task", id: str = "aaaa", **fields: Any) -> Priced:
    """One item of a rule, priced."""
    stage, measure = fields.pop("stage", "open"), fields.pop("measure", "")
    item = Item(
        rule=rule, matter=load_all()[rule].matter, stage=stage, about=Ref(source="work", kind=kind, id=about),
        headline="H.", line=f"{about} is late.", ask="?", measure=Decimal(measure) if measure else None, **fields,
    )  # fmt: skip
    money = Money(amount=Decimal(100), currency="USD")
    return Priced(
        item=item, id=id, lost=Decimal(100), lost_kind="house_price", stake=money, factors=(), place=Decimal(100),
        place_factors=(),
    )  # fmt: skip


def past_with(found: Sequence[Trace], day: date) -> Past:
    at = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    return Past(date=day, compiled_at=at, traces=tuple(found))


def past_of_one(day: str = "2026-11-18", **fields: Any) -> Past:
    """An edition that had one item."""
    on = date.fromisoformat(day)
    return past_with(traces([priced(**fields)], frozenset(), None, on), on)


def compared(past: Past, found: Sequence[Priced], day: str = "2026-11-19", **ground: Any) -> Comparison:
    """Against an earlier edition; every list of the source `work` was read whole, but what is told otherwise."""
    kinds = frozenset(need.kind.kind for one in load_all().values() for need in one.needs)
    reading = StreamReading(source="work", kinds=kinds, status="whole", place="Work")
    given = {
        "rules": load_all(), "reach": timedelta(days=45), "facts": Facts(readings=(reading,)),
        "outcomes": {name: Outcome(rule=name, ran_on=("work",)) for name in load_all()},
    }  # fmt: skip
    return compare(past, found, Ground(**{**given, **ground}), morning_at(f"{day} 07:00"))


def test_parts_of_a_whole_are_neither_resolved_nor_new() -> None:
    """Three late tasks of one person become one item, and single ones again when there are two."""
    evidence = tuple(Evidence(ref=Ref(source="work", kind="task", id=str(n)), text="due") for n in range(1, 4))
    load = priced("person-overloaded", about="tom", kind="person", measure="3", evidence=evidence)
    assert parts_of(load.item) == {"work:task:1", "work:task:2", "work:task:3"}
    seen = compared(past_of_one(), [load])
    assert (seen.items["aaaa"].state, seen.resolved, [one.state for one in seen.kept]) == ("new", (), ["within"])
    day = date(2026, 11, 19)
    again = compared(
        past_with(traces([load], frozenset(), seen, day), day), [priced(), priced(about="9", id="bbbb")], "2026-11-20"
    )
    assert {one: now.state for one, now in again.items.items()} == {"aaaa": "unchanged", "bbbb": "new"}
    assert again.items["aaaa"].first == date(2026, 11, 18)
    assert [one.about for one in again.resolved] == ["tom"]


def test_another_stage_of_the_matter_is_the_same_item() -> None:
    stages = {"rule": "milestone-no-tasks", "kind": "milestone", "stage": "no-tasks"}
    late = priced("milestone-overdue", kind="milestone", stage="overdue")
    assert compared(past_of_one(**stages), [late]).items["aaaa"].state == "worse"
    assert (
        compared(past_of_one(rule="milestone-overdue", kind="milestone", stage="overdue"), [priced(**stages)])
        .items["aaaa"]
        .state
        == "better"
    )
    both = compared(past_of_one(**stages), [late, priced(**{**stages, "id": "bbbb"})])
    assert {one: now.state for one, now in both.items.items()} == {"aaaa": "new", "bbbb": "unchanged"}
    assert not compared(
        past_with(traces([late, priced(**stages)], frozenset(), None, date(2026, 11, 18)), date(2026, 11, 18)), [late]
    ).resolved


def test_two_findings_that_share_only_their_object_are_two() -> None:
    """A meeting without an agenda yesterday, declined by a guest today: not worse, and the first is looked for."""
    bare = past_of_one(rule="meeting-bare", kind="meeting", stage="no-agenda")
    seen = compared(bare, [priced("guest-declined", kind="meeting", stage="declined")])
    assert (seen.items["aaaa"].state, seen.items["aaaa"].day) == ("new", 1)
    assert [one.rule for one in seen.resolved] == ["meeting-bare"]


def test_what_nobody_looks_for_any_more_is_said_and_not_called_resolved() -> None:
    off = {name: rule for name, rule in load_all().items() if name != "task-overdue"}
    assert compared(past_of_one(), [], rules=off).let_go == (("task-overdue is switched off", 1),)
    assert compared(past_of_one(), [], facts=Facts()).let_go == (("work is no source any more", 1),)
    old = past_of_one(rule="client-waiting", kind="message", since=date(2026, 10, 5))
    assert compared(old, []).let_go == (("older than the 45 days that are read", 1),)
    assert compared(past_of_one(rule="client-waiting", kind="message", since=date(2026, 10, 6)), []).resolved
    over = compared(past_of_one(rule="meeting-conflict", kind="meeting"), [], over=frozenset({"work:meeting:1"}))
    assert (over.resolved, over.let_go) == ((), ())
    assert compared(past_of_one(rule="meeting-conflict", kind="meeting"), []).resolved


def test_what_is_older_than_its_rule_tells_is_not_called_resolved() -> None:
    """On the first day of silence nobody knows that it is done; the day before, its absence says so."""
    past = past_of_one(rule="dm-unanswered", kind="message", stage="waiting", silent_from=date(2026, 11, 19))
    seen = compared(past, [])
    assert (seen.resolved, len(seen.silent), seen.is_left_open) == ((), 1, True)
    note = "1 is late. So on Wednesday; older than what is told, and not looked for any more."
    assert changes(seen, [], morning_at("2026-11-19 07:00")).notes == (note,)
    assert traces([], frozenset(), seen, date(2026, 11, 19)) == ()
    young = compared(
        past_of_one(rule="dm-unanswered", kind="message", stage="waiting", silent_from=date(2026, 11, 20)), []
    )
    assert (len(young.resolved), young.silent, young.is_left_open) == (1, (), False)


def test_the_first_day_of_silence_is_the_workday_after_the_last_that_is_told() -> None:
    """Ten workdays after Thursday 5 November are Thursday the 19th: told then, and no more on Friday."""
    morning = morning_at("2026-11-19 07:00")
    assert silent_after(date(2026, 11, 5), 10, morning) == date(2026, 11, 20)
    assert silent_after(date(2026, 11, 6), 10, morning) == date(2026, 11, 23)
    assert silent_after(date(2026, 11, 6), 10_000, morning) is None


def test_a_changed_threshold_resolves_nothing() -> None:
    """An empty project is told at 8 days before its date, then the threshold is 1: nobody knows of tasks."""
    first = edition(PROJECTS, "2026-11-10")
    later = replace(PLAN, overrides={"milestone-no-tasks": {"days": 1}})
    seen = edition(PROJECTS, "2026-11-11", first, later)
    assert (seen.resolved, seen.verified_quiet) == ((), False)
    assert "1 item not looked for any more: its threshold was changed." in told(seen)
    assert edition(PROJECTS, "2026-11-11", first).changes.summary.endswith("1 unchanged, 0 resolved")


def test_what_is_resolved_or_unread_is_remembered_for_thirty_days() -> None:
    day = date(2026, 11, 18)
    gone = [replace(one, state="resolved") for one in past_of_one().traces]
    assert compared(past_with(gone, day), [priced()], "2026-12-18").items["aaaa"].state == "back"
    assert len(compared(past_with(gone, day), [], "2026-12-18").kept) == 1
    assert compared(past_with(gone, day), [], "2026-12-21").kept == ()
    unread: dict[str, Any] = {"outcomes": {name: Outcome(rule=name) for name in load_all()}}
    waits = compared(past_of_one(), [], **unread)
    assert [one.state for one in waits.unchecked] == ["unchecked"]
    later = past_with(waits.unchecked, date(2026, 12, 18))
    assert compared(later, [], "2026-12-18", **unread).let_go == ()
    assert compared(later, [], "2026-12-21", **unread).let_go == (("not read for 30 days", 1),)


def test_a_list_that_is_never_whole_is_told_once() -> None:
    before = edition(PROJECTS + tasks(2), "2026-11-09", task="partial")
    second = edition(PROJECTS, "2026-11-10", before, task="partial")
    assert "So on Monday; not found today, and not all that it rests on was read." in told(second)
    third = edition(PROJECTS, "2026-11-11", second, task="partial")
    assert (third.changes.unchecked, third.resolved) == ((), ())
    whole = told(edition(PROJECTS, "2026-11-12", third))
    assert "Oakline shop: Draw 1 was due 1 November. So on Monday; no longer found in work at 06:45." in whole
    again = edition(PROJECTS + tasks(2), "2026-11-12", third)
    assert {item.about.id: (item.state, item.day) for item in again.items if item.about.kind == "task"} == {
        "t1": ("unchanged", 4), "t2": ("unchanged", 4)
    }  # fmt: skip


def test_what_stays_fades_to_half_and_what_moves_has_its_place_again() -> None:
    places = []
    past = past_of_one(day="2026-11-02", measure="3")
    for day in ("03", "04", "10", "20"):
        one = priced(measure="3" if day != "20" else "5")
        seen = compared(past, [one], f"2026-11-{day}")
        (now,) = applied([one], seen, morning_at(f"2026-11-{day} 07:00"))
        places.append((now.state, now.day, str(now.place)))
        assert now.place == now.lost * now.place_factors[0].value
    assert places == [
        ("unchanged", 2, "90.00"),
        ("unchanged", 3, "81.00"),
        ("unchanged", 7, "53.00"),
        ("worse", 15, "100.00"),
    ]


def test_a_gap_is_new_to_the_reader_once() -> None:
    """What broke after the last edition was made is new in this one, whatever its day."""
    first = edition(PROJECTS, "2026-11-12", task="failed")
    past = past_of(json.loads(to_json(first)))
    assert past is not None
    (source,) = edition(PROJECTS, "2026-11-13", task="failed").coverage
    (gap,) = source.gaps
    known = replace(source, gaps=(replace(gap, state="new", day=2),))
    assert [one.gaps[0].state for one in with_told([known], past)] == ["known"]
    assert [one.gaps[0].state for one in with_told([known], replace(past, gaps=frozenset()))] == ["new"]
    assert [one.gaps[0].state for one in with_told([source], past)] == ["new"]


READ = st.sampled_from(("whole", "whole", "partial", "failed"))
MORNING = st.tuples(st.integers(0, 5), st.booleans(), READ, READ, READ)


@settings(max_examples=25, deadline=None)
@given(st.lists(MORNING, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_nothing_is_resolved_through_a_gap_and_nothing_is_lost(mornings: list[Any], chance: Any) -> None:
    """Whatever was read on whatever day: what stood is there, resolved by whole lists, or remembered; same bytes."""
    before: Briefing | None = None
    for number, (count, launch, *read) in enumerate(mornings):
        text = PROJECTS.replace(
            "state=open | manager=Janine\nproject", f"state={'open' if launch else 'done'} | manager=Janine\nproject"
        )
        lists: dict[str, Any] = dict(zip(KINDS, read, strict=True))
        day = f"2026-11-{9 + number:02}"
        made = edition(text + tasks(count), day, before, **lists)
        if before is not None:
            shuffled = list(before.traces)
            chance.shuffle(shuffled)
            assert to_json(
                edition(text + tasks(count), day, replace(before, traces=tuple(shuffled)), **lists)
            ) == to_json(made)
            now = {one.key: one for one in made.traces}
            for one in before.traces:
                assert one.key in now
                if one.state != "resolved" and now[one.key].state == "resolved":
                    assert {lists.get(need.kind.kind, "whole") for need in RULES[one.rule].needs} == {"whole"}
            assert len(made.resolved) == sum(
                one.state == "resolved" and one.stood == made.date for one in made.traces
            )  # fmt: skip
        before = made


def test_an_edition_without_memory_is_not_compared_with() -> None:
    kept = json.loads(to_json(edition(PROJECTS, "2026-11-12")))
    assert past_of(kept) is not None
    for damage in ("traces", "coverage", "date"):
        assert past_of({name: value for name, value in kept.items() if name != damage}) is None
    for traces_ in ([{"id": "x"}], ["x"], [7], 7):
        assert past_of({**kept, "traces": traces_}) is None
    assert past_of({**kept, "date": "no day"}) is None


CONFIG = """
[workspace]
name = "Harbour Lane"
timezone = "Europe/Berlin"
[order]
floor = 1
[[audience]]
name = "Maya"
[sources.work]
use = "projects_csv"
projects = "projects.csv"
tasks = "tasks.csv"
[deliver.archive]
use = "file"
folder = "{folder}"
"""
ROW = "t{0},Draw {0},p2,Tom,2026-11-0{0},Open\n"


class Home:
    """A workspace with two exports and a folder for its editions, on a clock of its own."""

    def __init__(self, folder: Path, briefing: Any) -> None:
        self.folder, self.briefing, self.now = folder, briefing, datetime(2026, 11, 9, 6, tzinfo=UTC)
        self.channel("editions")

    def channel(self, folder: str) -> None:
        (self.folder / "briefing.toml").write_text(CONFIG.format(folder=folder), encoding="utf-8")

    def morning(self, day: int, late: int) -> None:
        """A morning at 07:00, with so many late tasks; the files are an hour old."""
        self.now = datetime(2026, 11, day, 6, tzinfo=UTC)
        files = {
            "projects.csv": "Project ID,Project,Client,Status,Manager\np2,Oakline shop,Oakline,Active,Ines\n",
            "tasks.csv": "Task ID,Task,Project ID,Assignee,Due date,Status\n"
            + "".join(ROW.format(number) for number in range(1, late + 1)),
        }
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
            os.utime(self.folder / name, (self.now.timestamp() - 3600,) * 2)

    def says(self, *arguments: str) -> str:
        code, out, err = self.briefing(*arguments)
        assert code == 0, err
        return " ".join(out.split())

    def kept(self) -> tuple[bytes, bool]:
        """The ledger, and whether an edition of today is kept."""
        workspace = configured(self.folder / "briefing.toml")
        store, _ = workspace.store(self.now)
        try:
            edition = store.edition("Maya", self.now.date())
            return (workspace.folder / "ledger.sqlite").read_bytes(), edition is not None
        finally:
            store.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    at_home(tmp_path, monkeypatch)
    made = Home(tmp_path / "work", runner(monkeypatch, capsys))
    monkeypatch.setattr(cli_run, "clock", lambda: made.now)
    monkeypatch.setattr(commands, "clock", lambda: made.now)
    return made


def test_editions_compare_with_what_was_delivered_and_showing_notes_nothing(home: Home) -> None:
    home.morning(9, 3)
    home.says("run")
    home.morning(10, 3)
    home.says("collect")
    before = home.kept()
    assert not before[1]
    for _ in range(2):
        assert "SINCE MONDAY 07:00" in home.says("show")
        home.says("why", "--not", "Oakline")
    assert home.kept() == before
    assert "unchanged, day 2" in home.says("why", json.loads(home.says("show", "--format", "json"))["cards"][0]["id"])
    (home.folder / "no-folder").write_text("a file is in the way")
    home.channel("no-folder")
    assert home.briefing("run")[0] == 1  # fixed on Tuesday, and never delivered
    home.channel("editions")
    home.morning(11, 5)
    home.says("run")
    said = (home.folder / "editions" / "latest.md").read_text("utf-8")
    assert "## Since Monday 07:00" in said
    assert "Monday: 3 overdue tasks." in said
    assert "Worse, day 3." in said
    home.morning(12, 5)
    (configured(home.folder / "briefing.toml").folder / "ledger.sqlite").write_bytes(b"no database" * 500)
    home.says("collect")
    assert "Which edition was delivered last cannot be read: nothing is compared." in home.says("show")
