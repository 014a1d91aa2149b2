"""What follows an analysis: telling of it where that failed at first, and its score."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

from activities.analysis import AnalysisActivities, Telling
from domain.analysis import Analysis, Signal
from domain.scorecard import Score, scoring_span
from workflows.steps import until_done

# Candles are stored and answered a moment after they are over.
_CANDLES_SETTLE_S = 10.0

_LEFT_OVER = {
    Telling.PUBLISH: AnalysisActivities.publish,
    Telling.PUSH: AnalysisActivities.push,
}


def scoring_id(analysis_id: str) -> str:
    """Name the workflow that scores an analysis."""
    return f"score-{analysis_id}"


def scorable_at(analysis: Analysis) -> datetime:
    """Return when everything that an analysis is held against is over and stored."""
    span = scoring_span(analysis.timeframe, analysis.created_at)
    return span.ends_at + timedelta(seconds=_CANDLES_SETTLE_S)


@workflow.defn(name="AnalysisScore")
class AnalysisScore:
    """Waits until an analysis has expired, and holds it against what the price did."""

    @workflow.run
    async def run(
        self, analysis: Analysis, user_ids: list[str], left: list[Telling]
    ) -> Score | None:
        """Return the score; None for a Neutral analysis, which claims nothing."""
        await asyncio.gather(
            *(
                until_done(_LEFT_OVER[Telling(step)], analysis, user_ids, summary=str(step))
                for step in left
            )
        )
        if analysis.opinion.signal is Signal.NEUTRAL:
            return None
        wait = scorable_at(analysis) - workflow.now()
        await workflow.sleep(max(wait, timedelta(0)), summary="wait until the analysis has expired")
        score: Score | None = await until_done(
            AnalysisActivities.score, analysis, user_ids, summary="hold it against the candles"
        )
        if score is not None:
            workflow.set_current_details(f"**{score.outcome}**, {score.r_multiple} R")
        return score
