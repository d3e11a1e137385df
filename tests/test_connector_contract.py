"""The connector contract can fail: each of its tests is shown a connector that breaks exactly what the test is named
for, and a good connector passes them all.
"""

from __future__ import annotations

import gc
import json
import logging
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from briefing.connector import Gone, Mark, Stream, Window
from briefing.contract import ContractBase
from briefing.contract.rig import _plain
from briefing.errors import AuthError, BadAnswer, SourceError
from briefing.facts import Deal, Fact, Money, Person, Ref, Task
from briefing.http import Answer, Bearer, Client
from briefing.testing import ConnectorContract
from briefing.tokens import Token
from tests.contract_shop import UNNAMED, Shop, ShopContract, Things

pytestmark = [  # what urllib leaves open is what it is shown for
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class TestShop(ShopContract):
    """The good one."""


# --- facts ---------------------------------------------------------------------------------------------------------


class CallsItselfOtherwise(Shop):
    def ref(self, kind: str, row: Any) -> Ref:
        return Ref(source="shop", kind=kind, id=row["id"])


class TimesWithoutZone(Shop):
    def deal(self, row: Any) -> Fact:
        return replace(cast(Deal, super().deal(row)), created=datetime(2026, 11, 18, 9))  # noqa: DTZ001


class AmountsAsFloats(Shop):
    def deal(self, row: Any) -> Fact:
        return replace(cast(Deal, super().deal(row)), amount=Money(amount=cast(Decimal, 9.5), currency="USD"))


class OneReferenceForAll(Shop):
    def ref(self, kind: str, row: Any) -> Ref:
        return Ref(source=self.source, kind=kind, id="1")


class DeclaresNothing(Shop):
    kinds = frozenset()


class StatesTheFuture(Shop):
    def messages(self, window: Window, mark: Mark | None) -> Things:
        yield from super().messages(replace(window, now=window.now.replace(year=2030)), mark)


# --- haste, threads, marks -----------------------------------------------------------------------------------------


class AsksWhileBuilding(Shop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.ask("tasks", None)


class ListsByReading(Shop):
    def streams(self, window: Window) -> Sequence[Stream]:
        self.kept = list(self.tasks(window, None))
        return super().streams(window)


class ReadsBeforeTheFirstRow(Shop):
    def tasks(self, window: Window, mark: Mark | None) -> Things:
        return iter(list(super().tasks(window, mark)))


class KeepsRowsOnItself(Shop):
    def pages(self, name: str) -> Iterator[Any]:
        self.rows: list[Any] = []
        for row in super().pages(name):
            self.rows.append(row)
        yield from self.rows


class MarksFirst(Shop):
    def messages(self, window: Window, mark: Mark | None) -> Things:
        yield Mark("sync-1")
        yield from super().messages(window, mark)


class TrustsAnyMark(Shop):
    def messages(self, window: Window, mark: Mark | None) -> Things:
        if mark is None:
            yield from super().messages(window, mark)


class ForgetsWhatIsNotRepeated(Shop):
    """From a mark, everything that does not come again is called gone; nothing comes again."""

    def messages(self, window: Window, mark: Mark | None) -> Things:
        if mark:
            yield from (Gone(Ref(source=self.source, kind="message", id=f"m{number}")) for number in range(1, 4))
        yield from super().messages(window, mark)


class BelievesEmptiness(Shop):
    """A list with a mark of its own making: what an empty answer lacks is gone on the same day."""

    def tasks(self, window: Window, mark: Mark | None) -> Things:
        facts = list(super().tasks(window, None))
        found = {thing.ref.id for thing in facts if isinstance(thing, Task)}
        yield from facts
        if mark and mark.value.startswith("ids "):
            yield from (
                Gone(Ref(source=self.source, kind="task", id=old)) for old in mark.value.split()[1:] if old not in found
            )
        yield Mark(" ".join(["ids", *found]))


# --- the wire ------------------------------------------------------------------------------------------------------


class SaysSeen(Shop):
    def tasks(self, window: Window, mark: Mark | None) -> Things:
        yield from super().tasks(window, mark)
        self.client.request("POST", "/seen", content=b"{}")


class TellsItsToken(Shop):
    def ask(self, name: str, cursor: str | None) -> Any:
        try:
            return super().ask(name, cursor)
        except SourceError as error:
            raise SourceError(f"{error}, with {self.secret}", advice="try later") from error


class LogsItsToken(Shop):
    """A token that was never given to the guarded client is not taken out of the log either."""

    def fetch(self, last: Token | None) -> Token:
        logging.getLogger("connectors.shop").info("logging in with %s", self.secret)
        return super().fetch(last)


class PrintsItsToken(Shop):
    def __repr__(self) -> str:
        return f"Shop(secret={self.secret!r})"


class PutsItsTokenInTheAddress(Shop):
    def ask(self, name: str, cursor: str | None) -> Any:
        return self.client.json(f"/{name}", {"cursor": cursor, "key": self.secret}) if name == "tasks" else (
            super().ask(name, cursor)
        )  # fmt: skip


class StatesItsToken(Shop):
    def task(self, row: Any) -> Fact:
        return replace(cast(Task, super().task(row)), assignee=Person(name=self.secret))


class Unguarded(Shop):
    """As many scripts do it: urllib as it comes."""

    timeout: ClassVar[float | None] = None

    def fetch(self, last: Token | None) -> Token:
        body = f"client_secret={self.secret}".encode()
        with urllib.request.urlopen(f"{self.base_url}/oauth/token", body, self.timeout) as answer:
            return Token(access=json.load(answer)["access_token"])

    def ask(self, name: str, cursor: str | None) -> Any:
        credential = self.client.credential
        assert credential is not None
        body = json.dumps({"cursor": cursor or ""}).encode() if name == "deals" else None
        path = "/deals/search" if body else f"/{name}?cursor={cursor or ''}"
        headers = {**credential.headers(), "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.base_url}{path}", body, headers)
        with urllib.request.urlopen(asked, timeout=self.timeout) as answer:
            data = answer.read()
        if answer.headers.get("Content-Encoding") == "gzip":
            import gzip

            data = gzip.decompress(data)
        return json.loads(data)


class WaitsForEachByte(Unguarded):
    """A time-out per read, and no total deadline."""

    timeout = 0.3


class AsksOnce(Shop):
    again = False


class ThinksEveryAnswerIsFinal(Shop):
    """Not found, forbidden, limited, broken: all the same to it, and nothing to tell."""

    def tasks(self, window: Window, mark: Mark | None) -> Things:
        try:
            yield from super().tasks(window, mark)
        except AuthError as error:
            if "401" in str(error):
                raise
        except SourceError:
            return


class HasNoCure(Shop):
    def ask(self, name: str, cursor: str | None) -> Any:
        try:
            return super().ask(name, cursor)
        except SourceError as error:
            raised = BadAnswer(str(error))
            raised.advice = ""
            raise raised from error


class KnocksAgain(Shop):
    """Each stream logs in for itself, whatever was answered before."""

    def ask(self, name: str, cursor: str | None) -> Any:
        if name == "deals":
            return super().ask(name, cursor)
        token = Bearer(self.fetch(None).access)
        client = Client(self.base_url, source=self.source, vendor="Shop", credential=token)
        return client.json(f"/{name}", {"cursor": cursor})


class AsksTenTimes(Shop):
    def ask(self, name: str, cursor: str | None) -> Any:
        for _ in range(10):
            try:
                return super().ask(name, cursor)
            except SourceError as error:
                last = error
        raise last


class NeverRenews(Shop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        renewed = self.client.credential
        assert renewed is not None
        renewed.renew = lambda refused: False  # type: ignore[method-assign]


class TrustsTheLogin(Shop):
    def fetch(self, last: Token | None) -> Token:
        answer = self.door.request("POST", "/oauth/token", content=f"client_secret={self.secret}".encode())
        return Token(access=answer.json()["access_token"])


class ReadsEverythingEachTime(Shop):
    def deals(self, window: Window, mark: Mark | None) -> Things:
        list(super().tasks(window, mark))
        yield from super().deals(window, mark)

    def tasks(self, window: Window, mark: Mark | None) -> Things:
        list(super().deals(window, mark))
        yield from super().tasks(window, mark)


class DoesNotWait(Shop):
    """Repeats a 429 at once: its client never hears of Retry-After."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.client._again = self.repeat  # type: ignore[method-assign]

    def repeat(self, answer: Answer) -> None:
        from briefing.http import _TryAgain

        raise _TryAgain(answer, 0.0)


class CallsALimitAFault(Shop):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.client.explain = lambda answer: SourceError("refused", advice="try later")


# --- contents ------------------------------------------------------------------------------------------------------


class KnowsEveryField(Shop):
    def stated(self, rows: Any, fact: Callable[[Any], Fact]) -> Things:
        known = {"id", "title", "state", "due", "done", "name", "amount", "currency", "at", "from", "text", UNNAMED}
        return super().stated([row for row in rows if row.keys() <= known], fact)


class TrustsEveryShape(Shop):
    def page_of(self, told: Any, after: str) -> tuple[list[Any], str | None]:
        return told["items"], told[after]


class DropsWhatItCannotRead(Shop):
    def stated(self, rows: Any, fact: Callable[[Any], Fact]) -> Things:
        return (thing for thing in super().stated(rows, fact) if isinstance(thing, Fact))


class HidesOneBehindOthers(Shop):
    """Tells of every row that it cannot read, but for those without a date."""

    def stated(self, rows: Any, fact: Callable[[Any], Fact]) -> Things:
        for row in rows:
            if fact != self.task or "due" in row:
                yield from super().stated([row], fact)


class LooksAtWhatItDoesNotName(Shop):
    def task(self, row: Any) -> Fact:
        return replace(cast(Task, super().task(row)), project=row[UNNAMED].strip())


class Fills(Shop):
    """A missing state is taken for open: a false fact in place of a poor one."""

    def task(self, row: Any) -> Fact:
        state = row.get("state")
        return super().task({**row, "state": state if state in {"open", "closed"} else "open"})


class TakesTextAsItComes(Shop):
    def text(self, value: Any) -> str:
        return str(value)


class BelievesEveryPage(Shop):
    def pages(self, name: str) -> Iterator[Any]:
        cursor: str | None = None
        while True:
            rows, cursor = self.page_of(self.ask(name, cursor), "next")
            yield from rows
            if cursor is None:
                return


class EndsWhereAPageIsLost(Shop):
    def pages(self, name: str) -> Iterator[Any]:
        count = 0
        try:
            for row in super().pages(name):
                count += 1
                yield row
        except SourceError:
            if not count:
                raise


class EndsAtAKnownRow(Shop):
    def pages(self, name: str) -> Iterator[Any]:
        seen: set[str] = set()
        for row in super().pages(name):
            if str(row) in seen:
                return
            seen.add(str(row))
            yield row


class ReadsOnePage(Shop):
    def pages(self, name: str) -> Iterator[Any]:
        yield from self.page_of(self.ask(name, None), "next")[0]


CAUGHT: Mapping[type[Shop], Mapping[str, str]] = {
    CallsItselfOtherwise: {"facts_are_what_they_should_be": "ref.source is 'shop'"},
    TimesWithoutZone: {"facts_are_what_they_should_be": "a time without a zone"},
    AmountsAsFloats: {"facts_are_what_they_should_be": "an amount is float"},
    OneReferenceForAll: {"facts_are_what_they_should_be": "is stated"},
    DeclaresNothing: {"it_states_the_kinds_it_declares": "`kinds`"},
    StatesTheFuture: {
        "facts_are_what_they_should_be": "later than the window's now",
        "a_clock_two_hours_off_does_no_harm": "later than the window's now",
    },
    AsksWhileBuilding: {"nothing_is_read_before_it_is_asked_for": "building asks for"},
    ListsByReading: {"nothing_is_read_before_it_is_asked_for": "listing asks for"},
    ReadsBeforeTheFirstRow: {"nothing_is_read_before_it_is_asked_for": "read.. is not lazy"},
    KeepsRowsOnItself: {"one_instance_serves_several_threads": "several threads"},
    MarksFirst: {"a_mark_comes_last": "marks|after its mark"},
    TrustsAnyMark: {"a_mark_that_nobody_knows_is_not_gone_on_from": "other facts"},
    ForgetsWhatIsNotRepeated: {"a_second_collect_changes_nothing": "collect 2 lost"},
    BelievesEmptiness: {"sudden_emptiness_is_not_believed_on_the_first_day": "suddenly empty"},
    SaysSeen: {"only_reads_are_on_the_wire": "POST /seen is not a read"},
    TellsItsToken: {"no_secret_appears_anywhere": "an error carries the secret"},
    LogsItsToken: {"no_secret_appears_anywhere": "in the log"},
    PrintsItsToken: {"no_secret_appears_anywhere": "repr"},
    PutsItsTokenInTheAddress: {"no_secret_appears_anywhere": "in the address"},
    StatesItsToken: {"no_secret_appears_anywhere": "a fact carries the secret"},
    Unguarded: {
        "a_port_where_nobody_listens_is_a_gap": "no SourceError",
        "a_host_that_takes_no_connection_is_a_gap": "does not end",
        "a_server_that_hangs_is_a_gap": "does not end",
        "a_login_that_hangs_is_a_gap": "does not end",
        "a_body_that_drips_is_a_gap": "does not end|did not fail",
        "headers_that_drip_are_a_gap": "does not end|did not fail",
        "a_body_of_200_megabytes_is_refused": "did not fail|MB|does not end",
        "a_gzip_bomb_is_refused": "MB|no SourceError|does not end",
        "a_redirect_takes_no_credential_to_another_host": "took the credential",
        "a_redirect_without_end_is_a_gap": "no SourceError",
        "a_gateway_that_answers_in_html_is_a_gap": "no SourceError",
    },
    WaitsForEachByte: {"a_body_that_drips_is_a_gap": "does not end|did not fail"},
    AsksOnce: {
        "a_fault_that_passes_is_not_noticed": "failed",
        "a_rate_limit_without_a_time_is_tried_again": "failed",
        "an_answer_that_is_cut_once_is_asked_for_again": "failed",
        "a_connection_that_is_reset_once_is_tried_again": "failed",
    },
    ThinksEveryAnswerIsFinal: {
        "what_may_not_be_read_is_told": "nothing says so|stands whole",
        "what_is_not_there_is_told": "nothing says so",
        "a_forbidden_stream_fails_alone": "nothing says so",
        "a_fault_that_stays_is_a_gap": "did not fail",
        "a_web_page_in_place_of_data_is_a_gap": "did not fail",
        "an_answer_that_is_always_cut_is_a_gap": "did not fail",
        "a_connection_that_is_always_reset_is_a_gap": "did not fail",
        "half_an_answer_is_never_taken_for_the_whole": "nothing says so",
    },
    HasNoCure: {"a_fault_that_stays_is_a_gap": "no cure", "a_long_rate_limit_is_a_gap_at_once": "no cure"},
    KnocksAgain: {"a_refused_login_is_told_with_its_cure_and_not_tried_again": "login requests, 2 at most"},
    AsksTenTimes: {
        "a_token_that_never_works_is_no_storm": "requests for|logins for",
        "a_rate_limit_for_ever_is_a_gap": "asked|does not end",
        "a_fault_that_stays_is_a_gap": "asked|does not end",
    },
    NeverRenews: {"an_expired_token_is_renewed_once": "failed: AuthError"},
    TrustsTheLogin: {"a_login_that_answers_nonsense_is_a_gap": "no SourceError"},
    ReadsEverythingEachTime: {"a_forbidden_stream_fails_alone": "asks for nothing of its own"},
    DoesNotWait: {"a_short_rate_limit_is_waited_for": "asked again after"},
    CallsALimitAFault: {"a_long_rate_limit_is_a_gap_at_once": "not RateLimited"},
    KnowsEveryField: {"an_unknown_field_changes_nothing": "other facts"},
    TrustsEveryShape: {"json_of_another_shape_is_told": "no SourceError"},
    DropsWhatItCannotRead: {
        "a_missing_field_is_told": "nothing says so",
        "a_field_that_is_gone_everywhere_is_told": "nothing says so",
        "a_null_is_told": "nothing says so",
        "a_value_of_another_type_is_told": "nothing says so",
        "a_value_without_sense_is_told": "nothing says so",
    },
    HidesOneBehindOthers: {"a_missing_field_is_told": r"due on GET /tasks.*nothing says so"},
    LooksAtWhatItDoesNotName: {"a_null_is_told": f"{UNNAMED} on GET /tasks.*AttributeError"},
    Fills: {
        "a_missing_field_is_told": "states other facts than it should",
        "a_value_without_sense_is_told": "states other facts than it should",
    },
    TakesTextAsItComes: {"hostile_text_is_cleaned": r"x1b"},
    BelievesEveryPage: {
        "the_same_page_for_ever_ends_by_itself": "does not end|BadAnswer|asked",
        "pages_that_go_round_in_a_circle_end_by_themselves": "does not end|BadAnswer|asked",
    },
    EndsWhereAPageIsLost: {"a_lost_page_makes_nothing_whole": "nothing says so"},
    EndsAtAKnownRow: {"a_row_on_two_pages_is_one_fact": "other facts"},
    ReadsOnePage: {"a_lost_page_makes_nothing_whole": "the site must show two"},
}
"""Which tests must notice which bad connector, and what they say."""

CASES = [pytest.param(bad, test, id=f"{bad.__name__}-{test}") for bad, tests in CAUGHT.items() for test in tests]


@pytest.mark.parametrize(("bad", "test"), CASES)
def test_a_bad_connector_is_caught(bad: type[Shop], test: str) -> None:
    contract_of(bad).plain()  # all is well as long as all is well: the connector is no easy prey
    contract = impatient(bad) if "does not end" in CAUGHT[bad][test] else contract_of(bad)
    with pytest.raises(AssertionError) as told:
        getattr(contract, f"test_{test}")()
    assert re.search(CAUGHT[bad][test], str(told.value)), str(told.value)
    if issubclass(bad, Unguarded):
        gc.collect()  # here, where warnings are not errors


def test_every_test_of_the_contract_can_fail() -> None:
    caught = {f"test_{test}" for tests in CAUGHT.values() for test in tests}
    assert {name for name in dir(ConnectorContract) if name.startswith("test_")} == caught


def contract_of(bad: type[Shop]) -> ShopContract:
    """A contract for a bad connector, with a secret of its own for each test."""
    contract: ShopContract = kind_of(bad)()
    return contract


def impatient(bad: type[Shop]) -> ShopContract:
    """The same, where the connector is to hang; how reading goes when all is well is known by then."""
    contract: ShopContract = type("Impatient", (kind_of(bad),), {"patience": 1.2})()
    _plain[type(contract)] = contract_of(bad).plain()
    return contract


KINDS: dict[type[Shop], type[ShopContract]] = {}


def kind_of(bad: type[Shop]) -> type[ShopContract]:
    """One class for all tests of a connector: how reading goes when all is well is found once."""
    return KINDS.setdefault(bad, type("BadContract", (ShopContract,), {"connector": bad, "flood": 48}))


def test_a_field_that_is_not_named_is_tried_too() -> None:
    """The one above looks at a field that stands in no text; such fields are tried together first."""
    assert UNNAMED not in contract_of(LooksAtWhatItDoesNotName).plain().source
    assert '"due"' in contract_of(LooksAtWhatItDoesNotName).plain().source


def test_nothing_is_skipped_but_what_was_declared() -> None:
    """A connector that declares nothing of its own is told what does not apply, in words."""

    class Plain(ShopContract):
        renews = False
        pages = ""
        json = False

    for test in ("an_expired_token_is_renewed_once", "the_same_page_for_ever_ends_by_itself", "a_null_is_told"):
        with pytest.raises(pytest.skip.Exception, match="declared: "):
            getattr(Plain(), f"test_{test}")()


def test_a_site_that_shows_nothing_is_refused() -> None:
    class Empty(ShopContract):
        def site(self) -> Any:
            site = super().site()
            return lambda request: replace(site(request), body=b'{"items": [], "next": null, "sync": "s"}') if (
                "token" not in request.path
            ) else site(request)  # fmt: skip

    with pytest.raises(AssertionError, match="the site shows no"):
        Empty().test_it_states_the_kinds_it_declares()


def test_the_documentation_names_every_declaration_and_every_test() -> None:
    text = (Path(__file__).parent.parent / "docs" / "connectors.md").read_text(encoding="utf-8")
    declared = [name for name in ContractBase.__annotations__ if not name.startswith("_")]
    methods = ["site", "build", "window", "refused", "forbidden", "missing", "limited", "emptied"]
    assert [name for name in declared if f"| `{name}` |" not in text and name != "source"] == []
    assert [name for name in methods if f"`{name}(" not in text] == []
    words = " ".join(text.split())
    tests = [name for name in dir(ConnectorContract) if name.startswith("test_")]
    assert [name for name in tests if name.removeprefix("test_").replace("_", " ") not in words] == []
