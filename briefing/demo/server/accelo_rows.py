"""The simulated agency's work as Accelo keeps it on one morning: rows of text, references, and nothing of the future.

What the world does not know is made up from the record's own id (who is `accepted` and who is `started`, the minute at
which something was entered), so that it is the same on every morning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cached_property, lru_cache, partial

from briefing.demo import names
from briefing.demo.chance import fixed
from briefing.demo.days import ZONE_NAME
from briefing.demo.people import Company, Human
from briefing.demo.server import accelo_tables as offers
from briefing.demo.server.accelo_activities import ActivityRows
from briefing.demo.server.accelo_query import Link, Row
from briefing.demo.server.accelo_sales import SalesRows
from briefing.demo.server.accelo_settings import OF_ROWS, AcceloSettings
from briefing.demo.server.accelo_shared import STATUSES, Make, Shared, Table, Tables, titled
from briefing.demo.server.accelo_support import SupportRows
from briefing.demo.work import Milestone, Project, Task
from briefing.demo.world import World

__all__ = ["Table", "WorkRows", "tables_of"]

PRIORITY_LEVELS = ("Critical", "High", "Medium", "Low", "None")
POSITIONS = {
    "coo": "Chief Operating Officer", "manager": "Project Manager", "ads": "Ads Manager", "sales": "Sales Manager",
    "account": "Account Director", "delivery": "Producer",
}  # fmt: skip
HOUR = 3600


def tables_of(world: World, morning: date, settings: AcceloSettings) -> Mapping[str, Table]:
    """The tables of one morning by the name of their resource; those without an endpoint of their own too. Kept for
    the last few worlds and mornings: a site that is built anew does not wait for them.
    """
    kept = AcceloSettings(**{name: getattr(settings, name) for name in OF_ROWS})
    return _kept_tables(world, morning, kept)


@lru_cache(maxsize=8)
def _kept_tables(world: World, morning: date, settings: AcceloSettings) -> Mapping[str, Table]:
    parts = (WorkRows, SupportRows, SalesRows, ActivityRows)
    made = [make for part in parts for make in part(world, morning, settings).makes()]
    return Tables(made)


class WorkRows(Shared):
    """Projects and what lies in them, staff, companies."""

    def __init__(self, world: World, morning: date, settings: AcceloSettings) -> None:
        super().__init__(world, morning, settings)
        self.work = world.delivery.at(morning)
        self._projects = {project.id: project for project in self.work.projects}
        self._milestones = {milestone.id: milestone for milestone in self.work.milestones}

    def makes(self) -> Iterator[Make]:
        """Each resource with how its rows are made."""
        yield offers.JOBS, lambda: map(self._job, self.work.projects)
        yield offers.MILESTONES, lambda: map(self._milestone, self.work.milestones)
        yield offers.TASKS, lambda: map(self._task, self.work.tasks)
        yield offers.STAFF, lambda: map(self._staff, (*self.world.people.staff, *self.world.people.former))
        yield offers.COMPANIES, self._companies
        yield offers.AFFILIATIONS, lambda: self._people(self._affiliation)
        yield offers.CONTACTS, lambda: self._people(self._contact)
        yield offers.BUDGETS, self._budgets
        yield offers.SCHEDULES, self._schedules
        yield offers.types("jobs"), lambda: titled(self._types)
        yield offers.types("tasks"), lambda: titled(("General",))
        yield offers.PRIORITIES, _priorities
        for of in STATUSES:
            yield offers.statuses(of), partial(self._statuses, of)

    # --- work ---------------------------------------------------------------------------------------------------------

    def _client(self, project: Project) -> Company:
        return self.world.people.client_named(project.client)

    def _job(self, project: Project) -> Row:
        company, state = self._client(project), project.state(self.morning)
        planned = state == "open" and project.starts > self.morning
        standing = "pending" if planned else {"open": "active", "paused": "paused", "done": "complete"}[state]
        status, word = self.status("jobs", standing)
        number, client = self.id("job", project.id), self.id("company", company.id)
        touched = self.world.delivery.touched(project, self.morning)
        seen = str(int(touched.timestamp()))
        own = self.at(max(self._own_events(project)), project.id, "interacted")
        return {
            "id": number, "title": project.title, "standing": word, "status": status,
            "against_type": "company", "against_id": client, "against": f"companies/{client}", "custom_id": None,
            "paused": str((self.morning - project.paused).days) if state == "paused" and project.paused else "0",
            "staff_bookmarked": "0",
            "date_created": self.at(project.known, project.id, "created"),
            "date_modified": seen,
            "date_commenced": self.at(self.begun(project.starts), project.id, "commenced"),
            "date_started": self.noon(project.starts), "date_due": self.noon(project.due),
            "date_completed": self.at(project.closed, project.id, "done") if state == "done" else None,
            "date_last_interacted": own if self.settings.interacted == "own" else seen,
            "job_type": Link("jobs/types", str(self._types.index(project.type) + 1)),
            "rate": Link("rates", None), "rate_charged": "0.00",
            "manager": self.human(project.manager_on(self.morning)),
            "modified_by": self.human(project.manager), "company": Link("companies", client),
            "affiliation": Link("affiliations", self.id("affiliation", company.contacts[0].email)),
            "job_object_budget": Link("object_budgets", _budget_id("job", number)),
            "job_contract": Link("contracts", None),
            "job_object_schedule": Link("object_schedules", _budget_id("job", number)),
            "breadcrumbs": (self._crumb("company", client, company.name),),
        }  # fmt: skip

    def _milestone(self, milestone: Milestone) -> Row:
        done = milestone.state(self.morning) == "done"
        begun = milestone.starts <= self.morning and fixed(milestone.id, "begun") < 7_000
        status, word = self.status("milestones", "complete" if done else "active" if begun else "pending")
        number = self.id("milestone", milestone.id)
        return {
            "id": number, "title": milestone.title, "standing": word, "status": status, "description": "",
            "ordering": str(self._places[milestone.id]),
            "parent": self.id("milestone", milestone.parent) if milestone.parent else "0",
            "date_created": self.at(milestone.known, milestone.id, "created"),
            "date_modified": self.at(milestone.done if done else milestone.known, milestone.id, "modified"),
            "date_started": self.noon(milestone.starts), "date_due": self.noon(milestone.due),
            "date_commenced": self.at(milestone.starts, milestone.id, "commenced") if begun or done else None,
            "date_completed": self.at(milestone.done, milestone.id, "done") if done else None,
            "job": Link("jobs", self.id("job", milestone.project)), "manager": self.human(self._leads(milestone)),
            "rate": Link("rates", None), "rate_charged": "0.00",
            "milestone_object_budget": Link("object_budgets", _budget_id("milestone", number)),
            "milestone_object_schedule": Link("object_schedules", _budget_id("milestone", number)),
        }  # fmt: skip

    def _leads(self, milestone: Milestone) -> Human | None:
        """Where the world names nobody, half of the milestones name the project's manager, and half nobody."""
        if milestone.manager or fixed(milestone.id, "manager") < 5_000:
            return milestone.manager
        return self._projects[milestone.project].manager_on(self.morning)

    def _task(self, task: Task) -> Row:
        state = task.state(self.morning)
        standing = task.stage(self.morning)
        status, word = self.status("tasks", standing)
        job = self.id("job", task.project)
        milestone = self.id("milestone", task.milestone) if task.milestone else None
        against = ("milestone", milestone) if milestone else ("job", job)
        project = self._projects[task.project]
        manager, creator = project.manager_on(self.morning), self.id("staff", project.manager.email)
        budgeted, logged, remaining = self._seconds(task)
        ended = task.done if state == "done" else task.cancelled if state == "cancelled" else None
        level = fixed(task.id, "priority") % 8
        names_job = milestone is None or self.settings.task_job_through_milestone
        return {
            "id": self.id("task", task.id), "title": task.title, "standing": word, "task_status": status,
            "description": "", "billable": str(logged), "nonbillable": "0", "logged": str(logged),
            "budgeted": str(budgeted), "remaining": str(remaining), "staff_bookmarked": "0", "custom_id": None,
            "date_created": self.at(task.known, task.id, "created"), "date_started": self.noon(task.known),
            "date_commenced": self.at(task.known, task.id, "commenced") if logged else None,
            "date_accepted": None if standing == "pending" else self.at(task.known, task.id, "accepted"),
            "date_due": self.noon(task.due),
            "date_completed": self.at(ended, task.id, "done") if state == "done" else None,
            "date_modified": self.at(ended or task.known, task.id, "modified"),
            "against_type": against[0], "against_id": against[1], "against": f"{against[0]}s/{against[1]}",
            "creator_type": "staff", "creator_id": creator, "creator": f"staff/{creator}",
            "assignee": self.human(task.owner(self.morning)), "manager": self.human(manager),
            "task_type": Link("tasks/types", "1"), "contact": Link("contacts", None),
            "affiliation": Link("affiliations", None), "company": Link("companies", None),
            "issue": Link("issues", None),
            "task_job": Link("jobs", job if names_job else None), "milestone": Link("milestones", milestone),
            "task_object_budget": Link("object_budgets", None), "task_object_schedule": Link("object_schedules", None),
            "task_priority": Link("tasks/priorities", str(level + 1) if level < len(PRIORITY_LEVELS) else None),
            "rate_id": "0", "rate_charged": "0.00", "ordering": str(fixed(task.id, "ordering") % 20 + 1),
            "breadcrumbs": self._crumbs(task), "child_of_job": job,
        }  # fmt: skip

    def _seconds(self, task: Task) -> tuple[int, int, int]:
        """Budgeted, logged, remaining. What remains of an open task is what the agency's own task list says."""
        logged, left = task.minutes(self.morning) * 60, task.left(self.morning) * HOUR
        return (logged + left if left else task.hours * HOUR), logged, left

    def _crumb(self, table: str, id: str, title: str) -> Mapping[str, str]:
        return {"id": id, "table": table, "title": title}

    def _crumbs(self, task: Task) -> tuple[Mapping[str, str], ...]:
        project, above = self._projects[task.project], task.milestone
        found = []
        while above:
            milestone = self._milestones[above]
            found.append(self._crumb(self.settings.crumb, self.id("milestone", above), milestone.title))
            above = milestone.parent
        company = self._client(project)
        return (
            *found, self._crumb("job", self.id("job", project.id), project.title),
            self._crumb("company", self.id("company", company.id), company.name),
        )  # fmt: skip

    def _own_events(self, project: Project) -> list[date]:
        """Days on which something happened to the job itself, whatever happened in it."""
        return [project.known, *_past(self.morning, project.closed, project.paused)]

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
        hours = self.world.delivery.hours(self.morning)
        below: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        for task in self.work.tasks:
            seconds, above = self._seconds(task), task.milestone
            while above:
                below[above].append(seconds)
                above = self._milestones[above].parent
        for project in self.work.projects:
            known = hours[project.id]
            yield _budget(
                "job", self.id("job", project.id), estimate=project.hours * HOUR, own=known.own * 60,
                logged=known.used * 60, remaining=known.left * HOUR, fee=project.fee, earned=known.earned,
            )  # fmt: skip
        for milestone in self.work.milestones:
            fee, whole = self._projects[milestone.project].fee, hours[milestone.project].planned * HOUR
            estimate, logged, remaining = (sum(one[place] for one in below[milestone.id]) for place in range(3))
            share = fee * estimate / whole if whole else 0.0
            yield _budget(
                "milestone", self.id("milestone", milestone.id), estimate=estimate, own=0, logged=logged,
                remaining=remaining, fee=share, earned=min(share * logged / estimate, share * 1.2) if estimate else 0.0,
            )  # fmt: skip

    def _schedules(self) -> Iterator[Row]:
        for kind, records in (("job", self.work.projects), ("milestone", self.work.milestones)):
            for record in records:
                number = self.id(kind, record.id)
                yield {
                    "id": _budget_id(kind, number), "against_id": number, "against_type": kind,
                    "date_planned_start": self.noon(record.starts), "date_planned_due": self.noon(record.due),
                    "date_predicted_start": None, "date_predicted_end": None, "date_predicted_due": None,
                    "date_commenced": self.at(self.begun(record.starts), record.id, "commenced"),
                    "date_completed": None, "date_fixed_start": None, "date_fixed_due": None,
                }  # fmt: skip

    # --- people and companies -----------------------------------------------------------------------------------------

    def _staff(self, human: Human) -> Row:
        first, _, last = human.name.partition(" ")
        until = self.world.people.former.get(human)
        standing = "inactive" if until is not None and until < self.morning else "active"
        return {
            "id": self.id("staff", human.email), "firstname": first, "surname": last, "standing": standing,
            "financial_level": "all" if human.role in {"coo", "manager", "account"} else "time", "title": None,
            "email": human.email, "mobile": None, "phone": "", "fax": "", "position": POSITIONS[human.role],
            "username": human.email.partition("@")[0], "timezone": ZONE_NAME, "staff_rate": "150.00",
            "staff_cost_rate": "80.00",
        }  # fmt: skip

    def _companies(self) -> Iterator[Row]:
        for company in (*self.world.people.clients, *self.world.people.prospects):
            manager = self.id("staff", company.owner.email)
            first = self.id("affiliation", company.contacts[0].email)
            row = self._company(self.id("company", company.id), company.name, company.domain, first, manager)
            status, word = self.status("companies", "active" if company.is_client else "pending")
            yield {**row, "status": status, "standing": word}
        if self.settings.own_company:
            manager = self.id("staff", self.world.people.reader.email)
            yield self._company("1", names.AGENCY, names.AGENCY_DOMAIN, None, manager)

    def _company(self, id: str, name: str, domain: str, affiliation: str | None, manager: str) -> Row:
        status, word = self.status("companies", "active")
        return {
            "id": id, "name": name, "custom_id": None, "website": domain, "phone": "", "fax": "",
            "date_created": self.at(self.world.first, name, "created"),
            "date_modified": self.at(self.world.first, name, "modified"),
            "date_last_interacted": self.at(self.world.first, name, "interacted"), "comments": "", "standing": word,
            "status": status, "postal_address": Link("addresses", None), "staff_bookmarked": "0",
            "default_affiliation": Link("affiliations", affiliation), "manager_id": manager,
        }  # fmt: skip

    def _people(self, make: Callable[[Company, Human], Row]) -> Iterator[Row]:
        for company in (*self.world.people.clients, *self.world.people.prospects):
            for human in company.contacts:
                yield make(company, human)

    def _affiliation(self, company: Company, human: Human) -> Row:
        status, word = self.status("affiliations", "active")
        return {
            "id": self.id("affiliation", human.email), "mobile": None, "email": human.email, "position": "",
            "phone": None, "company": Link("companies", self.id("company", company.id)),
            "contact": Link("contacts", self.id("contact", human.email)), "affiliation_status": status,
            "standing": word, "date_modified": self.at(self.world.first, human.email, "modified"),
            "date_last_interacted": None, "portal_access": "0",
        }  # fmt: skip

    def _contact(self, company: Company, human: Human) -> Row:
        first, _, last = human.name.partition(" ")
        status, word = self.status("contacts", "active")
        return {
            "id": self.id("contact", human.email), "firstname": first, "surname": last, "mobile": None,
            "email": human.email, "timezone": ZONE_NAME,
            "date_created": self.at(self.world.first, human.email, "created"),
            "date_modified": self.at(self.world.first, human.email, "modified"), "date_last_interacted": None,
            "default_affiliation": Link("affiliations", self.id("affiliation", human.email)),
            "contact_status": status, "standing": word,
        }  # fmt: skip

    def _statuses(self, of: str) -> Iterator[Row]:
        for place, (title, standing, color) in enumerate(STATUSES[of]):
            yield {
                "id": str(place + 2), "title": title, "standing": self.word(of, standing), "color": color,
                "ordering": str(place), "start": "yes" if place == 0 else "no",
            }  # fmt: skip


