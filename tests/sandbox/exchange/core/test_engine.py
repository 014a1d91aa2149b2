"""The engine, one behaviour at a time."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from sandbox.exchange.core.errors import VenueError
from sandbox.exchange.core.new_order import NewOrder
from tests.sandbox.exchange.core.building import RULES, SYMBOL, engine_with, order, place


def test_the_models_quantity_ahead_in_the_queue_trades_first() -> None:
    engine = engine_with("ann", "bob")
    asks = engine.markets[SYMBOL].book.asks
    asks.set_model(Decimal("0.05"), Decimal(2))
    mine = place(engine, "ann", order("SELL", "1", "0.05"))
    engine.outside_trade(SYMBOL, "BUY", Decimal("2.4"), None, 1)
    assert (mine.status, mine.executed) == ("PARTIALLY_FILLED", Decimal("0.4"))


def test_what_the_model_adds_stands_behind() -> None:
    engine = engine_with("ann")
    asks = engine.markets[SYMBOL].book.asks
    asks.set_model(Decimal("0.05"), Decimal(2))
    mine = place(engine, "ann", order("SELL", "1", "0.05"))
    asks.set_model(Decimal("0.05"), Decimal(10))
    engine.outside_trade(SYMBOL, "BUY", Decimal("2.4"), None, 1)
    assert (mine.status, mine.executed) == ("PARTIALLY_FILLED", Decimal("0.4"))
    assert asks.model_at(Decimal("0.05")) == Decimal(8)
    assert asks.total_at(Decimal("0.05")) == Decimal("8.6")


def test_what_the_model_takes_away_leaves_before_and_behind_alike() -> None:
    engine = engine_with("ann")
    asks = engine.markets[SYMBOL].book.asks
    asks.set_model(Decimal("0.05"), Decimal(2))
    mine = place(engine, "ann", order("SELL", "1", "0.05"))
    asks.set_model(Decimal("0.05"), Decimal("8.0000"))
    asks.set_model(Decimal("0.05"), Decimal("4.0000"))
    engine.outside_trade(SYMBOL, "BUY", Decimal("1.4"), None, 1)
    assert (mine.status, mine.executed) == ("PARTIALLY_FILLED", Decimal("0.4"))
    asks.set_model(Decimal("0.05"), Decimal(0))
    assert asks.total_at(Decimal("0.05")) == Decimal("0.6")


def test_fees_are_charged_in_the_received_asset() -> None:
    engine = engine_with("ann", "bob")
    place(engine, "ann", order("SELL", "2", "0.05"))
    place(engine, "bob", order("BUY", "2", "0.05"))
    ann, bob = (engine.ledger.accounts[name].balances for name in ("ann", "bob"))
    assert ann["BTC"].free == Decimal(3) + Decimal("0.1") * Decimal("0.999")
    assert bob["ETH"].free == Decimal(50) + 2 * Decimal("0.999")
    assert engine.ledger.fees == {"BTC": Decimal("0.0001"), "ETH": Decimal("0.002")}


def refusals() -> Iterator[tuple[NewOrder, str]]:
    yield order("BUY", "0.00005", "0.05"), "Filter failure: LOT_SIZE"
    yield order("BUY", "1", "0.000001"), "Filter failure: PRICE_FILTER"
    yield order("BUY", "1", "0.3"), "Filter failure: PERCENT_PRICE_BY_SIDE"
    yield order("BUY", "0.001", "0.05"), "Filter failure: NOTIONAL"
    yield order("BUY", "3000"), "Filter failure: MARKET_LOT_SIZE"
    yield order("BUY", "100", "0.05"), "Account has insufficient balance for requested action."
    yield order("SELL", "51", "0.05"), "Account has insufficient balance for requested action."
    yield (
        order("SELL", "1", type="STOP_LOSS", stop_price=Decimal("0.06")),
        "Order would trigger immediately.",
    )
    yield order("SELL", "1", "0.04", type="LIMIT_MAKER"), "Order would immediately match and take."


@pytest.mark.parametrize(("new", "msg"), list(refusals()), ids=lambda value: str(value)[:40])
def test_refusals(new: NewOrder, msg: str) -> None:
    engine = engine_with("ann")
    engine.markets[SYMBOL].book.bids.set_model(Decimal("0.045"), Decimal(100))
    sequence = engine.ledger.sequence
    with pytest.raises(VenueError) as raised:
        place(engine, "ann", new)
    assert raised.value.msg == msg
    assert engine.ledger.sequence == sequence


def test_a_client_order_id_is_unique_among_open_orders_only() -> None:
    engine = engine_with("ann")
    first = place(engine, "ann", order("BUY", "1", "0.04", client_order_id="same"))
    with pytest.raises(VenueError, match="Duplicate order sent"):
        place(engine, "ann", order("BUY", "1", "0.04", client_order_id="same"))
    engine.cancel(first, "x", 1)
    second = place(engine, "ann", order("BUY", "1", "0.04", client_order_id="same"))
    assert engine.ledger.by_client_id("ann", SYMBOL, "same") is second


def test_ioc_and_fok() -> None:
    engine = engine_with("ann")
    engine.markets[SYMBOL].book.asks.set_model(Decimal("0.05"), Decimal(2))
    killed = place(engine, "ann", order("BUY", "3", "0.05", time_in_force="FOK"))
    assert (killed.status, killed.executed) == ("EXPIRED", Decimal(0))
    partly = place(engine, "ann", order("BUY", "3", "0.05", time_in_force="IOC"))
    assert (partly.status, partly.executed) == ("EXPIRED", Decimal(2))


def test_a_market_order_without_liquidity_expires() -> None:
    engine = engine_with("ann")
    found = place(engine, "ann", order("SELL", "1"))
    assert (found.status, found.executed) == ("EXPIRED", Decimal(0))
    assert engine.ledger.accounts["ann"].balances["ETH"].free == 50


def test_a_stop_triggers_and_a_chain_of_stops_runs_out() -> None:
    engine = engine_with("ann", "bob")
    bids = engine.markets[SYMBOL].book.bids
    for ticks, quantity in ((4900, 1), (4800, 1), (4700, 5)):
        bids.set_model(RULES.tick_size * ticks, Decimal(quantity))
    first = place(engine, "ann", order("SELL", "1", type="STOP_LOSS", stop_price=Decimal("0.049")))
    second = place(engine, "bob", order("SELL", "1", type="STOP_LOSS", stop_price=Decimal("0.048")))
    assert not first.working
    engine.outside_trade(SYMBOL, "SELL", Decimal(1), None, 1)
    assert (first.status, second.status) == ("FILLED", "FILLED")
    assert first.fills[0].price == Decimal("0.048")
    assert second.fills[0].price == Decimal("0.047")


def test_self_trade_prevention_expires_the_maker_by_default() -> None:
    engine = engine_with("ann")
    resting = place(engine, "ann", order("SELL", "1", "0.05"))
    taking = place(engine, "ann", order("BUY", "1", "0.05"))
    assert (resting.status, resting.prevented) == ("EXPIRED_IN_MATCH", Decimal(1))
    assert (taking.status, taking.executed) == ("NEW", Decimal(0))


def test_a_market_purchase_steps_over_its_own_offers() -> None:
    engine = engine_with("ann")
    asks = engine.markets[SYMBOL].book.asks
    mine = place(engine, "ann", order("SELL", "1", "0.05"))
    asks.set_model(Decimal("0.06"), Decimal(5))
    taking = place(engine, "ann", order("BUY", "2"))
    assert (taking.status, taking.quote_executed) == ("FILLED", Decimal("0.12"))
    assert mine.status == "EXPIRED_IN_MATCH"


def test_a_buying_stop_at_the_market_never_spends_more_than_there_is() -> None:
    engine = engine_with("ann", funds={"BTC": Decimal("0.052"), "ETH": Decimal(0)})
    asks = engine.markets[SYMBOL].book.asks
    asks.set_model(Decimal("0.05"), Decimal("0.1"))
    stop = place(engine, "ann", order("BUY", "1", type="STOP_LOSS", stop_price=Decimal("0.0495")))
    asks.set_model(Decimal("0.06"), Decimal(5))
    engine.outside_trade(SYMBOL, "BUY", Decimal("0.1"), None, 1)
    assert stop.status == "EXPIRED"
    assert 0 < stop.executed < 1
    assert engine.ledger.accounts["ann"].balances["BTC"].free >= 0
