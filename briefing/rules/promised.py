"""Whether a text promises to write by a day: "I'll send you the plan by Friday", "we will get back to you tomorrow".

Few patterns, each sure: the first person, a verb whose doing shows as a message (send, share, get back; not call, fix,
upload), a day in the same sentence, and no condition, doubt or question in it. Of several days the last one counts, and
where a day has two readings the later one, so that nothing is called overdue before it is.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from briefing.rules.asks import sentences

FURTHEST = timedelta(days=60)
"""A promise of a day further ahead than this was misread."""

_FIRST_PERSON = r"\b(?:i|we)(?:'ll| will)(?: (?:then|also|gladly|definitely|certainly))? "
_WRITES = (
    r"(?:send|share|forward|mail|email|e-mail|write|reply|answer|respond|report back|get back|come back|"
    r"let (?:you|them) know|get (?:it|this|that|them|you)|give you|update you|follow up)\b"
)
_PROMISE = re.compile(_FIRST_PERSON + _WRITES)
_DOUBT = re.compile(
    r"\b(?:if|once|when|unless|as soon as|after|would|could|might|may|maybe|perhaps|try|hope|should|until|not|never|"
    r"whether)\b|n't\b|\?"
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_WEEKDAY = re.compile(r"\b(next )?(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b")
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if len(name) > 3 else name for name in _MONTHS)
_DATE = re.compile(rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})|({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?)\b")
_ORDINAL = re.compile(r"\b(?:by|on|before) the (\d{1,2})(?:st|nd|rd|th)\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_IN = re.compile(r"\b(?:in|within) (?:the next )?(a|one|two|three|four|five|\d{1,2}) (day|week)s?\b")
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


class Promise(NamedTuple):
    """What was promised, in its own words, and the last day of it."""

    sentence: str
    due: date


def says_later(sentence: str) -> bool:
    """Whether a sentence puts its reader off: "Give me some time, I will get back to you on Friday"."""
    plain = sentence.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower()
    return "?" not in plain and _PROMISE.search(plain) is not None


def promise(text: str, said: date) -> Promise | None:
    """The first promise of a text to write by a day; None where there is none that is sure.

    >>> promise("Thanks! I'll send you the plan by Friday.", date(2026, 11, 17))
    Promise(sentence="I'll send you the plan by Friday.", due=datetime.date(2026, 11, 20))
    >>> promise("I'll send it tomorrow if the printer is done.", date(2026, 11, 17)) is None
    True
    """
    for sentence in sentences(text):
        plain = sentence.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower()
        if _PROMISE.search(plain) and not _DOUBT.search(plain):
            due = max(days_in(plain, said), default=None)
            if due is not None and said <= due <= said + FURTHEST:
                return Promise(sentence, due)
    return None


def days_in(plain: str, said: date) -> Iterator[date]:
    """Every day that a text in lower case names, read from the day on which it was said."""
    if re.search(r"\b(?:today|tonight|eod|cob|end of (?:the )?day|this (?:morning|afternoon|evening))\b", plain):
        yield said
    if re.search(r"\btomorrow\b", plain):
        yield said + timedelta(days=1)
    friday = said + timedelta(days=(4 - said.weekday()) % 7)
    if re.search(r"\b(?:end of (?:the |this )?week|eow|this week)\b", plain):
        yield friday
    if re.search(r"\bnext week\b", plain):
        yield friday + timedelta(days=7)
    if re.search(r"\bend of (?:the |this )?month\b", plain):
        yield said.replace(day=monthrange(said.year, said.month)[1])
    for later, name in _WEEKDAY.findall(plain):
        number = next(n for n, full in enumerate(_WEEKDAYS) if full.startswith(name))
        # "On Friday", said on a Friday, may be a week away; and "next Friday" may be the one after the next.
        ahead = (number - said.weekday()) % 7 or 7
        yield said + timedelta(days=ahead + (7 if later else 0))
    for count, unit in _IN.findall(plain):
        number = _NUMBERS.get(count) or int(count)
        yield said + timedelta(days=number * 7 if unit == "week" else number + 2 * (number // 5 + 1))
    yield from _dates_in(plain, said)


def _dates_in(plain: str, said: date) -> Iterator[date]:
    """Dates of a month, the next one from the day on which it was said."""
    for before, month_after, month_before, after in _DATE.findall(plain):
        name = (month_after or month_before)[:3]
        month = next(n for n, full in enumerate(_MONTHS, 1) if full.startswith(name))
        yield from _next(said, int(before or after), month)
    for day in _ORDINAL.findall(plain):
        months = (said.month, said.month % 12 + 1)
        yield from [found for month in months for found in _next(said, int(day), month)][:1]
    for year, month, day in _ISO.findall(plain):
        yield from _real(int(year), int(month), int(day))


def _next(said: date, day: int, month: int) -> Iterator[date]:
    for year in (said.year, said.year + 1):
        for found in _real(year, month, day):
            if found >= said:
                yield found
                return


def _real(year: int, month: int, day: int) -> Iterator[date]:
    if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]:
        yield date(year, month, day)
