"""Clients who write every day and then no more, and silences that only look so: drawn beside the ordinary talk.

A few clients are kept for it, and of them nothing else is planted in conversations. Beside what is written here, their
ordinary talk of the silent days is left out; no other client's messages move.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from statistics import median

from briefing.demo.chance import Chance, stream
from briefing.demo.days import later, moment, on_workday, plus, plus_workdays, workdays, workdays_since
from briefing.demo.people import Company, Human, People
from briefing.demo.planted import NearMiss, Planted
from briefing.demo.talk import Note, Talk, Writer

RULE = "client-quiet"
KINDS = ("silent",) * 5 + ("irregular", "writes in another place", "a colleague writes")

TOLD = (
    ("Photos of the shop", "The photos of the new shop are in the shared folder."),
    ("Numbers of the week", "Our numbers of last week are in the table."),
    ("Trade fair", "The stand at the fair was busy all day."),
    ("Price list", "The new price list is in the folder since this morning."),
    ("Opening hours", "Our opening hours of December are on the page now."),
    ("New colleague", "Our new colleague has begun this week and sits beside me."),
)
"""Subject and words that ask nothing."""

NOTED = ("Noted, thank you.", "Good, that is filed.", "Thank you, we have it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Some weeks of a client: a rhythm, and a silence or what looks like one."""

    kind: str
    company: Company
    last: date
    """The last day of the rhythm."""

    back: date
    """The first day on which they write as ever."""

    pauses: tuple[tuple[date, date], ...]
    """Stretches without ordinary talk, first and last day."""

    talks: tuple[Talk, ...]

    def stretches(self) -> Iterator[tuple[datetime, datetime]]:
        """The pauses as moments."""
        for first, last in self.pauses:
            yield moment(first, 0), moment(plus(last, 1), 0)


def kept(seed: int, people: People) -> tuple[Company, ...]:
    """The clients that are kept for this, about one in five."""
    talkers = [one for one in people.clients if one.part == "talk"]
    return tuple(one for one in talkers if stream(seed, "silence", one.name).chance(0.3))


def drawn(seed: int, people: People, first: date, last: date) -> Iterator[Spell]:
    """Every spell, one after another with ordinary days between them."""
    for company in kept(seed, people):
        walk, day, count = stream(seed, "spells", company.name), first, 0
        left = list[str]()
        while (day := plus(day, walk.span(4, least=1))) < last:
            count += 1
            left = left or walk.some_of(KINDS, len(KINDS))
            draw = stream(walk.random(), count)
            spell = _spell(draw, people, company, left.pop(), on_workday(day), f"Q-{company.id}-{count}")
            yield spell
            day = spell.back


def _spell(draw: Chance, people: People, company: Company, kind: str, first: date, id: str) -> Spell:
    if kind == "irregular":
        parts = (draw.between(7, 9), 5, draw.between(6, 8))
        length = 6
    else:
        parts = (draw.between(12, 17), 0, 0)
        length = draw.span(4, least=6, most=12)
    before, pause, _ = parts
    last = plus_workdays(first, sum(parts) - 1)
    back = plus_workdays(last, length + 1)
    days = workdays(first, last)
    pauses = [(plus(last, 1), plus(back, -1))]
    if pause:
        pauses.append((plus(days[before - 1], 1), plus(days[before + pause], -1)))
    writing = [*days[:before], *days[before + pause :]]
    contact, medium = company.contacts[0], "slack" if company.channel and draw.chance(0.5) else "mail"
    talks = []
    for number, day in enumerate(writing):
        if draw.chance(0.94) or day in {first, last}:
            talks.append(_word(draw, people, company, contact, day, f"{id}-{number}", medium))
    if kind in {"writes in another place", "a colleague writes"}:
        if kind == "a colleague writes":
            contact = company.contacts[-1]
        elif company.channel:
            medium = "mail" if medium == "slack" else "slack"
        for number, day in enumerate(workdays(plus(last, 1), plus(back, -1))):
            if draw.chance(0.6) or number % 3 == 2:
                talks.append(_word(draw, people, company, contact, day, f"{id}-e{number}", medium))
    return Spell(kind=kind, company=company, last=last, back=back, pauses=tuple(pauses), talks=tuple(talks))


