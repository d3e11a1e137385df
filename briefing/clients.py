"""Which client and which person a fact belongs to. Decided here alone; a wrong merge is worse than a miss.

A client is known by the configuration's names and aliases, by e-mail domains (free-mail domains are no identity), by
company records with a domain, and by equal names after folding: NFKC, casefold, punctuation and spaces. Legal forms
stay: Acme GmbH is not Acme Ltd. A name that could be two clients is nobody's, and is counted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from briefing.facts import Money, Party, Person

FREE_MAIL = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk live.com msn.com yahoo.com yahoo.co.uk yahoo.de "
    "ymail.com icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de mail.com mail.ru "
    "yandex.ru yandex.com proton.me protonmail.com pm.me zoho.com fastmail.com hey.com qq.com 163.com bluewin.ch "
    "orange.fr wanadoo.fr free.fr laposte.net libero.it comcast.net verizon.net att.net btinternet.com".split()
)


def folded(name: str) -> str:
    """A name for comparison only.

    >>> folded("ACME, GmbH.") == folded("Acme  GmbH")
    True
    >>> folded("Acme GmbH") == folded("Acme Ltd")
    False
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    text = "".join(c if c.isalnum() else " " for c in text)
    return " ".join(text.split())


def domain_of(email: str) -> str:
    """The domain of an address, lower-case; empty where there is none."""
    return email.rpartition("@")[2].strip(" >.").lower() if "@" in email else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client as the configuration and the sources know it."""

    name: str
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    monthly_fee: Money | None = None
    target_cpl: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person of our organisation as the sources know them together."""

    name: str
    emails: tuple[str, ...] = ()
    out_until: date | None = None
    """The first day back, while the person is out today."""


@dataclass(frozen=True)
class Directory:
    """Resolves parties to clients and persons to names. Built once per morning by `directory`."""

    own_domains: frozenset[str] = frozenset()
    clients: tuple[Client, ...] = ()
    by_name: Mapping[str, str] = field(default_factory=dict)
    """Folded name or alias to client name; ambiguous ones are not in it."""

    by_domain: Mapping[str, str] = field(default_factory=dict)
    people_by_key: Mapping[str, str] = field(default_factory=dict)
    """`e:address`, `i:id` or `n:folded name` to the person's printed name."""

    out_until: Mapping[str, date] = field(default_factory=dict)
    """Printed name to the first day back."""

    ambiguous: frozenset[str] = frozenset()

    def client(self, party: Party) -> str:
        """The client's name, or empty when nobody knows."""
        named = self.by_name.get(folded(party.name)) if party.name else None
        by_domain = self.by_domain.get(party.domain.lower()) if party.domain else None
        return named or by_domain or ""

    def client_named(self, name: str) -> Client | None:
        """The client's record by its resolved name."""
        return next((client for client in self.clients if client.name == name), None)

    def client_of_person(self, person: Person) -> str:
        """The client a person writes for, by the address's domain."""
        return self.by_domain.get(domain_of(person.email), "")

    def name(self, person: Person | None) -> str:
        """What to call a person: the same for every source that means them."""
        if person is None:
            return ""
        for key in person_keys(person):
            if key in self.people_by_key:
                return self.people_by_key[key]
        return person.label

    def is_out(self, person: Person | None) -> date | None:
        """The first day back of a person who is out today."""
        return self.out_until.get(self.name(person)) if person else None

    def outside(self, person: Person) -> bool | None:
        """Whether an address lies outside our domains; None without an address or without known domains."""
        domain = domain_of(person.email)
        if not domain or not self.own_domains:
            return None
        return not any(domain == own or domain.endswith("." + own) for own in self.own_domains)


def person_keys(person: Person) -> Iterable[str]:
    """Keys under which a person may be known, the surest first."""
    if person.email:
        yield "e:" + person.email.casefold()
    if person.id:
        yield "i:" + person.id
    if person.name:
        yield "n:" + folded(person.name)
