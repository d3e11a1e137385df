"""The commands. Heavy modules are imported inside the command that needs them, so that help stays fast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="briefing",
    help="One page before the workday: the few things that need a decision, with why, since when, owner and link.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="New here: `briefing demo` shows a simulated agency, `briefing try FILES` reads files you export today.",
)

ConfigOption = Annotated[Path | None, typer.Option("--config", help="The configuration file.", show_default=False)]
RunOption = Annotated[str, typer.Option("--run", help="A run instead of the workspace: try or demo.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
DateOption = Annotated[str, typer.Option("--date", help="The morning of this day, as YYYY-MM-DD.")]
FormatOption = Annotated[str, typer.Option("--format", help="terminal, md, html, text or json.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.", show_default=False)]
AudienceOption = Annotated[
    str, typer.Option("--audience", help="Whose; default: everybody's in turn.", show_default=False)
]
ReaderOption = Annotated[
    str,
    typer.Option(
        "--audience", envvar="BRIEFING_AUDIENCE", help="Whose page, where there are several; default: the first's.",
        show_default=False, show_envvar=False,
    ),
]  # fmt: skip
AllOption = Annotated[bool, typer.Option("--all", help="Every item, not only the first.")]


def version(value: bool) -> None:
    """Print the version and end."""
    if value:
        from briefing import __version__

        typer.echo(f"briefing {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def today(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    cached: Annotated[bool, typer.Option("--cached", help="Collect nothing.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Collect first, however new the readings are.")] = False,
    show_all: AllOption = False,
    audience: ReaderOption = "",
    show_version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Today's briefing, collecting first when the readings are older than max_age."""
    if context.invoked_subcommand is None:
        from briefing.cli import commands

        commands.today(config, cached=cached, fresh=fresh, show_all=show_all, audience=audience)


@app.command("try")
def try_files(
    files: Annotated[list[Path], typer.Argument(help="Files or folders you exported.", exists=True)],
    *,
    day: DateOption = "",
    tz: Annotated[str, typer.Option("--tz", help="Time zone; default: this machine's.")] = "",
    me: Annotated[str, typer.Option("--me", help="Your e-mail address.")] = "",
    domain: Annotated[list[str] | None, typer.Option("--domain", help="Your own mail domains.")] = None,
    currency: Annotated[str, typer.Option("--currency", help="For amounts that do not say theirs.")] = "",
    dates: Annotated[str, typer.Option("--dates", help="The order in dates: d/m/y, m/d/y or y/m/d.")] = "",
    decimal: Annotated[str, typer.Option("--decimal", help="The decimal mark: . or ,")] = "",
    form: FormatOption = "",
    output: OutputOption = None,
    show_all: AllOption = False,
) -> None:
    """A briefing from files you export.

    Projects, milestones, tasks, deals, proposals, ad days and changes, a scorecard (CSV); calendars (.ics); mail (mbox,
    Maildir, .eml); a Slack export (ZIP). Nothing is set up and nothing recorded; docs/files.md lists the headings.
    """
    from briefing.cli import commands
    from briefing.cli.asked import TryOptions

    asked = TryOptions(
        day=day, tz=tz, me=me, domains=tuple(domain or ()), currency=currency.upper(), dates=dates, decimal=decimal
    )
    commands.try_files(files, asked, form=form, output=output, show_all=show_all)


@app.command()
def demo(
    *,
    day: DateOption = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write HTML, Markdown and the files here.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another agency.")] = 1,
    faults: Annotated[
        bool, typer.Option("--faults", help="A bad morning: sources refuse, hang, answer in part.")
    ] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Keep its services up, to play with.")] = False,
    latency: Annotated[str, typer.Option("--latency", help="none, realistic, or seconds.")] = "none",
    show_all: AllOption = False,
) -> None:
    """The briefing of a simulated agency.

    A server on this machine speaks the vendors' APIs; they and its files are read through the same connectors and
    rules as anybody's.
    """
    from briefing.cli import commands
    from briefing.cli.demos import DemoOptions

    asked = DemoOptions(out=out, seed=seed, faults=faults, serve=serve, latency=latency, show_all=show_all)
    commands.demo(day, asked)


