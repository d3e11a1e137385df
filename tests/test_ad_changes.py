"""What was edited in an ad account: weights, where the money is, and the words of each row of the table."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.ad_changes import (
    Activity,
    Spending,
    Stretch,
    covered,
    describe,
    edits_of,
    ratio,
    weight,
)
from briefing.facts import AdChange, AdChangeCoverage, Ref
from briefing.testing import facts_from

TODAY = date(2026, 11, 19)
ZONE = ZoneInfo("Europe/Berlin")
WEEK = Stretch.around(date(2026, 11, 12), date(2026, 11, 18), window_days=7)
SPENDING = Spending(
    shares={"gen": 0.7, "brand": 0.25, "new": 0.05}, names={"gen": "Generic", "brand": "Brand", "new": "New"}, carrier="gen"
)  # fmt: skip
WHOLE = "ad_change_coverage | c | account=a | since=2026-10-01 | until=2026-11-19 | complete=yes"


def told(text: str, *, stretch: Stretch = WEEK, spending: Spending = SPENDING) -> Activity:
    """What is said of account a on Thursday, from lines of changes and coverage."""
    facts = facts_from(text)
    return describe(
        [fact for fact in facts if isinstance(fact, AdChange)],
        [fact for fact in facts if isinstance(fact, AdChangeCoverage)],
        stretch, spending, today=TODAY, zone=ZONE,
    )  # fmt: skip


def change(**values: Any) -> AdChange:
    (fact,) = facts_from("ad_change | x | account=a | at=2026-11-17 10:00")
    fields = {"ref": Ref(source="test", kind="ad_change", id="x"), "account": "a", "at": fact.at, **values}  # type: ignore[attr-defined]
    return AdChange(**fields)


# --- weights -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"change": "budget", "object_level": "campaign", "old": "60", "new": "90"}, 3),
        ({"change": "budget", "object_level": "campaign", "old": "90", "new": "60"}, 3),
        ({"change": "budget", "old": "60000000", "new": "80000000"}, 2),
        ({"change": "budget", "old": "$100.00", "new": "$82.00"}, 2),
        ({"change": "budget", "old": "100", "new": "110"}, 1),
        ({"change": "budget", "old": "100", "new": "90"}, 1),
        ({"change": "budget", "old": "", "new": "110"}, 2),  # of unknown size: never small
        ({"change": "budget", "old": "1.234", "new": "1.500"}, 2),  # could be read in two ways
        ({"change": "status", "object_level": "campaign", "new": "PAUSED"}, 3),
        ({"change": "status", "object_level": "campaign", "new": "ENABLED"}, 3),
        ({"change": "structure", "operation": "create", "object_level": "campaign"}, 3),
        (
            {"change": "bid", "object_level": "campaign", "field": "bidding_strategy_type", "old": "CPC", "new": "CPA"},
            3,
        ),
        ({"change": "bid", "field": "target_cpa", "old": "50", "new": "60"}, 3),
        ({"change": "bid", "field": "target_cpa", "old": "50", "new": "55"}, 2),
        ({"change": "bid", "field": "target_cpa", "old": "50", "new": "51"}, 1),
        ({"change": "tracking", "object_level": "account"}, 3),
        ({"change": "targeting", "object_level": "campaign", "operation": "update"}, 3),
        ({"change": "creative", "object_level": "ad group", "field": "final_url"}, 3),
        ({"change": "status", "object_level": "ad set", "new": "paused"}, 2),
        ({"change": "structure", "operation": "create", "object_level": "ad_group"}, 2),
        ({"change": "targeting", "operation": "create", "object_level": "audience"}, 2),
        ({"change": "creative", "object_level": "ad group"}, 2),
        ({"change": "status", "object_level": "keyword", "new": "paused"}, 1),
        ({"change": "structure", "operation": "create", "object_level": "negative"}, 1),
        ({"change": "creative", "operation": "create", "object_level": "ad"}, 1),
        ({"change": "bid", "object_level": "keyword", "old": "1.00", "new": "2.00"}, 1),
        ({"change": "bid", "object_level": "ad group", "old": "1.00", "new": "1.10"}, 1),
        ({"change": "bid", "object_level": "ad group", "old": "1.00", "new": "1.30"}, 2),
        ({"change": "other", "field": "name", "object_level": "campaign"}, 0),
        ({"change": "other", "field": "labels", "object_level": "campaign"}, 0),
        ({"change": "billing"}, 0),
        ({"change": "structure", "operation": "create", "object_level": "draft"}, 0),
    ],
)
def test_weights(values: dict[str, str], expected: int) -> None:
    assert weight(change(**values)) == expected


@settings(deadline=None)
@given(st.text(max_size=12), st.text(max_size=12))
def test_a_ratio_of_foreign_text_is_a_positive_number_or_nothing(old: str, new: str) -> None:
    by = ratio(change(change="budget", old=old, new=new))
    assert by is None or by > 0


def test_weights_count_where_the_money_is() -> None:
    values = {
        "gen": told(f"{WHOLE}\nad_change | 1 | account=a | campaign=gen | at=2026-11-17 10:00 | change=status | object_level=ad group | new=paused").total,
        "new": told(f"{WHOLE}\nad_change | 1 | account=a | campaign=new | at=2026-11-17 10:00 | change=status | object_level=ad group | new=paused").total,
        "heavy": told(f"{WHOLE}\nad_change | 1 | account=a | campaign=new | at=2026-11-17 10:00 | change=status | object_level=campaign | new=paused").total,
        "account": told(f"{WHOLE}\nad_change | 1 | account=a | at=2026-11-17 10:00 | change=tracking | object_level=account").total,
    }  # fmt: skip
    assert {key: round(value, 2) for key, value in values.items()} == {
        "gen": 1.4, "new": 0.1, "heavy": 1.0, "account": 3.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "level", "campaign", "values"),
    [
        ([0, 4], "keyword", "gen", [0.7]),  # two keywords are no half of the spend
        ([0, 14], "keyword", "gen", [0.7, 0.7]),
        (list(range(10)), "keyword", "gen", [1.4]),  # ten are their campaign: its share is over half
        ([0, 4], "ad group", "gen", [2.1]),
        ([0, 4], "ad group", "brand", [0.5]),
        ([0], "ad group", "gen", [1.4]),
    ],
)
def test_edits_made_together_count_once(minutes: list[int], level: str, campaign: str, values: list[float]) -> None:
    lines = [
        f"ad_change | {n} | account=a | campaign={campaign} | at=2026-11-17 10:{minute:02} | change=status | "
        f"object_level={level} | new=paused | actor=Ann"
        for n, minute in enumerate(minutes)
    ]
    changes = [fact for fact in facts_from("\n".join(lines)) if isinstance(fact, AdChange)]
    assert [round(edit.value, 2) for edit in edits_of(changes, SPENDING, ZONE)] == values


# --- words -------------------------------------------------------------------------------------------------------------

KEYWORDS = """
ad_change | 1 | account=a | campaign=gen | at=2026-11-17 10:00 | change=status | object_level=keyword | new=Paused
ad_change | 2 | account=a | campaign=gen | at=2026-11-17 10:03 | change=status | object_level=keyword | new=Paused
"""
NEGATIVE = "ad_change | 1 | account=a | campaign=gen | at=2026-11-16 10:00 | change=targeting | operation=create | object_level=negative keyword | object_name=free"
AD_GROUP = (
    "ad_change | g | account=a | campaign=gen | at=2026-11-06 10:00 | change=status | object_level=ad set | new=paused"
)
HEAVY = "ad_change | h | account=a | campaign=gen | at=2026-11-10 09:00 | change=budget | object_level=campaign | old=100 | new=150"


def test_two_keywords_paused_is_minimal() -> None:
    found = told(WHOLE + KEYWORDS)
    assert found.kind == "minimal"
    assert found.sentence == "Ad changes were minimal: two keywords paused Tuesday."


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (WHOLE, "Nothing was changed in the account since 5 November."),
        (
            f"{WHOLE}\nad_change | 1 | account=a | campaign=new | at=2026-11-16 10:00 | change=other | field=labels",
            "Ad changes were minimal: names and labels only.",
        ),
        (
            f"{WHOLE}\nad_change | 1 | account=a | campaign=brand | at=2026-11-16 10:00 | change=budget | old=100 | new=110",
            "Ad changes were minimal: budget of Brand raised 10 % Monday.",
        ),
        (
            WHOLE
            + "".join(
                f"\nad_change | {n} | account=a | campaign=new | at=2026-11-{n} 10:00 | change=creative | operation=create "
                "| object_level=ad"
                for n in (13, 14, 16, 17)
            ),
            "Ad changes were minimal: 4 small edits, the last Tuesday.",
        ),
        (
            f"{WHOLE}\n{NEGATIVE}",
            "Ad changes were minimal: one negative keyword added Monday.",
        ),
        (
            f"{WHOLE}\nad_change | 1 | account=a | campaign=gen | at=2026-11-16 10:00 | change=bid | object_level=keyword | old=1.00 | new=1.08",
            "Ad changes were minimal: one keyword bid raised 8 % Monday.",
        ),
        (
            f"{WHOLE}{KEYWORDS}{HEAVY}",
            "It came after an edit: budget of Generic raised 50 % on 10 November.",
        ),
        (
            f"{WHOLE}\n{HEAVY.replace('11-10', '11-16')}",
            "Changes were made afterwards: budget of Generic raised 50 % Monday.",
        ),
        (
            f"{WHOLE}\n{HEAVY.replace('change=budget', 'change=budget | actor_kind=automation')}",
            "Changes only by automatic rules: budget of Generic raised 50 % on 10 November.",
        ),
        (
            f"{WHOLE}\n{HEAVY.replace('campaign=gen', 'campaign=brand')}\n{AD_GROUP}",
            "2 ad changes since 5 November: one ad group paused on 6 November and budget of Brand raised 50 % on 10 November.",
        ),
        (
            f"{WHOLE}\n{HEAVY.replace('campaign=gen', 'campaign=brand')}\n{AD_GROUP}{KEYWORDS}",
            "4 ad changes since 5 November, the largest: one ad group paused on 6 November.",
        ),
    ],
)  # fmt: skip
def test_each_row_of_the_table(lines: str, sentence: str) -> None:
    assert told(lines).sentence == sentence


def test_as_busy_as_ever_is_said_by_the_accounts_own_weeks() -> None:
    often = "".join(
        f"\nad_change | {n} | account=a | campaign=gen | at={day} 10:00 | change=status | object_level=ad group | new=paused"
        for n, day in enumerate(
            [
                "2026-10-21",
                "2026-10-23",
                "2026-10-25",
                "2026-10-28",
                "2026-10-30",
                "2026-11-01",
                "2026-11-03",
                "2026-11-06",
            ]
        )
    )
    found = told(WHOLE + often)
    assert (found.kind, found.sentence) == ("usual", "No more ad changes than usual.")
    short = WHOLE.replace("2026-10-01", "2026-11-01")
    assert told(short + often).kind == "busy", "without 30 days of history nobody knows what is usual"


@pytest.mark.parametrize(
    ("lines", "kind", "sentence"),
    [
        ("", "unread", "What was changed in the account was not read."),
        (
            f"{WHOLE} | blind_spots=edits made in Google Ads Editor",
            "unread in part",
            "No changes in the history we can read, which does not show edits made in Google Ads Editor.",
        ),
        (
            WHOLE.replace("2026-10-01", "2026-11-10"),
            "unread in part",
            "No changes in the history we can read, which begins 10 November.",
        ),
        (
            WHOLE.replace("2026-11-19", "2026-11-16"),
            "unread in part",
            "No changes in the history we can read, which ends Monday.",
        ),
        (
            WHOLE.replace("complete=yes", "complete=no"),
            "unread in part",
            "No changes in the part of the history we can read.",
        ),
        (
            f"{WHOLE} | blind_spots=edits made in Google Ads Editor{KEYWORDS}",
            "seen in part",
            "In the history we can read, which does not show edits made in Google Ads Editor: two keywords paused Tuesday.",
        ),
        (
            KEYWORDS,
            "seen in part",
            "In the part of the history we can read: two keywords paused Tuesday.",
        ),
    ],
)  # fmt: skip
def test_only_a_whole_history_allows_minimal_or_nothing(lines: str, kind: str, sentence: str) -> None:
    found = told(lines)
    assert (found.kind, found.sentence) == (kind, sentence)


def test_a_campaign_paused_is_never_called_minimal() -> None:
    paused = "ad_change | 1 | account=a | campaign=new | at=2026-11-06 10:00 | change=status | object_level=campaign | new=paused"
    found = told(f"{WHOLE}\n{paused}")
    assert found.total == 1
    assert found.sentence == "1 ad change since 5 November: campaign New paused on 6 November."


def test_edits_outside_the_stretch_are_not_told() -> None:
    assert told(f"{WHOLE}\n{HEAVY.replace('11-10', '11-04')}").kind == "nothing"
    assert told(f"{WHOLE}\n{HEAVY.replace('11-10', '11-19')}").kind == "nothing"


def test_a_short_window_looks_back_three_days() -> None:
    short = Stretch.around(date(2026, 11, 18), date(2026, 11, 18), window_days=1)
    assert short.first == date(2026, 11, 15)
    assert told(f"{WHOLE}\n{HEAVY.replace('11-10', '11-14')}", stretch=short).kind == "nothing"


def test_a_late_evening_edit_falls_on_the_accounts_own_day() -> None:
    late = "ad_change | 1 | account=a | campaign=gen | at=2026-11-17T23:30:00+00:00 | change=status | object_level=keyword | new=paused"
    assert told(f"{WHOLE}\n{late}").sentence == "Ad changes were minimal: one keyword paused yesterday."
    dated = late.replace("change=status", "change=status | day_only=yes")
    assert told(f"{WHOLE}\n{dated}").sentence == "Ad changes were minimal: one keyword paused Tuesday."


@pytest.mark.parametrize(
    ("stretches", "whole"),
    [
        ([("2026-11-01", "2026-11-18", True)], True),
        ([("2026-11-01", "2026-11-10", True), ("2026-11-11", "2026-11-19", True)], True),
        ([("2026-11-01", "2026-11-10", True), ("2026-11-12", "2026-11-19", True)], False),
        ([("2026-11-01", "2026-11-10", True), ("2026-11-08", "2026-11-19", True)], True),
        ([("2026-11-01", "2026-11-19", False)], False),
        ([], False),
    ],
)
def test_coverage_adds_up_without_holes(stretches: list[tuple[str, str, bool]], whole: bool) -> None:
    coverage = [
        AdChangeCoverage(
            ref=Ref(source="t", kind="c", id=first), account="a", since=date.fromisoformat(first),
            until=date.fromisoformat(last), complete=complete,
        )
        for first, last, complete in stretches
    ]  # fmt: skip
    assert covered(coverage, date(2026, 11, 5), date(2026, 11, 18)) is whole
