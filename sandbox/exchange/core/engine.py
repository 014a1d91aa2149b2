"""The matching engine: orders in, records out. Pure: told the time, it writes no file.

Hazard: a request either raises `VenueError` before its first record or runs to its end. What
has been emitted has happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.exchange.core import checks, pairs
from sandbox.exchange.core.errors import (
    insufficient_balance,
    invalid_symbol,
    rejected,
    unknown_order,
)
from sandbox.exchange.core.ledger import STOP_TYPES, Account, Ledger, Order
from sandbox.exchange.core.matching import Market, Taker, closed
from sandbox.exchange.core.new_order import NewOrder, accepted_of
from sandbox.exchange.core.records import (
    ZERO,
    AccountOpened,
    Deposited,
    ListOpened,
    OrderTriggered,
    PriceShifted,
    Record,
)
from sandbox.exchange.core.symbols import SYMBOLS, SymbolRules


@dataclass(slots=True)
class Engine:
    """Every market and the ledger behind them.

    Attributes:
        outbox: Records emitted since the last `take`, in order.
        on_record: Called after each record has been folded in.
    """

    ledger: Ledger
    maker_rate: Decimal = Decimal("0.001")
    taker_rate: Decimal = Decimal("0.001")
    markets: dict[str, Market] = field(default_factory=dict)
    outbox: list[Record] = field(default_factory=list)
    on_record: Callable[[Record], None] | None = None

    def __post_init__(self) -> None:
        for rules in SYMBOLS.values():
            market = Market(
                rules, self.ledger, self._emit, self.maker_rate, self.taker_rate, rules.start_price
            )
            limit = self.ledger.trade_id_limits.get(rules.symbol, 0)
            market.next_trade_id = max(limit, 1)
            market.trade_id_limit = limit
            self.markets[rules.symbol] = market
        for order in self.ledger.all_open():
            self._settle_in(order)

    def _settle_in(self, order: Order) -> None:
        """Put an open order that came from the journal back where it waits."""
        market = self.markets[order.accepted.symbol]
        if order.working:
            market.book.side(order.accepted.side).add(order)
        else:
            market.stops[order.accepted.order_id] = order

    def _emit(self, record: Record) -> None:
        self.ledger.record(record)
        self.outbox.append(record)
        if self.on_record is not None:
            self.on_record(record)

    def take(self) -> list[Record]:
        """The records since the last call; the caller makes them durable."""
        taken, self.outbox = self.outbox, []
        return taken

    def open_account(self, opened: AccountOpened) -> None:
        """Open an account with its first balances."""
        self._emit(opened)

    def deposit(self, account_id: str, asset: str, quantity: Decimal, now_ms: int) -> None:
        """Add outside funds to an account."""
        self._emit(Deposited(time=now_ms, account_id=account_id, asset=asset, quantity=quantity))

    def shift_price(self, symbol: str, factor: str, now_ms: int) -> None:
        """Remember how far somebody moved the model's price."""
        self._emit(PriceShifted(time=now_ms, symbol=symbol, factor=factor))

    def check(self, account: Account, new: NewOrder) -> None:
        """Refuse what `place` would refuse.

        Raises:
            VenueError: -1013 for a filter, -2010 for anything else.
        """
        self._prepare(account, new)

    def check_filters(self, account: Account, market: Market, new: NewOrder) -> None:
        """Refuse what a filter refuses, whatever the funds.

        Raises:
            VenueError: -1013 with the filter's name.
        """
        checks.check_filters(self.ledger, account, market, new)

    def place(self, account: Account, new: NewOrder, now_ms: int) -> Order:
        """Accept an order, match it, and let what it set off run its course.

        Raises:
            VenueError: -1013 for a filter, -2010 for anything else; nothing has happened then.
        """
        reserved, quantity = self._prepare(account, new)
        order = self._accept(account, new, now_ms, reserved=reserved, quantity=quantity)
        market = self.markets[new.symbol]
        if new.type in STOP_TYPES:
            market.stops[order.accepted.order_id] = order
        else:
            self._work(market, order, now_ms)
            self.run_triggers(market, now_ms)
        return order

    def place_pair(
        self, account: Account, legs: tuple[NewOrder, NewOrder], list_client_id: str, now_ms: int
    ) -> ListOpened:
        """Accept an OCO: a limit maker and a stop of which one cancels the other.

        Raises:
            VenueError: As `place`; neither leg has been accepted then.
        """
        if legs[0].client_order_id == legs[1].client_order_id:
            raise rejected("Duplicate order sent.")
        # The leg that can rest holds all it needs; a stop is given its funds when it triggers.
        legs = (legs[1], legs[0]) if legs[0].type in STOP_TYPES else legs
        needs = [self._prepare(account, leg)[0] for leg in legs]
        list_id = self.ledger.last_list_id + 1
        opened = ListOpened(
            time=now_ms,
            account_id=account.account_id,
            symbol=legs[0].symbol,
            order_list_id=list_id,
            client_order_id=list_client_id,
            order_ids=[self.ledger.last_order_id + 1, self.ledger.last_order_id + 2],
            leg_client_order_ids=[leg.client_order_id for leg in legs],
        )
        self._emit(opened)
        # Only one leg can ever trade: the pair locks what the dearer one needs, once.
        reserves = (needs[0], max(needs[1] - needs[0], ZERO))
        market = self.markets[legs[0].symbol]
        for leg, reserved in zip(legs, reserves, strict=True):
            order = self._accept(
                account, leg, now_ms, reserved=reserved, quantity=leg.quantity, list_id=list_id
            )
            if leg.type in STOP_TYPES:
                market.stops[order.accepted.order_id] = order
            else:
                market.book.side(leg.side).add(order)
        return opened

    def cancel(self, order: Order, request_id: str, now_ms: int) -> None:
        """Cancel an open order (and its OCO partner).

        Raises:
            VenueError: -2011, the order is not open.
        """
        if not order.is_open:
            raise unknown_order()
        for each in [order, *pairs.open_partners(self.ledger, order)]:
            self.markets[each.accepted.symbol].remove(each)
            self._emit(closed(each, now_ms, "CANCEL", "CANCELED", request_id=request_id))

    def outside_trade(
        self, symbol: str, side: str, quantity: Decimal, limit: Decimal | None, now_ms: int
    ) -> Decimal:
        """An aggressive trade of somebody without an account here.

        Returns:
            The quantity that traded.
        """
        market = self.markets[symbol]
        taker = Taker(side, quantity, limit)
        market.sweep(taker, now_ms)
        self._after_fills(market, now_ms)
        self.run_triggers(market, now_ms)
        return quantity - taker.remaining

    def run_triggers(self, market: Market, now_ms: int) -> None:
        """Let stop orders go whose price the last trade reached, until none is left."""
        while True:
            due = [
                o for o in market.stops.values() if checks.reached(o.accepted, market.last_price)
            ]
            if not due:
                return
            for order in due:
                if order.is_open:
                    self._trigger(market, order, now_ms)

    def _prepare(self, account: Account, new: NewOrder) -> tuple[Decimal, Decimal]:
        """What the order must lock, and its base quantity."""
        market = self.markets[new.symbol]
        checks.check_filters(self.ledger, account, market, new)
        known = self.ledger.by_client_id(account.account_id, new.symbol, new.client_order_id)
        if known is not None and known.is_open:
            raise rejected("Duplicate order sent.")
        reserved, quantity = checks.needs(account, market, new)
        checks.check_prices(market, new)
        asset = market.rules.quote if new.side == "BUY" else market.rules.base
        if account.balance(asset).free < reserved:
            raise insufficient_balance()
        return reserved, quantity

    def _accept(  # noqa: PLR0913 - an accepted order is these facts
        self,
        account: Account,
        new: NewOrder,
        now_ms: int,
        *,
        reserved: Decimal,
        quantity: Decimal,
        list_id: int = -1,
    ) -> Order:
        order_id = self.ledger.last_order_id + 1
        record = accepted_of(new, account.account_id, order_id, now_ms)
        record.quantity, record.reserved, record.order_list_id = quantity, reserved, list_id
        self._emit(record)
        return self.ledger.orders[order_id]

    def _work(self, market: Market, order: Order, now_ms: int) -> None:
        """Match a live order; rest what remains of it, or let it expire."""
        accepted = order.accepted
        taker = Taker(accepted.side, order.remaining, accepted.price or None, order)
        if not accepted.price and accepted.side == "BUY":
            taker.budget = order.reserved
        kills = accepted.time_in_force == "FOK"
        if not kills or market.available(taker, accepted.account_id)[0] >= taker.remaining:
            market.sweep(taker, now_ms)
        self._after_fills(market, now_ms)
        if not order.is_open:
            return
        if accepted.price and accepted.time_in_force == "GTC":
            market.book.side(accepted.side).add(order)
        else:
            self._emit(closed(order, now_ms, "EXPIRE", "EXPIRED"))

    def _trigger(self, market: Market, order: Order, now_ms: int) -> None:
        for partner in pairs.open_partners(self.ledger, order):
            market.remove(partner)
            self._emit(closed(partner, now_ms, "EXPIRE", "EXPIRED"))
        del market.stops[order.accepted.order_id]
        accepted = order.accepted
        self._emit(
            OrderTriggered(
                time=now_ms,
                account_id=accepted.account_id,
                symbol=accepted.symbol,
                order_id=accepted.order_id,
                client_order_id=accepted.client_order_id,
                reserved=checks.trigger_need(self.ledger, market, order),
            )
        )
        self._work(market, order, now_ms)

    def _after_fills(self, market: Market, now_ms: int) -> None:
        """A filled OCO leg takes its partner out."""
        for order in pairs.orphaned(self.ledger, market.stops.values()):
            market.remove(order)
            self._emit(closed(order, now_ms, "EXPIRE", "EXPIRED"))

    @staticmethod
    def rules(symbol: str) -> SymbolRules:
        """The rules of a symbol.

        Raises:
            VenueError: -1121, there is no such symbol.
        """
        found = SYMBOLS.get(symbol)
        if found is None:
            raise invalid_symbol()
        return found
