"""What is planted in the conversations: clients who wait, and exchanges that only look like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from briefing.demo import names, texts
from briefing.demo.chance import Chance, stream
from briefing.demo.days import later, moment, on_workday, plus, plus_workdays
from briefing.demo.people import Company, Human, People
from briefing.demo.talk import Talk, Writer, exchange

AUTO_REPLY = (("Auto-Submitted", "auto-replied"), ("X-Autoreply", "yes"))
BULK = (
    ("List-Unsubscribe", "<https://news.example/u>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("Precedence", "bulk"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where and when an episode plays."""

    id: str
    company: Company
    people: People
    day: date
    draw: Chance

    @property
    def reader(self) -> Human:
        """The reader of the briefing."""
        return self.people.reader

    def asked_at(self) -> datetime:
        """A moment of the day at which people write."""
        return moment(self.day, self.draw.between(8, 18), self.draw.between(0, 59))

    def writer(self, subject: str = "", *, mail: bool = False) -> Writer:
        """Mail, or the client's channel where there is one and chance says so."""
        channel = self.company.channel
        if mail or not channel or self.draw.chance(0.4):
            return Writer(talk=self.id, medium="mail", reader=self.reader, subject=subject)
        return Writer(talk=self.id, medium="slack", reader=self.reader, channel=channel, threaded=self.draw.chance(0.5))

    def talk(self, writer: Writer, **fields: object) -> Talk:
        """The talk of what was written."""
        return replace(Talk(id=self.id, notes=tuple(writer.notes), company=self.company.name), **fields)  # type: ignore[arg-type]


Episode = Callable[[Scene], Talk]


def episodes(seed: int, people: People, first: date, last: date) -> Iterator[Talk]:
    """For every client kept for this, one episode after another with quiet days between them."""
    for company in people.clients:
        if company.part != "talk":
            continue
        walk, day, number = stream(seed, "episodes", company.name), first, 0
        while True:
            day = plus(day, walk.span(6, least=2))
            if day >= last:
                break
            number += 1
            name, episode = walk.one_of(EPISODES)
            talk = episode(
                Scene(
                    id=f"{company.id}-{name}{number}", company=company, people=people, day=on_workday(day),
                    draw=stream(seed, "episode", company.name, number),
                )
            )  # fmt: skip
            yield talk
            day = max(day, *(note.at.date() for note in talk.notes), talk.answered.date() if talk.answered else day)


# --- clients who wait ----------------------------------------------------------------------------------------------


def waits(scene: Scene) -> Talk:
    """A client asks, and waits for anything from minutes to days; some ask again."""
    draw = scene.draw
    subject, text = draw.one_of(texts.ASKS)
    writer = scene.writer(subject)
    asked, wait = scene.asked_at(), draw.span(11 * 60, least=20, most=60 * 60)
    answered = later(asked, wait) + timedelta(seconds=30)
    contact = draw.one_of(scene.company.contacts)
    to_reader = draw.chance(0.6)
    ours = scene.reader if to_reader or writer.medium == "slack" else scene.company.owner
    writer.write(contact, asked, text, (ours,))
    if writer.medium == "slack" and draw.chance(0.3):
        writer.write(contact, asked + timedelta(minutes=2), "It is about next week.", (ours,))
    chased = later(asked, draw.between(300, 900))
    while chased < answered - timedelta(hours=1) and len(writer.notes) < 5:
        writer.write(contact, chased, draw.one_of(texts.CHASERS), (ours,))
        chased = later(chased, draw.between(400, 900))
    writer.write(ours if writer.medium == "mail" else scene.company.owner, answered, draw.one_of(texts.ANSWERS),
                 (contact,))  # fmt: skip
    whole = writer.medium == "slack" or to_reader
    return scene.talk(writer, asked=asked, answered=answered, planted=True, seen_whole=whole)


# --- what only looks like it ---------------------------------------------------------------------------------------


def colleague(scene: Scene) -> Talk:
    """The reader was asked; a colleague answered and copied her."""
    draw = scene.draw
    subject, text = draw.one_of(texts.ASKS)
    writer = scene.writer(subject, mail=True)
    contact, asked = draw.one_of(scene.company.contacts), scene.asked_at()
    answered = later(asked, draw.between(15, 180))
    writer.write(contact, asked, text, (scene.reader,), cc=(scene.company.owner,))
    writer.write(scene.company.owner, answered, draw.one_of(texts.ANSWERS), (contact,))
    return scene.talk(writer, asked=asked, answered=answered, kind="answered by a colleague")


