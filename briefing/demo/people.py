"""The people of the simulated agency: staff, clients, prospects, and who is out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from briefing.demo import names
from briefing.demo.chance import stream
from briefing.demo.days import is_workday, on_workday, plus, plus_workdays

ROLES = (
    ("Maya", "coo"),
    ("Janine", "manager"),
    ("Lena", "ads"),
    ("Marco", "sales"),
    ("Ines", "account"),
    ("Tom", "delivery"),
    ("Priya", "manager"),
    ("Sam", "manager"),
    ("Renee", "sales"),
    ("Owen", "account"),
    ("Clara", "account"),
    ("Yusuf", "ads"),
)
"""What the first twelve of every 24 people do; the others work in delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Human:
    """Somebody with a name and an address, here or outside."""

    name: str
    email: str
    slack: str = ""
    """The Slack id; empty for people who are not there."""

    role: str = ""
    company: str = ""
    """The client or prospect they work for; empty for our own staff."""

    @property
    def first(self) -> str:
        """The name people call them."""
        return self.name.split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A client or a prospect."""

    id: str
    name: str
    domain: str
    contacts: tuple[Human, ...]
    owner: Human
    """Who looks after them here."""

    is_client: bool
    monthly_fee: int = 0
    """US dollars; 0 for prospects."""

    channel: str = ""
    """The Slack channel shared with them, without #; empty without one."""

    part: str = ""
    """Which of their matters this world plants, so that two never meet in one conversation: `sales` or `talk`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Somebody is out, first and last day included."""

    human: Human
    first: date
    last: date
    word: str


class People:
    """Everybody, the same for every morning of one world."""

    def __init__(self, seed: int, first: date, last: date, scale: int = 1) -> None:
        self.seed, self.first, self.last, self.scale = seed, first, last, scale

    @cached_property
    def staff(self) -> tuple[Human, ...]:
        """24 people at scale 1, Maya first."""
        found = []
        for number in range(24 * self.scale):
            name = names.person(number)
            role = ROLES[number % 24][1] if number % 24 < len(ROLES) else "delivery"
            email = f"{names.login(name)}@{names.AGENCY_DOMAIN}"
            found.append(Human(name=name, email=email, slack=f"U0STAFF{number:04d}", role=role))
        return tuple(found)

    @cached_property
    def former(self) -> dict[Human, date]:
        """Managers who leave while the world lasts, two at scale 1, each with the last day. Not among the staff."""
        found = {}
        for number in range(2 * self.scale):
            name = names.person(1500 + number)
            email = f"{names.login(name)}@{names.AGENCY_DOMAIN}"
            last = plus(self.first, stream(self.seed, "former", number).between(40, 150))
            human = Human(name=name, email=email, slack=f"U0LEFT{number:05d}", role="manager")
            found[human] = on_workday(last)
        return found

    @property
    def reader(self) -> Human:
        """The person the briefing is for."""
        return self.staff[0]

    @lru_cache(maxsize=32)  # noqa: B019  (a world lives as long as its process)
    def with_role(self, *roles: str) -> tuple[Human, ...]:
        """Staff with one of these roles."""
        return tuple(human for human in self.staff if human.role in roles)

    def staff_named(self, first: str) -> Human:
        """One of the first people, by first name."""
        return next(human for human in self.staff if human.first == first)

    @cached_property
    def clients(self) -> tuple[Company, ...]:
        """25 at scale 1."""
        return tuple(self._client(number) for number in range(25 * self.scale))

    @cached_property
    def prospects(self) -> tuple[Company, ...]:
        """80 firms at scale 1 that might become clients."""
        return tuple(self._prospect(number) for number in range(80 * self.scale))

    @cached_property
    def companies(self) -> dict[str, Company]:
        """Clients and prospects by name."""
        return {company.name: company for company in (*self.clients, *self.prospects)}

    def client_named(self, name: str) -> Company:
        """A client by its name."""
        return self.companies[name]

    @cached_property
    def own_leave(self) -> tuple[Leave, ...]:
        """Who is out when. Maya reads her briefing and is never out."""
        return tuple(leave for human in self.staff if human is not self.reader for leave in self._leaves_of(human))

    def _client(self, number: int) -> Company:
        name, domain = names.client(number)
        draw = stream(self.seed, "client", number)
        part = "sales" if name == "Northwind" or stream(self.seed, "part", number).chance(0.35) else "talk"
        return Company(
            id=f"C-{number + 1:03d}",
            name=name,
            domain=domain,
            contacts=self._contacts(name, domain, 5000 + number * 4, draw.between(2, 4)),
            owner=draw.one_of(self.with_role("account")),
            is_client=True,
            monthly_fee=draw.between(4, 18) * 250,
            channel=domain.removesuffix(".example") if draw.chance(0.6) else "",
            part=part,
        )

    def _prospect(self, number: int) -> Company:
        name, domain = names.prospect(number)
        draw = stream(self.seed, "prospect", number)
        return Company(
            id=f"L-{number + 1:03d}",
            name=name,
            domain=domain,
            contacts=self._contacts(name, domain, 9000 + number * 3, draw.between(1, 3)),
            owner=draw.one_of(self.with_role("sales")),
            is_client=False,
        )

    def _contacts(self, company: str, domain: str, first: int, count: int) -> tuple[Human, ...]:
        found = []
        for number in range(first, first + count):
            name = names.person(number % 2900)
            found.append(
                Human(
                    name=name, email=f"{names.login(name)}@{domain}", slack=f"U0GUEST{number:05d}", company=company,
                )
            )  # fmt: skip
        return tuple(found)

    def _leaves_of(self, human: Human) -> list[Leave]:
        draw = stream(self.seed, "leave", human.email)
        found, day = [], self.first
        while day < self.last:
            day = plus(day, draw.span(55, least=6))
            if not is_workday(day):
                continue
            length = draw.one_of((0, 0, 0, 1, 2, 4, 4, 9))
            last = plus_workdays(day, length)
            word = "sick" if length < 3 and draw.chance(0.4) else "vacation"
            found.append(Leave(human=human, first=day, last=last, word=word))
            day = last
        return found
