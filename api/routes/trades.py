"""Trades: place, read, cancel."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Response
from pydantic import AwareDatetime

from api.dependencies import CurrentUser, ServicesOf
from api.errors import problem_of
from api.json_codec import answer
from api.pagination import PageQuery, page
from api.routing import edge_router
from api.services import Services
from api.trade_schemas import OrderRequest, TradeAnswer, TradePage, intent_of
from domain.account import OpenOrder
from domain.activity import ActivityKind
from domain.archival.cold_ranges import cold_view
from domain.archival.tiers import DataType
from domain.errors import BotCoreError, ErrorCode, Rejected, Retryable
from domain.order_status import OrderStatus
from domain.orders import Order, OrderIntent, fingerprint, trade_id_of, validate_intent
from domain.paging import PagePosition
from domain.risk import Denial
from domain.timing import READ_YOUR_WRITES_S, SETTLED_ELSEWHERE_POLL_S
from domain.trade_view import trade_view
from domain.trades import submitting
from workers.trade_desk import Outcome

router = edge_router("/api/trades", "Trading")

MAX_KEY_CHARACTERS = 255

TradeId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
_PASSING = {ErrorCode.VENUE_UNAVAILABLE, ErrorCode.QUOTE_STALE, ErrorCode.SERVICE_UNAVAILABLE}


@dataclass(frozen=True, slots=True)
class TradeFilters:
    """Which trades of a list; `since` is the earliest `created_at`, with its zone."""

    symbol: str | None = None
    status: OrderStatus | None = None
    since: AwareDatetime | None = None


def order_of(services: Services, user_id: str, key: str, intent: OrderIntent) -> Order:
    """Return the order of an intent, validated against the venue's rules.

    Raises:
        Rejected: `UNKNOWN_SYMBOL`, `INVALID_ORDER` or `FILTER_FAILURE`.
        Retryable: The venue's rules are not known yet.
    """
    rules = services.symbols.rules(intent.symbol)
    if rules is None and not services.symbols.all_rules():
        raise Retryable(ErrorCode.VENUE_UNAVAILABLE, "the venue has not told its symbols yet")
    if rules is None:
        raise Rejected(ErrorCode.UNKNOWN_SYMBOL, "the venue does not trade this symbol")
    validate_intent(intent, rules)
    return Order(
        trade_id=trade_id_of(user_id, key),
        user_id=user_id,
        base_asset=rules.base_asset,
        quote_asset=rules.quote_asset,
        step_size=rules.step_size,
        intent=intent,
        fingerprint=fingerprint(intent),
    )


@router.post("/execute", status_code=201, response_model=TradeAnswer)
async def execute(
    body: OrderRequest,
    user: CurrentUser,
    services: ServicesOf,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=MAX_KEY_CHARACTERS)
    ] = None,
) -> Response:
    """Place an order, once for each Idempotency-Key; without one, one is made and returned."""
    key = idempotency_key or str(uuid.uuid4())
    order = order_of(services, user.user_id, key, intent_of(body))
    return await place(services, order, key)


async def place(services: Services, order: Order, key: str) -> Response:
    """Execute an order and answer as `POST /api/trades/execute` does."""
    began = perf_counter()
    services.activity.note(ActivityKind.ORDER_ASKED, order.user_id, **asked_for(order))
    headers = {"Idempotency-Key": key}
    outcome: Outcome | None = None
    try:
        outcome = await services.trading.desk.execute(order)
    except BotCoreError as error:
        error.extensions.setdefault("trade_id", order.trade_id)
        response = problem_of(error)
    else:
        response = outcome_answer(order, outcome)
        if outcome.is_replay:
            headers["Idempotency-Replayed"] = "true"
    laps_ms = outcome.placement.laps_ms if outcome and outcome.placement else {}
    spans = {"total": (perf_counter() - began) * 1000, "venue": 0.0, **laps_ms}
    headers["Server-Timing"] = ", ".join(f"{name};dur={ms:.3f}" for name, ms in spans.items())
    response.headers.update(headers)
    return response


def asked_for(order: Order) -> dict[str, Any]:
    """Return what the record of an asked order says of it; its trade tells the rest."""
    intent = order.intent
    return {
        "trade_id": order.trade_id,
        "symbol": intent.symbol,
        "side": str(intent.side),
        "type": str(intent.type),
    }


def outcome_answer(order: Order, outcome: Outcome) -> Response:
    """Answer 201, 200 for a repeat, 202 for an unknown outcome, or the problem."""
    placement = outcome.placement
    if placement is not None and placement.denial is not None:
        return problem_of(denial_error(placement.denial, order))
    trade = placement.trade if placement is not None else None
    if trade is None:
        now = datetime.now(UTC)
        view = trade_view(submitting(order, now)) | {"status": OrderStatus.UNKNOWN}
        return answer(view, 202)
    if trade.failure is not None:
        kind = Retryable if trade.failure.code in _PASSING else Rejected
        detail = trade.failure.detail
        return problem_of(kind(trade.failure.code, detail, trade_id=order.trade_id))
    if trade.status is OrderStatus.UNKNOWN:
        return answer(trade_view(trade), 202)
    return answer(trade_view(trade), 200 if outcome.is_replay else 201)


def denial_error(denial: Denial, order: Order) -> BotCoreError:
    """Return the problem of an order that was not allowed to leave."""
    values: dict[str, Any] = {"trade_id": order.trade_id, "limit_type": str(denial.limit_type)}
    for name in ("current_value", "limit_value"):
        value: Decimal | None = getattr(denial, name)
        if value is not None:
            values[name] = value
    kind = Retryable if denial.code in _PASSING else Rejected
    return kind(denial.code, denial.detail, **values)


@router.get("", response_model=TradePage)
async def list_trades(
    user: CurrentUser,
    services: ServicesOf,
    request: PageQuery,
    filters: Annotated[TradeFilters, Depends()],
) -> Response:
    """List the caller's trades, archived or not, newest first.

    What is in cold storage is not among them: `cold` tells when those were made.
    """
    await settled(services, user.user_id)
    found = await services.trading.trades.trades(
        user.user_id,
        symbol=filters.symbol,
        status=filters.status,
        since=filters.since,
        position=request.position,
        limit=request.fetch,
    )
    # Read last: what left the archive meanwhile is here.
    cold = await services.archive.cold.ranges(DataType.TRADES, user.user_id, filters.since)
    shown = page(found, request, lambda trade: PagePosition(trade["created_at"], trade["trade_id"]))
    return answer(shown | {"cold": cold_view(cold)})


@router.get("/{trade_id}", response_model=TradeAnswer)
async def read_trade(trade_id: TradeId, user: CurrentUser, services: ServicesOf) -> Response:
    """Read one trade."""
    return answer(await owned_trade(services, user.user_id, trade_id))


@router.delete("/{trade_id}", response_model=TradeAnswer)
async def cancel_trade(trade_id: TradeId, user: CurrentUser, services: ServicesOf) -> Response:
    """Cancel an order that is still open."""
    view = await owned_trade(services, user.user_id, trade_id)
    services.activity.note(ActivityKind.CANCEL_ASKED, user.user_id, trade_id=trade_id)
    if view["status"] in {"FILLED", "CANCELED", "REJECTED", "EXPIRED"}:
        raise Rejected(ErrorCode.NOT_CANCELABLE, f"the order is {view['status']}")
    return answer(trade_view(await services.trading.desk.cancel(trade_id)))


async def owned_trade(services: Services, user_id: str, trade_id: str) -> dict[str, Any]:
    """Return a trade of this user; one that is on its way is shown as SUBMITTING.

    Raises:
        Rejected: `NOT_FOUND`, also for somebody else's.
    """
    open_orders = await settled(services, user_id)
    view = await services.trading.trades.trade(trade_id)
    if view is not None and view["user_id"] == user_id:
        view.pop("fingerprint", None)
        return view
    if trade_id in open_orders:
        open_order = open_orders[trade_id]
        return trade_view(submitting(open_order.order, open_order.created_at))
    raise Rejected(ErrorCode.NOT_FOUND, "there is no such trade")


async def settled(services: Services, user_id: str) -> dict[str, OpenOrder]:
    """Wait a moment for orders that were answered but not recorded; return those left.

    The answer of a trade does not wait for its record, and its caller reads it at once.
    """
    deadline = perf_counter() + READ_YOUR_WRITES_S
    while True:
        account = await services.trading.accounts.load(user_id)
        unconfirmed = {
            trade_id: order for trade_id, order in account.orders.items() if not order.is_confirmed
        }
        oldest = datetime.now(UTC) - timedelta(seconds=READ_YOUR_WRITES_S)
        is_fresh = any(order.created_at > oldest for order in unconfirmed.values())
        if not is_fresh or perf_counter() > deadline:
            return unconfirmed
        await services.trading.accounts.written(user_id, SETTLED_ELSEWHERE_POLL_S)
