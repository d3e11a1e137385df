"""Time zones as calendars name them: IANA names, Windows names, vendors' prefixes, and zones a calendar defines itself.

Zones are looked up per calendar. (The library's own look-up keeps every definition it ever saw under its name, so that
one file's "Customized Time Zone" would decide over another's.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cache
from typing import cast
from zoneinfo import ZoneInfo, available_timezones

from briefing.reading.cpu import cpu_limit

MOST_OBSERVANCES = 400
"""Definitions that list every change since 1900 have under 300."""

SECONDS = 0.5
"""Processor time for unfolding one definition; ordinary ones take a hundredth of it."""

_ALIASES = {"utc": "UTC", "gmt": "UTC", "z": "UTC", "zulu": "UTC"}


class Zones:
    """The time zones of one calendar."""

    def __init__(self, definitions: Mapping[str, Sequence[str]]) -> None:
        self._definitions = definitions
        self._found: dict[str, tzinfo | None] = {}

    def find(self, tzid: str) -> tzinfo | None:
        """The zone a name means; None where nobody knows."""
        if tzid not in self._found:
            self._found[tzid] = named(tzid) or self._defined(tzid)
        return self._found[tzid]

    def _defined(self, tzid: str) -> tzinfo | None:
        lines = self._definitions.get(tzid) or self._definitions.get(tzid.strip("/"))
        return defined(lines) if lines else None


def named(tzid: str) -> ZoneInfo | None:
    """The IANA zone behind a name.

    >>> named("W. Europe Standard Time"), named("/freeassociation.sourceforge.net/Europe/Zurich")
    (zoneinfo.ZoneInfo(key='Europe/Berlin'), zoneinfo.ZoneInfo(key='Europe/Zurich'))
    >>> named("Customized Time Zone") is None
    True
    """
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    name = tzid.strip().strip('"').strip("/")
    known = _known()
    if found := known.get(name.casefold()) or WINDOWS_TO_OLSON.get(name):
        return ZoneInfo(found)
    parts = name.split("/")
    for start in range(1, len(parts) - 1):  # a vendor's prefix; a single last part would be a guess
        if found := known.get("/".join(parts[start:]).casefold()):
            return ZoneInfo(found)
    return None


@cache
def _known() -> Mapping[str, str]:
    """IANA names by their lower case: asking the zone library for a name from outside opens files by that name."""
    return {name.casefold(): name for name in available_timezones()} | _ALIASES


def defined(lines: Sequence[str]) -> tzinfo | None:
    """The zone that a VTIMEZONE describes; None where it cannot be read.

    Its rules may repeat once a year only: others take minutes to unfold, and no zone needs them.
    """
    from icalendar import Timezone

    rules = [line.upper() for line in lines if line[:5].upper() == "RRULE"]
    count = sum(line.strip().upper() in ("BEGIN:STANDARD", "BEGIN:DAYLIGHT") for line in lines)
    if not 0 < count <= MOST_OBSERVANCES or any(not is_yearly(rule) for rule in rules):
        return None
    try:
        with cpu_limit(SECONDS):
            parsed = Timezone.from_ical("\r\n".join(lines) + "\r\n")
            if not isinstance(parsed, Timezone):
                return None
            zone = parsed.to_tz(lookup_tzid=False)
            # Looking far ahead unfolds a rule that never comes true here, within the limit, and not later.
            if datetime(2100, 1, 1, tzinfo=zone).utcoffset() is None:
                return None
    except Exception:  # noqa: BLE001 (three libraries read hostile text here and raise what they like)
        return None
    return cast(tzinfo, zone)


def is_yearly(rule: str) -> bool:
    """Whether a rule of a zone is of the one form zones have: every year, on a day.

    >>> is_yearly("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"), is_yearly("RRULE:FREQ=MINUTELY")
    (True, False)
    """
    parts = dict(part.partition("=")[::2] for part in rule.partition(":")[2].strip().split(";") if part)
    times = [parts.pop(name, "0") for name in ("BYHOUR", "BYMINUTE", "BYSECOND")]
    allowed = {"FREQ", "INTERVAL", "BYMONTH", "BYDAY", "BYMONTHDAY", "UNTIL", "COUNT", "WKST"}
    plain = all(value.isdigit() for value in (*times, parts.get("INTERVAL", "1")))
    return parts.get("FREQ") == "YEARLY" and plain and set(parts) <= allowed
