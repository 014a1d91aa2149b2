from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from domain.account import (
    Account,
    OpenOrder,
    OrderRate,
    RiskLimits,
    TradingState,
)
from domain.errors import ErrorCode
from domain.market import Pricing
from domain.orders import OrderIntent
from domain.risk import (
    LimitType,
    advance_rate,
)
from tests.domain.judging import (
    BUY,
    BUY_TENTH,
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
    PRICES,
    intent_of,
    intents,
    pricing_of,
    quote_of,
    wild_numbers,
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
    assert denial.detail == "trading is HALTED: no order is accepted"


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
