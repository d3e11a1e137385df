"""Advertising in the simulated agency: its accounts, what is planted in them, and what holds of their prices."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, cached_property

from briefing.demo import names
from briefing.demo.adworld import Account, Campaign, Day, Edit, Effect, History, exactly, history
from briefing.demo.chance import Chance, stream, walk
from briefing.demo.days import ZONE, moment, on_workday, plus
from briefing.demo.people import Company, Human, People
from briefing.demo.planted import NearMiss, Planted

EXPORTED_DAYS = 45
BASE, WINDOWS = 28, (1, 3, 7)
SMALL_SPEND = 140
"""Dollars a day."""

CLEAR = 5.0
"""Standard deviations by which the agency's own parameters must stand out before a rise counts as one that nobody may
miss: at the usual evidence for one of 44 accounts (about 3.3) such a rise is seen on 19 of 20 mornings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An effect planned for an account, and the rules it is about."""

    account: str
    effect: Effect
    near: tuple[str, ...] = ()
    """Rules for which it is a near miss; empty: a matter."""

    days: int = 0
    """How long it counts as a near miss, where the effect itself stays; 0: as long as it."""

    @property
    def last(self) -> date:
        """The last day it is told about."""
        return plus(self.effect.first, self.days) if self.days else self.effect.last


class Ads:
    """All ad accounts of one world."""

    def __init__(
        self, seed: int, people: People, first: date, last: date, scale: int = 1, showcase: date | None = None
    ) -> None:
        self.seed, self.people, self.first, self.last, self.scale = seed, people, first, last, scale
        self.showcase = showcase

    @cached_property
    def plain(self) -> tuple[Account, ...]:
        """44 accounts at scale 1, before anything happens to them."""
        if self.showcase is None:
            return tuple(self._account(number) for number in range(44 * self.scale))
        # Brightside has one account on the known morning, so that the sentence can name the client alone.
        others = [self._account(number) for number in range(44 * self.scale + 1)]
        return tuple(account for account in others if account.client != "Brightside")

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """What happens to which account; one account has five quiet weeks between two events."""
        busy: dict[str, date] = {}
        found, begin = [], plus(self.first, 20)
        days = walk(stream(self.seed, "ad plans"), (self.last - begin).days, 1.1 / self.scale)
        for number, after in enumerate(days, 1):
            day = plus(begin, after)
            draw = stream(self.seed, "ad plan", number)
            kind = draw.one_of(KINDS)
            free = [a for a in self.plain if busy.get(a.id, self.first) < day and _fits(kind, a)]
            if self.showcase and plus(self.showcase, -60) < day <= self.showcase:
                # On the known morning Brightside is the largest loss: what else happens then happens to small accounts.
                free = [account for account in free if account.leads * account.price < SMALL_SPEND and kind != "dear"]
            if not free:
                continue
            plan = _planned(kind, draw, draw.one_of(free), day)
            # What counts as a lead stays changed: such an account gets no further event.
            busy[plan.account] = self.last if kind == "definition" else plus(plan.last, 36)
            found.append(plan)
        return tuple(found)

    @cached_property
    def accounts(self) -> dict[str, Account]:
        """Every account with its effects, by id."""
        found = {account.id: account for account in self.plain}
        for plan in self.plans:
            account = found[plan.account]
            if plan.effect.kind in {"dear", "just under"} and account.target is None:
                account = replace(account, target=max(1, round(account.price * (1.45 if plan.near else 1.15))))
            found[plan.account] = replace(account, effects=(*account.effects, plan.effect))
        if self.showcase:
            found |= {account.id: self._small_spender(account, self.showcase) for account in found.values()}
            account = _brightside(self.people, self.showcase)
            found[account.id] = account
        return found

    @staticmethod
    def _small_spender(account: Account, today: date) -> Account:
        """On the known morning two small accounts are dearer beyond doubt, and the large ones have an even month."""
        if account.name in {"Kestrel Search", "Quill Search"}:
            rise = Effect(kind="rise", first=plus(today, -9), last=plus(today, 6), visitors=0.5)
            return replace(account, leads=45.0, price=1.7, click_price=0.08, target=None, late=0.0, effects=(rise,))
        if account.leads * account.price <= SMALL_SPEND:
            return account
        return replace(account, target=None, dispersion=1.2, drift=0.0, weekend_value=1.0)

    @cache  # noqa: B019  (a world lives as long as its process)
    def history(self, id: str) -> History:
        """An account's days from the first to the last."""
        found = history(self.seed, self.accounts[id], self.first, self.last)
        return _known_figures(found, self.showcase) if self.showcase and id == BRIGHTSIDE else found

    @cache  # noqa: B019  (a world lives as long as its process)
    def edits(self, id: str) -> tuple[Edit, ...]:
        """An account's change history."""
        account = self.accounts[id]
        if self.showcase and id == BRIGHTSIDE:
            return _two_keywords(account, self.showcase)
        return tuple(_edits(stream(self.seed, "edits", id), account, self.first, self.last))

    # --- what holds -------------------------------------------------------------------------------------------------

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether the rule's sentence about this account holds on a morning; None for a rule of another subject.

        `cpl-up` holds where something made leads dearer in the week before, whatever chance did to the counts.
        """
        if id not in self.accounts:
            return None if not rule.startswith("cpl") else False
        if rule == "cpl-up":
            return any(_dearer(effect, morning) for effect in self.accounts[id].effects)
        if rule == "cpl-over-target":
            return self.over_target(id, morning, skip=self.accounts[id].settling) > 1
        return None

    def over_target(self, id: str, morning: date, *, skip: int = 0) -> float:
        """The week's price of a lead against the target; 0 without a target or without leads."""
        target, week = self.target(id), self.history(id).price(morning, skip=skip)
        return week[0] / target if target and week else 0.0

    def target(self, id: str) -> int | None:
        """The agreed price of a lead, in US dollars."""
        return self.accounts[id].target

    def stands_out(self, id: str, morning: date) -> float:
        """How far the world's own means stand out, in standard deviations, over the best of three windows."""
        account = self.accounts[id]
        best = 0.0
        for days in WINDOWS:
            spend, leads = _sums(account, morning, account.settling + 1, days)
            base_spend, base_leads = _sums(account, morning, account.settling + days + 1, BASE)
            if base_spend and base_leads:
                usual = spend * base_leads / base_spend
                spread = math.sqrt(account.dispersion * (1 + usual / base_leads))
                best = max(best, 2 * (math.sqrt(usual) - math.sqrt(leads)) / spread)
        return best

    def cost_a_day(self, id: str, morning: date) -> float:
        """Dollars a day that the last week's leads cost more than before, by the world's own means."""
        account = self.accounts[id]
        spend, leads = _sums(account, morning, account.settling + 1, 7)
        base_spend, base_leads = _sums(account, morning, account.settling + 8, BASE)
        usual_price = base_spend / base_leads if base_leads else 0.0
        return (spend * base_leads / base_spend - leads) * usual_price / 7 if base_spend else 0.0

    def minimal_changes(self, id: str, morning: date) -> bool:
        """Whether at most two small edits and nothing heavy were made in the ten days before a morning."""
        now = moment(morning)
        recent = [edit for edit in self.edits(id) if now - timedelta(days=10) <= edit.at < now]
        return len(recent) <= 2 and not any(edit.heavy for edit in recent)

    def matters(self, morning: date) -> Iterator[Planted]:
        """What stands on a morning for a reason: dearer leads, and prices above an agreed one."""
        for account in self.accounts.values():
            if self.is_true("cpl-up", account.id, morning):
                rises = [e for e in account.effects if e.kind == "rise" and _dearer(e, morning)]
                # The end of a cheap time, or a slow rise, is real and nothing that everybody must see.
                yield self._rise(account, rises[0] if rises else None, morning)
            if self.is_true("cpl-over-target", account.id, morning):
                causes = [e for e in account.effects if e.price > 1 and not e.even and e.first < morning <= e.last]
                if causes:
                    yield self._dear(account, causes[0], morning)

    def near_misses(self, morning: date) -> Iterator[NearMiss]:
        """Things that look like matters on a morning and are none."""
        yield from self._dear_weekends(morning)
        for plan in self.plans:
            first, last = plus(plan.effect.first, 1), plus(plan.last, 2)
            for rule in plan.near:
                if first <= morning <= last and not self.is_true(rule, plan.account, morning):
                    yield NearMiss(
                        rule=rule, id=plan.account, kind=WORDS[plan.effect.kind],
                        client=self.accounts[plan.account].client,
                    )  # fmt: skip

    def _dear_weekends(self, morning: date) -> Iterator[NearMiss]:
        """On Mondays: accounts whose leads cost more on every weekend."""
        for account in self.accounts.values() if morning.weekday() == 0 else ():
            if account.weekend_value < 0.88 and not self.is_true("cpl-up", account.id, morning):
                yield NearMiss(rule="cpl-up", id=account.id, kind="dear on every weekend", client=account.client)

    def _rise(self, account: Account, effect: Effect | None, morning: date) -> Planted:
        usual = account.spend(plus(morning, -1)) + 0.01
        worth = self.cost_a_day(account.id, morning) > 1.5 * max(25.0, 0.05 * usual)
        # Whoever takes a heavy edit for a new beginning has a short base to judge by.
        heavy = any(edit.heavy and plus(morning, -40) < edit.at.date() < morning for edit in self.edits(account.id))
        clear = effect is not None and effect.last >= plus(morning, -1) and worth and not heavy
        return Planted(
            rule="cpl-up", id=account.id, client=account.client, since=effect.first if effect else None,
            grey=not (clear and self.stands_out(account.id, morning) >= CLEAR),
        )  # fmt: skip

    def _dear(self, account: Account, effect: Effect, morning: date) -> Planted:
        over = self.over_target(account.id, morning, skip=account.settling)
        week = self.history(account.id).price(morning, skip=account.settling)
        enough = week is not None and week[1] >= 20 and effect.kind != "definition"
        return Planted(
            rule="cpl-over-target", id=account.id, client=account.client, since=effect.first,
            grey=not (over > 1.15 and enough),
        )  # fmt: skip

    # --- ordinary accounts ------------------------------------------------------------------------------------------

    def _account(self, number: int) -> Account:
        draw = stream(self.seed, "account", number)
        clients = self.people.clients
        # Every client has one, the first ones a second on the other platform: so 25 clients have 44 accounts.
        round_, index = divmod(number, len(clients))
        client = clients[index]
        platform = "google" if (index + round_) % 2 == 0 else "meta"
        leads = math.exp(draw.uniform(math.log(2), math.log(150)))
        price = math.exp(draw.gauss(math.log(11), 0.45))
        click_price = price * draw.uniform(0.025, 0.08)
        return Account(
            id=_account_id(platform, number), name=f"{client.name} {'Search' if platform == 'google' else 'Social'}",
            client=client.name, platform="google" if platform == "google" else "meta",
            owner=draw.one_of(self.people.with_role("ads")), leads=leads, price=price, click_price=click_price,
            click_rate=draw.uniform(0.006, 0.05), dispersion=1.4 + draw.random() * 1.0 + 0.001 * leads,
            weekend=draw.uniform(0.4, 1.0), weekend_value=draw.uniform(0.82, 1.05), drift=draw.uniform(0.0, 0.04),
            phase=draw.uniform(0, 6.28), late=0.0 if platform == "google" else draw.uniform(0.03, 0.12),
            target=round(price * draw.uniform(1.3, 1.9)) if draw.chance(0.4) else None,
            campaigns=_campaigns(draw, number), edits_a_week=draw.one_of((0.3, 0.5, 1.0, 2.0, 4.0, 7.0)),
        )  # fmt: skip


