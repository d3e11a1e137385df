"""What the ledger says before an edition is compiled: the last one of an earlier date that was delivered for certain,
and what its reader said of items.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from briefing.decisions import Decision
from briefing.memory import Past, past_of
from briefing.store import KeptEdition, Store, last_kept
from briefing.store.ledger import FILE_NAME, Ledger, LedgerError

UNHEARD = "What you said of items cannot be read: nothing is folded, snoozed or muted."
UNREADABLE = "Which edition was delivered last cannot be read: nothing is compared."


def last_edition(folder: Path, store: Store, audience: str, today: date) -> tuple[Past | None, tuple[str, ...]]:
    """What the last delivered edition before today had, and what is to be said where nobody can know. Notes nothing.

    Raises Busy where the ledger is held by another process for long.
    """
    if not (folder / FILE_NAME).exists() and not store.has_editions():
        return None, ()
    try:
        ledger = Ledger(folder / FILE_NAME, may_begin=False)
    except LedgerError:
        return None, (UNREADABLE,)
    try:
        kept = delivered(ledger, store, audience, today)
        return (past_of(json.loads(kept.body)) if kept else None), ()
    finally:
        ledger.close()


def delivered(ledger: Ledger, store: Store, audience: str, before: date) -> KeptEdition | None:
    """The last edition of an earlier date that was delivered for certain."""
    for day in ledger.days(audience, before):
        if any(entry.state == "sent" for entry in ledger.entries(audience, day)):
            return last_kept(store, audience, day)
    return None


def said_before(folder: Path, store: Store, audience: str | None) -> tuple[tuple[Decision, ...], tuple[str, ...]]:
    """What the audience, or everybody, said of items, and what is to be said where nobody can know. Notes nothing.

    Raises Busy where the ledger is held by another process for long.
    """
    if not (folder / FILE_NAME).exists() and not store.has_editions():
        return (), ()
    try:
        ledger = Ledger(folder / FILE_NAME, may_begin=False)
    except LedgerError:
        return (), (UNHEARD,)
    try:
        return ledger.decisions(audience), ()
    finally:
        ledger.close()
