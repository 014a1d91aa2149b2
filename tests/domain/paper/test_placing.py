from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from domain.errors import ErrorCode, Rejected
from domain.order_status import OrderStatus
from domain.orders import OrderType, TimeInForce
from domain.paper.queueing import Phase
from domain.paper.state import SessionState, opened
from domain.risk import LimitType
from tests.domain.paper.market import BUY, SELL, SETTINGS, Session, book, limit, market
from tests.domain.strategies import NOW, USER

D = Decimal
S = OrderStatus
IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
JSON = TypeAdapter(SessionState)


def zero(value: int | str = 0) -> Decimal:
    return D(value)


@pytest.fixture
def session() -> Session:
    return Session()


def test_a_market_order_walks_the_book_and_pays_its_fee_in_what_it_receives(
    session: Session,
) -> None:
    bought = session.traded(market(BUY, "2"))
    assert bought.trade.status is S.FILLED
    assert [(f.price, f.quantity) for f in bought.trade.fills] == [(D(101), D(1)), (D(102), D(1))]
    assert bought.trade.executed_price == D("101.5")
    assert (bought.trade.commission, bought.trade.commission_asset) == (D("0.002"), "BTC")
    assert bought.reference_price == 101
    assert session.held("USDT") == (D(9_797), zero())
    assert session.held("BTC") == (D("1.998"), zero())
    sold = session.traded(market(SELL, "1"))
    assert (sold.trade.commission, sold.trade.commission_asset) == (D("0.099"), "USDT")
    assert sold.balance_after == D("9895.901")
    assert sold.realized_pnl == session.state.realized_pnl
    assert sold.realized_pnl is not None
    assert sold.realized_pnl < D("-2.5")


def test_what_the_book_cannot_give_expires(session: Session) -> None:
    bought = session.traded(market(BUY, "5"))
    assert bought.trade.status is S.EXPIRED
    assert bought.trade.executed_quantity == 3
    assert session.held("USDT")[1] == 0


def test_a_quote_quantity_is_filled_as_far_as_it_buys_whole_steps(session: Session) -> None:
    bought = session.traded(market(BUY, quote="150"))
    assert bought.trade.status is S.FILLED
    assert bought.trade.executed_quantity == D("1.48039")
    assert session.held("USDT")[0] >= D(10_000) - 150


def test_a_walk_that_costs_more_than_there_is_is_refused(session: Session) -> None:
    steep = book(asks=("101x1", "99999x9"))
    refused = session.traded(market(BUY, "2"), steep)
    assert refused.trade.status is S.REJECTED
    assert refused.trade.failure is not None
    assert refused.trade.failure.code is ErrorCode.INSUFFICIENT_BALANCE
    assert session.held("USDT") == (D(10_000), zero())


def test_the_book_of_the_arrival_is_what_fills(session: Session) -> None:
    session.settings = replace(SETTINGS, latency_ms=200)
    session.state = opened("session-1", USER, session.settings, NOW)
    later = NOW + timedelta(seconds=1, milliseconds=200)
    moved = book(asks=("103x9",), at=later, sequence=9)
    bought = session.traded(market(BUY, "1"), arrival=moved, arrived_at=later)
    assert (bought.reference_price, bought.trade.executed_price) == (D(101), D(103))
    assert bought.trade.fills[0].time == later
    with pytest.raises(ValueError, match="after the decision"):
        session.place(market(BUY, "1"))


def test_one_book_is_not_taken_twice(session: Session) -> None:
    same = book(sequence=77)
    first = session.traded(market(BUY, "1"), same)
    session.steps = 0
    second = session.traded(market(BUY, "1"), replace(same, at=NOW), key="other")
    assert (first.trade.executed_price, second.trade.executed_price) == (D(101), D(102))


@pytest.mark.parametrize("late_ms", [1_001, -1_001])
def test_nothing_fills_on_a_stale_book(session: Session, late_ms: int) -> None:
    old = book(at=NOW + timedelta(seconds=1) - timedelta(milliseconds=late_ms))
    placed = session.place(market(BUY, "1"), key="k", arrival=old)
    assert placed.denial is not None
    assert (placed.denial.code, placed.denial.limit_type) == (
        ErrorCode.QUOTE_STALE,
        LimitType.QUOTE,
    )
    assert session.traded(market(BUY, "1"), key="k").trade.status is S.FILLED


@pytest.mark.parametrize("crossed", [book(bids=()), book(asks=()), book(bids=("101x1",))])
def test_nothing_fills_on_half_a_book(session: Session, crossed: object) -> None:
    placed = session.place(market(BUY, "1"), arrival=crossed)
    assert placed.denial is not None
    assert placed.denial.code is ErrorCode.QUOTE_STALE


def test_slippage_is_adverse_bounded_and_the_same_for_the_same_seed() -> None:
    runs = []
    for _ in range(2):
        session = Session(replace(SETTINGS, slippage_bps=D(50), seed=11))
        runs.append([session.traded(market(BUY, "0.1")).trade.executed_price for _ in range(20)])
    assert runs[0] == runs[1]
    prices = [price for price in runs[0] if price is not None]
    assert all(D(101) <= price <= D("102.02") for price in prices)
    assert len(set(prices)) > 10
    other = Session(replace(SETTINGS, slippage_bps=D(50), seed=12))
    assert [other.traded(market(BUY, "0.1")).trade.executed_price for _ in range(20)] != runs[0]


