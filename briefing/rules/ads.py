"""Rules about ad accounts: is a lead dearer than usual, and is it dearer than agreed.

The method stands in `briefing.anomaly` (is it unusual), `briefing.causes` (which part of the sum moved) and
`briefing.ad_changes` (what was edited); here are the sentences. All accounts of a source are judged together, so that
many quiet accounts do not make news by their number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from briefing import ad_changes, anomaly, causes, chance, words
from briefing.ad_changes import Activity, Stretch
from briefing.anomaly import MICROS, Window
from briefing.facts import AdAccount, AdChange, AdChangeCoverage, AdDay, Money
from briefing.items import Evidence, Figure, Item, Stake
from briefing.morning import Morning
from briefing.rules import Need, rule
from briefing.rules.ads_judged import (
    Judged,
    base_of,
    count_of,
    judge_accounts,
    leads_of,
    period,
    signed,
    small,
    spending_of,
)
from briefing.rules.view import Facts, Limits

AD_STAGES = ("watch", "over-target", "news")
NO_DOUBT = 1e12
"""Leads behind an agreed price: it is no estimate and adds no doubt of its own."""
# --- cpl-up ----------------------------------------------------------------------------------------------------------


@rule(
    "cpl-up",
    matter="ad account",
    stages=AD_STAGES,
    needs=(Need(AdAccount), Need(AdDay), Need(AdChange, optional=True), Need(AdChangeCoverage, optional=True)),
    price=15,
    step="10",
)
def cpl_up(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A lead costs more than usual, by evidence and by money; what may still be chance says so.

    Judged are the last 1, 3 and 7 days whose leads have come in, against the 28 days before, over all accounts of the
    source together. Silent on days still settling, on accounts with under 14 days of history or too few leads, on
    days before and after a change of what counts as a lead, and on what costs less than 5 % of the usual spend.
    """
    for judged in judge_accounts(facts, morning):
        if judged.judgement.direction != "up":
            continue
        if judged.judgement.verdict == "news":
            yield _news(facts, morning, judged)
        elif judged.judgement.verdict == "watch":
            yield _watch(facts, morning, judged)


def _news(facts: Facts, morning: Morning, judged: Judged) -> Item:
    window = _window(judged)
    parts = _parts(facts, judged, window)
    activity = _activity(facts, morning, judged, window, carrier=parts.carrier or "" if parts else "")
    at_least = _at_least(window)
    read = activity.kind != "unread"
    body = (
        _money(judged, window),
        *_factors(judged, window),
        *_campaigns(facts, judged, window, parts),
        activity.sentence,
    )
    item = _item(facts, morning, judged, window, body=body)
    return replace(
        item,
        stage="news",
        headline=f"{_headline(judged, window, morning.today)}.",
        line=f"{judged.who}: {_in_short(judged, window)}.",
        stake=_stake(judged, at_least * morning.days_to_next),
        evidence=(*item.evidence, *_edits(facts, morning, judged, activity)),
        looked_in=facts.looked_in(AdDay, *((AdChange,) if read else ()), source=facts.source),
        not_in=() if read else ("the account's change history",),
        figures=(
            *item.figures,
            Figure(name="ad changes, weighed", value=f"{activity.total:.1f}"),
            *((Figure(name="its usual week of changes", value=f"{activity.usual:.1f}"),)
              if activity.usual is not None else ()),
        ),
    )  # fmt: skip


def _watch(facts: Facts, morning: Morning, judged: Judged) -> Item:
    """What a rule cannot defend with money: the house price serves, and that is small."""
    window = _window(judged)
    told = f"{count_of(window.leads)} instead of about {window.expected:,.0f}."
    item = _item(facts, morning, judged, window, body=(f"Leads: {told}",))
    return replace(
        item,
        stage="watch",
        headline=f"{_headline(judged, window, morning.today)}; could still be chance.",
        line=f"{judged.who}: {_in_short(judged, window)}, could still be chance.",
        looked_in=facts.looked_in(AdDay, source=facts.source),
    )


