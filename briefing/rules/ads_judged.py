"""Ad accounts under judgement: what the method says of each, and the words its sentences and table share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from briefing import ad_changes, anomaly, words
from briefing.ad_changes import Spending
from briefing.anomaly import Judgement, Window
from briefing.facts import AdAccount, AdChange, AdChangeCoverage, AdDay
from briefing.morning import Morning
from briefing.rules.view import AdSeriesDay, Facts

HEAVY_SHARE = 0.2
"""A large change of a campaign with this share of the spend starts the base anew."""

PER_EURO = {
    "JPY": 160, "KRW": 1500, "HUF": 400, "CLP": 1000, "COP": 4500, "IDR": 17000, "VND": 27000, "INR": 90, "CZK": 25,
    "SEK": 11, "NOK": 11, "DKK": 7, "PLN": 4, "CNY": 8, "HKD": 8, "TWD": 35, "THB": 38, "MXN": 20, "ZAR": 20, "TRY": 40,
    "BRL": 6, "PHP": 60, "ILS": 4, "RON": 5, "AED": 4, "SAR": 4, "KES": 140, "NGN": 1600, "ARS": 1000, "UAH": 45,
}  # fmt: skip
"""What a euro is in a currency, to one figure: only so that "too small to tell" means the same everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An account, how a sentence calls it, and what the method says of it."""

    account: AdAccount
    who: str
    rows: Sequence[AdSeriesDay]
    today: date
    """In the account's zone."""

    zone: ZoneInfo
    judgement: Judgement

    @property
    def currency(self) -> str:
        """The account's."""
        return self.account.currency

    def money(self, value: float) -> str:
        """An amount in the account's currency, whole units."""
        return words.amount(Decimal(str(value)), self.currency)

    def price(self, value: float) -> str:
        """The price of a lead or a click."""
        return words.unit_price(Decimal(str(value)), self.currency)


_KEPT: dict[str, tuple[tuple[object, ...], tuple[Judged, ...]]] = {}
"""By source the last answer, and the very objects that it was made from."""


def judge_accounts(facts: Facts, morning: Morning) -> tuple[Judged, ...]:
    """Judge all accounts of the source under judgement together, in the order of their ids.

    Two rules and the table ask for the same, and a year of rows takes its time to read: the last answer is kept for as
    long as the same objects ask again.
    """
    asked = (facts.by_kind, facts.readings, facts.directory, facts.series, morning)
    kept = _KEPT.get(facts.source)
    if kept is None or any(one is not other for one, other in zip(kept[0], asked, strict=True)):
        kept = _KEPT[facts.source] = (asked, tuple(_judged(facts, morning)))
    return kept[1]


def _judged(facts: Facts, morning: Morning) -> list[Judged]:
    accounts = facts.here(AdAccount)
    changes, called = _by_account(facts), names(facts)
    found: list[Judged] = []
    series: list[anomaly.Series] = []
    unread = Judgement(key="", verdict="unknown", why="not read")
    for account in accounts:
        zone = zone_of(account, morning)
        rows = facts.series.days(facts.source, account.ref.id)
        one = Judged(
            account=account, who=called[account.ref.source, account.ref.id], rows=rows, zone=zone,
            today=morning.now.astimezone(zone).date(), judgement=replace(unread, key=account.ref.id),
        )  # fmt: skip
        found.append(one)
        states = _states(facts, account)
        if not states & {"missing", "stale"}:
            series.append(
                anomaly.Series(
                    key=account.ref.id, rows=rows, today=one.today, platform=account.platform,
                    settling_days=account.settling_days, money_floor=25.0 * PER_EURO.get(account.currency, 1),
                    densify="partial" not in states, base_from=_after_shift(facts, one, changes[account.ref.id]),
                )
            )  # fmt: skip
    verdicts = {judgement.key: judgement for judgement in anomaly.judge(series)}
    return [replace(one, judgement=verdicts.get(one.account.ref.id, one.judgement)) for one in found]


def zone_of(account: AdAccount, morning: Morning) -> ZoneInfo:
    """The account's zone; the workspace's where it names none, or none that is known."""
    try:
        return ZoneInfo(account.zone) if account.zone else morning.zone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return morning.zone


