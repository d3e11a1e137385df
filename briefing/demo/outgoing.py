"""What the reader asks clients and promises to people, and what becomes of it: episodes drawn beside the ordinary talk.

Each client or colleague has a stream of their own, and nothing is written to a client while another episode of theirs
runs: what is planted there stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from briefing.demo.chance import Chance, stream
from briefing.demo.days import later, moment, on_workday, plus, plus_workdays, workdays_since
from briefing.demo.people import Human, People
from briefing.demo.planted import NearMiss, Planted
from briefing.demo.talk import Note, Talk

QUESTIONS = (
    ("Music under the brand film", "Which of the two tracks do you want under the brand film?", "The second one."),
    ("Names on the badges", "Could you send us the names for the badges?", "They are in the attached table."),
    ("Colour of the banner stand", "Do you prefer the banner stand in blue or in grey?", "Grey, as the last time."),
    ("Domain transfer", "Who holds the transfer code of your old domain?", "Our provider, the code is below."),
    ("Quote from your director", "Can we use the quote from the interview with your director?", "Yes, she agrees."),
    ("Size of the trade fair booth", "How large is your booth at the trade fair?", "Twelve square metres."),
)
"""Subject, what we ask, and what they answer."""

TOLD = (
    "The brand film is cut, the link is below.", "The badges are ordered and come next week.",
    "We moved the old domain over last night.",
)  # fmt: skip
PROMISES = (
    ("Cost plan", "I'll send you the cost plan by {day}."),
    ("Comparison of suppliers", "Give me some time for the comparison, I will get back to you {day}."),
    ("Text for the announcement", "Good idea. I will share a first text for the announcement on {day}."),
    ("Seating plan", "I'll let you know about the seating plan by {day}."),
)
"""Subject and words; the day is named as people name it."""

FULFILLED = ("Here it is, as promised.", "Attached, sorry it took me a moment.", "See below, I hope that helps.")
CONDITIONS = ("I will send you the contract by {day} if legal has signed it.", "I'll try to send the photos by {day}.")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")

ASKING = ("asked", "asked", "asked", "answered", "told", "answered in the channel")
PROMISING = ("promised", "promised", "promised", "kept", "kept in another mail", "with a condition", "promised to us")
PLANTS = {"asked": "waiting-on-them", "promised": "promise-overdue"}
TRAPS = {
    "answered": "waiting-on-them", "told": "waiting-on-them", "answered in the channel": "waiting-on-them",
    "kept": "promise-overdue", "kept in another mail": "promise-overdue", "with a condition": "promise-overdue",
    "promised to us": "promise-overdue",
}  # fmt: skip
RULES = frozenset(PLANTS.values())

LEAST, MOST, PROMISE_MOST = 3, 14, 9
"""Workdays after which a question still stands, and after which it, or a promise, is too old to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """An episode with what it was drawn as."""

    kind: str
    other: Human
    company: str
    written: datetime
    due: date | None
    """Of a promise, the last day of it."""

    settled: datetime | None
    """When it was answered or kept; None: never."""

    talk: Talk

    def stands(self, morning: date) -> int:
        """Workdays that a question has had no answer, or a promise is overdue; 0 where neither is so."""
        now = moment(morning)
        if self.kind not in PLANTS or self.written >= now or (self.settled is not None and self.settled < now):
            return 0
        return workdays_since(self.due or self.written.date(), morning)


Free = Callable[[str, datetime], bool]
"""Whether nothing else is planted with a company at a moment."""


def drawn(seed: int, people: People, first: date, last: date, free: Free) -> Iterator[Errand]:
    """Every episode."""
    for company in people.clients:
        if company.part == "talk":
            walk = stream(seed, "outgoing", company.name)
            yield from _walk(walk, people, company.contacts, ASKING, first, last, 6, free)
    for colleague in (*people.staff[1:5], *people.staff[22:24]):
        walk = stream(seed, "promises", colleague.email)
        yield from _walk(walk, people, (colleague,), PROMISING, first, last, 2, free)


def _walk(
    walk: Chance, people: People, others: Sequence[Human], kinds: Sequence[str], first: date, last: date, gap: int,
    free: Free,
) -> Iterator[Errand]:  # fmt: skip
    day, left, count = first, list[str](), 0
    while (day := plus(day, walk.span(gap, least=1))) < last:
        count += 1
        left = left or walk.some_of(kinds, len(kinds))
        draw = stream(walk.random(), count)
        other = draw.one_of(others)
        where = other.company or other.email.partition("@")[0]
        scene = _Scene(f"E-{where.replace(' ', '')}-{count}", people.reader, other, on_workday(day), draw)
        one = scene.asking(left.pop()) if kinds is ASKING else scene.promising(left.pop())
        if all(free(other.company, note.at) for note in one.talk.notes):
            yield one
        day = max(day, *(note.at.date() for note in one.talk.notes), one.due or day)


