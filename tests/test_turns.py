"""Who owes the next turn, and what asks something."""

from __future__ import annotations

import time

import pytest

from briefing.clients import Directory
from briefing.facts import Message
from briefing.rules.asks import asking, chases, withdrawn
from briefing.rules.turns import Elsewhere, Sides, Wait, are_similar, exchanges, waiting
from briefing.testing import facts_from, morning_at

NOW = morning_at("2026-11-19 07:00").now
SIDES = Sides(Directory(own_domains=frozenset({"harbour.example"})))
WHO = {
    "dana": "Dana <dana@juniper.example>",
    "paul": "Paul <paul@juniper.example>",
    "tom": "Tom <tom@harbour.example>",
    "who": "Somebody",
}


def messages(text: str) -> list[Message]:
    return [fact for fact in facts_from(text) if isinstance(fact, Message)]


def chat(*lines: str) -> list[Message]:
    """Lines such as `17 11:20 dana #juniper Can you ...?`; `/3` behind the channel is a thread."""
    rows = []
    for number, line in enumerate(lines):
        day, at, who, place, text = line.split(" ", 4)
        place, _, thread = place.partition("/")
        rows.append(
            f"message | {number} | medium=chat | thread={thread or f'own{number}'} | place={place} "
            f"| at=2026-11-{day} {at} | author={WHO[who]} | excerpt={text}"
        )
    return messages("\n".join(rows))


def found(*lines: str) -> list[Wait]:
    return [wait for exchange in exchanges(chat(*lines), SIDES, NOW) if (wait := waiting(exchange, SIDES))]


def test_the_floor_of_a_channel_is_one_exchange_and_each_thread_its_own() -> None:
    made = exchanges(
        chat(
            "17 11:00 dana #juniper/t Can you send it?",
            "17 11:05 paul #juniper Where are the files?",
            "17 11:10 tom #juniper/t Here it is.",
            "17 11:15 dana #oakline Hello",
        ),
        SIDES,
        NOW,
    )
    assert [[message.excerpt for message in one.messages] for one in made] == [
        ["Can you send it?", "Here it is."],
        ["Where are the files?", "Here it is."],
        ["Hello"],
    ]


@pytest.mark.parametrize(
    ("case", "lines", "since", "again"),
    [
        ("asked once", ["17 11:00 dana #j Can you send it?"], "17 11:00", 0),
        ("told first, asked later", ["17 11:00 dana #j Files are up.", "18 10:00 dana #j Can you check?"], "18 10:00", 0),
        ("one turn", ["17 11:00 dana #j Can you check?", "17 11:04 dana #j Is it live?"], "17 11:00", 0),
        ("chased", ["17 11:00 dana #j Can you check?", "17 15:00 dana #j Any news?"], "17 11:00", 1),
        (
            "a note, then chased at once",
            ["17 11:00 dana #j Can you check?", "17 15:00 dana #j We are in.", "17 15:02 dana #j Any news?"],
            "17 11:00",
            1,
        ),
        ("by two people", ["17 11:00 dana #j Can you check?", "18 11:00 paul #j Did you see this?"], "17 11:00", 1),
        ("thanks in advance", ["17 11:00 dana #j Can you check?", "17 11:02 dana #j Thanks!"], "17 11:00", 0),
        ("asked after the answer", ["17 11:00 dana #j Can you?", "17 12:00 tom #j Yes.", "17 13:00 dana #j When?"], "17 13:00", 0),
        ("answered in a thread before", ["17 11:00 tom #j/t Hi", "17 11:10 dana #j/t Is it live?"], "17 11:10", 0),
    ],
)  # fmt: skip
def test_who_waits_since_when(case: str, lines: list[str], since: str, again: int) -> None:
    (wait,) = found(*lines)
    assert (f"{wait.ask.at:%d %H:%M}", len(wait.again)) == (since, again), case


@pytest.mark.parametrize(
    "lines",
    [
        ["17 11:00 dana #j Can you send it?", "17 12:00 tom #j Yes."],
        ["17 11:00 dana #j Can you send it?", "17 12:00 tom #j/other Here", "17 12:01 paul #j/other Good."],
        ["17 11:00 dana #j Can you send it?", "17 12:00 who #j Somebody of a side nobody knows"],
        ["17 11:00 dana #j Can you send it?", "17 12:00 dana #j Thanks!"],
        ["17 11:00 dana #j Can you send it?", "17 11:03 dana #j Never mind, found it."],
        ["17 11:00 dana #j Files are up."],
        ["17 11:00 who #j Can you send it?"],
        ["20 11:00 dana #j Can you send it?"],
    ],
)
def test_nobody_waits(lines: list[str]) -> None:
    assert found(*lines) == []


def test_a_thread_is_not_answered_by_talk_on_the_floor() -> None:
    (wait,) = found(
        "17 11:00 tom #j/t The draft",
        "17 11:10 dana #j/t Can you shorten it?",
        "17 12:00 tom #j Good morning all",
    )
    assert wait.sentence == "Can you shorten it?"


