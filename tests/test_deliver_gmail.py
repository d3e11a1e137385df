"""A mail through Gmail's API, against the demo's send on the real wire: every answer, cuts, the look-up, and the run."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from briefing.config import parse
from briefing.deliver import Outcome
from briefing.deliver.channels import channels
from briefing.deliver.edition import Edition
from briefing.deliver.gmail import Gmail
from briefing.demo.server.gmail_sent import Outbox
from briefing.demo.server.google import Gate, GoogleSettings, failure
from briefing.errors import ConfigError
from briefing.loopback import Fault, Loopback, Reply, Request, changed_json, json_reply, manner, redirect, status
from tests.delivery_home import Home, home_in
from tests.delivery_killed import EDITION, MAYA

BO = "bo@harbourlane.example"
SEND = "POST /gmail/v1/users/me/messages/send"
OWN = GoogleSettings()


class Site:
    """The part of the demo's Gmail that sends, and lists what was sent."""

    def __init__(self, **settings: Any) -> None:
        self.gate = Gate(GoogleSettings(**settings), ("gmail.send", "gmail.metadata"), "gmail", time.time)
        self.outbox = Outbox(self.gate, time.time)
        self.falls = False
        """Whether it fails before it takes a mail."""

    def __call__(self, request: Request) -> Reply:
        if (reply := self.gate.login(request)) is not None:
            return reply
        path = request.path.removeprefix("/gmail/v1/users/me/messages")
        if request.method == "POST" and self.falls:
            return failure(500, "backendError", "Backend Error")
        if request.method == "POST":
            return self.outbox.send(request)
        if refused := self.gate.refusal(request, ("gmail.metadata", "gmail.readonly")):
            return refused
        if found := self.outbox.found(path.removeprefix("/")):
            return json_reply(found.shown({value.lower() for key, value in request.query if key == "metadataHeaders"}))
        return json_reply({"messages": self.outbox.listed()})


def site_with(server: Loopback, **settings: Any) -> Site:
    made = Site(**settings)
    server.site = made
    server.requests.clear()
    return made


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with Loopback(Site()) as found:
        yield found


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMAIL_REFRESH", OWN.refresh_token)
    monkeypatch.setenv("GMAIL_SECRET", OWN.client_secret)


def plain(url: str, **more: Any) -> dict[str, Any]:
    """`briefing.toml` with this channel."""
    return {
        "workspace": {"name": "Harbour Lane", "domains": ["harbourlane.example"]},
        "audience": [{"name": "Maya", "emails": [MAYA]}],
        "deliver": {
            "mail": {
                "use": "gmail", "refresh_token": "env:GMAIL_REFRESH", "client_id": OWN.client_id,
                "client_secret": "env:GMAIL_SECRET", "from": "Briefing <briefing@harbourlane.example>",
                "base_url": url, "token_url": f"{url}/token", "deadline": 4, **more,
            }
        },
    }  # fmt: skip


def channel_at(server: Loopback, folder: Path, **more: Any) -> Gmail:
    (found,) = channels(parse(plain(server.url, **more)), base=folder, folder=folder)
    assert isinstance(found, Gmail)
    return found


def sent_by(channel: Gmail, *to: str) -> Outcome:
    """How one try ends, the same for all of these."""
    asked: list[str] = []

    def begin(whom: Any) -> bool:
        asked.extend(whom)
        return True

    recipients = to or channel.recipients
    found = channel.send(EDITION, channel.fixed(EDITION), recipients, begin)
    assert set(found) == set(recipients)
    assert len({one.result for one in found.values()}) == 1
    end = found[recipients[0]]
    assert end.result == "deferred" or asked == list(recipients)
    return end


def test_the_mail_goes_out_once_as_the_bytes_that_were_fixed(server: Loopback, tmp_path: Path) -> None:
    site, channel = site_with(server), channel_at(server, tmp_path)
    assert sent_by(channel) == Outcome(result="sent")
    (sent,) = site.outbox.sent
    assert (sent.raw, sent.to) == (channel.fixed(EDITION), (MAYA,))
    assert sent.mail["X-Briefing-Run"] == EDITION.run
    assert server.lines() == ["POST /token", SEND]
    (asked,) = [one for one in server.requests if one.line == SEND]
    assert asked.headers["content-type"].startswith("application/json")
    assert set(asked.json()) == {"raw"}
    assert base64.urlsafe_b64decode(asked.json()["raw"]) == sent.raw
    assert (tmp_path / "tokens" / "deliver-mail.json").stat().st_mode & 0o777 == 0o600


