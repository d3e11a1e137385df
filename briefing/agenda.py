"""The reader's day: what is in the calendar, with whom, and what is open with those people. Pure.

Counting   times of meetings are added up; time in which two of them lie is told besides ("30 min of it double")
Free       working hours without anything hard or soft, overlapping meetings counted once; said only where every
           calendar was read whole, and from now on
Open       from outside: what is open about their client or with them; inside: what those colleagues own or are the
           subject of (in larger rounds only what concerns them and no client)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from briefing import diary, words
from briefing.document import Agenda, Appointment, Away, OpenMatter
from briefing.facts import AdAccount, AdDay, Deal, Meeting, Message, Milestone, Person, Project, Proposal, Task
from briefing.items import Card, Priced
from briefing.morning import Morning
from briefing.reading.text import folded
from briefing.rules.view import Facts, StreamReading

SMALL_ROUND = 3
"""Up to so many colleagues a meeting is about whatever they own."""

MOST_OPEN = 5
"""Open matters told for one meeting; the others are counted."""

FREE_STRETCH = timedelta(hours=1)
"""Shorter gaps are no free stretch (reference: attention semantics, "focus left")."""

RELEVANT: frozenset[str] = frozenset(
    kind.kind for kind in (Message, Project, Milestone, Task, Deal, Proposal, AdAccount, AdDay)
)
"""Kinds whose lists must be whole before a line says that nothing is open."""


def agenda(
    facts: Facts, morning: Morning, cards: Sequence[Card], rest: Sequence[Priced] = (),
    numbers: Mapping[str, int] | None = None, muted: Collection[str] = (),
) -> Agenda:  # fmt: skip
    """Today's appointments and what is open with their people; not known where no calendar is set up.

    `numbers` are the printed numbers of the cards by item id; without it cards count from 1 in their order. `muted` are
    ids of items that are open and not to be told.
    """
    readings = [reading for reading in facts.readings if Meeting.kind in reading.kinds]
    if not readings:
        return Agenda()
    counted = {one.id: n for n, card in enumerate(cards, 1) for one in card.members}
    placed = [one for card in cards for one in card.members]
    return _Day(facts, morning, readings, [*placed, *rest], counted if numbers is None else numbers, muted).agenda()


@dataclass(frozen=True)
class _Sorted:
    """What is in the calendar today, by what becomes of it."""

    listed: tuple[Meeting, ...]
    over: int
    cancelled: int
    declined: int

    @property
    def timed(self) -> tuple[Meeting, ...]:
        """Those with a time of day."""
        return tuple(meeting for meeting in self.listed if not meeting.all_day)


class _Day:
    """Puts the reader's day into the document's words."""

    def __init__(
        self, facts: Facts, morning: Morning, readings: Sequence[StreamReading], items: Sequence[Priced],
        numbers: Mapping[str, int], muted: Collection[str],
    ) -> None:  # fmt: skip
        self.muted = muted
        self.facts, self.morning, self.readings, self.numbers = facts, morning, readings, numbers
        self.items = tuple({one.id: one for one in items if one.item.matter != "meeting"}.values())
        self.reader = diary.reader_of(facts, morning)
        self.own = diary.own_meetings(facts, self.reader)
        self.whole = all(reading.status == "whole" for reading in readings)

    def agenda(self) -> Agenda:
        """The whole section."""
        today = self.sorted()
        return Agenda(
            known=True,
            appointments=tuple(self.appointment(meeting, today) for meeting in today.listed),
            summary=self.summary(today),
            away=self.away(),
            tomorrow=self.tomorrow(),
            notes=(*self.unread(), *self.foreign(), *_left_out(today)),
        )

    def sorted(self) -> _Sorted:
        """All-day entries first, then by time. What is over is counted, as is what was cancelled or declined."""
        today = [m for m in self.own if diary.is_on(m, self.morning.today, self.morning) and m.type != "place"]
        over = [m for m in today if not m.all_day and m.ends <= self.morning.now and self.weight(m) != "free"]
        ahead = [m for m in today if m.all_day or m.ends > self.morning.now or m.starts >= self.morning.now]
        cancelled = [m for m in ahead if m.cancelled]
        declined = [m for m in ahead if not m.cancelled and diary.answer(m, self.reader) == "declined"]
        gone = {id(m) for m in (*cancelled, *declined)}
        listed = [m for m in ahead if id(m) not in gone and not (m.all_day and m.type == "away")]
        listed.sort(key=lambda m: (not m.all_day, m.starts, m.ends, m.title, m.uid))
        return _Sorted(listed=tuple(listed), over=len(over), cancelled=len(cancelled), declined=len(declined))

    def weight(self, meeting: Meeting) -> diary.Weight:
        """How a meeting takes the reader's time."""
        return diary.weight(meeting, self.reader)

    # --- one appointment ---------------------------------------------------------------------------------------------

    def appointment(self, meeting: Meeting, today: _Sorted) -> Appointment:
        """One line of the day. A private one gives its time only."""
        private = meeting.private
        clients = () if private else diary.clients_of(meeting, self.facts, self.reader)
        everything = [] if private else self.matters(meeting, clients)
        matters = [one for one in everything if one.id not in self.muted]
        return Appointment(
            starts=meeting.starts if meeting.all_day else meeting.starts.astimezone(self.morning.zone),
            ends=meeting.ends if meeting.all_day else meeting.ends.astimezone(self.morning.zone),
            all_day=meeting.all_day,
            title="Private appointment" if private else meeting.title,
            with_=() if private else self.with_whom(meeting),
            client=clients[0] if len(clients) == 1 else "",
            open=tuple(self.open_matter(one) for one in matters[:MOST_OPEN]),
            problems=(*self.problems(meeting, today), *_more(matters)),
            place="" if private else meeting.place,
            nothing_open=bool(clients) and bool(self.outside(meeting)) and not everything and self.looked_everywhere(),
            unchecked=self.unchecked() if clients else (),
        )

    def outside(self, meeting: Meeting) -> list[Person]:
        """Guests who are not of our organisation."""
        guests = diary.others(meeting, self.reader)
        return [g.person for g in guests if diary.is_outside(g.person, self.facts, self.reader)]

    def with_whom(self, meeting: Meeting) -> tuple[str, ...]:
        """Names of those from outside who have not declined; a colleague only where it is the two of you.

        Nobody is named twice: not whom the title names already.
        """
        guests = diary.others(meeting, self.reader)
        coming = [guest.person for guest in guests if guest.response != "declined"]
        if len(guests) > 1:
            coming = [person for person in coming if diary.is_outside(person, self.facts, self.reader)]
        names = (self.facts.name(person) for person in coming)
        said = folded(meeting.title).split()
        return tuple(
            dict.fromkeys(name for name in names if folded(name).split()[:1] not in ([], *([w] for w in said)))
        )

    def problems(self, meeting: Meeting, today: _Sorted) -> tuple[str, ...]:
        """What is wrong with it, as sentences."""
        response = diary.answer(meeting, self.reader)
        found = [self.overlapping(meeting, today), self.all_declined(meeting)]
        if response == "none" and not self.reader.is_me(meeting.organiser):
            found.append("You have not answered.")
        if response == "tentative":
            found.append("You answered maybe.")
        if meeting.busy == "free" and not meeting.all_day:
            found.append("Marked as free, not counted.")
        if not meeting.zone_known:
            found.append("Its time zone is not known; read as yours.")
        return tuple(sentence for sentence in found if sentence)

    def overlapping(self, meeting: Meeting, today: _Sorted) -> str:
        """Told at the later one, such as "Overlaps Interview, developer (15:30); you accepted both."."""
        takes = [m for m in today.timed if self.weight(m) != "free"]
        if meeting not in takes:
            return ""
        before = [m for m in takes[: takes.index(meeting)] if diary.overlap(m, meeting)]
        if not before:
            return ""
        names = words.some([f"{diary.name_of(m)} ({self.clock(m.starts)})" for m in before], 3)
        accepted = all(diary.answer(m, self.reader) == "accepted" for m in (*before, meeting))
        said = f"; you accepted {'both' if len(before) == 1 else 'all'}" if accepted else ""
        return f"Overlaps {names}{said}."

    def all_declined(self, meeting: Meeting) -> str:
        """Where nobody from outside, or nobody at all, is coming."""
        guests = diary.others(meeting, self.reader)
        outside = [g for g in guests if diary.is_outside(g.person, self.facts, self.reader)]
        judged = outside or guests
        if not judged or any(guest.response != "declined" for guest in judged) or meeting.private:
            return ""
        if len(judged) == 1:
            return f"{self.facts.name(judged[0].person)} declined."
        kind = "guests" if len(judged) == len(guests) else "guests from outside"
        return f"Both {kind} declined." if len(judged) == 2 else f"All {len(judged)} {kind} declined."

    def clock(self, moment: datetime) -> str:
        """A time of day in the reader's zone."""
        return words.clock(moment.astimezone(self.morning.zone))

    # --- what is open ------------------------------------------------------------------------------------------------

    def matters(self, meeting: Meeting, clients: Sequence[str]) -> list[Priced]:
        """What is open with the people of a meeting, by the numbers of the cards, then in order."""
        guests = [guest.person for guest in diary.others(meeting, self.reader)]
        outside = self.outside(meeting)
        if clients or outside:
            names = self.names(outside)
            found = [one for one in self.items if one.item.client in clients or names & self.subjects(one)]
        else:
            found = [one for one in self.items if self.is_theirs(one, guests)]
        last = len(self.numbers) + 1
        return sorted(found, key=lambda one: self.numbers.get(one.id, last))

    def is_theirs(self, one: Priced, colleagues: Sequence[Person]) -> bool:
        """Whether an item belongs into a meeting among colleagues."""
        names = self.names(colleagues)
        if names & self.subjects(one):
            return True
        owned = one.item.owner is not None and self.facts.name(one.item.owner) in names
        return owned and (len(colleagues) <= SMALL_ROUND or not one.item.client)

    def names(self, persons: Iterable[Person]) -> set[str]:
        """Printed names: the same for every source that means the same person."""
        return {self.facts.name(person) for person in persons} - {""}

    def subjects(self, one: Priced) -> set[str]:
        """Whom an item concerns."""
        return self.names(one.item.people)

    def open_matter(self, one: Priced) -> OpenMatter:
        """`3 proposal`, `6: 5 overdue tasks`; without a number where it is in no card."""
        short = one.item.short or one.item.line.rstrip(".")
        number = self.numbers.get(one.id)
        colon = ":" if short[:1].isdigit() else ""
        return OpenMatter(item=one.id, text=short if number is None else f"{number}{colon} {short}")

    def looked_everywhere(self) -> bool:
        """Whether every list in which something could be open was read whole."""
        relevant = [reading for reading in self.facts.readings if _may_hold_open_matters(reading)]
        return bool(relevant) and self.whole and all(reading.status == "whole" for reading in relevant)

    def unchecked(self) -> tuple[str, ...]:
        """Lists that were not read today, or are old."""
        missing = {
            reading.place or reading.source: None
            for reading in self.facts.readings
            if _may_hold_open_matters(reading) and reading.status in ("missing", "stale")
        }
        return tuple(f"{place}: not checked today." for place in missing)

    # --- the day as a whole ------------------------------------------------------------------------------------------

    def summary(self, today: _Sorted) -> str:
        """How many meetings, how long, how much of it double; and the longest free stretch."""
        if not self.own:
            return ""
        return words.sentence(self.count(today), self.free(today))

    def count(self, today: _Sorted) -> str:
        """How many, how long, how much of it twice."""
        takes = [m for m in today.timed if self.weight(m) != "free"]
        noun = "meeting" if all(m.type == "meeting" for m in takes) else "appointment"
        read = "" if self.whole else " in what was read"
        over = f"; {today.over} {'is' if today.over == 1 else 'are'} over" if today.over else ""
        if not takes:
            return f"No {'more ' if over else ''}{noun}s today{read}{over}."
        spans = [span for m in takes if (span := self.within_today(m))]
        double = diary.total(spans) - diary.total(diary.union(spans))
        twice = f", {words.hours(double)} of it double" if double else ""
        left = " left" if over else ""
        return f"{words.count(len(takes), noun)}{left}, {words.hours(diary.total(spans))}{twice}{read}{over}."

    def within_today(self, meeting: Meeting) -> tuple[datetime, datetime] | None:
        """The part of a meeting that lies today."""
        start = datetime.combine(self.morning.today, time(), self.morning.zone)
        end = datetime.combine(self.morning.today + timedelta(days=1), time(), self.morning.zone)
        begins, ends = max(meeting.starts, start), min(meeting.ends, end)
        return (begins, ends) if begins < ends else None

    def free(self, today: _Sorted) -> str:
        """The longest stretch of working hours, from now on, without anything in it. Silent where that is not sure."""
        morning, calendar = self.morning, self.morning.calendar
        opens, closes = (datetime.combine(morning.today, t, morning.zone) for t in (calendar.opens, calendar.closes))
        opens = max(opens, morning.now)
        out = any(m.all_day and m.type == "away" and diary.is_on(m, morning.today, morning) for m in self.own)
        sure = self.whole and all(m.zone_known for m in today.listed) and not out
        if not sure or not calendar.is_workday(morning.today) or opens >= closes:
            return ""
        taken = diary.union((m.starts, m.ends) for m in today.timed if self.weight(m) != "free")
        gaps = _gaps(opens, closes, taken)
        longest = max(gaps, key=lambda gap: (diary.total([gap]), -gap[0].timestamp()), default=None)
        if longest is None or diary.total([longest]) < FREE_STRETCH:
            return "No free stretch of an hour."
        return f"Longest free stretch {self.clock(longest[0])} to {self.clock(longest[1])}."

    def away(self) -> tuple[Away, ...]:
        """Who is out today, to the first workday back; the reader too."""
        out = dict(self.facts.directory.out_until)
        today = self.morning.today
        for meeting in self.own:
            mine = (
                meeting.all_day and meeting.type == "away" and not meeting.cancelled and self.weight(meeting) == "hard"
            )
            name = next((self.facts.name(person) for person in self.reader.persons), "") or self.reader.name
            if mine and name and diary.is_on(meeting, today, self.morning):
                back = self.morning.calendar.next_workday(diary.days_of(meeting, self.morning)[1])
                out[name] = max(out.get(name, back), back)
        return tuple(Away(name=name, until=until) for name, until in sorted(out.items()))

    def tomorrow(self) -> str:
        """`Tomorrow starts 08:30 with Copperfield.` The next workday's first meeting; silent where there is none."""
        day = self.morning.next_edition
        first = next(
            (
                m for m in self.own
                if not m.all_day and self.morning.date_of(m.starts) == day and self.weight(m) != "free"
            ),
            None,
        )  # fmt: skip
        if first is None:
            return ""
        name = words.day(day, self.morning.today)
        clients = () if first.private else diary.clients_of(first, self.facts, self.reader)
        what = f" with {clients[0]}" if len(clients) == 1 else f": {diary.name_of(first)}"
        return f"{name[:1].upper()}{name[1:]} starts {self.clock(first.starts)}{what}."

    def unread(self) -> tuple[str, ...]:
        """Calendars that were not read whole, each with what is missing."""
        return tuple(sentence for reading in self.readings if (sentence := self.not_whole(reading)))

    def not_whole(self, reading: StreamReading) -> str:
        """What a reader must know of one calendar's reading."""
        place = reading.place or reading.source[:1].upper() + reading.source[1:]
        problem = reading.problem.strip().rstrip(".")
        if reading.status == "missing":
            return f"{place} was not read{f': {problem}' if problem else ''}."
        if reading.status == "partial":
            return f"{place}: {words.count(reading.skipped_count, 'entry', 'entries')} could not be read."
        when = reading.as_of or reading.fetched_at
        if reading.status == "stale" and when is not None:
            local = when.astimezone(self.morning.zone)
            return f"{place} is of {words.day(local.date(), self.morning.today)} {words.clock(local)}."
        return ""

    def foreign(self) -> tuple[str, ...]:
        """Where calendars were read and none is the reader's: whose they are."""
        owners = {self.facts.name(m.calendar_owner): None for m in self.facts.of(Meeting) if m.calendar_owner}
        if self.own or not owners:
            return ()
        return (f"No calendar that was read is yours; they are of {words.some(sorted(owners), 3)}.",)


def _may_hold_open_matters(reading: StreamReading) -> bool:
    """Whether something could be open in a list; of a source that did not even say what it has, anything could."""
    return bool(reading.kinds & RELEVANT) or (reading.status == "missing" and not reading.kinds)


def _more(matters: Sequence[Priced]) -> tuple[str, ...]:
    more = len(matters) - MOST_OPEN
    return (f"{words.count(more, 'further matter')} open.",) if more > 0 else ()


def _left_out(today: _Sorted) -> tuple[str, ...]:
    counts = ((today.declined, "declined by you"), (today.cancelled, "cancelled"))
    told = [f"{count} {what}" for count, what in counts if count]
    return (f"Left out: {words.listed(told)}.",) if told else ()


def _gaps(
    opens: datetime, closes: datetime, taken: Iterable[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:  # fmt: skip
    """Stretches between two times that nothing covers."""
    gaps, free = [], opens
    for start, end in taken:
        if start > free:
            gaps.append((free, min(start, closes)))
        free = max(free, end)
        if free >= closes:
            break
    if free < closes:
        gaps.append((free, closes))
    return [(start, end) for start, end in gaps if start < end]
