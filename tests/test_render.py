"""The page in Markdown, HTML, plain text and JSON: what stands in it, in which order, and what never does."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from briefing import layout
from briefing import render as rendering
from briefing.document import AdRow, Briefing, Gap, Line, Link, to_json
from briefing.errors import UsageError
from briefing.page import LONGEST, page, safe_url
from briefing.render import HTML_LIMIT, encoded_size, markdown, render
from tests.generated_briefing import (
    briefings,
    flat,
    in_terminal,
    read_html,
    read_markdown,
    with_text,
)
from tests.hostile import CONTROL, MARKUP, TOGETHER
from tests.sample_briefing import MORNINGS, bad_thursday, calm_thursday, working_thursday

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A page has hundreds of drawn numbers: making a failing one smaller takes minutes and says little more."""


# --- the pages as they are -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["md", "html", "text", "json"])
@pytest.mark.parametrize("morning", list(MORNINGS))
def test_a_whole_morning(morning: str, form: str, snapshot: SnapshotAssertion) -> None:
    assert render(MORNINGS[morning](), form) == snapshot


def test_every_item_is_listed_when_all_are_asked_for(snapshot: SnapshotAssertion) -> None:
    assert render(working_thursday(), "text", all_items=True) == snapshot
    for form in ("md", "html", "text"):
        shown = render(working_thursday(), form, all_items=True)
        positions = [shown.index(item.id) for item in working_thursday().items]
        assert positions == sorted(positions)
        assert "11 more" not in shown


@pytest.mark.parametrize("form", ["md", "html", "text", "json"])
def test_the_same_briefing_gives_the_same_bytes(form: str) -> None:
    first = render(working_thursday(), form)
    rendering._environment.cache_clear()
    assert render(working_thursday(), form) == first


def test_json_is_the_whole_document() -> None:
    assert render(working_thursday(), "json") == to_json(working_thursday())
    assert json.loads(render(working_thursday(), "json"))["schema"] == "briefing/1"


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no form"):
        render(working_thursday(), "pdf")


# --- all forms hold the same ---------------------------------------------------------------------------------------


def forms(briefing: Briefing) -> dict[str, str]:
    """The words of every form, in reading order."""
    return {
        "md": read_markdown(render(briefing, "md")).text,
        "html": read_html(render(briefing, "html")).text,
        "text": flat(render(briefing, "text")),
        "terminal": flat(in_terminal(briefing)),
    }


@settings(max_examples=25, deadline=None, phases=UNSHRUNK)
@given(briefings())
def test_all_forms_hold_the_same_cards_in_the_same_order_with_the_same_numbers(briefing: Briefing) -> None:
    for form, text in forms(briefing).items():
        at = 0
        for card in briefing.cards:
            lead, *rest = (card.headline, *card.body, card.ask) if card.full else (card.line,)
            found = text.find(flat(lead), at)
            assert found >= 0, (form, lead, text)
            at = found + len(flat(lead))
            assert card.id in text[at:], form
            for sentence in rest:
                assert flat(sentence) in text[at:], (form, sentence, text)
        assert flat(briefing.more_line) in text[at:]
        for title in (briefing.scorecard.title, briefing.ads.title, *briefing.notices):
            assert flat(title) in text[at:], form
        for item in briefing.more:
            assert f"Line {item}." not in text


@settings(max_examples=15, deadline=None, phases=UNSHRUNK)
@given(briefings(), st.integers(30, 110))
def test_plain_text_keeps_its_columns(briefing: Briefing, width: int) -> None:
    for line in render(briefing, "text", width=width).splitlines():
        assert len(line) <= width or "://" in line


def test_numbers_stand_before_their_cards() -> None:
    text, html = flat(render(working_thursday(), "text")), read_html(render(working_thursday(), "html")).text
    for card in working_thursday().cards:
        assert f"{card.number} {card.headline if card.full else card.line}" in text
        assert f"{card.number} {card.headline if card.full else card.line}" in html


# --- text from outside ---------------------------------------------------------------------------------------------


@cache
def harmless_tags(form: str) -> list[str]:
    good = with_text(working_thursday(), lambda text: f"Harmless. {text} Harmless.")
    return {"html": read_html, "md": read_markdown}[form](render(good, form)).tags


