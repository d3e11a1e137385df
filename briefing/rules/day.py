"""Rules about the day: meetings that want the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

from briefing import diary, words
from briefing.facts import Meeting
from briefing.items import Figure, Item, Stake
from briefing.morning import Audience, Morning
from briefing.rules import Need, rule
from briefing.rules.engine import enough
from briefing.rules.view import Facts, Limits

NEED = Need(Meeting)


@rule(
    "meeting-conflict",
    matter="meeting",
    stages=("away-booked", "double-booked"),
    needs=(NEED,),
    price=80,
)
def meeting_conflict(facts: Facts, morning: Morning, limits: Limits) -> Iterator[Item]:
    """Meetings of the reader share time, today or up to the next workday.

    Silent on what is cancelled, declined, marked free, not accepted yet, all day, or already under way; touching ends
    share no time. A meeting with guests from outside that lies in the reader's own absence counts too, if accepted.
    """
    reader = diary.reader_of(facts, morning)
    ahead = [
        m for m in diary.own_meetings(facts, reader) if _counts(m, facts, morning) and diary.weight(m, reader) == "hard"
    ]
    meetings = [m for m in ahead if m.type != "away"]
    for group in diary.collisions(meetings):
        # Several calendars may be read: the source of a group's first meeting speaks for the group.
        if group[0].ref.source == facts.source and any(m.starts > morning.now for m in group[1:]):
            yield _double_booked(facts, morning, reader, group)
    for away in (m for m in ahead if m.type == "away" and m.ref.source == facts.source):
        inside = [
            m for m in meetings if diary.overlap(away, m) and m.starts > morning.now and _promised(m, facts, reader)
        ]
        if inside:
            yield _away_booked(facts, morning, reader, away, inside)


def _counts(meeting: Meeting, facts: Facts, morning: Morning) -> bool:
    """Not over, not later than the next workday, from a calendar that was read."""
    end = datetime.combine(morning.next_edition + timedelta(days=1), time(), morning.zone)
    return morning.now < meeting.ends and meeting.starts < end and is_read(meeting.ref.source, facts)


def is_read(source: str, facts: Facts) -> bool:
    """Whether the calendars of a source are fresh enough to speak of, as the engine sees it."""
    found = [r for r in facts.readings if r.source == source and Meeting.kind in r.kinds]
    return all(enough(reading, NEED) for reading in found)


def _promised(meeting: Meeting, facts: Facts, reader: Audience) -> bool:
    outside = any(diary.is_outside(guest.person, facts, reader) for guest in diary.others(meeting, reader))
    return outside and diary.answer(meeting, reader) == "accepted" and not meeting.all_day


def _at(meeting: Meeting, morning: Morning) -> str:
    """`15:45`, `tomorrow 15:45`."""
    start = meeting.starts.astimezone(morning.zone)
    day = words.day(start.date(), morning.today)
    return words.clock(start) if day == "today" else f"{day} {words.clock(start)}"


def _named(meeting: Meeting, morning: Morning) -> str:
    return f"{diary.name_of(meeting)} ({_at(meeting, morning)})"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _double_booked(facts: Facts, morning: Morning, reader: Audience, group: Sequence[Meeting]) -> Item:
    first, last = group[0], group[-1]
    accepted = all(diary.answer(meeting, reader) == "accepted" for meeting in group)
    if len(group) == 2:
        said = "; you accepted both" if accepted else ""
        headline = f"{_named(last, morning)} overlaps {_named(first, morning)}{said}."
        line = f"{diary.name_of(last)} overlaps {diary.name_of(first)}, {_at(last, morning)}."
    else:
        said = "; you accepted all" if accepted else ""
        names = words.listed(_named(meeting, morning) for meeting in group)
        how = "share time" if _all_share(group) else "overlap one after another"
        headline = f"{len(group)} meetings {how}: {names}{said}."
        line = f"{len(group)} meetings {how}, from {_at(first, morning)}."
    return _item(
        facts, morning, reader, "double-booked", first, group,
        headline=headline, line=line, body=_body(facts, morning, reader, group), ask="which one?", short="overlap",
    )  # fmt: skip


def _all_share(group: Sequence[Meeting]) -> bool:
    return max(m.starts for m in group) < min(m.ends for m in group)


def _body(facts: Facts, morning: Morning, reader: Audience, group: Sequence[Meeting]) -> tuple[str, ...]:
    """How much time they share, and who comes from outside."""
    shared = [found for one, other in pairwise(group) if (found := diary.overlap(one, other))]
    sentences = []
    if len(group) == 2 and shared:
        start, end = (moment.astimezone(morning.zone) for moment in shared[0])
        sentences.append(f"They share {words.clock(start)} to {words.clock(end)}.")
    for meeting in group[:3]:
        guests = [
            facts.name(guest.person) for guest in diary.others(meeting, reader)
            if diary.is_outside(guest.person, facts, reader) and guest.response != "declined"
        ]  # fmt: skip
        if guests and not meeting.private:
            sentences.append(f"{_sentence(diary.name_of(meeting))} is with {words.some(guests, 2)}.")
    return tuple(sentences)


def _away_booked(facts: Facts, morning: Morning, reader: Audience, away: Meeting, inside: Sequence[Meeting]) -> Item:
    names = words.some([_named(meeting, morning) for meeting in inside], 3)
    many = len(inside) > 1
    headline = (
        f"{names} {'lie' if many else 'lies'} in your absence ({diary.name_of(away)}); you accepted {_them(inside)}."
    )
    return _item(
        facts, morning, reader, "away-booked", away, (away, *inside),
        headline=headline,
        line=f"{words.count(len(inside), 'accepted meeting')} in your absence, {_at(inside[0], morning)}.",
        body=_body(facts, morning, reader, inside)[-2:], ask="keep or move?", short="your absence",
    )  # fmt: skip


def _them(inside: Sequence[Meeting]) -> str:
    return "it" if len(inside) == 1 else "both" if len(inside) == 2 else "all"


def _item(
    facts: Facts, morning: Morning, reader: Audience, stage: str, about: Meeting, group: Sequence[Meeting],
    *, headline: str, line: str, body: tuple[str, ...], ask: str, short: str,
) -> Item:  # fmt: skip
    clients = {client for meeting in group for client in diary.clients_of(meeting, facts, reader)}
    return Item(
        rule="meeting-conflict", matter="meeting", stage=stage, about=about.ref,
        client=next(iter(clients)) if len(clients) == 1 else "",
        headline=_sentence(headline), line=_sentence(line), body=body, ask=ask,
        owner=next(iter(reader.persons), None), stake=Stake(), urgency="date", deadline=_day(group, morning),
        measure=Decimal(len(group)), short=short,
        evidence=tuple(facts.evidence(m, _evidence(m, morning)) for m in group),
        figures=(Figure(name="meetings that share time", value=str(len(group))),),
        looked_in=facts.looked_in(Meeting), gone_when="one of them moved, declined or cancelled",
    )  # fmt: skip


def _day(group: Sequence[Meeting], morning: Morning) -> date:
    """The day on which the first of them collides, not before today."""
    return max(diary.days_of(group[1], morning)[0], morning.today)


def _evidence(meeting: Meeting, morning: Morning) -> str:
    first, _ = diary.days_of(meeting, morning)
    when = "all day" if meeting.all_day else f"{_at(meeting, morning)}, {words.hours(diary.length(meeting))}"
    day = f" {words.day(first, morning.today)}" if meeting.all_day else ""
    return f"{diary.name_of(meeting)}, {when}{day}"
