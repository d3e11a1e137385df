"""Accelo's contracts and their open periods as retainers (accelo.md sections 8.9 and 9.g).

A retainer is stated by each of its periods that runs today. The periods of many retainers come as one list where
Accelo answers that, which is not documented; what that lacks, and everything where it does not answer, is asked for by
retainer, as documented: one call each, and only where a period may run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from briefing.connector import Ignored, Skipped
from briefing.errors import AuthError, BadAnswer, RateLimited, SourceError
from briefing.facts import Ref, Retainer
from connectors.accelo_api import GUARDS, Api, Listing, NotShown, NotThere, RefusedFields
from connectors.accelo_facts import Shapes, needed_id, party_of, state_of, title_of
from connectors.accelo_filters import (
    LATEST_PERIOD,
    Filter,
    Filters,
    chunks,
    of_retainers,
    retainer_of,
    standing,
    standing_not,
)
from connectors.accelo_modules import Learned
from connectors.accelo_period import period_of
from connectors.accelo_values import BadValue, Row, day, flag, ref
from connectors.accelo_values import field as part
from connectors.accelo_work import PERSON, Things
from connectors.side_by_side import side_by_side

State = Literal["open", "closed", "paused"]

STATES: Mapping[str, State] = {
    "active": "open", "open": "open", "pending": "paused", "paused": "paused", "cancelled": "closed",
    "inactive": "closed", "complete": "closed", "completed": "closed", "closed": "closed", "expired": "closed",
}  # fmt: skip
"""Standings of retainers. The set is not documented; a word that is not here is told and not guessed."""

FIELDS = (
    "title", "standing", "auto_renew", "date_started", "date_expires", "date_period_expires", f"manager{PERSON}",
    "company(name)",
)  # fmt: skip
SPARE = ("job", "owner_affiliation(company(name))")
PERIOD = (
    "standing", "contract", "contract_id", "date_commenced", "date_expires", "allowance_type", "duration_type",
    "rollover", "contract_budget(value,time,time_charged,product_charged)",
)  # fmt: skip
PERIOD_SPARE = ("allowance", "budget", "budget_used", "unapproved_budget_used")
"""Only the older documentation has them."""

LATELY = timedelta(days=45)
"""A retainer whose last period ended longer ago has none that runs."""

OPENED = Filter("standing", "standing(opened)", lambda row: standing(row) != "closed")
"""Asked for are the open ones; what has a standing that nobody knows is told."""

AT_ONCE = GUARDS.at_once - 1
"""One place is left for the other lists of the reading."""


@dataclass
class Found:
    """The open periods of some retainers, by theirs, and what could not be read."""

    periods: dict[str, list[Row]] = field(default_factory=dict)
    told: list[Skipped | Ignored] = field(default_factory=list)

    def add(self, row: Row | Skipped | Ignored) -> None:
        """One more row of a list of periods."""
        if isinstance(row, Skipped | Ignored):
            self.told.append(row)
        elif of := retainer_of(row):
            self.periods.setdefault(of, []).append(row)


class Retainers:
    """Reads them, and remembers which way of asking works."""

    def __init__(self, api: Api, learned: Learned) -> None:
        self._api, self._learned = api, learned

    def read(self, shapes: Shapes) -> Things:
        """Every period that runs today."""
        listing = Listing(
            resource="contracts", fields=FIELDS, spare=SPARE, spare_words="projects of retainers",
            filters=Filters((standing_not("cancelled", "inactive"),)), telling=("date_expires", "company"),
        )  # fmt: skip
        asked: dict[str, Row] = {}
        at_rest = 0
        for thing in self._api.rows(listing):
            if isinstance(thing, Skipped | Ignored):
                yield thing
                continue
            try:
                if may_run(thing, shapes):
                    asked[needed_id(thing["id"])] = thing
                else:
                    at_rest += 1
            except BadValue as error:
                yield Skipped(f"retainer {thing['id']}", str(error))
        if at_rest:
            yield Ignored(at_rest, "retainers that do not run")
        found = self._periods(list(asked), shapes)
        yield from found.told
        yield from _Stating(shapes).all(asked, found.periods)

    def _periods(self, ids: Sequence[str], shapes: Shapes) -> Found:
        """The open periods of retainers, by the list of all where that answers, and else one by one."""
        today = shapes.today
        known = self._learned.flat_periods(today) if ids else False
        found = Found()
        if known is not False:
            found, answers = self._flat(ids)
            if answers is not None:
                self._learned.note_flat_periods(answers, today)
        if missing := [one for one in ids if one not in found.periods]:
            self._api.leave_room(shapes.zone, len(missing))
            self._each(missing, found)
        return found

    def _flat(self, ids: Sequence[str]) -> tuple[Found, bool | None]:
        """What the list of all periods has, and whether Accelo answers it; None where that is not clear.

        Nothing is lost where it does not, or where its rows do not say which retainer they are of: what is missing is
        then asked for one by one.
        """
        found = Found()
        try:
            for some in chunks(ids):
                terms = Filters((of_retainers(some), OPENED, LATEST_PERIOD))
                for row in self._api.rows(periods_at("contracts/periods", terms)):
                    found.add(row)
        except (RefusedFields, NotThere, NotShown, BadAnswer):
            return Found(), False
        except (AuthError, RateLimited):
            raise
        except SourceError:
            return Found(), None
        return found, True if found.periods else None

    def _each(self, ids: Sequence[str], found: Found) -> None:
        """Those of one retainer after the other, a few at a time. Raises SourceError."""

        def ask(one: str) -> list[Row | Skipped | Ignored]:
            rows = self._api.rows(periods_at(f"contracts/{one}/periods", Filters((OPENED, LATEST_PERIOD))))
            return [row if isinstance(row, Skipped | Ignored) else {**row, "contract_id": one} for row in rows]

        with closing(side_by_side(ask, ids, AT_ONCE)) as results:
            for _, rows in results:
                if isinstance(rows, BaseException):
                    raise rows
                for row in rows:
                    found.add(row)


def periods_at(path: str, filters: Filters) -> Listing:
    """The question for periods, at one of the two places that may have them."""
    return Listing(
        resource="periods", path=path, fields=PERIOD, spare=PERIOD_SPARE, spare_words="allowances of retainers",
        filters=filters,
    )  # fmt: skip


def may_run(row: Row, shapes: Shapes) -> bool:
    """Whether a retainer may have a period that runs today: it is open and begun, and the last one not long over."""
    if state_of(row, STATES) != "open":
        return False
    starts, ends = (part(row, name, day, shapes.zone) for name in ("date_started", "date_period_expires"))
    begun = starts is None or starts <= shapes.today
    return begun and (ends is None or ends >= shapes.today - LATELY)


@dataclass
class _Stating:
    """From rows to facts, with what is told of many of them together."""

    shapes: Shapes
    idle: int = 0
    untold: int = 0
    unpriced: int = 0

    def all(self, retainers: Mapping[str, Row], periods: Mapping[str, Iterable[Row]]) -> Things:
        """Every period that runs, and how many retainers have none."""
        for of, row in retainers.items():
            own = list(self._of(row, periods.get(of, ())))
            self.idle += not own
            yield from own
        if self.untold:
            yield Skipped("retainers", f"Accelo does not tell what the periods of {self.untold} allow")
        if self.idle:
            yield Ignored(self.idle, "retainers without a period that runs today")
        if self.unpriced:
            currency = f'currency = "..." in sources.{self.shapes.source}'
            yield Ignored(self.unpriced, f"amounts of retainers without a currency (write {currency})")

    def _of(self, retainer: Row, periods: Iterable[Row]) -> Iterator[Retainer | Skipped]:
        for row in periods:
            try:
                if self._runs(row):
                    yield self._stated(retainer, row)
            except BadValue as error:
                yield Skipped(f"retainer {retainer['id']}, period {row['id']}", str(error))

    def _runs(self, row: Row) -> bool:
        """Whether today lies in a period; several open ones are usual, those to come among them."""
        starts, ends = (part(row, name, day, self.shapes.zone) for name in ("date_commenced", "date_expires"))
        return (starts is None or starts <= self.shapes.today) and (ends is None or ends >= self.shapes.today)

    def _stated(self, retainer: Row, row: Row) -> Retainer:
        state_of(row, {"opened": "open", "open": "open"})
        shapes, period = self.shapes, period_of(row)
        agreement, key = needed_id(retainer["id"]), part(row, "id", needed_id)
        self.untold += not period.told
        self.unpriced += not shapes.currency and period.amount is not None
        return Retainer(
            ref=Ref(source=shapes.source, kind="retainer", id=key, url=shapes.url("view_contract", agreement)),
            party=party_of({"affiliation": retainer.get("owner_affiliation"), **retainer}),
            title=title_of(retainer),
            agreement=agreement,
            project=part(retainer, "job", ref)[0] or "",
            manager=shapes.person(retainer, "manager"),
            starts=part(row, "date_commenced", day, shapes.zone),
            ends=part(row, "date_expires", day, shapes.zone),
            hours=period.hours,
            hours_used=period.hours_used,
            hours_unapproved=period.hours_unapproved,
            amount=shapes.priced(period.amount),
            amount_used=shapes.spent(period.amount_used),
            fee=shapes.priced(period.fee),
            rollover=part(row, "rollover", flag),
            agreement_ends=part(retainer, "date_expires", day, shapes.zone),
            renews=part(retainer, "auto_renew", flag),
        )
