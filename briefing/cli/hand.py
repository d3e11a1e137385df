"""`briefing hand ITEM PERSON [TEXT]`: give an item to a colleague, who is told at once; once, and recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from briefing.cli import fail
from briefing.cli.commands import chosen, clock, opened
from briefing.config import Settings
from briefing.decisions import Decision, Step
from briefing.deliver.escalate import Errand, Escalator, note_interrupted
from briefing.deliver.outbox import Pace
from briefing.deliver.run import alone
from briefing.errors import UsageError
from briefing.escalated import result_of, today_of
from briefing.escalation import HAND, Contact, Subject, contact
from briefing.escalation_settings import CARRIERS, contacts, outside
from briefing.items import Priced
from briefing.reading.text import clean
from briefing.store.ledger import FILE_NAME, Ledger
from briefing.workspace import Workspace, compile_in


def hand(config: Path | None, item: str, person: str, text: str, *, by: str) -> None:
    """Tell the colleague, note the step and the decision, and print how it went."""
    workspace = chosen(config, "")
    to = _person(workspace.settings, person)
    with alone(workspace.folder), opened(workspace) as (store, _):
        ledger = Ledger(workspace.folder / FILE_NAME, may_begin=not store.has_editions())
        try:
            now = clock()
            compiled, morning = compile_in(workspace, store, now), workspace.morning(now)
            found = _found(compiled.found, item)
            note_interrupted(ledger, run=f"{now:%Y%m%dT%H%M%S}", now=now)
            one = Escalator(
                workspace, ledger, run=f"{now:%Y%m%dT%H%M%S}", pace=Pace(now=clock), say=typer.echo, warn=fail
            )
            channel, recipient = _way(workspace, one, to, by)
            today = today_of(compiled, morning, ())
            subject = next(about for about in today.found if about.id == found.id)
            notice = one.notice((subject,), morning)
            step = _step(subject, to, channel, recipient, run=f"{now:%Y%m%dT%H%M%S}")
            errand = Errand(
                person=to.name, channel=channel, recipient=recipient, steps=(step,),
                notice=replace(notice, by_hand=True, text=text),
            )  # fmt: skip
            (end,) = one.send(errand)
            if end.state == "sent":
                ledger.decide(_decision(found, end, morning.audience.name, text))
        finally:
            ledger.close()
    said = f"{result_of(end, replace(morning, now=end.at.astimezone(morning.zone)))} {subject.line} ({subject.id})"
    if end.state != "sent":
        fail(said)
        raise typer.Exit(1)
    typer.echo(said)


def _person(settings: Settings, name: str) -> Contact:
    """One of [people] or the audiences, or an address of our own. Raises UsageError."""
    known = contacts(settings.people, settings.audience)
    if found := contact(known, name):
        return found
    if "@" in name:
        if problem := outside(name, settings.model_dump(mode="json", by_alias=True)):
            raise UsageError(
                problem, advice="nothing goes to anybody outside; add your own domain to workspace.domains"
            )
        return Contact(name=name, email=name)
    names = ", ".join(sorted(one.name for one in known)) or "nobody yet"
    raise UsageError(f'"{name}" is not one of [people] or an audience', advice=f"there are: {names}")


def _way(workspace: Workspace, one: Escalator, to: Contact, by: str) -> tuple[str, str]:
    """The channel asked for, else the first that reaches this person."""
    channels = workspace.settings.deliver
    if by and getattr(channels.get(by), "use", "") not in CARRIERS:
        raise UsageError(f'"{by}" is no channel that carries a message to one person', advice="take e-mail or Slack")
    for name in [by] if by else list(channels):
        if recipient := one.recipient(to, name):
            return name, recipient
    way = f"by {by}" if by else "by any channel of [deliver]"
    raise UsageError(
        f"{to.name} cannot be reached {way}", advice=f"write [people.{to.name}] with email, or slack = the member ID"
    )


def _found(items: tuple[Priced, ...], name: str) -> Priced:
    found = [one for one in items if one.id.startswith(name.lower())]
    if len(found) != 1:
        ids = ", ".join(one.id for one in found)
        problem = f'"{name}" is the beginning of several ids: {ids}' if found else f'no item has the id "{name}"'
        raise UsageError(problem, advice="the ids stand at the right of each card; `briefing show --all` has them all")
    return found[0]


def _step(one: Subject, to: Contact, channel: str, recipient: str, *, run: str) -> Step:
    now = clock()
    return Step(
        at=now, run=run, ladder=HAND, step=1, began=now, key=one.key, rule=one.rule, item=one.id, line=one.line,
        person=to.name, channel=channel, recipient=recipient, state="sending",
    )  # fmt: skip


def _decision(one: Priced, end: Step, reader: str, text: str) -> Decision:
    item = one.item
    return Decision(
        at=end.at, by=reader, audience=reader, word="handed", key=item.key, rule=item.rule, item=one.id,
        line=item.line, client=item.client, text=clean(text), owner=end.person, stage=item.stage,
        measure=item.measure, deadline=item.deadline,
    )  # fmt: skip
