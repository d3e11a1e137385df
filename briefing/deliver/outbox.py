"""The outbox: one edition to all its channels, each as often as the ledger allows, none held up by another.

Per channel and try: the channel runs on a daemon thread of its own and may hang; this thread alone writes the ledger.
Before anything can arrive the channel asks, *sending* is on the disk, and only then does it go on. The answer is noted
next. What the process does not live to note stands as *sending*, and the next run calls it uncertain.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from briefing.deliver import Begin, Channel, NotAllowed, Outcome
from briefing.deliver.edition import Edition
from briefing.deliver.policy import Key, Standing, interrupted, standings, verdict, waits
from briefing.errors import BriefingError
from briefing.reading.text import clean
from briefing.store.ledger import Entry, Ledger, State

log = logging.getLogger(__name__)

CRASHED = "the run ended before the answer came"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Time, passed in."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    steady: Callable[[], float] = time.monotonic

    def wait(self, at: float) -> None:
        """Sleep until a moment of the steady clock."""
        if (seconds := at - self.steady()) > 0:
            self.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What goes out: the edition and the fixed bytes of each channel."""

    edition: Edition
    bodies: Mapping[str, bytes]
    message_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Try:
    """One try at one channel, as this thread sees it."""

    begun: list[str] = field(default_factory=list)
    inbox: queue.Queue[tuple[str, object]] = field(default_factory=queue.Queue)
    answers: queue.Queue[bool] = field(default_factory=queue.Queue)


class Outbox:
    """Sends one edition. To be used with the run's lock held."""

    def __init__(self, ledger: Ledger, outgoing: Outgoing, *, run: str, pace: Pace) -> None:
        self._ledger, self._outgoing, self._run, self._pace = ledger, outgoing, run, pace

    def deliver(
        self, channels: Sequence[Channel], *, again: Collection[Key] = (), say: Callable[[str], None] = lambda _: None
    ) -> dict[Key, Standing]:
        """Send by every channel what may be sent, and to those in `again` whatever the ledger says; how each recipient
        stands afterwards. `say` is told when a channel puts us off and is waited for.
        """
        for at in self.tries(channels, again=again, say=say):
            self._pace.wait(at)
        return self._standings()

    def tries(
        self, channels: Sequence[Channel], *, again: Collection[Key] = (), say: Callable[[str], None] = lambda _: None
    ) -> Iterator[float]:
        """The same, with the waiting left to whoever asks for the next: yields the moment of the steady clock at which
        it is to go on.
        """
        edition = self._outgoing.edition
        note_interrupted(self._ledger, edition.audience, edition.date, run=self._run, now=self._pace.now())
        began, waiting = self._pace.steady(), list(channels)
        for channel in channels:
            self._try(channel, again)
        schedules = {one.name: _moments(one.patience) for one in channels}
        while waiting := [one for one in waiting if schedules[one.name] and self._open(one)]:
            channel = min(waiting, key=lambda one: schedules[one.name][0])
            at = began + schedules[channel.name].pop(0)
            if (wait := at - self._pace.steady()) > 0:
                say(f"{channel.name}: put off ({self._reason(channel)}); next try in {_duration(wait)}")
                yield at
            self._try(channel)

    def _standings(self) -> dict[Key, Standing]:
        edition = self._outgoing.edition
        return standings(self._ledger.entries(edition.audience, edition.date))

    def _open(self, channel: Channel) -> list[str]:
        """Recipients that were put off and may be tried again by themselves."""
        found = self._standings()
        return [
            one
            for one in channel.recipients
            if (standing := found.get((channel.name, one))) and standing.state == "deferred" and standing.put_off
        ]

    def _reason(self, channel: Channel) -> str:
        found = self._standings()
        return next((found[channel.name, one].detail for one in self._open(channel)), "")

    def _try(self, channel: Channel, again: Collection[Key] = ()) -> None:
        found = self._standings()
        recipients = [
            one
            for one in channel.recipients
            if (channel.name, one) in again
            or verdict(found.get((channel.name, one)), repeatable=channel.repeatable) == "send"
        ]
        if not recipients:
            return
        outcomes = self._sent(channel, recipients, again=bool(again) or channel.repeatable)
        for one, outcome in outcomes.items():
            log.info("%s to %s: %s %s", channel.name, one, outcome.result, outcome.detail)
        self._ledger.record([self._entry(channel, one, end.result, end.detail) for one, end in outcomes.items()])

    def _sent(self, channel: Channel, recipients: Sequence[str], *, again: bool) -> dict[str, Outcome]:
        """One try, within its deadline."""
        edition, body = self._outgoing.edition, self._outgoing.bodies.get(channel.name, b"")
        return attempted(
            lambda begin: channel.send(edition, body, list(recipients), begin), recipients,
            may_begin=lambda whom: self._may_begin(channel, whom, again=again), deadline=channel.deadline,
            steady=self._pace.steady, name=channel.name,
        )  # fmt: skip

    def _may_begin(self, channel: Channel, recipients: Sequence[str], *, again: bool) -> bool:
        """*sending*, on the disk. Not written is not allowed."""
        try:
            return self._ledger.begin([self._entry(channel, one, "sending") for one in recipients], again=again)
        except BriefingError:
            log.exception("the ledger could not be written before sending by %s", channel.name)
            return False

    def _entry(self, channel: Channel, recipient: str, state: State, detail: str = "") -> Entry:
        edition = self._outgoing.edition
        return Entry(
            at=self._pace.now(), run=self._run, audience=edition.audience, date=edition.date, channel=channel.name,
            recipient=recipient, state=state, message_id=self._outgoing.message_ids.get(channel.name, ""),
            detail=detail,
        )  # fmt: skip


