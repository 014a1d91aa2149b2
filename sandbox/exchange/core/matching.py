"""The matching of one symbol: price, then time. Pure: it is told the time and writes no file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from sandbox.exchange.core.book import MODEL_NODE, Book, Level, Resting
from sandbox.exchange.core.ledger import Ledger, Order
from sandbox.exchange.core.records import ZERO, OrderClosed, OrderFilled, Record, TradeIdsReserved
from sandbox.exchange.core.symbols import UNIT, SymbolRules, quote_needed, quote_of

TRADE_ID_BLOCK = 5_000


@dataclass(slots=True)
class PublicTrade:
    """A trade as everybody sees it.

    Attributes:
        group: Trades of one taker at one price share it (aggregate trades).
    """

    trade_id: int
    price: Decimal
    quantity: Decimal
    time_ms: int
    is_buyer_maker: bool
    group: int


@dataclass(slots=True)
class Taker:
    """What trades against the book; `order` is None for the model's and outside flow."""

    side: str
    remaining: Decimal
    limit: Decimal | None = None
    order: Order | None = None
    budget: Decimal | None = None

    def crosses(self, price: Decimal) -> bool:
        """Whether it would trade at `price`."""
        if self.limit is None:
            return True
        return price <= self.limit if self.side == "BUY" else price >= self.limit


