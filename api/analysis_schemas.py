"""Analyses as the interface writes them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from api.schemas import AnswerModel, Moment, Number, RequestModel
from domain.analysis import AnalysisRequest, last_closed
from domain.analysis_market import INDICATOR_NAMES, check_candles
from domain.candles import Candle, Timeframe, close_time_of
from domain.identity import invalid_field
from domain.indicators import WINDOW

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Beyond this no indicator of a price is a number of any use.
_LARGEST_INDICATOR = Decimal(10) ** 15


def _open_time(value: Any) -> Any:
    """Take ISO-8601 text, or milliseconds since the epoch as DATA_FLOW.md shows them."""
    if type(value) is not int:
        return value
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except OverflowError as error:
        raise ValueError("must be a time") from error


def _timeframe(value: Any) -> Any:
    try:
        return Timeframe(value)
    except ValueError as error:
        raise ValueError(f"must be one of {', '.join(Timeframe)}") from error


_OpenTime = Annotated[
    Moment,
    BeforeValidator(_open_time),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "integer"}]}),
]
_Timeframe = Annotated[
    Timeframe,
    BeforeValidator(_timeframe),
    WithJsonSchema({"type": "string", "enum": [str(each) for each in Timeframe]}),
]


class GivenCandle(RequestModel):
    """A caller's own candle, also as `GET /api/market/candles` shows it.

    What follows `volume` is accepted so that such an answer can be sent back, and not used:
    indicators are computed from the candles.
    """

    open_time: _OpenTime
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    symbol: str | None = None
    timeframe: str | None = None
    close_time: Any = None
    closed: bool = True
    indicators: Any = None
    source: Any = None
    received_at: Any = None
    processed_at: Any = None
    sequence: Any = None


class AnalyzeRequest(RequestModel):
    """What to analyse; without `candles`, ours. Names of indicators are those of candles."""

    symbol: str
    timeframe: _Timeframe
    candles: Annotated[list[GivenCandle], Field(min_length=1, max_length=WINDOW)] | None = None
    technical_indicators: dict[str, Number] | None = None


class AnalysisScoreAnswer(AnswerModel):
    """What became of an analysis; `r_multiple` in units of what was risked, fees left out."""

    outcome: str
    entered_at: Moment | None
    ended_at: Moment | None
    exit_price: Number | None
    r_multiple: Number | None


class AnalysisAnswer(AnswerModel):
    """An analysis; a Neutral one suggests no prices. `cached`: nobody was asked anew."""

    analysis_id: str
    symbol: str
    timeframe: Timeframe
    candle_open_time: Moment
    price: Number
    signal: str
    confidence: Number
    reasoning: str
    suggested_entry: Number | None
    suggested_stop_loss: Number | None
    suggested_take_profit: Number | None
    risk_reward_ratio: Number | None
    indicators: dict[str, float | None]
    model: str
    prompt_version: str
    created_at: Moment
    expires_at: Moment
    workflow_id: str
    cached: bool


class KeptAnalysis(AnalysisAnswer):
    """An analysis that was asked for earlier, and its score once there is one."""

    score: AnalysisScoreAnswer | None


class ScorecardLine(AnswerModel):
    """How the signals of a model under one version of the prompt turned out.

    Neither Neutral ones nor those on a caller's own numbers are in it. `hit_rate` is the part
    of those entered whose take-profit came first, `mean_r` the mean result of those entered in
    units of what was risked, fees left out; both null where none was entered. What one candle
    leaves open counts as a stop.
    """

    model: str
    prompt_version: str
    analyses: int
    scored: int
    entered: int
    take_profit: int
    stop: int
    neither: int
    not_entered: int
    hit_rate: Number | None
    mean_r: Number | None


class Scorecard(AnswerModel):
    """Every model and prompt version that was used."""

    items: list[ScorecardLine]


def request_of(body: AnalyzeRequest, tick_size: Decimal, now: datetime) -> AnalysisRequest:
    """Return the request that a body makes.

    Raises:
        Rejected: `INVALID_REQUEST`, with the member under `errors`.
    """
    for number, given in enumerate(body.candles or ()):
        if not _EPOCH <= given.open_time <= now:
            raise invalid_field(f"candles.{number}.open_time", "must be from 1970 until now")
    candles = tuple(_candle(body, number, each) for number, each in enumerate(body.candles or ()))
    check_candles(candles)
    opened = candles[-1].open_time if candles else last_closed(body.timeframe, now)
    return AnalysisRequest(
        symbol=body.symbol,
        timeframe=body.timeframe,
        tick_size=tick_size,
        candle_open_time=opened,
        candles=candles,
        indicators=_indicators(body.technical_indicators or {}),
    )


def _candle(body: AnalyzeRequest, number: int, given: GivenCandle) -> Candle:
    for name, wanted in (("symbol", body.symbol), ("timeframe", body.timeframe)):
        if getattr(given, name) not in {None, wanted}:
            raise invalid_field(f"candles.{number}.{name}", "must be the request's")
    opened = given.open_time.astimezone(UTC)
    return Candle(
        symbol=body.symbol,
        timeframe=body.timeframe,
        open_time=opened,
        close_time=close_time_of(body.timeframe, opened),
        open=given.open,
        high=given.high,
        low=given.low,
        close=given.close,
        volume=given.volume,
        closed=given.closed,
    )


def _indicators(given: dict[str, Decimal]) -> dict[str, float]:
    for name, value in given.items():
        if name not in INDICATOR_NAMES:
            raise invalid_field(
                "technical_indicators", f"must be among {', '.join(INDICATOR_NAMES)}"
            )
        if abs(value) > _LARGEST_INDICATOR:
            raise invalid_field(f"technical_indicators.{name}", "is out of all proportion")
    return {name: float(value) for name, value in given.items()}
