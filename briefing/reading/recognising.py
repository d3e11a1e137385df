"""Whether a file is one of a connector's tables, decided by its headings; its name only breaks a tie."""

from __future__ import annotations

import json
from collections.abc import Mapping

from briefing.connector import Recognition, Sample
from briefing.reading.forms import Form, question, toml_table
from briefing.reading.rows import SAVE_AS_CSV, head_text, kind_of
from briefing.reading.tables import Layout, lay_out
from briefing.reading.text import NAME, clean, folded

SUFFIXES = frozenset({"", ".csv", ".tsv", ".tab", ".txt"})
TABLES = frozenset({".csv", ".tsv", ".tab"})
SHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".numbers"})
HOPELESS, NEAR = 0.05, 0.3
"""How sure an offer is that lacks a needed column: any whole offer wins."""


def recognise_table(sample: Sample, use: str, forms: Mapping[str, Form]) -> Recognition | None:
    """The best offer of a connector whose settings take the given forms; None when its headings are not those."""
    if sample.names:
        return None
    if problem := not_a_table(sample):
        return Recognition(use=use, setting=next(iter(forms)), sure=HOPELESS, ask=problem)
    if sample.path.suffix.lower() not in SUFFIXES or not sample.head or kind_of(sample.head):
        return None
    text = head_text(sample.head)
    offers = [
        offer
        for setting, form in forms.items()
        if (layout := lay_out(text, form)) and (offer := _offer(sample, use, setting, layout))
    ]
    offers.sort(key=lambda offer: -offer.sure)
    if len(offers) > 1 and offers[0].sure == offers[1].sure and not offers[0].ask:
        name = clean(sample.path.name, NAME)
        settings = " or ".join(f"{offer.setting} = {json.dumps(name)}" for offer in offers[:2])
        ask = f'{name} could be read in two ways. Write into briefing.toml: use = "{use}" and {settings}'
        return Recognition(use=use, setting=offers[0].setting, sure=offers[0].sure, ask=ask)
    return offers[0] if offers else None


def not_a_table(sample: Sample) -> str:
    """What is wrong with a file that somebody means as a table, and the cure; empty for others."""
    name, suffix = clean(sample.path.name, NAME), sample.path.suffix.lower()
    kind = kind_of(sample.head)
    if suffix in TABLES:
        if not sample.head.strip():
            return f"{name} is empty: export it again"
        if kind:
            return f"{name} is {kind}, not a table of text: {SAVE_AS_CSV}"
        if "\0" in head_text(sample.head):
            return f"{name} has zero bytes: it is damaged, or UTF-16 without its first mark. Export it as CSV UTF-8"
    return f"{name} is {kind}, which is not read: {SAVE_AS_CSV}" if suffix in SHEETS and kind else ""


def _offer(sample: Sample, use: str, setting: str, layout: Layout) -> Recognition | None:
    found = layout.matching
    form = found.form
    if any(folded(heading) in form.unless for heading in found.headings):
        return None
    hinted = any(hint in folded(sample.path.stem).split() for hint in form.hints)
    if not (form.telling & found.own or hinted):
        return None
    met = len(form.needs) - len(found.missing)
    if found.missing and (met * 2 < len(form.needs) or not form.telling & found.own):
        return None
    base = NEAR if found.missing else 0.7
    sure = round(base + 0.02 * min(len(found.columns) + len(found.doubled), 12) + (0.03 if hinted else 0), 2)
    ask = "" if found.clear else _ask(sample, use, setting, layout)
    return Recognition(use=use, setting=setting, sure=sure, ask=ask)


def _ask(sample: Sample, use: str, setting: str, layout: Layout) -> str:
    name = clean(sample.path.name, NAME)
    asked, guessed = question(layout.matching, name, layout.samples[:10])
    key = "columns" if setting == "path" else f"columns.{setting}"
    lines = [
        f"[sources.{use.removesuffix('_csv')}]", f'use = "{use}"',
        f"{setting} = {json.dumps(name, ensure_ascii=False)}", f"{key} = {toml_table(guessed)}",
    ]  # fmt: skip
    return "\n".join([f"{asked} Write into briefing.toml, with the right headings:", *lines])
