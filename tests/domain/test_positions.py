from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import HaltTrading
from domain.orders import Order, Side
from domain.positions import Position, position_after, unrealized_pnl
from domain.trades import Fill
from tests.domain.strategies import (
    NOW,
    RULES,
    fill_of,
    intent_of,
    numbers,
    order_of,
    prices_near,
)

D = Decimal
BTC = RULES["BTCUSDT"]
# A sale's PnL is rounded to a unit, an average entry to 1e-12: what a few fills may be off.
TOLERANCE = Fraction(1, 10**7)


def order(side: Side, symbol: str = "BTCUSDT", key: object = "key") -> Order:
    return order_of(intent_of(symbol, side, quantity="1"), key)


BUY, SELL = order(Side.BUY), order(Side.SELL)


@dataclass
class Book:
    """The same rules once more, in exact fractions and without average prices: a pot of cost."""

    step: Decimal
    quantity: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    realized: list[Fraction] = field(default_factory=list)

    def take(self, side: Side, fill: Fill) -> None:
        base_fee = Fraction(fill.commission) if fill.commission_asset == "BTC" else Fraction(0)
        quote_fee = Fraction(fill.commission) if fill.commission_asset == "USDT" else Fraction(0)
        price, quantity = Fraction(fill.price), Fraction(fill.quantity)
        if side is Side.BUY:
            self.quantity += quantity - base_fee
            self.cost += price * quantity + quote_fee
            self.realized.append(Fraction(0))
            return
        if not self.quantity:
            self.realized.append(Fraction(0))
            return
        share = min(quantity / self.quantity, Fraction(1))
        sold_cost, sold = self.cost * share, self.quantity * share
        self.realized.append(price * sold - sold_cost - quote_fee)
        self.quantity -= sold
        self.cost -= sold_cost
        if self.quantity < self.step:
            self.quantity = self.cost = Fraction(0)


@st.composite
def fills(draw: st.DrawFn) -> list[tuple[Side, Fill]]:
    """Draw executions; a fee is up to a tenth of a percent of what was received, or in BNB."""
    drawn = []
    for number in range(draw(st.integers(1, 12))):
        side, price = draw(st.sampled_from(Side)), draw(prices_near("BTCUSDT"))
        quantity = draw(numbers(BTC.step_size, most=300))
        asset = draw(st.sampled_from(["BNB", "BTC" if side is Side.BUY else "USDT"]))
        received = quantity if side is Side.BUY else price * quantity
        fee = (received / 1_000).quantize(D("1e-8"))
        at = NOW + timedelta(seconds=number)
        drawn.append((side, fill_of(number, price, quantity, fee, asset=asset, time=at)))
    return drawn


def run(executions: Sequence[tuple[Side, Fill]]) -> tuple[Position | None, list[Decimal]]:
    position: Position | None = None
    realized = []
    for side, fill in executions:
        after, pnl = position_after(position, BUY if side is Side.BUY else SELL, fill)
        position = after or position
        realized.append(pnl)
    return position, realized


@given(fills())
def test_entry_and_realised_pnl_agree_with_a_pot_of_cost(
    executions: list[tuple[Side, Fill]],
) -> None:
    book = Book(BTC.step_size)
    position: Position | None = None
    since_opened = D(0)
    for side, fill in executions:
        was_open = position is not None and position.is_open
        book.take(side, fill)
        after, pnl = position_after(position, BUY if side is Side.BUY else SELL, fill)
        assert abs(Fraction(pnl) - book.realized[-1]) < TOLERANCE
        if after is None:
            assert side is Side.SELL
            assert not was_open
            continue
        position = after
        since_opened = since_opened + pnl if was_open else D(0)
        assert position.quantity == book.quantity
        assert position.is_open == (book.quantity > 0)
        assert abs(Fraction(position.cost) - book.cost) < TOLERANCE
        assert position.realized_pnl == since_opened


@given(fills())
def test_money_in_less_money_out_is_what_was_realised_and_what_is_still_held(
    executions: list[tuple[Side, Fill]],
) -> None:
    # Only while nothing is sold beyond the position and no dust is written off.
    bought = sum((f.quantity for side, f in executions if side is Side.BUY), D(10))
    plain = [(side, fill_of(f.venue_trade_id, f.price, f.quantity)) for side, f in executions]
    plain.insert(0, (Side.BUY, fill_of(-1, "60000", bought)))
    position, realized = run(plain)
    assert position is not None
    out = sum(f.cost for side, f in plain if side is Side.BUY)
    back = sum(f.cost for side, f in plain if side is Side.SELL)
    assert abs(sum(realized) - (back - out + position.cost)) < D("1e-6")


@given(fills())
def test_pnl_and_quantity_are_money_in_whole_units(executions: list[tuple[Side, Fill]]) -> None:
    position, realized = run(executions)
    for value in [*realized, *([position.quantity, position.realized_pnl] if position else [])]:
        assert value == value.quantize(D("1e-8"))


@given(st.lists(st.tuples(prices_near("BTCUSDT"), numbers(BTC.step_size)), min_size=1, max_size=6))
def test_the_order_of_purchases_does_not_matter(
    purchases: list[tuple[Decimal, Decimal]],
) -> None:
    executions = [(Side.BUY, fill_of(n, *purchase)) for n, purchase in enumerate(purchases)]
    forth, back = run(executions)[0], run(executions[::-1])[0]
    assert forth is not None
    assert back is not None
    assert forth.quantity == back.quantity
    assert abs(forth.entry_price - back.entry_price) <= D("1e-11")


