"""What `briefing sources --quality` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from briefing import layout
from briefing.quality import REQUIREMENTS, TIERS, Scorecard

COLUMNS = 100


def card_rows(cards: Mapping[str, Scorecard]) -> list[dict[str, Any]]:
    """Scorecards as plain values."""
    return [
        {
            "connector": card.connector,
            "tier": card.tier,
            "requirements": {
                one.name: {
                    "tier": one.tier, "says": one.says, "state": card.answer(one.name).state,
                    "why": card.answer(one.name).why,
                }
                for one in REQUIREMENTS
            },
        }
        for card in cards.values()
    ]  # fmt: skip


def cards_text(cards: Mapping[str, Scorecard]) -> str:
    """A line per connector: the tier it stands on, and how much of each tier is done."""
    names = max((layout.width(name) for name in cards), default=0)
    names = min(max(names, len("connector")), 24)
    lines = [f"{'connector':<{names}}  {'stands on':<9}" + "".join(f"  {tier:>9}" for tier in TIERS) + "  next"]
    for card in cards.values():
        counts = "".join(f"  {_share(card, tier):>9}" for tier in TIERS)
        start = f"{card.connector:<{names}.{names}}  {card.tier or '-':<9}{counts}  "
        room = COLUMNS - len(start)
        text = _next(card)
        lines.append((start + (text if len(text) <= room else text[: room - 1] + "…")).rstrip())
    lines += ["", *(f"{tier:<9} {says}" for tier, says in TIERS.items())]
    lines += ["", "Done or exempt, of all. One in full: briefing sources NAME --quality, by the connector's name."]
    return "\n".join(lines)


def _share(card: Scorecard, tier: str) -> str:
    states = [card.answer(one.name).state for one in REQUIREMENTS if one.tier == tier]
    return f"{sum(state != 'todo' for state in states)}/{len(states)}"


def _next(card: Scorecard) -> str:
    """The first thing to do on the lowest tier that is not reached."""
    for tier in TIERS:
        for one in REQUIREMENTS:
            if one.tier == tier and card.answer(one.name).state == "todo":
                return one.name
    return ""


def card_in_full(card: Scorecard) -> str:
    """Every requirement of one connector with its answer, by tier."""
    lines = [f"{card.connector}, stands on: {card.tier or 'no tier yet'}"]
    for tier, says in TIERS.items():
        lines += ["", f"{tier}: {says}"]
        for one in (each for each in REQUIREMENTS if each.tier == tier):
            answer = card.answer(one.name)
            start = f"  {'to do' if answer.state == 'todo' else answer.state:<7} {one.name:<22} "
            lines += _block(start, answer.why or one.says)
    return "\n".join(lines)


def _block(start: str, text: str) -> list[str]:
    first, *more = layout.wrap(text, COLUMNS - len(start))
    return [start + first, *(" " * len(start) + part for part in more)]
