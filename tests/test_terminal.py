"""The page in the terminal: 80 columns, other widths, pipes, colours, links, hostile text, speed."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from briefing.document import Briefing
from briefing.terminal import WIDEST, print_briefing
from tests.generated_briefing import briefings, flat, in_terminal, with_text
from tests.sample_briefing import MORNINGS, working_thursday

LINK = re.compile(r"\x1b\]8;[^;]*;([^\x1b]*)\x1b\\")
STYLE = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.parametrize("morning", list(MORNINGS))
def test_a_whole_morning_in_80_columns(morning: str, snapshot: SnapshotAssertion) -> None:
    assert in_terminal(MORNINGS[morning]()) == snapshot


@pytest.mark.parametrize("width", [40, 100])
def test_other_widths(width: int, snapshot: SnapshotAssertion) -> None:
    assert in_terminal(working_thursday(), width=width) == snapshot


def test_no_wider_than_reads_well() -> None:
    lines = in_terminal(working_thursday(), width=240).splitlines()
    assert max(map(len, lines)) == WIDEST


@settings(max_examples=20, deadline=None)
@given(briefings(), st.integers(20, 140))
def test_no_line_is_wider_than_the_console(briefing: Briefing, width: int) -> None:
    for line in in_terminal(briefing, width=width).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


@settings(max_examples=10, deadline=None)
@given(briefings())
def test_a_narrow_console_says_the_same(briefing: Briefing) -> None:
    narrow, wide = (
        flat(in_terminal(replace(briefing, ads=replace(briefing.ads, rows=())), width=w)) for w in (44, 100)
    )
    assert sorted(narrow.split()) == sorted(wide.split())


def test_a_pipe_gets_plain_text() -> None:
    assert "\x1b" not in in_terminal(working_thursday())


def test_a_terminal_gets_links_and_weights() -> None:
    shown = in_terminal(working_thursday(), force_terminal=True, color_system="standard")
    assert LINK.findall(shown)[::2] == [
        "https://accelo.example/projects/4711", "https://ads.example/991", "https://pandadoc.example/d/77",
    ]  # fmt: skip
    assert STYLE.sub("", LINK.sub("", shown)) == in_terminal(working_thursday())
    assert "\x1b[1mDecide: " in shown or "\x1b[1m   Decide: " in shown


@pytest.mark.parametrize("morning", list(MORNINGS))
def test_colours_are_the_terminals_own_and_neither_black_nor_white(morning: str) -> None:
    shown = in_terminal(MORNINGS[morning](), force_terminal=True, color_system="truecolor")
    used = {number for code in re.findall(r"\x1b\[([\d;]*)m", shown) for number in code.split(";")}
    assert used <= {"0", "1", "2", "31", "32"}, "bold, dim, red and green"


def test_no_color_keeps_weights_and_drops_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = in_terminal(MORNINGS["bad"](), force_terminal=True, color_system="truecolor")
    used = {number for code in re.findall(r"\x1b\[([\d;]*)m", shown) for number in code.split(";")}
    assert used <= {"0", "1", "2"}
    assert STYLE.sub("", LINK.sub("", shown)) == in_terminal(MORNINGS["bad"]())


def test_a_file_with_colours_gets_no_links() -> None:
    shown = in_terminal(working_thursday(), force_terminal=False, color_system="standard")
    assert STYLE.search(shown)
    assert not LINK.search(shown)


def test_an_unsafe_link_is_not_made() -> None:
    first, *rest = working_thursday().cards
    link = replace(first.links[0], url="javascript:alert(1)")
    briefing = replace(working_thursday(), cards=(replace(first, links=(link,)), *rest))
    shown = in_terminal(briefing, force_terminal=True)
    assert "javascript" not in shown
    assert len(LINK.findall(shown)) == 4


@pytest.mark.parametrize(
    "hostile", ["[/red]", "[/]", "[bold", "[link=https://evil.example]x[/link]", ":skull:", "\\[x]"]
)
def test_markup_is_text(hostile: str) -> None:
    bad = with_text(working_thursday(), lambda text: f"{hostile} {text}")
    shown = flat(LINK.sub("", STYLE.sub("", in_terminal(bad, force_terminal=True))))
    assert f"{hostile} {working_thursday().cards[0].headline}" in shown
    assert "evil.example" not in "".join(LINK.findall(in_terminal(bad, force_terminal=True)))


def test_the_ids_end_at_the_right_edge() -> None:
    lines = in_terminal(working_thursday()).splitlines()
    for card in working_thursday().cards:
        (line,) = [
            line for line in lines if re.search(rf"\b{card.id}\b", line) and "[" not in line and "why" not in line
        ][:1]
        assert line.endswith((card.id, card.read))
        if not card.full:
            assert len(line) == 80


def test_what_is_open_stands_beside_the_meeting() -> None:
    lines = in_terminal(working_thursday()).splitlines()
    (line,) = [line for line in lines if line.startswith(" 11:30 Larkspur check-in")]
    assert line.index("Open: 4 at risk [q2dw]") == 51


def test_every_item_on_request() -> None:
    console = Console(file=io.StringIO(), width=80)
    print_briefing(working_thursday(), console, all_items=True)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "11 more" not in shown
    assert all(re.search(rf"^   .*{item}$", shown, re.MULTILINE) for item in working_thursday().more if item != "r6va")


def test_twenty_items_print_at_once() -> None:
    """Below 50 ms once Rich is loaded, the best of five: a terminal briefing is to take 0.4 s in all."""
    in_terminal(working_thursday(), force_terminal=True)

    def taken() -> float:
        start = time.perf_counter()
        in_terminal(working_thursday(), force_terminal=True)
        return time.perf_counter() - start

    assert min(taken() for _ in range(5)) < 0.05
