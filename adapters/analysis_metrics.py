"""What the processes that ask models count; `/metrics` of each shows it."""

from typing import Final

from prometheus_client import Counter, Histogram

from domain.ai_budget import NANOS_PER_USD, Spending
from domain.analysis_ports import CallOutcome, ModelReply

# The document wants an analysis in 2 s, 95 of 100 in 3, 99 in 5; a call may take 8.
_BUCKETS_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0)

_CALLS = Counter(
    "botcore_ai_model_calls",
    "Times that a model was asked, or would have been, by how that ended",
    ["model", "call", "outcome"],
)
_SECONDS = Histogram(
    "botcore_ai_model_call_seconds",
    "How long the model took over a call",
    ["model", "outcome"],
    buckets=_BUCKETS_S,
)
_TOKENS = Counter("botcore_ai_tokens", "Tokens that replies used", ["model", "direction"])
_COST = Counter(
    "botcore_ai_cost_usd", "What replies cost, by the prices of the settings", ["model"]
)
_VERDICTS = Counter(
    "botcore_ai_verdicts",
    "Replies that were checked, by the rule that they broke; `none` where they broke none",
    ["model", "rule"],
)
_ANALYSES = Counter(
    "botcore_ai_analyses",
    "New analyses that were kept",
    ["model", "signal", "repaired"],
)


class AnalysisMetrics:
    """Implements `domain.analysis_ports.ModelMeter` for one model, by its configured name.

    What a model calls itself is no label: it could be anything, again and again.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        for outcome in CallOutcome:
            # There from the start, so that the first failure shows as an increase.
            _CALLS.labels(model, "first", outcome)

    def asked(self, outcome: CallOutcome, *, is_repair: bool, seconds: float | None) -> None:
        """Count one try."""
        _CALLS.labels(self._model, "repair" if is_repair else "first", outcome).inc()
        if seconds is not None:
            _SECONDS.labels(self._model, outcome).observe(seconds)

    def used(self, reply: ModelReply, cost: Spending) -> None:
        """Count what a reply used."""
        _TOKENS.labels(self._model, "prompt").inc(reply.prompt_tokens)
        _TOKENS.labels(self._model, "completion").inc(reply.completion_tokens)
        _COST.labels(self._model).inc(float(cost.cost_nanos / NANOS_PER_USD))

    def judged(self, rule: str | None) -> None:
        """Count a verdict."""
        _VERDICTS.labels(self._model, rule or "none").inc()

    def concluded(self, signal: str, *, is_repaired: bool) -> None:
        """Count a new analysis that is kept."""
        _ANALYSES.labels(self._model, signal, str(is_repaired).lower()).inc()
