"""Mornings on which the rules about ad accounts must speak, and on which they must stay silent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from briefing.clients import Client, Directory
from briefing.document import AdsTable
from briefing.facts import AdAccount, Fact, Money
from briefing.items import Item
from briefing.morning import Morning
from briefing.reading.text import folded
from briefing.rules.ads_judged import judge_accounts
from briefing.rules.ads_table import ads_table
from briefing.rules.view import AdSeries, AdSeriesDay, StreamReading, facts_of
from briefing.testing import facts_from, morning_at, readings_for, run_rule

THURSDAY = morning_at("2026-11-19 07:00")
TODAY = date(2026, 11, 19)
COVERED = "ad_change_coverage | c | account=b | since=2026-10-01 | until=2026-11-19 | complete=yes"
KEYWORDS = """
ad_change | 1 | account=b | campaign=gen | at=2026-11-17 10:00 | change=status | object_level=keyword | new=Paused
ad_change | 2 | account=b | campaign=gen | at=2026-11-17 10:03 | change=status | object_level=keyword | new=Paused
"""


class Memory:
    """Daily rows in memory: account to its rows, (account, campaign) to theirs."""

    def __init__(self, rows: Mapping[str, Sequence[AdSeriesDay]]) -> None:
        self.rows = dict(rows)
        self.of_campaign: dict[tuple[str, str], Sequence[AdSeriesDay]] = {}

    def accounts(self, source: str) -> Sequence[str]:
        return sorted(self.rows)

    def days(self, source: str, account: str, *, campaign: str = "") -> Sequence[AdSeriesDay]:
        return self.of_campaign.get((account, campaign), ()) if campaign else self.rows.get(account, ())

    def campaigns(self, source: str, account: str) -> Mapping[str, str]:
        return {key[1]: key[1].title() for key in self.of_campaign if key[0] == account}


def protocol(memory: Memory) -> AdSeries:
    """For the type checker: the class keeps the protocol."""
    return memory


def days(
    leads: float, *, spend: float, phi: float = 2.0, now: Sequence[float] = (), clicks: int | None = None, length: int = 35
) -> list[AdSeriesDay]:  # fmt: skip
    """Days to yesterday whose dispersion in the 28 before the last week is exactly phi; `now` are the last days' leads."""
    off = math.sqrt(phi * leads * 27 / 8)
    luck = {0: off, 1: -off}
    counts = [leads + luck.get(n % 7, 0) for n in range(length - 7)] + [leads] * 7
    counts[len(counts) - len(now) :] = list(now)
    return [
        AdSeriesDay(
            day=TODAY - timedelta(days=length - n), spend=round(spend * 1e6), impressions=None, clicks=clicks,
            leads=count, vintage=TODAY,
        )
        for n, count in enumerate(counts)
    ]  # fmt: skip


def others(count: int = 43) -> dict[str, list[AdSeriesDay]]:
    """Quiet accounts with a dispersion of 2."""
    return {f"q{n:02}": days(10 + 4 * n, spend=(10 + 4 * n) * 12) for n in range(count)}


BRIGHTSIDE = days(200, spend=1680, now=[168] * 7, clicks=2000)
"""The picture's account: $47,040 and 5,600 leads in the 28 days before, $11,760 and 1,176 leads in 7 days."""

DIRECTORY = Directory(by_name={folded("Brightside"): "Brightside"}, clients=(Client(name="Brightside"),))


def accounts(rows: Mapping[str, Any], **of_b: str) -> str:
    """Lines for the accounts; `b` is the one under scrutiny."""
    mine = {
        "name": "Brightside Search", "party": "Brightside", "owner": "Lena", "url": "https://ads.example/b",
        "settling_days": "0", "platform": "google", "currency": "USD", **of_b,
    }  # fmt: skip
    lines = [
        f"ad_account | {key} | name=Quiet {key} | platform=google | currency=USD | settling_days=0"
        for key in rows
        if key != "b"
    ]
    return "\n".join([*lines, "ad_account | b | " + " | ".join(f"{name}={value}" for name, value in mine.items())])


