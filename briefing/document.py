"""The briefing as a frozen, versioned document: what every form (terminal, HTML, Markdown, text, JSON) is made from.

All forms hold the same cards in the same order with the same numbers. `to_json` is schema `briefing/1`: fields may be
added, never change meaning; amounts are decimal strings. Nothing in here is escaped: that is each form's business.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, cast

SCHEMA = "briefing/1"

State = Literal["first", "new", "worse", "better", "unchanged", "back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that could not be read."""

    stream: str
    """Kinds of fact in a reader's words: `tasks`."""

    scope: str
    problem: str
    cure: str
    state: Literal["new", "known"] = "new"
    day: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCoverage:
    """What was read of one source and how fresh it is."""

    source: str
    status: Literal["whole", "partial", "stale", "missing"]
    as_of: datetime | None
    fetched_at: datetime | None
    rows: int
    skipped: int
    place: str = ""
    kinds: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    ignored: tuple[str, ...] = ()
    """`12 messages later than Thursday 07:00`: left out on purpose, and said."""

    silent_rules: tuple[str, ...] = ()
    """Rules that did not run because of this source."""

    told: bool = False
    """The last delivered edition said already that it was missing or old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who owns an item."""

    name: str
    out_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A place to click, or file:line where there is no link."""

    text: str
    url: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorLine:
    """One multiplied number."""

    name: str
    value: Decimal
    kind: Literal["fact", "estimate", "setting"]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLine:
    """One fact an item rests on."""

    source: str
    kind: str
    id: str
    url: str
    where: str
    as_of: datetime | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What is lost before the next edition: `stake` times the factors, rounded to cents."""

    amount: Decimal
    currency: str
    kind: Literal["fact", "estimate", "house_price"]
    at_least: bool
    stake: Decimal
    stake_source: str
    factors: tuple[FactorLine, ...]
    stake_kind: Literal["fact", "estimate", "house_price", ""] = ""
    """What kind of number the stake is; empty: the same as the loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceValue:
    """The place in the order: what is lost times freshness and usefulness; no unit."""

    value: Decimal
    factors: tuple[FactorLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDoc:
    """One item."""

    id: str
    rule: str
    matter: str
    stage: str
    about: EvidenceLine
    client: str
    headline: str
    line: str
    body: tuple[str, ...]
    ask: str
    owner: Owner | None
    since: date | None
    state: State
    day: int
    short: str
    lost: Lost
    place: PlaceValue
    evidence: tuple[EvidenceLine, ...]
    figures: tuple[tuple[str, str], ...]
    looked_in: tuple[str, ...]
    not_in: tuple[str, ...]
    gone_when: str
    notes: tuple[str, ...]
    said: str = ""
    """What the reader said of it, and what came of that, where it counts today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAmount:
    """A card's money: the largest part per stake key, added."""

    amount: Decimal
    currency: str
    kind: Literal["fact", "estimate", "house_price"]
    at_least: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPart:
    """What one item adds to a card's amount."""

    item: str
    stake_key: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDoc:
    """A story as printed. Full cards print headline, body, owner and ask; the others print `line`."""

    number: int
    """1 for the first; further ones count on."""

    id: str
    client: str
    headline: str
    line: str
    body: tuple[str, ...]
    """Sentences in order: the rule's own, the reasons' lines, the state, the owner ("Owner Lena.", "No owner.")."""

    ask: str
    owner: Owner | None
    since: date | None
    state: State
    day: int
    full: bool
    amount: CardAmount
    parts: tuple[CardPart, ...]
    reasons: tuple[str, ...]
    """Ids of the further items of the story; they stand in `items`."""

    links: tuple[Link, ...]
    read: str
    """Source and time of reading: `Accelo 06:43`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMatter:
    """What is open with the people of a meeting."""

    item: str
    text: str
    """`3 proposal`: the card's number and a few words; without a number when it is not among the cards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A meeting of today."""

    starts: datetime
    ends: datetime
    all_day: bool
    title: str
    with_: tuple[str, ...]
    client: str
    open: tuple[OpenMatter, ...]
    problems: tuple[str, ...]
    """Sentences: `Overlaps the interview; you accepted both.`"""

    place: str = ""
    nothing_open: bool = False
    """Somebody from outside is there, all was read, and nothing is open with them."""

    unchecked: tuple[str, ...] = ()
    """Sentences about what was not looked at for this meeting: `Accelo: not checked today.`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Who is out."""

    name: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The day. `known` is False where no calendar is configured: the section is then left out."""

    known: bool = False
    appointments: tuple[Appointment, ...] = ()
    summary: str = ""
    """`5 meetings, 3 h 30 min. Longest free stretch 12:00 to 15:30.`"""

    away: tuple[Away, ...] = ()
    tomorrow: str = ""
    """`Tomorrow starts 08:30 with Copperfield.`"""

    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdRow:
    """One account in the ads table. Texts are ready to print."""

    verdict: Literal["worse", "better", "watch"]
    account: str
    cpl: str
    cpl_usual: str
    leads: str
    leads_usual: str
    day_before: str
    week_before: str
    median: str
    edits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdsTable:
    """The ads section. `title` is the day and totals; empty when no ads are configured."""

    title: str = ""
    rows: tuple[AdRow, ...] = ()
    notes: tuple[str, ...] = ()
    day: date | None = None
    """The day that the three comparisons are about; heads their columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardTable:
    """The scorecard section."""

    title: str = ""
    """`15 of 18 on target.`"""

    off: tuple[str, ...] = ()
    late: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sentence or two of a list, and the item it is about."""

    text: str
    item: str = ""
    """The item's id; empty where there is none to ask about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What moved since `compared_with`. Decided, resolved and escalated lines stand in the briefing itself."""

    summary: str = ""
    """`4 new, 3 worse, 1 back, 10 unchanged, 3 resolved`"""

    worse: tuple[Line, ...] = ()
    better: tuple[Line, ...] = ()
    back: tuple[Line, ...] = ()
    unchanged: tuple[Line, ...] = ()
    unchecked: tuple[Line, ...] = ()
    """What stood in full and was not looked at today: it stays on the page."""

    notes: tuple[str, ...] = ()
    """`Nothing is called resolved in Accelo today.`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What an edition leaves of one item for the next one to compare with: items of its own, and those it remembers."""

    state: Literal["open", "unchecked", "doubtful", "within", "resolved"] = "open"
    """
    open       it stands in this edition
    unchecked  it stood in an earlier one, and what it rests on was not read since
    doubtful   the same, but lists that were read in part did not have it any more
    within     it stood in an earlier one, and is part of another item now
    resolved   it stood in an earlier one, and was looked for and not found any more
    """

    id: str
    rule: str
    matter: str
    stage: str
    source: str
    kind: str
    about: str
    """The id of what it is about: with matter, source and kind its key."""

    client: str = ""
    line: str
    short: str = ""
    since: date | None = None
    deadline: date | None = None
    lost: Decimal = Decimal(0)
    stood: date
    """In which edition it stood last; of one that is resolved, which one said so."""

    first: date
    """In which edition it stood first, of those it stood in without being resolved."""

    moved: date
    """In which edition it was last new, worse, better or back."""

    measure: Decimal | None = None
    """Its measure when that last moved by the rule's step: a slow climb adds up."""

    measured: Decimal | None = None
    """Its measure in the edition in which it stood last."""

    full: bool = False
    """It stood in full."""

    folded: str = ""
    """The reader's word that kept it off the page: `decided`, `snoozed`; empty where it was told."""

    spent: int = 0
    """Up to this number words about it do not count any more: it came back, and was told why."""

    limits: str = ""
    """A mark of its rule's thresholds as they were; empty where nobody noted them."""

    silent_from: date | None = None
    """From this day on its rule does not tell it any more, by its age alone."""

    parts: tuple[str, ...] = ()
    """What else it speaks of, as `source:kind:id`: the tasks of a person's load."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """(matter, source, kind, id): the item's identity from day to day."""
        return (self.matter, self.source, self.kind, self.about)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByMail:
    """How cards are answered by mail."""

    address: str
    """The reader's own, from whose sent mail answers are read."""

    until: date
    """The day that "Snooze" offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many items of one rule."""

    rule: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """One edition for one audience on one local date."""

    workspace: str
    audience: str
    date: date
    timezone: str
    compiled_at: datetime
    compared_with: str
    """The last delivered edition's name, such as `Wednesday 07:00`; empty on the first."""

    subject: str
    verified_quiet: bool
    second_line: str
    """`3 to decide. 8 of 9 sources whole; Meta lacks 2 accounts.`"""

    currency: str
    coverage: tuple[SourceCoverage, ...]
    coverage_lines: tuple[tuple[str, tuple[str, ...]], ...]
    """Under "Not checked": source, then sentences (problem with cure, what is not said today because of it)."""

    cards: tuple[CardDoc, ...]
    more: tuple[str, ...]
    """Ids of the items that are in no card, in order."""

    more_line: str
    """`11 more: Acme 2, Oakline 2, six other clients 1 each.`"""

    items: tuple[ItemDoc, ...]
    """Every item of the briefing, in order: those of the cards first."""

    agenda: Agenda
    ads: AdsTable
    scorecard: ScorecardTable
    held: tuple[Line, ...] = ()
    decided: tuple[Line, ...] = ()
    resolved: tuple[Line, ...] = ()
    escalations: tuple[Line, ...] = ()
    """Who was told of what stays, with the result, and who is next."""

    escalations_failed: tuple[Line, ...] = ()
    """Steps of a ladder that were due and reached nobody for certain; they come before everything else."""

    notices: tuple[str, ...] = ()
    """Lines about the briefing itself: files taken as exported, messages left out, names proposed as one client."""

    muted_count: int = 0
    muted_by_rule: tuple[RuleCount, ...] = ()
    snoozed_count: int = 0
    hidden_line: str = ""
    """`Snoozed 2 (next back Monday). Muted 1 rule (deal-incomplete, 4 items).`; empty where nothing is hidden."""

    folded: tuple[ItemDoc, ...] = ()
    """Items that stand in no card because of what the reader said of them."""

    rules_run: int = 0
    rules_total: int = 0
    facts_read: int = 0
    read_from: datetime | None = None
    read_to: datetime | None = None
    why_command: str = "briefing why"
    """What to type before an id: `briefing why`, or with `--run try` behind."""

    why_suffix: str = ""
    next_edition: str = ""
    """`Friday 07:00`: until then nobody looks again. Empty: "the next edition"."""

    understood: tuple[Line, ...] = ()
    """What was understood of the reader's answers by mail and in chat since the edition before."""

    not_understood: tuple[Line, ...] = ()
    answers: tuple[str, ...] = ()
    """Answers not understood, this time or before, as `source:id`: told once."""

    heard: int = 0
    """The number of the last word that this edition knew."""

    by_mail: ByMail | None = None
    """None where no answer by mail would be read."""

    changes: Changes = field(default_factory=Changes)
    traces: tuple[Trace, ...] = ()
    """For the next edition: what this one had, and what it remembers of earlier ones."""


def to_json(briefing: Briefing) -> str:
    """The whole document, schema `briefing/1`, the same bytes for the same briefing."""
    return json.dumps({"schema": SCHEMA, **plain(briefing)}, ensure_ascii=False, indent=1) + "\n"


def from_json(text: str) -> Briefing:
    """A document that `to_json` wrote; fields of a later version are left out. Raises ValueError where it is none."""
    from briefing.codec import build

    value = json.loads(text)
    if not isinstance(value, dict) or value.pop("schema", "") != SCHEMA:
        raise ValueError(f"this is no document of schema {SCHEMA}")
    for meeting in value["agenda"]["appointments"]:
        meeting["with_"] = meeting.pop("with", ())
    value["date"] = date.fromisoformat(value["date"])  # a field named as its type hides it from `build`
    value["coverage_lines"] = [(source, tuple(texts)) for source, texts in value["coverage_lines"]]
    return cast(Briefing, build(Briefing, value))


def plain(value: Any) -> Any:
    """A record of the document as plain values for JSON."""
    if is_dataclass(value):
        return {each.name.rstrip("_"): plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return value
