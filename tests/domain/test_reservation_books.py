"""Any sequence of orders, fills, ends and repetitions, against books kept in whole units."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from bson.decimal128 import Decimal128
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.account import Account
from domain.errors import ErrorCode
from domain.order_status import OrderStatus
from domain.orders import OrderIntent, Side
from domain.reservation import Reserved, release, reserve, restamp, settle
from domain.risk import LimitType
from domain.trades import Execution, Failure, Fill, Trade, advance, fail, submitting
from tests.domain.strategies import (
    NOW,
    PRICES,
    RULES,
    UNIT,
    account_of,
    intents,
    order_of,
    pricing_of,
)

D = Decimal
S = OrderStatus
PER_ONE = 10**8
HELD = {"USDT": 60_000, "BTC": 1, "ETH": 5, "DOGE": 50_000, "BNB": 10}


def units(value: Decimal) -> int:
    assert value % UNIT == 0
    return int(value * PER_ONE)


@dataclass
class Live:
    """An order on its way, as the venue knows it; quantities in units."""

    trade: Trade
    stamp_ms: int
    spent: int = 0
    executed: int = 0
    heard: list[Trade] = field(default_factory=list)

    @property
    def intent(self) -> OrderIntent:
        return self.trade.order.intent


class Books(RuleBasedStateMachine):
    """The account is the domain's; `totals` are integers that only fills and fees change."""

    def __init__(self) -> None:
        super().__init__()
        self.account: Account = account_of(**HELD)
        self.totals = Counter({asset: amount * PER_ONE for asset, amount in HELD.items()})
        self.live: dict[str, Live] = {}
        self.ended: list[Trade] = []
        self.count = 0

    # --- orders

    @rule(intent=intents())
    def place(self, intent: OrderIntent) -> None:
        self.count += 1
        order = order_of(intent, self.count)
        before = self.account
        decision = reserve(before, order, pricing_of(intent.symbol), NOW, self.count)
        if not isinstance(decision, Reserved):
            if decision.limit_type is LimitType.BALANCE:
                assert decision.current_value is not None
                assert decision.limit_value is not None
                assert decision.current_value < decision.limit_value
            return
        self.account = decision.account
        held = decision.open_order
        assert held.reserved > 0
        after = self.account.balance(held.reserved_asset)
        assert after.free == before.balance(held.reserved_asset).free - held.reserved
        assert after.free >= 0
        self.live[order.trade_id] = Live(submitting(order, NOW), self.count)

    def draw_live(self, data: st.DataObject) -> tuple[str, Live]:
        trade_id = data.draw(st.sampled_from(sorted(self.live)))
        return trade_id, self.live[trade_id]

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def fill(self, data: st.DataObject) -> None:
        trade_id, live = self.draw_live(data)
        intent, order = live.intent, live.trade.order
        price = data.draw(self.prices(intent))
        quantity = data.draw(self.quantities(trade_id, live, price))
        if not quantity:
            return
        cost = units(price) * quantity // PER_ONE
        buys = intent.side is Side.BUY
        received, asset = (quantity, order.base_asset) if buys else (cost, order.quote_asset)
        fee_asset = data.draw(st.sampled_from([asset, "BNB"]))
        fee = data.draw(st.integers(0, received // 1_000 if fee_asset == asset else 1_000))
        number = 10 * self.count + len(live.trade.fills)
        self.hear(
            trade_id,
            live,
            Fill(number, price, quantity * UNIT, fee * UNIT, fee_asset, NOW),
        )
        live.spent += cost if buys else quantity
        live.executed += quantity
        self.totals[order.base_asset] += quantity if buys else -quantity
        self.totals[order.quote_asset] += -cost if buys else cost
        self.totals[fee_asset] -= fee
        self.forget_ended(trade_id)

    def prices(self, intent: OrderIntent) -> st.SearchStrategy[Decimal]:
        """Draw prices that the order's limit allows."""
        tick = RULES[intent.symbol].tick_size
        middle = intent.price or PRICES[intent.symbol]
        better = st.integers(0, 50).map(lambda count: count * tick)
        if intent.price is None:
            return better.map(lambda more: middle + more - 25 * tick)
        return better.map(lambda more: middle - more if intent.side is Side.BUY else middle + more)

    def quantities(self, trade_id: str, live: Live, price: Decimal) -> st.SearchStrategy[int]:
        """Draw quantities that are still open and, at this price, within what is held."""
        step = units(RULES[live.intent.symbol].step_size)
        reserved = units(self.account.orders[trade_id].reserved)
        most = reserved // step
        if live.intent.side is Side.BUY:
            most = reserved * PER_ONE // units(price) // step
        if live.intent.quantity is not None:
            most = min(most, (units(live.intent.quantity) - live.executed) // step)
        if live.intent.quote_quantity is not None:
            left = units(live.intent.quote_quantity) - live.executed * units(price) // PER_ONE
            most = min(most, max(left, 0) * PER_ONE // units(price) // step)
        return st.integers(0, most).map(lambda count: count * step)

    def hear(self, trade_id: str, live: Live, *fresh: Fill, end: OrderStatus | None = None) -> None:
        fills = (*live.trade.fills, *fresh)
        status = end or (S.PARTIALLY_FILLED if fills else S.NEW)
        live.heard.append(live.trade)
        live.trade = advance(live.trade, Execution(self.venue_id(trade_id), status, fills, NOW))
        settled = settle(self.account, live.trade)
        self.account = settled.account
        assert settle(self.account, live.trade).account == self.account

    @staticmethod
    def venue_id(trade_id: str) -> int:
        return int(trade_id[:8], 16)

    def forget_ended(self, trade_id: str) -> None:
        if self.live[trade_id].trade.is_terminal:
            gone = self.live.pop(trade_id)
            self.ended += [*gone.heard, gone.trade]
            assert trade_id not in self.account.orders

    @precondition(lambda self: self.live)
    @rule(data=st.data(), end=st.sampled_from([S.CANCELED, S.EXPIRED, S.NEW]))
    def confirm_or_end(self, data: st.DataObject, end: OrderStatus) -> None:
        trade_id, live = self.draw_live(data)
        self.hear(trade_id, live, end=None if end is S.NEW else end)
        self.forget_ended(trade_id)

    @precondition(lambda self: self.live)
    @rule(data=st.data(), is_ours=st.booleans())
    def release_unsent(self, data: st.DataObject, is_ours: bool) -> None:  # noqa: FBT001 - drawn
        trade_id, live = self.draw_live(data)
        stamp_ms = live.stamp_ms if is_ours else live.stamp_ms + 1
        after = release(self.account, trade_id, stamp_ms)
        if not is_ours or live.trade.venue_order_id is not None:
            assert after == self.account
            return
        self.account = after
        self.ended += [*self.live.pop(trade_id).heard, live.trade]

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def fail_unsent(self, data: st.DataObject) -> None:
        trade_id, live = self.draw_live(data)
        if live.trade.venue_order_id is None:
            live.trade = fail(live.trade, Failure(ErrorCode.INVALID_ORDER, "refused"), NOW)
            self.account = settle(self.account, live.trade).account
            self.forget_ended(trade_id)

    @precondition(lambda self: self.live)
    @rule(data=st.data(), is_ours=st.booleans())
    def send_again(self, data: st.DataObject, is_ours: bool) -> None:  # noqa: FBT001 - drawn
        trade_id, live = self.draw_live(data)
        stamp_ms = live.stamp_ms if is_ours else live.stamp_ms + 1
        after = restamp(self.account, trade_id, stamp_ms, live.stamp_ms + 1_000)
        assert (after is None) == (not is_ours or live.trade.venue_order_id is not None)
        if after is not None:
            self.account, live.stamp_ms = after, live.stamp_ms + 1_000

    @rule(data=st.data())
    def hear_something_old(self, data: st.DataObject) -> None:
        old = [*self.ended, *(trade for live in self.live.values() for trade in live.heard)]
        if old:
            trade = data.draw(st.sampled_from(old))
            assert settle(self.account, trade).account == self.account

    # --- what holds after every step

    @invariant()
    def totals_change_by_fills_and_fees_alone(self) -> None:
        for asset in {*self.totals, *self.account.balances}:
            assert self.account.balance(asset).total == self.totals[asset] * UNIT

    @invariant()
    def locked_is_what_open_orders_hold_and_nothing_is_negative(self) -> None:
        assert set(self.account.orders) == set(self.live)
        for asset, balance in self.account.balances.items():
            held = [o.reserved for o in self.account.orders.values() if o.reserved_asset == asset]
            assert balance.locked == sum(held, D(0))
            assert balance.free >= 0
            assert all(reserved >= 0 for reserved in held)

    @invariant()
    def what_is_held_covers_what_is_open(self) -> None:
        for trade_id, live in self.live.items():
            reserved, intent = self.account.orders[trade_id].reserved, live.intent
            if intent.quantity is None:
                continue
            remaining = intent.quantity - live.executed * UNIT
            if intent.side is Side.SELL:
                assert reserved == remaining
            elif intent.price is not None:
                assert intent.price * remaining <= reserved
                # Never more than a unit too much for each fill, and one for the order.
                assert reserved < intent.price * remaining + (len(live.trade.fills) + 1) * UNIT

    @invariant()
    def money_is_in_whole_units(self) -> None:
        held = [(b.free, b.locked) for b in self.account.balances.values()]
        for value in [*sum(held, ()), *(o.reserved for o in self.account.orders.values())]:
            assert value == value.quantize(UNIT)

    @invariant()
    def every_number_can_be_stored(self) -> None:
        for value in numbers_of(self.account):
            assert Decimal128(value).to_decimal() == value


def numbers_of(account: Account) -> Iterator[Decimal]:
    for balance in account.balances.values():
        yield from (balance.free, balance.locked, balance.total)
    for order in account.orders.values():
        yield from (order.reserved, order.notional_quote)
    for position in account.positions.values():
        yield from (position.quantity, position.entry_price, position.realized_pnl, position.cost)
    yield from (account.day.realized_pnl, account.day.opening_equity)


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=40, stateful_step_count=25)
