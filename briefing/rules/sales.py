"""Rules about sales: proposals that were viewed and not answered, deals that rest, close dates that passed.

Where a sentence says that nobody answered, every message and meeting that may concern the matter counts as an answer
(`briefing.rules.contact`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from briefing import words
from briefing.facts import Deal, Meeting, Message, Money, Person, Proposal
from briefing.items import Factor, FactorKind, Figure, Item, Stake
from briefing.morning import Morning
from briefing.reading.text import folded
from briefing.rules import Need, rule
from briefing.rules.contact import Concern, Post, concern_of
from briefing.rules.turns import Sides
from briefing.rules.view import Facts, Limits

PROPOSAL_STAGES = ("watch", "act", "urgent")
DEAL_STAGES = ("close-passed-lately", "idle", "close-passed", "close-passed-long")
"""Both rules about a deal are stages of one matter, from the mildest to the worst."""

SIGNED = Decimal("0.25")
"""Share of silent proposals that are signed in the end: a setting, until the store holds a history."""

EARLY = Decimal("0.05")
"""The same at two workdays, when silence is still usual."""

WON = Decimal("0.25")
"""A deal's chance where its source gives no probability."""

LONG_SILENCE = 30
"""From so many days on a deal's chance shrinks with its silence."""

BEFORE_LATEST = timedelta(days=14)
"""How far before the latest possible view an answer is looked for, where nobody says when it was sent."""

LATE_STAGE = re.compile(r"proposal|quote|contract|negotiat|decision|verbal|commit|closing|offer|sow\b", re.IGNORECASE)
DOCUMENT = re.compile(
    r"\b(?:proposal|quote|quotation|contract|agreement|offer|estimate|sow|retainer letter)\b", re.IGNORECASE
)


# --- proposals -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """Since when a proposal is known to be in the client's hands."""

    moment: datetime
    latest: bool = False
    """It was viewed then or earlier."""

    review: bool = False
    """It was taken into review then; when it was first viewed is not known."""

    def told(self, morning: Morning) -> str:
        """`viewed 6 days ago`."""
        day = morning.date_of(self.moment)
        if self.latest:
            return f"viewed on {words.long_day(day, morning.today)} or earlier"
        days = (morning.today - day).days
        return f"in review for {words.count(days, 'day')}" if self.review else f"viewed {words.ago(days)}"


