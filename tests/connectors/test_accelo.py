"""Accelo's rows become facts: the reference's own samples field by field, and everything that can be odd about a row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from briefing.facts import Company, Milestone, Money, Party, Person, Project, Ref, Staff, Task
from briefing.http import set_testing
from briefing.loopback import status
from connectors.accelo import Accelo, deployment_of
from tests.connectors.accelo_wire import (
    GUARDS,
    ZONE,
    Deployment,
    job,
    milestone,
    read,
    serving,
    small,
    task,
    window,
)


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


# --- the samples of the reference, section 10 ------------------------------------------------------------------------

MANAGER = {"id": "7", "firstname": "Dana", "surname": "Okafor", "standing": "active"}
HARBOR = {"id": "88", "name": "Harbor Dental Group"}
JOBS: list[dict[str, Any]] = [
    {"id": "412", "title": "Harbor Dental: Q4 paid social", "standing": "active", "paused": "0",
     "against_type": "company", "against_id": "88",
     "date_created": "1756386851", "date_commenced": "1756821785", "date_started": "1756828800", "date_due": "1766163600",
     "date_last_interacted": "1763153300", "date_modified": "1763413360",
     "status": {"id": "5", "title": "In Progress", "standing": "active"}, "manager": MANAGER, "company": HARBOR,
     "job_type": {"id": "3", "title": "Campaign"},
     "job_object_budget": {"id": "901", "is_billable": "yes", "service_time_subtotal_estimate": "432000",
                           "logged_subtotal": "381600", "billable_subtotal": "349200", "nonbillable_subtotal": "32400",
                           "remaining_subtotal": "122400", "service_price_subtotal_estimate": "18000.00",
                           "service_price_subtotal": "14550.00", "charged_subtotal": "14550.00"}},
    {"id": "419", "title": "Internal: website refresh", "standing": "active", "paused": "0",
     "against_type": "company", "against_id": "1",
     "date_created": "1756386851", "date_commenced": None, "date_started": "1756828800", "date_due": None,
     "date_last_interacted": None, "date_modified": "1756386851",
     "status": {"id": "5", "title": "In Progress", "standing": "active"},
     "manager": None, "company": {"id": "1", "name": "Northlight Agency"}, "job_type": {"id": "4", "title": "Internal"},
     "job_object_budget": {"id": "915", "is_billable": "no", "service_time_subtotal_estimate": "0",
                           "logged_subtotal": "0", "billable_subtotal": "0", "nonbillable_subtotal": "0",
                           "remaining_subtotal": "0", "service_price_subtotal_estimate": "0.00",
                           "service_price_subtotal": "0.00", "charged_subtotal": "0.00"}},
]  # fmt: skip
MILESTONE_JOB = {
    "id": "412", "title": "Harbor Dental: Q4 paid social", "standing": "active", "manager": "7", "company": HARBOR,
}  # fmt: skip
MILESTONES: list[dict[str, Any]] = [
    {"id": "2201", "title": "Creative approved", "standing": "pending", "parent": "0", "ordering": "3",
     "date_started": "1762794000", "date_commenced": None, "date_due": "1763744400",
     "manager": {"id": "7", "firstname": "Dana", "surname": "Okafor"}, "job": MILESTONE_JOB},
    {"id": "2207", "title": "Launch", "standing": "active", "parent": "0", "ordering": "4",
     "date_started": "1762794000", "date_commenced": "1762957992", "date_due": "1763744400",
     "manager": None, "job": MILESTONE_JOB},
]  # fmt: skip
TASKS: list[dict[str, Any]] = [
    {"id": "9120", "title": "Ad set QA", "standing": "started", "against_type": "milestone", "against_id": "2207",
     "milestone": "2207", "task_job": None,
     "assignee": {"id": "12", "firstname": "Mia", "surname": "Lund", "standing": "active"}, "manager": "7",
     "date_started": "1762448400", "date_due": "1763053200", "date_commenced": "1762524060",
     "budgeted": "14400", "logged": "9000", "remaining": "5400",
     "task_priority": {"id": "2", "title": "High", "level": "2"}},
    {"id": "9124", "title": "Landing page copy", "standing": "pending", "against_type": "milestone", "against_id": "2207",
     "milestone": "2207", "task_job": None, "assignee": None, "manager": "7",
     "date_started": "1762448400", "date_due": None, "date_commenced": None,
     "budgeted": "7200", "logged": "0", "remaining": "7200", "task_priority": None},
    {"id": "9131", "title": "Budget check-in", "standing": "accepted", "against_type": "job", "against_id": "412",
     "milestone": None, "task_job": "412", "assignee": "0", "manager": "7",
     "date_started": "1762448400", "date_due": "1763744400", "date_commenced": None,
     "budgeted": "0", "logged": "0", "remaining": "0", "task_priority": None},
]  # fmt: skip
STAFF: list[dict[str, Any]] = [
    {"id": "7", "firstname": "Dana", "surname": "Okafor", "standing": "active", "email": "dana@northlight.example",
     "position": "Account Director", "financial_level": "all", "timezone": "America/New_York"},
    {"id": "9", "firstname": "Lee", "surname": "Brandt", "standing": "inactive", "email": "lee@northlight.example",
     "position": "Producer", "financial_level": "time", "timezone": "America/New_York"},
]  # fmt: skip
COMPANIES: list[dict[str, Any]] = [
    {"id": "88", "name": "Harbor Dental Group", "standing": "active", "website": "harbordental.example", "phone": "",
     "status": "3", "default_affiliation": "301", "date_last_interacted": "1762898744"},
    {"id": "1", "name": "Northlight Agency", "standing": "active", "website": "https://www.northlight.example/"},
    {"id": "90", "name": "Of no project", "standing": "active", "website": "elsewhere.example"},
]  # fmt: skip


def northlight() -> Deployment:
    deployment = small(JOBS, MILESTONES, TASKS)
    deployment.rows |= {"staff": STAFF, "companies": COMPANIES}
    return deployment


def link(action: str, number: str) -> str:
    return f"https://northlight.accelo.com/?action={action}&id={number}"


DANA = Person(name="Dana Okafor", id="accelo/staff/7")


def test_the_samples_projects() -> None:
    with serving(northlight()) as (accelo, _):
        found = read(accelo, "projects")
    assert found.facts == [
        Project(
            ref=Ref(source="accelo", kind="project", id="412", url=link("view_job", "412")),
            party=Party(name="Harbor Dental Group", id="88"), title="Harbor Dental: Q4 paid social", state="open",
            manager=DANA, starts=date(2025, 9, 2), due=date(2025, 12, 19), type="Campaign",
            budget=Money(amount=Decimal(18000), currency="USD"), used=Money(amount=Decimal(14550), currency="USD"),
            hours_planned=Decimal(120), hours_used=Decimal(106), hours_left=Decimal(34),
            last_activity=datetime.fromtimestamp(1763153300, ZONE),
        ),
        Project(
            ref=Ref(source="accelo", kind="project", id="419", url=link("view_job", "419")),
            party=Party(name="Northlight Agency", id="1"), title="Internal: website refresh", state="open",
            starts=date(2025, 9, 2), type="Internal", hours_used=Decimal(0), hours_left=Decimal(0),
        ),
    ]  # fmt: skip
    assert (found.skipped, found.ignored) == ([], [])


def test_the_samples_milestones() -> None:
    with serving(northlight()) as (accelo, _):
        found = read(accelo, "milestones")
    url = link("view_job", "412")
    assert found.facts == [
        Milestone(
            ref=Ref(source="accelo", kind="milestone", id="2201", url=url), project="412", title="Creative approved",
            manager=DANA, starts=date(2025, 11, 10), due=date(2025, 11, 21),
        ),
        Milestone(
            ref=Ref(source="accelo", kind="milestone", id="2207", url=url), project="412", title="Launch",
            starts=date(2025, 11, 10), due=date(2025, 11, 21),
        ),
    ]  # fmt: skip
    assert (found.skipped, found.ignored) == ([], [])


def test_the_samples_tasks() -> None:
    with serving(northlight()) as (accelo, _):
        found = read(accelo, "tasks")
    assert found.facts == [
        Task(
            ref=Ref(source="accelo", kind="task", id="9120", url=link("view_task", "9120")), project="412",
            milestone="2207", title="Ad set QA", assignee=Person(name="Mia Lund", id="accelo/staff/12"),
            due=date(2025, 11, 13), remaining=Decimal("1.5"),
        ),
        Task(
            ref=Ref(source="accelo", kind="task", id="9124", url=link("view_task", "9124")), project="412",
            milestone="2207", title="Landing page copy", remaining=Decimal(2),
        ),
        Task(
            ref=Ref(source="accelo", kind="task", id="9131", url=link("view_task", "9131")), project="412",
            title="Budget check-in", due=date(2025, 11, 21), remaining=Decimal(0),
        ),
    ]  # fmt: skip
    assert (found.skipped, found.ignored) == ([], [])


def test_the_samples_staff_with_those_who_left() -> None:
    with serving(northlight()) as (accelo, _):
        found = read(accelo, "staff")
    assert found.facts == [
        Staff(
            ref=Ref(source="accelo", kind="staff", id=number),
            person=Person(name=name, email=email, id=f"accelo/staff/{number}"), active=active,
        )
        for number, name, email, active in (
            ("7", "Dana Okafor", "dana@northlight.example", True),
            ("9", "Lee Brandt", "lee@northlight.example", False),
        )
    ]  # fmt: skip


def test_companies_are_those_of_projects_and_our_own_has_no_domain() -> None:
    with serving(northlight()) as (accelo, server):
        found = read(accelo, "companies")
    assert found.facts == [
        Company(
            ref=Ref(source="accelo", kind="company", id=number, url=link("view_company", number)),
            party=Party(name=name, id=number), name=name, domains=domains,
        )
        for number, name, domains in (
            ("88", "Harbor Dental Group", ("harbordental.example",)),
            ("1", "Northlight Agency", ()),
        )
    ]  # fmt: skip
    assert "id(1,88)" in server.lines()[-1]


def test_a_hidden_company_is_counted() -> None:
    deployment = northlight()
    deployment.rows["companies"] = []
    with serving(deployment) as (accelo, _):
        found = read(accelo, "companies")
    assert found.left_out == {"companies of projects that Accelo does not show to this login": 2}


# --- what a row may be -------------------------------------------------------------------------------------------------


def task_of(**changes: Any) -> Any:
    """What one task on milestone 1 of project 1 becomes."""
    with serving(small([job(1)], [milestone(1, 1)], [task(5, 1, **changes)])) as (accelo, _):
        found = read(accelo, "tasks")
    (thing,) = {*found.facts, *found.whys, *found.left_out}  # without an id it is met in both of its lists
    return thing


@pytest.mark.parametrize(
    ("value", "person"),
    [
        (None, None), ("0", None), (0, None), ("", None), ([], None), ({}, None), ({"id": "0"}, None),
        ("12", Person(id="accelo/staff/12")), (12, Person(id="accelo/staff/12")),
        ({"id": 12, "firstname": "Mia", "surname": None}, Person(name="Mia", id="accelo/staff/12")),
        ({"id": "12", "firstname": "Mia", "surname": "Lund", "email": "Mia@Northlight.example"},
         Person(name="Mia Lund", email="mia@northlight.example", id="accelo/staff/12")),
    ],
)  # fmt: skip
def test_whom_a_reference_means(value: Any, person: Person | None) -> None:
    found = task_of(assignee=value)
    assert isinstance(found, Task)
    assert found.assignee == person


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": None}, "tasks, page 1, row 1: it has no id"),
        ({"id": "5,6"}, 'tasks, page 1, row 1: id: "5,6" is not an id'),
        ({"title": ""}, "task 5: it has no title"),
        ({"title": {"a": 1}}, "task 5: title: \"{'a': 1}\" is not a plain value"),
        ({"standing": None}, "task 5: it has no standing"),
        ({"standing": "waiting"}, 'task 5: standing "waiting" is not known'),
        ({"against_type": None}, "task 5: it does not say what it hangs on"),
        ({"against_type": "gadget"}, 'task 5: it hangs on "gadget", which is not known'),
        ({"against_id": "0"}, "task 5: it does not say on which milestone it hangs"),
        ({"date_due": "2025-11-20"}, 'task 5: date_due: "2025-11-20" is not a number'),
        ({"date_due": "-5"}, 'task 5: date_due: "-5" is not a time'),
        ({"date_due": "1e300"}, 'task 5: date_due: "1e300" is not a number'),
        ({"date_due": True}, 'task 5: date_due: "True" is not a plain value'),
        ({"assignee": {"firstname": "Mia"}}, "task 5: assignee: a reference without id"),
        ({"remaining": "soon"}, 'task 5: remaining: "soon" is not a number'),
    ],
)
def test_a_task_that_cannot_be_read_is_told(changes: dict[str, Any], why: str) -> None:
    assert task_of(**changes) == why


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        ("pending", "open"), ("accepted", "open"), ("started", "open"), ("Started", "open"), ("active", "open"),
        ("paused", "paused"), ("complete", "done"), ("inactive", "cancelled"),
    ],
)  # fmt: skip
def test_standings_of_tasks(standing: str, state: str) -> None:
    assert task_of(standing=standing).state == state


@pytest.mark.parametrize(
    ("standing", "state"),
    [("setup", "open"), ("pending", "open"), ("active", "open"), ("paused", "paused"), ("Active", "open")],
)
def test_standings_of_projects(standing: str, state: str) -> None:
    with serving(small([job(1, standing=standing)])) as (accelo, _):
        (found,) = read(accelo, "projects").facts
    assert isinstance(found, Project)
    assert found.state == state


def test_a_project_of_an_unknown_standing_is_told() -> None:
    with serving(small([job(1, standing="dreaming"), job(2)])) as (accelo, _):
        found = read(accelo, "projects")
    assert (found.ids, found.whys) == (["2"], ['project 1: standing "dreaming" is not known'])


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (None, None), ("", None), ("0", None), (0, None),
        ("1763744400", date(2025, 11, 21)), (1763744400, date(2025, 11, 21)), ("1763744400.0", date(2025, 11, 21)),
        ("1763701200", date(2025, 11, 21)),  # midnight in New York
        ("1762056000", date(2025, 11, 2)), ("1762063200", date(2025, 11, 2)),  # 00:00 and 01:00 again: summer time ends
        ("1762059600", date(2025, 11, 2)),
        ("1741496400", date(2025, 3, 9)), ("1741536000", date(2025, 3, 9)),  # 00:00 and noon: summer time begins
    ],
)  # fmt: skip
def test_a_date_is_that_of_the_deployments_zone(due: Any, expected: date | None) -> None:
    """The reader sits in Berlin, where midnight in New York is six in the morning."""
    assert task_of(date_due=due).due == expected


@pytest.mark.parametrize(
    ("zone", "due", "expected"),
    [
        ("Australia/Sydney", "1495245600", date(2017, 5, 20)),  # noon: the documentation's own samples
        ("Australia/Sydney", "1494424800", date(2017, 5, 11)),  # midnight: the day before in UTC and in Berlin
        ("Pacific/Auckland", "1763679600", date(2025, 11, 21)),  # noon: 23:00 of the day before in UTC
        ("Pacific/Auckland", "1759014000", date(2025, 9, 28)),  # the morning on which summer time begins
    ],
)
def test_a_date_in_a_zone_far_away(zone: str, due: str, expected: date) -> None:
    deployment = small([job(1, date_due=due)])
    deployment.locale["timezone"] = zone
    with serving(deployment) as (accelo, _):
        (found,) = read(accelo, "projects").facts
    assert isinstance(found, Project)
    assert found.due == expected


def test_nothing_later_than_the_morning_is_stated_as_having_happened() -> None:
    later = job(1, date_last_interacted=str(int(window().now.timestamp()) + 1))
    with serving(small([later, job(2, date_last_interacted=str(int(window().now.timestamp())))])) as (accelo, _):
        found = [fact.last_activity for fact in read(accelo, "projects").facts if isinstance(fact, Project)]
    assert found == [None, window().now]


def test_when_it_was_done_is_a_moment_and_never_later_than_the_morning() -> None:
    assert task_of(standing="complete", date_completed="1763440000").done_at == date(2025, 11, 17)
    assert task_of(standing="complete", date_completed="1763470000").done_at is None
    assert task_of(standing="started", date_completed="1763440000").done_at is None


@pytest.mark.parametrize(
    ("remaining", "hours"),
    [(None, None), ("", None), ("0", 0), (5400, Decimal("1.5")), ("1000", Decimal("0.28")), ("-60", None)],
)
def test_hours_to_do(remaining: Any, hours: Any) -> None:
    assert task_of(remaining=remaining).remaining == hours


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("issue", "open tasks on a ticket, not on a project"), ("prospect", "open tasks on a sale, not on a project"),
        ("company", "open tasks on a company, not on a project"),
        ("contract_period", "open tasks on a retainer, not on a project"),
        ("Issues", "open tasks on a ticket, not on a project"),
    ],
)  # fmt: skip
def test_tasks_on_something_else_are_left_out(kind: str, told: str) -> None:
    """They are not asked for. Where milestones cannot be seen every open task is, and these are counted."""
    row = task(5, 1, against_type=kind)
    with serving(small([job(1)], [milestone(1, 1)], [row])) as (accelo, server):
        found = read(accelo, "tasks")
        assert (found.facts, found.skipped, found.ignored) == ([], [], [])
        with server.faulty(status(403, "{}"), "/milestones"):
            assert read(accelo, "tasks").left_out == {told: 1}


def test_the_older_word_for_a_milestone_counts() -> None:
    found = task_of(against_type="component", standing="complete")
    assert (found.milestone, found.project, found.state) == ("1", "1", "done")


def test_where_filters_do_not_know_the_older_word_for_a_milestone_that_is_told() -> None:
    rows = [task(5, 1, "component"), task(6, 1, "component", standing="complete")]
    nothing = status(200, '{"response": [], "meta": {"status": "ok"}}')
    with (
        serving(small([job(1)], [milestone(1, 1)], rows)) as (accelo, server),
        server.faulty(nothing, r"against\("),
    ):
        found = read(accelo, "tasks")
    assert found.ids == ["5"]
    assert found.whys == ["tasks of milestones: asked by milestone, Accelo left out 1 that it listed as open"]


def test_a_title_is_made_safe_to_carry() -> None:
    assert task_of(title="Draw \x1b[31mthe\u202e\nmap" + "x" * 300).title.startswith("Draw [31mthe map")
    assert len(task_of(title="y" * 300).title) == 120


def test_a_milestone_without_project_is_told() -> None:
    row = milestone(7, 1, job=None)
    with serving(small([job(1)], [milestone(1, 1), row])) as (accelo, server):
        server.site.keeps_filters = False  # type: ignore[attr-defined]
        found = read(accelo, "milestones")
    assert (found.ids, found.whys) == (["1"], ["milestone 7: it names no project"])


@pytest.mark.parametrize(
    ("symbol", "setting", "currency"),
    [("$", "", None), ("$", "cad", "CAD"), ("€", "", "EUR"), ("£", "", None), ("€", "CHF", "CHF"), ("", "", None)],
)
def test_an_amount_has_a_currency_only_where_it_is_certain(symbol: str, setting: str, currency: str | None) -> None:
    deployment = northlight()
    deployment.locale["currency_symbol"] = symbol
    with serving(deployment, currency=setting) as (accelo, _):
        found = read(accelo, "projects")
    (first, _) = found.facts
    assert isinstance(first, Project)
    assert (first.budget.currency if first.budget else None) == currency
    assert found.left_out == (
        {} if currency else {'budgets without a currency (write currency = "..." in sources.accelo)': 1}
    )


@pytest.mark.parametrize(
    "budget",
    [None, "0", "901", {"id": "901"}, {"id": "901", "service_price_subtotal_estimate": ""}, []],
)
def test_a_project_without_budget(budget: Any) -> None:
    with serving(small([job(1, job_object_budget=budget)])) as (accelo, _):
        (found,) = read(accelo, "projects").facts
    assert isinstance(found, Project)
    assert (found.budget, found.used) == (None, None)


@pytest.mark.parametrize(("left", "hours"), [("-7200", 0), ("0", 0), ("7200", 2), ("", None), (None, None)])
def test_more_logged_than_was_to_do_leaves_nothing_to_do(left: Any, hours: Any) -> None:
    """A negative remainder is known, and none: what is unknown is counted by tasks, which are listed in part only."""
    budget = {"service_time_subtotal_estimate": "360000", "logged_subtotal": "324000", "remaining_subtotal": left}
    with serving(small([job(1, job_object_budget=budget)])) as (accelo, _):
        (found,) = read(accelo, "projects").facts
    assert isinstance(found, Project)
    assert [found.hours_planned, found.hours_used, found.hours_left] == [100, 90, hours]


def test_a_project_for_a_contact_belongs_to_the_contacts_company() -> None:
    row = job(1, company=None, affiliation={"id": "301", "company": HARBOR})
    with serving(small([row, job(2, company=None), job(3, company="88")])) as (accelo, _):
        found = read(accelo, "projects").facts
    assert [fact.party for fact in found] == [Party(name="Harbor Dental Group", id="88"), Party(), Party(id="88")]


@pytest.mark.parametrize(
    ("website", "domains"),
    [
        ("harbordental.example", ("harbordental.example",)),
        ("HTTPS://www.HarborDental.example/about?x=1", ("harbordental.example",)),
        ("shop.harbordental.example:8080", ("shop.harbordental.example",)),
        ("https://facebook.com/harbordental", ()), ("https://harbor.wixsite.com/dental", ()), ("n/a", ()),
        ("http://[bad", ()), ("", ()), (None, ()), ("localhost", ()), ("10.0.0.1", ()), ("northlight.example", ()),
    ],
)  # fmt: skip
def test_the_domain_of_a_company(website: Any, domains: tuple[str, ...]) -> None:
    deployment = northlight()
    deployment.rows["companies"] = [{"id": "88", "name": "Harbor", "website": website}]
    with serving(deployment) as (accelo, _):
        (found,) = read(accelo, "companies").facts
    assert isinstance(found, Company)
    assert found.domains == domains


@pytest.mark.parametrize(("standing", "active"), [("active", True), ("inactive", False), ("lockout", False)])
def test_who_is_still_with_us(standing: str, active: bool) -> None:
    deployment = small()
    deployment.rows["staff"] = [{"id": "7", "firstname": "Dana", "standing": standing, "username": "dana"}]
    with serving(deployment) as (accelo, _):
        (found,) = read(accelo, "staff").facts
    assert isinstance(found, Staff)
    assert (found.active, found.logins, found.person.name) == (active, ("dana",), "Dana")


# --- the zone ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "account", "setting", "zone", "calls"),
    [
        ({"timezone": "America/New_York"}, None, "", "America/New_York", 2),
        ({"country": "Japan", "tz": "x", "where": {"zone_name": "Australia/Sydney"}}, None, "", "Australia/Sydney", 2),
        ({"timezone": "Eastern Standard Time"}, None, "", "America/New_York", 2),
        ({"timezone": "America/New_York"}, {"firstname": "Ops"}, "", "America/New_York", 3),
        ({"timezone": "EST"}, None, "", "", 3),
        ({"timezone": "Mars/Olympus"}, None, "", "", 3),
        ("broken", None, "", "", 3),
        ({"timezone": "America/New_York"}, None, "Pacific/Auckland", "Pacific/Auckland", 2),
    ],
)
def test_where_the_zone_comes_from(locale: Any, account: Any, setting: str, zone: str, calls: int) -> None:
    """From the setting, the token's answer, tokeninfo, or else the workspace, which is then said."""
    deployment = small([job(1, date_last_interacted="1763153300")])
    deployment.locale, deployment.account = locale, account
    with serving(deployment, timezone=setting) as (accelo, server):
        found = read(accelo, "projects")
    (project,) = found.facts
    assert isinstance(project, Project)
    assert project.last_activity is not None
    assert str(project.last_activity.tzinfo) == (zone or "Europe/Berlin")
    assert len(server.requests) == calls
    guess = {"dates read in Europe/Berlin, because Accelo does not say its time zone": 0}
    assert found.left_out == ({} if zone else guess)


