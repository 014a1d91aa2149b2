"""Faults that are switched on by request, drawn from a seed, and counted."""

import random
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sandbox.exchange.core.errors import HTTP_BANNED, HTTP_TOO_MANY, VenueError

REQUEST_KINDS: Final = frozenset(
    {
        "delay",
        "delay_answer",
        "drop_request",
        "drop_answer",
        "http_error",
        "rate_limit",
        "unknown_execution",
        "reject",
    }
)
STREAM_KINDS: Final = frozenset({"close_streams", "silence_streams", "announce_shutdown"})
TARGETS: Final = ("both", "market", "user")
_UNEXPECTED: Final = -1006
_TIMEOUT: Final = -1007
_TEXTS: Final = {
    _UNEXPECTED: "An unexpected response was received from the message bus. "
    "Execution status unknown.",
    _TIMEOUT: "Timeout waiting for response from backend server. "
    "Send status unknown; execution status unknown.",
}


class BadFault(ValueError):  # noqa: N818 - it is a refusal of input, read as "bad fault"
    """A fault that cannot be set up; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which requests or streams a fault concerns; None matches everything.

    Attributes:
        method: HTTP method, or "WS" for a WebSocket API request.
        path: Path (`/api/v3/order`) or WebSocket API method (`order.place`).
        client_order_id: A prefix of the client order id sent.
        stream: A market stream's name.
    """

    method: str | None = None
    path: str | None = None
    symbol: str | None = None
    account_id: str | None = None
    client_order_id: str | None = None
    stream: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a fault can tell about a request."""

    method: str
    path: str
    symbol: str | None
    account_id: str | None
    client_order_id: str | None


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        probability: Chance for each matching request.
        count: How many more times it fires; None for no end.
        executed: For errors: whether the request is carried out before the error is answered.
        fired: How many times it has.
    """

    fault_id: str
    kind: str
    probability: float = 1.0
    count: int | None = None
    match: Match = field(default_factory=Match)
    seed: int | None = None
    delay_ms: int = 0
    status: int | None = None
    code: int | None = None
    msg: str | None = None
    retry_after_s: int = 1
    executed: bool = False
    target: str = "both"
    fired: int = 0
    rng: random.Random = field(default_factory=random.Random, repr=False)

    def fires(self, request: Request) -> bool:
        """Whether it hits this request; counts it when it does."""
        if self.count == 0 or not self._matches(request):
            return False
        if self.probability < 1.0 and self.rng.random() >= self.probability:
            return False
        if self.count is not None:
            self.count -= 1
        self.fired += 1
        return True

    def _matches(self, request: Request) -> bool:
        match = self.match
        exact = (
            (match.method, request.method),
            (match.path, request.path),
            (match.symbol, request.symbol),
            (match.account_id, request.account_id),
        )
        if any(wanted is not None and wanted != found for wanted, found in exact):
            return False
        prefix = match.client_order_id
        return prefix is None or (request.client_order_id or "").startswith(prefix)

    def error(self) -> VenueError:
        """The error that this fault answers."""
        if self.kind == "rate_limit":
            status = self.status or HTTP_TOO_MANY
            text = (
                "Way too much request weight used; IP banned. Please use WebSocket Streams for "
                "live updates to avoid bans."
                if status == HTTP_BANNED
                else "Too many requests queued."
            )
            return VenueError(
                self.code or -1003,
                self.msg or text,
                status=status,
                retry_after_s=self.retry_after_s,
            )
        if self.kind == "unknown_execution":
            code = self.code or _TIMEOUT
            status = self.status or (408 if code == _TIMEOUT else 500)
            return VenueError(code, self.msg or _TEXTS.get(code, "Unknown."), status=status)
        if self.kind == "http_error":
            text = "Internal error; unable to process your request. Please try again."
            return VenueError(self.code or -1001, self.msg or text, status=self.status or 503)
        return VenueError(
            self.code or -2010, self.msg or "Order rejected.", status=self.status or 400
        )

    def view(self) -> dict[str, Any]:
        """The fault as it is listed."""
        shown = asdict(self)
        del shown["rng"]
        shown["match"] = {k: v for k, v in shown["match"].items() if v is not None}
        return shown


@dataclass(slots=True)
class Plan:
    """What is to happen to one request."""

    delay_ms: int = 0
    delay_answer_ms: int = 0
    drop_request: bool = False
    drop_answer: bool = False
    error_before: VenueError | None = None
    error_after: VenueError | None = None


NOTHING: Final = Plan()


class Faults:
    """All faults that are switched on."""

    def __init__(self) -> None:
        self.items: dict[str, Fault] = {}
        self._number = 0

    def add(self, body: dict[str, Any]) -> Fault:
        """Switch a fault on.

        Raises:
            BadFault: Unknown kind or field, or a value that makes no sense.
        """
        fields = dict(body)
        kind = fields.get("kind")
        if kind not in REQUEST_KINDS | STREAM_KINDS:
            raise BadFault(f"unknown kind {kind!r}")
        self._number += 1
        match = fields.pop("match", None) or {}
        if "fault_id" in fields or "fired" in fields or "rng" in fields:
            raise BadFault("fault_id and fired are ours")
        try:
            fault = Fault(fault_id=f"f{self._number}", match=Match(**match), **fields)
        except TypeError as error:
            raise BadFault(str(error)) from error
        fault.probability = float(fault.probability)
        if not 0 <= fault.probability <= 1 or fault.delay_ms < 0 or fault.target not in TARGETS:
            raise BadFault("probability is 0 to 1, delay_ms not negative, target one of TARGETS")
        fault.rng = random.Random(fault.seed if fault.seed is not None else self._number)  # noqa: S311 - faults are drawn, not kept secret
        self.items[fault.fault_id] = fault
        return fault

    def plan(self, request: Request) -> Plan:
        """What happens to this request; every matching fault draws once."""
        if not self.items:
            return NOTHING
        plan = Plan()
        for fault in self.items.values():
            if fault.kind in REQUEST_KINDS and fault.fires(request):
                _add(plan, fault)
        return plan


def _add(plan: Plan, fault: Fault) -> None:
    if fault.kind == "delay":
        plan.delay_ms += fault.delay_ms
    elif fault.kind == "delay_answer":
        plan.delay_answer_ms += fault.delay_ms
    elif fault.kind == "drop_request":
        plan.drop_request = True
    elif fault.kind == "drop_answer":
        plan.drop_answer = True
    elif fault.executed:
        plan.error_after = plan.error_after or fault.error()
    else:
        plan.error_before = plan.error_before or fault.error()