def _item(facts: Facts, morning: Morning, judged: Judged, window: Window, *, body: Sequence[str]) -> Item:
    """What both stages have in common."""
    account = judged.account
    change = window.change
    return Item(
        rule="cpl-up",
        matter="ad account",
        stage="watch",
        about=account.ref,
        root=account.ref,
        client=facts.client(account),
        headline="",
        line="",
        body=_told(*body),
        ask="look now or wait?",
        owner=account.owner,
        since=window.first,
        since_text=f"Since {words.day(window.first, morning.today)}.",
        stake=_stake(judged, 0),
        urgency="flow",
        measure=Decimal(round(min(change, 9.99) * 100)) if change is not None else Decimal(999),
        short=f"leads +{words.percent(change)}" if change is not None else "no leads",
        evidence=(facts.evidence(account, _sums(judged, window, morning.today)),),
        figures=tuple(_figures(judged, window, morning.today)),
        gone_when="its cost per lead is back in its usual range, or a decision of yours",
    )


def _window(judged: Judged) -> Window:
    window = judged.judgement.fired
    assert window is not None
    return window


def _stake(judged: Judged, amount: float, *, of: str = "loss") -> Stake:
    """The lower bound until the next edition; without one, or without a currency, the house price."""
    key = f"ads:{judged.account.ref.id}"
    value = Decimal(str(amount)).quantize(Decimal("0.01"))
    if value <= 0 or not judged.currency:
        return Stake(key=key)
    return Stake(
        amount=Money(amount=value, currency=judged.currency), kind="estimate", at_least=True, key=key,
        source=f"lower bound of the {of} a day x days to the next edition",
    )  # fmt: skip


def _at_least(window: Window) -> float:
    """The lower bound a day as it is printed: two figures, rounded down; 0 where there is none."""
    bound = window.cost_at_least("up")
    return float(words.two_digits(Decimal(str(bound)), down=True)) if bound >= 1 else 0.0


# --- sentences -------------------------------------------------------------------------------------------------------


def _headline(judged: Judged, window: Window, today: date) -> str:
    """Without the full stop."""
    when = period(window, judged, today)
    if window.cpl is None:
        usual = f"about {window.expected:,.0f} are usual for that money"
        return f"{judged.who}: no leads for {judged.money(window.spend / MICROS)} ({when}); {usual}"
    prices = f"{judged.price(window.cpl)} against {judged.price(window.cpl_before)}"
    return f"{judged.who}: {_in_short(judged, window)} ({prices}, {when})"


def _in_short(judged: Judged, window: Window) -> str:
    change = window.change
    if change is None:
        return f"no leads for {judged.money(window.spend / MICROS)}"
    if change >= 2:
        return f"leads cost {1 + change:.1f} times as much as usual"
    return f"leads cost {words.percent(change)} more than usual"


def _money(judged: Judged, window: Window) -> str:
    """The loss a day and its lower end, as two figures: `About $270 a day, at least $150`, with its full stop."""
    cost = words.amount(words.two_digits(Decimal(str(window.cost_a_day("up")))), judged.currency)
    at_least = _at_least(window)
    return f"About {cost} a day, at least {judged.money(at_least)}." if at_least > 0 else f"About {cost} a day."


def _factors(judged: Judged, window: Window) -> tuple[str, ...]:
    """Which factors moved by their own test, and which did not."""
    found = causes.factors(judged.rows, window)
    parts = []
    if "cvr" in found and found["cvr"].named and window.leads:
        parts.append("fewer visitors become leads")
    if "cpc" in found and found["cpc"].named:
        parts.append(f"clicks cost {words.percent(found['cpc'].now / found['cpc'].before - 1)} more")
        if "cpm" in found and found["cpm"].named:
            parts.append("impressions cost more")
        if "ctr" in found and found["ctr"].named:
            parts.append("fewer impressions become clicks")
    elif "cpc" in found and found["cpc"].unchanged:
        parts.append("click prices unchanged")
    text = "; ".join(parts)
    return (f"{text[0].upper()}{text[1:]}.",) if text else ()


