"""What the commands do: open a workspace, call one function, print."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from briefing import words
from briefing.cli import fail
from briefing.cli.asked import TryOptions, parsed_date
from briefing.cli.output import emit, progress_shown
from briefing.config import locate
from briefing.errors import BriefingError, ConfigError, UsageError
from briefing.workspace import Workspace, collect_into, compile_in, configured, moment_of, open_run, readings_in

if TYPE_CHECKING:
    from briefing.cli.demos import DemoOptions
    from briefing.cli.doctor import Check
    from briefing.compile import Compiled
    from briefing.store import Store

NEVER = datetime.min.replace(tzinfo=UTC)


def clock() -> datetime:
    """The only place where the command line asks for the time."""
    return datetime.now(UTC)


def chosen(config: Path | None, run: str) -> Workspace:
    """The workspace of a run or of the configuration. Raises UsageError where there is none."""
    if run:
        if run not in {"try", "demo"}:
            raise UsageError(f'there is no run "{run}"', advice="runs are called try and demo")
        return open_run(run)
    path = locate(config)
    if path is None:
        raise UsageError(
            "no briefing.toml here or in your folder",
            advice="start with `briefing demo`, or `briefing try FILES` on files you export today",
        )
    workspace = configured(path)
    log_begins(workspace)
    return workspace


def log_begins(workspace: Workspace) -> None:
    """Write the log into the workspace's folder. Raises UsageError where that cannot be written."""
    from briefing import log

    try:
        log.start(workspace.folder / "log.jsonl", f"{clock():%Y%m%dT%H%M%S}")
    except OSError as error:
        raise UsageError(
            f"{workspace.folder} cannot be written: {error.strerror or error}",
            advice=f"make it writable for you, such as with chmod u+rwx {workspace.folder}",
        ) from error


@contextmanager
def opened(workspace: Workspace) -> Iterator[tuple[Store, tuple[str, ...]]]:
    """A workspace's store, closed afterwards."""
    store, notices = workspace.store(clock())
    try:
        yield store, notices
    finally:
        store.close()


def today(config: Path | None, *, cached: bool, fresh: bool, show_all: bool, audience: str = "") -> None:
    """Today's briefing, collecting first when the readings are old."""
    workspace = chosen(config, "")
    reader = workspace.for_audience(audience)
    with opened(workspace) as (store, notices):
        if fresh or (not cached and is_old(workspace, store)):
            with progress_shown(workspace) as show:
                collect_into(workspace, store, clock=clock, progress=show)
        compiled = compile_in(reader, store, clock(), notices=notices)
    emit(compiled.briefing, form="", output=None, show_all=show_all)
    raise typer.Exit(exit_code(compiled))


def is_old(workspace: Workspace, store: Store) -> bool:
    """Whether any source was last asked longer ago than max_age, or never, or after now (the clock was set back)."""
    asked = store.asked()
    if any((at := asked.get(name)) is not None and at > clock() for name in workspace.settings.sources):
        return True
    oldest = min((asked.get(name) for name in workspace.settings.sources), key=lambda at: at or NEVER, default=clock())
    return oldest is None or clock() - oldest > age_of(workspace.settings.max_age)


def age_of(text: str) -> timedelta:
    """`30m`, `2h`, `1d`."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    try:
        return timedelta(**{units[text.strip()[-1:]]: float(text.strip()[:-1])})
    except (KeyError, ValueError) as error:
        raise UsageError(f'max_age: "{text}" is not an age', advice='write one such as "30m" or "2h"') from error


def exit_code(compiled: Compiled, names: Sequence[str] = ()) -> int:
    """1 when no stream at all (of the sources named) was whole, else 0."""
    statuses = [one.status for one in compiled.facts.readings if not names or one.source in names]
    return int(bool(statuses) and "whole" not in statuses)


def collect(config: Path | None, names: Sequence[str]) -> None:
    """Read every source now, or those named, and show how it went."""
    workspace = chosen(config, "")
    for name in names:
        known_source(workspace, name)
    with opened(workspace) as (store, notices):
        for notice in notices:
            fail(notice)
        with progress_shown(workspace) as show:
            report = collect_into(workspace, store, clock=clock, progress=show, names=names)
        if report is None:
            typer.echo("Another briefing collected meanwhile; its readings serve.")
        else:
            typer.echo(
                f"{words.count(report.rows, 'fact')} in {report.seconds:.1f} s; streams: {report.whole} whole, "
                f"{report.partial} in part, {report.failed} not read."
            )
        for one in workspace.each():
            _keep_answers(one, store)
        pages = [compile_in(one, store, clock()) for one in workspace.each()]
    lines = [line for page in pages for line in page.briefing.coverage_lines if not names or line[0] in names]
    for source, sentences in dict(reversed(lines)).items():
        typer.echo(f"{source}: {' '.join(sentences)}")
    raise typer.Exit(max(exit_code(page, names) for page in pages))


def _keep_answers(workspace: Workspace, store: Store) -> None:
    """Understand the reader's answers by mail, and say what was understood. A ledger that cannot be read is told."""
    from briefing.deliver.answered import kept_from_mail
    from briefing.words_of_decision import told

    try:
        kept = kept_from_mail(workspace, store, now=clock())
    except BriefingError as error:
        fail(f"answers by mail were not kept: {error}", error.advice)
        return
    for one in kept:
        typer.echo(f"Understood: {told(one, workspace.today(clock()))}")


