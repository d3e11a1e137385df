"""A briefing in the terminal: 80 columns as in a letter, up to 100 where there is room, one column below 72.

Everything goes through `rich.text.Text`, never through markup, so a `[/red]` in a title is text. Only the terminal's
own colours and weights are used: they hold on a light and on a dark background. Links (OSC 8) only where the console
is a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from briefing import layout
from briefing.document import Briefing, CardDoc
from briefing.page import Foot, Page, Row, Section, Slot, page

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDEST, NARROWEST, TWO_COLUMNS = 100, 20, 72
"""Columns: at most and at least used, and from where on the day's meetings stand beside what is open."""

LABEL = 14
"""Cells of a label beside its text; a longer one stands above."""

VERDICTS = {"worse": "red", "better": "green", "watch": "bold"}

Span = tuple[str, str, str]
"""Text, style, link."""

Line = tuple[Span, ...]
BLANK: Line = ()


def print_briefing(briefing: Briefing, console: Console, *, all_items: bool = False) -> None:
    """Print the page. `all_items` lists what is otherwise counted per client."""
    columns = max(min(console.width, WIDEST), NARROWEST)
    lines = _lines(page(briefing, all_items=all_items), columns)
    console.print(_text(lines, links=console.is_terminal), soft_wrap=True, highlight=False)


def _text(lines: Iterable[Line], *, links: bool) -> Text:
    from rich.style import Style
    from rich.text import Text

    whole = Text()
    for number, line in enumerate(lines):
        if number:
            whole.append("\n")
        for text, style, url in line:
            whole.append(text, Style.parse(style) + Style(link=url) if links and url else style or None)
    return whole


def _plain(lines: Iterable[str], indent: int = 0, style: str = "") -> list[Line]:
    return [((" " * indent + line, style, ""),) for line in lines]