def _past(morning: date, *days: date | None) -> list[date]:
    return [day for day in days if day is not None and day < morning]


def _priorities() -> Iterator[Row]:
    for level, title in enumerate(PRIORITY_LEVELS, 1):
        yield {"id": str(level), "title": title, "icon": None, "level": str(level)}


def _budget_id(kind: str, number: str) -> str:
    """One budget and one schedule for each job and milestone, numbered without a clash."""
    return str(2 * int(number) + (kind == "milestone"))


def _budget(
    kind: str, number: str, *, estimate: int, own: int, logged: int, remaining: int, fee: float, earned: float
) -> Row:
    """Of one job or milestone, in seconds and dollars; `own` was logged on it and on nothing below it."""
    billable = logged * 9 // 10 // 60 * 60
    nothing, no_money = "0", "0.00"
    return {
        "id": _budget_id(kind, number), "against_type": kind, "against_id": number,
        "is_billable": "yes" if fee else "no", "service_time_estimate": nothing, "service_time": nothing,
        "service_time_subtotal_estimate": str(estimate), "service_price_estimate": no_money, "service_price": no_money,
        "service_price_subtotal_estimate": f"{fee:.2f}", "service_price_subtotal": f"{earned:.2f}",
        "expense_price": no_money, "material_cost": no_money, "material_cost_subtotal": no_money,
        "material_price": no_money, "material_price_subtotal": no_money, "billable": nothing,
        "billable_subtotal": str(billable), "nonbillable": nothing, "nonbillable_subtotal": str(logged - billable),
        "logged": str(own), "logged_subtotal": str(logged), "charged": no_money, "charged_subtotal": f"{earned:.2f}",
        "remaining_subtotal": str(remaining),
    }  # fmt: skip
