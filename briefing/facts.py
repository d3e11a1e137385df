"""The kinds of fact a connector may state, in words no vendor owns.

Words used throughout
  fact     what a connector states, with a reference to where it says so
  ref      where it says so: source, kind, id, and a link or file:line
  party    whom a fact belongs to, as the source names it; resolved to a client at compile time
  person   whom a source names as author, owner or guest; resolved to a person at compile time

All records are frozen and take keywords only. Times are aware, ids are strings, money is Decimal with its currency
(`AdDay` alone counts in integer micros, because there are hundreds of thousands of them). A field that a source does
not know stays empty: `None` is "not known", never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Where a fact was said: unique by (source, kind, id) within a workspace."""

    source: str
    """The configured source's name, such as `slack` or `deals`."""

    kind: str
    """The kind of thing the id names, in the vendor's or the file's word: `task`, `deal`, `thread`."""

    id: str
    url: str = ""
    """A link a person can open; empty where the source has none."""

    where: str = ""
    """`file.csv:14` or a message id, where there is no link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whom a fact belongs to, as its source says it. `briefing.clients` decides which client that is."""

    name: str = ""
    id: str = ""
    """The source's own id of the company, where it has one."""

    domain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as one source names them; any field may be empty, not all."""

    name: str = ""
    email: str = ""
    id: str = ""
    """The source's own id or login, such as `U024BE7LH`."""

    @property
    def label(self) -> str:
        """What to print when nothing better is known."""
        return self.name or self.email or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in one currency (ISO 4217). Different currencies are never added."""

    amount: Decimal
    currency: str


NOBODY = Party()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What every fact has. Subclasses name their kind and the version of their shape."""

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1

    ref: Ref
    party: Party = NOBODY


# --- conversations -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Fact):
    """One mail or chat message."""

    kind: ClassVar[str] = "message"

    thread: str
    """Messages of one conversation share it; unique within the source."""

    at: datetime
    author: Person
    to: tuple[Person, ...] = ()
    """Of a mail those in To. In chat the other members of a direct conversation; empty in a channel."""

    cc: tuple[Person, ...] = ()
    mentions: tuple[Person, ...] = ()
    """People named in the text by the vendor's own marks; there is no "me" here."""

    medium: Literal["mail", "chat"] = "mail"
    place: str = ""
    """Channel or folder, as a reader would call it: `#juniper`, `Inbox`."""

    subject: str = ""
    outside: bool | None = None
    """Whether the author is not of our organisation, where the vendor knows (guests, other teams). None: decided from
    the address at compile time."""

    automated: bool = False
    """A newsletter, notification, out-of-office or bot, by several signals together."""

    closes: bool = False
    """Asks nothing further: a short thanks, or a reaction of ours that marks it done."""

    seen: bool = False
    """A reaction of ours shows that somebody has read it; it is not answered by that."""

    sent: bool = False
    """Of a mail: the mailbox itself says that it was sent from there, whatever its own header claims."""

    excerpt: str = ""
    """At most 500 characters of the newest unquoted text."""


# --- the day -------------------------------------------------------------------------------------------------------

