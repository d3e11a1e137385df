"""Signing in at Google: a consent in the browser once, a refresh token from then on. Read scopes only.

The consent ends at an address of this machine (a desktop client's loopback redirect). Where the browser runs on another
machine that address cannot be reached; it then stands in the browser's address bar, and is pasted.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from briefing.connector import Finding, Talk
from briefing.consent import answer_in, listening
from briefing.errors import AuthError, BadAnswer, SourceError
from briefing.http import Answer, Client
from briefing.log import never_print
from briefing.reading.text import clean
from briefing.tokens import Renewed, Token, TokenFile, fingerprint
from connectors.google_client import reasons_of, text_of

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105  (an address)
AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"
SCOPES = "https://www.googleapis.com/auth/"

COVERED_BY: Mapping[str, frozenset[str]] = {
    "calendar.events.readonly": frozenset({"calendar.readonly", "calendar.events", "calendar"}),
    "calendar.calendarlist.readonly": frozenset({"calendar.readonly", "calendar.calendarlist", "calendar"}),
    "gmail.readonly": frozenset({"gmail.modify", "https://mail.google.com/"}),
    "gmail.metadata": frozenset({"gmail.readonly", "gmail.modify", "https://mail.google.com/"}),
}
"""Wider scopes that hold a scope of ours, by their short names."""

IN_WORDS: Mapping[str, str] = {
    "calendar.events.readonly": "see events on all your calendars",
    "calendar.calendarlist.readonly": "see the list of your calendars",
    "gmail.readonly": "view your mail",
    "gmail.metadata": "view your mails' headers",
}
"""What a person ticks."""

TESTING_DAYS = range(6, 9)
"""An app whose consent screen is external and in "Testing" loses its logins after 7 days."""

PATIENCE = 120.0
"""Seconds that the browser's answer is waited for after the person says that it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What a login is asked with."""

    source: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    """Short names, without the common beginning."""

    token_url: str
    auth_url: str
    port: int = 0
    """Of this machine, for the browser's answer; 0: any."""


