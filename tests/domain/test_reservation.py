from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account import Account, Balance, RiskLimits, TradingDay, TradingState
from domain.errors import ErrorCode, HaltTrading
from domain.market import Pricing
from domain.order_status import OrderStatus
from domain.orders import OrderIntent, OrderType, Side
from domain.reservation import NOT_UNDER_WAY, Reserved, Settled, release, reserve, restamp, settle
from domain.risk import Denial, LimitType
from domain.trades import Execution, Failure, Fill, Trade, advance, fail, lose_sight, submitting
from tests.domain.strategies import (
    NOW,
    RULES,
    WIDE,
    account_of,
    fill_of,
    intent_of,
    intents,
    numbers,
    order_of,
    pricing_of,
)

D = Decimal
S = OrderStatus
BUY, SELL = Side.BUY, Side.SELL
STAMP_MS = 1_000
UNIT = D("1e-8")
FAILURE = Failure(ErrorCode.VENUE_UNAVAILABLE, "nothing there")


def ask(
    account: Account, intent: OrderIntent, key: object = "key", **changes: Any
) -> Reserved | Denial:
    given_ = {"pricing": pricing_of(intent.symbol), "now": NOW, "requested_at_ms": STAMP_MS}
    return reserve(account, order_of(intent, key), **{**given_, **changes})


def held(account: Account, intent: OrderIntent, key: object = "key") -> Account:
    decision = ask(account, intent, key)
    assert isinstance(decision, Reserved)
    return decision.account


def trade_of(intent: OrderIntent, *fills: Fill, key: object = "key", end: OrderStatus) -> Trade:
    executed = sum((fill.quantity for fill in fills), D(0))
    at = max([NOW, *(fill.time for fill in fills)])
    word = Execution(7, end, fills, at, executed)
    return advance(submitting(order_of(intent, key), NOW), word)


def put(
    account: Account, intent: OrderIntent, *fills: Fill, end: OrderStatus = S.PARTIALLY_FILLED
) -> Account:
    return settle(account, trade_of(intent, *fills, end=end)).account


def balance(account: Account, asset: str) -> tuple[Decimal, Decimal]:
    found = account.balance(asset)
    return found.free, found.locked


LIMIT = intent_of("BTCUSDT", BUY, quantity="0.1", price="60000")
SALE = intent_of("BTCUSDT", SELL, quantity="0.1", price="60000")


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


def test_what_is_locked_already_is_not_free() -> None:
    account = replace(account_of(), balances={"USDT": Balance(D(5_999), D(9_999))})
    assert isinstance(ask(account, LIMIT), Denial)


def test_an_order_that_needs_nothing_is_denied() -> None:
    nothing = OrderIntent("BTCUSDT", BUY, OrderType.MARKET)
    denial = ask(account_of(USDT=100), nothing)
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
HOLDING = put(held(account_of(USDT=6_000), LIMIT), LIMIT, fill_of(1, "60000", "0.1"), end=S.FILLED)


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


# --- fills


@st.composite
def fill_lists(draw: st.DrawFn, side: Side) -> tuple[OrderIntent, list[Fill]]:
    rules = RULES["ETHBTC"]
    drawn = draw(st.lists(st.tuples(numbers(rules.step_size), numbers(rules.tick_size, 0, 99)),
                          min_size=1, max_size=5))  # fmt: skip
    limit = D("0.05")
    sign = -1 if side is BUY else 1
    fills = [
        fill_of(n, limit + sign * better, quantity, quantity / 1_000, asset=asset)
        for n, (quantity, better) in enumerate(drawn)
        for asset in [draw(st.sampled_from(["BNB", "ETH", "BTC"]))]
    ]
    total = sum((fill.quantity for fill in fills), D(0))
    return intent_of("ETHBTC", side, quantity=total + rules.step_size, price=limit), fills


@pytest.mark.parametrize("side", list(Side))
@given(data=st.data())
def test_fills_in_any_order_by_any_messenger_any_number_of_times_come_to_the_same(
    side: Side, data: st.DataObject
) -> None:
    intent, fills = data.draw(fill_lists(side))
    start = held(account_of(BTC=10, ETH=10, BNB=1), intent)
    at_once = put(start, intent, *fills)
    account = start
    # Each messenger knows some of the fills; each tells as often as it likes.
    for some in data.draw(st.lists(st.lists(st.sampled_from(fills), unique=True), max_size=8)):
        account = put(account, intent, *some)
    account = put(account, intent, *fills)
    assert account.balances == at_once.balances
    trade_id = order_of(intent).trade_id
    one, other = account.orders[trade_id], at_once.orders[trade_id]
    assert sorted(one.applied_fills) == sorted(other.applied_fills)
    assert one.reserved == other.reserved
    # An average is rounded at each step, so that the order shows in its last digit.
    assert abs(account.day.realized_pnl - at_once.day.realized_pnl) <= len(fills) * UNIT
    ended = put(account, intent, *fills, end=S.CANCELED)
    assert ended.balances == put(start, intent, *fills, end=S.CANCELED).balances
    assert ended.orders == {}
    assert all(found.locked == 0 for found in ended.balances.values())


