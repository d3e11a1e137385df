"""What a user may say about a table that the file itself does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from briefing.reading.currencies import CODES
from briefing.reading.dates import ORDERS
from briefing.reading.forms import Form
from briefing.reading.rows import MAX_BYTES

MAX_MB = MAX_BYTES // 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSettings:
    """The settings of one file."""

    source: str
    path: str
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field to heading; an empty heading says that there is no such column."""

    table: str = ""
    """The key below `columns`, for connectors that read several tables."""

    dates: str = ""
    """The order of day, month and year: `d/m/y`, `m/d/y` or `y/m/d`."""

    decimal: str = ""
    """The decimal mark: `.` or `,`."""

    currency: str = ""
    """The code of amounts that carry none."""

    encoding: str = ""
    client: str = ""
    """The client that the whole file belongs to."""

    max_mb: int = MAX_MB

    def checked(self, form: Form) -> TableSettings:
        """Itself, once every value is one that can be meant. Raises ValueError otherwise."""
        if self.dates not in ("", *ORDERS):
            raise ValueError(f'dates: "{self.dates}" is none of {", ".join(ORDERS)}')
        if self.decimal not in ("", ".", ","):
            raise ValueError(f'decimal: "{self.decimal}" is neither "." nor ","')
        if self.currency and self.currency not in CODES:
            raise ValueError(f'currency: "{self.currency}" is not a currency code such as EUR')
        if not isinstance(self.max_mb, int) or self.max_mb < 1:
            raise ValueError("max_mb: write a whole number of megabytes")
        if not isinstance(self.columns, Mapping):
            raise TypeError(f'{self.columns_key}: write a table such as {{ due = "Deadline" }}')
        try:
            b"a".decode(self.encoding or "utf-8", "replace")
        except LookupError as error:
            raise ValueError(f'encoding: "{self.encoding}" is not known') from error
        for name, heading in self.columns.items():
            if name not in form.by_name:
                raise ValueError(f"{self.columns_key}.{name}: no such field (there are {', '.join(form.by_name)})")
            if not isinstance(heading, str):
                raise TypeError(f"{self.columns_key}.{name}: a heading is a text in quotation marks")
        return self

    @property
    def columns_key(self) -> str:
        """Where the mapping stands in the configuration, below the source."""
        return f"columns.{self.table}" if self.table else "columns"

    def to_write(self, lines: Mapping[str, str]) -> str:
        """What to write into the configuration, as a piece of advice in one line."""
        return f"under [sources.{self.source}] write " + " and ".join(f"{key} = {text}" for key, text in lines.items())
