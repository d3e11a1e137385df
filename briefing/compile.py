"""From facts to a briefing. Pure: the same store and clock give the same bytes.

Readings get their status; facts get their clients and people; rules run where their needs are met; items are priced,
gathered into stories and put in order; the day, the tables and what was not checked are written beside them.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from functools import partial
from typing import Any

from briefing import coverage, folded, memory, policy, replies, since, words
from briefing.agenda import agenda
from briefing.clients import Client, directory
from briefing.decisions import Decision
from briefing.document import (
    AdsTable,
    Briefing,
    ByMail,
    CardAmount,
    CardDoc,
    CardPart,
    Changes,
    EvidenceLine,
    FactorLine,
    ItemDoc,
    Link,
    Lost,
    Owner,
    PlaceValue,
    ScorecardTable,
    SourceCoverage,
)
from briefing.facts import AdAccount, Fact, Meeting, Money, Person
from briefing.items import Card, Evidence, Factor, Priced
from briefing.last_known import last_known
from briefing.memory import Comparison, Ground, Past
from briefing.morning import Morning
from briefing.policy import Policy
from briefing.ranking import Order, Prices, cards, deserves_full, in_order, price, with_ids
from briefing.rules import Rule, load_all
from briefing.rules.ads_table import ads_table
from briefing.rules.engine import NotRun, Outcome, run
from briefing.rules.scorecard import scorecard_table
from briefing.rules.view import AdSeries, Facts, Limits, facts_of
from briefing.scope import Scope, still_found
from briefing.store import Snapshot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the configuration says about compiling."""

    workspace: str = "Workspace"
    clients: tuple[Client, ...] = ()
    own_domains: tuple[str, ...] = ()
    disabled: frozenset[str] = frozenset()
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Thresholds per rule, with `clients` and `types` tables inside."""

    prices: Prices = field(default_factory=lambda: Prices(base=""))
    order: Order = field(default_factory=Order)
    freshness: coverage.Freshness = field(default_factory=coverage.Freshness)
    notices: tuple[str, ...] = ()
    why_suffix: str = ""
    answered: bool = False
    """Whether the reader's answers are read: not in a run of `try` or `demo`."""
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A briefing, and what `why --not` needs besides."""

    briefing: Briefing
    outcomes: tuple[Outcome, ...]
    facts: Facts
    found: tuple[Priced, ...]
    """Every item of today, with its printed id, whatever the page shows of it."""

    ground: Ground
    judged: Policy


def compile_briefing(
    snapshot: Snapshot, series: AdSeries, plan: Plan, morning: Morning, past: Past | None = None,
    said: Sequence[Decision] = (),
) -> Compiled:  # fmt: skip
    """One edition for one audience. `past`: the last that was delivered on an earlier date; `said`: what the audience
    said of items.
    """
    reader = morning.of_reader
    found = coverage.readings(snapshot, reader.now, plan.freshness)
    people = directory(
        snapshot.facts, clients=plan.clients, own_domains=plan.own_domains, today=morning.today,
        calendar=morning.calendar,
    )  # fmt: skip
    apart = None if plan.freshness.as_exported else plan.freshness.apart
    known = frozenset(trace.id for trace in past.traces) if past is not None else frozenset[str]()
    heard = [fact for fact in snapshot.facts if not replies.is_answer(fact, morning.audience, known)]
    facts = facts_of(heard, readings=found, directory=people, series=series, apart=apart)
    rules = {name: rule for name, rule in load_all().items() if name not in plan.disabled}
    outcomes = tuple(_run(rule, facts, morning, plan) for rule in rules.values())
    prices = replace(plan.prices, base=plan.prices.base or frequent_currency(snapshot.facts))
    everything = with_ids(
        [price(item, rules[item.rule], morning, prices) for outcome in outcomes for item in outcome.items]
    )
    priced = plan.scope.told(everything, morning.audience)
    left_out = [one for one in everything if one not in priced]
    found_today, ground = tuple(priced), _ground(rules, outcomes, facts, reader, plan)
    compared = None
    if (past := still_found(past, left_out)) is not None:
        compared = memory.compare(past, priced, ground, reader)
    judged = policy.judge(said, priced, compared, rules, facts, reader)
    if compared is not None:
        compared = policy.remembered(compared, judged, reader)
        priced = memory.applied(priced, compared, reader)
    if plan.order.use_marks:
        priced = policy.weighed(priced, judged)
    told = [one for one in priced if judged.folded(one.id) is None]
    deck = cards(told, morning, plan.order)
    covered = coverage.of_sources(found, [one for outcome in outcomes for one in outcome.not_run], reader)
    plan = replace(plan, notices=(*plan.notices, *plan.scope.notice(len(left_out))))
    writer = _Writer(plan, morning, facts, prices, compared, judged)
    return Compiled(
        briefing=writer.write(deck, priced, memory.with_told(covered, past), outcomes, rules, snapshot),
        outcomes=outcomes,
        facts=facts,
        found=found_today,
        ground=ground,
        judged=judged,
    )


def _ground(
    rules: Mapping[str, Rule], outcomes: Sequence[Outcome], facts: Facts, morning: Morning, plan: Plan
) -> Ground:
    """What is known of today, for what is not found any more."""
    over = (one.ref for one in facts.of(Meeting) if one.ends <= morning.now)
    return Ground(
        rules=rules, outcomes={one.rule: one for one in outcomes}, facts=facts, reach=WINDOW_BACK,
        limits=_marks(plan, rules), over=frozenset(f"{ref.source}:{ref.kind}:{ref.id}" for ref in over),
    )  # fmt: skip


def _marks(plan: Plan, rules: Mapping[str, Rule]) -> Mapping[str, str]:
    return {name: memory.mark(limits_of(plan, rule)) for name, rule in rules.items()}


def _run(rule: Rule, facts: Facts, morning: Morning, plan: Plan) -> Outcome:
    """Run a rule; a fault of ours costs that rule, is told, and keeps the morning from being called quiet."""
    try:
        at = morning.of_reader if rule.matter == "meeting" else morning  # the reader's day is by the reader's clock
        return run(rule, facts, at, limits_of(plan, rule))
    except Exception as error:
        log.exception("rule %s failed", rule.name)
        fault = NotRun(
            rule=rule.name, source="", need="", why=f"a fault of ours ({type(error).__name__})", blocked_by="briefing"
        )
        return Outcome(rule=rule.name, not_run=(fault,))


def limits_of(plan: Plan, rule: Rule) -> Limits:
    """A rule's thresholds with what the configuration overrides."""
    table = dict(plan.overrides.get(rule.name, {}))
    return Limits(
        defaults=rule.limits, by_client=table.pop("clients", {}), by_type=table.pop("types", {}), overrides=table
    )