# --- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "northlight", " Northlight ", "northlight.accelo.com", "https://northlight.accelo.com/?action=list_jobs",
        "northlight.api.accelo.com", "https://northlight.api.accelo.com/api/v0/jobs", "http://northlight.accelo.com:443",
    ],
)  # fmt: skip
def test_the_deployment_as_people_write_it(text: str) -> None:
    assert deployment_of(text) == "northlight"


@pytest.mark.parametrize(
    "settings",
    [
        {"deployment": ""}, {"deployment": "north light"}, {"deployment": "northlight.example.com"},
        {"deployment": "https://api.accelo.com"}, {"deployment": "-"}, {"timezone": "Mars"}, {"currency": "dollars"},
        {"modules": ["invoices"]}, {"modules": "tickets"}, {"modules": [7]}, {"base_url": "ftp://northlight"}, {"link_url": "javascript:alert(1)"},
    ],
)  # fmt: skip
def test_settings_that_cannot_be(settings: dict[str, Any]) -> None:
    given: dict[str, Any] = {"source": "accelo", "deployment": "northlight", "client_id": "c", "client_secret": "s" * 9}
    with pytest.raises(ValueError, match=next(iter(settings))):
        Accelo(**{**given, **settings})


def test_the_streams_and_where_they_look() -> None:
    every = ("sales", "quotes", "retainers", "tickets")
    with serving(northlight(), modules=every) as (accelo, server):
        streams = accelo.streams(window())
        assert {kind for stream in streams for kind in stream.kinds} == Accelo.kinds
        assert [stream.scope for stream in streams] == [
            "projects", "milestones", "tasks", "staff", "companies", "tickets", "retainers", "quotes", "sales",
        ]  # fmt: skip
        assert {stream.place for stream in streams} == {"Accelo"}
        assert server.requests == [], "listing the streams asks nothing"


def test_links_can_lead_elsewhere() -> None:
    with serving(small([job(1)]), link_url="https://work.northlight.example/") as (accelo, _):
        (found,) = read(accelo, "projects").facts
    assert found.ref.url == "https://work.northlight.example/?action=view_job&id=1"


def test_every_combination_of_unset_is_unset() -> None:
    unset = (None, "", "0", 0)
    rows = [
        task(n, 1, date_due=due, assignee=assignee, remaining=None)
        for n, (due, assignee) in enumerate(itertools.product(unset, unset), 1)
    ]
    with serving(small([job(1)], [milestone(1, 1)], rows)) as (accelo, _):
        found = read(accelo, "tasks")
    assert len(found.facts) == 16
    assert all(isinstance(fact, Task) and fact.due is None and fact.assignee is None for fact in found.facts)
