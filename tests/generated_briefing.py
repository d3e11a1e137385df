"""Briefings that hypothesis makes up, and what to read from each form of them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from random import Random
from typing import Any

from hypothesis import strategies as st
from rich.console import Console

from briefing.document import (
    AdRow,
    AdsTable,
    Agenda,
    Appointment,
    Away,
    Briefing,
    CardAmount,
    CardDoc,
    CardPart,
    EvidenceLine,
    FactorLine,
    ItemDoc,
    Line,
    Link,
    Lost,
    OpenMatter,
    PlaceValue,
    ScorecardTable,
)
from briefing.terminal import print_briefing
from tests.sample_briefing import THURSDAY, at, working_thursday

CENT = Decimal("0.01")
LETTERS = "abcdefghijklmnopqrstuvwxyzöß0123456789"
AFTER = ("", "", "", "", ",", ";", " %", "'s", "-2", ".5", " $9", " (x)", " &", " *", " |", " <b>", " [c]", " #4")


def _word(random: Random) -> str:
    return "".join(random.choices(LETTERS, k=random.randint(1, 12)))


def _sentence(seed: int) -> str:
    random = Random(seed)
    words = (_word(random) + random.choice(AFTER) for _ in range(random.randint(1, 14)))
    return " ".join(words).capitalize() + "."


# One number for each text: drawing every letter would take hypothesis minutes for one page.
sentence = st.integers(0, 10**9).map(_sentence)
word = st.integers(0, 10**9).map(lambda seed: _word(Random(seed)))
factor_value = st.decimals("0", "2", places=2)
amount = st.decimals("0", "1000000", places=2)


def ids(count: int) -> list[str]:
    return [f"{'abcdefghij'[number % 10]}{number:03}" for number in range(count)]


@st.composite
def factors(draw: st.DrawFn, *, most: int = 3) -> tuple[FactorLine, ...]:
    kind = st.sampled_from(["fact", "estimate", "setting"])
    return tuple(
        FactorLine(name=draw(sentence), value=value, kind=draw(kind), source=draw(sentence))  # type: ignore[arg-type]
        for value in draw(st.lists(factor_value, max_size=most))
    )


def product(start: Decimal, lines: tuple[FactorLine, ...]) -> Decimal:
    for line in lines:
        start *= line.value
    return start.quantize(CENT, ROUND_HALF_UP)


@st.composite
def items(draw: st.DrawFn, name: str, *, currency: str = "USD") -> ItemDoc:
    """An item whose ledger multiplies out, as `ranking` makes them."""
    stake, lost, place = draw(amount), draw(factors()), draw(factors(most=2))
    value = product(stake, lost)
    kind = draw(st.sampled_from(["fact", "estimate", "house_price"]))
    about = EvidenceLine(
        source="files", kind="deal", id=name, url="", where="deals.csv:3", as_of=at("06:41"), text="open"
    )
    return ItemDoc(
        id=name, rule="deal-idle", matter="deal", stage="open", about=about, client="", headline=f"Item {name}. {draw(sentence)}",
        line=f"Line {name}. {draw(sentence)}", body=(), ask="", owner=None, since=None, state="new", day=1, short="",
        lost=Lost(
            amount=value, currency=currency, kind=kind, at_least=draw(st.booleans()), stake=stake,  # type: ignore[arg-type]
            stake_source=draw(sentence), factors=lost,
        ),
        place=PlaceValue(value=product(value, place), factors=place),
        evidence=(about,), figures=(), looked_in=(), not_in=(), gone_when="", notes=(),
    )  # fmt: skip


@st.composite
def cards(draw: st.DrawFn, lead: ItemDoc, number: int, *, full: bool) -> CardDoc:
    return CardDoc(
        number=number, id=lead.id, client="", headline=lead.headline, line=lead.line,
        body=tuple(draw(st.lists(sentence, max_size=6))), ask=draw(sentence), owner=None, since=None, state="new", day=1,
        full=full, amount=CardAmount(amount=lead.lost.amount, currency="USD", kind="fact", at_least=False),
        parts=(CardPart(item=lead.id, stake_key=lead.id, amount=lead.lost.amount),), reasons=(),
        links=(Link(text="Open it", url=f"https://files.example/{lead.id}"),) if draw(st.booleans()) else (),
        read="deals.csv 06:41" if draw(st.booleans()) else "",
    )  # fmt: skip


@st.composite
def meetings(draw: st.DrawFn, names: list[str]) -> Appointment:
    starts = at("08:00") + timedelta(minutes=draw(st.integers(0, 600)))
    return Appointment(
        starts=starts, ends=starts + timedelta(minutes=draw(st.integers(5, 300))), all_day=draw(st.booleans()),
        title=draw(sentence), with_=tuple(draw(st.lists(word, max_size=5))), client="",
        open=tuple(OpenMatter(item=name, text=draw(sentence)) for name in draw(st.lists(st.sampled_from(names), max_size=2)))
        if names else (),
        problems=tuple(draw(st.lists(sentence, max_size=2))), nothing_open=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def briefings(draw: st.DrawFn) -> Briefing:
    full, lines, more = draw(st.integers(0, 3)), draw(st.integers(0, 4)), draw(st.integers(0, 9))
    all_items = tuple(draw(items(name)) for name in ids(full + lines + more))
    shown = all_items[: full + lines]
    row = st.builds(
        AdRow, verdict=st.sampled_from(["worse", "better", "watch"]), account=sentence, cpl=word, cpl_usual=word,
        leads=word, leads_usual=word, day_before=word, week_before=word, median=word, edits=word,
    )  # fmt: skip
    some = st.lists(sentence, max_size=3).map(tuple)
    listed = st.lists(st.builds(Line, text=sentence, item=st.sampled_from(["", "e1sk"])), max_size=3).map(tuple)
    names = [item.id for item in all_items]
    return replace(
        working_thursday(),
        second_line=draw(sentence), coverage_lines=tuple(draw(st.lists(st.tuples(word, some), max_size=3))),
        cards=tuple(draw(cards(item, number, full=number <= full)) for number, item in enumerate(shown, 1)),
        more=tuple(item.id for item in all_items[full + lines :]), more_line=draw(sentence) if more else "", items=all_items,
        agenda=Agenda(
            known=draw(st.booleans()), appointments=tuple(draw(st.lists(meetings(names), max_size=4))),
            summary=draw(sentence), away=tuple(Away(name=name, until=THURSDAY) for name in draw(st.lists(word, max_size=2))),
        ),
        ads=AdsTable(title=draw(sentence), rows=tuple(draw(st.lists(row, max_size=3))), notes=draw(some)),
        scorecard=ScorecardTable(title=draw(sentence), off=draw(some), late=draw(some)),
        held=draw(listed), decided=draw(listed), resolved=draw(listed), escalations=draw(listed), notices=draw(some),
    )  # fmt: skip


# --- reading the forms ---------------------------------------------------------------------------------------------

VOID = {"meta", "br", "hr", "link", "img"}


@dataclass
class Read(HTMLParser):
    """The text, tags and links of an HTML page."""

    texts: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __hash__(self) -> int:
        return id(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append("/" + tag)
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"style", "script", "title"} & set(self.inside):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return flat(" ".join(self.texts))


def read_html(page: str) -> Read:
    reader = Read()
    reader.feed(page)
    return reader


def read_markdown(text: str) -> Read:
    """What a reader of Markdown sees; raw HTML is let through, so that it would be found."""
    from markdown_it import MarkdownIt

    return read_html(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def flat(text: str) -> str:
    """One line, single spaces."""
    return " ".join(re.sub(r"[\s\u00a0]+", " ", text).split())


def in_terminal(briefing: Briefing, *, width: int = 80, **more: Any) -> str:
    console = Console(file=io.StringIO(), width=width, **more)
    print_briefing(briefing, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


KEPT = {
    "id",
    "item",
    "state",
    "status",
    "kind",
    "verdict",
    "timezone",
    "currency",
    "more",
    "reasons",
    "parts",
    "about",
    "url",
}
"""Fields of the document that hold ids, links and words of ours, not text from outside."""


def with_text(value: Any, change: Callable[[str], str]) -> Any:
    """A document with a change made to every text that could come from outside."""
    if isinstance(value, str):
        return change(value) if value else value
    if isinstance(value, tuple):
        return tuple(with_text(part, change) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value,
            **{
                each.name: with_text(getattr(value, each.name), change)
                for each in fields(value)
                if each.name not in KEPT
            },
        )
    return value
