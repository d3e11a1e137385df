"""How delivery went, in sentences: for the person at the terminal, and for the next edition. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from briefing import words
from briefing.deliver.output import HERE
from briefing.deliver.policy import Key, Standing, missed
from briefing.morning import WorkCalendar

NOT_WRITTEN = "the ledger could not be written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One edition and how each recipient stands."""

    date: date
    standings: Mapping[Key, Standing]

    @property
    def delivered(self) -> bool:
        """Somebody has it for certain."""
        return any(one.delivered for one in self.standings.values())

    @property
    def settled(self) -> bool:
        """Nothing of it needs a person."""
        return bool(self.standings) and all(one.good for one in self.standings.values())


GONE = "It is not sent any more; the next edition says so."
"""Of an edition of an earlier date: a run sends today's."""


def line(
    key: Key, standing: Standing | None, zone: tzinfo, *, repeatable: Collection[str] = (), over: bool = False
) -> str:
    """How one recipient stands, with what to do where something is. `repeatable`: channels that a run tries again by
    itself whatever came of it; `over`: it is an edition of an earlier date.
    """
    channel, recipient = key
    if standing is None:
        return f"{channel}: not sent to {recipient}; {NOT_WRITTEN}, and without it nothing is sent."
    at = words.clock(standing.at.astimezone(zone))
    state, why = standing.state, f": {standing.detail}" if standing.detail else ""
    if state == "sent":
        done = "printed" if recipient == HERE else f"{'sent' if '@' in recipient else 'written'} to {recipient}"
        return f"{channel}: {done}, {at}."
    if state == "skipped":
        return f"{channel}: {recipient} skipped by you, {at}."
    if state == "sending":
        return f"{channel}: on its way to {recipient} since {at}, or the run was ended."
    by_itself = channel in repeatable
    command = "briefing run" if by_itself or standing.put_off else f"briefing run --resend {channel}"
    told, then = {
        "deferred": (f"not sent to {recipient}", f"To try again: {command}"),
        "refused": (f"refused for {recipient}", f"Once that is put right: {command}"),
    }.get(state, (f"whether it reached {recipient} is not known", f"To look and go on: {command}"))
    if state == "uncertain" and not by_itself:
        then = f"Look there; then {command}, or briefing run --skip-today"
    return f"{channel}: {told}{why}. {GONE if over else then}"


def lines(
    keys: Sequence[Key], standings: Mapping[Key, Standing], zone: tzinfo, *, repeatable: Collection[str] = ()
) -> list[tuple[bool, str]]:
    """Whether each recipient is well, and the line about it."""
    return [
        ((one := standings.get(key)) is not None and one.good, line(key, one, zone, repeatable=repeatable))
        for key in keys
    ]


def arrivals(standings: Mapping[Key, Standing], zone: tzinfo) -> str:
    """`mail 07:00, archive 07:00`: each channel with the time of its last delivery."""
    times: dict[str, datetime] = {}
    for (channel, _), one in standings.items():
        if one.delivered and one.delivered >= times.get(channel, one.delivered):
            times[channel] = one.delivered
    return ", ".join(f"{channel} {words.clock(at.astimezone(zone))}" for channel, at in times.items())


MOST_TOLD = 5
"""Editions of which each is told with its channels; of those before them the count is told."""


def since_delivered(days: Sequence[Day]) -> list[Day]:
    """Of earlier days, the latest first: those back to the last one that was delivered, with it; all without one."""
    known = [day for day in days if day.standings]
    last = next((place for place, day in enumerate(known) if day.delivered), len(known))
    return known[: last + 1]


def of_the_one_before(days: Sequence[Day], today: date, calendar: WorkCalendar, zone: tzinfo) -> list[str]:
    """What an edition says of those before it back to the last that was delivered, and of workdays without one.

    `days` are earlier ones, latest first.
    """
    open_days = since_delivered(days)
    if not open_days:
        return []
    told = [text for day in open_days[:MOST_TOLD] for text in _of_one(day, today, zone)]
    if older := [day for day in open_days[MOST_TOLD:] if not day.delivered]:
        told.append(
            f"{words.count(len(older), 'edition')} before, from {words.dated_day(older[-1].date, today)} on: "
            "not delivered for certain."
        )
    if open_days[-1].delivered and len(open_days) > MOST_TOLD:
        told += _of_one(open_days[-1], today, zone)
    begun = {day.date for day in open_days}
    without = [day for day in missed(open_days[-1].date, today, calendar) if day not in begun]
    return told + ([_without(without, today, others=begun)] if without else [])


def _of_one(day: Day, today: date, zone: tzinfo) -> list[str]:
    name = f"{words.dated_day(day.date, today)}" if (today - day.date).days > 6 else f"{day.date:%A}"
    told = []
    if text := arrivals(day.standings, zone):
        told.append(f"{name}'s edition: {text}.")
    for state, verb in (
        ("sending", "whether it arrived is not known"), ("uncertain", "whether it arrived is not known"),
        ("refused", "not delivered"), ("deferred", "not delivered"),
    ):  # fmt: skip
        for (channel, recipient), one in day.standings.items():
            if one.state == state:
                why = f": {one.detail}" if one.detail else ""
                told.append(f"{name}'s edition by {channel} to {recipient}: {verb}{why}.")
    if any(one.state == "skipped" for one in day.standings.values()) and not day.delivered:
        told.append(f"{name}'s edition: skipped by you.")
    return told


def _without(days: Sequence[date], today: date, *, others: Collection[date]) -> str:
    """`others` are dates between of which an edition was begun."""
    if len(days) <= 2:
        return f"No edition on {words.listed(words.dated_day(day, today) for day in days)}."
    first, last = (words.dated_day(day, today) for day in (days[0], days[-1]))
    if any(days[0] < day < days[-1] for day in others):
        return f"No edition on {words.workdays(len(days))} from {first} to {last}."
    return f"No edition from {first} to {last} ({words.workdays(len(days))})."
