"""Who is told next of an item that stays, and when: ladders as data, climbed from what was noted. Pure.

ladder   who is told of an item, after how long, by which channel: `[[escalate]]`
climb    one item on one ladder, from the run that first found it there until it is over or a person settled it
step     one person told; due once, with a result that is kept
contact  a person who can be told

A climb begins when a run finds the item and the ladder is for it; that moment is noted, and every step counts from it.
It ends when the item is no longer found where all was read, when somebody decided, did, snoozed or muted it, or when
nobody looks for it any more; found again after that, another one begins. What was not read ends nothing and is no
ground for a step either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from briefing.decisions import Decision, Key, Step, counting
from briefing.facts import Person
from briefing.morning import WorkCalendar

OWNER = "owner"
HAND = "hand"
"""The ladder of what is given to a colleague by hand."""

Unit = Literal["h", "wh", "wd"]
LONGEST: Mapping[Unit, int] = {"h": 1440, "wh": 480, "wd": 60}

ENDS: Mapping[str, str] = {"decided": "decided", "done": "marked done", "snoozed": "snoozed", "muted": "muted"}
"""Words of a person that end a climb. `handed` does not: it says who has it, not that it is over."""

AHEAD = timedelta(days=1)
"""A climb that began further ahead was dated by a wrong clock; it would be waited for, and nobody told."""

SETTLED = frozenset({"sent", "skipped", "refused", "uncertain"})
"""A step that ended so is not tried again by itself."""


def after(text: str) -> tuple[int, Unit]:
    """`4h` by the clock, `4wh` of working time, `2wd` on the second workday at the same time. Raises ValueError.

    >>> after("2wd")
    (2, 'wd')
    """
    found = re.fullmatch(r"(\d{1,4})\s*(h|wh|wd)", text.strip(), re.ASCII)
    units: dict[str, Unit] = {"h": "h", "wh": "wh", "wd": "wd"}
    if not found or int(found[1]) > LONGEST[units[found[2]]]:
        msg = f'"{text}" is no time such as "4h" (hours), "4wh" (working hours) or "2wd" (workdays), at most 60 days'
        raise ValueError(msg)
    return int(found[1]), units[found[2]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person who can be told."""

    name: str
    email: str = ""
    slack: str = ""
    known_as: frozenset[str] = frozenset()
    """Further names, addresses and ids."""

    def is_called(self, text: str) -> bool:
        """Whether this is the person's name, address or id."""
        return bool(text) and text.casefold() in {
            one.casefold() for one in (self.name, self.email, self.slack, *self.known_as)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step as it is configured."""

    number: int
    to: str
    after: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One ladder as it is configured."""

    name: str
    rules: frozenset[str] = frozenset()
    matters: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    always: bool = False
    rungs: tuple[Rung, ...]

    def is_for(self, one: Subject) -> bool:
        """Whether an item climbs it."""
        named = one.rule in self.rules or one.key[0] in self.matters
        return named and (not self.clients or one.client in self.clients)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One of today's items, as far as a ladder and its messages go."""

    key: Key
    rule: str
    id: str
    line: str
    client: str = ""
    since: date | None = None
    ask: str = ""
    url: str = ""
    owner: Person | None = None
    owner_name: str = ""
    read: str = ""
    """Where and when it was last seen so: `Slack 06:49`."""

    silent_from: date | None = None


Absent = Callable[[Key, str, date | None], str]
"""Why an item (its key, its rule, when its rule falls silent) is not found today; empty: it was not checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What a run knows."""

    now: datetime
    zone: ZoneInfo
    calendar: WorkCalendar
    found: Sequence[Subject]
    absent: Absent
    unread: Callable[[Key, str], str] = lambda key, _: key[1]
    """What was not read whole of all that an item (its key, its rule) rests on."""

    stops: Mapping[Key, str] = field(default_factory=dict)
    """Items that a person settled, and how: `decided by Maya`."""

    taken_back: Mapping[Key, datetime] = field(default_factory=dict)
    """When a word that had settled an item was last taken back."""

    withheld: Sequence[Subject] = ()
    """Items that rest on what the reader alone reads: nobody else is ever told of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """One item on one ladder, from the steps that were noted."""

    ladder: str
    key: Key
    began: datetime
    entries: tuple[Step, ...]

    @property
    def first(self) -> Step:
        """What was noted when it began."""
        return self.entries[0]

    @property
    def last(self) -> Step:
        """What was noted last: the item's line as it was then."""
        return self.entries[-1]

    @property
    def seen(self) -> Step:
        """The last entry that was made when the item was found: its line was true then."""
        found = [one for one in self.entries if one.state in {"began", "sending"} or _saw(one)]
        return found[-1] if found else self.first

    @property
    def ended(self) -> Step | None:
        """Why it is over; None while it is not."""
        return self.last if self.last.state == "ended" else None

    def result(self, number: int) -> Step | None:
        """What was noted last of one step; None where it was never begun."""
        return next((one for one in reversed(self.entries) if one.step == number), None)

    @property
    def results(self) -> tuple[Step, ...]:
        """The last entry of each step that was begun, in order."""
        numbers = sorted({one.step for one in self.entries if one.step > 0})
        return tuple(one for number in numbers if (one := self.result(number)))

    def first_try(self, one: Step) -> Step:
        """The last entry of a step that is tried again and again, with the time of its first failure, and in the words
        in which that reason was given first: servers number their refusals.
        """
        if one.state != "deferred":
            return one
        tries = [entry for entry in self.entries if entry.step == one.step]
        words = _unnumbered(one.detail)
        said = next(entry for entry in tries if entry.state == "deferred" and _unnumbered(entry.detail) == words)
        return replace(one, at=tries[0].at, detail=said.detail)


NOT_CHECKED = "not checked"
"""How the reason begins for which a step was put off whose item was not looked at."""


def _saw(one: Step) -> bool:
    return one.state == "deferred" and not one.detail.startswith(NOT_CHECKED)


def _unnumbered(text: str) -> str:
    """A reason without what differs from try to try; the codes of mail servers at its beginning stay."""
    code = re.match(r"\d{3} (\d\.\d{1,3}\.\d{1,3})?", text)
    return (code[0] if code else "") + re.sub(r"\S*\d\S*", "", text)


def climbs(steps: Iterable[Step]) -> list[Climb]:
    """All climbs, in the order in which they began."""
    found: dict[tuple[str, Key, datetime], list[Step]] = {}
    for one in steps:
        found.setdefault((one.ladder, one.key, one.began), []).append(one)
    return [
        Climb(ladder=ladder, key=key, began=began, entries=tuple(entries))
        for (ladder, key, began), entries in found.items()
    ]


def open_climbs(steps: Iterable[Step]) -> dict[tuple[str, Key], Climb]:
    """Those that are not over, but what was given by hand."""
    return {(one.ladder, one.key): one for one in climbs(steps) if not one.ended and one.ladder != HAND}


def interrupted(steps: Iterable[Step]) -> list[Step]:
    """Steps that were begun and whose end nobody noted. To be asked with the run's lock held."""
    return [one for climb in climbs(steps) for one in climb.results if one.state == "sending"]


# --- when a step is due ----------------------------------------------------------------------------------------------


def due_at(ladder: Ladder, number: int, began: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
    """When a step is due, in UTC: never before those above it; in working hours, unless the ladder says always."""
    moment = max(_counted(one.after, began, calendar, zone) for one in ladder.rungs if one.number <= number)
    return moment if ladder.always else opening(moment, calendar, zone)


def _counted(text: str, began: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
    count, unit = after(text)
    if unit == "h":
        return began.astimezone(UTC) + timedelta(hours=count)
    if unit == "wd":
        local = began.astimezone(zone)
        day = local.date()
        for _ in range(count):
            day = calendar.next_workday(day)
        return datetime.combine(day, local.timetz()).astimezone(UTC)
    moment, left = opening(began, calendar, zone), timedelta(hours=count)
    while (room := _closing(moment, calendar, zone) - moment) < left:
        left -= room
        day = calendar.next_workday(moment.astimezone(zone).date())
        moment = _at(day, calendar.opens, zone)
    return moment + left


def opening(moment: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
    """The first working moment at or after one, in UTC."""
    moment = moment.astimezone(UTC)
    day = moment.astimezone(zone).date()
    if calendar.is_workday(day):
        if moment < _at(day, calendar.opens, zone):
            return _at(day, calendar.opens, zone)
        if moment < _at(day, calendar.closes, zone):
            return moment
    return _at(calendar.next_workday(day), calendar.opens, zone)


def _closing(moment: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
    return _at(moment.astimezone(zone).date(), calendar.closes, zone)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def in_hours(moment: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> bool:
    """Whether people work at a moment."""
    return opening(moment, calendar, zone) == moment.astimezone(UTC)


# --- what a run has to do --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One step of one climb."""

    climb: Climb
    ladder: Ladder
    rung: Rung
    at: datetime
    """When it is or was due, in UTC."""

    subject: Subject | None = None
    """Today's item; None where it was not checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be noted and done."""

    begun: tuple[Climb, ...] = ()
    """Climbs that begin now, or go on after a word was taken back: their last entry is to be noted."""

    over: tuple[tuple[Climb, str], ...] = ()
    """Climbs that end now, and why."""

    due: tuple[Due, ...] = ()
    """Steps to be executed, the lowest first."""

    unread: tuple[Due, ...] = ()
    """Due, and not executed: whether the item is still so was not checked."""

    waiting: tuple[Due, ...] = ()
    """The next step of each climb that is still to come."""


def plan(ladders: Sequence[Ladder], steps: Sequence[Step], today: Today, *, run: str = "") -> Plan:
    """What follows from the ladders, what was noted, and today's items."""
    open_ones, by_name = open_climbs(steps), {one.name: one for one in ladders}
    here = _on_ladders(ladders, today)
    over = [(climb, why) for name, climb in open_ones.items() if (why := _over(name, climb, by_name, here, today))]
    gone = {(climb.ladder, climb.key) for climb, _ in over}
    last = {(one.ladder, one.key): one for one in climbs(steps)}
    begun = [
        _resumed(last.get((name, key)), subject, today, run) or _begun(name, subject, today.now, run)
        for (name, key), subject in here.items()
        if key not in today.stops and ((name, key) not in open_ones or (name, key) in gone)
    ]
    climbing = [one for name, one in open_ones.items() if name not in gone] + begun
    due, unread, waiting = [], [], []
    for climb in climbing:
        subject = here.get((climb.ladder, climb.key))
        left = [
            replace(one, subject=subject)
            for one in open_rungs(climb, by_name[climb.ladder], today.calendar, today.zone)
        ]
        now_due = [one for one in left if one.at <= today.now]
        due += [one for one in now_due if one.subject]
        unread += [one for one in now_due if not one.subject]
        waiting += [one for one in left if one.at > today.now][:1]
    return Plan(begun=tuple(begun), over=tuple(over), due=tuple(due), unread=tuple(unread), waiting=tuple(waiting))


def open_rungs(climb: Climb, ladder: Ladder, calendar: WorkCalendar, zone: ZoneInfo) -> list[Due]:
    """Steps of a climb that have not ended so that nobody tries them again, with when each is due."""
    return [
        Due(climb=climb, ladder=ladder, rung=rung, at=due_at(ladder, rung.number, climb.began, calendar, zone))
        for rung in ladder.rungs
        if (last := climb.result(rung.number)) is None or last.state not in SETTLED
    ]


def is_time(ladders: Iterable[Ladder], now: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> bool:
    """Whether a look between editions has anything to look for: working hours, or a ladder that knows none."""
    found = list(ladders)
    return any(one.always for one in found) or (bool(found) and in_hours(now, calendar, zone))


def _on_ladders(ladders: Sequence[Ladder], today: Today) -> dict[tuple[str, Key], Subject]:
    """Each item on each ladder that is for it: of several findings about one thing the first."""
    found: dict[tuple[str, Key], Subject] = {}
    for ladder in ladders:
        for one in today.found:
            if ladder.is_for(one):
                found.setdefault((ladder.name, one.key), one)
    return found


def _over(
    name: tuple[str, Key], climb: Climb, ladders: Mapping[str, Ladder], here: Mapping[tuple[str, Key], Subject],
    today: Today,
) -> str:  # fmt: skip
    """Why a climb ends now; empty where it goes on."""
    if climb.ladder not in ladders:
        return f"there is no ladder {climb.ladder} any more"
    if climb.began - today.now > AHEAD:
        return "it began at a time that has not come"
    if climb.key in today.stops:
        return today.stops[climb.key]
    if name in here:
        return ""
    if any(one.key == climb.key for one in today.found):
        return "the ladder is not for what it is now"
    return today.absent(climb.key, climb.last.rule, climb.last.silent_from)


def _resumed(last: Climb | None, subject: Subject, today: Today, run: str) -> Climb | None:
    """The climb that a word ended which was taken back since: who was told stays told."""
    if (
        last is None
        or last.ended is None
        or not last.ended.detail.startswith(tuple(f"{one} by " for one in ENDS.values()))
    ):
        return None
    back = today.taken_back.get(last.key)
    if back is None or back < last.ended.at:
        return None
    again = replace(_begun(last.ladder, subject, today.now, run).first, began=last.began)
    return replace(last, entries=(*last.entries, again))


def _begun(ladder: str, subject: Subject, now: datetime, run: str) -> Climb:
    first = Step(
        at=now, run=run, ladder=ladder, step=0, began=now, key=subject.key, rule=subject.rule, item=subject.id,
        line=subject.line, person="", channel="", recipient="", state="began", silent_from=subject.silent_from,
    )  # fmt: skip
    return Climb(ladder=ladder, key=subject.key, began=now, entries=(first,))


# --- what went wrong -------------------------------------------------------------------------------------------------


def failures(steps: Sequence[Step], decisions: Iterable[Decision] = ()) -> list[Step]:
    """Steps of open climbs that were due and reached nobody for certain, and that nobody has handled since.

    Handled: the climb ended, or the item was given to somebody by hand.
    """
    handed: dict[Key, datetime] = {}
    for one in steps:
        if one.ladder == HAND and one.state == "sent":
            handed[one.key] = max(one.at, handed.get(one.key, one.at))
    for said in counting(decisions):
        if said.word == "handed":
            handed[said.key] = max(said.at, handed.get(said.key, said.at))
    return [
        climb.first_try(one)
        for climb in open_climbs(steps).values()
        for one in climb.results
        if one.state not in {"sent", "skipped"} and not (one.key in handed and handed[one.key] >= one.at)
    ]


def stops_of(decisions: Iterable[Decision], today: date) -> dict[Key, str]:
    """Items that somebody's word settles today, and how. Words that were taken back do not count."""
    found: dict[Key, str] = {}
    for one in counting(decisions):
        if one.word not in ENDS:
            continue
        over = one.until is not None and today >= one.until
        if over or (one.word == "decided" and one.by_when is not None and today > one.by_when):
            found.pop(one.key, None)
        else:
            found[one.key] = f"{ENDS[one.word]} by {one.by}"
    return found


def contact(contacts: Iterable[Contact], *names: str) -> Contact | None:
    """The one contact who is called so; None where there is none, or several are."""
    for name in names:
        found = [one for one in contacts if one.is_called(name)]
        if found:
            return found[0] if len(found) == 1 else None
    return None
