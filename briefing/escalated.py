"""Ladders and one compiled morning: what of today's items climbs, and what the page says of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from briefing import words
from briefing.decisions import Decision, Key, Step, is_heard
from briefing.document import Briefing, Line
from briefing.escalation import (
    ENDS,
    HAND,
    Climb,
    Due,
    Ladder,
    Plan,
    Subject,
    Today,
    climbs,
    failures,
    open_climbs,
    open_rungs,
    plan,
    stops_of,
)
from briefing.memory import checked, not_whole, parts_of
from briefing.morning import Morning
from briefing.since import on

if TYPE_CHECKING:
    from briefing.compile import Compiled
    from briefing.items import Priced


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the page says of ladders."""

    escalations: tuple[Line, ...] = ()
    failed: tuple[Line, ...] = ()
    """Steps that were due and reached nobody for certain, until somebody handles them."""


def today_of(
    compiled: Compiled, own: Compiled | None, morning: Morning, decisions: Sequence[Decision]
) -> Today:  # fmt: skip
    """What the policy takes of a compiled morning. `own`: the same with what the reader alone reads, if there is any.

    It may show that an item is over or settled; it is never the ground for telling anybody anything.
    """
    today = _today(compiled, morning, decisions)
    if own is None:
        return today
    mine = _today(own, morning, decisions)
    told = {part for one in own.found for part in (":".join(one.item.key[1:]), *parts_of(one.item))}
    held = {one.key for one in today.found if ":".join(one.key[1:]) not in told}

    def absent(key: Key, rule: str, silent_from: date | None) -> str:
        return (mine if key in held else today).absent(key, rule, silent_from)

    def unread(key: Key, rule: str) -> str:
        return (mine if key in held else today).unread(key, rule)

    found = [one for one in today.found if one.key not in held]
    shared = {one.key for one in today.found}
    return replace(
        today, found=found, absent=absent, unread=unread, stops={**today.stops, **mine.stops},
        withheld=[one for one in mine.found if one.key not in shared],
    )  # fmt: skip


def _today(compiled: Compiled, morning: Morning, decisions: Sequence[Decision]) -> Today:
    ground = compiled.ground
    told = {part: one.item.line for one in compiled.found for part in parts_of(one.item)}

    def absent(key: Key, rule: str, silent_from: date | None) -> str:
        _, source, kind, about = key
        if rule not in ground.rules:
            return f"{rule} is switched off"
        if source not in {reading.source for reading in ground.facts.readings}:
            return f"{source} is no source any more"
        name = f"{source}:{kind}:{about}"
        if name in told:
            return f"it is told as part of another matter: {told[name].rstrip('.')}"
        if name in ground.over:
            return "the meeting is over"
        if silent_from is not None and morning.today >= silent_from:
            return "it is older than what is told, and nobody knows that it is done"
        return f"no longer found in {source}" if checked(rule, source, ground) else ""

    return Today(
        now=morning.now, zone=morning.zone, calendar=morning.calendar, absent=absent,
        unread=lambda key, rule: words.listed(not_whole(rule, key[1], ground) or [key[1]]),
        found=[_subject(one, compiled, morning) for one in compiled.found],
        stops=_stops(compiled, morning, decisions), taken_back=_taken_back(decisions, morning),
    )  # fmt: skip


def _taken_back(decisions: Sequence[Decision], morning: Morning) -> dict[Key, datetime]:
    ending = {one.number: one.key for one in decisions if one.word in ENDS}
    return {
        ending[one.undoes]: one.at
        for one in decisions
        if one.word == "undone" and one.undoes in ending and one.at <= morning.now
    }


def _stops(compiled: Compiled, morning: Morning, decisions: Sequence[Decision]) -> dict[Key, str]:
    """What somebody's word settles: of today's items what keeps them off the page, of the others the last word."""
    here = {one.item.key for one in compiled.found}
    me = morning.audience.name
    said = [one for one in decisions if one.at <= morning.now and one.key not in here and is_heard(one, me)]
    words_kept = {one.item.key: compiled.judged.folded(one.id) for one in compiled.found}
    return stops_of(said, morning.today) | {
        key: f"{ENDS[word.word]} by {word.by}" for key, word in words_kept.items() if word and word.word in ENDS
    }