def _parts(facts: Facts, judged: Judged, window: Window) -> causes.Parts | None:
    """The missing leads by campaign; None where campaigns do not add up to the account, or there is only one."""
    days = (window.base_last - window.base_first).days + 1
    sums = {}
    for campaign in facts.series.campaigns(facts.source, judged.account.ref.id):
        rows = facts.series.days(facts.source, judged.account.ref.id, campaign=campaign)
        inside = [row for row in rows if window.first <= row.day <= window.last]
        before = [row for row in rows if window.base_first <= row.day <= window.base_last]
        if inside or before:
            sums[campaign] = causes.CampaignSums(
                sum(row.spend for row in inside), sum(row.leads or 0 for row in inside),
                sum(row.spend for row in before), sum(row.leads or 0 for row in before),
            )  # fmt: skip
    totals = [sum(part) for part in zip(*sums.values(), strict=True)] if len(sums) > 1 else []
    account = (window.spend, window.leads, window.base_spend, window.base_leads)
    if not totals or any(abs(a - b) > 0.05 * max(b, 1) for a, b in zip(totals, account, strict=True)):
        return None
    return causes.campaign_parts(sums, scale=window.days / days)


def _campaigns(facts: Facts, judged: Judged, window: Window, parts: causes.Parts | None) -> tuple[str, ...]:
    if parts is None or not window.leads:
        return ()
    if parts.carrier is not None:
        name = facts.series.campaigns(facts.source, judged.account.ref.id).get(parts.carrier, "") or parts.carrier
        return (f"Mostly {name}.",) if name.casefold().startswith("campaign") else (f"Mostly campaign {name}.",)
    if parts.by_mix:
        return ("Budget moved towards dearer campaigns.",)
    return ("Spread over all campaigns.",) if parts.everywhere else ()


def _activity(facts: Facts, morning: Morning, judged: Judged, window: Window, *, carrier: str = "") -> Activity:
    """What was edited around a window. A change history that was not read whole shows nothing as absent."""
    account = judged.account
    coverage = [one for one in facts.here(AdChangeCoverage) if one.account in {"", account.ref.id}]
    if not facts.whole(AdChange, source=facts.source):
        coverage = [replace(one, complete=False) for one in coverage]
    return ad_changes.describe(
        (change for change in facts.here(AdChange) if change.account == account.ref.id),
        coverage,
        Stretch.around(window.first, judged.today - timedelta(days=1), window_days=window.days),
        spending_of(facts, account, window.base_first, window.last, carrier),
        today=morning.today,
        zone=judged.zone,
    )


def _edits(facts: Facts, morning: Morning, judged: Judged, activity: Activity) -> tuple[Evidence, ...]:
    """The edits told, each with where it says so; at most five."""
    changes = [change for edit in activity.edits for change in edit.changes if ad_changes.weight(change)]
    return tuple(
        facts.evidence(change, f"{change.object_name or change.object_level} {ad_changes.action(change)} "
                               f"{words.day(ad_changes.day_of(change, judged.zone), morning.today)}".strip())
        for change in changes[-5:]
    )  # fmt: skip


def _sums(judged: Judged, window: Window, today: date) -> str:
    """The two facts the item divides."""
    days = words.count(window.days, "day")
    return (
        f"{judged.money(window.spend / MICROS)} and {leads_of(window.leads)} in {days} "
        f"to {words.day(window.last, today)}; {judged.money(window.base_spend / MICROS)} and "
        f"{leads_of(window.base_leads)} in the {base_of(window)} before"
    )


# --- figures ---------------------------------------------------------------------------------------------------------