@pytest.mark.parametrize("hostile", [*MARKUP, *TOGETHER], ids=lambda text: ascii(text)[1:24])
def test_text_from_outside_stays_text(hostile: str) -> None:
    """The page with hostile text in every field has the same tags, links and attributes as with harmless text."""
    bad = with_text(working_thursday(), lambda text: f"{hostile} {text} {hostile}")
    for form, read in (("html", read_html), ("md", read_markdown)):
        shown = render(bad, form)
        assert read(shown).tags == harmless_tags(form), form
        links = [
            value for tag, name, value in read(shown).attributes if name in {"href", "src", "style"} and "evil" in value
        ]
        assert links == [], form
        assert not CONTROL.search(shown)
    for text in (render(bad, "text"), render(bad, "json"), in_terminal(bad)):
        assert not CONTROL.search(text)
    colourful = re.sub(
        r"\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", in_terminal(bad, force_terminal=True, color_system="256")
    )
    assert not CONTROL.search(colourful)


def test_hostile_text_can_be_read() -> None:
    bad = with_text(working_thursday(), lambda text: f"<script> {text} *a|b* [/red] # x")
    for form, text in forms(bad).items():
        assert flat(f"<script> {working_thursday().cards[0].headline} *a|b* [/red] # x") in text, form


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abc 19.#+-=*_`~|\\<>[]()!&;:/@w\"'{}$^%", max_size=40))
def test_an_escaped_value_renders_as_itself(text: str) -> None:
    text = flat(text)
    read = read_markdown(f"{markdown(text)}\n\n- {markdown(text)}\n\n# {markdown(text)} end\n\n**x** {markdown(text)}")
    assert set(read.tags) <= {"p", "/p", "ul", "/ul", "li", "/li", "h1", "/h1", "strong", "/strong"}
    assert read.text == flat(f"{text} {text} {text} end x {text}")


def test_a_value_of_markdown_reads_well_where_nothing_is_meant() -> None:
    text = "Acme site: Launch is 3 workdays out (Tuesday); 19 % more, $8.40-$10.00 + 2 #7 x=1 R&D!"
    assert markdown(text) == text


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://accelo.example/projects/4711?a=1&b=2#t", "https://accelo.example/projects/4711?a=1&b=2#t"),
        ("https://files.example:8443/x", "https://files.example:8443/x"),
        ("HTTPS://Files.Example/x", "https://files.example/x"),
        ("mailto:maya@harbourlane.example?subject=k7mp", "mailto:maya@harbourlane.example?subject=k7mp"),
        ("https://files.example/a b", ""),
        ("https://files.example/a>b)'", "https://files.example/a%3Eb%29%27"),
        ("https://files.example/%3Ca", "https://files.example/%3Ca"),
        ("http://files.example/x", ""),
        ("//files.example/x", ""),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt://files.example/%0aalert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("https:///x", ""),
        ("https://accelo.example@evil.example/x", ""),
        ("https://accelo.example\\@evil.example/x", ""),
        ("https://xn--e1afmkfd.example/", "https://xn--e1afmkfd.example/"),
        ("https://аccelo.example/", ""),
        ("https://files.example:port/x", ""),
        ("https://[::1/x", ""),
        ("https://localhost/x", ""),
        ("mailto:", ""),
        ("mailto:maya", ""),
        ("https://files.example/\x1b[31m", ""),
        ("https://files.example/\u202e", ""),
        ("", ""),
    ],
)
def test_only_links_with_a_host_may_be_clicked(url: str, safe: str) -> None:
    assert safe_url(url) == safe


def test_what_may_not_be_clicked_is_text() -> None:
    links = (Link(text="Portal", url="javascript:alert(1)"), Link(text="deals.csv", where="deals.csv:14"))
    first, *rest = working_thursday().cards
    briefing = replace(working_thursday(), cards=(replace(first, links=links), *rest))
    for form in ("md", "html", "text"):
        shown = render(briefing, form)
        assert "javascript" not in shown
        assert "Portal" in shown
        assert "deals.csv:14" in shown


# --- the mail ------------------------------------------------------------------------------------------------------

