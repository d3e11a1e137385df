"""What the reader says of items on the command line: one line of what was understood, kept in the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NoReturn

import typer

from briefing import words
from briefing.cli.commands import chosen, clock, opened
from briefing.decisions import Decision, counting
from briefing.document import from_json, plain
from briefing.errors import UsageError
from briefing.last_edition import delivered
from briefing.morning import Morning
from briefing.policy import due_of
from briefing.store import KeptEdition, Store, all_kept
from briefing.store.ledger import FILE_NAME, Ledger, LedgerError
from briefing.words_of_decision import (
    MUTED,
    Meant,
    Problem,
    Subject,
    day_said,
    decision,
    found,
    later_day,
    passed_meanwhile,
    share_said,
    subjects,
    taken_back,
    told,
)
from briefing.workspace import Workspace, compile_in

SET_ASIDE = "`briefing run --resend` or `briefing run --skip-today` puts it aside and begins a new one"


def say(config: Path | None, audience: str, item: str, meant: Callable[[Morning], Meant | Problem]) -> None:
    """Keep what is meant of an item, and say in one line what was understood."""
    workspace = chosen(config, "").for_audience(audience)
    morning = workspace.morning(clock()).of_reader
    wanted = meant(morning)
    if isinstance(wanted, Problem):
        _refused(wanted)
    with books(workspace) as (store, ledger, notices):
        subject = looked_up(workspace, store, ledger, item, morning, notices)
        _keep(ledger, decision(wanted, subject, morning), morning)


def undo(config: Path | None, audience: str, what: str) -> None:
    """Take back the last word, that of a number, or the last about an item."""
    workspace = chosen(config, "").for_audience(audience)
    morning = workspace.morning(clock()).of_reader
    with books(workspace) as (_, ledger, _):
        said = ledger.decisions(morning.audience.name)
        number = int(what) if what.isdecimal() and int(what) in {one.number for one in said} else 0
        subject = None
        if what and not number:
            spoken = {one.item: one for one in said}
            known = [Subject(id=one.item, key=one.key, rule=one.rule, line=one.line) for one in spoken.values()]
            hit = found(what, known)
            if isinstance(hit, Problem):
                _refused(Problem(text=f'nothing was said of an item "{what}"', cure="`briefing decisions` lists all"))
            subject = hit
        _keep(ledger, taken_back(said, subject, morning, number=number), morning)


def listed(config: Path | None, audience: str, *, everything: bool, as_json: bool) -> None:
    """What was said and counts, the last first; or all that was ever said."""
    workspace = chosen(config, "").for_audience(audience)
    morning = workspace.morning(clock()).of_reader
    with books(workspace) as (_, ledger, _):
        said = ledger.decisions(morning.audience.name)
    counts = {one.number for one in counting(said)}
    shown = [one for one in reversed(said) if everything or one.number in counts]
    if as_json:
        rows = [{**plain(one), "counts": one.number in counts} for one in shown]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not shown:
        typer.echo("Nothing was said of an item." if not said else "Nothing that was said counts; --all shows it.")
    for one in shown:
        typer.echo(_row(one, counts, morning))


def _row(one: Decision, counts: set[int], morning: Morning) -> str:
    at = one.at.astimezone(morning.zone)
    how = "" if one.via == "command" else f" by {'mail' if one.via == 'mail' else 'Slack'}"
    back = "" if one.number in counts or one.word == "undone" else " (taken back)"
    when = f"{words.dated_day(at.date(), morning.today)} {words.clock(at)}{how}"
    return f"{one.number:>3}  {when}  {told(one, morning.today)}{back}"


# --- what is meant, from options --------------------------------------------------------------------------------------


def decided(text: str, owner: str, by: str, morning: Morning) -> Meant | Problem:
    """`decide ITEM TEXT --owner P --by DATE`."""
    day = day_said(by, morning) if by else None
    if isinstance(day, Problem):
        return day
    if not text.strip():
        return Problem(text="what is decided was not said", cure='briefing decide ITEM "bill the extra hours"')
    return Meant(word="decided", text=text, owner=owner, by_when=day)


def snoozed(until: str, for_: str, worse: str, text: str, morning: Morning, *, activity: bool) -> Meant | Problem:
    """`snooze ITEM --until | --for | --worse | --activity`, whichever comes first."""
    if not (until or for_ or worse or activity):
        return Problem(text="until when was not said", cure="add --until Monday, --for 3wd, --worse 20% or --activity")
    days: list[date] = []
    for one in filter(None, (until, for_)):
        day = later_day(one, morning)
        if isinstance(day, Problem):
            return day
        days.append(day)
    share = share_said(worse) if worse else None
    if isinstance(share, Problem):
        return share
    return Meant(word="snoozed", until=min(days, default=None), worse=share, activity=activity, text=text)


def muted(for_: str, morning: Morning, *, whole_rule: bool) -> Meant | Problem:
    """`mute ITEM [--rule] [--for 30d]`."""
    day = later_day(for_, morning) if for_ else morning.today + MUTED
    return day if isinstance(day, Problem) else Meant(word="muted", whole_rule=whole_rule, until=day)


def noise(*, wrong: bool, unimportant: bool) -> Meant | Problem:
    """`noise ITEM --wrong | --unimportant`."""
    if wrong == unimportant:
        return Problem(text="why it is noise was not said", cure="add --wrong or --unimportant")
    return Meant(word="noise", why="wrong" if wrong else "unimportant")


# --- the item, and the ledger -----------------------------------------------------------------------------------------


@contextmanager
def books(workspace: Workspace) -> Iterator[tuple[Store, Ledger, tuple[str, ...]]]:
    """The store and the ledger, closed afterwards. Raises LedgerError."""
    with opened(workspace) as (store, notices):
        try:
            ledger = Ledger(workspace.folder / FILE_NAME, may_begin=not store.has_editions())
        except LedgerError as error:
            raise LedgerError(str(error), advice=SET_ASIDE) from error
        try:
            yield store, ledger, notices
        finally:
            ledger.close()


def looked_up(
    workspace: Workspace, store: Store, ledger: Ledger, item: str, morning: Morning, notices: tuple[str, ...]
) -> Subject:
    """The item: in today's kept edition, else in the last that was delivered, else in what `show` compiles."""
    audience = morning.audience.name
    for kept in (*all_kept(store, audience, morning.today), delivered(ledger, store, audience, morning.today)):
        known = _of(kept)
        hit = found(item, known)
        if isinstance(hit, Subject):
            return hit
        if any(one.id.startswith(item.lower()) for one in known):
            _refused(hit)  # the beginning of several: an older edition that has one of them alone does not decide it
    hit = found(item, subjects(compile_in(workspace, store, clock(), notices=notices).briefing))
    return hit if isinstance(hit, Subject) else _refused(hit)


def _of(kept: KeptEdition | None) -> Sequence[Subject]:
    try:
        return subjects(from_json(kept.body)) if kept else ()
    except (KeyError, TypeError, ValueError, ArithmeticError):  # kept by an older version, or damaged
        return ()


def _keep(ledger: Ledger, one: Decision | Problem, morning: Morning) -> None:
    if isinstance(one, Problem):
        _refused(one)
    kept = ledger.decide(one) or one
    typer.echo(f"{told(kept, morning.today)} {_then(kept, morning)}".rstrip())


def _then(one: Decision, morning: Morning) -> str:
    """What follows, and how it is taken back."""
    if one.word == "undone":
        return ""
    back = {
        "decided": f"Back after {words.dated_day(due_of(one, morning), morning.today)} if it is still there.",
        "done": "Back after two workdays if it is still there.",
    }.get(one.word, "")
    return words.sentence(back, passed_meanwhile(one, morning.today), f"Take it back: briefing undo {one.number}")


def _refused(problem: Problem) -> NoReturn:
    raise UsageError(problem.text, advice=problem.cure)