KINDS = ("rise",) * 8 + ("dear",) * 3 + ("better", "luck", "luck", "bad day", "definition", "paused", "just under")
WORDS = {
    "better": "leads became cheaper",
    "luck": "+18 % in a small account",
    "bad day": "one bad day",
    "definition": "another definition of a lead",
    "paused": "paused account",
    "just under": "just under the target",
}


def _dearer(effect: Effect, morning: date) -> bool:
    """Whether leads were dearer in the last week than before for a reason: an effect, or the end of a cheap time."""
    if effect.kind == "better":
        return effect.last < plus(morning, -1) <= plus(effect.last, 28)
    if effect.even or effect.kind in {"definition", "paused"} or effect.price <= 1.01:
        return False
    return any(effect.strength(plus(morning, -back)) > 0 for back in range(1, 11))


def _fits(kind: str, account: Account) -> bool:
    if kind == "luck":
        return 8 <= account.leads <= 22
    if kind == "bad day":
        return 25 <= account.leads <= 80
    if kind in {"dear", "just under"}:
        return account.leads >= 6 and account.target is None
    if kind == "definition":
        # Against an agreed price another definition would be a matter of its own.
        return account.target is None
    return kind != "rise" or account.leads >= 12


def _planned(kind: str, draw: Chance, account: Account, day: date) -> Plan:
    """What happens to an account from a day on. Sizes and lengths are drawn without a look at any threshold."""
    last = plus(day, draw.span(12, least=2, most=30))
    rise = 1 + math.exp(draw.gauss(math.log(0.45), 0.6))
    if kind == "rise":
        by_clicks = draw.chance(0.3)
        effect = Effect(
            kind="rise", first=day, last=last, visitors=1.0 if by_clicks else 1 / rise,
            clicks=rise if by_clicks else 1.0,
        )  # fmt: skip
        return Plan(account=account.id, effect=effect)
    if kind == "dear":
        last = plus(day, draw.between(25, 45))
        effect = Effect(kind="dear", first=day, last=last, visitors=1 / draw.uniform(1.1, 1.9), ramp=True)
        return Plan(account=account.id, effect=effect)
    if kind == "better":
        effect = Effect(kind="better", first=day, last=last, visitors=draw.uniform(1.3, 1.9))
        return Plan(account=account.id, effect=effect, near=("cpl-up",))
    if kind == "luck":
        effect = Effect(kind="luck", first=day, last=plus(day, 6), visitors=1 / 1.18, even=True)
        return Plan(account=account.id, effect=effect, near=("cpl-up",))
    if kind == "bad day":
        effect = Effect(kind="bad day", first=day, last=day, visitors=0.66, even=True)
        return Plan(account=account.id, effect=effect, near=("cpl-up",))
    if kind == "definition":
        effect = Effect(kind="definition", first=day, last=plus(day, 500), visitors=draw.uniform(0.4, 0.7))
        return Plan(account=account.id, effect=effect, near=("cpl-up",), days=34)
    if kind == "paused":
        effect = Effect(kind="paused", first=day, last=plus(day, draw.between(6, 20)))
        return Plan(account=account.id, effect=effect, near=("cpl-up",))
    last = plus(day, draw.between(20, 40))
    effect = Effect(kind="just under", first=day, last=last, visitors=1 / draw.uniform(1.15, 1.25), ramp=True)
    return Plan(account=account.id, effect=effect, near=("cpl-over-target",))


