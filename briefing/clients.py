"""Which client and which person a fact belongs to. Decided here alone; a wrong merge is worse than a miss.

A client is known by the configuration's names and aliases, by e-mail domains (free-mail domains are no identity), by
company records with a domain, and by equal names after folding: NFKC, casefold, punctuation and spaces. Legal forms
stay: Acme GmbH is not Acme Ltd. A name that could be two clients is nobody's, and is counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations, pairwise

from briefing.facts import (
    Absence,
    AdAccount,
    Company,
    Deal,
    Fact,
    Message,
    Milestone,
    Money,
    Party,
    Person,
    Project,
    Proposal,
    Retainer,
    Staff,
    Task,
    Ticket,
)
from briefing.morning import WorkCalendar
from briefing.reading.text import folded

FREE_MAIL = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk live.com msn.com yahoo.com yahoo.co.uk yahoo.de "
    "ymail.com icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de mail.com mail.ru "
    "yandex.ru yandex.com proton.me protonmail.com pm.me zoho.com fastmail.com hey.com qq.com 163.com bluewin.ch "
    "orange.fr wanadoo.fr free.fr laposte.net libero.it comcast.net verizon.net att.net btinternet.com".split()
)


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
    owner: Person | None = None


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
    """Names and domains that could be two clients, and so are nobody's."""

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


NAMES_CLIENTS = (Project, Retainer, AdAccount, Deal, Proposal, Company)
"""Kinds whose party is a client or may become one. Messages only resolve to clients known otherwise."""


def directory(
    facts: Iterable[Fact],
    *,
    clients: Sequence[Client] = (),
    own_domains: Iterable[str] = (),
    today: date,
    calendar: WorkCalendar | None = None,
) -> Directory:
    """Build the directory of a morning from the configuration and what the sources say.

    The order of facts changes nothing: of several spellings of one name the most frequent is printed.
    """
    everything = list(facts)
    own = frozenset(domain.lower().lstrip("@") for domain in own_domains)
    known = _clients(everything, clients)
    by_name, doubtful_names = _unambiguous(_names(known))
    by_domain, doubtful_domains = _unambiguous(_domains(known, everything, by_name, own))
    people = _people(everything)
    out = _absent(everything, people, today, calendar or WorkCalendar())
    return Directory(
        own_domains=own, clients=tuple(known), by_name=by_name, by_domain=by_domain, people_by_key=people,
        out_until=out, ambiguous=frozenset(doubtful_names | doubtful_domains),
    )  # fmt: skip


def _clients(facts: Sequence[Fact], configured: Sequence[Client]) -> list[Client]:
    """The configured clients, then those that sources name and the configuration does not."""
    taken = {folded(name) for client in configured for name in (client.name, *client.aliases)}
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    companies: dict[str, list[Company]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, Company):
            companies[folded(fact.name)].append(fact)
            spellings[folded(fact.name)][fact.name] += 1
        elif isinstance(fact, NAMES_CLIENTS) and fact.party.name:
            spellings[folded(fact.party.name)][fact.party.name] += 1
    found = list(configured)
    for key in sorted(spellings):
        if key and key not in taken:
            name = min(spellings[key], key=lambda spelling: (-spellings[key][spelling], spelling))
            records = companies[key]
            found.append(
                Client(
                    name=name,
                    aliases=tuple(sorted({alias for record in records for alias in record.aliases})),
                    domains=tuple(sorted({domain for record in records for domain in record.domains})),
                )
            )
    return found


def _names(clients: Iterable[Client]) -> Iterator[tuple[str, str]]:
    for client in clients:
        for name in {folded(name) for name in (client.name, *client.aliases)} - {""}:
            yield name, client.name