@dataclass(slots=True)
class Market:
    """One symbol's book, prices and stop orders."""

    rules: SymbolRules
    ledger: Ledger
    emit: Callable[[Record], None]
    maker_rate: Decimal
    taker_rate: Decimal
    last_price: Decimal
    book: Book = field(default_factory=Book)
    stops: dict[int, Order] = field(default_factory=dict)
    trades: list[PublicTrade] = field(default_factory=list)
    last_quantity: Decimal = ZERO
    next_trade_id: int = 1
    trade_id_limit: int = 0
    groups: int = 0
    average: Decimal | None = None

    def average_price(self) -> Decimal:
        """The five-minute average that filters measure against; the last price until known."""
        return self.average if self.average is not None else self.last_price

    def sweep(self, taker: Taker, now_ms: int) -> None:
        """Trade `taker` against the book until it, its limit or the book is exhausted."""
        opposite = self.book.opposite(taker.side)
        self.groups += 1
        group_price: Decimal | None = None
        while taker.remaining > 0:
            level = opposite.best()
            if level is None or not taker.crosses(level.price):
                return
            if group_price is not None and level.price != group_price:
                self.groups += 1
            group_price = level.price
            if not self._sweep_level(taker, level, now_ms):
                return

    def _sweep_level(self, taker: Taker, level: Level, now_ms: int) -> bool:
        """Trade against one level; False when the taker can go no further."""
        for node_id, node in list(level.queue.items()):
            if node.order is not None and self._prevented(taker, node.order, now_ms):
                if taker.remaining <= 0:
                    return False
                continue
            quantity = min(taker.remaining, node.remaining)
            if taker.budget is not None:
                quantity = min(quantity, self.rules.to_step(taker.budget / level.price))
                if quantity <= 0:
                    return False
            self._trade(taker, level, node_id, node, quantity, now_ms)
            if taker.remaining <= 0:
                return False
        return True

    def _trade(  # noqa: PLR0913, PLR0917 - one trade is these six facts
        self,
        taker: Taker,
        level: Level,
        node_id: int,
        node: Resting,
        quantity: Decimal,
        now_ms: int,
    ) -> None:
        trade_id = self._new_trade_id(now_ms)
        price = level.price
        maker = node.order
        self.book.opposite(taker.side).consume(level, node_id, quantity)
        taker.remaining -= quantity
        if taker.budget is not None:
            taker.budget -= quote_of(price, quantity)
        if maker is not None:
            self.emit(self._fill(maker, trade_id, price, quantity, now_ms, is_maker=True))
        if taker.order is not None:
            self.emit(self._fill(taker.order, trade_id, price, quantity, now_ms, is_maker=False))
        self.last_price = price
        self.last_quantity = quantity
        self.trades.append(
            PublicTrade(trade_id, price, quantity, now_ms, taker.side == "SELL", self.groups)
        )

    def _fill(  # noqa: PLR0913 - one fill is these six facts
        self,
        order: Order,
        trade_id: int,
        price: Decimal,
        quantity: Decimal,
        now_ms: int,
        *,
        is_maker: bool,
    ) -> OrderFilled:
        accepted = order.accepted
        quote = quote_of(price, quantity)
        buys = accepted.side == "BUY"
        rate = self.maker_rate if is_maker else self.taker_rate
        received = quantity if buys else quote
        remaining = order.remaining - quantity
        return OrderFilled(
            time=now_ms,
            account_id=accepted.account_id,
            symbol=accepted.symbol,
            side=accepted.side,
            type=accepted.type,
            order_id=accepted.order_id,
            client_order_id=accepted.client_order_id,
            trade_id=trade_id,
            price=price,
            quantity=quantity,
            quote_quantity=quote,
            commission=(received * rate).quantize(UNIT, ROUND_DOWN),
            commission_asset=self.rules.base if buys else self.rules.quote,
            is_maker=is_maker,
            reserved=_still_reserved(order, remaining, quote),
            status="PARTIALLY_FILLED" if remaining > 0 else "FILLED",
        )

    def _prevented(self, taker: Taker, maker: Order, now_ms: int) -> bool:
        """Self-trade prevention, by the taker's mode. True when the pair may not trade."""
        order = taker.order
        if order is None or order.accepted.account_id != maker.accepted.account_id:
            return False
        mode = order.accepted.stp_mode
        if mode in {"EXPIRE_MAKER", "EXPIRE_BOTH"}:
            self.remove(maker)
            self.emit(closed(maker, now_ms, "EXPIRE", "EXPIRED_IN_MATCH", prevented=True))
        if mode in {"EXPIRE_TAKER", "EXPIRE_BOTH"}:
            self.emit(closed(order, now_ms, "EXPIRE", "EXPIRED_IN_MATCH", prevented=True))
            taker.remaining = ZERO
        return True

    def remove(self, order: Order) -> None:
        """Take an order off the book or the stop list."""
        if self.stops.pop(order.accepted.order_id, None) is None:
            self.book.side(order.accepted.side).remove(order)

    def available(self, taker: Taker, account_id: str) -> tuple[Decimal, Decimal]:
        """Base quantity and quote asset that an account's `taker` would trade right now.

        Its own orders do not count: self-trade prevention keeps them apart.
        """
        base, quote = ZERO, ZERO
        for level in self.book.opposite(taker.side).levels():
            if not taker.crosses(level.price) or base >= taker.remaining:
                break
            total = level.total
            if len(level.queue) > 1 or MODEL_NODE not in level.queue:
                others = (n.remaining for n in level.queue.values() if not _own(n, account_id))
                total = sum(others, ZERO)
            quantity = min(total, taker.remaining - base)
            if taker.budget is not None:
                quantity = min(quantity, self.rules.to_step((taker.budget - quote) / level.price))
            if quantity <= 0 < total:
                break
            base += quantity
            quote += quote_needed(level.price, quantity)
        return base, quote

    def _new_trade_id(self, now_ms: int) -> int:
        trade_id = self.next_trade_id
        self.next_trade_id += 1
        if trade_id >= self.trade_id_limit:
            # Trades between strangers are not journaled: without the reservation a restart
            # would hand out their ids again.
            self.trade_id_limit = trade_id + TRADE_ID_BLOCK
            self.emit(
                TradeIdsReserved(time=now_ms, symbol=self.rules.symbol, limit=self.trade_id_limit)
            )
        return trade_id


def _own(node: Resting, account_id: str) -> bool:
    return node.order is not None and node.order.accepted.account_id == account_id


def _still_reserved(order: Order, remaining: Decimal, quote: Decimal) -> Decimal:
    """What an order locks after a fill that leaves `remaining` and moved `quote`."""
    accepted = order.accepted
    if remaining <= 0:
        return ZERO
    if accepted.side == "SELL":
        return order.reserved - (accepted.quantity - order.executed - remaining)
    if accepted.price:
        return quote_needed(accepted.price, remaining)
    return order.reserved - quote


def closed(  # noqa: PLR0913 - one closing is these facts
    order: Order,
    now_ms: int,
    kind: str,
    status: str,
    *,
    request_id: str = "",
    prevented: bool = False,
) -> OrderClosed:
    """The record of an order that leaves with `status`."""
    accepted = order.accepted
    return OrderClosed(
        kind=kind,
        time=now_ms,
        account_id=accepted.account_id,
        symbol=accepted.symbol,
        side=accepted.side,
        type=accepted.type,
        order_id=accepted.order_id,
        client_order_id=accepted.client_order_id,
        price=accepted.price,
        quantity=order.remaining,
        status=status,
        request_id=request_id,
        prevented=order.remaining if prevented else ZERO,
    )
