"""The contract when all is well, and what must never happen: false facts, leaks, writes, haste, forgetting."""

from __future__ import annotations

import io
import json
import logging
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Thread

import pytest

from briefing import log
from briefing.collect import Source, collect, told_problem
from briefing.connector import Mark
from briefing.contract.outcomes import Outcome, differences, listed, read_all, said, told_texts, untold
from briefing.contract.rig import NOW, ContractBase, Rig
from briefing.contract.texts import breaches
from briefing.contract.wire import content_of, strike, with_header
from briefing.errors import MarkExpired
from briefing.facts import AdDay, Fact
from briefing.loopback import Fault, Reply, Request, manner, status
from briefing.store import StreamKey
from briefing.store.sqlite import SqliteStore

THREADS = 4
UNEVEN = (0.002, 0.011, 0.005, 0.017, 0.003)
"""Seconds of answers, so that threads do not walk in step."""


class Conduct(ContractBase):
    """What a connector does and leaves alone."""

    # --- facts ---

    def test_facts_are_what_they_should_be(self) -> None:
        """References unique and of this source, times aware, money with a currency, fields of their own types."""
        now = self.window().now
        reads = self.plain().outcome.reads
        facts = [fact for read in reads for fact in read.facts]
        listed((told for fact in facts for told in breaches(fact, self.source, now)), "facts")
        count = Counter((fact.kind, fact.ref.kind, fact.ref.id) for fact in facts)
        listed((f"{one} is stated {times} times" for one, times in count.items() if times > 1), "references")
        gone = [gone.ref for read in reads for gone in read.gone if gone.ref.source != self.source]
        assert not gone, f"Gone of another source: {gone[:3]}"

    def test_it_states_the_kinds_it_declares(self) -> None:
        """`kinds` of the class, those of its streams, and those of its facts are one and the same."""
        with self.served() as rig:
            declared = frozenset(getattr(rig.connector, "kinds", frozenset()))
            streams = list(rig.connector.streams(self.window()))
        reads = self.plain().outcome.reads
        assert declared, "the class names in `kinds` what it can state"
        offered = frozenset(kind for stream in streams for kind in stream.kinds)
        assert offered <= declared, f"streams of kinds that `kinds` lacks: {names(offered - declared)}"
        listed(
            (
                f"{read.name} states {names(other)}"
                for read in reads
                if (other := {type(fact) for fact in read.facts if type(fact).kind not in read.key[1]})
            ),
            "kinds that the stream does not name",
        )
        stated = {type(fact) for read in reads for fact in read.facts}
        assert declared <= stated, f"the site shows no {names(declared - stated)}: add one, or take it from `kinds`"
        keys = [read.key for read in reads]
        assert len(keys) == len(set(keys)), f"two streams of the same scope and kinds: {keys}"

    # --- order ---

    def test_nothing_is_read_before_it_is_asked_for(self) -> None:
        """Building asks for nothing, listing for a login and a list, `read` for nothing before its first row."""
        with self.served() as rig:
            assert not rig.server.requests, f"building asks for {rig.server.requests[0].line}"
            streams = rig.connector.streams(self.window())
            others = [one.line for one in rig.data if not (self.lists and re.search(self.lists, one.line))]
            assert not others, f"listing asks for {others[0]} (if it must: lists = ...)"
            before = len(rig.server.requests)
            for stream in streams:
                stream.read(self.window(), None)
            assert len(rig.server.requests) == before, f"read() is not lazy: {rig.server.requests[before].line}"

    def test_one_instance_serves_several_threads(self) -> None:
        """Read by four threads at once, it states the same facts to each."""
        outcomes: list[Outcome] = []
        with self.served(latency=UNEVEN) as rig:
            threads = [Thread(target=lambda: outcomes.append(rig.read()), daemon=True) for _ in range(THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(self.patience)
        assert len(outcomes) == THREADS, "not all threads came to an end"
        for outcome in outcomes:
            listed(differences(outcome, self.plain().outcome), "several threads read one instance")

    def test_a_mark_comes_last(self) -> None:
        """Once, and nothing after it."""
        for read in self.plain().outcome.reads:
            assert len(read.marks) <= 1, f"{read.name} states {len(read.marks)} marks"
            assert not read.after_mark, f"{read.name} states something after its mark"

    def test_a_mark_that_nobody_knows_is_not_gone_on_from(self) -> None:
        """Everything is read, or MarkExpired asks for that: never "nothing has changed"."""
        plain = self.plain()
        with self.served() as rig:
            outcome = rig.read(mark=Mark("zz-unknown"))
        for read in outcome.reads:
            if isinstance(read.error, MarkExpired):
                read.error = None
                read.facts = list(plain.outcome.by_key[read.key].facts)
        listed(untold(outcome), "an unknown mark")
        listed(differences(outcome, plain.outcome), "an unknown mark")

    # --- the wire ---

    def test_only_reads_are_on_the_wire(self) -> None:
        """GET, and what is documented as a read; besides that logins."""
        for faults in ((), (strike(self.refused(), self.is_data, times=1),), (strike(status(500, "{}")),)):
            with self.served(*faults) as rig:
                rig.read()
                found = [request for request in rig.data if not self.is_read(request)]
            assert not found, f"{found[0].line} is not a read (if the vendor documents it as one: posts = ...)"

    def test_no_secret_appears_anywhere(self) -> None:
        """Not in facts, causes, cures, the log, the instance's own text or an address; not even where it is echoed."""
        cases = {
            "all is well": (), "a refused login": (strike(self.refused()),),
            "a refused token": (strike(self.refused(), self.is_data),), "500": (strike(status(500, "{}")),),
            "a cut connection": (strike(manner("cut"), self.is_data),),
            "an echo": (strike(echo(400), self.is_data),), "an echo with 403": (strike(echo(403), self.is_data),),
            "an echo of the login": (strike(echo(400), self.is_login),),
        }  # fmt: skip
        for name, faults in cases.items():
            with logged() as text, self.served(*faults) as rig:
                outcome = rig.read()
                self._no_secret(name, rig, outcome, echoed="echo" in name)
            assert self.canary not in text.getvalue(), f"{name}: the secret stands in the log"

    def _no_secret(self, name: str, rig: Rig, outcome: Outcome, *, echoed: bool) -> None:
        for request in rig.server.requests:
            assert self.canary not in request.line, f"{name}: the secret stands in the address {request.path}"
        assert self.canary not in f"{rig.connector!r} {rig.connector}", f"{name}: the secret stands in repr(connector)"
        for read in outcome.reads:
            found = [fact for fact in read.facts if self.canary in said(fact)]
            assert not found, f"{name}: a fact carries the secret"
        texts = [part for _, error in outcome.errors for part in told_problem(error)]
        texts += [skipped for read in outcome.reads for one in read.skipped for skipped in (one.where, one.why)]
        # What a service echoes is taken out where it is told; a text of the connector's own never has it.
        texts = texts if echoed else [*texts, *told_texts(outcome)]
        assert not any(self.canary in text for text in texts), f"{name}: an error carries the secret"

    # --- from day to day ---

    def test_sudden_emptiness_is_not_believed_on_the_first_day(self) -> None:
        """A service that answers with empty lists while it restarts: no stream is whole without its facts."""
        if not self.json and type(self).emptied is ContractBase.emptied:
            pytest.skip("declared: its answers are not JSON, and emptied() is not provided")
        plain = self.plain().outcome
        with self.served() as rig, kept() as store:
            self._collect(rig, store)
            rig.server.faults.append(strike(self.emptied(), self.is_data))
            self._collect(rig, store, hours=1)
            snapshot = store.snapshot(NOW + timedelta(hours=2))
        left = {said(fact) for fact in snapshot.facts}
        for read in plain.reads:
            record = next((one for one in snapshot.streams if one.key == self._key(read.key)), None)
            whole = record is not None and record.latest is not None and record.latest.status == "whole"
            lost = [fact for fact in read.facts if not isinstance(fact, AdDay) and said(fact) not in left]
            assert not (whole and lost), f"{read.name} is suddenly empty, and stands whole on the first day"

    def test_a_second_collect_changes_nothing(self) -> None:
        """Where nothing happened, going on from the mark leaves the same facts in the store."""
        facts = [fact for read in self.plain().outcome.reads for fact in read.facts if not isinstance(fact, AdDay)]
        with self.served() as rig, kept() as store:
            for hours in (0, 1):
                self._collect(rig, store, hours=hours)
                found = refs(store.snapshot(NOW + timedelta(hours=hours, minutes=1)).facts)
                lost, added = refs(facts) - found, found - refs(facts)
                assert not lost, f"collect {hours + 1} lost {sorted(lost)[:3]}"
                assert not added, f"collect {hours + 1} added {sorted(added)[:3]}"

    def test_a_clock_two_hours_off_does_no_harm(self) -> None:
        """The server's clock in its headers, and ours against the times of its rows."""
        for hours in (-2, 2):
            date = format_datetime(NOW + timedelta(hours=hours), usegmt=True)
            outcome = self.under(strike(with_header("Date", date)))
            listed(differences(outcome, self.plain().outcome), f"a server clock {hours:+} hours off")
            window = self.window()
            window = replace(window, now=window.now + timedelta(hours=hours))
            with self.served() as rig:
                outcome = read_all(rig.connector, window, patience=self.patience)
            listed(untold(outcome), f"our clock {hours:+} hours off")
            facts = [fact for read in outcome.reads for fact in read.facts]
            told = (told for fact in facts for told in breaches(fact, self.source, window.now))
            listed(told, f"our clock {hours:+} hours off")

    def _collect(self, rig: Rig, store: SqliteStore, *, hours: int = 0) -> None:
        source = Source(name=self.source, connector=rig.connector, bound_to="contract", deadline=self.patience)
        collect([source], store, self.window(), clock=lambda: NOW + timedelta(hours=hours), total=self.patience * 2)

    def _key(self, key: tuple[str, tuple[str, ...]]) -> StreamKey:
        return StreamKey(self.source, *key)


def names(kinds: frozenset[type[Fact]] | set[type[Fact]]) -> str:
    """`Company, Task`."""
    return ", ".join(sorted(kind.__name__ for kind in kinds))


def refs(facts: tuple[Fact, ...] | list[Fact]) -> set[tuple[str, str, str]]:
    """What facts are known by."""
    return {(fact.kind, fact.ref.kind, fact.ref.id) for fact in facts}


def echo(code: int) -> Fault:
    """An error whose text repeats the whole request, as careless services do."""

    def change(request: Request, reply: Reply) -> Reply:
        told = " ".join([request.line, *request.headers.values(), request.body.decode("utf-8", "replace")])
        body = '{"error": %s, "message": %s, "error_description": %s}' % ((quoted(told),) * 3)
        return status(code, body).change(request, replace(reply, body=content_of(reply)))

    return Fault(change=change)


def quoted(text: str) -> str:
    """As a JSON string."""
    return json.dumps(text)


@contextmanager
def kept() -> Iterator[SqliteStore]:
    """An empty store on disk."""
    with tempfile.TemporaryDirectory(prefix="contract-") as folder:
        store = SqliteStore(Path(folder) / "readings.sqlite")
        try:
            yield store
        finally:
            store.close()


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """What goes into the log as `briefing.log` writes it, and what other loggers would print."""
    text = io.StringIO()
    lines, plain = logging.StreamHandler(text), logging.StreamHandler(text)
    lines.setFormatter(log.JsonLines("contract"))
    lines.setLevel(logging.DEBUG)
    plain.setLevel(logging.WARNING)
    plain.addFilter(lambda record: record.name.partition(".")[0] not in log.LOGGERS)
    loggers = [logging.getLogger(name) for name in log.LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(lines)
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(plain)
    try:
        yield text
    finally:
        logging.getLogger().removeHandler(plain)
        for logger, level in zip(loggers, before, strict=True):
            logger.removeHandler(lines)
            logger.setLevel(level)
