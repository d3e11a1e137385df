"""`briefing run`: collect, compile, fix, send, once. One run per workspace at a time.

The order is what keeps a kill harmless: the ledger is there before an edition is fixed, the edition with all its bytes
before anything is sent, *sending* before the first byte.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import heappop, heappush
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from briefing import words
from briefing.deliver import Channel, Edited
from briefing.deliver.channels import Broken
from briefing.deliver.channels import channels as configured_channels
from briefing.deliver.edition import Edition, edition_from, edition_of, kept, part_name
from briefing.deliver.looked_up import STOPPED, lacks, returned
from briefing.deliver.mail import goes_to, id_of
from briefing.deliver.outbox import Outbox, Outgoing, Pace, note_interrupted
from briefing.deliver.policy import Key, standings, verdict
from briefing.deliver.renamed import taken_over
from briefing.deliver.report import Day, arrivals, line, lines, of_the_one_before
from briefing.document import from_json
from briefing.errors import BriefingError, Busy, UsageError
from briefing.escalation import open_climbs
from briefing.store import Store, last_kept
from briefing.store.ledger import FILE_NAME, Entry, Ledger, LedgerError, set_aside
from briefing.workspace import Workspace, climbed_on, compile_in

if TYPE_CHECKING:
    from briefing.deliver.escalate import Escalator

log = logging.getLogger(__name__)

FAULT = 70

FORGOTTEN = "the ledger that knew it could not be read"

NOTE, UPDATE = "note", "update"
"""What the ledger calls an edit of a message that is there, in the place of a Message-ID."""

ALL_THE_SAME = "To send it all the same: briefing run --resend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user said."""

    names: tuple[str, ...] = ()
    """Channels; none: all."""

    dry_run: bool = False
    resend: bool = False
    skip_today: bool = False
    correct: bool = False
    audiences: tuple[str, ...] = ()
    """Whose edition; none: everybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What a run does outside of itself."""

    pace: Pace
    collect: Callable[[Store], None]
    say: Callable[[str], None]
    """Good news."""

    warn: Callable[[str], None]
    """What needs a person."""

    began: Callable[[], None] = lambda: None
    """Told once the lock is held: from here on this run is the one that delivers."""


def run(workspace: Workspace, asked: Asked, hands: Hands) -> int:
    """One run. The exit code: 1 where a channel did not deliver, or no source was whole.

    Raises UsageError, Busy where another run is at work, LedgerError where the ledger cannot be read, StoreError.
    """
    parts = _parts(workspace, asked)
    hands = replace(hands, collect=_once(hands.collect))
    with nullcontext() if asked.dry_run else alone(workspace.folder):
        if not asked.dry_run:
            hands.began()
        climbed = 0 if asked.dry_run or asked.skip_today else _ladders(workspace, asked, hands)
        if len(parts) == 1:
            return max(climbed, _waited_for(_edition(*parts[0], asked, hands), hands.pace))
        return max(climbed, _several(parts, asked, hands))


def look(workspace: Workspace, hands: Hands) -> int:
    """Climb the ladders, and make no edition; 1 where a step failed. Raises as `run` does."""
    with alone(workspace.folder):
        return _ladders(workspace, Asked(), hands)


def _ladders(workspace: Workspace, asked: Asked, hands: Hands) -> int:
    """Climbed once, whoever's edition is due; before the editions, which tell how it went."""
    first = workspace.each()[0]
    return _Run(first, asked, hands, _named(first, ())).look()


Turn = Generator[float, None, int]
"""One audience's edition on its way: yields when it is to go on (by the steady clock), returns its exit code."""


def _edition(workspace: Workspace, channels: Sequence[Channel], asked: Asked, hands: Hands) -> Turn:
    """One audience's."""
    one = _Run(workspace, asked, hands, channels)
    return one.dry() if asked.dry_run else (yield from one.real())


def _waited_for(turn: Turn, pace: Pace) -> int:
    while True:
        try:
            at = next(turn)
        except StopIteration as end:
            return int(end.value)
        pace.wait(at)


