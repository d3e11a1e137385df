"""For tests, ours and those of packages written elsewhere: mornings and facts from a docstring.

    def test_a_milestone_without_tasks(table):
        '''
        project   | p1 | title=Acme site | party=Acme
        milestone | m1 | project=p1 | title=Launch | due=2026-11-24
        '''

Each line is `kind | id | field=value | ...`. Values are read by the field's type; a person is `Ann`, `ann@acme.example`
or `Ann <ann@acme.example>`, money is `48000 USD`, several persons are joined by `;`, guests may carry `=accepted`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from briefing.codec import build
from briefing.facts import KINDS, Fact
from briefing.items import Item
from briefing.morning import Audience, Morning, WorkCalendar
from briefing.rules import RULES
from briefing.rules.view import AdSeries, Limits, StreamReading, facts_of

ZONE = ZoneInfo("Europe/Berlin")


def morning_at(text: str, *, zone: str = "Europe/Berlin", audience: Audience | None = None, **calendar: Any) -> Morning:
    """A morning from `2026-11-19 07:00` in its zone; further arguments go to the work calendar."""
    where = ZoneInfo(zone)
    now = datetime.fromisoformat(text).replace(tzinfo=where)
    return Morning(now=now, zone=where, calendar=WorkCalendar(**calendar), audience=audience or Audience())


def facts_from(text: str | None, *, source: str = "test") -> list[Fact]:
    """The facts that a docstring lists, one a line; other lines are ignored. `source=` on a line overrides."""
    facts = []
    for line in inspect.cleandoc(text or "").splitlines():
        kind, *cells = (cell.strip() for cell in line.split("|"))
        if kind in KINDS and cells:
            facts.append(_fact(KINDS[kind], cells, source))
    return facts


def _fact(cls: type[Fact], cells: Sequence[str], source: str) -> Fact:
    identity, *pairs = cells
    values: dict[str, Any] = dict(pair.split("=", 1) for pair in pairs)
    ref = {
        "source": values.pop("source", source), "kind": cls.kind, "id": identity,
        "url": values.pop("url", ""), "where": values.pop("where", ""),
    }  # fmt: skip
    plain = {name: _plain(cls, name, value) for name, value in values.items()}
    fact = build(cls, {**plain, "ref": ref})
    assert isinstance(fact, Fact)
    return fact


def _plain(cls: type, name: str, text: str) -> Any:
    import typing

    hint = str(typing.get_type_hints(cls)[name])
    if "Guest" in hint:
        return [_guest(part.strip()) for part in text.split(";") if part.strip()]
    if "tuple" in hint and "Person" in hint:
        return [_person(part.strip()) for part in text.split(";") if part.strip()]
    if "Person" in hint:
        return _person(text)
    if "Party" in hint:
        return {"domain": text[1:]} if text.startswith("@") else {"name": text}
    if "Money" in hint:
        amount, currency = text.split()
        return {"amount": amount, "currency": currency}
    if "bool" in hint:
        return None if text == "unknown" else text == "yes"
    if "tuple" in hint or "frozenset" in hint:
        return [part.strip() for part in text.split(";") if part.strip()]
    if "datetime.datetime" in hint:
        return _moment(text)
    if "int" in hint and "Decimal" not in hint and "datetime" not in hint:
        return int(text)
    return float(text) if "float" in hint else text


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).isoformat()


def _person(text: str) -> dict[str, str]:
    if found := re.fullmatch(r"(.*?)\s*<(.+)>", text):
        return {"name": found[1], "email": found[2]}
    return {"email": text} if "@" in text else {"name": text}


def _guest(text: str) -> dict[str, Any]:
    who, _, response = text.partition("=")
    return {"person": _person(who.strip()), "response": response.strip()}


def readings_for(facts: Iterable[Fact], *, kinds: Iterable[str] = (), status: Any = "whole") -> list[StreamReading]:
    """One reading per source, stating the kinds its facts have and those named besides (`tasks`: none, but looked)."""
    sources: dict[str, set[str]] = {}
    for fact in facts:
        sources.setdefault(fact.ref.source, set()).add(type(fact).kind)
    for extra in kinds:
        source, _, kind = extra.rpartition(":")
        for name in [source] if source else list(sources) or ["test"]:
            sources.setdefault(name, set()).add(kind)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        StreamReading(source=name, kinds=frozenset(found), status=status, place=name, as_of=at, fetched_at=at)
        for name, found in sorted(sources.items())
    ]


def run_rule(
    name: str,
    text: str | Sequence[Fact] | None,
    morning: Morning,
    *,
    kinds: Iterable[str] = (),
    directory: Any = None,
    series: AdSeries | None = None,
    **limits: object,
) -> list[Item]:
    """The items of one rule over the facts of a docstring, through the same engine that compiles a briefing.

    `kinds` names lists that were read whole and are empty, such as `task` or `gmail:message`.
    """
    from briefing.rules import load_all
    from briefing.rules.engine import run

    load_all()
    facts = facts_from(text) if text is None or isinstance(text, str) else list(text)
    view = facts_of(facts, readings=readings_for(facts, kinds=kinds), directory=directory, series=series)
    return list(run(RULES[name], view, morning, Limits(defaults=RULES[name].limits, overrides=limits)).items)


__all__ = ["ZONE", "facts_from", "morning_at", "readings_for", "run_rule"]