def _word(
    draw: Chance, people: People, company: Company, contact: Human, day: date, id: str, medium: str
) -> Talk:  # fmt: skip
    """Something they tell, and our word on it."""
    subject, text = draw.one_of(TOLD)
    writer = Writer(
        talk=id, medium="slack" if medium == "slack" else "mail", reader=people.reader, channel=company.channel,
        threaded=True, subject=subject,
    )  # fmt: skip
    at = moment(day, draw.between(9, 15), draw.between(0, 59))
    writer.write(contact, at, text, (company.owner,))
    writer.write(company.owner, later(at, draw.between(5, 80)), draw.one_of(NOTED), (contact,))
    return Talk(id=id, notes=tuple(writer.notes), company=company.name)


# --- what holds ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """On which days people of a company wrote, as far as the exports of a morning show it."""

    days: tuple[date, ...]
    last: datetime
    morning: date
    reach: date
    """The first day of the exports."""

    @property
    def silent(self) -> int:
        """Workdays since they wrote."""
        return workdays_since(self.days[-1], self.morning)

    @property
    def gaps(self) -> list[int]:
        """Workdays from one day of writing to the next."""
        return [gap for one, other in pairwise(self.days) if (gap := workdays_since(one, other))]

    @property
    def is_quiet(self) -> bool:
        """Whether they wrote regularly and have stopped."""
        gaps = self.gaps
        return len(gaps) >= 10 and self.silent > max(5, 3 * median(gaps), *gaps)

    @property
    def may_be_young(self) -> bool:
        """Whether the exports begin well before their first word."""
        return workdays_since(self.reach, self.days[0]) > max(self.gaps)


def written(notes: Iterable[Note], morning: date, reach: date) -> Mapping[str, Written]:
    """What people of each company wrote, without what machines write for them."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    for note in notes:
        if note.author.company and not (note.bot or note.headers or note.calendar):
            moments[note.author.company].append(note.at)
    return {
        company: Written(days=tuple(sorted({at.date() for at in found})), last=max(found), morning=morning, reach=reach)
        for company, found in moments.items()
    }


Reason = Callable[[str, datetime], str]
"""Why a silence since a moment is none, where there is a reason: `a meeting since`."""


def is_true(known: Mapping[str, Written], company: str, reason: Reason) -> bool:
    """Whether a company has stopped writing, and nothing explains it."""
    found = known.get(company)
    return found is not None and found.is_quiet and not reason(company, found.last)


def matters(
    spells: Iterable[Spell], known: Mapping[str, Written], morning: date, reason: Reason
) -> Iterator[Planted]:  # fmt: skip
    """Who is silent on a morning."""
    for spell in spells:
        name = spell.company.name
        if spell.kind == "silent" and spell.last < morning <= spell.back and is_true(known, name, reason):
            found = known[name]
            yield Planted(
                rule=RULE, id=name, client=name, since=found.days[-1], card=False, grey=found.may_be_young
            )  # fmt: skip


def near_misses(
    spells: Iterable[Spell], known: Mapping[str, Written], morning: date, reason: Reason
) -> Iterator[NearMiss]:  # fmt: skip
    """Who looks so and is not: six workdays into what would be a silence."""
    for spell in spells:
        name = spell.company.name
        looks_so = spell.last < morning <= spell.back and workdays_since(spell.last, morning) >= 6
        if looks_so and not is_true(known, name, reason):
            kind = spell.kind
            if kind == "silent" and name in known:
                kind = reason(name, known[name].last)
            if kind:
                yield NearMiss(rule=RULE, id=name, kind=kind, client=name)