def test_a_mark_of_ours_that_says_done_ends_the_turn(table: str) -> None:
    """
    message | 1 | medium=chat | thread=1 | place=#j | at=2026-11-17 11:00 | author=dana@juniper.example | excerpt=Can you send the files?
    message | 2 | medium=chat | thread=2 | place=#j | at=2026-11-17 11:02 | author=dana@juniper.example | excerpt=The ones of the winter course, please. | closes=yes
    """
    (exchange,) = exchanges(messages(table), SIDES, NOW)
    assert waiting(exchange, SIDES) is None


def test_who_mentions_only_their_own_people_asks_nothing_of_us(table: str) -> None:
    """
    message | 1 | medium=chat | thread=1 | place=#j | at=2026-11-17 11:00 | author=dana@juniper.example | mentions=Paul <paul@juniper.example> | excerpt=Paul, can you send the files?
    """
    (exchange,) = exchanges(messages(table), SIDES, NOW)
    assert waiting(exchange, SIDES) is None


def test_a_question_in_the_subject_of_a_first_mail(table: str) -> None:
    """
    message | 1 | thread=1 | subject=Is the site down? | at=2026-11-17 11:00 | author=dana@juniper.example | to=tom@harbour.example | excerpt=See the picture.
    message | 2 | thread=2 | subject=Re: Is the site down? | at=2026-11-17 11:00 | author=dana@juniper.example | to=tom@harbour.example | excerpt=It was ours.
    """
    waits = [waiting(exchange, SIDES) for exchange in exchanges(messages(table), SIDES, NOW)]
    assert [wait.sentence if wait else "" for wait in waits] == ["Is the site down?", ""]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Morning! The draft is fine. Can you send the link?", "Can you send the link?"),
        ("Please confirm.", "Please confirm."),
        ("We need the report by Friday.", "We need the report by Friday."),
        ("When is it live", "When is it live"),
        ("Send me the link", "Send me the link"),
        ("Thanks, could you look at acme.example/a.b today.", "Thanks, could you look at acme.example/a.b today."),
        ("Waiting for your approval", "Waiting for your approval"),
        ("Update: it is live.", ""),
        ("Call went well.", ""),
        ("I'll send it by Friday.", ""),
        ("Please find the invoice attached.", ""),
        ("Let me know if you need anything else.", ""),
        ("See https://acme.example/?page=2", ""),
        ("Run `is it on?` in the console.", ""),
        ("Which of the two is right?", "Which of the two is right?"),
        ("Looks good, right?", ""),
        ("Let me know if anything is missing.", ""),
        ("That is all we need for now.", ""),
        ("Hi Ines, how are you?", ""),
        ("FYI, we can move it.", ""),
        ("", ""),
    ],
)
def test_what_asks(text: str, sentence: str) -> None:
    assert asking(text) == sentence


@pytest.mark.parametrize("text", ["Any news?", "Just following up on this.", "?", "Did you get my mail?", "Bump"])
def test_what_chases(text: str) -> None:
    assert chases(text)


@pytest.mark.parametrize("text", ["Never mind.", "Found it!", "Sorted", "Please ignore my last mail"])
def test_what_takes_back(text: str) -> None:
    assert withdrawn(text)


@pytest.mark.parametrize("text", ["We found a mistake", "The list is sorted by name", "A theory of nudges"])
def test_what_does_neither(text: str) -> None:
    assert not chases(text)
    assert not withdrawn(text)


def test_similar_needs_two_telling_words() -> None:
    one, other, third = chat(
        "17 11:00 dana #j Could you send the booking link for the winter course?",
        "17 11:00 dana #j Booking for the winter course is missing",
        "17 11:00 dana #j Could you send the invoice for the winter?",
    )
    assert are_similar(one, other)
    assert not are_similar(one, third)


def test_the_detector_costs_nothing_on_hostile_text() -> None:
    # 500 characters are all a message carries; a pattern that looks back too often would take minutes on these.
    began = time.process_time()
    for text in ("A-" * 250, "a." * 250, "?" * 500, "Aa and " * 70, "hi " * 166, "please " * 70, " " * 500):
        assert asking(text).strip() in text
        assert chases(text) == text.startswith("?")
        assert not withdrawn(text)
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    ("later", "asked"),
    [
        (["18 09:00 dana #juniper And can you send the invoice?"], "And can you send the invoice?"),
        (["17 11:40 dana #juniper And can you send the invoice?"], None),
        ([], None),
    ],
)
def test_what_was_asked_after_an_answer_in_another_place_still_waits(later: list[str], asked: str | None) -> None:
    mail = messages(
        f"message | a | medium=mail | thread=m | at=2026-11-17 12:00 | author={WHO['tom']} | to={WHO['dana']} "
        "| subject=Booking link | excerpt=Here it is."
    )
    both = exchanges([*chat("17 11:20 dana #juniper Can you send the booking link?", *later), *mail], SIDES, NOW)
    elsewhere = Elsewhere(both, SIDES)
    waits = [wait for exchange in both if (wait := elsewhere.still_waiting(exchange))]
    assert [wait.ask.excerpt for wait in waits] == ([asked] if asked else [])