def found(
    rows: Sequence[AdSeriesDay],
    *,
    rule: str = "cpl-up",
    text: str = "",
    campaigns: Mapping[str, Sequence[AdSeriesDay]] | None = None,
    morning: Morning = THURSDAY,
    of_b: Mapping[str, str] | None = None,
    directory: Directory = DIRECTORY,
) -> list[Item]:
    """What a rule says of account b among 43 quiet ones."""
    memory = Memory({**others(), "b": rows})
    memory.of_campaign = {("b", key): some for key, some in (campaigns or {}).items()}
    lines = accounts(memory.rows, **(of_b or {}))
    return run_rule(
        rule, f"{lines}\n{text}", morning, kinds=["ad_day", "ad_change", "ad_change_coverage"], series=memory,
        directory=directory,
    )  # fmt: skip


def split(rows: Sequence[AdSeriesDay], share: float, leads: Sequence[float]) -> list[AdSeriesDay]:
    """A campaign with a share of the spend and its own leads a day."""
    return [row._replace(spend=round(row.spend * share), leads=count) for row, count in zip(rows, leads, strict=True)]


# --- the picture -------------------------------------------------------------------------------------------------------


def test_brightside_is_told_as_in_the_picture() -> None:
    brand = [100.0] * 28 + [98.0] * 7
    generic = [(row.leads or 0) - count for row, count in zip(BRIGHTSIDE, brand, strict=True)]
    (item,) = found(
        BRIGHTSIDE, text=COVERED + KEYWORDS,
        campaigns={"gen": split(BRIGHTSIDE, 0.6, generic), "brand": split(BRIGHTSIDE, 0.4, brand)},
    )  # fmt: skip
    assert item.headline == "Brightside: leads cost 19 % more than usual ($10.00 against $8.40, 7 days)."
    assert item.body == (
        "About $270 a day, at least $150.",
        "Fewer visitors become leads; click prices unchanged.",
        "Mostly campaign Gen.",
        "Ad changes were minimal: two keywords paused Tuesday.",
    )
    assert item.since_text == "Since 12 November."
    assert (item.stage, item.urgency, item.ask, item.short) == ("news", "flow", "look now or wait?", "leads +19 %")
    assert item.line == "Brightside: leads cost 19 % more than usual."
    assert item.stake.amount == Money(amount=Decimal("150.00"), currency="USD")
    assert (item.stake.kind, item.stake.at_least, item.stake.key) == ("estimate", True, "ads:b")
    assert item.owner is not None
    assert item.owner.name == "Lena"
    assert item.about == item.root
    assert item.client == "Brightside"
    assert item.evidence[0].ref.url == "https://ads.example/b"
    assert item.evidence[0].text == (
        "$11,760 and 1,176 leads in 7 days to yesterday; $47,040 and 5,600 leads in the 28 days before"
    )
    assert [one.ref.id for one in item.evidence[1:]] == ["1", "2"]
    assert item.measure == 19


def test_why_shows_every_number_of_the_method() -> None:
    (item,) = found(BRIGHTSIDE)
    assert {figure.name: figure.value for figure in item.figures} == {
        "days judged": "12 November to 18 November",
        "spend": "$11,760",
        "leads": "1,176",
        "days before": "15 October to 11 November, 28 with spend or leads",
        "spend before": "$47,040",
        "leads before": "5,600",
        "leads expected": "1,400.1",
        "dispersion": "2.00: own days 2.00, platform 2.00 (fitted over 44 accounts)",
        "leads in 1 day": "168 of 193.2, z -1.22, p 0.11",
        "leads in 3 days": "504 of 586.3, z -2.31, p 0.011",
        "leads in 7 days": "1,176 of 1,400.1, z -3.95, p 0.000039",
        "account p": "0.000079 normal tail, 0.0013 t tail",
        "among all accounts": "rank 1 of 44 judged, limit 0.0023 (t tail)",
        "loss a day": "$269",
        "loss a day, lower bound": "$152",
        "usual spend a day": "$1,680",
        "told from a loss a day of": "$84",
        "Wednesday against the day before": "+0%",
        "Wednesday against the week before": "+19%",
        "Wednesday against the 30-day median": "+19%",
        "ad changes, weighed": "0.0",
    }


def test_on_a_friday_three_days_are_at_stake() -> None:
    friday = morning_at("2026-11-20 07:00")
    rows = [row._replace(day=row.day + timedelta(days=1), vintage=TODAY + timedelta(days=1)) for row in BRIGHTSIDE]
    (item,) = [one for one in found(rows, morning=friday) if one.about.id == "b"]
    assert item.stake.amount == Money(amount=Decimal("450.00"), currency="USD")
    assert item.since_text == "Since 13 November."


