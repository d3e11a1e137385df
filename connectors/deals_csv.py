"""Deals from a CSV export of any CRM, or from a sheet kept by hand.

Headings are plain words ("Deal name, Stage, Amount, Close date, Owner, Last contacted") and their usual synonyms. Won
and lost are read from a status column or from stages that say so; a stage that sounds closed without saying which is
asked.
"Last modified" is no contact and is not read (pipeline.md section 10: an edit is weak evidence of life).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal

from briefing.connector import Ignored, Mark, Recognition, Sample, Skipped, Stream, Window
from briefing.facts import Deal, Fact
from briefing.reading.cells import BadCell, Row
from briefing.reading.forms import Form, column
from briefing.reading.recognising import recognise_table
from briefing.reading.states import States
from briefing.reading.table_settings import MAX_MB, TableSettings
from briefing.reading.tables import Table, facts, natural_key, open_table, table_stream
from briefing.reading.text import SUBJECT, folded

DealState = Literal["open", "won", "lost"]

STATE_WORDS: Mapping[DealState, str] = {
    "open": "open,active,in progress,new,pending,working,ongoing",
    "won": "won,closed won,closedwon,deal won,closed (won)",
    "lost": "lost,closed lost,closedlost,deal lost,closed (lost),abandoned,cancelled,canceled,disqualified",
}
CLOSED_WORDS = frozenset(
    "won lost closed dead cancelled canceled abandoned archived disqualified deleted gewonnen verloren abgeschlossen "
    "storniert gagn\u00e9 gagn\u00e9e perdu perdue ganado ganada perdido perdida cerrado cerrada".split()
)
"""Words that make a stage sound closed; which way it was closed has to be known."""

DEALS = Form(
    name="deals",
    prefixes=("deal", "opportunity"),
    key="name",
    needs=(("name",), ("stage", "state")),
    fields=(
        column("name", "text", "deal name, deal, deal title, opportunity, opportunity name", loose="name, title"),
        column("id", "text", "deal id, opportunity id, record id", loose="id"),
        column(
            "client", "text",
            "client, client name, company, company name, customer, customer name, account, account name, "
            "organization, organisation, associated company",
        ),
        column(
            "owner", "text",
            "owner, deal owner, opportunity owner, owner name, salesperson, sales rep, rep",
            loose="assigned to, responsible",
        ),
        column("owner_email", "text", "owner email, deal owner email"),
        column("pipeline", "text", "pipeline, sales pipeline, pipeline name"),
        column("stage", "text", "stage, deal stage, stage name, pipeline stage, sales stage, opportunity stage"),
        column("stage_order", "count", "stage order, stage number, stage no"),
        column("state", "text", "status, state, deal status, deal state"),
        column(
            "amount", "money",
            "amount, deal amount, value, deal value, deal size, opportunity amount",
            loose="price, total",
        ),
        column("currency", "text", "currency, currency code, deal currency, deal currency code"),
        column("probability", "share", "probability, deal probability, win probability, stage probability, likelihood"),
        column(
            "created", "moment",
            "created, created at, created on, create date, created date, creation date, date created",
        ),
        column(
            "stage_since", "moment",
            "stage since, in stage since, stage changed, last stage change, stage change date, last stage change "
            "date, stage entered, date entered stage, date entered current stage",
        ),
        column(
            "expected_close", "date",
            "close date, closing date, expected close, expected close date, closes, expected closing date, estimated "
            "close date, forecast close date, target close date",
        ),
        column("closed", "moment", "closed, closed at, closed on, closed date, date closed, won time, lost time"),
        column(
            "last_contact", "moment",
            "last contacted, last contact, last contact date, date of last contact, last contacted date",
        ),
        column("last_activity", "moment", "last activity, last activity date, date of last activity"),
        column("next_activity", "date", "next activity, next activity date, next meeting"),
        column("next_step", "text", "next step, next steps"),
        column("idle_limit", "count", "idle limit, days to rotten, rotting days", loose="rotting in"),
        column(
            "contact", "text",
            "contact, contacts, contact name, primary contact, associated contact, contact person",
        ),
        column("contact_email", "text", "contact email, contact emails, primary contact email", loose="email, e mail"),
        column("url", "text", "url, link, deal url, deal link, record url"),
    ),
    telling=frozenset({"name", "stage", "expected_close", "last_contact", "stage_since", "probability"}),
    unless=("proposal", "proposal name", "document name", "task", "milestone", "assignee", "spend"),
    hints=("deal", "deals", "pipeline", "opportunities", "crm"),
)  # fmt: skip

SHOWN = {
    "name", "owner", "pipeline", "stage", "stage_order", "state", "amount", "probability", "created", "stage_since",
    "expected_close", "closed", "last_contact", "last_activity", "next_activity", "next_step", "idle_limit",
}  # fmt: skip
"""Fields of a deal that are columns by the same name."""


def recognise(sample: Sample) -> Recognition | None:
    """Whether a file is a list of deals."""
    return recognise_table(sample, "deals_csv", {"path": DEALS})


class DealsCsv:
    """One file of deals."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Deal})

    def __init__(
        self,
        *,
        source: str,
        path: str,
        columns: Mapping[str, str] | None = None,
        states: Mapping[str, str] | None = None,
        dates: str = "",
        decimal: str = "",
        currency: str = "",
        encoding: str = "",
        client: str = "",
        max_mb: int = MAX_MB,
    ) -> None:
        self._settings = TableSettings(
            source=source, path=path, columns=columns or {}, dates=dates, decimal=decimal, currency=currency,
            encoding=encoding, client=client, max_mb=max_mb,
        ).checked(DEALS)  # fmt: skip
        self._states: States[DealState] = States(STATE_WORDS, states)

    def streams(self, window: Window) -> Sequence[Stream]:
        """The one stream of the file."""
        return [table_stream(self._settings, [Deal], self._read)]

    def _read(self, window: Window, mark: Mark | None) -> Iterator[Fact | Skipped | Ignored]:
        table = open_table(self._settings, DEALS, window.zone)
        known = known_fields(table)
        return facts(table, lambda row: self._deal(row, known))

    def _deal(self, row: Row, known: frozenset[str]) -> Deal:
        name = row.needed("name", SUBJECT)
        return Deal(
            ref=row.ref("deal", row.text("id") or natural_key(row.text("client"), name)),
            party=row.party(),
            name=name,
            owner=row.person("owner", "owner_email"),
            pipeline=row.text("pipeline"),
            stage=row.text("stage"),
            stage_order=row.count("stage_order"),
            state=self._state(row),
            amount=row.money("amount"),
            probability=row.share("probability"),
            created=row.moment("created"),
            stage_since=row.moment("stage_since"),
            expected_close=row.day("expected_close"),
            closed=row.moment("closed"),
            last_contact=row.moment("last_contact"),
            last_activity=row.moment("last_activity"),
            next_activity=row.day("next_activity"),
            next_step=row.text("next_step", SUBJECT),
            idle_limit=row.count("idle_limit"),
            contacts=row.people("contact", "contact_email"),
            known=known,
        )

    def _state(self, row: Row) -> DealState:
        """Open, won or lost: the status column says it, else the stage; a stage that only sounds closed is asked."""
        stage = row.text("stage")
        stated = self._states.read(row, "state")
        if stated in ("won", "lost"):
            return stated
        if not stage and not stated:
            raise row.missing("stage")
        by_stage = self._by_stage(stage, asked=not stated)
        if stated and by_stage != stated:
            raise BadCell(f'state "{row.text("state")}" contradicts stage "{stage}"')
        return by_stage

    def _by_stage(self, stage: str, *, asked: bool) -> DealState:
        """What a stage says; one that only sounds closed is `asked`, or open where a status column says so."""
        by_stage = self._states.added(stage)
        if by_stage:
            return by_stage
        words = folded(stage).split()
        if words[:2] in (["closed", "won"], ["closed", "lost"]):
            return "won" if words[1] == "won" else "lost"
        found = self._states.get(stage)
        if found in ("won", "lost"):
            return found
        if asked and CLOSED_WORDS & set(words):
            raise self._states.unknown(stage, "stage")
        return "open"


def known_fields(table: Table) -> frozenset[str]:
    """The fields of a deal that the file shows; a field outside is unknown, not empty."""
    shown = {name for name in SHOWN if table.has(name)}
    if table.formats.hundreds.get("probability", True) is None:
        shown.discard("probability")
    if table.has("contact", "contact_email"):
        shown.add("contacts")
    return frozenset(shown)
