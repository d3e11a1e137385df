"""Memory: ten workdays of a small agency, each against the edition before; gaps, absences, the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

import pytest

from briefing.compile import Plan, compile_briefing
from briefing.document import Briefing, to_json
from briefing.memory import past_of
from briefing.ranking import Order
from briefing.render import render
from briefing.rules.view import NoAdSeries
from briefing.store import Attempt, Listing, Snapshot, StreamKey, StreamRecord
from briefing.testing import facts_from, morning_at

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
