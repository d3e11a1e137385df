"""The reader's calendar in the simulated agency: series, single meetings, collisions, and what only looks like one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import combinations
from zoneinfo import ZoneInfo

from briefing.demo import invitations
from briefing.demo.chance import Chance, stream
from briefing.demo.days import ZONE, is_workday, moment, plus
from briefing.demo.events import Event, Response
from briefing.demo.people import Company, Human, People
from briefing.demo.pipeline import Pipe
from briefing.demo.planted import NearMiss, Planted

AHEAD, BACK = 21, 30
"""Days that an export of the calendar reaches forward and back."""

BERLIN = "Europe/Berlin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """Two events of one day that seem to collide and do not."""

    day: date
    uids: tuple[str, str]
    kind: str


class Diary:
    """The reader's calendar over the days of one world."""

    def __init__(
        self, seed: int, people: People, pipe: Pipe, first: date, last: date, *, showcase: date | None = None
    ) -> None:
        self.seed, self.people, self.pipe, self.first, self.last = seed, people, pipe, first, last
        self.showcase = showcase

    @cached_property
    def series(self) -> tuple[Event, ...]:
        """What comes every week."""
        reader, start = self.people.reader, plus(self.first, -self.first.weekday())

        def weekly(uid: str, title: str, days: Sequence[int], hour: int, minutes: int, other: str) -> Event:
            organiser = self.people.staff_named(other)
            return Event(
                uid=f"{uid}@harbourlane.example", title=title, starts=moment(plus(start, days[0]), hour),
                minutes=minutes, organiser=organiser, guests=((organiser, "ACCEPTED"), (reader, "ACCEPTED")),
                weekdays=tuple(days),
            )  # fmt: skip

        abroad = datetime(start.year, start.month, start.day, 16, 0, tzinfo=ZoneInfo(BERLIN)) + timedelta(days=3)
        round_ = weekly("ops-round", "Operations round", (0,), 10, 60, "Sam")
        return (
            weekly("leads", "Leads meeting", (0, 1, 2, 3, 4), 9, 30, "Renee"),
            weekly("one-janine", "One to one with Janine", (2,), 16, 30, "Janine"),
            weekly("finance", "Finance check", (4,), 13, 45, "Clara"),
            replace(
                weekly("berlin", "Call with the Berlin studio", (3,), 10, 45, "Priya"), starts=abroad, zone=BERLIN
            ),
            self._with_exceptions(round_),
        )  # fmt: skip

    def _with_exceptions(self, event: Event) -> Event:
        """Every fourth round is moved to half past eleven, every ninth is called off."""
        days, moved, without = plus(event.starts.date(), 7), [], []
        for number in range(60):
            day = plus(days, 7 * number)
            if number % 4 == 3:
                moved.append((day, moment(day, 11, 30)))
            elif number % 9 == 8:
                without.append(day)
        return replace(event, moved=tuple(moved), without=tuple(without))

    @cached_property
    def singles(self) -> tuple[Event, ...]:
        """Single events of all days, planted ones among them."""
        ordinary = tuple(event for events, _ in self.days.values() for event in events)
        return (*ordinary, *(one.event for one in self.invitations))

    @cached_property
    def invitations(self) -> tuple[invitations.Invitation, ...]:
        """What is asked of the reader beside the ordinary days."""
        workdays = [day for day in self.days if is_workday(day)]

        def is_free(day: date, starts: datetime, minutes: int) -> bool:
            return self._is_free(day, self.days[day][0], starts, minutes)

        return tuple(invitations.drawn(self.seed, self.people, workdays, is_free))

    @cached_property
    def traps(self) -> tuple[Trap, ...]:
        """What seems to collide and does not."""
        return tuple(trap for _, traps in self.days.values() for trap in traps)

    @cached_property
    def days(self) -> dict[date, tuple[list[Event], list[Trap]]]:
        """What each day adds to the series."""
        found, day = {}, self.first
        extras = defaultdict(list)
        for number, extra in enumerate(self.pipe.extras):
            if extra.medium == "meeting":
                extras[extra.at.date()].append(
                    self._meeting(
                        f"met-{number}",
                        extra.subject.removeprefix("Re: "),
                        extra.at,
                        45,
                        (extra.outside,),
                        extra.at.date(),
                        ahead=1,
                    )
                )
        while day <= self.last:
            found[day] = self._day(day, extras[day]) if is_workday(day) else (extras[day], [])
            day = plus(day, 1)
        if self.showcase and is_workday(self.showcase):
            self._northwind_review(found[self.showcase][0], self.showcase)
        return found

    def _day(self, day: date, extras: list[Event]) -> tuple[list[Event], list[Trap]]:
        draw = stream(self.seed, "diary", day)
        events, traps = list(extras), []
        for number in range(draw.between(1, 3)):
            company = draw.one_of([c for c in self.people.clients if c.part == "talk"])
            minutes = draw.one_of((30, 45, 60))
            start = self._free_start(draw, day, events, minutes)
            if start is None:
                continue
            internal = draw.chance(0.35)
            title = draw.one_of(INSIDE) if internal else f"{company.name} {draw.one_of(OUTSIDE)}"
            guests = () if internal else tuple(draw.some_of(company.contacts, draw.between(1, 2)))
            uid = f"{day:%Y%m%d}-{number}"
            events.append(self._meeting(uid, title, start, minutes, guests, day, ahead=draw.between(3, 14)))
        base = [event for event in (*self.series, *events) if event.on(day) and event.taken]
        luck = draw.random()
        if luck < 0.28:
            events.append(self._over(draw, day, draw.one_of(base), f"{day:%Y%m%d}-x", draw.between(5, 50)))
        elif luck < 0.75:
            kind = draw.one_of(("declined", "free", "all day", "back to back", "cancelled"))
            other = draw.one_of(base)
            event = self._near(draw, kind, day, other)
            events.append(event)
            traps.append(Trap(day=day, uids=(other.uid, event.uid), kind=kind))
        return events, traps

    def _meeting(
        self, uid: str, title: str, starts: datetime, minutes: int, outside: Sequence[Human], day: date, ahead: int = 4
    ) -> Event:
        reader = self.people.reader
        guests: list[tuple[Human, Response]] = [(reader, "ACCEPTED")]
        guests += [(human, "ACCEPTED") for human in outside]
        if not outside:
            guests.append((self.people.staff[1 + len(uid) % 9], "ACCEPTED"))
        return Event(
            uid=f"{uid}@harbourlane.example", title=title, starts=starts, minutes=minutes, organiser=reader,
            guests=tuple(guests), known=plus(day, -ahead), note="Agenda: open points, next steps.",
            place="https://meet.harbourlane.example/room" if outside else "Room 2",
        )  # fmt: skip

    def _over(self, draw: Chance, day: date, other: Event, uid: str, minutes: int) -> Event:
        """A meeting that begins before another one is over."""
        times = other.on(day)
        assert times is not None
        starts = (times[1] - timedelta(minutes=min(minutes, other.minutes))).astimezone(ZONE)
        # Two events of one name at one time would be one meeting that stands there twice.
        title = draw.one_of([title for title in INSIDE if title != other.title])
        return self._meeting(uid, title, starts, draw.one_of((30, 45, 60)), (), day, draw.between(1, 6))

    def _near(self, draw: Chance, kind: str, day: date, other: Event) -> Event:
        event = self._over(draw, day, other, f"{day:%Y%m%d}-n", draw.between(10, 40))
        if kind == "declined":
            guests = tuple((human, "DECLINED" if human == self.people.reader else answer) for human, answer in
                           event.guests)  # fmt: skip
            organiser = self.people.staff_named("Owen")
            return replace(event, answer="DECLINED", guests=guests, organiser=organiser)
        if kind == "free":
            return replace(event, free=True, title="Open office hour")
        if kind == "all day":
            return replace(event, all_day=True, starts=moment(day, 0), minutes=1440, title="Trade fair in town")
        if kind == "cancelled":
            return replace(event, cancelled=True)
        times = other.on(day)
        assert times is not None
        return replace(event, starts=times[1].astimezone(ZONE), minutes=15)

    def _free_start(self, draw: Chance, day: date, events: Sequence[Event], minutes: int) -> datetime | None:
        for _ in range(8):
            starts = moment(day, draw.between(10, 16), draw.one_of((0, 30)))
            if self._is_free(day, events, starts, minutes):
                return starts
        return None

    def _is_free(self, day: date, events: Sequence[Event], starts: datetime, minutes: int) -> bool:
        ends = starts + timedelta(minutes=minutes)
        taken = [times for event in (*self.series, *events) if (times := event.on(day))]
        return not any(begin < ends and starts < end for begin, end in taken)

    def _northwind_review(self, events: list[Event], day: date) -> None:
        company: Company = self.people.client_named("Northwind")
        for hour in (10, 11, 13, 14, 15, 16):
            starts = moment(day, hour)
            if self._is_free(day, events, starts, 60):
                events.append(
                    self._meeting("northwind-review", "Northwind quarterly review", starts, 60, company.contacts[:2],
                                  day, 20)
                )  # fmt: skip
                return

    # --- what is in the calendar, and what holds ------------------------------------------------------------------

    @lru_cache(maxsize=3)  # noqa: B019  (a world lives as long as its process)
    def at(self, morning: date) -> tuple[Event, ...]:
        """The events that an export of a morning holds."""
        first, last = plus(morning, -BACK), plus(morning, AHEAD)
        singles = tuple(
            event
            for event in self.singles
            if first <= event.starts.date() <= last and (event.known is None or event.known < morning)
        )
        return (*self.series, *singles)

    def met(self, company: str, since: datetime, now: datetime) -> bool:
        """Whether the reader met somebody of a company between two moments."""
        return any(
            since <= event.starts and event.ends <= now and not event.cancelled
            and any(human.company == company for human, _ in event.guests)
            for event in self.singles
        )  # fmt: skip

    def today(self, morning: date) -> list[Event]:
        """What takes place today, also what is not taken."""
        return [event for event in self.at(morning) if event.on(morning)]

    def collisions(self, day: date, morning: date) -> set[frozenset[str]]:
        """Pairs of events of a day, both taken, that share time."""
        found = set()
        taken = [event for event in self.at(morning) if event.taken and event.on(day)]
        for one, other in combinations(taken, 2):
            mine, its = one.on(day), other.on(day)
            assert mine is not None
            assert its is not None
            if mine[0] < its[1] and its[0] < mine[1]:
                found.add(frozenset((one.uid, other.uid)))
        return found

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether these events collide today or in the days after; None for a rule of another subject.

        The id is one uid or two with a `+` between them.
        """
        if rule in set(invitations.PLANTS.values()):
            return any(one.event.uid == id and invitations.is_true(one, rule, morning) for one in self.invitations)
        if rule != "meeting-conflict":
            return None
        wanted = set(id.split("+"))
        return any(wanted <= pair for ahead in range(8) for pair in self.collisions(plus(morning, ahead), morning))

    def matters(self, morning: date) -> Iterator[Planted]:
        """Collisions of today; those of the next days may be told."""
        for ahead in range(8):
            for pair in sorted(self.collisions(plus(morning, ahead), morning), key=sorted):
                yield Planted(
                    rule="meeting-conflict", id="+".join(sorted(pair)), since=plus(morning, ahead), grey=ahead > 0
                )
        yield from invitations.matters(self.invitations, morning)

    def near_misses(self, morning: date) -> Iterator[NearMiss]:
        """What seems to collide today and does not."""
        for trap in self.traps:
            if trap.day == morning and frozenset(trap.uids) not in self.collisions(morning, morning):
                yield NearMiss(rule="meeting-conflict", id="+".join(sorted(trap.uids)), kind=trap.kind)
        yield from invitations.near_misses(self.invitations, morning)


INSIDE = (
    "Budget review",
    "Interview, developer",
    "Hiring round",
    "Tool review",
    "Rates for next year",
    "Team day plan",
)
OUTSIDE = ("check-in", "monthly", "kick-off", "review", "planning", "launch call")
