"""Positions: what is held, what it is worth now, and leaving it at the market."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Header, Path, Response

from api.dependencies import CurrentUser, ServicesOf
from api.json_codec import answer
from api.live_prices import live_prices
from api.pagination import PageQuery, page
from api.routes.trades import MAX_KEY_CHARACTERS, order_of, place, settled
from api.routing import edge_router
from api.schemas import AnswerModel, Moment, Number, Page
from api.services import Services
from api.trade_schemas import TradeAnswer
from domain.account import Account
from domain.errors import ErrorCode, Rejected
from domain.order_status import TERMINAL
from domain.orders import Order, OrderIntent, OrderType, Side, trade_id_of
from domain.paging import PagePosition
from domain.positions import Position
from domain.trade_view import position_of_view, position_view

router = edge_router("/api/positions", "Trading")

_BAD_REQUEST = 400
PositionId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


class PositionAnswer(AnswerModel):
    """A holding; `mark_price` and `unrealized_pnl` are null without a live price."""

    position_id: str
    user_id: str
    symbol: str
    quote_asset: str
    side: str
    quantity: Number
    entry_price: Number
    mark_price: Number | None
    unrealized_pnl: Number | None
    realized_pnl: Number
    stop_loss: Number | None
    take_profit: Number | None
    opened_at: Moment
    closed_at: Moment | None
    close_reason: str | None


@router.get("", response_model=Page[PositionAnswer])
async def list_positions(
    user: CurrentUser,
    services: ServicesOf,
    request: PageQuery,
    state: Literal["open", "closed"] = "open",
) -> Response:
    """List the caller's positions, the last opened first."""
    await settled(services, user.user_id)
    is_open = state == "open"
    found = await services.trading.trades.positions(
        user.user_id, is_open=is_open, position=request.position, limit=request.fetch
    )
    symbols = sorted({each["symbol"] for each in found}) if is_open else []
    prices = await live_prices(services, symbols)
    marked = [position_view(position_of_view(v), prices.get(v["symbol"])) for v in found]
    return answer(
        page(marked, request, lambda each: PagePosition(each["opened_at"], each["position_id"]))
    )


@router.post("/{position_id}/close", status_code=201, response_model=TradeAnswer)
async def close_position(
    position_id: PositionId,
    user: CurrentUser,
    services: ServicesOf,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=MAX_KEY_CHARACTERS)
    ] = None,
) -> Response:
    """Sell a position at the market; two clicks without a key close it once."""
    await settled(services, user.user_id)
    if idempotency_key is None:
        return await _close_once(services, user.user_id, position_id)
    sold = await _sold_under(services, user.user_id, position_id, idempotency_key)
    symbol, quantity = sold or await _to_close(services, user.user_id, position_id)
    order = order_of(services, user.user_id, idempotency_key, _sale(symbol, quantity))
    return await place(services, order, idempotency_key)


async def _close_once(services: Services, user_id: str, position_id: str) -> Response:
    """Close under a key of position and quantity.

    An attempt that came to nothing (denied, refused, no buyer) would answer every later click,
    so the next click that meets it makes the next attempt. Clicks at once share one.
    """
    symbol, quantity = await _to_close(services, user_id, position_id)
    attempt = 1
    while True:
        key = f"close:{position_id}:{quantity.normalize():f}:{attempt}"
        order = order_of(services, user_id, key, _sale(symbol, quantity))
        response = await place(services, order, key)
        if not await _came_to_nothing_before(services, order, response):
            return response
        attempt += 1


async def _came_to_nothing_before(services: Services, order: Order, response: Response) -> bool:
    if "Idempotency-Replayed" not in response.headers:
        return False
    if response.status_code >= _BAD_REQUEST:
        return True
    record = await services.trading.trades.trade(order.trade_id)
    return record is not None and record["status"] in TERMINAL and not record["fills"]


def _sale(symbol: str, quantity: Decimal) -> OrderIntent:
    return OrderIntent(symbol=symbol, side=Side.SELL, type=OrderType.MARKET, quantity=quantity)


async def _to_close(services: Services, user_id: str, position_id: str) -> tuple[str, Decimal]:
    """Return the symbol of an open position and how much of it can be sold.

    Raises:
        Rejected: `NOT_FOUND`, also for somebody else's; `NOT_CANCELABLE` where it is closed.
    """
    account = await services.trading.accounts.load(user_id)
    for position in account.open_positions:
        if position.position_id == position_id:
            return position.symbol, _sellable(services, account, position)
    await _owned(services, user_id, position_id)
    raise Rejected(ErrorCode.NOT_CANCELABLE, "the position is closed")


def _sellable(services: Services, account: Account, position: Position) -> Decimal:
    """Return the position in whole steps; fees in its asset may have left less than it says."""
    rules = services.symbols.rules(position.symbol)
    if rules is None:
        return position.quantity  # the order is refused: the venue does not trade it
    held = min(position.quantity, account.balance(rules.base_asset).total)
    return held // rules.step_size * rules.step_size if rules.step_size else held


async def _owned(services: Services, user_id: str, position_id: str) -> dict[str, Any]:
    view = await services.trading.trades.position(position_id)
    if view is None or view["user_id"] != user_id:
        raise Rejected(ErrorCode.NOT_FOUND, "there is no such position")
    return view


async def _sold_under(
    services: Services, user_id: str, position_id: str, key: str
) -> tuple[str, Decimal] | None:
    """Return what was sold under a key before: a repeat must ask for the same again."""
    position = await _owned(services, user_id, position_id)
    record = await services.trading.trades.trade(trade_id_of(user_id, key))
    if record is None or record["symbol"] != position["symbol"]:
        return None
    return record["symbol"], record["quantity"]
