"""Accelo's logins with a person's consent: web applications, whose browser comes back with a code, and installed ones,
which show a number to type (accelo.md section 3.3). A login is renewed with a refresh token, which is good once.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from briefing.loopback import Reply, text_reply

MONTH = 2_592_000
"""Seconds that a token lives unless another time is asked for."""

CODE_LIVES = 600
"""Seconds in which a code must be redeemed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSettings:
    """What is registered, what the person at the browser does, and what the reference leaves open about it."""

    application: Literal["service", "web", "installed"] = "service"
    redirect_uris: tuple[str, ...] = ("http://127.0.0.1:8733/accelo",)
    """Those registered: others are refused, to the letter."""

    consent: Literal["agrees", "denies"] = "agrees"
    lives: int = MONTH
    gives_refresh: bool = True
    """Whether a consent gives a refresh token, as it is documented."""

    denial_tells_state: bool = True
    """Whether `state` stands beside an error in the address that the browser is sent to."""

    refresh_after_end: bool = False
    """Whether a login can be renewed when its token has ended. The documentation says that it must still be valid."""

    refresh_rotates: bool = True
    """Whether a refresh token is good once. The documentation says that the answer holds a new one."""

    refresh_ends_token: bool = False
    """Whether renewing ends the token before."""

    @property
    def of_source(self) -> dict[str, str]:
        """What the settings of a source say of the application, where it is no service."""
        web = {"redirect_uri": self.redirect_uris[0]} if self.application == "web" else {}
        return {} if self.application == "service" else {"application": self.application, **web}


OPEN_LOGINS: Mapping[str, Mapping[str, Any]] = {
    "an error comes without state": {"denial_tells_state": False},
    "a login can be renewed after its end": {"refresh_after_end": True},
    "a refresh token is good for ever": {"refresh_rotates": False},
    "renewing ends the token before": {"refresh_ends_token": True},
}
"""Each way about consents that nobody could verify and that differs from the default, as settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person agreed to."""

    resources: frozenset[str]
    lives: int
    redirect_uri: str = ""
    state: str = ""
    until: float = 0.0
    """Of a code: when it can be redeemed no more."""

    access: str = ""
    """Of a refresh token: the token that it renews."""


class Grants:
    """Codes and refresh tokens of one application. Serves many threads."""

    def __init__(self, settings: LoginSettings, clock: Callable[[], float]) -> None:
        self._settings, self._clock = settings, clock
        self._guard = threading.Lock()
        self._numbers = itertools.count(1)
        self._asked: dict[str, Consent] = {}
        self._codes: dict[str, Consent] = {}
        self._refresh: dict[str, Consent] = {}

    def registered(self, redirect_uri: str) -> bool:
        """Whether the browser may be sent there; an installed application sends it nowhere."""
        if self._settings.application == "installed":
            return not redirect_uri
        return redirect_uri in self._settings.redirect_uris

    def page_for(self, consent: Consent) -> Reply:
        """The browser goes on to the page that asks the person."""
        with self._guard:
            ticket = str(next(self._numbers))
            self._asked[ticket] = consent
        return Reply(status=302, headers=(("Location", f"consent?asked={ticket}"),))

    def answered(self, ticket: str) -> Reply:
        """What the person did on that page, who agrees or denies at once."""
        with self._guard:
            consent = self._asked.pop(ticket, None)
        if consent is None:
            return _page("This page has expired.", status=400)
        agrees, web = self._settings.consent == "agrees", bool(consent.redirect_uri)
        if not agrees and not web:
            return _page("You have not given access.")
        if not agrees:
            told = {"error": "access_denied", "error_description": "The user denied the request."}
            told |= {"state": consent.state} if self._settings.denial_tells_state and consent.state else {}
        else:
            code = self._code(consent)
            if not web:
                return _page(f"Type this PIN into the application: <b>{code}</b>")
            told = {"code": code, **({"state": consent.state} if consent.state else {})}
        return Reply(status=302, headers=(("Location", f"{consent.redirect_uri}?{urlencode(told)}"),))

    def redeemed(self, code: str, redirect_uri: str) -> Consent | None:
        """What a code stands for, once; None for one that is not known, over, or was sent to another address."""
        with self._guard:
            consent = self._codes.pop(code, None)
        if consent is None or consent.redirect_uri != redirect_uri or consent.until <= self._clock():
            return None
        return consent

    def renewed(self, refresh: str, alive: Callable[[str], bool]) -> Consent | None:
        """What a refresh token stands for; None for one that is not known, used up, or too late."""
        with self._guard:
            consent = self._refresh.get(refresh)
            if consent is None or not (self._settings.refresh_after_end or alive(consent.access)):
                return None
            if self._settings.refresh_rotates:
                del self._refresh[refresh]
        return consent

    def refresh_of(self, consent: Consent, access: str) -> dict[str, str]:
        """The refresh token beside a new token, where one is given."""
        if not self._settings.gives_refresh:
            return {}
        with self._guard:
            refresh = f"refresh-{next(self._numbers)}-of-{access[:8]}"
            self._refresh[refresh] = Consent(resources=consent.resources, lives=consent.lives, access=access)
        return {"refresh_token": refresh}

    def forget(self) -> None:
        """As when the application is taken away from the user: nothing can be renewed."""
        with self._guard:
            self._refresh.clear()

    def _code(self, consent: Consent) -> str:
        with self._guard:
            number = next(self._numbers)
            code = str(100_000 + number * 7919 % 900_000) if not consent.redirect_uri else f"code-{number}"
            self._codes[code] = Consent(
                resources=consent.resources, lives=consent.lives, redirect_uri=consent.redirect_uri,
                until=self._clock() + CODE_LIVES,
            )  # fmt: skip
        return code


def _page(text: str, status: int = 200) -> Reply:
    return text_reply(
        f"<!DOCTYPE html><html><body>{text}</body></html>", status=status, type="text/html; charset=utf-8"
    )
