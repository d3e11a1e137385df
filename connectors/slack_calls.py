"""Asking Slack: methods that read and no others, at the pace each allows, within a budget of calls.

Slack answers 200 for nearly everything; what went wrong stands in the body (`{"ok": false, "error": ...}`). Its limits
are counted per method and minute, so each method has a pace of its own.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from briefing.errors import AuthError, BadAnswer, NotReached, RateLimited, SourceError
from briefing.http import Client, Credential, Guards
from briefing.http_adapters import slack_answer, slack_client
from briefing.reading.slackfacts import an_object, word

READS: Mapping[str, int] = {
    "auth.test": 100, "users.conversations": 20, "users.list": 20, "users.info": 100, "usergroups.list": 20,
    "conversations.members": 100, "conversations.history": 50, "conversations.replies": 50, "search.messages": 20,
}  # fmt: skip
"""The methods that may be called, with calls a minute: Slack's tiers 2 (20), 3 (50) and 4 (100). For
users.conversations its documents and its own libraries differ; the lower one is kept."""

AT_ONCE = 10
"""Calls of a method before its pace begins: Slack tolerates short bursts."""

GUARDS = Guards(longest_wait=45.0)

LOGIN = frozenset(
    "not_authed invalid_auth token_revoked account_inactive token_expired two_factor_setup_required "
    "org_login_required".split()
)
NOT_ALLOWED = frozenset(
    "not_allowed_token_type no_permission is_bot enterprise_is_restricted access_denied accesslimited "
    "feature_not_enabled".split()
)
NOT_THERE = frozenset(
    "channel_not_found not_in_channel is_archived channel_is_limited_access "
    "method_not_supported_for_channel_type".split()
)
PASSING = frozenset(
    "ratelimited rate_limited internal_error fatal_error service_unavailable request_timeout team_added_to_org".split()
)
LIMITS = frozenset({"ratelimited", "rate_limited"})
OUTDATED = frozenset({"method_deprecated", "deprecated_endpoint"})
NOBODY_THERE = frozenset({"user_not_found", "users_not_found", "user_not_visible", "user_disabled"})


class MissingScope(AuthError):
    """The token may not do this; `needed` is the scope as Slack calls it."""

    def __init__(self, needed: str, source: str) -> None:
        super().__init__(
            f"the token lacks the scope {needed}",
            advice=f"add {needed} to the user scopes of your Slack app, install it again, then briefing auth {source}",
        )
        self.needed = needed


class NotThere(SourceError):
    """A thread or a person that is no longer there, or not for us."""


class Budget:
    """So many calls in one collect. Serves many threads."""

    def __init__(self, calls: int, source: str) -> None:
        self.calls, self._left, self._source = calls, calls, source
        self._lock = threading.Lock()

    def take(self) -> None:
        """Set one call aside. Raises NotReached."""
        if not self.has():
            raise NotReached(
                f"not reached, the budget of {self.calls:,} calls was used up",
                advice=f"raise `budget` of sources.{self._source}, or name under `channels` those that matter",
            )

    def has(self) -> bool:
        """Set one call aside, where one is left."""
        with self._lock:
            is_left = self._left > 0
            self._left -= is_left
        return is_left


class Pace:
    """When the next call of a method may go out. Serves many threads."""

    def __init__(self, share: float) -> None:
        """`share` is how much of Slack's limits is used; 0: no waiting."""
        self._share = share
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}

    def wait(self, method: str) -> None:
        """Until this call's turn."""
        delay = self.turn(method, time.monotonic())
        if delay > 0:
            time.sleep(delay)

    def turn(self, method: str, now: float) -> float:
        """Seconds until this call's turn, which is then taken."""
        if not self._share:
            return 0.0
        between = 60 / (READS[method] * self._share)
        with self._lock:
            due = max(self._due.get(method, 0.0), now)
            self._due[method] = due + between
        return due - (AT_ONCE - 1) * between - now


