"""`briefing schedule` and `briefing run --scheduled`: have the edition come by itself, and see whether it does.

A scheduler starts `briefing run --scheduled` every quarter of an hour. Most of these looks find nothing due, and end
before the store is opened. What needs a person is told once a day, not at each look: cron mails every line.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import typer

from briefing import words
from briefing.cli import fail
from briefing.cli.commands import chosen, clock, log_begins
from briefing.cli.output import write_private
from briefing.cli.run import hands_of, ping_in, with_signs
from briefing.config import Settings, locate
from briefing.deliver.channels import channels
from briefing.deliver.looked_up import is_incomplete, looked_up
from briefing.deliver.report import Day
from briefing.deliver.run import Asked, look
from briefing.deliver.run import run as run_once
from briefing.errors import BriefingError, Busy, UsageError
from briefing.escalation import is_time
from briefing.schedule import EVERY, Timetable, Verdict, missed, next_due, progress_of, said, verdict
from briefing.schedulers import Job, ScheduleError, Scheduler, known
from briefing.store.ledger import FILE_NAME as LEDGER
from briefing.store.ledger import Ledger
from briefing.workspace import Workspace, configured, folder_of

log = logging.getLogger(__name__)

ACTIONS = ("status", "install", "remove")
MEMORY = "scheduled.json"
FREE = frozenset({"no workday", "holiday", "day off"})
NOTHING = "Nothing is scheduled for this configuration."
TOO_LONG = timedelta(hours=2)
"""Another run that is still at work so long after the time is told."""

SILENT = timedelta(hours=26)
"""Without a look for longer than a day something is wrong, unless the machine slept."""

OF_THE_DATA = "XDG_DATA_HOME"
"""Where the workspace's folder lies depends on it. Without it a scheduled run would keep a ledger of its own."""


# --- what a scheduler starts -----------------------------------------------------------------------------------------


def tick(config: Path | None) -> NoReturn:
    """Look whether the edition is due, and deliver it then."""
    path = locate(config)
    if path is None:
        chosen(config, "")  # says what to do
        raise typer.Exit(2)
    now = clock()
    memory = Memory.of(folder_of(path), now)
    try:
        code = _looked(path, now, memory)
    except BriefingError as error:
        memory.tell(str(error), error.advice)
        code = error.exit_code
    finally:
        memory.keep()
    raise typer.Exit(code)


def _looked(path: Path, now: datetime, memory: Memory) -> int:
    workspace = configured(path)
    codes, looked = [0], []
    for one in workspace.each():
        code, found = _wanted(one, now, memory)
        codes.append(code)
        looked.append((one, found))
    wanted = [(one, found) for one, found in looked if found.wanted]
    if not wanted:
        code = max(*codes, _climbed(next(iter(workspace.each())), now, memory))
        for one, found in looked if code == 0 else ():  # what is wrong for one of them is no success
            if found.outcome in {*FREE, "delivered"}:
                _all_well(one, _timetable(one, now), found, now, memory)
        return code
    hands = replace(hands_of(workspace, Asked()), say=_quiet, warn=memory.tell)
    asked = Asked(audiences=tuple(one.settings.reader().name for one, _ in wanted))
    try:
        code, signed = with_signs(workspace, asked, hands, before=max(codes))
    except Busy as error:
        # The run before waits for a mail server, perhaps; it is the one that delivers.
        if any(found.due is not None and now - found.due > TOO_LONG for _, found in wanted):
            raise
        _quiet(str(error))
        return error.exit_code
    memory.signed = memory.signed or signed
    return code


def _wanted(workspace: Workspace, now: datetime, memory: Memory) -> tuple[int, Verdict]:
    """What is to be done for one audience, and the exit code where nothing is."""
    timetable = _timetable(workspace, now)
    if not (found := verdict(timetable, now)).wanted:
        _quiet(_said(workspace, timetable, found))
        late = _too_late(workspace, timetable, found, now, memory) if found.outcome == "passed" else 0
        return late, found
    log_begins(workspace)
    found = _verdict(workspace, timetable, now, _editions(workspace, now))
    if found.outcome == "set back":
        memory.tell(_said(workspace, timetable, found))
    if found.outcome in {"set back", "stuck"}:
        return 1, found  # a stuck edition was told by the run that found it so
    if not found.wanted:
        _quiet(_said(workspace, timetable, found))
        if found.outcome == "delivered":
            _brought_up_to_date(workspace, found, now, memory)
    return 0, found


