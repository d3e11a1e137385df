"""Tokens that a service gave us: kept in a file per source, renewed once, never asked for in a storm.

The file is 0600 and written whole before the token is used; a lock beside it lets one process at a time renew. What a
service refuses is not asked again with the same credentials by the same instance, and not before the time it named by
any process: trying again is what keeps a lock-out alive.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from briefing.errors import AuthError, BadAnswer, SourceError
from briefing.log import never_print
from briefing.reading.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What lets us in."""

    access: str
    expires_at: float = 0.0
    """Unix seconds; 0: not told."""

    refresh: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the service said besides and somebody needs: as whom, which zone. No secrets."""


class LockedOut(AuthError):
    """The service takes no login for a while."""

    def __init__(self, message: str, *, seconds: float, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.seconds = seconds


def fingerprint(*parts: str) -> str:
    """Binds a kept token to the credentials it was got with, without keeping them."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


class TokenFile:
    """One source's token on disk; without a path it lives in memory only."""

    def __init__(self, path: str = "") -> None:
        self.path = Path(path) if path else None
        self._memory: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """What is kept; empty where there is nothing or nothing that can be read."""
        if self.path is None:
            return dict(self._memory)
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def write(self, value: Mapping[str, Any]) -> None:
        """Keep something: whole or not at all, readable by its owner only. Raises SourceError where it cannot be."""
        if self.path is None:
            self._memory = dict(value)
            return
        try:
            self._put(self.path, value)
        except OSError as error:
            raise SourceError(
                f"the login cannot be kept in {self.path} ({error.strerror})", advice="make that folder writable"
            ) from error

    @staticmethod
    def _put(path: Path, value: Mapping[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(dict(value), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    @contextmanager
    def locked(self, *, wait: float = 60.0, poll: float = 0.05) -> Iterator[None]:
        """One process at a time. Raises SourceError after `wait` seconds."""
        if self.path is None:
            yield
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        until = time.monotonic() + wait
        with self.path.with_suffix(".lock").open("w") as handle:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > until:
                        raise SourceError("another briefing holds the login", advice="wait for it") from error
                    time.sleep(poll)
            yield


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshGrant:
    """A service that gives tokens for a refresh token (RFC 6749, section 6). Calling it is a `Fetch`."""

    source: str
    url: str
    refresh: str
    """The refresh token of the settings; one that the service gave since then is used in its place."""

    client_id: str
    client_secret: str = ""
    """Empty for clients that keep none."""

    def __call__(self, last: Token | None) -> Token:
        """A fresh token. Raises AuthError where the service refuses, SourceError where it does not answer."""
        from briefing.http import Client

        parts = urlsplit(self.url)
        host = parts.hostname or ""
        client = Client(
            f"{parts.scheme}://{parts.netloc}", source=self.source, vendor=host, posts=(re.escape(parts.path) + "$",)
        )
        refresh = (last.refresh if last else "") or self.refresh
        form = {
            "grant_type": "refresh_token", "refresh_token": refresh, "client_id": self.client_id,
            **({"client_secret": self.client_secret} if self.client_secret else {}),
        }  # fmt: skip
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = client.request("POST", parts.path, content=urlencode(form).encode(), headers=headers)
        if answer.status in {400, 401, 403}:
            raise AuthError(
                f"{host} gives no new token: {_error_in(answer.content) or answer.status}",
                advice=f"consent again and give the new refresh_token in sources.{self.source}",
            )
        if answer.status != 200:
            raise client.refusal(answer)
        told = answer.json()
        access = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(access, str) or not access:
            raise BadAnswer(f"{host} answered without a token", advice="try again later")
        lasts, fresh = told.get("expires_in"), told.get("refresh_token")
        return Token(
            access=access, refresh=fresh if isinstance(fresh, str) and fresh else refresh,
            expires_at=time.time() + lasts if isinstance(lasts, int) and 0 < lasts < 10**7 else 0.0,
        )  # fmt: skip


def _error_in(content: bytes) -> str:
    """What a token service says of its refusal (RFC 6749, 5.2)."""
    with suppress(ValueError, RecursionError):
        told = json.loads(content)
        if isinstance(told, dict):
            return clean(str(told.get("error_description") or told.get("error") or ""), 160)
    return ""


Fetch = Callable[[Token | None], Token]
"""Asks the service for a token; given the last one where it is still good for renewing. Raises AuthError, LockedOut."""


class Renewed:
    """A credential whose token is fetched when needed. Serves many threads: one of them asks, the others wait."""

    def __init__(
        self,
        fetch: Fetch,
        file: TokenFile,
        bound_to: str,
        *,
        margin: float = 300.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`margin` is how many seconds before its end a token is renewed; `bound_to` a `fingerprint`."""
        self._fetch, self._file, self._bound_to, self._margin, self._clock = fetch, file, bound_to, margin, clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._refused: SourceError | None = None

    def headers(self) -> Mapping[str, str]:
        """The bearer token, fetched first where there is none that lasts. Raises AuthError."""
        return {"Authorization": f"Bearer {self.token().access}"}

    def token(self) -> Token:
        """A token that lasts. Raises AuthError; once refused, for good."""
        with self._lock:
            if self._token is None or not self._lasts(self._token):
                self._token = self._got(refused="")
            return self._token

    def renew(self, refused: Mapping[str, str]) -> bool:
        """After a 401: another token than the refused one, once. Raises AuthError where there is none."""
        access = refused.get("Authorization", "").removeprefix("Bearer ")
        with self._lock:
            if self._token is not None and self._token.access != access:
                return True  # another thread was quicker
            self._token = self._got(refused=access)
            return True

    def anew(self) -> Token:
        """Log in now, whatever is kept and whatever was refused before (`briefing auth`). What is kept stays until
        there is another token. Raises AuthError, LockedOut.
        """
        with self._lock:
            self._refused = None
            self._token = self._got(refused="", anew=True)
            return self._token

    def forget(self) -> None:
        """Log in anew at the next chance, whatever was refused before (`briefing auth`)."""
        with self._lock, self._file.locked():
            self._file.write({})
            self._token, self._refused = None, None

    def _lasts(self, token: Token) -> bool:
        return not token.expires_at or token.expires_at - self._margin > self._clock()

    def _got(self, *, refused: str, anew: bool = False) -> Token:
        if self._refused is not None:
            raise self._refused
        with self._file.locked():
            kept = self._file.read()
            self._stop_while_locked_out(kept)
            token = None if anew else self._kept(kept)
            if token is not None and token.access != refused and self._lasts(token):
                return token
            try:
                fresh = self._fetch(token)
            except LockedOut as error:
                self._file.write({**kept, "locked_out_until": self._clock() + error.seconds})
                self._refused = error
                raise
            except AuthError as error:
                self._refused = error
                raise
            never_print(fresh.access)
            never_print(fresh.refresh)
            self._file.write(
                {
                    "access": fresh.access, "expires_at": fresh.expires_at, "refresh": fresh.refresh,
                    "told": dict(fresh.told), "for": self._bound_to,
                }
            )  # fmt: skip
            return fresh

    def _stop_while_locked_out(self, kept: Mapping[str, Any]) -> None:
        until = kept.get("locked_out_until")
        left = until - self._clock() if isinstance(until, int | float) else 0
        if left > 0:
            raise LockedOut(
                f"login not tried: the service locked it for another {left / 60:.0f} min", seconds=left,
                advice="wait until then; each try starts the time again",
            )  # fmt: skip

    def _kept(self, kept: Mapping[str, Any]) -> Token | None:
        access, expires = kept.get("access"), kept.get("expires_at")
        if kept.get("for") != self._bound_to or not isinstance(access, str) or not isinstance(expires, int | float):
            return None
        never_print(access)
        told, refresh = kept.get("told"), kept.get("refresh")
        never_print(refresh if isinstance(refresh, str) else "")
        return Token(
            access=access, expires_at=float(expires), refresh=refresh if isinstance(refresh, str) else "",
            told=told if isinstance(told, dict) else {},
        )  # fmt: skip
