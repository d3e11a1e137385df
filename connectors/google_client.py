"""Google's own client under our guards: one service object per thread, pages by their token, refusals in plain words.

Google's client is `googleapiclient` with its bundled discovery documents. It opens no connection: everything goes
through one `briefing.http.Client`. A service object shared by threads gives answers to the wrong request, so every
thread builds its own (2 ms). Its `*_next` paging fails on repeated parameters, its batches ignore the address, its
retries ignore Retry-After: none of them is used.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

import stamina

from briefing.errors import AuthError, BadAnswer, RateLimited, SourceError
from briefing.http import Answer, Client, Explain
from briefing.http_adapters import GoogleHttp, google_answer
from briefing.reading.text import clean

Json = Mapping[str, Any]

_NAMED = {"calendar": "Google Calendar API", "gmail": "Gmail API"}


class NotThere(SourceError):
    """What was asked for is gone, or was never shared (404)."""


class NotTaken(BadAnswer):
    """Google does not take the question (400), such as one with a mark that it cannot read."""


class Outdated(SourceError):
    """What the question rests on is too old (410)."""

    advice = "try again"


class TooFast(RateLimited):
    """The limit of a minute, told by 403: worth another try after a wait."""


class Api:
    """One of Google's APIs. Serves many threads."""

    def __init__(self, name: str, version: str, client: Client, path: str = "") -> None:
        """`path` is what the API's own methods stand below: `calendar/v3/`, nothing for Gmail."""
        self.client = client
        self._name, self._version = name, version
        self._endpoint = f"{client.base}/{path}"
        self._mine = threading.local()

    def resource(self, *path: str) -> Any:
        """An object of Google's with methods: `users`, `messages`. Built once for each thread: building the methods
        takes longer than sending a request.
        """
        known: dict[tuple[str, ...], Any] = self._mine.__dict__.setdefault("known", {})
        if path not in known:
            known[path] = getattr(self.resource(*path[:-1]), path[-1])() if path else self._service()
        return known[path]

    def _service(self) -> Any:
        from googleapiclient.discovery import build

        return build(
            self._name, self._version, http=GoogleHttp(self.client), static_discovery=True, cache_discovery=False,
            client_options={"api_endpoint": self._endpoint},
        )  # fmt: skip

    def ask(self, request: Any) -> Json:
        """The answer to a request of the service. Raises SourceError with cause and cure.

        A 403 that means "too fast" is asked again as the client asks a 429 again.
        """
        guards = self.client.guards
        for attempt in stamina.retry_context(
            on=TooFast, attempts=guards.tries, timeout=None, wait_initial=guards.first_wait,
            wait_max=guards.longest_wait, wait_jitter=guards.first_wait,
        ):  # fmt: skip
            with attempt:
                return self._once(request)
        raise AssertionError("unreachable")

    def pages(
        self, method: Callable[..., Any], rows: str, *, what: str, id: str = "id", optional: str = "", **asked: Any
    ) -> Iterator[Json]:
        """Every page of a list method; `rows` names the list in the answer, `id` what identifies a row.

        Gmail leaves an empty list out: there `optional` names a field without which the answer is none. Raises
        BadAnswer for a page that leads back, and for an answer without its list: that is no empty list.
        """
        guard = self.client.paging(what)
        token = ""
        while True:
            page = self.ask(method(**asked, **({"pageToken": token} if token else {})))
            found = page.get(rows, [] if optional and optional in page else None)
            if not isinstance(found, list):
                raise BadAnswer(f"{what}: an answer without its list ({rows})")
            token = page.get("nextPageToken", "")
            if not isinstance(token, str):
                raise BadAnswer(f"{what}: an answer that does not say whether there is more")
            guard.page(cursor=token or None, rows=[_identity(row, id) for row in found])
            yield page
            if not token:
                return

    def _once(self, request: Any) -> Json:
        from googleapiclient.errors import HttpError

        try:
            found = request.execute()
        except HttpError as error:
            raise self.client.refusal(google_answer(error)) from error
        except (ValueError, RecursionError) as error:
            raise BadAnswer(f"{self.client.vendor} answered something that is not JSON") from error
        if not isinstance(found, dict):
            raise BadAnswer(f"{self.client.vendor} answered something that is no object")
        return found


