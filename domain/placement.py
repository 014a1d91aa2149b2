"""What came of placing an order."""

from dataclasses import dataclass

from domain.risk import Denial
from domain.trades import Trade


@dataclass(frozen=True, slots=True)
class Placement:
    """Either a trade, whatever its status, or the denial that kept the order from leaving."""

    trade: Trade | None = None
    denial: Denial | None = None
