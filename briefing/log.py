"""The log: JSON lines with the run's id, secrets removed. Written to a file of the workspace, never to the briefing."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from pathlib import Path

LOGGERS = ("briefing", "connectors")
_SECRETS: set[str] = set()
PATTERNS = re.compile(
    r"(?i)(bearer\s+|api-key\s+|token=|password=|secret=|access_token=|key=)[^\s&\"']+|xox[a-z]-[\w-]+|pat-[\w-]+"
)


def never_print(secret: str) -> None:
    """Remove this text from every line from now on."""
    if len(secret) >= 4:
        _SECRETS.add(secret)


def redacted(text: str) -> str:
    """The text without known secrets and without what looks like one."""
    for secret in sorted(_SECRETS, key=len, reverse=True):
        text = text.replace(secret, "[removed]")
    return PATTERNS.sub(lambda found: f"{found[1] or ''}[removed]", text)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line; newlines and escapes are JSON's."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "run": self._run,
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": redacted(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = redacted(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True)


def start(path: Path, run: str) -> None:
    """Send everything logged under `briefing` and `connectors` to a file, 0600, at most 5 MB and one older one."""
    from logging.handlers import RotatingFileHandler

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    handler = RotatingFileHandler(path, maxBytes=5_000_000, backupCount=1, encoding="utf-8")
    handler.setFormatter(JsonLines(run))
    stop()
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False


def stop() -> None:
    """Close the log. Until it is started again nothing is written, on stderr neither."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
        logger.addHandler(logging.NullHandler())
