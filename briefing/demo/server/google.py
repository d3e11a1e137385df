"""What Google's services have in common on this machine: consent and tokens, and the form of a refusal.

Each site answers beside its API for its own logins: `/o/oauth2/v2/auth` is the page of consent (which always agrees)
and `/token` the token endpoint.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from briefing.loopback import Reply, Request, json_reply

SCOPES = "https://www.googleapis.com/auth/"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleSettings:
    """Whom the site knows, and what it does where the reference leaves it open."""

    client_id: str = "harbourlane-demo.apps.googleusercontent.example"
    client_secret: str = "demo-client-secret"  # noqa: S105  (the demo's)
    refresh_token: str = "1//demo-refresh-token"  # noqa: S105
    access: str = "ya29.demo"
    """What access tokens begin with."""

    scopes: str = ""
    """Granted, by their short names with blanks between them; empty: what the API's connector asks for."""

    lives: int = 3599
    """Seconds that an access token is taken."""

    dead: str = ""
    """The token endpoint's refusal, such as `invalid_grant`; empty: it answers."""

    new_refresh: bool = False
    """Whether a refresh gives a new refresh token too. Open: reports say that Google's stay the same."""

    keeps_silent: bool = False
    """Whether a consent gives no refresh token, as for who has consented before."""

    off: bool = False
    """Whether the API is not switched on in the Cloud project."""

    per_minute: int = 0
    """Quota units a minute; 0: no limit."""

    quota_form: Literal["403", "429"] = "403"
    """How a used-up minute is told: both are seen in the field."""


def failure(
    code: int, reason: str, message: str, *, status: str = "", domain: str = "global",
    details: Sequence[Mapping[str, Any]] = (), headers: Mapping[str, str] | None = None,
) -> Reply:  # fmt: skip
    """A refusal as Google writes it: the old list of errors, and beside it the newer status and details."""
    error: dict[str, Any] = {
        "code": code, "message": message, "errors": [{"message": message, "domain": domain, "reason": reason}],
    }  # fmt: skip
    if status:
        error["status"] = status
    if details:
        error["details"] = list(details)
    return json_reply({"error": error}, status=code, headers=headers)


def info(reason: str, service: str) -> Mapping[str, Any]:
    """An entry of `details`."""
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
            "metadata": {"service": f"{service}.googleapis.com"}}  # fmt: skip


def packed(value: Mapping[str, Any]) -> str:
    """Something opaque that holds a value: a page token, a sync token."""
    return base64.urlsafe_b64encode(json.dumps(value, sort_keys=True).encode()).decode()


def unpacked(text: str) -> dict[str, Any]:
    """What such a token holds. Raises ValueError."""
    value = json.loads(base64.urlsafe_b64decode(text.encode()))
    if not isinstance(value, dict):
        raise ValueError("not a token of ours")  # noqa: TRY004  (one error for all that is none)
    return value


