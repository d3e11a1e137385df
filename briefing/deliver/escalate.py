"""Executes the steps of ladders, each at most once by itself, each with a result that is kept.

*Sending* is in the ledger before the first byte, the result after the answer; what a kill leaves between them the next
run calls uncertain, and nobody repeats it but a person. After a run no step is due without an entry: where one is, or
where the last entry is not *sent*, the run says so and ends with 1, and the edition begins with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from briefing.decisions import Decision, Step, StepState
from briefing.deliver.channels import to_one
from briefing.deliver.mail import address
from briefing.deliver.notice import Notice, as_mail, as_post
from briefing.deliver.outbox import CRASHED, Pace, attempted
from briefing.deliver.slack_note import SlackNote
from briefing.errors import BriefingError
from briefing.escalated import result_of, today_of, told_of, with_cure
from briefing.escalation import NOT_CHECKED, OWNER, Contact, Due, Ladder, Subject, Today, contact, interrupted, plan
from briefing.escalation_settings import CARRIERS, contacts
from briefing.morning import Morning
from briefing.reading.text import clean
from briefing.store.ledger import Ledger

if TYPE_CHECKING:
    from briefing.compile import Compiled
    from briefing.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One message to one person, about one or several items."""

    person: str
    channel: str
    recipient: str
    """As the ledger has it: an address, or `@` and a member ID."""

    steps: tuple[Step, ...]
    """What is noted of it, one entry per item and step."""

    notice: Notice


