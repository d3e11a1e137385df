"""What the tests of the delivery rules share: one rule over a table, with lists that were read in part or not lately."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from briefing.clients import directory
from briefing.items import Item
from briefing.rules import load_all
from briefing.rules.engine import run
from briefing.rules.view import Limits, Status, StreamReading, facts_of
from briefing.testing import facts_from, morning_at

KINDS = ("project", "milestone", "task", "retainer", "ticket", "staff")
READ = datetime(2026, 11, 19, 5, 45, tzinfo=UTC)
WHOLE: Mapping[str, Status] = {}


def said(
    rule: str,
    text: str,
    *,
    now: str = "2026-11-19 07:00",
    zone: str = "Europe/Berlin",
    holidays: str = "",
    read: Mapping[str, Status] = WHOLE,
    also: tuple[str, ...] = (),
    limits: Limits | None = None,
    named: bool = False,
    **thresholds: Any,
) -> list[Item]:
    """The items of one rule over a table of one project tool, all of whose lists were read whole but those of `read`.

    `also` names further sources' lists that were read whole, such as `slack:message`; with `named` parties are clients.
    """
    readings = [_reading("test", kind, read.get(kind, "whole")) for kind in KINDS]
    for one in also:
        source, _, kind = one.partition(":")
        readings.append(_reading(source, kind, read.get(one, "whole")))
    free = frozenset(date.fromisoformat(day) for day in holidays.split())
    found = load_all()[rule]
    facts, morning = facts_from(text), morning_at(now, zone=zone, holidays=free)
    people = directory(facts, today=morning.today) if named else None
    view = facts_of(facts, readings=readings, directory=people)
    settled = limits or Limits(defaults=found.limits, overrides=thresholds)
    return list(run(found, view, morning, settled).items)


def lines(rule: str, text: str, **how: Any) -> list[str]:
    """The headlines of what a rule says, in order."""
    return [item.headline for item in said(rule, text, **how)]


def ids(rule: str, text: str, **how: Any) -> list[str]:
    """What a rule speaks of."""
    return sorted(item.about.id for item in said(rule, text, **how))


def _reading(source: str, kind: str, status: Status) -> StreamReading:
    return StreamReading(
        source=source, scope=kind, kinds=frozenset({kind}), status=status, place=source.capitalize(), as_of=READ,
        fetched_at=READ,
    )  # fmt: skip
