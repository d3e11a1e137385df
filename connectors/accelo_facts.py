"""From Accelo's rows to facts (accelo.md sections 6 to 8, 10 and 11).

A row that lacks what a rule rests on (its id, title or standing, what a task hangs on, a milestone's project) raises
BadValue and is told as skipped. A field that is not set stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from briefing.facts import NOBODY, Company, Milestone, Money, Party, Person, Project, Ref, Staff, Task, WorkState
from briefing.reading.text import NAME, SUBJECT
from connectors.accelo_filters import MILESTONE_TYPES, PROJECT_TYPES, elsewhere, standing
from connectors.accelo_values import (
    BadValue,
    Row,
    day,
    field,
    hours,
    inside,
    money,
    plain,
    ref,
    remainder,
    shown,
    sid,
    text,
    ts,
)

WORK: Mapping[str, WorkState] = {
    "setup": "open", "pending": "open", "active": "open", "paused": "paused", "complete": "done",
    "inactive": "cancelled",
}  # fmt: skip
"""Standings of projects and milestones. `pending` is set up and not begun (`setup` in some places of the
documentation): what it waits for is its start date. `inactive` is what Accelo's help calls cancelled."""

TASK: Mapping[str, WorkState] = {
    "pending": "open", "accepted": "open", "started": "open", "active": "open", "paused": "paused",
    "complete": "done", "inactive": "cancelled",
}  # fmt: skip
"""Standings of tasks. Nobody has seen `active` among them; the documentation suggests it, and it can mean one thing."""

STAFF: Mapping[str, bool] = {"active": True, "inactive": False, "lockout": False}
"""Standings of staff: whether somebody is still with us."""

CLOSED = ("complete", "inactive")
"""Standings of what is over, the same for projects, milestones and tasks."""

NO_IDENTITY = frozenset(
    "facebook.com instagram.com linkedin.com twitter.com x.com youtube.com tiktok.com pinterest.com yelp.com "
    "google.com sites.google.com business.site wixsite.com wordpress.com blogspot.com weebly.com squarespace.com "
    "myshopify.com shopify.com etsy.com amazon.com ebay.com github.io linktr.ee webflow.io godaddysites.com "
    "gmail.com outlook.com hotmail.com yahoo.com icloud.com aol.com gmx.de web.de".split()
)
"""Hosts of many: a company's page there says nothing of its mails."""

S = TypeVar("S")