# --- who stands before the colon -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "directory", "who"),
    [
        ("", DIRECTORY, "Brightside:"),
        ("ad_account | m | source=meta | name=Brightside Social | party=Brightside", DIRECTORY, "Brightside Search:"),
        ("", Directory(), "Brightside Search:"),
        ("ad_account | m | source=meta | name=Brightside Search", Directory(), "Brightside Search (b):"),
    ],
)
def test_the_client_is_named_if_it_has_one_account(extra: str, directory: Directory, who: str) -> None:
    (item,) = found(BRIGHTSIDE, text=extra, directory=directory)
    assert item.headline.startswith(who)


# --- near misses of cpl-up -----------------------------------------------------------------------------------------------


def cut(rows: Sequence[AdSeriesDay], last: int, **values: Any) -> list[AdSeriesDay]:
    """The same with its last days changed."""
    return [row._replace(**values) if n >= len(rows) - last else row for n, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("rows", "of_b"),
    [
        pytest.param(days(20, spend=1680, now=[17] * 7), {}, id="18 % at 20 leads a day"),
        pytest.param(days(200, spend=1680, now=[168]), {}, id="one bad day"),
        pytest.param(days(60, spend=600, now=[40]), {}, id="one very bad day of a mid-size account"),
        pytest.param(cut(BRIGHTSIDE, 7, definition="forms only"), {}, id="leads counted differently since"),
        pytest.param(cut(BRIGHTSIDE, 9, definition="forms only"), {}, id="leads counted differently, a week and more"),
        pytest.param(cut(BRIGHTSIDE, 1, partial=True, leads=20.0)[:-7] + days(200, spend=1680)[-7:-1]
                     + cut(BRIGHTSIDE, 1, partial=True, leads=20.0)[-1:], {}, id="the last day is not over"),
        pytest.param(BRIGHTSIDE[:-7], {}, id="paused last week: no rows"),
        pytest.param(cut(BRIGHTSIDE, 7, spend=0, leads=0.0), {}, id="paused last week: rows without spend"),
        pytest.param(BRIGHTSIDE[-20:], {}, id="learning: 13 days of history before the week"),
        pytest.param(days(200, spend=45, now=[168] * 7), {}, id="a loss of $7 a day"),
        pytest.param(days(200, spend=1680, now=[200] * 6 + [60]), {"settling_days": "1"}, id="yesterday still fills up"),
        pytest.param([row._replace(leads=None) for row in BRIGHTSIDE], {}, id="leads are not tracked"),
        pytest.param([row._replace(leads=0.0) for row in BRIGHTSIDE], {}, id="never a lead"),
        pytest.param(days(1.2, spend=90, phi=1, now=[0, 1, 0, 1, 0, 1, 1]), {}, id="eight leads a week"),
        pytest.param([], {}, id="no rows at all"),
    ],
)  # fmt: skip
def test_silent(rows: list[AdSeriesDay], of_b: dict[str, str]) -> None:
    assert found(rows, of_b=of_b) == []


def test_too_small_to_tell_means_the_same_in_every_currency() -> None:
    rows = days(200, spend=150, now=[160] * 7)
    assert len(found(rows)) == 1
    assert found(rows, of_b={"currency": "JPY"}) == []


def test_a_missing_day_is_no_quiet_day_where_rows_were_lost() -> None:
    holes = [row for n, row in enumerate(BRIGHTSIDE) if n != 31]
    memory = Memory({**others(), "b": holes})
    facts = facts_from(accounts(memory.rows))
    whole = readings_for(facts, kinds=["ad_day"])
    partly = [replace(whole[0], status="partial")]
    assert ads_table(facts_of(facts, readings=whole, series=memory), THURSDAY).notes == ("43 usual.",)
    assert (
        ads_table(facts_of(facts, readings=partly, series=memory), THURSDAY)
        .notes[-1]
        .endswith("1 with an incomplete day.")
    )


def test_better_than_usual_is_no_item() -> None:
    assert found(days(115, spend=1240, now=[145] * 7)) == []


