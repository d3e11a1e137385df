"""The configuration: `briefing.toml`, read once at the edge into typed settings.

All problems are told at once, each with its path and the nearest known key. Secrets stay references until a connector
is built.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from briefing.deliver.slack_settings import SlackChannel
from briefing.errors import ConfigError
from briefing.facts import Money, Person
from briefing.morning import Audience, WorkCalendar
from briefing.secrets import is_reference

if TYPE_CHECKING:
    from briefing.schedule import Timetable

FILE_NAME = "briefing.toml"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _money(value: object) -> object:
    """`"4200 USD"`."""
    if isinstance(value, str):
        parts = value.split()
        try:
            if len(parts) == 2 and len(parts[1]) == 3:
                return Money(amount=Decimal(parts[0].replace(",", "")), currency=parts[1].upper())
        except InvalidOperation:
            pass
    if isinstance(value, Money):
        return value
    msg = 'write an amount and a currency, such as "4200 USD"'
    raise ValueError(msg)


Price = Annotated[Any, BeforeValidator(_money)]


class Section(BaseModel):
    """A table of the file: unknown keys are problems."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class WorkspaceSection(Section):
    """`[workspace]`: whose operations these are, and when they work."""

    name: str = "Workspace"
    timezone: str = "UTC"
    workdays: tuple[str, ...] = WEEKDAYS[:5]
    hours: str = "09:00-18:00"
    holidays: tuple[str, ...] = ()
    """Country codes (`US`, `DE-BY`) and dates (`2026-12-24`)."""

    domains: tuple[str, ...] = ()
    """Our own e-mail domains: everybody else is outside."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return _zone(value)

    @field_validator("workdays")
    @classmethod
    def _known_days(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        days = tuple(_weekday(day) for day in value)
        if not days:
            msg = "name at least one workday"
            raise ValueError(msg)
        return days

    @field_validator("hours")
    @classmethod
    def _known_hours(cls, value: str) -> str:
        opens, closes = _hours(value)
        if not opens < closes:
            msg = "the day must open before it closes"
            raise ValueError(msg)
        return value

    @field_validator("holidays")
    @classmethod
    def _known_holidays(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            _holiday_entry(entry)
        return value


class CurrencySection(Section):
    """`[currency]`: in what amounts are compared."""

    base: str = ""
    """Empty: the most frequent currency of the facts."""

    rates: Mapping[str, Decimal] = Field(default_factory=dict)
    """What one unit of another currency is worth in the base currency."""

    as_of: date | None = None


class AudienceSection(Section):
    """`[[audience]]`: a person the briefing is for."""

    name: str = ""
    emails: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    """User ids in chat and project tools."""


class SourceSection(BaseModel):
    """`[sources.NAME]`: a configured connector; what is not named here goes to the connector."""

    model_config = ConfigDict(extra="allow", frozen=True)

    use: str
    deadline: float = Field(default=120, gt=0)
    """Seconds for one stream."""

    cap: int = Field(default=4, ge=1, le=64)
    """Streams read side by side."""

    @property
    def settings(self) -> dict[str, object]:
        """What the connector is built with."""
        return dict(self.model_extra or {})


class ClientSection(Section):
    """`[clients.NAME]`."""

    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    monthly_fee: Price | None = None
    target_cpl: Price | None = None
    owner: str = ""


class ScheduleSection(Section):
    """`[schedule]`: when the edition of a workday is due."""

    time: str = "06:30"
    timezone: str = ""
    """The reader's; default: the workspace's."""

    days_off: tuple[str, ...] = ()
    """Dates without an edition besides the workspace's holidays: `2026-12-28`, `2026-12-28..2027-01-02`."""

    catch_up: str = "6h"
    """How late an edition is still sent."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return value and _zone(value)

    @field_validator("time", "days_off", "catch_up")
    @classmethod
    def _readable(cls, value: Any, info: ValidationInfo) -> Any:
        from briefing import schedule

        readers = {"time": schedule.clock_time, "days_off": schedule.dates, "catch_up": schedule.span}
        readers[info.field_name or ""](value)
        return value


class OrderSection(Section):
    """`[order]`: how many cards, and from what loss on."""

    floor: Decimal = Decimal(25)
    """A card stands in full from this loss before the next edition on, in the base currency."""

    full: int = Field(default=3, ge=1, le=10)
    lines: int = Field(default=4, ge=0, le=40)


def _reference(value: str) -> str:
    if value and not is_reference(value):
        msg = "write a reference such as env:NAME or file:PATH, never the secret itself"
        raise ValueError(msg)
    return value


def _mail_address(value: str) -> str:
    from briefing.deliver.mail import address

    address(value)
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*", value):
        msg = "write a host such as smtp.example.com; the port has a key of its own"
        raise ValueError(msg)
    return value


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


SecretReference = Annotated[str, AfterValidator(_reference)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class EmailChannel(Section):
    """`[deliver.NAME] use = "email"`: over SMTP."""

    use: Literal["email"]
    host: Annotated[str, AfterValidator(_host)]
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: Literal["tls", "starttls", "none"] | None = None
    """From the port where it is not given: 465 tls, 587 starttls."""

    ca_file: str = ""
    """The authority of a certificate of one's own."""

    username: str = ""
    password: SecretReference = ""
    access_token: SecretReference = ""
    refresh_token: SecretReference = ""
    client_id: str = ""
    client_secret: SecretReference = ""
    token_url: str = ""
    sender: MailAddress = Field(alias="from")
    to: tuple[MailAddress, ...] = ()
    """Empty: the audience's first address."""

    reply_to: Annotated[str, AfterValidator(lambda value: value and _mail_address(value))] = ""
    deadline: float = Field(default=60, gt=0, le=3600)
    """Seconds for one try."""

    patience: float = Field(default=1200, ge=0, le=21600)
    """Seconds within which a server that says "later" is tried again in the same run."""

    @property
    def way(self) -> Literal["tls", "starttls", "none"] | None:
        """How the connection is protected; None where the port does not tell."""
        by_port: Mapping[int | None, Literal["tls", "starttls"]] = {None: "tls", 465: "tls", 587: "starttls"}
        return self.tls or by_port.get(self.port)

    def problems(self) -> list[str]:
        """What is wrong between the keys."""
        found = []
        if self.way is None:
            found.append(f'tls: port {self.port} does not tell; write "tls", "starttls" or "none"')
        if self.way == "none" and self.host not in HERE:
            found.append('tls: "none" is for a mail server on this machine; a mail goes nowhere in plain text')
        if (self.port, self.tls) in {(465, "starttls"), (587, "tls")}:
            found.append(f'tls: port {self.port} is for "{"tls" if self.port == 465 else "starttls"}"')
        ways = [name for name in ("password", "access_token", "refresh_token") if getattr(self, name)]
        if self.username and len(ways) != 1:
            found.append("password: give one of password, access_token and refresh_token with username")
        if ways and not self.username:
            found.append(f"username: is missing, and {ways[0]} is there")
        if self.refresh_token and not (self.client_id and self.token_url):
            found.append("refresh_token: needs client_id and token_url too")
        return found


