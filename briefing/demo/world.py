"""The simulated agency as one world: Harbour Lane, its days, and what is true on each morning.

`World(seed, start)` is a pure function of its arguments. It has no "now": everything that ever happens is drawn once,
around the date `start`, and a morning asks what has happened by then. So the states of consecutive mornings belong
together: a matter appears, stays, gets worse and is resolved.

Tuning of rules uses seeds below 1,000; seeds from 9,000 on are kept for the last measurement (`tools/eval.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property, lru_cache
from typing import Protocol

from briefing.demo.ads import Ads
from briefing.demo.conversations import Conversations
from briefing.demo.days import plus, plus_workdays
from briefing.demo.delivery import Delivery
from briefing.demo.diary import Diary
from briefing.demo.people import Leave, People
from briefing.demo.planted import NearMiss, Planted, Truth
from briefing.demo.retainers import Retainers
from briefing.demo.sales import Sales
from briefing.demo.scorecard import Scorecard
from briefing.demo.tickets import Tickets

DEMO_SEED = 1
BEFORE, AFTER = 100, 75
"""Days that a world reaches back from its start and forward."""


class Part(Protocol):
    """One field of the agency's life, which knows what is true of it."""

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether a rule's sentence holds; None for a rule of another subject."""

    def matters(self, morning: date) -> Iterator[Planted]:
        """What stands on a morning."""

    def near_misses(self, morning: date) -> Iterator[NearMiss]:
        """What only looks so."""


class World:
    """One agency over some months.

    With `showcase` the three sentences that the product is known for are true on the morning of `start`, whatever day
    that is: Acme site's bare launch, Brightside's dearer leads, Northwind's silent proposal. `scale` multiplies people,
    clients, projects, accounts, deals and talk.
    """

    def __init__(self, seed: int, start: date, *, scale: int = 1, showcase: bool = True) -> None:
        self.seed, self.start, self.scale = seed, start, scale
        self.first, self.last = plus(start, -BEFORE), plus(start, AFTER)
        self.showcase = start if showcase else None

    @cached_property
    def people(self) -> People:
        """Staff, clients and prospects."""
        return People(self.seed, self.first, self.last, self.scale)

    @cached_property
    def delivery(self) -> Delivery:
        """Projects, milestones, tasks."""
        return Delivery(self.seed, self.people, self.first, self.last, self.scale, self.showcase)

    @cached_property
    def retainers(self) -> Retainers:
        """What clients buy by the month."""
        return Retainers(self.seed, self.people, self.first, self.last, self.scale)

    @cached_property
    def tickets(self) -> Tickets:
        """What clients ask support for."""
        return Tickets(self.seed, self.people, self.first, self.last, self.scale)

    @cached_property
    def sales(self) -> Sales:
        """Deals and proposals."""
        return Sales(self.seed, self.people, self.first, self.last, self.scale, self.showcase)

    @cached_property
    def ads(self) -> Ads:
        """Ad accounts."""
        return Ads(self.seed, self.people, self.first, self.last, self.scale, self.showcase)

    @cached_property
    def scorecard(self) -> Scorecard:
        """The numbers people answer for."""
        return Scorecard(self.seed, self.people, self.first, self.last)

    @cached_property
    def conversations(self) -> Conversations:
        """Mails and posts."""
        return Conversations(
            self.seed, self.people, self.sales.all, self.first, self.last, self.scale, met=self.diary.met,
            has_work=self._has_work,
        )  # fmt: skip

    def _has_work(self, client: str, morning: date) -> bool:
        """Whether a client's listed projects are not all closed or paused."""
        states = {one.state(morning) for one in self.delivery.at(morning).projects if one.client == client}
        return not states or bool(states & {"open", "planned"})

    @cached_property
    def diary(self) -> Diary:
        """The reader's calendar."""
        return Diary(self.seed, self.people, self.sales.all, self.first, self.last, showcase=self.showcase)

    @cached_property
    def leaves(self) -> tuple[Leave, ...]:
        """Who is out when; on the known morning Janine is out until the next Monday, Lena and Marco are in."""
        if self.showcase is None:
            return self.people.own_leave
        janine = self.people.staff_named("Janine")
        here = {janine, self.people.staff_named("Lena"), self.people.staff_named("Marco")}
        others = [leave for leave in self.people.own_leave if leave.human not in here]
        monday = plus(self.showcase, 7 - self.showcase.weekday())
        away = Leave(human=janine, first=plus_workdays(self.showcase, -1), last=plus(monday, -1), word="vacation")
        return (away, *others)

    @property
    def _parts(self) -> tuple[Part, ...]:
        return (
            self.delivery, self.retainers, self.tickets, self.sales, self.ads, self.scorecard, self.conversations,
            self.diary,
        )  # fmt: skip

    # --- what is true -------------------------------------------------------------------------------------------------

    @lru_cache(maxsize=4)  # noqa: B019  (a world lives as long as its process)
    def truth(self, morning: date) -> Truth:
        """What a briefing of this morning must, may and must not tell; whichever rule tells a matter, it is told."""
        found: dict[tuple[str, str, str], Planted] = {}
        near: dict[tuple[str, str, str], NearMiss] = {}
        for part in self._parts:
            for planted in part.matters(morning):
                key = (planted.rule, *planted.matter)
                if key not in found or found[key].grey:
                    found[key] = planted
            for miss in part.near_misses(morning):
                near.setdefault((miss.rule, *miss.matter), miss)
        return Truth(
            morning=morning,
            planted=tuple(planted for _, planted in sorted(found.items()) if not planted.grey),
            grey=tuple(planted for _, planted in sorted(found.items()) if planted.grey),
            near_misses=tuple(miss for key, miss in sorted(near.items()) if key not in found),
        )

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether a rule's sentence about a subject holds on a morning, planted or not; None for unknown rules."""
        for part in self._parts:
            holds = part.is_true(rule, id, morning)
            if holds is not None:
                return holds
        return None
