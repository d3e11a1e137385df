"""What is known of editions and ladders, for who asks: reads the ledger and the store, and notes nothing."""

from __future__ import annotations

from datetime import datetime

from briefing.deliver.policy import standings
from briefing.deliver.report import Day
from briefing.document import Briefing, from_json
from briefing.store import last_kept
from briefing.store.ledger import FILE_NAME, Ledger, LedgerError
from briefing.workspace import Workspace

STOPPED = (
    "nothing is sent by itself until you say how to go on: "
    "`briefing run --resend` sends today's edition, `briefing run --skip-today` goes on with the next one"
)


def looked_up(workspace: Workspace, now: datetime) -> tuple[list[Day], LedgerError | None]:
    """The editions that the ledger knows, today's first, for `briefing status`; or why it cannot be read."""
    path, audience = workspace.folder / FILE_NAME, workspace.settings.reader().name
    today = workspace.today(now)
    if not path.exists() and not _has_editions(workspace, now):
        return [], None
    try:
        ledger = Ledger(path, may_begin=False)
    except LedgerError as error:
        return [], LedgerError(str(error), advice=STOPPED)
    try:
        days = [today, *ledger.days(audience, today)]
        return [Day(date=day, standings=standings(ledger.entries(audience, day))) for day in days], None
    finally:
        ledger.close()


def lacks(briefing: Briefing) -> set[str]:
    """Sources of which an edition does not hold everything."""
    return {one.source for one in briefing.coverage if one.status != "whole"}


def returned(then: Briefing, now: Briefing, shown: datetime) -> list[str]:
    """Sources that an edition lacks and that have been read whole since a moment."""
    return [
        one.source
        for one in now.coverage
        if one.source in lacks(then) and one.status == "whole" and one.fetched_at and one.fetched_at > shown
    ]


def is_incomplete(workspace: Workspace, now: datetime) -> bool:
    """Whether today's kept edition lacks a source, so that a run may have something to bring up to date."""
    if not workspace.folder.is_dir():
        return False
    store, _ = workspace.store(now)
    try:
        found = last_kept(store, workspace.settings.reader().name, workspace.today(now))
    finally:
        store.close()
    return found is not None and bool(lacks(from_json(found.body)))


def _has_editions(workspace: Workspace, now: datetime) -> bool:
    if not workspace.folder.is_dir():
        return False
    store, _ = workspace.store(now)
    try:
        return store.has_editions()
    finally:
        store.close()


def ladders_in(workspace: Workspace, now: datetime) -> tuple[list[str], list[str]]:
    """Ladders in progress, and steps that reached nobody for certain, in lines; nothing where no ledger can be read."""
    from briefing.escalated import failed_lines, in_progress

    path = workspace.folder / FILE_NAME
    if not path.exists():
        return [], []
    try:
        ledger = Ledger(path, may_begin=False)
    except LedgerError:
        return [], []  # told by `looked_up`
    try:
        steps, decisions = ledger.steps(), ledger.decisions()
    finally:
        ledger.close()
    morning = workspace.morning(now)
    ladders = [one.ladder for one in workspace.settings.escalate]
    return list(in_progress(ladders, steps, morning)), failed_lines(steps, decisions, morning)
