"""Channels from `[deliver.NAME]`, with their secrets. A channel that cannot be built costs itself alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from briefing import secrets
from briefing.config import Settings
from briefing.deliver import Begin, Channel, Outcome
from briefing.deliver.channel_settings import AnyChannel, EmailChannel, FileChannel, GmailChannel, OutputChannel
from briefing.deliver.edition import Edition
from briefing.deliver.mail import Envelope, address
from briefing.deliver.slack_settings import SlackChannel
from briefing.errors import BriefingError, ConfigError

if TYPE_CHECKING:
    from briefing.deliver.gmail import Gmail
    from briefing.deliver.slack_note import SlackNote
    from briefing.deliver.smtp import Email
    from briefing.tokens import Renewed

TOKEN_URLS = {
    "google": "https://oauth2.googleapis.com/token",
    "microsoft": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
}
"""What `token_url` may be called by name."""


def channels(settings: Settings, *, base: Path, folder: Path) -> list[Channel]:
    """All configured channels, in the order of the file.

    `base` is what relative paths are relative to, `folder` the workspace's own.
    """
    return [_channel(name, section, settings, base, folder) for name, section in settings.deliver.items()]


def _channel(name: str, section: AnyChannel, settings: Settings, base: Path, folder: Path) -> Channel:
    if isinstance(section, FileChannel):
        from briefing.deliver.folder import Files

        target = (base / Path(section.folder).expanduser()).resolve()
        return Files(name, target, section.forms, latest=section.latest)
    if isinstance(section, OutputChannel):
        from briefing.deliver.output import Output

        return Output(name, section.form)
    if isinstance(section, SlackChannel):
        return _slack(name, section, settings, base, folder)
    try:
        given = section.to or (settings.audience[0].emails[:1] if settings.audience else ())
        if isinstance(section, GmailChannel):
            return _gmail(name, section, given, base, folder)
        return _email(name, section, given, base, folder)
    except BriefingError as error:
        problems = "; ".join(getattr(error, "problems", ())) or str(error)
        return Broken(name=name, recipients=_recipients(section, settings), problem=problems)


def to_one(name: str, recipient: str, settings: Settings, *, base: Path, folder: Path) -> Email | Gmail | SlackNote:
    """A channel's way to one person: an address for e-mail, a member ID for Slack. Raises BriefingError."""
    section = settings.deliver.get(name)
    if isinstance(section, EmailChannel):
        return _email(name, section, [recipient], base, folder)
    if isinstance(section, GmailChannel):
        return _gmail(name, section, [recipient], base, folder)
    if isinstance(section, SlackChannel):
        from briefing.deliver.slack_note import SlackNote

        token = _bot_token(name, section, base)
        return SlackNote(recipient, token, base_url=section.base_url, deadline=section.deadline)
    raise ConfigError([f"deliver.{name}: carries no message to one person"])


def _bot_token(name: str, section: SlackChannel, base: Path) -> str:
    token = secrets.resolve(section.token, where=f"deliver.{name}.token", base=base)
    if not re.fullmatch(r"(xoxb|xoxe\.xoxb)-[\w-]+", token):
        raise ConfigError([f"deliver.{name}.token: is no bot token; it begins with xoxb-"])
    return token


def _slack(name: str, section: SlackChannel, settings: Settings, base: Path, folder: Path) -> Channel:
    from briefing.deliver.slack import Slack

    user = section.reader(settings.audience[0].logins if settings.audience else ())
    try:
        token = _bot_token(name, section, base)
    except BriefingError as error:
        problems = "; ".join(getattr(error, "problems", ())) or str(error)
        return Broken(name=name, kind="Slack", recipients=(f"@{user}",), problem=problems)
    return Slack(
        name, user, token, folder / "posts" / f"{name}.json", base_url=section.base_url, deadline=section.deadline,
        patience=section.patience,
    )  # fmt: skip


def _recipients(section: EmailChannel | GmailChannel, settings: Settings) -> tuple[str, ...]:
    given = section.to or (settings.audience[0].emails[:1] if settings.audience else ())
    return tuple(dict.fromkeys(address(text).addr_spec for text in given))


