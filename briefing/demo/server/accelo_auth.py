"""How Accelo lets an application in: consents, tokens, scopes, the lock-out, the hourly limit."""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from briefing.demo.server.accelo_grants import Consent, Grants
from briefing.demo.server.accelo_settings import AcceloSettings
from briefing.loopback import Reply, Request, json_reply

MORE = "https://api.accelo.com/docs/#status-codes"
WORDS = {
    "ok": "Everything executed as expected.",
    "invalid_request": (
        "The request could not be interpreted. This can be caused by missing or invalid data. Please ensure that the "
        "resource you are requesting actually exists."
    ),
    "invalid_client": "The client could not be authenticated: the access token is missing, unknown or has expired.",
    "invalid_permission": "The user does not have permission to do this.",
}


def api_reply(response: object, *, status: str = "ok", code: int = 200, message: str = "") -> Reply:
    """The envelope of every answer of the API."""
    meta = {"status": status, "message": message or WORDS[status], "more_info": MORE}
    return json_reply({"meta": meta, "response": response}, status=code)


def oauth_error(error: str, description: str, code: int = 400) -> Reply:
    """Errors of the login have no envelope."""
    return json_reply({"error": error, "error_description": description}, status=code)


_SECONDS = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A token that was given out."""

    expires: float
    resources: frozenset[str]
    """What it may read; `all` is everything."""

    def allows(self, resource: str) -> bool:
        """Whether a resource is within its scope."""
        return bool(self.resources & {"all", resource})


class Gate:
    """Everything about being let in that has a memory."""

    def __init__(self, settings: AcceloSettings, clock: Callable[[], float]) -> None:
        self.settings, self._clock = settings, clock
        self._guard = threading.Lock()
        self._tokens: dict[str, Granted] = {}
        self._numbers = itertools.count()
        self.grants = Grants(settings, clock)
        self._failed: deque[float] = deque()
        self._locked_until = 0.0
        self._hour, self._used = self._this_hour(), settings.used

    # --- the lock-out -------------------------------------------------------------------------------------------------

    def locked(self) -> Reply | None:
        """The answer while locked out; asking restarts the time."""
        with self._guard:
            now, seconds = self._clock(), self.settings.lockout_seconds
            if now >= self._locked_until:
                return None
            self._locked_until = now + seconds
        message = "User is locked out by their IP due to too many failed authentication attempts."
        return json_reply(
            {"more_info": MORE, "status": "too_many_failed_logins", "message": message},
            status=self.settings.lockout_status, headers={"Retry-After": str(seconds)},
        )  # fmt: skip

    def failed(self) -> None:
        """Note a failed authentication: more than 100 within five minutes lock the address out."""
        with self._guard:
            now, seconds = self._clock(), self.settings.lockout_seconds
            self._failed.append(now)
            while self._failed[0] <= now - seconds:
                self._failed.popleft()
            if len(self._failed) > self.settings.lockout_after:
                self._locked_until = now + seconds
                self._failed.clear()

    # --- tokens -------------------------------------------------------------------------------------------------------

    def login(self, action: str, request: Request, told: Mapping[str, Any]) -> Reply:
        """Everything below `/oauth2/v0`; `told` is what a token's answer says of the account besides."""
        if action == "authorize":
            return self._authorize(request)
        if action == "consent":
            return self.grants.answered(request.param("asked"))
        return self.revoke(request) if action == "revoke" else self._token(request, told)

    def _authorize(self, request: Request) -> Reply:
        """Where a browser asks for a person's consent."""
        asked = {**dict(request.query), **request.form()}
        resources = scope(asked.get("scope") or "read(all)")
        redirect, seconds = asked.get("redirect_uri", ""), asked.get("expires_in") or str(self.settings.lives)
        if asked.get("client_id") != self.settings.client_id:
            return oauth_error("invalid_client", "The application is not known.", 401)
        if self.settings.application == "service":
            return oauth_error("unauthorized client", "The application may not ask for this.", 401)
        if asked.get("response_type") != "code" or not _SECONDS.fullmatch(seconds):
            return oauth_error("invalid_request", "The request is not valid.")
        if resources is None:
            return oauth_error("invalid_scope", "The scope is not valid.")
        if not self.grants.registered(redirect):
            return _no_grant()
        return self.grants.page_for(
            Consent(resources=resources, lives=int(seconds), redirect_uri=redirect, state=asked.get("state", ""))
        )

    def _token(self, request: Request, told: Mapping[str, Any]) -> Reply:
        """`POST /oauth2/v0/token`."""
        form = request.form()
        if request.method != "POST":
            return oauth_error("invalid_request", "A token is asked for with POST.")
        if self._client(request, form) != (self.settings.client_id, self.settings.client_secret):
            self.failed()
            return oauth_error("invalid_client", "Invalid client authentication.", 401)
        found = self._consented(form)
        if isinstance(found, Reply):
            return found
        seconds = form.get("expires_in") or str(found.lives)
        if not _SECONDS.fullmatch(seconds):
            return oauth_error("invalid_request", "expires_in is not valid.")
        token = self.issue(int(seconds), found.resources)
        lives: str | int = seconds if self.settings.expires_in == "text" else int(seconds)
        refresh = {} if self.settings.application == "service" else self.grants.refresh_of(found, token)
        return json_reply({"access_token": token, "expires_in": lives, "token_type": "Bearer", **refresh, **told})

    def _consented(self, form: Mapping[str, str]) -> Consent | Reply:
        """What a token is given for, or the refusal."""
        grant, service = form.get("grant_type", ""), self.settings.application == "service"
        if grant == "authorization_code" and not service:
            found = self.grants.redeemed(form.get("code", ""), form.get("redirect_uri", ""))
        elif grant == "refresh_token" and not service:
            found = self.grants.renewed(form.get("refresh_token", ""), self._alive)
            if found is not None and self.settings.refresh_ends_token:
                self._end(found.access)
        elif grant in {"authorization_code", "refresh_token"}:
            return _no_grant()
        elif grant != "client_credentials":
            return oauth_error("unsupported_grant_type", "This grant type is not supported.")
        elif not service:
            return oauth_error("unauthorized client", "The application may not ask for this.", 401)
        else:
            resources = scope(form.get("scope") or "read(all)")
            if resources is None:
                return oauth_error("invalid_scope", "The scope is not valid.")
            return Consent(resources=resources, lives=self.settings.lives)
        if found is None:
            self.failed()
        return found or _no_grant()

    def _alive(self, token: str) -> bool:
        with self._guard:
            found = self._tokens.get(token)
        return found is not None and found.expires > self._clock()

    def _end(self, token: str) -> None:
        with self._guard:
            self._tokens.pop(token, None)

    def revoke(self, request: Request) -> Reply:
        """`POST /oauth2/v0/revoke`."""
        form = request.form()
        if self._client(request, form) != (self.settings.client_id, self.settings.client_secret):
            self.failed()
            return oauth_error("invalid_client", "Invalid client authentication.", 401)
        self._end(form.get("token", ""))
        return json_reply({})

    def issue(self, seconds: int | None = None, resources: frozenset[str] = frozenset({"all"})) -> str:
        """A token that works, without asking for it, for as long as usual where no time is given."""
        seconds = self.settings.lives if seconds is None else seconds
        with self._guard:
            made = f"{self.settings.client_secret}/{next(self._numbers)}/{self._clock()}"
            token = hashlib.blake2b(made.encode(), digest_size=15).hexdigest()
            self._tokens[token] = Granted(expires=self._clock() + seconds, resources=resources)
        return token

    @staticmethod
    def _client(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
        """Id and secret, from HTTP Basic or from the form."""
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return form.get("client_id", ""), form.get("client_secret", "")
        try:
            login, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return login, secret

    def grant(self, request: Request) -> Granted | Reply:
        """The grant of a request's token, or the refusal."""
        header, query = request.headers.get("authorization", ""), request.param("_bearer_token")
        kind, _, value = header.partition(" ")
        if header and query:
            return api_reply(None, status="invalid_request", code=400)
        token = query or (value.strip() if kind.lower() == "bearer" else "")
        with self._guard:
            found = self._tokens.get(token)
        if found is None or found.expires <= self._clock():
            self.failed()
            return api_reply(None, status="invalid_client", code=401)
        return found

    # --- the hourly limit ---------------------------------------------------------------------------------------------

    def _this_hour(self) -> int:
        return int(self._clock()) // 3600

    def limit(self, *, counts: bool) -> tuple[bool, tuple[tuple[str, str], ...]]:
        """Whether there is room for a request, and the three headers. What does not count always has room."""
        with self._guard:
            hour, most = self._this_hour(), self.settings.hourly
            if hour != self._hour:
                self._hour, self._used = hour, 0
            room = self._used < most or not counts
            self._used += counts and room
            headers = (
                ("X-RateLimit-Limit", str(most)), ("X-RateLimit-Remaining", str(max(most - self._used, 0))),
                ("X-RateLimit-Reset", str((hour + 1) * 3600)),
            )  # fmt: skip
        return room, headers

    def over_limit(self) -> Reply:
        """429; the reference does not know whether in `meta`."""
        message = f"Rate limit exceeded for {self.settings.deployment}.api.accelo.com"
        body = {"message": message, "status": "too_many_requests", "more_info": "api.accelo.com/docs/#rate-limiting"}
        return json_reply({"meta": body} if self.settings.limit_wrapped else body, status=429)


def _no_grant() -> Reply:
    return oauth_error("invalid_grant", "Grant was not found (possibly expired).")


def scope(text: str) -> frozenset[str] | None:
    """`read(jobs,tasks),write(all)` as the resources that may be read; None for what is no scope."""
    if not re.fullmatch(r"\s*(?:(?:read|write)\([\w,\s]+\)\s*,?\s*)+", text):
        return None
    return frozenset(name.strip() for inside in re.findall(r"\(([^)]*)\)", text) for name in inside.split(","))
