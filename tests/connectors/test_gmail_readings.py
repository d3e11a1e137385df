"""Gmail: how readings go on, within Google's units, and answers that are none."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from briefing.collect import Source, collect
from briefing.connector import Mark
from briefing.errors import BadAnswer, MarkExpired, RateLimited, SourceError
from briefing.facts import Message
from briefing.loopback import Reply, json_reply
from briefing.store.sqlite import SqliteStore
from connectors.gmail import Gmail
from connectors.gmail_box import Pace
from connectors.gmail_marks import Changes, Kept
from tests.connectors.gmail_wire import Box, added, ids, message, read, relabelled
from tests.connectors.google_wire import (
    CREDENTIALS,
    MAYA,
    NOW,
    error,
    gmail_at,
    got,
    served,
    whats,
    window,
)


def test_a_thread_of_several_is_one_question() -> None:
    box = Box(message("a3", thread="t"), message("b1"), message("a2", thread="t", labels=["SENT"], From=MAYA))
    found = read(box)
    assert sorted(box.asked()) == ["messages", "messages/b1", "profile", "threads/t"]
    assert ids(found) == ["a3", "a2", "b1"]
    assert [one.place for one in found.facts if isinstance(one, Message)] == ["Inbox", "Sent", "Inbox"]
    assert (found.skipped, found.mark is not None and found.mark.so_far) == ([], False)


def test_drafts_spam_and_deleted_mails_of_a_thread_are_left_out() -> None:
    """A draft is no answer, and an answer in the bin is none that anybody sees."""
    box = Box(
        message("a1", thread="t"), message("a2", thread="t", labels=["DRAFT"]), message("a3", thread="t", labels=["TRASH"]),
        message("b", labels=["SPAM"]),
    )  # fmt: skip
    found = read(box)
    assert ids(found) == ["a1"]
    assert [(one.count, one.why) for one in found.ignored] == [(3, "drafts, spam, deleted mails and chats")]


def test_the_list_is_asked_for_in_seconds_and_without_drafts_and_chats() -> None:
    box = Box()
    with served(box) as server:
        got(gmail_at(server))
        (query,) = [dict(one.query)["q"] for one in server.requests if one.path.endswith("/messages")]
    assert query == f"after:{int((NOW - timedelta(days=30)).timestamp())} -in:chats -in:drafts"


def test_a_second_reading_asks_for_what_came() -> None:
    box = Box(message("a"), message("b"))
    first = read(box)
    box.asked()
    late = message("c", at=NOW + timedelta(hours=2))
    box.messages["c"], box.records, box.history = late, [added(late), added(box.messages["a"])], "110"
    second = read(box, mark=first.mark, now=NOW + timedelta(days=1))
    assert box.asked() == ["profile", "history", "messages/c"]
    assert (ids(second), second.gone, second.ignored, second.skipped) == (["c"], [], [], [])
    assert second.mark is not None
    kept = json.loads(second.mark.value)
    assert (kept["history"], sorted(kept["known"])) == ("110", ["a", "b", "c"])


def test_what_went_to_the_bin_is_gone_and_comes_back() -> None:
    box = Box(message("a"), message("b"), message("c"))
    first = read(box)
    box.records = [
        relabelled("labelsAdded", "a", "TRASH"), relabelled("labelsAdded", "b", "SPAM"),
        relabelled("labelsRemoved", "b", "SPAM", now=["INBOX"]), relabelled("labelsAdded", "c", "STARRED"),
        {"id": "103", "messagesDeleted": [{"message": {"id": "unknown", "threadId": "x"}}]},
    ]  # fmt: skip
    second = read(box, mark=first.mark)
    assert (second.gone, ids(second)) == (["mail a"], [])
    box.records = [relabelled("labelsRemoved", "a", "TRASH", now=["INBOX"])]
    third = read(box, mark=second.mark)
    assert (third.gone, ids(third)) == ([], ["a"])


def test_a_draft_that_is_sent_is_read() -> None:
    box = Box(message("a"))
    first = read(box)
    sent = message("d", labels=["SENT"])
    box.messages["d"] = sent
    box.records = [added(sent, "DRAFT"), relabelled("labelsRemoved", "d", "DRAFT", now=["SENT"])]
    assert ids(read(box, mark=first.mark)) == ["d"]


def test_what_leaves_the_time_wanted_is_gone() -> None:
    box = Box(message("old", at=NOW - timedelta(days=29, hours=20)), message("new"))
    first = read(box)
    assert ids(first) == ["old", "new"]
    second = read(box, mark=first.mark, now=NOW + timedelta(days=1))
    assert (second.gone, ids(second)) == (["mail old"], [])


def test_a_history_that_is_forgotten_costs_a_list_and_no_mail() -> None:
    """404: what was stated is held against the list; only what is not in both is asked for or gone."""
    box = Box(message("a"), message("b"))
    first = read(box)
    box.asked()
    del box.messages["a"]
    box.messages["c"], box.records = message("c"), None
    second = read(box, mark=first.mark)
    assert box.asked() == ["profile", "history", "messages", "messages/c"]
    assert (second.gone, ids(second)) == (["mail a"], ["c"])


def test_a_mark_is_of_one_mailbox() -> None:
    first = read(Box(message("a")))
    with pytest.raises(MarkExpired):
        read(Box(message("a"), me="sam@harbourlane.example"), mark=first.mark)


def test_a_mark_of_a_shorter_time_is_not_gone_on_from() -> None:
    first = read(Box(message("a")))
    with pytest.raises(MarkExpired), served(Box(message("a"))) as server:
        got(gmail_at(server), mark=first.mark, at=window(back=45))


@pytest.mark.parametrize("value", ["zz", "{}", "[]", '{"v": 99}', '{"v": 1, "since": "2026-10-01T00:00:00+00:00"}'])
def test_a_mark_of_another_form_is_not_gone_on_from(value: str) -> None:
    with pytest.raises(MarkExpired):
        read(Box(message("a")), mark=Mark(value))


def test_a_mail_of_after_the_morning_waits_for_the_next() -> None:
    box = Box(message("late", at=NOW + timedelta(minutes=1)), message("a"))
    first = read(box)
    assert ids(first) == ["a"]
    assert [(one.count, one.why) for one in first.ignored] == [(1, "mails later than the morning")]
    assert first.mark is not None
    assert not first.mark.so_far, "nothing is missing of this morning"
    assert ids(read(box, mark=first.mark, now=NOW + timedelta(days=1))) == ["late"]


def test_a_mail_that_cannot_be_read_is_tried_again() -> None:
    broken = {**message("x"), "payload": {}}
    box = Box(broken, message("a"))
    first = read(box)
    assert [(one.where, one.why) for one in first.skipped] == [("mail x", "says nobody as its author")]
    assert first.mark is not None
    assert first.mark.so_far
    box.messages["x"] = message("x")
    assert ids(read(box, mark=first.mark)) == ["x"]


def test_a_mail_that_is_gone_when_asked_for_is_counted() -> None:
    box = Box(message("a"), message("b"))
    answers = {"messages/a": lambda _: json_reply(error(404, "notFound"), status=404)}
    box.more = answers
    found = read(box)
    assert (ids(found), [(one.where, one.why) for one in found.skipped]) == (
        ["b"], [("mail a", "was listed and is not there")],
    )  # fmt: skip


# --- units ---------------------------------------------------------------------------------------------------------


def test_a_mailbox_too_large_for_one_reading_is_read_by_several(tmp_path: Path) -> None:
    """Fifty mails at 20 units, 400 a reading: newest first, each mail asked for once, partial until the last."""
    mails = [message(f"m{number:02d}", at=NOW - timedelta(hours=number + 1)) for number in range(50)]
    box, store = Box(*mails), SqliteStore(tmp_path / "readings.sqlite")
    states, counts = [], []
    try:
        with served(box) as server:
            source = Source(name="google", connector=gmail_at(server, units=400))
            for hour in range(4):
                collect([source], store, window(), clock=lambda hour=hour: NOW + timedelta(hours=hour))  # type: ignore[misc]
                snapshot = store.snapshot(NOW + timedelta(hours=hour))
                (record,) = snapshot.streams
                assert record.latest is not None
                states.append((record.latest.status, [why for _, why in record.latest.skipped]))
                counts.append(len(snapshot.facts))
    finally:
        store.close()
    assert counts == [20, 40, 50, 50]
    assert states == [
        ("partial", ["30 mails are left for the next reading: one reading takes 400 quota units"]),
        ("partial", ["10 mails are left for the next reading: one reading takes 400 quota units"]),
        ("whole", []), ("whole", []),
    ]  # fmt: skip
    asked = [line for line in box.asked() if line.startswith("messages/")]
    assert len(asked) == len(set(asked)) == 50
    assert set(asked[:20]) == {f"messages/m{number:02d}" for number in range(20)}


@pytest.mark.parametrize("code", [403, 429])
def test_a_minute_that_is_used_up_leaves_the_rest(code: int) -> None:
    box = Box(*(message(f"m{number}") for number in range(6)))
    refused = json_reply(error(code, "rateLimitExceeded"), status=code)
    box.more = {f"messages/m{number}": refused for number in range(3, 6)}
    found = read(box)
    assert ids(found) == ["m0", "m1", "m2"]
    assert found.skipped[0].why.startswith("3 mails are left for the next reading: ")
    assert found.mark is not None
    assert found.mark.so_far
    box.more = {}
    assert ids(read(box, mark=found.mark)) == ["m3", "m4", "m5"]


def test_a_minute_that_is_used_up_before_anything_is_read_is_a_gap() -> None:
    box = Box(message("a"))
    box.more = {"messages/a": json_reply(error(403, "rateLimitExceeded"), status=403)}
    with pytest.raises(RateLimited, match="limit of a minute is used up"):
        read(box)
    assert box.asked().count("messages/a") == 3, "asked again as after a 429"


def test_units_are_paced_by_the_minute() -> None:
    clock = Clock()
    pace = Pace(100, clock=clock.now, sleep=clock.sleep)
    for units in (40, 40, 20, 20, 40, 40):
        pace.wait(units)
        clock.spent.append((clock.at, units))
        clock.at += 1
    assert [at for at, _ in clock.spent] == [0, 1, 2, 60, 61, 62]
    for end, _ in clock.spent:
        assert sum(units for at, units in clock.spent if end - 60 < at <= end) <= 100


class Clock:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.at, self.spent = 0.0, list[tuple[float, int]]()

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.at += seconds


def test_a_wait_ends_when_enough_is_free() -> None:
    clock = Clock()
    pace = Pace(100, clock=clock.now, sleep=clock.sleep)
    for units, at in ((60, 0.0), (40, 10.0), (60, 60.0), (40, 70.0)):
        clock.at = max(clock.at, min(at, 10.0))
        pace.wait(units)
        assert clock.at == at


def test_more_units_than_a_minute_has_do_not_wait_for_ever() -> None:
    clock = Clock()
    pace = Pace(100, clock=clock.now, sleep=clock.sleep)
    pace.wait(500)
    assert clock.at == 0


def test_limits_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 200"):
        Gmail(**CREDENTIALS, units=20)  # type: ignore[arg-type]


# --- headers only --------------------------------------------------------------------------------------------------


def test_without_bodies_no_query_is_asked_and_the_list_ends_with_the_time() -> None:
    """The scope for headers allows no `q`: pages are read until one goes further back."""
    new, old = message("new", part={"mimeType": "text/plain"}), message("old", at=NOW - timedelta(days=40))
    pages = {
        "": {"messages": [{"id": "new", "threadId": "new"}, {"id": "old", "threadId": "old"}], "nextPageToken": "p2",
             "resultSizeEstimate": 9},
    }  # fmt: skip
    box = Box(new, old)
    box.more = {"messages": lambda request: pages[request.param("pageToken")]}
    with served(box) as server:
        found = got(gmail_at(server, bodies=False))
        asked = [one for one in server.requests if "/messages" in one.path]
    assert all("q" not in dict(one.query) for one in asked)
    assert {one.param("format") for one in asked} == {"", "minimal", "metadata"}
    assert "Auto-Submitted" in [value for one in asked for name, value in one.query if name == "metadataHeaders"]
    assert ids(found) == ["new"]
    assert [(one.count, one.why) for one in found.ignored] == [(1, "mails from before the time wanted")]
    assert isinstance(found.facts[0], Message)
    assert found.facts[0].excerpt == "Could you send"


# --- answers that are none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("profile", {}), ("profile", {"emailAddress": MAYA}), ("profile", {"emailAddress": "x", "historyId": "1"}),
        ("messages", {}), ("messages", {"messages": None, "resultSizeEstimate": 1}),
        ("messages", {"messages": [{"id": "a"}], "resultSizeEstimate": 1}),
        ("messages", {"messages": [7], "resultSizeEstimate": 1}),
        ("messages", {"messages": [{"id": "../x", "threadId": "t"}], "resultSizeEstimate": 1}),
        ("messages", {"messages": [], "resultSizeEstimate": 1, "nextPageToken": 7}),
        ("messages", []),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_whole_is_no_empty_mailbox(path: str, told: Any) -> None:
    box = Box(message("a"))
    box.more = {path: told}
    with pytest.raises(BadAnswer):
        read(box)


def test_an_empty_mailbox_is_one() -> None:
    box = Box()
    box.more = {"messages": {"resultSizeEstimate": 0}}
    found = read(box)
    assert (found.facts, found.skipped) == ([], [])


def test_a_fault_among_many_is_the_readings() -> None:
    box = Box(*(message(f"m{number}") for number in range(9)))
    box.more = {"messages/m4": Reply(status=500)}
    with pytest.raises(SourceError, match="answers 500"):
        read(box)


def test_changes_of_one_mail_come_to_its_last_state() -> None:
    changes = Changes()
    told = message("a")
    for record in (added(told), relabelled("labelsAdded", "a", "TRASH"), {"messagesAdded": "odd", "labelsAdded": [7]}):
        changes.take(record)
    assert (changes.came, changes.gone) == ({}, {"a"})


# --- for a person --------------------------------------------------------------------------------------------------


def test_a_probe_tells_scopes_identity_aliases_and_units() -> None:
    aliases = {"sendAs": [{"sendAsEmail": MAYA}, {"sendAsEmail": "operations@harbourlane.example"}]}
    box = Box()
    box.more = {"settings/sendAs": aliases}
    with served(box) as server:
        told = whats(gmail_at(server).probe())
    assert told[2:] == [
        f"Reads the mail of {MAYA}.",
        f"{MAYA} also sends as operations@harbourlane.example: name these in emails of [[audience]].",
        "One reading takes up to 10,000 quota units, at most 500 mails; Google allows 1,000,000 a minute.",
    ]


def test_importing_the_connector_does_not_import_googles_client() -> None:
    import subprocess
    import sys

    code = "import sys, connectors.gmail, connectors.google_calendar; print('googleapiclient' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_a_mailbox_of_fifty_thousand_mails_goes_on_in_seconds() -> None:
    """The largest it is meant for: a thousand mails a day. The mark stays under 2 MB; a mail costs milliseconds."""
    names = [f"19a{number:013x}" for number in range(50_000)]
    kept = Kept(
        me=MAYA, history="100", since=window().since, pending={},
        known={name: int((NOW - timedelta(minutes=number % 40_000)).timestamp() // 60) for number, name in enumerate(names)},
    )  # fmt: skip
    mark = Mark(kept.text())
    assert len(mark.value) < 2_000_000
    box = Box(*(message(f"m{number}") for number in range(200)))
    box.records = [added(told) for told in box.messages.values()]
    began = time.process_time()
    found = read(box, mark=mark)
    assert len(found.facts) == 200
    assert time.process_time() - began < 20
