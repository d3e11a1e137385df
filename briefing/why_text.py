"""`briefing why`: why an item stands where it stands. The only place where the order's own arithmetic is printed.

Money and place are kept apart, and each number says what it is: fact, estimate or setting. Figures are printed exactly,
so that the printed factors multiply to the printed figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from briefing import layout, words
from briefing.document import Briefing, CardDoc, EvidenceLine, ItemDoc, Lost
from briefing.errors import UsageError
from briefing.page import cleaned, next_edition, safe_url, zone_of

if TYPE_CHECKING:
    from rich.console import Console

COLUMNS, NARROWEST = 80, 30
NAME, FIGURE, KIND = 30, 40, 53
"""Where the ledger's columns end: names, figures (right-aligned), kinds; sources follow."""

LABEL = 13
"""Cells of a label below the ledger; a longer one stands above its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    text: str
    style: str = ""


def why(briefing: Briefing, item_id: str, *, width: int = COLUMNS, docs: Mapping[str, str] | None = None) -> list[str]:
    """The lines of one item. `docs` are the rules' sentences by name; None: those of this version's rules.

    Raises UsageError when no item has the id, or several begin with it.
    """
    return [line.text for line in _all_lines(briefing, item_id, width, docs)]


def print_why(briefing: Briefing, item_id: str, console: Console, *, docs: Mapping[str, str] | None = None) -> None:
    """The same in the terminal."""
    from rich.text import Text

    whole = Text()
    for line in _all_lines(briefing, item_id, min(console.width, 100), docs):
        whole.append(line.text, line.style or None)
        whole.append("\n")
    whole.right_crop(1)
    console.print(whole, soft_wrap=True, highlight=False)


def find(briefing: Briefing, item_id: str) -> ItemDoc:
    """The item with an id, or the only one whose id begins with it."""
    known = (*briefing.items, *briefing.folded)
    found = [item for item in known if item.id == item_id] or [
        item for item in known if item_id and item.id.startswith(item_id.lower())
    ]
    if not found:
        raise UsageError(f'no item "{item_id}" in this briefing', advice="the ids stand at the right of each line")
    if len(found) > 1:
        several = words.some([item.id for item in found], 6)
        raise UsageError(f'"{item_id}" could be {several}', advice="write more of the id")
    return found[0]


def _all_lines(briefing: Briefing, item_id: str, width: int, docs: Mapping[str, str] | None) -> list[_Line]:
    briefing, width = cleaned(briefing), max(width, NARROWEST)
    item = find(briefing, item_id)
    lines = _title(briefing, item, width)
    lines += [_Line(text=""), *_ledger(briefing, item, width), _Line(text="")]
    for label, texts in _facts(briefing, item, docs):
        lines += [_Line(text=text) for text in _labelled(label, texts, width)]
    return lines


# --- the title -------------------------------------------------------------------------------------------------------


def _title(briefing: Briefing, item: ItemDoc, width: int) -> list[_Line]:
    place = _place(briefing, item)
    one = layout.apart(item.headline, place, width)
    texts = [one] if one is not None else [*layout.wrap(item.headline, width), layout.right(place, width)]
    return [_Line(text=text, style="bold") for text in texts]


def _place(briefing: Briefing, item: ItemDoc) -> str:
    """`place 3 of 18`, with the card's number where it is another one; what is folded has no place."""
    if item.id in {one.id for one in briefing.folded}:
        return "folded by what you said"
    number = next(position for position, other in enumerate(briefing.items, 1) if other.id == item.id)
    place = f"place {number} of {len(briefing.items)}"
    card = _card_of(briefing, item)
    return f"card {card.number}, {place}" if card is not None and card.number != number else place


def _card_of(briefing: Briefing, item: ItemDoc) -> CardDoc | None:
    return next((card for card in briefing.cards if item.id in (card.id, *card.reasons)), None)


# --- the ledger ------------------------------------------------------------------------------------------------------


