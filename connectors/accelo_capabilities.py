"""How one deployment answers what Accelo's documentation leaves open (accelo.md section 16).

Asked by `briefing doctor` and told in one line, so that a reader can report it. No list rests on it: each finds out for
itself, or does without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from briefing.connector import Finding
from briefing.errors import SourceError
from connectors.accelo_api import Api, counted, unwrapped
from connectors.accelo_filters import Filters, one_of
from connectors.accelo_retainers import PERIOD_SPARE
from connectors.accelo_values import sid

PERIODS = "contracts/periods"
LATE = 4_102_444_800
"""The year 2100: every date that is set lies before it."""

NO_ID = "4294967295"
"""Of nothing."""

ALL_DATES = f"date_due_before({LATE})"


def _count(filters: str) -> Callable[[Api], int]:
    return lambda api: counted(api.ask("tasks/count", {"_filters": filters}), "tasks")


def _first(path: str, limit: int, fields: str, filters: str = "") -> Callable[[Api], Any]:
    params = {"_fields": fields, "_limit": limit, "_page": 0, **({"_filters": filters} if filters else {})}
    return lambda api: api.ask(path, params)


OPEN_QUESTIONS: Mapping[str, Callable[[Api], Any]] = {
    "flat periods": _first(PERIODS, 1, "standing"),
    "of nobody": lambda api: api.count("tasks", Filters((one_of("assignee", ("0",)),))),
    "before": _count(ALL_DATES),
    "dated": _count(f"date_due_after(1),{ALL_DATES}"),
    "no rows": _first("jobs", 1, "standing", f"id({NO_ID})"),
    "two projects": _first("jobs", 2, "standing"),
}


def further(told: Mapping[str, Any]) -> dict[str, Callable[[Api], Any]]:
    """What can be asked once the first questions are answered."""
    found: dict[str, Callable[[Api], Any]] = {}
    if _rows(told.get("flat periods")):
        found["period fields"] = _first(PERIODS, 1, ",".join(PERIOD_SPARE))
    ids = [str(row["id"]) for row in _rows(told.get("two projects")) if _is_id(row.get("id"))]
    if len(ids) == 2:
        for name, inside in (("first", ids[:1]), ("second", ids[1:]), ("both", ids)):
            found[name] = _count(f"child_of_job({','.join(inside)})")
    return found


def _is_id(value: object) -> bool:
    try:
        return sid(value) is not None
    except ValueError:
        return False


def _rows(told: Any) -> list[Mapping[str, Any]]:
    """The rows of an answer; none where there is none, or something else than rows."""
    if told is None or isinstance(told, SourceError):
        return []
    try:
        return [row for row in unwrapped(told, PERIODS) if isinstance(row, Mapping)]
    except SourceError:
        return []


def capabilities(told: Mapping[str, Any]) -> Iterator[Finding]:
    """One line of what was found out; what was refused or says nothing is left out."""
    parts = [
        part
        for part in (_periods(told), _fields(told), _nobody(told), _dates(told), _empty(told), _several(told))
        if part
    ]
    if parts:
        yield Finding(what=f"Where Accelo's documentation is silent, this deployment {'; '.join(parts)}.")


def _periods(told: Mapping[str, Any]) -> str:
    flat = told.get("flat periods")
    if isinstance(flat, SourceError) or flat is None:
        return "lists periods by retainer only" if flat else ""
    return "lists the periods of all retainers at once"


def _fields(told: Mapping[str, Any]) -> str:
    if "period fields" not in told:
        return ""
    rows = _rows(told["period fields"])
    named = [name for name in PERIOD_SPARE if any(row.get(name) is not None for row in rows)]
    what = f"its {', '.join(named)}" if named else "what is documented, no more"
    return f"tells of a period {what}"


def _nobody(told: Mapping[str, Any]) -> str:
    found, everything = told.get("of nobody"), told.get("tasks")
    if not isinstance(found, int) or not isinstance(everything, int) or not everything:
        return ""
    if found == everything:
        return "does not keep assignee(0)"
    return f"finds {found:,} task{'' if found == 1 else 's'} of nobody by assignee(0)"


def _dates(told: Mapping[str, Any]) -> str:
    before, dated, everything = told.get("before"), told.get("dated"), told.get("tasks")
    if not isinstance(before, int) or not isinstance(dated, int) or everything in {None, dated}:
        return ""  # every task has a date
    return f"{'counts' if before > dated else 'does not count'} tasks without a date as due before any"


def _empty(told: Mapping[str, Any]) -> str:
    if "no rows" not in told or isinstance(told["no rows"], SourceError):
        return ""
    empty = told["no rows"]
    if empty is None:
        return "answers an empty list with null"
    return "answers an empty list with []" if empty == [] else "does not keep id(...)"


def _several(told: Mapping[str, Any]) -> str:
    first, second, both = told.get("first"), told.get("second"), told.get("both")
    if not isinstance(first, int) or not isinstance(second, int) or not isinstance(both, int) or not first * second:
        return ""
    return f"{'takes' if both == first + second else 'does not take'} several projects in child_of_job"
