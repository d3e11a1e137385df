"""`[[escalate]]` and `[people.NAME]` as they are written, and what is refused before anything runs.

A recipient is a person by name, the owner of the item, or an address; never anybody outside the organisation.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from briefing.deliver.slack_settings import PERSON
from briefing.escalation import HAND, OWNER, Contact, Ladder, Rung, after

MOST_STEPS = 9
CARRIERS = ("email", "gmail", "slack")
"""Channels that can carry one message to one person."""


def _after(value: str) -> str:
    after(value)
    return value


def _mail(value: str) -> str:
    from briefing.deliver.mail import address

    return value and address(value).addr_spec


def _member(value: str) -> str:
    if value and not PERSON.fullmatch(value):
        msg = "write a member ID of Slack such as U012AB3CD"
        raise ValueError(msg)
    return value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonSection(_Section):
    """`[people.NAME]`: a colleague who can be told something."""

    email: Annotated[str, AfterValidator(_mail)] = ""
    slack: Annotated[str, AfterValidator(_member)] = ""
    aliases: tuple[str, ...] = ()
    """Names, addresses and ids by which sources call this person."""


class StepSection(_Section):
    """One step of a ladder."""

    to: str = Field(min_length=1)
    """A name of `[people]` or of an audience, `owner`, or an address."""

    after: Annotated[str, AfterValidator(_after)]
    by: str
    """A channel of `[deliver]`."""


class EscalateSection(_Section):
    """`[[escalate]]`: who is told of an item that stays, after how long."""

    name: str = Field(min_length=1, max_length=60)
    rules: tuple[str, ...] = ()
    matters: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    """Empty: all."""

    at: Literal["hours", "always"] = "hours"
    """Whether a step waits for the working hours of the workspace."""

    steps: tuple[StepSection, ...] = ()

    @property
    def ladder(self) -> Ladder:
        """As the policy takes it."""
        rungs = (
            Rung(number=number, to=step.to, after=step.after, by=step.by) for number, step in enumerate(self.steps, 1)
        )
        return Ladder(
            name=self.name, rules=frozenset(self.rules), matters=frozenset(self.matters),
            clients=frozenset(self.clients), always=self.at == "always", rungs=tuple(rungs),
        )  # fmt: skip


def contacts(people: Mapping[str, PersonSection], audiences: Iterable[Any]) -> tuple[Contact, ...]:
    """Everybody who can be told: `[people]`, and the audiences by the same names."""
    found = {
        name.casefold(): Contact(name=name, email=one.email, slack=one.slack, known_as=frozenset(one.aliases))
        for name, one in people.items()
    }
    for one in audiences:
        if not one.name:
            continue
        there = found.get(one.name.casefold(), Contact(name=one.name))
        slack = next((login for login in one.logins if PERSON.fullmatch(login)), "")
        found[one.name.casefold()] = Contact(
            name=there.name, email=there.email or next(iter(one.emails), ""), slack=there.slack or slack,
            known_as=there.known_as | {*one.emails, *one.logins},
        )  # fmt: skip
    return tuple(found.values())


# --- what is refused -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What the rest of the file says, as far as it can be read; its own problems are told elsewhere."""

    rules: Mapping[str, str]
    """Rules with their matters."""

    channels: Mapping[str, str]
    """Channels with their kinds."""

    clients: tuple[str, ...]
    theirs: frozenset[str]
    """Domains of clients."""

    ours: frozenset[str]
    readers: frozenset[str]
    """Addresses of the audiences."""

    people: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Name, folded, with the address and the member id."""


def problems(plain: Mapping[str, object], rules: Mapping[str, str]) -> list[str]:
    """Every problem of the two sections. `rules`: each rule's matter."""
    around = _around(plain, rules)
    found = [
        f"people.{name}.email: {problem}"
        for name, table in _tables(plain.get("people")).items()
        if isinstance(email := table.get("email"), str) and (problem := _outside(email, around))
    ]
    found += [f"people.{name}: this word means the item's owner" for name in _reserved(plain)]
    sources = _tables(plain.get("sources"))
    if plain.get("escalate") and sources and all(one.get("personal_to") for one in sources.values()):
        found.append("escalate: every source is personal to somebody, and what rests on such is never told to others")
    seen: set[str] = set()
    for number, entry in enumerate(_list(plain.get("escalate")), 1):
        try:
            section = EscalateSection.model_validate(entry)
        except ValidationError:
            continue  # told already
        again = section.name.casefold() in seen
        seen.add(section.name.casefold())
        found += [f"escalate.{number}.{problem}" for problem in _of_one(section, around, again=again)]
    return found


def outside(text: str, plain: Mapping[str, object]) -> str:
    """Why an address is not one of the organisation's; empty where it is."""
    try:
        return _outside(_mail(text), _around(plain, {}))
    except ValueError as error:
        return str(error)


def _reserved(plain: Mapping[str, object]) -> list[str]:
    return [name for name in _tables(plain.get("people")) if name.casefold() == OWNER]