def _identity(row: object, id: str) -> Hashable:
    """What tells a row from others; a row without it by all it holds."""
    value = row.get(id) if isinstance(row, dict) else None
    return value if isinstance(value, str) and value else repr(row)


# --- reading JSON that may be anything -----------------------------------------------------------------------------


def text_of(row: object, name: str) -> str:
    """A text field; empty where it is missing or anything else."""
    value = row.get(name) if isinstance(row, dict) else None
    return value if isinstance(value, str) else ""


def object_of(row: object, name: str) -> Json:
    """An object field; empty where it is missing or anything else."""
    value = row.get(name) if isinstance(row, dict) else None
    return value if isinstance(value, dict) else {}


def rows_of(row: object, name: str) -> Sequence[Json]:
    """The objects of a list field; what is none is passed over."""
    value = row.get(name) if isinstance(row, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


# --- refusals ------------------------------------------------------------------------------------------------------

_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"})
_USED_UP = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_OFF = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})


def reasons_of(content: bytes) -> tuple[frozenset[str], str]:
    """Every reason that an error's body names, wherever Google puts it, and its message.

    Newer bodies carry `details` beside the older `errors`; a body may also be HTML or the token endpoint's own form.
    """
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return frozenset(), ""
    error = object_of(body, "error")
    found = {text_of(one, "reason") for name in ("errors", "details") for one in rows_of(error, name)}
    found |= {text_of(error, "status"), text_of(body, "error")}
    message = text_of(error, "message") or text_of(body, "error_description")
    return frozenset(found - {""}), clean(message, 160)


def explained(api: str, source: str) -> Explain:
    """What the refusals of an API mean, and what to do about each."""
    name, again = _NAMED[api], f"briefing auth {source}"

    def explain(answer: Answer) -> SourceError | None:
        reasons, message = reasons_of(answer.content)
        if answer.status == 401:
            return AuthError("Google refused the login (401)", advice=again)
        if answer.status == 403:
            return _forbidden(reasons, message, name, source)
        if answer.status == 404:
            return NotThere("Google does not find it, or it is not shared with this login (404)", advice=again)
        if answer.status == 410:
            return Outdated("Google no longer knows where the last reading ended (410)")
        if answer.status == 400 and reasons & {"failedPrecondition", "FAILED_PRECONDITION"}:
            return SourceError(f"this account cannot be read by the {name}: {message}", advice="check the account")
        if answer.status == 400:
            return NotTaken(f"Google did not take the question (400: {message or 'no reason given'})")
        return None

    return explain


def _forbidden(reasons: frozenset[str], message: str, name: str, source: str) -> SourceError:
    """The kinds of 403. The quota's is named differently in the documentation and in the field."""
    if reasons & _SCOPE:
        return AuthError(
            f"the login does not allow reading by the {name} (403)",
            advice=f"briefing auth {source}, and leave every box ticked",
        )
    if reasons & _OFF:
        return SourceError(
            f"the {name} is not switched on in the Cloud project of this client_id (403)",
            advice="switch it on in the Google Cloud console, under APIs and services",
        )
    if reasons & _USED_UP:
        return RateLimited(f"the {name}'s usage limit is used up (403)", advice="read it again tomorrow")
    if reasons & _TOO_FAST:
        return TooFast(f"the {name}'s limit of a minute is used up (403)")
    if "domainPolicy" in reasons:
        return AuthError(
            "the organisation does not allow this app (403)", advice="ask the Workspace administrator to trust it"
        )
    told = f": {message}" if message else ""
    return AuthError(
        f"not allowed to read this (403{told})", advice=f"ask its owner to share it, then briefing auth {source}"
    )


__all__ = [
    "Api", "Json", "NotTaken", "NotThere", "Outdated", "TooFast", "explained", "object_of", "reasons_of", "rows_of",
    "text_of",
]  # fmt: skip
