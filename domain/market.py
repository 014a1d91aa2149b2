"""Symbols, their trading rules, and quotes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """What the venue allows for one symbol (Binance's PRICE_FILTER, LOT_SIZE, NOTIONAL).

    Prices are in the quote asset, quantities in the base asset. A `tick_size` or
    `step_size` of zero means that the venue sets none.
    """

    symbol: str
    base_asset: str
    quote_asset: str
    tick_size: Decimal
    step_size: Decimal
    min_price: Decimal
    max_price: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    max_market_quantity: Decimal
    min_notional: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """The latest price of one symbol; all prices in the quote asset.

    `volume_24h` is in the base asset, `change_24h` in percent.
    """

    symbol: str
    price: Decimal
    bid: Decimal
    ask: Decimal
    volume_24h: Decimal
    change_24h: Decimal
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Pricing:
    """What an order is judged with.

    `rate` is the value of one unit of the symbol's quote asset in the account's.
    """

    quote: Quote
    rate: Decimal = Decimal(1)