def frequent_currency(facts: Sequence[Fact]) -> str:
    """The currency most facts are in; USD where there is none."""
    seen: Counter[str] = Counter()
    for fact in facts:
        if isinstance(fact, AdAccount) and fact.currency:
            seen[fact.currency] += 1
        for name in ("amount", "budget"):
            value = getattr(fact, name, None)
            if isinstance(value, Money):
                seen[value.currency] += 1
    return min(seen, key=lambda currency: (-seen[currency], currency)) if seen else "USD"


class _Writer:
    """Puts cards and coverage into the document's words."""

    def __init__(
        self, plan: Plan, morning: Morning, facts: Facts, prices: Prices, compared: Comparison | None, judged: Policy
    ) -> None:
        self.plan, self.facts, self.prices, self.compared = plan, facts, prices, compared
        self.morning, self.work = morning.of_reader, morning
        self.judged = judged

    def write(
        self, deck: Sequence[Card], priced: Sequence[Priced], covered: tuple[SourceCoverage, ...],
        outcomes: Sequence[Outcome], rules: Mapping[str, Rule], snapshot: Snapshot,
    ) -> Briefing:  # fmt: skip
        morning, plan, rules_total = self.morning, self.plan, len(rules)
        full = sum(card.full for card in deck)
        shown = [card for n, card in enumerate(deck) if n < full + plan.order.lines or card.stood]
        numbers = {one.id: n for n, card in enumerate(shown, 1) for one in card.members}
        placed = [one for card in shown for one in card.members]
        rest = in_order(one for card in deck if card.lead.id not in numbers for one in card.members)
        away = in_order(one for one in priced if self.judged.folded(one.id) is not None)
        ran = sum(bool(outcome.ran_on) for outcome in outcomes)
        quiet = self._is_quiet(deck, covered, outcomes)
        times = [one.fetched_at for one in self.facts.readings if one.fetched_at]
        return Briefing(
            workspace=plan.workspace, audience=morning.audience.name, date=morning.today, timezone=str(morning.zone),
            compiled_at=morning.now, compared_with=since.name_of(self.compared.past, morning) if self.compared else "",
            subject=self._subject(deck, full, covered, quiet=quiet),
            verified_quiet=quiet,
            second_line=self._second_line(full, deck, covered, ran, rules_total, away, quiet=quiet),
            currency=self.prices.base, coverage=covered,
            coverage_lines=coverage.not_checked(
                covered, self.facts.readings, morning, plan.freshness, self._last_known(outcomes)
            ),
            cards=tuple(self._card(card, number) for number, card in enumerate(shown, 1)),
            more=tuple(one.id for one in rest), more_line=self._more(rest),
            items=tuple(self._item(one) for one in [*placed, *rest]),
            **self._folded(away),
            agenda=agenda(self.facts, morning, shown, [*rest, *away], numbers, self.judged.muted),
            ads=self._ads(), scorecard=self._scorecard(), notices=self._notices(outcomes, snapshot),
            rules_run=ran, rules_total=rules_total, facts_read=sum(r.rows for r in self.facts.readings),
            next_edition=f"{morning.next_edition:%A} {EDITION:%H:%M}",
            read_from=min(times, default=None), read_to=max(times, default=None), why_suffix=plan.why_suffix,
            changes=self._changes([*placed, *rest]),
            by_mail=self._by_mail(snapshot.facts),
            resolved=since.resolved(self.compared, rules, self.facts, morning) if self.compared else (),
            traces=policy.marked(memory.traces(
                priced, frozenset(one.id for card in deck if card.full for one in card.members), self.compared,
                morning.today, _marks(self.plan, rules),
            ), self.judged),
        )  # fmt: skip

    def _by_mail(self, read: Sequence[Fact]) -> ByMail | None:
        """Where cards may be answered by mail: only where such an answer would be read."""
        address = replies.address_of(self.morning.audience)
        if not (self.plan.answered and address and replies.sends_mail(read, self.morning.audience)):
            return None
        return ByMail(address=address, until=replies.snooze_day(self.morning))

    def _ads(self) -> AdsTable:
        return ads_table(self.plan.scope.facts(self.facts), self.work)

    def _scorecard(self) -> ScorecardTable:
        """The organisation's: no client's numbers."""
        return ScorecardTable() if self.plan.scope.clients else scorecard_table(self.facts, self.work)

    def _changes(self, found: Sequence[Priced]) -> Changes:
        if self.compared is None:
            return Changes()
        told = policy.without_folded(self.compared, self.judged)
        back = {name: one.reason for name, one in self.judged.verdicts.items() if one.kind == "back"}
        return since.changes(told, found, self.morning, back)

    def _folded(self, away: Sequence[Priced]) -> dict[str, Any]:
        """What the reader's words keep off the page, as fields of the briefing."""
        unseen = self.compared.unchecked if self.compared else ()
        by_rule = policy.muted(away, self.judged)
        return {
            "decided": folded.decided(away, [one for one in unseen if one.id in self.judged.unseen], self.judged),
            "folded": tuple(self._item(one) for one in away), "muted_by_rule": by_rule,
            "muted_count": sum(one.count for one in by_rule), "snoozed_count": len(folded.snoozed(away, self.judged)),
            "hidden_line": folded.hidden_line(away, self.judged, self.morning),
        }  # fmt: skip

    def _last_known(self, outcomes: Sequence[Outcome]) -> Mapping[str, Sequence[str]]:
        rules = {name: rule for name, rule in load_all().items() if name not in self.plan.disabled}
        return last_known(self.facts, self.work, outcomes, rules, partial(limits_of, self.plan))

    # --- the first two lines ---------------------------------------------------------------------------------------

    def _is_quiet(self, deck: Sequence[Card], covered: Sequence[SourceCoverage], outcomes: Sequence[Outcome]) -> bool:
        """Nothing needs you: rules ran and found no item, or such alone as the reader decided, snoozed or muted, which
        the page counts; every source is whole, fresh and not refused since.
        """
        blocked = any(one.blocked_by for outcome in outcomes for one in outcome.not_run)
        whole = all(source.status == "whole" and not source.gaps for source in covered)
        ran = any(outcome.ran_on for outcome in outcomes)
        let_go = self.compared is not None and self.compared.is_left_open
        return bool(covered) and ran and not deck and not blocked and whole and not let_go

    def _subject(self, deck: Sequence[Card], full: int, covered: Sequence[SourceCoverage], *, quiet: bool) -> str:
        day = f"({self.morning.today:%a} {self.morning.today.day} {self.morning.today:%b})"
        whole = sum(source.status == "whole" for source in covered)
        if quiet:
            return f"Nothing needs you: {whole} of {words.count(len(covered), 'source')} read whole {day}"
        missing = [one.source for one in covered if _is_not_read(one) and _is_new(one)]
        still = self._still_open(deck)
        none = f"nothing new to decide, {still} still open" if still else "nothing to decide in what was read"
        count = f"{full} to decide" if full else none
        if missing:
            return f"{_names(missing, 2)} not read, {count} {day}"
        top = f": {deck[0].lead.item.line.rstrip('.')}" if full else ""
        return f"{count[0].upper()}{count[1:]}{top} {day}"

    def _second_line(
        self, full: int, deck: Sequence[Card], covered: Sequence[SourceCoverage], ran: int, total: int,
        away: Sequence[Priced], *, quiet: bool,
    ) -> str:  # fmt: skip
        whole = sum(source.status == "whole" for source in covered)
        sources = f"{whole} of {words.count(len(covered), 'source')} whole"
        if not covered:
            return "No source was read."
        if quiet:
            still = folded.still_open(away, self.judged)
            open_still = f"Still open: {still}." if still else ""
            return words.sentence(
                f"Nothing needs you. {sources}, {ran} of {words.count(total, 'rule')} ran.", open_still
            )
        missing = [one for one in covered if _is_not_read(one)]
        stale = [one for one in covered if one.status == "stale" and not _is_not_read(one)]
        partly = [source.source for source in covered if source.status == "partial"]
        old = f"{_names([one.source for one in stale])} {self._from(stale)}." if stale else ""
        part = f"; {_names(partly)} in part" if partly else ""
        others = len(covered) - len(missing) - len(stale)
        if full and others and (missing or stale):
            decide = f"{full} to decide from the other {words.count(others, 'source')}{part}."
            return words.sentence(*_not_read(missing), old, decide)
        decide = f"{full} to decide." if full else self._none_in_full(deck, away, whole == len(covered))
        if not ran and not deck and not away:
            decide = f"Nothing was looked for: no source has what one of {words.count(total, 'rule')} needs."
        return words.sentence(*_not_read(missing), old, decide, f"{sources}{part}.")

    def _from(self, stale: Sequence[SourceCoverage]) -> str:
        """`is from Wednesday`; several of different days `are old`."""
        days = {words.day(self.morning.date_of(one.as_of), self.morning.today) for one in stale if one.as_of}
        verb = "is" if len(stale) == 1 else "are"
        return f"{verb} from {days.pop()}" if len(days) == 1 else f"{verb} old"

    def _still_open(self, deck: Sequence[Card]) -> int:
        """Cards that fold to one line only because nothing about them is new."""
        return sum(not card.fresh and deserves_full(card, self.work, self.plan.order) for card in deck)

    def _none_in_full(self, deck: Sequence[Card], away: Sequence[Priced], all_whole: bool) -> str:
        if still := self._still_open(deck):
            return f"Nothing new to decide; {words.count(still, 'matter')} still open."
        if deck:
            return f"Nothing large to decide; {words.count(len(deck), 'smaller matter')}."
        if kept := folded.still_open(away, self.judged):
            return f"Nothing new to decide in what was read. Still open: {kept}."
        return "Nothing found by the rules that ran." if all_whole else "Nothing to decide in what was read."

    # --- cards and items -------------------------------------------------------------------------------------------

    def _owner(self, person: Person | None) -> Owner | None:
        if person is None:
            return None
        return Owner(name=self.facts.name(person), out_until=self.facts.directory.is_out(person))

    def _owner_sentence(self, person: Person | None) -> str:
        owner = self._owner(person)
        if owner is None:
            return "No owner."
        if self.morning.audience.is_me(person):
            return "Owner: you."
        if owner.out_until:
            return f"Owner {owner.name}, out until {words.day(owner.out_until, self.morning.today)}."
        return f"Owner {owner.name}."

    def _card(self, card: Card, number: int) -> CardDoc:
        lead, item = card.lead, card.lead.item
        owner = self._owner(item.owner)
        kinds = {one.lost_kind for one in card.members}
        again = {one.id: back.reason for one in card.members if (back := self.judged.back(one.id)) is not None}
        body = [*item.body, *reason_lines(card, again)]
        said = owner is None and any(one.item.unowned for one in card.members)
        owned = "" if said else self._owner_sentence(item.owner)
        met = again.get(lead.id, "")
        body += [sentence for sentence in (since.state_sentence(card), met, item.since_text, owned) if sentence]
        name = "you" if self.morning.audience.is_me(item.owner) else owner.name if owner else "no owner"
        named = name in item.line or (owner is None and item.unowned)
        line = item.line if named else f"{item.line} {name[0].upper()}{name[1:]}."
        return CardDoc(
            number=number, id=lead.id, client=item.client, headline=item.headline,
            line=line, body=tuple(body), ask=item.ask,
            owner=owner, since=item.since, state=lead.state, day=lead.day, full=card.full,
            amount=CardAmount(
                amount=card.amount, currency=self.prices.base,
                kind="house_price" if "house_price" in kinds else "estimate" if "estimate" in kinds else "fact",
                at_least=any(one.item.stake.at_least for one in card.members),
            ),
            parts=tuple(CardPart(item=p.item, stake_key=p.stake_key, amount=p.amount) for p in card.parts),
            reasons=tuple(one.id for one in card.reasons), links=self._links(item.evidence), read=self._read(lead),
        )  # fmt: skip

    def _links(self, evidence: Sequence[Evidence]) -> tuple[Link, ...]:
        places = {(one.ref.url or one.ref.where): one for one in evidence if one.ref.url or one.ref.where}
        links, times = [], Counter[str]()
        for one in list(places.values())[:4]:
            text = self._link_text(one)
            times[text] += bool(one.ref.url)
            again = f" ({times[text]})" if times[text] > 1 else ""
            links.append(Link(text=f"{text}{again}", url=one.ref.url, where=one.ref.where))
        return tuple(links)

    def _link_text(self, one: Evidence) -> str:
        """Where a link leads: the thing itself where it has an address, else the file it stands in."""
        return f"Open the {one.ref.kind.replace('_', ' ')}" if one.ref.url else self._place(one)

    def _place(self, evidence: Evidence) -> str:
        place = next((r.place for r in self.facts.readings if r.source == evidence.ref.source and r.place), "")
        return place or evidence.ref.source

    def _read(self, one: Priced) -> str:
        item = one.item
        for evidence in item.evidence:
            if evidence.as_of is not None:
                local = evidence.as_of.astimezone(self.morning.zone)
                when = words.clock(local)
                if local.date() != self.morning.today:
                    when = f"{words.day(local.date(), self.morning.today)} {when}"
                return f"{evidence.ref.where.rpartition(':')[0] or self._place(evidence)} {when}"
        return item.about.source

    def _item(self, one: Priced) -> ItemDoc:
        item = one.item
        return ItemDoc(
            id=one.id, rule=item.rule, matter=item.matter, stage=item.stage,
            about=self._evidence(Evidence(ref=item.about, text="")), client=item.client, headline=item.headline,
            line=item.line, body=item.body, ask=item.ask, owner=self._owner(item.owner), since=item.since,
            state=one.state, day=one.day, short=item.short,
            lost=Lost(
                amount=one.lost, currency=self.prices.base, kind=one.lost_kind, at_least=item.stake.at_least,
                stake=one.stake.amount, stake_kind=one.stake_kind, stake_source=one.notes[0] if one.notes else "",
                factors=tuple(_factor(factor) for factor in one.factors),
            ),
            place=PlaceValue(value=one.place, factors=tuple(_factor(factor) for factor in one.place_factors)),
            evidence=tuple(self._evidence(evidence) for evidence in item.evidence),
            figures=tuple((figure.name, figure.value) for figure in item.figures), looked_in=item.looked_in,
            not_in=item.not_in, gone_when=item.gone_when, notes=one.notes[1:],
            said=verdict.reason if (verdict := self.judged.verdicts.get(one.id)) else "",
        )  # fmt: skip

    @staticmethod
    def _evidence(evidence: Evidence) -> EvidenceLine:
        ref = evidence.ref
        return EvidenceLine(
            source=ref.source, kind=ref.kind, id=ref.id, url=ref.url, where=ref.where, as_of=evidence.as_of,
            text=evidence.text,
        )  # fmt: skip

    def _more(self, rest: Sequence[Priced]) -> str:
        """The rest counted per client: `11 more: Acme 2, 6 other clients 1 each, 3 without a client.`."""
        if not rest:
            return ""
        counted = Counter(one.item.client for one in rest)
        nobody = counted.pop("", 0)
        named = sorted((name for name in counted if counted[name] > 1), key=lambda name: (-counted[name], name))
        singles = sorted(name for name in counted if counted[name] == 1)
        parts = [f"{name} {counted[name]}" for name in named]
        if len(singles) <= 2:
            parts += [f"{name} 1" for name in singles]
        else:
            parts.append(f"{len(singles)}{' other' if named else ''} clients 1 each")
        if nobody:
            parts.append(f"{nobody} without a client")
        return f"{len(rest)} more: {', '.join(parts)}."

    def _without_source(self, idle: Sequence[str], total: int) -> str:
        """What no source states, and how many rules did not run for it: `No source for ad accounts and deals: 9 of 24`.

        A rule may also lack a source that states all it needs together: those are counted apart.
        """
        read = {kind for reading in self.facts.readings for kind in reading.kinds}
        lacking = {name: kinds for name in idle if (kinds := needed_kinds(load_all()[name]) - read)}
        apart = len(idle) - len(lacking)
        missing = set[str]().union(*lacking.values())
        named = sorted({"ads" if kind.startswith("ad_") else coverage.KIND_WORDS.get(kind, kind) for kind in missing})
        unknown = any(not reading.kinds for reading in self.facts.readings)
        source = "No source that could be read" if unknown else "No source"
        rules = words.count(total, "rule")
        first = f"{source} for {words.listed(named)}: {len(lacking)} of {rules} did not run." if lacking else ""
        one = f"No one source has all that {apart} of {rules} {'needs' if apart == 1 else 'need'}." if apart else ""
        return words.sentence(first, one)

    def _notices(self, outcomes: Sequence[Outcome], snapshot: Snapshot) -> tuple[str, ...]:
        lines = [*self.plan.notices, *(() if self.compared else ("Compared with no earlier edition.",))]
        idle = [o.rule for o in outcomes if not o.ran_on and not any(n.blocked_by for n in o.not_run)]
        faults = [o.rule for o in outcomes if any(n.blocked_by == "briefing" for n in o.not_run)]
        if faults:
            lines.append(f"A fault of ours: {words.listed(faults)} did not run. The log has the details.")
        if idle:
            lines.append(self._without_source(idle, len(outcomes)))
        doubtful = self.facts.directory.ambiguous
        if doubtful:
            lines.append(f"Could be two clients, counted for none: {words.some(sorted(doubtful), 5)}.")
        if snapshot.unknown_kinds:
            lines.append(f"{words.count(snapshot.unknown_kinds, 'fact')} written by a newer version left out.")
        return tuple(lines)


