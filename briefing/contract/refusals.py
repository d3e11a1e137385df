"""The contract, where a service refuses: logins, rights, limits, faults of its own."""

from __future__ import annotations

import pytest

from briefing.contract.outcomes import differences, listed, not_failed, silences, untold
from briefing.contract.rig import ContractBase, Plain, Rig
from briefing.contract.wire import Asked, asked, first_of_each, instead, one_of, strike
from briefing.errors import AuthError, RateLimited, SourceError
from briefing.loopback import Fault, status

MOST_LOGINS = 2
WEB_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


class Refusals(ContractBase):
    """Each refusal ends in a gap with cause and cure, or in the same facts a little later."""

    # --- logins ---

    def test_a_refused_login_is_told_with_its_cure_and_not_tried_again(self) -> None:
        """All streams side by side, and all of them once more: two login requests at most. Each try may prolong a
        lock-out.
        """
        only = self.is_login if self.logins else self.is_data
        streams = len(self.plain().asked_by)
        with self.served(strike(self.refused(), only)) as rig:
            outcomes = [rig.read(aside=True), rig.read()]
            logins, data = len(rig.logins), len(rig.data)
        for outcome in outcomes:
            listed(untold(outcome), "a refused login")
            listed(not_failed(outcome, AuthError), "a refused login")
        if self.logins:
            assert logins <= MOST_LOGINS, f"a refused login: {logins} login requests, {MOST_LOGINS} at most"
        else:
            most = 2 * (streams + 1)
            assert data <= most, f"a refused token: {data} requests, {most} at most for {streams} streams read twice"

    def test_a_token_that_never_works_is_no_storm(self) -> None:
        """The service gives tokens and refuses them: every stream fails, and few tokens are asked for."""
        streams = len(self.plain().asked_by)
        with self.served(strike(self.refused(), self.is_data)) as rig:
            outcome = rig.read(aside=True)
            logins, data = len(rig.logins), len(rig.data)
        listed(untold(outcome), "a token that never works")
        listed(not_failed(outcome, AuthError), "a token that never works")
        assert logins <= MOST_LOGINS + streams, f"a token that never works: {logins} logins for {streams} streams"
        assert data <= 2 * (streams + 1), f"a token that never works: {data} requests for {streams} streams"

    def test_an_expired_token_is_renewed_once(self) -> None:
        """Refused in the middle of a reading: one more login, the same facts."""
        if not self.renews:
            pytest.skip("declared: its token is not renewed (renews = False)")
        total = sum(len(requests) for requests in self.plain().asked_by.values())
        for after in {0, 1, total // 2}:
            with self.served(strike(self.refused(), self.is_data, times=1, after=after)) as rig:
                outcome = rig.read()
                logins = len(rig.logins)
            head = f"a token that expires after {after} requests"
            listed(differences(outcome, self.plain().outcome), head)
            assert logins <= MOST_LOGINS, f"{head}: {logins} login requests, {MOST_LOGINS} at most"

    def test_a_login_that_answers_nonsense_is_a_gap(self) -> None:
        """Down, cut off, a web page, another shape: cause and cure, and no storm."""
        if not self.logins:
            pytest.skip("declared: it does not log in (logins is empty)")
        faults: dict[str, Fault] = {
            "answers 500": status(500, "{}"), "answers 502 with a web page": status(502, WEB_PAGE, type="text/html"),
            "answers a web page": instead(WEB_PAGE, "text/html"), "answers nothing": instead(""),
            "answers null": instead("null"), "answers a list": instead("[]"), "answers an empty object": instead("{}"),
            "answers numbers": instead('{"access_token": 7, "expires_in": "soon", "deployment": []}'),
        }  # fmt: skip
        for name, fault in faults.items():
            with self.served(strike(fault, self.is_login)) as rig:
                outcome = rig.read()
                logins = len(rig.logins)
            listed(untold(outcome), f"a login that {name}")
            listed(not_failed(outcome), f"a login that {name}")
            most = 4 * (len(outcome.reads) + 1)
            assert logins <= most, f"a login that {name}: {logins} login requests"

    # --- rights ---

    def test_a_forbidden_stream_fails_alone(self) -> None:
        """403 on what only one stream asks for: it is a gap, and every other stream states the same facts."""
        plain = self.plain()
        own = {key: self._own(plain, key) for key in plain.asked_by}
        if len(own) > 1 and not any(own.values()) and not self.alone:
            pytest.skip("declared: all streams come with one request (alone = False)")
        listed(
            [
                f"stream {key[0]!r} asks for nothing of its own"
                for key, found in own.items()
                if not found and self.alone
            ],
            "one refusal takes other streams with it (if the vendor has it so: alone = False)",
        )
        for key, requests in own.items():
            outcome = self.under(strike(self.forbidden(), one_of(requests)))
            head = f"403 on the requests of stream {key[0]!r} alone"
            listed(silences(outcome, plain.outcome, exact=[key]), head)
            listed(differences(outcome, plain.outcome, [other for other in own if other != key]), head)
            told = outcome.by_key[key].tells_more_than(plain.outcome.by_key[key])
            assert told or self.adorns(requests), f"{head}: it stands whole"

    def test_what_may_not_be_read_is_told(self) -> None:
        """403 on each route by itself."""
        self._each_route("403", self.forbidden())

    def test_what_is_not_there_is_told(self) -> None:
        """404 on each route by itself."""
        self._each_route("404", self.missing())

    def _each_route(self, name: str, fault: Fault) -> None:
        plain = self.plain()
        for route, requests in plain.routes.items():
            readers = plain.readers(requests)
            exact = frozenset() if self.adorns(requests) else readers
            outcome = self.under(strike(fault, one_of(requests)))
            listed(silences(outcome, plain.outcome, exact=exact), f"{name} on {route}")
            listed(differences(outcome, plain.outcome, plain.asked_by.keys() - readers), f"{name} on {route}")

    def _own(self, plain: Plain, key: object) -> list[Asked]:
        others = {asked(one) for other, requests in plain.asked_by.items() if other != key for one in requests}
        others |= {asked(one) for one in plain.listing}
        return [asked(one) for own, requests in plain.asked_by.items() if own == key for one in requests
                if asked(one) not in others]  # fmt: skip

    # --- limits ---

    def test_a_short_rate_limit_is_waited_for(self) -> None:
        """429 with a short Retry-After: the same facts, and not before the time named."""
        wait = 0.2
        with self.served(strike(self.limited(wait), self.is_data, times=1)) as rig:
            outcome = rig.read()
            pause = self._pause(rig)
        listed(differences(outcome, self.plain().outcome), f"429, Retry-After: {wait}")
        assert pause >= wait * 0.95, f"asked again after {pause:.3f} s, where Retry-After said {wait}"

    def _pause(self, rig: Rig) -> float:
        times = [at for at, request in rig.arrivals if self.is_data(request)]
        return times[1] - times[0] if len(times) > 1 else 0.0

    def test_a_long_rate_limit_is_a_gap_at_once(self) -> None:
        """429 with an hour to wait: RateLimited without waiting and without asking again."""
        streams = len(self.plain().asked_by)
        with self.served(strike(self.limited(3600), self.is_data)) as rig:
            outcome = rig.read()
            asked_for = len(rig.data)
        listed(untold(outcome), "429, Retry-After: 3600")
        listed(not_failed(outcome, RateLimited, plain=self.plain().outcome), "429, Retry-After: 3600")
        assert outcome.seconds < self.patience / 2, f"429, Retry-After: 3600: waited {outcome.seconds:.1f} s"
        assert asked_for <= streams + 1, f"429, Retry-After: 3600: asked {asked_for} times for {streams} streams"

    def test_a_rate_limit_without_a_time_is_tried_again(self) -> None:
        """429 without Retry-After on the first of each request: the same facts."""
        outcome = self.under(strike(self.limited(None), first_of_each(self.is_data)))
        listed(differences(outcome, self.plain().outcome), "429 without Retry-After, once")

    def test_a_rate_limit_for_ever_is_a_gap(self) -> None:
        """429 whatever is asked, with a short wait or none: RateLimited after few tries."""
        for seconds in (None, 0.01):
            self._for_ever("429 for ever", self.limited(seconds), RateLimited)

    # --- its own faults ---

    def test_a_fault_that_passes_is_not_noticed(self) -> None:
        """500 on the first of each request: the same facts."""
        outcome = self.under(strike(status(500, "{}"), first_of_each(self.is_data)))
        listed(differences(outcome, self.plain().outcome), "500 once")

    def test_a_fault_that_stays_is_a_gap(self) -> None:
        """500 whatever is asked: a gap after few tries."""
        self._for_ever("500 for ever", status(500, "{}"))

    def test_a_gateway_that_answers_in_html_is_a_gap(self) -> None:
        """502 with a web page, as a proxy answers."""
        self._for_ever("502 with a web page", status(502, WEB_PAGE, type="text/html"))

    def test_a_web_page_in_place_of_data_is_a_gap(self) -> None:
        """200 with a web page, as a captive portal or a maintenance page answers; and nothing at all."""
        for name, text in (("a web page", WEB_PAGE), ("an empty answer", "")):
            outcome = self.under(strike(instead(text, "text/html"), self.is_data))
            listed(untold(outcome), f"200 with {name}")
            listed(not_failed(outcome, plain=self.plain().outcome), f"200 with {name}")

    def _for_ever(self, name: str, fault: Fault, kind: type[SourceError] = SourceError) -> None:
        streams = len(self.plain().asked_by)
        with self.served(strike(fault, self.is_data)) as rig:
            outcome = rig.read()
            asked_for = len(rig.data)
        listed(untold(outcome), name)
        listed(not_failed(outcome, kind, plain=self.plain().outcome), name)
        most = 6 * (streams + 1)
        assert asked_for <= most, f"{name}: asked {asked_for} times for {streams} streams"