CSS = Path(rendering.__file__).parent.parent / "templates" / "parts"


def rules_of(css: str) -> dict[str, dict[str, str]]:
    """Declarations by class."""
    found: dict[str, dict[str, str]] = {}
    for selectors, body in re.findall(
        r"([^{}]+)\{([^{}]*)\}", re.sub(r"@media[^{]*\{|\{#.*?#\}", "", css, flags=re.DOTALL)
    ):
        for selector in selectors.split(","):
            name = selector.split()[-1].lstrip(".") if selector.split() else ""
            pairs = (pair.split(":", 1) for pair in body.split(";") if ":" in pair)
            found.setdefault(name, {}).update({key.strip(): value.strip() for key, value in pairs})
    return found


def kept_styles(html: str) -> tuple[str, str]:
    """The blocks for dark mode: by media query, by Outlook's attributes."""
    media, outlook = re.findall(r"<style[^>]*>(.*?)</style>", html, flags=re.DOTALL)
    return media[media.index("prefers-color-scheme") :], outlook


COLOURS = {"color", "background-color"}


def test_every_class_with_a_colour_has_a_dark_one() -> None:
    light = rules_of((CSS / "style.css.j2").read_text("utf-8"))
    coloured = {(name, key) for name, rules in light.items() for key in COLOURS & set(rules)}
    assert len(coloured) >= 9
    for block in kept_styles(render(working_thursday(), "html")):
        dark = rules_of(block)
        assert coloured <= {(name, key) for name, rules in dark.items() for key in COLOURS & set(rules)}
        for name, rules in light.items():
            if any(key.startswith("border-") and "solid" in value for key, value in rules.items()):
                assert "border-color" in dark[name]


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("block", ["light", "media", "outlook"])
def test_every_text_can_be_read_on_its_ground(block: str) -> None:
    media, outlook = kept_styles(render(working_thursday(), "html"))
    css = {"light": (CSS / "style.css.j2").read_text("utf-8"), "media": media, "outlook": outlook}[block]
    rules = rules_of(css)
    ground = luminance(rules["sheet"]["background-color"].split()[0])
    for name, found in rules.items():
        if "color" in found:
            bright, dark = sorted([ground, luminance(found["color"].split()[0])], reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, name


@pytest.mark.parametrize("morning", list(MORNINGS))
def test_the_mail_is_made_for_mail(morning: str) -> None:
    briefing = MORNINGS[morning]()
    html = render(briefing, "html")
    read = read_html(html)
    assert html.startswith('<!DOCTYPE html><html lang="en" dir="ltr"')
    assert html.index('<meta charset="utf-8">') < 1024
    assert f"<title>{briefing.subject}</title>" in html
    assert not {"img", "script", "link", "svg", "iframe", "form", "input"} & set(read.tags)
    assert read.text.startswith(page(briefing).second_line), "the first visible words are what an inbox shows"
    headings = [int(tag[1]) for tag in read.tags if re.fullmatch(r"h\d", tag)]
    assert headings.count(1) == 1
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings))
    styles = ";".join(value for _, name, value in read.attributes if name == "style") + ";".join(kept_styles(html))
    assert not re.search(r"url\(|rgb|hsl|var\(|@import|expression", html)
    assert all(
        re.fullmatch(r"#[0-9a-f]{6}", colour)
        for colour in re.findall(r"color:\s*([^;!} ]+)", styles)
        if colour != "light"
    )
    assert {value for _, name, value in read.attributes if name == "role"} == {"presentation", "article"}
    for table in re.findall(r"<table[^>]*>", html):
        assert 'role="presentation"' in table or "Cost per lead" in html.split(table, 1)[1][:400]


def test_every_style_stands_on_its_element() -> None:
    """Gmail's apps drop the style blocks of a mail from another account."""
    html = render(working_thursday(), "html")
    for tag in re.findall(r'<(?:p|h1|h2|span|a|th)\b[^>]*class="[^>]*>', html):
        assert "style=" in tag


def test_contents_of_the_styles_are_no_links() -> None:
    assert not re.search(r"https?://", "".join(kept_styles(render(working_thursday(), "html"))))


