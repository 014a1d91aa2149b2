from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account import (
    Account,
    OpenOrder,
    OrderRate,
    RiskLimits,
    TradingDay,
    TradingState,
)
from domain.errors import ErrorCode
from domain.market import Pricing
from domain.orders import OrderIntent, Side
from domain.positions import Position
from domain.risk import (
    Denial,
    LimitType,
    advance_rate,
    base_quantity,
    check,
    expected_price,
    notional,
    orders_last_minute,
)
from tests.domain.strategies import (
    NOW,
    PRICES,
    RULES,
    WIDE,
    account_of,
    intent_of,
    intents,
    order_of,
    pricing_of,
    quote_of,
    wild_numbers,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
NEXT = D("0.00000001")


def account(limits: RiskLimits = WIDE, **changes: Any) -> Account:
    return replace(account_of(limits, USDT=10**9, BTC=10**6), **changes)


def limited(**limits: Any) -> RiskLimits:
    return replace(WIDE, **limits)


def position(symbol: str = "BTCUSDT", quantity: str = "0.1") -> Position:
    rules = RULES[symbol]
    return Position(
        symbol, "user-1", symbol, rules.quote_asset, D(quantity), PRICES[symbol], D(0), NOW
    )


def holding(*positions: Position) -> dict[str, Position]:
    return {held.symbol: held for held in positions}


def pending(intent: OrderIntent, key: str, worth: str = "0", reserved: str = "0") -> OpenOrder:
    order = order_of(intent, key)
    asset = order.quote_asset if intent.side is BUY else order.base_asset
    return OpenOrder(order, 1, NOW, asset, D(reserved), D(worth))


def waiting(*orders: OpenOrder) -> dict[str, OpenOrder]:
    return {order.order.trade_id: order for order in orders}


def judge(state: Account, intent: OrderIntent, pricing: Pricing | None = None) -> Denial | None:
    return check(state, order_of(intent), pricing or pricing_of(intent.symbol), NOW)


def reason(state: Account, intent: OrderIntent) -> LimitType | None:
    denial = judge(state, intent)
    return denial.limit_type if denial else None


BUY_TENTH = intent_of("BTCUSDT", BUY, quantity="0.1", price="60000")  # worth 6,000
SELL_TENTH = intent_of("BTCUSDT", SELL, quantity="0.1", price="60000")


# --- what an order is judged at


def test_an_order_is_judged_at_its_limit_or_at_the_side_that_it_takes() -> None:
    quote = quote_of()
    assert expected_price(BUY_TENTH, quote) == 60_000
    assert expected_price(intent_of(side=BUY, quantity="1"), quote) == quote.ask
    assert expected_price(intent_of(side=SELL, quantity="1"), quote) == quote.bid
    assert notional(intent_of(side=SELL, quantity="2"), quote) == 2 * quote.bid
    assert notional(intent_of(quote_quantity="123.45"), quote) == D("123.45")
    assert base_quantity(BUY_TENTH, quote) == D("0.1")


@given(st.integers(1, 10**13), st.integers(1, 10**12))
def test_a_quote_order_takes_at_least_so_much_of_the_base_in_whole_units(
    units: int, cents: int
) -> None:
    spent, price = units * NEXT, cents * D("0.01")
    quote = replace(quote_of(), bid=price)
    quantity = base_quantity(intent_of(side=SELL, quote_quantity=spent), quote)
    exact = Fraction(spent) / Fraction(price)
    assert exact <= Fraction(quantity) < exact + Fraction(NEXT)
    assert quantity == quantity.quantize(NEXT)


# --- each denial at its boundary


def test_an_order_within_every_limit_passes() -> None:
    assert judge(account(), BUY_TENTH) is None


@pytest.mark.parametrize("intent", [BUY_TENTH, SELL_TENTH])
def test_order_notional(intent: OrderIntent) -> None:
    at, below = limited(max_order_notional_quote=6_000), D(6_000) - NEXT
    assert judge(account(at), intent) is None
    assert judge(account(limited(max_order_notional_quote=below)), intent) == Denial(
        ErrorCode.RISK_LIMIT_EXCEEDED,
        LimitType.ORDER_NOTIONAL,
        "the order is worth too much",
        D(6_000),
        below,
    )


def test_notionals_count_in_the_accounts_own_asset() -> None:
    intent = intent_of("ETHBTC", BUY, quantity="0.1", price="0.05")  # 0.005 BTC
    for name in ("max_order_notional_quote", "max_position_notional_quote"):
        assert judge(account(limited(**{name: D(300)})), intent) is None
        assert judge(account(limited(**{name: D(300) - NEXT})), intent) is not None


def test_position_notional_counts_what_is_held_what_is_pending_and_what_is_asked() -> None:
    held = 1_000 * quote_of().bid / 10_000
    other = pending(intent_of("ETHUSDT", BUY, quantity="1", price="3000"), "other", "3000")
    ours = pending(intent_of("BTCUSDT", BUY, quantity="1", price="100"), "ours", "100")
    sale = pending(intent_of("BTCUSDT", SELL, quantity="1", price="70000"), "sale", "70000")
    state = {"positions": holding(position()), "orders": waiting(other, ours, sale)}
    limit = held + 100 + 6_000
    at = account(limited(max_position_notional_quote=limit), **state)
    below = account(limited(max_position_notional_quote=limit - NEXT), **state)
    assert reason(at, BUY_TENTH) is None
    denial = judge(below, BUY_TENTH)
    assert denial is not None
    assert (denial.limit_type, denial.code) == (
        LimitType.POSITION_NOTIONAL,
        ErrorCode.RISK_LIMIT_EXCEEDED,
    )
    assert (denial.current_value, denial.limit_value) == (limit, limit - NEXT)
    assert reason(below, SELL_TENTH) is None


def test_open_positions_count_symbols_that_are_held_or_being_bought() -> None:
    buying = pending(intent_of("DOGEUSDT", BUY, quantity="100", price="0.15"), "doge")
    selling = pending(intent_of("ETHBTC", SELL, quantity="1", price="0.05"), "eth")
    state: dict[str, Any] = {
        "positions": holding(position("ETHUSDT")),
        "orders": waiting(buying, selling),
    }
    assert reason(account(limited(max_open_positions=3), **state), BUY_TENTH) is None
    two = account(limited(max_open_positions=2), **state)
    assert reason(two, BUY_TENTH) is LimitType.OPEN_POSITIONS
    assert reason(two, SELL_TENTH) is None
    # More of what is held already is no further position.
    assert reason(two, intent_of("ETHUSDT", BUY, quantity="1", price="3000")) is None
    closed = replace(position("BTCUSDT"), closed_at=NOW)
    with_closed = replace(two, positions=holding(position("ETHUSDT"), closed))
    assert reason(with_closed, BUY_TENTH) is LimitType.OPEN_POSITIONS


@pytest.mark.parametrize(
    ("realized", "expected"),
    [
        ("-49.99999999", None),
        ("-50", LimitType.DAILY_LOSS),
        ("-50.00000001", LimitType.DAILY_LOSS),
        ("50", None),
    ],
)
def test_daily_loss(realized: str, expected: LimitType | None) -> None:
    day = TradingDay("2026-03-14", D(realized), D(1_000))
    state = account(limited(max_daily_loss_pct=D(5)), day=day)
    assert reason(state, BUY_TENTH) is expected
    # What is not held cannot be left; a position can.
    assert reason(state, SELL_TENTH) is expected
    assert reason(replace(state, positions=holding(position())), SELL_TENTH) is None
    assert reason(replace(state, positions=holding(position())), BUY_TENTH) is expected


def test_a_day_without_a_loss_is_no_loss_even_where_none_is_allowed() -> None:
    strict = limited(max_daily_loss_pct=D(0))
    for realized, passes in (("0", True), ("0.01", True), ("-0.00000001", False)):
        day = TradingDay("2026-03-14", D(realized), D(1_000))
        assert (judge(account(strict, day=day), BUY_TENTH) is None) == passes


def test_a_loss_against_no_opening_equity_denies() -> None:
    state = account(limited(max_daily_loss_pct=D(5)), day=TradingDay("2026-03-14", -NEXT, D(0)))
    assert reason(state, BUY_TENTH) is LimitType.DAILY_LOSS


# ask 60000.01, bid 59999.99, 500 bps
@pytest.mark.parametrize(
    ("side", "price", "stop_price", "passes"),
    [
        (BUY, "63000.01", None, True),
        (BUY, "63000.02", None, False),
        (BUY, "1", None, True),
        (SELL, "57000.00", None, True),
        (SELL, "56999.99", None, False),
        (SELL, "900000", None, True),
        # A stop's limit is measured from where it wakes up.
        (BUY, "73500.00", "70000", True),
        (BUY, "73500.01", "70000", False),
        (SELL, "47500.00", "50000", True),
        (SELL, "47499.99", "50000", False),
    ],
)
def test_price_collar(side: Side, price: str, stop_price: str | None, passes: bool) -> None:  # noqa: FBT001 - a column of the table
    intent = intent_of("BTCUSDT", side, quantity="0.001", price=price, stop_price=stop_price)
    denial = judge(account(), intent)
    assert (denial is None) == passes
    if denial is not None:
        assert denial.limit_type is LimitType.PRICE_COLLAR
        assert denial.limit_value == 500
        assert denial.current_value is not None
        assert denial.current_value > 500


def test_a_market_order_has_no_price_that_a_collar_could_hold() -> None:
    assert judge(account(limited(price_collar_bps=0)), intent_of(quantity="0.001")) is None


def test_order_rate() -> None:
    limits = limited(max_orders_per_minute=10)
    minute = int(NOW.timestamp()) // 60  # NOW is half a minute in: half of the last one counts
    passing, denied = OrderRate(minute, 6, 8), OrderRate(minute, 6, 9)
    assert judge(account(limits, rate=passing), BUY_TENTH) is None
    assert judge(account(limits, rate=denied), BUY_TENTH) == Denial(
        ErrorCode.RISK_LIMIT_EXCEEDED,
        LimitType.ORDERS_PER_MINUTE,
        "too many orders in a minute",
        D("10.5"),
        D(10),
    )


# --- trading state


@pytest.mark.parametrize("intent", [BUY_TENTH, SELL_TENTH])
def test_halted_accepts_nothing(intent: OrderIntent) -> None:
    state = account(trading_state=TradingState.HALTED, positions=holding(position()))
    denial = judge(state, intent)
    assert denial is not None
    assert (denial.code, denial.limit_type) == (
        ErrorCode.TRADING_HALTED,
        LimitType.TRADING_STATE,
    )


def reducing(*orders: OpenOrder, quantity: str = "0.1") -> Account:
    return account(
        trading_state=TradingState.REDUCING,
        positions=holding(position(quantity=quantity)),
        orders=waiting(*orders),
    )


def sell(quantity: str, symbol: str = "BTCUSDT") -> OrderIntent:
    return intent_of(symbol, SELL, quantity=quantity, price=PRICES[symbol])


def test_reducing_accepts_sales_up_to_the_position() -> None:
    assert reason(reducing(), sell("0.1")) is None
    assert reason(reducing(), sell("0.10001")) is LimitType.TRADING_STATE
    assert reason(reducing(), BUY_TENTH) is LimitType.TRADING_STATE
    assert reason(reducing(), sell("0.1", "ETHUSDT")) is LimitType.TRADING_STATE
    closed = holding(replace(position(), closed_at=NOW))
    assert reason(replace(reducing(), positions=closed), sell("0.1")) is not None


def test_reducing_counts_the_sales_that_wait() -> None:
    half = pending(sell("0.06"), "half", reserved="0.06")
    assert reason(reducing(half), sell("0.04")) is None
    assert reason(reducing(half), sell("0.04001")) is LimitType.TRADING_STATE
    # Half of it is filled: the position has shrunk by what the reservation has.
    partly = replace(half, reserved=D("0.03"))
    assert reason(reducing(partly, quantity="0.07"), sell("0.04")) is None
    assert reason(reducing(partly, quantity="0.07"), sell("0.04001")) is not None
    # The base asset may be promised elsewhere, too.
    elsewhere = pending(intent_of("ETHBTC", BUY, quantity="1", price="0.05"), "x", reserved="0.05")
    assert reason(reducing(elsewhere), sell("0.05")) is None
    assert reason(reducing(elsewhere), sell("0.05001")) is not None
    # A purchase promises the quote asset and takes nothing away.
    buying = pending(BUY_TENTH, "buy", reserved="6000")
    assert reason(reducing(buying), sell("0.1")) is None


def test_reducing_by_quote_quantity_counts_what_it_would_sell() -> None:
    bid = quote_of().bid
    assert reason(reducing(), intent_of(side=SELL, quote_quantity=bid / 10)) is None
    more = intent_of(side=SELL, quote_quantity=bid / 10 + D("0.01"))
    assert reason(reducing(), more) is LimitType.TRADING_STATE


# --- closed where it cannot be judged


@given(intents(), wild_numbers, wild_numbers, wild_numbers)
def test_without_usable_prices_nothing_passes_and_nothing_breaks(
    intent: OrderIntent, bid: Decimal, ask: Decimal, rate: Decimal
) -> None:
    true = pricing_of(intent.symbol)
    for quote_bid, quote_ask, worth in (
        (bid, ask, rate),
        (bid, true.quote.ask, true.rate),
        (true.quote.bid, ask, true.rate),
        (true.quote.bid, true.quote.ask, rate),
    ):
        quote = replace(true.quote, bid=quote_bid, ask=quote_ask)
        denial = judge(account(), intent, Pricing(quote, worth))
        if not all(value.is_finite() and value > 0 for value in (quote_bid, quote_ask, worth)):
            assert denial is not None
            assert (denial.code, denial.limit_type) == (ErrorCode.QUOTE_STALE, LimitType.QUOTE)


def test_the_quote_of_another_symbol_is_none() -> None:
    denial = judge(account(), BUY_TENTH, pricing_of("ETHUSDT"))
    assert denial is not None
    assert denial.limit_type is LimitType.QUOTE


@pytest.mark.parametrize(
    "limits",
    [
        limited(max_open_positions=0),
        limited(max_position_notional_quote=D(0)),
        limited(max_order_notional_quote=D(0)),
        limited(max_orders_per_minute=0),
    ],
)
@given(intent=intents())
def test_a_limit_of_zero_lets_no_purchase_pass(limits: RiskLimits, intent: OrderIntent) -> None:
    state = account(limits, rate=advance_rate(OrderRate(), NOW))
    assert judge(state, replace(intent, side=BUY)) is not None


# --- the order rate


def at(second: float) -> datetime:
    return datetime(2026, 3, 14, 12, 0, tzinfo=UTC) + timedelta(seconds=second)


@given(st.lists(st.integers(0, 250), max_size=120).map(sorted), st.integers(1, 20))
def test_the_window_counts_this_minute_and_what_is_left_of_the_last(
    seconds: list[int], limit: int
) -> None:
    rate, accepted = OrderRate(), list[int]()
    for second in seconds:
        tried = advance_rate(rate, at(second))
        this = sum(s // 60 == second // 60 for s in accepted) + 1
        last = sum(s // 60 == second // 60 - 1 for s in accepted)
        estimate = orders_last_minute(tried, at(second))
        assert abs(estimate * 60 - (this * 60 + last * (60 - second % 60))) < D("1e-20")
        if estimate <= limit:
            rate = tried
            accepted.append(second)
    for second in accepted:
        assert sum(s // 60 == second // 60 for s in accepted) <= limit
        assert sum(0 <= s - second < 60 for s in accepted) <= 2 * limit


@given(st.integers(1, 500), st.integers(0, 500), st.integers(0, 119))
def test_a_clock_that_lags_does_not_empty_the_window(count: int, previous: int, lag_s: int) -> None:
    minute = int(at(60).timestamp()) // 60
    rate = OrderRate(minute, count, previous)
    lagging = at(60 - lag_s)
    after = advance_rate(rate, lagging)
    assert after == OrderRate(minute, count + 1, previous)
    assert orders_last_minute(after, lagging) == count + 1 + previous


def test_a_third_of_the_last_minute_is_exactly_a_third() -> None:
    minute = int(at(0).timestamp()) // 60
    assert orders_last_minute(OrderRate(minute, 5, 15), at(40)) == 10
    assert orders_last_minute(OrderRate(minute, 5, 15), at(20)) == 15


def test_a_quiet_minute_empties_the_window() -> None:
    rate = OrderRate(int(at(0).timestamp()) // 60, 50, 50)
    assert advance_rate(rate, at(119)).previous_count == 50
    assert advance_rate(rate, at(120)).previous_count == 0
    assert advance_rate(rate, at(120)).count == 1