@dataclass
class _Scene:
    """Where and when an episode plays, and what is written in it."""

    id: str
    reader: Human
    other: Human
    day: date
    draw: Chance
    notes: list[Note] = field(default_factory=list)

    def asking(self, kind: str) -> Errand:
        """A question to a client, and what becomes of it."""
        draw = self.draw
        subject, question, answer = draw.one_of(QUESTIONS)
        at = moment(self.day, draw.between(9, 17), draw.between(0, 59))
        self._mail(self.reader, at, subject, draw.one_of(TOLD) if kind == "told" else question)
        days = draw.span(5, least=1, most=12) if kind == "asked" else 0
        settled = later(moment(plus_workdays(self.day, days), max(at.hour, 9)), draw.between(70, 400))
        if kind == "answered in the channel":
            # By mail like everything here, yet under another subject: not every client has a channel.
            self._mail(self.other, settled, f"Answer: {subject}", f"On your question: {answer}", fresh=True)
        elif kind != "told":
            self._mail(self.other, settled, subject, answer)
        return self._errand(kind, at, None, settled)

    def promising(self, kind: str) -> Errand:
        """A promise to a colleague, and what becomes of it."""
        draw = self.draw
        subject, words = draw.one_of(PROMISES)
        at = moment(self.day, draw.between(9, 17), draw.between(0, 59))
        ahead = draw.between(1, 4)
        due = plus_workdays(self.day, ahead)
        said = "tomorrow" if due == plus(self.day, 1) and draw.chance(0.5) else WEEKDAYS[due.weekday()]
        if said == "tomorrow":
            words = words.replace("by {day}", "{day}").replace("on {day}", "{day}")
        elif "you {day}" in words:
            words = words.replace("{day}", "on {day}")
        words = draw.one_of(CONDITIONS) if kind == "with a condition" else words
        author, asker = (self.other, self.reader) if kind == "promised to us" else (self.reader, self.other)
        before = at - timedelta(minutes=draw.between(40, 90))
        self._mail(asker, before, subject, f"Where do we stand with the {subject.lower()}?")
        self._mail(author, at, subject, words.format(day=said))
        kept = later(moment(due, 9), draw.between(0, 400))
        if kind == "promised":
            kept = moment(plus_workdays(due, draw.span(4, least=1, most=9)), 17, draw.between(0, 59))
        if kind not in {"with a condition", "promised to us"}:
            self._mail(self.reader, kept, subject, draw.one_of(FULFILLED), fresh=kind == "kept in another mail")
        return self._errand(kind, at, due, kept)

    def _errand(self, kind: str, written: datetime, due: date | None, settled: datetime | None) -> Errand:
        talk = Talk(id=self.id, notes=tuple(self.notes), company=self.other.company)
        return Errand(
            kind=kind, other=self.other, company=self.other.company, written=written, due=due, settled=settled,
            talk=talk,
        )  # fmt: skip

    def _mail(self, author: Human, at: datetime, subject: str, text: str, *, fresh: bool = False) -> None:
        before = None if fresh or not self.notes else self.notes[-1]
        to = self.other if author == self.reader else self.reader
        talk = f"{self.id}b" if fresh else self.id
        self.notes.append(
            Note(
                id=f"{talk}.{0 if fresh else len(self.notes)}", talk=talk, medium="mail", at=at, author=author,
                text=text, to=(to,), subject=f"Re: {subject}" if before else subject,
                reply_to=before.id if before else "",
                quoted=f"{before.author.name} wrote:\n{before.text}" if before else "",
            )
        )  # fmt: skip


# --- what holds ----------------------------------------------------------------------------------------------------


def is_true(errands: Iterable[Errand], rule: str, id: str, morning: date) -> bool:
    """Whether a client owes the answer, or the reader the promised word."""
    one = next((one for one in errands if one.talk.id == id), None)
    if one is None or PLANTS.get(one.kind) != rule:
        return False
    return one.stands(morning) >= (LEAST if rule == "waiting-on-them" else 1)


def matters(
    errands: Iterable[Errand], notes: Iterable[Note], morning: date, reader: Human,
    told_otherwise: Callable[[str, datetime], bool],
) -> Iterator[Planted]:  # fmt: skip
    """What stands on a morning. `told_otherwise`: whether a client was met, or a proposal of theirs is open."""
    written = [note for note in notes if note.author == reader]
    for one in errands:
        days = one.stands(morning)
        if one.kind == "asked" and days >= LEAST:
            grey = days > MOST or told_otherwise(one.company, one.written)
            yield Planted(
                rule="waiting-on-them", id=one.talk.id, client=one.company, since=one.written.date(), card=False,
                grey=grey,
            )  # fmt: skip
        elif one.kind == "promised" and days >= 1:
            since = one.written + timedelta(minutes=20)
            other_word = any(
                note.at > since and note.talk != one.talk.id and one.other in (*note.to, *note.cc, *note.mentions)
                for note in written
            )
            grey = other_word or days > PROMISE_MOST
            yield Planted(rule="promise-overdue", id=one.talk.id, since=one.due, card=False, grey=grey)


def near_misses(errands: Iterable[Errand], now: datetime) -> Iterator[NearMiss]:
    """What looks so and is not, for two weeks."""
    for one in errands:
        rule = TRAPS.get(one.kind)
        if rule is not None and one.written < now <= one.written + timedelta(days=14):
            settled = one.settled is None or one.settled < now
            if settled or one.kind in {"told", "with a condition", "promised to us"}:
                yield NearMiss(rule=rule, id=one.talk.id, kind=one.kind, client=one.company)
