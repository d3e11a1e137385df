"""Sample payloads of Accelo's API: a deployment `northlight` in New York, "today" 2025-11-18, composed for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """What was asked, and what came."""

    path: str
    fields: str
    rows: list[dict[str, Any]]
    filters: str = ""
    also: tuple[str, ...] = ()
    """Fields that may be null, or filled, where the sample shows the other: the reference says so in words."""


BUDGET = (
    "is_billable,service_time_subtotal_estimate,logged_subtotal,billable_subtotal,nonbillable_subtotal,"
    "remaining_subtotal,service_price_subtotal_estimate,service_price_subtotal,charged_subtotal"
)

JOBS = Sample(
    "jobs",
    "title,standing,paused,against_type,against_id,date_created,date_commenced,date_started,date_due,"
    "date_last_interacted,date_modified,status(title,standing),manager(firstname,surname,standing),company(name),"
    f"job_type(title),job_object_budget({BUDGET})",
    json.loads("""[
  {"id": "412", "title": "Harbor Dental: Q4 paid social", "standing": "active", "paused": "0",
   "against_type": "company", "against_id": "88",
   "date_created": "1756386851", "date_commenced": "1756821785", "date_started": "1756828800", "date_due": "1766163600",
   "date_last_interacted": "1763153300", "date_modified": "1763413360",
   "status": {"id": "5", "title": "In Progress", "standing": "active"},
   "manager": {"id": "7", "firstname": "Dana", "surname": "Okafor", "standing": "active"},
   "company": {"id": "88", "name": "Harbor Dental Group"},
   "job_type": {"id": "3", "title": "Campaign"},
   "job_object_budget": {"id": "901", "is_billable": "yes", "service_time_subtotal_estimate": "432000",
     "logged_subtotal": "381600", "billable_subtotal": "349200", "nonbillable_subtotal": "32400",
     "remaining_subtotal": "122400", "service_price_subtotal_estimate": "18000.00",
     "service_price_subtotal": "14550.00", "charged_subtotal": "14550.00"}},
  {"id": "419", "title": "Internal: website refresh", "standing": "active", "paused": "0",
   "against_type": "company", "against_id": "1",
   "date_created": "1756386851", "date_commenced": null, "date_started": "1756828800", "date_due": null,
   "date_last_interacted": null, "date_modified": "1756386851",
   "status": {"id": "5", "title": "In Progress", "standing": "active"},
   "manager": null, "company": {"id": "1", "name": "Northlight Agency"}, "job_type": {"id": "4", "title": "Internal"},
   "job_object_budget": {"id": "915", "is_billable": "no", "service_time_subtotal_estimate": "0",
     "logged_subtotal": "0", "billable_subtotal": "0", "nonbillable_subtotal": "0", "remaining_subtotal": "0",
     "service_price_subtotal_estimate": "0.00", "service_price_subtotal": "0.00", "charged_subtotal": "0.00"}}
]"""),
    "standing(active),order_by_asc(id)",
)

MILESTONES = Sample(
    "milestones",
    "title,standing,parent,ordering,date_started,date_commenced,date_due,manager(firstname,surname),"
    "job(title,standing,manager,company(name))",
    json.loads("""[
  {"id": "2201", "title": "Creative approved", "standing": "pending", "parent": "0", "ordering": "3",
   "date_started": "1762794000", "date_commenced": null, "date_due": "1763744400",
   "manager": {"id": "7", "firstname": "Dana", "surname": "Okafor"},
   "job": {"id": "412", "title": "Harbor Dental: Q4 paid social", "standing": "active", "manager": "7",
           "company": {"id": "88", "name": "Harbor Dental Group"}}},
  {"id": "2207", "title": "Launch", "standing": "active", "parent": "0", "ordering": "4",
   "date_started": "1762794000", "date_commenced": "1762957992", "date_due": "1763744400",
   "manager": null,
   "job": {"id": "412", "title": "Harbor Dental: Q4 paid social", "standing": "active", "manager": "7",
           "company": {"id": "88", "name": "Harbor Dental Group"}}}
]"""),
    "standing_not(complete,inactive)",
    ("job.manager",),
)

TASKS = Sample(
    "tasks",
    "title,standing,against_type,against_id,milestone,task_job,assignee(firstname,surname,standing),manager,"
    "date_started,date_due,date_commenced,budgeted,logged,remaining,task_priority(title,level)",
    json.loads("""[
  {"id": "9120", "title": "Ad set QA", "standing": "started", "against_type": "milestone", "against_id": "2207",
   "milestone": "2207", "task_job": null,
   "assignee": {"id": "12", "firstname": "Mia", "surname": "Lund", "standing": "active"}, "manager": "7",
   "date_started": "1762448400", "date_due": "1763053200", "date_commenced": "1762524060",
   "budgeted": "14400", "logged": "9000", "remaining": "5400",
   "task_priority": {"id": "2", "title": "High", "level": "2"}},
  {"id": "9124", "title": "Landing page copy", "standing": "pending", "against_type": "milestone",
   "against_id": "2207", "milestone": "2207", "task_job": null, "assignee": null, "manager": "7",
   "date_started": "1762448400", "date_due": null, "date_commenced": null,
   "budgeted": "7200", "logged": "0", "remaining": "7200", "task_priority": null},
  {"id": "9131", "title": "Budget check-in", "standing": "accepted", "against_type": "job", "against_id": "412",
   "milestone": null, "task_job": "412", "assignee": "0", "manager": "7",
   "date_started": "1762448400", "date_due": "1763744400", "date_commenced": null,
   "budgeted": "0", "logged": "0", "remaining": "0", "task_priority": null}
]"""),
    "standing(pending,accepted,started,paused)",
)

STAFF = Sample(
    "staff",
    "standing,email,position,financial_level,timezone",
    json.loads("""[
  {"id": "7", "firstname": "Dana", "surname": "Okafor", "standing": "active", "email": "dana@northlight.example",
   "position": "Account Director", "financial_level": "all", "timezone": "America/New_York"},
  {"id": "9", "firstname": "Lee", "surname": "Brandt", "standing": "inactive", "email": "lee@northlight.example",
   "position": "Producer", "financial_level": "time", "timezone": "America/New_York"}
]"""),
)

COMPANIES = Sample(
    "companies",
    "standing,website,phone,status,default_affiliation,date_last_interacted",
    json.loads("""[
  {"id": "88", "name": "Harbor Dental Group", "standing": "active", "website": "harbordental.example", "phone": "",
   "status": "3", "default_affiliation": "301", "date_last_interacted": "1762898744"}
]"""),
)

AFFILIATIONS = Sample(
    "affiliations",
    "position,standing,company(name),contact()",
    json.loads("""[
  {"id": "301", "email": "pat@harbordental.example", "mobile": null, "position": "Marketing Director",
   "standing": "active", "company": {"id": "88", "name": "Harbor Dental Group"},
   "contact": {"id": "240", "firstname": "Pat", "surname": "Reyes", "mobile": null,
               "email": "pat@harbordental.example"}}
]"""),
)

BUDGETS = Sample(
    "object_budgets",
    "against_type,against_id,is_billable,service_time_estimate,service_time,service_time_subtotal_estimate,logged,"
    "logged_subtotal,billable_subtotal,nonbillable_subtotal,charged_subtotal,remaining_subtotal,"
    "service_price_subtotal_estimate,service_price_subtotal",
    json.loads("""[
  {"id": "901", "against_type": "job", "against_id": "412", "is_billable": "yes", "service_time_estimate": "0",
   "service_time": "0", "service_time_subtotal_estimate": "432000", "logged": "10800", "logged_subtotal": "381600",
   "billable_subtotal": "349200", "nonbillable_subtotal": "32400", "charged_subtotal": "14550.00",
   "remaining_subtotal": "122400", "service_price_subtotal_estimate": "18000.00",
   "service_price_subtotal": "14550.00"}
]"""),
)

TASK_STATUSES = Sample(
    "tasks/statuses",
    "standing,color,ordering",
    json.loads("""[
  {"id": "2", "title": "Pending", "standing": "pending", "color": "orange", "ordering": "0"},
  {"id": "3", "title": "Accepted", "standing": "accepted", "color": "yellow", "ordering": "1"},
  {"id": "4", "title": "Started", "standing": "started", "color": "green", "ordering": "2"},
  {"id": "7", "title": "Waiting on client", "standing": "paused", "color": "pink", "ordering": "3"},
  {"id": "5", "title": "Complete", "standing": "complete", "color": "grey", "ordering": "4"},
  {"id": "6", "title": "Cancelled", "standing": "inactive", "color": "red", "ordering": "5"}
]"""),
)

ISSUES = Sample(
    "issues",
    "title,standing,status(title),assignee,issue_priority(title,factor),custom_id,date_submitted,date_opened,"
    "date_started,date_due,date_last_interacted,date_closed,against_type,against_id,company(name),contract,"
    "billable_seconds",
    json.loads("""[
  {"id": "6604", "title": "Tracking pixel missing on booking page", "standing": "open",
   "status": {"id": "2", "title": "Open"}, "assignee": null,
   "issue_priority": {"id": "1", "title": "Extreme", "factor": "5"}, "custom_id": null,
   "date_submitted": "1763127690", "date_opened": "1763127690", "date_started": "1763096400", "date_due": "1763388000",
   "date_last_interacted": "1763127690", "date_closed": null, "against_type": "company", "against_id": "88",
   "company": {"id": "88", "name": "Harbor Dental Group"}, "contract": "33", "billable_seconds": "0"}
]"""),
    "standing(submitted,open)",
    ("assignee", "date_opened", "date_due", "contract"),
)

CONTRACTS = Sample(
    "contracts",
    "title,period_template_id,standing,value,auto_renew,renew_days,date_started,date_expires,date_period_expires,"
    "manager(firstname,surname),company(name)",
    json.loads("""[
  {"id": "33", "title": "Harbor Dental: care plan", "period_template_id": "2", "standing": "active",
   "value": "60000.00", "auto_renew": "no", "renew_days": "0", "date_started": "1735750800",
   "date_expires": "1767200400", "date_period_expires": "1764522000",
   "manager": {"id": "7", "firstname": "Dana", "surname": "Okafor"},
   "company": {"id": "88", "name": "Harbor Dental Group"}}
]"""),
    "standing(active)",
    ("date_expires",),
)

PERIODS = Sample(
    "contracts/33/periods",
    "contract,contract_id,standing,budget_type,allowance_type,duration_type,rollover,rate_type,rate_id,service_item_id,"
    "date_created,date_commenced,date_expires,date_closed,allowance,budget,budget_used,unapproved_budget_used,"
    "on_budget,overflow,usage,contract_budget(value,time,time_charged,product_charged)",
    json.loads("""[
  {"id": "1301", "contract": "contracts/33", "contract_id": "33", "standing": "opened", "budget_type": "pre-paid",
   "allowance_type": "fixed_hours", "duration_type": "fixed", "rollover": "no", "rate_type": "object", "rate_id": "18",
   "service_item_id": "381", "date_created": "1761999000", "date_commenced": "1762012800",
   "date_expires": "1764522000", "date_closed": null, "allowance": {"billable": "144000", "charged": "0.00"},
   "budget": {"type": "time", "value": "144000"}, "budget_used": {"type": "time", "value": "131400"},
   "unapproved_budget_used": "7200", "on_budget": 1, "overflow": "0.00", "usage": "0.9125",
   "contract_budget": {"id": "281", "value": "5000.00", "time": "131400", "time_charged": "4562.50",
                       "product_charged": "0.00"}}
]"""),
    also=("date_closed", "budget.value", "budget_used.value", "unapproved_budget_used"),
)

PROSPECTS = Sample(
    "prospects",
    "title,standing,value,weighting,progress,success,status(title),date_due,date_created,date_last_interacted,"
    "manager(firstname,surname,standing),affiliation(company(name))",
    json.loads("""[
  {"id": "530", "title": "Harbor Dental: 2026 retainer", "standing": "active", "value": "96000.00", "weighting": "4",
   "progress": "0.6000", "success": "no", "status": {"id": "59", "title": "Quoted"}, "date_due": "1764306000",
   "date_created": "1760968803", "date_last_interacted": "1762898744",
   "manager": {"id": "7", "firstname": "Dana", "surname": "Okafor", "standing": "active"},
   "affiliation": {"id": "301", "email": "pat@harbordental.example", "mobile": null,
                   "company": {"id": "88", "name": "Harbor Dental Group"}}}
]"""),
    "standing(active)",
    ("date_due",),
)

QUOTES = Sample(
    "quotes",
    "title,standing,status(title),against_type,against_id,portal_access,date_created,date_expiry,total_price,"
    "manager(firstname,surname),affiliation(company(name))",
    json.loads("""[
  {"id": "77", "title": "2026 growth retainer", "standing": "published",
   "status": {"id": "2", "title": "Sent to client"}, "against_type": "prospect", "against_id": "530",
   "portal_access": "1", "date_created": "1762802529", "date_expiry": "1765386000", "total_price": "96000.00",
   "manager": {"id": "7", "firstname": "Dana", "surname": "Okafor"},
   "affiliation": {"id": "301", "email": "pat@harbordental.example", "mobile": null,
                   "company": {"id": "88", "name": "Harbor Dental Group"}}}
]"""),
    "standing(published)",
)

HISTORY = Sample(
    "progressions/history",
    "",
    json.loads("""[
  {"id": "40112", "to_id": "59", "to_title": "Quoted", "against_type": "prospect", "against_id": "530",
   "modified_by": "7", "date_modified": "1762957992"}
]"""),
)

ACTIVITIES = Sample(
    "activities",
    "subject,medium,against_type,against_id,task,owner_type,owner_id,staff,billable,nonbillable,rate_charged,"
    "date_logged,date_started,date_created,standing,thread_id,visibility",
    json.loads("""[
  {"id": "88121", "subject": "Ad set QA", "confidential": 0, "medium": "note", "against_type": "milestone",
   "against_id": "2207", "task": "9120", "owner_type": "staff", "owner_id": "12", "staff": "12", "billable": "5400",
   "nonbillable": "0", "rate_charged": "150.00", "date_logged": "1763150400", "date_started": "1763150400",
   "date_created": "1763153300", "standing": "unapproved", "thread_id": "88121", "visibility": "all"},
  {"id": "88140", "subject": "Re: creative round 2", "confidential": 0, "medium": "email", "against_type": "prospect",
   "against_id": "530", "task": "0", "owner_type": "affiliation", "owner_id": "301", "staff": "0", "billable": "0",
   "nonbillable": "0", "rate_charged": "0.00", "date_logged": "1762898744", "date_started": null,
   "date_created": "1762898744", "standing": "", "thread_id": "88090", "visibility": "all"}
]"""),
)
"""The second row has a rate besides, so that both have the same fields."""

LISTS = (
    ACTIVITIES, PROSPECTS, QUOTES, HISTORY, JOBS, MILESTONES, TASKS, STAFF, COMPANIES, AFFILIATIONS, BUDGETS, TASK_STATUSES, ISSUES, CONTRACTS,
)  # fmt: skip

META = {
    "status": "ok",
    "message": "Everything executed as expected.",
    "more_info": "https://api.accelo.com/docs/#status-codes",
}

TOKEN = json.loads("""{
  "access_token": "q1W2e3R4t5_y6",
  "expires_in": "2592000",
  "token_type": "Bearer",
  "deployment": "northlight",
  "deployment_name": "Northlight Agency",
  "deployment_uri": "https://northlight.accelo.com",
  "account_id": "4",
  "account_details": {
    "firstname": "Ops", "surname": "Robot", "email": "ops@northlight.example",
    "user_access": {"job": {"view": "1", "add": "0", "manage": "0", "admin": "0"}},
    "user_defined_titles": {"job": {"singular": "Project", "plural": "Projects"}},
    "locale": {"timezone": "America/New_York", "currency_symbol": "$"}
  }
}""")

TOKENINFO = json.loads("""{
  "meta": {"status": "ok", "message": "Everything executed as expected.",
           "more_info": "https://api.accelo.com/docs/#status-codes"},
  "response": {"email": "ops@northlight.example", "expiry_date": "1766057400", "firstname": "Ops",
               "surname": "Robot", "deployment": "northlight", "staff_id": "37",
               "locale": {"timezone": "America/New_York", "currency_symbol": "$"}}
}""")

LOCKED_OUT = {
    "more_info": "https://api.accelo.com/docs/#status-codes",
    "status": "too_many_failed_logins",
    "message": "User is locked out by their IP due to too many failed authentication attempts.",
}

INVALID_REQUEST = {
    "response": None,
    "meta": {
        "status": "invalid_request",
        "message": (
            "The request could not be interpreted. This can be caused by missing or invalid data. Please ensure that "
            "the resource you are requesting actually exists."
        ),
        "more_info": "https://api.accelo.com/docs/#status-codes",
    },
}

OVER_LIMIT = {
    "meta": {
        "message": "Rate limit exceeded for northlight.api.accelo.com",
        "status": "too_many_requests",
        "more_info": "api.accelo.com/docs/#rate-limiting",
    }
}

OAUTH_ERROR = {"error": "invalid_client", "error_description": "Invalid client authentication."}

LIMIT_HEADERS = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4943", "X-RateLimit-Reset": "1763467200"}
