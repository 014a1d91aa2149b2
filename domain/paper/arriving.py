"""An order reaches the book: it takes what it may, and the rest waits or expires."""

from dataclasses import replace
from decimal import Decimal

from domain.errors import ErrorCode
from domain.order_status import OrderStatus
from domain.orders import STOP_TYPES, OrderIntent, OrderType, Side, TimeInForce
from domain.paper import chance
from domain.paper.book import ZERO, BookSnapshot, Walk, together
from domain.paper.desk import Desk
from domain.paper.execution import drawn_slippage_bps, take
from domain.paper.queueing import Phase, Resting, in_queue
from domain.paper.state import PaperTrade
from domain.trades import Failure


def triggers_above(intent: OrderIntent) -> bool:
    """Whether a stop order goes when the price rises to its stop price."""
    return (intent.side is Side.BUY) is (intent.type is OrderType.STOP_LOSS_LIMIT)


def resting_of(paper: PaperTrade, phase: Phase, desk: Desk, partner: str | None = None) -> Resting:
    """Return a priced order as the market will meet it."""
    order, intent = paper.trade.order, paper.trade.order.intent
    asked = intent.quantity or ZERO
    return Resting(
        trade_id=order.trade_id,
        symbol=intent.symbol,
        side=intent.side,
        price=intent.price or ZERO,
        remaining=asked - paper.trade.executed_quantity,
        step_size=order.step_size,
        phase=phase,
        since=desk.at,
        stop_price=intent.stop_price if intent.type in STOP_TYPES else None,
        triggers_above=triggers_above(intent),
        partner=partner,
    )


def accept(desk: Desk, trade_id: str) -> PaperTrade:
    """Give an order its number at the venue that this session is."""
    paper = desk.state.open_trades[trade_id]
    trade = replace(
        paper.trade,
        status=OrderStatus.NEW,
        venue_order_id=paper.number,
        updated_at=desk.at,
    )
    return desk.put(replace(paper, trade=trade))


def wait_for_stop(desk: Desk, trade_id: str, last_price: Decimal) -> None:
    """Keep a stop order until a trade reaches its stop price; refuse one that is due already."""
    paper = desk.state.open_trades[trade_id]
    intent = paper.trade.order.intent
    stop = intent.stop_price or ZERO
    is_due = last_price >= stop if triggers_above(intent) else last_price <= stop
    if is_due:
        _reject(desk, trade_id, ErrorCode.INVALID_ORDER, "the order would trigger immediately")
        return
    desk.rest(resting_of(accept(desk, trade_id), Phase.WAITING, desk))


def arrive(desk: Desk, trade_id: str, book: BookSnapshot) -> None:
    """Match an order with the book that is current now, then rest it or let it expire."""
    paper = desk.state.open_trades[trade_id]
    order, intent = paper.trade.order, paper.trade.order.intent
    market = desk.state.markets[intent.symbol]
    taken = market.taken if market.sequence == book.sequence else ()
    bps = _slippage(desk)
    walk, there = take(book, intent, market.rules, taken=taken, bps=bps)
    refusal = _refusal(desk, paper, walk)
    if refusal is not None:
        desk.end(trade_id, OrderStatus.REJECTED, refusal)
        return
    if paper.trade.status is OrderStatus.SUBMITTING:
        accept(desk, trade_id)
    for level in walk.fills:
        desk.fill(trade_id, level, is_maker=False)
    market = desk.state.markets[intent.symbol]
    market = replace(market, sequence=book.sequence, taken=together((*taken, *there.fills)))
    desk.state = replace(desk.state, markets={**desk.state.markets, order.intent.symbol: market})
    _leave(desk, trade_id, book)


def _leave(desk: Desk, trade_id: str, book: BookSnapshot) -> None:
    """Decide on what is left of an order once the book has been walked."""
    paper = desk.state.open_trades.get(trade_id)
    if paper is None:
        return
    intent = paper.trade.order.intent
    if intent.quote_quantity is not None:
        desk.end(trade_id, OrderStatus.FILLED)
    elif intent.price is None or intent.time_in_force in {TimeInForce.IOC, TimeInForce.FOK}:
        desk.end(trade_id, OrderStatus.EXPIRED)
    else:
        desk.rest(in_queue(resting_of(paper, Phase.RESTING, desk), book, desk.at))


def _slippage(desk: Desk) -> Decimal:
    setting = desk.state.settings.slippage_bps
    if not setting:
        return ZERO
    rng, share = chance.draw(desk.state.rng)
    desk.state = replace(desk.state, rng=rng)
    return drawn_slippage_bps(setting, share)


def _refusal(desk: Desk, paper: PaperTrade, walk: Walk) -> Failure | None:
    """Return why the venue would refuse a MARKET order: the book decides what it takes."""
    order, intent = paper.trade.order, paper.trade.order.intent
    if intent.price is not None:
        return None
    if intent.quote_quantity is not None and not walk.fills:
        detail = "the book's liquidity is less than the smallest quantity"
        return Failure(ErrorCode.INVALID_ORDER, detail)
    asset = order.quote_asset if intent.side is Side.BUY else order.base_asset
    needed = walk.cost if intent.side is Side.BUY else walk.quantity
    there = desk.state.account.balance(asset).free
    there += desk.state.account.orders[order.trade_id].reserved
    if needed <= there:
        return None
    detail = f"the order takes {needed:f} {asset} from the book, {there:f} is there"
    return Failure(ErrorCode.INSUFFICIENT_BALANCE, detail)


def _reject(desk: Desk, trade_id: str, code: ErrorCode, detail: str) -> None:
    desk.end(trade_id, OrderStatus.REJECTED, Failure(code, detail))
