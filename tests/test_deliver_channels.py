"""Channels built from the configuration: files, tokens, what cannot be built, and what doctor finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from briefing.cli.doctor import of_channels
from briefing.config import parse
from briefing.deliver import Channel, NotAllowed
from briefing.deliver.channels import Broken, channels
from briefing.deliver.edition import Edition
from briefing.deliver.folder import Files
from briefing.deliver.smtp import Email
from briefing.loopback import Loopback, Reply, Request, json_reply
from briefing.workspace import Workspace
from tests.mail_server import Post, serving

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
EDITION = Edition(
    workspace="W", audience="Maya", date=NOW.date(), made_at=NOW, subject="1 to decide (Mon 23 Nov)",
    forms={"html": "<p>one</p>\n", "md": "# one\n", "text": "one\n", "json": "{}\n"},
)  # fmt: skip
MAIL = {"use": "email", "host": "127.0.0.1", "tls": "none", "from": "b@a.example", "to": ["maya@a.example"]}
POST = Post()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(POST) as found:
        yield found


def built(tmp_path: Path, **sections: object) -> list[Channel]:
    settings = parse({"audience": [{"emails": ["ann@a.example", "ann@b.example"]}], "deliver": sections})
    return channels(settings, base=tmp_path, folder=tmp_path / "data")


# --- files ---------------------------------------------------------------------------------------------------------


def written(folder: Path, edition: Edition = EDITION, **more: object) -> str:
    channel = Files("archive", folder, ("html", "md"), **more)  # type: ignore[arg-type]
    (outcome,) = channel.send(edition, b"", channel.recipients, lambda _: True).values()
    return f"{outcome.result} {outcome.detail}".strip()


def test_the_latest_is_a_link_that_moves_on_and_never_back(tmp_path: Path) -> None:
    tomorrow = Edition(
        workspace="W", audience="Maya", date=NOW.date() + timedelta(days=1), made_at=NOW, subject="",
        forms={**EDITION.forms, "md": "# two\n"},
    )  # fmt: skip
    folder = tmp_path / "a" / "b"
    for edition in (EDITION, tomorrow, EDITION):
        assert written(folder, edition) == "sent"
    assert (folder / "latest.md").readlink() == Path("2026-11-24.md")
    assert (folder / "latest.md").read_text("utf-8") == "# two\n"
    assert sorted(path.suffix for path in folder.iterdir()) == [".html"] * 3 + [".md"] * 3


@pytest.mark.parametrize("why", ["asked", "no links here"])
def test_the_latest_is_a_copy(tmp_path: Path, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError("not here")

    if why == "no links here":
        monkeypatch.setattr(Path, "symlink_to", no_links)
    assert written(tmp_path, latest="copy" if why == "asked" else "link") == "sent"
    assert not (tmp_path / "latest.md").is_symlink()
    assert (tmp_path / "latest.md").read_text("utf-8") == "# one\n"


def test_what_a_killed_run_left_is_in_nobodys_way(tmp_path: Path) -> None:
    for name in (".2026-11-23.md.part", ".latest.md.part"):
        (tmp_path / name).write_text("half", encoding="utf-8")
    assert written(tmp_path) == "sent"
    assert not list(tmp_path.glob("*.part"))


def test_a_link_in_the_place_of_a_draft_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine", encoding="utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".2026-11-23.md.part").symlink_to(precious)
    (tmp_path / "out" / "2026-11-23.html").symlink_to(precious)
    assert written(tmp_path / "out") == "sent"
    assert precious.read_text("utf-8") == "mine"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert written(tmp_path / "file").startswith("refused cannot be written: ")
    assert written(tmp_path / "file" / "below").startswith("refused cannot be written: ")
    before = sorted(tmp_path.iterdir())
    assert Files("a", tmp_path / "file", ("md",)).tried().result == "refused"
    assert Files("a", tmp_path / "new" / "er", ("md",)).tried().result == "sent"
    assert sorted(tmp_path.iterdir()) == before


def test_nothing_is_written_that_may_not_begin(tmp_path: Path) -> None:
    channel = Files("archive", tmp_path / "new", ("md",))
    with pytest.raises(NotAllowed):
        channel.send(EDITION, b"", channel.recipients, lambda _: False)
    assert not (tmp_path / "new").exists()


# --- e-mail --------------------------------------------------------------------------------------------------------


def test_the_audiences_first_address_is_whom_it_goes_to(tmp_path: Path) -> None:
    (one,) = built(tmp_path, mail={key: value for key, value in MAIL.items() if key != "to"})
    assert one.recipients == ("ann@a.example",)
    (other,) = built(tmp_path, mail={**MAIL, "to": ["Maya <maya@a.example>", "maya@a.example", "bo@a.example"]})
    assert other.recipients == ("maya@a.example", "bo@a.example")


@pytest.mark.parametrize(
    ("more", "way"),
    [
        ({}, "smtp.a.example:465, TLS"),
        ({"port": 587}, "smtp.a.example:587, STARTTLS"),
        ({"tls": "starttls"}, "smtp.a.example:587, STARTTLS"),
        ({"port": 2465, "tls": "tls"}, "smtp.a.example:2465, TLS"),
        ({"host": "localhost", "tls": "none"}, "localhost:25, plain text, on this machine"),
    ],
    ids=str,
)
def test_the_port_and_the_way_belong_together(tmp_path: Path, more: dict[str, object], way: str) -> None:
    section = {"use": "email", "host": "smtp.a.example", "from": "b@a.example", **more}
    (one,) = built(tmp_path, mail=section)
    assert isinstance(one, Email)
    assert one.shown(EDITION, one.fixed(EDITION)).splitlines()[-1] == f"By:       {way}"


def test_a_refresh_token_is_turned_into_one_that_logs_in_and_is_kept(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def answer(request: Request) -> Reply:
        asked.append(request.body)
        return json_reply({"access_token": "access-canary-9", "expires_in": 3600})

    monkeypatch.setenv("REFRESH", "refresh-canary-9")
    POST.reset()
    POST.password = "access-canary-9"
    with Loopback(answer) as server:
        section = {
            **MAIL, "port": port, "username": "maya@a.example", "refresh_token": "env:REFRESH", "client_id": "app",
            "token_url": f"{server.url}/token",
        }  # fmt: skip
        for _ in range(2):
            (one,) = built(tmp_path, mail=section)
            outcome = one.send(EDITION, one.fixed(EDITION), one.recipients, lambda _: True)["maya@a.example"]
            assert outcome.result == "sent", outcome
    assert len(asked) == 1
    assert b"refresh_token=refresh-canary-9" in asked[0]
    assert POST.logins == [("maya@a.example", "access-canary-9")] * 2
    (kept,) = (tmp_path / "data" / "tokens").glob("*.json")
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_token_that_ended_early_is_renewed_once(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(1, 10))
    monkeypatch.setenv("REFRESH", "refresh-canary-9")
    POST.reset()
    with Loopback(lambda _: json_reply({"access_token": f"access-{next(numbers)}", "expires_in": 3600})) as server:
        section = {
            **MAIL, "port": port, "username": "maya@a.example", "refresh_token": "env:REFRESH", "client_id": "app",
            "token_url": f"{server.url}/token",
        }  # fmt: skip
        results = []
        for POST.password in ("access-1", "access-2", "access-9"):
            (one,) = built(tmp_path, mail=section)
            outcome = one.send(EDITION, one.fixed(EDITION), one.recipients, lambda _: True)["maya@a.example"]
            results.append(outcome.result)
    assert results == ["sent", "sent", "refused"]
    assert [token for _, token in POST.logins] == ["access-1", "access-1", "access-2", "access-2", "access-3"]


@pytest.mark.parametrize("value", ["env:NOT_SET_ANYWHERE", "file:nothing", "env:TWO_LINES"])
def test_a_secret_that_cannot_be_used_breaks_its_channel_alone(
    tmp_path: Path, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWO_LINES", "canary\r\nRCPT TO:<x@evil.example>")
    broken, files = built(
        tmp_path, mail={**MAIL, "username": "u", "password": value}, files={"use": "file", "folder": "out"}
    )
    assert isinstance(broken, Broken)
    assert isinstance(files, Files)
    assert broken.problem.startswith("deliver.mail.password: ")
    assert "canary" not in broken.problem
    assert broken.recipients == ("maya@a.example",)
    assert {one.result for one in broken.send(EDITION, b"", broken.recipients, lambda _: True).values()} == {"deferred"}


def test_doctor_tries_every_channel_and_sends_nothing(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    POST.reset()
    monkeypatch.setenv("WRONG", "wrong-password")
    settings = parse(
        {
            "deliver": {
                "good": {**MAIL, "port": port}, "login": {**MAIL, "port": port, "username": "u", "password": "env:WRONG"},
                "away": {**MAIL, "port": 1}, "unset": {**MAIL, "username": "u", "password": "env:NOT_SET_ANYWHERE"},
                "files": {"use": "file", "folder": "out"}, "pipe": {"use": "stdout"},
            }
        }
    )  # fmt: skip
    workspace = Workspace(settings=settings, folder=tmp_path / "data", base=tmp_path)
    found = {check.about.removeprefix("deliver "): check for check in of_channels(workspace)}
    assert [name for name, check in found.items() if check.ok] == ["good", "files", "pipe"]
    assert found["good"].what == f"127.0.0.1:{port} answers, without a login; for maya@a.example"
    assert found["login"].what == "login refused: 535 5.7.8"
    assert "cannot be reached" in found["away"].what
    assert found["unset"].what.endswith("the environment variable NOT_SET_ANYWHERE is not set")
    assert found["files"].what == f"{tmp_path / 'out'}, html, md"
    assert (POST.asked, POST.taken, list(tmp_path.iterdir())) == (0, [], [])
