"""For tests, ours and those of packages written elsewhere: mornings and facts from a docstring.

    def test_a_milestone_without_tasks(table):
        '''
        project   | p1 | title=Acme site | party=Acme
        milestone | m1 | project=p1 | title=Launch | due=2026-11-24
        '''

Each line is `kind | id | field=value | ...`. Values are read by the field's type; a person is `Ann`, `ann@acme.example`
or `Ann <ann@acme.example>`, money is `48000 USD`, several persons are joined by `;`, guests may carry `=accepted`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from briefing.codec import build
from briefing.connector import Gone
from briefing.contract import ConnectorContract
from briefing.facts import KINDS, Fact, Proposal, Ref, Task
from briefing.items import Item
from briefing.morning import Audience, Morning, WorkCalendar
from briefing.rules import RULES
from briefing.rules.view import AdSeries, Limits, StreamReading, facts_of
from briefing.store import Attempt, KeptEdition, Listing, Standing, Store, StreamKey

ZONE = ZoneInfo("Europe/Berlin")


def morning_at(text: str, *, zone: str = "Europe/Berlin", audience: Audience | None = None, **calendar: Any) -> Morning:
    """A morning from `2026-11-19 07:00` in its zone; further arguments go to the work calendar."""
    where = ZoneInfo(zone)
    now = datetime.fromisoformat(text).replace(tzinfo=where)
    return Morning(now=now, zone=where, calendar=WorkCalendar(**calendar), audience=audience or Audience())


def facts_from(text: str | None, *, source: str = "test") -> list[Fact]:
    """The facts that a docstring lists, one a line; other lines are ignored. `source=` on a line overrides."""
    facts = []
    for line in inspect.cleandoc(text or "").splitlines():
        kind, *cells = (cell.strip() for cell in line.split("|"))
        if kind in KINDS and cells:
            facts.append(_fact(KINDS[kind], cells, source))
    return facts


def _fact(cls: type[Fact], cells: Sequence[str], source: str) -> Fact:
    identity, *pairs = cells
    values: dict[str, Any] = dict(pair.split("=", 1) for pair in pairs)
    ref = {
        "source": values.pop("source", source), "kind": cls.kind, "id": identity,
        "url": values.pop("url", ""), "where": values.pop("where", ""),
    }  # fmt: skip
    plain = {name: _plain(cls, name, value) for name, value in values.items()}
    fact = build(cls, {**plain, "ref": ref})
    assert isinstance(fact, Fact)
    return fact


def _plain(cls: type, name: str, text: str) -> Any:
    import typing

    hint = str(typing.get_type_hints(cls)[name])
    if "Guest" in hint:
        return [_guest(part.strip()) for part in text.split(";") if part.strip()]
    if "tuple" in hint and "Person" in hint:
        return [_person(part.strip()) for part in text.split(";") if part.strip()]
    if "Person" in hint:
        return _person(text)
    if "Party" in hint:
        return {"domain": text[1:]} if text.startswith("@") else {"name": text}
    if "Money" in hint:
        amount, currency = text.split()
        return {"amount": amount, "currency": currency}
    if "bool" in hint:
        return None if text == "unknown" else text == "yes"
    if "tuple" in hint or "frozenset" in hint:
        return [part.strip() for part in text.split(";") if part.strip()]
    if "datetime.datetime" in hint:
        return _moment(text)
    if hint in {"<class 'int'>", "int | None"}:
        return int(text)
    return float(text) if "float" in hint else text


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).isoformat()


def _person(text: str) -> dict[str, str]:
    if found := re.fullmatch(r"(.*?)\s*<(.+)>", text):
        return {"name": found[1], "email": found[2]}
    return {"email": text} if "@" in text else {"name": text}


def _guest(text: str) -> dict[str, Any]:
    who, _, response = text.partition("=")
    return {"person": _person(who.strip()), "response": response.strip()}


def readings_for(facts: Iterable[Fact], *, kinds: Iterable[str] = (), status: Any = "whole") -> list[StreamReading]:
    """One reading per source, stating the kinds its facts have and those named besides (`tasks`: none, but looked)."""
    sources: dict[str, set[str]] = {}
    for fact in facts:
        sources.setdefault(fact.ref.source, set()).add(type(fact).kind)
    for extra in kinds:
        source, _, kind = extra.rpartition(":")
        for name in [source] if source else list(sources) or ["test"]:
            sources.setdefault(name, set()).add(kind)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        StreamReading(source=name, kinds=frozenset(found), status=status, place=name, as_of=at, fetched_at=at)
        for name, found in sorted(sources.items())
    ]


def run_rule(
    name: str,
    text: str | Sequence[Fact] | None,
    morning: Morning,
    *,
    kinds: Iterable[str] = (),
    directory: Any = None,
    series: AdSeries | None = None,
    **limits: object,
) -> list[Item]:
    """The items of one rule over the facts of a docstring, through the same engine that compiles a briefing.

    `kinds` names lists that were read whole and are empty, such as `task` or `gmail:message`.
    """
    from briefing.rules import load_all
    from briefing.rules.engine import run

    load_all()
    facts = facts_from(text) if text is None or isinstance(text, str) else list(text)
    view = facts_of(facts, readings=readings_for(facts, kinds=kinds), directory=directory, series=series)
    return list(run(RULES[name], view, morning, Limits(defaults=RULES[name].limits, overrides=limits)).items)


class StoreContract:
    """What every store keeps. Inherit it and provide `store` (empty, usable) as a fixture."""

    KEY = StreamKey("tool", "", ("task",))

    def put(self, store: Store, facts: Iterable[Fact | Gone], at: str, *, key: StreamKey = KEY, **how: Any) -> None:
        """Take a whole reading (or as told in `how`) that ended at a moment."""
        incoming = store.receive(key)
        incoming.add(facts)
        ended = datetime.fromisoformat(at).replace(tzinfo=UTC)
        status = how.pop("status", "whole")
        store.listed(Listing(source=key.source, at=ended, streams=(key,)))
        attempt = Attempt(status=status, started=ended, ended=ended, rows=incoming.rows)
        incoming.finish(attempt, **how)

    def titles(self, store: Store, at: str) -> list[str]:
        """Titles of the tasks known at a moment, sorted."""
        snapshot = store.snapshot(datetime.fromisoformat(at).replace(tzinfo=UTC))
        return sorted(fact.title for fact in snapshot.facts if isinstance(fact, Task))

    def tasks(self, *titles: str) -> list[Fact]:
        """Tasks whose ids are the first letters of their titles."""
        return facts_from("\n".join(f"task | {title[0]} | title={title}" for title in titles), source="tool")

    def test_a_whole_reading_replaces_the_one_before(self, store: Store) -> None:
        """What is no longer stated is gone, and the morning before still has it."""
        self.put(store, self.tasks("a", "b"), "2026-11-18 06:00")
        self.put(store, self.tasks("b2", "c"), "2026-11-19 06:00")
        assert self.titles(store, "2026-11-18 12:00") == ["a", "b"]
        assert self.titles(store, "2026-11-19 12:00") == ["b2", "c"]
        assert self.titles(store, "2026-11-17 12:00") == []

    def test_a_reading_that_goes_on_adds_changes_and_removes(self, store: Store) -> None:
        """From a mark only what changed is stated."""
        self.put(store, self.tasks("a", "b", "c"), "2026-11-18 06:00", mark="7")
        gone = Gone(Ref(source="tool", kind="task", id="a"))
        self.put(store, [*self.tasks("b2"), gone], "2026-11-19 06:00", mark="8", continued=True)
        assert self.titles(store, "2026-11-19 12:00") == ["b2", "c"]

    def test_a_failed_try_leaves_what_was_read(self, store: Store) -> None:
        """And is told beside it."""
        self.put(store, self.tasks("a"), "2026-11-18 06:00")
        ended = datetime(2026, 11, 19, 6, tzinfo=UTC)
        store.failed(self.KEY, Attempt(status="failed", started=ended, ended=ended, problem="refused"))
        (record,) = store.snapshot(datetime(2026, 11, 19, 12, tzinfo=UTC)).streams
        assert record.latest is not None
        assert record.usable is not None
        assert (record.latest.problem, record.usable.status) == ("refused", "whole")
        assert self.titles(store, "2026-11-19 12:00") == ["a"]

    def test_a_dropped_reading_leaves_no_trace(self, store: Store) -> None:
        """Nothing is visible before `finish`."""
        self.put(store, self.tasks("a"), "2026-11-18 06:00")
        incoming = store.receive(self.KEY)
        incoming.add(self.tasks("b"))
        assert self.titles(store, "2026-11-19 12:00") == ["a"]
        incoming.drop()
        assert self.titles(store, "2026-11-19 12:00") == ["a"]

    def test_facts_stated_twice_are_counted(self, store: Store) -> None:
        """The first stands; alike and contradicting ones are told apart."""
        incoming = store.receive(self.KEY)
        incoming.add([*self.tasks("a", "a"), *self.tasks("a2")])
        assert (incoming.rows, incoming.repeated, len(incoming.contradicted)) == (1, 1, 1)

    def test_a_failed_listing_keeps_the_streams_of_the_last(self, store: Store) -> None:
        """So that each of them is a gap and not an absence."""
        self.put(store, self.tasks("a"), "2026-11-18 06:00")
        store.listed(Listing(source="tool", at=datetime(2026, 11, 19, 6, tzinfo=UTC), problem="refused"))
        snapshot = store.snapshot(datetime(2026, 11, 19, 12, tzinfo=UTC))
        assert [record.key for record in snapshot.streams] == [self.KEY]
        assert [listing.problem for listing in snapshot.listings] == ["refused"]

    def test_a_stream_no_longer_listed_is_not_read_from(self, store: Store) -> None:
        """Its facts stay in the past."""
        self.put(store, self.tasks("a"), "2026-11-18 06:00")
        store.listed(Listing(source="tool", at=datetime(2026, 11, 19, 6, tzinfo=UTC)))
        assert self.titles(store, "2026-11-19 12:00") == []
        assert self.titles(store, "2026-11-18 12:00") == ["a"]

    def test_a_mark_belongs_to_its_settings(self, store: Store) -> None:
        """With other settings everything is read again."""
        self.put(store, self.tasks("a"), "2026-11-18 06:00", mark="7")
        store.bind(self.KEY, "one")
        assert store.mark(self.KEY, "one") == ""
        self.put(store, self.tasks("a"), "2026-11-19 06:00", mark="8")
        assert store.mark(self.KEY, "one") == "8"
        assert store.mark(self.KEY, "other") == ""

    def test_since_when_a_proposal_is_viewed_is_observed(self, store: Store) -> None:
        """First seen in the first reading says "then or earlier"; seen to change says when."""
        key = StreamKey("tool", "", ("proposal",))
        old = facts_from("proposal | x | name=X | state=sent\nproposal | y | name=Y | state=viewed", source="tool")
        new = facts_from("proposal | x | name=X | state=viewed\nproposal | y | name=Y | state=viewed", source="tool")
        for day, facts in ((16, old), (17, new), (18, new)):
            self.put(store, facts, f"2026-11-{day} 06:00", key=key)
        found = store.snapshot(datetime(2026, 11, 19, tzinfo=UTC)).facts
        x, y = (fact for fact in found if isinstance(fact, Proposal))
        assert (x.state_since, x.since_quality) == (datetime(2026, 11, 17, 6, tzinfo=UTC), "observed")
        assert (y.state_since, y.since_quality) == (datetime(2026, 11, 16, 6, tzinfo=UTC), "at_latest")

    def test_since_when_a_stream_is_not_whole(self, store: Store) -> None:
        """By its tries and its source's listings, and still after these are forgotten."""
        day = datetime(2026, 11, 1, 6, tzinfo=UTC)
        self.put(store, self.tasks("a"), "2026-11-01 06:00")
        assert store.standings()[self.KEY] == Standing(whole=day)
        store.listed(Listing(source="tool", at=day + timedelta(days=1), problem="refused"))
        for after, status in ((2, "failed"), (3, "partial"), (4, "failed")):
            ended = day + timedelta(days=after)
            if status == "failed":
                store.failed(self.KEY, Attempt(status="failed", started=ended, ended=ended, problem="refused"))
            else:
                self.put(store, self.tasks("a"), f"2026-11-0{1 + after} 06:00", status=status)
        store.forget(day + timedelta(days=60))
        assert store.standings()[self.KEY] == Standing(whole=day, broken=day + timedelta(days=1))
        self.put(store, self.tasks("a"), "2026-12-31 06:00")
        assert store.standings()[self.KEY] == Standing(whole=datetime(2026, 12, 31, 6, tzinfo=UTC))

    def test_a_source_that_never_listed_anything_stands_as_one_stream(self, store: Store) -> None:
        """With the kinds it is said to have, or with none; a good listing ends it."""
        first = datetime(2026, 11, 18, 6, tzinfo=UTC)
        said = StreamKey("tool", "", ("task",))
        nothing = StreamKey("other", "", ())
        for at in (first, first + timedelta(days=1)):
            store.listed(Listing(source="tool", at=at, streams=(said,), problem="refused"))
            store.listed(Listing(source="other", at=at, problem="refused"))
        assert store.standings() == {said: Standing(broken=first), nothing: Standing(broken=first)}
        store.listed(Listing(source="other", at=first + timedelta(days=2)))
        assert store.standings()[nothing] == Standing()

    def test_when_each_source_was_asked(self, store: Store) -> None:
        """A refusal is an answer too."""
        at = datetime(2026, 11, 18, 6, tzinfo=UTC)
        store.listed(Listing(source="tool", at=at))
        store.listed(Listing(source="tool", at=at + timedelta(hours=1), problem="refused"))
        store.listed(Listing(source="other", at=at))
        assert store.asked() == {"tool": at + timedelta(hours=1), "other": at}

    def test_a_collect_that_was_killed_has_not_asked(self, store: Store) -> None:
        """What was offered and then never tried was asked for by nobody; the time before that stands."""
        at, later = datetime(2026, 11, 18, 6, tzinfo=UTC), datetime(2026, 11, 19, 6, tzinfo=UTC)
        store.listed(Listing(source=self.KEY.source, at=at, streams=(self.KEY,)))
        assert store.asked() == {}
        store.failed(self.KEY, Attempt(status="failed", started=at, ended=at, problem="refused"))
        assert store.asked() == {self.KEY.source: at}
        store.listed(Listing(source=self.KEY.source, at=later, streams=(self.KEY,)))
        assert store.asked() == {self.KEY.source: at}

    def test_ad_days_keep_vintages_that_differ(self, store: Store) -> None:
        """The series is as it was known at each morning."""
        key = StreamKey("tool", "", ("ad_day",))
        for day, leads in ((16, 3), (17, 5), (18, 5)):
            row = f"ad_day | 1/2026-11-15 | account=1 | day=2026-11-15 | vintage=2026-11-{day} | currency=USD | spend=9"
            self.put(store, facts_from(f"{row} | leads={leads}", source="tool"), f"2026-11-{day} 06:00", key=key)
        known = [
            store.series(datetime(2026, 11, day, 12, tzinfo=UTC)).days("tool", "1")[0].leads for day in (15, 17, 19)
        ]
        assert known == [3, 5, 5]

    def test_a_day_that_is_read_again_unchanged_settles(self, store: Store) -> None:
        """Its vintage is the last that confirmed it, and at an earlier moment the one known then."""
        key = StreamKey("tool", "", ("ad_day",))
        for day, leads in ((16, 5), (17, 5), (18, 5), (19, 6)):
            row = f"ad_day | 1/2026-11-15 | account=1 | day=2026-11-15 | vintage=2026-11-{day} | currency=USD | spend=9"
            self.put(store, facts_from(f"{row} | leads={leads}", source="tool"), f"2026-11-{day} 06:00", key=key)
        known = [
            (row.leads, row.vintage.day)
            for day in (16, 17, 18, 19)
            for row in store.series(datetime(2026, 11, day, 12, tzinfo=UTC)).days("tool", "1")
        ]
        assert [leads for leads, _ in known[:2]] == [5, 5]
        assert [vintage for _, vintage in known[:2]] == [16, 17]
        assert known[-1] == (6, 19)

    def test_an_edition_is_kept_as_it_was_fixed(self, store: Store) -> None:
        """One per audience and date: what may have been sent is not replaced. Its bytes go after two weeks."""
        at = datetime(2026, 11, 19, 7, tzinfo=UTC)
        assert not store.has_editions()
        for body in ("first", "second"):
            edition = KeptEdition(
                audience="maya", date=at.date(), compiled_at=at, body=body, parts={"mail": body.encode()}
            )
            assert store.keep(edition).body == "first"
        kept = store.edition("maya", at.date())
        assert kept is not None
        assert (kept.body, kept.parts) == ("first", {"mail": b"first"})
        assert store.edition("maya", date(2026, 11, 18)) is None
        store.forget(at + timedelta(days=15))
        kept = store.edition("maya", at.date())
        assert kept is not None
        assert (kept.body, kept.parts) == ("first", {})
        assert store.has_editions()

    def test_forgetting_keeps_the_last_whole_reading(self, store: Store) -> None:
        """However old it is."""
        self.put(store, self.tasks("a"), "2026-10-01 06:00")
        self.put(store, self.tasks("b"), "2026-10-02 06:00")
        store.forget(datetime(2026, 11, 19, tzinfo=UTC))
        assert self.titles(store, "2026-11-19 12:00") == ["b"]
        assert self.titles(store, "2026-10-01 12:00") == []


__all__ = ["ZONE", "ConnectorContract", "StoreContract", "facts_from", "morning_at", "readings_for", "run_rule"]