def _said(workspace: Workspace, timetable: Timetable, found: Verdict) -> str:
    """A verdict in a sentence, with the audience's name where there are several."""
    return f"{workspace.who}: {said(timetable, found)}" if workspace.who else said(timetable, found)


def _brought_up_to_date(workspace: Workspace, found: Verdict, now: datetime, memory: Memory) -> None:
    """Until the window ends: where today's edition lacks a source, a run asks again and edits what can be edited."""
    if found.until is None or now >= found.until or not is_incomplete(workspace, now):
        return
    hands = replace(hands_of(workspace, Asked()), say=_quiet, warn=memory.tell)
    with suppress(Busy):
        run_once(workspace, Asked(audiences=(workspace.settings.reader().name,)), hands)


def _too_late(workspace: Workspace, timetable: Timetable, found: Verdict, now: datetime, memory: Memory) -> int:
    """Once after the window: what was not delivered in it is told, with 1. Where no edition ever was none is missed."""
    name = workspace.settings.reader().name
    if name in memory.closed:
        return 0
    days = _editions(workspace, now)
    memory.closed.append(name)
    today = next((day for day in days if day.date == found.date and day.standings), None)
    if (today and today.settled) or not any(day.standings for day in days):
        return 0
    assert found.until is not None  # there was a window
    until = words.clock(found.until.astimezone(timetable.zone))
    prefix = f"{workspace.who}: " if workspace.who else ""
    memory.tell(
        f"{prefix}{words.full_day(found.date)}: not delivered by every channel, and not tried any more since {until}: "
        "briefing status" if today else _said(workspace, timetable, found)
    )  # fmt: skip
    return 1


def _climbed(workspace: Workspace, now: datetime, memory: Memory) -> int:
    """Ladders are climbed between editions too, in working hours; without one a look ends here."""
    settings = workspace.settings
    ladders = [one.ladder for one in settings.escalate]
    if not is_time(ladders, now, settings.calendar(now.year), settings.zone):
        return 0
    log_begins(workspace)
    hands = replace(hands_of(workspace, Asked()), say=_quiet, warn=memory.tell)
    try:
        return look(workspace, hands)
    except Busy as error:
        _quiet(str(error))
        return 0


def _all_well(workspace: Workspace, timetable: Timetable, found: Verdict, now: datetime, memory: Memory) -> None:
    """Once a day, from the time of an edition on, a sign of success where nothing is to be sent: on a free day, or
    because it was sent by hand before. So the dead-man's switch waits for one sign a day and knows no holidays.
    """
    due, until = timetable.due(found.date), timetable.until(found.date)
    if memory.signed or not workspace.settings.ping.url or due is None or until is None or not due <= now < until:
        return
    log_begins(workspace)
    ping = ping_in(workspace, memory.tell)
    memory.signed = ping is not None and ping.ended(0, [said(timetable, found)])


def _quiet(text: str) -> None:
    """Good news: for somebody who tries it by hand, and the log; cron would mail them every day."""
    log.info(text)
    if sys.stdout.isatty():
        typer.echo(text)


@dataclass(slots=True, kw_only=True)
class Memory:
    """What looks leave behind: when the last one was, and what was told today. Losing it costs a repetition."""

    path: Path
    now: datetime
    told: list[str]
    closed: list[str]
    """The audiences of which it was looked today what came of their window."""

    signed: bool = False
    """Whether the dead-man's switch took a sign of success today."""

    @classmethod
    def of(cls, folder: Path, now: datetime) -> Memory:
        """What the last look left, if it was today's."""
        plain, day = remembered(folder), f"{now:%Y-%m-%d}"
        texts, closed = (
            [str(one) for one in found] if plain.get("day") == day and isinstance(found := plain.get(key), list) else []
            for key in ("told", "closed")
        )
        signed = plain.get("signed") is True and plain.get("day") == day
        return cls(path=folder / MEMORY, now=now, told=texts, signed=signed, closed=closed)

    def tell(self, text: str, advice: str = "") -> None:
        """Something for a person, once a day."""
        if text not in self.told:
            fail(text, advice)
            self.told.append(text)

    def keep(self) -> None:
        """A folder that cannot be written is told by what needs it more."""
        plain = {
            "looked": self.now.isoformat(),
            "day": f"{self.now:%Y-%m-%d}",
            "told": self.told,
            "signed": self.signed,
            "closed": self.closed,
        }
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(self.path, json.dumps(plain, ensure_ascii=False))


