"""The post of an edition and its thread: the picture, Slack's limits, and text from outside."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.deliver.slack_post import escaped, post_of
from briefing.demo.server.slack_posts import check_blocks, leaves
from briefing.document import Briefing, Line, Link, from_json, to_json
from tests.sample_briefing import CARDS, MORNINGS, working_thursday

POST = """
Thursday 19 November: 3 to decide

*1  Acme site: Launch is 3 workdays out (Tuesday) with no tasks assigned.*
Earlier milestones had 5 to 9. Project fee $36,000. New. Owner Janine, out until Monday.
_Decide: who takes it?_  <Accelo 06:43>  k7mp

*2  Brightside: leads cost 19 % more than usual ($10.00 against $8.40, 7 days).*
About $270 a day, at least $150. Fewer visitors become leads; click prices unchanged. Ad changes were minimal: \
two keywords paused Tuesday. Since 12 November. Owner Lena.
_Decide: look now or wait?_  <Google Ads 06:45>  b9rd

*3  Northwind retainer proposal: viewed 6 days ago, no answer. $48,000.*
No reply in PandaDoc, HubSpot, Slack, your inbox. Meeting 10:00. Worse, day 3. Owner Marco.
_Decide: follow up or hold?_  <PandaDoc 06:47>  n4qf

