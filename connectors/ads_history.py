"""Change histories of ad accounts as facts, and how far they reach."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from briefing.connector import Ignored, Skipped, Window
from briefing.facts import AdChange, AdChangeCoverage, Fact, Ref
from briefing.reading.cells import BadCell, Row
from briefing.reading.dates import stamp
from briefing.reading.rows import modified_at
from briefing.reading.tables import Table, natural_key
from briefing.reading.text import SUBJECT, folded
from connectors.ads_accounts import Accounts, account_id
from connectors.ads_forms import actor_kind, change_kind, object_level, operation

EDITOR = "edits made in Google Ads Editor"
"""What Google's change history does not show (ads.md section 3.5)."""


class History:
    """A change history as facts, and how far it reaches."""

    def __init__(
        self,
        table: Table,
        known: Accounts | None,
        account: str,
        window: Window,
        *,
        since: date | None,
        blind_spots: tuple[str, ...] | None,
        platform: str,
    ) -> None:
        self.table, self.known, self.account, self.window = table, known, account, window
        self.since, self.blind_spots, self.platform = since, blind_spots, platform
        self.first: date | None = None
        self.accounts: set[str] = set()
        self.whole = True
        self.times: Counter[str] = Counter()

    def read(self) -> Iterator[Fact | Skipped | Ignored]:
        """Every change, then the coverage."""
        ignored: Counter[str] = Counter()
        for row in self.table.rows():
            try:
                thing = self._change(row) if isinstance(row, Row) else row
            except BadCell as error:
                assert isinstance(row, Row)
                thing = Skipped(row.where, str(error))
            self.whole = self.whole and not isinstance(thing, Skipped)
            if isinstance(thing, Ignored) and isinstance(row, Row):
                ignored[thing.why] += thing.count
            else:
                yield thing
        yield from (Ignored(count, why) for why, count in sorted(ignored.items()))
        yield from self._coverage()

    def _change(self, row: Row) -> AdChange | Ignored:
        at = row.moment("at")
        if at is None:
            raise row.missing("at")
        account = self._account_of(row)
        day = at.astimezone(self.window.zone).date()
        now = self.window.now.astimezone(self.window.zone)
        if at > now:
            return Ignored(1, f"changes later than {now:%A} {now.day} {now:%B} {now:%H:%M}")
        self.first = min(self.first or day, day)
        self.accounts.add(account)
        kind, what, changed = row.text("type", SUBJECT), row.text("what", SUBJECT), row.text("field", SUBJECT)
        level, actor = row.text("level", SUBJECT), row.text("actor")
        return AdChange(
            ref=row.ref("ad_change", self._id(row, account, at)),
            party=row.party(),
            account=account,
            campaign=self._campaign_of(row, account),
            at=at,
            day_only="at" not in self.table.formats.timed,
            actor=actor,
            actor_kind=actor_kind(actor, row.text("tool")),
            object_level=object_level(level) or level.lower() or object_level(changed, kind, what),
            object_name=row.text("object", SUBJECT),
            change=change_kind(changed, kind, what),
            operation=operation(row.text("operation"), kind, what, "changed" if row.text("new") else ""),
            field=changed or kind or what,
            old=row.text("old", SUBJECT),
            new=row.text("new", SUBJECT),
        )

    def _account_of(self, row: Row) -> str:
        if self.account:
            return self.account
        if self.known is not None:
            return self.known.find(row, otherwise=False)
        if stated := row.text("account_id"):
            return account_id(stated)
        return natural_key(row.needed("account"))

    def _campaign_of(self, row: Row, account: str) -> str:
        name = row.text("campaign", SUBJECT)
        seen = self.known.seen.get(account) if self.known else None
        if seen and name in seen.campaigns.values():
            return name
        return row.text("campaign_id") or (seen.campaigns.get(folded(name), "") if seen else "") or natural_key(name)

    def _id(self, row: Row, account: str, at: datetime) -> str:
        """The id column, else time and contents. Two alike are two changes: the second has a number."""
        if stated := row.text("id", SUBJECT):
            return stated
        contents = "\x1f".join(row.text(name, SUBJECT) for name in sorted(self.table.formats.columns) if name != "at")
        key = f"{account}/{at.isoformat()}/{hashlib.sha256(contents.encode()).hexdigest()[:12]}"
        self.times[key] += 1
        return key if self.times[key] == 1 else f"{key}#{self.times[key]}"

    def _coverage(self) -> Iterator[AdChangeCoverage]:
        """From the setting, the range in the title lines or the first change, to the day the file was written."""
        modified = modified_at(self.table.file.path)
        today = self.window.now.astimezone(self.window.zone).date()
        until = min(today, modified.astimezone(self.window.zone).date()) if modified else today
        stated = stated_range(self.table.layout.titles)
        since = self.since or (stated[0] if stated else self.first)
        until = min(until, stated[1]) if stated else until
        if since is None or since > until:
            return
        accounts = set(self.accounts)
        if self.since is not None:
            # The user says that the file holds every change since: also none at all of the accounts not in it.
            accounts |= self.known.seen.keys() if self.known else {""}
        if self.account:
            accounts = {self.account}
        for account in sorted(accounts):
            yield AdChangeCoverage(
                ref=Ref(
                    source=self.table.formats.settings.source, kind="ad_change_coverage", id=account or "all",
                    where=self.table.file.name,
                ),
                account=account, since=since, until=until, complete=self.whole, blind_spots=self._blind(account),
            )  # fmt: skip

    def _blind(self, account: str) -> tuple[str, ...]:
        if self.blind_spots is not None:
            return self.blind_spots
        seen = self.known.seen.get(account) if self.known else None
        platform = (seen.platform if seen else "") or self.platform
        return (EDITOR,) if platform == "google" else ()


def stated_range(titles: Iterable[str]) -> tuple[date, date] | None:
    """The dates that a title line gives as the export's range: `13 November 2026 - 19 November 2026`."""
    for title in titles:
        for found in re.finditer(r"\s+(?:-|\u2013|to|until)\s+", title):
            first, last = stamp(title[: found.start()]), stamp(title[found.end() :])
            if first and last and first.sure and last.sure and first.days[0] and last.days[0]:
                return first.days[0], last.days[0]
    return None
