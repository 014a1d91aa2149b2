"""Log lines as JSON on stderr. The standard library's logging: nothing else starts as fast."""

import logging
import sys
from datetime import UTC, datetime

import orjson


class _Lines(logging.Formatter):
    """One JSON object a line; what a call passed as `extra={"fields": {…}}` is merged in."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure() -> None:
    """Send every log line of this process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("sandbox").setLevel(logging.INFO)