def _campaigns(draw: Chance, number: int) -> tuple[Campaign, ...]:
    count = draw.between(2, 4)
    weights = [draw.uniform(1, 4) for _ in range(count)]
    return tuple(
        Campaign(
            id=f"{700_000 + number * 10 + index}", name=name, share=weight / sum(weights),
            price=draw.uniform(0.7, 1.4),
        )
        for index, (name, weight) in enumerate(zip(draw.some_of(names.CAMPAIGNS, count), weights, strict=True))
    )  # fmt: skip


def _account_id(platform: str, number: int) -> str:
    code = 1_000_000_000 + number * 7_654_321 % 8_999_999_999
    return f"{code // 10_000_000:03d}-{code // 10_000 % 1000:03d}-{code % 10_000:04d}" if platform == "google" else (
        f"act_{code}"
    )  # fmt: skip


def _sums(account: Account, morning: date, back: int, days: int) -> tuple[float, float]:
    """Expected dollars and leads over so many days, the last of which lies `back` days before a morning."""
    chosen = [plus(morning, -back - n) for n in range(days)]
    return sum(account.spend(day) for day in chosen), sum(account.expected(day) for day in chosen)


# --- change history ------------------------------------------------------------------------------------------------

SMALL = (
    ("keyword", "Keyword paused", "Status", "Enabled", "Paused"),
    ("keyword", "Negative keyword added", "Keyword", "", "free"),
    ("ad", "Ad created", "Ad", "", "New headline"),
    ("keyword", "Bid changed", "Max. CPC", "1.20", "1.30"),
    ("asset", "Asset added", "Image", "", "summer.png"),
)
HEAVY = (
    ("campaign", "Budget changed", "Daily budget", "100.00", "190.00"),
    ("campaign", "Campaign paused", "Status", "Enabled", "Paused"),
    ("campaign", "Bid strategy changed", "Bid strategy", "Manual CPC", "Maximize conversions"),
)