@rule(
    "proposal-viewed",
    matter="proposal",
    stages=PROPOSAL_STAGES,
    needs=(
        Need(Proposal, whole=True),
        Need(Message, whole=True, every_source=True),
        Need(Meeting, every_source=True, optional=True),
        Need(Deal, every_source=True, optional=True),
    ),
    price=5000,
    share="0.01",
    limits={"watch_workdays": 2, "act_days": 4, "urgent_days": 6, "oldest_days": 90},
)
def proposal_viewed(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """A client has viewed a proposal and not answered.

    An answer is a message of theirs since the view, a meeting with them, or a contact in the linked deal. Silent where
    nobody says since when it is viewed, and on what was viewed longer ago than 90 days.
    """
    sides = Sides(facts.directory, morning.audience)
    post = Post(facts, morning, sides)
    for proposal in facts.here(Proposal):
        view = _view(proposal)
        if view is None or (stage := _proposal_stage(proposal, view, facts, morning, limits)) is None:
            continue
        deal = linked_deal(proposal, facts.of(Deal), facts)
        concern = concern_of(facts, sides, proposal, _recipients(proposal, facts))
        if not _is_answered(proposal, view, deal, concern, post, morning):
            item = _viewed(facts, morning, proposal, view, stage, deal, concern)
            most = limits.number("oldest_days", client=facts.client(proposal))
            silent = morning.date_of(view.moment) + timedelta(days=int(most) + 1) if most <= 366 else None
            yield replace(item, silent_from=silent)


def _view(proposal: Proposal) -> _View | None:
    """When it was first viewed, as exactly as the source knows; None where nobody knows."""
    if proposal.state not in {"viewed", "in_review"}:
        return None
    if proposal.first_viewed is not None:
        return _View(moment=proposal.first_viewed)
    if proposal.state_since is None or proposal.since_quality == "unknown":
        return None
    exact = proposal.since_quality == "exact"
    return _View(moment=proposal.state_since, latest=not exact, review=exact and proposal.state == "in_review")


def _proposal_stage(
    proposal: Proposal, view: _View, facts: Facts, morning: Morning, limits: Limits
) -> str | None:  # fmt: skip
    """How far the silence has gone, in calendar days of the workspace's zone; never before two workdays."""
    client = facts.client(proposal)
    day = morning.date_of(view.moment)
    days = (morning.today - day).days
    if view.moment > morning.now or days > limits.number("oldest_days", client=client):
        return None
    if -morning.workdays_to(day) < limits.number("watch_workdays", client=client):
        return None
    if days >= limits.number("urgent_days", client=client):
        return "urgent"
    return "act" if days >= limits.number("act_days", client=client) else "watch"


def _recipients(proposal: Proposal, facts: Facts) -> tuple[Person, ...]:
    """Those on the other side: our own signers are left out."""
    return tuple(person for person in proposal.recipients if facts.directory.outside(person) is not False)


def linked_deal(proposal: Proposal, deals: Sequence[Deal], facts: Facts) -> Deal | None:
    """The deal a proposal belongs to: as its source says, else the one open deal of the same client and owner, else
    the same name. None where several could be meant.
    """
    client, owner = facts.client(proposal), facts.name(proposal.owner)
    tries: tuple[list[Deal], ...] = (
        [deal for deal in deals if deal.ref.id == proposal.deal],
        [deal for deal in deals if folded(deal.name) == folded(proposal.deal)],
    )
    if not proposal.deal:
        open_ones = [deal for deal in deals if client and owner and deal.state == "open"]
        tries = (
            [deal for deal in open_ones if facts.client(deal) == client and facts.name(deal.owner) == owner],
            [deal for deal in deals if folded(deal.name) == folded(proposal.name)],
        )
    return next((found[0] if len(found) == 1 else None for found in tries if found), None)


def _is_answered(
    proposal: Proposal, view: _View, deal: Deal | None, concern: Concern, post: Post, morning: Morning
) -> bool:
    """Whether the other side was in touch since the view, in any place that was read."""
    start = view.moment
    if view.latest:
        # The view may lie before: an answer since the proposal went out counts.
        start = min(proposal.sent or start - BEFORE_LATEST, start)
    if proposal.day_only:
        start = datetime.combine(morning.date_of(start), time(), morning.zone)
    if any(concern.wrote(letter) for letter in post.since(start)):
        return True
    held = (one for one in concern.facts.of(Meeting) if one.starts >= start and one.ends <= morning.now)
    if any(concern.met(meeting) for meeting in held):
        return True
    if deal is None:
        return False
    return deal.state != "open" or _was_contacted(deal, start, proposal, morning)


def _was_contacted(deal: Deal, start: datetime, proposal: Proposal, morning: Morning) -> bool:
    """Whether the deal shows a contact since the view.

    A contact without a time of day on the day of the view is taken for the sending, where it was sent that day.
    """
    if deal.last_contact is None:
        return False
    contact, viewed = morning.date_of(deal.last_contact), morning.date_of(start)
    if contact != viewed or deal.last_contact.astimezone(morning.zone).time() != time():
        return deal.last_contact >= start
    return proposal.sent is None or morning.date_of(proposal.sent) != viewed


def _viewed(
    facts: Facts, morning: Morning, proposal: Proposal, view: _View, stage: str, deal: Deal | None, concern: Concern
) -> Item:
    name, told = _called(facts, proposal), view.told(morning)
    amount = _positive(proposal.amount)
    places = _looked_in(facts, proposal, deal)
    return Item(
        rule="proposal-viewed",
        matter="proposal",
        stage=stage,
        about=proposal.ref,
        root=deal.ref if deal else None,
        client=facts.client(proposal),
        headline=f"{name}: {told}, no answer.{f' {words.money(amount)}.' if amount else ''}",
        line=f"{name}: {told}, no answer{f'; {words.money(amount)}' if amount else ''}.",
        body=(
            f"No reply in {', '.join(places)}.",
            *_meeting_today(facts, morning, concern),
            *_expiry(proposal, morning),
        ),
        ask="follow up or hold?",
        owner=proposal.owner or (deal.owner if deal else None),
        since=morning.date_of(view.moment),
        stake=_stake(amount, facts, proposal, deal),
        likelihood=_signed(stage),
        short="proposal",
        people=_recipients(proposal, facts),
        evidence=(
            facts.evidence(proposal, f"{proposal.native_state or proposal.state}, {_when(view, proposal, morning)}"),
            *((facts.evidence(deal, f"{deal.name}, {deal.stage or deal.state}"),) if deal else ()),
        ),
        figures=(
            *((Figure(name="views", value=str(proposal.views)),) if proposal.views is not None else ()),
            *(
                (
                    Figure(
                        name="last viewed", value=words.dated_day(morning.date_of(proposal.last_viewed), morning.today)
                    ),
                )
                if proposal.last_viewed
                else ()
            ),
        ),
        looked_in=places,
        gone_when="an answer, another status, or a decision of yours",
    )


def _called(facts: Facts, fact: Proposal | Deal) -> str:
    """`Northwind retainer proposal`: the name with the client before it and what it is behind, unless it says so."""
    client = facts.client_or_name(fact)
    name = fact.name if not client or client.casefold() in fact.name.casefold() else f"{client} {fact.name}"
    return f"{name} proposal" if isinstance(fact, Proposal) and not DOCUMENT.search(fact.name) else name


def _positive(amount: Money | None) -> Money | None:
    return amount if amount is not None and amount.amount > 0 else None


def _looked_in(facts: Facts, proposal: Proposal, deal: Deal | None) -> tuple[str, ...]:
    """Where an answer would stand: the proposals, the deal where it shows contacts, every mail and chat."""
    places = dict.fromkeys(facts.looked_in(Proposal, source=proposal.ref.source))
    if deal is not None and (deal.last_contact is not None or "last_contact" in deal.known):
        places |= dict.fromkeys(facts.looked_in(Deal, source=deal.ref.source))
    return tuple(places | dict.fromkeys(facts.looked_in(Message)))


def _meeting_today(facts: Facts, morning: Morning, concern: Concern) -> tuple[str, ...]:
    """`Meeting 10:00.` where one with the other side is still to come today."""
    ahead = [
        meeting.starts
        for meeting in facts.of(Meeting)
        if meeting.ends > morning.now and not meeting.all_day and morning.date_of(meeting.starts) == morning.today
        and concern.met(meeting)
    ]  # fmt: skip
    return (f"Meeting {words.clock(min(ahead).astimezone(morning.zone))}.",) if ahead else ()


def _expiry(proposal: Proposal, morning: Morning) -> tuple[str, ...]:
    if proposal.expires is None or (proposal.expires - morning.today).days > 3:
        return ()
    verb = "Expires" if proposal.expires >= morning.today else "Expired"
    return (f"{verb} {words.day(proposal.expires, morning.today)}.",)


def _when(view: _View, proposal: Proposal, morning: Morning) -> str:
    moment = view.moment.astimezone(morning.zone)
    day = words.dated_day(moment.date(), morning.today)
    clock = "" if proposal.day_only else f" {words.clock(moment)}"
    return f"{'since ' if view.review else 'first viewed '}{day}{clock}{' or earlier' if view.latest else ''}"


def _stake(amount: Money | None, facts: Facts, proposal: Proposal, deal: Deal | None) -> Stake:
    """A proposal and its deal are the same money."""
    root = deal or proposal
    key = f"{'deal' if deal else 'proposal'}:{root.ref.source}:{root.ref.id}"
    place = next(iter(facts.looked_in(Proposal, source=proposal.ref.source)), proposal.ref.source)
    return Stake(key=key) if amount is None else Stake(amount=amount, kind="fact", key=key, source=f"{place}, total")


def _signed(stage: str) -> Factor:
    early = stage == "watch"
    source = "a setting: silence is still usual" if early else "a setting: no history of your own yet"
    return Factor(name="signed in the end", value=EARLY if early else SIGNED, kind="setting", source=source)


# --- deals ---------------------------------------------------------------------------------------------------------


@rule(
    "deal-idle",
    matter="deal",
    stages=DEAL_STAGES,
    needs=(
        Need(Deal, whole=True),
        Need(Message, every_source=True, optional=True),
        Need(Meeting, every_source=True, optional=True),
    ),
    price=3000,
    share="0.003",
    limits={"days": 14, "middle_days": 10, "late_workdays": 5},
)
def deal_idle(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """Nobody has been in touch about an open deal for longer than its stage allows, and nothing is planned.

    The limit is the source's own, else 14 days, 10 in the middle of the pipeline, 5 workdays from the proposal on.
    Mail, chat and meetings with the deal's people count where they were read; the date of the last edit never does.
    """
    sides, pipelines = Sides(facts.directory, morning.audience), _pipelines(facts.here(Deal))
    post = Post(facts, morning, sides)
    for deal in facts.here(Deal):
        if deal.state != "open" or (deal.next_activity is not None and deal.next_activity >= morning.today):
            continue
        part = _part_of_pipeline(deal, pipelines)
        logged = max((at for at in (deal.last_contact, deal.last_activity) if at is not None), default=None)
        if logged is None or logged > morning.now or not _is_over(deal, part, logged, facts, morning, limits):
            continue
        concern = concern_of(facts, sides, deal, deal.contacts)
        seen = [one.message.at for one in post.since(logged) if concern.took_part(one)]
        seen += [one.starts for one in facts.of(Meeting) if one.starts > logged and concern.met(one)]
        last = max([logged, *seen])
        if last <= morning.now and _is_over(deal, part, last, facts, morning, limits):
            yield _idle(facts, morning, deal, last)


def _is_over(deal: Deal, part: str, last: datetime, facts: Facts, morning: Morning, limits: Limits) -> bool:
    """Whether the silence is longer than the deal's stage allows."""
    client, day = facts.client(deal), morning.date_of(last)
    days, workdays = (morning.today - day).days, -morning.workdays_to(day)
    if deal.idle_limit:
        return days >= deal.idle_limit
    if part == "late":
        return workdays >= limits.number("late_workdays", client=client)
    return days >= limits.number("middle_days" if part == "middle" else "days", client=client)


def _pipelines(deals: Sequence[Deal]) -> dict[str, int]:
    """Of each pipeline the order of its first late stage; one beyond the last where no name tells."""
    orders: dict[str, dict[int, str]] = defaultdict(dict)
    for deal in deals:
        if deal.stage_order is not None:
            orders[deal.pipeline][deal.stage_order] = deal.stage
    return {
        pipeline: min((order for order, name in stages.items() if LATE_STAGE.search(name)), default=max(stages) + 1)
        for pipeline, stages in orders.items()
    }


def _part_of_pipeline(deal: Deal, late_from: Mapping[str, int]) -> str:
    """Early, middle, or late: from the first stage on whose name is a proposal's. Early where no order is known."""
    if deal.stage_order is None:
        return "early"
    late = late_from[deal.pipeline]
    if deal.stage_order >= late:
        return "late"
    return "early" if deal.stage_order * 2 < late else "middle"


def _idle(facts: Facts, morning: Morning, deal: Deal, last: datetime) -> Item:
    day = morning.date_of(last)
    days = (morning.today - day).days
    name, amount = _called(facts, deal), _positive(deal.amount)
    what = "activity" if last == deal.last_activity and last != deal.last_contact else "contact"
    places = (*facts.looked_in(Deal, source=facts.source), *facts.looked_in(Message))
    told = f"{name}: no {what} for {words.count(days, 'day')}"
    return Item(
        rule="deal-idle",
        matter="deal",
        stage="idle",
        about=deal.ref,
        client=facts.client(deal),
        headline=f"{told}.{f' {words.money(amount)}.' if amount else ''}",
        line=f"{told}{f'; {words.money(amount)}' if amount else ''}.",
        body=(f"Nothing since {words.dated_day(day, morning.today)} in {words.listed(dict.fromkeys(places), 'or')}.",),
        ask="follow up or let it rest?",
        owner=deal.owner,
        since=day,
        stake=_deal_stake(amount, facts, deal),
        likelihood=_won(deal, days),
        short="idle deal",
        people=deal.contacts,
        evidence=(facts.evidence(deal, f"last {what} {words.dated_day(day, morning.today)}, {deal.stage or 'open'}"),),
        looked_in=tuple(dict.fromkeys(places)),
        gone_when="a contact, a planned activity, the deal closed, or a decision of yours",
    )


@rule(
    "deal-close-passed",
    matter="deal",
    stages=DEAL_STAGES,
    needs=(Need(Deal),),
    price=3000,
    share="0.003",
    limits={"days": 1, "act_days": 3, "urgent_days": 14, "urgent_probability": 0.5},
)
def deal_close_passed(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """An open deal's expected close date is past."""
    for deal in facts.here(Deal):
        if deal.state != "open" or deal.expected_close is None:
            continue
        client = facts.client(deal)
        days = (morning.today - deal.expected_close).days
        if days < max(limits.number("days", client=client), 1):
            continue
        likely = deal.probability is not None and deal.probability >= limits.number("urgent_probability", client=client)
        stage = "close-passed-lately"
        if days >= limits.number("act_days", client=client):
            urgent = likely or days >= limits.number("urgent_days", client=client)
            stage = "close-passed-long" if urgent else "close-passed"
        yield _close_passed(facts, morning, deal, deal.expected_close, stage)


def _close_passed(facts: Facts, morning: Morning, deal: Deal, close: date, stage: str) -> Item:
    name, amount = _called(facts, deal), _positive(deal.amount)
    days = (morning.today - close).days
    told = f"{name}: close date {words.long_day(close, morning.today)} passed {words.ago(days)}, still open"
    return Item(
        rule="deal-close-passed",
        matter="deal",
        stage=stage,
        about=deal.ref,
        client=facts.client(deal),
        headline=f"{told}.{f' {words.money(amount)}.' if amount else ''}",
        line=f"{told}{f'; {words.money(amount)}' if amount else ''}.",
        ask="a new date, or closed?",
        owner=deal.owner,
        since=close,
        stake=_deal_stake(amount, facts, deal),
        likelihood=_won(deal, days),
        short="close date",
        people=deal.contacts,
        evidence=(
            facts.evidence(deal, f"expected to close {words.dated_day(close, morning.today)}, {deal.stage or 'open'}"),
        ),
        gone_when="another close date, the deal won or lost, or a decision of yours",
    )


def _deal_stake(amount: Money | None, facts: Facts, deal: Deal) -> Stake:
    key = f"deal:{deal.ref.source}:{deal.ref.id}"
    place = next(iter(facts.looked_in(Deal, source=deal.ref.source)), deal.ref.source)
    return Stake(key=key) if amount is None else Stake(amount=amount, kind="fact", key=key, source=f"{place}, amount")


def _won(deal: Deal, days: int) -> Factor:
    """The deal's chance, less after a month: an old date is mostly a forgotten one."""
    known = deal.probability is not None and 0 <= deal.probability <= 1
    chance = deal.probability if deal.probability is not None and known else WON
    value = chance * min(Decimal(1), Decimal(LONG_SILENCE) / max(days, 1))
    source = "the deal's own probability" if known else "a setting: the deal has no probability"
    if days > LONG_SILENCE:
        source += f", less after {LONG_SILENCE} days"
    kind: FactorKind = "estimate" if known else "setting"
    return Factor(name="won in the end", value=value.quantize(Decimal("0.01")), kind=kind, source=source)
