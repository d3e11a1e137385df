"""Accelo's contracts and periods become retainers: samples, allowances in every form, and how few calls it takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from briefing.errors import AuthError, SourceError
from briefing.facts import Money, Party, Person, Ref, Retainer
from briefing.http import set_testing
from briefing.loopback import Loopback, changed_json, status
from tests.connectors.accelo_wire import GUARDS, Deployment, Read, connector, period, read, retainer, serving, small

CONTRACT: dict[str, Any] = {
    "id": "33", "title": "Harbor Dental: care plan", "period_template_id": "2", "standing": "active",
    "value": "60000.00", "auto_renew": "no", "renew_days": "0", "date_started": "1735750800",
    "date_expires": "1767200400", "date_period_expires": "1764522000",
    "manager": {"id": "7", "firstname": "Dana", "surname": "Okafor"},
    "company": {"id": "88", "name": "Harbor Dental Group"},
}  # fmt: skip
PERIOD: dict[str, Any] = {
    "id": "1301", "contract": "contracts/33", "contract_id": "33", "standing": "opened", "budget_type": "pre-paid",
    "allowance_type": "fixed_hours", "duration_type": "fixed", "rollover": "no", "rate_type": "object", "rate_id": "18",
    "service_item_id": "381", "date_created": "1761999000", "date_commenced": "1762012800",
    "date_expires": "1764522000", "date_closed": None, "allowance": {"billable": "144000", "charged": "0.00"},
    "budget": {"type": "time", "value": "144000"}, "budget_used": {"type": "time", "value": "131400"},
    "unapproved_budget_used": "7200", "on_budget": 1, "overflow": "0.00", "usage": "0.9125",
    "contract_budget": {"id": "281", "value": "5000.00", "time": "131400", "time_charged": "4562.50",
                        "product_charged": "0.00"},
}  # fmt: skip
"""The reference's, section 10."""

STATED = Retainer(
    ref=Ref(source="accelo", kind="retainer", id="1301", url="https://northlight.accelo.com/?action=view_contract&id=33"),
    party=Party(name="Harbor Dental Group", id="88"), title="Harbor Dental: care plan", agreement="33",
    manager=Person(name="Dana Okafor", id="accelo/staff/7"), starts=date(2025, 11, 1), ends=date(2025, 11, 30),
    hours=Decimal(40), hours_used=Decimal("36.5"), hours_unapproved=Decimal(2),
    fee=Money(amount=Decimal(5000), currency="USD"), rollover=False, agreement_ends=date(2025, 12, 31), renews=False,
)  # fmt: skip


@pytest.fixture(autouse=True)
def short_waits() -> Iterator[None]:
    set_testing(GUARDS)
    yield
    set_testing(None)


def holding(contracts: list[dict[str, Any]], periods: list[dict[str, Any]], flat: str = "400") -> Deployment:
    deployment = small()
    deployment.rows |= {"contracts": contracts, "periods": periods}
    deployment.flat_periods = flat
    return deployment


def found_in(deployment: Deployment, **settings: Any) -> tuple[Read, list[str]]:
    """What is read, and what was asked for of contracts."""
    with serving(deployment, modules=["retainers"], **settings) as (accelo, server):
        found = read(accelo, "retainers")
        return found, [line for line in server.lines() if "/contracts" in line]


@pytest.mark.parametrize("flat", ["rows", "wrapped", "400", "404"])
def test_the_sample(flat: str) -> None:
    found, _ = found_in(holding([CONTRACT], [PERIOD], flat))
    assert found.facts == [STATED]
    assert (found.skipped, found.ignored) == ([], [])


# --- which periods -----------------------------------------------------------------------------------------------------

DAY = 86_400
TODAY = 1763467200
"""Noon of the reference's "today", 18 November 2025."""


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({}, True),
        ({"date_commenced": str(TODAY)}, True),
        ({"date_commenced": str(TODAY + DAY)}, False),
        ({"date_expires": str(TODAY)}, True),
        ({"date_expires": str(TODAY - DAY)}, False),
        ({"date_expires": None, "duration_type": "unlimited"}, True),
        ({"date_commenced": "0"}, True),
        ({"standing": "closed"}, False),
    ],
)
def test_a_period_that_runs_today(changes: dict[str, Any], runs: bool) -> None:
    """The deployment's today, though Berlin has it too: both at seven in the morning there."""
    found, _ = found_in(holding([retainer(33)], [period(1, 33, **changes)]))
    assert found.ids == (["1"] if runs else [])
    assert found.left_out == ({} if runs else {"retainers without a period that runs today": 1})


