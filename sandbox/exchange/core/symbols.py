"""The symbols that trade here, their filters, and how they appear in `exchangeInfo`."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from typing import Any, Final

UNIT: Final = Decimal("0.00000001")
ORDER_TYPES: Final = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)
STP_MODES: Final = ("EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")
DEFAULT_STP: Final = "EXPIRE_MAKER"
MAX_OPEN_ORDERS: Final = 200
MAX_OPEN_STOPS: Final = 5


def text(value: Decimal) -> str:
    """Eight decimals, as every price and quantity of the protocol is written."""
    return f"{value:.8f}"


def quote_of(price: Decimal, quantity: Decimal) -> Decimal:
    """Quote asset that changes hands in one fill, cut to eight decimals."""
    return (price * quantity).quantize(UNIT, ROUND_DOWN)


def quote_needed(price: Decimal, quantity: Decimal) -> Decimal:
    """Quote asset to set aside for a purchase, rounded up to eight decimals.

    Rounding up keeps this true: what a fill takes plus what the rest needs is never more.
    """
    return (price * quantity).quantize(UNIT, ROUND_CEILING)


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """One traded pair.

    Attributes:
        start_price: Where the model's price function is centred.
        tick_size: Smallest price step.
        step_size: Smallest quantity step.
        max_quantity: Largest quantity of a limit order.
        market_max_quantity: Largest quantity of a market order.
        min_notional: Smallest price times quantity, in quote asset.
        max_position: Largest holding plus open purchases, in base asset; None for no limit.
        daily_volatility: Standard deviation of a day's log return, for the model only.
        depth_quote: What one price level holds, in quote asset, for the model only.
    """

    symbol: str
    base: str
    quote: str
    start_price: Decimal
    tick_size: Decimal
    step_size: Decimal
    max_quantity: Decimal
    market_max_quantity: Decimal
    min_notional: Decimal
    daily_volatility: float
    depth_quote: float
    max_position: Decimal | None = None

    @property
    def max_price(self) -> Decimal:
        """The highest price the PRICE_FILTER lets through."""
        return self.tick_size * 100_000_000

    def to_tick(self, price: Decimal) -> Decimal:
        """`price` cut down to a whole tick."""
        return price // self.tick_size * self.tick_size

    def to_step(self, quantity: Decimal) -> Decimal:
        """`quantity` cut down to a whole step."""
        return quantity // self.step_size * self.step_size


MAX_NOTIONAL: Final = Decimal(9_000_000)
BID_UP, BID_DOWN = Decimal(5), Decimal("0.2")
ASK_UP, ASK_DOWN = Decimal(5), Decimal("0.2")
AVG_PRICE_MINS: Final = 5


def _pair(row: str) -> SymbolRules:
    base, quote, price, tick, step, most, market_most, notional, volatility, depth = row.split()
    return SymbolRules(
        base + quote,
        base,
        quote,
        Decimal(price),
        Decimal(tick),
        Decimal(step),
        Decimal(most),
        Decimal(market_most),
        Decimal(notional),
        float(volatility),
        float(depth),
    )


# base quote price tick step max market_max min_notional daily_volatility depth_quote
_TABLE: Final = """
BTC USDT 67000 0.01 0.00001 9000 120 5 0.025 30000
ETH USDT 3300 0.01 0.0001 9000 2400 5 0.032 24000
BNB USDT 610 0.01 0.001 900000 2600 5 0.028 12000
SOL USDT 165 0.01 0.001 900000 22000 5 0.042 14000
XRP USDT 0.62 0.0001 0.1 9222449 3000000 5 0.038 9000
ADA USDT 0.46 0.0001 0.1 900000000 2800000 5 0.040 6000
DOGE USDT 0.158 0.00001 1 9000000000 14000000 1 0.048 8000
LTC USDT 84 0.01 0.001 900000 12000 5 0.036 6000
LINK USDT 15.2 0.01 0.01 900000 110000 5 0.042 5000
DOT USDT 6.9 0.001 0.01 900000 180000 5 0.040 5000
AVAX USDT 34 0.01 0.01 900000 60000 5 0.044 6000
ETH BTC 0.0492 0.00001 0.0001 100000 2600 0.0001 0.016 0.3
"""

SYMBOLS: Final[dict[str, SymbolRules]] = {
    rules.symbol: rules for rules in map(_pair, _TABLE.strip().splitlines())
}


def filters_of(rules: SymbolRules) -> list[dict[str, Any]]:
    """The filters of one symbol in `exchangeInfo` form."""
    found: list[dict[str, Any]] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": text(rules.tick_size),
            "maxPrice": text(rules.max_price),
            "tickSize": text(rules.tick_size),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": text(rules.step_size),
            "maxQty": text(rules.max_quantity),
            "stepSize": text(rules.step_size),
        },
        {"filterType": "ICEBERG_PARTS", "limit": 100},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": text(Decimal(0)),
            "maxQty": text(rules.market_max_quantity),
            "stepSize": text(Decimal(0)),
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": f"{BID_UP.normalize():f}",
            "bidMultiplierDown": f"{BID_DOWN.normalize():f}",
            "askMultiplierUp": f"{ASK_UP.normalize():f}",
            "askMultiplierDown": f"{ASK_DOWN.normalize():f}",
            "avgPriceMins": AVG_PRICE_MINS,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": text(rules.min_notional),
            "applyMinToMarket": True,
            "maxNotional": text(MAX_NOTIONAL),
            "applyMaxToMarket": False,
            "avgPriceMins": AVG_PRICE_MINS,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MAX_OPEN_ORDERS},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": MAX_OPEN_STOPS},
    ]
    if rules.max_position is not None:
        found.append({"filterType": "MAX_POSITION", "maxPosition": text(rules.max_position)})
    return found


def symbol_info(rules: SymbolRules) -> dict[str, Any]:
    """One symbol of `exchangeInfo`."""
    return {
        "symbol": rules.symbol,
        "status": "TRADING",
        "baseAsset": rules.base,
        "baseAssetPrecision": 8,
        "quoteAsset": rules.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(ORDER_TYPES),
        "icebergAllowed": False,
        "ocoAllowed": True,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters_of(rules),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": DEFAULT_STP,
        "allowedSelfTradePreventionModes": list(STP_MODES),
    }
