"""One traded symbol with everything around its market."""

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from sandbox.exchange.core.matching import Market, PublicTrade
from sandbox.exchange.core.symbols import text
from sandbox.exchange.market.candles import Candle, Candles
from sandbox.exchange.market.maker import Maker
from sandbox.exchange.market.noise import PriceFunction
from sandbox.exchange.market.recording import Recording
from sandbox.exchange.market.replay import ReplaySource
from sandbox.exchange.market.source import Source
from sandbox.exchange.market.ticker import RollingWindow

_TAPE: Final = 1_000
DEPTH_STREAMS: Final = ("depth", "depth@1000ms", "depth@100ms")


@dataclass(slots=True)
class AggregateTrade:
    """Trades of one taker at one price."""

    aggregate_id: int
    group: int
    price: Decimal
    quantity: Decimal
    first_id: int
    last_id: int
    time_ms: int
    is_buyer_maker: bool


@dataclass(slots=True)
class Gathered:
    """Prices that changed since a diff stream's last event, and the first update it covers."""

    bids: set[Decimal] = field(default_factory=set)
    asks: set[Decimal] = field(default_factory=set)
    first_id: int = 1


@dataclass(slots=True)
class Listing:
    """Everything about one traded symbol.

    Attributes:
        source: Where its price comes from.
        paused: Whether the model leaves it alone.
        best: Best bid and ask as last sent.
        depth: What the next event of each diff stream will tell.
    """

    market: Market
    maker: Maker
    candles: Candles
    day: RollingWindow
    average: RollingWindow
    model: PriceFunction
    source: Source
    paused: bool = False
    tape: deque[PublicTrade] = field(default_factory=lambda: deque(maxlen=_TAPE))
    aggregates: deque[AggregateTrade] = field(default_factory=lambda: deque(maxlen=_TAPE))
    next_aggregate: int = 1
    best: tuple[Decimal, ...] = ()
    depth: dict[str, Gathered] = field(
        default_factory=lambda: {name: Gathered() for name in DEPTH_STREAMS}
    )

    @property
    def recording(self) -> Recording | None:
        """What is replayed now."""
        return self.source.recording if isinstance(self.source, ReplaySource) else None

    def candle_ms(self, now_ms: int) -> int:
        """The time by which candles are told: the recording's while one is replayed."""
        source = self.source
        return source.recorded_ms(now_ms) if isinstance(source, ReplaySource) else now_ms

    def bars(self, interval: str, opens: list[int], candle_ms: int) -> list[Candle]:
        """The candles with these open times at a moment of `candle_ms`."""
        if self.recording is not None:
            return self.recording.between(interval, opens, candle_ms)
        return self.candles.between(interval, opens, candle_ms)


def aggregate_view(found: AggregateTrade) -> dict[str, object]:
    """An aggregate trade as answers and events show it."""
    return {
        "a": found.aggregate_id,
        "p": text(found.price),
        "q": text(found.quantity),
        "f": found.first_id,
        "l": found.last_id,
        "T": found.time_ms,
        "m": found.is_buyer_maker,
        "M": True,
    }
