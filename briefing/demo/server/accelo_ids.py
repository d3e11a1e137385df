"""Accelo's numbers for the world's records, and back: `milestone 2207` is the world's `M-12310`.

Accelo counts every kind of object for itself and in the order of creation, so the numbers of a job, a milestone and a
task may be equal. A world gives a record the same number on every morning.

    numbers = Numbers(world)
    numbers.number("milestone", "M-12310")      # "634"
    numbers.record("milestone", "634")          # "M-12310"
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from briefing.demo.work import Milestone, Project, Task
from briefing.demo.world import World

FIRST = {"job": 401, "milestone": 201, "task": 101, "company": 21, "affiliation": 301, "contact": 301, "staff": 4}
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
        return _numbers_of(self._world)[KINDS.get(kind, kind)][id]

    def record(self, kind: str, number: str) -> str:
        """The world's id of an Accelo object; of people the e-mail address. Raises KeyError."""
        return _records_of(self._world)[KINDS.get(kind, kind)][number]


@lru_cache(maxsize=8)
def _numbers_of(world: World) -> dict[str, dict[str, str]]:
    work, people = world.delivery.all, world.people
    contacts = [human.email for company in people.clients for human in company.contacts]
    order = {
        "job": _by_creation(work.projects), "milestone": _by_creation(work.milestones),
        "task": _by_creation(work.tasks), "company": [company.id for company in people.clients],
        "affiliation": contacts, "contact": contacts, "staff": [human.email for human in people.staff],
    }  # fmt: skip
    return {
        kind: {one: str(FIRST[kind] + place) for place, one in enumerate(dict.fromkeys(ids))}
        for kind, ids in order.items()
    }


@lru_cache(maxsize=8)
def _records_of(world: World) -> dict[str, dict[str, str]]:
    return {kind: {number: one for one, number in known.items()} for kind, known in _numbers_of(world).items()}


def _by_creation(records: Iterable[Project | Milestone | Task]) -> list[str]:
    return [record.id for record in sorted(records, key=lambda record: (record.known, record.id))]
