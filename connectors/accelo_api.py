"""Accelo's lists over HTTP: GET only, page by page, unwrapped by shape, every row held against what was asked
(accelo.md sections 1, 4 and 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from briefing.connector import Ignored, Skipped
from briefing.errors import AuthError, BadAnswer, RateLimited, SourceError
from briefing.http import Answer, Client, Guards, retry_after, room_of
from briefing.meter import Room
from briefing.tokens import TokenFile
from connectors.accelo_application import Application
from connectors.accelo_filters import Filters
from connectors.accelo_login import LOCKED, TOKEN_PATH, Login, lenient, told_status
from connectors.accelo_values import BadValue, Row, number, sid

ROOT = "/api/v0"
LIMIT = 100
"""Rows of one page: the most that Accelo gives. Without it there would be ten."""

OTHER_LIMITS = frozenset({10, 50})
"""What Accelo gives by default, and what it gave at most in older times. A first page of exactly so many rows may be
cut: one more is asked for."""

IGNORED_SHARE = 0.03
"""Where more of the rows than this were not asked for, the filter itself was not kept."""

ENOUGH_ROWS = 10
"""So many rows without a field that was asked for say that it is not told; of fewer, each may have left it unset."""

PARAMETERS = frozenset({"_fields", "_filters", "_search", "_page", "_limit"})
"""The only ones that may be sent. `_method` makes another verb of a GET; plain names are ignored silently."""

GUARDS = Guards(at_once=4)
"""Accelo asks for few calls at a time, and its limit is shared by everything that uses the deployment."""


class Thing(NamedTuple):
    """What a reader calls the rows of a list."""

    one: str
    many: str


THINGS: Mapping[str, Thing] = {
    "jobs": Thing("project", "projects"),
    "milestones": Thing("milestone", "milestones"),
    "tasks": Thing("task", "tasks"),
    "staff": Thing("staff", "staff"),
    "companies": Thing("company", "companies"),
}
"""What every deployment has."""

MODULES: Mapping[str, Thing] = {
    "issues": Thing("ticket", "tickets"),
    "contracts": Thing("retainer", "retainers"),
    "periods": Thing("retainer period", "retainer periods"),
    "quotes": Thing("quote", "quotes"),
    "prospects": Thing("sale", "sales"),
    "activities": Thing("activity", "activities"),
}
"""What some use and others do not."""

RESERVE = 200
"""Calls of an hour that are left for what else uses the deployment: what a briefing can do without stops before."""


class NotShown(AuthError):
    """The login is good; its user may not see this (403)."""


class NotThere(SourceError):
    """Accelo knows no such list (404)."""


class TooMany(SourceError):
    """There are more rows than are wanted."""


class RefusedFields(BadAnswer):
    """The request itself was refused (400): asked again without what can be done without."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One question to one list. Raises ValueError for a filter that the list does not know."""

    resource: str
    """Whose documented filters it takes."""

    path: str = ""
    """Where it is asked for, if that is not the resource's own list; such a list cannot be counted."""

    fields: tuple[str, ...]
    filters: Filters = field(default_factory=Filters)
    spare: tuple[str, ...] = ()
    """Further fields that not every user may see, or not every deployment knows."""

    spare_words: str = ""
    """What is lacking without them: `budgets`."""

    telling: tuple[str, ...] = ()
    """Fields that some row must have: where none has, it is not empty but was not told."""

    def __post_init__(self) -> None:
        self.filters.check(self.resource)

    @property
    def thing(self) -> Thing:
        """What a reader calls the rows."""
        return thing_of(self.resource)


