"""What can be set about the Accelo site, and the ways to answer that its reference leaves open.

Every default is what the reference thinks likely. `OPEN` lists each other way by name, so that a test can run a
connector against all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from briefing.demo.server.accelo_grants import LoginSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceloSettings(LoginSettings):
    """One deployment."""

    deployment: str = "harbourlane"
    client_id: str = "5ba17c78ao@harbourlane.accelo.com"
    client_secret: str = "kept-for-the-demo-only"  # noqa: S105  (there is nothing behind it)
    default_limit: int = 10
    own_company: bool = False
    """Whether the agency stands among its own companies, as it does in real deployments."""

    # limits and rights
    hourly: int = 5000
    used: int = 0
    """Requests that others made in this hour already."""

    lockout_after: int = 100
    lockout_seconds: int = 300
    refused: tuple[str, ...] = ()
    """Resources that the acting user may not read: 403."""

    unseen: tuple[str, ...] = ()
    """E-mail addresses of managers whose projects are another team's: the acting user may not see them, and their rows
    are simply absent, with everything in them."""

    financial_level: Literal["all", "time", "none"] = "all"
    """Without `all` there are no fields of money."""

    # what the reference marks as unverified
    unset: Literal["null", "zero", "empty", "mixed"] = "null"
    """A reference to nobody: null, "0", "", or each of the first two by turns."""

    unset_dates: Literal["null", "zero"] = "null"
    expires_in: Literal["text", "number"] = "text"
    limit_wrapped: bool = True
    """Whether the body of a 429 stands in `meta`."""

    lockout_status: int = 429
    empty_list: Literal["list", "null"] = "list"
    locale: Literal["timezone", "zone", "deep", "absent"] = "timezone"
    """Where the zone stands in `locale`: under this key, in an object of its own, or nowhere."""

    not_takes: Literal["all", "first"] = "all"
    """How many arguments of `standing_not(a,b)` count."""

    children_of: Literal["all", "first"] = "all"
    """How many arguments of `child_of_job(a,b)` count."""

    zero_finds_unset: bool = True
    """Whether `assignee(0)` finds what is unassigned."""

    before_takes_unset: bool = True
    """Whether `date_due_before(x)` finds rows without a date."""

    unset_last: bool = False
    """Where an ascending order puts rows without a date."""

    unknown_field: Literal["staff", "ignored", "refused"] = "staff"
    """Which names in `_fields` that are not known break the request: only `staff` of jobs, none, all."""

    bare_counts: tuple[str, ...] = ("milestones", "contracts")
    """Resources whose count is no object."""

    task_job_through_milestone: bool = False
    """Whether the task of a milestone names its job."""

    standings: Literal["live", "generic"] = "live"
    """The words that a live deployment was seen to use, or those its documentation suggests."""

    nests: int = 4
    """How deep linked objects are expanded; deeper ones come as ids."""

    crumb: Literal["milestone", "component"] = "milestone"
    """What breadcrumbs call a milestone."""

    against_milestone: Literal["milestone", "component"] = "milestone"
    """What `against_type` calls a milestone."""

    titles: tuple[tuple[str, str], ...] = ()
    """What this deployment calls a kind of object, where that is not the usual word: `(("job", "Engagement"),)`."""

    ignores: tuple[str, ...] = ()
    """Filters that are ignored without a word, as unknown ones are: `standing_not`, `date_due_before`."""

    flat_periods: Literal["refused", "missing", "list", "wrapped"] = "refused"
    """`/contracts/periods`: 400 `invalid_request`, 404 with a page, or the periods of all contracts, as a list or
    within `response.periods` like those of one contract."""

    period_fields: Literal["all", "documented", "refused"] = "all"
    """Whether periods have the fields of the older documentation (`allowance`, `budget`, `budget_used`, `usage`): all,
    none, or asking for them breaks the request."""

    period_types: Literal["wiki", "live"] = "wiki"
    """`budget.type` is `time` or `currency`; or `hours` or `value`."""

    allowance_words: Literal["_", "-", " "] = "_"
    """`fixed_hours`, `fixed-hours`, `fixed hours`."""

    usage: Literal["share", "percent"] = "share"
    """The scale of a period's `usage`."""

    interacted: Literal["all", "own"] = "all"
    """Whether a job's `date_last_interacted` moves with its milestones, tasks and time, or with the job alone."""

    allocations: Literal["object", "list"] = "object"
    """Whether the one row of `/activities/allocations` stands alone."""

    def __post_init__(self) -> None:
        for name in ("redirect_uris", "refused", "bare_counts", "ignores", "unseen"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "titles", tuple((kind, title) for kind, title in self.titles))


OF_ROWS = (
    "standings", "crumb", "task_job_through_milestone", "own_company", "period_fields", "period_types",
    "allowance_words", "usage", "interacted",
)  # fmt: skip
"""Settings that change rows; the others change how they are asked for and told."""

OPEN: Mapping[str, Mapping[str, Any]] = {
    "nobody is 0": {"unset": "zero"},
    "nobody is empty": {"unset": "empty"},
    "nobody is null or 0": {"unset": "mixed"},
    "no date is 0": {"unset_dates": "zero"},
    "expires_in is a number": {"expires_in": "number"},
    "429 without meta": {"limit_wrapped": False},
    "locked out with 401": {"lockout_status": 401},
    "locked out with 403": {"lockout_status": 403},
    "no rows are null": {"empty_list": "null"},
    "locale with another key": {"locale": "zone"},
    "locale with an object": {"locale": "deep"},
    "no locale": {"locale": "absent"},
    "not takes the first": {"not_takes": "first"},
    "child_of_job takes the first": {"children_of": "first"},
    "0 finds nobody": {"zero_finds_unset": False},
    "before leaves out rows without a date": {"before_takes_unset": False},
    "rows without a date come last": {"unset_last": True},
    "unknown fields are ignored": {"unknown_field": "ignored"},
    "unknown fields are refused": {"unknown_field": "refused"},
    "counts are objects": {"bare_counts": ()},
    "counts are bare": {"bare_counts": ("jobs", "milestones", "tasks", "staff", "companies", "contracts")},
    "tasks name the job of their milestone": {"task_job_through_milestone": True},
    "generic standings": {"standings": "generic"},
    "two levels at most": {"nests": 1},
    "breadcrumbs say component": {"crumb": "component"},
    "milestones are called components": {"against_milestone": "component"},
    "flat periods answer": {"flat_periods": "list"},
    "flat periods answer wrapped": {"flat_periods": "wrapped"},
    "flat periods are not found": {"flat_periods": "missing"},
    "periods as documented now": {"period_fields": "documented"},
    "further fields of periods are refused": {"period_fields": "refused"},
    "period types are hours and value": {"period_types": "live"},
    "allowance types with a hyphen": {"allowance_words": "-"},
    "allowance types with a space": {"allowance_words": " "},
    "usage in percent": {"usage": "percent"},
    "a job's last interaction is its own": {"interacted": "own"},
    "allocations are a list": {"allocations": "list"},
}
"""Each way to answer that differs from the default and that nobody could verify, as settings."""