Response = Literal["accepted", "declined", "tentative", "none", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """One invited person, or a room."""

    person: Person
    response: Response = ""
    """`none` is asked and not answered; empty is not known."""

    optional: bool = False
    resource: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting(Fact):
    """One occurrence of an event in one calendar."""

    kind: ClassVar[str] = "meeting"

    uid: str
    """The same for every calendar's copy and every occurrence of a series."""

    occurrence: str = ""
    """The original start of this occurrence (ISO, UTC) in a series; (uid, occurrence) is the meeting's identity."""

    calendar: str = ""
    """Whose calendar, or which, as a reader would call it."""

    calendar_owner: Person | None = None
    """Whose calendar it is, where the source says so."""

    starts: datetime
    ends: datetime
    """For all-day events: midnight to midnight (exclusive) in the calendar's zone."""

    all_day: bool = False
    zone_known: bool = True
    """False where the source named a time zone nobody knows; the times are then read in the reader's zone."""

    title: str = ""
    organiser: Person | None = None
    guests: tuple[Guest, ...] = ()
    busy: Literal["busy", "tentative", "free"] = "busy"
    type: Literal["meeting", "block", "focus", "away", "place", "birthday"] = "meeting"
    """`away` is out of office, `place` a working location, `block` an event with nobody else."""

    place: str = ""
    link: str = ""
    """Where to join."""

    agenda: bool | None = None
    """Whether it says what it is about, beyond the join block; None: the source does not show it."""

    cancelled: bool = False
    series: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence(Fact):
    """A person is out, from the first day to the last, both included."""

    kind: ClassVar[str] = "absence"

    person: Person
    first: date
    last: date


# --- delivery ------------------------------------------------------------------------------------------------------

WorkState = Literal["open", "done", "paused", "inactive", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Fact):
    """A job for a client."""

    kind: ClassVar[str] = "project"

    title: str
    state: WorkState = "open"
    manager: Person | None = None
    starts: date | None = None
    due: date | None = None
    budget: Money | None = None
    """The fee or budget in money."""

    used: Money | None = None
    """What of it was charged or spent so far, milestones and tasks included."""

    hours_planned: Decimal | None = None
    """Hours the project was sold or planned with; None: none, or the source does not show it."""

    hours_used: Decimal | None = None
    hours_left: Decimal | None = None
    """Hours still to do by the source's own count (what its open tasks have left)."""

    last_activity: datetime | None = None
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone(Fact):
    """A dated step of a project. A container is a milestone that others name as their parent."""

    kind: ClassVar[str] = "milestone"

    project: str
    """The project's id within the same source."""

    parent: str = ""
    """The id of the milestone this one lies in."""

    title: str
    manager: Person | None = None
    starts: date | None = None
    due: date | None = None
    state: WorkState = "open"
    done_at: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Fact):
    """A piece of work. One that hangs on the project does not count for any milestone."""

    kind: ClassVar[str] = "task"

    project: str = ""
    milestone: str = ""
    title: str
    assignee: Person | None = None
    due: date | None = None
    remaining: Decimal | None = None
    """Hours still to do."""

    state: WorkState = "open"
    done_at: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retainer(Fact):
    """One period of an agreement that a client buys time or value by. `ref.id` is the period's.

    Its allowance is in hours, in money, in both, or unlimited (neither).
    """

    kind: ClassVar[str] = "retainer"

    title: str
    """The agreement's."""

    agreement: str = ""
    """The agreement's id within the same source; several of its periods may be open at once."""

    project: str = ""
    manager: Person | None = None
    state: Literal["open", "closed", "paused"] = "open"
    starts: date | None = None
    ends: date | None = None
    """The last day of the period, included."""

    hours: Decimal | None = None
    """Hours the period allows."""

    hours_used: Decimal | None = None
    hours_unapproved: Decimal | None = None
    """Hours logged and not yet approved. Whether the source counts them among the used ones is not known."""

    amount: Money | None = None
    """Value the period allows."""

    amount_used: Money | None = None
    fee: Money | None = None
    """What the client pays for the period."""

    rollover: bool | None = None
    """Whether what is left goes over into the next period; None: the source does not say."""

    agreement_ends: date | None = None
    renews: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket(Fact):
    """A request for support that somebody is to resolve."""

    kind: ClassVar[str] = "ticket"

    title: str
    assignee: Person | None = None
    opened: datetime | None = None
    due: date | None = None
    due_at: datetime | None = None
    """The very time, where the source knows it: a time on the same day that is past is late."""

    state: Literal["new", "open", "done", "paused", "cancelled"] = "open"
    """`new`: submitted, and nobody has opened it yet."""

    priority: str = ""
    """The source's own word."""

    type: str = ""
    project: str = ""
    agreement: str = ""
    last_activity: datetime | None = None
    done_at: datetime | None = None


# --- sales ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal(Fact):
    """An opportunity in the pipeline."""

    kind: ClassVar[str] = "deal"

    name: str
    owner: Person | None = None
    pipeline: str = ""
    stage: str = ""
    stage_order: int | None = None
    """0 is the first stage of its pipeline."""

    state: Literal["open", "won", "lost"] = "open"
    amount: Money | None = None
    """None is not filled in, which is not zero."""

    probability: Decimal | None = None
    """0 to 1."""

    created: datetime | None = None
    stage_since: datetime | None = None
    expected_close: date | None = None
    closed: datetime | None = None
    last_contact: datetime | None = None
    """Last contact that could be answered (call, meeting, mail); not notes and tasks."""

    last_activity: datetime | None = None
    """Last logged activity of any kind; never the date of the last edit."""

    next_activity: date | None = None
    next_step: str = ""
    idle_limit: int | None = None
    """Days after which the source itself calls a deal of this stage idle."""

    contacts: tuple[Person, ...] = ()
    known: frozenset[str] = frozenset()
    """Names of the fields the source could show; a field outside it is unknown, not empty."""