def _domains(
    clients: Iterable[Client], facts: Iterable[Fact], by_name: Mapping[str, str], own: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Domains of the configuration and of company records; and those that one fact gives beside a client's name."""
    for client in clients:
        for domain in client.domains:
            yield domain.lower().lstrip("@"), client.name
    for fact in facts:
        domain = fact.party.domain.lower()
        name = by_name.get(folded(fact.party.name), "")
        if isinstance(fact, NAMES_CLIENTS) and name and domain and domain not in FREE_MAIL | own:
            yield domain, name


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], set[str]]:
    """Keys that mean one client, and those that could mean two."""
    meant: dict[str, set[str]] = defaultdict(set)
    for key, name in pairs:
        meant[key].add(name)
    sure = {key: next(iter(names)) for key, names in sorted(meant.items()) if len(names) == 1}
    return sure, {key for key, names in meant.items() if len(names) > 1}


def persons_of(fact: Fact) -> Iterator[Person]:
    """Persons of our side that a fact names: staff, owners, assignees."""
    if isinstance(fact, Staff | Absence):
        yield fact.person
    elif isinstance(fact, Project | Milestone | Retainer):
        yield from (fact.manager,) if fact.manager else ()
    elif isinstance(fact, Task | Ticket):
        yield from (fact.assignee,) if fact.assignee else ()
    elif isinstance(fact, Deal | Proposal | AdAccount):
        yield from (fact.owner,) if fact.owner else ()
    elif isinstance(fact, Message):
        yield fact.author


def _people(facts: Iterable[Fact]) -> dict[str, str]:
    """Every key of a person to one printed name. Keys that one record names together belong together."""
    parent: dict[str, str] = {}
    names: dict[str, Counter[str]] = defaultdict(Counter)

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    joins_by_name: dict[str, set[str]] = defaultdict(set)
    seen: Counter[Person] = Counter(person for fact in facts for person in persons_of(fact))
    for person in seen:
        if person.email and person.name:
            joins_by_name["n:" + folded(person.name)].add("e:" + person.email.casefold())
    for person, times in seen.items():
        # A name that two addresses carry is no identity: two people may be called the same.
        keys = [key for key in person_keys(person) if len(joins_by_name.get(key, ())) < 2]
        for one, other in pairwise(keys):
            parent[max(root(one), root(other))] = min(root(one), root(other))
        if keys and person.name:
            names[keys[0]][person.name] += times
    by_root: dict[str, Counter[str]] = defaultdict(Counter)
    for key, counted in names.items():
        by_root[root(key)] += counted
    printed = {top: min(c, key=lambda name: (-c[name], name)) for top, c in by_root.items()}
    return {key: printed[root(key)] for key in sorted(parent) if root(key) in printed}


def _absent(facts: Iterable[Fact], people: Mapping[str, str], today: date, calendar: WorkCalendar) -> dict[str, date]:
    """Who is out today, to the first workday back; absences that follow each other are one."""
    spans: dict[str, list[Absence]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, Absence):
            name = next((people[key] for key in person_keys(fact.person) if key in people), fact.person.label)
            spans[name].append(fact)
    out = {}
    for name, absences in spans.items():
        back = today
        for absence in sorted(absences, key=lambda one: one.first):
            if absence.first <= back <= absence.last:
                back = calendar.next_workday(absence.last)
        if back != today:
            out[name] = back
    return out


def near_names(found: Directory) -> list[tuple[str, str]]:
    """Clients whose names differ only by further words: proposed to a person, never merged."""
    names = sorted(client.name for client in found.clients)
    pairs = []
    for one, other in combinations(names, 2):
        short, long = sorted((folded(one).split(), folded(other).split()), key=len)
        if short and long[: len(short)] == short:
            pairs.append((one, other))
    return pairs


def inferred_domains(facts: Iterable[Fact]) -> tuple[str, ...]:
    """Our own domains where nobody stated them: of the people who own work, staff first; at most one is certain.

    Taken only when at least two thirds of those people share it; free-mail domains never.
    """
    for kinds in ((Staff,), (Project, Milestone, Task, Deal, Proposal, AdAccount)):
        people = {person for fact in facts if isinstance(fact, kinds) for person in persons_of(fact) if person.email}
        counted = Counter(domain_of(person.email) for person in people)
        for free in FREE_MAIL:
            counted.pop(free, None)
        if counted:
            domain = min(counted, key=lambda name: (-counted[name], name))
            return (domain,) if counted[domain] * 3 >= counted.total() * 2 else ()
    return ()
