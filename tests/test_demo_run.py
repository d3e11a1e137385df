"""The demo as it is shown: the three sentences on top, and a `why` that multiplies out for every printed item."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from briefing.cli.demos import DemoOptions, read_and_compile, served
from briefing.compile import Compiled
from briefing.demo.judge import COUNTED, Judge
from briefing.demo.world import DEMO_SEED
from briefing.why_text import why
from briefing.workspace import compile_in, open_run
from tests.worlds import world_of

NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)
MORNINGS = (date(2026, 11, 22), date(2027, 3, 29))
"""A Sunday, and the Monday after the clocks went forward. The Thursday of the picture is judged in test_demo_judge.py,
and read source by source in the tests of the connectors.
"""


@pytest.fixture(scope="module", params=MORNINGS, ids=str)
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compiled]:
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(home))
    with served(DemoOptions(day=request.param, out=home / "out"), NOW) as (_, workspace):
        compiled = read_and_compile(workspace, NOW)
    yield compiled
    patch.undo()


def test_every_source_is_read_whole(demo: Compiled) -> None:
    assert {reading.status for reading in demo.facts.readings} == {"whole"}
    assert sum(source.skipped for source in demo.briefing.coverage) == 0


def test_the_three_sentences_stand_in_full(demo: Compiled) -> None:
    cards = {item.rule: card for card in demo.briefing.cards if card.full
             for item in demo.briefing.items if item.id == card.id}  # fmt: skip
    milestone, ad, proposal = (cards[name] for name in ("milestone-no-tasks", "cpl-up", "proposal-viewed"))
    assert re.fullmatch(r"Acme site: Launch is \d workdays? out \(\w+\) with no tasks assigned\.", milestone.headline)
    assert ad.headline.startswith("Brightside: leads cost 19 % more than usual ($10.00 against $8.40, 7 days")
    assert any("Ad changes were minimal" in sentence for sentence in ad.body)
    assert proposal.headline == "Northwind retainer proposal: viewed 6 days ago, no answer. $48,000."
    assert any(sentence.startswith("No reply in ") for sentence in proposal.body)
    for card in (milestone, ad, proposal):
        assert card.owner is not None
        assert card.ask.endswith("?")
        assert card.links
        assert card.read


def test_the_ad_account_is_news_by_the_method(demo: Compiled) -> None:
    item = next(item for item in demo.briefing.items if item.rule == "cpl-up" and item.client == "Brightside")
    text = "\n".join(why(demo.briefing, item.id))
    for figure in ("dispersion:", "leads expected:", "account p:", "limit", "loss a day, lower bound:"):
        assert figure in text.lower()
    assert item.stage == "news"


def test_what_accelo_tells_holds_in_the_agency(demo: Compiled) -> None:
    """Read on the wire, in Accelo's own numbers: nothing untrue, nothing that only looks so, nothing missed."""
    judge = Judge(world_of(DEMO_SEED, demo.briefing.date), demo.briefing.date)
    found = judge.judge(demo.briefing)
    verdicts = [v for v in found.verdicts if v.matter[0] in COUNTED]
    assert {v.matter[0] for v in verdicts} >= {"milestone", "task", "project", "ticket"}
    assert not [(v.headline, v.why) for v in verdicts if v.kind not in {"planted", "grey", "unplanned"}]
    assert not [miss.planted for miss in found.misses if miss.planted.matter[0] in COUNTED]
    assert not [v for v in verdicts if v.wrong_client]


AMOUNT = re.compile(r"\$([\d,]+(?:\.\d\d)?)")


def test_why_multiplies_out_for_every_item(demo: Compiled) -> None:
    assert len(demo.briefing.items) > 10
    for item in demo.briefing.items:
        lines = why(demo.briefing, item.id)
        start = next(number for number, line in enumerate(lines) if "Lost before" in line)
        found = AMOUNT.search(lines[start])
        assert found is not None
        product = None
        for line in lines[start + 1 :]:
            if "Place in the order" in line:
                break
            if product is None and (amount := AMOUNT.search(line)):
                product = Decimal(amount[1].replace(",", ""))
            elif product is not None and (factor := re.search(r" x ([\d.]+)", line)):
                product *= Decimal(factor[1])
        assert product is not None
        assert product.quantize(Decimal("0.01")) - Decimal(found[1].replace(",", "")) < Decimal("0.51")


def test_the_same_run_compiles_to_the_same_bytes(demo: Compiled) -> None:
    workspace = open_run("demo")
    store, _ = workspace.store(NOW)
    again = compile_in(workspace, store, NOW)
    store.close()
    assert again.briefing == demo.briefing


def test_the_files_are_the_owners_alone(demo: Compiled) -> None:
    assert (Path(open_run("demo").folder) / "readings.sqlite").stat().st_mode & 0o077 == 0
