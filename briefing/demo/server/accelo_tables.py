"""What each resource of Accelo offers: fields, filters, dates, orders, after section 8 of the reference."""

from __future__ import annotations

from collections.abc import Mapping

from briefing.demo.server.accelo_query import Spec


def _same(text: str, **others: str) -> Mapping[str, str]:
    return {**{name: name for name in text.split()}, **others}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_DATES_OF_WORK = "date_created date_modified date_started date_commenced date_due date_completed"

JOBS = Spec(
    name="jobs",
    default=("id", "title"),
    fields=_words(
        "against_type against_id against custom_id paused staff_bookmarked date_created date_modified date_commenced "
        "date_started date_due date_completed date_last_interacted job_type rate rate_charged status standing manager "
        "modified_by company affiliation job_object_budget job_contract job_object_schedule breadcrumbs"
    ),
    twins={"type": "job_type", "object_budget": "job_object_budget"},
    filters=_same(
        "id standing against_id against_type paused job_type manager modified_by status rate affiliation custom_id"
    ),
    objects=("against",),
    dates=_words(_DATES_OF_WORK),
    ranges=_words("id against_id job_type manager affiliation modified_by status rate rate_charged"),
    orders=_words(f"{_DATES_OF_WORK} date_last_interacted id title standing status custom_id"),
    search=("title",),
)
MILESTONES = Spec(
    name="milestones",
    default=("id", "title"),
    fields=_words(
        "description ordering parent date_created date_modified date_started date_commenced date_due date_completed "
        "job manager status standing rate rate_charged milestone_object_budget milestone_object_schedule"
    ),
    filters=_same("id standing ordering job parent manager rate status", object_budget="milestone_object_budget"),
    dates=_words(_DATES_OF_WORK),
    ranges=_words("id job manager status rate rate_charged"),
    orders=("id", "title"),
    search=("title",),
)
TASKS = Spec(
    name="tasks",
    default=("id", "title"),
    fields=_words(
        "description billable nonbillable logged budgeted remaining staff_bookmarked date_created date_started "
        "date_commenced date_accepted date_due date_completed date_modified against_type against_id against "
        "creator_type creator_id creator assignee manager task_type task_status standing contact affiliation company "
        "issue task_job milestone task_object_budget task_object_schedule task_priority rate_id rate_charged ordering "
        "breadcrumbs"
    ),
    twins={
        "status": "task_status", "type": "task_type", "priority": "task_priority", "job": "task_job",
        "object_budget": "task_object_budget",
    },
    filters=_same(
        "id assignee manager standing against_type against_id custom_id child_of_job rate_id rate_charged",
        status="task_status",
    ),
    objects=("against", "creator"),
    dates=_words(f"{_DATES_OF_WORK} date_accepted"),
    ranges=_words(
        "id billable nonbillable budgeted remaining against_id creator_id assignee task_type status manager contact "
        "rate_charged"
    ),
    orders=_words(
        f"id {_DATES_OF_WORK} date_accepted task_priority title standing status rate_charged ordering"
    ),
    search=("title", "description"),
)  # fmt: skip
STAFF = Spec(
    name="staff",
    default=("id", "firstname", "surname"),
    fields=_words(
        "standing financial_level title email mobile phone fax position username timezone staff_rate staff_cost_rate"
    ),
    filters=_same("id email standing username"),
    ranges=("id",),
    secret=("staff_rate", "staff_cost_rate"),
)
COMPANIES = Spec(
    name="companies",
    default=("id", "name"),
    fields=_words(
        "custom_id website phone fax date_created date_modified date_last_interacted comments standing status "
        "postal_address staff_bookmarked default_affiliation"
    ),
    filters=_same(
        "id status standing default_affiliation manager_id custom_id website", contact_number="phone"
    ),
    dates=("date_created", "date_modified"),
    ranges=("id",),
    orders=_words("id name date_created date_modified date_last_interacted standing status"),
    search=_words("name website phone fax"),
)  # fmt: skip
AFFILIATIONS = Spec(
    name="affiliations",
    default=("id", "mobile", "email"),
    fields=_words(
        "position phone company contact affiliation_status standing date_modified date_last_interacted portal_access"
    ),
    filters=_same("id email standing company contact", status="affiliation_status"),
    dates=("date_modified",),
    ranges=("id",),
    orders=_words("id email standing date_modified date_last_interacted"),
)
CONTACTS = Spec(
    name="contacts",
    default=("id", "firstname", "surname", "mobile", "email"),
    fields=_words(
        "timezone date_created date_modified date_last_interacted default_affiliation contact_status standing"
    ),
    filters=_same("id email standing", affiliation="default_affiliation", status="contact_status"),
    dates=_words("date_created date_modified date_last_interacted"),
    ranges=("id",),
    orders=_words("id firstname surname date_created date_modified date_last_interacted"),
    search=_words("firstname surname email"),
)
BUDGETS = Spec(
    name="object_budgets",
    default=("id",),
    fields=_words(
        "against_type against_id is_billable service_time_estimate service_time service_time_subtotal_estimate "
        "service_price_estimate service_price service_price_subtotal_estimate service_price_subtotal expense_price "
        "material_cost material_cost_subtotal material_price material_price_subtotal billable billable_subtotal "
        "nonbillable nonbillable_subtotal logged logged_subtotal charged charged_subtotal remaining_subtotal"
    ),
    filters=_same("id against_id against_type"),
    objects=("against",),
    orders=("id",),
    money=frozenset(_words(
        "service_price_estimate service_price service_price_subtotal_estimate service_price_subtotal expense_price "
        "material_cost material_cost_subtotal material_price material_price_subtotal charged charged_subtotal"
    )),
)  # fmt: skip
SCHEDULES = Spec(
    name="object_schedules",
    default=("id", "against_id", "against_type"),
    fields=_words(
        "date_planned_start date_planned_due date_predicted_start date_predicted_end date_predicted_due date_commenced "
        "date_completed date_fixed_start date_fixed_due"
    ),
)
CONTRACTS = Spec(
    name="contracts",
    default=("id", "title", "period_template_id"),
    fields=_words(
        "date_created date_started date_expires date_period_expires against_type against_id against value auto_renew "
        "renew_days send_invoice notes owner_affiliation billable_affiliation contract_type manager status standing "
        "job company date_last_interacted breadcrumbs"
    ),
    twins={"type": "contract_type"},
    filters=_same(
        "id standing contract_type manager billable_affiliation owner_affiliation status against_id against_type"
    ),
    objects=("against",),
    dates=_words("date_created date_started date_expires date_period_expires"),
    orders=_words(
        "id date_created date_started date_expires date_period_expires standing status title date_last_interacted"
    ),
    search=("title",),
    empty=("date_expires",),
)
OLDER = (
    "allowance", "budget", "budget_used", "unapproved_budget_used", "on_budget", "overflow", "usage", "total", "price",
)  # fmt: skip
"""Fields of a period that only the older documentation and clients know."""

