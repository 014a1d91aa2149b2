from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.orders import OrderIntent
from domain.paper.book import (
    BookSnapshot,
    Level,
    less,
    quantity_at,
    trimmed,
    walk_quantity,
    walk_quote,
)
from domain.paper.execution import take
from tests.domain.paper.market import BTC, BUY, SELL, book, levels, limit, market
from tests.domain.strategies import NOW, RULES

D = Decimal
STEP = D("0.01")


def test_a_size_is_walked_level_by_level() -> None:
    walk = walk_quantity(levels("101x1", "102x2", "103x9"), D("2.5"))
    assert walk.fills == levels("101x1", "102x1.5")
    assert (walk.unfilled, walk.cost) == (D(0), D(254))
    assert walk.average_price == D("101.6")


def test_a_book_that_is_not_deep_enough_leaves_a_rest() -> None:
    walk = walk_quantity(levels("101x1"), D("2.5"))
    assert (walk.quantity, walk.unfilled) == (D(1), D("1.5"))
    assert walk_quantity((), D(1)).average_price is None


def test_a_quote_quantity_buys_whole_steps_at_each_level() -> None:
    walk = walk_quote(levels("101x1", "102x2"), D(150), STEP)
    assert walk.fills == levels("101x1", "102x0.48")
    assert walk.unfilled == D("0.04")
    assert walk.cost + walk.unfilled == D(150)


def test_less_than_a_step_buys_nothing() -> None:
    assert walk_quote(levels("101x1"), D("1.00"), STEP).fills == ()


def test_what_was_taken_before_is_not_there_again() -> None:
    assert less(levels("101x1", "102x2"), levels("101x1", "102x0.5")) == levels("102x1.5")


def test_a_level_is_zero_within_the_snapshot_and_unknown_beyond_it() -> None:
    snapshot = book(bids=("99x1", "97x2"))
    assert quantity_at(snapshot, BUY, D(97)) == 2
    assert quantity_at(snapshot, BUY, D(98)) == 0
    assert quantity_at(snapshot, BUY, D(100)) == 0
    assert quantity_at(snapshot, BUY, D(96)) is None
    assert quantity_at(snapshot, SELL, D(103)) is None
    assert quantity_at(snapshot, SELL, D("101.5")) == 0


@st.composite
def books(draw: st.DrawFn) -> BookSnapshot:
    quantities = st.lists(st.integers(1, 400), min_size=1, max_size=12)
    sides = []
    for sign in (-1, 1):
        gaps = draw(st.lists(st.integers(1, 5), min_size=12, max_size=12))
        price, side = 6_000_000, []
        for gap, quantity in zip(gaps, draw(quantities), strict=False):
            price += sign * gap
            side.append(Level(D(price) / 100, D(quantity) / 100_000))
        sides.append(tuple(side))
    return BookSnapshot(BTC, sides[0], sides[1], NOW, 1)


_offsets = st.integers(-30, 30).map(lambda ticks: str(D(6_000_000 + ticks) / 100))
_sizes = st.integers(1, 3_000).map(lambda steps: str(D(steps) / 100_000))
_orders = st.one_of(
    st.builds(limit, st.sampled_from([BUY, SELL]), _sizes, _offsets),
    st.builds(market, st.sampled_from([BUY, SELL]), _sizes),
    st.builds(
        lambda side, quote: market(side, quote=str(quote)),
        st.sampled_from([BUY, SELL]),
        st.integers(5, 3_000),
    ),
)


@given(books(), _orders)
def test_the_trimmed_book_decides_an_order_as_the_whole_one(
    snapshot: BookSnapshot, intent: OrderIntent
) -> None:
    part = trimmed(snapshot, intent)
    rules = RULES[BTC]
    assert take(part, intent, rules) == take(snapshot, intent, rules)
    assert (part.bids[0], part.asks[0]) == (snapshot.bids[0], snapshot.asks[0])
    if intent.price is not None:
        whole = quantity_at(snapshot, intent.side, intent.price)
        assert quantity_at(part, intent.side, intent.price) == whole