@app.command()
def collect(
    names: Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help="These alone; default: all.")] = None,
    *,
    config: ConfigOption = None,
) -> None:
    """Read the sources now.

    All side by side; one that fails costs itself alone and is told with its cure. A second collect that waits for the
    first takes its result.
    """
    from briefing.cli import commands

    commands.collect(config, names or [])


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="CHANNEL", help="These alone; default: all.")] = None,
    *,
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent; send and note nothing.")] = False,
    resend: Annotated[
        bool, typer.Option("--resend", help="Send today's edition by what is not known to have delivered it.")
    ] = False,
    correct: Annotated[
        bool, typer.Option("--correct", help="Compile today's edition anew and send it as a correction of the first.")
    ] = False,
    skip_today: Annotated[bool, typer.Option("--skip-today", help="Leave today's edition at that.")] = False,
    scheduled: Annotated[
        bool, typer.Option("--scheduled", help="Only where [schedule] says it is due; silent where it is not.")
    ] = False,
    audience: AudienceOption = "",
) -> None:
    """Read, compile and deliver today's edition, once.

    Reads the sources first when they are older than max_age. An edition is fixed before it is sent and goes to each
    recipient at most once by itself; a second run the same day sends nothing. One channel's failure does not stop
    another. Exit code 1: a channel did not deliver, or nobody knows whether it did; 75: another run is at work.
    """
    from briefing.cli import run as runs
    from briefing.deliver.run import Asked

    if scheduled:
        from briefing.cli import schedule as schedules

        if names or dry_run or resend or correct or skip_today or audience:
            raise typer.BadParameter("--scheduled stands alone: a scheduler cannot mean anything else by it")
        schedules.tick(config)
    whose = (audience,) if audience else ()
    asked = Asked(
        names=tuple(names or ()), dry_run=dry_run, resend=resend, skip_today=skip_today, correct=correct,
        audiences=whose,
    )  # fmt: skip
    runs.run(config, asked)


@app.command()
def status(*, config: ConfigOption = None, audience: AudienceOption = "", as_json: JsonOption = False) -> None:
    """When the last edition arrived, and by which channel.

    Exit code 1: the last one was not delivered everywhere, or the ledger cannot be read.
    """
    from briefing.cli import run as runs

    runs.status(config, (audience,) if audience else (), as_json=as_json)


@app.command()
def hand(
    item: Annotated[str, typer.Argument(help="The item's id.")],
    person: Annotated[str, typer.Argument(help="A name of [people], or an address of your own domains.")],
    text: Annotated[str, typer.Argument(help="A word of yours to go with it.")] = "",
    *,
    by: Annotated[str, typer.Option("--by", help="The channel; default: the first that reaches this person.")] = "",
    config: ConfigOption = None,
    audience: AudienceOption = "",
) -> None:
    """Give an item to a colleague, who is told at once.

    One message by e-mail or Slack, recorded like every delivery; nobody outside the organisation can be named. Exit
    code 1: it was not delivered, or nobody knows whether it was.
    """
    from briefing.cli.hand import hand as hand_over

    hand_over(config, audience, item, person, text, by=by)


