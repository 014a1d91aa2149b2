"""The activities of an analysis, as Temporal sees them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from temporalio import activity

from activities.failures import as_failures
from activities.model_asking import Answer, ModelAsking, Question
from domain.analysis import Analysis, AnalysisRequest, MarketPicture, Signal, Verdict
from domain.analysis_market import SHOWN_CANDLES, check_belongs, indicators_of, with_own
from domain.analysis_ports import ModelMeter, ModelReply
from domain.analysis_reply import judge
from domain.analysis_stores import AnalysisCache, AnalysisStore, ClosedCandles, MarketHistory
from domain.analysis_view import score_event, signal_event, signal_frame
from domain.errors import ErrorCode, Retryable
from domain.ports import EventBus, QuoteBoard, UserFeed
from domain.scorecard import Score, score_of, scoring_span
from domain.trading_ports import Clock


class Telling(StrEnum):
    """What follows an analysis, each retried on its own."""

    PUBLISH = "publish"
    PUSH = "push"


class Scoring(Protocol):
    """Begins what follows an analysis in a workflow of its own."""

    async def begin(self, analysis: Analysis, user_ids: list[str], left: list[Telling]) -> None:
        """Tell what is left to be told, then score; the same analysis again changes nothing.

        Raises:
            Retryable: The workflow service could not be reached, or had begun without `left`.
        """


@dataclass(frozen=True, slots=True)
class Gathered:
    """The market, or the analysis that another run of the same has made a moment ago."""

    picture: MarketPicture | None = None
    known: Analysis | None = None


@dataclass(frozen=True, slots=True)
class AnalysisActivities:
    """One method a step."""

    history: MarketHistory
    quotes: QuoteBoard
    asking: ModelAsking
    meter: ModelMeter
    store: AnalysisStore
    cache: AnalysisCache
    bus: EventBus
    feed: UserFeed
    scoring: Scoring
    clock: Clock

    @activity.defn(name="gather_market")
    async def gather(self, request: AnalysisRequest) -> Gathered:
        """Lay out the market; an asker who came just too late gets what is there."""
        with as_failures():
            now = self.clock()
            known, quote, found = await asyncio.gather(
                self.store.fresh(request.subject, now),
                self.quotes.quote(request.symbol),
                self._candles(request),
            )
            if known is not None:
                return Gathered(known=known)
            if quote is None:
                raise Retryable(
                    ErrorCode.QUOTE_STALE, f"There is no live price of {request.symbol}."
                )
            picture = MarketPicture(
                symbol=request.symbol,
                timeframe=request.timeframe,
                tick_size=request.tick_size,
                price=quote.price,
                priced_at=quote.timestamp,
                candle_open_time=found.candles[-1].open_time,
                candles=found.candles[-SHOWN_CANDLES:],
                indicators=with_own(found.indicators, request.indicators),
            )
            check_belongs(request, picture)
            return Gathered(picture=picture)

    @activity.defn(name="ask_model")
    async def ask(self, question: Question, timeout_s: float) -> Answer:
        """Make one call of the model."""
        with as_failures():
            return await self.asking.ask(question, activity.info().attempt, timeout_s)

    @activity.defn(name="judge_reply")
    async def judge(self, reply: ModelReply, picture: MarketPicture) -> Verdict:
        """Check a reply; a step of its own so that the history shows the verdict."""
        verdict = judge(reply, picture)
        self.meter.judged(str(verdict.breach.rule) if verdict.breach else None)
        return verdict

    @activity.defn(name="keep_analysis")
    async def keep(self, analysis: Analysis, user_ids: list[str]) -> None:
        """Keep a new analysis, tell of it, and begin what follows it."""
        with as_failures():
            await self.store.keep(analysis, user_ids)
            outcomes = await asyncio.gather(
                self._publish(analysis, user_ids),
                self._push(analysis, user_ids),
                self.cache.forget(analysis.subject),
                return_exceptions=True,
            )
            for outcome in outcomes:
                if isinstance(outcome, BaseException) and not isinstance(outcome, Retryable):
                    raise outcome
            left = [step for step, error in zip(Telling, outcomes, strict=False) if error]
            if left or analysis.opinion.signal is not Signal.NEUTRAL:
                await self.scoring.begin(analysis, user_ids, left)
            self.meter.concluded(
                str(analysis.opinion.signal), is_repaired=analysis.provenance.is_repaired
            )

    @activity.defn(name="share_analysis")
    async def share(self, analysis: Analysis, user_ids: list[str]) -> None:
        """Let those read an analysis who asked for it a little later."""
        with as_failures():
            await self.store.keep(analysis, user_ids)
            await self._push(analysis, user_ids)

    @activity.defn(name="publish_signal")
    async def publish(self, analysis: Analysis, user_ids: list[str]) -> None:
        """Publish `ai.signal.generated`."""
        with as_failures():
            await self._publish(analysis, user_ids)

    @activity.defn(name="push_signal")
    async def push(self, analysis: Analysis, user_ids: list[str]) -> None:
        """Tell the askers' sockets."""
        with as_failures():
            await self._push(analysis, user_ids)

    @activity.defn(name="score_analysis")
    async def score(self, analysis: Analysis, user_ids: list[str] | None = None) -> Score | None:
        """Hold an analysis against what the price did, keep the score and publish it.

        A step that earlier code asked for names nobody, and publishes nothing.
        """
        with as_failures():
            span = scoring_span(analysis.timeframe, analysis.created_at)
            candles = await self.history.span(analysis.symbol, span)
            score = score_of(analysis.opinion, analysis.price, candles)
            if score is not None:
                await self.store.keep_score(analysis.analysis_id, score)
            if score is not None and user_ids:
                await self.bus.publish(score_event(analysis, user_ids, score, span.ends_at))
            return score

    async def _candles(self, request: AnalysisRequest) -> ClosedCandles:
        if request.candles:
            return ClosedCandles(request.candles, indicators_of(request.candles))
        return await self.history.closed(
            request.symbol, request.timeframe, request.candle_open_time, SHOWN_CANDLES
        )

    async def _publish(self, analysis: Analysis, user_ids: list[str]) -> None:
        await self.bus.publish(signal_event(analysis, user_ids))

    async def _push(self, analysis: Analysis, user_ids: list[str]) -> None:
        frame = signal_frame(analysis)
        await asyncio.gather(*(self.feed.push_many(user, [frame]) for user in user_ids))

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Everything to register with a worker."""
        return [
            self.gather,
            self.ask,
            self.judge,
            self.keep,
            self.share,
            self.publish,
            self.push,
            self.score,
        ]
