"""What an analysis needs beside the model, as Protocols that adapters fulfil."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.ai_budget import Reserved, Spending
from domain.analysis import Analysis
from domain.candles import Candle, Timeframe
from domain.scorecard import Score, ScoringSpan


class ClosedCandles(NamedTuple):
    """Candles that are over, oldest first, and the indicators of the last one."""

    candles: tuple[Candle, ...]
    indicators: dict[str, float | None]


class MarketHistory(Protocol):
    """What the price did."""

    async def closed(
        self, symbol: str, timeframe: Timeframe, last: datetime, count: int
    ) -> ClosedCandles:
        """Return the candles up to the one that began at `last`.

        Raises:
            Retryable: They could not be read, or there are none.
        """

    async def span(self, symbol: str, span: ScoringSpan) -> Sequence[Candle]:
        """Return the candles of a span, oldest first.

        Raises:
            Retryable: They could not be read.
        """


class AnalysisStore(Protocol):
    """Where analyses are kept."""

    async def fresh(self, subject: str, now: datetime) -> Analysis | None:
        """Return the newest analysis of a subject that has not expired.

        Raises:
            Retryable: The store could not be reached.
        """

    async def keep(self, analysis: Analysis, user_ids: Collection[str]) -> None:
        """Keep an analysis and who asked for it; again, it only adds askers.

        Raises:
            Retryable: The store could not be reached; keeping again is safe.
        """

    async def keep_score(self, analysis_id: str, score: Score) -> None:
        """Keep what became of an analysis.

        Raises:
            Retryable: The store could not be reached; keeping again is safe.
        """


class AnalysisCache(Protocol):
    """Copies of the newest analysis of a subject."""

    async def forget(self, subject: str) -> None:
        """Let nobody be answered with an older one; never fails."""


class AiBudget(Protocol):
    """What asking may cost; exact, however many ask at once."""

    async def require(self, user_id: str, now: datetime) -> None:
        """Refuse a user whose budget, or the system's, is spent.

        Raises:
            Rejected: `RATE_LIMITED` where the user's is, `AI_UNAVAILABLE` where the system's is.
            Retryable: The budget could not be read.
        """

    async def reserve(
        self, call_id: str, user_ids: Sequence[str], most: Spending, now: datetime
    ) -> Reserved:
        """Set aside what a call can use at most, for the first user who has that much left.

        The same `call_id` again changes nothing.

        Raises:
            Rejected: `RATE_LIMITED` where none of the users has, `AI_UNAVAILABLE` where the
                system has not.
            Retryable: The budget could not be reached.
        """

    async def settle(self, reserved: Reserved, used: Spending) -> None:
        """Count the real usage in the place of what was set aside, once.

        Raises:
            Retryable: The budget could not be reached.
        """
