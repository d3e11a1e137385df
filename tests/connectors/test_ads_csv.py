"""Ad accounts from CSV: daily rows and their sums, budgets and targets, the history of changes and its reach."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from briefing.connector import Ignored
from briefing.errors import FileProblem
from briefing.facts import AdAccount, AdChange, AdChangeCoverage, AdDay, Money, Party, Person
from connectors.ads_csv import AdsCsv, recognise
from connectors.ads_forms import FORMS, actor_kind, change_kind, object_level, operation
from connectors.ads_history import EDITOR, stated_range
from tests.connectors.reading import NOW, ZONE, Read, read, recognised, window, write

DAYS = """Date,Account,Platform,Client,Cost,Currency code,Impr.,Clicks,Leads
2026-11-16,Brightside G,Google Ads,Brightside,"1,680.45",USD,"41,230",512,168
2026-11-17,Brightside G,Google Ads,Brightside,"1,580.00",USD,"40,000",500,0
2026-11-17,Kestrel M,Meta,Kestrel,90.00,EUR,100,10,
"""
CHANGES = """Date,Account,Campaign,User,Change type,Level,Object,Field,Old value,New value
2026-10-20 09:00,Kestrel M,Search,lena@us.example,Budget,Campaign budget,Main,amount,50,75
2026-11-17 09:05,Brightside G,Generic,lena@us.example,Status,Keyword,blue shoes,status,enabled,paused
2026-11-17 09:05,Brightside G,Generic,lena@us.example,Status,Keyword,blue shoes,status,enabled,paused
"""


def ads(folder: Path, **given: Any) -> AdsCsv:
    """A connector; the texts of days, changes and accounts become files."""
    files: dict[str, Any] = {
        name: write(folder / f"{name}.csv", given.pop(name))
        for name in ("days", "changes", "accounts")
        if name in given
    }
    return AdsCsv(source="ads", **files, **given)


def days(folder: Path, text: str, now: datetime = NOW, **given: Any) -> Read:
    return read(ads(folder, days=text, **given), "days", now)


def ad_days(found: Read) -> list[AdDay]:
    return [fact for fact in found.facts if isinstance(fact, AdDay)]


# --- days ----------------------------------------------------------------------------------------------------------


def test_rows_of_accounts(tmp_path: Path) -> None:
    found = days(tmp_path, DAYS)
    first, second, third = ad_days(found)
    assert (first.account, first.campaign, first.day, first.spend) == (
        "brightside g", "", date(2026, 11, 16), 1_680_450_000,
    )  # fmt: skip
    assert (first.impressions, first.clicks, first.leads, first.currency) == (41230, 512, 168.0, "USD")
    assert (first.party, first.definition, first.vintage) == (Party(name="Brightside"), "leads", date(2026, 11, 19))
    assert (first.ref.id, first.ref.where, first.partial) == ("brightside g//2026-11-16", "days.csv:2", False)
    assert (second.leads, third.leads, third.currency) == (0.0, None, "EUR"), "none came is not the same as not known"


def test_accounts_are_known_from_their_days(tmp_path: Path) -> None:
    found = read(ads(tmp_path, days=DAYS), "accounts")
    assert [
        (account.ref.id, account.name, account.platform, account.currency, account.party.name)
        for account in found.facts
        if isinstance(account, AdAccount)
    ] == [
        ("brightside g", "Brightside G", "google", "USD", "Brightside"),
        ("kestrel m", "Kestrel M", "meta", "EUR", "Kestrel"),
    ]  # fmt: skip


CAMPAIGNS = """Day,Account ID,Account name,Campaign ID,Campaign,Cost (USD),Clicks,Conversions
2026-11-16,123-456-7890,Brightside G,1,Brand,10.00,5,2
2026-11-16,123-456-7890,Brightside G,2,Generic,20.50,7,1
2026-11-16,123-456-7890,Brightside G,3,Display,5.00,1,--
2026-11-17,123-456-7890,Brightside G,1,Brand,11.00,5,--
2026-11-17,123-456-7890,Brightside G,2,Generic,20.50,7,1
"""


def test_campaigns_are_added_up_where_the_account_has_no_rows(tmp_path: Path) -> None:
    found = [day for day in ad_days(days(tmp_path, CAMPAIGNS)) if not day.campaign]
    assert [(day.ref.id, day.spend, day.clicks, day.impressions, day.leads) for day in found] == [
        ("1234567890//2026-11-16", 35_500_000, 13, None, 3.0),
        ("1234567890//2026-11-17", 31_500_000, 12, None, None),
    ], "Display never tracks leads; Brand does, so its empty day is not known"
    assert {day.definition for day in found} == {"conversions"}


def test_campaigns_are_not_added_up_beside_rows_of_the_account(tmp_path: Path) -> None:
    found = ad_days(days(tmp_path, CAMPAIGNS + "2026-11-16,123-456-7890,Brightside G,,,36.00,13,3\n"))
    assert [day.spend for day in found if not day.campaign] == [36_000_000]
    assert sum(bool(day.campaign) for day in found) == 5


def test_what_counts_as_a_lead_may_be_a_column(tmp_path: Path) -> None:
    text = "Date,Account,Campaign,Cost (EUR),Leads,Lead definition\n"
    text += "2026-11-16,A,x,5,1,form\n2026-11-16,A,y,5,1,call\n2026-11-17,A,x,5,1,form\n2026-11-17,A,y,5,,call\n"
    assert [day.definition for day in ad_days(days(tmp_path, text))] == [
        "form",
        "call",
        "form",
        "call",
        "call + form",
        "form",
    ]


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ("2026-11-16,123-456-7890,Brightside G,4,Late,abc,7,1", ["1234567890//2026-11-17"]),
        ("soon,123-456-7890,Brightside G,4,Late,1.00,7,1", []),
        ("2026-11-16,,,4,Late,1.00,7,1", []),
        ('2026-11-16,123-456-7890,"Bright "side",4,Late,1.00,7,1', []),
        ("2026-11-16,123-456-7890,Brightside G,1,Brand,99.00,5,2", ["1234567890//2026-11-17"]),
    ],
)
def test_no_sum_is_made_of_a_day_with_a_skipped_campaign(tmp_path: Path, row: str, left: list[str]) -> None:
    found = days(tmp_path, CAMPAIGNS + row + "\n")
    assert len(found.skipped) == 1
    assert [day.ref.id for day in ad_days(found) if not day.campaign] == left


def test_days_not_over_yet_are_partial_and_later_ones_left_out(tmp_path: Path) -> None:
    text = DAYS + "2026-11-19,Brightside G,Google Ads,Brightside,1.00,USD,1,1,1\n"
    text += "2026-11-20,Brightside G,Google Ads,Brightside,1.00,USD,1,1,1\n"
    found = days(tmp_path, text)
    assert [day.day.day for day in ad_days(found) if day.partial] == [19]
    assert found.ignored == [Ignored(1, "days later than Thursday 19 November")]
    earlier = days(tmp_path, text, now=NOW - timedelta(days=2))
    assert {day.vintage for day in ad_days(earlier)} == {date(2026, 11, 17)}
    assert [day.day.day for day in ad_days(earlier) if day.partial] == [17, 17]
    assert earlier.ignored == [Ignored(2, "days later than Tuesday 17 November")]


def test_repeated_and_contradicting_days(tmp_path: Path) -> None:
    lines = DAYS.splitlines()
    found = days(tmp_path, DAYS + lines[1] + "\n" + lines[2].replace("1,580.00", "1,590.00") + "\n")
    assert len(found.facts) == 3
    assert found.ignored == [Ignored(1, "repeated rows")]
    assert found.whys == ["days.csv:6 the same day as in line 3, with other contents"]


def test_the_export_of_google_ads(tmp_path: Path) -> None:
    """Two title lines, "--" for nothing, totals at the end (ads.md section 9); tab separated in UTF-16."""
    text = (
        "Campaign report\nNovember 16, 2026 - November 17, 2026\n"
        "Campaign\tDay\tAccount name\tCustomer ID\tCurrency code\tCost\tImpr.\tClicks\tConversions\n"
        "Brand\t2026-11-16\tBrightside\t123-456-7890\tUSD\t1,234.56\t1,000\t10\t2.50\n"
        "Brand\t2026-11-17\tBrightside\t123-456-7890\tUSD\t1,234.56\t1,000\t --\t1.00\n"
        "Total: Campaigns\t --\t --\t --\tUSD\t2,469.12\t2,000\t20\t3.50\n"
    )
    path = write(tmp_path / "google.csv", text, encoding="utf-16")
    found = read(AdsCsv(source="ads", days=path, platform="google"), "days")
    assert found.ignored == [Ignored(1, "totals rows")]
    assert [(day.spend, day.clicks, day.leads) for day in ad_days(found) if day.campaign] == [
        (1_234_560_000, 10, 2.5), (1_234_560_000, None, 1.0),
    ]  # fmt: skip
    (account,) = read(AdsCsv(source="ads", days=path, platform="google"), "accounts").facts
    assert isinstance(account, AdAccount)
    assert (account.ref.id, account.platform) == ("1234567890", "google")


META = """Reporting starts,Reporting ends,Account name,Campaign name,Amount spent (EUR),Link clicks,Clicks (all),{results}
2026-11-16,2026-11-16,Kestrel,Forms,40.00,20,30,4{lead}
2026-11-17,2026-11-17,Kestrel,Forms,50.00,25,30,{none}
2026-11-16,2026-11-16,Kestrel,Traffic,10.00,90,99,77{click}
2026-11-16,2026-11-17,,,100.00,135,150,
"""


def test_the_export_of_meta_ads_manager(tmp_path: Path) -> None:
    """The currency stands in the heading, results are of several kinds, and an empty one is none (ads.md section 9)."""
    text = META.format(results="Results,Result indicator", lead=",actions:lead", none=",", click=",actions:link_click")
    found = days(tmp_path, text.replace("135,150,", "135,150,,"))
    assert [(day.campaign_name, day.day.day, day.clicks, day.leads) for day in ad_days(found)] == [
        ("Forms", 16, 20, 4.0), ("Forms", 17, 25, 0.0), ("Traffic", 16, 90, None), ("", 16, 110, 4.0), ("", 17, 25, 0.0),
    ]  # fmt: skip
    assert found.ignored == [Ignored(1, "totals rows")]
    assert {day.currency for day in ad_days(found)} == {"EUR"}


def test_results_without_an_indicator_are_asked(tmp_path: Path) -> None:
    text = META.format(results="Results", lead="", none="", click="")
    with pytest.raises(FileProblem, match='column "Results" may be leads or something else') as problem:
        days(tmp_path, text)
    assert problem.value.advice == 'under [sources.ads] write columns.days = { leads = "Results" }'
    assert ad_days(days(tmp_path, text, columns={"days": {"leads": "Results"}}))[0].leads == 4.0
    assert ad_days(days(tmp_path, text, columns={"days": {"leads": ""}}))[0].leads is None
    offer = recognised(recognise, tmp_path / "meta.csv", text)
    assert offer is not None
    assert 'columns.days = { leads = "Results" }' in offer.ask


def test_a_row_of_several_days_is_skipped(tmp_path: Path) -> None:
    found = days(
        tmp_path, "Reporting starts,Reporting ends,Account,Amount spent (EUR)\n2026-11-01,2026-11-07,Kestrel,5\n"
    )
    assert found.whys == [
        "days.csv:2 it covers 2026-11-01 to 2026-11-07, not one day: export with a breakdown by day"
    ]  # fmt: skip


def test_a_file_of_one_account_need_not_name_it(tmp_path: Path) -> None:
    text = "Day,Cost,Clicks\n2026-11-16,$5.00,3\n"
    with pytest.raises(FileProblem, match="no column for account or account id"):
        days(tmp_path, text)
    (day,) = ad_days(days(tmp_path, text, account="Brightside G", client="Brightside"))
    assert (day.account, day.party) == ("brightside g", Party(name="Brightside"))


# --- accounts ------------------------------------------------------------------------------------------------------


def test_budgets_and_targets_join_the_accounts_of_the_days(tmp_path: Path) -> None:
    accounts = (
        "Account,Owner,Monthly budget,Target CPL,Time zone,Status,Settling days\n"
        'brightside g,Lena,"$25,000.00",$9,America/New_York,Enabled,3\n'
        "Hollis,,$1.00,,,,\n"
        "Kestrel M,,$1.00,,Nowhere/Land,,\n"
    )
    found = read(ads(tmp_path, days=DAYS, accounts=accounts), "accounts")
    first, second, third = (fact for fact in found.facts if isinstance(fact, AdAccount))
    assert (first.ref.id, first.platform, first.party.name) == ("brightside g", "google", "Brightside")
    assert (first.zone, first.status, first.settling_days, first.owner) == (
        "America/New_York", "active", 3, Person(name="Lena"),
    )  # fmt: skip
    assert first.monthly_budget == Money(amount=Decimal(25000), currency="USD")
    assert first.target_cpl == Money(amount=Decimal(9), currency="USD")
    assert (second.ref.id, second.name) == ("hollis", "Hollis")
    assert (third.ref.id, third.ref.where, third.monthly_budget) == ("kestrel m", "days.csv", None)
    assert found.whys == ['accounts.csv:4 zone "Nowhere/Land" is not a time zone such as Europe/Berlin']


def test_a_budget_that_may_be_another_is_asked(tmp_path: Path) -> None:
    connector = ads(tmp_path, accounts="Account,Target CPL,Budget\nBrightside G,$9,$5\n")
    with pytest.raises(FileProblem, match='column "Budget" may be monthly budget or something else') as problem:
        read(connector, "accounts")
    assert problem.value.advice == 'under [sources.ads] write columns.accounts = { monthly_budget = "Budget" }'


def test_a_broken_sheet_of_budgets_costs_the_accounts_only(tmp_path: Path) -> None:
    connector = ads(tmp_path, days=DAYS, accounts="Account\nBrightside G\n")
    assert [stream.scope for stream in connector.streams(window())] == ["days", "accounts"]
    assert len(read(connector, "days").facts) == 3
    with pytest.raises(FileProblem, match=r"accounts\.csv: it has no column"):
        read(connector, "accounts")


# --- changes -------------------------------------------------------------------------------------------------------


def changes(folder: Path, text: str = CHANGES, **given: Any) -> Read:
    return read(ads(folder, changes=text, **{"days": DAYS, **given}), "changes")


def coverage(found: Read) -> list[tuple[str, str, str, bool, tuple[str, ...]]]:
    return [
        (fact.account, str(fact.since), str(fact.until), fact.complete, fact.blind_spots)
        for fact in found.facts
        if isinstance(fact, AdChangeCoverage)
    ]


def test_changes_and_their_coverage(tmp_path: Path) -> None:
    found = changes(tmp_path)
    budget, first, second = (fact for fact in found.facts if isinstance(fact, AdChange))
    assert (budget.account, budget.change, budget.object_level, budget.old, budget.new) == (
        "kestrel m", "budget", "budget", "50", "75",
    )  # fmt: skip
    assert (first.account, first.change, first.object_level, first.object_name) == (
        "brightside g", "status", "keyword", "blue shoes",
    )  # fmt: skip
    assert (first.operation, first.actor_kind, first.day_only) == ("update", "person", False)
    assert first.at == datetime(2026, 11, 17, 9, 5, tzinfo=ZONE)
    assert second.ref.id == f"{first.ref.id}#2", "two alike are two changes"
    assert coverage(found) == [
        ("brightside g", "2026-10-20", "2026-11-19", True, (EDITOR,)),
        ("kestrel m", "2026-10-20", "2026-11-19", True, ()),
    ]


def test_accounts_without_a_row_are_covered_only_when_the_user_says_so(tmp_path: Path) -> None:
    text = "\n".join(CHANGES.splitlines()[:2]) + "\n"
    assert [each[0] for each in coverage(changes(tmp_path, text))] == ["kestrel m"]
    assert coverage(changes(tmp_path, text, changes_since="2026-11-01")) == [
        ("brightside g", "2026-11-01", "2026-11-19", True, (EDITOR,)),
        ("kestrel m", "2026-11-01", "2026-11-19", True, ()),
    ]
    empty = CHANGES.splitlines()[0] + "\n"
    assert coverage(changes(tmp_path, empty)) == []
    assert len(coverage(changes(tmp_path, empty, changes_since="2026-11-01", blind_spots=["x"]))) == 2


def test_the_range_in_the_title_is_the_coverage(tmp_path: Path) -> None:
    text = 'Change history\n"November 2, 2026 - November 18, 2026"\n' + CHANGES
    assert {each[1:3] for each in coverage(changes(tmp_path, text))} == {("2026-11-02", "2026-11-18")}
    assert stated_range(["2026-11-02 to 2026-11-18"]) == (date(2026, 11, 2), date(2026, 11, 18))
    assert stated_range(["All time", "03/04/2026 - 05/04/2026"]) is None


def test_a_skipped_change_makes_the_coverage_incomplete(tmp_path: Path) -> None:
    found = changes(tmp_path, CHANGES + "2026-11-18,Brightside,X,,Status,,,,,\n")
    assert found.whys == ['changes.csv:5 account "Brightside" is not in days.csv']
    assert {each[3] for each in coverage(found)} == {False}


def test_later_changes_are_left_out_and_dates_alone_are_marked(tmp_path: Path) -> None:
    text = "Date,Account,Change\n2026-11-18,Kestrel M,Budget raised\n2026-11-20,Kestrel M,Budget raised\n"
    found = changes(tmp_path, text)
    (change,) = (fact for fact in found.facts if isinstance(fact, AdChange))
    assert (change.day_only, change.change, change.operation, change.actor_kind) == (
        True,
        "budget",
        "update",
        "unknown",
    )
    assert found.ignored == [Ignored(1, "changes later than Thursday 19 November 07:00")]


def test_changes_of_an_account_that_is_not_named(tmp_path: Path) -> None:
    text = "Date,Change\n2026-11-18,Keyword paused\n"
    with pytest.raises(FileProblem, match="does not say of which account the changes are"):
        changes(tmp_path, text)
    found = changes(tmp_path, text, account="Brightside G")
    assert {fact.account for fact in found.facts if isinstance(fact, AdChange)} == {"brightside g"}
    only = "\n".join(DAYS.splitlines()[:3]) + "\n"
    assert [each[0] for each in coverage(changes(tmp_path, text, days=only))] == ["brightside g"]


@pytest.mark.parametrize(
    ("texts", "kind", "level", "done"),
    [
        (("", "Keyword paused", ""), "status", "keyword", "update"),
        (("amount", "Campaign budget", ""), "budget", "budget", ""),
        (("", "", "Target CPA changed from 5 to 6"), "bid", "", "update"),
        (("", "", "Conversion action added"), "tracking", "", "create"),
        (("", "", "Ad group created"), "structure", "ad group", "create"),
        (("", "", "2 headlines edited"), "creative", "", "update"),
        (("", "", "Location targeting removed"), "targeting", "", "remove"),
        (("", "", "Something else"), "other", "", ""),
    ],
)
def test_words_of_changes(texts: tuple[str, ...], kind: str, level: str, done: str) -> None:
    assert (change_kind(*texts), object_level(*texts), operation(*texts)) == (kind, level, done)


@pytest.mark.parametrize(
    ("actor", "tool", "kind"),
    [
        ("lena@us.example", "", "person"),
        ("Lena", "Google Ads web", "person"),
        ("", "Automated rule", "automation"),
        ("lena@us.example", "Scripts", "automation"),
        ("", "Recommendations auto-apply", "platform"),
        ("Meta", "", "platform"),
        ("", "", "unknown"),
    ],
)
def test_who_made_a_change(actor: str, tool: str, kind: str) -> None:
    assert actor_kind(actor, tool) == kind


# --- settings and recognition --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "one of days, changes, accounts must name a file"),
        ({"days": "x", "platform": "myspace"}, 'platform: "myspace" is none of'),
        ({"days": "x", "columns": {"day": "Tag"}}, "columns.day: write columns.days"),
        ({"days": "x", "changes_since": "yesterday"}, "Invalid isoformat"),
    ],
)
def test_settings_that_cannot_be_meant(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        AdsCsv(source="ads", **given)


@pytest.mark.parametrize(
    ("headings", "setting"),
    [
        ("Date,Account,Spend,Impressions,Clicks,Leads", "days"),
        ("date_day,platform,account_id,account_name,clicks,impressions,spend,conversions", "days"),
        ("Date,Account,User,Change type,Old value,New value", "changes"),
        ("Account,Client,Monthly budget,Target CPL", "accounts"),
        ("Date,Measure,Value", None),
        ("Date,Account,Notes", None),
    ],
)
def test_ad_files_are_recognised(tmp_path: Path, headings: str, setting: str | None) -> None:
    found = recognised(recognise, tmp_path / "x.csv", headings + "\n")
    assert (found.setting if found and found.sure >= 0.7 else None) == setting


def test_no_heading_says_two_fields() -> None:
    for form in FORMS.values():
        own = [heading for field in form.fields for heading in field.headings]
        assert len(own) == len(set(own)), [heading for heading, count in Counter(own).items() if count > 1]


# --- properties ----------------------------------------------------------------------------------------------------

AD_ROWS = st.lists(
    st.tuples(
        st.sampled_from(["2026-11-16", "2026-11-17", "2026-11-25", "soon", ""]),
        st.sampled_from(["A", "B", ""]),
        st.sampled_from(["", "x", "y"]),
        st.sampled_from(["1.50", "2", "", "abc", "7.25 EUR"]),
        st.sampled_from(["1", "0", "--", "many"]),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=AD_ROWS, chance=st.randoms(use_true_random=False))
def test_every_row_is_accounted_for_and_their_order_changes_no_sum(tmp_path: Path, rows: Any, chance: Any) -> None:
    def outcome(lines: Any) -> tuple[Read | None, set[tuple[Any, ...]]]:
        text = "Date,Account,Campaign,Cost (EUR),Leads\n" + "".join(",".join(line) + "\n" for line in lines)
        try:
            found = days(tmp_path, text)
        except FileProblem:
            return None, set()
        sums = {(day.ref.id, day.spend, day.leads) for day in ad_days(found) if day.ref.where == "days.csv"}
        found.facts = [fact for fact in found.facts if fact.ref.where != "days.csv"]
        return found, sums

    first, sums = outcome(rows)
    shuffled = chance.sample(rows, len(rows))
    second, other = outcome(shuffled)
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        blank = sum(not any(row) for row in rows)
        assert first.count == second.count == len(rows) - blank
        assert sums == other


MEASURE = """
import resource, sys
from tests.connectors.reading import window
from connectors.ads_csv import AdsCsv
(stream,) = [s for s in AdsCsv(source="ads", days=sys.argv[1]).streams(window()) if s.scope == "days"]
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
count = sum(1 for _ in stream.read(window(), None))
print(count, peak() - before)
"""


def test_memory_stays_flat(tmp_path: Path) -> None:
    """50,000 rows of 40 accounts: their facts kept in a list would take more than 30 MB."""
    first = date(2026, 11, 18)
    path = tmp_path / "days.csv"
    with path.open("w") as file:
        file.write("Date,Account,Campaign,Cost,Currency,Impressions,Clicks,Leads\n")
        for back in range(250):
            day = first - timedelta(days=back)
            file.writelines(
                f"{day},Account {account},Campaign {campaign},{account + back}.25,USD,{back * 7},{back},{campaign}\n"
                for account in range(40)
                for campaign in range(5)
            )
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    count, megabytes = done.stdout.split()
    assert int(count) == 50_000 + 40 * 250
    assert float(megabytes) < 20
