"""`briefing why`: its arithmetic holds for whoever checks it with a pocket calculator."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from briefing import layout
from briefing.document import Briefing, CardPart, FactorLine, ItemDoc
from briefing.errors import UsageError
from briefing.rules import load_all
from briefing.why_text import exact, find, print_why, times, why
from tests.generated_briefing import flat, items, with_text
from tests.sample_briefing import working_thursday

DOCS = {"proposal-viewed": "A proposal was viewed and has no answer.\n\nMore about it.", "cpl-up": "Leads cost more."}


def text(briefing: Briefing, item: str, **more: int) -> str:
    return "\n".join(why(briefing, item, docs=DOCS, **more)) + "\n"


@pytest.mark.parametrize("item", ["n4qf", "k7mp", "b9rd"])
def test_a_whole_ledger(item: str, snapshot: SnapshotAssertion) -> None:
    assert text(working_thursday(), item) == snapshot


def test_a_narrow_console(snapshot: SnapshotAssertion) -> None:
    assert text(working_thursday(), "n4qf", width=44) == snapshot


# --- the arithmetic ------------------------------------------------------------------------------------------------

NUMBER = r"-?(?:[A-Z]{0,3} ?|[^\d\s-]{0,3})([\d,]+(?:\.\d+)?)"


def numbers(lines: list[str]) -> tuple[Decimal, Decimal, list[Decimal], Decimal, list[Decimal], list[Decimal]]:
    """What the ledger prints: loss, stake, factors, place, the place's product as written, the place's factors."""
    ledger = "\n".join(lines).split("\n\n")[1]
    before, after = ledger.split(" Place in the order", 1)
    (loss,) = re.findall(rf"^ Lost before .*?\s{{2,}}(?:at least )?{NUMBER}\s", before, re.MULTILINE)
    (stake,) = re.findall(rf"^   (?:amount|house price)\s+{NUMBER}\s", before, re.MULTILINE)
    place, *product = [each.replace(",", "") for each in re.findall(r"[\d,]+\.\d+|[\d,]*\d", after.split("\n")[0])]

    def factors(block: str) -> list[Decimal]:
        return [Decimal(found) for found in re.findall(r" x ([\d.]+)(?:\s|$)", block)]

    return (
        Decimal(loss.replace(",", "")), Decimal(stake.replace(",", "")), factors(before), Decimal(place),
        [Decimal(each) for each in product], factors(after.split("\n", 1)[1] if "\n" in after else ""),
    )  # fmt: skip


def product(*values: Decimal) -> Decimal:
    result = Decimal(1)
    for value in values:
        result *= value
    return result


HALF_A_CENT = Decimal("0.005")


def with_item(item: ItemDoc) -> Briefing:
    return replace(working_thursday(), items=(item,), cards=(), more=())


@settings(max_examples=300, deadline=None)
@given(items("aaaa"), st.sampled_from(["USD", "EUR", "CHF", "JPY", "XAU"]))
def test_the_printed_factors_multiply_to_the_printed_figures(item: ItemDoc, currency: str) -> None:
    plain = with_words(item, currency)
    loss, stake, factors, place, written, place_factors = numbers(why(with_item(plain), "aaaa", docs={}))
    assert stake == item.lost.stake
    assert factors == [factor.value for factor in item.lost.factors]
    assert abs(product(stake, *factors) - loss) <= HALF_A_CENT
    assert written == [loss, *place_factors]
    assert place_factors == [factor.value for factor in item.place.factors]
    assert abs(product(loss, *place_factors) - place) <= HALF_A_CENT


def with_words(item: ItemDoc, currency: str) -> ItemDoc:
    """Names and sources without numbers of their own, so that the ledger can be read back."""

    def named(lines: tuple[FactorLine, ...]) -> tuple[FactorLine, ...]:
        return tuple(replace(line, name="a factor", source="somewhere") for line in lines)

    lost = replace(item.lost, currency=currency, factors=named(item.lost.factors), stake_source="a list")
    return replace(item, lost=lost, place=replace(item.place, factors=named(item.place.factors)))


def test_the_sample_multiplies_out() -> None:
    for item in working_thursday().items:
        loss, stake, factors, place, written, place_factors = numbers(
            why(with_item(with_words(item, "USD")), item.id, docs={})
        )
        assert abs(product(stake, *factors) - loss) <= HALF_A_CENT
        assert abs(product(*written) - place) <= HALF_A_CENT
        assert written[1:] == place_factors


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("120", "USD", "$120"), ("98.4", "USD", "$98.40"), ("98.40", "EUR", "€98.40"), ("48000.00", "USD", "$48,000"),
        ("0", "USD", "$0"), ("0.00", "USD", "$0"), ("1234567.5", "CHF", "CHF 1,234,567.50"), ("0.125", "USD", "$0.125"),
        ("-3.5", "USD", "-$3.50"), ("1E+3", "USD", "$1,000"), ("120", "JPY", "¥120"), ("120.5", "JPY", "¥120.50"), ("7", "", "7"),
    ],
)  # fmt: skip
def test_amounts_keep_every_digit(value: str, currency: str, shown: str) -> None:
    assert exact(Decimal(value), currency) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [("1", "1.00"), ("0.25", "0.25"), ("0.5", "0.50"), ("0.125", "0.125"), ("0", "0.00")]
)
def test_factors_have_two_digits_or_more(value: str, shown: str) -> None:
    assert times(Decimal(value)) == shown


# --- which item ----------------------------------------------------------------------------------------------------


def test_any_beginning_that_only_one_item_has_will_do() -> None:
    assert find(working_thursday(), "n4").id == "n4qf"
    assert find(working_thursday(), "N4QF").id == "n4qf"


@pytest.mark.parametrize(
    ("asked", "said"), [("zzzz", 'no item "zzzz"'), ("", "no item"), ("a", '"a" could be a5tk and a9bn')]
)
def test_an_id_that_means_none_or_several_is_refused(asked: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find(working_thursday(), asked)


def test_an_exact_id_wins_over_longer_ones() -> None:
    first = replace(working_thursday().items[0], id="n4qfx")
    assert find(replace(working_thursday(), items=(first, *working_thursday().items)), "n4qf").id == "n4qf"


# --- what it says --------------------------------------------------------------------------------------------------


def test_the_other_items_of_the_card_and_what_they_add() -> None:
    usual = working_thursday()
    first = replace(
        usual.cards[0], reasons=("a5tk", "a9bn"),
        parts=(*usual.cards[0].parts, CardPart(item="a5tk", stake_key="a5tk", amount=Decimal(15))),
    )  # fmt: skip
    order = (usual.items[0], *(find(usual, name) for name in ("a5tk", "a9bn")), *usual.items[1:])
    briefing = replace(usual, cards=(first, *usual.cards[1:]), items=tuple(dict.fromkeys(order)))
    lines = flat(text(briefing, "k7mp"))
    assert "Same card Acme site: Copy review overdue since Monday. Priya. a5tk, adds $15 Acme ads" in lines
    assert "Acme ads: 88 % of the budget used, 60 % of the time. a9bn, the same money Gone when" in lines
    assert "card 1, place 3 of 18" in text(briefing, "a9bn")
    assert "card 2, place 4 of 18" in text(briefing, "b9rd")


def test_what_does_not_apply_is_left_out() -> None:
    bare = replace(
        working_thursday().items[0], owner=None, figures=(), looked_in=(), not_in=(), gone_when="", evidence=()
    )
    lines = text(with_item(bare), "k7mp")
    assert " Owner        no owner\n" in lines
    for label in ("Looked in", "Not in", "Gone when", "Facts", "Figures", "Same card"):
        assert f" {label}" not in lines


def test_the_sentence_of_the_rule_is_the_rules_own() -> None:
    rule = load_all()["milestone-no-tasks"]
    first = rule.doc.splitlines()[0].rstrip(".")
    said = flat("\n".join(why(working_thursday(), "k7mp")))
    assert f"Rule milestone-no-tasks: {first[0].lower()}{first[1:]} Owner" in said
    assert "not a rule of this version" in "\n".join(why(working_thursday(), "q2dw", docs={}))


def test_an_older_reading_carries_its_day() -> None:
    first, *rest = working_thursday().items
    old = tuple(replace(line, as_of=line.as_of and line.as_of.replace(day=18)) for line in first.evidence)
    assert "accelo yesterday 06:43: Acme site" in text(
        replace(working_thursday(), items=(replace(first, evidence=old), *rest)), "k7mp"
    )


def test_the_next_edition_where_nobody_said_when() -> None:
    assert " Lost before the next edition " in text(replace(working_thursday(), next_edition=""), "n4qf")


@pytest.mark.parametrize(
    "hostile", ["[/red]", "\x1b[31m", "\u202e", "line\nbreak", "<script>", "x" * 10_000, "javascript:alert(1)"]
)
@pytest.mark.parametrize("width", [30, 44, 80])
def test_hostile_text_stays_text_and_in_its_columns(hostile: str, width: int) -> None:
    briefing = with_text(working_thursday(), lambda text: f"{hostile} {text}")
    for item in briefing.items[:3]:
        for line in why(briefing, item.id, width=width, docs={}):
            assert line.isprintable()
            assert layout.width(line) <= width or "://" in line
        console = Console(file=io.StringIO(), width=width, force_terminal=True)
        print_why(briefing, item.id, console, docs={})
        assert isinstance(console.file, io.StringIO)
        assert re.sub(r"\x1b\[[\d;]*m", "", console.file.getvalue()).replace("\n", "").isprintable()


def test_the_terminal_prints_the_same() -> None:
    console = Console(file=io.StringIO(), width=80)
    print_why(working_thursday(), "n4qf", console, docs=DOCS)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == text(working_thursday(), "n4qf")
