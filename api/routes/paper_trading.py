"""Paper trading: sessions that behave like the market, with the interface of real trades."""

import asyncio
import uuid
from dataclasses import replace
from decimal import Decimal
from time import perf_counter
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Response

from api.dependencies import CurrentUser, ServicesOf
from api.errors import problem_of
from api.json_codec import answer
from api.pagination import PageQuery, page
from api.paper_schemas import (
    EquityAnswer,
    ForkRequest,
    PaperOrderRequest,
    PaperTradeAnswer,
    PortfolioAnswer,
    SessionAnswer,
    StartRequest,
    StopRequest,
    paper_intent_of,
    settings_of,
)
from api.routes.trades import MAX_KEY_CHARACTERS, TradeFilters, asked_for, denial_error
from api.routing import edge_router
from api.schemas import Page
from api.services import Services
from domain.activity import ActivityKind
from domain.errors import BotCoreError, ErrorCode, Rejected
from domain.orders import Order
from domain.paging import PagePosition
from domain.paper.forking import as_begun, fork_after
from domain.paper.session import paper_order
from domain.paper.state import SessionState, opened
from domain.paper.statistics import EquityPoint, equity_points
from domain.paper.views import equity_view, paper_trade_view, portfolio_view, session_view
from domain.paper_messages import PaperOutcome
from workers.clock import utc_now_in_ms

router = edge_router("/api/paper-trading", "Paper trading")

# Any fixed namespace serves; changing it would let old keys start sessions again.
_SESSION_NAMESPACE = uuid.UUID("5c0e5b0a-9f0e-5d8e-8c3e-2f5b6f0f7a44")

_Id = Path(pattern=r"^[0-9a-f-]{36}$")
SessionId = Annotated[str, _Id]
TradeId = Annotated[str, _Id]
Key = Annotated[str | None, Header(min_length=1, max_length=MAX_KEY_CHARACTERS)]


def _session_id(user_id: str, key: str | None) -> str:
    if key is None:
        return str(uuid.uuid4())
    return str(uuid.uuid5(_SESSION_NAMESPACE, f"{user_id}\x00{key}"))


@router.post("/start", status_code=201, response_model=SessionAnswer)
async def start(
    body: StartRequest, user: CurrentUser, services: ServicesOf, idempotency_key: Key = None
) -> Response:
    """Start a session with the caller's risk limits of now, once for each Idempotency-Key."""
    session_id = _session_id(user.user_id, idempotency_key)
    account = await services.trading.accounts.load(user.user_id)
    settings = settings_of(body, account.limits)
    return await _started(
        services, opened(session_id, user.user_id, settings, utc_now_in_ms(), body.name)
    )


async def _started(services: Services, state: SessionState) -> Response:
    session, was_there = await services.paper.desk.start(state)
    response = answer(session_view(session), 200 if was_there else 201)
    if was_there:
        response.headers["Idempotency-Replayed"] = "true"
    return response


@router.post("/execute", status_code=201, response_model=PaperTradeAnswer)
async def execute(
    body: PaperOrderRequest, user: CurrentUser, services: ServicesOf, idempotency_key: Key = None
) -> Response:
    """Place a paper order, once for each Idempotency-Key; without one, one is made."""
    key, desk = idempotency_key or str(uuid.uuid4()), services.paper.desk
    intent, bracket = paper_intent_of(body)
    rules = services.paper.prices.rules(intent.symbol)
    if body.session_id is None:
        session = await desk.only_session(user.user_id)
    else:
        session = await desk.session(user.user_id, body.session_id)
    order = paper_order(user.user_id, session.session_id, key, intent, rules)
    services.activity.note(
        ActivityKind.PAPER_ORDER_ASKED,
        user.user_id,
        session_id=session.session_id,
        **asked_for(order),
    )
    began, headers = perf_counter(), {"Idempotency-Key": key}
    try:
        outcome = await desk.execute(session, order, bracket, is_new=idempotency_key is None)
    except BotCoreError as error:
        error.extensions.setdefault("trade_id", order.trade_id)
        response = problem_of(error)
    else:
        response = _outcome_answer(order, outcome)
        if outcome.is_replay:
            headers["Idempotency-Replayed"] = "true"
    headers["Server-Timing"] = f"total;dur={(perf_counter() - began) * 1000:.3f}"
    response.headers.update(headers)
    return response


def _outcome_answer(order: Order, outcome: PaperOutcome) -> Response:
    if outcome.denial is not None:
        return problem_of(denial_error(outcome.denial, order))
    paper = outcome.trade
    if paper is None:
        detail = "the order is not among the records"
        return problem_of(Rejected(ErrorCode.NOT_FOUND, detail, trade_id=order.trade_id))
    failure = paper.trade.failure
    if failure is not None:
        return problem_of(Rejected(failure.code, failure.detail, trade_id=order.trade_id))
    return answer(paper_trade_view(paper), 200 if outcome.is_replay else 201)


@router.get("/sessions", response_model=Page[SessionAnswer])
async def list_sessions(user: CurrentUser, services: ServicesOf, request: PageQuery) -> Response:
    """List the caller's sessions, newest first."""
    found = await services.paper.store.sessions(
        user.user_id, position=request.position, limit=request.fetch
    )
    return answer(
        page(found, request, lambda each: PagePosition(each["created_at"], each["session_id"]))
    )