_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})")


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A task that hangs on something that is no project and no milestone."""

    what: str


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """How one deployment's rows become facts, as of one moment."""

    source: str
    zone: ZoneInfo
    """The deployment's: its dates are read in it."""

    zone_guessed: bool = False
    """Nobody said it: it is the workspace's."""

    now: datetime
    link: str
    """Address of the user interface, without a slash at its end."""

    currency: str = ""
    """Empty: amounts are not stated."""

    own_domain: str = ""
    """Domain of our own addresses: a company record with it is ourselves."""

    # --- work ---

    def project(self, row: Row) -> Project:
        """A job."""
        key, title = field(row, "id", needed_id), title_of(row)
        budget, used = self._budget(row)
        hours_planned, hours_used, hours_left = _hours(row)
        return Project(
            ref=Ref(source=self.source, kind="project", id=key, url=self.url("view_job", key)),
            party=party_of(row),
            title=title,
            state=state_of(row, WORK),
            manager=self.person(row, "manager"),
            starts=field(row, "date_started", day, self.zone),
            due=field(row, "date_due", day, self.zone),
            budget=budget,
            used=used,
            hours_planned=hours_planned,
            hours_used=hours_used,
            hours_left=hours_left,
            last_activity=self.past(row, "date_last_interacted"),
            type=field(inside(row.get("job_type")), "title", text, NAME),
        )

    def milestone(self, row: Row) -> Milestone:
        """A milestone. The user interface has no address for one: it leads to its project."""
        key, title, state = field(row, "id", needed_id), title_of(row), state_of(row, WORK)
        project = project_of(row)
        if project is None:
            raise BadValue("it names no project")
        return Milestone(
            ref=Ref(source=self.source, kind="milestone", id=key, url=self.url("view_job", project)),
            project=project,
            parent=parent_of(row) or "",
            title=title,
            manager=self.person(row, "manager"),
            starts=field(row, "date_started", day, self.zone),
            due=field(row, "date_due", day, self.zone),
            state=state,
            done_at=self._done_at(row, state),
        )

    def task(self, row: Row, projects: Mapping[str, str]) -> Task | Elsewhere:
        """A task on a milestone or a project, or what it hangs on instead. `projects` are those of known milestones.

        `against_type` and `against_id` name the direct parent; the fields named after it are filled only where they
        say the same (section 7).
        """
        key = field(row, "id", needed_id)
        kind, target = field(row, "against_type", plain).lower(), field(row, "against_id", sid)
        if not kind:
            raise BadValue("it does not say what it hangs on")
        if (what := elsewhere(kind)) is not None:
            return Elsewhere(what=what)
        if kind not in MILESTONE_TYPES | PROJECT_TYPES:
            raise BadValue(f"it hangs on {shown(kind)}, which is not known")
        if target is None:
            raise BadValue(f"it does not say on which {kind} it hangs")
        state = state_of(row, TASK)
        milestone = target if kind in MILESTONE_TYPES else ""
        project = (projects.get(target) or _project_through(row) or "") if milestone else target
        return Task(
            ref=Ref(source=self.source, kind="task", id=key, url=self.url("view_task", key)),
            project=project,
            milestone=milestone,
            title=title_of(row),
            assignee=self.person(row, "assignee"),
            due=field(row, "date_due", day, self.zone),
            remaining=field(row, "remaining", hours),
            state=state,
            done_at=self._done_at(row, state),
        )

    def _done_at(self, row: Row, state: WorkState) -> date | None:
        ended = field(row, "date_completed", ts, self.zone) if state == "done" else None
        return ended.date() if ended and ended <= self.now else None

    def _budget(self, row: Row) -> tuple[Money | None, Money | None]:
        """The budget in money and what of it is used; none without a currency."""
        estimate = estimate_of(row)
        if not self.currency or estimate is None:
            return None, None
        used = field(inside(row.get("job_object_budget")), "charged_subtotal", money)
        return Money(amount=estimate, currency=self.currency), (
            None if used is None else Money(amount=used, currency=self.currency)
        )

    def past(self, row: Row, name: str) -> datetime | None:
        """A moment at which something happened; None for one later than the morning."""
        found = field(row, name, ts, self.zone)
        return found if found and found <= self.now else None

    def priced(self, amount: Decimal | None) -> Money | None:
        """An amount above zero, where its currency is known. Accelo has 0.00 where nothing was filled in."""
        return Money(amount=amount, currency=self.currency) if self.currency and amount and amount > 0 else None

    def spent(self, amount: Decimal | None) -> Money | None:
        """An amount that may be nothing, where its currency is known."""
        return Money(amount=amount, currency=self.currency) if self.currency and amount is not None else None

    @property
    def today(self) -> date:
        """The deployment's date."""
        return self.now.astimezone(self.zone).date()

    # --- people and companies ---

    def person(self, row: Row, name: str) -> Person | None:
        """Whom a field names, as an object or by id alone; None for nobody."""
        found, record = field(row, name, ref)
        return None if found is None else self._person(found, record)

    def contact(self, row: Row) -> Person | None:
        """The person at a client whom a row is for, by the role they have there; None for nobody."""
        found, record = field(row, "affiliation", ref)
        if found is None:
            return None
        known = inside(record.get("contact"))
        first, last = field(known, "firstname", text, NAME), field(known, "surname", text, NAME)
        email = field(record, "email", text, NAME) or field(known, "email", text, NAME)
        return Person(
            name=f"{first} {last}".strip(), email=email.lower(), id=f"{self.source}/affiliation/{found}"
        )  # fmt: skip

    def _person(self, id: str, record: Row) -> Person:
        first, last = field(record, "firstname", text, NAME), field(record, "surname", text, NAME)
        # The id carries the source: "7" of another tool is somebody else.
        return Person(
            name=f"{first} {last}".strip(),
            email=field(record, "email", text, NAME).lower(),
            id=f"{self.source}/staff/{id}",
        )

    def staff(self, row: Row) -> Staff:
        """A person of ours."""
        key, word = field(row, "id", needed_id), standing(row)
        if word not in STAFF:
            raise BadValue(f"standing {shown(word)} is not known")
        login = field(row, "username", text, NAME)
        return Staff(
            ref=Ref(source=self.source, kind="staff", id=key),
            person=self._person(key, row),
            logins=(login,) if login else (),
            active=STAFF[word],
        )

    def company(self, row: Row) -> Company:
        """A company, with the domain of its website where that can be its own."""
        key, name = field(row, "id", needed_id), field(row, "name", text, NAME)
        if not name:
            raise BadValue("it has no name")
        domain = domain_of(field(row, "website", text, 300))
        return Company(
            ref=Ref(source=self.source, kind="company", id=key, url=self.url("view_company", key)),
            party=Party(name=name, id=key),
            name=name,
            domains=(domain,) if domain and domain != self.own_domain else (),
        )

    def url(self, action: str, id: str) -> str:
        """Where the user interface shows something (section 11)."""
        return f"{self.link}/?action={action}&id={id}"


