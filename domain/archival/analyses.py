"""Which analyses may leave the hot collection: those whose score is not due any more."""

from datetime import datetime
from typing import Final

from domain.candles import Timeframe, open_time_before, open_time_of
from domain.scorecard import HORIZON_CANDLES

# The span of candles begins up to one candle after the analysis was made, and a score is
# written when they are stored: one more is time enough.
_MARGIN_CANDLES: Final = 2


def scored_by_now(timeframe: Timeframe, as_of: datetime) -> datetime:
    """Return the moment before which an analysis of this timeframe has its score, or never will."""
    return open_time_before(
        timeframe, open_time_of(timeframe, as_of), HORIZON_CANDLES + _MARGIN_CANDLES
    )