def thanked(scene: Scene) -> Talk:
    """The last word is the client's thanks."""
    draw = scene.draw
    subject, text = draw.one_of(texts.ASKS)
    writer = scene.writer(subject)
    lines = [(True, text), (False, draw.one_of(texts.ANSWERS)), (True, draw.one_of(texts.CLOSERS))]
    exchange(draw, writer, scene.company, scene.asked_at(), lines, to_reader=draw.chance(0.5))
    asked, answered = writer.notes[0].at, writer.notes[1].at
    return scene.talk(writer, asked=asked, answered=answered, kind="thanks")


def told_us(scene: Scene) -> Talk:
    """We asked; the client answered with a statement and waits for nothing."""
    draw = scene.draw
    number = draw.between(0, len(texts.OUR_ASKS) - 1)
    subject, ask = texts.OUR_ASKS[number]
    writer = scene.writer(subject)
    lines = [(False, ask), (True, texts.THEIR_ANSWERS[number])]
    exchange(draw, writer, scene.company, scene.asked_at(), lines, to_reader=draw.chance(0.5))
    return scene.talk(writer, kind="answered our question")


def friday(scene: Scene) -> Talk:
    """Asked late on a Friday and answered on Monday: days by the calendar, an hour by the clock of work."""
    draw = scene.draw
    day = plus(scene.day, (4 - scene.day.weekday()) % 7)
    asked = moment(day, 17, draw.between(5, 59))
    subject, text = draw.one_of(texts.ASKS)
    writer = scene.writer(subject)
    contact = draw.one_of(scene.company.contacts)
    writer.write(contact, asked, text, (scene.reader,))
    answered = moment(plus(day, 3), draw.between(9, 11), draw.between(5, 59))
    writer.write(scene.reader, answered, draw.one_of(texts.ANSWERS), (contact,))
    return scene.talk(writer, asked=asked, answered=answered, kind="asked on Friday evening")


def elsewhere(scene: Scene) -> Talk:
    """Asked by mail and answered in Slack, or the other way round."""
    draw, company = scene.draw, scene.company
    subject, text = draw.one_of(texts.ASKS)
    if not company.channel:
        return colleague(scene)
    mail = Writer(talk=scene.id, medium="mail", reader=scene.reader, subject=subject)
    slack = Writer(talk=f"{scene.id}b", medium="slack", reader=scene.reader, channel=company.channel)
    contact, asked = draw.one_of(company.contacts), scene.asked_at()
    answered = later(asked, draw.between(20, 200))
    first, second = (mail, slack) if draw.chance(0.6) else (slack, mail)
    first.write(contact, asked, text, (scene.reader,))
    ours = scene.reader if second is mail else company.owner
    second.subject = subject
    second.write(ours, answered, draw.one_of(texts.ELSEWHERE), (contact,))
    notes = (*first.notes, *(replace(note, talk=scene.id) for note in second.notes))
    return Talk(
        id=scene.id, notes=notes, company=company.name, asked=asked, answered=answered,
        kind="answered in the other channel",
    )  # fmt: skip


def newsletter(scene: Scene) -> Talk:
    """The client's own newsletter, with a question in it."""
    sender = Human(name=f"{scene.company.name} News", email=f"news@{scene.company.domain}")
    writer = scene.writer("Have you seen our autumn collection?", mail=True)
    text = "Have you seen our autumn collection? Which one is your favourite? Visit our shop and tell us."
    writer.write(sender, moment(scene.day, 8, 30), text, (scene.reader,), headers=BULK)
    notes = tuple(replace(note, html=True) for note in writer.notes)
    return Talk(id=scene.id, notes=notes, company=scene.company.name, kind="newsletter of the client")


def out_of_office(scene: Scene) -> Talk:
    """We wrote; the client's machine answered."""
    subject, text = scene.draw.one_of(texts.UPDATES)
    writer = scene.writer(subject, mail=True)
    contact, at = scene.draw.one_of(scene.company.contacts), later(scene.asked_at(), 0)
    writer.write(scene.reader, at, text, (contact,))
    writer.write(contact, at + timedelta(seconds=40), texts.OUT_OF_OFFICE, (scene.reader,), headers=AUTO_REPLY)
    return scene.talk(writer, kind="out-of-office reply")