class FileChannel(Section):
    """`[deliver.NAME] use = "file"`: dated files in a folder."""

    use: Literal["file"]
    folder: str = Field(min_length=1)
    forms: tuple[Literal["html", "md", "text", "json"], ...] = ("html", "md")
    latest: Literal["link", "copy"] = "link"

    @field_validator("forms")
    @classmethod
    def _some_form(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            msg = "name at least one form"
            raise ValueError(msg)
        return value

    def problems(self) -> list[str]:
        """None: its keys do not depend on each other."""
        return []


class OutputChannel(Section):
    """`[deliver.NAME] use = "stdout"`."""

    use: Literal["stdout"]
    form: Literal["html", "md", "text", "json"] = "text"

    def problems(self) -> list[str]:
        """None: its keys do not depend on each other."""
        return []


AnyChannel = EmailChannel | FileChannel | OutputChannel | SlackChannel
CHANNELS: Mapping[str, type[AnyChannel]]
CHANNELS = {"email": EmailChannel, "slack": SlackChannel, "file": FileChannel, "stdout": OutputChannel}


class Settings(Section):
    """The whole file."""

    version: int = 1
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
    max_age: Annotated[str, AfterValidator(_age)] = "2h"
    """How old readings may be before a run asks again."""

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's zone."""
        return ZoneInfo(self.workspace.timezone)

    def calendar(self, year: int) -> WorkCalendar:
        """The work calendar with the holidays of the years around one."""
        section = self.workspace
        opens, closes = _hours(section.hours)
        days: set[date] = set()
        for entry in section.holidays:
            days |= _holiday_dates(entry, year)
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
            zone=ZoneInfo(section.timezone) if section.timezone else self.zone, calendar=self.calendar(year),
            catch_up=schedule.span(section.catch_up),
        )  # fmt: skip

    def reader(self) -> Audience:
        """The first audience."""
        if not self.audience:
            return Audience()
        first = self.audience[0]
        persons = [Person(email=email) for email in first.emails] + [Person(id=login) for login in first.logins]
        if first.name:
            persons.append(Person(name=first.name))
        return Audience(name=first.name, persons=tuple(persons))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        msg = f'"{value}" is not a time zone; write one such as Europe/Berlin'
        raise ValueError(msg) from error
    return value


