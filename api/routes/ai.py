"""Analyses: ask, read, and how they turned out."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter
from typing import Annotated, Any

import structlog
from fastapi import Depends, Path, Query, Response

from adapters.exact_json import dump
from adapters.redis_rate_limit import RateTaken
from api.analysis_schemas import (
    AnalysisAnswer,
    AnalyzeRequest,
    KeptAnalysis,
    Scorecard,
    request_of,
)
from api.dependencies import CurrentUser, ServicesOf
from api.errors import problem_of
from api.json_codec import answer
from api.pagination import PageQuery, page
from api.routing import edge_router
from api.schemas import Page
from api.services import Services
from domain.activity import ActivityKind
from domain.analysis import AnalysisRequest
from domain.analysis_view import analysis_view
from domain.candles import Timeframe
from domain.errors import BotCoreError, ErrorCode, Rejected, Retryable
from domain.paging import PagePosition

router = edge_router("/api/ai", "AI")

_RATE_STEP = Decimal("0.0001")
# As long as DATA_FLOW.md keeps user activity hot.
_REQUEST_KEPT = timedelta(days=90)
# An answer that is there waits no longer than this for what is only written about it.
_PATIENCE_S = 1.0

AnalysisId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AnalysisFilters:
    """Which analyses of a list."""

    symbol: str | None = None
    timeframe: Timeframe | None = None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a caller is told, and how long the model took for it.

    `is_logged` is false where the database was found to be away already.
    """

    document: bytes
    analysis_id: str
    is_cached: bool
    model_ms: float = 0.0
    is_logged: bool = True


@router.post("/analyze", response_model=AnalysisAnswer)
async def analyze(body: AnalyzeRequest, user: CurrentUser, services: ServicesOf) -> Response:
    """Analyse a market: out of the cache where it was done less than five minutes ago.

    10 a minute and user; `RateLimit-*` headers tell how many are left. A spent daily budget is
    429 where it is the user's, 503 `AI_UNAVAILABLE` where it is everybody's. A model whose
    replies break our rules twice is 503 `AI_UNAVAILABLE`, with the `rule`.
    """
    began = perf_counter()
    request = request_of(body, _tick_size(services, body.symbol), datetime.now(UTC))
    taken = await services.analysis.rate.take(user.user_id)
    services.activity.note(
        ActivityKind.ANALYSIS_ASKED,
        user.user_id,
        symbol=request.symbol,
        timeframe=str(request.timeframe),
    )
    outcome: _Outcome | None = None
    try:
        if not taken.is_allowed:
            raise _too_many(taken)
        outcome = await _outcome(services, request, user.user_id)
    except BotCoreError as error:
        said = str(error.code)
        response = problem_of(error)
    else:
        said = "CACHED" if outcome.is_cached else "ANALYZED"
        ending = b',"cached":true}' if outcome.is_cached else b',"cached":false}'
        response = Response(outcome.document[:-1] + ending, media_type="application/json")
    total_ms = (perf_counter() - began) * 1_000
    # Those beyond the rate are counted by `/metrics`: a line for each would fill the disks.
    if taken.is_allowed and (outcome is None or outcome.is_logged):
        await _log_request(services, request, user.user_id, (said, outcome, total_ms))
    model_ms = outcome.model_ms if outcome else 0.0
    total_ms = (perf_counter() - began) * 1_000
    response.headers["Server-Timing"] = f"total;dur={total_ms:.3f}, model;dur={model_ms:.3f}"
    response.headers.update(taken.headers())
    return response


def _tick_size(services: Services, symbol: str) -> Decimal:
    rules = services.symbols.rules(symbol)
    if rules is None and not services.symbols.all_rules():
        raise Retryable(ErrorCode.VENUE_UNAVAILABLE, "the venue has not told its symbols yet")
    if rules is None:
        raise Rejected(ErrorCode.UNKNOWN_SYMBOL, "the venue does not trade this symbol")
    return rules.tick_size


def _too_many(taken: RateTaken) -> Rejected:
    return Rejected(
        ErrorCode.RATE_LIMITED,
        f"At most {taken.limit} analyses in {taken.window_s} seconds.",
        limit_type="analyses_per_minute",
        limit_value=taken.limit,
        retry_after_s=taken.reset_s,
    )


