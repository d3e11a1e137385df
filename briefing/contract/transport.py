"""The contract, where the wire fails: nobody there, silence, drips, cuts, floods, and another host."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from briefing.contract.outcomes import Outcome, differences, listed, not_failed, silences, untold
from briefing.contract.rig import PATIENT, QUICK, ContractBase
from briefing.contract.wire import Endless, bomb, cut_short, first_of_each, nobody_accepts, nobody_listens, strike
from briefing.loopback import Fault, Loopback, Manner, Request, Site, json_reply, manner, redirect

MEGABYTE = 1_000_000
MOST_MEMORY = PATIENT.largest + 20 * MEGABYTE
"""Bytes that an answer may take of memory or of the wire: the limit itself, its copies, and the sockets' buffers."""

ORDINARY = frozenset(
    "host user-agent accept accept-encoding accept-language connection content-type content-length depth prefer".split()
)
"""Headers that carry no credential."""


class Transport(ContractBase):
    """No answer is waited for without end, and none fills the memory."""

    flood: ClassVar[int] = 200
    """Megabytes of the body that is too large; what the packed one unpacks to."""

    # --- time ---

    def test_a_port_where_nobody_listens_is_a_gap(self) -> None:
        """Connections are refused."""
        with nobody_listens() as url, self.served(url=url, guards=QUICK) as rig:
            self._all_gaps(rig.read(aside=True), "nobody listens")

    def test_a_host_that_takes_no_connection_is_a_gap(self) -> None:
        """Connections are neither taken nor refused: the connect time-out."""
        with nobody_accepts() as url, self.served(url=url, guards=QUICK) as rig:
            self._all_gaps(rig.read(aside=True), "connections are not taken")

    def test_a_server_that_hangs_is_a_gap(self) -> None:
        """The request is taken and never answered: the read time-out."""
        self._slow("hang", "the server hangs")

    def test_a_body_that_drips_is_a_gap(self) -> None:
        """A byte at a time: no read time-out sees it, the total deadline does."""
        self._slow("drip", "the body drips")

    def test_headers_that_drip_are_a_gap(self) -> None:
        """The same before the body begins."""
        self._slow("drip_headers", "the headers drip")

    def test_a_login_that_hangs_is_a_gap(self) -> None:
        """The login is under the same deadline (where there is none: the first request is)."""
        only = self.is_login if self.logins else self.is_data
        self._all_gaps(self.under(strike(manner("hang"), only), guards=QUICK, aside=True), "the login hangs")

    def _slow(self, how: Manner, name: str) -> None:
        self._all_gaps(self.under(strike(manner(how), self.is_data), guards=QUICK, aside=True), name)

    def _all_gaps(self, outcome: Outcome, name: str) -> None:
        listed(untold(outcome), name)
        listed(not_failed(outcome, plain=self.plain().outcome), name)

    # --- cuts ---

    def test_an_answer_that_is_cut_once_is_asked_for_again(self) -> None:
        """Less came than was announced, for the first of each request: the same facts."""
        outcome = self.under(strike(manner("cut"), first_of_each(self.is_data)))
        listed(differences(outcome, self.plain().outcome), "an answer is cut once")

    def test_an_answer_that_is_always_cut_is_a_gap(self) -> None:
        """What came of it is not taken for the whole."""
        self._all_gaps(self.under(strike(manner("cut"), self.is_data)), "every answer is cut")

    def test_a_connection_that_is_reset_once_is_tried_again(self) -> None:
        """Closed without a word: the same facts."""
        outcome = self.under(strike(manner("reset"), first_of_each(self.is_data)))
        listed(differences(outcome, self.plain().outcome), "a connection is reset once")

    def test_a_connection_that_is_always_reset_is_a_gap(self) -> None:
        """After few tries."""
        self._all_gaps(self.under(strike(manner("reset"), self.is_data)), "every connection is reset")

    def test_half_an_answer_is_never_taken_for_the_whole(self) -> None:
        """Half of the body, announced and sent as if it were all: on each route by itself."""
        plain = self.plain()
        for route, requests in plain.routes.items():
            outcome = self.under_at(cut_short(), requests)
            listed(silences(outcome, plain.outcome, exact=plain.readers(requests)), f"half an answer on {route}")

    # --- floods ---

    def test_a_body_of_200_megabytes_is_refused(self) -> None:
        """By its size as it comes, not by the length it announces."""
        endless = Endless(self.flood)
        with memory() as used:
            outcome = self.under(strike(endless.fault(), self.is_data))
        self._all_gaps(outcome, f"a body of {self.flood} MB")
        assert endless.taken <= MOST_MEMORY, f"a body without end: {endless.taken / MEGABYTE:.0f} MB were read of it"
        assert used[0] <= MOST_MEMORY, f"a body without end: {used[0] / MEGABYTE:.0f} MB of memory"

    def test_a_gzip_bomb_is_refused(self) -> None:
        """A small answer that unpacks to very much: by its size while it unpacks."""
        fault = bomb(self.flood)
        with memory() as used:
            outcome = self.under(strike(fault, self.is_data))
        self._all_gaps(outcome, "a gzip bomb")
        assert used[0] <= MOST_MEMORY, f"a gzip bomb: {used[0] / MEGABYTE:.0f} MB of memory"

    # --- place ---

    def test_a_redirect_takes_no_credential_to_another_host(self) -> None:
        """The other host sees nothing of what lets us in."""
        with Loopback(stranger) as other, self.served(strike(redirect(f"{other.url}/stolen"), self.is_data)) as rig:
            outcome = rig.read()
            told = {value for request in rig.server.requests for value in credentials(request)}
            seen = [value for request in other.requests for value in credentials(request)]
            leaked = [value for value in seen if value in told or self.canary in value]
            bodies = [request for request in other.requests if self.canary.encode() in request.body]
        assert not leaked, "a redirect took the credential to another host"
        assert not bodies, "a redirect took a body with the secret to another host"
        listed(untold(outcome), "a redirect to another host")

    def test_a_redirect_without_end_is_a_gap(self) -> None:
        """To itself, again and again."""
        fault = Fault(change=lambda request, reply: redirect(request.path).change(request, reply))
        streams = len(self.plain().asked_by)
        with self.served(strike(fault, self.is_data)) as rig:
            outcome = rig.read()
            asked_for = len(rig.data)
        self._all_gaps(outcome, "redirects without end")
        assert asked_for <= 25 * (streams + 1), f"redirects without end: followed {asked_for} times"


stranger: Site = lambda _: json_reply({})  # noqa: E731  (a site is a function; this one says nothing)


def credentials(request: Request) -> Iterator[str]:
    """What of a request could let somebody in."""
    for name, value in request.headers.items():
        if name not in ORDINARY:
            yield value
    for _, value in request.query:
        if len(value) >= 16:
            yield value


@contextmanager
def memory() -> Iterator[list[int]]:
    """The most bytes of Python's memory that were in use meanwhile, beyond those before: the only element."""
    used = [0]
    ours = not tracemalloc.is_tracing()
    if ours:
        tracemalloc.start(1)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    there = set(threading.enumerate())
    try:
        yield used
    finally:
        used[0] = tracemalloc.get_traced_memory()[1] - before
        # Python 3.11 dies when tracing ends while another thread unpacks outside the lock (CPython issue 128679):
        # what still hangs is waited for, and where it does not end, neither does the tracing.
        if ours and _ended(set(threading.enumerate()) - there):
            tracemalloc.stop()


def _ended(threads: Iterable[threading.Thread], within: float = 10.0) -> bool:
    """Whether these all ended, within so many seconds."""
    until = time.monotonic() + within
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)
