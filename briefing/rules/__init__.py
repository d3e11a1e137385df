"""What deserves attention: pure functions from facts and a morning to items.

Each rule is a function `(facts, morning, limits) -> Iterator[Item]` marked with `@rule`. It declares the streams it
needs; the engine runs it only where those were read, so a rule never has to ask whether a list is complete. It is run
once for every source that states the first kind it needs ("the source under judgement").

A sentence about something absent ("no tasks", "no answer") rests on needs with `whole=True`, and says where was looked.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from briefing.facts import Fact
from briefing.items import Item
from briefing.morning import Morning
from briefing.rules.view import Facts, Limits

RuleFunction = Callable[[Facts, Morning, Limits], Iterator[Item]]


@dataclass(frozen=True, slots=True)
class Need:
    """A kind of fact that a rule rests on."""

    kind: type[Fact]
    whole: bool = False
    """The rule says that something is absent from this list, so it must be complete and fresh."""

    every_source: bool = False
    """Every configured source of the kind, not only the one under judgement. None configured is no hindrance: the
    sentence then names the fewer places."""

    optional: bool = False
    """The rule makes do without, and asks `facts.whole(kind)` itself before it says anything that rests on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A registered rule."""

    name: str
    matter: str
    stages: tuple[str, ...]
    """From the mildest to the worst."""

    needs: tuple[Need, ...]
    """The first is the kind under judgement."""

    price: Decimal
    """House price in the workspace's currency, where a rule has no money of its own to defend."""

    share: Decimal = Decimal("0.05")
    """For `waiting` items: the share of the stake that goes per workday."""

    limits: Mapping[str, object] = field(default_factory=dict)
    """Thresholds by name with their defaults, from the function's keyword-only parameters."""

    step: Decimal = Decimal(1)
    """How far the measure must move to be called worse or better."""

    run: RuleFunction
    doc: str = ""


RULES: dict[str, Rule] = {}


def rule(
    name: str,
    *,
    matter: str,
    needs: tuple[Need, ...],
    price: int | str,
    stages: tuple[str, ...] = ("open",),
    share: str = "0.05",
    step: str = "1",
    limits: Mapping[str, object] | None = None,
) -> Callable[[RuleFunction], RuleFunction]:
    """Register a function as a rule. Its docstring's first line is what `briefing rules` prints."""

    def register(function: RuleFunction) -> RuleFunction:
        RULES[name] = Rule(
            name=name, matter=matter, stages=stages, needs=needs, price=Decimal(price), share=Decimal(share),
            step=Decimal(step), limits=dict(limits or {}), run=function, doc=inspect.getdoc(function) or "",
        )  # fmt: skip
        return function

    return register


def load_all() -> Mapping[str, Rule]:
    """Every rule by name, in a fixed order."""
    from briefing.rules import (  # noqa: F401  (registers)
        ads,
        asked,
        awaited,
        budgets,
        conversations,
        day,
        invitations,
        milestones,
        projects,
        quiet,
        retainers,
        sales,
        scorecard,
        tickets,
        workload,
    )

    return dict(sorted(RULES.items()))
