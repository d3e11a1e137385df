"""Every point that the reference could not verify (section 16), answered each way: the same facts, or what is not known.

One small deployment has a row of everything. Each line of the table changes how it answers, and says what differs in
what is read of it; what is not named there is the very same, fact by fact.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache, partial
from typing import Any

import pytest

from briefing.codec import encode
from briefing.connector import Ignored
from briefing.errors import RateLimited, SourceError
from briefing.facts import Company, Deal, Fact, Milestone, Project, Proposal, Retainer, Staff, Task, Ticket
from briefing.http import set_testing
from briefing.loopback import Fault, Reply, Request, json_reply
from briefing.tokens import LockedOut
from connectors.accelo_filters import Filters
from connectors.accelo_modules import RESOURCES
from tests.connectors.accelo_wire import (
    GUARDS,
    NOW,
    Deployment,
    activity,
    job,
    milestone,
    period,
    quote,
    retainer,
    sale,
    serving,
    small,
    task,
    ticket,
    window,
)

MIA = {"id": "12", "firstname": "Mia", "surname": "Lund", "email": "mia@northlight.example"}
Change = Callable[[Deployment], None]


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


def ago(days: float) -> str:
    return str(int((NOW - timedelta(days=days)).timestamp()))


def everything() -> Deployment:
    """A row or two of each, and some that must stay out: closed, foreign, of somebody else."""
    found = small(
        [job(1, manager=MIA, date_last_interacted=ago(30)), job(2), job(3, standing="complete"),
         job(4, standing="inactive"), job(5, standing="paused", manager=MIA)],
        [milestone(10, 1, manager=MIA, date_due=ago(-3)), milestone(11, 1, parent="10", standing="complete"),
         milestone(12, 2), milestone(13, 3)],
        [task(20, 10, assignee=MIA, date_due=ago(-1), remaining="7200"), task(21, 11, standing="complete"),
         task(22, 1, "job"), task(23, 13), task(24, 3, "job"), task(25, 60, "issue"), task(26, 2, "job", standing="complete")],
    )  # fmt: skip
    found.rows |= {
        "staff": [{**MIA, "standing": "active", "username": "mia"}],
        "companies": [{"id": "88", "name": "Harbor Dental Group", "website": "harbordental.example"}],
        "issues": [ticket(60, assignee=MIA, date_due=ago(1)), ticket(61, standing="submitted"),
                   ticket(62, standing="resolved"), ticket(63, standing="closed")],
        "contracts": [retainer(30, manager=MIA, date_period_expires=ago(-12)), retainer(31, standing="cancelled"),
                      retainer(32, standing="inactive")],
        "periods": [period(301, 30), period(302, 30, standing="closed"), period(311, 31)],
        "quotes": [quote(70, against_id="50", manager=MIA), quote(71, standing="accepted"), quote(72, standing="draft"),
                   quote(73, standing="declined"), quote(74, against_id="51")],
        "prospects": [sale(50, manager=MIA), sale(51, standing="won"), sale(52, standing="lost"),
                      sale(53, standing="abandoned")],
        "activities": [activity(80, 10, "milestone", date_logged=ago(3), date_created=ago(3)),
                       activity(81, 13, "milestone", date_logged=ago(1), date_created=ago(1))],
    }  # fmt: skip
    return found


class Found:
    """Everything that is read of a deployment, by its kind and id."""

    def __init__(self, deployment: Deployment) -> None:
        self.facts: dict[str, str] = {}
        self.told: set[str] = set()
        self.urls: dict[type[Fact], str] = {}
        with serving(deployment, modules=list(RESOURCES)) as (accelo, server):
            for stream in accelo.streams(window()):
                try:
                    for thing in stream.read(window(), None):
                        self._note(stream.scope, thing)
                except SourceError as error:
                    self.told.add(f"{stream.scope}: {error}")
            self.lines = server.lines()

    def _note(self, scope: str, thing: Any) -> None:
        if isinstance(thing, Fact):
            self.facts[f"{thing.kind} {thing.ref.id}"] = encode(thing)
            self.urls[type(thing)] = thing.ref.url
        elif isinstance(thing, Ignored):
            self.told.add(f"{scope}: {thing.why}")
        else:
            self.told.add(f"{scope}: {thing.where}: {thing.why}")


@cache
def usual() -> Found:
    """As the reference thinks it likely."""
    return Found(everything())


LEFT_OUT = {"quotes: quotes of sales that are over"}
"""Said however it answers."""

NOT_KEPT = "left out here, because Accelo did not keep the filter"


def test_what_the_table_starts_from() -> None:
    assert sorted(usual().facts) == [
        "company 88", "deal 50", "milestone 10", "milestone 11", "milestone 12", "project 1", "project 2", "project 5",
        "proposal 70", "proposal 72", "retainer 301", "staff 12",
        "task 20", "task 21", "task 22", "task 26", "ticket 60", "ticket 61",
    ]  # fmt: skip
    assert usual().told == LEFT_OUT


# --- how it may answer -------------------------------------------------------------------------------------------------


def rows(table: str, **changes: Any) -> Change:
    """Every row of a table with other values."""

    def change(deployment: Deployment) -> None:
        deployment.rows[table] = [{**row, **changes} for row in deployment.rows[table]]

    return change


def having(**changes: Any) -> Change:
    """The deployment itself with other settings."""

    def change(deployment: Deployment) -> None:
        for name, value in changes.items():
            setattr(deployment, name, value)

    return change


def nobody_is(value: Any) -> Change:
    def change(deployment: Deployment) -> None:
        for table in deployment.rows.values():
            for row in table:
                row.update({name: value for name in ("manager", "assignee") if name in row and row[name] is None})

    return change


def no_date_is(value: Any) -> Change:
    def change(deployment: Deployment) -> None:
        for table in deployment.rows.values():
            for row in table:
                row.update({name: value for name in row if name.startswith("date_") and row[name] is None})

    return change


def renamed(table: str, of: dict[str, str]) -> Change:
    """Other words for standings."""

    def change(deployment: Deployment) -> None:
        for row in deployment.rows[table]:
            row["standing"] = of.get(row["standing"], row["standing"])

    return change


def component(deployment: Deployment) -> None:
    for table in ("tasks", "activities"):
        for row in deployment.rows[table]:
            row["against_type"] = {"milestone": "component"}.get(row["against_type"], row["against_type"])


def moved_job(deployment: Deployment) -> None:
    """The project's own date moves with its milestones."""
    deployment.rows["jobs"][0]["date_last_interacted"] = ago(3)


