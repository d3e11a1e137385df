"""Ad accounts from CSV exports: daily rows, the history of changes, and a sheet of budgets and targets.

A row without a campaign is the account's own, a row with one is the campaign's. Where an account has campaign rows
only, its days are their sums (ads.md section 2: account rows are read as such wherever there are any). Missing days are
not filled in here. Repeated exports are vintages: the day of a file's last change (ads.md section 9).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from briefing.connector import Ignored, Mark, Recognition, Sample, Skipped, Stream, Window
from briefing.errors import FileProblem
from briefing.facts import NOBODY, AdAccount, AdChange, AdChangeCoverage, AdDay, Fact, Party, Ref
from briefing.reading.cells import BadCell, Row
from briefing.reading.currencies import CODES
from briefing.reading.forms import Form
from briefing.reading.recognising import recognise_table
from briefing.reading.rows import modified_at
from briefing.reading.table_settings import MAX_MB, TableSettings
from briefing.reading.tables import Table, facts, natural_key, open_table, table_stream
from briefing.reading.text import NAME, SUBJECT, clean, folded
from connectors.ads_accounts import Accounts, RowReader, Seen
from connectors.ads_forms import ACCOUNTS, CHANGES, DAYS, FORMS, PLATFORMS, STATUS_WORDS
from connectors.ads_history import History

MICROS = 1_000_000


def recognise(sample: Sample) -> Recognition | None:
    """Whether a file holds daily ad rows, ad changes or ad accounts."""
    return recognise_table(sample, "ads_csv", FORMS)


class AdsCsv:
    """Daily rows, changes and accounts; at least one of the first two."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({AdAccount, AdChange, AdChangeCoverage, AdDay})

    def __init__(
        self,
        *,
        source: str,
        days: str = "",
        changes: str = "",
        accounts: str = "",
        account: str = "",
        platform: str = "",
        columns: Mapping[str, Mapping[str, str]] | None = None,
        dates: str = "",
        decimal: str = "",
        currency: str = "",
        encoding: str = "",
        client: str = "",
        changes_since: str | date = "",
        blind_spots: Sequence[str] | None = None,
        max_mb: int = MAX_MB,
    ) -> None:
        paths = {"days": days, "changes": changes, "accounts": accounts}
        if not any(paths.values()):
            raise ValueError("one of days, changes, accounts must name a file")
        if platform and platform.lower() not in PLATFORMS and platform != "other":
            raise ValueError(f'platform: "{platform}" is none of {", ".join(sorted(set(PLATFORMS.values())))}, other')
        for name, mapping in (columns or {}).items():
            if name not in FORMS or not isinstance(mapping, Mapping):
                raise ValueError(f"columns.{name}: write columns.days, columns.changes or columns.accounts = {{ ... }}")
        self._account = clean(account, NAME)
        self._platform = PLATFORMS.get(platform.lower(), platform)
        self._since = date.fromisoformat(str(changes_since)) if changes_since else None
        self._blind_spots = None if blind_spots is None else tuple(blind_spots)
        self._forms = {"days": self._form(DAYS), "changes": self._form(CHANGES, days=bool(days)), "accounts": ACCOUNTS}
        self._files = {
            name: TableSettings(
                source=source, path=path, table=name, columns=(columns or {}).get(name, {}), dates=dates,
                decimal=decimal, currency=currency, encoding=encoding, client=client, max_mb=max_mb,
            ).checked(self._forms[name])
            for name, path in paths.items()
            if path
        }  # fmt: skip

    def _form(self, form: Form, *, days: bool = False) -> Form:
        """A file of one account need not name it: the setting does, or the days do."""
        if not self._account and not days:
            return form
        return replace(form, needs=tuple(need for need in form.needs if "account" not in need))

    def streams(self, window: Window) -> Sequence[Stream]:
        """Days, accounts and changes, each a stream of its own."""
        found = []
        if days := self._files.get("days"):
            found.append(table_stream(days, [AdDay], self._read_days, "days"))
        if accounts := self._files.get("accounts", days):
            found.append(table_stream(accounts, [AdAccount], self._read_accounts, "accounts"))
        if changes := self._files.get("changes"):
            found.append(table_stream(changes, [AdChange, AdChangeCoverage], self._read_changes, "changes"))
        return found

    def _table(self, name: str, zone: ZoneInfo) -> Table:
        return open_table(self._files[name], self._forms[name], zone)

    def _read_days(self, window: Window, mark: Mark | None) -> Iterator[Fact | Skipped | Ignored]:
        table = self._table("days", window.zone)
        return Days(table, self._known(table), self._reader(table), window).read()

    def _read_accounts(self, window: Window, mark: Mark | None) -> Iterator[Fact | Skipped | Ignored]:
        known = self._known(self._table("days", window.zone)) if "days" in self._files else Accounts("")
        if "accounts" not in self._files:
            yield from known.facts(self._files["days"])
            return
        table = self._table("accounts", window.zone)
        stated = set()
        for thing in facts(table, lambda row: self._stated(row, known)):
            if isinstance(thing, AdAccount):
                stated.add(thing.ref.id)
            yield thing
        if "days" in self._files:
            yield from (fact for fact in known.facts(self._files["days"]) if fact.ref.id not in stated)

    def _read_changes(self, window: Window, mark: Mark | None) -> Iterator[Fact | Skipped | Ignored]:
        known = self._known(self._table("days", window.zone)) if "days" in self._files else None
        table = self._table("changes", window.zone)
        account = ""
        if not table.has("account", "account_id"):
            account = self._only_account(table, known)
        history = History(
            table, known, account, window, since=self._since, blind_spots=self._blind_spots, platform=self._platform
        )
        return history.read()

    def _only_account(self, table: Table, known: Accounts | None) -> str:
        """The account of a file that names none: the setting's, or the only one that has days."""
        if self._account:
            named = known.named(self._account) if known else []
            return named[0] if len(named) == 1 else natural_key(self._account)
        if known is None or len(known.seen) != 1:
            raise FileProblem(
                f"{table.file.name} does not say of which account the changes are",
                advice=self._files["changes"].to_write({"account": '"NAME OF THE ACCOUNT"'}),
            )
        return next(iter(known.seen))

    def _reader(self, table: Table) -> RowReader:
        ours = any(folded(heading) in ("reporting starts", "result indicator") for heading in table.layout.headings)
        return RowReader(self._account, self._platform or ("meta" if ours else ""), meta=ours)

    def _known(self, table: Table) -> Accounts:
        return Accounts.of(table, self._reader(table))

    def _stated(self, row: Row, known: Accounts) -> AdAccount:
        """An account of the accounts file, with what the days say where the file is silent."""
        if not (row.text("account") or row.text("account_id")):
            raise row.missing("account")
        account = known.find(row, otherwise=True)
        seen = known.seen.get(account, Seen())
        zone = row.text("zone")
        if zone and not _is_zone(zone):
            raise BadCell(f'zone "{zone}" is not a time zone such as Europe/Berlin')
        platform = PLATFORMS.get(row.text("platform").lower(), "other" if row.text("platform") else seen.platform)
        settling = row.count("settling_days")
        budget, target = row.money("monthly_budget"), row.money("target_cpl")
        stated = next((amount.currency for amount in (budget, target) if amount), "")
        party, currency = row.party(), row.text("currency").upper()
        return AdAccount(
            ref=row.ref("ad_account", account),
            party=seen.party if party == NOBODY else party,
            name=row.text("account") or seen.name or account,
            platform=platform or self._platform,
            currency=seen.currency or stated or (currency if currency in CODES else ""),
            zone=zone,
            status=STATUS_WORDS.get(row.text("status").lower(), "unknown"),
            owner=row.person("owner", "owner_email"),
            monthly_budget=budget,
            target_cpl=target,
            settling_days=1 if settling is None else settling,
        )


