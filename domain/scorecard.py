"""What became of an analysis: its prices held against what the price then did.

The position opens in the first candle that reaches the suggested entry, or lies beyond it, so that
it was passed meanwhile, and is looked at until the analysis expires. What one candle leaves open
counts against the analysis: where both stop and take-profit lie within it, the stop came first, and
the candle that opens the position can end it at the stop only, since a take-profit in it may have
come before the entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final

from domain.analysis import Opinion, Signal
from domain.candles import Candle, Timeframe, next_open_time, open_time_before, open_time_of

# An analysis is about the next so many candles of its timeframe.
HORIZON_CANDLES: Final = 24
_R_STEP: Final = Decimal("0.0001")

# The candles it is held against are shorter, so that few hold both stop and take-profit.
_SHORTER: Final = {
    Timeframe.S1: Timeframe.S1,
    Timeframe.M1: Timeframe.M1,
    Timeframe.M3: Timeframe.M1,
    Timeframe.M5: Timeframe.M1,
    Timeframe.M15: Timeframe.M1,
    Timeframe.M30: Timeframe.M5,
    Timeframe.H1: Timeframe.M5,
    Timeframe.H2: Timeframe.M5,
    Timeframe.H4: Timeframe.M15,
    Timeframe.H6: Timeframe.M15,
    Timeframe.H8: Timeframe.M15,
    Timeframe.H12: Timeframe.M15,
    Timeframe.D1: Timeframe.H1,
    Timeframe.D3: Timeframe.H1,
    Timeframe.W1: Timeframe.H4,
    Timeframe.MONTH: Timeframe.H4,
}


class Outcome(StrEnum):
    """How it ended."""

    TAKE_PROFIT = "TAKE_PROFIT"
    STOP = "STOP"
    NEITHER = "NEITHER"
    NOT_ENTERED = "NOT_ENTERED"


@dataclass(frozen=True, slots=True)
class Score:
    """What became of one analysis.

    `r_multiple` is the result in units of what was risked (entry to stop), fees left out: -1 at
    the stop, the risk/reward ratio at the take-profit, by the last close where neither came;
    None where the price never reached the entry.
    """

    outcome: Outcome
    entered_at: datetime | None = None
    ended_at: datetime | None = None
    exit_price: Decimal | None = None
    r_multiple: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ScoringSpan:
    """The candles that an analysis is held against: open times, both ends included."""

    timeframe: Timeframe
    first: datetime
    last: datetime

    @property
    def ends_at(self) -> datetime:
        """When the last of them is over."""
        return next_open_time(self.timeframe, self.last)


def scoring_span(timeframe: Timeframe, created_at: datetime) -> ScoringSpan:
    """Return the candles for an analysis of this timeframe, none begun before it was made."""
    shorter = _SHORTER[timeframe]
    first = next_open_time(shorter, open_time_of(shorter, created_at))
    expires_at = first
    for _ in range(HORIZON_CANDLES):
        expires_at = next_open_time(timeframe, expires_at)
    return ScoringSpan(shorter, first, open_time_before(shorter, open_time_of(shorter, expires_at)))


def score_of(opinion: Opinion, price: Decimal, candles: Sequence[Candle]) -> Score | None:
    """Hold an opinion, made at this price, against candles, oldest first; None if Neutral."""
    entry, stop, target = opinion.entry, opinion.stop_loss, opinion.take_profit
    if entry is None or stop is None or target is None:
        return None
    is_long = opinion.signal is Signal.LONG
    entered_at: datetime | None = None
    last_price = price
    for candle in candles:
        is_entering = entered_at is None
        if is_entering:
            passed = min(candle.low, last_price) <= entry <= max(candle.high, last_price)
            last_price = candle.close
            if not passed:
                continue
            entered_at = candle.open_time
        stopped = candle.low <= stop if is_long else candle.high >= stop
        reached = candle.high >= target if is_long else candle.low <= target
        if stopped:
            return _ended(Outcome.STOP, entered_at, candle, (entry, stop), stop)
        if reached and not is_entering:
            return _ended(Outcome.TAKE_PROFIT, entered_at, candle, (entry, stop), target)
    if entered_at is None:
        return Score(Outcome.NOT_ENTERED)
    last = candles[-1]
    return _ended(Outcome.NEITHER, entered_at, last, (entry, stop), last.close)


def _ended(
    outcome: Outcome,
    entered_at: datetime | None,
    candle: Candle,
    risked: tuple[Decimal, Decimal],
    exit_price: Decimal,
) -> Score:
    entry, stop = risked
    # Both differences are positive for a Long that gains and negative for a Short that does.
    r_multiple = ((exit_price - entry) / (entry - stop)).quantize(_R_STEP, ROUND_HALF_EVEN)
    return Score(outcome, entered_at, candle.close_time, exit_price, r_multiple)
