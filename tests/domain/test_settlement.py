from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account import TradingDay
from domain.orders import OrderIntent, Side
from domain.reservation import Settled, settle
from domain.trades import Fill
from tests.domain.desk import (
    BUY,
    HOLDING,
    LIMIT,
    SALE,
    SELL,
    UNIT,
    D,
    S,
    balance,
    held,
    put,
    trade_of,
)
from tests.domain.strategies import (
    NOW,
    RULES,
    account_of,
    fill_of,
    intent_of,
    numbers,
    order_of,
)

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