def largest() -> Briefing:
    """More than any agency's morning."""
    usual = working_thursday()
    rest = tuple(
        replace(usual.items[7], id=f"z{number:03}", line=f"Item number {number} of a long list. Marco.")
        for number in range(400)
    )
    rows = tuple(
        AdRow(**{**{each: getattr(usual.ads.rows[0], each) for each in AdRow.__slots__}, "account": f"Account {n}"})
        for n in range(44)
    )
    return replace(
        usual, items=usual.items[:7] + rest, more=tuple(item.id for item in rest), ads=replace(usual.ads, rows=rows),
        agenda=replace(usual.agenda, appointments=usual.agenda.appointments * 8),
        resolved=tuple(Line(text=f"Task {number}: done Wednesday.") for number in range(300)),
    )  # fmt: skip


def test_a_large_morning_fits_into_a_mail_and_says_what_is_left_out() -> None:
    html = render(largest(), "html", all_items=True)
    assert 40_000 < encoded_size(html) <= HTML_LIMIT
    read = read_html(html)
    for card in largest().cards:
        assert (card.headline if card.full else card.line) in read.text
    counted = re.search(
        r"Item number (\d+) of a long list\. Marco\. z\d+ and (\d+) more: briefing show --all", read.text
    )
    assert counted
    assert int(counted[1]) + 1 + int(counted[2]) == 400
    assert len(re.findall(r"and \d+ more: briefing show --all", read.text)) >= 2
    assert read.tags.count("html") == read.tags.count("/html") == 1


def test_names_of_ten_thousand_characters_fit_into_a_mail() -> None:
    html = render(with_text(largest(), lambda text: text + " é" * 5_000), "html", all_items=True)
    assert encoded_size(html) <= HTML_LIMIT
    text = read_html(html).text
    assert all(card.headline[:50] in text for card in working_thursday().cards if card.full)


@pytest.mark.parametrize("name", ["x" * 10_000, "界" * 10_000, "long " * 2_000], ids=["one word", "wide", "many words"])
def test_names_of_ten_thousand_characters_in_every_form(name: str) -> None:
    usual = working_thursday()
    cards, agenda, ads = (
        with_text(part, lambda text: f"{name} {text}") for part in (usual.cards, usual.agenda, usual.ads)
    )
    briefing = replace(usual, cards=cards, agenda=agenda, ads=ads, workspace=name)
    assert encoded_size(render(briefing, "html")) <= HTML_LIMIT
    assert usual.cards[2].headline in flat(render(briefing, "md"))
    assert all(layout.width(line) <= 78 or "://" in line for line in render(briefing, "text").splitlines())
    assert all(layout.width(line) <= 80 for line in in_terminal(briefing).splitlines())


def test_the_usual_morning_is_far_below_the_limit() -> None:
    assert encoded_size(render(working_thursday(), "html")) < 50_000


# --- what stands where ---------------------------------------------------------------------------------------------


def sections(briefing: Briefing) -> list[str]:
    return [section.name for section in page(briefing).sections]


def test_sections_in_order() -> None:
    usual = ["Today", "Since Wednesday 07:00", "Scorecard", "Ads", "Held", "Not checked", "Notes"]
    assert sections(working_thursday()) == usual
    assert sections(bad_thursday()) == ["Not checked", *usual[:5], "Notes"]


def test_a_known_gap_does_not_come_first() -> None:
    gap = Gap(stream="projects", scope="", problem="login refused", cure="briefing auth accelo", state="known", day=2)
    known = tuple(
        replace(source, gaps=(gap,)) if source.status in {"missing", "stale"} else source
        for source in bad_thursday().coverage
    )
    assert sections(replace(bad_thursday(), coverage=known))[0] == "Today"


def test_what_is_not_set_up_is_left_out() -> None:
    bare = replace(
        calm_thursday(), agenda=replace(calm_thursday().agenda, known=False), compared_with="", held=(), notices=(), resolved=(),
        decided=(), coverage_lines=(), ads=replace(calm_thursday().ads, title=""), scorecard=replace(calm_thursday().scorecard, title=""),
        rules_total=0, facts_read=0,
    )  # fmt: skip
    assert sections(bare) == []
    assert render(bare, "text").splitlines() == [
        "Thursday 3 December 2026, 07:00", "Harbour Lane, for Maya", "",
        "Nothing needs you. 9 of 9 sources whole by 06:49, 24 of 24 rules ran, 2", "limits.",
    ]  # fmt: skip


