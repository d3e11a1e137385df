"""The Slack channel on the real wire: once, edited after that, looked up where nobody saw the end, whole where it can be."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from briefing.deliver import NotAllowed, Outcome
from briefing.deliver.edition import Edition
from briefing.deliver.outbox import Outbox, Outgoing, Pace
from briefing.deliver.policy import Standing
from briefing.deliver.slack import EVENT, Slack
from briefing.deliver.slack_api import Api
from briefing.demo.server.slack_posts import BOT, SCOPES, TOKEN, SlackPosts
from briefing.document import to_json
from briefing.loopback import Fault, Loopback, Reply, Request, json_reply, manner, status
from briefing.store.ledger import Ledger
from tests.sample_briefing import working_thursday

MAYA = "U0MAYA0001"
NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)
BRIEFING = working_thursday()
EDITION = Edition(
    workspace=BRIEFING.workspace, audience=BRIEFING.audience, date=BRIEFING.date, made_at=NOW, subject=BRIEFING.subject,
    forms={"json": to_json(BRIEFING), "html": "", "text": "", "md": ""},
)  # fmt: skip
BODY = Slack("slack", MAYA, TOKEN, Path()).fixed(EDITION)
POSTED = r"chat\.postMessage"


class Case:
    """One workspace of Slack on this machine, one folder of ours, and Slack's clock."""

    def __init__(self, folder: Path, **how: Any) -> None:
        self.folder, self.now, self.slept = folder, NOW, list[float]()
        people = {MAYA: {}, "U0GONE0001": {"deleted": True}}
        self.site = SlackPosts(people=people, clock=lambda: self.now, **how)
        self.server = Loopback(self.site)

    def channel(self, **how: Any) -> Slack:
        """Another process's."""
        told = {"user": MAYA, "token": TOKEN, "base_url": self.server.url, **how}
        return Slack("slack", journal=self.folder / "slack.json", sleep=self.slept.append, patience=0.0, **told)

    def send(self, **how: Any) -> Outcome:
        """One try past the ledger."""
        channel = self.channel(**how)
        (found,) = channel.send(EDITION, BODY, channel.recipients, lambda _: True).values()
        return found

    def run(self, *, again: bool = False, **how: Any) -> Standing:
        """One run with the ledger."""
        channel = self.channel(**how)
        ledger = Ledger(self.folder / "ledger.sqlite", may_begin=True)
        try:
            outgoing = Outgoing(edition=EDITION, bodies={"slack": BODY})
            box = Outbox(ledger, outgoing, run="1", pace=Pace(now=lambda: NOW, sleep=self.slept.append))
            key = ("slack", channel.recipients[0])
            return box.deliver([channel], again={key} if again else ())[key]
        finally:
            ledger.close()

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What stands in the direct message."""
        return [row for row in self.site.messages["D00MAYA0001"] if row["user"] == BOT]

    @property
    def posts(self) -> int:
        """Messages that are no replies."""
        return sum("thread_ts" not in row for row in self.rows)

    @property
    def parts(self) -> list[str]:
        """What each message is, by its metadata."""
        return [row["metadata"]["event_payload"]["part"] for row in self.rows]

    def whole(self) -> bool:
        """One post, each reply once under it."""
        return self.parts == ["0", "1", "2", "3", "4"] and {row.get("thread_ts") for row in self.rows[1:]} == {
            self.rows[0]["ts"]
        }


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Case]]:
    made: list[Case] = []

    def case(**how: Any) -> Case:
        made.append(Case(tmp_path, **how))
        made[-1].server.start()
        return made[-1]

    yield case
    for one in made:
        one.server.stop()


def instead(case: Case, reply: Reply, *, times: int = 1000, after: int = 0) -> None:
    """Slack answers posts so, and does nothing with them."""
    real, count = case.site, [0]

    def site(request: Request) -> Reply:
        count[0] += "postMessage" in request.path
        strikes = "postMessage" in request.path and after < count[0] <= after + times
        return reply if strikes else real(request)

    case.server.site = site


def limited(wait: str) -> Reply:
    """One call too many."""
    return json_reply({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": wait} if wait else {})


NO_ANSWER = Reply(manner="reset")


# --- the post --------------------------------------------------------------------------------------------------------


def test_a_run_posts_once_with_its_thread_and_a_second_one_nothing(make: Callable[..., Case]) -> None:
    case = make()
    assert case.run().state == "sent"
    assert case.whole()
    calls = len(case.site.calls)
    assert case.run().state == "sent"
    assert len(case.site.calls) == calls


def test_what_is_on_the_wire(make: Callable[..., Case]) -> None:
    case = make()
    case.send()
    asked = [request for request in case.server.requests if "postMessage" in request.path]
    first, reply = (json.loads(request.body) for request in asked[:2])
    for told in (first, reply):
        assert (told["unfurl_links"], told["unfurl_media"], told["link_names"], told["mrkdwn"]) == (False,) * 4
        assert (told["parse"], told["channel"]) == ("none", "D00MAYA0001")
    assert "thread_ts" not in first
    assert reply["thread_ts"] == case.rows[0]["ts"]
    assert first["text"].startswith("3 to decide: Acme launch Tuesday has no tasks. Brightside:")
    payload = first["metadata"]["event_payload"]
    assert (first["metadata"]["event_type"], payload["date"], payload["part"]) == (EVENT, "2026-11-19", "0")
    assert "Maya" not in json.dumps(payload)
    assert "Harbour" not in json.dumps(payload)
    for request in case.server.requests:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in request.line
        assert TOKEN.encode() not in request.body


def test_a_second_run_that_is_asked_for_edits_the_post(make: Callable[..., Case]) -> None:
    case = make()
    case.run()
    case.rows[0]["text"] = case.rows[2]["text"] = "old"
    assert case.run(again=True).state == "sent"
    assert case.whole()
    assert "old" not in {row["text"] for row in case.rows}
    assert all("edited" in row for row in case.rows)


def test_a_post_that_was_deleted_is_posted_again_when_asked_for(make: Callable[..., Case]) -> None:
    case = make()
    case.run()
    case.site.messages.clear()
    case.run(again=True)
    assert case.whole()


def test_without_the_journal_the_post_is_found_by_its_metadata(make: Callable[..., Case]) -> None:
    case = make(pages=2)
    case.run()
    case.site.says(MAYA, "k7mp Priya by Friday")
    (case.folder / "slack.json").write_text("{ damaged", encoding="utf-8")
    assert case.run(again=True).state == "sent"
    assert case.whole()


def test_metadata_of_others_is_not_believed(make: Callable[..., Case]) -> None:
    case = make()
    case.send()
    rows = case.rows
    for row in rows:
        row.update(user="U0ELSE0001", bot_id="B0ELSE0001")
    (case.folder / "slack.json").unlink()
    case.send()
    assert case.posts == 1
    assert len(case.site.messages["D00MAYA0001"]) == 2 * len(rows)


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format"])
def test_blocks_that_are_refused_become_text(make: Callable[..., Case], error: str) -> None:
    case = make(refuses_blocks=error)
    outcome = case.send()
    assert (outcome.result, outcome.detail) == ("sent", f"as text, for Slack refused its blocks ({error})")
    first = case.rows[0]
    assert "blocks" not in first
    assert "*" not in first["text"]
    assert first["text"].startswith("Thursday 19 November: 3 to decide\n\n1  Acme site: Launch")
    assert case.parts == ["0.0", "1.0", "2.0", "3.0", "4.0"]
    assert case.send().result == "sent"
    assert len(case.rows) == 5


@pytest.mark.parametrize(
    ("how", "asked", "result", "words"),
    [
        ({}, {"token": "xoxb-other"}, "refused", "invalid_auth; the bot token is not valid"),
        ({}, {"user": "U0NOBODY01"}, "refused", "user_not_found; no such person"),
        ({}, {"user": "U0GONE0001"}, "refused", "user_disabled"),
        ({"scopes": "chat:write im:history"}, {}, "refused", "missing_scope; add im:write to the app's bot scopes"),
        ({"scopes": "im:write im:history"}, {}, "refused", "missing_scope; add chat:write to the app's bot scopes"),
        ({"refuse": {"chat.postMessage": "channel_not_found"}}, {}, "refused", "channel_not_found; the direct message"),
        ({"refuse": {"chat.postMessage": "not_in_channel"}}, {}, "refused", "not_in_channel"),
        ({"refuse": {"chat.postMessage": "messages_tab_disabled"}}, {}, "refused", "switch on the Messages tab"),
        ({"refuse": {"conversations.open": "team_added_to_org"}}, {}, "deferred", "team_added_to_org"),
        ({"refuse": {"chat.postMessage": "request_timeout"}}, {}, "deferred", "request_timeout"),
    ],
)
def test_what_slack_refuses_is_told_with_its_cure(
    make: Callable[..., Case], how: dict[str, Any], asked: dict[str, Any], result: str, words: str
) -> None:
    case = make(**how)
    outcome = case.send(**asked)
    assert outcome.result == result
    assert words in outcome.detail
    assert TOKEN not in outcome.detail
    assert case.rows == []


def test_a_thread_that_is_refused_is_told_beside_the_post(make: Callable[..., Case]) -> None:
    case = make()
    instead(case, json_reply({"ok": False, "error": "restricted_action_thread_locked"}), after=2)
    standing = case.run()
    assert (standing.state, case.parts) == ("refused", ["0", "1"])
    assert standing.detail.startswith("3 of the 4 replies in the thread (the post itself is there); restricted_action")
    case.server.site = case.site
    assert case.run().state == "sent"
    assert case.whole()


# --- limits of rate --------------------------------------------------------------------------------------------------


def test_a_limit_that_passes_is_waited_for(make: Callable[..., Case]) -> None:
    case = make()
    instead(case, limited("3"), times=1, after=1)
    assert case.run().state == "sent"
    assert case.slept == [3.0]
    assert case.whole()


def test_a_limit_without_end_is_put_off_and_the_thread_completed_later(make: Callable[..., Case]) -> None:
    case = make()
    instead(case, limited("9"), after=3)
    standing = case.run()
    assert (standing.state, standing.put_off, sum(case.slept)) == ("deferred", True, 27.0)
    assert standing.detail.startswith("2 of the 4 replies in the thread (the post itself is there); Slack's rate limit")
    case.server.site = case.site
    assert case.run().state == "sent"
    assert case.whole()


@pytest.mark.parametrize(("wait", "slept"), [("600", 0.0), ("0", 0.0), ("", 20.0), ("soon", 20.0)])
def test_a_limit_on_the_post_itself_posts_nothing(make: Callable[..., Case], wait: str, slept: float) -> None:
    case = make()
    instead(case, limited(wait))
    standing = case.run()
    assert (standing.state, sum(case.slept), case.rows) == ("deferred", slept, [])


# --- the end that nobody saw -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [manner("reset"), manner("cut"), status(502, "<html>"), status(500, "")])
def test_a_post_that_arrived_unanswered_is_found_at_once(make: Callable[..., Case], fault: Fault) -> None:
    case = make()
    with case.server.faulty(fault, POSTED, times=2):
        assert case.run().state == "sent"
    assert case.whole()
    assert case.slept == []


def test_a_post_that_did_not_arrive_is_uncertain_until_slack_can_be_believed(make: Callable[..., Case]) -> None:
    case = make()
    instead(case, NO_ANSWER, times=1)
    standing = case.run()
    assert (standing.state, case.rows) == ("uncertain", [])
    assert "no answer to chat.postMessage" in standing.detail
    case.now += timedelta(seconds=60)
    standing = case.run()
    assert (standing.state, case.rows) == ("uncertain", [])
    assert "it is too early to say" in standing.detail
    case.now += timedelta(seconds=61)
    assert case.run().state == "sent"
    assert case.whole()


def test_a_reply_that_did_not_arrive_is_uncertain_and_then_completed(make: Callable[..., Case]) -> None:
    case = make()
    instead(case, NO_ANSWER, times=1, after=2)
    standing = case.run()
    assert (standing.state, case.parts) == ("uncertain", ["0", "1"])
    assert standing.detail.startswith("3 of the 4 replies in the thread (the post itself is there); no answer to chat")
    assert case.run().state == "uncertain"
    case.now += timedelta(minutes=3)
    assert case.run().state == "sent"
    assert case.whole()


@pytest.mark.parametrize("how", [{"scopes": "chat:write im:write"}, {"keeps_metadata": False}])
def test_where_slack_cannot_tell_only_the_reader_decides(make: Callable[..., Case], how: dict[str, Any]) -> None:
    case = make(**how)
    with case.server.faulty(manner("reset"), POSTED, times=1):
        assert case.run().state == "uncertain"
    assert case.posts == 1
    case.now += timedelta(hours=1)
    for _ in range(3):
        assert case.run().state == "uncertain"
    assert len(case.rows) == 1
    assert case.run(again=True).state == "sent"
    assert case.posts == 2


def test_a_slack_that_cannot_be_reached_was_not_posted_to(make: Callable[..., Case]) -> None:
    case = make()
    standing = case.run(base_url="http://127.0.0.1:9")
    assert (standing.state, standing.put_off) == ("deferred", True)
    assert "cannot be reached" in standing.detail


def test_a_history_that_does_not_answer_is_a_reason_to_wait_only_where_nothing_is_remembered(
    make: Callable[..., Case],
) -> None:
    case = make()
    with case.server.faulty(status(500, ""), r"conversations\.history"):
        for _ in range(2):
            standing = case.run()
            assert (standing.state, standing.put_off, case.rows) == ("deferred", True, [])
        (case.folder / "slack.json").write_text('{"can_look_up": true, "editions": {}}', encoding="utf-8")
        assert case.run().state == "sent"
    assert case.whole()


def test_a_lost_journal_and_a_silent_history_post_nothing(make: Callable[..., Case]) -> None:
    case = make()
    instead(case, limited("900"), after=1)
    assert case.run().state == "deferred"
    case.server.site = case.site
    (case.folder / "slack.json").unlink()
    with case.server.faulty(status(500, ""), r"conversations\.history"):
        for _ in range(2):
            assert case.run().state == "deferred"
    assert case.posts == 1
    assert case.run().state == "sent"
    assert case.whole()


def test_an_edit_that_nobody_answered_is_done_again(make: Callable[..., Case]) -> None:
    case = make()
    case.run()
    with case.server.faulty(manner("reset"), r"chat\.update"):
        standing = case.run(again=True)
    assert standing.state == "deferred"
    assert standing.detail.startswith("bringing the post up to date (it is there); no answer to chat.update")
    assert case.whole()


def test_nothing_is_posted_or_edited_that_may_not_begin(make: Callable[..., Case]) -> None:
    case = make()
    channel = case.channel()
    for _ in range(2):
        with pytest.raises(NotAllowed):
            channel.send(EDITION, BODY, channel.recipients, lambda _: False)
        case.send()
    assert case.whole()
    assert case.site.calls.count("chat.update") == 5


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_wire_does_there_is_never_a_second_post_and_in_the_end_one(
    make: Callable[..., Case], seed: int
) -> None:
    case, chance, well = make(), random.Random(seed), case_is_well()
    real = case.site
    unavailable = json_reply({"ok": False, "error": "service_unavailable"}, status=503)

    def site(request: Request) -> Reply:
        fate = chance.random()
        if well() or fate < 0.55:
            return real(request)
        if fate < 0.8:  # it is done, and nobody hears of it
            return replace(real(request), manner=chance.choice(["reset", "cut"]))
        return chance.choice([NO_ANSWER, limited("1"), limited("900"), unavailable])

    case.server.site = site
    for _ in range(5):
        case.run()
        assert case.posts <= 1
        assert len(case.parts) == len(set(case.parts))
        case.now += timedelta(seconds=chance.choice([5, 90, 400]))
    well(True)
    case.now += timedelta(minutes=5)
    assert case.run().state == "sent"
    assert sorted(case.parts) == ["0", "1", "2", "3", "4"]
    assert case.posts == 1


def case_is_well() -> Callable[..., bool]:
    """A switch that is off."""
    state = [False]

    def well(now: bool = False) -> bool:
        state[0] = state[0] or now
        return state[0]

    return well


# --- kills -----------------------------------------------------------------------------------------------------------


def _dies(target: Any, name: str, *, after: bool, when: Callable[..., bool] = lambda *_: True) -> Callable[[], None]:
    def arm() -> None:
        real = getattr(target, name)

        def then(*given: Any, **more: Any) -> Any:
            strikes = when(*given)
            if strikes and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            done = real(*given, **more)
            if strikes:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        setattr(target, name, then)

    return arm


def _nth(method: str, number: int) -> Callable[..., bool]:
    count = [0]

    def strikes(_: Any, asked: str, *__: Any) -> bool:
        count[0] += asked == method
        return asked == method and count[0] == number

    return strikes


STEPS: dict[str, tuple[Callable[[], None], int]] = {
    "before sending is noted": (_dies(Ledger, "begin", after=False), 0),
    "sending is noted": (_dies(Ledger, "begin", after=True), 0),
    "before the post leaves": (_dies(Api, "call", after=False, when=_nth("chat.postMessage", 1)), 0),
    "the post is answered": (_dies(Api, "call", after=True, when=_nth("chat.postMessage", 1)), 1),
    "before the second reply leaves": (_dies(Api, "call", after=False, when=_nth("chat.postMessage", 3)), 2),
    "the last reply is answered": (_dies(Api, "call", after=True, when=_nth("chat.postMessage", 5)), 5),
    "before sent is noted": (_dies(Ledger, "record", after=False, when=lambda _, entries: bool(entries)), 5),
}


@pytest.mark.parametrize(
    ("step", "journal"),
    [*((step, "kept") for step in STEPS), ("the post is answered", "lost"), ("before sent is noted", "lost")],
)
def test_whatever_is_killed_there_is_one_post(make: Callable[..., Case], step: str, journal: str) -> None:
    case = make()
    arm, there = STEPS[step]
    child = os.fork()
    if child == 0:
        arm()
        case.run()
        os._exit(1)
    _, code = os.waitpid(child, 0)
    assert os.WTERMSIG(code) == signal.SIGKILL
    assert len(case.rows) == there
    case.now += timedelta(minutes=5)
    if journal == "lost":
        (case.folder / "slack.json").unlink(missing_ok=True)
    standing = case.run(again=journal == "lost")
    assert (standing.state, case.posts) == ("sent", 1)
    assert case.whole()


def test_killed_by_the_answer_that_was_on_its_way(make: Callable[..., Case]) -> None:
    case = make()
    real = case.site
    victim = [0]

    def site(request: Request) -> Any:
        reply = real(request)
        if "postMessage" in request.path and victim[0]:
            os.kill(victim.pop(0), signal.SIGKILL)
            victim.append(0)
        return reply

    case.server.site = site
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(ready, 1)
        case.run()
        os._exit(1)
    victim[0] = child
    os.write(go, b"x")
    os.waitpid(child, 0)
    assert case.posts == 1
    assert case.run().state == "sent"
    assert case.whole()


# --- before anything is sent -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "result", "words"),
    [
        ({}, "sent", "the bot logs in; for @U0MAYA0001"),
        (
            {"scopes": "chat:write im:write"},
            "sent",
            "without im:history replies are not read, and a post whose end nobody saw is not looked up",
        ),
        ({"scopes": "im:history"}, "refused", "the bot lacks chat:write and im:write"),
        ({"token": "xoxb-new"}, "refused", "invalid_auth"),
    ],
)
def test_doctor_logs_in_and_posts_nothing(
    make: Callable[..., Case], how: dict[str, Any], result: str, words: str
) -> None:
    case = make(**{"scopes": SCOPES, **how})
    outcome = case.channel().tried()
    assert (outcome.result, words in outcome.detail) == (result, True)
    assert case.site.calls == ["auth.test"]


def test_a_dry_run_shows_the_notification(make: Callable[..., Case]) -> None:
    shown = make().channel().shown(EDITION, BODY).splitlines()
    assert shown[0].startswith("Notification: 3 to decide: Acme launch")
    assert shown[1] == "Thread:       4 replies"
