"""Which client and which person a fact belongs to. A wrong merge is worse than a miss."""

from __future__ import annotations

import random
from datetime import date

import pytest

from briefing.clients import Client, Directory, directory, inferred_domains, near_names
from briefing.facts import Party, Person
from briefing.reading.text import folded
from briefing.testing import facts_from

TODAY = date(2026, 11, 19)


def built(text: str, *clients: Client, own: tuple[str, ...] = ("harbour.example",)) -> Directory:
    return directory(facts_from(text), clients=clients, own_domains=own, today=TODAY)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Acme GmbH", "ACME, GmbH.", True),
        ("Acme GmbH", "Acme Ltd", False),
        ("Acme", "Acme GmbH", False),
        ("Café Müller", "CAFE MÜLLER", False),
        ("Café Müller", "CAFÉ MU\u0308LLER", True),
        ("Ｎorthwind", "northwind", True),
        ("North wind", "Northwind", False),
    ],
)
def test_names_are_equal_only_after_folding(one: str, other: str, same: bool) -> None:
    assert (folded(one) == folded(other)) is same


def test_clients_come_from_projects_and_the_most_frequent_spelling_is_printed(table: str) -> None:
    """
    project | 1 | title=Site | party=ACME
    project | 2 | title=Shop | party=Acme
    deal    | 3 | name=More  | party=Acme
    """
    found = built(table)
    assert [client.name for client in found.clients] == ["Acme"]
    assert found.client(Party(name="acme")) == "Acme"


def test_the_configuration_wins_with_its_aliases_and_domains(table: str) -> None:
    """
    project | 1 | title=Site | party=NW Dental
    """
    found = built(table, Client(name="Northwind Dental", aliases=("NW Dental",), domains=("northwind.example",)))
    assert [client.name for client in found.clients] == ["Northwind Dental"]
    assert found.client(Party(name="nw dental")) == "Northwind Dental"
    assert found.client(Party(domain="northwind.example")) == "Northwind Dental"
    assert found.client_of_person(Person(email="Dana@Northwind.example")) == "Northwind Dental"


def test_what_could_be_two_clients_is_nobodys() -> None:
    found = built(
        "",
        Client(name="Acme GmbH", aliases=("Acme",), domains=("acme.example",)),
        Client(name="Acme Ltd", aliases=("Acme",), domains=("acme.example",)),
    )
    assert found.client(Party(name="Acme")) == ""
    assert found.client(Party(domain="acme.example")) == ""
    assert found.client(Party(name="Acme Ltd")) == "Acme Ltd"
    assert found.ambiguous == {"acme", "acme.example"}


def test_a_domain_beside_a_name_is_a_link_but_free_mail_and_our_own_are_not() -> None:
    facts = [
        *facts_from("company | 1 | name=Juniper | domains=juniper.example"),
        *facts_from("company | 2 | name=Quill"),
    ]
    found = directory(facts, own_domains=("harbour.example",), today=TODAY)
    assert found.client(Party(domain="juniper.example")) == "Juniper"
    assert found.client(Party(domain="gmail.com")) == ""


def test_a_person_of_two_sources_has_one_name(table: str) -> None:
    """
    staff | U1 | person=Ines Vogel <ines@harbour.example>
    task  | 1  | title=T | assignee=ines vogel
    task  | 2  | title=T | assignee=ines@harbour.example
    """
    found = built(table)
    assert {found.name(Person(email="INES@harbour.example")), found.name(Person(name="Ines  Vogel"))} == {"Ines Vogel"}


def test_two_people_of_one_name_are_not_merged(table: str) -> None:
    """
    staff | U1 | person=Tom Reed <tom.reed@harbour.example>
    staff | U2 | person=Tom Reed <tom.reed2@harbour.example>
    task  | 1  | title=T | assignee=Tom Reed
    """
    found = built(table)
    keys = {key: name for key, name in found.people_by_key.items() if key.startswith("n:")}
    assert keys == {}


def test_the_order_of_facts_changes_nothing(table: str) -> None:
    """
    staff   | U1 | person=Ines Vogel <ines@harbour.example>
    task    | 1  | title=T | assignee=Ines
    project | 1  | title=Site | party=ACME | manager=Ines Vogel
    project | 2  | title=Shop | party=Acme
    absence | 1  | person=Ines Vogel | first=2026-11-18 | last=2026-11-20
    """
    facts = facts_from(table)
    expected = directory(facts, today=TODAY)
    for seed in range(8):
        random.Random(seed).shuffle(facts)
        assert directory(facts, today=TODAY) == expected


def test_who_is_out_and_when_back(table: str) -> None:
    """
    absence | 1 | person=Janine | first=2026-11-16 | last=2026-11-20
    absence | 2 | person=Janine | first=2026-11-23 | last=2026-11-23
    absence | 3 | person=Sam    | first=2026-11-19 | last=2026-11-19
    absence | 4 | person=Priya  | first=2026-11-20 | last=2026-11-20
    """
    assert built(table).out_until == {"Janine": date(2026, 11, 24), "Sam": date(2026, 11, 20)}


@pytest.mark.parametrize(
    ("email", "outside"),
    [
        ("dana@northwind.example", True),
        ("ines@harbour.example", False),
        ("ines@mail.harbour.example", False),
        ("ines@notharbour.example", True),
        ("", None),
    ],
)
def test_who_is_outside(email: str, outside: bool | None) -> None:
    assert built("").outside(Person(email=email)) is outside


def test_near_names_are_proposed() -> None:
    found = built("", Client(name="Northwind"), Client(name="Northwind Dental"), Client(name="Northwood"))
    assert near_names(found) == [("Northwind", "Northwind Dental")]


def test_our_own_domain_is_inferred_from_the_staff_and_only_when_sure(table: str) -> None:
    """
    staff | 1 | person=A <a@harbour.example>
    staff | 2 | person=B <b@harbour.example>
    staff | 3 | person=C <c@freelance.example>
    """
    facts = facts_from(table)
    assert inferred_domains(facts) == ("harbour.example",)
    assert inferred_domains([*facts, *facts_from("staff | 4 | person=D <d@other.example>")]) == ()
