"""The configuration: `briefing.toml`, read once at the edge into typed settings.

All problems are told at once, each with its path and the nearest known key. Secrets stay references until a connector
is built.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError

from briefing import audiences
from briefing.config_problems import nearest, said
from briefing.deliver.channel_settings import CHANNELS, AnyChannel, EmailChannel, GmailChannel, PingSection
from briefing.deliver.slack_settings import SlackChannel
from briefing.errors import ConfigError
from briefing.escalation_settings import EscalateSection, PersonSection
from briefing.escalation_settings import problems as escalation_problems
from briefing.facts import Person
from briefing.morning import Audience, WorkCalendar
from briefing.sections import (
    WEEKDAYS,
    AudienceSection,
    ClientSection,
    CurrencySection,
    OrderSection,
    ScheduleSection,
    Section,
    SourceSection,
    WorkspaceSection,
    holiday_dates,
    working_hours,
)

if TYPE_CHECKING:
    from briefing.schedule import Timetable

FILE_NAME = "briefing.toml"


def _age(value: str) -> str:
    """`30m`, `2h`, `1d`; at most a year, so that no clock overflows."""
    minutes = {"m": 1, "h": 60, "d": 1440}
    text = value.strip()
    try:
        good = 0 < float(text[:-1]) * minutes[text[-1:]] <= 366 * 1440
    except (KeyError, ValueError):
        good = False
    if not good:
        msg = f'"{value}" is not an age; write one such as "30m", "2h" or "1d"'
        raise ValueError(msg)
    return value


class Settings(Section):
    """The whole file."""

    version: Any = 1
    workspace: WorkspaceSection = WorkspaceSection()
    currency: CurrencySection = CurrencySection()
    audience: tuple[AudienceSection, ...] = ()
    sources: Mapping[str, SourceSection] = Field(default_factory=dict)
    clients: Mapping[str, ClientSection] = Field(default_factory=dict)
    rules: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    prices: Mapping[str, Decimal] = Field(default_factory=dict)
    order: OrderSection = OrderSection()
    schedule: ScheduleSection = ScheduleSection()
    deliver: Mapping[str, Annotated[AnyChannel, Field(discriminator="use")]] = Field(default_factory=dict)
    people: Mapping[str, PersonSection] = Field(default_factory=dict)
    escalate: tuple[EscalateSection, ...] = ()
    ping: PingSection = PingSection()
    max_age: Annotated[str, AfterValidator(_age)] = "2h"
    """How old readings may be before a run asks again."""

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's zone."""
        return ZoneInfo(self.workspace.timezone)

    def calendar(self, year: int) -> WorkCalendar:
        """The work calendar with the holidays of the years around one."""
        section = self.workspace
        opens, closes = working_hours(section.hours)
        days: set[date] = set()
        for entry in section.holidays:
            days |= holiday_dates(entry, year)
        return WorkCalendar(
            workdays=frozenset(WEEKDAYS.index(day) for day in section.workdays),
            holidays=frozenset(days),
            opens=opens,
            closes=closes,
        )

    def timetable(self, year: int) -> Timetable:
        """When editions are due, with the holidays of the years around one."""
        from briefing import schedule

        section = self.schedule
        return schedule.Timetable(
            at=schedule.clock_time(section.time), days_off=schedule.dates(section.days_off),
            zone=self.reader_zone, calendar=self.calendar(year),
            catch_up=schedule.span(section.catch_up),
        )  # fmt: skip

    def audience_problems(self) -> list[str]:
        """What is wrong between audiences, sources and channels."""
        return audiences.problems(self.audience, self.sources, self.clients, self.deliver)

    def narrowed(self, name: str = "") -> Settings:
        """These settings for one audience, by default the first: its sources, its channels, its timetable.

        Raises UsageError where there is no such audience.
        """
        one = audiences.find(self.audience, name)
        served = audiences.channels_of(one, self.audience, self.deliver)
        return self.model_copy(
            update={
                "audience": (one,) if one else (), "sources": audiences.sources_of(one, self.sources),
                "deliver": {name: self.deliver[name] for name in served},
                "schedule": audiences.schedule_of(one, self.schedule),
            }
        )  # fmt: skip

    def for_ladders(self, *, personal: bool = False) -> Settings:
        """These settings as ladders take them: what is personal to nobody, every channel, the first audience as reader.

        `personal`: with the reader's own sources.
        """
        first = audiences.find(self.audience, "")
        reader = (first.model_copy(update={"clients": (), "sources": ()}),) if first else ()
        return self.model_copy(
            update={
                "audience": reader, "schedule": audiences.schedule_of(first, self.schedule),
                "sources": audiences.sources_of_ladders(first, self.sources, personal=personal),
            }
        )  # fmt: skip

    @property
    def reader_zone(self) -> ZoneInfo:
        """The zone in which editions are dated: the first audience's."""
        of_schedule = audiences.schedule_of(self.audience[0] if self.audience else None, self.schedule).timezone
        return ZoneInfo(of_schedule) if of_schedule else self.zone

    def reader(self) -> Audience:
        """The first audience."""
        if not self.audience:
            return Audience()
        first = self.audience[0]
        persons = [Person(email=email) for email in first.emails] + [Person(id=login) for login in first.logins]
        if first.name:
            persons.append(Person(name=first.name))
        return Audience(name=first.name, persons=tuple(persons))


def locate(given: Path | None) -> Path | None:
    """The file to use: given, from BRIEFING_CONFIG, here, or in the user's folder. None when there is none."""
    if given is not None:
        return given
    if named := os.environ.get("BRIEFING_CONFIG"):
        return Path(named)
    here = Path(FILE_NAME)
    if here.is_file():
        return here
    import platformdirs

    home = Path(platformdirs.user_config_dir("briefing")) / FILE_NAME
    return home if home.is_file() else None


