"""Asking the model: within the budget and a time limit, and not while it keeps failing."""

from dataclasses import dataclass, replace
from time import monotonic

from activities.prompts import Prompt
from domain.ai_budget import ModelPrices, Reserved, Spending, spending
from domain.analysis import Breach, MarketPicture
from domain.analysis_ports import (
    AnalysisModel,
    CallOutcome,
    ModelMeter,
    ModelReply,
    ModelRequest,
    Repair,
)
from domain.analysis_prompt import complaint_of, market_text
from domain.analysis_reply import MAX_REPLY_CHARACTERS, REPLY_SCHEMA, SCHEMA_NAME
from domain.analysis_stores import AiBudget
from domain.circuit import Circuit
from domain.errors import ErrorCode, Rejected, Retryable
from domain.timing import MODEL_TIMEOUT_S
from domain.trading_ports import Clock

# What the protocol around the texts takes, in tokens, at the very most.
_ENVELOPE_TOKENS = 500
_MAX_NAME_CHARACTERS = 100
_NOTHING = Spending(0, 0)


@dataclass(frozen=True, slots=True)
class Question:
    """What one call asks.

    Attributes:
        call_id: Names the call in the budget.
        picture: The market.
        user_ids: Who wants to know; the first with a budget left pays.
        earlier: The reply that is to be put right, and the rule that it broke.
    """

    call_id: str
    picture: MarketPicture
    user_ids: tuple[str, ...]
    earlier: tuple[ModelReply, Breach] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said, unchecked; `payer_id` is whose budget it came from."""

    reply: ModelReply
    prompt_version: str
    payer_id: str
    model_ms: float


@dataclass(frozen=True, slots=True)
class ModelAsking:
    """One model, asked by every process of this installation."""

    model: AnalysisModel
    budget: AiBudget
    circuit: Circuit
    meter: ModelMeter
    prices: ModelPrices
    prompt: Prompt
    clock: Clock
    timeout_s: float = MODEL_TIMEOUT_S

    async def ask(self, question: Question, attempt: int, timeout_s: float) -> Answer:
        """Make one call.

        Raises:
            Rejected: `AI_UNAVAILABLE` where the model is left alone for a while, or a call of
                this kind never succeeds; `RATE_LIMITED` where nobody's budget allows it.
            Retryable: `AI_UNAVAILABLE`; this call failed. `SERVICE_UNAVAILABLE`: neither
                money nor failures can be counted.
        """
        request = self._request(question)
        # A call of an attempt that died may have been paid for: it stays set aside.
        reserved = await self._reserve(request, question, f"{question.call_id}:{attempt}")
        # Only now: who may not pay must not use up the one try of an open circuit.
        await self._require_closed(request, reserved)
        reply, model_s = await self._call(request, reserved, min(timeout_s, self.timeout_s))
        used = spending(self.prices, reply.prompt_tokens, reply.completion_tokens)
        self.meter.used(reply, used)
        await self._settle(reserved, used)
        return Answer(reply, self.prompt.version, reserved.user_id, model_s * 1_000)

    async def _reserve(self, request: ModelRequest, question: Question, call_id: str) -> Reserved:
        try:
            return await self.budget.reserve(
                call_id, question.user_ids, self._most(request), self.clock()
            )
        except Rejected:
            self._count(request, CallOutcome.OVER_BUDGET)
            raise

    async def _require_closed(self, request: ModelRequest, reserved: Reserved) -> None:
        try:
            wait_s = await self.circuit.wait_s()
        except Retryable:
            await self._settle(reserved, _NOTHING)
            raise
        if wait_s > 0:
            self._count(request, CallOutcome.LEFT_ALONE)
            await self._settle(reserved, _NOTHING)
            raise Rejected(
                ErrorCode.AI_UNAVAILABLE,
                "The model has failed again and again, and is left alone for a while.",
                retry_after_s=wait_s,
            )

    async def _call(
        self, request: ModelRequest, reserved: Reserved, timeout_s: float
    ) -> tuple[ModelReply, float]:
        began = monotonic()
        try:
            reply = await self.model.ask(request, timeout_s=timeout_s)
        except Retryable as error:
            took_s = monotonic() - began
            self._count(request, CallOutcome.FAILED, took_s)
            await self.circuit.failed(float(error.extensions.get("retry_after_s", 0.0)))
            if took_s < timeout_s:
                # One that was silent until the end may have worked and be paid for.
                await self._settle(reserved, _NOTHING)
            raise
        except Rejected:
            self._count(request, CallOutcome.REFUSED, monotonic() - began)
            await self._settle(reserved, _NOTHING)
            raise
        took_s = monotonic() - began
        self._count(request, CallOutcome.ANSWERED, took_s)
        await self.circuit.succeeded()
        return _storable(reply), took_s

    def _count(
        self, request: ModelRequest, outcome: CallOutcome, seconds: float | None = None
    ) -> None:
        self.meter.asked(outcome, is_repair=request.repair is not None, seconds=seconds)

    async def _settle(self, reserved: Reserved, used: Spending) -> None:
        try:
            await self.budget.settle(reserved, used)
        except Retryable:
            # What was set aside stays counted, which is at least what was used.
            return

    def _request(self, question: Question) -> ModelRequest:
        repair = None
        if question.earlier is not None:
            reply, breach = question.earlier
            repair = Repair(reply.content, complaint_of(breach))
        return ModelRequest(
            system=self.prompt.system,
            user=market_text(question.picture),
            schema_name=SCHEMA_NAME,
            schema=REPLY_SCHEMA,
            repair=repair,
        )

    def _most(self, request: ModelRequest) -> Spending:
        """Return what a call can use at most: no token is shorter than a byte."""
        texts = [request.system, request.user, str(request.schema)]
        if request.repair is not None:
            texts += [request.repair.reply, request.repair.complaint]
        sent = sum(len(text.encode("utf-8", "replace")) for text in texts) + _ENVELOPE_TOKENS
        return spending(self.prices, sent, request.max_completion_tokens)


def _storable(reply: ModelReply) -> ModelReply:
    """Return a reply that a history can hold: of bounded size, and text that can be encoded."""
    return replace(
        reply,
        # One character more than is accepted tells that there was more.
        content=_encodable(reply.content[: MAX_REPLY_CHARACTERS + 1]),
        model=_encodable(reply.model[:_MAX_NAME_CHARACTERS]),
        prompt_tokens=max(0, reply.prompt_tokens),
        completion_tokens=max(0, reply.completion_tokens),
    )


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