def test_the_way_to_ask_why_is_told_with_its_run() -> None:
    briefing = replace(working_thursday(), why_suffix="--run try")
    assert "briefing why k7mp --run try" in render(briefing, "text")
    assert "`briefing why k7mp --run try`" in render(briefing, "md")
    assert "briefing show --all --run try" in render(briefing, "text")


def test_times_are_told_in_the_readers_zone() -> None:
    text = render(replace(working_thursday(), timezone="Europe/Berlin"), "text")
    assert "Thursday 19 November 2026, 13:00" in text
    assert "\n 15:00 Leads meeting, 30 min." in text
    assert "read 12:41 to 12:52" in text


# --- templates -----------------------------------------------------------------------------------------------------


def test_a_users_template_comes_first(tmp_path: Path) -> None:
    (tmp_path / "briefing.md.j2").write_text("Mine: {{ page.full[0].headline }}\n")
    assert render(working_thursday(), "md", templates=tmp_path).startswith("Mine: Acme site: Launch")
    assert render(working_thursday(), "text", templates=tmp_path) == render(working_thursday(), "text")


def test_a_users_part_comes_first(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "card.html.j2").write_text("<h2>{{ card.headline }} <b>mine</b></h2>")
    assert render(working_thursday(), "html", templates=tmp_path).count("<b>mine</b>") == 3


def test_a_users_template_is_escaped_too(tmp_path: Path) -> None:
    (tmp_path / "briefing.md.j2").write_text("{{ page.full[0].headline }}\n")
    (tmp_path / "briefing.html.j2").write_text("<html><body>{{ page.full[0].headline }}</body></html>")
    briefing = with_text(working_thursday(), lambda text: f"<b> *{text}*")
    assert render(briefing, "md", templates=tmp_path).startswith("\\<b\\> \\*Acme")
    assert "<b>" not in render(briefing, "html", templates=tmp_path)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("one\n{{ page.nothing }}\n", "line 2: "),
        ("{% if %}\n", "line 1: "),
        ("a\nb\n{{ 1 // 0 }}", "line 3: integer division or modulo by zero"),
        ('{% include "parts/none.txt.j2" %}', "parts/none.txt.j2"),
    ],
)
@pytest.mark.parametrize("form", ["md", "text", "html"])
def test_a_users_template_that_fails_costs_only_itself(template: str, said: str, form: str, tmp_path: Path) -> None:
    name = rendering.NAMES[form]
    (tmp_path / name).write_text(template)
    shown = render(working_thursday(), form, templates=tmp_path)
    text = {
        "md": lambda: read_markdown(shown).text,
        "html": lambda: read_html(shown).text,
        "text": lambda: flat(shown),
    }[form]()
    assert "Your template" in text
    assert said in text
    assert "This is the built-in layout." in text
    assert flat(working_thursday().cards[0].headline) in text


def test_templates_come_from_the_package_before_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "briefing.txt.j2").write_text("installed")
    monkeypatch.setattr(rendering, "files", lambda package: tmp_path)
    found = rendering._built_in("briefing.txt.j2")
    assert found is not None
    assert found[0] == "installed"
    other = rendering._built_in("briefing.md.j2")
    assert other is not None
    assert "page.date" in other[0]
    assert rendering._built_in("briefing.pdf.j2") is None


def test_no_template_asks_for_a_rule() -> None:
    from briefing.rules import load_all

    names = set(load_all())
    assert names
    for path in sorted(CSS.parent.rglob("*.j2")):
        text = path.read_text("utf-8")
        assert not any(name in text for name in names), path.name
        assert ".rule" not in text, path.name


def test_limits_are_tried_from_the_mildest() -> None:
    assert [entries for entries, _ in rendering.LIMITS] == sorted(
        (entries for entries, _ in rendering.LIMITS), reverse=True
    )
    assert rendering.LIMITS[0][1] == LONGEST
