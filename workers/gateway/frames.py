"""What the server says, serialised: `{type, channel?, data, timestamp, sequence?}`."""

from datetime import datetime
from enum import IntEnum
from typing import Any

from adapters.exact_json import dump
from domain.errors import ErrorCode

HISTORY_LOST = "HISTORY_LOST"


class CloseCode(IntEnum):
    """Why the server ends a conversation; API.md says what a client does about each."""

    SERVICE_RESTART = 1012
    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    ORIGIN = 4403
    NO_PONG = 4408
    TOO_SLOW = 4409
    TOO_MANY = 4429


def server_frame(frame_type: str, payload: dict[str, Any], at: datetime) -> bytes:
    """Serialise one frame that belongs to no channel."""
    return dump({"type": frame_type, "data": payload, "timestamp": at})


def gap_frame(channel: str, after: int, following: int, timestamp: bytes) -> bytes:
    """Serialise a `gap`: what came between these sequences of a public channel is not sent."""
    told = {"after": after, "next": following}
    at = timestamp.decode()
    return dump({"type": "gap", "channel": channel, "data": told, "timestamp": at})


def error_frame(code: ErrorCode | str, detail: str, at: datetime) -> bytes:
    """Serialise an `error`."""
    return server_frame("error", {"code": str(code), "detail": detail}, at)