def _of_one(section: EscalateSection, around: _Around, *, again: bool) -> list[str]:
    found = [f'name: "{section.name}" is the name of another ladder'] if again else []
    if section.name.casefold() == HAND:
        found.append(f'name: "{HAND}" is what is given to a colleague by hand')
    if not (section.rules or section.matters):
        found.append("rules: name rules or matters that the ladder is for")
    matters = sorted(set(around.rules.values()))
    for key, given, known in (
        ("rules", section.rules, list(around.rules)), ("matters", section.matters, matters),
        ("clients", section.clients, list(around.clients)),
    ):  # fmt: skip
        what = {"rules": "rule", "matters": "matter", "clients": "client in [clients]"}[key]
        found += [f'{key}: there is no {what} "{one}"{_nearest(one, known)}' for one in given if one not in known]
    if not 1 <= len(section.steps) <= MOST_STEPS:
        found.append(f"steps: write from 1 to {MOST_STEPS}")
    for number, step in enumerate(section.steps, 1):
        found += [f"steps.{number}.{problem}" for problem in _of_step(step, around)]
    for number, (one, other) in enumerate(zip(section.steps, section.steps[1:], strict=False), 2):
        (count, unit), (count_after, unit_after) = after(one.after), after(other.after)
        if unit == unit_after and count_after < count:
            found.append(f"steps.{number}.after: {other.after} is before the step above; all count from the beginning")
    return found


def _of_step(step: StepSection, around: _Around) -> list[str]:
    kind = around.channels.get(step.by)
    if kind is None:
        return [*_by_nobody(step, around), *_recipient(step, "", around)]
    if kind not in CARRIERS:
        return [f"by: {step.by} ({kind}) cannot carry a message to one person; take e-mail or Slack"]
    return _recipient(step, kind, around)


def _by_nobody(step: StepSection, around: _Around) -> list[str]:
    near = _nearest(step.by, [name for name, kind in around.channels.items() if kind in CARRIERS])
    return [f'by: there is no channel "{step.by}" in [deliver]{near}']


def _recipient(step: StepSection, kind: str, around: _Around) -> list[str]:
    if step.to.casefold() == OWNER:
        return [] if around.people else ["to: the owner is told as one of [people], and nobody stands there"]
    if "@" in step.to:
        if kind == "slack":
            return [f"to: {step.to} is an address, and {step.by} is Slack; name somebody of [people]"]
        try:
            problem = _outside(_mail(step.to), around)
        except ValueError as error:
            problem = str(error)
        return [f"to: {problem}"] if problem else []
    person = around.people.get(step.to.casefold())
    if person is None:
        near = _nearest(step.to.capitalize(), [*(name.capitalize() for name in around.people), OWNER])
        return [f'to: "{step.to}" is neither in [people] nor an audience{near}']
    mail = (person[0], "address")
    lacking = {"email": mail, "gmail": mail, "slack": (person[1], "member ID of Slack (slack)")}.get(kind)
    return [f"to: {step.to} has no {lacking[1]}, and {step.by} needs one"] if lacking and not lacking[0] else []


def _outside(text: str, around: _Around) -> str:
    """Why an address is not one of the organisation's; empty where it is."""
    try:
        spec = _mail(text)
    except ValueError:
        return ""  # told already
    domain = spec.rpartition("@")[2].casefold()
    if domain in around.theirs:
        return f"{spec} is a client's; nothing ever goes to a client"
    if not spec or spec.casefold() in around.readers or domain in around.ours:
        return ""
    return f"{spec} is neither in workspace.domains nor one of an audience's emails"


def _around(plain: Mapping[str, object], rules: Mapping[str, str]) -> _Around:
    clients, workspace = _tables(plain.get("clients")), plain.get("workspace")
    audiences = [one for one in _list(plain.get("audience")) if isinstance(one, Mapping)]
    people: dict[str, tuple[str, str]] = {
        name.casefold(): (str(table.get("email", "")), str(table.get("slack", "")))
        for name, table in _tables(plain.get("people")).items()
    }
    for one in audiences:
        name, emails = str(one.get("name", "")).casefold(), _texts(one.get("emails"))
        slack = next((login for login in _texts(one.get("logins")) if PERSON.fullmatch(login)), "")
        email, member = people.get(name, ("", ""))
        if name:
            people[name] = (email or next(iter(emails), ""), member or slack)
    return _Around(
        rules=rules, channels={name: str(one.get("use")) for name, one in _tables(plain.get("deliver")).items()},
        clients=tuple(clients), theirs=_folded(text for one in clients.values() for text in _texts(one.get("domains"))),
        ours=_folded(_texts(workspace.get("domains") if isinstance(workspace, Mapping) else ())),
        readers=_folded(text for one in audiences for text in _texts(one.get("emails"))), people=people,
    )  # fmt: skip


def _tables(value: object) -> dict[str, Mapping[str, object]]:
    found = value if isinstance(value, Mapping) else {}
    return {str(name): table for name, table in found.items() if isinstance(table, Mapping)}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _texts(value: object) -> list[str]:
    return [one for one in _list(value) if isinstance(one, str)]


def _folded(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(text.casefold() for text in texts)


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""
