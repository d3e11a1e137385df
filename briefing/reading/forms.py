"""What a kind of table looks like, and which column of a file is which of its fields.

Headings are compared after folding (case, punctuation, spaces); a trailing unit such as `(USD)` or `in EUR` is kept
apart. Plain headings and their usual synonyms are known; what a user maps wins; what is missing or there twice is
asked, with a mapping ready to paste.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from briefing.reading.currencies import currency_of, heading_parts
from briefing.reading.dates import stamp
from briefing.reading.numbers import number
from briefing.reading.text import NAME, clean, folded

Kind = Literal["text", "date", "moment", "done", "period", "number", "count", "share", "money", "target"]
"""`date` is a day, `moment` a day with or without a time, `done` a day or yes/no, `period` a day, week or month;
`count` has no decimals, `share` is a part of one, `money` has a currency, `target` says at least or at most."""

DATES: frozenset[Kind] = frozenset({"date", "moment", "done", "period"})
NUMBERS: frozenset[Kind] = frozenset({"number", "count", "share", "money", "target"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that a table may say of each row."""

    name: str
    """As the setting `columns` calls it."""

    kind: Kind = "text"
    headings: tuple[str, ...]
    """Folded headings that say it."""

    loose: tuple[str, ...] = ()
    """Folded headings that say it where no column has one of `headings`."""

    units: tuple[str, ...] = ()
    """Units, lower case, that numbers of this field may carry."""

    group: str = ""
    """Fields of one group are written alike: their cells together settle how numbers are read."""

    @property
    def word(self) -> str:
        """What to call it in a sentence."""
        return self.name.replace("_", " ")


