"""`briefing sources` and `briefing collect SOURCE`: what each reading cost, since when one is not whole, and the cure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from briefing.cli.sources import COLUMNS, source_in_full, source_rows, sources_text
from briefing.config import parse
from briefing.coverage import day_of
from briefing.layout import width
from briefing.loopback import Loopback, status
from briefing.meter import Room
from briefing.morning import Morning, WorkCalendar
from briefing.rules.view import StreamReading
from briefing.secrets import Secret
from briefing.store import Standing, StreamKey, bound_to
from briefing.workspace import Workspace
from tests.commandline import Run, at_home, runner
from tests.tiny import TinySite, install

ZONE = ZoneInfo("Europe/Berlin")
MORNING = Morning(
    now=datetime(2026, 11, 19, 7, tzinfo=ZONE),
    zone=ZONE,
    calendar=WorkCalendar(holidays=frozenset({date(2026, 11, 11)})),
)
"""A Thursday; Wednesday of the week before was a holiday."""


# --- day n ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "day"),
    [
        (None, 0),
        ("2026-11-19 06:00", 1),
        ("2026-11-18 23:59", 2),
        ("2026-11-17 06:00", 3),
        ("2026-11-16 06:00", 4),
        ("2026-11-15 06:00", 4),
        ("2026-11-14 06:00", 4),
        ("2026-11-13 06:00", 5),
        ("2026-11-10 06:00", 7),
    ],
)
def test_the_day_of_a_problem_counts_workdays_in_a_row(broken: str | None, day: int) -> None:
    at = datetime.fromisoformat(broken).replace(tzinfo=ZONE) if broken else None
    assert day_of(at, MORNING) == day


def test_a_problem_of_a_free_day_is_on_its_first_day() -> None:
    sunday = Morning(now=datetime(2026, 11, 15, 7, tzinfo=ZONE), zone=ZONE)
    assert day_of(sunday.now - timedelta(hours=1), sunday) == 1


# --- the table -----------------------------------------------------------------------------------------------------

READ = StreamReading(
    source="accelo", kinds=frozenset({"task"}), status="whole", place="Accelo", rows=1204, pages=13, calls=14,
    milliseconds=3120, fetched_at=datetime(2026, 11, 19, 5, 43, tzinfo=UTC),
    tried_at=datetime(2026, 11, 19, 5, 43, tzinfo=UTC),
    room=Room(left=4812, of=5000, until=datetime(2026, 11, 19, 7, tzinfo=UTC)),
)  # fmt: skip
REFUSED = StreamReading(
    source="accelo", kinds=frozenset({"milestone"}), scope="Q3", status="stale", rows=58, problem="login refused (401)",
    cure="briefing auth accelo", fetched_at=datetime(2026, 11, 17, 6, tzinfo=UTC),
    tried_at=datetime(2026, 11, 19, 5, 44, tzinfo=UTC),
    room=Room(left=4811, of=5000, until=datetime(2026, 11, 20, 7, tzinfo=UTC)),
)  # fmt: skip
PARTIAL = StreamReading(
    source="a source with a very long name 漢字", kinds=frozenset({"deal", "company", "staff", "message"}),
    scope="an account with a long name \x1b[31m\u202e", status="partial", rows=12_345_678, skipped_count=120,
    skipped=tuple((f"deals.csv:{n}", 'amount "abc" is not a number') for n in range(100)),
    ignored=((12, "messages later than Thursday 07:00"), (0, "dates are day first")),
    fetched_at=datetime(2026, 11, 19, 5, 44, tzinfo=UTC), tried_at=datetime(2026, 11, 19, 5, 44, tzinfo=UTC),
)  # fmt: skip
STANDINGS = {
    StreamKey("accelo", "", ("task",)): Standing(whole=READ.fetched_at),
    StreamKey("accelo", "Q3", ("milestone",)): Standing(
        whole=REFUSED.fetched_at, broken=datetime(2026, 11, 18, 6, tzinfo=UTC)
    ),
}
ROWS = source_rows([READ, REFUSED, PARTIAL], STANDINGS, ["accelo", "hubspot"], MORNING)


def test_the_table_fits_and_says_everything_once() -> None:
    text = sources_text(ROWS, MORNING)
    assert all(width(line) <= COLUMNS for line in text.splitlines())
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "source stream status last whole age rows skipped pages calls ms"
    assert any(re.fullmatch(r"(accelo )?tasks whole 06:43 17 min 1,204 13 14 3,120", line) for line in lines)
    assert any(re.fullmatch(r"Q3: mileston… stale Tue 07:00 2 days 58", line) for line in lines)
    assert lines.count("day 2: login refused (401)") == 1
    assert lines.count("cure: briefing auth accelo") == 1
    assert "and 117 more: briefing sources a source with a very long name 漢字" in lines
    assert "left out: 12 messages later than Thursday 07:00" in lines
    assert "note: dates are day first" in lines
    assert "accelo: rate limit 4,811 of 5,000 left until Friday 20 November 08:00" in lines
    assert any(line.startswith("hubspot never") for line in lines)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_one_source_is_told_in_full() -> None:
    text = source_in_full([row for row in ROWS if row["source"] == "accelo"], "accelo", MORNING)
    told = " ".join(text.split())
    assert "last whole Tuesday 17 November 07:00, 2 days ago" in told
    assert "problem day 2: login refused (401)" in told
    assert "since Wednesday 18 November 07:00, 24 h ago" in told
    assert "last whole Thursday 19 November 06:43, 17 min ago rows 1,204 it cost" in told
    assert "it cost 13 pages, 14 calls, 3,120 ms" in told
    assert "rows 58 last try Thursday 19 November 06:44, 16 min ago" in told
    assert "limit 4,812 of 5,000 left until 08:00" in told
    long = source_in_full([row for row in ROWS if row["skipped"]], "deals_csv", MORNING)
    assert "deals.csv:99" in long
    assert "and 20 more, which are counted and not kept" in long
    assert "an account with a long name [31m: companies" in long
    assert all(width(line) <= COLUMNS for line in (text + long).splitlines())


def test_for_programs_there_is_all_of_it() -> None:
    row = next(row for row in ROWS if row["kinds"] == ["tasks"])
    assert json.loads(json.dumps(row)) == row
    assert row["limit"] == {"left": 4812, "of": 5000, "until": "2026-11-19T08:00:00+01:00"}
    assert (row["day"], row["last_whole"], row["pages"], row["calls"]) == (0, "2026-11-19T06:43:00+01:00", 13, 14)


def test_without_sources_it_says_where_to_begin() -> None:
    assert "docs/configuration.md" in sources_text([], MORNING)


# --- through the command line --------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)


@pytest.fixture
def briefing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    install(tmp_path, monkeypatch)
    with Loopback(TinySite()) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, server: Loopback) -> Path:
    text = f'[sources.tiny]\nuse = "tiny"\nbase_url = "{server.url}"\n[sources.other]\nuse = "tiny"\nbase_url = "{server.url}"\n'
    path = tmp_path / "briefing.toml"
    path.write_text(text, encoding="utf-8")
    return path


def streams_of(briefing: Run, config: Path, *more: str) -> dict[tuple[str, str], dict[str, object]]:
    code, out, err = briefing("sources", *more, "--config", config, "--json")
    assert code == 0, err
    return {(row["source"], "".join(row["kinds"])): row for row in json.loads(out)}


def test_a_reading_over_http_tells_what_it_cost(briefing: Run, config: Path) -> None:
    code, out, err = briefing("collect", "--config", config)
    assert (code, "1,500 facts in" in out) == (0, True), err
    row = streams_of(briefing, config)["tiny", "tasks"]
    assert (row["rows"], row["pages"], row["calls"], row["status"]) == (250, 3, 3, "whole")
    assert isinstance(row["limit"], dict)
    assert (row["limit"]["left"], row["limit"]["of"]) == (3998, 5000)
    _, out, _ = briefing("sources", "--config", config)
    assert "tiny: rate limit 3,998 of 5,000 left until" in out


def test_a_list_that_fails_is_told_by_day_with_what_was_read_before(
    briefing: Run, config: Path, server: Loopback
) -> None:
    briefing("collect", "--config", config)
    with server.faulty(status(403), "/tasks"):
        code, out, _ = briefing("collect", "tiny", "--config", config)
    assert code == 0
    assert "ot allowed to read /tasks (403)" in out
    rows = streams_of(briefing, config, "tiny")
    row = rows["tiny", "tasks"]
    assert (row["day"], row["rows"], row["calls"]) == (1, 250, 1)
    assert row["last_whole"] is not None
    assert rows["tiny", "projects"]["day"] == 0
    assert {source for source, _ in rows} == {"tiny"}
    _, out, _ = briefing("sources", "tiny", "--config", config)
    assert "day 1: not allowed to read /tasks (403)" in out


def test_collecting_one_source_leaves_the_other_alone(briefing: Run, config: Path, server: Loopback) -> None:
    code, out, _ = briefing("collect", "tiny", "--config", config)
    assert (code, "750 facts in" in out) == (0, True)
    assert len(server.requests) == 9
    assert streams_of(briefing, config).keys() == {
        ("tiny", "projects"), ("tiny", "milestones"), ("tiny", "tasks"), ("other", "")
    }  # fmt: skip


def test_a_briefing_reads_again_what_was_not_asked_lately(briefing: Run, config: Path, server: Loopback) -> None:
    briefing("collect", "tiny", "--config", config)
    briefing("--config", config)
    assert len(server.requests) == 27
    briefing("--config", config)
    assert len(server.requests) == 27


@pytest.mark.parametrize("command", ["sources", "collect", "doctor", "auth"])
def test_an_unknown_source_is_answered_with_the_known_ones(briefing: Run, config: Path, command: str) -> None:
    code, out, err = briefing(command, "tinny", "--config", config)
    assert (code, out) == (2, "")
    assert 'no source is called "tinny"' in err
    assert "did you mean tiny? There are other and tiny" in err


def test_a_new_connector_is_begun_from_the_command_line(briefing: Run, tmp_path: Path) -> None:
    code, out, err = briefing("sources", "new", "acme_desk", "--folder", tmp_path)
    assert (code, err) == (0, "")
    package = tmp_path / "briefing-acme-desk"
    files = [Path(line) for line in out.splitlines()[:3]]
    assert all(file.is_file() and package in file.parents for file in files)
    assert f"pytest {package}" in out
    for arguments, message in (
        (["new"], "a new connector needs a name"),
        (["new", "Acme Desk"], "cannot be the name of a connector"),
        (["new", "acme_desk", "--folder", str(tmp_path)], "is there already"),
        (["accelo", "acme"], "one word too many"),
    ):
        code, out, err = briefing("sources", *arguments)
        assert (code, out) == (2, "")
        assert message in err


# --- what a source is built with -----------------------------------------------------------------------------------


def workspace(tmp_path: Path, text: dict[str, object]) -> Workspace:
    return Workspace(settings=parse({"sources": text}), folder=tmp_path / "data", base=tmp_path)


def test_a_connector_that_keeps_a_token_is_given_a_file_of_its_own(tmp_path: Path, server: Loopback) -> None:
    made = workspace(tmp_path, {"tiny": {"use": "tiny_login", "base_url": server.url}})
    connector, settings = made.built("tiny")
    assert getattr(connector, "file").path == tmp_path / "data" / "tokens" / "tiny.json"  # noqa: B009
    assert "token_file" not in settings
    (source,) = made.sources()
    moved = Workspace(settings=made.settings, folder=tmp_path / "elsewhere", base=tmp_path)
    assert moved.sources()[0].bound_to == source.bound_to


def test_a_token_file_of_the_users_is_his(tmp_path: Path, server: Loopback) -> None:
    made = workspace(tmp_path, {"tiny": {"use": "tiny_login", "base_url": server.url, "token_file": "mine.json"}})
    connector, _ = made.built("tiny")
    assert getattr(connector, "file").path == tmp_path / "mine.json"  # noqa: B009


def test_a_connector_may_say_how_long_its_streams_take(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiny_vendor import Tiny  # type: ignore[import-not-found]

    table = {"use": "tiny", "base_url": server.url}
    plain = {"quick": table, "told": {**table, "deadline": 7}}
    assert [source.deadline for source in workspace(tmp_path, plain).sources()] == [120, 7]
    monkeypatch.setattr(Tiny, "deadline", 600, raising=False)
    assert [source.deadline for source in workspace(tmp_path, plain).sources()] == [600, 7]


@pytest.mark.parametrize("name", ["../../etc/cron", "a/b", ".hidden", "", "x" * 300, "日本"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    made = workspace(tmp_path, {})
    path = made.token_file(name)
    assert path.resolve().parent == tmp_path.resolve() / "data" / "tokens"
    assert re.fullmatch(r"_[0-9a-f]{16}\.json", path.name)
    assert made.token_file("Accelo-2.eu").name == "Accelo-2.eu.json"


def test_a_mark_is_bound_to_the_credential() -> None:
    one, other = ({"token": Secret(text)} for text in ("first", "second"))
    assert bound_to(one, "1") != bound_to(other, "1")
    assert bound_to(one, "1") == bound_to(dict(one), "1")
    assert bound_to(one, "1") != bound_to(one, "2")
