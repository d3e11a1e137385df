"""A recipient who has today's edition under another name: the audience or the channel was renamed since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from briefing.deliver.policy import Key
from briefing.store.ledger import Entry, Ledger

ARRIVED = frozenset({"sent", "uncertain"})


def taken_over(
    ledger: Ledger, audience: str, day: date, keys: Sequence[Key], known: Collection[tuple[str, str]], *, run: str
) -> list[str]:
    """Note under today's names what went to the same recipients under names that are not configured any more.

    `known` are the configured (audience, channel), audiences in lower case: what another audience was sent by a channel
    of its own is another edition. Returns a line for each.
    """
    entries = ledger.of_date(day)
    mine = {(one.channel, one.recipient) for one in entries if one.audience.casefold() == audience.casefold()}
    lines = []

    def here(channel: str) -> tuple[str, str]:
        return audience.casefold(), channel

    for channel, recipient in keys:
        others = [
            one
            for one in entries
            if _is_same(one.recipient, recipient)
            and ((name := (one.audience.casefold(), one.channel)) == here(channel) or name not in known)
        ]  # fmt: skip
        if (channel, recipient) in mine or not others or others[-1].state not in ARRIVED:
            continue
        last = others[-1]
        ledger.record([_renamed(last, audience, channel, recipient, run)])
        if (last.audience.casefold(), last.channel) == here(channel):
            continue  # the address in another case
        under = f"{last.audience}'s, by {last.channel}" if last.audience else last.channel
        what = "went" if last.state == "sent" else "may have gone"
        lines.append(f"{channel}: today's edition {what} to {recipient} already, under another name ({under}).")
    return lines


def _is_same(one: str, other: str) -> bool:
    """Addresses are the same whatever their case; folders are not."""
    return one == other or ("@" in one and one.casefold() == other.casefold())


def _renamed(last: Entry, audience: str, channel: str, recipient: str, run: str) -> Entry:
    return replace(last, audience=audience, channel=channel, recipient=recipient, run=run)
