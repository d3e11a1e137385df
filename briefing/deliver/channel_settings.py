"""`[deliver.NAME]` as it is written: e-mail, files, standard output; Slack has a module of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from briefing.deliver.slack_settings import SlackChannel
from briefing.secrets import is_reference
from briefing.sections import Section


def _reference(value: str) -> str:
    if value and not is_reference(value):
        msg = "write a reference such as env:NAME or file:PATH, never the secret itself"
        raise ValueError(msg)
    return value


def _mail_address(value: str) -> str:
    from briefing.deliver.mail import address

    address(value)
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*", value):
        msg = "write a host such as smtp.example.com; the port has a key of its own"
        raise ValueError(msg)
    return value


SecretReference = Annotated[str, AfterValidator(_reference)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
HERE = frozenset({"127.0.0.1", "::1", "localhost"})


def is_here(url: str) -> bool:
    """Whether an address is one of this machine, where nobody reads along."""
    found = re.match(r"http://(\[[^]]*\]|[^:/?#]+)(?=[:/?#]|$)", url)
    return found is not None and found[1].strip("[]") in HERE


class PingSection(Section):
    """`[ping]`: where a run gives a sign of life."""

    url: SecretReference = ""
    """A reference: who knows the address can give signs in our name."""


class EmailChannel(Section):
    """`[deliver.NAME] use = "email"`: over SMTP."""

    use: Literal["email"]
    host: Annotated[str, AfterValidator(_host)]
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: Literal["tls", "starttls", "none"] | None = None
    """From the port where it is not given: 465 tls, 587 starttls."""

    ca_file: str = ""
    """The authority of a certificate of one's own."""

    username: str = ""
    password: SecretReference = ""
    access_token: SecretReference = ""
    refresh_token: SecretReference = ""
    client_id: str = ""
    client_secret: SecretReference = ""
    token_url: str = ""
    sender: MailAddress = Field(alias="from")
    to: tuple[MailAddress, ...] = ()
    """Empty: the audience's first address."""

    reply_to: Annotated[str, AfterValidator(lambda value: value and _mail_address(value))] = ""
    deadline: float = Field(default=60, gt=0, le=3600)
    """Seconds for one try."""

    patience: float = Field(default=1200, ge=0, le=21600)
    """Seconds within which a server that says "later" is tried again in the same run."""

    @property
    def way(self) -> Literal["tls", "starttls", "none"] | None:
        """How the connection is protected; None where the port does not tell."""
        by_port: Mapping[int | None, Literal["tls", "starttls"]] = {None: "tls", 465: "tls", 587: "starttls"}
        return self.tls or by_port.get(self.port)

    def problems(self) -> list[str]:
        """What is wrong between the keys."""
        found = []
        if self.way is None:
            found.append(f'tls: port {self.port} does not tell; write "tls", "starttls" or "none"')
        if self.way == "none" and self.host not in HERE:
            found.append('tls: "none" is for a mail server on this machine; a mail goes nowhere in plain text')
        if (self.port, self.tls) in {(465, "starttls"), (587, "tls")}:
            found.append(f'tls: port {self.port} is for "{"tls" if self.port == 465 else "starttls"}"')
        ways = [name for name in ("password", "access_token", "refresh_token") if getattr(self, name)]
        if self.username and len(ways) != 1:
            found.append("password: give one of password, access_token and refresh_token with username")
        if ways and not self.username:
            found.append(f"username: is missing, and {ways[0]} is there")
        if self.refresh_token and not (self.client_id and self.token_url):
            found.append("refresh_token: needs client_id and token_url too")
        return found


class GmailChannel(Section):
    """`[deliver.NAME] use = "gmail"`: through Gmail's API, for accounts that take no password over SMTP."""

    use: Literal["gmail"]
    access_token: SecretReference = ""
    refresh_token: SecretReference = ""
    client_id: str = ""
    client_secret: SecretReference = ""
    token_url: str = "google"  # noqa: S105  (an address, by its name)
    base_url: str = "https://gmail.googleapis.com"
    sender: MailAddress = Field(alias="from")
    to: tuple[MailAddress, ...] = ()
    """Empty: the audience's first address."""

    reply_to: Annotated[str, AfterValidator(lambda value: value and _mail_address(value))] = ""
    deadline: float = Field(default=60, gt=0, le=3600)
    """Seconds for one try."""

    patience: float = Field(default=1200, ge=0, le=21600)
    """Seconds within which a Gmail that says "later" is tried again in the same run."""

    def problems(self) -> list[str]:
        """What is wrong between the keys."""
        found = []
        if bool(self.access_token) == bool(self.refresh_token):
            found.append("refresh_token: give one of access_token and refresh_token")
        if self.refresh_token and not self.client_id:
            found.append("refresh_token: needs client_id too")
        found += [
            f"{key}: write an address that begins with https://"
            for key in ("base_url", "token_url")
            if not (value := getattr(self, key)).startswith("https://") and value != "google" and not is_here(value)
        ]
        return found


class FileChannel(Section):
    """`[deliver.NAME] use = "file"`: dated files in a folder."""

    use: Literal["file"]
    folder: str = Field(min_length=1)
    forms: tuple[Literal["html", "md", "text", "json"], ...] = ("html", "md")
    latest: Literal["link", "copy"] = "link"

    @field_validator("forms")
    @classmethod
    def _some_form(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            msg = "name at least one form"
            raise ValueError(msg)
        return value

    def problems(self) -> list[str]:
        """None: its keys do not depend on each other."""
        return []


class OutputChannel(Section):
    """`[deliver.NAME] use = "stdout"`."""

    use: Literal["stdout"]
    form: Literal["html", "md", "text", "json"] = "text"

    def problems(self) -> list[str]:
        """None: its keys do not depend on each other."""
        return []


AnyChannel = EmailChannel | GmailChannel | FileChannel | OutputChannel | SlackChannel
CHANNELS: Mapping[str, type[AnyChannel]]
CHANNELS = {
    "email": EmailChannel,
    "gmail": GmailChannel,
    "slack": SlackChannel,
    "file": FileChannel,
    "stdout": OutputChannel,
}