def test_a_purchase_below_its_limit_frees_the_difference_at_once() -> None:
    account = put(held(account_of(USDT=6_000), LIMIT), LIMIT, fill_of(1, "59000", "0.04"))
    assert balance(account, "USDT") == (D(40), D(3_600))
    assert balance(account, "BTC") == (D("0.04"), D(0))
    done = put(
        account,
        LIMIT,
        fill_of(1, "59000", "0.04"),
        fill_of(2, "60000", "0.06"),
        end=S.FILLED,
    )
    assert balance(done, "USDT") == (D(40), D(0))


def test_a_purchase_above_its_limit_which_no_venue_makes_still_balances() -> None:
    account = put(held(account_of(USDT=7_000), LIMIT), LIMIT, fill_of(1, "61000", "0.04"))
    assert balance(account, "USDT") == (D(1_000), D(3_560))


def test_a_market_purchase_that_slips_beyond_what_is_held_takes_it_from_what_is_free() -> None:
    intent = intent_of("BTCUSDT", BUY, quantity="0.1")
    account = held(account_of(USDT=7_000), intent)
    assert balance(account, "USDT") == (D("699.99895"), D("6300.00105"))
    done = put(account, intent, fill_of(1, "65000", "0.1"), end=S.FILLED)
    assert balance(done, "USDT") == (D(500), D(0))
    cheap = put(account, intent, fill_of(1, "60000", "0.1"), end=S.FILLED)
    assert balance(cheap, "USDT") == (D(1_000), D(0))


def test_a_market_purchase_by_quote_quantity_returns_what_it_could_not_spend() -> None:
    intent = intent_of("BTCUSDT", BUY, quote_quantity="100")
    account = held(account_of(USDT=100), intent)
    partly = put(account, intent, fill_of(1, "60000", "0.001"))
    assert balance(partly, "USDT") == (D(0), D(40))
    done = put(account, intent, fill_of(1, "60000", "0.00166"), end=S.FILLED)
    assert balance(done, "USDT") == (D("0.4"), D(0))


def test_a_sale_by_quote_quantity_returns_what_it_did_not_need_and_takes_what_it_did() -> None:
    intent = intent_of("BTCUSDT", SELL, quote_quantity="100")
    account = held(account_of(BTC=1), intent)
    done = put(account, intent, fill_of(1, "61000", "0.00163"), end=S.FILLED)
    assert balance(done, "BTC") == (D("0.99837"), D(0))
    assert balance(done, "USDT") == (D("99.43"), D(0))
    slipped = put(account, intent, fill_of(1, "40000", "0.0025"), end=S.FILLED)
    assert balance(slipped, "BTC") == (D("0.9975"), D(0))


@pytest.mark.parametrize(
    ("asset", "usdt", "btc", "bnb"),
    [("USDT", "3999.9", "0.1", "1"), ("BTC", "4000", "0", "1"), ("BNB", "4000", "0.1", "0.9")],
)
def test_a_fee_leaves_the_asset_that_it_was_taken_in(
    asset: str, usdt: str, btc: str, bnb: str
) -> None:
    account = held(account_of(USDT=10_000, BNB=1), LIMIT)
    fill = fill_of(1, "60000", "0.1", "0.1", asset=asset)
    done = put(account, LIMIT, fill, end=S.FILLED)
    totals = [done.balance(name).total for name in ("USDT", "BTC", "BNB")]
    assert totals == [D(usdt), D(btc), D(bnb)]


def test_settling_tells_which_positions_changed() -> None:
    account = held(account_of(USDT=6_000), LIMIT)
    trade = trade_of(LIMIT, fill_of(1, "60000", "0.04"), fill_of(2, "60000", "0.06"), end=S.FILLED)
    settled = settle(account, trade)
    assert settled.positions == (settled.account.positions["BTCUSDT"],)
    assert settled.positions[0].quantity == D("0.1")
    assert settle(settled.account, trade) == Settled(settled.account)
    unfilled = settle(account, trade_of(LIMIT, end=S.NEW))
    assert unfilled.positions == ()
    assert unfilled.account.orders[trade.order.trade_id].is_confirmed


# --- the day


def test_what_a_sale_realised_counts_to_its_day() -> None:
    account = held(HOLDING, SALE)
    fill = fill_of(2, "59000", "0.1", "5.9", asset="USDT")
    lost = put(account, SALE, fill, end=S.FILLED)
    assert lost.day == TradingDay("2026-03-14", D("-105.9"), D(6_000))
    assert lost.positions["BTCUSDT"].realized_pnl == D("-105.9")