def _ledger(briefing: Briefing, item: ItemDoc, width: int) -> list[_Line]:
    lost, place = item.lost, item.place
    stake, currency = lost.stake_kind or lost.kind, lost.currency
    loss = ("at least " if lost.at_least else "") + exact(lost.amount, currency)
    rows = [
        (f" Lost before {next_edition(briefing)}", loss, _kind_of_loss(lost), ""),
        (f"   {'house price' if stake == 'house_price' else 'amount'}", exact(lost.stake, currency), _word(stake),
         lost.stake_source),
        *((f"   {factor.name}", f"x {times(factor.value)}", factor.kind, factor.source) for factor in lost.factors),
        (" Place in the order", exact(place.value, currency), _product(item), ""),
        *((f"   {factor.name}", f"x {times(factor.value)}", "", factor.source) for factor in place.factors),
    ]  # fmt: skip
    lines = []
    for name, figure, kind, source in rows:
        head = name.startswith(" ") and not name.startswith("  ")
        lines += [_Line(text=text, style="bold" if head else "") for text in _row(name, figure, kind, source, width)]
    return lines


def _product(item: ItemDoc) -> str:
    """`= $120 x 1.00 x 0.82`."""
    return " x ".join([
        f"= {exact(item.lost.amount, item.lost.currency)}", *(times(factor.value) for factor in item.place.factors)
    ])  # fmt: skip


def _row(name: str, figure: str, kind: str, source: str, width: int) -> list[str]:
    """One line of the ledger; a long source goes on below its column, in narrow consoles under the name."""
    indent = len(name) - len(name.lstrip())
    start = [" " * indent + text for text in layout.wrap(name.strip(), min(NAME, width) - indent)]
    first = layout.left(start[-1], FIGURE - layout.width(figure)) + figure
    if layout.width(start[-1]) + 2 + layout.width(figure) > FIGURE:
        first = f"{start[-1]}  {figure}"
    told = f"{first}   {kind}".rstrip()
    if not source:
        return [*start[:-1], *_within(told, width, 5)]
    column = KIND if kind else FIGURE + 3
    column = max(column, layout.width(told) + 2)
    room = width - column
    if room < 20:
        return [*start[:-1], *_within(told, width, 5), *(" " * 5 + line for line in layout.wrap(source, width - 5))]
    lines = layout.wrap(source, room)
    return [*start[:-1], layout.left(told, column) + lines[0], *(" " * column + line for line in lines[1:])]


def _within(text: str, width: int, indent: int) -> list[str]:
    """A line as it is where it fits; else its words in several."""
    if layout.width(text) <= width:
        return [text]
    start = len(text) - len(text.lstrip())
    first, *more = layout.wrap(text, width - indent, first=start - indent)
    return [" " * start + first, *(" " * indent + line for line in more)]


def _word(kind: str) -> str:
    """What kind of number: a price from the table is a setting."""
    return "setting" if kind == "house_price" else kind


def _kind_of_loss(lost: Lost) -> str:
    """The weakest of what was multiplied: a fact only where all of it is."""
    stake = _word(lost.stake_kind or lost.kind)
    kinds = {stake, *(factor.kind for factor in lost.factors)}
    return "setting" if stake == "setting" else "fact" if kinds == {"fact"} else "estimate"


def exact(value: Decimal, currency: str) -> str:
    """An amount with every digit it has: `$120`, `$98.40`, `CHF 0.125`."""
    value = _trimmed(value, 2)
    symbol = words.SYMBOLS.get(currency)
    sign, digits = ("-", f"{-value:,f}") if value < 0 else ("", f"{value:,f}")
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{currency} {digits}".strip()


def times(value: Decimal) -> str:
    """A factor with two digits behind the point, or as many as it has: `0.25`, `1.00`, `0.125`."""
    return f"{_trimmed(value, 2, whole=False):f}"