def _edits(draw: Chance, account: Account, first: date, last: date) -> Iterator[Edit]:
    day = plus(first, 1)
    heavy_days = {
        plus(effect.first, -1)
        for effect in account.effects
        if effect.kind == "rise" and stream("heavy", account.id, effect.first).chance(0.25)
    }
    while day < last:
        if day.weekday() < 5:
            for _ in range(draw.poisson(account.edits_a_week / 5)):
                yield _edit(draw, account, day, draw.one_of(SMALL))
            if day in heavy_days or draw.chance(0.004):
                yield _edit(draw, account, day, draw.one_of(HEAVY), heavy=True)
        day = plus(day, 1)


def _edit(
    draw: Chance, account: Account, day: date, what: tuple[str, str, str, str, str], *, heavy: bool = False
) -> Edit:
    level, change, field, old, new = what
    campaign = draw.one_of(account.campaigns)
    at = moment(day, draw.between(9, 17), draw.between(0, 59))
    return Edit(
        account=account.id, campaign=campaign.name, at=at, user=account.owner.email, level=level,
        object=campaign.name if level == "campaign" else f"{level} {draw.between(1, 400)}", change=change, field=field,
        old=old, new=new, heavy=heavy,
    )  # fmt: skip


# --- the known sentence --------------------------------------------------------------------------------------------

