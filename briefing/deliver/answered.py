"""What came back of earlier editions, before the next one is compiled: asked of channels, understood, kept.

Nothing in here fails a run: what could not be read is told.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from briefing import answers, words
from briefing.answers import Heard
from briefing.decisions import Decision
from briefing.deliver import Answerable, Channel, Unanswered
from briefing.errors import BriefingError
from briefing.reading.text import clean
from briefing.replies import Said, Unclear
from briefing.store import Store
from briefing.store.ledger import FILE_NAME, Ledger
from briefing.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the next edition tells of answers, besides what the ledger has."""

    unclear: tuple[Unclear, ...] = ()
    notices: tuple[str, ...] = ()


def heard(
    workspace: Workspace, store: Store, ledger: Ledger, channels: Sequence[Channel], *, now: datetime
) -> Answered:  # fmt: skip
    """Read, understand and keep the reader's answers by mail and by these channels."""
    morning = workspace.morning(now).of_reader
    said, notices = asked(channels, now - answers.REACH)
    try:
        facts = store.snapshot(now, list(workspace.settings.sources)).facts
        said += answers.by_mail(facts, morning, workspace.settings.workspace.name)
        found = answers.keep(answers.named(said, facts), store, ledger, morning)
    except BriefingError as error:
        return Answered(notices=(*notices, f"Answers were not read ({_told(error)})."))
    except Exception as error:
        log.exception("answers could not be understood")  # whatever somebody wrote, the edition comes
        return Answered(notices=(*notices, f"Answers were not read ({_told(error)})."))
    return Answered(unclear=found.unclear, notices=(*notices, *_left(found)))


def kept_from_mail(workspace: Workspace, store: Store, *, now: datetime) -> tuple[Decision, ...]:
    """Understand and keep the reader's answers by mail; those that are new. None where no edition was ever made.

    Raises LedgerError where the ledger cannot be read, StoreError where it cannot be written.
    """
    path = workspace.folder / FILE_NAME
    if not path.exists():
        return ()
    ledger, morning = Ledger(path, may_begin=False), workspace.morning(now).of_reader
    try:
        facts = store.snapshot(now, list(workspace.settings.sources)).facts
        said = answers.by_mail(facts, morning, workspace.settings.workspace.name)
        return answers.keep(answers.named(said, facts), store, ledger, morning).kept
    finally:
        ledger.close()


def _left(found: Heard) -> tuple[str, ...]:
    if not found.left:
        return ()
    return (f"{words.count(found.left, 'answer')} beyond the first {answers.MOST:,} are read for the next edition.",)


def asked(channels: Sequence[Channel], since: datetime) -> tuple[list[Said], list[str]]:
    """What came back since a moment, and which channels could not say: side by side, each within its own deadline."""
    waited: list[tuple[Channel, queue.Queue[list[Said] | Exception]]] = []
    for channel in channels:
        if isinstance(channel, Answerable):
            waited.append((channel, queue.Queue()))
            threading.Thread(
                target=_work, args=(channel, since, waited[-1][1]), daemon=True, name=f"answers {channel.name}"
            ).start()
    began = time.monotonic()
    said: list[Said] = []
    notices = []
    for channel, answer in waited:
        try:
            found = answer.get(timeout=max(began + channel.deadline - time.monotonic(), 0.001))
        except queue.Empty:
            found = Unanswered(f"no answer within {channel.deadline:g} s")
        if isinstance(found, Exception):
            notices.append(f"Replies in {channel.kind} were not read ({_told(found)}).")
        else:
            said += found
    return said, notices


def _work(channel: Answerable, since: datetime, answer: queue.Queue[list[Said] | Exception]) -> None:
    try:
        answer.put(list(channel.answers(since)))
    except Exception as error:  # noqa: BLE001  (whatever a channel raises is its own failure alone)
        answer.put(error)


def _told(error: Exception) -> str:
    if isinstance(error, BriefingError | Unanswered):
        return clean(str(error), 200).rstrip(".")
    log.error("unforeseen fault while answers were read", exc_info=error)
    return f"a fault of ours, {type(error).__name__}"
