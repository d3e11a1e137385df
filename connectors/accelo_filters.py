"""What is asked of Accelo's lists, and the same again as a test of each row (accelo.md sections 5.3, 8 and 12).

Accelo ignores filters it does not know, and of a name that comes twice all but the last; the whole deployment then
comes back. So a filter can only be made in a form that is documented, and every row is held against it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.accelo_values import BadValue, Row, number, plain, ref, sid

FILTERS: Mapping[str, frozenset[str]] = {
    "jobs": frozenset("id standing against_id against_type paused job_type manager modified_by status rate affiliation "
                      "custom_id against".split()),
    "milestones": frozenset("id standing ordering job parent manager rate object_budget status".split()),
    "tasks": frozenset("id assignee manager status standing against_type against_id custom_id child_of_job rate_id "
                       "rate_charged against creator".split()),
    "staff": frozenset("id email standing username".split()),
    "companies": frozenset("id status standing default_affiliation manager_id custom_id website contact_number"
                           .split()),
    "issues": frozenset("id standing status issue_type affiliation class issue_priority resolution submitted_by "
                        "opened_by closed_by resolved_by assignee contract against_id against_type against".split()),
    "contracts": frozenset("id standing contract_type manager billable_affiliation owner_affiliation status against_id "
                           "against_type against".split()),
    "periods": frozenset("id budget_type allowance_type rate_type rate service_item duration_type rollover standing "
                         "contract contract_budget".split()),
    "quotes": frozenset("id standing affiliation manager status against_type against_id created_by against".split()),
    "prospects": frozenset("id standing weighting success affiliation manager prospect_type status company "
                           "prospect_probability won_by_id cancelled_by_id abandoned_by_id".split()),
    "activities": frozenset("id parent_id thread_id against_type against_id owner_id owner_type medium visibility "
                            "staff activity_class activity_priority task time_allocation owner against".split()),
}  # fmt: skip
"""Names that the endpoints' documentation lists; each may be negated with `_not`."""

DATES: Mapping[str, frozenset[str]] = {
    "tasks": frozenset({"date_completed"}), "activities": frozenset({"date_logged"}),
}  # fmt: skip
"""Documented dates that are asked for, each with `_after`."""

ORDERS: Mapping[str, frozenset[str]] = {
    "jobs": frozenset({"id"}), "milestones": frozenset({"id"}), "quotes": frozenset({"id"}),
    "prospects": frozenset({"id"}), "periods": frozenset({"id", "date_commenced"}),
    "activities": frozenset({"id", "date_created"}), "tasks": frozenset({"id", "date_created", "date_completed"}),
}  # fmt: skip
"""Fields that the documentation names as an order. Other lists come by their ids without being asked."""

MOST_IDS = 200
"""In one filter: longer ones make addresses of more than 6 kB."""

MILESTONE_TYPES = frozenset({"milestone", "milestones", "component", "components"})
"""How `against_type` calls a milestone; `component` is the older word."""

PROJECT_TYPES = frozenset({"job", "jobs"})
ELSEWHERE: Mapping[str, str] = {
    "issue": "a ticket", "prospect": "a sale", "contract": "a retainer", "contract_period": "a retainer",
    "company": "a company", "companies": "a company", "contact": "a contact", "affiliation": "a contact",
    "request": "a request", "staff": "a person", "quote": "a quote", "task": "another task",
}  # fmt: skip
"""What else a task can hang on (`against_type`), in our words."""