def test_of_several_open_periods_those_that_run_are_stated() -> None:
    periods = [
        period(1, 33), period(2, 33, date_commenced=str(TODAY + DAY), date_expires=str(TODAY + 30 * DAY)),
        period(3, 33, date_commenced="1735750800", date_expires=None),
        period(4, 33, date_commenced="1735750800", date_expires="1738350000"),
    ]  # fmt: skip
    found, _ = found_in(holding([retainer(33)], periods))
    assert sorted(found.ids) == ["1", "3"]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, True),
        ({"standing": "Active"}, True),
        ({"standing": "pending"}, False),
        ({"standing": "paused"}, False),
        ({"standing": "complete"}, False),
        ({"standing": "closed"}, False),
        ({"standing": "cancelled"}, False),
        ({"date_period_expires": str(TODAY + 5 * DAY)}, True),
        ({"date_period_expires": str(TODAY - 45 * DAY)}, True),
        ({"date_period_expires": str(TODAY - 46 * DAY)}, False),
        ({"date_started": str(TODAY + 2 * DAY)}, False),
        ({"date_period_expires": "0", "date_started": None}, True),
    ],
)
def test_which_retainers_are_asked_for_their_periods(changes: dict[str, Any], asked: bool) -> None:
    """One call each: only where one may run. What is over or has not begun is not asked for: no loss, and counted."""
    contracts = [retainer(33, **changes), retainer(34, standing="expired")]
    found, lines = found_in(holding(contracts, [period(1, 33)]))
    assert any("/contracts/33/periods" in line for line in lines) is asked
    assert found.ids == (["1"] if asked else [])
    assert found.skipped == []
    alone = asked or changes.get("standing") == "cancelled"  # which the list itself leaves out
    assert found.left_out == {"retainers that do not run": 1 if alone else 2}


def test_a_standing_that_nobody_knows_is_told() -> None:
    found, _ = found_in(holding([retainer(33, standing="dreaming"), retainer(34)], [period(1, 34)]))
    assert (found.ids, found.whys) == (["1"], ['retainer 33: standing "dreaming" is not known'])


def test_foreign_and_closed_periods_stay_out_where_filters_are_not_kept() -> None:
    """The whole deployment comes back, for the list of all and for that of one retainer."""
    contracts = [retainer(33), retainer(34, standing="cancelled"), retainer(35, standing="complete")]
    periods = [period(1, 33), period(2, 33, standing="closed"), period(3, 34), period(4, 35)]
    for flat in ("rows", "400"):
        deployment = holding(contracts, periods, flat)
        deployment.keeps_filters = False
        found, _ = found_in(deployment)
        assert found.ids == ["1"], flat
        left = {"retainer periods left out here, because Accelo did not keep the filter": 3 if flat == "rows" else 1}
        left |= {"retainers left out here, because Accelo did not keep the filter": 1, "retainers that do not run": 1}
        assert found.left_out == left
        assert found.skipped == []


# --- allowances --------------------------------------------------------------------------------------------------------

