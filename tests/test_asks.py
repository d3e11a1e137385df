"""The request detector: what asks, what only sounds like it, and that no text is too much for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.demo import texts
from briefing.rules import asks
from briefing.rules.asks import LIKELY, asking, chases, likelihood, refers, sentences, weighed, withdrawn

DATA = Path(__file__).parent / "data" / "asks"
WEIGHTS = Path(asks.__file__).with_name(asks.WEIGHTS)


def labelled(name: str) -> list[tuple[bool, str]]:
    rows = [line.split("\t") for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    return [(label == "Yes", text) for label, text in rows]


@pytest.mark.parametrize(("name", "least"), [("cases.tsv", 0.96), ("chat.tsv", 0.9)])
def test_chats_of_an_agency(name: str, least: float) -> None:
    rows = labelled(name)
    assert [text for asks_something, text in rows if asking(text) and not asks_something] == []
    found = [bool(asking(text)) for asks_something, text in rows if asks_something]
    assert sum(found) >= least * len(found)


@pytest.mark.parametrize(("name", "least"), [("cases.tsv", 0.9), ("chat.tsv", 0.9)])
def test_the_likelihood_on_chats_of_an_agency(name: str, least: float) -> None:
    rows = labelled(name)
    right = sum((likelihood(text) >= LIKELY) == asks_something for asks_something, text in rows)
    assert right >= least * len(rows)


def test_what_the_simulated_agency_writes() -> None:
    assert [text for _, text in (*texts.ASKS, *texts.OUR_ASKS) if not asking(text)] == []
    assert [text for _, text in (*texts.UPDATES, *texts.FYI) if asking(text)] == []
    assert [text for text in (*texts.ANSWERS, *texts.CLOSERS, *texts.ACKNOWLEDGED) if asking(text)] == []
    assert [text for text in texts.THEIR_ANSWERS if asking(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        # thanks and answers
        "Thanks a lot for sending this over so quickly.",
        "Yes, go ahead",
        "Sure, send it over",
        "The second one please",
        "Tuesday, please.",
        "You sent us what we need, thanks.",
        # newsletters and notifications, where nothing else tells that they are
        "If you no longer wish to receive these mails, please unsubscribe here.",
        "Please do not reply to this message, it was sent automatically.",
        "To ensure delivery, please add us to your address book.",
        "Click here to see the offer in your browser.",
        "A task was assigned to you by a colleague.",
        "Your invoice is available in the customer area.",
        "A new sign-in to your account was seen. If this was you, there is nothing to do.",
        "This is a reminder that your trial ends in two days.",
        # calendar mail
        "Accepted: Quarterly review, Thursday 10:00",
        "You have been invited to the following event: Quarterly review.",
        "This event has been updated with a new time.",
        "Dana Ruiz has declined this invitation.",
        "Invitation from your calendar. You receive this courtesy mail because you are a guest of this event.",
        # rhetorical
        "That went well. No complaints so far, right?",
        "Guess what?",
        "Hi Ines, how was your weekend?",
        # their own doing
        "I shall call you tomorrow to discuss it.",
        "We can discuss the rest on Tuesday.",
        "Sally will need to discuss this with Leslie next week.",
        "They asked whether we could send it, and we did.",
        "Let me discuss it with you tomorrow over the phone.",
    ],
)
def test_what_only_sounds_like_it(text: str) -> None:
    assert asking(text) == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("can u resend it", "can u resend it"),
        ("Take a look at the draft when you can", "Take a look at the draft when you can"),
        ("By the way, don't forget the invoice.", ""),
        ("BTW, don't forget the invoice.", "BTW, don't forget the invoice."),
        ("All fine here. Let's meet next week to discuss it.", "Let's meet next week to discuss it."),
        ("Great :tada: could somebody check it :pray:", "Great :tada: could somebody check it :pray:"),
        (
            "I\N{RIGHT SINGLE QUOTATION MARK}d appreciate your thoughts.",
            "I\N{RIGHT SINGLE QUOTATION MARK}d appreciate your thoughts.",
        ),
    ],
)
def test_the_sentence_comes_back_as_it_was_written(text: str, sentence: str) -> None:
    assert asking(text) == sentence


def test_a_cue_by_accident_is_not_enough_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "They had been told to change it, but the answer was no, so they had to change it again please."
    assert asking(told) == ""
    monkeypatch.setattr(asks, "ENOUGH", {"cue": 0, "verb": 1})
    asks.is_request.cache_clear()
    assert asking(told) == told
    asks.is_request.cache_clear()


def test_the_likelihood_of_a_text_is_that_of_its_likeliest_sentence() -> None:
    asked, told = "Could you send us the report?", "The report was sent on Monday."
    assert likelihood(told) < LIKELY < likelihood(asked)
    assert likelihood(f"{told} {asked} {told}") == likelihood(asked)
    assert likelihood("") == 0


def test_whose_name_it_is_says_nothing() -> None:
    one, other = "Please ask Janine about it.", "Please ask Bill about it."
    assert likelihood(one) == likelihood(other)


def test_the_words_that_weighed_most() -> None:
    assert weighed("The draft is fine. Please call me to discuss it.")[:2] == ("discuss", "please")
    assert weighed("") == ()


@given(st.text(max_size=300))
def test_any_text_has_a_likelihood_and_a_sentence_of_its_own(text: str) -> None:
    assert 0 <= likelihood(text) <= 1
    assert asking(text) in {"", *sentences(text)}


HOSTILE = {
    "one letter": "a" * 65536,
    "marks": "?" * 65535 + "x",
    "dots": "a." * 32768,
    "dashes": "A-" * 32768,
    "cues": "please " * 9362,
    "vetoes": "if you " * 9362,
    "greetings": "hi," * 21845,
    "addresses": "a@" * 32768,
    "white space": " " * 65535 + "x",
    "open code": "`" * 65535,
    "lines": "can you\n" * 8192,
    "emoji": ":a" * 32768,
    "links": "http://" * 9362,
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("function", [asking, likelihood, weighed, chases, withdrawn, refers])
def test_64_kb_of_junk_take_no_time(kind: str, function: Callable[[str], object]) -> None:
    likelihood("reads the weights")
    spent = []
    for _ in range(3):
        asks.is_request.cache_clear()
        begun = time.process_time()
        function(HOSTILE[kind])
        spent.append(time.process_time() - begun)
    assert min(spent) < 0.1


def test_the_weights_are_read_when_first_needed() -> None:
    code = "from briefing.rules import asks; print(asks._model.cache_info().currsize); asks.likelihood('Why?'); print(asks._model.cache_info().currsize)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["0", "1"]


def test_the_weights_are_few_and_carry_words_only() -> None:
    text = WEIGHTS.read_text(encoding="utf-8")
    kept = json.loads(text)
    assert len(text) < 100_000
    assert "Apache License 2.0" in kept["about"]
    assert len(kept["weights"]) < 5000
    assert [feature for feature in kept["weights"] if re.search(r"\d|@", feature)] == []
    # The logistic function overflows beyond 709.
    assert sum(abs(weight) for weight in kept["weights"].values()) / 100 < 700


def test_the_held_out_sentences_name_nobody() -> None:
    text = (DATA / "held_out.tsv").read_text(encoding="utf-8")
    assert len(text.encode()) < 150_000
    assert set(re.findall(r"[\w.+-]+@[\w.-]+\w", text)) <= {"someone@mail.example"}
    assert re.search(r"[1-9]", text) is None
    assert "Copyright 2014 Parakweet Labs" in (DATA / "README.md").read_text(encoding="utf-8")
