"""Our time."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


def utc_now_in_ms() -> datetime:
    """Return the time now, in UTC, without what messages in milliseconds would lose."""
    now = utc_now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
