"""Daily ad rows out of the store's indexed columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from briefing.rules.view import AdSeriesDay


class SqliteSeries:
    """Daily ad rows from indexed columns, one account at a time."""

    def __init__(self, db: sqlite3.Connection, at: datetime) -> None:
        self._db = db
        self._vintage = (at + timedelta(days=1)).date().isoformat()
        """Vintages are dates of the account's zone: a day's slack keeps those east of us."""
        self._today = at.date().isoformat()

    def _streams(self, source: str) -> list[int]:
        return [n for (n,) in self._db.execute("select id from stream where source = ? order by id", (source,))]

    def accounts(self, source: str) -> Sequence[str]:
        """Ids of the accounts that have rows, sorted."""
        found: set[str] = set()
        for stream in self._streams(source):
            found |= {a for (a,) in self._db.execute("select distinct account from ad_day where stream = ?", (stream,))}
        return sorted(found)

    def days(self, source: str, account: str, *, campaign: str = "") -> Sequence[AdSeriesDay]:
        """Rows in the order of days, the newest vintage of each day; one that was confirmed since is as new as that."""
        newest: dict[str, AdSeriesDay] = {}
        read_date = date.fromisoformat
        for stream in self._streams(source):
            for day, spend, impressions, clicks, leads, vintage, definition, partial in self._db.execute(
                "select day, spend, impressions, clicks, leads, max(vintage, min(coalesce(confirmed, vintage), ?)), "
                "definition, partial from ad_day "
                "where stream = ? and account = ? and campaign = ? and vintage <= ? order by day, vintage",
                (self._today, stream, account, campaign, self._vintage),
            ):
                newest[day] = AdSeriesDay(
                    read_date(day), spend, impressions, clicks, leads, read_date(vintage), definition, bool(partial)
                )
        return [newest[day] for day in sorted(newest)]

    def campaigns(self, source: str, account: str) -> Mapping[str, str]:
        """Campaign ids with their names."""
        found: dict[str, str] = {}
        for stream in self._streams(source):
            found |= dict(
                self._db.execute(
                    "select campaign, max(campaign_name) from ad_day where stream = ? and account = ? "
                    "and campaign != '' group by campaign order by campaign",
                    (stream, account),
                ).fetchall()
            )
        return found
