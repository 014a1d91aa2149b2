from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.orders import Side
from domain.paper.book import BookSnapshot
from domain.paper.observations import MarketTrade
from domain.paper.queueing import Phase, Resting, in_queue, meet_book, meet_trade
from tests.domain.paper.market import BTC, BUY, SELL, book
from tests.domain.strategies import NOW

D = Decimal
LATER = NOW + timedelta(seconds=1)


def resting(side: Side = BUY, price: str = "99", size: str = "1", **more: object) -> Resting:
    plain = Resting("t1", BTC, side, D(price), D(size), D("0.01"), Phase.ARRIVING, NOW)
    queued = in_queue(plain, book(bids=("99x1", "98x2"), asks=("101x1", "102x2")), NOW)
    return replace(queued, **more)  # type: ignore[arg-type]  # a test names real fields


def trade(price: str, quantity: str, *, seller: bool) -> MarketTrade:
    return MarketTrade(BTC, D(price), D(quantity), seller, 1, LATER)


def shown(*bids: str, asks: tuple[str, ...] = ("101x1",)) -> BookSnapshot:
    return book(bids=bids, asks=asks, at=LATER, sequence=2)


def pass_trade(order: Resting, event: MarketTrade) -> object:
    (met,) = meet_trade([order], event)
    return met.resting.ahead, met.filled


def test_an_order_joins_behind_what_its_level_shows() -> None:
    assert resting().ahead == 1
    assert resting(price="100").ahead == 0
    assert resting(price="90").ahead is None


@pytest.mark.parametrize(
    ("quantity", "ahead", "filled"),
    [("0.4", "0.6", "0"), ("1", "0", "0"), ("1.25", "0", "0.25"), ("9", "0", "1")],
)
def test_trades_at_its_price_take_the_queue_first(quantity: str, ahead: str, filled: str) -> None:
    assert pass_trade(resting(), trade("99", quantity, seller=True)) == (D(ahead), D(filled))


def test_trades_through_its_price_fill_as_far_as_they_go() -> None:
    assert pass_trade(resting(), trade("98.5", "0.3", seller=True)) == (0, D("0.3"))
    assert pass_trade(resting(SELL, "101"), trade("101.5", "5", seller=False)) == (0, 1)


def test_a_touch_of_the_other_side_is_no_fill() -> None:
    assert pass_trade(resting(), trade("101", "9", seller=False)) == (1, 0)
    assert pass_trade(resting(), trade("99.5", "9", seller=True)) == (1, 0)


def test_a_buyer_at_or_below_our_bid_took_an_offer_that_was_ours() -> None:
    assert pass_trade(resting(), trade("99", "0.5", seller=False)) == (0, D("0.5"))


def test_nothing_from_before_its_arrival_concerns_an_order() -> None:
    early = replace(trade("90", "9", seller=True), at=NOW)
    assert pass_trade(resting(), early) == (1, 0)
    (met,) = meet_book([resting()], replace(shown("90x1", asks=("95x9",)), at=NOW))
    assert met.filled == 0


def test_cancellations_come_from_before_and_behind_in_proportion() -> None:
    grown = meet_book([resting()], shown("99x4"))[0].resting
    assert (grown.ahead, grown.level_quantity) == (D(1), D(4))
    half = meet_book([grown], shown("99x2"))[0].resting
    assert half.ahead == D("0.5")


def test_what_was_traded_is_not_counted_as_canceled_again() -> None:
    grown = meet_book([resting()], shown("99x4"))[0].resting
    after = meet_trade([grown], trade("99", "0.6", seller=True))[0].resting
    seen = meet_book([after], shown("99x3.4"))[0].resting
    assert (seen.ahead, seen.level_quantity, seen.traded) == (D("0.4"), D("3.4"), D(0))


def test_the_queue_is_never_longer_than_the_level() -> None:
    assert meet_book([resting()], shown("99x0.2"))[0].resting.ahead == D("0.2")
    assert meet_book([resting()], shown("98x1"))[0].resting.ahead == 0


def test_a_level_out_of_sight_moves_nothing_until_it_is_seen() -> None:
    far = resting(price="90")
    assert meet_book([far], shown("99x1"))[0].resting == far
    assert pass_trade(far, trade("90", "9", seller=True)) == (None, 0)
    near = meet_book([far], shown("91x1", "90x7"))[0].resting
    assert (near.ahead, near.level_quantity) == (D(7), D(7))


def test_an_offer_across_our_bid_fills_it_once() -> None:
    (first,) = meet_book([resting()], shown("97x1", asks=("98x0.4", "99x0.2", "100x9")))
    assert first.filled == D("0.6")
    (again,) = meet_book([first.resting], shown("97x1", asks=("98x0.4", "99x0.2", "100x9")))
    assert again.filled == 0
    (more,) = meet_book([again.resting], shown("97x1", asks=("98x0.4", "99x0.5")))
    assert more.filled == D("0.3")
    (gone,) = meet_book([more.resting], shown("97x1"))
    assert gone.resting.crossed == 0


def test_two_orders_share_a_trade_and_an_offer() -> None:
    first = resting(trade_id="a", ahead=D(0))
    second = resting(trade_id="b", ahead=D(0), since=NOW + timedelta(milliseconds=1))
    met = meet_trade([second, first], trade("99", "1.5", seller=True))
    assert [(m.resting.trade_id, m.filled) for m in met] == [("a", 1), ("b", D("0.5"))]
    met = meet_book([second, first], shown("97x1", asks=("98x1.5",)))
    assert [(m.resting.trade_id, m.filled) for m in met] == [("a", 1), ("b", D("0.5"))]
    left = replace(met[1].resting, remaining=D(5))
    assert meet_book([left], shown("97x1", asks=("98x1.5",)))[0].filled == 0


def test_the_better_price_comes_first() -> None:
    low, high = resting(trade_id="low", price="98"), resting(trade_id="high")
    met = meet_trade([low, high], trade("97", "1.5", seller=True))
    assert [(m.resting.trade_id, m.filled) for m in met] == [("high", 1), ("low", D("0.5"))]


def test_an_offer_that_we_took_and_others_take_again_is_not_ours_twice() -> None:
    plain = resting(price="101", size="2", phase=Phase.ARRIVING)
    order = in_queue(plain, book(), NOW)  # it took the offer of 1 at 101, and rests for 2 more
    assert order.crossed == 1
    (met,) = meet_trade([order], trade("101", "0.4", seller=False))
    assert (met.filled, met.resting.crossed) == (D(0), D("0.6"))
    (met,) = meet_trade([met.resting], trade("101", "1", seller=False))
    assert (met.filled, met.resting.crossed) == (D("0.4"), D(0))