def _email(name: str, section: EmailChannel, given: Sequence[str], base: Path, folder: Path) -> Email:
    from briefing.deliver.smtp import PORTS, Email, Server

    way = section.way
    assert way is not None  # the configuration says so
    found = _secrets(name, section, base)
    token, renewed = _tokens(name, section, found, folder)
    server = Server(
        host=section.host, port=section.port or PORTS[way], tls=way, username=section.username,
        password=found["password"], token=token, renewed=renewed,
        ca_file=(base / Path(section.ca_file).expanduser()) if section.ca_file else None,
    )  # fmt: skip
    envelope = _envelope(name, section, given)
    return Email(name, envelope, server, deadline=section.deadline, patience=section.patience)


def _envelope(name: str, section: EmailChannel | GmailChannel, given: Sequence[str]) -> Envelope:
    to = {one.addr_spec: one for one in map(address, given)}
    return Envelope(
        channel=name, sender=address(section.sender), to=tuple(to.values()),
        reply_to=address(section.reply_to) if section.reply_to else None,
    )  # fmt: skip


def _gmail(name: str, section: GmailChannel, given: Sequence[str], base: Path, folder: Path) -> Gmail:
    from briefing.deliver.gmail import Gmail
    from briefing.http import Bearer

    found = _secrets(name, section, base)
    credential = _renewed(name, section, found, folder) if found["refresh_token"] else Bearer(found["access_token"])
    return Gmail(
        name, _envelope(name, section, given), credential, base_url=section.base_url, deadline=section.deadline,
        patience=section.patience,
    )  # fmt: skip


def _secrets(name: str, section: EmailChannel | GmailChannel, base: Path) -> dict[str, str]:
    """What the references point at. Raises ConfigError."""
    found = {}
    for key in ("password", "access_token", "refresh_token", "client_id", "client_secret"):
        value = str(getattr(section, key, ""))
        if secrets.is_reference(value):
            value = secrets.resolve(value, where=f"deliver.{name}.{key}", base=base)
        if re.search(r"[\x00\r\n]", value):
            raise ConfigError([f"deliver.{name}.{key}: has characters that a login cannot have"])
        found[key] = value
    return found


Tokens = tuple[Callable[[], str] | None, Callable[[str], str] | None]


def _tokens(name: str, section: EmailChannel, found: Mapping[str, str], folder: Path) -> Tokens:
    """How an access token is had, and another in place of a refused one; None where there is no way to."""
    if found["access_token"]:
        return lambda: found["access_token"], None
    if not found["refresh_token"]:
        return None, None
    held = _renewed(name, section, found, folder)

    def renewed(refused: str) -> str:
        held.renew({"Authorization": f"Bearer {refused}"})
        return held.token().access

    return lambda: held.token().access, renewed


def _renewed(name: str, section: EmailChannel | GmailChannel, found: Mapping[str, str], folder: Path) -> Renewed:
    """Access tokens for a refresh token, the last one kept in a file."""
    from briefing.tokens import RefreshGrant, Renewed, TokenFile, fingerprint

    url = TOKEN_URLS.get(section.token_url, section.token_url)
    bound = fingerprint(url, found["client_id"], getattr(section, "username", ""), found["refresh_token"])
    grant = RefreshGrant(
        source=f"deliver {name}", url=url, refresh=found["refresh_token"], client_id=found["client_id"],
        client_secret=found["client_secret"],
    )  # fmt: skip
    return Renewed(grant, TokenFile(str(folder / "tokens" / f"deliver-{name}.json")), bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A channel whose settings cannot be used: it is told, and the others go on."""

    name: str
    recipients: tuple[str, ...]
    problem: str
    kind: str = "e-mail"
    deadline: float = 10.0
    patience: float = 0.0
    repeatable: bool = False

    def fixed(self, edition: Edition) -> bytes:
        """Nothing: the next run may have it right, and fixes its own."""
        return b""

    def shown(self, edition: Edition, body: bytes) -> str:
        """The problem."""
        return f"Problem:  {self.problem}"

    def tried(self) -> Outcome:
        """The problem."""
        return Outcome(result="refused", detail=self.problem)

    def send(self, edition: Edition, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        """Put off: nothing was sent, and it may be once the setting is right."""
        return dict.fromkeys(recipients, Outcome(result="deferred", detail=self.problem))
