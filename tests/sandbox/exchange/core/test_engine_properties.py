"""Properties of the engine: nothing appears or vanishes, nobody jumps the queue."""

from collections import defaultdict
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sandbox.exchange.core.errors import VenueError
from sandbox.exchange.core.ledger import Ledger
from sandbox.exchange.core.new_order import NewOrder
from sandbox.exchange.core.records import OrderFilled, decode, encode
from tests.sandbox.exchange.core.building import (
    NAMES,
    RULES,
    SYMBOL,
    engine_with,
    next_id,
    order,
    place,
    totals,
)

prices = st.integers(4700, 5100).map(lambda ticks: RULES.tick_size * ticks)
quantities = st.integers(40, 40_000).map(lambda steps: RULES.step_size * steps)
sides = st.sampled_from(["BUY", "SELL"])
names = st.sampled_from(NAMES)


class Trading(RuleBasedStateMachine):
    """Three accounts and the model do whatever they like."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = engine_with(*NAMES)
        self.market = self.engine.markets[SYMBOL]
        self.before = totals(self.engine.ledger)

    def attempt(self, name: str, new: NewOrder) -> None:
        sequence = self.engine.ledger.sequence
        try:
            place(self.engine, name, new)
        except VenueError:
            assert self.engine.ledger.sequence == sequence

    @rule(
        name=names,
        side=sides,
        price=prices,
        quantity=quantities,
        tif=st.sampled_from(["GTC", "IOC", "FOK"]),
        stp=st.sampled_from(["EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH"]),
    )
    def limit(  # noqa: PLR0917 - hypothesis passes them by name
        self, name: str, side: str, price: Decimal, quantity: Decimal, tif: str, stp: str
    ) -> None:
        self.attempt(name, order(side, str(quantity), str(price), time_in_force=tif, stp_mode=stp))

    @rule(name=names, side=sides, quantity=quantities)
    def market_order(self, name: str, side: str, quantity: Decimal) -> None:
        self.attempt(name, order(side, str(quantity)))

    @rule(name=names, side=sides, quote=st.integers(1, 20_000).map(lambda n: Decimal(n) / 10_000))
    def by_quote(self, name: str, side: str, quote: Decimal) -> None:
        self.attempt(name, order(side, "0", quote_quantity=quote))

    @rule(
        name=names,
        side=sides,
        stop=prices,
        price=prices,
        quantity=quantities,
        kind=st.sampled_from(["STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]),
    )
    def stop(  # noqa: PLR0917 - hypothesis passes them by name
        self, name: str, side: str, stop: Decimal, price: Decimal, quantity: Decimal, kind: str
    ) -> None:
        limit = price if kind.endswith("LIMIT") else Decimal(0)
        self.attempt(name, order(side, str(quantity), str(limit), type=kind, stop_price=stop))

    @rule(
        name=names,
        side=sides,
        quantity=quantities,
        up=st.integers(1, 200),
        down=st.integers(1, 200),
    )
    def pair(self, name: str, side: str, quantity: Decimal, up: int, down: int) -> None:
        tick, last = RULES.tick_size, self.market.last_price
        high, low = last + up * tick, last - down * tick
        resting, stop = (high, low) if side == "SELL" else (low, high)
        legs = (
            order(side, str(quantity), str(resting), type="LIMIT_MAKER"),
            order(side, str(quantity), str(stop), type="STOP_LOSS_LIMIT", stop_price=stop),
        )
        sequence = self.engine.ledger.sequence
        try:
            self.engine.place_pair(self.engine.ledger.accounts[name], legs, next_id(), 1)
        except VenueError:
            assert self.engine.ledger.sequence == sequence

    @rule(side=sides, price=prices, quantity=quantities)
    def model_quotes(self, side: str, price: Decimal, quantity: Decimal) -> None:
        best = self.market.book.opposite(side).best()
        crosses = best is not None and (
            best.price <= price if side == "BUY" else best.price >= price
        )
        if not crosses:
            self.market.book.side(side).set_model(price, quantity)

    @rule(side=sides, price=prices, quantity=quantities)
    def outside(self, side: str, price: Decimal, quantity: Decimal) -> None:
        self.engine.outside_trade(SYMBOL, side, quantity, price, 1)

    @precondition(lambda self: any(True for _ in self.engine.ledger.all_open()))
    @rule(pick=st.integers(0, 10**6))
    def cancel(self, pick: int) -> None:
        found = list(self.engine.ledger.all_open())
        self.engine.cancel(found[pick % len(found)], "x", 1)

    @invariant()
    def conserved(self) -> None:
        for asset, quantity in totals(self.engine.ledger).items():
            assert quantity == self.before.get(asset, Decimal(0))

    @invariant()
    def never_negative_and_locked_is_reserved(self) -> None:
        for account in self.engine.ledger.accounts.values():
            reserved: defaultdict[str, Decimal] = defaultdict(Decimal)
            for each in self.engine.ledger.open_orders(account.account_id):
                reserved[Ledger.reserved_asset(each.accepted)] += each.reserved
            for asset, balance in account.balances.items():
                assert balance.free >= 0
                assert balance.locked == reserved[asset]

    @invariant()
    def book_is_not_crossed(self) -> None:
        bid, ask = self.market.book.bids.best(), self.market.book.asks.best()
        if bid is not None and ask is not None:
            assert bid.price < ask.price

    @invariant()
    def levels_add_up(self) -> None:
        for side in (self.market.book.bids, self.market.book.asks):
            for level in side.levels():
                assert level.total == sum(node.remaining for node in level.queue.values())
                for node in level.queue.values():
                    if node.order is not None:
                        assert node.order.is_open
                        assert node.remaining == node.order.remaining

    @invariant()
    def no_fill_outside_its_limit(self) -> None:
        for each in self.engine.ledger.orders.values():
            for filled in each.fills:
                limit = each.accepted.price
                if limit and each.accepted.side == "BUY":
                    assert filled.price <= limit
                elif limit:
                    assert filled.price >= limit

    @invariant()
    def lists_stand_and_fall_together(self) -> None:
        for found in self.engine.ledger.lists.values():
            legs = [self.engine.ledger.orders[i] for i in found.opened.order_ids]
            assert sum(1 for leg in legs if leg.executed) <= 1

    def teardown(self) -> None:
        """The journal of it all, read back, gives the same state."""
        again = Ledger()
        for line in encode(self.engine.take()).splitlines():
            for record in decode(line):
                again.apply(record)
        assert totals(again) == totals(self.engine.ledger)
        mine = {i: (o.status, o.executed, o.reserved) for i, o in self.engine.ledger.orders.items()}
        assert mine == {i: (o.status, o.executed, o.reserved) for i, o in again.orders.items()}


Trading.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestTrading = Trading.TestCase


@given(st.lists(st.tuples(prices, quantities), min_size=2, max_size=8))
def test_price_then_time(orders: list[tuple[Decimal, Decimal]]) -> None:
    engine = engine_with("ann", "taker", funds={"ETH": Decimal(10**6), "BTC": Decimal(10**6)})
    resting = [place(engine, "ann", order("SELL", str(q), str(p))) for p, q in orders]
    place(
        engine,
        "taker",
        order("BUY", str(sum(q for _, q in orders)), str(max(p for p, _ in orders))),
    )
    filled = [r.order_id for r in engine.outbox if isinstance(r, OrderFilled) and r.is_maker]
    expected = sorted(resting, key=lambda o: (o.accepted.price, o.accepted.order_id))
    assert filled == [o.accepted.order_id for o in expected]
