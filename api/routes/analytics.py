"""Signals by day: `/api/analytics`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Query, Response

from adapters.mongo_analytics import MongoAnalytics
from api.dependencies import CurrentUser, ServicesOf
from api.json_codec import answer
from api.pagination import PageQuery, page
from api.routing import edge_router
from api.schemas import AnswerModel, Number, Page
from domain.analytics import NOTHING, day_of, told
from domain.paging import PagePosition

router = edge_router("/api/analytics", "analytics")

MOST_DAYS = 366
USUAL_DAYS = 30


class SignalDay(AnswerModel):
    """What a model said of a symbol on one day (UTC), and what came of it.

    A score counts for the day of its analysis. Analyses on a caller's own numbers are not in
    it. Means and rates are null where there is nothing to take them of; `hit_rate` is the part
    of those entered whose take-profit came first, `mean_r` their mean result in units of what
    was risked.
    """

    day: str
    symbol: str
    model: str
    signals: int
    long: int
    short: int
    neutral: int
    confidence_sum: Number
    confidence_mean: Number | None
    scored: int
    take_profit: int
    stop: int
    neither: int
    not_entered: int
    hit_rate: Number | None
    r_sum: Number
    mean_r: Number | None


@router.get("/signals", response_model=Page[SignalDay])
async def signals(
    user: CurrentUser,  # noqa: ARG001 - it is for people who are signed in
    services: ServicesOf,
    request: PageQuery,
    symbol: Annotated[str | None, Query(max_length=50)] = None,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = USUAL_DAYS,
) -> Response:
    """List the signals of all users by day, symbol and model, newest day first."""
    since = day_of(datetime.now(UTC)) - timedelta(days=days - 1)
    found = await MongoAnalytics(services.connections.database).days(
        since, symbol=symbol, position=request.position, limit=request.fetch
    )
    return answer(page(found, request, lambda each: PagePosition(each["day"], each["_id"]), _shown))


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "day": f"{found['day']:%Y-%m-%d}",
        "symbol": found["symbol"],
        "model": found["model"],
        **told({name: found[name] for name in NOTHING}),
    }