@router.get("/sessions/{session_id}", response_model=PortfolioAnswer)
async def read_session(session_id: SessionId, user: CurrentUser, services: ServicesOf) -> Response:
    """Read one session: what it holds, what it is worth now, and its open orders."""
    session = await services.paper.desk.session(user.user_id, session_id)
    state = await services.paper.desk.portfolio(session)
    return answer(portfolio_view(state, await services.paper.prices.marks(state)))


@router.get("/sessions/{session_id}/trades", response_model=Page[PaperTradeAnswer])
async def list_trades(
    session_id: SessionId,
    user: CurrentUser,
    services: ServicesOf,
    request: PageQuery,
    filters: Annotated[TradeFilters, Depends()],
) -> Response:
    """List a session's trades, newest first, those of before a reset included."""
    session = await services.paper.desk.session(user.user_id, session_id)
    await services.paper.desk.recorded(session)
    found = await services.paper.store.page(
        session_id,
        symbol=filters.symbol,
        status=filters.status,
        since=filters.since,
        position=request.position,
        limit=request.fetch,
    )
    return answer(
        page(found, request, lambda trade: PagePosition(trade["created_at"], trade["trade_id"]))
    )


@router.get("/sessions/{session_id}/trades/{trade_id}", response_model=PaperTradeAnswer)
async def read_trade(
    session_id: SessionId, trade_id: TradeId, user: CurrentUser, services: ServicesOf
) -> Response:
    """Read one trade of a session."""
    session = await services.paper.desk.session(user.user_id, session_id)
    return answer(paper_trade_view(await services.paper.desk.trade(session, trade_id)))


@router.get("/sessions/{session_id}/equity", response_model=EquityAnswer)
async def read_equity(session_id: SessionId, user: CurrentUser, services: ServicesOf) -> Response:
    """Read the equity curve since the last reset, and how the session has done."""
    session = await services.paper.desk.session(user.user_id, session_id)
    await services.paper.desk.recorded(session)
    state = await services.paper.desk.portfolio(session)
    trades = await services.paper.store.trades(session_id, state.generation)
    start_point = EquityPoint(state.created_at, await _opening_equity(services, state))
    # Off the loop: the curve of a long session takes longer than somebody's trade may wait.
    return await asyncio.to_thread(
        lambda: answer(equity_view(session_id, equity_points(start_point, trades), trades))
    )


async def _opening_equity(services: Services, state: SessionState) -> Decimal:
    """Return what a session began with: a fork with what the origin was worth then."""
    initial = state.settings.initial_balance
    if state.forked_from is None or state.generation > 1:
        return initial
    origin_id, _, number = state.forked_from.partition("#")
    trade = await services.paper.store.numbered(origin_id, int(number))
    return initial if trade is None or trade.equity_after is None else trade.equity_after


@router.delete("/sessions/{session_id}/orders/{trade_id}", response_model=PaperTradeAnswer)
async def cancel_order(
    session_id: SessionId, trade_id: TradeId, user: CurrentUser, services: ServicesOf
) -> Response:
    """Cancel an order that is still open."""
    session = await services.paper.desk.session(user.user_id, session_id)
    services.activity.note(
        ActivityKind.PAPER_CANCEL_ASKED, user.user_id, session_id=session_id, trade_id=trade_id
    )
    return answer(paper_trade_view(await services.paper.desk.cancel(session, trade_id)))


@router.post("/sessions/{session_id}/stop", response_model=PortfolioAnswer)
async def stop_session(
    session_id: SessionId,
    user: CurrentUser,
    services: ServicesOf,
    body: StopRequest | None = None,
) -> Response:
    """End a session; its open orders are canceled."""
    session = await services.paper.desk.session(user.user_id, session_id)
    reason = body.reason if body is not None else ""
    return await _portfolio(services, await services.paper.desk.stop(session, reason))


@router.post("/sessions/{session_id}/reset", response_model=PortfolioAnswer)
async def reset_session(session_id: SessionId, user: CurrentUser, services: ServicesOf) -> Response:
    """Start over with the initial balance; open orders are canceled."""
    session = await services.paper.desk.session(user.user_id, session_id)
    return await _portfolio(services, await services.paper.desk.reset(session))


async def _portfolio(services: Services, state: SessionState) -> Response:
    marks: dict[str, Any] = await services.paper.prices.marks(state)
    return answer(portfolio_view(state, marks))


@router.post("/sessions/{session_id}/fork", status_code=201, response_model=SessionAnswer)
async def fork_session(
    session_id: SessionId,
    user: CurrentUser,
    services: ServicesOf,
    body: ForkRequest,
    idempotency_key: Key = None,
) -> Response:
    """Start a new session with what this one held after one of its trades."""
    desk, store = services.paper.desk, services.paper.store
    session = await desk.session(user.user_id, session_id)
    trade = None if body.trade_id is None else await desk.trade(session, body.trade_id)
    await desk.recorded(session)
    origin = await desk.portfolio(session)
    if trade is not None:
        origin = as_begun(origin, trade.generation)
    fork = fork_after(
        origin,
        await store.trades(session_id, origin.generation),
        0 if trade is None else trade.number,
        _session_id(user.user_id, idempotency_key),
        utc_now_in_ms(),
    )
    return await _started(services, fork if body.name is None else replace(fork, name=body.name))
