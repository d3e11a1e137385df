"""What `briefing doctor` asks of Accelo: as whom, zone, currency, rights, titles, counts, whether filters are kept, and
how this deployment answers what the documentation leaves open (accelo.md sections 13 and 16).

What a user may not see is simply absent from Accelo's lists. So it is probed here, and said as what is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from briefing.connector import Finding
from briefing.errors import SourceError
from briefing.meter import Meter, counting, running
from connectors.accelo_api import GUARDS, RESERVE, Api, NotShown, NotThere, RefusedFields, thing_of
from connectors.accelo_capabilities import OPEN_QUESTIONS, capabilities, further
from connectors.accelo_facts import CLOSED, TASK, WORK
from connectors.accelo_filters import Filters, standing, standing_is, standing_not
from connectors.accelo_login import day_words, lenient, who
from connectors.accelo_modules import RESOURCES
from connectors.accelo_retainers import STATES as RETAINERS
from connectors.accelo_sales import QUOTES, SALES
from connectors.accelo_tickets import STATES as TICKETS
from connectors.accelo_titles import WORDS, kind_of, titles_of
from connectors.accelo_values import BadValue, Row, flag, shown, ts
from connectors.side_by_side import side_by_side

Question = Callable[[Api], Any]

EVERYWHERE = ("jobs", "milestones", "tasks", "staff", "companies")
STANDINGS: Mapping[str, Collection[str]] = {
    "jobs": WORK, "milestones": WORK, "tasks": TASK, "contracts": RETAINERS, "issues": TICKETS, "quotes": QUOTES,
    "prospects": SALES,
}  # fmt: skip
"""Standings that are known, by the lists whose rows have them."""

UNSEEN = {"time": "amounts of projects, retainers, quotes and sales", "none": "amounts and logged hours"}
"""What is missing at a financial level below `all`."""

REFUSALS = (NotShown, NotThere, RefusedFields)


@dataclass(frozen=True)
class Answers:
    """What was answered, or why not, by the names of the questions."""

    told: Mapping[str, Any]

    def error(self, name: str) -> SourceError | None:
        """Why there is no answer."""
        found = self.told.get(name)
        return found if isinstance(found, SourceError) else None

    def row(self, name: str) -> Row:
        """An object; empty where there is none."""
        found = self.told.get(name)
        return found if isinstance(found, Mapping) else {}

    def count(self, name: str) -> int | None:
        """A number; None where there is none."""
        found = self.told.get(name)
        return found if isinstance(found, int) else None


def asked(api: Api, questions: Mapping[str, Question]) -> Answers:
    """Every question, as many at a time as Accelo may be asked."""
    told = {}
    for name, answer in side_by_side(lambda one: questions[one](api), list(questions), GUARDS.at_once):
        if isinstance(answer, BaseException) and not isinstance(answer, SourceError):
            raise answer
        told[name] = answer
    return Answers(told)


def questions(modules: Collection[str]) -> dict[str, Question]:
    """What is asked, of the lists that every deployment has and of some modules."""
    read = (*EVERYWHERE, *(RESOURCES[name] for name in modules))
    return {
        "tokeninfo": lambda api: api.one("tokeninfo"),
        "whoami": lambda api: api.one("staff/whoami", ("standing", "financial_level")),
        "user": lambda api: api.one("user"),
        **{resource: _count(resource) for resource in read},
        "closed": lambda api: api.count("tasks", Filters((standing_is(*CLOSED),))),
        "others": lambda api: api.count("tasks", Filters((standing_not(*CLOSED),))),
        **{f"{resource} statuses": _statuses(resource) for resource in read if resource in STANDINGS},
        **OPEN_QUESTIONS,
    }  # fmt: skip


def _count(resource: str) -> Question:
    return lambda api: api.count(resource)


def _statuses(resource: str) -> Question:
    return lambda api: api.statuses(resource)


def findings(api: Api, *, timezone: ZoneInfo | None, currency: str, named: Collection[str] | None) -> Iterator[Finding]:
    """Every finding; a part that cannot be asked is one as well. `named` are the modules that the settings name, None
    for all that answer. Raises SourceError where nobody can log in.
    """
    token = api.login.token()
    modules = [name for name in RESOURCES if named is None or name in named]
    with counting(Meter()) as meter:
        found = asked(api, questions(modules))
        found = Answers({**found.told, **asked(api, further(found.told)).told})
    running().calls += meter.calls
    login = {name: lenient(token.told.get(name)) for name in ("who", "email", "deployment", "zone", "currency")}
    login |= {name: value for name, value in who(found.row("tokeninfo")).items() if value}
    yield from _login(api, login, found, timezone)
    yield _zone(login["zone"], timezone, api.source)
    yield _currency(login["currency"], currency, api.source)
    yield from _money(found)
    yield from _rights(api, found, named)
    yield from _titles(found)
    yield from _counts(found, modules, named)
    yield from _filters_kept(found)
    yield from _standings(found)
    yield from capabilities(found.told)
    yield _calls(api, meter)


def _refused(error: SourceError) -> Finding:
    return Finding(what=str(error), ok=False, cure=error.advice)


# --- the login -----------------------------------------------------------------------------------------------------


def _login(api: Api, told: Mapping[str, str], found: Answers, timezone: ZoneInfo | None) -> Iterator[Finding]:
    if error := found.error("tokeninfo"):
        yield _refused(error)
    ends = _until(found.row("tokeninfo").get("expiry_date"), timezone)
    ending = api.login.ending()
    renewed = ", and is renewed before" if ends and not ending else ""
    yield Finding(what=f"Logged in as {told['who'] or told['email'] or 'a user without a name'}{ends}{renewed}.")
    if ending:
        what = ending[0].upper() + ending[1:]
        yield Finding(what=f"{what}.", ok=False, cure=f"briefing auth {api.source}")


def _until(expiry: object, zone: ZoneInfo | None) -> str:
    try:
        ends = ts(expiry, zone or ZoneInfo("UTC"))
    except BadValue:
        ends = None
    return f"; the token ends {day_words(ends)}" if ends else ""


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


# --- rights --------------------------------------------------------------------------------------------------------


def _money(found: Answers) -> Iterator[Finding]:
    """What the acting user may see of money, and whether the user is one still."""
    if error := found.error("whoami"):
        yield _refused(error)
        return
    me = found.row("whoami")
    level, word = lenient(me.get("financial_level"), 20).lower(), lenient(me.get("standing"), 20).lower()
    if word not in {"", "active"}:
        yield Finding(
            what=f"The user's standing is {shown(word)}: the login may end at any time.", ok=False,
            cure="in Accelo, make the user active, or let another one be whom the application acts as",
        )  # fmt: skip
    if level == "all":
        yield Finding(what="The user may see amounts.")
        return
    said = shown(level) if level else "not told"
    missing = f"{UNSEEN[level]} are missing" if level in UNSEEN else "amounts may be missing"
    yield Finding(
        what=f"The user's financial level is {said}: {missing}.", ok=False,
        cure="in Accelo, give the user of the application the financial level that sees all",
    )  # fmt: skip


def may_view(value: object) -> bool | None:
    """Whether a right lets its objects be seen; None where that is not said. The form is not documented.

    >>> may_view({"view": "1", "add": "0"}), may_view("none"), may_view(["add", "view"]), may_view({"level": "3"})
    (True, False, True, None)
    """
    if isinstance(value, Mapping):
        named = {str(key).lower(): inner for key, inner in value.items()}
        return may_view(named["view"]) if "view" in named else None
    if isinstance(value, list):
        return any(isinstance(word, str) and word.lower() in _RIGHTS for word in value)
    if isinstance(value, str) and value.strip().lower() in {*_RIGHTS, "none"}:
        return value.strip().lower() != "none"
    try:
        return flag(value)
    except BadValue:
        return None


_RIGHTS = frozenset({"view", "add", "manage", "admin", "all"})
"""Each holds the right to view."""


def _rights(api: Api, found: Answers, named: Collection[str] | None) -> Iterator[Finding]:
    """What the acting user may view, by the rights that Accelo tells."""
    told = found.row("user").get("user_access")
    rights = told.items() if isinstance(told, Mapping) else ()
    views = {WORDS[kind]: may_view(value) for name, value in rights if (kind := kind_of(str(name)))}
    seen = [word for word, view in views.items() if view]
    if not any(view is not None for view in views.values()):
        refused = found.error("user")
        why = f" ({refused})" if refused else ""
        yield Finding(what=f"Accelo does not say what the user may view{why}; it is seen in the counts below.")
    elif seen:
        yield Finding(what=f"The user may view {_listed(seen)}.")
    for word in (word for word, view in views.items() if view is False):
        # A module that nobody named is one that is not used: its count says that it is not read.
        if word not in RESOURCES or word in (named or ()):
            yield Finding(
                what=f"The user may not view {_called(found, word)}: what is not shown cannot be read.", ok=False,
                cure=f"in Accelo, give the user of the application that right; then briefing doctor {api.source}",
            )  # fmt: skip


def _called(found: Answers, word: str) -> str:
    title = titles_of(found.row("user")).get(word, "")
    return f'{word} ("{title}")' if title and title.lower() != word else word


def _titles(found: Answers) -> Iterator[Finding]:
    """What the deployment calls its things, where that is not what a briefing calls them."""
    own = {word: title for word, title in titles_of(found.row("user")).items() if title.lower() != word}
    if own:
        listed = _listed([f'{word} are called "{title}"' for word, title in own.items()])
        yield Finding(what=f"In this deployment {listed}.")


# --- what there is -------------------------------------------------------------------------------------------------


def _counts(found: Answers, modules: Collection[str], named: Collection[str] | None) -> Iterator[Finding]:
    """How much there is of what is read, by Accelo's own count, and what is not read."""
    counted = []
    for resource in (*EVERYWHERE, *(RESOURCES[name] for name in modules)):
        thing, count, error = thing_of(resource), found.count(resource), found.error(resource)
        if count is not None:
            counted.append(f"{count:,} {thing.one if count == 1 else thing.many}")
        elif error is not None and named is None and resource not in EVERYWHERE and isinstance(error, REFUSALS):
            yield Finding(what=f"Not read: {thing.many}. {error}.")
        elif error is not None:
            yield _refused(error)
    if counted:
        nothing = not any(found.count(resource) for resource in ("jobs", "milestones", "tasks"))
        yield Finding(
            what=f"There are {', '.join(counted)}, open or not.", ok=not nothing,
            cure="in Accelo, give the user of the application the right to view projects and tasks" if nothing else "",
        )  # fmt: skip
    if left_out := [name for name in RESOURCES if name not in modules]:
        yield Finding(what=f"Not read, as modules says: {_listed(left_out)}.")