_VALUE = re.compile(r"[^(),\s\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: what is sent, and whether a row keeps it."""

    name: str
    text: str
    keeps: Callable[[Row], bool]
    parts: tuple[Filter, ...] = ()
    """Of conditions of which one is enough: each of them."""


@dataclass(frozen=True)
class Filters:
    """Conditions that all must hold. Raises ValueError for a name that comes twice: Accelo would drop the first."""

    terms: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        names = [term.name for term in self.terms]
        if len(set(names)) < len(names):
            raise ValueError(f"a filter comes twice: {', '.join(names)}")

    @property
    def text(self) -> str:
        """The value of `_filters`."""
        return ",".join(term.text for term in self.terms)

    def keep(self, row: Row) -> bool:
        """Whether a row is what was asked for. What a row does not say cannot speak against it."""
        return all(term.keeps(row) for term in self.terms)

    def check(self, resource: str) -> None:
        """Raises ValueError for a name that this list does not document: it would be ignored."""
        for term in (part for whole in self.terms for part in whole.parts or (whole,)):
            if term.name in ORDERING:
                known = term.text.removeprefix(f"{term.name}(").removesuffix(")") in ORDERS.get(resource, ())
            elif term.name.endswith("_after"):
                known = term.name.removesuffix("_after") in DATES.get(resource, ())
            else:
                known = term.name.removesuffix("_not") in FILTERS[resource]
            if not known:
                raise ValueError(f"{resource} cannot be filtered by {term.name}")


ORDERING = frozenset({"order_by_asc", "order_by_desc"})


def _values(values: Iterable[str]) -> tuple[str, ...]:
    found = tuple(values)
    if not found or not all(_VALUE.fullmatch(value) for value in found):
        raise ValueError(f"values that a filter cannot carry: {found!r}")
    return found


def standing_not(*standings: str) -> Filter:
    """Everything but these standings: the positive form would lose what has a standing nobody has heard of."""
    closed = frozenset(_values(standings))
    return Filter("standing_not", f"standing_not({','.join(standings)})", lambda row: standing(row) not in closed)


def standing_is(*standings: str) -> Filter:
    """These standings only. One that a row does not say cannot speak against it."""
    wanted = frozenset({*_values(standings), ""})
    return Filter("standing", f"standing({','.join(standings)})", lambda row: standing(row) in wanted)


def standing(row: Row) -> str:
    """The word that a row has for its standing; empty where it has none."""
    try:
        return plain(row.get("standing")).lower()
    except BadValue:
        return ""


def one_of(name: str, ids: Sequence[str]) -> Filter:
    """Rows whose id, or whose reference of that name, is one of these."""
    wanted = frozenset(_values(ids))

    def keeps(row: Row) -> bool:
        try:
            found, _ = ref(row.get(name))
        except BadValue:
            return True
        return found is None or found in wanted

    return Filter(name, f"{name}({','.join(ids)})", keeps)


def on_milestones(ids: Sequence[str]) -> Filter:
    """Rows that hang on one of these milestones."""
    return against(milestone=ids)


def on_projects(ids: Sequence[str]) -> Filter:
    """Rows that hang on one of these projects, and on none of their milestones."""
    return against(job=ids)


def against(*, milestone: Sequence[str] = (), job: Sequence[str] = ()) -> Filter:
    """Rows that hang on one of these. What hangs on something that nobody knows is kept, so that it can be told."""
    wanted = {kind: frozenset(_values(ids)) for kind, ids in (("milestone", milestone), ("job", job)) if ids}
    if not wanted:
        raise ValueError("a filter cannot carry nothing")
    text = ",".join(f"{kind}({','.join(ids)})" for kind, ids in (("milestone", milestone), ("job", job)) if ids)

    def keeps(row: Row) -> bool:
        try:
            told, found = plain(row.get("against_type")).lower(), sid(row.get("against_id"))
        except BadValue:
            return True
        kind = "milestone" if told in MILESTONE_TYPES else "job" if told in PROJECT_TYPES else ""
        if kind:
            return kind in wanted and (found is None or found in wanted[kind])
        return elsewhere(told) is None

    return Filter("against", f"against({text})", keeps)


def after(name: str, moment: int) -> Filter:
    """Rows whose time is later than this, in unix seconds; not those that have none."""

    def keeps(row: Row) -> bool:
        try:
            found = number(row.get(name))
        except BadValue:
            return True
        return found is not None and found > moment

    return Filter(f"{name}_after", f"{name}_after({moment})", keeps)


def either(*terms: Filter) -> Filter:
    """One of these conditions is enough. Of two with one name only the last would count."""
    Filters(terms)
    text = ",".join(term.text for term in terms)
    return Filter("_OR", f"_OR({text})", lambda row: any(term.keeps(row) for term in terms), terms)


def of_retainers(ids: Sequence[str]) -> Filter:
    """Periods of one of these retainers. One that does not say of which it is cannot be told from any other's."""
    wanted = frozenset(_values(ids))
    return Filter("contract", f"contract({','.join(ids)})", lambda row: retainer_of(row) in wanted)


def retainer_of(row: Row) -> str | None:
    """The retainer that a period is of: by its id, else by the address that names it (`contracts/33`)."""
    try:
        if (found := sid(row.get("contract_id"))) is not None:
            return found
        told = row.get("contract")
        return sid(told.rpartition("/")[2]) if isinstance(told, str) else ref(told)[0]
    except BadValue:
        return None


def elsewhere(kind: str) -> str | None:
    """What a task hangs on that is no project and no milestone; None for what is one, and for what nobody knows."""
    return ELSEWHERE.get(kind) or ELSEWHERE.get(kind.removesuffix("s"))


BY_ID = Filter("order_by_asc", "order_by_asc(id)", lambda _: True)
"""The order in which rows move least between two pages."""

NEWEST = Filter("order_by_desc", "order_by_desc(date_created)", lambda _: True)
LAST_DONE = Filter("order_by_desc", "order_by_desc(date_completed)", lambda _: True)
LATEST_PERIOD = Filter("order_by_desc", "order_by_desc(date_commenced)", lambda _: True)


def chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """Ids in their numbers' order, as many at a time as one filter may carry."""
    ordered = sorted(set(ids), key=lambda one: (len(one), one))
    for start in range(0, len(ordered), MOST_IDS):
        yield ordered[start : start + MOST_IDS]
