"""Headings of ad exports, and the words of change histories.

Plain headings and those of the exports named in ads.md section 9: Google Ads ("Cost", "Impr.", "Currency code",
"Customer ID"), Meta Ads Manager ("Reporting starts", "Amount spent (EUR)", "Results", "Result indicator") and the open
warehouse model ("date_day", "spend").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from briefing.reading.forms import Form, Unsure, column
from briefing.reading.text import folded

ChangeKind = Literal[
    "budget", "bid", "status", "creative", "targeting", "tracking", "billing", "policy", "structure", "other"
]
ActorKind = Literal["person", "automation", "platform", "unknown"]
Operation = Literal["create", "update", "remove", ""]
Status = Literal["active", "limited", "suspended", "closed", "unknown"]

_ACCOUNT = column("account", "text", "account, account name, ad account, ad account name, advertiser, advertiser name")
_ACCOUNT_ID = column("account_id", "text", "account id, ad account id, customer id, advertiser id, account number")
_PLATFORM = column("platform", "text", "platform, ad platform", loose="channel, network")
_CAMPAIGN = column("campaign", "text", "campaign, campaign name")
_CAMPAIGN_ID = column("campaign_id", "text", "campaign id")
_CLIENT = column("client", "text", "client, client name, customer, customer name, company")
_CURRENCY = column("currency", "text", "currency, currency code")

DAYS = Form(
    name="days",
    key="day",
    needs=(("day",), ("spend",), ("account", "account_id")),
    fields=(
        column("day", "date", "date, day, report date, date day", loose="reporting starts"),
        column("ends", "date", "reporting ends"),
        _ACCOUNT, _ACCOUNT_ID, _CAMPAIGN, _CAMPAIGN_ID, _PLATFORM, _CLIENT, _CURRENCY,
        column("spend", "money", "spend, cost, amount spent, ad spend, total spend, spent"),
        column("impressions", "count", "impressions, impr"),
        column("clicks", "count", "link clicks", loose="clicks"),
        column("leads", "number", "leads, lead", loose="conversions, conv"),
        column("results", "number", "results"),
        column("indicator", "text", "result indicator"),
        column("definition", "text", "lead definition, definition of leads"),
    ),
    telling=frozenset({"spend"}),
    unless=("change", "change type", "old value", "new value", "monthly budget", "measure", "metric", "project"),
    hints=("ads", "daily", "spend"),
    unsure=(Unsure("results", "leads", "indicator"),),
)  # fmt: skip

CHANGES = Form(
    name="changes",
    key="at",
    needs=(("at",), ("type", "what", "field"), ("account", "account_id")),
    fields=(
        column("at", "moment", "date, date and time, date time, time, changed at, changed on, change date, when"),
        _ACCOUNT, _ACCOUNT_ID, _CAMPAIGN, _CAMPAIGN_ID, _CLIENT,
        column("id", "text", "change id"),
        column("actor", "text", "user, user name, changed by, actor, made by", loose="who, by"),
        column("tool", "text", "tool, via, client type, application"),
        column("type", "text", "change type, type of change", loose="type, category"),
        column("what", "text", "change, changes, change details", loose="details, description, action"),
        column("level", "text", "level, item type, object type, resource type", loose="item, item changed"),
        column("object", "text", "object, object name, item name, entity, entity name", loose="ad group, ad set"),
        column("field", "text", "field, changed field, setting, property"),
        column("old", "text", "old value, old, previous value", loose="from, before"),
        column("new", "text", "new value, new", loose="to, after"),
        column("operation", "text", "operation"),
    ),
    telling=frozenset({"type", "what", "field", "old", "new"}),
    unless=("spend", "cost", "amount spent", "measure", "metric", "stage", "project"),
    hints=("changes", "change", "history"),
)  # fmt: skip

ACCOUNTS = Form(
    name="accounts",
    key="account",
    needs=(("account", "account_id"), ("monthly_budget", "target_cpl", "zone", "owner", "settling_days")),
    fields=(
        _ACCOUNT, _ACCOUNT_ID, _PLATFORM, _CLIENT, _CURRENCY,
        column("zone", "text", "time zone, timezone, zone"),
        column("monthly_budget", "money", "monthly budget, budget per month, month budget"),
        column("target_cpl", "money", "target cpl, target cost per lead, cpl target, cost per lead target, target cpa"),
        column("owner", "text", "owner, manager, account manager, account owner, responsible"),
        column("owner_email", "text", "owner email, manager email"),
        column("status", "text", "status, state, account status"),
        column("settling_days", "count", "settling days, days to settle"),
    ),
    telling=frozenset({"monthly_budget", "target_cpl"}),
    unless=("date", "day", "spend", "cost", "amount spent", "project", "deal", "stage"),
    hints=("accounts",),
    unsure=(Unsure("budget", "monthly_budget"), Unsure("cpl", "target_cpl"), Unsure("cost per lead", "target_cpl")),
)  # fmt: skip

FORMS = {"days": DAYS, "changes": CHANGES, "accounts": ACCOUNTS}

PLATFORMS = {
    "google": "google", "google ads": "google", "adwords": "google", "google adwords": "google", "meta": "meta",
    "meta ads": "meta", "facebook": "meta", "facebook ads": "meta", "instagram": "meta", "linkedin": "linkedin",
    "linkedin ads": "linkedin", "tiktok": "tiktok", "tiktok ads": "tiktok", "microsoft": "microsoft",
    "microsoft ads": "microsoft", "microsoft advertising": "microsoft", "bing": "microsoft", "bing ads": "microsoft",
}  # fmt: skip

STATUS_WORDS: Mapping[str, Status] = {
    "active": "active", "enabled": "active", "on": "active", "limited": "limited", "suspended": "suspended",
    "disabled": "suspended", "closed": "closed", "cancelled": "closed", "canceled": "closed",
}  # fmt: skip

_CHANGE_WORDS: tuple[tuple[ChangeKind, str], ...] = (
    ("billing", "billing payment invoice funding"),
    ("policy", "policy disapproved disapproval approved declined"),
    ("budget", "budget budgets"),
    ("bid", "bid bids bidding cpa roas tcpa troas cpc"),
    ("status", "status paused pause enabled enable resumed activated deactivated unpaused stopped started"),
    ("tracking", "conversion conversions tracking tag pixel goal"),
    ("creative", "creative creatives headline headlines image images video asset assets text ads ad"),
    (
        "targeting",
        (
            "targeting target audience audiences location locations keyword keywords placement placements age gender "
            "language languages demographic demographics negative device devices schedule"
        ),
    ),
    ("structure", "structure created added removed deleted campaign campaigns group groups set sets copied"),
)
"""Words of a change by kind; the first kind with a word in the text wins."""

_LEVELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("keyword", ("keyword", "keywords", "negative keyword")),
    ("ad group", ("ad group", "ad groups", "ad set", "ad sets", "adset", "adgroup")),
    ("audience", ("audience", "audiences")),
    ("asset", ("asset", "assets", "extension")),
    ("budget", ("budget", "budgets", "campaign budget")),
    ("campaign", ("campaign", "campaigns")),
    ("ad", ("ad", "ads")),
    ("account", ("account", "customer")),
)

_OPERATIONS: tuple[tuple[Operation, str], ...] = (
    ("create", "create created add added new"),
    ("remove", "remove removed delete deleted"),
    ("update", "update updated change changed edit edited paused enabled increased decreased raised lowered"),
)

_AUTOMATION = frozenset("api script scripts rule rules automated automation bulk feed sync".split())
_PLATFORM_WORDS = frozenset("google meta facebook linkedin system recommendation recommendations auto".split())
"""ads.md section 3.5: rules, scripts and the API are automation; what applies itself is the platform."""


def change_kind(*texts: str) -> ChangeKind:
    """What kind of change it is, by the first text that says it: the field, the type, the description."""
    for text in texts:
        words = set(folded(text).replace("ad group", "group").replace("ad set", "set").split())
        for kind, known in _CHANGE_WORDS:
            if words & set(known.split()):
                return kind
    return "other"


def object_level(*texts: str) -> str:
    """On what level a change was made: `keyword`, `ad group`; empty when no text says it."""
    for text in texts:
        padded = f" {folded(text)} "
        for level, names in _LEVELS:
            if any(f" {name} " in padded for name in names):
                return level
    return ""


def operation(*texts: str) -> Operation:
    """Whether something was created, changed or removed; empty when no text says it."""
    for text in texts:
        words = set(folded(text).split())
        for name, known in _OPERATIONS:
            if words & set(known.split()):
                return name
    return ""


def actor_kind(actor: str, tool: str) -> ActorKind:
    """Who made a change."""
    words = set(folded(f"{tool} {'' if '@' in actor else actor}").split())
    if words & _AUTOMATION:
        return "automation"
    if words & _PLATFORM_WORDS and "web" not in words:
        return "platform" if not actor or set(folded(actor).split()) <= _PLATFORM_WORDS | {"ads"} else "person"
    return "person" if actor else "unknown"