def refusal(code: int, reason: str, message: str = "No.") -> Fault:
    return Fault(change=lambda *_: failure(code, reason, message))


@pytest.mark.parametrize(
    ("fault", "result", "detail"),
    [
        (refusal(400, "invalidArgument", "Invalid To header"), "refused", "400 invalidArgument: Invalid To header"),
        (refusal(400, "failedPrecondition", "Mail service not enabled"), "refused", "Mail service not enabled"),
        (refusal(403, "insufficientPermissions"), "refused", "the token lacks the scope gmail.send"),
        (refusal(403, "accessNotConfigured"), "refused", "switch the Gmail API on"),
        (refusal(403, "domainPolicy"), "refused", "the administrator keeps this app from Gmail"),
        (refusal(403, "rateLimitExceeded"), "deferred", "403 rateLimitExceeded"),
        (refusal(403, "userRateLimitExceeded"), "deferred", "403 userRateLimitExceeded"),
        (refusal(403, "dailyLimitExceeded"), "deferred", "403 dailyLimitExceeded"),
        (refusal(429, "rateLimitExceeded", "User-rate limit exceeded."), "deferred", "User-rate limit exceeded."),
        (refusal(404, "notFound"), "refused", "404 notFound"),
        (refusal(413, "uploadTooLarge"), "refused", "413 uploadTooLarge"),
        (refusal(401, "authError"), "refused", "consent again"),
        (refusal(500, "backendError", "Backend Error"), "uncertain", "500 backendError: Backend Error"),
        (refusal(503, "backendError"), "uncertain", "503 backendError"),
        (status(502, "<html>Bad Gateway</html>", type="text/html"), "uncertain", "Gmail answers 502"),
        (status(408), "uncertain", "Gmail answers 408"),
        (changed_json(lambda _: {}), "uncertain", "without naming the mail"),
        (status(200, "<html>Log in to this network</html>", type="text/html"), "uncertain", "without naming the mail"),
        (redirect("http://other.example/"), "uncertain", "redirects"),
        (manner("hang"), "uncertain", "no answer from"),
        (manner("drip_headers"), "uncertain", ""),
    ],
)
def test_each_answer_means_what_the_ledger_needs_to_know(
    server: Loopback, tmp_path: Path, fault: Fault, result: str, detail: str
) -> None:
    """The scope for sending alone: nothing can be looked up."""
    site_with(server, scopes="gmail.send")
    with server.faulty(replace(fault), SEND):
        end = sent_by(channel_at(server, tmp_path, deadline=0.6))
    assert end.result == result
    assert detail in end.detail
    posts = server.lines().count(SEND)
    assert posts == (2 if "authError" in end.detail else 1)  # after a 401 once more with another token


@pytest.mark.parametrize(("scopes", "result"), [("gmail.send", "uncertain"), ("gmail.send gmail.metadata", "sent")])
@pytest.mark.parametrize("how", ["cut", "reset"])
def test_a_cut_before_the_answer_is_looked_up_where_the_token_may(
    server: Loopback, tmp_path: Path, scopes: str, result: str, how: Any
) -> None:
    """Gmail took the mail; it bears another Message-ID now. Nothing is posted twice."""
    site, channel = site_with(server, scopes=scopes), channel_at(server, tmp_path)
    with server.faulty(manner(how), SEND):
        end = sent_by(channel)
    assert end.result == result
    assert [one.to for one in site.outbox.sent] == [(MAYA,)]
    assert site.outbox.sent[0].mail["Message-ID"] != site.outbox.sent[0].raw.decode().partition("Message-ID: ")[2][:50]


def test_what_another_edition_or_other_people_got_is_not_taken_for_it(server: Loopback, tmp_path: Path) -> None:
    site, channel = site_with(server), channel_at(server, tmp_path)
    sent_by(channel_at(server, tmp_path, to=[BO]))
    other: Edition = replace(EDITION, made_at=EDITION.made_at.replace(hour=5))
    channel.send(other, channel.fixed(other), channel.recipients, lambda _: True)
    site.falls = True
    assert sent_by(channel).result == "uncertain"
    assert len(site.outbox.sent) == 2


def test_without_a_connection_it_was_surely_not_sent(server: Loopback, tmp_path: Path) -> None:
    site_with(server)
    channel = channel_at(server, tmp_path)
    sent_by(channel)  # there is a token now
    dead = channel_at(server, tmp_path, base_url="http://127.0.0.1:1")
    end = sent_by(dead)
    assert end.result == "deferred"
    assert "cannot be reached" in end.detail


