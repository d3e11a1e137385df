"""Numbers, dates and plurals as the briefing writes them. Every printed number passes through here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from briefing.facts import Money

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$"}
NO_CENTS = {"JPY", "KRW", "HUF", "CLP"}


def count(number: int, one: str, many: str = "") -> str:
    """`1 task`, `3 tasks`, `1,204 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def times(number: int) -> str:
    """How often: `once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def listed(names: Iterable[str], last: str = "and") -> str:
    """`Ann`, `Ann and Ben`, `Ann, Ben and Cid`."""
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}" if names else ""


def percent(share: float | Decimal) -> str:
    """`19 %` from 0.19; no sign."""
    return f"{int((abs(Decimal(str(share))) * 100).quantize(Decimal(1), ROUND_HALF_UP))} %"


def amount(value: Decimal, currency: str, *, cents: bool = False) -> str:
    """`$48,000`, `€1,234.50`, `CHF 900`."""
    places = Decimal("0.01") if cents and currency not in NO_CENTS else Decimal(1)
    rounded = value.quantize(places, ROUND_HALF_UP)
    sign, number = "-" if rounded < 0 else "", f"{abs(rounded):,}"
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{f'{currency} {number}'.strip()}"


def money(value: Money) -> str:
    """A field of a source: cents only where there are any, and under 1,000."""
    cents = value.amount != value.amount.to_integral_value() and abs(value.amount) < 1000
    return amount(value.amount, value.currency, cents=cents)


def unit_price(value: Decimal, currency: str) -> str:
    """A price of one thing (a lead, a click): always with cents below 1,000."""
    return amount(value, currency, cents=abs(value) < 1000)


def two_digits(value: Decimal, *, down: bool = False) -> Decimal:
    """An estimate to two figures: 268.80 is 270; a lower bound goes down."""
    if value == 0:
        return Decimal(0)
    step = Decimal(1).scaleb(max(value.adjusted() - 1, 0))
    return (value / step).quantize(Decimal(1), ROUND_FLOOR if down else ROUND_HALF_UP) * step


def day(when: date, today: date) -> str:
    """A date as people say it: `today`, `tomorrow`, `Tuesday` within six days, else `12 November`.

    A year is added when it is another one. A weekday alone is always the nearest in the direction of the sentence.
    """
    distance = (when - today).days
    if distance == 0:
        return "today"
    if distance == 1:
        return "tomorrow"
    if distance == -1:
        return "yesterday"
    if abs(distance) <= 6:
        return f"{when:%A}"
    return long_day(when, today)


def long_day(when: date, today: date) -> str:
    """`12 November`, with the year when it is not this one."""
    text = f"{when.day} {when:%B}"
    return text if when.year == today.year else f"{text} {when.year}"


def dated_day(when: date, today: date) -> str:
    """`Monday 9 November`: for a date that is read again later, and for one further away than a week."""
    return f"{when:%A} {long_day(when, today)}"


def full_day(when: date) -> str:
    """`Thursday 19 November 2026`."""
    return f"{when:%A} {when.day} {when:%B} {when.year}"


def clock(moment: datetime) -> str:
    """`06:43`, in the moment's own zone."""
    return f"{moment:%H:%M}"


def ago(days: int) -> str:
    """`today`, `yesterday`, `6 days ago`."""
    return "today" if days == 0 else "yesterday" if days == 1 else f"{count(days, 'day')} ago"


def workdays(number: int) -> str:
    """A distance to a date: `1 workday`, `3 workdays`.

    `0 workdays` is not always today: on a Friday it is the Sunday after, too. A sentence then names the day alone.
    """
    return count(number, "workday")


def hours(span: timedelta) -> str:
    """`45 min`, `3 h`, `3 h 30 min`."""
    minutes = round(span.total_seconds() / 60)
    whole, rest = divmod(minutes, 60)
    return f"{rest} min" if not whole else f"{whole} h" if not rest else f"{whole} h {rest} min"


def age(span: timedelta) -> str:
    """How old a reading is: `5 min`, `3 h`, `2 days`."""
    minutes = max(round(span.total_seconds() / 60), 0)
    if minutes < 90:
        return f"{minutes} min"
    return f"{round(minutes / 60)} h" if minutes < 48 * 60 else count(minutes // (24 * 60), "day")


def number(value: Decimal | float) -> str:
    """A count or measure without needless zeros: `27`, `1,176`, `16.8`."""
    value = Decimal(str(value))
    return f"{value:,.0f}" if value == value.to_integral_value() else f"{value.normalize():,f}"


def measured(value: Decimal, unit: str) -> str:
    """A value with its unit: `27 %`, `$1,200`, `4.5 h`, `1,176`. Rounded to what a reader compares."""
    if len(unit) == 3 and unit.isupper():
        return money(Money(amount=value, currency=unit))
    places = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    if value and abs(value) < 1:
        places = 1 - value.adjusted()
    rounded = number(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
    return f"{rounded} {unit}".strip()


ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def ordinal(number: int) -> str:
    """`first`, `second`, `tenth`, `11th`, `22nd`."""
    if number < len(ORDINALS):
        return ORDINALS[number]
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def sentence(*parts: str) -> str:
    """Sentences joined by spaces, empty ones left out."""
    return " ".join(part for part in parts if part)


def some(names: Sequence[str], most: int) -> str:
    """The first few of a list and how many more: `A, B and 3 more`."""
    if len(names) <= most:
        return listed(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