def test_what_may_be_chance_says_so_and_has_no_money_to_defend() -> None:
    (item,) = found(days(60, spend=600, now=[48.5] * 7))
    assert item.stage == "watch"
    assert (
        item.headline
        == "Brightside: leads cost 24 % more than usual ($12.37 against $10.00, 7 days); could still be chance."
    )
    assert item.line == "Brightside: leads cost 24 % more than usual, could still be chance."
    assert item.body == ("Leads: 339.5 instead of about 420.",)
    assert item.stake.amount is None


def test_leads_judged_to_an_earlier_day_say_so() -> None:
    rows = [*BRIGHTSIDE, BRIGHTSIDE[-1]._replace(day=TODAY, leads=40.0)]
    moved = [row._replace(day=row.day - timedelta(days=1)) for row in rows]
    (item,) = found(moved, of_b={"settling_days": "1"})
    assert item.headline == "Brightside: leads cost 19 % more than usual ($10.00 against $8.40, 7 days to Tuesday)."
    assert item.since_text == "Since 11 November."


def test_no_lead_at_all_is_a_count_and_no_ratio() -> None:
    (item,) = [one for one in found(days(20, spend=400, now=[0, 0, 0])) if one.about.id == "b"]
    assert item.headline == "Brightside: no leads for $1,200 (3 days); about 60 are usual for that money."
    assert item.short == "no leads"
    assert item.body == ("About $400 a day, at least $280.", "What was changed in the account was not read.")
    assert item.measure == 999


def test_the_zone_of_the_account_decides_what_yesterday_is() -> None:
    evening = morning_at("2026-11-18 23:30", zone="America/New_York")
    (item,) = found(BRIGHTSIDE, of_b={"zone": "Europe/Berlin"}, morning=evening)
    assert item.since == date(2026, 11, 12)
    assert found(BRIGHTSIDE, of_b={"zone": "Nowhere/At all"})[0].since == date(2026, 11, 12)


def test_a_price_that_tripled_is_told_in_times() -> None:
    (item,) = found(days(60, spend=600, now=[15] * 7))
    assert item.line == "Brightside: leads cost 4.0 times as much as usual."


# --- what was changed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (COVERED + KEYWORDS, "Ad changes were minimal: two keywords paused Tuesday."),
        (COVERED, "Nothing was changed in the account since 5 November."),
        (
            COVERED.replace("2026-10-01", "2026-11-09") + KEYWORDS,
            "In the history we can read, which begins 9 November: two keywords paused Tuesday.",
        ),
        (
            COVERED.replace("2026-11-19", "2026-11-17"),
            "No changes in the history we can read, which ends Tuesday.",
        ),
        (
            f"{COVERED} | blind_spots=edits made in Google Ads Editor",
            "No changes in the history we can read, which does not show edits made in Google Ads Editor.",
        ),
        (
            f"{COVERED}\nad_change | 1 | account=b | at=2026-11-16 10:00 | change=tracking | object_level=account",
            "Changes were made afterwards: conversion tracking changed Monday.",
        ),
        (
            f"{COVERED}\nad_change | 1 | account=other | at=2026-11-16 10:00 | change=tracking",
            "Nothing was changed in the account since 5 November.",
        ),
        ("", "What was changed in the account was not read."),
    ],
)  # fmt: skip
def test_changes_are_told_as_far_as_the_history_reaches(text: str, sentence: str) -> None:
    (item,) = found(BRIGHTSIDE, text=text)
    assert item.body[-1] == sentence


def test_a_history_read_in_part_is_never_called_minimal() -> None:
    memory = Memory({**others(), "b": BRIGHTSIDE})
    facts = facts_from(f"{accounts(memory.rows)}\n{COVERED}{KEYWORDS}")
    readings = readings_for(facts, kinds=["ad_day"])
    broken = [
        replace(readings[0], kinds=readings[0].kinds - {"ad_change", "ad_change_coverage"}),
        StreamReading(
            source="test", kinds=frozenset({"ad_change", "ad_change_coverage"}), status="partial", place="test"
        ),
    ]
    from briefing.rules import RULES, load_all
    from briefing.rules.engine import run
    from briefing.rules.view import Limits

    load_all()
    view = facts_of(facts, readings=broken, series=memory, directory=DIRECTORY)
    (item,) = run(RULES["cpl-up"], view, THURSDAY, Limits()).items
    assert item.body[-1] == "In the part of the history we can read: two keywords paused Tuesday."


