"""Accelo's quotes as proposals and its prospects as deals (accelo.md sections 8.6, 8.7, 9.h and 9.j).

A quote that was sent is `published`. Accelo knows neither when that was nor whether it was viewed: both stay empty, and
the store says since when it was seen so. Its user interface has no known address for either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Literal

from briefing.connector import Ignored, Skipped
from briefing.errors import SourceError
from briefing.facts import Deal, Person, Proposal, ProposalState, Ref
from briefing.reading.text import NAME
from connectors.accelo_api import Api, Listing
from connectors.accelo_facts import Shapes, against_of, needed_id, party_of, state_of, title_of
from connectors.accelo_filters import BY_ID, Filters, chunks, one_of, standing, standing_not
from connectors.accelo_values import Row, day, field, inside, money, number, sid, text
from connectors.accelo_work import PERSON, Things, stated

DealState = Literal["open", "won", "lost"]

QUOTES: Mapping[str, ProposalState] = {
    "draft": "draft", "published": "sent", "accepted": "accepted", "converted": "accepted", "declined": "declined",
    "inactive": "voided",
}  # fmt: skip
QUOTES_OVER = ("accepted", "declined", "converted", "inactive")

SALES: Mapping[str, DealState] = {
    "unassigned": "open", "pending": "open", "active": "open", "won": "won", "lost": "lost", "cancelled": "lost",
    "abandoned": "lost", "inactive": "lost",
}  # fmt: skip
SALES_OVER = ("won", "lost", "cancelled", "abandoned")

CONTACT = "affiliation(email,contact(firstname,surname,email),company(name))"
QUOTE = (
    "title", "standing", "against_type", "against_id", "date_expiry", "total_price", f"manager{PERSON}",
    CONTACT,
)  # fmt: skip
SALE = (
    "title", "standing", "value", "date_created", "date_due", "date_last_interacted", f"manager{PERSON}", CONTACT,
)  # fmt: skip
SALE_SPARE = ("status(title,ordering)", "prospect_type(title)", "prospect_probability(value)")

SHOWN = frozenset({"name", "owner", "state", "created", "expected_close", "last_activity", "contacts"})
"""Fields of a deal that Accelo always can show."""


# --- quotes --------------------------------------------------------------------------------------------------------


def quotes(api: Api, shapes: Shapes) -> Things:
    """Every quote that is not over, but for those whose sale is: nobody waits for an answer to these."""
    listing = Listing(
        resource="quotes", fields=QUOTE, spare=("status(title)",), spare_words="titles of quotes' statuses",
        filters=Filters((standing_not(*QUOTES_OVER), BY_ID)), telling=("date_expiry", "against_id"),
    )  # fmt: skip
    found: list[Proposal] = []
    unpriced = 0

    def read(row: Row) -> Proposal:
        nonlocal unpriced
        unpriced += not shapes.currency and bool(field(row, "total_price", money))
        return quote(shapes, row)

    for thing in stated(api.rows(listing), read, "quote"):
        if isinstance(thing, Proposal):
            found.append(thing)
        else:
            yield thing
    yield from _still_open(api, found)
    if unpriced:
        yield _unpriced(unpriced, "quotes", shapes)


def quote(shapes: Shapes, row: Row) -> Proposal:
    """A quote. Its status's title is free text in every deployment: its standing is what counts."""
    contact = shapes.contact(row)
    kind, target = against_of(row)
    state = state_of(row, QUOTES)
    return Proposal(
        ref=Ref(source=shapes.source, kind="quote", id=field(row, "id", needed_id)),
        party=party_of(row),
        name=title_of(row),
        owner=shapes.person(row, "manager"),
        state=state,
        native_state=field(inside(row.get("status")), "title", text, NAME) or standing(row),
        amount=shapes.priced(field(row, "total_price", money)),
        recipients=_known(contact),
        expires=field(row, "date_expiry", day, shapes.zone),
        deal=target if kind == "prospect" else "",
    )


