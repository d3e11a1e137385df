"""What deserves attention: items as rules state them, priced by ranking, gathered into cards and one briefing.

item     one thing that deserves attention, in one sentence, with the facts it rests on
matter   what a family of rules is about; the rules of one matter are stages of one item
stake    the money an item is about, and what kind of number that is
story    items of one client and one root object, told as one card
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from briefing.facts import Money, Person, Ref

FactorKind = Literal["fact", "estimate", "setting"]
StakeKind = Literal["fact", "estimate", "house_price"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """The money a rule can defend. Without an amount the rule's house price serves."""

    amount: Money | None = None
    kind: StakeKind = "house_price"
    at_least: bool = False
    key: str = ""
    """The same money under two items has the same key and counts once; empty: the item's own."""

    source: str = ""
    """Where the number comes from, for `why`: `PandaDoc, document total`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One number that multiplies, with what kind of number it is and where it comes from."""

    name: str
    value: Decimal
    kind: FactorKind
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact an item rests on."""

    ref: Ref
    text: str
    """What it says, short: `due Tuesday 24 November`."""

    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the method behind an item, for `why` only."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that deserves attention. The rule writes every sentence in it."""

    rule: str
    matter: str
    stage: str
    about: Ref
    root: Ref | None = None
    """The object a story is told around (the project of a milestone); None: `about`."""

    client: str = ""
    """The resolved client's name; empty when nobody knows."""

    headline: str
    """A whole sentence with its full stop; begins with whom it is about."""

    line: str
    """The same in one line of a list, shorter, with its full stop."""

    body: tuple[str, ...] = ()
    """Further sentences: comparison, money, where was looked."""

    ask: str
    """The question, without "Decide:"."""

    owner: Person | None = None
    since: date | None = None
    """Since when it is so; printed where the headline does not say it."""

    since_text: str = ""
    """`since` in a sentence of the rule's own, such as "Since 12 November."; empty: not printed."""

    stake: Stake = field(default_factory=Stake)
    likelihood: Factor | None = None
    """None: 1, a fact."""

    urgency: Literal["date", "waiting", "flow"] = "waiting"
    """How the stake goes: by a date, a share a workday, or all of it by its nature (a loss a day)."""

    deadline: date | None = None
    """For `date`; an item within one workday of it stands in full whatever its price."""

    measure: Decimal | None = None
    """What makes it worse when it grows; never elapsed days alone."""

    short: str = ""
    """Two or three words for the agenda and the subject: `proposal`, `Launch`, `5 overdue tasks`."""

    silent_from: date | None = None
    """The first day on which its rule no longer tells it, by its age alone; None where age ends nothing."""

    people: tuple[Person, ...] = ()
    """Persons it concerns besides the owner, for the day's meetings."""

    unowned: bool = False
    """It says itself that nobody has it, so that "No owner." beside it would say that twice."""

    tells: tuple[Ref, ...] = ()
    """What this sentence counts already (the open tasks of a late milestone): not said again on the same card."""

    evidence: tuple[Evidence, ...] = ()
    figures: tuple[Figure, ...] = ()
    looked_in: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    gone_when: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """(matter, source, kind, id): the item's identity from day to day."""
        return (self.matter, self.about.source, self.about.kind, self.about.id)

    @property
    def story(self) -> tuple[str, ...]:
        """What card it belongs to: the client, where there is one, and the root object; or itself."""
        if self.root is None:
            return self.key
        return (self.client, self.root.source, self.root.kind, self.root.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """An item with its cost of delay. Amounts are in the workspace's currency."""

    item: Item
    id: str
    """The printed id: at least 4 base32 characters."""

    lost: Decimal
    lost_kind: StakeKind
    """`estimate` as soon as one factor is not a fact."""

    stake: Money
    stake_kind: StakeKind = "house_price"
    factors: tuple[Factor, ...]
    place: Decimal
    place_factors: tuple[Factor, ...]
    state: Literal["first", "new", "worse", "better", "unchanged", "back"] = "first"
    day: int = 1
    stood: bool = False
    """It stood in full in the edition that is compared with."""

    notes: tuple[str, ...] = ()
    """Such as "no rate for CHF: the house price serves"."""

    @property
    def fresh(self) -> bool:
        """Something to read again: new, worse or back. What is unchanged or better takes one line."""
        return self.state not in {"unchanged", "better"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One kind of money in a card's amount."""

    item: str
    stake_key: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A story: the worst item in the headline, the rest as reasons."""

    lead: Priced
    reasons: tuple[Priced, ...] = ()
    parts: tuple[Part, ...] = ()
    place: Decimal = Decimal(0)
    full: bool = False

    @property
    def members(self) -> Sequence[Priced]:
        """The lead and the reasons."""
        return (self.lead, *self.reasons)

    @property
    def fresh(self) -> bool:
        """One of its items is."""
        return any(one.fresh for one in self.members)

    @property
    def stood(self) -> bool:
        """One of its items stood in full in the edition that is compared with: it does not drop below one line."""
        return any(one.stood for one in self.members)

    @property
    def amount(self) -> Decimal:
        """Lost before the next edition: the largest part per stake key, added."""
        return sum((part.amount for part in self.parts), Decimal(0))