def compiled_for(workspace: Workspace, day: str) -> Compiled:
    """The briefing of today, of a run's own morning, or of a past day."""
    workspace = workspace.for_audience()
    with opened(workspace) as (store, notices):
        now = workspace.fixed_now or clock()
        wanted = parsed_date(day)
        if wanted is not None and workspace.fixed_now is None:
            if wanted > workspace.today(now):
                raise UsageError(f"{day} is not over yet", advice="a briefing is shown for today or a past day")
            if wanted < workspace.today(now):
                now = moment_of(wanted, store, workspace.settings.reader_zone)
        elif wanted is not None and wanted != workspace.today(now):
            raise UsageError(f"this run is of {workspace.today(now)}", advice=f"briefing {workspace.run} --date {day}")
        return compile_in(workspace, store, now, notices=notices)


def show(workspace: Workspace, day: str, *, form: str, output: Path | None, show_all: bool) -> None:
    """The briefing from what was read last."""
    compiled = compiled_for(workspace, day)
    emit(compiled.briefing, form=form, output=output, show_all=show_all)


def why(workspace: Workspace, item: str, day: str, *, absent: bool, as_json: bool) -> None:
    """Why an item stands where it stands, or why something does not."""
    compiled = compiled_for(workspace, day)
    if absent:
        from briefing.why_not import why_not

        typer.echo("\n".join(why_not(compiled, item)))
        return
    known = (*compiled.briefing.items, *compiled.briefing.folded)
    found = [one for one in known if one.id.startswith(item.lower())]
    if len(found) != 1:
        ids = ", ".join(one.id for one in found)
        problem = f'"{item}" is the beginning of several ids: {ids}' if found else f'no item has the id "{item}"'
        raise UsageError(problem, advice="the ids stand at the right of each card; `briefing show --all` has them all")
    if as_json:
        from briefing.document import plain

        typer.echo(json.dumps(plain(found[0]), ensure_ascii=False, indent=1))
        return
    from rich.console import Console

    from briefing.why_text import print_why

    print_why(compiled.briefing, found[0].id, Console())


def rules(name: str, *, as_json: bool) -> None:
    """The rules, or one in full."""
    from briefing.cli.lists import rule_in_full, rule_rows, rules_table
    from briefing.rules import load_all

    known = load_all()
    if name and name not in known:
        import difflib

        near = difflib.get_close_matches(name, known, n=1)
        raise UsageError(f'there is no rule "{name}"', advice=f"did you mean {near[0]}?" if near else "")
    if as_json:
        rows = [row for row in rule_rows(known) if name in ("", row["name"])]
        typer.echo(json.dumps(rows, indent=1))
    else:
        typer.echo(rule_in_full(known[name]) if name else rules_table(known))


def sources(workspace: Workspace, name: str, *, as_json: bool) -> None:
    """Per source and stream how the last reading went, or one source in full."""
    from briefing.cli.sources import source_in_full, source_rows, sources_text

    if name:
        known_source(workspace, name)
    now = workspace.fixed_now or clock()
    morning = workspace.morning(now)
    with opened(workspace) as (store, _):
        rows = source_rows(
            readings_in(workspace, store, now), store.standings(), list(workspace.settings.sources), morning
        )
    if name:
        rows = [row for row in rows if row["source"] == name]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    elif name:
        typer.echo(source_in_full(rows, workspace.settings.sources[name].use, morning))
    else:
        typer.echo(sources_text(rows, morning))


def quality(name: str, *, as_json: bool) -> None:
    """The scorecards of the connectors, or one in full."""
    from briefing.cli.scorecards import card_in_full, card_rows, cards_text
    from briefing.quality import load

    cards = load()
    if name and name not in cards:
        there = f"there are {words.listed(sorted(cards))}"
        raise UsageError(f'no connector is called "{name}"', advice=there)
    wanted = {key: card for key, card in cards.items() if name in ("", key)}
    if as_json:
        typer.echo(json.dumps(card_rows(wanted), indent=1, ensure_ascii=False))
    else:
        typer.echo(card_in_full(wanted[name]) if name else cards_text(wanted))


def new_source(name: str, folder: Path) -> None:
    """Write a connector to begin with, and its test."""
    from briefing.cli.skeleton import write_skeleton

    if not name:
        raise UsageError("a new connector needs a name", advice="such as: briefing sources new acme_desk")
    written = write_skeleton(name, folder)
    for path in written:
        typer.echo(path)
    package = written[-1].parent
    typer.echo(f"\nIts test is green; keep it so while you put your service in:\n  pip install -e {package}")
    typer.echo(f"  pytest {package}\ndocs/connectors.md tells how.")


