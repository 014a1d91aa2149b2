from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account import (
    OrderRate,
    TradingDay,
)
from domain.errors import ErrorCode
from domain.orders import OrderIntent, Side
from domain.risk import (
    Denial,
    LimitType,
    base_quantity,
    expected_price,
    notional,
)
from tests.domain.judging import (
    BUY,
    BUY_TENTH,
    NEXT,
    SELL,
    SELL_TENTH,
    D,
    account,
    holding,
    judge,
    limited,
    pending,
    position,
    reason,
    waiting,
)
from tests.domain.strategies import (
    NOW,
    intent_of,
    quote_of,
)

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
    # 2 ETH at a bid of 0.04999 BTC are worth another 5,998.8.
    held = holding(position("ETHBTC", "2"))
    for most, passes in ((D("6298.8"), True), (D("6298.8") - NEXT, False)):
        state = account(limited(max_position_notional_quote=most), positions=held)
        assert (judge(state, intent) is None) == passes


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
