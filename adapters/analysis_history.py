"""The candles of an analysis, out of the one history of candles."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from adapters.candle_history import CandleHistory, CandleRange
from adapters.exact_json import load
from domain.analysis_market import INDICATOR_NAMES
from domain.analysis_stores import ClosedCandles
from domain.candles import Candle, Timeframe, open_time_before
from domain.errors import ErrorCode, Retryable
from domain.scorecard import ScoringSpan

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AnalysisHistory:
    """Implements `domain.analysis_stores.MarketHistory`."""

    def __init__(self, history: CandleHistory) -> None:
        self._history = history

    async def closed(
        self, symbol: str, timeframe: Timeframe, last: datetime, count: int
    ) -> ClosedCandles:
        """Return the candles up to the one that began at `last`.

        Raises:
            Retryable: They could not be read, or there are none.
        """
        first = max(open_time_before(timeframe, last, count - 1), _EPOCH)
        read = await self._read(CandleRange(symbol, timeframe, first, last))
        indicators = read[-1]["indicators"]
        return ClosedCandles(
            tuple(_candle(document) for document in read),
            {name: _float(indicators.get(name)) for name in INDICATOR_NAMES},
        )

    async def span(self, symbol: str, span: ScoringSpan) -> Sequence[Candle]:
        """Return the candles of a span, oldest first.

        Raises:
            Retryable: They could not be read, or there are none.
        """
        read = await self._read(CandleRange(symbol, span.timeframe, span.first, span.last))
        return [_candle(document) for document in read]

    async def _read(self, wanted: CandleRange) -> list[dict[str, Any]]:
        documents = [load(text) for text in await self._history.read(wanted)]
        if not documents:
            raise Retryable(ErrorCode.VENUE_UNAVAILABLE, "There are no candles of this market.")
        return documents


def _float(value: Decimal | int | None) -> float | None:
    return None if value is None else float(value)


def _candle(document: dict[str, Any]) -> Candle:
    return Candle(
        symbol=document["symbol"],
        timeframe=Timeframe(document["timeframe"]),
        open_time=datetime.fromisoformat(document["open_time"]),
        close_time=datetime.fromisoformat(document["close_time"]),
        closed=document["closed"],
        **{name: Decimal(document[name]) for name in ("open", "high", "low", "close", "volume")},
    )
