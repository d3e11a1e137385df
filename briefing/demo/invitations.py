"""Invitations in the reader's calendar: unanswered, declined by everybody, bare, and what only looks so.

They are drawn apart from the rest of the diary, so that its days stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from briefing.demo.chance import Chance, stream
from briefing.demo.days import is_workday, moment, plus, workdays_since
from briefing.demo.events import Event, Response
from briefing.demo.people import Human, People
from briefing.demo.planted import NearMiss, Planted

TITLES = ("pricing call", "handover", "brand workshop", "reporting review", "contract talk")
SUPPLIERS = (
    ("Inkwell Print", ("Nora Falk", "Piet Dahl")),
    ("Lumen Studio", ("Ada Brook", "Ravi Menon")),
    ("Sable Media", ("Jo Hart", "Lise Roux")),
)
"""Firms that are neither clients nor prospects: a meeting with them settles nothing else."""

KINDS = (
    "unanswered", "unanswered by both", "maybe", "asked by the reader", "declined", "declined",
    "one of two declined", "a colleague declined", "bare", "no agenda", "no agenda", "a link in the place",
    "no agenda in theirs", "bare among ourselves",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An event with what it was drawn as."""

    kind: str
    day: date
    event: Event


def drawn(
    seed: int, people: People, days: Iterable[date], is_free: Callable[[date, datetime, int], bool]
) -> Iterator[Invitation]:
    """The invitations of some days: at most two on a workday. Kinds come round, each time in another order."""
    left: list[str] = []
    for day in days:
        for number, hours in enumerate(((11, 13), (15, 17))):
            draw = stream(seed, "invitations", day, number)
            starts = moment(day, draw.between(*hours), draw.one_of((0, 30)))
            if is_workday(day) and draw.chance(0.5) and is_free(day, starts, 30):
                left = left or draw.some_of(KINDS, len(KINDS))
                kind = left.pop()
                yield Invitation(kind=kind, day=day, event=_event(draw, people, kind, starts, number))


def _event(draw: Chance, people: People, kind: str, starts: datetime, number: int) -> Event:
    day = starts.date()
    reader = people.reader
    firm, people_there = draw.one_of(SUPPLIERS)
    colleague = people.staff_named(draw.one_of(("Owen", "Sam", "Priya", "Clara")))
    guests = [
        Human(name=name, email=f"{name.split()[0].lower()}@{firm.split()[0].lower()}.example") for name in people_there
    ]
    ours = Event(
        uid=f"{day:%Y%m%d}-inv{number}@harbourlane.example", title=f"{firm} {draw.one_of(TITLES)}", starts=starts,
        minutes=30, organiser=reader, known=plus(day, -draw.between(1, 9)), note="Agenda: see the shared document.",
        place="https://meet.harbourlane.example/room",
        guests=((reader, "ACCEPTED"), *((guest, "ACCEPTED") for guest in guests)),
    )  # fmt: skip
    asked = replace(ours, organiser=guests[0], answer="NEEDS-ACTION", guests=_answers(ours, {reader: "NEEDS-ACTION"}))
    inside = replace(
        ours, title="Tool budget", organiser=reader, place="", note="",
        guests=((reader, "ACCEPTED"), (colleague, "ACCEPTED")),
    )  # fmt: skip
    forms: dict[str, Event] = {
        "unanswered": asked,
        "unanswered by both": replace(
            asked, organiser=colleague,
            guests=((reader, "NEEDS-ACTION"), (colleague, "ACCEPTED"), (guests[0], "NEEDS-ACTION")),
        ),
        "maybe": replace(asked, answer="TENTATIVE", guests=_answers(ours, {reader: "TENTATIVE"})),
        "asked by the reader": replace(ours, guests=_answers(ours, {reader: "NEEDS-ACTION"})),
        "declined": replace(ours, guests=_answers(ours, dict.fromkeys(guests, "DECLINED"))),
        "one of two declined": replace(ours, guests=_answers(ours, {guests[0]: "DECLINED"})),
        "a colleague declined": replace(ours, guests=(*ours.guests, (colleague, "DECLINED"))),
        "bare": replace(ours, note="", place=""),
        "no agenda": replace(ours, note=""),
        "a link in the place": ours,
        "no agenda in theirs": replace(asked, note="", answer="ACCEPTED", guests=_answers(ours, {})),
        "bare among ourselves": inside,
    }  # fmt: skip
    return forms[kind]


def _answers(event: Event, changed: Mapping[Human, Response]) -> tuple[tuple[Human, Response], ...]:
    return tuple((human, changed.get(human, answer)) for human, answer in event.guests)


# --- what holds ----------------------------------------------------------------------------------------------------

PLANTS = {
    "unanswered": "invite-unanswered", "unanswered by both": "invite-unanswered", "declined": "guest-declined",
    "bare": "meeting-bare", "no agenda": "meeting-bare",
}  # fmt: skip
TRAPS = {
    "maybe": "invite-unanswered", "asked by the reader": "invite-unanswered", "one of two declined": "guest-declined",
    "a colleague declined": "guest-declined", "a link in the place": "meeting-bare",
    "no agenda in theirs": "meeting-bare", "bare among ourselves": "meeting-bare",
}  # fmt: skip


def is_true(invitation: Invitation, rule: str, morning: date) -> bool:
    """Whether a rule's sentence about an invitation holds on a morning."""
    return PLANTS.get(invitation.kind) == rule and _known(invitation, morning) and morning <= invitation.day


def matters(invitations: tuple[Invitation, ...], morning: date) -> Iterator[Planted]:
    """Those of today and the next workday; what lies further ahead may be told."""
    for one in invitations:
        rule = PLANTS.get(one.kind)
        if rule is None or not _known(one, morning) or not morning <= one.day <= plus(morning, 10):
            continue
        grey = workdays_since(morning, one.day) > 1
        yield Planted(rule=rule, id=one.event.uid, since=one.event.known, card=False, grey=grey)


def near_misses(invitations: tuple[Invitation, ...], morning: date) -> Iterator[NearMiss]:
    """What looks so today and is not."""
    for one in invitations:
        rule = TRAPS.get(one.kind)
        if rule is not None and one.day == morning and _known(one, morning):
            yield NearMiss(rule=rule, id=one.event.uid, kind=one.kind)


def _known(one: Invitation, morning: date) -> bool:
    return one.event.known is None or one.event.known < morning