def invitation(scene: Scene) -> Talk:
    """The client's calendar accepts a meeting."""
    writer = scene.writer("Accepted: Project call", mail=True)
    contact = scene.draw.one_of(scene.company.contacts)
    writer.write(contact, scene.asked_at(), f"{contact.name} has accepted this invitation.", (scene.reader,))
    notes = tuple(replace(note, calendar="REPLY") for note in writer.notes)
    return Talk(id=scene.id, notes=notes, company=scene.company.name, kind="calendar mail")


def machine(scene: Scene) -> Talk:
    """A machine of the client writes from an address that nobody reads."""
    sender = Human(name=f"{scene.company.name} Purchasing", email=f"noreply@{scene.company.domain}")
    writer = scene.writer("Your invoice was received", mail=True)
    text = "Your invoice was received and will be paid within 30 days. Questions? Please use our portal."
    writer.write(sender, scene.asked_at(), text, (scene.reader,), headers=(("Auto-Submitted", "auto-generated"),))
    return scene.talk(writer, kind="notification of the client")


def ticked(scene: Scene) -> Talk:
    """Asked in Slack; a colleague's check mark says that it is done."""
    draw, company = scene.draw, scene.company
    if not company.channel:
        return thanked(scene)
    writer = Writer(talk=scene.id, medium="slack", reader=scene.reader, channel=company.channel)
    asked = scene.asked_at()
    done = later(asked, draw.between(10, 150))
    _, text = draw.one_of(texts.ASKS)
    mark = ("white_check_mark", company.owner, done)
    writer.write(draw.one_of(company.contacts), asked, text, reactions=(mark,))
    return scene.talk(writer, asked=asked, answered=done, kind="marked done")


def for_information(scene: Scene) -> Talk:
    """The client tells us something and says that there is nothing to do."""
    subject, text = scene.draw.one_of(texts.FYI)
    writer = scene.writer(subject)
    writer.write(scene.draw.one_of(scene.company.contacts), scene.asked_at(), text, (scene.reader,))
    return scene.talk(writer, kind="for information")


def phoned(scene: Scene) -> Talk:
    """Asked by mail, settled by phone, and written down by us in the thread days later: it waits until then."""
    draw = scene.draw
    subject, text = draw.one_of(texts.ASKS)
    writer = scene.writer(subject, mail=True)
    contact, asked = draw.one_of(scene.company.contacts), scene.asked_at()
    writer.write(contact, asked, text, (scene.reader,))
    written = moment(plus_workdays(asked.date(), draw.between(1, 2)), 12)
    writer.write(scene.reader, written, texts.SEEN_BY_PHONE, (contact,))
    # Nobody can see a phone call: until it is written down the files say that the client waits.
    return scene.talk(writer, asked=asked, answered=written, planted=True, seen_whole=False)


def private_address(scene: Scene) -> Talk:
    """We asked; a contact answers from a private mailbox and asks back. Whose client that is only a person knows."""
    draw = scene.draw
    subject, ask = draw.one_of(texts.OUR_ASKS)
    writer = scene.writer(subject, mail=True)
    known = draw.one_of(scene.company.contacts)
    private = replace(known, email=f"{names.login(known.name)}@{names.SHARED_DOMAIN}", slack="")
    begun = later(scene.asked_at(), 0)
    asked = later(begun, draw.between(20, 200))
    writer.write(scene.reader, begun, ask, (private,))
    writer.write(private, asked, draw.one_of(texts.ASKS)[1], (scene.reader,))
    answered = later(asked, draw.span(400, least=20, most=1800))
    writer.write(scene.reader, answered, draw.one_of(texts.ANSWERS), (private,))
    return scene.talk(writer, asked=asked, answered=answered, planted=True, seen_whole=False)


EPISODES: tuple[tuple[str, Episode], ...] = (
    ("waits", waits),
    ("waits", waits),
    ("waits", waits),
    ("waits", waits),
    ("waits", waits),
    ("colleague", colleague),
    ("thanked", thanked),
    ("told", told_us),
    ("friday", friday),
    ("elsewhere", elsewhere),
    ("elsewhere", elsewhere),
    ("newsletter", newsletter),
    ("away", out_of_office),
    ("invitation", invitation),
    ("machine", machine),
    ("ticked", ticked),
    ("information", for_information),
    ("phoned", phoned),
    ("private", private_address),
)
"""Name and what it plays; a name that stands more often is drawn more often."""
