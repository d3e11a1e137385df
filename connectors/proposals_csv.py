"""Proposals from a CSV export of any proposal tool, or from a sheet kept by hand.

Status words are those of PandaDoc, DocuSign, Qwilr and Better Proposals (pipeline.md section 8), of Accelo's quotes
(accelo.md section 8.13) and plain English. DocuSign's "delivered" means opened (pipeline.md section 12), elsewhere it
is asked: a sheet may mean that the mail arrived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Literal

from briefing.connector import Ignored, Mark, Recognition, Sample, Skipped, Stream, Window
from briefing.facts import Fact, Party, Person, Proposal, ProposalState
from briefing.reading.cells import Row
from briefing.reading.forms import Form, column
from briefing.reading.recognising import recognise_table
from briefing.reading.states import States
from briefing.reading.table_settings import MAX_MB, TableSettings
from briefing.reading.tables import Table, facts, natural_key, open_table, table_stream
from briefing.reading.text import SUBJECT, folded

Quality = Literal["exact", "at_latest", "observed", "unknown"]

STATE_WORDS: Mapping[ProposalState, str] = {
    # The vendors' words by column of the table in pipeline.md section 8, then plain English.
    "draft": "draft,uploaded,created,new,in preparation",
    "in_approval": "waiting_approval,in approval,waiting for approval,awaiting approval",
    "approved": "approved",
    "rejected_internally": "rejected",
    "scheduled": "scheduled",
    "sent": "sent,processing,live,published",
    "viewed": "viewed,opened,seen,read",
    "in_review": "external_review,accepting,in review,under review",
    "accepted": "completed,complete,signed,accepted,won",
    "awaiting_payment": "waiting_pay,awaiting payment,waiting for payment",
    "paid": "paid",
    "declined": "declined,lost,refused",
    "expired": "expired,timedout,timed out,disabled,document.voided",
    "voided": "voided,deleted,withdrawn,cancelled,canceled",
    "error": "error",
}

PROPOSALS = Form(
    name="proposals",
    prefixes=("proposal", "document", "quote"),
    key="name",
    needs=(("name",), ("state",)),
    fields=(
        column(
            "name", "text",
            "proposal, proposal name, proposal title, document, document name, document title, quote, quote name, "
            "quote title, envelope, envelope name",
            loose="name, title, subject",
        ),
        column("id", "text", "proposal id, document id, quote id, quote number, envelope id", loose="id, uuid"),
        column(
            "client", "text",
            "client, client name, company, company name, customer, customer name, account, account name, recipient "
            "company, organization, organisation",
        ),
        column(
            "owner", "text",
            "owner, proposal owner, document owner, sender, sender name, sent by",
            loose="created by, author, manager",
        ),
        column("owner_email", "text", "owner email, sender email"),
        column(
            "state", "text",
            "status, state, proposal status, document status, quote status, envelope status, standing",
        ),
        column(
            "amount", "money",
            "amount, value, proposal value, document value, proposal amount, grand total, total value, total amount, "
            "total price",
            loose="total, price",
        ),
        column("currency", "text", "currency, currency code"),
        column("recipient", "text", "recipient, recipients, recipient name, recipient names, signer, signers, sent to"),
        column(
            "recipient_email", "text",
            "recipient email, recipient emails, signer email, client email, contact email",
            loose="email, e mail",
        ),
        column("sent", "moment", "sent, sent at, sent on, sent date, date sent"),
        column(
            "viewed", "moment",
            "viewed, viewed at, viewed on, date viewed, first viewed, first viewed at, opened at, opened on, first "
            "opened",
        ),
        column("last_viewed", "moment", "last viewed, last viewed at, last viewed on, last opened"),
        column("views", "count", "views, view count, number of views, times viewed, opens"),
        column(
            "accepted", "moment",
            "accepted, accepted at, accepted on, signed, signed at, signed on, date signed, completed, completed at, "
            "completed on, date completed",
        ),
        column(
            "status_since", "moment",
            "status since, status changed, status changed at, status date, status change date, last status change, in "
            "status since",
        ),
        column(
            "modified", "moment",
            "last modified, modified, modified at, date modified, last updated, updated, updated at",
        ),
        column(
            "expires", "date",
            "expires, expires on, expires at, expiry, expiry date, expiration, expiration date, valid until",
        ),
        column("deal", "text", "deal, deal name, deal id, opportunity, opportunity name"),
        column("url", "text", "url, link, document url, document link, proposal url, proposal link"),
    ),
    telling=frozenset({"name", "sent", "viewed", "last_viewed", "views", "expires"}),
    unless=("stage", "deal stage", "task", "milestone", "project name", "spend", "assignee"),
    hints=("proposal", "proposals", "quote", "quotes", "documents", "envelopes"),
)  # fmt: skip

SANDBOX = "[DEV]"
"""How PandaDoc marks documents made with a sandbox key (pipeline.md section 12)."""

BEGAN: Mapping[ProposalState, str] = {"sent": "sent", "viewed": "viewed", "accepted": "accepted"}
"""The column that says since when a proposal is in a state."""


def recognise(sample: Sample) -> Recognition | None:
    """Whether a file is a list of proposals."""
    return recognise_table(sample, "proposals_csv", {"path": PROPOSALS})


class ProposalsCsv:
    """One file of proposals, quotes or documents to sign."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Proposal})

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
        ).checked(PROPOSALS)  # fmt: skip
        self._states: States[ProposalState] = States(STATE_WORDS, states)

    def streams(self, window: Window) -> Sequence[Stream]:
        """The one stream of the file."""
        return [table_stream(self._settings, [Proposal], self._read)]

    def _read(self, window: Window, mark: Mark | None) -> Iterator[Fact | Skipped | Ignored]:
        table = open_table(self._settings, PROPOSALS, window.zone)
        docusign = any("envelope" in folded(heading).split() for heading in table.layout.headings)
        return facts(table, lambda row: self._proposal(row, table, docusign=docusign))

    def _proposal(self, row: Row, table: Table, *, docusign: bool) -> Proposal | Ignored:
        name = row.needed("name", SUBJECT)
        if name.startswith(SANDBOX):
            return Ignored(1, "documents made with a sandbox key")
        state = self._state(row, docusign=docusign)
        since, quality, column_of_since = began(row, state)
        recipients = row.people("recipient", "recipient_email")
        times = {"sent", "viewed", "last_viewed", column_of_since} & table.formats.columns.keys()
        return Proposal(
            ref=row.ref("proposal", row.text("id") or natural_key(row.text("client"), name)),
            party=party_of(row.party(), recipients),
            name=name,
            owner=row.person("owner", "owner_email"),
            state=state,
            native_state=row.text("state"),
            amount=row.money("amount"),
            recipients=recipients,
            sent=row.moment("sent"),
            state_since=since,
            since_quality=quality,
            first_viewed=row.moment("viewed"),
            last_viewed=row.moment("last_viewed"),
            views=row.count("views"),
            expires=row.day("expires"),
            deal=row.text("deal", SUBJECT),
            day_only=bool(times) and not times & table.formats.timed,
        )

    def _state(self, row: Row, *, docusign: bool) -> ProposalState:
        text = row.text("state")
        if not text:
            raise row.missing("state")
        if docusign and folded(text) == "delivered":
            return "viewed"
        bare = folded(text).removeprefix("document ")
        found = self._states.added(text) or self._states.get(text) or self._states.get(bare)
        if found is None:
            raise self._states.unknown(text, "status")
        return found


def began(row: Row, state: ProposalState) -> tuple[datetime | None, Quality, str]:
    """Since when a proposal is in its state, how sure that is, and the column that says so.

    A last view or a last change came after the state began: then it began at that time at the latest.
    """
    for name in ("status_since", BEGAN.get(state, "")):
        if name and (moment := row.moment(name)):
            return moment, "exact", name
    bounds = [(moment, name) for name in ("last_viewed", "modified") if (moment := row.moment(name))]
    if state != "viewed":
        bounds = [(moment, name) for moment, name in bounds if name == "modified"]
    if bounds:
        moment, name = min(bounds)
        return moment, "at_latest", name
    return None, "unknown", ""


def party_of(party: Party, recipients: Sequence[Person]) -> Party:
    """The row's client, with the domain of its recipients where they share one."""
    domains = {person.email.rpartition("@")[2] for person in recipients if "@" in person.email}
    return replace(party, domain=domains.pop()) if len(domains) == 1 else party
