"""Scorecards from CSV: one row per value, or one row per number with a column for each day, week or month.

A target says which way it goes (">= 30 %", "at most 4 h"), or a column or the setting `targets` does; one that does not
is asked, because "off target" would be a coin toss. A week is read as its last day, Sunday.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Literal, cast

from briefing.connector import Ignored, Mark, Recognition, Sample, Skipped, Stream, Window
from briefing.errors import FileProblem
from briefing.facts import Fact, Measure, Ref
from briefing.reading.cells import BadCell, Row
from briefing.reading.currencies import currency_of
from briefing.reading.dates import DateColumn, Order, last_of_month, month_and_day, period, stamp
from briefing.reading.forms import Form, column
from briefing.reading.numbers import Direction, target_of
from briefing.reading.recognising import recognise_table
from briefing.reading.rows import head_text, kind_of
from briefing.reading.table_settings import MAX_MB, TableSettings
from briefing.reading.tables import Table, lay_out, look_at, natural_key, open_table, table_stream
from briefing.reading.text import NAME, SUBJECT, clean, folded

Every = Literal["day", "week", "month", ""]

_COMMON = (
    column("measure", "text", "measure, measurable, metric, kpi", loose="name, number, indicator"),
    column("seat", "text", "seat, role, team, department, function, group, area"),
    column("owner", "text", "owner, who, accountable, responsible, person", loose="assigned to"),
    column("owner_email", "text", "owner email"),
    column("target", "target", "target, goal, target value", group="values"),
    column("direction", "text", "direction, better"),
    column("unit", "text", "unit, units"),
    column("every", "text", "every, frequency, cadence, interval"),
)
LONG = Form(
    name="scorecard",
    key="measure",
    needs=(("measure",), ("at",), ("value",)),
    fields=(
        *_COMMON,
        column(
            "at", "period",
            "date, day, week, month, period, week ending, week end, as of, week of, week starting, week start, week "
            "commencing",
        ),
        column("value", "number", "value, actual, result", group="values"),
        column("url", "text", "url, link"),
    ),
    telling=frozenset({"measure", "target"}),
    unless=("spend", "cost", "amount spent", "campaign", "deal name", "task", "milestone"),
    hints=("scorecard", "scorecards", "kpi", "kpis", "metrics", "measures"),
)  # fmt: skip
WIDE = Form(
    name="scorecard", key="measure", needs=(("measure",),), fields=(*_COMMON, column("url", "text", "url, link")),
    telling=LONG.telling, unless=LONG.unless, hints=LONG.hints,
)  # fmt: skip

STARTS = frozenset({"week of", "week starting", "week start", "week commencing"})
"""Headings under which a date is the first day of its week."""

DIRECTIONS: Mapping[str, Direction] = {
    "at least": "at_least", "min": "at_least", "minimum": "at_least", "higher": "at_least", "up": "at_least",
    "higher is better": "at_least", "more": "at_least", "at most": "at_most", "max": "at_most", "maximum": "at_most",
    "lower": "at_most", "lower is better": "at_most", "down": "at_most", "less": "at_most",
}  # fmt: skip
EVERY: Mapping[str, Every] = {
    "day": "day", "daily": "day", "week": "week", "weekly": "week", "month": "month", "monthly": "month",
}  # fmt: skip
UNITS: Mapping[str, str] = {
    "percent": "%", "hours": "h", "hour": "h", "hrs": "h", "hr": "h", "minutes": "min", "minute": "min", "mins": "min",
    "days": "d", "day": "d",
}  # fmt: skip
_WEEK_ONLY = re.compile(r"(?:w|week|kw|wk)\s?(\d{1,2})", re.IGNORECASE)
_WEEK_PREFIX = re.compile(r"(week of|week starting|week commencing|w/c|week ending|w/e)\s+", re.IGNORECASE)


def recognise(sample: Sample) -> Recognition | None:
    """Whether a file is a scorecard, long or wide."""
    offer = recognise_table(sample, "scorecard_csv", {"path": LONG})
    if sample.names or not sample.head or kind_of(sample.head) or (offer and not offer.ask):
        return offer
    layout = lay_out(head_text(sample.head), WIDE)
    periods = [heading for heading in layout.headings if Heading.of(heading)] if layout else []
    if layout is None or len(periods) < 2 or not WIDE.telling & layout.matching.own or not layout.matching.clear:
        return offer
    return Recognition(use="scorecard_csv", sure=round(0.7 + 0.02 * min(len(layout.matching.columns) + 2, 12), 2))


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that is a day, week or month; its year may be missing."""

    text: str
    first_day: bool
    """The date is the first day of a week."""

    every: Every

    @classmethod
    def of(cls, heading: str) -> Heading | None:
        """The heading as a period; None when it is none."""
        found = _WEEK_PREFIX.match(heading.strip())
        text = heading.strip()[found.end() :] if found else heading.strip()
        starts = bool(found and "end" not in found[1].lower() and "/e" not in found[1].lower())
        if whole := period(text):
            return cls(text, False, whole[1])
        if stamp(text) or month_and_day(text):
            return cls(text, starts, "week" if found else "")
        return cls(text, False, "week") if _WEEK_ONLY.fullmatch(text) else None

    def end(self, order: Order | None, year: int) -> date | None:
        """The last day of the period; `year` serves where the heading has none."""
        if whole := period(self.text):
            return whole[0]
        found = stamp(self.text)
        day = found.day(order) if found else _in_year(self.text, year)
        return day + timedelta(days=6) if day and self.first_day else day

    @property
    def yearless(self) -> bool:
        """It has no year."""
        return not period(self.text) and not stamp(self.text)


