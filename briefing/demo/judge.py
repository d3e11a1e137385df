"""What a briefing of a simulated morning got right and wrong, judged by the agency's own state.

Every item is judged by what it is about, whichever rule tells it:

  planted    a matter that must be told
  grey       a real one, so small or young that it may be told
  unplanned  ordinary noise, and the sentence is true
  chance     an ad account's counts say so, and nothing is behind them
  near miss  looks like a matter and is none
  untrue     the sentence does not hold
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from briefing.demo.days import moment, plus, workdays_since, working_hours
from briefing.demo.files_mail import message_id
from briefing.demo.files_slack import stamp
from briefing.demo.planted import SUBJECT, Matter, Planted
from briefing.demo.server.accelo_ids import Numbers
from briefing.demo.stated import SUPPORT
from briefing.demo.world import World
from briefing.document import Briefing, ItemDoc

Kind = Literal["planted", "grey", "unplanned", "chance", "near miss", "untrue"]
RIGHT: frozenset[Kind] = frozenset({"planted", "grey"})
FALSE: frozenset[Kind] = frozenset({"chance", "near miss", "untrue"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One item, judged."""

    seed: int
    morning: date
    rule: str
    matter: Matter
    kind: Kind
    why: str
    headline: str
    full: bool
    """It leads a card that stands in full."""

    watch: bool
    """It says itself that it could be chance."""

    wrong_client: str = ""
    """The client it was told for, where that is not the one it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A planted matter that the briefing does not tell."""

    seed: int
    morning: date
    planted: Planted


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One briefing, judged."""

    seed: int
    morning: date
    verdicts: tuple[Verdict, ...]
    misses: tuple[Miss, ...]
    planted: int
    full: int
    deserving: int
    """Stories that deserve a card in full, at most three, and one a client."""

    accounts: int


WITH_SUPPORT: Mapping[str, frozenset[str]] = {
    "retainer": frozenset({SUPPORT, "accelo"}), "ticket": frozenset({SUPPORT, "accelo"}),
}  # fmt: skip
"""Subjects that stand in no file, and the sources that have them."""

COUNTED = {
    "milestone": "milestone", "task": "task", "project": "job", "budget": "job", "retainer": "period",
    "ticket": "issue",
}  # fmt: skip
"""What Accelo counts by itself, by our subjects."""

STRICT = frozenset({"milestone", "project", "budget", "retainer", "ticket"})
"""Subjects of which every sentence is judged by its own rule, also where another one holds of the same thing."""


class Judge:
    """Judges the briefings of one morning."""

    def __init__(self, world: World, morning: date) -> None:
        self.world, self.morning, self.truth = world, morning, world.truth(morning)

    def judge(self, briefing: Briefing) -> Judged:
        """Everything that is printed somewhere in a briefing."""
        full = {card.id for card in briefing.cards if card.full}
        verdicts = tuple(self.verdict(item, full=item.id in full) for item in briefing.items)
        told = {verdict.matter for verdict in verdicts}
        sources = {coverage.source for coverage in briefing.coverage}
        planted = [one for one in _one_each(self.truth.planted) if WITH_SUPPORT.get(one.matter[0], sources) & sources]
        misses = tuple(
            Miss(seed=self.world.seed, morning=self.morning, planted=one)
            for one in planted
            if not self._is_told(one, told)
        )
        return Judged(
            seed=self.world.seed, morning=self.morning, verdicts=verdicts, misses=misses, planted=len(planted),
            full=len(full), deserving=min(3, self._stories(planted)), accounts=len(self.world.ads.accounts),
        )  # fmt: skip

    def verdict(self, item: ItemDoc, *, full: bool) -> Verdict:
        """One item."""
        matter = self.matter(item)
        kind, why = self._kind(item, matter)
        client = self.client(matter)
        wrong = item.client if item.client and client is not None and item.client != client else ""
        return Verdict(
            seed=self.world.seed, morning=self.morning, rule=item.rule, matter=matter, kind=kind, why=why,
            headline=item.headline, full=full, watch=item.rule == "cpl-up" and item.stage == "watch",
            wrong_client=wrong,
        )  # fmt: skip

    def _kind(self, item: ItemDoc, matter: Matter) -> tuple[Kind, str]:
        if why := next(self._contradictions(item, matter[1]), ""):
            return "untrue", why
        near = next((m for m in self.truth.near_misses if m.rule == item.rule and m.matter == matter), None)
        if near is not None:
            return "near miss", near.kind
        if matter[0] in STRICT and self.world.is_true(item.rule, matter[1], self.morning) is False:
            return "untrue", "does not hold in the agency"
        if matter in self.truth.must:
            return "planted", ""
        if matter in self.truth.may:
            return "grey", ""
        if self.world.is_true(item.rule, matter[1], self.morning):
            return "unplanned", "true of ordinary noise"
        if item.rule == "cpl-up":
            return "chance", "nothing is behind these counts"
        return "untrue", "does not hold in the agency"

    # --- what an item is about ----------------------------------------------------------------------------------------

    def matter(self, item: ItemDoc) -> Matter:
        """Subject and id of an item, as the world names them."""
        subject, about = SUBJECT.get(item.rule, item.rule), item.about.id
        if subject == "account":
            return (subject, next((one for one in self.world.ads.accounts if _bare(one) == _bare(about)), about))
        if subject == "measure":
            names = (number.name for number in self.world.scorecard.numbers)
            return (subject, next((name for name in names if _bare(name) in _bare(about)), about))
        if subject in COUNTED:
            return (subject, self._own_id(COUNTED[subject], about))
        if subject == "person":
            names = (human.name for human in self.world.people.staff)
            return (subject, next((name for name in names if _bare(name) == _bare(about)), about))
        if subject == "conversation":
            return (subject, self._talk_of(about))
        if subject == "client":
            return (subject, item.client)
        if subject == "meeting":
            return (subject, self._pair_of(item))
        if subject == "invitation":
            uids = (one.event.uid for one in self.world.diary.invitations)
            return (subject, next((uid for uid in uids if uid in about), about))
        return (subject, about)

    def _own_id(self, kind: str, about: str) -> str:
        """The agency's own id of what Accelo names by a number; ids of files are its own."""
        try:
            return Numbers(self.world).record(kind, about)
        except KeyError:
            return about

    @cached_property
    def _talks(self) -> dict[str, str]:
        """Talks by the ids under which a connector names their messages."""
        found = {}
        for talk in self.world.conversations.talks(self.morning):
            for note in talk.notes:
                found[stamp(note) if note.medium == "slack" else message_id(note)] = talk.id
        return found

    def _talk_of(self, about: str) -> str:
        if about in self._talks:
            return self._talks[about]
        times = re.search(r"\d{10}\.\d{6}", about)
        return self._talks.get(times[0], about) if times else about

    def _pair_of(self, item: ItemDoc) -> str:
        """The colliding events: those that the evidence names, or the one the item is about with any other."""
        text = " ".join([item.about.id, *(line.id for line in item.evidence)])
        uids = sorted({event.uid for event in self.world.diary.at(self.morning) if event.uid in text})
        pairs = ["+".join(sorted((one, other))) for one in uids for other in uids if one < other]
        known = self.truth.must | self.truth.may
        return next((pair for pair in pairs if ("meeting", pair) in known), pairs[0] if pairs else "+".join(uids))

    def client(self, matter: Matter) -> str | None:
        """The client or prospect a matter belongs to; empty where there is none, None where nothing is known of it."""
        subject, id = matter  # noqa: A001  (the field's own word)
        world = self.world
        if subject in {"milestone", "task", "project", "budget"}:
            return world.delivery.client_of(id)
        if subject == "retainer":
            return world.retainers.client_of(id)
        if subject == "ticket":
            return world.tickets.client_of(id)
        if subject in {"deal", "proposal"}:
            record = world.sales.deals.get(id) or world.sales.proposals.get(id)
            return None if record is None else record.company.name
        if subject == "account":
            return world.ads.accounts[id].client if id in world.ads.accounts else None
        if subject == "client":
            return id
        if subject == "conversation":
            talk = next((talk for talk in world.conversations.talks(self.morning) if talk.id == id), None)
            return None if talk is None else talk.company
        return None

    # --- what was missed ----------------------------------------------------------------------------------------------

    @staticmethod
    def _is_told(planted: Planted, told: set[Matter]) -> bool:
        if planted.matter in told or any(matter in told for matter in planted.within):
            return True
        # One item may tell several collisions of one event.
        parts = set(planted.id.split("+"))
        return planted.rule == "meeting-conflict" and any(
            subject == "meeting" and parts & set(other.split("+")) for subject, other in told
        )

    @staticmethod
    def _stories(planted: Iterable[Planted]) -> int:
        worthy = [one for one in planted if one.card]
        return len({one.client for one in worthy if one.client}) + sum(not one.client for one in worthy)

    # --- numbers in sentences -----------------------------------------------------------------------------------------

    def _contradictions(self, item: ItemDoc, id: str) -> Iterator[str]:
        """Numbers of a sentence that the agency does not bear out."""
        text = " ".join([item.headline, *item.body])
        if item.rule == "cpl-up":
            yield from self._prices(text, id)
            yield from self._changes(text, id)
        for pattern, expected in self._expected(item.rule, id):
            found = re.search(pattern, item.headline)
            if found and expected is not None and int(found[1]) != expected:
                yield f'says "{found[0]}", the agency {expected}'

    def _expected(self, rule: str, id: str) -> Iterator[tuple[str, int | None]]:
        """Patterns of a headline with the number that must stand there; None is not known."""
        world, today = self.world, self.morning
        if rule == "proposal-viewed" and id in world.sales.proposals:
            viewed = world.sales.proposals[id].viewed(today)
            yield r"viewed (\d+) days? ago", (today - viewed.date()).days if viewed else None
        if rule == "deal-idle" and id in world.sales.deals:
            yield r"for (\d+) days?", world.sales.idle(world.sales.deals[id], today)
        if rule == "deal-close-passed" and id in world.sales.deals:
            yield r"passed (\d+) days? ago", world.sales.overrun(world.sales.deals[id], today)
        if rule == "milestone-no-tasks":
            bare = world.delivery.without_tasks(today).get(id)
            yield r"(\d+) workdays? out", workdays_since(today, bare.due) if bare else None
        if SUBJECT.get(rule) in STRICT:
            yield from self._milestone(rule, id)
            yield from self._project(rule, id)
            yield from self._support(rule, id)
        if rule == "person-overloaded":
            yield r"(\d+) overdue tasks", len(world.delivery.overdue_of(today).get(id, ()))
        if rule == "client-quiet" and id in world.conversations.written(today):
            yield r"\((\d+) workdays?;", world.conversations.written(today)[id].silent
        if rule == "client-waiting":
            talk = next((talk for talk in world.conversations.talks(today) if talk.id == id), None)
            hours = working_hours(talk.asked, moment(today)) if talk and talk.asked else None
            yield r"\((\d+) working hours?\)", None if hours is None else _rounded(hours)

    def _milestone(self, rule: str, id: str) -> Iterator[tuple[str, int | None]]:
        """Open tasks of a milestone, and the workdays to its date or since."""
        holding = self.world.delivery.holding(self.morning)
        milestone = holding.milestones.get(id)
        if milestone is not None and rule in {"milestone-unassigned", "milestone-overdue"}:
            yield r"(\d+) open tasks?", len(holding.tasks_below(milestone))
            yield r"(\d+) tasks? (?:is|are) open", len(holding.tasks_below(milestone))
            yield r"(\d+) workdays? out", workdays_since(self.morning, milestone.due)
            yield r"(\d+) workdays? ago", workdays_since(milestone.due, self.morning)

    def _project(self, rule: str, id: str) -> Iterator[tuple[str, int | None]]:
        """Workdays since a project's date or its last activity, and what of its hours is used."""
        holding, today = self.world.delivery.holding(self.morning), self.morning
        project, hours = holding.projects.get(id), self.world.delivery.hours(today).get(id)
        if project is None or hours is None:
            return
        if rule == "project-overdue":
            yield r"(\d+) workdays? ago", workdays_since(project.due, today)
        if rule == "project-stale":
            yield r"for (\d+) workdays?", holding.idle(id)
        if rule == "budget-burn" and hours.agreed:
            yield r"(\d+) % of its (?:budget|hours)", _percent(hours.used / 60, hours.agreed)

    def _support(self, rule: str, id: str) -> Iterator[tuple[str, int | None]]:
        """Days and hours of a ticket, and what of a retainer's period is used and left."""
        today, ticket = self.morning, self.world.tickets.by_id.get(id)
        period = self.world.retainers.periods.get(id)
        if rule == "ticket-late" and ticket is not None and ticket.due is not None:
            yield r"(\d+) workdays? ago", workdays_since(ticket.due, today)
        if rule == "ticket-unassigned" and ticket is not None:
            yield r"(\d+) working hours? ago", math.floor(working_hours(ticket.opened, moment(today)))
        if period is not None:
            used = period.used(today)
            yield r"(\d+) workdays? left", sum(day >= today for day in period.days)
            yield r"(\d+) % of its (?:budget|hours)", _percent(used, period.agreement.hours)
            if used >= 10:
                yield r"(\d+) of \d+ h used", math.floor(used + 0.5)

    def _prices(self, text: str, id: str) -> Iterator[str]:
        found = re.search(r"\(\$([\d.,]+) against \$([\d.,]+), (\d+) days?\)", text)
        if not found or id not in self.world.ads.accounts:
            return
        history, days = self.world.ads.history(id), int(found[3])
        now = [history.price(self.morning, days)]
        # Four weeks before, or what of them lies after a heavy edit.
        before = [history.price(self.morning, base, skip=days) for base in range(28, 6, -1)]
        for told, options in ((found[1], now), (found[2], before)):
            value = float(told.replace(",", ""))
            prices = [one[0] for one in options if one is not None]
            if prices and not any(abs(value - true) <= 0.01 * max(1.0, true) for true in prices):
                yield f"says ${told} a lead, the agency ${prices[0]:.2f}"

    def _changes(self, text: str, id: str) -> Iterator[str]:
        """Words about few or no edits, where there were heavy ones or any."""
        days = re.search(r"(\d+) days", text)
        length = int(days[1]) if days else 1
        start = plus(self.morning, -length - (7 if length == 7 else 3))
        since = re.search(r"[Nn]othing was changed in the account(?: since (\w+(?: \w+)?))?", text)
        if since:
            start = self._day_named(since[1] or "") or start
        edits = [edit for edit in self.world.ads.edits(id) if moment(start, 0) <= edit.at < moment(self.morning)]
        if since and edits:
            yield f"says that nothing was changed, and there were {len(edits)} edits since {start}"
        if "changes were minimal" in text and any(edit.heavy for edit in edits):
            yield "says that changes were minimal, and there was a heavy one"

    def _day_named(self, text: str) -> date | None:
        """The last day before the morning that a sentence calls so: `Monday`, `27 November`, `yesterday`."""
        for back in range(1, 60):
            day = plus(self.morning, -back)
            if text in {f"{day:%A}", f"{day.day} {day:%B}", "yesterday" if back == 1 else ""}:
                return day
        return None


def _one_each(planted: Iterable[Planted]) -> list[Planted]:
    """One of each matter: two rules may plant two stages of one."""
    return list({one.matter: one for one in planted}.values())


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _rounded(hours: float) -> int:
    """Half to even, as the product rounds."""
    return round(hours)


def _percent(part: float, whole: float) -> int:
    """Half up."""
    return math.floor(100 * part / whole + 0.5)
