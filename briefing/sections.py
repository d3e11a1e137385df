"""The tables of `briefing.toml` as they are written: what each key means, and how its text is read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from briefing.facts import Money

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

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, plain: Any) -> Any:
        """One value where a list is expected, and a date or a time without quotes, are clear."""
        if not isinstance(plain, Mapping):
            return plain
        kinds = {field.alias or name: field.annotation for name, field in cls.model_fields.items()}
        return {key: _as_meant(value, kinds.get(key)) for key, value in plain.items()}


def _as_meant(value: Any, kind: Any) -> Any:
    if tuple in {get_origin(kind), *map(get_origin, get_args(kind))}:
        values = [value] if isinstance(value, str | date) else value
        return [_in_quotes(one) for one in values] if isinstance(values, list) else values
    return _in_quotes(value) if kind is str else value


def _in_quotes(value: Any) -> Any:
    if isinstance(value, time) and not (value.second or value.microsecond):
        return f"{value:%H:%M}"
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


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
        return known_zone(value)

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
        opens, closes = working_hours(value)
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

    timezone: str = ""
    time: str = ""
    days_off: tuple[str, ...] | None = None
    """As in `[schedule]`, which stands for those that are not given."""

    sources: tuple[str, ...] = ()
    """Empty: all that are not personal to somebody else."""

    clients: tuple[str, ...] = ()
    """Empty: all. Else what is of these clients, the reader's own, or from a source personal to the reader."""

    channels: tuple[str, ...] = ()
    """Empty: all that no audience claims."""

    @field_validator("timezone", "time", "days_off")
    @classmethod
    def _readable(cls, value: Any, info: ValidationInfo) -> Any:
        return _timed(value, info.field_name or "") if value else value


def _timed(value: Any, key: str) -> Any:
    """A key of a timetable that can be read. Raises ValueError."""
    from briefing import schedule

    readers = {
        "timezone": known_zone, "time": schedule.clock_time, "days_off": schedule.dates, "catch_up": schedule.span
    }  # fmt: skip
    readers[key](value)
    return value


class SourceSection(BaseModel):
    """`[sources.NAME]`: a configured connector; what is not named here goes to the connector."""

    model_config = ConfigDict(extra="allow", frozen=True)

    use: str
    deadline: float = Field(default=120, gt=0)
    """Seconds for one stream."""

    cap: int = Field(default=4, ge=1, le=64)
    """Streams read side by side."""

    personal_to: str = ""
    """The audience that alone may know what it says."""

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

    @field_validator("timezone", "time", "days_off", "catch_up")
    @classmethod
    def _readable(cls, value: Any, info: ValidationInfo) -> Any:
        return value if (info.field_name, value) == ("timezone", "") else _timed(value, info.field_name or "")


class OrderSection(Section):
    """`[order]`: how many cards, and from what loss on."""

    floor: Decimal = Decimal(25)
    """A card stands in full from this loss before the next edition on, in the base currency."""

    full: int = Field(default=3, ge=1, le=10)
    lines: int = Field(default=4, ge=0, le=40)
    use_marks: bool = False
    """What was marked useful or noise moves its rule up or down in the order."""


def known_zone(value: str) -> str:
    """A time zone's name that is known. Raises ValueError."""
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


def working_hours(text: str) -> tuple[time, time]:
    """From when until when is worked: `09:00-18:00`. Raises ValueError."""
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


def holiday_dates(text: str, year: int) -> set[date]:
    """The dates of a country's holidays in the years around one, or the date that is written."""
    entry = _holiday_entry(text)
    if isinstance(entry, date):
        return {entry}
    import holidays

    country, part = entry
    return set(holidays.country_holidays(country, subdiv=part or None, years=(year - 1, year, year + 1)))
