from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account import Account, Balance, RiskLimits, TradingDay, TradingState
from domain.errors import ErrorCode, HaltTrading
from domain.orders import OrderIntent, OrderType, Side
from domain.reservation import Reserved
from domain.risk import Denial, LimitType
from tests.domain.desk import (
    BUY,
    HOLDING,
    LIMIT,
    SALE,
    SELL,
    STAMP_MS,
    UNIT,
    D,
    ask,
    balance,
    held,
)
from tests.domain.strategies import (
    NOW,
    WIDE,
    account_of,
    intent_of,
    intents,
    numbers,
    pricing_of,
)

# --- what an order needs, and what is held for it


@pytest.mark.parametrize(
    ("intent", "asset", "needed"),
    [
        (LIMIT, "USDT", "6000"),
        (SALE, "BTC", "0.1"),
        (intent_of("BTCUSDT", BUY, quantity="0.1"), "USDT", "6000.001"),
        (intent_of("BTCUSDT", BUY, quote_quantity="123.45"), "USDT", "123.45"),
        (intent_of("BTCUSDT", SELL, quantity="0.1"), "BTC", "0.1"),
        # 100 / 59999.99, in whole units and never less.
        (intent_of("BTCUSDT", SELL, quote_quantity="100"), "BTC", "0.00166667"),
        (intent_of("BTCUSDT", BUY, quantity="0.1", price="60", stop_price="61"), "USDT", "6"),
        # Nine decimals: what a venue that counts in 1e-8 may take is rounded up.
        (intent_of("ETHBTC", BUY, quantity="0.0003", price="0.05001"), "BTC", "0.00001501"),
    ],
)
def test_the_balance_denies_below_what_is_needed_and_passes_at_it(
    intent: OrderIntent, asset: str, needed: str
) -> None:
    enough, short = D(needed), D(needed) - UNIT
    decision = ask(account_of(**{asset: enough}), intent)
    assert isinstance(decision, Reserved)
    assert decision.account.balance(asset) == Balance(D(0), enough)
    assert (decision.open_order.reserved_asset, decision.open_order.reserved) == (asset, enough)
    denial = ask(account_of(**{asset: short}), intent)
    assert isinstance(denial, Denial)
    assert (denial.code, denial.limit_type) == (
        ErrorCode.INSUFFICIENT_BALANCE,
        LimitType.BALANCE,
    )
    assert (denial.current_value, denial.limit_value) == (short, enough)


@pytest.mark.parametrize(
    ("intent", "asset", "holds"),
    [
        (intent_of("BTCUSDT", BUY, quantity="0.1"), "USDT", "6300.00105"),
        (intent_of("BTCUSDT", SELL, quote_quantity="100"), "BTC", "0.00175001"),
    ],
)
def test_an_order_that_may_slip_holds_up_to_the_collar_more(
    intent: OrderIntent, asset: str, holds: str
) -> None:
    for free in (D(holds) + 1, D(holds), D(holds) - UNIT):
        account = held(account_of(**{asset: free}), intent)
        assert balance(account, asset) == (
            free - min(D(holds), free),
            min(D(holds), free),
        )


@pytest.mark.parametrize(
    ("intent", "asset", "holds"),
    [
        (LIMIT, "USDT", "6000"),
        (SALE, "BTC", "0.1"),
        (intent_of("BTCUSDT", BUY, quote_quantity="123.45"), "USDT", "123.45"),
        (intent_of("BTCUSDT", SELL, quantity="0.1"), "BTC", "0.1"),
    ],
)
def test_an_order_that_cannot_slip_holds_what_it_needs(
    intent: OrderIntent, asset: str, holds: str
) -> None:
    assert balance(held(account_of(**{asset: 10_000}), intent), asset)[1] == D(holds)


def test_a_worth_at_an_odd_rate_is_counted_in_whole_units_and_never_less() -> None:
    intent = intent_of("ETHBTC", BUY, quantity="0.0003", price="0.05001")
    pricing = replace(pricing_of("ETHBTC"), rate=D("60000.12345678"))
    decision = ask(account_of(BTC=1), intent, pricing=pricing)
    assert isinstance(decision, Reserved)
    assert decision.open_order.notional_quote == D("0.90018186")


def test_what_is_locked_already_is_not_free() -> None:
    account = replace(account_of(), balances={"USDT": Balance(D(5_999), D(9_999))})
    assert isinstance(ask(account, LIMIT), Denial)


@pytest.mark.parametrize("side", list(Side))
def test_an_order_that_needs_nothing_is_denied(side: Side) -> None:
    nothing = OrderIntent("BTCUSDT", side, OrderType.MARKET)
    denial = ask(account_of(USDT=10**6, BTC=10**6), nothing)
    assert isinstance(denial, Denial)
    assert denial.limit_type is LimitType.BALANCE


