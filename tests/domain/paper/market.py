"""A market and a session for tests of paper trading, in few words."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.orders import OrderIntent, OrderType, Side, TimeInForce
from domain.paper.book import BookSnapshot, Level
from domain.paper.execution import Arrival
from domain.paper.hearing import hear
from domain.paper.observations import MarketTrade, Observation
from domain.paper.session import cancel, paper_order, place
from domain.paper.state import (
    Bracket,
    Changes,
    PaperSettings,
    PaperTrade,
    Placed,
    SessionState,
    opened,
)
from tests.domain.strategies import NOW, RULES, USER, WIDE

D = Decimal
BTC = "BTCUSDT"
BUY, SELL = Side.BUY, Side.SELL
RATES = {"USDT": D(1), "BTC": D(60_000)}
SECOND = timedelta(seconds=1)


def levels(*pairs: str) -> tuple[Level, ...]:
    """Read levels as `price x quantity`."""
    return tuple(Level(D(p), D(q)) for p, q in (pair.split("x") for pair in pairs))


def book(
    bids: tuple[str, ...] = ("99x1", "98x2"),
    asks: tuple[str, ...] = ("101x1", "102x2"),
    at: datetime = NOW,
    sequence: int = 1,
    symbol: str = BTC,
) -> BookSnapshot:
    """Make a book around 100."""
    return BookSnapshot(symbol, levels(*bids), levels(*asks), at, sequence)


def limit(
    side: Side,
    quantity: str,
    price: str,
    *,
    in_force: TimeInForce = TimeInForce.GTC,
    stop: str | None = None,
    kind: OrderType | None = None,
) -> OrderIntent:
    """Make a limit order, or a stop order where there is a stop price."""
    plain = OrderType.LIMIT if stop is None else OrderType.STOP_LOSS_LIMIT
    return OrderIntent(
        BTC,
        side,
        kind or plain,
        quantity=D(quantity),
        price=D(price),
        stop_price=None if stop is None else D(stop),
        time_in_force=in_force,
    )


def market(side: Side, quantity: str | None = None, quote: str | None = None) -> OrderIntent:
    """Make a market order."""
    return OrderIntent(
        BTC,
        side,
        OrderType.MARKET,
        quantity=None if quantity is None else D(quantity),
        quote_quantity=None if quote is None else D(quote),
    )


SETTINGS = PaperSettings(limits=replace(WIDE, price_collar_bps=100_000))


@dataclass
class Session:
    """A session that a test leads: each call moves the time on by a second."""

    settings: PaperSettings = SETTINGS
    state: SessionState = field(init=False)
    records: dict[str, PaperTrade] = field(default_factory=dict)
    steps: int = 0

    def __post_init__(self) -> None:
        self.state = opened("session-1", USER, self.settings, NOW)

    @property
    def now(self) -> datetime:
        return NOW + self.steps * SECOND

    def keep(self, changes: Changes) -> None:
        self.records |= {paper.trade_id: paper for paper in changes.trades}

    def place(
        self,
        intent: OrderIntent,
        snapshot: BookSnapshot | None = None,
        key: str | None = None,
        bracket: Bracket | None = None,
        **arrival: Any,
    ) -> Placed:
        self.steps += 1
        rules = RULES[intent.symbol]
        given = snapshot or book()
        given = replace(given, at=self.now, sequence=self.steps if given.sequence == 1 else 1)
        facts: dict[str, Any] = {
            "rules": rules,
            "decision": given,
            "decided_at": self.now,
            "arrival": given,
            "arrived_at": self.now,
            "rate": RATES[rules.quote_asset],
        }
        order = paper_order(USER, "session-1", key or f"key-{self.steps}", intent, rules)
        self.state, placed = place(self.state, order, Arrival(**{**facts, **arrival}), bracket)
        self.keep(placed.changes)
        return placed

    def traded(self, intent: OrderIntent, *args: Any, **more: Any) -> PaperTrade:
        placed = self.place(intent, *args, **more)
        assert placed.trade is not None, placed.denial
        return placed.trade

    def hear(self, make: Callable[[datetime, int], Observation]) -> Changes:
        self.steps += 1
        self.state, changes = hear(self.state, make(self.now, self.steps))
        self.keep(changes)
        return changes

    def trade(self, price: str, quantity: str, *, seller: bool) -> Changes:
        """Let somebody trade; `seller` says that a seller came to a bid."""
        return self.hear(lambda at, n: MarketTrade(BTC, D(price), D(quantity), seller, n, at))

    def show(self, bids: tuple[str, ...], asks: tuple[str, ...]) -> Changes:
        return self.hear(lambda at, n: book(bids, asks, at, n))

    def cancel(self, trade_id: str) -> Changes:
        self.steps += 1
        self.state, changes = cancel(self.state, trade_id, self.now)
        self.keep(changes)
        return changes

    def held(self, asset: str) -> tuple[Decimal, Decimal]:
        balance = self.state.account.balance(asset)
        return balance.free, balance.locked
