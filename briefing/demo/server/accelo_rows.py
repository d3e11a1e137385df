"""The simulated agency's work as Accelo keeps it on one morning: rows of text, references, and nothing of the future.

What the world does not know is made up from the record's own id (who is `accepted` and who is `started`, the minute at
which something was entered), so that it is the same on every morning.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property, lru_cache

from briefing.demo import names
from briefing.demo.days import ZONE_NAME, moment
from briefing.demo.people import Company, Human
from briefing.demo.server import accelo_tables as offers
from briefing.demo.server.accelo_ids import Numbers
from briefing.demo.server.accelo_query import Link, Row, Spec
from briefing.demo.server.accelo_settings import AcceloSettings
from briefing.demo.work import Milestone, Project, Task
from briefing.demo.world import World

STATUSES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "jobs": (
        ("Planned", "pending", "orange"), ("In Progress", "active", "green"), ("On Hold", "paused", "pink"),
        ("Delivered", "complete", "grey"), ("Cancelled", "inactive", "red"),
    ),
    "milestones": (
        ("To Do", "pending", "orange"), ("In Progress", "active", "green"), ("Signed Off", "complete", "grey"),
        ("Dropped", "inactive", "red"),
    ),
    "tasks": (
        ("Pending", "pending", "orange"), ("Accepted", "accepted", "yellow"), ("Started", "started", "green"),
        ("Waiting on client", "paused", "pink"), ("Complete", "complete", "grey"), ("Cancelled", "inactive", "red"),
    ),
    "companies": (("Lead", "pending", "yellow"), ("Former", "inactive", "grey"), ("Client", "active", "green")),
    "affiliations": (("Active", "active", "green"), ("Left", "inactive", "grey")),
    "contacts": (("Active", "active", "green"), ("Inactive", "inactive", "grey")),
}  # fmt: skip
"""Title, standing, colour: titles are free text in every deployment."""

GENERIC = {
    "jobs": {"pending": "setup"},
    "tasks": {"accepted": "active", "started": "active"},
    "milestones": {},
    "companies": {},
    "affiliations": {},
    "contacts": {},
}
"""Other words for standings, where a deployment follows the documentation instead of what was seen live."""

PRIORITY_LEVELS = ("Critical", "High", "Medium", "Low", "None")
POSITIONS = {
    "coo": "Chief Operating Officer", "manager": "Project Manager", "ads": "Ads Manager", "sales": "Sales Manager",
    "account": "Account Director", "delivery": "Producer",
}  # fmt: skip
HOUR = 3600


class Table:
    """Rows of one resource by ascending id."""

    def __init__(self, spec: Spec, rows: Iterable[Row]) -> None:
        self.spec = spec
        self.rows = sorted(rows, key=lambda row: int(str(row["id"])))
        self.by_id: dict[str, Row] = {str(row["id"]): row for row in self.rows}


def draw(id: str, what: str) -> int:
    """A number from 0 to 9,999 that belongs to a record for good."""
    return zlib.crc32(f"{id}/{what}".encode()) % 10_000


def tables_of(world: World, morning: date, settings: AcceloSettings) -> Mapping[str, Table]:
    """The tables of one morning by the name of their resource; those without an endpoint of their own too. Kept for
    the last few worlds and mornings: a site that is built anew does not wait for them.
    """
    of_rows = ("standings", "crumb", "task_job_through_milestone", "own_company")
    return _kept_tables(world, morning, AcceloSettings(**{name: getattr(settings, name) for name in of_rows}))


@lru_cache(maxsize=8)
def _kept_tables(world: World, morning: date, settings: AcceloSettings) -> Mapping[str, Table]:
    return _Rows(world, morning, settings).tables()


class _Rows:
    """All rows of one morning."""

    def __init__(self, world: World, morning: date, settings: AcceloSettings) -> None:
        self.world, self.morning, self.settings = world, morning, settings
        self.work = world.delivery.at(morning)
        self._id = Numbers(world).number
        self._projects = {project.id: project for project in self.work.projects}
        self._milestones = {milestone.id: milestone for milestone in self.work.milestones}

    def tables(self) -> Mapping[str, Table]:
        """By the name of the resource."""
        made: list[tuple[Spec, Iterable[Row]]] = [
            (offers.JOBS, map(self._job, self.work.projects)),
            (offers.MILESTONES, map(self._milestone, self.work.milestones)),
            (offers.TASKS, map(self._task, self.work.tasks)),
            (offers.STAFF, map(self._staff, self.world.people.staff)),
            (offers.COMPANIES, self._companies()),
            (offers.AFFILIATIONS, self._people(self._affiliation)),
            (offers.CONTACTS, self._people(self._contact)),
            (offers.BUDGETS, self._budgets()),
            (offers.SCHEDULES, self._schedules()),
            (offers.JOB_TYPES, _titled(self._types)),
            (offers.TASK_TYPES, _titled(("General",))),
            (offers.PRIORITIES, _priorities()),
        ]
        made += [(offers.statuses(of), self._statuses(of)) for of in STATUSES]
        return {spec.name: Table(spec, rows) for spec, rows in made}

    # --- times --------------------------------------------------------------------------------------------------------

    def _noon(self, day: date | None) -> str | None:
        """A date as Accelo keeps it: noon of the deployment's zone."""
        return None if day is None else str(int(moment(day, 12).timestamp()))

    def _at(self, day: date | None, id: str, what: str) -> str | None:
        """The instant of something that happened on a day: in working hours, and before this morning's seven."""
        if day is None or day > self.morning:
            return None
        minute = draw(id, what) % 480
        at = moment(day, 9 + minute // 60, minute % 60) if day < self.morning else moment(day, 6, minute % 60)
        return str(int(at.timestamp()) + draw(id, f"{what}s") % 60)

    def _begun(self, day: date) -> date | None:
        return day if day <= self.morning else None

    # --- work ---------------------------------------------------------------------------------------------------------

    def _status(self, of: str, standing: str) -> tuple[Link, str]:
        """The status of a standing, and the standing's word in this deployment."""
        place = [known for _, known, _ in STATUSES[of]].index(standing)
        return Link(f"{of}/statuses", str(place + 2)), self._word(of, standing)

    def _word(self, of: str, standing: str) -> str:
        return GENERIC[of].get(standing, standing) if self.settings.standings == "generic" else standing

    def _human(self, human: Human | None) -> Link:
        return Link("staff", self._id("staff", human.email) if human else None)

    def _client(self, project: Project) -> Company:
        return self.world.people.client_named(project.client)

    def _job(self, project: Project) -> Row:
        company, state = self._client(project), project.state(self.morning)
        planned = state == "open" and project.starts > self.morning
        standing = "pending" if planned else {"open": "active", "paused": "paused", "done": "complete"}[state]
        status, word = self._status("jobs", standing)
        number, client = self._id("job", project.id), self._id("company", company.id)
        touched = max(self._events[project.id])
        return {
            "id": number, "title": project.title, "standing": word, "status": status,
            "against_type": "company", "against_id": client, "against": f"companies/{client}", "custom_id": None,
            "paused": str((self.morning - project.paused).days) if state == "paused" and project.paused else "0",
            "staff_bookmarked": "0",
            "date_created": self._at(project.known, project.id, "created"),
            "date_modified": self._at(touched, project.id, "modified"),
            "date_commenced": self._at(self._begun(project.starts), project.id, "commenced"),
            "date_started": self._noon(project.starts), "date_due": self._noon(project.due),
            "date_completed": self._at(project.closed, project.id, "done") if state == "done" else None,
            "date_last_interacted": self._at(touched, project.id, "interacted"),
            "job_type": Link("jobs/types", str(self._types.index(project.type) + 1)),
            "rate": Link("rates", None), "rate_charged": "0.00", "manager": self._human(project.manager),
            "modified_by": self._human(project.manager), "company": Link("companies", client),
            "affiliation": Link("affiliations", self._id("affiliation", company.contacts[0].email)),
            "job_object_budget": Link("object_budgets", _budget_id("job", number)),
            "job_contract": Link("contracts", None),
            "job_object_schedule": Link("object_schedules", _budget_id("job", number)),
            "breadcrumbs": (self._crumb("company", client, company.name),),
        }  # fmt: skip

    def _milestone(self, milestone: Milestone) -> Row:
        done = milestone.state(self.morning) == "done"
        begun = milestone.starts <= self.morning and draw(milestone.id, "begun") < 7_000
        status, word = self._status("milestones", "complete" if done else "active" if begun else "pending")
        number = self._id("milestone", milestone.id)
        return {
            "id": number, "title": milestone.title, "standing": word, "status": status, "description": "",
            "ordering": str(self._places[milestone.id]),
            "parent": self._id("milestone", milestone.parent) if milestone.parent else "0",
            "date_created": self._at(milestone.known, milestone.id, "created"),
            "date_modified": self._at(milestone.done if done else milestone.known, milestone.id, "modified"),
            "date_started": self._noon(milestone.starts), "date_due": self._noon(milestone.due),
            "date_commenced": self._at(milestone.starts, milestone.id, "commenced") if begun or done else None,
            "date_completed": self._at(milestone.done, milestone.id, "done") if done else None,
            "job": Link("jobs", self._id("job", milestone.project)), "manager": self._human(self._leads(milestone)),
            "rate": Link("rates", None), "rate_charged": "0.00",
            "milestone_object_budget": Link("object_budgets", _budget_id("milestone", number)),
            "milestone_object_schedule": Link("object_schedules", _budget_id("milestone", number)),
        }  # fmt: skip

    def _leads(self, milestone: Milestone) -> Human | None:
        """Where the world names nobody, half of the milestones name the project's manager, and half nobody."""
        if milestone.manager or draw(milestone.id, "manager") < 5_000:
            return milestone.manager
        return self._projects[milestone.project].manager

    def _task(self, task: Task) -> Row:
        state = task.state(self.morning)
        standing = {"done": "complete", "cancelled": "inactive"}.get(state) or self._open_standing(task)
        status, word = self._status("tasks", standing)
        job = self._id("job", task.project)
        milestone = self._id("milestone", task.milestone) if task.milestone else None
        against = ("milestone", milestone) if milestone else ("job", job)
        manager = self._projects[task.project].manager
        budgeted, logged, remaining = self._seconds(task)
        ended = task.done if state == "done" else task.cancelled if state == "cancelled" else None
        level = draw(task.id, "priority") % 8
        names_job = milestone is None or self.settings.task_job_through_milestone
        return {
            "id": self._id("task", task.id), "title": task.title, "standing": word, "task_status": status,
            "description": "", "billable": str(logged), "nonbillable": "0", "logged": str(logged),
            "budgeted": str(budgeted), "remaining": str(remaining), "staff_bookmarked": "0", "custom_id": None,
            "date_created": self._at(task.known, task.id, "created"), "date_started": self._noon(task.known),
            "date_commenced": self._at(task.known, task.id, "commenced") if logged else None,
            "date_accepted": None if standing == "pending" else self._at(task.known, task.id, "accepted"),
            "date_due": self._noon(task.due),
            "date_completed": self._at(ended, task.id, "done") if state == "done" else None,
            "date_modified": self._at(ended or task.known, task.id, "modified"),
            "against_type": against[0], "against_id": against[1], "against": f"{against[0]}s/{against[1]}",
            "creator_type": "staff", "creator_id": self._id("staff", manager.email),
            "creator": f"staff/{self._id('staff', manager.email)}",
            "assignee": self._human(task.assignee), "manager": self._human(manager),
            "task_type": Link("tasks/types", "1"), "contact": Link("contacts", None),
            "affiliation": Link("affiliations", None), "company": Link("companies", None),
            "issue": Link("issues", None),
            "task_job": Link("jobs", job if names_job else None), "milestone": Link("milestones", milestone),
            "task_object_budget": Link("object_budgets", None), "task_object_schedule": Link("object_schedules", None),
            "task_priority": Link("tasks/priorities", str(level + 1) if level < len(PRIORITY_LEVELS) else None),
            "rate_id": "0", "rate_charged": "0.00", "ordering": str(draw(task.id, "ordering") % 20 + 1),
            "breadcrumbs": self._crumbs(task), "child_of_job": job,
        }  # fmt: skip

    def _open_standing(self, task: Task) -> str:
        """Never `paused`: the world has no task that waits."""
        return ("pending", "accepted", "started")[draw(task.id, "standing") % 3]

    def _seconds(self, task: Task) -> tuple[int, int, int]:
        """Budgeted, logged, remaining. What remains of an open task is what the agency's own task list says."""
        hours, state = task.hours * HOUR, task.state(self.morning)
        if state != "open":
            logged = hours * (60 + draw(task.id, "used") % 80) // 100 if state == "done" else 0
            return hours, logged // 60 * 60, 0
        logged = draw(task.id, "logged") % 5 * HOUR // 2 if self._open_standing(task) == "started" else 0
        return hours + logged, logged, hours

    def _crumb(self, table: str, id: str, title: str) -> Mapping[str, str]:
        return {"id": id, "table": table, "title": title}

    def _crumbs(self, task: Task) -> tuple[Mapping[str, str], ...]:
        project, above = self._projects[task.project], task.milestone
        found = []
        while above:
            milestone = self._milestones[above]
            found.append(self._crumb(self.settings.crumb, self._id("milestone", above), milestone.title))
            above = milestone.parent
        company = self._client(project)
        return (
            *found, self._crumb("job", self._id("job", project.id), project.title),
            self._crumb("company", self._id("company", company.id), company.name),
        )  # fmt: skip

    @cached_property
    def _events(self) -> dict[str, list[date]]:
        """Days before this morning on which something happened in a project."""
        found: dict[str, list[date]] = defaultdict(list)
        for project in self.work.projects:
            found[project.id] += [project.known, *_past(self.morning, project.starts, project.closed, project.paused)]
        for milestone in self.work.milestones:
            found[milestone.project] += [milestone.known, *_past(self.morning, milestone.done)]
        for task in self.work.tasks:
            found[task.project] += [task.known, *_past(self.morning, task.done, task.cancelled)]
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        """Where a milestone stands in its project's list, from 1."""
        found: dict[str, list[Milestone]] = defaultdict(list)
        for milestone in sorted(self.work.milestones, key=lambda one: (one.due, one.id)):
            found[milestone.project].append(milestone)
        return {one.id: place for steps in found.values() for place, one in enumerate(steps, 1)}

    @cached_property
    def _types(self) -> list[str]:
        return sorted({type_ for _, type_ in names.PROJECT_KINDS} | {project.type for project in self.work.projects})

    # --- budgets and schedules ----------------------------------------------------------------------------------------

    def _budgets(self) -> Iterator[Row]:
        below: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        for task in self.work.tasks:
            seconds, above = self._seconds(task), task.milestone
            below[task.project].append(seconds)
            while above:
                below[above].append(seconds)
                above = self._milestones[above].parent
        for project in self.work.projects:
            yield _budget("job", self._id("job", project.id), below[project.id], project.fee)
        for milestone in self.work.milestones:
            fee, whole = self._projects[milestone.project].fee, sum(one[0] for one in below[milestone.project])
            share = fee * sum(one[0] for one in below[milestone.id]) / whole if whole else 0.0
            yield _budget("milestone", self._id("milestone", milestone.id), below[milestone.id], share)

    def _schedules(self) -> Iterator[Row]:
        for kind, records in (("job", self.work.projects), ("milestone", self.work.milestones)):
            for record in records:
                number = self._id(kind, record.id)
                yield {
                    "id": _budget_id(kind, number), "against_id": number, "against_type": kind,
                    "date_planned_start": self._noon(record.starts), "date_planned_due": self._noon(record.due),
                    "date_predicted_start": None, "date_predicted_end": None, "date_predicted_due": None,
                    "date_commenced": self._at(self._begun(record.starts), record.id, "commenced"),
                    "date_completed": None, "date_fixed_start": None, "date_fixed_due": None,
                }  # fmt: skip

    # --- people and companies -----------------------------------------------------------------------------------------

    def _staff(self, human: Human) -> Row:
        first, _, last = human.name.partition(" ")
        return {
            "id": self._id("staff", human.email), "firstname": first, "surname": last, "standing": "active",
            "financial_level": "all" if human.role in {"coo", "manager", "account"} else "time", "title": None,
            "email": human.email, "mobile": None, "phone": "", "fax": "", "position": POSITIONS[human.role],
            "username": human.email.partition("@")[0], "timezone": ZONE_NAME, "staff_rate": "150.00",
            "staff_cost_rate": "80.00",
        }  # fmt: skip

    def _companies(self) -> Iterator[Row]:
        for company in self.world.people.clients:
            manager = self._id("staff", company.owner.email)
            first = self._id("affiliation", company.contacts[0].email)
            yield self._company(self._id("company", company.id), company.name, company.domain, first, manager)
        if self.settings.own_company:
            manager = self._id("staff", self.world.people.reader.email)
            yield self._company("1", names.AGENCY, names.AGENCY_DOMAIN, None, manager)

    def _company(self, id: str, name: str, domain: str, affiliation: str | None, manager: str) -> Row:
        status, word = self._status("companies", "active")
        return {
            "id": id, "name": name, "custom_id": None, "website": domain, "phone": "", "fax": "",
            "date_created": self._at(self.world.first, name, "created"),
            "date_modified": self._at(self.world.first, name, "modified"),
            "date_last_interacted": self._at(self.world.first, name, "interacted"), "comments": "", "standing": word,
            "status": status, "postal_address": Link("addresses", None), "staff_bookmarked": "0",
            "default_affiliation": Link("affiliations", affiliation), "manager_id": manager,
        }  # fmt: skip

    def _people(self, make: Callable[[Company, Human], Row]) -> Iterator[Row]:
        for company in self.world.people.clients:
            for human in company.contacts:
                yield make(company, human)

    def _affiliation(self, company: Company, human: Human) -> Row:
        status, word = self._status("affiliations", "active")
        return {
            "id": self._id("affiliation", human.email), "mobile": None, "email": human.email, "position": "",
            "phone": None, "company": Link("companies", self._id("company", company.id)),
            "contact": Link("contacts", self._id("contact", human.email)), "affiliation_status": status,
            "standing": word, "date_modified": self._at(self.world.first, human.email, "modified"),
            "date_last_interacted": None, "portal_access": "0",
        }  # fmt: skip

    def _contact(self, company: Company, human: Human) -> Row:
        first, _, last = human.name.partition(" ")
        status, word = self._status("contacts", "active")
        return {
            "id": self._id("contact", human.email), "firstname": first, "surname": last, "mobile": None,
            "email": human.email, "timezone": ZONE_NAME,
            "date_created": self._at(self.world.first, human.email, "created"),
            "date_modified": self._at(self.world.first, human.email, "modified"), "date_last_interacted": None,
            "default_affiliation": Link("affiliations", self._id("affiliation", human.email)),
            "contact_status": status, "standing": word,
        }  # fmt: skip

    def _statuses(self, of: str) -> Iterator[Row]:
        for place, (title, standing, color) in enumerate(STATUSES[of]):
            yield {
                "id": str(place + 2), "title": title, "standing": self._word(of, standing), "color": color,
                "ordering": str(place), "start": "yes" if place == 0 else "no",
            }  # fmt: skip


def _past(morning: date, *days: date | None) -> list[date]:
    return [day for day in days if day is not None and day < morning]


def _titled(titles: Iterable[str]) -> Iterator[Row]:
    for place, title in enumerate(titles):
        yield {"id": str(place + 1), "title": title.capitalize(), "standing": "active", "ordering": str(place)}


def _priorities() -> Iterator[Row]:
    for level, title in enumerate(PRIORITY_LEVELS, 1):
        yield {"id": str(level), "title": title, "icon": None, "level": str(level)}


def _budget_id(kind: str, number: str) -> str:
    """One budget and one schedule for each job and milestone, numbered without a clash."""
    return str(2 * int(number) + (kind == "milestone"))


def _budget(kind: str, number: str, seconds: Iterable[tuple[int, int, int]], fee: float) -> Row:
    every = list(seconds)
    estimate, logged, remaining = (sum(one[place] for one in every) for place in range(3))
    billable = logged * 9 // 10 // 60 * 60
    earned = min(fee * logged / estimate, fee * 1.2) if estimate else 0.0
    nothing, no_money = "0", "0.00"
    return {
        "id": _budget_id(kind, number), "against_type": kind, "against_id": number, "is_billable": "yes",
        "service_time_estimate": nothing, "service_time": nothing, "service_time_subtotal_estimate": str(estimate),
        "service_price_estimate": no_money, "service_price": no_money,
        "service_price_subtotal_estimate": f"{fee:.2f}", "service_price_subtotal": f"{earned:.2f}",
        "expense_price": no_money, "material_cost": no_money, "material_cost_subtotal": no_money,
        "material_price": no_money, "material_price_subtotal": no_money, "billable": nothing,
        "billable_subtotal": str(billable), "nonbillable": nothing, "nonbillable_subtotal": str(logged - billable),
        "logged": nothing, "logged_subtotal": str(logged), "charged": no_money, "charged_subtotal": f"{earned:.2f}",
        "remaining_subtotal": str(remaining),
    }  # fmt: skip