def test_a_day_that_a_fill_opens_begins_with_the_equity_before_it() -> None:
    account = held(HOLDING, SALE)
    tomorrow = NOW + timedelta(days=1)
    lost = put(account, SALE, fill_of(2, "59000", "0.1", time=tomorrow), end=S.FILLED)
    assert lost.day == TradingDay("2026-03-15", D(-100), D(6_000))
    bought = put(
        held(account_of(USDT=6_000), LIMIT),
        LIMIT,
        fill_of(1, "60000", "0.1", time=tomorrow),
        end=S.FILLED,
    )
    assert bought.day == TradingDay("2026-03-15", D(0), D(6_000))


def test_a_fill_of_yesterday_that_arrives_today_counts_today() -> None:
    account = held(HOLDING, SALE)
    account = replace(account, day=TradingDay("2026-03-15", D(-1), D(6_000)))
    lost = put(account, SALE, fill_of(2, "59000", "0.1"), end=S.FILLED)
    assert lost.day == TradingDay("2026-03-15", D(-101), D(6_000))


def test_a_result_in_another_asset_is_not_mixed_into_the_day() -> None:
    intent = intent_of("ETHBTC", BUY, quantity="1", price="0.05")
    account = put(
        held(account_of(BTC=1, USDT=100), intent),
        intent,
        fill_of(1, "0.05", "1"),
        end=S.FILLED,
    )
    sale = intent_of("ETHBTC", SELL, quantity="1", price="0.05")
    sold = put(held(account, sale), sale, fill_of(2, "0.06", "1"), end=S.FILLED)
    assert sold.positions["ETHBTC"].realized_pnl == D("0.01")
    assert sold.day.realized_pnl == 0


# --- release, restamp, contradictions

TRADE_ID = order_of(LIMIT).trade_id


def test_a_release_needs_the_right_stamp_and_undoes_the_reservation() -> None:
    start = account_of(USDT=10_000)
    account = held(start, LIMIT)
    for stamp_ms in (STAMP_MS - 1, STAMP_MS + 1, NOT_UNDER_WAY):
        assert release(account, TRADE_ID, stamp_ms) == account
    released = release(account, TRADE_ID, STAMP_MS)
    assert released.balances == start.balances
    assert released.orders == {}
    assert release(released, TRADE_ID, STAMP_MS) == released


def test_a_restamped_order_belongs_to_who_restamped_it() -> None:
    account = held(account_of(USDT=10_000), LIMIT)
    again = restamp(account, TRADE_ID, STAMP_MS, STAMP_MS + 5)
    assert again is not None
    assert again.orders[TRADE_ID].requested_at_ms == STAMP_MS + 5
    assert again.balances == account.balances
    assert release(again, TRADE_ID, STAMP_MS) == again
    assert restamp(again, TRADE_ID, STAMP_MS, STAMP_MS + 9) is None
    assert restamp(release(again, TRADE_ID, STAMP_MS + 5), TRADE_ID, STAMP_MS + 5, 9) is None


def test_what_the_venue_confirmed_is_neither_released_nor_sent_again() -> None:
    account = put(held(account_of(USDT=10_000), LIMIT), LIMIT, end=S.NEW)
    assert account.orders[TRADE_ID].is_confirmed
    assert release(account, TRADE_ID, STAMP_MS) == account
    assert restamp(account, TRADE_ID, STAMP_MS, STAMP_MS + 5) is None
    # Somebody who heard nothing reports late; what was confirmed stays so.
    late = settle(account, lose_sight(submitting(order_of(LIMIT), NOW), NOW)).account
    assert late == account


def test_an_order_that_failed_frees_what_it_held_but_not_once_it_was_confirmed() -> None:
    start = account_of(USDT=10_000)
    account = held(start, LIMIT)
    failed = fail(submitting(order_of(LIMIT), NOW), FAILURE, NOW)
    assert settle(account, failed).account.balances == start.balances
    confirmed = put(account, LIMIT, end=S.NEW)
    with pytest.raises(HaltTrading):
        settle(confirmed, failed)


def test_an_end_that_does_not_know_a_settled_fill_halts() -> None:
    account = put(held(account_of(USDT=10_000), LIMIT), LIMIT, fill_of(1, "60000", "0.04"))
    with pytest.raises(HaltTrading):
        put(account, LIMIT, end=S.CANCELED)
    with pytest.raises(HaltTrading):
        put(account, LIMIT, fill_of(2, "60000", "0.04"), end=S.CANCELED)


def test_the_pricing_of_another_symbol_reserves_nothing() -> None:
    pricing: Pricing = pricing_of("ETHUSDT")
    denial = ask(account_of(USDT=10_000), LIMIT, pricing=pricing)
    assert isinstance(denial, Denial)
    assert denial.code is ErrorCode.QUOTE_STALE