def remembered(folder: Path) -> Mapping[str, Any]:
    """The memory of looks; empty where there is none that can be read."""
    with suppress(OSError, ValueError):
        plain = json.loads((folder / MEMORY).read_text(encoding="utf-8"))
        if isinstance(plain, dict):
            return plain
    return {}


def last_look(folder: Path) -> datetime | None:
    """When a scheduler last looked."""
    with suppress(ValueError):
        at = datetime.fromisoformat(str(remembered(folder).get("looked")))
        return at if at.tzinfo else None
    return None


# --- what was delivered ----------------------------------------------------------------------------------------------


def _timetable(workspace: Workspace, now: datetime) -> Timetable:
    return workspace.settings.timetable(now.astimezone(workspace.settings.zone).year)


def _editions(workspace: Workspace, now: datetime) -> list[Day]:
    """What the ledger knows, today's first. Raises LedgerError."""
    days, problem = looked_up(workspace, now)
    if problem is not None:
        raise problem
    return days


def _verdict(workspace: Workspace, timetable: Timetable, now: datetime, days: Sequence[Day]) -> Verdict:
    today = timetable.today(now)
    found = {day.date: day.standings for day in days}.get(today, {})
    ours = channels(workspace.settings, base=workspace.base, folder=workspace.folder)
    progress = progress_of(
        [(one.name, to) for one in ours for to in one.recipients], found, [one.name for one in ours if one.repeatable]
    )
    return verdict(timetable, now, progress=progress, last=_latest(workspace))


def _latest(workspace: Workspace) -> date | None:
    """The date of the latest edition that was begun, later ones than the clock's too."""
    path = workspace.folder / LEDGER
    if not path.exists():
        return None
    ledger = Ledger(path, may_begin=False)
    try:
        return next(iter(ledger.days(workspace.settings.reader().name, date.max)), None)
    finally:
        ledger.close()


# --- install, status, remove -----------------------------------------------------------------------------------------


def schedule(config: Path | None, action: str, *, by: str, yes: bool, as_json: bool) -> None:
    """What `briefing schedule` does."""
    if action not in ACTIONS:
        raise UsageError(f'briefing schedule does not know "{action}"', advice=f"it knows {words.listed(ACTIONS)}")
    if by not in {"", *(one.name for one in known())}:
        names = words.listed((one.name for one in known()), "or")
        raise UsageError(f'"{by}" is no scheduler we know', advice=f"take {names}")
    workspace = chosen(config, "")
    path = locate(config)
    assert path is not None  # chosen has found it
    job = job_of(workspace, path, clock())
    if action == "install":
        code = _install(workspace, job, by, yes=yes)
    elif action == "remove":
        code = _remove(job, yes=yes)
    else:
        code = _status(workspace, job, as_json=as_json)
    raise typer.Exit(code)


def job_of(workspace: Workspace, path: Path, now: datetime) -> Job:
    """What a scheduler starts: this very installation, with absolute paths. Raises UsageError."""
    program = Path(sys.executable).with_name("briefing")
    # -P: in the home folder, where schedulers start things, a folder called briefing is not ours.
    command = [str(program)] if os.access(program, os.X_OK) else [sys.executable, "-P", "-m", "briefing"]
    data = os.environ.get(OF_THE_DATA)
    return Job(
        name=workspace.folder.name, command=(*command, "run", "--scheduled", "--config", str(path.resolve())),
        config=path.resolve(), minutes=_minutes(workspace, now),
        environment={OF_THE_DATA: data} if data else {}, log=workspace.folder / "schedule.log",
    )  # fmt: skip


def _minutes(workspace: Workspace, now: datetime) -> tuple[int, ...]:
    """One of them is the time of each audience."""
    return tuple(sorted({minute for one in workspace.each() for minute in _timetable(one, now).minutes()}))