class Login:
    """A source's login at Google. Serves many threads."""

    def __init__(self, app: App, *, token_file: str = "", refresh_token: str = "") -> None:
        for secret in (app.client_secret, refresh_token):
            never_print(secret)
        self._app, self._given = app, refresh_token
        self._grant: dict[str, str] | None = None
        self._since: object = None
        """When the person consented, in unix seconds; None: not known. Written under the credential's lock."""

        # The path of a token endpoint is all of its address: the empty path below it is the one documented POST.
        self._endpoint = Client(
            app.token_url, source=app.source, vendor="Google", posts=(r".",), explain=self._explained
        )
        self.credential = Renewed(self._fetched, TokenFile(token_file), fingerprint(app.client_id, refresh_token))

    def login(self, talk: Talk, who: Callable[[], str]) -> str:
        """Ask for consent, get a token and keep it; `who` asks the service whose it is. Raises SourceError."""
        with listening(self._app.port) as listener:
            state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
            talk.say("Open this address in a browser, sign in, and leave every box ticked:")
            talk.say(self._consent_url(listener.address, state, verifier))
            pasted = talk.ask("Press Enter once the browser says it is done, or paste the address it ended at")
            found = answer_in(pasted) if pasted.strip() else listener.wait(PATIENCE)
        self._grant = {
            "grant_type": "authorization_code", "code": self._code(found, state), "code_verifier": verifier,
            "redirect_uri": listener.address,
        }  # fmt: skip
        self.credential.forget()
        try:
            self.credential.token()
        finally:
            self._grant = None
        return f"Logged in as {who()}."

    def findings(self) -> Iterator[Finding]:
        """Which scopes were granted. Raises SourceError where there is no login."""
        granted = text_of(self.credential.token().told, "scope")
        shown = ", ".join(sorted(short(scope) for scope in granted.split())) or "not told"
        yield Finding(what=f"The login may read: {shown}.")
        if wider := sorted(short(scope) for scope in granted.split() if _writes(short(scope))):
            yield Finding(
                what=f"It may also write: {', '.join(wider)}.", ok=False,
                cure=f"briefing auth {self._app.source}: reading needs no more than {', '.join(self._app.scopes)}",
            )  # fmt: skip

    # --- the browser ------------------------------------------------------------------------------------------------

    def _consent_url(self, redirect: str, state: str, verifier: str) -> str:
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "client_id": self._app.client_id, "redirect_uri": redirect, "response_type": "code",
            "scope": " ".join(full(scope) for scope in self._app.scopes), "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), "code_challenge_method": "S256",
            # Without both of these Google gives no refresh token to who has consented before.
            "access_type": "offline", "prompt": "consent",
        }  # fmt: skip
        return f"{self._app.auth_url}?{urlencode(asked)}"

    def _code(self, found: Mapping[str, str], state: str) -> str:
        again = f"briefing auth {self._app.source}"
        if not found:
            raise AuthError("the browser has not answered", advice=f"{again}, and paste the address it ended at")
        if "error" in found:
            raise AuthError(f"Google did not agree: {clean(found['error'], 80)}", advice=again)
        if found.get("state", state) != state or not found.get("code"):
            raise AuthError("that is not the answer to this question", advice=again)
        never_print(found["code"])
        return found["code"]

    # --- the token endpoint -----------------------------------------------------------------------------------------

    def _fetched(self, last: Token | None) -> Token:
        """A token for a consent's code, or for the refresh token kept from it."""
        refresh = last.refresh if last is not None and last.refresh else self._given
        asked = self._grant or {"grant_type": "refresh_token", "refresh_token": refresh}
        if self._grant is None and not refresh:
            raise AuthError("there is no login yet", advice=f"briefing auth {self._app.source}")
        if last is not None:
            self._since = last.told.get("since")
        form = urlencode({**asked, "client_id": self._app.client_id, "client_secret": self._app.client_secret})
        answer = self._endpoint.request(
            "POST", "", content=form.encode(), headers={"Content-Type": "application/x-www-form-urlencoded"},
            again=self._grant is None,
        )  # fmt: skip
        if not 200 <= answer.status < 300:
            raise self._endpoint.refusal(answer)
        return self._token(answer.json(), refresh, since=time.time() if self._grant else self._since)

    def _token(self, body: Any, refresh: str, *, since: object) -> Token:
        access, expires = text_of(body, "access_token"), body.get("expires_in") if isinstance(body, dict) else None
        if not access:
            raise BadAnswer("Google answered without an access token")
        granted = text_of(body, "scope")
        kept = text_of(body, "refresh_token") or ("" if self._grant else refresh)
        if not kept:
            raise AuthError(
                "Google gave no refresh token, so the login would end within the hour",
                advice=f"remove the app at myaccount.google.com/permissions, then briefing auth {self._app.source}",
            )
        if lacking := missing(self._app.scopes, granted):
            words = " and ".join(f'"{IN_WORDS[scope]}"' for scope in lacking)
            raise AuthError(
                f"the login does not allow to {words}", advice=f"briefing auth {self._app.source}, and tick every box"
            )
        return Token(
            access=access, expires_at=time.time() + float(expires) if isinstance(expires, int) else 0.0, refresh=kept,
            told={"scope": granted, **({"since": since} if isinstance(since, int | float) else {})},
        )  # fmt: skip

    def _explained(self, answer: Answer) -> SourceError | None:
        """What the token endpoint's refusals mean (RFC 6749 section 5.2)."""
        reasons, message = reasons_of(answer.content)
        again, source = f"briefing auth {self._app.source}", self._app.source
        if answer.status >= 500 or answer.status == 429:
            return None
        if "invalid_grant" in reasons:
            return AuthError(f"the login has ended: {message or 'expired or revoked'}", advice=again + self._testing())
        if reasons & {"invalid_client", "unauthorized_client", "deleted_client"}:
            return AuthError(
                f"Google does not accept the client_id ({message or 'no reason given'})",
                advice=f"check client_id and client_secret of sources.{source}",
            )
        said = message or ", ".join(sorted(reasons)) or f"answer {answer.status}"
        return AuthError(f"Google gave no access: {clean(said, 160)}", advice=again)

    def _testing(self) -> str:
        age = (time.time() - self._since) / 86400 if isinstance(self._since, int | float) else 0
        if round(age) not in TESTING_DAYS:
            return ""
        return "; an app in Testing loses its logins after 7 days: publish it, or make its user type Internal"


# --- scopes --------------------------------------------------------------------------------------------------------


def full(scope: str) -> str:
    """A scope as Google writes it."""
    return scope if "://" in scope else SCOPES + scope


def short(scope: str) -> str:
    """A scope for a reader: `gmail.readonly`."""
    return clean(scope.removeprefix(SCOPES), 80)


def missing(scopes: Sequence[str], granted: str) -> tuple[str, ...]:
    """Scopes that a login lacks; none where Google does not say what it granted."""
    have = {scope.removeprefix(SCOPES) for scope in granted.split()}
    return tuple(scope for scope in scopes if have and scope not in have and not have & COVERED_BY[scope])


def _writes(scope: str) -> bool:
    return scope in {"https://mail.google.com/", "calendar"} or (
        scope.startswith(("gmail.", "calendar.")) and not scope.endswith((".readonly", ".metadata", ".freebusy"))
    )
