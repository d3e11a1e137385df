"""The page about files says what the connectors read; headings and sheets as people name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from briefing.reading.forms import Form, match
from connectors.ads_forms import ACCOUNTS, CHANGES, DAYS
from connectors.deals_csv import DEALS
from connectors.projects_csv import MILESTONES, PROJECTS, TASKS
from connectors.proposals_csv import PROPOSALS
from connectors.scorecard_csv import LONG

PAGE = Path(__file__).parents[2] / "docs" / "files.md"
FORMS = {
    "### Projects": PROJECTS,
    "### Milestones": MILESTONES,
    "### Tasks": TASKS,
    "## Deals": DEALS,
    "## Proposals": PROPOSALS,
    "### Days": DAYS,
    "### Changes": CHANGES,
    "### Accounts": ACCOUNTS,
    "## Scorecard": LONG,
}


def lines(form: Form) -> list[str]:
    """A form's fields as rows of the page's table."""
    needed = {
        name: "yes" + "".join(f", or `{other}`" for other in group if other != name)
        for group in form.needs
        for name in group
    }
    return [
        f"| `{field.name}` | {needed.get(field.name, '')} "
        f"| {', '.join(field.headings)}{'; else ' + ', '.join(field.loose) if field.loose else ''} |"
        for field in form.fields
    ]


@pytest.mark.parametrize("title", FORMS)
def test_the_page_lists_every_heading(title: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    section = page.split(f"{title}\n", 1)[1].split("\n#", 1)[0].splitlines()
    assert [line for line in section if line.startswith("| `")] == lines(FORMS[title])


@pytest.mark.parametrize("title", FORMS)
def test_no_heading_says_two_fields(title: str) -> None:
    own = [heading for field in FORMS[title].fields for heading in field.headings]
    assert len(own) == len(set(own))


@pytest.mark.parametrize(
    ("form", "headings", "fields"),
    [
        (DEALS, "Deal - Title,Deal - Stage,Deal - Value,Deal - Owner", "name stage amount owner"),
        (DEALS, "Opportunity Name,Stage,Close Date,Probability (%)", "name stage expected_close probability"),
        (DEALS, "Record ID,Deal Name,Deal Stage,Amount,Last Contacted", "id name stage amount last_contact"),
        (TASKS, "Task name,Task status,Task due date,Assigned to", "title state due assignee"),
        (PROJECTS, "Project,Project status,Project manager,Deadline,Fee (USD)", "title state manager due budget"),
        (PROPOSALS, "Quote,Quote status,Document expiry date,Total (EUR)", "name state expires amount"),
        (DAYS, "date_day,account_id,account_name,spend,conversions", "day account_id account spend leads"),
    ],
)
def test_headings_as_people_write_them(form: Form, headings: str, fields: str) -> None:
    found = match(form, headings.split(","))
    assert sorted(found.columns, key=lambda name: found.columns[name].index) == fields.split()
