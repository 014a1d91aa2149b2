"""Faults that are switched on by request, drawn from a seed, and counted."""

import random
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sandbox.model.errors import HTTP_TOO_MANY, ApiError, server_fault, too_many

# Before the model answers, by the model's words, and after it has answered (and is paid).
EARLY: Final = frozenset({"delay", "drop", "rate_limit", "no_credit", "http_error"})
ANSWERS: Final = frozenset({
    "malformed_json", "schema_breach", "absurd_prices", "wrong_side_stop", "bad_confidence",
    "truncated", "refusal", "content_filter",
})  # fmt: skip
LATE: Final = frozenset({"drop_answer"})
KINDS: Final = EARLY | ANSWERS | LATE
_OURS: Final = ("fault_id", "fired", "rng")


class BadFault(ValueError):  # noqa: N818 - a refusal of input
    """A fault that cannot be set up; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which calls a fault concerns; None matches all.

    `contains` is a text somewhere in the prompt.
    """

    model: str | None = None
    symbol: str | None = None
    contains: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a fault can tell about a call."""

    model: str
    symbol: str | None
    prompt: str


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        probability: chance for each matching call.
        count: how many more times it fires; None for no end.
        fired: how many times it has.
    """

    fault_id: str
    kind: str
    probability: float = 1.0
    count: int | None = None
    match: Match = field(default_factory=Match)
    seed: int | None = None
    delay_ms: int = 0
    status: int = 500
    retry_after_s: float | None = None
    fired: int = 0
    rng: random.Random = field(default_factory=random.Random, repr=False)

    def fires(self, call: Call) -> bool:
        """Tell whether it hits this call; counts it when it does."""
        if self.count == 0 or not self._matches(call):
            return False
        if self.probability < 1.0 and self.rng.random() >= self.probability:
            return False
        if self.count is not None:
            self.count -= 1
        self.fired += 1
        return True

    def _matches(self, call: Call) -> bool:
        match = self.match
        return (
            match.model in {None, call.model}
            and match.symbol in {None, call.symbol}
            and (match.contains is None or match.contains in call.prompt)
        )

    def error(self) -> ApiError | None:
        """Return what is answered in the model's place, if anything is."""
        if self.kind == "rate_limit":
            wait = 1.0 if self.retry_after_s is None else self.retry_after_s
            return too_many(f"Rate limit reached. Please try again in {wait}s.", "requests", wait)
        if self.kind == "no_credit":
            text = "You exceeded your current quota, please check your plan and billing details."
            kind = "insufficient_quota"
            return ApiError(HTTP_TOO_MANY, text, kind=kind, code=kind)
        if self.kind == "http_error":
            error = server_fault(self.status)
            error.retry_after_s = self.retry_after_s
            return error
        return None

    def view(self) -> dict[str, Any]:
        """Return the fault as it is listed."""
        shown = asdict(self)
        del shown["rng"]
        shown["match"] = {k: v for k, v in shown["match"].items() if v is not None}
        return shown


class Faults:
    """All faults that are switched on."""

    def __init__(self) -> None:
        self.items: dict[str, Fault] = {}
        self._number = 0

    def add(self, body: Any) -> Fault:
        """Switch a fault on.

        Raises:
            BadFault: No object, unknown kind or field, or a value that makes no sense.
        """
        if not isinstance(body, dict):
            raise BadFault("not a JSON object")
        fields = dict(body)
        if fields.get("kind") not in KINDS:
            raise BadFault(f"kind is one of {', '.join(sorted(KINDS))}")
        if any(name in fields for name in _OURS):
            raise BadFault("fault_id and fired are ours")
        match = fields.pop("match", None) or {}
        try:
            fault = Fault(fault_id=f"f{self._number + 1}", match=Match(**match), **fields)
            fault.probability = float(fault.probability)
            sensible = 0 <= fault.probability <= 1 and fault.delay_ms >= 0
        except (TypeError, ValueError) as error:
            raise BadFault(str(error)) from error
        if not sensible:
            raise BadFault("probability is 0 to 1 and delay_ms not negative")
        self._number += 1
        fault.rng = random.Random(self._number if fault.seed is None else fault.seed)  # noqa: S311 - faults are drawn, not kept secret
        self.items[fault.fault_id] = fault
        return fault

    def drawn(self, call: Call) -> list[Fault]:
        """Return the faults that hit this call; every matching one draws once."""
        return [fault for fault in self.items.values() if fault.fires(call)]
