"""What came of placing an order."""

from dataclasses import dataclass

from domain.risk import Denial
from domain.trades import Trade


@dataclass(frozen=True, slots=True)
class Placement:
    """Either a trade, whatever its status, or the denial that kept the order from leaving.

    `venue_ms` is the time that the call which placed the order spent at the venue.
    """

    trade: Trade | None = None
    denial: Denial | None = None
    venue_ms: float = 0.0
