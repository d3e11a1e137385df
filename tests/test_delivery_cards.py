"""Several late things of one project are one card: the worst in the headline, the rest as reasons, nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from briefing.compile import Plan, compile_briefing
from briefing.document import CardDoc
from briefing.rules.view import NoAdSeries
from briefing.store import Attempt, Listing, Snapshot, StreamKey, StreamRecord
from briefing.testing import facts_from, morning_at
from tests.delivery_mornings import KINDS, said

AT = datetime(2026, 11, 19, 5, 45, tzinfo=UTC)


def cards(text: str) -> list[CardDoc]:
    """The cards of one project tool that was read whole."""
    facts = tuple(facts_from(text, source="work"))
    key = StreamKey("work", "", KINDS)
    attempt = Attempt(status="whole", started=AT, ended=AT, rows=len(facts))
    snapshot = Snapshot(
        facts=facts, streams=(StreamRecord(key=key, latest=attempt, usable=attempt),),
        listings=(Listing(source="work", at=AT, streams=(key,)),),
    )  # fmt: skip
    return list(compile_briefing(snapshot, NoAdSeries(), Plan(), morning_at("2026-11-19 07:00")).briefing.cards)


def test_a_project_with_many_late_things_is_one_card_that_tells_each_once(table: str) -> None:
    """
    project   | p1 | title=Acme site | party=Acme | manager=Janine | budget=36000 USD | starts=2026-10-01
    milestone | m1 | project=p1 | title=Design    | due=2026-11-10 | starts=2026-10-10
    milestone | m2 | project=p1 | title=iOS build | due=2026-11-16 | starts=2026-11-10
    milestone | m3 | project=p1 | title=Launch    | due=2026-11-24 | starts=2026-11-17
    milestone | m4 | project=p1 | title=Press kit | due=2026-11-12
    milestone | m5 | project=p1 | title=Aftercare | due=2026-11-11 | starts=2026-11-01
    task | t1 | project=p1 | milestone=m1 | title=Draw  | assignee=Tom | due=2026-11-16
    task | t2 | project=p1 | milestone=m2 | title=Write | assignee=Ann | due=2026-11-16
    task | t3 | project=p1 | milestone=m3 | title=Check
    task | t4 | project=p1 | milestone=m4 | title=Print | state=done
    task | t5 | project=p1 | title=npm upgrade | assignee=Ann | due=2026-11-16
    """
    (card,) = cards(table)
    assert card.headline == "Acme site: Design was due 10 November, 7 workdays ago; 1 task is open."
    assert card.body == (
        "A later milestone, iOS build, was planned from 10 November.",
        "Project fee $36,000.",
        "iOS build was due Monday, 1 open task.",
        "Aftercare was due 11 November, no open task.",
        "Launch due Tuesday, 1 open task, nobody assigned.",
        "2 more matters.",
        "Owner Janine.",
    )
    assert len(card.reasons) == 7, "what is not printed still belongs to the card"
    assert sum(part.amount for part in card.parts) < 300, "the project's loss counts once"


def test_a_task_of_a_late_milestone_is_counted_and_not_named_again(table: str) -> None:
    """
    project   | p1 | title=Acme site | party=Acme | manager=Janine
    milestone | m1 | project=p1 | title=Design | due=2026-11-17
    task | t1 | project=p1 | milestone=m1 | title=Draw | assignee=Tom | due=2026-11-16
    task | t2 | project=p1 | title=npm upgrade | assignee=Ann | due=2026-11-16
    """
    (card,) = cards(table)
    assert card.headline == "Acme site: Design was due Tuesday, 2 workdays ago; 1 task is open."
    assert card.body == ("Npm upgrade was due Monday.", "Owner Janine.")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("milestone-no-tasks", "milestone | m1 | project=p1 | title={} | due=2026-11-24\ntask | z1 | title=Other"),
        ("milestone-overdue", "milestone | m1 | project=p1 | title={} | due=2026-11-16"),
        ("task-overdue", "task | t1 | project=p1 | title={} | due=2026-11-16"),
        ("project-overdue", "project | p2 | title={} | due=2026-11-16"),
        ("retainer-over", "retainer | r1 | title={} | hours=10 | hours_used=20"),
    ],
)
def test_long_titles_are_cut_in_headlines_and_lines(rule: str, text: str) -> None:
    title = "Very long words " * 9
    (item,) = said(rule, f"project | p1 | title={title} | party=Acme\n{text.format(title)}")
    assert "Very long words Very long w…" in item.headline
    assert "Very long words Very long w…" in item.line
    assert not any(title.strip() in part or len(part) > 220 for part in (item.headline, item.line, item.short))
    assert title.strip() in item.evidence[0].text, "evidence has all of it"


def test_a_project_of_no_known_client_is_one_card_too(table: str) -> None:
    """
    project   | p1 | title=Own website
    milestone | m1 | project=p1 | title=Design | due=2026-11-17
    milestone | m2 | project=p1 | title=Text   | due=2026-11-17
    project   | p2 | title=Own handbook
    milestone | m3 | project=p2 | title=Draft  | due=2026-11-17
    """
    assert [len(card.reasons) for card in cards(table)] == [1, 0]


def test_that_nobody_has_it_is_said_once(table: str) -> None:
    """
    project   | p1 | title=Oakline shop | party=Oakline | starts=2026-11-01
    milestone | m1 | project=p1 | title=Wave 2 | due=2026-11-23
    ticket    | k1 | title=Login fails | party=Oakline | due=2026-11-16 | project=p1
    project   | p2 | title=Hollis shop | manager=Ann
    ticket    | k2 | title=Form | opened=2026-11-09 09:00
    ticket    | k3 | title=Photo | opened=2026-11-18 17:00 | assignee=Ann
    """
    wave, form = cards(table)
    assert wave.body == ("No manager.", 'Ticket "Login fails" was due Monday.')
    assert form.line == 'Ticket "Form" has nobody assigned; opened 9 November 09:00.'
    assert not any("owner" in sentence for sentence in form.body)
