"""Whatever happens, a session's books balance to the last digit."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.orders import TimeInForce
from domain.paper.ledger import audit, recomputed, units
from domain.paper.records import paper_trade_of_record, paper_trade_record
from domain.paper.state import PaperSettings, SessionState, SessionStatus
from tests.domain.paper.market import BUY, SETTINGS, Session, limit
from tests.domain.paper.wandering import Event, Wanderer, walks

D = Decimal
JSON = TypeAdapter(SessionState)
settings_drawn = st.builds(
    lambda taker, maker, slip, seed: replace(
        SETTINGS,
        initial_balance=D("314.15926535"),
        taker_fee_bps=D(taker) / 10,
        maker_fee_bps=D(maker) / 10,
        slippage_bps=D(slip),
        seed=seed,
    ),
    st.integers(0, 200),
    st.integers(0, 200),
    st.sampled_from([0, 3, 40]),
    st.integers(0, 99),
)


def wander(settings: PaperSettings, events: Iterable[Event]) -> Session:
    session = Session(settings)
    wanderer = Wanderer(session)
    for event in events:
        wanderer.happen(event)
        assert_sound(session)
    return session


def assert_sound(session: Session) -> None:
    state = session.state
    assert state.status is SessionStatus.ACTIVE, state.status_reason
    assert audit(state, session.records.values()) == ()
    for order in state.resting.values():
        assert order.remaining > 0
        assert order.ahead is None or order.ahead >= 0
        assert order.crossed >= 0
        paper = state.open_trades[order.trade_id]
        asked = paper.trade.order.intent.quantity
        assert asked == order.remaining + paper.trade.executed_quantity
        assert paper.trade.order.intent.time_in_force is TimeInForce.GTC or order.stop_price
    for paper in session.records.values():
        intent = paper.trade.order.intent
        for fill in paper.trade.fills:
            assert intent.price is None or (
                fill.price <= intent.price if intent.side is BUY else fill.price >= intent.price
            )


@given(settings_drawn, walks)
def test_the_books_balance_after_every_step(settings: PaperSettings, events: list[Event]) -> None:
    session = wander(settings, events)
    again = wander(settings, events)
    assert JSON.dump_json(again.state) == JSON.dump_json(session.state)
    assert again.records == session.records
    for paper in session.records.values():
        assert paper_trade_of_record(paper_trade_record(paper)) == paper


@given(settings_drawn, walks, st.integers(0, 50))
def test_a_state_that_went_through_json_goes_on_the_same(
    settings: PaperSettings, events: list[Event], at: int
) -> None:
    whole, halted = Session(settings), Session(settings)
    wanderers = (Wanderer(whole), Wanderer(halted))
    for number, event in enumerate(events):
        if number == at:
            halted.state = JSON.validate_json(JSON.dump_json(halted.state))
        for wanderer in wanderers:
            wanderer.happen(event)
    assert halted.state == whole.state


@given(walks)
def test_all_orders_canceled_nothing_is_locked(events: list[Event]) -> None:
    session = wander(SETTINGS, events)
    while session.state.open_trades:
        session.cancel(next(iter(session.state.open_trades)))
        assert_sound(session)
    assert all(balance.locked == 0 for balance in session.state.account.balances.values())
    assert session.state.resting == {}


def test_an_order_that_rests_is_in_the_audit() -> None:
    session = Session()
    order = session.traded(limit(BUY, "1", "99"))
    assert audit(session.state, session.records.values()) == ()
    state = session.state
    missing = replace(state, open_trades={})
    assert audit(missing, session.records.values()) != ()
    orders = {
        order.trade_id: replace(state.account.orders[order.trade_id], reserved=D(98)),
    }
    loose = replace(state, account=replace(state.account, orders=orders))
    assert audit(loose, session.records.values()) == (
        "USDT: 99.00000000 is locked, orders hold 98",
    )


def test_the_recomputation_counts_in_whole_units() -> None:
    assert units(D("92233720368.54775807")) == 2**63 - 1
    assert recomputed({"USDT": D("0.00000001")}, ()) == {"USDT": D("0.00000001")}
    with pytest.raises(ValueError, match="whole number"):
        units(D("0.000000001"))