def _is_zone(text: str) -> bool:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return False
    return True


class Ledger:
    """The days that were read, with their line and a check of their contents: 16 bytes for a campaign's day."""

    def __init__(self) -> None:
        self._months: dict[tuple[str, str, int], array[int]] = {}

    def before(self, account: str, campaign: str, day: date, line: int, contents: int) -> tuple[int, int] | None:
        """Line and contents of an earlier row of the same day; None for the first, which is kept."""
        key = (account, campaign, day.year * 12 + day.month)
        month = self._months.get(key)
        if month is None:
            month = self._months[key] = array("q", bytes(64 * 8))
        at = day.day * 2
        if month[at]:
            return month[at], month[at + 1]
        month[at], month[at + 1] = line, contents
        return None


@dataclass(slots=True)
class Sum:
    """The campaigns of one account's day, added up."""

    currency: str
    party: Party
    spend: int = 0
    impressions: int | None = 0
    clicks: int | None = 0
    leads: Decimal | None = None
    definitions: set[str] = field(default_factory=set)
    unknown_leads: bool = False


class Days:
    """Daily rows as facts."""

    def __init__(self, table: Table, known: Accounts, reader: RowReader, window: Window) -> None:
        self.table, self.known, self.reader = table, known, reader
        self.today = window.now.astimezone(window.zone).date()
        modified = modified_at(table.file.path)
        self.vintage = min(modified.astimezone(window.zone).date(), self.today) if modified else self.today
        place = table.formats.columns.get("leads") or table.formats.columns.get("results")
        self.definition = folded(place.heading) if place else ""
        self.ledger = Ledger()
        self.sums: dict[str, dict[date, Sum]] = {}
        self.unsure: set[tuple[str, date | None]] = set()
        """Accounts' days of which a row was skipped: their sum is not known. No date: no day of the account is."""

        self.all_unsure = False

    def read(self) -> Iterator[Fact | Skipped | Ignored]:
        """Every row, then the sums of accounts that have campaign rows only."""
        ignored: Counter[str] = Counter()
        for row in self.table.rows():
            if not isinstance(row, Row):
                self.all_unsure = self.all_unsure or isinstance(row, Skipped)
                yield row
                continue
            try:
                fact = self._day(row)
            except BadCell as error:
                self._doubt(row)
                yield Skipped(row.where, str(error))
                continue
            if isinstance(fact, Ignored):
                ignored[fact.why] += fact.count
            else:
                yield fact
        yield from (Ignored(count, why) for why, count in sorted(ignored.items()))
        yield from self._summed()

    def _day(self, row: Row) -> AdDay | Ignored:
        day, ends = row.day("day"), row.day("ends")
        if day is None:
            raise row.missing("day")
        campaign = self.reader.campaign(row)
        if ends is not None and ends != day:
            if not campaign and not row.text("account") and not row.text("account_id"):
                return Ignored(1, "totals rows")
            raise BadCell(f"it covers {day} to {ends}, not one day: export with a breakdown by day")
        account = self.reader.account(row)
        if day > self.today:
            return Ignored(1, f"days later than {self.today:%A} {self.today.day} {self.today:%B}")
        money = row.money("spend")
        if money is None:
            raise row.missing("spend")
        leads = self._leads(row, account, campaign)
        fact = AdDay(
            ref=Ref(
                source=self.table.formats.settings.source, kind="ad_day", id=f"{account}/{campaign}/{day}",
                where=row.where,
            ),
            party=row.party(), account=account, campaign=campaign,
            campaign_name=row.text("campaign", SUBJECT) if campaign else "", day=day, vintage=self.vintage,
            currency=money.currency, spend=int((money.amount * MICROS).to_integral_value()),
            impressions=row.count("impressions"), clicks=row.count("clicks"),
            leads=None if leads is None else float(leads), partial=day >= self.vintage,
            definition=row.text("definition", SUBJECT) or self.definition,
        )  # fmt: skip
        contents = hash(tuple(row.cells))
        if before := self.ledger.before(account, campaign, day, row.line, contents):
            if before[1] == contents:
                return Ignored(1, "repeated rows")
            raise BadCell(f"the same day as in line {before[0]}, with other contents")
        if campaign and not self.known.of_account(account).own_rows:
            self._add(fact, leads)
        return fact

    def _leads(self, row: Row, account: str, campaign: str) -> Decimal | None:
        leads = self.reader.leads(row)
        if leads is None and self.reader.no_result(row) and campaign in self.known.of_account(account).tracked:
            return Decimal(0)
        return leads

    def _add(self, fact: AdDay, leads: Decimal | None) -> None:
        days = self.sums.setdefault(fact.account, {})
        total = days.setdefault(fact.day, Sum(fact.currency, fact.party))
        if total.currency != fact.currency:
            self.unsure.add((fact.account, fact.day))
        total.spend += fact.spend
        total.impressions = _plus(total.impressions, fact.impressions)
        total.clicks = _plus(total.clicks, fact.clicks)
        if leads is not None:
            total.definitions.add(fact.definition)
            total.leads = leads + (total.leads or 0)
        elif fact.campaign in self.known.of_account(fact.account).tracked:
            total.unknown_leads = True

    def _doubt(self, row: Row) -> None:
        """Remember whose sum is not known because of a skipped row."""
        try:
            account = self.reader.account(row)
        except BadCell:
            self.all_unsure = True
            return
        try:
            self.unsure.add((account, row.day("day")))
        except BadCell:
            self.unsure.add((account, None))

    def _summed(self) -> Iterator[AdDay]:
        if self.all_unsure:
            return
        for account, days in sorted(self.sums.items()):
            for day, total in sorted(days.items()):
                if self.unsure & {(account, day), (account, None)}:
                    continue
                leads = None if total.leads is None or total.unknown_leads else float(total.leads)
                yield AdDay(
                    ref=Ref(
                        source=self.table.formats.settings.source, kind="ad_day", id=f"{account}//{day}",
                        where=self.table.file.name,
                    ),
                    party=total.party, account=account, day=day, vintage=self.vintage, currency=total.currency,
                    spend=total.spend, impressions=total.impressions, clicks=total.clicks, leads=leads,
                    definition=" + ".join(sorted(total.definitions)) or self.definition, partial=day >= self.vintage,
                )  # fmt: skip


def _plus(total: int | None, more: int | None) -> int | None:
    return None if total is None or more is None else total + more