BRIGHTSIDE = "410-222-7185"


def _brightside(people: People, today: date) -> Account:
    """Brightside before the known week: 200 leads a day at $8.40, hardly overdispersed, nothing else going on."""
    owner: Human = people.staff_named("Lena")
    campaigns = (
        Campaign(id="810001", name="Generic", share=0.7, price=1.0),
        Campaign(id="810002", name="Brand", share=0.3, price=1.0),
    )
    rise = Effect(kind="rise", first=plus(today, -7), last=plus(today, 9), visitors=0.84)
    return Account(
        id=BRIGHTSIDE, name="Brightside Search", client="Brightside", platform="google", owner=owner, leads=200.0,
        price=8.40, click_price=0.336, click_rate=0.031, dispersion=1.1, weekend=0.8, weekend_value=1.0, drift=0.0,
        phase=0.0, late=0.0, target=None, campaigns=campaigns, effects=(rise,), edits_a_week=0.3,
    )  # fmt: skip


def _known_figures(found: History, today: date) -> History:
    """The picture's totals: $47,040 and 5,600 leads in 28 days, then $11,760 and 1,176 leads in seven.

    Yesterday and its weekday before are at their weeks' prices: by how much a single day differs is chance, and the
    sentence is not to depend on it.
    """
    base, week = [plus(today, -back) for back in range(8, 36)], [plus(today, -back) for back in range(1, 8)]
    days = {}
    for campaign, tenths in (("810001", 7), ("810002", 3)):
        mine = exactly(found.days[campaign], base, 4_704_000 * tenths // 10, 5_600 * tenths // 10)
        mine = exactly(mine, week, 1_176_000 * tenths // 10, 823 if tenths == 7 else 353)
        days[campaign] = _at_price(_at_price(mine, base, 8.40), week, 10.0)
    return replace(found, days=days)


def _at_price(days: Mapping[date, Day], chosen: list[date], price: float) -> dict[date, Day]:
    """The same totals with the first of the chosen days at a price."""
    first, *others = chosen
    fixed = replace(days[first], leads=round(days[first].spend / 100 / price))
    cents, leads = sum(days[day].spend for day in chosen), sum(days[day].leads for day in chosen)
    return {**exactly(days, others, cents - fixed.spend, leads - fixed.leads), first: fixed}


def _two_keywords(account: Account, today: date) -> tuple[Edit, ...]:
    """Two keywords paused two days ago, and an ad made long before."""
    day = on_workday(plus(today, -2))
    times = [datetime(day.year, day.month, day.day, 11, minute, tzinfo=ZONE) for minute in (5, 9)]
    paused = [
        Edit(
            account=account.id, campaign="Generic", at=at, user=account.owner.email, level="keyword",
            object=f"keyword {number}", change="Keyword paused", field="Status", old="Enabled", new="Paused",
        )
        for number, at in enumerate(times, 17)
    ]  # fmt: skip
    early = replace(paused[0], at=moment(on_workday(plus(today, -25)), 15), change="Ad created", level="ad",
                    object="ad 4", field="Ad", old="", new="New headline")  # fmt: skip
    return (early, *paused)


def accounts_of(ads: Ads, company: Company) -> list[Account]:
    """A client's accounts."""
    return [account for account in ads.accounts.values() if account.client == company.name]
