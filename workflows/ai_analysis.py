"""One analysis: the market, the model, the checks, the record. Its askers share it."""

from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

from activities.analysis import AnalysisActivities, Gathered
from activities.failures import as_error, as_failures
from activities.model_asking import Answer, Question
from domain import timing
from domain.analysis import (
    Analysis,
    AnalysisRequest,
    Breach,
    MarketPicture,
    Opinion,
    Provenance,
    Verdict,
)
from domain.errors import Ambiguous, BotCoreError, ErrorCode, Rejected, Retryable
from workflows.steps import STEP_FAILURES, by_document, once, paid_for, persistently


@workflow.defn(name="AIAnalysis")
class AIAnalysis:
    """One analysis of one candle; the id is `AnalysisRequest.workflow_id`.

    It ends with its answer. What follows the answer, its score above all, is another's.
    """

    @workflow.init
    def __init__(self, request: AnalysisRequest) -> None:
        """Take the request."""
        self._request = request
        self._askers: list[str] = []
        self._told = 0
        self._answers: list[Answer] = []
        # From the start on, not from when a worker is there: nobody waits any more for what
        # was asked in an outage, and its candle is not the last one.
        started_at = workflow.info().start_time
        self._deadline = started_at + timedelta(seconds=timing.ANALYSIS_LIMIT_S)

    @workflow.run
    async def run(self, request: AnalysisRequest) -> Analysis:
        """Analyse; the result is what every asker is answered with."""
        # The signal comes with the start, so the first asker is known before anything is done.
        await workflow.wait_condition(lambda: bool(self._askers))
        try:
            gathered: Gathered = await by_document(
                AnalysisActivities.gather, request, summary="gather candles and indicators"
            )
            if gathered.known is not None:
                return await self._conclude(gathered.known)
            assert gathered.picture is not None  # noqa: S101 - one of the two is there
            opinion = await self._opinion(gathered.picture)
        except STEP_FAILURES as failure:
            with as_failures():
                raise as_error(failure) from failure
        analysis = self._analysis(gathered.picture, opinion)
        workflow.set_current_details(describe(analysis))
        return await self._conclude(analysis)

    @workflow.signal
    def asked(self, user_id: str) -> None:
        """Somebody waits for this analysis."""
        if user_id not in self._askers:
            self._askers.append(user_id)

    async def _opinion(self, picture: MarketPicture) -> Opinion:
        """Ask, and once more where the reply breaks a rule."""
        answer = await self._ask(picture, None)
        verdict = await self._judge(answer, picture)
        if verdict.breach is not None:
            answer = await self._ask(picture, (answer, verdict.breach))
            verdict = await self._judge(answer, picture)
        if verdict.opinion is None:
            breach = verdict.breach
            assert breach is not None  # noqa: S101 - one of the two is there
            with as_failures():
                raise Rejected(
                    ErrorCode.AI_UNAVAILABLE,
                    f"The model's reply broke the rule {breach.rule} twice: {breach.detail}.",
                    rule=str(breach.rule),
                )
        return verdict.opinion

    async def _ask(self, picture: MarketPicture, broken: tuple[Answer, Breach] | None) -> Answer:
        left_s = (self._deadline - workflow.now()).total_seconds()
        if left_s < timing.LEAST_MODEL_TIME_S:
            with as_failures():
                raise _out_of_time(broken)
        question = Question(
            call_id=f"{workflow.info().run_id}:{len(self._answers) + 1}",
            picture=picture,
            user_ids=tuple(self._askers),
            earlier=(broken[0].reply, broken[1]) if broken else None,
        )
        summary = f"repair: {broken[1].rule}" if broken else "ask the model"
        try:
            answer: Answer = await paid_for(
                AnalysisActivities.ask,
                question,
                left_s,
                summary=summary,
                try_s=timing.MODEL_STEP_TIMEOUT_S,
                within_s=left_s,
            )
        except STEP_FAILURES as failure:
            error = as_error(failure)
            if isinstance(error, Ambiguous):
                error = _out_of_time(broken)
            if broken is not None:
                error.extensions.setdefault("rule", str(broken[1].rule))
            with as_failures():
                raise error from None
        self._answers.append(answer)
        return answer

    async def _judge(self, answer: Answer, picture: MarketPicture) -> Verdict:
        verdict: Verdict = await once(
            AnalysisActivities.judge, answer.reply, picture, summary="check the reply"
        )
        if verdict.breach is not None:
            workflow.set_current_details(
                f"broke **{verdict.breach.rule}**: {verdict.breach.detail}"
            )
        return verdict

    def _analysis(self, picture: MarketPicture, opinion: Opinion) -> Analysis:
        replies = [answer.reply for answer in self._answers]
        provenance = Provenance(
            model=replies[-1].model,
            prompt_version=self._answers[-1].prompt_version,
            prompt_tokens=sum(reply.prompt_tokens for reply in replies),
            completion_tokens=sum(reply.completion_tokens for reply in replies),
            model_ms=sum(answer.model_ms for answer in self._answers),
            is_repaired=len(replies) > 1,
        )
        return Analysis(
            analysis_id=str(workflow.uuid4()),
            workflow_id=workflow.info().workflow_id,
            subject=self._request.subject,
            symbol=picture.symbol,
            timeframe=picture.timeframe,
            candle_open_time=picture.candle_open_time,
            price=picture.price,
            indicators=picture.indicators,
            opinion=opinion,
            provenance=provenance,
            created_at=_whole_milliseconds(workflow.now()),
        )

    async def _conclude(self, analysis: Analysis) -> Analysis:
        """Keep a new analysis, and tell all who asked, also those who asked meanwhile."""
        if self._answers:
            await self._tell(AnalysisActivities.keep, analysis, "keep, publish, push")
        while self._told < len(self._askers):
            await self._tell(AnalysisActivities.share, analysis, "share with who asked later")
        return analysis

    async def _tell(self, step: Any, analysis: Analysis, summary: str) -> None:
        askers = list(self._askers)
        # Paid for: it is kept as soon as the database is back.
        await persistently(step, analysis, askers, summary=summary)
        self._told = len(askers)


def describe(analysis: Analysis) -> str:
    """Return what an operator reads first, in Markdown."""
    opinion, provenance = analysis.opinion, analysis.provenance
    known = ", ".join(
        f"{name} {value:.6g}" for name, value in analysis.indicators.items() if value is not None
    )
    repaired = ", repaired" if provenance.is_repaired else ""
    lines = (
        f"**{opinion.signal}** {analysis.symbol} {analysis.timeframe}{repaired}",
        f"confidence {opinion.confidence}, risk/reward {opinion.risk_reward_ratio}",
        f"entry {opinion.entry}, stop {opinion.stop_loss}, take-profit {opinion.take_profit}",
        f"live price {analysis.price}, indicators {known}",
        f"{provenance.model}, prompt `{provenance.prompt_version}`",
        f"{provenance.prompt_tokens} + {provenance.completion_tokens} tokens",
        opinion.reasoning,
    )
    return "  \n".join(lines)


def _out_of_time(broken: tuple[Answer, Breach] | None) -> BotCoreError:
    if broken is None:
        return Retryable(ErrorCode.AI_UNAVAILABLE, "The model did not answer in time.")
    rule = broken[1].rule
    return Retryable(
        ErrorCode.AI_UNAVAILABLE,
        f"The model's reply broke the rule {rule}, and there was no time for another.",
        rule=str(rule),
    )


def _whole_milliseconds(moment: datetime) -> datetime:
    """Cut to what the database keeps, so that what is read is what was written."""
    return moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)
