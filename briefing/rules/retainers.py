"""Rules about retainers: more used of a period than it allows, or far less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from briefing import words
from briefing.facts import Money, Project, Retainer
from briefing.items import Factor, Figure, Item, Stake
from briefing.morning import Morning
from briefing.rules import Need, rule
from briefing.rules.budgets import FORECAST, Budget, hours
from briefing.rules.view import Facts, Limits
from briefing.rules.work import titled

STAGES = ("unused", "on-course", "over")
"""A period is at one of them at most."""

SAID = Decimal("0.1")
"""Hours below which those not yet approved are not told: they print as none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    """One current period of a retainer, as far as it has come."""

    retainer: Retainer
    project: Project | None
    """Its project, where that was read."""

    use: Budget
    """What it allows and what of it is used."""

    gone: Decimal | None
    """Share of its workdays that are over; None where its first or last day is not known."""

    left: int | None
    """Workdays from today on to its last day."""

    ends: str = ""
    """`, 8 workdays left` or `, ends Sunday`; empty without a last day."""


@rule(
    "retainer-over",
    matter="retainer",
    stages=STAGES,
    needs=(Need(Retainer), Need(Project, optional=True)),
    price=800,
    share="0.05",
    step="5",
    limits={"over": 0.05, "elapsed": 0.5, "margin": 0.7, "hours": 1},
)
def retainer_over(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """More of a retainer's period is used than it allows, or will be at its pace.

    The pace counts from half of the period's workdays on, and must point beyond the allowance by 0.7 of the share
    still to come: what was used early says little. Hours not yet approved are told beside and not counted, and so is
    that hours carried over are not, unless the source says that none are. Silent on periods that are closed, over, not
    begun or unlimited, on a stopped project, and where two periods of one agreement run at once.
    """
    for period in _current(facts, morning):
        client = _client(facts, period)
        over, elapsed, margin, least = (
            Decimal(str(limits.number(name, client=client, type=_type(period))))
            for name in ("over", "elapsed", "margin", "hours")
        )
        use, gone = period.use, period.gone
        spent = use.used - use.planned
        if use.share >= 1 + over and (use.currency or spent >= least):
            yield _over(facts, period, client)
        elif gone is not None and elapsed <= gone < 1:
            course = use.used / gone
            beyond = course - use.planned
            if course >= use.planned * (1 + margin * (1 - gone)) and (use.currency or beyond >= least):
                yield _on_course(facts, period, client, course)


@rule(
    "retainer-unused",
    matter="retainer",
    stages=STAGES,
    needs=(Need(Retainer), Need(Project, optional=True)),
    price=240,
    share="0.1",
    step="10",
    limits={"workdays": 5, "elapsed": 0.6, "used": 0.6, "hours": 4},
)
def retainer_unused(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A retainer's period is nearly over, and far less of it is used than its time that is gone.

    In its last five workdays, under 0.6 of the share of workdays that are over. Silent where what is left goes over
    into the next period, on less than four hours, and where hours not yet approved may be what is missing.
    """
    for period in _current(facts, morning):
        client, use = _client(facts, period), period.use
        days, elapsed, most, least = (
            Decimal(str(limits.number(name, client=client, type=_type(period))))
            for name in ("workdays", "elapsed", "used", "hours")
        )
        if period.gone is None or period.left is None or not 1 <= period.left <= days or period.gone < elapsed:
            continue
        unused = use.planned - use.used
        sure = use.planned * most * period.gone - use.used - _waiting(period.retainer, use)
        if sure >= 0 and (use.currency or unused >= least) and not period.retainer.rollover:
            yield _unused(facts, period, client, unused)


def _current(facts: Facts, morning: Morning) -> Iterator[_Period]:
    """The periods that today lies in, by their worst allowance; none of an agreement with two of them."""
    today = morning.today
    projects = {project.ref.id: project for project in facts.here(Project)}
    running = [
        one
        for one in facts.here(Retainer)
        if one.state == "open"
        and (one.starts is None or one.starts <= today)
        and (one.ends is None or one.ends >= today)
        and (one.agreement_ends is None or one.agreement_ends >= today)
        and ((project := projects.get(one.project)) is None or project.state == "open")
    ]
    counted = Counter(one.agreement for one in running if one.agreement)
    for retainer in running:
        uses = _uses(retainer)
        if uses and counted[retainer.agreement] < 2:
            yield _period(morning, retainer, projects.get(retainer.project), max(uses, key=lambda use: use.share))


def _uses(retainer: Retainer) -> tuple[Budget, ...]:
    """What a period allows with what of it is used: hours, money or both; neither is unlimited."""
    found = []
    if retainer.hours is not None and retainer.hours > 0 and retainer.hours_used is not None:
        found.append(Budget(planned=retainer.hours, used=retainer.hours_used))
    amount, spent = retainer.amount, retainer.amount_used
    if amount and spent and amount.amount > 0 and amount.currency and amount.currency == spent.currency:
        found.append(Budget(planned=amount.amount, used=spent.amount, currency=amount.currency))
    return tuple(found)


def _period(morning: Morning, retainer: Retainer, project: Project | None, use: Budget) -> _Period:
    """How far a period has come, in workdays: this morning's is still to come."""
    eve, calendar = timedelta(days=1), morning.calendar
    if retainer.ends is None:
        return _Period(retainer=retainer, project=project, use=use, gone=None, left=None)
    left = calendar.workdays_between(morning.today - eve, retainer.ends)
    ends = f", {words.workdays(left)} left" if left else f", ends {words.day(retainer.ends, morning.today)}"
    gone = None
    if retainer.starts is not None and (whole := calendar.workdays_between(retainer.starts - eve, retainer.ends)):
        gone = Decimal(whole - left) / whole
    return _Period(retainer=retainer, project=project, use=use, gone=gone, left=left, ends=ends)


def _client(facts: Facts, period: _Period) -> str:
    return facts.client(period.retainer)


def _type(period: _Period) -> str:
    return period.project.type if period.project else ""


def _over(facts: Facts, period: _Period, client: str) -> Item:
    use, name = period.use, titled(facts, period.retainer, period.retainer.title)
    share = words.percent(use.share)
    return _item(
        facts, period, client, rule="retainer-over", stage="over",
        headline=f"{name}: {share} of its {use.name} used ({use.of}){period.ends}.",
        line=f"{name}: {share} of its {use.name} used{period.ends}.",
        over=use.used - use.planned, measure=_percent(use.share),
    )  # fmt: skip


def _on_course(facts: Facts, period: _Period, client: str, course: Decimal) -> Item:
    assert period.gone is not None
    use, name = period.use, titled(facts, period.retainer, period.retainer.title)
    about = use.amount(course.quantize(Decimal(1), ROUND_HALF_UP))
    return _item(
        facts, period, client, rule="retainer-over", stage="on-course",
        headline=f"{name}: {use.of} used with {words.percent(period.gone)} of the period gone, on course for {about}.",
        line=f"{name}: {use.of} used, on course for {about}{period.ends}.",
        over=course - use.planned, measure=_percent(course / use.planned),
    )  # fmt: skip


def _unused(facts: Facts, period: _Period, client: str, unused: Decimal) -> Item:
    use, name = period.use, titled(facts, period.retainer, period.retainer.title)
    return _item(
        facts, period, client, rule="retainer-unused", stage="unused",
        headline=f"{name}: {use.of} used{period.ends.replace(',', ' with', 1)}.",
        line=f"{name}: {words.percent(unused / use.planned)} of its {use.name} unused{period.ends}.",
        over=Decimal(0), measure=_percent(unused / use.planned),
    )  # fmt: skip


def _item(
    facts: Facts, period: _Period, client: str, *, rule: str, stage: str, headline: str, line: str, over: Decimal,
    measure: Decimal,
) -> Item:  # fmt: skip
    retainer, use = period.retainer, period.use
    unused = rule == "retainer-unused"
    return Item(
        rule=rule,
        matter="retainer",
        stage=stage,
        about=retainer.ref,
        root=period.project.ref if period.project else None,
        client=client,
        headline=headline,
        line=line,
        body=_body(retainer, use, unused=unused),
        ask="offer the hours or let them go?" if unused else "agree on more, or slow down?",
        owner=retainer.manager,
        stake=Stake() if unused else _stake(retainer, use, over, fact=stage == "over"),
        likelihood=Factor(name="still to be turned", value=FORECAST, kind="setting", source="it is on its way")
        if stage == "on-course"
        else None,
        measure=measure,
        short="retainer",
        evidence=(facts.evidence(retainer, f"{retainer.title}, {use.of} used{period.ends}"),),
        figures=(
            *((Figure(name="workdays left in the period", value=str(period.left)),) if period.left is not None else ()),
            *((Figure(name="period gone", value=words.percent(period.gone)),) if period.gone is not None else ()),
        ),
        gone_when="the period over, more agreed, or a decision of yours",
    )


def _body(retainer: Retainer, use: Budget, *, unused: bool) -> tuple[str, ...]:
    """What is not approved yet, what is carried from period to period, and what the client pays."""
    waiting, fee = _waiting(retainer, use), retainer.fee
    kept: tuple[str, ...] = ()
    if unused and retainer.rollover is False:
        kept = ("What is left does not go over into the next period.",)
    elif not unused and retainer.rollover is not False:
        kept = (f"{'Value' if use.currency else 'Hours'} carried over {'is' if use.currency else 'are'} not counted.",)
    return (
        *((f"{hours(waiting)} h {'is' if waiting == 1 else 'are'} not yet approved.",) if waiting >= SAID else ()),
        *kept,
        *((f"The period's fee is {words.money(fee)}.",) if fee and fee.amount > 0 and fee.currency else ()),
    )


def _waiting(retainer: Retainer, use: Budget) -> Decimal:
    """Hours not yet approved. Whether the used ones hold them is not known: a source may count them or not."""
    return Decimal(0) if use.currency else retainer.hours_unapproved or Decimal(0)


def _stake(retainer: Retainer, use: Budget, over: Decimal, *, fact: bool) -> Stake:
    """The overrun in money: of value what is over, of hours at the period's price of an hour.

    None where something is carried over, which may be what is over.
    """
    if retainer.rollover:
        return Stake()
    if use.currency:
        amount = Money(amount=over.quantize(Decimal(1), ROUND_HALF_UP), currency=use.currency)
        source = "used, less the allowance" if fact else "at its pace, less the allowance"
        return Stake(amount=amount, kind="fact" if fact else "estimate", source=source)
    price = retainer.fee or retainer.amount
    if price is None or price.amount <= 0 or not price.currency:
        return Stake()
    value = (price.amount / use.planned * over).quantize(Decimal(1), ROUND_HALF_UP)
    source = f"{hours(over)} h over, at the fee for each hour of the period"
    return Stake(amount=Money(amount=value, currency=price.currency), kind="estimate", source=source)


def _percent(share: Decimal) -> Decimal:
    return (share * 100).quantize(Decimal(1), ROUND_HALF_UP)
