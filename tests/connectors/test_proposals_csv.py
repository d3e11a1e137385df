"""Proposals from CSV: the vendors' words, since when, whose."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from briefing.connector import Ignored
from briefing.facts import Money, Party, Person, Proposal
from connectors.proposals_csv import ProposalsCsv, recognise
from tests.connectors.reading import ZONE, Read, read, recognised, write


def proposals(folder: Path, text: str, **settings: Any) -> Read:
    return read(ProposalsCsv(source="proposals", path=write(folder / "proposals.csv", text), **settings))


def proposal(folder: Path, text: str, **settings: Any) -> Proposal:
    found = proposals(folder, text, **settings)
    assert not found.skipped
    (only,) = found.facts
    assert isinstance(only, Proposal)
    return only


def test_a_whole_row(tmp_path: Path) -> None:
    found = proposal(
        tmp_path,
        "Document ID;Document name;Client;Status;Grand total;Recipient;Recipient email;Sender;Sent at;Viewed at;Last viewed;"
        "Views;Expires;Deal;Link\n"
        "X1;Retainer;Northwind;document.viewed;48.000,00 \u20ac;Dana Ruiz;dana@northwind.example;Marco;12.11.2026 09:30;"
        "13.11.2026 10:12;17.11.2026 16:20;4;14.12.2026;D1;https://pro.example/x1\n",
    )
    assert (found.state, found.native_state) == ("viewed", "document.viewed")
    assert found.amount == Money(amount=Decimal("48000.00"), currency="EUR")
    assert found.party == Party(name="Northwind", domain="northwind.example")
    assert found.recipients == (Person(name="Dana Ruiz", email="dana@northwind.example"),)
    assert found.owner == Person(name="Marco")
    assert found.sent == datetime(2026, 11, 12, 9, 30, tzinfo=ZONE)
    assert found.state_since == found.first_viewed == datetime(2026, 11, 13, 10, 12, tzinfo=ZONE)
    assert found.last_viewed == datetime(2026, 11, 17, 16, 20, tzinfo=ZONE)
    assert (found.since_quality, found.views, found.expires, found.deal) == ("exact", 4, date(2026, 12, 14), "D1")
    assert not found.day_only
    assert (found.ref.id, found.ref.url) == ("X1", "https://pro.example/x1")


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("Draft|document.uploaded|created|new", "draft"),
        ("document.waiting_approval|Waiting approval|In approval", "in_approval"),
        ("Approved", "approved"),
        ("Rejected", "rejected_internally"),
        ("Scheduled", "scheduled"),
        ("Sent|processing|live|Published", "sent"),
        ("Viewed|OPENED", "viewed"),
        ("document.external_review|accepting", "in_review"),
        ("Completed|signed|accepted|Won", "accepted"),
        ("document.waiting_pay|Awaiting payment", "awaiting_payment"),
        ("Paid", "paid"),
        ("Declined|Lost", "declined"),
        ("Expired|timedout|disabled|document.voided", "expired"),
        ("Voided|deleted", "voided"),
        ("document.error", "error"),
    ],
)
def test_the_words_of_the_vendors(tmp_path: Path, words: str, state: str) -> None:
    for word in words.split("|"):
        assert proposal(tmp_path, f"Proposal,Status\nX,{word}\n").state == state


def test_delivered_means_opened_only_at_docusign(tmp_path: Path) -> None:
    assert proposal(tmp_path, "Envelope name,Envelope ID,Status\nX,E1,Delivered\n").state == "viewed"
    (why,) = proposals(tmp_path, "Proposal,Status\nX,Delivered\n").whys
    assert why.startswith('proposals.csv:2 status "Delivered" is not known: write states = { "Delivered" = ... }')
    assert proposal(tmp_path, "Proposal,Status\nX,Delivered\n", states={"Delivered": "sent"}).state == "sent"


@pytest.mark.parametrize(
    ("headings", "cells", "since", "quality", "day_only"),
    [
        ("Viewed at", "2026-11-13", "2026-11-13", "exact", True),
        ("Viewed at", "2026-11-13 10:12", "2026-11-13 10:12", "exact", False),
        ("Status since,Viewed", "2026-11-14,2026-11-13", "2026-11-14", "exact", True),
        ("Last status change", "2026-11-14", "2026-11-14", "exact", True),
        ("Last modified", "2026-11-15 08:00", "2026-11-15 08:00", "at_latest", False),
        ("Last viewed,Last modified", "2026-11-14,2026-11-15", "2026-11-14", "at_latest", True),
        ("Viewed at,Last modified", ",2026-11-15", "2026-11-15", "at_latest", True),
        ("Sent", "2026-11-12", None, "unknown", True),
    ],
)
def test_since_when_it_is_viewed(
    tmp_path: Path, headings: str, cells: str, since: str | None, quality: str, day_only: bool
) -> None:
    found = proposal(tmp_path, f"Proposal,Status,{headings}\nX,Viewed,{cells}\n")
    expected = datetime.fromisoformat(since).replace(tzinfo=ZONE) if since else None
    assert (found.state_since, found.since_quality, found.day_only) == (expected, quality, day_only)


def test_a_sent_one_is_so_since_it_was_sent(tmp_path: Path) -> None:
    found = proposal(tmp_path, "Proposal,Status,Sent,Last viewed\nX,Sent,2026-11-12,2026-11-13\n")
    assert (found.state_since, found.since_quality) == (datetime(2026, 11, 12, tzinfo=ZONE), "exact")


def test_a_view_does_not_date_a_signature(tmp_path: Path) -> None:
    text = "Proposal,Status,Last viewed,Last modified\nX,Signed,2026-11-13,2026-11-15\n"
    assert proposal(tmp_path, text).state_since == datetime(2026, 11, 15, tzinfo=ZONE)
    assert (
        proposal(tmp_path, text.replace("11-15", "11-16").replace("Last modified", "Signed on")).since_quality
        == "exact"
    )


@pytest.mark.parametrize(
    ("emails", "domain"),
    [
        ("dana@northwind.example; paul@northwind.example", "northwind.example"),
        ("dana@northwind.example, ann@us.example", ""),
        ("Dana <dana@northwind.example>", "northwind.example"),
        ("", ""),
    ],
)
def test_recipients_say_whose_it_is(tmp_path: Path, emails: str, domain: str) -> None:
    found = proposal(tmp_path, f'Proposal,Client,Status,Recipient email\nX,Northwind,Sent,"{emails}"\n')
    assert found.party == Party(name="Northwind", domain=domain)


def test_sandbox_documents_are_left_out_and_counted(tmp_path: Path) -> None:
    found = proposals(tmp_path, "Proposal,Status\n[DEV] X,Sent\nY,Sent\n")
    assert (len(found.facts), found.ignored) == (1, [Ignored(1, "documents made with a sandbox key")])


@pytest.mark.parametrize(
    ("headings", "sure"),
    [
        ("Proposal,Client,Status,Amount,Sent,Viewed at", True),
        ("Name;Status;Recipients;Sent at;Expiration date", True),
        ("Document name\tStatus", True),
        ("Deal name,Stage,Amount,Close date", False),
        ("Name,Status,Amount", False),
    ],
)
def test_proposals_are_recognised(tmp_path: Path, headings: str, sure: bool) -> None:
    found = recognised(recognise, tmp_path / "list.csv", f"{headings}\n")
    assert bool(found and found.sure >= 0.7 and not found.ask) is sure


def test_a_mapping_is_asked_where_the_state_is_missing(tmp_path: Path) -> None:
    found = recognised(recognise, tmp_path / "p.csv", "Proposal,Sent,Zustand\nX,2026-11-12,offen\n")
    assert found is not None
    assert re.search(r'columns = \{ state = "Zustand" \}$', found.ask)