PERIODS = Spec(
    name="contracts/periods",
    default=("id",),
    fields=(
        *_words(
            "date_created date_commenced date_expires date_closed budget_type allowance_type rate_type rate_id "
            "service_item_id duration_type rollover standing contract contract_id contract_budget"
        ),
        *OLDER,
    ),
    filters=_same(
        "id budget_type allowance_type rate_type duration_type rollover standing contract_budget",
        contract="contract_id", rate="rate_id", service_item="service_item_id",
    ),
    dates=_words("date_created date_commenced date_expires date_closed"),
    orders=_words("id date_created date_commenced date_expires date_closed"),
    within="periods",
)  # fmt: skip
CONTRACT_BUDGETS = Spec(
    name="contract_budgets",
    default=("id",),
    fields=_words("value product_charged time_charged time against_type against_id"),
    money=frozenset({"value", "product_charged", "time_charged"}),
)
ISSUES = Spec(
    name="issues",
    default=("id", "title"),
    fields=_words(
        "custom_id description against_type against_id against issue_type affiliation class issue_priority resolution "
        "resolution_detail status standing date_submitted submitted_by date_opened opened_by date_resolved resolved_by "
        "date_closed closed_by date_due date_started date_last_interacted date_modified referrer_type referrer_id "
        "billable_seconds company assignee contract issue_object_budget breadcrumbs"
    ),
    twins={"type": "issue_type", "priority": "issue_priority", "object_budget": "issue_object_budget"},
    filters=_same(
        "id standing status issue_type affiliation class issue_priority resolution submitted_by opened_by closed_by "
        "resolved_by assignee contract against_id against_type referrer_id referrer_type"
    ),
    objects=("against", "referrer"),
    dates=_words("date_opened date_submitted date_started date_due date_closed date_modified"),
    ranges=_words("id billable_seconds assignee"),
    orders=_words(
        "id title standing status date_opened date_submitted date_started date_due date_closed date_modified "
        "date_resolved date_last_interacted"
    ),
    search=("title",),
)
REQUESTS = Spec(
    name="requests",
    default=("id", "title"),
    fields=_words(
        "body standing date_created date_modified request_type request_priority claimer affiliation source lead_id"
    ),
    twins={"type": "request_type"},
    filters=_same("id standing affiliation", claimer_id="claimer", type="request_type"),
    dates=("date_created", "date_modified"),
    orders=_words("id date_created date_modified"),
    search=("title",),
)


