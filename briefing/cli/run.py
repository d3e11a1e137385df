"""`briefing run` and `briefing status`: the morning's delivery, and how it went."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from briefing import words
from briefing.cli import fail
from briefing.cli.commands import chosen, clock, is_old
from briefing.cli.output import progress_shown
from briefing.deliver.channel_settings import OutputChannel
from briefing.deliver.looked_up import ladders_in, looked_up
from briefing.deliver.outbox import Pace
from briefing.deliver.report import Day, line, since_delivered
from briefing.deliver.run import Asked, Hands
from briefing.deliver.run import run as run_once
from briefing.errors import BriefingError, ConfigError, UsageError
from briefing.store import Store
from briefing.store.ledger import FILE_NAME as LEDGER
from briefing.workspace import Workspace, collect_into

if TYPE_CHECKING:
    from briefing.deliver.ping import Ping

FAULT = BriefingError.exit_code


def run(config: Path | None, asked: Asked) -> None:
    """Collect, compile, deliver."""
    if asked.dry_run + asked.resend + asked.skip_today + asked.correct > 1:
        raise UsageError(
            "--dry-run, --resend, --correct and --skip-today exclude each other", advice="take one of them"
        )
    workspace = chosen(config, "")
    hands = hands_of(workspace, asked)
    raise typer.Exit(run_once(workspace, asked, hands) if asked.audiences else with_signs(workspace, asked, hands)[0])


def with_signs(workspace: Workspace, asked: Asked, hands: Hands, *, before: int = 0) -> tuple[int, bool]:
    """One run with its signs to `[ping]`: the exit code, and whether a sign of success was taken. `before`: the exit
    code of what was found wrong already.

    A run by one channel alone, or for one audience, says nothing of the others, and a dry run nothing at all: they give
    no sign. Nor does a run that finds another at work: that one gives its own.
    """
    ping = None if asked.dry_run or asked.names else ping_in(workspace, hands.warn)
    if ping is None:
        return run_once(workspace, asked, hands), False
    said: list[str] = []
    begun: list[bool] = []

    def began() -> None:
        begun.append(True)
        ping.began()

    def both(tell: Callable[[str], None]) -> Callable[[str], None]:
        def heard(text: str) -> None:
            said.append(text)
            tell(text)

        return heard

    try:
        code = run_once(workspace, asked, replace(hands, say=both(hands.say), warn=both(hands.warn), began=began))
    except BaseException as error:
        if begun:
            known = isinstance(error, BriefingError)
            ping.ended(getattr(error, "exit_code", FAULT), [*said, str(error) if known else type(error).__name__])
        raise
    code = max(code, before)
    return code, ping.ended(code, said) and code == 0


def ping_in(workspace: Workspace, warn: Callable[[str], None]) -> Ping | None:
    """Where signs of life go; None where nowhere. What keeps it from being used is told, and stops nothing."""
    if not workspace.settings.ping.url:
        return None
    from briefing.deliver.ping import ping_of

    try:
        return ping_of(workspace.settings.ping, base=workspace.base)
    except ConfigError as error:
        warn("; ".join(error.problems))
        return None


def hands_of(workspace: Workspace, asked: Asked) -> Hands:
    """What a run does outside of itself: the machine's clock, the sources, the terminal."""

    def collect(store: Store) -> None:
        if is_old(workspace, store):
            with progress_shown(workspace) as show:
                collect_into(workspace, store, clock=clock, progress=show)

    return Hands(pace=Pace(now=clock), collect=collect, say=_sayer(workspace, asked), warn=fail)


def _sayer(workspace: Workspace, asked: Asked) -> Any:
    """Good news go to standard output, unless the briefing itself is printed there."""
    printed = any(
        isinstance(channel, OutputChannel) and (not asked.names or name in asked.names)
        for name, channel in workspace.settings.deliver.items()
    )
    stream = sys.stderr if printed and not asked.dry_run else sys.stdout
    return lambda text: print(text, file=stream)


