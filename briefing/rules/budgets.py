"""A rule about budgets: what of a project's hours or money is used, against the work that is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from briefing import words
from briefing.facts import Money, Project, Task
from briefing.items import Factor, Figure, Item, Stake
from briefing.morning import Morning
from briefing.rules import Need, rule
from briefing.rules.view import Facts, Limits
from briefing.rules.work import Tree, fee_sentence, running, with_client

STAGES = ("ahead", "over")

COUNTED = 5
"""So many tasks make a share of done ones worth a comparison."""

PACE_DAYS = 5
"""So many workdays make a pace."""

FORECAST = Decimal("0.5")
"""Part of an overrun that is on its way and may still be turned: a setting, no history of your own yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a project may use, in hours or in money."""

    planned: Decimal
    used: Decimal
    left: Decimal | None = None
    """Hours still to do by the source's own count; None: not known, or of money."""

    currency: str = ""
    """Empty: hours."""

    @property
    def share(self) -> Decimal:
        """Used, of what was planned."""
        return self.used / self.planned

    @property
    def course(self) -> Decimal | None:
        """Where it ends by the source's own count of what is still to do."""
        return None if self.left is None else self.used + self.left

    @property
    def name(self) -> str:
        """`hours` or `budget`."""
        return "budget" if self.currency else "hours"

    def amount(self, value: Decimal) -> str:
        """`118 h` or `$59,000`."""
        return words.money(Money(amount=value, currency=self.currency)) if self.currency else f"{hours(value)} h"

    @property
    def of(self) -> str:
        """`118 of 100 h`, `$59,000 of $50,000`."""
        used = self.amount(self.used) if self.currency else hours(self.used)
        return f"{used} of {self.amount(self.planned)}"


def hours(value: Decimal) -> str:
    """Hours as people say them: `118`, and with one place below ten (`4.5`)."""
    return words.number(value.quantize(Decimal("0.1") if abs(value) < 10 else Decimal(1), ROUND_HALF_UP))


def budgets(project: Project, *, works: bool) -> tuple[Budget, ...]:
    """A project's budgets, hours first. None planned is no budget, which is not one that is used without end.

    Hours left of zero while tasks are open (`works`) are hours that nobody planned: not known. The share of tasks is
    none the better then: who counts hours may list only some of the tasks that are done.
    """
    found = []
    if project.hours_planned is not None and project.hours_planned > 0 and project.hours_used is not None:
        unplanned = works and project.hours_left == 0
        left = None if unplanned else project.hours_left
        found.append(Budget(planned=project.hours_planned, used=project.hours_used, left=left))
    money, used = project.budget, project.used
    if money and used and money.amount > 0 and money.currency and money.currency == used.currency:
        found.append(Budget(planned=money.amount, used=used.amount, currency=money.currency))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Burn:
    """One budget that is over, or used up faster than the work is done."""

    stage: str
    budget: Budget
    text: str
    """For the headline."""

    short: str
    """For a line."""

    over: Decimal
    """How much more than planned is used, or will be."""

    measure: Decimal
    """Percent of what was planned."""


