import pytest

from domain.errors import ErrorCode, HaltTrading
from domain.market import Pricing
from domain.reservation import NOT_UNDER_WAY, release, restamp, settle
from domain.risk import Denial
from domain.trades import fail, lose_sight, submitting
from tests.domain.desk import FAILURE, LIMIT, STAMP_MS, S, ask, held, put
from tests.domain.strategies import (
    NOW,
    account_of,
    fill_of,
    order_of,
    pricing_of,
)

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
