"""What came of placing an order, and what the account's word on it means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.account import Account, OpenOrder
from domain.errors import Ambiguous, ErrorCode, Retryable
from domain.orders import Order
from domain.reservation import Reserved
from domain.risk import Denial
from domain.timing import READ_YOUR_WRITES_S
from domain.trades import Trade


@dataclass(frozen=True, slots=True)
class Placement:
    """Either a trade, whatever its status, or the denial that kept the order from leaving.

    `laps_ms` is how long the parts of the attempt took that placed the order, in milliseconds:
    `start` (the workflow's), `reserve` and `recall` (an earlier record) beside each other, then
    `venue`.
    """

    trade: Trade | None = None
    denial: Denial | None = None
    laps_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """Whether this is how the trade stays."""
        return self.trade is not None and self.trade.is_terminal


class LeftToWorkflow(Ambiguous):
    """A first attempt withdrew unsent: the workflow's task may be at another worker."""


def the_same(open_order: OpenOrder, order: Order) -> OpenOrder:
    """Return the order of the account if it is the one that was asked for.

    Raises:
        Retryable: It is another one under the same Idempotency-Key; whoever reserved it has
            lost the key to this one, and is about to withdraw it.
    """
    if open_order.order.fingerprint != order.fingerprint:
        raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "another order is under this key yet")
    return open_order


def is_premature(decision: Reserved | OpenOrder | Denial, account: Account, now: datetime) -> bool:
    """Whether a denial for want of balance was made while a fill was on its way."""
    if not isinstance(decision, Denial) or decision.code is not ErrorCode.INSUFFICIENT_BALANCE:
        return False
    fresh = now - timedelta(seconds=READ_YOUR_WRITES_S)
    return any(not o.is_confirmed and o.created_at > fresh for o in account.orders.values())