@app.command()
def schedule(
    action: Annotated[str, typer.Argument(metavar="[status|install|remove]", help="What to do.")] = "status",
    *,
    config: ConfigOption = None,
    by: Annotated[str, typer.Option("--by", help="cron, systemd or launchd; default: what there is.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Have the edition come by itself.

    install shows what it would write (a block in your crontab, a timer of your systemd, an agent of launchd), asks, and
    writes it; remove takes it out again. Every quarter of an hour it starts `briefing run --scheduled`, which knows
    workdays, holidays, days off and your time zone from briefing.toml, and does nothing where nothing is due.
    status says when it last looked, what is due and what was missed; exit code 1: it may not come.
    """
    from briefing.cli import schedule as schedules

    schedules.schedule(config, action, by=by, yes=yes, as_json=as_json)


@app.command()
def show(
    *,
    config: ConfigOption = None,
    run: RunOption = "",
    day: DateOption = "",
    form: FormatOption = "",
    output: OutputOption = None,
    show_all: AllOption = False,
    audience: ReaderOption = "",
) -> None:
    """The briefing from what was read last.

    Nothing is collected or recorded.
    """
    from briefing.cli import commands

    commands.show(commands.chosen(config, run).for_audience(audience), day, form=form, output=output, show_all=show_all)


@app.command()
def why(
    item: Annotated[str, typer.Argument(help="An item's id, or with --not a rule, client or text.")],
    *,
    config: ConfigOption = None,
    run: RunOption = "",
    day: DateOption = "",
    absent: Annotated[bool, typer.Option("--not", help="Why something is not shown.")] = False,
    audience: ReaderOption = "",
    as_json: JsonOption = False,
) -> None:
    """Why an item stands where it stands.

    The rule, the facts with links, the figures, the arithmetic of the order, and what makes it go away. With --not: why
    a rule, a client or a title is not shown.
    """
    from briefing.cli import commands

    commands.why(commands.chosen(config, run).for_audience(audience), item, day, absent=absent, as_json=as_json)


ItemArgument = Annotated[str, typer.Argument(metavar="ITEM", help="The id of an item, or its beginning.")]


@app.command()
def decide(
    item: ItemArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is decided, in your words.")],
    *,
    config: ConfigOption = None,
    audience: ReaderOption = "",
    owner: Annotated[str, typer.Option("--owner", help="Who has it.")] = "",
    by: Annotated[str, typer.Option("--by", help="When the effect is to be seen: Friday, 2026-11-27, 3wd.")] = "",
) -> None:
    """Say what is decided about an item.

    It is told under "Decided" until its source shows the effect, and is back in full when it gets worse, or is still
    there after the date; without a date after five workdays.
    """
    from briefing.cli import decisions as said

    said.say(config, audience, item, lambda morning: said.decided(text, owner, by, morning))


@app.command()
def done(
    item: ItemArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="How, in your words.")] = "",
    *,
    config: ConfigOption = None,
    audience: ReaderOption = "",
) -> None:
    """Say that an item is over.

    It is back when it gets worse, or when its source still has it after two workdays.
    """
    from briefing.cli import decisions as said
    from briefing.words_of_decision import Meant

    said.say(config, audience, item, lambda _: Meant(word="done", text=text))


@app.command()
def snooze(
    item: ItemArgument,
    *,
    config: ConfigOption = None,
    audience: ReaderOption = "",
    until: Annotated[str, typer.Option("--until", help="A date: Monday, tomorrow, 2026-11-23.")] = "",
    for_: Annotated[str, typer.Option("--for", help="A while: 3wd (workdays), 5d, 2w.")] = "",
    worse: Annotated[str, typer.Option("--worse", help="Until what it counts has grown so far: 20%.")] = "",
    activity: Annotated[bool, typer.Option("--activity", help="Until something happens there.")] = False,
    why: Annotated[str, typer.Option("--why", help="The reason, told when it is back.")] = "",
) -> None:
    """Hide an item until a date, a change for the worse, or activity; whichever comes first."""
    from briefing.cli import decisions as said

    said.say(config, audience, item, lambda morning: said.snoozed(until, for_, worse, why, morning, activity=activity))


@app.command()
def mute(
    item: ItemArgument,
    *,
    config: ConfigOption = None,
    audience: ReaderOption = "",
    rule: Annotated[bool, typer.Option("--rule", help="Its rule for its client, not this item alone.")] = False,
    for_: Annotated[str, typer.Option("--for", help="How long: 30d, 2w.")] = "30d",
) -> None:
    """Leave an item out, or its rule for its client; what is left out is counted at the foot."""
    from briefing.cli import decisions as said

    said.say(config, audience, item, lambda morning: said.muted(for_, morning, whole_rule=rule))


@app.command()
def useful(item: ItemArgument, *, config: ConfigOption = None, audience: ReaderOption = "") -> None:
    """Say that an item was worth its place."""
    from briefing.cli import decisions as said
    from briefing.words_of_decision import Meant

    said.say(config, audience, item, lambda _: Meant(word="useful"))


@app.command()
def noise(
    item: ItemArgument,
    *,
    config: ConfigOption = None,
    audience: ReaderOption = "",
    wrong: Annotated[bool, typer.Option("--wrong", help="What it says is not so.")] = False,
    unimportant: Annotated[bool, typer.Option("--unimportant", help="It is so, and does not matter.")] = False,
) -> None:
    """Say that an item was not worth its place."""
    from briefing.cli import decisions as said

    said.say(config, audience, item, lambda _: said.noise(wrong=wrong, unimportant=unimportant))


@app.command()
def undo(
    what: Annotated[str, typer.Argument(metavar="[NUMBER|ITEM]", help="Which word; default: the last.")] = "",
    *,
    config: ConfigOption = None,
    audience: ReaderOption = "",
) -> None:
    """Take back what you said: the last word, the last about an item, or the one of a number."""
    from briefing.cli import decisions as said

    said.undo(config, audience, what)


@app.command()
def decisions(
    *,
    config: ConfigOption = None,
    audience: ReaderOption = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what was taken back.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What you said of items, the last first, with the numbers that undo takes."""
    from briefing.cli import decisions as said

    said.listed(config, audience, everything=everything, as_json=as_json)


@app.command()
def rules(
    name: Annotated[str, typer.Argument(help="One rule in full.")] = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """What is looked for, with thresholds and prices."""
    from briefing.cli import commands

    commands.rules(name, as_json=as_json)


@app.command()
def sources(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One source in full; or the word new.")] = "",
    new: Annotated[str, typer.Argument(metavar="NEW", help="With new: what the connector shall be called.")] = "",
    *,
    config: ConfigOption = None,
    run: RunOption = "",
    quality: Annotated[
        bool, typer.Option("--quality", help="What each connector keeps, and what is still to do.")
    ] = False,
    folder: Annotated[Path, typer.Option("--folder", help="With new: where to write.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """How the last reading of each source went.

    Per stream: when it was last whole, its age, rows, rows that could not be read, what it cost the service (pages,
    calls, milliseconds, what the rate limit leaves), since how many workdays it is not whole, and the cure.

    briefing sources NAME shows one in full, briefing sources --quality the scorecard of the connectors themselves
    (with a NAME: one connector's), and briefing sources new NAME writes a connector for a new vendor to begin with,
    with its test.
    """
    from briefing.cli import commands

    if quality:
        commands.quality(name, as_json=as_json)
    elif name == "new":
        commands.new_source(new, folder)
    elif new:
        raise typer.BadParameter(f'"{new}" is one word too many; a new connector is `briefing sources new {new}`')
    else:
        commands.sources(commands.chosen(config, run), name, as_json=as_json)


@app.command()
def auth(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source's name in briefing.toml.")],
    *,
    config: ConfigOption = None,
) -> None:
    """Log in to a source, or try the credential that is set for it.

    A token that is got here is kept in a file of the source's own in your data folder, which only you can read. Where
    the credential is a reference in briefing.toml (env:NAME or file:PATH), it is told where, and one page is tried.
    Exit code 1: not let in.
    """
    from briefing.cli import commands

    commands.auth(config, source)


@app.command()
def doctor(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="This source alone; default: all.")] = "",
    *,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try everything that the next morning needs.

    The configuration, the clock, the folder and the store; of every channel whether it would take a mail or a file;
    then of every source whether it can be built, lets us in and answers with one page of each of its lists, side by
    side. Nothing that is read is kept, nothing is sent. Exit code 1: there is a problem; each stands with its cure.
    """
    from briefing.cli import commands

    commands.doctor(config, source, as_json=as_json)


@app.command()
def config(
    path: Annotated[Path | None, typer.Argument(help="The file; default: the one that would be used.")] = None,
) -> None:
    """Check the configuration file."""
    from briefing.cli import commands

    commands.check_config(path)
