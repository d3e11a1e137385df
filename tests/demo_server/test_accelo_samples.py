"""Every answer of the Accelo site has the shape of the sample payload: names, types, and how a value is written."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest

from tests.demo_server import accelo_samples as samples
from tests.demo_server.asking import Asker, Clock, accelo, body_of
from tests.demo_server.test_accelo_login import log_in

Shapes = dict[str, set[str]]


def shapes(value: Any, where: str = "", found: Shapes | None = None) -> Shapes:
    """For every path in JSON values how what stands there is written: `manager.id` is an int in a string."""
    told: Shapes = defaultdict(set) if found is None else found
    if isinstance(value, dict):
        told[where].add("object")
        for name, part in value.items():
            shapes(part, f"{where}.{name}", told)
    elif isinstance(value, list):
        told[where].add("list")
        for part in value:
            shapes(part, f"{where}[]", told)
    elif isinstance(value, str):
        digits, decimal = re.fullmatch(r"-?\d+", value), re.fullmatch(r"-?\d+\.\d\d", value)
        told[where].add("int in a string" if digits else "decimal in a string" if decimal else "text")
    else:
        told[where].add("null" if value is None else type(value).__name__)
    return told


def keys(value: Any) -> dict[str, set[frozenset[str]]]:
    """For every path the sets of names that its objects have."""
    found: dict[str, set[frozenset[str]]] = defaultdict(set)

    def walk(part: Any, where: str) -> None:
        if isinstance(part, dict):
            found[where].add(frozenset(part))
            for name, inner in part.items():
                walk(inner, f"{where}.{name}")
        elif isinstance(part, list):
            for inner in part:
                walk(inner, f"{where}[]")

    walk(value, "")
    return dict(found)


def known_of(sample: samples.Sample) -> Shapes:
    """How each value of a sample may be written."""
    known = shapes(sample.rows)
    for name in sample.also:
        known[f"[].{name}"] |= {"null", "int in a string"} | ({"decimal in a string"} if "budget" in name else set())
    return known


@pytest.mark.parametrize("sample", samples.LISTS, ids=lambda sample: sample.path)
def test_a_list_is_shaped_like_its_sample(sample: samples.Sample) -> None:
    rows = Asker().rows(sample.path, sample.filters, sample.fields)
    assert rows
    assert keys(rows) == keys(sample.rows)
    known = known_of(sample)
    for where, written in shapes(rows).items():
        assert written <= known[where], where


OFTEN = (samples.JOBS, samples.MILESTONES, samples.TASKS, samples.CONTRACTS, samples.ISSUES)


@pytest.mark.parametrize("sample", OFTEN, ids=lambda sample: sample.path)
def test_what_a_sample_leaves_open_is_met_in_some_row(sample: samples.Sample) -> None:
    """Empty and filled dates, a task on a milestone and one on a job, priorities and none."""
    rows = Asker().rows(sample.path, "", sample.fields)
    never = {
        "jobs": {".manager", ".date_due", ".date_last_interacted"},
        "milestones": set[str](), "tasks": {".assignee", ".date_due"}, "contracts": set[str](),
        "issues": {".custom_id"},
    }  # fmt: skip
    here = shapes(rows)
    for where, written in shapes(sample.rows).items():
        if where.removeprefix("[]") not in never[sample.path]:
            assert here[where] >= written, where


@pytest.mark.parametrize(
    ("unset", "written"), [("null", {None}), ("zero", {"0"}), ("empty", {""}), ("mixed", {None, "0"})]
)
def test_a_milestone_of_nobody(unset: str, written: set[object]) -> None:
    rows = accelo(unset=unset).rows("milestones", fields="manager(firstname)")
    assert {row["manager"] for row in rows if not isinstance(row["manager"], dict)} == written


def test_the_envelope() -> None:
    asker = Asker()
    told = asker.whole("jobs", _filters="id(0)")
    assert told == {"meta": samples.META, "response": []}
    assert list(told) == ["meta", "response"]
    assert asker.reply("jobs").headers[0] == ("Content-Type", "application/json; charset=utf-8")
    assert accelo(empty_list="null").whole("jobs", _filters="id(0)")["response"] is None


def test_a_single_object_is_no_list() -> None:
    asker = Asker()
    number = asker.ids("jobs")[0]
    told = asker.whole(f"jobs/{number}", _fields="standing")
    assert set(told["response"]) == {"id", "title", "standing"}
    assert told["meta"] == samples.META


def test_the_token() -> None:
    told = body_of(log_in(accelo().site))
    for known in (told, samples.TOKEN):
        # The kinds of object are names of the deployment's, not of the format's.
        for name in ("user_access", "user_defined_titles"):
            known["account_details"][name] = known["account_details"][name]["job"]
    assert keys(told) == keys(samples.TOKEN)
    here, known_shapes = shapes(told), shapes(samples.TOKEN)
    assert here == known_shapes
    assert told["token_type"] == "Bearer"
    assert told["expires_in"] == "2592000"
    assert body_of(log_in(accelo(expires_in="number").site))["expires_in"] == 2_592_000


def test_tokeninfo() -> None:
    clock = Clock()
    asker = accelo(clock=clock)
    told = asker.whole("tokeninfo")
    assert keys(told) == keys(samples.TOKENINFO)
    assert shapes(told) == shapes(samples.TOKENINFO)
    assert told["meta"] == samples.META
    assert told["response"]["expiry_date"] == str(int(clock.now) + 2_592_000)


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("timezone", {"timezone": "America/New_York"}), ("zone", {"time_zone_name": "America/New_York"}),
        ("deep", {"zone": {"name": "America/New_York"}}), ("absent", {}),
    ],
)  # fmt: skip
def test_the_locale(locale: str, written: dict[str, Any]) -> None:
    asker = accelo(locale=locale)
    assert asker.whole("tokeninfo")["response"]["locale"] == {**written, "currency_symbol": "$"}
    assert body_of(log_in(asker.site))["account_details"]["locale"] == {**written, "currency_symbol": "$"}


def test_who_is_asking() -> None:
    asker = accelo(financial_level="time", refused=("tasks",))
    me = asker.whole("staff/whoami", _fields="standing,financial_level,timezone,email")["response"]
    assert me == {
        "id": "4", "firstname": "Maya", "surname": "Lindqvist", "standing": "active", "financial_level": "time",
        "timezone": "America/New_York", "email": "maya.lindqvist@harbourlane.example",
    }  # fmt: skip
    user = asker.whole("user")["response"]
    assert set(user) == {"id", "firstname", "surname", "user_titles", "user_access", "locale"}
    assert user["user_titles"]["job"] == {"singular": "Project", "plural": "Projects"}
    other = accelo(titles=[["job", "Engagement"]]).whole("user")["response"]["user_titles"]
    assert (other["job"], other["task"]["plural"]) == ({"singular": "Engagement", "plural": "Engagements"}, "Tasks")
    assert {kind: rights["view"] for kind, rights in user["user_access"].items()} == {
        "job": "1", "milestone": "1", "task": "0", "company": "1", "issue": "1", "contract": "1", "prospect": "1",
        "quote": "1",
    }  # fmt: skip


def test_a_milestone_may_be_called_a_component() -> None:
    asker = accelo(against_milestone="component")
    known = {row["id"]: row["against_type"] for row in Asker().rows("tasks", fields="against_type")}
    told = {row["id"]: row["against_type"] for row in asker.rows("tasks", fields="against_type")}
    assert set(told.values()) == {"component", "job"}
    assert {id_ for id_, word in told.items() if word == "component"} == {
        id_ for id_, word in known.items() if word == "milestone"
    }


OF_STATUSES = (
    "companies", "contacts", "affiliations", "contracts", "issues", "jobs", "milestones", "prospects", "quotes", "tasks",
)  # fmt: skip


@pytest.mark.parametrize("of", OF_STATUSES)
def test_every_kind_of_object_has_its_statuses(of: str) -> None:
    asker = Asker()
    rows = asker.rows(f"{of}/statuses", fields="standing,color,ordering")
    assert [row["ordering"] for row in rows] == [str(place) for place in range(len(rows))]
    known = {row["standing"] for row in rows}
    met = {row["standing"] for row in asker.rows(of, fields="standing")}
    assert met <= known
    assert met


def test_counts() -> None:
    asker = Asker()
    assert asker.whole("tasks/count", _filters="id(0)")["response"] == {"count": "0"}
    assert asker.whole("milestones/count", _filters="id(0)")["response"] == "0"
    assert asker.whole("tasks/count")["response"] == {"count": str(len(asker.ids("tasks")))}
    assert accelo(bare_counts=()).whole("milestones/count", _filters="id(0)")["response"] == {"count": "0"}


def test_the_periods_of_a_contract_are_wrapped() -> None:
    asker = Asker()
    numbers = asker.ids("contracts")
    assert {len(asker.rows(f"contracts/{number}/periods")) > 1 for number in numbers} >= {True}
    told = asker.whole(f"contracts/{numbers[0]}/periods", _fields=samples.PERIODS.fields)["response"]
    assert keys(told) == keys({"periods": samples.PERIODS.rows})
    known = known_of(samples.PERIODS)
    for number in numbers:
        for where, written in shapes(asker.rows(f"contracts/{number}/periods", "", samples.PERIODS.fields)).items():
            assert written <= known[where], where
    assert accelo(empty_list="null").whole(f"contracts/{numbers[0]}/periods", _filters="id(0)")["response"] == {
        "periods": None
    }


def test_the_flat_list_of_periods_answers_or_not() -> None:
    by_contract = {row["id"] for number in Asker().ids("contracts")
                   for row in Asker().rows(f"contracts/{number}/periods")}  # fmt: skip
    assert set(accelo(flat_periods="list").ids("contracts/periods")) == by_contract
    wrapped = accelo(flat_periods="wrapped")
    assert set(wrapped.whole("contracts/periods")["response"]) == {"periods"}
    assert set(wrapped.ids("contracts/periods")) == by_contract
    one = wrapped.ids("contracts")[0]
    assert {row["contract_id"] for row in wrapped.rows("contracts/periods", f"contract({one})", "contract_id")} == {one}
    assert accelo(flat_periods="missing").reply("contracts/periods").status == 404
    number = min(by_contract)
    assert Asker().whole(f"contracts/periods/{number}")["response"] == {"id": number}


def test_the_further_fields_of_periods() -> None:
    number = Asker().ids("contracts")[0]

    def fields(**settings: Any) -> set[str]:
        rows = accelo(**settings).rows(f"contracts/{number}/periods", "", "standing,allowance,budget_used,usage")
        return set(rows[0])

    assert fields() == {"id", "standing", "allowance", "budget_used", "usage"}
    assert fields(period_fields="documented") == {"id", "standing"}
    asker = accelo(period_fields="refused")
    assert asker.reply(f"contracts/{number}/periods", _fields="standing,allowance").status == 400
    assert asker.reply(f"contracts/{number}/periods", _fields="standing,contract_budget()").status == 200
    money = accelo(financial_level="time").rows(f"contracts/{number}/periods", "", "contract_budget(value,time)")
    assert set(money[0]["contract_budget"]) == {"id", "time"}


def test_lists_of_types_are_wrapped_each_in_its_own_way() -> None:
    asker = Asker()
    assert set(asker.whole("contracts/types")["response"]) == {"types"}
    assert set(asker.whole("requests/types")["response"]) == {"request_types"}
    assert isinstance(asker.whole("jobs/types")["response"], list)
    assert isinstance(asker.whole("issues/priorities")["response"], list)


def test_an_invalid_request() -> None:
    asker = Asker()
    for path in ("projects", "jobs/999999", "jobs/401/tasks", "jobs/recent", "object_schedules", "contract_budgets",
                 "contracts/periods", "contracts/999999/periods", "contracts/periods/1"):  # fmt: skip
        reply = asker.reply(path)
        assert (reply.status, body_of(reply)) == (400, samples.INVALID_REQUEST), path


def test_headers_of_the_limit_stand_on_every_answer() -> None:
    asker = accelo()
    for reply in (asker.reply("jobs"), asker.reply("projects"), log_in(asker.site), log_in(asker.site, secret="no")):
        headers = dict(reply.headers)
        assert {name: headers[name] for name in samples.LIMIT_HEADERS if headers[name].isdigit()}.keys() == (
            samples.LIMIT_HEADERS.keys()
        )


def test_over_the_limit() -> None:
    reply = accelo(hourly=10, used=10, deployment="northlight").reply("jobs")
    assert (reply.status, body_of(reply)) == (429, samples.OVER_LIMIT)
    assert "Retry-After" not in dict(reply.headers)
    bare = accelo(hourly=10, used=10, deployment="northlight", limit_wrapped=False).reply("jobs")
    assert body_of(bare) == samples.OVER_LIMIT["meta"]


def test_a_login_error() -> None:
    reply = log_in(accelo().site, secret="wrong")
    assert (reply.status, body_of(reply)) == (401, samples.OAUTH_ERROR)