def column(name: str, kind: Kind, headings: str, *, loose: str = "", units: str = "", group: str = "") -> Field:
    """A field with its headings as a comma separated list."""
    return Field(
        name=name, kind=kind, headings=_list(headings), loose=_list(loose), units=tuple(units.split()), group=group
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(folded(part) for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class Unsure:
    """A heading that may say a field, unless another field settles it."""

    heading: str
    field: str
    settled_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """One kind of table."""

    name: str
    """`deals`, `tasks`: the word for messages."""

    fields: tuple[Field, ...]
    needs: tuple[tuple[str, ...], ...]
    """Of each group one field must have a column."""

    key: str
    """The field that a totals row leaves empty."""

    prefixes: tuple[str, ...] = ()
    """Words that any heading may begin with: `Deal owner`, `Task - Status`."""

    telling: frozenset[str] = frozenset()
    """Fields of which one must be there, under one of its own headings, to take a file for this kind."""

    unless: tuple[str, ...] = ()
    """Headings that say the file is of another kind."""

    hints: tuple[str, ...] = ()
    """Words in a file's name that break a tie."""

    unsure: tuple[Unsure, ...] = ()
    """Headings that may or may not say a field: to be confirmed by the user."""

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by name."""
        return {each.name: each for each in self.fields}

    @cached_property
    def by_heading(self) -> Mapping[str, tuple[str, int]]:
        """Folded heading to field and tier: 0 its own, 1 loose. A field's own heading wins over another's loose one."""
        known: dict[str, tuple[str, int]] = {}
        for tier, lists in enumerate(zip(*((each.headings, each.loose) for each in self.fields), strict=True)):
            for each, headings in zip(self.fields, lists, strict=True):
                for heading in headings:
                    known.setdefault(heading, (each.name, tier))
        for heading, found in list(known.items()):
            for prefix in self.prefixes:
                known.setdefault(f"{prefix} {heading}", found)
        return known


@dataclass(frozen=True, slots=True)
class Column:
    """A column that was found for a field."""

    index: int
    heading: str
    unit: str = ""
    """What the heading says the cells are in."""


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Which column of a file is which field, and what is left to ask."""

    form: Form
    headings: tuple[str, ...]
    columns: Mapping[str, Column]
    own: frozenset[str]
    """Fields found under one of their own headings or by the user's mapping."""

    doubled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Mapped headings that the file does not have, by field."""

    unsure: Mapping[str, str] = field(default_factory=dict)
    """Headings that may say a field, by field."""

    left_out: frozenset[str] = frozenset()
    """Fields that the user said have no column."""

    @property
    def missing(self) -> tuple[tuple[str, ...], ...]:
        """Needs that no column meets."""
        there = (self.columns.keys() | self.left_out | self.doubled.keys()) - {self.form.key}
        there |= self.columns.keys() | self.doubled.keys()
        return tuple(group for group in self.form.needs if not there & set(group))

    @property
    def clear(self) -> bool:
        """Nothing is left to ask."""
        return not (self.missing or self.doubled or self.unknown or self.unsure)


def match(form: Form, headings: Sequence[str], mapping: Mapping[str, str] | None = None) -> Matching:
    """Find the columns of a form's fields. The order of columns changes nothing."""
    mapping = mapping or {}
    mapped: dict[str, Column] = {}
    unknown = {}
    for name, wanted in mapping.items():
        if wanted and (index := _find(headings, wanted)) is not None:
            mapped[name] = Column(index, _safe(headings[index]), heading_parts(headings[index])[1])
        elif wanted:
            unknown[name] = wanted
    taken = {each.index for each in mapped.values()}
    offers: dict[str, dict[int, list[Column]]] = defaultdict(lambda: defaultdict(list))
    for index, heading in enumerate(headings):
        if index not in taken and (offer := _offer(form, heading)) and offer[0] not in mapping:
            offers[offer[0]][offer[1]].append(Column(index, _safe(heading), offer[2]))
    best = {name: (min(tiers), tiers[min(tiers)]) for name, tiers in offers.items()}
    there = mapping.keys() | best.keys()
    alike = {folded(heading): _safe(heading) for heading in headings}
    return Matching(
        form=form, headings=tuple(_safe(heading) for heading in headings),
        columns=mapped | {name: found[0] for name, (_, found) in best.items() if len(found) == 1},
        own=frozenset(mapped) | {name for name, (tier, found) in best.items() if tier == 0 and len(found) == 1},
        doubled={name: tuple(each.heading for each in found) for name, (_, found) in best.items() if len(found) > 1},
        unsure={
            each.field: alike[each.heading]
            for each in form.unsure
            if each.heading in alike and not there & {each.field, each.settled_by}
        },
        unknown=unknown, left_out=frozenset(name for name, wanted in mapping.items() if not wanted),
    )  # fmt: skip


def _safe(heading: str) -> str:
    return clean(heading, NAME)


def _offer(form: Form, heading: str) -> tuple[str, int, str] | None:
    """Field, tier and unit that a heading offers."""
    name, unit = heading_parts(heading)
    found = form.by_heading.get(folded(name)) if unit else None
    if found is None:
        whole = form.by_heading.get(folded(heading))
        return (*whole, "") if whole else None
    each = form.by_name[found[0]]
    if each.kind == "money":
        return (*found, unit) if currency_of(unit) else None
    if each.kind == "number":
        return (*found, unit) if unit.lower() in each.units else None
    return (*found, unit) if each.kind == "share" and unit == "%" else (found[0], 1, unit)


def _find(headings: Sequence[str], wanted: str) -> int | None:
    """The column a mapping names: `Owner`, or `Owner [2]` for the second of two alike."""
    numbered = re.fullmatch(r"(.+) \[(\d)\]", wanted)
    for text, nth in ((wanted, 1), (numbered[1], int(numbered[2])) if numbered else (wanted, 1)):
        exact = [index for index, heading in enumerate(headings) if heading.strip() == text.strip()]
        alike = exact or [index for index, heading in enumerate(headings) if folded(heading) == folded(text)]
        if len(alike) >= nth:
            return alike[nth - 1]
    return None


def question(found: Matching, name: str, samples: Sequence[Sequence[str]]) -> tuple[str, dict[str, str]]:
    """What is left to ask about the columns of a file, and the best guess at a mapping, by field."""
    parts = [f'it has no column "{wanted}" ({each})' for each, wanted in found.unknown.items()]
    parts += [f"it has no column for {' or '.join(_word(found.form, n) for n in group)}" for group in found.missing]
    parts += [
        f"it has {len(headings)} columns for {_word(found.form, each)}: {_quoted(headings)}"
        for each, headings in found.doubled.items()
    ]
    parts += [
        f'its column "{heading}" may be {_word(found.form, each)} or something else (then write {each} = "")'
        for each, heading in found.unsure.items()
    ]
    wanted = [*found.unknown, *(group[0] for group in found.missing)]
    known = ", ".join(f'{each} = "{each_column.heading}"' for each, each_column in sorted(found.columns.items()))
    text = f"{name}: {'; '.join(dict.fromkeys(parts))}. Its headings: {_quoted(h for h in found.headings if h)}."
    text += f" Recognised: {known}." if known else " None of them is recognised."
    doubled = {each: _first_of(headings) for each, headings in found.doubled.items()}
    return text, guesses(found, wanted, samples) | doubled | dict(found.unsure)


def _first_of(headings: Sequence[str]) -> str:
    return f"{headings[0]} [1]" if len(set(headings)) == 1 else headings[0]


def _word(form: Form, name: str) -> str:
    return form.by_name[name].word if name in form.by_name else name


def _quoted(headings: Iterable[str], most: int = 20) -> str:
    headings = list(headings)
    more = f" and {len(headings) - most} more" if len(headings) > most else ""
    return ", ".join(f'"{heading}"' for heading in headings[:most]) + more


def guesses(found: Matching, wanted: Iterable[str], samples: Sequence[Sequence[str]]) -> dict[str, str]:
    """For each wanted field the likeliest heading: by its words, else by what the cells hold; `HEADING` without one."""
    taken = {each.index for each in found.columns.values()}
    free = [i for i, heading in enumerate(found.headings) if heading and i not in taken]
    guessed: dict[str, str] = {}
    for name in dict.fromkeys(wanted):
        each = found.form.by_name.get(name)
        best = None
        if each is not None:
            best = _alike(each, found.headings, free)
            best = best if best is not None else next((i for i in free if _holds(each.kind, samples, i)), None)
        if best is not None:
            free.remove(best)
        guessed[name] = "HEADING" if best is None else found.headings[best]
    return guessed


def _alike(each: Field, headings: Sequence[str], free: Sequence[int]) -> int | None:
    scored = [
        (difflib.SequenceMatcher(None, folded(headings[i]), known).ratio(), -i)
        for i in free
        for known in (*each.headings, *each.loose)
    ]
    best = max(scored, default=(0.0, 0))
    return -best[1] if best[0] >= 0.7 else None


def _holds(kind: Kind, samples: Sequence[Sequence[str]], index: int) -> bool:
    cells = [row[index].strip() for row in samples if len(row) > index and row[index].strip()]
    if not cells:
        return False
    if kind in DATES:
        return all(stamp(cell) for cell in cells)
    if kind in NUMBERS:
        return all(number(cell) and not stamp(cell) for cell in cells)
    return all(not number(cell) and not stamp(cell) and "@" not in cell for cell in cells)


def toml_table(mapping: Mapping[str, str]) -> str:
    """A mapping as an inline TOML table, ready to paste."""
    return "{ " + ", ".join(f"{name} = {json.dumps(text, ensure_ascii=False)}" for name, text in mapping.items()) + " }"
