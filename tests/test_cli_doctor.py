"""`briefing doctor`: each thing that could go wrong tomorrow is one line with its cure, and nothing that is read stays."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from briefing.cli.doctor import Check, checks_plain, checks_text, of_clock
from briefing.config import parse
from briefing.connector import Finding
from briefing.errors import SourceError
from briefing.layout import width
from briefing.loopback import Loopback, json_reply, manner, status
from briefing.workspace import configured
from tests.commandline import Run, at_home, runner
from tests.tiny import TinySite, install


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)


@pytest.fixture
def briefing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def site() -> TinySite:
    return TinySite()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: TinySite) -> Iterator[Loopback]:
    install(tmp_path, monkeypatch)
    with Loopback(site) as running:
        yield running


def written(folder: Path, *sources: str, zone: str = "Europe/Berlin") -> Path:
    path = folder / "briefing.toml"
    head = f'[workspace]\ntimezone = "{zone}"\n' if zone else ""
    path.write_text(head + "".join(sources), encoding="utf-8")
    return path


def tiny(server: Loopback, name: str = "tiny", use: str = "tiny", **more: object) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"use": use, "base_url": server.url, **more}.items()]
    return "\n".join([f"[sources.{name}]", *lines, ""])


def told(text: str) -> str:
    return " ".join(text.split())


# --- sources -------------------------------------------------------------------------------------------------------


def test_one_page_of_each_list_is_asked_for_and_nothing_is_kept(
    briefing: Run, tmp_path: Path, server: Loopback
) -> None:
    config = written(tmp_path, tiny(server))
    code, out, err = briefing("doctor", "--config", config)
    assert (code, err) == (0, ""), out
    assert sorted(server.lines()) == ["GET /milestones?page=0", "GET /projects?page=0", "GET /tasks?page=0"]
    assert "ok tiny lists 3 streams" in told(out)
    assert "ok tiny tasks: answers, " in told(out)
    assert told(out).endswith("8 checks, no problem.")
    store, _ = configured(config).store(datetime.now(UTC))
    assert (store.asked(), store.standings()) == ({}, {})
    store.close()


def test_each_refusal_stands_with_its_cure_and_the_others_are_well(
    briefing: Run, tmp_path: Path, server: Loopback
) -> None:
    config = written(tmp_path, tiny(server), tiny(server, "other"))
    with server.faulty(status(403), "/tasks"):
        code, out, err = briefing("doctor", "--config", config)
    assert (code, "Traceback" in out + err) == (1, False)
    assert "problem tiny tasks: not allowed to read /tasks (403) cure: grant the read scope for it, then" in told(out)
    assert "ok other projects: answers" in told(out)
    assert "2 problems." in out


def test_one_source_alone(briefing: Run, tmp_path: Path, server: Loopback) -> None:
    config = written(tmp_path, tiny(server), tiny(server, "other"))
    code, out, _ = briefing("doctor", "other", "--config", config)
    assert (code, len(server.requests)) == (0, 3)
    assert "tiny" not in out.replace("tiny-", "").replace(str(tmp_path), "")


def test_a_source_that_hangs_costs_its_own_deadline(briefing: Run, tmp_path: Path, server: Loopback) -> None:
    config = written(tmp_path, tiny(server, deadline=0.4), tiny(server, "other"))
    with server.faulty(manner("hang"), "/tasks", times=1):
        began = time.monotonic()
        code, out, _ = briefing("doctor", "tiny", "--config", config)
    assert time.monotonic() - began < 5
    assert code == 1
    assert "problem tiny tasks: no answer within" in told(out)
    assert "ok tiny projects: answers" in told(out)


def test_a_fault_in_a_connector_is_told_by_its_kind(
    briefing: Run, tmp_path: Path, server: Loopback, site: TinySite
) -> None:
    site.broken = lambda request: json_reply({"rows": [{"id": 7}], "more": False}) if "tasks" in request.path else None
    code, out, err = briefing("doctor", "--config", written(tmp_path, tiny(server)))
    assert code == 1
    assert "tasks: a fault in the connector (KeyError)" in told(out)
    assert "Traceback" not in out + err


def test_what_a_connector_finds_itself_is_told(briefing: Run, tmp_path: Path, server: Loopback) -> None:
    code, out, _ = briefing("doctor", "--config", written(tmp_path, tiny(server, use="tiny_login")))
    assert code == 1
    assert "ok tiny may read projects" in told(out)
    assert "problem tiny may not read invoices cure: grant invoices:read" in told(out)
    assert "problem tiny milestones, projects and tasks: not logged in yet cure: briefing auth tiny" in told(out)
    assert out.endswith("10 checks, 2 problems.\n")


def test_of_many_lists_alike_some_are_tried_and_all_when_asked_by_name(
    briefing: Run, tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiny_vendor import Tiny  # type: ignore[import-not-found]

    def many(self: object, window: object) -> list[object]:
        (first, *_) = plain(self, window)
        return [replace(first, scope=f"account {n}") for n in range(50)]

    plain = Tiny.streams
    monkeypatch.setattr(Tiny, "streams", many)
    config = written(tmp_path, tiny(server))
    code, out, _ = briefing("doctor", "--config", config)
    assert (code, len(server.requests)) == (0, 20)
    assert "ok tiny lists 50 streams, 20 of them tried; every one: briefing doctor tiny" in told(out)
    assert "ok tiny 20 streams answer, within" in told(out)
    assert "account" not in out
    code, out, _ = briefing("doctor", "tiny", "--config", config)
    assert (code, len(server.requests)) == (0, 70)
    assert "ok tiny 50 streams answer, within" in told(out)


def test_an_empty_list_is_an_answer(briefing: Run, tmp_path: Path, server: Loopback, site: TinySite) -> None:
    site.rows = 0
    code, out, _ = briefing("doctor", "--config", written(tmp_path, tiny(server)))
    assert (code, "tiny tasks: nothing in it" in told(out)) == (0, True)


def test_what_cannot_be_built_is_told(briefing: Run, tmp_path: Path, server: Loopback) -> None:
    config = written(tmp_path, tiny(server, token="env:NOT_SET_HERE"), tiny(server, "other"))
    code, out, _ = briefing("doctor", "--config", config)
    assert code == 1
    assert "sources.tiny.token: the environment variable NOT_SET_HERE is not set cure:" in told(out)
    assert "ok other projects: answers" in told(out)


def test_what_a_service_says_stays_text(
    briefing: Run, tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiny_vendor import Tiny, TinyLogin

    def refuses(self: object, window: object) -> list[object]:
        raise SourceError("refused \x1b]0;owned\x07", advice="look \u202ehere")

    monkeypatch.setattr(Tiny, "streams", refuses)
    monkeypatch.setattr(TinyLogin, "probe", lambda self: [Finding(what="as \x1b[31mRobot", ok=False, cure="\x9b2J no")])
    code, out, _ = briefing("doctor", "--config", written(tmp_path, tiny(server, use="tiny_login")))
    assert code == 1
    assert "refused ]0;owned cure: look here" in told(out)
    assert "as [31mRobot cure: 2J no" in told(out)


# --- ours ----------------------------------------------------------------------------------------------------------


def test_a_configuration_that_cannot_be_read_is_told_problem_by_problem(briefing: Run, tmp_path: Path) -> None:
    config = written(tmp_path, "[workspce]\nx = 1\n[rules.no-such-rule]\nenabled = false\n")
    code, out, _ = briefing("doctor", "--config", config, "--json")
    found = json.loads(out)
    assert (code, found["ok"]) == (1, False)
    assert [check["about"] for check in found["checks"]] == ["configuration"] * 2
    assert 'did you mean "workspace"?' in found["checks"][0]["what"]


def test_no_configuration_is_a_question_of_where(briefing: Run) -> None:
    code, out, err = briefing("doctor")
    assert (code, out) == (2, "")
    assert "no briefing.toml here" in err


def test_a_secret_in_the_configuration_is_named_and_not_shown(briefing: Run, tmp_path: Path, server: Loopback) -> None:
    code, out, err = briefing("doctor", "--config", written(tmp_path, tiny(server, token="canary-77-secret")))
    assert code == 1
    assert "sources.tiny.token: looks like a secret itself cure: write where it lies" in told(out)
    assert "canary-77-secret" not in out + err


def test_what_others_can_read_is_told(briefing: Run, tmp_path: Path, server: Loopback) -> None:
    config = written(tmp_path, tiny(server))
    briefing("collect", "--config", config)
    folder = configured(config).folder
    assert briefing("doctor", "--config", config)[0] == 0
    (folder / "tokens").mkdir(mode=0o700)
    (folder / "tokens" / "tiny.json").write_text("{}", encoding="utf-8")
    (folder / "tokens" / "tiny.json").chmod(0o644)
    folder.chmod(0o750)
    code, out, _ = briefing("doctor", "--config", config, "--json")
    checks = [check for check in json.loads(out)["checks"] if check["about"] == "folder"]
    assert code == 1
    assert [check["cure"] for check in checks] == [f"chmod 700 {folder}", f"chmod 600 {folder}/tokens/tiny.json"]


def test_a_damaged_store_is_told(briefing: Run, tmp_path: Path, server: Loopback) -> None:
    config = written(tmp_path, tiny(server))
    folder = configured(config).folder
    folder.mkdir(parents=True, mode=0o700)
    (folder / "readings.sqlite").write_bytes(b"not a database, but long enough to be taken for one " * 40)
    (folder / "readings.sqlite").chmod(0o600)
    code, out, _ = briefing("doctor", "--config", config)
    assert code == 1
    assert "problem store The readings file was damaged; it was set aside" in told(out)


def test_a_folder_that_cannot_be_made_is_told(
    briefing: Run, tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(tmp_path, tiny(server))
    (tmp_path / "a file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "a file"))
    code, out, err = briefing("doctor", "--config", config)
    assert (code, "Traceback" in out + err) == (1, False)
    assert "problem store" in told(out)


NOW = datetime(2026, 11, 19, 6, tzinfo=UTC)
SET = parse({"workspace": {"timezone": "Europe/Berlin"}})


@pytest.mark.parametrize(
    ("now", "last", "zone", "machine", "what"),
    [
        (NOW, None, True, "UTC", "Thursday 19 November 2026, 07:00, Europe/Berlin"),
        (NOW, NOW + timedelta(minutes=4), True, "UTC", "Thursday 19 November 2026, 07:00, Europe/Berlin"),
        (NOW, NOW + timedelta(hours=2), True, "UTC",
         "it says Thursday 19 November 2026, 07:00, and the last reading was made Thursday 19 November 2026, 09:00"),
        (datetime(1970, 1, 1, tzinfo=UTC), None, True, "UTC", "it says Thursday 1 January 1970, 01:00"),
        (NOW, None, False, "Europe/Paris", "no time zone is set: dates are read in UTC, this machine is in Europe/Paris"),
        (NOW, None, False, "UTC", "Thursday 19 November 2026, 06:00, UTC"),
    ],
)  # fmt: skip
def test_the_clock_is_sane(now: datetime, last: datetime | None, zone: bool, machine: str, what: str) -> None:
    (check,) = of_clock(SET if zone else parse({}), now, last, machine)
    assert check.what == what
    assert check.ok == what.startswith("Thursday")
    assert bool(check.cure) != check.ok


def test_one_cause_is_told_once() -> None:
    refused = {"about": "accelo", "what": "login refused", "ok": False, "cure": "briefing auth accelo"}
    checks = [
        Check(about="accelo", what="lists 3 streams"),
        *(Check(stream=name, **refused) for name in ("projects", "tasks")),  # type: ignore[arg-type]
        Check(about="accelo", stream="staff", what="answers"),
        Check(**refused),  # type: ignore[arg-type]
        Check(**{**refused, "about": "other"}),  # type: ignore[arg-type]
    ]
    lines = [told(line) for line in checks_text(checks).splitlines()]
    assert lines == [
        "ok accelo lists 3 streams", "problem accelo projects and tasks: login refused", "cure: briefing auth accelo",
        "ok accelo staff: answers", "problem other login refused", "cure: briefing auth accelo", "",
        "6 checks, 2 problems.",
    ]  # fmt: skip
    assert len(checks_plain(checks)["checks"]) == 6


def test_the_lines_fit_and_align() -> None:
    checks = [
        Check(about="configuration", what="fine"),
        Check(about="a source with a very very long name", stream="tasks", what="refused " * 30, ok=False, cure="x " * 60),
        Check(about="slack", stream="channel", what="answers", milliseconds=1204),
    ]  # fmt: skip
    text = checks_text(checks)
    assert all(width(line) <= 100 for line in text.splitlines())
    assert "ok       slack                 channel: answers, 1,204 ms" in text
    assert text.endswith("\n3 checks, 1 problem.")
    assert checks_text([checks[0]]).endswith("1 check, no problem.")
