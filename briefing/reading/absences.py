"""Who is out, as calendars say it: "Out of office" in one's own, "Janine: vacation" in a shared one.

A sentence that names somebody as away must be true: a title counts only where it says so in full. "Newsletter out" and
"Bank holiday" name nobody; plain words ("Janine out") count only in a calendar that is one of absences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_LEAVE = r"(?:annual |sick |parental |maternity |paternity |unpaid |paid )?leave"
_SURE = rf"on {_LEAVE}|on (?:vacation|holiday)|out of (?:the )?office|ooo|o\.o\.o\.|pto|off sick"
_NAMED = rf"{_SURE}|{_LEAVE}|vacations?|sick(?: day)?|urlaub|krank|abwesend|elternzeit"
_REASON = rf"{_NAMED}|holidays?|days? off|time off|away|off|out|absent|im urlaub|krankheit|abwesenheit|ferien"
"""`_SURE` says it after a bare name, `_NAMED` also before one ("Holiday: Diwali" names no person), `_REASON` between
signs, alone, or in a calendar of absences."""

_NAME = r"(?P<name>[^\W\d_][\w.'\u2019-]*(?: [^\W\d_][\w.'\u2019-]*){0,2})"
_BETWEEN = r"\s*(?::|\||\s[-\u2013\u2014])\s*"

_WHOLE = re.compile(rf"(?:{_REASON})", re.IGNORECASE)
_SEPARATED = (
    re.compile(rf"{_NAME}{_BETWEEN}(?i:{_REASON})"),
    re.compile(rf"{_NAME} \((?i:{_REASON})\)"),
    re.compile(rf"(?i:{_NAMED}){_BETWEEN}{_NAME}"),
    re.compile(rf"{_NAME} (?:is )?(?i:{_SURE})"),
)
_LOOSE = re.compile(rf"{_NAME} (?:is )?(?i:{_REASON})")
_CALENDAR = re.compile(
    r"absen[ct]|vacation|holiday|leave|\bpto\b|\booo\b|out of office|who.?s (?:out|away)|time.?off|urlaub|abwesen",
    re.IGNORECASE,
)
_NOBODY = frozenset(
    """
    all annual blog campaign check client company day email emails everybody everyone half issue kids launch log lunch
    my national new newsletter office opt our paper pay post print public release report roll school season sell sign
    site sold staff state statutory studio team the time we website work bank family federal legal

    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december spring summer autumn fall winter easter christmas xmas thanksgiving

    anzac ascension assumption australia bastille boxing canada carnival chinese civic columbus constitution corpus
    diwali eid epiphany fasching fathers feast good halloween hanukkah independence juneteenth karneval labor labour
    liberation lunar memorial midsummer mothers orthodox ostern passover pentecost pfingsten presidents ramadan
    reformation republic rosh tag unity veterans weihnachten whit yom
    """.split()
)
"""Words that are in no person's name but in titles of the same form: "Bank holiday", "Good Friday: holiday"."""


def own_absence(title: str) -> bool:
    """Whether a title says that the calendar's owner is out, and nothing else.

    >>> own_absence("Out of office"), own_absence("Vacation planning")
    (True, False)
    """
    return _WHOLE.fullmatch(title.strip(" .!")) is not None


def is_absence_calendar(name: str) -> bool:
    """Whether a calendar is one of absences, by its name."""
    return _CALENDAR.search(name) is not None


def absent_person(title: str, *, in_absence_calendar: bool) -> str:
    """Whom a title names as out; empty where it names nobody.

    >>> absent_person("Janine: vacation", in_absence_calendar=False)
    'Janine'
    >>> absent_person("Newsletter out", in_absence_calendar=True)
    ''
    """
    title = " ".join(title.split())
    forms: Iterable[re.Pattern[str]] = (*_SEPARATED, _LOOSE) if in_absence_calendar else _SEPARATED
    for form in forms:
        found = form.fullmatch(title)
        if found and found["name"][0].isupper() and not _NOBODY & {*found["name"].casefold().split()}:
            return found["name"]
    return ""
