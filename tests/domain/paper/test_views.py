from dataclasses import replace
from decimal import Decimal

import pytest

from domain.paper.observations import MarketTrade
from domain.paper.records import paper_trade_of_record, paper_trade_record
from domain.paper.state import Bracket
from domain.paper.statistics import EquityPoint
from domain.paper.views import equity_view, paper_trade_view, portfolio_view, session_view
from tests.domain.paper.market import BTC, BUY, SELL, SETTINGS, Session, book, limit, market
from tests.domain.strategies import NOW

D = Decimal

TRADE_FIELDS = {
    *("trade_id", "session_id", "symbol", "side", "type", "quantity", "executed_quantity"),
    *("executed_price", "reference_price", "slippage_bps", "commission", "status"),
    *("realized_pnl", "balance_after", "timestamp"),
}
PORTFOLIO_FIELDS = {
    *("session_id", "status", "workflow_id", "initial_balance", "balances", "equity"),
    *("unrealized_pnl", "realized_pnl", "positions", "open_orders"),
}


def test_a_trade_has_the_fields_of_the_interface() -> None:
    session = Session()
    view = paper_trade_view(session.traded(market(BUY, "2")))
    assert view.keys() >= TRADE_FIELDS
    assert view["slippage_bps"] == D("49.5050")
    assert (view["reference_price"], view["executed_price"]) == (101, D("101.5"))
    assert view["fills"][0]["is_maker"] is False
    assert view["workflow_id"] == "paper-session-1"


def test_slippage_of_a_better_price_is_negative_and_of_none_is_null() -> None:
    session = Session()
    later = session.now.replace(second=31)
    better = book(asks=("100x9",), at=later, sequence=5)
    view = paper_trade_view(session.traded(market(BUY, "1"), arrival=better))
    assert view["slippage_bps"] < 0
    view = paper_trade_view(session.traded(limit(BUY, "1", "99")))
    assert (view["slippage_bps"], view["executed_price"]) == (None, None)


def test_a_portfolio_is_worth_what_it_holds() -> None:
    session = Session()
    session.traded(market(BUY, "1"))
    session.traded(limit(SELL, "0.5", "105"))
    view = portfolio_view(session.state, {"BTC": D(120)})
    assert view.keys() >= PORTFOLIO_FIELDS
    assert view["equity"] == D(9_899) + D("0.999") * 120
    assert [(b["asset"], b["locked"]) for b in view["balances"]] == [("BTC", D("0.5")), ("USDT", 0)]
    (position,) = view["positions"]
    assert position["mark_price"] == 120
    assert position["unrealized_pnl"] == view["unrealized_pnl"]
    (order,) = view["open_orders"]
    assert (order["phase"], order["queue_ahead"]) == ("RESTING", None)


def test_what_has_no_price_has_no_worth() -> None:
    session = Session()
    session.traded(market(BUY, "1"))
    session.state = replace(session.state, marks={"USDT": D(1)})
    view = portfolio_view(session.state)
    assert (view["equity"], view["unrealized_pnl"]) == (None, None)
    assert view["positions"][0]["mark_price"] is None


def test_a_session_tells_how_it_executes() -> None:
    view = session_view(Session(replace(SETTINGS, taker_fee_bps=D(7), latency_ms=30)).state)
    assert (view["taker_fee_bps"], view["latency_ms"], view["status"]) == (D(7), 30, "ACTIVE")


def test_the_equity_view_carries_curve_and_results() -> None:
    view = equity_view("s", [EquityPoint(NOW, D(10))], [])
    assert view["points"] == [{"timestamp": NOW, "equity": D(10), "drawdown": D(0)}]
    assert view["win_rate"] is None
    assert view["session_id"] == "s"


@pytest.mark.parametrize("bracket", [None, Bracket(take_profit=D(110))])
def test_a_record_loses_nothing(bracket: Bracket | None) -> None:
    session = Session()
    session.traded(market(BUY, quote="150"), bracket=bracket)
    session.traded(limit(BUY, "1", "99"))
    session.hear(
        lambda at, n: MarketTrade(BTC, D(98), D("0.5"), is_buyer_maker=True, trade_id=n, at=at)
    )
    assert all(
        paper_trade_of_record(paper_trade_record(paper)) == paper
        for paper in session.records.values()
    )
