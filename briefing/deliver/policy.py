"""Who still gets today's edition, and who does not by itself. Pure: ledger entries in, verdicts out.

By itself a recipient is sent an edition at most once: again only where every try before was put off for certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from briefing.morning import WorkCalendar
from briefing.store.ledger import Entry, State

Key = tuple[str, str]
"""Channel and recipient."""

Verdict = Literal["send", "done", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one recipient of one edition stands."""

    state: State
    at: datetime
    detail: str
    since: datetime
    """When it was first noted."""

    delivered: datetime | None = None
    """When it was last taken for certain; a later try may still have failed."""

    put_off: bool = False
    """Every try so far was put off for certain: it may be tried again without asking."""

    @property
    def good(self) -> bool:
        """Nothing needs a person here."""
        return self.state in {"sent", "skipped"}


def standings(entries: Iterable[Entry]) -> dict[Key, Standing]:
    """Where each recipient stands, from the entries of one edition in their order."""
    found: dict[Key, Standing] = {}
    for entry in entries:
        key = (entry.channel, entry.recipient)
        before = found.get(key)
        found[key] = Standing(
            state=entry.state, at=entry.at, detail=entry.detail, since=before.since if before else entry.at,
            delivered=entry.at if entry.state == "sent" else before.delivered if before else None,
            put_off=entry.state in {"sending", "deferred"} and (before is None or before.put_off),
        )  # fmt: skip
    return found


def verdict(standing: Standing | None, *, repeatable: bool = False) -> Verdict:
    """What a run does by itself: send; nothing, it is done; or nothing, and a person has to look."""
    if standing is None:
        return "send"
    if standing.good:
        return "done"
    if standing.state == "deferred" and standing.put_off:
        return "send"
    return "send" if repeatable else "stopped"


def interrupted(found: Mapping[Key, Standing]) -> list[Key]:
    """What a run began and did not live to see the end of. To be asked with the run's lock held."""
    return [key for key, standing in found.items() if standing.state == "sending"]


def waits(patience: float) -> Sequence[float]:
    """Seconds between tries at a channel that puts us off, `patience` in all.

    In shares of 1, 2, 5 and 12: of 20 minutes that is 1, 2, 5 and 12. Greylisting wants 5 to 15 minutes between the
    first and the one that counts (email-and-delivery.md, section 6).
    """
    return [patience * share / 20 for share in (1, 2, 5, 12)] if patience > 0 else []


def missed(last: date | None, today: date, calendar: WorkCalendar) -> list[date]:
    """Workdays between the last edition and today: none was delivered on them."""
    if last is None or last >= today:
        return []
    days: list[date] = []
    day = calendar.next_workday(last)
    while day < today and len(days) < 60:
        days.append(day)
        day = calendar.next_workday(day)
    return days