def test_a_dead_refresh_token_puts_off_and_says_what_to_do(server: Loopback, tmp_path: Path) -> None:
    site = site_with(server, dead="invalid_grant")
    end = sent_by(channel_at(server, tmp_path))
    assert end.result == "deferred"
    assert end.detail.startswith("no token: ")
    assert "expired or revoked" in end.detail
    assert site.outbox.sent == []


def test_a_token_that_ended_early_is_renewed_once(server: Loopback, tmp_path: Path) -> None:
    site_with(server)
    channel = channel_at(server, tmp_path)
    sent_by(channel)
    site = site_with(server)  # knows none of the tokens given before
    assert sent_by(channel).result == "sent"
    assert len(site.outbox.sent) == 1
    assert server.lines() == [SEND, "POST /token", SEND]


def test_some_of_several_get_a_mail_of_their_own(server: Loopback, tmp_path: Path) -> None:
    """Gmail sends to whoever stands in To."""
    site = site_with(server)
    channel = channel_at(server, tmp_path, to=[MAYA, BO])
    assert sent_by(channel, BO).result == "sent"
    assert sent_by(channel).result == "sent"
    assert [one.to for one in site.outbox.sent] == [(BO,), (MAYA, BO)]
    assert MAYA.encode() not in site.outbox.sent[0].raw


def test_doctor_tries_it_without_a_mail(server: Loopback, tmp_path: Path) -> None:
    site = site_with(server)
    assert channel_at(server, tmp_path).tried() == Outcome(result="sent", detail=f"Gmail lets us send; for {MAYA}")
    assert site.outbox.sent == []
    site_with(server, scopes="gmail.readonly")
    (tmp_path / "tokens" / "deliver-mail.json").unlink()
    end = channel_at(server, tmp_path).tried()
    assert (end.result, "the token lacks the scope gmail.send" in end.detail) == ("refused", True)
    site_with(server, dead="invalid_grant")
    (tmp_path / "tokens" / "deliver-mail.json").unlink()
    assert channel_at(server, tmp_path).tried().result == "deferred"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"refresh_token": ""}, "deliver.mail.refresh_token: give one of access_token and refresh_token"),
        ({"access_token": "env:T"}, "deliver.mail.refresh_token: give one of access_token and refresh_token"),
        ({"client_id": ""}, "deliver.mail.refresh_token: needs client_id too"),
        ({"refresh_token": "1//secret"}, "deliver.mail.refresh_token: write a reference such as env:NAME or file:PATH"),
        ({"base_url": "http://gmail.example"}, "deliver.mail.base_url: write an address that begins with https://"),
        ({"token_url": "http://127.0.0.1.example"}, "deliver.mail.token_url: write an address that begins with https"),
        ({"to": ["x@client.example"]}, "deliver.mail.to: x@client.example is neither in workspace.domains nor one of"),
    ],
)
def test_what_is_refused_at_load(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(plain("http://127.0.0.1:1", **more))
    assert any(problem.startswith(says) for problem in caught.value.problems), caught.value.problems


def test_a_run_by_it(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Uncertain, never twice by itself, again on the reader's word with the same mail."""
    site = site_with(server, scopes="gmail.send")
    home: Home = home_in(tmp_path, 1, monkeypatch, capsys)
    text = (home.folder / "briefing.toml").read_text(encoding="utf-8")
    start, _, end = text.partition("[deliver.mail]")
    keys = plain(server.url, patience=0)["deliver"]["mail"]
    table = "\n".join(f"{key} = {value!r}".replace("'", '"') for key, value in keys.items())
    rest = end[end.index("[deliver.archive]") :]
    (home.folder / "briefing.toml").write_text(f"{start}[deliver.mail]\n{table}\n{rest}", encoding="utf-8")
    with server.faulty(manner("cut"), SEND):
        code, said = home.run()
    assert code == 1
    assert f"mail: whether it reached {MAYA} is not known" in said
    assert home.run()[0] == 1
    assert len(site.outbox.sent) == 1
    code, said = home.run("--resend")
    assert (code, said.splitlines()[0]) == (0, f"mail: sent to {MAYA}, 07:00.")
    assert site.outbox.sent[0].raw == site.outbox.sent[1].raw
    assert OWN.refresh_token not in (home.data / "log.jsonl").read_text(encoding="utf-8")