def read(path: Path) -> Settings:
    """Read and check a configuration file. Raises ConfigError with every problem."""
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(["there is no such file"], where=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"it cannot be read: {error}"], where=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"it is not TOML: {error}"], where=str(path)) from error
    return parse(plain, where=str(path))


def parse(plain: Mapping[str, object], *, where: str = FILE_NAME) -> Settings:
    """Settings from plain values. Raises ConfigError with every problem."""
    from briefing.rules import load_all

    problems: list[str] = []
    version = plain.get("version", 1)
    if isinstance(version, int) and version != 1:
        problems.append(f"version: {version} is not known; this program reads version 1")
    elif not isinstance(version, int):
        problems.append("version: write 1, without quotes")
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(plain)
    except ValidationError as error:
        problems += [said(detail) for detail in error.errors()]
    # Else nothing is loaded that a look at the clock has no use for.
    named = plain.get("rules") or plain.get("prices") or plain.get("escalate")
    rules = load_all() if named else {}
    for section in ("rules", "prices"):
        table = plain.get(section)
        for name in table if isinstance(table, Mapping) else ():
            if name not in rules:
                problems.append(f"{section}.{name}: there is no such rule{nearest(name, rules)}")
            elif section == "rules" and isinstance(table, Mapping):
                problems += _threshold_problems(name, table[name], rules[name].limits)
    problems += _channel_problems(plain, settings)
    problems += escalation_problems(plain, {name: rule.matter for name, rule in rules.items()})
    if problems or settings is None:
        raise ConfigError(problems, where=where)
    return settings


def _channel_problems(plain: Mapping[str, object], settings: Settings | None) -> list[str]:
    """What is wrong with audiences and channels; each channel is looked at for each audience that it serves."""
    if settings is None or len(settings.audience) < 2:
        own = settings.audience_problems() if settings is not None else []
        return [*own, *_delivery_problems(plain)]
    tables = cast(Mapping[str, object], plain.get("deliver", {}))
    found = settings.audience_problems()
    for one in settings.audience:
        served = audiences.channels_of(one, settings.audience, settings.deliver)
        its = {**plain, "audience": [one.model_dump()], "deliver": {name: tables[name] for name in served}}
        name = one.name or "one of them"
        found += [problem.replace("the audience ", f"{name} ", 1) for problem in _delivery_problems(its)]
    return list(dict.fromkeys(found))


def _delivery_problems(plain: Mapping[str, object]) -> list[str]:
    """What is wrong between the keys of a channel, and recipients who are not ours."""
    problems = []
    tables = plain.get("deliver")
    for name, table in tables.items() if isinstance(tables, Mapping) else ():
        kind = CHANNELS.get(str(table.get("use"))) if isinstance(table, Mapping) else None
        if not re.fullmatch(r"[\w][\w.-]{0,60}", name):
            problems.append(f'deliver.{name}: a channel is named with letters, digits, "-", "_" and "."')
        if kind is None:
            continue
        try:
            channel = kind.model_validate(table)
        except ValidationError:
            continue  # told already
        problems += [f"deliver.{name}.{problem}" for problem in channel.problems()]
        if isinstance(channel, EmailChannel | GmailChannel):
            problems += [f"deliver.{name}.{problem}" for problem in _recipient_problems(channel, plain)]
        elif isinstance(channel, SlackChannel):
            problems += [f"deliver.{name}.{problem}" for problem in channel.reader_problems(plain)]
    return problems


def _recipient_problems(channel: EmailChannel | GmailChannel, plain: Mapping[str, object]) -> list[str]:
    """The briefing goes to its audience and to our own domains, never to a client."""
    from briefing.deliver.mail import address

    try:
        ours = WorkspaceSection.model_validate(plain.get("workspace", {})).domains
        readers = [AudienceSection.model_validate(one) for one in cast(Sequence[object], plain.get("audience", ()))]
        clients = [
            ClientSection.model_validate(one) for one in cast(Mapping[str, object], plain.get("clients", {})).values()
        ]
    except (ValidationError, TypeError, AttributeError):
        return []  # told already
    known = {email.casefold() for reader in readers for email in reader.emails}
    domains = {domain.casefold() for domain in ours}
    theirs = {domain.casefold() for client in clients for domain in client.domains}
    if not channel.to and not (readers and readers[0].emails):
        return ["to: is missing, and the audience has no address"]
    problems = []
    for text in channel.to:
        one = address(text)
        domain = one.domain.casefold()
        if domain in theirs:
            problems.append(f"to: {one.addr_spec} is a client's; the briefing never goes to a client")
        elif domains and domain not in domains and one.addr_spec.casefold() not in known:
            problems.append(f"to: {one.addr_spec} is neither in workspace.domains nor one of the audience's emails")
    return problems


def _threshold_problems(rule: str, table: object, known: Mapping[str, object]) -> list[str]:
    if not isinstance(table, Mapping):
        return []
    problems = []
    for key, value in table.items():
        if key in {"clients", "types"} and isinstance(value, Mapping):
            for name, inner in value.items():
                problems += [
                    p.replace(f"rules.{rule}.", f"rules.{rule}.{key}.{name}.", 1)
                    for p in _threshold_problems(rule, inner, known)
                ]
        elif key == "enabled":
            if not isinstance(value, bool):
                problems.append(f"rules.{rule}.enabled: write true or false")
        elif key not in known:
            problems.append(f"rules.{rule}.{key}: not a threshold of this rule{nearest(key, known)}")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            problems.append(f"rules.{rule}.{key}: write a number")
    return problems
