"""Calendars of any CalDAV server, one calendar one scope: three requests find them, then one more for each.

Settings
  base_url   the server, the user's own address on it, or one calendar; found out from there
  username, password   Basic; providers with two-step login want an app password
  token      in their place: a bearer token
  calendars  names of the calendars to read; not given: all with events
  owner      whose calendars they are, by address; else as the server says

  1. PROPFIND of base_url (or /.well-known/caldav, RFC 6764): who is logged in
  2. PROPFIND of the principal: where the calendars lie
  3. PROPFIND of that home: the calendars, each with a token that changes when its contents do
  4. REPORT of a calendar: the events of the window

Later readings begin with the third, because a mark says where the calendars lie (found out anew every two weeks, or
when they are not there). A calendar whose token is as it was is not asked again: the list has said it. Of one that
changed the changes are asked for (sync-collection, RFC 6578) and held against the stretch of time of the first reading,
which is two weeks longer than wanted then. Where the server does not serve that, says nothing clear, or when these two
weeks are over, the calendar is read anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from briefing.connector import Finding, Gone, Ignored, Mark, Skipped, Stream, Window
from briefing.errors import AuthError, BadAnswer, MarkExpired, SourceError
from briefing.facts import Absence, Fact, Meeting, Person, Ref
from briefing.reading.meetings import Shelf, facts_of, is_address
from briefing.reading.recurrence import Outcome, Span, Text, occurrences
from briefing.reading.text import NAME, clean
from briefing.reading.xmltree import NotXml
from briefing.tokens import fingerprint
from connectors.caldav_dav import (
    CS,
    C,
    D,
    Resource,
    addresses_of,
    calendar_query,
    changes_in,
    multistatus,
    propfind,
    sync_collection,
)
from connectors.caldav_marks import Account, Kept, Stated, account_in, describes, kept_in, members_of, merged, no_longer
from connectors.ics import NO_MARK, as_one_calendar, describing, where_of
from connectors.ics_spans import covers, span_of, whole_days, with_margin

if TYPE_CHECKING:  # httpx is imported where the network is asked: settings are checked without it
    from briefing.http import Answer, Client

KINDS: frozenset[type[Fact]] = frozenset({Meeting, Absence})
WELL_KNOWN = "/.well-known/caldav"
PARTED = {"caldav.icloud.com": ".icloud.com"}
"""Services that send each user to a host of their own; a login goes nowhere else."""

MOST_CALENDARS, MOST_HOMES = 100, 10
LONGEST_TOKEN, LONGEST_ADDRESS = 2_000, 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """One calendar of the account."""

    url: str
    id: str
    """Its path, for the ids of events: the same event may lie in two calendars."""

    name: str
    scope: str
    """The name, told apart where two are called alike."""

    owner: Person | None
    token: str
    """Changes when the contents do; empty where the server tells none."""

    tells_changes: bool
    """Whether the token is one that changes can be asked by."""

    withheld: int
    """Status with which the list refuses to say what it is; 0 for a calendar."""

    account: Account

    @property
    def bound_to(self) -> str:
        """A fingerprint of what its facts rest on besides its contents."""
        return fingerprint(self.id, self.name, self.owner.email if self.owner else "")


class CalDav:
    """One account on a CalDAV server. Serves many threads."""

    kinds: ClassVar[frozenset[type[Fact]]] = KINDS

    def __init__(
        self,
        *,
        source: str,
        base_url: str,
        username: str = "",
        password: str = "",
        token: str = "",
        calendars: Sequence[str] = (),
        owner: str = "",
        max_bytes: int = 32_000_000,
    ) -> None:
        parts = urlsplit(base_url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise ValueError(f'base_url: "{clean(base_url, 80)}" is not an address such as https://dav.example.com')
        if bool(token) == bool(username or password):
            raise ValueError("username: give a username with a password, or a token")
        if isinstance(calendars, str):
            raise ValueError('calendars: write a list such as ["Work"]')  # noqa: TRY004  (a setting's problem)
        if owner and not is_address(owner.strip()):
            raise ValueError(f'owner: "{clean(owner, 80)}" is not a mail address')
        self._source = source
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._start = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._host = parts.hostname
        self._login = (username, password, token)
        self._wanted = tuple(calendars)
        self._owner = owner.strip()
        self._max_bytes = max_bytes
        self._clients: dict[str, Client] = {}

    def streams(self, window: Window) -> Sequence[Stream]:
        """One stream a calendar. Raises SourceError."""
        return self._offered(self._calendars(_today(window)))

    def streams_after(self, window: Window, marks: Mapping[str, Mark]) -> Sequence[Stream]:
        """The same by one request, where the calendars still lie where they lay. Raises SourceError."""
        account = account_in(marks.values(), _today(window))
        found = self._at_home(account) if account else []
        found = found or self._calendars(_today(window))
        return self._offered([_as_known(one, marks) if one.withheld else one for one in found])

    def _offered(self, found: Sequence[Calendar]) -> list[Stream]:
        return [
            Stream(kinds=KINDS, read=partial(self._read, calendar), scope=calendar.scope, place=calendar.name)
            for calendar in self._chosen(found)
        ]

    def probe(self) -> Iterator[Finding]:
        """Which calendars there are, and whether the way to them is private."""
        found = self._chosen(self._calendars(date.min))  # nothing found here is remembered
        told = ", ".join(one.scope for one in found if not one.withheld) or "none"
        yield Finding(what=f"Logged in on {self._host}; calendars: {told}.")
        for one in found:
            if one.withheld:
                why = self._withheld(one.withheld)
                yield Finding(what=f"{one.scope} is not read: {why}.", ok=False, cure=why.advice)
        if self._origin.startswith("http:") and self._host not in {"127.0.0.1", "::1", "localhost"}:
            yield Finding(
                what="The login goes over the network in plain text.", ok=False,
                cure=f"write https in sources.{self._source}.base_url",
            )  # fmt: skip

    # --- which calendars ---------------------------------------------------------------------------------------------

    def _chosen(self, found: Sequence[Calendar]) -> list[Calendar]:
        names = {name for one in found for name in (one.name, one.scope)}
        if missing := [name for name in self._wanted if name not in names]:
            raise SourceError(
                f"{self._host} has no calendar {', '.join(clean(name, NAME) for name in missing)}",
                advice=f"correct sources.{self._source}.calendars; there are {', '.join(sorted(names)) or 'none'}",
            )
        chosen = [one for one in found if not self._wanted or {one.name, one.scope} & set(self._wanted)]
        if not chosen:
            raise SourceError(
                f"{self._host} shows no calendar with events", advice=f"check the login of sources.{self._source}"
            )
        if len(chosen) > MOST_CALENDARS:
            raise SourceError(
                f"{self._host} shows {len(chosen)} calendars, and at most {MOST_CALENDARS} are read",
                advice=f"name those that count in sources.{self._source}.calendars",
            )
        return chosen

    def _calendars(self, today: date) -> list[Calendar]:
        """The calendars by their paths, found out from the start. Raises SourceError."""
        first, here = self._first_answer()
        if first.is_a(f"{C}calendar"):
            me = _path(first.href_in(f"{D}current-user-principal"))
            return self._named([(here, first)], Account(homes=(), me=me, address=self._address_of(first), on=today))
        principal, at = first, here
        if not first.hrefs(f"{C}calendar-home-set"):
            at = self._joined(here, first.href_in(f"{D}current-user-principal"))
            principal = self._about(at)
        homes = dict.fromkeys(self._joined(at, href.text) for href in principal.hrefs(f"{C}calendar-home-set"))
        if not homes:
            raise BadAnswer(
                f"{self._host} does not say where the calendars lie",
                advice=f"name one calendar's own address in sources.{self._source}.base_url",
            )
        if len(homes) > MOST_HOMES:
            raise BadAnswer(
                f"{self._host} names {len(homes)} homes of calendars, and at most {MOST_HOMES} are read",
                advice=f"name one of their addresses in sources.{self._source}.base_url",
            )
        account = Account(homes=tuple(homes), me=_path(principal.href), address=self._address_of(principal), on=today)
        return self._in_homes([(home, self._ask(home, depth="1")) for home in account.homes], account)

    def _at_home(self, account: Account) -> list[Calendar]:
        """The calendars where they lay the last time; none where they are to be found out from the start. Raises
        SourceError for a server that does not answer or refuses the login.
        """
        answers = []
        try:
            for home in account.homes:
                answer = self._client(home).request("PROPFIND", home, headers=_headers("1"), content=propfind())
                if answer.status in {403, 404, 405, 410}:
                    return []
                if answer.status != 207:
                    raise self._client(home).refusal(answer)
                answers.append((home, self._resources(answer)))
            return self._in_homes(answers, account)
        except BadAnswer:
            return []

    def _in_homes(self, answers: Sequence[tuple[str, Sequence[Resource]]], account: Account) -> list[Calendar]:
        """The calendars of some lists, and what these refuse to tell of: it may be one, and is a gap."""
        found: dict[str, Resource] = {}
        for home, resources in answers:
            for resource in resources:
                if resource.href and (resource.holds_events or resource.withheld):
                    url = self._joined(home, resource.href)
                    found[url] = resource if resource.holds_events else found.get(url, resource)
        return self._named(sorted(found.items()), account)

    def _first_answer(self) -> tuple[Resource, str]:
        """What the server says at the address given, else at its well-known one."""
        for path in dict.fromkeys((self._start, WELL_KNOWN)):
            url = self._origin + path
            answer = self._client(url).request("PROPFIND", url, headers=_headers("0"), content=propfind())
            if answer.status == 207:
                found = self._resources(answer)
                if found and (_leads_on(found[0]) or found[0].is_a(f"{C}calendar")):
                    return found[0], url
                if found and f"{D}current-user-principal" in found[0].properties:
                    raise self._refused()  # it says that nobody is logged in
            elif answer.status not in {200, 400, 403, 404, 405, 501} or (answer.status == 403 and path == WELL_KNOWN):
                raise self._client(url).refusal(answer)
        raise SourceError(
            f"{self._host} offers no calendars at this address",
            advice=f"take the CalDAV address that your provider names for sources.{self._source}.base_url",
        )

    def _about(self, url: str) -> Resource:
        """What one place is."""
        found = self._ask(url, depth="0")
        if not found:
            raise BadAnswer(f"{self._host} tells nothing of the account", advice="try again later")
        return found[0]

    def _ask(self, url: str, *, depth: str) -> list[Resource]:
        return self._resources(
            self._client(url).get(url, method="PROPFIND", headers=_headers(depth), content=propfind())
        )

    def _address_of(self, principal: Resource) -> str:
        """The mail address of who is logged in: as set, as the server says, or the username."""
        told = (address for address in addresses_of(principal) if is_address(address))
        return self._owner or next(told, "") or (self._login[0] if is_address(self._login[0]) else "")

    def _named(self, found: Sequence[tuple[str, Resource]], account: Account) -> list[Calendar]:
        """Calendars with their names and owners."""
        names = [clean(one.text(f"{D}displayname"), NAME) or _last(url) for url, one in found]
        often = Counter(names)
        scopes = [
            name if often[name] == 1 else f"{name} ({_last(url)})" for name, (url, _) in zip(names, found, strict=True)
        ]
        often = Counter(scopes)
        return [
            Calendar(
                url=url, id=_path(url), name=name, scope=scope if often[scope] == 1 else f"{name} ({_path(url)})",
                owner=Person(email=account.address) if account.address and self._is_ours(one, account.me) else None,
                token=_token(one), tells_changes=bool(one.text(f"{D}sync-token")), account=account,
                withheld=0 if one.holds_events else one.withheld,
            )
            for name, scope, (url, one) in zip(names, scopes, found, strict=True)
        ]  # fmt: skip

    def _is_ours(self, calendar: Resource, me: str) -> bool:
        """Whether a calendar is of who is logged in; shared ones say another owner."""
        owner = calendar.href_in(f"{D}owner")
        return bool(self._owner) or not owner or not me or _path(owner) == me

    # --- one calendar ------------------------------------------------------------------------------------------------

    def _read(
        self, calendar: Calendar, window: Window, mark: Mark | None
    ) -> Iterator[Fact | Gone | Skipped | Ignored | Mark]:
        if calendar.withheld:
            raise self._withheld(calendar.withheld)
        wanted = whole_days(span_of(window))
        if mark is None:
            yield from self._whole(calendar, with_margin(wanted))
            return
        kept = kept_in(mark)
        if not calendar.token or not covers(kept.span, wanted) or kept.bound_to != calendar.bound_to:
            raise MarkExpired("the calendar or the stretch of time is another")
        if kept.token == calendar.token:
            yield replace(kept, account=calendar.account).mark()
        else:
            yield from self._changes(calendar, kept)

    def _whole(self, calendar: Calendar, span: Span) -> Iterator[Fact | Skipped | Ignored | Mark]:
        """Everything of a stretch of time."""
        answer = self._client(calendar.url).get(
            calendar.url, method="REPORT", headers=_headers("1"), content=calendar_query(span)
        )
        texts, whole = [], True
        for resource in self._resources(answer):
            text = _text_of(resource, calendar)
            if isinstance(text, Text):
                texts.append((_name_of(resource), text))
            elif text is not None:
                yield text
                whole = False
        outcome = occurrences([text for _, text in texts], span)
        stated = Stated(describing=describing(outcome))
        as_one_calendar(outcome)
        yield from self._stated(outcome, calendar, stated)
        whole = whole and not outcome.unread and not outcome.not_calendars
        kept = Kept(
            token=calendar.token if whole else "", span=span, bound_to=calendar.bound_to, account=calendar.account,
            members=members_of(texts, stated) if whole and calendar.tells_changes else None,
        )  # fmt: skip
        yield from _at_the_end(kept, whole=whole)

    def _changes(self, calendar: Calendar, kept: Kept) -> Iterator[Fact | Gone | Skipped | Ignored | Mark]:
        """What came, changed and went since the mark. Raises MarkExpired where that cannot be said for certain."""
        if not kept.token or kept.members is None or not calendar.tells_changes:
            raise MarkExpired("the calendar changed")
        resources, token = self._changed(calendar, kept.token)
        touched, texts = set(), []
        for resource in resources:
            itself = _plain_path(resource.href) == _plain_path(calendar.url)
            if itself and resource.status < 300:
                continue
            touched.add(_name_of(resource))
            if resource.status in {404, 410} and not itself:
                continue
            text = _text_of(resource, calendar)
            if not isinstance(text, Text):
                raise MarkExpired("the server names a change and does not give it")
            texts.append((_name_of(resource), text))
        outcome = occurrences([text for _, text in texts], kept.span)
        stated = Stated(describing=describing(outcome))
        described = bool(stated.describing) or describes(
            {name: one for name, one in kept.members.items() if name not in touched}
        )
        if described != describes(kept.members):
            raise MarkExpired("whether events have descriptions changed")  # it says what those without one lack
        as_one_calendar(outcome, describes=described)
        yield from self._stated(outcome, calendar, stated)
        members = merged(kept.members, touched, members_of(texts, stated))
        for kind, name in no_longer(kept.members, touched, stated):
            yield Gone(Ref(source=self._source, kind=kind, id=name))
        whole = not outcome.unread and not outcome.not_calendars
        after = replace(
            kept, token=token if whole else "", account=calendar.account, members=members if whole else None
        )
        yield from _at_the_end(after, whole=whole)

    def _changed(self, calendar: Calendar, token: str) -> tuple[list[Resource], str]:
        """The resources that changed since a token, and the next token. Raises MarkExpired where the server does not
        say.
        """
        client = self._client(calendar.url)
        answer = client.request("REPORT", calendar.url, headers=_headers("0"), content=sync_collection(token))
        if answer.status in {401, 429} or answer.status in {500, 502, 503, 504}:
            raise client.refusal(answer)
        try:
            resources, after = changes_in(answer.content if answer.status == 207 else b"")
        except NotXml as error:
            raise MarkExpired("the server does not say what changed") from error
        if not after or len(after) > LONGEST_TOKEN:
            raise MarkExpired("the server does not say where its changes end")
        return resources, after

    def _stated(self, outcome: Outcome, calendar: Calendar, stated: Stated) -> Iterator[Fact | Skipped | Ignored]:
        """What takes place, and what could not be read; `stated` takes the facts' ids."""
        for occurrence in outcome.occurrences:
            shelf = Shelf(
                source=self._source, calendar=calendar.name, owner=calendar.owner, prefix=calendar.id,
                where=f"{occurrence.text}:{occurrence.event.line}",
            )  # fmt: skip
            for fact in facts_of(occurrence, shelf):
                stated.ids.setdefault(occurrence.text, []).append((fact.ref.kind, fact.ref.id))
                yield fact
        yield from (Skipped(problem.text, problem.why) for problem in outcome.not_calendars)
        yield from (Skipped(where_of(problem), problem.why) for problem in outcome.unread)
        if outcome.replies:
            yield Ignored(outcome.replies, "answers of guests to invitations")

    # --- the wire ----------------------------------------------------------------------------------------------------

    def _client(self, url: str) -> Client:
        """The client of the host an address is on. Raises BadAnswer where the login is not to go there."""
        from briefing.http import Basic, Bearer, Client, Guards

        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin != self._origin and not may_go(self._origin, url):
            raise BadAnswer(
                f"{self._host} points to another host ({clean(parts.hostname or '', NAME)}); the login was not sent "
                "there", advice=f"if it is right, write that host in sources.{self._source}.base_url",
            )  # fmt: skip
        if origin not in self._clients:
            username, password, token = self._login
            self._clients[origin] = Client(
                origin, source=self._source, vendor=self._host,
                credential=Bearer(token) if token else Basic(username, password),
                guards=Guards(largest=self._max_bytes), methods=("GET", "PROPFIND", "REPORT"), explain=self._explain,
            )  # fmt: skip
        return self._clients[origin]

    def _joined(self, base: str, href: str) -> str:
        """An address from an answer, whole. Those of our own host are asked as base_url says (a server behind a proxy
        often names http). Raises BadAnswer.
        """
        try:
            url = _address(base, href)
        except ValueError as error:
            raise BadAnswer(f"{self._host} names an address that is none", advice="try again later") from error
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        return self._origin + path if url.hostname == self._host else url.geturl()

    def _resources(self, answer: Answer) -> list[Resource]:
        if answer.status != 207:
            raise BadAnswer(
                f"{self._host} answers {answer.status} in place of calendars",
                advice=f"check sources.{self._source}.base_url, or try again later",
            )
        try:
            return multistatus(answer.content)
        except NotXml as error:
            raise BadAnswer(
                f"an answer of {self._host} {error}",
                advice=f"check sources.{self._source}.base_url, or try again later",
            ) from error

    def _explain(self, answer: Answer) -> SourceError | None:
        if answer.status == 401:
            return self._refused()
        if answer.status == 403:
            return self._withheld(403)
        if answer.status == 404:
            return SourceError(
                f"{self._host} has nothing at the address of a calendar (404)",
                advice=f"check sources.{self._source}.base_url",
            )
        return None

    def _withheld(self, status: int) -> SourceError:
        """Why a calendar is not read that the server does not show."""
        leave = f"leave it out by naming the others in sources.{self._source}.calendars"
        if status == 403:
            return AuthError(
                f"{self._host} does not allow reading a calendar (403)",
                advice=f"ask its owner to share it with all details, or {leave}",
            )
        return SourceError(
            f"{self._host} lists something there without saying what it is ({status})",
            advice=f"try again later, or {leave}",
        )

    def _refused(self) -> AuthError:
        who = clean(self._login[0], NAME)
        cure = (
            f"make a new token for sources.{self._source}.token" if self._login[2] else
            f"check username and password of sources.{self._source}; with two-step login make an app password"
        )  # fmt: skip
        return AuthError(f"{self._host} refused the login{f' of {who}' if who else ''} (401)", advice=cure)