def test_without_a_history_the_item_says_where_was_not_looked() -> None:
    (item,) = found(BRIGHTSIDE)
    assert item.not_in == ("the account's change history",)
    assert found(BRIGHTSIDE, text=COVERED)[0].not_in == ()


def test_after_a_large_change_weeks_ago_the_base_starts_there() -> None:
    """The account got dearer two weeks ago, with its new budget: that is its level now, and not told every day."""
    rows = days(200, spend=1680, now=[140] * 16)
    assert [item.about.id for item in found(rows)] == ["b"]
    change = (
        "ad_change | 1 | account=b | at=2026-11-02 10:00 | change=budget | object_level=campaign | old=100 | new=200"
    )
    assert found(rows, text=f"{COVERED}\n{change}") == []
    small = f"{change.replace('| at=', '| campaign=brand | at=')}"
    shares = {"gen": split(rows, 0.9, [0] * 35), "brand": split(rows, 0.1, [0] * 35)}
    assert [item.about.id for item in found(rows, text=f"{COVERED}\n{small}", campaigns=shares)] == ["b"]


def test_campaigns_that_do_not_add_up_are_not_named() -> None:
    (item,) = found(
        BRIGHTSIDE, text=COVERED,
        campaigns={"gen": split(BRIGHTSIDE, 0.3, [50] * 28 + [20] * 7), "brand": split(BRIGHTSIDE, 0.3, [20] * 35)},
    )  # fmt: skip
    assert not any("ampaign" in sentence for sentence in item.body)


def test_clicks_that_cost_more_are_named() -> None:
    rows = [row._replace(clicks=1600 if n >= 28 else 2000) for n, row in enumerate(BRIGHTSIDE)]
    (item,) = found(rows, text=COVERED)
    assert item.body[1] == "Clicks cost 25 % more."


# --- cpl-over-target -----------------------------------------------------------------------------------------------------

NINE = {"target_cpl": "9 USD"}


def test_over_target_is_a_fact_with_its_counts() -> None:
    (item,) = found(BRIGHTSIDE, rule="cpl-over-target", of_b=NINE)
    assert item.headline == "Brightside: leads cost $10.00 against the agreed $9.00 (7 days, 1,176 leads)."
    assert item.body == (
        "$1,176 spent above the target in 7 days.",
        "Unusual for this account: $8.40 in the 28 days before.",
    )
    assert item.stake.amount == Money(amount=Decimal("59.00"), currency="USD")
    assert (item.stake.kind, item.stake.at_least) == ("estimate", True)
    assert item.stage == "over-target"


def test_both_rules_of_one_account_are_stages_of_one_matter() -> None:
    (up,) = found(BRIGHTSIDE, of_b=NINE)
    (over,) = found(BRIGHTSIDE, rule="cpl-over-target", of_b=NINE)
    assert up.key == over.key
    assert up.story == over.story
    assert up.stake.key == over.stake.key


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (days(200, spend=2000), "Not unusual for this account: $10.00 in the 28 days before."),
        (BRIGHTSIDE[-15:], "Too little history to say whether that is unusual."),
        (days(100, spend=2000, now=[150] * 7), "Less than usual: $20.00 in the 28 days before."),
    ],
)
def test_whether_it_is_unusual_is_said(rows: list[AdSeriesDay], sentence: str) -> None:
    (item,) = found(rows, rule="cpl-over-target", of_b=NINE)
    assert item.body[1] == sentence


@pytest.mark.parametrize(
    ("rows", "of_b"),
    [
        pytest.param(BRIGHTSIDE, {}, id="no target"),
        pytest.param(BRIGHTSIDE, {"target_cpl": "11 USD"}, id="under the target"),
        pytest.param(BRIGHTSIDE, {"target_cpl": "9.50 USD"}, id="within a tenth of it"),
        pytest.param(BRIGHTSIDE, {"target_cpl": "9 EUR"}, id="a target in another currency"),
        pytest.param(days(0.6, spend=9, phi=0.1), NINE, id="four leads: could be chance"),
        pytest.param(cut(BRIGHTSIDE, 7, definition="forms only"), NINE, id="leads counted differently since"),
        pytest.param(BRIGHTSIDE[:-7], NINE, id="paused last week"),
        pytest.param(BRIGHTSIDE[-5:], NINE, id="five days old"),
        pytest.param([row._replace(leads=None) for row in BRIGHTSIDE], NINE, id="leads are not tracked"),
    ],
)
def test_over_target_is_silent(rows: list[AdSeriesDay], of_b: dict[str, str]) -> None:
    assert found(rows, rule="cpl-over-target", of_b=of_b) == []