def attempted(
    send: Callable[[Begin], Mapping[str, Outcome]], recipients: Sequence[str], *, may_begin: Begin, deadline: float,
    steady: Callable[[], float], name: str,
) -> dict[str, Outcome]:  # fmt: skip
    """One try on a thread of its own, which may hang. What is not begun when its time is over is not begun any more."""
    attempt = _Try()
    threading.Thread(target=_work, args=(attempt, send), daemon=True, name=f"send {name}").start()
    try:
        return _followed(attempt, recipients, may_begin=may_begin, deadline=deadline, steady=steady)
    except Exception as error:  # noqa: BLE001  (whatever a channel's making brings about is its own failure alone)
        return _ended(attempt, recipients, _told(error))
    finally:
        attempt.answers.put(False)  # whoever asks now is too late


def _followed(
    attempt: _Try, recipients: Sequence[str], *, may_begin: Begin, deadline: float, steady: Callable[[], float]
) -> dict[str, Outcome]:
    """Answer what the channel asks, until it is done or its time is over."""
    until = steady() + deadline
    while True:
        try:
            word, thing = attempt.inbox.get(timeout=max(until - steady(), 0.001))
        except queue.Empty:
            return _ended(attempt, recipients, f"no answer within {deadline:g} s")
        if word == "begin":
            assert isinstance(thing, list)
            allowed = may_begin(thing)
            attempt.begun += thing if allowed else []
            attempt.answers.put(allowed)
        elif word == "done":
            assert isinstance(thing, dict)
            return thing
        elif isinstance(thing, NotAllowed):
            return {}
        else:
            return _ended(attempt, recipients, _told(thing))


def tried(channels: Sequence[Channel], *, longest: float) -> list[tuple[Channel, Outcome]]:
    """Each channel tried without sending anything, side by side, within `longest` seconds."""
    found: dict[str, queue.Queue[Outcome]] = {one.name: queue.Queue() for one in channels}

    def work(channel: Channel) -> None:
        try:
            found[channel.name].put(channel.tried())
        except Exception as error:  # noqa: BLE001  (whatever a channel raises is its own failure alone)
            found[channel.name].put(Outcome(result="deferred", detail=_told(error)))

    for one in channels:
        threading.Thread(target=work, args=(one,), daemon=True, name=f"try {one.name}").start()
    until = time.monotonic() + longest
    outcomes = []
    for one in channels:
        try:
            outcomes.append((one, found[one.name].get(timeout=max(until - time.monotonic(), 0.001))))
        except queue.Empty:
            outcomes.append((one, Outcome(result="deferred", detail=f"no answer within {longest:g} s")))
    return outcomes


def note_interrupted(ledger: Ledger, audience: str, day: date, *, run: str, now: datetime) -> None:
    """Call uncertain what an earlier run began and did not live to see the end of. To be used with the lock held."""
    lost = interrupted(standings(ledger.entries(audience, day)))
    ledger.record(
        [
            Entry(
                at=now, run=run, audience=audience, date=day, channel=channel, recipient=recipient, state="uncertain",
                detail=CRASHED,
            )
            for channel, recipient in lost
        ]
    )  # fmt: skip


def _work(attempt: _Try, send: Callable[[Begin], Mapping[str, Outcome]]) -> None:
    """On the channel's thread."""

    def begin(whom: Sequence[str]) -> bool:
        attempt.inbox.put(("begin", list(whom)))
        return attempt.answers.get()

    try:
        attempt.inbox.put(("done", dict(send(begin))))
    except BaseException as error:  # noqa: BLE001  (whatever a channel raises is its own failure alone)
        attempt.inbox.put(("failed", error))


def _ended(attempt: _Try, recipients: Sequence[str], detail: str) -> dict[str, Outcome]:
    """Without an answer: uncertain for whom it was begun, put off for the others."""
    return {
        one: Outcome(result="uncertain" if one in attempt.begun else "deferred", detail=detail) for one in recipients
    }


def _told(error: object) -> str:
    if isinstance(error, BriefingError):
        return clean(str(error), 300)
    log.error("unforeseen fault in a channel", exc_info=error if isinstance(error, BaseException) else None)
    return f"a fault of ours ({type(error).__name__})"


def _moments(patience: float) -> list[float]:
    """Seconds from the beginning at which a channel that puts us off is tried again."""
    moments, total = [], 0.0
    for wait in waits(patience):
        total += wait
        moments.append(total)
    return moments


def _duration(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 90 else f"{round(seconds / 60)} min"