def _as_known(calendar: Calendar, marks: Mapping[str, Mark]) -> Calendar:
    """A calendar whose name the list keeps to itself, as it was called when it was read last."""
    for scope, mark in marks.items():
        with suppress(MarkExpired):
            if kept_in(mark).bound_to in {
                fingerprint(calendar.id, scope, who) for who in ("", calendar.account.address)
            }:
                return replace(calendar, name=scope, scope=scope)
    return calendar


def _address(base: str, href: str) -> SplitResult:
    """An address in its parts. Raises ValueError for what is none."""
    if re.search(r"[\x00-\x20\x7f]", href) or len(href) > LONGEST_ADDRESS:
        raise ValueError("not an address")
    url = urlsplit(urljoin(base, href))
    _ = url.port  # raises where it is no number
    return url


def may_go(origin: str, url: str) -> bool:
    """Whether a service is known to lead its users from one host to this one."""
    begin, target = urlsplit(origin), urlsplit(url)
    parent = PARTED.get(begin.hostname or "")
    return bool(parent) and target.scheme == "https" and target.port is None and (
        (target.hostname or "").endswith(parent or "")
    )  # fmt: skip


def _headers(depth: str) -> dict[str, str]:
    return {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}


def _leads_on(resource: Resource) -> bool:
    return bool(resource.hrefs(f"{C}calendar-home-set") or resource.href_in(f"{D}current-user-principal"))