def test_few_leads_speak_where_chance_hardly_ever_gives_so_few() -> None:
    (item,) = found(days(10, spend=200, now=[0] * 7), rule="cpl-over-target", of_b={"target_cpl": "20 USD"})
    assert item.headline == "Brightside: no leads for $1,400, $20.00 agreed (7 days)."


def test_a_small_count_says_that_it_could_be_chance() -> None:
    rows = days(1, spend=20, phi=0.2, now=[1, 1, 0, 1, 1, 1, 1])
    (item,) = found(rows, rule="cpl-over-target", of_b={"target_cpl": "15 USD"})
    assert item.headline == "Brightside: leads cost $23.33 against the agreed $15.00 (7 days, 6 leads)."
    assert item.body[-1] == "With 6 leads this could still be chance."
    assert item.stake.amount is None, "what may be chance has no money to defend"


def test_the_clients_own_target_serves_where_the_account_has_none() -> None:
    target = Client(name="Brightside", target_cpl=Money(amount=Decimal(9), currency="USD"))
    directory = replace(DIRECTORY, clients=(target,))
    assert len(found(BRIGHTSIDE, rule="cpl-over-target", directory=directory)) == 1


def test_accounts_are_judged_once_a_morning_and_anew_for_other_facts() -> None:
    class Counting(Memory):
        reads = 0

        def days(self, source: str, account: str, *, campaign: str = "") -> Sequence[AdSeriesDay]:
            self.reads += 1
            return super().days(source, account, campaign=campaign)

    memory = Counting({**others(), "b": BRIGHTSIDE})
    facts = facts_from(accounts(memory.rows))
    view = facts_of(facts, readings=readings_for(facts, kinds=["ad_day"]), series=memory, source="test")
    first = judge_accounts(view, THURSDAY)
    assert judge_accounts(view.at("test"), THURSDAY) is first
    assert memory.reads == 44
    assert judge_accounts(view, morning_at("2026-11-30 07:00"))[0].judgement.why == "no rows"
    assert judge_accounts(facts_of(facts, series=memory, source="test"), THURSDAY) == first
    assert memory.reads == 3 * 44


# --- the table -----------------------------------------------------------------------------------------------------------


def table_of(
    rows: Mapping[str, Mapping[str, Sequence[AdSeriesDay]]], text: str = "", readings: Sequence[StreamReading] = ()
) -> AdsTable:  # fmt: skip
    """The ads section of some accounts by source; names end with their source's letter in the ids."""
    lines = [
        f"ad_account | {key} | source={source} | name={key} | platform={source} | currency=USD | settling_days=0"
        for source, some in rows.items()
        for key in some
    ]
    facts: list[Fact] = facts_from("\n".join([*lines, text]))
    sources = readings or readings_for(facts, kinds=["ad_day"])
    memory = Memory({key: some for of_source in rows.values() for key, some in of_source.items()})
    return ads_table(facts_of(facts, readings=sources, series=memory), THURSDAY)


def test_the_table_of_the_picture() -> None:
    kestrel = days(800 / 7, spend=8.50 * 1015 / 7, now=[145] * 7)
    copperfield = days(90 / 7, spend=920, phi=1.2, now=[8] * 7)
    meta_rows = {
        **{f"M{n:02}": some for n, some in enumerate(others(15).values())}, "Kestrel": kestrel, "Copperfield": copperfield,
        "Young": days(20, spend=100, length=15), "Hollis": [], "Rowe": [],
    }  # fmt: skip
    google_rows = {"b": BRIGHTSIDE, **{f"G{n:02}": some for n, some in enumerate(others(23).values())}}
    accounts_read = [
        StreamReading(source=source, scope=key, kinds=frozenset({"ad_day"}), place=source.title(),
                      status="missing" if key in {"Hollis", "Rowe"} else "whole")
        for source, some in (("google", google_rows), ("meta", meta_rows)) for key in some
    ]  # fmt: skip
    whole = StreamReading(source="google", kinds=frozenset({"ad_change", "ad_change_coverage"}), status="whole")
    table = table_of(
        {"google": google_rows, "meta": meta_rows},
        f"{COVERED} | source=google\n{KEYWORDS}".replace("| at=", "| source=google | at="),
        readings=[*accounts_read, whole],
    )
    assert [(row.verdict, row.account, row.cpl, row.cpl_usual, row.leads, row.leads_usual) for row in table.rows] == [
        ("worse", "b G", "$10.00", "$8.40", "1,176", "1,400"),
        ("better", "Kestrel M", "$8.50", "$10.78", "1,015", "800"),
        ("watch", "Copperfield M", "$115.00", "$71.56", "56", "90"),
    ]
    assert (table.rows[0].day_before, table.rows[0].week_before, table.rows[0].median) == ("+0%", "+19%", "+19%")
    assert [row.edits for row in table.rows] == ["2", "", ""]
    assert table.notes == ("Copperfield could still be chance.", "38 usual, 1 learning, 2 not read.")
    assert table.title == "Wednesday 18 November: $25,700 in 42 accounts, usual $25,600"
    assert table.day == date(2026, 11, 18)


