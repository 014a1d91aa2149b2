"""Events for other services: the envelope of the topic exchange `botcore.events`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

EVENT_VERSION = 1

TRADE_EXECUTED = "trade.executed"
TRADE_FAILED = "trade.failed"
TRADE_CANCELED = "trade.canceled"
AI_SIGNAL_GENERATED = "ai.signal.generated"
RISK_LIMIT_EXCEEDED = "risk.limit.exceeded"


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