HOURS = {"hours": Decimal(40), "hours_used": Decimal("36.5"), "amount": None, "amount_used": None}
VALUE = {"hours": None, "hours_used": None, "amount": Decimal(5000), "amount_used": Decimal("4562.5")}
FREE = {"hours": None, "hours_used": Decimal("36.5"), "amount": None, "amount_used": None}
COST = {"id": "281", "value": "5000.00", "time": "131400", "time_charged": "4562.50", "product_charged": "0.00"}
NO_WIKI = {"allowance": None, "budget": None, "budget_used": None}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"allowance_type": "fixed hours"}, HOURS), ({"allowance_type": "fixed-hours"}, HOURS),
        ({"allowance_type": "Fixed Hours"}, HOURS), ({"allowance_type": ""}, HOURS), ({"allowance_type": None}, HOURS),
        ({"budget": None, "budget_used": None}, HOURS),  # the documented time is used
        ({"allowance": None}, HOURS), ({"contract_budget": "281"}, HOURS), ({"contract_budget": None}, HOURS),
        ({"budget": {"type": "currency", "value": "5000"}}, HOURS),  # counts something else: not the allowance
        ({"budget_used": {"type": "currency", "value": "4562.5"}}, HOURS),
        ({"budget": {"type": "hours", "value": "144000"}, "budget_used": {"type": "h", "value": 131400}}, HOURS),
        ({"allowance_type": "unlimited_hours"}, FREE), ({"allowance_type": "unlimited hours", **NO_WIKI}, FREE),
        ({"allowance_type": "fixed_value", "allowance": {"billable": "0", "charged": "5000.00"},
          "budget": {"type": "currency", "value": "5000.00"},
          "budget_used": {"type": "currency", "value": "4562.50"}}, VALUE),
        ({"allowance_type": "fixed_value", "contract_budget": COST, **NO_WIKI}, VALUE),  # the documented fallback
        ({"allowance_type": "fixed-value", "allowance": None, "budget": {"type": "money", "value": "5000"},
          "budget_used": {"type": "money", "value": "4562.50"}}, VALUE),
        ({"allowance": {"billable": "0", "charged": "0.00"}, "budget": {"type": "time", "value": "0"}},
         {**HOURS, "hours": None}),  # an allowance of zero is none
        ({"budget_used": {"type": "time", "value": "0"}, "contract_budget": {"id": "1", "time": "0"}},
         {**HOURS, "hours_used": Decimal(0)}),
    ],
)  # fmt: skip
def test_what_a_period_allows(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    found, _ = found_in(holding([retainer(33)], [period(1, 33, **changes)]))
    assert found.whys == []
    (fact,) = found.facts
    assert isinstance(fact, Retainer)
    money = {name: getattr(fact, name) and getattr(fact, name).amount for name in ("amount", "amount_used")}
    assert {"hours": fact.hours, "hours_used": fact.hours_used, **money} == expected


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"allowance_type": "by mood", "budget": None}, 'allowance_type: "by mood" is not known'),
        ({"allowance_type": None, "budget": {"type": "mood"}}, 'allowance_type: "" is not known'),
        ({"budget": {"type": "time", "value": "40"}},
         "its allowance is 144000 and its budget 40: one of them is not in seconds"),
        ({"allowance": {"billable": "40"}, "budget": {"type": "time", "value": "40"}},
         "its allowance of 40 cannot be in seconds"),
        ({"budget_used": {"type": "time", "value": "36.5"}}, "its budget used, 36.5, cannot be in seconds"),
        ({"budget_used": {"type": "time", "value": "2190"}},
         "its budget used is 2190 and its time 131400: one of them is not in seconds"),
        ({"allowance": {"billable": "lots"}}, 'allowance: billable: "lots" is not a number'),
        ({"standing": None}, "it has no standing"), ({"standing": "ajar"}, 'standing "ajar" is not known'),
        ({"rollover": "maybe"}, 'rollover: "maybe" is neither yes nor no'),
        ({"date_expires": "later"}, 'date_expires: "later" is not a number'),
    ],
)  # fmt: skip
def test_an_allowance_that_may_mean_several_things_is_told_and_not_guessed(changes: dict[str, Any], why: str) -> None:
    deployment = holding([retainer(33)], [period(1, 33, **changes)])
    deployment.keeps_filters = False
    found, _ = found_in(deployment)
    assert (found.facts, found.whys) == ([], [f"retainer 33, period 1: {why}"])


def test_without_the_older_fields_the_allowance_is_not_known_and_that_is_told() -> None:
    """They stand in no current documentation: refused, or just not there."""
    refused = status(400, '{"response": null, "meta": {"status": "invalid_request", "message": "no"}}')
    bare = {name: value for name, value in period(1, 33).items() if name not in NO_WIKI}
    with serving(holding([retainer(33)], [bare], "404"), modules=["retainers"]) as (accelo, server):
        absent = read(accelo, "retainers")
        with server.faulty(refused, r"budget_used"):
            without = read(accelo, "retainers")
    why = ["retainers: Accelo does not tell what the periods of 1 allow"]
    assert absent.whys == without.whys == why
    assert without.left_out == {"allowances of retainers not read: Accelo refuses the fields": 0}
    (fact,) = absent.facts
    assert isinstance(fact, Retainer)
    assert (fact.hours, fact.hours_used) == (None, Decimal("36.5"))


def test_amounts_need_a_currency() -> None:
    row = period(1, 33, allowance_type="fixed_value", allowance={"charged": "5000.00"}, contract_budget=COST)
    found, _ = found_in(holding([retainer(33)], [row]), currency="")
    (fact,) = found.facts
    assert isinstance(fact, Retainer)
    assert (fact.amount, fact.amount_used, fact.fee) == (None, None, None)
    assert found.left_out == {
        'amounts of retainers without a currency (write currency = "..." in sources.accelo)': 1
    }  # fmt: skip


# --- calls -------------------------------------------------------------------------------------------------------------


