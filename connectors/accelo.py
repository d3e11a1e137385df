"""Accelo, live: projects, their milestones and tasks, staff, companies, and of tickets, retainers, quotes and sales
what the deployment uses.

Read through the REST API (accelo.md), by the flat snapshot of its section 9.0:

  projects    all that are not over, with their hours and budgets, and when something last happened (accelo_activity)
  milestones  every one of those projects, and
  tasks       of those milestones and projects (accelo_work)
  staff       all, also those who left: a manager may be one of them
  companies   those that the projects are for
  tickets, retainers, quotes, sales
              what is not over (accelo_tickets, accelo_retainers, accelo_sales), where it is chosen or answers
              (accelo_modules)

Each is a stream of its own and may fail alone. Calls: about one per hundred rows, one per two hundred projects or
milestones, and one per retainer where their periods do not come as one list; for 60 projects some fifty.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from briefing.connector import Finding, Ignored, Mark, Skipped, Stream, Talk, Window
from briefing.errors import SourceError
from briefing.facts import Company, Deal, Fact, Milestone, Project, Proposal, Retainer, Staff, Task, Ticket
from briefing.reading.currencies import CODES
from briefing.tokens import TokenFile
from connectors.accelo_activity import last_seen
from connectors.accelo_api import Api, Listing
from connectors.accelo_application import Application
from connectors.accelo_facts import Shapes, company_of, estimate_of
from connectors.accelo_filters import BY_ID, Filters, chunks, one_of
from connectors.accelo_login import who, zone_named
from connectors.accelo_modules import Learned, Modules, chosen
from connectors.accelo_probe import findings
from connectors.accelo_retainers import Retainers
from connectors.accelo_sales import quotes, sales
from connectors.accelo_tickets import tickets
from connectors.accelo_values import BadValue, Row
from connectors.accelo_work import OPEN, PERSON, Things, Work, stated

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

BUDGET = (
    "service_price_subtotal_estimate", "charged_subtotal", "service_time_subtotal_estimate", "logged_subtotal",
    "remaining_subtotal",
)  # fmt: skip
"""Those without "subtotal" leave milestones and tasks out."""

PROJECTS = (
    "title", "standing", "date_started", "date_due", "date_last_interacted", f"manager{PERSON}", "company(name)",
)  # fmt: skip
PROJECTS_SPARE = (
    "job_type(title)", "affiliation(company(name))",
    f"job_object_budget({','.join(BUDGET)})",
)  # fmt: skip
PEOPLE = ("firstname", "surname", "standing", "email", "username")
COMPANIES = ("name", "website")


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
    """One deployment, seen as the user that its application acts as."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset(
        {Company, Deal, Milestone, Project, Proposal, Retainer, Staff, Task, Ticket}
    )
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
        modules: Sequence[str] | None = None,
        token_file: str = "",
        base_url: str = "",
        link_url: str = "",
    ) -> None:
        """`application` is its kind as registered in Accelo: "service", "web" or "installed"; `redirect_uri` where the
        browser comes back to with a web application. `timezone` is the deployment's, where Accelo does not say it;
        `currency` the code of its amounts, where its symbol can mean several: without one no amount is stated.
        `modules` are those that are read besides the work itself, of "tickets", "retainers", "quotes" and "sales";
        without it all that answer. Raises ValueError.
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
        learned = Learned(f"{token_file.removesuffix('.json')}.learned.json" if token_file else "", self._deployment)
        self._named = chosen(modules)
        self._modules = Modules(self._api, self._named, learned)
        self._retainers = Retainers(self._api, learned)
        self._guard = threading.Lock()
        self._told: Mapping[str, str] | None = None

    def streams(self, window: Window) -> Sequence[Stream]:
        """Five lists, and those of the modules. Asks for something only where nobody said which modules there are."""
        offered = self._modules.offered()
        work = Work(self._api)
        return [
            self._stream("projects", Project, lambda w: self._projects(self._shapes(w), work)),
            self._stream("milestones", Milestone, lambda w: work.milestones(lambda: self._shapes(w))),
            self._stream("tasks", Task, lambda w: work.tasks(self._shapes(w))),
            self._stream("staff", Staff, lambda w: self._staff(self._shapes(w))),
            self._stream("companies", Company, lambda w: self._companies(self._shapes(w), work)),
            *(self._module(name) for name in offered),
        ]

    def login(self, talk: Talk) -> str:
        """Log in anew with the configured application, or ask for consent, keep the token, and say as whom."""
        self._api.login.anew(talk)
        told = who(self._api.one("tokeninfo"))
        return f"{told['who'] or 'a user without a name'}, Accelo deployment {told['deployment'] or self._deployment}"

    def probe(self) -> Iterable[Finding]:
        """Login, zone, currency, rights, titles, counts, whether filters are kept, and what is open: some 31 calls."""
        return findings(self._api, timezone=self._timezone, currency=self._currency, named=self._named)

    # --- streams ---

    def _stream(self, scope: str, kind: type[Fact], read: Callable[[Window], Things]) -> Stream:
        def whole(window: Window, _: Mark | None) -> Things:
            things = read(window)  # milestones begin here, because others wait for them
            shapes = self._shapes(window)
            if note := self._api.login.note():
                yield Ignored(0, note)
            if shapes.zone_guessed:
                yield Ignored(0, f"dates read in {shapes.zone.key}, because Accelo does not say its time zone")
            yield from things

        return Stream(kinds=frozenset({kind}), read=whole, scope=scope, place="Accelo")

    def _module(self, name: str) -> Stream:
        reads: Mapping[str, tuple[type[Fact], Callable[[Shapes], Things]]] = {
            "tickets": (Ticket, lambda shapes: tickets(self._api, shapes)),
            "retainers": (Retainer, self._retainers.read),
            "quotes": (Proposal, lambda shapes: quotes(self._api, shapes)),
            "sales": (Deal, lambda shapes: sales(self._api, shapes)),
        }
        kind, read = reads[name]
        return self._stream(name, kind, lambda window: self._modules.read(name, read, self._shapes(window)))

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

    def _projects(self, shapes: Shapes, work: Work) -> Things:
        listing = Listing(
            resource="jobs", fields=PROJECTS, spare=PROJECTS_SPARE, spare_words="budgets and types",
            filters=Filters((OPEN, BY_ID)), telling=("date_due", "manager"),
        )  # fmt: skip
        unpriced = 0

        def project(row: Row) -> Project:
            nonlocal unpriced
            unpriced += not shapes.currency and estimate_of(row) is not None
            return shapes.project(row)

        found: list[Project] = []
        for thing in stated(self._api.rows(listing), project, "project"):
            if isinstance(thing, Project):
                found.append(thing)
            else:
                yield thing
        yield from last_seen(self._api, shapes, found, work.steps.known)
        if unpriced:
            yield Ignored(unpriced, f'budgets without a currency (write currency = "..." in sources.{self._source})')
        if note := self._modules.hidden():
            yield Ignored(0, note)

    def _staff(self, shapes: Shapes) -> Things:
        listing = Listing(resource="staff", fields=PEOPLE)
        return stated(self._api.rows(listing), shapes.staff, "staff")

    def _companies(self, shapes: Shapes, work: Work) -> Things:
        named_by: set[str] = set()
        for job in work.jobs("companies"):
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
