"""Accelo's numbers for the world's records, and back: `milestone 2207` is the world's `M-12310`.

Accelo counts every kind of object for itself and in the order of creation, so the numbers of a job, a milestone and a
task may be equal. A world gives a record the same number on every morning.

    numbers = Numbers(world)
    numbers.number("milestone", "M-12310")      # "634"
    numbers.record("milestone", "634")          # "M-12310"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from briefing.demo.work import Milestone, Project, Task
from briefing.demo.world import World

FIRST = {
    "job": 401, "milestone": 201, "task": 101, "company": 21, "affiliation": 301, "contact": 301, "staff": 4,
    "contract": 31, "period": 1301, "issue": 601, "prospect": 501, "quote": 71,
}  # fmt: skip
"""The first number of each kind. They overlap on purpose: an id means nothing without its kind."""

KINDS = {"project": "job", "client": "company", "person": "staff"}
"""The world's and the briefing's own words for Accelo's."""


class Numbers:
    """Both directions for one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def number(self, kind: str, id: str) -> str:
        """Accelo's id. `kind` is Accelo's word (or project, client, person); companies are given by their id in the
        world, people by their e-mail address. Raises KeyError.
        """
        return _numbers_of(self._world, KINDS.get(kind, kind))[id]

    def record(self, kind: str, number: str) -> str:
        """The world's id of an Accelo object; of people the e-mail address. Raises KeyError."""
        return _records_of(self._world, KINDS.get(kind, kind))[number]


@lru_cache(maxsize=64)
def _numbers_of(world: World, kind: str) -> dict[str, str]:
    ids = _ORDERS[kind](world)
    return {one: str(FIRST[kind] + place) for place, one in enumerate(dict.fromkeys(ids))}


@lru_cache(maxsize=64)
def _records_of(world: World, kind: str) -> dict[str, str]:
    return {number: one for one, number in _numbers_of(world, kind).items()}


def _by_creation(records: Iterable[Project | Milestone | Task]) -> list[str]:
    return [record.id for record in sorted(records, key=lambda record: (record.known, record.id))]


def _contacts(world: World) -> list[str]:
    companies = (*world.people.clients, *world.people.prospects)
    return [human.email for company in companies for human in company.contacts]


_ORDERS: Mapping[str, Callable[[World], Iterable[str]]] = {
    "job": lambda world: _by_creation(world.delivery.all.projects),
    "milestone": lambda world: _by_creation(world.delivery.all.milestones),
    "task": lambda world: _by_creation(world.delivery.all.tasks),
    "company": lambda world: [one.id for one in (*world.people.clients, *world.people.prospects)],
    "affiliation": _contacts,
    "contact": _contacts,
    "staff": lambda world: [human.email for human in (*world.people.staff, *world.people.former)],
    "contract": lambda world: [one.id for one in sorted(world.retainers.agreements, key=lambda one: one.known)],
    "period": lambda world: [one.id for one in sorted(world.retainers.periods.values(), key=lambda one: one.starts)],
    "issue": lambda world: [one.id for one in world.tickets.all],
    "prospect": lambda world: [one.id for one in sorted(world.sales.all.deals, key=lambda one: one.created)],
    "quote": lambda world: [one.id for one in sorted(world.sales.all.proposals, key=lambda one: one.created)],
}
"""The records of each kind in the order in which Accelo counted them."""
