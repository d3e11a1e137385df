"""Answers on their way: out of Slack and mail, understood once, kept, and printed in the next edition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from briefing import answers, replies
from briefing.answers import Heard, keep
from briefing.deliver import Unanswered
from briefing.deliver.answered import asked
from briefing.deliver.slack import Slack
from briefing.deliver.slack_journal import Journal, Record
from briefing.demo.server.slack_posts import TOKEN, SlackPosts
from briefing.document import Briefing, Trace, to_json
from briefing.facts import Message, Person, Ref
from briefing.loopback import Loopback, json_reply
from briefing.memory import past_of
from briefing.morning import Audience, Morning
from briefing.page import page
from briefing.replies import Said, with_answers
from briefing.store import KeptEdition, Store, revised
from briefing.store.ledger import Entry, Ledger
from briefing.store.sqlite import open_store
from tests.sample_briefing import working_thursday

MAYA = "U0MAYA0001"
ZONE = ZoneInfo("America/New_York")
THURSDAY = datetime(2026, 11, 19, 7, tzinfo=ZONE)
FRIDAY = THURSDAY + timedelta(days=1)
AUDIENCE = Audience(name="Maya", persons=(Person(email="maya@harbourlane.example"), Person(id=MAYA)))


def trace(item: str, line: str, **changed: Any) -> Trace:
    told: dict[str, Any] = {
        "id": item, "rule": "proposal-viewed", "matter": "proposal", "stage": "watch", "source": "pandadoc",
        "kind": "proposal", "about": item, "line": line, "client": "Northwind", "stood": date(2026, 11, 19),
        "first": date(2026, 11, 19), "moved": date(2026, 11, 19),
    }  # fmt: skip
    return Trace(**{**told, **changed})


EDITION = replace(
    working_thursday(),
    traces=(trace("n4qf", "Northwind proposal: no answer."), trace("k7mp", "Acme site: Launch has no tasks.")),
)


def morning(now: datetime = FRIDAY) -> Morning:
    return Morning(now=now, zone=ZONE, audience=AUDIENCE)


class Desk:
    """A store and a ledger with Thursday's edition, delivered."""

    def __init__(self, folder: Path) -> None:
        self.store: Store = open_store(folder / "readings.sqlite", now=THURSDAY).store
        self.ledger = Ledger(folder / "ledger.sqlite", may_begin=True)
        self.edition(EDITION, THURSDAY)

    def edition(self, briefing: Briefing, made: datetime, audience: str = "Maya") -> None:
        day = made.date()
        self.store.keep(KeptEdition(audience=audience, date=day, compiled_at=made, body=to_json(briefing)))
        entry = Entry(at=made, run="1", audience=audience, date=day, channel="x", recipient="x", state="sent")
        self.ledger.record([entry])

    def hears(self, *said: Said, now: datetime = FRIDAY) -> Heard:
        return keep(said, self.store, self.ledger, morning(now))

    @property
    def words(self) -> list[tuple[str, str, str]]:
        return [(one.item, one.word, one.text) for one in self.ledger.decisions("Maya")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.ledger.close()
    found.store.close()


def mailed(item: str, text: str, number: int = 1, at: datetime = THURSDAY + timedelta(hours=1)) -> Said:
    return Said(said_in=f"gmail:{number}", at=at, via="mail", item=item, text=text)


def chat(text: str, number: int = 1, at: datetime = THURSDAY + timedelta(hours=1)) -> list[Said]:
    return replies.in_chat(f"slack:D1:{number}.000001", text, at)


# --- understood and kept ---------------------------------------------------------------------------------------------


def test_an_answer_is_kept_once_with_its_moment(desk: Desk) -> None:
    (one,) = desk.hears(mailed("k7mp", "Priya by Friday")).kept
    assert (one.item, one.word, one.owner, one.by_when) == ("k7mp", "decided", "Priya", date(2026, 11, 20))
    assert (one.by, one.via, one.said_in, one.at) == ("Maya", "mail", "gmail:1", THURSDAY + timedelta(hours=1))
    assert one.key == ("proposal", "pandadoc", "proposal", "k7mp")
    assert desk.hears(mailed("k7mp", "Priya by Friday")) == Heard()
    again = mailed("k7mp", "Priya by Friday")
    assert desk.hears(replace(again, said_in="imap:<1@x>")) == Heard()  # the same mail, read from another mailbox
    assert len(desk.words) == 1


def test_an_answer_to_a_correction_is_understood(desk: Desk) -> None:
    newer = replace(EDITION, traces=(trace("z9zz", "Brightside proposal: opened again."),))
    kept = KeptEdition(
        audience=revised("Maya", 2), date=THURSDAY.date(), compiled_at=THURSDAY + timedelta(minutes=5),
        body=to_json(newer),
    )  # fmt: skip
    desk.store.keep(kept)
    desk.hears(mailed("z9zz", "done"), mailed("k7mp", "done", 2), mailed("z9zz", "done", 3, THURSDAY))
    assert [item for item, _, _ in desk.words] == ["z9zz", "k7mp"]


def test_each_line_in_chat_is_a_word_of_its_own(desk: Desk) -> None:
    found = desk.hears(*chat("n4qf hold until Monday\n- k7mp Priya by Friday\nthanks"))
    assert [(one.item, one.word) for one in found.kept] == [("n4qf", "snoozed"), ("k7mp", "decided")]
    assert found.unclear == ()
    assert found.kept[0].until == date(2026, 11, 23)


def test_what_is_not_understood_is_said_and_what_names_no_item_is_not(desk: Desk) -> None:
    found = desk.hears(
        mailed("k7mp", "blah"), mailed("zzzz", "done", 2), *chat("k7mp blub\nk7mq done\nthanks\nDanke, bis Freitag\n👍")
    )
    assert [(one.text, one.why.partition(".")[0]) for one in found.unclear] == [
        ("k7mp blah", "Write ID done, ID decide TEXT, ID Priya by Friday, ID snooze until Monday, ID mute, ID not useful or ID undo"),
        ("zzzz done", 'No item has the id "zzzz"'),
        ("k7mp blub", "Write ID done, ID decide TEXT, ID Priya by Friday, ID snooze until Monday, ID mute, ID not useful or ID undo"),
        ("k7mq done", 'No item has the id "k7mq"'),
    ]  # fmt: skip
    assert desk.words == []


def test_an_id_of_another_audience_is_none_of_ours(desk: Desk) -> None:
    desk.edition(replace(EDITION, traces=(trace("b9rd", "Brightside."),)), THURSDAY, audience="Renee")
    (unclear,) = desk.hears(mailed("b9rd", "done")).unclear
    assert unclear.why.startswith('No item has the id "b9rd".')


def test_an_id_means_what_it_meant_when_the_answer_was_written(desk: Desk) -> None:
    later = replace(EDITION, traces=(trace("k7mp", "Another matter.", about="other"),))
    desk.edition(later, FRIDAY - timedelta(hours=1))
    (one,) = desk.hears(mailed("k7mp", "done")).kept
    assert one.line == "Acme site: Launch has no tasks."
    (one,) = desk.hears(mailed("k7mp", "done", 2, at=FRIDAY)).kept
    assert one.line == "Another matter."


def test_an_edited_reply_is_said_again_only_for_what_was_not_counted(desk: Desk) -> None:
    desk.hears(*chat("n4qf done\nk7mp Priya by Friday"))
    found = desk.hears(*chat("n4qf done\nk7mp Tom by Friday\nthanks"))
    assert [(one.text, one.why) for one in found.unclear] == [
        ("k7mp Tom by Friday", "It was changed after it was counted. Say it again in a new message."),
    ]
    assert found.kept == ()
    assert len(desk.words) == 2
    assert desk.hears(*chat("hello\nn4qf done\nk7mp Priya by Friday")) == Heard()
    assert [one.item for one in desk.hears(*chat("n4qf done\n\n\n\nk7mp useful")).kept] == ["k7mp"]


def test_undo_takes_back_what_was_said_before_it_was_written(desk: Desk) -> None:
    desk.hears(*chat("k7mp useful"))
    desk.hears(*chat("n4qf done", 2, THURSDAY + timedelta(hours=3)))  # a mail may be read after what was said later
    (back,) = desk.hears(mailed("n4qf", "undo", at=THURSDAY + timedelta(hours=2))).unclear
    assert back.why.startswith("Nothing that counts was said of n4qf.")
    (undone,) = desk.hears(*chat("undo", 3, THURSDAY + timedelta(hours=2))).kept
    assert (undone.item, undone.undoes) == ("k7mp", 1)


def test_two_thousand_answers_are_kept_in_portions(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST", 20)
    said = [one for number in range(2000) for one in chat("k7mp useful", number)]
    first = desk.hears(*said)
    assert (len(first.kept), first.left) == (answers.MOST, 2000 - answers.MOST)
    assert len(desk.hears(*said).kept) == answers.MOST


@pytest.mark.parametrize(
    "text", ["k7mp " + "x" * 40_000, "k7mp \u202edone\u202c\x1b[31m", "k7mp " + "by " * 5000, "\u0000" * 99]
)
def test_hostile_text_is_quoted_short_and_in_one_line(desk: Desk, text: str) -> None:
    found = desk.hears(*chat(text))
    for one in found.unclear:
        assert len(one.text) <= 80
        assert one.text.isprintable()
    assert len(found.unclear) + len(found.kept) <= 1


def test_members_are_called_by_name_where_a_source_knows_them() -> None:
    ref = Ref(source="slack", kind="message", id="1")
    known = Message(ref=ref, thread="1", at=THURSDAY, author=Person(id="U0PRIYA001", name="Priya Nair"))
    said = answers.named(chat("k7mp @U0PRIYA001 by Friday\nn4qf @U0NOBODY01 by Friday"), [known])
    assert [one.text for one in said] == ["k7mp Priya Nair by Friday", "n4qf @U0NOBODY01 by Friday"]


# --- printed ---------------------------------------------------------------------------------------------------------


def told(desk: Desk, found: Heard, before: Briefing | None, now: datetime = FRIDAY) -> Briefing:
    past = past_of({**_plain(before)}) if before else None
    return with_answers(EDITION, desk.ledger.decisions("Maya"), found.unclear, past, morning(now))


def _plain(briefing: Briefing) -> dict[str, Any]:
    import json

    value = json.loads(to_json(briefing))
    assert isinstance(value, dict)
    return value


def test_what_was_understood_and_what_was_not_is_printed_once(desk: Desk) -> None:
    said = [mailed("n4qf", "blah", 2), *chat("k7mp Priya by Friday")]
    first = told(desk, desk.hears(*said), EDITION)
    assert [(one.text, one.item) for one in first.understood] == [
        ("Decided, Priya by Friday 20 November (your reply in Slack, Thursday 08:00).", "k7mp")
    ]
    (unclear,) = first.not_understood
    assert unclear.text.startswith('"n4qf blah" (your mail, Thursday 08:00). Write ID done,')
    rows = {row.label: row for section in page(first).sections for row in section.rows}
    assert rows["Understood"].item == "k7mp"
    assert "Not understood" in rows
    later = FRIDAY + timedelta(days=3)
    second = told(desk, desk.hears(*said, now=later), first, later)
    assert (second.understood, second.not_understood) == ((), ())
    assert (second.heard, second.answers) == (1, ("gmail:2",))


def test_many_answers_are_counted(desk: Desk) -> None:
    said = [one for number in range(25) for one in chat("k7mp useful\nn4qf blah", number)]
    found = told(desk, desk.hears(*said), EDITION)
    assert [lines[-1].text for lines in (found.understood, found.not_understood)] == [
        "5 more answers: briefing decisions", "5 more answers."
    ]  # fmt: skip


# --- out of Slack ----------------------------------------------------------------------------------------------------


class Chat:
    """A direct message on a Slack of this machine, with a post of the bot in it."""

    def __init__(self, folder: Path, **how: Any) -> None:
        self.now = THURSDAY.astimezone(UTC)
        self.site = SlackPosts(people={MAYA: {}, "U0ELSE0001": {}}, clock=lambda: self.now, **how)
        self.server = Loopback(self.site)
        self.server.start()
        self.slack = Slack(
            "slack", MAYA, TOKEN, folder / "slack.json", base_url=self.server.url, deadline=5.0, sleep=lambda _: None
        )
        place = self.site.open({"users": MAYA})["channel"]["id"]
        self.post = self.site.post({"channel": place, "text": "3 to decide"})["ts"]
        Journal(folder / "slack.json").keep("1", Record(conversation=place), can_look_up=True)
        self.now += timedelta(hours=1)

    def answers(self) -> list[str]:
        return [one.line for one in self.slack.answers(THURSDAY - timedelta(days=1))]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Any]:
    made: list[Chat] = []

    def chat_with(**how: Any) -> Chat:
        made.append(Chat(tmp_path, **how))
        return made[-1]

    yield chat_with
    for one in made:
        one.server.stop()


def test_replies_and_messages_of_the_reader_alone_are_read(make: Any, desk: Desk) -> None:
    found = make(pages=2)
    found.site.says(MAYA, "n4qf hold until Monday\nk7mp &lt;Priya&gt; by Friday", thread=found.post)
    found.site.says(MAYA, "&gt; k7mp quoted\nthanks", thread=found.post)
    found.site.says(MAYA, "k7mp useful")
    found.site.says("U0ELSE0001", "k7mp done")
    place = found.site.open({"users": MAYA})["channel"]["id"]
    found.site.post({"channel": place, "text": "k7mp done", "thread_ts": found.post})
    assert found.answers() == ["n4qf hold until Monday", "k7mp <Priya> by Friday", "thanks", "k7mp useful"]
    said = found.slack.answers(THURSDAY - timedelta(days=1))
    assert said[0].said_in.startswith(f"slack:{place}:")
    assert [one.item for one in desk.hears(*said).kept] == ["n4qf", "k7mp", "k7mp"]


def test_rows_that_nobody_documents_say_nothing(make: Any) -> None:
    found = make()
    good = {"user": MAYA, "ts": "1795100000.000001", "text": "k7mp done"}
    odd: list[Any] = [
        {**good, "bot_id": "B1"}, {**good, "app_id": "A1"}, {**good, "subtype": "channel_topic"}, {**good, "ts": "soon"},
        {**good, "ts": 1795100000}, {**good, "user": None}, {**good, "text": ["x"]}, {}, None, "x", 7,
    ]  # fmt: skip
    for number, row in enumerate(odd):
        if isinstance(row, dict) and row.get("ts") == good["ts"]:
            row["ts"] = f"1795100000.0001{number:02}"
    rows = {"ok": True, "messages": [*odd, good], "has_more": False}
    found.server.site = lambda _: json_reply(rows)
    assert found.answers() == ["k7mp done"]
    found.server.site = lambda _: json_reply({"ok": True, "messages": "none"})
    with pytest.raises(Unanswered, match=r"without messages"):
        found.answers()


def test_a_deleted_reply_is_not_there_and_an_edited_one_is_as_it_is_now(make: Any) -> None:
    found = make()
    gone = found.site.says(MAYA, "n4qf done", thread=found.post)
    edited = found.site.says(MAYA, "k7mp done", thread=found.post)
    edited |= {"text": "k7mp useful", "edited": {"user": MAYA, "ts": edited["ts"]}}
    found.site.messages[found.site.open({"users": MAYA})["channel"]["id"]].remove(gone)
    assert found.answers() == ["k7mp useful"]


def test_what_is_older_than_asked_for_is_not_read(make: Any) -> None:
    found = make()
    found.site.says(MAYA, "k7mp done", thread=found.post)
    assert found.slack.answers(FRIDAY) == []


def test_where_nothing_was_ever_posted_slack_is_not_asked(make: Any, tmp_path: Path) -> None:
    found = make()
    (tmp_path / "slack.json").unlink()
    assert found.answers() == []
    assert found.site.calls == []


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (
            {"scopes": "chat:write im:write"},
            "missing_scope; add im:history to the app's bot scopes and install it again",
        ),
        (
            {"refuse": {"conversations.replies": "internal_error"}},
            "Slack answers internal_error to conversations.replies",
        ),
        ({"per_minute": {"conversations.history": 0}}, "Slack's rate limit is used up, it asks to wait 60 s"),
    ],
)
def test_a_slack_that_does_not_tell_is_told_and_fails_nothing(make: Any, how: dict[str, Any], why: str) -> None:
    found = make(**how)
    found.site.says(MAYA, "k7mp done", thread=found.post)
    with pytest.raises(Unanswered):
        found.answers()
    assert asked([found.slack], THURSDAY - timedelta(days=1)) == ([], [f"Replies in Slack were not read ({why})."])


def test_two_thousand_replies_are_read_page_by_page(make: Any) -> None:
    found = make()
    for number in range(2000):
        found.site.says(MAYA, f"k7mp decide {number}", thread=found.post)
    assert len(found.answers()) == 2000
