"""Notes, time, mails and system entries of the simulated agency, as Accelo keeps its activities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from briefing.demo.chance import fixed
from briefing.demo.days import moment, plus
from briefing.demo.effort import notes
from briefing.demo.people import Human
from briefing.demo.server import accelo_tables as offers
from briefing.demo.server.accelo_query import Link, Row
from briefing.demo.server.accelo_shared import Make, Shared
from briefing.demo.work import Project, Task

KEPT = 60
"""Days back that the site has activities of: the real table is huge, and is asked by date."""

HIDDEN = "This activity is confidential"
SYSTEM = "0"
"""The staff of what Accelo writes itself."""

RATE = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """One entry."""

    key: str
    at: datetime
    against: tuple[str, str]
    subject: str
    medium: str = "note"
    staff: Human | None = None
    """Who of ours; None with an `affiliation`, or for the system."""

    affiliation: str = ""
    task: str = ""
    minutes: int = 0


class ActivityRows(Shared):
    """What was written and logged within the last weeks."""

    def makes(self) -> Iterator[Make]:
        """The one resource."""
        yield offers.ACTIVITIES, self._rows

    def _rows(self) -> Iterator[Row]:
        taken: set[int] = set()
        now = moment(self.morning)
        for done in sorted(self._all(), key=lambda one: (one.at, one.key)):
            if done.at >= now:
                continue
            number = (done.at.date() - self.world.first).days * 10_000 + fixed(done.key, "activity") + 10_000
            while number in taken:
                number += 1
            taken.add(number)
            yield self._row(str(number), done)

    def _all(self) -> Iterator[_Done]:
        work, since = self.world.delivery.at(self.morning), plus(self.morning, -KEPT)
        projects = {project.id: project for project in work.projects}
        for project in work.projects:
            yield from self._of_project(project, since)
        for entry in work.entries:
            if entry.day >= since:
                against = ("job", self.id("job", entry.project))
                at = self._when(entry.project, entry.day)
                yield _Done(
                    key=entry.id, at=at, against=against, subject="Time", staff=entry.who, minutes=entry.minutes
                )
        for task in work.tasks:
            yield from self._of_task(task, projects[task.project], since)
        yield from self._of_sales(since)

    @staticmethod
    def _when(project: str, day: date) -> datetime:
        """At what time of a day a project was touched: the same as its last interaction, if it was the last."""
        at = fixed(project, f"touched {day}") % 480
        return moment(day, 9 + at // 60, at % 60)

    def _of_project(self, project: Project, since: date) -> Iterator[_Done]:
        """A note every few days, and what Accelo writes itself, each Monday, also where nobody does anything."""
        against = ("job", self.id("job", project.id))
        for day in notes(project, self.morning):
            if day < since:
                break
            key, at = f"{project.id}/{day}", self._when(project.id, day)
            yield _Done(key=key, at=at, against=against, subject="Status", staff=project.manager)
        day = self.morning
        while day > max(since, project.known) and (project.closed is None or project.closed >= self.morning):
            day = plus(day, -1)
            if day.weekday() == 0 and fixed(project.id, f"reminded {day}") < 3_000:
                yield _Done(
                    key=f"{project.id}/{day}/system", at=moment(day, 3), against=against, subject="Reminder sent",
                    medium="event_log",
                )  # fmt: skip

    def _of_task(self, task: Task, project: Project, since: date) -> Iterator[_Done]:
        """Time is logged against what the task hangs on, with the task beside it."""
        minutes = task.minutes(self.morning)
        done = task.done if task.state(self.morning) == "done" else task.used_up
        day = done if done is not None and done < self.morning else task.known
        if not minutes or day < since:
            return
        kind = "milestone" if task.milestone else "job"
        against = (kind, self.id(kind, task.milestone or task.project))
        yield _Done(
            key=task.id, at=self._when(project.id, day), against=against, subject=task.title, staff=task.assignee,
            task=self.id("task", task.id), minutes=minutes,
        )  # fmt: skip

    def _of_sales(self, since: date) -> Iterator[_Done]:
        """Mails with the people of a sale: theirs and ours by turns."""
        for deal in self.world.sales.at(self.morning).deals:
            for number, day in enumerate(day for day in deal.contacts if since <= day < self.morning):
                theirs = number % 2 == 0
                contact = self.id("affiliation", deal.company.contacts[0].email)
                yield _Done(
                    key=f"{deal.id}/{day}/{number}", at=self._when(deal.id, day), medium="email",
                    against=("prospect", self.id("prospect", deal.id)), subject=f"Re: {deal.name}",
                    staff=None if theirs else deal.owner, affiliation=contact if theirs else "",
                )  # fmt: skip

    def _row(self, number: str, done: _Done) -> Row:
        stamp = str(int(done.at.timestamp()))
        hidden = done.medium == "note" and not done.task and fixed(done.key, "hidden") < 300
        staff = self.human(done.staff) if done.staff else Link("staff", SYSTEM)
        billable = done.minutes * 60 * 9 // 10 // 60 * 60 if done.task else done.minutes * 60
        return {
            "id": number, "subject": HIDDEN if hidden else done.subject, "confidential": int(hidden),
            "parent_id": "0", "thread_id": number, "against_type": done.against[0], "against_id": done.against[1],
            "against": "/".join(done.against), "owner_type": "affiliation" if done.affiliation else "staff",
            "owner_id": done.affiliation or (staff.id or SYSTEM), "medium": done.medium,
            "body": HIDDEN if hidden else "", "preview_body": HIDDEN if hidden else "", "html_body": "",
            "visibility": "confidential" if hidden else "all", "details": "", "date_created": stamp,
            "date_started": stamp if done.minutes else None, "date_ended": None, "date_logged": stamp,
            "date_modified": stamp, "billable": str(billable), "nonbillable": str(done.minutes * 60 - billable),
            "staff": staff, "activity_class": Link("activities/classes", "1"),
            "activity_priority": Link("activities/priorities", None), "task": Link("tasks", done.task or "0"),
            "time_allocation": Link("time_allocations", None), "rate": Link("rates", None),
            "rate_charged": f"{RATE if done.minutes else 0}.00", "tag": "", "scheduled": "no",
            "standing": "unapproved" if done.minutes else "", "invoice_id": "0", "contract_period_id": "0",
            "is_billable": "1" if billable else "0",
        }  # fmt: skip
