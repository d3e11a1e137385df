"""The ads section: what was spent, which accounts moved which way, and how many were judged at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Literal

from briefing import words
from briefing.anomaly import MICROS, Direction, Why
from briefing.document import AdRow, AdsTable
from briefing.facts import AdAccount, AdDay
from briefing.morning import Morning
from briefing.rules.ads_judged import Judged, count_of, edits_in_week, judge_accounts, signed
from briefing.rules.view import Facts

MOST = 3
"""Lines of accounts that are better, and of those to watch; every account that is worse has one."""

USUAL_WEEKS = 4
LETTERS = {"google": " G", "meta": " M", "linkedin": " L", "tiktok": " T", "microsoft": " B"}
"""The platform behind an account's name, as the table writes it."""

Kind = Literal["worse", "better", "watch"]

UNTOLD: dict[Why, str] = {
    "short history": "learning", "few leads": "with too few leads", "no spend": "without spend",
    "no rows": "without spend", "not tracked": "without tracked leads", "definition": "with a changed lead definition",
    "incomplete day": "with an incomplete day", "not read": "not read",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """An account of one source, as judged."""

    facts: Facts
    """With its source under judgement."""

    judged: Judged
    kind: Kind | None


def ads_table(facts: Facts, morning: Morning) -> AdsTable:
    """The table of all ad accounts of all sources; empty where no ads are configured."""
    seen = [
        _seen(here, one) for here in map(facts.at, _sources(facts)) for one in judge_accounts(here, morning)
    ]  # fmt: skip
    if not seen:
        return AdsTable()
    closed = max((day for one in seen if (day := _last_closed(one.judged)) is not None), default=None)
    told = [one.judged.judgement.comparisons for one in seen if one.kind]
    compared = Counter(found.day for found in told if found is not None)
    day = max(compared, key=lambda d: (compared[d], d), default=closed)
    rows, left = _rows(seen, day)
    return AdsTable(
        title=_title(seen, closed),
        rows=rows,
        notes=tuple(note for note in (*_settling(seen, closed, morning.today), *left, _counts(seen)) if note),
        day=day,
    )


def _sources(facts: Facts) -> list[str]:
    """Sources that state ad accounts and their days."""
    days = {reading.source for reading in facts.readings if AdDay.kind in reading.kinds}
    return sorted({account.ref.source for account in facts.of(AdAccount)} & days)


def _seen(facts: Facts, judged: Judged) -> _Seen:
    judgement = judged.judgement
    kinds: dict[tuple[str, Direction | None], Kind] = {
        ("news", "up"): "worse", ("news", "down"): "better", ("watch", "up"): "watch",
    }  # fmt: skip
    return _Seen(facts=facts, judged=judged, kind=kinds.get((judgement.verdict, judgement.direction)))


def _last_closed(judged: Judged) -> date | None:
    return next((row.day for row in reversed(judged.rows) if row.day < judged.today and not row.partial), None)


def _rows(seen: Sequence[_Seen], day: date | None) -> tuple[tuple[AdRow, ...], list[str]]:
    """Worse, better, to watch, the largest first; and what to say of those left out and of chance."""
    by_kind: dict[Kind, list[_Seen]] = {"worse": [], "better": [], "watch": []}
    for one in sorted(seen, key=_weight):
        if one.kind:
            by_kind[one.kind].append(one)
    notes = []
    shown = [*by_kind["worse"], *by_kind["better"][:MOST], *by_kind["watch"][:MOST]]
    if watched := [one.judged.who for one in by_kind["watch"][:MOST]]:
        notes.append(f"{words.listed(watched)} could still be chance.")
    if better := len(by_kind["better"][MOST:]):
        notes.append(f"{better} more better.")
    if watch := len(by_kind["watch"][MOST:]):
        notes.append(f"{watch} more to watch.")
    return tuple(_row(one, day) for one in shown), notes


def _weight(one: _Seen) -> tuple[float, str]:
    judgement = one.judged.judgement
    if judgement.fired is None or judgement.direction is None:
        return (0.0, one.judged.who)
    return (-judgement.fired.cost_at_least(judgement.direction), one.judged.who)


def _row(one: _Seen, day: date | None) -> AdRow:
    judged, judgement = one.judged, one.judged.judgement
    week, found = judgement.window(7), judgement.comparisons
    assert week is not None
    assert one.kind is not None
    compared = found if found is not None and found.day == day else None
    return AdRow(
        verdict=one.kind,
        account=f"{judged.who}{LETTERS.get(judged.account.platform, '')}",
        cpl=judged.price(week.cpl) if week.cpl is not None else "no lead",
        cpl_usual=judged.price(week.cpl_before),
        leads=count_of(week.leads),
        leads_usual=f"{week.expected:,.0f}",
        day_before=signed(compared, compared.day_before) if compared else "",
        week_before=signed(compared, compared.week_before) if compared else "",
        median=signed(compared, compared.median) if compared else "",
        edits=edits_in_week(one.facts, judged, week.last),
    )


def _title(seen: Sequence[_Seen], day: date | None) -> str:
    """`Wednesday 18 November: $14,900 in 42 accounts, usual $14,600`: each currency for itself, three figures.

    Usual is the same day of the week: a Saturday is not held against Wednesdays.
    """
    if day is None:
        return words.count(len(seen), "account")
    read = [one.judged for one in seen if one.judged.judgement.why not in {"not read", "no rows"}]
    spent: dict[str, Counter[date]] = defaultdict(Counter)
    for judged in read:
        for row in judged.rows:
            spent[judged.currency][row.day] += row.spend
    now = [_about(days[day], currency) for currency, days in sorted(spent.items())]
    usual = [_about(_usual(days, day), currency) for currency, days in sorted(spent.items())]
    accounts = words.count(len(read), "account")
    totals = f"{words.listed(now)} in {accounts}, usual {words.listed(usual)}" if read else accounts
    return f"{day:%A} {day.day} {day:%B}: {totals}"


def _usual(spent: Mapping[date, int], day: date) -> float:
    """The same weekday's median over four weeks; without one, that of all days before."""
    weeks = [spent[before] for back in range(1, USUAL_WEEKS + 1) if (before := day - timedelta(weeks=back)) in spent]
    return median(weeks or [money for before, money in spent.items() if before < day] or [0])


def _about(micros: float, currency: str) -> str:
    """Three figures: a total over accounts needs no more."""
    exact = Decimal(str(round(micros / MICROS, 2)))
    step = Decimal(1).scaleb(max(exact.adjusted() - 2, 0))
    return words.amount((exact / step).quantize(Decimal(1), ROUND_HALF_UP) * step, currency)


def _settling(seen: Sequence[_Seen], closed: date | None, today: date) -> list[str]:
    """Sources whose leads are judged to an earlier day than the spend."""
    notes = []
    for source in sorted({one.facts.source for one in seen}):
        facts = next(one.facts for one in seen if one.facts.source == source)
        tested = Counter(
            one.judged.judgement.tested_to
            for one in seen
            if one.facts.source == source and one.judged.judgement.windows
        )  # fmt: skip
        last = max(tested, key=lambda d: (tested[d], d or date.min), default=None)
        if last is not None and closed is not None and last < closed:
            place = next((r.place for r in facts.readings if r.source == source and r.place), source)
            notes.append(f"{place}: leads judged to {words.day(last, today)}, later ones are still coming in.")
    return notes


def _counts(seen: Sequence[_Seen]) -> str:
    """How many accounts there are of each other kind: `38 usual, 1 learning, 2 not read`, or that all are usual."""
    counted: Counter[str] = Counter()
    for one in seen:
        judgement = one.judged.judgement
        if one.kind is None:
            counted[UNTOLD.get(judgement.why, "usual") if not judgement.windows else "usual"] += 1
    if counted == {"usual": len(seen)}:
        return "All usual."
    order = ["usual", *dict.fromkeys(UNTOLD.values())]
    told = [f"{counted[name]} {name}" for name in order if counted[name]]
    return f"{', '.join(told)}." if told else ""
