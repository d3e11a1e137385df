"""Which kind of application a login is of, as its deployment registered it (accelo.md sections 3.1 and 3.3).

service    acts as one user that was named at registration; asks for a token whenever it needs one
web        acts as whoever consents in a browser, which comes back to an address with a code
installed  the same, but the browser shows the code, a number, for the person to type
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

Kind = Literal["service", "web", "installed"]

REDIRECT = "http://127.0.0.1:8733/accelo"
"""Where the browser comes back to. Accelo knows its addresses by heart: the port cannot be any that is free."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Who asks for a token. Raises ValueError for settings that no application has."""

    kind: Kind = "service"
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str = ""
    """Of a web application, exactly as registered; empty otherwise."""

    @classmethod
    def of(cls, kind: str, client_id: str, client_secret: str, redirect_uri: str = "") -> Application:
        """From the settings of a source."""
        if kind not in get_args(Kind):
            raise ValueError(f'application: "{kind}" is none of "service", "web" and "installed"')
        if redirect_uri and kind != "web":
            raise ValueError(f'redirect_uri: only application = "web" has one, not "{kind}"')
        if kind == "web":
            redirect_uri = redirect_uri or REDIRECT
            _check_address(redirect_uri)
        return cls(kind=cast("Kind", kind), client_id=client_id, client_secret=client_secret, redirect_uri=redirect_uri)

    @property
    def consented(self) -> bool:
        """Whether a person consents once, and the login is renewed from then on."""
        return self.kind != "service"

    @property
    def port(self) -> int | None:
        """Of this machine, where the browser comes back to it; None where it goes elsewhere or nowhere."""
        parts = urlsplit(self.redirect_uri)
        return (parts.port or 80) if parts.scheme == "http" and parts.hostname in LOOPBACK else None


def _check_address(address: str) -> None:
    """Raises ValueError for what is no address, and for one to which the code would travel unencrypted."""
    example = f'such as "{REDIRECT}"'
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  (raises where it is no number)
    except ValueError as error:
        raise ValueError(f'redirect_uri: "{address}" is not an address {example}') from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise ValueError(f'redirect_uri: "{address}" is not an address {example}')
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError(f'redirect_uri: "{address}" must begin with https, or lead to this machine, {example}')