def _figures(judged: Judged, window: Window, today: date) -> Iterator[Figure]:
    """All numbers of the method by name, for `why`."""
    judgement, side = judged.judgement, judged.judgement.side
    assert side is not None
    yield Figure(
        name="days judged", value=f"{words.long_day(window.first, today)} to {words.long_day(window.last, today)}"
    )
    yield Figure(name="spend", value=judged.money(window.spend / MICROS))
    yield Figure(name="leads", value=count_of(window.leads))
    base = f"{words.long_day(window.base_first, today)} to {words.long_day(window.base_last, today)}"
    yield Figure(name="days before", value=f"{base}, {window.base_days} with spend or leads")
    yield Figure(name="spend before", value=judged.money(window.base_spend / MICROS))
    yield Figure(name="leads before", value=count_of(window.base_leads))
    yield Figure(name="leads expected", value=f"{window.expected:,.1f}")
    fitted = f"fitted over {judgement.prior.accounts} accounts" if judgement.prior.accounts else "the sheet's"
    prior = judgement.prior.at(window.base_leads / window.base_days)
    yield Figure(
        name="dispersion", value=f"{window.phi:.2f}: own days {window.raw:.2f}, platform {prior:.2f} ({fitted})"
    )
    for one in judgement.windows:
        text = f"{count_of(one.leads)} of {one.expected:,.1f}, z {one.z:.2f}, p {small(one.fewer)}"
        yield Figure(name=f"leads in {words.count(one.days, 'day')}", value=text)
    yield Figure(name="account p", value=f"{small(side.p)} normal tail, {small(side.p15)} t tail")
    tail = "t" if judgement.t_tail else "normal"
    limit = f"rank {side.place.rank} of {judgement.tested} judged, limit {small(side.place.limit)} ({tail} tail)"
    yield Figure(name="among all accounts", value=limit)
    yield from _money_figures(judged, window)


def _money_figures(judged: Judged, window: Window) -> Iterator[Figure]:
    yield Figure(name="loss a day", value=judged.money(window.cost_a_day("up")))
    yield Figure(name="loss a day, lower bound", value=judged.money(window.cost_at_least("up")))
    yield Figure(name="usual spend a day", value=judged.money(window.usual_daily_spend))
    yield Figure(name="told from a loss a day of", value=judged.money(judged.judgement.money_limit))
    found = judged.judgement.comparisons
    if found is not None:
        for name, other in (("day before", found.day_before), ("week before", found.week_before),
                            ("30-day median", found.median)):  # fmt: skip
            yield Figure(name=f"{found.day:%A} against the {name}", value=signed(found, other))


# --- cpl-over-target -------------------------------------------------------------------------------------------------