def status(config: Path | None, audiences: Sequence[str] = (), *, as_json: bool) -> None:
    """When the last edition of each audience arrived, by which channel, and what needs a person."""
    found, now = chosen(config, ""), clock()
    from briefing.cli.schedule import coming, missing  # which runs what stands here

    code, editions, problems = 0, [], []
    for workspace in found.each(audiences):
        days, problem = looked_up(workspace, now)
        latest = next((day for day in days if day.standings), None)
        next_one, silent = coming(workspace, now)
        without = missing(workspace, now, days)
        open_ones = any(not day.settled for day in since_delivered(days))
        code = max(code, int(problem is not None or open_ones or silent or bool(without)))
        problems += [problem] if problem is not None else []
        if as_json:
            editions += _plain(workspace, days)
        elif problem is None:
            name = [f"{workspace.who}:"] if workspace.who else []
            typer.echo("\n".join([*name, *_text(workspace, days, latest, now), *without, *next_one]))
    first = next(iter(found.each()))
    asked_for = {one.who for one in found.each(audiences)}
    climbing, failed = ladders_in(first, now) if first.who in asked_for else ([], [])  # ladders are the first's
    code = max(code, int(bool(failed)))
    if as_json:
        problem_text = str(problems[0]) if problems else ""
        ladders = {"escalations": climbing, "escalations_failed": failed}
        plain = {"problem": problem_text, "editions": editions, **ladders}
        typer.echo(json.dumps(plain, indent=1, ensure_ascii=False))
    elif problems:
        fail(str(problems[0]), problems[0].advice)
    if not as_json and climbing:
        typer.echo("\n".join(["Escalations:", *(f"  {text}" for text in climbing)]))
    for text in failed if not as_json else ():
        fail(f"escalation failed: {text}")
    raise typer.Exit(code)


def _text(workspace: Workspace, days: Sequence[Day], latest: Day | None, now: datetime) -> list[str]:
    zone, today = workspace.settings.reader_zone, workspace.today(now)
    if not workspace.settings.deliver:
        return ["No channel is set up: docs/delivery.md shows how."]
    from briefing.deliver.channels import channels

    ours = channels(workspace.settings, base=workspace.base, folder=workspace.folder)
    repeatable = {one.name for one in ours if one.repeatable}
    arrived = next((day for day in days if day.delivered), None)
    if arrived is None:
        lines = [_nothing_delivered(workspace)]
    else:
        lines = [f"Last delivered: the edition of {words.full_day(arrived.date)}."]
    if arrived is not None and latest is not None and latest is not arrived:
        told = [arrived, latest]
    else:
        told = [day for day in (latest,) if day is not None]
    for day in told:
        if day is not arrived:
            lines.append(f"{words.full_day(day.date)}:")
        over = day.date != today
        lines += [f"  {line(key, one, zone, repeatable=repeatable, over=over)}" for key, one in day.standings.items()]
    if latest is None or latest.date != today:
        free = workspace.settings.timetable(today.year).free(today)
        what = "nothing yet" if free is None else f"{'a ' if free != 'no workday' else ''}{free}, nothing is due"
        lines.append(f"Today ({words.full_day(today)}): {what}.")
    return lines


def _nothing_delivered(workspace: Workspace) -> str:
    """A ledger that was set aside may know of editions that the new one does not."""
    aside = sorted(path.name for path in workspace.folder.glob(f"{LEDGER}.damaged-*") if "journal" not in path.name)
    if aside:
        return f"No edition stands in the ledger; the one before could not be read and lies beside it as {aside[-1]}."
    return "No edition has been delivered yet: briefing run"


def _plain(workspace: Workspace, days: Sequence[Day]) -> list[dict[str, Any]]:
    """For programs: the last 60 editions of an audience, the latest first."""
    zone = workspace.settings.reader_zone
    return [
        {
            "audience": workspace.settings.reader().name,
            "date": day.date.isoformat(),
            "delivered": day.delivered,
            "settled": day.settled,
            "channels": [
                {
                    "channel": channel, "recipient": recipient, "state": one.state,
                    "at": one.at.astimezone(zone).isoformat(timespec="seconds"), "detail": one.detail,
                }
                for (channel, recipient), one in day.standings.items()
            ],
        }
        for day in days
        if day.standings
    ]  # fmt: skip
