"""Conversations: joined by ids, whatever the order of reading; by subject only where ids are missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.reading.threads import Threads, base_subject

START = datetime(2026, 11, 1, 9, tzinfo=UTC)
Mail = tuple[str, tuple[str, ...], int]
"""Id, links, and hours since the start."""


def joined(mails: Sequence[Mail]) -> Threads:
    threads = Threads()
    for own, links, hours in mails:
        threads.add(own, links, START + timedelta(hours=hours))
    return threads


def names(mails: Sequence[Mail]) -> dict[str, str]:
    threads = joined(mails)
    return {own: threads.of(own) for own, _, _ in mails}


def test_either_field_joins() -> None:
    found = names([("a", (), 0), ("b", ("a",), 1), ("c", ("x", "b"), 2), ("d", (), 3)])
    assert found["a"] == found["b"] == found["c"] != found["d"]


def test_answers_to_a_mail_nobody_has_belong_together() -> None:
    found = names([("b", ("a",), 1), ("c", ("a",), 2)])
    assert found["b"] == found["c"]


def test_a_later_mail_does_not_rename_a_conversation() -> None:
    before = [("m", (), 5), ("z", ("m",), 6)]
    later = [*before, ("a", ("z",), 7), ("b", ("m", "z"), 8)]
    assert names(before)["m"] == names(later)["m"] == names(later)["a"]


def test_a_conversation_is_named_alike_with_and_without_its_oldest_mails() -> None:
    everything = [("root", (), 0), ("b", ("root",), 1), ("c", ("root", "b"), 2)]
    assert names(everything)["c"] == names(everything[1:])["c"] == names(everything[2:])["c"]


mails = st.lists(
    st.tuples(
        st.sampled_from("abcdefghij"),
        st.lists(st.sampled_from("abcdefghijkl"), max_size=3).map(tuple),
        st.integers(0, 50),
    ),
    max_size=12,
    unique_by=lambda mail: mail[0],
)


@given(mails, st.randoms())
def test_the_order_of_reading_changes_nothing(found: list[Mail], random: Random) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert names(found) == names(shuffled)


@given(mails)
def test_exactly_what_is_linked_is_joined(found: list[Mail]) -> None:
    """Against a plain flood over the graph of links."""
    edges = {(own, link) for own, links, _ in found for link in links}
    component = {own: {own} for own, _, _ in found}
    for own, reached in component.items():
        todo = [own]
        while todo:
            here = todo.pop()
            near = {b for a, b in edges if a == here} | {a for a, b in edges if b == here}
            todo += near - reached
            reached.update(near)
    named = names(found)
    for one, reached in component.items():
        for other in component:
            assert (named[one] == named[other]) == (other in reached)


# --- where ids are missing ------------------------------------------------------------------------------------------


def by_heading(rows: Sequence[tuple[str, tuple[str, ...], int, str, str, bool]]) -> dict[str, str]:
    """Rows of id, links, hours, subject, people, and whether the mail has an id of its own."""
    threads = Threads()
    for own, links, hours, subject, people, has_id in rows:
        at = START + timedelta(hours=hours)
        threads.add(own, links, at)
        loose = not links
        threads.add_heading(own, subject, frozenset(people.split()), at, loose=loose, orphan=loose and not has_id)
    return {row[0]: threads.of(row[0]) for row in rows}


def test_an_answer_without_any_id_joins_the_question_of_its_subject_and_people() -> None:
    found = by_heading(
        [
            ("q", (), 0, "Booking link", "dana ines", True),
            ("other", (), 1, "Booking link", "omar ines", True),
            ("reply", (), 2, "Re: Booking link", "ines dana", False),
        ]
    )
    assert found["reply"] == found["q"] != found["other"]


def test_an_answer_to_a_mail_without_an_id_joins_it() -> None:
    found = by_heading(
        [
            ("q", (), 0, "Booking link", "dana ines", False),
            ("reply", (), 2, "AW: Booking link", "ines dana", True),
            ("new", (), 3, "Booking link", "ines dana", True),
        ]
    )
    assert found["reply"] == found["q"] != found["new"]


def test_mails_with_ids_are_never_joined_by_subject() -> None:
    found = by_heading([("a", (), 0, "Report", "dana ines", True), ("b", (), 1, "Re: Report", "dana ines", True)])
    assert found["a"] != found["b"]


headings = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), max_size=1).map(tuple), st.integers(0, 20),
        st.sampled_from(["Report", "Re: Report", "Offer"]), st.sampled_from(["x y", "y z", "x y z", "x"]), st.booleans(),
    ),
    max_size=8, unique_by=lambda row: row[0],
)  # fmt: skip


@given(headings, st.randoms())
def test_the_order_of_reading_changes_nothing_by_subject_either(
    rows: list[tuple[str, tuple[str, ...], int, str, str, bool]], random: Random
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert by_heading(rows) == by_heading(shuffled)


@pytest.mark.parametrize(
    ("subject", "base", "marked"),
    [
        ("Re: Re: Offer", "offer", True),
        ("AW: WG: Offer", "offer", True),
        ("Re[2]: [EXTERNAL] Offer ", "offer", True),
        ("Offer: red or blue", "offer: red or blue", False),
        ("[Team] Offer", "[team] offer", False),
        ("Re:", "", True),
        ("", "", False),
    ],
)
def test_base_subjects(subject: str, base: str, marked: bool) -> None:
    assert base_subject(subject) == (base, marked)