class Calls:
    """Slack's read methods for one source. Serves many threads."""

    def __init__(
        self, *, base_url: str, source: str, credential: Credential | None = None, budget: int = 400, pace: float = 0.0,
        guards: Guards = GUARDS,
    ) -> None:  # fmt: skip
        posts = [rf"/api/{method}$".replace(".", r"\.") for method in READS]
        root = base_url.rstrip("/").removesuffix("/api") + "/api"
        self.client = Client(
            root, source=source, vendor="Slack", credential=credential, guards=guards, methods=(), posts=posts
        )
        self.source = source
        self.budget = Budget(budget, source)
        self._pace = Pace(pace)
        self._own = threading.local()
        self._closed: dict[str, tuple[float, RateLimited]] = {}
        """Until when a method is not asked again, and what its askers are told."""
        self._asked: dict[str, float] = {}
        """Seconds that a method asked us to wait last."""
        self._throttled = False
        """Whether a page held exactly 15 rows of more: what an app gets that is distributed outside the Marketplace."""

    def call(self, method: str, *, paid: bool = False, **params: Any) -> Any:
        """The whole answer of one call (`.data`, `.headers`). `paid`: the budget was asked before.

        Raises SourceError with cause and cure.
        """
        per_minute = READS[method]
        assert per_minute
        until, refused = self._closed.get(method, (0.0, None))
        if refused is not None and time.monotonic() < until:
            raise self._limit(method, refused)
        if not paid:
            self.budget.take()
        wait = self.client.guards.first_wait
        for left in reversed(range(self.client.guards.tries)):
            self._pace.wait(method)
            answer = self._once(method, params)
            if not isinstance(answer, SourceError):
                return answer
            if not left or not isinstance(answer, _Passing):
                raise self._final(method, answer)
            time.sleep(wait if answer.wait is None else answer.wait)
            wait *= 2
        raise AssertionError("unreachable")

    def pages(self, method: str, rows_in: str, what: str, *, paid: bool = False, **params: Any) -> Iterator[Any]:
        """The answers of all pages, the first one paid for or not. Raises SourceError, also for pages that repeat."""
        guard = self.client.paging(what)
        cursor = ""
        while True:
            data = self.call(method, paid=paid and not cursor, **params, **({"cursor": cursor} if cursor else {})).data
            rows = data.get(rows_in)
            if not isinstance(rows, list):
                raise BadAnswer(f"Slack answers {method} without {rows_in}")
            cursor = _next(data, what)
            more = data.get("has_more") is True
            if more and not cursor:
                raise BadAnswer(f"{what}: Slack says there is more, and not where")
            self._throttled = self._throttled or (len(rows) == 15 and more)
            guard.page(cursor=cursor or None, rows=[_identity(row) for row in rows])
            yield data
            if not cursor:
                return

    def _web(self) -> Any:
        """slack-sdk's client of this thread: it does not say that one serves many."""
        if not hasattr(self._own, "web"):
            self._own.web = slack_client(self.client)
        return self._own.web

    def _once(self, method: str, params: Mapping[str, Any]) -> Any:
        """An answer, or the error that it means. Raises SourceError where there is none."""
        from slack_sdk.errors import SlackApiError

        ask = getattr(self._web(), method.replace(".", "_"))
        try:
            return ask(**params)
        except SourceError:
            raise
        except SlackApiError as error:
            return self._meant(method, error.response)
        except Exception as error:  # slack-sdk takes the answer apart, and raises whatever comes of a strange one
            raise BadAnswer(f"Slack's answer to {method} cannot be read ({type(error).__name__})") from error

    # --- refusals ---

    def _meant(self, method: str, response: Any) -> SourceError:
        """What a refusal means. Its body may hold messages: only Slack's own words for errors are repeated."""
        answer = slack_answer(self.client, method, response)
        wait = _seconds(answer.headers)
        if answer.status == 429:
            self._asked[method] = wait or 0.0
        if answer.status != 200:
            return self.client.refusal(answer)
        told = an_object(response.data)
        code = word(told.get("error"))
        if code in PASSING and (wait or 0.0) <= self.client.guards.longest_wait:
            return _Passing(code, wait, method)
        if code in PASSING:
            self._asked[method] = wait or 0.0
            return _Passing(code, wait, method).told()
        return self._explained(method, code, word(told.get("needed")))

    def _explained(self, method: str, code: str, needed: str) -> SourceError:
        cure = f"briefing auth {self.source}"
        if code == "missing_scope":
            return MissingScope(needed or f"for {method}", self.source)
        if code == "token_expired":
            return AuthError(
                "login refused (token_expired)", advice=f"switch off token rotation of your Slack app, then {cure}"
            )
        if code in LOGIN:
            return AuthError(f"login refused ({code})", advice=cure)
        if code in NOT_ALLOWED:
            return AuthError(
                f"Slack does not allow {method} ({code})", advice=f"ask the workspace's owners for it, then {cure}"
            )
        if code in NOT_THERE:
            leave = f"join it, or leave it out: `not_channels` of sources.{self.source}"
            return SourceError(f"Slack does not show it ({code})", advice=leave)
        if code in {"thread_not_found", "message_not_found"} | NOBODY_THERE:
            return NotThere(f"no longer there ({code})")
        if code in OUTDATED:
            return BadAnswer(f"Slack no longer answers {method} ({code})", advice="update morning-briefing")
        if not code or "non-JSON" in code:
            return BadAnswer(f"Slack answers {method} with something that is not JSON")
        return BadAnswer(f"Slack refuses {method} ({code[:60]})")

    def _final(self, method: str, error: SourceError) -> SourceError:
        """The error to raise; after a limit the method is left alone for as long as Slack asks."""
        if isinstance(error, _Passing):
            error = error.told()
        if isinstance(error, RateLimited):
            self._closed[method] = (time.monotonic() + self._asked.get(method, 0.0), error)
            return self._limit(method, error)
        return error

    def _limit(self, method: str, error: RateLimited) -> RateLimited:
        """What a limit means: most often nothing but patience."""
        if not self._throttled or method not in {"conversations.history", "conversations.replies"}:
            return error
        return RateLimited(
            "Slack lets this app read 15 messages a minute: it is distributed outside the Marketplace",
            advice="make the app in your own workspace (from a manifest), and use its user token",
        )


