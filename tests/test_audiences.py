"""Several audiences from one collect: whose page has what, where it goes, and what never crosses."""

from __future__ import annotations

import io
import os
import re
import sqlite3
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from briefing.cli import commands, schedule
from briefing.cli import run as cli_run
from briefing.config import parse
from briefing.deliver.edition import edition_of
from briefing.deliver.outbox import Pace
from briefing.deliver.slack_post import post_of
from briefing.errors import ConfigError
from briefing.render import render
from briefing.store import Store
from briefing.terminal import print_briefing
from briefing.workspace import Workspace, collect_into, compile_in, configured
from tests.commandline import Run, at_home, runner
from tests.mail_server import Post, serving

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
POST = Post()
HEADS = {
    "projects.csv": "Project ID,Project,Client,Status,Manager,Start date,Due date,Budget,Currency\n",
    "milestones.csv": "Milestone ID,Milestone,Project ID,Due date,Status\n",
    "tasks.csv": "Task ID,Task,Project ID,Milestone ID,Assignee,Due date,Status\n",
}
CONFIG = """
[workspace]
name = "Harbour Lane"
timezone = "Europe/Berlin"
domains = ["harbourlane.example"]
[[audience]]
name = "Maya"
emails = ["maya@harbourlane.example"]
[[audience]]
name = "Tom"
emails = ["tom@harbourlane.example"]
clients = ["Brightside"]
{tom}
[clients.Acme]
[clients.Brightside]
[sources.work]
use = "projects_csv"
projects = "work/projects.csv"
milestones = "work/milestones.csv"
tasks = "work/tasks.csv"
[sources.own]
use = "projects_csv"
projects = "own/projects.csv"
milestones = "own/milestones.csv"
tasks = "own/tasks.csv"
personal_to = "maya"
[deliver.mail]
use = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "Morning briefing <briefing@harbourlane.example>"
patience = 0
"""


def write_tables(folder: Path, word: str, *, client: str, more: str = "") -> None:
    """One project of a client with a milestone tomorrow and nothing to do; every text has the word."""
    folder.mkdir(parents=True, exist_ok=True)
    number = word.casefold()
    rows = {
        "projects.csv": f"{number},{word} site,{client},Active,{word} Ahlers,2026-09-01,2026-12-18,36000,USD\n{more}",
        "milestones.csv": f"m-{number},{word} launch,{number},2026-11-24,Open\n",
        "tasks.csv": f"t-{number},{word} texts,{number},,{word} Brandt,2026-11-18,Open\n",
    }
    for name, head in HEADS.items():
        (folder / name).write_text(head + rows[name], encoding="utf-8")


class Home:
    """Two audiences at a fixed clock."""

    def __init__(self, folder: Path, port: int, briefing: Run) -> None:
        self.folder, self.port, self.briefing, self.now = folder, port, briefing, MONDAY
        self.configure()
        write_tables(
            folder / "work", "Quay", client="Brightside", more="p9,Pier app,Acme,Active,,,2026-11-20,900,USD\n"
        )
        write_tables(folder / "own", "Zyx", client="Zyxwork")
        self.at(MONDAY)

    def configure(self, text: str = "", *, tom: str = "", port: int = 0) -> None:
        plain = CONFIG.format(tom=tom, port=port or self.port) + text
        (self.folder / "briefing.toml").write_text(plain, encoding="utf-8")

    def at(self, now: datetime) -> None:
        """The files are an hour old."""
        self.now = now
        for path in self.folder.glob("*/*.csv"):
            os.utime(path, (now.timestamp() - 3600,) * 2)

    @property
    def workspace(self) -> Workspace:
        return configured(self.folder / "briefing.toml")

    def run(self, *arguments: str) -> tuple[int, list[str]]:
        code, out, err = self.briefing("run", *arguments)
        return code, (out + err).splitlines()

    def query(self, file: str, sql: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.workspace.folder / file) as db:
            found = db.execute(sql).fetchall()
        db.close()
        return found

    def readings(self) -> int:
        """Tries of all streams so far."""
        ((number,),) = self.query("readings.sqlite", "select count(*) from attempt")
        assert isinstance(number, int)
        return number

    def ledger(self) -> list[tuple[object, ...]]:
        return self.query("ledger.sqlite", "select audience, date, channel, recipient, state from entry order by id")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(POST) as found:
        yield found


