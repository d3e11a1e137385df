"""Everything that is written in the simulated agency: about 2,000 mails and Slack posts in 30 days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache

from briefing.demo import colleagues, names, outgoing, silence, texts
from briefing.demo.chance import Chance, stream
from briefing.demo.days import is_workday, later, moment, plus, working_hours
from briefing.demo.episodes import AUTO_REPLY, BULK, episodes
from briefing.demo.people import Company, Human, People
from briefing.demo.pipeline import Extra, Pipe
from briefing.demo.planted import NearMiss, Planted
from briefing.demo.talk import Note, Talk, Writer, exchange

EXPORTED_DAYS = 30
CHANNELS = ("general", "delivery", "ads", "random", "sales")
LONG, SHORT = 4.5, 3.5
"""Working hours: beyond four a client waits. Half an hour to either side it may be told or not."""


class Conversations:
    """All mails and posts of one world."""

    def __init__(
        self, seed: int, people: People, pipe: Pipe, first: date, last: date, scale: int = 1,
        met: Callable[[str, datetime, datetime], bool] | None = None,
        has_work: Callable[[str, date], bool] | None = None,
    ) -> None:  # fmt: skip
        self.seed, self.people, self.pipe, self.first, self.last, self.scale = seed, people, pipe, first, last, scale
        self.met = met
        """Whether there was a meeting with a company between two moments, where somebody knows."""
        self.has_work = has_work
        """Whether a project of a client is open on a morning, where somebody knows."""

    @cached_property
    def planted(self) -> tuple[Talk, ...]:
        """Episodes of clients who wait, or seem to."""
        drawn = episodes(self.seed, self.people, self.first, self.last)
        return tuple(talk for talk in drawn if talk.company not in self._kept)

    @cached_property
    def _kept(self) -> frozenset[str]:
        """Clients who are kept for silences."""
        return frozenset(company.name for company in silence.kept(self.seed, self.people))

    @cached_property
    def requests(self) -> tuple[colleagues.Request, ...]:
        """What colleagues ask of the reader, or seem to."""
        return tuple(colleagues.drawn(self.seed, self.people, self.first, self.last))

    @cached_property
    def errands(self) -> tuple[outgoing.Errand, ...]:
        """What the reader asks clients and promises to people."""

        def free(company: str, at: datetime) -> bool:
            return not any(start <= at <= end for start, end in self.blocked.get(company, ()))

        drawn = outgoing.drawn(self.seed, self.people, self.first, self.last, free)
        return tuple(one for one in drawn if one.company not in self._kept)

    @cached_property
    def spells(self) -> tuple[silence.Spell, ...]:
        """Clients who write every day and then no more, or seem to."""
        return tuple(silence.drawn(self.seed, self.people, self.first, self.last))

    @lru_cache(maxsize=3)  # noqa: B019  (a world lives as long as its process)
    def written(self, morning: date) -> Mapping[str, silence.Written]:
        """When each company wrote, as far as the exports of a morning show it."""
        return silence.written(self.notes(morning), morning, plus(morning, -EXPORTED_DAYS))

    def _reason(self, morning: date) -> silence.Reason:
        """Why a silence up to a morning is none."""

        def reason(company: str, since: datetime) -> str:
            if self.met is not None and self.met(company, since, moment(morning)):
                return "a meeting since"
            if self._told_otherwise(company, since, morning):
                return "an open proposal"
            return "" if self.has_work is None or self.has_work(company, morning) else "no open project"

        return reason

    def _told_otherwise(self, company: str, since: datetime, morning: date) -> bool:
        """Whether a client was met since, or has an open proposal, whose own rule tells of the silence."""
        if self.met is not None and self.met(company, since, moment(morning)):
            return True
        states = (one.state(morning) for one in self.pipe.proposals if one.company.name == company)
        return any(state in {"sent", "viewed"} for state in states)

    @cached_property
    def blocked(self) -> dict[str, list[tuple[datetime, datetime]]]:
        """Per company the stretches in which ordinary talk would give or take an answer."""
        found: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        for talk in self.planted:
            moments = [note.at for note in talk.notes] + ([talk.answered] if talk.answered else [])
            found[talk.company].append((min(moments) - timedelta(hours=12), max(moments) + timedelta(hours=36)))
        for quiet in self.pipe.quiet:
            found[quiet.company].append((moment(quiet.first, 0), moment(plus(quiet.last, 1), 0)))
        for spell in self.spells:
            found[spell.company.name] += spell.stretches()
        return found

    @lru_cache(maxsize=400)  # noqa: B019  (a world lives as long as its process)
    def of_day(self, day: date) -> tuple[Talk, ...]:
        """Ordinary talk that begins on a day, each client's from a stream of its own."""
        found = [talk for company in self.people.clients for talk in self._client_talk(company, day)]
        found += self._office(day)
        found += self._machines(day)
        return tuple(found)

    @cached_property
    def extras(self) -> tuple[Talk, ...]:
        """What sales matters need: a word of the client, and ours that takes it in."""
        return tuple(
            self._extra(number, extra) for number, extra in enumerate(self.pipe.extras) if extra.medium != "meeting"
        )

    @lru_cache(maxsize=3)  # noqa: B019  (a world lives as long as its process)
    def talks(self, morning: date) -> tuple[Talk, ...]:
        """Every talk of which something lies in the exports of a morning."""
        since, now = moment(plus(morning, -EXPORTED_DAYS)), moment(morning)
        days = [plus(morning, -back) for back in range(EXPORTED_DAYS + 4)]
        drawn = [one.talk for one in self.requests] + [one.talk for one in self.errands]
        drawn += [talk for spell in self.spells for talk in spell.talks]
        ordinary = [talk for day in reversed(days) for talk in self.of_day(day)]
        return tuple(
            talk
            for talk in (*ordinary, *self.planted, *self.extras, *drawn)
            if any(since <= note.at < now for note in talk.notes)
        )

    def notes(self, morning: date) -> list[Note]:
        """The messages of the last 30 days, in order of time."""
        since, now = moment(plus(morning, -EXPORTED_DAYS)), moment(morning)
        found = [
            replace(note, reactions=tuple(r for r in note.reactions if r[2] < now))
            for talk in self.talks(morning)
            for note in talk.notes
            if since <= note.at < now
        ]
        return sorted(found, key=lambda note: (note.at, note.id))

    # --- what holds -------------------------------------------------------------------------------------------------

    def is_true(self, rule: str, id: str, morning: date) -> bool | None:
        """Whether somebody waits in this talk on a morning; None for a rule of another subject."""
        if rule in colleagues.RULES:
            return colleagues.is_true(self.requests, self.talks(morning), rule, id, moment(morning))
        if rule in outgoing.RULES:
            return outgoing.is_true(self.errands, rule, id, morning)
        if rule == silence.RULE:
            return silence.is_true(self.written(morning), id, self._reason(morning))
        if rule != "client-waiting":
            return None
        talk = next((talk for talk in self.talks(morning) if talk.id == id), None)
        return talk is not None and self._waits(talk, morning) >= SHORT

    @staticmethod
    def _waits(talk: Talk, morning: date) -> float:
        """Working hours that somebody has waited; 0 where nobody does."""
        now = moment(morning)
        assert talk.asked is not None or not talk.waiting(now)
        return working_hours(talk.asked, now) if talk.asked and talk.waiting(now) else 0.0

    def matters(self, morning: date) -> Iterator[Planted]:
        """Clients who wait on a morning, and what the reader owes an answer to."""
        notes, reader = self.notes(morning), self.people.reader
        yield from colleagues.matters(self.requests, notes, reader, moment(morning))
        yield from outgoing.matters(
            self.errands, notes, morning, reader, lambda company, since: self._told_otherwise(company, since, morning)
        )
        yield from silence.matters(
            self.spells, self.written(morning), morning, self._reason(morning)
        )  # fmt: skip
        for talk in self.talks(morning):
            hours = self._waits(talk, morning) if talk.planted else 0.0
            if hours >= SHORT:
                assert talk.asked is not None
                # Who has met since may have answered there.
                met = self.met is not None and self.met(talk.company, talk.asked, moment(morning))
                unsure = not talk.seen_whole or met
                yield Planted(
                    rule="client-waiting", id=talk.id, client=talk.company, since=talk.asked.date(),
                    grey=hours < LONG or unsure,
                )  # fmt: skip

    def near_misses(self, morning: date) -> Iterator[NearMiss]:
        """Talks that look like somebody waits. Told for a week, then only ordinary talk."""
        now = moment(morning)
        yield from colleagues.near_misses(self.requests, now)
        yield from outgoing.near_misses(self.errands, now)
        yield from silence.near_misses(self.spells, self.written(morning), morning, self._reason(morning))
        for talk in self.talks(morning):
            begun = talk.notes[0].at
            if talk.kind and begun < now <= begun + timedelta(days=7) and self._waits(talk, morning) < SHORT:
                yield NearMiss(rule="client-waiting", id=talk.id, kind=talk.kind, client=talk.company)

    # --- ordinary talk ----------------------------------------------------------------------------------------------

    def _free(self, company: str, talk: Talk) -> bool:
        first, last = talk.notes[0].at, talk.notes[-1].at
        return not any(start < last and first < end for start, end in self.blocked.get(company, ()))

    def _client_talk(self, company: Company, day: date) -> Iterator[Talk]:
        draw = stream(self.seed, "talk", company.name, day)
        for number in range(draw.poisson(0.8 if is_workday(day) else 0.04)):
            talk = self._ordinary(draw, company, day, f"{company.id}-{day:%m%d}-{number}")
            if self._free(company.name, talk):
                yield talk

    def _ordinary(self, draw: Chance, company: Company, day: date, id: str) -> Talk:
        """A question and its answer within a few working hours, an update, or our question and their answer."""
        start = moment(day, draw.between(8, 17), draw.between(0, 59))
        luck = draw.random()
        if luck < 0.65:
            subject, text = draw.one_of(texts.ASKS)
            lines = [(True, text), (False, draw.one_of(texts.ANSWERS))]
            if draw.chance(0.25):
                lines += [(True, draw.one_of(texts.ASKS)[1]), (False, draw.one_of(texts.ANSWERS))]
            if draw.chance(0.5):
                lines.append((True, draw.one_of(texts.CLOSERS)))
        elif luck < 0.85:
            subject, text = draw.one_of(texts.UPDATES)
            lines = [(False, text)] + ([(True, draw.one_of(texts.CLOSERS))] if draw.chance(0.6) else [])
        else:
            which = draw.between(0, len(texts.OUR_ASKS) - 1)
            subject, text = texts.OUR_ASKS[which]
            lines = [(False, text), (True, texts.THEIR_ANSWERS[which]), (False, draw.one_of(texts.ACKNOWLEDGED))]
        slack = bool(company.channel) and draw.chance(0.55)
        writer = Writer(
            talk=id, medium="slack" if slack else "mail", reader=self.people.reader, channel=company.channel,
            threaded=draw.chance(0.6), subject=subject,
        )  # fmt: skip
        notes = exchange(draw, writer, company, start, lines, to_reader=draw.chance(0.45))
        asked = notes[0].at if lines[0][0] else None
        return Talk(
            id=id, notes=tuple(notes), company=company.name, asked=asked, answered=notes[1].at if asked else None
        )

    def _extra(self, number: int, extra: Extra) -> Talk:
        draw = stream(self.seed, "extra", number)
        name = f"X-{number:04d}"
        writer = Writer(
            talk=name, medium="slack" if extra.medium == "slack" else "mail", reader=self.people.reader,
            channel=extra.company.channel, subject=extra.subject.removeprefix("Re: "),
        )  # fmt: skip
        writer.write(extra.outside, extra.at, extra.text, (extra.inside,))
        answered = later(extra.at, draw.between(20, 100))
        writer.write(extra.inside, answered, draw.one_of(texts.ACKNOWLEDGED), (extra.outside,))
        return Talk(id=name, notes=tuple(writer.notes), company=extra.company.name, asked=extra.at, answered=answered)

    def _office(self, day: date) -> Iterator[Talk]:
        """Chatter in our own channels, and mails of colleagues."""
        draw = stream(self.seed, "office", day)
        for number in range(draw.poisson((13 if is_workday(day) else 0.5) * self.scale)):
            yield self._chatter(draw, day, f"O-{day:%m%d}-{number}")
        for number in range(draw.poisson((5 if is_workday(day) else 0.2) * self.scale)):
            subject, text = draw.one_of(texts.INTERNAL)
            author = draw.one_of(self.people.staff[1:])
            writer = Writer(talk=f"I-{day:%m%d}-{number}", medium="mail", reader=self.people.reader, subject=subject)
            at = moment(day, draw.between(8, 18), draw.between(0, 59))
            writer.write(author, at, text, (self.people.reader,))
            if draw.chance(0.5):
                writer.write(self.people.reader, later(at, draw.between(10, 400)), "Yes, please go ahead.", (author,))
            yield Talk(id=writer.talk, notes=tuple(writer.notes))

    def _chatter(self, draw: Chance, day: date, id: str) -> Talk:
        writer = Writer(
            talk=id, medium="slack", reader=self.people.reader, channel=draw.one_of(CHANNELS),
            threaded=draw.chance(0.6),
        )  # fmt: skip
        author, at = draw.one_of(self.people.staff), moment(day, draw.between(8, 18), draw.between(0, 59))
        other = draw.one_of(self.people.staff)
        mark = (("+1", other, at + timedelta(minutes=3)),) if draw.chance(0.3) else ()
        writer.write(author, at, draw.one_of(texts.CHATTER), reactions=mark)
        for step in range(draw.poisson(0.6)):
            after = at + timedelta(minutes=draw.between(1, 20) + step * 25)
            writer.write(draw.one_of(self.people.staff), after, draw.one_of(texts.CHATTER_REPLIES))
        return Talk(id=id, notes=tuple(writer.notes))

    def _machines(self, day: date) -> Iterator[Talk]:
        """Newsletters, notifications, vendors, and a bot that posts what was done."""
        draw = stream(self.seed, "machines", day)
        reader, busy = self.people.reader, 1.0 if is_workday(day) else 0.3
        for number in range(draw.poisson(5 * busy * self.scale)):
            subject, text = draw.one_of(texts.NEWSLETTERS)
            domain = draw.one_of(texts.NEWS_DOMAINS)
            sender = Human(name=domain.partition(".")[0].title(), email=f"hello@{domain}")
            yield self._single(draw, day, f"N-{day:%m%d}-{number}", sender, subject, text, BULK, html=True)
        for number in range(draw.poisson(7 * busy * self.scale)):
            name, email = draw.one_of(texts.NOTICE_SENDERS)
            subject, text = draw.one_of(texts.NOTICES)
            headers = (("Auto-Submitted", "auto-generated"),)
            sender = Human(name=name, email=email)
            yield self._single(draw, day, f"S-{day:%m%d}-{number}", sender, subject, text, headers)
        for number in range(draw.poisson(1.6 * busy * self.scale)):
            name, email = draw.one_of(texts.VENDORS)
            subject, text = draw.one_of(texts.VENDOR_ASKS)
            talk = self._single(draw, day, f"V-{day:%m%d}-{number}", Human(name=name, email=email), subject, text)
            yield replace(talk, kind="vendor, not client")
        if draw.chance(0.25):
            leaver = draw.one_of(self.people.staff[1:])
            yield self._single(
                draw, day, f"A-{day:%m%d}", leaver, "Automatic reply: Timesheets", texts.OUT_OF_OFFICE, AUTO_REPLY
            )
        bot = Human(name="Taskboard", email="bot@taskboard.example", slack="B0TASKBOARD")
        for number in range(draw.poisson(3 * busy)):
            writer = Writer(talk=f"B-{day:%m%d}-{number}", medium="slack", reader=reader, channel="delivery")
            title = draw.one_of(names.TASKS)
            writer.write(bot, moment(day, draw.between(7, 19), draw.between(0, 59)), f"Completed: {title}. Next?")
            yield Talk(id=writer.talk, notes=tuple(replace(note, bot=True) for note in writer.notes))

    def _single(
        self, draw: Chance, day: date, id: str, sender: Human, subject: str, text: str,
        headers: tuple[tuple[str, str], ...] = (), *, html: bool = False,
    ) -> Talk:  # fmt: skip
        writer = Writer(talk=id, medium="mail", reader=self.people.reader, subject=subject)
        writer.write(
            sender, moment(day, draw.between(5, 20), draw.between(0, 59)), text, (self.people.reader,), headers=headers
        )
        return Talk(id=id, notes=tuple(replace(note, html=html) for note in writer.notes))
