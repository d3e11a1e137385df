"""The fields of a vendor's answers, and how many of them are tried with one reading.

A connector is to keep its word for each field by itself. Reading everything anew for each of hundreds of fields takes
minutes; so several fields are tried at once where their effects can be told apart, each in a row of its own, and only
what does not come out even is tried one by one. The verdict on a field is always that of its own reading, or of one in
which every loss was told.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from briefing.contract.outcomes import Outcome
from briefing.contract.wire import Asked, Path, Row, Strike, asked, fields_of, holders, plain_json
from briefing.loopback import Reply, Request

Change = Callable[[dict[str, Any], str], None]
"""What is done to a field of an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of the vendor's answers."""

    route: str
    path: Path
    places: tuple[tuple[Asked, Row], ...]
    """The answers and rows that have it, in their order."""

    requests: tuple[Asked, ...]
    """All to the route."""

    value: Any
    """What stands in the first place when all is well."""

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]

    @property
    def label(self) -> str:
        """As complaints call it."""
        return f"{'.'.join(self.path)} on {self.route}"

    @property
    def in_rows(self) -> bool:
        """Whether rows have it, and not the page."""
        return bool(self.places[0][1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """One field of one row that is changed; without a row in every place that has it."""

    field: Field
    change: Change
    place: tuple[Asked, Row] | None = None


def fields_in(routes: Mapping[str, Sequence[Asked]], replies: Mapping[Asked, Reply]) -> Iterator[Field]:
    """Every field of the answers."""
    for route, requests in routes.items():
        places: dict[Path, dict[tuple[Asked, Row], None]] = {}
        values: dict[Path, Any] = {}
        for request in requests:
            answer = plain_json(replies[request])
            for path, value in fields_of(answer):
                values.setdefault(path, value)
                places.setdefault(path, {})
            for path, own in places.items():
                own.update(dict.fromkeys((request, row) for row, _ in holders(answer, path)))
        for path, found in places.items():
            yield Field(
                route=route, path=path, places=tuple(found), requests=tuple(requests), value=values[path]
            )  # fmt: skip


def altering(changes: Iterable[Altered]) -> Strike:
    """The fault that makes these changes."""
    everywhere: dict[Asked, list[Altered]] = {}
    for one in changes:
        for request in one.field.requests if one.place is None else [one.place[0]]:
            everywhere.setdefault(request, []).append(one)

    def change(request: Request, reply: Reply) -> Reply:
        value = plain_json(reply)
        if value is None:
            return reply
        for one in everywhere[asked(request)]:
            for row, holder in list(holders(value, one.field.path)):
                if one.place is None or row == one.place[1]:
                    one.change(holder, one.field.name)
                    if one.place is not None:
                        break
        headers = tuple(header for header in reply.headers if header[0].lower() != "content-length")
        return Reply(status=reply.status, headers=headers, body=json.dumps(value).encode(), manner=reply.manner)

    return Strike(change=change, only=lambda request: asked(request) in everywhere)


def in_first_place(field: Field, change: Change) -> Altered:
    """A change in the first row that has the field."""
    return Altered(field=field, change=change, place=field.places[0])


def rounds(fields: Iterable[Field], change: Change) -> Iterator[list[Altered]]:
    """Changes that can be made at once: each in a row that has no other."""
    left = sorted(fields, key=lambda field: len(field.places))
    while left:
        taken: set[tuple[Asked, object]] = set()
        now, later = [], []
        for field in left:
            place = next((place for place in field.places if (place[0], place[1][0]) not in taken), None)
            if place is None:
                later.append(field)
            else:
                taken.add((place[0], place[1][0]))
                now.append(Altered(field=field, change=change, place=place))
        yield now
        left = later


def comes_out_even(outcome: Outcome, plain: Outcome, *, exact: bool) -> bool:
    """Whether every stream tells of as many rows as it lacks, or (exact) states otherwise: nothing hides behind
    something else that was told.
    """
    found = outcome.by_key
    if outcome.listing or found.keys() != plain.by_key.keys():
        return False
    for key, before in plain.by_key.items():
        now = found[key]
        lost = len(before.said - now.said) if exact else len(before.said) - len(now.said)
        if now.error or lost != now.left_out - before.left_out:
            return False
    return True


def same(outcome: Outcome, plain: Outcome) -> bool:
    """Whether nothing changed at all."""
    found = outcome.by_key
    return not outcome.listing and found.keys() == plain.by_key.keys() and all(
        not now.error and now.left_out == plain.by_key[key].left_out and now.said == plain.by_key[key].said
        for key, now in found.items()
    )  # fmt: skip


def source_of(connector: object) -> str:
    """The text of a connector's package and of the readers it shares: a field whose name does not stand in it is not
    looked at by name. Such fields are tried together first.
    """
    packages = (f"{type(connector).__module__.partition('.')[0]}.", "briefing.reading.")
    return _text_of(tuple(name for name in sorted(sys.modules) if f"{name}.".startswith(packages)))


@lru_cache(maxsize=4)
def _text_of(modules: tuple[str, ...]) -> str:
    """The text of modules, kept once for all connectors of a package: it is megabytes."""
    texts = []
    for name in modules:
        with suppress(OSError, TypeError):  # without source
            texts.append(inspect.getsource(sys.modules[name]))
    return "\n".join(texts)