def known_source(workspace: Workspace, name: str) -> str:
    """A configured source's name. Raises UsageError naming those there are."""
    known = list(workspace.settings.sources)
    if name in known:
        return name
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    there = f"there are {words.listed(sorted(known))}" if known else "no source is set up"
    advice = f"did you mean {near[0]}? There are {words.listed(sorted(known))}" if near else there
    raise UsageError(f'no source is called "{name}"', advice=advice)


def auth(config: Path | None, name: str) -> None:
    """Log a source in, or try the credential that is set for it."""
    from briefing.cli.auth import log_in

    workspace = chosen(config, "")
    raise typer.Exit(log_in(workspace, known_source(workspace, name), clock=clock))


def doctor(config: Path | None, name: str, *, as_json: bool) -> None:
    """Try everything that the next morning needs."""
    from briefing.cli.doctor import checks_plain, checks_text

    checks = all_checks(config, name)
    typer.echo(json.dumps(checks_plain(checks), indent=1, ensure_ascii=False) if as_json else checks_text(checks))
    raise typer.Exit(int(any(not check.ok for check in checks)))


def all_checks(config: Path | None, name: str) -> list[Check]:
    """Ours, then the sources, all or the one named."""
    from briefing.cli import doctor
    from briefing.cli.asked import machine_zone

    path = locate(config)
    if path is None:
        raise UsageError("no briefing.toml here or in your folder", advice="docs/configuration.md shows one")
    try:
        workspace = configured(path)
    except ConfigError as error:
        return [doctor.Check(about="configuration", what=problem, ok=False) for problem in error.problems]
    names = [known_source(workspace, name)] if name else []
    stored, last = doctor.of_store(workspace, clock())
    checks = [
        *doctor.of_configuration(workspace, path), *doctor.of_clock(workspace.settings, clock(), last, machine_zone()),
        *doctor.of_folder(workspace.folder), *stored, *(() if names else doctor.of_channels(workspace)),
    ]  # fmt: skip
    with suppress(BriefingError):  # told above
        log_begins(workspace)
    with progress_shown(workspace) as show:
        return checks + doctor.try_sources(workspace, names, clock=clock, progress=show)


def check_config(path: Path | None) -> None:
    """Check the configuration file and say what it sets up."""
    found = locate(path)
    if found is None:
        raise UsageError("no briefing.toml here or in your folder", advice="docs/configuration.md shows one")
    workspace = configured(found)
    problems = [f"{source.name}: {source.problem}" for source in workspace.sources() if source.problem]
    problems += broken_channels(workspace)
    settings = workspace.settings
    channels = f"{words.count(len(settings.deliver), 'channel')}, " if settings.deliver else ""
    typer.echo(
        f"{found}: {words.count(len(settings.sources), 'source')}, {words.count(len(settings.clients), 'client')}, "
        f"{channels}time zone {settings.workspace.timezone}."
    )
    for problem in problems:
        fail(problem)
    if problems:
        raise typer.Exit(2)


def broken_channels(workspace: Workspace) -> list[str]:
    """Channels whose secrets cannot be had, each with its key."""
    if not workspace.settings.deliver:
        return []
    from briefing.deliver.channels import Broken, channels

    found = [
        channel for one in workspace.each()
        for channel in channels(one.settings, base=workspace.base, folder=workspace.folder)
    ]  # fmt: skip
    return list(dict.fromkeys(one.problem for one in found if isinstance(one, Broken)))


def try_files(files: list[Path], asked: TryOptions, *, form: str, output: Path | None, show_all: bool) -> None:
    """A briefing from files, with nothing to set up."""
    from briefing.cli.tries import begin_try

    workspace, asks = begin_try(files, asked, now=clock())
    for ask in asks:
        fail(ask)
    compiled = run_through(workspace)
    emit(compiled.briefing, form=form, output=output, show_all=show_all)
    if not form and output is None and compiled.briefing.items:
        print(f"\nWhy is it there:  briefing why {compiled.briefing.items[0].id} --run try", file=sys.stderr)  # noqa: T201
    raise typer.Exit(exit_code(compiled))


def run_through(workspace: Workspace) -> Compiled:
    """Collect and compile a run."""
    with opened(workspace) as (store, notices):
        with progress_shown(workspace) as show:
            collect_into(workspace, store, clock=clock, progress=show)
        return compile_in(workspace, store, workspace.fixed_now or clock(), notices=notices)


def demo(day: str, asked: DemoOptions) -> None:
    """The briefing of a simulated agency."""
    from briefing.cli import demos

    compiled = demos.demo(replace(asked, day=parsed_date(day)), now=clock())
    raise typer.Exit(exit_code(compiled))