def _weekday(text: str) -> str:
    found = [day for day in WEEKDAYS if len(text) >= 2 and day.startswith(text.lower())]
    if len(found) != 1:
        msg = f'"{text}" is not a weekday'
        raise ValueError(msg)
    return found[0]


def _hours(text: str) -> tuple[time, time]:
    try:
        opens, closes = text.split("-")
        return time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())
    except ValueError as error:
        msg = 'write working hours such as "09:00-18:00"'
        raise ValueError(msg) from error


def _holiday_entry(text: str) -> date | tuple[str, str]:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    import holidays

    country, _, part = text.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        msg = f'"{text}" is neither a date nor a country code such as US or DE-BY'
        raise ValueError(msg)
    if part and part not in known[country]:
        near = difflib.get_close_matches(part, known[country], n=1)
        msg = f'"{text}": {country} has no part {part}' + (f' (did you mean "{country}-{near[0]}"?)' if near else "")
        raise ValueError(msg)
    return country, part


def _holiday_dates(text: str, year: int) -> set[date]:
    entry = _holiday_entry(text)
    if isinstance(entry, date):
        return {entry}
    import holidays

    country, part = entry
    return set(holidays.country_holidays(country, subdiv=part or None, years=(year - 1, year, year + 1)))


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
    if plain.get("version", 1) != 1:
        problems.append(f"version: {plain['version']} is not known; this program reads version 1")
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(plain)
    except ValidationError as error:
        problems += [_problem(detail) for detail in error.errors()]
    named = plain.get("rules") or plain.get("prices")  # else nothing is loaded that a look at the clock has no use for
    rules = load_all() if named else {}
    for section in ("rules", "prices"):
        table = plain.get(section)
        for name in table if isinstance(table, Mapping) else ():
            if name not in rules:
                problems.append(f"{section}.{name}: there is no such rule{_nearest(name, rules)}")
            elif section == "rules" and isinstance(table, Mapping):
                problems += _threshold_problems(name, table[name], rules[name].limits)
    problems += _delivery_problems(plain)
    if settings is not None:
        problems += _schedule_problems(settings)
    if problems or settings is None:
        raise ConfigError(problems, where=where)
    return settings


def _schedule_problems(settings: Settings) -> list[str]:
    """An edition is dated in the workspace's zone: it is wrong where the reader has another date at that time."""
    section, here = settings.schedule, settings.workspace.timezone
    if section.timezone in {"", here}:
        return []
    # Any year shows what two zones and their summer times do to each other.
    if settings.timetable(2026).dated_alike(settings.zone, 2026):
        return []
    time = f"schedule.timezone: from {section.time} in {section.timezone} until the end of catch_up"
    return [f"{time} the date in {here} is not always the same; take another time or a shorter catch_up"]


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
        if isinstance(channel, EmailChannel):
            problems += [f"deliver.{name}.{problem}" for problem in _recipient_problems(channel, plain)]
        elif isinstance(channel, SlackChannel):
            problems += [f"deliver.{name}.{problem}" for problem in channel.reader_problems(plain)]
    return problems


def _recipient_problems(channel: EmailChannel, plain: Mapping[str, object]) -> list[str]:
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
            problems.append(f"rules.{rule}.{key}: not a threshold of this rule{_nearest(key, known)}")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            problems.append(f"rules.{rule}.{key}: write a number")
    return problems


def _nearest(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""


def _problem(detail: Any) -> str:
    location = detail["loc"]
    # pydantic names the channel's kind in the path, where the file has none.
    shown = (*location[:2], *location[3:]) if location[:1] == ("deliver",) else location
    path = ".".join(str(part + 1 if isinstance(part, int) else part) for part in shown)
    if detail["type"] == "extra_forbidden":
        return f"{path}: not a known key{_nearest(str(location[-1]), _known_keys(location[:-1]))}"
    if detail["type"] == "union_tag_invalid":
        known = ", ".join(CHANNELS)
        return f'{path}.use: "{detail["ctx"]["tag"]}" is none of {known}{_nearest(detail["ctx"]["tag"], CHANNELS)}'
    if detail["type"] == "union_tag_not_found":
        return f"{path}.use: is missing; write one of {', '.join(CHANNELS)}"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "missing":
        message = "is missing"
    return f"{path}: {message[0].lower()}{message[1:]}"


def _known_keys(location: tuple[str | int, ...]) -> Mapping[str, object]:
    sections: dict[str, type[BaseModel]] = {
        "workspace": WorkspaceSection, "currency": CurrencySection, "audience": AudienceSection,
        "clients": ClientSection, "order": OrderSection, "schedule": ScheduleSection,
    }  # fmt: skip
    section = sections.get(str(location[0]), Settings) if location else Settings
    if location[:1] == ("deliver",) and len(location) > 2:
        section = CHANNELS[str(location[2])]
    return {field.alias or name: field for name, field in section.model_fields.items()}