def _present(job: Job) -> tuple[list[Scheduler], list[str]]:
    """The schedulers that have an entry for this configuration, and why one could not be asked."""
    found, problems = [], []
    for one in known():
        try:
            if one.installed(job):
                found.append(one)
        except ScheduleError as error:
            problems.append(str(error))
    return found, problems


def _install(workspace: Workspace, job: Job, by: str, *, yes: bool) -> int:
    if not workspace.settings.deliver:
        raise UsageError("no channel is set up: nothing would be delivered", advice="docs/delivery.md shows how")
    present, _ = _present(job)  # what cannot be asked and is not to be taken need not be known
    scheduler = _taken(by or (present[0].name if present else ""))
    if others := [one.name for one in present if one.name != scheduler.name]:
        raise UsageError(
            f"this briefing is scheduled by {words.listed(others)} already", advice="first: briefing schedule remove"
        )
    changes = scheduler.changes(job)
    for change in changes:
        typer.echo("\n".join(change.shown()))
    if changes and not _agreed("Write this?", yes=yes):
        typer.echo("Nothing was written.")
        return 0
    scheduler.apply(job, changes)
    typer.echo(
        f"{'Scheduled' if changes else 'As it was: scheduled'} by {scheduler.name}. {' '.join(_when(workspace))}"
    )
    for text in [*scheduler.problems(job), *from_environment(workspace.settings)]:
        fail(text)
    return 0


def _taken(by: str) -> Scheduler:
    """The scheduler asked for, else the first that this machine has. Raises UsageError where it has none."""
    for one in known():
        if (one.name == by) if by else one.available():
            return one
    names = words.listed(one.name for one in known())
    raise UsageError(
        f"this machine has none of {names}",
        advice="have another scheduler start `briefing run --scheduled` each quarter hour",
    )