def test_slippage_never_passes_a_limit() -> None:
    session = Session(replace(SETTINGS, slippage_bps=D(500), seed=3))
    bought = session.traded(limit(BUY, "1", "101.2", in_force=IOC))
    assert bought.trade.executed_price is not None
    assert D(101) < bought.trade.executed_price <= D("101.2")


def test_a_limit_takes_what_it_may_and_rests_with_the_remainder(session: Session) -> None:
    order = session.traded(limit(BUY, "1.5", "101"))
    assert order.trade.status is S.PARTIALLY_FILLED
    assert session.held("USDT")[1] == D("50.5")
    session.show(("101x1",), ("101.5x9",))
    session.trade("101", "0.2", seller=True)
    assert session.records[order.trade_id].trade.executed_quantity == D("1.2")
    done = session.trade("100.9", "3", seller=True)
    assert done.trades[0].trade.status is S.FILLED
    assert done.trades[0].maker_fills == (2, 3)
    assert session.state.resting == {}
    assert session.held("USDT") == (D("9848.5"), zero())


def test_maker_and_taker_pay_their_own_fees() -> None:
    session = Session(replace(SETTINGS, taker_fee_bps=D(10), maker_fee_bps=D(2)))
    order = session.traded(limit(BUY, "2", "101"))
    session.trade("100", "1", seller=True)
    fills = session.records[order.trade_id].trade.fills
    assert [fill.commission for fill in fills] == [D("0.001"), D("0.0002")]


def test_ioc_and_fok(session: Session) -> None:
    part = session.traded(limit(BUY, "2", "101", in_force=IOC))
    assert (part.trade.status, part.trade.executed_quantity) == (S.EXPIRED, D(1))
    none = session.traded(limit(BUY, "2", "101", in_force=FOK))
    assert (none.trade.status, none.trade.executed_quantity) == (S.EXPIRED, D(0))
    whole = session.traded(limit(BUY, "2", "102", in_force=FOK))
    assert (whole.trade.status, whole.trade.executed_price) == (S.FILLED, D("101.5"))
    assert session.held("USDT")[1] == 0


@pytest.mark.parametrize(
    ("kind", "stop", "still", "goes"),
    [
        (OrderType.STOP_LOSS_LIMIT, "98", "98.01", "98"),
        (OrderType.TAKE_PROFIT_LIMIT, "103", "102.99", "103.5"),
    ],
)
def test_a_stop_goes_when_a_trade_reaches_it_and_meets_the_next_book(
    session: Session, kind: OrderType, stop: str, still: str, goes: str
) -> None:
    session.traded(market(BUY, "1"))
    order = session.traded(limit(SELL, "0.5", "97", stop=stop, kind=kind))
    assert session.state.resting[order.trade_id].phase is Phase.WAITING
    session.trade(still, "5", seller=True)
    assert session.state.resting[order.trade_id].phase is Phase.WAITING
    session.trade(goes, "5", seller=True)
    assert session.state.resting[order.trade_id].phase is Phase.ARRIVING
    session.show(("97.5x9",), ("98x9",))
    done = session.records[order.trade_id]
    assert (done.trade.status, done.trade.executed_price) == (S.FILLED, D("97.5"))
    assert done.maker_fills == ()


def test_a_stop_that_would_go_at_once_is_refused(session: Session) -> None:
    refused = session.traded(limit(BUY, "0.5", "102", stop="99"))
    assert refused.trade.status is S.REJECTED
    assert refused.trade.failure is not None
    assert refused.trade.failure.code is ErrorCode.INVALID_ORDER


@pytest.mark.parametrize(
    ("bound", "name"),
    [("MAX_SESSION_ORDERS", "MAX_NUM_ORDERS"), ("MAX_SESSION_SYMBOLS", "MAX_NUM_SYMBOLS")],
)
def test_what_a_session_hands_over_is_bounded(
    session: Session, monkeypatch: pytest.MonkeyPatch, bound: str, name: str
) -> None:
    session.traded(limit(BUY, "1", "90"))
    monkeypatch.setattr(f"domain.paper.session.{bound}", 1)
    other = replace(limit(BUY, "1", "90"), symbol="ETHUSDT")
    before = session.state
    with pytest.raises(Rejected, match=name) as refused:
        session.place(other, book(symbol="ETHUSDT"))
    assert refused.value.code is ErrorCode.FILTER_FAILURE
    assert session.state == before


def test_what_is_taken_from_one_snapshot_is_kept_once_a_price(session: Session) -> None:
    still = book(asks=("101x10",), sequence=7)
    for _ in range(5):
        session.traded(market(BUY, "1"), still)
    assert [(x.price, x.quantity) for x in session.state.taken("BTCUSDT")] == [(D(101), D(5))]
