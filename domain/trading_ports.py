"""What trading needs from the outside, as Protocols that adapters fulfil."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from domain.account import Account
from domain.orders import Order
from domain.reservation import Settled
from domain.trades import Execution, Trade

# Looks at an account and returns it changed, or None to leave it as it is.
Decision = Callable[[Account], Account | None]


class Clock(Protocol):
    """Our time."""

    def __call__(self) -> datetime:
        """Return the time now, in UTC."""


class AccountStore(Protocol):
    """The one place of balances, positions and open orders."""

    async def load(self, user_id: str) -> Account:
        """Return the committed state.

        Raises:
            Rejected: `NOT_FOUND` where the user has no account.
            Retryable: The store could not be reached.
        """

    async def known(self, user_id: str) -> Account:
        """Return the last state that this process committed or read; load where it has none.

        Raises:
            Rejected: `NOT_FOUND` where the user has no account.
            Retryable: The store could not be reached.
        """

    async def written(self, user_id: str, within_s: float) -> None:
        """Wait until this process writes the account, at most `within_s` seconds.

        What other processes write is not heard: look again after it either way.
        """

    async def change(self, user_id: str, decide: Decision) -> Account:
        """Apply a decision by compare-and-set; majority-committed on return.

        `decide` may be called again on a newer state, and a decision to change nothing is
        always made on the committed state.

        Raises:
            Rejected: `NOT_FOUND` where the user has no account.
            Retryable: The store could not be reached; the change may or may not be made.
        """

    async def settle(self, trade: Trade) -> Settled:
        """Put a trade's fills on its account and write its record, all or nothing.

        Idempotent: fills count once, and an older state of a trade changes nothing.

        Raises:
            Retryable: The store could not be reached; settling again is safe.
        """


class TradeStore(Protocol):
    """The records of trades, in the shape of `domain.trade_view`."""

    async def trade(self, trade_id: str) -> dict[str, object] | None:
        """Return one record.

        Raises:
            Retryable: The store could not be reached.
        """


class Venue(Protocol):
    """The exchange, as one user sees it.

    Every call raises Retryable for what passes by itself (Retry-After is honoured through
    `retry_after_s`) and Rejected for a final no.
    """

    def now_ms(self) -> int:
        """Return the venue's time by our clock and the measured difference."""

    async def server_time_ms(self) -> int:
        """Ask the venue for its time."""

    async def place(self, order: Order, requested_at_ms: int) -> Execution:
        """Send an order, signed with this time; the venue refuses it once that is old.

        Raises:
            Ambiguous: The venue may or may not have accepted it.
            Rejected: It has not, and never will.
            Retryable: It has not.
        """

    async def find(self, order: Order) -> Execution | None:
        """Look an order up by its client order id, with all its fills; None if there is none."""

    async def cancel(self, order: Order) -> None:
        """Cancel an open order.

        Raises:
            Rejected: `NOT_CANCELABLE` where it is not open any more.
        """

    async def balances(self, user_id: str) -> dict[str, Decimal]:
        """Return what the user holds at the venue by asset, locked included."""
