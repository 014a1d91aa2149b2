"""Errors, named by the reaction they ask for.

    BotCoreError
    ├── Retryable    try again: the network, an overloaded or absent service
    ├── Rejected     final: the request will never succeed as it is
    ├── Ambiguous    the outcome is unknown: ask the venue before anything else
    └── HaltTrading  final, and nothing else may be sent until a person looked

Each carries a stable `code` of the public interface; only `api.errors` knows HTTP.
"""

from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """The stable codes that clients may rely on."""

    INVALID_REQUEST = "INVALID_REQUEST"
    INVALID_ORDER = "INVALID_ORDER"
    FILTER_FAILURE = "FILTER_FAILURE"
    RISK_LIMIT_EXCEEDED = "RISK_LIMIT_EXCEEDED"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    TRADING_HALTED = "TRADING_HALTED"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    TOKEN_INVALID = "TOKEN_INVALID"  # noqa: S105 - a code, not a token
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105 - a code, not a token
    TOKEN_REUSED = "TOKEN_REUSED"  # noqa: S105 - a code, not a token
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    NOT_CANCELABLE = "NOT_CANCELABLE"
    SESSION_CLOSED = "SESSION_CLOSED"
    SESSION_AMBIGUOUS = "SESSION_AMBIGUOUS"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    RATE_LIMITED = "RATE_LIMITED"
    VENUE_UNAVAILABLE = "VENUE_UNAVAILABLE"
    QUOTE_STALE = "QUOTE_STALE"
    AI_UNAVAILABLE = "AI_UNAVAILABLE"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"


class BotCoreError(Exception):
    """Anything that is told to a client.

    Args:
        code: The stable code.
        detail: One sentence for a person; never a secret.
        extensions: Further members of the problem document, such as `limit_type`,
            `current_value`, `limit_value`, `errors` or `retry_after_s`.
    """

    def __init__(self, code: ErrorCode, detail: str, **extensions: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.extensions = extensions


class Retryable(BotCoreError):  # noqa: N818 - named by the reaction it asks for
    """A passing fault; `retry_after_s` among the extensions is honoured where given."""


class Rejected(BotCoreError):  # noqa: N818 - named by the reaction it asks for
    """A final no."""


class Ambiguous(BotCoreError):  # noqa: N818 - named by the reaction it asks for
    """The venue may or may not have acted."""


class HaltTrading(BotCoreError):  # noqa: N818 - named by the reaction it asks for
    """Something is wrong that only a person can judge."""


def key_mismatch() -> Rejected:
    """Return the refusal of an Idempotency-Key under which another order was asked for."""
    return Rejected(
        ErrorCode.IDEMPOTENCY_MISMATCH, "this Idempotency-Key was used for another order"
    )