def _in_year(text: str, year: int) -> date | None:
    try:
        if found := month_and_day(text):
            return date(year, *found)
        week = _WEEK_ONLY.fullmatch(text)
        return date.fromisocalendar(year, int(week[1]), 7) if week else None
    except ValueError:
        return None


class ScorecardCsv:
    """One file of numbers that somebody answers for."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Measure})

    def __init__(
        self,
        *,
        source: str,
        path: str,
        columns: Mapping[str, str] | None = None,
        targets: str = "",
        dates: str = "",
        decimal: str = "",
        currency: str = "",
        encoding: str = "",
        client: str = "",
        max_mb: int = MAX_MB,
    ) -> None:
        if targets not in ("", "at_least", "at_most"):
            raise ValueError(f'targets: "{targets}" is neither at_least nor at_most')
        self._targets = cast(Direction, targets) if targets else None
        self._settings = TableSettings(
            source=source, path=path, columns=columns or {}, dates=dates, decimal=decimal, currency=currency,
            encoding=encoding, client=client, max_mb=max_mb,
        ).checked(LONG)  # fmt: skip

    def streams(self, window: Window) -> Sequence[Stream]:
        """The one stream of the file."""
        return [table_stream(self._settings, [Measure], self._read)]

    def _read(self, window: Window, mark: Mark | None) -> Iterator[Fact | Skipped | Ignored]:
        today = window.now.astimezone(window.zone).date()
        _, layout = look_at(self._settings, LONG)
        headings = {index: found for index, text in enumerate(layout.headings) if (found := Heading.of(text))}
        if "value" in layout.matching.columns or not headings:
            return Values(open_table(self._settings, LONG, window.zone), today, self._targets).read()
        names = {index: f"value of {clean(layout.headings[index], 30)}" for index in sorted(headings)}
        if len(set(names.values())) < len(names):
            twice = next(name for name, count in Counter(names.values()).items() if count > 1)
            raise FileProblem(
                f"{clean(Path(self._settings.path).name, NAME)} has two columns for the {twice}",
                advice="rename one of them",
            )
        dated = tuple(column(name, "number", layout.headings[index], group="values") for index, name in names.items())
        form = replace(WIDE, fields=(*(each for each in WIDE.fields), *dated))
        settings = replace(
            self._settings, columns={k: v for k, v in self._settings.columns.items() if k in form.by_name}
        )
        table = open_table(settings, form, window.zone)
        ends = self._ends(table, headings, today)
        return Values(table, today, self._targets, ends={names[index]: end for index, end in ends.items()}).read()

    def _ends(self, table: Table, headings: Mapping[int, Heading], today: date) -> dict[int, tuple[date, Every]]:
        """The last day of each column. Those without a year run on from the last one with values, the latest past."""
        dates = DateColumn()
        for heading in headings.values():
            if not period(heading.text):
                dates.add(table.layout.line, heading.text)
        order = cast(Order, self._settings.dates) if self._settings.dates else dates.order
        if not self._settings.dates and dates.asks:
            raise FileProblem(
                f'{table.file.name}: heading "{clean(dates.shown[0][1], 30)}" can be read in more than one order',
                advice=self._settings.to_write({"dates": '"d/m/y" (or "m/d/y")'}),
            )
        years = _years(table, headings, today)
        ends = {index: heading.end(order, years.get(index, today.year)) for index, heading in headings.items()}
        return {index: (end, headings[index].every) for index, end in ends.items() if end}


def _years(table: Table, headings: Mapping[int, Heading], today: date) -> dict[int, int]:
    """The year of each heading without one: they run in order, and the last one that has values is the latest past."""
    places = [index for index, heading in sorted(headings.items()) if heading.yearless]
    if not places:
        return {}
    filled = [False] * (table.width + 1)
    for raw in table.usable():
        for index in places:
            filled[index] = filled[index] or bool(raw.cells[index].strip())
    days = {index: day for index in places if (day := _in_year(headings[index].text, 2024))}  # a leap year
    places = [index for index in places if index in days]
    steps = [(days[b] - days[a]).days for a, b in pairwise(places)]
    falling = sum(step < 0 for step in steps) > sum(step > 0 for step in steps)
    if falling:
        places.reverse()
    offsets = {places[0]: 0}
    for before, after in pairwise(places):
        offsets[after] = offsets[before] + (days[after] < days[before])
    anchor = max((index for index in places if filled[index]), key=places.index, default=places[-1])
    past = _in_year(headings[anchor].text, today.year)
    year = today.year if past and past <= today else today.year - 1
    return {index: year + offsets[index] - offsets[anchor] for index in places}


class Values:
    """The values of a scorecard as facts; `ends` holds the columns of a wide one with their last days."""

    def __init__(
        self,
        table: Table,
        today: date,
        targets: Direction | None,
        *,
        ends: Mapping[str, tuple[date, Every]] | None = None,
    ) -> None:
        self.table, self.today, self.targets, self.ends = table, today, targets, ends
        self.seen: dict[str, tuple[int, int]] = {}
        self.ignored: Counter[str] = Counter()
        self.repeated = self._repeated()
        place = table.formats.columns.get("at")
        self.heading = folded(place.heading) if place else ""

    def read(self) -> Iterator[Fact | Skipped | Ignored]:
        """Every value, or the reason why not."""
        for row in self.table.rows():
            if not isinstance(row, Row):
                yield row
                continue
            try:
                common = self._common(row)
            except BadCell as error:
                yield Skipped(row.where, str(error))
                continue
            yield from self._wide(row, common) if self.ends is not None else self._long(row, common)
        yield from (Ignored(count, why) for why, count in sorted(self.ignored.items()))

    def _repeated(self) -> frozenset[str]:
        """Measures that stand in the file under several owners: the owner is then part of their key."""
        owners: dict[str, set[str]] = {}
        for row in self.table.rows():
            if isinstance(row, Row):
                owner = row.person("owner", "owner_email")
                owners.setdefault(self._key(row), set()).add(owner.label if owner else "")
        return frozenset(key for key, names in owners.items() if len(names) > 1)

    def _key(self, row: Row) -> str:
        return natural_key(row.text("seat"), row.text("measure", SUBJECT))

    def _common(self, row: Row) -> Measure:
        """What all values of a row share, with neither day nor value yet."""
        owner = row.person("owner", "owner_email")
        key = self._key(row)
        if key in self.repeated:
            key = natural_key(key, owner.label if owner else "")
        target = row.target("target")
        return Measure(
            ref=row.ref("measure", key),
            party=row.party(),
            name=row.needed("measure", SUBJECT),
            seat=row.text("seat"),
            owner=owner,
            target=target[0] if target else None,
            direction=self._direction(row, target[2]) if target else "at_least",
            unit=self._unit(target[1] if target else "") or self._unit(row.text("unit", 12)),
            at=self.today,
            every=EVERY.get(row.text("every").lower(), ""),
        )

    def _direction(self, row: Row, stated: Direction | None) -> Direction:
        direction = row.text("direction").lower()
        found = stated or DIRECTIONS.get(folded(direction)) or target_of(direction)[0] or self.targets
        if found is None:
            shown = clean(row.cell("target"), 30)
            raise BadCell(f'target "{shown}" does not say at least or at most: write so, or set targets = "at_least"')
        return found

    def _unit(self, text: str) -> str:
        text = UNITS.get(text.lower(), text)
        currency = currency_of(text) if text else None
        if currency is None:
            return text.lower()
        setting = self.table.formats.settings.currency
        return setting if setting in currency.possible else currency.usual or text

    def _long(self, row: Row, common: Measure) -> Iterator[Fact | Skipped]:
        try:
            found = row.period("at")
            if found is None:
                raise row.missing("at")
            end, every = self._period(*found)
            if end > self.today:
                self._later()
                return
            fact = self._valued(row, common, "value", end, every)
        except BadCell as error:
            yield Skipped(row.where, str(error))
            return
        yield from self._once(row, fact, hash(tuple(row.cells)))

    def _period(self, day: date, every: str) -> tuple[date, Every]:
        if every:
            return day, cast(Every, every)
        if self.heading in STARTS:
            return day + timedelta(days=6), "week"
        if self.heading == "month" and day.day == 1:
            return last_of_month(day), "month"
        return day, "week" if self.heading.startswith("week") else "month" if self.heading == "month" else ""

    def _wide(self, row: Row, common: Measure) -> Iterator[Fact | Skipped]:
        assert self.ends is not None
        facts = 0
        for name, (end, every) in self.ends.items():
            if row.cell(name) and end > self.today:
                self._later()
            elif row.cell(name):
                try:
                    fact = self._valued(row, common, name, end, every)
                except BadCell as error:
                    yield Skipped(row.where, str(error))
                    facts += 1
                    continue
                if fact.value is not None:
                    facts += 1
                    yield from self._once(row, fact, hash((tuple(row.cells), name)))
        past = [(end, every) for end, every in self.ends.values() if end <= self.today]
        if not facts and past:
            end, every = max(past)
            yield from self._once(row, self._dated(common, end, every), hash(tuple(row.cells)))

    def _later(self) -> None:
        self.ignored[f"values later than {self.today:%A} {self.today.day} {self.today:%B}"] += 1

    def _dated(self, common: Measure, end: date, every: Every) -> Measure:
        ref: Ref = replace(common.ref, id=f"{common.ref.id}/{end}")
        return replace(common, ref=ref, at=end, every=common.every or every)

    def _valued(self, row: Row, common: Measure, name: str, end: date, every: Every) -> Measure:
        found = row.quantity(name)
        if found is None:
            return self._dated(common, end, every)
        value, stated = found[0], self._unit(found[1])
        place = self.table.formats.columns[name]
        unit = stated or common.unit or (self._unit(place.unit) if name == "value" else "")
        shown = clean(row.cell(name), 30)
        if common.unit and unit != common.unit:
            raise BadCell(f'value "{shown}" is in {unit}, the target in {common.unit}')
        if unit == "%" and not stated and abs(value) < 1 and value != value.to_integral_value():
            raise BadCell(f'value "{shown}" may be {(value * 100).normalize():f} % or {shown} %: write the sign')
        return replace(self._dated(common, end, every), value=Decimal(value), unit=unit)

    def _once(self, row: Row, fact: Measure, contents: int) -> Iterator[Fact | Skipped]:
        line, before = self.seen.setdefault(fact.ref.id, (row.line, contents))
        if line == row.line:
            yield fact
        elif before == contents:
            self.ignored["repeated rows"] += 1
        else:
            yield Skipped(row.where, f"the same number and day as in line {line}, with other contents")