def many(count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return [retainer(n) for n in range(1, count + 1)], [period(1000 + n, n) for n in range(1, count + 1)]


def test_one_call_per_retainer_or_one_for_all() -> None:
    """And the first time one or two to find out: a 400 may be for the fields."""
    contracts, periods = many(30)
    for flat, calls in (("rows", 2), ("wrapped", 2), ("400", 33), ("404", 32)):
        found, lines = found_in(holding(contracts, periods, flat))
        assert found.ids == [str(1000 + n) for n in range(1, 31)]
        assert len(lines) == calls, flat


def test_which_way_answers_is_remembered(tmp_path: Path) -> None:
    """By the next process too; and after a month it is found out anew."""
    contracts, periods = many(3)
    deployment = holding(contracts, periods)
    asked = []
    with Loopback(deployment) as server:
        for _ in range(2):
            accelo = connector(server, modules=["retainers"], token_file=str(tmp_path / "accelo.json"))
            read(accelo, "retainers")
            read(accelo, "retainers")
            asked.append(sum("/contracts/periods" in line for line in server.lines()))
        deployment.flat_periods = "rows"
        read(accelo, "retainers")
        asked.append(sum("/contracts/periods" in line for line in server.lines()))
        (kept,) = tmp_path.glob("*.learned.json")
        kept.write_text(kept.read_text().replace("2025-11-18", "2025-10-18"))
        read(accelo, "retainers")
        asked.append(sum("/contracts/periods" in line for line in server.lines()))
    assert asked == [2, 2, 2, 3]
    assert kept.stat().st_mode & 0o077 == 0


def test_what_the_list_of_all_lacks_is_asked_for_by_retainer() -> None:
    """Rows that do not say which retainer they are of cannot be used; neither can a list that lacks some."""
    contracts, periods = many(3)
    nameless = changed_json(
        lambda body: {**body, "response": [{**row, "contract": None, "contract_id": "0"} for row in body["response"]]}
    )
    with (
        serving(holding(contracts, periods, "rows"), modules=["retainers"]) as (accelo, server),
        server.faulty(nameless, "/contracts/periods"),
    ):
        found = read(accelo, "retainers")
    assert found.ids == ["1001", "1002", "1003"]
    deployment = holding([*contracts, retainer(9)], periods, "rows")
    found, lines = found_in(deployment)
    assert found.ids == ["1001", "1002", "1003"]
    assert [line for line in lines if "/contracts/9/periods" in line]
    assert found.left_out == {"retainers without a period that runs today": 1}


def test_an_answer_without_periods_is_no_fault() -> None:
    nothing = status(200, '{"response": {"periods": null}, "meta": {"status": "ok"}}')
    with serving(holding([retainer(33)], []), modules=["retainers"]) as (accelo, server):
        for fault in (nothing, status(200, '{"response": null, "meta": {"status": "ok"}}')):
            with server.faulty(fault, "/33/periods"):
                found = read(accelo, "retainers")
            assert (found.facts, found.skipped) == ([], [])
            assert found.left_out == {"retainers without a period that runs today": 1}


@pytest.mark.parametrize("count", [9, 10, 50, 100, 101])
def test_a_list_of_one_retainers_periods_may_not_know_of_pages(count: int) -> None:
    """Asked for a second page it gives the first again: that is its end, and no fault."""
    periods = [period(n, 33, date_commenced=None) for n in range(1, count + 1)]
    deployment = holding([retainer(33)], periods)
    with serving(deployment, modules=["retainers"]) as (accelo, server):
        deployment.knows_pages = False
        found = read(accelo, "retainers")
        assert len(server.requests) < 8
    assert len(found.facts) == min(count, 100)


def test_one_retainer_that_cannot_be_read_is_a_gap() -> None:
    contracts, periods = many(5)
    refused = status(403, '{"response": null, "meta": {"status": "invalid_permission", "message": "no"}}')
    with serving(holding(contracts, periods), modules=["retainers"]) as (accelo, server):
        with server.faulty(refused, "/contracts/4/periods"), pytest.raises(AuthError, match="does not show retainers"):
            read(accelo, "retainers")
        with server.faulty(status(500, "{}"), "/contracts/4/periods"), pytest.raises(SourceError, match="500"):
            read(accelo, "retainers")


def test_hidden_money_is_absent_and_not_zero() -> None:
    """Without the financial level that sees all there are no fields of money."""
    row = period(1, 33, contract_budget={"id": "281", "time": "131400"})
    found, _ = found_in(holding([retainer(33, job="412", owner_affiliation=None)], [row]))
    (fact,) = found.facts
    assert isinstance(fact, Retainer)
    assert (fact.fee, fact.amount, fact.project) == (None, None, "412")