ProposalState = Literal[
    "draft", "in_approval", "approved", "scheduled", "sent", "viewed", "in_review", "accepted", "awaiting_payment",
    "paid", "declined", "rejected_internally", "expired", "voided", "error",
]  # fmt: skip
PROPOSAL_OPEN: frozenset[str] = frozenset({"sent", "viewed", "in_review", "awaiting_payment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal(Fact):
    """A document that a client is to accept."""

    kind: ClassVar[str] = "proposal"

    name: str
    owner: Person | None = None
    state: ProposalState
    native_state: str = ""
    """The source's own word."""

    amount: Money | None = None
    recipients: tuple[Person, ...] = ()
    sent: datetime | None = None
    state_since: datetime | None = None
    """When the current state began, where the source says so."""

    since_quality: Literal["exact", "at_latest", "observed", "unknown"] = "unknown"
    """`at_latest`: the state began then or earlier. `observed`: first seen so in our own readings."""

    first_viewed: datetime | None = None
    last_viewed: datetime | None = None
    views: int | None = None
    """Views by recipients only."""

    expires: date | None = None
    deal: str = ""
    """Id or name of the deal it belongs to, as the source says it."""

    day_only: bool = False
    """The times above are dates without a time of day."""


# --- ads -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AdAccount(Fact):
    """An advertising account. `ref.id` is the account's id as the platform writes it."""

    kind: ClassVar[str] = "ad_account"

    name: str
    platform: str = ""
    """`google`, `meta`, `linkedin`, `tiktok`, `microsoft` or `other`."""

    currency: str = ""
    zone: str = ""
    """IANA name; empty: the workspace's."""

    status: Literal["active", "limited", "suspended", "closed", "unknown"] = "unknown"
    owner: Person | None = None
    monthly_budget: Money | None = None
    target_cpl: Money | None = None
    settling_days: int = 1
    """Leads of days younger than this are still coming in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdDay(Fact):
    """What one account or campaign did on one day of its own zone, as read at one time.

    `ref.id` is `account/campaign/day`. The store keeps these in columns (`AdSeries`), never as objects by the
    hundred thousand.
    """

    kind: ClassVar[str] = "ad_day"

    account: str
    campaign: str = ""
    """Empty at account level."""

    campaign_name: str = ""
    day: date
    vintage: date
    """The day of the read, in the account's zone: the same day is read again and may change."""

    currency: str
    spend: int
    """Micros."""

    impressions: int | None = None
    clicks: int | None = None
    leads: float | None = None
    """None: not tracked in this account. 0: tracked, and none came."""

    definition: str = ""
    """Which actions count as a lead; days of different definitions are not compared."""

    partial: bool = False
    """The day was not over when it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdChange(Fact):
    """One edit in an ad account."""

    kind: ClassVar[str] = "ad_change"

    account: str
    campaign: str = ""
    at: datetime
    day_only: bool = False
    actor: str = ""
    actor_kind: Literal["person", "automation", "platform", "unknown"] = "unknown"
    object_level: str = ""
    """account, campaign, ad group, ad, keyword, audience, asset, budget."""

    object_name: str = ""
    change: Literal[
        "budget", "bid", "status", "creative", "targeting", "tracking", "billing", "policy", "structure", "other"
    ] = "other"
    operation: Literal["create", "update", "remove", ""] = ""
    field: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdChangeCoverage(Fact):
    """How far an account's change history could be read. Only complete coverage allows "changes were minimal"."""

    kind: ClassVar[str] = "ad_change_coverage"

    account: str
    """Empty: every account of the source."""

    since: date
    until: date
    complete: bool
    blind_spots: tuple[str, ...] = ()
    """What this history cannot show, such as "edits made in Google Ads Editor"."""


# --- the scorecard, identity ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Fact):
    """One value of one number that somebody answers for."""

    kind: ClassVar[str] = "measure"

    name: str
    seat: str = ""
    owner: Person | None = None
    target: Decimal | None = None
    direction: Literal["at_least", "at_most"] = "at_least"
    unit: str = ""
    """`%`, a currency code, `h`, or empty for a count."""

    at: date
    """The day or the last day of the period that the value is for."""

    value: Decimal | None = None
    every: Literal["day", "week", "month", ""] = ""
    """How often a value is due; empty: read from the dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company(Fact):
    """A client, lead or other organisation: for identity."""

    kind: ClassVar[str] = "company"

    name: str
    domains: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff(Fact):
    """A person of our organisation: for identity."""

    kind: ClassVar[str] = "staff"

    person: Person
    logins: tuple[str, ...] = ()
    active: bool = True


KINDS: Mapping[str, type[Fact]] = {
    kind.kind: kind
    for kind in (
        Message, Meeting, Absence, Project, Milestone, Task, Retainer, Ticket, Deal, Proposal, AdAccount, AdDay,
        AdChange, AdChangeCoverage, Measure, Company, Staff,
    )
}  # fmt: skip
"""Every kind of fact by its name."""