class Escalator:
    """One run's work on ladders. To be used with the run's lock held."""

    def __init__(
        self, workspace: Workspace, ledger: Ledger, *, run: str, pace: Pace, say: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._workspace, self._ledger, self._run, self._pace = workspace, ledger, run, pace
        self._say, self._warn = say, warn
        self._all = workspace.whole or workspace.settings  # a step may tell another audience, by a channel of its own
        self._ladders: list[Ladder] = [one.ladder for one in self._all.escalate]
        self._contacts = contacts(self._all.people, self._all.audience)

    def climb(self, compiled: Compiled, own: Compiled | None, morning: Morning) -> int:
        """Note what began and ended, execute what is due, tell what failed; 1 where something did.

        `compiled` and `own` as `climbed_on` has them.
        """
        note_interrupted(self._ledger, run=self._run, now=self._pace.now())
        decisions, before = self._ledger.decisions(), self._ledger.steps()
        today = today_of(compiled, own, morning, decisions)
        made = plan(self._ladders, before, today, run=self._run)
        over = [
            replace(one.last, at=morning.now, run=self._run, step=0, state="ended", detail=why)
            for one, why in made.over
        ]
        if made.begun or over:
            self._ledger.note_steps([*over, *(one.last for one in made.begun)])
        for one in made.unread:
            self._once(self._step(one, state="deferred", detail=_not_checked(one, today)))
        for errand in self._errands(made.due, morning):
            self.send(errand)
        for text in self._withheld(today):
            self._say(f"escalation: {text}")
        return self._told(decisions, today, morning)

    def would(self, compiled: Compiled, own: Compiled | None, morning: Morning) -> list[str]:
        """What `climb` would send, in lines; nothing is noted or sent."""
        today = today_of(compiled, own, morning, self._ledger.decisions())
        made = plan(self._ladders, self._ledger.steps(), today)
        return self._withheld(today) + [
            f"{one.climb.ladder}, step {one.rung.number}: {one.rung.to} would be told by {one.rung.by}: "
            f"{one.subject.line}"
            for one in made.due
            if one.subject
        ]

    def _withheld(self, today: Today) -> list[str]:
        """Items that a ladder is for and that nobody else may know of."""
        return [
            f"no ladder is climbed for {one.id}, which rests on a source personal to {self._all.audience[0].name}."
            for one in today.withheld
            if one.key not in today.stops and any(ladder.is_for(one) for ladder in self._ladders)
        ]

    # --- whom, and what ----------------------------------------------------------------------------------------------

    def _errands(self, due: Sequence[Due], morning: Morning) -> list[Errand]:
        """What is due, gathered into one message per person and channel; what has no recipient is noted so."""
        gathered: dict[tuple[str, str], list[tuple[Due, Contact]]] = {}
        for one in due:
            person, problem = self._person(one)
            recipient = person and self.recipient(person, one.rung.by)
            if person is None or not recipient:
                self._once(self._step(one, state="deferred", detail=problem))
            else:
                gathered.setdefault((one.rung.by, recipient), []).append((one, person))
        return [self._errand(channel, recipient, found, morning) for (channel, recipient), found in gathered.items()]

    def _errand(self, channel: str, recipient: str, found: Sequence[tuple[Due, Contact]], morning: Morning) -> Errand:
        person = found[0][1].name
        steps = [
            replace(self._step(one, state="sending"), person=person, channel=channel, recipient=recipient)
            for one, _ in found
        ]
        subjects = dict.fromkeys(one.subject for one, _ in found if one.subject)
        told = dict.fromkeys(
            step.person for one, _ in found for step in one.climb.results if step.state == "sent"
        )  # fmt: skip
        notice = self.notice(tuple(subjects), morning)
        ladders = tuple(dict.fromkeys(one.ladder.name for one, _ in found))
        return Errand(
            person=person, channel=channel, recipient=recipient, steps=tuple(steps),
            notice=replace(
                notice, ladders=ladders, told=tuple(told), to_reader=person.casefold() == notice.reader.casefold()
            ),
        )  # fmt: skip

    def notice(self, subjects: tuple[Subject, ...], morning: Morning) -> Notice:
        """A message about these, from the reader."""
        settings = self._workspace.settings
        emails = settings.audience[0].emails if settings.audience else ()
        return Notice(
            workspace=settings.workspace.name, at=self._pace.now().astimezone(morning.zone),
            reader=morning.audience.name, reply_to=next(iter(emails), ""), subjects=subjects,
        )  # fmt: skip

    def _person(self, one: Due) -> tuple[Contact | None, str]:
        """Who is to be told; without a way to them what is lacking."""
        name, owner = one.rung.to, one.subject.owner if one.subject else None
        if "@" in name:
            return Contact(name=name, email=address(name).addr_spec), ""
        if name.casefold() == OWNER:
            if owner is None:
                return None, "the item has no owner"
            known_as = one.subject.owner_name if one.subject else ""
            found = contact(self._contacts, owner.email or "", owner.id or "", known_as, owner.name or "")
            called = clean(known_as or owner.name or owner.email or "", 80)
            problem = f"the owner {called} has no way by {one.rung.by} in [people]"
        else:
            found, problem = contact(self._contacts, name), f"{name} has no way by {one.rung.by} in [people]"
        return (found, problem)

    def recipient(self, person: Contact, channel: str) -> str:
        """An address or a member ID behind an `@`; empty where the channel has no way to this person."""
        use = getattr(self._all.deliver.get(channel), "use", "")
        if use == "slack":
            return f"@{person.slack}" if person.slack else ""
        return person.email if use in CARRIERS else ""

    def _step(self, one: Due, *, state: StepState, detail: str = "") -> Step:
        about = one.subject
        first = one.climb.last
        return Step(
            at=self._pace.now(), run=self._run, ladder=one.climb.ladder, step=one.rung.number, began=one.climb.began,
            key=one.climb.key, rule=about.rule if about else first.rule, item=about.id if about else first.item,
            line=about.line if about else first.line, person=one.rung.to, channel=one.rung.by, recipient="",
            state=state, detail=detail, silent_from=about.silent_from if about else first.silent_from,
        )  # fmt: skip

    def _once(self, step: Step) -> None:
        """Note why a step was not begun; the same reason once, however often it is looked at."""
        told = [
            one for one in self._ledger.steps()
            if (one.ladder, one.key, one.began, one.step) == (step.ladder, step.key, step.began, step.step)
        ]  # fmt: skip
        if not told or (told[-1].state, told[-1].detail) != (step.state, step.detail):
            self._ledger.note_steps([step])

    # --- sending -----------------------------------------------------------------------------------------------------

    def send(self, errand: Errand) -> tuple[Step, ...]:
        """Send one message, and note how it ended."""
        try:
            way = to_one(
                errand.channel, errand.recipient.lstrip("@"), self._all, base=self._workspace.base,
                folder=self._workspace.folder,
            )  # fmt: skip
            if isinstance(way, SlackNote):
                body, stable = as_post(errand.notice), ""
            else:
                body, stable = as_mail(errand.notice, way.envelope, address(errand.recipient))
        except BriefingError as error:
            return self._ended(errand, "deferred", "; ".join(getattr(error, "problems", ())) or str(error))
        except Exception as error:
            log.exception("a message to %s could not be made", errand.person)
            return self._ended(errand, "deferred", f"a fault of ours ({type(error).__name__})")
        errand = replace(errand, steps=tuple(replace(one, message_id=stable) for one in errand.steps))
        outcomes = attempted(
            lambda begin: way.hand_in(body, [errand.recipient], begin), [errand.recipient],
            may_begin=lambda _: self._noted(errand), deadline=way.deadline, steady=self._pace.steady,
            name=errand.channel,
        )  # fmt: skip
        end = outcomes.get(errand.recipient)
        if end is None:
            return self._ended(errand, "deferred", "the ledger could not be written, and without it nothing is sent")
        return self._ended(errand, end.result, end.detail)

    def _noted(self, errand: Errand) -> bool:
        """*sending*, on the disk. Not written is not allowed."""
        try:
            self._ledger.note_steps([replace(one, at=self._pace.now()) for one in errand.steps])
        except BriefingError:
            log.exception("the ledger could not be written before telling %s", errand.person)
            return False
        return True

    def _ended(self, errand: Errand, state: StepState, detail: str) -> tuple[Step, ...]:
        at, detail = self._pace.now(), clean(detail, 300)
        ends = tuple(replace(one, at=at, state=state, detail=detail) for one in errand.steps)
        self._ledger.note_steps(ends)
        for one in ends:
            log.info("%s to %s: %s %s", one.channel, one.recipient, state, detail)
        return ends

    # --- what is told ------------------------------------------------------------------------------------------------

    def _told(self, decisions: Sequence[Decision], today: Today, morning: Morning) -> int:
        now = self._pace.now()
        later = replace(morning, now=max(now.astimezone(morning.zone), morning.now))
        steps = self._ledger.steps()
        for one in steps:
            if one.run == self._run and one.state == "sent":
                self._say(f"escalation: {result_of(one, later)} {one.line} ({one.item})")
        # Judged by the run's own moment: what falls due while it works is the next run's.
        known = [one for one in steps if one.at <= later.now]
        told = told_of(self._ladders, known, decisions, today, later)
        for line in told.failed:
            self._warn(f"escalation failed: {with_cure(line.text, line.item)}")
        return int(bool(told.failed))


def _not_checked(one: Due, today: Today) -> str:
    what = today.unread(one.climb.key, one.climb.last.rule)
    return f"{NOT_CHECKED}: {what} {'were' if ' and ' in what else 'was'} not read whole"


def note_interrupted(ledger: Ledger, *, run: str, now: datetime) -> None:
    """Call uncertain what an earlier run began and did not live to see the end of. To be used with the lock held."""
    lost = [replace(one, at=now, run=run, state="uncertain", detail=CRASHED) for one in interrupted(ledger.steps())]
    if lost:
        ledger.note_steps(lost)