def empty(deployment: Deployment) -> None:
    for table in ("issues", "contracts", "quotes", "prospects", "activities"):
        deployment.rows[table] = []


def empty_as(wrap: Callable[[list[Any]], Any]) -> Change:
    def change(deployment: Deployment) -> None:
        empty(deployment)
        deployment.wrap = wrap

    return change


def without(table: str, *names: str) -> Change:
    def change(deployment: Deployment) -> None:
        deployment.rows[table] = [
            {name: value for name, value in row.items() if name not in names} for row in deployment.rows[table]
        ]

    return change


HIDDEN = ("allowance", "budget", "budget_used", "unapproved_budget_used")
MODULE_FACTS = {"deal 50", "proposal 70", "proposal 72", "retainer 301", "ticket 60", "ticket 61"}
QUIET = {"project 1"}

TABLE: list[tuple[str, Change, set[str], set[str]]] = [
    # what is answered, how, which facts differ, and what is said besides
    ("1 flat periods are not known", having(flat_periods="400"), set(), set()),
    ("1 flat periods are not there", having(flat_periods="404"), set(), set()),
    ("1 flat periods are not shown", having(flat_periods="403"), set(), set()),
    ("1 flat periods break", having(flat_periods="500"), set(), set()),
    ("1 flat periods answer", having(flat_periods="rows"), set(), set()),
    ("1 flat periods answer in an object", having(flat_periods="wrapped"), set(), set()),
    ("4 nobody is null", nobody_is(None), set(), set()),
    ('4 nobody is "0"', nobody_is("0"), set(), set()),
    ("4 nobody is 0", nobody_is(0), set(), set()),
    ("4 nobody is empty", nobody_is(""), set(), set()),
    ("4 nobody is an empty object", nobody_is({}), set(), set()),
    ('5 no date is "0"', no_date_is("0"), set(), set()),
    ("5 no date is empty", no_date_is(""), set(), set()),
    ("6 not takes the first", having(ignored_values=frozenset(
        {"inactive", "closed", "declined", "converted", "lost", "cancelled", "abandoned"})), set(),
     {f"projects: projects {NOT_KEPT}", f"tickets: tickets {NOT_KEPT}", f"retainers: retainers {NOT_KEPT}",
      f"quotes: quotes {NOT_KEPT}", f"sales: sales {NOT_KEPT}"}),
    ("6 not takes the last", having(ignored_values=frozenset(
        {"complete", "resolved", "closed", "accepted", "declined", "converted", "won", "lost", "cancelled"})), set(),
     {f"projects: projects {NOT_KEPT}", f"tickets: tickets {NOT_KEPT}", f"retainers: retainers {NOT_KEPT}",
      f"quotes: quotes {NOT_KEPT}", f"sales: sales {NOT_KEPT}", f"tasks: tasks {NOT_KEPT}"}),
    ("6 no filter is kept", having(keeps_filters=False), set(),
     {f"{scope}: {scope} {NOT_KEPT}" for scope in
      ("projects", "milestones", "tasks", "tickets", "retainers", "quotes", "sales")}
     | {f"retainers: retainer periods {NOT_KEPT}", f"projects: activities {NOT_KEPT}"}),
    ("7 projects are set up", renamed("jobs", {"active": "setup"}), set(), set()),
    ("7 tasks are active", renamed("tasks", {"pending": "active"}), set(), set()),
    ("7 tickets are pending", renamed("issues", {"submitted": "pending"}), set(), set()),
    ("7 sales are unassigned", renamed("prospects", {"active": "unassigned"}), set(), set()),
    ("7 a standing of retainers is new", renamed("contracts", {"active": "running"}), {"retainer 301"},
     {'retainers: retainer 30: standing "running" is not known'}),
    ("7 a standing of milestones is new", renamed("milestones", {"complete": "signed"}), {"milestone 11"},
     {'milestones: milestone 11: standing "signed" is not known'}),
    ("7 a standing of quotes is new", renamed("quotes", {"published": "sent"}), {"proposal 70"},
     {'quotes: quote 70: standing "sent" is not known', 'quotes: quote 74: standing "sent" is not known'}),
    ("8 only the documented fields of periods", without("periods", *HIDDEN), {"retainer 301"},
     {"retainers: retainers: Accelo does not tell what the periods of 1 allow"}),
    ("8 no budget of the contract", without("periods", "contract_budget"), set(), set()),
    ("8 the contract's budget is an id", rows("periods", contract_budget="281"), set(), set()),
    ("8 types have other words", rows("periods", budget={"type": "hours", "value": "144000"},
                                      budget_used={"type": "hours", "value": "131400"}), set(), set()),
    ("8 types are not told", rows("periods", budget={"value": "144000"}, budget_used={"value": "131400"}), set(), set()),
    ("8 used and allowed are in hours", rows("periods", budget={"type": "time", "value": "40"},
                                             budget_used={"type": "time", "value": "36.5"}), {"retainer 301"},
     {"retainers: retainer 30, period 301: its budget used, 36.5, cannot be in seconds"}),
    ("8 the allowance is in hours", rows("periods", allowance={"billable": "40"}, budget=None), {"retainer 301"},
     {"retainers: retainer 30, period 301: its allowance of 40 cannot be in seconds"}),
    ("8 usage is a share", rows("periods", usage="0.9125"), set(), set()),
    ("8 usage is in percent", rows("periods", usage="91.25"), set(), set()),
    ("8 allowance types with a hyphen", rows("periods", allowance_type="fixed-hours"), set(), set()),
    ("9 a project's date moves with its milestones", moved_job, set(), set()),
    ("9 a project has no date", rows("jobs", date_last_interacted=None), {"project 2", "project 5"}, set()),
    ("10 the zone has another key", having(locale={"zone_name": "America/New_York"}), set(), set()),
    ("10 the zone lies deeper", having(locale={"where": {"timezone": "America/New_York"}}), set(), set()),
    ("12 no rows are a list", empty, MODULE_FACTS | QUIET, set()),
    ("12 no rows are null", empty_as(lambda found: found or None), MODULE_FACTS | QUIET, set()),
    ("12 no rows are null in an object", empty_as(lambda found: {"rows": found or None}), MODULE_FACTS | QUIET, set()),
    ("12 rows are in an object", having(wrap=lambda found: {"rows": found}), set(), set()),
    ("13 a milestone is a component", component, set(), set()),
]  # fmt: skip