def _several(parts: Sequence[tuple[Workspace, list[Channel]]], asked: Asked, hands: Hands) -> int:
    """Each audience's in turn, whatever becomes of the others': nobody waits for a server that puts another off. The
    worst of their exit codes.
    """
    codes: list[int] = []
    usage: list[tuple[Hands, UsageError]] = []
    turns: list[tuple[float, int, Turn]] = []
    for number, (workspace, channels) in enumerate(parts):
        own = replace(hands, say=_as(workspace.who, hands.say), warn=_as(workspace.who, hands.warn))
        turns.append((-inf, number, _apart(_edition(workspace, channels, asked, own), workspace.who, own, usage)))
    while turns:
        at, number, turn = heappop(turns)
        hands.pace.wait(at)
        try:
            heappush(turns, (next(turn), number, turn))
        except StopIteration as end:
            codes.append(end.value)
    if len(usage) == len(codes):
        raise usage[0][1]
    for own, error in usage:
        own.say(str(error))
    return max(codes)


def _apart(turn: Turn, name: str, own: Hands, usage: list[tuple[Hands, UsageError]]) -> Turn:
    """A turn whose failure is told and is its own alone."""
    try:
        return (yield from turn)
    except UsageError as error:
        usage.append((own, error))
        return 0
    except BriefingError as error:
        own.warn(f"{error}; {error.advice}" if error.advice else str(error))
        return error.exit_code
    except Exception as error:
        # Whatever a fault of ours is, the others' editions come.
        log.exception("the edition of %s failed", name)
        own.warn(f"a fault of ours ({type(error).__name__}); the log has the details")
        return FAULT


def _as(name: str, tell: Callable[[str], None]) -> Callable[[str], None]:
    return lambda text: tell(f"{name}: {text}")


def _once(collect: Callable[[Store], None]) -> Callable[[Store], None]:
    """Sources are read once for all audiences; where another holds them, each is told so."""
    done: list[bool] = []

    def first(store: Store) -> None:
        if not done:
            collect(store)
            done.append(True)

    return first


def _parts(workspace: Workspace, asked: Asked) -> list[tuple[Workspace, list[Channel]]]:
    """The audiences that are meant, each with the channels that are meant. Raises UsageError."""
    wanted = [(one, _named(one, asked.names)) for one in workspace.each(asked.audiences)]
    known = {name for one, _ in wanted for name in one.settings.deliver}
    if not known:
        raise UsageError(
            "no channel is set up: nothing would be delivered",
            advice='write [deliver.files] with use = "file" and folder = "...", or see docs/delivery.md',
        )
    for name in asked.names:
        if name not in known:
            raise UsageError(f'no channel is called "{name}"', advice=f"there are {words.listed(sorted(known))}")
    return [(one, channels) for one, channels in wanted if channels]


def _named(workspace: Workspace, names: Sequence[str]) -> list[Channel]:
    """An audience's channels, all or those named."""
    found = configured_channels(workspace.settings, base=workspace.base, folder=workspace.folder)
    return [one for one in found if not names or one.name in names]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of runs; it ends with the process, however that ends. Raises Busy."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "run.lock").touch(mode=0o600)
    with (folder / "run.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                "another `briefing run` is at work here", advice="it delivers; look with `briefing status`"
            ) from error
        yield


