"""What an order that comes to the book is given: prices with slippage, and fees."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from domain.market import Pricing, SymbolRules
from domain.orders import OrderIntent, Side, TimeInForce
from domain.paper.book import (
    ZERO,
    BookSnapshot,
    Level,
    Walk,
    less,
    quote_of,
    walk_quantity,
    walk_quote,
    within_limit,
)
from domain.precision import cut_to_unit
from domain.risk import BPS

# No order fills on a book that nobody has heard of for this long: API.md, "Latest price 1 s".
BOOK_AGE_LIMIT_MS = 1_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """The market as one order meets it.

    The order is judged on `decision`, the book that was current at `decided_at`. It fills on
    `arrival`, the book that is current at `arrived_at`, once the session's latency has passed:
    whoever places the order waits for `settings.latency_ms` in between and reads the book
    again. Without latency both are the same. `rate` is the value of the symbol's quote asset in
    the session's; `last_price` is that of the symbol's last public trade, where it is known.
    """

    rules: SymbolRules
    decision: BookSnapshot
    decided_at: datetime
    arrival: BookSnapshot
    arrived_at: datetime
    rate: Decimal = Decimal(1)
    last_price: Decimal | None = None

    @property
    def pricing(self) -> Pricing:
        """What risk is judged with."""
        return Pricing(quote_of(self.decision), self.rate)


def staleness(market: Arrival) -> str | None:
    """Return why an order may not meet this market; None where both books are fresh."""
    for book, now in (
        (market.decision, market.decided_at),
        (market.arrival, market.arrived_at),
    ):
        if book.symbol != market.rules.symbol or not book.is_usable:
            return "there is no usable book of the symbol"
        if abs(now - book.at) > timedelta(milliseconds=BOOK_AGE_LIMIT_MS):
            return f"the book is older than {BOOK_AGE_LIMIT_MS} ms"
    return None


def reference_price(side: Side, decision: BookSnapshot) -> Decimal:
    """Return what slippage is measured against: the best price it could take when decided.

    Not the middle: half the spread is the price of immediacy, known before; what is reported
    as slippage is depth, latency and chance.
    """
    return decision.opposite(side)[0].price


def slippage_bps(side: Side, executed: Decimal, reference: Decimal) -> Decimal:
    """Return how much worse than its reference an order was executed; better is negative."""
    worse = executed - reference if side is Side.BUY else reference - executed
    return (worse / reference * BPS).quantize(Decimal("1e-4"))


def slipped(
    levels: tuple[Level, ...], side: Side, bps: Decimal, tick: Decimal, limit: Decimal | None
) -> tuple[Level, ...]:
    """Return the levels at prices worse by so much, rounded away from the order to a tick.

    Slippage never takes an order beyond its own limit.
    """
    if not bps:
        return levels
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    factor = 1 + bps / BPS if side is Side.BUY else 1 - bps / BPS
    moved = []
    for level in levels:
        price = level.price * factor
        if tick:
            price = max((price / tick).to_integral_value(rounding) * tick, tick)
        if limit is not None:
            price = min(price, limit) if side is Side.BUY else max(price, limit)
        moved.append(Level(price, level.quantity))
    return tuple(moved)


def drawn_slippage_bps(setting_bps: Decimal, share: Decimal) -> Decimal:
    """Return one order's slippage: uniform between nothing and twice the setting.

    Uniform, so that its mean is the setting, it is never a gift, and it has a known bound. One
    draw an order: levels of one walk slip together, and stay in order.
    """
    return setting_bps * 2 * share


def take(
    book: BookSnapshot,
    intent: OrderIntent,
    market: SymbolRules,
    *,
    taken: tuple[Level, ...] = (),
    bps: Decimal = ZERO,
) -> tuple[Walk, Walk]:
    """Walk a book for an order; return what it pays, and the same fills at the book's prices.

    A MARKET order takes as deep as the book goes. A limit is a bound; FOK takes all or nothing.
    A quote quantity is counted at the slipped prices.

    Args:
        book: The one that is current when the order arrives.
        intent: What is asked.
        market: The symbol's steps.
        taken: What the session has taken from this book already.
        bps: Slippage of this order.
    """
    side, limit = intent.side, intent.price
    true = within_limit(less(book.opposite(side), taken), side, limit)
    levels = slipped(true, side, bps, market.tick_size, limit)
    quantity = intent.quantity
    if quantity is not None:
        walk = walk_quantity(levels, quantity)
    else:
        walk = walk_quote(levels, intent.quote_quantity or ZERO, market.step_size)
    if intent.time_in_force is TimeInForce.FOK and walk.unfilled:
        walk = Walk((), quantity or ZERO)
    pairs = zip(true, walk.fills, strict=False)
    there = tuple(Level(level.price, fill.quantity) for level, fill in pairs)
    return walk, Walk(there, walk.unfilled)


def fee(side: Side, price: Decimal, quantity: Decimal, fee_bps: Decimal) -> Decimal:
    """Return the commission of a fill, cut to whole units, in the asset that is received.

    The base asset of a purchase, the quote asset of a sale: as Binance takes it.
    """
    received = quantity if side is Side.BUY else cut_to_unit(price * quantity)
    return cut_to_unit(received * fee_bps / BPS)