@pytest.fixture
def home(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    POST.reset()
    at_home(tmp_path, monkeypatch)
    made = Home(tmp_path / "work", port, runner(monkeypatch, capsys))
    for module in (cli_run, commands, schedule):
        monkeypatch.setattr(module, "clock", lambda: made.now)
    return made


def mails() -> dict[str, str]:
    """The plain text of each mail that arrived, by its recipient."""
    found = {}
    for mail in POST.mails:
        body = mail.get_body(("plain",))
        assert body is not None
        found[str(mail["To"])] = f"{mail['Subject']}\n{body.get_content()}"
    return found


def test_each_has_an_edition_of_one_collect(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = home.run()
    assert (code, said) == (
        0,
        [
            "Maya: mail: sent to maya@harbourlane.example, 07:00.",
            "Tom: mail: sent to tom@harbourlane.example, 07:00.",
        ],
    )
    assert home.readings() == 6
    assert home.ledger() == [
        (name, "2026-11-23", "mail", f"{name.lower()}@harbourlane.example", state)
        for name in ("Maya", "Tom")
        for state in ("sending", "sent")
    ]
    found = mails()
    maya, tom = found["maya@harbourlane.example"], found["tom@harbourlane.example"]
    assert "Zyx launch" in maya
    assert "Quay launch" in maya
    assert "Pier app" in maya
    assert "Quay launch" in tom
    assert "Pier app" not in tom
    assert "Left out: 2 items that are not about Brightside." in tom
    assert "zyx" not in tom.casefold()
    assert home.run()[0] == 0
    assert home.run("--resend") == (
        2,
        [
            "briefing: today's edition is delivered: mail 07:00",
            "  to send it once more name the channel: briefing run --resend mail",
        ],
    )
    assert len(POST.mails) == 2
    commands_show_the_page_that_is_asked_for(home, monkeypatch)
    each_remembers_what_stood_in_its_own(home)


def commands_show_the_page_that_is_asked_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Zyx" in home.briefing("show", "--format", "md")[1]
    with monkeypatch.context() as patch:
        patch.setenv("BRIEFING_AUDIENCE", "Tom")
        shown = home.briefing("show", "--format", "md")[1]
    assert shown == home.briefing("show", "--format", "md", "--audience", "tom")[1]
    assert "Zyx" not in shown
    assert "--audience Tom" in shown
    code, _, err = home.briefing("show", "--audience", "Tim")
    assert (code, err) == (2, 'briefing: no audience is called "Tim" (did you mean "Tom"?)\n  there are Maya and Tom\n')


def each_remembers_what_stood_in_its_own(home: Home) -> None:
    """Pier app is Acme's: it stood on Maya's page only, and is no resolved matter of Tom's afterwards."""
    done = "p9,Pier app,Acme,Completed,,,2026-11-20,900,USD\n"
    write_tables(home.folder / "work", "Quay", client="Brightside", more=done)
    home.at(datetime(2026, 11, 24, 6, 0, tzinfo=UTC))
    assert home.run()[0] == 0
    maya, tom = (mails()[f"{name}@harbourlane.example"] for name in ("maya", "tom"))
    assert "Pier app" in maya
    assert "Pier app" not in tom
    assert "SINCE MONDAY 07:00  0 new, 1 worse, 0 back, 1 unchanged, 0 resolved" in tom


def test_what_becomes_personal_is_forgotten_by_the_others(home: Home) -> None:
    """Monday the source is everybody's; on Tuesday it is Maya's, and Tom's page does not even say that it was."""
    text = (home.folder / "briefing.toml").read_text(encoding="utf-8").replace('personal_to = "maya"\n', "")
    text = text.replace('clients = ["Brightside"]\n', "")
    (home.folder / "briefing.toml").write_text(text, encoding="utf-8")
    home.run()
    assert "Zyx launch" in mails()["tom@harbourlane.example"]
    home.configure()
    home.at(datetime(2026, 11, 24, 6, 0, tzinfo=UTC))
    home.run()
    assert "zyx" not in mails()["tom@harbourlane.example"].casefold()
    assert "Zyx" in mails()["maya@harbourlane.example"]


def test_ones_failure_does_not_stop_the_other(home: Home) -> None:
    """Maya's channel has no server; Tom's files are written, and the exit code is the worst."""
    (home.folder / "blocked").write_text("no folder", encoding="utf-8")
    more = '[deliver.desk]\nuse = "file"\nfolder = "blocked/maya"\n[deliver.toms]\nuse = "file"\nfolder = "toms"\n'
    home.configure(more, tom='channels = ["toms"]')
    text = (home.folder / "briefing.toml").read_text(encoding="utf-8")
    (home.folder / "briefing.toml").write_text(
        text.replace('emails = ["maya@', 'channels = ["desk"]\nemails = ["maya@').partition("[deliver.mail]")[0] + more,
        encoding="utf-8",
    )
    code, said = home.run()
    assert code == 1
    assert any(line.startswith("briefing: Maya: desk: refused") for line in said), said
    assert f"Tom: toms: written to {home.folder / 'toms'}, 07:00." in said
    assert (home.folder / "toms" / "2026-11-23.html").exists()


def test_a_server_that_says_later_to_one_does_not_hold_up_the_other(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Maya's server greylists her: Tom's mail is out before anybody waits; hers comes in the same run."""
    home.configure()
    path = home.folder / "briefing.toml"
    path.write_text(path.read_text("utf-8").replace("patience = 0", "patience = 1200"), encoding="utf-8")
    POST.rcpt = {"maya@harbourlane.example": "451 4.7.1 greylisted"}
    there: list[tuple[float, list[str]]] = []

    def sleep(seconds: float) -> None:
        there.append((round(seconds), [str(mail["To"]) for mail in POST.mails]))
        POST.rcpt = {}

    monkeypatch.setattr(cli_run, "Pace", lambda now: Pace(now=now, sleep=sleep))
    code, said = home.run()
    assert there == [(60, ["tom@harbourlane.example"])]
    assert (code, sorted(mails())) == (0, ["maya@harbourlane.example", "tom@harbourlane.example"])
    assert said[-3:] == [
        "Maya: mail: put off (451 4.7.1 greylisted); next try in 60 s",
        "Tom: mail: sent to tom@harbourlane.example, 07:00.",
        "Maya: mail: sent to maya@harbourlane.example, 07:00.",
    ]


def test_a_fault_of_ours_in_one_page_leaves_the_others(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(workspace: Workspace, *args: object, **kwargs: object) -> object:
        if workspace.settings.reader().name == "Maya":
            raise RuntimeError("canary")
        return compile_in(workspace, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("briefing.deliver.run.compile_in", broken)
    code, said = home.run()
    assert code == 70
    assert list(mails()) == ["tom@harbourlane.example"]
    assert "briefing: Maya: a fault of ours (RuntimeError); the log has the details" in said


def test_each_is_due_by_its_own_clock_and_dated_by_it(home: Home) -> None:
    """Tom is in Auckland: his Monday's edition is due while it is Sunday in Berlin."""
    home.configure(tom='timezone = "Pacific/Auckland"\ntime = "06:45"\ndays_off = [2026-11-25]')
    home.at(datetime(2026, 11, 22, 17, 45, tzinfo=UTC))
    assert home.run("--scheduled") == (0, [])
    assert list(mails()) == ["tom@harbourlane.example"]
    tom = mails()["tom@harbourlane.example"]
    assert "Work is dated in Europe/Berlin, where it is Sunday 22 November 2026." in tom
    assert "(Mon 23 Nov)" in tom
    home.at(datetime(2026, 11, 23, 5, 30, tzinfo=UTC))
    assert home.run("--scheduled") == (0, [])
    assert sorted(mails()) == ["maya@harbourlane.example", "tom@harbourlane.example"]
    assert [row[:2] for row in home.ledger()[1::2]] == [("Tom", "2026-11-23"), ("Maya", "2026-11-23")]
    home.at(datetime(2026, 11, 24, 17, 45, tzinfo=UTC))  # Wednesday in Auckland: a day off of Tom's alone
    passed = "Maya: Tuesday 24 November 2026: not sent, and too late since 12:30. To send it all the same: briefing run"
    assert home.run("--scheduled") == (1, [f"briefing: {passed}"])
    assert home.run("--scheduled") == (0, [])
    assert len(POST.mails) == 2
    _, out, _ = home.briefing("status")
    assert "Maya:\nLast delivered: the edition of Monday 23 November 2026." in out
    assert "  mail: sent to tom@harbourlane.example, 06:45." in out
    _, out, _ = home.briefing("schedule", "status")
    assert "Tom: Wednesday 25 November 2026 is a day off." in out
    assert passed in out


def test_another_name_sends_nothing_twice(home: Home) -> None:
    """Of the audience, of its case, of the channel, of the address's case; tomorrow is another day."""
    assert home.run()[0] == 0
    path = home.folder / "briefing.toml"
    for old, new, told in (
        ('name = "Maya"', 'name = "MAYA"', ""),
        ('name = "MAYA"', 'name = "Maya Ortiz"', "under another name (Maya's, by mail)."),
        ("[deliver.mail]", "[deliver.Mail]", "under another name (Tom's, by mail)."),
        ('"maya@', '"Maya@', ""),
    ):  # fmt: skip
        text = path.read_text(encoding="utf-8").replace(old, new)
        if "name" in new:
            text = re.sub("personal_to = .*", f"personal_to = {new.partition(' = ')[2]}", text)
        path.write_text(text, encoding="utf-8")
        code, said = home.run()
        assert (code, len(POST.mails)) == (0, 2), new
        assert any(line.endswith(told) and "already" in line for line in said) == bool(told), said
    home.at(datetime(2026, 11, 24, 6, 0, tzinfo=UTC))
    assert home.run()[0] == 0
    assert len(POST.mails) == 4


def test_without_a_ledger_a_word_for_one_sends_nothing_to_the_other(home: Home) -> None:
    assert home.run()[0] == 0
    (home.workspace.folder / "ledger.sqlite").write_bytes(b"no database")
    assert home.run()[0] == 1
    code, said = home.run("--resend", "--audience", "Maya")
    assert (code, [str(mail["To"]) for mail in POST.mails[2:]]) == (0, ["maya@harbourlane.example"]), said
    code, said = home.run()
    assert (code, len(POST.mails)) == (1, 3)
    assert any("Tom: mail: whether it reached tom@harbourlane.example is not known" in line for line in said), said
    assert home.run("--skip-today")[0] == 0
    assert (home.run()[0], len(POST.mails)) == (0, 3)


def test_ladders_are_the_first_audiences_and_may_tell_the_other(home: Home) -> None:
    """Tom, who has a channel of his own, is told of what only Maya's page has; his page and status know nothing."""
    ladder = (
        '[deliver.toms]\nuse = "email"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\npatience = 0\n'
        'from = "briefing@harbourlane.example"\n'
        '[[escalate]]\nname = "late"\nmatters = ["project", "milestone", "task"]\nclients = ["Acme"]\nat = "always"\n'
        'steps = [{ to = "Tom", after = "0h", by = "toms" }]\n'
    )
    home.configure(ladder.replace("{port}", str(home.port)), tom='channels = ["toms"]')
    code, said = home.run()
    assert (code, [str(mail["To"]) for mail in POST.mails]) == (
        0, ["tom@harbourlane.example", "maya@harbourlane.example", "tom@harbourlane.example"]
    ), said  # fmt: skip
    assert "Pier app" in str(POST.mails[0]["Subject"])
    assert "Pier app" not in mails()["tom@harbourlane.example"]
    assert "Pier app" in home.briefing("status")[1]
    assert "Pier app" not in home.briefing("status", "--audience", "Tom")[1]


# --- what never crosses ----------------------------------------------------------------------------------------------

WORDS = ("Alfax", "Bretux", "Cymbor")
"""A word per source, in every text that it states: a page that has the word knows something of the source."""


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Store]]:
    folder = tmp_path_factory.mktemp("three")
    plain: dict[str, object] = {"sources": {}}
    for word in WORDS:
        write_tables(folder / word, word, client=f"{word} Foods")
        tables = {kind: str(folder / word / f"{kind}.csv") for kind in ("projects", "milestones", "tasks")}
        plain["sources"] = {**dict(plain["sources"]), word: {"use": "projects_csv", **tables}}  # type: ignore[call-overload]
    plain["audience"] = [{"name": name, "emails": [f"{name}@harbourlane.example"]} for name in ("Maya", "Tom")]
    workspace = Workspace(settings=parse(plain), folder=folder, base=folder)
    store, _ = workspace.store(MONDAY)
    (folder / "Bretux" / "tasks.csv").write_text("nothing that can be read: Bretux", encoding="utf-8")  # a gap, too
    collect_into(workspace, store, clock=lambda: MONDAY)
    yield workspace, store
    store.close()


def pages(workspace: Workspace, store: Store) -> Mapping[str, str]:
    """Every form of one audience's page, and what commands print of it."""
    compiled = compile_in(workspace, store, MONDAY)
    out = io.StringIO()
    print_briefing(compiled.briefing, Console(file=out, width=100), all_items=True)
    forms = {form: render(compiled.briefing, form, all_items=form != "json") for form in ("md", "html", "text", "json")}
    edition = edition_of(compiled.briefing, MONDAY)
    return {
        **forms,
        "terminal": out.getvalue(),
        "Slack": post_of(compiled.briefing).decode(),
        "subject": edition.subject,
    }


@pytest.mark.parametrize("turn", range(3))
def test_a_personal_source_reaches_nobody_else(three: tuple[Workspace, Store], turn: int) -> None:
    """Each source in turn is everybody's, Maya's and Tom's, the one that cannot be read too."""
    workspace, store = three
    owners = {word: ("", "Maya", "tom")[(number + turn) % 3] for number, word in enumerate(WORDS)}
    whole = workspace.settings
    sources = {name: one.model_copy(update={"personal_to": owners[name]}) for name, one in whole.sources.items()}
    ours = replace(workspace, settings=whole.model_copy(update={"sources": sources}))
    for one in ours.each():
        mine = {name for name, owner in owners.items() if owner.casefold() in {"", one.who.casefold()}}
        for form, page in pages(one, store).items():
            found = {word for word in WORDS if word.casefold() in page.casefold()}
            assert found <= mine, form
            assert found == mine or form in {"Slack", "subject"}, form


def test_nothing_is_compiled_from_everybodys_sources(three: tuple[Workspace, Store]) -> None:
    """Whoever forgets to say for whom gets the first audience's page."""
    workspace, store = three
    sources = {**workspace.settings.sources}
    sources["Cymbor"] = sources["Cymbor"].model_copy(update={"personal_to": "Tom"})
    ours = replace(workspace, settings=workspace.settings.model_copy(update={"sources": sources}))
    assert "cymbor" not in pages(ours, store)["json"].casefold()


# --- what is refused at load -----------------------------------------------------------------------------------------

TWO = """
[workspace]
domains = ["harbourlane.example"]
[[audience]]
name = "Maya"
emails = ["maya@harbourlane.example"]
{maya}
[[audience]]
name = "Tom"
emails = ["tom@harbourlane.example"]
{tom}
[sources.inbox]
use = "mailbox"
path = "in.mbox"
{inbox}
[deliver.one]
{one}
[deliver.two]
{two}
"""
FILES = 'use = "file"\nfolder = "{}"'
MAIL = 'use = "email"\nhost = "smtp.example.com"\nfrom = "briefing@harbourlane.example"\n{}'
GMAIL = 'use = "gmail"\naccess_token = "env:T"\nfrom = "briefing@harbourlane.example"\n{}'
PLAIN = {
    "maya": 'channels = ["one"]', "tom": 'channels = ["two"]', "inbox": "", "one": FILES.format("one"),
    "two": FILES.format("two"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"tom": 'channels = ["two"]\nclients = ["Acme"]'}, "audience.2.clients: there is no [clients.Acme]"),
        ({"tom": 'channels = ["tow"]'}, 'audience.2.channels: there is no [deliver.tow] (did you mean "two"?)'),
        (
            {"inbox": 'personal_to = "Mya"'},
            'sources.inbox.personal_to: no audience is called "Mya" (did you mean "Maya"?)',
        ),
        (
            {"inbox": 'personal_to = "Maya"', "tom": 'channels = ["two"]\nsources = ["inbox"]'},
            "audience.2.sources: inbox is personal to Maya",
        ),
        (
            {"inbox": 'personal_to = "Maya"', "one": MAIL.format('to = "team@harbourlane.example"')},
            "deliver.one.to: team@harbourlane.example would read inbox, which is personal to Maya",
        ),
        (
            {"inbox": 'personal_to = "Maya"', "one": GMAIL.format('to = "team@harbourlane.example"')},
            "deliver.one.to: team@harbourlane.example would read inbox, which is personal to Maya",
        ),
        (
            {"maya": "", "tom": ""},
            "deliver.one.use: goes to one place, and is the channel of Maya and Tom; give each channels of its own",
        ),
        ({"two": FILES.format("./one")}, "deliver.two.folder: another channel writes there already"),
        (
            {"maya": 'channels = ["one", "two"]', "tom": ""},
            "audience.2.channels: is missing, and the others claim all; Tom would get nothing",
        ),
        (
            {"two": MAIL.format(""), "tom": 'channels = ["two"]\nemails = []'},
            "deliver.two.to: is missing, and Tom has no address",
        ),
        ({"tom": 'channels = ["two"]\ntime = "6:5"'}, 'audience.2.time: write a time such as "06:30"'),
    ],
)
def test_what_would_cross_is_refused(change: Mapping[str, str], problem: str) -> None:
    text = TWO.format(**{**PLAIN, **change})
    if "emails = []" in text:
        text = text.replace('emails = ["tom@harbourlane.example"]\n', "")
    with pytest.raises(ConfigError) as caught:
        parse(tomllib.loads(text))
    assert problem in caught.value.problems


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        ('name = "MAYA"', 'audience.2.name: "MAYA" is another audience\'s already'),
        ("", "audience.2.name: is missing; with several audiences each has a name of its own"),
        (
            'name = "Tom"\nemails = "Maya@x.example"',
            'audience.2.emails: "Maya@x.example" is another audience\'s already',
        ),
    ],
)
def test_audiences_are_told_apart(second: str, problem: str) -> None:
    text = f'[[audience]]\nname = "Maya"\nemails = ["maya@x.example"]\n[[audience]]\n{second}\n'
    with pytest.raises(ConfigError) as caught:
        parse(tomllib.loads(text))
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize("mail", [MAIL, GMAIL])
def test_a_mail_without_a_fixed_address_serves_everybody(mail: str) -> None:
    found = parse(
        tomllib.loads(TWO.format(**{**PLAIN, "maya": "", "tom": "", **dict.fromkeys(("one", "two"), mail.format(""))}))
    )
    assert list(found.narrowed("Tom").deliver) == ["one", "two"]


def test_two_well_kept_apart_are_taken() -> None:
    found = parse(tomllib.loads(TWO.format(**{**PLAIN, "inbox": 'personal_to = "Maya"'})))
    maya, tom = found.narrowed("Maya"), found.narrowed("TOM")
    assert (list(maya.deliver), list(maya.sources)) == (["one"], ["inbox"])
    assert (list(tom.deliver), list(tom.sources)) == (["two"], [])