4 more in the thread, 11 more by client. 8 of 9 sources whole; Meta lacks 2 accounts.
"""
HOSTILE = "<!channel> <@U0MAYA001> @here <https://evil.example|our portal> *bold* `x` & [/] :tada:"


def sent(briefing: Briefing) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = json.loads(post_of(briefing))["messages"]
    for message in messages:
        check_blocks(message["blocks"])
    return messages


def drawn(message: dict[str, Any]) -> str:
    """Blocks as the picture draws them."""
    return "\n\n".join(map(_drawn, message["blocks"]))


def _drawn(block: dict[str, Any]) -> str:
    if block["type"] == "header":
        return str(block["text"]["text"])
    signs = {"bold": "*", "italic": "_"}
    parts = []
    for leaf in leaves(block):
        sign = next((signs[style] for style in leaf.get("style", {})), "")
        text = f"<{leaf['text']}>" if leaf["type"] == "link" else leaf["text"]
        parts.append(f"{sign}{text}{sign}")
    return "".join(parts)


def everything(messages: list[dict[str, Any]]) -> str:
    return "\n".join(map(drawn, messages))


# --- the picture -----------------------------------------------------------------------------------------------------


def test_the_post_is_the_picture() -> None:
    first, *_ = sent(working_thursday())
    assert drawn(first) == POST.strip()
    assert first["text"] == (
        "3 to decide: Acme launch Tuesday has no tasks. Brightside: leads cost 19 % more than usual. "
        "Northwind retainer proposal: viewed 6 days ago, $48,000."
    )


def test_the_thread_is_in_the_pictures_order() -> None:
    _, *replies = sent(working_thursday())
    headings = [[_drawn(block).partition("\n")[0] for block in reply["blocks"]] for reply in replies]
    assert headings == [
        ["*4*  Larkspur at risk: replies take 31 h, usual 9 h; $6,500 a month. Ines.  q2dw"],
        [
            "*Today*  5 meetings, 3 h 30 min. Longest free stretch 12:00 to 15:30.",
            "*Since Wednesday 07:00*  4 new, 3 worse, 1 back, 10 unchanged, 3 resolved",
        ],
        ["*Scorecard*  15 of 18 on target.", "*Ads*  Wednesday 18 November: $14,900 in 42 accounts, usual $14,600."],
        ["*Held*", "*Not checked*", "*Notes*", "Order: what is lost before Friday 07:00. briefing why k7mp"],
    ]
    assert drawn(replies[0]).endswith("\n11 more: Acme 2, Oakline 2, Fenwick 1, six other clients 1 each.")


@pytest.mark.parametrize("name", MORNINGS)
def test_every_card_section_and_meeting_is_there_once(name: str) -> None:
    briefing = MORNINGS[name]()
    text = everything(sent(briefing))
    for card in briefing.cards:
        assert text.count(card.headline if card.full else card.line) == 1
    lines = (*briefing.held, *briefing.resolved, *briefing.decided, *briefing.changes.worse)
    for told in (*(line.text for line in lines), *(meeting.title for meeting in briefing.agenda.appointments)):
        assert told in text
    for source, texts in briefing.coverage_lines:
        assert all(one in text for one in (source, *texts))


def test_a_calm_day_says_so_in_a_few_words() -> None:
    first, *replies = sent(MORNINGS["calm"]())
    assert drawn(first) == (
        "Thursday 3 December: Nothing needs you\n\n9 of 9 sources whole by 06:49, 24 of 24 rules ran, 2 limits."
    )
    assert first["text"] == "Nothing needs you: 9 of 9 sources read whole."
    assert len(replies) == 3


def test_what_is_newly_not_read_stands_in_the_post_and_first_in_the_thread() -> None:
    first, reply, *_ = sent(MORNINGS["bad"]())
    head, opening, *_ = drawn(first).split("\n\n")
    assert head == "Thursday 19 November: Accelo and Meta not read, 2 to decide"
    assert opening.startswith("Accelo and Meta Ads were not read, new today. PandaDoc is from Wednesday.")
    assert drawn(reply).startswith("*Not checked*\n_Accelo  _Login refused")
    assert first["text"].startswith("Accelo and Meta not read, 2 to decide. Brightside: leads cost 19 %")


@pytest.mark.parametrize("name", MORNINGS)
def test_the_document_is_read_back_as_it_was(name: str) -> None:
    briefing = MORNINGS[name]()
    assert from_json(to_json(briefing)) == briefing
    assert post_of(from_json(to_json(briefing))) == post_of(briefing)


@pytest.mark.parametrize("text", ["{}", "[]", '{"schema": "briefing/2"}'])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no document"):
        from_json(text)


# --- text from outside -----------------------------------------------------------------------------------------------


def hostile(text: str) -> Briefing:
    usual = working_thursday()
    card = replace(CARDS[0], headline=text, line=text, body=(text,), ask=text, read=text)
    return replace(
        usual, cards=(card, replace(CARDS[3], line=text)), subject=f"1 to decide: {text} (Thu 19 Nov)", more_line=text,
        held=(Line(text=text),), scorecard=replace(usual.scorecard, title=text), second_line=f"1 to decide. {text}",
    )  # fmt: skip


def test_nothing_that_slack_parses_can_ping_or_link() -> None:
    messages = sent(hostile(HOSTILE))
    parsed = [text for message in messages for text in (message["text"], *message["plain"])]
    assert sum("&lt;!channel&gt;" in text for text in parsed) > 3
    for text in parsed:
        assert not {"<", ">"} & {*text}
        assert "@here" not in text
    kinds = {block["type"] for message in messages for block in message["blocks"]}
    assert kinds == {"header", "rich_text"}
    elements = [leaf for message in messages for block in message["blocks"][1:] for leaf in leaves(block)]
    assert {leaf["type"] for leaf in elements} == {"text", "link"}
    assert {leaf["url"] for leaf in elements if leaf["type"] == "link"} == {"https://accelo.example/projects/4711"}
    assert any(HOSTILE in leaf["text"] for leaf in elements)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://plain.example", "//evil.example", "https://a@evil.example"]
)
def test_a_link_that_may_not_be_clicked_is_text(url: str) -> None:
    card = replace(CARDS[0], links=(Link(text="Open it", url=url),))
    (first, *_) = sent(replace(working_thursday(), cards=(card,)))
    assert url not in json.dumps(first)
    assert "Accelo 06:43" in drawn(first)


def test_an_address_keeps_its_sign() -> None:
    assert escaped("maya@heron.example, @Here!") == "maya@heron.example, @\N{WORD JOINER}Here!"


# --- limits ----------------------------------------------------------------------------------------------------------


def long(size: int) -> Briefing:
    usual = working_thursday()
    text = "W" * size
    cards = tuple(replace(card, headline=text, line=text, body=(text, text)) for card in CARDS)
    return replace(
        usual, cards=cards, subject=f"3 to decide: {text}", more_line=text, held=(Line(text=text),) * 200,
        coverage_lines=((text, (text,) * 9),), workspace=text,
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 80, 999, 1_001, 3_000, 50_000])
def test_every_message_is_within_the_limits(size: int) -> None:
    messages = sent(long(size))  # checked as the server checks it
    for message in messages:
        assert len(message["blocks"]) <= 50
        assert len(message["text"]) <= 4_000
        assert all(0 < len(chunk) <= 4_000 for chunk in message["plain"])
        for block in message["blocks"]:
            length = sum(len(leaf["text"]) for leaf in leaves(block)) if block["type"] == "rich_text" else 0
            assert length <= 3_000
    assert len(messages) < 30
    assert "140 more lines: briefing show --all" in everything(messages)


def test_the_id_of_a_long_card_is_never_cut_off() -> None:
    text = everything(sent(long(50_000)))
    assert all(f"  {card.id}" in text for card in CARDS)


@given(st.lists(st.text(max_size=3000), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_whatever_is_said_fits_and_pings_nobody(texts: list[str]) -> None:
    usual = replace(
        working_thursday(), held=tuple(Line(text=text) for text in texts), subject=texts[0], second_line=texts[-1]
    )
    for message in sent(usual):
        assert message["text"].strip()
        for text in (message["text"], *message["plain"]):
            assert 0 < len(text) <= 4_000
            assert not {"<", ">"} & {*text}
