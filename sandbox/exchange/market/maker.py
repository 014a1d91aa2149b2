"""The model's market maker and takers for one symbol: they keep the book and the tape alive.

Quotes stand on a fixed lattice of prices, so that a step that moves the price a little changes
a few levels and costs little. Two touch quotes follow the price to the tick.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np

from sandbox.exchange.core.book import Side
from sandbox.exchange.core.engine import Engine
from sandbox.exchange.core.matching import Market
from sandbox.exchange.core.records import ZERO

_FINE_LEVELS: Final = 26
_COARSE_LEVELS: Final = 24
_FINE_GAP: Final = 0.00005
_COARSE_GAP: Final = 0.001
_REFILL_STEPS: Final = 5
_COARSE_DEPTH: Final = 12.0
_TAKER_CHANCE: Final = 0.55
_HALF_SPREAD: Final = 0.00001


@dataclass(slots=True)
class Maker:
    """Quotes and trades of the model on one symbol."""

    engine: Engine
    market: Market
    seed: int
    _rng: np.random.Generator = field(init=False)
    _quoted: dict[str, set[int]] = field(default_factory=lambda: {"BUY": set(), "SELL": set()})
    _fine: int = field(init=False)
    _coarse: int = field(init=False)
    _steps: int = 0

    def __post_init__(self) -> None:
        rules = self.market.rules
        name = int.from_bytes(rules.symbol.encode(), "little")
        self._rng = np.random.default_rng([self.seed, name % 2**63])
        ticks = float(rules.start_price / rules.tick_size)
        self._fine = max(1, round(ticks * _FINE_GAP))
        self._coarse = max(self._fine * _FINE_LEVELS, round(ticks * _COARSE_GAP))

    def step(self, price: float, now_ms: int) -> None:
        """Move the quotes to `price`, and now and then trade against the book."""
        tick = self.market.rules.tick_size
        middle = price / float(tick)
        half = max(0.5, middle * _HALF_SPREAD)
        bid = max(1, int(middle - half))
        ask = max(bid + 1, int(middle + half))
        self.quote(bid, ask, now_ms)
        self._take(now_ms)

    def move_to(self, price: Decimal, now_ms: int) -> None:
        """Move the market so that the last trade is at `price` exactly.

        Every order that the price passes or reaches is filled.
        """
        tick = self.market.rules.tick_size
        ask = max(2, int(price / tick))
        # Orders of accounts at the new price are reached, too: out of the way with the model's.
        self.market.book.bids.clear_model()
        self.market.book.asks.clear_model()
        self.forget()
        for side in ("BUY", "SELL"):
            self._cross(side, price, now_ms)
        self.quote(ask - 1, ask, now_ms)
        self.engine.outside_trade(
            self.market.rules.symbol, "BUY", self.market.rules.step_size, price, now_ms
        )

    def quote(self, bid: int, ask: int, now_ms: int) -> None:
        """Quote around the best `bid` and `ask`, both in ticks.

        What the new price has passed trades first: orders of accounts are filled by it.
        """
        self._steps += 1
        wanted = {"BUY": self._wanted(bid, -1), "SELL": self._wanted(ask, 1)}
        for side in ("BUY", "SELL"):
            book_side = self.market.book.side(side)
            for ticks in self._quoted[side] - wanted[side]:
                book_side.set_model(self._price(ticks), ZERO)
        self._cross("BUY", self._price(bid), now_ms)
        self._cross("SELL", self._price(ask), now_ms)
        for side, touch in (("BUY", bid), ("SELL", ask)):
            self._fill_levels(side, wanted[side], touch)
            self._quoted[side] = wanted[side]

    def forget(self) -> None:
        """The book was set from outside: what is quoted is unknown."""
        self._quoted = {"BUY": set(), "SELL": set()}

    def _wanted(self, touch: int, direction: int) -> set[int]:
        """Prices (in ticks) to quote on one side."""
        ticks = {touch}
        for gap, levels in ((self._fine, _FINE_LEVELS), (self._coarse, _COARSE_LEVELS)):
            first = (touch // gap) * gap if direction < 0 else -(-touch // gap) * gap
            last = first + direction * gap * levels
            ticks.update(range(first, last, direction * gap))
        return {t for t in ticks if t > 0}

    def _cross(self, side: str, limit: Decimal, now_ms: int) -> None:
        """Trade whatever stands beyond the new price: orders of accounts, nothing else."""
        opposite = self.market.book.opposite(side)
        beyond = ZERO
        for level in opposite.levels():
            if (level.price > limit) if side == "BUY" else (level.price < limit):
                break
            beyond += level.total
        if beyond:
            self.engine.outside_trade(self.market.rules.symbol, side, beyond, limit, now_ms)

    def _fill_levels(self, side: str, wanted: set[int], touch: int) -> None:
        book_side = self.market.book.side(side)
        fresh = wanted - self._quoted[side]
        if self._steps % _REFILL_STEPS == 1:
            fresh |= {t for t in wanted if not book_side.model_at(self._price(t))}
        fresh.add(touch)
        draws = self._rng.random(len(fresh))
        for ticks, drawn in zip(fresh, draws, strict=True):
            scale = _COARSE_DEPTH if ticks % self._coarse == 0 and ticks != touch else 1.0
            self._set(book_side, ticks, float(drawn), scale)

    def _set(self, book_side: Side, ticks: int, drawn: float, scale: float) -> None:
        rules = self.market.rules
        price = self._price(ticks)
        typical = rules.depth_quote / float(price)
        quantity = rules.to_step(Decimal(f"{typical * scale * (0.2 + 1.6 * drawn):.8f}"))
        book_side.set_model(price, max(quantity, rules.step_size))

    def _take(self, now_ms: int) -> None:
        """Now and then somebody takes a part of the touch."""
        chance, direction, size = self._rng.random(3)
        if chance > _TAKER_CHANCE:
            return
        side = "BUY" if direction < 0.5 else "SELL"  # noqa: PLR2004 - a fair coin
        level = self.market.book.opposite(side).best()
        if level is None:
            return
        rules = self.market.rules
        typical = rules.depth_quote / float(level.price)
        quantity = rules.to_step(Decimal(f"{typical * 0.02 / (0.02 + size):.8f}"))
        quantity = max(quantity, rules.step_size)
        self.engine.outside_trade(rules.symbol, side, quantity, level.price, now_ms)

    def _price(self, ticks: int) -> Decimal:
        return self.market.rules.tick_size * ticks
