"""Which recurrence rules are expanded. Looks at the rule only; nothing is unfolded here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from briefing.reading.text import clean

Moment = date | datetime

MOST_STEPS = 60_000
"""From the start of a series to the end of the time asked for: 160 years of days, a second of work."""

PERIOD_DAYS = {"YEARLY": 365.0, "MONTHLY": 30.0, "WEEKLY": 7.0, "DAILY": 1.0, "HOURLY": 1 / 24}
TIMES_A_DAY = 24


def refusal(rule: str, start: Moment | None, until: datetime) -> str:
    """Why a rule is not expanded, as a clause for a reader; empty when it is.

    A minutely rule over 26 years takes a minute to unfold, an interval of 0 never ends.

    >>> refusal("FREQ=MINUTELY", None, datetime(2026, 11, 19, tzinfo=UTC))
    'repeats every minute, which is not expanded'
    """
    parts = rule_parts(rule)
    frequency = parts.get("FREQ", "")
    if frequency in ("SECONDLY", "MINUTELY"):
        return f"repeats every {frequency.lower().removesuffix('ly')}, which is not expanded"
    if frequency not in PERIOD_DAYS:
        return f'repeats by a rule that is not understood ("{clean(rule, 60)}")'
    if not parts.get("INTERVAL", "1").isdigit() or _interval(parts) < 1:
        return f'repeats with the interval "{clean(parts["INTERVAL"], 20)}", which is not a number of periods'
    if frequency == "HOURLY" and not parts.keys() & {"COUNT", "UNTIL", "BYHOUR"}:
        return "repeats every hour without an end, which is not expanded"
    if parts.get("RSCALE", "GREGORIAN") != "GREGORIAN":
        return f"repeats by the calendar {clean(parts['RSCALE'], 20)}, which is not read"
    if times_a_day(parts) > TIMES_A_DAY:
        return f"repeats more than {TIMES_A_DAY} times a day, which is not expanded"
    if start is not None and steps(parts, start, until) > MOST_STEPS:
        return f"has repeated {frequency.lower()} since {start.year}, which takes too many steps to expand"
    return ""


def rule_parts(rule: str) -> Mapping[str, str]:
    """`FREQ=WEEKLY;BYDAY=MO` by name, in capitals."""
    pairs = (part.partition("=") for part in rule.upper().split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


def times_a_day(parts: Mapping[str, str]) -> int:
    """How often a day a rule takes place at most, by its lists of hours, minutes and seconds."""
    lists = [parts.get(name, "") for name in ("BYHOUR", "BYMINUTE", "BYSECOND")]
    hours, minutes, seconds = (max(len({*values.split(",")}), 1) for values in lists)
    if parts.get("FREQ") == "HOURLY" and not lists[0]:
        hours = 24
    return hours * minutes * seconds


def steps(parts: Mapping[str, str], start: Moment, until: datetime) -> float:
    """Periods, or times of day where there are several, from a series' start to the last day that matters."""
    first = start if isinstance(start, datetime) else datetime.combine(start, time(), UTC)
    last = until
    if ended := re.match(r"(\d{4})(\d{2})(\d{2})", parts.get("UNTIL", "")):
        try:
            last = min(last, datetime(int(ended[1]), int(ended[2]), int(ended[3]), 23, 59, tzinfo=UTC))
        except ValueError:
            last = until
    days = (last - first).total_seconds() / 86_400
    periods = days / PERIOD_DAYS[parts["FREQ"]] / _interval(parts)
    if parts.get("COUNT", "").isdigit() and not any(name.startswith("BY") for name in parts):
        periods = min(periods, int(parts["COUNT"][:9]))
    a_day = times_a_day(parts)
    return max(periods, days * a_day) if a_day > 1 and parts["FREQ"] != "HOURLY" else periods


def comes_surely(rule: str) -> bool:
    """Whether a rule takes place at least once in every few of its periods, whenever it began.

    Only then does its expansion end soon after the time asked for. Others ("30 February", "the sixth Monday") may be
    searched until the year 9999: those are expanded under a limit of processor time, which costs three times as much.

    >>> comes_surely("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"), comes_surely("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    (True, False)
    """
    parts = rule_parts(rule)
    frequency, by = parts.get("FREQ"), {name for name in parts if name.startswith("BY")}
    if by & {"BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS", "BYWEEKNO", "BYYEARDAY", "BYEASTER"}:
        return False
    if frequency == "WEEKLY":
        return by <= {"BYDAY"} and not re.search(r"\d", parts.get("BYDAY", ""))
    if frequency == "DAILY":
        return not by or (by == {"BYDAY"} and _interval(parts) == 1 and not re.search(r"\d", parts["BYDAY"]))
    if frequency not in ("MONTHLY", "YEARLY") or {"BYDAY", "BYMONTHDAY"} <= by:
        return False
    if "BYMONTH" in by and frequency == "MONTHLY":
        return False
    numbers = [abs(int(n)) for n in re.findall(r"\d{1,4}", parts.get("BYDAY", "") + " " + parts.get("BYMONTHDAY", ""))]
    return all(1 <= n <= (4 if "BYDAY" in by else 28) for n in numbers)


def _interval(parts: Mapping[str, str]) -> int:
    return int(parts.get("INTERVAL", "1")[:9])