def _subject(one: Priced, compiled: Compiled, morning: Morning) -> Subject:
    item = one.item
    links = [evidence.ref.url for evidence in item.evidence if evidence.ref.url]
    seen = next((evidence for evidence in item.evidence if evidence.as_of), None)
    read = ""
    if seen is not None and seen.as_of is not None:
        places = (r.place for r in compiled.facts.readings if r.source == seen.ref.source and r.place)
        read = f"{next(places, seen.ref.source)} {_when(seen.as_of, morning)}"
    return Subject(
        key=item.key, rule=item.rule, id=one.id, line=item.line, client=item.client, since=item.since, ask=item.ask,
        url=item.about.url or next(iter(links), ""), owner=item.owner,
        owner_name=compiled.facts.name(item.owner) if item.owner else "", read=read, silent_from=item.silent_from,
    )  # fmt: skip


def told_of(
    ladders: Sequence[Ladder], steps: Sequence[Step], decisions: Sequence[Decision], today: Today, morning: Morning,
    since: datetime | None = None,
) -> Told:  # fmt: skip
    """What the page says: climbs on which somebody was to be told, those that ended since the last edition, and what
    failed. `since`: when the edition that is compared with was made.
    """
    steps = [one for one in steps if one.at <= morning.now]
    made = plan(ladders, steps, today)
    failed = failures(steps, decisions)
    over = {(climb.ladder, climb.key): why for climb, why in made.over}
    lines = []
    for climb in climbs(steps):
        name = (climb.ladder, climb.key)
        if not climb.results or (climb.ended and (since is None or climb.ended.at < since)):
            continue
        if climb.ladder == HAND and not _is_shown(climb, today, since):
            continue
        lines.append(_line(climb, made, over.get(name, ""), morning, today))
    known = open_climbs(steps)
    bad = [
        Line(text=_failed(one, known[one.ladder, one.key], morning, today), item=one.item)
        for one in failed
        if (one.ladder, one.key) not in over
    ]
    bad += [
        Line(text=f"{line_of(one.climb, morning, today)} {_not_executed(one, morning)}", item=one.climb.last.item)
        for one in (*made.due, *made.unread)
        if one.climb.result(one.rung.number) is None and (one.climb.ladder, one.climb.key) in known
    ]
    return Told(escalations=tuple(lines), failed=tuple(bad))


def _is_shown(climb: Climb, today: Today, since: datetime | None) -> bool:
    """What was given by hand is told while it stands there, and once besides."""
    return any(one.key == climb.key for one in today.found) or since is None or climb.last.at >= since


def _line(climb: Climb, made: Plan, over: str, morning: Morning, today: Today) -> Line:
    """Such as "Juniper waits. Ines told in Slack, Wednesday 11:05, delivered. Next: you, Friday 11:05."."""
    parts = [line_of(climb, morning, today), *(result_of(one, morning) for one in climb.results)]
    if climb.ended:
        parts.append(f"Over since {_when(climb.ended.at, morning)}: {climb.ended.detail}.")
    elif over:
        parts.append(f"Over: {over}.")
    elif climb.ladder != HAND:
        here = next((one for one in today.found if one.key == climb.key), None)
        parts.append((f"Still so: {here.read}." if here.read else "") if here else "Not checked today.")
        parts += [_next(one, morning) for one in made.waiting if one.climb == climb]
    return Line(text=words.sentence(*parts), item=climb.last.item)