# --- parts of a row ------------------------------------------------------------------------------------------------


def needed_id(value: object) -> str:
    """An id that must be there."""
    found = sid(value)
    if found is None:
        raise BadValue("it is not set")
    return found


def project_of(row: Row) -> str | None:
    """The job that a milestone belongs to."""
    return field(row, "job", ref)[0]


def parent_of(row: Row) -> str | None:
    """The milestone that a milestone lies in."""
    return field(row, "parent", ref)[0]


def company_of(row: Row) -> tuple[str | None, Row]:
    """Whose job it is: its company, else the company of the contact's role it is for."""
    found, record = field(row, "company", ref)
    if found is not None:
        return found, record
    _, affiliation = field(row, "affiliation", ref)
    return field(affiliation, "company", ref)


def estimate_of(row: Row) -> Decimal | None:
    """The estimated price of all services of a job with its milestones and tasks; zero is none.

    The fields without "subtotal" leave milestones and tasks out (section 8.11).
    """
    estimate = field(inside(row.get("job_object_budget")), "service_price_subtotal_estimate", money)
    return estimate if estimate and estimate > 0 else None


def _hours(row: Row) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Hours planned, used and left of a job with its milestones and tasks; a plan of zero is none."""
    budget = inside(row.get("job_object_budget"))
    planned = field(budget, "service_time_subtotal_estimate", hours)
    return planned or None, field(budget, "logged_subtotal", hours), field(budget, "remaining_subtotal", remainder)


def against_of(row: Row) -> tuple[str, str]:
    """What a row hangs on: `job`, `milestone` or another of Accelo's words in the singular, and its id. Raises BadValue
    for a row that does not say, and for a word that nobody knows.
    """
    told, found = field(row, "against_type", plain).lower(), field(row, "against_id", sid)
    kind = "milestone" if told in MILESTONE_TYPES else {"companies": "company"}.get(told, told.removesuffix("s"))
    if not kind or found is None:
        raise BadValue("it does not say what it hangs on")
    if told not in MILESTONE_TYPES | PROJECT_TYPES and elsewhere(told) is None:
        raise BadValue(f"it hangs on {shown(told)}, which is not known")
    return kind, found


def party_of(row: Row) -> Party:
    """Whose a row is."""
    found, record = company_of(row)
    return NOBODY if found is None else Party(name=field(record, "name", text, NAME), id=found)


def _project_through(row: Row) -> str | None:
    """The job of a task's milestone, where that was told."""
    _, milestone = field(row, "milestone", ref)
    return project_of(milestone)


def title_of(row: Row) -> str:
    """A title that must be there."""
    title = field(row, "title", text, SUBJECT)
    if not title:
        raise BadValue("it has no title")
    return title


def state_of(row: Row, states: Mapping[str, S]) -> S:
    """What a row's standing means. Raises BadValue for a word that is not known: it is not guessed."""
    word = standing(row)
    if not word:
        raise BadValue("it has no standing")
    if word not in states:
        raise BadValue(f"standing {shown(word)} is not known")
    return states[word]


def domain_of(website: str) -> str:
    """The domain of a website that can be a company's own; empty for none, and for the hosts of many.

    >>> domain_of("https://www.harbordental.example/about"), domain_of("facebook.com/harbordental"), domain_of("n/a")
    ('harbordental.example', '', '')
    """
    address = website.strip().lower()
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    host = host.removeprefix("www.").rstrip(".")
    if not _HOST.fullmatch(host) or any(host == many or host.endswith(f".{many}") for many in NO_IDENTITY):
        return ""
    return host
