"""What `briefing doctor` asks of Accelo: identity, zone, currency, rights, counts, and whether filters are kept
(accelo.md section 13).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from zoneinfo import ZoneInfo

from briefing.connector import Finding
from briefing.errors import SourceError
from connectors.accelo_api import THINGS, Api
from connectors.accelo_facts import CLOSED, TASK, WORK
from connectors.accelo_filters import Filters, standing, standing_is, standing_not
from connectors.accelo_login import lenient, who
from connectors.accelo_values import BadValue, shown, ts

STATUSES: Mapping[str, Collection[str]] = {"jobs": WORK, "milestones": WORK, "tasks": TASK}


def findings(api: Api, *, timezone: ZoneInfo | None, currency: str) -> Iterator[Finding]:
    """Every finding; a part that cannot be asked is one as well. Raises SourceError where nobody can log in."""
    login = api.login.token()
    told = {name: str(login.told.get(name) or "") for name in ("who", "email", "deployment", "zone", "currency")}
    ends = ""
    try:
        info = api.one("tokeninfo")
    except SourceError as error:
        yield Finding(what=str(error), ok=False, cure=error.advice)
    else:
        told |= {name: value for name, value in who(info).items() if value}
        ends = _until(info.get("expiry_date"), timezone)
    yield Finding(what=f"Logged in as {told['who'] or told['email'] or 'a user without a name'}{ends}.")
    yield _zone(told["zone"], timezone, api.source)
    yield _currency(told["currency"], currency, api.source)
    yield from _rights(api)
    yield from _counts(api)
    yield from _filters_kept(api)
    for resource, known in STATUSES.items():
        yield from _standings(api, resource, known)


def _until(expiry: object, zone: ZoneInfo | None) -> str:
    try:
        ends = ts(expiry, zone or ZoneInfo("UTC"))
    except BadValue:
        ends = None
    if ends is None:
        return ""
    return f"; the token ends {ends:%A} {ends.day} {ends:%B %Y}, and is renewed before"


def _zone(told: str, configured: ZoneInfo | None, source: str) -> Finding:
    if configured and told and configured.key != told:
        return Finding(what=f"Dates are read in {configured.key} as configured; Accelo says {told}.")
    if configured or told:
        return Finding(what=f"Dates are read in {configured.key if configured else told}.")
    return Finding(
        what="Accelo does not say its time zone: dates are read in the workspace's.", ok=False,
        cure=f'write timezone = "..." in sources.{source}, as Accelo\'s own settings show it',
    )  # fmt: skip


def _currency(told: str, configured: str, source: str) -> Finding:
    if configured or told:
        return Finding(what=f"Amounts are read as {configured or told}.")
    return Finding(
        what="Accelo does not say its currency: budgets are left out.", ok=False,
        cure=f'write currency = "USD" (or its code) in sources.{source}',
    )  # fmt: skip


def _rights(api: Api) -> Iterator[Finding]:
    """What the acting user may see of money."""
    try:
        level = lenient(api.one("staff/whoami", ("standing", "financial_level")).get("financial_level"), 20)
    except SourceError as error:
        yield Finding(what=str(error), ok=False, cure=error.advice)
        return
    if level == "all":
        yield Finding(what="The user may see amounts.")
        return
    said = shown(level) if level else "not told"
    yield Finding(
        what=f"The user's financial level is {said}: budgets may be missing.", ok=False,
        cure="in Accelo, give the user of the application the financial level that sees all",
    )  # fmt: skip


def _counts(api: Api) -> Iterator[Finding]:
    """How much there is of what is read, by Accelo's own count."""
    counted = {}
    for resource in THINGS:
        try:
            counted[resource] = api.count(resource)
        except SourceError as error:
            yield Finding(what=str(error), ok=False, cure=error.advice)
    if counted:
        listed = ", ".join(
            f"{count:,} {THINGS[name].one if count == 1 else THINGS[name].many}" for name, count in counted.items()
        )
        nothing = not any(counted.get(name) for name in STATUSES)
        yield Finding(
            what=f"There are {listed}, open or not.", ok=not nothing,
            cure="in Accelo, give the user of the application the right to view projects and tasks" if nothing else "",
        )  # fmt: skip


def _filters_kept(api: Api) -> Iterator[Finding]:
    """Closed and other tasks together are no more than all of them, unless the filter is not kept."""
    try:
        everything = api.count("tasks")
        closed = api.count("tasks", Filters((standing_is(*CLOSED),)))
        others = api.count("tasks", Filters((standing_not(*CLOSED),)))
    except SourceError as error:
        yield Finding(what=str(error), ok=False, cure=error.advice)
        return
    if closed + others > everything:
        yield Finding(
            what="Accelo does not keep the filter by standing: rows are sorted out here, which takes more calls.",
            ok=False, cure="nothing is wrong in what is told; report it to Accelo",
        )  # fmt: skip
    else:
        yield Finding(what=f"Filters are kept: {others:,} of {everything:,} tasks are open.")


def _standings(api: Api, resource: str, known: Collection[str]) -> Iterator[Finding]:
    """Standings that rows may have and that are not known here."""
    many = THINGS[resource].many
    try:
        statuses = api.statuses(resource)
    except SourceError as error:
        yield Finding(what=str(error), ok=False, cure=error.advice)
        return
    found: dict[str, str] = {}
    for status in statuses:
        found.setdefault(standing(status), lenient(status.get("title")))
    unknown = {word: title for word, title in found.items() if word and word not in known}
    for word, title in sorted(unknown.items()):
        yield Finding(
            what=f"{many.capitalize()} can have a standing that is not known: {shown(word)} (status {shown(title)}).",
            ok=False, cure="rows with it are left out and told; report the word",
        )  # fmt: skip
    if found and not unknown:
        yield Finding(what=f"Every standing of {many} is known: {', '.join(sorted(filter(None, found)))}.")
