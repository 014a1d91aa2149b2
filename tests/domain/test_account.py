from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account import (
    Account,
    Balance,
    TradingDay,
    daily_loss_pct,
    on_day,
    with_balance,
)
from domain.positions import Position
from tests.domain.strategies import NOW, UNIT, account_of, moments, numbers

D = Decimal
changes = st.lists(
    st.tuples(
        st.sampled_from(["USDT", "BTC", "BNB"]),
        st.integers(-(10**15), 10**15).map(lambda n: n * UNIT),
        st.integers(-(10**15), 10**15).map(lambda n: n * UNIT),
    ),
    max_size=12,
)


def position(symbol: str, quote: str, quantity: str, entry: str, *, is_open: bool) -> Position:
    closed_at = None if is_open else NOW
    return Position(
        symbol, "user-1", symbol, quote, D(quantity), D(entry), D(0), NOW, closed_at=closed_at
    )


@given(changes)
def test_balances_add_up_and_leave_the_old_state_alone(
    steps: list[tuple[str, Decimal, Decimal]],
) -> None:
    start = account_of(USDT=100)
    account = start
    for asset, free, locked in steps:
        account = with_balance(account, asset, free, locked)
    assert start == account_of(USDT=100)
    for asset in ("USDT", "BTC", "BNB", "DOGE"):
        held = account.balance(asset)
        assert held.free == start.balance(asset).free + sum(f for a, f, _ in steps if a == asset)
        assert held.locked == sum(locked for a, _, locked in steps if a == asset)
        assert held.total == held.free + held.locked


def test_open_positions_are_those_that_hold_something() -> None:
    open_one = position("BTCUSDT", "USDT", "0.5", "60000", is_open=True)
    closed = position("ETHUSDT", "USDT", "0", "3000", is_open=False)
    account = replace(account_of(), positions={"BTCUSDT": open_one, "ETHUSDT": closed})
    assert account.open_positions == [open_one]
    assert account.open_position("BTCUSDT") == open_one
    assert account.open_position("ETHUSDT") is None
    assert account.open_position("DOGEUSDT") is None


# --- the trading day


@given(st.lists(moments, min_size=1, max_size=8))
def test_the_day_is_the_latest_utc_date_and_a_new_one_begins_with_nothing(
    times: list[datetime],
) -> None:
    account = account_of(USDT=1_000)
    for count, at in enumerate(times, 1):
        before, account = account.day, on_day(account, at)
        dates = [time.astimezone(UTC).date().isoformat() for time in times[:count]]
        assert account.day.date == max(dates)
        if account.day.date == before.date:
            assert account.day == before
        else:
            assert account.day.realized_pnl == 0
        lost = account.day.realized_pnl - 1
        account = replace(account, day=replace(account.day, realized_pnl=lost))


@pytest.mark.parametrize(
    ("at", "date"),
    [
        (datetime(2026, 3, 14, 23, 59, 59, 999_999, tzinfo=UTC), "2026-03-14"),
        (datetime(2026, 3, 15, tzinfo=UTC), "2026-03-15"),
        (datetime(2026, 3, 15, 8, 59, 59, tzinfo=timezone(timedelta(hours=9))), "2026-03-14"),
        (datetime(2026, 3, 14, 19, 0, 0, tzinfo=timezone(timedelta(hours=-5))), "2026-03-15"),
    ],
)
def test_midnight_is_utc(at: datetime, date: str) -> None:
    assert on_day(account_of(), at).day.date == date


def test_a_day_opens_with_the_cash_and_the_book_value_of_positions() -> None:
    positions = {
        "BTCUSDT": position("BTCUSDT", "USDT", "0.5", "60000", is_open=True),
        "ETHUSDT": position("ETHUSDT", "USDT", "0", "3000", is_open=False),
        # Not counted: its cost is in another asset, whose worth nobody has asked for.
        "ETHBTC": position("ETHBTC", "BTC", "2", "0.05", is_open=True),
    }
    balances = {"USDT": Balance(D(700), D(300)), "BTC": Balance(D(9))}
    account = replace(account_of(), positions=positions, balances=balances)
    assert on_day(account, NOW).day == TradingDay("2026-03-14", D(0), D(31_000))


# --- daily loss


def lost(realized: Decimal | str, opening: Decimal | str) -> Account:
    return replace(account_of(), day=TradingDay("2026-03-14", D(realized), D(opening)))


@given(numbers(D("0.01"), -10_000), numbers(D("0.01"), 1, 10**6))
def test_a_loss_is_a_negative_share_of_the_opening_equity(
    realized: Decimal, opening: Decimal
) -> None:
    percent = daily_loss_pct(lost(realized, opening))
    assert (percent < 0) == (realized < 0)
    assert abs(percent * opening - realized * 100) < D("1e-12")


@pytest.mark.parametrize("opening", ["0", "-1", "-0.00000001"])
@pytest.mark.parametrize(("realized", "percent"), [("-0.00000001", -100), ("0", 0), ("5", 0)])
def test_without_an_opening_equity_any_loss_is_everything(
    opening: str, realized: str, percent: int
) -> None:
    assert daily_loss_pct(lost(realized, opening)) == percent