@rule(
    "budget-burn",
    matter="budget",
    stages=STAGES,
    needs=(Need(Project), Need(Task, optional=True)),
    price=2000,
    share="0.02",
    step="5",
    limits={"over": 0.05, "ahead": 0.15, "used": 0.5, "apart": 0.25, "hours": 2},
)
def budget_burn(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A project has used more than its hours or budget, or uses it up faster than its work is done.

    What is done is known by what the source itself counts as still to do; where it plans no hours, by the share of
    tasks that are done, paused ones in the total. Never by the calendar: who works early is not ahead of the budget.
    From half of the budget on; silent without a budget, on projects that do not run, and on an overrun of less than
    two hours.
    """
    tree = Tree(facts)
    counted = facts.whole(Task, source=facts.source)
    tasks: dict[str, list[Task]] = {}
    for task in facts.here(Task):
        tasks.setdefault(tree.project_of(task), []).append(task)
    for project in running(facts, morning.today).values():
        its = tasks.get(project.ref.id, [])
        done = sum(task.state == "done" for task in its)
        still_open = sum(task.state == "open" for task in its)
        every = done + sum(task.state in {"open", "paused"} for task in its)
        plans_hours = project.hours_planned is not None or project.hours_left is not None
        progress = (done, every) if counted and not plans_hours and done and every >= COUNTED else None
        owned = budgets(project, works=bool(still_open))
        found = [burn for one in owned if (burn := _burn(one, progress, _Margins.of(facts, limits, project)))]
        if found:
            worst = max(found, key=lambda burn: (STAGES.index(burn.stage), burn.measure))
            finished = counted and bool(its) and not still_open
            yield _item(facts, morning, project, worst, owned, finished=finished)


@dataclass(frozen=True, slots=True)
class _Margins:
    """The thresholds of one project."""

    over: Decimal
    ahead: Decimal
    used: Decimal
    apart: Decimal
    hours: Decimal

    @classmethod
    def of(cls, facts: Facts, limits: Limits, project: Project) -> _Margins:
        """Those of its client or its type."""
        client = facts.client(project)
        return cls(
            *(
                Decimal(str(limits.number(name, client=client, type=project.type)))
                for name in ("over", "ahead", "used", "apart", "hours")
            )
        )


def _burn(budget: Budget, progress: tuple[int, int] | None, margins: _Margins) -> _Burn | None:
    """What is to be said of a budget; `progress` are the tasks done, of all that count."""
    spent = budget.used - budget.planned
    if budget.share >= 1 + margins.over and (budget.currency or spent >= margins.hours):
        rest = f", {budget.amount(budget.left)} still to do" if budget.left else ""
        verb = "is" if budget.currency else "are"
        share = words.percent(budget.share)
        return _Burn(
            stage="over", budget=budget, text=f"{share} of its {budget.name} {verb} used ({budget.of}){rest}",
            short=f"{share} of its {budget.name} used{rest}", over=spent + (budget.left or 0),
            measure=_percent(budget.share),
        )  # fmt: skip
    if budget.share < margins.used:
        return None
    if budget.course is not None:
        return _by_hours(budget, budget.course, margins)
    return _by_tasks(budget, progress, margins) if progress else None


def _by_hours(budget: Budget, course: Decimal, margins: _Margins) -> _Burn | None:
    over = course - budget.planned
    if course < budget.planned * (1 + margins.ahead) or over < margins.hours:
        return None
    ends = f"on course for {hours(course)} of its {budget.amount(budget.planned)}"
    parts = f"{hours(budget.used)} used, {hours(budget.left or Decimal(0))} still to do"
    return _Burn(
        stage="ahead", budget=budget, text=f"{ends} ({parts})", short=ends, over=over,
        measure=_percent(course / budget.planned),
    )  # fmt: skip


def _by_tasks(budget: Budget, progress: tuple[int, int], margins: _Margins) -> _Burn | None:
    done, all_ = progress
    if budget.share - Decimal(done) / all_ < margins.apart:
        return None
    share, verb = words.percent(budget.share), "is" if budget.currency else "are"
    tasks = f"{done} of {all_} tasks done"
    return _Burn(
        stage="ahead", budget=budget, text=f"{share} of its {budget.name} {verb} used ({budget.of}) with {tasks}",
        short=f"{share} of its {budget.name} used, {tasks}", over=Decimal(0), measure=_percent(budget.share),
    )  # fmt: skip


def _percent(share: Decimal) -> Decimal:
    return (share * 100).quantize(Decimal(1), ROUND_HALF_UP)


def _item(
    facts: Facts, morning: Morning, project: Project, burn: _Burn, owned: tuple[Budget, ...], *, finished: bool
) -> Item:  # fmt: skip
    name, budget = with_client(facts, project), burn.budget
    others = tuple(
        f"Of its {one.name} {words.percent(one.share)} {'is' if one.currency else 'are'} used ({one.of})."
        for one in owned
        if one is not budget
    )
    fee = () if budget.currency or others else fee_sentence(project)
    return Item(
        rule="budget-burn",
        matter="budget",
        stage=burn.stage,
        about=project.ref,
        root=project.ref,
        client=facts.client(project),
        headline=f"{name}: {burn.text}.",
        line=f"{name}: {burn.short}.",
        body=(*_runs_out(project, budget, morning), *others, *fee),
        ask="bill what is over or leave it?" if finished else "more budget, less work, or leave it?",
        owner=project.manager,
        stake=_stake(project, burn),
        likelihood=None
        if burn.stage == "over"
        else Factor(name="still to be turned", value=FORECAST, kind="setting", source="it is on its way"),
        measure=burn.measure,
        short=budget.name,
        evidence=(facts.evidence(project, f"{project.title}, {budget.of} used"),),
        figures=(
            Figure(name=f"{budget.name} planned", value=budget.amount(budget.planned)),
            Figure(name=f"{budget.name} used", value=budget.amount(budget.used)),
            *((Figure(name="hours still to do", value=budget.amount(budget.left)),) if budget.left is not None else ()),
        ),
        gone_when=f"more {budget.name} agreed, the project done or paused, or a decision of yours",
    )


def _stake(project: Project, burn: _Burn) -> Stake:
    """What is over, in money: a fact where money was planned, else at the fee's price of an hour."""
    key = f"budget:{project.ref.source}:{project.ref.id}"
    if burn.over <= 0:
        return Stake(key=key)
    if burn.budget.currency:
        amount = Money(amount=burn.over, currency=burn.budget.currency)
        return Stake(amount=amount, kind="fact", key=key, source="used, less the budget")
    fee = project.budget
    if fee is None or fee.amount <= 0 or not fee.currency:
        return Stake(key=key)
    value = (fee.amount / burn.budget.planned * burn.over).quantize(Decimal(1), ROUND_HALF_UP)
    source = f"{hours(burn.over)} h over, at the fee for each planned hour"
    return Stake(amount=Money(amount=value, currency=fee.currency), kind="estimate", key=key, source=source)


def _runs_out(project: Project, budget: Budget, morning: Morning) -> tuple[str, ...]:
    """The day on which a budget is used up at the pace since the start, where that comes before the project's end."""
    if project.starts is None or budget.used <= 0 or budget.used >= budget.planned:
        return ()
    eve = timedelta(days=1)
    worked = morning.calendar.workdays_between(project.starts - eve, morning.today - eve)
    if worked < PACE_DAYS:
        return ()
    lasts = ((budget.planned - budget.used) * worked / budget.used).to_integral_value(ROUND_CEILING)
    if project.due is not None and lasts >= morning.workdays_to(project.due):
        return ()
    day = _workday_after(morning, int(lasts))
    if day is None:
        return ()
    end = ""
    if project.due is not None and project.due >= morning.today:
        early = morning.calendar.workdays_between(day, project.due)
        end = f", {words.workdays(early)} before the project's date"
    verb, when = "is" if budget.currency else "are", words.dated_day(day, morning.today)
    return (f"At the pace since its start the {budget.name} {verb} used up about {when}{end}.",)


def _workday_after(morning: Morning, count: int) -> date | None:
    """The day so many workdays from today on; None beyond a year, which no pace foretells."""
    day = morning.today
    for _ in range(count - 1 if morning.calendar.is_workday(day) else count):
        day = morning.calendar.next_workday(day)
        if day - morning.today > timedelta(days=366):
            return None
    return day
