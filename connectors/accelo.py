"""Accelo, live: projects, their milestones and tasks, staff, and the companies that projects are for.

Read once through the REST API as a service application (accelo.md), by the flat snapshot of its section 9.0:

  projects    all that are not over
  milestones  every one of those projects, whatever its standing: a milestone's parents and parts, and what earlier
              ones held, are then known
  tasks       every one of those milestones, whatever its standing ("all done" is not "no tasks"), and every open one
  staff       all, also those who left: a manager may be one of them
  companies   those that the projects are for

Each is a stream of its own and may fail alone. Calls: about one per hundred rows, and one per two hundred projects or
milestones; for 60 projects some thirty.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar
from urllib.parse import urlsplit

from briefing.connector import Finding, Ignored, Mark, Skipped, Stream, Talk, Window
from briefing.errors import SourceError
from briefing.facts import Company, Fact, Milestone, Project, Staff, Task
from briefing.reading.currencies import CODES
from briefing.tokens import TokenFile
from connectors.accelo_api import IGNORED_SHARE, Api, Listing, NotShown
from connectors.accelo_application import Application
from connectors.accelo_facts import CLOSED, Elsewhere, Shapes, company_of, estimate_of, parent_of, project_of
from connectors.accelo_filters import BY_ID, Filter, Filters, chunks, on_milestones, one_of, standing_not
from connectors.accelo_login import who, zone_named
from connectors.accelo_probe import findings
from connectors.accelo_values import BadValue, Row, sid

Things = Iterator[Fact | Skipped | Ignored]
T = TypeVar("T")

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PERSON = "(firstname,surname,email)"

PROJECTS = (
    "title", "standing", "date_started", "date_due", "date_last_interacted", f"manager{_PERSON}", "company(name)",
)  # fmt: skip
PROJECTS_SPARE = (
    "job_type(title)", "affiliation(company(name))",
    "job_object_budget(service_price_subtotal_estimate,charged_subtotal)",
)  # fmt: skip
MILESTONES = (
    "title", "standing", "parent", "job", "date_started", "date_due", "date_completed", f"manager{_PERSON}",
)  # fmt: skip
TASKS = (
    "title", "standing", "against_type", "against_id", "milestone(job)", f"assignee{_PERSON}", "date_due",
    "date_completed", "remaining",
)  # fmt: skip
PEOPLE = ("firstname", "surname", "standing", "email", "username")
COMPANIES = ("name", "website")

OPEN = standing_not(*CLOSED)

FEW = 5
"""So many tasks may come to known milestones while the lists are read."""


def deployment_of(text: str) -> str:
    """The deployment's name from what people write: its name, its address, or the address of its API.

    >>> deployment_of("https://Northlight.accelo.com/?action=home"), deployment_of("northlight.api.accelo.com")
    ('northlight', 'northlight')

    Raises ValueError.
    """
    written = text.strip().lower()
    host = urlsplit(written if "//" in written else f"//{written}").hostname or ""
    name = host.removesuffix(".accelo.com").removesuffix(".api") if host.endswith(".accelo.com") else host
    if not _LABEL.fullmatch(name) or host in {"api.accelo.com", "www.accelo.com"}:
        raise ValueError('deployment: write the name that stands before ".accelo.com", such as "northlight"')
    return name


class Accelo:
    """One deployment, seen as the user that its service application acts as."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Company, Milestone, Project, Staff, Task})
    deadline: ClassVar[float] = 240.0
    """Seconds for one list: a hundred calls, of which Accelo may take two seconds each."""

    def __init__(
        self,
        *,
        source: str,
        deployment: str,
        client_id: str,
        client_secret: str,
        application: str = "service",
        redirect_uri: str = "",
        timezone: str = "",
        currency: str = "",
        token_file: str = "",
        base_url: str = "",
        link_url: str = "",
    ) -> None:
        """`application` is its kind as registered in Accelo: "service", "web" or "installed"; `redirect_uri` where the
        browser comes back to with a web application. `timezone` is the deployment's, where Accelo does not say it;
        `currency` the code of its amounts, where its symbol can mean several: without one no amount is stated.
        Raises ValueError.
        """
        self._source, self._deployment = source, deployment_of(deployment)
        self._timezone = zone_named(timezone) if timezone else None
        if timezone and self._timezone is None:
            raise ValueError(f'timezone: "{timezone}" is no time zone such as "America/New_York"')
        self._currency = currency.strip().upper()
        if self._currency and self._currency not in CODES:
            raise ValueError(f'currency: "{currency}" is no currency code such as "USD"')
        self._link = (link_url or f"https://{self._deployment}.accelo.com").rstrip("/")
        if not self._link.startswith(("https://", "http://")):
            raise ValueError(f'link_url: "{link_url}" is not an address such as https://northlight.accelo.com')
        self._api = Api(
            base_url or f"https://{self._deployment}.api.accelo.com", source=source, deployment=self._deployment,
            application=Application.of(application, client_id, client_secret, redirect_uri),
            file=TokenFile(token_file),
        )  # fmt: skip
        self._guard = threading.Lock()
        self._told: Mapping[str, str] | None = None

    def streams(self, window: Window) -> Sequence[Stream]:
        """Five lists; nothing is asked before one is read."""
        steps = _Once(lambda: self._load_milestones(self._shapes(window), MILESTONES))
        return [
            self._stream("projects", Project, self._projects),
            self._stream("milestones", Milestone, lambda _: steps.fresh().everything()),
            self._stream("tasks", Task, lambda shapes: self._tasks(shapes, steps)),
            self._stream("staff", Staff, self._staff),
            self._stream("companies", Company, self._companies),
        ]

    def login(self, talk: Talk) -> str:
        """Log in anew with the configured application, or ask for consent, keep the token, and say as whom."""
        self._api.login.anew(talk)
        told = who(self._api.one("tokeninfo"))
        return f"{told['who'] or 'a user without a name'}, Accelo deployment {told['deployment'] or self._deployment}"

    def probe(self) -> Iterable[Finding]:
        """Login, zone, currency, rights, counts, and whether filters are kept. 13 calls."""
        return findings(self._api, timezone=self._timezone, currency=self._currency)

    # --- streams ---

    def _stream(self, scope: str, kind: type[Fact], read: Callable[[Shapes], Things]) -> Stream:
        def whole(window: Window, _: Mark | None) -> Things:
            shapes = self._shapes(window)
            if note := self._api.login.note():
                yield Ignored(0, note)
            if shapes.zone_guessed:
                yield Ignored(0, f"dates read in {shapes.zone.key}, because Accelo does not say its time zone")
            yield from read(shapes)

        return Stream(kinds=frozenset({kind}), read=whole, scope=scope, place="Accelo")

    def _shapes(self, window: Window) -> Shapes:
        told = self._locale()
        zone = self._timezone or (zone_named(told["zone"]) if told["zone"] else None)
        return Shapes(
            source=self._source, zone=zone or window.zone, zone_guessed=zone is None, now=window.now, link=self._link,
            currency=self._currency or told["currency"], own_domain=told["email"].rpartition("@")[2],
        )  # fmt: skip

    def _locale(self) -> Mapping[str, str]:
        """What Accelo said of itself beside the token; asked for once where that had no time zone."""
        kept = self._api.login.token().told
        with self._guard:
            if self._told is None:
                told = {name: str(kept.get(name) or "") for name in ("zone", "currency", "email")}
                if not told["email"] or not (told["zone"] or self._timezone):
                    told |= {name: value for name, value in self._tokeninfo().items() if value and name in told}
                self._told = told
            return self._told

    def _tokeninfo(self) -> Mapping[str, str]:
        try:
            return who(self._api.one("tokeninfo"))
        except SourceError:
            return {}  # the lists themselves say what is wrong, and the zone is said to be a guess

    def _projects(self, shapes: Shapes) -> Things:
        listing = Listing(
            resource="jobs", fields=PROJECTS, spare=PROJECTS_SPARE, spare_words="budgets and types",
            filters=Filters((OPEN, BY_ID)), telling=("date_due", "manager"),
        )  # fmt: skip
        unpriced = 0

        def project(row: Row) -> Project:
            nonlocal unpriced
            unpriced += not shapes.currency and estimate_of(row) is not None
            return shapes.project(row)

        yield from stated(self._api.rows(listing), project, "project")
        if unpriced:
            yield Ignored(unpriced, f'budgets without a currency (write currency = "..." in sources.{self._source})')

    def _staff(self, shapes: Shapes) -> Things:
        listing = Listing(resource="staff", fields=PEOPLE)
        return stated(self._api.rows(listing), shapes.staff, "staff")

    def _companies(self, shapes: Shapes) -> Things:
        named_by: set[str] = set()
        for job in self._jobs("company", spare="affiliation(company)"):
            if isinstance(job, Skipped):
                yield job
                continue
            try:
                found, _ = company_of(job)
            except BadValue as error:
                yield Skipped(f"project {job['id']}", str(error))
                continue
            named_by |= {found} if found else set()
        listed: set[str] = set()
        for some in chunks(named_by):
            listing = Listing(resource="companies", fields=COMPANIES, filters=Filters((one_of("id", some),)))
            yield from stated(self._api.rows(listing, already=listed), shapes.company, "company")
        if hidden := len(named_by - listed):
            yield Ignored(hidden, "companies of projects that Accelo does not show to this login")

    def _jobs(self, *fields: str, spare: str = "") -> Iterator[Row | Skipped]:
        """Projects that are not over, for their ids; what was left out of them is told with the projects."""
        listing = Listing(
            resource="jobs", fields=("standing", *fields), filters=Filters((OPEN, BY_ID)),
            spare=(spare,) if spare else (),
        )  # fmt: skip
        for row in self._api.rows(listing):
            if not isinstance(row, Ignored):
                yield row

    # --- milestones and what hangs on them ---

    def _load_milestones(self, shapes: Shapes, fields: tuple[str, ...]) -> _Steps:
        """Every milestone of the projects that are not over, and the parents they name, to the end."""
        steps = _Steps()
        jobs = []
        for job in self._jobs():
            if isinstance(job, Skipped):
                steps.lost.append(job)
            else:
                jobs.append(str(sid(job["id"])))
        for some in chunks(jobs):
            self._add_milestones(shapes, steps, one_of("job", some), fields)
        asked: set[str] = set()
        while missing := steps.parents.keys() - steps.projects.keys() - asked:
            asked |= missing
            for some in chunks(missing):
                self._add_milestones(shapes, steps, one_of("id", some), fields)
        steps.lost += [
            Skipped(f"milestone {parent}", f"milestone {steps.parents[parent]} lies in it, and Accelo does not show it")
            for parent in sorted(asked - steps.projects.keys())
        ]
        return steps

    def _add_milestones(self, shapes: Shapes, steps: _Steps, which: Filter, fields: tuple[str, ...]) -> None:
        telling = tuple(name for name in ("date_due", "parent") if name in fields)
        listing = Listing(resource="milestones", fields=fields, filters=Filters((which, BY_ID)), telling=telling)

        def noted(row: Row) -> Milestone:
            own = str(row["id"])
            steps.projects[own] = ""
            steps.projects[own] = project_of(row) or ""
            if parent := parent_of(row):
                steps.parents.setdefault(parent, own)
            return shapes.milestone(row)

        for row in self._api.rows(listing):
            if isinstance(row, Skipped):
                steps.lost.append(row)
            else:
                steps.things += stated([row], noted, "milestone")

    def _tasks(self, shapes: Shapes, once: _Once) -> Things:
        """First those of the milestones, then the open ones wherever they hang: what was made meanwhile is in these."""
        steps, unread = self._milestones_for(shapes, once)
        seen: set[str] = set()
        elsewhere: Counter[str] = Counter()
        late = 0
        for which in (*(on_milestones(some) for some in chunks(steps.projects)), OPEN):
            listing = Listing(
                resource="tasks", fields=TASKS, filters=Filters((which, BY_ID)), telling=("assignee", "date_due")
            )
            rows = self._api.rows(listing, already=seen)
            for thing in stated(rows, lambda row: shapes.task(row, steps.projects), "task"):
                if isinstance(thing, Elsewhere):
                    elsewhere[thing.what] += 1
                    continue
                late += which is OPEN and isinstance(thing, Task) and thing.milestone in steps.projects
                yield thing
        for what, count in sorted(elsewhere.items()):
            yield Ignored(count, f"open tasks on {what}, not on a project")
        if late > max(FEW, len(seen) * IGNORED_SHARE):
            yield Skipped("tasks of milestones", f"asked by milestone, Accelo left out {late} that it listed as open")
        yield from steps.lost
        if unread is not None:
            yield Skipped("tasks of milestones", f"the list of milestones was not read: {unread}")

    def _milestones_for(self, shapes: Shapes, once: _Once) -> tuple[_Steps, NotShown | None]:
        """The milestones that are stated, else their bare list; none where this user may not see them."""
        try:
            return once.known() or self._load_milestones(shapes, ("title", "standing", "parent", "job")), None
        except NotShown as error:
            return _Steps(), error


