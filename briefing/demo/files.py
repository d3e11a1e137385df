"""The simulated agency as files: what a person would export on a morning from the tools of an agency.

Tables are CSV in UTF-8 with plain headings, ISO dates and US dollars; the mailbox is two mbox files, Slack its export
ZIP, the calendars .ics. The same world and morning give the same bytes. The files' own times are those of the morning,
before seven.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from briefing.demo import names
from briefing.demo.ads import EXPORTED_DAYS
from briefing.demo.adworld import Account
from briefing.demo.days import ZONE_NAME, moment, plus
from briefing.demo.files_calendar import absences, calendar
from briefing.demo.files_mail import mailboxes
from briefing.demo.files_slack import slack_export
from briefing.demo.people import Human
from briefing.demo.world import World

ZONE = ZONE_NAME
"""The agency's time zone."""

Cell = str | int | float | None
TOOLS = "https://tools.harbourlane.example"


def write(world: World, morning: date, folder: Path) -> list[Path]:
    """Write every file of a morning into a folder, and say which. Files of an earlier morning are replaced."""
    written = []
    for minute, (name, content) in enumerate(contents(world, morning)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        stamp = moment(morning, 6, 35 + minute).timestamp()
        os.utime(path, (stamp, stamp))
        written.append(path)
    return written


def contents(world: World, morning: date) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a morning's files."""
    yield "projects.csv", table(PROJECTS, _projects(world, morning))
    yield "milestones.csv", table(MILESTONES, _milestones(world, morning))
    yield "tasks.csv", table(TASKS, _tasks(world, morning))
    yield "deals.csv", table(DEALS, _deals(world, morning))
    yield "proposals.csv", table(PROPOSALS, _proposals(world, morning))
    yield "ad-accounts.csv", table(ACCOUNTS, _accounts(world, morning))
    yield "ads-daily.csv", table(AD_DAYS, _ad_days(world, morning))
    yield "ads-changes.csv", table(CHANGES, _changes(world, morning))
    yield "scorecard.csv", table(SCORECARD, _scorecard(world, morning))
    yield "calendar.ics", calendar(world, morning)
    yield "absences.ics", absences(world, morning)
    for name, content in mailboxes(world, morning).items():
        yield f"mail/{name}", content
    yield "slack-export.zip", slack_export(world, morning)
    yield "briefing.toml", settings(world).encode()


def table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV file as spreadsheets write it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue().encode()


# --- delivery ------------------------------------------------------------------------------------------------------

PROJECTS = (
    "Project ID", "Project", "Client", "Status", "Manager", "Start date", "Due date", "Budget", "Budget used",
    "Currency", "Planned hours", "Hours used", "Hours left", "Last activity", "Type", "URL",
)  # fmt: skip
MILESTONES = (
    "Milestone ID", "Milestone", "Project ID", "Project", "Parent", "Status", "Start date", "Due date", "Completed on",
)  # fmt: skip
TASKS = (
    "Task ID", "Task", "Project ID", "Milestone ID", "Assignee", "Status", "Due date", "Remaining hours",
    "Completed on",
)  # fmt: skip
STATUS = {"open": "Active", "paused": "On hold", "done": "Completed", "cancelled": "Cancelled", "planned": "Planned"}


def _projects(world: World, morning: date) -> Iterator[Sequence[Cell]]:
    hours = world.delivery.hours(morning)
    for project in world.delivery.at(morning).projects:
        known = hours[project.id]
        yield (
            project.id, project.title, project.client, STATUS[project.state(morning)],
            _name(project.manager_on(morning)), project.starts.isoformat(), project.due.isoformat(),
            project.fee or None, round(known.earned) if project.fee else None, "USD", project.hours or None,
            f"{known.used / 60:.2f}", known.left, _minute(world.delivery.touched(project, morning)), project.type,
            f"{TOOLS}/projects/{project.id}",
        )  # fmt: skip


def _milestones(world: World, morning: date) -> Iterator[Sequence[Cell]]:
    work = world.delivery.at(morning)
    titles = {project.id: project.title for project in work.projects}
    for milestone in work.milestones:
        done = milestone.state(morning) == "done"
        yield (
            milestone.id, milestone.title, milestone.project, titles[milestone.project], milestone.parent,
            "Completed" if done else "Open", milestone.starts.isoformat(), milestone.due.isoformat(),
            milestone.done.isoformat() if done and milestone.done else "",
        )  # fmt: skip


def _tasks(world: World, morning: date) -> Iterator[Sequence[Cell]]:
    words = {"open": "Open", "done": "Done", "cancelled": "Cancelled"}
    for task in world.delivery.at(morning).tasks:
        state = task.state(morning)
        yield (
            task.id, task.title, task.project, task.milestone, _name(task.owner(morning)), words[state],
            task.due.isoformat(), task.left(morning), task.done.isoformat() if state == "done" and task.done else "",
        )  # fmt: skip


# --- sales ---------------------------------------------------------------------------------------------------------

DEALS = (
    "Deal ID", "Deal name", "Company", "Stage", "Amount", "Currency", "Close date", "Owner", "Created",
    "Last contacted", "Next activity", "Contact email", "URL",
)  # fmt: skip
PROPOSALS = (
    "Proposal ID", "Proposal", "Client", "Status", "Amount", "Currency", "Owner", "Recipient", "Recipient email",
    "Sent on", "First viewed", "Last viewed", "Views", "Expires", "Deal ID", "URL",
)  # fmt: skip


def _deals(world: World, morning: date) -> Iterator[Sequence[Cell]]:
    for deal in world.sales.at(morning).deals:
        yield (
            deal.id, deal.name, deal.company.name, deal.stage(morning), deal.amount, "USD",
            _day(deal.expected(morning)), deal.owner.name, deal.created.isoformat(), _day(deal.contacted(morning)),
            _day(deal.next_activity(morning)), deal.company.contacts[0].email, f"{TOOLS}/deals/{deal.id}",
        )  # fmt: skip


def _proposals(world: World, morning: date) -> Iterator[Sequence[Cell]]:
    now = moment(morning)
    for proposal in world.sales.at(morning).proposals:
        views = [view for view in proposal.views if view < now]
        sent = proposal.sent if proposal.sent < now else None
        yield (
            proposal.id, proposal.name, proposal.company.name, proposal.state(morning).capitalize(), proposal.amount,
            "USD", proposal.owner.name, proposal.recipient.name, proposal.recipient.email, _minute(sent),
            _minute(min(views, default=None)), _minute(max(views, default=None)), len(views),
            proposal.expires.isoformat(), proposal.deal, f"{TOOLS}/proposals/{proposal.id}",
        )  # fmt: skip


# --- ads -----------------------------------------------------------------------------------------------------------

ACCOUNTS = (
    "Account ID",
    "Account",
    "Client",
    "Platform",
    "Currency",
    "Time zone",
    "Status",
    "Owner",
    "Target CPL",
    "Settling days",
)
AD_DAYS = (
    "Date", "Account ID", "Account", "Campaign ID", "Campaign", "Currency", "Cost", "Impressions", "Clicks", "Leads",
    "Lead definition",
)  # fmt: skip
CHANGES = (
    "Date and time", "Account ID", "Account", "Campaign", "User", "Item type", "Item name", "Change", "Field",
    "Old value", "New value",
)  # fmt: skip


def client_targets(world: World) -> dict[str, int]:
    """Targets agreed with a client rather than for an account: where the client has only one."""
    found: dict[str, list[Account]] = {}
    for account in world.ads.accounts.values():
        found.setdefault(account.client, []).append(account)
    return {name: one[0].target for name, one in found.items() if len(one) == 1 and one[0].target is not None}


def _accounts(world: World, morning: date) -> Iterator[Sequence[Cell]]:
    elsewhere = client_targets(world)
    for account in world.ads.accounts.values():
        yield (
            account.id, account.name, account.client, account.platform.capitalize(), "USD", ZONE,
            account.status(plus(morning, -1)), account.owner.name,
            None if account.client in elsewhere else account.target, account.settling,
        )  # fmt: skip


def _ad_days(world: World, morning: date) -> Iterator[Sequence[Cell]]:
    """Campaigns of every account; Google's export has a row of the account itself besides."""
    first = plus(morning, -EXPORTED_DAYS)
    for account in world.ads.accounts.values():
        days = world.ads.history(account.id).days
        for back in range(EXPORTED_DAYS, 0, -1):
            day = plus(first, EXPORTED_DAYS - back)
            shown = day.isoformat()
            if account.platform == "google":
                rows = [days[campaign.id][day] for campaign in account.campaigns]
                yield (
                    shown, account.id, account.name, "", "", "USD", f"{sum(row.spend for row in rows) / 100:.2f}",
                    sum(row.impressions for row in rows), sum(row.clicks for row in rows),
                    sum(row.seen(back) for row in rows), account.definition(day),
                )  # fmt: skip
            for campaign in account.campaigns:
                row = days[campaign.id][day]
                yield (
                    shown, account.id, account.name, campaign.id, campaign.name, "USD", f"{row.spend / 100:.2f}",
                    row.impressions, row.clicks, row.seen(back), account.definition(day),
                )  # fmt: skip


def _changes(world: World, morning: date) -> Iterator[Sequence[Cell]]:
    since, now = moment(plus(morning, -EXPORTED_DAYS), 0), moment(morning)
    rows = [
        (edit, account)
        for account in world.ads.accounts.values()
        for edit in world.ads.edits(account.id)
        if since <= edit.at < now
    ]
    for edit, account in sorted(rows, key=lambda row: (row[0].at, row[0].account, row[0].object)):
        yield (
            _minute(edit.at), edit.account, account.name, edit.campaign, edit.user, edit.level, edit.object,
            edit.change, edit.field, edit.old, edit.new,
        )  # fmt: skip


# --- the scorecard -------------------------------------------------------------------------------------------------

SCORECARD = ("Date", "Measure", "Seat", "Owner", "Target", "Direction", "Unit", "Value", "Every")


def _scorecard(world: World, morning: date) -> Iterator[Sequence[Cell]]:
    for value in sorted(world.scorecard.at(morning), key=lambda value: (value.at, value.number.name)):
        number = value.number
        yield (
            value.at.isoformat(), number.name, number.seat, number.owner.name, f"{number.target:g}",
            number.direction, number.unit, f"{value.value:g}", number.every,
        )  # fmt: skip


# --- settings ------------------------------------------------------------------------------------------------------


def settings(world: World) -> str:
    """A configuration that reads these files."""
    reader = world.people.reader
    targets = client_targets(world)
    lines = [
        "version = 1", "",
        "[workspace]", f'name = "{names.AGENCY}"', f'timezone = "{ZONE}"', f'domains = ["{names.AGENCY_DOMAIN}"]', "",
        "[currency]", 'base = "USD"', "",
        "[[audience]]", f'name = "{reader.name}"', f'emails = ["{reader.email}"]', f'logins = ["{reader.slack}"]', "",
        *SOURCES,
    ]  # fmt: skip
    for client in world.people.clients:
        lines += [
            f'[clients."{client.name}"]', f'domains = ["{client.domain}"]', f'owner = "{client.owner.name}"',
            f'monthly_fee = "{client.monthly_fee} USD"',
        ]  # fmt: skip
        if client.name in targets:
            lines.append(f'target_cpl = "{targets[client.name]} USD"')
        lines.append("")
    return "\n".join(lines)


SOURCES = (
    "[sources.projects]", 'use = "projects_csv"', 'projects = "projects.csv"', 'milestones = "milestones.csv"',
    'tasks = "tasks.csv"', "",
    "[sources.deals]", 'use = "deals_csv"', 'path = "deals.csv"', "",
    "[sources.proposals]", 'use = "proposals_csv"', 'path = "proposals.csv"', "",
    "[sources.ads]", 'use = "ads_csv"', 'days = "ads-daily.csv"', 'changes = "ads-changes.csv"',
    'accounts = "ad-accounts.csv"', "",
    "[sources.scorecard]", 'use = "scorecard_csv"', 'path = "scorecard.csv"', "",
    "[sources.calendar]", 'use = "ics"', 'path = "calendar.ics"', "",
    "[sources.absences]", 'use = "ics"', 'path = "absences.ics"', "",
    "[sources.mail]", 'use = "mailbox"', 'path = "mail"', "",
    "[sources.slack]", 'use = "slack_export"', 'path = "slack-export.zip"', "",
)  # fmt: skip


def _name(human: Human | None) -> str:
    return human.name if human else ""


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
