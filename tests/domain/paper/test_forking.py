from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given

from domain.errors import ErrorCode, Rejected
from domain.paper.forking import as_begun, fork_after
from domain.paper.ledger import audit
from domain.paper.session import reset
from domain.paper.state import SessionState
from tests.domain.paper.market import BUY, SELL, SETTINGS, Session, limit, market
from tests.domain.paper.wandering import Event, Wanderer, walks
from tests.domain.strategies import NOW

D = Decimal
LATER = NOW + timedelta(days=1)


def fork(session: Session, number: int, name: str = "session-2") -> SessionState:
    return fork_after(session.state, session.records.values(), number, name, LATER)


def test_a_fork_holds_what_was_held_after_a_trade() -> None:
    session = Session()
    session.traded(market(BUY, "1"))
    held = session.state.account
    pnl = session.state.realized_pnl
    session.traded(market(SELL, "0.5"))
    after_sale = session.state
    session.traded(market(BUY, "2"))
    first, second = fork(session, 1), fork(session, 2)
    assert first.account.balances == held.balances
    assert first.account.positions == held.positions
    assert (first.realized_pnl, first.trade_count, first.recent) == (pnl, 0, {})
    assert second.account.balances == after_sale.account.balances
    assert second.account.positions == after_sale.account.positions
    assert second.realized_pnl == after_sale.realized_pnl
    assert fork(session, 0).account.balances == Session().state.account.balances
    assert audit(second, ()) == ()


def test_fills_up_to_the_last_one_of_the_trade_count_whenever_they_came() -> None:
    session = Session()
    order = session.traded(limit(BUY, "1", "99"))
    session.traded(market(BUY, "1"))
    session.trade("98", "9", seller=True)
    assert session.records[order.trade_id].trade.fills
    assert fork(session, 1).account.balance("BTC").total == D("1.998")
    assert fork(session, 2).account.balance("BTC").total == D("0.999")


def test_what_was_open_is_free_in_the_fork() -> None:
    session = Session()
    session.traded(limit(BUY, "1", "99"))
    forked = fork(session, 1)
    assert forked.account.balance("USDT").free == 10_000
    assert (forked.open_trades, forked.resting) == ({}, {})


def test_a_fork_of_a_fork_goes_on_from_what_it_was_given() -> None:
    session = Session()
    session.traded(market(BUY, "1"))
    other = Session()
    other.state = replace(fork(session, 1), session_id="session-1")
    sold = other.traded(market(SELL, "0.5"))
    assert sold.realized_pnl is not None
    again = fork(other, sold.number, "session-3")
    assert again.account.balances == other.state.account.balances
    assert again.account.positions == other.state.account.positions
    assert again.realized_pnl == other.state.realized_pnl


def test_there_is_no_fork_after_a_trade_that_is_not_there() -> None:
    session = Session()
    session.traded(market(BUY, "1"))
    session.state, _ = reset(session.state, session.now)
    for number in (1, 2):
        with pytest.raises(Rejected) as refused:
            fork(session, number)
        assert refused.value.code is ErrorCode.NOT_FOUND


def test_a_trade_of_before_a_reset_can_be_forked_from() -> None:
    session = Session()
    bought = session.traded(market(BUY, "1"))
    held = session.state.account
    session.state, _ = reset(session.state, session.now)
    session.traded(market(BUY, "0.5"))
    origin = as_begun(session.state, bought.generation)
    forked = fork_after(origin, session.records.values(), bought.number, "session-2", LATER)
    assert forked.account.balances == held.balances
    assert forked.account.positions == held.positions
    assert audit(forked, ()) == ()


def test_what_a_fork_began_with_is_not_known_after_its_reset() -> None:
    session = Session()
    session.traded(market(BUY, "1"))
    forked, _ = reset(fork(session, 1), LATER)
    assert forked.forked_from == "session-1#1"
    assert as_begun(forked, 2) == forked
    with pytest.raises(Rejected) as refused:
        as_begun(forked, 1)
    assert refused.value.code is ErrorCode.NOT_FOUND


@given(walks)
def test_a_fork_after_the_last_trade_holds_the_same_and_trades_on(events: list[Event]) -> None:
    session = Session(replace(SETTINGS, initial_balance=D(314)))
    wanderer = Wanderer(session)
    for event in events:
        wanderer.happen(event)
    numbers = [paper.number for paper in session.records.values() if paper.trade.fills]
    last = max(
        session.records.values(),
        key=lambda p: max((f.venue_trade_id for f in p.trade.fills), default=0),
        default=None,
    )
    if not numbers or last is None:
        return
    other = Session()
    other.state = replace(fork(session, last.number), session_id="session-1")
    totals = {a: b.total for a, b in session.state.account.balances.items() if b.total}
    assert {a: b.free for a, b in other.state.account.balances.items()} == totals
    assert other.state.account.open_positions == session.state.account.open_positions
    wanderer = Wanderer(other)
    for event in events:
        if event.kind in {"market", "limit", "trade", "show"}:
            wanderer.happen(event)
    assert audit(other.state, other.records.values()) == ()