@pytest.mark.parametrize(("change", "differ", "told"), [line[1:] for line in TABLE], ids=[line[0] for line in TABLE])
def test_each_point_each_way(change: Change, differ: set[str], told: set[str]) -> None:
    deployment = everything()
    change(deployment)
    found, before = Found(deployment), usual()
    changed = {key for key in before.facts.keys() | found.facts.keys() if before.facts.get(key) != found.facts.get(key)}
    assert changed == differ
    quiet = LEFT_OUT if "proposal 70" not in differ or deployment.rows["quotes"] else set()
    assert found.told - quiet == told


def test_where_a_fact_is_another_what_is_not_known_is_empty() -> None:
    """Of the lines above: no allowance where it is not told; no last activity where nobody can say."""
    deployment = everything()
    without("periods", *HIDDEN)(deployment)
    assert json.loads(Found(deployment).facts["retainer 301"]).get("hours") is None
    deployment = everything()
    del deployment.rows["activities"]
    found = Found(deployment)
    assert json.loads(found.facts["project 1"]).get("last_activity") is None
    assert [told for told in found.told if told.startswith("projects: projects whose last activity is not known")]


def test_2_3_and_5_nothing_rests_on_what_may_not_work() -> None:
    """Several jobs in child_of_job, nobody as 0, and dates before a day are never asked for."""
    asked = " ".join(line.partition("_filters=")[2] for line in usual().lines)
    assert "against(milestone(" in asked
    for pattern in (r"child_of_job", r"(assignee|manager)\(0\)", r"_before\(", r"\(0[,)]"):
        assert not re.search(pattern, asked), pattern


