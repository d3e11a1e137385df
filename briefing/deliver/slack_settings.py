"""`[deliver.NAME] use = "slack"` as it is written, and whom it may name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from briefing.secrets import is_reference

PERSON = re.compile(r"[UW][A-Z0-9]{5,20}")
HERE = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/|$)")


def _token(value: str) -> str:
    if not is_reference(value):
        msg = "write a reference such as env:NAME or file:PATH, never the token itself"
        raise ValueError(msg)
    return value


def _person(value: str) -> str:
    """A channel holds people who may not read what the edition rests on: your mail, your calendar, your messages."""
    if value[:1] in {"C", "G", "D", "#"}:
        msg = "a channel is read by others; the briefing goes to a person, as a direct message"
        raise ValueError(msg)
    if value and not PERSON.fullmatch(value):
        msg = "write a member ID of Slack such as U012AB3CD"
        raise ValueError(msg)
    return value


def _address(value: str) -> str:
    if not value.startswith("https://") and not HERE.match(value):
        msg = "write an address that begins with https://"
        raise ValueError(msg)
    return value


class SlackChannel(BaseModel):
    """A direct message of a bot to one person of the audience."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    use: Literal["slack"]
    token: Annotated[str, AfterValidator(_token)]
    to: Annotated[str, AfterValidator(_person)] = ""
    """Empty: the audience's first login that is one of Slack's."""

    base_url: Annotated[str, AfterValidator(_address)] = "https://slack.com"
    deadline: float = Field(default=60, gt=0, le=3600)
    """Seconds for one try."""

    patience: float = Field(default=600, ge=0, le=21600)
    """Seconds within which a Slack that says "later" is tried again in the same run."""

    def reader(self, logins: Sequence[str]) -> str:
        """Whom it goes to; empty where nobody is known."""
        return self.to or next((login for login in logins if PERSON.fullmatch(login)), "")

    def problems(self) -> list[str]:
        """None: its keys do not depend on each other."""
        return []

    def reader_problems(self, plain: Mapping[str, object]) -> list[str]:
        """The post goes to its audience alone: nobody can tell by a member ID whether it is a client's."""
        audience = plain.get("audience")
        first = audience[0] if isinstance(audience, Sequence) and audience else {}
        told = first.get("logins") if isinstance(first, Mapping) else ()
        listed = [told] if isinstance(told, str) else told
        logins = [str(one) for one in listed] if isinstance(listed, Sequence) else []
        if self.to and self.to not in logins:
            return [f"to: {self.to} is none of the audience's logins; add it there"]
        if not self.reader(logins):
            return ["to: is missing, and the audience has no login of Slack (a member ID such as U012AB3CD)"]
        return []
