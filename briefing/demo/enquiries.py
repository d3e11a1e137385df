"""What comes to the agency's shared address: enquiries of strangers, applications, notices, and the team's answers.

It is a mailbox of its own. Nothing in it is in the reader's, no client writes there, and so nobody whom a briefing
speaks of waits in it: an enquiry that is not answered yet is nobody's debt to a client.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from briefing.demo import names, texts
from briefing.demo.chance import Chance, stream
from briefing.demo.days import is_workday, later, moment, plus
from briefing.demo.episodes import BULK
from briefing.demo.people import Human
from briefing.demo.talk import Note, Writer

SHARED = Human(name=f"Team {names.AGENCY}", email=f"hello@{names.AGENCY_DOMAIN}")
KEPT_DAYS = 30
"""How far the mailbox reached back on the world's first morning; nothing goes after that."""

ENQUIRIES, APPLICATIONS = "enquiry", "application"
FIRMS = "tollbridge heronmill saffronyard palegate mapleworks lowtide brassnail coldframe".split()
ASKED = (
    ("A new website", "We are looking for somebody to build our new site. Do you take on work of this size?"),
    ("Ads for a small shop", "Do you also look after small budgets? We have about 900 a month."),
    ("Prices", "Could you send us your price list?"),
    ("Reference in our trade", "Have you worked for dentists before, and may we see an example?"),
    ("Call back", "Would somebody call us back this week? Mornings are best."),
    ("Workshop", "Do you give workshops on search advertising for teams of ten?"),
)
ANSWERED = (
    "Thank you for asking. I have put our brochure into the attachment and suggest a call on Thursday.",
    "Thanks for your message. We are fully booked until spring, I have named you two colleagues below.",
    "Yes, we do. Our prices are on the second page of the sheet.",
)
APPLIED = ("Application as a designer", "Please find my portfolio under the link. Is the position still open?")
TAKEN_IN = "Thank you for your application. We come back to you when we have read it."


def notes(seed: int, start: date, morning: date) -> list[Note]:
    """Every mail of the shared address from 30 days before the world's start up to a morning, in order of time."""
    days = (plus(start, back) for back in range(-KEPT_DAYS, (morning - start).days + 1))
    found = [note for day in days for note in _of_day(seed, day) if note.at < moment(morning)]
    return sorted(found, key=lambda note: (note.at, note.id))


def _of_day(seed: int, day: date) -> Iterator[Note]:
    """What begins on a day, each with its answer."""
    draw = stream(seed, "enquiries", day)
    busy = 1.0 if is_workday(day) else 0.2
    for number in range(draw.poisson(2.5 * busy)):
        subject, text = draw.one_of(ASKED)
        answer = draw.one_of(ANSWERED) if draw.chance(0.9) else ""
        yield from _exchange(draw, day, f"{ENQUIRIES}-{day:%y%m%d}-{number}", subject, text, answer)
    for number in range(draw.poisson(0.5 * busy)):
        yield from _exchange(draw, day, f"{APPLICATIONS}-{day:%y%m%d}-{number}", *APPLIED, TAKEN_IN)
    for number in range(draw.poisson(3 * busy)):
        domain = draw.one_of(texts.NEWS_DOMAINS)
        sender = Human(name=domain.partition(".")[0].title(), email=f"hello@{domain}")
        subject, text = draw.one_of(texts.NEWSLETTERS)
        yield _alone(draw, day, f"offer-{day:%y%m%d}-{number}", sender, subject, text, BULK)
    for number in range(draw.poisson(2 * busy)):
        name, email = texts.NOTICE_SENDERS[-1]
        headers = (("Auto-Submitted", "auto-generated"),)
        sender, (subject, text) = Human(name=name, email=email), texts.NOTICES[-1]
        yield _alone(draw, day, f"form-{day:%y%m%d}-{number}", sender, subject, text, headers)


def _exchange(draw: Chance, day: date, id: str, subject: str, text: str, answer: str) -> Iterator[Note]:
    """A stranger asks; the team answers within a working day, or not at all."""
    name = f"{names.person(draw.between(0, 2899))}-{draw.one_of(names.LAST)}"  # nobody whom the world knows
    domain = f"{draw.one_of(FIRMS)}.example" if draw.chance(0.7) else names.SHARED_DOMAIN
    stranger = Human(name=name, email=f"{names.login(name)}@{domain}")
    writer = Writer(talk=id, medium="mail", reader=SHARED, subject=subject)
    writer.write(stranger, moment(day, draw.between(7, 20), draw.between(0, 59)), text, (SHARED,))
    if answer:
        at = later(writer.notes[0].at, draw.between(20, 480)) + timedelta(seconds=draw.between(0, 59))
        writer.write(SHARED, at, answer, (stranger,))
        if draw.chance(0.4):
            writer.write(stranger, later(at, draw.between(20, 300)), draw.one_of(texts.CLOSERS), (SHARED,))
    yield from writer.notes


def _alone(
    draw: Chance, day: date, id: str, sender: Human, subject: str, text: str, headers: tuple[tuple[str, str], ...]
) -> Note:  # fmt: skip
    writer = Writer(talk=id, medium="mail", reader=SHARED, subject=subject)
    note = writer.write(sender, moment(day, draw.between(5, 20), draw.between(0, 59)), text, (SHARED,), headers=headers)
    return replace(note, html=headers == BULK)
