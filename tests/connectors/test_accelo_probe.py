"""What `briefing doctor` tells of an Accelo deployment: rights, titles, counts, and what its documentation leaves open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from briefing.connector import Finding
from briefing.errors import AuthError
from briefing.http import set_testing
from briefing.loopback import Loopback, Reply, Request, json_reply, status
from connectors.accelo_titles import titles_of
from tests.connectors.accelo_person import gap, later
from tests.connectors.accelo_wire import GUARDS, OK, Deployment, connector, job, serving, task

MODULES = ("issues", "contracts", "quotes", "prospects")
VIEW, NONE = {"view": "1", "add": "0", "manage": "0", "admin": "0"}, {"view": "0", "add": "0"}
NO_OTHERS = "0 staff, 0 companies, 0 tickets, 0 retainers, 0 quotes, 0 sales, open or not."
SILENT = "Where Accelo's documentation is silent, this deployment"
HIDDEN = "Accelo does not show {} to the user of this login (403)"


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


@dataclass
class Office(Deployment):
    """A deployment that says who its user is."""

    me: dict[str, Any] = field(default_factory=lambda: {"standing": "active", "financial_level": "all"})
    user: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ("jobs", "milestones", "tasks", "staff", "companies", *MODULES)
        published = [{"id": "1", "title": "Sent", "standing": "published"}]
        self.rows = {**{name: [] for name in names}, "quotes/statuses": published, **self.rows}

    def __call__(self, request: Request) -> Reply:
        alone = {"/api/v0/staff/whoami": self.me, "/api/v0/user": self.user}
        if request.path in alone and request.headers.get("authorization"):
            return json_reply({"meta": OK, "response": {"id": "37", **alone[request.path]}})
        return super().__call__(request)


def office(**settings: Any) -> Office:
    """With a project and two tasks, one of them done."""
    tasks = [task(1, 7), task(2, 7, standing="complete")]
    return Office(rows={"jobs": [job(1)], "tasks": tasks}, **settings)


def probed(deployment: Deployment, refused: str = "", **settings: Any) -> list[Finding]:
    """What the doctor is told; lists are refused whose address has this in it."""
    with serving(deployment, **{"modules": None, **settings}) as (accelo, server):
        if not refused:
            return list(accelo.probe())
        with server.faulty(status(403, "{}"), refused):
            return list(accelo.probe())


def whats(findings: list[Finding], *, ok: bool) -> list[str]:
    return [finding.what for finding in findings if finding.ok is ok]


# --- all in all ----------------------------------------------------------------------------------------------------


def test_all_is_well_and_the_calls_are_counted() -> None:
    deployment = office(
        user={"user_access": {"job": VIEW, "task": VIEW, "timer": NONE}, "user_titles": {"job": {"plural": "Jobs"}}}
    )
    with serving(deployment, modules=None) as (accelo, server):
        findings = list(accelo.probe())
        calls = len([request for request in server.requests if request.path.startswith("/api/")])
    assert [finding.what for finding in findings] == [
        "Logged in as Ops Robot; the token ends Thursday 18 December 2025, and is renewed before.",
        "Dates are read in America/New_York.",
        "Amounts are read as USD.",
        "The user may see amounts.",
        "The user may view projects and tasks.",
        'In this deployment projects are called "Jobs".',
        f"There are 1 project, 0 milestones, 2 tasks, {NO_OTHERS}",
        "Filters are kept: 1 of 2 tasks are open.",
        "Every standing of projects, milestones, tasks, retainers, tickets, quotes and sales is known.",
        (
            f"{SILENT} lists periods by retainer only; does not keep assignee(0); "
            "counts tasks without a date as due before any; answers an empty list with []."
        ),
        f"This took {calls} of the 5,000 calls that Accelo allows in an hour; 4,943 are left.",
    ]
    assert calls == 27
    assert all(finding.ok for finding in findings)


def test_what_is_not_well_has_a_cure() -> None:
    deployment = Office(locale={"currency_symbol": "$"}, room=150)
    deployment.rows["tasks/statuses"] = [{"id": "1", "title": "Waiting", "standing": "waiting"}]
    findings = probed(deployment, currency="")
    assert [finding.what for finding in findings if not finding.ok] == [
        "Accelo does not say its time zone: dates are read in the workspace's.",
        "Accelo does not say its currency: budgets are left out.",
        f"There are 0 projects, 0 milestones, 0 tasks, {NO_OTHERS}",
        'Tasks can have a standing that is not known: "waiting" (status "Waiting").',
        "This took 27 of the 5,000 calls that Accelo allows in an hour; 150 are left.",
    ]
    assert all(finding.cure for finding in findings if not finding.ok)


def test_it_goes_on_where_one_thing_is_refused() -> None:
    findings = probed(office(), r"/staff/whoami|/tasks/count|tokeninfo")
    assert set(whats(findings, ok=False)) == {
        HIDDEN.format("staff"), HIDDEN.format("tasks"), HIDDEN.format('"tokeninfo"'),
    }  # fmt: skip
    assert any("1 project," in what for what in whats(findings, ok=True))
    assert findings[1].what == "Logged in as Ops Robot."


def test_nobody_can_log_in() -> None:
    refused = status(401, json.dumps({"error": "invalid_client"}))
    with serving(office()) as (accelo, server), server.faulty(refused, "/token"), pytest.raises(AuthError):
        list(accelo.probe())


# --- rights --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("all", None), ("time", '"time": amounts of projects, retainers, quotes and sales are missing.'),
        ("none", '"none": amounts and logged hours are missing.'), ("some", '"some": amounts may be missing.'),
        ("", "not told: amounts may be missing."),
    ],
)  # fmt: skip
def test_what_a_financial_level_hides_is_said(level: str, told: str | None) -> None:
    findings = probed(office(me={"standing": "active", "financial_level": level}))
    assert whats(findings, ok=False) == ([f"The user's financial level is {told}"] if told else [])


@pytest.mark.parametrize("standing", ["inactive", "lockout"])
def test_a_user_who_is_none_any_more(standing: str) -> None:
    findings = probed(office(me={"standing": standing, "financial_level": "all"}))
    assert whats(findings, ok=False) == [f'The user\'s standing is "{standing}": the login may end at any time.']


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        (VIEW, NONE), ({"View": 1}, {"View": 0}), ("1", "0"), (1, 0), (True, False), ("yes", "no"), ("manage", "none"),
        (["view", "add"], []),
    ],
)  # fmt: skip
def test_rights_in_every_form_that_is_thought_possible(yes: object, no: object) -> None:
    findings = probed(office(user={"user_access": {"jobs": yes, "milestone": no, "issue": no, "quote": yes}}))
    assert whats(findings, ok=False) == ["The user may not view milestones: what is not shown cannot be read."]
    assert "The user may view projects and quotes." in whats(findings, ok=True)


@pytest.mark.parametrize("access", [None, [], "all", {}, {"job": {"level": "9"}}, {"timer": VIEW}])
def test_rights_that_are_not_told(access: object) -> None:
    findings = probed(office(user={"user_access": access}))
    assert whats(findings, ok=False) == []
    assert "Accelo does not say what the user may view; it is seen in the counts below." in whats(findings, ok=True)


def test_rights_that_are_refused_are_no_problem_of_the_briefing() -> None:
    findings = probed(office(), "/user$")
    assert whats(findings, ok=False) == []
    assert (
        'Accelo does not say what the user may view (Accelo does not show "user" to the user of this login (403)); it is '
        "seen in the counts below."
    ) in whats(findings, ok=True)


def test_a_module_that_does_not_answer_is_said_as_not_read_unless_it_was_named() -> None:
    user = {"user_access": {"job": VIEW, "prospect": NONE}}
    refused = r"/prospects|/contracts"
    findings = probed(office(user=user), refused)
    assert whats(findings, ok=False) == []
    assert {
        f"Not read: retainers. {HIDDEN.format('retainers')}.", f"Not read: sales. {HIDDEN.format('sales')}."
    } <= set(whats(findings, ok=True))  # fmt: skip
    assert not any("retainers" in what for what in whats(findings, ok=True) if what.startswith(("There", "Every")))
    named = probed(office(user=user), refused, modules=["sales", "tickets"])
    assert whats(named, ok=False) == [
        "The user may not view sales: what is not shown cannot be read.", HIDDEN.format("sales"),
    ]  # fmt: skip
    assert "Not read, as modules says: retainers and quotes." in whats(named, ok=True)


# --- titles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "titles"),
    [
        ({"job": {"singular": "Job", "plural": "Jobs"}, "contact": {"plural": "People"}}, {"projects": "Jobs"}),
        ({"jobs": "Work\x1b[31m\u202eorders"}, {"projects": "Work[31morders"}), ({"Job": ["Job", "Jobs"]}, {"projects": "Jobs"}),
        ({"job": {"title_plural": "Jobs", "title": "Job"}}, {"projects": "Jobs"}), ({"job": {}}, {}), ({"job": []}, {}),
        ({"job": 7, "task": None}, {}), ([], {}), (None, {}), ({"issue": {"one": "Case"}}, {"tickets": "Case"}),
    ],
)  # fmt: skip
def test_titles_in_every_form_that_is_thought_possible(told: object, titles: dict[str, str]) -> None:
    assert titles_of({"user_titles": told}) == titles
    assert titles_of({"user_defined_titles": told}) == titles


def test_a_gap_has_the_deployments_own_word_beside_ours(tmp_path: Path) -> None:
    account = {"firstname": "Ops", "user_defined_titles": {"job": {"plural": "Jobs"}, "task": {"plural": "Tasks"}}}
    deployment = office(account=account)
    with Loopback(deployment) as server, server.faulty(status(403, "{}"), "/jobs"):
        for _ in range(2):
            problem, cure = gap(connector(server, token_file=str(tmp_path / "t.json")))
            assert problem == 'Accelo does not show projects ("Jobs") to the user of this login (403)'
            assert cure.startswith('in Accelo, give the user of the application the right to view projects ("Jobs"), ')
        assert deployment.tokens == 1, "the second knows it from the file"


# --- what is open --------------------------------------------------------------------------------------------------


def silent(findings: list[Finding]) -> list[str]:
    """What was found out where the documentation is silent."""
    (line,) = [finding.what for finding in findings if finding.what.startswith(SILENT)]
    return line.removeprefix(f"{SILENT} ").removesuffix(".").split("; ")


def period(**more: Any) -> dict[str, Any]:
    return {"id": "1", "standing": "opened", "contract_id": "9", **more}


@pytest.mark.parametrize(
    ("flat", "row", "told"),
    [
        ("400", {}, ["lists periods by retainer only"]), ("404", {}, ["lists periods by retainer only"]),
        ("rows", {}, ["lists the periods of all retainers at once", "tells of a period what is documented, no more"]),
        ("wrapped", {"budget": {"value": "1"}, "allowance": None},
         ["lists the periods of all retainers at once", "tells of a period its budget"]),
    ],
)  # fmt: skip
def test_where_periods_are_and_what_they_tell(flat: str, row: dict[str, Any], told: list[str]) -> None:
    deployment = office(flat_periods=flat)
    deployment.rows["periods"] = [period(**row)]
    assert silent(probed(deployment))[: len(told)] == told


class Counting(Office):
    """Answers counts of tasks by the text of their filters."""

    counts: dict[str, int]

    def __call__(self, request: Request) -> Reply:
        filters = request.param("_filters")
        if request.path == "/api/v0/tasks/count" and filters in self.counts:
            return json_reply({"meta": OK, "response": {"count": str(self.counts[filters])}})
        if filters == "id(4294967295)" and self.counts.get("null"):
            return json_reply({"meta": OK, "response": None})
        return super().__call__(request)


def counting(**counts: int) -> Counting:
    names = {
        "all": "", "nobody": "assignee(0)", "before": "date_due_before(4102444800)", "first": "child_of_job(1)",
        "dated": "date_due_after(1),date_due_before(4102444800)", "second": "child_of_job(2)", "null": "null",
        "both": "child_of_job(1,2)",
    }  # fmt: skip
    deployment = Counting(rows={"jobs": [job(1), job(2)]})
    deployment.counts = {names[name]: count for name, count in counts.items()}
    return deployment


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"all": 9, "nobody": 3}, "finds 3 tasks of nobody by assignee(0)"),
        ({"all": 9, "nobody": 1}, "finds 1 task of nobody by assignee(0)"),
        ({"all": 9, "nobody": 9}, "does not keep assignee(0)"),
        ({"all": 9, "before": 9, "dated": 5}, "counts tasks without a date as due before any"),
        ({"all": 9, "before": 5, "dated": 5}, "does not count tasks without a date as due before any"),
        ({"first": 2, "second": 3, "both": 5}, "takes several projects in child_of_job"),
        ({"first": 2, "second": 3, "both": 2}, "does not take several projects in child_of_job"),
        ({"null": 1}, "answers an empty list with null"),
        ({}, "answers an empty list with []"),
    ],
)
def test_what_counts_tell_of_it(counts: dict[str, int], told: str) -> None:
    assert told in silent(probed(counting(**counts)))


@pytest.mark.parametrize(
    ("counts", "word"),
    [({"all": 0, "nobody": 0}, "of nobody"), ({"all": 9, "before": 9, "dated": 9}, "without a date"),
     ({"first": 0, "second": 3, "both": 3}, "child_of_job")],
)  # fmt: skip
def test_what_cannot_be_known_is_not_said(counts: dict[str, int], word: str) -> None:
    assert word not in " ".join(silent(probed(counting(**counts))))


def test_filters_that_are_not_kept() -> None:
    deployment = office(keeps_filters=False)
    findings = probed(deployment)
    (told,) = whats(findings, ok=False)
    assert told == "Accelo does not keep the filter by standing: rows are sorted out here, which takes more calls."
    assert "does not keep id(...)" in silent(findings)
    first = Office(
        rows={"tasks": [task(n, 7, standing=w) for n, w in enumerate(("pending", "complete", "inactive"), 1)]}
    )
    first.ignored_values = frozenset({"inactive"})
    assert "Filters are kept: 2 of 3 tasks are open." in whats(probed(first), ok=True)


def test_it_is_asked_anew_each_time() -> None:
    with serving(office()) as (accelo, server):
        first = [finding.what for finding in accelo.probe()]
        calls = len(server.requests)
        with later(0.01):
            assert [finding.what for finding in accelo.probe()] == first
        assert len(server.requests) == 2 * calls - 1
