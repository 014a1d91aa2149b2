"""Events: the envelope for other services, and the frames of a user's private feed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

EVENT_VERSION = 1

TRADE_EXECUTED = "trade.executed"
TRADE_FAILED = "trade.failed"
TRADE_CANCELED = "trade.canceled"
AI_SIGNAL_GENERATED = "ai.signal.generated"
AI_SIGNAL_SCORED = "ai.signal.scored"
RISK_LIMIT_EXCEEDED = "risk.limit.exceeded"
# A paper session whose books did not balance.
SESSION_BROKEN = "risk.session.broken"
SIGN_IN = "security.sign_in"
TOKEN_REUSED = "security.token_reused"  # noqa: S105 - a name, not a token
PASSWORD_CHANGED = "security.password_changed"  # noqa: S105 - a name, not a password
VENUE_CREDENTIALS_CHANGED = "security.venue_credentials_changed"
TRADING_HALTED = "security.trading_halted"

ORDER_UPDATE = "order_update"
POSITION_UPDATE = "position_update"
ACCOUNT_UPDATE = "account_update"
AI_SIGNAL = "ai_signal"

# Which private channel carries which frame.
CHANNEL_OF_FRAME = {
    ORDER_UPDATE: "orders",
    POSITION_UPDATE: "positions",
    ACCOUNT_UPDATE: "account",
    AI_SIGNAL: "signals",
}
PRIVATE_CHANNELS = frozenset(CHANNEL_OF_FRAME.values())


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """One thing that happened.

    `message_id` is derived from what happened, never random, so that a repeated
    publication carries the same id. `data` is JSON-ready except that prices and
    quantities are Decimal.
    """

    routing_key: str
    message_id: str
    data: dict[str, Any]
    timestamp: datetime
    version: int = field(default=EVENT_VERSION)

    @property
    def event(self) -> str:
        """The event's name: the routing key with underscores, as the document writes it."""
        return self.routing_key.replace(".", "_")

    def envelope(self) -> dict[str, Any]:
        """Return what a consumer receives; Decimals and times are left to the serialiser."""
        return {
            "event": self.event,
            "routing_key": self.routing_key,
            "data": self.data,
            "timestamp": self.timestamp,
            "message_id": self.message_id,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class PrivateFrame:
    """One private event on its way to a user's sockets.

    `frame_type` is a key of `CHANNEL_OF_FRAME`. `event_id` is derived from what happened:
    the feed takes each one once.
    """

    frame_type: str
    data: dict[str, Any]
    event_id: str
    at: datetime

    @property
    def channel(self) -> str:
        """The private channel that carries this frame.

        Raises:
            KeyError: No channel carries this type: a mistake of the caller.
        """
        return CHANNEL_OF_FRAME[self.frame_type]