def test_a_denial_of_risk_comes_before_the_balance() -> None:
    account = replace(account_of(), trading_state=TradingState.HALTED)
    denial = ask(account, LIMIT)
    assert isinstance(denial, Denial)
    assert denial.code is ErrorCode.TRADING_HALTED


def test_what_is_on_the_account_after_a_reservation() -> None:
    decision = ask(account_of(USDT=10_000), LIMIT)
    assert isinstance(decision, Reserved)
    open_order = decision.open_order
    assert decision.account.orders == {open_order.order.trade_id: open_order}
    assert (open_order.requested_at_ms, open_order.created_at) == (STAMP_MS, NOW)
    assert (open_order.is_confirmed, open_order.applied_fills) == (False, ())
    assert open_order.notional_quote == 6_000
    assert decision.account.day == TradingDay("2026-03-14", D(0), D(10_000))
    assert decision.account.rate.count == 1
    cross = ask(account_of(BTC=1), intent_of("ETHBTC", BUY, quantity="1", price="0.05"))
    assert isinstance(cross, Reserved)
    assert cross.open_order.notional_quote == 3_000


def test_reserving_twice_or_for_somebody_else_halts() -> None:
    account = held(account_of(USDT=100_000), LIMIT)
    with pytest.raises(HaltTrading):
        ask(account, LIMIT)
    with pytest.raises(HaltTrading):
        ask(replace(account_of(USDT=100_000), user_id="user-2"), LIMIT)


# --- two orders


def small(**limits: Any) -> RiskLimits:
    return replace(WIDE, **limits)


OTHER = intent_of("ETHUSDT", BUY, quantity="2", price="3000")


@pytest.mark.parametrize(
    ("account", "one", "two", "limit_type"),
    [
        (account_of(USDT=11_999), LIMIT, LIMIT, LimitType.BALANCE),
        (account_of(USDT=11_999), LIMIT, OTHER, LimitType.BALANCE),
        (account_of(BTC="0.19999"), SALE, SALE, LimitType.BALANCE),
        (
            account_of(small(max_position_notional_quote=D(11_999)), USDT=10**6),
            LIMIT,
            LIMIT,
            LimitType.POSITION_NOTIONAL,
        ),
        (
            account_of(small(max_open_positions=1), USDT=10**6),
            LIMIT,
            OTHER,
            LimitType.OPEN_POSITIONS,
        ),
        (
            account_of(small(max_orders_per_minute=1), USDT=10**6),
            LIMIT,
            OTHER,
            LimitType.ORDERS_PER_MINUTE,
        ),
        (
            replace(
                HOLDING,
                trading_state=TradingState.REDUCING,
                balances={"BTC": Balance(D(1))},
            ),
            intent_of("BTCUSDT", SELL, quantity="0.06", price="60000"),
            intent_of("BTCUSDT", SELL, quantity="0.05"),
            LimitType.TRADING_STATE,
        ),
    ],
)
def test_two_orders_that_pass_alone_do_not_pass_together(
    account: Account, one: OrderIntent, two: OrderIntent, limit_type: LimitType
) -> None:
    for first, second in ((one, two), (two, one)):
        assert isinstance(ask(account, second, "second"), Reserved)
        denial = ask(held(account, first, "first"), second, "second")
        assert isinstance(denial, Denial)
        assert denial.limit_type is limit_type


@given(
    st.lists(intents(), min_size=2, max_size=10),
    numbers(D(1_000), 1, 40),
    st.integers(1, 3),
    st.integers(1, 6),
)
def test_what_passed_together_is_within_every_limit(
    asked: list[OrderIntent], most: Decimal, positions: int, orders: int
) -> None:
    limits = small(
        max_position_notional_quote=most,
        max_order_notional_quote=most * 3 / 4,
        max_open_positions=positions,
        max_orders_per_minute=orders,
    )
    account = account_of(limits, USDT=100_000, BTC=5, ETH=50, DOGE=10**6)
    bought: dict[str, Decimal] = {}
    passed = 0
    for number, intent in enumerate(asked):
        decision = ask(account, intent, number)
        if isinstance(decision, Denial):
            continue
        account, passed = decision.account, passed + 1
        pricing = pricing_of(intent.symbol)
        price = intent.price or (pricing.quote.ask if intent.side is BUY else pricing.quote.bid)
        worth = intent.quote_quantity or (intent.quantity or D(0)) * price
        assert worth * pricing.rate <= limits.max_order_notional_quote
        if intent.side is BUY:
            bought[intent.symbol] = bought.get(intent.symbol, D(0)) + worth * pricing.rate
    assert passed <= orders
    assert len(bought) <= positions
    assert all(worth <= most for worth in bought.values())