class Api:
    """One deployment. Serves many threads; made without touching the network."""

    def __init__(
        self, base_url: str, *, source: str, deployment: str, application: Application, file: TokenFile
    ) -> None:
        """Raises ValueError for an address that is not http or https."""
        self.source = source
        accept = {"Accept": "application/json"}
        bare = Client(
            base_url, source=source, vendor="Accelo", guards=GUARDS, headers=accept, posts=(f"{TOKEN_PATH}$",)
        )
        self.login = Login(bare, deployment=deployment, application=application, file=file)
        self.client = Client(
            base_url, source=source, vendor="Accelo", credential=self.login, guards=GUARDS, headers=accept,
            explain=self._explained,
        )  # fmt: skip
        self.room: Room | None = None
        """What Accelo said last of its hourly limit."""

    # --- questions ---

    def ask(self, path: str, params: Mapping[str, object] | None = None) -> Any:
        """The `response` of a GET. Raises SourceError; ValueError for a parameter that may not be sent."""
        for name in params or {}:
            if name not in PARAMETERS:
                raise ValueError(f"{name} is not a parameter of a read")
        answer = self.client.get(f"{ROOT}/{path}", params)
        self.room = room_of(answer.headers) or self.room
        body = answer.json()
        meta = body.get("meta") if isinstance(body, Mapping) else None
        if not isinstance(body, Mapping) or "response" not in body:
            raise BadAnswer(f"Accelo answers the question for {what_of(path)} without a response")
        status = lenient(meta.get("status"), 40) if isinstance(meta, Mapping) else ""
        if body["response"] is None and status not in {"", "ok"}:
            raise BadAnswer(f"Accelo answers the question for {what_of(path)} with {status}")
        return body["response"]

    def leave_room(self, zone: tzinfo, calls: int = 1) -> None:
        """Raises RateLimited where so many more calls would take what is left for others (section 4.4)."""
        room = self.room
        if room is None or room.left >= RESERVE + calls:
            return
        until = f" until {room.until.astimezone(zone):%H:%M}" if room.until else ""
        raise RateLimited(
            f"of the {room.left:,} calls that Accelo allows{until}, {RESERVE} are left for what else uses the "
            f"deployment, and this would take {calls:,}"
        )

    def first(self, resource: str) -> None:
        """Try a list with the least there is to ask for. Raises SourceError."""
        self.ask(resource, {"_fields": "standing", "_limit": 1, "_page": 0})

    def one(self, path: str, fields: Sequence[str] = ()) -> Row:
        """A single object. Raises SourceError."""
        response = self.ask(path, {"_fields": ",".join(fields)} if fields else None)
        found = response[0] if isinstance(response, list) and len(response) == 1 else response
        if isinstance(found, Mapping):
            return found
        raise BadAnswer(f"Accelo answers {path} with something else than one object")

    def count(self, resource: str, filters: Filters | None = None) -> int:
        """How many rows there are, by Accelo's own count. Raises SourceError."""
        if filters is not None:
            filters.check(resource)
        return counted(
            self.ask(f"{resource}/count", {"_filters": filters.text} if filters and filters.terms else None), resource
        )

    def statuses(self, resource: str) -> list[Row]:
        """The statuses that rows of a list can have, each with its standing. Raises SourceError."""
        params = {"_fields": "standing,ordering", "_limit": LIMIT, "_page": 0}
        found = unwrapped(self.ask(f"{resource}/statuses", params), resource)
        return [row for row in found if isinstance(row, Mapping)]

    def rows(
        self, listing: Listing, already: set[str] | None = None, *, most_pages: int = 0
    ) -> Iterator[Row | Skipped | Ignored]:
        """Every row of a list, each held against the filters; then what was left out, counted.

        Rows move while pages are read, so one may come on two pages: it is passed on as it comes, and counted where
        facts are kept. `already` are ids that an earlier list gave: those are passed over, and this list's are added.
        Raises SourceError; TooMany after `most_pages` where there are more.
        """
        sieve = _Sieve(listing, already or set())
        for page, found in self._pages(listing, sieve, most_pages):
            if isinstance(found, Ignored):
                yield found
                continue
            for place, row in enumerate(found, 1):
                if (kept := sieve.taken(row, f"{listing.thing.many}, page {page + 1}, row {place}")) is not None:
                    yield kept
        yield from sieve.left_out()
        if already is not None:
            already |= sieve.ids

    def _pages(self, listing: Listing, sieve: _Sieve, most: int) -> Iterator[tuple[int, list[Any] | Ignored]]:
        """The pages of a list to its end, and once that it is read without what can be done without."""
        paging = self.client.paging(f"Accelo {listing.thing.many}")
        fields, page, limit = (*listing.fields, *listing.spare), 0, LIMIT
        while True:
            try:
                found = self._page(listing, fields, page)
            except RefusedFields:
                if page or fields == listing.fields:
                    raise
                fields = listing.fields
                yield 0, Ignored(0, f"{listing.spare_words} not read: Accelo refuses the fields")
                continue
            if page and listing.path and sieve.has_all(found):
                return  # a list inside an object may not know of pages
            paging.page(rows=[str(row.get("id")) if isinstance(row, Mapping) else str(row) for row in found])
            yield page, found
            if page == 0 and len(found) in OTHER_LIMITS:
                limit = len(found)
            if len(found) < limit:
                return
            page += 1
            if page == most:
                raise TooMany(f"Accelo has more than {page * limit:,} {listing.thing.many} in answer to this")

    def first_page(self, listing: Listing, already: set[str]) -> tuple[list[Row | Skipped], bool]:
        """The first rows of a list as `rows` passes them on, without what was left out; and whether there are more."""
        sieve = _Sieve(listing, already)
        found = self._page(listing, (*listing.fields, *listing.spare), 0)
        taken = [sieve.taken(row, f"{listing.thing.many}, page 1, row {place}") for place, row in enumerate(found, 1)]
        already |= sieve.ids
        return [row for row in taken if row is not None], len(found) >= LIMIT or len(found) in OTHER_LIMITS

    def _page(self, listing: Listing, fields: Sequence[str], page: int) -> list[Any]:
        params: dict[str, object] = {"_fields": ",".join(fields), "_limit": LIMIT, "_page": page}
        if listing.filters.terms:
            params["_filters"] = listing.filters.text
        response = self.ask(listing.path or listing.resource, params)
        if not is_nothing(response):
            return unwrapped(response, listing.resource)
        # Some lists say null where they have no rows. It is believed when the count says the same.
        if not listing.path and self.count(listing.resource, listing.filters) > page * LIMIT:
            raise BadAnswer(f"Accelo answers the question for {listing.thing.many} with nothing, and counts some")
        return []

    # --- refusals ---

    def _explained(self, answer: Answer) -> SourceError | None:
        """A refusal in the product's words (section 4.2); None for what the client says as well."""
        status, message = told_status(answer)
        said = ": ".join(part for part in (status, message) if part)
        what = self.login.called(what_of(answer.url.partition(ROOT + "/")[2]))
        again = f"then briefing collect {self.source}"
        if status == LOCKED:
            return self.login.locked_out(answer)
        if answer.status == 401:
            return AuthError(
                f"login refused (401{f' {said}' if said else ''})",
                advice=f"see in Accelo whether the application and its user are still active, {again}",
            )
        if answer.status == 403:
            return NotShown(
                f"Accelo does not show {what} to the user of this login (403)",
                advice=f"in Accelo, give the user of the application the right to view {what}, {again}",
            )
        if answer.status == 429:
            wait = retry_after(answer.headers, datetime.now(UTC))
            room = f"; free again in {max(round(wait / 60), 1)} min" if wait else ""
            return RateLimited(
                f"Accelo's limit of calls, shared by all that use the deployment, is used up (429{room})"
            )
        if answer.status == 404:
            return NotThere(
                f"Accelo has no list of {what} at this address (404)",
                advice=f"check deployment and base_url of sources.{self.source}",
            )
        if answer.status == 400:
            return RefusedFields(f"Accelo refuses the question for {what} (400{f' {said}' if said else ''})")
        return None