def _lines(one: Page, columns: int) -> list[Line]:
    lines = [*_head(one, columns), BLANK]
    indent = max((layout.width(str(card.number)) for card in (*one.full, *one.lines)), default=1) + 2
    meta = max((size for card in one.full if (size := layout.width(_meta(card))) <= columns // 2), default=0)
    for card in one.full:
        lines += [*_card(card, columns, indent, meta), BLANK]
    rest = _rest(one, columns, indent)
    lines += [*rest, BLANK] if rest else []
    for section in one.sections:
        lines += [*_section(section, columns), BLANK]
    return lines + _feet(one.feet, columns)


def _head(one: Page, columns: int) -> list[Line]:
    """Date and reader on one line where they fit; then the second line, its first sentence in bold."""
    line = layout.apart(one.date, one.reader, columns)
    lines = _plain([line] if line is not None else [*layout.wrap(one.date, columns), *layout.wrap(one.reader, columns)])
    left = len(one.first_sentence)
    for text in layout.wrap(one.second_line, columns):
        lines.append(((text[:left], "bold", ""), (text[left:], "", "")))
        left = max(left - len(text) - 1, 0)
    return lines


# --- cards -----------------------------------------------------------------------------------------------------------


def _meta(card: CardDoc) -> str:
    """`k7mp  Accelo 06:43`: what to ask for, and where and when it was read."""
    return f"{card.id}  {card.read}" if card.read else card.id


def _meta_spans(card: CardDoc) -> Line:
    url = next((link.url for link in card.links if link.url), "")
    return ((card.id, "", ""), *(((("  "), "", ""), (card.read, "dim", url)) if card.read else ()))


def _card(card: CardDoc, columns: int, indent: int, meta: int) -> list[Line]:
    """A full card; id and read time stand at the right of the owner's line, else of the question's."""
    room = columns - indent
    number = layout.left(str(card.number), indent)
    lines: list[Line] = [
        ((number if first else " " * indent, "bold", ""), (text, "bold", ""))
        for first, text in _firsts(layout.wrap(card.headline, room))
    ]
    body = _plain(layout.wrap_sentences(card.body, room) if card.body else [], indent)
    ask = _plain(layout.wrap(f"Decide: {card.ask}", room), indent, "bold") if card.ask else []
    if layout.width(_meta(card)) > meta:
        return [*lines, *body, *ask, *_plain(layout.wrap(_meta(card), room), indent, "dim")]
    for block in (body, ask):
        if block and _width(block[-1]) + 2 <= columns - meta:
            block[-1] = _with_meta(block[-1], card, columns - meta)
            return [*lines, *body, *ask]
    start = max(columns - meta, 0)
    return [*lines, *body, *ask, _with_meta(BLANK, card, start)]


def _with_meta(line: Line, card: CardDoc, start: int) -> Line:
    return (*line, (" " * (start - _width(line)), "", ""), *_meta_spans(card))


def _width(line: Line) -> int:
    return sum(layout.width(text) for text, _, _ in line)


def _firsts(texts: Sequence[str]) -> Iterable[tuple[bool, str]]:
    return ((number == 0, text) for number, text in enumerate(texts))


def _rest(one: Page, columns: int, indent: int) -> list[Line]:
    """One line for each further card, and the count of what is not shown."""
    lines: list[Line] = []
    for card in one.lines:
        lines += _entry(layout.left(str(card.number), indent), card.line, card.id, columns)
    for row in one.others:
        lines += _entry(" " * indent, row.texts[0], row.item, columns)
    if one.more_line:
        lines += _plain(layout.wrap(one.more_line, columns - indent), indent)
    return lines


def _entry(start: str, text: str, item: str, columns: int) -> list[Line]:
    """A text under a start (a number, a label) with its id at the right end."""
    indent = layout.width(start)
    texts = layout.entry(text, item, columns - indent)
    lines: list[Line] = [((start if first else " " * indent, "", ""), (text, "", "")) for first, text in _firsts(texts)]
    if item:
        last = texts[-1]
        lines[-1] = (lines[-1][0], (last[: -len(item)], "", ""), (item, "dim", ""))
    return lines


# --- sections --------------------------------------------------------------------------------------------------------


def _section(section: Section, columns: int) -> list[Line]:
    lines = _heading(section, columns)
    lines += [line for text in section.opening for line in _plain(layout.wrap(text, columns - 7), 7)]
    lines += [line for slot in section.slots for line in _slot(slot, columns)]
    if section.ads is not None and section.ads.rows:
        table = layout.ads_table(section.ads, section.ads_day, section.ads_before, columns)
        lines += [_ads_line(line) for line in table]
    lines += _rows(section.rows, columns)
    notes = section.ads.notes if section.ads else ()
    lines += [line for text in (*notes, *section.closing) for line in _plain(layout.wrap(text, columns - 1), 1)]
    return lines


def _heading(section: Section, columns: int) -> list[Line]:
    name = section.name.upper()
    first, *more = layout.heading(section.name, section.summary, columns)
    head: Line = ((first[: len(name)], "bold red" if section.urgent else "bold", ""), (first[len(name) :], "", ""))
    return [head, *_plain(more)]


def _slot(slot: Slot, columns: int) -> list[Line]:
    """A meeting, with what is open beside it, or below where the console is narrow."""
    start = layout.left(f" {slot.time}", 7) if layout.width(slot.time) < 6 else f" {slot.time} "
    middle = columns * 51 // 80
    texts = (f"Open: {slot.open_text}",) if slot.open else ()
    beside = columns >= TWO_COLUMNS and bool(texts or slot.remarks)
    room = (middle - 2 if beside else columns) - 7
    what = [
        (start if first else " " * 7) + text
        for first, text in _firsts(layout.wrap(slot.text, room, first=layout.width(start) - 7))
    ]
    other = columns - (middle if beside else 7)
    about = [line for text in (*texts, *slot.remarks) for line in layout.wrap(text, other)]
    if beside:
        return _plain(layout.beside(what, about, middle))
    return [*_plain(what), *_plain(about, 7)]


def _ads_line(line: str) -> Line:
    for verdict, style in VERDICTS.items():
        if line.startswith(f" {verdict} "):
            return ((" ", "", ""), (verdict, style, ""), (line[1 + len(verdict) :], "", ""))
    return ((line, "", ""),)


def _rows(rows: Sequence[Row], columns: int) -> list[Line]:
    labels = [layout.width(row.label) for row in rows if 0 < layout.width(row.label) <= LABEL]
    indent = 1 + (max(labels) + 1 if labels else 0)
    indent = indent if columns >= 2 * indent else 1
    lines: list[Line] = []
    for row in rows:
        start = f" {row.label if row.first else ''}"
        if layout.width(start) >= indent > 1 or (indent == 1 and start != " "):
            lines += _plain(layout.wrap(row.label, columns - 1), 1)
            start = ""
        for first, text in _firsts(row.texts):
            last = text is row.texts[-1]
            lines += _entry(layout.left(start if first else "", indent), text, row.item if last else "", columns)
    return lines


def _feet(feet: Iterable[Foot], columns: int) -> list[Line]:
    return [
        line
        for foot in feet
        for line in _plain(layout.wrap_sentences(filter(None, (foot.text, foot.command)), columns), 0, "dim")
    ]
