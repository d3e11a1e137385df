"""`briefing hand ITEM PERSON [TEXT]`: give an item to a colleague, who is told at once; once, and recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import typer

from briefing.cli import fail
from briefing.cli.commands import chosen, clock
from briefing.cli.decisions import books, looked_up
from briefing.config import Settings
from briefing.decisions import Step
from briefing.deliver.escalate import Errand, Escalator, note_interrupted
from briefing.deliver.mail import address
from briefing.deliver.outbox import Pace
from briefing.deliver.run import alone
from briefing.errors import UsageError
from briefing.escalated import result_of, today_of
from briefing.escalation import HAND, Contact, Subject, contact, open_climbs
from briefing.escalation_settings import CARRIERS, contacts, outside
from briefing.morning import Morning
from briefing.store import Store
from briefing.store.ledger import Ledger
from briefing.words_of_decision import Meant, Problem, decision, found
from briefing.words_of_decision import Subject as Spoken
from briefing.workspace import Workspace, compile_in


def hand(config: Path | None, audience: str, item: str, person: str, text: str, *, by: str) -> None:
    """Tell the colleague, note the step and the decision, and print how it went."""
    workspace = chosen(config, "").for_audience(audience)
    whole = workspace.whole or workspace.settings
    to = _person(whole, person)
    now = clock()
    run, morning = f"{now:%Y%m%dT%H%M%S}", workspace.morning(now)
    with alone(workspace.folder), books(workspace) as (store, ledger, notices):
        note_interrupted(ledger, run=run, now=now)
        one = Escalator(workspace, ledger, run=run, pace=Pace(now=clock), say=typer.echo, warn=fail)
        channel, recipient = _way(whole, one, to, by)
        said = _said(workspace, store, ledger, item, morning, notices)
        subject = _subject(workspace, store, said, now)
        errand = Errand(
            person=to.name, channel=channel, recipient=recipient,
            steps=(_step(subject, to, channel, recipient, run=run),),
            notice=replace(one.notice((subject,), morning), by_hand=True, text=text),
        )  # fmt: skip
        (end,) = one.send(errand)
        if end.state == "sent":
            meant = Meant(word="handed", text=text, owner=end.person)
            kept = decision(meant, said, replace(morning.of_reader, now=end.at.astimezone(morning.zone)))
            assert not isinstance(kept, Problem)  # of a word that measures nothing
            ledger.decide(kept)
    told = f"{result_of(end, replace(morning, now=end.at.astimezone(morning.zone)))} {subject.line} ({subject.id})"
    if end.state != "sent":
        fail(told)
        raise typer.Exit(1)
    typer.echo(told)


def _said(
    workspace: Workspace, store: Store, ledger: Ledger, item: str, morning: Morning, notices: tuple[str, ...]
) -> Spoken:
    """The item as every word about one finds it; else one that a ladder tells of. Raises UsageError."""
    try:
        return looked_up(workspace, store, ledger, item, morning.of_reader, notices)
    except UsageError:
        last = {one.last.item: one.last for one in open_climbs(ledger.steps()).values()}
        known = [Spoken(id=one.item, key=one.key, rule=one.rule, line=one.line) for one in last.values()]
        if isinstance(hit := found(item, known), Spoken):
            return hit
        raise


def _subject(workspace: Workspace, store: Store, said: Spoken, now: datetime) -> Subject:
    """What the colleague is told: of what is personal to nobody. Raises UsageError."""
    shared, morning = workspace.for_ladders(), workspace.morning(now)
    today = today_of(compile_in(shared, store, now), None, morning, ())
    for one in today.found:
        if one.key == said.key:
            return one
    whole = workspace.whole or workspace.settings
    own = {one.item.key for one in compile_in(workspace, store, now).found}
    if said.key in own or ((there := whole.sources.get(said.key[1])) and there.personal_to):
        raise UsageError(
            f"{said.id} rests on a source that is personal; nobody else is told of it",
            advice="tell it in your own words",
        )
    if why := today.absent(said.key, said.rule, None):
        raise UsageError(f"{said.id} is not there any more: {why}", advice="briefing show --all")
    return Subject(key=said.key, rule=said.rule, id=said.id, line=said.line, client=said.client, read="not today")


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
        return Contact(name=name, email=address(name).addr_spec)
    names = ", ".join(sorted(one.name for one in known)) or "nobody yet"
    raise UsageError(f'"{name}" is not one of [people] or an audience', advice=f"there are: {names}")


def _way(settings: Settings, one: Escalator, to: Contact, by: str) -> tuple[str, str]:
    """The channel asked for, else the first that reaches this person."""
    channels = settings.deliver
    if by and getattr(channels.get(by), "use", "") not in CARRIERS:
        raise UsageError(f'"{by}" is no channel that carries a message to one person', advice="take e-mail or Slack")
    for name in [by] if by else list(channels):
        if recipient := one.recipient(to, name):
            return name, recipient
    way = f"by {by}" if by else "by any channel of [deliver]"
    raise UsageError(
        f"{to.name} cannot be reached {way}", advice=f"write [people.{to.name}] with email, or slack = the member ID"
    )


def _step(one: Subject, to: Contact, channel: str, recipient: str, *, run: str) -> Step:
    now = clock()
    return Step(
        at=now, run=run, ladder=HAND, step=1, began=now, key=one.key, rule=one.rule, item=one.id, line=one.line,
        person=to.name, channel=channel, recipient=recipient, state="sending",
    )  # fmt: skip