def counted(response: Any, resource: str) -> int:
    """The number in a count's answer: an object with it, a list of one, or the number itself. Raises BadAnswer."""
    found = response[0] if isinstance(response, list) and len(response) == 1 else response
    try:
        told = number(found.get("count") if isinstance(found, Mapping) else found)
    except BadValue:
        told = None
    if told is None:
        raise BadAnswer(f"Accelo does not count {what_of(resource)}")
    return int(told)


def thing_of(resource: str) -> Thing:
    """What a reader calls the rows of a list."""
    return THINGS.get(resource) or MODULES[resource]


def what_of(path: str) -> str:
    """What a reader calls that which a path asks for."""
    first = path.strip("/").partition("/")[0]
    return thing_of(first).many if first in THINGS or first in MODULES else f'"{first}"' if first else "data"


def is_nothing(response: Any) -> bool:
    """Whether null stands in the place of the rows, by itself or under the name of the list."""
    if isinstance(response, Mapping):
        return bool(response) and "id" not in response and all(value is None for value in response.values())
    return response is None


def unwrapped(response: Any, path: str) -> list[Any]:
    """The rows of a response, by its shape (section 4.3): a list, null, an object around one list, a single object."""
    if is_nothing(response):
        return []
    if isinstance(response, list):
        return response
    if isinstance(response, Mapping):
        lists = [value for value in response.values() if isinstance(value, list)]
        return lists[0] if len(lists) == 1 and "id" not in response else [response]
    raise BadAnswer(f"Accelo answers the question for {what_of(path)} with no list")


class _Sieve:
    """Lets through what was asked for, and counts what it holds back."""

    def __init__(self, listing: Listing, already: AbstractSet[str]) -> None:
        self.listing, self._already = listing, already
        self.ids: set[str] = set()
        self.met: set[str] = set()
        self._kept = self._unasked = 0
        self._untold = set(listing.telling)

    def taken(self, row: Any, where: str) -> Row | Skipped | None:
        """The row, or why it cannot be read; None for one that is left out."""
        if not isinstance(row, Mapping):
            return Skipped(where, "it is not an object")
        try:
            own = sid(row.get("id"))
        except BadValue as error:
            return Skipped(where, f"id: {error}")
        if own is None:
            return Skipped(where, "it has no id")
        self.met.add(own)
        if own in self._already:
            return None
        if not self.listing.filters.keep(row):
            self._unasked += 1
            return None
        self._kept += 1
        self.ids.add(own)
        self._untold.difference_update(row)
        return row

    def has_all(self, rows: Sequence[Any]) -> bool:
        """Whether every row of a page came before, held back or not."""
        return bool(rows) and all(str(row.get("id")) in self.met for row in rows if isinstance(row, Mapping))

    def left_out(self) -> Iterator[Skipped | Ignored]:
        """What was held back, and what no row tells."""
        many = self.listing.thing.many
        if self._kept >= ENOUGH_ROWS:
            for name in sorted(self._untold):
                yield Skipped(many, f"Accelo tells {name} of none of them")
        if self._unasked > (self._kept + self._unasked) * IGNORED_SHARE:
            yield Ignored(self._unasked, f"{many} left out here, because Accelo did not keep the filter")
        elif self._unasked:
            yield Ignored(self._unasked, f"{many} that were not asked for")