def test_10_without_a_zone_that_is_said() -> None:
    deployment = everything()
    deployment.locale = {"currency_symbol": "$"}
    found = Found(deployment)
    assert "tickets: dates read in Europe/Berlin, because Accelo does not say its time zone" in found.told


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("code", [429, 401, 403])
def test_11_a_limit_and_a_lock_however_they_are_told(code: int, wrapped: bool) -> None:
    limit = {"status": "too_many_requests", "message": "Rate limit exceeded"}
    lock = {"status": "too_many_failed_logins", "message": "User is locked out"}
    for body, status, kind in ((limit, 429, RateLimited), (lock, code, LockedOut)):
        reply = json_reply({"meta": body} if wrapped else body, status=status, headers={"Retry-After": "600"})
        refusing = Fault(change=partial(instead, reply))
        with serving(everything(), modules=["tickets"]) as (accelo, server), server.faulty(refusing, "/api/"):
            (stream,) = [one for one in accelo.streams(window()) if one.scope == "tickets"]
            with pytest.raises(kind):
                list(stream.read(window(), None))


def instead(reply: Reply, _: Request, __: Reply) -> Reply:
    """Another answer than the right one."""
    return reply


def test_14_links_are_given_where_their_form_is_known_and_nowhere_else() -> None:
    base = "https://northlight.accelo.com/?action="
    assert usual().urls == {
        Project: f"{base}view_job&id=5", Milestone: f"{base}view_job&id=2", Task: f"{base}view_task&id=26",
        Company: f"{base}view_company&id=88", Ticket: f"{base}view_issue&id=61",
        Retainer: f"{base}view_contract&id=30", Proposal: "", Deal: "", Staff: "",
    }  # fmt: skip


@pytest.mark.parametrize("table", ["jobs", "milestones", "tasks", "issues", "quotes", "prospects"])
def test_a_filter_that_is_not_kept_lets_nothing_closed_or_foreign_in(
    table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And this test sees it: without the check of each row, it does. Retainers are looked at twice: their own standing
    and that of their periods decide as well.
    """
    deployment = everything()
    deployment.keeps_filters = False
    assert Found(deployment).facts == usual().facts
    kept = Filters.keep
    foreign = {str(row["id"]) for row in deployment.rows[table]}
    monkeypatch.setattr(Filters, "keep", lambda self, row: str(row["id"]) in foreign or kept(self, row))
    assert Found(deployment).facts != usual().facts