def needed_kinds(rule: Rule) -> set[str]:
    """Kinds of fact without which a rule does not run."""
    return {need.kind.kind for need in rule.needs if need is rule.needs[0] or not (need.optional or need.every_source)}


def reason_lines(card: Card, again: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """What a card says of its reasons: the dearest few, without the name the headline begins with, the rest counted.

    What another sentence of the card counts already (a task of the late milestone) is not said again. What moved comes
    first, and is marked where the headline's own matter did not. `again`: why some are told again, by id, which stands
    behind the one that it is about.
    """
    told = {(ref.source, ref.kind, ref.id) for one in card.members for ref in one.item.tells}
    reasons = [
        one
        for one in sorted(card.reasons, key=lambda one: not one.fresh)
        if (one.item.about.source, one.item.about.kind, one.item.about.id) not in told
    ]
    name, colon, _ = card.lead.item.line.partition(": ")
    known = [f"{one}: " for one in (name if colon else "", card.lead.item.client) if one]
    short = [
        words.sentence(_marked(one, card.lead, _capital(_without(one.item.line, known))), (again or {}).get(one.id, ""))
        for one in reasons[:MOST_REASONS]
    ]  # fmt: skip
    rest = len(reasons) - len(short)
    return (*short, *((f"{words.count(rest, 'more matter')}.",) if rest else ()))


def _marked(one: Priced, lead: Priced, line: str) -> str:
    """Such as "New: wireframes are late."."""
    return f"{one.state.capitalize()}: {line}" if one.fresh and not lead.fresh else line


def _without(line: str, prefixes: Sequence[str]) -> str:
    """A line without the first of these that it begins with."""
    return line.removeprefix(next((prefix for prefix in prefixes if line.startswith(prefix)), ""))


def _capital(line: str) -> str:
    """A line as a sentence begins; a title that has capitals of its own (`iOS build`) stays."""
    first = line.split(" ", 1)[0]
    return line[:1].upper() + line[1:] if first.islower() else line


def _is_not_read(source: SourceCoverage) -> bool:
    """Nothing usable of today: never read, or old and refused when it was tried again."""
    return source.status == "missing" or (source.status == "stale" and bool(source.gaps))


def _is_new(source: SourceCoverage) -> bool:
    return not source.gaps or any(gap.state == "new" for gap in source.gaps)


def _day(source: SourceCoverage) -> int:
    return max((gap.day for gap in source.gaps), default=1)


def _not_read(missing: Sequence[SourceCoverage]) -> list[str]:
    """Such as "Accelo and Meta were not read, new today." and "Slack not read, day 3."."""
    new = [one.source for one in missing if _day(one) == 1 and _is_new(one)]
    days: dict[int, list[str]] = {}
    for one in missing:
        if one.source not in new:
            days.setdefault(_day(one), []).append(one.source)
    told = [f"{_names(new)} {'was' if len(new) == 1 else 'were'} not read, new today."] if new else []
    return told + [f"{_names(names)} not read, day {day}." for day, names in sorted(days.items())]


def _names(sources: Sequence[str], most: int = 3) -> str:
    """Sources as names: `Accelo and Slack`."""
    return words.some([source[:1].upper() + source[1:] for source in sources], most)


def _factor(factor: Factor) -> FactorLine:
    return FactorLine(name=factor.name, value=factor.value, kind=factor.kind, source=factor.source)


MOST_REASONS = 3
"""So many further matters of its story stand on a card in words; the picture's 120 words leave room for no more."""

EDITION = time(7)
"""When an edition is for, unless a schedule says otherwise."""

WINDOW_BACK, WINDOW_AHEAD = timedelta(days=45), timedelta(days=8)
"""How far back messages and changes, and how far ahead meetings are wanted."""
