"""Where a symbol's price comes from: the model's function, or a replayed file."""

from dataclasses import dataclass
from typing import Protocol

from sandbox.exchange.market.noise import PriceFunction


class Source(Protocol):
    """A price over time."""

    def targets(self, now_ms: int) -> list[float]:
        """Prices to visit since the last call, the newest last."""
        ...

    def set_speed(self, speed: float, now_ms: int) -> None:
        """Let time run faster or slower from now on."""
        ...


@dataclass(slots=True)
class ModelSource:
    """The model's price, times how far somebody moved it.

    Attributes:
        factor: 1 until somebody moves the price.
        speed: Seconds of the model that pass in one second.
    """

    function: PriceFunction
    factor: float = 1.0
    speed: float = 1.0
    _anchor_ms: int = 0
    _anchor_model_ms: int = 0

    def model_ms(self, now_ms: int) -> int:
        """The model's time."""
        return self._anchor_model_ms + int((now_ms - self._anchor_ms) * self.speed)

    def set_speed(self, speed: float, now_ms: int) -> None:
        """Let the model's time run faster or slower from now on."""
        self._anchor_model_ms = self.model_ms(now_ms)
        self._anchor_ms = now_ms
        self.speed = speed

    def targets(self, now_ms: int) -> list[float]:
        """The price now."""
        return [self.function.now(self.model_ms(now_ms)) * self.factor]
