"""What the core needs from the outside, as Protocols that adapters fulfil."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from domain.events import DomainEvent, PrivateFrame
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

    async def push_many(self, user_id: str, frames: Sequence[PrivateFrame]) -> list[int]:
        """Append several events of one user, in order, in one round trip.

        Raises:
            Retryable: The feed could not be reached; pushing again is safe.
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


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """Who a verified access token speaks for, and until when.

    `session_id` names the sign-in that it came from.
    """

    user_id: str
    roles: tuple[str, ...]
    expires_at: datetime
    token_id: str
    session_id: str = ""


class TokenVerifier(Protocol):
    """Reads access tokens."""

    def verify(self, token: str) -> AccessClaims:
        """Return the claims of a valid token.

        Raises:
            Rejected: `TOKEN_EXPIRED` or `TOKEN_INVALID`.
        """


@dataclass(frozen=True, slots=True)
class VenueCredentials:
    """A user's keys at the venue; never logged, published or put into a history."""

    api_key: str
    api_secret: str

    def __repr__(self) -> str:
        """Tell nothing."""
        return "VenueCredentials(***)"


class CredentialVault(Protocol):
    """Keeps venue credentials encrypted at rest."""

    async def store(self, user_id: str, credentials: VenueCredentials) -> None:
        """Encrypt and keep; replaces what was there."""

    async def credentials(self, user_id: str) -> VenueCredentials | None:
        """Decrypt a user's credentials, or None where there are none.

        Raises:
            Retryable: The store could not be reached.
            HaltTrading: What is stored does not decrypt with the configured key.
        """


class AccountOpening(Protocol):
    """Opens the trading account of a new user."""

    async def open_account(self, user_id: str, balances: dict[str, Decimal]) -> None:
        """Make the account with these free balances by asset; a second call changes nothing.

        Raises:
            Retryable: The store could not be reached.
        """
