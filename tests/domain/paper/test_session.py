from dataclasses import replace
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from domain.account import RiskLimits
from domain.errors import ErrorCode, Rejected
from domain.order_status import OrderStatus
from domain.orders import TimeInForce
from domain.paper.ledger import audit
from domain.paper.recall import RECENT_KEYS
from domain.paper.session import expire, reset, stop
from domain.paper.state import PaperSettings, SessionState, SessionStatus, check_settings
from domain.risk import LimitType
from tests.domain.paper.market import BTC, BUY, SELL, SETTINGS, Session, book, limit, market

D = Decimal
S = OrderStatus
IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
JSON = TypeAdapter(SessionState)


def zero(value: int | str = 0) -> Decimal:
    return D(value)


@pytest.fixture
def session() -> Session:
    return Session()


def test_the_same_request_changes_nothing(session: Session) -> None:
    first = session.place(market(BUY, "1"), key="k")
    before = session.state
    again = session.place(market(BUY, "1.000"), key="k")
    assert session.state is before
    assert again.is_replay
    assert again.trade == first.trade
    with pytest.raises(Rejected) as refused:
        session.place(market(BUY, "2"), key="k")
    assert refused.value.code is ErrorCode.IDEMPOTENCY_MISMATCH


def test_a_denial_is_remembered_and_costs_nothing(session: Session) -> None:
    denied = session.place(market(SELL, "1"), key="k")
    assert denied.denial is not None
    assert denied.denial.code is ErrorCode.INSUFFICIENT_BALANCE
    again = session.place(market(SELL, "1"), key="k")
    assert (again.is_replay, again.denial) == (True, denied.denial)


def test_the_limits_of_real_trading_hold_here() -> None:
    session = Session(PaperSettings(limits=RiskLimits(max_order_notional_quote=D(100))))
    denied = session.place(market(BUY, "2"))
    assert denied.denial is not None
    assert denied.denial.limit_type is LimitType.ORDER_NOTIONAL
    collar = session.place(limit(BUY, "0.1", "150"))
    assert collar.denial is not None
    assert collar.denial.limit_type is LimitType.PRICE_COLLAR


def test_an_order_that_outlives_its_key_is_still_known(session: Session) -> None:
    first = session.traded(limit(BUY, "1", "99"), key="k")
    session.state = replace(session.state, recent={})
    again = session.place(limit(BUY, "1", "99"), key="k")
    assert (again.is_replay, again.trade) == (True, first)


def test_keys_are_bounded_and_the_oldest_go_first(session: Session) -> None:
    session.place(market(BUY, "0.1"), key="first")
    known = next(iter(session.state.recent.values()))
    filler = {f"old-{n}": known for n in range(RECENT_KEYS)}
    session.state = replace(session.state, recent=filler)
    session.place(market(BUY, "0.1"), key="next")
    assert len(session.state.recent) == RECENT_KEYS
    assert "old-0" not in session.state.recent
    assert "old-1" in session.state.recent


def test_a_cancel_frees_what_was_held_once(session: Session) -> None:
    order = session.traded(limit(BUY, "1", "99"))
    changes = session.cancel(order.trade_id)
    assert changes.trades[0].trade.status is S.CANCELED
    assert session.held("USDT") == (D(10_000), zero())
    with pytest.raises(Rejected) as refused:
        session.cancel(order.trade_id)
    assert refused.value.code is ErrorCode.NOT_CANCELABLE
    assert expire(session.state, order.trade_id, session.now) == (session.state, type(changes)())


def test_a_stopped_session_is_closed(session: Session) -> None:
    order = session.traded(limit(BUY, "1", "99"))
    session.state, changes = stop(session.state, session.now, "enough")
    assert [paper.trade.status for paper in changes.trades] == [S.CANCELED]
    assert (session.state.status, session.held("USDT")) == (
        SessionStatus.STOPPED,
        (D(10_000), zero()),
    )
    assert session.trade("1", "9", seller=True).trades == ()
    for refused in (
        lambda: session.place(market(BUY, "1")),
        lambda: session.cancel(order.trade_id),
    ):
        with pytest.raises(Rejected) as caught:
            refused()
        assert caught.value.code is ErrorCode.SESSION_CLOSED
    assert stop(session.state, session.now)[0] is session.state


def test_a_reset_starts_over_and_forgets_no_request(session: Session) -> None:
    session.place(market(BUY, "1"), key="k")
    session.place(limit(BUY, "1", "99"))
    session.state, changes = reset(session.state, session.now)
    assert [paper.trade.status for paper in changes.trades] == [S.CANCELED]
    assert session.held("USDT") == (D(10_000), zero())
    assert session.state.account.positions == {}
    assert (session.state.generation, session.state.trade_count) == (2, 2)
    assert session.place(market(BUY, "1"), key="k").is_replay
    assert session.traded(market(BUY, "1")).number == 3
    assert audit(session.state, session.records.values()) == ()