def names(facts: Facts) -> dict[tuple[str, str], str]:
    """How a sentence calls each account: the client, if it is its only account, else the account's name.

    Where two accounts have one name, their ids tell them apart.
    """
    accounts = facts.of(AdAccount)
    of_client = Counter(facts.client(account) for account in accounts)
    named = Counter(account.name for account in accounts)
    found = {}
    for account in accounts:
        client = facts.client(account)
        own = account.name if named[account.name] == 1 else f"{account.name} ({account.ref.id})"
        only = client and of_client[client] == 1
        found[account.ref.source, account.ref.id] = client if only else own if account.name else account.ref.id
    return found


def _states(facts: Facts, account: AdAccount) -> set[str]:
    """How the readings went that hold an account's days: those of its own scope, or of the whole source."""
    return {
        reading.status
        for reading in facts.readings
        if reading.source == facts.source
        and AdDay.kind in reading.kinds
        and reading.scope in {"", account.ref.id, account.name}
    }


def _by_account(facts: Facts) -> defaultdict[str, list[AdChange]]:
    found: defaultdict[str, list[AdChange]] = defaultdict(list)
    for change in facts.here(AdChange):
        found[change.account].append(change)
    return found


def _after_shift(facts: Facts, judged: Judged, changes: Sequence[AdChange]) -> date | None:
    """The day after the last large change that lies a week or more before the tested week."""
    latest = judged.today - timedelta(days=15)
    heavy = [(ad_changes.day_of(change, judged.zone), change) for change in changes if ad_changes.weight(change) == 3]
    heavy = [(day, change) for day, change in heavy if latest - timedelta(days=28) <= day <= latest]
    if not heavy:
        return None
    shares = spending_of(facts, judged.account, latest - timedelta(days=28), judged.today)
    days = [day for day, change in heavy if shares.share(change.campaign) >= HEAVY_SHARE]
    return max(days) + timedelta(days=1) if days else None


def spending_of(facts: Facts, account: AdAccount, first: date, last: date, carrier: str = "") -> Spending:
    """Where the account's money went in some days."""
    called = facts.series.campaigns(facts.source, account.ref.id)
    spent = {
        campaign: sum(
            row.spend
            for row in facts.series.days(facts.source, account.ref.id, campaign=campaign)
            if first <= row.day <= last
        )
        for campaign in called
    }
    total = sum(spent.values())
    return Spending(
        shares={campaign: money / total for campaign, money in spent.items()} if total > 0 else {},
        names={campaign: name or campaign for campaign, name in called.items()},
        carrier=carrier,
    )


# --- words


def period(window: Window, judged: Judged, today: date) -> str:
    """`7 days`; with its end where that is not yesterday: `7 days to Tuesday`; a single day by its name."""
    if window.days == 1:
        return words.day(window.last, today)
    days = words.count(window.days, "day")
    return days if (judged.today - window.last).days == 1 else f"{days} to {words.day(window.last, today)}"


def count_of(leads: float) -> str:
    """`1,176`, and `16.8` where the platform counts fractions."""
    return words.number(Decimal(str(round(leads, 1))))


def leads_of(leads: float) -> str:
    """`1 lead`, `1,176 leads`."""
    return f"{count_of(leads)} {'lead' if leads == 1 else 'leads'}"


def base_of(window: Window) -> str:
    """`28 days`."""
    return words.count((window.base_last - window.base_first).days + 1, "day")


def small(p: float) -> str:
    """A probability to two figures: `0.0013`, `under 0.000001`."""
    return f"{p:.2g}" if p >= 1e-4 else "under 0.000001" if p < 1e-6 else f"{p:.6f}"


def signed(found: anomaly.Comparisons, other: float | None) -> str:
    """`+19%`, `-4%`, `no lead` for a day with spend and none, `-` where there is nothing to compare."""
    change = found.change(other)
    if change is None:
        return "-"
    if change == float("inf"):
        return "no lead"
    return f"{'-' if change < 0 else '+'}{words.percent(change).replace(' ', '')}"


def edits_in_week(facts: Facts, judged: Judged, last: date) -> str:
    """How many edits the seven days to a day saw: `2`; `2+` or `?` where the history does not show all; or nothing."""
    account = judged.account.ref.id
    coverage = [one for one in facts.here(AdChangeCoverage) if one.account in {"", account}]
    changes = [change for change in facts.here(AdChange) if change.account == account]
    number = ad_changes.count_in_week(changes, last, judged.zone)
    whole = facts.whole(AdChange, source=facts.source)
    if whole and ad_changes.covered(coverage, last - timedelta(days=6), last):
        return f"{number}"
    return f"{number}+" if number else "?" if coverage else ""