def _filters_kept(found: Answers) -> Iterator[Finding]:
    """Closed and other tasks together are no more than all of them, unless the filter is not kept."""
    for name in ("closed", "others"):
        if error := found.error(name):
            yield _refused(error)
            return
    everything, closed, others = found.count("tasks"), found.count("closed"), found.count("others")
    if everything is None or closed is None or others is None:
        return
    if closed + others <= everything:
        yield Finding(what=f"Filters are kept: {others:,} of {everything:,} tasks are open.")
        return
    kept = "does not keep the filter by standing" if everything in {closed, others} else (
        "keeps a part of the filter by standing"
    )  # fmt: skip
    yield Finding(
        what=f"Accelo {kept}: rows are sorted out here, which takes more calls.", ok=False,
        cure="nothing is wrong in what is told; report it to Accelo",
    )  # fmt: skip


def _standings(found: Answers) -> Iterator[Finding]:
    """Standings that rows may have and that are not known here."""
    known = []
    for resource in STANDINGS:
        many, told = thing_of(resource).many, found.told.get(f"{resource} statuses")
        if isinstance(told, SourceError):
            if found.count(resource) is not None:  # otherwise the count has said it
                yield _refused(told)
        elif told:
            unknown = _unknown(told, STANDINGS[resource])
            known += [] if unknown else [many]
            for word, title in sorted(unknown.items()):
                yield Finding(
                    what=f"{many.capitalize()} can have a standing that is not known: {shown(word)} "
                    f"(status {shown(title)}).",
                    ok=False, cure="rows with it are left out and told; report the word",
                )  # fmt: skip
    if known:
        yield Finding(what=f"Every standing of {_listed(known)} is known.")


def _unknown(statuses: list[Row], known: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for status in statuses:
        found.setdefault(standing(status), lenient(status.get("title")))
    return {word: title for word, title in found.items() if word and word not in known}


def _calls(api: Api, meter: Meter) -> Finding:
    """What this took of the limit that everything shares."""
    room = api.room
    if room is None:
        return Finding(what=f"This took {meter.calls} calls.")
    of = f" of the {room.of:,}" if room.of else ""
    what = f"This took {meter.calls}{of} calls that Accelo allows in an hour; {room.left:,} are left."
    if room.left >= RESERVE:
        return Finding(what=what)
    return Finding(what=what, ok=False, cure="see in Accelo what else uses the API of the deployment, and how often")


def _listed(words: Collection[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