async def _outcome(services: Services, request: AnalysisRequest, user_id: str) -> _Outcome:
    cached = await services.analysis.copies.fresh(request.subject)
    if cached is not None:
        is_shared = await _share(services, cached.analysis_id, user_id)
        return _Outcome(cached.document, cached.analysis_id, is_cached=True, is_logged=is_shared)
    asked_at = datetime.now(UTC)
    analysis = await services.analysis.desk.ask(request, user_id)
    # One that was there already was made for somebody who asked a moment earlier.
    is_ours = analysis.created_at >= asked_at
    return _Outcome(
        dump(analysis_view(analysis)),
        analysis.analysis_id,
        is_cached=False,
        model_ms=analysis.provenance.model_ms if is_ours else 0.0,
    )


async def _share(services: Services, analysis_id: str, user_id: str) -> bool:
    """Let a user read an analysis later, too; tell whether the database is there."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await services.analysis.store.share(analysis_id, user_id)
    except (Retryable, TimeoutError) as fault:
        # They have it in this answer; it is not in their list until they ask again.
        _log.warning("analysis.not_shared", user_id=user_id, fault=repr(fault))
        return False
    return True


async def _log_request(
    services: Services,
    request: AnalysisRequest,
    user_id: str,
    told: tuple[str, _Outcome | None, float],
) -> None:
    said, outcome, total_ms = told
    now = datetime.now(UTC)
    entry: dict[str, Any] = {
        "user_id": user_id,
        "symbol": request.symbol,
        "timeframe": str(request.timeframe),
        "brought_candles": len(request.candles),
        "outcome": said,
        "analysis_id": outcome.analysis_id if outcome else None,
        "total_ms": total_ms,
        "created_at": now,
        "expires_at": now + _REQUEST_KEPT,
    }
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await services.analysis.store.record_request(str(uuid.uuid4()), entry)
    except (Retryable, TimeoutError) as fault:
        # The answer was paid for; the log line is missed by nobody who waits.
        _log.warning("analysis.request_not_logged", user_id=user_id, fault=repr(fault))


@router.get("/analyses", response_model=Page[KeptAnalysis])
async def list_analyses(
    user: CurrentUser,
    services: ServicesOf,
    request: PageQuery,
    filters: Annotated[AnalysisFilters, Depends()],
) -> Response:
    """List the analyses that the caller has asked for, newest first."""
    found = await services.analysis.store.analyses(
        user.user_id,
        symbol=filters.symbol,
        timeframe=filters.timeframe,
        position=request.position,
        limit=request.fetch,
    )
    return answer(
        page(
            found,
            request,
            lambda each: PagePosition(each["created_at"], each["analysis_id"]),
            _kept,
        )
    )


@router.get("/analyses/{analysis_id}", response_model=KeptAnalysis)
async def read_analysis(
    analysis_id: AnalysisId, user: CurrentUser, services: ServicesOf
) -> Response:
    """Read one analysis that the caller has asked for."""
    found = await services.analysis.store.analysis(analysis_id, user.user_id)
    if found is None:
        raise Rejected(ErrorCode.NOT_FOUND, "there is no such analysis")
    return answer(_kept(found))


def _kept(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "cached": False}


@router.get("/scorecard", response_model=Scorecard)
async def scorecard(
    user: CurrentUser,  # noqa: ARG001 - it is for people who are signed in
    services: ServicesOf,
    symbol: Annotated[str | None, Query(max_length=50)] = None,
    model: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Answer with how signals turned out, by model and version of the prompt."""
    found = await services.analysis.store.scorecard(symbol=symbol, model=model)
    return answer({"items": [_line(each) for each in found]})


def _line(found: dict[str, Any]) -> dict[str, Any]:
    entered, mean_r = found["entered"], found["mean_r"]
    hit_rate = (Decimal(found["take_profit"]) / entered).quantize(_RATE_STEP) if entered else None
    return {
        **found.pop("_id"),
        **found,
        "hit_rate": hit_rate,
        "mean_r": None if mean_r is None else mean_r.quantize(_RATE_STEP),
    }
