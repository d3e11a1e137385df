"""How an IMAP login is proved: a password, or a token of the provider's (SASL XOAUTH2), fixed or renewed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from briefing.errors import AuthError
from briefing.log import never_print
from briefing.tokens import RefreshGrant, Renewed, TokenFile, fingerprint

TOKEN_URLS = {
    "google": "https://oauth2.googleapis.com/token",
    "microsoft": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
}  # fmt: skip
"""What `token_url` may be called by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the settings say of the login."""

    source: str
    username: str
    password: str = ""
    access_token: str = ""
    refresh_token: str = ""
    client_id: str = ""
    client_secret: str = ""
    token_url: str = ""
    token_file: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError where it is not one way to log in."""
        ways = [name for name in ("password", "access_token", "refresh_token") if getattr(self, name)]
        if not self.username or re.search(r"[\x00-\x1f]", self.username + self.password):
            raise ValueError("username: is missing" if not self.username else "username: has characters it cannot have")
        if len(ways) != 1:
            raise ValueError("password: give one of password, access_token and refresh_token")
        if self.refresh_token and not (self.client_id and self.token_url):
            raise ValueError("refresh_token: needs client_id and token_url too")
        url = TOKEN_URLS.get(self.token_url, self.token_url)
        if url and urlsplit(url).scheme != "https" and urlsplit(url).hostname not in {"127.0.0.1", "::1"}:
            raise ValueError('token_url: is neither an https address nor "google" or "microsoft"')
        for secret in (self.password, self.access_token, self.refresh_token, self.client_secret):
            never_print(secret)


class Logins:
    """Logs in on connections of one account. Serves many threads."""

    def __init__(self, proof: Proof) -> None:
        self._proof = proof
        self._renewed: Renewed | None = None
        if proof.refresh_token:
            bound = fingerprint(proof.token_url, proof.client_id, proof.username, proof.refresh_token)
            grant = RefreshGrant(
                source=proof.source, url=TOKEN_URLS.get(proof.token_url, proof.token_url), refresh=proof.refresh_token,
                client_id=proof.client_id, client_secret=proof.client_secret,
            )  # fmt: skip
            self._renewed = Renewed(grant, TokenFile(proof.token_file), bound)
        self._refused: AuthError | None = None

    def stop_if_refused(self) -> None:
        """What was refused once is not tried again: it may lock the account. Raises AuthError."""
        if self._refused is not None:
            raise self._refused

    def note(self, error: AuthError) -> bool:
        """After a refusal: whether there is another token now, worth one more try."""
        if self._renewed is not None:
            with suppress(AuthError):
                if self._renewed.renew({"Authorization": f"Bearer {self._renewed.token().access}"}):
                    return True
        self.refuse(error)
        return False

    def refuse(self, error: AuthError) -> None:
        """Remember a refusal for good."""
        self._refused = error

    def log_in(self, client: Any, capabilities: Sequence[bytes]) -> None:
        """On an IMAPClient. Raises what it raises, and AuthError."""
        proof = self._proof
        if not proof.password:
            access = self._renewed.token().access if self._renewed else proof.access_token
            client.sasl_login("XOAUTH2", _answers(f"user={proof.username}\x01auth=Bearer {access}\x01\x01"))
        elif b"AUTH=PLAIN" in capabilities:  # takes every character; LOGIN takes ASCII only
            client.plain_login(proof.username, proof.password)
        elif b"LOGINDISABLED" in capabilities:
            raise AuthError(
                "the server takes no passwords on this connection (LOGINDISABLED)",
                advice=f'write tls = "tls" or "starttls" in sources.{proof.source}, or give a token',
            )
        elif not (proof.username + proof.password).isascii():
            raise AuthError(
                "the server takes only letters of ASCII in a password (no AUTH=PLAIN)",
                advice=f"set a password without other letters, for sources.{proof.source}.password",
            )
        else:
            quoted = proof.username.replace("\\", "\\\\").replace('"', '\\"')
            client.login(f'"{quoted}"', proof.password)


def _answers(first: str) -> Callable[[bytes], bytes]:
    """XOAUTH2 in turn: the token, and nothing to the server's reason for refusing it."""
    turns = iter((first.encode(),))
    return lambda _: next(turns, b"")
