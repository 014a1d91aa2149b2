from decimal import Decimal

import pytest

from domain.errors import ErrorCode, Rejected
from domain.order_status import OrderStatus
from domain.orders import OrderIntent, OrderType
from domain.paper.ledger import audit
from domain.paper.queueing import Phase
from domain.paper.state import Bracket, PaperTrade
from domain.paper.views import portfolio_view
from tests.domain.paper.market import BUY, SELL, Session, limit, market

D = Decimal
S = OrderStatus
BRACKET = Bracket(stop_loss=D(90), take_profit=D(110))


@pytest.fixture
def session() -> Session:
    return Session()


def legs(session: Session) -> dict[OrderType, PaperTrade]:
    found = [paper for paper in session.records.values() if paper.parent_trade_id]
    return {paper.trade.order.intent.type: paper for paper in found}


def stop_leg(session: Session) -> PaperTrade:
    return legs(session)[OrderType.STOP_LOSS_LIMIT]


def profit_leg(session: Session) -> PaperTrade:
    return legs(session)[OrderType.LIMIT]


def test_a_filled_entry_is_protected_by_a_pair_that_holds_its_quantity_once(
    session: Session,
) -> None:
    entry = session.traded(market(BUY, "1"), bracket=BRACKET)
    stop, profit = stop_leg(session), profit_leg(session)
    assert {stop.parent_trade_id, profit.parent_trade_id} == {entry.trade_id}
    assert stop.trade.order.intent.price == D("89.1")
    assert session.held("BTC") == (D(0), D("0.999"))
    phases = {order.trade_id: order.phase for order in session.state.resting.values()}
    assert phases == {profit.trade_id: Phase.ARRIVING, stop.trade_id: Phase.WAITING}
    (position,) = portfolio_view(session.state)["positions"]
    assert (position["stop_loss"], position["take_profit"]) == (D(90), D(110))


def test_the_take_profit_that_fills_takes_the_stop_out(session: Session) -> None:
    session.traded(market(BUY, "1"), bracket=BRACKET)
    session.show(("99x1",), ("101x1", "111x1"))
    session.trade("110.5", "5", seller=False)
    assert profit_leg(session).trade.status is S.FILLED
    assert stop_leg(session).trade.status is S.EXPIRED
    assert session.held("BTC") == (D(0), D(0))
    assert session.state.resting == {}
    assert audit(session.state, session.records.values()) == ()


def test_even_a_part_of_the_take_profit_takes_the_stop_out(session: Session) -> None:
    session.traded(market(BUY, "1"), bracket=BRACKET)
    session.show(("99x1",), ("101x1", "111x1"))
    session.trade("110.5", "0.4", seller=False)
    assert profit_leg(session).trade.status is S.PARTIALLY_FILLED
    assert stop_leg(session).trade.status is S.EXPIRED
    assert session.held("BTC") == (D(0), D("0.599"))


def test_the_stop_that_goes_takes_the_take_profit_out_and_sells(session: Session) -> None:
    session.traded(market(BUY, "1"), bracket=BRACKET)
    session.show(("99x1",), ("101x1", "111x1"))
    session.trade("89.9", "5", seller=True)
    assert profit_leg(session).trade.status is S.EXPIRED
    assert session.held("BTC") == (D(0), D("0.999"))
    session.show(("89.5x9",), ("90x1",))
    done = stop_leg(session)
    assert (done.trade.status, done.trade.executed_price) == (S.FILLED, D("89.5"))
    assert done.realized_pnl is not None
    assert done.realized_pnl < -11
    assert audit(session.state, session.records.values()) == ()


def test_the_stop_does_not_go_on_a_trade_that_fills_its_pair(session: Session) -> None:
    session.traded(market(BUY, "1"), bracket=Bracket(take_profit=D(110), stop_loss=D(100)))
    session.show(("109x1",), ("112x1",))
    session.trade("111", "5", seller=False)
    session.trade("95", "5", seller=True)
    assert stop_leg(session).trade.status is S.EXPIRED
    assert session.state.status == "ACTIVE"


def test_canceling_one_of_a_pair_cancels_both(session: Session) -> None:
    session.traded(market(BUY, "1"), bracket=BRACKET)
    session.cancel(stop_leg(session).trade_id)
    assert {paper.trade.status for paper in legs(session).values()} == {S.CANCELED}
    assert session.held("BTC") == (D("0.999"), D(0))


def test_a_pair_still_stands_together_once_its_limit_rests(session: Session) -> None:
    session.traded(market(BUY, "1"), bracket=BRACKET)
    session.show(("99x1",), ("101x1", "111x1"))
    session.cancel(profit_leg(session).trade_id)
    assert session.state.open_trades == {}


@pytest.mark.parametrize(
    ("bracket", "kinds"),
    [
        (Bracket(stop_loss=D(90)), {OrderType.STOP_LOSS_LIMIT}),
        (Bracket(take_profit=D(110)), {OrderType.LIMIT}),
    ],
)
def test_one_price_makes_one_order(
    session: Session, bracket: Bracket, kinds: set[OrderType]
) -> None:
    session.traded(market(BUY, "1"), bracket=bracket)
    assert legs(session).keys() == kinds
    assert session.held("BTC") == (D(0), D("0.999"))


def test_a_resting_entry_is_protected_when_it_ends_with_a_part(session: Session) -> None:
    entry = session.traded(limit(BUY, "1", "100"), bracket=BRACKET)
    session.trade("99.5", "0.4", seller=True)
    assert legs(session) == {}
    session.cancel(entry.trade_id)
    assert {paper.trade.order.intent.quantity for paper in legs(session).values()} == {D("0.3996")}
    assert session.held("BTC") == (D(0), D("0.3996"))


def test_what_is_too_small_to_sell_is_left_alone(session: Session) -> None:
    entry = session.traded(limit(BUY, "1", "100"), bracket=BRACKET)
    session.trade("99.5", "0.04", seller=True)
    session.cancel(entry.trade_id)
    assert legs(session) == {}


@pytest.mark.parametrize(
    ("intent", "bracket", "code"),
    [
        (market(BUY, "1"), Bracket(stop_loss=D(101)), ErrorCode.INVALID_ORDER),
        (market(BUY, "1"), Bracket(take_profit=D(101)), ErrorCode.INVALID_ORDER),
        (market(SELL, "1"), Bracket(stop_loss=D(90)), ErrorCode.INVALID_ORDER),
        (market(BUY, "1"), Bracket(stop_loss=D("90.001")), ErrorCode.FILTER_FAILURE),
        (limit(BUY, "0.06", "100"), Bracket(stop_loss=D(50)), ErrorCode.FILTER_FAILURE),
    ],
)
def test_a_bracket_that_cannot_protect_is_refused(
    session: Session, intent: OrderIntent, bracket: Bracket, code: ErrorCode
) -> None:
    with pytest.raises(Rejected) as refused:
        session.place(intent, bracket=bracket)
    assert refused.value.code is code
    assert session.state.trade_count == 0


def test_another_bracket_under_the_same_key_is_another_request(session: Session) -> None:
    session.place(market(BUY, "1"), key="k", bracket=BRACKET)
    assert session.place(market(BUY, "1"), key="k", bracket=BRACKET).is_replay
    with pytest.raises(Rejected):
        session.place(market(BUY, "1"), key="k")


def test_an_empty_bracket_is_none(session: Session) -> None:
    session.place(market(BUY, "1"), key="k", bracket=Bracket())
    assert session.place(market(BUY, "1"), key="k").is_replay
    assert legs(session) == {}
