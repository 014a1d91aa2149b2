"""What the domain's tests are made of: symbols, orders, fills, and how to draw them."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import strategies as st

from domain.account import Account, Balance, RiskLimits
from domain.market import Pricing, Quote, SymbolRules
from domain.orders import (
    STOP_TYPES,
    Order,
    OrderIntent,
    OrderType,
    Side,
    TimeInForce,
    fingerprint,
    trade_id_of,
)
from domain.trades import Fill

D = Decimal
USER = "user-1"
NOW = datetime(2026, 3, 14, 12, 0, 30, tzinfo=UTC)
UNIT = D("1e-8")


def _rules(symbol: str, quote: str, tick: str, step: str, min_notional: str) -> SymbolRules:
    return SymbolRules(
        symbol=symbol,
        base_asset=symbol.removesuffix(quote),
        quote_asset=quote,
        tick_size=D(tick),
        step_size=D(step),
        min_price=D(tick),
        max_price=D(tick) * 100_000_000,
        min_quantity=D(step),
        max_quantity=D(step) * 900_000_000,
        max_market_quantity=D(step) * 12_000_000,
        min_notional=D(min_notional),
    )


# ETHBTC moves nine decimals a fill before they are cut; DOGE trades in whole units.
RULES = {
    rules.symbol: rules
    for rules in (
        _rules("BTCUSDT", "USDT", "0.01", "0.00001", "5"),
        _rules("ETHUSDT", "USDT", "0.01", "0.0001", "5"),
        _rules("DOGEUSDT", "USDT", "0.00001", "1", "5"),
        _rules("ETHBTC", "BTC", "0.00001", "0.0001", "0.0001"),
    )
}
# Near these an order of a few hundred steps is worth something, and limits can be reached.
PRICES = {
    "BTCUSDT": D("60000.00"),
    "ETHUSDT": D("3000.00"),
    "DOGEUSDT": D("0.15000"),
    "ETHBTC": D("0.05000"),
}
RATES = {"USDT": D(1), "BTC": D(60_000)}


def intent_of(
    symbol: str = "BTCUSDT",
    side: Side = Side.BUY,
    *,
    quantity: Decimal | str | None = None,
    quote_quantity: Decimal | str | None = None,
    price: Decimal | str | None = None,
    stop_price: Decimal | str | None = None,
) -> OrderIntent:
    """Make an order of the type that its numbers ask for."""
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    return OrderIntent(
        symbol=symbol,
        side=side,
        type=kind if stop_price is None else OrderType.STOP_LOSS_LIMIT,
        quantity=None if quantity is None else D(quantity),
        quote_quantity=None if quote_quantity is None else D(quote_quantity),
        price=None if price is None else D(price),
        stop_price=None if stop_price is None else D(stop_price),
    )


def order_of(intent: OrderIntent, key: object = "key", user_id: str = USER) -> Order:
    """Give an intent its owner and ids."""
    rules = RULES[intent.symbol]
    return Order(
        trade_id=trade_id_of(user_id, str(key)),
        user_id=user_id,
        base_asset=rules.base_asset,
        quote_asset=rules.quote_asset,
        step_size=rules.step_size,
        intent=intent,
        fingerprint=fingerprint(intent),
    )


def quote_of(symbol: str = "BTCUSDT", price: Decimal | None = None) -> Quote:
    """Make a quote two ticks wide."""
    middle, tick = price or PRICES[symbol], RULES[symbol].tick_size
    return Quote(symbol, middle, middle - tick, middle + tick, D(1_000), D(1), NOW)


def pricing_of(symbol: str = "BTCUSDT", price: Decimal | None = None) -> Pricing:
    """Make the pricing of a symbol with its true worth to the account."""
    return Pricing(quote_of(symbol, price), RATES[RULES[symbol].quote_asset])


def fill_of(
    number: int,
    price: Decimal | str,
    quantity: Decimal | str,
    commission: Decimal | str = "0",
    *,
    asset: str = "BNB",
    time: datetime = NOW,
) -> Fill:
    """Make a fill; its fee is in BNB unless told otherwise."""
    return Fill(number, D(price), D(quantity), D(commission), asset, time)


# Limits that only their own tests reach.
WIDE = RiskLimits(
    max_open_positions=100,
    max_position_notional_quote=D(10) ** 10,
    max_order_notional_quote=D(10) ** 10,
    max_daily_loss_pct=D(10) ** 6,
    max_orders_per_minute=10**6,
    price_collar_bps=500,
)


def account_of(limits: RiskLimits = WIDE, /, **free: Decimal | int | str) -> Account:
    """Make an account with these free balances."""
    balances = {asset: Balance(free=D(value)) for asset, value in free.items()}
    return Account(user_id=USER, balances=balances, limits=limits)


def numbers(step: Decimal, least: int = 1, most: int = 500) -> st.SearchStrategy[Decimal]:
    """Draw whole multiples of a step."""
    return st.integers(least, most).map(lambda count: count * step)


def prices_near(symbol: str, within_ticks: int = 2_000) -> st.SearchStrategy[Decimal]:
    """Draw prices around the symbol's, on its ticks."""
    tick, middle = RULES[symbol].tick_size, PRICES[symbol]
    return st.integers(-within_ticks, within_ticks).map(lambda count: middle + count * tick)


@st.composite
def intents(
    draw: st.DrawFn,
    symbols: tuple[str, ...] = tuple(RULES),
    types: tuple[OrderType, ...] = tuple(OrderType),
) -> OrderIntent:
    """Draw a well-formed order within the filters' steps."""
    symbol = draw(st.sampled_from(symbols))
    rules, kind, side = RULES[symbol], draw(st.sampled_from(types)), draw(st.sampled_from(Side))
    is_market = kind is OrderType.MARKET
    by_quote = is_market and draw(st.booleans())
    return OrderIntent(
        symbol=symbol,
        side=side,
        type=kind,
        quantity=None if by_quote else draw(numbers(rules.step_size)),
        quote_quantity=draw(numbers(UNIT, most=10**11)) if by_quote else None,
        price=None if is_market else draw(prices_near(symbol)),
        stop_price=draw(prices_near(symbol)) if kind in STOP_TYPES else None,
        time_in_force=None if is_market else draw(st.sampled_from(TimeInForce)),
    )


# Anything that JSON can bring as a number, and what only a careless caller could.
wild_numbers = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals(min_value=-10, max_value=10**12, places=9),
    st.sampled_from([D("0"), D("-0"), D("1e30"), D("1e-30"), D("1e999999"), D("1e-999999")]),
    st.integers(-(10**40), 10**40).map(D),
)

# Few enough that two of them are often alike; some differ beyond the 28th digit only.
_few_numbers = st.sampled_from(
    [
        None,
        D("1"),
        D("1.0"),
        D("100e-2"),
        D("10"),
        D("1e1"),
        D("0.1"),
        D("1." + "0" * 30),
        D("1." + "0" * 30 + "1"),
        D("1." + "0" * 30 + "2"),
        D("1e999999"),
        D("1e-999999"),
    ]
)
few_intents = st.builds(
    OrderIntent,
    symbol=st.sampled_from(["BTCUSDT", "ETHUSDT"]),
    side=st.sampled_from(Side),
    type=st.sampled_from(OrderType),
    quantity=_few_numbers,
    quote_quantity=_few_numbers,
    price=_few_numbers,
    stop_price=_few_numbers,
    time_in_force=st.sampled_from([None, *TimeInForce]),
    ai_signal_id=st.sampled_from([None, "", "a", '","price":"1']),
)

moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
    timezones=st.timezones(),
)