def result_of(one: Step, morning: Morning) -> str:
    """How one step went, in a sentence."""
    you = morning.audience.name and one.person.casefold() == morning.audience.name.casefold()
    who, at, why = ("you" if you else one.person), _when(one.at, morning), f": {one.detail}" if one.detail else ""
    by_mail = not one.recipient.startswith("@")
    verb = "were" if you else "was"
    name = f"{who[:1].upper()}{who[1:]}"
    hand = " by hand" if one.ladder == HAND else ""
    if one.state == "sent":
        how = "by e-mail" if by_mail else "in Slack"
        end = "taken by the mail server" if by_mail else "delivered"
        return f"{name} told{hand} {how}, {at}, {end}."
    if one.state in {"uncertain", "sending"}:
        return f"Whether {who} {verb} told is not known, {at}{why}."
    again = "; tried again at the next run" if one.state == "deferred" and not hand else ""
    return f"{name} not told{hand}, {at}{why}{again}."


def failed_lines(steps: Sequence[Step], decisions: Sequence[Decision], morning: Morning) -> list[str]:
    """Steps that reached nobody for certain and that nobody has handled, each with what to do."""
    known = open_climbs(steps)
    return [
        with_cure(_failed(one, known[one.ladder, one.key], morning), one.item) for one in failures(steps, decisions)
    ]


def with_cure(text: str, item: str) -> str:
    """What failed, and what a person can do."""
    return f"{text} To tell somebody: briefing hand {item} NAME"


def _failed(one: Step, climb: Climb, morning: Morning, today: Today | None = None) -> str:
    return words.sentence(line_of(climb, morning, today), result_of(one, morning))


def line_of(climb: Climb, morning: Morning, today: Today | None = None) -> str:
    """The item's line as it is today; else as it was when it was last found, with that time."""
    for one in today.found if today else ():
        if one.key == climb.key:
            return one.line
    seen = climb.seen
    if seen.at.astimezone(morning.zone).date() == morning.today:
        return seen.line
    return f"{seen.line.rstrip('.')} (as of {_when(seen.at, morning)})."


def _not_executed(one: Due, morning: Morning) -> str:
    return (
        f"Step {one.rung.number} ({_to(one, morning)}) is due since {_when(one.at, morning)}; no run executed it yet."
    )


def _next(one: Due, morning: Morning) -> str:
    return f"Next: {_to(one, morning)}, {_when(one.at, morning)}."


def _to(one: Due, morning: Morning) -> str:
    name = one.rung.to
    if morning.audience.name and name.casefold() == morning.audience.name.casefold():
        return "you"
    return "the owner" if name.casefold() == "owner" else name


def _when(moment: datetime, morning: Morning) -> str:
    local = moment.astimezone(morning.zone)
    day = "today" if local.date() == morning.today else on(local.date(), morning.today)
    return f"{day} {words.clock(local)}"


def in_progress(ladders: Sequence[Ladder], steps: Sequence[Step], morning: Morning) -> Iterator[str]:
    """For `briefing status`: each open climb with who was told and who is next."""
    known = {one.name: one for one in ladders}
    for climb in open_climbs(steps).values():
        done = [result_of(one, morning) for one in climb.results] or ["Nobody told yet."]
        ladder = known.get(climb.ladder)
        if ladder is None:
            done.append(f"There is no ladder {climb.ladder} any more.")
        left = open_rungs(climb, ladder, morning.calendar, morning.zone) if ladder else []
        then = next((one for one in left if climb.result(one.rung.number) is None), None)
        if then is not None:
            done.append(_next(then, morning) if then.at > morning.now else _not_executed(then, morning))
        yield words.sentence(f"{climb.last.item}  {line_of(climb, morning)}", *done)


def with_ladders(briefing: Briefing, told: Told) -> Briefing:
    """The briefing with its escalations; one that failed comes before everything else."""
    briefing = replace(briefing, escalations=told.escalations, escalations_failed=told.failed)
    if not told.failed:
        return briefing
    first = f"{words.count(len(told.failed), 'escalation')} failed"
    subject = re.sub("^Nothing needs you", "nothing else to decide", briefing.subject)
    subject = re.sub("^Nothing", "nothing", subject)
    second = briefing.second_line.replace("Nothing needs you.", "Nothing else to decide.")
    top = f"{first}: {told.failed[0].text}"
    return replace(
        briefing, subject=f"{first}, {subject}", second_line=words.sentence(top, second), verified_quiet=False
    )
