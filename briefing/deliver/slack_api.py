"""Slack's Web API as far as a post needs it. Every failure answers the one question that matters: can it be there.

slack-sdk through our guarded client. Nothing is repeated by itself: a POST that is sent twice is two posts, and Slack
has no key that would tell them apart. Only where Slack says "later" (429) is the same call made again, within a cap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from briefing.errors import SourceError
from briefing.http import Bearer, Client, Guards, with_guards
from briefing.http_adapters import slack_client
from briefing.log import redacted
from briefing.reading.text import clean

WRITES = ("chat.postMessage", "chat.update")
METHODS = (*WRITES, "auth.test", "conversations.open", "conversations.history", "conversations.replies")
"""What may be called at all."""

GUARDS = Guards(silence=20.0, total=25.0, largest=4 * 1024 * 1024)
ONCE: Mapping[str, Any] = {"tries": 1, "redirects": 0, "longest_wait": 0.0}
"""Never the same POST twice, not even to another place; a limit is waited for here, not in the client."""

MOST_LIMITED = 20
"""Times that one call is put off within a try, however short each wait is."""

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""No connection, so nothing has left."""

LATER = frozenset({"request_timeout", "team_added_to_org", "external_channel_migrating", "message_limit_exceeded"})
IN_DOUBT = frozenset({"internal_error", "fatal_error", "service_unavailable", "update_failed"})
"""Slack's own faults, of which it says that they may have had an effect."""

BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "block_mismatch"})
CURES: Mapping[str, str] = {
    "not_authed": "give the bot token",
    "invalid_auth": "the bot token is not valid: install the app again and take its Bot User OAuth Token",
    "token_revoked": "the bot token was revoked: install the app again",
    "account_inactive": "the app or its workspace is no longer there",
    "token_expired": "the token ended: switch token rotation off, install the app again",
    "not_allowed_token_type": "give the app's bot token, not another one",
    "channel_not_found": "the direct message cannot be reached by this bot",
    "not_in_channel": "the bot is not in that conversation",
    "user_not_found": "no such person in the bot's workspace: correct the login",
    "user_not_visible": "the bot may not see this person",
    "user_disabled": "this person's account is switched off",
    "messages_tab_disabled": "switch on the Messages tab in the app's App Home",
    "restricted_action": "the workspace's settings keep the bot from posting",
}


class Refused(Exception):
    """Slack does not take it, and would not take the same later."""

    def __init__(self, code: str, told: str = "") -> None:
        cure = told or CURES.get(code, "")
        super().__init__(f"{code}; {cure}" if cure else code)
        self.code = code


class MissingScope(Refused):
    """The token may not do this."""

    def __init__(self, needed: str) -> None:
        super().__init__("missing_scope", f"add {needed} to the app's bot scopes and install it again")


class Later(Exception):
    """It was surely not done, and may be later."""


class InDoubt(Exception):
    """It may have been done: nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Slack said, and when by its own clock."""

    data: Mapping[str, Any]
    at: datetime | None
    scopes: frozenset[str] | None
    """What the token may do; None where Slack does not tell."""


class Api:
    """The calls of one try. Used by one thread."""

    def __init__(self, token: str, *, base_url: str, sleep: Callable[[float], None], longest: float) -> None:
        """`longest`: seconds of waiting in all that Slack may ask for; what takes longer is for the next try."""
        root = base_url.rstrip("/").removesuffix("/api") + "/api"
        posts = [rf"/api/{method}$".replace(".", r"\.") for method in METHODS]
        self._client = Client(
            root, source="slack", vendor="Slack", credential=Bearer(token), guards=GUARDS, methods=(), posts=posts
        )
        self._client.guards = with_guards(self._client.guards, **ONCE)  # whatever a test run sets
        self._web = slack_client(self._client)
        self._sleep, self._left = sleep, longest

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, method: str, **params: Any) -> Answer:
        """One call, made again where Slack puts it off for a moment. Raises Refused, Later, InDoubt."""
        for _ in range(MOST_LIMITED):
            found = self._once(method, params)
            if isinstance(found, Answer):
                return found
            if found > self._left:
                raise Later(f"Slack's rate limit is used up, it asks to wait {found:,.0f} s")
            self._left -= found
            self._sleep(found)
        raise Later("Slack's rate limit is used up, again and again")

    def _once(self, method: str, params: Mapping[str, Any]) -> Answer | float:
        """An answer, or the seconds to wait."""
        from slack_sdk.errors import SlackApiError

        doubt = InDoubt if method in WRITES else Later
        try:
            response = getattr(self._web, method.replace(".", "_"))(**params)
        except SourceError as error:
            sent = not isinstance(error.__cause__, NOT_SENT)
            raise (doubt if sent else Later)(f"no answer to {method}: {_told(error)}") from error
        except SlackApiError as error:
            return self._meant(method, error.response, doubt)
        except Exception as error:  # slack-sdk takes the answer apart, and raises whatever comes of a strange one
            raise doubt(f"Slack's answer to {method} cannot be read ({type(error).__name__})") from error
        if not isinstance(response.data, Mapping):
            raise doubt(f"Slack's answer to {method} cannot be read")
        headers = _headers(response)
        return Answer(data=response.data, at=_moment(headers.get("Date", "")), scopes=_scopes(headers))

    def _meant(self, method: str, response: Any, doubt: type[InDoubt | Later]) -> float:
        """The seconds to wait where it is put off. Raises what any other refusal means."""
        headers = _headers(response)
        status = int(response.status_code)
        data = response.data if isinstance(response.data, Mapping) else {}
        code = _code(data.get("error"))
        if status == 429 or code in {"ratelimited", "rate_limited"}:
            return _seconds(headers.get("Retry-After", ""))
        if status >= 500 or code in IN_DOUBT or (status == 200 and not code):
            raise doubt(f"Slack answers {code or status} to {method}")
        if code in LATER:
            raise Later(f"Slack answers {code} to {method}")
        if code == "missing_scope":
            raise MissingScope(_scope(data.get("needed")))
        raise Refused(code or f"status {status}")


def _headers(response: Any) -> httpx.Headers:
    """Of slack-sdk's answer; our adapter tells each name twice, as it came and in lower case."""
    return httpx.Headers({str(name).lower(): str(value) for name, value in dict(response.headers).items()})


def _code(value: object) -> str:
    """Slack's word for an error; what is none may hold anything and is not repeated."""
    return value if isinstance(value, str) and re.fullmatch(r"[a-z][a-z_]{1,60}", value) else ""


def _scope(value: object) -> str:
    found = value if isinstance(value, str) else ""
    return found if re.fullmatch(r"[a-z:,. _]{1,80}", found) else "the scope that is missing"


def _seconds(text: str) -> float:
    """Seconds of a Retry-After; where it says none, one."""
    return float(text) if re.fullmatch(r"\d{1,6}(\.\d+)?", text.strip()) else 1.0


def _moment(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _scopes(headers: httpx.Headers) -> frozenset[str] | None:
    told = headers.get("x-oauth-scopes")
    return None if told is None else frozenset(part.strip() for part in told.split(",") if part.strip())


def _told(error: Exception) -> str:
    return clean(redacted(str(error)), 200)