def stated(
    rows: Iterable[Row | Skipped | Ignored], read: Callable[[Row], T], word: str
) -> Iterator[T | Skipped | Ignored]:
    """Each row as what it states, or why it cannot be read."""
    for row in rows:
        if isinstance(row, Skipped | Ignored):
            yield row
            continue
        try:
            yield read(row)
        except BadValue as error:
            yield Skipped(f"{word} {row['id']}", str(error))


@dataclass
class _Steps:
    """The milestones of one reading."""

    things: list[Milestone | Skipped | Ignored] = field(default_factory=list)
    lost: list[Skipped] = field(default_factory=list)
    """What may be a milestone nobody knows the id of: its tasks are missing with it."""

    projects: dict[str, str] = field(default_factory=dict)
    """Of every milestone that was listed, also of one that could not be read: its project."""

    parents: dict[str, str] = field(default_factory=dict)
    """Of every milestone that is named as a parent: one that lies in it."""

    def everything(self) -> Things:
        """What the stream of milestones states."""
        yield from self.things
        yield from self.lost


class _Once:
    """The milestones that one stream states, for the other that needs to know which there are.

    So the tasks are those of the very milestones that are stated, whatever happens in between.
    """

    def __init__(self, load: Callable[[], _Steps]) -> None:
        self._load, self._lock = load, threading.Lock()
        self._steps: _Steps | None = None

    def fresh(self) -> _Steps:
        """Read now, each time it is asked for. Raises SourceError."""
        with self._lock:
            self._steps = None
            self._steps = self._load()
            return self._steps

    def known(self) -> _Steps | None:
        """What was read, waiting for what is being read; None where there is nothing."""
        with self._lock:
            return self._steps
