"""What the core needs from the outside, as Protocols that adapters fulfil."""

from datetime import datetime
from typing import Any, Protocol

from domain.events import DomainEvent
from domain.market import Quote, SymbolRules


class EventBus(Protocol):
    """Where other services hear of what happened."""

    async def publish(self, event: DomainEvent) -> None:
        """Hand one event to the broker; return only once it is confirmed.

        Raises:
            Retryable: The broker did not confirm; publishing again is safe, because
                consumers are idempotent on `message_id`.
        """


class UserFeed(Protocol):
    """The private event feed of each user, read by the WebSocket gateway."""

    async def push(
        self, user_id: str, frame_type: str, data: dict[str, Any], *, event_id: str, at: datetime
    ) -> int:
        """Append one private event and return its sequence (rises by one per user).

        The same `event_id` again changes nothing and returns the first sequence.

        Raises:
            Retryable: The feed could not be reached.
        """


class QuoteBoard(Protocol):
    """The latest prices."""

    async def quote(self, symbol: str) -> Quote | None:
        """Return the live quote, or None where it is older than its time to live.

        Raises:
            Retryable: The cache could not be reached.
        """


class SymbolBook(Protocol):
    """The venue's symbols and their rules."""

    def rules(self, symbol: str) -> SymbolRules | None:
        """Return the rules of one symbol, or None where the venue does not trade it."""

    def all_rules(self) -> list[SymbolRules]:
        """Return every symbol's rules, sorted by symbol."""
