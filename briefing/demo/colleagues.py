"""What colleagues ask of the reader in channels, direct messages and mails, and what only looks like it.

Each of some colleagues goes through one such episode after another, from a stream of their own: ordinary days stay as
they are, and nobody asks two things at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from briefing.demo.chance import Chance, stream
from briefing.demo.days import later, moment, on_workday, plus, workdays_since, working_hours
from briefing.demo.people import Human, People
from briefing.demo.planted import NearMiss, Planted
from briefing.demo.talk import Note, Talk

REQUESTS = (
    ("Freelancer invoice", "can you approve the invoice of our freelancer? It is due this week."),
    ("Second monitor", "may I order a second monitor for the new desk?"),
    ("Dinner on Thursday", "how many of us come to the dinner on Thursday?"),
    ("Photo licence", "do we have the budget for the extended photo licence?"),
    ("Interview questions", "could you look over the interview questions before I send them?"),
    ("Holiday cover", "who covers for me in the second week of the month?"),
    ("Price list", "please have a look at the new price list, I would like to use it tomorrow."),
    ("Signature", "I need your signature under the lease of the printer."),
    ("Case study", "is the case study fine to publish?"),
    ("Overtime", "should I write down the overtime of last week?"),
    ("Kick-off", "which of the two rooms do you want for the kick-off?"),
    ("Parking", "can I give your parking place to the guests tomorrow?"),
)
"""Subject and words of what is asked."""

ANSWERS = ("Yes, please do.", "Looks good to me, go ahead.", "I would take the first one.", "Not this month, sorry.")
AGAIN = ("Any news on this?", "Did you see this?", "Just checking whether you saw my question.")
INFORMATION = (
    "the invoice of the printer is paid.", "I moved our call to Thursday.", "the offer went out this morning.",
)  # fmt: skip
STARTS = (
    "The draft of the quarterly plan is in the folder.", "I put the new org chart into the wiki.",
    "The list of open points from this morning is in the document.",
)  # fmt: skip
REMARKS = (
    "Should the numbers on page two be gross or net?", "Who presents the second part?",
    "Can I share it with the freelancers?", "Is the deadline in the last line fixed?",
)  # fmt: skip
CHANNELS = ("general", "delivery", "ads", "random", "sales")

DIRECT = ("direct", "direct", "direct", "direct answered", "direct marked", "direct taken back", "reader asked")
NAMED = (
    "mention", "mention", "mail", "mail", "mail and mention", "for information", "mention answered", "mention marked",
    "answered by mail", "in copy", "mail taken up", "for another",
)  # fmt: skip
THREAD = ("thread", "thread", "thread", "thread", "thread taken up", "thread for another", "thread of others")

PLANTS = {
    "direct": "dm-unanswered", "mention": "mention-unanswered", "mail": "mention-unanswered",
    "mail and mention": "mention-unanswered", "thread": "thread-mine",
}  # fmt: skip
TRAPS = {
    "direct answered": "dm-unanswered", "direct marked": "dm-unanswered", "direct taken back": "dm-unanswered",
    "reader asked": "dm-unanswered", "for information": "mention-unanswered", "mention answered": "mention-unanswered",
    "mention marked": "mention-unanswered", "answered by mail": "mention-unanswered", "in copy": "mention-unanswered",
    "mail taken up": "mention-unanswered", "for another": "mention-unanswered", "thread taken up": "thread-mine",
    "thread for another": "thread-mine", "thread of others": "thread-mine",
}  # fmt: skip
RULES = frozenset(PLANTS.values())

LONG, SHORT = 9.0, 7.0
"""Working hours: about a day. An hour to either side it may be told or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An episode with what it was drawn as."""

    kind: str
    asker: Human
    asked: datetime
    answered: datetime | None
    talk: Talk

    def hours(self, now: datetime) -> float:
        """Working hours that the asker has waited; 0 where nobody waits."""
        waits = self.asked < now and (self.answered is None or self.answered > now)
        return working_hours(self.asked, now) if waits else 0.0


def drawn(seed: int, people: People, first: date, last: date) -> Iterator[Request]:
    """Every episode of all colleagues."""
    for number, colleague in enumerate(people.staff[5:18]):
        kinds = DIRECT if number < 4 else NAMED if number < 8 else THREAD
        walk, day, left = stream(seed, "colleague", number), first, list[str]()
        count = 0
        while (day := plus(day, walk.span(3, least=1))) < last:
            left = left or walk.some_of(kinds, len(kinds))
            count += 1
            draw = stream(seed, "request", number, count)
            one = _Scene(f"Q{number}-{count}", people, colleague, on_workday(day), draw).play(left.pop())
            yield one
            day = max(day, *(note.at.date() for note in one.talk.notes))


@dataclass
class _Scene:
    """Where and when an episode plays, and what is written in it."""

    id: str
    people: People
    asker: Human
    day: date
    draw: Chance
    notes: list[Note] = field(default_factory=list)

    def play(self, kind: str) -> Request:
        """One episode."""
        draw = self.draw
        asked = moment(self.day, draw.between(9, 17), draw.between(0, 59))
        soon, late = later(asked, draw.between(10, 170)), later(asked, draw.span(22 * 60, least=20, most=60 * 60))
        family = "direct" if kind in DIRECT else "thread" if kind in THREAD else "named"
        answered = {"direct": self._direct, "thread": self._thread, "named": self._named}[family](
            kind, asked, soon, late
        )
        first = next((note.at for note in self.notes if note.author == self.asker), asked)
        return Request(
            kind=kind, asker=self.asker, asked=first, answered=answered, talk=Talk(id=self.id, notes=tuple(self.notes))
        )  # fmt: skip

    @property
    def _reader(self) -> Human:
        return self.people.reader

    def _other(self) -> Human:
        """A colleague who asks nothing here."""
        return self.draw.one_of(self.people.staff[18:22])

    def _request(self) -> tuple[str, str]:
        subject, words = self.draw.one_of(REQUESTS)
        return subject, words

    def _direct(self, kind: str, asked: datetime, soon: datetime, late: datetime) -> datetime | None:
        _, words = self._request()
        words = words[:1].upper() + words[1:]
        if kind == "reader asked":
            self._chat(self._reader, asked, words, to=(self.asker,))
            return asked
        mark = (("white_check_mark", self._reader, soon),) if kind == "direct marked" else ()
        self._chat(self.asker, asked, words, to=(self._reader,), reactions=mark)
        if kind == "direct taken back":
            self._chat(self.asker, soon, "Never mind, found it.", to=(self._reader,))
            return soon
        done = late if kind == "direct" else soon
        if kind != "direct marked":
            self._chat(self._reader, done, self.draw.one_of(ANSWERS), to=(self.asker,))
        return done

    def _thread(self, kind: str, asked: datetime, soon: datetime, late: datetime) -> datetime | None:
        draw, channel = self.draw, self.draw.one_of(CHANNELS)
        begins = self._other() if kind == "thread of others" else self._reader
        start = self._chat(begins, asked - timedelta(minutes=draw.between(5, 40)), draw.one_of(STARTS), channel=channel)
        other = self._other()
        words = draw.one_of(REMARKS)
        named = (other,) if kind == "thread for another" else ()
        words = f"@{other.name} {words[:1].lower()}{words[1:]}" if named else words
        self._chat(self.asker, asked, words, channel=channel, start=start, mentions=named)
        if kind in {"thread for another", "thread of others"}:
            return asked
        done = soon if kind == "thread taken up" else late
        answers = other if kind == "thread taken up" or draw.chance(0.4) else self._reader
        self._chat(answers, done, draw.one_of(ANSWERS), channel=channel, start=start)
        return done

    def _named(self, kind: str, asked: datetime, soon: datetime, late: datetime) -> datetime | None:
        if kind in {"mail", "mail and mention", "in copy", "mail taken up"}:
            return self._by_mail(kind, asked, soon, late)
        draw, channel = self.draw, self.draw.one_of(CHANNELS)
        subject, words = self._request()
        named = self._other() if kind == "for another" else self._reader
        words = draw.one_of(INFORMATION) if kind == "for information" else words
        mark = (("white_check_mark", self._reader, soon),) if kind == "mention marked" else ()
        note = self._chat(
            self.asker, asked, f"@{named.name} {words}", channel=channel, mentions=(named,), reactions=mark
        )
        if kind in {"for information", "for another"}:
            return asked
        if kind == "mention marked":
            return soon
        if kind == "answered by mail":
            self._mail(self._reader, soon, subject, f"About your question in Slack: {draw.one_of(ANSWERS)}",
                       (self.asker,))  # fmt: skip
            return soon
        start = note if draw.chance(0.5) else None
        done = late if kind == "mention" else soon
        answer = f"@{self.asker.name} {draw.one_of(ANSWERS)}"
        self._chat(self._reader, done, answer, channel=channel, start=start, mentions=(self.asker,))
        return done

    def _by_mail(self, kind: str, asked: datetime, soon: datetime, late: datetime) -> datetime | None:
        draw, other = self.draw, self._other()
        subject, words = self._request()
        text = words[:1].upper() + words[1:]
        if kind == "in copy":
            self._mail(self.asker, asked, subject, text, (other,), cc=(self._reader,))
            return asked
        to = (self._reader, other) if kind == "mail taken up" else (self._reader,)
        self._mail(self.asker, asked, subject, text, to)
        if kind == "mail taken up":
            self._mail(other, soon, subject, draw.one_of(ANSWERS), (self.asker,), cc=(self._reader,))
            return soon
        again = later(asked, draw.between(200, 500))
        if kind == "mail and mention" and again < late:
            text = f"@{self._reader.name} {draw.one_of(AGAIN)} It is about the mail on {subject.lower()}: {words}"
            self._chat(self.asker, again, text, channel=draw.one_of(CHANNELS), mentions=(self._reader,))
        elif draw.chance(0.4) and again < late:
            self._mail(self.asker, again, subject, draw.one_of(AGAIN), (self._reader,))
        self._mail(self._reader, late, subject, draw.one_of(ANSWERS), (self.asker,))
        if kind == "mail and mention":
            # So that the question in the channel is closed with the one in the mail.
            chat = next((note for note in self.notes if note.medium == "slack"), None)
            if chat is not None:
                self._chat(self._reader, late, "Answered by mail.", channel=chat.channel, start=chat)
        return late

    def _chat(
        self, author: Human, at: datetime, text: str, *, channel: str = "", start: Note | None = None,
        to: tuple[Human, ...] = (), mentions: tuple[Human, ...] = (),
        reactions: tuple[tuple[str, Human, datetime], ...] = (),
    ) -> Note:  # fmt: skip
        note = Note(
            id=f"{self.id}.{len(self.notes)}", talk=self.id, medium="slack", at=at, author=author, text=text, to=to,
            channel=channel or f"D0{self.asker.slack[2:]}", reply_to=start.id if start else "", mentions=mentions,
            reactions=reactions,
        )  # fmt: skip
        self.notes.append(note)
        return note

    def _mail(
        self, author: Human, at: datetime, subject: str, text: str, to: tuple[Human, ...],
        cc: tuple[Human, ...] = (),
    ) -> None:  # fmt: skip
        before = next((note for note in reversed(self.notes) if note.medium == "mail"), None)
        self.notes.append(
            Note(
                id=f"{self.id}.{len(self.notes)}", talk=self.id, medium="mail", at=at, author=author, text=text, to=to,
                cc=cc, subject=f"Re: {subject}" if before else subject, reply_to=before.id if before else "",
                quoted=f"{before.author.name} wrote:\n{before.text}" if before else "",
            )
        )  # fmt: skip


# --- what holds ----------------------------------------------------------------------------------------------------


def is_true(requests: Iterable[Request], ordinary: Iterable[Talk], rule: str, id: str, now: datetime) -> bool:
    """Whether the reader owes an answer in a talk; in ordinary mails of colleagues too, where they ask something."""
    one = next((one for one in requests if one.talk.id == id), None)
    if one is not None:
        return PLANTS.get(one.kind) == rule and one.hours(now) >= SHORT
    talk = next((talk for talk in ordinary if talk.id == id), None)
    if talk is None or rule != "mention-unanswered" or not id.startswith("I-"):
        return False
    first, reader = talk.notes[0], talk.notes[0].to[0]
    answered = any(note.author == reader and note.at < now for note in talk.notes)
    return "?" in first.text and not answered and working_hours(first.at, now) >= SHORT


def matters(requests: Iterable[Request], notes: Iterable[Note], reader: Human, now: datetime) -> Iterator[Planted]:
    """What the reader owes an answer to on a morning."""
    written = list(notes)
    for one in requests:
        rule, hours = PLANTS.get(one.kind, ""), one.hours(now)
        if rule and hours >= SHORT:
            old = workdays_since(one.asked.date(), now.date()) > 8
            grey = hours < LONG or old or _could_be_settled(one, written, reader)
            yield Planted(rule=rule, id=one.talk.id, since=one.asked.date(), card=False, grey=grey)


def _could_be_settled(one: Request, written: Iterable[Note], reader: Human) -> bool:
    """Whether something else that the reader or the asker wrote since may be taken for the end of it."""
    channels = {note.channel for note in one.talk.notes if note.medium == "slack"}
    for note in written:
        if note.at <= one.asked or note.talk == one.talk.id:
            continue
        here = note.medium == "slack" and note.channel in channels and not (one.kind == "thread" and note.reply_to)
        if note.author == reader and (here or one.asker in (*note.to, *note.cc, *note.mentions)):
            return True
        if note.author == one.asker and here and one.kind != "thread":
            return True
    return False


def near_misses(requests: Iterable[Request], now: datetime) -> Iterator[NearMiss]:
    """What looks as if the reader owed an answer. Told for a week, then only ordinary talk."""
    for one in requests:
        rule, begun = TRAPS.get(one.kind), one.talk.notes[0].at
        if rule is not None and begun < now <= begun + timedelta(days=7):
            yield NearMiss(rule=rule, id=one.talk.id, kind=one.kind)