def _agreed(question: str, *, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask at; nothing was written", advice="to agree beforehand: --yes")
    answer = ""
    with suppress(EOFError):
        answer = input(f"{question} [y/N] ")
    return answer.strip().casefold() in {"y", "yes"}


def from_environment(settings: Settings) -> list[str]:
    """Settings that a scheduled run will not find: it has no variables of a login."""
    found = [(where, text) for where, text in _texts(settings.model_dump(), "") if text.startswith("env:")]
    return [
        f"{where} is read from the variable {text.removeprefix('env:')}, which a scheduled run does not have; write it "
        "into a file that only you can read, and file:PATH there"
        for where, text in found
    ]


def _texts(plain: object, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(plain, str):
        yield where, plain
    elif isinstance(plain, Mapping):
        for key, value in plain.items():
            yield from _texts(value, f"{where}.{key}".lstrip("."))
    elif isinstance(plain, list | tuple):
        for value in plain:
            yield from _texts(value, where)


def _remove(job: Job, *, yes: bool) -> int:
    present, problems = _present(job)
    for text in problems:
        fail(text)
    if not present:
        typer.echo("Nothing of this configuration was found." if problems else NOTHING)
        return int(bool(problems))
    changes = {one.name: one.changes(job, remove=True) for one in present}
    for change in (change for found in changes.values() for change in found):
        typer.echo("\n".join(change.shown()))
    if not _agreed("Remove this?", yes=yes):
        typer.echo("Nothing was removed.")
        return 0
    for one in present:
        one.apply(job, changes[one.name], remove=True)
    typer.echo("Removed. Until it is scheduled again an edition comes when you say `briefing run`.")
    return 0


def _when(workspace: Workspace) -> list[str]:
    """`Every Monday to Friday at 06:30 ...`, with what is due next, for each audience meant."""
    everybody = workspace.each() if workspace.whole is None else [workspace]
    return [f"{one.who}: {_when_of(one)}" if one.who else _when_of(one) for one in everybody]


def _when_of(workspace: Workspace) -> str:
    timetable = _timetable(workspace, clock())
    last = datetime.combine(date.min, timetable.at) + timetable.catch_up
    window = words.clock(last) if last.date() == date.min else "the end of the day"
    days = words.listed(day.capitalize() for day in workspace.settings.workspace.workdays)
    return f"{days} at {timetable.at:%H:%M} {timetable.zone.key}, caught up until {window}. {_next(timetable, clock())}"


def coming(workspace: Workspace, now: datetime) -> tuple[list[str], bool]:
    """For `briefing status`: when the next is due, where a schedule looks for it, and whether it has not looked for
    long; nothing where none ever did.
    """
    looked = last_look(workspace.folder)
    if looked is None:
        return [], False
    if now - looked > SILENT:
        return [f"No schedule has looked for {words.age(now - looked)}: briefing schedule"], True
    return [_next(_timetable(workspace, now), now)], False


def missing(workspace: Workspace, now: datetime, days: Sequence[Day]) -> list[str]:
    """A line that names the dates without an edition since the last one; nothing where there are none."""
    timetable = _timetable(workspace, now)
    arrived = _arrived(days)
    begun = {day.date for day in days if day.standings}
    without = [day for day in missed(timetable, now, arrived) if day not in begun]
    if not without or arrived is None:
        return []
    shown = words.some([words.dated_day(day, timetable.today(now)) for day in without], 5)
    return [f"Without an edition since that of {words.full_day(arrived)}: {shown}."]


def _next(timetable: Timetable, now: datetime) -> str:
    due = next_due(timetable, now)
    if due is None:
        return "No further edition is due within two years."
    return f"The next is due on {words.full_day(due.date())} at {words.clock(due)}."


def _status(workspace: Workspace, job: Job, *, as_json: bool) -> int:
    now = clock()
    looked, (present, problems) = last_look(workspace.folder), _present(job)
    problems += _problems(present, job, looked, now)
    standing = [_standing(one, now) for one in workspace.each()]
    if as_json:
        several = {"audiences": standing} if len(standing) > 1 else {}
        plain = {
            "scheduled_by": [one.name for one in present], "last_look": looked, "problems": problems, **standing[0],
            **several,
        }  # fmt: skip
        typer.echo(json.dumps(plain, indent=1, ensure_ascii=False, default=datetime.isoformat))
        return int(bool(problems))
    if present:
        typer.echo(f"Scheduled by {words.listed(one.name for one in present)}, which looks every {EVERY} minutes.")
    if looked is not None:
        local = looked.astimezone(workspace.settings.reader_zone)
        typer.echo(f"It last looked on {words.full_day(local.date())} at {words.clock(local)}.")
    for one in workspace.each():
        typer.echo("\n".join(_standing_text(one, now)))
    for text in problems:
        fail(text)
    return int(bool(problems))


def _standing(workspace: Workspace, now: datetime) -> dict[str, object]:
    """For programs: where one audience's schedule stands."""
    timetable, days = _timetable(workspace, now), _editions(workspace, now)
    found = _verdict(workspace, timetable, now, days)
    return {
        "audience": workspace.settings.reader().name,
        "today": {"date": found.date.isoformat(), "outcome": found.outcome, "due": found.due, "until": found.until},
        "next": next_due(timetable, now),
        "missed": [day.isoformat() for day in missed(timetable, now, _arrived(days))],
    }


def _standing_text(workspace: Workspace, now: datetime) -> list[str]:
    timetable, days = _timetable(workspace, now), _editions(workspace, now)
    found = _verdict(workspace, timetable, now, days)
    return [*_when(workspace), _said(workspace, timetable, found), *missing(workspace, now, days)]


def _arrived(days: Sequence[Day]) -> date | None:
    return next((day.date for day in days if day.delivered or day.settled), None)


def _problems(present: Sequence[Scheduler], job: Job, looked: datetime | None, now: datetime) -> list[str]:
    """Why no edition may come."""
    if not present:
        return ["nothing is scheduled for this configuration: briefing schedule install"]
    found = [problem for one in present for problem in one.problems(job)]
    found += [
        f"the entry of {one.name} is not what install writes now, after a change of the time or of a path: "
        "briefing schedule install"
        for one in present
        if one.changes(job)
    ]
    if looked is None:
        found.append(
            f"{present[0].name} has not looked yet; it does so every {EVERY} minutes while the machine is awake"
        )
    elif now - looked > SILENT:
        since = words.age(now - looked)
        found.append(
            f"the last look was {since} ago: since then the machine slept, or {present[0].name} does not run it"
        )
    return found
