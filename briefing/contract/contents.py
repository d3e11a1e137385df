"""The contract, where answers say something else than they should: shapes, fields, hostile text, and pages."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from briefing.contract import wire
from briefing.contract.fields import (
    Altered,
    Change,
    Field,
    altering,
    comes_out_even,
    fields_in,
    in_first_place,
    rounds,
    same,
)
from briefing.contract.outcomes import Key, Outcome, differences, hostile, listed, silences, told_texts, untold
from briefing.contract.rig import PATIENT, ContractBase
from briefing.contract.texts import texts_of
from briefing.contract.wire import Asked, asked, changing, one_of, plain_json, strike
from briefing.errors import BadAnswer
from briefing.loopback import Fault, Reply, Request, status

NOT_JSON = "declared: its answers are not JSON (json = False)"
NO_PAGES = "declared: the vendor has no pages (pages is empty)"


class Contents(ContractBase):
    """The same facts, or Skipped, or a gap: nothing gets lost without a word, and nothing false is stated."""

    # --- shapes ---

    def test_an_unknown_field_changes_nothing(self) -> None:
        """Vendors add fields at any time."""
        self._only_json()
        outcome = self.under(strike(changing(wire.with_strangers)))
        listed(differences(outcome, self.plain().outcome), "an unknown field in every object")

    def test_json_of_another_shape_is_told(self) -> None:
        """A list for an object, null, a number, a text, nothing inside: on each route by itself."""
        self._only_json()
        plain = self.plain()
        for route, requests in plain.routes.items():
            first = plain_json(plain.replies[requests[0]])
            shapes = ["null", "7", '"text"', "[null]", "[7, []]", "{}" if isinstance(first, list) else "[]"]
            if isinstance(first, dict) and not self.may_lack & first.keys():
                shapes.append("{}")
            readers = plain.readers(requests)
            for shape in shapes:
                with self.served(strike(wire.instead(shape), one_of(requests))) as rig:
                    outcome = rig.read(readers)
                exact = frozenset() if self.adorns(requests) else readers
                listed(silences(outcome, plain.only(readers), exact=exact), f"{shape} on {route}")

    # --- fields ---

    def test_a_missing_field_is_told(self) -> None:
        """Each field of the answers by itself, in its first row."""
        self._each_field("without", wire.dropped, first=True)

    def test_a_field_that_is_gone_everywhere_is_told(self) -> None:
        """The vendor has renamed it: each essential field, and each of a page or a login, by itself in all rows; what
        the connector does not name all at once.
        """
        self._each_field("nowhere with", wire.dropped, first=False)

    def test_a_null_is_told(self) -> None:
        """In the place of each field by itself, in its first row."""
        self._each_field("null for", wire.nulled, first=True)

    def test_a_value_of_another_type_is_told(self) -> None:
        """An object for a text or a number, a text for an object: each field by itself, in its first row."""
        self._each_field("another type for", wire.other_type, first=True)

    def test_a_value_without_sense_is_told(self) -> None:
        """A text that is no date, a number beyond all reason: each field by itself, in its first row."""
        self._each_field("nonsense for", wire.nonsense, first=True)

    def test_hostile_text_is_cleaned(self) -> None:
        """Every text of the answers, field by field: no control or bidirectional character comes through."""
        self._only_json()
        complaints: list[str] = []
        for route, fields in self._by_route([one for one in self._fields() if isinstance(one.value, str)]).items():
            named = [one for one in fields if self._named(one)]
            idle = [Altered(field=one, change=wire.ends_hostile) for one in fields if one not in named]
            alone = [[in_first_place(one, wire.ends_hostile)] for one in named if not one.in_rows]
            together = rounds([one for one in named if one.in_rows], wire.ends_hostile)
            for changes in [idle, *alone, *together]:
                complaints += self._printed(changes, f"hostile text on {route}")
        listed(complaints, "hostile text")

    def _printed(self, changes: list[Altered], head: str) -> Iterator[str]:
        """Complaints about hostile characters that come through. What an error hides is tried again without it."""
        if not changes:
            return
        outcome = self._with(changes)
        if outcome.errors and len(changes) > 1:
            for half in (changes[::2], changes[1::2]):
                yield from self._printed(half, head)
            return
        yield from (f"{head}: {told}" for told in untold(outcome))
        facts = [fact for read in outcome.reads for fact in read.facts]
        yield from (
            f"{head}: {where}: {text!r}" for fact in facts for where, text in texts_of(fact) if hostile(text)
        )  # fmt: skip
        yield from (f"{head}: printed: {text!r}" for text in told_texts(outcome) if hostile(text))

    def _only_json(self) -> None:
        if not self.json:
            pytest.skip(NOT_JSON)

    def _each_field(self, name: str, change: Change, *, first: bool) -> None:
        """Complaints about each field by itself, changed in its first row or in all of them."""
        self._only_json()
        means: dict[object, frozenset[str]] = {wire.dropped: self.may_lack, wire.nulled: self.may_lack | self.nullable}
        fields = [one for one in self._fields() if one.name not in means.get(change, frozenset())]
        complaints: list[str] = []
        for changes in self._doubtful(fields, change, first=first):
            outcome, kept = self._with(changes), self.plain().only(self._readers(changes))
            exact = kept.by_key if self._is_exact(changes[0].field, change, outcome) else ()
            complaints += [f"{name} {label_of(changes)}: {told}" for told in silences(outcome, kept, exact=exact)]
        listed(complaints, f"{name} one field")

    def _doubtful(self, fields: Sequence[Field], change: Change, *, first: bool) -> Iterator[list[Altered]]:
        """Changes whose effect is to be judged by itself: all but those that are shown to be harmless, or told,
        together with others.
        """
        whole_pages: dict[wire.Path, list[Altered]] = {}
        for route, own in self._by_route(fields).items():
            rest = [one for one in own if self._named(one)]
            idle = [Altered(field=one, change=change) for one in own if one not in rest]
            if idle and not same(self._with(idle), self.plain().only(self._readers(idle))):
                rest = own
            logs_in = route in self.plain().login_routes
            for one in rest:
                where = in_first_place(one, change) if first else Altered(field=one, change=change)
                if not one.in_rows and not logs_in:
                    whole_pages.setdefault(one.path, []).append(where)  # paging is the same code on every route
                elif not one.in_rows or (self._is_guess(one, change) if first else one.name in self.essential):
                    yield [where]
            if first:
                yield from self._in_rows(
                    [one for one in rest if one.in_rows and not self._is_guess(one, change)], change
                )
        yield from whole_pages.values()

    def _in_rows(self, fields: Sequence[Field], change: Change) -> Iterator[list[Altered]]:
        for exact in (False, True):
            for changes in rounds([one for one in fields if (one.name in self.essential) is exact], change):
                yield from self._uneven(changes, exact=exact)

    def _uneven(self, changes: list[Altered], *, exact: bool) -> Iterator[list[Altered]]:
        """Of changes made at once, those that are to be looked at alone."""
        if len(changes) < 2:
            yield from ([in_first_place(one.field, one.change)] for one in changes)
        elif not comes_out_even(self._with(changes), self.plain().only(self._readers(changes)), exact=exact):
            for half in (changes[::2], changes[1::2]):
                yield from self._uneven(half, exact=exact)

    def _with(self, changes: Sequence[Altered]) -> Outcome:
        """The outcome of reading, with changes, what they can reach."""
        with self.served(altering(changes)) as rig:
            return rig.read(self._readers(changes))

    def _readers(self, changes: Sequence[Altered]) -> frozenset[Key]:
        """The streams that changes can reach; of a login's, the one that asks for least."""
        plain = self.plain()
        if all(one.field.route in plain.login_routes for one in changes):
            return frozenset([min(plain.asked_by, key=lambda key: len(plain.asked_by[key]))])
        return plain.readers([request for one in changes for request in one.field.requests])

    def _fields(self) -> list[Field]:
        plain = self.plain()
        return list(fields_in({**plain.routes, **plain.login_routes}, plain.replies))

    def _by_route(self, fields: Iterable[Field]) -> dict[str, list[Field]]:
        found: dict[str, list[Field]] = {}
        for one in fields:
            found.setdefault(one.route, []).append(one)
        return found

    def _named(self, one: Field) -> bool:
        """Whether the connector can look at a field by its name."""
        return one.name in self.essential or one.name in self.plain().source

    def _is_guess(self, one: Field, change: object) -> bool:
        return change is wire.nonsense and one.name in self.essential

    def _is_exact(self, one: Field, change: object, outcome: Outcome) -> bool:
        """Whether the facts must be the very same: an essential field is lost, or is filled by a guess. Nonsense that
        a fact carries as it came (a name) cannot be told from sense.
        """
        if one.name not in self.essential:
            return False
        carried = any(wire.NO_DATE in text for read in outcome.reads for text in read.said)
        return change is not wire.nonsense or (isinstance(one.value, str) and not carried)

    # --- pages ---

    def test_the_same_page_for_ever_ends_by_itself(self) -> None:
        """Every page is the first one again, its cursor included: BadAnswer after few pages."""
        for key, requests in self._sequences():
            self._goes_round(key, requests, 1, "the same page for ever")

    def test_pages_that_go_round_in_a_circle_end_by_themselves(self) -> None:
        """The first and the second page in turns: BadAnswer after few pages."""
        # A list of two pages that goes round is the same page for ever, which the test above judges.
        sequences = [(key, requests) for key, requests in self._sequences() if len(requests) > 2]
        for key, requests in sequences:
            self._goes_round(key, requests, 2, "two pages in turns")

    def test_a_lost_page_makes_nothing_whole(self) -> None:
        """The second page fails for good: the stream is a gap, or says what it lacks."""
        for key, requests in self._sequences():
            for fault in (status(500, "{}"), self.missing()):
                outcome = self.under_at(fault, requests[1:2])
                keys = [key] if key else list(self.plain().asked_by)
                listed(
                    silences(outcome, self.plain().outcome, exact=keys), f"the second page of {requests[0][1]} fails"
                )
                told = outcome.listing or any(
                    read.tells_more_than(self.plain().outcome.by_key[read.key])
                    for read in outcome.reads
                    if read.key in keys
                )
                assert told, f"the second page of {requests[0][1]} fails, and everything is called whole"

    def test_a_row_on_two_pages_is_one_fact(self) -> None:
        """A row was added while pages were read: the second page begins with the last row of the first."""
        self._only_json()
        for _, requests in self._sequences():
            replies = self.plain().replies
            before = {
                later: wire.rows_at(plain_json(replies[earlier])) for earlier, later in itertools.pairwise(requests)
            }

            def change(request: Request, reply: Reply, before: Any = before) -> Reply:
                value = wire.with_rows_before(plain_json(reply), before[asked(request)])
                return wire.instead(json.dumps(value)).change(request, reply)

            outcome = self.under(strike(Fault(change=change), one_of(requests[1:])))
            listed(differences(outcome, self.plain().outcome), f"a row of {requests[0][1]} on two pages")

    def _sequences(self) -> list[tuple[Key | None, tuple[Asked, ...]]]:
        """Requests of one reader to one route that come in pages, in their order; without a key those of listing."""
        if not self.pages:
            pytest.skip(NO_PAGES)
        plain = self.plain()
        found: list[tuple[Key | None, tuple[Asked, ...]]] = []
        readers: list[tuple[Key | None, tuple[Request, ...]]] = [(None, plain.listing), *plain.asked_by.items()]
        for key, requests in readers:
            routes: dict[str, dict[Asked, None]] = {}
            for request in filter(self.is_page, requests):
                routes.setdefault(wire.route_of(request), {})[asked(request)] = None
            found += [(key, tuple(pages)) for pages in routes.values() if len(pages) > 1]
        assert found, f"no request that matches pages ({self.pages}) has a second page: the site must show two"
        return found

    def _goes_round(self, key: Key | None, requests: tuple[Asked, ...], pages: int, name: str) -> None:
        route = wire.route_of(requests[0])
        replies = itertools.cycle([self.plain().replies[one] for one in requests[:pages]])
        fault = Fault(change=lambda _, __: next(replies))
        with self.served(
            strike(fault, lambda request: self.is_page(request) and wire.route_of(request) == route)
        ) as rig:
            outcome = rig.read([key] if key else None)
            asked_for = len(rig.data)
        head = f"{name} on {route}"
        listed(untold(outcome), head)
        wrong = [
            f"{where} raised {type(error).__name__}: {error}, not BadAnswer"
            for where, error in outcome.errors
            if not isinstance(error, BadAnswer)
        ]
        listed(wrong, head)
        assert outcome.errors, f"{head}: nothing noticed it (the first list asked for must have two pages)"
        most = (PATIENT.most_pages + 5) * max(len(outcome.reads), 1)
        assert asked_for <= most, f"{head}: asked {asked_for} times, {most} at most"


def label_of(changes: Sequence[Altered]) -> str:
    """`next on GET /tasks (and 2 others)`."""
    others = len(changes) - 1
    return changes[0].field.label + (f" (and {others} other{'s' * (others > 1)})" if others else "")