class _Passing(SourceError):
    """A refusal that may be over in a moment."""

    def __init__(self, code: str, wait: float | None, method: str) -> None:
        super().__init__(code)
        self.code, self.wait, self.method = code, wait, method

    def told(self) -> SourceError:
        """In a reader's words, once it did not pass."""
        if self.code in LIMITS:
            return RateLimited(f"the rate limit of Slack is used up ({self.method})")
        return SourceError(f"Slack fails on {self.method} ({self.code})", advice="try later")


def _seconds(headers: Mapping[str, str]) -> float | None:
    """How long Slack asks to wait: a whole number of seconds; None where it does not say."""
    told = headers.get("Retry-After", "").strip()
    return float(told) if re.fullmatch(r"\d{1,6}(?:\.\d+)?", told) else None


def _next(data: Mapping[str, Any], what: str) -> str:
    """The cursor of the next page; empty after the last one, where it may be missing. Raises BadAnswer."""
    told = data.get("response_metadata")
    cursor = told.get("next_cursor") if isinstance(told, dict) else told
    if cursor is not None and (not isinstance(cursor, str) or cursor is told):
        raise BadAnswer(f"{what}: Slack does not say where the next page begins")
    return cursor or ""


def _identity(row: Any) -> str:
    """What tells a row from another: its time or id, or itself."""
    return word(row.get("ts") or row.get("id") or row.get("iid")) if isinstance(row, dict) else word(row)
