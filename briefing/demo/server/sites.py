"""Which vendors the server speaks for: one line each, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib import import_module
from typing import Any, ClassVar, Protocol, cast

from briefing.demo.server.pace import Pace
from briefing.demo.world import World
from briefing.loopback import Reply, Request

MAIL = "imap"
"""The vendor that has a port of its own, because it speaks no HTTP."""

SITES: dict[str, str] = {
    "accelo": "briefing.demo.server.accelo:AcceloSite",
    "caldav": "briefing.demo.server.calendars:CalDavSite",
    "gmail": "briefing.demo.server.gmail:GmailSite",
    "google_calendar": "briefing.demo.server.google_calendar:GoogleCalendarSite",
    "ics": "briefing.demo.server.calendars:IcsSite",
    "imap": "briefing.demo.server.mailboxes:MailSite",
    "slack": "briefing.demo.server.slack:SlackSite",
}
"""Name, which is the first segment of the path, and where its class stands."""


class VendorSite(Protocol):
    """One vendor's API. Serves many threads."""

    name: ClassVar[str]

    def __init__(self, world: World, morning: date, **settings: Any) -> None:
        """Answers what the vendor would say at seven on that morning; settings are the site's own, all optional."""

    def __call__(self, request: Request) -> Reply:
        """The vendor's answer."""


def site_class(name: str) -> type[VendorSite]:
    """The class of a vendor. Raises KeyError for a name that is not in the list."""
    module, _, cls = SITES[name].partition(":")
    return cast("type[VendorSite]", getattr(import_module(module), cls))


def pace_of(name: str) -> Pace:
    """How fast the real vendor is: the class attribute `pace`, where the class has one."""
    return cast("Pace", getattr(site_class(name), "pace", Pace()))


def source_of(name: str, base_url: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a configuration needs to read a vendor: address and credentials, or what its class method `source(base_url)`
    says, where it has one.
    """
    told = getattr(site_class(name), "source", None)
    return dict(told(base_url)) if told else {"base_url": base_url, **credentials_of(name, settings)}


def credentials_of(name: str, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a configuration needs besides the address: by the class method `credentials(settings)`, where it has one."""
    told = getattr(site_class(name), "credentials", None)
    return cast("Mapping[str, Any]", told(settings)) if told else {}