def _path(url: str) -> str:
    """The path of an address without the slashes around it."""
    return clean(unquote(urlsplit(url).path).strip("/"), 200)


def _last(url: str) -> str:
    return clean(_path(url).rpartition("/")[2], NAME)


def _token(calendar: Resource) -> str:
    """What changes with the contents (RFC 6578, or the older ctag)."""
    token = calendar.text(f"{D}sync-token") or calendar.text(f"{CS}getctag")
    return token if len(token) <= LONGEST_TOKEN else ""


def _at_the_end(kept: Kept, *, whole: bool) -> Iterator[Mark]:
    """What a reading is remembered by: after one that is not whole, or without a token, where the calendars lie."""
    if kept.token or kept.account.homes:
        yield kept.mark(so_far=not whole)
    elif not whole:
        yield NO_MARK


def _today(window: Window) -> date:
    return window.now.astimezone(window.zone).date()


def _plain_path(url: str) -> str:
    return unquote(urlsplit(url).path).strip("/")


def _name_of(resource: Resource) -> str:
    """What tells a resource from the others of its calendar, from reading to reading."""
    return _plain_path(resource.href).rpartition("/")[2]


def _text_of(resource: Resource, calendar: Calendar) -> Text | Skipped | None:
    """An event's text, why there is none, or None for what is no event (the calendar itself)."""
    where = f"{calendar.name}/{_last(resource.href)}"
    if resource.status == 507:
        return Skipped(calendar.name, "the server left out further events (507)")
    if data := resource.properties.get(f"{C}calendar-data"):
        return Text(where, "".join(data.pieces).encode())
    if resource.status >= 300 and resource.status != 404:
        return Skipped(where, f"was not given ({resource.status})")
    status = resource.refused.get(f"{C}calendar-data", 0)
    if _path(resource.href) == calendar.id or resource.status == 404:
        return None  # a 404 here: deleted between the server's own two looks
    return Skipped(where, f"was not given ({status})" if status else "was not given")
