"""What all rows of the Accelo site have in common: how dates, standings and people are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime

from briefing.demo.chance import fixed
from briefing.demo.days import moment
from briefing.demo.people import Human
from briefing.demo.server.accelo_ids import Numbers
from briefing.demo.server.accelo_query import Link, Row, Spec
from briefing.demo.server.accelo_settings import AcceloSettings
from briefing.demo.world import World

STATUSES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "jobs": (
        ("Planned", "pending", "orange"), ("In Progress", "active", "green"), ("On Hold", "paused", "pink"),
        ("Delivered", "complete", "grey"), ("Cancelled", "inactive", "red"),
    ),
    "milestones": (
        ("To Do", "pending", "orange"), ("In Progress", "active", "green"), ("Signed Off", "complete", "grey"),
        ("Dropped", "inactive", "red"),
    ),
    "tasks": (
        ("Pending", "pending", "orange"), ("Accepted", "accepted", "yellow"), ("Started", "started", "green"),
        ("Waiting on client", "paused", "pink"), ("Complete", "complete", "grey"), ("Cancelled", "inactive", "red"),
    ),
    "companies": (("Lead", "pending", "yellow"), ("Former", "inactive", "grey"), ("Client", "active", "green")),
    "affiliations": (("Active", "active", "green"), ("Left", "inactive", "grey")),
    "contacts": (("Active", "active", "green"), ("Inactive", "inactive", "grey")),
    "issues": (
        ("New", "submitted", "orange"), ("Open", "open", "green"), ("Resolved", "resolved", "blue"),
        ("Closed", "closed", "grey"), ("Spam", "inactive", "red"),
    ),
    "contracts": (("Proposed", "pending", "orange"), ("Active", "active", "green"), ("Ended", "cancelled", "grey")),
    "prospects": (
        ("New", "unassigned", "orange"), ("Qualified", "active", "yellow"), ("Quoted", "active", "green"),
        ("Negotiating", "active", "green"), ("Won", "won", "blue"), ("Lost", "lost", "grey"),
        ("Withdrawn", "cancelled", "grey"), ("Gone cold", "abandoned", "grey"),
    ),
    "quotes": (
        ("Draft", "draft", "orange"), ("Sent to client", "published", "green"), ("Accepted", "accepted", "blue"),
        ("Declined", "declined", "grey"), ("Made a project", "converted", "blue"), ("Expired", "inactive", "grey"),
    ),
}  # fmt: skip
"""Title, standing, colour: titles are free text in every deployment."""

GENERIC: Mapping[str, Mapping[str, str]] = {
    "jobs": {"pending": "setup"},
    "tasks": {"accepted": "active", "started": "active"},
}
"""Other words for standings, where a deployment follows the documentation instead of what was seen live."""


class Table:
    """Rows of one resource by ascending id."""

    def __init__(self, spec: Spec, rows: Iterable[Row]) -> None:
        self.spec = spec
        self.rows = sorted(rows, key=lambda row: int(str(row["id"])))
        self.by_id: dict[str, Row] = {str(row["id"]): row for row in self.rows}


Make = tuple[Spec, Callable[[], Iterable[Row]]]
"""What a resource offers, and how its rows are made."""


class Tables(Mapping[str, Table]):
    """Tables by the name of their resource, each made when it is first looked at."""

    def __init__(self, made: Iterable[Make]) -> None:
        self._makes = {spec.name: (spec, rows) for spec, rows in made}
        self._kept: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        if name not in self._kept:
            spec, rows = self._makes[name]
            self._kept[name] = Table(spec, rows())
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makes)

    def __len__(self) -> int:
        return len(self._makes)


def titled(titles: Iterable[str]) -> Iterator[Row]:
    """A list of types, which have little but a title."""
    for place, title in enumerate(titles):
        yield {"id": str(place + 1), "title": title.capitalize(), "standing": "active", "ordering": str(place)}


class Shared:
    """One morning of one deployment."""

    def __init__(self, world: World, morning: date, settings: AcceloSettings) -> None:
        self.world, self.morning, self.settings = world, morning, settings
        self.id = Numbers(world).number

    # --- times --------------------------------------------------------------------------------------------------------

    def noon(self, day: date | None) -> str | None:
        """A date as Accelo keeps those of work and of contracts: noon of the deployment's zone."""
        return None if day is None else str(int(moment(day, 12).timestamp()))

    def midnight(self, day: date | None) -> str | None:
        """A date as Accelo keeps those of sales and tickets."""
        return None if day is None else str(int(moment(day, 0).timestamp()))

    def instant(self, at: datetime | None) -> str | None:
        """When something happened; None for what has not happened yet."""
        if at is None or at >= moment(self.morning):
            return None
        return str(int(at.timestamp()))

    def at(self, day: date | None, id: str, what: str) -> str | None:
        """The instant of something that happened on a day: in working hours, and before this morning's seven."""
        if day is None or day > self.morning:
            return None
        minute = fixed(id, what) % 480
        at = moment(day, 9 + minute // 60, minute % 60) if day < self.morning else moment(day, 6, minute % 60)
        return str(int(at.timestamp()) + fixed(id, f"{what}s") % 60)

    def begun(self, day: date) -> date | None:
        """The day, if it has come."""
        return day if day <= self.morning else None

    # --- standings and people -----------------------------------------------------------------------------------------

    def status(self, of: str, standing: str, title: str = "") -> tuple[Link, str]:
        """The status of a standing (the first, or the one with this title), and the standing's word here."""
        known = [(word, text) for text, word, _ in STATUSES[of]]
        place = known.index((standing, title)) if title else [word for word, _ in known].index(standing)
        return Link(f"{of}/statuses", str(place + 2)), self.word(of, standing)

    def word(self, of: str, standing: str) -> str:
        """What this deployment calls a standing."""
        return GENERIC.get(of, {}).get(standing, standing) if self.settings.standings == "generic" else standing

    def human(self, human: Human | None) -> Link:
        """A member of staff, or nobody."""
        return Link("staff", self.id("staff", human.email) if human else None)