@rule(
    "cpl-over-target",
    matter="ad account",
    stages=AD_STAGES,
    needs=(Need(AdAccount), Need(AdDay)),
    price=15,
    step="10",
    limits={"over": 0.10, "leads": 5},
)
def cpl_over_target(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A lead cost more over seven days than agreed, and whether that is unusual for the account.

    A fact, with its counts. Silent within a tenth of the target, and on under five leads unless chance at the
    target's price would hardly ever give so few (1 in 100); on accounts without a target in their own currency.
    """
    for judged in judge_accounts(facts, morning):
        target = target_of(facts, judged.account)
        week = _week(judged, target) if target is not None else None
        if week is None:
            continue
        client = facts.client(judged.account)
        over = week.due - week.leads * (1 + limits.number("over", client=client))
        enough = week.leads >= limits.number("leads", client=client)
        if over > 0 and (enough or week.by_chance <= 0.01):
            yield _over_target(facts, morning, judged, week)


def target_of(facts: Facts, account: AdAccount) -> Money | None:
    """The agreed price of a lead: the account's own, else the client's; None in another currency than the account's."""
    client = facts.client_record(account)
    target = account.target_cpl or (client.target_cpl if client else None)
    return target if target is not None and target.currency == account.currency and target.amount > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Week:
    """Seven days to the last whose leads have come in, against the agreed price of a lead."""

    spend: float
    """In units of the currency."""

    leads: float
    last: date
    target: float
    phi: float

    @property
    def due(self) -> float:
        """Leads that the spend would buy at the target."""
        return self.spend / self.target

    @property
    def above(self) -> float:
        """Money spent above the target."""
        return self.spend - self.leads * self.target

    @property
    def by_chance(self) -> float:
        """How often chance gives so few leads where the target's price holds; 1 with under three leads due."""
        return chance.leads_test(self.leads, self.due, NO_DOUBT, self.phi).fewer if self.due >= 3 else 1.0

    @property
    def at_least(self) -> float:
        """Money a day above the target that is hardly chance; two figures, rounded down."""
        doubt = anomaly.ONE_SIDED_5_PERCENT * math.sqrt(self.phi * self.due) * self.target
        bound = Decimal(str((self.above - doubt) / 7))
        return float(words.two_digits(bound, down=True)) if bound >= 1 else 0.0


def _week(judged: Judged, target: Money) -> _Week | None:
    """The week against a target; None if one of its days is unsure or the account is younger."""
    last, window = judged.judgement.tested_to, judged.judgement.window(7)
    if last is None or judged.judgement.verdict == "unknown":
        return None
    rows = [row for row in judged.rows if last - timedelta(days=7) < row.day <= last]
    if not rows or judged.rows[0].day > last - timedelta(days=6) or any(r.partial or r.leads is None for r in rows):
        return None
    spend, leads, agreed = (
        sum(row.spend for row in rows) / MICROS,
        sum(row.leads or 0 for row in rows),
        float(target.amount),
    )
    phi = window.phi if window else anomaly.SHEET.at(spend / agreed / 7)
    return _Week(spend=spend, leads=leads, last=last, target=agreed, phi=phi)


def _over_target(facts: Facts, morning: Morning, judged: Judged, week: _Week) -> Item:
    """A fact; what of it could still be chance is no money the rule can defend, and is priced by the house."""
    account, agreed, count = judged.account, judged.price(week.target), leads_of(week.leads)
    when = "7 days" if (judged.today - week.last).days == 1 else f"7 days to {words.day(week.last, morning.today)}"
    short = f"no leads for {judged.money(week.spend)}, {agreed} agreed"
    if week.leads:
        short = f"leads cost {judged.price(week.spend / week.leads)} against the agreed {agreed}"
    return Item(
        rule="cpl-over-target",
        matter="ad account",
        stage="over-target",
        about=account.ref,
        root=account.ref,
        client=facts.client(account),
        headline=f"{judged.who}: {short} ({when}{f', {count}' if week.leads else ''}).",
        line=f"{judged.who}: {short}.",
        body=_told(
            f"{judged.money(week.above)} spent above the target in 7 days.",
            _is_unusual(judged),
            f"With {count} this could still be chance." if week.by_chance > 0.05 else "",
        ),
        ask="look now or leave it?",
        owner=account.owner,
        stake=_stake(judged, week.at_least * morning.days_to_next, of="spend above the target"),
        urgency="flow",
        measure=Decimal(round(min(week.due / week.leads - 1, 9.99) * 100)) if week.leads else Decimal(999),
        short="over target",
        evidence=(facts.evidence(account, f"{judged.money(week.spend)} and {count} in {when}, {agreed} agreed"),),
        figures=(
            Figure(name="spend in 7 days", value=judged.money(week.spend)),
            Figure(name="leads in 7 days", value=count_of(week.leads)),
            Figure(name="leads the target allows for", value=f"{week.due:,.1f}"),
            Figure(name="target", value=agreed),
            Figure(name="dispersion", value=f"{week.phi:.2f}"),
            Figure(name="chance of so few at the target", value=small(week.by_chance)),
            Figure(name="above the target a day, lower bound", value=judged.money(week.at_least)),
        ),
        looked_in=facts.looked_in(AdDay, source=facts.source),
        gone_when=f"its cost per lead over 7 days is {agreed} or less, or a decision of yours",
    )


def _told(*sentences: str) -> tuple[str, ...]:
    return tuple(sentence for sentence in sentences if sentence)


def _is_unusual(judged: Judged) -> str:
    """Whether the week is unusual for the account, with what was usual."""
    judgement, window = judged.judgement, judged.judgement.window(7)
    if window is None:
        return "Too little history to say whether that is unusual."
    before = f"{judged.price(window.cpl_before)} in the {base_of(window)} before"
    if judgement.verdict == "news" and judgement.direction == "up":
        return f"Unusual for this account: {before}."
    if judgement.verdict == "watch" and judgement.direction == "up":
        return f"More than usual for this account, which could still be chance: {before}."
    if judgement.direction == "down":
        return f"Less than usual: {before}."
    return f"Not unusual for this account: {before}."