def _still_open(api: Api, found: Iterable[Proposal]) -> Things:
    """The quotes without those of sales that are won or lost; all of them where sales cannot be seen."""
    found = list(found)
    over: set[str] = set()
    try:
        for some in chunks(one.deal for one in found if one.deal):
            listing = Listing(resource="prospects", fields=("standing",), filters=Filters((one_of("id", some), BY_ID)))
            for row in api.rows(listing):
                if not isinstance(row, Skipped | Ignored) and standing(row) in SALES_OVER:
                    over.add(str(sid(row["id"])))
    except SourceError as error:
        yield Skipped("quotes", f"whether their sales are still open is not known: {error}")
    kept = [one for one in found if one.deal not in over]
    yield from kept
    if left := len(found) - len(kept):
        yield Ignored(left, "quotes of sales that are over")


# --- sales ---------------------------------------------------------------------------------------------------------


def sales(api: Api, shapes: Shapes) -> Things:
    """Every sale that is not over."""
    listing = Listing(
        resource="prospects", fields=SALE, spare=SALE_SPARE, spare_words="stages and probabilities of sales",
        filters=Filters((standing_not(*SALES_OVER), BY_ID)), telling=("date_due", "manager", "date_last_interacted"),
    )  # fmt: skip
    unpriced = 0

    def read(row: Row) -> Deal:
        nonlocal unpriced
        unpriced += not shapes.currency and bool(field(row, "value", money))
        return sale(shapes, row)

    yield from stated(api.rows(listing), read, "sale")
    if unpriced:
        yield _unpriced(unpriced, "sales", shapes)


def sale(shapes: Shapes, row: Row) -> Deal:
    """A prospect. `known` names what Accelo showed of it; since when it is in its stage, contacts that could be
    answered, and what is planned it does not know.
    """
    stage = inside(row.get("status"))
    return Deal(
        ref=Ref(source=shapes.source, kind="sale", id=field(row, "id", needed_id)),
        party=party_of(row),
        name=title_of(row),
        owner=shapes.person(row, "manager"),
        pipeline=field(inside(row.get("prospect_type")), "title", text, NAME),
        stage=field(stage, "title", text, NAME),
        stage_order=_order(stage),
        state=state_of(row, SALES),
        amount=shapes.priced(field(row, "value", money)),
        probability=_probability(row),
        created=shapes.past(row, "date_created"),
        expected_close=field(row, "date_due", day, shapes.zone),
        last_activity=shapes.past(row, "date_last_interacted"),
        contacts=_known(shapes.contact(row)),
        known=SHOWN | frozenset(_shown(row, shapes)),
    )


def _shown(row: Row, shapes: Shapes) -> Iterator[str]:
    """Fields that depend on rights, on the deployment, or on a setting."""
    if shapes.currency and "value" in row:
        yield "amount"
    if isinstance(stage := row.get("status"), Mapping):
        yield "stage"
        if _order(stage) is not None:
            yield "stage_order"
    if isinstance(row.get("prospect_type"), Mapping):
        yield "pipeline"
    if isinstance(row.get("prospect_probability"), Mapping):
        yield "probability"


def _order(stage: Row) -> int | None:
    found = field(stage, "ordering", number)
    return int(found) if found is not None and 0 <= found <= 1000 else None


def _probability(row: Row) -> Decimal | None:
    """A share, or a percentage; 1 may be either and is neither."""
    found = field(inside(row.get("prospect_probability")), "value", number)
    if found is None or not 0 <= found <= 100 or found == 1:
        return None
    return found if found < 1 else found / 100


def _known(contact: Person | None) -> tuple[Person, ...]:
    """The person, where anything but a number is known."""
    return (contact,) if contact and (contact.name or contact.email) else ()


def _unpriced(count: int, what: str, shapes: Shapes) -> Ignored:
    return Ignored(count, f'amounts of {what} without a currency (write currency = "..." in sources.{shapes.source})')