ACTIVITIES = Spec(
    name="activities",
    default=("id", "subject", "confidential"),
    fields=_words(
        "parent_id thread_id against_type against_id against owner_type owner_id medium body preview_body html_body "
        "visibility details date_created date_started date_ended date_logged date_modified billable nonbillable staff "
        "activity_class activity_priority task time_allocation rate rate_charged tag scheduled standing invoice_id "
        "contract_period_id is_billable"
    ),
    twins={"class": "activity_class", "priority": "activity_priority"},
    filters=_same(
        "id parent_id thread_id against_type against_id owner_id owner_type medium visibility staff activity_class "
        "activity_priority task time_allocation"
    ),
    objects=("owner", "against"),
    dates=_words("date_created date_started date_ended date_logged date_modified"),
    ranges=_words("id against_id staff activity_priority task"),
    orders=_words("id date_started date_created date_ended date_modified billable nonbillable"),
)
ENDINGS = ("won_by_id", "cancelled_by_id", "abandoned_by_id")
PROSPECTS = Spec(
    name="prospects",
    default=("id", "title"),
    fields=(
        *_words(
            "date_created date_actioned date_due date_last_interacted date_modified weighting value success comments "
            "progress value_weighted staff_bookmarked contact manager prospect_type status standing "
            "prospect_probability affiliation"
        ),
        *ENDINGS,
    ),
    twins={"type": "prospect_type"},
    filters=_same(
        "id standing weighting success affiliation manager prospect_type status prospect_probability company "
        "won_by_id cancelled_by_id abandoned_by_id"
    ),
    dates=_words("date_created date_actioned date_due date_modified"),
    ranges=_words("id value progress value_weighted weighting"),
    orders=_words(
        "id title status standing date_created date_actioned date_due date_modified date_last_interacted"
    ),
    search=("title",),
)  # fmt: skip
PROBABILITIES = Spec(name="prospects/probabilities", default=("id", "title"), fields=("value",))
QUOTES = Spec(
    name="quotes",
    default=("id", "title"),
    fields=_words(
        "against_type against_id against notes portal_access affiliation_id affiliation date_created date_expiry "
        "manager_id manager status_id status standing created_by_staff_id created_by introduction conclusion terms "
        "service_price_total service_time_total material_price_total total_price"
    ),
    filters=_same("id standing affiliation manager status against_type against_id created_by"),
    objects=("against",),
    dates=("date_created", "date_expiry"),
    ranges=("id",),
    orders=_words("id date_created date_expiry total_price"),
    search=("title",),
)
HISTORY = Spec(
    name="progressions/history",
    default=_words("id to_id to_title against_type against_id modified_by date_modified"),
    filters=_same("id against_type against_id modified_by"),
    objects=("against",),
    dates=("date_modified",),
    orders=("id", "date_modified"),
)


def statuses(of: str) -> Spec:
    """The list of statuses of one resource. Those of tasks have no `start`, and `_ALL` does not work."""
    fields = "color standing ordering" if of == "tasks" else "color standing start ordering"
    return Spec(
        name=f"{of}/statuses", default=("id", "title"), fields=_words(fields), filters=_same("id standing"),
        orders=("id", "title", "ordering"), takes_all=of != "tasks",
    )  # fmt: skip


PRIORITIES = Spec(name="tasks/priorities", default=("id", "title"), fields=_words("icon level"))
ISSUE_PRIORITIES = Spec(name="issues/priorities", default=("id", "title"), fields=_words("color factor"))


def types(of: str, within: str = "") -> Spec:
    """The list of types of one resource."""
    return Spec(
        name=f"{of}/types", default=("id", "title"), fields=_words("standing ordering"), filters=_same("id"),
        takes_all=of not in {"tasks", "contracts", "issues"}, within=within,
    )  # fmt: skip


UNLISTED = frozenset({"object_schedules", "contract_budgets"})
"""What only comes as part of something else."""