def _trimmed(value: Decimal, digits: int, *, whole: bool = True) -> Decimal:
    """Without needless zeros, but with so many digits behind the point, or none where it is whole."""
    if whole and value == value.to_integral_value():
        return value.quantize(Decimal(1))
    value = value.normalize()
    exponent = value.as_tuple().exponent
    short = isinstance(exponent, int) and exponent > -digits
    return value.quantize(Decimal(1).scaleb(-digits)) if short else value


# --- what it rests on ------------------------------------------------------------------------------------------------


def _facts(
    briefing: Briefing, item: ItemDoc, docs: Mapping[str, str] | None
) -> Iterable[tuple[str, Sequence[str]]]:  # fmt: skip
    yield "Said", (item.said,)
    yield "Rule", (f"{item.rule}: {_sentence(item.rule, docs)}",)
    yield "Owner", _owner(item, briefing.date)
    yield "Facts", [text for line in item.evidence for text in _evidence(line, briefing)]
    yield from _figures(item)
    yield "Looked in", (", ".join(item.looked_in),)
    yield "Not in", (", ".join(item.not_in),)
    yield "Same card", _same_card(briefing, item)
    yield "Gone when", (item.gone_when,)
    yield "Notes", item.notes


def _figures(item: ItemDoc) -> Iterable[tuple[str, Sequence[str]]]:
    """The method's numbers, each under its name; all under one label where a name is too long for that."""
    if all(layout.width(name) < LABEL for name, _ in item.figures):
        return [(name, (value,)) for name, value in item.figures]
    return [("Figures", [f"{name}: {value}" for name, value in item.figures])]


def _sentence(rule: str, docs: Mapping[str, str] | None) -> str:
    """The first sentence of a rule's text, without its full stop."""
    if docs is None:
        from briefing.rules import load_all

        docs = {name: found.doc for name, found in load_all().items()}
    first = docs.get(rule, "not a rule of this version").split("\n\n")[0]
    text = " ".join(first.split()).rstrip(".")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _owner(item: ItemDoc, today: date) -> tuple[str, ...]:
    if item.owner is None:
        return ("no owner",)
    out = f", out until {words.day(item.owner.out_until, today)}" if item.owner.out_until else ""
    return (item.owner.name + out,)


def _evidence(line: EvidenceLine, briefing: Briefing) -> Iterable[str]:
    """`PandaDoc 06:47: viewed, total $48,000`, and where to look it up."""
    read = f" {_moment(line.as_of, briefing)}" if line.as_of is not None else ""
    yield f"{line.source}{read}: {line.text or line.kind}"
    if url := safe_url(line.url):
        yield url
    elif line.where:
        yield line.where


def _moment(moment: datetime, briefing: Briefing) -> str:
    local = moment.astimezone(zone_of(briefing))
    day = "" if local.date() == briefing.date else f"{words.day(local.date(), briefing.date)} "
    return day + words.clock(local)


def _same_card(briefing: Briefing, item: ItemDoc) -> list[str]:
    """The other items of the story, and what each adds to the card's money."""
    card = _card_of(briefing, item)
    if card is None or not card.reasons:
        return []
    added = {part.item: part.amount for part in card.parts}
    others = {other.id: other for other in briefing.items}
    texts = []
    for name in (card.id, *card.reasons):
        if name == item.id or name not in others:
            continue
        money = f"adds {exact(added[name], card.amount.currency)}" if name in added else "the same money"
        texts.append(f"{others[name].line} {name}, {money}")
    return texts


def _labelled(label: str, texts: Sequence[str], width: int) -> Iterable[str]:
    """` Rule         proposal-viewed: ...`, going on under the text; nothing where there is nothing to say."""
    texts = [text for text in texts if text]
    if not texts:
        return
    indent = LABEL + 1
    above = layout.width(label) >= LABEL
    if above:
        yield from (f" {line}" for line in layout.wrap(label, width - 1))
    start = "" if above else f" {label}"
    for text in texts:
        for line in [text] if "://" in text and " " not in text else layout.wrap(text, width - indent):
            yield (layout.left(start, indent) + line).rstrip()
            start = ""
