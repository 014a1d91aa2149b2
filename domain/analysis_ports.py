"""What an analysis needs of a model, as Protocols that adapters fulfil."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from domain.ai_budget import Spending


class Finish(StrEnum):
    """How a model's reply came to its end. All three are paid for."""

    COMPLETE = "COMPLETE"
    TRUNCATED = "TRUNCATED"  # the token limit cut it: `content` is a beginning
    REFUSED = "REFUSED"  # the model declined, or its filter did: `content` says why, or is empty


@dataclass(frozen=True, slots=True)
class Repair:
    """An earlier reply to the same prompt, and what was wrong with it."""

    reply: str
    complaint: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model.

    Attributes:
        system: what the model is to do, and what it must not invent.
        user: the market, as text with exactly one JSON object in it.
        schema_name: a short name of the schema: letters, digits, `_` and `-`.
        schema: the JSON schema that the reply must satisfy (strict: every property required,
            `additionalProperties` false).
        max_completion_tokens: the longest reply that is paid for.
        repair: the reply that is to be put right, where there was one.
    """

    system: str
    user: str
    schema_name: str
    schema: dict[str, Any]
    max_completion_tokens: int = 1_000
    repair: Repair | None = None


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What a model answered, unchecked, and what it used.

    `model` is the model that answered, as it names itself.
    """

    content: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    finish: Finish = Finish.COMPLETE


class AnalysisModel(Protocol):
    """A language model that answers in the shape of a JSON schema."""

    @property
    def name(self) -> str:
        """The model that is asked, as configured."""

    async def ask(self, request: ModelRequest, *, timeout_s: float) -> ModelReply:
        """Make one call, never repeated here: whoever calls owns the retries.

        The reply is what the model said: that it satisfies the schema is for the caller to
        check. A truncated or refused one is returned as well, since it has used tokens.

        Raises:
            Retryable: `AI_UNAVAILABLE`: the network, silence for `timeout_s`, a server
                fault, or too many requests (`retry_after_s` where it was told).
            Rejected: `AI_UNAVAILABLE`: the key, the model's name or the request is wrong, or
                the account has no credit; asking again would not help.
        """


class CallOutcome(StrEnum):
    """How asking a model ended; the last two never reached it."""

    ANSWERED = "answered"
    FAILED = "failed"  # the network, silence, a server fault, too many requests
    REFUSED = "refused"  # the key, the model's name, the request, no credit
    LEFT_ALONE = "left_alone"  # the circuit was open
    OVER_BUDGET = "over_budget"


class ModelMeter(Protocol):
    """Counts what models are asked, for operators. Never fails."""

    def asked(self, outcome: CallOutcome, *, is_repair: bool, seconds: float | None) -> None:
        """Count one try; `seconds` is how long the model took, None where it was not reached."""

    def used(self, reply: ModelReply, cost: Spending) -> None:
        """Count what a reply used."""

    def judged(self, rule: str | None) -> None:
        """Count a verdict: the rule that was broken, or None."""

    def concluded(self, signal: str, *, is_repaired: bool) -> None:
        """Count a new analysis that is kept."""