def test_repeated_and_late_observations_change_nothing(session: Session) -> None:
    session.traded(limit(BUY, "1", "99"))
    session.trade("98", "0.3", seller=True)
    before = session.state
    session.steps -= 1
    session.trade("98", "0.3", seller=True)
    assert session.state is before
    session.show(("99x1",), ("101x1",))
    before = session.state
    session.steps -= 1
    session.show(("99x9",), ("101x1",))
    assert session.state is before


def test_a_venue_that_counts_its_books_anew_is_still_heard(session: Session) -> None:
    order = session.traded(limit(BUY, "1", "99"))
    session.show(("99x1",), ("101x1",))
    session.hear(lambda at, _: book(("97x1",), ("98x0.5",), at, 0))
    assert session.records[order.trade_id].trade.executed_quantity == D("0.5")


def test_what_the_session_never_traded_is_not_heard(session: Session) -> None:
    before = session.state
    session.trade("100", "1", seller=True)
    session.show(("99x1",), ("101x1",))
    assert session.state is before


def test_only_so_many_orders_of_a_symbol_may_be_open(session: Session) -> None:
    for _ in range(5):
        session.traded(limit(BUY, "0.1", "110", stop="105"))
    with pytest.raises(Rejected) as refused:
        session.place(limit(BUY, "0.1", "110", stop="105"))
    assert refused.value.code is ErrorCode.FILTER_FAILURE
    assert "MAX_NUM_ALGO_ORDERS" in refused.value.detail


def test_a_budget_that_buys_not_one_step_is_refused(session: Session) -> None:
    dear = book(("999999x1",), ("9999999x1",))
    refused = session.traded(market(BUY, quote="5"), dear)
    assert refused.trade.failure is not None
    assert refused.trade.failure.code is ErrorCode.INVALID_ORDER
    assert session.held("USDT") == (D(10_000), zero())


def test_a_step_that_contradicts_the_state_leaves_nothing_of_itself(session: Session) -> None:
    order = session.traded(limit(BUY, "1", "99"))
    account = replace(session.state.account, orders={})
    session.state = replace(session.state, account=account)
    before = session.state
    changes = session.trade("98", "1", seller=True)
    assert not changes
    assert session.state.status is SessionStatus.BROKEN
    assert session.state.open_trades == before.open_trades
    assert order.trade_id in session.state.open_trades


def test_a_session_survives_json(session: Session) -> None:
    session.traded(market(BUY, "1"))
    session.traded(limit(SELL, "0.5", "105"))
    session.place(market(SELL, "7"))
    assert JSON.validate_json(JSON.dump_json(session.state)) == session.state


def test_a_step_that_does_not_balance_stops_the_session(session: Session) -> None:
    session.traded(market(BUY, "1"))
    account = session.state.account
    balances = {**account.balances, "BTC": replace(account.balance("BTC"), free=D(7))}
    session.state = replace(session.state, account=replace(account, balances=balances))
    placed = session.place(market(BUY, "1"))
    assert placed.denial is not None
    assert placed.denial.code is ErrorCode.TRADING_HALTED
    assert session.state.status is SessionStatus.BROKEN
    assert "BTC" in session.state.status_reason
    with pytest.raises(Rejected):
        session.place(market(BUY, "1"))
    assert audit(session.state, session.records.values()) != ()


def test_only_sensible_settings_open_a_session() -> None:
    with pytest.raises(Rejected) as refused:
        check_settings(
            PaperSettings(
                initial_balance=D("-1"), taker_fee_bps=D("NaN"), latency_ms=-1, quote_asset="$"
            )
        )
    fields = {error["field"] for error in refused.value.extensions["errors"]}
    assert fields == {"initial_balance", "taker_fee_bps", "latency_ms", "quote_asset"}


def test_a_session_in_another_asset_counts_its_days_in_it() -> None:
    session = Session(replace(SETTINGS, quote_asset="BTC", initial_balance=D(2)))
    session.traded(market(SELL, "1"), rate=D("0.01"))
    assert session.state.account.day.opening_equity == 2
    session.traded(market(BUY, "0.9"), book(("98x9",), ("99x9",)), rate=D("0.01"))
    sold = session.traded(market(SELL, "0.5"), rate=D("0.01"))
    assert sold.realized_pnl is not None
    assert session.state.account.day.realized_pnl == session.state.realized_pnl != 0
    assert BTC in session.state.account.positions
