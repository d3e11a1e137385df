"""What the daily rows of an ad export say of the accounts themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from briefing.errors import FileProblem
from briefing.facts import NOBODY, AdAccount, Party, Ref
from briefing.reading.cells import BadCell, Row
from briefing.reading.table_settings import TableSettings
from briefing.reading.tables import Table, natural_key
from briefing.reading.text import SUBJECT, clean, folded
from connectors.ads_forms import PLATFORMS


def account_id(text: str) -> str:
    """An account's id; Google shows `123-456-7890` and means `1234567890` (ads.md section 1)."""
    return text.replace("-", "") if re.fullmatch(r"\d{3}-\d{3}-\d{4}", text) else text


@dataclass(frozen=True, slots=True)
class RowReader:
    """How to tell account, campaign and leads of a daily row."""

    account_setting: str
    platform_setting: str
    meta: bool
    """The file is Meta's own export: an empty result is none (ads.md section 4.2: absent when nothing happened)."""

    def account(self, row: Row) -> str:
        """The account's id: its column, else the folded name."""
        if "account_id" in row.formats.columns:
            return account_id(row.needed("account_id"))
        if self.account_setting and "account" not in row.formats.columns:
            return natural_key(self.account_setting)
        return natural_key(row.needed("account"))

    def campaign(self, row: Row) -> str:
        """The campaign's id, else its folded name; empty in a row of the account."""
        return row.text("campaign_id") or natural_key(row.text("campaign", SUBJECT))

    def platform(self, row: Row) -> str:
        """The platform that the row names, else the setting's."""
        stated = row.text("platform")
        return PLATFORMS.get(stated.lower(), "other") if stated else self.platform_setting

    def leads(self, row: Row) -> Decimal | None:
        """Leads; None where the row does not say, or its results are something else."""
        if "leads" in row.formats.columns:
            return row.number("leads")
        return row.number("results") if "lead" in row.text("indicator", SUBJECT).lower() else None

    def no_result(self, row: Row) -> bool:
        """Whether an empty cell of leads means none."""
        indicator = row.text("indicator", SUBJECT).lower()
        return self.meta and (not indicator or "lead" in indicator)


MOST = 20_000
"""Accounts in one file; more of them are ids of something else."""


@dataclass(slots=True)
class Seen:
    """What the daily rows say of one account."""

    name: str = ""
    platform: str = ""
    currency: str = ""
    party: Party = NOBODY
    last: date = date.min
    own_rows: bool = False
    """It has rows without a campaign."""

    tracked: set[str] = field(default_factory=set)
    """Campaigns (empty: the account's rows) with a number of leads on some day."""

    campaigns: dict[str, str] = field(default_factory=dict)
    """Folded campaign names to campaign ids."""


NOT_SEEN = Seen()


@dataclass(slots=True)
class Accounts:
    """The accounts that stand in the daily rows."""

    file: str
    seen: dict[str, Seen] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, reader: RowReader) -> Accounts:
        """Look through the daily rows. What names an account is taken from its last day."""
        found = cls(table.file.name)
        for row in table.rows():
            if isinstance(row, Row):
                try:
                    found._add(row, reader)
                except BadCell:
                    continue  # told when the row is read
        return found

    def _add(self, row: Row, reader: RowReader) -> None:
        account, campaign, day = reader.account(row), reader.campaign(row), row.day("day")
        if day is None:
            return
        seen = self.seen.get(account) or self.seen.setdefault(account, Seen())
        if len(self.seen) > MOST:
            raise FileProblem(
                f"{self.file} names more than {MOST:,} accounts", advice="correct which column names the account"
            )
        name = row.text("account") or reader.account_setting or account
        if (day, name) > (seen.last, seen.name):
            money = row.money("spend")
            seen.last, seen.name, seen.currency = day, name, money.currency if money else seen.currency
            seen.platform, seen.party = reader.platform(row) or seen.platform, row.party()
        if not campaign:
            seen.own_rows = True
        else:
            seen.campaigns[folded(row.text("campaign", SUBJECT))] = campaign
        if campaign not in seen.tracked and reader.leads(row) is not None:
            seen.tracked.add(campaign)

    def find(self, row: Row, *, otherwise: bool) -> str:
        """The account that a row of another file names. Raises BadCell where the days do not have it.

        With `otherwise`, an account without days has the id that the row gives it.
        """
        stated = account_id(row.text("account_id"))
        name = row.text("account")
        if stated in self.seen:
            return stated
        if name and account_id(name) in self.seen:
            return account_id(name)
        named = self.named(name)
        if len(named) == 1:
            return named[0]
        shown = clean(name or stated, 60)
        if named:
            raise BadCell(f'account "{shown}" is {len(named)} accounts in {self.file}')
        if otherwise:
            return stated or natural_key(name)
        raise BadCell(f'account "{shown}" is not in {self.file}' if shown else "it has no account")

    def of_account(self, account: str) -> Seen:
        """What was seen of an account; nothing for one that was not."""
        return self.seen.get(account, NOT_SEEN)

    def named(self, name: str) -> list[str]:
        """Ids of the accounts of a name, sorted."""
        return sorted(known for known, seen in self.seen.items() if name and folded(seen.name) == folded(name))

    def facts(self, settings: TableSettings) -> Iterator[AdAccount]:
        """The accounts as facts."""
        for account, seen in sorted(self.seen.items()):
            yield AdAccount(
                ref=Ref(source=settings.source, kind="ad_account", id=account, where=self.file), party=seen.party,
                name=seen.name, platform=seen.platform, currency=seen.currency,
            )  # fmt: skip
