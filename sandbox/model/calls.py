"""What the model was asked: counts, and the last calls without their texts."""

import hashlib
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any, Final

_KEPT: Final = 1_000


@dataclass(slots=True, kw_only=True)
class CallRecord:
    """One call.

    Attributes:
        status: HTTP status; 0 while it runs, and where the connection was cut.
        faults: kinds of the faults that hit it.
    """

    request_id: str
    time_ms: int
    model: str
    symbol: str | None
    timeframe: str | None
    prompt_sha256: str
    stream: bool
    prompt_tokens: int
    completion_tokens: int = 0
    status: int = 0
    finish_reason: str | None = None
    faults: list[str] = field(default_factory=list)


class Calls:
    """All calls since the start or the last clearing."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._by_model: Counter[str] = Counter()
        self._by_market: Counter[tuple[str | None, str | None]] = Counter()
        self._last: deque[CallRecord] = deque(maxlen=_KEPT)

    def add(self, record: CallRecord) -> None:
        """Count one, when it arrives."""
        self._by_model[record.model] += 1
        self._by_market[record.symbol, record.timeframe] += 1
        self._last.append(record)

    def view(self, symbol: str | None, timeframe: str | None) -> dict[str, Any]:
        """Return the counts, of one symbol and timeframe where they are given."""

        def wanted(found: tuple[str | None, str | None]) -> bool:
            return symbol in {None, found[0]} and timeframe in {None, found[1]}

        last = [one for one in self._last if wanted((one.symbol, one.timeframe))]
        return {
            "total": sum(n for market, n in self._by_market.items() if wanted(market)),
            "by_model": dict(self._by_model),
            "prompt_tokens": sum(one.prompt_tokens for one in last),
            "completion_tokens": sum(one.completion_tokens for one in last),
            "items": [asdict(one) for one in last],
        }


def digest(prompt: str) -> str:
    """Return what stands for a prompt that is not kept."""
    return hashlib.sha256(prompt.encode()).hexdigest()
