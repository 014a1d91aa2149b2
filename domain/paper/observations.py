"""What a session hears of the market between its orders."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.paper.book import BookSnapshot


@dataclass(frozen=True, slots=True)
class MarketTrade:
    """One public trade; `trade_id` rises by time within a symbol.

    `is_buyer_maker` as Binance tells it: the seller came to a resting bid.
    """

    symbol: str
    price: Decimal
    quantity: Decimal
    is_buyer_maker: bool
    trade_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class QueueSeen:
    """How far the queue before one resting order has moved, as its watcher counted it.

    It stands for all the trades and snapshots that only moved the queue: the session need not
    hear each of them. `order_id` is the trade id of our resting order.
    """

    symbol: str
    order_id: str
    ahead: Decimal
    level_quantity: Decimal
    traded: Decimal
    crossed: Decimal


Observation = MarketTrade | BookSnapshot | QueueSeen