class _Run:
    """One run, with what it looked up."""

    def __init__(self, workspace: Workspace, asked: Asked, hands: Hands, channels: Sequence[Channel]) -> None:
        self._workspace, self._asked, self._hands, self._channels = workspace, asked, hands, list(channels)
        self._now = hands.pace.now()
        self._morning = workspace.morning(self._now).of_reader
        self._today, self._zone = self._morning.today, self._morning.zone
        self._audience = workspace.settings.reader().name
        self._name = f"{self._now:%Y%m%dT%H%M%S}"
        self._names = {one.name for one in channels}
        self._keys: list[Key] = [(one.name, to) for one in channels for to in one.recipients]
        self._repeatable = {one.name for one in channels if one.repeatable}
        self._code = 0

    # --- for real --------------------------------------------------------------------------------------------------

    def real(self) -> Turn:
        store, notices = self._workspace.store(self._now)
        try:
            ledger = self._ledger(store)
            try:
                return max((yield from self._with(store, ledger, notices)), self._code)
            finally:
                ledger.close()
        finally:
            store.close()

    def _ledger(self, store: Store) -> Ledger:
        path = self._workspace.folder / FILE_NAME
        try:
            return Ledger(path, may_begin=not store.has_editions())
        except LedgerError as error:
            if not (self._asked.resend or self._asked.skip_today):
                raise LedgerError(str(error), advice=STOPPED) from error
            aside = set_aside(path, now=self._now)
            where = f"; it was set aside as {aside.name}" if aside else ""
            self._hands.warn(f"{error}{where}, and a new one begins")
            ledger = Ledger(path, may_begin=True)
            self._forgotten(store, ledger)
            return ledger

    def _forgotten(self, store: Store, ledger: Ledger) -> None:
        """The ledger of before may have known whom today's editions went to, of whichever audience: uncertain."""
        for one in self._workspace.each():
            name, day = one.settings.reader().name, one.today(self._now)
            keys = [(channel.name, to) for channel in _named(one, ()) for to in channel.recipients]
            ledger.record(
                [
                    replace(self._entry(key), audience=name, date=day, state="uncertain", detail=FORGOTTEN)
                    for key in (keys if last_kept(store, name, day) else ())
                ]
            )

    def _with(self, store: Store, ledger: Ledger, notices: tuple[str, ...]) -> Turn:
        for day in (self._today, *ledger.days(self._audience, self._today)):
            note_interrupted(ledger, self._audience, day, run=self._name, now=self._now)
        for text in self._renamed(ledger):
            self._hands.say(text)
        if self._asked.skip_today:
            return self._skip(ledger)
        again = self._corrected(store, ledger, notices) if self._asked.correct else self._again(ledger)
        if not again and not self._begun(ledger) and self._day_off():
            return 0
        if not again and self._nothing_to_send(ledger):
            code = self._told(ledger)
        else:
            outgoing = self._fixed(store, ledger, notices)
            outbox = Outbox(ledger, outgoing, run=self._name, pace=self._hands.pace)
            yield from outbox.tries(self._channels, again=again, say=self._hands.say)
            code = max(self._told(ledger), self._code)
            self._noted(ledger, outgoing)
        self._brought_up_to_date(store, ledger, notices)
        return code

    # --- what is edited ----------------------------------------------------------------------------------------------

    def _editable(self, ledger: Ledger) -> list[Channel]:
        """Channels whose message is there and can be edited."""
        found = standings(ledger.entries(self._audience, self._today))
        return [
            one
            for one in self._channels
            if isinstance(one, Edited)
            and all((key := found.get((one.name, to))) and key.state == "sent" for to in one.recipients)
        ]

    def _edit(self, ledger: Ledger, edition: Edition, channel: Channel, body: bytes, name: str) -> bool:
        """Put other bytes in the place of a channel's; whether it took them. `name` stands in the ledger."""
        outgoing = Outgoing(edition=edition, bodies={channel.name: body}, message_ids={channel.name: name})
        box = Outbox(ledger, outgoing, run=self._name, pace=self._hands.pace)
        keys = {(channel.name, to) for to in channel.recipients}
        found = box.deliver([channel], again=keys, say=self._hands.say)
        return all(found[key].state == "sent" for key in keys)

    def _noted(self, ledger: Ledger, outgoing: Outgoing) -> None:
        """What went wrong elsewhere, told where a message can be edited: a reply below, once for the same words."""
        entries = ledger.entries(self._audience, self._today)
        found = standings(entries)
        bad = {key: one for key in self._keys if (one := found.get(key)) and one.state in {"uncertain", "refused"}}
        if not bad:
            return
        text = "\n".join(line(key, one, self._zone, repeatable=self._repeatable) for key, one in bad.items())
        name = f"{NOTE} {hashlib.sha256(text.encode()).hexdigest()[:12]}"
        for channel in self._editable(ledger):
            if isinstance(channel, Edited) and not any(
                one.channel == channel.name and one.message_id == name for one in entries
            ):
                body = channel.noted(outgoing.bodies[channel.name], text)
                self._edit(ledger, outgoing.edition, channel, body, name)

    def _brought_up_to_date(self, store: Store, ledger: Ledger, notices: tuple[str, ...]) -> None:
        """Where sources that today's edition lacks have been read whole since, show it where it can be edited: nobody
        is notified, and there is no second mail.
        """
        found, editable = last_kept(store, self._audience, self._today), self._editable(ledger)
        edition = edition_from(found) if found else None
        if found is None or edition is None or not editable or edition.made_at >= self._now.replace(microsecond=0):
            return
        then = from_json(edition.forms["json"])
        if not lacks(then):
            return
        self._collect(store)
        now = self._hands.pace.now()
        told = (*notices, *self._before(ledger))
        for channel in editable:
            shown = self._shown_at(ledger, channel, edition)
            briefing = compile_in(self._workspace, store, now, notices=told).briefing
            if not (back := returned(then, briefing, shown)):
                continue
            at = words.clock(now.astimezone(self._zone))
            said = f"Brought up to date at {at}: {words.listed(back)} read since."
            # Answers are heard once, for the edition: what was not understood of them stands there still.
            briefing = replace(
                briefing, notices=(*briefing.notices, said), not_understood=then.not_understood, answers=then.answers
            )
            newer = replace(edition_of(briefing, edition.made_at, day=self._today), subject=edition.subject)
            if isinstance(channel, Edited):
                body = channel.renewed(newer, self._bodies(edition, found.parts)[channel.name])
                if self._edit(ledger, newer, channel, body, UPDATE):
                    self._hands.say(f"{channel.name}: brought up to date, {words.listed(back)} read since.")

    def _shown_at(self, ledger: Ledger, channel: Channel, edition: Edition) -> datetime:
        """Of when the page is that stands there."""
        sent = [
            one
            for one in ledger.entries(self._audience, self._today)
            if one.channel == channel.name and one.state == "sent"
        ]
        return sent[-1].at if sent and sent[-1].message_id == UPDATE else edition.made_at

    def _collect(self, store: Store) -> None:
        try:
            self._hands.collect(store)
        except Busy as error:
            if not any(store.asked().values()):
                raise
            self._hands.warn(f"{error}; going on with what was read")

    def _renamed(self, ledger: Ledger) -> list[str]:
        everybody = [one.settings for one in self._workspace.each()]
        known = {(one.reader().name.casefold(), channel) for one in everybody for channel in one.deliver}
        return taken_over(ledger, self._audience, self._today, self._keys, known, run=self._name)

    def look(self) -> int:
        """Ladders alone, between editions: on fresh readings, without an edition."""
        store, _ = self._workspace.store(self._now)
        try:
            ledger = self._ledger(store)
            try:
                self._climb(store, ledger)
            finally:
                ledger.close()
        finally:
            store.close()
        return self._code

    def _climb(self, store: Store, ledger: Ledger) -> None:
        """Execute the steps of ladders that are due."""
        if not (self._workspace.settings.escalate or open_climbs(ledger.steps())):
            return
        try:
            from briefing.deliver.answered import heard

            self._collect(store)
            now = self._hands.pace.now()
            heard(self._workspace, store, ledger, self._channels, now=now)  # a word that came meanwhile ends a climb
            found = climbed_on(self._workspace, store, now)
            failed = self._escalator(ledger).climb(*found, self._workspace.morning(now))
        except Busy:
            raise
        except Exception as error:
            # Whatever it is, the edition goes on, says which steps are due, and the run ends with 1.
            log.exception("the ladders could not be climbed")
            known = isinstance(error, BriefingError)
            why = str(error) if known else f"a fault of ours ({type(error).__name__}); the log has the details"
            self._hands.warn(f"escalation failed: {why}")
            failed = 1
        self._code = max(self._code, failed)

    def _escalator(self, ledger: Ledger) -> Escalator:
        from briefing.deliver.escalate import Escalator

        hands = self._hands
        return Escalator(self._workspace, ledger, run=self._name, pace=hands.pace, say=hands.say, warn=hands.warn)

    def _day_off(self) -> bool:
        """Say so where today is no workday."""
        if self._morning.calendar.is_workday(self._today):
            return False
        self._hands.say(f"{words.full_day(self._today)} is no workday: nothing is sent. {ALL_THE_SAME}")
        return True

    def _corrected(self, store: Store, ledger: Ledger, notices: tuple[str, ...]) -> set[Key]:
        """Fix today's edition anew, as a correction of the one that went out, and say whom it goes to: whoever it was
        begun for. Raises UsageError where nothing went out.
        """
        found = standings(ledger.entries(self._audience, self._today))
        keys = {key for key in self._keys if key in found}
        then = last_kept(store, self._audience, self._today)
        before = edition_from(then) if then else None
        if not keys or then is None or before is None:
            raise UsageError("there is no edition of today to correct", advice="briefing run")
        edition = replace(self._compiled(store, ledger, notices), revision=before.revision + 1)
        old, bodies = self._bodies(before, then.parts), self._bodies(edition, {}, self._had(ledger))
        for one in self._channels:
            if isinstance(one, Edited) and old[one.name]:
                bodies[one.name] = one.renewed(edition, old[one.name])
        store.keep(kept(edition, bodies))
        return keys

    def _begun(self, ledger: Ledger) -> bool:
        """Whether today's edition was begun, by whatever command."""
        return bool(ledger.entries(self._audience, self._today))

    def _skip(self, ledger: Ledger) -> int:
        found = standings(ledger.entries(self._audience, self._today))
        open_keys = [key for key in self._keys if not ((one := found.get(key)) and one.good)]
        ledger.record([self._entry(key) for key in open_keys])
        self._hands.say(
            f"{words.full_day(self._today)}: skipped for {words.listed(f'{name} to {to}' for name, to in open_keys)}."
            if open_keys else f"{words.full_day(self._today)}: there was nothing left to skip."
        )  # fmt: skip
        return 0

    def _entry(self, key: Key) -> Entry:
        return Entry(
            at=self._now, run=self._name, audience=self._audience, date=self._today, channel=key[0], recipient=key[1],
            state="skipped",
        )  # fmt: skip

    def _again(self, ledger: Ledger) -> set[Key]:
        """Who is sent it whatever the ledger says: all of the channels named, else who is not known to have it."""
        if not self._asked.resend:
            return set()
        if self._asked.names:
            return set(self._keys)
        found = standings(ledger.entries(self._audience, self._today))
        wanted = {key for key in self._keys if not ((one := found.get(key)) and one.state == "sent")}
        if not wanted:
            raise UsageError(
                f"today's edition is delivered: {arrivals(found, self._zone)}",
                advice=f"to send it once more name the channel: briefing run --resend {self._keys[0][0]}",
            )
        return wanted

    def _nothing_to_send(self, ledger: Ledger) -> bool:
        found = standings(ledger.entries(self._audience, self._today))
        if any(verdict(found.get(key), repeatable=key[0] in self._repeatable) == "send" for key in self._keys):
            return False
        if all((one := found.get(key)) and one.good for key in self._keys):
            self._hands.say(f"Today's edition ({words.full_day(self._today)}) is settled; nothing is sent twice.")
        return True

    def _told(self, ledger: Ledger) -> int:
        """Say how every channel stands; 1 where one needs a person."""
        found = standings(ledger.entries(self._audience, self._today))
        repeatable = {one.name for one in self._channels if one.repeatable}  # Slack may have learned that it can look
        told = lines(self._keys, found, self._zone, repeatable=repeatable)
        for good, text in told:
            (self._hands.say if good else self._hands.warn)(text)
        return int(not all(good for good, _ in told))

    # --- the edition -----------------------------------------------------------------------------------------------

    def _fixed(self, store: Store, ledger: Ledger | None, notices: tuple[str, ...]) -> Outgoing:
        """Today's edition: the one that is kept, else a new one, which is kept before it is returned."""
        found = last_kept(store, self._audience, self._today)
        edition = edition_from(found) if found else None
        if found is None or edition is None:
            edition = self._compiled(store, ledger, notices)
            if ledger is not None:
                found = store.keep(kept(edition, self._bodies(edition, {})))
                edition = edition_from(found) or edition
        bodies = self._bodies(edition, found.parts if found else {}, self._had(ledger))
        ids = {name: id_of(body) for name, body in bodies.items()}
        return Outgoing(edition=edition, bodies=bodies, message_ids=ids)

    def _had(self, ledger: Ledger | None) -> set[str]:
        """Channels by which today's edition may have arrived. For the others a correction is their first."""
        entries = ledger.entries(self._audience, self._today) if ledger else ()
        return {one.channel for one in entries if one.state in {"sent", "uncertain"}}

    def _bodies(self, edition: Edition, parts: Mapping[str, bytes], had: Collection[str] = ()) -> dict[str, bytes]:
        """What each channel sends: what is kept, else what it makes of the edition. A channel that cannot is broken."""
        bodies = {}
        for number, channel in enumerate(self._channels):
            try:
                made = channel.fixed(edition if channel.name in had else replace(edition, revision=1))
                there = parts.get(part_name(channel.name)) or made
                # A mail of other addresses than are set now is nobody's any more: who has it keeps it, for the others
                # it is made anew, with another Message-ID.
                bodies[channel.name] = there if goes_to(there) == goes_to(made) else made
            except Exception as error:
                log.exception("%s could not be made", channel.name)
                problem = f"a fault of ours ({type(error).__name__}); the log has the details"
                self._channels[number] = Broken(name=channel.name, recipients=channel.recipients, problem=problem)
                bodies[channel.name] = b""
        return bodies

    def _compiled(self, store: Store, ledger: Ledger | None, notices: tuple[str, ...]) -> Edition:
        from briefing.deliver.answered import (  # knows the grammar, which a look at the clock does not need
            Answered,
            heard,
        )

        self._collect(store)
        now = self._hands.pace.now()
        # Whatever channels are meant: the edition that is fixed here is every channel's.
        everywhere = [*self._channels, *(one for one in _named(self._workspace, ()) if one.name not in self._names)]
        back = heard(self._workspace, store, ledger, everywhere, now=now) if ledger else Answered()
        before = self._before(ledger) if ledger else ()
        told = (*notices, *before, *back.notices)
        compiled = compile_in(self._workspace, store, now, notices=told, unclear=back.unclear)
        statuses = [one.status for one in compiled.facts.readings]
        if self._workspace.settings.sources and not statuses:
            self._code = 1
            self._hands.warn("no source was ever read; the briefing rests on nothing")
        if statuses and "whole" not in statuses:
            self._code = 1
            self._hands.warn("no list of any source was read whole; the briefing says so")
        briefing = compiled.briefing
        # The day was asked for at the start: an edition compiled over midnight is the one that was asked for.
        return edition_of(briefing, now.astimezone(self._zone), day=self._today)

    def _before(self, ledger: Ledger) -> list[str]:
        days = [
            Day(date=day, standings=standings(ledger.entries(self._audience, day)))
            for day in ledger.days(self._audience, self._today)
        ]
        editions = self._workspace.settings.timetable(self._today.year).editions  # a day off was not missed
        return of_the_one_before(days, self._today, editions, self._zone)

    # --- a dry run -------------------------------------------------------------------------------------------------

    def dry(self) -> int:
        """What would be sent. Reads the sources as `briefing` does; fixes, sends and notes nothing."""
        store, notices = self._workspace.store(self._now)
        try:
            return self._dry(store, notices)
        finally:
            store.close()

    def _dry(self, store: Store, notices: tuple[str, ...]) -> int:
        path = self._workspace.folder / FILE_NAME
        ledger = None
        if path.exists() or store.has_editions():
            try:
                ledger = Ledger(path, may_begin=False)
            except LedgerError as error:
                raise LedgerError(str(error), advice=STOPPED) from error
        try:
            found = standings(ledger.entries(self._audience, self._today)) if ledger else {}
            outgoing = self._fixed(store, None, (*notices, *(self._before(ledger) if ledger else ())))
            climbing = self._would_climb(store, ledger)
        finally:
            if ledger:
                ledger.close()
        if not found:
            self._day_off()
        for one in self._channels:
            self._hands.say(f"{one.name} ({one.kind})")
            for to in one.recipients:
                would = verdict(found.get((one.name, to)), repeatable=one.repeatable)
                what = {"send": "would be sent", "done": "has it", "stopped": "would not be sent by itself"}[would]
                self._hands.say(f"  {to}: {what}")
            for text in one.shown(outgoing.edition, outgoing.bodies[one.name]).splitlines():
                self._hands.say(f"  {text}")
        for text in climbing:
            self._hands.say(text)
        self._hands.say("Nothing was sent or noted.")
        return self._code

    @property
    def _first(self) -> Workspace:
        """The first of the audiences that are meant."""
        return self._workspace.each(self._asked.audiences)[0]

    def _would_climb(self, store: Store, ledger: Ledger | None) -> list[str]:
        if not self._workspace.settings.escalate or self._audience != self._first.settings.reader().name:
            return []  # told once
        if ledger is None:
            return ["Ladders begin with the first run."]
        found = climbed_on(self._workspace, store, self._now)
        return self._escalator(ledger).would(*found, self._workspace.morning(self._now))
