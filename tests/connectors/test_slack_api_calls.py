"""Asking Slack: which methods may be called, at what pace, within which budget, and what its refusals mean."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from briefing.connector import Finding
from briefing.errors import AuthError, BadAnswer, NotReached, RateLimited, SourceError
from briefing.http import Guards, set_testing
from briefing.loopback import Loopback, Reply, Request, json_reply
from connectors.slack import Slack
from connectors.slack_calls import AT_ONCE, READS, Budget, Calls, MissingScope, NotThere, Pace
from tests.connectors.reading import window
from tests.connectors.slack_wire import TOKEN, Row, Workspace, channel, on_the_wire, read_slack, said

GUARDS = Guards(first_wait=0.01, longest_wait=0.3, tries=3)
WRITES = (
    "chat.postMessage chat.update chat.delete chat.postEphemeral conversations.mark conversations.join conversations.open "
    "conversations.archive reactions.add files.getUploadURLExternal users.profile.set dnd.setSnooze oauth.v2.access"
).split()


@pytest.fixture(autouse=True)
def _quick() -> Any:
    set_testing(GUARDS)
    yield
    set_testing(None)


def calls(server: Loopback, **how: Any) -> Calls:
    return Calls(base_url=server.url, source="slack", **how)


def refused(body: Row, *, status: int = 200, method: str = "conversations.history", **headers: str) -> SourceError:
    """What an answer means."""

    def site(_: Request) -> Reply:
        return json_reply(
            body, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    with Loopback(site) as server, pytest.raises(SourceError) as told:
        calls(server).call(method, channel="C1")
    return told.value


# --- reads and nothing else -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", WRITES)
def test_no_method_that_writes_can_go_out(method: str) -> None:
    workspace = Workspace()
    with Loopback(workspace) as server:
        with pytest.raises(KeyError):
            calls(server).call(method, channel="C1", text="no")
        with pytest.raises(ValueError, match="is not declared as a read"):
            calls(server).client.request("POST", f"/{method}", content=b"channel=C1")
    assert workspace.calls == []


def test_reading_calls_reads_only() -> None:
    workspace = Workspace(channels=[channel("C1", "client-juniper"), channel("C2", "general")])
    workspace.scopes += " search:read"
    workspace.thread("C1", said("a", "UNEW", 60), said("b", hours=50))
    read_slack(workspace)
    with on_the_wire(workspace) as connector:
        list(connector.probe())
    assert set(workspace.counts) == set(READS)
    assert not {asked.get("token") for _, asked in workspace.calls} - {None}


def test_a_method_whose_name_begins_like_a_read_is_none() -> None:
    with Loopback(Workspace()) as server, pytest.raises(ValueError, match="not declared"):
        calls(server).client.request("POST", "/users.lists")


def test_the_address_may_end_in_api_or_not() -> None:
    for tail in ("", "/", "/api", "/api/"):
        with Loopback(Workspace()) as server:
            found = Calls(base_url=f"{server.url}{tail}", source="slack").call("auth.test")
        assert found.data["user_id"] == "UMAYA"


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind", "says", "cure"),
    [
        ("not_authed", AuthError, "login refused (not_authed)", "briefing auth slack"),
        ("invalid_auth", AuthError, "login refused (invalid_auth)", "briefing auth slack"),
        ("token_revoked", AuthError, "login refused (token_revoked)", "briefing auth slack"),
        ("account_inactive", AuthError, "login refused (account_inactive)", "briefing auth slack"),
        ("token_expired", AuthError, "login refused (token_expired)", "switch off token rotation"),
        ("not_allowed_token_type", AuthError, "Slack does not allow conversations.history (not_allowed_token_type)", "ask the workspace's owners"),
        ("accesslimited", AuthError, "Slack does not allow", "ask the workspace's owners"),
        ("missing_scope", MissingScope, "the token lacks the scope im:history", "add im:history to the user scopes"),
        ("channel_not_found", SourceError, "Slack does not show it (channel_not_found)", "`not_channels` of sources.slack"),
        ("thread_not_found", NotThere, "no longer there", ""),
        ("user_not_visible", NotThere, "no longer there", ""),
        ("method_deprecated", BadAnswer, "Slack no longer answers conversations.history", "update morning-briefing"),
        ("internal_error", SourceError, "Slack fails on conversations.history (internal_error)", "try later"),
        ("ratelimited", RateLimited, "the rate limit of Slack is used up (conversations.history)", "later"),
        ("rate_limited", RateLimited, "the rate limit of Slack is used up", "later"),
        ("invalid_cursor", BadAnswer, "Slack refuses conversations.history (invalid_cursor)", ""),
        ("something_new", BadAnswer, "Slack refuses conversations.history (something_new)", ""),
    ],
)  # fmt: skip
def test_an_error_of_slacks_in_a_readers_words(error: str, kind: type[SourceError], says: str, cure: str) -> None:
    told = refused({"ok": False, "error": error, "needed": "im:history", "provided": "im:read"})
    assert type(told) is kind
    assert says in str(told)
    assert cure in told.advice


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (401, AuthError, "login refused (401)"), (403, AuthError, "not allowed to read /conversations.history (403)"),
        (404, SourceError, "/conversations.history is not there (404)"), (500, SourceError, "Slack answers 500"),
        (429, RateLimited, "the rate limit of Slack is used up (429)"), (418, BadAnswer, "Slack answers 418"),
    ],
)  # fmt: skip
def test_a_status_comes_before_what_the_body_says(status: int, kind: type[SourceError], says: str) -> None:
    told = refused({"ok": False, "error": "invalid_auth"}, status=status)
    assert isinstance(told, kind)
    assert says in str(told)


@pytest.mark.parametrize("body", [[], ["x"], 7, None, "text", {}, {"ok": False}, {"ok": False, "error": {"a": 1}}])
def test_an_answer_of_another_shape_is_told(body: Any) -> None:
    assert isinstance(refused(body), BadAnswer)


def test_what_people_wrote_never_stands_in_an_error() -> None:
    body = {"ok": False, "error": "internal_error", "messages": [{"text": "our margin is 70 %"}]}
    for told in (refused(body), refused({**body, "error": "our margin is 70 % " * 20})):
        assert "margin is" not in f"{told!r} {told.advice}"


def test_an_error_that_passes_is_asked_again() -> None:
    answers = [{"ok": False, "error": "internal_error"}, {"ok": False, "error": "ratelimited"}, {"ok": True, "x": 1}]
    with Loopback(lambda _: json_reply(answers.pop(0))) as server:
        assert calls(server).call("auth.test").data["x"] == 1
    assert answers == []


def test_a_login_that_is_refused_is_asked_once() -> None:
    with Loopback(lambda _: json_reply({"ok": False, "error": "invalid_auth"})) as server:
        with pytest.raises(AuthError):
            calls(server).call("auth.test")
        assert len(server.requests) == 1


def test_after_a_long_limit_the_method_is_left_alone_and_others_go_on() -> None:
    def site(request: Request) -> Reply:
        if request.path.endswith("history"):
            return json_reply({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "3600"})
        return json_reply({"ok": True})

    with Loopback(site) as server:
        asking = calls(server)
        for _ in range(3):
            with pytest.raises(RateLimited, match="asks to wait 3,600 s"):
                asking.call("conversations.history", channel="C1")
        assert asking.call("users.info", user="U1").data["ok"]
        assert len(server.requests) == 2


def test_an_app_that_is_throttled_is_told_what_to_do() -> None:
    """Fifteen rows, more to come, and a minute to wait: an app that is distributed outside the Marketplace."""
    answers = [
        json_reply({"ok": True, "messages": [{"ts": f"{n}"} for n in range(15)], "has_more": True,
                    "response_metadata": {"next_cursor": "next"}}),
        json_reply({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "60"}),
    ]  # fmt: skip
    with Loopback(lambda _: answers.pop(0)) as server, pytest.raises(RateLimited) as told:
        list(calls(server).pages("conversations.history", "messages", "#general", channel="C1"))
    assert str(told.value) == "Slack lets this app read 15 messages a minute: it is distributed outside the Marketplace"
    assert told.value.advice.startswith("make the app in your own workspace")


# --- pace and budget ------------------------------------------------------------------------------------------------


def test_calls_of_one_method_keep_its_pace_after_a_burst() -> None:
    pace = Pace(0.9)
    turns = [pace.turn("conversations.history", 100.0) for _ in range(AT_ONCE + 30)]
    assert [turn > 0 for turn in turns] == [False] * AT_ONCE + [True] * 30
    assert turns[-1] == pytest.approx(30 * 60 / 45)
    assert sum(turn <= 60 for turn in turns) <= 55
    assert pace.turn("conversations.replies", 100.0) <= 0
    assert pace.turn("users.list", 100.0) <= 0


def test_after_a_rest_there_may_be_a_burst_again_and_no_larger_one() -> None:
    pace = Pace(1.0)
    for _ in range(AT_ONCE):
        pace.turn("users.list", 0.0)
    later = [pace.turn("users.list", 3600.0) for _ in range(AT_ONCE + 1)]
    assert [turn > 0 for turn in later] == [False] * AT_ONCE + [True]


def test_without_a_pace_nobody_waits() -> None:
    pace = Pace(0)
    assert max(pace.turn("users.list", 0.0) for _ in range(500)) == 0


def test_a_budget_is_shared_by_threads_to_the_last_call() -> None:
    budget = Budget(1000, "slack")
    taken: list[int] = []

    def take() -> None:
        taken.append(sum(budget.has() for _ in range(400)))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 1000
    with pytest.raises(NotReached, match=r"^not reached, the budget of 1,000 calls was used up$"):
        budget.take()


# --- by hand --------------------------------------------------------------------------------------------------------


def findings(workspace: Workspace, **how: Any) -> list[Finding]:
    with on_the_wire(workspace, **how) as connector:
        return list(connector.probe())


def test_a_probe_says_who_what_may_be_read_and_how_long_it_takes() -> None:
    workspace = Workspace()
    workspace.scopes += " search:read"
    found = findings(workspace)
    assert [one.what for one in found] == [
        "Logged in as maya in Agency.", "The token may read all it is asked to.",
        "1 conversation to read, 1 min at Slack's pace of 50 a minute; a first reading takes longer.",
        "The budget is 400 calls a collect.",
    ]  # fmt: skip
    assert all(one.ok for one in found)


def test_a_probe_names_every_missing_scope_and_what_it_costs() -> None:
    workspace = Workspace(scopes="channels:read channels:history im:read users:read")
    found = findings(workspace, types=["public", "direct"])
    assert [one.what for one in found if not one.ok] == ["The token lacks im:history."]
    assert found[1].cure == (
        "add im:history to the user scopes of your Slack app, install it again, then briefing auth slack"
    )
    assert [one.what for one in found if one.what.startswith("Without")] == [
        "Without users:read.email people are the same as in mail only by their names.",
        "Without usergroups:read a mention of a group is nobody's.",
        "Without search:read replies to threads that began long ago are not found.",
    ]  # fmt: skip


def test_a_probe_warns_of_a_token_that_ends_and_of_a_budget_that_is_small() -> None:
    found = findings(Workspace(who={"expires_in": 43200}), budget=1000)
    assert [one.what for one in found if not one.ok] == ["The token ends in 12 h."]
    many = Workspace(channels=[channel(f"C{n}", f"c{n}") for n in range(30)])
    (small,) = (one for one in findings(many, budget=50) if "budget" in one.what)
    assert (small.ok, small.cure) == (False, "raise `budget` of sources.slack to 90, or name the channels that matter")


class Terminal:
    """Somebody who answers."""

    def __init__(self, answer: str) -> None:
        self.answer, self.said = answer, [""]

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, question: str, *, secret: bool = False) -> str:
        assert secret
        return self.answer


def test_a_pasted_token_is_tried_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "tokens/slack.json"
    with Loopback(Workspace()) as server:
        connector = Slack(source="slack", base_url=server.url, token_file=str(file), pace=0)
        with pytest.raises(AuthError, match="no token is set"):
            connector.streams(window())
        talk = Terminal(f" {TOKEN} \n")
        assert connector.login(talk) == "maya in Agency"
        assert len(connector.streams(window())) == 2
    assert json.loads(file.read_text()) == {"access": TOKEN}
    assert file.stat().st_mode & 0o077 == 0
    assert any("groups:history" in line and "search:read" in line for line in talk.said)


@pytest.mark.parametrize("answer", ["xoxb-1-2", "", "password"])
def test_a_pasted_token_that_cannot_serve_is_not_kept(tmp_path: Path, answer: str) -> None:
    file = tmp_path / "slack.json"
    with Loopback(Workspace()) as server:
        connector = Slack(source="slack", base_url=server.url, token_file=str(file))
        with pytest.raises(AuthError, match="which begins with xoxp-"):
            connector.login(Terminal(answer))
        assert server.requests == []
    assert not file.exists()


def test_a_pasted_token_that_slack_refuses_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "slack.json"
    workspace = Workspace(refuse={"auth.test": {"ok": False, "error": "invalid_auth"}})
    with Loopback(workspace) as server, pytest.raises(AuthError, match="login refused"):
        Slack(source="slack", base_url=server.url, token_file=str(file)).login(Terminal(TOKEN))
    assert not file.exists()