def test_a_quiet_table() -> None:
    table = table_of({"google": others(12)})
    assert table.rows == ()
    assert table.notes == ("All usual.",)


def test_no_ads_no_table() -> None:
    assert table_of({}) == AdsTable()
    assert ads_table(facts_of(facts_from("ad_account | x | name=X")), THURSDAY) == AdsTable()


def test_the_table_counts_what_was_not_judged() -> None:
    quiet = others(10)
    table = table_of({
        "google": {
            **quiet, "young": days(20, spend=100, length=10), "paused": days(20, spend=100)[:-9],
            "few": days(0.2, spend=10, phi=0.01), "blind": [r._replace(leads=None) for r in days(20, spend=10)],
            "changed": cut(days(20, spend=10), 3, definition="new"),
        }
    })  # fmt: skip
    assert table.notes[-1] == (
        "10 usual, 1 learning, 1 with too few leads, 1 without spend, 1 without tracked leads, "
        "1 with a changed lead definition."
    )


def test_the_table_says_to_which_day_leads_were_judged() -> None:
    rows = others(10)
    facts = facts_from("\n".join(f"ad_account | {key} | source=meta | name={key} | currency=EUR" for key in rows))
    view = facts_of(facts, readings=readings_for(facts, kinds=["ad_day"]), series=Memory(rows))
    assert ads_table(view, THURSDAY).notes == (
        "meta: leads judged to Tuesday, later ones are still coming in.",
        "All usual.",
    )


def test_currencies_are_never_added() -> None:
    memory = Memory(others(4))
    currencies = ["USD", "EUR", "EUR", "USD"]
    facts = facts_from("\n".join(
        f"ad_account | {key} | name={key} | currency={currency}"
        for key, currency in zip(memory.rows, currencies, strict=True)
    ))  # fmt: skip
    view = facts_of(facts, readings=readings_for(facts, kinds=["ad_day"]), series=memory)
    assert ads_table(view, THURSDAY).title == "Wednesday 18 November: €384 and $384 in 4 accounts, usual €384 and $384"


def test_a_saturday_is_held_against_saturdays() -> None:
    sunday = morning_at("2026-11-22 07:00")
    rows = [
        row._replace(day=row.day + timedelta(days=3), spend=row.spend // 2 if n % 7 == 6 else row.spend)
        for n, row in enumerate(days(20, spend=100))
    ]
    facts = facts_from(accounts({"b": ()}))
    view = facts_of(facts, readings=readings_for(facts, kinds=["ad_day"]), series=Memory({"b": rows}))
    assert rows[-1].day == date(2026, 11, 21)
    assert ads_table(view, sunday).title == "Saturday 21 November: $50 in 1 account, usual $50"


def test_an_account_whose_reading_is_old_is_not_judged() -> None:
    facts = facts_from(accounts({"b": ()}))
    stale = [
        StreamReading(source="test", kinds=frozenset({"ad_account"}), status="whole"),
        StreamReading(source="test", scope="b", kinds=frozenset({"ad_day"}), status="stale"),
    ]
    view = facts_of(facts, readings=stale, series=Memory({"b": BRIGHTSIDE}))
    assert ads_table(view, THURSDAY).notes == ("1 not read.",)
    assert isinstance(facts[0], AdAccount)
