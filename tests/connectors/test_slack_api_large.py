"""Slack at the largest size it is meant for: 500 conversations; 5,000 messages in one of them."""

from __future__ import annotations

import time
import tracemalloc
from random import Random

from briefing.connector import Mark
from briefing.facts import Message
from tests.connectors.reading import window
from tests.connectors.slack_wire import Workspace, channel, on_the_wire, read_all, said


def test_five_hundred_conversations_take_two_calls_each_and_one_on_the_next_morning() -> None:
    random = Random(1)
    workspace = Workspace(channels=[channel(f"C{n}", f"room-{n}") for n in range(500)])
    for number in range(500):
        rows = [said(f"m{k}", random.choice(["UTOM", "UDANA"]), 3 + 80 * k + random.random()) for k in range(8)]
        workspace.history[f"C{number}"] = rows
    with on_the_wire(workspace, budget=2000) as connector:
        began = time.thread_time()
        got = read_all(connector)
        took = time.thread_time() - began
        assert (len(got.messages), got.errors) == (4_000, {})
        assert len(workspace.calls) == 4 + 2 * 500
        workspace.calls.clear()
        again = read_all(connector, {scope: got.mark(scope) for scope in got.places if got.of(Mark, scope)})
    assert len(workspace.calls) == 4 + 500
    assert (again.gone, len(again.messages)) == ([], 4_000)
    # Measured: 4 s of one core for the client's side; a connector that compares all with all takes minutes.
    assert took < 20


def test_a_conversation_of_five_thousand_messages_takes_six_pages_and_little_memory() -> None:
    workspace = Workspace()
    workspace.history["C1"] = [said("x" * 200, "UTOM", 0.1 + 0.13 * n) for n in range(5000)]
    with on_the_wire(workspace) as connector:
        (stream,) = (stream for stream in connector.streams(window()) if stream.scope == "#client-juniper")
        tracemalloc.start(1)
        count, last = 0, None
        for thing in stream.read(window(), None):
            count += isinstance(thing, Message)
            last = thing
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 5000
    assert workspace.counts["conversations.history"] == 6
    assert isinstance(last, Mark)
    assert len(last.value) < 150_000
    assert peak < 60_000_000
