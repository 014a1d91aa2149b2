"""What is asked of a language model, what is shown to it, and what we make of its answer."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.candles import Candle, Timeframe, open_time_before, open_time_of
from domain.timing import ANALYSIS_TTL_S

# How far from the live price any suggested price may be. A month moves further than a minute.
_MAX_DISTANCE_BPS = {
    Timeframe.S1: 200,
    Timeframe.M1: 500,
    Timeframe.M3: 500,
    Timeframe.M5: 500,
    Timeframe.H4: 2_000,
    Timeframe.H6: 2_000,
    Timeframe.H8: 2_000,
    Timeframe.H12: 2_000,
    Timeframe.D1: 3_000,
    Timeframe.D3: 5_000,
    Timeframe.W1: 5_000,
    Timeframe.MONTH: 5_000,
}
_USUAL_DISTANCE_BPS = 1_000
_BPS = Decimal(10_000)
_DIGEST_CHARACTERS = 16


class Signal(StrEnum):
    """What the model advises."""

    LONG = "Long"
    SHORT = "Short"
    NEUTRAL = "Neutral"


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """What is to be analysed. Askers of the same request share one workflow.

    Attributes:
        symbol: The venue's symbol.
        timeframe: The span of the candles.
        tick_size: The venue's price step; suggested prices are rounded to it.
        candle_open_time: When the last candle that is analysed began.
        candles: The caller's own, oldest first; empty: ours.
        indicators: The caller's own values by whitelisted name, in the place of ours.
    """

    symbol: str
    timeframe: Timeframe
    tick_size: Decimal
    candle_open_time: datetime
    candles: tuple[Candle, ...] = ()
    indicators: Mapping[str, float] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What a kept analysis answers: symbol, timeframe, and what the caller brought."""
        own = [*self._own()]
        return ":".join([self.symbol, self.timeframe, *own])

    @property
    def workflow_id(self) -> str:
        """The one workflow of everybody who asks for this at the same time."""
        opened = f"{self.candle_open_time:%Y%m%dT%H%M%SZ}"
        return "-".join(["analysis", self.symbol, self.timeframe, opened, *self._own()])

    def _own(self) -> list[str]:
        if not self.candles and not self.indicators:
            return []
        rows = [
            [c.open_time.isoformat(), *map(_plain, (c.open, c.high, c.low, c.close, c.volume))]
            for c in self.candles
        ]
        text = json.dumps([rows, sorted(self.indicators.items())])
        return [hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]]


def _plain(value: Decimal) -> str:
    """Write equal numbers alike."""
    return format(value.normalize(), "f")


def last_closed(timeframe: Timeframe, now: datetime) -> datetime:
    """Return when the last candle that is over at this moment began."""
    return open_time_before(timeframe, open_time_of(timeframe, now))


@dataclass(frozen=True, slots=True)
class MarketPicture:
    """What the model is shown, and what its answer is held against.

    `price` is the live price, `candles` the last ones, oldest first, `indicators` those of the
    last candle.
    """

    symbol: str
    timeframe: Timeframe
    tick_size: Decimal
    price: Decimal
    priced_at: datetime
    candle_open_time: datetime
    candles: tuple[Candle, ...]
    indicators: Mapping[str, float | None]

    @property
    def lowest_price(self) -> Decimal:
        """The lowest price that may be suggested."""
        return self.price * (1 - self._distance)

    @property
    def highest_price(self) -> Decimal:
        """The highest price that may be suggested."""
        return self.price * (1 + self._distance)

    def is_near(self, price: Decimal) -> bool:
        """Tell whether a price is within the set distance of the live one."""
        return self.lowest_price <= price <= self.highest_price

    @property
    def _distance(self) -> Decimal:
        return _MAX_DISTANCE_BPS.get(self.timeframe, _USUAL_DISTANCE_BPS) / _BPS


@dataclass(frozen=True, slots=True)
class Opinion:
    """A reply that passed every check; a Neutral one suggests no prices.

    `risk_reward_ratio` is computed by us.
    """

    signal: Signal
    confidence: Decimal
    reasoning: str
    entry: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    risk_reward_ratio: Decimal | None = None


class Rule(StrEnum):
    """What a reply can break."""

    ANSWERED = "ANSWERED"
    COMPLETE = "COMPLETE"
    JSON = "JSON"
    SCHEMA = "SCHEMA"
    CONFIDENCE = "CONFIDENCE"
    REASONING = "REASONING"
    NEUTRAL_HAS_NO_PRICES = "NEUTRAL_HAS_NO_PRICES"
    PRICES_PRESENT = "PRICES_PRESENT"
    NEAR_LIVE_PRICE = "NEAR_LIVE_PRICE"
    LONG_STOP_ENTRY_TARGET = "LONG_STOP_ENTRY_TARGET"
    SHORT_TARGET_ENTRY_STOP = "SHORT_TARGET_ENTRY_STOP"


@dataclass(frozen=True, slots=True)
class Breach:
    """The rule that a reply broke, and how, in one sentence."""

    rule: Rule
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What our checks say of a reply: an opinion, or the rule that it broke."""

    opinion: Opinion | None = None
    breach: Breach | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an opinion comes from, and what it cost.

    `model_ms` is how long the model took over all calls that brought a reply.
    """

    model: str
    prompt_version: str
    prompt_tokens: int
    completion_tokens: int
    model_ms: float
    is_repaired: bool


@dataclass(frozen=True, slots=True)
class Analysis:
    """A checked opinion on a market at a moment."""

    analysis_id: str
    workflow_id: str
    subject: str
    symbol: str
    timeframe: Timeframe
    candle_open_time: datetime
    price: Decimal
    indicators: Mapping[str, float | None]
    opinion: Opinion
    provenance: Provenance
    created_at: datetime

    @property
    def brought_own(self) -> bool:
        """Whether the caller brought candles or indicators: no statement on the model's skill."""
        return self.subject != f"{self.symbol}:{self.timeframe}"

    @property
    def expires_at(self) -> datetime:
        """Until when it is answered again without asking the model."""
        return self.created_at + timedelta(seconds=ANALYSIS_TTL_S)