class Gate:
    """Consent, tokens and quota of one site. Serves many threads."""

    def __init__(
        self, settings: GoogleSettings, scopes: Sequence[str], service: str, clock: Callable[[], float]
    ) -> None:
        self._settings, self._service, self._clock = settings, service, clock
        self._scopes = settings.scopes.split() or list(scopes)
        self._guard = threading.Lock()
        self._numbers = itertools.count(1)
        self._access: dict[str, float] = {}
        self._codes: dict[str, tuple[str, str]] = {}
        """Codes given, with the challenge they must be redeemed against and where they were sent."""
        self._refresh = {settings.refresh_token}
        self._spent: list[tuple[float, int]] = []

    def login(self, request: Request) -> Reply | None:
        """The answer to what belongs to signing in; None for everything else."""
        if request.path == "/o/oauth2/v2/auth" and request.method == "GET":
            return self._consent(request)
        if request.path == "/token" and request.method == "POST":
            return self._token(request.form())
        return None

    def refusal(self, request: Request, scopes: Sequence[str]) -> Reply | None:
        """Why a request is not answered; None where it is. Any of the scopes is enough."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        with self._guard:
            until = self._access.get(token, 0.0) if kind == "Bearer" else 0.0
        if until <= self._clock():
            message = "Request had invalid authentication credentials. Expected OAuth 2 access token."
            return failure(
                401, "authError", message, status="UNAUTHENTICATED",
                headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'},
            )  # fmt: skip
        if self._settings.off:
            message = f"{self._service} API has not been used in project 1234 before or it is disabled."
            return failure(
                403, "accessNotConfigured", message, status="PERMISSION_DENIED", domain="usageLimits",
                details=[info("SERVICE_DISABLED", self._service)],
            )  # fmt: skip
        if not set(scopes) & set(self._scopes):
            return failure(
                403, "insufficientPermissions", "Request had insufficient authentication scopes.",
                status="PERMISSION_DENIED", details=[info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", self._service)],
            )  # fmt: skip
        return None

    def over_quota(self, units: int) -> Reply | None:
        """The refusal of a request that does not fit into the minute; else its units are counted."""
        limit = self._settings.per_minute
        if not limit:
            return None
        with self._guard:
            now = self._clock()
            self._spent = [(at, cost) for at, cost in self._spent if at > now - 60]
            if sum(cost for _, cost in self._spent) + units <= limit:
                self._spent.append((now, units))
                return None
        if self._settings.quota_form == "429":
            return failure(429, "rateLimitExceeded", "Resource has been exhausted (e.g. check quota).",
                           status="RESOURCE_EXHAUSTED")  # fmt: skip
        return failure(403, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries' per minute per user.",
                       status="PERMISSION_DENIED", domain="usageLimits")  # fmt: skip

    # --- consent and tokens -----------------------------------------------------------------------------------------

    def _consent(self, request: Request) -> Reply:
        asked = dict(request.query)
        code = f"4/0Ademo-{next(self._numbers)}"
        with self._guard:
            self._codes[code] = (asked.get("code_challenge", ""), asked["redirect_uri"])
        told = {"state": asked.get("state", ""), "code": code, "scope": self._granted()}
        return Reply(status=302, headers=(("Location", f"{asked['redirect_uri']}?{urlencode(told)}"),))

    def _token(self, form: Mapping[str, str]) -> Reply:
        own = self._settings
        if own.dead:
            return json_reply(
                {"error": own.dead, "error_description": "Token has been expired or revoked."}, status=400
            )
        if form.get("client_id") != own.client_id or form.get("client_secret") != own.client_secret:
            return json_reply(
                {"error": "invalid_client", "error_description": "The OAuth client was not found."}, status=401
            )
        with self._guard:
            if form.get("grant_type") == "authorization_code":
                return self._redeemed(form)
            if form.get("grant_type") != "refresh_token":
                return json_reply({"error": "unsupported_grant_type"}, status=400)
            if form.get("refresh_token") not in self._refresh:
                return json_reply({"error": "invalid_grant", "error_description": "Bad Request"}, status=400)
            return json_reply(self._issued(refresh=own.new_refresh))

    def _redeemed(self, form: Mapping[str, str]) -> Reply:
        """A code is taken once, with the verifier of its challenge (RFC 7636) and the address it was sent to."""
        challenge, redirect = self._codes.pop(form.get("code", ""), ("", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        fits = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        if not challenge or not fits or form.get("redirect_uri") != redirect:
            return json_reply({"error": "invalid_grant", "error_description": "Malformed auth code."}, status=400)
        return json_reply(self._issued(refresh=not self._settings.keeps_silent))

    def _issued(self, *, refresh: bool) -> dict[str, Any]:
        number = next(self._numbers)
        access = f"{self._settings.access}-{self._service}-{number}"
        self._access[access] = self._clock() + self._settings.lives
        told: dict[str, Any] = {
            "access_token": access, "expires_in": self._settings.lives, "scope": self._granted(),
            "token_type": "Bearer",
        }  # fmt: skip
        if refresh:
            told["refresh_token"] = f"1//demo-refresh-{number}"
            self._refresh.add(told["refresh_token"])
        return told

    def _granted(self) -> str:
        return " ".join(scope if "://" in scope else SCOPES + scope for scope in self._scopes)