# --- opening and closing


def opened(quantity: str = "0.5", price: str = "60000") -> Position:
    position, pnl = position_after(None, BUY, fill_of(1, price, quantity))
    assert position is not None
    assert pnl == 0
    return position


def test_a_purchase_opens_a_position_with_its_fees_in_the_entry() -> None:
    plain = opened()
    assert (plain.quantity, plain.entry_price, plain.opened_at) == (D("0.5"), D(60_000), NOW)
    assert (plain.user_id, plain.symbol, plain.quote_asset) == ("user-1", "BTCUSDT", "USDT")
    in_base, _ = position_after(None, BUY, fill_of(1, "60000", "0.5", "0.1", asset="BTC"))
    in_quote, _ = position_after(None, BUY, fill_of(1, "60000", "0.5", "15", asset="USDT"))
    elsewhere, _ = position_after(None, BUY, fill_of(1, "60000", "0.5", "0.1", asset="BNB"))
    assert in_base is not None
    assert (in_base.quantity, in_base.entry_price) == (D("0.4"), D(75_000))
    assert in_quote is not None
    assert (in_quote.quantity, in_quote.entry_price) == (D("0.5"), D(60_030))
    assert elsewhere == plain


def test_each_opening_is_a_position_of_its_own() -> None:
    first, again = opened(), opened()
    assert first.position_id == again.position_id
    other_fill, _ = position_after(None, BUY, fill_of(2, "60000", "0.5"))
    other_order, _ = position_after(None, order(Side.BUY, key="2"), fill_of(1, "60000", "0.5"))
    assert other_fill is not None
    assert other_order is not None
    assert len({first.position_id, other_fill.position_id, other_order.position_id}) == 3


def test_a_sale_without_a_position_realises_nothing() -> None:
    assert position_after(None, SELL, fill_of(1, "60000", "1")) == (None, D(0))
    closed, _ = position_after(opened(), SELL, fill_of(2, "60000", "0.5"))
    assert closed is not None
    assert not closed.is_open
    assert position_after(closed, SELL, fill_of(3, "60000", "1")) == (None, D(0))


def test_a_closed_position_stays_and_the_next_purchase_opens_another() -> None:
    at = NOW + timedelta(hours=1)
    closed, pnl = position_after(opened(), SELL, fill_of(2, "61000", "0.5", time=at))
    assert closed is not None
    assert (closed.quantity, closed.realized_pnl, pnl) == (D(0), D(500), D(500))
    assert (closed.closed_at, closed.close_reason) == (at, "sold")
    following, _ = position_after(closed, BUY, fill_of(3, "62000", "0.1"))
    assert following is not None
    assert following.position_id != closed.position_id
    assert (following.entry_price, following.realized_pnl) == (D(62_000), D(0))


def test_a_sale_beyond_the_position_sells_what_was_held_before() -> None:
    closed, pnl = position_after(opened("0.5"), SELL, fill_of(2, "61000", "2"))
    assert closed is not None
    assert (closed.quantity, closed.is_open, pnl) == (D(0), False, D(500))


@pytest.mark.parametrize(
    ("sold", "left"), [("0.49999", "0.00001"), ("0.499990001", "0"), ("0.49999999", "0")]
)
def test_dust_below_a_step_counts_as_flat(sold: str, left: str) -> None:
    after, _ = position_after(opened("0.5"), SELL, fill_of(2, "60000", sold))
    assert after is not None
    assert after.quantity == D(left)
    assert after.is_open == bool(D(left))


def test_without_a_step_only_nothing_is_flat() -> None:
    stepless = replace(SELL, step_size=D(0))
    after, _ = position_after(opened("0.5"), stepless, fill_of(2, "60000", "0.49999999"))
    assert after is not None
    assert after.is_open
    flat, _ = position_after(after, stepless, fill_of(3, "60000", "0.00000001"))
    assert flat is not None
    assert not flat.is_open


def test_a_sales_fee_in_the_quote_asset_is_a_loss() -> None:
    after, pnl = position_after(opened(), SELL, fill_of(2, "60000", "0.1", "6", asset="USDT"))
    assert after is not None
    assert (pnl, after.realized_pnl, after.entry_price) == (D(-6), D(-6), D(60_000))
    _, untouched = position_after(opened(), SELL, fill_of(2, "60000", "0.1", "6", asset="BNB"))
    assert untouched == 0


def test_a_fee_that_eats_the_whole_purchase_opens_nothing() -> None:
    assert position_after(None, BUY, fill_of(1, "60000", "0.5", "0.5", asset="BTC")) == (None, D(0))
    after, _ = position_after(opened(), BUY, fill_of(2, "60000", "0.5", "0.7", asset="BTC"))
    assert after is not None
    assert (after.quantity, after.cost) == (D("0.5"), D(60_000))


@pytest.mark.parametrize("side", list(Side))
def test_a_fill_of_another_symbol_halts(side: Side) -> None:
    with pytest.raises(HaltTrading):
        position_after(opened(), order(side, "ETHUSDT"), fill_of(2, "3000", "0.1"))


def test_unrealised_pnl_is_what_closing_would_realise() -> None:
    position = opened("0.5", "60000")
    assert unrealized_pnl(position, D(59_000)) == -500
    _, pnl = position_after(position, SELL, fill_of(2, "59000", "0.5"))
    assert pnl == -500
