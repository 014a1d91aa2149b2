"""Order books as a session sees them, and what an order of some size finds in one."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.market import Quote
from domain.orders import OrderIntent, Side
from domain.precision import cut_to_unit, raise_to_unit

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Level:
    """One price (quote asset) and the quantity that stands or trades there (base asset)."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class BookSnapshot:
    """One symbol's best levels at one moment; both sides from the best price outwards.

    `sequence` rises with every change of the book at the venue (Binance's `lastUpdateId`):
    two snapshots of one sequence are the same liquidity.
    """

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    at: datetime
    sequence: int

    def own(self, side: Side) -> tuple[Level, ...]:
        """The levels among which an order of this side rests."""
        return self.bids if side is Side.BUY else self.asks

    def opposite(self, side: Side) -> tuple[Level, ...]:
        """The levels against which an order of this side trades."""
        return self.asks if side is Side.BUY else self.bids

    @property
    def is_usable(self) -> bool:
        """Whether both sides stand, and not across each other."""
        return bool(self.bids and self.asks) and self.bids[0].price < self.asks[0].price

    @property
    def mid(self) -> Decimal:
        """The middle between the best prices; both sides must stand."""
        return (self.bids[0].price + self.asks[0].price) / 2


@dataclass(frozen=True, slots=True)
class Walk:
    """What an order found: what it trades at each level, and what it found nothing for.

    `unfilled` is in the base asset where the order had a quantity, else in the quote asset.
    """

    fills: tuple[Level, ...]
    unfilled: Decimal

    @property
    def quantity(self) -> Decimal:
        """Base asset that trades."""
        return sum((fill.quantity for fill in self.fills), ZERO)

    @property
    def cost(self) -> Decimal:
        """Quote asset that trades, cut at each fill as the venue cuts it."""
        return sum((cut_to_unit(fill.price * fill.quantity) for fill in self.fills), ZERO)

    @property
    def average_price(self) -> Decimal | None:
        """Average over the fills, or None without one."""
        if not self.fills:
            return None
        return sum((f.price * f.quantity for f in self.fills), ZERO) / self.quantity


def is_within(side: Side, price: Decimal, limit: Decimal | None) -> bool:
    """Whether an order of this side and limit trades at a price."""
    if limit is None:
        return True
    return price <= limit if side is Side.BUY else price >= limit


def within_limit(levels: Iterable[Level], side: Side, limit: Decimal | None) -> tuple[Level, ...]:
    """Return the levels that an order of this side and limit may trade at."""
    return tuple(level for level in levels if is_within(side, level.price, limit))


def walk_quantity(levels: Iterable[Level], quantity: Decimal) -> Walk:
    """Take a base quantity from the levels, best first."""
    fills, left = [], quantity
    for level in levels:
        if left <= 0:
            break
        taken = min(left, level.quantity)
        if taken > 0:
            fills.append(Level(level.price, taken))
            left -= taken
    return Walk(tuple(fills), left)


def walk_quote(levels: Iterable[Level], quote_quantity: Decimal, step_size: Decimal) -> Walk:
    """Take what a quote quantity buys or brings, in whole steps at each level, best first.

    Each level is charged rounded up, so that the cost of the fills is never more.
    """
    fills, left = [], quote_quantity
    for level in levels:
        taken = min(level.quantity, to_step(left / level.price, step_size))
        if taken <= 0:
            break
        fills.append(Level(level.price, taken))
        left -= raise_to_unit(level.price * taken)
    return Walk(tuple(fills), left)


def to_step(quantity: Decimal, step_size: Decimal) -> Decimal:
    """Cut a quantity down to whole steps; without a step to whole units."""
    return quantity // step_size * step_size if step_size else cut_to_unit(quantity)


def together(levels: Iterable[Level]) -> tuple[Level, ...]:
    """Return the quantities of each price added up, in the order in which prices come first."""
    found: dict[Decimal, Decimal] = {}
    for level in levels:
        found[level.price] = found.get(level.price, ZERO) + level.quantity
    return tuple(Level(price, quantity) for price, quantity in found.items())


def less(levels: Iterable[Level], taken: Iterable[Level]) -> tuple[Level, ...]:
    """Return the levels without what the session itself took from them before."""
    gone = {level.price: level.quantity for level in together(taken)}
    left = (Level(x.price, x.quantity - gone.get(x.price, ZERO)) for x in levels)
    return tuple(level for level in left if level.quantity > 0)


def quote_of(book: BookSnapshot) -> Quote:
    """Return the book as the quote that risk is judged with; its price is the middle."""
    return Quote(
        symbol=book.symbol,
        price=book.mid,
        bid=book.bids[0].price,
        ask=book.asks[0].price,
        volume_24h=ZERO,
        change_24h=ZERO,
        timestamp=book.at,
    )


def quantity_at(book: BookSnapshot, side: Side, price: Decimal) -> Decimal | None:
    """Return what rests at a price of one side; None where the snapshot does not reach it."""
    levels = book.own(side)
    for level in levels:
        if level.price == price:
            return level.quantity
    beyond = Side.BUY if side is Side.SELL else Side.SELL
    is_reached = bool(levels) and not is_within(beyond, levels[-1].price, price)
    return ZERO if is_reached else None


def trimmed(book: BookSnapshot, intent: OrderIntent, taken: Iterable[Level] = ()) -> BookSnapshot:
    """Return the part of a snapshot that decides an order: what a session's history keeps.

    Executing on it gives the same as on the whole. `taken` is what the session took from the
    book before (`SessionState.taken`); twice the order's size is left beyond that, for orders
    of the session that come to the same snapshot first.
    """
    side, limit, gone = intent.side, intent.price, tuple(taken)
    kept, base, quote = [], ZERO, ZERO
    for level in book.opposite(side):
        kept.append(level)
        for free in less([level], gone):
            base, quote = base + free.quantity, quote + free.quantity * level.price
        is_deep = intent.quantity is not None and base >= 2 * intent.quantity
        is_dear = intent.quote_quantity is not None and quote >= 2 * intent.quote_quantity
        if is_deep or is_dear or not is_within(side, level.price, limit):
            break
    own = book.own(side)
    around = [own[:1]] if own else []
    if limit is not None:
        index = next((i for i, level in enumerate(own) if _is_at_or_below(side, level, limit)), 0)
        around.append(own[max(index, 1) : index + 2])
    rest = tuple(level for part in around for level in part)
    bids, asks = (rest, tuple(kept)) if side is Side.BUY else (tuple(kept), rest)
    return replace(book, bids=bids, asks=asks)


def _is_at_or_below(side: Side, level: Level, limit: Decimal) -> bool:
    return level.price <= limit if side is Side.BUY else level.price >= limit
